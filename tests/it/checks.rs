//! What other plan-and-apply tools are known to get wrong and no other file here is about; `docs/checks.md` has the whole
//! list, with the tests of each.

use std::process::Command;

use serde_json::json;

use crate::support::World;

/// What a command writes to a terminal of its own, where the variables say what that is.
fn on_a_terminal(world: &World, line: &str, variables: &[(&str, &str)]) -> String {
    let line = format!("{} {line}", env!("CARGO_BIN_EXE_rolecall"));
    let product = world.command();
    let own = product.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).env_clear().envs(own).env("SHELL", "/bin/sh");
    let output = command.envs(variables.iter().copied()).current_dir(world.path()).output();
    String::from_utf8(output.expect("script(1), a part of util-linux, makes the terminal").stdout).unwrap()
}

#[test]
fn a_terminal_that_shows_no_colour_gets_no_escape_and_neither_does_a_pipe() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example] }\n",
    );
    let one_of_it = "Desk";
    let colours = ("TERM", "xterm-256color");
    for line in ["plan", "drift", "explain ana@voyager.example", "validate", "plan --nonsense"] {
        let shown = on_a_terminal(&world, line, &[colours]);
        let plain: [&[(&str, &str)]; 3] =
            [&[colours, ("NO_COLOR", "1")], &[("TERM", "dumb")], &[colours, ("ROLECALL_COLOR", "never")]];
        // Otherwise nothing would be shown by the three below.
        assert!(shown.contains('\u{1b}') || line == "validate", "{line}: {shown}");
        assert!(shown.contains(one_of_it) || !["plan", "drift"].contains(&line), "{line}: {shown}");
        for variables in plain {
            let shown = on_a_terminal(&world, line, variables);
            assert!(!shown.contains('\u{1b}'), "{line} {variables:?}: {shown:?}");
        }
        let run = world.run(line);
        assert!(!(run.stdout + &run.stderr).contains('\u{1b}'), "{line}");
    }
}

#[test]
fn of_fifty_writes_one_that_is_refused_is_the_only_one_left_to_do() {
    let group = |n: usize| {
        format!("  - {{ name: Team {n:02}, description: One of fifty., roles: [], members: unmanaged }}\n")
    };
    let world = World::new().groups(&(0..50).map(group).collect::<String>());
    let refused = json!({ "status": { "code": 400 } });
    world.faults(json!([{ "method": "POST", "writes": true, "skip": 23, "times": 1, "kind": refused }]));
    world.forget();
    let report = world.run("apply --auto-approve --format json").expect(3).json();
    let created = || world.writes().iter().filter(|it| it.starts_with("POST")).count();
    assert_eq!(created(), 50);
    assert_eq!(
        (report["steps"]["done"].as_u64(), report["steps"]["failed"].as_u64()),
        (Some(49), Some(1)),
        "{report:#}"
    );
    world.faults(json!([]));
    world.forget();
    let again = world.apply().expect(0);
    assert_eq!(created(), 1, "{}\n{}", again.stdout, again.stderr);
}
