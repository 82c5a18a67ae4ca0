//! A run that is told to stop: no new writes, a report of what was done, and a next run that goes on.

use std::{
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{Run, World};

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

/// Returns how often members were changed, or are being changed.
fn patches(stats: &Value) -> Option<u64> {
    stats["byRoute"]["PATCH /v3/companies/{companyId}/user-groups/{groupId}/members"].as_u64()
}

/// Runs a command and sends it a signal once `now` holds; faults end with that.
fn signalled(world: &World, line: &str, signal: &str, now: impl Fn(&Value) -> bool) -> Run {
    let child = world.start(line);
    world.until(now);
    send(&child, signal);
    // Whatever was held to that end goes on.
    world.faults(json!([]));
    child.wait_with_output().unwrap().into()
}

/// Sends a signal and returns once it was heard.
pub(crate) fn send(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    // It has to wake up and hear it before whatever it waits for is let go. A signal wakes the thread that waits for
    // everything, and that one sleeps again, or is gone, once it has done what there was to do.
    if cfg!(target_os = "linux") {
        while fs::read_to_string(format!("/proc/{}/stat", child.id()))
            .is_ok_and(|it| it.rsplit_once(") ").is_some_and(|it| !it.1.starts_with(['S', 'Z'])))
        {
            thread::yield_now();
        }
    } else {
        thread::sleep(Duration::from_millis(500));
    }
}

/// Returns the events in a file, having checked that one ends a run, and that nothing comes after it.
#[track_caller]
fn events(world: &World, file: &str) -> Vec<Value> {
    let text = fs::read_to_string(world.path().join(file)).unwrap();
    let events: Vec<Value> = text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    let ends: Vec<usize> = (0..events.len()).filter(|n| events[*n]["event"] == "end").collect();
    assert_eq!(ends, [events.len() - 1], "{text}");
    assert_eq!(events[0]["event"], "start", "{text}");
    events
}

/// Returns the only journal of a workspace, record by record.
fn journal(world: &World) -> Vec<Value> {
    let mut files = fs::read_dir(world.path().join(".rolecall/journal")).unwrap();
    let text = fs::read_to_string(files.next().unwrap().unwrap().path()).unwrap();
    text.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
}

#[cfg(unix)]
#[test]
fn before_the_first_write_an_interruption_changes_nothing() {
    for (line, signal) in [
        ("plan", "-INT"),
        ("plan", "-TERM"),
        ("plan", "-HUP"),
        ("apply --auto-approve", "-INT"),
        ("apply --auto-approve", "-HUP"),
    ] {
        let world = world();
        world.faults(json!([{ "path": "/user-groups/list", "kind": { "slow": { "ms": 60_000 } } }]));
        world.forget();
        let child = world.start(line);
        world.until(|it| it["requests"].as_u64() >= Some(1));
        send(&child, signal);
        let run = Run::from(child.wait_with_output().unwrap());
        run.expect(130).says(&["interrupted; nothing was written"]);
        assert_eq!(world.writes(), [""; 0], "{line} {signal}");
    }
}

/// Eight steps have begun and look at their groups: none of them has written yet, and none does.
#[cfg(unix)]
#[test]
fn a_step_that_was_only_looking_writes_nothing_any_more() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [root@voyager.example] }
  - { name: Night, description: Other., roles: unmanaged, members: unmanaged }\n",
    );
    // The plan asks for each list of members, and once more for who leaves; what is read before a write waits.
    let looks = "POST /v3/companies/{companyId}/user-groups/{groupId}/members";
    world.forget();
    world.plan().expect(0);
    let reads = world
        .log()
        .iter()
        .filter(|it| it["method"] == "POST" && it["path"].to_string().contains("/members"))
        .count() as u64;
    world.faults(
        json!([
            { "method": "POST", "path": "/members", "skip": reads, "times": 0, "kind": { "slow": { "ms": 600_000 } } },
            { "method": "GET", "path": "/user-groups/", "times": 0, "kind": { "slow": { "ms": 600_000 } } },
        ]),
    );
    world.forget();
    let texts = "GET /v3/companies/{companyId}/user-groups/{groupId}";
    let looking =
        |it: &Value| it["byRoute"][looks].as_u64() > Some(reads) && it["byRoute"][texts].as_u64() == Some(1);
    let run = signalled(&world, "apply --auto-approve", "-INT", looking);
    assert!(run.expect(130).stdout.contains("as the run was interrupted"));
    assert_eq!(world.writes(), [""; 0]);
}

#[cfg(unix)]
#[test]
fn after_it_running_writes_end_no_new_ones_begin_and_the_next_run_goes_on() {
    let world = world();
    world.faults(json!([{ "method": "PATCH", "times": 0, "kind": { "slow": { "ms": 600_000 } } }]));
    world.forget();
    let run = signalled(&world, "apply --auto-approve", "-TERM", |it| patches(it) == Some(8)).expect(3);
    assert!(run.stdout.contains("as the run was interrupted"), "{}", run.stdout);
    let joined = |n: &usize| {
        let name = format!("New {n:02}");
        world.group(&name).is_some() && !world.members(&name).is_empty()
    };
    assert_eq!((0..GROUPS).filter(joined).count(), 8, "steps at work are finished, others not begun");
    world.apply().expect(0);
    world.settled();
    assert_eq!(world.list("user-groups/list").len(), 3 + GROUPS);
}

#[test]
fn an_end_is_the_last_event_however_a_run_ends() {
    type Trouble = fn(&World);
    let runs: [(&str, u8, Trouble); 6] = [
        ("apply --auto-approve", 0, |_| ()),
        ("plan", 0, |_| ()),
        ("plan --detailed-exitcode", 2, |_| ()),
        ("apply --auto-approve", 4, |world| world.write("access/a.yaml", "version: 2\n")),
        ("apply --auto-approve", 3, |world| {
            let refused = json!({ "status": { "code": 400 } });
            world.faults(json!([{ "method": "PATCH", "skip": 2, "times": 0, "kind": refused }]));
        }),
        ("apply --auto-approve", 8, |world| {
            world.faults(json!([{ "path": "/list", "times": 0, "kind": { "truncate": {} } }]));
        }),
    ];
    for (line, code, trouble) in runs {
        let world = world();
        trouble(&world);
        let run = world.run(&format!("{line} --events e.ndjson")).expect(code.into());
        let events = events(&world, "e.ndjson");
        assert_eq!(events.last().unwrap()["exit"], code, "{line}: {}", run.stderr);
    }
}

#[cfg(unix)]
#[test]
fn the_first_signal_lets_the_journal_and_the_events_come_to_their_end() {
    let world = world();
    world.faults(json!([{ "method": "PATCH", "times": 0, "kind": { "slow": { "ms": 600_000 } } }]));
    world.forget();
    let child = world.start("apply --auto-approve --events e.ndjson");
    // More groups want members than are written to at once.
    world.until(|it| patches(it) == Some(8));
    send(&child, "-INT");
    world.faults(json!([]));
    let run = Run::from(child.wait_with_output().unwrap()).expect(3);
    assert_eq!(events(&world, "e.ndjson").last().unwrap()["exit"], 3);
    let journal = journal(&world);
    let end = journal.last().unwrap();
    assert_eq!((&end["record"], &end["exit"]), (&json!("end"), &json!(3)), "{}", run.stdout);
    let count = |kind: &str| journal.iter().filter(|it| it["record"] == kind).count();
    assert_eq!(count("intent"), count("ending"), "what was begun was finished");
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_the_process_at_once_and_the_events_with_it() {
    let world = world();
    world.faults(json!([{ "method": "PATCH", "times": 0, "kind": { "slow": { "ms": 600_000 } } }]));
    world.forget();
    let mut child = world.start("apply --auto-approve --events e.ndjson");
    world.until(|it| patches(it) == Some(8));
    let applied = world.stats()["applied"].clone();
    send(&child, "-INT");
    // Two signals in one moment count as one, so it is told until it hears.
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap(),
        }
    };
    assert_eq!(status.code(), Some(3));
    assert_eq!(world.stats()["applied"], applied, "it did not wait for the answers");
    assert_eq!(events(&world, "e.ndjson").last().unwrap()["exit"], 3);
    let journal = journal(&world);
    assert_ne!(journal.last().unwrap()["record"], "end", "nobody was left to write it");
    world.until(|it| it["inFlight"] == 0);
    world.faults(json!([]));
    world.apply().expect(0);
    world.settled();
}

#[test]
fn a_run_that_fails_again_and_again_gives_up() {
    let world = world();
    let refused = json!({ "status": { "code": 400 } });
    world.faults(json!([{ "method": "PATCH", "times": 0, "kind": refused }]));
    world.forget();
    let run = world.run("apply --auto-approve --concurrency 1 --max-failures 2").expect(3);
    assert!(run.stdout.contains("Stopped: too many steps failed (`--max-failures`)."), "{}", run.stdout);
    let patches = world.writes().into_iter().filter(|it| it == "PATCH members").count();
    assert_eq!(patches, 2);
    let created = (0..GROUPS).filter(|n| world.group(&format!("New {n:02}")).is_some()).count();
    let left = run.stdout.lines().filter(|it| it.contains("as too many steps failed")).count();
    assert!(left > 0, "others were not begun");
    assert_eq!(
        left,
        2 * GROUPS - created - patches,
        "every step that was not begun is listed\n{}",
        run.stdout
    );
    world.faults(json!([]));
    world.apply().expect(0);
    world.settled();
}

#[cfg(unix)]
#[test]
fn a_hang_up_ends_a_run_with_report_and_journal_unless_it_is_ignored() {
    for (ignored, code) in [(false, 3), (true, 0)] {
        let world = world();
        world.faults(json!([{ "method": "PATCH", "times": 0, "kind": { "slow": { "ms": 600_000 } } }]));
        world.forget();
        // As `nohup` does it.
        let trap = if ignored { "trap '' HUP; " } else { "" };
        let line = format!("{trap}exec {} apply --auto-approve", env!("CARGO_BIN_EXE_rolecall"));
        let mut shell = Command::new("/bin/sh");
        let own = world.command();
        let variables = own.get_envs().filter_map(|(name, value)| Some((name, value?)));
        shell.env_clear().envs(variables).current_dir(world.path()).args(["-c", &line]);
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = shell.spawn().unwrap();
        world.until(|it| patches(it) == Some(8));
        send(&child, "-HUP");
        world.faults(json!([]));
        let run = Run::from(child.wait_with_output().unwrap()).expect(code);
        assert_eq!(run.stdout.contains("Interrupted: "), !ignored, "{}", run.stdout);
        assert_eq!(journal(&world).last().unwrap()["exit"], code, "{}", run.stdout);
    }
}
