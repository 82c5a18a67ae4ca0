//! `rolecall plan`: what apply would change. Only reads.

use clap::Args;

use super::{
    Exit, Failure, Global, Only, Output, Selection, adopt::Adopting, estimate, foretold::Foretelling,
    live::From, saving::Saving, show,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    saving: Saving,
    /// Only what cuts off who is locked out, with the fewest requests
    #[arg(long, value_name = "PART", env = "ROLECALL_ONLY", conflicts_with_all = ["out", "estimate", "adopt"])]
    only: Option<Only>,
    /// Only say how many requests and how much time it would take
    #[arg(long, env = "ROLECALL_ESTIMATE", conflicts_with_all = ["live", "out", "check", "adopt"])]
    estimate: bool,
    #[command(flatten)]
    foretelling: Foretelling,
    #[command(flatten)]
    adopting: Adopting,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let selection = &arguments.selection;
    if arguments.estimate {
        return estimate::plan(global, selection, output);
    }
    if arguments.adopting.adopt {
        arguments.saving.none("--adopt")?;
        return arguments.adopting.run(global, selection, &arguments.from, output);
    }
    let judged = show::planned(global, (selection, arguments.only), &arguments.from, output)?;
    arguments.saving.save(&judged, global)?;
    Ok(arguments.foretelling.exit(&judged, output))
}
