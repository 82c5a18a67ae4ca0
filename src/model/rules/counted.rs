//! What a guard looks at, and what it counts: who, which role, where, through what. Decides nothing.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    acting::Right,
    ids::{CompanyId, RoleId, UserId},
    scope::Scope,
    source::Place,
};

/// What a guard looks at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(from = "SubjectForm", into = "SubjectForm")]
#[schemars(with = "SubjectForm")]
pub enum Subject {
    /// The whole plan.
    Plan,
    /// A company.
    Company(CompanyId),
    /// A group, by the name it has, or will have if it is created.
    Group(CompanyId, Box<str>),
    /// A person.
    Person(UserId),
    /// A role of a company.
    Role(CompanyId, RoleId),
}

/// What a guard looked at.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[schemars(rename = "Subject")]
enum SubjectForm {
    Plan,
    Company { company: CompanyId },
    Group { company: CompanyId, name: Box<str> },
    Person { user_id: UserId },
    Role { company: CompanyId, role_id: RoleId },
}

impl From<Subject> for SubjectForm {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Plan => Self::Plan,
            Subject::Company(company) => Self::Company { company },
            Subject::Group(company, name) => Self::Group { company, name },
            Subject::Person(user_id) => Self::Person { user_id },
            Subject::Role(company, role_id) => Self::Role { company, role_id },
        }
    }
}

impl From<SubjectForm> for Subject {
    fn from(form: SubjectForm) -> Self {
        match form {
            SubjectForm::Plan => Self::Plan,
            SubjectForm::Company { company } => Self::Company(company),
            SubjectForm::Group { company, name } => Self::Group(company, name),
            SubjectForm::Person { user_id } => Self::Person(user_id),
            SubjectForm::Role { company, role_id } => Self::Role(company, role_id),
        }
    }
}

/// One thing that a guard counted: who, which role, where, through what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "P: Deserialize<'de>"))]
#[expect(missing_docs, reason = "the names say it")]
pub struct Counted<P = Place> {
    pub company: CompanyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Box<str>>,
    #[serde(rename = "userId", skip_serializing_if = "Option::is_none")]
    pub person: Option<UserId>,
    #[serde(flatten)]
    pub role: Option<HeldRole>,
    /// Where the role is given, or was, of a role of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Arc<Scope>>,
    /// How it comes about.
    pub how: How,
    /// The line that asks for it, of what breaks a policy.
    #[serde(rename = "origin", default, skip_serializing_if = "Option::is_none")]
    pub from: Option<P>,
}

impl<P> Counted<P> {
    /// The same with a place of another kind.
    pub(crate) fn map<Q>(self, place: impl FnOnce(P) -> Q) -> Counted<Q> {
        let Self { company, group, person, role, scope, how, from } = self;
        Counted { company, group, person, role, scope, how, from: from.map(place) }
    }
}

/// How access comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum How {
    /// Somebody joins a group.
    Joins,
    /// Somebody leaves a group.
    Leaves,
    /// A role is given where it was not.
    Gains,
    /// A role goes, or holds on less.
    Loses,
    /// A group is deleted.
    Deleted,
    /// A group gets another name.
    Renamed,
    /// A role is held, or somebody is in a group.
    Holds,
    /// Somebody is not in a group.
    Lacks,
    /// It could not be read.
    Unknown,
}

/// A role that is given to somebody, through groups or outside them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum HeldRole {
    /// A role of groups.
    #[serde(rename = "roleId")]
    Role(RoleId),
    /// A direct role, by its type as the API names it.
    #[serde(rename = "roleType")]
    Direct(Box<str>),
    /// A right over other people, by what these are.
    #[serde(rename = "right")]
    Acts(Right),
}
