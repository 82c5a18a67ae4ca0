//! `--only expired`: what has ended goes, and nothing else that differs, for a job at night.

use serde_json::json;

use crate::support::World;

/// A group with two members and two roles of which one each ends with November, and somebody's direct role that does.
fn world() -> World {
    let agent = "{ role: Agent, scope: { company: globex } }";
    let ends = "{ role: Trip Manager, scope: { company: globex }, until: 2026-11-30 }";
    let world = World::new().groups(&format!(
        "  - {{ name: Desk, description: The desk., roles: [{agent}, {ends}], members: [cy@voyager.example, {{ email: bo@voyager.example, until: 2026-11-30 }}] }}
users:
  - {{ user: ana@voyager.example, directRoles: {{ atLeast: [{{ type: COMPANY_REPORT_ADMIN, company: voyager, until: 2026-11-30 }}] }} }}\n"
    ));
    world.run("apply --auto-approve --now 2026-11-01T00:00:00Z").expect(0);
    // And by hand, which is nobody's business here.
    world.patch_members("Desk", &json!({ "userIdsToAdd": [world.user("ana@voyager.example")] }));
    world.forget();
    world
}

const LATER: &str = "--now 2026-12-01T00:00:00Z";

#[test]
fn what_has_ended_goes_and_nothing_else() {
    let world = world();
    let plan = world.run(&format!("plan --only expired --format json {LATER}")).expect(0).json();
    let edits: Vec<String> = plan["edits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("{} {}", it["action"].as_str().unwrap(), it["kind"].as_str().unwrap()))
        .collect();
    assert_eq!(edits, ["remove role", "remove member", "remove directRole"]);
    world
        .run(&format!("apply --only expired --auto-approve {LATER}"))
        .expect(0)
        .shows("Applied: 1 of 1 group, 1 of 1 user.");
    assert_eq!(world.members("Desk"), ["ana@voyager.example", "cy@voyager.example"]);
    assert_eq!(world.roles("Desk").len(), 1);
    // What else differs is there still, and drift says so.
    world.run(&format!("drift {LATER}")).expect(2).shows("- member ana@voyager.example not declared");
    world.forget();
    let again = world.run(&format!("apply --only expired --auto-approve {LATER}")).expect(0);
    assert!(again.stdout.contains("No changes."), "{}", again.stdout);
    assert_eq!(world.writes(), [""; 0]);
}

#[test]
fn before_the_end_there_is_nothing_to_do() {
    let world = world();
    let run = world.run("apply --only expired --auto-approve --now 2026-11-30T23:59:59Z").expect(0);
    assert!(run.stdout.contains("No changes."), "{}", run.stdout);
    assert_eq!(world.writes(), [""; 0]);
}

/// A role of which a part has ended is left: what else its change does was not asked for.
#[test]
fn a_role_that_only_narrows_is_left_to_a_whole_apply() {
    let roles = "[{ role: Agent, scope: { company: globex } }, { role: Agent, scope: { company: initech }, until: 2026-11-30 }]";
    let world = World::new().groups(&format!(
        "  - {{ name: Desk, description: The desk., roles: {roles}, members: [cy@voyager.example] }}\n"
    ));
    world.run("apply --auto-approve --now 2026-11-01T00:00:00Z").expect(0);
    let plan = world.run(&format!("plan --only expired --format json {LATER}")).expect(0).json();
    assert_eq!(plan["edits"], json!([]));
    world
        .run(&format!("drift {LATER}"))
        .expect(2)
        .shows("~ role Agent: company globex, initech → company globex NARROWS");
}

#[test]
fn a_guard_holds_for_what_ends_as_for_anything_else() {
    let world = world().ruled("guards: { protected: { people: [bo@voyager.example] } }\n");
    let run = world.run(&format!("apply --only expired --auto-approve {LATER}")).expect(6);
    assert!(run.stdout.contains("STOP"), "{}", run.stdout);
    assert_eq!(world.writes(), [""; 0]);
}

/// A group whose time is over goes with all that is in it, and one whose time has not come is left as it is.
#[test]
fn a_group_whose_time_is_over_goes_whole() {
    let world = World::new().groups(
        "  - { name: Desk, until: 2026-11-30, description: The desk., roles: [{ role: Agent, scope: { company: globex } }], members: [bo@voyager.example] }
  - { name: Night, from: 2026-12-24, description: Another., roles: [], members: [ana@voyager.example] }
  - { name: Christmas, from: 2026-12-24, until: 2026-12-26, description: Christmas., roles: [], members: [ana@voyager.example] }\n",
    );
    world.run("plan --now 2026-11-24").expect(0).shows("until 2026-11-30: the group Desk (access/a.yaml:3)");
    world.run("plan --now 2026-11-30T23:59:59Z --check").expect(0);
    let before = (world.group("Night"), world.members("Night"));
    let plan = world.run(&format!("plan {LATER}")).expect(0);
    assert_eq!(
        plan.shows("- group Desk 1 role, 2 members access/a.yaml:3 until 2026-11-30")
            .stdout
            .matches("\n- group")
            .count(),
        1
    );
    world.run(&format!("apply --only expired --auto-approve {LATER}")).expect(0);
    assert_eq!((world.group("Desk"), world.group("Christmas")), (None, None));
    assert_eq!((world.group("Night"), world.members("Night")), before);
}
