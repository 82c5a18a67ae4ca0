//! What is asked: the name of a request, and what asking twice would do.
//!
//! A [`Request`] carries nothing secret or personal, so errors and logs may show it: queries and
//! bodies travel beside it.

use std::{
    fmt::{self, Write as _},
    sync::Arc,
};

use reqwest::Method;
use uuid::Uuid;

use super::rights::{Right, right};

pub(super) const GROUPS: &str = "/v3/companies/{companyId}/user-groups/list";
/// The list of a group's roles; also where they are changed.
pub(super) const GROUP_ROLES: &str = "/v3/companies/{companyId}/user-groups/{groupId}/roles";
/// The list of a group's members; also where they are changed.
pub(super) const MEMBERS: &str = "/v3/companies/{companyId}/user-groups/{groupId}/members";

/// One request, by method and path; shows as `POST /v3/…` with the ids in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub(super) method: Method,
    pub(super) template: &'static str,
    pub(super) path: Box<str>,
    pub(super) effect: Effect,
    /// The ids of what it asks about, each with its name in the path or the body.
    ids: Vec<(&'static str, Uuid)>,
    /// An earlier attempt was sent and never clearly answered: it may have taken effect.
    pub(super) unclear: bool,
    /// Nothing is removed by it.
    pub(super) only_adds: bool,
    /// Sent as `X-Request-Id`, by which both sides can find it again; the API documents no such header
    /// and is free to ignore it.
    pub(super) id: Option<Arc<str>>,
}

/// What sending a request a second time would do (contract §1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it only reads. `GET`, and the `POST`s that list.
    Reads,
    /// Nothing more than the first time did. `PUT` and `DELETE`.
    Idempotent,
    /// It may undo what somebody else did meanwhile: a `PUT` of a list that many change.
    Replaces,
    /// Perhaps something again: creating, and the two group `PATCH`es.
    NotIdempotent,
}

impl Request {
    /// Names a request that only reads. `ids` fill the braces of `template`, in order.
    pub(super) fn reads(method: Method, template: &'static str, ids: &[Uuid]) -> Self {
        Self::new(method, template, ids, Effect::Reads)
    }

    pub(super) fn idempotent(method: Method, template: &'static str, ids: &[Uuid]) -> Self {
        Self::new(method, template, ids, Effect::Idempotent)
    }

    /// Names a write before which somebody has looked, and would have to look again.
    pub(super) fn replaces(method: Method, template: &'static str, ids: &[Uuid]) -> Self {
        Self::new(method, template, ids, Effect::Replaces)
    }

    /// Names a write that may not be repeated unless it surely did not arrive.
    pub(super) fn not_idempotent(method: Method, template: &'static str, ids: &[Uuid]) -> Self {
        Self::new(method, template, ids, Effect::NotIdempotent)
    }

    fn new(method: Method, template: &'static str, ids: &[Uuid], effect: Effect) -> Self {
        Self {
            method,
            template,
            path: filled(template, ids),
            effect,
            ids: named(template).zip(ids.iter().copied()).collect(),
            unclear: false,
            only_adds: false,
            id: None,
        }
    }

    /// Says where it goes, where that is no path of ids.
    pub(super) fn at(self, path: &str) -> Self {
        Self { path: path.into(), ..self }
    }

    /// Notes an id that stands in the query or the body.
    pub(super) fn about(mut self, name: &'static str, id: Uuid) -> Self {
        self.ids.push((name, id));
        self
    }

    /// Returns the id that it asks about under a name.
    pub(super) fn asked(&self, name: &str) -> Option<Uuid> {
        self.ids.iter().find(|it| it.0 == name).map(|it| it.1)
    }

    pub(super) fn identified(self, id: Option<&Arc<str>>) -> Self {
        Self { id: id.cloned(), ..self }
    }

    /// Returns what sending it again would do.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Returns the settings of the dialect that say how its body is spelt.
    pub(super) fn spelt_by(&self) -> &'static [&'static str] {
        let last = self.template.rsplit('/').next().unwrap_or_default();
        match (self.method.as_str(), last) {
            // Who is added is listed under a name that is certain.
            ("PATCH", "members") if self.only_adds => &[],
            ("PATCH", "members") => &["memberRemovalField"],
            ("PATCH", "roles") => &["rolesToDelete", "predicate", "scopeChange"],
            // A list.
            ("POST", "list" | "members" | "roles" | "user-groups") if self.effect == Effect::Reads => {
                &["pageLimit"]
            }
            _ => &[],
        }
    }

    /// Returns the right that it needs, as far as its name tells.
    pub(super) fn right(&self) -> Option<Right> {
        right(self.method.as_str(), self.template)
    }

    /// Whether it asks for a change.
    pub(crate) fn is_write(&self) -> bool {
        match self.effect {
            Effect::Reads => false,
            Effect::Idempotent | Effect::Replaces | Effect::NotIdempotent => true,
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// The names in the braces of a template.
fn named(template: &'static str) -> impl Iterator<Item = &'static str> {
    template.split('{').skip(1).filter_map(|it| Some(it.split_once('}')?.0))
}

fn filled(template: &str, ids: &[Uuid]) -> Box<str> {
    let mut path = String::with_capacity(template.len() + ids.len() * 36);
    let mut ids = ids.iter();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        path.push_str(before);
        match ids.next() {
            // Writing to a `String` cannot fail.
            Some(id) => _ = write!(path, "{id}"),
            None => path.push_str(name),
        }
        rest = after;
    }
    path.push_str(rest);
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_fill_the_braces_in_order() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let request = Request::reads(Method::POST, "/v3/companies/{c}/user-groups/{g}/members", &[a, b]);
        assert_eq!(request.to_string(), format!("POST /v3/companies/{a}/user-groups/{b}/members"));
        assert_eq!(Request::reads(Method::GET, "/v3/permissions", &[]).to_string(), "GET /v3/permissions");
    }
}
