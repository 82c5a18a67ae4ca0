//! The roles of a group, each with its scope: contract §3.9 and §3.10. No scope is refused for what it covers.

use super::{
    call::{Call, Part, search},
    dialect::{RolesToDelete, SameRoleTwice, ScopeChange},
    model::{Grant, Role},
    reply::{Refusal, Reply},
    request::{Assignment, ListRoles, NameKey, PatchGrants, PatchGrantsById},
    roles::passes,
    scope::Scope,
    store::Store,
    wire::GrantView,
};
use crate::model::ids::{CompanyId, RoleId};

pub(super) fn list(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    let request: ListRoles = call.body()?;
    let group = call.group(store)?;
    let found = search(request.search_text.as_deref());
    let mut grants: Vec<(&Role, &Scope)> = group
        .grants
        .iter()
        .filter_map(|grant| Some((store.role(grant.role)?, &grant.scope)))
        .filter(|(role, _)| passes(role, &request) && found(&role.name))
        .collect();
    if let Some(sort) = &request.sort_params {
        sort.sort(&mut grants, |NameKey::Name, (a, _), (b, _)| a.name.cmp(&b.name));
    }
    call.page("roles", request.pagination, grants, |(role, scope)| GrantView::new(role, scope, call.dialect))
}

/// What a request takes away: a role on a scope or, without one, on all.
type Removed = (RoleId, Option<Scope>);

fn takes((role, scope): &Removed, grant: &Grant) -> bool {
    *role == grant.role && scope.as_ref().is_none_or(|scope| scope.means_the_same_as(&grant.scope))
}

/// Removes, then adds, at once. In parts: adds, one by one, then removes. Removing takes every equal pair; that
/// there are none is not an error.
pub(super) fn patch(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let (added, removed): (_, Vec<Removed>) = match call.dialect.roles_to_delete {
        RolesToDelete::Objects => {
            let request: PatchGrants = call.body()?;
            let removed = grants(request.roles_to_delete, call, "rolesToDelete")?;
            (request.roles_to_add, removed.into_iter().map(|it| (it.role, Some(it.scope))).collect())
        }
        RolesToDelete::Ids => {
            let request: PatchGrantsById = call.body()?;
            let removed = request.roles_to_delete.into_iter().flatten();
            (request.roles_to_add, removed.map(|id| (RoleId(id.0), None)).collect())
        }
    };
    let added = grants(added, call, "rolesToAdd")?;
    let group = call.modifiable_group(store)?;
    let (id, company, mut held) = (group.id, group.company, group.grants.clone());
    if call.dialect.scope_change == ScopeChange::Split
        && let Some(n) = added.iter().position(|it| removed.iter().any(|(role, _)| *role == it.role))
    {
        let problem = "a role cannot be taken away and given in one request";
        return Err(Refusal::invalid(&format!("rolesToAdd[{n}].roleId"), problem));
    }
    if call.part != Part::Additions {
        held.retain(|grant| !removed.iter().any(|it| takes(it, grant)));
    }
    if call.part != Part::Removals {
        for (n, grant) in added.iter().enumerate() {
            refuse_unusable(store, grant, company, &format!("rolesToAdd[{n}]"))?;
            add(&mut held, grant, call, &format!("rolesToAdd[{n}]"))?;
            if call.part == Part::Additions {
                store.change_group(id, call.stamps(), |group| group.grants.clone_from(&held));
            }
        }
    }
    if call.part != Part::Additions {
        store.change_group(id, call.stamps(), |group| group.grants = held);
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
            let new = grant.scope.audiences.iter().filter(|it| !there.contains(it)).cloned();
            there.extend(new.collect::<Vec<_>>());
        }
        (SameRoleTwice::Replace, Some(same_role)) => same_role.scope = grant.scope.clone(),
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
