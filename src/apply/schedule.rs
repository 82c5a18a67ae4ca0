//! Which step of an apply starts next: by its dependencies, one at a time for each group and person, lock-outs first.
//!
//! A value that is told what became of each step; it makes none, and knows no API, clock or journal.

use std::{collections::BTreeSet, mem};

use super::Halt;
use crate::plan::order::{Call, Step, Until};

#[cfg(test)]
mod tests;

/// What became of a step that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It was made.
    Done,
    /// It failed, and counts as a failure.
    Failed,
    /// It was not made, and nothing is wrong with it.
    Left,
}

/// A step that is not made because it depends on one that was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Skipped {
    pub(super) step: usize,
    pub(super) because: usize,
}

/// Which of two steps that may start comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Of a group that this run created.
    Created,
    /// Any other.
    Usual,
}

/// The steps of an apply on their way from their dependencies to their ends.
pub(super) struct Schedule<'a> {
    steps: &'a [Step],
    max_failures: usize,
    /// How many dependencies of each have not ended.
    unmet: Vec<usize>,
    /// Which steps depend on each.
    dependents: Vec<Vec<(usize, Until)>>,
    /// The first dependency of each that was not made and had to be.
    missed: Vec<Option<usize>>,
    /// Lock-outs that may start once their group is free.
    urgent: BTreeSet<usize>,
    /// Other steps that may start once their group is free and the lock-outs have ended. Those of a group that
    /// was just created come first: an interruption shall leave few groups that are empty.
    ready: BTreeSet<(Rank, usize)>,
    /// What the steps of each change are to those of others.
    ranks: Vec<Rank>,
    /// Whether a step of the change is being made.
    busy: Vec<bool>,
    /// Ready steps of changes that are busy.
    parked: Vec<Vec<usize>>,
    /// Lock-outs that have not ended: nothing else starts before.
    lockouts: usize,
    failures: usize,
    halted: Option<Halt>,
}

impl<'a> Schedule<'a> {
    /// Takes the steps of a plan of so many changes; after `max_failures` failures, at least 1, nothing starts.
    pub(super) fn new(steps: &'a [Step], changes: usize, max_failures: usize) -> Self {
        let mut dependents = vec![Vec::new(); steps.len()];
        for (n, step) in steps.iter().enumerate() {
            for it in &step.after {
                dependents[it.step].push((n, it.until));
            }
        }
        let mut schedule = Self {
            max_failures: max_failures.max(1),
            unmet: steps.iter().map(|it| it.after.len()).collect(),
            dependents,
            missed: vec![None; steps.len()],
            urgent: BTreeSet::new(),
            ready: BTreeSet::new(),
            ranks: vec![Rank::Usual; changes],
            busy: vec![false; changes],
            parked: vec![Vec::new(); changes],
            lockouts: steps.iter().filter(|it| it.lockout).count(),
            failures: 0,
            halted: None,
            steps,
        };
        (0..steps.len()).filter(|it| steps[*it].after.is_empty()).for_each(|it| schedule.free(it));
        schedule
    }

    /// Lets nothing start any more; the first reason stays.
    pub(super) fn halt(&mut self, why: Halt) {
        self.halted.get_or_insert(why);
    }

    /// Returns why nothing starts any more.
    pub(super) fn halted(&self) -> Option<Halt> {
        self.halted
    }

    /// Starts a step, if one may; its change is busy until [`Schedule::end`].
    pub(super) fn start(&mut self) -> Option<usize> {
        while self.halted.is_none() {
            let step = match self.urgent.pop_first() {
                Some(step) => step,
                None if self.lockouts > 0 => return None,
                None => self.ready.pop_first()?.1,
            };
            let change = self.steps[step].change;
            if !self.busy[change] {
                self.busy[change] = true;
                return Some(step);
            }
            self.parked[change].push(step);
        }
        None
    }

    /// Whether another step depends on this one being made.
    pub(super) fn is_followed(&self, step: usize) -> bool {
        self.dependents[step].iter().any(|it| it.1 == Until::Done)
    }

    /// Notes what became of a step that was started; returns the steps that end with it.
    pub(super) fn end(&mut self, step: usize, ended: Ended) -> Vec<Skipped> {
        let change = self.steps[step].change;
        self.busy[change] = false;
        if matches!(self.steps[step].call, Call::CreateGroup { .. }) {
            self.ranks[change] = Rank::Created;
        }
        for parked in mem::take(&mut self.parked[change]) {
            self.free(parked);
        }
        self.failures += usize::from(ended == Ended::Failed);
        if self.failures >= self.max_failures {
            self.halt(Halt::Failures);
        }
        let mut skipped = Vec::new();
        let mut falling = self.met(step, ended == Ended::Done);
        while let Some(it) = falling.pop() {
            falling.extend(self.met(it.step, false));
            skipped.push(it);
        }
        skipped
    }

    /// Meets the dependencies on a step; returns the steps that depended on it being made in vain.
    fn met(&mut self, step: usize, made: bool) -> Vec<Skipped> {
        self.lockouts -= usize::from(self.steps[step].lockout);
        let mut falling = Vec::new();
        for (other, until) in mem::take(&mut self.dependents[step]) {
            if until == Until::Done && !made {
                self.missed[other].get_or_insert(step);
            }
            self.unmet[other] -= 1;
            if self.unmet[other] == 0 {
                match self.missed[other] {
                    Some(because) => falling.push(Skipped { step: other, because }),
                    None => self.free(other),
                }
            }
        }
        falling
    }

    /// Puts a step with those that may start.
    fn free(&mut self, step: usize) {
        let Step { change, lockout, .. } = self.steps[step];
        _ = if lockout { self.urgent.insert(step) } else { self.ready.insert((self.ranks[change], step)) };
    }
}
