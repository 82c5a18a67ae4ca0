//! What the files say of people: the travellers a scope covers, and whom a member about to go may be.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    files::declared::{DeclaredCompany, DeclaredScope, PendingAudience},
    model::{
        directory::one_active,
        ids::{CompanyId, Email, PersonRef, UserId},
        observed::User,
        plan::Unresolved,
        scope::{Audience, Dimension, Kind, Scope, Value},
    },
};

pub use crate::model::directory::{Directory, Failed};

impl Directory<'_> {
    /// Resolves the people in a scope: what it covers as far as they can be, and who cannot.
    pub fn scope(&self, declared: &DeclaredScope) -> (Scope, Vec<(PersonRef, Unresolved)>) {
        let mut scopes = vec![declared.ready.clone()];
        let mut failures = Vec::new();
        for PendingAudience { rest, people } in &declared.pending {
            let mut values: Vec<Value> = Vec::new();
            for person in people {
                match self.traveller(person, rest) {
                    Ok(user) => values.push(Value::Id(user.0)),
                    Err(failed) => failures.push((person.clone(), failed.why)),
                }
            }
            if !values.is_empty() {
                let mut audience = rest.clone();
                audience.push(Dimension { kind: Kind::Profile, values });
                scopes.push(Scope::new([audience]));
            }
        }
        (Scope::any(scopes), failures)
    }

    /// Returns the one active user that an audience names: of the companies it names, or of any.
    fn traveller(&self, person: &PersonRef, audience: &Audience) -> Result<UserId, Failed> {
        let companies = audience.iter().find(|it| it.kind == Kind::Company);
        let inside = |user: &&&User| {
            let own = |it: &Dimension| user.company.is_some_and(|own| it.values.contains(&Value::Id(own.0)));
            user.is_hidden() || companies.is_none_or(own)
        };
        let all = self.find(person);
        let users: Vec<&User> = all.iter().filter(inside).copied().collect();
        match all.iter().find_map(|it| it.company).filter(|_| users.is_empty()) {
            Some(other) => Err(Failed { why: Unresolved::Foreign(other), candidates: Vec::new() }),
            None => one_active(&users),
        }
    }

    /// Returns the unresolved person that a user about to be removed may be.
    ///
    /// Anybody that this very group names and nobody knows may be the user under
    /// another address; somebody that another group names only where the two
    /// addresses are alike. Doubt keeps access for a day; certainty would take
    /// it away for a typing error.
    pub fn who_it_may_be<'p>(
        &self,
        user: UserId,
        here: &[&'p PersonRef],
        elsewhere: &[&'p PersonRef],
    ) -> Option<&'p PersonRef> {
        let email = || self.user(user).and_then(|it| it.email.as_ref());
        here.first().copied().or_else(|| {
            let email = email()?;
            elsewhere.iter().copied().find(|it| match it {
                PersonRef::Email(other) => alike(email, other),
                PersonRef::ExternalId(_) | PersonRef::EmployeeId(_) | PersonRef::UserId(_) => false,
            })
        })
    }
}

/// Says of who is not known where that is.
pub(super) fn nowhere(why: Unresolved, searched: &BTreeSet<CompanyId>) -> Unresolved {
    match why {
        Unresolved::Unknown if !searched.is_empty() => {
            Unresolved::Nowhere(searched.iter().copied().collect())
        }
        other => other,
    }
}

/// Returns the declared people of a company whom the directory does not know at all.
pub(super) fn suspects<'a>(
    company: &'a DeclaredCompany,
    directory: &Directory<'_>,
    now: Timestamp,
) -> Vec<&'a PersonRef> {
    let entries = company.groups.iter().flat_map(|it| &it.members.entries);
    let wanted = entries.filter(|it| !it.term().is_over(now)).map(|it| &it.person);
    let mut unknown: Vec<&PersonRef> = wanted.filter(|it| !directory.knows(it)).collect();
    unknown.sort_unstable();
    unknown.dedup();
    unknown
}

/// Whether two addresses may be one person's: the same name before the `@`, or two letters apart in all.
pub(crate) fn alike(a: &Email, b: &Email) -> bool {
    a.local_part() == b.local_part() || strsim::damerau_levenshtein(a.as_str(), b.as_str()) <= 2
}
