//! The user directory: contract §6.1 and §7. Users are not made or described here; that is `profiles`.

use std::collections::HashSet;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{
    call::{Call, search},
    decode,
    dialect::{AttributeFilters, Designations, Dialect, UserDelete, UsersList},
    model::{Company, CompanyKind, User},
    reply::{Refusal, Reply},
    request::{self, IdObject, ListUsers, UserFilter, UserSortOrder, UserStatus},
    store::Store,
    validation::{Folded, StrictId},
    wire::{LegacyRoles, UserDetail, UserProfile, UserSummary},
};
use crate::model::ids::{CompanyId, UserId, parse_uuid};

pub(super) fn list(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    if call.dialect.users_list == UsersList::Refused {
        return Err(Refusal::forbidden("listing users is not open to this caller"));
    }
    let request: ListUsers = call.body()?;
    let company = match (&request.company_id, &request.tmc_id) {
        (Some(id), None) => company(store, id.id.0),
        (None, Some(id)) => tmc(store, id.id.0),
        (None, None) => return Err(Refusal::invalid("companyId", "either companyId or tmcId is required")),
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid("tmcId", "companyId and tmcId exclude each other"));
        }
    };
    let company = company.ok_or_else(|| Refusal::not_found("the company"))?;
    let found = search(request.search_text.as_deref());
    let filters = request.filters.as_deref().unwrap_or_default();
    let status = request.user_status_filter.unwrap_or_default();
    let shown = |user: &&User| {
        let status = match status {
            UserStatus::Active => user.active,
            UserStatus::Inactive => !user.active,
            UserStatus::All => true,
        };
        status
            && user.company == company.id
            && (filters.is_empty() || filters.iter().any(|filter| passes(filter, user, call.dialect)))
            && (found(&user.name) || found(&user.email))
    };
    let sort = request.sort.as_ref().map(|sort| sort.sort_order);
    let users: Box<dyn Iterator<Item = &User>> = match (candidates(store, filters), sort) {
        (Some(all), None) => Box::new(all.into_iter()),
        (Some(mut all), Some(order)) => {
            match order {
                UserSortOrder::Ascending => all.sort_by(|a, b| a.name.cmp(&b.name)),
                UserSortOrder::Descending => all.sort_by(|a, b| b.name.cmp(&a.name)),
            }
            Box::new(all.into_iter())
        }
        (None, None) => Box::new(store.users_of(company.id)),
        (None, Some(UserSortOrder::Ascending)) => Box::new(store.users_of_by_name(company.id)),
        (None, Some(UserSortOrder::Descending)) => Box::new(store.users_of_by_name(company.id).rev()),
    };
    call.page("users", request.pagination, users.filter(shown), |user| UserDetail::new(user, company))
}

/// Whether all fields of the filter hold.
fn passes(filter: &UserFilter, user: &User, dialect: Dialect) -> bool {
    let id = |id| IdObject { id: StrictId(id) };
    let external_id = user.external_id.as_deref();
    filter.emails.as_ref().is_none_or(|all| all.contains(&Folded::from(&user.email)))
        && filter.external_ids.as_ref().is_none_or(|all| external_id.is_some_and(|it| all.contains(it)))
        && filter.user_ids.as_ref().is_none_or(|all| all.contains(&id(user.id.0)))
        && (dialect.attribute_filters == AttributeFilters::Ignored || has_attributes(filter, user, dialect))
}

fn has_attributes(filter: &UserFilter, user: &User, dialect: Dialect) -> bool {
    let id = |id| IdObject { id: StrictId(id) };
    let refers = |ids: &Option<HashSet<IdObject>>, field| {
        let to = user.refers_to(field).map(id);
        ids.as_ref().is_none_or(|all| to.is_some_and(|it| all.contains(&it)))
    };
    let called = |all: &HashSet<String>| {
        let Some(own) = user.designation() else { return false };
        match dialect.designations {
            Designations::Exact => all.contains(&own),
            Designations::Folded => all.iter().any(|it| it.to_lowercase() == own.to_lowercase()),
        }
    };
    filter.legal_entity_ids.as_ref().is_none_or(|all| all.contains(&id(user.legal_entity.id)))
        && filter.personas.as_ref().is_none_or(|all| all.contains(&*user.persona))
        && refers(&filter.department_ids, "departmentRef")
        && refers(&filter.cost_center_ids, "costCenterRef")
        && refers(&filter.office_ids, "officeRef")
        && filter.designations.as_ref().is_none_or(called)
}

/// All users that can pass, in a fixed order, found by index; `None` when some filter names no users.
/// Clients look people up by a hundred addresses at a time in directories of many thousands.
fn candidates<'s>(store: &'s Store, filters: &[UserFilter]) -> Option<Vec<&'s User>> {
    if filters.is_empty() {
        return None;
    }
    let mut found: Vec<&User> = Vec::new();
    for filter in filters {
        if let Some(ids) = &filter.user_ids {
            found.extend(ids.iter().filter_map(|it| store.user(UserId(it.id.0))));
        } else if let Some(emails) = &filter.emails {
            found.extend(emails.iter().flat_map(|email| store.users_with_email(&email.0)));
        } else if let Some(ids) = &filter.external_ids {
            found.extend(ids.iter().flat_map(|id| store.users_with_external_id(id)));
        } else {
            return None;
        }
    }
    // Hash sets have no order: the order of arrival is the same every time.
    found.sort_unstable_by_key(|user| store.arrival(user.id));
    found.dedup_by_key(|user| user.id);
    Some(found)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserQuery {
    company_id: Option<String>,
    tmc_id: Option<String>,
    email: Option<String>,
    external_id: Option<String>,
    employee_id: Option<String>,
    #[serde(default)]
    include_inactive: bool,
}

pub(super) fn query(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    #[derive(Serialize)]
    struct Found<'s> {
        length: usize,
        elements: Vec<UserSummary<'s>>,
    }
    let query: UserQuery = decode::query(call.uri)?;
    let id = |raw: &str| {
        parse_uuid(raw).ok_or_else(|| Refusal::invalid_company_query(format!("`{raw}` is not a UUID")))
    };
    let company = match (&query.company_id, &query.tmc_id) {
        (Some(raw), None) => company(store, id(raw)?),
        (None, Some(raw)) => tmc(store, id(raw)?),
        (None, None) | (Some(_), Some(_)) => {
            return Err(Refusal::invalid_company_query("give either companyId or tmcId"));
        }
    };
    if query.email.is_none() && query.external_id.is_none() && query.employee_id.is_none() {
        return Err(Refusal::invalid("email", "one of email, externalId and employeeId is required"));
    }
    let email = query.email.as_ref().map(|email| email.to_lowercase());
    let passes = |user: &&User| {
        (user.active || query.include_inactive)
            && email.as_ref().is_none_or(|email| user.email.to_lowercase() == *email)
            && (query.external_id.is_none() || user.external_id.as_deref() == query.external_id.as_deref())
            && (query.employee_id.is_none() || user.employee_id.as_deref() == query.employee_id.as_deref())
    };
    let users: Vec<&User> = match (company, &email) {
        (Some(company), Some(email)) => {
            store.users_with_email(email).filter(|it| it.company == company.id).filter(passes).collect()
        }
        (Some(company), None) => store.users_of(company.id).filter(passes).collect(),
        (None, _) => Vec::new(),
    };
    Reply::json(&Found { length: users.len(), elements: users.into_iter().map(UserSummary::new).collect() })
}

fn company(store: &Store, id: Uuid) -> Option<&Company> {
    store.company(CompanyId(id))
}

fn tmc(store: &Store, id: Uuid) -> Option<&Company> {
    company(store, id).filter(|company| company.kind == CompanyKind::Tmc)
}

pub(super) fn get(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    let (user, company) = call.shown_user(store)?;
    Reply::json(&UserProfile::new(user, company))
}

/// Deactivates the user, which is what deleting one seems to do (contract §7.4), or erases the account.
pub(super) fn delete(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let id = call.user(store)?.id;
    match call.dialect.user_delete {
        UserDelete::Deactivates => store.change_user(id, call.stamps(), |user| user.active = false),
        UserDelete::Erases => store.erase_user(id),
    }
    Ok(Reply::Empty(StatusCode::NO_CONTENT))
}

pub(super) fn activate(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let id = call.user(store)?.id;
    store.change_user(id, call.stamps(), |user| user.active = true);
    Ok(Reply::Empty(StatusCode::OK))
}

pub(super) fn legacy_roles(store: &Store, call: &Call) -> Result<Reply, Refusal> {
    Reply::json(&LegacyRoles::new(call.user(store)?))
}

pub(super) fn put_legacy_roles(store: &mut Store, call: &Call) -> Result<Reply, Refusal> {
    let request: request::LegacyRoles = call.body()?;
    request::check_legacy_roles(&request.roles)?;
    request::check_fields(&request.roles, &call.user(store)?.legacy_roles, call.dialect.direct_role_fields)?;
    let id = call.user(store)?.id;
    let roles = request.roles.into_iter().map(Value::Object).collect();
    store.change_user(id, call.stamps(), |user| user.legacy_roles = roles);
    Ok(Reply::Empty(StatusCode::NO_CONTENT))
}
