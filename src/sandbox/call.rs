//! One request that was let in: what it names and holds, parsed. What it asks for is done by the operations.

use axum::http::Uri;
use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned, ser::SerializeMap};
use serde_json::json;
use uuid::Uuid;

use super::{
    clock::Moment,
    decode,
    dialect::Dialect,
    model::{Company, Group, Reference, Role, Stamps, User},
    reply::{Refusal, Reply},
    request::Pagination,
    route::{Parameters, Route},
    store::Store,
};
use crate::model::{
    ids::{CompanyId, GroupId, RoleId, UserId, parse_uuid},
    object::Object,
};

/// How much of a change is done at once: see [`super::dialect::PatchAtomic`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Additions,
    Removals,
}

/// A request whose sender is known and may make it.
pub(super) struct Call<'c> {
    pub(super) route: Route,
    pub(super) parameters: Parameters<'c>,
    pub(super) uri: &'c Uri,
    pub(super) body: &'c [u8],
    pub(super) by: &'c Reference,
    pub(super) dialect: Dialect,
    pub(super) part: Part,
    pub(super) now: Moment,
}

// All refuse what does not exist with a 404, and what is not of the schema with a 400 that names the field.
impl Call<'_> {
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        decode::json(self.body, self.dialect.unknown_field)
    }

    /// The body as it came, with all that no schema has.
    pub(super) fn object(&self) -> Result<Object, Refusal> {
        serde_json::from_slice(self.body).map_err(|error| Refusal::invalid("body", error.to_string()))
    }

    /// The path's parameter number `at`, called `name` when it is not an id.
    fn id(&self, at: usize, name: &str) -> Result<Uuid, Refusal> {
        let raw = self.parameters[at];
        parse_uuid(raw).ok_or_else(|| Refusal::invalid(name, format!("`{raw}` is not a UUID")))
    }

    pub(super) fn company<'s>(&self, store: &'s Store) -> Result<&'s Company, Refusal> {
        let id = CompanyId(self.id(0, "companyId")?);
        store.company(id).ok_or_else(|| Refusal::not_found("the company"))
    }

    /// The group that the path names; one of another company is not found there, or forbidden.
    pub(super) fn group<'s>(&self, store: &'s Store) -> Result<&'s Group, Refusal> {
        let company = self.company(store)?.id;
        match store.group(GroupId(self.id(1, "groupId")?)) {
            Some(group) if group.company == company => Ok(group),
            Some(_) if u16::from(self.dialect.foreign_group) == 403 => {
                Err(Refusal::forbidden("the user group is of another company"))
            }
            Some(_) | None => Err(Refusal::not_found("the user group")),
        }
    }

    /// The same if its name, description, roles and existence may change.
    pub(super) fn modifiable_group<'s>(&self, store: &'s Store) -> Result<&'s Group, Refusal> {
        let group = self.group(store)?;
        if group.unmodifiable {
            Err(self.unmodifiable("the user group is unmodifiable; only its members can be changed"))
        } else {
            Ok(group)
        }
    }

    pub(super) fn unmodifiable(&self, message: &str) -> Refusal {
        Refusal::forbidden(message).answered(self.dialect.unmodifiable_change.into())
    }

    pub(super) fn role<'s>(&self, store: &'s Store) -> Result<&'s Role, Refusal> {
        let id = RoleId(self.id(0, "roleId")?);
        store.role(id).ok_or_else(|| Refusal::not_found("the role"))
    }

    pub(super) fn user<'s>(&self, store: &'s Store) -> Result<&'s User, Refusal> {
        let id = UserId(self.id(0, "userId")?);
        store.user(id).ok_or_else(|| Refusal::not_found("the user"))
    }

    /// The same with the company; whether inactive users are shown is said by the query.
    pub(super) fn shown_user<'s>(&self, store: &'s Store) -> Result<(&'s User, &'s Company), Refusal> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Options {
            #[serde(default)]
            include_inactive: bool,
        }
        let options: Options = decode::query(self.uri)?;
        let user = self.user(store)?;
        let company = store.company(user.company).filter(|_| user.active || options.include_inactive);
        company.map(|company| (user, company)).ok_or_else(|| Refusal::not_found("the user"))
    }

    /// Who makes what this request makes, and when.
    pub(super) fn stamps(&self) -> Stamps {
        Stamps::new(self.now, self.by)
    }

    /// What a change of a group or a role answers once it is done.
    pub(super) fn done(&self) -> Reply {
        self.dialect.write_answer.reply()
    }

    /// Answers a page of `rows` as the list `name`.
    pub(super) fn page<T, V: Serialize>(
        &self,
        name: &'static str,
        pagination: Pagination,
        rows: impl IntoIterator<Item = T>,
        view: impl Fn(T) -> V,
    ) -> Result<Reply, Refusal> {
        let (rows, total) = pagination.cut(rows.into_iter(), self.dialect)?;
        Reply::json(&Page { name, rows: rows.into_iter().map(view).collect(), total })
    }
}

struct Page<V> {
    name: &'static str,
    rows: Vec<V>,
    total: usize,
}

impl<V: Serialize> Serialize for Page<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut page = serializer.serialize_map(Some(2))?;
        page.serialize_entry(self.name, &self.rows)?;
        page.serialize_entry("pagination", &json!({ "totalNumResults": self.total }))?;
        page.end()
    }
}

/// What `searchText` finds: texts that contain it, whatever the case; without it, all.
pub(super) fn search(text: Option<&str>) -> impl Fn(&str) -> bool {
    let wanted = text.unwrap_or_default().to_lowercase();
    move |text| wanted.is_empty() || text.to_lowercase().contains(&wanted)
}
