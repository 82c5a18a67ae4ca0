//! Laws of undoing, over the small random worlds of the diff.

use proptest::prelude::*;

use super::*;
use crate::{
    model::access::Member,
    plan::diff::tests::{make, world},
};

fn plan(desired: &DesiredState, live: &LiveState) -> Plan {
    Plan { changes: diff(desired, live), ..Plan::default() }
}

/// A group by what matters: name, description, roles and members.
type Essence = (String, String, Vec<(RoleId, Scope)>, Vec<UserId>);

/// What matters of a state: groups by name, for a group that is created again has another id.
fn essence(access: &Access) -> Vec<Essence> {
    let mut groups: Vec<_> = access
        .groups
        .iter()
        .map(|it| {
            let grants = it.grants.iter().map(|it| (it.role, it.scope.clone())).collect();
            let members = it.members.iter().map(|it: &Member| it.user).collect();
            (it.name.to_string(), it.description.to_string(), grants, members)
        })
        .collect();
    groups.sort();
    groups
}

/// Gives groups that were created the ids that an API would give them.
fn with_ids(access: &mut Access) {
    for (n, group) in access.groups.iter_mut().enumerate() {
        if let GroupKey::New(_) = group.key {
            group.key = GroupKey::Existing(GroupId(Uuid::from_u128(1000 + n as u128)));
        }
    }
    access.groups.sort_by(|a, b| a.identity().cmp(&b.identity()));
}

proptest! {
    /// Undoing all of a plan leads back to where it began.
    #[test]
    fn rollback_after_apply_is_the_identity((wanted, live) in world()) {
        let plan = plan(&wanted, &live);
        let mut now = live.clone();
        make(&plan.changes, &mut now.0);
        with_ids(&mut now.0);
        let mut done = BTreeMap::new();
        let mut ids = BTreeMap::new();
        for (n, change) in plan.changes.iter().enumerate() {
            let id = change.id.or_else(|| {
                let group = now.0.groups.iter().find(|it| it.name == change.name)?;
                match group.key {
                    GroupKey::Existing(id) => Some(id),
                    GroupKey::New(_) => None,
                }
            });
            let mut all = all(change);
            if let Some(created) = &mut all.created {
                *created = id;
            }
            done.insert(n, all);
            ids.extend(id.map(|id| (n, id)));
        }
        let back = desired(&plan, &done, &ids, (&now, &Snapshot::default()), FileId(0));
        let mut then = now.clone();
        make(&diff(&back, &now), &mut then.0);
        prop_assert_eq!(essence(&then.0), essence(&live.0));
    }

    /// What was not begun is not undone, and a rollback of nothing is nothing.
    #[test]
    fn only_what_was_done_is_undone((wanted, live) in world(), begun in prop::collection::vec(any::<bool>(), 8)) {
        let plan = plan(&wanted, &live);
        let mut now = live.clone();
        let made: Vec<GroupChange> =
            plan.changes.iter().zip(&begun).filter(|it| *it.1 && it.0.id.is_some()).map(|it| it.0.clone()).collect();
        make(&made, &mut now.0);
        let done: BTreeMap<usize, Done> = plan
            .changes
            .iter()
            .enumerate()
            .filter(|(n, it)| begun[*n] && it.id.is_some())
            .map(|(n, it)| (n, all(it)))
            .collect();
        let ids = touched(&plan, &done, &Snapshot::default());
        let mut then = now.clone();
        make(&diff(&desired(&plan, &done, &ids, (&now, &Snapshot::default()), FileId(0)), &now), &mut then.0);
        prop_assert_eq!(essence(&then.0), essence(&live.0));
    }

    /// A write of which nobody knows is settled by what is there: undoing a plan that did nothing does nothing.
    #[test]
    fn a_write_that_never_arrived_needs_no_undoing((wanted, live) in world()) {
        let plan = plan(&wanted, &live);
        let existing = plan.changes.iter().enumerate().filter(|it| it.1.id.is_some());
        let done: BTreeMap<usize, Done> = existing.map(|(n, it)| (n, all(it))).collect();
        let ids = touched(&plan, &done, &Snapshot::default());
        let changes = diff(&desired(&plan, &done, &ids, (&live, &Snapshot::default()), FileId(0)), &live);
        prop_assert!(changes.is_empty(), "{changes:?}");
    }

    /// The plan that a journal begins with undoes the whole of the plan it is for.
    #[test]
    fn the_inverse_has_every_effect_the_other_way_round((wanted, live) in world()) {
        let plan = plan(&wanted, &live);
        let (there, back) = (plan.summary(), inverse(&plan).summary());
        prop_assert_eq!(
            (there.groups_created, there.groups_deleted, there.members_added, there.members_removed),
            (back.groups_deleted, back.groups_created, back.members_removed, back.members_added)
        );
        prop_assert_eq!((there.roles_added, there.roles_changed), (back.roles_removed, back.roles_changed));
    }
}
