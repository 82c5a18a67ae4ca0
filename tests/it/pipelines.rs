//! The example workflows are run: each step of theirs in a shell, in a clone of a repository, as a forge does it.

use std::{fs, os::unix::fs::symlink, path::PathBuf, process::Command};

use serde_json::Value;

use crate::{
    bases::{commit, git},
    support::{World, binary, repository},
};

const DESK: &str = "ana@voyager.example, bo@voyager.example";

/// What a runner has: a clone, a folder for files of the run, and tools.
struct Runner {
    world: World,
}

/// How a workflow ended: the name and code of each step that ran, and what was posted as a comment.
struct Ended {
    steps: Vec<(String, i32)>,
    comment: String,
    /// Everything that was printed.
    log: String,
}

fn desk(members: &str) -> String {
    format!(
        "version: 1\ngroups:\n  - {{ name: Desk, description: The desk., roles: unmanaged, members: [{members}] }}\n"
    )
}

impl Runner {
    /// A repository whose branch `main` is what the API holds.
    fn new() -> Self {
        let world = World::new();
        world.configure("guards: { removals: { atMost: 5 } }\n");
        world.write("access/desk.yaml", &desk(DESK));
        commit(&world.path());
        let runner = Self { world };
        fs::create_dir(runner.at("bin")).unwrap();
        symlink(binary().get_program(), runner.at("bin/rolecall")).unwrap();
        // What it is told to post, it keeps.
        let gh = "#!/bin/sh\nwhile [ \"$1\" != --body-file ]; do shift; done; cp \"$2\" \"$RUNNER_TEMP/comment.md\"\n";
        fs::write(runner.at("bin/gh"), gh).unwrap();
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(runner.at("bin/gh"), executable).unwrap();
        runner
    }

    fn at(&self, path: &str) -> PathBuf {
        self.world.path().join("..").join(path)
    }

    /// Commits this file to the branch `change`.
    fn proposes(self, path: &str, text: &str) -> Self {
        git(&self.world.path(), &["checkout", "-q", "-b", "change"]);
        self.world.write(path, text);
        commit(&self.world.path());
        self
    }

    /// Merges what was proposed.
    fn merge(&self) {
        git(&self.world.path(), &["checkout", "-q", "main"]);
        git(&self.world.path(), &["merge", "-q", "--ff-only", "change"]);
    }

    /// Runs the steps of a workflow on a branch, but for those that install something.
    fn runs(&self, workflow: &str, branch: &str) -> Ended {
        let text = repository(&format!("examples/github-actions/{workflow}.yml"));
        let workflow: Value = serde_yaml::from_str(&text).unwrap();
        let job = workflow["jobs"].as_object().unwrap().values().next().unwrap();
        for name in ["checkout", "temp"] {
            let _ = fs::remove_dir_all(self.at(name));
        }
        fs::create_dir(self.at("temp")).unwrap();
        let mut ended = Ended { steps: Vec::new(), comment: String::new(), log: String::new() };
        let mut is_well = true;
        for step in job["steps"].as_array().unwrap() {
            if step["uses"].as_str().is_some_and(|it| it.starts_with("actions/checkout@")) {
                let whole = step["with"]["fetch-depth"] == 0;
                let origin = format!("file://{}", self.world.path().canonicalize().unwrap().display());
                let depth: &[&str] = if whole { &[] } else { &["--depth", "1"] };
                let clone = ["clone", "-q", "--branch", branch, &origin, "checkout"];
                git(&self.at("."), &[&clone[..2], depth, &clone[2..]].concat());
            }
            let Some(script) = step["run"].as_str().filter(|it| !it.starts_with("cargo install")) else {
                continue;
            };
            if is_well || step["if"] == "always()" {
                let (code, log) = self.step(step, script);
                is_well &= code == 0;
                ended.steps.push((step["name"].as_str().unwrap().to_owned(), code));
                ended.log += &log;
            }
        }
        ended.comment = fs::read_to_string(self.at("temp/comment.md")).unwrap_or_default();
        ended
    }

    /// Runs a step and returns its code and what it printed.
    fn step(&self, step: &Value, script: &str) -> (i32, String) {
        assert!(!script.contains("${{"), "what a forge puts into a script is run as one: {script}");
        let (id, secret) = self.world.client();
        let mut command = Command::new("bash");
        // As the runner does: with pipefail only where the shell is named.
        let pipefail: &[&str] = if step["shell"] == "bash" { &["-o", "pipefail"] } else { &[] };
        command.args(["--noprofile", "--norc", "-e"]).args(pipefail).args(["-c", script]);
        command.current_dir(self.at("checkout")).env_clear();
        let path = format!("{}:{}", self.at("bin").display(), std::env::var("PATH").unwrap());
        for (name, value) in [
            ("PATH", &*path),
            ("GITHUB_BASE_REF", "main"),
            ("GITHUB_REPOSITORY", "owner/access"),
            ("GITHUB_STEP_SUMMARY", self.at("temp/summary.md").to_str().unwrap()),
            ("RUNNER_TEMP", self.at("temp").to_str().unwrap()),
            ("ROLECALL_SETTLE", "30ms"),
        ] {
            command.env(name, value);
        }
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap();
            command.env(
                name,
                match value {
                    "${{ vars.ROLECALL_ENDPOINT }}" => self.world.url(),
                    "${{ github.token }}" => "gh-token".to_owned(),
                    "${{ github.event.pull_request.number }}" => "7".to_owned(),
                    it if it.ends_with("CLIENT_ID }}") => id.clone(),
                    it if it.ends_with("CLIENT_SECRET }}") => secret.clone(),
                    it => panic!("{name}: {it}"),
                },
            );
        }
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(text).unwrap())
    }
}

/// Panics unless these steps ended with these codes.
#[track_caller]
fn ran(ended: &Ended, steps: &[(&str, i32)]) {
    let found: Vec<(&str, i32)> = ended.steps.iter().map(|(name, code)| (&**name, *code)).collect();
    assert_eq!(found, steps, "{}\n{}", ended.log, ended.comment);
}

#[test]
fn a_change_is_planned_merged_applied_and_looked_after() {
    let runner = Runner::new();
    // Names that a step may write to, were it to write into the checkout.
    fs::write(runner.at("elsewhere"), "as it was").unwrap();
    for name in ["plan.md", "comment.md", "summary.md"] {
        symlink(runner.at("elsewhere"), runner.world.path().join(name)).unwrap();
    }
    let runner = runner.proposes("access/desk.yaml", &desk(&format!("{DESK}, cy@voyager.example")));
    let ended = runner.runs("pull-request", "change");
    ran(&ended, &[("Validate", 0), ("Plan", 0), ("Comment", 0)]);
    assert!(ended.comment.contains("cy@voyager.example"), "{}", ended.comment);
    assert!(!ended.comment.contains("weaker"), "{}", ended.comment);
    assert_eq!(runner.world.writes(), [""; 0]);
    assert_eq!(fs::read_to_string(runner.at("elsewhere")).unwrap(), "as it was");
    runner.merge();
    ran(&runner.runs("merge", "main"), &[("Apply", 0)]);
    assert_eq!(
        runner.world.members("Desk"),
        ["ana@voyager.example", "bo@voyager.example", "cy@voyager.example"]
    );
    ran(&runner.runs("nightly", "main"), &[("Compare", 0)]);
}

#[test]
fn a_change_of_the_rules_is_red_by_those_of_its_base() {
    for (path, text, told) in [
        ("rolecall.yaml", None, "removals.atMost"),
        ("access/desk.yaml", Some("version: 1\ngroups: []\n"), "Desk"),
        ("access/desk.yaml", Some(&*desk("unmanaged").replace("[unmanaged]", "unmanaged")), "Desk"),
    ] {
        let runner = Runner::new();
        let rules = fs::read_to_string(runner.world.path().join("rolecall.yaml")).unwrap();
        let weaker = rules.replace("atMost: 5", "atMost: 500");
        let runner = runner.proposes(path, text.unwrap_or(&weaker));
        if text.is_some_and(|it| it.contains("[]")) {
            // Files that declare nothing are another mistake.
            let night = desk("cy@voyager.example").replace("Desk", "Night").replace("The desk", "The night");
            runner.world.write("access/night.yaml", &night);
            commit(&runner.world.path());
        }
        let ended = runner.runs("pull-request", "change");
        ran(&ended, &[("Validate", 0), ("Plan", 6), ("Comment", 0)]);
        assert!(
            ended.comment.contains(told) && ended.comment.contains("weakened-rules"),
            "{}",
            ended.comment
        );
    }
}

#[test]
fn what_is_wrong_with_the_files_is_posted_and_nothing_is_planned() {
    for (text, told) in [
        ("version: 1\ngroup: []\n", "unknown-key"),
        ("version: 1\ngroups: [\n", "syntax"),
        ("version: 1\n", "nothing-declared"),
    ] {
        let runner = Runner::new().proposes("access/desk.yaml", text);
        let ended = runner.runs("pull-request", "change");
        ran(&ended, &[("Validate", 4), ("Comment", 0)]);
        assert!(ended.comment.contains(told), "{}", ended.comment);
        assert!(runner.world.log().is_empty(), "no token was asked for");
    }
}
