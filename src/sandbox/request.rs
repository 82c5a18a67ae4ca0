//! What requests look like: the documented schemas, closed. What they ask for is done elsewhere.

use std::{cmp::Ordering, collections::HashSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    clock::OffsetTime,
    dialect::{AboveMaxLimit, Dialect, DirectRoleFields, MaxLimit},
    model::PermissionWithActions,
    reply::Refusal,
    scope::Scope,
    validation::{Count, Description, Folded, GroupName, Limit, Offset, RoleName, StrictId, present},
};

/// `pagination` of every list (contract §1.1).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pagination {
    #[serde(default)]
    offset: Offset,
    #[serde(default = "hundred")]
    limit: Limit,
}

fn hundred() -> Limit {
    Count(100)
}

impl Pagination {
    /// The rows of this page, and how many there are in all.
    /// A page larger than the dialect allows is refused where it says so.
    pub(super) fn cut<T>(
        self,
        rows: impl Iterator<Item = T>,
        dialect: Dialect,
    ) -> Result<(Vec<T>, usize), Refusal> {
        let most = match dialect.max_limit {
            MaxLimit::None => usize::MAX,
            MaxLimit::Rows(most) => usize::try_from(most).unwrap_or(usize::MAX),
        };
        let limit = match dialect.above_max_limit {
            AboveMaxLimit::Reject if self.limit.0 > most => {
                let problem = format!("must be at most {most}, is {}", self.limit.0);
                return Err(Refusal::invalid("pagination.limit", problem));
            }
            AboveMaxLimit::Clamp | AboveMaxLimit::Reject => self.limit.0.min(most),
        };
        let mut page = Vec::new();
        let mut total = 0;
        for row in rows {
            if total >= self.offset.0 && page.len() < limit {
                page.push(row);
            }
            total += 1;
        }
        Ok((page, total))
    }
}

macro_rules! words {
    ($($name:ident { $first:ident $(, $rest:ident)* })*) => {$(
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub(super) enum $name { #[default] $first $(, $rest)* }
    )*};
}

// The first is the default where there is one.
words! {
    SortOrder { Asc, Desc }
    GroupKey { Name, CreatedAt }
    NameKey { Name }
    MemberKey { AddedAt }
    Provider { Platform, Company }
    UserStatus { Active, Inactive, All }
    UserSortOrder { Ascending, Descending }
}

/// `sortParams` of the rbac API; `By` says which keys a list can be sorted by.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SortParams<By> {
    sort_by: By,
    sort_order: SortOrder,
}

impl<By: Copy> SortParams<By> {
    /// Sorts `rows` by what `compare` says of the key; equal rows keep their order, reversed when descending.
    pub(super) fn sort<T>(&self, rows: &mut [T], compare: impl Fn(By, &T, &T) -> Ordering) {
        rows.sort_by(|a, b| compare(self.sort_by, a, b));
        if self.sort_order == SortOrder::Desc {
            rows.reverse();
        }
    }
}

macro_rules! requests {
    ($form:meta; $($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $kind:ty),* $(,)? $(; $($optional:ident: $optional_kind:ty),* $(,)?)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[$form]
        pub(super) struct $name {
            $($(#[$attr])* pub(super) $field: $kind,)*
            $($(#[serde(default, deserialize_with = "present")] pub(super) $optional: Option<$optional_kind>,)*)?
        }
    )*};
}

// Before the semicolon: required fields. After it: fields that may be absent.
requests! {
    serde(rename_all = "camelCase", deny_unknown_fields);
    /// Contract §3.1 and §3.8.
    ListGroups {
        pagination: Pagination;
        search_text: String, sort_params: SortParams<GroupKey>, filters: Vec<GroupFilter>,
    }
    GroupFilter { ; user_group_ids: HashSet<StrictId> }
    /// Contract §3.3 and §3.4.
    WriteGroup { name: GroupName, description: Description }
    /// Contract §3.6.
    ListMembers {
        pagination: Pagination;
        sort_params: SortParams<MemberKey>, filters: Vec<MemberFilter>,
    }
    MemberFilter { ; added_after: OffsetTime, added_before: OffsetTime, user_ids: HashSet<StrictId> }
    /// Contract §3.7, with both candidates for the field that removes.
    PatchMembers { ; user_ids_to_add: Vec<StrictId>, user_ids_to_delete: Vec<StrictId>, user_ids_to_remove: Vec<StrictId> }
    /// Contract §3.9 and §5.1.
    ListRoles {
        pagination: Pagination;
        search_text: String, sort_params: SortParams<NameKey>, filters: Vec<RoleFilter>,
    }
    RoleFilter { ; role_ids: HashSet<StrictId>, role_provided_by: Vec<Provider> }
    /// Contract §3.10, `rolesToDelete` as objects.
    PatchGrants { ; roles_to_add: Vec<Assignment>, roles_to_delete: Vec<Assignment> }
    /// Contract §3.10, `rolesToDelete` as ids.
    PatchGrantsById { ; roles_to_add: Vec<Assignment>, roles_to_delete: Vec<StrictId> }
    Assignment { role_id: StrictId, scope: Scope }
    /// Contract §7.2.
    #[expect(dead_code, reason = "the region is read and then ignored: the sandbox has one")]
    ListUsers {
        pagination: Pagination;
        company_id: IdObject, tmc_id: IdObject, user_status_filter: UserStatus, search_text: String,
        filters: Vec<UserFilter>, region: String, sort: UserSort,
    }
    #[derive(PartialEq, Eq, Hash)]
    IdObject { id: StrictId }
    UserSort { #[serde(rename = "sortBy")] _sort_by: NameKey, sort_order: UserSortOrder }
    /// All that can be asked, whether or not the sandbox has data for it.
    #[expect(dead_code, reason = "what the sandbox has no data for is read and then ignored")]
    UserFilter {
        ;
        user_ids: HashSet<IdObject>, emails: HashSet<Folded>, external_ids: HashSet<String>, personas: HashSet<String>,
        legal_entity_ids: HashSet<IdObject>, office_ids: HashSet<IdObject>, department_ids: HashSet<IdObject>,
        cost_center_ids: HashSet<IdObject>, roles: Vec<String>, designations: HashSet<String>, tiers: Vec<String>,
    }
    /// Contract §5.1.
    NewRole { name: RoleName, description: String, is_platform_role: bool, permissions: Vec<PermissionWithActions>; company_id: StrictId }
    /// Contract §5.1.
    WriteRole { name: RoleName, description: String, permissions: Vec<PermissionWithActions> }
    /// Contract §6.1; elements are kept as they come.
    LegacyRoles { roles: Vec<LegacyRole> }
}

// The documents show a part of a profile's fields (contract §7.4), so that unknown ones are passed over here.
requests! {
    serde(rename_all = "camelCase");
    /// `POST /v2/users`: the schema requires the persona, and the workflow page the two references.
    NewProfile {
        persona: String,
        #[serde(default, deserialize_with = "present")] personal_info: Option<PersonalInfo>,
        business_info: WriteBusinessInfo,
        #[serde(default, deserialize_with = "present")] external_id: Option<String>,
        #[serde(default, deserialize_with = "present")] is_active: Option<bool>,
        #[serde(default)] roles: Vec<LegacyRole>,
    }
    /// `PUT /v2/users/{userId}`: the schema requires the persona and the business info.
    WriteProfile { persona: String, business_info: WriteBusinessInfo; personal_info: PersonalInfo, external_id: String }
    #[derive(Default)]
    PersonalInfo { ; email: String, name: Name }
    Name { given: String, family1: String }
    WriteBusinessInfo { organization_ref: IdOf, legal_entity_ref: IdOf; email: String, employee_id: String }
    #[expect(dead_code, reason = "it is kept as it came, and only its form is looked at")]
    TravelPreferences { ; preferences: Map<String, Value> }
    #[expect(dead_code, reason = "it is kept as it came, and only its form is looked at")]
    MembershipInfo { ; membership_infos: Vec<LoyaltyInfo> }
    #[expect(dead_code, reason = "it is kept as it came, and only its form is looked at")]
    LoyaltyInfo { id: String, r#type: String, issued_by: String }
    #[expect(dead_code, reason = "it is kept as it came, and only its form is looked at")]
    NotificationPreferences { ; preferences: Vec<Map<String, Value>> }
    ExternalId { external_id: String }
    /// A reference; its name is not what it refers by.
    IdOf { id: StrictId }
}

/// One of the v2 roles, verbatim.
pub(super) type LegacyRole = Map<String, Value>;

/// Refuses v2 roles without what their type needs (contract §6.1); types that are not known pass.
pub(super) fn check_legacy_roles(roles: &[LegacyRole]) -> Result<(), Refusal> {
    for (n, role) in roles.iter().enumerate() {
        let metadata = role.get("metadata");
        let kind = metadata.and_then(|it| it["roleType"].as_str());
        let kind = kind.or_else(|| role.get("roleType").and_then(Value::as_str));
        let needed = match kind {
            Some("TRAVEL_ARRANGER") => "arrangerFor",
            Some("COMPANY_ADMIN" | "COMPANY_TRAVEL_ARRANGER" | "COMPANY_REPORT_ADMIN") => "companyRef",
            Some("TMC_ADMIN" | "TMC_AGENT") => "tmcRef",
            Some(_) | None => continue,
        };
        let given = match metadata {
            None => kind != Some("TRAVEL_ARRANGER"),
            Some(metadata) => metadata["roleType"].is_string() && !metadata[needed].is_null(),
        };
        if !given {
            let problem = format!("needs roleType and `{needed}`");
            return Err(Refusal::invalid(&format!("roles[{n}].metadata"), problem));
        }
    }
    Ok(())
}

/// Refuses v2 roles with, or without, the fields that the official description takes from those who write.
pub(super) fn check_fields(
    roles: &[LegacyRole],
    held: &[Value],
    taken: DirectRoleFields,
) -> Result<(), Refusal> {
    let of_company = |role: &Value| role["metadata"]["companyRef"].is_object();
    for (n, role) in roles.iter().enumerate() {
        let role = Value::Object(role.clone());
        let same = |it: &&Value| {
            it["roleType"] == role["roleType"]
                && it["metadata"]["companyRef"]["id"] == role["metadata"]["companyRef"]["id"]
        };
        let before = held.iter().find(same).unwrap_or(&Value::Null);
        let fields = [
            ("roleMetadata", role.get("roleMetadata"), before.get("roleMetadata")),
            (
                "metadata.tmcRef",
                role["metadata"].get("tmcRef").filter(|_| of_company(&role)),
                before["metadata"].get("tmcRef").filter(|_| of_company(before)),
            ),
        ];
        for (field, sent, held) in fields {
            let problem = match taken {
                DirectRoleFields::Current if sent.is_some() => "is not to be sent",
                DirectRoleFields::AsRead if sent.is_none() && held.is_some() => "is required",
                DirectRoleFields::Any | DirectRoleFields::Current | DirectRoleFields::AsRead => continue,
            };
            return Err(Refusal::invalid(&format!("roles[{n}].{field}"), problem));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_and_the_total_counts_all() {
        let page: Pagination = serde_json::from_str(r#"{"offset":2,"limit":3}"#).unwrap();
        let strict = Dialect {
            max_limit: MaxLimit::Rows(1),
            above_max_limit: AboveMaxLimit::Reject,
            ..Dialect::default()
        };
        assert!(page.cut(0..10, strict).is_err());
        let clamped = Dialect { max_limit: MaxLimit::Rows(1), ..Dialect::default() };
        let (rows, total) = page.cut(0..10, Dialect::default()).unwrap();
        assert_eq!((rows, total), (vec![2, 3, 4], 10));
        assert_eq!(page.cut(0..10, clamped).unwrap().0, [2]);
        assert_eq!(page.cut(0..1, clamped).unwrap().1, 1);
    }
}
