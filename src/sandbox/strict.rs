//! Values of requests and seeds that are parsed where they enter, so that a wrong one names its field.

use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use crate::model::ids::parse_uuid;

/// A UUID in the only spelling the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct StrictId(pub(super) Uuid);

impl TryFrom<String> for StrictId {
    type Error = String;

    fn try_from(raw: String) -> Result<Self, String> {
        parse_uuid(&raw).map(Self).ok_or_else(|| format!("`{raw}` is not a UUID"))
    }
}

/// A group's name: 1 to 255 characters (contract §3.0).
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct GroupName(pub(super) Box<str>);

impl TryFrom<String> for GroupName {
    type Error = String;

    fn try_from(raw: String) -> Result<Self, String> {
        within(&raw, 255)?;
        Ok(Self(raw.into()))
    }
}

/// A group's description: 1 to 1000 characters. The upper bound is documented (contract §3.0), the lower is not.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Description(pub(super) Box<str>);

impl TryFrom<String> for Description {
    type Error = String;

    fn try_from(raw: String) -> Result<Self, String> {
        within(&raw, 1000)?;
        Ok(Self(raw.into()))
    }
}

/// A role's name: no bounds are documented, but none is none.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct RoleName(pub(super) Box<str>);

impl TryFrom<String> for RoleName {
    type Error = String;

    fn try_from(raw: String) -> Result<Self, String> {
        if raw.is_empty() { Err("must not be empty".to_owned()) } else { Ok(Self(raw.into())) }
    }
}

fn within(text: &str, most: usize) -> Result<(), String> {
    match text.chars().count() {
        0 => Err(format!("must have 1 to {most} characters, has none")),
        count if count > most => Err(format!("must have 1 to {most} characters, has {count}")),
        _ => Ok(()),
    }
}

/// The number of a row to start at, from 0.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct Offset(pub(super) usize);

impl TryFrom<i64> for Offset {
    type Error = String;

    fn try_from(raw: i64) -> Result<Self, String> {
        int32(raw, 0).map(Self)
    }
}

/// A number of rows, from 1; 100 when not given (contract §1.1).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct Limit(pub(super) usize);

impl Default for Limit {
    fn default() -> Self {
        Self(100)
    }
}

impl TryFrom<i64> for Limit {
    type Error = String;

    fn try_from(raw: i64) -> Result<Self, String> {
        int32(raw, 1).map(Self)
    }
}

fn int32(raw: i64, least: i64) -> Result<usize, String> {
    if (least..=i64::from(i32::MAX)).contains(&raw) {
        usize::try_from(raw).map_err(|error| error.to_string())
    } else {
        Err(format!("must be {least} to {}, is {raw}", i32::MAX))
    }
}

/// Reads an optional field: it may be absent, but `null` is not a value of it.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
