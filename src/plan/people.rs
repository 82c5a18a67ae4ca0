//! Who gains access by a plan and who loses some: effective access turned into a row for each set of people alike.
//!
//! A role that another group still gives is not lost, and one that was held before is not gained.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use crate::{
    model::{
        direct::DirectRoles,
        ids::{CompanyId, RoleId, UserId},
        index::{GroupIx, UserIx},
        plan::{Action, Affected, Change, Loser, Note, Path, People, RoleEffect},
        rules::{HeldRole, How, Rules},
        selector::Attribute,
        state::{Edit, Fact, Key, Owner},
    },
    plan::effective::{Outcome, RoleFate, Sides},
};

mod acting;

pub(super) use acting::{Acting, acting};

/// Returns what becomes of whose access; in time linear in what was read.
///
/// Whoever cannot use an account neither gains nor loses, and acts for nobody.
pub fn people(sides: &Sides<'_>, outcomes: &[Outcome<'_>], rules: &Rules) -> People {
    let user = |it: UserIx| sides.plan.index.user(it);
    let is_able = |it: &&Outcome<'_>| sides.able(rules, user(it.user)) != [false; 2];
    let outcomes: Vec<&Outcome<'_>> = outcomes.iter().filter(is_able).collect();
    let lost = outcomes.iter().filter(|it| it.loses_everything);
    let acting = acting(sides, rules);
    // Who gains both a role and a right over somebody is one person.
    let count = |by_role: Vec<&Outcome<'_>>, by_right: fn(&RoleEffect) -> bool| {
        let roles = by_role.into_iter().map(|it| (it.company, user(it.user)));
        let rights = acting.iter().filter(|it| it.1.iter().any(by_right)).map(|it| *it.0);
        roles.chain(rights).collect::<BTreeSet<_>>().len()
    };
    People {
        gain: count(outcomes.iter().copied().filter(|it| it.gains()).collect(), |it| it.gives),
        lose: count(outcomes.iter().copied().filter(|it| it.loses()).collect(), |it| it.takes),
        lose_everything: lost.map(|it| Loser { company: it.company, user: user(it.user) }).collect(),
        affected: affected(sides, &outcomes, acting, rules),
    }
}

/// What people have in common who share a row.
#[derive(PartialEq, Eq, Hash)]
struct Alike<'a> {
    company: CompanyId,
    loses_everything: bool,
    roles: Vec<(&'a RoleFate<'a>, Vec<Step>)>,
}

/// Through which group access comes or goes, and what is said of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Step {
    group: GroupIx,
    how: How,
    note: Note,
}

fn affected(
    sides: &Sides<'_>,
    outcomes: &[&Outcome<'_>],
    mut acting: Acting,
    rules: &Rules,
) -> Vec<Affected> {
    let rows = Rows { sides, rules };
    let mut alike: HashMap<Alike<'_>, Vec<UserIx>> = HashMap::new();
    let mut affected = Vec::new();
    for it in outcomes.iter().filter(|it| it.gains() || it.loses()) {
        let roles = it.fate.roles.iter().map(|role| (role, rows.steps(it.user, role))).collect();
        let what = Alike { company: it.company, loses_everything: it.loses_everything, roles };
        let rights = acting.remove(&(it.company, sides.plan.index.user(it.user))).unwrap_or_default();
        if it.direct.is_empty() && rights.is_empty() {
            alike.entry(what).or_default().push(it.user);
            continue;
        }
        let mut one = rows.affected(what, &[it.user]);
        let direct = it.change.iter().flat_map(|change| rows.direct(change, &it.direct));
        one.roles.extend(direct.chain(rights));
        affected.push(one);
    }
    affected.extend(acting.into_iter().map(|((company, user), roles)| Affected {
        company,
        users: vec![user],
        loses_everything: false,
        roles,
    }));
    affected.extend(alike.into_iter().map(|(what, users)| rows.affected(what, &users)));
    affected.sort_by_cached_key(|it| {
        let rank = (Reverse(it.escalates()), Reverse(it.gains()), Reverse(it.loses_everything));
        (it.company, rank, it.users.clone())
    });
    affected
}

struct Rows<'a> {
    sides: &'a Sides<'a>,
    rules: &'a Rules,
}

impl Rows<'_> {
    fn steps(&self, user: UserIx, role: &RoleFate<'_>) -> Vec<Step> {
        let gained = role.gained.iter().map(|it| self.gained(user, role.role, it.0));
        gained.chain(role.lost.iter().map(|it| self.lost(user, role.role, it.0))).collect()
    }

    /// Of people who join, what is said of the group: they may be on lines of their own.
    fn gained(&self, user: UserIx, role: RoleId, group: GroupIx) -> Step {
        let (how, fact) = match self.sides.before().has_member(group, user) {
            true => (How::Gains, Fact::Grant(role)),
            false => (How::Joins, Fact::Attributes),
        };
        Step { group, how, note: self.note(group, fact) }
    }

    fn lost(&self, user: UserIx, role: RoleId, group: GroupIx) -> Step {
        let is_deleted = self.sides.change(group).is_some_and(|it| it.action() == Action::Delete);
        let (how, fact) = match self.sides.after.has_member(group, user) {
            _ if is_deleted => (How::Deleted, Fact::Attributes),
            true => (How::Loses, Fact::Grant(role)),
            false => (How::Leaves, Fact::Member(user)),
        };
        Step { group, how, note: self.note(group, fact) }
    }

    fn note(&self, group: GroupIx, fact: Fact) -> Note {
        self.sides.plan.note(&Key { owner: Owner::Group(group), fact })
    }

    fn affected(&self, Alike { company, loses_everything, roles }: Alike<'_>, users: &[UserIx]) -> Affected {
        let path = |Step { group, how, note }: Step| Path {
            group: Some(self.sides.plan.index.group(group).name.clone()),
            how,
            note: match (how, users) {
                (How::Joins, [one]) => self.note(group, Fact::Member(*one)),
                _ => note,
            },
        };
        let effect = |(fate, steps): (&RoleFate<'_>, Vec<Step>)| RoleEffect {
            role: HeldRole::Role(fate.role),
            gives: !fate.gained.is_empty(),
            takes: !fate.lost.is_empty(),
            privileged: self.rules.is_privileged(company, fate.role),
            gains: fate.gains.clone(),
            loses: fate.loses.clone(),
            gains_over: Vec::new(),
            loses_over: Vec::new(),
            before: DirectRoles::default(),
            after: DirectRoles::default(),
            through: steps.into_iter().map(path).collect(),
        };
        let mut users: Vec<UserId> = users.iter().map(|it| self.sides.plan.index.user(*it)).collect();
        users.sort_unstable();
        Affected { company, users, loses_everything, roles: roles.into_iter().map(effect).collect() }
    }

    fn direct(&self, change: &Change<'_>, edits: &[Edit]) -> Vec<RoleEffect> {
        // What does not change itself comes or goes with the account.
        let account = change.traits().find(|it| it.attribute() == Some(Attribute::Active));
        let note = |it: &Edit| {
            let changes = change.direct().any(|own| own.key == it.key);
            change.note(account.filter(|_| !changes).unwrap_or(it))
        };
        let effect = |it: &Edit| {
            let kind = it.kind()?;
            let [before, after] = it.direct().map(|it| DirectRoles::new(it.cloned()));
            let how = if it.gives() { How::Gains } else { How::Loses };
            Some(RoleEffect {
                role: HeldRole::Direct(kind.role_type().into()),
                gives: it.gives(),
                takes: it.takes(),
                privileged: self.rules.privileged_direct.contains(kind.role_type()),
                gains: Arc::default(),
                loses: Arc::default(),
                gains_over: Vec::new(),
                loses_over: Vec::new(),
                before,
                after,
                through: vec![Path { group: None, how, note: note(it) }],
            })
        };
        edits.iter().filter_map(effect).collect()
    }
}

#[cfg(test)]
mod tests;
