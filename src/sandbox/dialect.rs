//! The dialect: one switch for each behaviour of the API that is not publicly documented (contract §11).
//!
//! What the client has to know as well are the same types as in its own dialect.//!
//! A switch changes how the server answers, never what it stores. The first
//! value of each is the default. A new switch is a field here and one place
//! that asks for it.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

pub use crate::dialect::{GroupRole, GroupUpdate, MemberRemovalField, PredicateForm, RolesToDelete};

/// All switches; absent ones keep their default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Dialect {
    /// The field that removes members (contract §3.7).
    pub member_removal_field: MemberRemovalField,
    /// What `rolesToDelete` holds (contract §3.10).
    pub roles_to_delete: RolesToDelete,
    /// The shape of an element of a group's role list (contract §3.9).
    pub group_role: GroupRole,
    /// The form of a predicate, taken and given (contract §4, C1).
    pub predicate: PredicateForm,
    /// What happens to a field of a request that the schema does not name.
    pub unknown_field: UnknownField,
    /// The method that updates a group's name and description (contract §3.4).
    pub group_update: GroupUpdate,
    /// Whether two groups of one company may have the same name (contract §3.3).
    pub duplicate_group_name: DuplicateGroupName,
    /// The largest page that is answered, whatever was asked for (contract §1.1).
    pub max_limit: MaxLimit,
    /// How scopes are given back (contract §3.10).
    pub scope_echo: ScopeEcho,
    /// Whether the draft operation `POST /v3/users/list` is open to the caller (contract §7.2).
    pub users_list: UsersList,
}

macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident { $(#[$first_doc:meta])* $first:ident, $($(#[$rest_doc:meta])* $rest:ident),+ })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
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

/// The largest page that is answered: in the seed the word `none` or a number of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MaxLimit {
    /// As many rows as were asked for.
    #[default]
    None,
    /// At most this many; more is not an error.
    Clamp(u32),
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
                    .map(MaxLimit::Clamp)
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
    fn every_switch_is_read_and_a_misspelt_one_is_refused() {
        let yaml = "memberRemovalField: userIdsToRemove\nrolesToDelete: ids\ngroupRole: flat\nunknownField: ignore\n\
                    groupUpdate: patch\nduplicateGroupName: reject\nmaxLimit: 2\nscopeEcho: split\nusersList: refused\n";
        let dialect: Dialect = serde_saphyr::from_str(yaml).unwrap();
        assert_eq!(dialect.max_limit, MaxLimit::Clamp(2));
        assert_eq!(dialect.scope_echo, ScopeEcho::Split);
        assert_eq!(dialect.users_list, UsersList::Refused);
        for wrong in ["groupRoles: flat", "groupRole: round", "maxLimit: 0", "maxLimit: some"] {
            assert!(serde_saphyr::from_str::<Dialect>(wrong).is_err(), "{wrong}");
        }
    }
}
