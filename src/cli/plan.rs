//! `rolecall plan`: what apply would change. Only reads.

use std::path::PathBuf;

use clap::Args;

use super::{
    Exit, Failure, Global, Only, Output, Selection, estimate, foretold::Foretelling, live::From, show,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    from: From,
    /// Also save the plan, for `rolecall apply FILE`
    #[arg(long, value_name = "FILE", value_parser = super::json_file())]
    out: Option<PathBuf>,
    /// Only what cuts off who is locked out, with the fewest requests
    #[arg(long, value_name = "PART", conflicts_with_all = ["out", "estimate"])]
    only: Option<Only>,
    /// Only say how many requests and how much time it would take
    #[arg(long, env = "ROLECALL_ESTIMATE", conflicts_with_all = ["live", "out", "check"])]
    estimate: bool,
    #[command(flatten)]
    foretelling: Foretelling,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let selection = &arguments.selection;
    if arguments.estimate {
        return estimate::plan(global, selection, output);
    }
    let judged = show::planned(global, (selection, arguments.only), &arguments.from, output)?;
    show::save(&judged, global, arguments.out.as_deref())?;
    Ok(arguments.foretelling.exit(&judged, output))
}
