//! What is printed where, and in which form: results on standard output, everything else beside it.

use serde_json::{Value, json};

use crate::{
    support::{Run, SEED, World, binary, forget, forget_world, words},
    terminal::COMMANDS,
};

const DESK: &str = "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example, cy@voyager.example] }\n";

fn world() -> World {
    World::new().groups(DESK)
}

/// A world in which files and live state agree.
fn clean() -> World {
    World::new().groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n")
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    for (line, variables, coloured) in [
        ("plan", &[][..], false),
        ("plan --color always", &[], true),
        ("plan --color never", &[], false),
        ("plan", &[("ROLECALL_COLOR", "always")], true),
        ("plan", &[("NO_COLOR", "1"), ("TERM", "xterm-256color")], false),
        ("plan --format json --color always", &[], false),
        ("plan --format markdown --color always", &[], false),
    ] {
        let world = variables.iter().fold(world(), |it, (name, value)| it.variable(name, value));
        let run = world.run(line).expect(0);
        assert_eq!(run.stdout.contains('\u{1b}'), coloured, "{line} {variables:?}");
        assert!(!run.stderr.contains('\u{1b}'), "{line}");
    }
    let failed = world().run("plan --endpoint nowhere").expect(4);
    assert!(!failed.stderr.contains('\u{1b}'), "{}", failed.stderr);
}

#[test]
fn colour_carries_nothing_alone() {
    let world = world();
    let plain = world.run("plan").expect(0).stdout;
    let coloured = world.run("plan --color always").expect(0).stdout;
    let mut stripped = String::new();
    for part in coloured.split('\u{1b}') {
        stripped += if stripped.is_empty() { part } else { part.split_once('m').map_or("", |it| it.1) };
    }
    let without_time = |text: &str| text.lines().skip(1).collect::<Vec<_>>().join("\n");
    assert_eq!(without_time(&stripped), without_time(&plain));
}

#[test]
fn names_from_outside_cannot_move_the_cursor_or_call_people() {
    // A file may not hold an escape, but whoever edits a group by hand may give it one.
    let seed = SEED.replace("description: The desk.", "description: \"a\\e[31mb\\n## d\"");
    let world = World::seeded(&seed).groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }
  - { name: \"New `@team` <b>|\", description: \"a\\n## c\", roles: [], members: [] }\n",
    );
    for format in ["text", "json", "markdown"] {
        let run = world.run(&format!("plan --format {format}")).expect(0);
        assert!(!run.stdout.contains('\u{1b}'), "{format}: {}", run.stdout);
        assert!(!run.stdout.contains("\n## "), "{format}: {}", run.stdout);
    }
}

#[test]
fn exit_codes_tell_changes_apart_only_where_asked() {
    for (world, plan, detailed) in [(world(), 0, 2), (clean(), 0, 0)] {
        world.run("plan").expect(plan);
        world.run("plan --detailed-exitcode").expect(detailed);
        world.run("drift").expect(detailed);
        world.run("drift --format json").expect(detailed);
    }
}

#[test]
fn a_clean_drift_run_leaves_a_heartbeat() {
    let drift = clean().run("drift --now 2026-12-24T03:17:00Z").expect(0);
    let last = drift.stdout.lines().last().unwrap();
    assert!(
        last.starts_with(
            "No drift at 2026-12-24T03:17:00Z (--now): 1 declared group, 0 memberships, 2 requests in "
        ),
        "{last}"
    );
    let drift = world().run("drift").expect(2);
    assert!(!drift.stdout.contains("No drift"), "{}", drift.stdout);
}

#[test]
fn a_log_has_one_line_per_request_and_no_secret() {
    // People are asked for one by one here, by address and in the query.
    let more = "clients: [{ id: sandbox-client, secret: hush-hush }]\ndialect: { usersList: refused }\n";
    let client = [
        ("ROLECALL_TOKEN", ""),
        ("ROLECALL_CLIENT_ID", "sandbox-client"),
        ("ROLECALL_CLIENT_SECRET", "hush-hush"),
    ];
    for credentials in [&client[..], &[("ROLECALL_TOKEN", "full-token")]] {
        for line in ["plan -v", "plan -vv", "plan -vv --log-format json", "apply --auto-approve -vv"] {
            let world = World::seeded(&format!("{SEED}{more}")).groups(DESK);
            let world = credentials.iter().fold(world, |it, (name, value)| it.variable(name, value));
            world.forget();
            let run = world.run(line).expect(0);
            let logged =
                run.stderr.lines().filter(|it| it.contains("request") && it.contains("status")).count();
            assert_eq!(logged, world.log().len(), "{line}\n{}", run.stderr);
            for secret in ["hush-hush", "full-token", "bearer", "voyager.example"] {
                assert!(!run.stderr.to_lowercase().contains(secret), "{line}: `{secret}` in\n{}", run.stderr);
            }
            assert!(!run.stdout.contains("hush-hush") && !run.stdout.contains("full-token"));
        }
    }
}

#[test]
fn nothing_is_logged_unasked() {
    let run = world().run("plan").expect(0);
    assert_eq!(run.stderr, "");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let files = [("access/a.yaml", "access/z.yaml"), ("access/z.yaml", "access/a.yaml")];
    let groups = [
        [
            "version: 1\ngroups:\n  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: [globex, initech] } }], members: [cy@voyager.example, ana@voyager.example] }\n",
            "version: 1\ngroups:\n  - { name: New, description: New., roles: [], members: [bo@voyager.example] }\n",
        ],
        [
            "groups:\n  - members: [ana@voyager.example, cy@voyager.example]\n    roles: [{ scope: { company: [initech, globex] }, role: Agent }]\n    description: The desk.\n    name: Desk\nversion: 1\n",
            "groups: [{ members: [bo@voyager.example], roles: [], description: New., name: New }]\nversion: 1\n",
        ],
    ];
    let mut plans: Vec<Value> = Vec::new();
    for (first, second) in files {
        for [desk, new] in groups {
            let world = World::new().with(first, desk).with(second, new);
            let line = "plan --format json --now 2026-12-24T03:17:00Z";
            let twice = [(); 2].map(|()| world.run(line).expect(0).stdout);
            assert_eq!(twice[0], twice[1]);
            let mut plan: Value = serde_json::from_str(&twice[0]).unwrap();
            forget_world(&mut plan);
            forget(&mut plan, &["origin"]);
            plans.push(plan);
        }
    }
    plans.dedup();
    assert_eq!(plans.len(), 1, "{plans:#?}");
}

#[test]
fn json_is_one_document_in_every_outcome() {
    let refused = |code: u16| json!([{ "times": 0, "kind": { "status": { "code": code } } }]);
    let one_fails = json!([{ "method": "PATCH", "kind": { "status": { "code": 400 } } }]);
    let none = json!([]);
    let two = "  - { name: Desk, description: The desk., roles: unmanaged, members: [cy@voyager.example] }
  - { name: New, description: New., roles: [], members: [] }\n";
    for (line, groups, faults, code) in [
        ("plan", two, &none, 0),
        ("plan --detailed-exitcode", two, &none, 2),
        (
            "plan",
            "  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n",
            &none,
            0,
        ),
        ("plan", "  - { nmae: Desk }\n", &none, 4),
        (
            "plan",
            "  - { name: Desk, description: The desk., roles: [{ role: Agnet, scope: { company: globex } }], members: unmanaged }\n",
            &none,
            0,
        ),
        ("plan --nonsense", two, &none, 4),
        ("plan --endpoint nonsense", two, &none, 4),
        ("plan", two, &refused(401), 5),
        ("plan", two, &refused(404), 8),
        ("drift", two, &none, 2),
        ("drift", two, &refused(403), 5),
        ("apply", two, &none, 4),
        ("apply --auto-approve", two, &none, 0),
        ("apply --auto-approve", two, &one_fails, 3),
        (
            "apply --auto-approve",
            "  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n",
            &none,
            0,
        ),
        ("validate", two, &none, 0),
        ("validate", "  - { nmae: Desk }\n", &none, 4),
        ("validate no/such/file", two, &none, 4),
    ] {
        for form in ["--format json", "--format=json"] {
            let world = World::new().groups(groups);
            world.faults(faults.clone());
            let run = world.run(&format!("{line} {form}")).expect(code);
            let document = run.json();
            let version = if document["kind"] == "plan" { 2 } else { 1 };
            assert_eq!(document["version"], version, "{line} {form}: {document:#}");
            assert!(run.stdout.ends_with("}\n"), "{line} {form}");
        }
    }
}

#[test]
fn only_who_asks_for_json_gets_it_of_a_line_that_is_none() {
    for (line, variable, json) in [
        ("plan --format json --nonsense", "", true),
        ("plan --nonsense --format=json", "", true),
        ("plan --nonsense", "json", true),
        ("plan --nonsense --format text", "json", false),
        ("plan --format --nonsense", "json", true),
        ("plan --log-format json --nonsense", "", false),
        ("plan --nonsense json", "", false),
        ("plan --nonsense -- --format json", "", false),
        ("plan --nonsense", "markdown", false),
    ] {
        let mut command = binary();
        if !variable.is_empty() {
            command.env("ROLECALL_FORMAT", variable);
        }
        let run: Run = command.args(words(line)).output().unwrap().into();
        let run = run.expect(4).says(&["--"]);
        assert_eq!(run.stdout.starts_with('{'), json, "{line} {variable}\n{}", run.stdout);
    }
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_no_text_is_a_mistake_and_no_panic() {
    use std::os::unix::ffi::OsStrExt as _;
    let odd = std::ffi::OsStr::from_bytes(b"--\xff");
    let run: Run = binary().arg("plan").arg(odd).output().unwrap().into();
    assert!(!run.expect(4).stderr.contains("panicked"));
}

#[test]
fn help_fits_a_screen_and_has_an_example() {
    for command in std::iter::once("").chain(COMMANDS) {
        let help = |flag: &str| -> String {
            let run: Run = binary().args(words(&format!("{command} {flag}"))).output().unwrap().into();
            run.expect(0).stdout
        };
        let brief = help("-h").lines().count();
        assert!(brief <= 53, "`{command} -h` has {brief} lines\n{}", help("-h"));
        // With a variable beside each option.
        let help = help("--help");
        assert!(help.lines().count() <= 80, "`{command} --help` has {} lines\n{help}", help.lines().count());
        for line in help.lines() {
            assert!(line.chars().count() <= 100, "`{command} --help`: {line}");
        }
        assert!(command.is_empty() || help.contains("Example: rolecall "), "{help}");
        insta::assert_snapshot!(
            if command.is_empty() { "help".to_owned() } else { format!("help_{command}") },
            help
        );
    }
}

#[test]
fn every_command_is_in_the_help_and_its_example_is_a_valid_line() {
    let help: Run = binary().arg("--help").output().unwrap().into();
    for command in COMMANDS {
        assert!(
            help.stdout.lines().any(|it| it.trim_start().starts_with(&format!("{command} "))),
            "{}",
            help.stdout
        );
        let own: Run = binary().args([command, "--help"]).output().unwrap().into();
        let example =
            own.stdout.lines().find_map(|it| it.strip_prefix("Example: rolecall ")).unwrap().to_owned();
        let example = example.split(" > ").next().unwrap();
        // clap reads the line up to the first mistake; `--help` at its end is reached only without one.
        let run: Run = binary().args(words(example)).arg("--help").output().unwrap().into();
        run.expect(0);
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    for line in ["--version", "-V"] {
        let run: Run = binary().arg(line).output().unwrap().into();
        assert_eq!(run.expect(0).stdout, format!("rolecall {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let world = world();
    let mut child = world
        .command()
        .arg("plan")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let run: Run = child.wait_with_output().unwrap().into();
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    run.expect(0);
}
