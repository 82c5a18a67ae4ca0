//! Nothing is changed unless somebody said so.

use std::{
    io::{Read, Write},
    process::{Command, Stdio},
};

use serde_json::json;

use crate::support::{NO_CHANGES, Run, VOYAGER, World};

fn world() -> World {
    World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example] }\n",
    )
}

#[test]
fn without_a_terminal_or_a_flag_nobody_approved_and_nobody_is_asked() {
    for format in ["text", "json", "markdown"] {
        let world = world();
        world.forget();
        let run = world.run(&format!("apply --format {format}")).expect(4).says(&[
            "approve",
            "hint:",
            "--auto-approve",
        ]);
        assert_eq!(world.log().len(), 0, "requests were made");
        match format {
            "json" => assert_eq!(run.json()["error"]["exit"], 4),
            "markdown" => assert!(run.stdout.contains("### rolecall: no plan"), "{}", run.stdout),
            _ => assert_eq!(run.stdout, ""),
        }
    }
}

#[test]
fn a_flag_or_a_variable_is_consent() {
    for (line, variable) in [("apply --auto-approve", "0"), ("apply", "1")] {
        let world = world().variable("ROLECALL_AUTO_APPROVE", variable);
        world.run(line).expect(0);
        assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
    }
}

#[test]
fn a_variable_that_says_no_is_no_consent() {
    for no in ["0", "false", "no", ""] {
        let world = world().variable("ROLECALL_AUTO_APPROVE", no);
        world.forget();
        world.run("apply").expect(4);
        assert_eq!(world.log().len(), 0, "{no}");
    }
}

#[test]
fn an_apply_with_nothing_to_do_writes_nothing() {
    let world = world();
    world.apply().expect(0);
    world.forget();
    let run = world.apply().expect(0);
    assert!(run.stdout.lines().any(|it| it == NO_CHANGES), "{}", run.stdout);
    assert_eq!(world.writes(), [""; 0]);
}

/// Runs `apply` on a terminal of its own and types an answer once the question is there.
#[cfg(target_os = "linux")]
fn on_a_terminal(world: &World, meanwhile: impl FnOnce(), answer: &str) -> Run {
    asked_on_a_terminal(world, "apply", meanwhile, answer)
}

/// Runs a command on a terminal of its own and types an answer once the question is there.
/// Needs script(1) of util-linux.
#[cfg(target_os = "linux")]
pub(crate) fn asked_on_a_terminal(world: &World, line: &str, meanwhile: impl FnOnce(), answer: &str) -> Run {
    let line = format!("{} {line}", env!("CARGO_BIN_EXE_rolecall"));
    let mut command = Command::new("script");
    let product = world.command();
    let variables = product.get_envs().filter_map(|(name, value)| Some((name, value?)));
    command.args(["-qec", &line, "/dev/null"]).env_clear().envs(variables).env("SHELL", "/bin/sh");
    let mut child = command
        .current_dir(world.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script(1), a part of util-linux, makes the terminal");
    let mut screen = child.stdout.take().unwrap();
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains("Only `yes` is accepted") {
        let mut some = [0; 4096];
        let n = screen.read(&mut some).unwrap();
        assert!(n > 0, "ended without a question:\n{}", String::from_utf8_lossy(&shown));
        shown.extend_from_slice(&some[..n]);
    }
    meanwhile();
    child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
    screen.read_to_end(&mut shown).unwrap();
    let mut output = child.wait_with_output().unwrap();
    output.stdout = shown;
    output.into()
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_only_a_whole_yes_counts() {
    for answer in ["no\n", "y\n", "YES\n", "\n", "yes please\n"] {
        let world = world();
        world.forget();
        let run = on_a_terminal(&world, || (), answer).expect(4);
        let (plan, after) = run.stdout.split_once("Only `yes` is accepted").unwrap();
        assert!(plan.contains("bo@voyager.example"), "the plan comes before the question\n{plan}");
        assert!(after.contains("not approved; nothing was changed"), "{after}");
        assert_eq!(world.writes(), [""; 0], "{answer:?}");
    }
    let world = world();
    on_a_terminal(&world, || (), "yes\n").expect(0);
    assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_group_that_appears_while_people_think_is_not_doubled() {
    let world = World::new()
        .groups("  - { name: New, description: New., roles: [], members: [ana@voyager.example] }\n");
    let by_hand = || {
        let path = format!("/v3/companies/{VOYAGER}/user-groups");
        let (status, _) = world.call("POST", &path, json!({ "name": "New", "description": "By hand." }));
        assert_eq!(status, 200);
    };
    let run = on_a_terminal(&world, by_hand, "yes\n");
    assert!(run.stdout.contains("a group of this name exists by now"), "{}", run.stdout);
    assert_ne!(run.code, 0);
    let named = world.list("user-groups/list").iter().filter(|it| it["name"] == "New").count();
    assert_eq!((named, world.members("New")), (1, Vec::new()));
    // The next apply makes the group that is there what the files say.
    world.apply().expect(0);
    assert_eq!(world.members("New"), ["ana@voyager.example"]);
    world.settled();
}
