//! What is needed to explain one person's access. Reads only, and little: not who else is in a group.

use std::collections::BTreeMap;

use futures_util::future::try_join;

use super::{FetchError, Questions, elsewhere, grants};
use crate::{
    files::declared::{Declared, DeclaredCompany},
    model::{
        access::Contents,
        direct::{DirectRole, DirectRoles},
        ids::{CompanyId, GroupId, PersonRef, UserId},
        snapshot::{CompanySnapshot, GroupHead, Snapshot, User},
    },
    plan::{
        bind::people::Directory,
        explain::{companies, own, whom},
    },
};

/// Reads one person's groups, in the companies of the workspace with their roles, and what is held outside groups.
///
/// The contents of a group are its roles and this one member. Of a person who cannot be told, only the
/// users whom the key names are returned.
///
/// # Errors
///
/// As [`fetch`](super::fetch).
pub async fn fetch_person(
    reader: &impl Questions,
    declared: &Declared,
    person: &PersonRef,
) -> Result<Snapshot, FetchError> {
    let mut snapshot = Snapshot { users: found(reader, declared, person).await?, ..Snapshot::default() };
    let Ok(user) = whom(declared, &snapshot.users, person) else { return Ok(snapshot) };
    snapshot.users.extend(the_rest(reader, declared, user, &snapshot.users).await?);
    let (groups, roles) = try_join(reader.groups_of_user(user), reader.direct_roles(user)).await?;
    snapshot.direct.extend(roles.map(|it| (user, it)));
    let travellers = snapshot.direct.values().flat_map(DirectRoles::iter).flat_map(DirectRole::travellers);
    let travellers = travellers.map(|it| PersonRef::UserId(it.user)).collect();
    snapshot.users.extend(named(reader, declared, travellers).await?);
    let mut by_company: BTreeMap<CompanyId, Vec<GroupHead>> =
        own(declared).into_iter().map(|it| (it, Vec::new())).collect();
    for (company, head) in groups {
        by_company.entry(company).or_default().push(head);
    }
    let workspace = companies(declared);
    for (company, held) in by_company {
        let mut live = CompanySnapshot::new(company);
        let mut ids: Vec<GroupId> = held.iter().map(|it| it.id).collect();
        ids.sort_unstable();
        live.held.insert(user, ids);
        live.groups = held;
        if workspace.binary_search(&company).is_ok() {
            snapshot.users.extend(inside(reader, declared, &mut live, user, &snapshot.users).await?);
        }
        snapshot.companies.push(live);
    }
    Ok(snapshot)
}

/// Reads what the person's groups of one company hold, and returns the people whom their scopes name.
async fn inside(
    reader: &impl Questions,
    declared: &Declared,
    live: &mut CompanySnapshot,
    user: UserId,
    known: &[User],
) -> Result<Vec<User>, FetchError> {
    let held = live.held.get(&user).cloned().unwrap_or_default();
    let files = declared.companies.iter().find(|it| it.id == live.id);
    if own(declared).contains(&live.id) {
        // All groups: which of them a declared one is can depend on any.
        let (groups, roles) = try_join(reader.list_groups(live.id), reader.list_roles(live.id)).await?;
        live.roles = roles;
        let listed = |it: &GroupHead| groups.iter().any(|head| head.id == it.id);
        live.groups.retain(|it| !listed(it));
        live.groups.extend(groups);
    } else if !held.is_empty() {
        live.roles = unless_refused(reader.list_roles(live.id).await)?;
    }
    for group in held {
        let grants = grants(reader.list_group_roles(live.id, group).await?);
        live.contents.insert(group, Contents { members: vec![user], grants });
    }
    let grants = live.contents.values().flat_map(|it| &it.grants);
    let named: Vec<PersonRef> = grants
        .flat_map(|it| it.scope.people().collect::<Vec<_>>())
        .map(|it| PersonRef::UserId(UserId(it)))
        .collect();
    let mut users = self::named(reader, declared, named).await?;
    if let Some(files) = files {
        // Travellers whom the files name, to compare what is asked for with what there is.
        let names: Vec<&str> = live.groups.iter().map(|it| &*it.name).collect();
        let mut groups = files.groups.clone();
        groups.retain(|it| names.contains(&&*it.name) || it.id.is_some() || it.renamed_from.is_some());
        groups.iter_mut().for_each(|it| it.members.entries.clear());
        let part = DeclaredCompany { groups, ..DeclaredCompany::new(live.id) };
        let travellers: Vec<PersonRef> = part.travellers().cloned().collect();
        if !travellers.is_empty() && !live.contents.is_empty() {
            users.extend(reader.find_users(live.id, &travellers).await?);
            users.extend(elsewhere(reader, declared, &part, known).await?);
        }
    }
    users.sort_by_key(|it| it.id);
    users.dedup();
    Ok(users)
}

/// Looks up people who are only named, wherever the workspace has a name for their company.
async fn named(
    reader: &impl Questions,
    declared: &Declared,
    mut people: Vec<PersonRef>,
) -> Result<Vec<User>, FetchError> {
    let mut users = Vec::new();
    for company in companies(declared) {
        people.retain(|it| !Directory::new(&users).sees(it));
        if people.is_empty() {
            break;
        }
        users.extend(unless_refused(reader.find_users(company, &people).await)?);
    }
    Ok(users)
}

/// Looks for the person: in the companies of the files, and if nobody is there, in those they have names for.
async fn found(
    reader: &impl Questions,
    declared: &Declared,
    person: &PersonRef,
) -> Result<Vec<User>, FetchError> {
    let own = own(declared);
    let mut users = Vec::new();
    for company in &own {
        users.extend(reader.find_users(*company, std::slice::from_ref(person)).await?);
    }
    if !Directory::new(&users).knows(person) {
        // The bulk list is a draft in the API and may not match every address (contract §7.2).
        for company in &own {
            users.extend(reader.query_user(*company, person).await?);
        }
    }
    for company in companies(declared).into_iter().filter(|it| !own.contains(it)) {
        if Directory::new(&users).sees(person) {
            break;
        }
        // A token of one company may not look into another; then nobody is known there.
        users.extend(unless_refused(reader.find_users(company, std::slice::from_ref(person)).await)?);
        users.extend(unless_refused(reader.query_user(company, person).await)?);
    }
    Ok(users)
}

/// Returns what else the API knows of a user: a file may name the person by another key than was asked for.
async fn the_rest(
    reader: &impl Questions,
    declared: &Declared,
    user: UserId,
    known: &[User],
) -> Result<Vec<User>, FetchError> {
    let complete = |it: &User| it.email.is_some() && it.external_id.is_some() && it.employee_id.is_some();
    if known.iter().any(|it| it.id == user && complete(it)) {
        return Ok(Vec::new());
    }
    // By id the company plays no part.
    let Some(&any) = companies(declared).first() else { return Ok(Vec::new()) };
    unless_refused(reader.query_user(any, &PersonRef::UserId(user)).await)
}

/// Takes a refusal for nothing, where nothing depends on the answer but names.
fn unless_refused<T: Default>(answer: Result<T, FetchError>) -> Result<T, FetchError> {
    match answer {
        Err(error) if matches!(error.refused(), Some(403 | 404)) => Ok(T::default()),
        other => other,
    }
}
