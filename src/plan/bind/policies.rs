//! The policies of a workspace, from names to ids, and what was not read for them.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Directory, grants::Roles};
use crate::{
    files::declared::{Declared, DeclaredLaw, DeclaredPolicy, DirectOf, RoleRef},
    model::{
        acting::Right,
        direct::{DirectRoles, known},
        finding::{Code, Finding, did_you_mean},
        ids::{CompanyId, RoleId, UserId},
        observed::{Observed, RoleHead},
        rules::{Known, Law, Policy, Powers, Unread},
        source::Place,
    },
};

/// What policies can be about.
pub(super) struct World<'a> {
    pub(super) declared: &'a Declared,
    pub(super) snapshot: &'a Observed,
    pub(super) directory: &'a Directory<'a>,
    pub(super) roles: &'a [(CompanyId, Roles<'a>)],
}

impl World<'_> {
    /// Binds the policies of companies that are looked at. What they name and nobody knows is a finding.
    pub(super) fn policies(&self, findings: &mut Vec<Finding>) -> Vec<Policy> {
        let aside = |it: &DeclaredPolicy| it.company.is_some_and(|it| self.declared.aside.contains(&it));
        let policies = self.declared.rules.policies.iter().filter(|it| !aside(it));
        policies.map(|it| self.policy(it, findings)).collect()
    }

    fn policy(&self, policy: &DeclaredPolicy, findings: &mut Vec<Finding>) -> Policy {
        for (name, from) in &policy.groups {
            findings.extend(self.unknown_group(policy, name, *from));
        }
        let law = match &policy.law {
            DeclaredLaw::Exclusive { companies } => Law::Exclusive { companies: companies.clone() },
            DeclaredLaw::Separation { roles, apart_from } => Law::Separation {
                roles: self.powers(policy, roles, findings),
                apart_from: self.powers(policy, apart_from, findings),
            },
            DeclaredLaw::NoDirectRoles { types } => {
                Law::NoDirectRoles { types: types.iter().map(|it| it.0.clone()).collect() }
            }
            DeclaredLaw::RequireReason => Law::RequireReason,
            DeclaredLaw::RequireUntil => Law::RequireUntil,
            DeclaredLaw::MaxDuration { days } => Law::MaxDuration { days: *days },
            DeclaredLaw::AllowedDomains { domains } => Law::AllowedDomains { domains: domains.clone() },
            DeclaredLaw::MaxMembers { at_most } => Law::MaxMembers { at_most: *at_most },
            DeclaredLaw::MinMembers { at_least } => Law::MinMembers { at_least: *at_least },
            DeclaredLaw::RequiredMembers { people } => Law::RequiredMembers {
                people: people
                    .iter()
                    .map(|it| {
                        self.directory.anyone(policy.company.unwrap_or(CompanyId(Uuid::nil())), it).ok()
                    })
                    .collect(),
            },
            DeclaredLaw::Rule { rule } => Law::Rule { rule: rule.clone() },
            DeclaredLaw::Owners { companies, approvers } => {
                Law::Owners { companies: companies.clone(), approvers: approvers.clone() }
            }
        };
        let mut groups: Vec<Box<str>> = policy.groups.iter().map(|it| it.0.clone()).collect();
        groups.sort_unstable();
        groups.dedup();
        Policy {
            name: policy.name.clone(),
            severity: policy.severity,
            strict: policy.strict,
            reason: policy.reason.clone(),
            company: policy.company,
            groups,
            law,
            from: policy.from,
        }
    }

    fn unknown_group(&self, policy: &DeclaredPolicy, name: &str, from: Place) -> Option<Finding> {
        let company = policy.company?;
        if self.snapshot.failed.contains_key(&company) {
            return None;
        }
        let declared = self.declared.companies.iter().filter(|it| it.id == company).flat_map(|it| &it.groups);
        let live = self.snapshot.companies.iter().filter(|it| it.id == company).flat_map(|it| &it.groups);
        let names: BTreeSet<&str> = declared.map(|it| &*it.name).chain(live.map(|it| &*it.name)).collect();
        (!names.contains(name)).then(|| {
            let message = format!("the policy `{}` is about the group `{name}`, and there is no such group", policy.name);
            Finding::new(Code::UnknownGroup, from, message)
                .help("declare the group, or correct or delete the name: a policy about nobody keeps nobody from anything")
                .maybe_help(did_you_mean(name, names))
        })
    }

    /// The roles that names mean, in every company that the policy is about. Each has to mean something somewhere.
    fn powers(
        &self,
        policy: &DeclaredPolicy,
        named: &[(RoleRef, Place)],
        findings: &mut Vec<Finding>,
    ) -> Powers {
        let mut powers = Powers::default();
        let own = || self.roles.iter().filter(|it| policy.concerns(it.0));
        for (role, from) in named {
            let mut wrong = None;
            let known = powers.roles.len();
            for (company, roles) in own() {
                match roles.find(role, *from) {
                    Ok(found) => powers.roles.push((*company, found.id)),
                    Err(finding) => wrong = Some(finding),
                }
                powers.roles.extend(self.permitting(*company, role).map(|it| (*company, it)));
            }
            let mut is_known = powers.roles.len() > known;
            if let RoleRef::Name { name, provided_by: None } = role
                && role.may_be_type()
            {
                powers.types.push(name.clone());
                is_known |= means_something(role, self.declared, self.snapshot);
            }
            if let Some(right) = role.right() {
                powers.acts.push(right);
                is_known = true;
            }
            let wrong = wrong.filter(|it| !is_known || it.code != Code::UnknownRole);
            findings.extend(wrong.map(|it| it.maybe_help(near_right(role))));
        }
        powers.roles.sort_unstable();
        powers.roles.dedup();
        powers
    }

    /// The roles of a company that carry a permission of this name.
    fn permitting(&self, company: CompanyId, role: &RoleRef) -> impl Iterator<Item = RoleId> {
        let roles =
            self.snapshot.companies.iter().filter(move |it| it.id == company).flat_map(|it| &it.roles);
        let permits = |it: &&RoleHead| match role {
            RoleRef::Name { name, provided_by: None } => {
                it.permissions.as_ref().is_some_and(|all| all.has(name))
            }
            RoleRef::Name { provided_by: Some(_), .. } | RoleRef::Id(_) => false,
        };
        roles.filter(permits).map(|it| it.id)
    }

    /// What could not be read of the companies that policies are about.
    pub(super) fn unread(&self) -> BTreeSet<(CompanyId, Unread)> {
        if self.declared.rules.policies.is_empty() {
            return BTreeSet::new();
        }
        let failed = self.snapshot.failed.keys().map(|it| (*it, Unread::Company));
        failed.chain(self.snapshot.unlisted.iter().map(|it| (*it, Unread::People))).collect()
    }

    /// What everybody is called.
    pub(super) fn names(&self) -> BTreeMap<UserId, Box<str>> {
        let asked = !self.declared.rules.policies.is_empty();
        let users = self.snapshot.users.iter().filter(|_| asked);
        users.filter_map(|it| Some((it.id, it.email.as_ref()?.as_str().into()))).collect()
    }

    /// What rules look at.
    pub(super) fn known(&self) -> Known {
        let looks = |it: &DeclaredPolicy| matches!(it.law, DeclaredLaw::Rule { .. }) || it.is_about_acting();
        if !self.declared.rules.policies.iter().any(looks) {
            return Known::default();
        }
        let live = || self.snapshot.companies.iter();
        let role =
            |company: CompanyId, it: &RoleHead| ((company, it.id), (it.name.clone(), it.permissions.clone()));
        let groups = live().flat_map(|it| it.groups.iter().map(|group| (it.id, group)));
        let declared = self.declared.companies.iter();
        Known {
            aliases: self.declared.aliases.clone(),
            roles: live().flat_map(|it| it.roles.iter().map(move |one| role(it.id, one))).collect(),
            standard: groups.filter(|it| it.1.unmodifiable).map(|(company, it)| (company, it.id)).collect(),
            managed: declared
                .flat_map(|it| it.groups.iter().map(move |group| (it.id, group.name.clone())))
                .collect(),
            files: Vec::new(),
        }
    }

    /// Everybody of the companies of whom all is to be known who can act.
    pub(super) fn people(&self) -> BTreeSet<(CompanyId, UserId)> {
        let policies = self.declared.rules.policies.iter().filter(|it| it.direct_of() == DirectOf::Everybody);
        let policies: Vec<&DeclaredPolicy> = policies.collect();
        let own = |it: CompanyId| {
            self.declared.companies.iter().any(|own| own.id == it)
                && policies.iter().any(|all| all.concerns(it))
        };
        let ids = self.snapshot.users.iter().filter(|it| it.active).map(|it| it.id);
        let company = |it: UserId| Some((self.directory.user(it)?.company?, it));
        ids.filter_map(company).filter(|it| own(it.0)).collect()
    }
}

/// The right over others that a name may be meant to be.
fn near_right(role: &RoleRef) -> Option<String> {
    let RoleRef::Name { name, provided_by: None } = role else { return None };
    did_you_mean(&name.to_uppercase(), Right::ALL.map(Right::in_policies))
}

/// Whether a name means something that is no role of groups: a type of direct role, known to this version or seen in
/// what was read or is declared, or a permission of some role.
pub(super) fn means_something(role: &RoleRef, declared: &Declared, snapshot: &Observed) -> bool {
    let RoleRef::Name { name, provided_by: None } = role else { return false };
    let is_type = |it: &str| it.eq_ignore_ascii_case(name);
    let mut roles = snapshot.companies.iter().flat_map(|it| &it.roles);
    let mut users = declared.companies.iter().flat_map(|it| &it.users).flat_map(|it| &it.roles.entries);
    known(name).is_some()
        || roles.any(|it| it.permissions.as_ref().is_some_and(|it| it.has(name)))
        || snapshot.direct.values().flat_map(DirectRoles::iter).any(|it| is_type(it.kind().role_type()))
        || users.any(|it| is_type(it.what.kind().role_type()))
}
