//! What an apply came to, as an exit code.

use rolecall::{
    apply::{ApplyError, Halt, Outcome, Wrote},
    live::api::Class,
    report::applied::Applied,
};

use super::super::Exit;

/// What was written counts, and so does what was not.
pub(super) fn exit(applied: &Applied<'_>) -> Exit {
    let [_, failed, stale, _, halted] = applied.counts();
    let wrote = applied.report.outcomes.iter().any(Outcome::wrote);
    if applied.witness.is_some_and(|it| !it.contradictions.is_empty() || it.saw_nobody()) {
        return Exit::Partial;
    }
    if applied.complete() {
        return if applied.plan.withheld() == 0 { Exit::Ok } else { Exit::Partial };
    }
    let left = |it: &Outcome| matches!(it, Outcome::Stale { wrote: Wrote::Perhaps, .. });
    let touched = applied.report.outcomes.iter().any(left);
    if stale > 0 && failed == 0 && halted == 0 && !touched && applied.report.differ.is_empty() {
        return Exit::Stale;
    }
    if wrote {
        return Exit::Partial;
    }
    let first = applied.report.outcomes.iter().find_map(|it| match it {
        Outcome::Failed { error, .. } => Some(error),
        Outcome::Done | Outcome::Stale { .. } | Outcome::Skipped(_) | Outcome::Halted => None,
    });
    match first {
        Some(ApplyError::Api(error)) if error.class() == Class::Auth => Exit::Auth,
        Some(ApplyError::Journal(_)) => Exit::Error,
        Some(_) => Exit::Remote,
        None if applied.report.halted == Some(Halt::Interrupted) => Exit::Interrupted,
        None => Exit::Stale,
    }
}
