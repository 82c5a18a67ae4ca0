//! Where to connect, and as whom: flags, environment, file, in this order.

use std::{env, fs};

use rolecall::{
    api::{self, Credentials, Dialect, Endpoint, Reader, Settings, Writer},
    load::Loaded,
    manifest::workspace::ApiSection,
    sandbox::{Options, Sandbox},
};

use super::{
    Global,
    failure::{Exit, Failure},
    live::host,
};

/// Requests in flight at once, unless it is said otherwise.
pub(super) const READERS: usize = 16;
/// The word for the embedded API.
pub(super) const SANDBOX: &str = "sandbox";

/// A connection, and the embedded server that may be at its other end.
pub(crate) struct Connected {
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    /// The API's host, for people.
    pub(crate) host: String,
    /// The API's URL, or the word for the embedded one, whose port means nothing later.
    pub(crate) url: String,
    /// How it spells what its documentation leaves open.
    pub(crate) dialect: Dialect,
    /// Runs as long as this lives.
    _sandbox: Option<Sandbox>,
}

/// Connects to the API that flags, environment or files name. No request is sent.
pub(crate) fn connect(global: &Global, loaded: &Loaded) -> Result<Connected, Failure> {
    let section = section(loaded);
    let in_file = section.and_then(|it| it.endpoint.as_ref()).map(|it| it.v.clone());
    let dialect = section.and_then(|it| it.dialect).unwrap_or_default();
    let Some(endpoint) = global.endpoint.clone().or(in_file) else {
        return Err(Failure::invalid("which API to talk to is not said")
            .hint("set `api: { endpoint: … }` in rolecall.yaml, or give `--endpoint`; `sandbox` is the embedded one"));
    };
    let (endpoint, credentials, sandbox, host, url) = if endpoint == SANDBOX {
        let seed = loaded.root.join("sandbox.yaml");
        let options = Options {
            seed: seed.is_file().then_some(seed),
            state: Some(loaded.root.join(".rolecall").join("sandbox.json")),
            ..Options::default()
        };
        let sandbox = Sandbox::start(options)?;
        let (id, secret) = Sandbox::credentials();
        let credentials = Credentials::Client { id: id.to_owned(), secret: secret.into() };
        let endpoint: Endpoint = sandbox.url().parse()?;
        (endpoint, credentials, Some(sandbox), host(SANDBOX).to_owned(), SANDBOX.to_owned())
    } else {
        let endpoint: Endpoint = endpoint.parse()?;
        let url = endpoint.to_string();
        let host = host(&url).to_owned();
        (endpoint, credentials()?, None, host, url)
    };
    let settings = Settings {
        concurrency: global.concurrency.map_or(READERS, usize::from),
        timeout: global.timeout,
        dialect,
        ..Settings::new(endpoint, credentials)
    };
    let (reader, writer) = api::connect(settings)?;
    Ok(Connected { reader, writer, host, url, dialect, _sandbox: sandbox })
}

/// Returns what the files say about the API.
pub(super) fn section(loaded: &Loaded) -> Option<&ApiSection> {
    let workspace = loaded.files.workspace.as_ref().and_then(|it| it.1.api.as_ref());
    workspace.or_else(|| loaded.files.access.iter().find_map(|it| it.1.api.as_ref()))
}

/// Reads credentials from the environment, or from files that it names; never from anywhere else.
fn credentials() -> Result<Credentials, Failure> {
    let token = secret("ROLECALL_TOKEN")?;
    let id = secret("ROLECALL_CLIENT_ID")?;
    let secret = secret("ROLECALL_CLIENT_SECRET")?;
    match (token, id, secret) {
        (Some(token), None, None) => Ok(Credentials::Token(token.into())),
        (None, Some(id), Some(secret)) => Ok(Credentials::Client { id, secret: secret.into() }),
        (None, None, None) => Err(Failure::new(Exit::Auth, "no credentials").hint(
            "set ROLECALL_CLIENT_ID and ROLECALL_CLIENT_SECRET, or ROLECALL_TOKEN (or the same with _FILE)",
        )),
        (None, Some(_), None) => Err(half("ROLECALL_CLIENT_ID", "ROLECALL_CLIENT_SECRET")),
        (None, None, Some(_)) => Err(half("ROLECALL_CLIENT_SECRET", "ROLECALL_CLIENT_ID")),
        (Some(_), _, _) => Err(Failure::new(Exit::Auth, "both a token and client credentials are set")
            .hint("keep ROLECALL_TOKEN, or ROLECALL_CLIENT_ID and ROLECALL_CLIENT_SECRET")),
    }
}

fn half(set: &str, missing: &str) -> Failure {
    Failure::new(Exit::Auth, format!("{set} is set, but {missing} is not"))
        .hint(format!("set {missing} as well, or ROLECALL_TOKEN instead of both"))
}

/// Returns a secret from the variable or from the file that the variable with `_FILE` names.
pub(super) fn secret(name: &str) -> Result<Option<String>, Failure> {
    let direct = env::var(name).ok().filter(|it| !it.is_empty());
    let Some(path) = env::var_os(format!("{name}_FILE")).filter(|it| !it.is_empty()) else {
        return Ok(direct);
    };
    if direct.is_some() {
        return Err(Failure::new(Exit::Auth, format!("{name} and {name}_FILE are both set"))
            .hint("unset one of them"));
    }
    let problem = match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(Some(text.trim().to_owned())),
        Ok(_) => format!("the file that {name}_FILE names is empty"),
        Err(error) => format!("cannot read the file that {name}_FILE names: {error}"),
    };
    Err(Failure::new(Exit::Auth, problem)
        .hint(format!("check the path and its permissions, or set {name} itself")))
}
