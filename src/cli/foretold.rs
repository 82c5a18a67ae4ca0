//! What an apply of a plan would come to, foretold by the exit code of the commands that only read.

use clap::Args;
use rolecall::{
    model::plan::{Judgement, Plan},
    plan::judged,
    report::render::counted,
};

use super::{Exit, Output, output::trouble};

/// Flags of the commands that show a plan.
#[derive(Debug, Args)]
pub(super) struct Foretelling {
    /// Exit as apply would: 6 where a guard stops it, 3 where it withholds something
    #[arg(long, env = "ROLECALL_CHECK")]
    check: bool,
    /// Exit with 2 where there are differences
    #[arg(long, env = "ROLECALL_DETAILED_EXITCODE")]
    detailed_exitcode: bool,
}

impl Foretelling {
    /// The exit code of a command that was told what to look at. Without a flag it is that there is a plan.
    pub(super) fn exit(&self, judged: &judged::Judged, output: &Output) -> Exit {
        let exit = foretold(judged);
        if self.check && is_grave(exit) {
            told(exit, judged, output)
        } else if self.detailed_exitcode && !judged.plan().is_settled() {
            // What is withheld is a difference as well.
            Exit::Changes
        } else {
            Exit::Ok
        }
    }
}

/// The gravest that is to be said of a plan: that it cannot be applied, not all of it, that there is something to do.
///
/// The first two are what `apply` ends with, in the same order.
fn foretold(judged: &judged::Judged) -> Exit {
    of(judged.plan(), judged.judgement())
}

/// The same of a plan and how it was judged.
pub(super) fn of(plan: &Plan, judgement: &Judgement) -> Exit {
    if judgement.stops().next().is_some() {
        Exit::Blocked
    } else if plan.withheld() > 0 {
        Exit::Partial
    } else if plan.is_settled() {
        Exit::Ok
    } else {
        Exit::Changes
    }
}

/// What somebody who reads the code at night must see: the gravest first, and whatever it is not 0.
pub(super) fn drift(judged: &judged::Judged, output: &Output) -> Exit {
    told(foretold(judged), judged, output)
}

fn is_grave(exit: Exit) -> bool {
    exit == Exit::Blocked || exit == Exit::Partial
}

/// Says beside the plan why the code is not that of success or of differences.
fn told(exit: Exit, judged: &judged::Judged, output: &Output) -> Exit {
    let (message, hint) = if exit == Exit::Blocked {
        let mut guards: Vec<&str> = judged.judgement().stops().map(|it| it.guard.as_str()).collect();
        guards.dedup();
        let what = if guards.len() == 1 { "a guard" } else { "guards" };
        let message = format!("an apply would be stopped by {what}: {}", guards.join(", "));
        (message, "the plan says what was counted and what the limit is")
    } else if exit == Exit::Partial {
        let withheld = counted(judged.plan().withheld(), "thing is", "things are");
        let message = format!("{withheld} withheld, and an apply would leave that undone");
        (message, "the plan says what and why, under `Withheld`")
    } else {
        return exit;
    };
    output.message(&trouble(&message, &[], Some(hint)));
    exit
}
