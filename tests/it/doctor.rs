//! The doctor: what it says of a sandbox that is well, of one that is not, and of settings that cannot work.

use std::{net::TcpListener, time::Instant};

use serde_json::{Value, json};

use crate::support::{Run, SEED, Server, VOYAGER, World};

const IDENTITY: &str = "api: { identity: { email: root@voyager.example } }\n";

/// A company whose account may change who may do what.
fn world() -> World {
    let seed = SEED.replace(
        "permissions: [{ permission: COMPANY_MANAGEMENT, actions: [ALL] }]",
        "permissions: [{ permission: ACCESS_MANAGEMENT, actions: [READ, WRITE] }]",
    );
    World::seeded(&seed).ruled(IDENTITY)
}

/// Returns the check of an area.
#[track_caller]
fn check<'a>(report: &'a Value, area: &str, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap();
    checks
        .iter()
        .find(|it| it["area"] == area && it["name"] == name)
        .unwrap_or_else(|| panic!("no {area}/{name} in {report:#}"))
}

fn examined(world: &World, code: i32) -> Value {
    let report = world.run("doctor --format json").expect(code).json();
    assert_eq!(
        (&report["version"], &report["kind"], &report["exit"]),
        (&json!(1), &json!("doctor"), &json!(code))
    );
    report
}

#[test]
fn a_doctor_looks_at_everything_and_no_write_leaves_the_process() {
    for token in ["full-token", "read-token"] {
        let world = world().variable("ROLECALL_TOKEN", token);
        world.forget();
        let run = world.run("doctor").expect(0);
        assert_eq!(run.stderr, "");
        assert_eq!(world.stats()["writes"], 0);
        let log = world.log();
        let lists = ["/list", "/members", "/roles", "/user-groups"];
        for entry in &log {
            let (method, path) = (entry["method"].as_str().unwrap(), entry["path"].as_str().unwrap());
            assert!(
                method == "GET" || method == "POST" && lists.iter().any(|it| path.ends_with(it)),
                "{entry}"
            );
        }
        insta::with_settings!({ filters => vec![
            (r"127\.0\.0\.1:\d+", "HOST"),
            (r"workspace  +\S+/rolecall.yaml", "workspace  PATH/rolecall.yaml"),
            (r"\d+ ms", "N ms"),
            (r"\d+ requests", "N requests"),
            (r"user [0-9a-f-]{36}", "user ID"),
        ] }, {
            insta::assert_snapshot!("doctor", run.stdout);
        });
    }
}

#[test]
fn a_report_is_one_document_with_a_verdict_for_each_check() {
    let world = world();
    let report = examined(&world, 0);
    for check in report["checks"].as_array().unwrap() {
        assert!(["ok", "note"].contains(&check["verdict"].as_str().unwrap()), "{check}");
        assert!(!check["fact"].as_str().unwrap().is_empty(), "{check}");
    }
    assert_eq!(
        check(&report, "identity", "rights")["fact"],
        "ACCESS_MANAGEMENT to write: may plan and apply"
    );
}

#[test]
fn a_wrong_secret_is_told_apart_from_a_missing_one_and_never_shown() {
    let client = |secret: &str| {
        world()
            .variable("ROLECALL_TOKEN", "")
            .variable("ROLECALL_CLIENT_ID", "sandbox")
            .variable("ROLECALL_CLIENT_SECRET", secret)
    };
    let wrong = examined(&client("hush-hush"), 5);
    assert!(check(&wrong, "token", "origin")["fact"].as_str().unwrap().contains("no access token for these"));
    assert!(!wrong.to_string().contains("hush-hush"));
    let none = examined(&client(""), 5);
    assert!(check(&none, "token", "credentials")["fact"].as_str().unwrap().contains("CLIENT_SECRET is not"));
    // The way to the API was looked at all the same.
    assert_eq!(check(&none, "endpoint", "guarded")["verdict"], "ok");
    let right = examined(&world().with_client(), 0);
    assert_eq!(check(&right, "token", "life")["fact"], "60 min from now");
    let given = examined(&world().variable("ROLECALL_TOKEN", "nobodys-token"), 5);
    assert_eq!(check(&given, "token", "accepted")["verdict"], "problem");
    assert!(!given.to_string().contains("nobodys-token"));
}

#[test]
fn what_cannot_be_reached_is_a_problem_of_the_way_there() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let report = examined(&world().variable("ROLECALL_ENDPOINT", &format!("http://{closed}")), 8);
    let connection = check(&report, "endpoint", "connection");
    assert!(connection["fact"].as_str().unwrap().contains("cannot connect"), "{connection}");
    assert!(connection["hint"].is_string());

    for (endpoint, words) in
        [("http://apis.example", "plain http"), ("nowhere", "not a URL"), ("ftp://x.example", "scheme")]
    {
        let report = examined(&world().variable("ROLECALL_ENDPOINT", endpoint), 4);
        let address = check(&report, "endpoint", "address");
        assert!(address["fact"].as_str().unwrap().contains(words), "{address}");
        // What needs no network was looked at.
        assert_eq!(check(&report, "settings", "company")["verdict"], "ok");
    }
}

#[test]
fn a_clock_that_is_off_is_noticed() {
    for (seconds, verdict) in
        [(0, "ok"), (60, "note"), (-60, "note"), (3600, "problem"), (-86_400, "problem")]
    {
        let date = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
        let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap();
        let server =
            Server::answering(Box::leak(format!("401 Unauthorized\r\nDate: {date}").into_boxed_str()));
        // The token is refused, which is worse than any clock.
        let report = examined(&world().variable("ROLECALL_ENDPOINT", &server.url), 5);
        assert_eq!(check(&report, "clock", "skew")["verdict"], verdict, "{seconds}: {report:#}");
    }
}

#[test]
fn without_a_bulk_list_people_are_asked_for_one_by_one() {
    let world = World::seeded(&format!("{SEED}dialect: {{ usersList: refused }}\n")).ruled(IDENTITY);
    let report = examined(&world, 0);
    let users = check(&report, "rights", "list users");
    assert_eq!((&users["verdict"], &users["fact"]), (&json!("note"), &json!("refused (403)")));
    assert!(users["hint"].as_str().unwrap().contains("one by one"), "{users}");
    assert_eq!(check(&report, "rights", "query a user")["verdict"], "ok");
    // The account is found by the other way.
    assert_eq!(check(&report, "identity", "account")["verdict"], "ok");
}

#[test]
fn each_refusal_says_what_it_means_and_the_others_are_looked_at_all_the_same() {
    for (path, status, area, name, verdict, code) in [
        ("/user-groups/list", 403, "rights", "list groups", "problem", 5),
        ("/user-groups/list", 404, "rights", "list groups", "problem", 8),
        ("/members", 403, "rights", "members of a group", "problem", 5),
        ("/rbac-info", 404, "rights", "rbac-info", "note", 0),
        ("/personal-info", 403, "rights", "parts of a user", "note", 0),
        ("/membership-info", 404, "rights", "parts of a user", "note", 0),
        ("/v3/permissions", 500, "rights", "list permissions", "note", 8),
    ] {
        let world = world();
        world.faults(json!([{ "path": path, "times": 0, "kind": { "status": { "code": status } } }]));
        let report = examined(&world, code);
        let found = check(&report, area, name);
        assert_eq!(found["verdict"], verdict, "{path} {status}: {report:#}");
        assert!(found["hint"].is_string());
        assert_eq!(check(&report, "rights", "list roles")["verdict"], "ok", "{path}");
    }
}

#[test]
fn a_rate_that_is_limited_is_told_with_its_headers() {
    let world = world();
    let limited = json!({ "status": { "code": 429, "retryAfter": "0" } });
    world.faults(json!([{ "path": "/user-groups/list", "times": 1, "kind": limited }]));
    let report = examined(&world, 0);
    let limit = check(&report, "rate", "limit");
    assert!(limit["fact"].as_str().unwrap().starts_with("1 of these refused"), "{limit}");
    assert_eq!(check(&report, "rate", "headers")["fact"], "retry-after: 0");
}

#[test]
fn shapes_are_compared_with_what_is_configured() {
    let seed = format!("{SEED}dialect: {{ groupRole: flat, predicate: id, maxLimit: 2 }}\n");
    let world = World::seeded(&seed).ruled("api: { dialect: { groupRole: nested } }\n");
    let report = examined(&world, 0);
    for (name, line) in [
        ("group roles", "`api.dialect.groupRole: flat`"),
        ("predicates", "`api.dialect.predicate: id`"),
        ("pages", "`api.dialect.pageLimit: 2`"),
    ] {
        let found = check(&report, "shapes", name);
        assert_eq!(found["verdict"], "note", "{found}");
        assert!(found["hint"].as_str().unwrap().contains(line), "{found}");
    }
    world.configure("api: { dialect: { groupRole: flat, predicate: id } }\n");
    let report = examined(&world, 0);
    for name in ["group roles", "predicates"] {
        assert_eq!(check(&report, "shapes", name)["verdict"], "ok", "{report:#}");
    }
}

#[test]
fn a_page_that_is_refused_for_its_size_is_told_with_one_that_is_not() {
    let seed = format!("{SEED}dialect: {{ maxLimit: 30, aboveMaxLimit: reject }}\n");
    let report = examined(&World::seeded(&seed), 4);
    let page = check(&report, "shapes", "page limit");
    assert_eq!(page["hint"], "set `api.dialect.pageLimit: 25` in rolecall.yaml");
}

#[test]
fn each_setting_says_where_it_comes_from() {
    let world = world()
        .variable("ROLECALL_TIMEOUT", "9s")
        .variable("HTTPS_PROXY", "http://me:hush-hush@proxy.example:3128")
        .variable("SSL_CERT_FILE", "/nowhere.pem");
    world.configure("api:\n  identity: { email: root@voyager.example }\n  dialect:\n    pageLimit: 50\n");
    let run = world.run("doctor --format json --concurrency 3").expect(0);
    assert!(!run.stdout.contains("hush-hush"), "{}", run.stdout);
    let report = run.json();
    for (name, fact) in [
        ("timeout", "9s (environment ROLECALL_TIMEOUT)"),
        ("concurrency", "3 (flag --concurrency)"),
        ("company", "voyager = 1a6f0000-0000-4000-8000-000000000001 (rolecall.yaml:3)"),
        ("credentials", "a token, from ROLECALL_TOKEN"),
        ("identity", "root@voyager.example (rolecall.yaml:8)"),
        ("dialect.pageLimit", "50 (rolecall.yaml:10)"),
        ("dialect.groupRole", "nested (default)"),
        ("proxy", "HTTPS_PROXY (proxy.example:3128); not used for this very machine"),
        ("SSL_CERT_FILE", "/nowhere.pem does not exist"),
    ] {
        assert_eq!(check(&report, "settings", name)["fact"], fact, "{name}");
    }
    let endpoint = check(&report, "settings", "endpoint")["fact"].as_str().unwrap();
    assert!(endpoint.ends_with("(environment ROLECALL_ENDPOINT)"), "{endpoint}");
}

#[test]
fn a_workspace_that_is_wrong_or_missing_does_not_end_the_look() {
    let world = world();
    world.configure("apii: {}\n");
    let report = examined(&world, 4);
    let found = check(&report, "settings", "workspace");
    assert!(found["fact"].as_str().unwrap().starts_with("rolecall.yaml:7: unknown key `apii`"), "{found}");
    assert_eq!(check(&report, "endpoint", "connection")["verdict"], "ok");

    std::fs::remove_file(world.path().join("rolecall.yaml")).unwrap();
    let run: Run = world.run("doctor --format json --company 1a6f0000-0000-4000-8000-000000000001").expect(0);
    let report = run.json();
    assert_eq!(check(&report, "settings", "workspace")["verdict"], "note");
    assert_eq!(check(&report, "rights", "list groups")["verdict"], "ok");
}

#[test]
fn a_rate_that_is_set_holds_for_the_doctor_too() {
    let world = world();
    world.forget();
    let started = Instant::now();
    world.run("doctor --max-rps 8").expect(0);
    let (seconds, sent) = (started.elapsed().as_secs_f64(), world.log().len());
    // A burst of one second, the client that looks for the account included.
    assert!(seconds >= (sent - 8) as f64 / 8.0, "{sent} requests in {seconds} s");
}

#[test]
fn a_request_without_an_answer_is_logged_as_well() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = world().variable("ROLECALL_ENDPOINT", &format!("http://{closed}")).run("doctor -v").expect(8);
    let lines: Vec<&str> = run.stderr.lines().filter(|it| it.contains("/v3/permissions")).collect();
    assert_eq!(lines.len(), 1, "{}", run.stderr);
}

#[test]
fn an_answer_that_the_client_cannot_read_is_a_problem() {
    let world = world();
    let odd = json!({ "roles": [{ "name": "Agent" }], "pagination": { "totalNumResults": 1 } }).to_string();
    let page = "<html>Sign in</html>".to_owned();
    for (path, body, name) in [
        ("/roles", odd.clone(), "list roles"),
        ("/roles", odd, "roles of a group"),
        ("/members", page.clone(), "members of a group"),
        ("/user-groups/list", page, "list groups"),
    ] {
        let answer = json!({ "status": { "code": 200, "body": body } });
        world.faults(json!([{ "method": "POST", "path": path, "times": 0, "kind": answer }]));
        let report = examined(&world, 8);
        let found = check(&report, "rights", name);
        assert_eq!(found["verdict"], "problem", "{path}: {report:#}");
        assert!(!found.to_string().contains("Sign in"), "{found}");
    }
}

#[test]
fn a_bulk_list_that_fails_is_no_list_that_is_missing() {
    for (status, verdict, code) in [(400, "note", 0), (404, "note", 0), (500, "problem", 8)] {
        let world = world();
        let kind = json!({ "status": { "code": status } });
        world.faults(json!([{ "path": "/v3/users/list", "times": 0, "kind": kind }]));
        let report = examined(&world, code);
        let users = check(&report, "rights", "list users");
        assert_eq!(users["verdict"], verdict, "{status}: {users}");
        assert_eq!(users["hint"].as_str().unwrap().contains("one by one"), code == 0, "{users}");
    }
}

#[test]
fn whoever_locks_people_out_has_to_see_their_groups() {
    let lockout = "lockout: [{ email: ana@voyager.example, since: 2026-11-20, reason: stolen laptop }]\n";
    for (rules, verdict, code) in [("", "note", 0), (lockout, "problem", 5)] {
        let world = world().ruled(&format!("{IDENTITY}{rules}"));
        let refused = json!({ "status": { "code": 403 } });
        world.faults(
            json!([{ "method": "POST", "path": "/v3/users/", "skip": 1, "times": 0, "kind": refused }]),
        );
        let report = examined(&world, code);
        assert_eq!(check(&report, "rights", "groups of a user")["verdict"], verdict, "{report:#}");
    }
}

/// Answers the bulk list with rows of its own making; `edit` gets everybody of the company.
fn listing(world: &World, edit: impl FnOnce(&mut Vec<Value>)) {
    let everybody =
        json!({ "companyId": { "id": VOYAGER }, "pagination": { "limit": 50 }, "userStatusFilter": "ALL" });
    let (_, mut body) = world.call("POST", "/v3/users/list", everybody);
    let rows = body["users"].as_array_mut().unwrap();
    edit(rows);
    body["pagination"]["totalNumResults"] = rows.len().into();
    let answer = json!({ "status": { "code": 200, "body": body.to_string() } });
    world.faults(json!([{ "path": "/v3/users/list", "times": 0, "kind": answer }]));
}

fn email(row: &Value) -> &str {
    row["businessDetail"]["businessEmail"].as_str().unwrap()
}

/// A list whose filter matches a private address, or nothing, or does not show every address, misleads nobody.
#[test]
fn the_account_is_whom_the_key_names_and_not_whom_a_list_shows() {
    type Edit = fn(&mut Vec<Value>);
    let cases: [(&str, Edit); 3] = [
        ("a private address", |rows| rows.retain(|it| email(it) == "ana@voyager.example")),
        ("no filter at all", |_| ()),
        ("an address that is not shown", |rows| {
            rows.retain(|it| email(it) == "root@voyager.example");
            rows[0]["businessDetail"].as_object_mut().unwrap().remove("businessEmail").unwrap();
        }),
    ];
    for (what, edit) in cases {
        let world = world();
        let root = world.user("root@voyager.example");
        listing(&world, edit);
        let report = examined(&world, 0);
        let fact = format!("root@voyager.example is user {root}");
        assert_eq!(check(&report, "identity", "account")["fact"], fact, "{what}");
        world.forget();
        world.run("doctor --probe --yes --company voyager").expect(0);
        let put: Vec<Value> = world.written().iter().map(|it| it.body["userIdsToAdd"].clone()).collect();
        let put: Vec<&Value> = put.iter().filter_map(|it| it.get(0)).collect();
        assert!(!put.is_empty() && put.iter().all(|it| **it == root), "{what}: {put:?}");
    }
    // Where the single question shows somebody else as well, nothing that it says is believed.
    let world = world();
    let ana = world.user("ana@voyager.example");
    let row =
        json!({ "length": 1, "elements": [{ "id": ana, "email": "ana@voyager.example", "isActive": true }] });
    let answer = json!({ "status": { "code": 200, "body": row.to_string() } });
    let none = json!({ "status": { "code": 403 } });
    world.faults(json!([
        { "path": "/v3/users/list", "times": 0, "kind": none },
        { "path": "/v2/users?", "times": 0, "kind": answer },
    ]));
    let report = examined(&world, 8);
    let account = check(&report, "identity", "account");
    assert!(account["fact"].as_str().unwrap().contains("the answer is about another"), "{account}");
    world.forget();
    world
        .run("doctor --probe --yes --company voyager")
        .expect(8)
        .says(&["the answer is about another: email"]);
    assert_eq!(world.writes(), [""; 0]);
}

#[test]
fn a_list_of_users_is_asked_for_a_page_as_large_as_a_plan_asks_for() {
    let world = world();
    let refused = json!({ "status": { "code": 400 } });
    // The page of a plan and, once more, the first of those that are tried.
    world.faults(json!([{ "path": "/v3/users/list", "times": 2, "kind": refused }]));
    let report = examined(&world, 4);
    let page = check(&report, "shapes", "page limit");
    assert_eq!(page["fact"], "a page of 100 rows is refused, one of 50 is not");
    assert_eq!(check(&report, "rights", "list users")["verdict"], "ok");
}
