//! User groups themselves: contract §3.1 to §3.5 and §3.8. Members and roles are not handled here.

use std::collections::HashSet;

use super::{
    call::{Call, search},
    dialect::{DeleteNonEmptyGroup, DuplicateGroupName, GroupUpdate},
    model::Group,
    reply::{Refusal, Reply},
    request::{GroupKey, ListGroups, WriteGroup},
    route::Route,
    store::Store,
    validation::StrictId,
    wire::{GroupView, Id},
};
use crate::model::ids::{CompanyId, GroupId};

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
    let found = search(request.search_text.as_deref());
    // A filter without ids asks for nothing in particular, so it lets all pass; so does a list without filters.
    let filters = request.filters.as_deref().unwrap_or_default();
    let wanted = |group: &Group| {
        let names = |ids: &HashSet<StrictId>| ids.contains(&StrictId(group.id.0));
        filters.is_empty() || filters.iter().any(|filter| filter.user_group_ids.as_ref().is_none_or(names))
    };
    let mut groups: Vec<&Group> = groups.filter(|group| wanted(group) && found(&group.name)).collect();
    if let Some(sort) = &request.sort_params {
        sort.sort(&mut groups, |by, a, b| match by {
            GroupKey::Name => a.name.cmp(&b.name),
            GroupKey::CreatedAt => a.stamps.created_at.cmp(&b.stamps.created_at),
        });
    }
    call.page("userGroups", request.pagination, groups, GroupView::new)
}

pub(super) fn get(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    Reply::json(&GroupView::new(call.group(store)?))
}

pub(super) fn create(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let request: WriteGroup = call.body()?;
    let company = call.company(store)?.id;
    let (name, description, stamps) = (request.name.0, request.description.0, call.stamps());
    refuse_duplicate(store, call, company, &name, None)?;
    let id = GroupId(store.new_id("group", company, &name));
    let (unmodifiable, grants, members) = (false, Vec::new(), Vec::new());
    store.add_group(Group { id, name, description, company, unmodifiable, stamps, grants, members });
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
    store.change_group(id, call.stamps(), |group| {
        group.name = request.name.0;
        group.description = request.description.0;
    });
    Ok(call.done())
}

/// Deletes the group with its members and roles, unless the dialect says otherwise.
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
    let except = except.map(|group| group.id);
    let taken = |group: &Group| *group.name == *name && Some(group.id) != except;
    match call.dialect.duplicate_group_name {
        DuplicateGroupName::Reject if store.groups_of(company).any(taken) => {
            Err(Refusal::invalid("name", "another group of the company has it"))
        }
        DuplicateGroupName::Reject | DuplicateGroupName::Allow => Ok(()),
    }
}
