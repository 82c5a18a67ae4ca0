//! The pipeline for Azure, its steps run as its agent does: variables put in for `$(…)`, and every `##vso[…]` in what a
//! step prints taken for a command.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::repository::{DESK, Repository, desk};
use crate::{
    bases::{commit, git},
    support::{Run, repository},
};

const NEWCOMER: [&str; 3] = ["ana@voyager.example", "bo@voyager.example", "cy@voyager.example"];
const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What an agent knows of a run.
struct Agent<'a> {
    repository: &'a Repository,
    pipeline: Value,
    install: Value,
    /// The branch that is checked out.
    branch: &'static str,
    /// Whether it is for a pull request of a fork.
    is_fork: bool,
    /// Outputs of jobs.
    outputs: BTreeMap<String, String>,
}

/// How a job ended.
#[derive(Debug)]
struct Ended {
    code: i32,
    log: String,
}

impl<'a> Agent<'a> {
    fn new(repository: &'a Repository, branch: &'static str) -> Self {
        let install = self::repository("examples/azure-pipelines/azure-pipelines-rolecall.yml");
        let install = install.replace(ZEROS, &repository.releases());
        Self {
            repository,
            pipeline: serde_yaml::from_str(&file()).unwrap(),
            install: serde_yaml::from_str(&install).unwrap(),
            branch,
            is_fork: false,
            outputs: BTreeMap::new(),
        }
    }

    fn job(&self, stage: &str, job: &str) -> &Value {
        let stages = self.pipeline["stages"].as_array().unwrap();
        let stage = stages.iter().find(|it| it["stage"] == stage).unwrap();
        let named = |it: &&Value| it["job"] == job || it["deployment"] == job;
        stage["jobs"].as_array().unwrap().iter().find(named).unwrap_or_else(|| panic!("{job}"))
    }

    fn at(&self, path: &str) -> PathBuf {
        self.repository.forge(path)
    }

    /// The variables of a job: those of its groups.
    fn variables(&self, job: &Value) -> BTreeMap<String, String> {
        let mut all = BTreeMap::from([("ROLECALL_ENDPOINT".to_owned(), self.repository.world.url())]);
        let groups = job["variables"].as_array().into_iter().flatten();
        let mut put = |name: &str, value: &str| drop(all.insert(name.to_owned(), value.to_owned()));
        for it in groups {
            match (it["group"].as_str(), it["name"].as_str()) {
                (Some("access-read" | "access-main"), _) => {
                    put("ROLECALL_READ_CLIENT_ID", "reader");
                    put("ROLECALL_READ_CLIENT_SECRET", "reader-secret");
                }
                (Some("access-apply"), _) => {
                    put("ROLECALL_CLIENT_ID", "writer");
                    put("ROLECALL_CLIENT_SECRET", "writer-secret");
                    put("ROLECALL_JOURNAL_KEY", "0123456789abcdef0123456789abcdef");
                }
                (None, Some(name)) => {
                    assert!(it["value"].as_str().unwrap().contains("plan.id'"));
                    put(name, self.outputs.get("id").map_or("", |it| it));
                }
                other => panic!("{other:?}"),
            }
        }
        put("System.AccessToken", "forge-token");
        put("System.PullRequest.TargetBranchName", "main");
        put("System.StageAttempt", "1");
        put("System.PullRequest.IsFork", if self.is_fork { "True" } else { "False" });
        put("Agent.TempDirectory", self.at("temp").to_str().unwrap());
        all
    }

    fn runs(&mut self, stage: &str, name: &str) -> Ended {
        let job = self.job(stage, name).clone();
        let deploys = job["strategy"]["runOnce"]["deploy"]["steps"].clone();
        let steps = if deploys.is_null() { job["steps"].clone() } else { deploys };
        for folder in ["checkout", "temp", "downloaded"] {
            let _ = fs::remove_dir_all(self.at(folder));
            fs::create_dir(self.at(folder)).unwrap();
        }
        let variables = self.variables(&job);
        let mut ended = Ended { code: 0, log: String::new() };
        let mut path = vec![self.at("tools").to_str().unwrap().to_owned()];
        let all = steps.as_array().unwrap().iter().flat_map(|it| match it["template"].as_str() {
            Some("azure-pipelines-rolecall.yml") => self.install["steps"].as_array().unwrap().clone(),
            Some(other) => panic!("{other}"),
            None => vec![it.clone()],
        });
        for step in all.collect::<Vec<_>>() {
            if step["checkout"] == "self" {
                self.repository.clones(self.branch, step["fetchDepth"] == 0, &self.at("checkout"));
            } else if let Some(script) = step["bash"].as_str().filter(|_| ended.code == 0) {
                self.step(script, &step["env"], &variables, &mut path, &mut ended);
            } else if let Some(folder) = step["publish"].as_str() {
                let to =
                    self.at(&format!("artifacts/{}", put_in(step["artifact"].as_str().unwrap(), &variables)));
                copied(&put_in(folder, &variables).into(), &to);
            } else if step["download"] == "current" {
                let artifact = step["artifact"].as_str().unwrap();
                copied(
                    &self.at(&format!("artifacts/{artifact}")),
                    &self.at(&format!("downloaded/{artifact}")),
                );
            } else if step["task"] == "DownloadPipelineArtifact@2" {
                let to: PathBuf = put_in(step["inputs"]["path"].as_str().unwrap(), &variables).into();
                match step["inputs"]["artifact"].as_str() {
                    Some(artifact) => copied(&self.at(&format!("artifacts/{artifact}")), &to),
                    None => copied(&self.at("artifacts"), &to),
                }
            }
        }
        ended
    }

    fn step(
        &mut self,
        script: &str,
        env: &Value,
        variables: &BTreeMap<String, String>,
        path: &mut Vec<String>,
        ended: &mut Ended,
    ) {
        // What an agent puts into a script is run as one.
        assert!(!script.contains("$(") && script.starts_with("set -euo pipefail\n"), "{script}");
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-c", script]).current_dir(self.at("checkout")).env_clear();
        command.env("PATH", format!("{}:{}", path.join(":"), std::env::var("PATH").unwrap()));
        command.env("AGENT_TEMPDIRECTORY", self.at("temp")).env("PIPELINE_WORKSPACE", self.at("downloaded"));
        command.envs([
            ("TF_BUILD", "True"),
            ("SYSTEM_COLLECTIONURI", "https://dev.azure.com/voyager/"),
            ("SYSTEM_TEAMPROJECTID", "5c0b1a5e-0000-4000-8000-000000000001"),
            ("BUILD_REPOSITORY_ID", "5c0b1a5e-0000-4000-8000-000000000002"),
            ("SYSTEM_PULLREQUEST_PULLREQUESTID", "7"),
        ]);
        command.env("BUILD_BUILDID", "77").env("ROLECALL_SETTLE", "30ms");
        command.envs(self.repository.variables());
        for (name, value) in env.as_object().into_iter().flatten() {
            command.env(name, put_in(value.as_str().unwrap(), variables));
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        let log = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        for line in log.lines().filter_map(|it| it.split_once("##vso[").map(|it| it.1)) {
            let (what, value) = line.split_once(']').unwrap();
            match what.split_once(' ').unwrap_or((what, "")) {
                ("task.prependpath", "") => path.insert(0, value.to_owned()),
                ("task.setvariable", "variable=id;isOutput=true") => {
                    self.outputs.insert("id".to_owned(), value.to_owned());
                }
                ("task.uploadsummary" | "build.addbuildtag", "") => (),
                other => panic!("a command from elsewhere: {other:?}"),
            }
        }
        ended.code = output.status.code().unwrap();
        ended.log += &log;
    }
}

fn file() -> String {
    repository("examples/azure-pipelines/azure-pipelines.yml")
}

/// A text with the variables that are known in place of `$(NAME)`; what is not known stays, as the agent has it.
fn put_in(text: &str, variables: &BTreeMap<String, String>) -> String {
    variables.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("$({name})"), value))
}

fn copied(from: &PathBuf, to: &PathBuf) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        assert!(Command::new("cp").args(["-r", "-T"]).arg(from).arg(to).status().unwrap().success());
    }
}

#[track_caller]
fn ended(ended: &Ended, code: i32) {
    assert_eq!(ended.code, code, "{}", ended.log);
}

#[test]
fn a_change_is_planned_merged_approved_applied_and_looked_after() {
    ["", "ops/who may"].into_iter().for_each(looked_after);
}

fn looked_after(below: &'static str) {
    let repository = Repository::new().moved(below);
    ended(&Agent::new(&repository, "main").runs("night", "snapshot"), 0);
    repository.world.forget();
    repository.proposes("access/desk.yaml", &desk(&NEWCOMER));
    let mut change = Agent::new(&repository, "change");
    let files = change.runs("change", "files");
    ended(&files, 0);
    assert!(files.log.contains("cy@voyager.example") && repository.world.log().is_empty(), "{}", files.log);
    ended(&change.runs("change", "format"), 0);
    ended(&change.runs("change", "plan"), 0);
    ended(&change.runs("change", "comment"), 0);
    assert!(repository.kept("comment.md").contains("cy@voyager.example"));
    assert_eq!(repository.world.writes(), [""; 0]);
    repository.merges();
    let mut merge = Agent::new(&repository, "main");
    ended(&merge.runs("plan", "plan"), 0);
    assert_eq!(merge.outputs["id"].len(), 32);
    ended(&merge.runs("apply", "apply"), 0);
    assert_eq!(repository.world.members("Desk"), NEWCOMER);
    assert!(repository.forge("artifacts/access-journal-1/77.ndjson").exists());
    // Again: it is so already.
    repository.world.forget();
    ended(&merge.runs("apply", "apply"), 0);
    assert_eq!(repository.world.writes(), [""; 0]);
    let mut night = Agent::new(&repository, "main");
    ended(&night.runs("night", "drift"), 0);
    ended(&night.runs("night", "ended"), 0);
    assert_eq!(night.outputs.get("id"), None, "nothing has ended");
}

#[test]
fn what_is_wrong_or_stopped_is_red_and_posted() {
    for (rules, text, job, code, told) in [
        ("", "version: 1\ngroup: []\n".to_owned(), "files", 4, "unknown-key"),
        (
            "guards: { protected: { people: [bo@voyager.example] } }\n",
            desk(&["ana@voyager.example"]),
            "plan",
            6,
            "protected",
        ),
        ("", desk(&[DESK[0], DESK[1], "nobody@voyager.example"]), "plan", 3, "nobody@voyager.example"),
    ] {
        let repository = Repository::ruled(rules);
        repository.proposes("access/desk.yaml", &text);
        let mut change = Agent::new(&repository, "change");
        ended(&change.runs("change", job), code);
        ended(&change.runs("change", "comment"), 0);
        assert!(repository.kept("comment.md").contains(told), "{}", repository.kept("comment.md"));
    }
}

#[test]
fn a_fork_is_planned_from_the_snapshot_alone() {
    let repository = Repository::ruled("guards: { protected: { people: [bo@voyager.example] } }\n");
    let files = |members: &[&str], is_fork: bool| {
        repository.proposes("access/desk.yaml", &desk(members));
        let mut agent = Agent::new(&repository, "change");
        agent.is_fork = is_fork;
        agent.runs("change", "files")
    };
    // Without a snapshot nothing plans for it.
    ended(&files(&NEWCOMER, true), 1);
    ended(&files(&NEWCOMER, false), 0);
    ended(&Agent::new(&repository, "main").runs("night", "snapshot"), 0);
    repository.world.forget();
    ended(&files(&NEWCOMER, true), 0);
    ended(&files(&["ana@voyager.example"], true), 6);
    ended(&files(&["ana@voyager.example"], false), 0);
    assert!(repository.world.log().is_empty(), "something was asked of the API");
    // What else has secrets is not for a fork.
    let pipeline: Value = serde_yaml::from_str(&file()).unwrap();
    for job in pipeline["stages"][0]["jobs"].as_array().unwrap() {
        let has = job.to_string().contains("$(ROLECALL_READ") || job.to_string().contains("AccessToken");
        let condition = job["condition"].as_str().unwrap_or_default();
        assert!(!has || condition.contains("ne(variables['System.PullRequest.IsFork'], 'True')"), "{job}");
    }
}

/// A name can hold what the agent takes for a command, and the id of another plan with it.
#[test]
fn no_name_is_taken_for_a_command() {
    let repository = Repository::new();
    repository.is_hostile();
    let mut agent = Agent::new(&repository, "main");
    let plan = agent.runs("plan", "plan");
    ended(&plan, 0);
    assert!(plan.log.contains("# #vso[task.setvariable"), "{}", plan.log);
    let saved: Value = serde_json::from_str(&repository.kept("artifacts/access-plan/plan.json")).unwrap();
    assert!(saved["id"].as_str().unwrap().starts_with(&agent.outputs["id"]));
    for (stage, job) in [
        ("night", "drift"),
        ("night", "ended"),
        ("night", "snapshot"),
        ("change", "files"),
        ("change", "plan"),
        ("apply", "apply"),
    ] {
        agent.runs(stage, job);
    }
}

#[test]
fn a_plan_that_was_overtaken_is_not_applied() {
    let repository = Repository::new();
    repository.proposes("access/desk.yaml", &desk(&NEWCOMER));
    repository.merges();
    let mut agent = Agent::new(&repository, "main");
    ended(&agent.runs("plan", "plan"), 0);
    let [bo, cy] = ["bo", "cy"].map(|it| repository.world.user(&format!("{it}@voyager.example")));
    repository.world.patch_members("Desk", &json!({ "userIdsToAdd": [cy], "userIdsToDelete": [bo] }));
    repository.world.patch_members("Desk", &json!({ "userIdsToAdd": [], "userIdsToDelete": [cy] }));
    repository.world.forget();
    ended(&agent.runs("apply", "apply"), 7);
    // Nor any but the one that people have seen.
    agent.outputs.insert("id".to_owned(), "0".repeat(32));
    let other = agent.runs("apply", "apply");
    assert!(other.code != 0, "{}", other.log);
    // And the branch has gone on since the commit that this run is of.
    git(&repository.world.path(), &["branch", "older", "main"]);
    repository.proposes("access/desk.yaml", &desk(&["ana@voyager.example"]));
    repository.merges();
    agent.branch = "older";
    let older = agent.runs("apply", "apply");
    assert!(older.code == 7 && older.log.contains("approve the run of the newest commit"), "{}", older.log);
    assert_eq!(repository.world.writes(), [""; 0]);
}

#[test]
fn drift_is_red_and_what_has_ended_is_taken_away() {
    let repository = Repository::new();
    let ends = ["ana@voyager.example", "{ email: bo@voyager.example, until: 2026-01-31 }"];
    repository.world.write("access/desk.yaml", &desk(&ends));
    commit(&repository.world.path());
    let cy = repository.world.user("cy@voyager.example");
    repository.world.patch_members("Desk", &json!({ "userIdsToAdd": [cy], "userIdsToDelete": [] }));
    let mut night = Agent::new(&repository, "main");
    ended(&night.runs("night", "drift"), 2);
    ended(&night.runs("night", "ended"), 0);
    ended(&night.runs("night", "expired"), 0);
    assert_eq!(repository.world.members("Desk"), ["ana@voyager.example", "cy@voyager.example"]);
}

/// An agent leaves `$(NAME)` as it is where it knows no such variable: everybody knows that text.
#[test]
fn a_key_that_was_not_set_seals_no_journal() {
    let repository = Repository::new();
    repository.world.write("access/desk.yaml", &desk(&NEWCOMER));
    for key in ["$(ROLECALL_JOURNAL_KEY)", "secret", "0123456789abcdef0123456789abcde"] {
        let mut command = repository.world.command();
        command.env("ROLECALL_JOURNAL_KEY", key).args(["apply", "--auto-approve"]);
        let run: Run = command.stdin(Stdio::null()).output().unwrap().into();
        let run = run.expect(4).says(&["ROLECALL_JOURNAL_KEY", "openssl rand -hex 32"]);
        assert!(!run.stderr.contains(key), "{}", run.stderr);
    }
    assert_eq!(repository.world.writes(), [""; 0]);
}

#[test]
fn every_job_has_an_end_and_only_an_environment_that_may_write_does() {
    let pipeline: Value = serde_yaml::from_str(&file()).unwrap();
    let jobs = pipeline["stages"].as_array().unwrap().iter().flat_map(|it| it["jobs"].as_array().unwrap());
    let mut seen = 0;
    for job in jobs {
        assert!(job["timeoutInMinutes"].as_u64().is_some_and(|it| it <= 60), "{job}");
        let text = job.to_string();
        let writes = text.contains("rolecall apply");
        assert_eq!(writes, job["environment"].is_string() && job["deployment"].is_string(), "{job}");
        assert_eq!(
            writes,
            text.contains("\"access-apply\"") && text.contains("$(ROLECALL_CLIENT_SECRET)"),
            "{job}"
        );
        assert!(!text.contains("rolecall comment") || text.contains("\"checkout\":\"none\""), "{job}");
        // Whatever names it prints.
        for script in text.split("\"bash\":\"").skip(1).flat_map(|it| it.split("\\n")) {
            let prints = script.trim_start().trim_start_matches("{ ").starts_with("rolecall ");
            assert!(!prints || script.contains("2>&1 | sed 's/##/# #/g'"), "{script}");
        }
        seen += 1;
    }
    assert_eq!(seen, 10);
}
