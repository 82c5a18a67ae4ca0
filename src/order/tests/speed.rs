//! How long an order takes: `cargo test --release --lib order::tests::speed -- --ignored --nocapture`.

use std::time::Instant;

use super::*;
use crate::{
    access::{Contents, Grant},
    ids::GroupId,
    plan::{GrantChange, GrantEffect, MemberChange},
    scope::{Dimension, Kind, Relation},
};

fn scope(n: u128) -> Scope {
    Scope::new([vec![Dimension { kind: Kind::Company, values: vec![Value::Id(Uuid::from_u128(n))] }]])
}

/// A group with role 0 on `old`, then on `new`, and its members, sorted.
fn group(n: usize, (old, new): (u128, u128), leaving: &[u128], joining: &[u128]) -> GroupChange {
    let member = |user: u128, effect| MemberChange { user: self::user(user), effect, from: None };
    let leave = || MemberEffect::Remove { moved_to: None, why: Why::NotDeclared };
    let mut members: Vec<MemberChange> = leaving.iter().map(|it| member(*it, leave())).collect();
    members.extend(joining.iter().map(|it| member(*it, MemberEffect::Add { moved_from: None })));
    members.sort_by_key(|it| it.user);
    let attributes = Attributes { name: "g".into(), description: "d".into() };
    let (before, after) = (scope(old), scope(new));
    let grant = Grant { role: role(0), scope: before.clone(), as_read: Vec::new(), from: None };
    let effect = GrantEffect::Rescope { before, after, relation: Relation::Changes };
    let grants = if old == new { vec![] } else { vec![GrantChange { role: role(0), effect, from: None }] };
    let mut before: Vec<UserId> = leaving.iter().map(|it| user(*it)).collect();
    before.sort_unstable();
    GroupChange {
        company: CompanyId(Uuid::nil()),
        id: Some(GroupId(Uuid::from_u128(n as u128))),
        name: "g".into(),
        kind: ChangeKind::Alter { before: attributes.clone(), after: attributes },
        grants,
        members,
        from: None,
        before: Some(Contents { members: before, grants: vec![grant] }),
    }
}

fn report(name: &str, changes: Vec<GroupChange>) {
    let plan = Plan { changes, ..Plan::default() };
    let start = Instant::now();
    let ordered = order(&plan, ScopeChange::Atomic, &BTreeSet::new());
    let took = start.elapsed();
    let (steps, gaps) = (ordered.steps.len(), ordered.gaps.len());
    let line = format!("{name:<28} {steps:>7} steps {gaps:>6} gaps {:>9.1} ms\n", took.as_secs_f64() * 1e3);
    std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).unwrap();
}

/// One circle through `size` groups: each sends its only member, who keeps the role, to the one before.
fn ring(size: u128) -> Vec<GroupChange> {
    let last = |n: u128| (n + size - 1) % size;
    (0..size).map(|n| group(n as usize, (n, last(n)), &[n], &[last(n)])).collect()
}

/// Even where several are released at once before the circle is looked at again.
#[test]
fn a_large_circle_costs_one_gap() {
    let plan = Plan { changes: ring(300), ..Plan::default() };
    assert_eq!(order(&plan, ScopeChange::Atomic, &BTreeSet::new()).gaps.len(), 1);
}

#[test]
#[ignore = "measures"]
fn orders_of_many_sizes() {
    for size in [2_500_u128, 25_000, 50_000, 100_000] {
        // Groups of which two people leave, two join, and one role changes.
        let plain = |n: u128| group(n as usize, (0, 1), &[4 * n, 4 * n + 1], &[4 * n + 2, 4 * n + 3]);
        report(&format!("plain, {size} groups"), (0..size).map(plain).collect());
        // Everybody goes one group on, and keeps the role.
        let chain = |n: u128| group(n as usize, (0, 0), &[n], &[n.wrapping_sub(1) % size]);
        report(&format!("moves, {size} groups"), (0..size).map(chain).collect());
        // The same in pairs that swap their scopes, too: every pair is a circle.
        let pair = |n: u128| group(n as usize, (n % 2, 1 - n % 2), &[n], &[n ^ 1]);
        report(&format!("pairs, {size} groups"), (0..size).map(pair).collect());
        report(&format!("ring, {size} people"), ring(size));
        // Two groups that swap all they have.
        let (half, all) = ((0..size / 2).collect::<Vec<_>>(), (size / 2..size).collect::<Vec<_>>());
        let swap = vec![group(0, (0, 1), &half, &all), group(1, (1, 0), &all, &half)];
        report(&format!("swap, {size} people"), swap);
        // Each of many groups sends one to each of ten others; all change their roles.
        let groups = size / 10;
        let goes = |from: u128, nth: u128| (from * 7 + nth * nth * 13 + 1) % groups;
        let mut lists: Vec<(Vec<u128>, Vec<u128>)> = vec![Default::default(); groups as usize];
        for (from, nth) in (0..groups).flat_map(|from| (0..10).map(move |nth| (from, nth))) {
            if goes(from, nth) != from {
                lists[from as usize].0.push(from * 10 + nth);
                lists[goes(from, nth) as usize].1.push(from * 10 + nth);
            }
        }
        let dense = lists.iter().enumerate();
        let dense = dense.map(|(n, it)| group(n, (n as u128 % 3, (n as u128 + 1) % 3), &it.0, &it.1));
        report(&format!("dense, {groups} groups"), dense.collect());
        // All members of one group scatter over others, which keep the role.
        let scatter = (0..size).map(|n| group(n as usize + 1, (0, 0), &[], &[n]));
        let from = group(0, (0, 0), &(0..size).collect::<Vec<_>>(), &[]);
        report(&format!("scatter, {size} people"), std::iter::once(from).chain(scatter).collect());
    }
}
