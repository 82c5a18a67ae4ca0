//! The seed file `sandbox.yaml`: its form alone. What its names mean is not known here, but in `seed_builder`.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Value};

use super::{
    dialect::Dialect,
    error::SandboxError,
    fault::Rule,
    model::{CompanyKind, PermissionWithActions},
    validation::StrictId,
};
use crate::{
    files::{
        MAX_FILE_BYTES, deserialize,
        disk::{self, Named},
    },
    model::source::FileId,
};

const BUILT_IN: &str = include_str!("builtin.yaml");
macro_rules! entries {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $kind:ty $(= $default:ident)?),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub(super) struct $name { $($(#[$attr])* $(#[serde($default)])? pub(super) $field: $kind),* }
    )*};
}

// What has `= default` may be left out, and so may what is an `Option`.
entries! {
    Seed {
        #[serde(rename = "version", deserialize_with = "version")]
        _version: (),
        companies: Vec<CompanyEntry> = default,
        /// One with a secret that nobody knows before, unless some are named.
        clients: Option<Vec<Client>>,
        tokens: Vec<StaticToken> = default,
        roles: Vec<RoleEntry> = default,
        users: Vec<UserEntry> = default,
        groups: Vec<GroupEntry> = default,
        dialect: Dialect = default,
        faults: Vec<Rule> = default,
    }
    CompanyEntry {
        id: Option<StrictId>,
        name: String,
        kind: CompanyKind = default,
        legal_entities: Vec<LegalEntityEntry> = default,
        departments: Vec<LegalEntityEntry> = default,
        cost_centers: Vec<LegalEntityEntry> = default,
        offices: Vec<LegalEntityEntry> = default,
        grades: Vec<LegalEntityEntry> = default,
    }
    /// The same of a department, a cost center, an office and a grade.
    LegalEntityEntry { id: Option<StrictId>, name: String }
    Client { id: String, secret: String, access: Rights = default }
    StaticToken { token: String, access: Rights = default }
    RoleEntry {
        id: Option<StrictId>,
        name: String,
        company: Option<String>,
        description: String = default,
        permissions: Vec<PermissionWithActions> = default,
    }
    UserEntry {
        id: Option<StrictId>,
        email: String,
        name: Option<String>,
        company: String,
        external_id: Option<String>,
        employee_id: Option<String>,
        #[serde(default = "active")]
        active: bool,
        legal_entity: Option<String>,
        persona: Option<String>,
        /// By name, as the company lists it; so cost center, office and grade.
        department: Option<String>,
        cost_center: Option<String>,
        office: Option<String>,
        grade: Option<String>,
        designation: Option<String>,
        worker_type: Option<String>,
        /// By e-mail, like members of groups; so approvers.
        manager: Option<String>,
        approvers: Vec<String> = default,
        /// What else the profile holds, verbatim: personal info, preferences, loyalty cards.
        profile: Map<String, Value> = default,
        /// Roles outside groups, verbatim.
        direct_roles: Vec<Value> = default,
    }
    GroupEntry {
        id: Option<StrictId>,
        name: String,
        company: String,
        description: String = default,
        unmodifiable: bool = default,
        roles: Vec<GrantEntry> = default,
        members: Vec<String> = default,
    }
    /// A role's name or id, and audiences: each maps predicate types to values.
    GrantEntry { role: String, scope: Vec<BTreeMap<String, Vec<String>>> }
}

/// Takes the only version there is.
fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    match u32::deserialize(deserializer)? {
        1 => Ok(()),
        other => Err(D::Error::custom(format!("version {other} is unknown; this sandbox reads version 1"))),
    }
}

/// What a bearer of a token may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Rights {
    #[default]
    Full,
    Read,
}

fn active() -> bool {
    true
}

impl Seed {
    pub(super) fn read(path: &Path) -> Result<Self, SandboxError> {
        // What is wrong with it is quoted, so that it has to be what it says it is: a link may lead anywhere.
        let text = disk::text(path, Named::In(disk::around(path)), MAX_FILE_BYTES)
            .map_err(|source| SandboxError::ReadSeed(path.to_owned(), source))?;
        Self::parse(&text, &path.display().to_string())
    }

    /// The seed used when there is none: one TMC, one client, a few people.
    pub(super) fn built_in() -> Result<Self, SandboxError> {
        Self::parse(BUILT_IN, "built-in seed")
    }

    fn parse(text: &str, name: &str) -> Result<Self, SandboxError> {
        // The same strictness and the same limits as for the files of a workspace.
        deserialize(text, FileId(0)).map_err(|finding| {
            let place = finding.place.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
            let help = finding.help.map(|help| format!(" ({help})")).unwrap_or_default();
            SandboxError::SeedForm(format!("{name}{place}: {}{help}", finding.message))
        })
    }
}
