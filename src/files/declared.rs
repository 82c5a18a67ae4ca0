//! What the files declare: checked offline, in names, with the place of each line.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashSet},
};

use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::model::{
    date::Term,
    finding::Finding,
    ids::{CompanyId, PersonRef, UserId},
    rules::Unmanaged,
    selector::{Attribute, Selector},
    source::Place,
};

pub(in crate::files) mod endpoints;
mod group;
mod policy;
mod role;
mod rules;
mod term;
mod user;

pub use endpoints::DeclaredEndpoint;
pub(crate) use group::{Computed, DeclaredGrant, DeclaredMember, DeclaredRule, PendingAudience, Said};
pub use group::{DeclaredGroup, DeclaredRemoval, DeclaredScope};
pub(crate) use policy::{DeclaredLaw, DeclaredPolicy, DirectOf};
pub use role::{ProvidedBy, RoleRef};
pub(crate) use rules::{
    DeclaredAccept, DeclaredDifference, DeclaredException, DeclaredFloor, DeclaredTarget,
};
pub use rules::{DeclaredLockout, DeclaredRules, Pattern};
pub(crate) use user::{
    DeclaredDirect, DeclaredDirectRole, DeclaredTrait, DeclaredTraveller, DeclaredUser, TraitValue,
};

/// Everything the files of one run ask for.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Declared {
    pub company: Option<CompanyId>,
    pub companies: Vec<DeclaredCompany>,
    /// The companies of the workspace that the run is not about, sorted: of them nothing is read but who people are.
    pub(crate) aside: Vec<CompanyId>,
    /// In which days begin and end; UTC where none is said.
    pub(crate) zone: Option<TimeZone>,
    /// The names of the workspace, by which ids are shown to people.
    pub aliases: BTreeMap<Uuid, Box<str>>,
    /// Where each of these names stands.
    pub named_at: BTreeMap<Uuid, Place>,
    /// The names that rules may say, by what they are names for.
    pub attribute_names: BTreeMap<Attribute, BTreeSet<Box<str>>>,
    /// The companies the workspace has names for, in which people of scopes are looked for.
    pub(crate) known_companies: Vec<CompanyId>,
    pub rules: DeclaredRules,
    /// Where companies are that are not where the rest is, in the order of the file.
    pub endpoints: Vec<DeclaredEndpoint>,
    /// What is done about groups that no file names.
    pub unmanaged: Unmanaged,
    /// In force or not, in the order of the file.
    pub lockouts: Vec<DeclaredLockout>,
    /// Differences that are left as they are, in force or not, in the order of the file.
    pub(crate) accepts: Vec<DeclaredAccept>,
    /// What is odd about how the files are written.
    pub(crate) misread: Vec<Finding>,
    /// Whether the rules of another side have policies, which have to tell where something is asked for.
    pub(crate) lined: bool,
    /// What the files of the base ask for, where there is one.
    pub(crate) base: Option<Box<Declared>>,
}

/// What the files ask of one company.
#[derive(Clone, Debug)]
pub struct DeclaredCompany {
    /// Unique in a run.
    pub id: CompanyId,
    /// Sorted by name.
    pub groups: Vec<DeclaredGroup>,
    /// Sorted by name.
    pub(crate) removals: Vec<DeclaredRemoval>,
    /// People by themselves, sorted by person.
    pub(crate) users: Vec<DeclaredUser>,
    /// People whose direct roles are looked at although no file speaks of them.
    pub(crate) also: Vec<PersonRef>,
    /// People whose groups are looked at although no file says that their accounts come or go: they are among `also`.
    pub(crate) held: Vec<PersonRef>,
    /// People of whom attributes are looked at although no file speaks of them.
    pub(crate) profiled: Vec<(PersonRef, BTreeSet<Attribute>)>,
    /// Other keys by which people may be known who shall have an account: a second one is never made.
    pub(crate) newcomers: Vec<PersonRef>,
    /// What it means where the company has no group of its own.
    pub(crate) bare: Bare,
}

/// What is thought of a company without groups of its own, though the files declare some.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bare {
    /// That the list is wrong.
    #[default]
    Doubted,
    /// That it is new, and everything is to be created, even what is pinned or renamed.
    New,
}

/// A list and what it means for what is not on it.
#[derive(Clone, Debug)]
pub(crate) struct Listed<T> {
    pub(crate) entries: Vec<T>,
    /// Those of the entries that ask for something later; empty until [`Declared::at`] an instant.
    pub(crate) coming: Vec<T>,
    pub(crate) rest: Rest,
}

/// What happens to what a list does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Removed,
    /// It stays (`atLeast`).
    Kept,
    /// It stays, and the list is empty because none was written (`unmanaged`).
    Unmanaged,
}

impl Declared {
    /// How many groups, removals, users and lock-outs the files have.
    pub fn entries(&self) -> usize {
        self.companies.iter().map(DeclaredCompany::entries).sum::<usize>() + self.lockouts.len()
    }

    /// Takes companies without groups of their own for new ones.
    pub fn create_all(&mut self) {
        self.companies.iter_mut().for_each(|it| it.bare = Bare::New);
    }

    /// Looks at a company even if no file speaks of it.
    pub fn look_at(&mut self, company: CompanyId) {
        if let Err(at) = self.companies.binary_search_by_key(&company, |it| it.id) {
            self.companies.insert(at, DeclaredCompany::new(company));
        }
    }

    /// Looks at the direct roles of a person, in whichever company of the files that is, even if no file speaks of them.
    pub(crate) fn look_at_person(&mut self, person: &PersonRef) {
        self.companies.iter_mut().for_each(|it| it.also.push(person.clone()));
    }

    /// Looks at the direct roles of a user even if no file speaks of them.
    pub fn look_at_user(&mut self, company: CompanyId, user: UserId) {
        self.look_at(company);
        let person = PersonRef::UserId(user);
        for it in self.companies.iter_mut().filter(|it| it.id == company && !it.also.contains(&person)) {
            it.also.push(person.clone());
        }
    }

    /// Looks at the groups of a user even if no file says that the account comes or goes.
    pub(crate) fn look_at_groups(&mut self, company: CompanyId, user: UserId) {
        for it in self.companies.iter_mut().filter(|it| it.id == company) {
            it.held.push(PersonRef::UserId(user));
        }
    }

    /// Looks at what a user is by these attributes, even if no file speaks of them.
    pub(crate) fn look_at_traits(
        &mut self,
        company: CompanyId,
        user: UserId,
        attributes: &BTreeSet<Attribute>,
    ) {
        self.look_at(company);
        let person = PersonRef::UserId(user);
        for it in self.companies.iter_mut().filter(|it| it.id == company && !attributes.is_empty()) {
            it.profiled.push((person.clone(), attributes.clone()));
        }
    }

    /// The same without what is asked of these companies.
    pub(crate) fn without(&self, companies: &BTreeMap<CompanyId, Box<str>>) -> Cow<'_, Self> {
        if companies.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut rest = self.clone();
        rest.companies.retain(|it| !companies.contains_key(&it.id));
        rest.accepts.retain(|it| !companies.contains_key(&it.company));
        Cow::Owned(rest)
    }

    /// Whether anything has a date that decides about it.
    pub fn has_dates(&self) -> bool {
        let of_group = |it: &DeclaredGroup| it.terms().any(Term::is_bounded);
        let of_user = |it: &DeclaredUser| it.roles.entries.iter().any(|it| it.term.is_bounded());
        let of_company =
            |it: &DeclaredCompany| it.groups.iter().any(of_group) || it.users.iter().any(of_user);
        // Of exceptions, lock-outs and accepted differences each has one.
        self.rules.all().any(|it| !it.exceptions.is_empty())
            || !self.accepts.is_empty()
            || !self.lockouts.is_empty()
            || self.companies.iter().any(of_company)
    }

    /// The lockouts alone, with the rules.
    pub fn lockouts_only(&self) -> Self {
        let mut only = self.clone();
        only.accepts.clear();
        // Nobody waits for a policy to be cut off.
        only.rules.policies.clear();
        only.rules.floors.iter_mut().for_each(|it| it.rules.policies.clear());
        for company in &mut only.companies {
            company.groups.clear();
            company.removals.clear();
            company.users.clear();
        }
        only
    }

    /// Forgets the rules for members: what a rollback does is not for them to say, and it must not wait until somebody may
    /// read whom they mean.
    pub fn without_computed_members(&mut self) {
        let groups = self.companies.iter_mut().flat_map(|it| &mut it.groups);
        groups.for_each(|it| it.computed = Computed::default());
    }

    /// Forgets what the files say of accounts: who was deactivated comes back by a rollback, whatever they say.
    pub(crate) fn without_accounts(&mut self) {
        for user in self.companies.iter_mut().flat_map(|it| &mut it.users) {
            user.traits.retain(|it| it.attribute != Attribute::Active);
            user.create.clear();
        }
    }

    /// Forgets the roles that rules name: what manages access is privileged all the same.
    pub fn without_names(&mut self) {
        let floors = self.rules.floors.iter_mut().map(|it| &mut it.rules.privileged);
        let all = std::iter::once(&mut self.rules.privileged).chain(floors);
        all.filter(|it| it.as_ref().is_some_and(|it| !it.is_empty())).for_each(|it| *it = None);
    }

    /// The companies whose groups the files may declare, sorted.
    pub fn own_companies(&self) -> Vec<CompanyId> {
        let mut own: Vec<CompanyId> = self.companies.iter().map(|it| it.id).chain(self.company).collect();
        own.sort_unstable();
        own.dedup();
        own
    }

    /// The companies whose groups are compared: those that the files speak of, or else the one of the workspace. Sorted.
    pub fn compared_companies(&self) -> Vec<CompanyId> {
        let of_files: Vec<CompanyId> = self.companies.iter().map(|it| it.id).collect();
        if of_files.is_empty() { self.own_companies() } else { of_files }
    }

    /// The companies whose groups this or another run of the same workspace looks at.
    pub(crate) fn looked_at(&self) -> Vec<CompanyId> {
        self.companies.iter().map(|it| it.id).chain(self.aside.iter().copied()).collect()
    }

    /// Leaves the companies that a run is not about aside.
    pub(crate) fn keep(&mut self, is_kept: impl Fn(CompanyId) -> bool) {
        self.aside.extend(self.companies.iter().map(|it| it.id).filter(|it| !is_kept(*it)));
        self.aside.sort_unstable();
        self.aside.dedup();
        self.companies.retain(|it| is_kept(it.id));
        if let Some(base) = &mut self.base {
            base.keep(is_kept);
        }
    }

    /// Whether the workspace has a name for this id as that of a company.
    pub(crate) fn names_company(&self, id: CompanyId) -> bool {
        self.known_companies.binary_search(&id).is_ok()
    }

    /// The companies of the workspace: its own, and those that it has names for. Sorted.
    pub fn all_companies(&self) -> Vec<CompanyId> {
        let mut all = self.own_companies();
        all.extend(&self.known_companies);
        all.extend(&self.aside);
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The companies in which people are looked for whose company is not said: all of the workspace, and those that scopes
    /// name. Sorted.
    pub(crate) fn searched_companies(&self) -> Vec<CompanyId> {
        let mut all = self.all_companies();
        let groups = self.companies.iter().flat_map(|it| &it.groups);
        let scopes = groups.flat_map(|it| &it.grants.entries).map(|it| &it.scope);
        all.extend(scopes.flat_map(|it| it.companies()));
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The user that the token stands for by which a company is asked, and where that stands.
    pub(crate) fn identity_of(&self, company: CompanyId) -> Option<&(PersonRef, Place)> {
        let own = self.endpoints.iter().find(|it| it.companies.contains_key(&company));
        own.map_or(self.rules.identity.as_ref(), |it| it.identity.as_ref())
    }

    /// The people that rules and lockouts name, of any company; sorted, without duplicates.
    pub(crate) fn singled_out(&self) -> Vec<&PersonRef> {
        let rules = || self.rules.all();
        let protected = rules().flat_map(|it| &it.protected_people).filter_map(|it| it.0.person());
        let excepted = rules().flat_map(|it| &it.exceptions).filter_map(|it| it.target.person.as_ref());
        let own = self.endpoints.iter().flat_map(|it| &it.identity);
        let identity = rules().flat_map(|it| &it.identity).chain(own).map(|it| &it.0);
        let required = rules().flat_map(|it| &it.policies).flat_map(DeclaredPolicy::people);
        let mut people: Vec<&PersonRef> = self
            .lockouts
            .iter()
            .map(|it| &it.person)
            .chain(identity)
            .chain(excepted)
            .chain(protected)
            .chain(required)
            .collect();
        people.sort_unstable();
        people.dedup();
        people
    }
}

impl DeclaredCompany {
    pub(crate) fn new(id: CompanyId) -> Self {
        Self {
            id,
            groups: Vec::new(),
            removals: Vec::new(),
            users: Vec::new(),
            also: Vec::new(),
            held: Vec::new(),
            profiled: Vec::new(),
            newcomers: Vec::new(),
            bare: Bare::default(),
        }
    }

    /// How many people the files declare something of.
    pub fn declared_people(&self) -> usize {
        self.users.len()
    }

    pub(crate) fn entries(&self) -> usize {
        self.groups.len() + self.removals.len() + self.users.len()
    }

    /// The people that scopes and arrangers name, of any company, perhaps more than once.
    pub(crate) fn travellers(&self) -> impl Iterator<Item = &PersonRef> {
        let grants = self.groups.iter().flat_map(|it| &it.grants.entries);
        let in_scopes = grants.flat_map(|it| &it.scope.pending).flat_map(|it| &it.people);
        let direct = self.users.iter().flat_map(|it| &it.roles.entries);
        in_scopes.chain(direct.flat_map(|it| it.what.travellers()).map(|it| &it.person))
    }

    /// The people whose direct roles are looked at for their own sake.
    pub(crate) fn with_direct_roles(&self) -> impl Iterator<Item = &PersonRef> {
        self.users.iter().filter(|it| it.says_roles).map(|it| &it.person).chain(&self.also)
    }

    /// The people whose accounts or direct roles are looked at, and those whom they answer to.
    fn named_users(&self) -> impl Iterator<Item = &PersonRef> {
        let users = self.users.iter().flat_map(|it| std::iter::once(&it.person).chain(it.superiors()));
        users.chain(&self.newcomers).chain(&self.also).chain(self.profiled.iter().map(|it| &it.0))
    }

    /// The attributes that are looked at of each person: those that are declared, and others that a run asks for.
    pub(crate) fn profiles(&self) -> BTreeMap<&PersonRef, BTreeSet<Attribute>> {
        let mut all: BTreeMap<&PersonRef, BTreeSet<Attribute>> = BTreeMap::new();
        for (user, declared) in
            self.users.iter().flat_map(|user| user.traits.iter().map(move |it| (user, it)))
        {
            all.entry(&user.person).or_default().insert(declared.attribute);
        }
        for user in self.users.iter().filter(|it| !it.create.is_empty()) {
            all.entry(&user.person).or_default().insert(Attribute::Active);
        }
        for (person, attributes) in &self.profiled {
            all.entry(person).or_default().extend(attributes);
        }
        all
    }

    /// The rules by which people are members, each once.
    pub(crate) fn selectors(&self) -> BTreeSet<&Selector> {
        self.groups.iter().flat_map(|it| &it.computed.rules).map(|it| &it.selector).collect()
    }

    /// The people that the entries name as members, users or travellers; sorted, without duplicates.
    pub(crate) fn people(&self) -> Vec<&PersonRef> {
        let members = self.groups.iter().flat_map(|it| &it.members.entries).map(|it| &it.person);
        let excepted = self.groups.iter().flat_map(|it| &it.computed.except).map(|it| &it.person);
        // Most are in several groups: sorting them all would take longer than finding who is there once.
        let distinct: HashSet<&PersonRef> =
            members.chain(excepted).chain(self.named_users()).chain(self.travellers()).collect();
        let mut people: Vec<&PersonRef> = distinct.into_iter().collect();
        people.sort_unstable();
        people
    }
}
