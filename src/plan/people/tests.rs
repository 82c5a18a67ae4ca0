//! Who gains, who loses, who loses everything: what, and through what.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::{
    model::{
        access::Grant,
        acting::Right,
        dialect::ScopeChange,
        direct::DirectRole,
        ids::GroupId,
        kept::Kept,
        plan::{Overview, Plan},
        scope::Scope,
        selector::{Attribute, Traits},
    },
    plan::{
        digest,
        effective::outcomes,
        judged::judged,
        worlds::{self, COMPANY, Side, World, companies, group_id, role, shuffled, user, world},
    },
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

/// What becomes of whose access where a role is privileged.
fn found(world: &World) -> People {
    found_where(world, &BTreeSet::new())
}

/// The same where the accounts of these people are not active, as far as the plan does not say otherwise.
fn found_where(world: &World, idle: &BTreeSet<u128>) -> People {
    let plan = world.plan();
    let sides = Sides::new(&plan);
    let active = idle.iter().map(|it| (user(*it), false)).collect();
    let rules = Rules { privileged: vec![(COMPANY, role(1))], active, ..Rules::default() };
    people(&sides, &outcomes(&sides), &rules)
}

/// Returns who gains and who loses, and who loses everything.
fn outcome(world: &World) -> (usize, usize, Vec<u128>) {
    let found = found(world);
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
        let found = found(&world);
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
        prop_assert_eq!((found.gain, found.lose, found.lose_everything), (gain, lose, lose_everything));
    }

    /// What the rows say is what looking at each person, role and company alone shows: nothing twice, nothing left out.
    #[test]
    fn the_rows_are_every_gain_and_every_loss(world in prop_oneof![world(), shuffled()]) {
        type Can = BTreeSet<(UserId, RoleId, u128)>;
        let can = |before: bool| -> Can {
            let sides = world.groups.iter().filter_map(|it| if before { it.before.as_ref() } else { it.after.as_ref() });
            let mut can = Can::new();
            for side in sides {
                for ((role, scope), member) in side.grants.iter().flat_map(|it| side.members.iter().map(move |member| (it, member))) {
                    can.extend((0..3).filter(|it| scope.contains(&companies([*it]))).map(|it| (*member, *role, it)));
                }
            }
            can
        };
        let (before, after) = (can(true), can(false));
        let found = found(&world);
        let mut said = [Vec::new(), Vec::new()];
        let mut seen = BTreeSet::new();
        for it in &found.affected {
            prop_assert!(it.users.is_sorted() && !it.roles.is_empty());
            for user in &it.users {
                prop_assert!(seen.insert((it.company, *user)), "{user} has two rows");
                let nothing_left = before.iter().any(|it| it.0 == *user) && !after.iter().any(|it| it.0 == *user);
                prop_assert_eq!(it.loses_everything, nothing_left);
            }
            for effect in &it.roles {
                let RoleEffect { role: HeldRole::Role(role_id), gains, loses, .. } = effect else { panic!() };
                prop_assert_eq!((effect.gives, effect.takes), (!gains.is_empty(), !loses.is_empty()));
                prop_assert_eq!(effect.privileged, *role_id == role(1));
                prop_assert!(!effect.through.is_empty());
                for (said, scope) in said.iter_mut().zip([gains, loses]) {
                    let on = (0..3).filter(|it| scope.contains(&companies([*it])));
                    said.extend(on.flat_map(|at| it.users.iter().map(move |user| (*user, *role_id, at))));
                }
            }
        }
        for (said, truth) in said.iter_mut().zip([&after - &before, &before - &after]) {
            said.sort();
            prop_assert_eq!(&*said, &truth.into_iter().collect::<Vec<_>>());
        }
    }

    /// People alike share a row, and rows are in the order in which they matter.
    #[test]
    fn no_two_rows_say_the_same(mut world in world()) {
        // A row names groups, and of two of one name each is another.
        for group in &mut world.groups {
            let sides = [&mut group.before, &mut group.after];
            sides.into_iter().flatten().for_each(|it| it.name = format!("{} {}", it.name, group.id).into());
        }
        let found = found(&world);
        let rank = |it: &Affected| (!it.escalates(), !it.gains(), !it.loses_everything);
        prop_assert!(found.affected.is_sorted_by_key(rank));
        for (at, one) in found.affected.iter().enumerate() {
            for other in &found.affected[at + 1..] {
                let alike = |it: &Affected| Affected { users: Vec::new(), ..it.clone() };
                prop_assert_ne!(alike(one), alike(other));
            }
        }
    }
}

/// Approvers in an order, a manager, and whether the account can be used; of each nothing where that is not looked at.
type Led = (Vec<u128>, Option<u128>, Option<bool>);

fn led() -> impl Strategy<Value = Led> {
    let approvers =
        prop::collection::btree_set(0..8_u128, 0..4).prop_map(|it| it.into_iter().collect::<Vec<_>>());
    (approvers.prop_shuffle(), prop::option::of(0..8_u128), prop::option::of(any::<bool>()))
}

fn traits((approvers, manager, active): &Led) -> Traits {
    let mut traits = Traits::default();
    let all: Vec<String> = approvers.iter().map(|it| user(*it).to_string()).collect();
    if !all.is_empty() {
        traits.put(Attribute::Approvers, all.join(","));
    }
    manager.iter().for_each(|it| traits.put(Attribute::Manager, user(*it).to_string()));
    active.iter().for_each(|it| traits.put(Attribute::Active, if *it { "true" } else { "false" }));
    traits
}

proptest! {
    /// Whoever comes to approve for somebody or to manage somebody gains that, and whoever no longer does loses it: what looking
    /// at every pair of people shows, on the one row that each person has. By an account that is not active nobody does anything,
    /// and one that becomes active brings all that it is named for.
    #[test]
    fn rights_over_people_are_every_gain_and_every_loss_of_who_has_them(
        mut world in prop_oneof![world(), Just(World::default())],
        before in prop::collection::vec(led(), 4),
        after in prop::collection::vec(led(), 4),
        idle in prop::collection::btree_set(0..8_u128, 0..4),
    ) {
        // That an account is made or looked at no more is told elsewhere.
        let sides = before.into_iter().zip(after).map(|(before, mut after)| {
            after.2 = before.2.and(after.2).or(before.2);
            [before, after]
        });
        let sides: Vec<[Led; 2]> = sides.collect();
        let people: Vec<u128> = (0..).take(sides.len()).collect();
        world.profiles = people.iter().zip(&sides).map(|(n, it)| (user(*n), [traits(&it[0]), traits(&it[1])])).collect();
        let without = found(&World { profiles: BTreeMap::new(), ..world.clone() });
        let found = found_where(&world, &idle);
        let acts = |n: u128, side: usize| {
            let own = sides.get(n as usize).map(|it| (it[0].2, it[1].2));
            // Of an account that changes the plan says it, and of any other what was read.
            match own.filter(|(before, after)| before != after) {
                Some((before, after)) => [before, after][side] == Some(true),
                None => !idle.contains(&n),
            }
        };
        let mut expected = [BTreeSet::new(), BTreeSet::new()];
        for (over, it) in people.iter().zip(&sides) {
            for who in 0..8 {
                for (right, has) in [
                    (Right::Approver, [0, 1].map(|side| it[side].0.contains(&who))),
                    (Right::Manager, [0, 1].map(|side| it[side].1 == Some(who))),
                ] {
                    match [has[0] && acts(who, 0), has[1] && acts(who, 1)] {
                        [false, true] => _ = expected[0].insert((user(who), right, user(*over))),
                        [true, false] => _ = expected[1].insert((user(who), right, user(*over))),
                        _ => (),
                    }
                }
            }
        }
        let mut said = [BTreeSet::new(), BTreeSet::new()];
        let mut seen = BTreeSet::new();
        for row in &found.affected {
            for who in &row.users {
                prop_assert!(seen.insert(*who), "{who} has two rows");
            }
            for effect in &row.roles {
                let HeldRole::Acts(right) = effect.role else { continue };
                let [who] = row.users[..] else { panic!("a right is one person's") };
                prop_assert_eq!((effect.gives, effect.takes), (!effect.gains_over.is_empty(), !effect.loses_over.is_empty()));
                prop_assert!(effect.gains_over.is_sorted() && effect.loses_over.is_sorted());
                for (said, over) in said.iter_mut().zip([&effect.gains_over, &effect.loses_over]) {
                    said.extend(over.iter().map(|it| (who, right, *it)));
                }
            }
        }
        prop_assert_eq!(&said, &expected);
        let counted = |side: usize| found.affected.iter().filter(move |it| if side == 0 { it.gains() } else { it.loses() });
        prop_assert_eq!(counted(0).map(|it| it.users.len()).sum::<usize>(), found.gain);
        prop_assert_eq!(counted(1).map(|it| it.users.len()).sum::<usize>(), found.lose);
        // Nobody has a row whose account is not active before or after.
        prop_assert!(seen.iter().all(|it| acts(it.0.as_u128(), 0) || acts(it.0.as_u128(), 1)));
        // A right is no role: who keeps nothing else has lost every role all the same.
        if idle.is_empty() && sides.iter().all(|it| it[0].2 == it[1].2) {
            prop_assert_eq!(found.lose_everything, without.lose_everything);
        }
    }
}

/// A world with groups that no file names: the plan that read them as well, the one that did not, and what everybody who was
/// asked keeps through them.
fn unread(mut world: World, beyond: &[Side], asked: &BTreeSet<u128>) -> (Plan, Plan, Kept) {
    let ids: Vec<GroupId> = (0..beyond.len()).map(|it| group_id(100 + it as u128)).collect();
    world.groups.extend(ids.iter().zip(beyond).map(|(id, side)| {
        let side = Side { name: format!("beyond {id}").into(), ..side.clone() };
        worlds::Group { company: COMPANY, id: *id, before: Some(side.clone()), after: Some(side) }
    }));
    let read = world.plan();
    let is_read = |it| read.index.group(it).id.is_none_or(|it| !ids.contains(&it));
    let mut unread = Plan { live: read.live.of(is_read, |_| true), ..read.clone() };
    let overview = Overview {
        company: COMPANY,
        endpoint: None,
        groups: 9,
        memberships: 0,
        unread: 1,
        unmanaged: Vec::new(),
    };
    unread.companies.push(overview);
    let holds = |user| {
        ids.iter().zip(beyond).filter(move |it| it.1.members.contains(&user)).map(|it| (COMPANY, *it.0))
    };
    let grant = |(role, scope): (&RoleId, &Scope)| Grant {
        role: *role,
        scope: Arc::new(scope.clone()),
        as_read: [].into(),
    };
    let kept = Kept {
        people: asked.iter().map(|it| (user(*it), holds(user(*it)).collect())).collect(),
        groups: ids
            .iter()
            .zip(beyond)
            .map(|(id, side)| ((COMPANY, *id), side.grants.iter().map(grant).collect()))
            .collect(),
        ..Kept::default()
    };
    (read, unread, kept)
}

/// What is said of each person.
fn each(people: &People) -> BTreeMap<UserId, (bool, Vec<RoleEffect>)> {
    let row = |it: &Affected| {
        let said = (it.loses_everything, it.roles.clone());
        it.users.iter().map(move |it| (*it, said.clone())).collect::<Vec<_>>()
    };
    people.affected.iter().flat_map(row).collect()
}

proptest! {
    /// Of whoever was asked for groups that no file names it is said what would be said if these had been read, and of
    /// everybody else what is said without.
    #[test]
    fn what_people_keep_counts_as_if_it_had_been_read(
        world in prop_oneof![world(), shuffled()],
        beyond in prop::collection::vec(worlds::side(), 0..4),
        asked in prop::collection::btree_set(0..6_u128, 0..7),
    ) {
        let (read, unread, kept) = unread(world, &beyond, &asked);
        let rules = Rules { privileged: vec![(COMPANY, role(1))], ..Rules::default() };
        let of = |sides: &Sides<'_>| each(&people(sides, &outcomes(sides), &rules));
        let (read, known, without) =
            (of(&Sides::new(&read)), of(&Sides::knowing(&unread, &kept)), of(&Sides::new(&unread)));
        for n in 0..6 {
            let truth = if asked.contains(&n) { &read } else { &without };
            prop_assert_eq!(known.get(&user(n)), truth.get(&user(n)), "{} of {:?}", n, asked);
        }
        // To know more never makes anybody gain or lose.
        prop_assert!(known.keys().all(|it| without.contains_key(it)));
    }

    /// Everybody who gains or loses is to be asked, each once, and whoever was not is counted. Nothing else of a plan is
    /// different for it.
    #[test]
    fn whoever_was_not_asked_is_counted_and_nothing_else_is_different(
        world in world(),
        beyond in prop::collection::vec(worlds::side(), 0..4),
        asked in prop::collection::btree_set(0..6_u128, 0..7),
    ) {
        let (_, unread, kept) = unread(world, &beyond, &asked);
        let rules = Rules { privileged: vec![(COMPANY, role(1))], holders: 2, ..Rules::default() };
        let judged = judged(unread, &rules, |_| ScopeChange::default(), "2026-11-21T00:00:00Z".parse().unwrap());
        let wanted: Vec<UserId> = judged.to_ask(Kept::NONE).into_iter().map(|it| it.1).collect();
        let everybody: BTreeSet<UserId> = each(&judged.judgement.people).into_keys().collect();
        prop_assert_eq!(wanted.iter().copied().collect::<BTreeSet<_>>(), everybody);
        prop_assert_eq!(wanted.len(), judged.judgement.not_asked);
        let rank = |it: &UserId| {
            let row = judged.judgement.people.affected.iter().find(|row| row.users.contains(it)).unwrap();
            (!row.loses_everything, !row.loses(), !row.escalates())
        };
        prop_assert!(wanted.is_sorted_by_key(rank));
        let known = judged.clone().knowing(&kept, &rules);
        let not_asked = wanted.iter().filter(|it| !asked.contains(&it.0.as_u128())).count();
        prop_assert_eq!(known.judgement.not_asked, not_asked);
        prop_assert_eq!(digest::plan_id(&known.plan), digest::plan_id(&judged.plan));
        prop_assert_eq!(&known.judgement.guards, &judged.judgement.guards);
        prop_assert_eq!(&known.judgement.gaps, &judged.judgement.gaps);
    }
}

/// Each row as it is told: who, what, through what.
fn told(world: &World) -> Vec<String> {
    let words = |it: &RoleEffect| {
        let RoleEffect { role: HeldRole::Role(role_id), gains, loses, .. } = it else { panic!() };
        let on = |it: &Scope| {
            (0..10).filter(|at| it.contains(&companies([*at]))).map(|it| it.to_string()).collect::<String>()
        };
        let through: Vec<String> = it.through.iter().map(|it| format!("{:?}", it.how)).collect();
        let mark = if it.privileged { "!" } else { "" };
        format!("{mark}{}+{}-{} {}", role_id.0.as_u128(), on(gains), on(loses), through.join(","))
    };
    let row = |it: Affected| {
        let users: Vec<String> = it.users.iter().map(|it| it.0.as_u128().to_string()).collect();
        let everything = if it.loses_everything { " everything" } else { "" };
        format!(
            "{}{everything}: {}",
            users.join(","),
            it.roles.iter().map(words).collect::<Vec<_>>().join("; ")
        )
    };
    found(world).affected.into_iter().map(row).collect()
}

#[test]
fn a_row_says_who_gains_and_loses_what_through_what() {
    let here = |members: &[u128], on: &[u128]| group(1, members, on);
    let there = |members: &[u128], on: &[u128]| group(2, members, on);
    for (what, live, desired, expected) in [
        ("joining", vec![here(&[], &[7])], vec![here(&[1, 2], &[7])], &["1,2: !1+7- Joins"][..]),
        ("leaving", vec![here(&[1, 2], &[7])], vec![here(&[2], &[7])], &["1 everything: !1+-7 Leaves"]),
        ("widening", vec![here(&[1], &[7])], vec![here(&[1], &[7, 8])], &["1: !1+8- Gains"]),
        ("moving", vec![here(&[1, 2], &[7])], vec![here(&[1, 2], &[8])], &["1,2: !1+8-7 Gains,Loses"]),
        ("deleting", vec![here(&[1, 2], &[7])], vec![], &["1,2 everything: !1+-7 Deleted"]),
        (
            "what another group gives is kept",
            vec![here(&[1, 2], &[7, 8]), there(&[2], &[8])],
            vec![there(&[2], &[8])],
            &["1 everything: !1+-78 Deleted", "2: !1+-7 Deleted"],
        ),
        (
            "two groups give at once",
            vec![here(&[], &[7]), there(&[], &[7, 8])],
            vec![here(&[1], &[7]), there(&[1], &[7, 8])],
            &["1: !1+78- Joins,Joins"],
        ),
        ("a group without roles", vec![here(&[], &[])], vec![here(&[1], &[])], &[]),
    ] {
        assert_eq!(told(&World::between(COMPANY, &live, &desired)), expected, "{what}");
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
