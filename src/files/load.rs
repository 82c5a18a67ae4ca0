//! Files from disk to parsed manifests: finds the workspace, reads and parses, in parallel where it pays.
//!
//! The only module that reads the user's files. Never writes one, never judges one:
//! what is wrong inside a file is a finding.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
    thread,
};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::{
    files::manifest::{MAX_FILE_BYTES, access::AccessFile, check::Files, parse},
    model::{
        finding::{Code, Finding},
        source::{FileId, Sources},
    },
};

/// The file that makes a folder a workspace.
pub const WORKSPACE_FILE: &str = "rolecall.yaml";
const DEFAULT_PATTERN: &str = "access/**/*.yaml";
/// Below this many bytes in all, threads cost more than they save.
const PARALLEL_FROM: usize = 64 << 10;

/// The files of one run, read and parsed.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The folder of the workspace, or of the first file where there is none.
    pub root: PathBuf,
    /// The files as text, for places.
    pub sources: Sources,
    /// The files as values, as far as they could be parsed.
    pub files: Files,
    /// Whether these are not all access files of the workspace.
    pub partial: bool,
    /// What is structurally wrong, one finding per file at most.
    pub findings: Vec<Finding>,
}

/// Why files could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No workspace here or above.
    #[error("no {WORKSPACE_FILE} in {} or above", .from.display())]
    NoWorkspace {
        /// Where the search began.
        from: PathBuf,
    },
    /// A path that was given does not exist or cannot be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A name of an access file is that of something else.
    #[error("{} is not a file", .path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is not text.
    #[error("{} is not UTF-8 text", .path.display())]
    NotText {
        /// The path.
        path: PathBuf,
    },
    /// The paths belong to different workspaces.
    #[error("{} and {} belong to different workspaces", .first.display(), .second.display())]
    TwoWorkspaces {
        /// The one found first.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A pattern under `access:` is not a glob, or points outside the workspace.
    #[error("`{pattern}` under `access:` is not a pattern inside the workspace")]
    Pattern {
        /// The pattern.
        pattern: String,
    },
}

impl LoadError {
    /// Returns what can be done about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoWorkspace { .. } => Some(
                "name a folder that holds one (`rolecall plan examples/quickstart`) or an access file, or give the folder as `-C DIR`",
            ),
            Self::Unreadable { .. } => Some("check the path and its permissions"),
            Self::NotAFile { .. } => Some("give it another name, or take it away"),
            Self::NotText { .. } => Some("save the file as UTF-8"),
            Self::TwoWorkspaces { .. } => Some("run rolecall once per workspace"),
            Self::Pattern { .. } => {
                Some("patterns are relative to rolecall.yaml, such as `access/**/*.yaml`")
            }
        }
    }
}

/// Reads the workspace and the access files that `paths` name.
///
/// No path means the workspace of `from`, the nearest folder above with a
/// [`WORKSPACE_FILE`]. A folder with one is that workspace; any other folder or
/// file is a part of the workspace around it, or stands alone if there is none.
///
/// # Errors
///
/// What cannot be read. What is wrong in a file is in [`Loaded::findings`].
pub fn load(paths: &[PathBuf], from: &Path) -> Result<Loaded, LoadError> {
    let mut roots: Vec<(&Path, Option<PathBuf>)> = Vec::new();
    let mut parts: Vec<&Path> = Vec::new();
    let mut whole = false;
    let here = [from.to_owned()];
    for path in if paths.is_empty() { &here[..] } else { paths } {
        let is_folder = fs::metadata(path).map_err(unreadable(path))?.is_dir();
        let found = workspace_of(path);
        if found.is_none() && is_folder {
            return Err(no_workspace(path));
        }
        if let Some((first, _)) = roots.iter().find(|(_, root)| *root != found) {
            return Err(LoadError::TwoWorkspaces { first: (*first).to_owned(), second: path.clone() });
        }
        roots.push((path, found));
        // The workspace itself, named by its folder or its file, stands for all of it.
        let names_all = match is_folder {
            true => path.join(WORKSPACE_FILE).is_file(),
            false => path.file_name().is_some_and(|it| it == WORKSPACE_FILE),
        };
        whole |= names_all || paths.is_empty();
        parts.push(path);
    }
    let Some(root) = roots.into_iter().find_map(|(_, root)| root) else {
        let root = parts.first().and_then(|it| it.parent()).unwrap_or(from).to_owned();
        let mut loaded = Loaded { root: root.clone(), ..Loaded::default() };
        let files = parts.iter().map(|it| (shown(&root, it), (*it).to_owned())).collect();
        loaded.access(files)?;
        return Ok(loaded);
    };
    let mut loaded = workspace(root.clone())?;
    let Some((_, file)) = &loaded.files.workspace else { return Ok(loaded) };
    let patterns: Vec<&str> = match &file.access {
        Some(patterns) => patterns.iter().map(|it| it.v.as_str()).collect(),
        None => vec![DEFAULT_PATTERN],
    };
    loaded.partial = !whole;
    let files = if whole {
        let mut files = matching(&root, &patterns)?;
        files.sort();
        if files.is_empty() {
            let message = format!("no file matches {}", patterns.join(", "));
            loaded.findings.push(
                Finding::general(Code::NoAccessFiles, message)
                    .help("create an access file, or correct `access:` in rolecall.yaml"),
            );
            return Ok(loaded);
        }
        files
    } else {
        let mut files = Vec::new();
        for part in parts {
            if part.is_dir() {
                walk(part, &mut files)?;
                files.retain(|it| is_yaml(it));
            } else {
                files.push(part.to_owned());
            }
        }
        // One file under two spellings of its path is one file.
        files.sort_by_key(|it| shown(&root, it));
        files.dedup_by_key(|it| shown(&root, it));
        files
    };
    loaded.access(files.into_iter().map(|it| (shown(&root, &it), it)).collect())?;
    Ok(loaded)
}

/// Reads the workspace around `from` without its access files.
///
/// # Errors
///
/// What cannot be read. What is wrong in the file is in [`Loaded::findings`].
pub fn load_workspace(from: &Path) -> Result<Loaded, LoadError> {
    workspace(workspace_of(from).ok_or_else(|| no_workspace(from))?)
}

fn workspace(root: PathBuf) -> Result<Loaded, LoadError> {
    let path = root.join(WORKSPACE_FILE);
    let mut loaded = Loaded { root, ..Loaded::default() };
    if let Some(file) = loaded.read(WORKSPACE_FILE.to_owned(), &path)? {
        match loaded.parse_one(file) {
            Ok(workspace) => loaded.files.workspace = Some((file, workspace)),
            Err(finding) => loaded.findings.push(finding),
        }
    }
    Ok(loaded)
}

impl Loaded {
    /// Reads a file; `None` where it is too large, which is a finding.
    fn read(&mut self, shown: String, path: &Path) -> Result<Option<FileId>, LoadError> {
        let size = fs::metadata(path).map_err(unreadable(path))?.len();
        if size > MAX_FILE_BYTES {
            let file = self.sources.add(shown, String::new());
            let message = format!("the file has {size} bytes, more than {MAX_FILE_BYTES}");
            let place = crate::model::source::Place::new(file, 1, 1);
            self.findings
                .push(Finding::new(Code::LimitExceeded, place, message).help("split it into several files"));
            return Ok(None);
        }
        let bytes = fs::read(path).map_err(unreadable(path))?;
        let text = String::from_utf8(bytes).map_err(|_| LoadError::NotText { path: path.to_owned() })?;
        Ok(Some(self.sources.add(shown, text)))
    }

    fn parse_one<T: serde::de::DeserializeOwned>(&self, file: FileId) -> Result<T, Finding> {
        parse(&self.sources.file(file).text, file)
    }

    fn access(&mut self, files: Vec<(String, PathBuf)>) -> Result<(), LoadError> {
        let mut ids = Vec::with_capacity(files.len());
        for (shown, path) in files {
            ids.extend(self.read(shown, &path)?);
        }
        let bytes: usize = ids.iter().map(|it| self.sources.file(*it).text.len()).sum();
        let threads =
            if bytes < PARALLEL_FROM { 1 } else { thread::available_parallelism().map_or(1, usize::from) };
        // Parsed in rounds by thread, put back in the order of the files.
        let mut parsed: Vec<(FileId, Result<AccessFile, Finding>)> = thread::scope(|scope| {
            let this = &*self;
            let ids = &ids;
            let workers: Vec<_> = (1..threads.min(ids.len()))
                .map(|n| scope.spawn(move || this.every(ids, n, threads.min(ids.len()))))
                .collect();
            let mut parsed = this.every(ids, 0, threads.min(ids.len()).max(1));
            for worker in workers {
                parsed.extend(worker.join().unwrap_or_default());
            }
            parsed
        });
        parsed.sort_by_key(|(file, _)| *file);
        for (file, access) in parsed {
            match access {
                Ok(access) => self.files.access.push((file, access)),
                Err(finding) => self.findings.push(finding),
            }
        }
        Ok(())
    }

    /// Parses every `step`th of the files, from the `first`.
    fn every(&self, ids: &[FileId], first: usize, step: usize) -> Vec<(FileId, Result<AccessFile, Finding>)> {
        ids.iter().skip(first).step_by(step).map(|&it| (it, self.parse_one(it))).collect()
    }
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> LoadError {
    let path = path.to_owned();
    move |source| LoadError::Unreadable { path, source }
}

/// Says in full where the search began: `.` tells nothing in the log of a job.
fn no_workspace(from: &Path) -> LoadError {
    LoadError::NoWorkspace { from: fs::canonicalize(from).unwrap_or_else(|_| from.to_owned()) }
}

/// Returns the nearest folder at or above `path` that is a workspace.
fn workspace_of(path: &Path) -> Option<PathBuf> {
    let absolute = fs::canonicalize(path).ok()?;
    absolute.ancestors().find(|it| it.join(WORKSPACE_FILE).is_file()).map(Path::to_owned)
}

/// Returns a path as people see it: relative to the workspace, with `/` everywhere.
fn shown(root: &Path, path: &Path) -> String {
    // Resolved, so that `.`, `..` and links do not make two paths of one; it exists, it was just looked at.
    let absolute = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let relative = absolute.strip_prefix(&root).unwrap_or(path);
    let parts: Vec<_> = relative.components().map(|it| it.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// Returns the files below `root` that match a pattern.
fn matching(root: &Path, patterns: &[&str]) -> Result<Vec<PathBuf>, LoadError> {
    let wrong = |pattern: &str| LoadError::Pattern { pattern: pattern.to_owned() };
    let mut globs = GlobSetBuilder::new();
    let mut starts: Vec<PathBuf> = Vec::new();
    for pattern in patterns {
        let outside = |it: Component<'_>| !matches!(it, Component::Normal(_) | Component::CurDir);
        if Path::new(pattern).components().any(outside) {
            return Err(wrong(pattern));
        }
        let tidy = pattern.trim_start_matches("./");
        let glob = GlobBuilder::new(tidy).literal_separator(true).build().map_err(|_| wrong(pattern))?;
        globs.add(glob);
        let fixed: PathBuf =
            tidy.split('/').take_while(|it| !it.contains(['*', '?', '[', '{', '\\'])).collect();
        let start = root.join(&fixed);
        // A file that is named and not there would leave its groups out without a word.
        if fixed == Path::new(tidy) {
            fs::metadata(&start).map_err(unreadable(&start))?;
        }
        starts.push(start);
    }
    let globs: GlobSet = globs.build().map_err(|_| wrong(&patterns.join(", ")))?;
    let mut files = Vec::new();
    for start in starts {
        if start.is_dir() {
            walk(&start, &mut files)?;
        } else if start.is_file() {
            files.push(start);
        }
    }
    files.sort();
    files.dedup();
    files.retain(|it| it.strip_prefix(root).is_ok_and(|it| globs.is_match(it)));
    Ok(files)
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "yaml" || it == "yml")
}

/// Adds every file below a folder. Hidden ones are left out, and links to folders not followed: no cycles.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), LoadError> {
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let kind = entry.file_type().map_err(unreadable(&entry.path()))?;
        if kind.is_dir() {
            walk(&entry.path(), files)?;
        } else if kind.is_file() || entry.path().is_file() {
            files.push(entry.path());
        } else if is_yaml(&entry.path()) {
            // A link that leads nowhere would leave its groups out without a word.
            fs::metadata(entry.path()).map_err(unreadable(&entry.path()))?;
            return Err(LoadError::NotAFile { path: entry.path() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    const EMPTY: &str = "version: 1\ngroups: []\n";

    fn names(loaded: &Loaded) -> Vec<&str> {
        loaded.sources.files().map(|(_, it)| it.path.as_str()).collect()
    }

    #[test]
    fn a_folder_is_read_by_its_patterns_in_order() {
        let folder = workspace(&[
            ("rolecall.yaml", "version: 1\naccess: [\"access/**/*.yaml\", extra.yaml]\n"),
            ("access/b.yaml", EMPTY),
            ("access/deep/a.yaml", EMPTY),
            ("access/.hidden.yaml", EMPTY),
            ("access/notes.txt", "x"),
            ("other/c.yaml", EMPTY),
            ("extra.yaml", EMPTY),
        ]);
        let all = ["rolecall.yaml", "access/b.yaml", "access/deep/a.yaml", "extra.yaml"];
        assert_eq!(names(&load(&[folder.path().to_owned()], Path::new("/")).unwrap()), all);
        assert_eq!(names(&load(&[], &folder.path().join("access/deep")).unwrap()), all);
    }

    #[test]
    fn a_part_of_a_workspace_keeps_its_settings() {
        let folder = workspace(&[
            ("rolecall.yaml", "version: 1\n"),
            ("access/a.yaml", EMPTY),
            ("access/b.yaml", EMPTY),
        ]);
        let loaded = load(&[folder.path().join("access/b.yaml")], Path::new("/")).unwrap();
        assert_eq!(names(&loaded), ["rolecall.yaml", "access/b.yaml"]);
        assert!(loaded.files.workspace.is_some());
    }

    #[test]
    fn the_workspace_among_the_paths_stands_for_all_of_it() {
        let folder = workspace(&[
            ("rolecall.yaml", "version: 1\n"),
            ("access/a.yaml", EMPTY),
            ("access/b.yaml", EMPTY),
        ]);
        let at = |path: &str| folder.path().join(path);
        let all = ["rolecall.yaml", "access/a.yaml", "access/b.yaml"];
        for paths in [vec![at("rolecall.yaml")], vec![at(""), at("access/a.yaml")]] {
            assert_eq!(names(&load(&paths, Path::new("/")).unwrap()), all);
        }
        let twice = [at("access/a.yaml"), at("access/../access/a.yaml"), at("./access/a.yaml")];
        assert_eq!(names(&load(&twice, Path::new("/")).unwrap()), ["rolecall.yaml", "access/a.yaml"]);
    }

    #[test]
    fn a_file_stands_alone_and_a_folder_without_a_workspace_does_not() {
        let folder = workspace(&[("a.yaml", EMPTY)]);
        let loaded = load(&[folder.path().join("a.yaml")], Path::new("/")).unwrap();
        assert_eq!((names(&loaded), loaded.files.workspace.is_none()), (vec!["a.yaml"], true));
        assert!(matches!(
            load(&[folder.path().to_owned()], Path::new("/")),
            Err(LoadError::NoWorkspace { .. })
        ));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_or_leads_nowhere_is_not_passed_over() {
        use std::os::unix::{fs::symlink, net::UnixListener};
        let of = |pattern: &str| {
            workspace(&[
                ("rolecall.yaml", &format!("version: 1\naccess: [\"{pattern}\"]\n")),
                ("access/a.yaml", EMPTY),
                ("shared/b.yaml", EMPTY),
            ])
        };
        let refused =
            |folder: &tempfile::TempDir| load(&[folder.path().to_owned()], Path::new("/")).unwrap_err();
        let folder = of("access/**/*.yaml");
        let link = folder.path().join("access/link.yaml");
        symlink("../shared/b.yaml", &link).unwrap();
        let read = load(&[folder.path().to_owned()], Path::new("/")).unwrap();
        assert_eq!(names(&read).len(), 3, "a link to a file is one");
        fs::remove_file(folder.path().join("shared/b.yaml")).unwrap();
        assert!(matches!(refused(&folder), LoadError::Unreadable { path, .. } if path == link));
        fs::remove_file(&link).unwrap();
        symlink("../shared", &link).unwrap();
        assert!(matches!(refused(&folder), LoadError::NotAFile { path } if path == link));
        fs::remove_file(&link).unwrap();
        let _socket = UnixListener::bind(&link).unwrap();
        assert!(matches!(refused(&folder), LoadError::NotAFile { path } if path == link));
        let named = of("access/missing.yaml");
        assert!(
            matches!(refused(&named), LoadError::Unreadable { path, .. } if path.ends_with("access/missing.yaml"))
        );
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let folder = workspace(&[("rolecall.yaml", "version: 1\naccess: [../x.yaml]\n")]);
        assert!(matches!(load(&[folder.path().to_owned()], Path::new("/")), Err(LoadError::Pattern { .. })));
        assert!(matches!(
            load(&[folder.path().join("no")], Path::new("/")),
            Err(LoadError::Unreadable { .. })
        ));
        fs::write(folder.path().join("rolecall.yaml"), b"version: \xff").unwrap();
        assert!(matches!(load(&[folder.path().to_owned()], Path::new("/")), Err(LoadError::NotText { .. })));
    }

    #[test]
    fn a_broken_file_does_not_hide_the_others() {
        let folder = workspace(&[
            ("rolecall.yaml", "version: 1\n"),
            ("access/a.yaml", "version: 1\ngruops: []\n"),
            ("access/b.yaml", "version: 1\ngroups: [\n"),
        ]);
        let loaded = load(&[folder.path().to_owned()], Path::new("/")).unwrap();
        let codes: Vec<Code> = loaded.findings.iter().map(|it| it.code).collect();
        assert_eq!(codes, [Code::UnknownKey, Code::Syntax]);
    }

    #[test]
    fn patterns_that_match_nothing_are_a_finding() {
        let folder = workspace(&[("rolecall.yaml", "version: 1\n")]);
        let loaded = load(&[folder.path().to_owned()], Path::new("/")).unwrap();
        assert_eq!(loaded.findings[0].code, Code::NoAccessFiles);
    }
}
