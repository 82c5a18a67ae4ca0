//! A diff to a plan that can be judged: in which order it is made, whom it concerns, what the guards find.
//!
//! One way for every plan, whether it comes from files, from a saved plan or from a journal.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    model::{
        access::{Contents, Group, GroupKey, LiveState, Why},
        dialect::ScopeChange,
        ids::GroupId,
        plan::{Digest, DirectEffect, GroupChange, MemberEffect, Plan, UserChange},
        rules::Rules,
    },
    plan::{
        bind::Bound,
        diff, digest,
        guard::{floors, judge},
        order::{Ordered, Step, order},
        people::people,
    },
};

/// A plan with everything people need to judge it, and its steps.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// The plan.
    pub plan: Plan,
    /// What it is made of.
    pub steps: Vec<Step>,
}

/// Orders a plan, and lets every guard look at it. `live` is everything that was read.
pub fn assess(
    mut plan: Plan,
    live: &LiveState,
    rules: &Rules,
    style: ScopeChange,
    now: Timestamp,
) -> Assessed {
    let Ordered { steps, gaps, sunk } = order(&plan, style, &floors(&plan, live, rules));
    plan.gaps = gaps;
    plan.people = people(&plan, live);
    let (guards, remarks) = judge(&plan, live, rules, now, &sunk);
    plan.guards = guards;
    plan.remarks.extend(remarks);
    plan.remarks.sort();
    plan.remarks.dedup();
    Assessed { plan, steps }
}

/// What a saved plan is today.
#[derive(Debug)]
pub enum TakenUp {
    /// The plan, with everything but its effects computed anew.
    Plan(Box<Plan>),
    /// What it saw, or what it was made from, is no longer so.
    Stale(Stale),
}

/// What a saved plan is no longer for: each group and each person with how.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Stale {
    pub groups: Vec<String>,
    pub people: Vec<String>,
}

impl Stale {
    fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.people.is_empty()
    }
}

/// Takes up a plan that was made from the files as they still are: what they ask of the same groups
/// today must be the very same effects.
///
/// Nothing of the saved plan itself is applied. Its id says what was approved, and its groups which part.
pub fn same_again(saved: &Plan, id: Digest, fresh: &Plan, live: &LiveState) -> TakenUp {
    let stale = stale(saved, live);
    if !stale.is_empty() {
        return TakenUp::Stale(stale);
    }
    let key = |it: &GroupChange| (it.company, it.id, it.id.is_none().then(|| it.name.clone()));
    let mine: BTreeSet<_> = saved.changes.iter().map(key).collect();
    let mut plan = fresh.clone();
    plan.changes.retain(|it| mine.contains(&key(it)));
    plan.users.retain(|it| saved.users.iter().any(|mine| (mine.company, mine.user) == (it.company, it.user)));
    if digest::plan_id(&plan) == id {
        return TakenUp::Plan(Box::new(plan));
    }
    let theirs = |it: &GroupChange| plan.changes.iter().find(|other| key(other) == key(it));
    let alone = |it: &GroupChange| digest::plan_id(&Plan { changes: vec![it.clone()], ..Plan::default() });
    let differs = |it: &&GroupChange| theirs(it).is_none_or(|other| alone(other) != alone(it));
    let users = |it: &UserChange| digest::plan_id(&Plan { users: vec![it.clone()], ..Plan::default() });
    let same =
        |a: &UserChange, b: &UserChange| (a.company, a.user) == (b.company, b.user) && users(a) == users(b);
    let people = saved.users.iter().filter(|it| !plan.users.iter().any(|other| same(it, other)));
    let line = |name: &str| format!("{name}: the files ask for something else today");
    TakenUp::Stale(Stale {
        groups: saved.changes.iter().filter(differs).map(|it| line(&it.name)).collect(),
        people: people.map(|it| line(&saved.names.person(it.user))).collect(),
    })
}

/// Takes up a plan that no file asks for now, such as a rollback: its effects are believed, for they are
/// what its id is of; all else is computed anew.
pub fn as_approved(saved: Plan, id: Digest, fresh: &Plan, bound: &Bound) -> TakenUp {
    let Bound { live, locked, .. } = bound;
    let mut stale = stale(&saved, live);
    let mut plan = Plan {
        companies: fresh.companies.clone(),
        read: fresh.read.clone(),
        survivors: diff::survivors(&saved.users, live, locked),
        quarantine: fresh.quarantine.iter().filter(|it| it.is_left_by_lockout()).cloned().collect(),
        outside: fresh.outside.clone(),
        remarks: fresh.remarks.clone(),
        changes: saved.changes,
        users: saved.users,
        ..Plan::default()
    };
    plan.names = fresh.names.clone();
    for (user, name) in saved.names.people {
        plan.names.people.entry(user).or_insert(name);
    }
    for change in &mut plan.changes {
        if let Some(found) = change.id.and_then(|id| group(live, id)) {
            let members = found.members.iter().map(|it| it.user).collect();
            change.before = Some(Contents { members, grants: found.grants.clone() });
        }
        for member in &mut change.members {
            match &mut member.effect {
                MemberEffect::Remove { why, .. } if !locked.contains(&member.user) => *why = Why::NotDeclared,
                MemberEffect::Remove { .. } => (),
                MemberEffect::Add { .. } if locked.contains(&member.user) => {
                    stale.groups.push(format!("{}: somebody would join who is locked out", change.name));
                }
                MemberEffect::Add { .. } => (),
            }
        }
    }
    for change in &mut plan.users {
        for role in &mut change.roles {
            match &mut role.effect {
                DirectEffect::Remove { why, .. } if !locked.contains(&change.user) => *why = Why::NotDeclared,
                DirectEffect::Remove { .. } | DirectEffect::Add { .. } | DirectEffect::Change { .. } => (),
            }
        }
        if change.gives() && locked.contains(&change.user) {
            let who = plan.names.person(change.user);
            stale.people.push(format!("{who}: would get a role, and is locked out"));
        }
    }
    if stale.is_empty() && digest::plan_id(&plan) != id {
        stale.groups.push("the groups hold other roles than the plan saw".to_owned());
    }
    if stale.is_empty() { TakenUp::Plan(Box::new(plan)) } else { TakenUp::Stale(stale) }
}

fn group(live: &LiveState, id: GroupId) -> Option<&Group> {
    live.0.groups.iter().find(|it| it.key == GroupKey::Existing(id))
}

/// Returns the groups and people that are no longer what a plan saw, each with how; one that it did not look at is none it saw.
fn stale(plan: &Plan, live: &LiveState) -> Stale {
    let difference = |change: &GroupChange| {
        let id = change.id?;
        let Some(then) = plan.read.iter().find(|it| it.group == id) else {
            return Some("the plan did not look at it");
        };
        let Some(live) = group(live, id) else { return Some("the group is gone") };
        let members: Vec<_> = live.members.iter().map(|it| it.user).collect();
        let now = digest::group(live.company, id, &live.name, &live.description, &live.grants, &members);
        if now.attributes != then.attributes {
            Some("its name or description is another")
        } else if now.roles != then.roles {
            Some("its roles or their scopes are others")
        } else {
            (now.members != then.members).then_some("its members are others")
        }
    };
    let groups = plan.changes.iter().filter_map(|it| Some(format!("{}: {}", it.name, difference(it)?)));
    let people = plan.users.iter().filter_map(|it| {
        let read = live.0.people.iter().find(|live| live.identity() == (it.company, it.user));
        let how = match read {
            None => "the direct roles cannot be read",
            Some(live) if live.roles.same_spelling(&it.before) => return None,
            Some(_) => "the direct roles are others",
        };
        Some(format!("{}: {how}", plan.names.person(it.user)))
    });
    Stale { groups: groups.collect(), people: people.collect() }
}
