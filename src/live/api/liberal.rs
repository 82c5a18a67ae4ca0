//! Decoding that forgives: ids in two forms, `null` for absent, times that nobody depends on.
//!
//! What it does not forgive is an id that is none: a wrong id would be a wrong person.

use std::fmt;

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};
use uuid::Uuid;

use crate::model::{
    ids::{CompanyId, GroupId, RoleId, UserId, parse_uuid},
    name, stamp,
};

/// An id, alone or in an object: `"…"`, or `{"id": "…"}` and whatever else.
pub(super) struct Reference {
    pub(super) id: Uuid,
}

/// The same, with the name beside the id where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) id: Uuid,
    pub(super) name: Option<Box<str>>,
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A name is mostly beside the point, and there are many.
        deserializer.deserialize_any(Either::<false>).map(|it| Self { id: it.id })
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either::<true>)
    }
}

/// An id alone or in an object, perhaps with its name.
struct Either<const NAMED: bool>;

impl<'de, const NAMED: bool> Visitor<'de> for Either<NAMED> {
    type Value = Named;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id (a UUID), alone or in an object")
    }

    fn visit_str<E: de::Error>(self, raw: &str) -> Result<Named, E> {
        let id = parse_uuid(raw).ok_or_else(|| E::invalid_value(de::Unexpected::Other("text"), &self))?;
        Ok(Named { id, name: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Named, A::Error> {
        #[derive(Deserialize)]
        #[serde(field_identifier, rename_all = "camelCase")]
        enum Field {
            Id,
            Name,
            #[serde(other)]
            Other,
        }
        let (mut id, mut name) = (None, None);
        while let Some(field) = fields.next_key()? {
            match field {
                Field::Id if id.is_some() => return Err(de::Error::duplicate_field("id")),
                Field::Id => id = Some(fields.next_value::<Reference>()?.id),
                Field::Name if name.is_some() => return Err(de::Error::duplicate_field("name")),
                Field::Name if NAMED => name = fields.next_value::<Value>()?.as_str().map(Into::into),
                // Permissions above all: nobody reads those of a group's role.
                Field::Name | Field::Other => _ = fields.next_value::<IgnoredAny>()?,
            }
        }
        Ok(Named { id: id.ok_or_else(|| de::Error::missing_field("id"))?, name })
    }
}

/// An id that nothing depends on, in any of its forms; anything else is none.
pub(super) fn readable(value: &Value) -> Option<Uuid> {
    Reference::deserialize(value).ok().map(|it| it.id)
}

/// A company that nothing depends on, as [`readable`].
pub(super) fn company_if_readable<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<CompanyId>, D::Error> {
    Ok(readable(&Value::deserialize(input)?).map(CompanyId))
}

/// A name, in its one spelling.
pub(super) fn composed<'de, D: Deserializer<'de>>(input: D) -> Result<Box<str>, D::Error> {
    let mut text = Box::<str>::deserialize(input)?;
    name::compose(&mut text);
    Ok(text)
}

/// A text in its one spelling, where there is one.
pub(super) fn composed_if_told<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Box<str>>, D::Error> {
    let mut text = Option::<Box<str>>::deserialize(input)?;
    text.iter_mut().for_each(name::compose);
    Ok(text)
}

/// An id type that a UUID makes.
pub(super) trait FromUuid {
    fn from_uuid(id: Uuid) -> Self;
}

macro_rules! from_uuid {
    ($($name:ident)*) => {$(
        impl FromUuid for $name {
            fn from_uuid(id: Uuid) -> Self { Self(id) }
        }
    )*};
}
from_uuid!(CompanyId GroupId RoleId UserId);

pub(super) fn id<'de, D: Deserializer<'de>, T: FromUuid>(deserializer: D) -> Result<T, D::Error> {
    Reference::deserialize(deserializer).map(|found| T::from_uuid(found.id))
}

/// Reads `null` like an absent field.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a moment, `{"iso8601": "…"}` or the bare text (contract §1); whatever else stands there tells none.
pub(super) fn moment<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Timestamp>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Spelled {
        Bare(Box<str>),
        Wrapped { iso8601: Box<str> },
    }
    let spelled: Option<Spelled> = if_readable(input)?;
    Ok(spelled.and_then(|(Spelled::Bare(text) | Spelled::Wrapped { iso8601: text })| stamp::moment(&text)))
}

/// Reads what nothing depends on: `None` of any other form, which is no error.
pub(super) fn if_readable<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    input: D,
) -> Result<Option<T>, D::Error> {
    // As text: of a value in a form that is not known not even the numbers need to be of a size that can be.
    let raw = Option::<Box<RawValue>>::deserialize(input)?;
    Ok(raw.and_then(|it| serde_json::from_str(it.get()).ok()))
}
