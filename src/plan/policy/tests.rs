//! Policies against a model that knows no scope, no edit and no cache: travellers one by one, and who may reach each.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    model::{
        direct::{DirectRole, Traveller},
        plan::{Base, Line, Overview},
        rules::{Powers, Severity},
        scope::{Dimension, Kind, Value},
    },
    plan::worlds::{self, COMPANY, Group, Person, World, place, role, user},
};

mod owners;

/// People of a world, companies of travellers, and their legal entities.
const USERS: u128 = 6;
const COMPANIES: u128 = 3;
const ENTITIES: u128 = 2;

/// A traveller: the company and the legal entity.
type Point = (u128, u128);
/// An audience as it is written: companies and legal entities, of each some or no word.
type Raw = (BTreeSet<u128>, BTreeSet<u128>);

/// A scope as it is written.
#[derive(Clone, Debug)]
struct Written(Vec<Raw>);

impl Written {
    fn scope(&self) -> Scope {
        let dimension = |kind: Kind, of: &BTreeSet<u128>| {
            let values = of.iter().map(|it| Value::Id(Uuid::from_u128(*it))).collect();
            (!of.is_empty()).then_some(Dimension { kind, values })
        };
        let audience = |(companies, entities): &Raw| -> Vec<Dimension> {
            let both = [dimension(Kind::Company, companies), dimension(Kind::LegalEntity, entities)];
            let both: Vec<Dimension> = both.into_iter().flatten().collect();
            if both.is_empty() {
                return vec![Dimension { kind: Kind::Platform, values: vec![Value::Nothing] }];
            }
            both
        };
        Scope::new(self.0.iter().map(audience))
    }
}

/// Whom a scope reaches, of all travellers there are.
fn points(scope: &Scope) -> BTreeSet<Point> {
    let all = (0..COMPANIES).flat_map(|it| (0..ENTITIES).map(move |entity| (it, entity)));
    let has = |dimension: &Dimension, at: u128| dimension.values.contains(&Value::Id(Uuid::from_u128(at)));
    let reaches = |audience: &Vec<Dimension>, point: &Point| {
        audience.iter().all(|it| match it.kind {
            Kind::Company => has(it, point.0),
            Kind::LegalEntity => has(it, point.1),
            _ => true,
        })
    };
    all.filter(|it| scope.audiences().iter().any(|audience| reaches(audience, it))).collect()
}

fn written(plain: bool) -> impl Strategy<Value = Written> {
    let companies = prop::collection::btree_set(0..COMPANIES, usize::from(plain)..3);
    let entities = prop::collection::btree_set(0..ENTITIES, 0..if plain { 1 } else { 3 });
    prop::collection::vec((companies, entities), 1..3).prop_map(Written)
}

fn side(plain: bool) -> impl Strategy<Value = worlds::Side> {
    let scope = written(plain).prop_map(|it| it.scope());
    let grants = prop::collection::btree_map((0..3_u128).prop_map(role), scope, 0..3);
    let members = prop::collection::btree_set((0..USERS).prop_map(user), 0..5);
    ("[abc]", grants, members).prop_map(|(name, grants, members)| worlds::Side {
        name: name.into(),
        description: "d".into(),
        grants,
        members,
    })
}

/// Roles outside groups: of companies, of the platform, and for travellers.
fn direct() -> impl Strategy<Value = DirectRoles> {
    let one = (0..6_u128).prop_map(|n| match n {
        3 => DirectRole::new("GLOBAL_AGENT", None),
        // One role, for one traveller or another.
        4 | 5 => {
            let user = user(n - 4);
            DirectRole::arranger(vec![Traveller { user, confirmations: false, flight_stats: false }])
        }
        n => DirectRole::new("COMPANY_ADMIN", Some(CompanyId(Uuid::from_u128(n)))),
    });
    prop::collection::vec(one, 0..2).prop_map(DirectRoles::new)
}

/// What is and what shall be; where it is `plain`, scopes name companies and nothing else.
fn world(plain: bool) -> impl Strategy<Value = World> {
    let group = (prop::option::of(side(plain)), prop::option::of(side(plain)));
    let people = prop::collection::btree_map(0..USERS, (direct(), direct()), 0..3);
    (prop::collection::vec(group, 4), people).prop_map(|(groups, people)| {
        let groups = groups.into_iter().enumerate().filter(|it| it.1.0.is_some() || it.1.1.is_some());
        let group = |(n, (before, after)): (usize, (Option<worlds::Side>, Option<worlds::Side>))| {
            let mut after = after;
            if let (None, Some(new)) = (&before, &mut after) {
                // What is created has a name of its own.
                new.name = format!("{}{n}", new.name).into();
            }
            Group { company: COMPANY, id: worlds::group_id(n as u128), before, after }
        };
        let person = |(n, (before, after))| Person { company: COMPANY, user: user(n), before, after };
        World {
            groups: groups.map(group).collect(),
            people: people.into_iter().map(person).collect(),
            ..World::default()
        }
    })
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn policy(law: Law, groups: &BTreeSet<&str>) -> Policy {
    Policy {
        name: "p".into(),
        severity: Severity::Deny,
        strict: false,
        reason: None,
        company: Some(COMPANY),
        groups: groups.iter().map(|it| (*it).into()).collect(),
        law,
        from: place(1),
    }
}

fn rules(policy: Policy) -> Rules {
    let everybody: BTreeSet<UserId> = (0..USERS).map(user).collect();
    Rules { policies: vec![policy], direct_read: everybody, ..Rules::default() }
}

/// Who breaks a policy, and whether that stood before.
fn found(world: &World, policy: Policy) -> BTreeSet<(UserId, bool)> {
    let plan = world.plan();
    let found = breaches(&Sides::new(&plan), &rules(policy), now());
    let who = |it: &Breach| match it.subject {
        Subject::Person(user) => (user, it.stood),
        _ => panic!("{it:?}"),
    };
    found.iter().flatten().map(who).collect()
}

/// A way by which somebody holds a role: of the model.
#[derive(Clone, Debug)]
struct Way {
    role: String,
    points: BTreeSet<Point>,
}

/// All ways of somebody on a side, and whether the person is in one of the groups.
fn ways(world: &World, who: UserId, after: bool, names: &BTreeSet<&str>) -> (Vec<Way>, bool) {
    let (mut ways, mut is_in) = (Vec::new(), false);
    for group in &world.groups {
        let Some(side) = (if after { &group.after } else { &group.before }) else { continue };
        if !side.members.contains(&who) {
            continue;
        }
        // A group is meant by the name it has or gets.
        let sides = [&group.before, &group.after];
        is_in |= sides.into_iter().flatten().any(|it| names.contains(&*it.name));
        ways.extend(
            side.grants.iter().map(|(role, scope)| Way { role: role.to_string(), points: points(scope) }),
        );
    }
    for person in world.people.iter().filter(|it| it.user == who) {
        for role in (if after { &person.after } else { &person.before }).iter() {
            let everything = points(&Scope::everything());
            let points = match role.kind() {
                crate::model::direct::Kind::On(_, company) => {
                    everything.into_iter().filter(|it| Uuid::from_u128(it.0) == company.0).collect()
                }
                _ => everything,
            };
            ways.push(Way { role: role.kind().role_type().to_owned(), points });
        }
    }
    (ways, is_in)
}

fn names() -> impl Strategy<Value = BTreeSet<&'static str>> {
    prop::collection::btree_set(prop::sample::select(vec!["a", "b", "c", "a0", "b1", "c2"]), 1..4)
}

/// What the model says of `exclusive`.
fn model_of_exclusive(
    world: &World,
    names: &BTreeSet<&str>,
    allowed: &BTreeSet<u128>,
) -> BTreeSet<(UserId, bool)> {
    let mut expected = BTreeSet::new();
    for who in (0..USERS).map(user) {
        let (after, is_in) = ways(world, who, true, names);
        let (before, was_in) = ways(world, who, false, names);
        let beyond = |it: &Way| -> BTreeSet<Point> {
            it.points.iter().copied().filter(|it| !allowed.contains(&it.0)).collect()
        };
        let mut known: BTreeMap<&str, BTreeSet<Point>> = BTreeMap::new();
        for way in before.iter().filter(|_| was_in) {
            known.entry(&way.role).or_default().extend(beyond(way));
        }
        for way in after.iter().filter(|it| is_in && !beyond(it).is_empty()) {
            let stood = known.get(&*way.role).is_some_and(|it| it.is_superset(&beyond(way)));
            expected.insert((who, stood));
        }
    }
    expected
}

fn exclusive(allowed: &BTreeSet<u128>) -> Law {
    Law::Exclusive { companies: allowed.iter().map(|it| CompanyId(Uuid::from_u128(*it))).collect() }
}

fn powers(ids: &BTreeSet<u128>, types: &[&str]) -> Powers {
    Powers {
        roles: ids.iter().map(|it| (COMPANY, role(*it))).collect(),
        types: types.iter().map(|it| (*it).into()).collect(),
        acts: Vec::new(),
    }
}

/// What the model says of `separation`.
fn model_of_separation(
    world: &World,
    names: &BTreeSet<&str>,
    [left, right]: [&Powers; 2],
) -> BTreeSet<(UserId, bool)> {
    let reach = |ways: &[Way], powers: &Powers| -> BTreeSet<Point> {
        let roles: Vec<String> = powers.roles.iter().map(|it| it.1.to_string()).collect();
        let types: Vec<String> = powers.types.iter().map(ToString::to_string).collect();
        let own = ways.iter().filter(|it| roles.contains(&it.role) || types.contains(&it.role));
        own.flat_map(|it| it.points.iter().copied()).collect()
    };
    let both = |ways: &[Way]| -> BTreeSet<Point> {
        reach(ways, left).intersection(&reach(ways, right)).copied().collect()
    };
    let mut expected = BTreeSet::new();
    for who in (0..USERS).map(user) {
        let (after, is_in) = ways(world, who, true, names);
        let (before, was_in) = ways(world, who, false, names);
        let all = names.is_empty();
        let held = both(&after);
        if !held.is_empty() && (is_in || all) {
            expected.insert((who, (was_in || all) && both(&before).is_superset(&held)));
        }
    }
    expected
}

fn who(of: &BTreeSet<(UserId, bool)>) -> BTreeSet<UserId> {
    of.iter().map(|it| it.0).collect()
}

fn ids(most: u128) -> impl Strategy<Value = BTreeSet<u128>> {
    prop::collection::btree_set(0..most, 0..3)
}

proptest! {
    #[test]
    fn exclusive_finds_who_reaches_a_traveller_beyond(
        world in world(true), names in names(), allowed in ids(COMPANIES),
    ) {
        let expected = model_of_exclusive(&world, &names, &allowed);
        prop_assert_eq!(found(&world, policy(exclusive(&allowed), &names)), expected);
    }

    /// Where scopes say more than companies, what stood may count as new, and never the other way round.
    #[test]
    fn exclusive_lets_nothing_pass_that_reaches_beyond(
        world in world(false), names in names(), allowed in ids(COMPANIES),
    ) {
        let expected = model_of_exclusive(&world, &names, &allowed);
        let found = found(&world, policy(exclusive(&allowed), &names));
        prop_assert_eq!(who(&found), who(&expected));
        for it in found.iter().filter(|it| it.1) {
            prop_assert!(expected.contains(it), "{it:?} did not stand");
        }
    }

    #[test]
    fn separation_finds_who_reaches_a_traveller_in_both_ways(
        (is_plain, world) in any::<bool>().prop_flat_map(|plain| (Just(plain), world(plain))),
        names in prop_oneof![Just(BTreeSet::new()), names()],
        (left, right) in (ids(3), ids(3)),
        types in any::<[bool; 2]>(),
    ) {
        let of = |ids, has: bool| powers(ids, if has { &["COMPANY_ADMIN", "GLOBAL_AGENT"] } else { &[] });
        let (left, right) = (of(&left, types[0]), of(&right, types[1]));
        let expected = model_of_separation(&world, &names, [&left, &right]);
        let found = found(&world, policy(Law::Separation { roles: left, apart_from: right }, &names));
        prop_assert_eq!(who(&found), who(&expected));
        for it in found.iter().filter(|it| it.1 || is_plain) {
            prop_assert!(expected.contains(it), "{it:?}");
        }
    }

    #[test]
    fn no_direct_roles_finds_who_holds_one(
        world in world(true),
        names in prop_oneof![Just(BTreeSet::new()), names()],
        types in prop::sample::select(vec![vec![], vec!["Company_Admin"], vec!["GLOBAL_AGENT", "travel_arranger"]]),
    ) {
        let law = Law::NoDirectRoles { types: types.iter().map(|it| (*it).into()).collect() };
        let mut expected = BTreeSet::new();
        for person in &world.people {
            let is_in = ways(&world, person.user, true, &names).1;
            // The API's own spelling is not asked for.
            let is_type = |it: &DirectRole| types.iter().any(|name| name.to_uppercase() == it.kind().role_type());
            let meant = person.after.iter().filter(|it| types.is_empty() || is_type(it));
            for role in meant.filter(|_| is_in || names.is_empty()) {
                expected.insert((person.user, person.before.iter().any(|it| it == role)));
            }
        }
        prop_assert_eq!(found(&world, policy(law, &names)), expected);
    }

    /// What somebody may do after is all that counts: how it came about makes nothing pass.
    #[test]
    fn the_same_access_breaks_the_same_policies_whatever_was_before(
        world in world(false), names in names(), allowed in ids(COMPANIES),
    ) {
        let mut settled = world.clone();
        settled.groups.retain(|it| it.after.is_some());
        settled.groups.iter_mut().for_each(|it| it.before = it.after.clone());
        settled.people.iter_mut().for_each(|it| it.before = it.after.clone());
        // A group is known by its old name too, while that goes.
        let renamed = |it: &Group| it.before.as_ref().is_some_and(|old| it.after.as_ref().is_some_and(|new| old.name != new.name));
        prop_assume!(!world.groups.iter().any(renamed));
        let now = found(&world, policy(exclusive(&allowed), &names));
        let later = found(&settled, policy(exclusive(&allowed), &names));
        prop_assert_eq!(who(&now), who(&later));
        prop_assert!(later.iter().all(|it| it.1), "{later:?}");
    }
}

/// What files say beside something: days from which and through which, and whether why.
type Said = Option<(Option<i64>, Option<i64>, bool)>;

fn said() -> impl Strategy<Value = Said> {
    let day = || prop::option::of(-3..12_i64);
    prop::option::of((prop::option::of(-3..3_i64), day(), any::<bool>()))
}

fn at(day: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * day)
}

/// What is written beside members, groups and roles, by the number of the group.
#[derive(Clone, Debug)]
struct Files {
    members: BTreeMap<(usize, u128), Said>,
    groups: BTreeMap<usize, Said>,
    roles: BTreeMap<(usize, u128), Said>,
}

fn files() -> impl Strategy<Value = Files> {
    let members = prop::collection::btree_map((0..4_usize, 0..USERS), said(), 0..24);
    let groups = prop::collection::btree_map(0..4_usize, said(), 0..4);
    let roles = prop::collection::btree_map((0..4_usize, 0..3_u128), said(), 0..8);
    (members, groups, roles).prop_map(|(members, groups, roles)| Files { members, groups, roles })
}

impl Files {
    /// Beside the facts of a plan of this world.
    fn lines(&self, world: &World, plan: &Plan) -> Lines {
        let mut lines = Lines::new();
        let mut add = |n: usize, fact: Fact, said: Said| {
            let Some(group) = world.groups.iter().find(|it| it.id == worlds::group_id(n as u128)) else {
                return;
            };
            let (Some(group), Some((starts, ends, has_reason))) = (plan.index.find(&group.name()), said)
            else {
                return;
            };
            let line = Line { from: place(7), starts: starts.map(at), ends: ends.map(at), has_reason };
            lines.insert(Key { owner: Owner::Group(group), fact }, line);
        };
        for ((n, who), said) in &self.members {
            if let Some(who) = plan.index.find_user(user(*who)) {
                add(*n, Fact::Member(who), *said);
            }
        }
        self.groups.iter().for_each(|(n, said)| add(*n, Fact::Attributes, *said));
        self.roles.iter().for_each(|((n, it), said)| add(*n, Fact::Grant(role(*it)), *said));
        lines
    }

    /// Whether what has to be is written beside a member: of the model.
    fn says(&self, law: &Law, n: usize, who: u128, privileged: Option<&worlds::Side>) -> bool {
        let member = self.members.get(&(n, who)).copied().flatten();
        let end = |it: Said| it.and_then(|it| it.1);
        let mut ends: Vec<i64> =
            [end(member), end(self.groups.get(&n).copied().flatten())].into_iter().flatten().collect();
        if let Some(side) = privileged {
            let own: Vec<u128> = (0..PRIVILEGED).filter(|it| side.grants.contains_key(&role(*it))).collect();
            let of_roles: Vec<Option<i64>> =
                own.iter().map(|it| end(self.roles.get(&(n, *it)).copied().flatten())).collect();
            if of_roles.iter().all(Option::is_some) {
                ends.extend(of_roles.into_iter().flatten().max());
            }
        }
        let ends = ends.into_iter().min();
        match law {
            Law::RequireReason => member.is_some_and(|it| it.2),
            Law::RequireUntil => ends.is_some(),
            Law::MaxDuration { days } => {
                let begins = member.and_then(|it| it.0).unwrap_or(0);
                ends.is_some_and(|it| it - begins <= i64::try_from(*days).unwrap() + 1)
            }
            _ => panic!("{law:?}"),
        }
    }
}

/// Roles below this number are privileged.
const PRIVILEGED: u128 = 2;

/// What is found, by the name of the group: who, and whether that stood.
fn by_group(plan: &Plan, rules: &Rules) -> BTreeSet<(Box<str>, Option<UserId>, bool)> {
    let found = breaches(&Sides::new(plan), rules, now());
    let found = found.into_iter().flatten();
    found
        .flat_map(|it| {
            let Subject::Group(_, name) = it.subject else { panic!("{it:?}") };
            assert!(it.things.len() > it.most, "{:?}", it.things);
            it.things
                .into_iter()
                .flatten()
                .map(move |thing| (name.clone(), thing.person, it.stood))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The groups after, each with its number, what it is called, and how it was.
fn after(world: &World) -> Vec<(usize, Box<str>, worlds::Side, Option<worlds::Side>)> {
    let number = |it: &Group| usize::try_from(it.id.0.as_u128()).unwrap();
    let all = world.groups.iter();
    all.filter_map(|it| Some((number(it), it.after.clone()?.name, it.after.clone()?, it.before.clone())))
        .collect()
}

fn is_named(names: &BTreeSet<&str>, now: &worlds::Side, before: Option<&worlds::Side>) -> bool {
    names.contains(&*now.name) || before.is_some_and(|it| names.contains(&*it.name))
}

/// Names of groups are told apart by number.
fn told_apart(mut world: World) -> World {
    for (n, group) in world.groups.iter_mut().enumerate() {
        group.id = worlds::group_id(n as u128);
        for side in [&mut group.before, &mut group.after].into_iter().flatten() {
            side.name = ["a", "b", "c", "a0"][n % 4].into();
        }
    }
    world.people.clear();
    world
}

proptest! {
    #[test]
    fn what_has_to_be_written_is_missed_where_it_is_not(
        world in world(true).prop_map(told_apart),
        files in files(),
        names in prop_oneof![Just(BTreeSet::new()), names()],
        law in prop_oneof![
            Just(Law::RequireReason),
            Just(Law::RequireUntil),
            (1..9_usize).prop_map(|days| Law::MaxDuration { days }),
        ],
    ) {
        let mut plan = world.plan();
        plan.lines = files.lines(&world, &plan);
        let mut rules = rules(policy(law.clone(), &names));
        rules.privileged = (0..PRIVILEGED).map(|it| (COMPANY, role(it))).collect();
        let gives = |side: &worlds::Side| (0..PRIVILEGED).any(|it| side.grants.contains_key(&role(it)));
        let mut expected = BTreeSet::new();
        for (n, name, side, before) in after(&world) {
            let is_about = if names.is_empty() { gives(&side) } else { is_named(&names, &side, before.as_ref()) };
            for who in (0..USERS).filter(|it| is_about && side.members.contains(&user(*it))) {
                let privileged = names.is_empty().then_some(&side);
                if !files.says(&law, n, who, privileged) {
                    let was = before.as_ref().filter(|it| it.members.contains(&user(who)));
                    let stood = was.is_some_and(|it| !names.is_empty() || gives(it));
                    expected.insert((name.clone(), Some(user(who)), stood));
                }
            }
        }
        prop_assert_eq!(by_group(&plan, &rules), expected);
    }

    #[test]
    fn members_are_counted_and_told_by_their_addresses(
        world in world(true).prop_map(told_apart),
        names in names(),
        n in 1..4_usize,
        active in prop::collection::btree_map((0..USERS).prop_map(user), any::<bool>(), 0..6),
        required in prop::collection::btree_set((0..USERS).prop_map(user), 1..3),
    ) {
        let plan = world.plan();
        let of = |law: Law, names: &BTreeSet<&str>| {
            let mut rules = rules(policy(law, names));
            rules.active = active.clone();
            // Of nobody beyond the fourth the address is known.
            let domain = |it: u128| if it.is_multiple_of(2) { "A.example" } else { "b.example" };
            rules.names = (0..5).map(|it| (user(it), format!("u{it}@{}", domain(it)).into())).collect();
            rules
        };
        let meant = |names: &BTreeSet<&str>| -> Vec<_> {
            after(&world).into_iter().filter(|it| names.is_empty() || is_named(names, &it.2, it.3.as_ref())).collect()
        };
        // At most.
        let mut expected = BTreeSet::new();
        for (_, name, side, before) in meant(&names) {
            let was = before.map_or(0, |it| it.members.len());
            for who in side.members.iter().filter(|_| side.members.len() > n) {
                expected.insert((name.clone(), Some(*who), side.members.len() <= was));
            }
        }
        prop_assert_eq!(by_group(&plan, &of(Law::MaxMembers { at_most: n }, &names)), expected);
        // At least, of those who can act; a group that goes has nobody.
        let can_act = |it: &worlds::Side| it.members.iter().filter(|it| active.get(it) != Some(&false)).count();
        let named: Vec<&Group> = world
            .groups
            .iter()
            .filter(|it| [&it.before, &it.after].into_iter().flatten().any(|it| names.contains(&*it.name)))
            .collect();
        let mut expected = BTreeMap::new();
        for group in &named {
            let [was, is] = [&group.before, &group.after].map(|it| it.as_ref().map_or(0, can_act));
            let name = group.after.as_ref().or(group.before.as_ref()).unwrap().name.clone();
            if is < n {
                expected.insert(name, (n - is, group.before.is_some() && was <= is));
            }
        }
        let found = breaches(&Sides::new(&plan), &of(Law::MinMembers { at_least: n }, &names), now());
        let found: BTreeMap<Box<str>, (usize, bool)> = found.into_iter().flatten().map(|it| {
            let Subject::Group(_, name) = it.subject else { panic!() };
            (name, (it.things.len(), it.stood))
        }).collect();
        prop_assert_eq!(found, expected);
        // These.
        let mut expected = BTreeSet::new();
        for group in &named {
            let [was, is] = [&group.before, &group.after].map(|it| it.as_ref().map_or(BTreeSet::new(), |it| it.members.clone()));
            let name = &group.after.as_ref().or(group.before.as_ref()).unwrap().name;
            for who in required.iter().filter(|it| !is.contains(it)) {
                expected.insert((name.clone(), Some(*who), group.before.is_some() && !was.contains(who)));
            }
        }
        let law = Law::RequiredMembers { people: required.iter().map(|it| Some(*it)).collect() };
        prop_assert_eq!(by_group(&plan, &of(law, &names)), expected);
        // Of these domains, in the groups or in all.
        for names in [names.clone(), BTreeSet::new()] {
            let mut expected = BTreeSet::new();
            for (_, name, side, before) in meant(&names) {
                for who in side.members.iter().filter(|it| active.get(it) != Some(&false)) {
                    let number = who.0.as_u128();
                    let was = before.as_ref().is_some_and(|it| it.members.contains(who));
                    if number >= 5 || !number.is_multiple_of(2) {
                        // Of whom no address is told is never told apart.
                        expected.insert((name.clone(), Some(*who), was && number < 5));
                    }
                }
            }
            let rules = of(Law::AllowedDomains { domains: vec!["a.example".into()] }, &names);
            prop_assert_eq!(by_group(&plan, &rules), expected);
            let found = breaches(&Sides::new(&plan), &rules, now());
            for it in found.iter().flatten() {
                let unknown = it.things.iter().flatten().all(|it| it.person.unwrap().0.as_u128() >= 5);
                prop_assert_eq!(it.unread == Some(Unread::Addresses), unknown);
            }
        }
    }
}

/// Privileged roles outside groups have to say the same, and what the base said of a membership is what stood.
#[test]
fn privileged_direct_roles_and_longer_terms_are_seen() {
    let mut world = World::new(vec![group(0, "a", 1, &[1])]);
    world.groups[0].before = world.groups[0].after.clone();
    let admin = DirectRole::new("TMC_ADMIN", Some(COMPANY));
    let agent = DirectRole::new("GLOBAL_AGENT", None);
    let both = DirectRoles::new([admin, agent]);
    world.people =
        vec![Person { company: COMPANY, user: user(2), before: DirectRoles::default(), after: both }];
    let mut plan = world.plan();
    let everybody = BTreeSet::new();
    for law in [Law::RequireReason, Law::RequireUntil, Law::MaxDuration { days: 3 }] {
        let found = breaches(&Sides::new(&plan), &rules(policy(law, &everybody)), now()).remove(0);
        let roles: Vec<_> =
            found.iter().flat_map(|it| it.things.iter().flatten()).map(|it| it.role.clone()).collect();
        assert_eq!(roles, [Some(HeldRole::Direct("TMC_ADMIN".into()))]);
        assert!(!found[0].stood);
    }
    // Somebody is in the group, and the change makes that last longer.
    let key = plan
        .live
        .memberships()
        .map(|it| Key { owner: Owner::Group(it.0), fact: Fact::Member(it.1) })
        .next()
        .unwrap();
    let line = |days| Line { from: place(3), starts: None, ends: Some(at(days)), has_reason: false };
    let rules = rules(policy(Law::MaxDuration { days: 3 }, &["a"].into()));
    let stood = |plan: &Plan| {
        breaches(&Sides::new(plan), &rules, now())[0].iter().map(|it| it.stood).collect::<Vec<_>>()
    };
    plan.lines = [(key.clone(), line(30))].into();
    assert_eq!(stood(&plan), [true], "what is live says nothing of its end");
    let mut of = |days: Option<i64>| {
        let lines: Lines = days.map(|it| (key.clone(), line(it))).into_iter().collect();
        plan.base = Some(Base { lines, ..Base::default() });
        stood(&plan)
    };
    assert_eq!(of(Some(3)), [false]);
    assert_eq!(of(Some(20)), [true]);
    assert_eq!(of(None), [true]);
}

/// A group of a company with one role on one company, and its members.
#[test]
fn a_role_for_other_travellers_is_another() {
    let role = |travellers: &[u128]| {
        let traveller = |it: &u128| Traveller { user: user(*it), confirmations: false, flight_stats: false };
        DirectRoles::new([DirectRole::arranger(travellers.iter().map(traveller).collect())])
    };
    for (before, after, stood) in [(&[1][..], &[1][..], true), (&[1], &[1, 2], false), (&[1], &[2], false)] {
        let person = Person { company: COMPANY, user: user(5), before: role(before), after: role(after) };
        let world = World { people: vec![person], ..World::default() };
        let law = Law::NoDirectRoles { types: Vec::new() };
        assert_eq!(found(&world, policy(law, &BTreeSet::new())), [(user(5), stood)].into(), "{after:?}");
    }
}

fn group(company: u128, name: &str, on: u128, members: &[u128]) -> Group {
    let side = worlds::Side {
        name: name.into(),
        description: "d".into(),
        grants: BTreeMap::from([(role(0), worlds::companies([on]))]),
        members: members.iter().map(|it| user(*it)).collect(),
    };
    let id = worlds::group_id(u128::from(name.as_bytes()[0]) + company * 1_000);
    Group { company: CompanyId(Uuid::from_u128(company)), id, before: None, after: Some(side) }
}

#[test]
fn a_policy_is_about_the_people_of_its_company() {
    let world = World::new(vec![group(0, "a", 1, &[1]), group(7, "a", 1, &[2]), group(7, "b", 2, &[1, 2])]);
    let of = |company: Option<u128>| Policy {
        company: company.map(|it| CompanyId(Uuid::from_u128(it))),
        ..policy(exclusive(&[1].into()), &["a"].into())
    };
    // What another company gives somebody is of that company.
    assert_eq!(found(&world, of(Some(0))), [].into());
    assert_eq!(found(&world, of(Some(7))), [(user(2), false)].into());
    assert_eq!(found(&world, of(None)), [(user(2), false)].into());
}

#[test]
fn who_cannot_act_breaks_nothing() {
    let world = World::new(vec![group(0, "a", 1, &[1, 2, 3])]);
    let mut rules = rules(policy(exclusive(&[0].into()), &["a"].into()));
    rules.active = BTreeMap::from([(user(1), false), (user(2), true)]);
    let plan = world.plan();
    let found = breaches(&Sides::new(&plan), &rules, now());
    let people: Vec<_> = found[0].iter().map(|it| it.subject.clone()).collect();
    assert_eq!(people, [Subject::Person(user(2)), Subject::Person(user(3))]);
}

/// Whatever a policy needs and was not read is told, and nothing else is.
#[test]
fn what_was_not_read_is_told() {
    let groups = ["a"].into();
    let everybody = BTreeSet::new();
    let exclusive = || exclusive(&[1].into());
    let apart = |types: &[&str]| Law::Separation {
        roles: powers(&[0].into(), types),
        apart_from: powers(&[1].into(), &[]),
    };
    let direct = || Law::NoDirectRoles { types: Vec::new() };
    use Unread::{Company, DirectRoles, Groups, People};
    let table = [
        (policy(exclusive(), &groups), vec![Company, Groups, DirectRoles]),
        (policy(apart(&[]), &everybody), vec![Company, Groups]),
        (policy(apart(&["GLOBAL_AGENT"]), &groups), vec![Company, Groups, DirectRoles]),
        (policy(apart(&["GLOBAL_AGENT"]), &everybody), vec![Company, Groups, People, DirectRoles]),
        (policy(direct(), &groups), vec![Company, DirectRoles]),
        (policy(direct(), &everybody), vec![Company, People, DirectRoles]),
        (policy(Law::RequireReason, &groups), vec![Company]),
        (policy(Law::RequireUntil, &everybody), vec![Company, Groups, People, DirectRoles]),
        (policy(Law::MaxDuration { days: 1 }, &everybody), vec![Company, Groups, People, DirectRoles]),
        (
            policy(Law::AllowedDomains { domains: Vec::new() }, &everybody),
            vec![Company, Groups, Unread::Addresses],
        ),
        (policy(Law::MaxMembers { at_most: 9 }, &groups), vec![Company]),
        (policy(Law::MinMembers { at_least: 1 }, &groups), vec![Company]),
        (policy(Law::RequiredMembers { people: Vec::new() }, &groups), vec![Company]),
        (policy(Law::Owners { companies: Vec::new(), approvers: Vec::new() }, &everybody), vec![Company]),
    ];
    let world = World::new(vec![group(0, "a", 1, &[1])]);
    for (policy, expected) in table {
        let mut plan = world.plan();
        let overview = Overview {
            company: COMPANY,
            groups: 2,
            memberships: 1,
            unread: 1,
            unmanaged: Vec::new(),
            endpoint: None,
        };
        plan.companies = vec![overview];
        let mut rules = rules(policy.clone());
        rules.direct_read.clear();
        rules.unread = [(COMPANY, Company), (COMPANY, People)].into();
        let told = |plan: &Plan, rules: &Rules| -> BTreeSet<Unread> {
            breaches(&Sides::new(plan), rules, now())[0].iter().filter_map(|it| it.unread).collect()
        };
        assert_eq!(told(&plan, &rules), expected.into_iter().collect(), "{:?}", policy.law);
        // Of another company nothing is asked.
        rules.policies[0].company = Some(CompanyId(Uuid::from_u128(9)));
        assert_eq!(told(&plan, &rules), BTreeSet::new(), "{:?}", policy.law);
        // All was read.
        plan.companies[0].unread = 0;
        rules.policies[0].company = Some(COMPANY);
        rules.unread.clear();
        rules.direct_read = [user(1)].into();
        rules.names = [(user(1), "a@a.example".into())].into();
        if let Law::AllowedDomains { domains } = &mut rules.policies[0].law {
            domains.push("a.example".into());
        }
        assert_eq!(told(&plan, &rules), BTreeSet::new(), "{:?}", policy.law);
        // Somebody is in no group, and not read.
        rules.people = [(COMPANY, user(2))].into();
        let asks = policy.groups.is_empty() && policy.law.needs(false).contains(&DirectRoles);
        assert_eq!(!told(&plan, &rules).is_empty(), asks, "{:?}", policy.law);
    }
}

/// What the base asks for stood, what is live and not asked for did not.
#[test]
fn with_a_base_that_is_what_stood() {
    let live = group(0, "b", 2, &[1]);
    let mut world = World::new(vec![group(0, "a", 1, &[1]), live]);
    world.groups.iter_mut().for_each(|it| it.before = it.after.clone());
    let plan = world.plan();
    let of = |plan: &Plan| {
        breaches(&Sides::new(plan), &rules(policy(exclusive(&[1].into()), &["a"].into())), now())
    };
    assert!(of(&plan)[0][0].stood);
    // The base would take the person out of the other group.
    let member = plan.live.memberships().find(|it| &*plan.index.group(it.0).name == "b").unwrap();
    let key = Key { owner: Owner::Group(member.0), fact: Fact::Member(member.1) };
    let edit = diff(&plan.live, &State::default()).into_iter().find(|it| it.key == key).unwrap();
    let based =
        Plan { base: Some(Base { edits: Edits::new(vec![edit]), ..Base::default() }), ..plan.clone() };
    assert!(!of(&based)[0][0].stood);
    let based = Plan { base: Some(Base::default()), ..plan };
    assert!(of(&based)[0][0].stood);
}
