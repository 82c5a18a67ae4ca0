//! Files from disk to typed values: finds the workspace, reads and decodes, in parallel where it pays.
//!
//! Never writes a file, never judges one: what is wrong inside a file is a finding.

use std::{
    path::{Path, PathBuf},
    thread,
};

use super::{
    MAX_FILE_BYTES,
    access::AccessFile,
    check::Files,
    decode::{Decode, Decoded, decoded},
    disk,
    mapping::Given,
    read::{self, DEFAULT_PATTERN, Matching, Unusable},
    workspace::WorkspaceFile,
};
use crate::model::{
    date,
    finding::{Code, Finding},
    name,
    portion::Portion,
    source::{FileId, Place, Sources},
};

pub use super::{WORKSPACE_FILE, read::LoadError};

mod tables;

/// Below this many bytes in all, threads cost more than they save.
const PARALLEL_FROM: usize = 64 << 10;

/// The files of one run, read and decoded.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Loaded {
    /// The folder of the workspace, or of the first file where there is none.
    pub root: PathBuf,
    pub sources: Sources,
    pub files: Files,
    /// Whether these are not all access files of the workspace.
    pub partial: bool,
    /// Which of the companies these are, where it is not all of them.
    pub portion: Option<Portion>,
    /// What is structurally wrong: whatever of these files was decoded, nothing may be done with it.
    pub findings: Vec<Finding>,
}

/// Loads the workspace and the access files that `paths` name.
///
/// No path means the workspace of `from`, the nearest folder above with a
/// [`WORKSPACE_FILE`]. A folder with one is that workspace; any other folder or
/// file is a part of the workspace around it, or stands alone if there is none.
///
/// # Errors
///
/// What cannot be read. What is wrong in a file is in [`Loaded::findings`].
pub fn load(paths: &[PathBuf], from: &Path) -> Result<Loaded, LoadError> {
    let here = [from.to_owned()];
    let parts = if paths.is_empty() { &here[..] } else { paths };
    let Some(root) = read::root_of(parts)? else {
        let root = parts.first().and_then(|it| it.parent()).unwrap_or(from).to_owned();
        let mut loaded = Loaded { root, ..Loaded::default() };
        loaded.access(parts, disk::around)?;
        loaded.tables()?;
        return Ok(loaded);
    };
    let mut loaded = workspace(&root)?;
    if loaded.files.workspace.is_none() {
        return Ok(loaded);
    }
    loaded.partial = !paths.is_empty() && !parts.iter().any(|it| read::is_workspace(it));
    let files = if loaded.partial { loaded.below(parts)? } else { loaded.matching()? };
    loaded.access(&files, |_| &root)?;
    loaded.tables()?;
    Ok(loaded)
}

/// Loads the workspace around `from` without its access files.
///
/// # Errors
///
/// What cannot be read. What is wrong in the file is in [`Loaded::findings`].
pub fn load_workspace(from: &Path) -> Result<Loaded, LoadError> {
    workspace(&read::workspace_of(from).ok_or_else(|| read::no_workspace(from))?)
}

/// The access files that a workspace in this folder would have, by their paths in it.
///
/// # Errors
///
/// What cannot be read.
pub fn access_files(root: &Path) -> Result<Vec<String>, LoadError> {
    let Matching { files, .. } = read::matching(root, &[DEFAULT_PATTERN])?;
    Ok(files.iter().map(|it| read::shown(root, it)).collect())
}

/// The folder of the workspace around `from`, where there is one.
pub fn workspace_around(from: &Path) -> Option<PathBuf> {
    read::workspace_of(from)
}

/// The folder of the workspace around `from`, or `from` itself where there is none.
pub fn root_around(from: &Path) -> PathBuf {
    read::workspace_of(from).unwrap_or_else(|| from.to_owned())
}

fn workspace(root: &Path) -> Result<Loaded, LoadError> {
    let path = root.join(WORKSPACE_FILE);
    let mut loaded = Loaded { root: root.to_owned(), ..Loaded::default() };
    if let Some(file) = loaded.read(WORKSPACE_FILE.to_owned(), &path, root)? {
        loaded.workspace(file);
    }
    Ok(loaded)
}

impl Loaded {
    /// Takes texts for the files of a workspace, each with its path: one is the workspace file, the others are access
    /// files.
    pub fn of(texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut loaded = Self::default();
        for (path, text) in texts {
            let is_workspace = path == WORKSPACE_FILE;
            let file = loaded.sources.add(path, text);
            if is_workspace {
                loaded.workspace(file);
            } else {
                let decoded = loaded.decode(file);
                let access = loaded.take(file, decoded);
                loaded.files.access.extend(access);
            }
        }
        loaded
    }

    /// The patterns by which access files are found, each with its place; `None` where that is not known.
    fn patterns(&self) -> Option<Vec<(&str, Option<Place>)>> {
        let (file, workspace) = self.files.workspace.as_ref()?;
        match &workspace.access {
            Given::Is(all) => Some(all.iter().map(|it| (it.v.as_str(), Some(it.place(*file)))).collect()),
            Given::Absent => Some(vec![(DEFAULT_PATTERN, None)]),
            Given::Wrong => None,
        }
    }

    /// Whether a file that was put there would be one of the access files.
    ///
    /// # Errors
    ///
    /// Where a pattern is none.
    pub fn would_read(&self, path: &str) -> Result<bool, LoadError> {
        let patterns: Vec<&str> = self.patterns().into_iter().flatten().map(|it| it.0).collect();
        read::would_match(path, &patterns)
    }

    /// Whether anything is where a file would be put.
    pub fn is_taken(&self, path: &str) -> bool {
        let is_known = |known: &str| known.to_lowercase() == path.to_lowercase();
        self.root.join(path).symlink_metadata().is_ok() || self.sources.files().any(|it| is_known(&it.1.path))
    }

    /// The files that are named, and those below the folders that are.
    fn below(&mut self, parts: &[PathBuf]) -> Result<Vec<PathBuf>, LoadError> {
        let (files, empty) = read::below(&self.root, parts)?;
        self.findings.extend(empty.into_iter().map(|it| {
            Finding::general(Code::NoAccessFiles, format!("no YAML file is below {it}"))
                .help("name a folder with access files, or a file")
        }));
        Ok(files)
    }

    /// The files that the patterns of the workspace mean; what was passed over is a finding.
    fn matching(&mut self) -> Result<Vec<PathBuf>, LoadError> {
        // Where it is not known which files are meant, none is read.
        let Some(patterns) = self.patterns() else { return Ok(Vec::new()) };
        let (patterns, places): (Vec<&str>, Vec<Option<Place>>) = patterns.into_iter().unzip();
        let Matching { files, unmatched, passed_over } = read::matching(&self.root, &patterns)?;
        let nothing = |at: usize| {
            let finding = Finding::general(Code::NoAccessFiles, format!("no file matches {}", patterns[at]));
            Finding { place: places[at], ..finding }
                .help("create an access file, or correct `access:` in rolecall.yaml")
        };
        let mut findings: Vec<Finding> = unmatched.into_iter().map(nothing).collect();
        if patterns.is_empty() {
            findings.push(
                Finding::general(Code::NoAccessFiles, "`access:` has no pattern")
                    .help("leave it out for the files below access/, or write the patterns"),
            );
        }
        for path in passed_over {
            if path.is_dir() {
                // By its own name: where it leads is nobody's business.
                let shown = path.strip_prefix(&self.root).unwrap_or(&path).display().to_string();
                let help = format!("put the files there, or leave it out under `access:` (`!{shown}/**`)");
                let place = Place::new(self.sources.add(shown, String::new()), 1, 1);
                let message = "is a link to a folder, and links to folders are not followed";
                findings.push(Finding::new(Code::PassedOver, place, message).help(help));
                continue;
            }
            let shown = read::shown(&self.root, &path);
            let help = format!(
                "rename it, name it under `access:` (`{shown}`), or leave it out there by a pattern (`!{shown}`)"
            );
            let place = Place::new(self.sources.add(shown, String::new()), 1, 1);
            let message = "looks like an access file, and no pattern of `access:` matches it";
            findings.push(Finding::new(Code::PassedOver, place, message).help(help));
        }
        self.findings.append(&mut findings);
        Ok(files)
    }

    /// Keeps the text of a file; `None` where it has none that could be read, which is a finding.
    pub(super) fn read(
        &mut self,
        shown: String,
        path: &Path,
        folder: &Path,
    ) -> Result<Option<FileId>, LoadError> {
        let unseen = name::unseen(&shown);
        let (file, finding) = match read::text(path, folder)? {
            Ok(text) => (self.sources.add(shown, text), None),
            Err(Unusable::TooLarge) => {
                let file = self.sources.add(shown, String::new());
                let message = format!("the file has more than {MAX_FILE_BYTES} bytes");
                let finding = Finding::new(Code::LimitExceeded, Place::new(file, 1, 1), message);
                (file, Some(finding.help("split it into several files")))
            }
            Err(Unusable::NotText(bytes)) => {
                let file = self.sources.add(shown, String::from_utf8_lossy(&bytes).into_owned());
                (file, Some(not_text((file, &self.sources.file(file).path), &bytes)))
            }
        };
        if let Some(it) = unseen {
            let message =
                format!("the name of the file holds a character that is not seen (U+{:04X})", u32::from(it));
            self.findings.push(
                Finding::new(Code::InvalidName, Place::new(file, 1, 1), message)
                    .help("rename the file: what is not seen makes one name look like another"),
            );
        }
        let unusable = finding.is_some();
        self.findings.extend(finding);
        Ok((!unusable).then_some(file))
    }

    fn decode<T: Decode + Default>(&self, file: FileId) -> Decoded<T> {
        decoded(&self.sources.file(file).text, file)
    }

    /// Decodes the workspace file.
    fn workspace(&mut self, file: FileId) {
        let decoded: Decoded<WorkspaceFile> = self.decode(file);
        let zone = decoded.value.as_ref().and_then(|it| it.time_zone.as_ref());
        self.sources.keep_zone(zone.and_then(|it| date::zone(&it.v)));
        self.files.workspace = self.take(file, decoded);
    }

    /// Keeps what was found in a file, and returns what it says.
    fn take<T>(&mut self, file: FileId, decoded: Decoded<T>) -> Option<(FileId, T)> {
        self.findings.extend(decoded.findings);
        self.files.remarks.extend(decoded.remarks);
        decoded.value.map(|it| (file, it))
    }

    /// Reads and decodes access files; `within` is the folder that each has to lie in, links and all.
    fn access<'f>(
        &mut self,
        files: &'f [PathBuf],
        within: impl Fn(&'f Path) -> &'f Path,
    ) -> Result<(), LoadError> {
        let mut ids = Vec::with_capacity(files.len());
        for path in files {
            ids.extend(self.read(read::shown(&self.root, path), path, within(path))?);
        }
        let bytes: usize = ids.iter().map(|it| self.sources.file(*it).text.len()).sum();
        let cores =
            if bytes < PARALLEL_FROM { 1 } else { thread::available_parallelism().map_or(1, usize::from) };
        let threads = cores.min(ids.len()).max(1);
        // Decoded in rounds by thread, put back in the order of the files.
        let mut decoded: Vec<(FileId, Decoded<AccessFile>)> = thread::scope(|scope| {
            let every = |first| {
                let ids = ids.iter().skip(first).step_by(threads);
                ids.map(|&it| (it, self.decode(it))).collect::<Vec<_>>()
            };
            let workers: Vec<_> = (1..threads).map(|n| scope.spawn(move || every(n))).collect();
            let mut decoded = every(0);
            for worker in workers {
                decoded.extend(worker.join().unwrap_or_default());
            }
            decoded
        });
        decoded.sort_by_key(|(file, _)| *file);
        for (file, access) in decoded {
            let access = self.take(file, access);
            self.files.access.extend(access);
        }
        Ok(())
    }
}

/// Says where a file stops being UTF-8.
fn not_text((file, path): (FileId, &str), bytes: &[u8]) -> Finding {
    let chunk = bytes.utf8_chunks().next();
    let (before, byte) = chunk.map_or(("", None), |it| (it.valid(), it.invalid().first()));
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let narrow = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
    let byte = byte.map_or_else(String::new, |it| format!(": byte 0x{it:02X}"));
    let help = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "it begins like UTF-16: save the file as UTF-8",
        _ => "save the file as UTF-8",
    };
    Finding::new(
        Code::Syntax,
        Place::new(file, narrow(line), narrow(column)),
        format!("{path} is not UTF-8 text{byte}"),
    )
    .help(help)
}

#[cfg(test)]
mod tests;
