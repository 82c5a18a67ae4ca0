//! What the files declare: checked offline, in names, with the place of each line.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use uuid::Uuid;

use super::access::ProvidedBy;
use crate::{
    ids::{CompanyId, GroupId, PersonRef, RoleId},
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
    /// Returns the part that is declared at the given places: what an apply touched, to be read again.
    pub fn only(&self, places: &BTreeSet<Place>) -> Self {
        let companies = self.companies.iter().map(|it| DeclaredCompany {
            id: it.id,
            groups: it.groups.iter().filter(|it| places.contains(&it.from)).cloned().collect(),
            removals: it.removals.iter().filter(|it| places.contains(&it.from)).cloned().collect(),
        });
        Self { companies: companies.collect(), ..self.clone() }
    }
}

impl DeclaredCompany {
    /// Returns everybody whom the scopes name, perhaps more than once.
    pub fn travellers(&self) -> impl Iterator<Item = &PersonRef> {
        let grants = self.groups.iter().flat_map(|it| &it.grants.entries);
        grants.flat_map(|it| &it.scope.pending).flat_map(|it| &it.people)
    }

    /// Returns everybody the groups name, as members or in scopes, without duplicates, sorted.
    pub fn people(&self) -> Vec<&PersonRef> {
        let members = self.groups.iter().flat_map(|it| &it.members.entries).map(|it| &it.person);
        let mut people: Vec<&PersonRef> = members.chain(self.travellers()).collect();
        people.sort_unstable();
        people.dedup();
        people
    }
}
