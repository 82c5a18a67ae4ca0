//! The policies of a workspace in names: what the access that results must be like.

use super::RoleRef;
use crate::model::{
    acting::Right,
    expression::{Rule, schema::Subject},
    ids::{CompanyId, PersonRef},
    rules::{PolicyKind, Severity},
    source::Place,
};

/// What access must be like.
#[derive(Clone, Debug)]
pub(crate) struct DeclaredPolicy {
    /// Unique among all.
    pub(crate) name: Box<str>,
    pub(crate) severity: Severity,
    pub(crate) strict: bool,
    pub(crate) reason: Option<Box<str>>,
    /// The company whose people it is about; every company of the workspace where the files do not say.
    pub(crate) company: Option<CompanyId>,
    /// The groups it is about, everybody where there are none.
    pub(crate) groups: Vec<(Box<str>, Place)>,
    pub(crate) law: DeclaredLaw,
    pub(crate) from: Place,
}

/// What a policy demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeclaredLaw {
    Exclusive { companies: Vec<CompanyId> },
    Separation { roles: Vec<(RoleRef, Place)>, apart_from: Vec<(RoleRef, Place)> },
    NoDirectRoles { types: Vec<(Box<str>, Place)> },
    Rule { rule: Rule },
    RequireReason,
    RequireUntil,
    MaxDuration { days: usize },
    AllowedDomains { domains: Vec<Box<str>> },
    MaxMembers { at_most: usize },
    MinMembers { at_least: usize },
    RequiredMembers { people: Vec<PersonRef> },
    Owners { companies: Vec<CompanyId>, approvers: Vec<Box<str>> },
}

/// Of whom it has to be read what they hold outside groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DirectOf {
    Nobody,
    /// The members of its groups.
    Members,
    /// Everybody of a company.
    Everybody,
}

impl DeclaredPolicy {
    pub(crate) fn kind(&self) -> PolicyKind {
        match self.law {
            DeclaredLaw::Exclusive { .. } => PolicyKind::Exclusive,
            DeclaredLaw::Separation { .. } => PolicyKind::Separation,
            DeclaredLaw::NoDirectRoles { .. } => PolicyKind::NoDirectRoles,
            DeclaredLaw::Rule { .. } => PolicyKind::Rule,
            DeclaredLaw::RequireReason => PolicyKind::RequireReason,
            DeclaredLaw::RequireUntil => PolicyKind::RequireUntil,
            DeclaredLaw::MaxDuration { .. } => PolicyKind::MaxDuration,
            DeclaredLaw::AllowedDomains { .. } => PolicyKind::AllowedDomains,
            DeclaredLaw::MaxMembers { .. } => PolicyKind::MaxMembers,
            DeclaredLaw::MinMembers { .. } => PolicyKind::MinMembers,
            DeclaredLaw::RequiredMembers { .. } => PolicyKind::RequiredMembers,
            DeclaredLaw::Owners { .. } => PolicyKind::Owners,
        }
    }

    /// Whether it is about a company.
    pub(crate) fn concerns(&self, company: CompanyId) -> bool {
        self.company.is_none_or(|it| it == company)
    }

    /// Whether all groups of its companies have to be read, and not only those that it names.
    pub(crate) fn reads_all_groups(&self) -> bool {
        match &self.law {
            DeclaredLaw::Exclusive { .. } | DeclaredLaw::Separation { .. } => true,
            DeclaredLaw::RequireReason
            | DeclaredLaw::RequireUntil
            | DeclaredLaw::MaxDuration { .. }
            | DeclaredLaw::AllowedDomains { .. } => self.groups.is_empty(),
            DeclaredLaw::NoDirectRoles { .. }
            | DeclaredLaw::MaxMembers { .. }
            | DeclaredLaw::MinMembers { .. }
            | DeclaredLaw::RequiredMembers { .. }
            // What nothing else was read of is told to be more, which asks for a review too many and never for one too few.
            | DeclaredLaw::Owners { .. } => false,
            DeclaredLaw::Rule { rule } => rule.subject() == Subject::Access,
        }
    }

    /// Whether it has to be read who the people of its companies are, beyond those of whom the files speak.
    pub(crate) fn lists_people(&self) -> bool {
        match &self.law {
            DeclaredLaw::Rule { rule } => rule.looks_at_people() && rule.subject() == Subject::Access,
            _ => false,
        }
    }

    /// Whether it is about whatever is privileged, and not about groups that it names.
    pub(crate) fn is_about_privileged(&self) -> bool {
        let is_of_kind = matches!(
            self.law,
            DeclaredLaw::RequireReason | DeclaredLaw::RequireUntil | DeclaredLaw::MaxDuration { .. }
        );
        is_of_kind && self.groups.is_empty()
    }

    /// Whether it looks at who acts for others.
    pub(crate) fn is_about_acting(&self) -> bool {
        match &self.law {
            DeclaredLaw::Separation { roles, apart_from } => {
                roles.iter().chain(apart_from).any(|it| it.0.right().is_some())
            }
            _ => false,
        }
    }

    /// The people that it names.
    pub(crate) fn people(&self) -> &[PersonRef] {
        match &self.law {
            DeclaredLaw::RequiredMembers { people } => people,
            _ => &[],
        }
    }

    pub(crate) fn direct_of(&self) -> DirectOf {
        let some = if self.groups.is_empty() { DirectOf::Everybody } else { DirectOf::Members };
        match &self.law {
            DeclaredLaw::Exclusive { .. } => DirectOf::Members,
            // A name may be the type of a direct role, and a role of groups may have it as well.
            DeclaredLaw::Separation { roles, apart_from } => {
                let is_type = |(role, _): &(RoleRef, Place)| {
                    role.may_be_type() || role.right() == Some(Right::Arranger)
                };
                if roles.iter().chain(apart_from).any(is_type) { some } else { DirectOf::Nobody }
            }
            DeclaredLaw::NoDirectRoles { .. } => some,
            DeclaredLaw::Rule { rule } => match rule.subject() {
                Subject::Access if !rule.spares_direct_roles() => some,
                Subject::Access | Subject::Edit => DirectOf::Nobody,
            },
            // What is privileged may be held outside groups.
            DeclaredLaw::RequireReason | DeclaredLaw::RequireUntil | DeclaredLaw::MaxDuration { .. }
                if self.groups.is_empty() =>
            {
                DirectOf::Everybody
            }
            DeclaredLaw::RequireReason
            | DeclaredLaw::RequireUntil
            | DeclaredLaw::MaxDuration { .. }
            | DeclaredLaw::AllowedDomains { .. }
            | DeclaredLaw::MaxMembers { .. }
            | DeclaredLaw::MinMembers { .. }
            | DeclaredLaw::RequiredMembers { .. }
            | DeclaredLaw::Owners { .. } => DirectOf::Nobody,
        }
    }
}
