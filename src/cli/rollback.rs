//! `rolecall rollback`: the plan that undoes what an apply really did. Only reads.

use std::path::PathBuf;

use clap::Args;
use rolecall::{files::load, model::ids::CompanyId, workflow::Wanted};

use super::{
    Asking, Exit, Failure, Global, Now, Operator, Output, foretold::Foretelling, journals, live::From, run,
    saving::Saving, show,
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
    asking: Asking,
    #[command(flatten)]
    operator: Operator,
    #[command(flatten)]
    now: Now,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let now = arguments.now.get()?;
    let path = global.at(&arguments.journal);
    // The journal before the files: whatever they say, it is what is asked about.
    let root = load::root_around(global.here());
    let run = journals::run(&path, &arguments.journal, &root)?;
    let later = journals::later(&path, &run, &root);
    let checked = global.judged_with(global.sound(&[])?, None, &arguments.operator)?;
    let companies: Vec<CompanyId> = run.saved.plan.companies.iter().map(|it| it.company).collect();
    let (live, _sandbox) = arguments.from.open(global, &checked, &companies)?;
    let undo = Wanted::Undo { run: Box::new(run), later };
    let judged =
        run::reading(show::judged(&live, checked, undo, (now, arguments.asking.ask_people), output))?;
    show::print(&judged, output);
    arguments.saving.save(&judged, global)?;
    Ok(arguments.foretelling.exit(&judged, output))
}
