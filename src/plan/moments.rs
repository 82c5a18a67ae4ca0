//! Two moments of the same companies, each as a snapshot tells it: a plan that leads from the first to the second, and whom that
//! concerns. Nothing is declared here, and nothing is to be applied.
//!
//! Pure: of the two snapshots.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    live::{
        fetch,
        snapshot::{Company, Snapshot},
    },
    model::{
        direct::DirectRoles,
        ids::{CompanyId, UserId},
        index::{GroupName, Index},
        observed::{User, completed},
        plan::{Edits, Names, Overview, People, Plan},
        rules::Rules,
        scope::Shared,
        state::{Attributes, Facts, State, diff},
    },
    plan::{
        effective::{Sides, outcomes},
        people::people,
    },
};

#[cfg(test)]
mod tests;

/// What became of access between two moments.
#[derive(Clone, Debug)]
pub struct Moments {
    /// From the first to the second: the state of the first, and all that is different.
    pub plan: Plan,
    /// Who gains and who loses.
    pub people: People,
    /// Whose account could not be used any more, or again, of everybody who is known at both moments; by company.
    pub accounts: BTreeSet<(CompanyId, UserId, Account)>,
    /// Companies that only one of them tells of: these are not compared.
    pub alone: BTreeSet<CompanyId>,
    /// Of how many people it is known at one moment alone what they hold outside groups: that is not compared.
    pub half_known: usize,
    /// Whether it is known of nobody, or not of everybody, what is held outside groups.
    pub direct_unread: bool,
}

/// What became of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// It could be used, and can no longer.
    Closed,
    /// It could not be used, and can.
    Opened,
}

/// Compares two moments.
///
/// In time linear in their memberships.
pub fn between(before: &Snapshot, after: &Snapshot) -> Moments {
    let ids = |it: &Snapshot| it.companies.iter().map(|it| it.id).collect::<BTreeSet<CompanyId>>();
    let (there, then) = (ids(before), ids(after));
    let both: BTreeSet<CompanyId> = there.intersection(&then).copied().collect();
    let direct = [before, after].map(direct);
    let known: BTreeSet<UserId> = direct[0].keys().filter(|it| direct[1].contains_key(it)).copied().collect();
    let half_known = direct.iter().flat_map(BTreeMap::keys).filter(|it| !known.contains(it)).count();
    let index = index([before, after], &both, &known);
    let [live, desired] = [(before, &direct[0]), (after, &direct[1])].map(|it| state(it, &both, &index));
    let edits = Edits::new(diff(&live, &desired));
    let users = [before, after].map(users);
    let rules = rules([before, after], &users);
    let companies = both.iter().map(|id| overview(*id, before)).collect();
    let names = names([before, after], &users);
    let plan = Plan { index: Arc::new(index), live, edits, companies, names, ..Plan::default() };
    let sides = Sides::new(&plan);
    let people = people(&sides, &outcomes(&sides), &rules);
    let active = users.iter().flatten().filter(|it| it.active).map(|it| it.id).collect::<BTreeSet<_>>();
    let direct_unread = active.iter().any(|it| !known.contains(it));
    let accounts = accounts(&users, &both);
    let alone = there.symmetric_difference(&then).copied().collect();
    Moments { plan, people, accounts, alone, half_known, direct_unread }
}

/// Everybody of whom a snapshot tells, each in one row.
fn users(all: &Snapshot) -> Vec<User> {
    let rows =
        all.directories.iter().flat_map(|it| it.users.iter().chain(it.asked.iter().flat_map(|it| &it.users)));
    completed(rows.cloned().collect())
}

/// What was read of what people hold outside groups.
fn direct(all: &Snapshot) -> BTreeMap<UserId, &DirectRoles> {
    all.people.iter().filter_map(|it| Some((it.user_id, it.direct_roles.as_ref()?))).collect()
}

fn index(sides: [&Snapshot; 2], both: &BTreeSet<CompanyId>, known: &BTreeSet<UserId>) -> Index {
    let companies = || sides.iter().flat_map(|it| &it.companies).filter(|it| both.contains(&it.id));
    let groups = companies().flat_map(|it| it.groups.iter().map(move |group| (it.id, group)));
    // A group that was renamed has the name of the second moment.
    let named: BTreeMap<_, _> = groups.map(|(company, it)| ((company, it.id), it.name.clone())).collect();
    let names = named.into_iter().map(|((company, id), name)| GroupName::existing(company, name, id));
    let members = companies().flat_map(|it| &it.groups).flat_map(|it| it.members.iter().copied());
    let people = both.iter().flat_map(|company| known.iter().map(move |user| (*company, *user)));
    Index::new(names.collect(), members.chain(known.iter().copied()).collect(), people.collect())
}

fn state(
    (all, direct): (&Snapshot, &BTreeMap<UserId, &DirectRoles>),
    both: &BTreeSet<CompanyId>,
    index: &Index,
) -> State {
    let (mut facts, mut scopes) = (Facts::default(), Shared::default());
    for Company { id, groups, .. } in all.companies.iter().filter(|it| both.contains(&it.id)) {
        for group in groups {
            let Some(ix) = index.find_group(*id, group.id) else { continue };
            let (name, description) = (group.name.clone(), group.description.clone());
            facts.group(ix, Arc::new(Attributes { name, description }));
            for grant in fetch::shared(group.roles.clone(), &mut scopes) {
                facts.grant(ix, grant.role, grant.scope);
            }
            group.members.iter().filter_map(|it| index.find_user(*it)).for_each(|it| facts.member(ix, it));
        }
    }
    // They belong to no company: told once, in the first.
    for (user, roles) in direct {
        if let Some(person) = both.first().and_then(|company| index.find_person(*company, *user)) {
            facts.direct(person, roles);
        }
    }
    State::new(facts)
}

/// What is privileged: whatever lets its holder change access, at either moment.
fn rules(sides: [&Snapshot; 2], users: &[Vec<User>; 2]) -> Rules {
    let companies = sides.iter().flat_map(|it| &it.companies);
    let roles = companies.flat_map(|it| it.roles.iter().map(move |role| (it.id, role)));
    let privileged: BTreeSet<_> = roles.filter(|it| it.1.manages_access).map(|it| (it.0, it.1.id)).collect();
    let mut active: BTreeMap<UserId, bool> = BTreeMap::new();
    for it in users.iter().flatten() {
        // Whose account came or went between them did gain or lose.
        *active.entry(it.id).or_default() |= it.active;
    }
    Rules { privileged: privileged.into_iter().collect(), active, ..Rules::default() }
}

fn overview(company: CompanyId, all: &Snapshot) -> Overview {
    let own = all.companies.iter().filter(|it| it.id == company).flat_map(|it| &it.groups);
    Overview {
        company,
        endpoint: None,
        groups: own.clone().count(),
        memberships: own.map(|it| it.members.len()).sum(),
        unread: 0,
        unmanaged: Vec::new(),
    }
}

fn names(sides: [&Snapshot; 2], users: &[Vec<User>; 2]) -> Names {
    let roles = sides.iter().flat_map(|it| &it.companies).flat_map(|it| &it.roles);
    let email = |it: &User| Some((it.id, it.email.as_ref()?.as_str().into()));
    Names {
        people: users.iter().flatten().filter_map(email).collect(),
        roles: roles.map(|it| (it.id, it.name.clone())).collect(),
        values: sides.iter().flat_map(|it| &it.names).map(|(id, name)| (*id, name.clone())).collect(),
    }
}

fn accounts(users: &[Vec<User>; 2], both: &BTreeSet<CompanyId>) -> BTreeSet<(CompanyId, UserId, Account)> {
    let told = |it: &&User| !it.is_hidden();
    let [then, now] =
        users.each_ref().map(|it| it.iter().filter(told).map(|it| (it.id, it)).collect::<BTreeMap<_, _>>());
    let turned = then.iter().filter_map(|(id, before)| {
        let after = now.get(id)?;
        let company = after.company.or(before.company).filter(|it| both.contains(it))?;
        match (before.active, after.active) {
            (true, false) => Some((company, *id, Account::Closed)),
            (false, true) => Some((company, *id, Account::Opened)),
            (true, true) | (false, false) => None,
        }
    });
    turned.collect()
}
