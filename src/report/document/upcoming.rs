//! What begins and ends within a time, as a JSON document: its form, and how it is written.
//!
//! Fields may be added within version 1; none is renamed, removed or given another meaning. What is absent is left out,
//! never null.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    model::{
        ids::{CompanyId, RoleId, UserId},
        json::{self, compact},
        plan::Names,
        scope::Scope,
    },
    plan::upcoming::{self, What},
    report::render::{
        json::Origin,
        upcoming::{UpcomingView, kind},
    },
};

/// What tells the document from the others that rolecall prints.
const KIND: &str = "expiring";

/// What the files let begin and end within a time.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "rolecall expiring")]
pub(crate) struct Document {
    /// The version of this form: 1. Fields may be added to it.
    version: u32,
    /// What this document is: `expiring`.
    kind: &'static str,
    /// When it was made: `SOURCE_DATE_EPOCH`, or else the time that the run went by.
    created_at: Timestamp,
    /// What dates were compared with, where `--now` said so; left out where it was the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<Timestamp>,
    /// The last instant that was looked at.
    to: Timestamp,
    /// When the snapshot was taken that it is made from; left out where the API was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<Timestamp>,
    /// The version of the rolecall that made it.
    tool: &'static str,
    /// The URL of the API, or the word `sandbox`.
    endpoint: Box<str>,
    /// Every entry that begins or ends, sorted by time.
    items: Vec<Item>,
    /// What was not seen, in whole sentences.
    unseen: Vec<String>,
    /// What it comes to, for people.
    message: String,
    /// Names for the ids of this document.
    names: Names,
}

/// An entry that begins or ends.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Item {
    at: Timestamp,
    /// Whether it begins then; otherwise it ends.
    begins: bool,
    /// `group`, `member`, `role` of a group, `directRole`, `lockout`, `exception` or `accept`.
    what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<CompanyId>,
    /// The name of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Box<str>>,
    /// The person that the entry names, as it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Box<str>>,
    /// The role that the entry names, as it does; of a direct role its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Box<str>>,
    /// What an exception or an accepted difference is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Box<str>>,
    /// Where it says so.
    origin: Origin,
    /// Who gets it or loses it.
    user_ids: Vec<UserId>,
    /// What each of them gets or loses through the group.
    roles: Vec<Role>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Role {
    role_id: RoleId,
    #[schemars(with = "Scope")]
    scope: Box<RawValue>,
}

/// Returns the document, with a newline at the end: an entry a line.
pub fn write(view: &UpcomingView<'_>) -> String {
    let it = view.upcoming;
    json::rows(&Document {
        version: 1,
        kind: KIND,
        created_at: view.now.dated,
        now: view.now.is_given.then_some(view.now.at),
        to: it.to,
        snapshot: view.taken,
        tool: env!("CARGO_PKG_VERSION"),
        endpoint: view.url.into(),
        items: it.items.iter().map(|it| item(it, view)).collect(),
        unseen: view.unseen(),
        message: view.summary(),
        names: it.names.clone(),
    })
}

fn item(it: &upcoming::Item, view: &UpcomingView<'_>) -> Item {
    let (role, about) = match &it.what {
        What::Role { role, .. } => (Some(role.clone()), None),
        What::DirectRole { role_type, .. } => (Some(role_type.clone()), None),
        What::Exception { of } | What::Accept { of } => (None, Some(of.clone())),
        What::Group { .. } | What::Member { .. } | What::Lockout { .. } => (None, None),
    };
    let roles = it.roles.iter();
    Item {
        at: it.at,
        begins: it.begins,
        what: kind(it),
        company: it.company,
        group: it.what.group().map(Into::into),
        person: it.what.person().map(|it| it.to_string().into()),
        role,
        about,
        reason: it.reason.clone(),
        origin: Origin::new(it.from, view.sources),
        user_ids: it.people.clone(),
        roles: roles.map(|(role, scope)| Role { role_id: *role, scope: compact(&scope.to_wire()) }).collect(),
    }
}
