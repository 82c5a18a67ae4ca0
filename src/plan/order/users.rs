//! Roles outside groups: one call for each person, which replaces the whole list at once.
//!
//! Such a call has no state in between, and its roles are not those of groups: whenever it is made, nobody
//! holds what neither side gives, and nobody lacks what both give. So the laws leave its place free, and it is
//! narrow before wide: what only takes comes first and waits for nothing; what gives waits until whatever takes
//! something from the same person in a group has ended, made or not.

use std::collections::BTreeMap;

use crate::model::{
    ids::UserId,
    plan::{Change, Plan},
};

use super::{Call, Step, Until, Wait};

/// Returns the steps of groups with those of people among them.
pub(super) fn add(plan: &Plan, steps: Vec<Step>) -> Vec<Step> {
    let (giving, taking): (Vec<Change<'_>>, Vec<Change<'_>>) = plan.people().partition(Change::gives);
    let lockouts = steps.iter().take_while(|it| it.lockout).count();
    let shift = taking.len();
    let mut all: Vec<Step> = Vec::with_capacity(steps.len() + giving.len() + taking.len());
    let mut rest = steps.into_iter();
    all.extend(rest.by_ref().take(lockouts));
    all.extend(taking.iter().map(|it| step(it, Vec::new())));
    // Nothing waits for a lock-out by name: all else waits for all of them.
    all.extend(rest.map(|mut step| {
        for wait in step.after.iter_mut().filter(|it| it.step >= lockouts) {
            wait.step += shift;
        }
        step
    }));
    let mut waits: BTreeMap<UserId, Vec<Wait>> =
        giving.iter().filter_map(|it| Some((it.user()?, Vec::new()))).collect();
    for (n, step) in all.iter().enumerate().filter(|it| !it.1.lockout) {
        for user in losers(plan, step) {
            if let Some(waits) = waits.get_mut(&user) {
                waits.push(Wait { step: n, until: Until::Ended });
            }
        }
    }
    let given = giving.iter().map(|it| {
        let waits = it.user().and_then(|user| waits.remove(&user));
        step(it, waits.unwrap_or_default())
    });
    all.extend(given.collect::<Vec<_>>());
    all
}

fn step(change: &Change<'_>, after: Vec<Wait>) -> Step {
    let (company, user) = (change.company(), change.user().expect("a change of a person"));
    let call = Call::PutDirectRoles { company, user, roles: change.direct_after() };
    Step { change: change.at, call, after, lockout: false }
}

/// Returns whom a step may take something from, in a group.
fn losers(plan: &Plan, step: &Step) -> Vec<UserId> {
    let members = || plan.change(step.change).map_or_else(Vec::new, |it| it.members_before().collect());
    match &step.call {
        Call::PatchMembers { remove, .. } => remove.clone(),
        Call::DeleteGroup { .. } => members(),
        Call::PatchRoles { delete, .. } if !delete.is_empty() => members(),
        Call::PatchRoles { .. }
        | Call::CreateGroup { .. }
        | Call::UpdateGroup { .. }
        | Call::PutDirectRoles { .. } => Vec::new(),
    }
}
