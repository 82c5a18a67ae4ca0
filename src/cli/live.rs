//! The flag that names a snapshot to read instead of the API, and the salt of sanitized ones.

use std::path::PathBuf;

use clap::Args;
use rolecall::{
    files::load::Loaded,
    live::{
        fetch,
        snapshot::{Answers, Salt},
        source::Source,
    },
    sandbox::Sandbox,
    workflow::{self, Live},
};
use secrecy::ExposeSecret;

use super::{
    Exit, Failure, Global,
    settings::{Connected, connect, host, secret},
};

/// The variable that names a snapshot to read instead of the API.
const LIVE: &str = "ROLECALL_LIVE";
/// The variable that holds the salt of sanitized snapshots, or with `_FILE` names the file that does.
const SALT: &str = "ROLECALL_SNAPSHOT_SALT";

/// A flag of the commands that only read.
#[derive(Debug, Default, Args)]
pub(super) struct From {
    /// Read this snapshot instead of the API: no network, no token
    #[arg(long, value_name = "SNAPSHOT", env = LIVE)]
    live: Option<PathBuf>,
}

impl From {
    /// As if the flag named this, or else the variable, or nothing.
    pub(super) fn given(snapshot: Option<PathBuf>) -> Self {
        let variable = || std::env::var_os(LIVE).filter(|it| !it.is_empty()).map(PathBuf::from);
        Self { live: snapshot.or_else(variable) }
    }

    /// Whether a snapshot is named.
    pub(super) fn is_snapshot(&self) -> bool {
        self.live.is_some()
    }

    /// Opens what the flag names, or connects to the API; the embedded one runs as long as the second value lives.
    pub(super) fn open(&self, global: &Global, loaded: &Loaded) -> Result<(Live, Option<Sandbox>), Failure> {
        let Some(path) = &self.live else {
            let Connected { live, sandbox, .. } = connect(global, loaded)?;
            return Ok((live, sandbox));
        };
        let snapshot = fetch::open(&global.at(path)).map_err(workflow::Error::from)?;
        let salt = salt()?;
        let answers = Answers::new(snapshot, salt.as_ref()).map_err(|error| {
            let hint = error.hint();
            Failure::invalid(format!("{}: {error}", path.display())).hint(hint)
        })?;
        let url = answers.snapshot().endpoint.clone();
        let dialect = loaded.files.api().and_then(|it| it.1.dialect.as_ref().copied()).unwrap_or_default();
        let live =
            Live { host: host(&url).into(), url, dialect, source: Source::Snapshot(Box::new(answers)) };
        Ok((live, None))
    }
}

/// The salt that was given, if one was; only the environment and the file that it names may hold it.
pub(super) fn salt() -> Result<Option<Salt>, Failure> {
    let Some(text) = secret(SALT)? else { return Ok(None) };
    let salt = text.expose_secret().parse::<Salt>();
    salt.map(Some).map_err(|why| Failure::new(Exit::Invalid, format!("{SALT} cannot be used: {why}")))
}

/// A salt that was never used before.
pub(super) fn new_salt() -> Result<Salt, Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::new(Exit::Error, format!("the system has no random numbers: {error}"))
            .hint(format!("give a salt in {SALT}"))
    })?;
    Ok(Salt::new(bytes))
}
