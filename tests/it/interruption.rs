//! A run that is told to stop: no new writes, a report of what was done, and a next run that goes on.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Run, World, words};

/// More groups than are written to at once.
const GROUPS: usize = 12;

fn world() -> World {
    let groups: String = (0..GROUPS)
        .map(|n| {
            format!(
                "  - {{ name: New {n:02}, description: New., roles: [], members: [ana@voyager.example] }}\n"
            )
        })
        .collect();
    World::new().groups(&groups)
}

/// Runs a command and sends it a signal once `now` holds.
fn signalled(world: &World, line: &str, signal: &str, now: impl Fn(&Value) -> bool) -> Run {
    let child = world
        .command()
        .args(words(line))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !now(&world.stats()) {}
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    child.wait_with_output().unwrap().into()
}

#[cfg(unix)]
#[test]
fn before_the_first_write_an_interruption_changes_nothing() {
    for (line, signal) in [("plan", "-INT"), ("plan", "-TERM"), ("apply --auto-approve", "-INT")] {
        let world = world();
        world.faults(json!([{ "path": "/user-groups/list", "kind": { "slow": { "ms": 60_000 } } }]));
        world.forget();
        let run = signalled(&world, line, signal, |it| it["requests"].as_u64() >= Some(1));
        run.expect(130).says(&["interrupted; nothing was written"]);
        assert_eq!(world.writes(), [""; 0], "{line} {signal}");
    }
}

#[cfg(unix)]
#[test]
fn after_it_running_writes_end_no_new_ones_begin_and_the_next_run_goes_on() {
    let world = world();
    world.faults(json!([{ "method": "PATCH", "times": 8, "kind": { "slow": { "ms": 700 } } }]));
    world.forget();
    let patches =
        |it: &Value| it["byRoute"]["PATCH /v3/companies/{companyId}/user-groups/{groupId}/members"].as_u64();
    let run = signalled(&world, "apply --auto-approve", "-TERM", |it| patches(it) >= Some(8)).expect(3);
    assert!(run.stdout.contains("as the run was interrupted"), "{}", run.stdout);
    let done = (0..GROUPS).filter(|n| world.group(&format!("New {n:02}")).is_some()).count();
    assert_eq!(done, 8, "groups at work are finished, others not begun");
    assert_eq!(world.members("New 00"), ["ana@voyager.example"]);
    world.faults(json!([]));
    world.apply().expect(0);
    world.settled();
    assert_eq!(world.list("user-groups/list").len(), 3 + GROUPS);
}
