//! When things came to be decides nothing.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{cases, list};
use crate::support::{
    library::plan,
    worlds::{Tape, World, tapes, user_id},
};

/// Writes times and authors into a live state, or takes them out.
fn stamped(world: &World, tape: &mut Tape) -> World {
    let mut world = world.clone();
    let moment = |tape: &mut Tape| {
        json!(format!("20{:02}-11-{:02}T10:00:00Z", 10 + tape.below(20), 1 + tape.below(28)))
    };
    for company in world.live["companies"].as_array_mut().unwrap() {
        for group in company["groups"].as_array_mut().unwrap() {
            for key in ["created", "updated"] {
                if tape.often(60) {
                    let mut stamp = json!({ "at": moment(tape) });
                    if tape.often(60) {
                        stamp["by"] = json!(user_id(tape.below(9)));
                    }
                    if tape.often(40) {
                        stamp["name"] = json!(*tape.pick(&["Ana", "p1@voyager.example", "\u{202e}x"]));
                    }
                    group[key] = stamp;
                }
            }
            let members = list(group, "members").len();
            let added: Vec<Value> =
                (0..members).map(|_| if tape.often(70) { moment(tape) } else { Value::Null }).collect();
            group["addedAt"] = json!(added);
        }
    }
    world
}

/// A plan without what only tells when and by whom.
fn untimed(mut plan: Value) -> Value {
    for edit in plan["edits"].as_array_mut().unwrap() {
        edit.as_object_mut().unwrap().remove("addedAt");
    }
    for group in plan["groups"].as_array_mut().unwrap() {
        let group = group.as_object_mut().unwrap();
        group.retain(|it, _| it != "created" && it != "updated");
    }
    plan["names"].as_object_mut().unwrap().remove("people");
    // Whoever made something is named, and so told apart from others of that name.
    for list in ["guards", "withheld"] {
        for it in plan[list].as_array_mut().unwrap() {
            it.as_object_mut().unwrap().remove("message");
        }
    }
    plan.as_object_mut().unwrap().remove("digest");
    plan
}

proptest! {
    #![proptest_config(cases(80))]

    /// Neither the id of a plan nor an edit, a person, a guard or what a group is recognised by depends on the times.
    #[test]
    fn times_change_nothing_but_what_is_said_of_them(mut tape in tapes()) {
        let world = World::drawn(&mut tape);
        let worlds = [stamped(&world, &mut tape), stamped(&world, &mut tape), world];
        let plans = worlds.each_ref().map(|it| it.with(plan).map(|it| untimed(it.document)));
        prop_assert_eq!(&plans[0], &plans[2]);
        prop_assert_eq!(&plans[1], &plans[2]);
    }
}

#[test]
fn the_worlds_have_times_to_tell() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut added, mut updated) = (0, 0);
    for _ in 0..60 {
        let mut tape = tapes().new_tree(&mut runner).unwrap().current();
        let world = World::drawn(&mut tape);
        let Ok(planned) = stamped(&world, &mut tape).with(plan) else { continue };
        added += list(&planned.document, "edits").iter().filter(|it| it.get("addedAt").is_some()).count();
        updated += list(&planned.document, "groups").iter().filter(|it| it.get("updated").is_some()).count();
    }
    assert!(added > 20 && updated > 20, "{added} {updated}");
}
