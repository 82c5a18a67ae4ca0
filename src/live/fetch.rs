//! From the API, or from a snapshot of it, to [`Observed`]: what a [`ReadList`] names and nothing more, all or nothing.
//!
//! Reads only. A list that cannot be proven complete fails the whole fetch: an
//! incomplete read would pass for people without access.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;

use crate::{
    live::{
        FetchError,
        api::Home,
        source::{AT_ONCE, Source},
    },
    model::{
        access::{Contents, Grant, Members},
        direct::DirectRoles,
        directory::Directory,
        ids::{CompanyId, GroupId, UserId},
        observed::{GroupHead, GroupRole, Observed, ObservedCompany, User, completed},
        scope::{Scope, Shared},
        selector::Selector,
    },
};
use futures_util::{
    StreamExt, TryStreamExt,
    future::{try_join, try_join3},
    stream,
};

mod acting;
mod confirm;
mod estimate;
mod file;
mod holders;
mod kept;
mod keyed;
mod list;
mod lookup;
mod named;
mod naming;
mod newcomers;
mod people;
mod person;
mod policies;
mod policy_reads;
mod profiles;
mod record;
mod survey;
#[cfg(test)]
mod tests;

pub use acting::fetch_actors;
pub use confirm::{Going, confirm};
pub use estimate::{Estimate, estimate};
pub use file::{SnapshotError, open};
pub use holders::{holders, lockout_holders};
pub use kept::kept;
pub use list::{Profiles, ReadList};
pub use named::named;
pub use naming::naming;
pub use person::fetch_person;
pub use record::record;
pub use survey::{holders_of, roles};

use list::{CompanyReads, GroupRead, GroupReads};
use people::{
    People, accounts, elsewhere, missing, one_by_one, people, profiled, strangers, unknown, unless_refused,
};

type Read<T> = Result<T, FetchError>;

/// Companies that are read at the same time: one with little in it waits for its answers more than it asks.
const COMPANIES_AT_ONCE: usize = 8;

/// Reads everything on the list.
///
/// A company that the API does not tell of, or tells nonsense of, is left out with its reason, if others are there.
///
/// # Errors
/// The first request that failed for another reason, or of the only company; nothing partial of a company is returned.
pub async fn fetch(source: &Source, list: &ReadList<'_>) -> Result<Observed, FetchError> {
    let mut observed = Observed { searched: searched(list), ..Observed::default() };
    let scopes = Mutex::default();
    let mut failed = Failed::default();
    let mut there: BTreeMap<Home, Vec<User>> = BTreeMap::new();
    let companies = stream::iter(&list.companies)
        .map(|reads| async { (reads.id, company(source, &list.known, reads, &scopes).await) });
    let mut companies = companies.buffered(COMPANIES_AT_ONCE);
    while let Some((id, read)) = companies.next().await {
        let Some((company, people)) = failed.note(id, read)? else { continue };
        observed.companies.push(company);
        observed.searched.retain(|it| !people.closed.contains(it));
        // Only lock-outs ask who is known at which endpoint.
        let locks_out = list.companies.first().is_some_and(|it| !it.lockouts.is_empty());
        if let Some(home) = source.home(id).filter(|_| locks_out) {
            there.entry(home).or_default().extend(people.users.iter().cloned());
        }
        observed.users.extend(people.users);
        observed.direct.extend(people.direct);
        observed.profiles.extend(people.profiles);
        observed.newcomers.extend(people.newcomers);
        observed.accounts.extend(people.accounts.map(|it| (id, it)));
        observed.unlisted.extend(people.unlisted.then_some(id));
        observed.listed.extend(people.listed.then_some(id));
        observed.led.extend(people.led);
    }
    drop(companies);
    failed.leave_out(&mut observed)?;
    moved(source, list, &mut observed, (there, &scopes)).await?;
    observed.users = completed(observed.users);
    Ok(observed)
}

/// Companies of which something could not be read, each with the first reason.
#[derive(Debug, Default)]
pub struct Failed(BTreeMap<CompanyId, FetchError>);

impl Failed {
    /// Keeps the reason for which a company is not read, if it is one of this company alone.
    ///
    /// # Errors
    /// Any other.
    pub(crate) fn note<T>(&mut self, company: CompanyId, read: Read<T>) -> Read<Option<T>> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error) if error.is_of_one_company() => {
                self.0.entry(company).or_insert(error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Makes sure that there are none.
    ///
    /// # Errors
    /// The first reason.
    pub(crate) fn none(self) -> Read<()> {
        self.0.into_values().next().map_or(Ok(()), Err)
    }

    /// Makes sure that these are not all of so many.
    ///
    /// # Errors
    /// The first reason.
    pub(crate) fn not_all(self, of: usize) -> Read<()> {
        if self.0.len() < of { Ok(()) } else { self.none() }
    }

    /// Takes these companies out of what was read, with their reasons. Returns whether there are any.
    ///
    /// # Errors
    /// The first reason, where no company is left.
    pub(crate) fn leave_out(self, observed: &mut Observed) -> Read<bool> {
        let is_any = !self.0.is_empty();
        observed.companies.retain(|it| !self.0.contains_key(&it.id));
        observed.failed.extend(self.0.iter().map(|(id, error)| (*id, error.to_string().into())));
        let mut errors = self.0.into_iter();
        if let (true, true, Some((_, error))) = (is_any, observed.companies.is_empty(), errors.next()) {
            return Err(error);
        }
        Ok(is_any)
    }
}

/// Looks for those who are locked out in other companies too, and reads in which groups they still are here: each is
/// asked for once, however many companies there are.
async fn moved(
    source: &Source,
    list: &ReadList<'_>,
    observed: &mut Observed,
    (mut there, scopes): (BTreeMap<Home, Vec<User>>, &Mutex<Shared>),
) -> Read<()> {
    let Some(lockouts) = list.companies.first().map(|it| &it.lockouts).filter(|it| !it.is_empty()) else {
        return Ok(());
    };
    for &other in list.known.iter().filter(|it| list.companies.iter().all(|own| own.id != **it)) {
        let Some(home) = source.home(other) else { continue };
        let found = unless_refused(source.find_users(other, lockouts).await)?;
        there.entry(home).or_default().extend(found.iter().cloned());
        observed.users.extend(found);
    }
    // Whoever is known at one endpoint is nobody at another.
    let there: BTreeMap<Home, Directory<'_>> = there.iter().map(|it| (*it.0, Directory::new(it.1))).collect();
    let mut missing: BTreeMap<UserId, Vec<usize>> = BTreeMap::new();
    for (at, company) in observed.companies.iter().enumerate() {
        let reads = list.companies.iter().find(|it| it.id == company.id);
        let directory = source.home(company.id).and_then(|it| there.get(&it));
        let cut_off = reads.into_iter().zip(directory).flat_map(|(it, directory)| it.cut_off(directory));
        for user in cut_off.filter(|it| !company.held.contains_key(it)) {
            missing.entry(user).or_default().push(at);
        }
    }
    let asked = missing.iter().map(|(&user, companies)| (observed.companies[companies[0]].id, user));
    let groups = stream::iter(asked).map(|(company, user)| source.groups_of_user(company, user));
    let groups: Vec<Vec<(CompanyId, GroupHead)>> = groups.buffered(AT_ONCE).try_collect().await?;
    let mut failed = Failed::default();
    for ((user, companies), groups) in missing.into_iter().zip(groups) {
        for at in companies {
            let company = &mut observed.companies[at];
            let own = groups.iter().filter(|it| it.0 == company.id).map(|it| it.1.id);
            let mut own: Vec<GroupId> = own.collect();
            own.sort_unstable();
            let unread = own.iter().filter(|it| !company.contents.contains_key(it));
            let unread: GroupReads = unread.map(|it| (*it, GroupRead::default())).collect();
            let read = whole(source, company.id, &unread, scopes).await;
            if let Some(read) = failed.note(company.id, read)? {
                read.join(company);
            }
            company.held.insert(user, own);
        }
    }
    failed.leave_out(observed).map(drop)
}

/// Reads one company.
///
/// Lists that do not depend on each other are asked for at the same time: groups with their contents, roles, and
/// people.
async fn company(
    source: &Source,
    known: &[CompanyId],
    reads: &CompanyReads<'_>,
    scopes: &Mutex<Shared>,
) -> Read<(ObservedCompany, People)> {
    let groups = async {
        let heads = source.list_groups(reads.id).await?;
        let wanted = reads.groups(&heads);
        let read = whole(source, reads.id, &wanted, scopes).await?;
        Ok((heads, wanted, read))
    };
    let roles = source.list_roles(reads.id);
    let selected = selected(source, reads);
    let ((heads, mut wanted, read), roles, (mut people, selected)) =
        try_join3(groups, roles, try_join(profiled(source, known, reads), selected)).await?;
    people.users.extend(selected.users);
    let rest = reads.rest(&heads, &wanted, &people.held);
    let more = whole(source, reads.id, &rest, scopes).await?;
    wanted.extend(rest);
    let mut company = ObservedCompany { groups: heads, roles, ..ObservedCompany::new(reads.id) };
    read.join(&mut company);
    more.join(&mut company);
    company.selected = selected.rules;
    company.units = std::mem::take(&mut people.units);
    let strangers = strangers(source, reads.id, &wanted, &company.contents, &people.users).await?;
    people.users.extend(strangers);
    let known: BTreeSet<UserId> = people.direct.iter().map(|it| it.0).collect();
    let more = policies::for_policies(source, reads, &company, (&people.users, &known)).await?;
    people.users.extend(more.users);
    people.direct.extend(more.direct);
    (people.unlisted, people.listed) = (more.unlisted, more.listed);
    people.held.retain(|it, _| people.cut_off.contains(it));
    company.held = std::mem::take(&mut people.held);
    Ok((company, people))
}

/// Reads only what the lock-outs on the list need: who they mean, and the groups of these.
///
/// The groups are not looked into: to take somebody out it is enough to know that they are in. So their
/// contents are these people and nothing else; [`lockout_holders`] looks into those that it matters of. Direct roles
/// that the API does not tell, for whatever reason, are not known. A company that fails holds up no other one's lock-outs.
///
/// # Errors
/// As [`fetch`].
pub async fn fetch_lockouts(source: &Source, list: &ReadList<'_>) -> Result<Observed, FetchError> {
    let mut observed = Observed::default();
    let (mut there, mut failed) = (BTreeMap::<_, Vec<User>>::new(), Failed::default());
    for reads in &list.companies {
        let own = async {
            let mut own = source.find_users(reads.id, &list.singled_out).await?;
            let missing = missing(&list.singled_out, &Directory::new(&own));
            own.extend(one_by_one(source, reads.id, &missing).await?);
            Ok(own)
        };
        let found = failed.note(reads.id, own.await)?.unwrap_or_default();
        there.entry(source.home(reads.id)).or_default().extend(found);
    }
    observed.users = completed(there.values().flatten().cloned().collect());
    let mut direct = Vec::new();
    for reads in &list.companies {
        let there = completed(there[&source.home(reads.id)].clone());
        let read = held_by_lockouts(source, reads, &Directory::new(&there)).await;
        if let Some((live, roles)) = failed.note(reads.id, read)? {
            observed.companies.push(live);
            direct.extend(roles);
        }
    }
    observed.direct.extend(direct);
    failed.leave_out(&mut observed)?;
    Ok(observed)
}

/// Reads in which groups of one company those are who are locked out, and their direct roles.
async fn held_by_lockouts(
    source: &Source,
    reads: &CompanyReads<'_>,
    directory: &Directory<'_>,
) -> Read<(ObservedCompany, Vec<(UserId, DirectRoles)>)> {
    let mut direct = Vec::new();
    let mut live = ObservedCompany::new(reads.id);
    for user in reads.cut_off(directory) {
        // Direct roles are only reported: not to know them keeps nobody in a group.
        let roles = async {
            match source.direct_roles(reads.id, user).await {
                Err(FetchError::Api(_)) => Ok(None),
                roles => roles,
            }
        };
        let (groups, roles) = try_join(source.groups_of_user(reads.id, user), roles).await?;
        let own: Vec<GroupHead> = groups.into_iter().filter(|it| it.0 == reads.id).map(|it| it.1).collect();
        for group in &own {
            let contents = live.contents.entry(group.id).or_default();
            let mut members: Vec<UserId> = contents.members.iter().copied().chain([user]).collect();
            members.sort_unstable();
            contents.members = members.into();
        }
        live.held.insert(user, own.iter().map(|it| it.id).collect());
        live.groups.extend(own);
        direct.extend(roles.map(|it| (user, it)));
    }
    live.groups.sort_by_key(|it| it.id);
    live.groups.dedup_by_key(|it| it.id);
    if !live.groups.is_empty() {
        live.roles = source.list_roles(reads.id).await?;
    }
    Ok((live, direct))
}

/// Everybody whom the rules for members mean.
#[derive(Default)]
struct Selected {
    users: Vec<User>,
    rules: BTreeMap<Selector, Arc<[UserId]>>,
}

/// Asks for everybody whom a rule means, for each rule once.
async fn selected(source: &Source, reads: &CompanyReads<'_>) -> Read<Selected> {
    let found = stream::iter(&reads.selectors)
        .map(|&rule| async move { Read::Ok((rule, source.select(reads.id, rule).await?)) });
    let mut found = found.buffered(AT_ONCE);
    let mut all = Selected::default();
    while let Some((rule, users)) = found.try_next().await? {
        let mut active: Vec<UserId> = users.iter().filter(|it| it.active).map(|it| it.id).collect();
        active.sort_unstable();
        active.dedup();
        all.rules.insert(rule.clone(), active.into());
        all.users.extend(users);
    }
    Ok(all)
}

fn searched(list: &ReadList<'_>) -> BTreeSet<CompanyId> {
    list.known.iter().copied().collect()
}

/// What the API says is in a group.
type Found = (Members, Vec<GroupRole>);

async fn whole(
    source: &Source,
    company: CompanyId,
    groups: &GroupReads,
    scopes: &Mutex<Shared>,
) -> Read<Whole> {
    let found = stream::iter(groups.keys()).map(|&group| async move {
        let members = source.list_members(company, group);
        Ok((group, try_join(members, source.list_group_roles(company, group)).await?))
    });
    let found = found.buffer_unordered(AT_ONCE);
    let read = |mut all: Whole, (group, found)| {
        all.add(group, found, &mut scopes.lock().unwrap_or_else(PoisonError::into_inner));
        std::future::ready(Ok(all))
    };
    found.try_fold(Whole::default(), read).await
}

/// What is in groups, and since when.
#[derive(Default)]
struct Whole {
    contents: BTreeMap<GroupId, Contents>,
    added: BTreeMap<GroupId, Arc<[Option<Timestamp>]>>,
}

impl Whole {
    fn add(&mut self, group: GroupId, (members, roles): Found, scopes: &mut Shared) {
        let contents = Contents { members: members.ids, grants: shared(roles, scopes) };
        self.contents.insert(group, contents);
        // Also of nobody: each list is beside the members that it is about.
        self.added.insert(group, members.added);
    }

    /// Says it of a company, in the place of what was known of these groups.
    fn join(self, company: &mut ObservedCompany) {
        company.contents.extend(self.contents);
        company.added.extend(self.added);
    }
}

/// Joins the entries of one role: a group holds it wherever any of them says (contract §3.9).
pub fn grants(roles: Vec<GroupRole>) -> Vec<Grant> {
    shared(roles, &mut Shared::default())
}

/// [`grants`], of which equal parts are kept once.
pub(crate) fn shared(mut roles: Vec<GroupRole>, scopes: &mut Shared) -> Vec<Grant> {
    // Entries of one role stay in the order of the API.
    roles.sort_by_key(|it| it.role);
    let grant = |entries: &mut [GroupRole]| {
        let mut read: Vec<Arc<Scope>> = entries.iter_mut().map(|it| scopes.read(&mut it.scope)).collect();
        let scope = match read.pop() {
            Some(only) if read.is_empty() => only,
            last => {
                scopes.scope(Arc::new(Scope::any(read.into_iter().chain(last).map(Arc::unwrap_or_clone))))
            }
        };
        Grant {
            role: entries[0].role,
            scope,
            as_read: entries.iter_mut().map(|it| it.scope.take()).collect(),
        }
    };
    roles.chunk_by_mut(|a, b| a.role == b.role).map(grant).collect()
}
