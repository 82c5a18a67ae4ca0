//! `rolecall diff`: what became of access between two snapshots, by people. Only reads two files.

use std::path::PathBuf;

use clap::Args;
use rolecall::{
    live::fetch,
    plan::moments::between,
    report::{
        document::moments,
        render::moments::{MomentsView, csv, markdown, text},
    },
    workflow,
};

use super::{Exit, Failure, Global, Now, Output};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Snapshot of the first moment
    before: PathBuf,
    /// Snapshot of the second moment
    after: PathBuf,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let now = Now { now: None }.get()?;
    let open = |path: &PathBuf| fetch::open(&global.at(path)).map_err(workflow::Error::from);
    let (before, after) = (open(&arguments.before)?, open(&arguments.after)?);
    let mut moments = between(&before, &after);
    if moments.plan.companies.is_empty() {
        return Err(Failure::invalid("the snapshots tell of no company that is in both")
            .hint("compare two snapshots of one company"));
    }
    // A workspace around here has names for ids; without one there are those that the API told.
    if let Ok(Ok(names)) = global.load(&[], None).map(workflow::checked_for_names) {
        moments.plan.names.values.extend(names.declared.aliases);
    }
    let view = MomentsView {
        moments: &moments,
        sides: [&before, &after].map(|it| (it.created_at, &*it.endpoint)),
        now,
        is_sanitized: before.sanitized.is_some() || after.sanitized.is_some(),
    };
    output.answered(&view, (csv, text, moments::write, markdown));
    Ok(Exit::Ok)
}
