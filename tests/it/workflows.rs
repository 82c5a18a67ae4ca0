//! The six everyday jobs, each from YAML to a changed company and a second plan that finds nothing.

use std::fs::File;

use serde_json::json;

use crate::support::{NO_CHANGES, World, words};

const GLOBEX: &str = "2b7e0000-0000-4000-8000-000000000002";
const INITECH: &str = "2b7e0000-0000-4000-8000-000000000003";

/// Plans, checks the lines, applies, and checks that this was all; returns the world for a closer look.
#[track_caller]
fn done(world: World, lines: &[&str], summary: &str) -> World {
    world.forget();
    let plan = lines.iter().fold(world.plan().expect(0), |plan, line| plan.shows(line));
    plan.ends_with(summary);
    assert_eq!(world.writes(), [""; 0], "a plan wrote");
    world.apply().expect(0).shows("Applied: ");
    world
}

#[test]
pub(crate) fn a_user_is_added_to_a_group() {
    for (group, there) in [
        (
            "{ name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }]",
            "ana@voyager.example, bo@voyager.example",
        ),
        // Of a standard group the members are all that may change.
        ("{ name: Company Admins, roles: unmanaged", "root@voyager.example"),
    ] {
        let world = World::new().groups(&format!("  - {group}, members: [{there}, cy@voyager.example] }}\n"));
        let world = done(
            world,
            &["+ member cy@voyager.example access/a.yaml:3"],
            "Plan: 0 groups to create, 1 to change, 0 to delete; roles +0 ~0 -0; members +1 -0; 0 guards.",
        );
        let written = world.written();
        assert_eq!(world.writes(), ["PATCH members"]);
        assert_eq!(written[0].body, json!({ "userIdsToAdd": [world.user("cy@voyager.example")] }));
        world.settled();
    }
}

#[test]
pub(crate) fn roles_and_scopes_of_a_group_are_updated_in_one_request() {
    let world = World::new().groups(
        "  - name: Night
    description: The night.
    roles:
      - { role: Agent, scope: { company: globex } }
      - { role: Trip Manager, scope: { legalEntity: globex-uk } }
    members: unmanaged
",
    );
    let world = done(
        world,
        &[
            "~ group Night access/a.yaml:3",
            "~ role Agent: company globex, initech → company globex NARROWS access/a.yaml:6",
            "+ role Trip Manager on legal entity globex-uk access/a.yaml:7",
        ],
        "Plan: 0 groups to create, 1 to change, 0 to delete; roles +1 ~1 -0; members +0 -0; 0 guards.",
    );
    assert_eq!(world.writes(), ["PATCH roles"]);
    let body = &world.written()[0].body;
    let scope = |kind: &str, values: &[&str]| json!({ "audiences": [{ "predicates": [{ "type": kind, "comparator": "IN", "values": values }] }] });
    let mut added = body["rolesToAdd"].as_array().unwrap().clone();
    added.sort_by_key(|it| it["roleId"] != world.role("Agent").as_str());
    assert_eq!(
        added,
        [
            json!({ "roleId": world.role("Agent"), "scope": scope("COMPANY", &[GLOBEX]) }),
            json!({ "roleId": world.role("Trip Manager"), "scope": scope("LEGAL_ENTITY", &["3c8d0000-0000-4000-8000-000000000001"]) }),
        ]
    );
    let old = json!([{ "roleId": world.role("Agent"), "scope": scope("COMPANY", &[GLOBEX, INITECH]) }]);
    assert_eq!(body["rolesToDelete"], old, "the scope is not named as it was read");
    assert_eq!(
        world.roles("Night"),
        [
            format!("Agent COMPANY={GLOBEX}"),
            "Trip Manager LEGAL_ENTITY=3c8d0000-0000-4000-8000-000000000001".to_owned()
        ]
    );
    world.settled();
}

#[test]
pub(crate) fn a_user_is_moved_between_groups() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [bo@voyager.example] }
  - { name: Night, description: The night., roles: unmanaged, members: [ana@voyager.example, cy@voyager.example] }
",
    );
    let world = done(
        world,
        &[
            "- member ana@voyager.example moved to Night",
            "+ member ana@voyager.example access/a.yaml:4 moved from Desk",
        ],
        "Plan: 0 groups to create, 2 to change, 0 to delete; roles +0 ~0 -0; members +1 -1; 0 guards.",
    );
    let ana = world.user("ana@voyager.example");
    assert_eq!(world.writes(), ["PATCH members", "PATCH members"]);
    for (group, body) in [
        ("Desk", json!({ "userIdsToAdd": [], "userIdsToDelete": [ana] })),
        ("Night", json!({ "userIdsToAdd": [ana] })),
    ] {
        let id = world.id(group);
        let written = world.written();
        assert_eq!(written.iter().find(|it| it.path.contains(&id)).unwrap().body, body, "{group}");
    }
    assert_eq!(world.members("Desk"), ["bo@voyager.example"]);
    assert_eq!(world.members("Night"), ["ana@voyager.example", "cy@voyager.example"]);
    world.settled();
}

#[test]
pub(crate) fn a_custom_group_is_created_with_roles_scopes_and_members() {
    let world = World::new().groups(
        "  - name: Oncall
    description: First to be called.
    roles:
      - { role: Agent, scope: { company: [globex, initech] } }
      - { role: Trip Manager, scope: [{ company: globex, legalEntity: globex-uk }, { company: initech }] }
    members: [ana@voyager.example, { employeeId: V-3 }]
",
    );
    let world = done(
        world,
        &[
            "+ group Oncall 2 roles, 2 members access/a.yaml:3",
            "+ role Agent on company globex, initech access/a.yaml:6",
            "+ member ana@voyager.example access/a.yaml:8",
            "+ member cy@voyager.example access/a.yaml:8",
        ],
        "Plan: 1 group to create, 0 to change, 0 to delete; roles +2 ~0 -0; members +2 -0; 0 guards.",
    );
    assert_eq!(world.writes(), ["POST user-groups", "PATCH roles", "PATCH members"]);
    let written = world.written();
    assert_eq!(written[0].body, json!({ "name": "Oncall", "description": "First to be called." }));
    assert_eq!(written[1].body["rolesToDelete"], json!([]));
    assert_eq!(
        world.roles("Oncall"),
        [
            format!("Agent COMPANY={GLOBEX},{INITECH}"),
            format!(
                "Trip Manager COMPANY={GLOBEX}&LEGAL_ENTITY=3c8d0000-0000-4000-8000-000000000001 | COMPANY={INITECH}"
            ),
        ]
    );
    assert_eq!(world.members("Oncall"), ["ana@voyager.example", "cy@voyager.example"]);
    world.settled();
}

#[test]
pub(crate) fn a_standard_group_is_duplicated_with_its_roles_and_scopes() {
    let world = World::new()
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n");
    world.forget();
    let copy = world.run("duplicate \"Company Admins\" --as \"EU Admins\"").expect(0);
    assert_eq!(world.writes(), [""; 0], "it only writes YAML");
    world.write("access/eu.yaml", &copy.stdout);
    let world = done(
        world,
        &["+ group EU Admins 2 roles, 0 members access/eu.yaml:"],
        "Plan: 1 group to create, 0 to change, 0 to delete; roles +2 ~0 -0; members +0 -0; 0 guards.",
    );
    assert_eq!(world.roles("EU Admins"), world.roles("Company Admins"));
    assert_eq!(world.roles("EU Admins").len(), 2);
    assert_eq!(world.members("EU Admins"), [""; 0]);
    assert_ne!(world.id("EU Admins"), world.id("Company Admins"));
    assert_ne!(world.group("EU Admins").unwrap()["isUnmodifiable"], true);
    world.settled();
}

#[test]
fn a_duplicate_has_the_members_too_where_they_are_wanted() {
    let world = World::new()
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n");
    let copy =
        world.run("duplicate \"Company Admins\" --as \"EU Admins\" --description Europe --members").expect(0);
    world.write("access/eu.yaml", &copy.stdout);
    world.apply().expect(0);
    assert_eq!(world.members("EU Admins"), ["root@voyager.example"]);
    assert_eq!(world.group("EU Admins").unwrap()["description"], "Europe");
    world.settled();
}

/// The shell makes the file before rolecall runs, and the file is empty then.
#[test]
fn a_duplicate_may_be_redirected_into_the_workspace_as_its_help_shows() {
    let world = World::new()
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n");
    let example = world.run("duplicate --help").stdout;
    let example = example.lines().find_map(|it| it.strip_prefix("Example: rolecall ")).unwrap();
    let (line, path) = example.split_once(" > ").unwrap();
    let file = File::create(world.path().join(path)).unwrap();
    let status = world.command().args(words(line)).stdout(file).status().unwrap();
    assert_eq!(status.code(), Some(0));
    world.plan().expect(0).shows("+ group EU Admins 2 roles, 0 members access/eu-admins.yaml:");
}

#[test]
fn the_first_group_of_a_workspace_may_be_a_duplicate() {
    let world = World::new();
    let copy = world.run("duplicate \"Company Admins\" --as \"EU Admins\"").expect(0);
    world.write("access/eu.yaml", &copy.stdout);
    world.plan().expect(0).shows("+ group EU Admins 2 roles, 0 members access/eu.yaml:");
}

#[test]
fn what_cannot_be_duplicated_is_said() {
    let world = World::new()
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n");
    for (line, words) in [
        (
            "duplicate \"Company Admin\" --as New",
            &["no group is called `Company Admin`", "hint: did you mean `Company Admins`?"][..],
        ),
        ("duplicate \"Company Admins\" --as Desk", &["a group `Desk` exists already", "hint:"]),
        ("duplicate \"Company Admins\"", &["--as"]),
        ("duplicate \"Company Admins\" --as \"\"", &["error[invalid-name]", "(the copy):"]),
        ("duplicate \"Company Admins\" --as New --description \"\"", &["error[invalid-description]"]),
    ] {
        let run = world.run(line).expect(4).says(words);
        assert_eq!(run.stdout, "", "{line}");
    }
}

#[test]
pub(crate) fn agents_of_a_tmc_serve_one_client_only() {
    let world = World::new().groups(
        "  - name: Globex Agents
    description: Agents who serve Globex only.
    roles:
      - { role: Agent, scope: { company: globex } }
      - { role: Trip Manager, scope: { company: globex } }
      - { role: Company Management Admin (Read Only), scope: { company: globex } }
    members: [ana@voyager.example]
",
    );
    let world = done(
        world,
        &["+ group Globex Agents 3 roles, 1 member", "+ role Agent on company globex"],
        "Plan: 1 group to create, 0 to change, 0 to delete; roles +3 ~0 -0; members +1 -0; 0 guards.",
    );
    // One audience with one predicate: the client, and nothing that would widen or narrow it.
    let scope = json!({ "audiences": [{ "predicates": [{ "type": "COMPANY", "comparator": "IN", "values": [GLOBEX] }] }] });
    let roles = world.written()[1].body["rolesToAdd"].clone();
    let mut expected: Vec<String> =
        ["Agent", "Trip Manager", "Company Management Admin (Read Only)"].map(|it| world.role(it)).into();
    expected.sort();
    let mut ids: Vec<&str> =
        roles.as_array().unwrap().iter().map(|it| it["roleId"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, expected);
    assert!(roles.as_array().unwrap().iter().all(|it| it["scope"] == scope), "{roles:#}");
    world.settled();
}

#[test]
fn a_second_plan_is_exactly_one_well_known_line_below_its_header() {
    let world = World::new()
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n");
    let plan = world.plan().expect(0);
    assert_eq!(plan.stdout.lines().filter(|it| *it == NO_CHANGES).count(), 1, "{}", plan.stdout);
    assert!(!plan.stdout.contains("Plan:"), "{}", plan.stdout);
}
