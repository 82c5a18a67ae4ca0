//! Who holds what at every step of an apply: the world that the laws and the tables look at.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::*;
use crate::{
    model::{
        plan::{Action, Change},
        scope::Value,
    },
    plan::worlds::{role, user},
};

mod direct;
mod laws;
mod tables;

/// One person, one role, one company where it holds.
type Fact = (UserId, RoleId, Value);

/// What becomes of a step that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Works,
    /// Fails without a trace.
    Fails,
    /// Fails, and yet happened.
    Lies,
    /// Fails half way.
    Halts,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Done,
    Failed,
    Skipped,
}

/// A group as the API holds it while steps are made; of each role the entry as read and a new one.
#[derive(Clone, Debug, Default, PartialEq)]
struct Held {
    exists: bool,
    roles: BTreeMap<RoleId, (Option<Scope>, Option<Scope>)>,
    members: BTreeSet<UserId>,
}

/// The groups of a plan, by its changes.
type World = Vec<Held>;

fn before(plan: &Plan) -> World {
    let held = |it: Change<'_>| Held {
        exists: it.id().is_some(),
        roles: it.roles_before().map(|(role, scope)| (role, (Some(scope.clone()), None))).collect(),
        members: it.staying().chain(it.leaving()).collect(),
    };
    plan.groups().map(held).collect()
}

/// What the plan says the groups shall be; computed without any step.
fn after(plan: &Plan) -> World {
    let held = |it: Change<'_>| match it.action() {
        Action::Delete => Held::default(),
        Action::Create | Action::Alter => Held {
            exists: true,
            roles: it.roles_after().into_iter().map(|(role, it)| (role, (None, Some(it.clone())))).collect(),
            members: it.staying().chain(it.joining()).collect(),
        },
    };
    plan.groups().map(held).collect()
}

fn facts_of(held: &Held) -> BTreeSet<Fact> {
    let mut facts = BTreeSet::new();
    for (role, (old, new)) in &held.roles {
        let values = [old, new].into_iter().flatten().flat_map(Scope::audiences).flatten();
        for value in values.flat_map(|it| &it.values) {
            facts.extend(held.members.iter().map(|user| (*user, *role, value.clone())));
        }
    }
    facts
}

fn facts(world: &World) -> BTreeSet<Fact> {
    world.iter().flat_map(facts_of).collect()
}

/// Makes a call, or a part of it.
fn make(step: &Step, world: &mut World, fate: Fate) {
    let group = &mut world[step.change];
    let some = |users: &[UserId]| match fate {
        Fate::Works | Fate::Lies => users.to_vec(),
        Fate::Fails => Vec::new(),
        Fate::Halts => users[..users.len() / 2].to_vec(),
    };
    if !matches!(step.call, Call::PatchMembers { .. }) && matches!(fate, Fate::Fails | Fate::Halts) {
        return;
    }
    assert!(group.exists != matches!(step.call, Call::CreateGroup { .. }), "{step:?}");
    match &step.call {
        Call::CreateGroup { .. } => group.exists = true,
        Call::UpdateGroup { .. } | Call::PutDirectRoles { .. } | Call::PutPerson { .. } => (),
        Call::DeleteGroup { .. } => *group = Held::default(),
        Call::PatchMembers { add, remove, .. } => {
            assert!(add.len() + remove.len() <= MEMBERS_PER_CALL);
            some(remove).iter().for_each(|it| assert!(group.members.remove(it)));
            some(add).iter().for_each(|it| assert!(group.members.insert(*it)));
        }
        Call::PatchRoles { add, delete, .. } => {
            for role in delete {
                let held = group.roles.get_mut(role).unwrap();
                assert!(held.0.take().is_some(), "no entry is deleted twice");
            }
            for (role, scope) in add {
                let held = group.roles.entry(*role).or_default();
                assert!(held.1.replace(scope.clone()).is_none(), "no entry is added twice");
            }
            group.roles.retain(|_, it| *it != (None, None));
        }
    }
}

/// Whether a step may be made, must be skipped, or has to wait.
fn readiness(step: &Step, ended: &[Option<Ended>]) -> Option<bool> {
    let outcomes: Option<Vec<_>> =
        step.after.iter().map(|it| ended[it.step].map(|ended| (it.until, ended))).collect();
    Some(outcomes?.iter().all(|(until, ended)| match until {
        Until::Done => *ended == Ended::Done,
        Until::Ended => true,
    }))
}

/// Makes steps in the order that `pick` chooses among those that may be made, and shows every state.
fn execute(
    ordered: &Ordered,
    world: &mut World,
    mut pick: impl FnMut(&[usize]) -> usize,
    mut fate: impl FnMut(usize) -> Option<Fate>,
    mut look: impl FnMut(&World, &[Option<Ended>]),
) -> Vec<Option<Ended>> {
    let steps = &ordered.steps;
    let mut ended = vec![None; steps.len()];
    loop {
        let first = (0..steps.len()).any(|n| steps[n].lockout && ended[n].is_none());
        let ready = |n: &usize| {
            ended[*n].is_none() && steps[*n].lockout == first && readiness(&steps[*n], &ended).is_some()
        };
        let ready: Vec<usize> = (0..steps.len()).filter(ready).collect();
        if ready.is_empty() {
            return ended;
        }
        let n = ready[pick(&ready) % ready.len()];
        ended[n] = Some(match readiness(&steps[n], &ended) {
            Some(true) => {
                let Some(fate) = fate(n) else { return ended };
                make(&steps[n], world, fate);
                if fate == Fate::Works { Ended::Done } else { Ended::Failed }
            }
            Some(false) | None => Ended::Skipped,
        });
        look(world, &ended);
    }
}

fn locked_out(plan: &Plan) -> BTreeSet<UserId> {
    plan.groups().flat_map(|it| it.locked_out().collect::<Vec<_>>()).collect()
}

/// A plan and its order, short enough to read where a law fails.
fn show(plan: &Plan, ordered: &Ordered) -> String {
    let id = |it: Uuid| it.as_u128() % 1_000;
    let users = |it: &[UserId]| it.iter().map(|it| format!(" u{}", id(it.0))).collect::<String>();
    let scope = |it: &Scope| {
        let values = it.audiences().iter().flatten().flat_map(|it| &it.values);
        values.map(|it| it.to_string().chars().last().unwrap_or('?')).collect::<String>()
    };
    let mut text = String::new();
    for (n, (old, new)) in before(plan).iter().zip(after(plan)).enumerate() {
        let roles = |it: &Held| {
            let one = |(role, (old, new)): (&RoleId, &(Option<Scope>, Option<Scope>))| {
                format!(" r{}@{}", id(role.0), old.iter().chain(new).map(scope).collect::<String>())
            };
            it.roles.iter().map(one).collect::<String>()
        };
        let members = |it: &Held| users(&it.members.iter().copied().collect::<Vec<_>>());
        text += &format!("{n}:{} |{} → {} |{}\n", members(old), roles(old), members(&new), roles(&new));
    }
    for (n, step) in ordered.steps.iter().enumerate() {
        let call = match &step.call {
            Call::CreateGroup { .. } => "create".to_owned(),
            Call::UpdateGroup { .. } => "update".to_owned(),
            Call::DeleteGroup { .. } => "delete".to_owned(),
            Call::PutDirectRoles { user, .. } => format!("direct{}", users(&[*user])),
            Call::PutPerson { user, part, .. } => format!("{part:?}{}", users(&[*user])),
            Call::PatchMembers { add, remove, .. } => match (&add[..], &remove[..]) {
                (add, []) => format!("add{}", users(add)),
                (_, remove) => format!("remove{}", users(remove)),
            },
            Call::PatchRoles { add, delete, .. } => {
                let delete: String = delete.iter().map(|it| format!(" -r{}", id(it.0))).collect();
                let add: String =
                    add.iter().map(|it| format!(" +r{}@{}", id(it.0.0), scope(&it.1))).collect();
                format!("roles{delete}{add}")
            }
        };
        let after: String = step
            .after
            .iter()
            .map(|it| match it.until {
                Until::Done => format!(" {}", it.step),
                Until::Ended => format!(" ({})", it.step),
            })
            .collect();
        let after = if after.is_empty() { after } else { format!(" after{after}") };
        text += &format!("  {n} [{}] {call}{after}{}\n", step.change, if step.lockout { " !" } else { "" });
    }
    for gap in &ordered.gaps {
        text += &format!(
            "  gap u{} r{} {}>{} {:?}\n",
            id(gap.user.0),
            id(gap.role.0),
            gap.taken,
            gap.given,
            gap.why
        );
    }
    for (company, role) in &ordered.unmet {
        text += &format!("  unmet r{} of {}\n", id(role.0), id(company.0));
    }
    text
}
