//! What a question over everybody's access needs, and nothing more: roles first, then the groups that give some of them,
//! and who is in these. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::{AT_ONCE, FetchError, Read, unknown};
use crate::{
    live::{
        snapshot::{Answer, Company, Directory, Group, Reach, Snapshot},
        source::Source,
    },
    model::{
        access::Members,
        ids::{CompanyId, PersonRef, RoleId, UserId},
        observed::{GroupHead, User},
        scope::Scope,
        stamp::Stamps,
    },
};

/// Reads the roles that companies may assign, and nothing else of them.
///
/// # Errors
/// The first request that failed.
pub async fn roles(source: &Source, companies: &[CompanyId]) -> Result<Vec<Company>, FetchError> {
    let read = |id: CompanyId| async move {
        Read::Ok(Company { id, endpoint: None, groups: Vec::new(), roles: source.list_roles(id).await? })
    };
    stream::iter(companies.iter().copied()).map(read).buffered(AT_ONCE).try_collect().await
}

/// Reads all groups of companies with those of the roles they hold that are looked for, or with all; the members of the
/// groups that hold one; and who these are, where that is asked for.
///
/// # Errors
/// The first request that failed; nothing partial is returned.
pub async fn holders_of(
    source: &Source,
    (endpoint, now): (&str, Timestamp),
    mut companies: Vec<Company>,
    (roles, named): (Option<&BTreeSet<(CompanyId, RoleId)>>, bool),
) -> Result<Snapshot, FetchError> {
    let mut directories = Vec::new();
    for company in &mut companies {
        let heads = source.list_groups(company.id).await?;
        let own =
            roles.map(|it| it.iter().filter(|it| it.0 == company.id).map(|it| it.1).collect::<Vec<_>>());
        let groups = stream::iter(heads).map(|it| group(source, company.id, it, own.as_deref()));
        company.groups = groups.buffered(AT_ONCE).try_collect().await?;
        let people = if named { people(company) } else { BTreeSet::new() };
        let users = unknown(source, company.id, people.iter(), &[]).await?;
        directories.push(Directory {
            company: company.id,
            reach: Reach::Asked,
            users: Vec::new(),
            asked: answers(users),
            attributes: None,
            profiles: BTreeMap::new(),
            units: crate::model::units::Units::default(),
        });
    }
    Ok(Snapshot::new((now, endpoint, source.names()), companies, directories, Vec::new()))
}

async fn group(
    source: &Source,
    company: CompanyId,
    head: GroupHead,
    sought: Option<&[RoleId]>,
) -> Read<Group> {
    let roles = match sought {
        Some([]) => Vec::new(),
        Some(sought) => source.roles_among(company, head.id, sought).await?,
        None => source.list_group_roles(company, head.id).await?,
    };
    let is_asked = sought.is_none() || !roles.is_empty();
    let members = if is_asked { source.list_members(company, head.id).await? } else { Members::default() };
    let GroupHead { id, name, description, unmodifiable, stamps: Stamps { created, updated } } = head;
    let Members { ids: members, added } = members;
    Ok(Group { id, name, description, unmodifiable, roles, members, added, created, updated })
}

/// Whoever is in a group, or is named by where a role holds.
fn people(company: &Company) -> BTreeSet<UserId> {
    let scopes = company.groups.iter().flat_map(|it| &it.roles).filter_map(|it| it.scope.as_deref());
    let spelt: BTreeMap<&str, &RawValue> = scopes.map(|it| (it.get(), it)).collect();
    let travellers = spelt.into_values().flat_map(|it| Scope::read(Some(it)).people().collect::<Vec<_>>());
    let members = company.groups.iter().flat_map(|it| &*it.members).copied();
    members.chain(travellers.map(UserId)).collect()
}

/// Each user as the answer to the question for the id.
fn answers(users: Vec<User>) -> Vec<Answer> {
    let mut all: BTreeMap<UserId, Vec<User>> = BTreeMap::new();
    for user in users {
        all.entry(user.id).or_default().push(user);
    }
    all.into_iter().map(|(id, users)| Answer { person: PersonRef::UserId(id), users }).collect()
}
