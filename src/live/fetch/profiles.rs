//! What people are apart from access, of whom the files declare it: by the list that finds them where that tells it all, and
//! else by a request for each.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{AT_ONCE, Read, list::CompanyReads};
use crate::{
    live::source::Source,
    model::{
        directory::Directory,
        ids::UserId,
        observed::User,
        selector::{Attribute, PersonPart, Traits},
    },
};

/// Finds the people of a company, and notes what is told of those on the list.
pub(super) async fn find(
    source: &Source,
    reads: &CompanyReads<'_>,
) -> Read<(Vec<User>, BTreeMap<UserId, Traits>)> {
    if reads.profiles.is_empty() {
        return Ok((source.find_users(reads.id, &reads.people).await?, BTreeMap::new()));
    }
    let found = source.find_traits(reads.id, &reads.people).await?;
    let (mut users, mut told) = (Vec::with_capacity(found.len()), BTreeMap::new());
    for (user, traits) in found {
        told.extend(traits.map(|it| (user.id, it)));
        users.push(user);
    }
    users.sort_by_key(|it| it.id);
    users.dedup();
    Ok((users, told))
}

/// Who has to be asked for one by one.
pub(super) fn alone(
    reads: &CompanyReads<'_>,
    directory: &Directory<'_>,
    told: &BTreeMap<UserId, Traits>,
) -> BTreeSet<UserId> {
    let alone = reads.profiles.iter().filter_map(|(person, attributes)| {
        let user = directory.anyone(reads.id, person).ok()?;
        takes_a_request(attributes, told.contains_key(&user)).then_some(user)
    });
    alone.collect()
}

/// How many people are asked which mails they get.
pub(super) fn mails(reads: &CompanyReads<'_>, directory: &Directory<'_>) -> u64 {
    let asked = reads.profiles.iter().filter(|it| are_mails_looked_at(it.1));
    asked.filter(|it| directory.anyone(reads.id, it.0).is_ok()).count() as u64
}

/// Whether what is looked at of a person takes a request: beyond the list, or as the list did not tell of the person.
fn takes_a_request(attributes: &BTreeSet<Attribute>, is_listed: bool) -> bool {
    let mut of_business = attributes.iter().filter(|it| it.part() == PersonPart::BusinessInfo).peekable();
    of_business.peek().is_some() && !(is_listed && of_business.all(|it| it.is_listed()))
}

/// Whether it is looked at which mails a person gets: no list shows that.
fn are_mails_looked_at(attributes: &BTreeSet<Attribute>) -> bool {
    attributes.iter().any(|it| it.part() == PersonPart::NotificationPreferences)
}

/// Completes what is told of those on the list. Says of whom all of it was asked for, and told by the API.
pub(super) async fn complete(
    source: &Source,
    reads: &CompanyReads<'_>,
    directory: &Directory<'_>,
    mut told: BTreeMap<UserId, Traits>,
) -> Read<(BTreeMap<UserId, Traits>, BTreeSet<UserId>)> {
    let meant = reads.profiles.iter().filter_map(|(person, attributes)| {
        let user = directory.user(directory.anyone(reads.id, person).ok()?)?;
        Some((user, attributes, told.remove(&user.id)))
    });
    let meant: Vec<_> = meant.collect();
    let read = stream::iter(meant).map(|(user, attributes, listed)| async move {
        let is_asked = takes_a_request(attributes, listed.is_some());
        let mut traits = match listed.filter(|_| !is_asked) {
            Some(listed) => listed,
            None if !is_asked => Traits::default(),
            None => match source.part(reads.id, user.id, PersonPart::BusinessInfo).await? {
                Some(traits) => traits,
                None => return Read::Ok(None),
            },
        };
        if are_mails_looked_at(attributes) {
            let mails = source.part(reads.id, user.id, PersonPart::NotificationPreferences).await?;
            mails.iter().flat_map(Traits::iter).for_each(|it| traits.put(it.0, it.1));
        }
        put_row(user, &mut traits);
        Ok(Some((user.id, traits, is_asked)))
    });
    let read: Vec<_> = read.buffered(AT_ONCE).try_collect().await?;
    // A snapshot may hold less of a person, and does not say so.
    let whole = read.iter().flatten().filter(|it| it.2 && source.taken().is_none()).map(|it| it.0).collect();
    Ok((read.into_iter().flatten().map(|it| (it.0, it.1)).collect(), whole))
}

/// What is told of everybody on a list.
pub(super) fn listed(users: &[User], mut told: BTreeMap<UserId, Traits>) -> BTreeMap<UserId, Traits> {
    let profile = |user: &User| {
        let mut traits = told.remove(&user.id)?;
        put_row(user, &mut traits);
        Some((user.id, traits))
    };
    users.iter().filter_map(profile).collect()
}

/// What a row says beside the attributes that rules look at.
fn put_row(user: &User, traits: &mut Traits) {
    traits.put(Attribute::Active, if user.active { "true" } else { "false" });
    user.external_id.iter().for_each(|it| traits.put(Attribute::ExternalId, it.clone()));
    user.employee_id.iter().for_each(|it| traits.put(Attribute::EmployeeId, it.clone()));
}
