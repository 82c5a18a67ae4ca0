//! An access file: groups with their roles and members, as written.
//!
//! Only the form is looked at. What must be written is [`Given`] here all the same, so that a missing
//! key is found together with everything else that is wrong instead of alone.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, value::MapAccessDeserializer, value::SeqAccessDeserializer},
};

use super::{
    At,
    entry::{ApiSection, PersonEntry, PersonKeys, RoleName, person_keys},
    shape::{Given, Keys, Listing, OneOrMany, Shape, TextOr, inline_schemas, shaped},
};
use crate::model::direct;

/// Who holds which roles on which scopes: one of the files below `access/`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("required" = ["version"]))]
pub struct AccessFile {
    /// The version of this format. Always 1.
    #[schemars(range(min = 1, max = 1))]
    pub(crate) version: Given<At<u64>>,
    /// Which API to talk to; only for a file that stands alone, without a `rolecall.yaml`.
    pub api: Given<ApiSection>,
    /// Whose groups these are, where it is not the company of the workspace: an id or a name from `ids`.
    pub(crate) company: Given<At<String>>,
    /// Named scopes, for the roles of this file.
    pub(crate) scopes: BTreeMap<String, At<ScopeEntry>>,
    /// The groups that shall exist. A group that is not listed is left alone.
    pub(crate) groups: Vec<At<GroupEntry>>,
    /// The groups that shall be deleted, each with a reason.
    pub(crate) removed: Vec<At<RemovedEntry>>,
    /// People whose roles outside groups are looked at. A person who is not listed is left alone.
    pub(crate) users: Vec<At<UserEntry>>,
}

/// A user group with everything it gives and everybody it gives it to.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("required" = ["name", "roles", "members"]))]
pub(crate) struct GroupEntry {
    /// The name: 1 to 255 characters, unique in its company.
    #[schemars(length(min = 1, max = 255))]
    pub(crate) name: Given<At<String>>,
    /// What the group is for: 1 to 1,000 characters. May be left out only where `roles` is `unmanaged`.
    #[schemars(length(min = 1, max = 1000))]
    pub(crate) description: Given<At<String>>,
    /// Pins the group by its id, whatever its name is now.
    pub(crate) id: Given<At<String>>,
    /// The name the group has now, where `name` is to be its new one.
    pub(crate) renamed_from: Given<At<String>>,
    /// The roles of the group: exactly these, at least these, or `unmanaged`.
    pub(crate) roles: Given<At<Listing<RoleEntry>>>,
    /// The members of the group: exactly these, at least these, or `unmanaged`.
    pub(crate) members: Given<At<Listing<MemberEntry>>>,
}

/// A group to delete.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("required" = ["group", "reason"]))]
pub(crate) struct RemovedEntry {
    /// The name of the group.
    pub(crate) group: Given<At<String>>,
    /// Pins the group by its id, where several have the name.
    pub(crate) id: Given<At<String>>,
    /// Why it goes.
    pub(crate) reason: Given<At<String>>,
}

/// A person with the roles held outside groups.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("required" = ["user", "directRoles"]))]
pub(crate) struct UserEntry {
    /// Who: an e-mail address, or a mapping such as `{ externalId: … }`.
    pub(crate) user: Given<At<PersonEntry>>,
    /// The roles the person holds outside groups: exactly these, at least these, or `unmanaged`.
    pub(crate) direct_roles: Given<At<Listing<DirectRoleEntry>>>,
}

/// A role held outside groups: a `type` with what it is held on, or an element of the API's list as it is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct DirectRoleEntry {
    /// The type, as the API spells it.
    #[schemars(schema_with = "direct_role_type")]
    pub(crate) r#type: Given<At<String>>,
    /// The company: an id or a name from `ids.company`. For `COMPANY_…`.
    pub(crate) company: Given<At<String>>,
    /// The TMC: an id or a name from `ids.company`. For `TMC_…`.
    pub(crate) tmc: Given<At<String>>,
    /// The travellers, of any company. For `TRAVEL_ARRANGER`.
    pub(crate) arranger_for: Given<At<Vec<At<TravellerEntry>>>>,
    /// An element in the API's own form, for a type this version does not know.
    pub(crate) raw: Given<At<BTreeMap<String, serde_json::Value>>>,
    /// The last day (through its end, UTC) or the instant at which it ends.
    pub(crate) until: Given<At<String>>,
    /// Why, for the next reader.
    pub(crate) reason: Given<At<String>>,
}

/// A traveller by e-mail address without mails to the arranger, or with the mails.
pub(crate) type TravellerEntry = TextOr<TravellerKeys>;

/// A traveller with the mails that the arranger gets.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("required" = ["user"]))]
pub(crate) struct TravellerKeys {
    /// Who: an e-mail address, or a mapping such as `{ externalId: … }`.
    pub(crate) user: Given<At<PersonEntry>>,
    /// Whether the arranger gets the confirmations.
    pub(crate) send_confirmation_email: bool,
    /// Whether the arranger gets the news about flights.
    pub(crate) send_flight_stats_notification_email: bool,
}

/// A role on a scope.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("required" = ["role", "scope"]))]
pub(crate) struct RoleEntry {
    /// Which role: its exact name, `{ id: … }`, or `{ name: …, providedBy: platform | company }`.
    pub(crate) role: Given<At<RoleName>>,
    /// Where it holds: the name of a scope, or a scope.
    pub(crate) scope: Given<At<ScopeEntry>>,
    /// The last day (through its end, UTC) or the instant at which it ends.
    pub(crate) until: Given<At<String>>,
    /// Why, for the next reader.
    pub(crate) reason: Given<At<String>>,
}

/// Where a role holds.
#[derive(Clone, Debug)]
pub(crate) enum ScopeEntry {
    /// A scope defined under `scopes`.
    Name(String),
    /// One audience.
    One(Box<AudienceEntry>),
    /// Any of several audiences.
    Any(Vec<At<AudienceOrName>>),
}

/// An audience, or the name of a scope that stands for its audiences.
pub(crate) type AudienceOrName = TextOr<AudienceEntry>;

/// The travellers a scope covers: all keys must hold, any value of a key will do.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct AudienceEntry {
    /// Client organisations: ids or names from `ids`.
    pub(crate) company: Given<OneOrMany<At<String>>>,
    /// Legal entities: ids or names from `ids`.
    pub(crate) legal_entity: Given<OneOrMany<At<String>>>,
    /// TMCs that handle the booking: ids or names from `ids.company`.
    pub(crate) booking_tmc: Given<OneOrMany<At<String>>>,
    /// TMCs under contract: ids or names from `ids.company`.
    pub(crate) contracting_tmc: Given<OneOrMany<At<String>>>,
    /// Individual travellers.
    pub(crate) profile: Given<OneOrMany<At<PersonEntry>>>,
    /// Stealth types, as the API spells them (`STEALTH_TYPE_1`).
    pub(crate) stealth_type: Given<OneOrMany<At<String>>>,
    /// `true` for the whole platform.
    pub(crate) platform: Given<At<bool>>,
    /// Predicates in the API's own form, for types this version does not know.
    pub(crate) predicates: Given<Vec<At<RawPredicate>>>,
}

/// A predicate in the API's own form.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPredicate {
    /// The type, as the API spells it.
    pub(crate) r#type: String,
    /// The values, any of which will do.
    pub(crate) values: Vec<String>,
}

/// A member of a group.
pub(crate) type MemberEntry = TextOr<MemberKeys>;

person_keys! {
    /// A member named by one of four keys, with an end and a reason where there is one.
    MemberKeys {
        /// The last day (through its end, UTC) or the instant at which the membership ends.
        pub(crate) until: Given<At<String>>,
        /// Why, for the next reader.
        pub(crate) reason: Given<At<String>>,
    }
}

impl Keys for MemberKeys {
    const EXPECTED: &str = PersonKeys::EXPECTED;
    const TEXT: &str = PersonKeys::TEXT;
}

impl Keys for TravellerKeys {
    const EXPECTED: &str =
        "an e-mail address or a mapping such as `{ user: …, sendConfirmationEmail: true }`";
    const TEXT: &str = PersonKeys::TEXT;
}

impl Keys for AudienceEntry {
    const EXPECTED: &str = "an audience or the name of a scope";
    const TEXT: &str = "The name of a scope.";
}

impl<'de> Shape<'de> for ScopeEntry {
    const EXPECTED: &'static str = "the name of a scope, an audience or a list of audiences";

    fn text<E>(text: &str) -> Result<Self, E> {
        Ok(Self::Name(text.to_owned()))
    }

    fn list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Self::Any)
    }

    fn mapping<A: MapAccess<'de>>(mapping: A) -> Result<Self, A::Error> {
        Box::deserialize(MapAccessDeserializer::new(mapping)).map(Self::One)
    }
}

impl<'de> Deserialize<'de> for ScopeEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        shaped(deserializer)
    }
}

inline_schemas! {
    [] ScopeEntry, |generator| json_schema!({ "anyOf": [
        { "description": AudienceEntry::TEXT, "type": "string" },
        generator.subschema_for::<AudienceEntry>(),
        {
            "description": "Any of these audiences.",
            "type": "array",
            "items": generator.subschema_for::<AudienceOrName>(),
            "minItems": 1
        },
    ] });
}

/// The types of role that people hold outside groups.
fn direct_role_type(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": direct::TYPES.map(|it| it.0) })
}
