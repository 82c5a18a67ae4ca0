//! The questions that a reading asks, whoever answers them: the API, or a snapshot of it.
//!
//! One way to read, so that a plan from a snapshot is the plan from the API by construction.

use std::future::Future;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{
    live::api::{self, GroupRole, Reader},
    model::{
        direct::DirectRoles,
        ids::{CompanyId, GroupId, PersonRef, RoleId, UserId},
        snapshot::{GroupHead, RoleHead, User},
    },
};

use super::{FetchError, GROUPS_AT_ONCE};

/// Answers what is asked about companies, groups and people. Every list is whole, or an error.
pub trait Questions {
    /// Returns all groups of a company.
    fn list_groups(&self, company: CompanyId) -> impl Future<Output = Result<Vec<GroupHead>, FetchError>>;

    /// Returns those of `groups` that a company has, by a list of just these.
    fn groups_among(
        &self,
        company: CompanyId,
        groups: &[GroupId],
    ) -> impl Future<Output = Result<Vec<GroupHead>, FetchError>>;

    /// Returns all roles that a company may assign.
    fn list_roles(&self, company: CompanyId) -> impl Future<Output = Result<Vec<RoleHead>, FetchError>>;

    /// Returns all members of a group.
    fn list_members(
        &self,
        company: CompanyId,
        group: GroupId,
    ) -> impl Future<Output = Result<Vec<UserId>, FetchError>>;

    /// Returns those of `users` who are members of a group, by a list of just these.
    fn members_among(
        &self,
        company: CompanyId,
        group: GroupId,
        users: &[UserId],
    ) -> impl Future<Output = Result<Vec<UserId>, FetchError>>;

    /// Returns every role of a group, once per scope.
    fn list_group_roles(
        &self,
        company: CompanyId,
        group: GroupId,
    ) -> impl Future<Output = Result<Vec<GroupRole>, FetchError>>;

    /// Returns what a group holds of `roles`, by a list of just these.
    fn roles_among(
        &self,
        company: CompanyId,
        group: GroupId,
        roles: &[RoleId],
    ) -> impl Future<Output = Result<Vec<GroupRole>, FetchError>>;

    /// Returns whom the references find in the directory of a company.
    fn find_users(
        &self,
        company: CompanyId,
        people: &[PersonRef],
    ) -> impl Future<Output = Result<Vec<User>, FetchError>>;

    /// Returns whom one reference finds when it is asked for alone.
    fn query_user(
        &self,
        company: CompanyId,
        person: &PersonRef,
    ) -> impl Future<Output = Result<Vec<User>, FetchError>>;

    /// Returns the groups a user is in, each with its company.
    fn groups_of_user(
        &self,
        user: UserId,
    ) -> impl Future<Output = Result<Vec<(CompanyId, GroupHead)>, FetchError>>;

    /// Returns the roles a user holds outside groups; `None` where the token may not know.
    fn direct_roles(&self, user: UserId) -> impl Future<Output = Result<Option<DirectRoles>, FetchError>>;
}

impl Questions for Reader {
    async fn list_groups(&self, company: CompanyId) -> Result<Vec<GroupHead>, FetchError> {
        Ok(Self::list_groups(self, company).await?.into_iter().map(|it| head(it).1).collect())
    }

    async fn groups_among(
        &self,
        company: CompanyId,
        groups: &[GroupId],
    ) -> Result<Vec<GroupHead>, FetchError> {
        let found = Self::groups_among(self, company, groups).await?;
        Ok(found.into_iter().map(|it| head(it).1).collect())
    }

    async fn list_roles(&self, company: CompanyId) -> Result<Vec<RoleHead>, FetchError> {
        let roles = stream::iter(Self::list_roles(self, company).await?).map(|it| async move {
            let manages_access = match &it.permissions {
                Some(permissions) => manage_access(permissions),
                None => may_manage_access(self, it.id).await?,
            };
            Ok(RoleHead { id: it.id, name: it.name, platform: it.is_platform_role, manages_access })
        });
        roles.buffered(GROUPS_AT_ONCE).try_collect().await
    }

    async fn list_members(&self, company: CompanyId, group: GroupId) -> Result<Vec<UserId>, FetchError> {
        Ok(Self::list_members(self, company, group).await?)
    }

    async fn members_among(
        &self,
        company: CompanyId,
        group: GroupId,
        users: &[UserId],
    ) -> Result<Vec<UserId>, FetchError> {
        Ok(Self::members_among(self, company, group, users).await?)
    }

    async fn list_group_roles(
        &self,
        company: CompanyId,
        group: GroupId,
    ) -> Result<Vec<GroupRole>, FetchError> {
        Ok(Self::list_group_roles(self, company, group).await?)
    }

    async fn roles_among(
        &self,
        company: CompanyId,
        group: GroupId,
        roles: &[RoleId],
    ) -> Result<Vec<GroupRole>, FetchError> {
        Ok(Self::roles_among(self, company, group, roles).await?)
    }

    async fn find_users(&self, company: CompanyId, people: &[PersonRef]) -> Result<Vec<User>, FetchError> {
        Ok(Self::find_users(self, company, people).await?)
    }

    async fn query_user(&self, company: CompanyId, person: &PersonRef) -> Result<Vec<User>, FetchError> {
        Ok(Self::query_user(self, company, person).await?)
    }

    async fn groups_of_user(&self, user: UserId) -> Result<Vec<(CompanyId, GroupHead)>, FetchError> {
        Ok(Self::groups_of_user(self, user).await?.into_iter().map(head).collect())
    }

    async fn direct_roles(&self, user: UserId) -> Result<Option<DirectRoles>, FetchError> {
        match Self::direct_roles(self, user).await {
            Ok(roles) => Ok(Some(roles)),
            Err(error) if matches!(error.refused(), Some(403 | 404)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn head(group: api::Group) -> (CompanyId, GroupHead) {
    let api::Group { id, name, description, unmodifiable, company, .. } = group;
    (company, GroupHead { id, name, description, unmodifiable })
}

/// Asks what a role permits of which the list does not say it. What nobody says may be access management.
async fn may_manage_access(reader: &Reader, role: RoleId) -> Result<bool, FetchError> {
    match reader.get_role(role).await {
        Ok(role) => Ok(role.permissions.is_none_or(|it| manage_access(&it))),
        Err(error) if error.refused().is_some() => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Whether permissions let their holder change who may do what (contract §5.2, §8).
fn manage_access(permissions: &[api::PermittedActions]) -> bool {
    permissions
        .iter()
        .filter(|it| &*it.permission == "ACCESS_MANAGEMENT")
        .any(|it| it.actions.iter().any(|action| matches!(&**action, "ALL" | "WRITE")))
}
