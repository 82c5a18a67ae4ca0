//! Who gains, who loses, who loses everything.

use proptest::prelude::*;

use super::*;
use crate::{
    model::{direct::DirectRole, ids::GroupId},
    plan::worlds::{self, COMPANY, Side, World, companies, group_id, role, user, world},
};

/// A group on one side.
type Half = (GroupId, Side);

/// A group by number, with members and one role on the companies given; on none without it.
fn group(n: u128, members: &[u128], on: &[u128]) -> Half {
    let grant = (role(1), companies(on.iter().copied()));
    let side = Side {
        name: "g".into(),
        description: "d".into(),
        grants: if on.is_empty() { BTreeMap::new() } else { BTreeMap::from([grant]) },
        members: members.iter().copied().map(user).collect(),
    };
    (group_id(n), side)
}

/// Returns who gains and who loses, and who loses everything.
fn outcome(world: &World) -> (usize, usize, Vec<u128>) {
    let plan = world.plan();
    let found = people(&plan, &outcomes(&Sides::new(&plan)));
    (found.gain, found.lose, found.lose_everything.iter().map(|it| it.user.0.as_u128()).collect())
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
        let world = World::between(COMPANY, &live, &desired);
        assert_eq!(outcome(&world), expected, "{live:?} to {desired:?}");
    }
}

proptest! {
    /// The same as looking at one person at a time.
    #[test]
    fn each_person_counts_once(world in world()) {
        let plan = world.plan();
        let found = people(&plan, &outcomes(&Sides::new(&plan)));
        prop_assert!(found.lose_everything.len() <= found.lose);
        prop_assert!(found.lose_everything.is_sorted());
        let (mut gain, mut lose, mut lose_everything) = (0, 0, Vec::new());
        for n in 0..6 {
            let held = |before: bool| -> BTreeMap<RoleId, Scope> {
                let mut roles: BTreeMap<RoleId, Scope> = BTreeMap::new();
                let sides = world.groups.iter().filter_map(|it| if before { it.before.as_ref() } else { it.after.as_ref() });
                for (role, scope) in sides.filter(|it| it.members.contains(&user(n))).flat_map(|it| &it.grants) {
                    let known = roles.remove(role).unwrap_or_default();
                    roles.insert(*role, known.union(scope.clone()));
                }
                roles
            };
            let (before, after) = (held(true), held(false));
            let covers = |a: &BTreeMap<RoleId, Scope>, b: &BTreeMap<RoleId, Scope>| {
                b.iter().all(|(role, scope)| a.get(role).is_some_and(|it| it.contains(scope)))
            };
            gain += usize::from(!covers(&before, &after));
            lose += usize::from(!covers(&after, &before));
            lose_everything.extend((!before.is_empty() && after.is_empty()).then_some(Loser { company: COMPANY, user: user(n) }));
        }
        prop_assert_eq!(found, People { gain, lose, lose_everything });
    }
}

/// Returns the outcome for one person in a group with a role, or leaving it, whose direct roles change.
fn with_direct(leaves: bool, before: &[&'static str], after: &[&'static str]) -> (usize, usize, usize) {
    let members: &[u128] = if leaves { &[] } else { &[1] };
    let mut world = World::between(COMPANY, &[group(1, &[1], &[7])], &[group(1, members, &[7])]);
    let roles = |names: &[&'static str]| names.iter().map(|it| DirectRole::new(it, None)).collect();
    let (before, after) = (roles(before), roles(after));
    world.people.push(worlds::Person { company: COMPANY, user: user(1), before, after });
    let (gain, lose, everything) = outcome(&world);
    (gain, lose, everything.len())
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
