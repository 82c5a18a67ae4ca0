//! The policies of a workspace in names: what the access that results must be like.

use super::RoleRef;
use crate::model::{
    expression::{Rule, schema::Subject},
    ids::CompanyId,
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
#[derive(Clone, Debug)]
pub(crate) enum DeclaredLaw {
    Exclusive { companies: Vec<CompanyId> },
    Separation { roles: Vec<(RoleRef, Place)>, apart_from: Vec<(RoleRef, Place)> },
    NoDirectRoles { types: Vec<(Box<str>, Place)> },
    Rule { rule: Rule },
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
            DeclaredLaw::NoDirectRoles { .. } => false,
            DeclaredLaw::Rule { rule } => rule.subject() == Subject::Access,
        }
    }

    /// Whether it has to be read who the people of its companies are, beyond those of whom the files speak.
    pub(crate) fn lists_people(&self) -> bool {
        match &self.law {
            DeclaredLaw::Rule { rule } => rule.looks_at_people() && rule.subject() == Subject::Access,
            DeclaredLaw::Exclusive { .. }
            | DeclaredLaw::Separation { .. }
            | DeclaredLaw::NoDirectRoles { .. } => false,
        }
    }

    pub(crate) fn direct_of(&self) -> DirectOf {
        let some = if self.groups.is_empty() { DirectOf::Everybody } else { DirectOf::Members };
        match &self.law {
            DeclaredLaw::Exclusive { .. } => DirectOf::Members,
            // A name may be the type of a direct role, and a role of groups may have it as well.
            DeclaredLaw::Separation { roles, apart_from } => {
                let is_type = |(role, _): &(RoleRef, Place)| role.may_be_type();
                if roles.iter().chain(apart_from).any(is_type) { some } else { DirectOf::Nobody }
            }
            DeclaredLaw::NoDirectRoles { .. } => some,
            DeclaredLaw::Rule { rule } => match rule.subject() {
                Subject::Access if !rule.spares_direct_roles() => some,
                Subject::Access | Subject::Edit => DirectOf::Nobody,
            },
        }
    }
}
