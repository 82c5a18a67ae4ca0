//! People: from the key a file uses to exactly one user, or the reason why not.
//!
//! An index of what was read; asks nobody, and knows no file.

use std::collections::HashMap;

use super::{
    ids::{CompanyId, PersonRef, UserId},
    observed::User,
    plan::Unresolved,
};

/// The users that were read, by every key a file may use.
#[derive(Debug)]
pub struct Directory<'a> {
    by_key: HashMap<Key<'a>, Vec<&'a User>>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Key<'a> {
    Email(&'a str),
    ExternalId(&'a str),
    EmployeeId(&'a str),
    Id(UserId),
}

/// A person who could not be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Why.
    pub why: Unresolved,
    /// The users it may be; empty where nobody is known by the key.
    pub candidates: Vec<UserId>,
}

impl<'a> Directory<'a> {
    /// Indexes the users; a user who was read twice counts once, by what was told where something was.
    pub fn new(users: &'a [User]) -> Self {
        let mut directory = Self { by_key: HashMap::with_capacity(users.len() * 2) };
        directory.add(users);
        directory
    }

    /// Indexes more users.
    pub fn add(&mut self, users: &'a [User]) {
        for user in users {
            let keys = [
                user.email.as_ref().map(|it| Key::Email(it.as_str())),
                user.external_id.as_deref().map(Key::ExternalId),
                user.employee_id.as_deref().map(Key::EmployeeId),
                Some(Key::Id(user.id)),
            ];
            for key in keys.into_iter().flatten() {
                let known = self.by_key.entry(key).or_default();
                match known.iter_mut().find(|it| it.id == user.id) {
                    Some(hidden) if hidden.is_hidden() => *hidden = user,
                    Some(_) => (),
                    None => known.push(user),
                }
            }
        }
    }

    /// Returns everybody who is known by the key.
    pub fn find<'s>(&'s self, person: &'s PersonRef) -> &'s [&'s User] {
        let key = match person {
            PersonRef::Email(email) => Key::Email(email.as_str()),
            PersonRef::ExternalId(id) => Key::ExternalId(id),
            PersonRef::EmployeeId(id) => Key::EmployeeId(id),
            PersonRef::UserId(id) => Key::Id(*id),
        };
        self.by_key.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Whether anybody at all is known by the key.
    pub fn knows(&self, person: &PersonRef) -> bool {
        !self.find(person).is_empty()
    }

    /// Whether the API tells who somebody known by the key is.
    pub fn sees(&self, person: &PersonRef) -> bool {
        self.find(person).iter().any(|it| !it.is_hidden())
    }

    /// Whether an answer tells the address of somebody known by the key.
    pub fn tells(&self, person: &PersonRef) -> bool {
        self.find(person).iter().any(|it| it.email.is_some())
    }

    /// Returns the user of that id.
    pub fn user(&self, id: UserId) -> Option<&'a User> {
        self.by_key.get(&Key::Id(id)).and_then(|it| it.first().copied())
    }

    /// Returns the one active user of `company` that the file names.
    ///
    /// # Errors
    ///
    /// Why there is not exactly one, and who it may be.
    pub fn member(&self, company: CompanyId, person: &PersonRef) -> Result<UserId, Failed> {
        let all = self.find(person);
        let own: Vec<&User> = all.iter().copied().filter(|it| it.company == Some(company)).collect();
        match (own.is_empty(), all.iter().find_map(|it| it.company)) {
            (true, Some(other)) => Err(Failed { why: Unresolved::Foreign(other), candidates: ids(all) }),
            // The API knows the user and not the company: no proof that the user may be a member.
            (true, None) if !all.is_empty() => Err(Failed { why: Unresolved::Hidden, candidates: ids(all) }),
            (true, None) => Err(Failed { why: Unresolved::Unknown, candidates: Vec::new() }),
            (false, _) => one_active(&own),
        }
    }

    /// Returns the one user of `company` whom the file names: the active one, or else the only one.
    ///
    /// # Errors
    ///
    /// Why there is not exactly one.
    pub fn anyone(&self, company: CompanyId, person: &PersonRef) -> Result<UserId, Unresolved> {
        if let Ok(active) = self.member(company, person) {
            return Ok(active);
        }
        let all = self.everybody(company, person)?;
        match all[..] {
            [one] => Ok(one),
            _ => Err(Unresolved::Ambiguous(all)),
        }
    }

    /// Returns every user of `company`, active or not, whom the file names, sorted: whoever was hired twice is one
    /// person under both accounts, and whoever is cut off is so under each.
    ///
    /// # Errors
    ///
    /// Why there is none, or why it cannot be told whether all of them are meant.
    pub fn everybody(&self, company: CompanyId, person: &PersonRef) -> Result<Vec<UserId>, Unresolved> {
        let all = self.find(person);
        // The API may not say whose a user is; being in a group of the company says enough.
        let fits = |it: &&User| it.company.is_none_or(|own| own == company);
        let own: Vec<&User> = all.iter().copied().filter(fits).collect();
        match (&own[..], all.iter().find_map(|it| it.company)) {
            ([], Some(other)) => Err(Unresolved::Foreign(other)),
            ([], None) => Err(Unresolved::Unknown),
            // Beside others, one of no known company may be somebody else, elsewhere.
            ([_, _, ..], _) if own.iter().any(|it| it.company.is_none()) => {
                Err(Unresolved::Ambiguous(ids(&own)))
            }
            (own, _) => Ok(ids(own)),
        }
    }

    /// Returns everybody of other companies than this whom a lock-out means, sorted: may be in groups of this one, who was
    /// moved since.
    ///
    /// An address and a user id are one person's everywhere; a number is only where the lock-out is in force, in `own`.
    pub fn cut_off_elsewhere(
        &self,
        company: CompanyId,
        own: &[CompanyId],
        person: &PersonRef,
    ) -> Vec<UserId> {
        let anywhere = match person {
            PersonRef::Email(_) | PersonRef::UserId(_) => true,
            PersonRef::ExternalId(_) | PersonRef::EmployeeId(_) => false,
        };
        let meant = |it: &&User| {
            it.company.is_some_and(|other| other != company && (anywhere || own.contains(&other)))
        };
        ids(&self.find(person).iter().copied().filter(meant).collect::<Vec<_>>())
    }

    /// Returns the one user, of any company, whom the file names; of several the one of `companies`.
    pub fn someone(&self, companies: &[CompanyId], person: &PersonRef) -> Option<UserId> {
        let all = self.find(person);
        let inside = |it: &&&User| it.company.is_some_and(|own| companies.contains(&own));
        let inside: Vec<&User> = all.iter().filter(inside).copied().collect();
        match (all, &inside[..]) {
            ([one], _) | (_, [one]) => Some(one.id),
            _ => None,
        }
    }

    /// Returns the one active user, of any company, whom a file names.
    ///
    /// # Errors
    ///
    /// Why there is not exactly one, and who it may be.
    pub fn anywhere(&self, person: &PersonRef) -> Result<UserId, Failed> {
        one_active(self.find(person))
    }

    /// Returns the one user that the key names: of several one of `own`, then one who is active.
    ///
    /// # Errors
    ///
    /// Why there is not exactly one.
    pub fn nearest(&self, own: &[CompanyId], person: &PersonRef) -> Result<UserId, Unresolved> {
        let all = self.find(person);
        let inside: Vec<&User> =
            all.iter().copied().filter(|it| it.company.is_some_and(|it| own.contains(&it))).collect();
        let nearest = if inside.is_empty() { all } else { &inside[..] };
        let active: Vec<&User> = nearest.iter().copied().filter(|it| it.active).collect();
        match (nearest, &active[..]) {
            ([], _) => Err(Unresolved::Unknown),
            ([one], _) if one.is_hidden() => Err(Unresolved::Hidden),
            ([one], _) | (_, [one]) => Ok(one.id),
            (several, _) => Err(Unresolved::Ambiguous(ids(several))),
        }
    }
}

fn ids(users: &[&User]) -> Vec<UserId> {
    let mut ids: Vec<UserId> = users.iter().map(|it| it.id).collect();
    ids.sort_unstable();
    ids
}

/// Returns the one of the users who is active.
///
/// # Errors
///
/// Why there is not exactly one, and who it may be.
pub(crate) fn one_active(users: &[&User]) -> Result<UserId, Failed> {
    let active: Vec<&User> = users.iter().copied().filter(|it| it.active).collect();
    match (&active[..], users.is_empty()) {
        ([one], _) => Ok(one.id),
        ([], true) => Err(Failed { why: Unresolved::Unknown, candidates: Vec::new() }),
        ([], false) if users.iter().all(|it| it.is_hidden()) => {
            Err(Failed { why: Unresolved::Hidden, candidates: ids(users) })
        }
        ([], false) => Err(Failed { why: Unresolved::Inactive, candidates: ids(users) }),
        (several, _) => {
            let candidates = ids(several);
            Err(Failed { why: Unresolved::Ambiguous(candidates.clone()), candidates })
        }
    }
}
