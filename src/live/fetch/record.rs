//! Everything that any later plan may ask, read once: the deed behind a snapshot. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, future::try_join, stream};
use jiff::Timestamp;

use crate::{
    files::declared::{Declared, DeclaredCompany},
    live::{
        api::Reader,
        recording::{self, Answer, Company, Person, Reach, Recording},
    },
    model::{
        ids::{CompanyId, GroupId, PersonRef, UserId},
        snapshot::{GroupHead, RoleHead, User},
    },
    plan::bind::people::Directory,
};

use super::{FetchError, GROUPS_AT_ONCE, Questions};

/// Reads all groups and roles of the companies that the files speak of, with everything in them, and
/// everybody of these and of the other companies that the workspace names.
///
/// Where the API refuses a list of everybody, people are asked for one by one: those whom the files name
/// and those who are in groups. What people hold outside groups takes a request for each, so it is read of
/// those whom the files single out.
///
/// # Errors
///
/// The first request that failed; nothing partial is returned.
pub async fn record(
    reader: &Reader,
    declared: &Declared,
    endpoint: &str,
    now: Timestamp,
) -> Result<Recording, FetchError> {
    let own: BTreeSet<CompanyId> =
        declared.companies.iter().map(|it| it.id).chain(declared.company).collect();
    let mut companies = Vec::new();
    for &id in &own {
        companies.push(company(reader, id).await?);
    }
    let (mut directories, mut known) = (Vec::new(), BTreeMap::new());
    for &id in &own {
        let members = companies.iter().filter(|it| it.id == id).flat_map(|it| &it.groups);
        let members: BTreeSet<UserId> = members.flat_map(|it| &it.members).copied().collect();
        let (directory, users) = directory(reader, id, &named(declared, Some(id)), &members).await?;
        directories.push(directory);
        known.insert(id, users);
    }
    let everybody = named(declared, None);
    for &id in declared.known_companies.iter().filter(|it| !own.contains(it)) {
        // A token of one company may not look into another; then nobody is known there.
        let found = match directory(reader, id, &everybody, &BTreeSet::new()).await {
            Err(error) if matches!(error.refused(), Some(403 | 404)) => recording::Directory {
                company: id,
                reach: Reach::Closed,
                users: Vec::new(),
                asked: Vec::new(),
            },
            found => found?.0,
        };
        directories.push(found);
    }
    let people = singled_out(reader, declared, &known).await?;
    Ok(Recording::new((now, endpoint), companies, directories, people))
}

/// Returns whom the files name: in the groups of a company or of any, and by the rules.
fn named(declared: &Declared, company: Option<CompanyId>) -> Vec<PersonRef> {
    let companies = declared.companies.iter().filter(|it| company.is_none_or(|id| id == it.id));
    let people: BTreeSet<&PersonRef> =
        companies.flat_map(DeclaredCompany::people).chain(declared.singled_out()).collect();
    people.into_iter().cloned().collect()
}

async fn company(reader: &Reader, id: CompanyId) -> Result<Company, FetchError> {
    let heads = Questions::list_groups(reader, id);
    let (heads, roles) = try_join(heads, Questions::list_roles(reader, id)).await?;
    let groups = stream::iter(heads).map(|it| group(reader, id, it)).buffered(GROUPS_AT_ONCE);
    let role = |it: RoleHead| recording::Role {
        id: it.id,
        name: it.name,
        platform: it.platform,
        manages_access: it.manages_access,
    };
    Ok(Company { id, groups: groups.try_collect().await?, roles: roles.into_iter().map(role).collect() })
}

async fn group(reader: &Reader, company: CompanyId, head: GroupHead) -> Result<recording::Group, FetchError> {
    let members = Questions::list_members(reader, company, head.id);
    let (members, roles) = try_join(members, Questions::list_group_roles(reader, company, head.id)).await?;
    let GroupHead { id, name, description, unmodifiable } = head;
    let grant = |it: crate::live::api::GroupRole| recording::Grant { role_id: it.role, scope: it.scope };
    let roles = roles.into_iter().map(grant).collect();
    Ok(recording::Group { id, name, description, unmodifiable, roles, members })
}

/// Reads who is known in a company, and whom single questions find beyond.
async fn directory(
    reader: &Reader,
    company: CompanyId,
    named: &[PersonRef],
    members: &BTreeSet<UserId>,
) -> Result<(recording::Directory, Vec<User>), FetchError> {
    let (reach, mut users) = match reader.list_users(company).await? {
        Some(users) => (Reach::Whole, users),
        None => (Reach::Asked, Vec::new()),
    };
    // The list may not show everybody (contract §7.2): whom it does not show is asked for, as for a plan.
    let listed = Directory::new(&users);
    let everybody = named.iter().cloned().chain(members.iter().copied().map(PersonRef::UserId));
    let ask: BTreeSet<PersonRef> = everybody.filter(|it| !listed.knows(it)).collect();
    let asked = stream::iter(ask).map(|person| async move {
        let found = reader.query_user(company, &person).await?;
        Ok::<_, FetchError>((person, found))
    });
    let asked: Vec<(PersonRef, Vec<User>)> = asked.buffered(GROUPS_AT_ONCE).try_collect().await?;
    let directory = recording::Directory {
        company,
        reach,
        users: users.iter().map(row).collect(),
        asked: asked
            .iter()
            .map(|(person, found)| Answer { person: person.clone(), users: found.iter().map(row).collect() })
            .collect(),
    };
    users.extend(asked.into_iter().flat_map(|it| it.1));
    Ok((directory, users))
}

fn row(user: &User) -> recording::User {
    let User { id, email, external_id, employee_id, company, active } = user.clone();
    recording::User { user_id: id, email, external_id, employee_id, company, active }
}

/// Reads the groups and direct roles of everybody whom the files single out.
async fn singled_out(
    reader: &Reader,
    declared: &Declared,
    known: &BTreeMap<CompanyId, Vec<User>>,
) -> Result<Vec<Person>, FetchError> {
    let mut users = BTreeSet::new();
    for (company, rows) in known {
        let directory = Directory::new(rows);
        let with_roles = declared.companies.iter().flat_map(DeclaredCompany::with_direct_roles);
        let people = declared.singled_out().into_iter().chain(with_roles);
        users.extend(people.filter_map(|it| directory.anyone(*company, it).ok()));
        let lockouts = declared.lockouts.iter();
        users.extend(lockouts.filter_map(|it| directory.everybody(*company, &it.person).ok()).flatten());
    }
    let people = stream::iter(users).map(|user_id| async move {
        let groups = Questions::groups_of_user(reader, user_id);
        let (groups, direct_roles) = try_join(groups, Questions::direct_roles(reader, user_id)).await?;
        let own = groups.into_iter().filter(|it| known.contains_key(&it.0));
        let groups: BTreeSet<GroupId> = own.map(|it| it.1.id).collect();
        Ok::<_, FetchError>(Person { user_id, groups: groups.into_iter().collect(), direct_roles })
    });
    people.buffered(GROUPS_AT_ONCE).try_collect().await
}
