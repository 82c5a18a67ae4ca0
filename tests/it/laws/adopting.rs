//! What is live is written into the files: a plan from them is what was left, whatever there was.

use proptest::prelude::*;

use super::cases;
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
