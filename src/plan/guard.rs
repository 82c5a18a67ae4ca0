//! The guards: everything a plan may not do, judged on the whole plan before its first write.
//!
//! A guard never hides or shortens a plan; it says what it counted, what the limit is and what follows, and a plan
//! that is stopped can only be shown. What is counted is access: who can do less, or more, than before, through
//! everything together, of the people whose accounts are active. What goes beyond a limit takes an exception from
//! the reviewed files: for one thing, up to a number, until a date. There is no force. Where the files cannot say that it
//! is wanted, as they themselves are in doubt, it takes the approval of this very plan.
//!
//! Two laws hold: fewer removals are never refused where more are allowed, and no exception makes anything else stop.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

use crate::{
    model::{
        direct,
        finding::Finding,
        ids::{CompanyId, RoleId, UserId},
        index::GroupIx,
        plan::{Change, Check, Gap, Plan, RoleEffect, Verdict},
        rules::{Counted, ExceptionKey, Floor, Guard, HeldRole, How, Limit, Rules, Subject},
        scope::{Dimension, Kind, Scope, Value},
        state::Edit,
    },
    plan::{
        effective::{Outcome, Sides},
        people::Acting,
    },
};

mod access;
mod exceptions;
mod floors;
mod holders;
mod lockouts;
mod people;
mod policies;
mod protected;
mod removals;
#[cfg(test)]
mod tests;

pub use holders::{floors, takes_privileged};

use exceptions::{Exceptions, Pool, Thing};

/// What guards look at beside the two sides: what becomes of whose access and of who acts for whom, who lacks something for a
/// moment, and the [`floors()`] that no order keeps.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Effects<'a> {
    pub outcomes: &'a [Outcome<'a>],
    pub acting: &'a Acting,
    pub gaps: &'a [Gap],
    pub unmet: &'a BTreeSet<(CompanyId, RoleId)>,
}

/// Returns what every guard found, and which exceptions in force nothing needs or are too small; both sorted.
///
/// Rules from outside the files judge as well, each with its own limits and exceptions, and the stricter verdict counts.
pub fn judge(
    sides: &Sides<'_>,
    effects: Effects<'_>,
    rules: &Rules,
    now: Timestamp,
) -> (Vec<Check>, Vec<Finding>) {
    let (mut checks, remarks) = by(sides, effects, rules, now);
    for floor in &rules.floors {
        let found = by(sides, effects, &floor.rules, now).0;
        floors::stricter(&mut checks, found, floor);
    }
    if let Some(weakened) = &sides.plan.weakened {
        let value = weakened.rows.len();
        let verdict = if value > 0 { Verdict::Stop } else { Verdict::Ok };
        checks.push(Check { value, verdict, ..check(Guard::Weakened, Subject::Plan, Limit::AtMost(0)) });
    }
    // The numbers tell groups of one name apart.
    checks.sort_by(|a, b| {
        let key = |it: &Check| (it.level, it.value, it.of);
        (a.guard, &a.policy, &a.subject, key(a), &a.items).cmp(&(
            b.guard,
            &b.policy,
            &b.subject,
            key(b),
            &b.items,
        ))
    });
    (checks, remarks)
}

/// What the guards find by these rules alone.
fn by(sides: &Sides<'_>, effects: Effects<'_>, rules: &Rules, now: Timestamp) -> (Vec<Check>, Vec<Finding>) {
    let exceptions = Exceptions::new(rules, now);
    let plan = sides.plan;
    let mut judge = Judge { plan, sides, effects, rules, now, exceptions, checks: Vec::new() };
    judge.removals();
    judge.lockouts();
    judge.people();
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
    judge.policies();
    let Judge { checks, exceptions, .. } = judge;
    (checks, exceptions.remarks())
}

/// A plan on trial.
struct Judge<'a> {
    plan: &'a Plan,
    sides: &'a Sides<'a>,
    effects: Effects<'a>,
    rules: &'a Rules,
    now: Timestamp,
    exceptions: Exceptions<'a>,
    checks: Vec<Check>,
}

impl<'a> Judge<'a> {
    fn is_beyond(&self, value: usize, of: Option<usize>, limit: Limit) -> bool {
        match limit {
            Limit::Percent(percent) => of.is_some_and(|of| {
                of >= self.rules.from && value.saturating_mul(100) > of.saturating_mul(percent.into())
            }),
            Limit::AtMost(most) => value > most,
            Limit::AtLeast(least) => value < least,
        }
    }

    /// Adds what was counted of one subject, with what follows: the things of the pool at these positions.
    fn found(&mut self, check: Check, pool: &Pool, at: &[usize]) {
        let value = at.len();
        let in_sums = matches!(check.subject, Subject::Plan | Subject::Company(_));
        let allowed: Vec<usize> = at.iter().copied().filter(|it| pool.is_allowed(*it, in_sums)).collect();
        let beyond = |value| self.is_beyond(value, check.of, check.limit);
        let stays_beyond = beyond(value - allowed.len());
        let (mut items, mut excepted) = (Vec::new(), 0);
        let verdict = if beyond(value) {
            excepted = allowed.len();
            // What stops it is what nothing allows.
            let told = at.iter().filter(|it| !stays_beyond || !pool.is_allowed(**it, in_sums));
            items = told.flat_map(|it| pool.items(*it)).cloned().collect();
            items.sort();
            items.dedup();
            let first = self.exceptions.needed(pool, &allowed);
            if stays_beyond {
                self.exceptions.missed(pool, at);
            }
            first.filter(|_| !stays_beyond).map_or(Verdict::Stop, |from| Verdict::Excepted { from })
        } else {
            Verdict::Ok
        };
        self.checks.push(Check { value, excepted, verdict, items, ..check });
    }

    /// Adds a thing that no exception is for.
    fn fact(&mut self, guard: Guard, value: usize, limit: Limit) {
        self.fact_about(guard, Subject::Plan, value, limit);
    }

    fn fact_about(&mut self, guard: Guard, subject: Subject, value: usize, limit: Limit) {
        let verdict = if self.is_beyond(value, None, limit) { Verdict::Stop } else { Verdict::Ok };
        self.checks.push(Check { value, verdict, ..check(guard, subject, limit) });
    }

    /// Says that a guard found nothing, or had nothing to look for, if it said nothing else.
    fn or_nothing(&mut self, guard: Guard, is_set: bool) {
        if self.checks.iter().all(|it| it.guard != guard) {
            let verdict = if is_set { Verdict::Ok } else { Verdict::Unset };
            self.checks.push(Check { verdict, ..check(guard, Subject::Plan, Limit::AtMost(0)) });
        }
    }

    /// Adds a check of each subject of which there is anything, where nothing at all may be.
    fn none_of(&mut self, guard: Guard, must: Option<ExceptionKey>, things: Vec<(Subject, Thing)>) {
        let (subjects, things): (Vec<Subject>, Vec<Thing>) = things.into_iter().unzip();
        let pool = self.exceptions.pool(guard, must, things);
        let each: BTreeSet<&Subject> = subjects.iter().collect();
        for subject in each {
            let at: Vec<usize> = (0..subjects.len()).filter(|it| subjects[*it] == *subject).collect();
            self.found(check(guard, subject.clone(), Limit::AtMost(0)), &pool, &at);
        }
    }

    /// No group loses its last member who can act, but to a lock-out.
    fn group_emptied(&mut self) {
        let (sides, rules) = (self.sides, self.rules);
        let mut emptied: Vec<(Change<'a>, Vec<Thing>)> = Vec::new();
        for change in self.plan.groups() {
            let Some(group) = change.group() else { continue };
            let was = sides.before().attributes(group).is_some();
            let is = sides.after.attributes(group).is_some();
            let left = sides.after.members(group).any(|it| rules.may_act(self.plan.index.user(it)));
            if !was || !is || left || self.was_empty(group) {
                continue;
            }
            let locked: BTreeSet<_> = change.locked_out().collect();
            let goes = change.leaving().filter(|it| !locked.contains(it) && rules.may_act(*it));
            let item = |person| Counted { person: Some(person), ..self.item(&change, How::Leaves) };
            emptied.push((change, goes.map(|it| vec![item(it)]).collect()));
        }
        for (change, things) in emptied.into_iter().filter(|it| !it.1.is_empty()) {
            // Groups of one name are counted one by one.
            let at: Vec<usize> = (0..things.len()).collect();
            let pool = self.exceptions.pool(Guard::GroupEmptied, None, things);
            self.found(check(Guard::GroupEmptied, subject(&change), Limit::AtMost(0)), &pool, &at);
        }
        self.or_nothing(Guard::GroupEmptied, true);
    }

    /// Whether nobody in a group could act before the apply that is rolled back: it may be so again.
    fn was_empty(&self, group: GroupIx) -> bool {
        let before = self.rules.undone.as_ref().and_then(|it| it.members_before.get(&group));
        before.is_some_and(|it| it.iter().all(|it| !self.rules.may_act(*it)))
    }

    /// Everybody who is cut off everywhere and loses something by that.
    fn locked_out(&self) -> BTreeSet<(CompanyId, UserId)> {
        let mut locked = BTreeSet::new();
        for change in self.plan.changes() {
            let direct = change.direct().any(|it| it.takes() && change.note(it).why.is_lockout());
            let own = change.user().filter(|_| direct);
            locked.extend(change.locked_out().chain(own).map(|it| (change.company(), it)));
        }
        locked
    }

    /// Everybody who can act and no longer approves for somebody who can, or manages such a person: by the company of these.
    fn acting_losses(&self) -> BTreeMap<(CompanyId, UserId), Thing> {
        let loss = |company: CompanyId, who: UserId, effect: &RoleEffect| {
            let over = effect.loses_over.iter().filter(|it| self.rules.may_act(**it));
            let values: Vec<Value> = over.map(|it| Value::Id(it.0)).collect();
            let scope = Scope::new([vec![Dimension { kind: Kind::Profile, values: values.clone() }]]);
            (!values.is_empty()).then(|| Counted {
                company,
                group: None,
                person: Some(who),
                role: Some(effect.role.clone()),
                scope: Some(Arc::new(scope)),
                how: How::Loses,
                from: None,
            })
        };
        let able = self.effects.acting.iter().filter(|it| self.rules.may_act(it.0.1));
        let losses = able.map(|(&(company, who), effects)| {
            ((company, who), effects.iter().filter_map(|it| loss(company, who, it)).collect::<Thing>())
        });
        losses.filter(|it| !it.1.is_empty()).collect()
    }

    /// What happens to the group or person of a change.
    fn item(&self, change: &Change<'_>, how: How) -> Counted {
        let group = change.group().map(|_| change.name().into());
        let (company, person) = (change.company(), change.user());
        Counted { company, group, person, role: None, scope: None, how, from: None }
    }

    /// What happens to a direct role, with where it is held.
    fn direct(&self, change: &Change<'_>, edit: &Edit, how: How) -> Counted {
        let kind = edit.kind();
        let role = kind.map(|it| HeldRole::Direct(it.role_type().into()));
        let on = |it: CompanyId| vec![Dimension { kind: Kind::Company, values: vec![Value::Id(it.0)] }];
        let scope = kind.and_then(direct::Kind::company).map(|it| Arc::new(Scope::new([on(it)])));
        Counted { role, scope, ..self.item(change, how) }
    }

    /// The name that a group has, or will have if it is created.
    fn name(&self, group: GroupIx) -> Box<str> {
        self.plan.index.group(group).name.clone()
    }
}

/// What was found before anything was counted.
fn check(guard: Guard, subject: Subject, limit: Limit) -> Check {
    Check {
        guard,
        subject,
        level: None,
        value: 0,
        excepted: 0,
        of: None,
        limit,
        verdict: Verdict::Ok,
        by: None,
        rules: Vec::new(),
        items: Vec::new(),
        policy: None,
    }
}

/// The group, or the person, that a change is about.
fn subject(change: &Change<'_>) -> Subject {
    match change.user() {
        Some(user) => Subject::Person(user),
        None => Subject::Group(change.company(), change.name().into()),
    }
}
