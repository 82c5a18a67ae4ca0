//! An access file: groups with their roles and members, as written.
//!
//! What must be written is an `Option` here all the same, so that a missing key
//! is found together with everything else that is wrong instead of alone.

use std::{borrow::Cow, collections::BTreeMap, fmt, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer, value::SeqAccessDeserializer},
};

use super::{At, workspace::ApiSection};

/// Who holds which roles on which scopes: one of the files below `access/`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AccessFile {
    /// The version of this format. Always 1.
    #[schemars(required, range(min = 1, max = 1))]
    pub version: Option<At<u64>>,
    /// Which API to talk to; only for a file that stands alone, without a `rolecall.yaml`.
    pub api: Option<ApiSection>,
    /// Whose groups these are, where it is not the company of the workspace: an id or a name from `ids`.
    pub company: Option<At<String>>,
    /// Named scopes, for the roles of this file.
    #[serde(default)]
    pub scopes: BTreeMap<String, At<ScopeEntry>>,
    /// The groups that shall exist. A group that is not listed is left alone.
    #[serde(default)]
    pub groups: Vec<At<GroupEntry>>,
    /// The groups that shall be deleted, each with a reason.
    #[serde(default)]
    pub removed: Vec<At<RemovedEntry>>,
}

/// A user group with everything it gives and everybody it gives it to.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct GroupEntry {
    /// The name: 1 to 255 characters, unique in its company.
    #[schemars(required, length(min = 1, max = 255))]
    pub name: Option<At<String>>,
    /// What the group is for: 1 to 1,000 characters. May be left out only where `roles` is `unmanaged`.
    #[schemars(length(min = 1, max = 1000))]
    pub description: Option<At<String>>,
    /// Pins the group by its id, whatever its name is now.
    pub id: Option<At<String>>,
    /// The name the group has now, where `name` is to be its new one.
    pub renamed_from: Option<At<String>>,
    /// The roles of the group: exactly these, at least these, or `unmanaged`.
    #[schemars(required)]
    pub roles: Option<At<Listing<RoleEntry>>>,
    /// The members of the group: exactly these, at least these, or `unmanaged`.
    #[schemars(required)]
    pub members: Option<At<Listing<MemberEntry>>>,
}

/// A group to delete.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RemovedEntry {
    /// The name of the group.
    #[schemars(required)]
    pub group: Option<At<String>>,
    /// Pins the group by its id, where several have the name.
    pub id: Option<At<String>>,
    /// Why it goes.
    #[schemars(required)]
    pub reason: Option<At<String>>,
}

/// A list with its meaning: exactly these, at least these, or not ours.
#[derive(Clone, Debug)]
pub enum Listing<T> {
    /// These and nobody else; `[]` is nobody.
    Exactly(Vec<At<T>>),
    /// These, and whoever else is there.
    AtLeast(Vec<At<T>>),
    /// Not ours: whatever is there stays.
    Unmanaged,
}

/// A role on a scope.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RoleEntry {
    /// Which role: its exact name, `{ id: … }`, or `{ name: …, providedBy: platform | company }`.
    #[schemars(required)]
    pub role: Option<At<RoleName>>,
    /// Where it holds: the name of a scope, or a scope.
    #[schemars(required)]
    pub scope: Option<At<ScopeEntry>>,
    /// The last day (through its end, UTC) or the instant at which it ends.
    pub until: Option<At<String>>,
    /// Why, for the next reader.
    pub reason: Option<At<String>>,
}

/// How a role is named.
#[derive(Clone, Debug)]
pub enum RoleName {
    /// By its exact name.
    Name(String),
    /// By the keys of a mapping.
    Keys(RoleKeys),
}

/// A role named by id, or by name and origin.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RoleKeys {
    /// The role's id.
    pub id: Option<At<String>>,
    /// The role's exact name.
    pub name: Option<At<String>>,
    /// Who provides the role, where the name alone is ambiguous.
    pub provided_by: Option<ProvidedBy>,
}

/// Who provides a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProvidedBy {
    /// Spotnana: the same role in every company.
    Platform,
    /// The company itself.
    Company,
}

/// Where a role holds.
#[derive(Clone, Debug)]
pub enum ScopeEntry {
    /// A scope defined under `scopes`.
    Name(String),
    /// One audience.
    One(Box<AudienceEntry>),
    /// Any of several audiences.
    Any(Vec<At<AudienceOrName>>),
}

/// An audience, or the name of a scope that stands for its audiences.
#[derive(Clone, Debug)]
pub enum AudienceOrName {
    /// A scope defined under `scopes`.
    Name(String),
    /// An audience.
    Audience(Box<AudienceEntry>),
}

/// Whom a scope covers: all keys must hold, any value of a key will do.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct AudienceEntry {
    /// Client organisations: ids or names from `ids`.
    pub company: Option<OneOrMany<At<String>>>,
    /// Legal entities: ids or names from `ids`.
    pub legal_entity: Option<OneOrMany<At<String>>>,
    /// TMCs that handle the booking: ids or names from `ids.company`.
    pub booking_tmc: Option<OneOrMany<At<String>>>,
    /// TMCs under contract: ids or names from `ids.company`.
    pub contracting_tmc: Option<OneOrMany<At<String>>>,
    /// Individual travellers.
    pub profile: Option<OneOrMany<At<PersonEntry>>>,
    /// Stealth types, as the API spells them (`STEALTH_TYPE_1`).
    pub stealth_type: Option<OneOrMany<At<String>>>,
    /// `true` for the whole platform.
    pub platform: Option<At<bool>>,
    /// Predicates in the API's own form, for types this version does not know.
    pub predicates: Option<Vec<At<RawPredicate>>>,
}

/// A predicate in the API's own form.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawPredicate {
    /// The type, as the API spells it.
    pub r#type: String,
    /// The values, any of which will do.
    pub values: Vec<String>,
}

/// A member of a group.
#[derive(Clone, Debug)]
pub enum MemberEntry {
    /// By e-mail address.
    Address(String),
    /// By the keys of a mapping.
    Keys(Box<MemberKeys>),
}

/// A member named by one of four keys, with an end and a reason where there is one.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct MemberKeys {
    /// The business e-mail address; upper and lower case are one.
    pub email: Option<At<String>>,
    /// The external id.
    pub external_id: Option<At<String>>,
    /// The employee id.
    pub employee_id: Option<At<String>>,
    /// The API's user id.
    pub user_id: Option<At<String>>,
    /// The last day (through its end, UTC) or the instant at which the membership ends.
    pub until: Option<At<String>>,
    /// Why, for the next reader.
    pub reason: Option<At<String>>,
}

/// A person in a scope.
#[derive(Clone, Debug)]
pub enum PersonEntry {
    /// By e-mail address.
    Address(String),
    /// By the keys of a mapping.
    Keys(Box<PersonKeys>),
}

/// A person named by one of four keys.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct PersonKeys {
    /// The business e-mail address; upper and lower case are one.
    pub email: Option<At<String>>,
    /// The external id.
    pub external_id: Option<At<String>>,
    /// The employee id.
    pub employee_id: Option<At<String>>,
    /// The API's user id.
    pub user_id: Option<At<String>>,
}

/// One value, or a list of them.
#[derive(Clone, Debug)]
pub struct OneOrMany<T>(pub Vec<T>);

/// Reads a value that is text, a list or a mapping; untagged enums would lose the places inside.
struct Shapes<T> {
    expecting: &'static str,
    text: Option<fn(&str) -> Option<T>>,
    shape: PhantomData<T>,
}

/// How a type is read from a list or a mapping; the default refuses both.
trait FromShape<'de>: Sized {
    fn from_seq<A: SeqAccess<'de>>(_: A, expecting: &str) -> Result<Self, A::Error> {
        Err(A::Error::custom(format!("expected {expecting}, found a list")))
    }

    fn from_map<A: MapAccess<'de>>(_: A, expecting: &str) -> Result<Self, A::Error> {
        Err(A::Error::custom(format!("expected {expecting}, found a mapping")))
    }
}

impl<'de, T: FromShape<'de>> Visitor<'de> for Shapes<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        self.text
            .and_then(|read| read(text))
            .ok_or_else(|| E::custom(format!("expected {}, found `{text}`", self.expecting)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<T, A::Error> {
        T::from_seq(seq, self.expecting)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::from_map(map, self.expecting)
    }
}

macro_rules! shaped {
    ($([$($generic:ident)?] $type:ty, $expecting:literal, $text:expr;)*) => {$(
        impl<'de $(, $generic: Deserialize<'de>)?> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Shapes {
                    expecting: $expecting,
                    text: $text,
                    shape: PhantomData,
                })
            }
        }
    )*};
}

shaped! {
    [T] Listing<T>, "a list, `{ atLeast: […] }` or the word `unmanaged`",
        Some(|text| (text == "unmanaged").then_some(Listing::Unmanaged));
    [] RoleName, "the name of a role, `{ id: … }` or `{ name: …, providedBy: … }`",
        Some(|text| Some(RoleName::Name(text.to_owned())));
    [] ScopeEntry, "the name of a scope, an audience or a list of audiences",
        Some(|text| Some(ScopeEntry::Name(text.to_owned())));
    [] AudienceOrName, "an audience or the name of a scope",
        Some(|text| Some(AudienceOrName::Name(text.to_owned())));
    [] MemberEntry, "an e-mail address or a mapping such as `{ externalId: … }`",
        Some(|text| Some(MemberEntry::Address(text.to_owned())));
    [] PersonEntry, "an e-mail address or a mapping such as `{ externalId: … }`",
        Some(|text| Some(PersonEntry::Address(text.to_owned())));
}

impl<'de, T: Deserialize<'de>> FromShape<'de> for Listing<T> {
    fn from_seq<A: SeqAccess<'de>>(seq: A, _: &str) -> Result<Self, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Self::Exactly)
    }

    fn from_map<A: MapAccess<'de>>(map: A, _: &str) -> Result<Self, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        struct AtLeast<T> {
            at_least: Vec<At<T>>,
        }
        AtLeast::deserialize(MapAccessDeserializer::new(map)).map(|it| Self::AtLeast(it.at_least))
    }
}

impl<'de> FromShape<'de> for RoleName {
    fn from_map<A: MapAccess<'de>>(map: A, _: &str) -> Result<Self, A::Error> {
        RoleKeys::deserialize(MapAccessDeserializer::new(map)).map(Self::Keys)
    }
}

impl<'de> FromShape<'de> for ScopeEntry {
    fn from_seq<A: SeqAccess<'de>>(seq: A, _: &str) -> Result<Self, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Self::Any)
    }

    fn from_map<A: MapAccess<'de>>(map: A, _: &str) -> Result<Self, A::Error> {
        Box::deserialize(MapAccessDeserializer::new(map)).map(Self::One)
    }
}

impl<'de> FromShape<'de> for AudienceOrName {
    fn from_map<A: MapAccess<'de>>(map: A, _: &str) -> Result<Self, A::Error> {
        Box::deserialize(MapAccessDeserializer::new(map)).map(Self::Audience)
    }
}

impl<'de> FromShape<'de> for MemberEntry {
    fn from_map<A: MapAccess<'de>>(map: A, _: &str) -> Result<Self, A::Error> {
        Box::deserialize(MapAccessDeserializer::new(map)).map(Self::Keys)
    }
}

impl<'de> FromShape<'de> for PersonEntry {
    fn from_map<A: MapAccess<'de>>(map: A, _: &str) -> Result<Self, A::Error> {
        Box::deserialize(MapAccessDeserializer::new(map)).map(Self::Keys)
    }
}

/// Reads a list, or anything else as a list of one. Its own visitor, as the
/// element decides what a single value may be: text or a mapping.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<At<T>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        enum Either<T> {
            One(T),
            Many(Vec<At<T>>),
        }
        struct Read<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Read<T> {
            type Value = Either<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one value or a list of values")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Either<T>, E> {
                T::deserialize(serde::de::value::StrDeserializer::new(text)).map(Either::One)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Either<T>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Either::Many)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Either<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Either::One)
            }
        }
        struct Shape<T>(Either<T>);
        impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shape<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Read(PhantomData)).map(Self)
            }
        }
        let At { v: Shape(either), line, column } = At::<Shape<T>>::deserialize(deserializer)?;
        Ok(Self(match either {
            Either::One(v) => vec![At { v, line, column }],
            Either::Many(many) => many,
        }))
    }
}

macro_rules! any_of {
    ($([$($generic:ident)?] $type:ty, $name:literal, |$generator:ident| $options:expr;)*) => {$(
        impl $(<$generic: JsonSchema>)? JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                json_schema!({ "anyOf": $options })
            }
        }
    )*};
}

any_of! {
    [T] Listing<T>, "Listing", |generator| {
        let items = generator.subschema_for::<T>();
        [
            json_schema!({ "description": "Exactly these; `[]` is nobody.", "type": "array", "items": items }),
            json_schema!({
                "description": "These, and whoever else is there.",
                "type": "object",
                "properties": { "atLeast": { "type": "array", "items": items } },
                "required": ["atLeast"],
                "additionalProperties": false
            }),
            json_schema!({ "description": "Not ours: whatever is there stays.", "const": "unmanaged" }),
        ]
    };
    [T] OneOrMany<T>, "OneOrMany", |generator| {
        let item = generator.subschema_for::<T>();
        [item.clone(), json_schema!({ "type": "array", "items": item, "minItems": 1 })]
    };
    [] RoleName, "RoleName", |generator| [
        json_schema!({ "description": "The exact name of the role.", "type": "string" }),
        generator.subschema_for::<RoleKeys>(),
    ];
    [] AudienceOrName, "AudienceOrName", |generator| [
        json_schema!({ "description": "The name of a scope.", "type": "string" }),
        generator.subschema_for::<AudienceEntry>(),
    ];
    [] ScopeEntry, "ScopeEntry", |generator| [
        json_schema!({ "description": "The name of a scope.", "type": "string" }),
        generator.subschema_for::<AudienceEntry>(),
        json_schema!({
            "description": "Any of these audiences.",
            "type": "array",
            "items": generator.subschema_for::<AudienceOrName>(),
            "minItems": 1
        }),
    ];
    [] MemberEntry, "MemberEntry", |generator| [
        json_schema!({ "description": "A business e-mail address.", "type": "string" }),
        generator.subschema_for::<MemberKeys>(),
    ];
    [] PersonEntry, "PersonEntry", |generator| [
        json_schema!({ "description": "A business e-mail address.", "type": "string" }),
        generator.subschema_for::<PersonKeys>(),
    ];
}
