//! A change against its base and what is live: what it does itself, what had drifted before, and where both meet.

use serde_json::{Value, json};

use crate::{bases::commit, support::World};

/// A group whose members are these; Desk gives Agent on Globex and Initech.
fn desk(members: &str) -> String {
    format!(
        "  - {{ name: Desk, description: The desk., roles: [{{ role: Agent, scope: {{ company: [globex, initech] }} }}], members: [{members}] }}\n"
    )
}

/// The base declares what is live, and is committed; then the change is made, and somebody changes the group by hand.
fn world(change: &str, by_hand: &[(&str, &str)]) -> World {
    let world = World::new().groups(&desk("cy@voyager.example"));
    world.apply().expect(0);
    commit(&world.path());
    let world = world.groups(&desk(change));
    for (field, who) in by_hand {
        world.patch_members("Desk", &json!({ *field: [world.user(who)] }));
    }
    world
}

const ANA: &str = "ana@voyager.example";
const BO: &str = "bo@voyager.example";
const CY: &str = "cy@voyager.example";
const ADD: &str = "userIdsToAdd";
const DELETE: &str = "userIdsToDelete";

fn causes(plan: &Value) -> Vec<String> {
    let edits = plan["edits"].as_array().unwrap().iter();
    let mut causes: Vec<String> = edits
        .map(|it| {
            format!(
                "{} {} {}",
                it["action"].as_str().unwrap(),
                it["person"].as_str().unwrap(),
                it["cause"].as_str().unwrap_or("-")
            )
        })
        .collect();
    causes.sort();
    causes
}

#[test]
fn each_edit_is_this_change_or_drift_or_both() {
    for (what, change, by_hand, expected, already) in [
        ("the change alone", format!("{CY}, {ANA}"), &[][..], &["add ana@voyager.example change"][..], 0),
        ("drift alone", CY.to_owned(), &[(ADD, BO)], &["remove bo@voyager.example drift"], 0),
        (
            "both, apart",
            format!("{CY}, {ANA}"),
            &[(ADD, BO)],
            &["add ana@voyager.example change", "remove bo@voyager.example drift"],
            0,
        ),
        ("made by hand already", format!("{CY}, {ANA}"), &[(ADD, ANA)], &[], 1),
        (
            "taken by hand, and asked for again",
            CY.to_owned(),
            &[(DELETE, CY), (ADD, BO)],
            &["add cy@voyager.example drift", "remove bo@voyager.example drift"],
            0,
        ),
    ] {
        let world = world(&change, by_hand);
        let plan = world.run("plan --base main --format json").expect(0).json();
        assert_eq!(causes(&plan), expected, "{what}");
        assert_eq!(plan["alreadyLive"].as_array().map(Vec::len), Some(already), "{what}");
        // Without a base there is one list.
        let plain = world.run("plan --format json").expect(0).json();
        assert!(plain.get("alreadyLive").is_none() && plain.get("peopleByCause").is_none());
        assert_eq!(plain["id"], plan["id"], "{what}: where an edit comes from is no effect of it");
    }
}

/// A role that the change moves to another scope than somebody has by hand.
#[test]
fn a_scope_that_the_change_and_somebody_else_change_is_a_conflict() {
    let scope = |of: &str| desk(CY).replace("[globex, initech]", of);
    let world = World::new().groups(&scope("[globex]"));
    world.apply().expect(0);
    commit(&world.path());
    let world = world.groups(&scope("[initech]"));
    world.apply().expect(0);
    let world = world.groups(&scope("[globex, initech]"));
    let plan = world.run("plan --base main --format json").expect(0).json();
    assert_eq!(plan["edits"][0]["cause"], "conflict", "{}", plan["edits"]);
    for format in ["text", "markdown"] {
        let shown = world.run(&format!("plan --base main --format {format}")).expect(0).stdout;
        assert!(shown.contains("conflict: changed by hand as well"), "{shown}");
    }
}

#[test]
fn a_change_that_does_nothing_for_anybody_says_so_in_one_line() {
    let world = world(&format!("{CY} # who else?\n"), &[(ADD, BO)]);
    let text = world.run("plan --base main").expect(0).stdout;
    assert!(text.contains("\nThis change   nobody gains or loses access\n"), "{text}");
    assert!(text.contains("\nAlready drifted, and undone with it   1 difference: 0 gain access, 1 loses access, 1 loses everything\n"), "{text}");
    assert!(text.contains("- bo@voyager.example loses everything (already drifted)"), "{text}");
    let bo = text.lines().find(|it| it.contains("- member  bo@voyager.example")).unwrap();
    assert!(bo.contains("  not declared; added 20") && bo.ends_with(", already drifted"), "{text}");
    let comment = world.run("plan --base main --format markdown").expect(0).stdout;
    assert!(
        comment.contains("### rolecall: nobody gains or loses access by this change, 1 group changed"),
        "{comment}"
    );
}

/// Whoever only the base names is looked up, so that a removal by hand is seen as what it is.
#[test]
fn people_whom_only_the_base_names_are_known() {
    let world = world("", &[(ADD, ANA)]);
    let plan = world.run("plan --base main --format json").expect(0).json();
    assert_eq!(causes(&plan), ["remove ana@voyager.example drift", "remove cy@voyager.example change"]);
}

#[test]
fn a_base_that_does_not_fit_what_there_is_is_told_and_stops_nothing() {
    let pinned = "name: Desk, id: 00000000-0000-4000-8000-000000000099";
    let world = World::new().groups(&desk(CY).replace("name: Desk", pinned));
    commit(&world.path());
    let world = world.groups(&desk(CY));
    let run = world.run("plan --base main").expect(0);
    assert!(run.stderr.contains("the base does not fit what there is ("), "{}", run.stderr);
    assert!(run.stdout.contains("\nPeople "), "{}", run.stdout);
}

/// A pull request that touches one group, while somebody has changed that one and another by hand.
#[test]
fn of_a_change_of_one_group_while_another_drifted_every_item_is_told_for_what_it_is() {
    let files = |scope: &str, members: &str| {
        desk(members).replace("[globex, initech]", scope)
            + "  - { name: Night, description: The night., roles: unmanaged, members: [cy@voyager.example] }\n"
    };
    let world = World::new().groups(&files("[globex]", CY));
    world.apply().expect(0);
    commit(&world.path());
    let world = world.groups(&files("[initech]", CY));
    world.apply().expect(0);
    world.patch_members("Desk", &json!({ ADD: [world.user(BO)] }));
    world.patch_members("Night", &json!({ ADD: [world.user(ANA)] }));
    let world = world.groups(&files("[globex, initech]", &format!("{CY}, {ANA}, {BO}")));
    let plan = world.run("plan --base main --format json").expect(0).json();
    let told = |it: &Value| {
        let word = |key: &str| it[key].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}{}: {}", word("action"), word("group"), word("person"), word("role"), word("cause"))
    };
    let mut rows: Vec<String> = plan["edits"].as_array().unwrap().iter().map(told).collect();
    rows.sort();
    assert_eq!(
        rows,
        [
            "add Desk ana@voyager.example: change",
            "change Desk Agent: conflict",
            "remove Night ana@voyager.example: drift"
        ]
    );
    let already: Vec<String> = plan["alreadyLive"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(already, ["add Desk bo@voyager.example: "]);
    let text = world.run("plan --base main").expect(0).stdout;
    let line = |words: &str| text.lines().find(|it| it.contains(words)).unwrap_or_else(|| panic!("{text}"));
    assert!(line("~ role    Agent").contains("conflict: changed by hand as well"), "{text}");
    assert!(line("- member  ana@").contains("already drifted"), "{text}");
    assert!(!line("+ member  ana@").contains("drift"), "{text}");
    assert!(text.contains("Already live   1 thing that the change asks for"), "{text}");
}
