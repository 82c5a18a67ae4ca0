//! `rolecall plan`: what apply would change. Only reads.

use std::path::PathBuf;

use clap::Args;

use super::{
    Global, Selection,
    failure::{Exit, Failure},
    output::Output,
    run,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Also save the plan, for `rolecall apply FILE`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exit with 2 where there are differences
    #[arg(long, env = "ROLECALL_DETAILED_EXITCODE", value_parser = clap::builder::FalseyValueParser::new(), hide_env = true)]
    detailed_exitcode: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let planned = run::print_plan(global, &arguments.selection, output)?;
    if let Some(out) = &arguments.out {
        planned.save(&run::here(global).join(out))?;
    }
    Ok(if arguments.detailed_exitcode { planned.differences() } else { Exit::Ok })
}
