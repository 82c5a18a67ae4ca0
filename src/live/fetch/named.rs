//! Who people are whom files are to name, and who else their addresses mean.

use std::collections::BTreeSet;

use super::{FetchError, Read, Source, unless_refused};
use crate::{
    files::declared::Declared,
    live::snapshot::NotRecorded,
    model::{
        ids::{CompanyId, PersonRef, UserId},
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
        observed.users.extend(found(source, *company, &ids).await?);
    }
    let keys = observed.users.iter().filter(|it| users.contains(&it.id)).filter_map(User::best_key);
    let keys: BTreeSet<PersonRef> = keys.collect();
    let keys: Vec<PersonRef> = keys.into_iter().collect();
    let mut leads = Leads::new();
    for &company in companies.iter().filter(|_| !keys.is_empty()) {
        let found = found(source, company, &keys).await?;
        leads.extend(found.iter().map(|it| (company, it.id)));
        observed.users.extend(found);
    }
    observed.users = completed(std::mem::take(&mut observed.users));
    Ok(leads)
}

/// Looks people up in a company. Of whom a snapshot does not tell is not found: somebody else may be meant.
async fn found(source: &Source, company: CompanyId, people: &[PersonRef]) -> Read<Vec<User>> {
    if let Source::Api(_) = source {
        return unless_refused(source.find_users(company, people).await);
    }
    let mut found = Vec::new();
    for person in people {
        match source.find_users(company, std::slice::from_ref(person)).await {
            Err(FetchError::NotRecorded(NotRecorded::Person(_))) => (),
            answer => found.extend(unless_refused(answer)?),
        }
    }
    Ok(found)
}
