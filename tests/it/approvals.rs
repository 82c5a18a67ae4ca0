//! What was approved is what is applied: plan ids, saved plans, and what makes them stale.

use std::fs;

use serde_json::{Value, json};

use crate::support::{NO_CHANGES, VOYAGER, World, forged};

/// Bo leaves Desk and Cy joins; Night gets another description.
const WANTED: &str = "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example, cy@voyager.example] }
  - { name: Night, description: By night., roles: unmanaged, members: unmanaged }
";

fn world() -> World {
    World::new().groups(WANTED)
}

/// Returns the id at the end of a plan.
fn id(world: &World, line: &str) -> String {
    let plan = world.run(line).expect(0).stdout;
    let id = plan.lines().find_map(|it| it.strip_prefix("Plan id: ")).unwrap_or_else(|| panic!("{plan}"));
    id.to_owned()
}

fn saved(world: &World) -> String {
    world.run("plan --out plan.json").expect(0);
    fs::read_to_string(world.path().join("plan.json")).unwrap()
}

#[test]
fn a_saved_plan_is_applied_exactly_and_asks_nobody() {
    let world = world();
    saved(&world);
    world.forget();
    world
        .run("apply plan.json")
        .expect(0)
        .shows("Applied: 2 of 2 groups. Read back: live state matches the plan.");
    assert_eq!(world.members("Desk"), ["ana@voyager.example", "cy@voyager.example"]);
    world.settled();
}

/// What a plan changes, and how: every kind of change alone, and several together.
const KINDS: [&str; 6] = [
    WANTED,
    "  - { name: Fresh, description: New., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example] }\n",
    "  - { name: Night, description: The night., roles: [{ role: Agent, scope: { company: initech } }], members: unmanaged }\n",
    "  - { name: Late, renamedFrom: Night, description: The night., roles: unmanaged, members: unmanaged }\n",
    "  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\nremoved: [{ group: Night, reason: over }]\n",
    "  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\nusers: [{ user: bo@voyager.example, directRoles: [{ type: COMPANY_REPORT_ADMIN, company: voyager }] }]\n",
];

#[test]
fn a_saved_plan_that_was_applied_is_already_so_unless_something_differs_again() {
    for groups in KINDS {
        let world = World::new().ruled("exceptions: [{ guard: group-emptied, group: Night, upTo: 1, until: 2999-01-01, reason: over }]\n").groups(groups);
        let id = id(&world, "plan --out plan.json");
        world.run("apply plan.json").expect(0);
        for line in ["apply plan.json".to_owned(), format!("apply plan.json --approve {id}")] {
            world.forget();
            let run = world.run(&line).expect(0).says(&["already so"]);
            assert!(run.stdout.contains(NO_CHANGES), "{groups}: {}", run.stdout);
            assert_eq!(world.writes(), [""; 0], "{groups}");
        }
    }
    // Somebody has gone on by hand: that is not what the plan wants.
    let world = world();
    saved(&world);
    world.run("apply plan.json").expect(0);
    world.patch_members("Desk", &json!({ "userIdsToAdd": [world.user("bo@voyager.example")] }));
    world.forget();
    world.run("apply plan.json").expect(7).says(&["Desk: its members are others"]);
    assert_eq!(world.writes(), [""; 0]);
}

#[test]
fn the_same_input_gives_the_same_saved_plan_byte_for_byte() {
    let world = world();
    for (line, name, value) in [
        ("plan --out plan.json --now 2026-11-21T08:00:00Z", "X", ""),
        ("plan --out plan.json", "SOURCE_DATE_EPOCH", "1795248000"),
    ] {
        let run = || {
            let mut command = world.command();
            command.args(crate::support::words(line)).env(name, value);
            assert!(command.output().unwrap().status.success());
            fs::read_to_string(world.path().join("plan.json")).unwrap()
        };
        let (first, second) = (run(), run());
        assert_eq!(first, second);
        let schema: Value =
            serde_json::from_str(&crate::support::repository("schemas/plan.schema.json")).unwrap();
        let document: Value = serde_json::from_str(&first).unwrap();
        assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&document));
        assert_eq!(document["id"].as_str().unwrap().len(), 64);
        assert_eq!(document["files"].as_array().unwrap().len(), 2, "rolecall.yaml and one access file");
    }
}

#[test]
fn the_id_is_that_of_the_effects_and_not_of_how_they_are_written() {
    let world = world();
    let first = id(&world, "plan --now 2026-11-21");
    assert_eq!(first.len(), 32);
    // Another day, other files, another order, another style.
    fs::remove_file(world.path().join("access/a.yaml")).unwrap();
    world.write("access/z.yaml", "version: 1\ngroups:\n- name: Night\n  description: \"By night.\"\n  members: unmanaged\n  roles: unmanaged\n");
    world.write(
        "access/y.yaml",
        "# a remark\nversion: 1\nscopes: { g: { company: globex } }\ngroups:\n- name: Desk\n  members:\n  - { userId: CY }\n  - ANA@voyager.example\n  description: The desk.\n  roles: [{ role: Agent, scope: g }]\n"
            .replace("CY", &world.user("cy@voyager.example"))
            .as_str(),
    );
    assert_eq!(id(&world, "plan --now 2026-12-24"), first);
    // A role that somebody adds by hand to a group that is touched is access the plan gives to who joins.
    let body = json!({ "rolesToAdd": [{ "roleId": world.role("Trip Manager"), "scope": { "audiences": [{ "predicates": [{ "type": "COMPANY", "comparator": "IN", "values": [VOYAGER] }] }] } }], "rolesToDelete": [] });
    let (status, _) =
        world.call("PATCH", &format!("/v3/companies/{VOYAGER}/user-groups/{}/roles", world.id("Desk")), body);
    assert!(status < 300);
    assert_ne!(id(&world, "plan"), first);
}

#[test]
fn a_hand_on_a_touched_group_makes_a_saved_plan_stale_and_one_elsewhere_does_not() {
    let world = world();
    saved(&world);
    let (root, ana) = (world.user("root@voyager.example"), world.user("ana@voyager.example"));
    world.patch_members("Company Admins", &json!({ "userIdsToAdd": [ana] }));
    world.patch_members("Desk", &json!({ "userIdsToAdd": [root] }));
    world.forget();
    world
        .run("apply plan.json")
        .expect(7)
        .says(&["1 group is not what the plan saw", "Desk: its members are others"]);
    assert_eq!(world.writes(), [""; 0], "nothing at all is written");
    world.patch_members("Desk", &json!({ "userIdsToAdd": [], "userIdsToDelete": [root] }));
    world.run("apply plan.json").expect(0);
}

#[test]
fn other_files_make_a_saved_plan_stale_unless_it_was_approved_by_its_id() {
    let world = world();
    let plan: Value = serde_json::from_str(&saved(&world)).unwrap();
    let id = plan["id"].as_str().unwrap();
    world.write(
        "access/a.yaml",
        &format!("version: 1\ngroups:\n{}", WANTED.replace("By night.", "At night.")),
    );
    world.write("access/b.yaml", "version: 1\n");
    world.forget();
    world.run("apply plan.json").expect(7).says(&[
        "2 files changed since the plan was made",
        "access/a.yaml says something else",
        "access/b.yaml is new",
        &format!("--approve {}", &id[..32]),
    ]);
    assert_eq!(world.log().len(), 0, "it costs no request");
    world.run("apply plan.json --approve 0123456789abcdef0123456789abcdef").expect(7);
    world
        .run(&format!("apply plan.json --approve {}", &id[..32]))
        .expect(0)
        .says(&["warning: 2 files changed"]);
    assert_eq!(world.group("Night").unwrap()["description"], "By night.", "what was approved was applied");
}

#[test]
fn a_plan_is_applied_if_it_still_has_the_id_that_was_approved() {
    let world = world();
    let id = id(&world, "plan");
    world.forget();
    world
        .run("apply --approve 0123456789abcdef0123456789abcdef")
        .expect(7)
        .says(&["not the one that was approved", &id]);
    assert_eq!(world.writes(), [""; 0]);
    let report = world.run("apply --approve 0123456789abcdef0123456789abcdef --format json").expect(7).json();
    assert_eq!(
        (&report["result"], report["plan"]["id"].as_str().unwrap().get(..32)),
        (&json!("stale"), Some(&*id))
    );
    world.forget();
    for wrong in
        ["abc", "0123456789ab", "xyz1234567890123456789012345678z", "0123456789abcdef0123456789abcde"]
    {
        world.run(&format!("apply --approve {wrong}")).expect(4);
    }
    assert_eq!(world.log().len(), 0);
    world.run(&format!("apply --approve {id}")).expect(0);
    world.settled();
}

#[test]
fn less_than_was_approved_is_applied_and_more_is_not() {
    let world = world();
    saved(&world);
    // Somebody did a part of it by hand: what is left is a part of what was approved.
    let cy = world.user("cy@voyager.example");
    world.patch_members("Desk", &json!({ "userIdsToAdd": [cy] }));
    // And the files want one thing more.
    world.write(
        "access/a.yaml",
        &format!("version: 1\ngroups:\n{}", WANTED.replace("ana@voyager.example, cy", "cy")),
    );
    world.forget();
    world
        .run("apply --approved-at-most plan.json")
        .expect(7)
        .says(&["the plan does more than was approved: 1 thing", "ana@voyager.example"]);
    assert_eq!(world.writes(), [""; 0]);
    world.write("access/a.yaml", &format!("version: 1\ngroups:\n{WANTED}"));
    world.run("apply --approved-at-most plan.json").expect(0);
    world.settled();
}

#[test]
fn what_is_no_plan_is_refused_before_any_request() {
    let world = world();
    let plan = saved(&world);
    world.forget();
    for (text, says) in [
        ("", "the plan is empty"),
        ("{", "not JSON"),
        ("[]", "not a plan of rolecall"),
        ("{\"kind\": \"apply\", \"version\": 1}", "its kind is `apply`"),
        (&plan.replace("\"version\": 2", "\"version\": 7"), "version 7"),
        (&plan.replace("By night.", "All night."), "changed after it was made"),
        (&plan[..plan.len() / 2], "not JSON"),
    ] {
        world.write("wrong.json", text);
        world.run("apply wrong.json").expect(4).says(&[says, "wrong.json"]);
        world.run("apply --approved-at-most wrong.json").expect(4).says(&[says]);
    }
    world.run("apply missing.json").expect(4).says(&["cannot read the plan", "plan --out"]);
    world.run("apply wrong.json access").expect(4).says(&["a saved plan is applied alone"]);
    assert_eq!(world.log().len(), 0);
}

#[test]
fn a_plan_for_one_api_is_not_applied_to_another() {
    let world = world();
    let mut plan: Value = serde_json::from_str(&saved(&world)).unwrap();
    plan["endpoint"] = json!("https://apis.spotnana.com");
    world.write("plan.json", &forged(&plan));
    world.forget();
    world.run("apply plan.json").expect(7).says(&["was made for https://apis.spotnana.com"]);
    assert_eq!(world.writes(), [""; 0]);
}

#[test]
fn a_saved_plan_of_nothing_does_nothing() {
    let world = World::new()
        .groups("  - { name: Night, description: The night., roles: unmanaged, members: unmanaged }\n");
    saved(&world);
    world.forget();
    world.run("apply plan.json").expect(0).shows(NO_CHANGES);
    assert_eq!(world.writes(), [""; 0]);
}

/// Applies what a saved plan became after somebody had it in hand who knows how its digest is made; its id is untouched.
fn tampered(world: &World, change: impl Fn(&mut Value)) -> crate::support::Run {
    let mut plan: Value = serde_json::from_str(&saved(world)).unwrap();
    let id = plan["id"].as_str().unwrap().to_owned();
    change(&mut plan);
    world.write("plan.json", &forged(&plan));
    world.forget();
    let run = world.run(&format!("apply plan.json --approve {id}"));
    assert_eq!(world.writes(), [""; 0], "{}", run.stdout);
    run
}

#[test]
fn nothing_but_the_effects_of_a_saved_plan_is_believed() {
    let emptied =
        || World::new().groups("  - { name: Desk, description: The desk., roles: unmanaged, members: [] }\n");
    // Marks that would exempt from guards.
    tampered(&emptied(), |plan| {
        for edit in plan["edits"].as_array_mut().unwrap() {
            edit["why"] = json!({ "lockedOut": { "file": "rolecall.yaml", "line": 1, "column": 1 } });
        }
    })
    .expect(6);
    // Verdicts, and the numbers that they come from.
    tampered(&emptied(), |plan| {
        plan["guards"] = json!([]);
        plan["companies"][0]["groups"] = json!(100_000);
    })
    .expect(6);
    // Digests of what it saw, or that it looked at all.
    tampered(&emptied(), |plan| plan["live"] = json!([])).expect(7);
    // Files that it was made from.
    tampered(&emptied(), |plan| plan["files"] = json!([])).expect(6);
}

#[test]
fn a_plan_that_names_no_file_is_none_of_these_files() {
    let world = world();
    let plan: Value = serde_json::from_str(&saved(&world)).unwrap();
    for partial in [false, true] {
        let mut plan = plan.clone();
        plan["files"] = json!([]);
        plan["partial"] = json!(partial);
        world.write("plan.json", &forged(&plan));
        world.forget();
        world.run("apply plan.json").expect(7).says(&["the plan names no file that it was made from"]);
        assert_eq!(world.writes(), [""; 0], "{partial}");
    }
}

#[test]
fn a_saved_plan_gives_nobody_what_has_ended_meanwhile() {
    let world = World::new().groups(
        "  - { name: Night, description: The night., roles: unmanaged, members: [cy@voyager.example, { email: ana@voyager.example, until: 2026-12-01, reason: cover }] }\n",
    );
    world.run("plan --out plan.json --now 2026-11-30").expect(0);
    world.forget();
    world
        .run("apply plan.json --now 2026-12-02")
        .expect(7)
        .says(&["Night: the files ask for something else today"]);
    assert_eq!(world.writes(), [""; 0]);
    world.run("apply plan.json --now 2026-11-30").expect(0);
}

#[test]
fn a_plan_of_a_part_of_the_files_is_not_stale_because_of_the_others() {
    let night = "version: 1\ngroups: [{ name: Night, description: By night., roles: unmanaged, members: unmanaged }]\n";
    let desk =
        "version: 1\ngroups: [{ name: Desk, description: By day., roles: unmanaged, members: unmanaged }]\n";
    let world = World::new().with("access/a.yaml", night).with("access/b.yaml", desk);
    world.run("plan access/a.yaml --out plan.json").expect(0);
    world.run("apply plan.json").expect(0);
    assert_eq!(world.group("Night").unwrap()["description"], "By night.");
    assert_eq!(world.group("Desk").unwrap()["description"], "The desk.");
}
