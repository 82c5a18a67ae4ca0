//! What a run is told: each setting, and what it comes from. Credentials by the names of variables only.

use std::{env, path::Path};

use clap::{ArgMatches, parser::ValueSource};
use rolecall::{
    doctor::{Area, Check, Trouble},
    files::workspace::dialect_lines,
    model::source::Place,
};

use super::{Found, section};
use crate::cli::Global;

const AREA: Area = Area::Settings;
/// Variables by which a proxy is set; of `NO_PROXY` only that it is there.
const PROXIES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// Tells every setting.
pub(super) fn check(global: &Global, matches: &ArgMatches, found: &mut Found) {
    workspace(found);
    endpoint(global, matches, found);
    company(global, matches, found);
    for (id, flag, absent) in [
        ("timeout", "timeout", "30s"),
        ("concurrency", "concurrency", "16 for reading, 8 steps of an apply"),
        ("max_rps", "max-rps", "no limit of its own"),
    ] {
        let Some(origin) = origin(matches, id, flag) else { continue };
        let value = raw(matches, id).unwrap_or_else(|| absent.to_owned());
        found.say(Check::ok(AREA, flag, format!("{value} ({origin})")));
    }
    credentials(found);
    identity(found);
    surroundings(found);
    dialect(found);
}

fn workspace(found: &mut Found) {
    let findings = std::mem::take(&mut found.findings);
    if !found.workspace {
        let check = Check::note(AREA, "workspace", "no rolecall.yaml here or above");
        found.say(
            check.hint("fine where flags and environment say it all; `-C DIR` names a folder that has one"),
        );
    } else if findings.is_empty() {
        let path = found.loaded.root.join(rolecall::files::load::WORKSPACE_FILE);
        found.say(Check::ok(AREA, "workspace", path.display().to_string()));
    }
    for finding in findings {
        let at = finding.place.map(|at| found.loaded.sources.line(at) + ": ").unwrap_or_default();
        let fact = format!("{at}{} ({})", finding.message, finding.code);
        let check = Check::problem(AREA, "workspace", Trouble::Invalid, fact);
        found.say(check.hint("`rolecall validate` shows all that is wrong with the files"));
    }
}

fn endpoint(global: &Global, matches: &ArgMatches, found: &mut Found) {
    let in_file = section(&found.loaded).and_then(|(file, it)| Some((it.endpoint.as_ref()?, file)));
    let (value, origin) = match (&global.endpoint, in_file) {
        (Some(given), _) => (given.clone(), origin(matches, "endpoint", "endpoint").unwrap_or_default()),
        (None, Some((at, file))) => (at.v.clone(), found.loaded.sources.line(at.place(file))),
        (None, None) => return,
    };
    // What is no URL may hold anything, a password for instance.
    let value = if value.contains('@') { "an address with a user name".to_owned() } else { value };
    found.say(Check::ok(AREA, "endpoint", format!("{value} ({origin})")));
}

fn company(global: &Global, matches: &ArgMatches, found: &mut Found) {
    let file = found.loaded.files.workspace.as_ref();
    let in_file = file.and_then(|(file, it)| Some((it.company.as_ref()?, *file)));
    let (value, origin) = match (&global.company, in_file) {
        (Some(given), _) => (given.clone(), origin(matches, "company", "company").unwrap_or_default()),
        (None, Some((at, file))) => (at.v.clone(), found.loaded.sources.line(at.place(file))),
        (None, None) => {
            let check = Check::note(AREA, "company", "not said: nothing of a company is asked for");
            return found.say(check.hint("set `company:` in rolecall.yaml, or give `--company`"));
        }
    };
    let id = found.declared.as_ref().and_then(|it| it.company).map(|it| it.to_string());
    let id = id.filter(|it| *it != value).map(|it| format!(" = {it}")).unwrap_or_default();
    found.say(Check::ok(AREA, "company", format!("{value}{id} ({origin})")));
}

/// Says which variables hold credentials or name files that do; what is wrong with them is told with the token.
fn credentials(found: &mut Found) {
    let named = |name: &str| {
        let set = |name: &str| env::var_os(name).filter(|it| !it.is_empty());
        let file = format!("{name}_FILE");
        let from_file = set(&file).map(|path| format!("{file} ({})", Path::new(&path).display()));
        set(name).map(|_| name.to_owned()).into_iter().chain(from_file).collect::<Vec<_>>()
    };
    let token = named("ROLECALL_TOKEN");
    let client: Vec<String> =
        ["ROLECALL_CLIENT_ID", "ROLECALL_CLIENT_SECRET"].into_iter().flat_map(named).collect();
    let endpoint = section(&found.loaded).and_then(|it| it.1.endpoint.as_ref()).map(|it| it.v.as_str());
    let fact = match (token.is_empty(), client.is_empty()) {
        (true, true) if endpoint == Some("sandbox") => "those of the embedded sandbox".to_owned(),
        (true, true) => "none in the environment".to_owned(),
        (false, _) => {
            format!("a token, from {}", token.into_iter().chain(client).collect::<Vec<_>>().join(", "))
        }
        (true, false) => format!("client credentials, from {}", client.join(", ")),
    };
    found.say(Check::ok(AREA, "credentials", fact));
}

fn identity(found: &mut Found) {
    let set = found.declared.as_ref().and_then(|it| it.rules.identity.as_ref());
    let check = match set {
        Some((person, at)) => {
            Check::ok(AREA, "identity", format!("{person} ({})", found.loaded.sources.line(*at)))
        }
        None => Check::note(AREA, "identity", "not set: which account runs rolecall is not known")
            .hint("set `api.identity` in rolecall.yaml, and no plan can lock that account out"),
    };
    found.say(check);
}

/// Says which proxies and certificates the environment sets.
fn surroundings(found: &mut Found) {
    let set = |name: &str| env::var(name).ok().filter(|it| !it.is_empty());
    let mut proxies: Vec<String> =
        PROXIES.iter().filter_map(|name| Some(format!("{name} ({})", proxy(&set(name)?)))).collect();
    proxies.extend(["NO_PROXY", "no_proxy"].iter().filter(|it| set(it).is_some()).map(|it| (*it).to_owned()));
    if !proxies.is_empty() {
        found.say(Check::ok(
            AREA,
            "proxy",
            format!("{}; not used for this very machine", proxies.join(", ")),
        ));
    }
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        let Some(path) = set(name) else { continue };
        found.say(if Path::new(&path).exists() {
            Check::ok(AREA, name, path)
        } else {
            Check::note(AREA, name, format!("{path} does not exist")).hint("unset it, or correct the path")
        });
    }
}

/// Returns the address of a proxy without what may stand before it.
fn proxy(value: &str) -> &str {
    value.rsplit_once('@').map_or(value, |it| it.1)
}

fn dialect(found: &mut Found) {
    let set = section(&found.loaded).and_then(|it| Some((it.0, (*it.1.dialect)?)));
    let lines =
        set.map(|(file, _)| dialect_lines(&found.loaded.sources.file(file).text, file)).unwrap_or_default();
    let dialect = set.map(|it| it.1).unwrap_or_default();
    let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(dialect) else { return };
    for (name, value) in fields {
        let origin = lines
            .get(&name)
            .map_or_else(|| "default".to_owned(), |at: &Place| found.loaded.sources.line(*at));
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        found.say(Check::ok(AREA, format!("dialect.{name}"), format!("{value} ({origin})")));
    }
}

/// Returns what set a global option, if there is such an option.
pub(crate) fn origin(matches: &ArgMatches, id: &str, flag: &str) -> Option<String> {
    let level = level(matches, id)?;
    Some(match level.value_source(id) {
        Some(ValueSource::CommandLine) => format!("flag --{flag}"),
        Some(ValueSource::EnvVariable) => {
            format!("environment ROLECALL_{}", flag.to_uppercase().replace('-', "_"))
        }
        // The source is an open enum: what is left are defaults.
        Some(_) | None => "default".to_owned(),
    })
}

fn raw(matches: &ArgMatches, id: &str) -> Option<String> {
    let mut values = level(matches, id)?.get_raw(id)?;
    values.next().map(|it| it.to_string_lossy().into_owned())
}

/// Returns the innermost level that knows an option: the others may not have heard of a value given there.
fn level<'a>(matches: &'a ArgMatches, id: &str) -> Option<&'a ArgMatches> {
    let inner = matches.subcommand().map(|it| it.1);
    [inner, Some(matches)].into_iter().flatten().find(|it| it.try_get_raw(id).is_ok())
}
