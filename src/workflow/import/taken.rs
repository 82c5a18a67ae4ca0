//! What an import starts from: everything of its companies, and who they are whom scopes and arrangers name. Only reads.
//!
//! What was asked stands in the snapshot as the API answered it, so that a plan from it is the plan from the API.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;

use super::super::{Error, Live};
use crate::{
    files::declared::Declared,
    live::{
        FetchError,
        fetch::{Profiles, ReadList},
        snapshot::{Answer, Directory, NotRecorded, Person, Reach, Snapshot},
        source::Source,
    },
    model::{
        direct::DirectRoles,
        directory,
        ids::{CompanyId, Email, GroupId, PersonRef, UserId},
        observed::User,
        scope::{Kind, Scope, Value},
    },
};

/// Requests kept waiting at once; the connection limits those that are sent.
const AT_ONCE: usize = 64;

/// Most companies that are asked for their names, one request each.
const MOST_ASKED: usize = 500;

type Read<T> = Result<T, FetchError>;

/// Reads everything of the company that was named, or of all that the snapshot has; with the direct roles of everybody
/// where they are asked for, and with what everybody is apart from access where that is.
pub(in crate::workflow) async fn taken(
    live: &Live,
    declared: &Declared,
    (direct_roles, profiles): (bool, Profiles),
    now: Timestamp,
) -> Result<Snapshot, Error> {
    let source = &live.source;
    let mut all = match source {
        Source::Api(clients) => {
            let mut list = ReadList::new(declared, &[]);
            list.profiles = profiles;
            let mut all = live.sites.recorded(clients, &list, now).await?;
            if profiles == Profiles::Everybody {
                all.names.extend(clients.unit_names());
            }
            all
        }
        Source::Snapshot(answers) => answers.snapshot().clone(),
    };
    if let Some(company) = declared.company {
        all.companies.retain(|it| it.id == company);
    }
    match (&all.companies[..], declared.company) {
        ([], Some(company)) => return Err(FetchError::from(NotRecorded::Company(company)).into()),
        ([], None) => return Err(Error::NoCompany),
        _ => (),
    }
    if direct_roles {
        let people = everybodys_roles(source, &all).await?;
        all.people.extend(people);
    }
    let homes: BTreeSet<_> = all.companies.iter().map(|it| source.home(it.id)).collect();
    for home in homes {
        let here = |it: CompanyId| source.home(it) == home;
        let (travellers, companies) = named(&all, here);
        people(source, declared, &mut all, (&travellers, &companies), here).await?;
        learn_names(source, &companies).await?;
    }
    let mut names = std::mem::take(&mut all.names);
    names.extend(source.names());
    let Snapshot { created_at, endpoint, sanitized, companies, directories, people, .. } = all;
    let whole = Snapshot::new((created_at, &endpoint, names), companies, directories, people);
    Ok(Snapshot { sanitized, ..whole })
}

/// Every row of a user, of any company.
pub(super) fn rows(snapshot: &Snapshot) -> Vec<User> {
    let asked = snapshot.directories.iter().flat_map(|it| &it.asked).flat_map(|it| &it.users);
    snapshot.directories.iter().flat_map(|it| &it.users).chain(asked).cloned().collect()
}

/// Reads what everybody who can act holds outside groups, as far as it is told.
async fn everybodys_roles(source: &Source, all: &Snapshot) -> Read<Vec<Person>> {
    let own: BTreeSet<CompanyId> = all.companies.iter().map(|it| it.id).collect();
    let known: BTreeSet<UserId> = all.people.iter().map(|it| it.user_id).collect();
    let active = |it: &User| it.active && it.company.is_some_and(|it| own.contains(&it));
    let users: BTreeMap<UserId, CompanyId> =
        rows(all).iter().filter(|it| active(it)).filter_map(|it| Some((it.id, it.company?))).collect();
    let asked = stream::iter(users.into_iter().filter(|it| !known.contains(&it.0))).map(
        |(user, company)| async move {
            Read::Ok((user, unless_unknown(source.direct_roles(company, user).await)?))
        },
    );
    let asked: Vec<(UserId, Option<Option<DirectRoles>>)> = asked.buffered(AT_ONCE).try_collect().await?;
    let mut groups: BTreeMap<UserId, Vec<GroupId>> = BTreeMap::new();
    for group in all.companies.iter().flat_map(|it| &it.groups) {
        group.members.iter().for_each(|it| groups.entry(*it).or_default().push(group.id));
    }
    let person = |(user_id, roles): (UserId, Option<_>)| {
        let mut groups = groups.remove(&user_id).unwrap_or_default();
        groups.sort_unstable();
        Some(Person { user_id, groups, direct_roles: roles? })
    };
    Ok(asked.into_iter().filter_map(person).collect())
}

/// Asks who they are whom scopes and arrangers name, whether an address that no list showed leads to its owner, and
/// whether another company knows it too: all that a plan from the files will ask, at one endpoint.
async fn people(
    source: &Source,
    declared: &Declared,
    all: &mut Snapshot,
    (named, companies): (&BTreeSet<UserId>, &BTreeSet<CompanyId>),
    here: impl Fn(CompanyId) -> bool,
) -> Read<()> {
    let own: BTreeSet<CompanyId> = all.companies.iter().map(|it| it.id).filter(|it| here(*it)).collect();
    let mut others = companies.clone();
    let known = rows(all);
    let known = directory::Directory::new(&known);
    let strangers: Vec<UserId> = named.iter().copied().filter(|it| known.user(*it).is_none()).collect();
    let Some(&first) = own.first() else { return Ok(()) };
    let found = stream::iter(strangers).map(|it| answer(source, first, PersonRef::UserId(it)));
    let found: Vec<Answer> = found.buffered(AT_ONCE).try_collect().await?;
    let strangers: Vec<User> = found.iter().flat_map(|it| &it.users).cloned().collect();
    let travellers = named.iter().filter_map(|it| known.user(*it)).chain(&strangers);
    let travellers: Vec<User> = travellers.cloned().collect();
    let addresses: BTreeSet<PersonRef> =
        travellers.iter().filter_map(|it| it.email.clone()).map(PersonRef::Email).collect();
    others.extend(travellers.iter().filter_map(|it| it.company));
    others.extend(declared.all_companies());
    others.retain(|it| here(*it));
    for directory in all.directories.iter_mut().filter(|it| own.contains(&it.company)) {
        let listed: BTreeSet<&str> =
            directory.users.iter().filter_map(|it| it.email.as_ref()).map(Email::as_str).collect();
        let asked = directory.asked.iter();
        let unlisted = asked.flat_map(|it| &it.users).filter(|it| it.company == Some(directory.company));
        let unlisted = unlisted.filter_map(|it| it.email.clone()).map(PersonRef::Email);
        let ask: BTreeSet<PersonRef> = unlisted.chain(addresses.iter().cloned()).collect();
        let ask = ask.into_iter().filter(|it| {
            it.key().is_none_or(|it| !listed.contains(it))
                && directory.asked.iter().all(|known| known.person != *it)
        });
        let ask: Vec<PersonRef> = ask.collect();
        let answers = stream::iter(ask).map(|it| answer(source, directory.company, it));
        let answers: Vec<Answer> = answers.buffered(AT_ONCE).try_collect().await?;
        directory.asked.extend(answers);
        directory.asked.extend(found.iter().cloned());
    }
    let recorded: BTreeSet<CompanyId> = all.directories.iter().map(|it| it.company).collect();
    let addresses: Vec<PersonRef> = addresses.into_iter().collect();
    let missing: Vec<CompanyId> = others.into_iter().filter(|it| !recorded.contains(it)).collect();
    let missing = stream::iter(missing).map(|it| elsewhere(source, it, &addresses, &travellers));
    let missing: Vec<Directory> = missing.buffered(AT_ONCE).try_collect().await?;
    all.directories.extend(missing);
    Ok(())
}

/// Asks the companies of scopes what they are called, where nobody has said so yet. Whoever may not be asked has no name.
async fn learn_names(source: &Source, companies: &BTreeSet<CompanyId>) -> Read<()> {
    let Source::Api(clients) = source else { return Ok(()) };
    let told = source.names();
    let is_asked = |it: &&CompanyId| !told.contains_key(&it.0) && clients.home(**it).is_some();
    let unnamed = companies.iter().filter(is_asked).take(MOST_ASKED);
    let asked = stream::iter(unnamed).map(|it| async {
        match clients.of(*it)?.reader.learn_names(*it).await.map_err(FetchError::from) {
            Err(error) if error.is_of_one_company() => Ok(()),
            told => told,
        }
    });
    asked.buffered(AT_ONCE).try_collect().await
}

/// The travellers of all scopes and arrangers of companies at one endpoint, and the companies that scopes name.
fn named(all: &Snapshot, here: impl Fn(CompanyId) -> bool) -> (BTreeSet<UserId>, BTreeSet<CompanyId>) {
    let (mut people, mut companies) = (BTreeSet::new(), BTreeSet::new());
    let mut seen = BTreeSet::new();
    let own = all.companies.iter().filter(|it| here(it.id));
    let grants = own.flat_map(|it| &it.groups).flat_map(|it| &it.roles);
    for raw in grants.filter_map(|it| it.scope.as_deref()) {
        if !seen.insert(raw.get()) {
            continue;
        }
        let scope = Scope::read(Some(raw));
        people.extend(scope.people().map(UserId));
        // TMCs stand under the names of companies, and people are looked for in whatever has one.
        let is_company = |it: &Kind| matches!(it, Kind::Company | Kind::BookingTmc | Kind::ContractingTmc);
        let of_company = scope.audiences().iter().flatten().filter(|it| is_company(&it.kind));
        companies.extend(of_company.flat_map(|it| &it.values).filter_map(|it| match it {
            Value::Id(id) => Some(CompanyId(*id)),
            Value::Nothing | Value::Text(_) => None,
        }));
    }
    let direct = all.people.iter().flat_map(|it| &it.direct_roles).flat_map(DirectRoles::iter);
    for role in direct {
        people.extend(role.travellers().iter().map(|it| it.user));
        companies.extend(role.kind().company());
    }
    (people, companies)
}

/// Asks who somebody is; nobody where that is not told.
async fn answer(source: &Source, company: CompanyId, person: PersonRef) -> Read<Answer> {
    let users = unless_unknown(source.query_user(company, &person).await)?.unwrap_or_default();
    Ok(Answer { person, users })
}

/// Asks another company for the addresses of travellers.
async fn elsewhere(
    source: &Source,
    company: CompanyId,
    addresses: &[PersonRef],
    travellers: &[User],
) -> Read<Directory> {
    let found = match addresses {
        [] => Some(Vec::new()),
        addresses => unless_unknown(source.find_users(company, addresses).await)?,
    };
    let reach = if found.is_some() { Reach::Whole } else { Reach::Closed };
    let mut users: Vec<User> = found.unwrap_or_default();
    users.extend(travellers.iter().filter(|it| it.company == Some(company)).cloned());
    users.sort_by_key(|it| it.id);
    users.dedup();
    let users = if reach == Reach::Whole { users } else { Vec::new() };
    Ok(Directory {
        company,
        reach,
        users,
        asked: Vec::new(),
        attributes: None,
        profiles: BTreeMap::new(),
        units: crate::model::units::Units::default(),
    })
}

/// Takes a refusal, and what a snapshot does not tell, for no answer: then the thing is not named by that.
fn unless_unknown<T>(answer: Read<T>) -> Read<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(FetchError::NotRecorded(_)) => Ok(None),
        Err(error) if matches!(error.refused(), Some(403 | 404)) => Ok(None),
        Err(error) => Err(error),
    }
}
