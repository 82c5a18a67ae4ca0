//! `rolecall.yaml`: which API, whose groups, which files, and names for ids.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{At, present};

/// The settings of a workspace: the file `rolecall.yaml` at its top.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("required" = ["version"]))]
pub struct WorkspaceFile {
    /// The version of this format. Always 1.
    #[serde(default, deserialize_with = "present")]
    #[schemars(range(min = 1, max = 1))]
    pub version: Option<At<u64>>,
    /// Which API to talk to.
    #[serde(default, deserialize_with = "present")]
    pub api: Option<ApiSection>,
    /// Whose groups these are: a company id, or a name from `ids`.
    #[serde(default, deserialize_with = "present")]
    pub company: Option<At<String>>,
    /// Glob patterns of the access files, relative to this file. `access/**/*.yaml` where absent.
    #[serde(default, deserialize_with = "present")]
    pub access: Option<Vec<At<String>>>,
    /// Names for the UUIDs that scopes and `company` point at.
    #[serde(default)]
    pub ids: Ids,
}

/// Which API to talk to. Credentials never stand in a file: they come from the environment.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("required" = ["endpoint"]))]
pub struct ApiSection {
    /// The base URL of the API, or the word `sandbox` for the embedded one.
    #[serde(default, deserialize_with = "present")]
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
