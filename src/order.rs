//! A plan to steps: each exactly one API call, with the steps it must wait for.
//!
//! Inside a group: member removals, then roles, then member additions. So at
//! every moment each person holds only what the old or the new state gives
//! (P6): whoever leaves is gone before the roles change, whoever joins comes after.

use crate::{
    ids::{CompanyId, GroupId, RoleId, UserId},
    plan::{Attributes, ChangeKind, Gap, GrantEffect, GroupChange, MemberEffect, Plan},
    scope::Scope,
};

/// Most members one call changes. The contract (§3.7) knows no limit; this one keeps a call short.
pub const MEMBERS_PER_CALL: usize = 100;

/// One API call of an apply.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which change of the plan it serves.
    pub change: usize,
    /// The call.
    pub call: Call,
    /// The steps it waits for; all earlier in the list, each once.
    pub after: Vec<Wait>,
    /// Whether it cuts somebody off everywhere: every other step waits until all of these have ended.
    pub lockout: bool,
}

/// A step that another waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait {
    /// Which step, by its position.
    pub step: usize,
    /// What has to become of it.
    pub until: Until,
}

/// What a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    /// It was made; if it was not, neither is the one that waits.
    Done,
    /// It has ended, whatever became of it.
    Ended,
}

/// The steps of a plan, and who lacks for a moment what both sides give.
#[derive(Clone, Debug, Default)]
pub struct Ordered {
    /// In an order in which they can be made one by one.
    pub steps: Vec<Step>,
    /// Sorted.
    pub gaps: Vec<Gap>,
}

/// How the API takes a changed scope (contract §3.10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScopeChange {
    /// One call that deletes and adds, of which no moment shows a half.
    #[default]
    Atomic,
    /// What narrows is deleted first and added then, what only widens is added first.
    Split,
}

/// What is called. `group` is `None` where an earlier step creates the group. `delete` means every entry
/// that the role had in the group before the first step.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are those of the API")]
pub enum Call {
    CreateGroup { company: CompanyId, attributes: Attributes },
    UpdateGroup { company: CompanyId, group: GroupId, attributes: Attributes },
    DeleteGroup { company: CompanyId, group: GroupId },
    PatchMembers { company: CompanyId, group: Option<GroupId>, add: Vec<UserId>, remove: Vec<UserId> },
    PatchRoles { company: CompanyId, group: Option<GroupId>, add: Vec<(RoleId, Scope)>, delete: Vec<RoleId> },
}

/// Returns the steps of a plan, those of one group together and in order.
pub fn order(plan: &Plan, _style: ScopeChange) -> Ordered {
    let mut steps = Vec::new();
    for (n, change) in plan.changes.iter().enumerate() {
        let first = steps.len();
        for call in calls(change) {
            // A rename touches no access, so nothing but the order of a list makes it wait.
            let independent = matches!(call, Call::UpdateGroup { .. });
            let last = steps.len().checked_sub(1).filter(|it| *it >= first && !independent);
            let after = last.map(|step| Wait { step, until: Until::Done }).into_iter().collect();
            steps.push(Step { change: n, call, after, lockout: false });
        }
    }
    Ordered { steps, gaps: Vec::new() }
}

/// The calls of one group, in order.
fn calls(change: &GroupChange) -> Vec<Call> {
    let company = change.company;
    let group = change.id;
    let mut calls = Vec::new();
    match (&change.kind, group) {
        (ChangeKind::Delete { .. }, Some(group)) => return vec![Call::DeleteGroup { company, group }],
        (ChangeKind::Create { description }, _) => {
            let attributes = Attributes { name: change.name.clone(), description: description.clone() };
            calls.push(Call::CreateGroup { company, attributes });
        }
        (ChangeKind::Alter { .. } | ChangeKind::Delete { .. }, _) => (),
    }
    let users = |joins: bool| -> Vec<UserId> {
        let fits = |it: &&crate::plan::MemberChange| matches!(it.effect, MemberEffect::Add { .. }) == joins;
        change.members.iter().filter(fits).map(|it| it.user).collect()
    };
    calls.extend(users(false).chunks(MEMBERS_PER_CALL).map(|it| Call::PatchMembers {
        company,
        group,
        add: Vec::new(),
        remove: it.to_vec(),
    }));
    if !change.grants.is_empty() {
        calls.push(patch_roles(change));
    }
    calls.extend(users(true).chunks(MEMBERS_PER_CALL).map(|it| Call::PatchMembers {
        company,
        group,
        add: it.to_vec(),
        remove: Vec::new(),
    }));
    match (&change.kind, group) {
        (ChangeKind::Alter { before, after }, Some(group)) if before != after => {
            calls.push(Call::UpdateGroup { company, group, attributes: after.clone() });
        }
        _ => (),
    }
    calls
}

/// One call that deletes and adds, so that no moment has both or neither (contract §3.10).
fn patch_roles(change: &GroupChange) -> Call {
    let (mut add, mut delete) = (Vec::new(), Vec::new());
    for grant in &change.grants {
        let (new, old) = match &grant.effect {
            GrantEffect::Add { scope } => (Some(scope), false),
            GrantEffect::Rescope { after, .. } => (Some(after), true),
            GrantEffect::Remove { .. } => (None, true),
        };
        add.extend(new.map(|scope| (grant.role, scope.clone())));
        delete.extend(old.then_some(grant.role));
    }
    Call::PatchRoles { company: change.company, group: change.id, add, delete }
}

#[cfg(test)]
mod tests;
