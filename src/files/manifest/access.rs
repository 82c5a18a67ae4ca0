//! An access file: groups with their roles and members, as written.
//!
//! What must be written is an `Option` here all the same, so that a missing key
//! is found together with everything else that is wrong instead of alone.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{At, present, workspace::ApiSection};

mod schemas;
mod shapes;

/// Who holds which roles on which scopes: one of the files below `access/`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("required" = ["version"]))]
pub struct AccessFile {
    /// The version of this format. Always 1.
    #[serde(default, deserialize_with = "present")]
    #[schemars(range(min = 1, max = 1))]
    pub version: Option<At<u64>>,
    /// Which API to talk to; only for a file that stands alone, without a `rolecall.yaml`.
    #[serde(default, deserialize_with = "present")]
    pub api: Option<ApiSection>,
    /// Whose groups these are, where it is not the company of the workspace: an id or a name from `ids`.
    #[serde(default, deserialize_with = "present")]
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
    /// People whose roles outside groups are looked at. A person who is not listed is left alone.
    #[serde(default)]
    pub users: Vec<At<UserEntry>>,
}

/// A user group with everything it gives and everybody it gives it to.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("required" = ["name", "roles", "members"]))]
pub struct GroupEntry {
    /// The name: 1 to 255 characters, unique in its company.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(min = 1, max = 255))]
    pub name: Option<At<String>>,
    /// What the group is for: 1 to 1,000 characters. May be left out only where `roles` is `unmanaged`.
    #[serde(default, deserialize_with = "present")]
    #[schemars(length(min = 1, max = 1000))]
    pub description: Option<At<String>>,
    /// Pins the group by its id, whatever its name is now.
    #[serde(default, deserialize_with = "present")]
    pub id: Option<At<String>>,
    /// The name the group has now, where `name` is to be its new one.
    #[serde(default, deserialize_with = "present")]
    pub renamed_from: Option<At<String>>,
    /// The roles of the group: exactly these, at least these, or `unmanaged`.
    #[serde(default, deserialize_with = "present")]
    pub roles: Option<At<Listing<RoleEntry>>>,
    /// The members of the group: exactly these, at least these, or `unmanaged`.
    #[serde(default, deserialize_with = "present")]
    pub members: Option<At<Listing<MemberEntry>>>,
}

/// A group to delete.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("required" = ["group", "reason"]))]
pub struct RemovedEntry {
    /// The name of the group.
    #[serde(default, deserialize_with = "present")]
    pub group: Option<At<String>>,
    /// Pins the group by its id, where several have the name.
    #[serde(default, deserialize_with = "present")]
    pub id: Option<At<String>>,
    /// Why it goes.
    #[serde(default, deserialize_with = "present")]
    pub reason: Option<At<String>>,
}

/// A person with the roles held outside groups.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("required" = ["user", "directRoles"]))]
pub struct UserEntry {
    /// Who: an e-mail address, or a mapping such as `{ externalId: … }`.
    #[serde(default, deserialize_with = "present")]
    pub user: Option<At<PersonEntry>>,
    /// The roles the person holds outside groups: exactly these, at least these, or `unmanaged`.
    #[serde(default, deserialize_with = "present")]
    pub direct_roles: Option<At<Listing<DirectRoleEntry>>>,
}

/// A role held outside groups: a `type` with what it is held on, or an element of the API's list as it is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct DirectRoleEntry {
    /// The type, as the API spells it.
    #[serde(default, deserialize_with = "present")]
    #[schemars(schema_with = "schemas::direct_role_type")]
    pub r#type: Option<At<String>>,
    /// The company: an id or a name from `ids.company`. For `COMPANY_…`.
    #[serde(default, deserialize_with = "present")]
    pub company: Option<At<String>>,
    /// The TMC: an id or a name from `ids.company`. For `TMC_…`.
    #[serde(default, deserialize_with = "present")]
    pub tmc: Option<At<String>>,
    /// The travellers, of any company. For `TRAVEL_ARRANGER`.
    #[serde(default, deserialize_with = "present")]
    pub arranger_for: Option<At<Vec<At<TravellerEntry>>>>,
    /// An element in the API's own form, for a type this version does not know.
    #[serde(default, deserialize_with = "present")]
    pub raw: Option<At<BTreeMap<String, serde_json::Value>>>,
    /// The last day (through its end, UTC) or the instant at which it ends.
    #[serde(default, deserialize_with = "present")]
    pub until: Option<At<String>>,
    /// Why, for the next reader.
    #[serde(default, deserialize_with = "present")]
    pub reason: Option<At<String>>,
}

/// A traveller for whom somebody arranges.
#[derive(Clone, Debug)]
pub enum TravellerEntry {
    /// By e-mail address, without mails to the arranger.
    Address(String),
    /// With the mails that the arranger gets.
    Keys(Box<TravellerKeys>),
}

/// A traveller with the mails that the arranger gets.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("required" = ["user"]))]
pub struct TravellerKeys {
    /// Who: an e-mail address, or a mapping such as `{ externalId: … }`.
    #[serde(default, deserialize_with = "present")]
    pub user: Option<At<PersonEntry>>,
    /// Whether the arranger gets the confirmations.
    #[serde(default)]
    pub send_confirmation_email: bool,
    /// Whether the arranger gets the news about flights.
    #[serde(default)]
    pub send_flight_stats_notification_email: bool,
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
#[schemars(extend("required" = ["role", "scope"]))]
pub struct RoleEntry {
    /// Which role: its exact name, `{ id: … }`, or `{ name: …, providedBy: platform | company }`.
    #[serde(default, deserialize_with = "present")]
    pub role: Option<At<RoleName>>,
    /// Where it holds: the name of a scope, or a scope.
    #[serde(default, deserialize_with = "present")]
    pub scope: Option<At<ScopeEntry>>,
    /// The last day (through its end, UTC) or the instant at which it ends.
    #[serde(default, deserialize_with = "present")]
    pub until: Option<At<String>>,
    /// Why, for the next reader.
    #[serde(default, deserialize_with = "present")]
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
    #[serde(default, deserialize_with = "present")]
    pub id: Option<At<String>>,
    /// The role's exact name.
    #[serde(default, deserialize_with = "present")]
    pub name: Option<At<String>>,
    /// Who provides the role, where the name alone is ambiguous.
    #[serde(default, deserialize_with = "present")]
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
    #[serde(default, deserialize_with = "present")]
    pub company: Option<OneOrMany<At<String>>>,
    /// Legal entities: ids or names from `ids`.
    #[serde(default, deserialize_with = "present")]
    pub legal_entity: Option<OneOrMany<At<String>>>,
    /// TMCs that handle the booking: ids or names from `ids.company`.
    #[serde(default, deserialize_with = "present")]
    pub booking_tmc: Option<OneOrMany<At<String>>>,
    /// TMCs under contract: ids or names from `ids.company`.
    #[serde(default, deserialize_with = "present")]
    pub contracting_tmc: Option<OneOrMany<At<String>>>,
    /// Individual travellers.
    #[serde(default, deserialize_with = "present")]
    pub profile: Option<OneOrMany<At<PersonEntry>>>,
    /// Stealth types, as the API spells them (`STEALTH_TYPE_1`).
    #[serde(default, deserialize_with = "present")]
    pub stealth_type: Option<OneOrMany<At<String>>>,
    /// `true` for the whole platform.
    #[serde(default, deserialize_with = "present")]
    pub platform: Option<At<bool>>,
    /// Predicates in the API's own form, for types this version does not know.
    #[serde(default, deserialize_with = "present")]
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
    #[serde(default, deserialize_with = "present")]
    pub email: Option<At<String>>,
    /// The external id.
    #[serde(default, deserialize_with = "present")]
    pub external_id: Option<At<String>>,
    /// The employee id.
    #[serde(default, deserialize_with = "present")]
    pub employee_id: Option<At<String>>,
    /// The API's user id.
    #[serde(default, deserialize_with = "present")]
    pub user_id: Option<At<String>>,
    /// The last day (through its end, UTC) or the instant at which the membership ends.
    #[serde(default, deserialize_with = "present")]
    pub until: Option<At<String>>,
    /// Why, for the next reader.
    #[serde(default, deserialize_with = "present")]
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
    #[serde(default, deserialize_with = "present")]
    pub email: Option<At<String>>,
    /// The external id.
    #[serde(default, deserialize_with = "present")]
    pub external_id: Option<At<String>>,
    /// The employee id.
    #[serde(default, deserialize_with = "present")]
    pub employee_id: Option<At<String>>,
    /// The API's user id.
    #[serde(default, deserialize_with = "present")]
    pub user_id: Option<At<String>>,
}

/// One value, or a list of them.
#[derive(Clone, Debug)]
pub struct OneOrMany<T>(pub Vec<T>);
