//! `rolecall comment`: a report as rolecall's own comment on a pull request.

use std::path::PathBuf;

use clap::Args;
use rolecall::{
    files::disk::{self, Named},
    forge::{self, Destination, Done, Posted, Posting, Pull},
    model::escape,
    report::render::{counted, forge::Forge, marker::is_hex},
};
use serde_json::{Value, json};

use super::{Exit, Failure, Global, Output, ci::Ci, output, run, settings};

/// Most bytes of a report: far more than a forge takes.
const LARGEST: u64 = 4 << 20;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What `--report markdown=FILE` wrote
    file: PathBuf,
    /// OWNER/NAME, of Azure DevOps PROJECT/NAME, instead of what CI says
    #[arg(long, value_name = "NAME", env = "ROLECALL_REPOSITORY")]
    repository: Option<String>,
    /// Its number, instead of what CI says, or of the one that the commit of FILE came from
    #[arg(long, value_name = "NUMBER", env = "ROLECALL_PULL_REQUEST", value_parser = clap::value_parser!(u64).range(1..))]
    pull_request: Option<u64>,
    /// Base URL of the forge's API, instead of what CI says or the usual one
    #[arg(long, value_name = "URL", env = "ROLECALL_FORGE_URL")]
    forge_url: Option<String>,
    /// Id of the token's account, where the forge does not tell it
    #[arg(long, value_name = "ID", env = "ROLECALL_FORGE_AUTHOR")]
    author: Option<String>,
    /// Only print what would be posted, and where; nothing is sent
    #[arg(long, env = "ROLECALL_DRY_RUN")]
    dry_run: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let name = arguments.file.display().to_string();
    let path = global.at(&arguments.file);
    let text = disk::text(&path, Named::ByCaller, LARGEST).map_err(|error| {
        Failure::invalid(format!("cannot read {name}: {error}")).hint("name a report that was written")
    })?;
    let posting = Posting::read(&text).map_err(|error| {
        let hint = error.hint();
        Failure::invalid(format!("{name} cannot be posted: {error}")).hint(hint)
    })?;
    let ci = Ci::here();
    let forge = global.forge.or(ci.forge).ok_or_else(|| {
        Failure::invalid("no forge is given")
            .hint(format!("give `--forge {}`", Forge::ALL.map(Forge::name).join("|")))
    })?;
    // Of another forge it says nothing.
    let ci = if ci.forge == Some(forge) { ci } else { Ci::default() };
    let to = destination(arguments, &ci, forge, &posting)?;
    let url = arguments.forge_url.clone().or(ci.api).or(Destination::usual_api(forge).map(str::to_owned));
    let url = url.ok_or_else(|| {
        Failure::invalid(format!("no address of {} is given", forge.title()))
            .hint("give `--forge-url URL`, the base of its API, or set ROLECALL_FORGE_URL")
    })?;
    if posting.marker.forge != forge {
        output.message(&format!(
            "warning: {name} was written for {}, and this is {}: give `--forge {}` where it is written",
            posting.marker.forge.title(),
            forge.title(),
            forge.name(),
        ));
    }
    if arguments.dry_run {
        let address = settings::endpoint(&url)?;
        return Ok(told(&name, &text, (&to, &address), output));
    }
    let api = settings::forge(global, forge, &url)?;
    // A signal ends it at once: whether the comment is there by then, the next run finds out.
    let post = async { Ok(forge::post(&api, &to, &posting, arguments.author.as_deref()).await?) };
    let posted = run::block_on(post)?;
    said(&posting, &posted, &to, output);
    Ok(Exit::Ok)
}

fn destination(
    arguments: &Arguments,
    ci: &Ci,
    forge: Forge,
    posting: &Posting<'_>,
) -> Result<Destination, Failure> {
    let repository = arguments.repository.as_ref().or(ci.repository.as_ref()).ok_or_else(|| {
        Failure::invalid("no repository is given")
            .hint("give `--repository OWNER/NAME`, or set ROLECALL_REPOSITORY")
    })?;
    let commit = posting.marker.commit.clone().or_else(|| ci.commit.clone()).filter(|it| is_hex(it));
    let number = arguments.pull_request.or(ci.pull_request).map(Pull::Number);
    let pull = number.or(commit.map(Pull::Of)).ok_or_else(|| {
        Failure::invalid("no pull request is given, and no commit by which one is found")
            .hint("give `--pull-request NUMBER`, or set ROLECALL_PULL_REQUEST")
    })?;
    Ok(Destination::new(forge, repository, pull)?)
}

/// Prints what would be posted, and where.
fn told(name: &str, text: &str, (to, address): (&Destination, &str), output: &Output) -> Exit {
    let place = escape::terminal(&to.shown(None)).into_owned();
    let size = counted(text.len(), "byte", "bytes");
    let shown: String = text.lines().map(|it| escape::terminal(it).into_owned() + "\n").collect();
    output.verbatim(&format!("Would post {name} ({size}) to {place} at {address}:\n\n{shown}"), || {
        let facts = json!({ "outcome": "dry-run", "to": to.shown(None), "url": address, "body": text });
        output::document("comment", &facts)
    });
    Exit::Ok
}

/// Says what became of it.
fn said(posting: &Posting<'_>, posted: &Posted, to: &Destination, output: &Output) {
    let place = escape::terminal(&to.shown(posted.pull)).into_owned();
    let about = escape::terminal(&posting.marker.target).into_owned();
    let (word, text) = match posted.done {
        Done::Created => ("created", format!("Created the comment about `{about}` on {place}.")),
        Done::Updated => ("updated", format!("Updated the comment about `{about}` on {place}.")),
        Done::Newer(at) => (
            "newer",
            format!(
                "Left the comment about `{about}` on {place} as it is: it is of a run that began later, at {at:.0}; this one began at {:.0}.",
                posting.marker.at
            ),
        ),
        Done::NoPull => ("none", format!("No pull request: {place} is not there. Nothing was posted.")),
    };
    if posted.shortened {
        output.message(
            "warning: the forge refused the whole comment for its length; only its headline was posted",
        );
    }
    if !posted.others.is_empty() {
        let several = counted(posted.others.len(), "more comment", "more comments");
        let ids = posted.others.join(", ");
        output.message(&format!(
            "warning: {several} of rolecall about the same: {}; the oldest is kept up to date, delete the others",
            escape::terminal(&ids)
        ));
    }
    output.document(&(text + "\n"), || {
        let facts: Value = json!({
            "outcome": word, "about": posting.marker.target, "to": to.shown(posted.pull), "pullRequest": posted.pull,
            "comment": posted.comment, "others": posted.others, "shortened": posted.shortened,
        });
        output::document("comment", &facts)
    });
}
