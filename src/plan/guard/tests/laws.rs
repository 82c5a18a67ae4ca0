//! Laws of the guards, over small random worlds and exceptions.

use proptest::prelude::*;

use super::*;
use crate::plan::diff::tests::world;

/// A random world in which little is much, so that the limits are met.
fn small_world() -> impl Strategy<Value = Case> {
    let rules = (1..=100_u8, 1..4_usize, 0..6_usize, 1..4_usize);
    (world(), rules).prop_map(|((desired, live), (percent, from, at_most, holders))| {
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
            ..Rules::default()
        };
        Case { live, desired, rules, gaps: Vec::new(), sunk: BTreeSet::new() }
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
        subject,
        level,
        up_to,
        ends: "2026-11-22T00:00:00Z".parse().unwrap(),
        reason: "r".into(),
        from: at(1),
    });
    prop::collection::vec(one, 0..5).prop_map(|mut all| {
        for (line, it) in (1..).zip(&mut all) {
            it.from = at(line);
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
        let plan = case.plan();
        let leaving: Vec<(GroupId, UserId)> = plan.changes.iter()
            .filter_map(|change| Some((change.id?, change)))
            .flat_map(|(id, change)| change.leaving().map(move |user| (id, user)))
            .collect();
        if leaving.is_empty() {
            return Ok(());
        }
        let (group, stays) = leaving[spare.index(leaving.len())];
        let key = GroupKey::Existing(group);
        if let Some(wanted) = case.desired.access.groups.iter_mut().find(|it| it.key == key) {
            wanted.members.push(Member { user: stays, from: None });
            wanted.members.sort_by_key(|it| it.user);
        } else {
            case.desired.removals.retain(|it| it.group != group);
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
        let mut plan = case.plan();
        let expected = case.judged();
        plan.changes.reverse();
        let now = NOW.parse().unwrap();
        prop_assert_eq!(judge(&plan, &case.live, &case.rules, now, &case.sunk), expected);
    }

    /// No plan without a change is stopped, but by what is no change.
    #[test]
    fn what_changes_nothing_is_stopped_by_nothing(case in small_world()) {
        let mut case = case;
        case.desired = DesiredState { access: case.live.0.clone(), ..DesiredState::default() };
        prop_assert!(stopped(&case).is_empty());
    }
}
