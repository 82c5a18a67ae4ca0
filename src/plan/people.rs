//! Who gains access by a plan and who loses some, over all groups that were read.
//!
//! Access is effective access: the roles of a person through every group of a
//! company, each on the union of its scopes, and those outside groups where they
//! were read. Counts, never names: those are in the plan.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::{
    access::{Group, GroupKey, LiveState},
    direct::DirectRoles,
    ids::{CompanyId, GroupId, RoleId, UserId},
    plan::{ChangeKind, GroupChange, People, Plan, UserChange},
    scope::Scope,
};

/// A group before and after a plan.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// The owner.
    pub company: CompanyId,
    /// As it was read; `None` for a group that is created.
    pub live: Option<&'a Group>,
    /// What changes, and the position in the plan; `None` where nothing does.
    pub change: Option<(usize, &'a GroupChange)>,
}

/// A role and the scope of one grant of it.
pub type Held<'a> = (RoleId, &'a Scope);

impl<'a> Sides<'a> {
    /// Returns every group that was read or is created, in the order of the live side.
    pub fn of(plan: &'a Plan, live: &'a LiveState) -> Vec<Self> {
        let mut changes: HashMap<(CompanyId, GroupId), usize> = HashMap::with_capacity(plan.changes.len());
        let mut fresh = BTreeSet::new();
        for (n, change) in plan.changes.iter().enumerate() {
            fresh.insert(n);
            changes.extend(change.id.map(|id| ((change.company, id), n)));
        }
        let mut sides: Vec<Self> = Vec::with_capacity(live.0.groups.len() + plan.changes.len());
        for group in &live.0.groups {
            let n = match group.key {
                GroupKey::Existing(id) => changes.get(&(group.company, id)).copied(),
                GroupKey::New(_) => None,
            };
            if let Some(n) = n {
                fresh.remove(&n);
            }
            let change = n.map(|n| (n, &plan.changes[n]));
            sides.push(Self { company: group.company, live: Some(group), change });
        }
        sides.extend(fresh.into_iter().map(|n| {
            let change = &plan.changes[n];
            Self { company: change.company, live: None, change: Some((n, change)) }
        }));
        sides
    }

    /// Whether it is there afterwards.
    pub fn stays(&self) -> bool {
        self.change.is_none_or(|(_, it)| !matches!(it.kind, ChangeKind::Delete { .. }))
    }

    /// Returns who is in it before, sorted.
    pub fn members_before(&self) -> Vec<UserId> {
        match (self.live, self.change) {
            (Some(live), _) => live.members.iter().map(|it| it.user).collect(),
            (None, Some((_, change))) => change.before.iter().flat_map(|it| &it.members).copied().collect(),
            (None, None) => Vec::new(),
        }
    }

    /// Returns who is in it after, sorted.
    pub fn members_after(&self) -> Vec<UserId> {
        let before = self.members_before();
        let Some((_, change)) = self.change else { return before };
        if !self.stays() {
            return Vec::new();
        }
        let mut after: BTreeSet<UserId> = before.into_iter().collect();
        for user in change.leaving() {
            after.remove(&user);
        }
        after.extend(change.joining());
        after.into_iter().collect()
    }

    /// Returns what it gives before, sorted by role.
    pub fn roles_before(&self) -> Vec<Held<'a>> {
        match (self.live, self.change) {
            (Some(live), _) => live.grants.iter().map(|it| (it.role, &it.scope)).collect(),
            (None, Some((_, change))) => change.roles_before().collect(),
            (None, None) => Vec::new(),
        }
    }

    /// Returns what it gives after, sorted by role.
    pub fn roles_after(&self) -> Vec<Held<'a>> {
        match self.change {
            Some(_) if !self.stays() => Vec::new(),
            Some((_, change)) if !change.grants.is_empty() => change.roles_after().into_iter().collect(),
            Some(_) | None => self.roles_before(),
        }
    }
}

/// Counts who gains and who loses access by a plan, in time linear in the groups that were read.
pub fn people(plan: &Plan, live: &LiveState) -> People {
    let sides = Sides::of(plan, live);
    let mut concerned: BTreeMap<(CompanyId, UserId), Vec<Part>> = BTreeMap::new();
    for side in &sides {
        let Some((_, change)) = side.change else { continue };
        if !change.grants.is_empty() || !side.stays() {
            concerned.extend(side.members_before().into_iter().map(|it| ((side.company, it), Vec::new())));
        }
        concerned.extend(change.members.iter().map(|it| ((side.company, it.user), Vec::new())));
    }
    for key in plan.users.iter().map(|it| (it.company, it.user)) {
        concerned.entry(key).or_default();
    }
    for (n, side) in sides.iter().enumerate() {
        let (before, after) = (side.members_before(), side.members_after());
        let mut everybody: Vec<UserId> = before.iter().chain(&after).copied().collect();
        everybody.sort_unstable();
        everybody.dedup();
        for user in everybody {
            if let Some(parts) = concerned.get_mut(&(side.company, user)) {
                let there = |list: &[UserId]| list.binary_search(&user).is_ok();
                parts.push(Part { side: n, before: there(&before), after: there(&after) });
            }
        }
    }
    let direct = outside(plan, live);
    // People in the same groups share their fate, and there are few such sets.
    let mut known: HashMap<Vec<Part>, Fate> = HashMap::new();
    let mut people = People::default();
    for ((company, user), parts) in concerned {
        let fate = match direct.get(&(company, user)) {
            Some(own) => Fate::of(&parts, &sides, Some(own)),
            None => *known.entry(parts).or_insert_with_key(|parts| Fate::of(parts, &sides, None)),
        };
        people.gain += usize::from(fate.gains);
        people.lose += usize::from(fate.loses);
        if fate.loses_everything {
            people.lose_everything.push((company, user));
        }
    }
    people
}

/// What somebody holds outside groups, before and after.
struct Outside<'a> {
    before: &'a DirectRoles,
    change: Option<&'a UserChange>,
}

/// Returns what is known of roles outside groups, by person.
fn outside<'a>(plan: &'a Plan, live: &'a LiveState) -> BTreeMap<(CompanyId, UserId), Outside<'a>> {
    let read = live.0.people.iter();
    let mut all: BTreeMap<_, _> =
        read.map(|it| (it.identity(), Outside { before: &it.roles, change: None })).collect();
    let change =
        |it: &'a UserChange| ((it.company, it.user), Outside { before: &it.before, change: Some(it) });
    all.extend(plan.users.iter().map(change));
    all
}

/// A group that somebody is in, before, after or both.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Part {
    side: usize,
    before: bool,
    after: bool,
}

#[derive(Clone, Copy)]
struct Fate {
    gains: bool,
    loses: bool,
    loses_everything: bool,
}

impl Fate {
    fn of(parts: &[Part], sides: &[Sides<'_>], outside: Option<&Outside<'_>>) -> Self {
        let mut roles: BTreeMap<RoleId, (Vec<&Scope>, Vec<&Scope>)> = BTreeMap::new();
        for part in parts {
            let side = &sides[part.side];
            for (role, scope) in side.roles_before().into_iter().filter(|_| part.before) {
                roles.entry(role).or_default().0.push(scope);
            }
            for (role, scope) in side.roles_after().into_iter().filter(|_| part.after) {
                roles.entry(role).or_default().1.push(scope);
            }
        }
        let union = |scopes: &[&Scope]| Scope::any(scopes.iter().map(|it| (*it).clone()));
        let had_outside = outside.is_some_and(|it| !it.before.is_empty());
        let has_outside =
            outside.is_some_and(|it| it.change.map_or(had_outside, |it| !it.after().is_empty()));
        let change = outside.and_then(|it| it.change);
        let mut fate = Self {
            gains: change.is_some_and(UserChange::gives),
            loses: change.is_some_and(UserChange::takes),
            loses_everything: (had_outside || roles.values().any(|it| !it.0.is_empty()))
                && !has_outside
                && roles.values().all(|it| it.1.is_empty()),
        };
        for (before, after) in roles.values().filter(|it| it.0 != it.1) {
            let (had, has) = (union(before), union(after));
            // A scope in a form nobody can read is still held or not.
            fate.gains |= !had.contains(&has) || (before.is_empty() && !after.is_empty());
            fate.loses |= !has.contains(&had) || (after.is_empty() && !before.is_empty());
        }
        fate
    }
}

#[cfg(test)]
mod tests;
