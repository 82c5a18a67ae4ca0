//! What the files declare: checked offline, in names, with the place of each line.

use std::{collections::BTreeMap, sync::Arc};

use globset::{GlobBuilder, GlobMatcher};
use jiff::Timestamp;
use uuid::Uuid;

use super::access::ProvidedBy;
use crate::model::{
    direct::DirectRole,
    ids::{CompanyId, GroupId, PersonRef, RoleId, UserId},
    rules::{Guard, Level, Rules, Target},
    scope::{Audience, Scope},
    source::Place,
};

/// Everything the files of one run ask for.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// The company of the workspace, where it has one.
    pub company: Option<CompanyId>,
    /// By company, sorted.
    pub companies: Vec<DeclaredCompany>,
    /// The names of the workspace, by which ids are shown to people.
    pub aliases: BTreeMap<Uuid, Box<str>>,
    /// The companies the workspace has names for, in which people of scopes are looked for.
    pub known_companies: Vec<CompanyId>,
    /// The rules a plan is judged by.
    pub rules: DeclaredRules,
    /// People who are cut off everywhere, in force or not, in the order of the file.
    pub lockouts: Vec<DeclaredLockout>,
}

/// The rules a plan is judged by, in names.
#[derive(Clone, Debug)]
pub struct DeclaredRules {
    /// Most of what exists that may go, in percent (1 to 100).
    pub percent: u8,
    /// The share is looked at where at least so many exist.
    pub from: usize,
    /// Most that may go in one apply.
    pub at_most: usize,
    /// How many holders each privileged role keeps at least.
    pub holders: usize,
    /// Roles that are privileged, in every company that has them.
    pub privileged: Vec<(RoleRef, Place)>,
    /// Groups that lose nothing.
    pub protected_groups: Vec<Pattern>,
    /// People who lose nothing, by address.
    pub protected_people: Vec<Pattern>,
    /// What may go beyond a limit.
    pub exceptions: Vec<DeclaredException>,
    /// The account that runs rolecall.
    pub identity: Option<(PersonRef, Place)>,
}

impl Default for DeclaredRules {
    fn default() -> Self {
        let Rules { percent, from, at_most, holders, .. } = Rules::default();
        Self {
            percent,
            from,
            at_most,
            holders,
            privileged: Vec::new(),
            protected_groups: Vec::new(),
            protected_people: Vec::new(),
            exceptions: Vec::new(),
            identity: None,
        }
    }
}

/// A name, or a glob that stands for several.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Box<str>,
    glob: GlobMatcher,
}

impl Pattern {
    /// Returns the pattern that `text` spells, or `None` where it is none.
    pub fn new(text: &str) -> Option<Self> {
        // Names are not paths: a slash is a letter, and a backslash quotes everywhere.
        let glob = GlobBuilder::new(text).literal_separator(false).backslash_escape(true).build().ok()?;
        Some(Self { text: text.into(), glob: glob.compile_matcher() })
    }

    /// Whether it means `name`; a name that reads as a pattern still means itself.
    pub fn matches(&self, name: &str) -> bool {
        *self.text == *name || self.glob.is_match(name)
    }
}

/// Something that may go beyond a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredException {
    /// Which guard.
    pub guard: Guard,
    /// What it is for.
    pub target: DeclaredTarget,
    /// What `removals` counts; `None` for the other guards.
    pub level: Option<Level>,
    /// The largest value it allows.
    pub up_to: usize,
    /// The instant from which it is void.
    pub ends: Timestamp,
    /// Why.
    pub reason: Box<str>,
    /// Where it is written.
    pub from: Place,
}

/// What an exception is for, in names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeclaredTarget {
    /// A group of a company.
    Group(CompanyId, Box<str>),
    /// A person.
    Person(PersonRef),
    /// A role of a company.
    Role(CompanyId, RoleRef),
    /// A company.
    Company(CompanyId),
}

impl DeclaredTarget {
    /// Returns what kind of thing it is.
    pub fn kind(&self) -> Target {
        match self {
            Self::Group(..) => Target::Group,
            Self::Person(_) => Target::Person,
            Self::Role(..) => Target::Role,
            Self::Company(_) => Target::Company,
        }
    }
}

/// A person who is cut off everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredLockout {
    /// Who.
    pub person: PersonRef,
    /// The instant from which it is in force.
    pub since: Timestamp,
    /// Why.
    pub reason: Box<str>,
    /// Where it is said.
    pub from: Place,
}

impl DeclaredLockout {
    /// Whether it is in force.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.since <= now
    }
}

/// What the files ask of one company.
#[derive(Clone, Debug)]
pub struct DeclaredCompany {
    /// Which one.
    pub id: CompanyId,
    /// Sorted by name.
    pub groups: Vec<DeclaredGroup>,
    /// Sorted by name.
    pub removals: Vec<DeclaredRemoval>,
    /// People with roles outside groups, sorted by person.
    pub users: Vec<DeclaredUser>,
    /// People whose roles outside groups are looked at although no file speaks of them.
    pub also: Vec<PersonRef>,
}

/// A person with the roles held outside groups.
#[derive(Clone, Debug)]
pub struct DeclaredUser {
    /// Who.
    pub person: PersonRef,
    /// The roles.
    pub roles: Listed<DeclaredDirectRole>,
    /// Where the person is declared.
    pub from: Place,
}

/// A role that a person shall hold outside groups.
#[derive(Clone, Debug)]
pub struct DeclaredDirectRole {
    /// Which role.
    pub what: DeclaredDirect,
    /// The instant from which it is no longer wanted.
    pub ends: Option<Timestamp>,
    /// Where it is declared.
    pub from: Place,
}

/// A direct role, as far as it can be known offline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeclaredDirect {
    /// One that names no people.
    Ready(DirectRole),
    /// Arranges for travellers who are still names; sorted by person.
    Arranger(Vec<DeclaredTraveller>),
}

/// A traveller for whom somebody arranges, and which mails that somebody gets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DeclaredTraveller {
    pub person: PersonRef,
    pub confirmations: bool,
    pub flight_stats: bool,
}

/// A group that shall exist.
#[derive(Clone, Debug)]
pub struct DeclaredGroup {
    /// Where it is declared.
    pub from: Place,
    /// Its name, 1 to 255 characters.
    pub name: Box<str>,
    /// Its description; `None` only where the roles are unmanaged, and then it is left alone.
    pub description: Option<Box<str>>,
    /// The id it is pinned to.
    pub id: Option<GroupId>,
    /// The name it has before a rename.
    pub renamed_from: Option<(Box<str>, Place)>,
    /// Its roles.
    pub grants: Listed<DeclaredGrant>,
    /// Its members.
    pub members: Listed<DeclaredMember>,
}

/// A list and what it means for what is not on it.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// What is on the list.
    pub entries: Vec<T>,
    /// What happens to the rest.
    pub rest: Rest,
}

/// What happens to what a list does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It goes.
    Removed,
    /// It stays (`atLeast`).
    Kept,
    /// It stays, and the list is empty because none was written (`unmanaged`).
    Unmanaged,
}

/// A role on a scope that a group shall have.
#[derive(Clone, Debug)]
pub struct DeclaredGrant {
    /// Which role.
    pub role: RoleRef,
    /// Where it holds.
    pub scope: Arc<DeclaredScope>,
    /// The instant from which it is no longer wanted.
    pub ends: Option<Timestamp>,
    /// Where it is declared.
    pub from: Place,
}

/// How a file names a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleRef {
    /// By id.
    Id(RoleId),
    /// By exact name.
    Name {
        /// The name.
        name: Box<str>,
        /// Who provides it, where that is said.
        provided_by: Option<ProvidedBy>,
    },
}

/// A scope, as far as it can be known offline.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeclaredScope {
    /// The audiences without people in them.
    pub ready: Scope,
    /// The audiences that wait for people to be resolved.
    pub pending: Vec<PendingAudience>,
}

/// An audience whose `PROFILE` values are still names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PendingAudience {
    /// Everything else that must hold.
    pub rest: Audience,
    /// The people, any of whom will do.
    pub people: Vec<PersonRef>,
}

/// A person who shall be in a group.
#[derive(Clone, Debug)]
pub struct DeclaredMember {
    /// Who.
    pub person: PersonRef,
    /// The instant from which the membership is no longer wanted.
    pub ends: Option<Timestamp>,
    /// Where it is declared.
    pub from: Place,
}

/// A group that shall not exist.
#[derive(Clone, Debug)]
pub struct DeclaredRemoval {
    /// Its name.
    pub name: Box<str>,
    /// Its id, where the name alone would not do.
    pub id: Option<GroupId>,
    /// Why it goes.
    pub reason: Box<str>,
    /// Where the removal is declared.
    pub from: Place,
}

impl Declared {
    /// Makes sure that a company is looked at, though no file may speak of it.
    pub fn look_at(&mut self, company: CompanyId) {
        if let Err(at) = self.companies.binary_search_by_key(&company, |it| it.id) {
            self.companies.insert(at, DeclaredCompany::new(company));
        }
    }

    /// Makes sure that the roles which a user holds outside groups are looked at.
    pub fn look_at_user(&mut self, company: CompanyId, user: UserId) {
        self.look_at(company);
        let person = PersonRef::UserId(user);
        for it in self.companies.iter_mut().filter(|it| it.id == company && !it.also.contains(&person)) {
            it.also.push(person.clone());
        }
    }

    /// Returns the lock-outs alone, with the rules that can be looked at without reading anything else.
    pub fn lockouts_only(&self) -> Self {
        let mut only = self.clone();
        for company in &mut only.companies {
            company.groups.clear();
            company.removals.clear();
            company.users.clear();
        }
        only.rules.privileged.clear();
        only
    }

    /// Returns the companies whose groups the files may declare, sorted.
    pub fn own_companies(&self) -> Vec<CompanyId> {
        let mut own: Vec<CompanyId> = self.companies.iter().map(|it| it.id).chain(self.company).collect();
        own.sort_unstable();
        own.dedup();
        own
    }

    /// Returns the companies of the workspace: its own, and those that it has names for. Sorted.
    pub fn all_companies(&self) -> Vec<CompanyId> {
        let mut all = self.own_companies();
        all.extend(&self.known_companies);
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Returns everybody whom the rules and lock-outs name, of whatever company; sorted, without duplicates.
    pub fn singled_out(&self) -> Vec<&PersonRef> {
        let excepted = self.rules.exceptions.iter().filter_map(|it| match &it.target {
            DeclaredTarget::Person(person) => Some(person),
            DeclaredTarget::Group(..) | DeclaredTarget::Role(..) | DeclaredTarget::Company(_) => None,
        });
        let identity = self.rules.identity.iter().map(|it| &it.0);
        let mut people: Vec<&PersonRef> =
            self.lockouts.iter().map(|it| &it.person).chain(identity).chain(excepted).collect();
        people.sort_unstable();
        people.dedup();
        people
    }
}

impl DeclaredCompany {
    /// Returns a company of which nothing is declared.
    pub fn new(id: CompanyId) -> Self {
        Self { id, groups: Vec::new(), removals: Vec::new(), users: Vec::new(), also: Vec::new() }
    }

    /// Returns how many entries speak of it.
    pub fn entries(&self) -> usize {
        self.groups.len() + self.removals.len() + self.users.len()
    }

    /// Returns everybody of whatever company whom scopes and arrangers name, perhaps more than once.
    pub fn travellers(&self) -> impl Iterator<Item = &PersonRef> {
        let grants = self.groups.iter().flat_map(|it| &it.grants.entries);
        let in_scopes = grants.flat_map(|it| &it.scope.pending).flat_map(|it| &it.people);
        let direct = self.users.iter().flat_map(|it| &it.roles.entries);
        in_scopes.chain(direct.flat_map(|it| it.what.travellers()).map(|it| &it.person))
    }

    /// Returns everybody whose roles outside groups are looked at for their own sake.
    pub fn with_direct_roles(&self) -> impl Iterator<Item = &PersonRef> {
        self.users.iter().map(|it| &it.person).chain(&self.also)
    }

    /// Returns everybody the entries name, as members, users or travellers, without duplicates, sorted.
    pub fn people(&self) -> Vec<&PersonRef> {
        let members = self.groups.iter().flat_map(|it| &it.members.entries).map(|it| &it.person);
        let mut people: Vec<&PersonRef> =
            members.chain(self.with_direct_roles()).chain(self.travellers()).collect();
        people.sort_unstable();
        people.dedup();
        people
    }
}

impl DeclaredDirect {
    /// Returns for whom it arranges; nobody for every other role.
    pub fn travellers(&self) -> &[DeclaredTraveller] {
        match self {
            Self::Ready(_) => &[],
            Self::Arranger(travellers) => travellers,
        }
    }
}
