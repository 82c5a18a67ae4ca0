//! A state is a sorted set of keyed facts; an edit is one fact that differs between two states.
//!
//! Both sides of every comparison have this one shape, so that difference, inverse, application and counting are
//! operations on keys. What is kept column by column here is always seen fact by fact from outside. Knows neither
//! where a side comes from nor what a difference is good for.

use std::{cmp::Ordering, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    acting,
    direct::{DirectRole, DirectRoles, Kind},
    ids::{RoleId, UserId},
    index::{GroupIx, PersonIx, Renumbering, UserIx},
    scope::{Scope, Shared},
    selector::{Attribute, PersonPart},
};

/// What a fact is about: groups come before people, and the facts of one owner stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A group.
    Group(GroupIx),
    /// A person, with what is said of the person outside groups.
    Person(PersonIx),
}

impl Owner {
    /// The same in other numbers, where they know it.
    pub fn renumbered(self, numbers: &Renumbering) -> Option<Self> {
        Some(match self {
            Self::Group(group) => Self::Group(numbers.group(group)?),
            Self::Person(person) => Self::Person(numbers.person(person)?),
        })
    }
}

/// Which fact about its owner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// That a group exists, with its name and description.
    Attributes,
    /// That it grants a role.
    Grant(RoleId),
    /// That somebody is in it.
    Member(UserIx),
    /// That a person holds a direct role.
    Direct(Box<Kind>),
    /// What a person is apart from access. That the account [is active](Attribute::Active) or not is all there is to
    /// there being one.
    Trait(Attribute),
}

/// What a fact is known by: there is at most one of a key in a state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Key {
    pub owner: Owner,
    pub fact: Fact,
}

impl Key {
    /// The same in other numbers, where they know all it speaks of.
    pub fn renumbered(&self, numbers: &Renumbering) -> Option<Self> {
        Some(Edit { key: self.clone(), before: None, after: None }.renumbered(numbers)?.key)
    }
}

/// What a group says about itself; the API only takes both together (contract §3.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attributes {
    /// 1 to 255 characters.
    pub name: Box<str>,
    /// At most 1,000 characters.
    pub description: Box<str>,
}

/// What is the case about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Of [`Fact::Attributes`].
    Attributes(Arc<Attributes>),
    /// Of [`Fact::Grant`]: the whole scope, the union of all entries of the role.
    Scope(Arc<Scope>),
    /// Of [`Fact::Member`]: nothing more.
    Member,
    /// Of [`Fact::Direct`]. Equal means: of the same meaning.
    Direct(Arc<DirectRole>),
    /// Of [`Fact::Trait`].
    Trait(Arc<str>),
}

/// One fact that differs: it comes, goes or changes. Never the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Edit {
    pub key: Key,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

impl Edit {
    /// The edit that undoes this one.
    #[must_use]
    pub fn inverse(self) -> Self {
        Self { key: self.key, before: self.after, after: self.before }
    }

    /// Whether a fact comes that was not there.
    pub fn adds(&self) -> bool {
        self.before.is_none()
    }

    /// Whether a fact goes.
    pub fn removes(&self) -> bool {
        self.after.is_none()
    }

    /// The member it is about, if it is about one.
    pub fn member(&self) -> Option<UserIx> {
        match self.key.fact {
            Fact::Member(user) => Some(user),
            Fact::Attributes | Fact::Grant(_) | Fact::Direct(_) | Fact::Trait(_) => None,
        }
    }

    /// The role of a group it is about, if it is about one.
    pub fn role(&self) -> Option<RoleId> {
        match self.key.fact {
            Fact::Grant(role) => Some(role),
            Fact::Attributes | Fact::Member(_) | Fact::Direct(_) | Fact::Trait(_) => None,
        }
    }

    /// Which direct role it is about, if it is about one.
    pub fn kind(&self) -> Option<&Kind> {
        match &self.key.fact {
            Fact::Direct(kind) => Some(kind),
            Fact::Attributes | Fact::Grant(_) | Fact::Member(_) | Fact::Trait(_) => None,
        }
    }

    /// What of a person it is about, if it is about that.
    pub fn attribute(&self) -> Option<Attribute> {
        match self.key.fact {
            Fact::Trait(attribute) => Some(attribute),
            Fact::Attributes | Fact::Grant(_) | Fact::Member(_) | Fact::Direct(_) => None,
        }
    }

    /// The part of a person that it is about, if it is about one.
    pub fn part(&self) -> Option<PersonPart> {
        self.attribute().map(Attribute::part)
    }

    /// The scopes before and after, of an edit about a role of a group.
    pub fn scopes(&self) -> [Option<&Scope>; 2] {
        [&self.before, &self.after].map(|it| match it {
            Some(Value::Scope(scope)) => Some(&**scope),
            Some(Value::Attributes(_) | Value::Member | Value::Direct(_) | Value::Trait(_)) | None => None,
        })
    }

    /// The attributes before and after, of an edit about a group itself.
    pub fn attributes(&self) -> [Option<&Attributes>; 2] {
        [&self.before, &self.after].map(|it| match it {
            Some(Value::Attributes(attributes)) => Some(&**attributes),
            Some(Value::Scope(_) | Value::Member | Value::Direct(_) | Value::Trait(_)) | None => None,
        })
    }

    /// The direct roles before and after, of an edit about one.
    pub fn direct(&self) -> [Option<&DirectRole>; 2] {
        [&self.before, &self.after].map(|it| match it {
            Some(Value::Direct(role)) => Some(&**role),
            Some(Value::Attributes(_) | Value::Scope(_) | Value::Member | Value::Trait(_)) | None => None,
        })
    }

    /// What of the person before and after, of an edit about that.
    pub fn traits(&self) -> [Option<&str>; 2] {
        [&self.before, &self.after].map(|it| match it {
            Some(Value::Trait(value)) => Some(&**value),
            Some(Value::Attributes(_) | Value::Scope(_) | Value::Member | Value::Direct(_)) | None => None,
        })
    }

    /// Whether the fact is the same after this edit as after another one of it.
    pub fn ends_as(&self, other: &Self) -> bool {
        match self.attribute() {
            Some(it) => it.same(self.traits()[1], other.traits()[1]),
            None => self.after == other.after,
        }
    }

    /// The same edit with other ids of the people that its values name.
    #[must_use]
    pub(crate) fn with_users(self, rename: impl Fn(UserId) -> UserId) -> Self {
        let attribute = self.attribute();
        let value = |it: Value| match it {
            Value::Scope(it) => Value::Scope(Arc::new(it.with_users(&rename))),
            Value::Direct(it) => Value::Direct(Arc::new(it.with_users(&rename))),
            Value::Trait(it) => Value::Trait(match attribute {
                Some(attribute) => acting::with_users(attribute, &it, &rename).into(),
                None => it,
            }),
            it @ (Value::Attributes(_) | Value::Member) => it,
        };
        Self { key: self.key, before: self.before.map(value), after: self.after.map(value) }
    }

    /// The same edit in other numbers; `None` where something it speaks of has none.
    pub fn renumbered(self, numbers: &Renumbering) -> Option<Self> {
        let Key { owner, fact } = self.key;
        let owner = owner.renumbered(numbers)?;
        let fact = match fact {
            Fact::Member(user) => Fact::Member(numbers.user(user)?),
            fact @ (Fact::Attributes | Fact::Grant(_) | Fact::Direct(_) | Fact::Trait(_)) => fact,
        };
        Some(Self { key: Key { owner, fact }, ..self })
    }
}

/// A role of a group, with its scope.
pub type Grant = ((GroupIx, RoleId), Arc<Scope>);

/// All facts of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    groups: Vec<(GroupIx, Arc<Attributes>)>,
    grants: Vec<Grant>,
    members: Vec<((GroupIx, UserIx), ())>,
    direct: Vec<((PersonIx, Kind), Arc<DirectRole>)>,
    traits: Vec<((PersonIx, Attribute), Arc<str>)>,
}

impl State {
    /// Sorts facts that came in any order; of two with one key the first stays.
    pub fn new(facts: Facts) -> Self {
        let Facts { mut groups, mut grants, mut members, mut direct, mut traits, scopes: _ } = facts;
        tidy(&mut groups);
        tidy(&mut grants);
        tidy(&mut members);
        tidy(&mut direct);
        tidy(&mut traits);
        Self { groups, grants, members, direct, traits }
    }

    /// The groups that exist, sorted.
    pub fn groups(&self) -> &[(GroupIx, Arc<Attributes>)] {
        &self.groups
    }

    /// Every grant, sorted by group and role.
    pub fn all_grants(&self) -> &[Grant] {
        &self.grants
    }

    /// Every membership, sorted by group and user.
    pub fn memberships(&self) -> impl ExactSizeIterator<Item = (GroupIx, UserIx)> {
        self.members.iter().map(|it| it.0)
    }

    /// Everybody who holds direct roles, with them, sorted.
    pub fn people(&self) -> impl Iterator<Item = (PersonIx, impl Iterator<Item = &DirectRole>)> {
        self.direct.chunk_by(|a, b| a.0.0 == b.0.0).map(|it| (it[0].0.0, it.iter().map(|it| &*it.1)))
    }

    /// What is the case about a key; `None` where nothing is.
    pub fn value(&self, key: &Key) -> Option<Value> {
        match (key.owner, &key.fact) {
            (Owner::Group(group), Fact::Attributes) => self.attributes(group).cloned().map(Value::Attributes),
            (Owner::Group(group), Fact::Grant(role)) => self.scope(group, *role).cloned().map(Value::Scope),
            (Owner::Group(group), Fact::Member(user)) => {
                self.has_member(group, *user).then_some(Value::Member)
            }
            (Owner::Person(person), Fact::Direct(kind)) => {
                let held = part(&self.direct, |it| it.0.0.cmp(&person));
                held.iter().find(|it| it.0.1 == **kind).map(|it| Value::Direct(it.1.clone()))
            }
            (Owner::Person(person), Fact::Trait(attribute)) => {
                self.shared_trait(person, *attribute).cloned().map(Value::Trait)
            }
            // No such key is made.
            (Owner::Group(_), Fact::Direct(_) | Fact::Trait(_))
            | (Owner::Person(_), Fact::Attributes | Fact::Grant(_) | Fact::Member(_)) => None,
        }
    }

    /// Name and description of a group that exists.
    pub fn attributes(&self, group: GroupIx) -> Option<&Arc<Attributes>> {
        self.groups.binary_search_by_key(&group, |it| it.0).ok().map(|at| &self.groups[at].1)
    }

    /// What a group grants, sorted by role.
    pub fn grants(&self, group: GroupIx) -> &[Grant] {
        part(&self.grants, |it| it.0.0.cmp(&group))
    }

    /// Who is in a group, sorted.
    pub fn members(&self, group: GroupIx) -> impl ExactSizeIterator<Item = UserIx> + Clone {
        part(&self.members, |it| it.0.0.cmp(&group)).iter().map(|it| it.0.1)
    }

    /// Whether somebody is in a group.
    pub fn has_member(&self, group: GroupIx, user: UserIx) -> bool {
        self.members.binary_search_by_key(&(group, user), |it| it.0).is_ok()
    }

    /// The scope on which a group grants a role, if it does.
    pub fn scope(&self, group: GroupIx, role: RoleId) -> Option<&Arc<Scope>> {
        self.grants.binary_search_by_key(&(group, role), |it| it.0).ok().map(|at| &self.grants[at].1)
    }

    /// The direct roles of a person.
    pub fn direct(&self, person: PersonIx) -> DirectRoles {
        part(&self.direct, |it| it.0.0.cmp(&person)).iter().map(|it| (*it.1).clone()).collect()
    }

    fn shared_trait(&self, person: PersonIx, attribute: Attribute) -> Option<&Arc<str>> {
        let at = self.traits.binary_search_by_key(&(person, attribute), |it| it.0).ok()?;
        Some(&self.traits[at].1)
    }

    /// What a person is by an attribute, as far as that is held.
    pub fn of_person(&self, person: PersonIx, attribute: Attribute) -> Option<&str> {
        self.shared_trait(person, attribute).map(|it| &**it)
    }

    /// What people are by every attribute that is held, sorted.
    pub fn traits(&self) -> impl Iterator<Item = (PersonIx, Attribute, &str)> {
        self.traits.iter().map(|((person, attribute), it)| (*person, *attribute, &**it))
    }

    /// Makes edits, sorted by key: afterwards each key has what `after` says.
    ///
    /// The one place that says what an edit does to a state.
    pub fn apply<'a>(&mut self, edits: impl IntoIterator<Item = &'a Edit>) {
        let (mut groups, mut grants, mut members, mut direct, mut traits) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for Edit { key, after, .. } in edits {
            match (key.owner, &key.fact, after) {
                (Owner::Group(group), Fact::Attributes, Some(Value::Attributes(to))) => {
                    groups.push((group, Some(to.clone())));
                }
                (Owner::Group(group), Fact::Attributes, _) => groups.push((group, None)),
                (Owner::Group(group), Fact::Grant(role), Some(Value::Scope(to))) => {
                    grants.push(((group, *role), Some(to.clone())));
                }
                (Owner::Group(group), Fact::Grant(role), _) => grants.push(((group, *role), None)),
                (Owner::Group(group), Fact::Member(user), to) => {
                    members.push(((group, *user), to.as_ref().map(|_| ())));
                }
                (Owner::Person(person), Fact::Direct(kind), Some(Value::Direct(to))) => {
                    direct.push(((person, (**kind).clone()), Some(to.clone())));
                }
                (Owner::Person(person), Fact::Direct(kind), _) => {
                    direct.push(((person, (**kind).clone()), None));
                }
                (Owner::Person(person), Fact::Trait(attribute), Some(Value::Trait(to))) => {
                    traits.push(((person, *attribute), Some(to.clone())));
                }
                (Owner::Person(person), Fact::Trait(attribute), _) => {
                    traits.push(((person, *attribute), None));
                }
                // No such key is made.
                (Owner::Group(_), Fact::Direct(_) | Fact::Trait(_), _)
                | (Owner::Person(_), Fact::Attributes | Fact::Grant(_) | Fact::Member(_), _) => (),
            }
        }
        merge(&mut self.groups, groups);
        merge(&mut self.grants, grants);
        merge(&mut self.members, members);
        merge(&mut self.direct, direct);
        merge(&mut self.traits, traits);
    }

    /// The same state with further facts.
    #[must_use]
    pub fn with(self, more: Facts) -> Self {
        let Self { groups, grants, members, direct, traits } = self;
        let mut facts = Facts { groups, grants, members, direct, traits, ..Facts::default() };
        facts.extend(more);
        Self::new(facts)
    }

    /// The facts of some owners alone.
    #[must_use]
    pub fn of(&self, groups: impl Fn(GroupIx) -> bool, people: impl Fn(PersonIx) -> bool) -> Self {
        Self {
            groups: self.groups.iter().filter(|it| groups(it.0)).cloned().collect(),
            grants: self.grants.iter().filter(|it| groups(it.0.0)).cloned().collect(),
            members: self.members.iter().filter(|it| groups(it.0.0)).copied().collect(),
            direct: self.direct.iter().filter(|it| people(it.0.0)).cloned().collect(),
            traits: self.traits.iter().filter(|it| people(it.0.0)).cloned().collect(),
        }
    }

    /// The same facts in other numbers; those of which something has none are left out.
    #[must_use]
    pub fn renumbered(&self, numbers: &Renumbering) -> Self {
        let groups = self.groups.iter().filter_map(|it| Some((numbers.group(it.0)?, it.1.clone())));
        let grants =
            self.grants.iter().filter_map(|it| Some(((numbers.group(it.0.0)?, it.0.1), it.1.clone())));
        let members = self.memberships();
        let members = members.filter_map(|it| Some(((numbers.group(it.0)?, numbers.user(it.1)?), ())));
        let direct = self
            .direct
            .iter()
            .filter_map(|it| Some(((numbers.person(it.0.0)?, it.0.1.clone()), it.1.clone())));
        let traits =
            self.traits.iter().filter_map(|it| Some(((numbers.person(it.0.0)?, it.0.1), it.1.clone())));
        Self::new(Facts {
            groups: groups.collect(),
            grants: grants.collect(),
            members: members.collect(),
            direct: direct.collect(),
            traits: traits.collect(),
            ..Facts::default()
        })
    }
}

/// Facts in any order, on their way into a state.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    groups: Vec<(GroupIx, Arc<Attributes>)>,
    grants: Vec<Grant>,
    members: Vec<((GroupIx, UserIx), ())>,
    direct: Vec<((PersonIx, Kind), Arc<DirectRole>)>,
    traits: Vec<((PersonIx, Attribute), Arc<str>)>,
    scopes: Shared,
}

impl Facts {
    /// A group exists.
    pub fn group(&mut self, group: GroupIx, attributes: Arc<Attributes>) {
        self.groups.push((group, attributes));
    }

    /// A group grants a role.
    pub fn grant(&mut self, group: GroupIx, role: RoleId, scope: Arc<Scope>) {
        self.grants.push(((group, role), self.scopes.scope(scope)));
    }

    /// Somebody is in a group.
    pub fn member(&mut self, group: GroupIx, user: UserIx) {
        self.members.push(((group, user), ()));
    }

    /// A person holds direct roles.
    pub fn direct(&mut self, person: PersonIx, roles: &DirectRoles) {
        self.direct.extend(roles.iter().map(|it| ((person, it.kind().clone()), Arc::new(it.clone()))));
    }

    /// All of these as well.
    pub fn extend(&mut self, more: Self) {
        self.groups.extend(more.groups);
        self.grants.extend(more.grants);
        self.members.extend(more.members);
        self.direct.extend(more.direct);
        self.traits.extend(more.traits);
    }

    /// A person is something apart from access.
    pub fn person(&mut self, person: PersonIx, attribute: Attribute, value: &str) {
        self.traits.push(((person, attribute), value.into()));
    }
}

/// All differences between two states, sorted by key.
pub fn diff(before: &State, after: &State) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut note = |owner, fact, before: Option<Value>, after: Option<Value>| {
        if before != after {
            edits.push(Edit { key: Key { owner, fact }, before, after });
        }
    };
    join(&before.groups, &after.groups, |group, before, after| {
        let value = |it: Option<&Arc<Attributes>>| it.cloned().map(Value::Attributes);
        note(Owner::Group(*group), Fact::Attributes, value(before), value(after));
    });
    join(&before.grants, &after.grants, |(group, role), before, after| {
        let value = |it: Option<&Arc<Scope>>| it.cloned().map(Value::Scope);
        note(Owner::Group(*group), Fact::Grant(*role), value(before), value(after));
    });
    join(&before.members, &after.members, |(group, user), before, after| {
        let value = |it: Option<&()>| it.map(|()| Value::Member);
        note(Owner::Group(*group), Fact::Member(*user), value(before), value(after));
    });
    join(&before.direct, &after.direct, |(person, kind), before, after| {
        let value = |it: Option<&Arc<DirectRole>>| it.cloned().map(Value::Direct);
        note(Owner::Person(*person), Fact::Direct(Box::new(kind.clone())), value(before), value(after));
    });
    join(&before.traits, &after.traits, |(person, attribute), before, after| {
        let value = |it: Option<&Arc<str>>| it.cloned().map(Value::Trait);
        note(Owner::Person(*person), Fact::Trait(*attribute), value(before), value(after));
    });
    edits.sort_by(|a, b| a.key.cmp(&b.key));
    edits
}

/// Somebody in a group, on at least one of two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Membership {
    pub group: GroupIx,
    pub user: UserIx,
    pub before: bool,
    pub after: bool,
}

/// Every membership of two states, sorted by group and user.
pub fn memberships(before: &State, after: &State) -> impl Iterator<Item = Membership> {
    let (mut a, mut b) = (before.memberships().peekable(), after.memberships().peekable());
    std::iter::from_fn(move || {
        let order = match (a.peek(), b.peek()) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.cmp(b),
        };
        let left = if order.is_le() { a.next() } else { None };
        let right = if order.is_ge() { b.next() } else { None };
        let (group, user) = left.or(right)?;
        Some(Membership { group, user, before: left.is_some(), after: right.is_some() })
    })
}

/// Walks two sorted columns together: every key once, with what each side has. Keys with one value are passed over.
fn join<K: Ord, V: PartialEq>(a: &[(K, V)], b: &[(K, V)], mut each: impl FnMut(&K, Option<&V>, Option<&V>)) {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let order = match (a.peek(), b.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.0.cmp(&b.0),
        };
        let left = if order.is_le() { a.next() } else { None };
        let right = if order.is_ge() { b.next() } else { None };
        match (left, right) {
            (Some((key, before)), Some((_, after))) if before != after => {
                each(key, Some(before), Some(after));
            }
            (Some((key, before)), None) => each(key, Some(before), None),
            (None, Some((key, after))) => each(key, None, Some(after)),
            (Some(_), Some(_)) | (None, None) => (),
        }
    }
}

/// Puts sorted changes into a sorted column: `None` takes a key out.
fn merge<K: Ord, V>(column: &mut Vec<(K, V)>, changes: Vec<(K, Option<V>)>) {
    if changes.is_empty() {
        return;
    }
    let mut merged = Vec::with_capacity(column.len() + changes.len());
    let mut old = std::mem::take(column).into_iter().peekable();
    for (key, value) in changes {
        while old.peek().is_some_and(|it| it.0 < key) {
            merged.extend(old.next());
        }
        if old.peek().is_some_and(|it| it.0 == key) {
            old.next();
        }
        merged.extend(value.map(|value| (key, value)));
    }
    merged.extend(old);
    *column = merged;
}

/// Sorts a column; of two with one key the first stays.
fn tidy<K: Ord, V>(column: &mut Vec<(K, V)>) {
    column.sort_by(|a, b| a.0.cmp(&b.0));
    column.dedup_by(|a, b| a.0 == b.0);
    column.shrink_to_fit();
}

/// The stretch of a sorted column for which `order` says equal.
fn part<T>(column: &[T], order: impl Fn(&T) -> Ordering) -> &[T] {
    let start = column.partition_point(|it| order(it).is_lt());
    let end = start + column[start..].partition_point(|it| order(it).is_eq());
    &column[start..end]
}
