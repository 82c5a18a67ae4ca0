//! Access, not rows: what guards say about who can do what before and after, against the simplest way to find that out.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{laws::small_world, *};
use crate::{
    model::{
        scope::Scope,
        selector::{Attribute, Traits},
    },
    plan::worlds::COMPANY,
};

/// What somebody can do in the world, role by role, through every group together.
fn held(world: &World, who: UserId, before: bool) -> BTreeMap<(CompanyId, RoleId), Scope> {
    let mut held: BTreeMap<(CompanyId, RoleId), Scope> = BTreeMap::new();
    for group in &world.groups {
        let side = if before { &group.before } else { &group.after };
        let side = side.iter().filter(|it| it.members.contains(&who));
        for (role, scope) in side.flat_map(|it| &it.grants) {
            let known = held.remove(&(group.company, *role)).unwrap_or_default();
            held.insert((group.company, *role), known.union(scope.clone()));
        }
    }
    held
}

/// Whether everything in `inner` is in `outer`.
fn covers(
    outer: &BTreeMap<(CompanyId, RoleId), Scope>,
    inner: &BTreeMap<(CompanyId, RoleId), Scope>,
) -> bool {
    inner.iter().all(|(key, scope)| outer.get(key).is_some_and(|it| it.contains(scope)))
}

/// Who holds a role and can act.
fn holders(case: &Case, key: (CompanyId, RoleId), before: bool) -> usize {
    let everybody = (0..6).map(user).filter(|it| case.rules.can_act(*it));
    everybody.filter(|it| held(&case.world, *it, before).contains_key(&key)).count()
}

fn only(held: BTreeMap<(CompanyId, RoleId), Scope>, rules: &Rules) -> BTreeMap<(CompanyId, RoleId), Scope> {
    held.into_iter().filter(|(key, _)| rules.is_privileged(key.0, key.1)).collect()
}

/// Who approves for somebody and who manages the person, before and after.
type Led = [(BTreeSet<u128>, Option<u128>); 2];

fn led() -> impl Strategy<Value = Vec<Led>> {
    let side = || (prop::collection::btree_set(0..6_u128, 0..3), prop::option::of(0..6_u128));
    prop::collection::vec((side(), side()).prop_map(|(before, after)| [before, after]), 0..4)
}

/// The same world, in which the first people are led so.
fn with_led(mut case: Case, led: &[Led]) -> Case {
    let traits = |(approvers, manager): &(BTreeSet<u128>, Option<u128>)| {
        let mut traits = Traits::default();
        let all: Vec<String> = approvers.iter().map(|it| user(*it).to_string()).collect();
        if !all.is_empty() {
            traits.put(Attribute::Approvers, all.join(","));
        }
        manager.iter().for_each(|it| traits.put(Attribute::Manager, user(*it).to_string()));
        traits
    };
    let profiles = (0..).zip(led).map(|(n, sides)| (user(n), [traits(&sides[0]), traits(&sides[1])]));
    case.world.profiles = profiles.collect();
    case
}

/// Whether somebody who can act no longer approves for somebody who can, or manages such a person.
fn loses_people(case: &Case, led: &[Led], who: UserId) -> bool {
    let acts = |(approvers, manager): &(BTreeSet<u128>, Option<u128>)| {
        [approvers.iter().any(|it| user(*it) == who), manager.is_some_and(|it| user(it) == who)]
    };
    let mut over = (0..).zip(led).filter(|it| case.rules.may_act(user(it.0)));
    let lost = over.any(|(_, sides)| {
        let [before, after] = [acts(&sides[0]), acts(&sides[1])];
        before.into_iter().zip(after).any(|it| it == (true, false))
    });
    lost && case.rules.may_act(who)
}

proptest! {
    /// Whatever mixture of edits brings it about, no plan that passes takes access from somebody protected, leaves a
    /// privileged role with fewer holders who can act than set, or gives privileged access to anybody who can act.
    #[test]
    fn what_passes_harms_nobody(case in small_world(), led in led(), asleep in prop::collection::btree_set(0..6_u128, 0..3)) {
        let case = with_led(case, &led).rules(|it| it.active.extend(asleep.iter().map(|it| (user(*it), false))));
        let stopped: BTreeSet<Guard> =
            case.judged().0.iter().filter(|it| it.verdict == Verdict::Stop).map(|it| it.guard).collect();
        for who in (0..6).map(user) {
            let (before, after) = (held(&case.world, who, true), held(&case.world, who, false));
            if case.rules.protected_people.contains(&who) && !covers(&after, &before) {
                prop_assert!(stopped.contains(&Guard::Protected), "{who} is protected and loses");
            }
            if case.rules.protected_people.contains(&who) && loses_people(&case, &led, who) {
                prop_assert!(stopped.contains(&Guard::Protected), "{who} is protected and acts for fewer");
            }
            let (before, after) = (only(before, &case.rules), only(after, &case.rules));
            if case.rules.may_act(who) && !covers(&before, &after) {
                prop_assert!(stopped.contains(&Guard::Privileged), "{who} gains what is privileged");
            }
        }
        for key in &case.rules.privileged {
            let (before, after) = (holders(&case, *key, true), holders(&case, *key, false));
            if after < before.min(case.rules.holders) {
                prop_assert!(stopped.contains(&Guard::LastHolder), "{key:?} keeps {after} of {before}");
            }
        }
    }

    /// Who loses something counts once, however it comes about; who cannot act does not.
    #[test]
    fn people_who_lose_are_counted_once(case in small_world(), led in led(), asleep in prop::collection::btree_set(0..6_u128, 0..3)) {
        let mut case = with_led(case, &led).rules(|it| it.active.extend(asleep.iter().map(|it| (user(*it), false))));
        case.world.locked.clear();
        let loses = |who: &UserId| {
            let companies: BTreeSet<CompanyId> = case.world.groups.iter().map(|it| it.company).chain([COMPANY]).collect();
            let of_people = |company| company == COMPANY && loses_people(&case, &led, *who);
            let of = |before, company| {
                let held = held(&case.world, *who, before).into_iter();
                held.filter(|it| it.0.0 == company).collect::<BTreeMap<_, _>>()
            };
            companies.into_iter().filter(|it| of_people(*it) || !covers(&of(false, *it), &of(true, *it))).count()
        };
        let able = (0..6).map(user).filter(|it| case.rules.may_act(*it));
        let expected: usize = able.map(|it| loses(&it)).sum();
        let checks = case.checks(Guard::Removals);
        let of_plan = |it: &&Check| it.subject == Subject::Plan && it.level == Some(Level::People);
        prop_assert_eq!(checks.iter().find(of_plan).unwrap().value, expected);
    }
}

const AGENTS: &[(u128, &[u128])] = &[(AGENT, &[7])];

/// The people who cannot act.
fn asleep(case: Case, who: &[u128]) -> Case {
    case.rules(|it| it.active.extend(who.iter().map(|it| (user(*it), false))))
}

#[test]
fn a_protected_person_keeps_what_groups_give() {
    let wide: &[(u128, &[u128])] = &[(AGENT, &[7, 8])];
    let protect = |before: &[Half], after: &[Half]| {
        stops(&case(before, after).rules(|it| it.protected_people = vec![user(1)]))
            .into_iter()
            .filter(|it| it.contains("protected"))
            .collect::<Vec<_>>()
    };
    let one = ["STOP protected person 1 1"];
    for (what, before, after, expected) in [
        ("a role goes", vec![group("a", &[1], wide)], vec![group("a", &[1], &[])], &one[..]),
        ("a role is narrowed", vec![group("a", &[1], wide)], vec![group("a", &[1], AGENTS)], &one),
        ("a role moves", vec![group("a", &[1], AGENTS)], vec![group("a", &[1], &[(AGENT, &[9])])], &one),
        ("the group goes", vec![group("a", &[1], wide)], vec![], &one),
        ("the person leaves", vec![group("a", &[1], wide)], vec![group("a", &[], wide)], &one),
        (
            "another group gives as much",
            vec![group("a", &[1], AGENTS), group("b", &[1], wide)],
            vec![group("a", &[1], &[]), group("b", &[1], wide)],
            &[],
        ),
        (
            "another group gives a part",
            vec![group("a", &[1], wide), group("b", &[1], AGENTS)],
            vec![group("a", &[1], &[]), group("b", &[1], AGENTS)],
            &one,
        ),
        ("somebody else loses", vec![group("a", &[2], wide)], vec![group("a", &[2], &[])], &[]),
        ("a role is widened", vec![group("a", &[1], AGENTS)], vec![group("a", &[1], wide)], &[]),
        (
            "two roles go",
            vec![group("a", &[1], &[(AGENT, &[7]), (11, &[7])])],
            vec![group("a", &[1], &[])],
            &["STOP protected person 1 2"],
        ),
    ] {
        assert_eq!(protect(&before, &after), expected, "{what}");
    }
}

#[test]
fn an_exception_for_a_group_takes_nothing_from_a_protected_person() {
    let lost = || {
        case(&[group("a", &[1], AGENTS)], &[group("a", &[1], &[])])
            .rules(|it| it.protected_people = vec![user(1)])
    };
    let of_group = lost().except(Guard::Protected, None, named("a"), 9);
    assert_eq!(stops(&of_group), ["STOP protected person 1 1", "unused-exception 1"]);
    let of_person = lost().except(Guard::Protected, None, Subject::Person(user(1)), 1);
    assert_eq!(stops(&of_person), ["excepted 1 protected person 1 1"]);
    let of_other = lost().except(Guard::Protected, None, Subject::Person(user(2)), 1);
    assert_eq!(stops(&of_other), ["STOP protected person 1 1", "unused-exception 1"]);
}

#[test]
fn a_scope_that_moves_is_a_removal() {
    let groups: Vec<String> = ('a'..='t').map(|it| it.to_string()).collect();
    let side = |scope: &'static [u128], people: u128| -> Vec<Half> {
        let one = |(n, name): (u128, &String)| group(name, &[n * 3 % people + 1], &[(AGENT, scope)]);
        (0..).zip(&groups).map(one).collect()
    };
    // All of twenty roles go elsewhere, and with them all that twenty people can do.
    assert_eq!(
        stops(&case(&side(&[7], 300), &side(&[9], 300))),
        ["STOP removals of roles company 20/20", "STOP removals of people company 20/20"]
    );
    assert_eq!(stops(&case(&side(&[7, 8], 300), &side(&[8], 300))).len(), 2, "narrowed");
    assert!(stops(&case(&side(&[7], 300), &side(&[7, 8], 300))).is_empty(), "widened");
    // Where nobody loses by it, a narrower role is no loss.
    let spare = |scope: &'static [u128]| {
        let mut groups = side(scope, 300);
        groups.push(group("zz", &members(1..=60), &[(AGENT, &[7, 8])]));
        groups
    };
    assert!(stops(&case(&spare(&[7, 8]), &spare(&[8]))).is_empty());
}

#[test]
fn one_group_whose_role_is_narrowed_for_many_is_a_removal() {
    let crowd = |scope: &'static [u128]| group("crowd", &members(1..=40), &[(AGENT, scope)]);
    let other = || group("other", &members(41..=400), AGENTS);
    let narrowed = || case(&[crowd(&[7, 8]), other()], &[crowd(&[7]), other()]);
    assert_eq!(stops(&narrowed()), ["STOP removals of people crowd 40/40"]);
    for level in [Level::People, Level::Roles] {
        let allowed = narrowed().except(Guard::Removals, Some(level), named("crowd"), 40);
        assert_eq!(stops(&allowed), ["excepted 1 removals of people crowd 40/40"], "{level:?}");
    }
    // Of forty, ten cannot act, and twenty hold it elsewhere.
    let elsewhere = group("spare", &members(11..=30), &[(AGENT, &[7, 8])]);
    let few = case(&[crowd(&[7, 8]), other(), elsewhere.clone()], &[crowd(&[7]), other(), elsewhere]);
    assert_eq!(stops(&asleep(few, &members(1..=10))), ["STOP removals of people crowd 10/30"]);
}

#[test]
fn who_cannot_act_holds_nothing() {
    let to = |after: &[u128]| case(&[group("root", &[1, 2, 3], ADMINS)], &[group("root", after, ADMINS)]);
    // Of three holders one can act.
    let last = asleep(to(&[2, 3]), &[2, 3]);
    assert!(stops(&last).iter().any(|it| it == "STOP last-holder role 1 1"), "{:?}", last.lines());
    let unknown = to(&[2, 3]).rules(|it| it.active.retain(|who, _| *who == user(1)));
    assert!(stops(&unknown).iter().any(|it| it == "STOP last-holder role 1 1"), "not known is not active");
    assert!(stops(&asleep(to(&[1, 2]), &[3])).is_empty(), "who cannot act may go");

    let desk = |after: &[u128]| case(&[group("desk", &[1, 2, 3], &[])], &[group("desk", after, &[])]);
    assert_eq!(stops(&asleep(desk(&[2, 3]), &[2, 3])), ["STOP group-emptied desk 1"]);
    assert!(stops(&asleep(desk(&[1]), &[2, 3])).is_empty());
    assert!(stops(&asleep(desk(&[]), &[1, 2, 3])).is_empty(), "nobody could act in it before");

    let gain = case(&[group("root", &[], ADMINS)], &[group("root", &[1], ADMINS)]);
    assert!(stops(&asleep(gain.clone(), &[1])).is_empty());
    assert_eq!(stops(&gain), ["STOP privileged root 1"]);
}

#[test]
fn who_has_it_already_gains_nothing() {
    let joins = |also: &[(u128, &[u128])]| {
        let other = group("other", &[1], also);
        stops(&case(&[group("root", &[], ADMINS), other.clone()], &[group("root", &[1], ADMINS), other]))
    };
    assert!(joins(ADMINS).is_empty());
    assert!(joins(&[(ADMIN, &[0xA, 0xB])]).is_empty());
    assert_eq!(joins(&[(ADMIN, &[0xB])]), ["STOP privileged root 1"]);
    assert_eq!(joins(AGENTS), ["STOP privileged root 1"]);
}

#[test]
fn an_exception_is_for_all_that_it_names_together() {
    let join = |who: &[u128]| {
        case(
            &[group("root", &[], ADMINS), group("boot", &[], ADMINS)],
            &[group("root", who, ADMINS), group("boot", &[9], ADMINS)],
        )
    };
    let allow = |case: Case, group: Option<&str>, person: Option<u128>, role_id: Option<u128>, up_to| {
        case.rules(|rules| {
            let from = place(u32::try_from(rules.exceptions.len()).unwrap() + 1);
            let target = ExceptionFor {
                company: Some(VOYAGER),
                group: group.map(Into::into),
                person: person.map(user),
                role: role_id.map(|it| HeldRole::Role(role(it))),
            };
            let ends = "2026-11-22T00:00:00Z".parse().unwrap();
            let (guard, level, reason) = (Guard::Privileged, None, "r".into());
            rules.exceptions.push(Exception {
                guard,
                policy: None,
                target,
                level,
                up_to,
                ends,
                reason,
                from,
            });
        })
    };
    let both = ["STOP privileged boot 1", "STOP privileged root 1"];
    assert_eq!(stops(&join(&[1])), both);
    let exact = allow(join(&[1]), Some("root"), Some(1), Some(ADMIN), 1);
    assert_eq!(stops(&exact), ["STOP privileged boot 1", "excepted 1 privileged root 1"]);
    for (group, person, role) in
        [(Some("root"), Some(2), None), (Some("boot"), Some(1), None), (Some("root"), Some(1), Some(AGENT))]
    {
        let other = allow(join(&[1]), group, person, role, 9);
        assert_eq!(stops(&other), [both[0], both[1], "unused-exception 1"], "{group:?} {person:?} {role:?}");
    }
    let by_role = allow(join(&[1]), None, None, Some(ADMIN), 2);
    assert_eq!(stops(&by_role), ["excepted 1 privileged boot 1", "excepted 1 privileged root 1"]);
    let too_small = allow(join(&[1]), None, None, Some(ADMIN), 1);
    assert_eq!(stops(&too_small), [both[0], both[1], "small-exception 1"]);
    // What a narrower one allows is not counted again.
    let split = allow(allow(join(&[1, 2]), Some("root"), Some(1), None, 1), Some("root"), None, None, 1);
    assert_eq!(stops(&split), ["STOP privileged boot 1", "excepted 1 privileged root 2"]);
}

#[test]
fn an_exception_that_is_too_small_says_by_how_much() {
    let (_, remarks) = desk(6).except(Guard::Removals, Some(Level::Members), named("desk"), 3).judged();
    assert_eq!(remarks[0].message, "this exception from `removals` allows 3, and this plan counts 4");
    // Within the limit nobody needs it, however small it is.
    let (_, remarks) = desk(7).except(Guard::Removals, Some(Level::Members), named("desk"), 1).judged();
    assert_eq!(remarks[0].code, Code::UnusedException);
}

#[test]
fn a_pattern_that_matches_nothing_stops_what_takes_access() {
    let unmatched = |case: Case| case.rules(|it| it.unmatched = vec!["*@borad.example".into()]);
    let lost = || case(&[group("a", &[1, 2], AGENTS)], &[group("a", &[1], AGENTS)]);
    assert_eq!(stops(&unmatched(lost())), ["STOP protected plan 1"]);
    let gained = case(&[group("a", &[1], AGENTS)], &[group("a", &[1, 2], AGENTS)]);
    assert!(stops(&unmatched(gained)).is_empty());
    assert!(stops(&unmatched(lost().locked(&[2]))).is_empty(), "a lock-out waits for nobody");
}
