//! Those whose accounts a plan deactivates while others still name them, and how far it was looked at who does.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    acting::Right,
    ids::{CompanyId, UserId},
    plan::is_zero,
    source::Place,
};

/// Somebody whose account a plan deactivates, and for which active people that is somebody, once the plan is made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "P: Deserialize<'de>"))]
pub struct Leaver<P = Place> {
    /// In which company.
    pub company: CompanyId,
    /// Who leaves.
    #[serde(rename = "userId")]
    pub user: UserId,
    /// Where that is declared.
    #[serde(rename = "origin", default, skip_serializing_if = "Option::is_none")]
    pub from: Option<P>,
    /// What the person is to others: what another would have to be.
    pub still: Vec<Still>,
}

/// What somebody who leaves is to active people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Still {
    /// As what: these people name the person as manager or approver, or the person arranges for them.
    pub right: Right,
    /// Whether they have no other approver.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only: bool,
    /// The people, sorted.
    #[serde(rename = "userIds")]
    pub over: Vec<UserId>,
}

/// How many people of a company were looked at for those who leave, where that is not everybody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LookUps {
    /// Of which company.
    pub company: CompanyId,
    /// How many active people there are, those who leave among them; left out where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<usize>,
    /// Whether these are only those who are known, and there may be more; left out where not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// Of how many it is known who manages them and approves.
    pub read: usize,
    /// Of how many the API did not tell it; left out where of none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refused: usize,
    /// Why the others were not asked; left out where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Unasked>,
    /// The limit that they are more than; left out where that is not why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// Why people were not asked who manages them and approves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Unasked {
    /// There are more than the limit of the files.
    TooMany,
    /// The files set the limit to 0.
    Off,
    /// It was planned from a snapshot, which does not have it.
    Snapshot,
    /// The API does not list who is active.
    Unlisted,
}

impl<P> Leaver<P> {
    /// The same with a place of another kind.
    pub(crate) fn map<Q>(self, place: impl FnOnce(P) -> Q) -> Leaver<Q> {
        let Self { company, user, from, still } = self;
        Leaver { company, user, from: from.map(place), still }
    }
}
