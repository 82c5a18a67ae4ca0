//! `rolecall drift`: the same reading as plan, tuned for cron.

use clap::Args;
use rolecall::{
    report::render::{accepted_in_all, counted, fit::prose},
    workflow::{Context, Judged},
};

use super::{
    Exit, Failure, Format, Global, Output, Reporting, Selection, adopt::Adopting, foretold, live::From, show,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) selection: Selection,
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    adopting: Adopting,
    #[command(flatten)]
    pub(super) reporting: Reporting,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    if arguments.adopting.adopt {
        return arguments.adopting.run(global, &arguments.selection, &arguments.from, output);
    }
    let judged = show::planned(global, (&arguments.selection, None), &arguments.from, output)?;
    if judged.plan().is_settled() && output.format == Format::Text {
        // A job that says nothing looks like one that did not run.
        output.result(&prose(&heartbeat(&judged), output.width()));
    }
    let exit = foretold::drift(&judged, output);
    arguments.reporting.plan(global, (&judged.context, &judged), (exit, None), output)?;
    Ok(exit)
}

fn heartbeat(judged: &Judged) -> String {
    let Context { checked, taken, now, requests, elapsed, .. } = &judged.context;
    let memberships: usize = judged.plan().companies.iter().map(|it| it.memberships).sum();
    let groups: usize = checked.declared.companies.iter().map(|it| it.groups.len()).sum();
    let source = match taken {
        Some(taken) => format!("in the snapshot of {taken:.0}"),
        None => {
            let requests = usize::try_from(*requests).unwrap_or(usize::MAX);
            format!("{} in {:.1} s", counted(requests, "request", "requests"), elapsed.as_secs_f64())
        }
    };
    let given = if now.is_given { " (--now)" } else { "" };
    let accepted = accepted_in_all(judged.plan()).map_or_else(String::new, |it| format!(" {it}."));
    format!(
        "No drift at {:.0}{given}: {}, {}, {source}.{accepted}\n",
        now.at,
        counted(groups, "declared group", "declared groups"),
        counted(memberships, "membership", "memberships"),
    )
}
