//! Files that a run leaves behind: private, whole, and out of Git.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{Failure, Global};

/// Writes what only its owner may read, as it names people and what they may do.
pub(super) fn keep(what: &str, path: &Path, text: &str) -> Result<(), Failure> {
    private(path, text).map_err(|error| {
        Failure::invalid(format!("cannot write the {what} to {}: {error}", path.display()))
            .hint("give another file with `--out`")
    })
}

/// Puts a file that only its owner may read into a place, whole or not at all; who could read the old one does not matter.
fn private(path: &Path, text: &str) -> io::Result<()> {
    // A pipe or a device is nothing to replace.
    if fs::metadata(path).is_ok_and(|it| !it.is_file()) {
        return fs::write(path, text);
    }
    // What a link leads to is replaced, not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_data()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// Keeps what a run leaves behind out of Git: journals name people. Where that fails, so will the journal.
pub(super) fn ignored(folder: &Path) {
    let file = folder.join(".gitignore");
    if !file.exists() && fs::create_dir_all(folder).is_ok() {
        let _ = fs::write(file, "*\n");
    }
}

/// A path as it can be typed in the folder that the run is about.
pub(super) fn inside(path: &Path, global: &Global) -> PathBuf {
    let here = fs::canonicalize(global.here()).ok();
    let whole = fs::canonicalize(path).ok();
    let inside = here.zip(whole).and_then(|(here, whole)| Some(whole.strip_prefix(here).ok()?.to_owned()));
    inside.unwrap_or_else(|| path.to_owned())
}
