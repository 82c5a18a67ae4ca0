//! `rules`: nothing is so that an expression denies, of what people hold or of what the plan changes.
//!
//! The rows are made once for people alike; an expression that looks at nobody is evaluated once for all of them. What cannot
//! be evaluated is told like a breach. Where less or the same is held as before, and the rule was broken then, it stood.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::{Breach, Scene, Side, Via};
use crate::{
    model::{
        acting,
        expression::{Answer, Datum, Facts, Row, Rule, Runner, schema::Subject as About},
        ids::{CompanyId, RoleId, UserId},
        index::{GroupIx, UserIx},
        rules::{Counted, HeldRole, How, Policy, Subject, Unread},
        scope::{Kind, Scope},
        source::Place,
        state::{Edit, Fact, Key, Owner},
    },
    plan::effective::Part,
};

pub(super) type Fields = Vec<(&'static str, Datum)>;

/// A way to hold a role, and the instant at which it ends.
type Ending = (Via, Option<Timestamp>);

/// What people alike have in common: their groups, and when they leave each.
pub(super) type Alike<'s> = (CompanyId, &'s [Part], Vec<Option<Timestamp>>);

/// A role that people alike hold: what is said of it, as it is written or ready to be looked at.
pub(super) struct Held<F = Facts> {
    pub(super) facts: F,
    /// The same as it was before, where less or the same is held now; `None` where more is.
    before: Option<Before<F>>,
    vias: Vec<Via>,
}

/// What a role was before the plan.
enum Before<F> {
    Same,
    Other(F),
}

impl Held<Fields> {
    fn ready(self) -> Held {
        let before = self.before.map(|it| match it {
            Before::Same => Before::Same,
            Before::Other(fields) => Before::Other(Facts::new(fields)),
        });
        Held { facts: Facts::new(self.facts), before, vias: self.vias }
    }
}

impl Scene<'_> {
    pub(super) fn rule(&self, policy: &Policy, rule: &Rule) -> Vec<Breach> {
        match rule.subject() {
            About::Access => self.of_access(policy, rule),
            About::Edit => self.of_edits(policy, rule),
        }
    }

    fn of_access(&self, policy: &Policy, rule: &Rule) -> Vec<Breach> {
        let groups = self.groups(policy);
        let (mut runner, mut found) = (Runner::new(rule), Vec::new());
        let mut known: HashMap<Alike<'_>, Vec<(Held, Answer)>> = HashMap::new();
        let spares_direct = rule.spares_direct_roles();
        for who in self.concerned(policy) {
            let was_in = groups.is_empty() || self.is_in(&groups, &who, Side::Before);
            let own = Facts::new(self.person(&who));
            let alike = self.alike(&who);
            let held = known.entry(alike).or_insert_with_key(|(company, parts, ends)| {
                let held = self.through_groups(*company, parts, ends).into_iter();
                held.map(Held::ready)
                    .map(|it| {
                        let answer = runner.shared(&it.facts);
                        (it, answer)
                    })
                    .collect()
            });
            let mut ways = Ways::default();
            for (it, shared) in held.iter() {
                ways.add(&mut runner, it, (shared, &own), was_in);
            }
            for it in if spares_direct { Vec::new() } else { self.outside_groups(&who) } {
                let it = it.ready();
                let shared = runner.shared(&it.facts);
                ways.add(&mut runner, &it, (&shared, &own), was_in);
            }
            for ((stood, why), vias) in ways.0 {
                let breach = self.breach_of(&who, stood, vias.iter(), &groups);
                found.extend(breach.map(|it| Breach {
                    unread: why.is_some().then_some(Unread::Expression),
                    why: why.map(Into::into),
                    ..it
                }));
            }
        }
        found
    }

    /// What somebody has in common with people alike.
    pub(super) fn alike(&self, who: &(CompanyId, UserIx)) -> Alike<'_> {
        let ends = self.parts(who).iter().map(|it| self.end(it.group, Fact::Member(who.1)));
        (who.0, self.parts(who), ends.collect())
    }

    /// The roles that people alike hold through their groups.
    pub(super) fn through_groups(
        &self,
        company: CompanyId,
        parts: &[Part],
        ends: &[Option<Timestamp>],
    ) -> Vec<Held<Fields>> {
        let mut roles: BTreeMap<RoleId, [Vec<Ending>; 2]> = BTreeMap::new();
        for (part, end) in parts.iter().zip(ends) {
            for side in [Side::Before, Side::After].into_iter().filter(|it| part.is_on(*it)) {
                for via in self.given(part.group, side) {
                    let HeldRole::Role(role) = via.role else { continue };
                    let ends = [
                        *end,
                        self.end(part.group, Fact::Grant(role)),
                        self.end(part.group, Fact::Attributes),
                    ];
                    let end = ends.into_iter().flatten().min();
                    roles.entry(role).or_default()[side as usize].push((via, end));
                }
            }
        }
        let held = roles.into_iter().filter(|it| !it.1[1].is_empty());
        held.map(|(role, sides)| self.held_role(company, role, sides)).collect()
    }

    fn held_role(&self, company: CompanyId, role: RoleId, sides: [Vec<Ending>; 2]) -> Held<Fields> {
        let all = |of: &[Ending]| Scope::any(of.iter().map(|it| it.0.scope.clone()));
        let [was, is] = [&sides[0], &sides[1]].map(|it| all(it));
        let new = sides[0].is_empty();
        let gives = new || !was.contains(&is);
        let known = self.rules.known.roles.get(&(company, role));
        let facts = |of: &[Ending], here: &Scope, [gives, new]: [bool; 2]| {
            let mut fields = self.role_fields(company, [gives, new], here, (!new).then_some(&was));
            let name = known.map_or_else(|| role.to_string().into(), |it| it.0.clone());
            fields.push(("role", Datum::Text(name)));
            fields.push(("roleId", text(role)));
            fields.push(("direct", Datum::Bool(false)));
            fields.push(("privileged", Datum::Bool(self.rules.is_privileged(company, role))));
            if let Some(permissions) = known.and_then(|it| it.1.as_ref()) {
                let one = |(name, actions): (&str, &std::collections::BTreeSet<Box<str>>)| {
                    (name.into(), actions.iter().cloned().collect())
                };
                fields.push(("permissions", Datum::TextsByName(permissions.iter().map(one).collect())));
            }
            let way = |(via, end): &Ending| self.way(company, (via.group?, role), *end);
            fields.push(("through", Datum::Many(of.iter().filter_map(way).collect())));
            let ends: Option<Vec<Timestamp>> = of.iter().map(|it| it.1).collect();
            fields.extend(ends.and_then(|it| it.into_iter().max()).map(|it| ("ends", Datum::Time(it))));
            fields
        };
        let same = || {
            let ways = |of: &[Ending]| -> Vec<_> { of.iter().map(|it| (it.0.group, it.1)).collect() };
            was == is && ways(&sides[0]) == ways(&sides[1])
        };
        let before = match (gives, same()) {
            (true, _) => None,
            (false, true) => Some(Before::Same),
            (false, false) => Some(Before::Other(facts(&sides[0], &was, [false; 2]))),
        };
        let facts = facts(&sides[1], &is, [gives, new]);
        let [_, after] = sides;
        Held { facts, before, vias: after.into_iter().map(|it| it.0).collect() }
    }

    /// The roles that somebody holds outside groups.
    pub(super) fn outside_groups(&self, who: &(CompanyId, UserIx)) -> Vec<Held<Fields>> {
        let user = self.sides.plan.index.user(who.1);
        let Some([before, after]) = self.direct.get(&(who.0, user)) else { return Vec::new() };
        let one = |role: &crate::model::direct::DirectRole| {
            let was = before.get(role.kind());
            let (new, gives) = (was.is_none(), was != Some(role));
            let via = Via::outside(role);
            let mut fields = self.role_fields(who.0, [gives, new], &via.scope, (!new).then_some(&via.scope));
            let role_type: Box<str> = role.kind().role_type().into();
            let privileged = self.rules.privileged_direct.contains(&role_type);
            fields.push(("role", Datum::Text(role_type.clone())));
            fields.push(("roleType", Datum::Text(role_type)));
            fields.push(("direct", Datum::Bool(true)));
            fields.push(("privileged", Datum::Bool(privileged)));
            fields.push(("through", Datum::Many(Vec::new())));
            if *role.kind() == crate::model::direct::Kind::Arranger {
                fields.push(("over", self.addresses(role.travellers().iter().map(|it| it.user))));
            }
            let person = self.sides.plan.index.find_person(who.0, user);
            let key = person.map(|it| Key {
                owner: Owner::Person(it),
                fact: Fact::Direct(Box::new(role.kind().clone())),
            });
            fields.extend(key.as_ref().and_then(|it| self.ends(it)).map(|it| ("ends", Datum::Time(it))));
            fields.extend(self.where_said(key.and_then(|it| self.said(&it))));
            Held { facts: fields, before: (!gives).then_some(Before::Same), vias: vec![via] }
        };
        after.iter().map(one).collect()
    }

    /// What is said of every role that is held.
    fn role_fields(
        &self,
        company: CompanyId,
        [gives, new]: [bool; 2],
        is: &Scope,
        was: Option<&Scope>,
    ) -> Fields {
        let mut fields = vec![
            ("company", Datum::Text(self.called(company.0))),
            ("gives", Datum::Bool(gives)),
            ("new", Datum::Bool(new)),
            ("reaches", Datum::One(self.reach(is))),
            ("now", Datum::Time(self.now)),
        ];
        fields.extend(was.map(|it| ("reached", Datum::One(self.reach(it)))));
        fields
    }

    fn way(
        &self,
        company: CompanyId,
        (group, role): (GroupIx, RoleId),
        end: Option<Timestamp>,
    ) -> Option<Fields> {
        let (name, id) = (self.name(group), self.sides.plan.index.group(group).id);
        let known = &self.rules.known;
        let mut fields = vec![
            ("managed", Datum::Bool(known.managed.contains(&(company, name.clone())))),
            ("standard", Datum::Bool(id.is_some_and(|it| known.standard.contains(&(company, it))))),
            ("group", Datum::Text(name)),
        ];
        fields.extend(id.map(|it| ("groupId", text(it))));
        fields.extend(end.map(|it| ("ends", Datum::Time(it))));
        fields
            .extend(self.where_said(self.said(&Key { owner: Owner::Group(group), fact: Fact::Grant(role) })));
        Some(fields)
    }

    /// The file and the line of a place, where it is known what files are called.
    fn where_said(&self, place: Option<Place>) -> Fields {
        let found = place.and_then(|it| {
            let file = self.rules.known.files.get(usize::try_from(it.file.0).ok()?)?;
            Some(vec![("file", Datum::Text(file.clone())), ("line", Datum::Number(it.line.get()))])
        });
        found.unwrap_or_default()
    }

    fn reach(&self, scope: &Scope) -> Fields {
        let (mut companies, mut entities, mut beyond) = (Vec::new(), Vec::new(), false);
        for audience in scope.audiences() {
            beyond |= !audience.iter().any(|it| it.kind == Kind::Company);
            for it in audience {
                let list = match it.kind {
                    Kind::Company => &mut companies,
                    Kind::LegalEntity => &mut entities,
                    _ => continue,
                };
                list.extend(it.values.iter().map(|it| match it {
                    crate::model::scope::Value::Id(id) => self.called(*id),
                    other => other.to_string().into(),
                }));
            }
        }
        for list in [&mut companies, &mut entities] {
            list.sort_unstable();
            list.dedup();
        }
        vec![
            ("companies", Datum::Texts(companies)),
            ("legalEntities", Datum::Texts(entities)),
            ("beyondCompanies", Datum::Bool(beyond)),
        ]
    }

    fn called(&self, id: uuid::Uuid) -> Box<str> {
        self.rules.known.aliases.get(&id).cloned().unwrap_or_else(|| id.to_string().into())
    }

    pub(super) fn person(&self, who: &(CompanyId, UserIx)) -> Fields {
        let user = self.sides.plan.index.user(who.1);
        let mut fields = self.named(user);
        let home = self.rules.homes.get(&user);
        fields.extend(home.map(|it| ("home", Datum::Text(self.called(it.0)))));
        fields
    }

    /// The addresses of people, or their ids; sorted.
    fn addresses(&self, people: impl Iterator<Item = UserId>) -> Datum {
        let called = |it: UserId| self.rules.names.get(&it).cloned().unwrap_or_else(|| it.to_string().into());
        let mut all: Vec<Box<str>> = people.map(called).collect();
        all.sort_unstable();
        Datum::Texts(all)
    }

    fn named(&self, user: UserId) -> Fields {
        let mut fields = vec![("userId", text(user))];
        if let Some(address) = self.rules.names.get(&user) {
            let domain = address.rsplit_once('@').map(|it| ("domain", Datum::Text(it.1.into())));
            fields.extend(domain);
            fields.push(("person", Datum::Text(address.clone())));
        }
        fields
    }

    /// The instant at which a line of a group ends.
    fn end(&self, group: GroupIx, fact: Fact) -> Option<Timestamp> {
        self.ends(&Key { owner: Owner::Group(group), fact })
    }

    fn ends(&self, key: &Key) -> Option<Timestamp> {
        self.sides.plan.lines.get(key).and_then(|it| it.ends)
    }

    fn of_edits(&self, policy: &Policy, rule: &Rule) -> Vec<Breach> {
        let groups = self.groups(policy);
        let (mut runner, mut found) = (Runner::new(rule), Vec::new());
        for edit in self.sides.plan.edits.iter() {
            let group = match edit.key.owner {
                Owner::Group(group) => Some(group),
                Owner::Person(_) => None,
            };
            let is_meant = policy.groups.is_empty() || group.is_some_and(|it| groups.contains(&it));
            let company = self.company_of(edit);
            if !is_meant || !policy.concerns(company) {
                continue;
            }
            let facts = Facts::new(self.edit(edit, company));
            // Of one edit nothing is shared: the parts that look at a person count as all others.
            let own = Facts::default();
            let why = match runner.answer(Row { shared: &facts, own: &own }) {
                Answer::Kept => continue,
                Answer::Broken => None,
                Answer::Unknown(why) => Some(why),
            };
            let by = self.edited(edit, company);
            let subject = match (by.person, group) {
                (Some(person), _) => Subject::Person(person),
                (None, Some(group)) => Subject::Group(company, self.name(group)),
                (None, None) => Subject::Company(company),
            };
            found.push(Breach {
                subject,
                stood: false,
                unread: why.is_some().then_some(Unread::Expression),
                why: why.map(Into::into),
                things: vec![vec![by]],
                most: 0,
            });
        }
        found
    }

    pub(super) fn company_of(&self, edit: &Edit) -> CompanyId {
        match edit.key.owner {
            Owner::Group(group) => self.sides.company(group),
            Owner::Person(person) => self.sides.plan.index.person(person).0,
        }
    }

    /// Who or what an edit is about.
    fn edited(&self, edit: &Edit, company: CompanyId) -> Counted {
        let index = &self.sides.plan.index;
        let role = edit.role().map(HeldRole::Role);
        let direct = edit.kind().map(|it| HeldRole::Direct(it.role_type().into()));
        let [before, after] = edit.scopes();
        let (group, person) = match edit.key.owner {
            Owner::Group(group) => (Some(self.name(group)), edit.member().map(|it| index.user(it))),
            Owner::Person(person) => (None, Some(index.person(person).1)),
        };
        let how = match (&edit.key.fact, edit.removes()) {
            (Fact::Member(_), false) => How::Joins,
            (Fact::Member(_), true) => How::Leaves,
            (Fact::Attributes, true) => How::Deleted,
            (_, true) => How::Loses,
            (_, false) => How::Gains,
        };
        let scope = after.or(before).map(|it| it.clone().into());
        Counted { company, group, person, role: role.or(direct), scope, how, from: self.said(&edit.key) }
    }

    pub(super) fn edit(&self, edit: &Edit, company: CompanyId) -> Fields {
        let index = &self.sides.plan.index;
        let word = |it: &str| Datum::Text(it.into());
        let kind = match edit.key.fact {
            Fact::Attributes => "group",
            Fact::Grant(_) => "role",
            Fact::Member(_) => "member",
            Fact::Direct(_) => "directRole",
            Fact::Trait(_) => "person",
        };
        let action = match (edit.adds(), edit.removes()) {
            (true, _) => "add",
            (false, true) => "remove",
            (false, false) => "change",
        };
        let mut fields = vec![
            ("kind", word(kind)),
            ("action", word(action)),
            ("company", Datum::Text(self.called(company.0))),
            ("privileged", Datum::Bool(self.is_privileged(edit, company))),
        ];
        let user = match edit.key.owner {
            Owner::Group(group) => {
                let known = index.group(group);
                fields.push(("group", Datum::Text(known.name.clone())));
                fields.extend(known.id.map(|it| ("groupId", text(it))));
                edit.member().map(|it| index.user(it))
            }
            Owner::Person(person) => Some(index.person(person).1),
        };
        fields.extend(user.into_iter().flat_map(|it| self.named(it)));
        if let Some(role) = edit.role() {
            let known = self.rules.known.roles.get(&(company, role));
            let name = known.map_or_else(|| role.to_string().into(), |it| it.0.clone());
            fields.push(("role", Datum::Text(name)));
            fields.push(("roleId", text(role)));
        }
        if let Some(kind) = edit.kind() {
            fields.push(("role", word(kind.role_type())));
            fields.push(("roleType", word(kind.role_type())));
        }
        if let Some(attribute) = edit.attribute() {
            fields.push(("attribute", word(attribute.as_str())));
            let sides = ["before", "after"].into_iter().zip(edit.traits());
            fields.extend(sides.filter_map(|(name, it)| Some((name, word(it?)))));
            if attribute.has_people() {
                let after = edit.traits()[1].unwrap_or_default();
                fields.push(("actors", self.addresses(acting::people(after))));
            }
        }
        let relation = edit.relation().map(|it| it.word().to_ascii_lowercase());
        fields.extend(relation.map(|it| ("relation", Datum::Text(it.into()))));
        let [before, after] = edit.scopes();
        fields.extend(before.map(|it| ("reached", Datum::One(self.reach(it)))));
        fields.extend(after.map(|it| ("reaches", Datum::One(self.reach(it)))));
        let ends = self.sides.plan.note(&edit.key).ends.or_else(|| self.ends(&edit.key));
        fields.extend(ends.map(|it| ("ends", Datum::Time(it))));
        let note = self.sides.plan.note(&edit.key);
        fields.extend(
            self.where_said(note.from.or_else(|| note.why.place().copied()).or_else(|| self.said(&edit.key))),
        );
        fields.push(("now", Datum::Time(self.now)));
        fields
    }

    fn is_privileged(&self, edit: &Edit, company: CompanyId) -> bool {
        let one = |role: RoleId| self.rules.is_privileged(company, role);
        if let Some(kind) = edit.kind() {
            return self.rules.privileged_direct.contains(kind.role_type());
        }
        match (edit.role(), edit.key.owner) {
            (Some(role), _) => one(role),
            (None, Owner::Group(group)) => {
                let given = [Side::Before, Side::After].into_iter().flat_map(|it| self.given(group, it));
                given.into_iter().any(|it| matches!(it.role, HeldRole::Role(role) if one(role)))
            }
            (None, Owner::Person(_)) => false,
        }
    }
}

/// By what somebody breaks a rule: whether that stood, and why it is not known.
#[derive(Default)]
struct Ways(BTreeMap<(bool, Option<String>), Vec<Via>>);

impl Ways {
    fn add(&mut self, runner: &mut Runner<'_>, held: &Held, (shared, own): (&Answer, &Facts), was_in: bool) {
        let found = whole(runner, shared, Row { shared: &held.facts, own });
        let why = match &found {
            Answer::Kept => return,
            Answer::Broken => None,
            Answer::Unknown(why) => Some(why.clone()),
        };
        let stood = was_in
            && match &held.before {
                None => false,
                Some(Before::Same) => true,
                Some(Before::Other(facts)) => {
                    let shared = runner.shared(facts);
                    whole(runner, &shared, Row { shared: facts, own }) == found
                }
            };
        self.0.entry((stood, why)).or_default().extend(held.vias.iter().cloned());
    }
}

/// What a rule finds of a row, of which it is known what it finds of all alike.
fn whole(runner: &mut Runner<'_>, shared: &Answer, row: Row<'_>) -> Answer {
    if *shared == Answer::Kept || !runner.looks_at_people() {
        return shared.clone();
    }
    match runner.of_person(row) {
        Answer::Broken => shared.clone(),
        other => other,
    }
}

fn text(it: impl std::fmt::Display + Copy) -> Datum {
    Datum::Text(format!("{it}").into())
}
