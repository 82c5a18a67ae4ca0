//! What holds for every workflow here, whatever it does: who may do what, with whose code, for how long.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use serde_json::Value;

use crate::support::{binary, repository, words};

/// What a step is given that rolecall reads, or a shell of ours: `docs/reference/environment.md` has the former.
const OURS: [&str; 15] = [
    "BEFORE",
    "BRANCH",
    "FILES",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "HEAD",
    "HEAD_SHA",
    "IS_FORK",
    "LIVE",
    "PLAN_ID",
    "PULL_REQUEST",
    "REPOSITORY",
    "RUST_VERSION",
    "TARGET",
    "VERSION",
];

/// Actions that were looked at.
const ACTIONS: [&str; 5] = [
    "OWNER/rolecall",
    "actions/attest-build-provenance",
    "actions/checkout",
    "actions/download-artifact",
    "actions/upload-artifact",
];

/// Every workflow, with its path.
pub(super) fn workflows() -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for folder in ["examples/github-actions", ".github/workflows"] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let path = format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap());
            let text = repository(&path);
            let parsed = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
            all.push((path, text, parsed));
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn jobs(workflow: &Value) -> impl Iterator<Item = (&String, &Value)> {
    workflow["jobs"].as_object().unwrap().iter()
}

fn steps(job: &Value) -> impl Iterator<Item = &Value> {
    job["steps"].as_array().unwrap().iter()
}

#[test]
fn the_workflows_are_these() {
    let names: Vec<String> = workflows().into_iter().map(|it| it.0).collect();
    let kit = ["comment", "merge", "nightly", "pull-request", "snapshot"];
    let kit = kit.map(|it| format!("examples/github-actions/{it}.yml"));
    assert_eq!(names, [&[".github/workflows/release.yml".to_owned()][..], &kit].concat());
}

/// A tag may be moved to other code, a commit not.
#[test]
fn every_action_is_one_that_was_looked_at_by_its_commit_and_the_same_everywhere() {
    let mut pins = BTreeSet::new();
    for (path, text, _) in workflows() {
        for line in text.lines().filter_map(|it| it.trim().trim_start_matches("- ").strip_prefix("uses: ")) {
            let (name, rest) = line.split_once('@').unwrap_or_else(|| panic!("{path}: {line}"));
            let (commit, version) = rest.split_once(" # v").unwrap_or_else(|| panic!("{path}: {line}"));
            assert!(commit.len() == 40 && commit.chars().all(|it| it.is_ascii_hexdigit()), "{path}: {line}");
            assert_eq!(version.split('.').count(), 3, "{path}: {line}");
            assert!(ACTIONS.contains(&name), "{path}: {line}");
            pins.insert(line.to_owned());
        }
    }
    assert_eq!(pins.len(), ACTIONS.len(), "{pins:#?}");
}

#[test]
fn no_script_is_put_together_from_what_others_may_have_written() {
    let action: Value = serde_yaml::from_str(&repository("action.yml")).unwrap();
    let of_action: Vec<Value> = steps(&action["runs"]).cloned().collect();
    let of_workflows = workflows().into_iter().flat_map(|it| {
        jobs(&it.2).flat_map(|it| steps(it.1).cloned().collect::<Vec<_>>()).collect::<Vec<_>>()
    });
    let mut scripts = 0;
    for step in of_workflows.chain(of_action) {
        let Some(script) = step["run"].as_str() else { continue };
        assert!(!script.contains("${{"), "{script}");
        // What is put in place of a variable is one word.
        assert!(
            !script.contains("eval ") && !script.contains("| sh") && !script.contains("| bash"),
            "{script}"
        );
        scripts += 1;
    }
    assert!(scripts > 20, "{scripts}");
}

#[test]
fn every_job_has_an_end_and_no_more_rights_than_it_uses() {
    for (path, text, workflow) in workflows() {
        assert!(!text.contains("pull_request_target"), "{path}");
        assert_eq!(workflow["permissions"], serde_json::json!({}), "{path}");
        assert!(workflow["concurrency"]["group"].is_string(), "{path}");
        assert_eq!(workflow["defaults"]["run"]["shell"], "bash", "{path}");
        let on = workflow.get("on").or_else(|| workflow.get("true")).unwrap();
        // One that never starts would be waited for.
        assert!(!on.to_string().contains("paths"), "{path}");
        for (name, job) in jobs(&workflow) {
            assert!(job["timeout-minutes"].as_u64().is_some_and(|it| it <= 60), "{path} {name}");
            let rights: Vec<String> = job["permissions"]
                .as_object()
                .unwrap_or_else(|| panic!("{path} {name} says nothing of permissions"))
                .iter()
                .map(|(what, how)| format!("{what}: {}", how.as_str().unwrap()))
                .collect();
            let writes: Vec<&String> = rights.iter().filter(|it| it.ends_with("write")).collect();
            let comments =
                steps(job).any(|it| it["run"].as_str().is_some_and(|it| it.contains("rolecall comment")));
            match name.as_str() {
                "release" => {
                    assert_eq!(writes, ["attestations: write", "contents: write", "id-token: write"]);
                }
                _ => assert_eq!(
                    writes,
                    if comments { vec!["pull-requests: write"] } else { Vec::new() },
                    "{path} {name}"
                ),
            }
            // What may write sees no file of a change.
            let reads =
                |it: &Value| it["uses"].as_str().is_some_and(|it| it.starts_with("actions/checkout@"));
            assert!(!(comments && steps(job).any(reads)), "{path} {name}");
            assert_eq!(
                rights.iter().any(|it| it == "contents: read"),
                steps(job).any(reads),
                "{path} {name}"
            );
            for step in steps(job).filter(|it| reads(it)) {
                assert_eq!(step["with"]["persist-credentials"], false, "{path} {name}");
                // Nobody else's commit is taken up by name.
                assert!(
                    matches!(step["with"]["ref"].as_str(), None | Some("${{ github.ref }}")),
                    "{path} {name}"
                );
            }
        }
    }
}

#[test]
fn secrets_are_those_of_an_environment_and_go_to_rolecall_alone() {
    let documented = repository("docs/reference/environment.md");
    let writing = ["access-apply", "access-expired"];
    let mut given = 0;
    for (path, text, workflow) in workflows() {
        for (name, job) in jobs(&workflow) {
            let environment = job["environment"].as_str();
            for step in steps(job) {
                let secret = step.to_string().contains("secrets.");
                if secret {
                    given += 1;
                    let environment = environment
                        .unwrap_or_else(|| panic!("{path} {name}: a secret outside an environment"));
                    assert!(
                        text.contains(&format!("#   {environment} "))
                            || text.contains(&format!("`{environment}`"))
                            || path.contains("snapshot"),
                        "{path} does not say what {environment} is"
                    );
                    let env = step["env"].as_object().expect("only steps that run");
                    // No change of a file decides where the credentials go.
                    assert_eq!(env["ROLECALL_ENDPOINT"], "${{ vars.ROLECALL_ENDPOINT }}", "{path} {name}");
                    // What people look at before a pull request has it is nothing that the night waits for.
                    let is_change = path.ends_with("pull-request.yml");
                    assert_eq!(environment == "access-read", is_change, "{path} {name}");
                    let reads = env["ROLECALL_CLIENT_SECRET"] == "${{ secrets.ROLECALL_READ_CLIENT_SECRET }}";
                    assert_eq!(reads, !writing.contains(&environment), "{path} {name}");
                    // Nothing of the change is run: git, the shell, and rolecall.
                    for line in step["run"].as_str().unwrap().lines() {
                        let first = line.split_whitespace().next().unwrap();
                        assert!(["rolecall", "mkdir", "if", "{"].contains(&first), "{path} {name}: {line}");
                    }
                }
                for variable in step["env"].as_object().into_iter().flat_map(|it| it.keys()) {
                    let known =
                        OURS.contains(&variable.as_str()) || documented.contains(&format!("`{variable}`"));
                    assert!(known, "{path} {name}: {variable}");
                }
            }
            assert_eq!(
                environment.is_some(),
                job.to_string().contains("secrets.") || name == "release",
                "{path} {name}"
            );
            // For a pull request of a fork there are none.
            if path.ends_with("pull-request.yml") && environment.is_some() {
                let condition = job["if"].as_str().unwrap();
                assert!(
                    condition.contains("github.event.pull_request.head.repo.full_name == github.repository"),
                    "{name}"
                );
            }
        }
    }
    assert_eq!(given, 7);
}

#[test]
fn no_kit_applies_what_nobody_approved() {
    let all = workflows().into_iter().map(|it| (it.0, it.1));
    let others = ["examples/gitlab-ci/.gitlab-ci.yml", "examples/azure-pipelines/azure-pipelines.yml"];
    let mut applies = 0;
    for (path, text) in all.chain(others.map(|it| (it.to_owned(), repository(it)))) {
        assert!(!text.contains("auto-approve") && !text.contains("AUTO_APPROVE"), "{path}");
        for line in
            text.lines().filter(|it| it.contains("rolecall apply ") && !it.trim_start().starts_with('#'))
        {
            assert!(line.contains("--approve \"$PLAN_ID\"") && line.contains("--journal "), "{path}: {line}");
            applies += 1;
        }
    }
    assert_eq!(applies, 6, "an apply and what has ended, on three forges");
}

/// Whatever a kit calls, the program knows, with every flag.
#[test]
fn every_command_of_a_kit_is_one_that_the_program_knows() {
    let others = ["examples/gitlab-ci/.gitlab-ci.yml", "examples/azure-pipelines/azure-pipelines.yml"];
    let mut commands = BTreeSet::new();
    for text in workflows().into_iter().map(|it| it.1).chain(others.map(repository)) {
        let joined = text.replace("\n          --report", " --report");
        let lines = joined.lines().filter(|it| !it.trim_start().starts_with('#'));
        for line in lines.flat_map(|it| it.split("rolecall ").skip(1).map(str::to_owned).collect::<Vec<_>>())
        {
            let line = line
                .split([';', '|', '>', '\'', '}'])
                .next()
                .unwrap()
                .trim()
                .replace("$PLAN_ID", "d302a3da9b38e722504e0f725b689c3e");
            let command = line.split(' ').next().unwrap().to_owned();
            let known = ["validate", "plan", "apply", "drift", "snapshot", "fmt"].contains(&command.as_str());
            if !known {
                continue;
            }
            // A flag that is not known is not passed over on the way to the help.
            for (more, code) in [("--help", 0), ("--unheard-of --help", 4)] {
                let status = binary().args(words(&line)).args(words(more)).output().unwrap().status;
                assert_eq!(status.code(), Some(code), "rolecall {line} {more}");
            }
            commands.insert(command);
        }
    }
    assert_eq!(commands.len(), 6, "{commands:?}");
}

/// The check that security reviews begin with; skipped where it is not installed.
#[test]
fn zizmor_finds_nothing_in_any_workflow() {
    let Some(zizmor) = super::hooks::tool("zizmor") else { return };
    let paths = workflows().into_iter().map(|it| it.0).chain(["action.yml".to_owned()]);
    let mut command = Command::new(zizmor);
    command.args(["--offline", "--no-progress", "--persona", "auditor", "--format", "plain"]).args(paths);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).env("NO_COLOR", "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("No findings"), "{said}");
}

/// What is ignored of what it finds: each with its reason where it stands.
#[test]
fn what_zizmor_is_told_to_leave_is_little_and_says_why() {
    let all = workflows().into_iter().map(|it| it.1).chain([repository("action.yml")]);
    let ignored: Vec<String> = all
        .flat_map(|text| {
            text.lines().filter(|it| it.contains("zizmor: ignore")).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(ignored.len(), 2, "{ignored:#?}");
    for line in ignored {
        assert!(line.split_once(']').is_some_and(|it| it.1.trim().len() > 20), "{line}");
    }
}

/// What the forges themselves publish of the form; skipped where the checker is not installed.
#[test]
fn workflows_the_action_and_the_pipeline_have_the_form_that_is_published() {
    let Some(checker) = super::hooks::tool("check-jsonschema") else { return };
    let workflows: Vec<String> = workflows().into_iter().map(|it| it.0).collect();
    for (schema, more, files) in [
        ("vendor.github-workflows", &[][..], &workflows[..]),
        ("vendor.github-actions", &[], &["action.yml".to_owned()]),
        (
            "vendor.gitlab-ci",
            &["--data-transform", "gitlab-ci"],
            &["examples/gitlab-ci/.gitlab-ci.yml".to_owned()],
        ),
    ] {
        let mut command = Command::new(&checker);
        command.args(["--builtin-schema", schema]).args(more).args(files);
        let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(output.status.success(), "{schema} {}", String::from_utf8_lossy(&output.stdout));
    }
}
