//! Entries of people that do not say for certain who is meant: no account comes or goes by them, and nothing else of them is done.

use std::{borrow::Cow, collections::BTreeMap};

use super::keys::{Held, taken};
use crate::{
    files::declared::{Declared, DeclaredCompany, DeclaredUser},
    model::{
        directory::Directory,
        ids::{PersonRef, UserId},
        observed::Observed,
        plan::{StaysActive, Unresolved, Withheld, WithheldReason},
        selector::Attribute,
    },
};

/// Takes these entries out of what is declared, and says why.
pub(super) fn without<'a>(declared: &'a Declared, snapshot: &Observed) -> (Cow<'a, Declared>, Vec<Withheld>) {
    let (mut settled, mut withheld) = (Cow::Borrowed(declared), Vec::new());
    let directory = Directory::new(&snapshot.users);
    for (at, company) in declared.companies.iter().enumerate() {
        let says_accounts = |it: &DeclaredUser| it.active().is_some() || !it.create.is_empty();
        if !company.users.iter().any(says_accounts) {
            continue;
        }
        let of = (company, &directory, snapshot);
        let taken = taken(of);
        let doubt = |it: &DeclaredUser| {
            let what = doubt(it, of, &taken).filter(|_| says_accounts(it))?;
            Some(Withheld { from: Some(it.from), group: "".into(), what })
        };
        let before = withheld.len();
        withheld.extend(company.users.iter().filter_map(doubt));
        if withheld.len() > before {
            settled.to_mut().companies[at].users.retain(|it| doubt(it).is_none());
        }
    }
    (settled, withheld)
}

/// Why it is not certain who is meant by an entry that says whether there is an account that can be used.
fn doubt(
    user: &DeclaredUser,
    (company, directory, snapshot): (&DeclaredCompany, &Directory<'_>, &Observed),
    taken: &BTreeMap<Held, UserId>,
) -> Option<WithheldReason> {
    let person = user.person.clone();
    let id = match directory.anyone(company.id, &user.person) {
        Ok(id) => id,
        Err(Unresolved::Unknown | Unresolved::Nowhere(_)) if user.active() == Some(false) => {
            let other = user.given_keys().find_map(|it| Some((directory.find(&it.1).first()?.id, it.1)));
            return match other {
                Some((user, key)) => Some(WithheldReason::Contradiction { person, key, user }),
                // A list of human resources has people who never had an account, and so has an entry that would make one;
                // whoever writes any other means an account that is there.
                None if user.is_row || !user.create.is_empty() => None,
                None => {
                    let because = StaysActive::NotFound;
                    Some(WithheldReason::Deactivation { person, because, of: Vec::new() })
                }
            };
        }
        Err(_) => return None,
    };
    let live = snapshot.profiles.get(&id)?;
    let is_active = live.get(Attribute::Active)?;
    if user.said(Attribute::Active).is_some_and(|it| it != is_active) {
        let other = |(of, key)| Some((*taken.get(&(id, of))?, key));
        if let Some((user, key)) = user.given_keys().find_map(other) {
            return Some(WithheldReason::Contradiction { person, key, user });
        }
    }
    // An address may be given to somebody else later on: the old account is not taken for that of whoever shall have one.
    let is_made = !user.create.is_empty() && is_active == "false";
    let key = user.given_keys().filter(|_| is_made).find_map(|(attribute, key)| {
        let was = live.get(attribute).filter(|it| !it.is_empty() && !attribute.same(Some(it), key.key()))?;
        Some(match key {
            PersonRef::EmployeeId(_) => PersonRef::EmployeeId(was.into()),
            _ => PersonRef::ExternalId(was.into()),
        })
    })?;
    Some(WithheldReason::Former { person, key, user: id })
}
