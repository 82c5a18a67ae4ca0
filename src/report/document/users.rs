//! People and what is held of one of them, as JSON documents: their form, and how they are written.
//!
//! Fields may be added within version 1; none is renamed, removed or given another meaning. What is absent is left out.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use crate::{
    model::{
        ids::CompanyId,
        json,
        object::Object,
        observed::User,
        person::{Held, Unit},
    },
    report::render::{held::HeldView, users::UsersView},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    version: u32,
    kind: &'static str,
    created_at: jiff::Timestamp,
    endpoint: &'a str,
}

#[derive(Serialize)]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<&'a str>,
}

/// Somebody, and when the account was made and last changed, in the words of the API.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dated<'a> {
    #[serde(flatten)]
    user: &'a User,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<&'a str>,
}

#[derive(Serialize)]
struct Reference<'a> {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

/// Those who were asked for.
pub fn list(view: &UsersView<'_>) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        #[serde(flatten)]
        head: Head<'a>,
        people: Vec<Row<'a>>,
        of: usize,
        message: String,
    }
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
    let head = Head { version: 1, kind: "users", created_at: view.at, endpoint: view.url };
    json::document(&Document { head, people: people.collect(), of: view.of, message: view.summary() })
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
}

/// Every part as a file, and what they are; the last file says that.
pub fn export(
    (person, company, endpoint): (&User, CompanyId, &str),
    parts: &[Held],
    at: jiff::Timestamp,
) -> Export {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Manifest<'a> {
        #[serde(flatten)]
        head: Head<'a>,
        person: &'a User,
        company: CompanyId,
        files: BTreeMap<&'static str, &'a str>,
        not_read: BTreeMap<&'static str, &'a str>,
    }
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
    let head = Head { version: 1, kind: "users-export", created_at: at, endpoint };
    let manifest = json::document(&Manifest {
        head,
        person,
        company,
        files: words.into_iter().zip(files.iter().map(|it| &*it.0)).collect(),
        not_read: not_read.iter().map(|it| (it.0, &*it.1)).collect(),
    });
    files.push(("manifest.json".to_owned(), manifest));
    Export { files, not_read }
}

/// What is held of a person, masked or not as the view says.
pub fn held(view: &HeldView<'_>) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Document<'a> {
        #[serde(flatten)]
        head: Head<'a>,
        person: Dated<'a>,
        parts: BTreeMap<&'static str, Object>,
        not_read: BTreeMap<&'static str, String>,
    }
    let read = view.parts.iter().filter_map(|(part, read)| Some((*part, read.as_ref().ok()?)));
    let parts = read.map(|(part, it)| (part.word(), view.values.object(part, it))).collect();
    let not_read =
        view.parts.iter().filter_map(|(part, read)| Some((part.word(), read.as_ref().err()?.clone())));
    let head = Head { version: 1, kind: "user", created_at: view.at, endpoint: view.url };
    let [created_at, updated_at] = view.dates();
    let person = Dated { user: view.user, created_at, updated_at };
    json::document(&Document { head, person, parts, not_read: not_read.collect() })
}
