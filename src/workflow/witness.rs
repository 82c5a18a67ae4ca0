//! What `rbac-info` says of the people that an apply concerns, before and after it. Only reads.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    apply::Report,
    live::api::{ApiError, Reader},
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

/// Questions kept alive at once; the connection limits the requests.
const AT_ONCE: usize = 64;

type Read<T> = Result<T, String>;

/// What was read before the first write.
pub struct Witness<'a> {
    reader: &'a Reader,
    plan: &'a Plan,
    /// The groups into which neither the plan nor this could look, and why.
    unread: BTreeMap<usize, String>,
    claims: Vec<Claim>,
    evidence: Evidence,
}

impl<'a> Witness<'a> {
    /// Reads what `rbac-info` says of the people whose roles a plan changes.
    pub async fn called(reader: &'a Reader, plan: &'a Plan) -> Self {
        let closed = plan.groups().filter(|it| !it.is_read());
        let closed = closed.filter_map(|it| Some((it.at, it.company(), it.id()?)));
        let (mut roles, mut unread) = (BTreeMap::new(), BTreeMap::new());
        for ((n, ..), found) in each(closed, |(_, company, group)| group_roles(reader, company, group)).await
        {
            match found {
                Ok(found) => drop(roles.insert(n, found)),
                Err(why) => drop(unread.insert(n, why)),
            }
        }
        let claims = claims(plan, &roles);
        let users = claims.iter().map(|it| it.user).chain(plan.people().filter_map(|it| it.user())).collect();
        let before = infos(reader, users).await;
        Self { reader, plan, unread, claims, evidence: Evidence { before, ..Evidence::default() } }
    }

    /// Reads it again, and compares; what was not made is not judged. Ends early once it is told to stop.
    pub async fn testify(mut self, steps: &[Step], report: &Report, stop: &AtomicBool) -> Testimony {
        let undone = steps.iter().zip(&report.outcomes).filter(|it| !it.1.is_done()).map(|it| it.0.change);
        let undone: BTreeSet<usize> = undone.chain(report.differ.iter().map(|it| it.0)).collect();
        self.claims.retain(|it| !undone.contains(&it.change));
        let direct = self.plan.people().filter(|it| !undone.contains(&it.at));
        let direct: Vec<UserId> = direct.filter_map(|it| it.user()).collect();
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
            self.evidence.after = infos(self.reader, asked).await;
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
            for role in self.reader.list_roles(company).await.unwrap_or_default() {
                let permissions = role.permissions.unwrap_or_default();
                self.evidence.names.insert(role.id, role.name);
                if !permissions.is_empty() {
                    self.evidence.roles.insert(role.id, Ok(permissions));
                }
            }
        }
        self.read_missing(self.claims.iter().map(|it| it.role).collect()).await;
    }

    async fn read_missing(&mut self, mut roles: BTreeSet<RoleId>) {
        roles.retain(|it| !self.evidence.roles.contains_key(it));
        let reader = self.reader;
        let read = async |role| match reader.get_role(role).await.map(|it| it.permissions.unwrap_or_default())
        {
            Ok(none) if none.is_empty() => {
                Err("not witnessed: the API does not say what a role permits".to_owned())
            }
            Ok(some) => Ok(some),
            Err(error) => Err(why("a role", &error)),
        };
        self.evidence.roles.extend(each(roles, read).await);
    }

    /// Reads what else people hold who show a lost role all the same.
    async fn read_holdings(&mut self) {
        let reader = self.reader;
        let people = self.evidence.doubtful(&self.claims);
        let read = async |user| -> Read<(Vec<(CompanyId, GroupId)>, bool)> {
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
        let read = |(company, group)| group_roles(reader, company, group);
        let groups = each(groups, read).await;
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
        let held = self.evidence.holds.values().flatten().flat_map(|it| &it.roles).copied().collect();
        self.read_missing(held).await;
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

async fn infos(reader: &Reader, users: BTreeSet<UserId>) -> BTreeMap<UserId, Read<Permissions>> {
    let read = async |user| match reader.rbac_info(user).await {
        Ok(info) => Ok(info.permissions.unwrap_or_default()),
        Err(error) => Err(why("rbac-info", &error)),
    };
    each(users, read).await
}

async fn group_roles(reader: &Reader, company: CompanyId, group: GroupId) -> Read<BTreeSet<RoleId>> {
    let roles = reader.list_group_roles(company, group).await;
    Ok(roles.map_err(|error| why("the roles of a group", &error))?.into_iter().map(|it| it.role).collect())
}

/// Why something could not be read, the same for every person.
fn why(what: &str, error: &ApiError) -> String {
    match error {
        ApiError::Refused { status, .. } => format!("not witnessed: {what} is refused with {status}"),
        other => format!("not witnessed: {other}"),
    }
}
