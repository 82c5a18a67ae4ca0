//! Places in files: what every finding and every line of a plan points back to.
//!
//! Holds the text of the files as read; never reads one.

use std::{num::NonZeroU32, sync::Arc};

use jiff::tz::TimeZone;

/// One file of a [`Sources`], by its position there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// Where a value starts in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub(crate) file: FileId,
    /// From 1.
    pub line: NonZeroU32,
    /// In characters, from 1.
    pub(crate) column: u32,
}

impl Place {
    /// Line and column count from 1; 0 reads as 1.
    pub fn new(file: FileId, line: u32, column: u32) -> Self {
        Self { file, line: NonZeroU32::new(line).unwrap_or(NonZeroU32::MIN), column: column.max(1) }
    }
}

/// A file as it was read.
#[derive(Debug)]
pub struct SourceFile {
    /// The path shown to people, relative to the workspace where it lies inside.
    pub path: String,
    /// The whole text; empty where findings must not quote it.
    pub text: String,
    /// The SHA-256 digest of what was read, of a file whose text is not kept.
    pub(crate) sha256: Option<[u8; 32]>,
}

/// The files of one run; a copy shares the texts.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Arc<SourceFile>>,
    /// In which their days begin and end; UTC where none is said.
    zone: Option<TimeZone>,
}

impl Sources {
    /// Keeps a file and returns its id.
    pub fn add(&mut self, path: String, text: String) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Arc::new(SourceFile { path, text, sha256: None }));
        id
    }

    /// The file of an id that [`Sources::add`] gave.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Drops the text of a file; its name stays.
    pub(crate) fn forget(&mut self, id: FileId) {
        let path = self.file(id).path.clone();
        self.files[id.0 as usize] = Arc::new(SourceFile { path, text: String::new(), sha256: None });
    }

    /// Keeps what was read of a file whose text is not kept.
    pub(crate) fn tell_digest(&mut self, id: FileId, sha256: [u8; 32]) {
        let path = self.file(id).path.clone();
        self.files[id.0 as usize] = Arc::new(SourceFile { path, text: String::new(), sha256: Some(sha256) });
    }

    /// The time zone in which the days of the files begin and end.
    pub fn zone(&self) -> TimeZone {
        self.zone.clone().unwrap_or(TimeZone::UTC)
    }

    /// Lets days be those of a time zone; of UTC where none is given.
    pub(crate) fn keep_zone(&mut self, zone: Option<TimeZone>) {
        self.zone = zone;
    }

    /// In the order in which they were read.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        (0..).map(FileId).zip(self.files.iter().map(|it| &**it))
    }

    /// `path:line`.
    pub fn line(&self, place: Place) -> String {
        format!("{}:{}", self.file(place.file).path, place.line)
    }
}
