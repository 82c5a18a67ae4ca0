//! `rolecall schema`: the published schemas.

use clap::{Args, ValueEnum};

use super::{Exit, Failure, Output};

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
    /// A policy, as `--policy` names it
    Policy,
    /// A snapshot, as `rolecall snapshot` takes it
    Snapshot,
    /// rolecall.yaml
    Workspace,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    output.result(&match arguments.kind {
        Kind::Access => rolecall::report::schema::access(),
        Kind::Explanation => rolecall::report::schema::explanation(),
        Kind::Plan => rolecall::report::schema::plan(),
        Kind::Policy => rolecall::report::schema::policy(),
        Kind::Snapshot => rolecall::report::schema::snapshot(),
        Kind::Workspace => rolecall::report::schema::workspace(),
    });
    Ok(Exit::Ok)
}
