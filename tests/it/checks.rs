//! What other plan-and-apply tools are known to get wrong and no other file here is about; `docs/checks.md` has the whole
//! list, with the tests of each.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use regex::Regex;
use serde_json::{Value, json};

use crate::support::{NO_CHANGES, World, repository};

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

/// The pattern, as the book has it.
fn pattern() -> Regex {
    let page = repository("docs/formats.md");
    Regex::new(page.lines().find(|it| it.starts_with("^Plan: ")).expect("the pattern")).unwrap()
}

#[test]
fn the_last_line_of_a_plan_is_of_the_pattern_that_is_published() {
    let pattern = pattern();
    let is_it = |it: &&str| it.starts_with("Plan: ") || *it == NO_CHANGES;
    let last = |run: &str| -> String { run.lines().rfind(is_it).expect("a last line").to_owned() };
    let member = |who: &str| {
        format!("  - {{ name: Desk, description: The desk., roles: unmanaged, members: [{who}] }}\n")
    };
    let many = member("ana@voyager.example")
        + "  - { name: New, description: New., roles: [], members: [] }\n  - { name: Newer, description: New., roles: [], members: [] }\n";
    for groups in [member("ana@voyager.example"), many] {
        let world = World::new().groups(&groups);
        let said = last(&world.plan().expect(0).stdout);
        assert!(pattern.is_match(&said), "{said}");
        world.apply().expect(0);
        assert_eq!(last(&world.plan().expect(0).stdout), NO_CHANGES);
    }
    // And of every snapshot of a plan.
    let mut seen = 0;
    for folder in ["src/report/render/snapshots", "src/report/render/tests/snapshots"] {
        for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            for line in text.lines().filter(|it| it.starts_with("Plan: ")) {
                assert!(pattern.is_match(line.trim_end_matches("␛[0m")), "{line}");
                seen += 1;
            }
        }
    }
    assert!(seen > 3, "{seen}");
    for wrong in [
        "Plan: 1 group to create",
        "Plan: x groups to create, 0 to change, 0 to delete; roles +0 ~0 -0; members +0 -0; 0 guards.",
    ] {
        assert!(!pattern.is_match(wrong), "{wrong}");
    }
}

/// What was kept of this form of plans and events: `plan examples/quickstart --out` and `--events` of the version before.
#[test]
fn a_plan_and_events_that_are_kept_are_still_read() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example] }\n",
    );
    world.write("kept.json", &repository("tests/golden/plan-2.json"));
    let shown = world.run("show kept.json").expect(0).stdout;
    assert!(shown.lines().any(|it| pattern().is_match(it)), "{shown}");
    let kinds = |text: &str| -> BTreeMap<String, BTreeSet<String>> {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in text.lines() {
            let event: Value = serde_json::from_str(line).expect(line);
            let fields = event.as_object().unwrap().keys().cloned();
            all.entry(event["event"].as_str().expect(line).to_owned()).or_default().extend(fields);
        }
        all
    };
    world.run("apply --auto-approve --events events.ndjson").expect(0);
    let today = kinds(&fs::read_to_string(world.path().join("events.ndjson")).unwrap());
    for (event, fields) in kinds(&repository("tests/golden/events-1.ndjson")) {
        let now = today.get(&event).unwrap_or_else(|| panic!("no {event} is written any more"));
        assert!(fields.is_subset(now), "{event}: {fields:?} and {now:?}");
    }
}
