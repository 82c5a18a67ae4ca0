//! What a group holds as the API reports it, and why something is taken away.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::model::{
    ids::{RoleId, UserId},
    scope::Scope,
    source::Place,
};

/// What is in a group.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Sorted, without duplicates.
    pub members: Arc<[UserId]>,
    /// One per role, sorted by role.
    pub grants: Vec<Grant>,
}

/// Who is in a group, and since when.
#[derive(Clone, Debug, Default)]
pub struct Members {
    /// Sorted, without duplicates.
    pub ids: Arc<[UserId]>,
    /// When each of them was added; empty where that is told of nobody.
    pub added: Arc<[Option<Timestamp>]>,
}

impl From<Vec<(UserId, Option<Timestamp>)>> for Members {
    fn from(mut rows: Vec<(UserId, Option<Timestamp>)>) -> Self {
        rows.sort_unstable();
        let ids = rows.iter().map(|it| it.0).collect();
        let told = rows.iter().any(|it| it.1.is_some());
        let added = if told { rows.iter().map(|it| it.1).collect() } else { Arc::default() };
        Self { ids, added }
    }
}

/// A role on a scope, as the API reports it.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The role.
    pub role: RoleId,
    /// Where it holds: the union of all scopes under which the group has the role.
    pub scope: Arc<Scope>,
    /// The scopes exactly as the API spelled them, one per entry of its list;
    /// a deletion must name them so (contract §3.10).
    pub as_read: Box<[Option<Arc<RawValue>>]>,
}

/// Why something is taken away.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Why<P = Place> {
    /// No entry asks for it.
    #[default]
    NotDeclared,
    /// The entry that asked for it has ended; where that is.
    Ended(P),
    /// The entry that asks for it begins later; where that is.
    NotYet(P),
    /// No entry asks for it, and none of the rules for members means the person; where the first of them is.
    Unmeant(P),
    /// The person is excepted from the rules for members; where that is.
    Excepted(P),
    /// The person, or everybody who would have it, is cut off everywhere; where that is said.
    LockedOut(P),
    /// The person leaves: the account is deactivated; where that is said.
    Left(P),
}

impl<P> Why<P> {
    /// Where it is said, if any file says it.
    pub(crate) fn place(&self) -> Option<&P> {
        match self {
            Self::NotDeclared => None,
            Self::Ended(at)
            | Self::NotYet(at)
            | Self::Unmeant(at)
            | Self::Excepted(at)
            | Self::LockedOut(at)
            | Self::Left(at) => Some(at),
        }
    }

    /// Whether no entry asks for it: the usual reason.
    pub fn is_usual(&self) -> bool {
        matches!(self, Self::NotDeclared)
    }

    /// Whether the person is cut off everywhere.
    pub fn is_lockout(&self) -> bool {
        match self {
            Self::LockedOut(_) => true,
            Self::NotDeclared | Self::Ended(_) | Self::NotYet(_) | Self::Unmeant(_) => false,
            Self::Excepted(_) | Self::Left(_) => false,
        }
    }

    /// The same with places of another kind.
    pub(crate) fn map<Q>(self, place: impl FnOnce(P) -> Q) -> Why<Q> {
        match self {
            Self::NotDeclared => Why::NotDeclared,
            Self::Ended(from) => Why::Ended(place(from)),
            Self::NotYet(from) => Why::NotYet(place(from)),
            Self::Unmeant(from) => Why::Unmeant(place(from)),
            Self::Excepted(from) => Why::Excepted(place(from)),
            Self::LockedOut(from) => Why::LockedOut(place(from)),
            Self::Left(from) => Why::Left(place(from)),
        }
    }
}
