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

/// How many people have to be asked for one by one.
pub(super) fn requests(
    reads: &CompanyReads<'_>,
    directory: &Directory<'_>,
    told: &BTreeMap<UserId, Traits>,
) -> u64 {
    let alone = reads.profiles.iter().filter(|(person, attributes)| {
        let user = directory.anyone(reads.id, person);
        user.is_ok_and(|it| takes_a_request(attributes, told.contains_key(&it)))
    });
    alone.count() as u64
}

/// Whether what is looked at of a person takes a request: beyond the list, or as the list did not tell of the person.
fn takes_a_request(attributes: &BTreeSet<Attribute>, is_listed: bool) -> bool {
    let mut of_business = attributes.iter().filter(|it| it.part() == PersonPart::BusinessInfo).peekable();
    of_business.peek().is_some() && !(is_listed && of_business.all(|it| it.is_listed()))
}

/// Completes what is told of those on the list of whom the files declare it, and takes it from the others.
pub(super) async fn complete(
    source: &Source,
    reads: &CompanyReads<'_>,
    directory: &Directory<'_>,
    told: &mut BTreeMap<UserId, Traits>,
) -> Read<BTreeMap<UserId, Traits>> {
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
            None => match source.business_info(reads.id, user.id).await? {
                Some(traits) => traits,
                None => return Read::Ok(None),
            },
        };
        put_row(user, &mut traits);
        Ok(Some((user.id, traits)))
    });
    let read: Vec<_> = read.buffered(AT_ONCE).try_collect().await?;
    Ok(read.into_iter().flatten().collect())
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
