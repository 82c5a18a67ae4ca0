//! `rolecall snapshot`: the live state as one file, from which to plan without a network. Only reads.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use rolecall::{
    live::snapshot::{self, Keep, Reach, Snapshot},
    report::render,
    workflow,
};
use serde_json::json;

use super::{
    Format, Global, Now,
    failure::{Exit, Failure},
    files::keep,
    instant, live,
    output::Output,
    run,
    settings::connect,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Workspace folders or access files; the workspace around here where absent
    paths: Vec<PathBuf>,
    /// Write it to a file that only you can read, instead of standard output
    #[arg(long, value_name = "FILE", value_parser = super::json_file())]
    out: Option<PathBuf>,
    /// Put pseudonyms for addresses and numbers of people, the same for the same person
    #[arg(long, env = "ROLECALL_SANITIZE", value_parser = clap::builder::FalseyValueParser::new(), hide_env = true)]
    sanitize: bool,
    /// The time to note as that of the snapshot, instead of now
    #[arg(long, value_name = "INSTANT", env = "ROLECALL_NOW", value_parser = instant, hide_env = true)]
    now: Option<Timestamp>,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let now = Now { now: arguments.now }.get()?;
    let mut checked = global.checked(&arguments.paths)?;
    // Before any request: a salt that cannot be used is no reason to ask for everything.
    let salt = if arguments.sanitize { Some(salt()?) } else { None };
    let connected = connect(global, &checked.loaded)?;
    let mut snapshot = run::block_on(run::until_signal(async {
        let reading = workflow::recorded(&connected.live, &connected.reader, &mut checked, now);
        Ok(output.reading(&connected.live.source, reading).await?)
    }))?;
    if let Some((salt, keep)) = salt {
        snapshot = snapshot.sanitized(&salt, keep);
    }
    for directory in snapshot.directories.iter().filter(|it| it.reach == Reach::Asked) {
        output.message(&format!(
            "warning: the API refuses a list of everybody of {}: only people whom files and groups name are in the snapshot",
            directory.company
        ));
    }
    let text = snapshot::write(&snapshot);
    let Some(out) = &arguments.out else {
        output.result(&text);
        return Ok(Exit::Ok);
    };
    keep("snapshot", &global.here().join(out), &text)?;
    output.result(&saved(&snapshot, out, output.format));
    Ok(Exit::Ok)
}

/// Returns the salt, and whether it belongs into the file: one that was given stays where it is.
fn salt() -> Result<(snapshot::Salt, Keep), Failure> {
    Ok(match live::salt()? {
        Some(given) => (given, Keep::Apart),
        None => (live::new_salt()?, Keep::Inside),
    })
}

/// Says what was saved.
fn saved(snapshot: &Snapshot, out: &std::path::Path, format: Format) -> String {
    let groups: usize = snapshot.companies.iter().map(|it| it.groups.len()).sum();
    let members = snapshot.companies.iter().flat_map(|it| &it.groups).map(|it| it.members.len());
    let members: usize = members.sum();
    let people: usize = snapshot.directories.iter().map(|it| it.users.len()).sum();
    match format {
        Format::Text | Format::Markdown => format!(
            "Snapshot of {:.0}: {}, {}, {}. Plan from it with `--live {}`.\n",
            snapshot.created_at,
            render::counted(groups, "group", "groups"),
            render::counted(members, "membership", "memberships"),
            render::counted(people, "person", "people"),
            rolecall::model::escape::terminal(&out.display().to_string()),
        ),
        Format::Json => {
            let document = json!({
                "version": 1, "kind": "saved-snapshot", "file": out.display().to_string(), "digest": snapshot.digest,
                "createdAt": snapshot.created_at, "groups": groups, "memberships": members, "people": people,
            });
            format!("{document:#}\n")
        }
    }
}
