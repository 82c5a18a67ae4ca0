//! Which commit gave and which took it, as a JSON document: its form, and how it is written.
//!
//! Fields may be added within version 1; none is renamed, removed or given another meaning. What is absent is left out,
//! never null.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    files::history::{self, Commit, Event, Exactness, Fact, Line, Subject, What},
    model::{
        ids::{CompanyId, PersonKey, PersonRef},
        json,
        selector::Attribute,
    },
    report::render::history::HistoryView,
};

/// What tells the document from the others that rolecall prints.
const KIND: &str = "history";

/// What the files asked for of a person or a group, and which commit changed it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "rolecall history")]
pub(crate) struct Document {
    /// The version of this form: 1. Fields may be added to it.
    version: u32,
    /// What this document is: `history`.
    kind: &'static str,
    /// When it was made: `SOURCE_DATE_EPOCH`, or else the time of the run.
    created_at: Timestamp,
    /// The version of the rolecall that made it.
    tool: &'static str,
    /// The person, as given; `also` has the other keys that were.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Option<Vec<String>>")]
    also: Vec<String>,
    /// The name of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Box<str>>,
    /// The newest first.
    events: Vec<Turned>,
    /// What the files ask for, as they lie there.
    now: Vec<Standing>,
    /// How many commits were read.
    commits: usize,
    /// What was not seen, in whole sentences.
    unseen: Vec<String>,
    /// What it comes to, for people.
    message: String,
    /// Names for the ids of this document.
    names: BTreeMap<Uuid, Box<str>>,
}

/// What became of something.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Event")]
struct Turned {
    /// `given`, `taken`, `changed` (from or until another time, or to another value), or `found`: what was before is not here.
    change: &'static str,
    #[serde(flatten)]
    what: Standing,
    /// What it was before, of an attribute with another value: an id as an id, people as the files name them.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Box<str>>,
    /// Left out where it is not committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<By>,
    /// The merge by which it came, where the commit was on a branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    merged: Option<By>,
}

/// Something that the files ask for, and where.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Fact")]
struct Standing {
    /// `group`, `removed`, `members`, `member`, `rule`, `except`, `role`, `directRole`, `account` (made where there
    /// is none), `attribute` (what a person is) or `lockout`.
    kind: &'static str,
    /// Left out of a lock-out, which is of all companies.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<CompanyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Box<str>>,
    /// The member, as the files name one; of a history of a person by the first key.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<Box<str>>,
    /// The rule for members, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Box<str>>,
    /// The role, as the files name it, or the type of one outside groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Box<str>>,
    /// Where the role holds, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// What a list of members means: `exact`, `atLeast` or `unmanaged`.
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<&'static str>,
    /// Which attribute of the person, as files call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute: Option<Attribute>,
    /// Its value: an id as an id, people as the files name them; of an account the persona and the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// The file, as it was called then.
    file: Box<str>,
    line: u32,
}

/// A commit.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Commit")]
struct By {
    id: Box<str>,
    author: Box<str>,
    at: Timestamp,
    subject: Box<str>,
}

/// Returns the document, with a newline at the end.
pub fn write(view: &HistoryView<'_>) -> String {
    let history = view.history;
    let said = view.said();
    let (keys, group) = match view.subject {
        Subject::Person(keys) => (keys.iter().map(key).collect(), None),
        Subject::Group(name) => (Vec::new(), Some(name.clone())),
    };
    let mut keys = keys.into_iter();
    let event = |it: &Event| {
        let (change, line) = it.turn.told();
        let what = standing(&it.fact, line, view);
        let before = it.turn.before().and_then(|it| it.value.clone());
        Turned {
            change,
            what,
            before,
            commit: it.commit.as_ref().map(by),
            merged: it.merged.as_ref().map(by),
        }
    };
    json::rows(&Document {
        version: 1,
        kind: KIND,
        created_at: view.now.dated,
        tool: env!("CARGO_PKG_VERSION"),
        person: keys.next(),
        also: keys.collect(),
        group,
        events: history.events.iter().map(event).collect(),
        now: history.now.iter().map(|(fact, line)| standing(fact, line, view)).collect(),
        commits: history.commits,
        unseen: said.unseen,
        message: said.summary,
        names: history.names.clone(),
    })
}

fn by(commit: &Commit) -> By {
    let Commit { id, author, at, subject, .. } = commit.clone();
    By { id, author, at, subject }
}

/// A person, as a command line names one.
fn key(person: &PersonRef) -> String {
    match person {
        PersonRef::Email(email) => email.to_string(),
        PersonRef::ExternalId(id) => format!("{}={id}", PersonKey::ExternalId.as_str()),
        PersonRef::EmployeeId(id) => format!("{}={id}", PersonKey::EmployeeId.as_str()),
        PersonRef::UserId(id) => format!("{}={id}", PersonKey::UserId.as_str()),
    }
}

fn standing(fact: &Fact, line: &Line, view: &HistoryView<'_>) -> Standing {
    let history::Line { path, line, term, value } = line;
    let mut it = Standing {
        kind: fact.what.kind(),
        company: Some(fact.company).filter(|it| !it.0.is_nil()),
        group: fact.group.clone(),
        member: None,
        rule: None,
        role: None,
        scope: None,
        list: None,
        attribute: None,
        value: value.clone(),
        from: term.starts,
        until: term.ends,
        file: path.clone(),
        line: *line,
    };
    match &fact.what {
        What::Member(person) | What::Except(person) => it.member = Some(key(person).into()),
        What::Rule(selector) => it.rule = Some(selector.text(&view.history.names).into()),
        What::Role(role, scope) => {
            it.role = Some(role.clone());
            it.scope = Some(view.scope(scope));
        }
        What::Direct(kind) => it.role = Some(kind.role_type().into()),
        What::Members(exactness) => {
            it.list = Some(match exactness {
                Exactness::Exact => "exact",
                Exactness::AtLeast => "atLeast",
                Exactness::Unmanaged => "unmanaged",
            });
        }
        What::Attribute(attribute) => it.attribute = Some(*attribute),
        What::Group | What::Removed | What::Account | What::LockedOut => (),
    }
    it
}
