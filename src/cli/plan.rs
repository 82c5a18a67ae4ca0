//! `rolecall plan`: what apply would change. Only reads.

use std::path::PathBuf;

use clap::Args;

use super::{
    Global, Selection, estimate,
    failure::{Exit, Failure},
    live::{From, Live, Recorded},
    output::Output,
    run::{self, Planned},
    settings::connect,
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
    /// Only say how many requests and how much time it would take
    #[arg(long, env = "ROLECALL_ESTIMATE", value_parser = clap::builder::FalseyValueParser::new(), hide_env = true, conflicts_with_all = ["live", "out"])]
    estimate: bool,
    /// Exit with 2 where there are differences
    #[arg(long, env = "ROLECALL_DETAILED_EXITCODE", value_parser = clap::builder::FalseyValueParser::new(), hide_env = true)]
    detailed_exitcode: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let selection = &arguments.selection;
    if arguments.estimate {
        return estimate::plan(global, selection, output);
    }
    match &arguments.from.live {
        None => {
            let planned = run::print_plan(global, selection, output, |it| connect(global, it))?;
            finish(global, arguments, &planned)
        }
        Some(path) => {
            let planned = run::print_plan(global, selection, output, |it| Recorded::open(global, path, it))?;
            finish(global, arguments, &planned)
        }
    }
}

fn finish(global: &Global, arguments: &Arguments, planned: &Planned<impl Live>) -> Result<Exit, Failure> {
    if let Some(out) = &arguments.out {
        planned.save(&run::here(global).join(out))?;
    }
    Ok(if arguments.detailed_exitcode { planned.differences() } else { Exit::Ok })
}
