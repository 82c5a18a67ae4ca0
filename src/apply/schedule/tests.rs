//! Laws of the schedule, over random graphs, orders of completion, failures and halts.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    model::ids::{CompanyId, GroupId},
    plan::order::Wait,
};

const COMPANY: CompanyId = CompanyId(Uuid::nil());

fn step(change: usize, lockout: bool, after: Vec<Wait>) -> Step {
    let group = GroupId(Uuid::from_u128(change as u128));
    Step { change, call: Call::DeleteGroup { company: COMPANY, group }, after, lockout }
}

fn created(change: usize) -> Step {
    let attributes = crate::model::state::Attributes { name: "n".into(), description: "d".into() };
    Step { call: Call::CreateGroup { company: COMPANY, attributes }, ..step(change, false, Vec::new()) }
}

/// Steps over five changes. Each depends on earlier ones; a lock-out on lock-outs alone, as everything else
/// starts after them.
fn graphs() -> impl Strategy<Value = Vec<Step>> {
    let dependency = (any::<prop::sample::Index>(), any::<bool>());
    let row = (0..5_usize, prop::bool::weighted(0.2), prop::collection::vec(dependency, 0..4));
    prop::collection::vec(row, 0..24).prop_map(|rows| {
        let mut steps: Vec<Step> = Vec::new();
        for (change, lockout, wanted) in rows {
            let earlier: Vec<usize> = (0..steps.len()).filter(|it| !lockout || steps[*it].lockout).collect();
            let mut after: Vec<Wait> = Vec::new();
            for (index, made) in wanted.iter().filter(|_| !earlier.is_empty()) {
                let step = *index.get(&earlier);
                if after.iter().all(|it| it.step != step) {
                    after.push(Wait { step, until: if *made { Until::Done } else { Until::Ended } });
                }
            }
            steps.push(step(change, lockout, after));
        }
        steps
    })
}

/// What becomes of a step, and which of the running ones it is.
fn endings(failing: u32) -> impl Strategy<Value = Vec<(prop::sample::Index, Ended)>> {
    let ended = prop_oneof![
        10 => Just(Ended::Done),
        failing => Just(Ended::Failed),
        failing => Just(Ended::Left),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), ended), 24)
}

/// A run of a schedule, with what is known of each step.
struct Run<'a> {
    steps: &'a [Step],
    schedule: Schedule<'a>,
    running: Vec<usize>,
    /// What became of each: whether it was made.
    ended: Vec<Option<bool>>,
    failures: usize,
}

impl<'a> Run<'a> {
    fn new(steps: &'a [Step], max_failures: usize) -> Self {
        let schedule = Schedule::new(steps, 5, max_failures);
        Self { steps, schedule, running: Vec::new(), ended: vec![None; steps.len()], failures: 0 }
    }

    fn has_ended(&self, step: usize) -> bool {
        self.ended[step].is_some()
    }

    /// Starts what may start, at most so many at once.
    fn start(&mut self, writers: usize) -> Result<(), TestCaseError> {
        while self.running.len() < writers {
            let Some(n) = self.schedule.start() else { break };
            let step = &self.steps[n];
            prop_assert!(self.schedule.halted().is_none(), "{n} starts after a halt");
            prop_assert!(!self.has_ended(n) && !self.running.contains(&n), "{n} starts twice");
            prop_assert!(
                self.running.iter().all(|it| self.steps[*it].change != step.change),
                "{n} starts beside another step of its change"
            );
            for it in &step.after {
                prop_assert!(self.has_ended(it.step), "{n} starts before {} ended", it.step);
                let made = self.ended[it.step] == Some(true);
                prop_assert!(
                    made || it.until == Until::Ended,
                    "{n} starts although {} was not made",
                    it.step
                );
            }
            let lockouts = (0..self.steps.len()).filter(|it| self.steps[*it].lockout);
            let left = lockouts.filter(|it| !self.has_ended(*it)).count();
            prop_assert!(step.lockout || left == 0, "{n} starts before the lock-outs ended");
            self.running.push(n);
        }
        Ok(())
    }

    /// Ends one of the running steps.
    fn end(&mut self, which: prop::sample::Index, how: Ended) -> Result<(), TestCaseError> {
        let n = self.running.swap_remove(which.index(self.running.len()));
        let follows = |it: &Step| it.after.iter().any(|it| it.step == n && it.until == Until::Done);
        prop_assert_eq!(self.schedule.is_followed(n), self.steps.iter().any(follows));
        self.failures += usize::from(how == Ended::Failed);
        self.ended[n] = Some(how == Ended::Done);
        for Skipped { step, because } in self.schedule.end(n, how) {
            prop_assert!(!self.has_ended(step) && !self.running.contains(&step), "{step} ends twice");
            let needs = |it: &Wait| it.step == because && it.until == Until::Done;
            prop_assert!(self.steps[step].after.iter().any(needs), "{step} does not need {because}");
            prop_assert_eq!(self.ended[because], Some(false), "{} was skipped for what was made", step);
            self.ended[step] = Some(false);
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn every_step_ends_once_and_starts_when_it_may(
        steps in graphs(), endings in endings(3), writers in 1..5_usize, max_failures in 0..8_usize,
    ) {
        let mut run = Run::new(&steps, max_failures);
        for (which, how) in endings {
            run.start(writers)?;
            if run.running.is_empty() {
                break;
            }
            run.end(which, how)?;
            let halted = run.failures >= max_failures.max(1);
            prop_assert_eq!(run.schedule.halted(), halted.then_some(Halt::Failures));
        }
        run.start(writers)?;
        prop_assert!(run.running.is_empty(), "there are more ends than steps");
        let left: Vec<usize> = (0..steps.len()).filter(|it| !run.has_ended(*it)).collect();
        prop_assert!(left.is_empty() || run.schedule.halted().is_some(), "stuck: {left:?}");
    }

    #[test]
    fn without_failures_everything_is_made(steps in graphs(), endings in endings(0), writers in 1..5_usize) {
        let mut run = Run::new(&steps, 1);
        for (which, how) in endings {
            run.start(writers)?;
            if !run.running.is_empty() {
                run.end(which, how)?;
            }
        }
        prop_assert!(run.ended.iter().all(|it| *it == Some(true)), "{:?}", run.ended);
    }

    #[test]
    fn nothing_starts_after_a_halt_and_what_runs_may_end(
        steps in graphs(), endings in endings(2), writers in 1..5_usize, at in 0..24_usize,
    ) {
        let mut run = Run::new(&steps, usize::MAX);
        for (n, (which, how)) in endings.into_iter().enumerate() {
            if n == at {
                run.schedule.halt(Halt::Interrupted);
                run.schedule.halt(Halt::Journal);
            }
            let running = run.running.len();
            run.start(writers)?;
            prop_assert!(n < at || run.running.len() == running, "something started");
            if !run.running.is_empty() {
                run.end(which, how)?;
            }
        }
        prop_assert_eq!(run.schedule.halted(), Some(Halt::Interrupted), "the first reason stays");
    }
}

#[test]
fn a_group_that_was_created_is_filled_before_anything_else_starts() {
    let after = |step| vec![Wait { step, until: Until::Done }];
    let steps = [created(0), step(1, false, vec![]), step(0, false, after(0)), step(0, false, after(2))];
    let mut schedule = Schedule::new(&steps, 2, 1);
    let mut order = Vec::new();
    while let Some(step) = schedule.start() {
        order.push(step);
        assert_eq!(schedule.end(step, Ended::Done), []);
    }
    assert_eq!(order, [0, 2, 3, 1]);
}
