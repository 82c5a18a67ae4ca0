//! `rolecall explain`: one person's access, and which line of the files asks for it. Only reads.

use std::path::PathBuf;

use clap::Args;
use rolecall::{
    model::ids::PersonRef,
    report::{
        document,
        render::explanation::{Explanation, markdown, text},
    },
    workflow,
};

use super::{Exit, Failure, Format, Global, Now, Output, run, settings};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Whose: an e-mail address, externalId=…, employeeId=… or userId=…
    person: PersonRef,
    /// Workspace folders or access files; the workspace around here where absent
    paths: Vec<PathBuf>,
    #[command(flatten)]
    now: Now,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let now = arguments.now.get()?;
    let mut checked = global.or_alone(global.checked(&arguments.paths), &arguments.paths)?;
    settings::complete(global, &checked)?;
    let connected = settings::connect(global, &checked, &checked.declared.own_companies())?;
    let live = &connected.live;
    let explaining = workflow::explained(live, &mut checked, &arguments.person, now);
    let explained = run::reading(output.reading(&live.source, explaining))?;
    let hosts = live.sites.hosts(explained.groups.iter().map(|it| it.company));
    let view = Explanation {
        explained: &explained,
        sources: &checked.loaded.sources,
        endpoint: &hosts,
        url: &live.sites.rest.url,
        now,
    };
    output.result(&match output.format {
        Format::Text => text(&view, output.width()),
        Format::Json => document::explanation::write(&view),
        Format::Markdown => markdown(&view, output.forge.budget()),
    });
    Ok(Exit::Ok)
}
