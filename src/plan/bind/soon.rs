//! Every entry of the files that begins or ends within a time: groups, members and roles of groups, and direct roles. A plan, a
//! review and `expiring` have it from here.

use std::{cell::LazyCell, collections::BTreeSet, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use super::{grants::Roles, people::Directory};
use crate::{
    files::declared::{Declared, DeclaredCompany},
    model::{
        date::Term,
        ids::{CompanyId, PersonRef, RoleId, UserId},
        observed::{ObservedCompany, RoleHead},
        plan::{Plan, Soon},
        scope::Scope,
        source::Place,
    },
};

/// What begins and ends within [`Plan::NOTICE_DAYS`] of the access of everybody who is found, sorted: the same, in short.
///
/// `roles` are those that a company may assign.
pub fn soon<'a>(
    declared: &Declared,
    roles: &dyn Fn(CompanyId) -> &'a [RoleHead],
    directory: &Directory<'_>,
    now: Timestamp,
) -> Vec<Soon> {
    let to = now.checked_add(SignedDuration::from_hours(24 * Plan::NOTICE_DAYS)).unwrap_or(Timestamp::MAX);
    let mut found = Found::new((now, to), directory);
    found.companies(declared, roles);
    let mut all: Vec<Soon> = found.items.iter().flat_map(Item::soon).collect();
    all.sort();
    all.dedup();
    all
}

/// The roles that a company may assign, as far as they were read.
pub fn roles(companies: &[ObservedCompany], company: CompanyId) -> &[RoleHead] {
    companies.iter().find(|it| it.id == company).map_or(&[], |it| &it.roles)
}

/// An entry that begins or ends.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Item {
    pub at: Timestamp,
    pub begins: bool,
    pub from: Place,
    /// Left out of what is of no company: lock-outs, and exceptions that name none.
    pub company: Option<CompanyId>,
    pub what: What,
    /// Why, of what always has a reason.
    pub reason: Option<Box<str>>,
    /// Who gets it or loses it, sorted.
    pub people: Vec<UserId>,
    /// What each of them gets or loses, sorted.
    pub roles: Vec<(RoleId, Arc<Scope>)>,
}

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum What {
    Group { group: Box<str> },
    Member { group: Box<str>, person: PersonRef },
    Role { group: Box<str>, role: Box<str> },
    DirectRole { person: PersonRef, role_type: Box<str> },
    Lockout { person: PersonRef },
    Exception { of: Box<str> },
    Accept { of: Box<str> },
}

impl What {
    /// The person whom the entry names.
    pub fn person(&self) -> Option<&PersonRef> {
        match self {
            Self::Member { person, .. } | Self::DirectRole { person, .. } | Self::Lockout { person } => {
                Some(person)
            }
            Self::Group { .. } | Self::Role { .. } | Self::Exception { .. } | Self::Accept { .. } => None,
        }
    }

    /// The group that it is of.
    pub fn group(&self) -> Option<&str> {
        match self {
            Self::Group { group } | Self::Member { group, .. } | Self::Role { group, .. } => Some(group),
            Self::DirectRole { .. } | Self::Lockout { .. } | Self::Exception { .. } | Self::Accept { .. } => {
                None
            }
        }
    }
}

impl Item {
    /// What of it is somebody's access, once for each who is meant.
    fn soon(&self) -> Vec<Soon> {
        let Some(company) = self.company else { return Vec::new() };
        let of = |user, role, role_type: Option<&str>| {
            let (group, role_type) = (self.what.group().map(Box::from), role_type.map(Box::from));
            Soon { at: self.at, begins: self.begins, company, group, user, role, role_type, from: self.from }
        };
        match &self.what {
            What::Group { .. } => vec![of(None, None, None)],
            What::Member { .. } => self.people.iter().map(|it| of(Some(*it), None, None)).collect(),
            What::Role { .. } => self.roles.iter().map(|it| of(None, Some(it.0), None)).collect(),
            What::DirectRole { role_type, .. } => {
                self.people.iter().map(|it| of(Some(*it), None, Some(role_type))).collect()
            }
            What::Lockout { .. } | What::Exception { .. } | What::Accept { .. } => Vec::new(),
        }
    }
}

/// When a term begins and ends, as far as that lies within a time, and which of the two it is.
fn edges((now, to): (Timestamp, Timestamp), term: Term) -> impl Iterator<Item = (Timestamp, bool)> {
    let edges = [(term.starts, true), (term.ends, false)].into_iter();
    edges.filter_map(move |(at, begins)| Some((at.filter(|it| *it > now && *it <= to)?, begins)))
}

/// Entries on the way through the files.
pub(in crate::plan) struct Found<'a> {
    within: (Timestamp, Timestamp),
    directory: &'a Directory<'a>,
    pub(in crate::plan) items: Vec<Item>,
}

impl<'a> Found<'a> {
    pub(in crate::plan) fn new(within: (Timestamp, Timestamp), directory: &'a Directory<'a>) -> Self {
        Self { within, directory, items: Vec::new() }
    }

    pub(in crate::plan) fn companies<'r>(
        &mut self,
        declared: &Declared,
        roles: &dyn Fn(CompanyId) -> &'r [RoleHead],
    ) {
        declared.companies.iter().for_each(|it| self.company(it, roles(it.id)));
    }

    fn company(&mut self, company: &DeclaredCompany, roles: &[RoleHead]) {
        let within = self.within;
        // Few have a date that is near.
        let roles = LazyCell::new(|| Roles::new(roles));
        // With a group whose time is over all that is in it has gone.
        for it in company.groups.iter().filter(|it| !it.term.is_over(within.0)) {
            let group = || it.name.clone();
            self.add(it.term, it.from, Some(company.id), &What::Group { group: group() }, None);
            for entry in &it.members.entries {
                let what = What::Member { group: group(), person: entry.person.clone() };
                self.add(entry.term(), entry.from, Some(company.id), &what, None);
            }
            for entry in it.grants.entries.iter().filter(|it| edges(within, it.term).next().is_some()) {
                let what = What::Role { group: group(), role: entry.role.to_string().into() };
                let role = roles.find(&entry.role, entry.from).ok().map(|it| it.id);
                let (scope, _) = self.directory.scope(&entry.scope);
                let first = self.items.len();
                self.add(entry.term, entry.from, Some(company.id), &what, None);
                for item in &mut self.items[first..] {
                    item.roles.extend(role.map(|it| (it, Arc::new(scope.clone()))));
                }
            }
        }
        for user in &company.users {
            for entry in &user.roles.entries {
                let role_type = entry.what.kind().role_type().into();
                let what = What::DirectRole { person: user.person.clone(), role_type };
                self.add(entry.term, entry.from, Some(company.id), &what, None);
            }
        }
    }

    /// Who an entry means: the one that a plan takes, or all who it may be; sorted.
    fn meant(&self, company: Option<CompanyId>, person: &PersonRef) -> Vec<UserId> {
        if let Some(Ok(one)) = company.map(|it| self.directory.member(it, person)) {
            return vec![one];
        }
        let all: BTreeSet<UserId> = self.directory.find(person).iter().map(|it| it.id).collect();
        all.into_iter().collect()
    }

    /// Adds what of a term lies within the time.
    pub(in crate::plan) fn add(
        &mut self,
        term: Term,
        from: Place,
        company: Option<CompanyId>,
        what: &What,
        reason: Option<&str>,
    ) {
        for (at, begins) in edges(self.within, term) {
            let people = what.person().map_or_else(Vec::new, |it| self.meant(company, it));
            let (what, reason) = (what.clone(), reason.map(Into::into));
            self.items.push(Item { at, begins, from, company, what, reason, people, roles: Vec::new() });
        }
    }
}
