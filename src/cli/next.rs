//! What can be typed next: the commands that go on from an apply, and that lead back from it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rolecall::model::portion::Shard;

use super::{Global, Only, init::Begun};

pub(super) fn again(
    global: &Global,
    paths: &[PathBuf],
    (only, shard): (Option<Only>, Option<Shard>),
) -> String {
    let paths = paths.iter().map(|it| typed(&it.display().to_string()));
    let paths: String = paths.map(|it| format!(" {it}")).collect();
    let only = only.map(|it| format!(" --only {}", it.name())).unwrap_or_default();
    let shard = shard.map(|it| format!(" --shard {it}")).unwrap_or_default();
    format!("{} apply{paths}{only}{shard}{}", program(global), target(global))
}

/// What goes on from a workspace that was written.
pub(super) fn plan(global: &Global) -> String {
    format!("{} plan", program(global))
}

/// What goes on from a workspace that was begun: a plan, or first what there is to plan.
pub(super) fn after_init(global: &Global, begun: &Begun, imported: bool, no_import: bool) -> String {
    match begun {
        Begun::Rehearsal => plan(global),
        Begun::Own { .. } if imported => plan(global),
        Begun::Own { .. } if !no_import => format!("{} import --merge", program(global)),
        Begun::Own { .. } => format!("write the first group, and {} plan", program(global)),
    }
}

/// What goes on from a saved plan: the rest of it is another plan.
pub(super) fn again_saved(global: &Global) -> String {
    format!("{} plan{}, and have that approved", program(global), target(global))
}

fn program(global: &Global) -> String {
    match &global.workspace {
        Some(workspace) => format!("rolecall -C {}", typed(&workspace.display().to_string())),
        None => "rolecall".to_owned(),
    }
}

/// The command that leads back. It is told the workspace where the folder of the caller is not inside.
pub(super) fn undo(global: &Global, root: &Path, journal: &Path) -> String {
    let here = Path::new(".");
    let inside = fs::canonicalize(here)
        .ok()
        .zip(fs::canonicalize(root).ok())
        .is_some_and(|(here, root)| here.starts_with(root));
    let (folder, option) =
        if inside { (here, String::new()) } else { (root, format!(" -C {}", typed_in(here, root))) };
    format!("rolecall{option} rollback {}{}", typed_in(folder, journal), target(global))
}

/// The options that say which API and company a run was about, where the command line did: with others,
/// the same command is about something else.
fn target(global: &Global) -> String {
    let is_set = |variable: &str, value: &str| std::env::var(variable).is_ok_and(|it| it == value);
    let endpoint = global.endpoint.iter().filter(|it| !is_set("ROLECALL_ENDPOINT", it));
    let endpoint = endpoint.map(|it| format!(" --endpoint {}", typed(it)));
    let companies = global.company.iter().filter(|it| !is_set("ROLECALL_COMPANY", it));
    endpoint.chain(companies.map(|it| format!(" --company {}", typed(it)))).collect()
}

/// A path as it can be typed in a folder: relative to it where it is inside.
fn typed_in(folder: &Path, path: &Path) -> String {
    let whole = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    typed(&whole.strip_prefix(folder).unwrap_or(&whole).display().to_string())
}

/// A word as it has to be typed.
fn typed(word: &str) -> String {
    let plain = |it: char| it.is_alphanumeric() || "/._-:".contains(it);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
