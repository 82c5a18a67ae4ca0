//! `import --merge`: adds to the files of a workspace what they do not say yet, and leaves every other byte alone.

use std::path::PathBuf;

use rolecall::{
    files::{
        disk,
        load::{LoadError, load_workspace},
    },
    model::escape::terminal,
    report::{
        render::{
            adoption::{Adoption, Outcome},
            merging::Merging,
        },
        schema,
    },
    workflow::import::{Asked, Merged, checked_to_merge, merged},
};

use super::{
    super::{Exit, Failure, Global, Now, Output, adopt, output, run},
    Arguments, first,
};

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let now = Now { now: arguments.now }.get()?;
    if let Err(LoadError::NoWorkspace { from }) = load_workspace(global.here()) {
        let message = format!("nothing to add to: no rolecall.yaml in {} or above", from.display());
        return Err(
            Failure::invalid(message).hint("without `--merge`, `rolecall import` writes a new workspace")
        );
    }
    let checked = checked_to_merge(global.load(&[], None)?)?;
    let (live, _sandbox) = arguments.from.open(global, &checked, &checked.declared.own_companies())?;
    let asked = Asked {
        groups: &arguments.group,
        direct_roles: false,
        people: arguments.profiles(),
        layout: arguments.layout.into(),
        endpoint: &live.sites.rest.url,
    };
    let merged = run::reading(output.reading(&live.source, merged(&live, checked, &asked, now)))?;
    if !arguments.dry_run {
        write(&merged)?;
    }
    let outcome = if arguments.dry_run { Outcome::Shown } else { Outcome::Written };
    let sources = &merged.judged.context.checked.loaded.sources;
    let adoption = Adoption { adopted: &merged.adopted, plan: merged.judged.plan(), sources, outcome };
    let Merged { imported, files, .. } = &merged;
    let names = imported.names();
    let told = Merging {
        adoption,
        drafted: &imported.files,
        files,
        joined: &merged.joined,
        names: &names,
        left_out: &imported.left_out,
        notes: &imported.notes,
    };
    first(&imported.notes, output, |it| output.message(&format!("note: {}", terminal(it))));
    output.verbatim(&told.text(), || output::document("merge", &told.facts()));
    let is_all = merged.adopted.left.is_empty() && imported.left_out.is_empty();
    Ok(if is_all { Exit::Ok } else { Exit::Partial })
}

/// Writes what is there before what is new: at every moment the files on disk say no more than was proven.
fn write(merged: &Merged) -> Result<(), Failure> {
    let loaded = &merged.judged.context.checked.loaded;
    let taken = merged.files.iter().find(|it| loaded.is_taken(&it.0));
    if let Some((path, _)) = taken {
        return Err(
            Failure::invalid(format!("{path} is there by now; nothing was written")).hint("run it again")
        );
    }
    adopt::write_all(loaded, &merged.adopted)?;
    let mut new: Vec<(PathBuf, String)> =
        merged.files.iter().map(|(path, text)| (loaded.root.join(path), text.clone())).collect();
    if !new.is_empty() {
        // New files name their schema.
        let schemas = schema::of_a_workspace().map(|(path, text)| (loaded.root.join(path), text));
        new.extend(schemas.into_iter().filter(|it| it.0.symlink_metadata().is_err()));
    }
    disk::place(&new).map_err(|(path, error)| {
        let done = match merged.adopted.files.len() {
            0 => "nothing was written".to_owned(),
            _ => "what was added to the files that were there is written, and no new file".to_owned(),
        };
        Failure::invalid(format!("cannot write {}: {error}; {done}", path.display()))
            .hint("check the folder and its permissions, and run it again")
    })
}
