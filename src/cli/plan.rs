//! `rolecall plan`: what apply would change. Only reads.

use clap::Args;

use super::{
    Exit, Failure, Global, Only, Output, Reporting, Selection, adopt::Adopting, estimate,
    foretold::Foretelling, live::From, saving::Saving, show,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) selection: Selection,
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    pub(super) saving: Saving,
    #[command(flatten)]
    pub(super) reporting: Reporting,
    /// Only what cuts off who is locked out, with the fewest requests, or only what has ended
    #[arg(long, value_name = "PART", env = "ROLECALL_ONLY", conflicts_with_all = ["out", "estimate", "adopt"])]
    only: Option<Only>,
    /// Only say how many requests and how much time it would take
    #[arg(long, env = "ROLECALL_ESTIMATE", conflicts_with_all = ["live", "out", "check", "adopt", "reports", "metrics_file"])]
    estimate: bool,
    #[command(flatten)]
    foretelling: Foretelling,
    #[command(flatten)]
    adopting: Adopting,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let selection = &arguments.selection;
    if arguments.estimate {
        if let Some(form) = output.form {
            return Err(Failure::invalid(format!("an estimate has no result in the form {}", form.name()))
                .hint("give `--format text` or `json`"));
        }
        return estimate::plan(global, selection, output);
    }
    if arguments.adopting.adopt {
        arguments.saving.none("--adopt")?;
        return arguments.adopting.run(global, selection, &arguments.from, output);
    }
    let judged = show::planned(global, (selection, arguments.only), &arguments.from, output)?;
    arguments.saving.save(&judged, global)?;
    let exit = arguments.foretelling.exit(&judged, output);
    arguments.reporting.plan(global, (&judged.context, &judged), (exit, None), output)?;
    Ok(exit)
}
