//! Every question to the API. Nothing here changes anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::Duration,
};

use jiff::Timestamp;
use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{
    ApiError, Counters, Group, Permission, RbacInfo, Request, Role, Skew,
    about::About,
    connection::Connection,
    page::Row,
    paging::{List, gather},
    request::{GROUP_ROLES, GROUPS, MEMBERS},
    wire::{Catalogue, HeldDirectly, Member, Wire},
};
use crate::model::{
    direct::DirectRoles,
    ids::{CompanyId, GroupId, RoleId, UserId},
    observed::GroupRole,
    part::Part,
};

/// Values sent in one filter (contract §3.7 suggests 100 for batches; no limit is published). One fewer than a page
/// has rows: an answer with a row for each is not a full page, after which one more would have to be asked for.
pub(crate) const FILTER_SIZE: usize = 99;

/// The reading half of a client. Cheap to clone; clones share the connection.
///
/// Every question fails with any [`ApiError`], and a list also when it cannot be proven complete.
#[derive(Clone)]
pub struct Reader {
    pub(super) connection: Arc<Connection>,
    /// The companies whose bulk user list was refused: it is not asked for again.
    pub(super) bulk_refused: Arc<Mutex<BTreeSet<CompanyId>>>,
    /// The companies in which looking for a single person was refused last, each with the status.
    pub(super) search_refused: Arc<Mutex<BTreeMap<CompanyId, u16>>>,
    /// What companies and legal entities are called, as far as answers about people have said.
    pub(super) names: Arc<Mutex<BTreeMap<Uuid, Box<str>>>>,
    /// What departments and the like are called.
    pub(super) unit_names: Arc<Mutex<BTreeMap<Uuid, Box<str>>>>,
    /// Whether a list of people has shown somebody's employee id.
    pub(super) shows_numbers: Arc<AtomicBool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a, F> {
    sort_params: Sort,
    #[serde(skip_serializing_if = "Option::is_none")]
    search_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filters: Option<[F; 1]>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sort {
    pub(super) sort_by: &'static str,
    pub(super) sort_order: &'static str,
}

/// Pages are only stable under a stated order (contract §1.1).
const BY_NAME: Listed<'_, ()> =
    Listed { sort_params: Sort { sort_by: "NAME", sort_order: "ASC" }, search_text: None, filters: None };

const BY_TIME: Sort = Sort { sort_by: "ADDED_AT", sort_order: "ASC" };

#[expect(missing_docs, reason = "the names say it")]
impl Reader {
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        Self {
            connection,
            bulk_refused: Arc::default(),
            search_refused: Arc::default(),
            names: Arc::default(),
            unit_names: Arc::default(),
            shows_numbers: Arc::default(),
        }
    }

    pub fn requests_made(&self) -> u64 {
        self.counters().requests
    }

    /// Returns what was asked of the server so far, by both halves of this client.
    pub fn counters(&self) -> Counters {
        self.connection.sender.counters()
    }

    /// Returns how far the clocks are apart, by the answer that says least; nothing where none has said.
    pub fn skew(&self) -> Option<Skew> {
        self.connection.sender.clock.least()
    }

    /// Takes this machine's clock anew: from here on it counts what answers say.
    pub fn restart_clock(&self) {
        self.connection.sender.clock.restart();
    }

    /// Returns how long this client, both halves of it, sends nothing because the server asked for that.
    pub fn waiting(&self) -> Option<Duration> {
        self.connection.sender.throttle.waiting()
    }

    /// Returns all groups of a company (contract §3.1).
    pub async fn list_groups(&self, company: CompanyId) -> Result<Vec<Group>, ApiError> {
        self.told(self.list(GROUPS, &[company.0], &BY_NAME).await?).await
    }

    pub async fn find_groups_named(&self, company: CompanyId, name: &str) -> Result<Vec<Group>, ApiError> {
        // What the server's search matches is not documented beyond ignoring case; it only narrows.
        let body = Listed { search_text: Some(name), ..BY_NAME };
        let mut groups: Vec<Group> = self.list(GROUPS, &[company.0], &body).await?;
        groups.retain(|group| &*group.name == name);
        self.told(groups).await
    }

    /// Asks for each group alone of which the list leaves the description out: to write another name takes both.
    async fn told(&self, groups: Vec<Group>) -> Result<Vec<Group>, ApiError> {
        let each = groups.into_iter().map(|group| async move {
            let description = match group.description {
                Some(description) => Some(description),
                None => match self.get_group(group.company, group.id).await {
                    // Gone by now, or of another company.
                    Err(ApiError::Refused { status: 403 | 404, .. }) => None,
                    found => found?.description,
                },
            };
            Ok(Group { description, ..group })
        });
        gather(self.connection.concurrency, each).await
    }

    pub async fn get_group(&self, company: CompanyId, group: GroupId) -> Result<Group, ApiError> {
        self.get("/v3/companies/{companyId}/user-groups/{groupId}", &[company.0, group.0], "").await
    }

    /// Returns the ids of all members of a group, oldest first (contract §3.6).
    pub async fn list_members(&self, company: CompanyId, group: GroupId) -> Result<Vec<UserId>, ApiError> {
        let members = self.list_memberships(company, group).await?;
        Ok(members.into_iter().map(|it| it.0).collect())
    }

    /// Returns all members of a group, each with when it was added as far as that is told, oldest first.
    pub async fn list_memberships(
        &self,
        company: CompanyId,
        group: GroupId,
    ) -> Result<Vec<(UserId, Option<Timestamp>)>, ApiError> {
        let body = Listed::<()> { sort_params: BY_TIME, search_text: None, filters: None };
        let members: Vec<Member> = self.list(MEMBERS, &[company.0, group.0], &body).await?;
        Ok(members.into_iter().map(|it| (it.user_id, it.added_at)).collect())
    }

    pub async fn members_among(
        &self,
        company: CompanyId,
        group: GroupId,
        users: &[UserId],
    ) -> Result<Vec<UserId>, ApiError> {
        let ids = [company.0, group.0];
        let found = self.among(MEMBERS, &ids, BY_TIME, users, "userIds", |row: &Member| row.user_id);
        Ok(found.await?.into_iter().map(|row| row.user_id).collect())
    }

    /// Returns those of `groups` that a company has (contract §3.1).
    pub async fn groups_among(&self, company: CompanyId, groups: &[GroupId]) -> Result<Vec<Group>, ApiError> {
        let of = |row: &Group| row.id;
        let sort = BY_NAME.sort_params;
        self.told(self.among(GROUPS, &[company.0], sort, groups, "userGroupIds", of).await?).await
    }

    /// Returns every role a group holds, once per scope (contract §3.9).
    pub async fn list_group_roles(
        &self,
        company: CompanyId,
        group: GroupId,
    ) -> Result<Vec<GroupRole>, ApiError> {
        let ids = [company.0, group.0];
        let rows: Vec<Wire<GroupRole>> = self.list(GROUP_ROLES, &ids, &BY_NAME).await?;
        let rows: Vec<GroupRole> = rows.into_iter().map(|it| it.0).collect();
        let twice = repeated(&rows);
        if twice.is_empty() {
            return Ok(rows);
        }
        // A group may hold a role twice under one scope; but a page that came twice looks the same.
        let again = self.roles_among(company, group, &twice).await?;
        let told = rows.iter().filter(|it| twice.contains(&it.role));
        if spelled(told) == spelled(again.iter()) {
            return Ok(rows);
        }
        Err(ApiError::Incomplete {
            request: Box::new(Request::reads(Method::POST, GROUP_ROLES, &ids)),
            list: Wire::<GroupRole>::LIST,
            received: rows.len() as u64,
            total: None,
            why: "an entry came twice, and a list of just that role says otherwise".into(),
        })
    }

    /// Returns what a group holds of `roles`, once per scope (contract §3.9).
    pub async fn roles_among(
        &self,
        company: CompanyId,
        group: GroupId,
        roles: &[RoleId],
    ) -> Result<Vec<GroupRole>, ApiError> {
        let ids = [company.0, group.0];
        let of = |row: &Wire<GroupRole>| row.0.role;
        let rows = self.among(GROUP_ROLES, &ids, BY_NAME.sort_params, roles, "roleIds", of).await?;
        Ok(rows.into_iter().map(|it| it.0).collect())
    }

    /// Returns all roles a company can use, platform roles included (contract §5.1).
    pub async fn list_roles(&self, company: CompanyId) -> Result<Vec<Role>, ApiError> {
        self.list("/v3/companies/{companyId}/roles", &[company.0], &BY_NAME).await
    }

    pub async fn get_role(&self, role: RoleId) -> Result<Role, ApiError> {
        self.get("/v3/roles/{roleId}", &[role.0], "").await
    }

    /// Returns the platform's catalogue of permissions, which is not paged (contract §5.1).
    pub async fn list_permissions(&self) -> Result<Vec<Permission>, ApiError> {
        self.get::<Catalogue>("/v3/permissions", &[], "").await.map(|catalogue| catalogue.permissions)
    }

    /// Returns the groups a user is a member of, perhaps of several companies (contract §3.8).
    pub async fn groups_of_user(&self, user: UserId) -> Result<Vec<Group>, ApiError> {
        self.told(self.list("/v3/users/{userId}/user-groups", &[user.0], &BY_NAME).await?).await
    }

    /// Returns the roles a user holds outside groups, each with all that the server says of it (contract §6.1);
    /// `None` where the answer does not speak of them.
    pub async fn direct_roles(&self, user: UserId) -> Result<Option<DirectRoles>, ApiError> {
        let held: HeldDirectly = self.get(Part::Roles.template(), &[user.0], "").await?;
        Ok(held.roles)
    }

    /// Returns what a user may do in effect, without scopes (contract §6.3).
    pub async fn rbac_info(&self, user: UserId) -> Result<RbacInfo, ApiError> {
        self.get("/v3/users/{userId}/rbac-info", &[user.0], "").await
    }

    /// Reads of a paged list the rows about `wanted`, [`FILTER_SIZE`] ids per request; `field` is the
    /// filter's, `of` what a row is about.
    async fn among<T: Row, I: Copy + Ord + Serialize>(
        &self,
        template: &'static str,
        ids: &[Uuid],
        sort_params: Sort,
        wanted: &[I],
        field: &'static str,
        of: fn(&T) -> I,
    ) -> Result<Vec<T>, ApiError> {
        let mut wanted = wanted.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let parts = wanted.chunks(FILTER_SIZE).map(|part| async move {
            let body =
                Listed { sort_params, search_text: None, filters: Some([BTreeMap::from([(field, part)])]) };
            let mut rows: Vec<T> = self.list(template, ids, &body).await?;
            // A server that does not know the filter answers with the whole list, to each part.
            rows.retain(|row| part.binary_search(&of(row)).is_ok());
            Ok(rows)
        });
        Ok(gather(self.connection.concurrency, parts).await?.into_iter().flatten().collect())
    }

    /// Reads a paged list whole; `body` is what its request says beside `pagination`.
    pub(super) async fn list<T: Row>(
        &self,
        template: &'static str,
        ids: &[Uuid],
        body: &impl Serialize,
    ) -> Result<Vec<T>, ApiError> {
        self.list_of(Request::reads(Method::POST, template, ids), body).await
    }

    /// Reads a paged list whole by a request that says what the list is about.
    pub(super) async fn list_of<T: Row>(
        &self,
        request: Request,
        body: &impl Serialize,
    ) -> Result<Vec<T>, ApiError> {
        List::new(&self.connection, request, body).read().await
    }

    pub(super) async fn get<T: DeserializeOwned + About + Send>(
        &self,
        template: &'static str,
        ids: &[Uuid],
        query: &str,
    ) -> Result<T, ApiError> {
        let request = Request::reads(Method::GET, template, ids);
        self.connection.decoded(&request, query, b"").await
    }
}

fn spelling(row: &GroupRole) -> (RoleId, Option<&str>) {
    (row.role, row.scope.as_deref().map(RawValue::get))
}

fn spelled<'a>(rows: impl Iterator<Item = &'a GroupRole>) -> Vec<(RoleId, Option<&'a str>)> {
    let mut rows: Vec<_> = rows.map(spelling).collect();
    rows.sort_unstable();
    rows
}

/// Returns the roles of which two entries are spelled the same, sorted.
fn repeated(rows: &[GroupRole]) -> Vec<RoleId> {
    let rows = spelled(rows.iter());
    let mut twice: Vec<RoleId> = rows.windows(2).filter(|it| it[0] == it[1]).map(|it| it[0].0).collect();
    twice.dedup();
    twice
}
