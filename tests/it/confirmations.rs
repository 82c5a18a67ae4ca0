//! What a plan takes away is asked for twice: one answer that is wrong takes nothing from anybody.

use serde_json::{Value, json};

use crate::support::{SEED, VOYAGER, World};

/// Ana and Bo leave Desk, the role of Night moves, Desk's role goes, and Old is deleted.
fn world() -> World {
    let seed = format!(
        "{SEED}  - {{ name: Old, company: voyager, description: Old., roles: [{{ role: Agent, scope: [{{ COMPANY: [globex] }}] }}], members: [cy@voyager.example] }}\n"
    );
    World::seeded(&seed).ruled("guards: { removals: { percent: 100 } }\n").with(
        "access/a.yaml",
        "version: 1
groups:
  - { name: Desk, description: The desk., roles: [], members: [root@voyager.example] }
  - { name: Night, description: The night., roles: [{ role: Agent, scope: { company: globex } }], members: [cy@voyager.example] }
removed: [{ group: Old, reason: over }]
",
    )
}

/// Lets one list be answered with a page made up: the first or the second time it is asked for.
fn answer(world: &World, path: &str, before: u64, page: &Value) {
    let kind = json!({ "status": { "code": 200, "body": page.to_string() } });
    world.faults(json!([{ "method": "POST", "path": path, "skip": before, "kind": kind }]));
}

fn page(field: &str, rows: &[Value]) -> Value {
    json!({ field: rows, "pagination": { "totalNumResults": rows.len() } })
}

/// An apply stops before its first write, and says of what two lists tell different things.
#[track_caller]
fn refused(world: &World, words: &[&str]) {
    world.forget();
    world.apply().expect(8).says(words).says(&["incomplete or has changed", "nothing was written"]);
    assert_eq!(world.writes(), [""; 0]);
}

fn member(world: &World, who: &str) -> Value {
    json!({ "userId": world.user(who), "addedAt": { "iso8601": "2026-01-01T00:00Z" } })
}

fn role(world: &World, name: &str, company: &str) -> Value {
    let (_, all) = world.call("POST", &format!("/v3/companies/{VOYAGER}/roles"), json!({ "pagination": {} }));
    let id = all["roles"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap()["id"].clone();
    json!({ "role": { "id": id, "name": name }, "scope": { "audiences": [{ "predicates": [{ "type": "COMPANY", "comparator": "IN", "values": [company] }] }] } })
}

const GLOBEX: &str = "2b7e0000-0000-4000-8000-000000000002";

#[test]
fn a_plan_that_is_confirmed_asks_once_more_for_just_what_goes() {
    let world = world();
    world.forget();
    world.plan().expect(0).shows("- member ana@voyager.example").shows("- group Old");
    let filtered: Vec<String> = world
        .log()
        .iter()
        .filter(|it| it["body"]["filters"][0].as_object().is_some_and(|it| !it.contains_key("emails")))
        .map(|it| {
            format!("{} {}", it["route"].as_str().unwrap().rsplit('/').next().unwrap(), it["body"]["filters"])
        })
        .collect();
    let count = |what: &str| filtered.iter().filter(|it| it.contains(what)).count();
    // Members of Desk and Old, roles of Desk, Night and Old, and the one group that is deleted.
    assert_eq!((count("members "), count("roles "), count("userGroupIds")), (2, 3, 1), "{filtered:?}");
    world.apply().expect(0);
    world.settled();
}

#[test]
fn a_member_whom_only_the_first_list_shows_is_taken_from_no_group() {
    let world = world();
    let rows = [
        member(&world, "ana@voyager.example"),
        member(&world, "bo@voyager.example"),
        member(&world, "cy@voyager.example"),
    ];
    answer(&world, &format!("{}/members", world.id("Desk")), 0, &page("members", &rows));
    refused(&world, &["group `Desk`: the list of its members", "of 3 who would leave, 2 are found"]);
}

#[test]
fn a_role_that_only_the_first_list_shows_is_taken_from_no_group() {
    let world = world();
    let rows = [role(&world, "Agent", GLOBEX), role(&world, "Trip Manager", GLOBEX)];
    answer(&world, &format!("{}/roles", world.id("Desk")), 0, &page("roles", &rows));
    refused(&world, &["group `Desk`: the list of its roles"]);
}

#[test]
fn a_scope_that_two_lists_tell_differently_is_not_changed() {
    let world = world();
    // The whole list tells of one client, and the list of just that role of both.
    let rows = [role(&world, "Agent", "2b7e0000-0000-4000-8000-000000000003")];
    answer(&world, &format!("{}/roles", world.id("Night")), 0, &page("roles", &rows));
    refused(&world, &["group `Night`: the list of its roles"]);
}

#[test]
fn a_second_list_that_shows_nobody_stops_the_plan() {
    for (group, list, field) in [("Desk", "members", "members"), ("Desk", "roles", "roles")] {
        let world = world();
        answer(&world, &format!("{}/{list}", world.id(group)), 1, &page(field, &[]));
        refused(&world, &[&format!("group `{group}`: the list of its {list}")]);
    }
}

#[test]
fn a_group_that_a_second_list_does_not_show_is_not_deleted() {
    let world = world();
    answer(&world, "/user-groups/list", 1, &page("userGroups", &[]));
    refused(&world, &["group `Old`", "the group is not there"]);
}

#[test]
fn a_rollback_is_confirmed_like_any_other_plan() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: { atLeast: [root@voyager.example] } }\n",
    );
    world.run("apply --auto-approve --journal journal.ndjson").expect(0);
    answer(&world, &format!("{}/members", world.id("Desk")), 1, &page("members", &[]));
    world.forget();
    world.run("rollback journal.ndjson").expect(8).says(&["group `Desk`: the list of its members"]);
    world.run("rollback journal.ndjson").expect(0).shows("- member root@voyager.example");
}

#[test]
fn a_list_that_ignores_filters_confirms_as_well() {
    // Not every server knows them; it shows more, and what was asked for is in it.
    let world = world();
    let rows = [
        member(&world, "ana@voyager.example"),
        member(&world, "bo@voyager.example"),
        member(&world, "gone@voyager.example"),
    ];
    answer(&world, &format!("{}/members", world.id("Desk")), 1, &page("members", &rows));
    world.plan().expect(0).shows("- member ana@voyager.example");
}

#[test]
fn a_role_list_with_a_row_twice_in_place_of_another_is_no_list() {
    let seed = SEED.replace(
        "roles: [{ role: Agent, scope: [{ COMPANY: [globex] }] }]",
        "roles: [{ role: Agent, scope: [{ COMPANY: [globex] }] }, { role: Trip Manager, scope: [{ COMPANY: [globex] }] }]",
    );
    let world = World::seeded(&seed)
        .groups("  - { name: Desk, description: The desk., roles: [], members: unmanaged }\n");
    let path = format!("{}/roles", world.id("Desk"));
    world.faults(json!([{ "method": "POST", "path": path, "kind": { "duplicateRows": {} } }]));
    world.forget();
    world.plan().expect(8).says(&["the list of roles of the group is incomplete", "came twice"]);
    world.plan().expect(0).shows("- role Trip Manager").shows("- role Agent");
}

/// The bulk list is a draft and may not show everybody: of whom only the id is known, no rule can say who it is.
#[test]
fn a_protected_person_whom_the_bulk_list_does_not_show_is_protected() {
    let world = World::new().ruled("guards: { protected: { people: [\"ana@*\"] } }\n").groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [bo@voyager.example] }\n",
    );
    // The first question is for those whom the files name, the second for the others in the group.
    answer(&world, "/v3/users/list", 1, &page("users", &[]));
    world.apply().expect(6).shows("- member ana@voyager.example");
}
