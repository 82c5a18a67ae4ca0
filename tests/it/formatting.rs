//! `rolecall fmt`: what becomes of files, which are written, and which are left.

use std::{fs, io::Write as _, path::Path, process::Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::support::{Run, World, binary, repository, words};

const UGLY: &str = "tests/fuzz/corpus/layout/ugly.yaml";
/// A day after which some covers of the quickstart have ended.
const NOW: &str = "2026-11-20T09:00:00Z";

const TIDY: &str =
    "version: 1\n\ngroups:\n  - name: Desk\n    description: The desk\n    roles: []\n    members: []\n";
const UNTIDY: &str = "version: 1\ngroups: [{name: Desk, description: The desk, members: [], roles: []}]\n";
const BROKEN: &str = "version: 1\ngroups:\n  - nmae: Desk\n";
const LEFT: &str = "%YAML 1.2\n---\nversion: 1\ngroups: []\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn run(folder: &Path, line: &str) -> Run {
    binary().args(words(line)).current_dir(folder).stdin(Stdio::null()).output().unwrap().into()
}

fn piped(line: &str, text: &str) -> Run {
    let mut command = binary();
    command.args(words(line)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap().into()
}

fn text(folder: &TempDir, path: &str) -> String {
    fs::read_to_string(folder.path().join(path)).unwrap()
}

#[test]
fn an_ugly_file_becomes_one_that_reads_well() {
    let ugly = repository(UGLY);
    let new = piped("fmt -", &ugly).expect(0).stdout;
    insta::assert_snapshot!(format!("{ugly}\n──── becomes ────\n\n{new}"));
    let workspace = repository("tests/fuzz/corpus/layout/workspace.yaml");
    let new = piped("fmt -", &workspace).expect(0).stdout;
    insta::assert_snapshot!("a_workspace_file", format!("{workspace}\n──── becomes ────\n\n{new}"));
}

#[test]
fn files_are_written_where_they_change_and_only_there() {
    let files = [("rolecall.yaml", "version: 1\n"), ("access/a.yaml", UNTIDY), ("access/b.yaml", TIDY)];
    let folder = folder(&files);
    let before = fs::metadata(folder.path().join("access/b.yaml")).unwrap().modified().unwrap();
    let run = |line: &str| run(folder.path(), line);
    assert_eq!(run("fmt --check").expect(2).stdout, "access/a.yaml\n");
    let diff = run("fmt --diff").expect(0);
    assert!(
        diff.stdout.starts_with("--- access/a.yaml\n+++ access/a.yaml\n@@ -1,2 +1,7 @@\n"),
        "{}",
        diff.stdout
    );
    assert_eq!(diff.stdout, run("fmt --diff --check").expect(2).stdout);
    assert_eq!(text(&folder, "access/a.yaml"), UNTIDY, "nothing was asked to be written");
    assert_eq!(run("fmt").expect(0).stdout, "access/a.yaml\n");
    assert_eq!(text(&folder, "access/a.yaml"), TIDY);
    assert_eq!(fs::metadata(folder.path().join("access/b.yaml")).unwrap().modified().unwrap(), before);
    for line in ["fmt", "fmt --check", "fmt --diff", "fmt access/a.yaml", "fmt access", "fmt rolecall.yaml"] {
        let again = run(line).expect(0).says(&["Nothing to change in "]);
        assert_eq!(again.stdout, "", "{line}");
    }
    run("fmt -q").expect(0);
    let left: Vec<_> = fs::read_dir(folder.path().join("access")).unwrap().collect();
    assert_eq!(left.len(), 2, "nothing is left behind: {left:?}");
}

#[test]
fn a_file_is_named_alone_and_needs_no_workspace() {
    let files = [
        ("one.yaml", UNTIDY),
        ("two.yaml", UNTIDY),
        ("w/rolecall.yaml", "version: 1\ncompany: x\n"),
        ("w/access/a.yaml", UNTIDY),
    ];
    let folder = folder(&files);
    assert_eq!(
        run(folder.path(), "fmt one.yaml w/rolecall.yaml").expect(0).stdout,
        "one.yaml\nw/rolecall.yaml\n"
    );
    assert_eq!(text(&folder, "two.yaml"), UNTIDY);
    assert_eq!(text(&folder, "w/access/a.yaml"), UNTIDY);
    assert_eq!(text(&folder, "w/rolecall.yaml"), "version: 1\n\ncompany: x\n");
    run(folder.path(), "fmt").expect(4).says(&["no rolecall.yaml in "]);
    run(folder.path(), "fmt missing.yaml").expect(4).says(&["cannot read missing.yaml"]);
    assert_eq!(run(folder.path(), "fmt -C w").expect(0).stdout, "access/a.yaml\n");
}

#[test]
fn what_is_piped_in_comes_out() {
    assert_eq!(piped("fmt -", UNTIDY).expect(0).stdout, TIDY);
    assert_eq!(piped("fmt -", TIDY).expect(0).stdout, TIDY);
    assert_eq!(piped("fmt - --check", UNTIDY).expect(2).stdout, "(standard input)\n");
    assert_eq!(piped("fmt - --check", TIDY).expect(0).stdout, "");
    assert!(piped("fmt - --diff", UNTIDY).expect(0).stdout.starts_with("--- (standard input)\n"));
    let broken = piped("fmt -", BROKEN).expect(4).says(&["did you mean `name`?", "(standard input):3:5"]);
    assert_eq!(broken.stdout, "", "an editor keeps what it has");
    assert_eq!(piped("fmt -", LEFT).expect(4).says(&["left as it is"]).stdout, "");
    assert_eq!(piped("fmt - --format json", UNTIDY).expect(0).json()["files"][0]["text"], TIDY);
    let policy = repository("tests/fuzz/corpus/layout/policy.yaml");
    let new = "version: 1\n\nguards: # of the operator\n  removals: { atMost: 5 }\n  holders: 3\n";
    assert_eq!(piped("fmt -", &policy).expect(0).stdout, new);
    piped("fmt - x.yaml", UNTIDY).expect(4).says(&["`-` stands for one file"]);
}

#[test]
fn a_file_that_is_broken_or_left_holds_up_no_other() {
    let files = [
        ("rolecall.yaml", "version: 1\n"),
        ("access/broken.yaml", BROKEN),
        ("access/left.yaml", LEFT),
        ("access/untidy.yaml", UNTIDY),
    ];
    let folder = folder(&files);
    for line in ["fmt --check", "fmt --diff", "fmt"] {
        let run = run(folder.path(), line).expect(4);
        assert!(
            run.stdout.contains("access/untidy.yaml\n") && !run.stdout.contains("broken"),
            "{}",
            run.stdout
        );
        run.says(&[
            "left as it is: access/left.yaml: it holds a directive",
            "access/broken.yaml:3:5",
            "did you mean `name`?",
        ]);
    }
    assert_eq!(text(&folder, "access/untidy.yaml"), TIDY);
    assert_eq!([text(&folder, "access/broken.yaml"), text(&folder, "access/left.yaml")], [BROKEN, LEFT]);
    let document = run(folder.path(), "fmt --format json").expect(4).json();
    let status: Vec<_> =
        document["files"].as_array().unwrap().iter().map(|it| it["status"].clone()).collect();
    assert_eq!(status, ["invalid", "left", "unchanged", "unchanged"]);
    assert_eq!(document["findings"][0]["code"], "unknown-key");
    assert_eq!((&document["kind"], &document["version"]), (&json!("formatted"), &json!(1)));
}

#[test]
fn what_has_ended_is_taken_out_with_its_comments_and_the_plan_is_the_same() {
    let world = World::new()
        .ruled(
            "exceptions:\n  - { guard: removals, group: Desk, upTo: 9, until: 2026-01-31, reason: moved }\n",
        )
        .groups(
            "  - name: Desk
    description: The desk.
    roles:
      # for the audit
      - { role: Agent, scope: { company: globex }, until: 2026-06-30 } # it is over
    members:
      # covers for others
      - { email: bo@voyager.example, until: 2026-06-30 }
      - ana@voyager.example

      # Cy helps out
      - email: cy@voyager.example
        # as agreed
        until: 2026-11-18
        reason: cover
      - { email: root@voyager.example, until: 2026-11-20 }
  - name: Night
    description: The night.
    roles: unmanaged
    members:
      atLeast:
        - { email: cy@voyager.example, until: 2026-01-31 }
",
        );
    let plan = |world: &World| {
        let plan = world.run(&format!("plan --now {NOW} --format json")).expect(0).json();
        (plan["id"].clone(), plan["summary"].clone())
    };
    let before = plan(&world);
    world.forget();
    let run = world.run(&format!("fmt --prune-expired --now {NOW}")).expect(0).says(&[
        "ended: rolecall.yaml:8: { guard: removals, group: Desk, upTo: 9, until: 2026-01-31, reason: moved }",
        "ended: access/a.yaml:7: { role: Agent, scope: { company: globex }, until: 2026-06-30 }",
        "with its comment: # for the audit",
        "with its comment: # it is over",
        "it was the last of its list",
        "ended: access/a.yaml:10: { email: bo@voyager.example, until: 2026-06-30 }",
        "ended: access/a.yaml:14: { email: cy@voyager.example, until: 2026-11-18, reason: cover }",
        "with its comment: # as agreed",
        "ended, and kept: access/a.yaml:24: { email: cy@voyager.example, until: 2026-01-31 }",
    ]);
    assert!(
        !run.stderr.contains("Cy helps out") && !run.stderr.contains("covers for others"),
        "{}",
        run.stderr
    );
    assert_eq!(world.log().len(), 0, "it asks nobody");
    assert_eq!(
        fs::read_to_string(world.path().join("access/a.yaml")).unwrap(),
        "version: 1

groups:
  - name: Desk
    description: The desk.
    roles: []
    members:
      # covers for others
      - ana@voyager.example

      # Cy helps out
      - { email: root@voyager.example, until: 2026-11-20 }

  - name: Night
    description: The night.
    roles: unmanaged
    members:
      atLeast:
        - { email: cy@voyager.example, until: 2026-01-31 }
"
    );
    assert!(fs::read_to_string(world.path().join("rolecall.yaml")).unwrap().ends_with("\nexceptions: []\n"));
    assert_eq!(plan(&world), before);
    world.run(&format!("fmt --check --prune-expired --now {NOW}")).expect(0);
    world.run("fmt --check --prune-expired --now 2026-11-22").expect(2);
    world.run("fmt --check --now 2027-11-22").expect(0);
}

#[test]
fn the_examples_are_laid_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_eq!(run(root, "fmt --check examples/quickstart").expect(0).stdout, "");
}

#[test]
fn every_sample_that_is_valid_stays_so() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests/valid");
    for entry in fs::read_dir(root).unwrap().map(|it| it.unwrap().path()).filter(|it| it.is_file()) {
        let old = fs::read_to_string(&entry).unwrap();
        let folder = folder(&[("a.yaml", &old)]);
        run(folder.path(), "fmt a.yaml").expect(0);
        run(folder.path(), "validate a.yaml").expect(0);
        run(folder.path(), "fmt --check a.yaml").expect(0);
        let comments = |it: &str| it.matches('#').count();
        assert_eq!(comments(&old), comments(&text(&folder, "a.yaml")), "{}", entry.display());
    }
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_rights_and_a_link_to_it_stays_one() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder =
        folder(&[("rolecall.yaml", "version: 1\n"), ("shared/real.yaml", UNTIDY), ("access/b.yaml", UNTIDY)]);
    let real = folder.path().join("shared/real.yaml");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o664)).unwrap();
    symlink("../shared/real.yaml", folder.path().join("access/a.yaml")).unwrap();
    run(folder.path(), "fmt").expect(0);
    assert!(folder.path().join("access/a.yaml").is_symlink());
    assert_eq!(text(&folder, "shared/real.yaml"), TIDY);
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o664);
    // Out of the workspace a link is not followed, for reading or for writing.
    let outside = self::folder(&[("x.yaml", UNTIDY)]);
    symlink(outside.path().join("x.yaml"), folder.path().join("access/c.yaml")).unwrap();
    run(folder.path(), "fmt").expect(4).says(&["link"]);
    assert_eq!(text(&outside, "x.yaml"), UNTIDY);
}
