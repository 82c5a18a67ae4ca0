//! Roles, the permission catalogue and the effective permissions of a user: contract §5 and §6.3.
//!
//! Roles can be made and changed, as the API documents; by the help centre a company cannot (contract §5.1).
//! Which group holds which role is not handled here.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    call::{Call, search},
    model::{ACTIONS, PERMISSIONS, PermissionWithActions, Role},
    reply::{Refusal, Reply},
    request::{ListRoles, NameKey, NewRole, Provider, RoleFilter, WriteRole},
    store::Store,
    validation::StrictId,
    wire::{Id, RoleView},
};
use crate::model::ids::{CompanyId, RoleId};

/// Answers the roles a company can use: the platform's and its own.
pub(super) fn list(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    let request: ListRoles = call.body()?;
    let company = call.company(store)?.id;
    let found = search(request.search_text.as_deref());
    let mut roles: Vec<&Role> = store
        .roles()
        .iter()
        .filter(|role| role.company.is_none_or(|owner| owner == company))
        .filter(|role| passes(role, &request))
        .filter(|role| found(&role.name))
        .collect();
    if let Some(sort) = &request.sort_params {
        sort.sort(&mut roles, |NameKey::Name, a, b| a.name.cmp(&b.name));
    }
    call.page("roles", request.pagination, roles, RoleView::new)
}

/// Whether any filter of `request` lets `role` pass; the fields of one filter must all hold.
pub(super) fn passes(role: &Role, request: &ListRoles) -> bool {
    let provider = if role.company.is_none() { Provider::Platform } else { Provider::Company };
    let one = |filter: &RoleFilter| {
        filter.role_ids.as_ref().is_none_or(|ids| ids.contains(&StrictId(role.id.0)))
            && filter.role_provided_by.as_ref().is_none_or(|providers| providers.contains(&provider))
    };
    request.filters.as_ref().is_none_or(|filters| filters.is_empty() || filters.iter().any(one))
}

pub(super) fn get(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    Reply::json(&RoleView::new(call.role(store)?))
}

/// Makes a role of a company; those of the platform are the platform's to make.
pub(super) fn create(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let request: NewRole = call.body()?;
    refuse_unknown(&request.permissions)?;
    if request.is_platform_role {
        return Err(Refusal::forbidden("only the platform makes platform roles"));
    }
    let company = request.company_id.map(|id| CompanyId(id.0)).filter(|id| store.company(*id).is_some());
    let missing = || Refusal::invalid("companyId", "a role needs a company that exists");
    let company = company.ok_or_else(missing)?;
    let id = RoleId(store.new_id("role", company, &request.name.0));
    store.add_role(Role {
        id,
        name: request.name.0,
        description: request.description.into(),
        company: Some(company),
        permissions: request.permissions,
        stamps: call.stamps(),
    });
    Reply::json(&Id { id })
}

pub(super) fn update(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let request: WriteRole = call.body()?;
    let id = modifiable(store, call)?;
    refuse_unknown(&request.permissions)?;
    store.change_role(id, call.stamps(), |role| {
        role.name = request.name.0;
        role.description = request.description.into();
        role.permissions = request.permissions;
    });
    Ok(call.done())
}

/// Deletes a role without holders. Invented: what becomes of one with holders is not documented.
pub(super) fn delete(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let id = modifiable(store, call)?;
    if store.groups().any(|group| group.grants.iter().any(|grant| grant.role == id)) {
        return Err(Refusal::invalid("roleId", "a user group holds the role"));
    }
    store.delete_role(id);
    Ok(call.done())
}

fn modifiable(store: &Store, call: &Call) -> Result<RoleId, Refusal> {
    match call.role(store)? {
        Role { company: None, .. } => Err(call.unmodifiable("roles of the platform do not change")),
        role => Ok(role.id),
    }
}

fn refuse_unknown(permissions: &[PermissionWithActions]) -> Result<(), Refusal> {
    for (n, it) in permissions.iter().enumerate() {
        if !PERMISSIONS.contains(&&*it.permission) {
            let problem = format!("`{}` is not a permission", it.permission);
            return Err(Refusal::invalid(&format!("permissions[{n}].permission"), problem));
        }
        if let Some(wrong) = it.actions.iter().find(|it| !ACTIONS.contains(&&***it)) {
            let problem = format!("`{wrong}` is none of {ACTIONS:?}");
            return Err(Refusal::invalid(&format!("permissions[{n}].actions"), problem));
        }
    }
    Ok(())
}

pub(super) fn permissions() -> Result<Reply, Refusal> {
    #[derive(Serialize)]
    struct List {
        permissions: Vec<Permission>,
    }
    #[derive(Serialize)]
    struct Permission {
        name: &'static str,
        description: String,
    }
    let permission =
        |name: &'static str| Permission { name, description: name.replace('_', " ").to_lowercase() };
    Reply::json(&List { permissions: PERMISSIONS.map(permission).into() })
}

/// Answers what all groups of a user permit together, scopes left out.
pub(super) fn rbac_info(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Info<'s> {
        has_others_trip_access: bool,
        permissions: Vec<Permission<'s>>,
    }
    #[derive(Serialize)]
    struct Permission<'s> {
        permission: &'s str,
        actions: BTreeSet<&'s str>,
    }
    let mut permitted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for grant in store.groups_of_user(call.user(store)?.id).flat_map(|group| &group.grants) {
        for it in store.role(grant.role).into_iter().flat_map(|role| &role.permissions) {
            permitted.entry(&it.permission).or_default().extend(it.actions.iter().map(|action| &**action));
        }
    }
    // Invented: the documents do not say which permissions give access to the trips of others.
    let has_others_trip_access = permitted.contains_key("TRIP_MANAGEMENT") || permitted.contains_key("AGENT");
    let permissions = permitted.into_iter().map(|(permission, actions)| Permission { permission, actions });
    Reply::json(&Info { has_others_trip_access, permissions: permissions.collect() })
}
