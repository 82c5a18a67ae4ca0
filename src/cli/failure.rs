//! How a run ends: the exit codes, and the one table that maps failures to them.

use std::{error::Error, process::ExitCode};

use rolecall::{
    apply::journal::JournalError,
    files::load::LoadError,
    live::{
        api::{ApiError, Class},
        fetch::{FetchError, SnapshotError},
    },
    model::{finding::Finding, plan::Unresolved, source::Sources},
    sandbox::SandboxError,
    workflow::{self, Refusal, duplicate::CopyError},
};

/// What the exit code says; one meaning each, as the table in the README says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Success.
    Ok,
    /// Unexpected.
    Error,
    /// Differences were found, and the command was asked to say so.
    Changes,
    /// Some of it was done, or somebody was quarantined.
    Partial,
    /// A bad flag, a bad file, an unknown name, or no consent.
    Invalid,
    /// Not authenticated, or not allowed.
    Auth,
    /// A guard stopped it; nothing was written.
    Blocked,
    /// The live state is not what the plan saw; nothing was written to what differs.
    Stale,
    /// Network, server, rate limit, or an incomplete read.
    Remote,
    /// Interrupted before the first write.
    Interrupted,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Error => 1,
            Self::Changes => 2,
            Self::Partial => 3,
            Self::Invalid => 4,
            Self::Auth => 5,
            Self::Blocked => 6,
            Self::Stale => 7,
            Self::Remote => 8,
            Self::Interrupted => 130,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Changes => "changes",
            Self::Partial => "partial",
            Self::Invalid => "invalid",
            Self::Auth => "auth",
            Self::Blocked => "blocked",
            Self::Stale => "stale",
            Self::Remote => "remote",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Why a command did not get to its result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The files are wrong.
    Findings {
        /// All that is wrong, sorted.
        findings: Vec<Finding>,
        /// The files, for excerpts.
        sources: Sources,
    },
    /// Something did not work.
    Trouble {
        /// How the run ends.
        exit: Exit,
        /// What, in one sentence.
        message: String,
        /// Why, outermost first.
        causes: Vec<String>,
        /// What to do.
        hint: Option<String>,
    },
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::Trouble { exit, message: message.into(), causes: Vec::new(), hint: None }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Exit::Invalid, message)
    }

    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Trouble { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Findings { .. } => Exit::Invalid,
            Self::Trouble { exit, .. } => *exit,
        }
    }

    fn of(exit: Exit, error: &dyn Error, hint: Option<String>) -> Self {
        Self::Trouble { exit, message: error.to_string(), causes: causes(error), hint }
    }
}

/// Returns the reasons below an error, without those that its own message already holds.
pub(crate) fn causes(error: &dyn Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !said.contains(&text) {
            causes.push(text.clone());
        }
        said = text;
        next = cause.source();
    }
    causes
}

/// How a run ends that did not come to its plan, or whose plan is not applied.
impl From<workflow::Error> for Failure {
    fn from(error: workflow::Error) -> Self {
        use workflow::Error;
        let exit = match error {
            Error::Findings { findings, sources } => return Self::Findings { findings, sources },
            Error::Load(error) => return error.into(),
            Error::Fetch(error) => return error.into(),
            Error::Snapshot(error) => return error.into(),
            Error::Journal(error) => return error.into(),
            Error::OtherApi { .. } | Error::FilesChanged { .. } | Error::Stale(_) => Exit::Stale,
            Error::Nobody { why: Unresolved::Hidden, .. } => Exit::Auth,
            Error::Nobody { .. } | Error::NoCompany => Exit::Invalid,
        };
        Self::Trouble { exit, message: error.to_string(), causes: error.reasons(), hint: error.hint() }
    }
}

impl From<&Refusal> for Exit {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::OtherPlan { .. } | Refusal::OtherApi { .. } | Refusal::Beyond(_) => Self::Stale,
            Refusal::Guards(_) => Self::Blocked,
        }
    }
}

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Self {
        match error {
            CopyError::Fetch(error) => error.into(),
            error => Self::of(Exit::Invalid, &error, error.hint()),
        }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        let exit = match error.class() {
            Class::Auth => Exit::Auth,
            Class::Remote => Exit::Remote,
            Class::Invalid => Exit::Invalid,
        };
        Self::of(exit, &error, error.hint())
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Api(error) => error.into(),
            FetchError::NotRecorded(_) | FetchError::Unconfirmed { .. } => {
                Self::of(Exit::Remote, &error, error.hint())
            }
        }
    }
}

impl From<SnapshotError> for Failure {
    fn from(error: SnapshotError) -> Self {
        Self::of(Exit::Invalid, &error, Some(error.hint().to_owned()))
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::of(Exit::Invalid, &error, Some(error.hint().to_owned()))
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        Self::of(Exit::Invalid, &error, error.hint().map(str::to_owned))
    }
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        Self::of(Exit::Invalid, &error, error.hint())
    }
}
