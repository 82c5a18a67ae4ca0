//! A group as it is right now, compared with what it should be.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures_util::future::try_join3;

use crate::{
    live::{
        api::{ApiError, Reader},
        fetch::grants,
    },
    model::{
        access::{Contents, Grant},
        ids::{CompanyId, GroupId, RoleId, UserId},
        plan::Change,
        scope::Scope,
        state::Attributes,
    },
};

use super::Stale;

/// A group as it is.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) attributes: Attributes,
    pub(super) contents: Contents,
}

/// Reads a group whole; `None` where it does not exist.
pub(super) async fn look(
    reader: &Reader,
    company: CompanyId,
    group: GroupId,
) -> Result<Option<Seen>, ApiError> {
    let head = reader.get_group(company, group);
    let members = reader.list_members(company, group);
    let roles = reader.list_group_roles(company, group);
    match try_join3(head, members, roles).await {
        Ok((head, mut members, roles)) => {
            members.sort_unstable();
            let description = head.description.unwrap_or_default();
            let attributes = Attributes { name: head.name, description };
            Ok(Some(Seen {
                attributes,
                contents: Contents { members: members.into(), grants: grants(roles) },
            }))
        }
        Err(ApiError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What was in a group when the plan read it.
pub(super) fn contents(change: &Change<'_>) -> Contents {
    let grant = |(role, scope): (RoleId, &Scope)| Grant {
        role,
        scope: Arc::new(scope.clone()),
        as_read: Box::default(),
    };
    Contents {
        members: change.members_before().collect(),
        grants: change.roles_before().map(grant).collect(),
    }
}

/// What of a group is looked at.
#[derive(Clone, Copy)]
pub(super) enum What {
    /// Whether it exists, and all of it.
    All,
    /// Some parts.
    Parts { attributes: bool, roles: bool, members: bool },
}

/// Reads a part of a group; the rest is taken from what is known.
pub(super) async fn look_at(
    reader: &Reader,
    company: CompanyId,
    group: GroupId,
    what: What,
    mut known: Seen,
) -> Result<Option<Seen>, ApiError> {
    let What::Parts { attributes, roles, members } = what else {
        return look(reader, company, group).await;
    };
    let read = async {
        let found = try_join3(
            async { if members { Ok(Some(reader.list_members(company, group).await?)) } else { Ok(None) } },
            async { if roles { Ok(Some(reader.list_group_roles(company, group).await?)) } else { Ok(None) } },
            async { if attributes { Ok(Some(reader.get_group(company, group).await?)) } else { Ok(None) } },
        );
        let (found, held, head) = found.await?;
        if let Some(mut found) = found {
            found.sort_unstable();
            known.contents.members = found.into();
        }
        if let Some(held) = held {
            known.contents.grants = grants(held);
        }
        if let Some(head) = head {
            known.attributes =
                Attributes { name: head.name, description: head.description.unwrap_or_default() };
        }
        Ok(known)
    };
    match read.await {
        Ok(seen) => Ok(Some(seen)),
        Err(ApiError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns how what is seen differs from what is expected.
pub(super) fn difference(seen: &Seen, attributes: &Attributes, contents: &Contents) -> Option<Stale> {
    if seen.attributes != *attributes {
        return Some(Stale::Attributes);
    }
    if !same_roles(&seen.contents.grants, &contents.grants) {
        return Some(Stale::Roles);
    }
    let users = |it: &Contents| -> BTreeSet<UserId> { it.members.iter().copied().collect() };
    let (now, then) = (users(&seen.contents), users(contents));
    let (came, went) = (now.difference(&then).count(), then.difference(&now).count());
    (came + went > 0).then_some(Stale::Members { came, went })
}

/// Whether both say the same, by meaning.
pub(super) fn same_roles(a: &[Grant], b: &[Grant]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a.role, &a.scope) == (b.role, &b.scope))
}

/// Whether a group has exactly these of the roles named; an empty scope is none at all.
pub(super) fn holds(held: &[Grant], wanted: &BTreeMap<RoleId, Scope>) -> bool {
    wanted.iter().all(|(role, scope)| scope_of(held, *role) == *scope)
}

/// Returns what a role holds on; nothing where it is not there.
pub(super) fn scope_of(held: &[Grant], role: RoleId) -> Scope {
    held.iter().find(|it| it.role == role).map_or_else(Scope::default, |it| (*it.scope).clone())
}
