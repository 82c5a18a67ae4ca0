//! The roles of a group, each with its scope: contract §3.9 and §3.10.

use serde::Serialize;

use super::{
    call::{Call, Part, contains_folded},
    dialect::{RolesToDelete, SameRoleTwice, ScopeChange},
    model::{Grant, Role},
    reply::{Refusal, Reply},
    request::{Assignment, ListRoles, NameKey, PatchGrants, PatchGrantsById},
    roles::passes,
    scope::Scope,
    store::Store,
    wire::{GrantView, Total},
};
use crate::model::ids::{CompanyId, RoleId};

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
    let (page, pagination) = request.pagination.cut(grants.into_iter(), call.dialect)?;
    let view = |(role, scope)| GrantView::new(role, scope, call.dialect);
    Reply::json(&GrantList { roles: page.into_iter().map(view).collect(), pagination })
}

/// What a request takes away.
enum Removed {
    Grants(Vec<Grant>),
    Roles(Vec<RoleId>),
}

impl Removed {
    fn takes(&self, grant: &Grant) -> bool {
        match self {
            Self::Grants(all) => {
                all.iter().any(|it| it.role == grant.role && it.scope.means_the_same_as(&grant.scope))
            }
            Self::Roles(all) => all.contains(&grant.role),
        }
    }

    fn names(&self, role: RoleId) -> bool {
        match self {
            Self::Grants(all) => all.iter().any(|it| it.role == role),
            Self::Roles(all) => all.contains(&role),
        }
    }
}

/// Removes, then adds, at once; or the other way round where the dialect knows no whole. Removing takes
/// every equal pair, and none is no mistake.
pub(super) fn patch(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let (added, removed) = match call.dialect.roles_to_delete {
        RolesToDelete::Objects => {
            let request: PatchGrants = call.body()?;
            let removed = grants(request.roles_to_delete, call, "rolesToDelete")?;
            (grants(request.roles_to_add, call, "rolesToAdd")?, Removed::Grants(removed))
        }
        RolesToDelete::Ids => {
            let request: PatchGrantsById = call.body()?;
            let removed = request.roles_to_delete.iter().flatten().map(|id| RoleId(id.0)).collect();
            (grants(request.roles_to_add, call, "rolesToAdd")?, Removed::Roles(removed))
        }
    };
    let group = call.modifiable_group(store)?;
    let (id, company, mut held) = (group.id, group.company, group.grants.clone());
    if call.dialect.scope_change == ScopeChange::Split
        && let Some(n) = added.iter().position(|it| removed.names(it.role))
    {
        let problem = "a role cannot be taken away and given in one request";
        return Err(Refusal::invalid(&format!("rolesToAdd[{n}].roleId"), problem));
    }
    let additions = || added.iter().enumerate().map(|(n, it)| (format!("rolesToAdd[{n}]"), it));
    match call.part {
        Part::Whole => {
            held.retain(|grant| !removed.takes(grant));
            for (field, grant) in additions() {
                refuse_unusable(store, grant, company, &field)?;
                add(&mut held, grant, call, &field)?;
            }
            store.set_grants(id, held, call.now, call.by);
        }
        Part::Additions => {
            for (field, grant) in additions() {
                refuse_unusable(store, grant, company, &field)?;
                add(&mut held, grant, call, &field)?;
                store.set_grants(id, held.clone(), call.now, call.by);
            }
        }
        Part::Removals => {
            held.retain(|grant| !removed.takes(grant));
            store.set_grants(id, held, call.now, call.by);
        }
    }
    Ok(call.done())
}

fn grants(assignments: Option<Vec<Assignment>>, call: &Call, field: &str) -> Result<Vec<Grant>, Refusal> {
    let grant = |(n, it): (usize, Assignment)| {
        let mut grant = Grant { role: RoleId(it.role_id.0), scope: it.scope };
        let dialect = call.dialect;
        grant.scope.take(dialect.predicate, dialect.unknown_field, &format!("{field}[{n}].scope"))?;
        Ok(grant)
    };
    assignments.into_iter().flatten().enumerate().map(grant).collect()
}

fn add(held: &mut Vec<Grant>, grant: &Grant, call: &Call, field: &str) -> Result<(), Refusal> {
    let same_role = held.iter_mut().find(|it| it.role == grant.role);
    match (call.dialect.same_role_twice, same_role) {
        (_, None) | (SameRoleTwice::SecondEntry, Some(_)) => held.push(grant.clone()),
        (SameRoleTwice::Merge, Some(same_role)) => {
            let there = &mut same_role.scope.audiences;
            there.extend(
                grant.scope.audiences.iter().filter(|it| !there.contains(it)).cloned().collect::<Vec<_>>(),
            );
        }
        (SameRoleTwice::Reject, Some(_)) => {
            return Err(Refusal::invalid(&format!("{field}.roleId"), "the group holds the role already"));
        }
    }
    Ok(())
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
