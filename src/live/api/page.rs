//! One page of a list as the API sends it, whatever the list is called.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};
use uuid::Uuid;

use super::{
    about::About,
    wire::{Group, Member, Role, Told, Wire},
};
use crate::model::observed::GroupRole;

/// Rows of a paged list and the name they are listed under.
pub(super) trait Row: About + Send + for<'de> Deserialize<'de> {
    const FIELD: &'static str;
    const LIST: &'static str;
    /// What no two rows of a complete list share; `None` where repetition is legitimate.
    fn key(&self) -> Option<Uuid>;
}

macro_rules! rows {
    ($($name:ty: $field:literal, $list:literal, $key:expr;)*) => {$(
        impl Row for $name {
            const FIELD: &'static str = $field;
            const LIST: &'static str = $list;
            fn key(&self) -> Option<Uuid> {
                let key: fn(&Self) -> Option<Uuid> = $key;
                key(self)
            }
        }
    )*};
}
rows! {
    Group: "userGroups", "user groups", |row| Some(row.id.0);
    Member: "members", "members", |row| Some(row.user_id.0);
    Role: "roles", "roles", |row| Some(row.id.0);
    // The same role may be held under several scopes, or twice under one (contract §3.9).
    Wire<GroupRole>: "roles", "roles of the group", |_| None;
    Told: "users", "users", |row| Some(row.id().0);
}

/// One page of a list: its rows and how many the list has.
pub(super) struct Page<T> {
    pub(super) rows: Vec<T>,
    pub(super) total: Option<u64>,
}

impl<'de, T: Row> Deserialize<'de> for Page<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);
        impl<'de, T: Row> Visitor<'de> for Fields<T> {
            type Value = Page<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a page of {}", T::LIST)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Page<T>, A::Error> {
                #[derive(Deserialize)]
                #[serde(rename_all = "camelCase")]
                struct Pagination {
                    #[serde(default)]
                    total_num_results: Option<u64>,
                }
                let (mut rows, mut pagination) = (None, None);
                while let Some(name) = fields.next_key::<Cow<'de, str>>()? {
                    if name == T::FIELD {
                        once(&mut rows, T::FIELD, fields.next_value::<Option<Vec<T>>>()?)?;
                    } else if name == "pagination" {
                        once(&mut pagination, "pagination", fields.next_value::<Option<Pagination>>()?)?;
                    } else {
                        fields.next_value::<IgnoredAny>()?;
                    }
                }
                let (rows, pagination) = (rows.flatten(), pagination.flatten());
                let mut total = pagination.as_ref().and_then(|it| it.total_num_results);
                // An encoder that leaves out what is 0 or empty answers `{"pagination":{}}` for an empty list; where the
                // rows are told, so would the total be.
                if pagination.is_some() && rows.is_none() {
                    total.get_or_insert(0);
                }
                Ok(Page { rows: rows.unwrap_or_default(), total })
            }
        }
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// Keeps a field; one that comes twice is an error, as it is for every other answer.
fn once<T, E: Error>(kept: &mut Option<T>, field: &'static str, value: T) -> Result<(), E> {
    if kept.replace(value).is_some() { Err(E::duplicate_field(field)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_that_is_left_out_is_told_by_nothing_but_an_empty_page() {
        for (body, total) in [
            (r#"{"members":[],"pagination":{"totalNumResults":0}}"#, Some(0)),
            (r#"{"pagination":{"totalNumResults":7}}"#, Some(7)),
            (r#"{"pagination":{}}"#, Some(0)),
            (r#"{"members":null,"pagination":{}}"#, Some(0)),
            (r#"{"members":[],"pagination":{}}"#, None),
            (r#"{"members":[],"pagination":null}"#, None),
            (r#"{"pagination":null}"#, None),
            (r#"{"members":[]}"#, None),
            ("{}", None),
        ] {
            let page: Page<Member> = serde_json::from_str(body).unwrap();
            assert_eq!((page.rows.len(), page.total), (0, total), "{body}");
        }
    }
}
