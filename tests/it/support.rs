//! A sandbox, a workspace in a temporary folder, and the real binary between them.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use rolecall::sandbox::{Options, Sandbox};
use serde_json::Value;
use tempfile::TempDir;

/// The company of the default world.
pub const VOYAGER: &str = "1a6f0000-0000-4000-8000-000000000001";

/// Voyager, a TMC, with its clients Globex and Initech, six people and three groups.
pub const SEED: &str = "
version: 1
companies:
  - { name: voyager, kind: tmc, id: 1a6f0000-0000-4000-8000-000000000001, legalEntities: [{ name: voyager-de }] }
  - { name: globex, id: 2b7e0000-0000-4000-8000-000000000002, legalEntities: [{ name: globex-uk, id: 3c8d0000-0000-4000-8000-000000000001 }] }
  - { name: initech, id: 2b7e0000-0000-4000-8000-000000000003, legalEntities: [{ name: initech-us }] }
tokens:
  - { token: full-token, access: full }
  - { token: read-token, access: read }
roles:
  - { name: Agent, description: Books trips., permissions: [{ permission: AGENT, actions: [ALL] }] }
  - { name: Trip Manager, description: Changes trips., permissions: [{ permission: TRIP_MANAGEMENT, actions: [READ, WRITE] }] }
  - { name: Company Management Admin (Read Only), description: Sees settings., permissions: [{ permission: COMPANY_MANAGEMENT, actions: [READ] }] }
  - { name: Company Management Admin, description: Changes settings., permissions: [{ permission: COMPANY_MANAGEMENT, actions: [ALL] }] }
users:
  - { email: root@voyager.example, company: voyager }
  - { email: ana@voyager.example, company: voyager }
  - { email: bo@voyager.example, company: voyager, externalId: agent-17 }
  - { email: cy@voyager.example, company: voyager, employeeId: V-3 }
  - { email: gone@voyager.example, company: voyager, active: false }
  - { email: vip@globex.example, company: globex }
groups:
  - name: Company Admins
    company: voyager
    description: Administrators of the company.
    unmodifiable: true
    roles:
      - { role: Company Management Admin, scope: [{ COMPANY: [voyager] }] }
      - { role: Trip Manager, scope: [{ COMPANY: [globex], LEGAL_ENTITY: [globex-uk] }, { PROFILE: [vip@globex.example] }] }
    members: [root@voyager.example]
  - name: Desk
    company: voyager
    description: The desk.
    roles: [{ role: Agent, scope: [{ COMPANY: [globex] }] }]
    members: [ana@voyager.example, bo@voyager.example]
  - name: Night
    company: voyager
    description: The night.
    roles: [{ role: Agent, scope: [{ COMPANY: [globex, initech] }] }]
    members: [cy@voyager.example]
";

const WORKSPACE: &str = "
version: 1
company: voyager
ids:
  company: { voyager: 1a6f0000-0000-4000-8000-000000000001, globex: 2b7e0000-0000-4000-8000-000000000002, initech: 2b7e0000-0000-4000-8000-000000000003 }
  legalEntity: { globex-uk: 3c8d0000-0000-4000-8000-000000000001 }
";

/// Everything one test needs; nothing of it is left afterwards.
pub struct World {
    folder: TempDir,
    sandbox: Sandbox,
    /// Variables on top of the endpoint and the full token.
    variables: Vec<(String, String)>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Panics with everything that was printed unless the exit code is this one.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Returns standard output as the one JSON document it must be.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr))
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl World {
    /// Starts a sandbox with the default seed and an empty workspace.
    pub fn new() -> Self {
        Self::seeded(SEED)
    }

    pub fn seeded(seed: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed.yaml");
        fs::write(&path, seed).unwrap();
        let sandbox = Sandbox::start(Options { seed: Some(path), ..Options::default() }).unwrap();
        let world = Self { folder, sandbox, variables: Vec::new() };
        world.with("rolecall.yaml", WORKSPACE)
    }

    /// Writes a file of the workspace.
    pub fn with(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    /// Declares groups: the body of `groups:` in `access/a.yaml`.
    pub fn groups(self, groups: &str) -> Self {
        self.with("access/a.yaml", &format!("version: 1\ngroups:\n{groups}"))
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Sets a variable for the binary.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    pub fn url(&self) -> String {
        self.sandbox.url()
    }

    /// Returns the binary, ready to run in the workspace, with nothing of the caller's environment.
    pub fn command(&self) -> Command {
        let mut command = binary();
        command
            .current_dir(self.path())
            .env("ROLECALL_ENDPOINT", self.url())
            .env("ROLECALL_TOKEN", "full-token")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the binary with the words of `line`; quotes join words.
    pub fn run(&self, line: &str) -> Run {
        self.command().args(words(line)).stdin(Stdio::null()).output().unwrap().into()
    }

    /// Calls the sandbox as somebody with all rights and returns status and body.
    pub fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        http(&self.url(), method, path, &body.to_string())
    }

    /// Injects faults (see the sandbox's `/__sandbox/faults`).
    pub fn faults(&self, rules: Value) {
        let (status, body) = self.call("POST", "/__sandbox/faults", rules);
        assert!(status < 300, "{status} {body}");
    }

    /// Forgets the requests made so far.
    pub fn forget(&self) {
        self.call("POST", "/__sandbox/reset-log", Value::Null);
    }

    /// Returns the requests since the last [`World::forget`], as the sandbox logged them.
    pub fn log(&self) -> Vec<Value> {
        let (_, text) = raw(&self.url(), "GET", "/__sandbox/log", "");
        text.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
    }

    /// Returns `METHOD route` of every write since the last [`World::forget`], in order.
    pub fn writes(&self) -> Vec<String> {
        let writes = self.log().into_iter().filter(|it| it["write"] == true);
        writes
            .map(|it| format!("{} {}", it["method"].as_str().unwrap(), it["route"].as_str().unwrap()))
            .collect()
    }

    /// Returns the group of that name as the API shows it.
    pub fn group(&self, name: &str) -> Option<Value> {
        let path = format!("/v3/companies/{VOYAGER}/user-groups/list");
        let (_, body) = self.call("POST", &path, serde_json::json!({ "pagination": {} }));
        body["userGroups"].as_array().unwrap().iter().find(|it| it["name"] == name).cloned()
    }

    /// Returns the e-mail addresses of a group's members, sorted.
    pub fn members(&self, name: &str) -> Vec<String> {
        let group = self.group(name).unwrap_or_else(|| panic!("no group {name}"));
        let path = format!("/v3/companies/{VOYAGER}/user-groups/{}/members", group["id"].as_str().unwrap());
        let (_, body) = self.call("POST", &path, serde_json::json!({ "pagination": {} }));
        let mut emails: Vec<String> = body["members"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| self.email(it["userId"].as_str().unwrap()))
            .collect();
        emails.sort();
        emails
    }

    fn email(&self, id: &str) -> String {
        let (_, body) = self.call("GET", &format!("/v2/users/{id}?includeInactive=true"), Value::Null);
        let email = &body["businessInfo"]["email"];
        email.as_str().unwrap_or_else(|| panic!("no e-mail in {body}")).to_owned()
    }

    /// Returns `ROLE TYPE=values&… | …` of a group's roles, sorted, with the ids as they are.
    pub fn roles(&self, name: &str) -> Vec<String> {
        let group = self.group(name).unwrap_or_else(|| panic!("no group {name}"));
        let path = format!("/v3/companies/{VOYAGER}/user-groups/{}/roles", group["id"].as_str().unwrap());
        let (_, body) = self.call("POST", &path, serde_json::json!({ "pagination": {} }));
        let mut roles: Vec<String> = body["roles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                let audiences = it["scope"]["audiences"].as_array().unwrap().iter().map(|it| {
                    let predicates = it["predicates"].as_array().unwrap().iter().map(|it| {
                        let mut values: Vec<&str> = it["values"]
                            .as_array()
                            .into_iter()
                            .flatten()
                            .map(|it| it.as_str().unwrap())
                            .collect();
                        values.sort_unstable();
                        format!("{}={}", it["type"].as_str().unwrap(), values.join(","))
                    });
                    predicates.collect::<Vec<_>>().join("&")
                });
                format!(
                    "{} {}",
                    it["role"]["name"].as_str().unwrap(),
                    audiences.collect::<Vec<_>>().join(" | ")
                )
            })
            .collect();
        roles.sort();
        roles
    }
}

/// Returns the binary with an empty environment.
pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Splits a command line at spaces; double quotes join words.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (n, part) in line.split('"').enumerate() {
        if n % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Sends one request with the full token and returns status and JSON body (null for none).
pub fn http(url: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
    let (status, text) = raw(url, method, path, body);
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// The least HTTP there is, so that the tests do not trust the client they test.
fn raw(url: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let body = if body == "null" { "" } else { body };
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nAuthorization: Bearer full-token\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or(0);
    (status, body.to_owned())
}

/// Returns a file of the repository.
pub fn repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
