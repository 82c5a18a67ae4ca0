//! Who acts for which people, in JSON: the form that an explanation and an answer have in common.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    model::{
        acting::Right,
        ids::{CompanyId, UserId},
        source::Sources,
    },
    plan::explain::{Acted, Acting, Asked, DirectAccess, Doubt, Standing},
    report::render::json::Origin,
};

/// That somebody acts for somebody, or shall.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Act")]
pub(super) struct Act {
    /// Who acts.
    user_id: UserId,
    /// Whether that account is known to be unusable; left out where it is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    inactive: bool,
    /// By what: `arranger` by a role that names the person, `approver` and `manager` by what is said of the person. Left out of a
    /// role over everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    right: Option<Right>,
    /// The person it is over; left out of a role over everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    over: Option<UserId>,
    /// The type of the role, where a role gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    role_type: Option<Box<str>>,
    /// The company or TMC that the role is held on.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<CompanyId>,
    /// Whether it is so.
    live: bool,
    /// What the files say about it.
    files: Asked,
    entries: Vec<Entry>,
    /// What is odd about it; left out where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    doubt: Option<DoubtWord>,
}

/// An entry of a file.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Entry {
    origin: Origin,
    /// The instant from which it asks for nothing any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

/// `notOnList`: the role names the traveller, whose own list of arrangers does not have its holder; `notInRole`: the other way
/// round; `pending`: the traveller has not agreed yet; `own`: somebody approves for themselves; `withheld`: no plan gives it, as the
/// entry names somebody who is not known or not active.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Doubt")]
enum DoubtWord {
    NotOnList,
    NotInRole,
    Pending,
    Own,
    Withheld,
}

/// One that acts by a right over one person.
pub(super) fn act(it: &Acted, acting: &Acting, sources: &Sources) -> Act {
    let is_role = it.act.right == Right::Arranger;
    Act {
        user_id: it.act.who,
        inactive: acting.idle.contains(&it.act.who),
        right: Some(it.act.right),
        over: Some(it.act.over),
        role_type: is_role.then(|| "TRAVEL_ARRANGER".into()),
        company: None,
        live: it.standing.is_live(),
        files: it.standing.asked,
        entries: entries(&it.standing, sources),
        doubt: it.doubt.map(|it| match it {
            Doubt::NotOnList => DoubtWord::NotOnList,
            Doubt::NotInRole => DoubtWord::NotInRole,
            Doubt::Pending => DoubtWord::Pending,
            Doubt::Own => DoubtWord::Own,
            Doubt::Withheld => DoubtWord::Withheld,
        }),
    }
}

/// One whose role is over everybody of some place.
pub(super) fn role(who: UserId, it: &DirectAccess, acting: &Acting, sources: &Sources) -> Act {
    Act {
        user_id: who,
        inactive: acting.idle.contains(&who),
        right: None,
        over: None,
        role_type: Some(it.kind.role_type().into()),
        company: it.kind.company(),
        live: it.live.is_some(),
        files: it.standing.asked,
        entries: entries(&it.standing, sources),
        doubt: None,
    }
}

/// The lines of files that something rests on.
pub(super) fn entries(standing: &Standing, sources: &Sources) -> Vec<Entry> {
    standing.lines.iter().map(|it| Entry { origin: Origin::new(it.from, sources), until: it.ends }).collect()
}
