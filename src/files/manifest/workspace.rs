//! `rolecall.yaml`: which API, whose groups, which files, names for ids, and the rules of a plan.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, de::IgnoredAny};

use crate::model::{
    dialect::Dialect,
    source::{FileId, Place},
};

use super::{
    At,
    access::{PersonEntry, PersonKeys, RoleName},
    present,
};

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
    /// Limits on what one plan may do.
    #[serde(default, deserialize_with = "present")]
    pub guards: Option<GuardsSection>,
    /// What may go beyond a limit: one thing, so far, until then, and why.
    #[serde(default)]
    pub exceptions: Vec<At<ExceptionEntry>>,
    /// People who are cut off everywhere, ahead of everything else.
    #[serde(default)]
    pub lockout: Vec<At<LockoutEntry>>,
}

/// Which API to talk to. Credentials never stand in a file: they come from the environment.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("minProperties" = 1))]
pub struct ApiSection {
    /// The base URL of the API, or the word `sandbox` for the embedded one.
    #[serde(default, deserialize_with = "present")]
    pub endpoint: Option<At<String>>,
    /// How this endpoint spells what its documentation leaves open.
    #[serde(default, deserialize_with = "present")]
    pub dialect: Option<Dialect>,
    /// The user whom the token stands for: no plan may take from this user what it takes to repair things.
    #[serde(default, deserialize_with = "present")]
    pub identity: Option<At<PersonKeys>>,
}

/// Returns the line of each field that stands under `api.dialect` in the text of a workspace file.
///
/// For people who ask where a setting comes from; of a file that cannot be read there are none.
pub fn dialect_lines(text: &str, file: FileId) -> BTreeMap<String, Place> {
    #[derive(Deserialize)]
    struct File {
        api: Api,
    }
    #[derive(Deserialize)]
    struct Api {
        dialect: BTreeMap<String, At<IgnoredAny>>,
    }
    let read = super::parse::<File>(text, file);
    let fields = read.map(|it| it.api.dialect).unwrap_or_default();
    fields.into_iter().map(|(name, it)| (name, it.place(file))).collect()
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

/// Limits on what one plan may do. A limit that is left out has its default.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct GuardsSection {
    /// How much may go.
    #[serde(deserialize_with = "present")]
    pub removals: Option<RemovalsSection>,
    /// Roles that nobody gets without an exception or an approval, and that keep enough holders.
    pub privileged: Vec<At<RoleName>>,
    /// How many holders each privileged role keeps at least; 2 where absent.
    #[serde(deserialize_with = "present")]
    #[schemars(range(min = 1))]
    pub holders: Option<At<u64>>,
    /// Groups and people that lose nothing.
    #[serde(deserialize_with = "present")]
    pub protected: Option<ProtectedSection>,
}

/// How many memberships, roles and groups may go, and how many people may lose everything.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct RemovalsSection {
    /// Most of what exists that may go, in percent, of one group and in all; 30 where absent.
    #[serde(deserialize_with = "present")]
    #[schemars(range(min = 1, max = 100))]
    pub percent: Option<At<u64>>,
    /// The percentage is looked at where at least so many exist; 10 where absent.
    #[serde(deserialize_with = "present")]
    #[schemars(range(min = 1))]
    pub from: Option<At<u64>>,
    /// Most that may go in one apply; 50 where absent.
    #[serde(deserialize_with = "present")]
    pub at_most: Option<At<u64>>,
}

/// Groups and people that lose nothing, by name or pattern (`*`, `?`, `[…]`, `{…}`).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ProtectedSection {
    /// Names of groups, declared or not.
    pub groups: Vec<At<String>>,
    /// Business e-mail addresses; upper and lower case are one.
    pub people: Vec<At<String>>,
}

/// What may go beyond a limit: exactly one of `group`, `person`, `role` and `company`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("required" = ["guard", "upTo", "until", "reason"]))]
pub struct ExceptionEntry {
    /// Which guard.
    #[serde(deserialize_with = "present")]
    #[schemars(extend("enum" = ["removals", "group-emptied", "last-holder", "privileged", "protected"]))]
    pub guard: Option<At<String>>,
    /// For this group, by the name it has, or will have if it is created.
    #[serde(deserialize_with = "present")]
    pub group: Option<At<String>>,
    /// For this person: an e-mail address, or a mapping such as `{ externalId: … }`.
    #[serde(deserialize_with = "present")]
    pub person: Option<At<PersonEntry>>,
    /// For this role.
    #[serde(deserialize_with = "present")]
    pub role: Option<At<RoleName>>,
    /// For this company; beside `group` or `role`: of this company instead of the one of the workspace.
    #[serde(deserialize_with = "present")]
    pub company: Option<At<String>>,
    /// What `removals` counts here; `members` where absent.
    #[serde(deserialize_with = "present")]
    #[schemars(extend("enum" = ["members", "roles", "groups", "people"]))]
    pub of: Option<At<String>>,
    /// The largest number it allows.
    #[serde(deserialize_with = "present")]
    pub up_to: Option<At<u64>>,
    /// The last day (through its end, UTC) or the instant at which it ends.
    #[serde(deserialize_with = "present")]
    pub until: Option<At<String>>,
    /// Why.
    #[serde(deserialize_with = "present")]
    pub reason: Option<At<String>>,
}

/// A person who is cut off everywhere, named by exactly one of four keys.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("required" = ["since", "reason"]))]
pub struct LockoutEntry {
    /// The business e-mail address; upper and lower case are one.
    #[serde(deserialize_with = "present")]
    pub email: Option<At<String>>,
    /// The external id.
    #[serde(deserialize_with = "present")]
    pub external_id: Option<At<String>>,
    /// The employee id.
    #[serde(deserialize_with = "present")]
    pub employee_id: Option<At<String>>,
    /// The API's user id.
    #[serde(deserialize_with = "present")]
    pub user_id: Option<At<String>>,
    /// The day (from its start, UTC) or the instant from which it is in force.
    #[serde(deserialize_with = "present")]
    pub since: Option<At<String>>,
    /// Why.
    #[serde(deserialize_with = "present")]
    pub reason: Option<At<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_of_a_dialect_knows_its_line() {
        let text =
            "version: 1\napi:\n  endpoint: sandbox\n  dialect:\n    groupRole: flat\n    pageLimit: 50\n";
        let lines = dialect_lines(text, FileId(0));
        let lines: Vec<(&str, u32)> = lines.iter().map(|(name, at)| (&**name, at.line.get())).collect();
        assert_eq!(lines, [("groupRole", 5), ("pageLimit", 6)]);
        assert!(dialect_lines("version: 1\n", FileId(0)).is_empty());
    }
}
