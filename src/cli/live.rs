//! Where the live state is read: the API, or a snapshot of it. A snapshot needs no network and no token.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use rolecall::{
    files::{declared::Declared, load::Loaded},
    live::{
        api::Dialect,
        fetch::{self, Questions},
        recording::{Answers, Salt},
    },
    model::plan::{Plan, Quarantined, Unresolved, Withheld},
};
use secrecy::ExposeSecret;

use super::{
    Global,
    failure::{Exit, Failure},
    output::Output,
    run,
    settings::{Connected, secret, section},
};

/// The variable that holds the salt of sanitized snapshots, or with `_FILE` names the file that does.
const SALT: &str = "ROLECALL_SNAPSHOT_SALT";

/// A flag of the commands that only read.
#[derive(Debug, Args)]
pub(super) struct From {
    /// Read this snapshot instead of the API: no network, no token
    #[arg(long, value_name = "SNAPSHOT", env = "ROLECALL_LIVE", hide_env = true)]
    pub(super) live: Option<PathBuf>,
}

/// Something that knows the live state.
pub(crate) trait Live {
    type Questions: Questions;

    /// Returns whom to ask.
    fn questions(&self) -> &Self::Questions;

    /// Returns the API's host, for people.
    fn host(&self) -> &str;

    /// Returns the API's URL, or the word for the embedded one.
    fn url(&self) -> &str;

    /// Returns how the API spells what its documentation leaves open.
    fn dialect(&self) -> Dialect;

    /// Returns when the state was read; `None` where that is now.
    fn taken(&self) -> Option<Timestamp>;

    /// Returns how many requests were sent.
    fn requests(&self) -> u64;

    /// Returns what of a plan it cannot tell, as one sentence, or nothing.
    fn doubt(&self, declared: &Declared, plan: &Plan) -> Option<&'static str>;

    /// Does work that asks it, and meanwhile shows that something goes on.
    fn watched<T>(&self, output: &Output, work: impl Future<Output = T>) -> impl Future<Output = T>;
}

impl Live for Connected {
    type Questions = rolecall::live::api::Reader;

    fn questions(&self) -> &Self::Questions {
        &self.reader
    }

    fn host(&self) -> &str {
        &self.host
    }

    fn url(&self) -> &str {
        &self.url
    }

    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn taken(&self) -> Option<Timestamp> {
        None
    }

    fn requests(&self) -> u64 {
        self.reader.requests_made()
    }

    fn doubt(&self, _: &Declared, _: &Plan) -> Option<&'static str> {
        None
    }

    async fn watched<T>(&self, output: &Output, work: impl Future<Output = T>) -> T {
        let spinner = output.spinner("reading");
        output.watching(&self.reader, |wait| spinner.reading(&self.reader, wait), work).await
    }
}

/// A snapshot that was opened.
pub(crate) struct Recorded {
    answers: Answers,
    dialect: Dialect,
}

impl Recorded {
    /// Opens the snapshot that a flag names.
    pub(crate) fn open(global: &Global, path: &Path, loaded: &Loaded) -> Result<Self, Failure> {
        let recording = fetch::open(&run::here(global).join(path))?;
        let salt = salt()?;
        let answers = Answers::new(recording, salt.as_ref()).map_err(|error| {
            let hint = error.hint();
            Failure::invalid(format!("{}: {error}", path.display())).hint(hint)
        })?;
        let dialect = section(loaded).and_then(|it| *it.1.dialect).unwrap_or_default();
        Ok(Self { answers, dialect })
    }
}

impl Live for Recorded {
    type Questions = Answers;

    fn questions(&self) -> &Answers {
        &self.answers
    }

    fn host(&self) -> &str {
        host(self.url())
    }

    fn url(&self) -> &str {
        &self.answers.recording().endpoint
    }

    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn taken(&self) -> Option<Timestamp> {
        Some(self.answers.recording().created_at)
    }

    fn requests(&self) -> u64 {
        0
    }

    fn doubt(&self, declared: &Declared, plan: &Plan) -> Option<&'static str> {
        let unknown = |it: &Quarantined| match &it.what {
            Withheld::Person { why, .. }
            | Withheld::User { why, .. }
            | Withheld::UnmanagedUser { why, .. } => *why == Unresolved::Unknown,
            Withheld::Grant { .. }
            | Withheld::Unreadable { .. }
            | Withheld::Removal { .. }
            | Withheld::HiddenRemoval { .. }
            | Withheld::Group { .. }
            | Withheld::InactiveMember { .. }
            | Withheld::Unmodifiable { .. }
            | Withheld::Lockout { .. }
            | Withheld::UnreadLockout { .. }
            | Withheld::UnreadUser { .. }
            | Withheld::UnmanagedUnread { .. }
            | Withheld::Traveller { .. } => false,
        };
        let compares = !declared.rules.protected_people.is_empty() || plan.quarantine.iter().any(unknown);
        (self.answers.recording().sanitized.is_some() && compares).then_some(
            "the snapshot is sanitized: addresses cannot be compared with patterns of `protected`, nor with those of people nobody knows",
        )
    }

    async fn watched<T>(&self, _: &Output, work: impl Future<Output = T>) -> T {
        work.await
    }
}

/// Returns the part of a URL that people look at.
pub(super) fn host(url: &str) -> &str {
    if url == super::settings::SANDBOX {
        return "the embedded sandbox";
    }
    url.split_once("://").map_or(url, |it| it.1)
}

/// Returns the salt that was given, if one was; only the environment and the file that it names may hold it.
pub(super) fn salt() -> Result<Option<Salt>, Failure> {
    let Some(text) = secret(SALT)? else { return Ok(None) };
    let salt = text.expose_secret().parse::<Salt>();
    salt.map(Some).map_err(|why| Failure::new(Exit::Invalid, format!("{SALT} cannot be used: {why}")))
}

/// Returns a salt that nobody has used before.
pub(super) fn new_salt() -> Result<Salt, Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::new(Exit::Error, format!("the system has no random numbers: {error}"))
            .hint(format!("give a salt in {SALT}"))
    })?;
    Ok(Salt::new(bytes))
}
