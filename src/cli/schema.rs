//! `rolecall schema`: the published schemas.

use clap::{Args, ValueEnum};

use super::{
    failure::{Exit, Failure},
    output::Output,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which file
    kind: Kind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// An access file
    Access,
    /// One person's access, as `explain --format json` prints it
    Explanation,
    /// A plan, as `--format json` prints it
    Plan,
    /// A snapshot, as `rolecall snapshot` takes it
    Snapshot,
    /// rolecall.yaml
    Workspace,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    output.result(&match arguments.kind {
        Kind::Access => rolecall::schema::access(),
        Kind::Explanation => rolecall::schema::explanation(),
        Kind::Plan => rolecall::schema::plan(),
        Kind::Snapshot => rolecall::schema::snapshot(),
        Kind::Workspace => rolecall::schema::workspace(),
    });
    Ok(Exit::Ok)
}
