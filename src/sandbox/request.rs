//! What requests look like: the documented schemas, closed, and what is said when one is not met.

use axum::{Json, extract::Query, http::Uri};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    clock::OffsetTime,
    dialect::{AboveMaxLimit, Dialect, MaxLimit, UnknownField},
    model::PermissionWithActions,
    reply::Refusal,
    scope::Scope,
    strict::{Description, GroupName, Limit, Offset, RoleName, StrictId, present},
    wire::Total,
};

/// The most unknown fields that are passed over in one request; more is no mistake but an attack.
const MOST_IGNORED: usize = 100;

/// `pagination` of every list (contract §1.1).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pagination {
    #[serde(default)]
    offset: Offset,
    #[serde(default)]
    limit: Limit,
}

impl Pagination {
    /// Returns the rows of this page, and how many there are in all.
    ///
    /// # Errors
    /// A 400 for a page larger than the dialect allows, where it refuses those.
    pub(super) fn cut<T>(
        self,
        rows: impl Iterator<Item = T>,
        dialect: Dialect,
    ) -> Result<(Vec<T>, Total), Refusal> {
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
        let mut total_num_results = 0;
        for row in rows {
            if total_num_results >= self.offset.0 && page.len() < limit {
                page.push(row);
            }
            total_num_results += 1;
        }
        Ok((page, Total { total_num_results }))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum SortOrder {
    Asc,
    Desc,
}

/// `sortParams` of the rbac API; `By` says which keys a list can be sorted by.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SortParams<By> {
    pub(super) sort_by: By,
    pub(super) sort_order: SortOrder,
}

impl<By> SortParams<By> {
    /// Sorts `rows` by `key`; rows of equal key keep their order, reversed when descending.
    pub(super) fn sort<T, K: Ord>(&self, rows: &mut [T], key: impl Fn(&T) -> K) {
        rows.sort_by_key(key);
        if self.sort_order == SortOrder::Desc {
            rows.reverse();
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum GroupKey {
    Name,
    CreatedAt,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum NameKey {
    Name,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum MemberKey {
    AddedAt,
}

macro_rules! requests {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $kind:ty),* $(,)? $(; $($optional:ident: $optional_kind:ty),* $(,)?)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub(super) struct $name {
            $($(#[$attr])* pub(super) $field: $kind,)*
            $($(#[serde(default, deserialize_with = "present")] pub(super) $optional: Option<$optional_kind>,)*)?
        }
    )*};
}

// Before the semicolon: required fields. After it: fields that may be absent.
requests! {
    /// Contract §3.1 and §3.8.
    ListGroups {
        pagination: Pagination;
        search_text: String, sort_params: SortParams<GroupKey>, filters: Vec<GroupFilter>,
    }
    GroupFilter { ; user_group_ids: Vec<StrictId> }
    /// Contract §3.3 and §3.4.
    WriteGroup { name: GroupName, description: Description }
    /// Contract §3.6.
    ListMembers {
        pagination: Pagination;
        sort_params: SortParams<MemberKey>, filters: Vec<MemberFilter>,
    }
    MemberFilter { ; added_after: OffsetTime, added_before: OffsetTime, user_ids: Vec<StrictId> }
    /// Contract §3.7, with both candidates for the field that removes.
    PatchMembers { ; user_ids_to_add: Vec<StrictId>, user_ids_to_delete: Vec<StrictId>, user_ids_to_remove: Vec<StrictId> }
    /// Contract §3.9 and §5.1.
    ListRoles {
        pagination: Pagination;
        search_text: String, sort_params: SortParams<NameKey>, filters: Vec<RoleFilter>,
    }
    RoleFilter { ; role_ids: Vec<StrictId>, role_provided_by: Vec<Provider> }
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
    IdObject { id: StrictId }
    UserSort { #[serde(rename = "sortBy")] _sort_by: NameKey, sort_order: UserSortOrder }
    /// All that can be asked, whether or not the sandbox has data for it.
    #[expect(dead_code, reason = "what the sandbox has no data for is read and then ignored")]
    UserFilter {
        ;
        user_ids: Vec<IdObject>, emails: Vec<String>, external_ids: Vec<String>, personas: Vec<String>,
        legal_entity_ids: Vec<IdObject>, office_ids: Vec<IdObject>, department_ids: Vec<IdObject>,
        cost_center_ids: Vec<IdObject>, roles: Vec<String>, designations: Vec<String>, tiers: Vec<String>,
    }
    /// Contract §5.1.
    NewRole { name: RoleName, description: String, is_platform_role: bool, permissions: Vec<PermissionWithActions>; company_id: StrictId }
    /// Contract §5.1.
    WriteRole { name: RoleName, description: String, permissions: Vec<PermissionWithActions> }
    /// Contract §6.1; elements are kept as they come.
    LegacyRoles { roles: Vec<LegacyRole> }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Provider {
    Platform,
    Company,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum UserStatus {
    #[default]
    Active,
    Inactive,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum UserSortOrder {
    Ascending,
    Descending,
}

/// One of the v2 roles, verbatim.
pub(super) type LegacyRole = Map<String, Value>;

/// Refuses v2 roles without what their type needs (contract §6.1); types that are not known pass.
///
/// # Errors
/// A 400 that names the first field that is missing.
pub(super) fn check_legacy_roles(roles: &[LegacyRole]) -> Result<(), Refusal> {
    for (n, role) in roles.iter().enumerate() {
        let kind = role.get("roleType").and_then(Value::as_str);
        let metadata = role.get("metadata");
        let kind = metadata.and_then(|it| it["roleType"].as_str()).or(kind);
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

/// Returns the request in `body`.
///
/// # Errors
/// A 400 that names the field and the problem.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8], unknown_field: UnknownField) -> Result<T, Refusal> {
    let mut problem = match Json::from_bytes(body) {
        Ok(Json(request)) => return Ok(request),
        Err(rejection) => Problem::of(&rejection.body_text()),
    };
    if unknown_field == UnknownField::Ignore
        && problem.is_unknown_field()
        && let Ok(mut value) = serde_json::from_slice::<Value>(body)
    {
        for _ in 0..MOST_IGNORED {
            if !problem.is_unknown_field() || !remove(&mut value, &problem.field) {
                break;
            }
            let bytes = serde_json::to_vec(&value).unwrap_or_default();
            problem = match Json::from_bytes(&bytes) {
                Ok(Json(request)) => return Ok(request),
                Err(rejection) => Problem::of(&rejection.body_text()),
            };
        }
    }
    Err(Refusal::invalid(&problem.field, problem.text))
}

/// Returns the parameters in the query of `uri`; unknown ones are ignored.
///
/// # Errors
/// A 400 that names the parameter and the problem.
pub(super) fn parse_query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Refusal> {
    Query::try_from_uri(uri).map(|Query(parameters)| parameters).map_err(|rejection| {
        let problem = Problem::of(&rejection.body_text());
        Refusal::invalid(&problem.field, problem.text)
    })
}

/// What the framework says about a request, taken apart: `explanation: path.to.field: problem`.
struct Problem {
    field: String,
    text: String,
}

impl Problem {
    fn of(message: &str) -> Self {
        let said = message.split_once(": ").map_or(message, |(_, said)| said);
        let (path, text) = match said.split_once(": ") {
            Some((path, text)) if !path.contains([' ', '`']) => (path, text),
            _ => ("", said),
        };
        let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        let field = match (path, missing) {
            ("", Some(missing)) => missing.to_owned(),
            (path, Some(missing)) => format!("{path}.{missing}"),
            ("", None) => "body".to_owned(),
            (path, None) => path.to_owned(),
        };
        Self { field, text: text.to_owned() }
    }

    fn is_unknown_field(&self) -> bool {
        self.text.starts_with("unknown field `")
    }
}

/// Removes what `path`, for example `filters[0].name`, leads to; returns whether it was there.
fn remove(value: &mut Value, path: &str) -> bool {
    let mut steps: Vec<&str> = path.split(['.', '[', ']']).filter(|step| !step.is_empty()).collect();
    let Some(last) = steps.pop() else { return false };
    let mut at = value;
    for step in steps {
        let next = match at {
            Value::Array(rows) => step.parse().ok().and_then(|n: usize| rows.get_mut(n)),
            Value::Object(fields) => fields.get_mut(step),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        match next {
            Some(next) => at = next,
            None => return false,
        }
    }
    at.as_object_mut().is_some_and(|fields| fields.remove(last).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T: DeserializeOwned + std::fmt::Debug>(body: &str) -> String {
        format!("{:?}", parse::<T>(body.as_bytes(), UnknownField::Reject).unwrap_err())
    }

    #[test]
    fn a_refusal_names_the_field() {
        for (body, field) in [
            ("{}", "pagination"),
            (r#"{"pagination":{"limit":0}}"#, "pagination.limit"),
            (r#"{"pagination":{"offset":-1}}"#, "pagination.offset"),
            (r#"{"pagination":{"limit":1.5}}"#, "pagination.limit"),
            (r#"{"pagination":{"page":1}}"#, "pagination.page"),
            (r#"{"pagination":{},"extra":1}"#, "extra"),
            (r#"{"pagination":{},"searchText":null}"#, "searchText"),
            (r#"{"pagination":{},"sortParams":{"sortBy":"NAME"}}"#, "sortParams.sortOrder"),
            (r#"{"pagination":{},"sortParams":{"sortBy":"ID","sortOrder":"ASC"}}"#, "sortParams.sortBy"),
            (r#"{"pagination":{},"filters":[{},{"userGroupIds":["x"]}]}"#, "filters[1].userGroupIds[0]"),
            ("", "body"),
            ("[", "body"),
        ] {
            let refusal = refusal::<ListGroups>(body);
            assert!(refusal.contains(&format!("Some((\"{field}\"")), "{body}: {refusal}");
        }
        let long = format!(r#"{{"name":"{}","description":"d"}}"#, "ä".repeat(256));
        assert!(refusal::<WriteGroup>(&long).contains("has 256"));
        assert!(refusal::<WriteGroup>(r#"{"name":"n","description":""}"#).contains("description"));
    }

    #[test]
    fn unknown_fields_can_be_ignored_at_any_depth_but_wrong_ones_cannot() {
        let body = br#"{"a":1,"pagination":{"limit":3,"b":2},"filters":[{"c":[],"userGroupIds":[]}]}"#;
        assert!(parse::<ListGroups>(body, UnknownField::Reject).is_err());
        assert!(parse::<ListGroups>(body, UnknownField::Ignore).is_ok());
        assert!(parse::<ListGroups>(br#"{"a":1,"pagination":{"limit":0}}"#, UnknownField::Ignore).is_err());
    }

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
        assert_eq!((rows, total.total_num_results), (vec![2, 3, 4], 10));
        assert_eq!(page.cut(0..10, clamped).unwrap().0, [2]);
        assert_eq!(page.cut(0..1, clamped).unwrap().1.total_num_results, 1);
    }
}
