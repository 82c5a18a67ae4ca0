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
    Exit, Failure, Global, Now, Output, foretold::Foretelling, live::From, operator::Operator, run, show,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Journal of the apply, as its last lines name it
    journal: PathBuf,
    #[command(flatten)]
    from: From,
    /// Also save the plan, for `rolecall apply FILE`
    #[arg(long, value_name = "FILE", value_parser = super::json_file())]
    out: Option<PathBuf>,
    #[command(flatten)]
    foretelling: Foretelling,
    #[command(flatten)]
    operator: Operator,
    #[command(flatten)]
    now: Now,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let path = global.here().join(&arguments.journal);
    let records = journal::read(&path).map_err(workflow::Error::from)?;
    let text = records.iter().find_map(|it| match it {
        Record::Start { plan, .. } => Some(plan.to_string()),
        Record::Intent(_) | Record::Ending(_) | Record::End { .. } => None,
    });
    let saved = document::read(&text.unwrap_or_default(), Sources::default()).map_err(|error| {
        Failure::invalid(format!("the journal {} cannot be used: {error}", path.display())).hint(error.hint())
    })?;
    let now = arguments.now.get()?;
    let checked = arguments.operator.judging(global, global.sound(&[])?, None)?;
    let (live, _sandbox) = arguments.from.open(global, &checked.loaded)?;
    let journal = arguments.journal.clone().into_boxed_path();
    let undo = Wanted::Undo { saved: Box::new(saved), records, journal };
    let judged = run::reading(show::judged(&live, checked, undo, now, output))?;
    show::print(&judged, output);
    show::save(&judged, global, arguments.out.as_deref())?;
    Ok(arguments.foretelling.exit(&judged, output))
}
