//! What the sandbox knows about: companies, roles, users, groups. Plain data as the state file keeps it, without rules.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::{clock::Moment, scope::Scope};
use crate::model::{
    ids::{CompanyId, GroupId, RoleId, UserId, parse_uuid},
    object::Object,
};

macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $kind:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub(super) struct $name { $($(#[$attr])* pub(super) $field: $kind),* }
    )*};
}

objects! {
    /// The API's `Reference`: an id and the name that goes with it.
    Reference { id: Uuid, name: Box<str> }
    /// Who made an object and who touched it last.
    Stamps { created_at: Moment, created_by: Reference, updated_at: Moment, updated_by: Reference }
    Company {
        id: CompanyId,
        name: Box<str>,
        kind: CompanyKind,
        legal_entities: Vec<Reference>,
        /// Departments, cost centers, offices and grades, as far as they have names.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        units: Vec<Reference>,
    }
    PermissionWithActions { permission: Box<str>, actions: Vec<Box<str>> }
    /// A role; one without a company is the platform's.
    Role {
        id: RoleId,
        name: Box<str>,
        description: Box<str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        company: Option<CompanyId>,
        permissions: Vec<PermissionWithActions>,
        stamps: Stamps,
    }
    User {
        id: UserId,
        email: Box<str>,
        name: Box<str>,
        company: CompanyId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        external_id: Option<Box<str>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        employee_id: Option<Box<str>>,
        active: bool,
        persona: Box<str>,
        legal_entity: Reference,
        /// The v2 roles, verbatim (contract §6.1).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        legacy_roles: Vec<Value>,
        /// What else the business info holds, verbatim (contract §7.4): department, cost center, office and designation too.
        #[serde(default, skip_serializing_if = "Object::is_empty")]
        business: Object,
        /// What else the profile holds, verbatim (contract §7.4): personal info, preferences, loyalty cards, tier.
        #[serde(default, skip_serializing_if = "Object::is_empty")]
        profile: Object,
        stamps: Stamps,
    }
    Group {
        id: GroupId,
        name: Box<str>,
        description: Box<str>,
        company: CompanyId,
        unmodifiable: bool,
        stamps: Stamps,
        grants: Vec<Grant>,
        /// In the order in which they were added.
        members: Vec<Member>,
    }
    /// A role on a scope, held by a group.
    Grant { role: RoleId, scope: Scope }
    #[derive(Copy)]
    Member { user: UserId, added_at: Moment }
}

impl User {
    /// The id of what a reference of the business info refers to, such as `departmentRef`.
    pub(super) fn refers_to(&self, field: &str) -> Option<Uuid> {
        parse_uuid(&self.business.read::<Object>(field)?.read::<String>("id")?)
    }

    pub(super) fn designation(&self) -> Option<String> {
        self.business.read("designation")
    }

    /// The personal info: what was put, or else the little that is known of everybody.
    pub(super) fn personal(&self) -> Object {
        self.profile.read("personalInfo").unwrap_or_else(|| {
            // Both parts are required; a name of one word is given and family name at once.
            let (given, family1) = self.name.split_once(' ').unwrap_or((&self.name, &self.name));
            Object::of(&json!({ "name": { "given": given, "family1": family1 }, "email": self.email }))
        })
    }
}

impl Stamps {
    pub(super) fn new(at: Moment, by: &Reference) -> Self {
        Self { created_at: at, created_by: by.clone(), updated_at: at, updated_by: by.clone() }
    }

    /// Takes over who touched it last, and when, from `now`.
    pub(super) fn touch(&mut self, now: Self) {
        self.updated_at = now.updated_at;
        self.updated_by = now.updated_by;
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum CompanyKind {
    Tmc,
    #[default]
    Client,
}

impl Company {
    /// The API requires a legal entity of every user (contract §7.2): a company that names none has one of its own name.
    pub(super) fn entities(&self) -> Cow<'_, [Reference]> {
        if !self.legal_entities.is_empty() {
            return Cow::Borrowed(&self.legal_entities);
        }
        let id = derived_id("legalEntity", &[&self.name]);
        Cow::Owned(vec![Reference { id, name: self.name.clone() }])
    }
}

/// Every action named in the sources (contract §5.2).
pub(super) const ACTIONS: [&str; 6] = ["ALL", "CREATE", "READ", "WRITE", "DELETE", "PURGE"];

/// The id of something where none was chosen: the same parts give the same id, always.
pub(super) fn derived_id(kind: &str, parts: &[&str]) -> Uuid {
    let mut hash = Sha256::new();
    for part in std::iter::once(&kind).chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_random_bytes(bytes).into_uuid()
}

/// Every permission named anywhere in the sources (contract §5.2).
pub(super) const PERMISSIONS: [&str; 17] = [
    "PLATFORM_MANAGEMENT",
    "TMC_MANAGEMENT",
    "COMPANY_MANAGEMENT",
    "USER_MANAGEMENT",
    "USER_PROFILE",
    "EVENT_MANAGEMENT",
    "REPORT_MANAGEMENT",
    "ACCESS_MANAGEMENT",
    "TRIP_MANAGEMENT",
    "AGENT",
    "DEVELOPER_PLATFORM_MANAGEMENT",
    "THIRD_PARTY_NOTIFICATION_MANAGEMENT",
    "AGENT_CONTACT_CENTER_MANAGEMENT",
    "AGENT_CONTACT_CENTER_SUPPORT_MANAGEMENT",
    "AGENT_CONTACT_CENTER_TEAM_MANAGEMENT",
    "AGENT_CONTACT_CENTER_ANALYTICS_MANAGEMENT",
    "AGENT_CONTACT_CENTER_SETTINGS_MANAGEMENT",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_depend_on_every_part_and_on_nothing_else() {
        assert_eq!(derived_id("group", &["voyager", "Agents"]), derived_id("group", &["voyager", "Agents"]));
        assert_ne!(derived_id("group", &["voyager", "Agents"]), derived_id("group", &["voyagerA", "gents"]));
        assert_ne!(derived_id("group", &["a"]), derived_id("role", &["a"]));
    }
}
