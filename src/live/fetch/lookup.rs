//! Who is meant by a key, and who they are who are only named: looked for where the workspace has a name for it. Reads only.

use super::{FetchError, unless_refused};
use crate::{
    files::declared::Declared,
    live::source::Source,
    model::{
        directory::Directory,
        ids::{CompanyId, PersonRef, UserId},
        observed::{Observed, User},
    },
};

/// Finds the users that a key names, and where the one is who is meant.
pub(super) async fn observed(
    source: &Source,
    declared: &Declared,
    person: &PersonRef,
) -> Result<(Observed, Option<(CompanyId, UserId)>), FetchError> {
    let found = found(source, declared, person).await?;
    let users = found.iter().flat_map(|it| it.1.iter().cloned()).collect();
    let mut observed = Observed { users, ..Observed::default() };
    let meant = Directory::new(&observed.users).nearest(&declared.own_companies(), person);
    let Ok(user) = meant else { return Ok((observed, None)) };
    let is_here = |it: &&(CompanyId, Vec<User>)| it.1.iter().any(|it| it.id == user);
    let Some(&(here, _)) = found.iter().find(is_here) else { return Ok((observed, None)) };
    observed.users.extend(the_rest(source, here, user, &observed.users).await?);
    Ok((observed, Some((here, user))))
}

/// Looks up people who are only named, wherever the workspace has a name for their company.
pub(super) async fn named(
    source: &Source,
    declared: &Declared,
    here: CompanyId,
    mut people: Vec<PersonRef>,
) -> Result<Vec<User>, FetchError> {
    let mut users = Vec::new();
    let there = declared.all_companies().into_iter().filter(|it| source.home(*it) == source.home(here));
    for company in there {
        people.retain(|it| !Directory::new(&users).sees(it));
        if people.is_empty() {
            break;
        }
        users.extend(unless_refused(source.find_users(company, &people).await)?);
    }
    Ok(users)
}

/// Looks for the person: in the companies of the files, and if nobody is there, in those they have names for.
async fn found(
    source: &Source,
    declared: &Declared,
    person: &PersonRef,
) -> Result<Vec<(CompanyId, Vec<User>)>, FetchError> {
    let own = declared.own_companies();
    let mut found = Vec::new();
    for &company in &own {
        found.push((company, source.find_users(company, std::slice::from_ref(person)).await?));
    }
    let users = |found: &[(CompanyId, Vec<User>)]| -> Vec<User> {
        found.iter().flat_map(|it| &it.1).cloned().collect()
    };
    if !Directory::new(&users(&found)).knows(person) {
        // The bulk list is a draft in the API and may not match every address (contract §7.2).
        for &company in &own {
            found.push((company, source.query_user(company, person).await?));
        }
    }
    let others = declared.all_companies().into_iter();
    for company in others.filter(|it| !own.contains(it) && source.home(*it).is_some()) {
        if Directory::new(&users(&found)).sees(person) {
            break;
        }
        // A token of one company may not look into another; then nobody is known there.
        let listed = source.find_users(company, std::slice::from_ref(person)).await;
        found.push((company, unless_refused(listed)?));
        found.push((company, unless_refused(source.query_user(company, person).await)?));
    }
    Ok(found)
}

/// Returns what else the API knows of a user: a file may name the person by another key than was asked for.
async fn the_rest(
    source: &Source,
    company: CompanyId,
    user: UserId,
    known: &[User],
) -> Result<Vec<User>, FetchError> {
    let complete = |it: &User| it.email.is_some() && it.external_id.is_some() && it.employee_id.is_some();
    if known.iter().any(|it| it.id == user && complete(it)) {
        return Ok(Vec::new());
    }
    unless_refused(source.query_user(company, &PersonRef::UserId(user)).await)
}
