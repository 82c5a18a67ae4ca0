//! The journal of an apply: a file that knows of every write before it is sent.
//!
//! Newline-delimited JSON, one [`Record`] a line, handed to the operating system line by line, so
//! that it outlives the process however it ends. It holds names and addresses, never a secret, and
//! only its owner may read it.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::Serialize;

use crate::{
    apply::{
        record::{self, Foreign, Record},
        seal::{self, Key, Seals},
    },
    files::disk::{self, Existing, Named, Unread},
};

/// Most bytes of a journal that is read: some millions of writes.
const SIZE_LIMIT: u64 = 1 << 30;

/// Whether a journal is what rolecall wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Every line carries a seal of the key that is known here.
    Sealed,
    /// Nobody can tell: it has no seals, others, or there is no key.
    Unproven,
}

/// A journal that is being written.
#[derive(Debug)]
pub struct Journal {
    file: Mutex<Open>,
    path: PathBuf,
    /// Whether a line could not be written whole: nothing may follow it.
    broken: AtomicBool,
}

/// The file, and the seals of its lines where there is a key for them.
#[derive(Debug)]
struct Open {
    file: File,
    seals: Option<Seals>,
}

/// A journal that cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file cannot be written.
    #[error("cannot write the journal {}", .path.display())]
    Unwritable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file exists.
    #[error("the journal {} exists already", .path.display())]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read the journal {}", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: Unread,
    },
    /// The file is no journal.
    #[error("{} is not a journal: line {line} {why}", .path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
        /// Where, counted from 1.
        line: usize,
        /// What is wrong there.
        why: Box<str>,
    },
}

impl JournalError {
    /// Returns what can be done about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unwritable { .. } => {
                "give another file with `--journal`; without a journal nothing is written"
            }
            Self::Exists { .. } => "give another file with `--journal`: journals are never overwritten",
            Self::Unreadable { .. } => "journals are below `.rolecall/journal` of the workspace",
            Self::Foreign { .. } => "give the file that the end of an apply names",
        }
    }
}

impl Journal {
    /// Starts a journal in a file that does not exist yet; folders are made as needed.
    ///
    /// # Errors
    ///
    /// When the file exists, or cannot be written.
    pub fn create(path: &Path, start: &Record, key: Option<Key>) -> Result<Self, JournalError> {
        let unwritable = |source| JournalError::Unwritable { path: path.to_owned(), source };
        disk::folder(disk::around(path)).map_err(unwritable)?;
        let file = disk::create(path, Existing::Refused).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => JournalError::Exists { path: path.to_owned() },
            _ => unwritable(error),
        })?;
        let open = Mutex::new(Open { file, seals: key.map(Seals::new) });
        let journal = Self { file: open, path: path.to_owned(), broken: AtomicBool::new(false) };
        journal.write(start)?;
        // Once, so that even a machine that loses power knows what was about to begin. Later lines
        // are left to the operating system: a disk's pace for every write would slow revocations.
        journal.open().file.sync_data().map_err(unwritable)?;
        Ok(journal)
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line.
    ///
    /// # Errors
    ///
    /// When it could not be handed over whole.
    pub fn write(&self, record: &impl Serialize) -> Result<(), JournalError> {
        let unwritable = |source| JournalError::Unwritable { path: self.path.clone(), source };
        if self.is_broken() {
            return Err(unwritable(io::Error::other("an earlier line could not be written")));
        }
        let mut line = serde_json::to_string(record).map_err(|error| unwritable(error.into()))?;
        let mut open = self.open();
        if let Some(seals) = &mut open.seals {
            line = seals.sealed(&line);
        }
        line.push('\n');
        open.file.write_all(line.as_bytes()).map_err(|error| {
            self.broken.store(true, Ordering::Relaxed);
            unwritable(error)
        })
    }

    /// Whether a line could not be written; then no other is.
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a journal, and whether it is what rolecall wrote, as the key tells; a last line that was cut off is left out.
///
/// # Errors
///
/// When the file cannot be read, or is not a journal of a version this rolecall knows.
pub fn read(path: &Path, key: Option<&Key>) -> Result<(Vec<Record>, Trust), JournalError> {
    let unreadable = |source| JournalError::Unreadable { path: path.to_owned(), source };
    let text = disk::text(path, Named::ByCaller, SIZE_LIMIT).map_err(unreadable)?;
    let is_sealed = key.is_some_and(|it| seal::is_sealed(&text, it));
    let trust = if is_sealed { Trust::Sealed } else { Trust::Unproven };
    record::read(&text).map(|it| (it, trust)).map_err(|Foreign { line, why }| JournalError::Foreign {
        path: path.to_owned(),
        line,
        why: why.into(),
    })
}
