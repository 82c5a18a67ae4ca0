//! The files as people write them, and what they declare.
//!
//! [`workspace`] and [`access`] are the files key by key, with the place of every
//! value; [`check`] turns them into [`declared`], in names, offline. The
//! only module that names the YAML crate. Knows nothing of the API.

pub mod access;
pub mod check;
pub mod declared;
pub mod workspace;
pub mod write;
mod yaml;

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

use schemars::{JsonSchema, Schema, SchemaGenerator};
pub use yaml::{At, MAX_FILE_BYTES, parse};

use crate::model::source::{FileId, Place};

impl<T> At<T> {
    /// Returns the place of the value in `file`.
    pub fn place(&self, file: FileId) -> Place {
        Place::new(file, self.line, self.column)
    }
}

/// A position leaves no trace in a schema.
impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

/// Reads a key that may be left out but not left empty.
///
/// A null would otherwise pass for an absent key, and `until:` with its date
/// forgotten would make a membership permanent.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
