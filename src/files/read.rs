//! Which files are meant, and their text. Never writes a file, and knows nothing of what is in one.

use std::{
    collections::{BTreeSet, VecDeque},
    fs,
    path::{Component, Path, PathBuf},
};

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::{
    MAX_FILE_BYTES, WORKSPACE_FILE,
    disk::{self, Named, Unread},
};
use crate::model::{escape, pattern};

/// The access files where a workspace does not say which.
pub(super) const DEFAULT_PATTERN: &str = "access/**/*.yaml";
/// The file beside it that the embedded API begins with: it has groups as well.
const SEED_FILE: &str = "sandbox.yaml";
/// Most patterns of a workspace.
const MOST_PATTERNS: usize = 1_000;
/// How many entries of folders are looked at for files that were passed over.
const LOOKED_AT: usize = 10_000;
/// How much of a file is looked at, in bytes, to see what it is.
const BEGINNING: u64 = 64 << 10;

/// Why files could not be read at all.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum LoadError {
    #[error("no {WORKSPACE_FILE} in {} or above", .from.display())]
    NoWorkspace { from: PathBuf },
    #[error("cannot read {}", .path.display())]
    Unreadable { path: PathBuf, source: Unread },
    /// A name of an access file is that of something else: a folder, a socket.
    #[error("{} is not a file", .path.display())]
    NotAFile { path: PathBuf },
    #[error("{} is a link to a folder, and links to folders are not followed", .path.display())]
    LinkedFolder { path: PathBuf },
    #[error("{} and {} belong to different workspaces", .first.display(), .second.display())]
    TwoWorkspaces { first: PathBuf, second: PathBuf },
    /// A pattern under `access:` is not a glob, or points outside the workspace.
    #[error("`{pattern}` under `access:` is not a pattern inside the workspace{why}")]
    Pattern { pattern: String, why: Box<str> },
    #[error("`access:` has {0} patterns, more than {MOST_PATTERNS}")]
    Patterns(usize),
    /// A company that was named, or a pattern of names, that is none of those that the files are about.
    #[error("`--company {given}` is none of the companies that the files are about{}", those_there(.known))]
    NoSuchCompany { given: String, known: Vec<String>, near: Option<String> },
}

impl LoadError {
    /// What to do.
    pub fn hint(&self) -> Option<&str> {
        Some(match self {
            Self::NoSuchCompany { near: Some(near), .. } => near,
            Self::NoSuchCompany { near: None, .. } => {
                "give a name from `ids.company`, an id, or a pattern such as `client-*`; a company without files has nothing to plan"
            }
            Self::NoWorkspace { .. } => {
                "start one with `rolecall init`, or with `rolecall import` from a company that exists; or name a folder that holds one \
                 (`rolecall plan examples/quickstart`) or an access file, or give the folder as `-C DIR`"
            }
            Self::Unreadable { source: Unread::Astray(_), .. } => {
                "put the file itself there: nothing outside is read because a link says so"
            }
            Self::Unreadable { .. } => "check the path and its permissions",
            Self::NotAFile { .. } => "give it another name, or take it away",
            Self::TwoWorkspaces { .. } => "run rolecall once per workspace",
            Self::LinkedFolder { .. } => "put the files themselves there",
            Self::Patterns(_) => "name folders, as in `access/**/*.yaml`, instead of single files",
            Self::Pattern { .. } => "patterns are relative to rolecall.yaml, such as `access/**/*.yaml`",
        })
    }
}

/// Some of the companies there are, so that one can be chosen.
fn those_there(all: &[String]) -> String {
    const SHOWN: usize = 8;
    let more = all.len().saturating_sub(SHOWN);
    let shown: Vec<String> = all.iter().take(SHOWN).map(|it| escape::terminal(it).into_owned()).collect();
    match (all.is_empty(), more) {
        (true, _) => String::new(),
        (_, 0) => format!(": {}", shown.join(", ")),
        (_, more) => format!(": {}, and {more} more", shown.join(", ")),
    }
}

/// What is wrong with a file before anything in it is looked at.
pub(super) enum Unusable {
    /// It has more bytes than [`MAX_FILE_BYTES`].
    TooLarge,
    /// It is not UTF-8.
    NotText(Vec<u8>),
}

/// The text of a file that lies in `folder`, or what is wrong with that.
pub(super) fn text(path: &Path, folder: &Path) -> Result<Result<String, Unusable>, LoadError> {
    // What the shell makes of `<(…)` and `-` lies in no folder, and nobody can commit it.
    let named = if disk::is_stream(path) { Named::ByCaller } else { Named::In(folder) };
    match disk::read(path, named, MAX_FILE_BYTES) {
        Ok(bytes) => Ok(String::from_utf8(bytes).map_err(|it| Unusable::NotText(it.into_bytes()))),
        Err(Unread::TooLarge(_)) => Ok(Err(Unusable::TooLarge)),
        Err(source) => Err(unreadable(path)(source)),
    }
}

/// The workspace that all paths lie in; `None` where they are files outside of any.
pub(super) fn root_of(paths: &[PathBuf]) -> Result<Option<PathBuf>, LoadError> {
    let mut first: Option<(&Path, Option<PathBuf>)> = None;
    for path in paths {
        let is_folder = fs::metadata(path).map_err(unreadable(path))?.is_dir();
        not_led_out(path)?;
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

/// Refuses what a link to a folder leads out of the workspace that the link lies in: whoever named a path there meant what
/// lies in that workspace.
pub(super) fn not_led_out(path: &Path) -> Result<(), LoadError> {
    let outermost = path.ancestors().filter(|it| it.is_symlink() && it.is_dir()).last();
    let Some((link, around)) = outermost.and_then(|it| Some((it, workspace_of(disk::around(it))?))) else {
        return Ok(());
    };
    let led = fs::canonicalize(path).map_err(unreadable(path))?;
    if led.starts_with(&around) { Ok(()) } else { Err(LoadError::LinkedFolder { path: link.to_owned() }) }
}

/// Whether a path is the workspace itself, named by its folder or its file, and so stands for all of it.
pub(super) fn is_workspace(path: &Path) -> bool {
    if path.is_dir() {
        path.join(WORKSPACE_FILE).is_file()
    } else {
        path.file_name().is_some_and(|it| it == WORKSPACE_FILE)
    }
}

/// The files that the paths are, and the YAML files below those that are folders, each file once; and the folders that
/// hold none.
pub(super) fn below(root: &Path, paths: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<String>), LoadError> {
    let (mut files, mut empty) = (Vec::new(), Vec::new());
    for path in paths {
        if path.is_dir() {
            let mut inside = Vec::new();
            walk(path, &mut inside)?;
            inside.retain(|it| is_yaml(it));
            if inside.is_empty() {
                empty.push(shown(root, path));
            }
            files.append(&mut inside);
        } else {
            files.push(path.clone());
        }
    }
    // One file under two spellings of its path is one file.
    files.sort_by_key(|it| shown(root, it));
    files.dedup_by_key(|it| shown(root, it));
    Ok((files, empty))
}

fn unreadable<E: Into<Unread>>(path: &Path) -> impl FnOnce(E) -> LoadError {
    let path = path.to_owned();
    move |source| LoadError::Unreadable { path, source: source.into() }
}

/// Says in full where the search began: `.` tells nothing in the log of a job.
pub(super) fn no_workspace(from: &Path) -> LoadError {
    LoadError::NoWorkspace { from: fs::canonicalize(from).unwrap_or_else(|_| from.to_owned()) }
}

/// The nearest folder at or above `path` that is a workspace. A file lies where it is named, wherever a link leads.
pub(super) fn workspace_of(path: &Path) -> Option<PathBuf> {
    let folder = if path.is_dir() { path } else { disk::around(path) };
    let absolute = fs::canonicalize(folder).ok()?;
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

/// What the patterns of a workspace come to.
pub(super) struct Matching {
    /// The files that match, sorted.
    pub(super) files: Vec<PathBuf>,
    /// The patterns, by position, that match no file.
    pub(super) unmatched: Vec<usize>,
    /// The files that look as if they should match, and do not, and links to folders in whose place they might; sorted.
    pub(super) passed_over: Vec<PathBuf>,
}

/// The files below `root` that one pattern means, sorted; none where it means none.
pub(super) fn meant(root: &Path, pattern: &str) -> Result<Vec<PathBuf>, LoadError> {
    let outside = |it: Component<'_>| !matches!(it, Component::Normal(_) | Component::CurDir);
    if pattern.is_empty() || pattern.starts_with('!') || Path::new(pattern).components().any(outside) {
        return Err(wrong(pattern, ""));
    }
    let tidy = pattern.trim_start_matches("./");
    let glob = glob(pattern, tidy, false)?.compile_matcher();
    let start = root.join(fixed(tidy));
    let mut files = Vec::new();
    if start.is_dir() {
        not_linked(&start, root)?;
        walk(&start, &mut files)?;
    } else if start.is_file() {
        files.push(start);
    }
    files.sort();
    files.retain(|it| it.strip_prefix(root).is_ok_and(|it| glob.is_match(it)));
    Ok(files)
}

/// The folders, and perhaps the file, that a pattern begins with.
fn fixed(pattern: &str) -> PathBuf {
    pattern.split('/').take_while(|it| !it.contains(['*', '?', '[', '{', '\\'])).collect()
}

/// Refuses a folder that lies behind a link.
fn not_linked(folder: &Path, root: &Path) -> Result<(), LoadError> {
    let links = folder.ancestors().take_while(|it| *it != root).filter(|it| it.is_symlink());
    match links.last() {
        Some(path) => Err(LoadError::LinkedFolder { path: path.to_owned() }),
        None => Ok(()),
    }
}

/// Finds the files below `root` that match a pattern and none that begins with `!`.
pub(super) fn matching(root: &Path, patterns: &[&str]) -> Result<Matching, LoadError> {
    if patterns.len() > MOST_PATTERNS {
        return Err(LoadError::Patterns(patterns.len()));
    }
    let mut globs = GlobSetBuilder::new();
    let mut left_out = GlobSetBuilder::new();
    let mut alike = GlobSetBuilder::new();
    let mut meant: Vec<usize> = Vec::new();
    let mut starts: Vec<PathBuf> = Vec::new();
    for (at, pattern) in patterns.iter().enumerate() {
        let (leaves_out, bare) = pattern.strip_prefix('!').map_or((false, *pattern), |it| (true, it));
        let outside = |it: Component<'_>| !matches!(it, Component::Normal(_) | Component::CurDir);
        if bare.is_empty() || Path::new(bare).components().any(outside) {
            return Err(wrong(pattern, ""));
        }
        let tidy = bare.trim_start_matches("./");
        let glob = |of: &str, any_case| glob(pattern, of, any_case);
        if leaves_out {
            left_out.add(glob(tidy, false)?);
            continue;
        }
        meant.push(at);
        globs.add(glob(tidy, false)?);
        if let Some(stem) = tidy.strip_suffix(".yaml").or_else(|| tidy.strip_suffix(".yml")) {
            alike.add(glob(&format!("{stem}.{{yaml,yml}}"), true)?);
        }
        let fixed = fixed(tidy);
        let start = root.join(&fixed);
        // A file that is named and not there would leave its groups out without a word.
        if fixed == Path::new(tidy) {
            fs::metadata(&start).map_err(unreadable(&start))?;
        }
        starts.push(start);
    }
    let all = |it: GlobSetBuilder| it.build().map_err(|_| wrong(&patterns.join(", "), ""));
    let (globs, left_out, alike) = (all(globs)?, all(left_out)?, all(alike)?);
    let mut files = Vec::new();
    for start in starts {
        if start.is_dir() {
            not_linked(&start, root)?;
            walk(&start, &mut files)?;
        } else if start.is_file() {
            files.push(start);
        }
    }
    files.sort();
    files.dedup();
    let mut used: BTreeSet<usize> = BTreeSet::new();
    files.retain(|it| {
        let Ok(inside) = it.strip_prefix(root) else { return false };
        let matches = globs.matches(inside);
        used.extend(&matches);
        !matches.is_empty() && !left_out.is_match(inside)
    });
    let unmatched = meant.iter().enumerate().filter(|it| !used.contains(&it.0)).map(|it| *it.1).collect();
    let expected = |it: &Path| alike.is_match(it);
    let passed_over = passed_over(root, &files, &left_out, &expected);
    Ok(Matching { files, unmatched, passed_over })
}

fn wrong(pattern: &str, why: &str) -> LoadError {
    LoadError::Pattern {
        pattern: escape::short(pattern),
        why: if why.is_empty() { "".into() } else { format!(": {why}").into() },
    }
}

/// The glob of a pattern, or of one that was made `of` it.
fn glob(pattern: &str, of: &str, any_case: bool) -> Result<Glob, LoadError> {
    let mut glob = pattern::glob(of).map_err(|why| wrong(pattern, &why.to_string()))?;
    glob.literal_separator(true).case_insensitive(any_case).build().map_err(|_| wrong(pattern, ""))
}

/// Whether a file of this path below the workspace would be one of its access files.
pub(super) fn would_match(path: &str, patterns: &[&str]) -> Result<bool, LoadError> {
    let (mut is_meant, mut is_left_out) = (false, false);
    for pattern in patterns {
        let (into, bare) = match pattern.strip_prefix('!') {
            Some(bare) => (&mut is_left_out, bare),
            None => (&mut is_meant, *pattern),
        };
        *into |= glob(pattern, bare.trim_start_matches("./"), false)?.compile_matcher().is_match(path);
    }
    Ok(is_meant && !is_left_out)
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|it| it.eq_ignore_ascii_case("yaml") || it.eq_ignore_ascii_case("yml"))
}

/// Finds the YAML files below `root` that nobody reads and that are access files by what is in them or, for `expected`,
/// by where they are. The nearest first, and no more than [`LOOKED_AT`] entries of folders: a workspace may lie in a
/// folder with much else. Nothing of other workspaces, nothing behind links, and nothing that cannot be read.
fn passed_over(
    root: &Path,
    read: &[PathBuf],
    left_out: &GlobSet,
    expected: &dyn Fn(&Path) -> bool,
) -> Vec<PathBuf> {
    let (mut found, mut budget) = (Vec::new(), LOOKED_AT);
    let mut folders = VecDeque::from([root.to_owned()]);
    'all: while let Some(folder) = folders.pop_front() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let mut entries: Vec<fs::DirEntry> = entries.flatten().collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (path, name) = (entry.path(), entry.file_name());
            if budget == 0 {
                break 'all;
            }
            budget -= 1;
            let Ok(kind) = entry.file_type() else { continue };
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            if kind.is_dir() && !path.join(WORKSPACE_FILE).is_file() {
                folders.push_back(path);
                continue;
            }
            let inside = path.strip_prefix(root).unwrap_or(&path);
            // A file of an access file's name in there would match: it would leave its groups out without a word.
            let within = inside.join("any.yaml");
            if kind.is_symlink() && path.is_dir() && expected(&within) && !left_out.is_match(&within) {
                found.push(path);
                continue;
            }
            let unread = !kind.is_dir()
                && is_yaml(&path)
                && ![WORKSPACE_FILE, SEED_FILE].map(Path::new).contains(&inside)
                && read.binary_search(&path).is_err()
                && !left_out.is_match(inside);
            if unread && (expected(inside) || kind.is_file() && looks_like_access(root, &path)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Whether a file has the keys of an access file at its top, and none of a sandbox's seed; by its beginning.
fn looks_like_access(root: &Path, path: &Path) -> bool {
    let Ok(bytes) = disk::beginning(path, Named::In(root), BEGINNING) else { return false };
    let text = String::from_utf8_lossy(&bytes);
    let keys: BTreeSet<&str> = text.lines().filter_map(|it| Some(it.split_once(':')?.0)).collect();
    let any = |names: &[&str]| names.iter().any(|it| keys.contains(it));
    any(&["version"])
        && any(&["groups", "removed", "users", "usersFrom"])
        && !any(&["companies", "roles", "tokens"])
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
