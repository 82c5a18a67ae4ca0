//! Keys that go from one person to another: who cannot get one as somebody else has it and keeps it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    files::declared::DeclaredCompany,
    model::{
        directory::Directory,
        ids::{PersonRef, UserId},
        observed::Observed,
        selector::Attribute,
    },
};

/// A key of a person.
pub(super) type Held = (UserId, Attribute);

/// Returns who of a company is to get a key that somebody else has, and who that is: unless that person is to get another
/// one by this plan, and can. Of a circle nobody can be the first.
pub(super) fn taken(
    (company, directory, snapshot): (&DeclaredCompany, &Directory<'_>, &Observed),
) -> BTreeMap<Held, UserId> {
    let (mut wanted, mut free) = (BTreeMap::new(), BTreeSet::new());
    for user in &company.users {
        let Ok(id) = directory.anyone(company.id, &user.person) else { continue };
        let Some(live) = snapshot.profiles.get(&id) else { continue };
        for (attribute, key) in user.given_keys().filter(|it| live.get(it.0) != it.1.key()) {
            match holder(company, directory, id, &key) {
                Some(holder) => _ = wanted.insert((id, attribute), holder),
                None => _ = free.insert((id, attribute)),
            }
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
