//! Reader to [`Snapshot`]: what the files need and nothing more, all or nothing.
//!
//! Reads only. A list that cannot be proven complete fails the whole fetch: an
//! incomplete read would pass for people without access.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, future::try_join, stream};
use serde_json::value::RawValue;

use crate::{
    access::{Contents, Grant},
    api::{ApiError, GroupRole, Reader},
    bind::{
        matching::{Target, matching},
        people::Directory,
    },
    ids::{CompanyId, GroupId, PersonRef, RoleId, UserId},
    manifest::declared::{Declared, DeclaredCompany, Rest},
    scope::Scope,
    snapshot::{CompanySnapshot, GroupHead, RoleHead, Snapshot, User},
};

/// Groups being read at once; the connection limits the requests, this only the futures kept alive.
const GROUPS_AT_ONCE: usize = 64;

/// A group whose contents are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wanted {
    group: GroupId,
    /// Whether members whom no file names may have to go, and so need names.
    strangers: bool,
}

/// Reads everything that the files speak of.
///
/// # Errors
///
/// The first request that failed; nothing partial is returned.
pub async fn fetch(reader: &Reader, declared: &Declared) -> Result<Snapshot, ApiError> {
    let mut snapshot = Snapshot::default();
    for company in &declared.companies {
        let people: Vec<PersonRef> = company.people().into_iter().cloned().collect();
        let users = reader.find_users(company.id, &people);
        let (mut users, (live, wanted)) = try_join(users, company_snapshot(reader, company)).await?;
        users.extend(one_by_one(reader, company.id, &people, &users).await?);
        users.extend(elsewhere(reader, declared, company, &users).await?);
        users.extend(strangers(reader, &live, &wanted, &users).await?);
        snapshot.users.extend(users);
        snapshot.companies.push(live);
    }
    Ok(snapshot)
}

async fn company_snapshot(
    reader: &Reader,
    company: &DeclaredCompany,
) -> Result<(CompanySnapshot, Vec<Wanted>), ApiError> {
    let contents = async {
        let heads = list_groups(reader, company.id).await?;
        let wanted = wanted(company, &heads);
        let contents = stream::iter(&wanted)
            .map(|it| contents(reader, company.id, it.group))
            .buffer_unordered(GROUPS_AT_ONCE)
            .try_collect::<BTreeMap<GroupId, Contents>>()
            .await?;
        Ok((heads, wanted, contents))
    };
    let (roles, (groups, wanted, contents)) = try_join(list_roles(reader, company.id), contents).await?;
    Ok((CompanySnapshot { id: company.id, groups, roles, contents }, wanted))
}

/// Returns all groups of a company, without their contents.
///
/// # Errors
///
/// Any [`ApiError`].
pub async fn list_groups(reader: &Reader, company: CompanyId) -> Result<Vec<GroupHead>, ApiError> {
    let groups = reader.list_groups(company).await?;
    let head = |it: crate::api::Group| GroupHead {
        id: it.id,
        name: it.name,
        description: it.description,
        unmodifiable: it.unmodifiable,
    };
    Ok(groups.into_iter().map(head).collect())
}

/// Returns all roles that a company may assign.
///
/// # Errors
///
/// Any [`ApiError`].
pub async fn list_roles(reader: &Reader, company: CompanyId) -> Result<Vec<RoleHead>, ApiError> {
    let roles = reader.list_roles(company).await?;
    let head = |it: crate::api::Role| RoleHead {
        manages_access: manages_access(&it),
        id: it.id,
        name: it.name,
        platform: it.is_platform_role,
    };
    Ok(roles.into_iter().map(head).collect())
}

/// Whether a role lets its holder change who may do what (contract §5.2, §8).
fn manages_access(role: &crate::api::Role) -> bool {
    role.permissions
        .iter()
        .filter(|it| &*it.permission == "ACCESS_MANAGEMENT")
        .any(|it| it.actions.iter().any(|action| matches!(&**action, "ALL" | "WRITE")))
}

/// Returns which groups to read: those of which something is managed.
///
/// Always whole: what a new member gains depends on the roles that nobody manages, and the other way round.
fn wanted(company: &DeclaredCompany, heads: &[GroupHead]) -> Vec<Wanted> {
    let matched = matching(company, heads);
    let mut wanted = Vec::with_capacity(matched.groups.len() + matched.removals.len());
    for (declared, target) in matched.groups {
        let Target::Found(head) = target else { continue };
        let managed = declared.members.rest != Rest::Unmanaged || declared.grants.rest != Rest::Unmanaged;
        let described = declared.description.as_ref().is_some_and(|it| *it != head.description);
        if managed || described || declared.name != head.name {
            wanted.push(Wanted { group: head.id, strangers: declared.members.rest == Rest::Removed });
        }
    }
    for (_, target) in matched.removals {
        if let Target::Found(head) = target {
            wanted.push(Wanted { group: head.id, strangers: true });
        }
    }
    wanted
}

async fn contents(
    reader: &Reader,
    company: CompanyId,
    group: GroupId,
) -> Result<(GroupId, Contents), ApiError> {
    let members = reader.list_members(company, group);
    let (mut members, roles) = try_join(members, reader.list_group_roles(company, group)).await?;
    members.sort_unstable();
    Ok((group, Contents { members, grants: grants(roles) }))
}

/// Joins the entries of one role: a group holds it wherever any of them says (contract §3.9).
pub fn grants(roles: Vec<GroupRole>) -> Vec<Grant> {
    let mut entries: BTreeMap<RoleId, Vec<Option<Box<RawValue>>>> = BTreeMap::new();
    for entry in roles {
        entries.entry(entry.role).or_default().push(entry.scope);
    }
    let grant = |(role, as_read): (RoleId, Vec<Option<Box<RawValue>>>)| Grant {
        role,
        scope: Scope::any(as_read.iter().map(|it| Scope::read(it.as_deref()))),
        as_read,
        from: None,
    };
    entries.into_iter().map(grant).collect()
}

/// Asks once more for everybody whom the bulk list did not find: it is a draft in the API and may
/// not match every address (contract §7.2), and nobody shall be quarantined on its word alone.
async fn one_by_one(
    reader: &Reader,
    company: CompanyId,
    people: &[PersonRef],
    known: &[User],
) -> Result<Vec<User>, ApiError> {
    let directory = Directory::new(known);
    let found = stream::iter(people.iter().filter(|it| !directory.knows(it)))
        .map(|it| reader.query_user(company, it))
        .buffered(GROUPS_AT_ONCE)
        .try_collect::<Vec<_>>()
        .await?;
    Ok(found.into_iter().flatten().collect())
}

/// Looks into the other companies of the workspace: for travellers, as a scope may mean a client's
/// people and a key may be known in several companies; and for whom the company does not know, to be
/// reported as somebody of another.
async fn elsewhere(
    reader: &Reader,
    declared: &Declared,
    company: &DeclaredCompany,
    known: &[User],
) -> Result<Vec<User>, ApiError> {
    let directory = Directory::new(known);
    let mut unknown: BTreeSet<&PersonRef> = company.travellers().collect();
    unknown.extend(company.people().into_iter().filter(|it| !directory.knows(it)));
    let unknown: Vec<PersonRef> = unknown.into_iter().cloned().collect();
    let mut found = Vec::new();
    let others = declared.known_companies.iter().filter(|it| **it != company.id && !unknown.is_empty());
    for &other in others {
        match reader.find_users(other, &unknown).await {
            Ok(users) => found.extend(users),
            // A token of one company may not look into another; then nobody is known there.
            Err(error) if matches!(error.status(), Some(403 | 404)) => (),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Looks up the members whom no file names, so that a plan to remove them can name them.
async fn strangers(
    reader: &Reader,
    live: &CompanySnapshot,
    wanted: &[Wanted],
    known: &[User],
) -> Result<Vec<User>, ApiError> {
    let known: BTreeSet<UserId> = known.iter().map(|it| it.id).collect();
    let groups = wanted.iter().filter(|it| it.strangers);
    let members = groups.filter_map(|it| live.contents.get(&it.group)).flat_map(|it| &it.members);
    let unknown: BTreeSet<UserId> = members.copied().filter(|it| !known.contains(it)).collect();
    let unknown: Vec<PersonRef> = unknown.into_iter().map(PersonRef::UserId).collect();
    reader.find_users(live.id, &unknown).await
}
