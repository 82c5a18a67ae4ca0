//! What ends, and when: a plan, a review and `expiring` say the same of the same files, instant and time zone.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{cases, list, text};
use crate::support::{
    library::{Endings, endings},
    worlds::{NOW, Tape, World, tapes},
};

const ZONES: [Option<&str>; 5] =
    [None, Some("Europe/Berlin"), Some("America/New_York"), Some("Pacific/Kiritimati"), Some("Asia/Kolkata")];

/// Days around the last that is near, and an instant.
const DAYS: [&str; 6] =
    ["2026-11-22", "2026-11-27", "2026-11-28", "2026-11-29", "2026-12-24", "2026-11-25T18:00:00+01:00"];

/// Moves what ends and begins later to days that are nearer, and adds ends to groups and direct roles.
fn moved(value: &mut Value, tape: &mut Tape) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|it| moved(it, tape)),
        Value::Object(all) => {
            for (key, value) in all.iter_mut() {
                match (key.as_str(), value.as_str()) {
                    ("from" | "until", Some("2027-03-31")) if tape.often(80) => {
                        *value = (*tape.pick(&DAYS)).into();
                    }
                    _ => moved(value, tape),
                }
            }
            let (begins, ends) = (all.get("from").and_then(Value::as_str), all.get("until"));
            if begins.is_none() && ends.is_none() && all.contains_key("type") && tape.often(40) {
                all.insert("until".to_owned(), (*tape.pick(&DAYS)).into());
            }
            // A term has a length.
            if all.get("from").and_then(Value::as_str) >= all.get("until").and_then(Value::as_str) {
                all.remove("until");
            }
        }
        _ => (),
    }
}

fn near(world: &mut World, tape: &mut Tape) {
    if let Some(zone) = tape.pick(&ZONES) {
        world.files[0].1["timeZone"] = (*zone).into();
    }
    for (_, file) in &mut world.files {
        if file["groups"].is_array() {
            for group in file["groups"].as_array_mut().unwrap() {
                if group["from"].is_null() && group["until"].is_null() && tape.often(30) {
                    group["until"] = (*tape.pick(&DAYS)).into();
                }
            }
        }
        moved(file, tape);
    }
}

/// What `expiring` says of access, in the form of a plan.
fn short(expiring: &Value) -> BTreeSet<String> {
    let rows = list(expiring, "items").iter().flat_map(|it| {
        let mut row = json!({ "at": it["at"], "company": it["company"], "origin": it["origin"] });
        if it["begins"] == true {
            row["begins"] = true.into();
        }
        if it["what"] != "directRole" {
            row["group"] = it["group"].clone();
        }
        let each = |key: &str, values: Vec<&Value>| -> Vec<Value> {
            let row = |value: &Value| {
                let mut row = row.clone();
                row[key] = value.clone();
                row
            };
            values.into_iter().map(row).collect()
        };
        let people = || list(it, "userIds").iter().collect();
        match text(&it["what"]) {
            "group" => vec![row],
            "member" => each("userId", people()),
            "role" => each("roleId", list(it, "roles").iter().map(|it| &it["roleId"]).collect()),
            "directRole" => {
                let mut rows = each("userId", people());
                rows.iter_mut().for_each(|row| row["roleType"] = it["role"].clone());
                rows
            }
            _ => Vec::new(),
        }
    });
    rows.map(|it| it.to_string()).collect()
}

/// The ends that `expiring` tells of entries such as these.
fn ends(all: &Value, is_it: impl Fn(&Value) -> bool) -> Vec<&str> {
    let own = list(all, "items").iter().filter(|it| it["begins"] == false && is_it(it));
    own.map(|it| text(&it["at"])).collect()
}

/// The name that the group has in the files whose entry stands there: the live one may be a former one.
fn declared_name(world: &World, origin: &Value) -> String {
    let texts = world.texts();
    let file = &texts.iter().find(|it| it.0 == text(&origin["file"])).unwrap().1;
    let line = usize::try_from(origin["line"].as_u64().unwrap()).unwrap();
    let name = file.lines().skip(line - 1).find_map(|it| it.strip_prefix("      \"name\": "));
    serde_json::from_str(name.unwrap().trim_end_matches(',')).unwrap()
}

/// Holds each end that a review tells against the entries that have one; how many of which kind there are.
fn review_tells(world: &World, it: &Endings) -> Result<[usize; 2], TestCaseError> {
    let (mut groups, mut direct) = (0, 0);
    for person in list(&it.review, "people") {
        let (company, user) = (&person["ofCompany"], &person["userId"]);
        let named = |key: &str, said: &str| person[key].as_str().map(|it| format!("{said}{it}"));
        let keys = [("email", ""), ("externalId", "externalId "), ("employeeId", "employeeId ")];
        let keys: Vec<String> = keys.iter().filter_map(|it| named(it.0, it.1)).collect();
        // Of two with one key a plan takes the one who is active, and a review tells of both.
        let means = |it: &Value| {
            list(it, "userIds").contains(user) || keys.iter().any(|key| *key == text(&it["person"]))
        };
        for access in list(person, "access") {
            for way in list(access, "through") {
                let own = list(&it.review, "groups").iter().find(|it| it["id"] == way["groupId"]).unwrap();
                if own["managed"] != "declared" {
                    prop_assert!(way["ends"].is_null(), "{} {}", person, way);
                    continue;
                }
                let name = declared_name(world, &own["origin"]);
                let here = |it: &Value| it["company"] == *company && text(&it["group"]) == name;
                // Nothing is said of the roles of a group that is left alone until it begins.
                let begins = |it: &&Value| it["begins"] == true && here(it) && it["what"] == "group";
                if list(&it.all, "items").iter().any(|it| begins(&it)) {
                    continue;
                }
                let role = |it: &Value| list(it, "roles").iter().any(|it| it["roleId"] == access["roleId"]);
                let of_group = ends(&it.all, |it| here(it) && it["what"] == "group");
                let of_role = ends(&it.all, |it| here(it) && it["what"] == "role" && role(it));
                let of_member = ends(&it.all, |it| here(it) && it["what"] == "member" && means(it));
                let all = of_group.iter().chain(&of_role).min().copied();
                // Of two lines of a member one may have no end.
                let member = of_member.iter().max().copied().filter(|_| way["files"] == "declared");
                let either = [all, all.into_iter().chain(member).min()];
                let told = way["ends"].as_str();
                prop_assert!(either.contains(&told), "{} {}: {:?} {} {}", person, way, either, name, it.all);
                groups += usize::from(told.is_some());
            }
        }
        for role in list(person, "directFiles") {
            let of_role =
                ends(&it.all, |it| it["what"] == "directRole" && means(it) && it["role"] == role["roleType"]);
            if let Some(told) = role["ends"].as_str() {
                prop_assert!(of_role.contains(&told), "{} {:?}", role, of_role);
                direct += 1;
            } else if role["files"] == "declared" && role["company"].is_null() {
                // Of two entries of a role one may have no end.
                prop_assert!(of_role.len() != 1, "{} {:?}", role, of_role);
            }
        }
    }
    Ok([groups, direct])
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn a_plan_a_review_and_expiring_say_the_same_of_what_ends(mut tape in tapes(), choice in prop::collection::vec(any::<u8>(), 60)) {
        let mut world = World::drawn(&mut tape);
        near(&mut world, &mut Tape::of(choice));
        let Ok(it) = world.with(endings) else { return Ok(()) };
        if !list(&it.near, "unseen").is_empty() {
            return Ok(());
        }
        let rows = |it: &Value| list(it, "soon").iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let near = short(&it.near);
        prop_assert_eq!(&rows(&it.plan), &near, "{}\n{:?}", it.near, world);
        prop_assert_eq!(&rows(&it.review), &near);
        prop_assert_eq!(&it.review["timeZone"], &world.files[0].1["timeZone"]);
        review_tells(&world, &it)?;
    }
}

#[test]
fn enough_ends() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut soon, mut told) = (BTreeSet::new(), [0; 2]);
    for n in 0..150_u8 {
        let mut world = World::drawn(&mut tapes().new_tree(&mut runner).unwrap().current());
        near(&mut world, &mut Tape::of((0..60).map(|it| n.wrapping_mul(it + 7)).collect()));
        let Ok(it) = world.with(endings) else { continue };
        if !list(&it.near, "unseen").is_empty() {
            continue;
        }
        let kinds = list(&it.near, "items").iter().map(|it| format!("{} {}", it["what"], it["begins"]));
        soon.extend(kinds);
        let more = review_tells(&world, &it).unwrap();
        told = [told[0] + more[0], told[1] + more[1]];
    }
    assert!(soon.len() >= 7, "{soon:?}");
    assert!(told[0] > 20 && told[1] > 3, "{told:?}");
    assert!(NOW < DAYS[0]);
}
