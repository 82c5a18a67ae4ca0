//! Undoing: the journal of an apply leads back to what was, as a plan like any other.

use std::{fs, path::PathBuf};

use serde_json::json;

use crate::support::{NO_CHANGES, Run, World, words};

/// Everything at once: a move, a new scope, a rename, a deletion and a creation.
const WANTED: &str = "version: 1
groups:
  - { name: Front Desk, renamedFrom: Desk, description: At the front., roles: [{ role: Agent, scope: { company: initech } }], members: [ana@voyager.example] }
  - { name: Spare, description: Spare., roles: [{ role: Trip Manager, scope: { company: globex } }], members: [bo@voyager.example] }
removed: [{ group: Night, reason: over }]
";

fn journals(world: &World) -> Vec<PathBuf> {
    let folder = world.path().join(".rolecall/journal");
    let mut all: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    all.sort();
    all
}

fn state(world: &World) -> Vec<(String, String, Vec<String>, Vec<String>)> {
    let mut groups: Vec<_> = world
        .list("user-groups/list")
        .iter()
        .map(|it| {
            let name = it["name"].as_str().unwrap();
            (name.to_owned(), it["description"].to_string(), world.roles(name), world.members(name))
        })
        .collect();
    groups.sort();
    groups
}

#[test]
pub(crate) fn a_rollback_leads_back_to_exactly_what_was() {
    let world = World::new().with("access/a.yaml", WANTED);
    let before = state(&world);
    world.apply().expect(0);
    let [journal] = &journals(&world)[..] else { panic!("one journal") };
    let line = format!("rollback {} --out undo.json", journal.display());
    world.forget();
    world
        .run(&line)
        .expect(0)
        .shows("+ group Night")
        .shows("- group Spare")
        .shows("~ name Front Desk → Desk")
        .ends_with(
            "Plan: 1 group to create, 1 to change, 1 to delete; roles +1 ~1 -1; members +2 -1; 0 guards.",
        );
    assert_eq!(world.writes(), [""; 0], "it only reads");
    world.run("apply undo.json").expect(0);
    assert_eq!(state(&world), before);
    // Undone, there is nothing left to undo; and the undoing itself can be undone.
    world.run(&line).expect(0).ends_with(NO_CHANGES);
    let [_, second] = &journals(&world)[..] else { panic!("two journals") };
    world.run(&format!("rollback {} --out redo.json", second.display())).expect(0);
    world.run("apply redo.json").expect(0);
    world.settled();
}

#[test]
fn only_what_was_really_done_is_undone() {
    let world = World::new().with("access/a.yaml", WANTED);
    let before = state(&world);
    // The move of the role fails, and with it what waits for it.
    world.faults(json!([{ "method": "PATCH", "path": format!("{}/roles", world.id("Desk")), "kind": { "status": { "code": 400 } } }]));
    world.apply().expect(3).shows("Undo: rolecall rollback ");
    let [journal] = &journals(&world)[..] else { panic!("one journal") };
    world.run(&format!("rollback {} --out undo.json", journal.display())).expect(0);
    world.run("apply undo.json").expect(0);
    assert_eq!(state(&world), before);
}

/// As they are shown, from where they are shown, the commands that lead back and on are about the same API and
/// workspace: one was given by path, the other by a flag.
#[test]
fn the_commands_that_are_shown_do_what_they_say() {
    let world = World::new().with("access/a.yaml", WANTED);
    let before = state(&world);
    let path = format!("{}/roles", world.id("Desk"));
    world.faults(json!([{ "method": "PATCH", "path": path, "kind": { "status": { "code": 400 } } }]));
    let above = |line: &str| -> Run {
        let mut command = world.command();
        command.current_dir(world.path().parent().unwrap()).env("ROLECALL_ENDPOINT", "http://127.0.0.1:1");
        command.args(words(line)).output().unwrap().into()
    };
    let shown = |run: &Run, which: &str| {
        let line = run
            .stdout
            .lines()
            .find_map(|it| it.strip_prefix(which))
            .unwrap_or_else(|| panic!("{}", run.stdout));
        line.trim().strip_prefix("rolecall ").unwrap().to_owned()
    };
    let run = above(&format!("apply workspace --auto-approve --endpoint {}", world.url())).expect(3);
    let go_on = shown(&run, "Continue:");
    assert_eq!(go_on, format!("apply workspace --endpoint {}", world.url()));
    let undo = shown(&run, "Undo:");
    assert!(undo.starts_with("-C workspace rollback .rolecall/journal/"), "{undo}");
    above(&format!("{undo} --out undo.json")).expect(0);
    above(&format!("-C workspace apply undo.json --auto-approve --endpoint {}", world.url())).expect(0);
    assert_eq!(state(&world), before);
    above(&format!("{go_on} --auto-approve")).expect(0);
}

#[test]
fn what_somebody_did_since_stays() {
    let world = World::new().groups("  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example, cy@voyager.example] }\n");
    world.apply().expect(0);
    let (bo, root) = (world.user("bo@voyager.example"), world.user("root@voyager.example"));
    // Bo, whom the apply took out, is back already, and Root is new.
    world.patch_members("Desk", &json!({ "userIdsToAdd": [bo, root] }));
    let [journal] = &journals(&world)[..] else { panic!("one journal") };
    world
        .run(&format!("rollback {} --out undo.json", journal.display()))
        .expect(0)
        .shows("- member cy@voyager.example");
    world.run("apply undo.json").expect(0);
    assert_eq!(world.members("Desk"), ["ana@voyager.example", "bo@voyager.example", "root@voyager.example"]);
}

#[test]
fn a_rollback_is_guarded_like_any_other_plan() {
    let world = World::new()
        .groups("  - { name: Spare, description: Spare., roles: [], members: [ana@voyager.example] }\n");
    let night = "  - { name: Night, description: The night., roles: unmanaged, members: [cy@voyager.example, ana@voyager.example] }\n";
    world.write("access/b.yaml", &format!("version: 1\ngroups:\n{night}"));
    world.apply().expect(0);
    let [journal] = &journals(&world)[..] else { panic!("one journal") };
    let world = world.ruled("guards: { protected: { groups: [Spare] } }\n");
    let line = format!("rollback {} --out undo.json", journal.display());
    let plan = world.run(&line).expect(0);
    assert!(plan.stdout.contains("STOP"), "{}", plan.stdout);
    world.run("apply undo.json").expect(6).says(&["protected"]);
}

#[test]
fn what_is_no_journal_is_refused_before_any_request() {
    let world = World::new().groups("  - { name: Spare, description: Spare., roles: [], members: [] }\n");
    world.forget();
    for (text, says) in [
        ("", "does not start an apply"),
        ("{}\n", "line 1 is not a record"),
        (
            "{\"record\":\"end\",\"at\":\"2026-11-21T08:00:00Z\",\"exit\":0,\"result\":\"ok\"}\n",
            "does not start an apply",
        ),
        (
            "{\"record\":\"start\",\"version\":9,\"at\":\"2026-11-21T08:00:00Z\",\"tool\":\"9\",\"plan\":{},\"inverse\":{}}\n",
            "newer version",
        ),
        (
            "{\"record\":\"start\",\"version\":1,\"at\":\"2026-11-21T08:00:00Z\",\"tool\":\"9\",\"plan\":{},\"inverse\":{}}\n",
            "cannot be used",
        ),
    ] {
        world.write("wrong.ndjson", text);
        world.run("rollback wrong.ndjson").expect(4).says(&[says]);
    }
    world.run("rollback missing.ndjson").expect(4).says(&["cannot read the journal"]);
    assert_eq!(world.log().len(), 0);
}

#[test]
fn a_rollback_brings_nobody_back_who_is_locked_out() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [bo@voyager.example] }\n",
    );
    world.apply().expect(0);
    let [journal] = &journals(&world)[..] else { panic!("one journal") };
    let line = format!("rollback {} --out undo.json", journal.display());
    world.run(&line).expect(0).shows("+ member ana@voyager.example");
    let world =
        world.ruled("lockout: [{ email: ana@voyager.example, since: 2026-11-20, reason: stolen laptop }]\n");
    for undo in [false, true] {
        if undo {
            world.run(&line).expect(0);
        }
        world.forget();
        world.run("apply undo.json").expect(if undo { 0 } else { 7 });
        assert!(!world.members("Desk").contains(&"ana@voyager.example".to_owned()));
    }
}

#[test]
fn a_role_that_somebody_took_away_since_is_not_given_back() {
    let world = World::new().groups("  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: [globex, initech] } }], members: unmanaged }\n");
    world.apply().expect(0);
    let held = world.list(&format!("user-groups/{}/roles", world.id("Desk")));
    let entries: Vec<serde_json::Value> =
        held.iter().map(|it| json!({ "roleId": it["role"]["id"], "scope": it["scope"] })).collect();
    let delete = json!({ "rolesToAdd": [], "rolesToDelete": entries });
    let path = format!("/v3/companies/{}/user-groups/{}/roles", crate::support::VOYAGER, world.id("Desk"));
    assert!(world.call("PATCH", &path, delete).0 < 300);
    let [journal] = &journals(&world)[..] else { panic!("one journal") };
    world.run(&format!("rollback {}", journal.display())).expect(0).ends_with(NO_CHANGES);
}

/// What a rollback cannot do it says by its exit code: at once, saved, and saved once more where there is nothing left to do.
#[test]
fn a_rollback_that_withholds_something_ends_as_any_other_plan_that_does() {
    let world = crate::lives::world();
    world.write("access/a.yaml", "version: 1\nusers:\n  - { user: ana@voyager.example, externalId: hr-1 }\n");
    world.run("apply --auto-approve --journal j.ndjson").expect(0);
    let fresh = world.run("rollback j.ndjson --out back.json").expect(0);
    assert!(fresh.stdout.contains("the external id stays"), "{}", fresh.stdout);
    world.run("rollback j.ndjson --check").expect(3);
    world.run("rollback j.ndjson --detailed-exitcode").expect(2);
    for _ in 0..2 {
        let run = world.run("apply back.json --auto-approve").expect(3);
        assert!(run.stdout.contains("the external id stays"), "{}", run.stdout);
    }
    // By its id as well, with other files, and without its journal.
    world.write("access/a.yaml", "version: 1\nusers:\n  - { user: ana@voyager.example, active: true }\n");
    fs::remove_file(world.path().join("j.ndjson")).unwrap();
    world.run("apply back.json --auto-approve").expect(3);
}
