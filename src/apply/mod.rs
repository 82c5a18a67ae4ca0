//! Steps to calls: makes what a plan says, and reports what became of each step.
//!
//! Has no opinions: what is called, and what waits for what, is in the steps. Just before the first
//! write to a group or a person it is read again; one that is not what the plan saw is left alone, others
//! go on. A failed step stops only what waits for it. Nothing is undone: running again resumes.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures_util::{StreamExt, stream, stream::FuturesUnordered};

use crate::{
    apply::journal::Journal,
    live::api::{Clients, Reader},
    model::{ids::CompanyId, plan::Change},
    plan::{
        held::held,
        judged::{Approved, Judged},
        order::Call,
    },
};

pub mod journal;
pub mod record;
pub mod seal;
mod attempt;
mod context;
mod creation;
mod entries;
mod error;
mod group;
mod look;
mod members;
mod newcomer;
mod once;
mod person;
mod roles;
mod schedule;
mod settling;
mod user;

pub use error::{ApplyError, Stale};

use context::{Newcomers, StepContext};
use group::Group;
use schedule::{Ended, Schedule};
use settling::Settling;
use user::User;

/// Steps made at once, unless it is said otherwise.
pub const WRITERS: usize = 8;

/// How long it is waited for the API to show what it has accepted, unless it is said otherwise.
pub const SETTLE: Duration = Duration::from_secs(10);

/// Groups read back at once; the connection limits the requests.
const READERS: usize = 64;

/// Everything an apply needs.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// To look before and after, and to write.
    pub clients: &'a Clients,
    /// What is applied.
    pub plan: &'a Approved,
    /// Whether a date decided about any of it, by the clock of this machine.
    pub timed: bool,
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
    /// How long it is waited for the API to show one write that it has accepted.
    pub settle: Duration,
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

    /// Returns what it is to the schedule; nothing where the step has not ended, as the run was halted.
    fn ended(&self) -> Option<Ended> {
        match self {
            Self::Done => Some(Ended::Done),
            Self::Failed { .. } => Some(Ended::Failed),
            Self::Stale { .. } | Self::Skipped(_) => Some(Ended::Left),
            Self::Halted => None,
        }
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
    let mut schedule = Schedule::new(steps, plan.len(), job.max_failures);
    let mut outcomes: Vec<Option<Outcome>> = steps.iter().map(|_| None).collect();
    let (proven, newcomers) = (AtomicBool::new(false), Newcomers::of(plan));
    let held = held(plan);
    let target = |change: Change<'a>| match change.user() {
        Some(user) => Target::User(User::new(change, user, &newcomers, held.get(&user))),
        None => Target::Group(Group::new(change)),
    };
    let mut targets: Vec<Option<Target<'_>>> = plan.changes().map(target).map(Some).collect();
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < job.writers.max(1) {
            if job.journal.is_broken() {
                schedule.halt(Halt::Journal);
            }
            if job.stop.load(Ordering::Relaxed) {
                schedule.halt(Halt::Interrupted);
            }
            let Some(step) = schedule.start() else { break };
            let change = steps[step].change;
            let Some(mut target) = targets[change].take() else { continue };
            let followed = schedule.is_followed(step);
            let (client, proven, newcomers) = (job.clients.of(target.company()), &proven, &newcomers);
            running.push(async move {
                let outcome = match client {
                    Ok(client) => {
                        let context = StepContext { job, client, change, step, newcomers, followed, proven };
                        target.make(context, &newcomers.given(&steps[step].call)).await
                    }
                    Err(error) => Outcome::Failed { error: error.into(), wrote: Wrote::Nothing },
                };
                (step, target, outcome)
            });
        }
        let Some((step, target, outcome)) = running.next().await else { break };
        targets[steps[step].change] = Some(target);
        let Some(ended) = outcome.ended() else {
            schedule.halt(Halt::Interrupted);
            continue;
        };
        settled(step, outcomes[step].insert(outcome));
        for skipped in schedule.end(step, ended) {
            settled(skipped.step, outcomes[skipped.step].insert(Outcome::Skipped(skipped.because)));
        }
    }
    drop(running);
    let halted = schedule.halted().filter(|_| outcomes.iter().any(Option::is_none));
    let outcomes: Vec<Outcome> = outcomes.into_iter().map(|it| it.unwrap_or(Outcome::Halted)).collect();
    let differ = read_back(job, &outcomes, targets.into_iter().flatten()).await;
    Report { outcomes, halted, differ }
}

/// What is changed: a group or a person, in the order of the plan.
enum Target<'a> {
    Group(Group<'a>),
    User(User<'a>),
}

impl Target<'_> {
    fn company(&self) -> CompanyId {
        match self {
            Self::Group(group) => group.change.company(),
            Self::User(user) => user.change.company(),
        }
    }

    async fn make(&mut self, context: StepContext<'_>, call: &Call) -> Outcome {
        match self {
            Self::Group(group) => group.make(context, call).await,
            Self::User(user) => user.make(context, call).await,
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
        let mut settling = Settling::new(job);
        let left = loop {
            let read = match job.clients.of(target.company()) {
                Ok(client) => target.read_back(&client.reader).await,
                Err(error) => Err(error.into()),
            };
            match read {
                Ok(None) => break None,
                Ok(Some(_)) if settling.pause().await => (),
                Ok(Some(stale)) => break Some(Left::Differs(stale)),
                Err(error) => break Some(Left::Unknown(error)),
            }
        };
        left.map(|it| (change, it))
    });
    let found: Vec<Option<(usize, Left)>> = stream::iter(work).buffered(READERS).collect().await;
    found.into_iter().flatten().collect()
}
