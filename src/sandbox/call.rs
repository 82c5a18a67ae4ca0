//! One request that was let in, and the way to the operation it asks for.

use std::sync::{PoisonError, RwLock};

use axum::http::Uri;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{
    clock::Moment,
    dialect::{Dialect, ForeignGroup, PatchAtomic},
    grants, groups, members,
    model::{Company, Group, Reference, User},
    profiles,
    reply::{Refusal, Reply},
    request, roles,
    route::{Parameters, Route},
    store::Store,
    users,
};
use crate::model::ids::{CompanyId, GroupId, UserId, parse_uuid};

/// What became of a request.
pub(super) struct Outcome {
    pub(super) reply: Result<Reply, Refusal>,
    /// For a write, the generation of the store that it made; a refused one may have done a part.
    pub(super) applied: Option<u64>,
}

/// How much of a change is done at once: see [`PatchAtomic`].
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

impl Call<'_> {
    /// Returns the request in the body.
    ///
    /// # Errors
    /// A 400 that names the field.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        request::parse(self.body, self.dialect.unknown_field)
    }

    /// Returns the path's first parameter as an id, called `name` when it is none.
    pub(super) fn id(&self, name: &str) -> Result<Uuid, Refusal> {
        parameter(self.parameters[0], name)
    }

    /// Returns the company that the path names.
    pub(super) fn company<'s>(&self, store: &'s Store) -> Result<&'s Company, Refusal> {
        let id = CompanyId(self.id("companyId")?);
        store.company(id).ok_or_else(|| Refusal::not_found("the company"))
    }

    /// Returns the group that the path names; one of another company is not found there, or forbidden.
    pub(super) fn group<'s>(&self, store: &'s Store) -> Result<&'s Group, Refusal> {
        let company = self.company(store)?.id;
        let id = GroupId(parameter(self.parameters[1], "groupId")?);
        match store.group(id) {
            Some(group) if group.company == company => Ok(group),
            None => Err(Refusal::not_found("the user group")),
            Some(_) => match self.dialect.foreign_group {
                ForeignGroup::NotFound => Err(Refusal::not_found("the user group")),
                ForeignGroup::Forbidden => Err(Refusal::forbidden("the user group is of another company")),
            },
        }
    }

    /// Returns the group that the path names if its name, description, roles and existence may change.
    pub(super) fn modifiable_group<'s>(&self, store: &'s Store) -> Result<&'s Group, Refusal> {
        let group = self.group(store)?;
        if group.unmodifiable {
            let refusal =
                Refusal::forbidden("the user group is unmodifiable; only its members can be changed");
            Err(refusal.answered(self.dialect.unmodifiable_change.into()))
        } else {
            Ok(group)
        }
    }

    /// Returns the user that the path names.
    pub(super) fn user<'s>(&self, store: &'s Store) -> Result<&'s User, Refusal> {
        let id = UserId(self.id("userId")?);
        store.user(id).ok_or_else(|| Refusal::not_found("the user"))
    }

    /// Returns what a change of a group or a role answers once it is done.
    pub(super) fn done(&self) -> Reply {
        self.dialect.write_answer.reply()
    }

    /// Does what was asked, in one part or, where the dialect knows no whole, in two.
    pub(super) fn carry_out(&self, store: &RwLock<Store>) -> Outcome {
        let parted = matches!(self.route, Route::PatchMembers | Route::PatchGrants);
        match self.dialect.patch_atomic {
            PatchAtomic::No if parted => {
                let first = Self { part: Part::Additions, ..*self }.carry_out_part(store);
                if first.reply.is_err() {
                    return first;
                }
                let second = Self { part: Part::Removals, ..*self }.carry_out_part(store);
                Outcome { applied: second.applied.or(first.applied), ..second }
            }
            PatchAtomic::Yes | PatchAtomic::No => self.carry_out_part(store),
        }
    }

    fn carry_out_part(&self, store: &RwLock<Store>) -> Outcome {
        let read = || store.read().unwrap_or_else(PoisonError::into_inner);
        // The generation is taken under the same lock, so that its order is that of the changes.
        let write = |change: fn(&mut Store, &Self) -> Result<Reply, Refusal>| {
            let mut store = store.write().unwrap_or_else(PoisonError::into_inner);
            let before = store.generation();
            let reply = change(&mut store, self);
            let after = store.generation();
            Outcome { reply, applied: (after != before).then_some(after) }
        };
        let reply = match self.route {
            Route::ListGroups => groups::list(&read(), self),
            Route::ListGroupsOfUser => groups::list_of_user(&read(), self),
            Route::GetGroup => groups::get(&read(), self),
            Route::CreateGroup => return write(groups::create),
            Route::PutGroup | Route::PatchGroup => return write(groups::update),
            Route::DeleteGroup => return write(groups::delete),
            Route::ListMembers => members::list(&read(), self),
            Route::PatchMembers => return write(members::patch),
            Route::ListGrants => grants::list(&read(), self),
            Route::PatchGrants => return write(grants::patch),
            Route::ListRoles => roles::list(&read(), self),
            Route::CreateRole => return write(roles::create),
            Route::GetRole => roles::get(&read(), self),
            Route::PutRole => return write(roles::update),
            Route::DeleteRole => return write(roles::delete),
            Route::ListPermissions => roles::permissions(),
            Route::ListCompanyPermissions => self.company(&read()).and_then(|_| roles::permissions()),
            Route::GetRbacInfo => roles::rbac_info(&read(), self),
            Route::ListUsers => users::list(&read(), self),
            Route::QueryUsers => users::query(&read(), self),
            Route::CreateUser => return write(profiles::create),
            Route::GetBusinessInfo => profiles::business_info(&read(), self),
            Route::PutBusinessInfo => return write(profiles::put_business_info),
            Route::GetUser => users::get(&read(), self),
            Route::DeleteUser => return write(users::delete),
            Route::ActivateUser => return write(users::activate),
            Route::GetLegacyRoles => users::legacy_roles(&read(), self),
            Route::PutLegacyRoles => return write(users::put_legacy_roles),
            Route::FetchToken => Err(Refusal::broken("a token is not fetched with a token")),
        };
        Outcome { reply, applied: None }
    }
}

fn parameter(raw: &str, name: &str) -> Result<Uuid, Refusal> {
    parse_uuid(raw).ok_or_else(|| Refusal::invalid(name, format!("`{raw}` is not a UUID")))
}

/// Returns whether `text` contains `folded`, which is in lower case, whatever the case of `text`.
pub(super) fn contains_folded(text: &str, folded: &str) -> bool {
    text.to_lowercase().contains(folded)
}
