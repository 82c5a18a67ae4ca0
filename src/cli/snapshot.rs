//! `rolecall snapshot`: the live state as one file, from which to plan without a network. Only reads.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use rolecall::{
    live::snapshot::{self, Keep, Reach, Snapshot},
    report::render,
    workflow,
};
use serde_json::json;

use super::{
    Exit, Failure, Global, Now, Operator, Output,
    files::keep,
    instant, live, run,
    settings::{complete, connect},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Workspace folders or access files; the workspace around here where absent
    paths: Vec<PathBuf>,
    /// Write it to a file that only you can read, instead of standard output
    #[arg(long, value_name = "FILE", env = "ROLECALL_SNAPSHOT_OUT", value_parser = super::json_file())]
    out: Option<PathBuf>,
    /// Put pseudonyms for addresses and numbers of people, the same for the same person
    #[arg(long, env = "ROLECALL_SANITIZE")]
    sanitize: bool,
    /// File with policies, of which the snapshot holds what they need
    #[arg(long, value_name = "FILE", env = "ROLECALL_POLICY")]
    policy: Option<PathBuf>,
    /// The time to note as that of the snapshot, instead of now
    #[arg(long, value_name = "INSTANT", env = "ROLECALL_NOW", value_parser = instant)]
    now: Option<Timestamp>,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let now = Now { now: arguments.now }.get()?;
    let checked = global.or_alone(global.sound(&arguments.paths), &arguments.paths)?;
    let operator = Operator { policy: arguments.policy.clone(), identity: None };
    let mut checked = global.judged_with(checked, None, &operator)?;
    complete(global, &checked)?;
    // Before any request: with a salt that cannot be used nothing has to be read.
    let salt = if arguments.sanitize { Some(salt()?) } else { None };
    let connected = connect(global, &checked, &checked.declared.own_companies())?;
    let reading = workflow::recorded(&connected.live, &connected.clients, &mut checked, now.dated);
    let mut snapshot = run::reading(output.reading(&connected.live.source, reading))?;
    if let Some((salt, keep)) = salt {
        snapshot = snapshot.sanitized(&salt, keep);
    }
    for directory in snapshot.directories.iter().filter(|it| it.reach == Reach::Asked) {
        output.message(&format!(
            "warning: the API refuses to list all users of {}: only people named by files and groups are in the snapshot",
            directory.company
        ));
    }
    let text = snapshot::write(&snapshot);
    let Some(out) = &arguments.out else {
        output.result(&text);
        return Ok(Exit::Ok);
    };
    keep("snapshot", &global.at(out), &text)?;
    saved(&snapshot, out, output);
    Ok(Exit::Ok)
}

/// The salt, and whether it belongs into the file: one that was given stays where it is.
pub(super) fn salt() -> Result<(snapshot::Salt, Keep), Failure> {
    Ok(match live::salt()? {
        Some(given) => (given, Keep::Apart),
        None => (live::new_salt()?, Keep::Inside),
    })
}

fn saved(snapshot: &Snapshot, out: &Path, output: &Output) {
    let groups: usize = snapshot.companies.iter().map(|it| it.groups.len()).sum();
    let members = snapshot.companies.iter().flat_map(|it| &it.groups).map(|it| it.members.len());
    let members: usize = members.sum();
    let people: usize = snapshot.directories.iter().map(|it| it.users.len()).sum();
    let text = format!(
        "Snapshot of {:.0}: {}, {}, {}. Plan from it with `--live {}`.\n",
        snapshot.created_at,
        render::counted(groups, "group", "groups"),
        render::counted(members, "membership", "memberships"),
        render::counted(people, "person", "people"),
        rolecall::model::escape::terminal(&out.display().to_string()),
    );
    let facts = json!({
        "file": out.display().to_string(), "digest": snapshot.digest, "createdAt": snapshot.created_at,
        "groups": groups, "memberships": members, "people": people,
    });
    output.sentence(&text, "saved-snapshot", &facts);
}
