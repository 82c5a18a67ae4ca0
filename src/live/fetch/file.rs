//! A snapshot from its file: bounded, and believed only if it is whole.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::live::snapshot::{self, NotASnapshot, SIZE_LIMIT, Snapshot};

/// Why a file could not be used as a snapshot.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the names and messages say it")]
pub enum SnapshotError {
    #[error("cannot read the snapshot {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the snapshot {} is larger than {SIZE_LIMIT} bytes", path.display())]
    TooLarge { path: PathBuf },
    #[error("{}: {source}", path.display())]
    Unusable { path: PathBuf, source: NotASnapshot },
}

impl SnapshotError {
    /// Returns what to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "take one with `rolecall snapshot --out FILE` and give that file",
            Self::TooLarge { .. } => "is it a snapshot of rolecall at all?",
            Self::Unusable { source, .. } => source.hint(),
        }
    }
}

/// Reads a snapshot.
pub fn open(path: &Path) -> Result<Snapshot, SnapshotError> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| {
        // Only a hint, of what is a file: doubled until it fits, the text would take up to twice its size.
        let size = file.metadata()?.len().min(SIZE_LIMIT);
        text.reserve_exact(usize::try_from(size).unwrap_or(0));
        file.take(SIZE_LIMIT + 1).read_to_string(&mut text)
    });
    let unusable = |source| SnapshotError::Unusable { path: path.to_owned(), source };
    match read {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(unusable(NotASnapshot::Foreign(None)));
        }
        Err(source) => return Err(SnapshotError::Unreadable { path: path.to_owned(), source }),
        Ok(bytes) if bytes as u64 > SIZE_LIMIT => {
            return Err(SnapshotError::TooLarge { path: path.to_owned() });
        }
        Ok(_) => (),
    }
    snapshot::read(text).map_err(unusable)
}
