//! What groups come to: grants add up, and nothing subtracts (contract §8).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{GroupAccess, RoleAccess};
use crate::model::{
    ids::{CompanyId, GroupId, RoleId},
    plan::Names,
    scope::Scope,
};

/// A role that a person has through groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The role.
    pub role: RoleId,
    /// Where it holds: wherever one of the groups says.
    pub scope: Scope,
    /// The groups that give it, sorted by company, name and id.
    pub through: Vec<Through>,
}

/// A group that gives a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Through {
    pub company: CompanyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<GroupId>,
    pub name: Box<str>,
}

/// Returns what the groups that the person is in give together, one entry per role, sorted by its name and id.
pub(super) fn effects(groups: &[GroupAccess], names: &Names) -> Vec<Effect> {
    let mut all: BTreeMap<RoleId, (Vec<Scope>, Vec<Through>)> = BTreeMap::new();
    for group in groups.iter().filter(|it| it.standing.is_live()) {
        for RoleAccess { role, scope, .. } in group.roles.iter().filter(|it| it.standing.is_live()) {
            let (scopes, through) = all.entry(*role).or_default();
            scopes.push(scope.clone());
            through.push(Through { company: group.company, name: group.name.clone(), id: group.id });
        }
    }
    let effect = |(role, (scopes, mut through)): (RoleId, (Vec<Scope>, Vec<Through>))| {
        through.sort_by(|a, b| (a.company, &a.name, a.id).cmp(&(b.company, &b.name, b.id)));
        Effect { role, scope: Scope::any(scopes), through }
    };
    let mut effects: Vec<Effect> = all.into_iter().map(effect).collect();
    effects.sort_by_cached_key(|it| (names.role(it.role), it.role));
    effects
}
