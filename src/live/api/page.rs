//! One page of a list as the API sends it, whatever the list is called.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use uuid::Uuid;

use super::wire::{Group, Member, Role, Wire};
use crate::model::observed::{GroupRole, User};

/// Rows of a paged list and the name they are listed under.
pub(super) trait Row: Send + for<'de> Deserialize<'de> {
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
    Wire<User>: "users", "users", |row| Some(row.0.id.0);
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
                let mut page = Page { rows: Vec::new(), total: None };
                while let Some(name) = fields.next_key::<Cow<'de, str>>()? {
                    if name == T::FIELD {
                        page.rows = fields.next_value::<Option<_>>()?.unwrap_or_default();
                    } else if name == "pagination" {
                        let pagination = fields.next_value::<Option<Pagination>>()?;
                        page.total = pagination.and_then(|pagination| pagination.total_num_results);
                    } else {
                        fields.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(page)
            }
        }
        deserializer.deserialize_map(Fields(PhantomData))
    }
}
