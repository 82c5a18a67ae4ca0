//! A sandbox, a workspace in a temporary folder, and the real binary between them.

pub(crate) mod browser;
pub(crate) mod editor;
pub(crate) mod forge;
mod live;
pub(crate) mod library;
pub(crate) mod replay;
mod server;
pub(crate) mod tenant;
pub(crate) mod worlds;

use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

pub(crate) use live::{http, raw};
pub(crate) use server::Server;

use replay::State;
use rolecall::sandbox::{Options, Sandbox};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tempfile::TempDir;

/// The company of the default world.
pub(crate) const VOYAGER: &str = "1a6f0000-0000-4000-8000-000000000001";

/// Voyager, a TMC, with its clients Globex and Initech, six people and three groups.
pub(crate) const SEED: &str = "
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

/// What a plan says where there is nothing to do.
pub(crate) const NO_CHANGES: &str = "No changes. Live state matches the files.";

/// Everything one test needs; nothing of it is left afterwards.
pub(crate) struct World {
    folder: TempDir,
    sandbox: Sandbox,
    /// What the sandbox held at the start, in worlds of a tenant.
    seeded: Option<State>,
    /// Variables on top of the endpoint and the full token.
    variables: Vec<(String, String)>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Panics with everything that was printed unless the exit code is this one.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Panics unless standard output has a line that begins with these words, whatever the spaces between them.
    #[track_caller]
    pub(crate) fn shows(self, line: &str) -> Self {
        let found = self.stdout.lines().any(|it| squeezed(it).starts_with(line));
        assert!(found, "no line `{line}` in\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Panics unless this is the last line of standard output, but for the id of a plan.
    #[track_caller]
    pub(crate) fn ends_with(self, line: &str) -> Self {
        let last = self.stdout.lines().rfind(|it| !it.starts_with("Plan id: "));
        assert_eq!(last, Some(line), "{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Panics unless all of these words are in standard error.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "no `{word}` in\n{}\nstdout:\n{}", self.stderr, self.stdout);
        }
        self
    }

    /// Returns standard output as the one JSON document it must be.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr))
    }
}

/// Returns the line with one space wherever there are some.
fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
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
    pub(crate) fn new() -> Self {
        Self::seeded(SEED)
    }

    pub(crate) fn seeded(seed: &str) -> Self {
        Self::started(seed).with("rolecall.yaml", WORKSPACE)
    }

    /// Starts a sandbox with a seed and no workspace.
    fn started(seed: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed.yaml");
        fs::write(&path, seed).unwrap();
        let log = RECORDS.with_borrow(|it| {
            let (records, n) = (it.as_ref()?, NEXT_RECORD.fetch_add(1, Ordering::Relaxed));
            Some(records.join(format!("{n:06}.ndjson")))
        });
        // Some tests have a server with a certificate in front of it.
        let hosts = ["api.example.test", "0.0.0.0"].map(str::to_owned).to_vec();
        let sandbox = Sandbox::start(Options { from: Some(path), log, hosts, ..Options::default() }).unwrap();
        Self { folder, sandbox, seeded: None, variables: Vec::new() }
    }

    /// Starts a sandbox with what a snapshot holds, and an empty workspace.
    pub(crate) fn recorded(snapshot: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("workspace")).unwrap();
        fs::write(at("seed.yaml"), "version: 1\ntokens: [{ token: full-token, access: full }]\n").unwrap();
        fs::write(at("live.json"), snapshot).unwrap();
        let (from, load) = (Some(at("seed.yaml")), Some(at("live.json")));
        let sandbox = Sandbox::start(Options { from, load, ..Options::default() }).unwrap();
        Self { folder, sandbox, seeded: None, variables: Vec::new() }
    }

    /// Adds rules to `rolecall.yaml`: guards, exceptions, lock-outs.
    pub(crate) fn ruled(self, rules: &str) -> Self {
        self.with("rolecall.yaml", &format!("{WORKSPACE}{rules}"))
    }

    /// Replaces `rolecall.yaml` by its usual lines and these.
    pub(crate) fn configure(&self, more: &str) {
        self.write("rolecall.yaml", &format!("{WORKSPACE}{more}"));
    }

    /// Writes a file of the workspace.
    pub(crate) fn with(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    /// Declares groups: the body of `groups:` in `access/a.yaml`.
    pub(crate) fn groups(self, groups: &str) -> Self {
        self.with("access/a.yaml", &format!("version: 1\ngroups:\n{groups}"))
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Sets a variable for the binary.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Has the binary fetch its tokens with the credentials of the sandbox's client.
    pub(crate) fn with_client(self) -> Self {
        let (id, secret) = self.client();
        self.variable("ROLECALL_TOKEN", "")
            .variable("ROLECALL_CLIENT_ID", &id)
            .variable("ROLECALL_CLIENT_SECRET", &secret)
    }

    /// Id and secret of a client of the sandbox.
    pub(crate) fn client(&self) -> (String, String) {
        client(&self.sandbox)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    pub(crate) fn url(&self) -> String {
        self.sandbox.url()
    }

    /// Returns the binary, ready to run in the workspace, with nothing of the caller's environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = binary();
        command
            .current_dir(self.path())
            .env("ROLECALL_ENDPOINT", self.url())
            .env("ROLECALL_TOKEN", "full-token")
            // Where something is never shown, a test has nothing to wait for.
            .env("ROLECALL_SETTLE", "30ms")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the binary with the words of `line`; quotes join words.
    pub(crate) fn run(&self, line: &str) -> Run {
        self.command().args(words(line)).stdin(Stdio::null()).output().unwrap().into()
    }

    /// Starts the binary with the words of `line` and does not wait for it.
    pub(crate) fn start(&self, line: &str) -> Child {
        let mut command = self.command();
        command.args(words(line)).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Looks at the sandbox's counts until `now` holds; panics after a minute.
    #[track_caller]
    pub(crate) fn until(&self, now: impl Fn(&Value) -> bool) {
        let patience = Instant::now() + Duration::from_secs(60);
        loop {
            let stats = self.stats();
            if now(&stats) {
                return;
            }
            assert!(Instant::now() < patience, "it never came about: {stats}");
            // Those who are waited for need the processor.
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Plans in the default format.
    pub(crate) fn plan(&self) -> Run {
        self.run("plan")
    }

    /// Applies without asking.
    pub(crate) fn apply(&self) -> Run {
        self.run("apply --auto-approve")
    }

    /// Panics unless a plan finds nothing to do.
    #[track_caller]
    pub(crate) fn settled(&self) {
        self.run("plan --detailed-exitcode").expect(0).ends_with(NO_CHANGES);
    }
}

thread_local! {
    /// Where the worlds of this thread record their traffic.
    static RECORDS: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
}

static NEXT_RECORD: AtomicUsize = AtomicUsize::new(0);

/// Returns what was asked of the worlds that `run` makes and drops, and what they answered.
pub(crate) fn recorded(run: impl FnOnce()) -> Vec<Value> {
    let records = tempfile::tempdir().unwrap();
    RECORDS.set(Some(records.path().to_owned()));
    run();
    RECORDS.set(None);
    let mut files: Vec<PathBuf> = fs::read_dir(&records).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    let texts: Vec<String> = files.iter().map(|it| fs::read_to_string(it).unwrap()).collect();
    texts.iter().flat_map(|it| it.lines()).map(|it| serde_json::from_str(it).unwrap()).collect()
}

/// Id and secret of a client of a sandbox.
pub(crate) fn client(sandbox: &Sandbox) -> (String, String) {
    let (id, secret) = sandbox.credentials().unwrap();
    (id.to_owned(), secret.expose_secret().to_owned())
}

/// Returns the binary with an empty environment.
pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Splits a command line at spaces; double quotes join words.
pub(crate) fn words(line: &str) -> Vec<String> {
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

/// Drops from the JSON of a plan what says of which sandbox it is: its port, and the second in which it was seeded.
pub(crate) fn forget_world(plan: &mut Value) {
    for field in ["endpoint", "files", "digest"] {
        assert!(plan.as_object_mut().unwrap().remove(field).is_some());
    }
    forget(plan, &["addedAt", "created", "updated"]);
}

/// Drops fields wherever they are.
pub(crate) fn forget(value: &mut Value, names: &[&str]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !names.contains(&name.as_str()));
            fields.values_mut().for_each(|it| forget(it, names));
        }
        Value::Array(rows) => rows.iter_mut().for_each(|it| forget(it, names)),
        _ => (),
    }
}

/// A plan's document with a digest that fits, whatever became of the rest: what somebody saves who knows how it is made.
pub(crate) fn forged(document: &Value) -> String {
    use sha2::{Digest, Sha256};

    let mut document = document.clone();
    document.as_object_mut().unwrap().remove("digest");
    let text = document.to_string();
    let start = format!("{},\"digest\":\"", text.strip_suffix('}').unwrap());
    let digest = Sha256::digest(format!("{start}{}\"}}", "0".repeat(64)));
    let digits: String = digest.iter().map(|it| format!("{it:02x}")).collect();
    format!("{start}{digits}\"}}")
}

/// Returns a file of the repository.
pub(crate) fn repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
