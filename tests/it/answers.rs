//! What an API may answer: refusals, nonsense, lists that do not add up. Never a plan made of half the truth.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Server, World};

fn world() -> World {
    World::new().groups(
        "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example] }\n",
    )
}

/// What a fault of every request to `path` comes to, in a plan and in an apply.
#[track_caller]
fn ends(path: &str, kind: &Value, code: i32, words: &[&str]) {
    for line in ["plan", "drift", "apply --auto-approve"] {
        let world = world();
        world.faults(json!([{ "times": 0, "path": path, "kind": kind }]));
        world.forget();
        let run = world.run(line).expect(code).says(words).says(&["error: ", "hint: "]);
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        assert_eq!(run.stdout, "", "{line}: a result was printed");
        assert_eq!(world.writes(), [""; 0], "{line} wrote");
    }
}

#[test]
fn refusals_end_the_run_with_the_code_of_their_kind() {
    for (status, code, words) in [
        (401, 5, &["refused with 401"][..]),
        (403, 5, &["refused with 403", "ACCESS_MANAGEMENT"]),
        (404, 8, &["refused with 404"]),
        (418, 8, &["refused with 418"]),
    ] {
        ends("/user-groups/list", &json!({ "status": { "code": status } }), code, words);
    }
}

/// How long it waits between them is told by tests of the client's retries.
#[test]
fn a_server_in_trouble_is_given_up_after_a_few_attempts() {
    let trouble = json!({ "status": { "code": 500 } });
    ends("/user-groups/list", &trouble, 8, &["refused with 500", "try again later"]);
    let world = world();
    world.faults(json!([{ "times": 0, "path": "/user-groups/list", "kind": trouble }]));
    world.forget();
    world.plan().expect(8);
    let asked =
        world.log().iter().filter(|it| it["route"].as_str().unwrap().ends_with("/user-groups/list")).count();
    assert_eq!(asked, 5);
}

#[test]
fn a_wait_beyond_all_patience_is_not_waited_for() {
    let throttled = json!({ "status": { "code": 429, "retryAfter": "86400" } });
    ends("/user-groups/list", &throttled, 8, &["limits the rate of requests (429)", "86400 s"]);
}

#[test]
fn answers_that_are_no_answers_are_not_understood() {
    for (kind, words) in [
        (json!({ "garbage": {} }), &["cannot understand the answer (text/html)", "any proxy"][..]),
        (json!({ "truncate": {} }), &["the answer ends in the middle", "try again"]),
        (json!({ "status": { "code": 200, "body": "[]" } }), &["cannot understand the answer"]),
        (json!({ "status": { "code": 200, "body": "{}" } }), &["user groups"]),
    ] {
        ends("/user-groups/list", &kind, 8, words);
    }
}

#[test]
fn a_connection_that_always_breaks_is_given_up() {
    ends(
        "/user-groups/list",
        &json!({ "drop": {} }),
        8,
        &["the connection broke before the answer was complete"],
    );
}

#[test]
fn an_answer_without_end_is_cut_off() {
    ends("/user-groups/list", &json!({ "huge": { "bytes": 70 << 20 } }), 8, &["larger than 67108864 bytes"]);
}

#[test]
fn a_list_that_does_not_add_up_is_no_list() {
    for (path, list) in [
        ("/user-groups/list", "user groups"),
        ("/members", "members"),
        ("/roles", "roles"),
        ("/v3/users/list", "users"),
    ] {
        for kind in [
            json!({ "lieTotal": { "delta": 1 } }),
            json!({ "lieTotal": { "delta": 1_000_000 } }),
            json!({ "lieTotal": { "delta": -1 } }),
            json!({ "endless": {} }),
        ] {
            ends(path, &kind, 8, &["the list of ", list]);
        }
    }
    ends(
        "/user-groups/list",
        &json!({ "duplicateRows": {} }),
        8,
        &["the list of user groups", "a row came twice"],
    );
    ends("/members", &json!({ "duplicateRows": {} }), 8, &["the list of members", "a row came twice"]);
}

#[test]
fn a_list_that_moved_once_is_read_again() {
    for kind in [json!({ "lieTotal": { "delta": 1 } }), json!({ "duplicateRows": {} })] {
        let world = world();
        world.faults(json!([{ "path": "/user-groups/list", "kind": kind }]));
        world.plan().expect(0).shows("- member bo@voyager.example");
    }
}

#[test]
fn a_read_that_fails_once_is_repeated() {
    for kind in [
        json!({ "drop": {} }),
        json!({ "status": { "code": 500 } }),
        json!({ "status": { "code": 503, "retryAfter": "0" } }),
        json!({ "status": { "code": 429, "retryAfter": "1" } }),
    ] {
        let world = world();
        world.faults(json!([{ "path": "/user-groups/list", "kind": kind }]));
        world.forget();
        let started = Instant::now();
        world.plan().expect(0).shows("- member bo@voyager.example");
        let asked = world
            .log()
            .iter()
            .filter(|it| it["path"].as_str().unwrap().ends_with("/user-groups/list"))
            .count();
        assert_eq!(asked, 2, "{kind}");
        if kind["status"]["retryAfter"] == "1" {
            assert!(started.elapsed() >= Duration::from_secs(1), "the server asked for a second");
        }
    }
}

#[test]
fn a_token_request_meets_the_same_patience() {
    for (kind, code, words) in [
        (json!({ "status": { "code": 500 } }), 0, &[][..]),
        (json!({ "status": { "code": 429, "retryAfter": "0" } }), 0, &[]),
        (
            json!({ "status": { "code": 400, "body": "{\"error\":\"invalid_client\"}" } }),
            5,
            &["invalid_client", "hint: "],
        ),
        (json!({ "garbage": {} }), 8, &["cannot understand the answer", "hint: "]),
    ] {
        let world = world().with_client();
        world.faults(json!([{ "path": "/oauth2-token", "kind": kind }]));
        world.plan().expect(code).says(words);
    }
}

#[test]
fn an_answer_that_is_too_late_is_not_waited_for() {
    let world = world();
    world.faults(json!([{ "times": 0, "path": "/user-groups/list", "kind": { "slow": { "ms": 60_000 } } }]));
    world.run("plan --timeout 50ms").expect(8).says(&["no complete answer within 0.05 s", "hint: "]);
}

#[test]
fn a_redirection_is_not_followed_with_the_credentials() {
    let server = Server::answering("302 Found\r\nLocation: https://elsewhere.example/");
    let world = world();
    world.run(&format!("plan --endpoint {}", server.url)).expect(8).says(&[
        "redirected (302) to elsewhere.example",
        "hint: if you trust that address, make it the endpoint",
    ]);
}

#[test]
fn every_request_says_who_is_asking() {
    let server = Server::answering("403 Forbidden");
    world().run(&format!("plan --endpoint {}", server.url)).expect(5);
    let asked = server.asked();
    assert!(!asked.is_empty());
    let agent = format!("user-agent: rolecall/{}", env!("CARGO_PKG_VERSION"));
    for head in asked {
        assert!(head.to_lowercase().contains(&agent), "{head}");
        assert!(head.contains("Bearer full-token"), "{head}");
    }
}

#[test]
fn reading_commands_work_with_a_token_that_may_only_read() {
    let world = world().variable("ROLECALL_TOKEN", "read-token");
    world.forget();
    for (line, code) in [
        ("plan", 0),
        ("plan --detailed-exitcode", 2),
        ("plan --format json", 0),
        ("plan --format markdown", 0),
        ("drift", 2),
        ("duplicate \"Company Admins\" --as New", 0),
        ("import -C fresh --dry-run --company 1a6f0000-0000-4000-8000-000000000001", 0),
        ("explain ana@voyager.example", 0),
        ("report --users", 0),
        ("validate", 0),
        ("schema access", 0),
    ] {
        world.run(line).expect(code);
    }
    assert_eq!(world.writes(), [""; 0]);
    assert!(world.log().iter().all(|it| it["status"] == 200), "something was refused");
    assert!(world.log().len() > 10);
}
