//! What a plan takes away, asked for once more before anybody sees the plan. Reads only.
//!
//! By other lists than the first time, of exactly what goes: a row that a page lost, showed twice or
//! took from another group shows here, and nobody is taken out on its word.

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{
    live::source::Source,
    model::{
        access::{Contents, Grant},
        ids::{CompanyId, GroupId, RoleId, UserId},
        plan::{ChangeKind, GrantEffect, GroupChange, Plan},
        snapshot::{GroupHead, Snapshot},
    },
};

use super::{AT_ONCE, FetchError, grants};

/// Confirms that what `plan` takes away is there just as `snapshot` says: members who leave, roles that go or
/// change their scope, and groups that are deleted. A plan that takes nothing away costs nothing.
///
/// # Errors
///
/// [`FetchError::Unconfirmed`] for the first group of which two reads say different things.
pub async fn confirm(source: &Source, plan: &Plan, snapshot: &Snapshot) -> Result<(), FetchError> {
    let groups = stream::iter(&plan.changes).map(|change| async move {
        match change.id {
            Some(id) => group(source, change, id, snapshot).await,
            None => Ok(()),
        }
    });
    let groups = groups.buffered(AT_ONCE).try_collect::<()>();
    let companies = stream::iter(&snapshot.companies)
        .map(|company| deleted(source, plan, company.id, &company.groups))
        .buffered(AT_ONCE)
        .try_collect::<()>();
    futures_util::future::try_join(companies, groups).await?;
    Ok(())
}

/// Asks once more for the groups of a company that are deleted.
async fn deleted(
    source: &Source,
    plan: &Plan,
    company: CompanyId,
    heads: &[GroupHead],
) -> Result<(), FetchError> {
    let goes = |it: &&GroupChange| it.company == company && matches!(it.kind, ChangeKind::Delete { .. });
    let ids: Vec<GroupId> = plan.changes.iter().filter(goes).filter_map(|it| it.id).collect();
    let known: Vec<&GroupHead> = heads.iter().filter(|it| ids.contains(&it.id)).collect();
    if known.is_empty() {
        return Ok(());
    }
    let known_ids: Vec<GroupId> = known.iter().map(|it| it.id).collect();
    let again = source.groups_among(company, &known_ids).await?;
    for head in known {
        let found: Vec<&GroupHead> = again.iter().filter(|it| it.id == head.id).collect();
        let why = match found[..] {
            [one] if one == head => continue,
            [_] => "asked for alone, the group has another name or description",
            [] => "asked for alone, the group is not there",
            [_, _, ..] => "asked for alone, the group is there more than once",
        };
        return Err(unconfirmed(&head.name, "company's groups", why.to_owned()));
    }
    Ok(())
}

/// Asks once more for what leaves a group.
async fn group(
    source: &Source,
    change: &GroupChange,
    id: GroupId,
    snapshot: &Snapshot,
) -> Result<(), FetchError> {
    let company = snapshot.companies.iter().find(|it| it.id == change.company);
    // What was not looked into is taken out on the word of another list: by person.
    let Some(contents) = company.and_then(|it| it.contents.get(&id)) else { return Ok(()) };
    let Contents { members, grants: held } = contents;

    let leaving: Vec<UserId> = change.leaving().filter(|it| members.binary_search(it).is_ok()).collect();
    if !leaving.is_empty() {
        let mut again = source.members_among(change.company, id, &leaving).await?;
        again.sort_unstable();
        if again != leaving {
            let why = format!(
                "of {} who would leave, {} are found when asked for alone",
                leaving.len(),
                again.len()
            );
            return Err(unconfirmed(&change.name, "members", why));
        }
    }

    let changing: Vec<RoleId> = change
        .grants
        .iter()
        .filter(|it| match it.effect {
            GrantEffect::Add { .. } => false,
            GrantEffect::Rescope { .. } | GrantEffect::Remove { .. } => true,
        })
        .map(|it| it.role)
        .collect();
    let then: Vec<&Grant> = held.iter().filter(|it| changing.contains(&it.role)).collect();
    if !then.is_empty() {
        let roles: Vec<RoleId> = then.iter().map(|it| it.role).collect();
        let now = grants(source.roles_among(change.company, id, &roles).await?);
        let same = now.len() == then.len()
            && now.iter().zip(&then).all(|(now, then)| (now.role, &now.scope) == (then.role, &then.scope));
        if !same {
            let why = format!(
                "of {} that would go or change, not all are the same when asked for alone",
                then.len()
            );
            return Err(unconfirmed(&change.name, "roles", why));
        }
    }
    Ok(())
}

fn unconfirmed(group: &str, list: &'static str, why: String) -> FetchError {
    FetchError::Unconfirmed { group: group.into(), list, why }
}
