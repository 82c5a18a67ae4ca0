//! The reasons for which something is withheld: one row each, with its code and what it is about.
//!
//! What a reason says to people is the report's; which place of a file asks for it is said beside it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{
    ids::{CompanyId, GroupId, PersonRef, UserId},
    plan::Unresolved,
    selector::Attribute,
};

/// What is withheld, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are called by what they are")]
pub enum WithheldReason {
    /// Adding a person who cannot be resolved to exactly one active user of the company.
    Person { person: PersonRef, why: Unresolved },
    /// Adding anybody by the rules for members of a group: the person that is excepted from them is not known, and may be
    /// one of those.
    Exception { person: PersonRef },
    /// A role whose scope names a person who cannot be resolved: the role stays as it is.
    #[serde(rename = "role")]
    Grant { role: Box<str>, person: PersonRef, why: Unresolved },
    /// A role that a name does not mean, or not alone: what it may replace stays.
    UnknownRole { role: Box<str> },
    /// Adding to a role whose live scope is in a form this version cannot read: the role stays as it is.
    Unreadable { role: Box<str> },
    /// A removal of a user who may be the unresolved person of another entry.
    Removal {
        #[serde(rename = "userId")]
        user: UserId,
        person: PersonRef,
    },
    /// A removal of somebody of whom the API does not tell who it is, where people are protected by their address.
    HiddenRemoval {
        #[serde(rename = "userId")]
        user: UserId,
    },
    /// A company with all its groups: the API does not tell of it, or tells nonsense.
    Company { company: CompanyId, answer: Box<str> },
    /// The whole group: more than one live group has the name.
    Group {
        #[serde(rename = "groups")]
        candidates: Vec<GroupId>,
    },
    /// Nothing is withheld: a member who is there and declared, but inactive, stays.
    InactiveMember { person: PersonRef },
    /// A change of a standard group's roles (contract §8); its members change all the same.
    #[serde(rename = "unmodifiableRoles")]
    FrozenRoles {},
    /// A change of a standard group's name or description.
    #[serde(rename = "unmodifiableAttributes")]
    FrozenAttributes {},
    /// Deleting a standard group.
    #[serde(rename = "unmodifiableGroup")]
    FrozenGroup {},
    /// Cutting off a person who cannot be resolved to exactly one user, active or not.
    Lockout { person: PersonRef, why: Unresolved },
    /// Telling what a person who is cut off holds outside groups: it could not be read. The groups go all the same.
    UnreadLockout {
        #[serde(rename = "userId")]
        user: UserId,
    },
    /// The direct roles of a person who cannot be resolved to exactly one active user of the company.
    User { person: PersonRef, why: Unresolved },
    /// The direct roles of a person of whom the token may not know them: they stay as they are.
    UnreadUser { person: PersonRef },
    /// Nothing is withheld: of a person who cannot be resolved no direct roles are asked for.
    UnmanagedUser { person: PersonRef, why: Unresolved },
    /// Nothing is withheld: of a person of whom the token may not know the direct roles none are asked for.
    UnmanagedUnread { person: PersonRef },
    /// Everything that is declared of a person apart from access: it could not be read.
    UnreadPerson { person: PersonRef },
    /// What is declared of a person by the name of somebody who cannot be resolved: it stays as it is.
    Superior { user: PersonRef, attribute: Attribute, person: PersonRef, why: Unresolved },
    /// What is declared of a person by a name of which the answers of the API do not say which one it is: it stays as it is.
    Unit { user: PersonRef, attribute: Attribute, name: Box<str>, why: Unnamed },
    /// Making an account: of the name of its legal entity the same is so, and no account is made without one.
    NoLegalEntity { person: PersonRef, name: Box<str>, why: Unnamed },
    /// Giving a person a key by which somebody else is known.
    Taken {
        user: PersonRef,
        attribute: Attribute,
        key: Box<str>,
        /// Who has it.
        #[serde(rename = "userId")]
        holder: UserId,
    },
    /// Making an account: there is one, and it is not active.
    Creation {
        person: PersonRef,
        #[serde(rename = "userId")]
        user: UserId,
    },
    /// Making, activating or deactivating an account, and all else that the entry says: another key of it is somebody else's.
    Contradiction {
        person: PersonRef,
        key: PersonRef,
        /// Who has it.
        #[serde(rename = "userId")]
        user: UserId,
    },
    /// The same: the account of this address is there, is not active, and has another key, so that it may be that of somebody else who
    /// had the address before.
    Former {
        person: PersonRef,
        key: PersonRef,
        #[serde(rename = "userId")]
        user: UserId,
    },
    /// What is declared of the mails that a person gets: the API does not tell what there is, or not in a form that is
    /// understood, and so it stays as it is.
    Untold { person: PersonRef, attribute: Attribute },
    /// Taking away again what a person did not have before: the API has no way to.
    Irremovable { person: PersonRef, attribute: Attribute },
    /// Deactivating an account.
    Deactivation {
        person: PersonRef,
        because: StaysActive,
        /// Those whose only approver it is.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        of: Vec<UserId>,
    },
    /// A direct role of a user that names a traveller who cannot be resolved: the role stays as it is.
    Traveller {
        #[serde(rename = "userId")]
        user: UserId,
        person: PersonRef,
        why: Unresolved,
    },
}

/// Why a name does not say which department it is, or the like.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Unnamed {
    /// None is called so.
    Unknown,
    /// None is called so, and one nearly.
    Near(Box<str>),
    /// Several are called so.
    Ambiguous(Vec<Uuid>),
    /// No answer tells what they are called.
    Untold,
}

/// Why an account is not deactivated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StaysActive {
    /// Nobody has seen that an account that is deleted can come back; the access goes all the same.
    Unproven,
    /// It is the account that runs rolecall.
    OwnAccount,
    /// The person is protected.
    Protected,
    /// Active people have no other approver.
    SoleApprover,
    /// Nobody has the key by which an entry names the person.
    NotFound,
}

impl WithheldReason {
    /// Those whose only approver it is about.
    pub fn approved(&self) -> &[UserId] {
        match self {
            Self::Deactivation { of, .. } => of,
            _ => &[],
        }
    }

    /// The user it is about, where it is about one that is known.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::Removal { user, .. }
            | Self::HiddenRemoval { user }
            | Self::UnreadLockout { user }
            | Self::Taken { holder: user, .. }
            | Self::Creation { user, .. }
            | Self::Contradiction { user, .. }
            | Self::Former { user, .. }
            | Self::Traveller { user, .. } => Some(*user),
            Self::Person { .. }
            | Self::Exception { .. }
            | Self::Grant { .. }
            | Self::UnknownRole { .. }
            | Self::Unreadable { .. }
            | Self::Company { .. }
            | Self::Group { .. }
            | Self::InactiveMember { .. }
            | Self::FrozenRoles {}
            | Self::FrozenAttributes {}
            | Self::FrozenGroup {}
            | Self::Lockout { .. }
            | Self::User { .. }
            | Self::UnreadUser { .. }
            | Self::UnreadPerson { .. }
            | Self::Superior { .. }
            | Self::Unit { .. }
            | Self::NoLegalEntity { .. }
            | Self::Untold { .. }
            | Self::Irremovable { .. }
            | Self::Deactivation { .. }
            | Self::UnmanagedUser { .. }
            | Self::UnmanagedUnread { .. } => None,
        }
    }
}
