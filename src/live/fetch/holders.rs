//! Who holds the privileged roles of a company, whatever group gives them: read where a plan takes one away. Reads only.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{AT_ONCE, Failed, FetchError, Found, Read, Whole, unknown};
use crate::{
    live::source::Source,
    model::{
        ids::{CompanyId, GroupId, RoleId},
        observed::{Observed, ObservedCompany, User, completed},
        scope::Shared,
    },
};

/// Reads of every group that was not looked into whether it gives one of these roles, and if so who is in it; and of
/// everybody in such groups whether the account is active. Returns whether anything was read. A company of which that
/// cannot be read is left out.
///
/// # Errors
/// The first request that failed of the last company, or for a reason that is not of one company alone.
pub async fn holders(
    source: &Source,
    privileged: &[(CompanyId, RoleId)],
    observed: &mut Observed,
) -> Result<bool, FetchError> {
    let Observed { companies, users, .. } = &mut *observed;
    let (requests, mut found, mut scopes) = (source.requests(), Vec::new(), Shared::default());
    let mut failed = Failed::default();
    for company in companies {
        let read = holders_of(source, privileged, company, (users, &mut scopes)).await;
        found.extend(failed.note(company.id, read)?.unwrap_or_default());
    }
    users.extend(found);
    *users = completed(std::mem::take(users));
    Ok(failed.leave_out(observed)? || source.requests() > requests)
}

/// Reads who holds these roles in one company.
async fn holders_of(
    source: &Source,
    privileged: &[(CompanyId, RoleId)],
    company: &mut ObservedCompany,
    (users, scopes): (&[User], &mut Shared),
) -> Read<Vec<User>> {
    let id = company.id;
    let is_privileged = |role: &RoleId| privileged.binary_search(&(id, *role)).is_ok();
    let ids = company.groups.iter().map(|it| it.id).filter(|it| !company.contents.contains_key(it));
    let groups = stream::iter(ids).map(|group| holding(source, company.id, group, is_privileged));
    let groups: Vec<Option<_>> = groups.buffer_unordered(AT_ONCE).try_collect().await?;
    let mut whole = Whole::default();
    groups.into_iter().flatten().for_each(|(group, found)| whole.add(group, found, scopes));
    whole.join(company);
    let holding = company.contents.values().filter(|it| it.grants.iter().any(|it| is_privileged(&it.role)));
    let members: BTreeSet<_> = holding.flat_map(|it| &*it.members).collect();
    unknown(source, company.id, members.into_iter(), users).await
}

/// Reads of the groups of those who are cut off whether they give one of these roles, and where one does, who else holds
/// it in its company. Returns the groups that were looked into by that; nothing else of a company is.
///
/// # Errors
/// The first request that failed.
pub async fn lockout_holders(
    source: &Source,
    privileged: &[(CompanyId, RoleId)],
    observed: &mut Observed,
) -> Result<BTreeSet<GroupId>, FetchError> {
    let (mut read, mut scopes, mut failed) = (BTreeSet::new(), Shared::default(), Failed::default());
    for company in &mut observed.companies {
        let own = looked_into(source, privileged, company, &mut scopes).await;
        read.extend(failed.note(company.id, own)?.unwrap_or_default());
    }
    failed.leave_out(observed)?;
    if !read.is_empty() {
        // Companies of which only their own groups are known have no others to be read.
        let before: Vec<BTreeSet<GroupId>> =
            observed.companies.iter().map(|it| it.contents.keys().copied().collect()).collect();
        holders(source, privileged, observed).await?;
        let now = observed.companies.iter().zip(before);
        read.extend(now.flat_map(|(it, before)| {
            it.contents.keys().copied().filter(move |it| !before.contains(it)).collect::<Vec<_>>()
        }));
    }
    Ok(read)
}

/// Reads of the groups of one company that are known already whether they give one of these roles, and returns those that do.
async fn looked_into(
    source: &Source,
    privileged: &[(CompanyId, RoleId)],
    company: &mut ObservedCompany,
    scopes: &mut Shared,
) -> Read<Vec<GroupId>> {
    let id = company.id;
    let is_privileged = |role: &RoleId| privileged.binary_search(&(id, *role)).is_ok();
    if !company.roles.iter().any(|it| is_privileged(&it.id)) {
        return Ok(Vec::new());
    }
    let ids: Vec<GroupId> = company.contents.keys().copied().collect();
    let groups = stream::iter(ids).map(|group| holding(source, company.id, group, is_privileged));
    let groups: Vec<Option<_>> = groups.buffer_unordered(AT_ONCE).try_collect().await?;
    let groups: Vec<(GroupId, Found)> = groups.into_iter().flatten().collect();
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let read = groups.iter().map(|it| it.0).collect();
    let mut whole = Whole::default();
    groups.into_iter().for_each(|(group, found)| whole.add(group, found, scopes));
    whole.join(company);
    company.groups = source.list_groups(company.id).await?;
    Ok(read)
}

async fn holding(
    source: &Source,
    company: CompanyId,
    group: GroupId,
    is_privileged: impl Fn(&RoleId) -> bool,
) -> Read<Option<(GroupId, Found)>> {
    let roles = source.list_group_roles(company, group).await?;
    if !roles.iter().any(|it| is_privileged(&it.role)) {
        return Ok(None);
    }
    Ok(Some((group, (source.list_members(company, group).await?, roles))))
}
