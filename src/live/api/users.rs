//! Finding people: in bulk where the endpoint allows, one by one where it does not.
//!
//! Returns what the directory says; which row is the person meant is for the caller to decide.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::PoisonError,
};

use serde::Serialize;

use super::{
    ApiError, Reader,
    paging::gather,
    reader::{FILTER_SIZE, Sort},
    settings::form_encoded,
    wire::{Elements, Wire},
};
use crate::model::{
    ids::{CompanyId, PersonRef, UserId},
    name,
    observed::User,
};

/// An id as users v3 spells it, unlike rbac (contract C11).
#[derive(Serialize)]
struct Id<T> {
    id: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    company_id: Id<CompanyId>,
    user_status_filter: &'static str,
    sort: Sort,
    #[serde(skip_serializing_if = "Option::is_none")]
    filters: Option<[&'a Filter<'a>; 1]>,
}

/// One filter element; its values are alternatives.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Filter<'a> {
    Emails(Vec<&'a str>),
    ExternalIds(Vec<&'a str>),
    UserIds(Vec<Id<UserId>>),
}

impl Reader {
    /// Returns the users that one reference finds, inactive people included (contract §7.1, §7.4).
    ///
    /// Where the answer leaves out the key that was asked for, or the company, it is filled in.
    /// By user id the company asked for plays no part: the row says which it is. Who must not be seen is
    /// [hidden](User::hidden).
    pub async fn query_user(&self, company: CompanyId, person: &PersonRef) -> Result<Vec<User>, ApiError> {
        let (key, value) = match person {
            PersonRef::Email(email) => ("email", email.as_str()),
            PersonRef::ExternalId(id) => ("externalId", &**id),
            PersonRef::EmployeeId(id) => ("employeeId", &**id),
            PersonRef::UserId(id) => {
                let found =
                    self.get::<Wire<User>>("/v2/users/{userId}", &[id.0], "includeInactive=true").await;
                return match found {
                    // It may be one user alone that this token must not see: of another company by now, perhaps.
                    Err(ApiError::Refused { status: 403, .. }) => Ok(vec![User::hidden(*id)]),
                    found => or_nobody(found.map(|user| vec![user.0])),
                };
            }
        };
        let mut users = self.query_by(company, key, value).await?;
        if users.is_empty()
            && let Some(value) = name::decomposed(value)
        {
            // The API may compare letter by letter, and have been told the other spelling.
            users = self.query_by(company, key, &value).await?;
        }
        for user in &mut users {
            user.company.get_or_insert(company);
            match person {
                PersonRef::Email(email) => _ = user.email.get_or_insert_with(|| email.clone()),
                PersonRef::ExternalId(id) => _ = user.external_id.get_or_insert_with(|| id.clone()),
                PersonRef::EmployeeId(id) => _ = user.employee_id.get_or_insert_with(|| id.clone()),
                PersonRef::UserId(_) => {}
            }
        }
        Ok(users)
    }

    /// Returns the users that one key of this very spelling finds.
    async fn query_by(&self, company: CompanyId, key: &str, value: &str) -> Result<Vec<User>, ApiError> {
        let company_text = company.to_string();
        let query = form_encoded(&[("companyId", &company_text), (key, value), ("includeInactive", "true")]);
        let found = self.get::<Elements>("/v2/users", &[], &query).await;
        if let Err(ApiError::Refused { status: status @ (400 | 403), .. }) = &found {
            self.search_refused.lock().unwrap_or_else(PoisonError::into_inner).insert(company, *status);
        }
        match found.map(|answer| answer.elements.into_iter().map(|it| it.0).collect()) {
            // A key that the server does not take is nobody's; who is named so is reported as unknown, or as refused.
            Err(ApiError::Refused { status: 400, .. }) => {
                tracing::warn!(key, "the API refuses to look for somebody by this key");
                Ok(Vec::new())
            }
            found => or_nobody(found),
        }
    }

    /// Returns the companies in which looking for a single person was refused last, each with the status: that nobody
    /// was found there says nothing.
    pub fn search_refused(&self) -> BTreeMap<CompanyId, u16> {
        self.search_refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the users that the references find, inactive people included, by id; identical rows once.
    ///
    /// Asks for 99 people per request (contract §7.2). Employee ids have no bulk filter; they, and
    /// everybody of a company that refuses the bulk list, are asked for one by one. A filter by e-mail may
    /// match an address that the row does not show: all rows are returned.
    pub async fn find_users(&self, company: CompanyId, people: &[PersonRef]) -> Result<Vec<User>, ApiError> {
        // Sorted, so that each kind of key stands together and nobody is asked for twice.
        let people: Vec<&PersonRef> = people.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let kinds = people.chunk_by(|a, b| std::mem::discriminant(*a) == std::mem::discriminant(*b));
        let parts = kinds.flat_map(|kind| kind.chunks(FILTER_SIZE)).map(|part| self.find_part(company, part));
        let found = gather(self.connection.concurrency, parts).await?;
        let mut users: Vec<User> = found.into_iter().flatten().collect();
        users.sort_by_key(|user| user.id);
        users.dedup();
        Ok(users)
    }

    /// Returns everybody of a company, inactive people included; `None` where its bulk list is or was refused.
    pub async fn list_users(&self, company: CompanyId) -> Result<Option<Vec<User>>, ApiError> {
        if self.is_bulk_refused(company) {
            return Ok(None);
        }
        let listed = self.listed(company, None).await;
        Ok(if self.refuses_bulk(company, &listed) { None } else { Some(listed?) })
    }

    fn is_bulk_refused(&self, company: CompanyId) -> bool {
        self.bulk_refused.lock().unwrap_or_else(PoisonError::into_inner).contains(&company)
    }

    /// Says whether an answer refuses the bulk list, and remembers it where that does not depend on what was asked for.
    ///
    /// A draft operation: its absence is no failure, only slower.
    fn refuses_bulk<T>(&self, company: CompanyId, answer: &Result<T, ApiError>) -> bool {
        let Err(ApiError::Refused { status: status @ (400 | 403 | 404 | 405 | 501), .. }) = answer else {
            return false;
        };
        tracing::debug!(status, "no bulk user list here: asking for people one by one");
        if *status != 400 {
            self.bulk_refused.lock().unwrap_or_else(PoisonError::into_inner).insert(company);
        }
        true
    }

    async fn listed(&self, company: CompanyId, filter: Option<&Filter<'_>>) -> Result<Vec<User>, ApiError> {
        let body = Listed {
            company_id: Id { id: company },
            // The default leaves inactive people out.
            user_status_filter: "ALL",
            sort: Sort { sort_by: "NAME", sort_order: "ASCENDING" },
            filters: filter.map(|it| [it]),
        };
        let users: Vec<Wire<User>> = self.list("/v3/users/list", &[], &body).await?;
        let owned = |Wire(user): Wire<User>| User { company: user.company.or(Some(company)), ..user };
        Ok(users.into_iter().map(owned).collect())
    }

    /// Finds at most [`FILTER_SIZE`] people named by one kind of key.
    async fn find_part(&self, company: CompanyId, people: &[&PersonRef]) -> Result<Vec<User>, ApiError> {
        if let Some(filter) = Filter::of(people)
            && !self.is_bulk_refused(company)
        {
            let listed = self.listed(company, Some(&filter)).await;
            if !self.refuses_bulk(company, &listed) {
                return listed;
            }
        }
        let each = people.iter().map(|person| self.query_user(company, person));
        Ok(gather(self.connection.concurrency, each).await?.into_iter().flatten().collect())
    }
}

impl<'a> Filter<'a> {
    /// Returns the filter for people named by one kind of key, if there is one.
    fn of(people: &[&'a PersonRef]) -> Option<Self> {
        let (mut emails, mut external_ids, mut user_ids) = (Vec::new(), Vec::new(), Vec::new());
        for person in people {
            match person {
                PersonRef::Email(email) => emails.push(email.as_str()),
                PersonRef::ExternalId(id) => external_ids.push(&**id),
                PersonRef::UserId(id) => user_ids.push(Id { id: *id }),
                PersonRef::EmployeeId(_) => return None,
            }
        }
        if !emails.is_empty() {
            Some(Self::Emails(emails))
        } else if !external_ids.is_empty() {
            Some(Self::ExternalIds(external_ids))
        } else if !user_ids.is_empty() {
            Some(Self::UserIds(user_ids))
        } else {
            None
        }
    }
}

/// Not found is an answer to "who is this", not a failure.
fn or_nobody(found: Result<Vec<User>, ApiError>) -> Result<Vec<User>, ApiError> {
    match found {
        Err(ApiError::Refused { status: 404, .. }) => Ok(Vec::new()),
        other => other,
    }
}
