//! What those hold whose accounts a plan activates or deactivates: an activation gives all of it at once, changed or not, and
//! a deactivation is to leave nothing of it behind.
//!
//! Of groups, and of the people over whom somebody acts by what those are; direct roles are beside it. As far as it was read:
//! the groups of somebody whose account comes or goes are read all.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    acting::{self, Right},
    ids::{CompanyId, UserId},
    index::{GroupIx, Index},
    plan::Plan,
    state::State,
};

/// What somebody holds whose account comes or goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The groups of the company that the person is in, before and after.
    pub groups: [BTreeSet<GroupIx>; 2],
    /// Over which people the person acts by what those are, before and after.
    pub over: [BTreeSet<Over>; 2],
}

/// By what somebody acts over a person of a company.
pub type Over = (Right, (CompanyId, UserId));

/// The groups that people are in, and the people over whom they act, on one side.
pub(super) type Side = BTreeMap<UserId, (BTreeSet<GroupIx>, BTreeSet<Over>)>;

/// Everybody whose account comes or goes, with the company; nobody who gets a new one.
pub(super) fn moving(plan: &Plan) -> BTreeSet<(CompanyId, UserId)> {
    let moving = plan.people().filter(|it| it.leaves() || it.comes_back());
    moving.filter_map(|it| Some((it.company(), it.user()?))).collect()
}

/// What a state says of these people.
pub(super) fn side((index, state): (&Index, &State), people: &BTreeSet<(CompanyId, UserId)>) -> Side {
    let mut side: Side = people.iter().map(|it| (it.1, Default::default())).collect();
    if side.is_empty() {
        return side;
    }
    for (group, user) in state.memberships() {
        let who = (index.group(group).company, index.user(user));
        if let Some(own) = side.get_mut(&who.1).filter(|_| people.contains(&who)) {
            own.0.insert(group);
        }
    }
    for (person, attribute, value) in state.traits() {
        let Some(right) = Right::of(attribute) else { continue };
        for who in acting::people(value) {
            side.entry(who).and_modify(|it| _ = it.1.insert((right, index.person(person))));
        }
    }
    side
}

/// What everybody holds whose account comes or goes.
pub fn held(plan: &Plan) -> BTreeMap<UserId, Held> {
    let people = moving(plan);
    let before = side((&plan.index, &plan.live), &people);
    if before.is_empty() {
        return BTreeMap::new();
    }
    let mut after = before.clone();
    for change in plan.groups() {
        for edit in change.members() {
            let (Some(group), Some(user)) = (change.group(), edit.member()) else { continue };
            let who = (change.company(), plan.index.user(user));
            let Some(own) = after.get_mut(&who.1).filter(|_| people.contains(&who)) else { continue };
            if edit.adds() {
                own.0.insert(group)
            } else {
                own.0.remove(&group)
            };
        }
    }
    for change in plan.people() {
        let Some(over) = change.user().map(|it| (change.company(), it)) else { continue };
        for (right, edit) in change.traits().filter_map(|it| Some((Right::of(it.attribute()?)?, it))) {
            let [was, will] = edit.traits().map(|it| it.into_iter().flat_map(acting::people));
            was.for_each(|who| _ = after.entry(who).and_modify(|it| _ = it.1.remove(&(right, over))));
            will.for_each(|who| _ = after.entry(who).and_modify(|it| _ = it.1.insert((right, over))));
        }
    }
    let both = before.into_iter().zip(after.into_values());
    let held = both.map(|((user, (groups, over)), (after, over_after))| {
        (user, Held { groups: [groups, after], over: [over, over_after] })
    });
    held.collect()
}
