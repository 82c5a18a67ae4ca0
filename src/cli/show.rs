//! A plan on its way to people and programs: made, printed, saved.

use rolecall::{
    model::{date::Now, escape},
    plan::{self, digest},
    report::{
        document,
        render::{markdown, text},
    },
    workflow::{self, Checked, Context, Judged, Live, Wanted},
};
use serde_json::{Value, json};

use super::{Failure, Format, Global, Only, Output, Selection, live::From, run};

/// Plans from the files, or from their lock-outs alone, and prints: all that `plan` and `drift` do. Only reads.
pub(super) fn planned(
    global: &Global,
    (selection, only): (&Selection, Option<Only>),
    from: &From,
    output: &Output,
) -> Result<Judged, Failure> {
    let now = selection.now.get()?;
    let (checked, wanted) = match only {
        None => (global.selected(selection)?, Wanted::Files),
        Some(Only::Expired) => (global.selected(selection)?, Wanted::Expired),
        Some(Only::Lockout) => (for_lockouts(global, selection, output)?, Wanted::Lockouts),
    };
    let (live, _sandbox) = from.open(global, &checked, &checked.declared.compared_companies())?;
    let asked = selection.asking.ask_people;
    let judged = run::reading(judged(&live, checked, wanted, (now, asked), output))?;
    print(&judged, output);
    Ok(judged)
}

/// Checks what lock-outs need, and says what else is wrong.
pub(super) fn for_lockouts(
    global: &Global,
    selection: &Selection,
    output: &Output,
) -> Result<Checked, Failure> {
    let (checked, note) = global.checked_for_lockouts(&selection.paths, selection.shard)?;
    if let Some(note) = note {
        output.message(&format!("warning: {}", escape::terminal(&note.to_string())));
    }
    global.judged_from(checked, selection)
}

pub(super) async fn judged(
    live: &Live,
    checked: Checked,
    wanted: Wanted,
    (now, asked): (Now, usize),
    output: &Output,
) -> Result<Judged, workflow::Error> {
    output.reading(&live.source, workflow::judged(live, checked, wanted, now, asked)).await
}

/// Prints the plan, and tells programs that watch.
pub(super) fn print(judged: &Judged, output: &Output) {
    announce(judged, output);
    warn(judged, output);
    output.result(&rendered(&judged.context, judged, output));
}

/// Says what people should know beside a plan.
pub(super) fn warn(judged: &Judged, output: &Output) {
    for note in &judged.notes {
        output.message(&format!("warning: {}", escape::terminal(&note.to_string())));
    }
}

/// Tells programs that watch what the plan is.
pub(super) fn announce(judged: &Judged, output: &Output) {
    let (plan, judgement, steps) = (judged.plan(), judged.judgement(), judged.steps());
    let id = digest::plan_id(plan).to_string();
    let stops: Vec<&str> = judgement.stops().map(|it| it.guard.as_str()).collect();
    output.events.send("plan", json!({ "id": id, "changes": plan.len(), "steps": steps.len(), "withheld": plan.withheld(), "stops": stops }));
}

pub(super) fn rendered(context: &Context, judged: &plan::judged::Judged, output: &Output) -> String {
    let view = context.view(judged.plan(), judged.judgement());
    match output.format {
        Format::Text => text::plan(&view, output.width()),
        Format::Json => document::write(&view),
        Format::Markdown => markdown::plan(&view, output.forge, output.forge.budget()),
    }
}

/// The plan as it is saved, and for programs.
pub(super) fn written(context: &Context, judged: &plan::judged::Judged) -> String {
    document::write(&context.view(judged.plan(), judged.judgement()))
}

/// The document of a plan, to stand in another: without the digest of its letters, which are others there.
pub(super) fn document(context: &Context, judged: &plan::judged::Judged) -> Value {
    let text = written(context, judged);
    let mut document: Value = serde_json::from_str(&text).expect("a document is JSON");
    document.as_object_mut().expect("a plan is an object").remove("digest");
    document
}
