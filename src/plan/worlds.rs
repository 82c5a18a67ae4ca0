//! Small worlds for tests: each group and person as it is and as it shall be, side by side, and the plan between them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use proptest::prelude::*;
use uuid::Uuid;

use crate::model::{
    access::Why,
    direct::{DirectRole, DirectRoles},
    ids::{CompanyId, GroupId, RoleId, UserId},
    index::{GroupName, Index},
    plan::{Edits, Plan},
    scope::{Dimension, Kind, Scope, Value},
    selector::{Attribute, Traits},
    source::{FileId, Place},
    state::{Attributes, Edit, Facts, State, diff},
};

/// The company of every random group.
pub(crate) const COMPANY: CompanyId = CompanyId(Uuid::nil());

pub(crate) fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

pub(crate) fn role(n: u128) -> RoleId {
    RoleId(Uuid::from_u128(n))
}

pub(crate) fn group_id(n: u128) -> GroupId {
    GroupId(Uuid::from_u128(n))
}

pub(crate) fn place(line: u32) -> Place {
    Place::new(FileId(0), line, 1)
}

/// The scope of some companies.
pub(crate) fn companies(ids: impl IntoIterator<Item = u128>) -> Scope {
    let values = ids.into_iter().map(|it| Value::Id(Uuid::from_u128(it))).collect();
    Scope::new([vec![Dimension { kind: Kind::Company, values }]])
}

/// A group on one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) name: Box<str>,
    pub(crate) description: Box<str>,
    pub(crate) grants: BTreeMap<RoleId, Scope>,
    pub(crate) members: BTreeSet<UserId>,
}

/// A group as it is and as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) company: CompanyId,
    /// The id; of a group that is created, the one that it will get.
    pub(crate) id: GroupId,
    pub(crate) before: Option<Side>,
    pub(crate) after: Option<Side>,
}

impl Group {
    /// What the group is recognised by.
    pub(crate) fn name(&self) -> GroupName {
        let side = self.before.as_ref().or(self.after.as_ref());
        GroupName {
            company: self.company,
            name: side.map_or_else(|| "nothing".into(), |it| it.name.clone()),
            id: self.before.as_ref().map(|_| self.id),
            twin: 0,
        }
    }
}

/// A person's direct roles as they are and as they shall be.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) company: CompanyId,
    pub(crate) user: UserId,
    pub(crate) before: DirectRoles,
    pub(crate) after: DirectRoles,
}

/// Everything there is.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) groups: Vec<Group>,
    pub(crate) people: Vec<Person>,
    /// What people are apart from access, as it is and as it shall be.
    pub(crate) profiles: BTreeMap<UserId, [Traits; 2]>,
    /// Who leaves every group because of being cut off everywhere.
    pub(crate) locked: BTreeSet<UserId>,
}

impl World {
    pub(crate) fn new(groups: Vec<Group>) -> Self {
        Self { groups, ..Self::default() }
    }

    /// The groups of a company by id, as they are and as they shall be; what is not wanted is deleted.
    pub(crate) fn between(company: CompanyId, live: &[(GroupId, Side)], desired: &[(GroupId, Side)]) -> Self {
        let mut groups: BTreeMap<GroupId, [Option<Side>; 2]> = BTreeMap::new();
        for (n, side) in [live, desired].into_iter().enumerate() {
            for (id, side) in side {
                groups.entry(*id).or_default()[n] = Some(side.clone());
            }
        }
        let groups = groups.into_iter().map(|(id, [before, after])| Group { company, id, before, after });
        Self::new(groups.collect())
    }

    /// The numbers of everything in it.
    pub(crate) fn index(&self) -> Index {
        let groups = self.groups.iter().map(Group::name).collect();
        let sides = self.groups.iter().flat_map(|it| it.before.iter().chain(&it.after));
        let users = sides.flat_map(|it| &it.members).copied().chain(self.locked.iter().copied()).collect();
        let people = self.people.iter().map(|it| (it.company, it.user));
        let people: BTreeSet<_> = people.chain(self.profiles.keys().map(|it| (COMPANY, *it))).collect();
        Index::new(groups, users, people.into_iter().collect())
    }

    /// Both sides.
    pub(crate) fn states(&self, index: &Index) -> [State; 2] {
        let mut facts = [Facts::default(), Facts::default()];
        for group in &self.groups {
            let ix = index.find(&group.name()).unwrap();
            for (facts, side) in facts.iter_mut().zip([&group.before, &group.after]) {
                let Some(side) = side else { continue };
                let Side { name, description, grants, members } = side.clone();
                facts.group(ix, Arc::new(Attributes { name, description }));
                for (role, scope) in grants {
                    facts.grant(ix, role, Arc::new(scope));
                }
                for user in members {
                    facts.member(ix, index.find_user(user).unwrap());
                }
            }
        }
        for person in &self.people {
            let ix = index.find_person(person.company, person.user).unwrap();
            for (facts, roles) in facts.iter_mut().zip([&person.before, &person.after]) {
                facts.direct(ix, roles);
            }
        }
        for (user, sides) in &self.profiles {
            let ix = index.find_person(COMPANY, *user).unwrap();
            for (facts, traits) in facts.iter_mut().zip(sides) {
                traits.iter().for_each(|(attribute, value)| facts.person(ix, attribute, value));
            }
        }
        facts.map(State::new)
    }

    /// The plan from what is to what shall be.
    pub(crate) fn plan(&self) -> Plan {
        let index = self.index();
        let [live, desired] = self.states(&index);
        let edits = Edits::new(diff(&live, &desired));
        let plan = Plan { index: Arc::new(index), live, edits, ..Plan::default() };
        let (mut notes, mut reasons) = (BTreeMap::new(), BTreeMap::new());
        for change in plan.groups() {
            if change.itself().is_some_and(Edit::removes) {
                reasons.insert(change.owner, "gone".into());
            }
            for edit in change.members().filter(|it| it.removes()) {
                if self.locked.contains(&plan.index.user(edit.member().unwrap())) {
                    notes.insert(
                        edit.key.clone(),
                        crate::model::plan::Note { why: Why::LockedOut(place(9)), ..Default::default() },
                    );
                }
            }
        }
        Plan { notes, reasons, ..plan }
    }

    /// The same world once some changes were made, by position among [`Plan::groups`]; the rest is as it was.
    pub(crate) fn made(&self, plan: &Plan, made: impl Fn(usize) -> bool) -> Self {
        let mut world = self.clone();
        for change in plan.groups().filter(|it| made(it.at)) {
            let name = plan.index.group(change.group().unwrap());
            let group = world.groups.iter_mut().find(|it| it.name() == *name).unwrap();
            group.before = group.after.clone();
        }
        world.groups.retain(|it| it.before.is_some() || it.after.is_some());
        world
    }
}

/// A scope of one or more of three companies.
fn scope() -> impl Strategy<Value = Scope> {
    prop::collection::btree_set(0..3_u128, 1..3).prop_map(companies)
}

pub(crate) fn side() -> impl Strategy<Value = Side> {
    let grants = prop::collection::btree_map((0..3_u128).prop_map(role), scope(), 0..3);
    let members = prop::collection::btree_set((0..6_u128).prop_map(user), 0..5);
    ("[ab]", "[xy]", grants, members).prop_map(|(name, description, grants, members)| Side {
        name: name.into(),
        description: description.into(),
        grants,
        members,
    })
}

/// Up to four groups: small enough that both sides share people, roles and scopes.
fn sides() -> impl Strategy<Value = Vec<Option<Side>>> {
    prop::collection::vec(prop::option::of(side()), 4)
}

/// Two sides; a live group that is not wanted is removed, or left alone.
pub(crate) fn world() -> impl Strategy<Value = World> {
    (sides(), sides(), prop::collection::vec(any::<bool>(), 4)).prop_map(|(want, have, remove)| {
        let all = want.into_iter().zip(have).zip(remove).enumerate();
        World::new(all.filter_map(|(n, ((want, have), remove))| joined(n, want, have, remove)).collect())
    })
}

/// The same with people who are otherwise by any attribute, who hold roles of their own, and whose accounts come and go.
pub(crate) fn lively() -> impl Strategy<Value = World> {
    let active = prop::sample::select(&[
        [None, None],
        [None, Some("true")],
        [Some("true"), Some("false")],
        [Some("false"), Some("true")],
        [Some("false"), Some("true")],
    ]);
    let attribute = prop::sample::select(Attribute::ALL);
    let side = || prop::option::weighted(0.8, 0..6_u128);
    let traits = prop::collection::vec((attribute, [side(), side()]), 0..5);
    let direct = || prop::collection::btree_set(prop::sample::select(&["A", "B", "C"]), 0..3);
    let person = prop::option::of((active, traits, [direct(), direct()]));
    (world(), prop::collection::vec(person, 6)).prop_map(|(mut world, people)| {
        for (n, (active, traits, direct)) in (0..).zip(people).filter_map(|(n, it)| Some((n, it?))) {
            let mut sides = [Traits::default(), Traits::default()];
            let is_new = active == [None, Some("true")];
            for (attribute, values) in traits.into_iter().filter(|it| it.0 != Attribute::Active) {
                for (side, value) in values.into_iter().enumerate().filter(|it| it.0 == 1 || !is_new) {
                    value.into_iter().for_each(|it| sides[side].put(attribute, said(attribute, it)));
                }
            }
            for (side, is) in active.into_iter().enumerate() {
                is.into_iter().for_each(|it| sides[side].put(Attribute::Active, it));
            }
            world.profiles.insert(user(n), sides);
            let roles = |it: BTreeSet<&'static str>| {
                DirectRoles::new(it.into_iter().map(|it| DirectRole::new(it, None)))
            };
            let [before, after] = direct.map(roles);
            let before = if is_new { DirectRoles::default() } else { before };
            world.people.push(Person { company: COMPANY, user: user(n), before, after });
        }
        world
    })
}

/// One of some values of an attribute.
fn said(attribute: Attribute, n: u128) -> String {
    match attribute {
        Attribute::Approvers => format!("{},{}", user(n), user((n + 1) % 6)),
        Attribute::Manager => user(n).to_string(),
        _ if attribute.has_addresses() => format!("{n}@x.example"),
        _ => n.to_string(),
    }
}

/// Two sides of which the desired one is the live one with people and roles shuffled: full of moves,
/// of roles that change hands, and of people who keep in one group what they lose in another.
pub(crate) fn shuffled() -> impl Strategy<Value = World> {
    let swaps = prop::collection::vec((0..4_usize, 0..4_usize, 0..3_u8, 0..6_usize), 1..7);
    (sides(), swaps, prop::collection::vec(any::<bool>(), 4), 0..4_usize).prop_map(
        |(have, swaps, remove, gone)| {
            let mut want: Vec<(usize, Side)> =
                have.iter().cloned().enumerate().filter_map(|(n, it)| Some((n, it?))).collect();
            for (a, b, what, nth) in swaps {
                let count = want.len();
                if count < 2 || a % count == b % count {
                    continue;
                }
                let (a, b) = (a % count, b % count);
                let (low, high) = want.split_at_mut(a.max(b));
                let (one, two) = (&mut low[a.min(b)].1, &mut high[0].1);
                let (from, to) = if what == 0 { (one, two) } else { (two, one) };
                match from.members.iter().nth(nth % from.members.len().max(1)).copied() {
                    Some(user) if what < 2 => {
                        from.members.remove(&user);
                        to.members.insert(user);
                    }
                    _ => std::mem::swap(&mut from.grants, &mut to.grants),
                }
            }
            if want.len() > 2 && gone < want.len() {
                want.remove(gone);
            }
            let want: BTreeMap<usize, Side> = want.into_iter().collect();
            let all = have.into_iter().zip(remove).enumerate();
            let groups = all.filter_map(|(n, (have, remove))| joined(n, want.get(&n).cloned(), have, remove));
            World::new(groups.collect())
        },
    )
}

fn joined(n: usize, mut want: Option<Side>, have: Option<Side>, remove: bool) -> Option<Group> {
    match (&mut want, &have) {
        (None, None) => return None,
        (Some(new), None) => new.name = format!("new {n}").into(),
        (None, Some(live)) if !remove => want = Some(live.clone()),
        (None | Some(_), Some(_)) => (),
    }
    Some(Group { company: COMPANY, id: group_id(n as u128), before: have, after: want })
}
