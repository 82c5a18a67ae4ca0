//! Shards: every company is in one, and what they plan, joined, is what one run plans.

use proptest::prelude::*;
use rolecall::model::portion::Shard;
use serde_json::{Value, json};

use super::{cases, list};
use crate::support::{
    library::{join, plan, plan_shard},
    worlds::{NOW, Tape, World, tapes},
};

/// What differs by being joined: who sealed it, and how many entries each shard's files have, where a shard has none.
fn comparable(document: &Value) -> Value {
    let mut document = document.clone();
    document.as_object_mut().unwrap().remove("digest");
    let guards = document["guards"].as_array_mut().unwrap();
    guards.retain(|it| it["guard"] != "empty-desired");
    // A shard that stays within a limit does not say what it counted.
    for it in guards.iter_mut().filter(|it| it["subject"]["kind"] == "plan" && it["guard"] == "removals") {
        for key in ["items", "message"] {
            it.as_object_mut().unwrap().remove(key);
        }
    }
    document
}

fn law(mut tape: Tape) -> Result<(), TestCaseError> {
    let of = u16::try_from(1 + tape.below(5)).unwrap();
    let mut world = World::drawn(&mut tape);
    if tape.often(50) {
        let most = tape.below(4);
        world.files[0].1["guards"] = json!({ "removals": { "atMost": most, "percent": 100 } });
    }
    let whole = world.with(plan).map(|it| it.document);
    let shards: Vec<Shard> = (0..of).filter_map(|index| Shard::new(index, of)).collect();
    let reports: Result<Vec<String>, String> =
        shards.iter().map(|it| world.with(|inputs| plan_shard(inputs, *it))).collect();
    let Ok(whole) = whole else { return Ok(()) };
    let reports =
        reports.map_err(|it| TestCaseError::fail(format!("a shard fails where the whole does not: {it}")))?;
    let mut companies: Vec<Value> = Vec::new();
    for report in &reports {
        let report: Value = serde_json::from_str(report).unwrap();
        companies.extend(list(&report, "companies").iter().map(|it| it["id"].clone()));
    }
    companies.sort_by_key(Value::to_string);
    let all: Vec<Value> = list(&whole, "companies").iter().map(|it| it["id"].clone()).collect();
    prop_assert_eq!(companies, all, "each company once");
    // In whatever order they are given.
    let mut shuffled = reports.clone();
    shuffled.rotate_left(usize::from(of) / 2);
    let joined = join(&shuffled).map_err(TestCaseError::fail)?;
    let (mut joined, mut whole) = (comparable(&joined), comparable(&whole));
    // Names are for readers: a shard knows those of whoever it looked for, and may show another one by the id.
    let (theirs, names) = (joined["names"].take(), whole["names"].take());
    for (kind, all) in names.as_object().unwrap() {
        for (id, name) in all.as_object().unwrap() {
            let known = &theirs[kind][id];
            prop_assert!(known.is_null() || known == name, "{} of {} shards: {} and {}", id, of, known, name);
        }
    }
    // Who is concerned in companies of two shards is asked for in each.
    let [sum, once] = [&mut joined, &mut whole].map(|it| it["notAsked"].take().as_u64().unwrap_or(0));
    prop_assert!((once..=once * u64::from(of)).contains(&sum), "{} of {} shards: {}", sum, of, once);
    // Who is of another company may be unknown to a shard, which then takes nobody for somebody who stays.
    let few = |plan: &mut Value| -> Vec<u64> {
        let guards = plan["guards"].as_array_mut().unwrap();
        let (few, rest) = std::mem::take(guards).into_iter().partition(|it| it["guard"] == "last-holder");
        *guards = rest;
        let few: Vec<Value> = few;
        few.iter().map(|it| it["value"].as_u64().unwrap()).collect()
    };
    let [few, known] = [few(&mut joined), few(&mut whole)];
    prop_assert!(
        few.len() == known.len() && few.iter().zip(&known).all(|(few, known)| few >= known),
        "{:?} {:?}",
        few,
        known
    );
    // So somebody counts among the people of a company, or among those who lose, whom one run knows not to be able to act.
    let counted = |plan: &mut Value| -> Vec<[u64; 2]> {
        let people = plan["guards"].as_array_mut().unwrap().iter_mut().filter(|it| it["level"] == "people");
        people
            .map(|it| {
                let row = it.as_object_mut().unwrap();
                row.remove("message");
                ["of", "value"].map(|key| row.remove(key).and_then(|it| it.as_u64()).unwrap_or(0))
            })
            .collect()
    };
    let [counted, known] = [counted(&mut joined), counted(&mut whole)];
    prop_assert!(
        counted.len() == known.len()
            && counted
                .iter()
                .zip(&known)
                .all(|(counted, known)| counted[0] >= known[0] && counted[1] >= known[1]),
        "{:?} {:?}",
        counted,
        known
    );
    for (key, said) in whole.as_object().unwrap() {
        prop_assert_eq!(&joined[key], said, "`{}` of {} shards", key, of);
    }
    prop_assert_eq!(joined, whole, "of {} shards", of);
    if of > 1 {
        prop_assert!(join(&reports[1..]).is_err(), "one is missing");
        prop_assert!(join(&[&reports[..], &reports[..1]].concat()).is_err(), "one is there twice");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..cases(60) })]

    #[test]
    fn the_plans_of_all_shards_are_the_plan_of_one_run(tape in tapes()) {
        assert!(NOW.ends_with('Z'));
        law(tape)?;
    }
}
