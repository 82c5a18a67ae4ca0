//! From the API, or from a snapshot of it, to [`Snapshot`]: what the files need and nothing more, all or nothing.
//!
//! Reads only. A list that cannot be proven complete fails the whole fetch: an
//! incomplete read would pass for people without access.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, future::try_join, stream};
use serde_json::value::RawValue;

use crate::{
    files::declared::{Declared, DeclaredCompany, Rest, RoleRef},
    live::api::GroupRole,
    model::{
        access::{Contents, Grant},
        direct::DirectRoles,
        ids::{CompanyId, GroupId, PersonRef, RoleId, UserId},
        scope::Scope,
        snapshot::{CompanySnapshot, GroupHead, RoleHead, Snapshot, User},
    },
    plan::bind::{
        matching::{Target, matching},
        people::Directory,
    },
};

mod confirm;
mod error;
mod estimate;
mod file;
mod person;
mod questions;
mod record;
mod recorded;

pub use confirm::confirm;
pub use error::FetchError;
pub use estimate::{Estimate, estimate};
pub use file::{SnapshotError, open};
pub use person::fetch_person;
pub use questions::Questions;
pub use record::record;

/// Groups being read at once; the connection limits the requests, this only the futures kept alive.
const GROUPS_AT_ONCE: usize = 64;

/// A group whose contents are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wanted {
    group: GroupId,
    /// Whether members whom no file names may have to go, and so need names.
    strangers: bool,
}

/// Reads everything that the files speak of, and the groups named in `also`.
///
/// What the rules need is part of it: the groups of people who are locked out, those of the account
/// that runs rolecall, and every group that holds a privileged role.
///
/// # Errors
///
/// The first request that failed; nothing partial is returned.
pub async fn fetch<Q: Questions>(
    reader: &Q,
    declared: &Declared,
    also: &[(CompanyId, GroupId)],
) -> Result<Snapshot, FetchError> {
    let mut snapshot = Snapshot::default();
    for company in &declared.companies {
        let people = people(declared, company);
        let users = reader.find_users(company.id, &people);
        // The groups first: what is in them, which is most of all, waits for these lists.
        let ((mut live, mut wanted), mut users) = try_join(company_snapshot(reader, company), users).await?;
        users.extend(one_by_one(reader, company.id, &people, &users).await?);
        users.extend(elsewhere(reader, declared, company, &users).await?);
        let locked = locked(declared, company.id, &users);
        (live.held, snapshot.direct) = (
            groups_of(reader, company.id, &locked).await?,
            add(snapshot.direct, direct_roles(reader, &with_direct_roles(declared, company, &users)).await?),
        );
        let mut more: BTreeSet<GroupId> = live.held.values().flatten().copied().collect();
        more.extend(also.iter().filter(|it| it.0 == company.id).map(|it| it.1));
        more.extend(identity_groups(reader, declared, company.id, &users).await?);
        more.extend(privileged_groups(reader, declared, &live).await?);
        more.retain(|it| !live.contents.contains_key(it) && live.groups.iter().any(|head| head.id == *it));
        live.contents.extend(read(reader, company.id, &more).await?);
        // A rollback may take out people whom no file names.
        let touched = more.iter().filter(|it| also.iter().any(|also| also.1 == **it));
        wanted.extend(touched.map(|&group| Wanted { group, strangers: true }));
        users.extend(strangers(reader, &live, &wanted, &users).await?);
        snapshot.users.extend(users);
        snapshot.companies.push(live);
    }
    Ok(snapshot)
}

/// Reads only what the lock-outs need: who they mean, and the groups of these.
///
/// The groups are not looked into: to take somebody out it is enough to know that they are in. So their
/// contents are these people and nothing else. Direct roles that the API does not tell, for whatever reason, are
/// not known.
///
/// # Errors
///
/// As [`fetch`].
pub async fn fetch_lockouts<Q: Questions>(reader: &Q, declared: &Declared) -> Result<Snapshot, FetchError> {
    let mut snapshot = Snapshot::default();
    for company in &declared.companies {
        let people: Vec<PersonRef> = declared.singled_out().into_iter().cloned().collect();
        let mut users = reader.find_users(company.id, &people).await?;
        users.extend(one_by_one(reader, company.id, &people, &users).await?);
        let mut live = CompanySnapshot::new(company.id);
        for user in locked(declared, company.id, &users) {
            // What they hold outside groups is only reported: not to know it keeps nobody in a group.
            let roles = async {
                match reader.direct_roles(user).await {
                    Err(FetchError::Api(_)) => Ok(None),
                    roles => roles,
                }
            };
            let (groups, roles) = try_join(reader.groups_of_user(user), roles).await?;
            let own: Vec<GroupHead> =
                groups.into_iter().filter(|it| it.0 == company.id).map(|it| it.1).collect();
            for group in &own {
                let contents = live.contents.entry(group.id).or_default();
                contents.members.push(user);
                contents.members.sort_unstable();
            }
            live.held.insert(user, own.iter().map(|it| it.id).collect());
            live.groups.extend(own);
            snapshot.direct.extend(roles.map(|it| (user, it)));
        }
        live.groups.sort_by_key(|it| it.id);
        live.groups.dedup_by_key(|it| it.id);
        snapshot.users.extend(users);
        snapshot.companies.push(live);
    }
    Ok(snapshot)
}

/// Everybody whom the groups of a company or the rules name.
fn people(declared: &Declared, company: &DeclaredCompany) -> Vec<PersonRef> {
    let mut people: Vec<PersonRef> =
        company.people().into_iter().chain(declared.singled_out()).cloned().collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// Returns the users of a company whom a lock-out means, in force or not yet, under every account.
fn locked(declared: &Declared, company: CompanyId, users: &[User]) -> Vec<UserId> {
    let directory = Directory::new(users);
    let meant = declared.lockouts.iter().filter_map(|it| directory.everybody(company, &it.person).ok());
    meant.flatten().collect::<BTreeSet<_>>().into_iter().collect()
}

async fn groups_of<Q: Questions>(
    reader: &Q,
    company: CompanyId,
    users: &[UserId],
) -> Result<BTreeMap<UserId, Vec<GroupId>>, FetchError> {
    let groups = stream::iter(users).map(|&user| async move {
        let groups = reader.groups_of_user(user).await?;
        let mut own: Vec<GroupId> =
            groups.into_iter().filter(|it| it.0 == company).map(|it| it.1.id).collect();
        own.sort_unstable();
        Ok((user, own))
    });
    groups.buffered(GROUPS_AT_ONCE).try_collect().await
}

/// Returns the users of a company whose roles outside groups are looked at: those whom the files declare with
/// some, those who are locked out, and the account that runs rolecall.
fn with_direct_roles(declared: &Declared, company: &DeclaredCompany, users: &[User]) -> Vec<UserId> {
    let directory = Directory::new(users);
    let identity = declared.rules.identity.iter().map(|it| &it.0);
    let named = company.with_direct_roles().chain(identity);
    let meant = named.filter_map(|it| directory.anyone(company.id, it).ok());
    let meant: BTreeSet<UserId> = meant.chain(locked(declared, company.id, users)).collect();
    meant.into_iter().collect()
}

async fn direct_roles<Q: Questions>(
    reader: &Q,
    users: &[UserId],
) -> Result<Vec<(UserId, DirectRoles)>, FetchError> {
    let roles = stream::iter(users).map(|&user| async move {
        Ok::<_, FetchError>(reader.direct_roles(user).await?.map(|it| (user, it)))
    });
    let roles: Vec<_> = roles.buffered(GROUPS_AT_ONCE).try_collect().await?;
    Ok(roles.into_iter().flatten().collect())
}

fn add<K: Ord, V>(mut map: BTreeMap<K, V>, more: Vec<(K, V)>) -> BTreeMap<K, V> {
    map.extend(more);
    map
}

/// Returns the groups of the account that runs rolecall.
async fn identity_groups<Q: Questions>(
    reader: &Q,
    declared: &Declared,
    company: CompanyId,
    users: &[User],
) -> Result<Vec<GroupId>, FetchError> {
    let Some((person, _)) = &declared.rules.identity else { return Ok(Vec::new()) };
    let Ok(user) = Directory::new(users).anyone(company, person) else { return Ok(Vec::new()) };
    Ok(groups_of(reader, company, &[user]).await?.into_values().flatten().collect())
}

/// Returns the groups that hold a privileged role: its holders are counted over all of them.
async fn privileged_groups<Q: Questions>(
    reader: &Q,
    declared: &Declared,
    live: &CompanySnapshot,
) -> Result<Vec<GroupId>, FetchError> {
    let named = |role: &RoleHead| {
        declared.rules.privileged.iter().any(|(named, _)| match named {
            RoleRef::Id(id) => *id == role.id,
            RoleRef::Name { name, .. } => *name == role.name,
        })
    };
    let roles: BTreeSet<RoleId> = live.roles.iter().filter(|it| named(it)).map(|it| it.id).collect();
    if roles.is_empty() {
        return Ok(Vec::new());
    }
    let unread = live.groups.iter().filter(|it| !live.contents.contains_key(&it.id));
    let held = stream::iter(unread).map(|head| async {
        let held = reader.list_group_roles(live.id, head.id).await?;
        Ok::<_, FetchError>(held.iter().any(|it| roles.contains(&it.role)).then_some(head.id))
    });
    let held: Vec<Option<GroupId>> = held.buffer_unordered(GROUPS_AT_ONCE).try_collect().await?;
    Ok(held.into_iter().flatten().collect())
}

async fn company_snapshot<Q: Questions>(
    reader: &Q,
    company: &DeclaredCompany,
) -> Result<(CompanySnapshot, Vec<Wanted>), FetchError> {
    let contents = async {
        let heads = reader.list_groups(company.id).await?;
        let wanted = wanted(company, &heads);
        let contents = read(reader, company.id, &wanted.iter().map(|it| it.group).collect()).await?;
        Ok((heads, wanted, contents))
    };
    let (roles, (groups, wanted, contents)) = try_join(reader.list_roles(company.id), contents).await?;
    Ok((CompanySnapshot { groups, roles, contents, ..CompanySnapshot::new(company.id) }, wanted))
}

/// Reads what is in groups.
async fn read<Q: Questions>(
    reader: &Q,
    company: CompanyId,
    groups: &BTreeSet<GroupId>,
) -> Result<BTreeMap<GroupId, Contents>, FetchError> {
    let contents = stream::iter(groups).map(|it| contents(reader, company, *it));
    contents.buffer_unordered(GROUPS_AT_ONCE).try_collect().await
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

async fn contents<Q: Questions>(
    reader: &Q,
    company: CompanyId,
    group: GroupId,
) -> Result<(GroupId, Contents), FetchError> {
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
        scope: Arc::new(Scope::any(as_read.iter().map(|it| Scope::read(it.as_deref())))),
        as_read,
    };
    entries.into_iter().map(grant).collect()
}

/// Asks once more for everybody whom the bulk list did not find: it is a draft in the API and may
/// not match every address (contract §7.2), and nobody shall be quarantined on its word alone.
async fn one_by_one<Q: Questions>(
    reader: &Q,
    company: CompanyId,
    people: &[PersonRef],
    known: &[User],
) -> Result<Vec<User>, FetchError> {
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
async fn elsewhere<Q: Questions>(
    reader: &Q,
    declared: &Declared,
    company: &DeclaredCompany,
    known: &[User],
) -> Result<Vec<User>, FetchError> {
    let directory = Directory::new(known);
    let mut unknown: BTreeSet<&PersonRef> = company.travellers().collect();
    unknown.extend(company.people().into_iter().filter(|it| !directory.sees(it)));
    let unknown: Vec<PersonRef> = unknown.into_iter().cloned().collect();
    let mut found = Vec::new();
    let others = declared.known_companies.iter().filter(|it| **it != company.id && !unknown.is_empty());
    for &other in others {
        match reader.find_users(other, &unknown).await {
            Ok(users) => found.extend(users),
            // A token of one company may not look into another; then nobody is known there.
            Err(error) if matches!(error.refused(), Some(403 | 404)) => (),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Looks up the members whom no file names, so that a plan to remove them can name them.
async fn strangers<Q: Questions>(
    reader: &Q,
    live: &CompanySnapshot,
    wanted: &[Wanted],
    known: &[User],
) -> Result<Vec<User>, FetchError> {
    let known: BTreeSet<UserId> = known.iter().map(|it| it.id).collect();
    let groups = wanted.iter().filter(|it| it.strangers);
    let members = groups.filter_map(|it| live.contents.get(&it.group)).flat_map(|it| &it.members);
    let unknown: BTreeSet<UserId> = members.copied().filter(|it| !known.contains(it)).collect();
    let unknown: Vec<PersonRef> = unknown.into_iter().map(PersonRef::UserId).collect();
    let mut found = reader.find_users(live.id, &unknown).await?;
    // A protected person of whom only the id is known would not be recognised.
    found.extend(one_by_one(reader, live.id, &unknown, &found).await?);
    Ok(found)
}
