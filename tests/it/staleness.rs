//! What is changed by hand between planning and writing: it is left alone, and nothing else waits for it.

use serde_json::{Value, json};

use crate::support::{Run, VOYAGER, World};

const MEMBERS: &str = "POST /v3/companies/{companyId}/user-groups/{groupId}/members";

/// Bo shall leave Desk and join Night; Spare is in no file.
fn world() -> World {
    let world = World::new();
    world.call("POST", &groups(), json!({ "name": "Spare", "description": "Spare." }));
    world.groups(
        "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: initech } }], members: [ana@voyager.example] }
  - { name: Night, description: The night., roles: unmanaged, members: [bo@voyager.example, cy@voyager.example] }
",
    )
}

fn groups() -> String {
    format!("/v3/companies/{VOYAGER}/user-groups")
}

/// Applies, and does something after the plan and before Desk is looked at again.
fn meanwhile(world: &World, by_hand: impl FnOnce()) -> Run {
    let desk = world.id("Desk");
    let hold = json!({ "slow": { "ms": 600_000 } });
    // The plan reads members and roles, and what it takes away once more.
    world.forget();
    world.plan().expect(0);
    let log = world.log();
    let of_desk = |it: &&Value| it["path"].as_str().is_some_and(|it| it.contains(&desk));
    let reads = log.iter().filter(of_desk).count();
    let lists =
        log.iter().filter(|it| it["method"] == "POST" && it["path"].to_string().contains("/members")).count()
            as u64;
    world.forget();
    world.faults(json!([
        { "method": "GET", "path": desk, "times": 0, "kind": hold },
        { "method": "POST", "path": desk, "skip": reads, "times": 0, "kind": hold },
    ]));
    let child = world.start("apply --auto-approve");
    // The members of each group are about to change, so they are looked at just before.
    let changes = world.path().join("access/a.yaml");
    let groups = std::fs::read_to_string(changes).unwrap().matches("name:").count() as u64;
    world.until(|it| it["byRoute"][MEMBERS].as_u64() >= Some(lists + groups));
    by_hand();
    world.faults(json!([]));
    child.wait_with_output().unwrap().into()
}

/// Returns the paths of the writes that were not made by hand.
fn by_tool(world: &World) -> Vec<String> {
    let writes = world.log().into_iter().filter(|it| it["write"] == true && it["requestId"].is_string());
    writes.map(|it| it["path"].as_str().unwrap().to_owned()).collect()
}

/// Changes Desk, by hand.
fn desk(world: &World, method: &str, what: &str, body: Value) {
    let (status, answer) = world.call(method, &format!("{}/{}{what}", groups(), world.id("Desk")), body);
    assert!(status < 300, "{status} {answer}");
}

#[test]
fn a_group_that_was_changed_by_hand_is_left_alone_and_others_go_on() {
    type Edit = fn(&World);
    let edits: [(&str, Edit); 4] = [
        ("a member joins", |world| {
            world.patch_members("Desk", &json!({ "userIdsToAdd": [world.user("cy@voyager.example")] }));
        }),
        ("the member who was to leave has left", |world| {
            let bo = world.user("bo@voyager.example");
            world.patch_members("Desk", &json!({ "userIdsToAdd": [], "userIdsToDelete": [bo] }));
        }),
        ("a role is given", |world| {
            let globex = "2b7e0000-0000-4000-8000-000000000002";
            let scope =
                json!({ "audiences": [{ "predicates": [{ "type": "COMPANY", "values": [globex] }] }] });
            let role = json!({ "roleId": world.role("Trip Manager"), "scope": scope });
            desk(world, "PATCH", "/roles", json!({ "rolesToAdd": [role], "rolesToDelete": [] }));
        }),
        ("the group is gone", |world| desk(world, "DELETE", "", Value::Null)),
    ];
    for (what, edit) in edits {
        let world = world();
        let id = world.id("Desk");
        let run = meanwhile(&world, || edit(&world));
        assert_eq!(run.code, 7, "{what}\n{}\n{}", run.stdout, run.stderr);
        let run = run.shows("Not done: Desk").shows("stale");
        let touched = by_tool(&world);
        assert!(touched.iter().all(|it| !it.contains(&id)), "{what}: {touched:?}");
        assert_eq!(world.members("Night"), ["bo@voyager.example", "cy@voyager.example"], "{what}");
        assert!(run.stdout.contains("Undo:"), "{what}: something was written\n{}", run.stdout);
        world.apply().expect(0);
        world.settled();
    }
}

/// Desk gets another description, beside all else that changes there.
#[test]
fn a_text_that_was_changed_by_hand_is_not_overwritten() {
    let world = world();
    let path = world.path().join("access/a.yaml");
    let files = std::fs::read_to_string(&path).unwrap().replace("The desk.", "Ours.");
    world.write("access/a.yaml", &files);
    let body = json!({ "name": "Desk", "description": "Mine." });
    let run = meanwhile(&world, || desk(&world, "PUT", "", body)).expect(7);
    assert!(run.stdout.contains("Not done: Desk"), "{}", run.stdout);
    let id = world.id("Desk");
    assert!(by_tool(&world).iter().all(|it| !it.contains(&id)));
    world.apply().expect(0);
    world.settled();
}

/// Only what is about to change is looked at: a new description takes nothing from anybody who joins or leaves.
#[test]
fn what_is_not_about_to_change_does_not_matter() {
    let world = world();
    let body = json!({ "name": "Desk", "description": "Mine." });
    meanwhile(&world, || desk(&world, "PUT", "", body)).expect(0);
    assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
    assert!(world.plan().expect(0).stdout.contains("~ text    \"Mine.\""));
}

#[test]
fn where_everything_is_stale_nothing_is_written() {
    let world = world();
    world.write(
        "access/a.yaml",
        "version: 1\ngroups: [{ name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example] }]\n",
    );
    let cy = world.user("cy@voyager.example");
    let run = meanwhile(&world, || world.patch_members("Desk", &json!({ "userIdsToAdd": [cy] }))).expect(7);
    assert!(!run.stdout.contains("Undo:"), "{}", run.stdout);
    assert_eq!(by_tool(&world), [""; 0]);
}

#[test]
fn what_somebody_does_elsewhere_does_not_matter() {
    let world = world();
    let (spare, ana) = (world.id("Spare"), world.user("ana@voyager.example"));
    let run = meanwhile(&world, || {
        let path = format!("{}/{spare}", groups());
        world.call("PUT", &path, json!({ "name": "Spare", "description": "Of use." }));
        world.call("PATCH", &format!("{path}/members"), json!({ "userIdsToAdd": [ana] }));
        world.call("POST", &groups(), json!({ "name": "Fresh", "description": "Fresh." }));
    });
    run.expect(0);
    assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
    assert_eq!(world.members("Spare"), ["ana@voyager.example"]);
    world.settled();
}

#[test]
fn a_group_that_goes_while_it_is_read_leaves_no_plan_until_the_next_run() {
    let world = World::new().with(
        "access/a.yaml",
        "version: 1\nremoved: [{ group: Desk, reason: r }]\ngroups: [{ name: Night, description: By night., roles: unmanaged, members: unmanaged }]\n",
    );
    let id = world.id("Desk");
    world.forget();
    world
        .faults(json!([{ "path": id, "method": "POST", "times": 0, "kind": { "slow": { "ms": 600_000 } } }]));
    let child = world.start("apply --auto-approve");
    world.until(|it| it["byRoute"]["POST /v3/companies/{companyId}/user-groups/{groupId}/members"].is_u64());
    desk(&world, "DELETE", "", Value::Null);
    world.faults(json!([]));
    Run::from(child.wait_with_output().unwrap()).expect(8);
    assert_eq!(by_tool(&world), [""; 0]);
    world.apply().expect(0);
    world.settled();
}
