//! What answers look like: views that borrow from the store and are serialised at once.
//!
//! Shapes are those of the contract (§3, §5, §6.3, §7); nothing here chooses what is answered.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    clock::{WithZone, WithoutZone},
    dialect::{Dialect, GroupRole},
    model::{Company, Group, Member, PermissionWithActions, Reference, Role, User},
    scope::Scope,
};
use crate::model::ids::{CompanyId, GroupId, RoleId, UserId};

/// `{"id": …}`: the answer to a creation, and the users API's way to write an id.
#[derive(Serialize)]
pub(super) struct Id<T> {
    pub(super) id: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Total {
    pub(super) total_num_results: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupView<'s> {
    id: GroupId,
    name: &'s str,
    description: &'s str,
    company_id: CompanyId,
    created_at: WithZone,
    created_by: &'s Reference,
    updated_at: WithZone,
    updated_by: &'s Reference,
    /// Absent means false (contract §3.0), and so it is left out.
    #[serde(skip_serializing_if = "is_false")]
    is_unmodifiable: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl<'s> From<&'s Group> for GroupView<'s> {
    fn from(group: &'s Group) -> Self {
        Self {
            id: group.id,
            name: &group.name,
            description: &group.description,
            company_id: group.company,
            created_at: WithZone(group.stamps.created_at),
            created_by: &group.stamps.created_by,
            updated_at: WithZone(group.stamps.updated_at),
            updated_by: &group.stamps.updated_by,
            is_unmodifiable: group.unmodifiable,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoleView<'s> {
    id: RoleId,
    name: &'s str,
    description: &'s str,
    is_platform_role: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_id: Option<CompanyId>,
    permissions: &'s [PermissionWithActions],
    created_at: WithZone,
    created_by: &'s Reference,
    updated_at: WithZone,
    updated_by: &'s Reference,
}

impl<'s> From<&'s Role> for RoleView<'s> {
    fn from(role: &'s Role) -> Self {
        Self {
            id: role.id,
            name: &role.name,
            description: &role.description,
            is_platform_role: role.company.is_none(),
            company_id: role.company,
            permissions: &role.permissions,
            created_at: WithZone(role.stamps.created_at),
            created_by: &role.stamps.created_by,
            updated_at: WithZone(role.stamps.updated_at),
            updated_by: &role.stamps.updated_by,
        }
    }
}

/// One element of a group's role list, in the shape the dialect asks for.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum GrantView<'s> {
    Nested {
        role: RoleView<'s>,
        scope: Cow<'s, Scope>,
    },
    Flat {
        #[serde(flatten)]
        role: RoleView<'s>,
        scope: Cow<'s, Scope>,
    },
}

impl<'s> GrantView<'s> {
    pub(super) fn new(role: &'s Role, scope: &'s Scope, dialect: Dialect) -> Self {
        let role = role.into();
        let scope = scope.echo(dialect.scope_echo).map_or(Cow::Borrowed(scope), Cow::Owned);
        let scope = scope.spelt(dialect.predicate).map_or(scope, Cow::Owned);
        match dialect.group_role {
            GroupRole::Nested => Self::Nested { role, scope },
            GroupRole::Flat => Self::Flat { role, scope },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MemberView {
    user_id: UserId,
    added_at: WithZone,
}

impl From<&Member> for MemberView {
    fn from(member: &Member) -> Self {
        Self { user_id: member.user, added_at: WithZone(member.added_at) }
    }
}

#[derive(Serialize)]
struct Name<'s> {
    given: &'s str,
    family1: &'s str,
}

impl<'s> Name<'s> {
    /// Both parts are required; a name of one word is given and family name at once.
    fn of(name: &'s str) -> Self {
        let (given, family1) = name.split_once(' ').unwrap_or((name, name));
        Self { given, family1 }
    }
}

#[derive(Serialize)]
struct NameOnly<'s> {
    name: Name<'s>,
}

#[derive(Serialize)]
struct CompanyReference<'s> {
    id: CompanyId,
    name: &'s str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BusinessDetail<'s> {
    legal_entity: &'s Reference,
    business_email: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    employee_id: Option<&'s str>,
}

/// The `UserDetail` of `POST /v3/users/list`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserDetail<'s> {
    user_id: Id<UserId>,
    organization: CompanyReference<'s>,
    persona: &'s str,
    is_active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'s str>,
    personal_detail: NameOnly<'s>,
    business_detail: BusinessDetail<'s>,
    created_at: WithoutZone,
    last_updated_at: WithoutZone,
}

impl<'s> UserDetail<'s> {
    pub(super) fn new(user: &'s User, company: &'s Company) -> Self {
        Self {
            user_id: Id { id: user.id },
            organization: CompanyReference { id: company.id, name: &company.name },
            persona: &user.persona,
            is_active: user.active,
            external_id: user.external_id.as_deref(),
            personal_detail: NameOnly { name: Name::of(&user.name) },
            business_detail: BusinessDetail {
                legal_entity: &user.legal_entity,
                business_email: &user.email,
                employee_id: user.employee_id.as_deref(),
            },
            created_at: WithoutZone(user.stamps.created_at),
            last_updated_at: WithoutZone(user.stamps.updated_at),
        }
    }
}

/// An element of `GET /v2/users`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserSummary<'s> {
    id: UserId,
    email: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'s str>,
    persona: &'s str,
    is_active: bool,
}

impl<'s> From<&'s User> for UserSummary<'s> {
    fn from(user: &'s User) -> Self {
        Self {
            id: user.id,
            email: &user.email,
            external_id: user.external_id.as_deref(),
            persona: &user.persona,
            is_active: user.active,
        }
    }
}

#[derive(Serialize)]
struct PersonalInfo<'s> {
    name: Name<'s>,
    email: &'s str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BusinessInfo<'s> {
    organization_ref: CompanyReference<'s>,
    legal_entity_ref: &'s Reference,
    email: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    employee_id: Option<&'s str>,
    #[serde(flatten)]
    more: &'s Map<String, Value>,
}

impl<'s> BusinessInfo<'s> {
    pub(super) fn new(user: &'s User, company: &'s Company) -> Self {
        Self {
            organization_ref: CompanyReference { id: company.id, name: &company.name },
            legal_entity_ref: &user.legal_entity,
            email: &user.email,
            employee_id: user.employee_id.as_deref(),
            more: &user.business,
        }
    }
}

/// The profile of `GET /v2/users/{userId}`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserProfile<'s> {
    id: UserId,
    persona: &'s str,
    is_active: bool,
    tier: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'s str>,
    personal_info: PersonalInfo<'s>,
    business_info: BusinessInfo<'s>,
}

impl<'s> UserProfile<'s> {
    pub(super) fn new(user: &'s User, company: &'s Company) -> Self {
        Self {
            id: user.id,
            persona: &user.persona,
            is_active: user.active,
            tier: "BASIC",
            external_id: user.external_id.as_deref(),
            personal_info: PersonalInfo { name: Name::of(&user.name), email: &user.email },
            business_info: BusinessInfo::new(user, company),
        }
    }
}

#[derive(Serialize)]
pub(super) struct LegacyRoles<'s> {
    pub(super) roles: &'s [Value],
}
