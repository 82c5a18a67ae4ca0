//! Steps to calls: makes what a plan says, and reports what became of each step.
//!
//! Has no opinions: what is called, and what waits for what, is in the steps. Just before the first
//! write to a group or a person it is read again; one that is not what the plan saw is left alone, others
//! go on. A failed step stops only what waits for it. Nothing is undone: running again resumes.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
};

use futures_util::{StreamExt, stream, stream::FuturesUnordered};

use crate::{
    apply::journal::Journal,
    live::api::{Reader, Writer},
    model::plan::Change,
    plan::{
        judged::{Approved, Judged},
        order::{Call, Step, Until},
    },
};

pub mod journal;
pub mod record;
mod attempt;
mod error;
mod group;
mod look;
mod user;
mod writes;

pub use error::{ApplyError, Stale};

use group::{Group, Tools};
use user::User;

/// Steps made at once, unless it is said otherwise.
pub const WRITERS: usize = 8;

/// Groups read back at once; the connection limits the requests.
const READERS: usize = 64;

/// Everything an apply needs.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// To look before and after.
    pub reader: &'a Reader,
    /// To write.
    pub writer: &'a Writer,
    /// What is applied.
    pub plan: &'a Approved,
    /// Knows of every write before it is sent.
    pub journal: &'a Journal,
    /// The first characters of every request id.
    pub label: &'a str,
    /// Set to end it before the next write.
    pub stop: &'a AtomicBool,
    /// Steps made at once, at least 1.
    pub writers: usize,
    /// Failed steps after which nothing new begins.
    pub max_failures: usize,
}

/// What became of every step, in the order of the steps, and of the groups and people after it.
#[derive(Debug)]
pub struct Report {
    /// One per step.
    pub outcomes: Vec<Outcome>,
    /// Why not everything was tried.
    pub halted: Option<Halt>,
    /// The changes whose steps were all made and whose group or person is not as the plan says all the same,
    /// by position, each with how it differs; sorted.
    pub differ: Vec<(usize, Left)>,
}

/// How a group that was written to differs from what the plan says.
#[derive(Debug)]
pub enum Left {
    /// It is otherwise.
    Differs(Stale),
    /// It could not be read.
    Unknown(ApplyError),
}

/// What became of a step.
#[derive(Debug)]
pub enum Outcome {
    /// Made.
    Done,
    /// Not made whole, or not known to be made.
    Failed {
        /// Why.
        error: ApplyError,
        /// Whether something was written all the same.
        wrote: Wrote,
    },
    /// Not made, because the group is not what the plan saw.
    Stale {
        /// How it differs.
        how: Stale,
        /// Whether something was written all the same.
        wrote: Wrote,
    },
    /// Not tried, because this step was not made, by position.
    Skipped(usize),
    /// Not tried, because the run was halted.
    Halted,
}

/// Whether a step that failed has written something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrote {
    /// No write was accepted, and none was left without an answer.
    Nothing,
    /// A part was written, or may have been.
    Perhaps,
}

/// Why a run ended before everything was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// It was told to.
    Interrupted,
    /// Too many steps failed.
    Failures,
    /// The journal cannot be written any more.
    Journal,
}

impl Outcome {
    /// Whether it was made.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// Whether something was written, or may have been.
    pub fn wrote(&self) -> bool {
        match self {
            Self::Done => true,
            Self::Failed { wrote, .. } | Self::Stale { wrote, .. } => *wrote == Wrote::Perhaps,
            Self::Skipped(_) | Self::Halted => false,
        }
    }
}

/// Makes the steps of a plan; `settled` hears of each as it ends.
pub async fn apply<'a>(job: Job<'a>, mut settled: impl FnMut(usize, &Outcome)) -> Report {
    let Judged { plan, steps, .. } = &**job.plan;
    let mut board = Board::new(plan.len(), steps);
    let target = |change: Change<'a>| match change.user() {
        Some(user) => Target::User(User::new(change, user)),
        None => Target::Group(Group::new(change)),
    };
    let mut targets: Vec<Option<Target<'_>>> = plan.changes().map(target).map(Some).collect();
    let proven = AtomicBool::new(false);
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < job.writers.max(1) && board.halted.is_none() {
            if job.journal.is_broken() {
                board.halted = Some(Halt::Journal);
                break;
            }
            if job.stop.load(Ordering::Relaxed) {
                board.halted = Some(Halt::Interrupted);
                break;
            }
            let Some(step) = board.next() else { break };
            let change = steps[step].change;
            let Some(mut target) = targets[change].take() else { continue };
            let followed = board.is_followed(step);
            let tools = Tools { job, change, step, followed, proven: &proven };
            running.push(async move {
                let outcome = target.make(tools, &steps[step].call).await;
                (step, target, outcome)
            });
        }
        let Some((step, target, outcome)) = running.next().await else { break };
        targets[steps[step].change] = Some(target);
        if matches!(outcome, Outcome::Halted) {
            board.halted.get_or_insert(Halt::Interrupted);
            continue;
        }
        for (step, outcome) in board.settle(step, outcome) {
            settled(step, outcome);
        }
        if board.failures >= job.max_failures.max(1) {
            board.halted.get_or_insert(Halt::Failures);
        }
    }
    drop(running);
    let halted = board.halted.filter(|_| board.outcomes.iter().any(Option::is_none));
    let outcomes: Vec<Outcome> = board.outcomes.into_iter().map(|it| it.unwrap_or(Outcome::Halted)).collect();
    let differ = read_back(job, &outcomes, targets.into_iter().flatten()).await;
    Report { outcomes, halted, differ }
}

/// What is changed: a group or a person, in the order of the plan.
enum Target<'a> {
    Group(Group<'a>),
    User(User<'a>),
}

impl Target<'_> {
    async fn make(&mut self, tools: Tools<'_>, call: &Call) -> Outcome {
        match self {
            Self::Group(group) => group.make(tools, call).await,
            Self::User(user) => user.make(tools, call).await,
        }
    }

    async fn read_back(&self, reader: &Reader) -> Result<Option<Stale>, ApplyError> {
        match self {
            Self::Group(group) => group.read_back(reader).await,
            Self::User(user) => user.read_back(reader).await,
        }
    }
}

/// Reads everything again whose steps were all made: nothing is believed before (P9).
async fn read_back<'a>(
    job: Job<'a>,
    outcomes: &[Outcome],
    targets: impl Iterator<Item = Target<'a>>,
) -> Vec<(usize, Left)> {
    let mut whole = vec![true; job.plan.plan.len()];
    for (step, outcome) in job.plan.steps.iter().zip(outcomes) {
        whole[step.change] &= outcome.is_done();
    }
    let work = targets.enumerate().filter(|(change, _)| whole[*change]).map(|(change, target)| async move {
        let left = match target.read_back(job.reader).await {
            Ok(None) => None,
            Ok(Some(stale)) => Some(Left::Differs(stale)),
            Err(error) => Some(Left::Unknown(error)),
        };
        left.map(|it| (change, it))
    });
    let found: Vec<Option<(usize, Left)>> = stream::iter(work).buffered(READERS).collect().await;
    found.into_iter().flatten().collect()
}

/// Which of two steps that may be made comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Of a group that this run created.
    Created,
    /// Any other.
    Usual,
}

/// Which steps may be made now.
struct Board<'a> {
    steps: &'a [Step],
    /// How many steps each still waits for.
    missing: Vec<usize>,
    /// Who waits for each.
    waiting: Vec<Vec<(usize, Until)>>,
    /// The step for whose lack a step will not be made.
    doomed: Vec<Option<usize>>,
    /// Lock-outs that wait for nothing but a free group.
    urgent: BTreeSet<usize>,
    /// Other steps that wait for nothing but a free group, or the end of the lock-outs. Those of a group that
    /// was just created come first: an interruption shall leave few groups that are empty.
    ready: BTreeSet<(Rank, usize)>,
    /// What the steps of a group are to those of others.
    ranks: Vec<Rank>,
    /// Whether a step of the group is being made.
    busy: Vec<bool>,
    /// Ready steps of groups that are busy.
    parked: Vec<Vec<usize>>,
    /// Steps that cut somebody off and have not ended: nothing else begins before.
    lockouts: usize,
    outcomes: Vec<Option<Outcome>>,
    failures: usize,
    halted: Option<Halt>,
}

impl<'a> Board<'a> {
    fn new(changes: usize, steps: &'a [Step]) -> Self {
        let mut waiting = vec![Vec::new(); steps.len()];
        for (n, step) in steps.iter().enumerate() {
            for wait in &step.after {
                waiting[wait.step].push((n, wait.until));
            }
        }
        let missing: Vec<usize> = steps.iter().map(|it| it.after.len()).collect();
        let free = |n: &usize| missing[*n] == 0;
        let (urgent, ready): (Vec<usize>, Vec<usize>) =
            (0..steps.len()).filter(free).partition(|n| steps[*n].lockout);
        Self {
            urgent: urgent.into_iter().collect(),
            ready: ready.into_iter().map(|n| (Rank::Usual, n)).collect(),
            ranks: vec![Rank::Usual; changes],
            lockouts: steps.iter().filter(|it| it.lockout).count(),
            doomed: vec![None; steps.len()],
            busy: vec![false; changes],
            parked: vec![Vec::new(); changes],
            outcomes: steps.iter().map(|_| None).collect(),
            failures: 0,
            halted: None,
            steps,
            missing,
            waiting,
        }
    }

    /// Returns a step that may begin, and counts it as begun.
    fn next(&mut self) -> Option<usize> {
        loop {
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
    }

    /// Whether another step waits for it to be made.
    fn is_followed(&self, step: usize) -> bool {
        self.waiting[step].iter().any(|it| it.1 == Until::Done)
    }

    /// Puts a step with those that may be made.
    fn free(&mut self, step: usize) {
        let Step { change, lockout, .. } = self.steps[step];
        _ = if lockout { self.urgent.insert(step) } else { self.ready.insert((self.ranks[change], step)) };
    }

    /// Notes what became of a step, and of those that fall with it; returns them all.
    fn settle(&mut self, step: usize, outcome: Outcome) -> Vec<(usize, &Outcome)> {
        let change = self.steps[step].change;
        self.busy[change] = false;
        if matches!(self.steps[step].call, Call::CreateGroup { .. }) {
            self.ranks[change] = Rank::Created;
        }
        for parked in std::mem::take(&mut self.parked[change]) {
            self.free(parked);
        }
        self.failures += usize::from(matches!(outcome, Outcome::Failed { .. }));
        let mut ended = Vec::new();
        let mut falling = vec![(step, outcome)];
        while let Some((step, outcome)) = falling.pop() {
            self.lockouts -= usize::from(self.steps[step].lockout);
            for (other, until) in std::mem::take(&mut self.waiting[step]) {
                if until == Until::Done && !outcome.is_done() {
                    self.doomed[other].get_or_insert(step);
                }
                self.missing[other] -= 1;
                if self.missing[other] == 0 {
                    match self.doomed[other] {
                        Some(because) => falling.push((other, Outcome::Skipped(because))),
                        None => self.free(other),
                    }
                }
            }
            self.outcomes[step] = Some(outcome);
            ended.push(step);
        }
        ended.into_iter().filter_map(|it| self.outcomes[it].as_ref().map(|outcome| (it, outcome))).collect()
    }
}
