//! Roles and scopes: from names to what a group shall hold.

use std::collections::{BTreeMap, HashMap};

use super::Binding;
use crate::{
    access::{Grant, Holding},
    finding::{Code, Finding, did_you_mean},
    ids::{RoleId, UserId},
    manifest::{
        access::ProvidedBy,
        declared::{DeclaredGrant, DeclaredGroup, DeclaredScope, Rest, RoleRef},
    },
    plan::{Quarantined, Withheld},
    scope::{Dimension, Kind, Scope, Value},
    snapshot::{GroupHead, RoleHead},
    source::Place,
};

/// The roles a company may assign, by name.
pub(super) struct Roles<'a> {
    all: &'a [RoleHead],
    by_name: HashMap<&'a str, Vec<&'a RoleHead>>,
}

impl<'a> Roles<'a> {
    pub(super) fn new(all: &'a [RoleHead]) -> Self {
        let mut by_name: HashMap<&str, Vec<&RoleHead>> = HashMap::with_capacity(all.len());
        for role in all {
            by_name.entry(&role.name).or_default().push(role);
        }
        Self { all, by_name }
    }

    fn find(&self, grant: &DeclaredGrant) -> Result<&'a RoleHead, Finding> {
        let (name, provided_by) = match &grant.role {
            RoleRef::Id(id) => {
                return self.all.iter().find(|it| it.id == *id).ok_or_else(|| {
                    Finding::new(Code::UnknownRole, grant.from, format!("no role has the id {id}"))
                        .help("the company can assign only the roles that its role list holds")
                });
            }
            RoleRef::Name { name, provided_by } => (name, *provided_by),
        };
        let named = self.by_name.get(&**name).map_or(&[][..], Vec::as_slice);
        let fits = |role: &&&RoleHead| match provided_by {
            None => true,
            Some(ProvidedBy::Platform) => role.platform,
            Some(ProvidedBy::Company) => !role.platform,
        };
        let fitting: Vec<&RoleHead> = named.iter().filter(fits).copied().collect();
        match &fitting[..] {
            [one] => Ok(one),
            [] => {
                Err(Finding::new(Code::UnknownRole, grant.from, format!("the company has no role `{name}`"))
                    .help(match did_you_mean(name, self.by_name.keys().copied()) {
                        Some(near) => near,
                        None => format!("its roles are: {}", list(self.all)),
                    }))
            }
            several => Err(Finding::new(
                Code::AmbiguousRole,
                grant.from,
                format!("{} roles are called `{name}`", several.len()),
            )
            .help(format!(
                "name one by id, as in `{{ id: {} }}`: {}",
                several[0].id,
                list(several.iter().copied())
            ))),
        }
    }
}

/// Returns `Name (provider, id), …`, sorted.
fn list<'a>(roles: impl IntoIterator<Item = &'a RoleHead>) -> String {
    let mut names: Vec<String> = roles
        .into_iter()
        .map(|it| {
            let provider = if it.platform { "platform" } else { "company" };
            format!("{} ({provider}, {})", it.name, it.id)
        })
        .collect();
    names.sort();
    names.join(", ")
}

impl Binding<'_> {
    /// What the group shall hold: the declared, and whatever is not ours to take.
    pub(super) fn desired_grants(
        &mut self,
        declared: &DeclaredGroup,
        head: Option<&GroupHead>,
        live: &[Grant],
    ) -> Vec<Grant> {
        let mut grants: BTreeMap<RoleId, Grant> = BTreeMap::new();
        let mut ended: BTreeMap<RoleId, (Scope, Place)> = BTreeMap::new();
        let mut withheld: Vec<RoleId> = Vec::new();
        for entry in &declared.grants.entries {
            let role = match self.roles.find(entry) {
                Ok(role) => role,
                Err(finding) => {
                    self.findings.push(finding);
                    continue;
                }
            };
            let Some(scope) = self.scope(declared, entry, role) else {
                withheld.push(role.id);
                continue;
            };
            if entry.ends.is_some_and(|it| it <= self.now) {
                let (sum, _) = ended.entry(role.id).or_insert_with(|| (Scope::default(), entry.from));
                *sum = std::mem::take(sum).union(scope);
                continue;
            }
            self.note_expiry(entry.ends);
            let grant = grants.entry(role.id).or_insert_with(|| Grant {
                role: role.id,
                scope: Scope::default(),
                as_read: Vec::new(),
                from: Some(entry.from),
            });
            grant.scope = std::mem::take(&mut grant.scope).union(scope);
        }
        // A role whose scope is in doubt stays as it is: neither granted nor taken on half of it.
        for role in &withheld {
            grants.remove(role);
        }
        for grant in live {
            let keep = match declared.grants.rest {
                Rest::Unmanaged => true,
                Rest::Kept => ended.get(&grant.role).is_none_or(|(it, _)| !it.contains(&grant.scope)),
                Rest::Removed => false,
            };
            if keep || withheld.contains(&grant.role) {
                match grants.get_mut(&grant.role) {
                    Some(wanted) => {
                        wanted.scope = std::mem::take(&mut wanted.scope).union(grant.scope.clone());
                    }
                    None => {
                        grants.insert(grant.role, Grant { as_read: Vec::new(), ..grant.clone() });
                    }
                }
            }
        }
        self.ended(head, ended.into_iter().map(|(role, (_, from))| (Holding::Role(role), from)));
        grants.into_values().collect()
    }

    /// Resolves the people in a scope; `None` where one cannot be, and then the grant is quarantined.
    fn scope(&mut self, group: &DeclaredGroup, entry: &DeclaredGrant, role: &RoleHead) -> Option<Scope> {
        let DeclaredScope { ready, pending } = &*entry.scope;
        let mut scope = ready.clone();
        let mut whole = true;
        for audience in pending {
            let mut users: Vec<UserId> = Vec::new();
            for person in &audience.people {
                match self.directory.traveller(person) {
                    Ok(user) => users.push(user),
                    Err(failed) => {
                        whole = false;
                        self.bound.quarantine.push(Quarantined {
                            from: Some(entry.from),
                            group: group.name.clone(),
                            what: Withheld::Grant {
                                role: role.name.clone(),
                                person: person.clone(),
                                why: failed.why,
                            },
                        });
                    }
                }
            }
            let values: Vec<Value> = users.into_iter().map(|it| Value::Id(it.0)).collect();
            if !values.is_empty() {
                let mut rest = audience.rest.clone();
                rest.push(Dimension { kind: Kind::Profile, values });
                scope = scope.union(Scope::new([rest]));
            }
        }
        whole.then_some(scope)
    }
}
