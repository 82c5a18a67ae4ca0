//! Taking up a saved plan: the very same plan, or nothing, and a reason that names what changed.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{cases, list, reach, text};
use crate::support::{
    forged,
    library::{Inputs, TakenUp, plan, take_up},
    replay::Scope,
    worlds::{NOW, Tape, World, tapes, user_id},
};

/// A day later, on which nothing has ended that had not.
const LATER: &str = "2026-11-22T12:00:00Z";
/// A day on which everything has ended that ever ends.
const MUCH_LATER: &str = "2199-01-01T00:00:00Z";
/// An id that nothing in any world has.
const NOBODY: &str = "2b7e0000-0000-4000-8000-000000000077";

/// Returns a world with a plan of it as it is saved, or nothing where there is none. Every other plan names no
/// files, as that of a rollback: what it does is believed, and not asked of the files again.
fn saved(tape: &mut Tape) -> Option<(World, Value)> {
    let world = World::drawn(tape);
    let mut document = world.with(plan).ok()?.document;
    if tape.often(50) {
        document["files"] = json!([]);
        document["undoes"] = json!({ "journal": "one.ndjson", "plan": document["id"] });
    }
    Some((world, document))
}

fn taken_up(world: &World, saved: &Value, now: &str) -> TakenUp {
    take_up(&forged(saved), Inputs { files: &world.texts(), live: &world.live, now })
}

/// Returns the id of a plan and every text of it that decides, each with where it stands.
fn effects(document: &Value) -> (String, Vec<(String, String)>) {
    let mut copy = document.clone();
    let mut found = Vec::new();
    for part in parts(&mut copy) {
        decisive(part, &mut Vec::new(), &mut found);
    }
    (text(&document["id"]).to_owned(), found.into_iter().map(|(path, text)| (path, text.clone())).collect())
}

/// Returns the edits of a plan.
fn parts(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    document["edits"].as_array_mut().unwrap().iter_mut()
}

fn groups_mut(world: &mut World) -> Vec<&mut Value> {
    let companies = world.live["companies"].as_array_mut().unwrap().iter_mut();
    companies.flat_map(|it| it["groups"].as_array_mut().unwrap()).collect()
}

/// Returns the roles of a group by what they mean.
fn roles(group: &Value) -> Vec<(Value, Scope)> {
    let mut ids: Vec<Value> = list(group, "roles").iter().map(|it| it["roleId"].clone()).collect();
    ids.sort_by_key(ToString::to_string);
    ids.dedup();
    let scope = |id: &Value| {
        let own = list(group, "roles").iter().filter(|it| it["roleId"] == *id);
        let audiences: Vec<&Value> = own.flat_map(|it| list(&it["scope"], "audiences")).collect();
        reach(&json!({ "audiences": audiences }))
    };
    ids.into_iter().map(|it| (it.clone(), scope(&it))).collect()
}

/// Changes something about a group; returns what, unless it comes to nothing.
fn disturbed(world: &mut World, id: &str, tape: &mut Tape) -> Option<&'static str> {
    let user = user_id(tape.below(6));
    let mut groups = groups_mut(world);
    let group = groups.iter_mut().find(|it| it["id"] == id)?;
    let before = roles(group);
    let held = group["roles"].as_array_mut().unwrap();
    let far = json!({ "audiences": [{ "predicates": [{ "type": "COMPANY", "comparator": "IN", "values": [NOBODY] }] }] });
    let what = match tape.below(5) {
        0 => {
            let members = group["members"].as_array_mut().unwrap();
            let is_in = members.iter().any(|it| *it == *user);
            members.retain(|it| *it != *user);
            if !is_in {
                members.push(user.clone().into());
            }
            for person in
                world.live["people"].as_array_mut().unwrap().iter_mut().filter(|it| it["userId"] == *user)
            {
                let own = person["groups"].as_array_mut().unwrap();
                own.retain(|it| *it != id);
                if !is_in {
                    own.push(id.into());
                    own.sort_by_key(ToString::to_string);
                }
            }
            return Some("members");
        }
        1 => {
            group["description"] = "Somebody was here.".into();
            return Some("description");
        }
        2 if !held.is_empty() => {
            held.swap_remove(0);
            "roles"
        }
        3 if !held.is_empty() => {
            held[0]["scope"] = far;
            "scope"
        }
        _ => {
            held.push(json!({ "roleId": NOBODY, "scope": far }));
            "roles"
        }
    };
    (roles(group) != before).then_some(what)
}

/// Changes the direct roles of a person.
fn given(world: &mut World, user: &str, tape: &mut Tape) {
    let mut people = world.live["people"].as_array_mut().unwrap().iter_mut();
    let person = people.find(|it| it["userId"] == user).unwrap();
    let Some(held) = person["directRoles"].as_array_mut() else { return };
    if held.is_empty() || tape.often(50) {
        held.push(json!({ "roleType": "ANOTHER_THING" }));
    } else {
        held.remove(0);
    }
}

/// Collects the texts of an edit that say what is done, and not why, or where that is said.
fn decisive<'a>(part: &'a mut Value, path: &mut Vec<String>, found: &mut Vec<(String, &'a mut String)>) {
    const KEYS: [&str; 10] =
        ["action", "kind", "company", "groupId", "roleId", "userId", "name", "description", "values", "type"];
    // What was there when the plan was made is proven by what is there now.
    const SEEN: [&str; 3] = ["origin", "why", "before"];
    match part {
        Value::String(text) => {
            let key = path.iter().rfind(|it| it.parse::<usize>().is_err());
            if key.is_some_and(|it| KEYS.contains(&it.as_str())) {
                found.push((path.join("."), text));
            }
        }
        Value::Array(values) => {
            for (n, value) in values.iter_mut().enumerate() {
                path.push(n.to_string());
                decisive(value, path, found);
                path.pop();
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut().filter(|it| !SEEN.contains(&it.0.as_str())) {
                path.push(key.clone());
                decisive(value, path, found);
                path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => (),
    }
}

/// Writes something else in place of a text that decides.
fn edited(text: &mut String) {
    *text = match text.as_str() {
        "add" | "change" => "remove".to_owned(),
        "remove" => "add".to_owned(),
        id if id.len() == 36 => NOBODY.to_owned(),
        other => format!("{other}x"),
    };
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn in_an_unchanged_world_a_saved_plan_is_the_very_same(mut tape in tapes()) {
        if let Some((world, saved)) = saved(&mut tape) {
            match taken_up(&world, &saved, LATER) {
                TakenUp::Plan(plan) => prop_assert_eq!(effects(&plan), effects(&saved), "{:?}", world),
                other => prop_assert!(false, "{other:?}\n{world:?}"),
            }
        }
    }

    #[test]
    fn what_has_ended_is_not_taken_up(mut tape in tapes()) {
        let lent = |document: &Value| {
            let mut copy = document.clone();
            parts(&mut copy).any(|it| it.to_string().contains("\"ends\":"))
        };
        if let Some((world, saved)) = saved(&mut tape) {
            let believed = list(&saved, "files").is_empty();
            match taken_up(&world, &saved, MUCH_LATER) {
                TakenUp::Plan(plan) => {
                    prop_assert!(!lent(&plan), "{plan:#}\n{world:?}");
                    prop_assert!(!believed || !lent(&saved), "{saved:#}\n{world:?}");
                }
                TakenUp::Stale(lines) => {
                    let told = lines.iter().any(|it| it.ends_with("would get what has ended meanwhile") || it.ends_with("would lose what begins by now"));
                    prop_assert_eq!(told, believed && lent(&saved), "{:?}\n{:?}", lines, world);
                }
                TakenUp::Refused(_) => (),
                TakenUp::Already => prop_assert!(false, "nothing was applied\n{world:?}"),
            }
        }
    }

    #[test]
    fn a_change_of_what_a_plan_touches_is_told_by_name(mut tape in tapes()) {
        if let Some((mut world, saved)) = saved(&mut tape) {
            let touched = list(&saved, "groups");
            let people = list(&saved, "users");
            let at = tape.below(256) * (touched.len() + people.len()) / 256;
            let (name, what) = match touched.get(at) {
                Some(group) => match disturbed(&mut world, text(&group["id"]), &mut tape) {
                    Some(what) => (text(&group["name"]), what),
                    None => return Ok(()),
                },
                None => {
                    let Some(user) = people.get(at - touched.len()) else { return Ok(()) };
                    given(&mut world, text(&user["userId"]), &mut tape);
                    (text(&saved["names"]["people"][text(&user["userId"])]), "direct roles")
                }
            };
            match taken_up(&world, &saved, NOW) {
                TakenUp::Stale(lines) => {
                    let told = lines.iter().any(|it| it.starts_with(&format!("{name}: ")));
                    prop_assert!(told, "{name}, {what}: {lines:?}\n{world:?}");
                }
                // By chance just what the plan wants, where it wants nothing else.
                TakenUp::Already => prop_assert!(touched.len() + people.len() == 1, "{name}, {what}: {world:?}"),
                other => prop_assert!(false, "{name}, {what}: {other:?}\n{world:?}"),
            }
        }
    }

    #[test]
    fn a_change_of_anything_else_is_none_of_its_business(mut tape in tapes()) {
        if let Some((mut world, saved)) = saved(&mut tape) {
            let ids: Vec<String> = groups_mut(&mut world).iter().map(|it| text(&it["id"]).to_owned()).collect();
            let touched = |id: &str| list(&saved, "groups").iter().any(|it| it["id"] == id);
            for id in ids.iter().filter(|it| !touched(it)) {
                disturbed(&mut world, id, &mut tape);
            }
            let people: Vec<String> = list(&world.live, "people").iter().map(|it| text(&it["userId"]).to_owned()).collect();
            for user in people.iter().filter(|it| !list(&saved, "users").iter().any(|user| user["userId"] == ***it)) {
                given(&mut world, user, &mut tape);
            }
            match taken_up(&world, &saved, NOW) {
                TakenUp::Plan(plan) => prop_assert_eq!(effects(&plan), effects(&saved), "{:?}", world),
                other => prop_assert!(false, "{other:?}\n{world:?}"),
            }
        }
    }

    #[test]
    fn a_plan_that_was_edited_is_refused(mut tape in tapes()) {
        if let Some((world, saved)) = saved(&mut tape) {
            let mut wrong = saved.clone();
            let mut texts = Vec::new();
            parts(&mut wrong).for_each(|it| decisive(it, &mut Vec::new(), &mut texts));
            if texts.is_empty() {
                return Ok(());
            }
            let at = tape.below(256) * texts.len() / 256;
            let (path, text) = texts.swap_remove(at);
            let was = text.clone();
            edited(text);
            let now = text.clone();
            let result = taken_up(&world, &wrong, NOW);
            let refused = matches!(&result, TakenUp::Refused(why) if why.starts_with("the plan "));
            prop_assert!(refused, "{path}: {was} became {now}: {result:?}\n{world:?}");
        }
    }
}
