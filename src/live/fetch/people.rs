//! The people that a list speaks of: found in their company and in others, with groups, direct roles and what they are.
//!
//! Whether all of them were found is for the binding to say; nobody is withheld on the word of one list alone.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, future::try_join, stream};

use super::{
    Read, keyed,
    list::{CompanyReads, GroupReads},
    newcomers, profiles,
};
use crate::{
    live::{
        FetchError,
        source::{AT_ONCE, Source},
    },
    model::{
        access::Contents,
        direct::DirectRoles,
        directory::Directory,
        ids::{CompanyId, GroupId, PersonRef, UserId},
        observed::User,
        selector::Traits,
        units::Units,
    },
};

/// Users that a list speaks of, with what is read of them.
pub(super) struct People {
    pub(super) users: Vec<User>,
    /// Those who are locked out and may be in groups.
    pub(super) cut_off: BTreeSet<UserId>,
    /// The groups of those who are locked out and of the account that runs rolecall, in the company.
    pub(super) held: BTreeMap<UserId, Vec<GroupId>>,
    pub(super) direct: Vec<(UserId, DirectRoles)>,
    /// What those are apart from access of whom it is looked at, as far as that was told.
    pub(super) profiles: BTreeMap<UserId, Traits>,
    /// What departments and the like are called, where that is looked at.
    pub(super) units: Units,
    /// Those of them who have no account yet.
    pub(super) newcomers: BTreeSet<UserId>,
    /// How many accounts are active, where some may come or go.
    pub(super) accounts: Option<u64>,
    /// Companies that do not let this token look for people.
    pub(super) closed: BTreeSet<CompanyId>,
    /// Those of whom everything was read that one asks for.
    pub(super) led: BTreeSet<UserId>,
    /// Whether policies ask who everybody is, and that is not told.
    pub(super) unlisted: bool,
    /// Whether everybody is among the users.
    pub(super) listed: bool,
}

/// Reads the users of a company that the list speaks of, and of some of them groups and direct roles.
pub(super) async fn people(source: &Source, known: &[CompanyId], reads: &CompanyReads<'_>) -> Read<People> {
    let profiles::Found { mut users, told, units } = profiles::find(source, reads).await?;
    let mut directory = Directory::new(&users);
    let single = one_by_one(source, reads.id, &missing(&reads.people, &directory)).await?;
    directory.add(&single);
    // People that the company does not know are looked for in others, to be reported as somebody of another; a
    // scope may mean a client's people, and a key may be known in several companies.
    let unseen = reads.named.iter().filter(|it| !directory.sees(it));
    let unknown: BTreeSet<&PersonRef> = reads.travellers.iter().chain(unseen).collect();
    let unknown: Vec<PersonRef> = unknown.into_iter().cloned().collect();
    let (more, closed) = elsewhere(source, known, reads.id, &unknown).await?;
    directory.add(&more);
    let mut found = reads.find(&directory);
    let keyed = keyed::keyed(reads.declared, &directory);
    found.add(reads.find(&Directory::new(&keyed)));
    let holders: BTreeSet<UserId> =
        found.cut_off.iter().chain(&found.back).copied().chain(found.identity).collect();
    let (held, direct) =
        try_join(groups_of(source, reads.id, &holders), direct_roles(source, reads.id, &found.direct))
            .await?;
    users.extend(single);
    users.extend(more);
    Ok(People {
        users,
        cut_off: found.cut_off,
        held,
        direct,
        profiles: told,
        units,
        newcomers: BTreeSet::new(),
        accounts: None,
        closed,
        led: BTreeSet::new(),
        unlisted: false,
        listed: false,
    })
}

/// Reads the same, with what people are apart from access, and with those who have no account yet.
pub(super) async fn profiled(source: &Source, known: &[CompanyId], reads: &CompanyReads<'_>) -> Read<People> {
    let mut people = people(source, known, reads).await?;
    let directory = Directory::new(&people.users);
    let mut told = std::mem::take(&mut people.profiles);
    let (profiles, led, grades) = profiles::complete(source, reads, &directory, &mut told).await?;
    people.units.extend(grades);
    let holders = having(source, reads.id, &profiles::new_keys(reads, &directory, &profiles)).await?;
    (people.profiles, people.led) = (profiles, led);
    let newcomers = newcomers::newcomers(reads, &directory);
    people.accounts = accounts(source, reads, &directory, &newcomers).await?;
    for newcomer in &newcomers {
        people.direct.push((newcomer.id, DirectRoles::default()));
        people.profiles.insert(newcomer.id, Traits::default());
    }
    people.newcomers = newcomers.iter().map(|it| it.id).collect();
    people.users.extend(newcomers);
    people.users.extend(holders);
    Ok(people)
}

/// Who has keys that others are to get. What is not told stops nothing: then the API says it when they are written.
async fn having(source: &Source, company: CompanyId, keys: &[PersonRef]) -> Read<Vec<User>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    match source.find_users(company, keys).await {
        Err(FetchError::NotRecorded(_)) => Ok(Vec::new()),
        found => unless_refused(found),
    }
}

/// How many accounts of a company are active, where some may come or go.
pub(super) async fn accounts(
    source: &Source,
    reads: &CompanyReads<'_>,
    directory: &Directory<'_>,
    newcomers: &[User],
) -> Read<Option<u64>> {
    if newcomers.is_empty() && !reads.comes_or_goes(directory) {
        return Ok(None);
    }
    source.count_active(reads.id).await
}

async fn groups_of(
    source: &Source,
    company: CompanyId,
    users: &BTreeSet<UserId>,
) -> Read<BTreeMap<UserId, Vec<GroupId>>> {
    let groups = stream::iter(users).map(|&user| async move {
        let groups = source.groups_of_user(company, user).await?;
        let mut own: Vec<GroupId> =
            groups.into_iter().filter(|it| it.0 == company).map(|it| it.1.id).collect();
        own.sort_unstable();
        Ok((user, own))
    });
    groups.buffered(AT_ONCE).try_collect().await
}

async fn direct_roles(
    source: &Source,
    company: CompanyId,
    users: &BTreeSet<UserId>,
) -> Read<Vec<(UserId, DirectRoles)>> {
    let roles = stream::iter(users)
        .map(|&user| async move { Read::Ok(source.direct_roles(company, user).await?.map(|it| (user, it))) });
    let roles: Vec<_> = roles.buffered(AT_ONCE).try_collect().await?;
    Ok(roles.into_iter().flatten().collect())
}

pub(super) fn missing(people: &[PersonRef], directory: &Directory<'_>) -> Vec<PersonRef> {
    people.iter().filter(|it| !directory.knows(it)).cloned().collect()
}

/// Asks once more for everybody that the bulk list did not find: it is a draft in the API and may
/// not match every address (contract §7.2), and nobody shall be withheld on its word alone.
pub(super) async fn one_by_one(source: &Source, company: CompanyId, people: &[PersonRef]) -> Read<Vec<User>> {
    // No list is filtered by employee ids: each was asked for alone, or looked up in a list of everybody, as it is.
    let is_certain =
        |it: &&PersonRef| matches!(source, Source::Api(_)) && matches!(it, PersonRef::EmployeeId(_));
    let doubtful = people.iter().filter(|it| !is_certain(it));
    let found = stream::iter(doubtful).map(|it| source.query_user(company, it));
    let found: Vec<Vec<User>> = found.buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// Looks for people in other companies than this, for whoever is not found there alone as well; and says which of these
/// companies do not let this token look.
pub(super) async fn elsewhere(
    source: &Source,
    known: &[CompanyId],
    company: CompanyId,
    people: &[PersonRef],
) -> Read<(Vec<User>, BTreeSet<CompanyId>)> {
    let (mut found, mut closed) = (Vec::new(), BTreeSet::new());
    // At another endpoint the people of this company are strangers, and nobody's business.
    let is_other = |it: &CompanyId| *it != company && source.home(*it) == source.home(company);
    let others = || known.iter().copied().filter(|it| is_other(it) && !people.is_empty());
    for other in others() {
        // A token of one company may not look into another, and what is wrong there is nothing to this one; then nobody is
        // known there.
        match source.find_users(other, people).await {
            Err(error) if error.is_of_one_company() => _ = closed.insert(other),
            users => found.extend(users?),
        }
    }
    // By id the company plays no part, and it was asked before.
    let directory = Directory::new(&found);
    let is_missing = |it: &&PersonRef| !matches!(it, PersonRef::UserId(_)) && !directory.knows(it);
    let missing: Vec<PersonRef> = people.iter().filter(is_missing).cloned().collect();
    for other in others().filter(|it| !closed.contains(it)).collect::<Vec<_>>() {
        match if missing.is_empty() { Ok(Vec::new()) } else { one_by_one(source, other, &missing).await } {
            Err(error) if error.is_of_one_company() => _ = closed.insert(other),
            users => found.extend(users?),
        }
    }
    Ok((found, closed))
}

/// Takes a refusal for nothing, where nothing depends on the answer but names.
pub(super) fn unless_refused<T: Default>(answer: Read<T>) -> Read<T> {
    match answer {
        Err(error) if matches!(error.refused(), Some(403 | 404)) => Ok(T::default()),
        other => other,
    }
}

/// Looks up the members that no file names, so that a plan to remove them can name them, and those of whom no answer
/// told the address: it says who is protected.
pub(super) async fn strangers(
    source: &Source,
    company: CompanyId,
    groups: &GroupReads,
    contents: &BTreeMap<GroupId, Contents>,
    known: &[User],
) -> Read<Vec<User>> {
    let nameless: BTreeSet<UserId> = known.iter().filter(|it| it.email.is_none()).map(|it| it.id).collect();
    let groups = groups.iter().filter_map(|it| Some((it.1.strangers, contents.get(it.0)?)));
    let members = groups.flat_map(|(strangers, contents)| {
        let nameless = &nameless;
        contents.members.iter().filter(move |it| strangers || nameless.contains(it))
    });
    unknown(source, company, members, known).await
}

/// Looks up users by id, but those of whom enough is known already; who is known without an address is asked for alone.
pub(super) async fn unknown(
    source: &Source,
    company: CompanyId,
    users: impl Iterator<Item = &UserId>,
    known: &[User],
) -> Read<Vec<User>> {
    let told: BTreeSet<UserId> = known.iter().filter(|it| it.email.is_some()).map(|it| it.id).collect();
    let known: BTreeSet<UserId> = known.iter().map(|it| it.id).collect();
    let users: BTreeSet<UserId> = users.copied().filter(|it| !told.contains(it)).collect();
    let (ask, unknown): (BTreeSet<UserId>, BTreeSet<UserId>) =
        users.into_iter().partition(|it| known.contains(it));
    let unknown: Vec<PersonRef> = unknown.into_iter().map(PersonRef::UserId).collect();
    let mut found = source.find_users(company, &unknown).await?;
    let directory = Directory::new(&found);
    let mut missing: Vec<PersonRef> = unknown.iter().filter(|it| !directory.tells(it)).cloned().collect();
    missing.extend(ask.into_iter().map(PersonRef::UserId));
    found.extend(one_by_one(source, company, &missing).await?);
    Ok(found)
}
