//! The files that are named to be laid out, and their text. Each stands for itself: `rolecall.yaml` alone is the one file,
//! and a folder that is a workspace all of its files.
//!
//! Writes nothing, and says nothing of what is in a file but that it cannot be read as text.

use std::path::{Path, PathBuf};

use super::{
    WORKSPACE_FILE,
    decode::decoded,
    disk,
    format::Kind,
    load::{LoadError, Loaded},
    mapping::Given,
    read::{self, DEFAULT_PATTERN},
    workspace::WorkspaceFile,
};
use crate::model::{
    finding::Finding,
    source::{FileId, Sources},
};

/// Files with their text.
#[derive(Debug, Default)]
pub struct Chosen {
    /// Their texts.
    pub sources: Sources,
    /// Each once, in the order of their paths.
    pub files: Vec<File>,
    /// Of files that are no text.
    pub findings: Vec<Finding>,
}

/// A file.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct File {
    pub id: FileId,
    pub path: PathBuf,
    /// The folder that it has to lie in, links and all.
    pub within: PathBuf,
    pub kind: Kind,
}

/// Reads the files that `paths` name; none means the workspace around `from`.
///
/// # Errors
///
/// What cannot be read, and folders that are in no workspace.
pub fn chosen(paths: &[PathBuf], from: &Path) -> Result<Chosen, LoadError> {
    let here = [read::workspace_of(from)];
    let whole: Vec<PathBuf> = match (paths, &here) {
        ([], [Some(root)]) => vec![root.clone()],
        ([], [None]) => return Err(read::no_workspace(from)),
        _ => paths.to_vec(),
    };
    let mut found: Vec<(PathBuf, PathBuf)> = Vec::new();
    for path in &whole {
        read::not_led_out(path)?;
        let root = read::workspace_of(path);
        if !path.is_dir() {
            found.push((path.clone(), root.unwrap_or_else(|| disk::around(path).to_owned())));
            continue;
        }
        let Some(root) = root else { return Err(read::no_workspace(path)) };
        let files = if read::is_workspace(path) {
            let mut files = vec![root.join(WORKSPACE_FILE)];
            files.extend(access_files(&root)?);
            files
        } else {
            read::below(&root, std::slice::from_ref(path))?.0
        };
        found.extend(files.into_iter().map(|it| (it, root.clone())));
    }
    let shown = |path: &Path| read::shown(from, path);
    found.sort_by_cached_key(|it| shown(&it.0));
    found.dedup_by_key(|it| shown(&it.0));
    let mut loaded = Loaded::default();
    let mut files = Vec::with_capacity(found.len());
    for (path, within) in found {
        if let Some(id) = loaded.read(shown(&path), &path, &within)? {
            let is_workspace = path.file_name().is_some_and(|it| it == WORKSPACE_FILE);
            let kind = match (is_workspace, Kind::of(&loaded.sources.file(id).text)) {
                (true, _) => Kind::Workspace,
                (false, Kind::Policy) => Kind::Policy,
                (false, Kind::Access | Kind::Workspace) => Kind::Access,
            };
            files.push(File { id, path, within, kind });
        }
    }
    Ok(Chosen { sources: loaded.sources, files, findings: loaded.findings })
}

/// The access files of a workspace, as far as it is certain which these are.
fn access_files(root: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let path = root.join(WORKSPACE_FILE);
    let Ok(text) = read::text(&path, root)? else { return Ok(Vec::new()) };
    let patterns: Vec<String> = match decoded::<WorkspaceFile>(&text, FileId::default()).value {
        Some(WorkspaceFile { access: Given::Absent, .. }) => vec![DEFAULT_PATTERN.to_owned()],
        Some(WorkspaceFile { access: Given::Is(all), .. }) => all.into_iter().map(|it| it.v).collect(),
        Some(WorkspaceFile { access: Given::Wrong, .. }) | None => Vec::new(),
    };
    let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
    Ok(read::matching(root, &patterns)?.files)
}
