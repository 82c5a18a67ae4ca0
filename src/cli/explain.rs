//! `rolecall explain`: one person's access, and which line of the files asks for it. Only reads.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use rolecall::{
    model::{date, ids::PersonRef},
    report::{
        document,
        render::explanation::{Explanation, markdown, text},
    },
    workflow,
};

use super::{Exit, Failure, Format, Global, Now, Output, arguments::instant, live::From, run, settings};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Whose: an e-mail address, externalId=…, employeeId=… or userId=…
    person: PersonRef,
    /// Workspace folders or access files; the workspace around here where absent
    paths: Vec<PathBuf>,
    /// As it will be at this instant or day, if the files are applied then and nothing else changes
    #[arg(long, value_name = "INSTANT", env = "ROLECALL_AT", value_parser = instant, conflicts_with = "now")]
    at: Option<Timestamp>,
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    now: Now,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let now = arguments.now.get()?;
    let mut checked = global.or_alone(global.checked(&arguments.paths), &arguments.paths)?;
    if !arguments.from.is_snapshot() {
        settings::complete(global, &checked)?;
    }
    let (live, _sandbox) = arguments.from.open(global, &checked, &checked.declared.own_companies())?;
    let explaining = async {
        match arguments.at {
            Some(at) => workflow::explained_at(&live, &mut checked, &arguments.person, (at, now)).await,
            None => workflow::explained(&live, &mut checked, &arguments.person, now).await,
        }
    };
    let explained = run::reading(output.reading(&live.source, explaining))?;
    let hosts = live.sites.hosts(explained.groups.iter().map(|it| it.company));
    let view = Explanation {
        explained: &explained,
        sources: &checked.loaded.sources,
        endpoint: &hosts,
        url: &live.sites.rest.url,
        now: arguments.at.map_or(now, |at| date::Now { at, is_given: true, ..now }),
        is_foretold: arguments.at.is_some(),
    };
    output.result(&match output.format {
        Format::Text => text(&view, output.width()),
        Format::Json => document::explanation::write(&view),
        Format::Markdown => markdown(&view, output.forge.budget()),
    });
    Ok(Exit::Ok)
}
