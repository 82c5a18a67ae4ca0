//! Where to connect, with which credentials: flags, environment, file, in this order.
//!
//! The one place where a client is given credentials. They go where the operator says; where only a file names the
//! endpoint, to those that are listed beside the credentials and to no other.

use std::{
    collections::BTreeSet,
    env::{self, VarError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rolecall::{
    files::{
        disk::{self, Named, Readers, Unread},
        load::Loaded,
    },
    live::{
        api::{self, Credentials, Elsewhere, Endpoint, Reader, Recipients, Settings, Writer},
        source::Source,
    },
    model::escape,
    report::render::{self, forge::Forge},
    sandbox::{Options, Sandbox},
    workflow::{Checked, Live},
};
use secrecy::{ExposeSecret, SecretString};

use super::{Exit, Failure, Global};

const TOKEN: &str = "ROLECALL_TOKEN";
/// The token of the forge, whatever that is.
const FORGE_TOKEN: &str = "ROLECALL_FORGE_TOKEN";
const SECRET: &str = "ROLECALL_CLIENT_SECRET";
/// The variable that lists the endpoints a file may name.
const ALLOWED: &str = "ROLECALL_ALLOWED_ENDPOINTS";
/// Most bytes of a file that holds one.
const LONGEST: u64 = 64 << 10;
/// Fewest characters of a token or a secret.
const LEAST: usize = 8;
/// The same for an API on this very machine, such as a sandbox.
const LEAST_ON_LOOPBACK: usize = 4;

/// How credentials are given.
const CREDENTIALS: &str =
    "set ROLECALL_CLIENT_ID and ROLECALL_CLIENT_SECRET, or ROLECALL_TOKEN (or the same with _FILE)";

/// The word for the embedded API.
pub(super) const SANDBOX: &str = "sandbox";

/// A connection, and the embedded server that may be at its other end.
pub(crate) struct Connected {
    pub(crate) live: Live,
    pub(crate) reader: Reader,
    pub(crate) writer: Writer,
    /// Runs as long as this lives.
    pub(super) sandbox: Option<Sandbox>,
}

/// Where the API is; an embedded one runs as long as this lives.
pub(super) struct Site {
    pub(super) endpoint: Endpoint,
    pub(super) host: String,
    pub(super) url: String,
    /// The embedded API, which has credentials of its own.
    sandbox: Option<Sandbox>,
}

/// Makes sure that flags, environment and files together say which API and whose groups, and names everything that is
/// missing at once.
///
/// Credentials alone that are missing are left to who needs them.
pub(super) fn complete(global: &Global, checked: &Checked) -> Result<(), Failure> {
    let Checked { loaded, declared } = checked;
    let has_file = loaded.files.workspace.is_some();
    let in_file = loaded.files.api().and_then(|it| it.1.endpoint.as_ref()).map(|it| &*it.v);
    let endpoint = global.endpoint.as_deref().or(in_file);
    let or_file =
        |key: &str| if has_file { format!(", or set `{key}` in rolecall.yaml") } else { String::new() };
    let mut missing = Vec::new();
    if endpoint.is_none() {
        let how = format!(
            "give `--endpoint URL` or set ROLECALL_ENDPOINT; `sandbox` is the embedded one{}",
            or_file("api: { endpoint: … }")
        );
        missing.push(("no API endpoint", how));
    }
    if declared.company.is_none() && declared.companies.is_empty() {
        let how = format!("give `--company ID` or set ROLECALL_COMPANY{}", or_file("company:"));
        missing.push(("no company", how));
    }
    let credentials = credentials_are_set() || endpoint == Some(SANDBOX);
    if missing.is_empty() {
        return Ok(());
    }
    if !credentials {
        missing.push(("no credentials", CREDENTIALS.to_owned()));
    }
    match &missing[..] {
        [(what, how)] => Err(Failure::invalid(format!("{what} is given")).hint(how)),
        several => {
            let what: Vec<&str> = several.iter().map(|it| it.0).collect();
            let how: Vec<&str> = several.iter().map(|it| &*it.1).collect();
            Err(Failure::invalid(format!("{} are given", what.join(", "))).hint(how.join("; ")))
        }
    }
}

/// Whether the environment says anything of credentials.
pub(super) fn credentials_are_set() -> bool {
    let variables = [TOKEN, "ROLECALL_CLIENT_ID", SECRET].map(|it| [it.to_owned(), format!("{it}_FILE")]);
    let is_set = |name: &String| env::var_os(name).is_some_and(|it| !it.is_empty());
    variables.as_flattened().iter().any(is_set)
}

/// Connects to the API that flags, environment or files name. No request is sent.
pub(crate) fn connect(global: &Global, loaded: &Loaded) -> Result<Connected, Failure> {
    let site = site(global, loaded)?;
    let settings = settings(global, loaded, &site)?;
    let dialect = settings.dialect;
    let (reader, writer) = api::connect(settings)?;
    let Site { host, url, sandbox, .. } = site;
    let source = Source::Api(reader.clone());
    Ok(Connected {
        live: Live { source, host: host.into(), url: url.into(), dialect },
        reader,
        writer,
        sandbox,
    })
}

/// Finds where the API is, and starts the embedded one where it is that.
pub(super) fn site(global: &Global, loaded: &Loaded) -> Result<Site, Failure> {
    let in_file = || loaded.files.api().and_then(|(file, it)| Some((file, it.endpoint.as_ref()?)));
    let (endpoint, only_here) = match (&global.endpoint, in_file()) {
        (Some(given), _) => (&**given, None),
        (None, Some((file, named))) => (&*named.v, Some(named.place(file))),
        (None, None) => {
            return Err(Failure::invalid("no API endpoint is given")
                .hint("set `api: { endpoint: … }` in rolecall.yaml, or give `--endpoint`; `sandbox` is the embedded one"));
        }
    };
    if endpoint == SANDBOX {
        let seed = loaded.root.join("sandbox.yaml");
        let options = Options {
            // Also a link that leads nowhere: another seed in its place would be a surprise.
            from: seed.symlink_metadata().is_ok().then_some(seed),
            state: Some(loaded.root.join(".rolecall").join("sandbox.json")),
            ..Options::default()
        };
        let sandbox = Sandbox::start(options)?;
        let endpoint: Endpoint = sandbox.url().parse()?;
        let (host, url) = (host(SANDBOX).to_owned(), SANDBOX.to_owned());
        return Ok(Site { endpoint, host, url, sandbox: Some(sandbox) });
    }
    let endpoint: Endpoint = endpoint.parse()?;
    let endpoint = match only_here {
        None => endpoint,
        Some(place) => recipients()?.admit(endpoint).map_err(|error| {
            let message = format!("{}: {error}; nothing was sent", loaded.sources.line(place));
            Failure::invalid(message).hint(error.hint().unwrap_or_default())
        })?,
    };
    let url = endpoint.to_string();
    let host = host(&url).to_owned();
    Ok(Site { endpoint, host, url, sandbox: None })
}

/// An endpoint as it is written into a file, if it is one.
pub(super) fn endpoint(raw: &str) -> Result<String, Failure> {
    if raw == SANDBOX {
        return Ok(raw.to_owned());
    }
    let endpoint: Endpoint = raw.parse()?;
    Ok(endpoint.to_string())
}

/// The part of a URL that people look at.
pub(super) fn host(url: &str) -> &str {
    if url == SANDBOX {
        return "the embedded sandbox";
    }
    url.split_once("://").map_or(url, |it| it.1)
}

pub(super) fn settings(global: &Global, loaded: &Loaded, site: &Site) -> Result<Settings, Failure> {
    if site.sandbox.is_none() && site.url.starts_with("https:") {
        authorities_can_be_read()?;
    }
    let credentials = match &site.sandbox {
        Some(sandbox) => {
            let (id, secret) = sandbox.credentials().ok_or_else(|| {
                Failure::invalid("sandbox.yaml has no client")
                    .hint("leave `clients:` out, and one is made up")
            })?;
            Credentials::Client { id: id.to_owned(), secret: secret.clone() }
        }
        None => credentials(site.endpoint.is_loopback())?,
    };
    Ok(Settings {
        concurrency: global.readers(),
        max_rps: global.max_rps,
        timeout: global.timeout,
        dialect: loaded.files.api().and_then(|it| it.1.dialect.as_ref().copied()).unwrap_or_default(),
        ..Settings::new(site.endpoint.clone(), credentials)
    })
}

/// Settings to look at a site with where there are no credentials: none is ever sent.
pub(super) fn anonymous(global: &Global, site: &Site) -> Settings {
    let nobody = Credentials::Token("none".into());
    Settings { timeout: global.timeout, ..Settings::new(site.endpoint.clone(), nobody) }
}

/// Connects to a forge with the token that the environment has for it. No request is sent; where it goes, flags and
/// environment alone have said.
pub(super) fn forge(global: &Global, forge: Forge, url: &str) -> Result<Elsewhere, Failure> {
    let endpoint: Endpoint = url.parse()?;
    if url.starts_with("https:") {
        authorities_can_be_read()?;
    }
    let least = if endpoint.is_loopback() { LEAST_ON_LOOPBACK } else { LEAST };
    let names = std::iter::once(FORGE_TOKEN).chain(usual_tokens(forge).iter().copied());
    let mut found = None;
    for name in names {
        if let Some(token) = secret(name)? {
            found = Some((name, token));
            break;
        }
    }
    let Some((name, token)) = found else {
        let job = forge == Forge::Gitlab && env::var_os("CI_JOB_TOKEN").is_some();
        let job = if job { "; CI_JOB_TOKEN may not write comments" } else { "" };
        return Err(Failure::new(Exit::Auth, format!("no token for {}{job}", forge.title())).hint(format!(
            "set {FORGE_TOKEN} (or {FORGE_TOKEN}_FILE), or {}",
            usual_tokens(forge).join(" or ")
        )));
    };
    is_long(name, token.expose_secret(), least)?;
    let credentials = if token.expose_secret().contains(':') {
        Credentials::Login(token.expose_secret().trim().into())
    } else {
        is_bare(name, token.expose_secret())?;
        Credentials::Token(token)
    };
    Ok(Elsewhere::new(Settings {
        timeout: global.timeout,
        max_rps: global.max_rps,
        ..Settings::new(endpoint, credentials)
    })?)
}

/// The variables by which the jobs of a forge have its token.
fn usual_tokens(forge: Forge) -> &'static [&'static str] {
    match forge {
        Forge::Github => &["GITHUB_TOKEN", "GH_TOKEN"],
        Forge::Gitlab => &["GITLAB_TOKEN"],
        Forge::Azure => &["SYSTEM_ACCESSTOKEN"],
        Forge::Bitbucket => &["BITBUCKET_TOKEN"],
        Forge::Gitea => &["GITEA_TOKEN", "FORGEJO_TOKEN", "GITHUB_TOKEN"],
    }
}

/// The endpoints to which credentials may go although only a file names them.
fn recipients() -> Result<Recipients, Failure> {
    let Some(raw) = env::var_os(ALLOWED).filter(|it| !it.is_empty()) else {
        return Ok(Recipients::default());
    };
    raw.to_string_lossy().parse().map_err(|error: api::ApiError| {
        Failure::invalid(format!("{ALLOWED} cannot be used: {error}"))
            .hint("list hosts or URLs between commas, such as `apis.spotnana.com, localhost`")
    })
}

/// Reads credentials from the environment, or from files that it names; never from anywhere else. An API on this very
/// machine may have made-up ones.
fn credentials(on_loopback: bool) -> Result<Credentials, Failure> {
    let least = if on_loopback { LEAST_ON_LOOPBACK } else { LEAST };
    let token = secret(TOKEN)?;
    let id = secret("ROLECALL_CLIENT_ID")?;
    let secret = secret(SECRET)?;
    match (token, id, secret) {
        (Some(token), None, None) => {
            is_bare(TOKEN, token.expose_secret())?;
            is_long(TOKEN, token.expose_secret(), least)?;
            Ok(Credentials::Token(token))
        }
        (None, Some(id), Some(secret)) => {
            is_long(SECRET, secret.expose_secret(), least)?;
            Ok(Credentials::Client { id: id.expose_secret().to_owned(), secret })
        }
        (None, None, None) => Err(Failure::new(Exit::Auth, "no credentials").hint(CREDENTIALS)),
        (None, Some(_), None) => Err(half("ROLECALL_CLIENT_ID", "ROLECALL_CLIENT_SECRET")),
        (None, None, Some(_)) => Err(half("ROLECALL_CLIENT_SECRET", "ROLECALL_CLIENT_ID")),
        (Some(_), _, _) => Err(Failure::new(Exit::Auth, "both a token and client credentials are set")
            .hint("keep ROLECALL_TOKEN, or ROLECALL_CLIENT_ID and ROLECALL_CLIENT_SECRET")),
    }
}

/// Refuses a header, or a part of one, in the place of a token: it would be sent in vain.
fn is_bare(name: &str, token: &str) -> Result<(), Failure> {
    const WORDS: [&str; 4] = ["authorization", "basic", "bearer", "token"];
    let word = token.trim().split_once([' ', ':', '\t']).map(|it| it.0);
    if let Some(word) = word.filter(|it| WORDS.contains(&&*it.to_ascii_lowercase())) {
        return Err(Failure::invalid(format!("{name} begins with `{word}`, which is not part of a token"))
            .hint("give the token alone: what stands after `Bearer ` in the header"));
    }
    if token.trim().contains([' ', '\t']) {
        return Err(Failure::invalid(format!("{name} holds a space, which no token does"))
            .hint("check for text copied along, and give the token alone"));
    }
    Ok(())
}

/// Refuses what is too short to be a secret: one of a few letters could not be kept out of what is shown.
fn is_long(name: &str, given: &str, least: usize) -> Result<(), Failure> {
    let length = given.trim().chars().count();
    if length >= least {
        return Ok(());
    }
    let length = render::counted(length, "character", "characters");
    Err(Failure::invalid(format!("{name} has {length}, too few to be a secret"))
        .hint(format!("give at least {least}: check that the whole of it was copied")))
}

fn half(set: &str, missing: &str) -> Failure {
    Failure::new(Exit::Auth, format!("{set} is set, but {missing} is not"))
        .hint(format!("set {missing} as well, or ROLECALL_TOKEN instead of both"))
}

/// A secret from the variable or from the file that the variable with `_FILE` names.
pub(super) fn secret(name: &str) -> Result<Option<SecretString>, Failure> {
    let direct = match env::var(name) {
        Ok(text) => Some(SecretString::from(text)).filter(|it| !it.expose_secret().is_empty()),
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(_)) => {
            return Err(Failure::invalid(format!("{name} is not UTF-8 text")).hint("check how it was set"));
        }
    };
    let Some(path) = env::var_os(format!("{name}_FILE")).filter(|it| !it.is_empty()) else {
        return Ok(direct);
    };
    if direct.is_some() {
        return Err(Failure::new(Exit::Auth, format!("{name} and {name}_FILE are both set"))
            .hint("unset one of them"));
    }
    let problem = match secret_file(Path::new(&path)) {
        Ok(text) if !text.expose_secret().trim().is_empty() => {
            return Ok(Some(text.expose_secret().trim().into()));
        }
        Ok(_) => format!("the file that {name}_FILE names is empty"),
        Err(error) => format!("cannot read the file that {name}_FILE names: {error}"),
    };
    Err(Failure::new(Exit::Auth, problem)
        .hint(format!("check the path and its permissions, or set {name} itself")))
}

/// Looks at the authorities that are to be trusted before the TLS library does, which would read a device without end.
fn authorities_can_be_read() -> Result<(), Failure> {
    const LARGEST: u64 = 16 << 20;
    let Some(path) = env::var_os("SSL_CERT_FILE").filter(|it| !it.is_empty()) else { return Ok(()) };
    disk::read(Path::new(&path), Named::ByCaller, LARGEST).map(drop).map_err(|error| {
        let path = Path::new(&path).display();
        Failure::invalid(format!("cannot read the authorities of SSL_CERT_FILE, {path}: {error}"))
            .hint("name a PEM file, or unset it for those of this machine")
    })
}

/// The content of a file that holds a secret; where others may read it, that is said.
pub(super) fn secret_file(path: &Path) -> Result<SecretString, Unread> {
    let (text, readers) = disk::secret(path, LONGEST)?;
    if readers == Readers::Others {
        warn_of_readers(path);
    }
    Ok(text)
}

/// Says once of each file that holds a secret that others on this machine may read it. Nothing is refused: where secrets
/// are mounted, nobody else may be on it.
fn warn_of_readers(path: &Path) {
    static WARNED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    if WARNED.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned()) {
        let path = escape::terminal(&path.display().to_string()).into_owned();
        let _ = writeln!(io::stderr(), "warning: others may read the secret in {path}: chmod 600 {path}");
    }
}
