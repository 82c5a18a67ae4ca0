//! `rolecall users export`: everything that is held of one person, as files that only their owner can read.

use std::path::{Path, PathBuf};

use rolecall::{
    files::disk::{self, Readers},
    model::{escape::terminal, ids::PersonRef},
    report::{document::users, render::counted},
    workflow,
};

use super::{Exit, Failure, Global, Output, connected};
use crate::cli::{Now, files::ignored, run};

/// The file that says what is there and what could not be read.
const MANIFEST: &str = "manifest.json";

pub(super) fn run(
    global: &Global,
    (person, out, overwrite): (&PersonRef, &Path, bool),
    output: &Output,
) -> Result<Exit, Failure> {
    let folder = global.at(out);
    let unwritten = |path: &Path, error: std::io::Error| {
        Failure::invalid(format!("cannot write {}: {error}", path.display()))
            .hint("give another folder with `--out`")
    };
    // Before any request: what cannot be kept does not have to be read.
    let there = folder.join(MANIFEST).symlink_metadata().is_ok();
    if there && !overwrite {
        return Err(Failure::invalid(format!("there is an export already: {}", folder.display()))
            .hint("give another folder with `--out`, or `--overwrite`"));
    }
    let (checked, connected) = connected(global)?;
    let reading = async {
        let (company, user) = workflow::users::found(&connected.live.source, &checked, person).await?;
        let parts = workflow::users::held(&connected.live.source, company, &user).await?;
        Ok::<_, workflow::Error>((company, user, parts))
    };
    let (company, user, parts) = run::reading(output.reading(&connected.live.source, reading))?;
    let url = &connected.live.sites.of(company).url;
    let folder_said = out.display().to_string();
    let at = Now { now: None }.get()?.dated;
    let export = users::export((&user, company, url), &parts, (at, &folder_said));
    let files: Vec<(PathBuf, String)> =
        export.files.iter().map(|(name, text)| (folder.join(name), text.clone())).collect();
    disk::private_folder(&folder).map_err(|error| unwritten(&folder, error))?;
    // It may lie in the clone of a repository, where nobody should add it by mistake.
    ignored(&folder);
    if overwrite {
        for (path, text) in &files {
            disk::replace(path, text.as_bytes(), Readers::Owner).map_err(|error| unwritten(path, error))?;
        }
    } else {
        disk::place(&files).map_err(|(path, error)| unwritten(&path, error))?;
    }
    let mut text = format!(
        "Wrote {} to {}, and what they are to {MANIFEST}.\n",
        counted(files.len() - 1, "part", "parts"),
        terminal(&folder_said)
    );
    for (part, why) in &export.not_read {
        text += &format!("Not read: {part}: {why}\n");
    }
    output.document(&text, || export.said);
    Ok(if export.not_read.is_empty() { Exit::Ok } else { Exit::Partial })
}
