//! Policies by name: what the access that results from a plan must be like, as the files of a workspace say it.
//!
//! In ids, ready to be looked at; whether access is so is for `plan::policy` to say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    acting::Right,
    expression,
    ids::{CompanyId, RoleId, UserId},
    source::Place,
};

macro_rules! policies {
    ($($name:ident $word:literal $meaning:literal;)*) => {
        /// A kind of policy.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum PolicyKind {
            $(#[doc = $meaning] #[serde(rename = $word)] $name,)*
        }

        impl PolicyKind {
            /// Every kind, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the key of it under `policies:`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// Returns what it demands, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),* }
            }
        }
    };
}

policies! {
    Exclusive "exclusive" "Members of these groups reach nothing but the named companies, whatever else they hold.";
    Separation "separation" "Nobody holds one of these roles and one of those, where both reach.";
    NoDirectRoles "noDirectRoles" "Nobody holds a role outside groups.";
    RequireReason "requireReason" "Every membership, or what is privileged, has a reason in the files.";
    RequireUntil "requireUntil" "Every membership, or what is privileged, has an end in the files.";
    MaxDuration "maxDuration" "Every membership, or what is privileged, ends within so many days.";
    AllowedDomains "allowedDomains" "Members have addresses of these domains alone.";
    MaxMembers "maxMembers" "A group has no more members than so many.";
    MinMembers "minMembers" "A group keeps so many members who can act.";
    RequiredMembers "requiredMembers" "These people are in a group.";
    Owners "owners" "Who has to review a change by which anybody reaches these companies more than before.";
    Rule "rules" "Nothing is so that these expressions choose and deny, in what people hold or in what the plan changes.";
}

/// What follows where a policy is broken.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It is told, and stops nothing.
    Warn,
    /// The apply is stopped.
    #[default]
    Deny,
}

/// What access must be like.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Unique among all.
    pub name: Box<str>,
    /// What follows where it is broken.
    pub severity: Severity,
    /// Whether that follows too where it was broken before.
    pub strict: bool,
    /// Why it is there, where the files say.
    pub reason: Option<Box<str>>,
    /// The company whose people it is about; every company of the workspace where the files do not say.
    pub company: Option<CompanyId>,
    /// The names of the groups it is about, sorted; everybody where there are none.
    pub groups: Vec<Box<str>>,
    /// What it demands.
    pub law: Law,
    /// Where it is written.
    pub from: Place,
}

/// What a policy demands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "PolicyKind says it")]
pub enum Law {
    Exclusive {
        companies: Vec<CompanyId>,
    },
    Separation {
        roles: Powers,
        apart_from: Powers,
    },
    NoDirectRoles {
        types: Vec<Box<str>>,
    },
    RequireReason,
    RequireUntil,
    MaxDuration {
        days: usize,
    },
    AllowedDomains {
        domains: Vec<Box<str>>,
    },
    MaxMembers {
        at_most: usize,
    },
    MinMembers {
        at_least: usize,
    },
    /// Of who is not known there is nobody.
    RequiredMembers {
        people: Vec<Option<UserId>>,
    },
    Rule {
        rule: expression::Rule,
    },
    Owners {
        companies: Vec<CompanyId>,
        approvers: Vec<Box<str>>,
    },
}

/// Roles of groups, by company, and types of direct roles, both sorted; and rights over others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Powers {
    pub roles: Vec<(CompanyId, RoleId)>,
    pub types: Vec<Box<str>>,
    pub acts: Vec<Right>,
}

impl Powers {
    /// Whether somebody may have one of them outside groups.
    pub fn are_outside(&self) -> bool {
        !self.types.is_empty() || self.acts.contains(&Right::Arranger)
    }
}

impl Policy {
    /// Its kind.
    pub fn kind(&self) -> PolicyKind {
        match self.law {
            Law::Exclusive { .. } => PolicyKind::Exclusive,
            Law::Separation { .. } => PolicyKind::Separation,
            Law::NoDirectRoles { .. } => PolicyKind::NoDirectRoles,
            Law::RequireReason => PolicyKind::RequireReason,
            Law::RequireUntil => PolicyKind::RequireUntil,
            Law::MaxDuration { .. } => PolicyKind::MaxDuration,
            Law::AllowedDomains { .. } => PolicyKind::AllowedDomains,
            Law::MaxMembers { .. } => PolicyKind::MaxMembers,
            Law::MinMembers { .. } => PolicyKind::MinMembers,
            Law::RequiredMembers { .. } => PolicyKind::RequiredMembers,
            Law::Rule { .. } => PolicyKind::Rule,
            Law::Owners { .. } => PolicyKind::Owners,
        }
    }

    /// Whether it is about a company.
    pub fn concerns(&self, company: CompanyId) -> bool {
        self.company.is_none_or(|it| it == company)
    }
}

impl Law {
    /// The companies that may be reached, or to reach which takes a review.
    pub fn companies(&self) -> &[CompanyId] {
        match self {
            Self::Exclusive { companies } | Self::Owners { companies, .. } => companies,
            _ => &[],
        }
    }

    /// Who has to review what it is about.
    pub fn approvers(&self) -> &[Box<str>] {
        match self {
            Self::Owners { approvers, .. } => approvers,
            _ => &[],
        }
    }

    /// The number that it sets, of members or days.
    pub fn number(&self) -> Option<usize> {
        match self {
            Self::MaxDuration { days: n }
            | Self::MaxMembers { at_most: n }
            | Self::MinMembers { at_least: n } => Some(*n),
            _ => None,
        }
    }
}

/// What could not be read, so that it is not known whether a policy is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Unread {
    /// Anything of a company.
    Company,
    /// Groups of a company.
    Groups,
    /// Who the people of a company are.
    People,
    /// What people hold outside groups.
    DirectRoles,
    /// What the addresses of people are.
    Addresses,
    /// Nothing: an expression could not be evaluated.
    Expression,
}

/// The policy that a check is about, and in which way it is broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Broken<P = Place> {
    /// Its name.
    pub name: Box<str>,
    /// Its kind.
    pub kind: PolicyKind,
    /// What follows where it is broken.
    pub severity: Severity,
    /// Whether it was broken in the same way before: in the live state, or in the base where one was given.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stood: bool,
    /// What could not be read; then it is not known whether it is broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Unread>,
    /// Why an expression could not be evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Box<str>>,
    /// The reason that the files give for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Box<str>>,
    /// The companies that may be reached, of an `exclusive`; to reach which takes a review, of `owners`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub companies: Vec<CompanyId>,
    /// Who has to review it, of `owners`, as the forge calls them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<Box<str>>,
    /// The number that it sets, of members or days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
    /// Where it is written.
    #[serde(rename = "origin")]
    pub from: P,
}

impl<P> Broken<P> {
    /// The same with a place of another kind.
    pub(crate) fn map<Q>(self, place: impl FnOnce(P) -> Q) -> Broken<Q> {
        let Self { name, kind, severity, stood, unread, why, reason, companies, approvers, number, from } =
            self;
        let from = place(from);
        Broken { name, kind, severity, stood, unread, why, reason, companies, approvers, number, from }
    }
}
