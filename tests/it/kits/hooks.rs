//! The hooks for pre-commit, by pre-commit where it is installed, and otherwise as it would call them.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use super::repository::{DESK, Repository, desk};
use crate::{
    bases::{commit, git},
    support::{Run, repository, words},
};

/// A tool of PyPI, from `tests/tools` or the PATH; where there is none, that is said even if the output of tests is not shown.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin").join(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = [ours]
        .into_iter()
        .chain(std::env::split_paths(&path).map(|it| it.join(name)))
        .find(|it| it.is_file());
    if found.is_none() {
        // Not by a macro, which tests are not shown the output of.
        let text =
            format!("SKIPPED: a test that runs {name}, which is not installed (`.ci/environment` does it)\n");
        io::stderr().write_all(text.as_bytes()).unwrap();
    }
    found
}

/// A hook of this repository.
fn hook(id: &str) -> Value {
    let hooks: Value = serde_yaml::from_str(&repository(".pre-commit-hooks.yaml")).unwrap();
    hooks.as_array().unwrap().iter().find(|it| it["id"] == id).unwrap_or_else(|| panic!("{id}")).clone()
}

/// Runs a hook as pre-commit does, over these files.
fn runs(repository: &Repository, id: &str, files: &[&str]) -> Run {
    let hook = hook(id);
    let mut line = words(hook["entry"].as_str().unwrap());
    if hook["pass_filenames"] != false {
        line.extend(files.iter().map(|it| (*it).to_owned()));
    }
    assert_eq!((line.remove(0), &hook["language"]), ("rolecall".to_owned(), &Value::from("system")));
    let mut command = repository.world.command();
    command.args(line).stdin(Stdio::null()).output().unwrap().into()
}

#[test]
fn the_hooks_check_the_workspace_and_lay_files_out() {
    let repository = Repository::new();
    runs(&repository, "rolecall-validate", &["access/desk.yaml"]).expect(0);
    runs(&repository, "rolecall-fmt", &["access/desk.yaml", "rolecall.yaml"]).expect(0);
    assert_eq!(fs::read_to_string(repository.world.path().join("access/desk.yaml")).unwrap(), desk(&DESK));
    // What is wrong elsewhere is found as well: a commit is of the whole workspace.
    repository.world.write("access/other.yaml", "version: 1\ngroup: []\n");
    runs(&repository, "rolecall-validate", &["access/desk.yaml"]).expect(4);
    repository.world.write("access/desk.yaml", &desk(&["b@voyager.example", "a@voyager.example"]));
    runs(&repository, "rolecall-fmt", &["access/desk.yaml"]).expect(0);
    assert_eq!(
        fs::read_to_string(repository.world.path().join("access/desk.yaml")).unwrap(),
        desk(&["a@voyager.example", "b@voyager.example"])
    );
}

/// By pre-commit itself, from a commit of this very file.
#[test]
fn pre_commit_takes_the_hooks_up() {
    let Some(pre_commit) = tool("pre-commit") else { return };
    let hooks = tempfile::tempdir().unwrap();
    fs::write(hooks.path().join(".pre-commit-hooks.yaml"), repository(".pre-commit-hooks.yaml")).unwrap();
    commit(hooks.path());
    let tested = Repository::new();
    let revision = {
        let output =
            Command::new("git").arg("-C").arg(hooks.path()).args(["rev-parse", "HEAD"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let config = format!(
        "repos:\n  - repo: {}\n    rev: {revision}\n    hooks: [{{ id: rolecall-validate }}, {{ id: rolecall-fmt }}]\n",
        hooks.path().display()
    );
    tested.world.write(".pre-commit-config.yaml", &config);
    let run = || -> Run {
        git(&tested.world.path(), &["add", "."]);
        let mut command = Command::new(&pre_commit);
        command.args(["run", "--all-files", "--color", "never"]).current_dir(tested.world.path()).env_clear();
        let path = format!("{}:{}", tested.forge("installed").display(), std::env::var("PATH").unwrap());
        command
            .env("PATH", path)
            .env("HOME", hooks.path())
            .env("PRE_COMMIT_HOME", hooks.path().join("cache"));
        command.envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")]);
        command.stdin(Stdio::null()).output().unwrap().into()
    };
    let sound = run().expect(0);
    assert_eq!(sound.stdout.matches("Passed").count(), 2, "{}", sound.stdout);
    tested.world.write("access/desk.yaml", &desk(&["cy@voyager.example", "ana@voyager.example"]));
    let moved = run().expect(1);
    assert!(moved.stdout.contains("files were modified by this hook"), "{}", moved.stdout);
    run().expect(0);
    tested.world.write("access/desk.yaml", "version: 1\ngroup: []\n");
    let wrong = run().expect(1);
    assert!(wrong.stdout.contains("unknown-key"), "{}", wrong.stdout);
}
