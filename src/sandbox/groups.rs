//! User groups themselves: contract §3.1 to §3.5 and §3.8.

use std::collections::HashSet;

use serde::Serialize;
use uuid::Uuid;

use super::{
    call::{Call, contains_folded},
    dialect::{DeleteNonEmptyGroup, DuplicateGroupName, GroupUpdate},
    model::Group,
    reply::{Refusal, Reply},
    request::{GroupKey, ListGroups, WriteGroup},
    route::Route,
    store::Store,
    wire::{GroupView, Id, Total},
};
use crate::model::ids::CompanyId;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupList<'s> {
    user_groups: Vec<GroupView<'s>>,
    pagination: Total,
}

pub(super) fn list(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    let request: ListGroups = call.body()?;
    page(store.groups_of(call.company(store)?.id), &request, call)
}

pub(super) fn list_of_user(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    let request: ListGroups = call.body()?;
    page(store.groups_of_user(call.user(store)?.id), &request, call)
}

fn page<'s>(
    groups: impl Iterator<Item = &'s Group>,
    request: &ListGroups,
    call: &Call,
) -> Result<Reply, Refusal> {
    let text = request.search_text.as_deref().unwrap_or_default().to_lowercase();
    // A filter without ids asks for nothing in particular, so it lets all pass; so does a list without filters.
    let filters = request.filters.as_deref().unwrap_or_default();
    let all = filters.is_empty() || filters.iter().any(|filter| filter.user_group_ids.is_none());
    let wanted: HashSet<Uuid> =
        filters.iter().flat_map(|f| f.user_group_ids.iter().flatten()).map(|id| id.0).collect();
    let mut groups: Vec<&Group> = groups
        .filter(|group| all || wanted.contains(&group.id.0))
        .filter(|group| text.is_empty() || contains_folded(&group.name, &text))
        .collect();
    if let Some(sort) = &request.sort_params {
        match sort.sort_by {
            GroupKey::Name => sort.sort(&mut groups, |group| &group.name),
            GroupKey::CreatedAt => sort.sort(&mut groups, |group| group.stamps.created_at),
        }
    }
    let (page, pagination) = request.pagination.cut(groups.into_iter(), call.dialect)?;
    Reply::json(&GroupList { user_groups: page.into_iter().map(Into::into).collect(), pagination })
}

pub(super) fn get(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    Reply::json(&GroupView::from(call.group(store)?))
}

pub(super) fn create(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let request: WriteGroup = call.body()?;
    let company = call.company(store)?.id;
    refuse_duplicate(store, call, company, &request.name.0, None)?;
    let id = store.create_group(company, request.name.0, request.description.0, call.now, call.by);
    Reply::json(&Id { id })
}

pub(super) fn update(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let method = match call.dialect.group_update {
        GroupUpdate::Put => Route::PutGroup,
        GroupUpdate::Patch => Route::PatchGroup,
    };
    if call.route != method {
        return Err(Refusal::no_such_method(call.route.method(), call.uri.path()));
    }
    let request: WriteGroup = call.body()?;
    let group = call.modifiable_group(store)?;
    let (id, company) = (group.id, group.company);
    refuse_duplicate(store, call, company, &request.name.0, Some(group))?;
    store.rename_group(id, request.name.0, request.description.0, call.now, call.by);
    Ok(call.done())
}

/// Deletes the group, and what it holds with it unless the dialect says otherwise.
pub(super) fn delete(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let group = call.modifiable_group(store)?;
    let id = group.id;
    match call.dialect.delete_non_empty_group {
        DeleteNonEmptyGroup::Reject if !(group.members.is_empty() && group.grants.is_empty()) => {
            return Err(Refusal::invalid("groupId", "the user group still has members or roles"));
        }
        DeleteNonEmptyGroup::Allow | DeleteNonEmptyGroup::Reject => {}
    }
    store.delete_group(id);
    Ok(call.done())
}

fn refuse_duplicate(
    store: &Store,
    call: &Call,
    company: CompanyId,
    name: &str,
    except: Option<&Group>,
) -> Result<(), Refusal> {
    match call.dialect.duplicate_group_name {
        DuplicateGroupName::Allow => Ok(()),
        DuplicateGroupName::Reject => {
            let except = except.map(|group| group.id);
            let taken =
                store.groups_of(company).any(|group| *group.name == *name && Some(group.id) != except);
            if taken { Err(Refusal::invalid("name", "another group of the company has it")) } else { Ok(()) }
        }
    }
}
