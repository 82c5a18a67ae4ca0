//! The roles of a group, each with its scope: contract §3.9 and §3.10.

use axum::http::StatusCode;
use serde::Serialize;

use super::{
    call::{Call, contains_folded},
    dialect::RolesToDelete,
    model::{Grant, Role},
    reply::{Refusal, Reply},
    request::{Assignment, ListRoles, NameKey, PatchGrants, PatchGrantsById},
    roles::passes,
    scope::Scope,
    store::Store,
    wire::{GrantView, Total},
};
use crate::ids::{CompanyId, RoleId};

#[derive(Serialize)]
struct GrantList<'s> {
    roles: Vec<GrantView<'s>>,
    pagination: Total,
}

pub(super) fn list(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    let request: ListRoles = call.body()?;
    let group = call.group(store)?;
    let text = request.search_text.as_deref().unwrap_or_default().to_lowercase();
    let mut grants: Vec<(&Role, &Scope)> = group
        .grants
        .iter()
        .filter_map(|grant| Some((store.role(grant.role)?, &grant.scope)))
        .filter(|(role, _)| passes(role, &request))
        .filter(|(role, _)| text.is_empty() || contains_folded(&role.name, &text))
        .collect();
    if let Some(sort) = &request.sort_params {
        match sort.sort_by {
            NameKey::Name => sort.sort(&mut grants, |(role, _)| &role.name),
        }
    }
    let (page, pagination) = request.pagination.cut(grants.into_iter(), call.dialect);
    let view = |(role, scope)| GrantView::new(role, scope, call.dialect.group_role, call.dialect.scope_echo);
    Reply::json(&GrantList { roles: page.into_iter().map(view).collect(), pagination })
}

/// Removes, then adds. A pair that is there already is added once more; removing takes every equal pair.
pub(super) fn patch(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    match call.dialect.roles_to_delete {
        RolesToDelete::Objects => {
            let request: PatchGrants = call.body()?;
            let removed: Vec<Grant> = request.roles_to_delete.into_iter().flatten().map(Into::into).collect();
            let stays = |grant: &Grant| {
                !removed.iter().any(|r| r.role == grant.role && r.scope.means_the_same_as(&grant.scope))
            };
            change(store, call, request.roles_to_add, stays)
        }
        RolesToDelete::Ids => {
            let request: PatchGrantsById = call.body()?;
            let removed: Vec<RoleId> =
                request.roles_to_delete.iter().flatten().map(|id| RoleId(id.0)).collect();
            change(store, call, request.roles_to_add, |grant| !removed.contains(&grant.role))
        }
    }
}

fn change(
    store: &mut Store,
    call: &Call,
    added: Option<Vec<Assignment>>,
    stays: impl FnMut(&Grant) -> bool,
) -> Result<Reply, Refusal> {
    let group = call.modifiable_group(store)?;
    let (id, company) = (group.id, group.company);
    let added: Vec<Grant> = added.into_iter().flatten().map(Into::into).collect();
    for (n, grant) in added.iter().enumerate() {
        refuse_unusable(store, grant, company, &format!("rolesToAdd[{n}]"))?;
    }
    store.change_grants(id, stays, added, call.now, call.by);
    Ok(Reply::Empty(StatusCode::OK))
}

/// A grant needs a role of the platform or the company, and a scope that says something.
/// The minimum sizes are not documented; what must not happen is that "nothing" means "all" (contract §4).
fn refuse_unusable(store: &Store, grant: &Grant, company: CompanyId, field: &str) -> Result<(), Refusal> {
    let usable = |role: &Role| role.company.is_none_or(|owner| owner == company);
    if !store.role(grant.role).is_some_and(usable) {
        let problem = format!("role {} does not exist for the company", grant.role);
        return Err(Refusal::invalid(&format!("{field}.roleId"), problem));
    }
    if grant.scope.audiences.is_empty() || grant.scope.audiences.iter().any(|a| a.predicates.is_empty()) {
        let problem = "a scope has at least one audience, and an audience at least one predicate";
        return Err(Refusal::invalid(&format!("{field}.scope"), problem));
    }
    Ok(())
}

impl From<Assignment> for Grant {
    fn from(assignment: Assignment) -> Self {
        Self { role: RoleId(assignment.role_id.0), scope: assignment.scope }
    }
}
