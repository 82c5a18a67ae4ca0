//! The laws of an order, over random worlds, schedules, failures and interruptions.

use proptest::prelude::*;

use super::*;
use crate::{
    model::state::Edit,
    plan::worlds::{World as Sides, shuffled, world},
};

/// Groups of which some belong to another company, and people of whom some who lose everything are cut off.
pub(super) fn sides() -> impl Strategy<Value = Sides> {
    let sides = prop_oneof![1 => world(), 3 => shuffled()];
    (sides, 0..64_u8, any::<bool>()).prop_map(|(mut sides, cut, two)| {
        for group in sides.groups.iter_mut().filter(|it| two && it.before.is_some()) {
            if group.id.0.as_u128() % 2 == 1 {
                group.company = CompanyId(Uuid::from_u128(9));
            }
        }
        let after = sides.groups.iter().flat_map(|it| &it.after).flat_map(|it| &it.members);
        let stay: BTreeSet<UserId> = after.copied().collect();
        let gone = (0..6).filter(|n| cut & 3 == 3 && cut >> n & 1 == 1).map(user);
        sides.locked = gone.filter(|it| !stay.contains(it)).collect();
        sides
    })
}

/// The plans of such sides.
pub(super) fn plans() -> impl Strategy<Value = Plan> {
    sides().prop_map(|it| it.plan())
}

pub(super) fn styles() -> impl Strategy<Value = ScopeChange> {
    prop_oneof![Just(ScopeChange::Atomic), Just(ScopeChange::Split), Just(ScopeChange::RevokeFirst)]
}

fn floors() -> impl Strategy<Value = BTreeSet<(CompanyId, RoleId)>> {
    prop::collection::btree_set((prop_oneof![Just(0), Just(9)], 0..3_u128), 0..4).prop_map(|it| {
        it.into_iter().map(|(company, n)| (CompanyId(Uuid::from_u128(company)), role(n))).collect()
    })
}

/// Numbers from a seed, for choices during a run.
fn dice(mut seed: u64) -> impl FnMut() -> usize {
    move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 33).unwrap()
    }
}

/// How a run goes: the choices, one in how many steps fails, and when it is interrupted.
fn runs() -> impl Strategy<Value = (u64, usize, Option<usize>)> {
    (1..u64::MAX, prop_oneof![Just(usize::MAX), Just(6), Just(2)], prop::option::weighted(0.2, 0..8_usize))
}

/// Whether a step, once made, is part of what gives `user` the role on the new side.
fn gives(step: &Step, user: UserId, role: RoleId, after: &World) -> bool {
    let inside = after[step.change].members.contains(&user) && after[step.change].roles.contains_key(&role);
    inside
        && match &step.call {
            Call::CreateGroup { .. } => true,
            Call::PatchMembers { add, .. } => add.contains(&user),
            Call::PatchRoles { add, .. } => add.iter().any(|it| it.0 == role),
            Call::UpdateGroup { .. }
            | Call::DeleteGroup { .. }
            | Call::PutDirectRoles { .. }
            | Call::PutPerson { .. } => false,
        }
}

/// Whether a step takes the role from `user` in one group.
fn takes(step: &Step, user: UserId, role: RoleId, before: &World) -> bool {
    let inside = before[step.change].members.contains(&user) && before[step.change].roles.contains_key(&role);
    inside
        && match &step.call {
            Call::DeleteGroup { .. } => true,
            Call::PatchMembers { remove, .. } => remove.contains(&user),
            Call::PatchRoles { delete, .. } => delete.contains(&role),
            Call::CreateGroup { .. }
            | Call::UpdateGroup { .. }
            | Call::PutDirectRoles { .. }
            | Call::PutPerson { .. } => false,
        }
}

/// How many hold a role, on whatever scope, through the groups of a company.
fn holders(plan: &Plan, world: &World, (company, role): (CompanyId, RoleId)) -> BTreeSet<UserId> {
    let groups = world.iter().zip(plan.groups()).filter(|it| it.1.company() == company);
    groups.flat_map(|it| facts_of(it.0)).filter(|it| it.1 == role).map(|it| it.0).collect()
}

/// Changes the groups in one thing.
type Deed = Box<dyn Fn(&mut World)>;

/// The smallest things that a plan does when a change of a role's scope is one: each as the groups after it.
fn deeds(plan: &Plan) -> Vec<Deed> {
    let new = after(plan);
    let mut all: Vec<Deed> = Vec::new();
    for (n, change) in plan.groups().enumerate() {
        for user in change.leaving() {
            all.push(Box::new(move |it: &mut World| _ = it[n].members.remove(&user)));
        }
        for user in change.joining() {
            all.push(Box::new(move |it: &mut World| _ = it[n].members.insert(user)));
        }
        // The roles of a group that is deleted are nobody's by then.
        for role in change.grants().filter_map(Edit::role).filter(|_| new[n].exists) {
            let after = new[n].roles.get(&role).cloned();
            all.push(Box::new(move |it: &mut World| {
                _ = match after.clone() {
                    Some(after) => it[n].roles.insert(role, after),
                    None => it[n].roles.remove(&role),
                };
            }));
        }
    }
    all
}

/// Whether some order of these deeds keeps both laws at every moment: by trying all.
fn has_an_order_without_a_gap(plan: &Plan, deeds: &[Deed]) -> bool {
    let (old, new) = (before(plan), after(plan));
    let (had, shall) = (facts(&old), facts(&new));
    let both: BTreeSet<Fact> = had.intersection(&shall).cloned().collect();
    let sound = |made: usize| {
        let mut world = old.clone();
        deeds.iter().enumerate().filter(|it| made >> it.0 & 1 == 1).for_each(|it| it.1(&mut world));
        let now = facts(&world);
        both.is_subset(&now) && now.iter().all(|it| had.contains(it) || shall.contains(it))
    };
    let mut reached = vec![false; 1 << deeds.len()];
    reached[0] = true;
    for made in 0..reached.len() {
        if reached[made] {
            for next in (0..deeds.len()).map(|it| made | 1 << it) {
                reached[next] = reached[next] || sound(next);
            }
        }
    }
    reached[reached.len() - 1]
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    /// All steps together, in any order, lead to what the plan says, and each waits for earlier ones.
    #[test]
    fn steps_converge(plan in plans(), style in styles(), floors in floors(), seed in 1..u64::MAX) {
        let ordered = order(&plan, &|_| style, &floors);
        for (n, step) in ordered.steps.iter().enumerate() {
            prop_assert!(step.after.iter().all(|it| it.step < n), "{step:?}");
            prop_assert!(step.after.windows(2).all(|it| it[0].step < it[1].step), "{step:?}");
            prop_assert!(!step.lockout || step.after.is_empty());
            prop_assert!(!step.lockout || n == 0 || ordered.steps[n - 1].lockout);
        }
        let (mut world, mut roll) = (before(&plan), dice(seed));
        let ended = execute(&ordered, &mut world, |_| roll(), |_| Some(Fate::Works), |_, _| ());
        prop_assert!(ended.iter().all(|it| *it == Some(Ended::Done)));
        let wanted = after(&plan);
        prop_assert_eq!(facts(&world), facts(&wanted));
        for (now, wanted) in world.iter().zip(&wanted) {
            prop_assert_eq!((now.exists, &now.members), (wanted.exists, &wanted.members));
            prop_assert!(now.roles.keys().eq(wanted.roles.keys()));
            prop_assert!(now.roles.values().all(|it| it.0.is_none() || it.1.is_none()));
        }
    }

    /// Whatever the schedule, whatever fails, wherever it ends: nobody holds what neither side gives
    /// them, and nobody lacks what both give, but for what is announced and for whose own grant failed.
    #[test]
    fn every_state_lies_between_both_sides(
        plan in plans(),
        style in styles(),
        floors in floors(),
        (seed, odds, end) in runs(),
    ) {
        let ordered = order(&plan, &|_| style, &floors);
        let (old, new) = (before(&plan), after(&plan));
        let (had, shall) = (facts(&old), facts(&new));
        let cut = locked_out(&plan);
        let forgiven = |user: UserId, role: RoleId, ended: &[Option<Ended>]| {
            let failed = |n: usize| matches!(ended[n], Some(Ended::Failed | Ended::Skipped));
            ordered.steps.iter().enumerate().any(|(n, step)| {
                ended[n].is_some() && ended[n] != Some(Ended::Skipped) && takes(step, user, role, &old)
                    && step.after.iter().any(|it| it.until == Until::Ended && failed(it.step)
                        && gives(&ordered.steps[it.step], user, role, &new))
            })
        };
        let mut world = old.clone();
        let (mut roll, mut other, mut count) = (dice(seed), dice(seed / 2 + 1), 0);
        let fate = |_| {
            count += 1;
            let bad = other() % odds == 0;
            let bad = if bad { [Fate::Fails, Fate::Lies, Fate::Halts][other() % 3] } else { Fate::Works };
            (end != Some(count)).then_some(bad)
        };
        let mut wrong = None;
        execute(&ordered, &mut world, |_| roll(), fate, |world, ended| {
            let now = facts(world);
            if let Some(it) = now.iter().find(|it| !had.contains(it) && !shall.contains(it)) {
                wrong.get_or_insert(format!("too much: {it:?}"));
            }
            for fact in had.intersection(&shall).filter(|it| !now.contains(it)) {
                let (user, role, _) = *fact;
                let known = ordered.gaps.iter().any(|it| (it.user, it.role) == (user, role));
                if !known && !cut.contains(&user) && !forgiven(user, role, ended) {
                    wrong.get_or_insert(format!("too little: {fact:?} after {ended:?}"));
                }
            }
            for floor in floors.difference(&ordered.unmet) {
                let few = holders(&plan, &old, *floor).difference(&cut).count()
                    .min(holders(&plan, &new, *floor).len());
                if holders(&plan, world, *floor).len() < few {
                    wrong.get_or_insert(format!("too few: {floor:?} after {ended:?}"));
                }
            }
        });
        prop_assert!(wrong.is_none(), "{}\n{}", wrong.unwrap(), show(&plan, &ordered));
    }

    /// Where one grant fails, every revocation is made all the same, except from who lacks, because
    /// of it, something that the revocation would take for good.
    #[test]
    fn a_failed_grant_keeps_no_revocation_of_others_waiting(plan in plans(), style in styles()) {
        let ordered = order(&plan, &|_| style, &BTreeSet::new());
        let (old, new) = (before(&plan), after(&plan));
        let (had, shall) = (facts(&old), facts(&new));
        for failing in 0..ordered.steps.len() {
            let grants = match &ordered.steps[failing].call {
                Call::CreateGroup { .. } => true,
                Call::PatchMembers { add, .. } => !add.is_empty(),
                Call::PatchRoles { add, .. } => !add.is_empty(),
                Call::UpdateGroup { .. } | Call::DeleteGroup { .. } | Call::PutDirectRoles { .. } | Call::PutPerson { .. } => false,
            };
            if !grants {
                continue;
            }
            let mut world = old.clone();
            let fate = |n| Some(if n == failing { Fate::Fails } else { Fate::Works });
            let ended = execute(&ordered, &mut world, |_| 0, fate, |_, _| ());
            for (n, step) in ordered.steps.iter().enumerate().filter(|it| ended[it.0] != Some(Ended::Done)) {
                if n == failing {
                    continue;
                }
                // Whoever would lose something in this group by this step, and still has it there.
                let here = facts_of(&world[step.change]);
                let wanted = facts_of(&new[step.change]);
                for (user, role, _) in here.difference(&wanted) {
                    if !takes(step, *user, *role, &old) {
                        continue;
                    }
                    let excused = ordered.steps.iter().enumerate().any(|(u, it)| {
                        ended[u] != Some(Ended::Done)
                            && had.intersection(&shall).any(|fact| fact.0 == *user
                                && gives(it, *user, fact.1, &new)
                                && old[step.change].roles.contains_key(&fact.1))
                    });
                    prop_assert!(excused, "{user} keeps {role} as {failing} failed:\n{}", show(&plan, &ordered));
                }
            }
        }
    }

    /// What is announced as a gap is held on both sides, and has a reason.
    #[test]
    fn no_gap_without_a_cause(plan in plans(), style in styles()) {
        let ordered = order(&plan, &|_| style, &BTreeSet::new());
        let (had, shall) = (facts(&before(&plan)), facts(&after(&plan)));
        for gap in &ordered.gaps {
            prop_assert!(had.intersection(&shall).any(|it| (it.0, it.1) == (gap.user, gap.role)), "{gap:?}");
            match gap.why {
                crate::model::plan::GapCause::RevokeFirst => prop_assert_ne!(style, ScopeChange::Atomic),
                crate::model::plan::GapCause::Cycle => {
                    let roles = plan.groups().filter(|it| it.grants().next().is_some());
                    prop_assert!(roles.count() > 1);
                    prop_assert_ne!(gap.taken, gap.given);
                }
            }
        }
    }

    /// Only what closes a circle is cut: each wait that is missing would close one again.
    #[test]
    fn no_gap_is_superfluous(plan in plans(), style in styles()) {
        let mut graph = parts::graph(&plan, &|_| style);
        let mut none = floors::Floors::new(&BTreeSet::new(), &mut graph);
        people::connect(&mut graph, &mut none);
        let all = graph.edges.clone();
        let key = |it: &graph::Edge| format!("{it:?}");
        cycles::cut(&mut graph);
        let kept: BTreeSet<String> = graph.edges.iter().map(key).collect();
        prop_assert!(links::depths(graph.nodes.len(), &graph.edges).is_some());
        for edge in all.iter().filter(|it| !kept.contains(&key(it))) {
            graph.edges.push(*edge);
            prop_assert!(links::depths(graph.nodes.len(), &graph.edges).is_none(), "{edge:?}");
            graph.edges.pop();
        }
    }

    /// The same plan yields the same order.
    #[test]
    fn an_order_is_a_function(plan in plans(), style in styles(), floors in floors()) {
        let text = || format!("{:?}", order(&plan, &|_| style, &floors));
        prop_assert_eq!(text(), text());
    }
}

/// An order is found part by part and not by trying all, so that it may have a gap that another order has not: seldom, and
/// nobody is told that there is none. Here it is told by trying all.
#[test]
fn a_gap_that_another_order_of_whole_changes_would_not_have_is_seldom() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut announced, mut avoidable) = (0, Vec::new());
    for _ in 0..20_000 {
        let plan = plans().new_tree(&mut runner).unwrap().current();
        let deeds = deeds(&plan);
        if deeds.len() > 12 || !locked_out(&plan).is_empty() {
            continue;
        }
        let ordered = order(&plan, &|_| ScopeChange::Atomic, &BTreeSet::new());
        if !ordered.gaps.is_empty() {
            announced += 1;
            if has_an_order_without_a_gap(&plan, &deeds) {
                avoidable.push(show(&plan, &ordered));
            }
        }
    }
    assert!(announced >= 100, "{announced}");
    assert!(
        avoidable.len() * 100 <= announced,
        "{} of {announced}\n{}",
        avoidable.len(),
        avoidable.join("\n")
    );
}
