//! Laws of the guards, over small random worlds and exceptions.

use proptest::prelude::*;

use super::*;
use crate::plan::worlds::world;

/// A random world in which little is much, so that the limits are met.
pub(super) fn small_world() -> impl Strategy<Value = Case> {
    let rules = (1..=100_u8, 1..4_usize, 0..6_usize, 1..4_usize);
    (world(), rules).prop_map(|(world, (percent, from, at_most, holders))| {
        let nil = CompanyId(Uuid::nil());
        let privileged = vec![(nil, role(0))];
        let access_roles = vec![(nil, role(1))];
        let identity = Some(user(0));
        let protected_groups = vec![(nil, "a".into())];
        let rules = Rules {
            percent,
            from,
            at_most,
            holders,
            privileged,
            access_roles,
            identity,
            protected_groups,
            protected_people: vec![user(1)],
            declared: 1,
            active: (0..6).map(|it| (user(it), true)).collect(),
            ..Rules::default()
        };
        Case { world, rules, gaps: Vec::new(), unmet: BTreeSet::new() }
    })
}

fn exceptions() -> impl Strategy<Value = Vec<Exception>> {
    let nil = CompanyId(Uuid::nil());
    let subjects = prop_oneof![
        Just(Subject::Group(nil, "a".into())),
        Just(Subject::Group(nil, "b".into())),
        Just(Subject::Company(nil)),
        (0..6_u128).prop_map(|it| Subject::Person(user(it))),
        Just(Subject::Role(nil, role(0))),
    ];
    let what = prop_oneof![
        (0..4_usize).prop_map(|it| (Guard::Removals, Some(Level::ALL[it]))),
        (0..Guard::ALL.len()).prop_map(|it| (Guard::ALL[it], None)),
    ];
    let one = (what, subjects, 1..8_usize).prop_map(|((guard, level), subject, up_to)| Exception {
        guard,
        policy: None,
        target: target(subject),
        level,
        up_to,
        ends: "2026-11-22T00:00:00Z".parse().unwrap(),
        reason: "r".into(),
        from: place(1),
    });
    prop::collection::vec(one, 0..5).prop_map(|mut all| {
        for (line, it) in (1..).zip(&mut all) {
            it.from = place(line);
        }
        all
    })
}

/// Returns what stops a plan: which guard, at which level, about what.
fn stopped(case: &Case) -> BTreeSet<(Guard, Option<Level>, Subject)> {
    let (checks, _) = case.judged();
    let stops = checks.into_iter().filter(|it| it.verdict == Verdict::Stop);
    stops.map(|it| (it.guard, it.level, it.subject)).collect()
}

/// The same word from the other end of the alphabet, and of the digits: what was first is last.
fn turned(name: &str) -> Box<str> {
    let turn = |it: u8| match it {
        b'a'..=b'z' => b'a' + b'z' - it,
        b'0'..=b'9' => b'0' + b'9' - it,
        other => other,
    };
    name.bytes().map(turn).map(char::from).collect::<String>().into()
}

fn turned_subject(subject: &Subject) -> Subject {
    match subject {
        Subject::Group(company, name) => Subject::Group(*company, turned(name)),
        other @ (Subject::Plan | Subject::Company(_) | Subject::Person(_) | Subject::Role(..)) => {
            other.clone()
        }
    }
}

/// A case in which every group has another name and id, so that their changes stand in the opposite order.
fn turned_case(case: &Case) -> Case {
    let mut case = case.clone();
    for group in &mut case.world.groups {
        group.id = group_id(3 - group.id.0.as_u128());
        for side in group.before.iter_mut().chain(&mut group.after) {
            side.name = turned(&side.name);
        }
    }
    case.rules(|it| {
        it.protected_groups.iter_mut().for_each(|it| it.1 = turned(&it.1));
        it.exceptions.iter_mut().for_each(|it| it.target.group = it.target.group.as_deref().map(turned));
    })
}

/// What checks are sorted by.
fn shown_by(check: &Check) -> impl Ord + use<> {
    (check.guard, check.subject.clone(), check.level, check.value, check.of, check.items.clone())
}

proptest! {
    /// Somebody who stays after all, or a group that is not deleted after all, stops nothing that passed.
    #[test]
    fn fewer_removals_are_never_refused_more(case in small_world(), exceptions in exceptions(), spare in any::<prop::sample::Index>()) {
        let mut case = case.rules(|it| it.exceptions = exceptions);
        let about_removals = |case: &Case| -> BTreeSet<_> {
            let all = stopped(case).into_iter();
            all.filter(|it| matches!(it.0, Guard::Removals | Guard::GroupEmptied | Guard::Protected | Guard::LastHolder | Guard::SelfLockout)).collect()
        };
        let before = about_removals(&case);
        let leaving: Vec<(usize, UserId)> = (0..).zip(&case.world.groups)
            .flat_map(|(n, group)| {
                let members = |side: &Option<Side>| side.as_ref().map_or_else(BTreeSet::new, |it| it.members.clone());
                // A lock-out is in no sum to begin with.
                let gone = &(&members(&group.before) - &members(&group.after)) - &case.world.locked;
                gone.into_iter().map(move |user| (n, user))
            })
            .collect();
        if leaving.is_empty() {
            return Ok(());
        }
        let (n, stays) = leaving[spare.index(leaving.len())];
        let group = &mut case.world.groups[n];
        match &mut group.after {
            Some(wanted) => _ = wanted.members.insert(stays),
            None => group.after = group.before.clone(),
        }
        let after = about_removals(&case);
        prop_assert!(after.is_subset(&before), "{before:?} became {after:?}");
    }

    /// An exception allows; it never stops.
    #[test]
    fn an_exception_never_makes_anything_else_stop(case in small_world(), exceptions in exceptions()) {
        let strict = stopped(&case);
        let excepted = stopped(&case.rules(|it| it.exceptions = exceptions));
        prop_assert!(excepted.is_subset(&strict), "{strict:?} became {excepted:?}");
    }

    /// The order in which changes stand in the plan is for people.
    #[test]
    fn the_order_of_changes_is_irrelevant(case in small_world(), exceptions in exceptions()) {
        let case = case.rules(|it| it.exceptions = exceptions);
        let turned_case = turned_case(&case);
        let order = |it: &Case| -> Vec<_> {
            let plan = it.plan();
            plan.groups().map(|it| (it.name().into(), it.id())).collect()
        };
        let back = order(&turned_case).into_iter().rev();
        let back = back.map(|(name, id): (Box<str>, _)| {
            (turned(&name), id.map(|it| group_id(3 - it.0.as_u128())))
        });
        prop_assert_eq!(order(&case), back.collect::<Vec<_>>());

        let (expected, expected_remarks) = case.judged();
        let (mut found, remarks) = turned_case.judged();
        prop_assert!(expected.is_sorted_by_key(shown_by) && found.is_sorted_by_key(shown_by));
        for check in &mut found {
            check.subject = turned_subject(&check.subject);
            check.items.iter_mut().for_each(|it| it.group = it.group.as_deref().map(turned));
            check.items.sort();
        }
        found.sort_by_key(shown_by);
        prop_assert_eq!((found, remarks), (expected, expected_remarks));
    }

    /// No plan without a change is stopped, but by what is no change.
    #[test]
    fn what_changes_nothing_is_stopped_by_nothing(case in small_world()) {
        let mut case = case;
        case.world.groups.retain(|it| it.before.is_some());
        case.world.groups.iter_mut().for_each(|it| it.after = it.before.clone());
        prop_assert!(stopped(&case).is_empty());
    }
}
