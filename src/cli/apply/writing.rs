//! An approved plan on its way to the API: progress, journal, witness, and what is said at the end.

use std::{path::PathBuf, sync::atomic::AtomicBool};

use jiff::Timestamp;
use rolecall::{
    apply::{Outcome, Report},
    model::{escape::terminal, plan::Plan},
    plan::{digest, order::Step, witness::Testimony},
    workflow::{self, Applying, Approved, ID_DIGITS, witness::Witness},
};
use serde_json::json;

use super::{
    super::{
        Exit, Failure, Global, Output, files, next,
        report::{self, Applied, words},
        run,
        settings::Connected,
        show,
    },
    arguments::Arguments,
};

/// What became of the steps, where the journal is, and what the witness says.
type Written = (Report, Option<PathBuf>, Option<Testimony>);

pub(super) async fn applied(
    global: &Global,
    arguments: &Arguments,
    connected: &Connected,
    approved: &Approved,
    (stop, output): (&AtomicBool, &Output),
) -> Result<Exit, Failure> {
    let (plan, steps, context) = (approved.plan(), approved.steps(), &approved.context);
    let (report, journal, testimony) = write(global, arguments, connected, approved, (stop, output)).await?;
    let root = &context.checked.loaded.root;
    let undo = journal.as_deref().map(|it| next::undo(global, root, &global.here().join(it)));
    let again = arguments.again(global);
    let applied = Applied {
        plan,
        steps,
        report: &report,
        witness: testimony.as_ref(),
        journal: journal.as_deref(),
        undo: undo.as_deref(),
        again: &again,
    };
    output.document(&applied.text(), || applied.json(&show::document(context, approved)));
    Ok(applied.exit())
}

async fn write(
    global: &Global,
    arguments: &Arguments,
    connected: &Connected,
    approved: &Approved,
    (stop, output): (&AtomicBool, &Output),
) -> Result<Written, Failure> {
    let (plan, steps) = (approved.plan(), approved.steps());
    if steps.is_empty() {
        let report = Report { outcomes: Vec::new(), halted: None, differ: Vec::new() };
        return Ok((report, None, arguments.witness.then(Testimony::default)));
    }
    let reader = &connected.reader;
    let witness = if arguments.witness {
        Some(run::until_signal(async { Ok::<_, Failure>(Witness::called(reader, plan).await) }).await?)
    } else {
        None
    };
    let path = journal(global, arguments, approved);
    let counter = output.counter(steps.len());
    let applying = Applying {
        reader,
        writer: &connected.writer,
        journal: &path,
        stop,
        writers: global.writers(),
        max_failures: arguments.max_failures(steps.len()),
        settle: arguments.settle,
    };
    let applying = workflow::applied(approved, applying, |step, outcome| {
        counter.settled(&line(&steps[step], outcome, plan));
        tell(plan, steps, step, outcome, output);
    });
    let applied = output.watching(reader, |wait| counter.waits(wait), applying).await?;
    drop(counter);
    let testimony = match witness {
        Some(witness) => Some(witness.testify(steps, &applied.report, stop).await),
        None => None,
    };
    if let Some(it) = &testimony {
        output.events.send("witness", json!({ "looked": it.looked, "contradictions": it.contradictions.len(), "untold": it.untold.len() }));
    }
    let (witness, report) = (testimony.as_ref(), &applied.report);
    let exit = Applied { plan, steps, report, witness, journal: None, undo: None, again: "" }.exit();
    if let Err(error) = applied.end(exit.code(), exit.name()) {
        output.message(&format!("the journal has no last line: {error}"));
    }
    Ok((applied.report, Some(files::inside(&path, global)), testimony))
}

/// Where every write is noted: where it was said, or below the workspace.
fn journal(global: &Global, arguments: &Arguments, approved: &Approved) -> PathBuf {
    if let Some(path) = &arguments.journal {
        return global.here().join(path);
    }
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%S%9fZ");
    let own = approved.context.checked.loaded.root.join(".rolecall");
    files::ignored(&own);
    let label = digest::plan_id(approved.plan());
    own.join("journal").join(format!("{label:.ID_DIGITS$}-{time}.ndjson"))
}

/// Tells programs that watch what became of a step.
fn tell(plan: &Plan, steps: &[Step], number: usize, outcome: &Outcome, output: &Output) {
    if !output.events.wanted() {
        return;
    }
    let step = &steps[number];
    let mut facts = report::step(plan, steps, step, outcome);
    facts["of"] = steps.len().into();
    facts["number"] = (number + 1).into();
    let is_user = plan.change(step.change).is_some_and(|it| it.user().is_some());
    let key = if is_user { "user" } else { "group" };
    facts[key] = plan.title(step.change).into();
    output.events.send("step", facts);
}

/// `done  GROUP: what`, or why not.
fn line(step: &Step, outcome: &Outcome, plan: &Plan) -> String {
    let title = plan.title(step.change);
    let name = terminal(&title);
    let what = words(&step.call);
    match outcome {
        Outcome::Done => format!("done    {name}: {what}"),
        Outcome::Failed { error, .. } => format!("failed  {name}: {what}: {}", terminal(&error.to_string())),
        Outcome::Stale { how, .. } => format!("stale   {name}: {how}"),
        Outcome::Skipped(_) => format!("skipped {name}: {what}"),
        Outcome::Halted => format!("stopped {name}: {what}"),
    }
}
