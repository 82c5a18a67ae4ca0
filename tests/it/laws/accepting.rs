//! What is accepted is left out of a plan, and nothing else is: whatever there is, and in whatever order it is written.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{cases, list, text};
use crate::support::{
    library::plan,
    worlds::{COMPANIES, Tape, World, company_id, tapes, user_id},
};

/// The edit, by what it does to which fact.
fn key(edit: &Value) -> String {
    let fields = [
        "action", "kind", "company", "group", "groupId", "twin", "userId", "roleId", "roleType", "before",
        "after",
    ];
    json!(fields.map(|it| &edit[it])).to_string()
}

fn keys(plan: &Value) -> BTreeSet<String> {
    list(plan, "edits").iter().map(key).collect()
}

/// An entry about an edit, or about something like it; and the users that its person may be.
fn entry(edits: &[Value], tape: &mut Tape) -> Value {
    let edit = if edits.is_empty() { Value::Null } else { edits[tape.below(edits.len().min(256))].clone() };
    let mut entry = json!({ "owner": "o", "reason": "r", "until": "2026-12-31" });
    let company = (0..3).find(|it| company_id(*it) == text(&edit["company"])).unwrap_or(tape.below(2));
    entry["company"] = COMPANIES[company].into();
    let group = match edit["group"].as_str() {
        Some(group) if !tape.often(10) => group.to_owned(),
        _ => format!("Desk {}", tape.below(4)),
    };
    let user = edit["userId"].as_str().map_or_else(|| user_id(tape.below(9)), str::to_owned);
    let user = if tape.often(10) { user_id(tape.below(9)) } else { user };
    match (text(&edit["kind"]), tape.below(10)) {
        ("directRole", 0..9) => {
            entry["person"] = json!({ "userId": user });
            entry["role"] = edit["roleType"].clone();
        }
        ("role", 0..7) => {
            entry["group"] = group.into();
            entry["role"] = json!({ "id": edit["roleId"] });
        }
        (_, 0..7) => {
            entry["group"] = group.into();
            entry["person"] = json!({ "userId": user });
        }
        _ => entry["group"] = group.into(),
    }
    entry
}

/// Whether an entry names an edit: worked out from the plan without it and the live state.
fn names(entry: &Value, edit: &Value, world: &World, edits: &[Value]) -> bool {
    let company = COMPANIES.iter().position(|it| *it == text(&entry["company"])).unwrap();
    if text(&edit["company"]) != company_id(company) {
        return false;
    }
    let same_person = edit["userId"] == entry["person"]["userId"];
    let Some(group) = entry["group"].as_str() else {
        let alike = edits.iter().filter(|it| {
            it["kind"] == "directRole"
                && it["company"] == edit["company"]
                && it["userId"] == edit["userId"]
                && it["roleType"] == edit["roleType"]
        });
        return edit["kind"] == "directRole"
            && same_person
            && edit["roleType"] == entry["role"]
            && alike.count() == 1;
    };
    // How many groups have the name, or get it.
    let own = |it: &&Value| it["company"] == edit["company"] && it["kind"] == "group";
    let live =
        list(&world.live["companies"][company], "groups").iter().filter(|it| it["name"] == group).count();
    let made = edits.iter().filter(own).filter(|it| it["action"] == "add" && it["group"] == group).count();
    let renamed = |it: &&Value| {
        it["action"] == "change" && it["after"]["name"] == group && it["before"]["name"] != group
    };
    let renamed: Vec<&Value> = edits.iter().filter(own).filter(renamed).collect();
    let is_renamed = renamed.iter().any(|it| it["groupId"] == edit["groupId"]);
    if live + made + renamed.len() != 1
        || !(edit["group"] == group || is_renamed)
        || edit["kind"] == "directRole"
    {
        return false;
    }
    let goes =
        edits.iter().filter(own).any(|it| it["action"] == "remove" && it["groupId"] == edit["groupId"]);
    match (entry.get("person"), entry.get("role")) {
        (Some(_), _) => edit["kind"] == "member" && same_person && !goes,
        (None, Some(role)) => edit["kind"] == "role" && edit["roleId"] == role["id"] && !goes,
        (None, None) => true,
    }
}

fn with(world: &World, entries: &[Value]) -> World {
    let mut world = world.clone();
    world.files[0].1["accept"] = json!(entries);
    world
}

/// A world, its plan, entries that accept some of it, and the plan with them.
fn accepted(tape: &mut Tape) -> Option<(World, Value, Vec<Value>, Value)> {
    let world = World::drawn(tape);
    let before = world.with(plan).ok()?.document;
    let entries: Vec<Value> = (0..1 + tape.below(4)).map(|_| entry(list(&before, "edits"), tape)).collect();
    let after = with(&world, &entries).with(plan).expect("an entry refuses nothing").document;
    Some((world, before, entries, after))
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn a_plan_is_the_same_but_for_what_is_accepted(mut tape in tapes()) {
        let Some((world, before, entries, after)) = accepted(&mut tape) else { return Ok(()) };
        let (all, left) = (keys(&before), keys(&after));
        prop_assert!(left.is_subset(&all), "an entry adds nothing: {:?}\n{:?}", &entries, left.difference(&all));
        let edits = list(&before, "edits");
        let locked = list(&world.files[0].1, "lockout");
        for edit in edits {
            let named = entries.iter().any(|it| names(it, edit, &world, edits));
            // What goes because it has ended or is locked out is never accepted; of a role of which a part has ended, and of a
            // direct role of somebody who is locked out, a plan does not say that it is.
            let goes = edit.get("why").is_some_and(|it| it.get("unmeant").or(it.get("excepted")).is_none());
            let unclear = edit["action"] == "change" && edit["kind"] == "role" || edit["kind"] == "directRole" && !locked.is_empty();
            if left.contains(&key(edit)) {
                prop_assert!(!named || goes || unclear, "{} is accepted by {:?}\n{:?}", edit, &entries, &world);
            } else {
                prop_assert!(named && !goes, "{} is not accepted by {:?}", edit, &entries);
            }
        }
        // Each is told, and what is not accepted is the only thing that anybody gains or loses by.
        let told = list(&after, "accepted");
        prop_assert!(told.len() >= all.len() - left.len());
        prop_assert_eq!(told.is_empty(), all.len() == left.len());
        let withheld = |it: &Value| -> Vec<Value> {
            // The entries move the lines of the file that they stand in.
            let bare = |it: &Value| { let mut it = it.clone(); it.as_object_mut().unwrap().remove("origin"); it };
            let mut all: Vec<Value> = list(it, "withheld").iter().map(bare).collect();
            all.sort_by_key(ToString::to_string);
            all
        };
        prop_assert_eq!(withheld(&before), withheld(&after));
        if left.is_empty() {
            prop_assert_eq!(&after["people"]["affected"], &json!([]));
        }
        if left == all {
            prop_assert_eq!(&before["id"], &after["id"]);
        }
    }

    /// The order of the entries, and an entry twice, make no difference.
    #[test]
    fn the_order_of_entries_makes_no_difference(mut tape in tapes()) {
        let Some((world, _, entries, after)) = accepted(&mut tape) else { return Ok(()) };
        let other: Vec<Value> = entries.iter().rev().chain(&entries).cloned().collect();
        let other = with(&world, &other).with(plan).expect("the same entries").document;
        prop_assert_eq!(&other["id"], &after["id"]);
        prop_assert_eq!(keys(&other), keys(&after));
        let told = |it: &Value| -> BTreeSet<String> {
            let row = |it: &Value| json!([it["kind"], it["company"], it["group"], it["userId"], it["roleId"], it["roleType"], it["side"], it["privileged"]]).to_string();
            list(it, "accepted").iter().map(row).collect()
        };
        prop_assert_eq!(told(&other), told(&after));
    }
}

#[test]
fn the_worlds_have_much_to_accept() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for _ in 0..200 {
        let mut tape = tapes().new_tree(&mut runner).unwrap().current();
        let Some((_, _, _, after)) = accepted(&mut tape) else { continue };
        for it in list(&after, "accepted") {
            seen.insert(format!(
                "{} {}{}",
                text(&it["kind"]),
                text(&it["side"]),
                if it["privileged"] == true { " privileged" } else { "" }
            ));
        }
        seen.extend(list(&after, "remarks").iter().map(|it| text(&it["code"]).to_owned()));
    }
    for needed in [
        "group live",
        "group files",
        "group both",
        "role live",
        "role files",
        "role both",
        "member live",
        "member files",
        "directRole live",
        "directRole files",
        "role live privileged",
        "member live privileged",
        "unused-accept",
        "privileged-accept",
    ] {
        assert!(seen.contains(needed), "nothing has `{needed}`: {seen:#?}");
    }
}
