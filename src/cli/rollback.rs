//! `rolecall rollback`: the plan that undoes what an apply really did. Only reads.

use std::path::PathBuf;

use clap::Args;
use rolecall::{
    apply::{journal, record::Record},
    model::source::Sources,
    report::document,
    workflow::{self, Wanted},
};

use super::{
    Exit, Failure, Global, Now, Output, foretold::Foretelling, live::From, run, saving::Saving, show,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Journal of the apply, as its last lines name it
    journal: PathBuf,
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    saving: Saving,
    #[command(flatten)]
    foretelling: Foretelling,
    #[command(flatten)]
    now: Now,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let path = global.at(&arguments.journal);
    let records = journal::read(&path).map_err(workflow::Error::from)?;
    let text = records.iter().find_map(|it| match it {
        Record::Start { plan, .. } => Some(plan.get().to_owned()),
        Record::Intent(_) | Record::Ending(_) | Record::End { .. } => None,
    });
    let saved = document::read(&text.unwrap_or_default(), Sources::default()).map_err(|error| {
        Failure::invalid(format!("the journal {} cannot be used: {error}", path.display())).hint(error.hint())
    })?;
    let now = arguments.now.get()?;
    let checked = global.sound(&[])?;
    let (live, _sandbox) = arguments.from.open(global, &checked.loaded)?;
    let journal = arguments.journal.clone().into_boxed_path();
    let undo = Wanted::Undo { saved: Box::new(saved), records, journal };
    let judged = run::reading(show::judged(&live, checked, undo, now, output))?;
    show::print(&judged, output);
    arguments.saving.save(&judged, global)?;
    Ok(arguments.foretelling.exit(&judged, output))
}
