//! JSON Schemas of the published files, generated from the types that read them.

use schemars::generate::SchemaSettings;

use crate::manifest::{access::AccessFile, workspace::WorkspaceFile};

/// Returns the schema of `rolecall.yaml`.
pub fn workspace() -> String {
    text::<WorkspaceFile>()
}

/// Returns the schema of an access file.
pub fn access() -> String {
    text::<AccessFile>()
}

/// Draft 7, because editors' YAML plugins read nothing newer everywhere.
fn text<T: schemars::JsonSchema>() -> String {
    let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain data");
    text.push('\n');
    text
}
