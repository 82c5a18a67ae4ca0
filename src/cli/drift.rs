//! `rolecall drift`: the same reading as plan, tuned for cron.

use clap::Args;
use rolecall::render;

use super::{
    Format, Global, Selection,
    failure::{Exit, Failure},
    output::Output,
    run,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let planned = run::print_plan(global, &arguments.selection, output)?;
    if planned.plan.is_settled() && output.format == Format::Text {
        let memberships: usize = planned.plan.companies.iter().map(|it| it.memberships).sum();
        let groups: usize = planned.checked.declared.companies.iter().map(|it| it.groups.len()).sum();
        // A job that says nothing looks like one that did not run.
        output.result(&format!(
            "No drift at {:.0}: {}, {}, {} in {:.1} s.\n",
            planned.now,
            render::counted(groups, "declared group", "declared groups"),
            render::counted(memberships, "membership", "memberships"),
            render::counted(
                usize::try_from(planned.connected.reader.requests_made()).unwrap_or(usize::MAX),
                "request",
                "requests"
            ),
            planned.elapsed.as_secs_f64(),
        ));
    }
    Ok(planned.differences())
}
