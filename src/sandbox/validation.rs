//! Values of requests and seeds that are parsed where they enter, so that a wrong one names its field.
//!
//! Only what one value says alone is checked here, never against the objects there are.

use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use crate::model::ids::parse_uuid;

/// A UUID in the only spelling the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct StrictId(pub(super) Uuid);

impl TryFrom<String> for StrictId {
    type Error = String;

    fn try_from(raw: String) -> Result<Self, String> {
        parse_uuid(&raw).map(Self).ok_or_else(|| format!("`{raw}` is not a UUID"))
    }
}

/// A text in lower case, to find it whatever its case.
#[derive(Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(from = "String")]
pub(super) struct Folded(pub(super) String);

impl<T: AsRef<str>> From<T> for Folded {
    fn from(raw: T) -> Self {
        Self(raw.as_ref().to_lowercase())
    }
}

/// A text of 1 to `MOST` characters.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Text<const MOST: usize>(pub(super) Box<str>);

/// Documented bounds (contract §3.0).
pub(super) type GroupName = Text<255>;
/// The upper bound is documented (contract §3.0), the lower is not.
pub(super) type Description = Text<1000>;

impl<const MOST: usize> TryFrom<String> for Text<MOST> {
    type Error = String;

    fn try_from(raw: String) -> Result<Self, String> {
        match raw.chars().count() {
            0 => Err(format!("must have 1 to {MOST} characters, has none")),
            count if count > MOST => Err(format!("must have 1 to {MOST} characters, has {count}")),
            _ => Ok(Self(raw.into())),
        }
    }
}

/// A role's name: no upper bound is documented.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct RoleName(pub(super) Box<str>);

impl TryFrom<String> for RoleName {
    type Error = String;

    fn try_from(raw: String) -> Result<Self, String> {
        if raw.is_empty() { Err("must not be empty".to_owned()) } else { Ok(Self(raw.into())) }
    }
}

/// A whole number from `LEAST` to the largest `int32`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct Count<const LEAST: i64>(pub(super) usize);

pub(super) type Offset = Count<0>;
pub(super) type Limit = Count<1>;

impl<const LEAST: i64> TryFrom<i64> for Count<LEAST> {
    type Error = String;

    fn try_from(raw: i64) -> Result<Self, String> {
        if (LEAST..=i64::from(i32::MAX)).contains(&raw) {
            usize::try_from(raw).map(Self).map_err(|error| error.to_string())
        } else {
            Err(format!("must be {LEAST} to {}, is {raw}", i32::MAX))
        }
    }
}

/// Reads an optional field: it may be absent, but `null` is not a value of it.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
