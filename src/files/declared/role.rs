//! How files name a role.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::{acting::Right, direct::known, ids::RoleId};

/// How a file names a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum RoleRef {
    Id(RoleId),
    /// The exact name, and who provides the role where that is said.
    Name {
        name: Box<str>,
        provided_by: Option<ProvidedBy>,
    },
}

impl RoleRef {
    /// The right over others that it means among roles that policies keep apart.
    pub(crate) fn right(&self) -> Option<Right> {
        let Self::Name { name, provided_by: None } = self else { return None };
        Right::ALL.into_iter().find(|it| it.in_policies() == &**name)
    }

    /// Whether it may mean a type of direct roles: one that this version knows, or that is spelt like one.
    pub(crate) fn may_be_type(&self) -> bool {
        let Self::Name { name, provided_by: None } = self else { return false };
        let is_spelt = !name.is_empty() && name.chars().all(|it| it.is_ascii_uppercase() || it == '_');
        known(&name.to_ascii_uppercase()).is_some() || is_spelt && name.contains('_')
    }
}

impl std::fmt::Display for RoleRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name { name, .. } => f.write_str(name),
        }
    }
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
