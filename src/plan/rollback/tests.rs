//! Laws of undoing, over the small random worlds of the diff.

use proptest::prelude::*;

use super::*;
use crate::{
    model::state::diff,
    plan::worlds::{World, world},
};

/// A world as it was read: ids for what exists, both sides the same.
fn read(world: &World) -> Bound {
    let mut now = world.clone();
    now.groups.retain(|it| it.before.is_some());
    now.groups.iter_mut().for_each(|it| it.after = it.before.clone());
    let index = now.index();
    let [live, desired] = now.states(&index);
    Bound { index: Arc::new(index), live, desired, ..Bound::default() }
}

/// Everything that a change does.
fn all(change: &Change<'_>, id: Option<GroupId>) -> Done {
    Done {
        line: 1,
        created: (change.action() == Action::Create).then_some(id),
        deleted: change.action() == Action::Delete,
        renamed: change.action() == Action::Alter,
        added: change.joining().collect(),
        removed: change.leaving().collect(),
        roles: change.grants().filter_map(Edit::role).collect(),
        taken: BTreeSet::new(),
        direct: false,
        attributes: change.traits().filter_map(Edit::attribute).collect(),
    }
}

/// A group by what matters: name, description, roles and members.
type Essence = (String, String, Vec<(RoleId, Scope)>, Vec<UserId>);

/// What matters of a state: groups by name, for a group that is created again has another id.
fn essence(index: &Index, state: &State) -> Vec<Essence> {
    let mut groups: Vec<_> = state
        .groups()
        .iter()
        .map(|(group, it)| {
            let grants = state.grants(*group).iter().map(|it| (it.0.1, (*it.1).clone())).collect();
            let members = state.members(*group).map(|it| index.user(it)).collect();
            (it.name.to_string(), it.description.to_string(), grants, members)
        })
        .collect();
    groups.sort();
    groups
}

/// Undoes what was done, as the journal tells, from what there is now; returns what is there then, and what was.
fn undone(plan: &Plan, world: &World, made: impl Fn(usize) -> bool + Copy) -> [Vec<Essence>; 2] {
    let now = read(&world.made(plan, made));
    let done = plan.groups().filter(|it| made(it.at));
    let done = done.map(|it| {
        let known = plan.index.group(it.group().unwrap());
        let found = world.groups.iter().find(|group| group.name() == *known).unwrap();
        (it.at, all(&it, Some(found.id)))
    });
    let done: BTreeMap<usize, Done> = done.collect();
    let ids = touched(plan, &done, &BTreeMap::new(), &Observed::default());
    let back = bound(plan, &done, &ids, (&now, &Observed::default()), FileId(0));
    let mut then = back.live.clone();
    then.apply(&diff(&back.live, &back.desired));
    [essence(&back.index, &then), essence(&plan.index, &plan.live)]
}

proptest! {
    /// Undoing all of a plan leads back to where it began.
    #[test]
    fn rollback_after_apply_is_the_identity(world in world()) {
        let plan = world.plan();
        let [then, before] = undone(&plan, &world, |_| true);
        prop_assert_eq!(then, before);
    }

    /// What was not begun is not undone, and a rollback of nothing is nothing.
    #[test]
    fn only_what_was_done_is_undone(world in world(), begun in prop::collection::vec(any::<bool>(), 8)) {
        let plan = world.plan();
        let [then, before] = undone(&plan, &world, |n| begun[n]);
        prop_assert_eq!(then, before);
    }

    /// A write of which nobody knows is settled by what is there: undoing a plan that did nothing does nothing.
    #[test]
    fn a_write_that_never_arrived_needs_no_undoing(world in world()) {
        let plan = world.plan();
        let existing = plan.groups().filter(|it| it.id().is_some());
        let done: BTreeMap<usize, Done> = existing.map(|it| (it.at, all(&it, it.id()))).collect();
        let ids = touched(&plan, &done, &BTreeMap::new(), &Observed::default());
        let back = bound(&plan, &done, &ids, (&read(&world), &Observed::default()), FileId(0));
        prop_assert_eq!(diff(&back.live, &back.desired), []);
    }

    /// The plan that a journal begins with undoes the whole of the plan it is for.
    #[test]
    fn the_inverse_has_every_effect_the_other_way_round(world in world()) {
        let plan = world.plan();
        let back = inverse(&plan);
        let (there, summary) = (plan.summary(), back.summary());
        prop_assert_eq!(
            (there.groups_created, there.groups_deleted, there.members_added, there.members_removed),
            (summary.groups_deleted, summary.groups_created, summary.members_removed, summary.members_added)
        );
        prop_assert_eq!((there.roles_added, there.roles_changed), (summary.roles_removed, summary.roles_changed));
        prop_assert_eq!(essence(&back.index, &back.after()), essence(&plan.index, &plan.live));
    }
}
