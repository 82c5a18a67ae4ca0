//! Where rules from outside the files come from, and what of the files is weaker than in their base.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::source::Place;

/// From where rules come that a plan is judged by beside those of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outside {
    /// The workspace as it is without the change.
    Base,
    /// A file of whoever runs rolecall, which no change can touch.
    Policy,
}

/// What a plan's files were compared with, and every rule by which rolecall stops less than by that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Weakened<P = Place> {
    /// The base as it was named.
    pub base: Box<str>,
    /// All digits of the id of its commit.
    pub commit: Box<str>,
    /// In the order in which people should read them; perhaps none.
    pub rows: Vec<Weakening<P>>,
}

/// A rule by which rolecall stops less in the files than in the base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Weakening<P = Place> {
    /// The key of `rolecall.yaml`, or the group or person.
    pub what: Box<str>,
    /// What the base says; left out where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<str>>,
    /// What the files say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Box<str>>,
    /// Why it matters.
    pub why: Box<str>,
    /// Where it is written, or was.
    #[serde(rename = "origin", skip_serializing_if = "Option::is_none")]
    pub from: Option<P>,
}

impl<P> Weakened<P> {
    /// The same with places of another kind.
    pub(crate) fn map<Q>(self, mut place: impl FnMut(P) -> Q) -> Weakened<Q> {
        let Self { base, commit, rows } = self;
        let row = |Weakening { what, before, after, why, from }| Weakening {
            what,
            before,
            after,
            why,
            from: from.map(&mut place),
        };
        Weakened { base, commit, rows: rows.into_iter().map(row).collect() }
    }
}
