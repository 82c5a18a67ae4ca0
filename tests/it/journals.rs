//! The journal of an apply: it knows of every write before the server does, or there is no write.

use std::{fs, process::Command};

use serde_json::{Value, json};

use crate::support::{Run, World};

/// A change that takes five writes.
fn world() -> World {
    World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example, cy@voyager.example] }
  - { name: Night, description: By night., roles: [{ role: Agent, scope: { company: globex } }], members: [bo@voyager.example] }
",
    )
}

/// Returns the records of a journal of the workspace.
fn records(world: &World, journal: &str) -> Vec<Value> {
    let text = fs::read_to_string(world.path().join(journal)).unwrap();
    assert!(text.ends_with('\n'), "a line was cut off");
    text.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
}

/// Returns the ids of the requests that records of this kind speak of.
fn ids(records: &[Value], kind: &str) -> Vec<String> {
    let of_kind = records.iter().filter(|it| it["record"] == kind);
    of_kind.map(|it| it["requestId"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_write_is_in_the_journal_before_it_is_sent() {
    let world = world();
    world.faults(json!([{ "writes": true, "times": 0, "kind": { "slow": { "ms": 600_000 } } }]));
    world.forget();
    let child = world.start("apply --auto-approve --journal j.ndjson");
    // Desk and Night have nothing to do with each other; Night's other steps wait for its removal.
    world.until(|it| it["writes"].as_u64() >= Some(2));
    let journal = records(&world, "j.ndjson");
    assert_eq!(journal[0]["record"], "start");
    assert_eq!(world.stats()["applied"], 0);
    assert!(ids(&journal, "intent").len() >= 2, "{journal:?}");
    assert_eq!(ids(&journal, "ending"), [""; 0], "nothing was answered");
    world.faults(json!([]));
    Run::from(child.wait_with_output().unwrap()).expect(0);
    let journal = records(&world, "j.ndjson");
    let sent: Vec<String> = world.written().into_iter().map(|it| it.what).collect();
    assert_eq!(ids(&journal, "intent").len(), sent.len());
    assert_eq!(ids(&journal, "ending").len(), sent.len());
    let end = journal.last().unwrap();
    assert_eq!((&end["record"], &end["exit"], &end["result"]), (&json!("end"), &json!(0), &json!("ok")));
}

#[test]
fn every_write_carries_the_id_that_the_journal_gives_it() {
    let world = world().with(
        "access/b.yaml",
        "version: 1\ngroups: [{ name: New, description: New., roles: [], members: [ana@voyager.example] }]\n",
    );
    world.call(
        "POST",
        "/v3/companies/1a6f0000-0000-4000-8000-000000000001/user-groups",
        json!({ "name": "Old", "description": "Old." }),
    );
    world.write("access/c.yaml", "version: 1\nremoved: [{ group: Old, reason: r }]\n");
    world.forget();
    world.run("apply --auto-approve --journal j.ndjson").expect(0);
    let mut intended = ids(&records(&world, "j.ndjson"), "intent");
    let writes = world.log().into_iter().filter(|it| it["write"] == true);
    let mut sent: Vec<String> = writes
        .map(|it| it["requestId"].as_str().unwrap_or_else(|| panic!("no id: {it}")).to_owned())
        .collect();
    intended.sort();
    sent.sort();
    assert_eq!(sent, intended);
    sent.dedup();
    assert_eq!(sent.len(), intended.len(), "an id is used twice");
}

#[test]
fn without_a_journal_nothing_is_written() {
    for journal in ["rolecall.yaml/j.ndjson", "access", "access/a.yaml"] {
        let world = world();
        let file = fs::read_to_string(world.path().join("access/a.yaml")).unwrap();
        world.forget();
        let run = world.run(&format!("apply --auto-approve --journal {journal}"));
        assert_ne!(run.code, 0, "{journal}");
        run.says(&["journal", "hint: "]);
        assert_eq!(world.writes(), [""; 0], "{journal}");
        assert_eq!(fs::read_to_string(world.path().join("access/a.yaml")).unwrap(), file, "{journal}");
    }
}

#[test]
fn a_journal_is_never_written_over() {
    let world = world();
    world.run("apply --auto-approve --journal j.ndjson").expect(0);
    let first = fs::read(world.path().join("j.ndjson")).unwrap();
    world.write(
        "access/a.yaml",
        "version: 1\ngroups: [{ name: Desk, description: d, roles: unmanaged, members: unmanaged }]\n",
    );
    world.forget();
    world.run("apply --auto-approve --journal j.ndjson").expect(4).says(&["exists already"]);
    assert_eq!(world.writes(), [""; 0]);
    assert_eq!(fs::read(world.path().join("j.ndjson")).unwrap(), first);
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_a_journal() {
    use std::os::unix::fs::PermissionsExt;

    let world = world();
    world.apply().expect(0);
    let folder = world.path().join(".rolecall/journal");
    let journals: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap()).collect();
    assert_eq!(journals.len(), 1);
    assert_eq!(journals[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

/// Needs a shell whose `ulimit -f` counts blocks of 512 bytes, as POSIX says.
#[cfg(target_os = "linux")]
#[test]
fn a_journal_that_cannot_grow_stops_the_run_before_the_next_write() {
    let whole = {
        let world = world();
        world.run("apply --auto-approve --concurrency 1 --journal j.ndjson").expect(0);
        records(&world, "j.ndjson").iter().map(|it| it.to_string().len() + 1).collect::<Vec<_>>()
    };
    // Room for the start, one write and a part of what follows.
    let room = whole[..3].iter().sum::<usize>();
    for blocks in [room.div_ceil(512), room.div_ceil(512) + 1] {
        let world = world();
        world.forget();
        let product = world.command();
        let variables = product.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let mut shell = Command::new("sh");
        shell.env_clear().envs(variables).current_dir(world.path());
        let line = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec {} apply --auto-approve --concurrency 1 --journal j.ndjson",
            env!("CARGO_BIN_EXE_rolecall")
        );
        let run = Run::from(shell.args(["-c", &line]).output().unwrap());
        assert!([1, 3].contains(&run.code), "{}\n{}\n{}", run.code, run.stdout, run.stderr);
        let text = fs::read_to_string(world.path().join("j.ndjson")).unwrap();
        let lines = text.lines().filter_map(|it| serde_json::from_str(it).ok()).collect::<Vec<Value>>();
        let intended = ids(&lines, "intent");
        for write in world.log().iter().filter(|it| it["write"] == true) {
            assert!(intended.iter().any(|it| write["requestId"] == **it), "not in the journal: {write}");
        }
        world.apply().expect(0);
        world.settled();
    }
}

#[test]
fn two_lost_answers_to_creations_leave_one_group_of_each_name() {
    let world = World::new().groups(
        "  - { name: One, description: d, roles: [], members: [ana@voyager.example] }
  - { name: Two, description: d, roles: [], members: [bo@voyager.example] }
",
    );
    let lost = |kind: Value| json!({ "writes": true, "method": "POST", "kind": kind });
    world.faults(json!([
        lost(json!({ "status": { "code": 500, "afterWrite": true } })),
        lost(json!({ "drop": { "afterWrite": true } })),
    ]));
    world.forget();
    world.run("apply --auto-approve --journal j.ndjson").expect(0);
    let creations =
        world.log().into_iter().filter(|it| it["route"].as_str().unwrap().ends_with("/user-groups"));
    assert_eq!(creations.filter(|it| it["applied"].is_u64()).count(), 2);
    let unclear = records(&world, "j.ndjson").into_iter().filter(|it| it["outcome"] == "unclear");
    assert_eq!(unclear.count(), 2, "the journal says what nobody knew");
    world.settled();
    assert_eq!(world.list("user-groups/list").len(), 5);
}
