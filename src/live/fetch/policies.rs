//! What policies need to be looked at: of some or all of a company what they hold outside groups. Reads only.
//!
//! Who may not be asked, or of whom a snapshot does not tell, stays unknown: the policy says so.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{AT_ONCE, FetchError, Read, keyed::keyed, list::CompanyReads};
use crate::{
    live::source::Source,
    model::{
        direct::DirectRoles,
        directory::Directory,
        ids::{GroupId, PersonRef, UserId},
        observed::{GroupHead, ObservedCompany, User},
    },
};

/// What was read for policies of a company.
#[derive(Debug, Default)]
pub(super) struct ForPolicies {
    /// Everybody, where that was asked for and is told.
    pub(super) users: Vec<User>,
    /// Whether who everybody is was asked for, and is not told.
    pub(super) unlisted: bool,
    /// Whether these are everybody.
    pub(super) listed: bool,
    pub(super) direct: Vec<(UserId, DirectRoles)>,
}

/// Reads what policies need of a company, beyond its groups and what was read of these people already.
pub(super) async fn for_policies(
    source: &Source,
    reads: &CompanyReads<'_>,
    company: &ObservedCompany,
    (users, known): (&[User], &BTreeSet<UserId>),
) -> Read<ForPolicies> {
    let listed = everybody(source, reads).await?;
    let mut people = concerned(reads, company, &Directory::new(users));
    let all = listed.iter().flatten().filter(|it| it.active && reads.policies.everybody);
    people.extend(all.map(|it| it.id));
    people.retain(|it| !known.contains(it));
    let direct = stream::iter(people).map(|user| async move {
        match source.direct_roles(reads.id, user).await {
            Ok(roles) => Ok(roles.map(|it| (user, it))),
            Err(FetchError::NotRecorded(_)) => Ok(None),
            Err(error) => Err(error),
        }
    });
    let direct: Vec<Option<_>> = direct.buffered(AT_ONCE).try_collect().await?;
    Ok(ForPolicies {
        unlisted: (reads.policies.everybody || reads.policies.listed) && listed.is_none(),
        listed: listed.is_some(),
        users: listed.unwrap_or_default(),
        direct: direct.into_iter().flatten().collect(),
    })
}

/// Everybody of a company, where policies ask for it and it is told.
pub(super) async fn everybody(source: &Source, reads: &CompanyReads<'_>) -> Read<Option<Vec<User>>> {
    let asked = reads.policies.everybody || reads.policies.listed;
    if asked { source.list_users(reads.id).await } else { Ok(None) }
}

/// Those of whom policies ask what they hold outside groups, as far as groups and files tell.
pub(super) fn concerned(
    reads: &CompanyReads<'_>,
    company: &ObservedCompany,
    directory: &Directory<'_>,
) -> BTreeSet<UserId> {
    let groups: BTreeSet<GroupId> = match reads.policies.everybody {
        true => company.contents.keys().copied().collect(),
        false => reads.named_by_policies(&company.groups, &reads.policies.direct_of),
    };
    let contents = company.contents.iter().filter(|it| groups.contains(it.0));
    let live = contents.flat_map(|it| it.1.members.iter().copied());
    let keyed = keyed(reads.declared, directory);
    let keyed = Directory::new(&keyed);
    let one = |it: &PersonRef| [directory, &keyed].map(|known| known.anyone(reads.id, it).ok());
    let by_rule = reads.policies.selectors.iter().filter_map(|it| company.selected.get(it));
    let by_rule = by_rule.flat_map(|it| it.iter().copied());
    live.chain(reads.policies.members.iter().flat_map(one).flatten()).chain(by_rule).collect()
}

/// How many people have to be asked for what they hold outside groups, as far as lists and files tell. Who is only in groups
/// that were not read yet is not counted.
pub(super) fn requests(
    reads: &CompanyReads<'_>,
    listed: Option<&[User]>,
    (heads, users): (&[GroupHead], &[User]),
) -> u64 {
    let company = ObservedCompany { groups: heads.to_vec(), ..ObservedCompany::new(reads.id) };
    let mut people = concerned(reads, &company, &Directory::new(users));
    let all = listed.into_iter().flatten().filter(|it| it.active && reads.policies.everybody);
    people.extend(all.map(|it| it.id));
    people.len() as u64
}
