//! Saved plans, consent on the terminal, and how it is said that a plan is not applied.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use rolecall::{
    model::source::Sources,
    report::document::{Saved, read},
    workflow::{Judged, Refusal},
};
use serde_json::json;

use super::{Exit, Failure, Format, Output, output::document, output::trouble, show};

pub(super) fn read_plan(path: &Path, sources: Sources) -> Result<Saved, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::invalid(format!("cannot read the plan {}: {error}", path.display()))
            .hint("save one with `rolecall plan --out FILE`")
    })?;
    read(&text, sources).map_err(|error| {
        let hint = error.hint();
        Failure::invalid(format!("{}: {error}", path.display())).hint(hint)
    })
}

/// Asks on the terminal; only a whole `yes` counts.
pub(super) async fn consent(output: &Output, question: &str) -> Result<(), Failure> {
    output.message("");
    let _ = write!(io::stderr(), "{question} Only `yes` is accepted: ");
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map(|_| answer)
    });
    match answer.await {
        Ok(Ok(answer)) if answer.trim() == "yes" => Ok(()),
        _ => Err(Failure::invalid("not approved; nothing was changed")),
    }
}

/// Says why a plan is not applied, after the plan or together with it.
pub(super) fn refused(judged: &Judged, refusal: &Refusal, output: &Output) -> Exit {
    let exit = Exit::from(refusal);
    let (message, causes, hint) = (refusal.to_string(), refusal.reasons(judged.plan()), refusal.hint());
    output.events.send("refused", json!({ "message": message, "causes": causes }));
    if output.format == Format::Json {
        let error = json!({ "message": message, "causes": causes, "hint": hint });
        let plan = show::document(&judged.context, judged);
        let facts =
            json!({ "exit": exit.code(), "result": exit.name(), "plan": plan, "groups": [], "error": error });
        output.result(&document("apply", &facts));
    }
    output.message(&trouble(&message, &causes, Some(hint)));
    exit
}
