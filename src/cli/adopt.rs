//! `--adopt` of `plan` and `drift`: what is live is written into the files, instead of the other way round.

use std::path::Path;

use clap::Args;
use rolecall::{
    files::{
        disk::{self, Named},
        load::Loaded,
    },
    model::source::FileId,
    plan::adopt::{Adopted, Extent},
    report::render::{
        adoption::{Adoption, Outcome},
        counted,
    },
    workflow::{self, Judged, Wanted},
};

use super::{Exit, Failure, Global, Output, Selection, live::From, output, run, show};

#[derive(Debug, Args)]
pub(super) struct Adopting {
    /// Write what is live into the files instead, and leave the live state alone
    #[arg(long, conflicts_with_all = ["reports", "metrics_file"])]
    pub(super) adopt: bool,
    /// With --adopt: show how the files would change, and write nothing
    #[arg(long, requires = "adopt")]
    dry_run: bool,
}

impl Adopting {
    /// Compares, and writes into the files what is live where they differ.
    pub(super) fn run(
        &self,
        global: &Global,
        selection: &Selection,
        from: &From,
        output: &Output,
    ) -> Result<Exit, Failure> {
        if let Some(form) = output.form {
            return Err(Failure::invalid(format!("what is adopted has no form {}", form.name()))
                .hint("give `--format text`, `json` or `markdown`"));
        }
        let now = selection.now.get()?;
        let checked = global.selected(selection)?;
        let (live, _sandbox) = from.open(global, &checked, &checked.declared.compared_companies())?;
        let judged = run::reading(show::judged(&live, checked, Wanted::Adoption, (now, 0), output))?;
        show::warn(&judged, output);
        let adopted = workflow::adopted(&judged, Extent::All)?;
        let loaded = &judged.context.checked.loaded;
        if !self.dry_run {
            write_all(loaded, &adopted)?;
        }
        let outcome = if self.dry_run { Outcome::Shown } else { Outcome::Written };
        let plan = judged.plan();
        let adoption = Adoption { adopted: &adopted, plan, sources: &loaded.sources, outcome };
        output.verbatim(&adoption.text(), || output::document("adoption", &adoption.facts()));
        Ok(exit(&judged, adopted.left.is_empty(), output))
    }
}

/// Writes what files are to say.
pub(super) fn write_all(loaded: &Loaded, adopted: &Adopted) -> Result<(), Failure> {
    let text = |(file, after): (&FileId, &'_ String)| {
        let source = loaded.sources.file(*file);
        (loaded.root.join(&source.path), source.text.clone(), after.clone())
    };
    let texts: Vec<_> = adopted.files.iter().map(text).collect();
    write(&loaded.root, &texts)
}

/// Writes files that are still what was read, each whole or not at all.
fn write(root: &Path, files: &[(impl AsRef<Path>, String, String)]) -> Result<(), Failure> {
    let failed = |path: &Path, error: &dyn std::fmt::Display, done: usize| {
        let message = format!("cannot write {}: {error}", path.display());
        let hint = match done {
            0 => "nothing was written".to_owned(),
            n => format!("{n} of {} files were written; the others are as they were", files.len()),
        };
        Failure::invalid(message).hint(hint)
    };
    for (path, before, _) in files {
        disk::unchanged(path.as_ref(), before).map_err(|error| failed(path.as_ref(), &error, 0))?;
    }
    for (done, (path, before, after)) in files.iter().enumerate() {
        let written = disk::rewrite(path.as_ref(), Named::In(root), before, after);
        written.map_err(|error| failed(path.as_ref(), &error, done))?;
    }
    Ok(())
}

/// What is left, or was withheld in the first place, is a reason to look.
fn exit(judged: &Judged, is_all: bool, output: &Output) -> Exit {
    let plan = judged.plan();
    let forbidden = plan.forbidden().count();
    if forbidden > 0 {
        output.message(&output::trouble(
            &format!(
                "{} left, and `unmanaged: forbid` refuses that",
                counted(forbidden, "group that no file names is", "groups that no file names are")
            ),
            &[],
            Some("`rolecall import --merge` declares them"),
        ));
    }
    if plan.withheld() > 0 {
        output.message(&output::trouble(
            &format!(
                "{} withheld, and no file is changed for that",
                counted(plan.withheld(), "thing is", "things are")
            ),
            &[],
            Some("`rolecall plan` says what and why, under `Withheld`"),
        ));
    }
    if is_all && plan.withheld() == 0 && forbidden == 0 { Exit::Ok } else { Exit::Partial }
}
