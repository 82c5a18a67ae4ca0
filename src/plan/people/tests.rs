//! Who gains, who loses, who loses everything.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    model::{
        access::{Access, DesiredState, Grant, Member, Removal},
        direct::DirectRole,
        scope::{Dimension, Kind, Value},
        source::{FileId, Place},
    },
    plan::diff::{diff, tests::world},
};

const COMPANY: CompanyId = CompanyId(Uuid::nil());

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

/// A group by number, with members and one role on the companies given; on none without it.
fn group(n: u128, members: &[u128], on: &[u128]) -> Group {
    let values: Vec<Value> = on.iter().map(|it| Value::Id(Uuid::from_u128(*it))).collect();
    let scope = Scope::new([vec![Dimension { kind: Kind::Company, values }]]);
    let grant = Grant { role: RoleId(Uuid::from_u128(1)), scope, as_read: Vec::new(), from: None };
    Group {
        company: COMPANY,
        key: GroupKey::Existing(GroupId(Uuid::from_u128(n))),
        name: "g".into(),
        description: "d".into(),
        grants: if on.is_empty() { Vec::new() } else { vec![grant] },
        members: members.iter().map(|it| Member { user: user(*it), from: None }).collect(),
        from: None,
    }
}

/// Returns who gains and who loses, and who loses everything, between two states; what is gone is deleted.
fn outcome(live: &[Group], desired: &[Group]) -> (usize, usize, Vec<u128>) {
    let live = LiveState(Access { groups: live.to_vec(), ..Access::default() });
    let removals = live.0.groups.iter().filter_map(|it| match it.key {
        GroupKey::Existing(group) if desired.iter().all(|other| other.key != it.key) => {
            Some(Removal { company: COMPANY, group, reason: "r".into(), from: Place::new(FileId(0), 1, 1) })
        }
        GroupKey::Existing(_) | GroupKey::New(_) => None,
    });
    let desired = DesiredState {
        access: Access { groups: desired.to_vec(), ..Access::default() },
        removals: removals.collect(),
        ended: Vec::new(),
    };
    let plan = Plan { changes: diff(&desired, &live), ..Plan::default() };
    let found = people(&plan, &live);
    (found.gain, found.lose, found.lose_everything.iter().map(|it| it.1.0.as_u128()).collect())
}

#[test]
fn access_counts_through_all_groups_together() {
    let here = |members: &[u128], on: &[u128]| group(1, members, on);
    let there = |members: &[u128], on: &[u128]| group(2, members, on);
    for (live, desired, expected) in [
        // Joining and leaving.
        (vec![here(&[1, 2], &[7])], vec![here(&[2, 3], &[7])], (1, 1, vec![1])),
        // A group without roles gives nothing.
        (vec![here(&[1], &[])], vec![here(&[2], &[])], (0, 0, vec![])),
        // A wider scope gives, a narrower one takes, another one does both.
        (vec![here(&[1, 2], &[7])], vec![here(&[1, 2], &[7, 8])], (2, 0, vec![])),
        (vec![here(&[1, 2], &[7, 8])], vec![here(&[1, 2], &[7])], (0, 2, vec![])),
        (vec![here(&[1, 2], &[7])], vec![here(&[1, 2], &[8])], (2, 2, vec![])),
        // What another group gives as well is neither gained nor lost.
        (
            vec![here(&[1], &[7]), there(&[1], &[7, 8])],
            vec![here(&[], &[7]), there(&[1], &[7, 8])],
            (0, 0, vec![]),
        ),
        (vec![here(&[1], &[7]), there(&[], &[7])], vec![here(&[], &[7]), there(&[1], &[7])], (0, 0, vec![])),
        (
            vec![here(&[1], &[7, 8]), there(&[1], &[7])],
            vec![here(&[], &[7, 8]), there(&[1], &[7])],
            (0, 1, vec![]),
        ),
        // A deleted group takes everything it gave.
        (vec![here(&[1, 2], &[7]), there(&[2], &[8])], vec![there(&[2], &[8])], (0, 2, vec![1])),
    ] {
        assert_eq!(outcome(&live, &desired), expected, "{live:?} to {desired:?}");
    }
}

proptest! {
    /// The same as looking at one person at a time.
    #[test]
    fn each_person_counts_once((desired, live) in world()) {
        let there = Plan { changes: diff(&desired, &live), ..Plan::default() };
        let found = people(&there, &live);
        prop_assert!(found.lose_everything.len() <= found.lose);
        prop_assert!(found.lose_everything.is_sorted());
        let sides = Sides::of(&there, &live);
        let (mut gain, mut lose) = (0, 0);
        for n in 0..6 {
            let held = |before: bool| -> BTreeMap<RoleId, Scope> {
                let mut roles: BTreeMap<RoleId, Scope> = BTreeMap::new();
                for side in &sides {
                    let (members, grants) = match before {
                        true => (side.members_before(), side.roles_before()),
                        false => (side.members_after(), side.roles_after()),
                    };
                    for (role, scope) in grants.into_iter().filter(|_| members.contains(&user(n))) {
                        let known = roles.remove(&role).unwrap_or_default();
                        roles.insert(role, known.union(scope.clone()));
                    }
                }
                roles
            };
            let (before, after) = (held(true), held(false));
            let covers = |a: &BTreeMap<RoleId, Scope>, b: &BTreeMap<RoleId, Scope>| {
                b.iter().all(|(role, scope)| a.get(role).is_some_and(|it| it.contains(scope)))
            };
            gain += usize::from(!covers(&before, &after));
            lose += usize::from(!covers(&after, &before));
        }
        prop_assert_eq!((found.gain, found.lose), (gain, lose));
    }
}

/// Returns the outcome for one person in a group with a role, or leaving it, whose direct roles change.
fn with_direct(leaves: bool, before: &[&'static str], after: &[&'static str]) -> (usize, usize, usize) {
    let live_group = group(1, &[1], &[7]);
    let members: &[u128] = if leaves { &[] } else { &[1] };
    let roles = |names: &[&'static str]| names.iter().map(|it| DirectRole::new(it, None)).collect();
    let person = |names: &[&'static str]| crate::model::access::Person::live(COMPANY, user(1), roles(names));
    let live = LiveState(Access { groups: vec![live_group], people: vec![person(before)] });
    let access = Access { groups: vec![group(1, members, &[7])], people: vec![person(after)] };
    let desired = DesiredState { access, ..DesiredState::default() };
    let (changes, users) = (diff(&desired, &live), crate::plan::diff::users(&desired, &live));
    let found = people(&Plan { changes, users, ..Plan::default() }, &live);
    (found.gain, found.lose, found.lose_everything.len())
}

#[test]
fn what_is_held_outside_groups_counts() {
    const A: &str = "GLOBAL_ADMIN";
    const B: &str = "GLOBAL_AGENT";
    for (leaves, before, after, expected) in [
        (false, &[][..], &[A][..], (1, 0, 0)),
        (false, &[A], &[], (0, 1, 0)),
        (false, &[A], &[B], (1, 1, 0)),
        // Who loses the group and keeps something outside has not lost everything, and the reverse.
        (true, &[A], &[A], (0, 1, 0)),
        (true, &[], &[A], (1, 1, 0)),
        (true, &[A], &[], (0, 1, 1)),
        (true, &[], &[], (0, 1, 1)),
    ] {
        assert_eq!(with_direct(leaves, before, after), expected, "{leaves} {before:?} {after:?}");
    }
}
