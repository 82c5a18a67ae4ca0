//! JSON Schemas of the published files, generated from the types that read them.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::{
    files::{
        access::AccessFile,
        workspace::{PolicyFile, WorkspaceFile},
    },
    live::snapshot::Snapshot,
    report::document::{Document, explanation},
};

/// Returns the schema of `rolecall.yaml`.
pub fn workspace() -> String {
    text::<WorkspaceFile>()
}

/// Returns the schema of a policy: what `--policy` names.
pub fn policy() -> String {
    text::<PolicyFile>()
}

/// Returns the schema of an access file.
pub fn access() -> String {
    text::<AccessFile>()
}

/// Returns the schema of a plan as JSON: what `--format json` prints and `plan --out` saves.
pub fn plan() -> String {
    text::<Document>()
}

/// Returns the schema of an explanation as JSON.
pub fn explanation() -> String {
    text::<explanation::Document>()
}

/// Returns the schema of a snapshot: what `rolecall snapshot` takes.
pub fn snapshot() -> String {
    text::<Snapshot>()
}

/// Draft 7, because editors' YAML plugins read nothing newer everywhere.
fn text<T: schemars::JsonSchema>() -> String {
    let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    let mut schema = Value::from(schema);
    without_nulls(&mut schema);
    format!("{schema:#}\n")
}

/// Takes null out of every type: a key is given a value or left out.
fn without_nulls(schema: &mut Value) {
    let is_null = |it: &Value| *it == json!("null") || *it == json!({ "type": "null" });
    match schema {
        Value::Object(keys) => {
            for (key, value) in keys.iter_mut() {
                if let (Value::Array(options), "type" | "anyOf") = (&mut *value, key.as_str()) {
                    options.retain(|it| !is_null(it));
                    if let ("type", [one]) = (key.as_str(), &options[..]) {
                        *value = one.clone();
                    }
                }
                without_nulls(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}
