//! `rolecall report`: who may do what, everybody and every group, for the review that is made every quarter. Only reads.

use std::path::PathBuf;

use clap::Args;
use rolecall::{
    report::render::{ending::About, review::ReviewView},
    workflow::{self, DirectRolesOf},
};

use super::{Exit, Failure, Global, Now, Output, Reporting, live::From, output::REVIEW, run, settings};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Workspace folders or access files; the workspace around here where absent
    paths: Vec<PathBuf>,
    /// Also the direct roles that people hold outside groups: one request for each person
    #[arg(long, env = "ROLECALL_REPORT_USERS")]
    users: bool,
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    now: Now,
    #[command(flatten)]
    pub(super) reporting: Reporting,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    arguments.reporting.only(&REVIEW)?;
    let now = arguments.now.get()?;
    let mut checked = global.or_alone(global.sound(&arguments.paths), &arguments.paths)?;
    if !arguments.from.is_snapshot() {
        settings::complete(global, &checked)?;
    }
    let (live, _sandbox) = arguments.from.open(global, &checked, &checked.declared.own_companies())?;
    let direct = if arguments.users { DirectRolesOf::Everybody } else { DirectRolesOf::SingledOut };
    let reviewing = workflow::reviewed(&live, &mut checked, direct, now);
    let review = run::reading(output.reading(&live.source, reviewing))?;
    let hosts = live.sites.hosts(review.companies.iter().map(|it| it.id));
    let view = ReviewView {
        review: &review,
        sources: &checked.loaded.sources,
        endpoint: &hosts,
        url: &live.sites.rest.url,
        now,
        taken: live.source.taken(),
    };
    arguments.reporting.all(global, About::Review(view), output)?;
    Ok(Exit::Ok)
}
