//! `rolecall rollback`: the plan that undoes what an apply really did. Only reads.

use std::path::PathBuf;

use clap::Args;
use rolecall::{
    apply::{journal, record::Record},
    model::source::Sources,
    report::document,
};

use super::{
    Global, Now,
    failure::{Exit, Failure},
    live::{From, Live, Recorded},
    output::Output,
    run::{self, Planned},
    settings::connect,
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
    /// Exit with 2 where there is something to undo
    #[arg(long, env = "ROLECALL_DETAILED_EXITCODE", value_parser = clap::builder::FalseyValueParser::new(), hide_env = true)]
    detailed_exitcode: bool,
    #[command(flatten)]
    now: Now,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let path = run::here(global).join(&arguments.journal);
    let records = journal::read(&path)?;
    let text = records.iter().find_map(|it| match it {
        Record::Start { plan, .. } => Some(plan.to_string()),
        Record::Intent(_) | Record::Ending(_) | Record::End { .. } => None,
    });
    let saved = document::read(&text.unwrap_or_default(), Sources::default()).map_err(|error| {
        Failure::invalid(format!("the journal {} cannot be used: {error}", path.display())).hint(error.hint())
    })?;
    let now = arguments.now.get()?;
    let checked = run::checked(global, &[])?;
    let done = (saved, records, &*arguments.journal);
    match &arguments.from.live {
        None => {
            let live = connect(global, &checked.loaded)?;
            finish(global, arguments, output, run::rolled_back(live, output, checked, done, now))
        }
        Some(path) => {
            let live = Recorded::open(global, path, &checked.loaded)?;
            finish(global, arguments, output, run::rolled_back(live, output, checked, done, now))
        }
    }
}

fn finish<L: Live>(
    global: &Global,
    arguments: &Arguments,
    output: &Output,
    undone: impl Future<Output = Result<Planned<L>, Failure>>,
) -> Result<Exit, Failure> {
    let planned = run::block_on(run::until_signal(undone))?;
    planned.print(output);
    if let Some(out) = &arguments.out {
        planned.save(&run::here(global).join(out))?;
    }
    Ok(if arguments.detailed_exitcode { planned.differences() } else { Exit::Ok })
}
