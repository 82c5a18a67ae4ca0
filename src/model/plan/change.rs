//! The edits of a plan, and what happens to one group or one person: a view of them, computed when it is asked for.

use std::collections::BTreeMap;

use crate::model::{
    direct::{DirectRole, DirectRoles, Traveller},
    ids::{CompanyId, GroupId, RoleId, UserId},
    index::{GroupIx, Index},
    plan::{Note, Plan},
    scope::{Relation, Scope},
    selector::{Attribute, Traits},
    source::Place,
    state::{Attributes, Edit, Fact, Key, Owner},
};

/// Edits sorted by key, with the places where those of the next owner begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    all: Vec<Edit>,
    /// Where the edits of each owner end.
    ends: Vec<usize>,
}

impl Edits {
    /// Takes edits in any order, of which no two have one key.
    pub fn new(mut all: Vec<Edit>) -> Self {
        all.sort_by(|a, b| a.key.cmp(&b.key));
        let mut end = 0;
        let owners = all.chunk_by(|a, b| a.key.owner == b.key.owner);
        let ends = owners.map(|it| {
            end += it.len();
            end
        });
        let ends = ends.collect();
        Self { all, ends }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many groups and people they are about.
    pub fn owners(&self) -> usize {
        self.ends.len()
    }

    /// Every edit, in the order of the keys.
    pub fn iter(&self) -> std::slice::Iter<'_, Edit> {
        self.all.iter()
    }

    /// The edits of the owner at a position.
    fn of(&self, at: usize) -> &[Edit] {
        let start = at.checked_sub(1).map_or(0, |it| self.ends[it]);
        &self.all[start..self.ends[at]]
    }
}

/// What happens to a group itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is created.
    Create,
    /// It stays, with another name or description, or others in it.
    Alter,
    /// It is deleted.
    Delete,
}

/// Everything that changes about one group or one person.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    plan: &'a Plan,
    /// Its position in the plan.
    pub at: usize,
    /// What it is about.
    pub owner: Owner,
    /// The edits, sorted by key.
    pub edits: &'a [Edit],
}

impl<'a> Change<'a> {
    pub(super) fn new(plan: &'a Plan, at: usize) -> Self {
        let edits = plan.edits.of(at);
        Self { plan, at, owner: edits[0].key.owner, edits }
    }

    /// The numbers that its edits speak in.
    pub fn index(&self) -> &'a Index {
        &self.plan.index
    }

    /// The number of the group; `None` of a person.
    pub fn group(&self) -> Option<GroupIx> {
        match self.owner {
            Owner::Group(group) => Some(group),
            Owner::Person(_) => None,
        }
    }

    /// The person; `None` of a group.
    pub fn user(&self) -> Option<UserId> {
        match self.owner {
            Owner::Group(_) => None,
            Owner::Person(person) => Some(self.plan.index.person(person).1),
        }
    }

    /// The company that the group or person belongs to.
    pub fn company(&self) -> CompanyId {
        match self.owner {
            Owner::Group(group) => self.plan.index.group(group).company,
            Owner::Person(person) => self.plan.index.person(person).0,
        }
    }

    /// The name that the group has, or will have if it is created; empty of a person.
    pub fn name(&self) -> &'a str {
        self.group().map_or("", |it| &self.plan.index.group(it).name)
    }

    /// The id of a group that exists.
    pub fn id(&self) -> Option<GroupId> {
        self.group().filter(|_| self.action() != Action::Create).and_then(|it| self.plan.index.group(it).id)
    }

    /// What happens to the group itself.
    pub fn action(&self) -> Action {
        match self.itself() {
            Some(edit) if edit.adds() => Action::Create,
            Some(edit) if edit.removes() => Action::Delete,
            Some(_) | None => Action::Alter,
        }
    }

    /// The edit of the group itself, if there is one: it sorts before all others.
    pub fn itself(&self) -> Option<&'a Edit> {
        self.edits.first().filter(|it| it.key.fact == Fact::Attributes)
    }

    /// Name and description before; `None` of a group that is created.
    pub fn attributes_before(&self) -> Option<&'a Attributes> {
        match self.itself() {
            Some(edit) => edit.attributes()[0],
            None => self.group().and_then(|it| self.plan.live.attributes(it)).map(|it| &**it),
        }
    }

    /// Name and description after; `None` of a group that is deleted.
    pub fn attributes_after(&self) -> Option<&'a Attributes> {
        match self.itself() {
            Some(edit) => edit.attributes()[1],
            None => self.attributes_before(),
        }
    }

    /// What is said beside the group or person as a whole.
    fn own_note(&self) -> Note {
        self.plan.note(&Key { owner: self.owner, fact: Fact::Attributes })
    }

    /// Where the group, its removal, or the person is declared.
    pub fn from(&self) -> Option<Place> {
        self.own_note().from
    }

    /// The reason that the files give: of a group why it goes, of a person why something of the person changes.
    pub fn reason(&self) -> Option<&'a str> {
        self.plan.reasons.get(&self.owner).map(|it| &**it)
    }

    /// Whether it is known what was in the group before.
    pub fn is_read(&self) -> bool {
        self.group().is_none_or(|it| !self.plan.unread.contains(&it))
    }

    /// What is said beside an edit.
    pub fn note(&self, edit: &Edit) -> Note {
        self.plan.note(&edit.key)
    }

    /// The edits of roles, sorted by role.
    pub fn grants(&self) -> impl Iterator<Item = &'a Edit> + Clone {
        self.edits.iter().filter(|it| matches!(it.key.fact, Fact::Grant(_)))
    }

    /// The edits of members, sorted by user.
    pub fn members(&self) -> impl Iterator<Item = &'a Edit> + Clone {
        self.edits.iter().filter(|it| matches!(it.key.fact, Fact::Member(_)))
    }

    /// The edits of direct roles, sorted by kind.
    pub fn direct(&self) -> impl Iterator<Item = &'a Edit> + Clone {
        self.edits.iter().filter(|it| matches!(it.key.fact, Fact::Direct(_)))
    }

    /// The edits of what a person is apart from access, sorted by attribute.
    pub fn traits(&self) -> impl Iterator<Item = &'a Edit> + Clone {
        self.edits.iter().filter(|it| it.attribute().is_some())
    }

    fn users(&self, wanted: impl Fn(&Edit) -> bool + Clone) -> impl Iterator<Item = UserId> + Clone {
        let plan = self.plan;
        self.members().filter(move |it| wanted(it)).filter_map(Edit::member).map(|it| plan.index.user(it))
    }

    /// Who joins, sorted.
    pub fn joining(&self) -> impl Iterator<Item = UserId> + Clone {
        self.users(Edit::adds)
    }

    /// Who leaves, sorted.
    pub fn leaving(&self) -> impl Iterator<Item = UserId> + Clone {
        self.users(Edit::removes)
    }

    /// Who leaves because of being cut off everywhere, sorted.
    pub fn locked_out(&self) -> impl Iterator<Item = UserId> + Clone {
        let plan = self.plan;
        self.users(move |it| it.removes() && plan.note(&it.key).why.is_lockout())
    }

    /// Who is in the group before, sorted; as far as it was looked into.
    pub fn members_before(&self) -> impl Iterator<Item = UserId> {
        let plan = self.plan;
        let read = self.group().filter(|_| self.is_read());
        read.into_iter().flat_map(|it| plan.live.members(it)).map(|it| plan.index.user(it))
    }

    /// Who is in the group before and after, sorted; as far as it was looked into.
    pub fn staying(&self) -> impl Iterator<Item = UserId> {
        let mut leaving = self.leaving().peekable();
        self.members_before().filter(move |user| leaving.next_if_eq(user).is_none())
    }

    /// The roles that the group has before, sorted; as far as it was looked into.
    pub fn roles_before(&self) -> impl Iterator<Item = (RoleId, &'a Scope)> {
        let plan = self.plan;
        let read = self.group().filter(|_| self.is_read());
        read.into_iter().flat_map(|it| plan.live.grants(it)).map(|it| (it.0.1, &*it.1))
    }

    /// Every role that the group will have, changed or not.
    pub fn roles_after(&self) -> BTreeMap<RoleId, &'a Scope> {
        let mut roles: BTreeMap<RoleId, &Scope> = self.roles_before().collect();
        for (role, [_, after]) in self.grants().filter_map(|it| Some((it.role()?, it.scopes()))) {
            match after {
                Some(scope) => _ = roles.insert(role, scope),
                None => _ = roles.remove(&role),
            }
        }
        roles
    }

    /// The direct roles that the person has before.
    pub fn direct_before(&self) -> DirectRoles {
        match self.owner {
            Owner::Person(person) => self.plan.live.direct(person),
            Owner::Group(_) => DirectRoles::default(),
        }
    }

    /// Whether the account is active before and after, where that changes; it is not there where that is not held.
    pub fn account(&self) -> Option<[Option<&'a str>; 2]> {
        self.traits().find(|it| it.attribute() == Some(Attribute::Active)).map(Edit::traits)
    }

    /// Whether the account is deactivated.
    pub fn leaves(&self) -> bool {
        matches!(self.account(), Some([_, Some("false")]))
    }

    /// Whether an account that is there is activated.
    pub fn comes_back(&self) -> bool {
        matches!(self.account(), Some([Some(_), Some("true")]))
    }

    /// What the person is before, of that which changes.
    pub fn traits_before(&self) -> Traits {
        let mut before = Traits::default();
        for edit in self.traits() {
            if let (Some(attribute), [Some(value), _]) = (edit.attribute(), edit.traits()) {
                before.put(attribute, value);
            }
        }
        before
    }

    /// The direct roles that the person will have, changed or not.
    pub fn direct_after(&self) -> DirectRoles {
        let mut after = self.direct_before();
        for [before, role] in self.direct().map(Edit::direct) {
            match (before, role) {
                (_, Some(role)) => after.put(role.clone()),
                (Some(role), None) => after.take(role.kind()),
                (None, None) => (),
            }
        }
        after
    }

    /// Whether somebody may gain by a role that changes.
    pub fn gives(&self) -> bool {
        self.edits.iter().any(Edit::gives)
    }

    /// Whether somebody may lose by a role that changes.
    pub fn takes(&self) -> bool {
        self.edits.iter().any(Edit::takes)
    }
}

impl Edit {
    /// How what is held after relates to what is held before, of a role that changes.
    pub fn relation(&self) -> Option<Relation> {
        match (self.scopes(), self.direct()) {
            ([Some(before), Some(after)], _) => before.relation(after),
            (_, [Some(before), Some(after)]) => relation(before, after),
            _ => None,
        }
    }

    /// Whether it gives something: it comes, or is more than before at least in part. What a person is apart from access
    /// gives nothing by itself.
    pub fn gives(&self) -> bool {
        match self.relation() {
            Some(relation) => relation != Relation::Narrows,
            None => self.adds() && self.attribute().is_none(),
        }
    }

    /// Whether it takes something: it goes, or is less than before at least in part.
    pub fn takes(&self) -> bool {
        match self.relation() {
            Some(relation) => relation != Relation::Widens,
            None => self.removes() && self.attribute().is_none(),
        }
    }

    /// The travellers that it speaks of.
    pub fn travellers(&self) -> impl Iterator<Item = &Traveller> {
        self.direct().into_iter().flatten().flat_map(DirectRole::travellers)
    }
}

/// How the travellers of a changed direct role relate: who is added, widens; a mail more or less is another traveller,
/// as what it tells may be more or less. `None` where they are the same.
pub fn relation(before: &DirectRole, after: &DirectRole) -> Option<Relation> {
    let within = |a: &[Traveller], b: &[Traveller]| a.iter().all(|it| b.binary_search(it).is_ok());
    match (within(before.travellers(), after.travellers()), within(after.travellers(), before.travellers())) {
        (true, true) => None,
        (true, false) => Some(Relation::Widens),
        (false, true) => Some(Relation::Narrows),
        (false, false) => Some(Relation::Changes),
    }
}
