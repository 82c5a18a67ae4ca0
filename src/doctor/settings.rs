//! What a run is told: each setting, and what it comes from. Credentials by the names of variables only.

use std::{ffi::OsString, path::Path};

use super::{Area, Check, Trouble, workspace::Workspace};
use crate::{
    files::{declared::Declared, entry::ApiSection, load::WORKSPACE_FILE, workspace::dialect_lines},
    model::{
        finding::Finding,
        source::{FileId, Place},
    },
};

const AREA: Area = Area::Settings;
/// Variables by which a proxy is set; of `NO_PROXY` only that it is there.
const PROXIES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// A global option: its value, if it has one, and what set it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Given {
    pub flag: String,
    /// As it was written.
    pub value: Option<String>,
    /// A flag, a variable, or that it is the default.
    pub origin: String,
}

#[expect(missing_docs, reason = "the names say it")]
pub struct Configuration<'a> {
    pub workspace: &'a Workspace,
    /// The endpoint, where it is given beside the files, and what set it.
    pub endpoint: Option<(String, String)>,
    pub company: Option<(String, String)>,
    /// Other options, each with what it means that there is no value.
    pub options: Vec<(Given, &'static str)>,
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    pub exists: &'a dyn Fn(&Path) -> bool,
}

impl Configuration<'_> {
    /// Tells every setting.
    pub fn checks(self) -> Vec<Check> {
        let mut checks = self.workspace();
        checks.extend(self.endpoint());
        checks.push(self.company());
        for (Given { flag, value, origin }, absent) in &self.options {
            let value = value.as_deref().unwrap_or(absent);
            checks.push(Check::ok(AREA, flag, format!("{value} ({origin})")));
        }
        checks.push(self.credentials());
        checks.push(self.identity());
        checks.extend(self.surroundings());
        checks.extend(self.dialect());
        checks
    }

    fn set(&self, name: &str) -> Option<OsString> {
        (self.variable)(name).filter(|it| !it.is_empty())
    }

    fn line(&self, at: Place) -> String {
        self.workspace.loaded.sources.line(at)
    }

    fn declared(&self) -> Option<&Declared> {
        self.workspace.declared.as_ref()
    }

    /// The section that says which API.
    fn api(&self) -> Option<(FileId, &ApiSection)> {
        self.workspace.loaded.files.api()
    }

    fn workspace(&self) -> Vec<Check> {
        if !self.workspace.is_there {
            let check = Check::note(AREA, "workspace", "no rolecall.yaml here or above");
            return vec![
                check.hint(
                    "fine where flags and environment say it all; `-C DIR` names a folder that has one",
                ),
            ];
        }
        if self.workspace.findings.is_empty() {
            let path = self.workspace.loaded.root.join(WORKSPACE_FILE);
            return vec![Check::ok(AREA, "workspace", path.display().to_string())];
        }
        self.workspace.findings.iter().map(|it| self.wrong(it)).collect()
    }

    fn wrong(&self, finding: &Finding) -> Check {
        let at = finding.place.map(|at| self.line(at) + ": ").unwrap_or_default();
        let fact = format!("{at}{} ({})", finding.message, finding.code);
        Check::problem(AREA, "workspace", Trouble::Invalid, fact)
            .hint("`rolecall validate` shows all that is wrong with the files")
    }

    fn endpoint(&self) -> Option<Check> {
        let in_file = || {
            let (file, section) = self.api()?;
            let at = section.endpoint.as_ref()?;
            Some((at.v.clone(), self.line(at.place(file))))
        };
        let (value, origin) = self.endpoint.clone().or_else(in_file)?;
        // What is not a URL may hold anything, a password for instance.
        let value = if value.contains('@') { "an address with a user name" } else { &value };
        Some(Check::ok(AREA, "endpoint", format!("{value} ({origin})")))
    }

    fn company(&self) -> Check {
        let in_file = || {
            let (file, workspace) = self.workspace.loaded.files.workspace.as_ref()?;
            let at = workspace.company.as_ref()?;
            Some((at.v.clone(), self.line(at.place(*file))))
        };
        let Some((value, origin)) = self.company.clone().or_else(in_file) else {
            let check = Check::note(AREA, "company", "not said: nothing of a company is asked for");
            return check.hint("set `company:` in rolecall.yaml, or give `--company`");
        };
        let id = self.declared().and_then(|it| it.company).map(|it| it.to_string());
        let id = id.filter(|it| *it != value).map(|it| format!(" = {it}")).unwrap_or_default();
        Check::ok(AREA, "company", format!("{value}{id} ({origin})"))
    }

    /// Says which variables hold credentials or name files that do; what is wrong with them is told with the token.
    fn credentials(&self) -> Check {
        let named = |name: &str| {
            let file = format!("{name}_FILE");
            let from_file = self.set(&file).map(|path| format!("{file} ({})", Path::new(&path).display()));
            self.set(name).map(|_| name.to_owned()).into_iter().chain(from_file).collect::<Vec<_>>()
        };
        let token = named("ROLECALL_TOKEN");
        let client: Vec<String> =
            ["ROLECALL_CLIENT_ID", "ROLECALL_CLIENT_SECRET"].into_iter().flat_map(named).collect();
        let endpoint = self.api().and_then(|it| it.1.endpoint.as_ref()).map(|it| it.v.as_str());
        let fact = match (token.is_empty(), client.is_empty()) {
            (true, true) if endpoint == Some("sandbox") => "those of the embedded sandbox".to_owned(),
            (true, true) => "none in the environment".to_owned(),
            (false, _) => {
                format!("a token, from {}", token.into_iter().chain(client).collect::<Vec<_>>().join(", "))
            }
            (true, false) => format!("client credentials, from {}", client.join(", ")),
        };
        Check::ok(AREA, "credentials", fact)
    }

    fn identity(&self) -> Check {
        match self.declared().and_then(|it| it.rules.identity.as_ref()) {
            Some((person, at)) => Check::ok(AREA, "identity", format!("{person} ({})", self.line(*at))),
            None => Check::note(AREA, "identity", "not set: which account runs rolecall is not known")
                .hint("set `api.identity` in rolecall.yaml, and no plan can lock that account out"),
        }
    }

    /// Says which proxies and certificates the environment sets.
    fn surroundings(&self) -> Vec<Check> {
        let set = |name: &str| self.set(name)?.into_string().ok();
        let mut checks = Vec::new();
        let mut proxies: Vec<String> =
            PROXIES.iter().filter_map(|name| Some(format!("{name} ({})", proxy(&set(name)?)))).collect();
        let none = ["NO_PROXY", "no_proxy"].iter().filter(|it| set(it).is_some());
        proxies.extend(none.map(|it| (*it).to_owned()));
        if !proxies.is_empty() {
            let fact = format!("{}; not used for this very machine", proxies.join(", "));
            checks.push(Check::ok(AREA, "proxy", fact));
        }
        if let Some(listed) = set("ROLECALL_ALLOWED_ENDPOINTS") {
            // What is not a list of addresses may hold anything, a password for instance.
            let listed = if listed.contains('@') { "a list with a user name" } else { &listed };
            let fact = format!("{listed} (environment ROLECALL_ALLOWED_ENDPOINTS)");
            checks.push(Check::ok(AREA, "allowed endpoints", fact));
        }
        for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
            let Some(path) = set(name) else { continue };
            checks.push(if (self.exists)(Path::new(&path)) {
                Check::ok(AREA, name, path)
            } else {
                Check::note(AREA, name, format!("{path} does not exist"))
                    .hint("unset it, or correct the path")
            });
        }
        checks
    }

    fn dialect(&self) -> Vec<Check> {
        let set = self.api().and_then(|it| Some((it.0, (*it.1.dialect)?)));
        let sources = &self.workspace.loaded.sources;
        let lines = set.map(|(file, _)| dialect_lines(&sources.file(file).text, file)).unwrap_or_default();
        let dialect = set.map(|it| it.1).unwrap_or_default();
        let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(dialect) else { return Vec::new() };
        let check = |(name, value): (String, serde_json::Value)| {
            let origin = lines.get(&name).map_or_else(|| "default".to_owned(), |at| self.line(*at));
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Check::ok(AREA, format!("dialect.{name}"), format!("{value} ({origin})"))
        };
        fields.into_iter().map(check).collect()
    }
}

/// Returns the address of a proxy without what may stand before it.
fn proxy(value: &str) -> &str {
    value.rsplit_once('@').map_or(value, |it| it.1)
}
