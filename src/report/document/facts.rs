//! What rules look at, as a JSON document: its form, and how it is written. The fields of rows are those of expressions.
//!
//! Fields may be added within version 1; none is renamed, removed or given another meaning. What is absent is left out,
//! never null.

use std::borrow::Cow;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use crate::{
    files::fixtures::schema_of,
    model::{
        date::Now,
        expression::{object, schema::Subject},
        ids::CompanyId,
        json,
        rules::Unread,
    },
    plan::policy::rows::{Fields, Rows},
};

/// What tells the document from the others that rolecall prints.
const KIND: &str = "facts";

/// What rules under `policies.rules` look at: each row with the fields that expressions call `access.…` and `edit.…`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "rolecall policy facts")]
pub(crate) struct Document {
    /// The version of this form: 1. Fields may be added to it.
    version: u32,
    /// What this document is: `facts`.
    kind: &'static str,
    /// When it was made: `SOURCE_DATE_EPOCH`, or else the time that the run went by.
    created_at: Timestamp,
    /// The instant that the run goes by.
    now: Timestamp,
    /// When the snapshot was taken that it is made from; left out where the API was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<Timestamp>,
    /// The version of the rolecall that made it.
    tool: &'static str,
    /// The URL of the API, or the word `sandbox`.
    endpoint: Box<str>,
    /// Each role that somebody holds once the plan is applied; by company and person.
    access: Vec<AccessRow>,
    /// Each edit of the plan, in its order.
    edits: Vec<EditRow>,
    /// What could not be read, so that rows may be missing: then it is not known that a rule is kept.
    unread: Vec<Missing>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Missing {
    company: CompanyId,
    what: Unread,
}

macro_rules! row {
    ($($name:ident $subject:ident;)*) => {$(
        #[derive(Debug, Serialize)]
        #[serde(transparent)]
        struct $name(Value);

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($subject).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                Schema::try_from(schema_of(Subject::$subject.record(), true)).expect("an object is a schema")
            }
        }

        impl $name {
            fn all(rows: &[Fields]) -> Vec<Self> {
                rows.iter().map(|it| Self(object(it))).collect()
            }
        }
    )*};
}

row! {
    AccessRow Access;
    EditRow Edit;
}

/// Returns the document, with a newline at the end: a row a line.
pub fn write(rows: &Rows, url: &str, now: Now, snapshot: Option<Timestamp>) -> String {
    json::rows(&Document {
        version: 1,
        kind: KIND,
        created_at: now.dated,
        now: now.at,
        snapshot,
        tool: env!("CARGO_PKG_VERSION"),
        endpoint: url.into(),
        access: AccessRow::all(&rows.access),
        edits: EditRow::all(&rows.edits),
        unread: rows
            .unread
            .iter()
            .map(|(company, what)| Missing { company: *company, what: *what })
            .collect(),
    })
}
