//! A snapshot, asked like the API: no request is sent.

use crate::{
    live::{api::GroupRole, recording::Answers},
    model::{
        direct::DirectRoles,
        ids::{CompanyId, GroupId, PersonRef, RoleId, UserId},
        snapshot::{GroupHead, RoleHead, User},
    },
};

use super::{FetchError, Questions};

impl Questions for Answers {
    async fn list_groups(&self, company: CompanyId) -> Result<Vec<GroupHead>, FetchError> {
        Ok(Self::list_groups(self, company)?)
    }

    async fn groups_among(
        &self,
        company: CompanyId,
        groups: &[GroupId],
    ) -> Result<Vec<GroupHead>, FetchError> {
        let all = Self::list_groups(self, company)?;
        Ok(all.into_iter().filter(|it| groups.contains(&it.id)).collect())
    }

    async fn list_roles(&self, company: CompanyId) -> Result<Vec<RoleHead>, FetchError> {
        Ok(Self::list_roles(self, company)?)
    }

    async fn list_members(&self, company: CompanyId, group: GroupId) -> Result<Vec<UserId>, FetchError> {
        Ok(Self::list_members(self, company, group)?)
    }

    async fn members_among(
        &self,
        company: CompanyId,
        group: GroupId,
        users: &[UserId],
    ) -> Result<Vec<UserId>, FetchError> {
        let all = Self::list_members(self, company, group)?;
        Ok(users.iter().copied().filter(|it| all.binary_search(it).is_ok()).collect())
    }

    async fn list_group_roles(
        &self,
        company: CompanyId,
        group: GroupId,
    ) -> Result<Vec<GroupRole>, FetchError> {
        let all = Self::list_group_roles(self, company, group)?;
        Ok(all.iter().map(|it| GroupRole { role: it.role_id, name: None, scope: it.scope.clone() }).collect())
    }

    async fn roles_among(
        &self,
        company: CompanyId,
        group: GroupId,
        roles: &[RoleId],
    ) -> Result<Vec<GroupRole>, FetchError> {
        let all = Questions::list_group_roles(self, company, group).await?;
        Ok(all.into_iter().filter(|it| roles.contains(&it.role)).collect())
    }

    async fn find_users(&self, company: CompanyId, people: &[PersonRef]) -> Result<Vec<User>, FetchError> {
        Ok(Self::find_users(self, company, people)?)
    }

    async fn query_user(&self, company: CompanyId, person: &PersonRef) -> Result<Vec<User>, FetchError> {
        Ok(Self::query_user(self, company, person)?)
    }

    async fn groups_of_user(&self, user: UserId) -> Result<Vec<(CompanyId, GroupHead)>, FetchError> {
        Ok(Self::groups_of_user(self, user))
    }

    async fn direct_roles(&self, user: UserId) -> Result<Option<DirectRoles>, FetchError> {
        Ok(Self::direct_roles(self, user)?)
    }
}
