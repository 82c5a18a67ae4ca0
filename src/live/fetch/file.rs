//! A snapshot from its file: bounded, and believed only if it is whole.

use std::path::{Path, PathBuf};

use crate::{
    files::disk::{self, Named, Unread},
    live::snapshot::{self, NotASnapshot, SIZE_LIMIT, Snapshot},
};

/// Why a file could not be used as a snapshot.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the names and messages say it")]
pub enum SnapshotError {
    #[error("cannot read the snapshot {}", path.display())]
    Unreadable { path: PathBuf, source: Unread },
    #[error("{}: {source}", path.display())]
    Unusable { path: PathBuf, source: NotASnapshot },
}

impl SnapshotError {
    /// Returns what to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { source: Unread::TooLarge(_), .. } => "is it a snapshot of rolecall at all?",
            Self::Unreadable { .. } => "take one with `rolecall snapshot --out FILE` and give that file",
            Self::Unusable { source, .. } => source.hint(),
        }
    }
}

/// Reads a snapshot.
pub fn open(path: &Path) -> Result<Snapshot, SnapshotError> {
    let bytes = disk::read(path, Named::ByCaller, SIZE_LIMIT)
        .map_err(|source| SnapshotError::Unreadable { path: path.to_owned(), source })?;
    let unusable = |source| SnapshotError::Unusable { path: path.to_owned(), source };
    let text = String::from_utf8(bytes).map_err(|_| unusable(NotASnapshot::Foreign(None)))?;
    snapshot::read(text).map_err(unusable)
}
