//! Dialect: the parts of the wire that no document settles, as settings with the likeliest default.
//!
//! Nothing here guesses at run time: a wrong setting is refused or shows in the re-read after a write.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How this endpoint spells what its documentation leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Dialect {
    /// Name of the field that lists members to remove (contract §3.7, not confirmed).
    pub member_removal_field: MemberRemovalField,
    /// Form of one role to take from a group (contract §3.10, not confirmed).
    pub roles_to_delete: RolesToDelete,
    /// Shape of a role in the list of a group's roles (contract §3.9, C6; not confirmed). Every shape is
    /// read whatever this says.
    pub group_role: GroupRole,
    /// Form of a condition of a scope (contract §4, C1). Every form is read whatever this says.
    pub predicate: PredicateForm,
    /// How a role of a group is moved to another scope (contract §3.10, not confirmed).
    pub scope_change: ScopeChange,
    /// Method that changes the name and description of a group (contract §3.4, not confirmed).
    pub group_update: GroupUpdate,
    /// What becomes of an account that is deleted (contract §7.4, not confirmed).
    pub user_delete: UserDelete,
    /// Rows asked for per page, at least 1. The documented default, and the largest limit known
    /// to be accepted somewhere, is 100 (contract §1.1).
    #[schemars(range(min = 1))]
    pub page_limit: u32,
}

impl Dialect {
    /// How a scope can be changed: by id, a deletion would take away what the same request adds.
    pub fn scope_changes(&self) -> ScopeChange {
        match (self.roles_to_delete, self.scope_change) {
            (RolesToDelete::Ids, ScopeChange::Atomic) => ScopeChange::Split,
            (RolesToDelete::Objects | RolesToDelete::Ids, style) => style,
        }
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            member_removal_field: MemberRemovalField::default(),
            roles_to_delete: RolesToDelete::default(),
            group_role: GroupRole::default(),
            predicate: PredicateForm::default(),
            scope_change: ScopeChange::default(),
            group_update: GroupUpdate::default(),
            user_delete: UserDelete::default(),
            page_limit: 100,
        }
    }
}

/// Name of the field that lists members to remove from a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MemberRemovalField {
    /// By analogy with `rolesToDelete`.
    #[default]
    UserIdsToDelete,
    /// The usual antonym of `userIdsToAdd`.
    UserIdsToRemove,
}

impl MemberRemovalField {
    /// The name in a request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserIdsToDelete => "userIdsToDelete",
            Self::UserIdsToRemove => "userIdsToRemove",
        }
    }
}

/// Form of one element of `rolesToDelete`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RolesToDelete {
    /// The same `{roleId, scope}` object that adds a role.
    #[default]
    Objects,
    /// The role's id alone: takes the role away under every scope.
    Ids,
}

/// Shape of one element of the list of a group's roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum GroupRole {
    /// `{role: {id, name, …}, scope}`.
    #[default]
    Nested,
    /// The role's fields, and `scope` among them.
    Flat,
}

/// Form of a predicate, for example of `COMPANY`. `PLATFORM` has no value in any form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PredicateForm {
    /// `{type, comparator: IN, values: […]}`.
    #[default]
    List,
    /// `{type, values: "…"}`: one value each, so that an audience is sent as one for each combination.
    Single,
    /// `{type, id: "…"}`: one value each as well.
    Id,
}

/// How a role of a group is moved to another scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ScopeChange {
    /// By one request that deletes and adds, of which no moment shows a half.
    #[default]
    Atomic,
    /// By two: what narrows is deleted first and added then; what only widens is added, and nothing deleted.
    Split,
    /// By two, and always the deletion first: where a group takes a role only once.
    RevokeFirst,
}

/// Method that updates a group; the body is complete either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum GroupUpdate {
    /// `PUT`, as the sibling role update does.
    #[default]
    Put,
    /// `PATCH`.
    Patch,
}

/// What becomes of an account that is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UserDelete {
    /// Nobody has seen it: no account is deactivated.
    #[default]
    Unknown,
    /// It is deactivated, and comes back when it is activated.
    Deactivates,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_dialect_is_the_documented_one_and_names_are_the_wire_names() {
        let dialect: Dialect = serde_json::from_str("{}").unwrap();
        assert_eq!(dialect, Dialect::default());
        for field in [MemberRemovalField::UserIdsToDelete, MemberRemovalField::UserIdsToRemove] {
            assert_eq!(serde_json::to_value(field).unwrap(), field.as_str());
        }
        assert!(serde_json::from_str::<Dialect>(r#"{"pageLimt": 5}"#).is_err());
    }
}
