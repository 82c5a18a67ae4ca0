//! People and what is held of one of them, as JSON documents: their form, and how they are written.
//!
//! Fields may be added within version 1; none is renamed, removed or given another meaning. What is absent is left out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    model::{
        ids::{CompanyId, UserId},
        json,
        object::{Difference, Object},
        observed::User,
        part::Part,
        person::Held,
        selector::Attribute,
        units::Unit,
    },
    report::render::{held::HeldView, users::UsersView},
};

/// A part as an object of a schema.
type AnyObject = BTreeMap<String, Value>;

/// What stands at the head of each of these documents.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    /// The version of this form: 1. Fields may be added to it.
    version: u32,
    /// What this document is: `users`, `user`, `users-export` or `users-put`.
    kind: &'static str,
    /// When it was made: `SOURCE_DATE_EPOCH`, or else the time that the run went by.
    created_at: Timestamp,
    /// When the snapshot was taken that it is made from; left out where the API was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<Timestamp>,
    /// The version of the rolecall that made it.
    tool: &'static str,
    /// The URL of the API, or the word `sandbox`.
    endpoint: &'a str,
}

/// Who is there, as `rolecall users list` tells: those who fit every flag.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "rolecall users list")]
pub(crate) struct List<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    /// By company and address.
    people: Vec<Row<'a>>,
    /// How many there are, whether or not they were asked for.
    of: usize,
    /// What it comes to, in words.
    message: String,
    /// Of how many people it is not known what they are, by attribute; left out where that is known of everybody.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    not_recorded: BTreeMap<Attribute, usize>,
    /// True where addresses and numbers of people are pseudonyms; left out where they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    sanitized: Option<bool>,
}

/// Somebody, with where the person belongs.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    #[serde(flatten)]
    user: &'a User,
    #[serde(skip_serializing_if = "Option::is_none")]
    persona: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    designation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_entity: Option<Reference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<Reference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    office: Option<Reference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_center: Option<Reference<'a>>,
    /// In the words of the API: a local time without a zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<&'a str>,
    /// In the words of the API: a local time without a zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<&'a str>,
}

/// Somebody, and when the account was made and last changed, in the words of the API.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Dated<'a> {
    #[serde(flatten)]
    user: &'a User,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<&'a str>,
}

/// A department or the like.
#[derive(Debug, Serialize, JsonSchema)]
struct Reference<'a> {
    id: Uuid,
    /// The name under `ids:`, or else the one that the API tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

/// What is held of a person, as `rolecall users show` tells it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "rolecall users show")]
pub(crate) struct Shown<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    person: Dated<'a>,
    /// Each part that was read, as the API tells it; a value that may be personal is `•••` unless it was asked for.
    #[schemars(with = "BTreeMap<String, AnyObject>")]
    parts: BTreeMap<&'static str, Object>,
    /// Why a part was not read, in a few words; of a snapshot also why not all of it is among the parts.
    not_read: BTreeMap<&'static str, &'a str>,
}

/// What is held of a person, as files: `manifest.json` beside them, and what `rolecall users export` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "rolecall users export")]
pub(crate) struct Manifest<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    person: &'a User,
    company: CompanyId,
    /// The file of each part that was read.
    files: BTreeMap<&'static str, &'a str>,
    /// Why a part was not read, in a few words.
    not_read: BTreeMap<&'static str, &'a str>,
    /// Where the files are; left out in the file that is among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<&'a str>,
}

/// What became of a part that `rolecall users put` was to replace.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "rolecall users put")]
pub(crate) struct Replaced<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    user_id: UserId,
    part: &'static str,
    /// The paths of the values that were replaced; none where the part was what the file says.
    changed: Vec<&'a str>,
    /// The paths where what was read back is not what was sent.
    unlike: &'a [String],
    /// The file that has the part as it was; left out where nothing was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a str>,
}

impl<'a> Head<'a> {
    fn new(kind: &'static str, created_at: Timestamp, endpoint: &'a str) -> Self {
        Self { version: 1, kind, created_at, snapshot: None, tool: env!("CARGO_PKG_VERSION"), endpoint }
    }
}

/// Those who were asked for.
pub fn list(view: &UsersView<'_>) -> String {
    let people = view.people.iter().map(|(_, it)| Row {
        user: &it.user,
        persona: it.persona.as_deref(),
        designation: it.designation.as_deref(),
        legal_entity: it.legal_entity.as_ref().map(|it| of(it, view)),
        department: it.department.as_ref().map(|it| of(it, view)),
        office: it.office.as_ref().map(|it| of(it, view)),
        cost_center: it.cost_center.as_ref().map(|it| of(it, view)),
        created_at: it.created.as_deref(),
        updated_at: it.updated.as_deref(),
    });
    json::document(&List {
        head: Head { snapshot: view.taken, ..Head::new("users", view.at, view.url) },
        people: people.collect(),
        of: view.of,
        message: view.summary(),
        not_recorded: view.unrecorded.clone(),
        sanitized: view.is_sanitized.then_some(true),
    })
}

fn of<'a>(unit: &'a Unit, view: &UsersView<'a>) -> Reference<'a> {
    let name = view.names.values.get(&unit.id).or(unit.name.as_ref());
    Reference { id: unit.id, name: name.map(|it| &**it) }
}

/// A part as a file holds it: to the letter, and what is put again.
pub fn part(object: &Object) -> String {
    serde_json::to_string_pretty(object).unwrap_or_default() + "\n"
}

/// What is held of a person as files, each with its name, and why some are missing.
#[derive(Clone)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Export {
    pub files: Vec<(String, String)>,
    pub not_read: Vec<(&'static str, String)>,
    /// What is printed of it.
    pub said: String,
}

/// Every part as a file below a folder, and what they are; the last file says that.
pub fn export(
    (person, company, endpoint): (&User, CompanyId, &str),
    parts: &[Held],
    (at, folder): (Timestamp, &str),
) -> Export {
    let (mut files, mut words, mut not_read) = (Vec::new(), Vec::new(), Vec::new());
    for (it, read) in parts {
        match read {
            Ok(object) => {
                files.push((format!("{}.json", it.word()), part(object)));
                words.push(it.word());
            }
            Err(why) => not_read.push((it.word(), why.clone())),
        }
    }
    let manifest = |folder| Manifest {
        head: Head::new("users-export", at, endpoint),
        person,
        company,
        files: words.iter().copied().zip(files.iter().map(|it| &*it.0)).collect(),
        not_read: not_read.iter().map(|it| (it.0, &*it.1)).collect(),
        folder,
    };
    let [inside, said] = [None, Some(folder)].map(|it| json::document(&manifest(it)));
    files.push(("manifest.json".to_owned(), inside));
    Export { files, not_read, said }
}

/// What is held of a person, masked or not as the view says.
pub fn held(view: &HeldView<'_>) -> String {
    let read = view.parts.iter().filter_map(|(part, read)| Some((*part, read.as_ref().ok()?)));
    let not_read = view.parts.iter().filter_map(|(part, read)| Some((part.word(), &**read.as_ref().err()?)));
    let [created_at, updated_at] = view.dates();
    json::document(&Shown {
        head: Head { snapshot: view.taken, ..Head::new("user", view.at, view.url) },
        person: Dated { user: view.user, created_at, updated_at },
        parts: read.map(|(part, it)| (part.word(), view.values.object(part, it))).collect(),
        not_read: not_read.collect(),
    })
}

/// What became of a part of a person: the differences that were written, where what was is kept, and where what was read back
/// is not what was sent.
pub fn replaced(
    (user, part, endpoint): (&User, Part, &str),
    (changed, before): (&[Difference], Option<&str>),
    unlike: &[String],
    at: Timestamp,
) -> String {
    json::document(&Replaced {
        head: Head::new("users-put", at, endpoint),
        user_id: user.id,
        part: part.word(),
        changed: changed.iter().map(Difference::path).collect(),
        unlike,
        before,
    })
}
