//! What `rbac-info` says of the people that an apply concerns, before and after it. Only reads.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    apply::Report,
    live::api::{ApiError, Clients, Reader},
    model::{
        direct::DirectRoles,
        ids::{CompanyId, GroupId, RoleId, UserId},
        permissions::Permissions,
        plan::{Change, Plan},
    },
    plan::{
        order::Step,
        witness::{Claim, Evidence, Holds, Testimony, claims},
    },
};
use futures_util::{StreamExt, stream};
use uuid::Uuid;

/// Questions kept alive at once; the connection limits the requests.
const AT_ONCE: usize = 64;

type Read<T> = Result<T, String>;

/// What was read before the first write.
pub struct Witness<'a> {
    clients: &'a Clients,
    plan: &'a Plan,
    /// Of which company's plan each person is.
    companies: BTreeMap<UserId, CompanyId>,
    /// The groups into which neither the plan nor this could look, and why.
    unread: BTreeMap<usize, String>,
    claims: Vec<Claim>,
    evidence: Evidence,
}

impl<'a> Witness<'a> {
    /// Reads what `rbac-info` says of the people whose roles a plan changes.
    pub async fn called(clients: &'a Clients, plan: &'a Plan) -> Self {
        let closed = plan.groups().filter(|it| !it.is_read());
        let closed = closed.filter_map(|it| Some((it.at, it.company(), it.id()?)));
        let (mut roles, mut unread) = (BTreeMap::new(), BTreeMap::new());
        for ((n, ..), found) in each(closed, |(_, company, group)| group_roles(clients, company, group)).await
        {
            match found {
                Ok(found) => drop(roles.insert(n, found)),
                Err(why) => drop(unread.insert(n, why)),
            }
        }
        let new: BTreeSet<UserId> = plan.newcomers().map(|it| it.1).collect();
        let mut claims = claims(plan, &roles);
        claims.retain(|it| !new.contains(&it.user));
        let claimed = claims.iter().filter_map(|it| Some((it.user, plan.change(it.change)?.company())));
        let changed = plan.people().filter_map(|it| Some((it.user()?, it.company())));
        let changed = changed.filter(|it| !new.contains(&it.0));
        let companies: BTreeMap<UserId, CompanyId> = claimed.chain(changed).collect();
        let evidence = Evidence::default();
        let mut witness = Self { clients, plan, companies, unread, claims, evidence };
        witness.evidence.before = witness.infos(witness.companies.keys().copied().collect()).await;
        witness
    }

    /// Reads it again, and compares; what was not made is not judged. Ends early once it is told to stop.
    pub async fn testify(mut self, steps: &[Step], report: &Report, stop: &AtomicBool) -> Testimony {
        let undone = steps.iter().zip(&report.outcomes).filter(|it| !it.1.is_done()).map(|it| it.0.change);
        let undone: BTreeSet<usize> = undone.chain(report.differ.iter().map(|it| it.0)).collect();
        self.claims.retain(|it| !undone.contains(&it.change));
        let direct = self.plan.people().filter(|it| !undone.contains(&it.at));
        let direct = direct.filter(|it| it.direct().next().is_some());
        let direct = direct.filter_map(|it| it.user()).filter(|it| self.companies.contains_key(it));
        let direct: Vec<UserId> = direct.collect();
        let users: BTreeSet<UserId> =
            self.claims.iter().map(|it| it.user).chain(direct.iter().copied()).collect();
        let mut testimony = if stop.load(Ordering::Relaxed) {
            let why = "not witnessed: the run was interrupted".to_owned();
            Testimony {
                untold: users.into_iter().map(|it| (it, why.clone())).collect(),
                ..Testimony::default()
            }
        } else {
            // Who was refused before is not asked for again.
            let refused = |it: &UserId| self.evidence.before.get(it).is_some_and(Result::is_err);
            let (silent, asked): (BTreeSet<UserId>, BTreeSet<UserId>) = users.into_iter().partition(refused);
            self.evidence.after = self.infos(asked).await;
            let before = &self.evidence.before;
            self.evidence.after.extend(silent.into_iter().map(|it| (it, before[&it].clone())));
            self.read_roles().await;
            self.read_holdings().await;
            self.evidence.judge(&self.claims)
        };
        testimony.untold.extend(direct.into_iter().filter_map(|it| Some((it, self.direct(it)?))));
        for (change, why) in self.unread.iter().filter(|it| !undone.contains(it.0)) {
            let change = self.plan.change(*change);
            testimony.untold.extend(change.iter().flat_map(Change::leaving).map(|it| (it, why.clone())));
        }
        testimony.untold.sort_unstable();
        testimony.untold.dedup();
        testimony
    }

    /// Reads what the gained and lost roles permit.
    async fn read_roles(&mut self) {
        let companies: BTreeSet<CompanyId> =
            self.claims.iter().filter_map(|it| Some(self.plan.change(it.change)?.company())).collect();
        for company in companies {
            // What the list does not say is asked for one by one.
            let Ok(client) = self.clients.of(company) else { continue };
            for role in client.reader.list_roles(company).await.unwrap_or_default() {
                let permissions = role.permissions.unwrap_or_default();
                self.evidence.names.insert(role.id, role.name);
                if !permissions.is_empty() {
                    self.evidence.roles.insert(role.id, Ok(permissions));
                }
            }
        }
        let company = |it: &Claim| Some(self.plan.change(it.change)?.company());
        self.read_missing(self.claims.iter().filter_map(|it| Some((it.role, company(it)?))).collect()).await;
    }

    /// Reads what roles permit that companies use.
    async fn read_missing(&mut self, mut roles: BTreeMap<RoleId, CompanyId>) {
        roles.retain(|it, _| !self.evidence.roles.contains_key(it));
        let clients = self.clients;
        let role = async |(role, company)| clients.of(company)?.reader.get_role(role).await;
        let read = async |of| match role(of).await.map(|it| it.permissions.unwrap_or_default()) {
            Ok(none) if none.is_empty() => {
                Err("not witnessed: the API does not say what a role permits".to_owned())
            }
            Ok(some) => Ok(some),
            Err(error) => Err(why("a role", &error)),
        };
        let read = each(roles, read).await;
        self.evidence.roles.extend(read.into_iter().map(|((role, _), read)| (role, read)));
    }

    /// Reads what else people hold who show a lost role all the same.
    async fn read_holdings(&mut self) {
        let clients = self.clients;
        let people = self.evidence.doubtful(&self.claims);
        let read = async |user| -> Read<(Vec<(CompanyId, GroupId)>, bool)> {
            let reader = self.reader(user).map_err(|error| why("the list of groups", &error))?;
            let groups =
                reader.groups_of_user(user).await.map_err(|error| why("the list of groups", &error))?;
            // Where they are refused there may be some.
            let direct = reader.direct_roles(user).await.ok().flatten();
            let direct = direct.is_none_or(|it: DirectRoles| !it.is_empty());
            Ok((groups.into_iter().map(|it| (it.company, it.id)).collect(), direct))
        };
        let people = each(people, read).await;
        let groups: BTreeSet<(CompanyId, GroupId)> =
            people.values().flatten().flat_map(|it| &it.0).copied().collect();
        let read = |(company, group)| group_roles(clients, company, group);
        let groups = each(groups, read).await;
        let mut held = BTreeMap::new();
        for (&(company, _), roles) in &groups {
            held.extend(roles.iter().flatten().map(|role| (*role, company)));
        }
        for (user, found) in people {
            let holds = found.and_then(|(all, direct)| {
                let mut roles = BTreeSet::new();
                for group in all {
                    roles.extend(groups[&group].clone()?);
                }
                Ok(Holds { roles, direct })
            });
            self.evidence.holds.insert(user, holds);
        }
        self.read_missing(held).await;
    }

    /// Who answers about a person.
    fn reader(&self, user: UserId) -> Result<&'a Reader, ApiError> {
        let company = self.companies.get(&user).copied().unwrap_or(CompanyId(Uuid::nil()));
        Ok(&self.clients.of(company)?.reader)
    }

    async fn infos(&self, users: BTreeSet<UserId>) -> BTreeMap<UserId, Read<Permissions>> {
        let info = async |user| self.reader(user)?.rbac_info(user).await;
        let read = async |user| match info(user).await {
            Ok(info) => Ok(info.permissions.unwrap_or_default()),
            Err(error) => Err(why("rbac-info", &error)),
        };
        each(users, read).await
    }

    /// What `rbac-info` shows of a person whose direct roles changed.
    fn direct(&self, user: UserId) -> Option<String> {
        let (before, after) = (self.evidence.before.get(&user)?, self.evidence.after.get(&user)?);
        let (before, after) = match (before, after) {
            (Ok(before), Ok(after)) => (before, after),
            (Err(why), _) | (_, Err(why)) => return Some(why.clone()),
        };
        let (more, less) = (after.missing_in(before), before.missing_in(after));
        let mut parts = Vec::new();
        if !more.is_empty() {
            parts.push(format!("shows {} now", more.words()));
        }
        if !less.is_empty() {
            parts.push(format!("shows {} no more", less.words()));
        }
        if parts.is_empty() {
            parts.push("shows the same as before".to_owned());
        }
        Some(format!(
            "direct roles changed, and what they permit is not public; rbac-info {}",
            parts.join(" and ")
        ))
    }
}

/// Asks the same of many at once.
async fn each<T: Copy + Ord, R>(
    of: impl IntoIterator<Item = T>,
    ask: impl AsyncFn(T) -> R,
) -> BTreeMap<T, R> {
    let ask = &ask;
    stream::iter(of).map(async |it| (it, ask(it).await)).buffer_unordered(AT_ONCE).collect().await
}

async fn group_roles(clients: &Clients, company: CompanyId, group: GroupId) -> Read<BTreeSet<RoleId>> {
    let read = async || clients.of(company)?.reader.list_group_roles(company, group).await;
    let roles = read().await;
    Ok(roles.map_err(|error| why("the roles of a group", &error))?.into_iter().map(|it| it.role).collect())
}

/// Why something could not be read, the same for every person.
fn why(what: &str, error: &ApiError) -> String {
    match error {
        ApiError::Refused { status, .. } => format!("not witnessed: {what} is refused with {status}"),
        other => format!("not witnessed: {other}"),
    }
}
