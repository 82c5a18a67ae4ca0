//! The dialect: one switch for each behaviour of the API that is not publicly documented (contract §11).
//!
//! What the client has to know as well are the same types as in its own dialect.
//! A switch changes what the server takes and how it answers, never the form in which it stores.
//! The first value of each is the default. A new switch is a field here and one place
//! that asks for it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use crate::model::dialect::{GroupRole, GroupUpdate, MemberRemovalField, PredicateForm, RolesToDelete};

/// All switches; absent ones keep their default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Dialect {
    /// The field that removes members (contract §3.7).
    pub member_removal_field: MemberRemovalField,
    /// What `rolesToDelete` holds (contract §3.10).
    pub roles_to_delete: RolesToDelete,
    /// The shape of an element of a group's role list (contract §3.9).
    pub group_role: GroupRole,
    /// The form of a predicate: the only one taken, and the one given back (contract §4, C1).
    pub predicate: PredicateForm,
    /// What happens to a field of a request that the schema does not name.
    pub unknown_field: UnknownField,
    /// The method that updates a group's name and description (contract §3.4).
    pub group_update: GroupUpdate,
    /// Whether two groups of one company may have the same name (contract §3.3).
    pub duplicate_group_name: DuplicateGroupName,
    /// Whether a group that still has members or roles can be deleted (contract §3.5).
    pub delete_non_empty_group: DeleteNonEmptyGroup,
    /// The largest page that is answered, whatever was asked for (contract §1.1).
    pub max_limit: MaxLimit,
    /// What happens to a request for more than the largest page (contract §1.1).
    pub above_max_limit: AboveMaxLimit,
    /// How scopes are given back (contract §3.10).
    pub scope_echo: ScopeEcho,
    /// What becomes of a role that the group holds already (contract §3.10).
    pub same_role_twice: SameRoleTwice,
    /// Whether one request may take a role away and give it, which is to change its scope (contract §3.10).
    pub scope_change: ScopeChange,
    /// Whether a change of members or roles happens as a whole (contract §3.7 and §3.10).
    pub patch_atomic: PatchAtomic,
    /// What becomes of a member to add who is one already (contract §3.7).
    pub add_present_member: AddPresentMember,
    /// What becomes of a member to remove who is none (contract §3.7).
    pub remove_absent_member: RemoveAbsentMember,
    /// How a member of another company is refused (contract §3.7).
    pub foreign_member: ForeignMember,
    /// How a change of a group that may not change is refused (contract §3.0).
    pub unmodifiable_change: UnmodifiableChange,
    /// How a group is refused that belongs to another company than the path says (contract §3.2).
    pub foreign_group: ForeignGroup,
    /// What `PUT`, `PATCH` and `DELETE` of groups and roles answer when they did it (contract §3.4 to §3.10).
    pub write_answer: WriteAnswer,
    /// Whether the draft operation `POST /v3/users/list` is open to the caller (contract §7.2).
    pub users_list: UsersList,
}

macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident { $(#[$first_doc:meta])* $first:ident, $($(#[$rest_doc:meta])* $rest:ident),+ })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub enum $name { $(#[$first_doc])* #[default] $first, $($(#[$rest_doc])* $rest),+ }
    )*};
}

switches! {
    /// What happens to a field that the schema does not name.
    UnknownField {
        /// 400.
        Reject,
        /// The request is read as if the field were not there.
        Ignore
    }
    /// Whether group names may repeat inside one company.
    DuplicateGroupName {
        /// They may.
        Allow,
        /// 400.
        Reject
    }
    /// Whether a group that still has members or roles can be deleted.
    DeleteNonEmptyGroup {
        /// It can, and they go with it.
        Allow,
        /// 400.
        Reject
    }
    /// What happens to a request for more rows than the largest page has.
    AboveMaxLimit {
        /// It gets the largest page.
        Clamp,
        /// 400.
        Reject
    }
    /// What becomes of a role that the group holds already, under whatever scope.
    SameRoleTwice {
        /// It is listed once more, also where the scope is the same.
        SecondEntry,
        /// Its audiences join those of the entry that is there.
        Merge,
        /// 400.
        Reject
    }
    /// Whether one request may take a role away and give it.
    ScopeChange {
        /// It may.
        Atomic,
        /// 400: it takes two requests.
        Split
    }
    /// Whether a change of members or roles happens as a whole.
    PatchAtomic {
        /// What is refused changes nothing, and no reader sees a half.
        Yes,
        /// Elements are taken one by one, additions before deletions, and readers may come in between.
        /// What came before a refused element stays.
        No
    }
    /// What becomes of a member to add who is one already.
    AddPresentMember {
        /// Nothing.
        Noop,
        /// 400.
        Reject
    }
    /// What becomes of a member to remove who is none.
    RemoveAbsentMember {
        /// Nothing.
        Noop,
        /// 400.
        Reject
    }
    /// What a change of a group or a role answers when it was done.
    WriteAnswer {
        /// 200 without a body.
        Empty,
        /// 200 with `{}`.
        Object,
        /// 204.
        NoContent
    }
    /// How scopes are given back.
    ScopeEcho {
        /// As they were sent.
        AsSent,
        /// Audiences, predicates and values in a fixed order.
        Sorted,
        /// One audience for each value of an audience's only predicate.
        Split
    }
    /// Whether `POST /v3/users/list` is open to the caller.
    UsersList {
        /// It is.
        Available,
        /// 403.
        Refused
    }
}

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident { $first:ident = $first_code:literal, $($rest:ident = $rest_code:literal),+ })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "u16", into = "u16")]
        pub enum $name {
            #[doc = concat!(stringify!($first_code), ".")]
            #[default]
            $first,
            $(#[doc = concat!(stringify!($rest_code), ".")] $rest),+
        }

        impl From<$name> for u16 {
            fn from(status: $name) -> Self {
                match status { $name::$first => $first_code, $($name::$rest => $rest_code),+ }
            }
        }

        impl TryFrom<u16> for $name {
            type Error = String;

            fn try_from(code: u16) -> Result<Self, String> {
                match code {
                    $first_code => Ok(Self::$first),
                    $($rest_code => Ok(Self::$rest),)+
                    _ => Err(format!("{code} is none of {:?}", [$first_code, $($rest_code),+])),
                }
            }
        }
    )*};
}

statuses! {
    /// How a member of another company is refused.
    ForeignMember { BadRequest = 400, Forbidden = 403, NotFound = 404 }
    /// How a change of a group that may not change is refused.
    UnmodifiableChange { Forbidden = 403, BadRequest = 400 }
    /// How a group of another company is refused.
    ForeignGroup { NotFound = 404, Forbidden = 403 }
}

/// The largest page that is answered: in the seed the word `none` or a number of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MaxLimit {
    /// As many rows as were asked for.
    #[default]
    None,
    /// At most this many.
    Rows(u32),
}

impl Serialize for MaxLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_str("none"),
            Self::Rows(rows) => serializer.serialize_u32(*rows),
        }
    }
}

impl<'de> Deserialize<'de> for MaxLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows;
        impl de::Visitor<'_> for Rows {
            type Value = MaxLimit;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`none` or a number of rows, at least 1")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<MaxLimit, E> {
                match word {
                    "none" => Ok(MaxLimit::None),
                    _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }

            fn visit_u64<E: de::Error>(self, rows: u64) -> Result<MaxLimit, E> {
                u32::try_from(rows)
                    .ok()
                    .filter(|rows| *rows > 0)
                    .map(MaxLimit::Rows)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(rows), &self))
            }

            fn visit_i64<E: de::Error>(self, rows: i64) -> Result<MaxLimit, E> {
                self.visit_u64(u64::try_from(rows).unwrap_or(0))
            }
        }
        deserializer.deserialize_any(Rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_dialect_is_the_documented_api() {
        let dialect: Dialect = serde_saphyr::from_str("{}").unwrap();
        assert_eq!(dialect, Dialect::default());
        assert_eq!(dialect.max_limit, MaxLimit::None);
    }

    #[test]
    fn a_dialect_is_written_as_it_is_read() {
        let text = "{\"maxLimit\":7,\"foreignMember\":404,\"writeAnswer\":\"noContent\",\"sameRoleTwice\":\"secondEntry\"}";
        let dialect: Dialect = serde_json::from_str(text).unwrap();
        assert_eq!(dialect.foreign_member, ForeignMember::NotFound);
        assert_eq!(
            serde_json::from_value::<Dialect>(serde_json::to_value(dialect).unwrap()).unwrap(),
            dialect
        );
    }

    #[test]
    fn every_switch_is_read_and_a_misspelt_one_is_refused() {
        let yaml = "memberRemovalField: userIdsToRemove\nrolesToDelete: ids\ngroupRole: flat\nunknownField: ignore\n\
                    groupUpdate: patch\nduplicateGroupName: reject\nmaxLimit: 2\nscopeEcho: split\nusersList: refused\n";
        let dialect: Dialect = serde_saphyr::from_str(yaml).unwrap();
        assert_eq!(dialect.max_limit, MaxLimit::Rows(2));
        assert_eq!(dialect.scope_echo, ScopeEcho::Split);
        assert_eq!(dialect.users_list, UsersList::Refused);
        for wrong in
            ["groupRoles: flat", "groupRole: round", "maxLimit: 0", "maxLimit: some", "foreignGroup: 418"]
        {
            assert!(serde_saphyr::from_str::<Dialect>(wrong).is_err(), "{wrong}");
        }
    }
}
