//! Keys that people are to get: who is meant by them, and who cannot get one as somebody else has it and keeps it.
//!
//! Files speak of what shall be, and so a key means who has it once the plan is made: everybody stands under the keys that the
//! plan gives, and who gives one up under that no more. Where somebody cannot get a key, it does not say who is meant, the person
//! or who has it: whatever is said by it is withheld.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    files::declared::{Declared, DeclaredCompany},
    model::{
        directory::Directory,
        ids::{CompanyId, PersonRef, UserId},
        observed::{Observed, User},
        selector::Attribute,
    },
};

/// A key of a person.
pub(in crate::plan) type Held = (UserId, Attribute);

/// Who of each company is to get a key that somebody else has and keeps, and who that is.
pub(in crate::plan) type Taken = BTreeMap<CompanyId, BTreeMap<Held, UserId>>;

/// The people by the keys that they have, and by those that they are to have.
#[derive(Clone, Copy)]
pub(super) struct Directories<'a> {
    pub(super) now: &'a Directory<'a>,
    pub(super) then: &'a Directory<'a>,
}

/// Who is known by which key once the plan is made, where some key is to change, and who cannot get one. `all` is everything that
/// the files declare, also what of it is not done as it does not say who is meant.
pub(in crate::plan) fn given(
    (declared, all): (&Declared, &Declared),
    (directory, snapshot): (&Directory<'_>, &Observed),
) -> (Option<Vec<User>>, Taken) {
    let (mut kept, mut given, mut doubtful) = (Taken::new(), BTreeMap::new(), BTreeMap::new());
    for (company, is_done) in
        declared.companies.iter().map(|it| (it, true)).chain(all.companies.iter().map(|it| (it, false)))
    {
        let of = (company, directory, snapshot);
        let taken = self::taken(of);
        for (held, key) in new(of) {
            match taken.get(&held) {
                Some(&holder) => {
                    given.insert((holder, held.1), None);
                    doubtful.extend([held.0, holder].map(|it| ((it, key.clone()), held.1)));
                }
                None if is_done => _ = given.insert(held, Some(key)),
                None => (),
            }
        }
        if is_done {
            kept.insert(company.id, taken);
        }
    }
    let is_any = !given.is_empty() || !doubtful.is_empty();
    let users = is_any.then(|| {
        let mut users = snapshot.users.clone();
        for user in &mut users {
            for attribute in [Attribute::ExternalId, Attribute::EmployeeId] {
                if let Some(key) = given.get(&(user.id, attribute)) {
                    user.put_key(attribute, key.as_ref().and_then(PersonRef::key));
                }
            }
        }
        let rows = doubtful.iter().filter_map(|((id, key), attribute)| {
            // By that key alone, and whoever of them is active: it is not to say which one is meant.
            let user = directory.user(*id)?.clone();
            let mut user = User { external_id: None, employee_id: None, active: true, ..user };
            user.put_key(*attribute, key.key());
            Some(user)
        });
        users.extend(rows.collect::<Vec<_>>());
        users
    });
    (users, kept)
}

/// The keys that people of a company are to get and do not have, as far as it was read which they have.
fn new<'a>(
    (company, directory, snapshot): (&'a DeclaredCompany, &'a Directory<'_>, &'a Observed),
) -> impl Iterator<Item = (Held, PersonRef)> + 'a {
    let read = company.users.iter().filter_map(move |user| {
        let id = directory.anyone(company.id, &user.person).ok()?;
        Some((id, user, snapshot.profiles.get(&id)?))
    });
    read.flat_map(|(id, user, live)| {
        let new = user.given_keys().filter(|it| live.get(it.0) != it.1.key());
        new.map(move |(attribute, key)| ((id, attribute), key))
    })
}

/// Returns who of a company is to get a key that somebody else has, and who that is: unless that person is to get another
/// one by this plan, and can. Of a circle nobody can be the first.
pub(super) fn taken(of: (&DeclaredCompany, &Directory<'_>, &Observed)) -> BTreeMap<Held, UserId> {
    let (mut wanted, mut free) = (BTreeMap::new(), BTreeSet::new());
    for (held, key) in new(of) {
        match holder(of.0, of.1, held.0, &key) {
            Some(holder) => _ = wanted.insert(held, holder),
            None => _ = free.insert(held),
        }
    }
    loop {
        let can = |it: &(&Held, &UserId)| free.contains(&(*it.1, it.0.1));
        let next: Vec<Held> = wanted.iter().filter(can).map(|it| *it.0).collect();
        if next.is_empty() {
            return wanted;
        }
        next.iter().for_each(|it| _ = wanted.remove(it));
        free.extend(next);
    }
}

/// Who else of the company is known by a key.
fn holder(
    company: &DeclaredCompany,
    directory: &Directory<'_>,
    id: UserId,
    key: &PersonRef,
) -> Option<UserId> {
    let own = directory.find(key).iter().filter(|it| it.company.is_none_or(|it| it == company.id));
    own.map(|it| it.id).filter(|it| *it != id).min()
}
