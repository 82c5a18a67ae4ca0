//! `rolecall.yaml`: which API, whose groups, which files, names for ids, and the rules of a plan; and the policy beside it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, de::IgnoredAny};

use super::{
    At, decode,
    entry::{ApiSection, PersonEntry, RoleName, person_keys},
    shape::Given,
};
use crate::model::{
    rules::Unmanaged,
    source::{FileId, Place},
};

/// The settings of a workspace: the file `rolecall.yaml` at its top.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("required" = ["version"]))]
pub struct WorkspaceFile {
    /// The version of this format. Always 1.
    #[schemars(range(min = 1, max = 1))]
    pub(crate) version: Given<At<u64>>,
    /// Which API to talk to.
    pub api: Given<ApiSection>,
    /// Whose groups these are: a company id, or a name from `ids`.
    pub company: Given<At<String>>,
    /// Glob patterns of the access files, relative to this file; one that begins with `!` leaves files out.
    /// `access/**/*.yaml` where absent.
    pub(crate) access: Given<Vec<At<String>>>,
    /// Names for the UUIDs that scopes and `company` point at.
    pub(crate) ids: Ids,
    /// What is done about groups that no file names: `ignore`, `report` (where absent) or `forbid`.
    pub(crate) unmanaged: Given<Unmanaged>,
    /// Limits on what one plan may do.
    pub(crate) guards: Given<GuardsSection>,
    /// What may go beyond a limit: one thing, so far, until then, and why.
    pub(crate) exceptions: Vec<At<ExceptionEntry>>,
    /// People who are cut off everywhere, ahead of everything else.
    pub(crate) lockout: Vec<At<LockoutEntry>>,
}

/// A policy: limits that the files of a workspace cannot loosen, and that their exceptions do not lift.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("required" = ["version"]))]
pub struct PolicyFile {
    /// The version of this format. Always 1.
    #[schemars(range(min = 1, max = 1))]
    pub(crate) version: Given<At<u64>>,
    /// The limits, as in `rolecall.yaml`. What is left out sets nothing.
    pub(crate) guards: Given<GuardsSection>,
}

/// The place of each field under `api.dialect`; none of a file that cannot be decoded.
pub fn dialect_lines(text: &str, file: FileId) -> BTreeMap<String, Place> {
    #[derive(Deserialize)]
    struct File {
        api: Api,
    }
    #[derive(Deserialize)]
    struct Api {
        dialect: BTreeMap<String, At<IgnoredAny>>,
    }
    let read = decode::<File>(text, file);
    let fields = read.map(|it| it.api.dialect).unwrap_or_default();
    fields.into_iter().map(|(name, it)| (name, it.place(file))).collect()
}

/// Names for UUIDs, by what they identify.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Ids {
    /// Companies: client organisations and TMCs.
    pub(crate) company: BTreeMap<String, At<String>>,
    /// Legal entities.
    pub(crate) legal_entity: BTreeMap<String, At<String>>,
}

/// Limits on what one plan may do. A limit that is left out has its default.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct GuardsSection {
    /// How much may go.
    pub(crate) removals: Given<RemovalsSection>,
    /// How many people may be cut off everywhere.
    pub(crate) lockouts: Given<LockoutsSection>,
    /// What nobody gets without an exception or an approval, and what keeps enough holders, beside the roles that carry
    /// `ACCESS_MANAGEMENT`, which always are: roles, permissions that make a role one of them, and types of direct roles.
    /// `[]` switches it off.
    pub(crate) privileged: Given<Vec<At<RoleName>>>,
    /// How many holders each privileged role keeps at least; 2 where absent.
    #[schemars(range(min = 1))]
    pub(crate) holders: Given<At<u64>>,
    /// Groups and people that lose nothing.
    pub(crate) protected: Given<ProtectedSection>,
}

/// How many people may lose access, and how many memberships, roles and groups may go.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct RemovalsSection {
    /// Most of what exists that may go, in percent, of one group and in all; 30 where absent.
    #[schemars(range(min = 1, max = 100))]
    pub(crate) percent: Given<At<u64>>,
    /// The percentage is looked at where at least so many exist; 10 where absent.
    #[schemars(range(min = 1))]
    pub(crate) from: Given<At<u64>>,
    /// Most that may go in one apply; 50 where absent.
    pub(crate) at_most: Given<At<u64>>,
}

/// How much may go by `lockout:`, which waits for no other limit on removals. More takes an approval of the plan.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct LockoutsSection {
    /// Most people who are cut off in one apply; 5 where absent.
    pub(crate) people: Given<At<u64>>,
    /// Most memberships that go by that in one apply; 100 where absent.
    pub(crate) memberships: Given<At<u64>>,
}

/// Groups and people that lose nothing, by name or pattern (`*`, `?`, `[…]`, `{…}`).
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct ProtectedSection {
    /// Names of groups, declared or not.
    pub(crate) groups: Vec<At<String>>,
    /// Business e-mail addresses; upper and lower case are one.
    pub(crate) people: Vec<At<String>>,
}

/// What may go beyond a limit: by `group`, `person`, `role` or `company`; of several all must be so.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[schemars(extend("required" = ["guard", "upTo", "until", "reason"]))]
pub(crate) struct ExceptionEntry {
    /// Which guard.
    #[schemars(extend("enum" = ["removals", "group-emptied", "last-holder", "privileged", "protected"]))]
    pub(crate) guard: Given<At<String>>,
    /// For this group, by the name it has, or will have if it is created.
    pub(crate) group: Given<At<String>>,
    /// For this person: an e-mail address, or a mapping such as `{ externalId: … }`.
    pub(crate) person: Given<At<PersonEntry>>,
    /// For this role.
    pub(crate) role: Given<At<RoleName>>,
    /// For this company; beside others: of this company instead of the one of the workspace.
    pub(crate) company: Given<At<String>>,
    /// What `removals` counts here; `members` where absent.
    #[schemars(extend("enum" = ["members", "roles", "groups", "people"]))]
    pub(crate) of: Given<At<String>>,
    /// The largest number it allows.
    pub(crate) up_to: Given<At<u64>>,
    /// The last day (through its end, UTC) or the instant at which it ends.
    pub(crate) until: Given<At<String>>,
    /// Why.
    pub(crate) reason: Given<At<String>>,
}

person_keys! {
    /// A person who is cut off everywhere, named by exactly one of four keys.
    #[schemars(extend("required" = ["since", "reason"]))]
    LockoutEntry {
        /// The day (from its start, UTC) or the instant from which it is in force.
        pub(crate) since: Given<At<String>>,
        /// Why.
        pub(crate) reason: Given<At<String>>,
    }
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
