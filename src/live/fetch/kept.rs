//! What people keep through groups of which a plan reads nothing: asked for person by person, and then group by group.
//! Reads only.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{AT_ONCE, Read, shared};
use crate::{
    live::source::Source,
    model::{
        ids::{CompanyId, GroupId, UserId},
        kept::Kept,
        observed::GroupRole,
        scope::Shared,
    },
};

type Group = (CompanyId, GroupId);

/// Asks for the groups of these people, at most `most` of them where that takes requests, and then for the roles of those
/// groups for which `is_unread` holds, at most as many. The first people matter most.
///
/// Of whom the API refuses to tell, or whose groups are beyond the bound, nothing is known. Who may not ask at all finds
/// out by one request.
///
/// # Errors
/// The first request that failed for another reason than a refusal.
pub async fn kept(
    source: &Source,
    people: &[(CompanyId, UserId)],
    most: usize,
    is_unread: impl Fn(Group) -> bool,
) -> Read<Kept> {
    let most = if source.taken().is_some() { usize::MAX } else { most };
    let people = &people[..people.len().min(most)];
    let mut refused = None;
    let mut held: Vec<(UserId, Vec<Group>)> = Vec::new();
    let (first, rest) = people.split_at(people.len().min(1));
    for some in [first, rest] {
        // Of a person who is not found nothing follows for others.
        if refused.is_some_and(|it| it != 404) && held.is_empty() {
            break;
        }
        let asked = stream::iter(some).map(|&(company, user)| async move {
            Read::Ok((user, told(source.groups_of_user(company, user).await)?))
        });
        let asked: Vec<(UserId, Result<_, u16>)> = asked.buffered(AT_ONCE).try_collect().await?;
        for (user, answer) in asked {
            match answer {
                Ok(groups) => {
                    let unread = groups.into_iter().map(|it| (it.0, it.1.id)).filter(|it| is_unread(*it));
                    let unread: BTreeSet<Group> = unread.collect();
                    held.push((user, unread.into_iter().collect()));
                }
                Err(status) => refused = Some(status),
            }
        }
    }
    // Once each, those of the first people first.
    let (mut seen, mut wanted) = (BTreeSet::new(), Vec::new());
    wanted.extend(held.iter().flat_map(|it| &it.1).copied().filter(|it| seen.insert(*it)).take(most));
    let read = stream::iter(wanted).map(|(company, group)| async move {
        Read::Ok(((company, group), told(source.list_group_roles(company, group).await)?))
    });
    let read: Vec<(Group, Result<Vec<GroupRole>, u16>)> = read.buffered(AT_ONCE).try_collect().await?;
    let (mut groups, mut scopes) = (BTreeMap::new(), Shared::default());
    for (group, answer) in read {
        match answer {
            Ok(roles) => _ = groups.insert(group, shared(roles, &mut scopes)),
            Err(status) => refused = Some(status),
        }
    }
    let known = held.into_iter().filter(|it| it.1.iter().all(|it| groups.contains_key(it)));
    Ok(Kept { people: known.collect(), groups, refused, ..Kept::default() })
}

/// The answer, or the status with which the API refuses it.
fn told<T>(answer: Read<T>) -> Read<Result<T, u16>> {
    match answer {
        Ok(it) => Ok(Ok(it)),
        Err(error) => match error.refused() {
            Some(status) => Ok(Err(status)),
            None => Err(error),
        },
    }
}
