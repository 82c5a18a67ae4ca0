//! Who is in a group: contract §3.6 and §3.7. Allowed on unmodifiable groups too.

use std::collections::HashSet;

use axum::http::StatusCode;
use serde::Serialize;
use uuid::Uuid;

use super::{
    call::Call,
    dialect::{MemberRemovalField, UnknownField},
    model::Member,
    reply::{Refusal, Reply},
    request::{ListMembers, MemberFilter, MemberKey, PatchMembers},
    store::Store,
    strict::StrictId,
    wire::{MemberView, Total},
};
use crate::ids::UserId;

#[derive(Serialize)]
struct MemberList {
    members: Vec<MemberView>,
    pagination: Total,
}

pub(super) fn list(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    let request: ListMembers = call.body()?;
    let group = call.group(store)?;
    let filters: Vec<Filter> = request.filters.iter().flatten().map(Filter::new).collect();
    let passes = |member: &&Member| filters.is_empty() || filters.iter().any(|filter| filter.passes(member));
    let mut members: Vec<&Member> = group.members.iter().filter(passes).collect();
    if let Some(sort) = &request.sort_params {
        match sort.sort_by {
            MemberKey::AddedAt => sort.sort(&mut members, |member| member.added_at),
        }
    }
    let (page, pagination) = request.pagination.cut(members.into_iter(), call.dialect);
    Reply::json(&MemberList { members: page.into_iter().map(Into::into).collect(), pagination })
}

/// An element of `filters`: all of its fields must hold.
struct Filter<'r> {
    request: &'r MemberFilter,
    users: Option<HashSet<Uuid>>,
}

impl<'r> Filter<'r> {
    fn new(request: &'r MemberFilter) -> Self {
        let users = request.user_ids.as_ref().map(|ids| ids.iter().map(|id| id.0).collect());
        Self { request, users }
    }

    fn passes(&self, member: &Member) -> bool {
        // `addedAfter` is inclusive and `addedBefore` exclusive (contract §3.6).
        self.request.added_after.is_none_or(|time| time.is_reached_by(member.added_at))
            && self.request.added_before.is_none_or(|time| !time.is_reached_by(member.added_at))
            && self.users.as_ref().is_none_or(|users| users.contains(&member.user.0))
    }
}

/// Removes, then adds. Adding who is there and removing who is not are no-ops; one wrong id refuses it all.
pub(super) fn patch(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let request: PatchMembers = call.body()?;
    let group = call.group(store)?;
    let (id, company) = (group.id, group.company);
    let (removed, other, other_name) = match call.dialect.member_removal_field {
        MemberRemovalField::UserIdsToDelete => {
            (request.user_ids_to_delete, request.user_ids_to_remove, "userIdsToRemove")
        }
        MemberRemovalField::UserIdsToRemove => {
            (request.user_ids_to_remove, request.user_ids_to_delete, "userIdsToDelete")
        }
    };
    if other.is_some() && call.dialect.unknown_field == UnknownField::Reject {
        return Err(Refusal::invalid(other_name, format!("unknown field `{other_name}`")));
    }
    let added = user_ids(request.user_ids_to_add);
    for (n, user) in added.iter().enumerate() {
        let problem = match store.user(*user) {
            Some(user) if user.company == company => continue,
            Some(_) => "is not of the group's company",
            None => "does not exist",
        };
        return Err(Refusal::invalid(&format!("userIdsToAdd[{n}]"), format!("user {user} {problem}")));
    }
    store.change_members(id, &user_ids(removed), &added, call.now);
    Ok(Reply::Empty(StatusCode::OK))
}

fn user_ids(ids: Option<Vec<StrictId>>) -> Vec<UserId> {
    ids.into_iter().flatten().map(|id| UserId(id.0)).collect()
}
