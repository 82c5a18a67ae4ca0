//! `rolecall drift`: the same reading as plan, tuned for cron.

use clap::Args;
use rolecall::{files::load::Loaded, report::render};

use super::{
    Format, Global, Selection,
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
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let selection = &arguments.selection;
    Ok(match &arguments.from.live {
        None => finish(&run::print_plan(global, selection, output, |it| connect(global, it))?, output),
        Some(path) => {
            let open = |it: &Loaded| Recorded::open(global, path, it);
            finish(&run::print_plan(global, selection, output, open)?, output)
        }
    })
}

fn finish(planned: &Planned<impl Live>, output: &Output) -> Exit {
    if planned.judged.plan.is_settled() && output.format == Format::Text {
        let memberships: usize = planned.judged.plan.companies.iter().map(|it| it.memberships).sum();
        let groups: usize = planned.checked.declared.companies.iter().map(|it| it.groups.len()).sum();
        let source = match planned.connected.taken() {
            Some(taken) => format!("in the snapshot of {taken:.0}"),
            None => {
                let requests = usize::try_from(planned.connected.requests()).unwrap_or(usize::MAX);
                let requests = render::counted(requests, "request", "requests");
                format!("{requests} in {:.1} s", planned.elapsed.as_secs_f64())
            }
        };
        // A job that says nothing looks like one that did not run.
        output.result(&format!(
            "No drift at {:.0}: {}, {}, {source}.\n",
            planned.now,
            render::counted(groups, "declared group", "declared groups"),
            render::counted(memberships, "membership", "memberships"),
        ));
    }
    planned.differences()
}
