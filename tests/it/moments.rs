//! Two snapshots, and what became of access between them, by people.

use serde_json::{Value, json};

use crate::support::{Run, World, library};

/// Takes a snapshot, applies, lets an account be closed, and takes another.
fn world() -> World {
    let world = World::new().ruled("guards: { removals: { percent: 100, atMost: 1000 } }\n").groups(
        "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }, { role: Trip Manager, scope: { company: globex } }], members: [ana@voyager.example, cy@voyager.example] }
  - { name: New, description: New., roles: [{ role: Agent, scope: { company: initech } }], members: [bo@voyager.example] }
removed: [{ group: Night, reason: over }]
",
    );
    world.run("snapshot --out before.json").expect(0);
    world.run("apply --auto-approve").expect(0);
    world.run("snapshot --out after.json").expect(0);
    world
}

fn rows(run: &Run) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(run.stdout.as_bytes());
    let mut rows: Vec<Vec<String>> =
        reader.records().map(|it| it.unwrap().iter().map(str::to_owned).collect()).collect();
    rows.sort();
    rows
}

#[test]
fn two_snapshots_tell_what_the_plan_between_them_told() {
    let world = world();
    let run = world.run("diff before.json after.json --format csv").expect(0);
    let expected = [
        ["gains", "ana@voyager.example", "voyager", "Trip Manager", "company globex", "", "", "through Desk"],
        ["gains", "bo@voyager.example", "voyager", "Agent", "company initech", "", "", "through New"],
        ["gains", "cy@voyager.example", "voyager", "Trip Manager", "company globex", "", "", "through Desk"],
        ["groupGone", "", "voyager", "", "", "", "", "Night"],
        ["groupMade", "", "voyager", "", "", "", "", "New"],
        ["loses", "bo@voyager.example", "voyager", "Agent", "company globex", "", "", "leaves Desk"],
        ["loses", "cy@voyager.example", "voyager", "Agent", "company initech", "", "", "Night is deleted"],
    ];
    assert_eq!(rows(&run), expected.map(|it| it.map(str::to_owned).to_vec()));
    // The same as the plan that led there.
    let plan = world.run("plan --live before.json --format json").expect(0).json();
    let json = world.run("diff before.json after.json --format json").expect(0).json();
    let counts = |it: &Value| ["gain", "lose", "loseEverything"].map(|key| it["people"][key].clone());
    assert_eq!(counts(&json), counts(&plan));
    assert_eq!(
        json["groups"],
        json!([
            { "company": json["companies"][0], "id": world.id("New"), "after": "New" },
            { "company": json["companies"][0], "id": json["groups"][1]["id"], "before": "Night" },
        ])
    );
    let text = world.run("diff before.json after.json").expect(0);
    text.shows("+ bo@voyager.example gains")
        .shows("- Night 1 role, 1 member")
        .ends_with("3 people who gain, 0 of what is privileged; 2 people who lose, 0 people who lose everything; 1 group made, 1 gone.");
}

#[test]
fn backwards_it_is_mirrored_and_with_itself_it_is_nothing() {
    let world = world();
    let there = rows(&world.run("diff before.json after.json --format csv").expect(0));
    let back = rows(&world.run("diff after.json before.json --format csv").expect(0));
    let turned = |word: &str| match word {
        "gains" => "loses",
        "loses" => "gains",
        "groupMade" => "groupGone",
        _ => "groupMade",
    };
    let what = |all: &[Vec<String>], turn: bool| {
        let mut all: Vec<Vec<String>> = all
            .iter()
            .map(|it| [&[if turn { turned(&it[0]).to_owned() } else { it[0].clone() }], &it[1..5]].concat())
            .collect();
        all.sort();
        all
    };
    assert_eq!(what(&there, false), what(&back, true));
    for form in ["text", "markdown"] {
        let same = world.run(&format!("diff after.json after.json --format {form}")).expect(0);
        assert!(same.stdout.contains("No difference, as far as was seen."), "{}", same.stdout);
    }
    assert!(rows(&world.run("diff after.json after.json --format csv").expect(0)).is_empty());
}

#[test]
fn an_account_that_is_closed_and_a_group_with_another_name_are_told() {
    let world = World::new().groups("  - { name: Day, renamedFrom: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n");
    world.run("snapshot --out before.json").expect(0);
    world.run("apply --auto-approve").expect(0);
    world.run("snapshot --out after.json").expect(0);
    let text = std::fs::read_to_string(world.path().join("after.json")).unwrap();
    let mut after: Value = serde_json::from_str(&text).unwrap();
    for user in after["directories"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .flat_map(|it| it["users"].as_array_mut().unwrap())
    {
        if user["email"] == "bo@voyager.example" {
            user["active"] = false.into();
        }
    }
    let world =
        world.with("closed.json", &library::recorded(&after, "2026-11-21T00:00:00Z".parse().unwrap()));
    let run = world.run("diff before.json closed.json").expect(0);
    run.shows("~ Desk → Day renamed").shows("bo@voyager.example can no longer be used");
    let json = world.run("diff before.json closed.json --format json").expect(0).json();
    assert_eq!(
        (&json["accounts"][0]["active"], &json["groups"][0]["before"]),
        (&json!(false), &json!("Desk"))
    );
}

#[test]
fn what_is_no_snapshot_or_of_another_company_is_said() {
    let world = world().with("none.json", "{}");
    world.run("diff before.json none.json").expect(4).says(&["none.json"]);
    world
        .run("diff before.json missing.json")
        .expect(4)
        .says(&["missing.json", "rolecall snapshot --out FILE"]);
    world.run("diff before.json").expect(4);
    world
        .run("diff before.json after.json --format sarif")
        .expect(4)
        .says(&["has no result in the form sarif"]);
}
