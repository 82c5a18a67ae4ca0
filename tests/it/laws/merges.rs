//! What is live and in no file is added: a plan from the files takes nothing but what was left, whatever there was.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rolecall::workflow::import::Layout;
use serde_json::Value;

use super::{cases, list};
use crate::{
    merging::keeps_lines,
    support::{
        library::{Inputs, merge, plan},
        worlds::{NOW, Tape, World, tapes},
    },
};

/// The texts of a world's files, in one of three ways to write the same.
fn written(world: &World, tape: &mut Tape) -> Vec<(String, String)> {
    let style = tape.below(3);
    let text = |(path, value): &(String, Value)| {
        let text = match style {
            0 => serde_yaml::to_string(value).unwrap(),
            1 => format!("{value:#}\n"),
            _ => format!("{value}"),
        };
        (path.clone(), text)
    };
    world.files.iter().map(text).collect()
}

/// What of a plan takes something, and the groups that no file names.
fn taken(plan: &Value) -> (usize, BTreeSet<String>) {
    let is_taken = |it: &&Value| !it["before"].is_null() && it["after"].is_null();
    let unmanaged = list(plan, "companies").iter().flat_map(|it| list(it, "unmanaged"));
    (
        list(plan, "edits").iter().filter(is_taken).count(),
        unmanaged.map(|it| it["name"].as_str().unwrap().to_owned()).collect(),
    )
}

proptest! {
    #![proptest_config(cases(80))]

    #[test]
    fn a_plan_from_what_was_merged_takes_nothing_but_what_was_left(mut tape in tapes()) {
        let world = World::drawn(&mut tape);
        let before = written(&world, &mut tape);
        let layout = *tape.pick(&[Layout::One, Layout::PerGroup, Layout::PerPrefix]);
        let inputs = |files| Inputs { files, live: &world.live, now: NOW };
        let Ok(planned) = plan(inputs(&before)) else { return Ok(()) };
        let merged = merge(inputs(&before), layout);
        // An empty list is not believed where files declare some.
        prop_assume!(!merged.as_ref().is_err_and(|it| it.contains("lists no group at all")));
        let merged = merged.map_err(|it| TestCaseError::fail(format!("{it}\n{world:?}")))?;
        for ((path, old), (_, new)) in before.iter().zip(&merged.files) {
            prop_assert!(path.ends_with(".yaml"));
            keeps_lines(old, new);
        }
        let again = plan(inputs(&merged.files));
        let again = again.map_err(|it| TestCaseError::fail(format!("{it}\n{:?}", merged.files)))?;
        let (takes, unmanaged) = taken(&again.document);
        let (took, _) = taken(&planned.document);
        prop_assert!(takes <= took, "{} {}", takes, took);
        prop_assert!(merged.left > 0 || takes == 0, "{:#}\n{:?}", again.document["edits"], merged.files);
        prop_assert!(unmanaged.len() <= merged.left_out.len(), "{:?} {:?}", unmanaged, merged.left_out);
        let once_more = merge(inputs(&merged.files), layout).map_err(TestCaseError::fail)?;
        prop_assert_eq!(once_more.files, merged.files);
        prop_assert_eq!(once_more.left_out.len(), merged.left_out.len());
        // How many edits are left is not compared: in one world of some thousands a second merge counts another number.
    }
}

#[test]
fn the_worlds_have_much_to_merge_and_some_to_leave() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut changed, mut new, mut left) = (0, 0, 0);
    for _ in 0..200 {
        let mut tape = tapes().new_tree(&mut runner).unwrap().current();
        let world = World::drawn(&mut tape);
        let files = written(&world, &mut tape);
        let Ok(merged) = merge(Inputs { files: &files, live: &world.live, now: NOW }, Layout::PerGroup)
        else {
            continue;
        };
        changed += usize::from(merged.files[..files.len()] != files[..]);
        new += merged.files.len() - files.len();
        left += merged.left;
    }
    assert!(changed > 60 && new > 40 && left > 20, "{changed} {new} {left}");
}
