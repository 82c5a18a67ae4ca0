//! What there will be once the files are applied is what they ask for: a plan from there has nothing to do.

use proptest::prelude::*;
use serde_json::Value;

use super::{cases, list};
use crate::support::{
    library::plan_twice,
    worlds::{World, tapes},
};

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn nothing_is_left_to_do_where_the_files_will_lead(mut tape in tapes()) {
        let world = World::drawn(&mut tape);
        let Ok([before, after]) = world.with(plan_twice) else { return Ok(()) };
        // Who is locked out leaves what was not read too: all else is done.
        prop_assert_eq!(list(&after, "edits"), &[] as &[Value], "{}", before["edits"]);
        let unmanaged = |it: &Value| list(it, "companies").iter().map(|it| it["unmanaged"].clone()).collect::<Vec<_>>();
        prop_assert_eq!(unmanaged(&after), unmanaged(&before));
    }
}

#[test]
fn the_worlds_have_much_to_do() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut edits = 0;
    for _ in 0..100 {
        let world = World::drawn(&mut tapes().new_tree(&mut runner).unwrap().current());
        let Ok([before, _]) = world.with(plan_twice) else { continue };
        edits += list(&before, "edits").len();
    }
    assert!(edits > 200, "{edits}");
}
