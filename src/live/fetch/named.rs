//! Who people are whom files are to name, and who else their addresses mean.

use std::collections::BTreeSet;

use super::{Read, Source, unless_refused};
use crate::{
    files::declared::Declared,
    model::{
        ids::{PersonRef, UserId},
        observed::{Leads, Observed, User, completed},
    },
};

/// Looks users up by id, and by their best keys in every company in which a plan from the files would look for them.
///
/// # Errors
///
/// Of the first request that failed, unless a company does not let this token look.
pub async fn named(
    source: &Source,
    declared: &Declared,
    observed: &mut Observed,
    users: &BTreeSet<UserId>,
) -> Read<Leads> {
    let mut companies = declared.searched_companies();
    companies.extend(observed.companies.iter().map(|it| it.id));
    companies.sort_unstable();
    companies.dedup();
    let known: BTreeSet<UserId> =
        observed.users.iter().filter(|it| !it.is_hidden()).map(|it| it.id).collect();
    let ids = users.iter().filter(|it| !known.contains(it)).map(|it| PersonRef::UserId(*it));
    let ids: Vec<PersonRef> = ids.collect();
    for company in companies.iter().filter(|_| !ids.is_empty()) {
        observed.users.extend(unless_refused(source.find_users(*company, &ids).await)?);
    }
    let keys = observed.users.iter().filter(|it| users.contains(&it.id)).filter_map(User::best_key);
    let keys: BTreeSet<PersonRef> = keys.collect();
    let keys: Vec<PersonRef> = keys.into_iter().collect();
    let mut leads = Leads::new();
    for &company in companies.iter().filter(|_| !keys.is_empty()) {
        let found = unless_refused(source.find_users(company, &keys).await)?;
        leads.extend(found.iter().map(|it| (company, it.id)));
        observed.users.extend(found);
    }
    observed.users = completed(std::mem::take(&mut observed.users));
    Ok(leads)
}
