//! Effective access: what people may do through everything together, before and after a plan, and through what.
//!
//! The one place that adds up: the roles of a person through every group of a company, each on the union of its scopes,
//! and direct roles where they were read. Nothing subtracts (contract §8). Knows only the groups that were read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::{
    direct::DirectRoles,
    ids::{CompanyId, RoleId, UserId},
    index::{GroupIx, UserIx},
    permissions::Permissions,
    plan::{Action, Change, Loser, People, Plan},
    scope::Scope,
    state::{Membership, Owner, State, memberships},
};

/// A plan with the state that results from it.
#[derive(Clone, Debug)]
pub struct Sides<'a> {
    /// The plan, with the state before.
    pub plan: &'a Plan,
    /// The state after.
    pub after: State,
    /// The change of each group that has one.
    changes: HashMap<GroupIx, usize>,
}

impl<'a> Sides<'a> {
    /// Computes the state after.
    pub fn new(plan: &'a Plan) -> Self {
        let changes = plan.groups().filter_map(|it| Some((it.group()?, it.at))).collect();
        Self { plan, after: plan.after(), changes }
    }

    /// The state before.
    pub fn before(&self) -> &'a State {
        &self.plan.live
    }

    /// Every group that is there before, after or both, in order.
    pub fn groups(&self) -> BTreeSet<GroupIx> {
        self.before().groups().iter().chain(self.after.groups()).map(|it| it.0).collect()
    }

    /// The company of a group.
    pub fn company(&self, group: GroupIx) -> CompanyId {
        self.plan.index.group(group).company
    }

    /// What changes about a group.
    pub fn change(&self, group: GroupIx) -> Option<Change<'a>> {
        self.plan.change(*self.changes.get(&group)?)
    }
}

/// A group that somebody is in, before, after or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    /// Which group.
    pub group: GroupIx,
    /// Whether the person is in it before.
    pub before: bool,
    /// Whether the person is in it after.
    pub after: bool,
}

/// A role that somebody has, by the groups that give it with the scope of each.
#[derive(Clone, Debug, Default)]
pub struct Held<'a> {
    /// Before the plan.
    pub before: Vec<(GroupIx, &'a Scope)>,
    /// After it.
    pub after: Vec<(GroupIx, &'a Scope)>,
}

/// A role that somebody has, and everything that gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect<P> {
    /// The role.
    pub role: RoleId,
    /// Where it holds: wherever one of the paths says.
    pub scope: Scope,
    /// What it permits, `ALL` expanded; `None` where the API did not say.
    pub permissions: Option<Permissions>,
    /// What gives it, in the order in which it was added up.
    pub through: Vec<P>,
}

/// Adds up what paths give together, sorted by role.
pub fn effects<'a, P>(
    paths: impl IntoIterator<Item = (RoleId, &'a Scope, P)>,
    permissions: &BTreeMap<RoleId, &Permissions>,
) -> Vec<Effect<P>> {
    let mut all: BTreeMap<RoleId, (Vec<Scope>, Vec<P>)> = BTreeMap::new();
    for (role, scope, path) in paths {
        let (scopes, through) = all.entry(role).or_default();
        scopes.push(scope.clone());
        through.push(path);
    }
    let effect = |(role, (scopes, through)): (RoleId, (Vec<Scope>, Vec<P>))| {
        let permissions = permissions.get(&role).map(|it| it.expanded());
        Effect { role, scope: Scope::any(scopes), permissions, through }
    };
    all.into_iter().map(effect).collect()
}

/// The scope that several give together.
pub fn union<'a>(paths: impl IntoIterator<Item = &'a (GroupIx, &'a Scope)>) -> Scope {
    Scope::any(paths.into_iter().map(|it| it.1.clone()))
}

/// The groups of each person of a company for whom `concerns` holds, each list sorted.
pub fn parts(
    sides: &Sides<'_>,
    concerns: impl Fn(CompanyId, UserIx) -> bool,
) -> BTreeMap<(CompanyId, UserIx), Vec<Part>> {
    let mut all: BTreeMap<(CompanyId, UserIx), Vec<Part>> = BTreeMap::new();
    for Membership { group, user, before, after } in memberships(sides.before(), &sides.after) {
        let company = sides.company(group);
        if concerns(company, user) {
            all.entry((company, user)).or_default().push(Part { group, before, after });
        }
    }
    all
}

/// What somebody in these groups has through them, by role.
pub fn held<'a>(sides: &'a Sides<'_>, parts: &[Part]) -> BTreeMap<RoleId, Held<'a>> {
    let mut roles: BTreeMap<RoleId, Held<'a>> = BTreeMap::new();
    for &Part { group, before, after } in parts {
        if before {
            for ((_, role), scope) in sides.plan.live.grants(group) {
                roles.entry(*role).or_default().before.push((group, scope));
            }
        }
        if after {
            for ((_, role), scope) in sides.after.grants(group) {
                roles.entry(*role).or_default().after.push((group, scope));
            }
        }
    }
    roles
}

/// Counts who gains and who loses access by a plan, in time linear in the memberships that were read.
pub fn people(sides: &Sides<'_>) -> People {
    let plan = sides.plan;
    let mut concerned: BTreeSet<(CompanyId, UserIx)> = BTreeSet::new();
    for change in plan.groups() {
        let Some(group) = change.group() else { continue };
        if change.grants().next().is_some() || change.action() == Action::Delete {
            concerned.extend(plan.live.members(group).map(|it| (change.company(), it)));
        }
        concerned.extend(change.members().filter_map(|it| Some((change.company(), it.member()?))));
    }
    let direct = direct(plan);
    let changed = plan.people().filter_map(|it| Some((it.company(), plan.index.find_user(it.user()?)?)));
    concerned.extend(changed);
    let mut parts = parts(sides, |company, user| concerned.contains(&(company, user)));
    // People in the same groups share their fate, and there are few such sets.
    let mut known: HashMap<Vec<Part>, Fate> = HashMap::new();
    let mut people = People::default();
    for (company, user) in concerned {
        let parts = parts.remove(&(company, user)).unwrap_or_default();
        let id = plan.index.user(user);
        let fate = match direct.get(&(company, id)) {
            Some(own) => Fate::of(&parts, sides, Some(own)),
            None => *known.entry(parts).or_insert_with_key(|parts| Fate::of(parts, sides, None)),
        };
        people.gain += usize::from(fate.gains);
        people.lose += usize::from(fate.loses);
        if fate.loses_everything {
            people.lose_everything.push(Loser { company, user: id });
        }
    }
    people
}

/// The direct roles of somebody, before and after.
struct Direct<'a> {
    before: DirectRoles,
    change: Option<Change<'a>>,
}

/// What is known of direct roles, by person.
fn direct(plan: &Plan) -> BTreeMap<(CompanyId, UserId), Direct<'_>> {
    let changes: BTreeMap<Owner, Change<'_>> = plan.people().map(|it| (it.owner, it)).collect();
    let held = plan.live.people().map(|it| Owner::Person(it.0));
    let owners: BTreeSet<Owner> = held.chain(changes.keys().copied()).collect();
    let one = |owner: Owner| {
        let Owner::Person(person) = owner else { return None };
        let direct = Direct { before: plan.live.direct(person), change: changes.get(&owner).copied() };
        Some((plan.index.person(person), direct))
    };
    owners.into_iter().filter_map(one).collect()
}

#[derive(Clone, Copy)]
struct Fate {
    gains: bool,
    loses: bool,
    loses_everything: bool,
}

impl Fate {
    fn of(parts: &[Part], sides: &Sides<'_>, direct: Option<&Direct<'_>>) -> Self {
        let roles = held(sides, parts);
        let had_direct = direct.is_some_and(|it| !it.before.is_empty());
        let change = direct.and_then(|it| it.change);
        let has_direct = change.map_or(had_direct, |it| !it.direct_after().is_empty());
        let mut fate = Self {
            gains: change.is_some_and(|it| it.gives()),
            loses: change.is_some_and(|it| it.takes()),
            loses_everything: (had_direct || roles.values().any(|it| !it.before.is_empty()))
                && !has_direct
                && roles.values().all(|it| it.after.is_empty()),
        };
        for Held { before, after } in roles.values() {
            if before.iter().map(|it| it.1).eq(after.iter().map(|it| it.1)) {
                continue;
            }
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
