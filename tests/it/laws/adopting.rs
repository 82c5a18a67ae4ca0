//! What is live is written into the files: a plan from them is what was left, whatever there was.

use proptest::prelude::*;

use super::cases;
use serde_json::{Value, json};

use crate::support::{
    library::{Inputs, adopt},
    worlds::{NOW, Tape, World, tapes},
};

/// The texts of a world's files, in one of three ways to write the same.
fn written(world: &World, tape: &mut Tape) -> Vec<(String, String)> {
    let style = tape.below(3);
    let text = |(path, value): &(String, serde_json::Value)| {
        let text = match style {
            0 => serde_yaml::to_string(value).unwrap(),
            1 => format!("{value:#}\n"),
            _ => format!("{value}"),
        };
        (path.clone(), text)
    };
    world.files.iter().map(text).collect()
}

/// Who gets copies of mails.
const COPIES: [&[&str]; 4] =
    [&[], &["a@x.example"], &["a@x.example", "b@y.example"], &["b@y.example", "c@x.example"]];

/// Lets the API tell what people are, and the files say what some of them shall be.
fn with_people(world: &mut World, tape: &mut Tape) {
    let designation = |tape: &mut Tape| [None, Some("Agent"), Some("Lead")][tape.below(3)];
    let department = |tape: &mut Tape| format!("de000000-0000-4000-8000-{:012}", tape.below(3));
    for directory in world.live["directories"].as_array_mut().unwrap() {
        let mut profiles = json!({});
        for row in directory["users"].as_array().unwrap() {
            let id = row["userId"].as_str().unwrap();
            let mut profile = directory["attributes"]["of"][id].clone();
            profile["active"] = row["active"].to_string().into();
            if let Some(it) = designation(tape) {
                profile["designation"] = it.into();
            }
            // A list and a profile tell the same.
            if row["externalId"].is_string() {
                profile["externalId"] = row["externalId"].clone();
            }
            if tape.often(50) {
                profile["manager"] = row["userId"].clone();
            }
            if tape.often(70) {
                profile["flightNotificationEnabled"] = tape.often(50).to_string().into();
                profile["flightNotificationCcEmails"] = COPIES[tape.below(COPIES.len())].join(", ").into();
            }
            profiles[id] = profile;
        }
        directory["profiles"] = profiles;
    }
    let known: Vec<Value> = world.live["directories"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|it| it["users"].as_array().unwrap())
        .map(|it| it["userId"].clone())
        .collect();
    for (path, file) in &mut world.files {
        if path == "rolecall.yaml" {
            file["api"] = json!({ "dialect": { "userDelete": "deactivates" } });
            continue;
        }
        for entry in file["users"].as_array_mut().unwrap() {
            let mut business = json!({});
            if let Some(it) = designation(tape) {
                business["designation"] = it.into();
            }
            if tape.often(40) {
                business["department"] = department(tape).into();
            }
            if tape.often(40) {
                business["manager"] = json!({ "userId": known[tape.below(known.len())] });
            }
            if business != json!({}) {
                entry["business"] = business;
            }
            let mut mails = json!({});
            if tape.often(40) {
                mails["enabled"] = tape.often(50).into();
            }
            if tape.often(40) {
                let copies = COPIES[tape.below(COPIES.len())].iter().rev().map(|it| it.to_uppercase());
                mails["ccEmails"] = copies.collect();
            }
            if mails != json!({}) {
                entry["notifications"] = json!({ "FLIGHT_NOTIFICATION": mails });
            }
            if tape.often(40) {
                entry["externalId"] = format!("x-{}", tape.below(2)).into();
            }
            if tape.often(70) {
                entry["active"] = tape.often(50).into();
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(80))]

    /// Nothing is left of a plan but what is said to be, and nothing is withheld that was not before.
    #[test]
    fn a_plan_from_what_was_adopted_is_what_was_left(mut tape in tapes()) {
        let world = World::drawn(&mut tape);
        let files = written(&world, &mut tape);
        let inputs = |files| Inputs { files, live: &world.live, now: NOW };
        let Ok(adopted) = adopt(inputs(&files)) else { return Ok(()) };
        prop_assert_eq!(adopted.by_hand, 0, "{:?}\n{:?}\n{}", &adopted.left, &files, &world.live);
        let again = adopt(inputs(&adopted.files));
        let again = again.map_err(|it| TestCaseError::fail(format!("{it}\n{:?}", &adopted.files)))?;
        for it in &again.edits {
            prop_assert!(adopted.left.contains_key(it), "{} is left: {:?}\n{}\n{}", it, &adopted.left, files[1].1, &adopted.files[1].1);
        }
        for it in &again.withheld {
            prop_assert!(adopted.withheld.contains(it), "{} is withheld\n{}\n{}", it, files[1].1, &adopted.files[1].1);
        }
        // Once more there is nothing to adopt.
        prop_assert_eq!(again.files, adopted.files);
    }

    /// What people are, and what they hold by that, goes the same way.
    #[test]
    fn a_plan_from_what_was_adopted_of_people_is_what_was_left(mut tape in tapes(), mut of_people in tapes()) {
        let mut world = World::drawn(&mut tape);
        with_people(&mut world, &mut of_people);
        let files = written(&world, &mut tape);
        let inputs = |files| Inputs { files, live: &world.live, now: NOW };
        let Ok(adopted) = adopt(inputs(&files)) else { return Ok(()) };
        let again = adopt(inputs(&adopted.files));
        let again = again.map_err(|it| TestCaseError::fail(format!("{it}\n{:?}", &adopted.files)))?;
        for it in &again.edits {
            prop_assert!(adopted.left.contains_key(it), "{} is left: {:?}\n{}\n{}", it, &adopted.left, files[1].1, &adopted.files[1].1);
        }
        prop_assert_eq!(again.files, adopted.files);
    }
}

#[test]
fn the_worlds_have_people_to_adopt_and_some_to_leave() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut edits, mut left, mut active) = (0, 0, 0);
    for _ in 0..200 {
        let mut tape = tapes().new_tree(&mut runner).unwrap().current();
        let mut world = World::drawn(&mut tape);
        with_people(&mut world, &mut tapes().new_tree(&mut runner).unwrap().current());
        let files = written(&world, &mut tape);
        let Ok(adopted) = adopt(Inputs { files: &files, live: &world.live, now: NOW }) else { continue };
        let of = |it: &&String| it.contains("Trait(");
        edits += adopted.edits.iter().filter(of).count();
        left += adopted.left.keys().filter(of).count();
        let taken = adopted.edits.iter().filter(|it| !adopted.left.contains_key(*it));
        active += taken.filter(|it| it.contains("Trait(Active")).count();
    }
    assert!(edits > 150 && left > 5 && left * 2 < edits && active > 5, "{edits} {left} {active}");
}

#[test]
fn the_worlds_have_much_to_adopt_and_some_to_leave() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut edits, mut left, mut changed) = (0, 0, 0);
    for _ in 0..200 {
        let mut tape = tapes().new_tree(&mut runner).unwrap().current();
        let world = World::drawn(&mut tape);
        let files = written(&world, &mut tape);
        let Ok(adopted) = adopt(Inputs { files: &files, live: &world.live, now: NOW }) else { continue };
        edits += adopted.edits.len();
        left += adopted.left.len();
        changed += usize::from(adopted.files != files);
    }
    assert!(edits > 400 && left > 20 && left * 3 < edits && changed > 80, "{edits} {left} {changed}");
}
