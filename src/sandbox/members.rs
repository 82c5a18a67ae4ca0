//! Who is in a group: contract §3.6 and §3.7. Allowed on unmodifiable groups too; never adds a user of another company.

use std::collections::HashSet;

use super::{
    call::{Call, Part},
    dialect::{AddPresentMember, MemberRemovalField, RemoveAbsentMember, UnknownField},
    model::Member,
    reply::{Refusal, Reply},
    request::{ListMembers, MemberFilter, MemberKey, PatchMembers},
    store::Store,
    validation::StrictId,
    wire::MemberView,
};
use crate::model::ids::{CompanyId, UserId};

pub(super) fn list(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    let request: ListMembers = call.body()?;
    let group = call.group(store)?;
    let filters = request.filters.as_deref().unwrap_or_default();
    let passes = |member: &&Member| filters.is_empty() || filters.iter().any(|filter| passes(filter, member));
    let mut members: Vec<&Member> = group.members.iter().filter(passes).collect();
    if let Some(sort) = &request.sort_params {
        sort.sort(&mut members, |MemberKey::AddedAt, a, b| a.added_at.cmp(&b.added_at));
    }
    call.page("members", request.pagination, members, MemberView::from)
}

/// Whether all fields of the filter hold. `addedAfter` is inclusive and `addedBefore` exclusive (contract §3.6).
fn passes(filter: &MemberFilter, member: &Member) -> bool {
    filter.added_after.is_none_or(|time| time.is_reached_by(member.added_at))
        && filter.added_before.is_none_or(|time| !time.is_reached_by(member.added_at))
        && filter.user_ids.as_ref().is_none_or(|users| users.contains(&StrictId(member.user.0)))
}

/// Removes, then adds, at once: one wrong id refuses it all. In parts: adds, then removes, one by one.
pub(super) fn patch(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let request: PatchMembers = call.body()?;
    let to_delete = ("userIdsToDelete", request.user_ids_to_delete);
    let to_remove = ("userIdsToRemove", request.user_ids_to_remove);
    let ((removal_name, removed), (other_name, other)) = match call.dialect.member_removal_field {
        MemberRemovalField::UserIdsToDelete => (to_delete, to_remove),
        MemberRemovalField::UserIdsToRemove => (to_remove, to_delete),
    };
    let group = call.group(store)?;
    let (id, company) = (group.id, group.company);
    if other.is_some() && call.dialect.unknown_field == UnknownField::Reject {
        return Err(Refusal::invalid(other_name, format!("unknown field `{other_name}`")));
    }
    let (added, removed) = (user_ids(request.user_ids_to_add), user_ids(removed));
    let mut present: HashSet<UserId> = group.members.iter().map(|member| member.user).collect();
    if call.part != Part::Additions {
        for (n, user) in removed.iter().enumerate() {
            remove(&mut present, *user, call, &format!("{removal_name}[{n}]"))?;
            if call.part == Part::Removals {
                store.change_members(id, &[*user], &[], call.now);
            }
        }
    }
    if call.part != Part::Removals {
        for (n, user) in added.iter().enumerate() {
            add(&mut present, *user, store, company, call, &format!("userIdsToAdd[{n}]"))?;
            if call.part == Part::Additions {
                store.change_members(id, &[], &[*user], call.now);
            }
        }
    }
    if call.part == Part::Whole {
        store.change_members(id, &removed, &added, call.now);
    }
    Ok(call.done())
}

fn remove(present: &mut HashSet<UserId>, user: UserId, call: &Call, field: &str) -> Result<(), Refusal> {
    match (present.remove(&user), call.dialect.remove_absent_member) {
        (true, _) | (false, RemoveAbsentMember::Noop) => Ok(()),
        (false, RemoveAbsentMember::Reject) => {
            Err(Refusal::invalid(field, format!("user {user} is not a member")))
        }
    }
}

fn add(
    present: &mut HashSet<UserId>,
    user: UserId,
    store: &Store,
    company: CompanyId,
    call: &Call,
    field: &str,
) -> Result<(), Refusal> {
    match store.user(user) {
        Some(user) if user.company == company => {}
        Some(_) => {
            let refusal = Refusal::invalid(field, format!("user {user} is not of the group's company"));
            return Err(refusal.answered(call.dialect.foreign_member.into()));
        }
        None => return Err(Refusal::invalid(field, format!("user {user} does not exist"))),
    }
    match (present.insert(user), call.dialect.add_present_member) {
        (true, _) | (false, AddPresentMember::Noop) => Ok(()),
        (false, AddPresentMember::Reject) => {
            Err(Refusal::invalid(field, format!("user {user} is a member already")))
        }
    }
}

fn user_ids(ids: Option<Vec<StrictId>>) -> Vec<UserId> {
    ids.into_iter().flatten().map(|id| UserId(id.0)).collect()
}
