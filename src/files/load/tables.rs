//! The CSV files that access files take people from.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use sha2::{Digest, Sha256};

use super::{
    super::{
        At, MAX_FILE_BYTES,
        decode::quoted,
        disk::{self, Named, Unread},
        read::{self, LoadError},
        table::{self, Rows, Table, Wanted},
        users_from::UsersFromEntry,
    },
    Loaded,
};
use crate::model::{
    finding::{Code, Finding},
    source::{FileId, Place},
};

impl Loaded {
    /// Reads the files that `usersFrom` means.
    pub(super) fn tables(&mut self) -> Result<(), LoadError> {
        let access = std::mem::take(&mut self.files.access);
        let mut files: BTreeMap<String, FileId> = BTreeMap::new();
        let mut outcome = Ok(());
        for (file, access) in &access {
            for (nth, entry) in access.users_from.iter().enumerate() {
                outcome = outcome.and_then(|()| self.tables_of((*file, nth), entry, &mut files));
            }
        }
        self.files.access = access;
        outcome
    }

    fn tables_of(
        &mut self,
        of: (FileId, usize),
        entry: &At<UsersFromEntry>,
        files: &mut BTreeMap<String, FileId>,
    ) -> Result<(), LoadError> {
        let (Some(wanted), Some(pattern)) = (Wanted::new(&entry.v, of.0), entry.v.csv.as_ref()) else {
            return Ok(());
        };
        let at = pattern.place(of.0);
        let root = self.root.clone();
        let found = match read::meant(&root, &pattern.v) {
            Ok(found) => found,
            Err(LoadError::Pattern { pattern, why }) => {
                let message = format!("`{}` is not a pattern inside the workspace{why}", quoted(&pattern));
                let help = "it is relative to the folder of rolecall.yaml, such as `people/*.csv`";
                self.findings.push(Finding::new(Code::InvalidUsersFrom, at, message).help(help));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if found.is_empty() {
            let message = format!("no file matches {}", pattern.v);
            self.findings.push(Finding::new(Code::InvalidUsersFrom, at, message).help(
                "put the file there, or correct `csv:`, which is relative to the folder of rolecall.yaml",
            ));
        }
        for path in found {
            let shown = read::shown(&root, &path);
            let file = *files
                .entry(shown.clone())
                // Without its text: a finding would quote all of what a row says of somebody.
                .or_insert_with(|| self.sources.add(shown.clone(), String::new()));
            if let Some(rows) = self.table(&path, &wanted, (file, &shown))? {
                let (path, pattern) = (shown.into(), (pattern.v.as_str().into(), at));
                self.files.tables.push(Table {
                    of,
                    file,
                    path,
                    pattern,
                    rows: Arc::new(rows),
                    columns: wanted.asked(),
                });
            }
        }
        Ok(())
    }

    /// Reads a file, and keeps its digest; `None` where it is too large, which is a finding.
    fn table(
        &mut self,
        path: &Path,
        wanted: &Wanted<'_>,
        (file, shown): (FileId, &str),
    ) -> Result<Option<Rows>, LoadError> {
        let unreadable = |source: Unread| LoadError::Unreadable { path: path.to_owned(), source };
        let source = match disk::stream(path, Named::In(&self.root), MAX_FILE_BYTES) {
            Ok(source) => source,
            Err(Unread::TooLarge(most)) => {
                let message = format!("the file has more than {most} bytes");
                self.findings.push(
                    Finding::new(Code::LimitExceeded, Place::new(file, 1, 1), message)
                        .help("split it into several files, or export fewer columns"),
                );
                return Ok(None);
            }
            Err(error) => return Err(unreadable(error)),
        };
        let mut source = Summed { source, sum: Sha256::new() };
        let read = table::read(&mut source, wanted, (file, shown));
        let (rows, findings) = read.map_err(|it| unreadable(it.into()))?;
        // To the end, where something was wrong before.
        io::copy(&mut source, &mut io::sink()).map_err(|it| unreadable(it.into()))?;
        self.sources.tell_digest(file, source.sum.finalize().into());
        self.findings.extend(findings);
        Ok(Some(rows))
    }

    /// Takes the tables of the same files read before: these were made from their texts alone.
    pub(crate) fn with_tables_of(mut self, before: &Self) -> Self {
        let ids: BTreeMap<String, FileId> =
            self.sources.files().map(|(id, it)| (it.path.clone(), id)).collect();
        let mut files: BTreeMap<FileId, FileId> = BTreeMap::new();
        for table in &before.files.tables {
            let Some(access) = ids.get(&before.sources.file(table.of.0).path) else { continue };
            let known = before.sources.file(table.file);
            let file = *files.entry(table.file).or_insert_with(|| {
                let file = self.sources.add(known.path.clone(), String::new());
                known.sha256.iter().for_each(|it| self.sources.tell_digest(file, *it));
                file
            });
            let (pattern, at) = &table.pattern;
            let at = Place::new(*access, at.line.get(), at.column);
            let pattern = (pattern.clone(), at);
            self.files.tables.push(Table { of: (*access, table.of.1), file, pattern, ..table.clone() });
        }
        self
    }
}

/// What is read, with the digest of it.
struct Summed<R> {
    source: R,
    sum: Sha256,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(into)?;
        self.sum.update(&into[..count]);
        Ok(count)
    }
}
