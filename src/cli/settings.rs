//! Where to connect, with which credentials: flags, environment, file, in this order.
//!
//! The one place where a client is given credentials. They go where the operator says; where only a file names the
//! endpoint, to those that are listed beside the credentials and to no other. An endpoint that has a name has credentials,
//! and a list, of its own: another's never go there, whatever a file says.

use std::{collections::BTreeSet, env, path::Path};

use rolecall::{
    files::{
        declared::{Declared, DeclaredEndpoint},
        disk::{self, Named},
        load::Loaded,
    },
    live::{
        api::{self, Clients, Credentials, Dialect, Elsewhere, Endpoint, Recipients, Settings},
        source::Source,
    },
    model::{ids::CompanyId, plan::Names, source::Place},
    report::render::forge::Forge,
    sandbox::{Options, Sandbox},
    workflow::{Checked, Live, Site, Sites},
};
use secrecy::ExposeSecret;

use super::{
    Exit, Failure, Global,
    credentials::{Variables, is_bare, is_long, least, secret},
};

/// The token of the forge, whatever that is.
const FORGE_TOKEN: &str = "ROLECALL_FORGE_TOKEN";
/// The variable that names an endpoint; of one that has a name it ends with that.
const ENDPOINT: &str = "ROLECALL_ENDPOINT";
/// The variable that lists the endpoints a file may name; of one that has a name it ends with that.
const ALLOWED: &str = "ROLECALL_ALLOWED_ENDPOINTS";

/// The word for the embedded API.
pub(super) const SANDBOX: &str = "sandbox";

/// A connection, and the embedded server that may be at its other end.
pub(crate) struct Connected {
    pub(crate) live: Live,
    pub(crate) clients: Clients,
    /// Runs as long as this lives.
    pub(super) sandbox: Option<Sandbox>,
}

/// Where an API is; an embedded one runs as long as this lives.
pub(super) struct Found {
    pub(super) endpoint: Endpoint,
    pub(super) site: Site,
    /// The embedded API, which has credentials of its own.
    sandbox: Option<Sandbox>,
    variables: Variables,
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
    if endpoint.is_none() && is_rest_needed(declared, &declared.own_companies()) {
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
    let variables = Variables::new("");
    if missing.is_empty() {
        return Ok(());
    }
    if !variables.are_set() && endpoint != Some(SANDBOX) {
        missing.push(("no credentials", variables.how()));
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
    Variables::new("").are_set()
}

/// Connects to the API of each of these companies, as flags, environment or files say. No request is sent, and no
/// credentials are asked for that are not used.
pub(crate) fn connect(
    global: &Global,
    checked: &Checked,
    companies: &[CompanyId],
) -> Result<Connected, Failure> {
    let Checked { loaded, declared } = checked;
    let named =
        declared.endpoints.iter().filter(|it| companies.iter().any(|id| it.companies.contains_key(id)));
    let named: Vec<(Found, &DeclaredEndpoint)> =
        named.map(|it| Ok((own(loaded, it)?, it))).collect::<Result<_, Failure>>()?;
    let rest = if is_rest_needed(declared, companies) { Some(rest(global, loaded, declared)?) } else { None };
    let mut own = Vec::new();
    let elsewhere = || named.first().map(|it| it.0.site.clone());
    let site = match &rest {
        Some(found) => Some(found.site.clone()),
        None => spare(global, loaded)?.or_else(elsewhere),
    };
    let mut sites = Sites::one(site.ok_or_else(|| nowhere(declared))?);
    for (found, declared) in &named {
        own.push((settings(global, found)?, declared.companies.keys().copied().collect()));
        sites.apart.extend(declared.companies.keys().map(|it| (*it, found.site.clone())));
    }
    let clients = Clients::new(rest.as_ref().map(|it| settings(global, it)).transpose()?, own)?;
    let live = Live { source: Source::Api(clients.clone()), sites };
    Ok(Connected { live, clients, sandbox: rest.and_then(|it| it.sandbox) })
}

/// Whether one of the companies has no endpoint of its own, or none is known yet.
fn is_rest_needed(declared: &Declared, companies: &[CompanyId]) -> bool {
    let own: BTreeSet<CompanyId> =
        declared.endpoints.iter().flat_map(|it| it.companies.keys().copied()).collect();
    companies.is_empty() || companies.iter().any(|it| !own.contains(it))
}

/// Where a company is.
pub(super) fn place(global: &Global, checked: &Checked, company: CompanyId) -> Result<Found, Failure> {
    match checked.declared.endpoints.iter().find(|it| it.companies.contains_key(&company)) {
        Some(declared) => own(&checked.loaded, declared),
        None => rest(global, &checked.loaded, &checked.declared),
    }
}

/// Finds where the API is of every company that has none of its own, and starts the embedded one where it is that.
pub(super) fn rest(global: &Global, loaded: &Loaded, declared: &Declared) -> Result<Found, Failure> {
    let dialect = dialect(loaded);
    let (endpoint, only_here) = given(global, loaded).ok_or_else(|| nowhere(declared))?;
    let variables = Variables::new("");
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
        return Ok(Found { endpoint, site: site(SANDBOX, dialect), sandbox: Some(sandbox), variables });
    }
    let endpoint = match only_here {
        None => endpoint.parse()?,
        Some(place) => admitted(loaded, (&endpoint, place), "")?,
    };
    let site = site(&endpoint.to_string(), dialect);
    Ok(Found { endpoint, site, sandbox: None, variables })
}

/// That no endpoint is given, and for which company where others have one.
fn nowhere(declared: &Declared) -> Failure {
    let has = |it: &CompanyId| declared.endpoints.iter().any(|own| own.companies.contains_key(it));
    let without = declared.own_companies().into_iter().find(|it| !declared.endpoints.is_empty() && !has(it));
    let names = Names { values: declared.aliases.clone(), ..Names::default() };
    let of = without.map(|it| format!(" for {}", names.company(it))).unwrap_or_default();
    Failure::invalid(format!("no API endpoint is given{of}")).hint(
        "set `api: { endpoint: … }` in rolecall.yaml, or give `--endpoint`; `sandbox` is the embedded one",
    )
}

/// Finds where the API is of the companies of an endpoint that has a name.
pub(super) fn own(loaded: &Loaded, declared: &DeclaredEndpoint) -> Result<Found, Failure> {
    let suffix = declared.suffix();
    let variable = format!("{ENDPOINT}{suffix}");
    let endpoint = match env::var_os(&variable).filter(|it| !it.is_empty()) {
        Some(given) => given.to_string_lossy().parse().map_err(|error: api::ApiError| {
            Failure::invalid(format!("{variable} cannot be used: {error}"))
                .hint(error.hint().unwrap_or_default())
        })?,
        None => {
            let named = (&*declared.url, declared.place);
            admitted(loaded, named, &suffix)?
        }
    };
    let site = site(&endpoint.to_string(), declared.dialect);
    Ok(Found { endpoint, site, sandbox: None, variables: Variables::new(&suffix) })
}

/// The endpoint of the rest, which nobody is asked at in this run.
fn spare(global: &Global, loaded: &Loaded) -> Result<Option<Site>, Failure> {
    let Some((given, _)) = given(global, loaded) else { return Ok(None) };
    Ok(Some(site(&self::endpoint(&given)?, dialect(loaded))))
}

/// The endpoint of the rest as it is written, and its place where only a file names it.
pub(super) fn given(global: &Global, loaded: &Loaded) -> Option<(String, Option<Place>)> {
    let in_file = || {
        let (file, api) = loaded.files.api()?;
        let named = api.endpoint.as_ref()?;
        Some((named.v.clone(), Some(named.place(file))))
    };
    global.endpoint.clone().map(|it| (it, None)).or_else(in_file)
}

pub(super) fn dialect(loaded: &Loaded) -> Dialect {
    loaded.files.api().and_then(|it| it.1.dialect.as_ref().copied()).unwrap_or_default()
}

fn site(url: &str, dialect: Dialect) -> Site {
    Site { host: host(url).into(), url: url.into(), dialect }
}

/// Lets an endpoint pass that only a file names, if the list does that is in the variable with this end.
fn admitted(loaded: &Loaded, (raw, place): (&str, Place), suffix: &str) -> Result<Endpoint, Failure> {
    let line = loaded.sources.line(place);
    let endpoint: Endpoint = raw.parse().map_err(|error: api::ApiError| {
        Failure::invalid(format!("{line}: {error}")).hint(error.hint().unwrap_or_default())
    })?;
    let list = format!("{ALLOWED}{suffix}");
    recipients(&list)?.admit(endpoint).map_err(|error| {
        let flag = if suffix.is_empty() { "`--endpoint`, " } else { "" };
        let hint = format!(
            "if it is the right one, say so where the credentials are set: by {flag}{ENDPOINT}{suffix} or {list}"
        );
        Failure::invalid(format!("{line}: {error}; nothing was sent")).hint(hint)
    })
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

/// The hosts of several URLs, between commas.
pub(super) fn hosts(urls: BTreeSet<&str>) -> String {
    urls.into_iter().map(host).collect::<Vec<_>>().join(", ")
}

pub(super) fn settings(global: &Global, found: &Found) -> Result<Settings, Failure> {
    if found.sandbox.is_none() && found.site.url.starts_with("https:") {
        authorities_can_be_read()?;
    }
    let credentials = match &found.sandbox {
        Some(sandbox) => {
            let (id, secret) = sandbox.credentials().ok_or_else(|| {
                Failure::invalid("sandbox.yaml has no client")
                    .hint("leave `clients:` out, and one is made up")
            })?;
            Credentials::Client { id: id.to_owned(), secret: secret.clone() }
        }
        None => found.variables.credentials(found.endpoint.is_loopback())?,
    };
    Ok(Settings {
        concurrency: global.readers(),
        max_rps: global.max_rps,
        timeout: global.timeout,
        dialect: found.site.dialect,
        ..Settings::new(found.endpoint.clone(), credentials)
    })
}

/// Settings to look at a place with where there are no credentials: none is ever sent.
pub(super) fn anonymous(global: &Global, found: &Found) -> Settings {
    let nobody = Credentials::Token("none".into());
    Settings { timeout: global.timeout, ..Settings::new(found.endpoint.clone(), nobody) }
}

/// Connects to a forge with the token that the environment has for it. No request is sent; where it goes, flags and
/// environment alone have said.
pub(super) fn forge(global: &Global, forge: Forge, url: &str) -> Result<Elsewhere, Failure> {
    let endpoint: Endpoint = url.parse()?;
    if url.starts_with("https:") {
        authorities_can_be_read()?;
    }
    let least = least(endpoint.is_loopback());
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

/// The endpoints to which credentials may go although only a file names them, by the variable that lists them.
fn recipients(variable: &str) -> Result<Recipients, Failure> {
    let Some(raw) = env::var_os(variable).filter(|it| !it.is_empty()) else {
        return Ok(Recipients::default());
    };
    raw.to_string_lossy().parse().map_err(|error: api::ApiError| {
        Failure::invalid(format!("{variable} cannot be used: {error}"))
            .hint("list hosts or URLs between commas, such as `apis.spotnana.com, localhost`")
    })
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
