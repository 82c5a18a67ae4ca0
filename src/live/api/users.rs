//! Finding people: in bulk where the endpoint allows, one by one where it does not.
//!
//! Returns what the directory says; which row is the person meant is for the caller to decide. Where a row does not
//! say whether somebody is active, the same is asked for once more without inactive accounts.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{PoisonError, atomic::Ordering},
};

use reqwest::Method;
use serde::{Serialize, Serializer, ser::SerializeMap};
use uuid::Uuid;

use super::{
    ApiError, Reader, Request,
    paging::{List, gather},
    reader::{FILTER_SIZE, Sort},
    settings::form_encoded,
    wire::{Elements, IDS, Told},
};
use crate::model::{
    ids::{CompanyId, PersonRef, UserId, parse_uuid},
    name,
    observed::User,
    selector::{Misfit, Selector, Traits},
    units::Units,
};

/// Users of a company that are asked for its name: some are of other legal entities.
const SAMPLE: u32 = 20;

/// An id as users v3 spells it, unlike rbac (contract C11).
#[derive(Serialize)]
pub(super) struct Id<T> {
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
    #[serde(skip_serializing_if = "Option::is_none")]
    search_text: Option<&'a str>,
}

impl Listed<'_> {
    /// Everybody of a company, by name.
    fn of(company: CompanyId, accounts: Accounts) -> Self {
        Self {
            company_id: Id { id: company },
            user_status_filter: accounts.status(),
            sort: Sort { sort_by: "NAME", sort_order: "ASCENDING" },
            filters: None,
            search_text: None,
        }
    }
}

/// One filter element; its values are alternatives.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Filter<'a> {
    Emails(Vec<&'a str>),
    ExternalIds(Vec<&'a str>),
    UserIds(Vec<Id<UserId>>),
    /// Not alternatives: each attribute has to fit.
    #[serde(untagged, serialize_with = "by_attribute")]
    Rule(&'a Selector),
}

/// A rule as one element of `filters`: its attributes are joined by AND, and the values of each by OR.
fn by_attribute<S: Serializer>(rule: &Selector, to: S) -> Result<S::Ok, S::Error> {
    let mut fields = to.serialize_map(None)?;
    for (attribute, values) in rule.parts() {
        let Some(field) = attribute.filter() else {
            return Err(serde::ser::Error::custom(format!("nobody is listed by the {}", attribute.word())));
        };
        if attribute.has_ids() {
            let ids: Vec<Id<&str>> = values.iter().map(|id| Id { id: &**id }).collect();
            fields.serialize_entry(field, &ids)?;
        } else {
            // The API may compare letter by letter, and have been told the other spelling.
            let spelt = values.iter().map(ToString::to_string);
            let spelt = spelt.chain(values.iter().filter_map(|it| name::decomposed(it)));
            fields.serialize_entry(field, &spelt.collect::<Vec<String>>())?;
        }
    }
    fields.end()
}

fn list_request(company: CompanyId) -> Request {
    Request::reads(Method::POST, "/v3/users/list", &[]).about("companyId", company.0)
}

impl Reader {
    /// Returns the users that one reference finds, inactive people included (contract §7.1, §7.4).
    ///
    /// Where the answer leaves out the key that was asked for, or the company, it is filled in; one that tells another
    /// is an error. A list may find people by addresses that it does not show (contract §7.2), and is not compared so.
    /// By user id the company asked for plays no part: the row says which it is. Who must not be seen is
    /// [hidden](User::hidden).
    pub async fn query_user(&self, company: CompanyId, person: &PersonRef) -> Result<Vec<User>, ApiError> {
        let (key, value) = match person {
            PersonRef::Email(email) => ("email", email.as_str()),
            PersonRef::ExternalId(id) => ("externalId", &**id),
            PersonRef::EmployeeId(id) => ("employeeId", &**id),
            PersonRef::UserId(id) => return self.query_id(*id).await,
        };
        let mut users = self.query_by(company, key, value).await?;
        if users.is_empty()
            && let Some(value) = name::decomposed(value)
        {
            // The API may compare letter by letter, and have been told the other spelling.
            users = self.query_by(company, key, &value).await?;
        }
        if users.iter().any(|it| contradicts(it, person)) {
            let request = Box::new(Request::reads(Method::GET, "/v2/users", &[]));
            let what = format!("{key} is not the one that was asked for");
            return Err(ApiError::Another { request, what: what.into() });
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
        let found = self.elements(company, (key, value), Accounts::All).await;
        if let Err(ApiError::Refused { status: status @ (400 | 403), .. }) = &found {
            self.search_refused.lock().unwrap_or_else(PoisonError::into_inner).insert(company, *status);
        }
        let found = match found {
            // A key that the server does not take is nobody's; who is named so is reported as unknown, or as refused.
            Err(ApiError::Refused { status: 400, .. }) => {
                tracing::warn!(key, "the API refuses to look for somebody by this key");
                Vec::new()
            }
            found => or_nobody(found)?,
        };
        let active = if found.iter().any(|it| it.active.is_none()) {
            listed(or_nobody(self.elements(company, (key, value), Accounts::Active).await)?)
        } else {
            BTreeSet::new()
        };
        Ok(found.into_iter().map(|it| self.noted(it).settled(|id| active.contains(&id))).collect())
    }

    /// Returns the companies in which looking for a single person was refused last, each with the status: that nobody
    /// was found there says nothing.
    pub fn search_refused(&self) -> BTreeMap<CompanyId, u16> {
        self.search_refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns what companies and legal entities are called, as far as answers about people have said.
    pub fn names(&self) -> BTreeMap<Uuid, Box<str>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps the names that an answer tells. One that is an id says nothing.
    fn noted(&self, mut told: Told) -> Told {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, name) in told.names.iter_mut().filter_map(Option::take) {
            if parse_uuid(&name).is_none() {
                names.entry(id).or_insert(name);
            }
        }
        drop(names);
        told
    }

    /// Keeps what departments and the like are called. Two that are called alike are told apart by whoever names them.
    fn note_units(&self, told: &Told) {
        let mut names = self.unit_names.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, name) in told.unit_names() {
            if parse_uuid(name).is_none() {
                names.entry(id).or_insert_with(|| name.into());
            }
        }
    }

    /// Returns what departments, cost centers and offices are called, as far as lists of people have said.
    pub fn unit_names(&self) -> BTreeMap<Uuid, Box<str>> {
        self.unit_names.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn query_id(&self, id: UserId) -> Result<Vec<User>, ApiError> {
        let get = async |accounts: Accounts| {
            self.get::<Told>("/v2/users/{userId}", &[id.0], accounts.query()).await
        };
        let found = match get(Accounts::All).await {
            // It may be one user alone that this token must not see: of another company by now, perhaps.
            Err(ApiError::Refused { status: 403, .. }) => return Ok(vec![User::hidden(id)]),
            found => or_nobody(found.map(|it| vec![it]))?,
        };
        let active = if found.iter().any(|it| it.active.is_none()) {
            listed(or_nobody(get(Accounts::Active).await.map(|it| vec![it]))?)
        } else {
            BTreeSet::new()
        };
        Ok(found.into_iter().map(|it| self.noted(it).settled(|id| active.contains(&id))).collect())
    }

    async fn elements(
        &self,
        company: CompanyId,
        key: (&str, &str),
        accounts: Accounts,
    ) -> Result<Vec<Told>, ApiError> {
        let of = company.to_string();
        let query = format!("{}&{}", form_encoded(&[("companyId", &of), key]), accounts.query());
        let request = Request::reads(Method::GET, "/v2/users", &[]).about("companyId", company.0);
        let found = self.connection.decoded::<Elements>(&request, &query, b"").await?;
        found.all().ok_or_else(|| ApiError::Incomplete {
            request: Box::new(request),
            list: "users with one key",
            received: 0,
            total: None,
            why: "the answer announces more users than it shows".into(),
        })
    }

    /// Returns the users that the references find, inactive people included, by id; identical rows once.
    ///
    /// Asks for 99 people per request (contract §7.2). Employee ids have no bulk filter; many of them are looked up in the
    /// list of everybody. A few, and everybody of a company that refuses the bulk list, are asked for one by one. A filter by e-mail may
    /// match an address that the row does not show: all rows are returned.
    pub async fn find_users(&self, company: CompanyId, people: &[PersonRef]) -> Result<Vec<User>, ApiError> {
        let found = self.find(company, people, |_| ()).await?;
        let mut users: Vec<User> = found.into_iter().map(|it| it.0).collect();
        users.sort_by_key(|user| user.id);
        users.dedup();
        Ok(users)
    }

    /// The same with what the list tells of each; nothing of those who were asked for one by one.
    pub async fn find_traits(
        &self,
        company: CompanyId,
        people: &[PersonRef],
    ) -> Result<Vec<(User, Option<Traits>)>, ApiError> {
        self.find(company, people, Told::traits).await
    }

    /// The same with what is read beside of each whom the list tells.
    pub(super) async fn find<T>(
        &self,
        company: CompanyId,
        people: &[PersonRef],
        more: impl Fn(&Told) -> T + Copy,
    ) -> Result<Vec<(User, Option<T>)>, ApiError> {
        // Sorted, so that each kind of key stands together and nobody is asked for twice.
        let people: Vec<&PersonRef> = people.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let (numbers, others): (Vec<&PersonRef>, _) =
            people.into_iter().partition(|it| matches!(it, PersonRef::EmployeeId(_)));
        let listed = self.find_numbers(company, &numbers, more).await?;
        let asked = if listed.is_none() { &numbers[..] } else { &[] };
        let kinds = others.chunk_by(|a, b| std::mem::discriminant(*a) == std::mem::discriminant(*b));
        let parts = kinds.chain([asked]).flat_map(|kind| kind.chunks(FILTER_SIZE));
        let parts = parts.map(|part| self.find_part(company, part, more));
        let found = gather(self.connection.concurrency, parts).await?;
        Ok(found.into_iter().flatten().chain(listed.into_iter().flatten()).collect())
    }

    /// Finds people by their employee ids in the list of everybody, which shows them and is not filtered by them (contract
    /// §7.2); `None` where to ask for each takes fewer requests, or the list does not tell.
    async fn find_numbers<T>(
        &self,
        company: CompanyId,
        numbers: &[&PersonRef],
        more: impl Fn(&Told) -> T,
    ) -> Result<Option<Vec<(User, Option<T>)>>, ApiError> {
        if numbers.len() <= FILTER_SIZE || self.is_bulk_refused(company) {
            return Ok(None);
        }
        let total = self.total(company).await;
        if self.refuses_bulk(company, &total) {
            return Ok(None);
        }
        let page = u64::from(self.connection.dialect.page_limit.max(1));
        if total?.is_none_or(|it| it.div_ceil(page) > numbers.len() as u64) {
            return Ok(None);
        }
        let Some(mut rows) = self.everybody(company, more).await? else { return Ok(None) };
        // Where no list has shown one there may be none that does.
        if !self.shows_numbers.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let wanted: HashSet<&str> = numbers.iter().filter_map(|it| it.key()).collect();
        rows.retain(|it| it.0.employee_id.as_deref().is_some_and(|it| wanted.contains(it)));
        Ok(Some(rows.into_iter().map(|(user, more)| (user, Some(more))).collect()))
    }

    /// How many people the list of a company says it has, inactive people included.
    async fn total(&self, company: CompanyId) -> Result<Option<u64>, ApiError> {
        let body = Listed::of(company, Accounts::All);
        List::new(&self.connection, list_request(company), &body).total::<Told>().await
    }

    /// Returns everybody of a company, inactive people included; `None` where its bulk list is or was refused.
    pub async fn list_users(&self, company: CompanyId) -> Result<Option<Vec<User>>, ApiError> {
        let all = self.everybody(company, |_| ()).await?;
        Ok(all.map(|it| it.into_iter().map(|it| it.0).collect()))
    }

    /// Returns everybody of a company whose account is active; `None` as [`list_users`](Self::list_users).
    pub async fn list_active(&self, company: CompanyId) -> Result<Option<Vec<User>>, ApiError> {
        if self.is_bulk_refused(company) {
            return Ok(None);
        }
        let rows = self.list_of::<Told>(list_request(company), &Listed::of(company, Accounts::Active)).await;
        if self.refuses_bulk(company, &rows) {
            return Ok(None);
        }
        // A server that does not know the filter answers with everybody.
        let active = rows?.into_iter().filter(|it| it.active != Some(false));
        let settled = active.map(|it| self.noted(it).settled(|_| true));
        Ok(Some(settled.map(|it| User { company: it.company.or(Some(company)), ..it }).collect()))
    }

    /// Returns how many accounts of a company are active, by the total of the list; `None` where that is not told.
    pub async fn count_active(&self, company: CompanyId) -> Result<Option<u64>, ApiError> {
        if self.is_bulk_refused(company) {
            return Ok(None);
        }
        let body = Listed::of(company, Accounts::Active);
        let total = List::new(&self.connection, list_request(company), &body).total::<Told>().await;
        if self.refuses_bulk(company, &total) { Ok(None) } else { total }
    }

    /// Returns everybody whom a rule for members means, inactive people included (contract §7.2): by a list that the server
    /// filters, of which every row has to be one that was asked for.
    ///
    /// # Errors
    /// Whatever reading the list gives, and what could give access to somebody else: rows of which the attributes
    /// are others, are not told, or of another company. A refusal of the bulk list is one: there is no other way to ask.
    pub async fn select(&self, company: CompanyId, rule: &Selector) -> Result<Vec<User>, ApiError> {
        let filter = Filter::Rule(rule);
        let rows = self.rows(company, Some(&filter)).await?;
        let total = rows.len();
        let (mut users, mut others) = (Vec::new(), BTreeMap::new());
        for (user, traits) in rows {
            let misfit = match rule.misfit(&traits) {
                _ if user.company != Some(company) => "of another company".to_owned(),
                None => {
                    users.push(user);
                    continue;
                }
                // The server may not care how letters are written; who is only like that is not meant.
                Some(Misfit::Spelling) => continue,
                Some(Misfit::Other(it)) => format!("of another {}", it.word()),
                Some(Misfit::Untold(it)) => format!("without a word of the {}", it.word()),
            };
            *others.entry(misfit).or_insert(0_usize) += 1;
        }
        if others.is_empty() {
            return Ok(users);
        }
        let said: Vec<String> = others.into_iter().map(|(how, n)| format!("{n} {how}")).collect();
        let why = format!("of {total} people in the answer, {}", said.join(", ")).into();
        Err(ApiError::Unasked { request: Box::new(list_request(company)), why })
    }

    /// Returns of these users whoever the company knows, with what rules for members look at: by a list of just these.
    pub async fn traits_of(
        &self,
        company: CompanyId,
        users: &[UserId],
    ) -> Result<Vec<(User, Traits)>, ApiError> {
        let parts = users.chunks(FILTER_SIZE).map(|part| async move {
            let filter = Filter::UserIds(part.iter().map(|it| Id { id: *it }).collect());
            self.rows(company, Some(&filter)).await
        });
        Ok(gather(self.connection.concurrency, parts).await?.into_iter().flatten().collect())
    }

    /// The same of everybody of a company, with what departments and the like are called; `None` as
    /// [`list_users`](Self::list_users).
    pub async fn list_traits(
        &self,
        company: CompanyId,
    ) -> Result<Option<(Vec<(User, Traits)>, Units)>, ApiError> {
        let Some(rows) = self.everybody(company, |it| (it.traits(), it.units())).await? else {
            return Ok(None);
        };
        let mut units = Units::default();
        IDS.into_iter().for_each(|it| units.told(it));
        let mut people = Vec::with_capacity(rows.len());
        for (user, (traits, of_row)) in rows {
            for (attribute, unit) in of_row {
                // A name that is an id says nothing.
                let unit = unit.filter(|it| it.name.as_deref().is_some_and(|it| parse_uuid(it).is_none()));
                unit.iter().for_each(|it| units.put(attribute, it));
            }
            people.push((user, traits));
        }
        Ok(Some((people, units)))
    }

    /// Everybody of a company, each with what is read of the row beside; `None` as [`list_users`](Self::list_users).
    async fn everybody<T>(
        &self,
        company: CompanyId,
        more: impl Fn(&Told) -> T,
    ) -> Result<Option<Vec<(User, T)>>, ApiError> {
        if self.is_bulk_refused(company) {
            return Ok(None);
        }
        let rows = self.rows_with(company, (None, None), more).await;
        Ok(if self.refuses_bulk(company, &rows) { None } else { Some(rows?) })
    }

    /// Asks a company for a few of its users, whose rows say what it and its legal entities are called; see
    /// [`names`](Self::names).
    pub async fn learn_names(&self, company: CompanyId) -> Result<(), ApiError> {
        if self.is_bulk_refused(company) {
            return Ok(());
        }
        let body = Listed::of(company, Accounts::All);
        let some: Vec<Told> =
            List::new(&self.connection, list_request(company), &body).sample(SAMPLE).await?;
        some.into_iter().for_each(|it| drop(self.noted(it)));
        Ok(())
    }

    fn is_bulk_refused(&self, company: CompanyId) -> bool {
        self.bulk_refused.lock().unwrap_or_else(PoisonError::into_inner).contains(&company)
    }

    /// Says whether an answer refuses the bulk list, and remembers it where that does not depend on what was asked for.
    ///
    /// A draft operation: its absence is no failure, only slower.
    fn refuses_bulk<T>(&self, company: CompanyId, answer: &Result<T, ApiError>) -> bool {
        let lasting = match answer {
            Err(ApiError::Refused { status: 400, .. }) => false,
            Err(ApiError::Refused { status: 403 | 404 | 405 | 501, .. }) => true,
            // Of no field of this answer the description says that it is required (contract §7.2). Without a total nobody
            // can be proven to be missing, but who is asked for alone is there or is not.
            Err(ApiError::Incomplete { total: None, .. }) => false,
            Ok(_) | Err(_) => return false,
        };
        tracing::debug!("no bulk user list here: asking for people one by one");
        if lasting {
            self.bulk_refused.lock().unwrap_or_else(PoisonError::into_inner).insert(company);
        }
        true
    }

    async fn rows(
        &self,
        company: CompanyId,
        filter: Option<&Filter<'_>>,
    ) -> Result<Vec<(User, Traits)>, ApiError> {
        self.rows_with(company, (filter, None), Told::traits).await
    }

    /// The users of a list, each with what is read of its row beside.
    pub(super) async fn rows_with<T>(
        &self,
        company: CompanyId,
        (filter, search_text): (Option<&Filter<'_>>, Option<&str>),
        more: impl Fn(&Told) -> T,
    ) -> Result<Vec<(User, T)>, ApiError> {
        let list = async |accounts: Accounts| {
            // The default leaves inactive people out.
            let body =
                Listed { filters: filter.map(|it| [it]), search_text, ..Listed::of(company, accounts) };
            self.list_of::<Told>(list_request(company), &body).await
        };
        let users = list(Accounts::All).await?;
        let active = if users.iter().any(|it| it.active.is_none()) {
            listed(list(Accounts::Active).await?)
        } else {
            BTreeSet::new()
        };
        let settled = |it: Told| {
            self.note_units(&it);
            let it = self.noted(it);
            let more = more(&it);
            let user = it.settled(|id| active.contains(&id));
            self.shows_numbers.fetch_or(user.employee_id.is_some(), Ordering::Relaxed);
            (User { company: user.company.or(Some(company)), ..user }, more)
        };
        Ok(users.into_iter().map(settled).collect())
    }

    /// Finds at most [`FILTER_SIZE`] people named by one kind of key.
    async fn find_part<T>(
        &self,
        company: CompanyId,
        people: &[&PersonRef],
        more: impl Fn(&Told) -> T,
    ) -> Result<Vec<(User, Option<T>)>, ApiError> {
        if let Some(filter) = Filter::of(people)
            && !self.is_bulk_refused(company)
        {
            let listed = self.rows_with(company, (Some(&filter), None), more).await;
            if !self.refuses_bulk(company, &listed) {
                return Ok(listed?.into_iter().map(|it| (it.0, Some(it.1))).collect());
            }
        }
        let each = people.iter().map(|person| self.query_user(company, person));
        let found = gather(self.connection.concurrency, each).await?;
        Ok(found.into_iter().flatten().map(|it| (it, None)).collect())
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

/// Which accounts a question is about.
#[derive(Clone, Copy)]
enum Accounts {
    All,
    Active,
}

impl Accounts {
    fn status(self) -> &'static str {
        match self {
            Self::All => "ALL",
            Self::Active => "ACTIVE",
        }
    }

    fn query(self) -> &'static str {
        match self {
            Self::All => "includeInactive=true",
            Self::Active => "includeInactive=false",
        }
    }
}

/// Those of an answer without inactive accounts that it does not call inactive all the same.
fn listed(found: Vec<Told>) -> BTreeSet<UserId> {
    found.into_iter().filter(|it| it.active != Some(false)).map(|it| it.id()).collect()
}

/// Whether an answer tells another value of the key that was asked for. One that it does not tell may be that.
fn contradicts(user: &User, person: &PersonRef) -> bool {
    match person {
        PersonRef::Email(email) => user.email.as_ref().is_some_and(|it| it != email),
        PersonRef::ExternalId(id) => user.external_id.as_ref().is_some_and(|it| it != id),
        PersonRef::EmployeeId(id) => user.employee_id.as_ref().is_some_and(|it| it != id),
        PersonRef::UserId(id) => user.id != *id,
    }
}

/// Not found is an answer to "who is this", not a failure.
fn or_nobody<T>(found: Result<Vec<T>, ApiError>) -> Result<Vec<T>, ApiError> {
    match found {
        Err(ApiError::Refused { status: 404, .. }) => Ok(Vec::new()),
        other => other,
    }
}
