//! The flag that names a snapshot to read instead of the API, and the salt of sanitized ones.

use std::path::PathBuf;

use clap::Args;
use rolecall::{
    live::{
        fetch,
        snapshot::{Answers, Salt, Snapshot},
        source::Source,
    },
    model::ids::CompanyId,
    sandbox::Sandbox,
    workflow::{self, Checked, Live, Site, Sites},
};
use secrecy::ExposeSecret;

use super::{
    Exit, Failure, Global,
    credentials::secret,
    settings::{self, Connected, connect, host},
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

    /// Opens what the flag names, or connects to the API of each of these companies; the embedded one runs as long as the second value lives.
    pub(super) fn open(
        &self,
        global: &Global,
        checked: &Checked,
        companies: &[CompanyId],
    ) -> Result<(Live, Option<Sandbox>), Failure> {
        let Some(path) = &self.live else {
            let Connected { live, sandbox, .. } = connect(global, checked, companies)?;
            return Ok((live, sandbox));
        };
        let snapshot = fetch::open(&global.at(path)).map_err(workflow::Error::from)?;
        let salt = salt()?;
        let answers = Answers::new(snapshot, salt.as_ref()).map_err(|error| {
            let hint = error.hint();
            Failure::invalid(format!("{}: {error}", path.display())).hint(hint)
        })?;
        let sites = recorded(answers.snapshot(), checked);
        Ok((Live { source: Source::Snapshot(Box::new(answers)), sites }, None))
    }
}

/// Where the companies of a snapshot were asked, and how these places spell what their documentation leaves open.
fn recorded(snapshot: &Snapshot, checked: &Checked) -> Sites {
    let site = |url: &str, dialect| Site { host: host(url).into(), url: url.into(), dialect };
    let mut sites = Sites::one(site(&snapshot.endpoint, settings::dialect(&checked.loaded)));
    for company in &snapshot.companies {
        let url = company.endpoint.as_deref().unwrap_or(&snapshot.endpoint);
        let own = checked.declared.endpoints.iter().find(|it| it.companies.contains_key(&company.id));
        let dialect = own.map_or(sites.rest.dialect, |it| it.dialect);
        if company.endpoint.is_some() || own.is_some() {
            sites.apart.insert(company.id, site(url, dialect));
        }
    }
    sites
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
