//! An API that shows late what it has made: a run waits for it, and never makes a second group of a name.

use serde_json::{Value, json};

use crate::{
    interruption::send,
    support::{World, tenant::side_by_side},
};

/// A change, the write that is seen late, and where.
const KINDS: [(&str, &str, &str, &str); 7] = [
    ("a created group", "POST", "user-groups", FRESH),
    ("added members of a created group", "PATCH", "members", FRESH),
    ("roles of a created group", "PATCH", "roles", FRESH),
    (
        "a removed member",
        "PATCH",
        "members",
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [bo@voyager.example] }\n",
    ),
    (
        "somebody who moves",
        "PATCH",
        "members",
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [bo@voyager.example] }\n  - { name: Night, description: The night., roles: unmanaged, members: [cy@voyager.example, ana@voyager.example] }\n",
    ),
    (
        "a narrowed role",
        "PATCH",
        "roles",
        "  - { name: Night, description: The night., roles: [{ role: Agent, scope: { company: globex } }], members: unmanaged }\n",
    ),
    (
        "another description",
        "PUT",
        "user-groups",
        "  - { name: Night, description: The late one., roles: unmanaged, members: unmanaged }\n",
    ),
];

const FRESH: &str = "  - { name: Fresh, description: New., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example, bo@voyager.example] }\n";

fn lagging(groups: &str, method: &str, path: &str, reads: u32) -> World {
    let world = World::new().groups(groups).variable("ROLECALL_SETTLE", "10m");
    let lag = json!([{ "method": method, "path": path, "writes": true, "times": 0, "kind": { "lag": { "reads": reads } } }]);
    world.faults(lag);
    world.forget();
    world
}

/// How many groups have a name.
fn called(world: &World, name: &str) -> usize {
    world.faults(json!([]));
    world.list("user-groups/list").iter().filter(|it| it["name"] == name).count()
}

#[test]
fn what_shows_late_is_waited_for_in_the_same_run_and_asked_for_once() {
    let cases: Vec<_> = KINDS.iter().flat_map(|it| [1, 2, 5].map(|reads| (it, reads))).collect();
    side_by_side(&cases, |((what, method, path, groups), reads)| {
        let world = lagging(groups, method, path, *reads);
        let run = world.apply();
        assert_eq!(run.code, 0, "{what}, {reads} reads\n{}\n{}", run.stdout, run.stderr);
        let written = world.written();
        let bodies: Vec<String> =
            written.iter().map(|it| format!("{} {} {}", it.what, it.path, it.body)).collect();
        let mut once = bodies.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), bodies.len(), "{what}, {reads} reads: sent twice\n{bodies:#?}");
        assert!(called(&world, "Fresh") <= 1, "{what}, {reads} reads");
        world.settled();
    });
}

#[test]
fn a_group_that_is_never_shown_is_not_made_again_by_what_is_advised() {
    for format in ["text", "json"] {
        let world = lagging(FRESH, "POST", "user-groups", 1_000_000).variable("ROLECALL_SETTLE", "50ms");
        let run = world.run(&format!("apply --auto-approve --format {format}")).expect(3);
        assert!(run.stdout.contains("does not show it"), "{}", run.stdout);
        assert!(!run.stdout.contains("Continue: "), "{}", run.stdout);
        if format == "json" {
            assert_eq!(run.json()["continue"], Value::Null);
        }
        assert_eq!(called(&world, "Fresh"), 1);
        assert_eq!(world.writes(), ["POST user-groups"]);
        // Once it shows, the next run fills it.
        world.apply().expect(0);
        assert_eq!(called(&world, "Fresh"), 1);
        world.settled();
    }
}

#[test]
fn a_creation_whose_answer_is_lost_and_that_shows_late_leaves_one_group() {
    for lost in
        [json!({ "drop": { "afterWrite": true } }), json!({ "status": { "code": 502, "afterWrite": true } })]
    {
        let world = World::new().groups(FRESH).variable("ROLECALL_SETTLE", "300ms");
        world.faults(
            json!([{ "method": "POST", "path": "user-groups", "writes": true, "times": 2, "kind": lost }]),
        );
        world.apply().expect(0);
        assert_eq!(called(&world, "Fresh"), 1, "{lost}");
        world.settled();
    }
}

#[test]
fn an_interruption_ends_the_waiting() {
    let world = lagging(FRESH, "POST", "user-groups", 1_000_000);
    let run = world.start("apply --auto-approve");
    world.until(|it| it["applied"] == 1);
    send(&run, "-TERM");
    let ended = run.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(3), "{ended:?}");
}

#[test]
fn of_several_runs_that_create_the_same_group_one_group_is_left() {
    side_by_side(&[2, 2, 2, 3, 4], |runs: &u64| {
        let world = World::new().groups(FRESH).variable("ROLECALL_SETTLE", "10m");
        // All look before any has made it.
        let hold = json!({ "slow": { "ms": 600_000 } });
        world.faults(
            json!([{ "method": "POST", "path": "user-groups", "writes": true, "times": 0, "kind": hold }]),
        );
        let line = |n: u64| format!("apply --auto-approve --journal {n}.ndjson");
        let started: Vec<_> = (0..*runs).map(|n| world.start(&line(n))).collect();
        world.until(|it| it["writes"] == *runs);
        world.faults(json!([]));
        let codes: Vec<_> =
            started.into_iter().map(|it| it.wait_with_output().unwrap().status.code().unwrap()).collect();
        assert_eq!(codes.iter().filter(|it| **it == 0).count(), 1, "{codes:?}");
        assert_eq!(codes.iter().filter(|it| **it == 7).count() as u64, runs - 1, "{codes:?}");
        assert_eq!(called(&world, "Fresh"), 1, "{codes:?}");
        world.settled();
    });
}
