//! The sandbox under load, the pure diff and the pure order: what benches/README.md reports beside whole processes.
//!
//! `cargo bench --bench rolecall` runs everything; names after `--` run some. Whole processes are measured by
//! `benches/pair`, two builds in turn.

#![expect(clippy::print_stdout, reason = "a benchmark reports")]

mod load;

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use rolecall::{
    model::{
        dialect::ScopeChange,
        expression::Rule,
        ids::{CompanyId, GroupId, RoleId, UserId},
        index::{GroupName, Index},
        plan::{Edits, Plan},
        rules::{Law, Policy, Powers, Rules, Severity},
        scope::{Dimension, Kind, Scope, Value},
        source::{FileId, Place},
        state::{Attributes, Facts, State, diff},
    },
    plan::{effective::Sides, order::order, policy::breaches},
};
use uuid::Uuid;

const COMPANY: CompanyId = CompanyId(Uuid::nil());
const RUNS: usize = 5;
const BINARY: &str = env!("CARGO_BIN_EXE_rolecall");

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let runs = |name: &str| wanted.is_empty() || wanted.iter().any(|it| it == name);
    if runs("sandbox") {
        sandbox();
    }
    if runs("diff") {
        for groups in [10_000, 100_000] {
            pure_diff(groups);
        }
    }
    if runs("policies") {
        for groups in [2_500, 5_000] {
            policies(groups);
        }
    }
    if runs("question") {
        question();
    }
    if runs("order") {
        for groups in [5_000, 50_000] {
            pure_order(groups);
        }
    }
}

/// Asks who can do something of a snapshot of 5,000 groups with 100,000 memberships, as a whole process.
fn question() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("live.json");
    std::fs::write(&file, many(5_000, 20)).expect("a file");
    let mut times: Vec<Duration> = Vec::new();
    let mut lines = 0;
    for _ in 0..RUNS {
        let started = Instant::now();
        let run = Command::new(BINARY)
            .args(["who-can", "TRIP_MANAGEMENT", "--format", "csv", "--live"])
            .arg(&file)
            .output();
        let run = run.expect("the program");
        times.push(started.elapsed());
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        lines = run.stdout.iter().filter(|it| **it == b'\n').count();
    }
    times.sort_unstable();
    println!("who-can of 5,000 groups with 100,000 memberships: {:?}, {lines} lines", times[RUNS / 2]);
}

/// A snapshot of groups over 10,000 people, half of which give what is asked for.
fn many(groups: u128, members: u128) -> String {
    use rolecall::live::snapshot::{self, Company, Directory, Group, Reach, Snapshot};

    let user = |n: u128| UserId(Uuid::from_u128(0x1000_0000 + n));
    let role = |n: u128| RoleId(Uuid::from_u128(0x2000_0000 + n));
    let roles = serde_json::json!([
        { "id": role(0), "name": "Agent", "managesAccess": false, "permissions": { "AGENT": ["ALL"] } },
        { "id": role(1), "name": "Trip Manager", "managesAccess": false, "permissions": { "TRIP_MANAGEMENT": ["READ", "WRITE"] } },
    ]);
    let group = |n: u128| {
        let scope = format!(
            r#"{{"audiences":[{{"predicates":[{{"type":"COMPANY","comparator":"IN","values":["{}"]}}]}}]}}"#,
            Uuid::from_u128(n % 50)
        );
        let grants = format!(r#"[{{"roleId":"{}","scope":{scope}}}]"#, role(n % 2));
        Group {
            id: GroupId(Uuid::from_u128(0x3000_0000 + n)),
            name: format!("Group {n}").into(),
            description: "A group.".into(),
            unmodifiable: false,
            roles: serde_json::from_str(&grants).expect("grants"),
            members: (0..members).map(|it| user((n * 7 + it * 499) % 10_000)).collect(),
            added: Arc::default(),
            created: None,
            updated: None,
        }
    };
    let users: Vec<serde_json::Value> = (0..10_000)
        .map(|n| serde_json::json!({ "userId": user(n), "email": format!("user{n}@voyager.example"), "company": COMPANY, "active": true }))
        .collect();
    let users = serde_json::from_value(users.into()).expect("users");
    let directory = Directory {
        company: COMPANY,
        reach: Reach::Whole,
        users,
        asked: Vec::new(),
        attributes: None,
        profiles: std::collections::BTreeMap::new(),
        units: <_>::default(),
    };
    let company = Company {
        id: COMPANY,
        endpoint: None,
        groups: (0..groups).map(group).collect(),
        roles: serde_json::from_value(roles).expect("roles"),
    };
    let now = (jiff::Timestamp::UNIX_EPOCH, "sandbox", std::collections::BTreeMap::new());
    snapshot::write(&Snapshot::new(now, vec![company], vec![directory], Vec::new()))
}

/// Loads the sandbox with requests of one kind at a time, and says what both ends took.
fn sandbox() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pair = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/pair");
    let written = Command::new(pair).args(["--groups", "1000", "--write"]).arg(folder.path()).status();
    assert!(written.expect("Python 3").success(), "the company is written");
    let (mut server, url) = serve(folder.path());
    let address = url.strip_prefix("http://").expect("a plain address");
    let token = token(address);
    let company = "1a6f0000-0000-4000-8000-000000000001";
    let groups = format!("/v3/companies/{company}/user-groups");
    let page = |rows: u32| format!(r#"{{"pagination":{{"limit":{rows}}}}}"#);
    let first = exchange(address, &request(address, &token, "POST", &format!("{groups}/list"), &page(1)));
    let first: serde_json::Value = serde_json::from_str(&first).expect("a list");
    let group = first["userGroups"][0]["id"].as_str().expect("a group").to_owned();
    let members = format!("{groups}/{group}/members");
    let nobody = r#"{"userIdsToAdd":[]}"#.to_owned();
    for (name, method, path, body) in [
        ("one group", "GET", format!("{groups}/{group}"), String::new()),
        ("20 members", "POST", members.clone(), page(100)),
        ("a write that changes nobody", "PATCH", members, nobody),
        ("a page of 100 groups", "POST", format!("{groups}/list"), page(100)),
    ] {
        let request = request(address, &token, method, &path, &body);
        load::load(address, &request, Duration::from_secs(1), server.id());
        let load = load::load(address, &request, Duration::from_secs(5), server.id());
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let count = load.requests as f64;
        println!(
            "sandbox: {name:30} {:9.0} requests/s   cpu of the server {:5.1} µs, of the generator {:5.1} µs a request; {:.2} + {:.2} cores",
            count / load.wall,
            load.server / count * 1e6,
            load.generator / count * 1e6,
            load.server / load.wall,
            load.generator / load.wall
        );
    }
    server.kill().expect("the server to stop");
    let _ = server.wait();
}

fn request(address: &str, token: &str, method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nUser-Agent: bench\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Fetches a token with the credentials every sandbox knows.
fn token(address: &str) -> String {
    let form = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox";
    let request = request(address, "none", "POST", "/v2/auth/oauth2-token", form)
        .replace("application/json", "application/x-www-form-urlencoded");
    let answer: serde_json::Value = serde_json::from_str(&exchange(address, &request)).expect("a token");
    answer["access_token"].as_str().expect("a token").to_owned()
}

/// Sends one request on a connection of its own and returns the body of the answer.
fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the sandbox to listen");
    let request = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.split_once("\r\n\r\n").map(|it| it.1.to_owned()).unwrap_or_default()
}

/// Starts the sandbox as a process of its own.
fn serve(folder: &Path) -> (Child, String) {
    let mut server = Command::new(BINARY)
        .args(["sandbox", "--quiet", "--port", "0", "--from", "seed.yaml"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the sandbox to start");
    let mut line = String::new();
    let stdout = server.stdout.take().expect("its output");
    BufReader::new(stdout).read_line(&mut line).expect("its address");
    let url = line.split_whitespace().last().expect("an address").to_owned();
    (server, url)
}

/// The numbers of `groups` groups and their users.
fn index(groups: u128) -> Index {
    let name = |n| GroupName::existing(COMPANY, format!("Desk {n}").into(), GroupId(Uuid::from_u128(n)));
    let users = (0..groups * 100).map(|it| UserId(Uuid::from_u128(it))).collect();
    Index::new((0..groups).map(name).collect(), users, Vec::new())
}

/// `groups` with three roles each, and these members.
fn side(index: &Index, groups: u128, members: impl Fn(u128) -> Vec<u128>) -> State {
    let mut facts = Facts::default();
    let scope = |n| {
        let values = vec![Value::Id(Uuid::from_u128(n))];
        Arc::new(Scope::new([vec![Dimension { kind: Kind::Company, values }]]))
    };
    let scopes: Vec<Arc<Scope>> = (0..10).map(scope).collect();
    for n in 0..groups {
        let Some(group) = index.find_group(COMPANY, GroupId(Uuid::from_u128(n))) else { continue };
        let attributes = Attributes { name: format!("Desk {n}").into(), description: "d".into() };
        facts.group(group, Arc::new(attributes));
        let scope = &scopes[usize::try_from(n % 10).unwrap_or(0)];
        for role in 0..3 {
            facts.grant(group, RoleId(Uuid::from_u128(role)), scope.clone());
        }
        for user in members(n).into_iter().filter_map(|it| index.find_user(UserId(Uuid::from_u128(it)))) {
            facts.member(group, user);
        }
    }
    State::new(facts)
}

/// Compares two sides of `groups` × 20 members × 3 roles that differ in one member of every hundredth group.
fn pure_diff(groups: u128) {
    let members = |odd: u128| {
        move |n: u128| {
            let last = 19 + if n.is_multiple_of(100) { odd } else { 0 };
            (0..19).chain([last]).map(|it| n * 100 + it).collect()
        }
    };
    let index = index(groups);
    let (desired, live) = (side(&index, groups, members(0)), side(&index, groups, members(1)));
    // One member comes and one goes.
    let median = median_of(|| assert_eq!(diff(&live, &desired).len() as u128, 2 * groups / 100));
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = groups as f64 / median;
    println!(
        "diff {groups:>7} groups × 20 members × 3 roles   {median:8.4} s   {rate:12.0} groups/s (median of {RUNS})"
    );
}

/// Orders a plan in which the one member of each of `groups` moves on to the group after next, so that
/// everybody waits to have arrived before leaving.
fn pure_order(groups: u128) {
    let index = index(groups);
    let desired = side(&index, groups, |n| vec![(n + 10) % groups]);
    let live = side(&index, groups, |n| vec![n]);
    let edits = Edits::new(diff(&live, &desired));
    let plan = Plan { index: Arc::new(index), live, edits, ..Plan::default() };
    let mut steps = 0;
    let median = median_of(|| {
        let ordered = order(&plan, &|_| ScopeChange::Atomic, &BTreeSet::new());
        assert!(ordered.gaps.is_empty());
        steps = ordered.steps.len();
    });
    println!("order {steps:>7} steps, all of them moves   {median:8.4} s (median of {RUNS})");
}

/// Ten rules: of what people alike share, of who they are, of both, and of edits.
const EXPRESSIONS: [&str; 10] = [
    "access.privileged && access.domain != \"voyager.example\"",
    "access.gives && access.reaches.beyondCompanies",
    "access.through.exists(it, it.standard) && access.new",
    "access.direct",
    "!access.direct && size(access.through) > 3",
    "access.person.endsWith(\"@evil.example\")",
    "access.role.matches(\"^[0-9a-f-]+$\") && access.gives && access.person.startsWith(\"0\")",
    "access.reaches.companies.all(it, it == \"globex\") && access.home == \"globex\"",
    "edit.kind == \"member\" && edit.action == \"add\" && edit.domain == \"evil.example\"",
    "edit.kind == \"role\" && edit.privileged",
];

/// Judges ten policies, and then ten rules, over groups with twenty members each, of which a tenth change.
fn policies(groups: u128) {
    let (users, each) = (groups * 4, 20);
    let names = (0..groups)
        .map(|n| GroupName::existing(COMPANY, format!("group {n}").into(), GroupId(Uuid::from_u128(n))));
    let index =
        Index::new(names.collect(), (0..users).map(|n| UserId(Uuid::from_u128(n))).collect(), Vec::new());
    let side = |moved: u128| {
        let mut facts = Facts::default();
        for n in 0..groups {
            let group = index.find_group(COMPANY, GroupId(Uuid::from_u128(n))).expect("it is there");
            facts.group(
                group,
                Arc::new(Attributes { name: format!("group {n}").into(), description: "d".into() }),
            );
            let on =
                vec![Dimension { kind: Kind::Company, values: vec![Value::Id(Uuid::from_u128(n % 50))] }];
            facts.grant(group, RoleId(Uuid::from_u128(n % 12)), Arc::new(Scope::new([on])));
            for m in 0..each {
                let shift = if n % 10 == 0 { moved } else { 0 };
                let who = UserId(Uuid::from_u128((n * each + m + shift) % users));
                facts.member(group, index.find_user(who).expect("the user is there"));
            }
        }
        State::new(facts)
    };
    let (live, desired) = (side(0), side(7));
    let memberships = live.memberships().len();
    let edits = Edits::new(diff(&live, &desired));
    let index = Arc::new(index.clone());
    let plan = Plan { index, live, edits, ..Plan::default() };
    let roles = |range: std::ops::Range<u128>| Powers {
        roles: range.map(|n| (COMPANY, RoleId(Uuid::from_u128(n)))).collect(),
        types: Vec::new(),
        acts: <_>::default(),
    };
    let some: Vec<Box<str>> = (0..groups).step_by(3).map(|n| format!("group {n}").into()).collect();
    let policy = |law: Law, mut groups: Vec<Box<str>>| {
        groups.sort_unstable();
        Policy {
            name: "p".into(),
            severity: Severity::Deny,
            strict: false,
            reason: None,
            company: Some(COMPANY),
            groups,
            law,
            from: Place::new(FileId(0), 1, 1),
        }
    };
    let exclusive = Law::Exclusive { companies: (0..10).map(|n| CompanyId(Uuid::from_u128(n))).collect() };
    let separation = Law::Separation { roles: roles(0..6), apart_from: roles(6..12) };
    let policies = vec![
        policy(exclusive.clone(), some.clone()),
        policy(exclusive, some.clone()),
        policy(separation.clone(), Vec::new()),
        policy(separation, some.clone()),
        policy(Law::NoDirectRoles { types: Vec::new() }, Vec::new()),
        policy(Law::RequireUntil, some.clone()),
        policy(Law::MaxDuration { days: 90 }, some.clone()),
        policy(Law::AllowedDomains { domains: vec!["voyager.example".into()] }, Vec::new()),
        policy(Law::MaxMembers { at_most: 10 }, some.clone()),
        policy(Law::MinMembers { at_least: 30 }, some),
    ];
    let everybody = (0..users).map(|n| UserId(Uuid::from_u128(n)));
    let written = EXPRESSIONS
        .iter()
        .map(|it| policy(Law::Rule { rule: Rule::new(None, it).expect("a sound expression") }, Vec::new()));
    let both = [("policies", policies), ("rules", written.collect())];
    let mut rules = Rules {
        direct_read: everybody.clone().collect(),
        names: everybody.map(|it| (it, format!("{}@other.example", it.0).into())).collect(),
        ..Rules::default()
    };
    let now = "2026-11-21T00:00:00Z".parse().expect("an instant");
    for (what, policies) in both {
        rules.policies = policies;
        let mut found = 0;
        let median = median_of(|| {
            found = breaches(&Sides::new(&plan), &rules, now).iter().map(Vec::len).sum();
        });
        println!(
            "{what:8}  10 over {memberships:>7} memberships, broken {found:>6} times   {median:8.4} s (median of {RUNS})"
        );
    }
}

/// Returns the median of the seconds that some work takes.
fn median_of(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            work();
            started.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}
