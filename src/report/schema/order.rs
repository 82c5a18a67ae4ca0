//! The order of keys in a schema: as people read a file, which is also how editors draft an entry.
//!
//! Changes no value.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// Keys of a schema, each before all that are not named here.
const OF_SCHEMAS: [&str; 11] = [
    "$schema",
    "$id",
    "$ref",
    "title",
    "label",
    "description",
    "type",
    "const",
    "enum",
    "properties",
    "required",
];

/// Keys of a schema that stand after all others.
const AT_THE_END: [&str; 7] =
    ["if", "then", "else", "additionalProperties", "defaultSnippets", "definitions", "$defs"];

/// Keys of files in the order in which people write them.
const OF_FILES: [&str; 28] = [
    "version",
    "api",
    "endpoint",
    "guard",
    "company",
    "access",
    "ids",
    "scopes",
    "group",
    "name",
    "description",
    "user",
    "email",
    "externalId",
    "employeeId",
    "userId",
    "type",
    "role",
    "scope",
    "groups",
    "roles",
    "members",
    "directRoles",
    "of",
    "upTo",
    "since",
    "until",
    "reason",
];

/// A part of a schema whose keys are in order.
pub(super) struct Ordered<'a> {
    value: &'a Value,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Schema,
    /// A mapping of keys of a file to schemas.
    Properties,
    /// Something that an editor writes.
    Draft,
}

impl<'a> Ordered<'a> {
    pub(super) fn new(value: &'a Value) -> Self {
        Self { value, place: Place::Schema }
    }

    fn part(&self, key: &str, value: &'a Value) -> Self {
        let place = match (self.place, key) {
            (Place::Draft, _) | (Place::Schema, "body") => Place::Draft,
            (Place::Schema, "properties") => Place::Properties,
            (Place::Schema | Place::Properties, _) => Place::Schema,
        };
        Self { value, place }
    }

    fn rank(&self, key: &str) -> usize {
        let (first, last) = match self.place {
            Place::Schema => (&OF_SCHEMAS[..], &AT_THE_END[..]),
            Place::Properties | Place::Draft => (&OF_FILES[..], &[][..]),
        };
        let found = first.iter().position(|it| *it == key);
        let at_the_end = || Some(first.len() + 1 + last.iter().position(|it| *it == key)?);
        found.or_else(at_the_end).unwrap_or(first.len())
    }
}

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Object(map) => {
                let mut entries: Vec<(&String, &Value)> = map.iter().collect();
                entries.sort_by_key(|it| self.rank(it.0));
                serializer.collect_map(entries.into_iter().map(|(key, value)| (key, self.part(key, value))))
            }
            Value::Array(items) => {
                serializer.collect_seq(items.iter().map(|value| Self { value, place: self.place }))
            }
            other => other.serialize(serializer),
        }
    }
}

impl fmt::Display for Ordered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string_pretty(self).map_err(|_| fmt::Error)?)
    }
}
