//! `rolecall schema`: the published schemas.

use clap::{Args, ValueEnum};
use rolecall::report::schema;

use super::{Exit, Failure, Output};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which file
    kind: Kind,
    /// The draft of JSON Schema it is written in
    #[arg(long, value_name = "DRAFT", default_value = "7")]
    draft: Draft,
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

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Draft {
    /// Draft 7, which every editor reads
    #[value(name = "7")]
    Seven,
    /// 2020-12
    #[value(name = "2020-12")]
    TwentyTwenty,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let schema = schema::schema(arguments.kind.into(), arguments.draft.into());
    output.result(&schema.to_string());
    Ok(Exit::Ok)
}

impl From<Kind> for schema::Kind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Access => Self::Access,
            Kind::Explanation => Self::Explanation,
            Kind::Plan => Self::Plan,
            Kind::Policy => Self::Policy,
            Kind::Snapshot => Self::Snapshot,
            Kind::Workspace => Self::Workspace,
        }
    }
}

impl From<Draft> for schema::Draft {
    fn from(draft: Draft) -> Self {
        match draft {
            Draft::Seven => Self::Seven,
            Draft::TwentyTwenty => Self::TwentyTwenty,
        }
    }
}
