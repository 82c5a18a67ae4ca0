//! What is told of an apply while it runs, and where its writes are noted.

use std::path::PathBuf;

use jiff::Timestamp;
use rolecall::{
    apply::Outcome,
    model::plan::Plan,
    plan::{digest, order::Step},
    report::applied::step,
    workflow::Approved,
};

use super::{
    super::{Global, Output, files},
    arguments::Arguments,
};

/// Where every write is noted: where it was said, or below the workspace.
pub(super) fn journal(global: &Global, arguments: &Arguments, approved: &Approved) -> PathBuf {
    if let Some(path) = &arguments.journal {
        return global.here().join(path);
    }
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%S%9fZ");
    let own = approved.context.checked.loaded.root.join(".rolecall");
    files::ignored(&own);
    // For people who look through the folder; the whole id is inside.
    own.join("journal").join(format!("{:.12}-{time}.ndjson", digest::plan_id(approved.plan())))
}

/// Tells programs that watch what became of a step.
pub(super) fn tell(plan: &Plan, steps: &[Step], number: usize, outcome: &Outcome, output: &Output) {
    if !output.events.wanted() {
        return;
    }
    let of = &steps[number];
    let mut facts = step(plan, steps, of, outcome);
    facts["of"] = steps.len().into();
    facts["number"] = (number + 1).into();
    let is_user = plan.change(of.change).is_some_and(|it| it.user().is_some());
    let key = if is_user { "user" } else { "group" };
    facts[key] = plan.title(of.change).into();
    output.events.send("step", facts);
}
