//! An approved plan on its way to the API: progress, journal, witness, and what is said at the end.

use std::{path::PathBuf, sync::atomic::AtomicBool};

use rolecall::{
    apply::Report,
    plan::witness::Testimony,
    report::{
        applied::{Applied, line},
        render::ending::Trouble,
    },
    workflow::{self, Applying, Approved, witness::Witness},
};
use serde_json::json;

use super::{
    super::{Exit, Failure, Global, Output, files, journals, next, output, run, settings::Connected, show},
    arguments::Arguments,
    exit::exit,
    told::{journal, tell},
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
    let exit = exit(&applied);
    let facts = || applied.json(&show::document(context, approved), exit.code(), exit.name());
    let text = applied.text();
    output.document(&text, || output::document("apply", &facts()));
    let message = format!("not all of the plan was done ({}); what was is in the journal", exit.name());
    let trouble =
        (!applied.complete()).then_some(Trouble { message: &message, causes: &[], hint: Some(&again) });
    arguments.reporting.applied(global, (context, approved), (exit, trouble, &text), output)?;
    Ok(exit)
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
    let clients = &connected.clients;
    let witness = if arguments.witness {
        Some(run::until_signal(async { Ok::<_, Failure>(Witness::called(clients, plan).await) }).await?)
    } else {
        None
    };
    let path = journal(global, arguments, approved);
    let counter = output.counter(steps.len());
    let key = journals::key_or_new(&approved.context.checked.loaded.root)?;
    let applying = Applying {
        clients,
        journal: &path,
        stop,
        writers: global.writers(),
        max_failures: arguments.max_failures(steps.len()),
        key: key.as_ref(),
        settle: arguments.settle,
    };
    let applying = workflow::applied(approved, applying, |step, outcome| {
        counter.settled(&line(&steps[step], outcome, plan));
        tell(plan, steps, step, outcome, output);
    });
    let applied = output.watching(clients, |wait| counter.waits(wait), applying).await?;
    drop(counter);
    let testimony = match witness {
        Some(witness) => Some(witness.testify(steps, &applied.report, stop).await),
        None => None,
    };
    if let Some(it) = &testimony {
        output.events.send("witness", json!({ "looked": it.looked, "contradictions": it.contradictions.len(), "untold": it.untold.len() }));
    }
    let (witness, report) = (testimony.as_ref(), &applied.report);
    let exit = exit(&Applied { plan, steps, report, witness, journal: None, undo: None, again: "" });
    if let Err(error) = applied.end(exit.code(), exit.name()) {
        output.message(&format!("the journal has no last line: {error}"));
    }
    Ok((applied.report, Some(files::inside(&path, global)), testimony))
}
