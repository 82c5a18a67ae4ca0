//! Files that a run leaves behind: private, whole, and out of Git.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use rolecall::files::disk::{self, Existing, Readers};

use super::{Failure, Global};

/// Writes what only its owner may read, as it names people and what they may do.
pub(super) fn keep(what: &str, path: &Path, text: &str) -> Result<(), Failure> {
    disk::replace(path, text.as_bytes(), Readers::Owner).map_err(|error| {
        Failure::invalid(format!("cannot write the {what} to {}: {error}", path.display()))
            .hint("give another file with `--out`")
    })
}

/// Keeps what a run leaves behind out of Git: journals name people. Where that fails, so will the journal.
pub(super) fn ignored(folder: &Path) {
    if disk::folder(folder).is_ok()
        && let Ok(mut file) = disk::create(&folder.join(".gitignore"), Existing::Refused)
    {
        let _ = file.write_all(b"*\n");
    }
}

/// A path as it can be typed in the folder that the run is about.
pub(super) fn inside(path: &Path, global: &Global) -> PathBuf {
    let here = fs::canonicalize(global.here()).ok();
    let whole = fs::canonicalize(path).ok();
    let inside = here.zip(whole).and_then(|(here, whole)| Some(whole.strip_prefix(here).ok()?.to_owned()));
    inside.unwrap_or_else(|| path.to_owned())
}
