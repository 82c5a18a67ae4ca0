//! What answers look like: views that borrow from the store and are serialised at once.
//!
//! Shapes are those of the contract (§3, §5, §6.3, §7); nothing here chooses what is answered.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, value::RawValue};

use super::{
    clock::Shown,
    dialect::{Dialect, GroupRole},
    model::{Company, Group, Member, PermissionWithActions, Reference, Role, User},
    scope::Scope,
};
use crate::model::{
    ids::{CompanyId, GroupId, RoleId, UserId},
    object::Object,
};

/// `{"id": …}`: the answer to a creation, and the users API's way to write an id.
#[derive(Serialize)]
pub(super) struct Id<T> {
    pub(super) id: T,
}

/// A view each: a structure of fields in the order of the wire, and where each comes from.
macro_rules! views {
    ($($(#[$doc:meta])* $name:ident of $($source:ident: $kind:ty),+ { $($(#[$attr:meta])* $field:ident: $type:ty = $value:expr,)* })*) => {$(
        $(#[$doc])*
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        pub(super) struct $name<'s> { $($(#[$attr])* $field: $type,)* }

        impl<'s> $name<'s> {
            pub(super) fn new($($source: &'s $kind),+) -> Self {
                Self { $($field: $value,)* }
            }
        }
    )*};
}

views! {
    GroupView of group: Group {
        id: GroupId = group.id,
        name: &'s str = &group.name,
        description: &'s str = &group.description,
        company_id: CompanyId = group.company,
        created_at: Shown = group.stamps.created_at.with_zone(),
        created_by: &'s Reference = &group.stamps.created_by,
        updated_at: Shown = group.stamps.updated_at.with_zone(),
        updated_by: &'s Reference = &group.stamps.updated_by,
        /// Absent means false (contract §3.0), and so it is left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        is_unmodifiable: Option<bool> = group.unmodifiable.then_some(true),
    }
    RoleView of role: Role {
        id: RoleId = role.id,
        name: &'s str = &role.name,
        description: &'s str = &role.description,
        is_platform_role: bool = role.company.is_none(),
        #[serde(skip_serializing_if = "Option::is_none")]
        company_id: Option<CompanyId> = role.company,
        permissions: &'s [PermissionWithActions] = &role.permissions,
        created_at: Shown = role.stamps.created_at.with_zone(),
        created_by: &'s Reference = &role.stamps.created_by,
        updated_at: Shown = role.stamps.updated_at.with_zone(),
        updated_by: &'s Reference = &role.stamps.updated_by,
    }
    CompanyReference of company: Company {
        id: CompanyId = company.id,
        name: &'s str = &company.name,
    }
    BusinessDetail of user: User {
        legal_entity: &'s Reference = &user.legal_entity,
        #[serde(skip_serializing_if = "Option::is_none")]
        office: Option<&'s RawValue> = user.business.get("officeRef"),
        #[serde(skip_serializing_if = "Option::is_none")]
        department: Option<&'s RawValue> = user.business.get("departmentRef"),
        #[serde(skip_serializing_if = "Option::is_none")]
        cost_center: Option<&'s RawValue> = user.business.get("costCenterRef"),
        business_email: &'s str = &user.email,
        #[serde(skip_serializing_if = "Option::is_none")]
        employee_id: Option<&'s str> = user.employee_id.as_deref(),
        #[serde(skip_serializing_if = "Option::is_none")]
        designation: Option<String> = user.designation(),
    }
    /// The `UserDetail` of `POST /v3/users/list`.
    UserDetail of user: User, company: Company {
        user_id: Id<UserId> = Id { id: user.id },
        organization: CompanyReference<'s> = CompanyReference::new(company),
        persona: &'s str = &user.persona,
        is_active: bool = user.active,
        #[serde(skip_serializing_if = "Option::is_none")]
        external_id: Option<&'s str> = user.external_id.as_deref(),
        personal_detail: NameOnly<'s> = NameOnly { name: Name::of(&user.name) },
        business_detail: BusinessDetail<'s> = BusinessDetail::new(user),
        created_at: Shown = user.stamps.created_at.without_zone(),
        last_updated_at: Shown = user.stamps.updated_at.without_zone(),
    }
    /// An element of `GET /v2/users`.
    UserSummary of user: User {
        id: UserId = user.id,
        email: &'s str = &user.email,
        #[serde(skip_serializing_if = "Option::is_none")]
        external_id: Option<&'s str> = user.external_id.as_deref(),
        persona: &'s str = &user.persona,
        is_active: bool = user.active,
    }
    BusinessInfo of user: User, company: Company {
        organization_ref: CompanyReference<'s> = CompanyReference::new(company),
        legal_entity_ref: &'s Reference = &user.legal_entity,
        email: &'s str = &user.email,
        #[serde(skip_serializing_if = "Option::is_none")]
        employee_id: Option<&'s str> = user.employee_id.as_deref(),
        #[serde(flatten)]
        more: &'s Object = &user.business,
    }
    /// The profile of `GET /v2/users/{userId}`.
    UserProfile of user: User, company: Company {
        id: UserId = user.id,
        persona: &'s str = &user.persona,
        is_active: bool = user.active,
        tier: String = user.profile.read("tier").unwrap_or_else(|| "BASIC".to_owned()),
        #[serde(skip_serializing_if = "Option::is_none")]
        external_id: Option<&'s str> = user.external_id.as_deref(),
        personal_info: Object = user.personal(),
        business_info: BusinessInfo<'s> = BusinessInfo::new(user, company),
        #[serde(flatten)]
        more: Object = rest(user),
    }
    LegacyRoles of user: User {
        roles: &'s [Value] = &user.legacy_roles,
    }
}

/// What else of a profile is kept, beside what has a field above.
fn rest(user: &User) -> Object {
    let mut rest = user.profile.clone();
    ["tier", "personalInfo"].into_iter().for_each(|it| rest.remove(it));
    rest
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
        let role = RoleView::new(role);
        let scope = scope.echo(dialect.scope_echo).map_or(Cow::Borrowed(scope), Cow::Owned);
        let scope = scope.in_form(dialect.predicate).map_or(scope, Cow::Owned);
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
    added_at: Shown,
}

impl From<&Member> for MemberView {
    fn from(member: &Member) -> Self {
        Self { user_id: member.user, added_at: member.added_at.with_zone() }
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
