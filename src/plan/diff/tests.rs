//! Laws of the diff, over small random worlds.

use proptest::prelude::*;

use super::*;
use crate::plan::worlds::world;

proptest! {
    /// Making every edit yields the desired state, and then there is nothing left to do.
    #[test]
    fn plans_converge(world in world()) {
        let plan = world.plan();
        let [_, desired] = world.states(&plan.index);
        prop_assert_eq!(&plan.after(), &desired);
        prop_assert_eq!(diff(&plan.after(), &desired), []);
        prop_assert!(world.made(&plan, |_| true).plan().is_empty());
    }

    /// Every edit says what is there, and something else for what shall be; no key has two.
    #[test]
    fn plans_are_minimal(world in world()) {
        let plan = world.plan();
        let keys: BTreeSet<&Key> = plan.edits.iter().map(|it| &it.key).collect();
        prop_assert_eq!(keys.len(), plan.edits.iter().len());
        for change in plan.groups() {
            let name = plan.index.group(change.group().unwrap());
            let group = world.groups.iter().find(|it| it.name() == *name).unwrap();
            let had = |of: &dyn Fn(&crate::plan::worlds::Side) -> bool| group.before.as_ref().is_some_and(of);
            prop_assert!(change.edits.iter().all(|it| it.before != it.after));
            for user in change.joining() {
                prop_assert!(!had(&|it| it.members.contains(&user)));
            }
            for user in change.leaving() {
                prop_assert!(had(&|it| it.members.contains(&user)));
            }
            for edit in change.grants() {
                let role = edit.role().unwrap();
                let before = group.before.as_ref().and_then(|it| it.grants.get(&role));
                prop_assert_eq!(edit.scopes()[0], before);
                prop_assert_ne!(edit.scopes()[1], before);
            }
        }
    }

    /// Applying edits and their inverses leads back, from either end.
    #[test]
    fn the_inverse_leads_back(world in world()) {
        let plan = world.plan();
        let back: Vec<_> = plan.edits.iter().cloned().map(Edit::inverse).collect();
        let mut state = plan.after();
        state.apply(&back);
        prop_assert_eq!(&state, &plan.live);
        prop_assert_eq!(diff(&plan.after(), &plan.live), back);
    }

    /// A part of the edits leads to a state from which the rest leads on.
    #[test]
    fn edits_can_be_made_in_parts(world in world(), part in prop::collection::vec(any::<bool>(), 80)) {
        let plan = world.plan();
        let (first, second): (Vec<_>, Vec<_>) =
            plan.edits.iter().cloned().zip(part.iter().cycle()).partition(|it| *it.1);
        let mut state = plan.live.clone();
        state.apply(first.iter().map(|it| &it.0));
        state.apply(second.iter().map(|it| &it.0));
        prop_assert_eq!(state, plan.after());
    }

    /// Both halves of a move name each other's group.
    #[test]
    fn moves_have_two_ends(world in world()) {
        let plan = world.plan();
        let moves = moves(&plan);
        let all = || plan.edits.iter().filter(|it| it.member().is_some());
        for edit in all() {
            let mut others = all().filter(|it| it.member() == edit.member());
            let counterpart = others.find(|it| it.adds() != edit.adds());
            prop_assert_eq!(moves.contains_key(&edit.key), counterpart.is_some());
            if let Some(group) = moves.get(&edit.key) {
                let there = Key { owner: Owner::Group(*group), ..edit.key.clone() };
                prop_assert!(all().any(|it| it.key == there && it.adds() != edit.adds()));
            }
        }
    }
}
