//! `rolecall codeowners`: the lines by which a forge asks the owners of a company for a review. Offline.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use rolecall::{
    files::{
        MAX_FILE_BYTES, WORKSPACE_FILE,
        codeowners::{self, Owned, Place},
        disk::{self, Named},
    },
    model::escape,
    report::render,
    workflow::{self, Checked},
};
use serde_json::json;

use super::{Exit, Failure, Format, Global, Operator, Output, output::document};

/// Where forges look for the list, in the order in which they do.
const PLACES: [&str; 4] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder of the workspace; the one around here where absent
    path: Option<PathBuf>,
    /// Write nothing; exit 2 if a file would change
    #[arg(long, env = "ROLECALL_CHECK")]
    check: bool,
    /// The list of owners, instead of the one where forges look for it
    #[arg(long, value_name = "FILE", env = "ROLECALL_CODEOWNERS")]
    file: Option<PathBuf>,
    /// File with limits that the files here cannot loosen
    #[arg(long, value_name = "FILE", env = "ROLECALL_POLICY")]
    policy: Option<PathBuf>,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let checked = whole(global, arguments)?;
    let owned = codeowners::owned(&checked.declared, &checked.loaded.sources);
    let (top, prefix) = repository(&checked.loaded.root)?;
    let file = match &arguments.file {
        Some(file) => named(&global.at(file), &top)?,
        None => usual(&top),
    };
    let path = top.join(&file);
    let old = match fs::symlink_metadata(&path) {
        Ok(_) => Some(
            disk::text(&path, Named::In(&top), MAX_FILE_BYTES)
                .map_err(|error| cannot("read", &file, &error))?,
        ),
        Err(_) => None,
    };
    let place = Place { file: &file, prefix: &prefix };
    let text = old.as_deref().unwrap_or_default();
    let new = codeowners::written(text, &owned, place).map_err(|why| {
        Failure::invalid(format!("{file}: {why}"))
            .hint("take the marks `# rolecall codeowners: …` out with what is between them, and run `rolecall codeowners`")
    })?;
    let changes = new != text;
    if changes && !arguments.check {
        let written = match &old {
            Some(old) => disk::rewrite(&path, Named::In(&top), old, &new).map_err(|it| it.to_string()),
            None => disk::folder(disk::around(&path))
                .and_then(|()| disk::publish(&path, new.as_bytes()))
                .map_err(|it| it.to_string()),
        };
        written.map_err(|error| cannot("write", &file, &error))?;
    }
    let difference = || render::difference::unified(text, &new, &file);
    let shown = match (changes, arguments.check) {
        (false, _) => String::new(),
        (true, true) => difference(),
        (true, false) => format!("{}\n", escape::terminal(&file)),
    };
    output.verbatim(&shown, || facts(&owned, place, changes));
    if output.format == Format::Text {
        told(&owned, &file, (changes, arguments.check), output);
    }
    Ok(if changes && arguments.check { Exit::Changes } else { Exit::Ok })
}

/// All files of the workspace, of whatever company: the list is about all of them.
fn whole(global: &Global, arguments: &Arguments) -> Result<Checked, Failure> {
    let paths: Vec<PathBuf> = arguments.path.iter().cloned().collect();
    let chosen = global.load(&paths, None)?;
    let loaded = match chosen.portion {
        None => chosen,
        Some(_) => global.read(&paths).map_err(workflow::Error::from)?,
    };
    if loaded.files.workspace.is_none() || loaded.partial {
        return Err(Failure::invalid(format!(
            "a list of owners is that of a whole workspace: name a folder with {WORKSPACE_FILE}"
        ))
        .hint("run it in the folder of the workspace"));
    }
    let operator = Operator { policy: arguments.policy.clone(), identity: None };
    global.judged_with(workflow::sound(loaded)?, None, &operator)
}

/// The top of the repository around a workspace, and the folder of the workspace in it.
fn repository(root: &Path) -> Result<(PathBuf, String), Failure> {
    let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let Some(top) = root.ancestors().find(|it| it.join(".git").exists()) else {
        return Err(Failure::invalid(format!("{} is not in a Git repository", root.display())).hint(
            "a list of owners is read by the forge that the repository is kept on: run it in a clone",
        ));
    };
    Ok((
        top.to_owned(),
        slashed(root.strip_prefix(top).unwrap_or(&root)).map_or_else(String::new, |it| it + "/"),
    ))
}

/// The list that is there, or else the one to make.
fn usual(top: &Path) -> String {
    let there = PLACES.into_iter().find(|it| fs::symlink_metadata(top.join(it)).is_ok());
    let has = |it: &str| top.join(it).exists();
    let new = if has(".gitlab-ci.yml") && !has(".github") { ".gitlab/CODEOWNERS" } else { PLACES[0] };
    there.unwrap_or(new).to_owned()
}

/// The path in the repository of a list that was named.
fn named(path: &Path, top: &Path) -> Result<String, Failure> {
    let folder = fs::canonicalize(disk::around(path)).ok();
    let whole = folder.zip(path.file_name()).map(|(folder, name)| folder.join(name));
    let inside = whole.as_ref().and_then(|it| slashed(it.strip_prefix(top).ok()?));
    inside.ok_or_else(|| {
        Failure::invalid(format!("{} is not in the repository {}", path.display(), top.display()))
            .hint("forges read a list of owners in the repository alone; its folder has to be there")
    })
}

/// A path with `/` everywhere; `None` where there is nothing of it.
fn slashed(path: &Path) -> Option<String> {
    let parts: Vec<_> = path.components().map(|it| it.as_os_str().to_string_lossy()).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

fn cannot(what: &str, file: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::invalid(format!("cannot {what} {file}: {error}"))
        .hint("name another list with `--file`, or put the file itself there")
}

fn told(owned: &BTreeMap<String, Owned>, file: &str, (changes, check): (bool, bool), output: &Output) {
    if owned.is_empty() {
        output.remark("`policies:` has no `owners`: nothing takes a review.");
    } else if !changes {
        let files = render::counted(owned.len(), "file", "files");
        output.remark(&format!("Nothing to change in {file}: {files} with owners."));
    } else if check {
        output
            .remark(&format!("{file} is not what the files take: run `rolecall codeowners`, and commit it."));
    }
}

/// The result for programs.
fn facts(owned: &BTreeMap<String, Owned>, place: Place<'_>, changes: bool) -> String {
    let file = |(path, it): (&String, &Owned)| json!({ "path": format!("{}{path}", place.prefix), "policies": it.policies, "approvers": it.approvers });
    let status = if changes { "changed" } else { "unchanged" };
    let owned: Vec<_> = owned.iter().map(file).collect();
    document("codeowners", &json!({ "file": place.file, "status": status, "owned": owned }))
}
