//! How a run ends: the exit codes, and the one table that maps failures to them.

use std::{error::Error, process::ExitCode};

use rolecall::{
    doctor::{Trouble, probe::NotPrepared},
    forge,
    live::{
        FetchError,
        api::{ApiError, Class},
    },
    model::{finding::Finding, plan::Unresolved, source::Sources},
    report::render::causes,
    sandbox::SandboxError,
    workflow::{self, Refusal, duplicate::CopyError},
};

/// What the exit code says; one meaning each, as docs/reference/exit-codes.md says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok = 0,
    Error = 1,
    /// Differences were found, and the command was asked to say so.
    Changes = 2,
    /// Some of it was done, or something was withheld.
    Partial = 3,
    /// A bad flag, a bad file, an unknown name, or no consent.
    Invalid = 4,
    /// Not authenticated, or not allowed.
    Auth = 5,
    /// A guard stopped it; nothing was written.
    Blocked = 6,
    /// The live state is not what the plan saw; nothing was written to what differs.
    Stale = 7,
    /// Network, server, rate limit, or an incomplete read.
    Remote = 8,
    /// Interrupted before the first write.
    Interrupted = 130,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// The one of a code; what is not known is an error.
    pub(crate) fn of(code: u8) -> Self {
        const ALL: [Exit; 10] = [
            Exit::Ok,
            Exit::Error,
            Exit::Changes,
            Exit::Partial,
            Exit::Invalid,
            Exit::Auth,
            Exit::Blocked,
            Exit::Stale,
            Exit::Remote,
            Exit::Interrupted,
        ];
        ALL.into_iter().find(|it| it.code() == code).unwrap_or(Self::Error)
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
    Findings {
        findings: Vec<Finding>,
        /// For excerpts.
        sources: Sources,
    },
    Trouble {
        exit: Exit,
        /// What, in one sentence.
        message: String,
        /// Why, outermost first.
        causes: Vec<String>,
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

    /// What and why on one line, and what to do about it.
    pub(crate) fn in_one_line(self) -> (String, Option<String>) {
        match self {
            Self::Findings { findings, .. } => (format!("{} findings", findings.len()), None),
            Self::Trouble { message, causes, hint, .. } => {
                let causes = causes.iter().map(|it| format!(": {it}"));
                (std::iter::once(message).chain(causes).collect(), hint)
            }
        }
    }

    fn of(exit: Exit, error: &dyn Error, hint: Option<String>) -> Self {
        Self::Trouble { exit, message: error.to_string(), causes: causes(error), hint }
    }
}

/// How a run ends that did not come to its plan, or whose plan is not applied.
impl From<workflow::Error> for Failure {
    fn from(error: workflow::Error) -> Self {
        use workflow::Error;
        let exit = match &error {
            Error::Fetch(FetchError::Api(error)) => Exit::from(error.class()),
            Error::Fetch(_) | Error::NotRead { .. } | Error::Clock(_) => Exit::Remote,
            Error::OtherApi { .. } | Error::FilesChanged { .. } | Error::Stale(_) => Exit::Stale,
            Error::NotOne { why: Unresolved::Hidden, .. } => Exit::Auth,
            Error::NotOne { .. }
            | Error::NoCompany
            | Error::NoSuchGroup { .. }
            | Error::Unknown(_)
            | Error::Unthinkable(_) => Exit::Invalid,
            Error::NotProven { .. } => Exit::Error,
            Error::Base(_) | Error::NoBase | Error::Pseudonyms | Error::NotMatched { .. } => Exit::Invalid,
            Error::Load(_) | Error::Snapshot(_) | Error::Journal(_) | Error::Findings { .. } => Exit::Invalid,
        };
        match error {
            Error::Findings { findings, sources } => Self::Findings { findings, sources },
            error => {
                let causes = [error.reasons(), causes(&error)].concat();
                Self::Trouble { exit, message: error.to_string(), causes, hint: error.hint() }
            }
        }
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
            CopyError::Fetch(error) => workflow::Error::Fetch(error).into(),
            error => Self::of(Exit::Invalid, &error, error.hint()),
        }
    }
}

impl From<Class> for Exit {
    fn from(class: Class) -> Self {
        match class {
            Class::Auth => Self::Auth,
            Class::Remote => Self::Remote,
            Class::Invalid => Self::Invalid,
        }
    }
}

impl From<Trouble> for Exit {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Invalid => Self::Invalid,
            Trouble::Remote => Self::Remote,
            Trouble::Auth => Self::Auth,
        }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::of(error.class().into(), &error, error.hint())
    }
}

impl From<forge::Error> for Failure {
    fn from(error: forge::Error) -> Self {
        let hint = error.hint();
        Self::of(error.class().into(), &error, Some(hint))
    }
}

impl From<NotPrepared> for Failure {
    fn from(error: NotPrepared) -> Self {
        match error {
            NotPrepared::Api(error) => error.into(),
            error @ (NotPrepared::NoPerson
            | NotPrepared::Foreign(_)
            | NotPrepared::NotOne(..)
            | NotPrepared::Taken(..)) => {
                Self::invalid(error.to_string()).hint(error.hint().unwrap_or_default())
            }
        }
    }
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        Self::of(Exit::Invalid, &error, error.hint())
    }
}
