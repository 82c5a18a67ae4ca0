//! What people are apart from access, of whom the files declare it: by the list that finds them where that tells it all, and
//! else by a request for each.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{AT_ONCE, Read, list::CompanyReads};
use crate::{
    live::source::Source,
    model::{
        directory::Directory,
        ids::{PersonRef, UserId},
        observed::User,
        selector::{Attribute, PersonPart, Traits},
        units::Units,
    },
};

/// The people of a company, what is told of those on the list, and what departments and the like are called there.
pub(super) struct Found {
    pub(super) users: Vec<User>,
    pub(super) told: BTreeMap<UserId, Traits>,
    pub(super) units: Units,
}

/// Finds the people of a company, and notes what is told of those on the list.
pub(super) async fn find(source: &Source, reads: &CompanyReads<'_>) -> Read<Found> {
    if reads.profiles.is_empty() {
        let users = source.find_users(reads.id, &reads.people).await?;
        return Ok(Found { users, told: BTreeMap::new(), units: Units::default() });
    }
    let (found, units) = match reads.says_names {
        true => source.find_in_list(reads.id, &reads.people).await?,
        false => (source.find_traits(reads.id, &reads.people).await?, Units::default()),
    };
    let (mut users, mut told) = (Vec::with_capacity(found.len()), BTreeMap::new());
    for (user, traits) in found {
        told.extend(traits.map(|it| (user.id, it)));
        users.push(user);
    }
    users.sort_by_key(|it| it.id);
    users.dedup();
    Ok(Found { users, told, units })
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

/// Completes what is told of those on the list of whom the files declare it, and takes it from the others. Says of whom all of it was asked for, and told by the API;
/// and what grades are called, as far as that was told.
pub(super) async fn complete(
    source: &Source,
    reads: &CompanyReads<'_>,
    directory: &Directory<'_>,
    told: &mut BTreeMap<UserId, Traits>,
) -> Read<(BTreeMap<UserId, Traits>, BTreeSet<UserId>, Units)> {
    let meant = reads.profiles.iter().filter_map(|(person, attributes)| {
        let user = directory.user(directory.anyone(reads.id, person).ok()?)?;
        Some((user, attributes, told.remove(&user.id)))
    });
    let meant: Vec<_> = meant.collect();
    let read = stream::iter(meant).map(|(user, attributes, listed)| async move {
        let is_asked = takes_a_request(attributes, listed.is_some());
        let (mut traits, named) = match listed.filter(|_| !is_asked) {
            Some(listed) => (listed, Vec::new()),
            None if !is_asked => (Traits::default(), Vec::new()),
            None => match source.part(reads.id, user.id, PersonPart::BusinessInfo).await? {
                Some(traits) => traits,
                None => return Read::Ok(None),
            },
        };
        if are_mails_looked_at(attributes) {
            let mails = source.part(reads.id, user.id, PersonPart::NotificationPreferences).await?;
            mails.iter().flat_map(|it| it.0.iter()).for_each(|it| traits.put(it.0, it.1));
        }
        put_row(user, &mut traits);
        Ok(Some((user.id, traits, is_asked, named)))
    });
    let read: Vec<_> = read.buffered(AT_ONCE).try_collect().await?;
    let (mut profiles, mut whole, mut units) = (BTreeMap::new(), BTreeSet::new(), Units::default());
    for (user, traits, is_asked, named) in read.into_iter().flatten() {
        // A snapshot may hold less of a person, and does not say so.
        whole.extend((is_asked && source.taken().is_none()).then_some(user));
        // What else it names the list tells of everybody.
        let grades = named.iter().filter(|it| it.0 == Attribute::Grade);
        grades.for_each(|it| units.put(it.0, &it.1));
        profiles.insert(user, traits);
    }
    Ok((profiles, whole, units))
}

/// What the rows of those say of whom something is declared: by which keys they are known, and whether they are active.
pub(super) fn rows(reads: &CompanyReads<'_>, directory: &Directory<'_>) -> BTreeMap<UserId, Traits> {
    let users = reads.profiles.keys().filter_map(|it| directory.user(directory.anyone(reads.id, it).ok()?));
    let row = |user: &User| {
        let mut traits = Traits::default();
        put_row(user, &mut traits);
        (user.id, traits)
    };
    users.map(row).collect()
}

/// The external and employee ids that people are to get and that nobody is known by who was looked for.
pub(super) fn new_keys(
    reads: &CompanyReads<'_>,
    directory: &Directory<'_>,
    profiles: &BTreeMap<UserId, Traits>,
) -> Vec<PersonRef> {
    let new = reads.declared.users.iter().flat_map(|user| {
        let live = directory.anyone(reads.id, &user.person).ok().and_then(|it| profiles.get(&it));
        let given = user.given_keys().filter(move |it| live.is_some_and(|live| live.get(it.0) != it.1.key()));
        given.map(|it| it.1)
    });
    new.filter(|it| !directory.knows(it)).collect()
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
