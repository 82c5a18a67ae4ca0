//! `rolecall schema`: the published schemas.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rolecall::{report::schema, workflow};

use super::{Exit, Failure, Global, Output, live::From as Live, run};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which file
    kind: Kind,
    /// The draft of JSON Schema it is written in
    #[arg(long, value_name = "DRAFT", env = "ROLECALL_DRAFT", default_value = "7")]
    draft: Draft,
    /// With the roles and groups of the company and the names under `ids:`, as the API has them now, or a snapshot
    #[arg(long, value_name = "SNAPSHOT", num_args = 0..=1)]
    live: Option<Option<PathBuf>>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// An access file
    Access,
    /// An answer, as `who-can --format json` prints it
    Answer,
    /// What became of access, as `diff --format json` prints it
    Difference,
    /// What begins and ends, as `expiring --format json` prints it
    Expiring,
    /// One person's access, as `explain --format json` prints it
    Explanation,
    /// What rules look at, as `policy facts` prints it
    Facts,
    /// What commits gave and took, as `history --format json` prints it
    History,
    /// A plan, as `--format json` prints it
    Plan,
    /// A policy, as `--policy` names it
    Policy,
    /// Tests of rules, as `policy test` runs them
    PolicyTests,
    /// Everybody's access, as `report --format json` prints it
    Review,
    /// A snapshot, as `rolecall snapshot` takes it
    Snapshot,
    /// What is held of a person, as `users show --format json` prints it
    User,
    /// People, as `users list --format json` prints them
    Users,
    /// What is held of a person as files, as manifest.json tells
    UsersExport,
    /// What became of a part, as `users put --format json` prints it
    UsersPut,
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

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let kind = schema::Kind::from(arguments.kind);
    let mut schema = schema::schema(kind, arguments.draft.into());
    if let Some(snapshot) = &arguments.live {
        if !kind.is_written() {
            return Err(Failure::invalid(format!("nobody writes a file of the kind `{}`", kind.as_str()))
                .hint("`--live` is for access, policy and workspace"));
        }
        schema = schema.knowing(&names(global, snapshot.as_ref(), output)?);
    }
    output.result(&schema.to_string());
    Ok(Exit::Ok)
}

fn names(
    global: &Global,
    snapshot: Option<&PathBuf>,
    output: &Output,
) -> Result<schema::Vocabulary, Failure> {
    let checked = match global.load(&[], None) {
        Ok(loaded) => workflow::checked_for_names(loaded)?,
        Err(error) => global.without_workspace(error.into())?,
    };
    let (live, _sandbox) =
        Live::given(snapshot.cloned()).open(global, &checked, &checked.declared.own_companies())?;
    run::reading(output.reading(&live.source, workflow::vocabulary(&live, &checked)))
}

impl From<Kind> for schema::Kind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Access => Self::Access,
            Kind::Answer => Self::Answer,
            Kind::Difference => Self::Difference,
            Kind::Expiring => Self::Expiring,
            Kind::Explanation => Self::Explanation,
            Kind::Facts => Self::Facts,
            Kind::History => Self::History,
            Kind::Plan => Self::Plan,
            Kind::Policy => Self::Policy,
            Kind::PolicyTests => Self::PolicyTests,
            Kind::Review => Self::Review,
            Kind::Snapshot => Self::Snapshot,
            Kind::User => Self::User,
            Kind::Users => Self::Users,
            Kind::UsersExport => Self::UsersExport,
            Kind::UsersPut => Self::UsersPut,
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
