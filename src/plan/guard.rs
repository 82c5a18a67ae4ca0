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
        finding::Finding,
        ids::{CompanyId, RoleId},
        plan::{Change, Check, Gap, People, Plan, Verdict},
        rules::{self, Exception, Guard, Level, Limit, Rules, Subject},
    },
    plan::effective::Sides,
};

mod access;
mod holders;
mod protected;
mod removals;
#[cfg(test)]
mod tests;

pub use holders::floors;

/// What guards look at beside the two sides: who gains and loses, who lacks something for a moment, and the [`floors`]
/// that no order keeps.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Effects<'a> {
    pub people: &'a People,
    pub gaps: &'a [Gap],
    pub unmet: &'a BTreeSet<(CompanyId, RoleId)>,
}

/// Returns what every guard found, and which exceptions in force nothing needs; both sorted.
pub fn judge(
    sides: &Sides<'_>,
    effects: Effects<'_>,
    rules: &Rules,
    now: Timestamp,
) -> (Vec<Check>, Vec<Finding>) {
    let mut exceptions: Vec<&Exception> = rules.exceptions.iter().filter(|it| it.holds(now)).collect();
    exceptions.sort_by_key(|it| it.from);
    let plan = sides.plan;
    let mut judge =
        Judge { plan, sides, effects, rules, exceptions, used: BTreeSet::new(), checks: Vec::new() };
    judge.removals();
    judge.group_emptied();
    judge.fact(Guard::EmptyDesired, rules.declared, Limit::AtLeast(1));
    // A snapshot exists only if every list added up.
    judge.fact(Guard::IncompleteLive, 0, Limit::AtMost(0));
    judge.self_lockout();
    judge.last_holder();
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

/// A plan on trial.
struct Judge<'a> {
    plan: &'a Plan,
    sides: &'a Sides<'a>,
    effects: Effects<'a>,
    rules: &'a Rules,
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
        let sides = self.sides;
        for change in self.plan.groups() {
            let Some(group) = change.group() else { continue };
            let (was, is) =
                (sides.before().attributes(group).is_some(), sides.after.attributes(group).is_some());
            let before = sides.before().members(group).len() - change.locked_out().count();
            if was && is && before > 0 && sides.after.members(group).len() == 0 {
                self.found(check(Guard::GroupEmptied, subject(&change), before, Limit::AtMost(0)));
            }
        }
        self.or_nothing(Guard::GroupEmptied, true);
    }
}

/// Returns what was found before anything follows from it.
fn check(guard: Guard, subject: Subject, value: usize, limit: Limit) -> Check {
    Check { guard, subject, level: None, value, of: None, limit, verdict: Verdict::Ok }
}

/// The group, or the person, that a change is about.
fn subject(change: &Change<'_>) -> Subject {
    match change.user() {
        Some(user) => Subject::Person(user),
        None => Subject::Group(change.company(), change.name().into()),
    }
}

/// How many direct roles somebody loses because of being cut off everywhere.
fn locked_direct(change: &Change<'_>) -> usize {
    change.direct().filter(|it| it.removes() && change.note(it).why.is_lockout()).count()
}
