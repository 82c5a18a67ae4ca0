//! The dialect: one switch for each behaviour of the API that is not publicly documented (contract §11).
//!
//! What the client has to know as well are the same types as in its own dialect. A switch changes what the
//! server takes and how it answers, never the form in which it stores. The first value of each is the default.
//! A new switch is a field here and one place that asks for it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) use crate::model::dialect::{
    GroupRole, GroupUpdate, MemberRemovalField, PredicateForm, RolesToDelete,
};

/// All switches; absent ones keep their default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct Dialect {
    /// The field that removes members (contract §3.7).
    pub(super) member_removal_field: MemberRemovalField,
    /// What `rolesToDelete` holds (contract §3.10).
    pub(super) roles_to_delete: RolesToDelete,
    /// The shape of an element of a group's role list (contract §3.9).
    pub(super) group_role: GroupRole,
    /// The form of a predicate: the only one taken, and the one given back (contract §4, C1).
    pub(super) predicate: PredicateForm,
    /// What happens to a field of a request that the schema does not name.
    pub(super) unknown_field: UnknownField,
    /// The method that updates a group's name and description (contract §3.4).
    pub(super) group_update: GroupUpdate,
    /// Whether two groups of one company may have the same name (contract §3.3).
    pub(super) duplicate_group_name: DuplicateGroupName,
    /// Whether a group that still has members or roles can be deleted, and they with it (contract §3.5).
    pub(super) delete_non_empty_group: DeleteNonEmptyGroup,
    /// The largest page that is answered, whatever was asked for (contract §1.1).
    pub(super) max_limit: MaxLimit,
    /// What happens to a request for more than the largest page (contract §1.1).
    pub(super) above_max_limit: AboveMaxLimit,
    /// How scopes are given back (contract §3.10).
    pub(super) scope_echo: ScopeEcho,
    /// What becomes of a role that the group holds already, on whatever scope (contract §3.10).
    pub(super) same_role_twice: SameRoleTwice,
    /// Whether one request may take a role away and give it, which is to change its scope (contract §3.10).
    pub(super) scope_change: ScopeChange,
    /// Whether a change of members or roles happens as a whole (contract §3.7 and §3.10).
    pub(super) patch_atomic: PatchAtomic,
    /// What becomes of a user to add who is a member already (contract §3.7).
    pub(super) add_present_member: AddPresentMember,
    /// What becomes of a user to remove who is not a member (contract §3.7).
    pub(super) remove_absent_member: RemoveAbsentMember,
    /// How a member of another company is refused (contract §3.7).
    pub(super) foreign_member: Status<400, 403, 404>,
    /// How a change of an unmodifiable group is refused (contract §3.0).
    pub(super) unmodifiable_change: Status<403, 400, 400>,
    /// How a group is refused that belongs to another company than the path says (contract §3.2).
    pub(super) foreign_group: Status<404, 403, 403>,
    /// What `PUT`, `PATCH` and `DELETE` of groups and roles answer when they did it (contract §3.4 to §3.10).
    pub(super) write_answer: WriteAnswer,
    /// What becomes of a user who is deleted (contract §7.4).
    pub(super) user_delete: UserDelete,
    /// Whether two users of one company may have the same e-mail, or the same external id (contract §7.4).
    pub(super) duplicate_user: DuplicateUser,
    /// Whether the draft operation `POST /v3/users/list` is open to the caller (contract §7.2).
    pub(super) users_list: UsersList,
    /// Whether that list looks at the filters by what people are: department, office, persona and such (contract §7.2).
    pub(super) attribute_filters: AttributeFilters,
    /// How its filter by designation compares (contract §7.2).
    pub(super) designations: Designations,
    /// Whether answers hold fields that are false, 0 or empty.
    pub(super) defaults: Defaults,
    /// Which fields of roles outside groups are taken, of those that are read-only or past their sunset (contract §6.1).
    pub(super) direct_role_fields: DirectRoleFields,
}

macro_rules! switches {
    ($($name:ident { $first:ident, $($rest:ident),+ })*) => {$(
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(super) enum $name { #[default] $first, $($rest),+ }
    )*};
}

// `Reject` is a 400 everywhere.
switches! {
    // Ignore: the request is read as if the field were not there.
    UnknownField { Reject, Ignore }
    DuplicateGroupName { Allow, Reject }
    DeleteNonEmptyGroup { Allow, Reject }
    // Clamp: the largest page is answered.
    AboveMaxLimit { Clamp, Reject }
    // SecondEntry: it is listed once more, also where the scope is the same. Merge: its audiences join those there.
    // Replace: its scope takes the place of the one there.
    SameRoleTwice { SecondEntry, Merge, Replace, Reject }
    // Split: 400, it takes two requests.
    ScopeChange { Atomic, Split }
    // Yes: what is refused changes nothing, and no reader sees a half. No: elements are taken one by one, additions
    // before deletions, readers may come in between, and what came before a refused element stays. RemovalsFirst: the
    // same, deletions before additions.
    PatchAtomic { Yes, No, RemovalsFirst }
    AddPresentMember { Noop, Reject }
    RemoveAbsentMember { Noop, Reject }
    // Empty: 200 without a body. Object: 200 with `{}`. NoContent: 204.
    WriteAnswer { Empty, Object, NoContent }
    // Sorted: audiences, predicates and values in a fixed order. Split: one audience for each value of an audience's
    // only predicate.
    ScopeEcho { AsSent, Sorted, Split }
    // Deactivates: the account and all of it stays, and can be activated. Erases: it is gone, from groups as well.
    UserDelete { Deactivates, Erases }
    DuplicateUser { Reject, Allow }
    // Refused: 403.
    UsersList { Available, Refused }
    // Ignored: they are read, and everybody passes.
    AttributeFilters { Applied, Ignored }
    // Folded: upper and lower case are one.
    Designations { Exact, Folded }
    // Dropped: as protobuf's JSON does it unless told otherwise.
    Defaults { Sent, Dropped }
    // Any: whatever is sent is kept. Current: 400 where one of them is sent. AsRead: 400 where one that is there is not.
    DirectRoleFields { Any, Current, AsRead }
}

/// The status that refuses something: one of these numbers, `A` unless another is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub(super) struct Status<const A: u16, const B: u16, const C: u16>(u16);

impl<const A: u16, const B: u16, const C: u16> Default for Status<A, B, C> {
    fn default() -> Self {
        Self(A)
    }
}

impl<const A: u16, const B: u16, const C: u16> From<Status<A, B, C>> for u16 {
    fn from(status: Status<A, B, C>) -> Self {
        status.0
    }
}

impl<const A: u16, const B: u16, const C: u16> TryFrom<u16> for Status<A, B, C> {
    type Error = String;

    fn try_from(code: u16) -> Result<Self, String> {
        let mut choices = vec![A, B, C];
        choices.dedup();
        if choices.contains(&code) { Ok(Self(code)) } else { Err(format!("{code} is none of {choices:?}")) }
    }
}

/// The largest page that is answered: in the seed the word `none` or a number of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub(super) enum MaxLimit {
    #[default]
    None,
    Rows(u32),
}

impl From<MaxLimit> for Value {
    fn from(limit: MaxLimit) -> Self {
        match limit {
            MaxLimit::None => "none".into(),
            MaxLimit::Rows(rows) => rows.into(),
        }
    }
}

impl TryFrom<Value> for MaxLimit {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let rows = value.as_u64().and_then(|it| u32::try_from(it).ok()).filter(|it| *it > 0);
        let limit = rows.map(Self::Rows).or_else(|| (value == "none").then_some(Self::None));
        limit.ok_or_else(|| format!("{value} is neither `none` nor a number of rows, at least 1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{files::deserialize, model::source::FileId};

    #[test]
    fn an_empty_dialect_is_the_documented_api() {
        let dialect: Dialect = deserialize("{}", FileId(0)).unwrap();
        assert_eq!(dialect, Dialect::default());
        assert_eq!(dialect.max_limit, MaxLimit::None);
    }

    #[test]
    fn a_dialect_is_written_as_it_is_read() {
        let text = "{\"maxLimit\":7,\"foreignMember\":404,\"writeAnswer\":\"noContent\",\"sameRoleTwice\":\"secondEntry\"}";
        let dialect: Dialect = serde_json::from_str(text).unwrap();
        assert_eq!(u16::from(dialect.foreign_member), 404);
        assert_eq!(
            serde_json::from_value::<Dialect>(serde_json::to_value(dialect).unwrap()).unwrap(),
            dialect
        );
    }

    #[test]
    fn every_switch_is_read_and_a_misspelt_one_is_refused() {
        let yaml = "memberRemovalField: userIdsToRemove\nrolesToDelete: ids\ngroupRole: flat\nunknownField: ignore\n\
                    groupUpdate: patch\nduplicateGroupName: reject\nmaxLimit: 2\nscopeEcho: split\nusersList: refused\n";
        let dialect: Dialect = deserialize(yaml, FileId(0)).unwrap();
        assert_eq!(dialect.max_limit, MaxLimit::Rows(2));
        assert_eq!(dialect.scope_echo, ScopeEcho::Split);
        assert_eq!(dialect.users_list, UsersList::Refused);
        for wrong in
            ["groupRoles: flat", "groupRole: round", "maxLimit: 0", "maxLimit: some", "foreignGroup: 418"]
        {
            assert!(deserialize::<Dialect>(wrong, FileId(0)).is_err(), "{wrong}");
        }
    }
}
