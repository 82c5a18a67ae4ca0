//! `rolecall.yaml`: which API, whose groups, which files, and names for ids.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;

/// The settings of a workspace: the file `rolecall.yaml` at its top.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct WorkspaceFile {
    /// The version of this format. Always 1.
    #[schemars(required, range(min = 1, max = 1))]
    pub version: Option<At<u64>>,
    /// Which API to talk to.
    pub api: Option<ApiSection>,
    /// Whose groups these are: a company id, or a name from `ids`.
    pub company: Option<At<String>>,
    /// Glob patterns of the access files, relative to this file. `access/**/*.yaml` where absent.
    pub access: Option<Vec<At<String>>>,
    /// Names for the UUIDs that scopes and `company` point at.
    #[serde(default)]
    pub ids: Ids,
}

/// Which API to talk to. Credentials never stand in a file: they come from the environment.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ApiSection {
    /// The base URL of the API, or the word `sandbox` for the embedded one.
    #[schemars(required)]
    pub endpoint: Option<At<String>>,
}

/// Names for UUIDs, by what they identify.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Ids {
    /// Companies: client organisations and TMCs.
    pub company: BTreeMap<String, At<String>>,
    /// Legal entities.
    pub legal_entity: BTreeMap<String, At<String>>,
}
