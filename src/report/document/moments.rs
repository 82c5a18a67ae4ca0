//! What became of access between two moments, as a JSON document: its form, and how it is written.
//!
//! Fields may be added within version 1; none is renamed, removed or given another meaning. What is absent is left out,
//! never null.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    model::{
        ids::{CompanyId, GroupId, UserId},
        json,
        plan::{Names, People},
        source::Sources,
    },
    plan::moments::Account,
    report::render::{json::Origin, moments::MomentsView},
};

/// What tells the document from the others that rolecall prints.
const KIND: &str = "difference";

/// What became of access between two moments, by people.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "rolecall difference")]
pub(crate) struct Document {
    /// The version of this form: 1. Fields may be added to it.
    version: u32,
    /// What this document is: `difference`.
    kind: &'static str,
    /// When it was made: `SOURCE_DATE_EPOCH`, or else the time of the run.
    created_at: Timestamp,
    /// The version of the rolecall that made it.
    tool: &'static str,
    /// The first moment.
    before: Moment,
    /// The second moment.
    after: Moment,
    /// The companies that both tell of.
    companies: Vec<CompanyId>,
    /// Who gains and who loses, as in a plan that would lead from the first to the second.
    people: People<Origin>,
    /// The groups that were made, renamed, or are gone.
    groups: Vec<GroupTurn>,
    /// Whose account could not be used any more, or again.
    accounts: Vec<AccountTurn>,
    /// What was not compared, in whole sentences.
    unseen: Vec<String>,
    /// What it comes to, for people.
    message: String,
    /// Names for the ids of this document.
    names: Names,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Moment {
    /// When the snapshot was taken.
    taken: Timestamp,
    /// The URL of the API, or the word `sandbox`.
    endpoint: Box<str>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct GroupTurn {
    company: CompanyId,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<GroupId>,
    /// Its name at the first moment; left out where it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Box<str>>,
    /// Its name at the second moment; left out where it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Box<str>>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AccountTurn {
    company: CompanyId,
    user_id: UserId,
    /// Whether it can be used at the second moment.
    active: bool,
}

/// Returns the document, with a newline at the end.
pub fn write(view: &MomentsView<'_>) -> String {
    let moments = view.moments;
    let said = view.said();
    // Nothing of it stands in a file.
    let sources = Sources::default();
    let [before, after] = view.sides.map(|(taken, url)| Moment { taken, endpoint: url.into() });
    let group = |it: crate::report::render::moments::GroupTurn| {
        let [before, after] = it.names;
        GroupTurn { company: it.company, id: it.id, before, after }
    };
    json::rows(&Document {
        version: 1,
        kind: KIND,
        created_at: view.now.dated,
        tool: env!("CARGO_PKG_VERSION"),
        before,
        after,
        companies: moments.plan.companies.iter().map(|it| it.company).collect(),
        people: moments.people.clone().map(|it| Origin::new(it, &sources)),
        groups: view.groups().into_iter().map(group).collect(),
        accounts: moments
            .accounts
            .iter()
            .map(|&(company, user_id, turn)| AccountTurn {
                company,
                user_id,
                active: turn == Account::Opened,
            })
            .collect(),
        unseen: said.unseen,
        message: said.summary,
        names: moments.plan.names.clone(),
    })
}
