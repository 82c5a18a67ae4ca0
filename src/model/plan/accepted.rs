//! Differences that the files accept for a while: what each is, and who answers for it.
//!
//! A plan has no edit of them: what is live stays until then.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    ids::{CompanyId, RoleId, UserId},
    source::Place,
};

/// A difference that is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Accepted<P = Place> {
    /// Whether it leaves privileged access to somebody that the files do not give.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub privileged: bool,
    /// Where it is accepted.
    #[serde(rename = "origin")]
    pub from: P,
    /// Of which company.
    pub company: CompanyId,
    /// What it is.
    #[serde(flatten)]
    pub what: Difference,
    /// Who answers for it.
    pub owner: Box<str>,
    /// Why.
    pub reason: Box<str>,
    /// The instant from which it is a difference again.
    #[serde(rename = "until")]
    pub ends: Timestamp,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are called by what they are")]
pub enum Difference {
    /// A group that no file names although the files are to name all.
    Unmanaged { group: Box<str> },
    /// That a group exists, or its name or description.
    Group { group: Box<str>, side: Side },
    /// A role of a group.
    Role {
        group: Box<str>,
        #[serde(rename = "roleId")]
        role: RoleId,
        side: Side,
    },
    /// A member of a group.
    Member {
        group: Box<str>,
        #[serde(rename = "userId")]
        user: UserId,
        side: Side,
    },
    /// A role that somebody holds outside groups.
    DirectRole {
        #[serde(rename = "userId")]
        user: UserId,
        #[serde(rename = "roleType")]
        role_type: Box<str>,
        side: Side,
    },
}

/// On which side something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// It is there, and no file asks for it.
    Live,
    /// The files ask for it, and it is not there.
    Files,
    /// Both, in another way: another scope, name or description.
    Both,
}

impl<P> Accepted<P> {
    /// The same with places of another kind.
    pub(crate) fn map<Q>(self, place: impl FnOnce(P) -> Q) -> Accepted<Q> {
        let Self { privileged, from, company, what, owner, reason, ends } = self;
        Accepted { privileged, from: place(from), company, what, owner, reason, ends }
    }
}

impl Difference {
    /// The user it is about.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::Member { user, .. } | Self::DirectRole { user, .. } => Some(*user),
            Self::Unmanaged { .. } | Self::Group { .. } | Self::Role { .. } => None,
        }
    }
}
