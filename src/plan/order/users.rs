//! Roles outside groups: one call for each person, which replaces the whole list at once.
//!
//! Such a call has no state in between, and its roles are not those of groups: whenever it is made, nobody
//! holds what neither side gives, and nobody lacks what both give. So the laws leave its place free, and it is
//! narrow before wide: what only takes comes first and waits for nothing; what gives waits until whatever takes
//! something from the same person in a group has ended, made or not.

use std::collections::BTreeMap;

use crate::model::{
    ids::UserId,
    plan::{Plan, UserChange},
};

use super::{Call, Step, Until, Wait};

/// Returns the steps of groups with those of people among them.
pub(super) fn add(plan: &Plan, steps: Vec<Step>) -> Vec<Step> {
    if plan.users.is_empty() {
        return steps;
    }
    let (giving, taking): (Vec<_>, Vec<_>) =
        (plan.changes.len()..).zip(&plan.users).partition(|it| it.1.gives());
    let lockouts = steps.iter().take_while(|it| it.lockout).count();
    let shift = taking.len();
    let mut all: Vec<Step> = Vec::with_capacity(steps.len() + plan.users.len());
    let mut rest = steps.into_iter();
    all.extend(rest.by_ref().take(lockouts));
    all.extend(taking.into_iter().map(|(n, it)| step(n, it, Vec::new())));
    // Nothing waits for a lock-out by name: all else waits for all of them.
    all.extend(rest.map(|mut step| {
        for wait in step.after.iter_mut().filter(|it| it.step >= lockouts) {
            wait.step += shift;
        }
        step
    }));
    let mut waits: BTreeMap<UserId, Vec<Wait>> = giving.iter().map(|it| (it.1.user, Vec::new())).collect();
    for (n, step) in all.iter().enumerate().filter(|it| !it.1.lockout) {
        for user in losers(plan, step) {
            if let Some(waits) = waits.get_mut(user) {
                waits.push(Wait { step: n, until: Until::Ended });
            }
        }
    }
    let given = giving.into_iter().map(|(n, it)| step(n, it, waits.remove(&it.user).unwrap_or_default()));
    all.extend(given.collect::<Vec<_>>());
    all
}

fn step(change: usize, user: &UserChange, after: Vec<Wait>) -> Step {
    let call = Call::PutDirectRoles { company: user.company, user: user.user, roles: user.after() };
    Step { change, call, after, lockout: false }
}

/// Returns whom a step may take something from, in a group.
fn losers<'a>(plan: &'a Plan, step: &'a Step) -> &'a [UserId] {
    let members = || {
        let before = plan.changes.get(step.change).and_then(|it| it.before.as_ref());
        before.map_or(&[][..], |it| &it.members)
    };
    match &step.call {
        Call::PatchMembers { remove, .. } => remove,
        Call::DeleteGroup { .. } => members(),
        Call::PatchRoles { delete, .. } if !delete.is_empty() => members(),
        Call::PatchRoles { .. }
        | Call::CreateGroup { .. }
        | Call::UpdateGroup { .. }
        | Call::PutDirectRoles { .. } => &[],
    }
}
