//! `apply --witness`: `rbac-info` is asked before and after, and what it says otherwise than the plan is told.

use std::fs;

use serde_json::{Value, json};

use crate::support::{SEED, VOYAGER, World};

const BO: &str = "bo@voyager.example";
const CY: &str = "cy@voyager.example";
const ROOT: &str = "root@voyager.example";
const APPLY: &str = "apply --auto-approve --witness";

/// Root joins Desk and so becomes an Agent, Bo leaves it; everybody else's roles stay.
const DESK: &str = "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example, root@voyager.example] }\n";
/// Night gets a role more, and nobody comes or goes.
const NIGHT: &str = "  - { name: Night, description: The night., roles: [{ role: Agent, scope: { company: [globex, initech] } }, { role: Company Management Admin (Read Only), scope: { company: globex } }], members: [cy@voyager.example] }\n";

fn world() -> World {
    World::new().groups(&format!("{DESK}{NIGHT}"))
}

fn path(world: &World, who: &str) -> String {
    format!("/v3/users/{}/rbac-info", world.user(who))
}

/// Answers for one person what is made up: what is asked for after the apply.
fn claim(world: &World, who: &str, permission: &str, actions: &[&str]) {
    let body = json!({ "hasOthersTripAccess": true, "permissions": [{ "permission": permission, "actions": actions }] });
    let kind = json!({ "status": { "code": 200, "body": body.to_string() } });
    world.faults(json!([{ "path": path(world, who), "skip": 1, "kind": kind }]));
}

/// Returns how often `rbac-info` was asked for.
fn asked(world: &World) -> usize {
    world.log().iter().filter(|it| it["path"].as_str().is_some_and(|it| it.contains("rbac-info"))).count()
}

#[test]
fn people_whose_roles_change_are_looked_at_before_and_after_and_all_is_as_planned() {
    let world = world();
    world.forget();
    let applied = world.run(&format!("{APPLY} --events events.ndjson")).expect(0);
    applied.shows("Witness 3 people looked at: all as planned").shows("Applied: 2 of 2 groups.");
    let log = world.log();
    let is_info = |it: &&Value| it["route"].as_str().is_some_and(|it| it.contains("rbac-info"));
    let of = |rows: &[Value]| rows.iter().filter(is_info).count();
    let (first, last) = (
        log.iter().position(|it| it["write"] == true).unwrap(),
        log.iter().rposition(|it| it["write"] == true).unwrap(),
    );
    assert_eq!((of(&log[..first]), of(&log[first..last]), of(&log[last..])), (3, 0, 3));
    let events = fs::read_to_string(world.path().join("events.ndjson")).unwrap();
    let event =
        events.lines().find(|it| it.contains(r#""event":"witness""#)).unwrap_or_else(|| panic!("{events}"));
    let event: Value = serde_json::from_str(event).unwrap();
    assert_eq!(
        (&event["looked"], &event["contradictions"], &event["untold"]),
        (&json!(3), &json!(0), &json!(0))
    );
    world.settled();
}

#[test]
fn a_role_that_was_gained_and_is_not_shown_is_a_contradiction() {
    for (who, permission, words) in [
        (
            ROOT,
            "COMPANY_MANAGEMENT",
            "root@voyager.example: gained Agent by Desk, but rbac-info does not show AGENT",
        ),
        (
            CY,
            "AGENT",
            "cy@voyager.example: gained Company Management Admin (Read Only) by Night, but rbac-info does not show COMPANY_MANAGEMENT (READ)",
        ),
    ] {
        let world = world();
        claim(&world, who, permission, &["ALL"]);
        world
            .run(APPLY)
            .expect(3)
            .shows("Witness 3 people looked at: 1 contradiction")
            .shows(words)
            .shows("hint: it may take a moment until the API shows it; run `rolecall plan` and look");
        world.settled();
    }
}

#[test]
fn a_role_that_was_lost_and_is_still_shown_is_a_contradiction() {
    let world = world();
    claim(&world, BO, "AGENT", &["READ"]);
    let told = world.run(&format!("{APPLY} --format json")).expect(3).json();
    assert_eq!((&told["exit"], &told["result"]), (&json!(3), &json!("partial")));
    let (witness, only) = (&told["witness"], &told["witness"]["contradictions"][0]);
    assert_eq!((&witness["looked"], &witness["untold"]), (&json!(3), &json!([])));
    assert_eq!(witness["contradictions"].as_array().unwrap().len(), 1, "{witness}");
    assert_eq!(
        (&only["person"], &only["group"], &only["role"], &only["change"]),
        (&json!(BO), &json!("Desk"), &json!("Agent"), &json!("lost"))
    );
    assert_eq!(only["permissions"], json!([{ "permission": "AGENT", "actions": ["READ"] }]));
    assert_eq!(only["message"], "lost Agent by Desk, but rbac-info still shows AGENT (READ)");
}

#[test]
fn what_another_group_gives_and_what_every_traveller_may_do_stays_and_is_no_contradiction() {
    // Bo is an Agent by Night as well.
    let seed =
        SEED.replace("members: [cy@voyager.example]", "members: [cy@voyager.example, bo@voyager.example]");
    let world = World::seeded(&seed).groups(DESK);
    world.run(APPLY).expect(0).shows("Witness 2 people looked at: all as planned");
    // Bo no longer manages trips of others, and the own ones all the same.
    let seed = SEED.replace(
        "members: [ana@voyager.example, bo@voyager.example]",
        "members: [ana@voyager.example, bo@voyager.example]
  - name: Trips
    company: voyager
    description: Trips.
    roles: [{ role: Trip Manager, scope: [{ COMPANY: [globex] }] }]
    members: [bo@voyager.example, cy@voyager.example]",
    );
    let trips = "  - { name: Trips, description: Trips., roles: [{ role: Trip Manager, scope: { company: globex } }], members: [cy@voyager.example] }\n";
    let world = World::seeded(&seed).groups(trips);
    claim(&world, BO, "TRIP_MANAGEMENT", &["READ", "WRITE"]);
    world.run(APPLY).expect(0).shows("Witness 1 person looked at: all as planned");
}

#[test]
fn what_direct_roles_may_give_cannot_be_told() {
    let world = World::new().groups(DESK);
    let roles = format!("/v2/users/{}/roles", world.user(BO));
    let held = json!({ "roles": [{ "roleType": "GLOBAL_AGENT" }] });
    assert!(world.call("PUT", &roles, held).0 < 300);
    claim(&world, BO, "AGENT", &["ALL"]);
    world
        .run(APPLY)
        .expect(0)
        .shows("Witness 2 people looked at: nothing else than planned, as far as it can be told")
        .shows("cannot tell whether direct roles give AGENT: bo@voyager.example");
}

#[test]
fn of_direct_roles_that_change_is_told_what_rbac_info_shows() {
    let users =
        "version: 1\nusers:\n  - { user: bo@voyager.example, directRoles: [{ type: GLOBAL_AGENT }] }\n";
    let world = World::new().with("access/u.yaml", users);
    claim(&world, BO, "AGENT_CONTACT_CENTER_SUPPORT_MANAGEMENT", &["READ"]);
    world.run(APPLY).expect(0).shows(
        "direct roles changed, and what they permit is not public; rbac-info shows AGENT_CONTACT_CENTER_SUPPORT_MANAGEMENT (READ) now and shows AGENT no more: bo@voyager.example",
    );
}

#[test]
fn who_may_not_be_looked_at_is_not_witnessed_and_where_nobody_may_be_that_is_said_by_the_exit_code() {
    let world = world();
    world.faults(json!([{ "path": "/rbac-info", "times": 0, "kind": { "status": { "code": 403 } } }]));
    world.forget();
    world
        .run(APPLY)
        .expect(3)
        .shows("Applied: 2 of 2 groups. Read back: live state matches the plan.")
        .shows("Witness 0 people looked at: nothing was witnessed")
        .shows("hint: give the token the right to read rbac-info, or apply without --witness")
        .shows("not witnessed: rbac-info is refused with 403:");
    assert_eq!(asked(&world), 3, "whoever was refused is not asked for again");
    // Roles of which the list tells nothing and which may not be looked at one by one.
    let world = self::world();
    let refuse = |method: &str, path: &str, after: u64| json!({ "method": method, "path": path, "afterWrites": after, "times": 0, "kind": { "status": { "code": 403 } } });
    world.faults(json!([
        refuse("GET", "/v3/roles/", 0),
        refuse("POST", &format!("/v3/companies/{VOYAGER}/roles"), 2)
    ]));
    world
        .run(APPLY)
        .expect(0)
        .shows("Witness 3 people looked at: nothing else than planned")
        .shows("not witnessed: a role is refused with 403:");
}

#[test]
fn what_was_not_made_is_not_judged() {
    let world = world();
    let desk = format!("{}/members", world.id("Desk"));
    world.faults(
        json!([{ "method": "PATCH", "path": desk, "times": 0, "kind": { "status": { "code": 400 } } }]),
    );
    let applied = world.run(APPLY).expect(3);
    // Only Cy, of the group that was changed; Bo is still an Agent, and rightly so.
    applied.shows("Not done: Desk").shows("Witness 1 person looked at: all as planned");
}

#[test]
fn who_is_locked_out_is_looked_at_though_the_plan_does_not_look_into_groups() {
    let world = World::new()
        .ruled("lockout: [{ email: bo@voyager.example, since: 2026-11-20, reason: stolen laptop }]\n");
    claim(&world, BO, "AGENT", &["ALL"]);
    world
        .run(&format!("{APPLY} --only lockout"))
        .expect(3)
        .shows("bo@voyager.example: lost Agent by Desk, but rbac-info still shows AGENT");
}

#[test]
fn nobody_is_asked_for_where_nobody_changes_or_nobody_asks_for_a_witness() {
    // Without the flag.
    let world = world();
    world.forget();
    let told = world.run("apply --auto-approve --format json").expect(0).json();
    assert_eq!((asked(&world), &told["witness"]), (0, &Value::Null));
    // Nothing to do.
    world.forget();
    world.run(APPLY).expect(0).shows("Witness 0 people looked at: no user's roles changed");
    assert_eq!(asked(&world), 0);
    // A group changes, and nobody's roles with it: a description, and a scope.
    world.write(
        "access/a.yaml",
        &format!("version: 1\ngroups:\n{}", DESK.replace("The desk.", "Front.").replace("globex", "initech")),
    );
    world.forget();
    world.run(APPLY).expect(0).shows("Witness 0 people looked at: no user's roles changed");
    assert_eq!(asked(&world), 0);
}

#[test]
fn the_environment_can_ask_for_it_too() {
    let world = world().variable("ROLECALL_WITNESS", "1");
    world.apply().expect(0).shows("Witness 3 people looked at: all as planned");
}
