//! Each guard, its exceptions, and the laws that hold for all of them.

use std::ops::RangeInclusive;

use uuid::Uuid;

use super::*;
use crate::{
    model::{
        access::Why,
        direct::DirectRole,
        finding::Code,
        ids::{GroupId, UserId},
        plan::{GapCause, Judgement, Note, Overview},
        rules::{Exception, ExceptionFor, HeldRole, Level, Outside, PrivilegedTypes},
        state::Owner,
    },
    plan::{
        effective::outcomes,
        judged::Judged,
        people::acting,
        worlds::{Person, Side, World, companies, group_id, place, role, user},
    },
};

mod access;
mod laws;

const VOYAGER: CompanyId = CompanyId(Uuid::from_u128(0xA));
const NOW: &str = "2026-11-21T12:00:00Z";
/// Roles: one that is privileged, one that manages access, one that is neither.
const ADMIN: u128 = 1;
const KEEPER: u128 = 2;
const AGENT: u128 = 3;

/// A group on one side.
type Half = (GroupId, Side);

fn named(name: &str) -> Subject {
    Subject::Group(VOYAGER, name.into())
}

fn members(members: RangeInclusive<u128>) -> Vec<u128> {
    members.collect()
}

/// A group: its letter makes its id, the roles hold on the company with the number given.
fn group(name: &str, members: &[u128], roles: &[(u128, &[u128])]) -> Half {
    let side = Side {
        name: name.into(),
        description: "d".into(),
        grants: roles.iter().map(|(n, scope)| (role(*n), companies(scope.iter().copied()))).collect(),
        members: members.iter().copied().map(user).collect(),
    };
    (group_id(name.as_bytes()[0].into()), side)
}

/// The same group under another name.
fn called(name: &str, (id, side): Half) -> Half {
    (id, Side { name: name.into(), ..side })
}

/// What an exception for this says.
fn target(subject: Subject) -> ExceptionFor {
    let nothing = ExceptionFor::default();
    match subject {
        Subject::Plan => nothing,
        Subject::Company(it) => ExceptionFor { company: Some(it), ..nothing },
        Subject::Group(it, name) => ExceptionFor { company: Some(it), group: Some(name), ..nothing },
        Subject::Person(it) => ExceptionFor { person: Some(it), ..nothing },
        Subject::Role(it, role) => {
            ExceptionFor { company: Some(it), role: Some(HeldRole::Role(role)), ..nothing }
        }
    }
}

/// Two sides, and the rules: admin is privileged, keeper manages access.
#[derive(Clone, Debug)]
struct Case {
    world: World,
    rules: Rules,
    gaps: Vec<Gap>,
    unmet: BTreeSet<(CompanyId, RoleId)>,
}

/// Groups that are not wanted are removed.
fn case(live: &[Half], desired: &[Half]) -> Case {
    let rules = Rules {
        declared: 1,
        privileged: vec![(VOYAGER, role(ADMIN))],
        access_roles: vec![(VOYAGER, role(KEEPER))],
        privileged_direct: PrivilegedTypes::Off,
        active: (0..=400).map(|it| (user(it), true)).collect(),
        ..Rules::default()
    };
    let world = World::between(VOYAGER, live, desired);
    Case { world, rules, gaps: Vec::new(), unmet: BTreeSet::new() }
}

impl Case {
    fn rules(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(&mut self.rules);
        self
    }

    /// Adds an exception to the next line of the file, good until the end of the day.
    fn except(self, guard: Guard, level: Option<Level>, subject: Subject, up_to: usize) -> Self {
        self.rules(|rules| {
            let from = place(u32::try_from(rules.exceptions.len()).unwrap() + 1);
            let ends = "2026-11-22T00:00:00Z".parse().unwrap();
            let target = target(subject);
            let (policy, reason) = (None, "r".into());
            rules.exceptions.push(Exception { guard, policy, target, level, up_to, ends, reason, from });
        })
    }

    /// Cuts people off: they leave their groups, and lose their direct roles, because of that.
    fn locked(mut self, users: &[u128]) -> Self {
        self.world.locked.extend(users.iter().copied().map(user));
        self
    }

    fn plan(&self) -> Plan {
        let overview = Overview {
            endpoint: None,
            company: VOYAGER,
            groups: self.world.groups.iter().filter(|it| it.before.is_some()).count(),
            memberships: 0,
            unread: 0,
            unmanaged: Vec::new(),
        };
        let mut plan = Plan { companies: vec![overview], ..self.world.plan() };
        for person in self.world.people.iter().filter(|it| self.world.locked.contains(&it.user)) {
            let owner = plan.index.find_person(person.company, person.user).map(Owner::Person).unwrap();
            let gone = plan.edits.iter().filter(|it| it.key.owner == owner && it.removes());
            let note = Note { why: Why::LockedOut(place(9)), ..Note::default() };
            plan.notes.extend(gone.map(|it| (it.key.clone(), note)));
        }
        plan
    }

    fn judged(&self) -> (Vec<Check>, Vec<Finding>) {
        let plan = self.plan();
        let sides = Sides::new(&plan);
        let outcomes = outcomes(&sides);
        let acting = acting(&sides, &self.rules);
        let effects = Effects { outcomes: &outcomes, acting: &acting, gaps: &self.gaps, unmet: &self.unmet };
        judge(&sides, effects, &self.rules, NOW.parse().unwrap())
    }

    /// Returns what one guard found.
    fn checks(&self, guard: Guard) -> Vec<Check> {
        self.judged().0.into_iter().filter(|it| it.guard == guard).collect()
    }

    /// Returns every stop and every exception that was needed, a line each.
    fn lines(&self) -> Vec<String> {
        let (checks, remarks) = self.judged();
        let mut lines: Vec<String> = checks.iter().filter_map(line).collect();
        lines.extend(remarks.iter().map(|it| format!("{} {}", it.code, it.place.unwrap().line)));
        lines
    }
}

fn line(check: &Check) -> Option<String> {
    let verdict = match check.verdict {
        Verdict::Ok | Verdict::Unset => return None,
        Verdict::Excepted { from } => format!("excepted {}", from.line),
        Verdict::Approved => "approved".to_owned(),
        Verdict::Stood => "stood".to_owned(),
        Verdict::Review => "review".to_owned(),
        Verdict::Warning => "warning".to_owned(),
        Verdict::Stop => "STOP".to_owned(),
    };
    let subject = match &check.subject {
        Subject::Plan => "plan".to_owned(),
        Subject::Company(_) => "company".to_owned(),
        Subject::Group(_, name) => name.to_string(),
        Subject::Person(user) => format!("person {}", user.0.as_u128()),
        Subject::Role(_, role) => format!("role {}", role.0.as_u128()),
    };
    let level = check.level.map_or(String::new(), |it| format!(" of {}", it.as_str()));
    let of = check.of.map_or(String::new(), |it| format!("/{it}"));
    Some(format!("{verdict} {}{level} {subject} {}{of}", check.guard.as_str(), check.value))
}

fn judged(case: &Case) -> Judged {
    let judgement = Judgement { guards: case.judged().0, ..Judgement::default() };
    Judged::chosen(case.plan(), judgement)
}

fn stops(case: &Case) -> Vec<String> {
    case.lines()
}

/// Ten members, of whom `left` stay, and another group that makes ten few.
fn desk(left: u128) -> Case {
    let other = group("other", &members(101..=200), &[]);
    case(
        &[group("desk", &members(1..=10), &[]), other.clone()],
        &[group("desk", &members(1..=left), &[]), other],
    )
}

#[test]
fn every_guard_says_something_of_every_plan() {
    for case in [case(&[], &[]), desk(3), case(&[], &[]).rules(|it| *it = Rules::default())] {
        let (checks, _) = case.judged();
        let mut guards: Vec<Guard> = checks.iter().map(|it| it.guard).collect();
        guards.dedup();
        // Where nobody is cut off, no account changes, no base is given and there is no policy, nothing is looked at.
        let always =
            |it: &&Guard| !matches!(it, Guard::Lockouts | Guard::People | Guard::Weakened | Guard::Policies);
        assert_eq!(guards, Guard::ALL.iter().filter(always).copied().collect::<Vec<_>>());
        let levels: Vec<_> =
            checks.iter().filter(|it| it.subject == Subject::Plan).filter_map(|it| it.level).collect();
        // Rules that mean nobody are counted of their group alone.
        let summed: Vec<Level> = Level::ALL.iter().copied().filter(|it| *it != Level::Rules).collect();
        assert_eq!(levels, summed);
    }
    assert_eq!(case(&[], &[]).checks(Guard::SelfLockout)[0].verdict, Verdict::Unset);
}

#[test]
fn of_a_group_of_ten_three_may_go_and_four_not() {
    assert!(stops(&desk(7)).is_empty());
    assert_eq!(stops(&desk(6)), ["STOP removals of members desk 4/10"]);
    let nine = case(&[group("desk", &members(1..=9), &[])], &[group("desk", &[1], &[])]);
    assert!(stops(&nine).is_empty());
    let twice = case(
        &[group("desk", &members(1..=9), &[]), group("else", &members(11..=19), &[])],
        &[group("desk", &members(1..=5), &[]), group("else", &members(11..=17), &[])],
    );
    assert_eq!(stops(&twice), ["STOP removals of members company 6/18"]);
    assert!(stops(&twice.rules(|it| it.percent = 50)).is_empty());
}

#[test]
fn no_more_than_fifty_go_in_one_apply() {
    let plan = |n: u128| {
        case(&[group("desk", &members(1..=400), &[])], &[group("desk", &members((n + 1)..=400), &[])])
    };
    assert!(stops(&plan(50)).is_empty());
    assert_eq!(stops(&plan(51)), ["STOP removals of members plan 51"]);
    assert!(stops(&plan(51).rules(|it| it.at_most = 51)).is_empty());
}

#[test]
fn roles_groups_and_people_are_counted_too() {
    let with_roles = |n| {
        let roles: Vec<(u128, &[u128])> = (11..=n).map(|it| (it, &[7][..])).collect();
        group("desk", &[], &roles)
    };
    assert_eq!(
        stops(&case(&[with_roles(20)], &[with_roles(16)])),
        ["STOP removals of roles company 4/10", "STOP removals of roles desk 4/10"]
    );
    let letters = || ('a'..='j').map(|it| group(&it.to_string(), &[], &[]));
    let all: Vec<Half> = letters().collect();
    assert_eq!(stops(&case(&all, &all[..6])), ["STOP removals of groups company 4/10"]);
    assert!(stops(&case(&all, &all[..7])).is_empty());
    // Ten people in two groups with a role: who keeps one of two loses nothing.
    let roles: &[(u128, &[u128])] = &[(AGENT, &[7])];
    let both = |n| {
        case(
            &[
                group("desk", &members(1..=100), roles),
                group("else", &members(1..=10), roles),
                group("free", &[200], &[]),
            ],
            &[
                group("desk", &members(1..=100), &[]),
                group("else", &members(1..=n), roles),
                group("free", &[200], &[]),
            ],
        )
        .rules(|it| it.at_most = 95)
    };
    assert!(stops(&both(10)).iter().any(|it| it == "STOP removals of people company 90/100"));
    assert!(!stops(&both(10)).iter().any(|it| it.contains("plan")));
}

#[test]
fn a_deleted_group_takes_its_members_and_roles_with_it() {
    let other = group("other", &members(101..=200), &[]);
    let gone = case(&[group("desk", &members(1..=10), &[(AGENT, &[7])]), other.clone()], &[other]);
    let lines = stops(&gone);
    // Once as a group, and once as people who lose.
    assert_eq!(lines, ["STOP removals of people company 10/10"]);
    assert_eq!(gone.checks(Guard::GroupEmptied)[0].verdict, Verdict::Ok);
}

#[test]
fn an_exception_is_for_one_thing_up_to_a_number_until_a_date() {
    let except = |subject, up_to| desk(6).except(Guard::Removals, Some(Level::Members), subject, up_to);
    assert_eq!(stops(&except(named("desk"), 4)), ["excepted 1 removals of members desk 4/10"]);
    let unused = ["STOP removals of members desk 4/10", "unused-exception 1"];
    assert_eq!(stops(&except(named("desk"), 3)), ["STOP removals of members desk 4/10", "small-exception 1"]);
    assert_eq!(stops(&except(named("other"), 4)), unused);
    assert_eq!(stops(&except(Subject::Company(VOYAGER), 4)), unused);
    let of_roles = desk(6).except(Guard::Removals, Some(Level::Roles), named("desk"), 4);
    assert_eq!(stops(&of_roles), unused);
    let expired = except(named("desk"), 4).rules(|it| it.exceptions[0].ends = NOW.parse().unwrap());
    assert_eq!(stops(&expired), ["STOP removals of members desk 4/10"]);
    // Within the limit it is not needed.
    assert_eq!(
        stops(&desk(7).except(Guard::Removals, Some(Level::Members), named("desk"), 4)),
        ["unused-exception 1"]
    );
}

#[test]
fn what_is_excepted_of_a_group_is_not_counted_in_the_sums() {
    let all = || case(&[group("desk", &members(1..=100), &[])], &[group("desk", &members(61..=100), &[])]);
    assert_eq!(
        stops(&all()),
        [
            "STOP removals of members plan 60",
            "STOP removals of members company 60/100",
            "STOP removals of members desk 60/100",
        ]
    );
    let of_group = all().except(Guard::Removals, Some(Level::Members), named("desk"), 60);
    assert_eq!(
        stops(&of_group),
        [
            "excepted 1 removals of members plan 60",
            "excepted 1 removals of members company 60/100",
            "excepted 1 removals of members desk 60/100",
        ]
    );
    let of_company = all().except(Guard::Removals, Some(Level::Members), Subject::Company(VOYAGER), 60);
    assert_eq!(
        stops(&of_company),
        [
            "excepted 1 removals of members plan 60",
            "excepted 1 removals of members company 60/100",
            "STOP removals of members desk 60/100",
        ]
    );
    // Within its own limit, and yet the sum needs it.
    let sum = case(
        &[group("desk", &members(1..=9), &[]), group("else", &[11], &[])],
        &[group("desk", &members(1..=5), &[]), group("else", &[11], &[])],
    );
    assert_eq!(stops(&sum), ["STOP removals of members company 4/10"]);
    assert_eq!(
        stops(&sum.except(Guard::Removals, Some(Level::Members), named("desk"), 4)),
        ["excepted 1 removals of members company 4/10"]
    );
}

#[test]
fn one_group_and_one_person_can_be_excepted_from_the_sums() {
    let all: Vec<Half> = ('a'..='j').map(|it| group(&it.to_string(), &[], &[])).collect();
    let gone = case(&all, &all[..6]).except(Guard::Removals, Some(Level::Groups), named("j"), 1);
    assert_eq!(stops(&gone), ["excepted 1 removals of groups company 4/10"]);
    let roles: &[(u128, &[u128])] = &[(AGENT, &[7])];
    let lost = |n| {
        case(&[group("desk", &members(1..=10), roles)], &[group("desk", &members(1..=n), roles)])
            .rules(|it| it.from = 5)
    };
    assert!(stops(&lost(6)).iter().any(|it| it == "STOP removals of people company 4/10"));
    let one = lost(6).except(Guard::Removals, Some(Level::People), Subject::Person(user(7)), 1);
    assert!(
        stops(&one).iter().any(|it| it == "excepted 1 removals of people company 4/10"),
        "{:?}",
        one.lines()
    );
}

#[test]
fn no_group_loses_its_last_member() {
    let emptied = || case(&[group("desk", &[1, 2], &[])], &[group("desk", &[], &[])]);
    assert_eq!(stops(&emptied()), ["STOP group-emptied desk 2"]);
    let excepted = emptied().except(Guard::GroupEmptied, None, named("desk"), 2);
    assert_eq!(stops(&excepted), ["excepted 1 group-emptied desk 2"]);
    assert_eq!(stops(&emptied().except(Guard::GroupEmptied, None, named("desk"), 1)).len(), 2);
    let replaced = case(&[group("desk", &[1], &[])], &[group("desk", &[2], &[])]);
    assert!(stops(&replaced).is_empty());
    let was_empty = case(&[group("desk", &[], &[])], &[group("desk", &[], &[(AGENT, &[7])])]);
    assert!(stops(&was_empty).is_empty());
}

#[test]
fn a_lock_out_waits_for_no_limit_but_its_own() {
    let roles: &[(u128, &[u128])] = &[(AGENT, &[7])];
    let all = || {
        case(&[group("desk", &members(1..=60), roles)], &[group("desk", &[], roles)])
            .rules(|it| it.lockout_people = 60)
    };
    let everybody = all().locked(&members(1..=60));
    assert!(stops(&everybody).is_empty());
    let but_one = all().locked(&members(1..=59));
    assert_eq!(stops(&but_one), ["STOP group-emptied desk 1"]);
}

/// People are counted once, in however many groups they are, and their memberships one by one.
#[test]
fn lock_outs_have_limits_of_their_own() {
    let sides = |n: u128| {
        let both = |left: &[u128]| [group("desk", left, &[]), group("night", left, &[])];
        case(&both(&members(1..=20)), &both(&members(n + 1..=20))).locked(&members(1..=n))
    };
    assert!(stops(&sides(5)).is_empty());
    assert_eq!(sides(5).checks(Guard::Lockouts).iter().map(|it| it.value).collect::<Vec<_>>(), [10, 5]);
    assert_eq!(stops(&sides(6)), ["STOP lockouts of people plan 6"]);
    assert!(stops(&sides(6).rules(|it| it.lockout_people = 6)).is_empty());
    assert_eq!(stops(&sides(5).rules(|it| it.lockout_memberships = 9)), ["STOP lockouts of members plan 10"]);
    assert_eq!(stops(&sides(1).rules(|it| it.lockout_people = 0)), ["STOP lockouts of people plan 1"]);
    // What is locked out is no removal, and what is not is no lock-out.
    let removals = |case: &Case| case.checks(Guard::Removals).iter().map(|it| it.value).sum::<usize>();
    assert_eq!(removals(&sides(6)), 0);
    assert!(desk(7).checks(Guard::Lockouts).is_empty());
    // An approval lifts it, and lifts no guard that it was not asked for.
    assert!(judged(&sides(6)).approve(false).is_err());
    let approved = judged(&sides(6)).approve(true).unwrap();
    assert_eq!(approved.judgement().guards.iter().filter(|it| it.verdict == Verdict::Approved).count(), 1);
    let protected = sides(6).rules(|it| it.protected_groups = vec![(VOYAGER, "desk".into())]);
    assert_eq!(stops(&protected), ["STOP lockouts of people plan 6", "STOP protected desk 6"]);
    assert!(judged(&protected).approve(true).is_err());
}

/// Nobody knows whose account runs rolecall: it may be any that loses what manages access.
#[test]
fn without_an_identity_nobody_loses_what_manages_access() {
    let before = [group("keep", &[1, 2, 3], WHOLE), group("desk", &[1, 2, 3], &[])];
    let lost = "STOP self-lockout company 1";
    let after = |keep: &[u128], desk: &[u128], roles| [group("keep", keep, roles), group("desk", desk, &[])];
    for (what, after, stopped) in [
        ("leaves", after(&[1, 2], &[1, 2, 3], WHOLE), true),
        ("leaves another", after(&[1, 2, 3], &[1, 2], WHOLE), false),
        ("joins", after(&[1, 2, 3, 4], &[1, 2, 3], WHOLE), false),
        ("role goes", after(&[1, 2, 3], &[1, 2, 3], &[]), true),
    ] {
        let found: Vec<String> = stops(&case(&before, &after));
        let found: Vec<&String> = found.iter().filter(|it| it.contains("self-lockout")).collect();
        assert_eq!(!found.is_empty(), stopped, "{what}: {found:?}");
        let known = stops(&case(&before, &after).rules(|it| it.identity = Some(user(2))));
        assert_eq!(known.contains(&lost.to_owned()), what == "role goes", "{what}: {known:?}");
    }
    // Everybody who loses it is told, and no approval lifts it.
    let all = case(&before, &after(&[], &[1, 2, 3], WHOLE));
    assert_eq!(all.checks(Guard::SelfLockout)[0].items.len(), 3);
    assert!(judged(&all).approve(true).is_err());
}

/// The stricter verdict of all rules counts, and an exception is good for the rules that it is written in.
#[test]
fn rules_from_outside_judge_as_well() {
    let floor = |case: Case, by, guards: &[Guard], change: &dyn Fn(&mut Rules)| {
        let mut rules = case.rules.clone();
        change(&mut rules);
        let floor = Floor { by, guards: guards.to_vec(), rules };
        case.rules(move |it| it.floors.push(floor.clone()))
    };
    let by = |case: &Case| {
        let checks = case.checks(Guard::Removals);
        checks.iter().find(|it| it.verdict == Verdict::Stop).map(|it| it.by)
    };
    let loose = |it: &mut Rules| (it.percent, it.at_most) = (100, usize::MAX);
    // Seven of ten go: the files allow it and the base does not.
    let base = |case| floor(case, Outside::Base, Guard::ALL, &|_| ());
    let based = base(desk(3)).rules(loose);
    assert_eq!(by(&based), Some(Some(Outside::Base)));
    // The other way round nothing is by the base, and nothing is told twice.
    let same = base(desk(3));
    assert_eq!((by(&same), stops(&same)), (Some(None), stops(&desk(3))));
    assert!(stops(&base(desk(10))).is_empty());
    // An exception that the base has lifts it, and one that only the change has does not.
    let excepted = |case: Case| case.except(Guard::Removals, Some(Level::Members), named("desk"), 7);
    assert!(stops(&excepted(desk(3))).iter().all(|it| it.starts_with("excepted")));
    let new = excepted(base(desk(3)));
    assert_eq!(by(&new), Some(Some(Outside::Base)));
    assert!(stops(&base(excepted(desk(3)))).iter().all(|it| it.starts_with("excepted")));
    // A floor judges what it sets something for, and nothing else.
    let policy =
        |guards: &[Guard]| floor(desk(3).rules(loose), Outside::Policy, guards, &|it| *it = desk(3).rules);
    assert_eq!(by(&policy(&[Guard::Removals])), Some(Some(Outside::Policy)));
    assert!(stops(&policy(&[Guard::Privileged, Guard::Protected])).is_empty());
    // What a floor looks at is not unset.
    let admin = case(&[], &[group("root", &[1], ADMINS)]);
    let off = |it: &mut Rules| (it.privileged, it.privileged_direct) = (Vec::new(), PrivilegedTypes::Off);
    let privileged = admin.rules.clone();
    let switched_off = admin.rules(off);
    assert!(stops(&switched_off).is_empty());
    assert_eq!(switched_off.checks(Guard::Privileged)[0].verdict, Verdict::Unset);
    let floored = floor(switched_off, Outside::Policy, &[Guard::Privileged], &|it| *it = privileged.clone());
    let found: Vec<_> = floored.checks(Guard::Privileged);
    assert_eq!((found.len(), found[0].by), (1, Some(Outside::Policy)), "{found:?}");
}

#[test]
fn files_that_declare_nothing_stop_the_plan() {
    let none = case(&[group("desk", &[1], &[])], &[group("desk", &[1], &[])]).rules(|it| it.declared = 0);
    assert_eq!(stops(&none), ["STOP empty-desired plan 0"]);
    assert_eq!(none.checks(Guard::EmptyDesired)[0].limit, Limit::AtLeast(1));
}

/// The keepers, with the identity 1 among them.
fn keepers(before: &[Half], after: &[Half]) -> Case {
    case(before, after).rules(|it| it.identity = Some(user(1)))
}

const WHOLE: &[(u128, &[u128])] = &[(KEEPER, &[0xA])];

#[test]
fn the_account_keeps_what_it_needs_to_repair_things() {
    let before = [group("keep", &[1, 2], WHOLE), group("also", &[1, 2], WHOLE)];
    let lost = "STOP self-lockout company 1";
    // One of two ways may go, not both, whichever way they go.
    assert!(stops(&keepers(&before, &before)).is_empty());
    assert!(
        stops(&keepers(&before, &[group("keep", &[1, 2], WHOLE), group("also", &[2], WHOLE)])).is_empty()
    );
    for after in [
        vec![group("keep", &[2], WHOLE), group("also", &[2], WHOLE)],
        vec![group("keep", &[1, 2], &[]), group("also", &[1, 2], &[(AGENT, &[0xA])])],
        vec![group("keep", &[1, 2], &[(KEEPER, &[0xB])]), group("also", &[2], WHOLE)],
        vec![group("keep", &[2], WHOLE)],
    ] {
        assert_eq!(stops(&keepers(&before, &after)), [lost], "{after:?}");
        // Somebody else may lose it, and nothing excepts.
        assert!(stops(&keepers(&before, &after).rules(|it| it.identity = Some(user(9)))).is_empty());
        let excepted =
            keepers(&before, &after).except(Guard::SelfLockout, None, Subject::Company(VOYAGER), 9);
        assert!(stops(&excepted)[0].contains("self-lockout"));
    }
}

#[test]
fn a_way_in_through_another_group_counts_only_if_it_is_there_already() {
    let before = [group("keep", &[1, 2], WHOLE), group("next", &[2], WHOLE)];
    let moved = keepers(&before, &[group("keep", &[2], WHOLE), group("next", &[1, 2], WHOLE)]);
    assert_eq!(stops(&moved), ["STOP self-lockout company 1"], "the joining may fail");
    let both = [group("keep", &[1, 2], WHOLE), group("next", &[1, 2], WHOLE)];
    assert!(stops(&keepers(&before, &both)).is_empty());
    assert!(stops(&keepers(&both, &[group("keep", &[2], WHOLE), group("next", &[1, 2], WHOLE)])).is_empty());
    // More than the company is not needed; of less than the company nothing may go.
    let wide = |scope: &'static [u128]| {
        group("keep", &[1], if scope.len() > 1 { &[(KEEPER, &[0xA, 0xB])] } else { WHOLE })
    };
    assert!(stops(&keepers(&[wide(&[1, 2])], &[wide(&[1])])).is_empty());
    let part = |scope: &'static [u128]| {
        group("keep", &[1], if scope.len() > 1 { &[(KEEPER, &[0xB, 0xC])] } else { &[(KEEPER, &[0xB])] })
    };
    assert_eq!(stops(&keepers(&[part(&[1, 2])], &[part(&[1])])), ["STOP self-lockout company 1"]);
}

#[test]
fn a_moment_without_is_a_lock_out_and_so_is_being_cut_off() {
    let before = [group("keep", &[1, 2], WHOLE), group("next", &[1, 2], WHOLE)];
    let after = [group("keep", &[2], WHOLE), group("next", &[1, 2], WHOLE)];
    let gap = |who, role| Gap { user: who, role, taken: 0, given: 1, why: GapCause::Cycle };
    let with = |gap| Case { gaps: vec![gap], ..keepers(&before, &after) };
    assert_eq!(stops(&with(gap(user(1), role(KEEPER)))), ["STOP self-lockout company 1"]);
    assert!(stops(&with(gap(user(2), role(KEEPER)))).is_empty());
    assert!(stops(&with(gap(user(1), role(AGENT)))).is_empty());
    let desk = [group("desk", &[1, 2], &[])];
    let cut_off = keepers(&desk, &[group("desk", &[2], &[])]).locked(&[1]);
    assert_eq!(stops(&cut_off), ["STOP self-lockout company 1"]);
}

const ADMINS: &[(u128, &[u128])] = &[(ADMIN, &[0xA])];

#[test]
fn privileged_roles_keep_enough_holders() {
    let to = |after: &[u128]| case(&[group("root", &[1, 2, 3], ADMINS)], &[group("root", after, ADMINS)]);
    assert!(stops(&to(&[1, 2])).is_empty());
    assert_eq!(stops(&to(&[1])), ["STOP last-holder role 1 1"]);
    assert!(stops(&to(&[1]).rules(|it| it.holders = 1)).is_empty());
    let lost = to(&[1]).except(Guard::LastHolder, None, Subject::Role(VOYAGER, role(ADMIN)), 1);
    assert_eq!(stops(&lost), ["excepted 1 last-holder role 1 1"]);
    // Who had fewer keeps those, however the role goes.
    let one = |after: &[Half]| stops(&case(&[group("root", &[1], ADMINS)], after));
    assert!(one(&[group("root", &[1], ADMINS)]).is_empty());
    assert_eq!(one(&[group("root", &[1], &[])]), ["STOP last-holder role 1 1"]);
    assert_eq!(one(&[]), ["STOP last-holder role 1 1"]);
    let cut_off = to(&[1]).locked(&[2, 3]);
    assert_eq!(stops(&cut_off), ["STOP last-holder role 1 1"]);
}

#[test]
fn holders_are_counted_after_every_step() {
    let privileged_apart = |case: Case| -> Vec<String> {
        stops(&case).into_iter().filter(|it| !it.contains(" privileged ")).collect()
    };
    let swap = || case(&[group("root", &[1, 2], ADMINS)], &[group("root", &[3, 4], ADMINS)]);
    let floor = BTreeSet::from([(VOYAGER, role(ADMIN))]);
    let floors_of = |case: &Case| floors(&Sides::new(&case.plan()), &case.rules);
    assert_eq!(floors_of(&swap()), floor);
    assert!(privileged_apart(swap()).is_empty());
    assert_eq!(privileged_apart(Case { unmet: floor.clone(), ..swap() }), ["STOP last-holder role 1 2"]);
    // Where enough stay, no order is needed.
    let most = case(&[group("root", &[1, 2, 3], ADMINS)], &[group("root", &[2, 3, 4], ADMINS)]);
    assert!(floors_of(&most).is_empty());
    assert!(privileged_apart(Case { unmet: floor, ..most }).is_empty());
    // Who moves holds on, but for a gap.
    let moved = || {
        case(
            &[group("root", &[1, 2], ADMINS), group("safe", &[], ADMINS)],
            &[group("root", &[2], ADMINS), group("safe", &[1], ADMINS)],
        )
    };
    assert!(floors_of(&moved()).is_empty());
    assert!(privileged_apart(moved()).is_empty());
    let gap = Gap { user: user(1), role: role(ADMIN), taken: 0, given: 1, why: GapCause::Cycle };
    assert_eq!(privileged_apart(Case { gaps: vec![gap], ..moved() }), ["STOP last-holder role 1 1"]);
}

#[test]
fn nobody_gets_a_privileged_role_by_the_way() {
    let root = |members: &[u128], roles: &[(u128, &[u128])]| group("root", members, roles);
    let wide: &[(u128, &[u128])] = &[(ADMIN, &[0xA, 0xB])];
    for (before, after, value) in [
        (root(&[1, 2], ADMINS), root(&[1, 2, 3], ADMINS), 1),
        (root(&[1, 2], &[]), root(&[1, 2, 3], ADMINS), 3),
        (root(&[1, 2], ADMINS), root(&[1, 2], wide), 2),
        (root(&[1, 2], ADMINS), root(&[1, 2], &[(ADMIN, &[0xB])]), 2),
        (root(&[], &[]), root(&[], ADMINS), 1),
        (root(&[1, 2], wide), root(&[1, 2], ADMINS), 0),
        (root(&[1, 2], &[]), root(&[1, 2, 3], &[(AGENT, &[0xA])]), 0),
        (root(&[1, 2], ADMINS), root(&[1, 2, 3], &[]), 0),
    ] {
        let found =
            case(std::slice::from_ref(&before), std::slice::from_ref(&after)).checks(Guard::Privileged);
        assert_eq!(found[0].value, value, "{before:?} {after:?}");
        assert_eq!(found[0].verdict == Verdict::Stop, value > 0);
    }
    let new = || case(&[], &[root(&[1, 2], ADMINS)]);
    assert_eq!(stops(&new()), ["STOP privileged root 2"]);
    let excepted = new().except(Guard::Privileged, None, named("root"), 2);
    assert_eq!(stops(&excepted), ["excepted 1 privileged root 2"]);
    assert!(stops(&new().rules(|it| it.privileged.clear())).is_empty());
}

#[test]
fn what_is_protected_loses_nothing() {
    let roles: &[(u128, &[u128])] = &[(AGENT, &[7, 8]), (11, &[7])];
    let before = group("root", &[1, 2], roles);
    let protect = |after: &[Half]| {
        case(std::slice::from_ref(&before), after)
            .rules(|it| it.protected_groups = vec![(VOYAGER, "root".into())])
    };
    let renamed = called("boot", group("root", &[1, 2], roles));
    for (after, value) in [
        (vec![group("root", &[1, 2, 3], roles)], 0),
        (vec![group("root", &[1], roles)], 1),
        (vec![group("root", &[1, 2], &[(AGENT, &[7])])], 2),
        (vec![group("root", &[1, 2], &[(AGENT, &[7, 8, 9]), (11, &[7])])], 0),
        (vec![renamed], 1),
        (vec![], 5),
    ] {
        let found = protect(&after).checks(Guard::Protected);
        assert_eq!((found[0].value, found[0].verdict == Verdict::Stop), (value, value > 0), "{after:?}");
    }
    let excepted = protect(&[group("root", &[1], roles)]).except(Guard::Protected, None, named("root"), 1);
    assert_eq!(stops(&excepted), ["excepted 1 protected root 1"]);
    let person = |case: Case| case.rules(|it| it.protected_people = vec![user(2)]);
    let gone = || case(std::slice::from_ref(&before), &[group("root", &[1], roles)]);
    assert_eq!(stops(&person(gone())), ["STOP protected person 2 1"]);
    assert_eq!(stops(&person(gone().locked(&[2]))), ["STOP protected person 2 1"]);
    let excepted = person(gone()).except(Guard::Protected, None, Subject::Person(user(2)), 1);
    assert_eq!(stops(&excepted), ["excepted 1 protected person 2 1"]);
    let other = case(std::slice::from_ref(&before), &[group("root", &[2], roles)]);
    assert!(stops(&person(other)).is_empty());
}

#[test]
fn an_approval_by_id_stands_for_the_exception_from_privileged_only() {
    let new = case(&[], &[group("root", &[1], ADMINS)]);
    let refused = judged(&new).approve(false).unwrap_err();
    assert_eq!((refused.plan.len(), refused.judgement.stops().count()), (1, 1));
    let approved = judged(&new).approve(true).unwrap();
    let verdicts = approved.judgement.guards.iter().filter(|it| it.verdict == Verdict::Approved);
    assert_eq!(verdicts.count(), 1);
    assert!(judged(&desk(6)).approve(true).is_err());
    assert!(judged(&desk(7)).approve(false).is_ok());
    let root = || group("root", &members(1..=10), ADMINS);
    let both = case(&[root()], &[group("root", &[1, 2, 99], ADMINS)]);
    let refused = judged(&both).approve(true).unwrap_err();
    assert!(refused.judgement.stops().all(|it| it.guard != Guard::Privileged));
}

#[test]
fn remarks_name_the_exceptions_that_nothing_needs() {
    let (_, remarks) = desk(7).except(Guard::Protected, None, named("desk"), 1).judged();
    assert_eq!(remarks[0].code, Code::UnusedException);
    assert!(remarks[0].code.is_remark());
}

#[test]
fn groups_of_one_name_are_told_apart_by_their_numbers() {
    let twins = |one: &str, other: &str| {
        let twin = |of: &str, members: &[u128]| called("desk", group(of, members, &[]));
        case(&[twin(one, &[1, 2]), twin(other, &[3])], &[twin(one, &[]), twin(other, &[])])
    };
    let both = twins("desk", "else");
    assert_eq!(stops(&both), ["STOP group-emptied desk 1", "STOP group-emptied desk 2"]);
    assert_eq!(twins("else", "desk").judged(), both.judged());
}

/// Somebody who holds these types outside groups, and shall hold those.
fn direct(n: u128, before: &[&'static str], after: &[&'static str]) -> Case {
    let mut case = case(&[group("desk", &[1, 2], &[])], &[group("desk", &[1, 2], &[])]);
    let roles = |names: &[&'static str]| names.iter().map(|it| DirectRole::new(it, None)).collect();
    let (before, after) = (roles(before), roles(after));
    case.world.people.push(Person { company: VOYAGER, user: user(n), before, after });
    // Somebody else: of nobody it would have to be feared that it is the account that runs rolecall.
    case.rules(|it| it.identity = Some(user(99)))
}

#[test]
fn roles_outside_groups_are_guarded() {
    const A: &str = "GLOBAL_ADMIN";
    const B: &str = "GLOBAL_AGENT";
    let person = || Subject::Person(user(5));
    let small = |it: &mut Rules| it.from = 2;
    // All of two, of one person and of the company; the person is left with nothing.
    let gone = || direct(5, &[A, B], &[]).rules(small);
    assert_eq!(stops(&gone()), ["STOP removals of roles company 2/2", "STOP removals of roles person 5 2/2"]);
    assert!(
        stops(&gone().except(Guard::Removals, Some(Level::Roles), person(), 2))
            .iter()
            .all(|it| it.starts_with("excepted"))
    );
    // To gain is not to lose.
    assert!(stops(&direct(5, &[A], &[A, B]).rules(small)).is_empty());

    let privileged = |it: &mut Rules| it.privileged_direct = PrivilegedTypes::Known;
    assert_eq!(stops(&direct(5, &[B], &[A, B]).rules(privileged)), ["STOP privileged person 5 1"]);
    let excepted = direct(5, &[B], &[A, B]).rules(privileged).except(Guard::Privileged, None, person(), 1);
    assert_eq!(stops(&excepted), ["excepted 1 privileged person 5 1"]);
    assert!(stops(&direct(5, &[A], &[A, B]).rules(privileged)).is_empty());

    // Who is cut off is in no sum, and everybody else still is.
    let mut both = gone().locked(&[5]);
    assert!(stops(&both).is_empty(), "{:?}", stops(&both));
    both.world.people.extend(direct(6, &[A, B], &[]).world.people);
    assert_eq!(
        stops(&both),
        [
            "STOP removals of roles company 2/4",
            "STOP removals of people company 1/2",
            "STOP removals of roles person 6 2/2",
        ]
    );

    let protected = |it: &mut Rules| it.protected_people = vec![user(5)];
    assert_eq!(stops(&direct(5, &[A, B], &[B]).rules(protected)), ["STOP protected person 5 1"]);
    assert!(stops(&direct(5, &[B], &[A, B]).rules(protected)).is_empty());

    let identity = |it: &mut Rules| it.identity = Some(user(5));
    assert_eq!(stops(&direct(5, &[A, B], &[B]).rules(identity)), ["STOP self-lockout company 1"]);
    assert!(stops(&direct(5, &[B], &[A, B]).rules(identity)).is_empty());
    assert!(stops(&direct(6, &[A, B], &[B]).rules(identity)).is_empty());
}

/// These hold the type before and after; of these people it was read what they hold outside groups.
fn admins(before: &[u128], after: &[u128], everybody: bool) -> Case {
    const A: &str = "GLOBAL_ADMIN";
    let types = |all: &[u128], n: u128| if all.contains(&n) { vec![A] } else { Vec::new() };
    let all: BTreeSet<u128> = before.iter().chain(after).copied().collect();
    let mut case = direct(5, &[], &[]);
    case.world.people.clear();
    for n in all {
        case.world.people.extend(direct(n, &types(before, n), &types(after, n)).world.people);
    }
    let read: BTreeSet<UserId> = case.world.people.iter().map(|it| it.user).collect();
    case.rules(|it| {
        it.privileged_direct = PrivilegedTypes::Known;
        it.privileged = Vec::new();
        // Somebody else of whom it may be read or not.
        it.people = read.iter().copied().chain([user(50)]).map(|it| (VOYAGER, it)).collect();
        it.direct_read = read.into_iter().chain(everybody.then_some(user(50))).collect();
        it.identity = Some(user(99));
    })
}

#[test]
fn the_last_holders_of_a_direct_role_are_kept_where_all_are_known_and_told_where_they_are_not() {
    let found = |before: &[u128], after: &[u128], everybody: bool| {
        let case = admins(before, after, everybody);
        let checks = case.checks(Guard::LastHolder);
        let [check] = &checks[..] else { panic!("{checks:?}") };
        (check.verdict.clone(), check.value, check.items.len())
    };
    let unset = |n| (Verdict::Unset, 0, n);
    for (before, after, known, otherwise) in [
        (&[1, 2][..], &[][..], (Verdict::Stop, 2, 2), unset(2)),
        (&[1], &[], (Verdict::Stop, 1, 1), unset(1)),
        (&[1, 2], &[1], (Verdict::Stop, 1, 1), unset(1)),
        (&[1, 2, 3], &[1, 2], (Verdict::Ok, 0, 0), (Verdict::Ok, 0, 0)),
        // Nothing gives it to one before it is taken from the other.
        (&[1, 2], &[1, 3], (Verdict::Stop, 1, 1), unset(1)),
        (&[1, 2], &[1, 2, 3], unset(0), unset(0)),
    ] {
        assert_eq!(found(before, after, true), known, "{before:?} {after:?}");
        assert_eq!(found(before, after, false), otherwise, "{before:?} {after:?}");
    }
    // Whoever is not active is no holder, and loses nothing.
    let asleep = |n: u128| move |it: &mut Rules| _ = it.active.insert(user(n), false);
    let verdict = |case: Case| case.checks(Guard::LastHolder)[0].verdict.clone();
    assert_eq!(verdict(admins(&[1, 2, 3], &[1, 2], true).rules(asleep(1))), Verdict::Stop);
    assert_eq!(verdict(admins(&[1, 2, 3], &[1, 2], true).rules(asleep(3))), Verdict::Unset);
    let excepted = admins(&[1, 2], &[], true).rules(|it| {
        let target = ExceptionFor {
            company: Some(VOYAGER),
            role: Some(HeldRole::Direct("GLOBAL_ADMIN".into())),
            ..ExceptionFor::default()
        };
        let (from, ends) = (place(1), "2026-11-22T00:00:00Z".parse().unwrap());
        let (policy, level, reason) = (None, None, "r".into());
        it.exceptions =
            vec![Exception { guard: Guard::LastHolder, policy, target, level, up_to: 2, ends, reason, from }];
    });
    assert!(matches!(verdict(excepted), Verdict::Excepted { .. }));
}
