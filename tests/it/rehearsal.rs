//! `rolecall sandbox` as a process of its own: what its flags do, and what it says of wrong ones.

use std::{
    io::{BufRead, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::support::{Run, SEED, VOYAGER, World, binary, http, words};

/// Starts a sandbox for a program, and returns it with the line that says it is ready.
fn ready(folder: &Path, flags: &str) -> (Child, Value) {
    let mut command = binary();
    command.args(["sandbox", "--format", "json"]).args(words(flags)).current_dir(folder);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    (process, serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
}

fn end(mut process: Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

/// Sends a request with these lines of a head and returns the status.
fn status(url: &str, request: &str, head: &[&str], body: &str) -> u16 {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let head: String = head.iter().map(|it| format!("{it}\r\n")).collect();
    let length = body.len();
    write!(stream, "{request} HTTP/1.0\r\n{head}Content-Length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap_or_else(|| panic!("{answer}")).parse().unwrap()
}

#[test]
fn a_sandbox_answers_no_page_and_its_control_plane_nobody_without_its_token() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("seed.yaml"), SEED).unwrap();
    let (process, told) = ready(folder.path(), "--from seed.yaml --host sandbox.example --log log.ndjson");
    let url = told["url"].as_str().unwrap();
    let host = format!("Host: {}", url.strip_prefix("http://").unwrap());
    let control = format!("Authorization: Bearer {}", told["controlToken"].as_str().unwrap());
    let full = "Authorization: Bearer full-token";
    let (stats, latency, user) = ("GET /__sandbox/stats", "POST /__sandbox/latency", "GET /v3/permissions");
    for (request, head, expected) in [
        (stats, &[&*host, &*control][..], 200),
        (stats, &["Host: localhost", &control], 200),
        (stats, &["Host: sandbox.example:80", &control], 200),
        (stats, &[&host], 401),
        (stats, &[&host, full], 200),
        (stats, &[&host, "Authorization: Bearer read-token"], 401),
        (stats, &[&host, "Authorization: Bearer nobodys"], 401),
        (stats, &["Host: evil.example", full], 403),
        (stats, &["Host: evil.example", &control], 403),
        (stats, &[&control], 403),
        (latency, &[&host, &control, "Content-Type: application/json"], 200),
        (latency, &[&host, &control, "Content-Type: text/plain", "Origin: https://evil.example"], 403),
        (latency, &[&host, &control, "Content-Type: text/plain", "Origin: null"], 403),
        (latency, &[&host, "Content-Type: text/plain"], 401),
        (user, &[&host, full], 200),
        (user, &[&host, &control], 401),
        (user, &["Host: evil.example", full], 403),
        (user, &[&host, full, "Origin: https://evil.example"], 403),
        (user, &[&host, full, "Sec-Fetch-Site: cross-site"], 403),
    ] {
        assert_eq!(status(url, request, head, "{\"ms\":0}"), expected, "{request} {head:?}");
    }
    end(process);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let log = folder.path().join("log.ndjson");
        assert_eq!(std::fs::metadata(log).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn the_secret_of_a_sandbox_is_made_up_unless_its_seed_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let seeded = format!("{SEED}clients: [{{ id: mine, secret: hush-hush }}]\n");
    std::fs::write(folder.path().join("seed.yaml"), seeded).unwrap();
    let grants = |told: &Value, secret: &str| {
        let id = told["clientId"].as_str().unwrap();
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        http(told["url"].as_str().unwrap(), "none", "POST", "/v2/auth/oauth2-token", &form).0
    };
    let started = ["", "", "--from seed.yaml"].map(|it| ready(folder.path(), it));
    let secret = |n: usize| started[n].1["clientSecret"].as_str().unwrap();
    for n in 0..3 {
        assert_eq!(grants(&started[n].1, secret(n)), 200, "{n}");
        assert_eq!(grants(&started[n].1, "sandbox"), 403, "{n}");
        let control = started[n].1["controlToken"].as_str().unwrap();
        assert!(control.len() == 64 && control != started[(n + 1) % 3].1["controlToken"], "{n}");
    }
    assert!(secret(0) != secret(1) && secret(0).len() == 64, "made up at every start");
    assert_eq!((&started[2].1["clientId"], secret(2)), (&json!("mine"), "hush-hush"));
    started.into_iter().for_each(|(process, _)| end(process));
}

#[test]
fn a_sandbox_for_others_warns_and_is_there_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = binary();
    command.args(["sandbox", "--listen", "0.0.0.0"]).current_dir(&folder);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim().rsplit(':').next().unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let asked = |host: &str| status(&url, "GET /v3/permissions", &[&format!("Host: {host}")], "");
    assert_eq!([asked("10.0.0.7"), asked("0.0.0.0"), asked("evil.example")], [401, 401, 403]);
    process.kill().unwrap();
    let run = Run::from(process.wait_with_output().unwrap());
    assert!(run.stderr.contains("warning: others reach the sandbox at 0.0.0.0"), "{}", run.stderr);
}

/// A sandbox of the default seed that is told what to do by flags.
struct Served {
    process: Child,
    url: String,
    folder: tempfile::TempDir,
}

impl Served {
    fn start(flags: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("seed.yaml"), SEED).unwrap();
        let mut process = binary()
            .args(["sandbox", "--from", "seed.yaml"])
            .args(words(flags))
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().last().unwrap().to_owned();
        Self { process, url, folder }
    }

    /// Asks for the groups of Voyager, from a row on, and returns the status and the answer.
    fn groups(&self, offset: u32) -> (u16, Value) {
        let body = json!({ "pagination": { "offset": offset } }).to_string();
        let path = format!("/v3/companies/{VOYAGER}/user-groups/list");
        http(&self.url, "full-token", "POST", &path, &body)
    }

    /// Asks it to stop, and returns its log.
    fn log(mut self) -> Vec<Value> {
        let stopped = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(stopped.success());
        assert!(self.process.wait().unwrap().success());
        let text = std::fs::read_to_string(self.folder.path().join("log.ndjson")).unwrap();
        text.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_flags_of_a_sandbox_do_what_they_say() {
    let served = Served::start("--dialect maxLimit=1 --max-rps 1000 --log log.ndjson");
    let (status, answer) = served.groups(0);
    assert_eq!((status, answer["userGroups"].as_array().map(Vec::len)), (200, Some(1)), "{answer}");
    let log = served.log();
    assert_eq!((log.len(), &log[0]["answer"]), (1, &answer), "written when it stops");
}

#[test]
fn the_same_seed_spoils_the_same_requests_of_two_processes() {
    let statuses = |flags: &str| {
        let served = Served::start(flags);
        (0..30).map(|it| served.groups(it).0).collect::<Vec<_>>()
    };
    let flags = "--fault 429:0.3:retry-after=1,reset:0.2 --seed";
    let first = statuses(&format!("{flags} 7"));
    assert_eq!(first, statuses(&format!("{flags} 7")));
    assert_ne!(first, statuses(&format!("{flags} 8")));
    assert!([0, 200, 429].iter().all(|it| first.contains(it)), "{first:?}");
}

/// Groups are created in any order, and their ids are in every path after that.
#[test]
fn the_same_seed_spoils_the_same_requests_of_an_apply_however_they_interleave() {
    let groups: String = (0..12)
        .map(|n| {
            format!("  - {{ name: New {n}, description: d, roles: [], members: [ana@voyager.example] }}\n")
        })
        .collect();
    let refused = |concurrency: usize| {
        let served = Served::start("--seed 7 --fault 429:0.2:retry-after=0 --log log.ndjson");
        let world = World::new().groups(&groups).variable("ROLECALL_ENDPOINT", &served.url);
        world.run(&format!("apply --auto-approve --concurrency {concurrency}")).expect(0);
        served.log().iter().filter(|it| it["status"] == 429).count()
    };
    let alone = refused(1);
    assert!(alone > 3);
    assert_eq!([refused(16), refused(16)], [alone, alone]);
}

/// Whoever rehearses must not believe that an older state is the snapshot.
#[test]
fn a_sandbox_that_goes_on_with_its_state_says_that_it_does_not_load() {
    let world = World::new();
    world.run("snapshot --out live.json").expect(0);
    for says in [false, true] {
        let mut child = world.start("sandbox --load live.json --state state.json");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let stopped = Command::new("kill").arg(child.id().to_string()).status().unwrap();
        assert!(stopped.success());
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!(run.stderr.contains("live.json is not read"), says, "{}", run.stderr);
    }
}

#[test]
fn a_wrong_flag_of_a_sandbox_says_what_would_be_right() {
    for (flags, said) in [
        ("--seed seed.yaml", &["--seed", "--from"][..]),
        ("--fault explode:0.1", &["`explode:0.1`", "lie-total"]),
        ("--fault 429:often", &["`often`", "a probability from 0 to 1"]),
        ("--dialect groupRole=round", &["`groupRole=round`", "nested", "flat"]),
        ("--max-rps 0", &["--max-rps"]),
        ("--log nowhere/log.ndjson", &["nowhere/log.ndjson"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = binary().arg("sandbox").args(words(flags)).current_dir(&folder).output().unwrap();
        Run::from(output).expect(4).says(said);
    }
}

#[test]
fn an_apply_gets_through_faults_that_are_drawn() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [cy@voyager.example, bo@voyager.example] }\n",
    );
    world.faults(json!([
        { "probability": 0.2, "kind": { "status": { "code": 429, "retryAfter": "0" } } },
        { "probability": 0.1, "kind": { "truncate": {} } },
    ]));
    let run = world.apply();
    world.faults(json!([]));
    // A write whose answer was spoilt may be left to the next run, which finds out what became of it.
    if run.code != 0 {
        world.apply().expect(0);
    }
    assert_eq!(world.members("Desk"), ["bo@voyager.example", "cy@voyager.example"]);
    world.settled();
}
