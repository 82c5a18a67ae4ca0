//! How files name people, roles and scopes that are live, as far as the files of this workspace can.

use std::collections::BTreeMap;

use crate::{
    files::{
        declared::{Declared, DeclaredScope, PendingAudience},
        write::{DraftGrant, DraftPerson, Known},
    },
    model::{
        directory::Directory,
        ids::{CompanyId, PersonRef, RoleId, UserId},
        observed::{Leads, Observed, User},
        plan::Unresolved,
        scope::{Audience, Kind, Scope, Value},
    },
    plan::bind::grants::Roles,
};

/// What is known of names.
pub(super) struct Naming<'a> {
    leads: &'a Leads,
    pub(super) directory: Directory<'a>,
    pub(super) known: Known,
}

impl<'a> Naming<'a> {
    pub(super) fn new(declared: &Declared, observed: &'a Observed, leads: &'a Leads) -> Self {
        Self { leads, directory: Directory::new(&observed.users), known: Known::named(declared) }
    }

    /// Somebody who is in a group, by a key that means nobody else; an account that is not active keeps its place by it.
    pub(super) fn member(&self, company: CompanyId, user: UserId) -> Option<DraftPerson> {
        let means = |it: &PersonRef| match self.directory.member(company, it) {
            Ok(found) => found == user,
            Err(failed) => failed.why == Unresolved::Inactive && failed.candidates == [user],
        };
        let best = self.directory.user(user).and_then(User::best_key);
        let id = PersonRef::UserId(user);
        let led = best.clone().filter(|_| self.leads.contains(&(company, user)));
        let person = led.into_iter().chain([id.clone()]).find(means)?;
        let who = best.filter(|_| person == id).map(|it| it.to_string());
        Some(DraftPerson { person, who })
    }

    /// Somebody of any company.
    pub(super) fn traveller(&self, user: UserId) -> Option<PersonRef> {
        let best = self.directory.user(user).and_then(User::best_key);
        let email = best.filter(|it| matches!(it, PersonRef::Email(_)));
        let led = email.filter(|_| self.leads.iter().any(|it| it.1 == user));
        let keys = led.into_iter().chain([PersonRef::UserId(user)]);
        keys.into_iter().find(|it| self.directory.anywhere(it) == Ok(user))
    }

    /// A manager or an approver of somebody in the company.
    pub(super) fn superior(&self, company: CompanyId, user: UserId) -> Option<PersonRef> {
        let best = self.directory.user(user).and_then(User::best_key);
        let led = best.filter(|_| self.leads.contains(&(company, user)));
        let keys = led.into_iter().chain([PersonRef::UserId(user)]);
        keys.into_iter().find(|it| self.directory.nearest(&[company], it) == Ok(user))
    }

    /// A role on a scope; `None` where no file can say it.
    pub(super) fn grant(&self, roles: &Roles<'_>, role: RoleId, scope: &Scope) -> Option<DraftGrant> {
        (!scope.has_unreadable()).then_some(())?;
        Some(DraftGrant { role: roles.named(role)?, called: roles.called(role), scope: scope.clone().into() })
    }

    /// The names for a scope, with those of the travellers in it whose keys mean them wherever they stand.
    pub(super) fn known(&self, scope: &Scope) -> Known {
        let mut travellers: BTreeMap<UserId, Option<PersonRef>> = BTreeMap::new();
        for audience in scope.audiences() {
            let profiles = audience.iter().filter(|it| it.kind == Kind::Profile);
            for value in profiles.flat_map(|it| &it.values) {
                let Value::Id(id) = value else { continue };
                let user = UserId(*id);
                let key = travellers.entry(user).or_insert_with(|| self.traveller(user));
                if key.as_ref().is_some_and(|it| !self.covers(audience, user, it)) {
                    *key = None;
                }
            }
        }
        let travellers = travellers.into_iter().filter_map(|(user, key)| Some((user, key?))).collect();
        Known { travellers, ..self.known.clone() }
    }

    /// Whether a key means the user in an audience, and nobody else.
    fn covers(&self, audience: &Audience, user: UserId, person: &PersonRef) -> bool {
        let rest: Audience = audience.iter().filter(|it| it.kind != Kind::Profile).cloned().collect();
        let pending = vec![PendingAudience { rest, people: vec![person.clone()] }];
        let (scope, failed) = self.directory.scope(&DeclaredScope { ready: Scope::default(), pending });
        failed.is_empty() && scope.people().eq([user.0])
    }
}
