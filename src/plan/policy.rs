//! Policies: what the access that results from a plan must be like, and where it is not.
//!
//! Looks at everything that people hold together, before and after, and at nothing else: whoever gives it, and whether a file
//! names it. What was the same before stood already. Where something was not read it is not known that a policy is kept, and
//! that is told like a breach. Which exceptions there are, and what follows, is for the guard to say.
//!
//! In time linear in the memberships, and in what each distinct set of groups gives.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    model::{
        direct::{DirectRole, DirectRoles, Kind},
        expression::schema::Subject as About,
        ids::{CompanyId, UserId},
        index::{GroupIx, UserIx},
        plan::{Edits, Plan},
        rules::{Counted, HeldRole, How, Law, Policy, Rules, Subject, Unread},
        scope::Scope,
        source::Place,
        state::{Fact, Key, Owner, State, diff},
    },
    plan::effective::{Part, Sides, direct_sides, parts},
};

mod acting;
mod direct_roles;
mod exclusive;
mod members;
mod owners;
pub mod rows;
mod rules;
mod separation;
mod terms;
#[cfg(test)]
mod tests;

use terms::{Lines, Written};

/// A way in which a policy is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Breach {
    pub subject: Subject,
    /// Whether it was broken in the same way before.
    pub stood: bool,
    /// What could not be read; then it is not known whether it is broken.
    pub unread: Option<Unread>,
    /// Why an expression could not be evaluated.
    pub why: Option<Box<str>>,
    /// What breaks it, each by all that it comes about by.
    pub things: Vec<Vec<Counted>>,
    /// How many of them there may be.
    pub most: usize,
}

impl Breach {
    /// A breach by some things, where there are any.
    fn of(subject: Subject, stood: bool, things: Vec<Vec<Counted>>) -> Option<Self> {
        (!things.is_empty()).then_some(Self { subject, stood, unread: None, why: None, things, most: 0 })
    }
}

/// Returns how each policy is broken, in the order of the policies.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a method is of one lifetime, and a closure of any"
)]
pub fn breaches(sides: &Sides<'_>, rules: &Rules, now: Timestamp) -> Vec<Vec<Breach>> {
    if rules.policies.is_empty() { Vec::new() } else { seen(sides, rules, now, |it| it.breaches()) }
}

/// Looks at a plan, or at what it does from its base on: what the base asks for stood already, and what is live and it does
/// not ask for is part of the change.
fn seen<T>(sides: &Sides<'_>, rules: &Rules, now: Timestamp, look: impl FnOnce(&Scene<'_>) -> T) -> T {
    match &sides.plan.base {
        Some(base) => {
            let from = from_base(sides, &base.edits);
            look(&Scene::new(&Sides::new(&from), rules, Some(&base.lines), now))
        }
        None => look(&Scene::new(sides, rules, None, now)),
    }
}

/// The plan from what the base asks for to the same end.
fn from_base(sides: &Sides<'_>, base: &Edits) -> Plan {
    let mut before = sides.plan.live.clone();
    before.apply(base.iter());
    let edits = Edits::new(diff(&before, &sides.after));
    Plan { live: before, edits, base: None, ..sides.plan.clone() }
}

/// What policies look at.
struct Scene<'a> {
    sides: &'a Sides<'a>,
    rules: &'a Rules,
    /// The groups of everybody.
    people: BTreeMap<(CompanyId, UserIx), Vec<Part>>,
    /// What is held outside groups, before and after, as far as it was read.
    direct: BTreeMap<(CompanyId, UserId), [DirectRoles; 2]>,
    /// What the plan changes.
    changed: BTreeSet<&'a Key>,
    /// What the base asks for, where there is one: what is live says of itself neither when it ends nor why it is.
    before_lines: Option<&'a Lines>,
    now: Timestamp,
}

/// A side of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Side {
    Before,
    After,
}

/// A role that somebody holds, through what, and where.
#[derive(Clone, Debug)]
struct Via {
    /// The group that gives it; a role outside groups has none.
    group: Option<GroupIx>,
    role: HeldRole,
    scope: Scope,
}

impl<'a> Scene<'a> {
    fn new(sides: &'a Sides<'a>, rules: &'a Rules, before_lines: Option<&'a Lines>, now: Timestamp) -> Self {
        Self {
            sides,
            rules,
            people: parts(sides, |_, _| true),
            direct: direct_sides(sides),
            changed: sides.plan.edits.iter().map(|it| &it.key).collect(),
            before_lines,
            now,
        }
    }

    fn breaches(&self) -> Vec<Vec<Breach>> {
        self.rules.policies.iter().map(|it| self.of(it)).collect()
    }

    fn of(&self, policy: &Policy) -> Vec<Breach> {
        let mut found = self.unread(policy);
        match &policy.law {
            Law::Exclusive { companies } => found.extend(self.exclusive(policy, companies)),
            Law::Separation { roles, apart_from } => found.extend(self.separation(policy, roles, apart_from)),
            Law::NoDirectRoles { types } => found.extend(self.no_direct_roles(policy, types)),
            Law::RequireReason => found.extend(self.written(policy, Written::Reason)),
            Law::RequireUntil => found.extend(self.written(policy, Written::Until)),
            Law::MaxDuration { days } => {
                let days = i64::try_from(*days).unwrap_or(i64::MAX / 48);
                found.extend(self.written(policy, Written::Days(days)));
            }
            Law::AllowedDomains { domains } => found.extend(self.allowed_domains(policy, domains)),
            Law::MaxMembers { at_most } => found.extend(self.max_members(policy, *at_most)),
            Law::MinMembers { at_least } => found.extend(self.min_members(policy, *at_least)),
            Law::RequiredMembers { people } => found.extend(self.required_members(policy, people)),
            Law::Rule { rule } => found.extend(self.rule(policy, rule)),
            Law::Owners { companies, .. } => found.extend(self.owners(companies)),
        }
        found
    }

    fn state(&self, side: Side) -> &State {
        match side {
            Side::Before => self.sides.before(),
            Side::After => &self.sides.after,
        }
    }

    /// The groups that a policy names, by the name that they have or will have.
    fn groups(&self, policy: &Policy) -> BTreeSet<GroupIx> {
        let is_named = |name: &str| policy.groups.binary_search_by(|it| (**it).cmp(name)).is_ok();
        let has_name = |it: &GroupIx| {
            let attributes = [Side::Before, Side::After].map(|side| self.state(side).attributes(*it));
            is_named(&self.sides.plan.index.group(*it).name)
                || attributes.into_iter().flatten().any(|it| is_named(&it.name))
        };
        let own = self.sides.groups().into_iter().filter(|it| policy.concerns(self.sides.company(*it)));
        own.filter(has_name).collect()
    }

    /// Everybody whom a policy is about: who is in one of its groups after, or everybody of its companies.
    fn concerned(&self, policy: &Policy) -> BTreeSet<(CompanyId, UserIx)> {
        let index = &self.sides.plan.index;
        let may_act = |it: &(CompanyId, UserIx)| self.rules.may_act(index.user(it.1));
        if policy.groups.is_empty() {
            let direct = self.direct.keys().filter_map(|it| Some((it.0, index.find_user(it.1)?)));
            let all = self.people.keys().copied().chain(direct);
            return all.filter(|it| policy.concerns(it.0)).filter(may_act).collect();
        }
        let members = |it: GroupIx| {
            let company = self.sides.company(it);
            self.sides.after.members(it).map(move |user| (company, user))
        };
        self.groups(policy).into_iter().flat_map(members).filter(may_act).collect()
    }

    /// Whether somebody is in one of these groups on a side.
    fn is_in(&self, groups: &BTreeSet<GroupIx>, who: &(CompanyId, UserIx), side: Side) -> bool {
        self.parts(who).iter().any(|it| it.is_on(side) && groups.contains(&it.group))
    }

    fn parts(&self, who: &(CompanyId, UserIx)) -> &[Part] {
        self.people.get(who).map_or(&[], Vec::as_slice)
    }

    /// All that somebody holds on a side.
    fn held(&self, who: &(CompanyId, UserIx), side: Side) -> Vec<Via> {
        let parts = self.parts(who).iter().filter(|it| it.is_on(side));
        let through = parts.flat_map(|it| self.given(it.group, side));
        through.chain(self.outside(who, side)).collect()
    }

    /// All that a group gives on a side.
    fn given(&self, group: GroupIx, side: Side) -> impl Iterator<Item = Via> {
        let grants = self.state(side).grants(group).iter();
        grants.map(move |((_, role), scope)| Via {
            group: Some(group),
            role: HeldRole::Role(*role),
            scope: (**scope).clone(),
        })
    }

    /// What somebody holds outside groups on a side, as far as it was read.
    fn outside(&self, who: &(CompanyId, UserIx), side: Side) -> impl Iterator<Item = Via> {
        let roles = self.direct.get(&(who.0, self.sides.plan.index.user(who.1)));
        let roles = roles.map(|it| &it[side as usize]);
        roles.into_iter().flat_map(DirectRoles::iter).map(Via::outside)
    }

    /// What of a policy's companies could not be read, and so may be otherwise.
    fn unread(&self, policy: &Policy) -> Vec<Breach> {
        let mut found = Vec::new();
        let mut say = |company, unread, people: Vec<UserId>| {
            let one = |person| Counted {
                company,
                group: None,
                person,
                role: None,
                scope: None,
                how: How::Unknown,
                from: None,
            };
            let things = if people.is_empty() {
                vec![vec![one(None)]]
            } else {
                people.into_iter().map(|it| vec![one(Some(it))]).collect()
            };
            let breach = Breach::of(Subject::Company(company), false, things);
            found.extend(breach.map(|it| Breach { unread: Some(unread), ..it }));
        };
        let needs = policy.law.needs(!policy.groups.is_empty());
        for (company, unread) in self.rules.unread.iter().filter(|it| policy.concerns(it.0)) {
            if *unread == Unread::Company || needs.contains(unread) {
                say(*company, *unread, Vec::new());
            }
        }
        let companies = self.sides.plan.companies.iter().filter(|it| policy.concerns(it.company));
        for company in companies.filter(|it| it.unread > 0 && needs.contains(&Unread::Groups)) {
            say(company.company, Unread::Groups, Vec::new());
        }
        if needs.contains(&Unread::DirectRoles) {
            let index = &self.sides.plan.index;
            let mut people: BTreeSet<(CompanyId, UserId)> =
                self.concerned(policy).into_iter().map(|it| (it.0, index.user(it.1))).collect();
            if policy.groups.is_empty() {
                people.extend(self.rules.people.iter().filter(|it| policy.concerns(it.0)));
            }
            people.retain(|it| !self.rules.direct_read.contains(&it.1));
            let mut by_company: BTreeMap<CompanyId, Vec<UserId>> = BTreeMap::new();
            people.into_iter().for_each(|it| by_company.entry(it.0).or_default().push(it.1));
            by_company.into_iter().for_each(|(company, people)| say(company, Unread::DirectRoles, people));
        }
        found
    }

    /// What a breach comes about by: a role that somebody holds, with the line that asks for it. `of` are the groups of the
    /// policy, to be in which may be all that is asked for.
    fn counted(&self, who: &(CompanyId, UserIx), via: &Via, of: &BTreeSet<GroupIx>) -> Counted {
        let index = &self.sides.plan.index;
        // Where a role outside groups holds is not known, unless it is a company.
        let is_known = via.group.is_some() || via.scope != Scope::everything();
        Counted {
            company: who.0,
            group: via.group.map(|it| self.name(it)),
            person: Some(index.user(who.1)),
            role: Some(via.role.clone()),
            scope: is_known.then(|| via.scope.clone().into()),
            how: How::Holds,
            from: self.line(who, via, of),
        }
    }

    /// The name that a group will have, or has if it goes.
    fn name(&self, group: GroupIx) -> Box<str> {
        let after = self.sides.after.attributes(group).map(|it| it.name.clone());
        after.unwrap_or_else(|| self.sides.plan.index.group(group).name.clone())
    }

    /// The line by which somebody comes to hold something: of what the plan changes first.
    fn line(
        &self,
        (company, user): &(CompanyId, UserIx),
        via: &Via,
        of: &BTreeSet<GroupIx>,
    ) -> Option<Place> {
        let member = |group| Key { owner: Owner::Group(group), fact: Fact::Member(*user) };
        let mut keys = Vec::new();
        match (via.group, &via.role) {
            (Some(group), HeldRole::Role(role)) => {
                keys.push(member(group));
                keys.push(Key { owner: Owner::Group(group), fact: Fact::Grant(*role) });
            }
            (_, HeldRole::Direct(role_type)) => {
                let index = &self.sides.plan.index;
                if let Some(person) = index.find_person(*company, index.user(*user)) {
                    let kinds = self.sides.after.direct(person);
                    let own = kinds.iter().map(DirectRole::kind).filter(|it| it.role_type() == &**role_type);
                    let own = own.map(|it| Key {
                        owner: Owner::Person(person),
                        fact: Fact::Direct(Box::new(it.clone())),
                    });
                    keys.extend(own);
                }
            }
            (_, HeldRole::Acts(right)) => {
                let index = &self.sides.plan.index;
                let of = |user: UserId, fact| {
                    index.find_person(*company, user).map(|it| Key { owner: Owner::Person(it), fact })
                };
                keys.extend(match right.attribute() {
                    None => of(index.user(*user), Fact::Direct(Box::new(Kind::Arranger))),
                    Some(it) => via.scope.people().next().and_then(|over| of(UserId(over), Fact::Trait(it))),
                });
            }
            (None, HeldRole::Role(_)) => (),
        }
        // Of a policy of many groups those alone that somebody is in.
        let own = self.parts(&(*company, *user)).iter().filter(|it| it.after && Some(it.group) != via.group);
        keys.extend(own.map(|it| it.group).filter(|it| of.contains(it)).map(member));
        let changed = keys.iter().filter(|it| self.changed.contains(it));
        changed.chain(&keys).find_map(|it| self.said(it))
    }

    /// Where a fact is asked for, if it is.
    fn said(&self, key: &Key) -> Option<Place> {
        self.sides.plan.note(key).from.or_else(|| self.sides.plan.lines.get(key).map(|it| it.from))
    }
}

impl Law {
    /// What has to be read to know that it is kept; `named` says that it is about the members of some groups.
    fn needs(&self, named: bool) -> &'static [Unread] {
        match (self, named) {
            (Self::Exclusive { .. }, _) => &[Unread::Groups, Unread::DirectRoles],
            (Self::Separation { roles, apart_from }, named) => {
                match (roles.are_outside() || apart_from.are_outside(), named) {
                    (false, _) => &[Unread::Groups],
                    (true, true) => &[Unread::Groups, Unread::DirectRoles],
                    (true, false) => &[Unread::Groups, Unread::DirectRoles, Unread::People],
                }
            }
            (Self::Rule { rule }, named) => match (rule.subject(), rule.spares_direct_roles()) {
                (About::Edit, _) => &[],
                (About::Access, true) if rule.looks_at_people() => &[Unread::Groups, Unread::People],
                (About::Access, true) => &[Unread::Groups],
                (About::Access, false) if named => &[Unread::Groups, Unread::DirectRoles],
                (About::Access, false) => &[Unread::Groups, Unread::DirectRoles, Unread::People],
            },
            (Self::NoDirectRoles { .. }, true) => &[Unread::DirectRoles],
            (Self::NoDirectRoles { .. }, false) => &[Unread::DirectRoles, Unread::People],
            (Self::RequireReason | Self::RequireUntil | Self::MaxDuration { .. }, false) => {
                &[Unread::Groups, Unread::DirectRoles, Unread::People]
            }
            (Self::AllowedDomains { .. }, false) => &[Unread::Groups],
            (Self::RequireReason | Self::RequireUntil | Self::MaxDuration { .. }, true)
            | (Self::AllowedDomains { .. }, true)
            | (Self::MaxMembers { .. } | Self::MinMembers { .. } | Self::RequiredMembers { .. }, _)
            | (Self::Owners { .. }, _) => &[],
        }
    }
}

impl Via {
    /// A role outside groups.
    fn outside(role: &DirectRole) -> Self {
        let kind = role.kind();
        Self { group: None, role: HeldRole::Direct(kind.role_type().into()), scope: kind.reach() }
    }
}

impl Part {
    fn is_on(&self, side: Side) -> bool {
        match side {
            Side::Before => self.before,
            Side::After => self.after,
        }
    }
}
