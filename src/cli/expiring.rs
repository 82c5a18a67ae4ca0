//! `rolecall expiring`: what the files let begin and end within a time, and what that gives and takes. Only reads.

use std::path::PathBuf;

use clap::Args;
use jiff::Span;
use rolecall::{
    model::date,
    report::{
        document::upcoming as document,
        render::upcoming::{UpcomingView, csv, markdown, text},
    },
    workflow,
};

use super::{Exit, Failure, Global, Now, Output, live::From, run, settings};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Workspace folders or access files; the workspace around here where absent
    paths: Vec<PathBuf>,
    /// How far ahead: days, weeks, months or years, such as 14d, 2w, 6mo
    #[arg(long, value_name = "TIME", env = "ROLECALL_WITHIN", default_value = "14d", value_parser = span)]
    within: Span,
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    now: Now,
}

fn span(raw: &str) -> Result<Span, String> {
    date::span(raw).ok_or_else(|| "write a time such as 14d, 2w, 6mo or 1y".to_owned())
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let now = arguments.now.get()?;
    let checked = global.checked(&arguments.paths)?;
    if !arguments.from.is_snapshot() {
        settings::complete(global, &checked)?;
    }
    let companies = checked.declared.own_companies();
    let (live, _sandbox) = arguments.from.open(global, &checked, &companies)?;
    let looking = workflow::upcoming(&live, &checked, arguments.within, now);
    let upcoming = run::reading(output.reading(&live.source, looking))?;
    let hosts = live.sites.hosts(companies.into_iter());
    let view = UpcomingView {
        upcoming: &upcoming,
        sources: &checked.loaded.sources,
        endpoint: &hosts,
        url: &live.sites.rest.url,
        now,
        taken: live.source.taken(),
    };
    output.answered(&view, (csv, text, document::write, markdown));
    Ok(Exit::Ok)
}
