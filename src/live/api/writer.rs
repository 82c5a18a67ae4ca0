//! Every change the API can be asked for, each exactly one request. Nothing here decides or reads.
//!
//! A failed write may still have happened: ask [`ApiError::ambiguous`] and read again.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use serde::{
    Serialize, Serializer,
    de::{DeserializeOwned, IgnoredAny},
    ser::SerializeMap,
};
use serde_json::value::RawValue;

use super::{
    ApiError, Dialect, Group, GroupUpdate, Request, RolesToDelete,
    about::{self, About},
    connection::Connection,
    reply::Reply,
    request::{GROUP_ROLES, MEMBERS},
    wire::{Created, Echo},
};
use crate::model::{
    ids::{CompanyId, GroupId, RoleId, UserId},
    name,
    observed::GroupRole,
    part::Part,
    scope::Scope,
};

/// The writing half of a client. Cheap to clone; clones share the connection.
#[derive(Clone)]
pub struct Writer {
    pub(super) connection: Arc<Connection>,
    dialect: Dialect,
    pub(super) request_id: Option<Arc<str>>,
}

#[derive(Serialize)]
struct Description<'a> {
    name: &'a str,
    description: &'a str,
}

struct Members<'a> {
    add: &'a [UserId],
    remove: &'a [UserId],
    removal_field: &'static str,
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_map(None)?;
        body.serialize_entry("userIdsToAdd", self.add)?;
        // The field's name is not certain: it is not sent where it is not needed (contract §3.7).
        if !self.remove.is_empty() {
            body.serialize_entry(self.removal_field, self.remove)?;
        }
        body.end()
    }
}

/// Both arrays always, empty where unused (contract §3.10).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Roles<'a> {
    roles_to_add: Vec<GroupRole>,
    roles_to_delete: Deletions<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Deletions<'a> {
    Objects(&'a [GroupRole]),
    Ids(Vec<RoleId>),
}

const GROUP: &str = "/v3/companies/{companyId}/user-groups/{groupId}";

impl Writer {
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        Self { dialect: connection.dialect, connection, request_id: None }
    }

    /// Returns the same writer, which spells what no document settles in another way.
    #[must_use]
    pub fn speaking(&self, dialect: Dialect) -> Self {
        Self { dialect, ..self.clone() }
    }

    /// Returns the same writer, which sends this id with every request.
    #[must_use]
    pub fn with_request_id(&self, id: &str) -> Self {
        Self { request_id: Some(id.into()), ..self.clone() }
    }

    /// Creates an empty group and returns its id (contract §3.3), once that is not somebody else's: it would be filled,
    /// or deleted again. One that is not shown yet is not.
    ///
    /// # Errors
    /// Any [`ApiError`]; after an ambiguous one look for the name before creating again.
    pub async fn create_group(
        &self,
        company: CompanyId,
        name: &str,
        description: &str,
    ) -> Result<GroupId, ApiError> {
        let request =
            Request::not_idempotent(Method::POST, "/v3/companies/{companyId}/user-groups", &[company.0]);
        let request = request.identified(self.request_id.as_ref());
        let body = encoded(&Description { name, description });
        let created: Created<GroupId> = self.connection.decoded(&request, "", &body).await?;
        let look = Request::reads(Method::GET, GROUP, &[company.0, created.id.0]);
        let what = match self.connection.decoded::<Group>(&look, "", b"").await {
            Ok(shown) if *shown.name == *name::composed(name) => return Ok(created.id),
            Ok(_) => format!("groupId is {}, a group of another name", created.id),
            Err(ApiError::Another { what, .. }) => what.into(),
            Err(_) => return Ok(created.id),
        };
        Err(ApiError::Another { request: Box::new(request), what: what.into() })
    }

    /// Sets the name and the description of a group (contract §3.4).
    ///
    /// The method is not documented: where the one set is not allowed (405), the other is tried.
    pub async fn update_group(
        &self,
        company: CompanyId,
        group: GroupId,
        name: &str,
        description: &str,
    ) -> Result<(), ApiError> {
        let other = match self.dialect.group_update {
            GroupUpdate::Put => GroupUpdate::Patch,
            GroupUpdate::Patch => GroupUpdate::Put,
        };
        match self.update_group_by(self.dialect.group_update, company, group, (name, description)).await {
            Err(ApiError::Refused { status: 405, .. }) => {
                self.update_group_by(other, company, group, (name, description)).await
            }
            result => result,
        }
    }

    /// Sets the name and the description of a group by one method and no other.
    pub async fn update_group_by(
        &self,
        method: GroupUpdate,
        company: CompanyId,
        group: GroupId,
        (name, description): (&str, &str),
    ) -> Result<(), ApiError> {
        let method = match method {
            GroupUpdate::Put => Method::PUT,
            GroupUpdate::Patch => Method::PATCH,
        };
        // The body is complete, so even as a PATCH a second time changes nothing.
        let body = encoded(&Description { name, description });
        let request = Request::idempotent(method, GROUP, &[company.0, group.0]);
        self.answered::<Echo>(&request, "", &body).await
    }

    /// Deletes a group; one that does not exist counts as deleted (contract §3.5).
    pub async fn delete_group(&self, company: CompanyId, group: GroupId) -> Result<(), ApiError> {
        match self.write(&Request::idempotent(Method::DELETE, GROUP, &[company.0, group.0]), b"").await {
            Err(ApiError::Refused { status: 404, .. }) => Ok(()),
            result => result,
        }
    }

    /// Adds and removes members (contract §3.7). The caller keeps batches to about 100 people.
    ///
    /// # Errors
    /// Any [`ApiError`]; after an ambiguous one read the members before repeating.
    pub async fn patch_members(
        &self,
        company: CompanyId,
        group: GroupId,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<(), ApiError> {
        let removal_field = self.dialect.member_removal_field.as_str();
        let body = encoded(&Members { add, remove, removal_field });
        let mut request = Request::not_idempotent(Method::PATCH, MEMBERS, &[company.0, group.0]);
        request.only_adds = remove.is_empty();
        self.write(&request, &body).await
    }

    /// Gives roles to a group and takes roles from it (contract §3.10).
    ///
    /// # Errors
    /// Any [`ApiError`]; after an ambiguous one read the roles before repeating.
    pub async fn patch_roles(
        &self,
        company: CompanyId,
        group: GroupId,
        add: &[(RoleId, Scope)],
        remove: &[GroupRole],
    ) -> Result<(), ApiError> {
        let roles_to_delete = match self.dialect.roles_to_delete {
            RolesToDelete::Objects => Deletions::Objects(remove),
            RolesToDelete::Ids => {
                let mut ids: Vec<_> = remove.iter().map(|role| role.role).collect();
                ids.sort_unstable();
                ids.dedup();
                Deletions::Ids(ids)
            }
        };
        let form = self.dialect.predicate;
        let addition = |(role, scope): &(RoleId, Scope)| GroupRole {
            role: *role,
            scope: Some(scope.to_wire_as(form).into()),
        };
        let body = encoded(&Roles { roles_to_add: add.iter().map(addition).collect(), roles_to_delete });
        self.write(&Request::not_idempotent(Method::PATCH, GROUP_ROLES, &[company.0, group.0]), &body).await
    }

    /// Replaces all roles that a user holds outside groups, in one (contract §6.1).
    ///
    /// Sent once, whatever the answer, and only if its turn comes soon: what was read before may be no longer
    /// so after a wait.
    ///
    /// # Errors
    /// Any [`ApiError`]; read the roles before it is sent again.
    pub async fn put_direct_roles(&self, user: UserId, roles: &[Box<RawValue>]) -> Result<(), ApiError> {
        #[derive(Serialize)]
        struct Roles<'a> {
            roles: &'a [Box<RawValue>],
        }
        let request = Request::replaces(Method::PUT, Part::Roles.template(), &[user.0]);
        self.write(&request, &encoded(&Roles { roles })).await
    }

    /// How it spells what no document settles.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Waits before it is looked whether a write that failed so, for the `failed`th time, was made all the same.
    /// Gives the error back where it may be sent once more if it was not.
    ///
    /// # Errors
    /// What the attempts came to, where there shall be no other.
    pub async fn before_look(&self, error: ApiError, failed: u32) -> Result<ApiError, ApiError> {
        self.connection.sender.before_look(error, failed).await
    }

    /// Waits before something is looked at and sent again, and lets it be known that this is what goes on.
    pub async fn wait(&self, wait: Duration) {
        self.connection.sender.wait(wait).await;
    }

    /// Sends a write whose answer says nothing of use: it may be empty, or any JSON (contract C22).
    async fn write(&self, request: &Request, body: &[u8]) -> Result<(), ApiError> {
        self.answered::<IgnoredAny>(request, "", body).await
    }

    /// Sends a write, and compares what its answer says, if it says anything.
    pub(super) async fn answered<T: About + DeserializeOwned + Send>(
        &self,
        request: &Request,
        query: &str,
        body: &[u8],
    ) -> Result<(), ApiError> {
        let request = &request.clone().identified(self.request_id.as_ref());
        let read = |reply: Reply| {
            // Anything else, a login page for instance, does not come from the API.
            if reply.body.trim_ascii().is_empty() {
                return Ok(());
            }
            about::compared(request, reply.decode::<T>(request)?).map(drop)
        };
        self.connection.send(request, query, body, read).await
    }
}

pub(super) fn encoded(body: &impl Serialize) -> Vec<u8> {
    // Bodies are strings, ids and raw JSON: none of them can fail to be written.
    serde_json::to_vec(body).unwrap_or_default()
}
