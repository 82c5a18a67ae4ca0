//! The guards: everything a plan may not do, judged on the whole plan before its first write.
//!
//! A guard never hides or shortens a plan; it says what it counted, what the
//! limit is and what follows, and a plan that is stopped can only be shown.
//! What goes beyond a limit takes an exception from the reviewed files: for one
//! thing, up to a number, until a date. There is no force.
//!
//! Two laws hold: fewer removals are never refused where more are allowed, and
//! no exception makes anything else stop.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    model::{
        access::{LiveState, Why},
        finding::Finding,
        ids::{CompanyId, RoleId, UserId},
        plan::{Check, DirectEffect, GroupChange, MemberEffect, Plan, UserChange, Verdict},
        rules::{self, Exception, Guard, Level, Limit, Rules, Subject},
    },
    plan::people::Sides,
};

mod access;
mod holders;
mod protected;
mod removals;
#[cfg(test)]
mod tests;

pub use holders::floors;

/// Returns what every guard found, and which exceptions in force nothing needs; both sorted.
///
/// `plan` has its people and gaps already, and `sunk` are the [`floors`] that no order keeps: without them
/// nothing tells who loses everything, and who loses something for a moment.
pub fn judge(
    plan: &Plan,
    live: &LiveState,
    rules: &Rules,
    now: Timestamp,
    sunk: &BTreeSet<(CompanyId, RoleId)>,
) -> (Vec<Check>, Vec<Finding>) {
    let mut exceptions: Vec<&Exception> = rules.exceptions.iter().filter(|it| it.holds(now)).collect();
    exceptions.sort_by_key(|it| it.from);
    let mut judge = Judge {
        plan,
        live,
        rules,
        sides: Sides::of(plan, live),
        exceptions,
        used: BTreeSet::new(),
        checks: Vec::new(),
    };
    judge.removals();
    judge.group_emptied();
    judge.fact(Guard::EmptyDesired, rules.declared, Limit::AtLeast(1));
    // A snapshot exists only if every list added up.
    judge.fact(Guard::IncompleteLive, 0, Limit::AtMost(0));
    judge.self_lockout();
    judge.last_holder(sunk);
    judge.privileged();
    judge.protected();
    // Such a change is withheld when the files are bound, and reaches no plan.
    judge.fact(Guard::Unmodifiable, 0, Limit::AtMost(0));
    let Judge { mut checks, exceptions, used, .. } = judge;
    // The numbers tell groups of one name apart.
    checks.sort_by(|a, b| {
        let key = |it: &Check| (it.level, it.value, it.of);
        (a.guard, &a.subject, key(a)).cmp(&(b.guard, &b.subject, key(b)))
    });
    let unused = exceptions.iter().enumerate().filter(|(n, _)| !used.contains(n));
    let remarks = unused.map(|(_, it)| rules::unused(it.guard, it.from)).collect();
    (checks, remarks)
}

/// A plan that no guard stops: the only kind that can be applied.
#[derive(Clone, Debug)]
pub struct ApprovedPlan(Plan);

impl ApprovedPlan {
    /// Returns the plan.
    pub fn plan(&self) -> &Plan {
        &self.0
    }

    /// Returns the plan itself.
    pub fn into_plan(self) -> Plan {
        self.0
    }
}

/// A plan that some guard stops; which one is in [`Plan::stops`].
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The whole plan: a guard never hides it.
    pub plan: Plan,
}

/// Turns a judged plan into one that can be applied.
///
/// `approved_by_id` says that somebody saw this very plan and approved it by its id, which stands for the
/// exception that `privileged` asks for, and for no other.
///
/// # Errors
///
/// The plan, where a guard stops it; and one that was never judged, as nothing speaks for it.
pub fn approve(mut plan: Plan, approved_by_id: bool) -> Result<ApprovedPlan, Box<Refusal>> {
    for check in &mut plan.guards {
        if approved_by_id && check.guard == Guard::Privileged && check.verdict == Verdict::Stop {
            check.verdict = Verdict::Approved;
        }
    }
    if plan.guards.is_empty() || plan.stops().next().is_some() {
        return Err(Box::new(Refusal { plan }));
    }
    Ok(ApprovedPlan(plan))
}

/// A plan on trial.
struct Judge<'a> {
    plan: &'a Plan,
    live: &'a LiveState,
    rules: &'a Rules,
    sides: Vec<Sides<'a>>,
    /// Those in force, in the order of the file.
    exceptions: Vec<&'a Exception>,
    /// The positions of those that something needs.
    used: BTreeSet<usize>,
    checks: Vec<Check>,
}

impl Judge<'_> {
    /// Returns the position of the first exception that allows so much.
    fn exception(
        &self,
        guard: Guard,
        level: Option<Level>,
        subject: &Subject,
        value: usize,
    ) -> Option<usize> {
        let fits = |it: &&Exception| (it.guard, it.level, &it.subject) == (guard, level, subject);
        self.exceptions.iter().position(|it| fits(it) && value <= it.up_to)
    }

    fn is_beyond(&self, value: usize, of: Option<usize>, limit: Limit) -> bool {
        match limit {
            Limit::Percent(percent) => of.is_some_and(|of| {
                of >= self.rules.from && value.saturating_mul(100) > of.saturating_mul(percent.into())
            }),
            Limit::AtMost(most) => value > most,
            Limit::AtLeast(least) => value < least,
        }
    }

    /// Adds what was found, with what follows.
    fn found(&mut self, check: Check) {
        let verdict = if !self.is_beyond(check.value, check.of, check.limit) {
            Verdict::Ok
        } else if let Some(n) = self.exception(check.guard, check.level, &check.subject, check.value) {
            self.used.insert(n);
            Verdict::Excepted { from: self.exceptions[n].from }
        } else {
            Verdict::Stop
        };
        self.checks.push(Check { verdict, ..check });
    }

    /// Adds what was found of the whole plan.
    fn fact(&mut self, guard: Guard, value: usize, limit: Limit) {
        self.found(check(guard, Subject::Plan, value, limit));
    }

    /// Says that a guard found nothing, or had nothing to look for, if it said nothing else.
    fn or_nothing(&mut self, guard: Guard, is_set: bool) {
        if self.checks.iter().all(|it| it.guard != guard) {
            let verdict = if is_set { Verdict::Ok } else { Verdict::Unset };
            self.checks.push(Check { verdict, ..check(guard, Subject::Plan, 0, Limit::AtMost(0)) });
        }
    }

    /// No group loses its last member but to a lock-out.
    fn group_emptied(&mut self) {
        for n in 0..self.sides.len() {
            let side = self.sides[n];
            let (Some(_), Some((_, change))) = (side.live, side.change) else { continue };
            let left: BTreeSet<UserId> = locked(change).collect();
            let before = side.members_before().into_iter().filter(|it| !left.contains(it)).count();
            if side.stays() && before > 0 && side.members_after().is_empty() {
                self.found(check(Guard::GroupEmptied, subject(change), before, Limit::AtMost(0)));
            }
        }
        self.or_nothing(Guard::GroupEmptied, true);
    }
}

/// Returns what was found before anything follows from it.
fn check(guard: Guard, subject: Subject, value: usize, limit: Limit) -> Check {
    Check { guard, subject, level: None, value, of: None, limit, verdict: Verdict::Ok }
}

fn subject(change: &GroupChange) -> Subject {
    Subject::Group(change.company, change.name.clone())
}

/// Returns who leaves a group because of being cut off everywhere.
fn locked(change: &GroupChange) -> impl Iterator<Item = UserId> {
    let is_locked = |it: &MemberEffect| match it {
        MemberEffect::Remove { why: Why::LockedOut(_), .. } => true,
        MemberEffect::Remove { why: Why::NotDeclared | Why::Ended(_), .. } | MemberEffect::Add { .. } => {
            false
        }
    };
    change.members.iter().filter(move |it| is_locked(&it.effect)).map(|it| it.user)
}

/// Returns how many roles outside groups somebody loses because of being cut off everywhere.
fn locked_direct(change: &UserChange) -> usize {
    let is_locked = |it: &DirectEffect| match it {
        DirectEffect::Remove { why: Why::LockedOut(_), .. } => true,
        DirectEffect::Remove { why: Why::NotDeclared | Why::Ended(_), .. }
        | DirectEffect::Add { .. }
        | DirectEffect::Change { .. } => false,
    };
    change.roles.iter().filter(|it| is_locked(&it.effect)).count()
}
