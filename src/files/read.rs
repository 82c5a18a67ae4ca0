//! The disk: which files are meant, and their text. Never writes a file, and knows nothing of what is in one.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::MAX_FILE_BYTES;

/// The file that makes a folder a workspace.
pub const WORKSPACE_FILE: &str = "rolecall.yaml";

/// Why files could not be read at all.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum LoadError {
    #[error("no {WORKSPACE_FILE} in {} or above", .from.display())]
    NoWorkspace { from: PathBuf },
    #[error("cannot read {}", .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// A name of an access file is that of something else: a folder, a socket.
    #[error("{} is not a file", .path.display())]
    NotAFile { path: PathBuf },
    #[error("{} is not UTF-8 text", .path.display())]
    NotText { path: PathBuf },
    #[error("{} and {} belong to different workspaces", .first.display(), .second.display())]
    TwoWorkspaces { first: PathBuf, second: PathBuf },
    /// A pattern under `access:` is not a glob, or points outside the workspace.
    #[error("`{pattern}` under `access:` is not a pattern inside the workspace")]
    Pattern { pattern: String },
}

impl LoadError {
    /// What to do.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoWorkspace { .. } => {
                "name a folder that holds one (`rolecall plan examples/quickstart`) or an access file, or give the folder as `-C DIR`"
            }
            Self::Unreadable { .. } => "check the path and its permissions",
            Self::NotAFile { .. } => "give it another name, or take it away",
            Self::NotText { .. } => "save the file as UTF-8",
            Self::TwoWorkspaces { .. } => "run rolecall once per workspace",
            Self::Pattern { .. } => "patterns are relative to rolecall.yaml, such as `access/**/*.yaml`",
        })
    }
}

/// The text of a file, or its size in bytes where that is more than [`MAX_FILE_BYTES`].
pub(super) fn text(path: &Path) -> Result<Result<String, u64>, LoadError> {
    let size = fs::metadata(path).map_err(unreadable(path))?.len();
    if size > MAX_FILE_BYTES {
        return Ok(Err(size));
    }
    let bytes = fs::read(path).map_err(unreadable(path))?;
    String::from_utf8(bytes).map(Ok).map_err(|_| LoadError::NotText { path: path.to_owned() })
}

/// The workspace that all paths lie in; `None` where they are files outside of any.
pub(super) fn root_of(paths: &[PathBuf]) -> Result<Option<PathBuf>, LoadError> {
    let mut first: Option<(&Path, Option<PathBuf>)> = None;
    for path in paths {
        let is_folder = fs::metadata(path).map_err(unreadable(path))?.is_dir();
        let found = workspace_of(path);
        if found.is_none() && is_folder {
            return Err(no_workspace(path));
        }
        match &first {
            Some((first, root)) if *root != found => {
                return Err(LoadError::TwoWorkspaces { first: (*first).to_owned(), second: path.clone() });
            }
            Some(_) => (),
            None => first = Some((path, found)),
        }
    }
    Ok(first.and_then(|it| it.1))
}

/// Whether a path is the workspace itself, named by its folder or its file, and so stands for all of it.
pub(super) fn is_workspace(path: &Path) -> bool {
    if path.is_dir() {
        path.join(WORKSPACE_FILE).is_file()
    } else {
        path.file_name().is_some_and(|it| it == WORKSPACE_FILE)
    }
}

/// The files that the paths are, and the YAML files below those that are folders, each file once.
pub(super) fn below(root: &Path, paths: &[PathBuf]) -> Result<Vec<PathBuf>, LoadError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut inside = Vec::new();
            walk(path, &mut inside)?;
            files.extend(inside.into_iter().filter(|it| is_yaml(it)));
        } else {
            files.push(path.clone());
        }
    }
    // One file under two spellings of its path is one file.
    files.sort_by_key(|it| shown(root, it));
    files.dedup_by_key(|it| shown(root, it));
    Ok(files)
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> LoadError {
    let path = path.to_owned();
    move |source| LoadError::Unreadable { path, source }
}

/// Says in full where the search began: `.` tells nothing in the log of a job.
pub(super) fn no_workspace(from: &Path) -> LoadError {
    LoadError::NoWorkspace { from: fs::canonicalize(from).unwrap_or_else(|_| from.to_owned()) }
}

/// The nearest folder at or above `path` that is a workspace.
pub(super) fn workspace_of(path: &Path) -> Option<PathBuf> {
    let absolute = fs::canonicalize(path).ok()?;
    absolute.ancestors().find(|it| it.join(WORKSPACE_FILE).is_file()).map(Path::to_owned)
}

/// A path as people see it: relative to the workspace, with `/` everywhere.
pub(super) fn shown(root: &Path, path: &Path) -> String {
    // Resolved, so that `.`, `..` and links do not make two paths of one; it exists, it was just looked at.
    let absolute = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let relative = absolute.strip_prefix(&root).unwrap_or(path);
    let parts: Vec<_> = relative.components().map(|it| it.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// The files below `root` that match a pattern, sorted.
pub(super) fn matching(root: &Path, patterns: &[&str]) -> Result<Vec<PathBuf>, LoadError> {
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
