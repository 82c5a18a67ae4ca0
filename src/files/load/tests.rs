//! Which files a run reads, and what is said of those that cannot be.

use std::fs;

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
    // What was only noticed has no text.
    loaded.sources.files().filter(|(_, it)| !it.text.is_empty()).map(|(_, it)| it.path.as_str()).collect()
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
    let folder =
        workspace(&[("rolecall.yaml", "version: 1\n"), ("access/a.yaml", EMPTY), ("access/b.yaml", EMPTY)]);
    let loaded = load(&[folder.path().join("access/b.yaml")], Path::new("/")).unwrap();
    assert_eq!(names(&loaded), ["rolecall.yaml", "access/b.yaml"]);
    assert!(loaded.files.workspace.is_some());
}

#[test]
fn the_workspace_among_the_paths_stands_for_all_of_it() {
    let folder =
        workspace(&[("rolecall.yaml", "version: 1\n"), ("access/a.yaml", EMPTY), ("access/b.yaml", EMPTY)]);
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
    assert!(matches!(load(&[folder.path().to_owned()], Path::new("/")), Err(LoadError::NoWorkspace { .. })));
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
    let refused = |folder: &tempfile::TempDir| load(&[folder.path().to_owned()], Path::new("/")).unwrap_err();
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
    assert!(matches!(load(&[folder.path().join("no")], Path::new("/")), Err(LoadError::Unreadable { .. })));
    fs::write(folder.path().join("rolecall.yaml"), b"version: \xff").unwrap();
    let loaded = load(&[folder.path().to_owned()], Path::new("/")).unwrap();
    assert_eq!(loaded.findings[0].code, Code::Syntax);
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
