//! The clock is the clock: only `--now` says otherwise and is told, and what has ended is given by no approval.

use std::{fs, process::Stdio, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{Run, Server, World, words};

/// Bo was to leave years ago; Cy is to leave in a hundred.
const DESK: &str = "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example, { email: bo@voyager.example, until: 2020-01-31 }, { email: cy@voyager.example, until: 2126-01-31 }] }\n";

/// Days that build shells set: long past, and far ahead.
const DATES: [(&str, &str); 3] = [
    ("0", "1970-01-01T00:00:00Z"),
    ("315532800", "1980-01-01T00:00:00Z"),
    ("7258118400", "2200-01-01T00:00:00Z"),
];

#[test]
fn a_date_for_documents_does_not_decide_what_has_ended() {
    for (epoch, dated) in DATES {
        let world = World::new().groups(DESK).variable("SOURCE_DATE_EPOCH", epoch);
        for line in ["plan", "drift"] {
            let run = world.run(line);
            let run = run.shows("- member bo@voyager.example").shows("+ member cy@voyager.example");
            assert!(!run.stdout.contains("--now") && !run.stdout.contains(&dated[..10]), "{}", run.stdout);
        }
        let json = world.run("plan --format json").expect(0).json();
        assert_eq!((json["createdAt"].as_str(), &json["now"]), (Some(dated), &Value::Null));
        let explained = world.run("explain bo@voyager.example --format json").expect(0).json();
        assert_eq!((explained["createdAt"].as_str(), &explained["now"]), (Some(dated), &Value::Null));
        assert!(explained.to_string().contains("ended"), "{explained}");
        world.run("snapshot --out live.json").expect(0);
        assert!(fs::read_to_string(world.path().join("live.json")).unwrap().contains(dated));
        world.run("drift --live live.json").expect(2).shows("- member bo@voyager.example");
        world.apply().expect(0);
        assert_eq!(world.members("Desk"), ["ana@voyager.example", "cy@voyager.example"]);
        let drift = world.run("drift").expect(0).stdout;
        assert!(drift.contains("No drift at 2") && !drift.contains(dated), "{drift}");
    }
}

#[test]
fn a_time_that_is_given_is_told_in_every_format_and_only_then() {
    let world = World::new().groups(DESK);
    let given = "2019-06-01T00:00:00Z";
    for line in [
        "plan",
        "drift",
        "explain ana@voyager.example",
        "report",
        "apply --auto-approve --approve 0123456789abcdef0123456789abcdef",
    ] {
        for format in ["text", "markdown"] {
            let told = |run: &Run| run.stdout.contains(&format!("as of {given} (--now)"));
            let with = world.run(&format!("{line} --format {format} --now {given}"));
            assert!(told(&with), "{line} {format}\n{}", with.stdout);
            let mut command = world.command();
            command.args(words(line)).args(["--format", format]).env("ROLECALL_NOW", given);
            assert!(told(&command.stdin(Stdio::null()).output().unwrap().into()), "{line} {format}");
            let without = world.run(&format!("{line} --format {format}"));
            assert!(!without.stdout.contains("--now"), "{line} {format}\n{}", without.stdout);
        }
        let json = world.run(&format!("{line} --format json --now {given}")).json();
        let plan = if json["kind"] == "apply" { &json["plan"] } else { &json };
        assert_eq!(plan["now"], given, "{line}");
    }
    let heartbeat = World::new()
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n")
        .run(&format!("drift --now {given}"));
    heartbeat.expect(0).shows(&format!("No drift at {given} (--now): "));
}

/// What an entry gives until the end of November: a membership, a role, a wider scope, a direct role.
fn lent() -> [(&'static str, String); 4] {
    let desk = "name: Desk, description: The desk.";
    let agent = "{ role: Agent, scope: { company: globex } }";
    let of = |roles: &str, members: &str| {
        format!("groups:\n  - {{ {desk}, roles: {roles}, members: {members} }}\n")
    };
    [
        ("a membership", of("unmanaged", "{ atLeast: [{ email: cy@voyager.example, until: 2026-11-30 }] }")),
        (
            "a role",
            of(&format!("[{agent}, {{ role: Trip Manager, scope: {{ company: globex }}, until: 2026-11-30 }}]"), "unmanaged"),
        ),
        (
            "a wider scope",
            of(&format!("[{agent}, {{ role: Agent, scope: {{ company: initech }}, until: 2026-11-30 }}]"), "unmanaged"),
        ),
        (
            "a direct role",
            "users:\n  - { user: ana@voyager.example, directRoles: { atLeast: [{ type: COMPANY_ADMIN, company: voyager, until: 2026-11-30 }] } }\n".to_owned(),
        ),
    ]
}

type Edit = fn(&str) -> String;

/// What becomes of the file between plan and apply.
const EDITS: [(&str, Edit); 4] = [
    ("nothing", str::to_owned),
    ("a remark", |it| format!("{it}# a remark\n")),
    ("the entry is gone", |_| "removed: [{ group: Old, reason: over }]\n".to_owned()),
    ("it was to last longer", |it| it.replace("2026-11-30", "2026-12-01")),
];

#[test]
fn what_has_ended_between_plan_and_apply_is_given_by_no_approval() {
    for (what, text) in lent() {
        for (edit, edited) in EDITS {
            let world = World::new().with("access/a.yaml", &format!("version: 1\n{text}"));
            world.run("plan --out plan.json --now 2026-11-29").expect(0);
            let plan: Value =
                serde_json::from_str(&fs::read_to_string(world.path().join("plan.json")).unwrap()).unwrap();
            assert!(plan.to_string().contains("\"ends\":\"2026-12-01T00:00:00Z\""), "{what}: {plan:#}");
            let id = &plan["id"].as_str().unwrap()[..32];
            world.write("access/a.yaml", &format!("version: 1\n{}", edited(&text)));
            world.forget();
            for line in [
                "apply plan.json",
                "apply plan.json --approve ID",
                "apply plan.json --auto-approve --approve ID",
                "apply --approve ID",
            ] {
                let line = line.replace("ID", id);
                world.run(&format!("{line} --now 2026-12-02")).expect(7);
                assert_eq!(world.writes(), [""; 0], "{what}, {edit}: {line}");
            }
            // Less than what was approved is left, and of this there is nothing.
            world.run("apply --approved-at-most plan.json --now 2026-12-02").expect(0);
            assert_eq!(world.writes(), [""; 0], "{what}, {edit}");
            // A moment before it ends it is given as it was approved.
            world.run(&format!("apply plan.json --approve {id} --now 2026-11-30T23:59:59Z")).expect(0);
            assert_ne!(world.writes(), [""; 0], "{what}, {edit}");
        }
    }
}

/// Two keys of one person: the membership lasts as long as the entry that lasts longer.
#[test]
fn of_two_entries_for_one_person_the_longer_one_counts() {
    for (second, code) in [("until: 2026-11-30", 7), ("until: 2126-11-30", 0)] {
        let entries = format!(
            "{{ email: bo@voyager.example, until: 2026-11-30 }}, {{ externalId: agent-17, {second} }}"
        );
        let world = World::new().groups(&format!(
            "  - {{ name: Night, description: The night., roles: unmanaged, members: {{ atLeast: [{entries}] }} }}\n"
        ));
        world.run("plan --out plan.json --now 2026-11-29").expect(0);
        let plan: Value =
            serde_json::from_str(&fs::read_to_string(world.path().join("plan.json")).unwrap()).unwrap();
        world.write(
            "rolecall.yaml",
            &(fs::read_to_string(world.path().join("rolecall.yaml")).unwrap() + "# a remark\n"),
        );
        let id = &plan["id"].as_str().unwrap()[..32];
        world.run(&format!("apply plan.json --approve {id} --now 2026-12-02")).expect(code);
    }
}

/// The plan was made while it ran, and reading took until it had ended: nobody answered a question meanwhile, but
/// somebody may take as long for that.
#[test]
fn what_ends_while_an_apply_reads_is_not_given() {
    for seconds in [4, 30, 240] {
        let ends = Timestamp::now() + SignedDuration::from_secs(seconds);
        let world = World::new().groups(&format!(
            "  - {{ name: Desk, description: The desk., roles: unmanaged, members: {{ atLeast: [{{ email: cy@voyager.example, until: \"{ends}\" }}] }} }}\n"
        ));
        let desk = world.id("Desk");
        world.forget();
        world.faults(
            json!([{ "path": desk, "method": "POST", "times": 0, "kind": { "slow": { "ms": 600_000 } } }]),
        );
        let child = world.start("apply --auto-approve");
        world.until(|it| {
            it["byRoute"]["POST /v3/companies/{companyId}/user-groups/{groupId}/members"].is_u64()
        });
        while Timestamp::now() < ends {
            std::thread::sleep(Duration::from_millis(50));
        }
        world.faults(json!([]));
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!(world.writes(), [""; 0]);
        // On a machine so slow that it had ended at the start there was nothing to do.
        if run.code != 0 {
            run.expect(7).says(&["Desk: would get what has ended meanwhile"]);
            return;
        }
    }
    panic!("it never started in time");
}

/// Whatever has a date in the files, each with what else there is.
fn dated() -> Vec<(&'static str, String)> {
    let desk = "groups:\n  - { name: Desk, description: The desk., roles: unmanaged, members: { atLeast: [cy@voyager.example] } }\n";
    let mut all: Vec<(&str, String)> =
        lent().into_iter().map(|(what, text)| (what, text.replace("2026-11-30", "2126-11-30"))).collect();
    all.push(("a membership that has ended", lent()[0].1.replace("2026-11-30", "2020-01-31")));
    all.push((
        "an exception",
        format!(
            "{desk}|exceptions: [{{ guard: removals, group: Desk, upTo: 1, until: 2126-01-31, reason: r }}]\n"
        ),
    ));
    all.push((
        "a lock-out",
        format!("{desk}|lockout: [{{ email: cy@voyager.example, since: 2126-01-31, reason: r }}]\n"),
    ));
    all
}

/// A world with one of them; what follows `|` belongs into the workspace file.
fn dated_world(text: &str) -> World {
    let (access, rules) = text.split_once('|').unwrap_or((text, ""));
    World::new()
        .with("access/a.yaml", &format!("version: 1\n{access}"))
        .ruled(&format!("guards: {{ privileged: [] }}\n{rules}"))
}

/// The clock of the server, so many seconds from what it is, for all requests after the first `skip`.
fn shift(world: &World, skip: usize, delta: i64) {
    world.faults(json!([{ "times": 0, "skip": skip, "kind": { "shiftClock": { "delta": delta } } }]));
    world.forget();
}

const FAR: [&str; 4] = [
    "the clock of this machine says 2",
    "that of the server ",
    "dates",
    "hint: set the clock of this machine (NTP)",
];

#[test]
fn nothing_goes_by_dates_where_the_clocks_are_far_apart() {
    for (what, text) in dated() {
        let world = dated_world(&text);
        world.run("plan --out plan.json").expect(0);
        world.run("apply --auto-approve --journal journal.ndjson").expect(0);
        for delta in [3600, -3600, 310, -310, 400 * 86_400, -2000 * 86_400] {
            shift(&world, 0, delta);
            for line in [
                "plan",
                "plan --check",
                "plan --format json",
                "drift",
                "apply --auto-approve",
                "apply plan.json",
                "rollback journal.ndjson",
                "explain cy@voyager.example",
                "report",
            ] {
                // Where it gave nothing there is nothing to undo.
                let undone = line.starts_with("rollback") && !world.path().join("journal.ndjson").exists();
                if undone || (delta.abs() != 3600 && line != "apply --auto-approve") {
                    continue;
                }
                let run = world.run(line).expect(8);
                let said = run.stdout + &run.stderr;
                assert!(
                    FAR.iter().all(|it| said.contains(it.trim_start_matches("hint: "))),
                    "{what}, {line}: {said}"
                );
                assert_eq!(world.writes(), [""; 0], "{what}, {line}");
            }
            // Who says what time it is needs no clock, and it is told.
            let now = Timestamp::now();
            assert!(world.run(&format!("plan --now {now:.0}")).expect(0).stdout.contains("(--now)"));
        }
        for delta in [0, 240, -240] {
            shift(&world, 0, delta);
            for line in ["plan", "drift", "apply --auto-approve", "explain cy@voyager.example"] {
                let run = world.run(line).expect(0);
                assert!(!run.stderr.contains("clock"), "{what}, {line}: {}", run.stderr);
            }
        }
    }
}

/// One answer that is slow, or comes from a cache, is not the server's clock; nor is one that says nothing of it.
#[test]
fn the_answer_that_says_least_is_believed() {
    let world = World::new().groups(DESK);
    world.faults(json!([{ "times": 2, "kind": { "shiftClock": { "delta": -86_400 } } }]));
    world.run("plan").expect(0).shows("- member bo@voyager.example");
    // Of the embedded API every answer has a date: of another none may.
    let silent = Server::answering("403 Forbidden");
    world.run(&format!("plan --endpoint {}", silent.url)).expect(5);
}

#[test]
fn where_nothing_has_a_date_a_far_clock_is_only_remarked_upon() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: { atLeast: [cy@voyager.example] } }\n",
    );
    shift(&world, 0, -86_400);
    let remark = "nothing here goes by a date";
    let plan = world.run("plan").expect(0).says(&["warning: the clock of this machine says", remark]);
    plan.shows("+ member cy@voyager.example");
    let run = world.run("plan --now 2026-11-29").expect(0);
    assert!(!run.stderr.contains("clock"), "{}", run.stderr);
    world.run("snapshot --out live.json").expect(0);
    let run = world.run("plan --live live.json").expect(0);
    assert!(!run.stderr.contains("clock"), "{}", run.stderr);
    world.run("apply --auto-approve").expect(0).says(&[remark]);
    world.run("drift").expect(0).says(&[remark]);
}

#[test]
fn a_snapshot_has_no_clock_to_compare_with() {
    let world = World::new().groups(DESK);
    shift(&world, 0, -86_400);
    world.run("snapshot --out live.json").expect(0);
    world.run("plan --live live.json").expect(0).shows("- member bo@voyager.example");
}

/// Lock-outs have dates as well; whoever has to cut off somebody at once says what time it is.
#[test]
fn a_lock_out_waits_for_a_clock_or_the_time() {
    let lockout = "lockout: [{ email: ana@voyager.example, since: 2026-01-31, reason: r }]\n";
    let world = World::new().groups(DESK).ruled(lockout);
    shift(&world, 0, -400 * 86_400);
    world.run("apply --only lockout --auto-approve").expect(8).says(&FAR);
    assert_eq!(world.writes(), [""; 0]);
    let now = Timestamp::now();
    world.run(&format!("apply --only lockout --auto-approve --now {now:.0}")).expect(0);
    assert!(!world.members("Desk").contains(&"ana@voyager.example".to_owned()));
}

/// Between plan and writes an answer to a question may take days: the looks before the writes tell.
#[test]
fn an_apply_looks_at_the_clock_again_before_it_writes() {
    let two =
        format!("{DESK}  - {{ name: Night, description: Other., roles: unmanaged, members: unmanaged }}\n");
    for groups in [
        DESK,
        &two,
        "  - { name: New, description: New., roles: [], members: [{ email: cy@voyager.example, until: 2126-01-31 }] }\n",
    ] {
        let world = World::new().groups(groups);
        world.forget();
        world.plan().expect(0);
        let planning = world.log().len();
        shift(&world, planning, 7200);
        let run = world.run("apply --auto-approve").expect(8);
        let said = run.stdout + &run.stderr;
        assert!(said.contains("the clock of this machine says") && said.contains("not written"), "{said}");
        assert_eq!(world.writes(), [""; 0], "{said}");
        shift(&world, planning, 240);
        world.run("apply --auto-approve").expect(0);
    }
}
