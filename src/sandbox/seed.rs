//! The seed file `sandbox.yaml`: the form alone. What its names mean is `sow`'s part.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;

use crate::{files::decode, model::source::FileId};

use super::{SandboxError, dialect::Dialect, fault::Rule, model::CompanyKind, strict::StrictId};

const BUILT_IN: &str = include_str!("builtin.yaml");

/// A seed as written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Seed {
    #[serde(rename = "version")]
    _version: Version,
    #[serde(default)]
    pub(super) companies: Vec<CompanyEntry>,
    #[serde(default = "default_clients")]
    pub(super) clients: Vec<Client>,
    #[serde(default)]
    pub(super) tokens: Vec<StaticToken>,
    #[serde(default)]
    pub(super) roles: Vec<RoleEntry>,
    #[serde(default)]
    pub(super) users: Vec<UserEntry>,
    #[serde(default)]
    pub(super) groups: Vec<GroupEntry>,
    #[serde(default)]
    pub(super) dialect: Dialect,
    #[serde(default)]
    pub(super) faults: Vec<Rule>,
}

/// The only version there is.
#[derive(Debug, Deserialize)]
#[serde(try_from = "u32")]
struct Version;

impl TryFrom<u32> for Version {
    type Error = String;

    fn try_from(version: u32) -> Result<Self, String> {
        if version == 1 {
            Ok(Self)
        } else {
            Err(format!("version {version} is unknown; this sandbox reads version 1"))
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CompanyEntry {
    pub(super) id: Option<StrictId>,
    pub(super) name: String,
    #[serde(default)]
    pub(super) kind: CompanyKind,
    #[serde(default)]
    pub(super) legal_entities: Vec<LegalEntityEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LegalEntityEntry {
    pub(super) id: Option<StrictId>,
    pub(super) name: String,
}

/// What a bearer of a token may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Rights {
    #[default]
    Full,
    Read,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: String,
    #[serde(default)]
    pub(super) access: Rights,
}

/// Returns the only client there is unless the seed names others.
fn default_clients() -> Vec<Client> {
    let (id, secret) = super::Sandbox::credentials();
    vec![Client { id: id.to_owned(), secret: secret.to_owned(), access: Rights::Full }]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StaticToken {
    pub(super) token: String,
    #[serde(default)]
    pub(super) access: Rights,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleEntry {
    pub(super) id: Option<StrictId>,
    pub(super) name: String,
    pub(super) company: Option<String>,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) permissions: Vec<super::model::PermissionWithActions>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UserEntry {
    pub(super) id: Option<StrictId>,
    pub(super) email: String,
    pub(super) name: Option<String>,
    pub(super) company: String,
    pub(super) external_id: Option<String>,
    pub(super) employee_id: Option<String>,
    #[serde(default = "active")]
    pub(super) active: bool,
    pub(super) legal_entity: Option<String>,
    pub(super) persona: Option<String>,
}

fn active() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupEntry {
    pub(super) id: Option<StrictId>,
    pub(super) name: String,
    pub(super) company: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) unmodifiable: bool,
    #[serde(default)]
    pub(super) roles: Vec<GrantEntry>,
    #[serde(default)]
    pub(super) members: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantEntry {
    /// A role's name, or its id.
    pub(super) role: String,
    /// Audiences; each maps predicate types to values.
    pub(super) scope: Vec<BTreeMap<String, Vec<String>>>,
}

impl Seed {
    /// Returns the seed at `path`.
    ///
    /// # Errors
    /// When the file cannot be read or is not of the seed's form.
    pub(super) fn read(path: &Path) -> Result<Self, SandboxError> {
        let text = fs::read_to_string(path)
            .map_err(|source| SandboxError::ReadSeed { path: path.to_owned(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Returns the seed used when there is none: one TMC, one client, a few people.
    pub(super) fn built_in() -> Result<Self, SandboxError> {
        Self::parse(BUILT_IN, "built-in seed")
    }

    fn parse(text: &str, name: &str) -> Result<Self, SandboxError> {
        // The same strictness and the same limits as for the files of a workspace.
        decode(text, FileId(0)).map_err(|finding| SandboxError::SeedForm {
            place: finding
                .place
                .map_or_else(|| name.to_owned(), |at| format!("{name}:{}:{}", at.line, at.column)),
            problem: match finding.help {
                Some(help) => format!("{} ({help})", finding.message),
                None => finding.message,
            },
        })
    }
}
