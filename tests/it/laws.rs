//! Laws over random worlds, in memory: from files and a live state to plans and explanations, no process between.
//!
//! `PROPTEST_CASES=5000 cargo test --test it laws::` for a long run.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use crate::support::{
    library::plan,
    replay::{Atom, Scope, atoms},
    worlds::{World, tapes},
};

mod accepting;
mod adopting;
mod desired;
mod drift;
mod endings;
mod explains;
mod laid_out;
mod imports;
mod merges;
mod misspelt;
mod reading;
mod shards;
mod supposed;
mod taken_up;

/// Returns a configuration of so many cases, unless the environment says how many.
fn cases(n: u32) -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let default =
        ProptestConfig { failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::default() };
    if asked { default } else { ProptestConfig { cases: n, ..default } }
}

/// Returns the elements of a list of a document.
fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Returns what a scope reaches, without what another part of it reaches as well.
fn reach(scope: &Value) -> Scope {
    minimal(atoms(scope))
}

fn minimal(all: Scope) -> Scope {
    // The platform is everywhere.
    let narrows = |it: &(String, String)| it.0 != "PLATFORM";
    let all: Scope = all.into_iter().map(|it| it.into_iter().filter(narrows).collect()).collect();
    let wider = |it: &Atom| all.iter().any(|other| other != it && other.is_subset(it));
    all.iter().filter(|it| !wider(it)).cloned().collect()
}

/// Returns the part of `before` that no part of `after` reaches.
fn lost(before: &Scope, after: &Scope) -> Scope {
    before.iter().filter(|it| !after.iter().any(|other| other.is_subset(it))).cloned().collect()
}

#[test]
fn the_worlds_are_as_diverse_as_the_laws_need() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut seen, mut refused, mut tried) = (BTreeSet::new(), 0, 0);
    let mut note = |it: String| _ = seen.insert(it);
    for _ in 0..300 {
        let world = World::drawn(&mut tapes().new_tree(&mut runner).unwrap().current());
        tried += 1;
        let planned = match world.with(plan) {
            Ok(planned) => planned,
            Err(_) => {
                refused += 1;
                continue;
            }
        };
        let document = planned.document;
        for edit in list(&document, "edits") {
            let (action, kind) = (text(&edit["action"]), text(&edit["kind"]));
            note(format!("{action} {kind} {}", text(&edit["relation"])));
            note(format!("{action} {}", text(&edit["roleType"])));
            for why in edit["why"].as_object().into_iter().flatten() {
                note(format!("{kind} {}", why.0));
            }
            let names = [&edit["before"]["name"], &edit["after"]["name"]];
            if action == "change" && names[0] != names[1] {
                note("renamed".to_owned());
            }
        }
        for held in list(&document, "withheld") {
            let why = held["why"].as_object().and_then(|it| it.keys().next()).map(String::as_str);
            note(format!("withheld {} {}", text(&held["kind"]), why.unwrap_or_else(|| text(&held["why"]))));
        }
    }
    assert!(refused * 4 < tried, "{refused} of {tried} worlds are refused");
    for needed in [
        "add group ",
        "change group ",
        "remove group ",
        "renamed",
        "add role ",
        "remove role ",
        "change role narrows",
        "change role widens",
        "change role changes",
        "role ended",
        "add member ",
        "remove member ",
        "member ended",
        "member lockedOut",
        "add COMPANY_ADMIN",
        "remove COMPANY_ADMIN",
        "add TRAVEL_ARRANGER",
        "change TRAVEL_ARRANGER",
        "remove TRAVEL_ARRANGER",
        "remove NEW_THING",
        "withheld person unknown",
        "withheld person inactive",
        "withheld person ambiguous",
        "withheld person foreign",
        "withheld role ambiguous",
        "withheld removal ",
        "withheld group ",
        "withheld unmodifiableRoles ",
        "withheld unreadable ",
        "withheld unreadUser ",
        "withheld inactiveMember ",
    ] {
        assert!(seen.contains(needed), "no world has `{needed}`: {seen:#?}");
    }
}
