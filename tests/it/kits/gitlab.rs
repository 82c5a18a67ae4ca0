//! The pipeline for GitLab, run as its runner does: the jobs whose rules hold, stage by stage, each in one shell.

use std::{
    collections::BTreeMap,
    fs,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::repository::{DESK, Repository, desk};
use crate::{bases::git, support::repository};

const FILE: &str = "examples/gitlab-ci/.gitlab-ci.yml";
const NEWCOMER: [&str; 3] = ["ana@voyager.example", "bo@voyager.example", "cy@voyager.example"];
/// The checksum to put in place.
const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The exit codes of the jobs that ran, in order, and what they printed.
#[derive(Debug, Default)]
struct Ended {
    jobs: Vec<(String, i32)>,
    log: String,
}

impl Ended {
    #[track_caller]
    fn ran(&self, jobs: &[(&str, i32)]) -> &Self {
        let found: Vec<(&str, i32)> = self.jobs.iter().map(|(name, code)| (&**name, *code)).collect();
        assert_eq!(found, jobs, "{}", self.log);
        self
    }
}

/// A pipeline with its predefined variables.
struct Pipeline<'a> {
    repository: &'a Repository,
    jobs: Value,
    branch: &'static str,
    variables: BTreeMap<&'static str, String>,
}

impl<'a> Pipeline<'a> {
    fn new(repository: &'a Repository, branch: &'static str, variables: &[(&'static str, &str)]) -> Self {
        let text = repository_file().replace(ZEROS, &repository.releases());
        let defaults = [
            ("CI_DEFAULT_BRANCH", "main"),
            ("CI_JOB_ID", "77"),
            ("CI_PROJECT_ID", "5"),
            ("GITLAB_CI", "true"),
            ("CI_API_V4_URL", "https://gitlab.example/api/v4"),
        ];
        let own = ["CI_MERGE_REQUEST_PROJECT_ID", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID"].map(|it| (it, "5"));
        let all = defaults.iter().chain(&own).chain(variables);
        let mut variables: BTreeMap<&str, String> =
            all.map(|(name, value)| (*name, (*value).to_owned())).collect();
        variables.insert("CI_COMMIT_SHA", repository.commit_of(branch));
        Self { repository, jobs: serde_yaml::from_str(&text).unwrap(), branch, variables }
    }

    fn merge_request(repository: &'a Repository) -> Self {
        let request = [
            ("CI_PIPELINE_SOURCE", "merge_request_event"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ];
        Self::new(repository, "change", &request)
    }

    fn push(repository: &'a Repository) -> Self {
        let before = repository.commit_of("main");
        repository.merges();
        let push = [
            ("CI_PIPELINE_SOURCE", "push"),
            ("CI_COMMIT_BRANCH", "main"),
            ("CI_COMMIT_BEFORE_SHA", &*before),
        ];
        Self::new(repository, "main", &push)
    }

    fn night(repository: &'a Repository, which: &str) -> Self {
        Self::new(repository, "main", &[("CI_PIPELINE_SOURCE", "schedule"), ("ACCESS_NIGHT", which)])
    }

    /// A key of a job, or of what it extends.
    fn said(&self, job: &str, key: &str) -> Value {
        let it = &self.jobs[job];
        match (&it[key], it["extends"].as_str()) {
            (Value::Null, Some(base)) => self.said(base, key),
            (found, _) => found.clone(),
        }
    }

    /// How a job is started in this pipeline, if it is in it.
    fn when(&self, job: &str) -> Option<String> {
        let rules = self.said(job, "rules");
        let value = |it: &str| match it.trim().strip_prefix('$') {
            Some(name) => self.variables.get(name).cloned().unwrap_or_default(),
            None => it.trim().trim_matches('"').to_owned(),
        };
        let holds = |condition: &str| match (condition.split_once("=="), condition.split_once("!=")) {
            (Some((a, b)), _) => value(a) == value(b),
            (_, Some((a, b))) => value(a) != value(b),
            other => panic!("{other:?}"),
        };
        let rule =
            rules.as_array().unwrap().iter().find(|it| it["if"].as_str().unwrap().split("&&").all(holds))?;
        Some(rule["when"].as_str().unwrap_or("on_success").to_owned())
    }

    /// Runs what starts by itself, and of what is started by hand these.
    fn runs(&self, by_hand: &[&str]) -> Ended {
        let mut ended = Ended::default();
        let mut skipped = Vec::new();
        for stage in self.jobs["stages"].as_array().unwrap() {
            let jobs = self.jobs.as_object().unwrap().keys().filter(|it| it.starts_with("access "));
            for job in jobs.filter(|it| self.said(it, "stage") == *stage) {
                let Some(when) = self.when(job) else { continue };
                let needs = self.needs(job);
                let is_well = needs.iter().all(|it| {
                    !skipped.contains(it) && ended.jobs.iter().all(|(name, code)| name != it || *code == 0)
                });
                if (when == "manual" && !by_hand.contains(&&**job)) || (when != "always" && !is_well) {
                    skipped.push(job.clone());
                    continue;
                }
                let (code, log) = self.job(job, &needs);
                ended.jobs.push((job.clone(), code));
                ended.log += &log;
            }
        }
        ended
    }

    fn needs(&self, job: &str) -> Vec<String> {
        let needs = self.said(job, "needs");
        let name = |it: &Value| it.as_str().or_else(|| it["job"].as_str()).unwrap().to_owned();
        needs.as_array().into_iter().flatten().map(name).collect()
    }

    /// Runs one job in a fresh clone, with what those it needs have kept.
    fn job(&self, job: &str, needs: &[String]) -> (i32, String) {
        let repository = self.repository;
        let folder = repository.forge("checkout");
        if self.said(job, "variables")["GIT_STRATEGY"] == "empty" {
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir(&folder).unwrap();
        } else {
            repository.clones(self.branch, self.said(job, "variables")["GIT_DEPTH"] == "0", &folder);
        }
        let mut command = Command::new("bash");
        let lines = [self.said(job, "before_script"), self.said(job, "script")];
        let lines: Vec<String> = lines
            .iter()
            .flat_map(|it| it.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()))
            .collect();
        command.args(["-eo", "pipefail", "-c", &lines.join("\n")]).current_dir(&folder).env_clear();
        command.env(
            "PATH",
            format!("{}:{}", repository.forge("tools").display(), std::env::var("PATH").unwrap()),
        );
        command
            .envs(&self.variables)
            .env("ROLECALL_ENDPOINT", repository.world.url())
            .env("ROLECALL_SETTLE", "30ms");
        command.env("CI_JOB_TOKEN", "job-token").env("CI_PROJECT_DIR", &folder).envs(repository.variables());
        for (name, value) in secrets(&self.said(job, "environment")) {
            command.env(name, value);
        }
        let declared = self.said(job, "needs");
        let without = |it: &&String| {
            declared.as_array().unwrap().iter().any(|need| need["job"] == ***it && need["artifacts"] == false)
        };
        for need in needs.iter().filter(|it| !without(it)) {
            let kept = repository.forge(&format!("artifacts/{need}"));
            for entry in fs::read_dir(kept).into_iter().flatten().map(Result::unwrap) {
                let to = folder.join(entry.file_name());
                let mut copy = Command::new("cp");
                copy.args(["-r", "-T"]).arg(entry.path()).arg(to);
                assert!(copy.status().unwrap().success());
            }
            let dotenv = repository.kept(&format!("artifacts/{need}/access-plan/plan.env"));
            command.envs(dotenv.lines().filter_map(|it| it.split_once('=')));
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        let kept = repository.forge(&format!("artifacts/{job}"));
        let _ = fs::remove_dir_all(&kept);
        fs::create_dir_all(&kept).unwrap();
        let paths = self.said(job, "artifacts")["paths"].clone();
        let dotenv = self.said(job, "artifacts")["reports"]["dotenv"].as_str().map(|_| json!("access-plan/"));
        let paths: Vec<Value> = paths.as_array().into_iter().flatten().cloned().chain(dotenv).collect();
        for path in paths {
            let path = path.as_str().unwrap().trim_end_matches('/').to_owned();
            if folder.join(&path).is_dir() {
                let mut copy = Command::new("cp");
                copy.args(["-r", "-T"]).arg(folder.join(&path)).arg(kept.join(&path));
                assert!(copy.status().unwrap().success());
            }
        }
        (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    }
}

/// The variables that are for one environment.
fn secrets(environment: &Value) -> Vec<(&'static str, &'static str)> {
    match environment["name"].as_str() {
        None => Vec::new(),
        Some("access-read") => {
            vec![("ROLECALL_CLIENT_ID", "reader"), ("ROLECALL_CLIENT_SECRET", "reader-secret")]
        }
        Some("access-apply" | "access-expired") => vec![
            ("ROLECALL_CLIENT_ID", "writer"),
            ("ROLECALL_CLIENT_SECRET", "writer-secret"),
            ("ROLECALL_JOURNAL_KEY", "0123456789abcdef0123456789abcdef"),
        ],
        Some("access-comment") => vec![("ROLECALL_FORGE_TOKEN", "forge-token")],
        Some(other) => panic!("an environment that is not documented: {other}"),
    }
}

fn repository_file() -> String {
    repository(FILE)
}

#[test]
fn a_change_is_planned_merged_applied_by_hand_and_looked_after() {
    ["", "ops/who may"].into_iter().for_each(looked_after);
}

fn looked_after(below: &'static str) {
    let repository = Repository::new().moved(below);
    Pipeline::night(&repository, "snapshot").runs(&[]).ran(&[("access snapshot", 0)]);
    let _ = fs::rename(repository.forge("artifacts/access snapshot"), repository.forge("artifacts/snapshot"));
    repository.world.forget();
    repository.proposes("access/desk.yaml", &desk(&NEWCOMER));
    let request = Pipeline::merge_request(&repository).runs(&[]);
    request.ran(&[("access files", 0), ("access format", 0), ("access plan", 0), ("access comment", 0)]);
    assert!(repository.kept("comment.md").contains("cy@voyager.example"));
    assert!(repository.kept("artifacts/access plan/access-report/quality.json").starts_with('['));
    assert!(
        !repository.forge("artifacts/access files/access-report/live.json").exists(),
        "it would be kept twice"
    );
    // Whose token this is, no other job has.
    assert!(repository.kept("curl.log").contains("JOB-TOKEN: job-token"));
    let push = Pipeline::push(&repository);
    push.runs(&[]).ran(&[("access merge plan", 0)]);
    assert_eq!(repository.world.writes(), [""; 0]);
    push.runs(&["access apply"]).ran(&[("access merge plan", 0), ("access apply", 0), ("access told", 0)]);
    assert!(repository.kept("comment.arguments").ends_with("/applied.md\n"));
    assert_eq!(repository.world.members("Desk"), NEWCOMER);
    assert!(repository.forge("artifacts/access apply/access-journal/77.ndjson").exists());
    // Once more there is nothing to do.
    repository.world.forget();
    let again = push.runs(&["access apply"]);
    assert!(again.log.contains("Nothing to apply."), "{}", again.log);
    assert_eq!(repository.world.writes(), [""; 0]);
    let night = [("access drift", 0), ("access ended", 0), ("access expired", 0)];
    let calm = Pipeline::night(&repository, "").runs(&[]);
    calm.ran(&night);
    assert!(calm.log.contains("Nothing has ended."), "{}", calm.log);
}

#[test]
fn what_is_wrong_or_stopped_is_red_and_posted() {
    for (rules, text, jobs, told) in [
        (
            "",
            "version: 1\ngroup: []\n".to_owned(),
            &[("access files", 4), ("access format", 4), ("access comment", 0)][..],
            "unknown-key",
        ),
        (
            "guards: { protected: { people: [bo@voyager.example] } }\n",
            desk(&["ana@voyager.example"]),
            &[("access files", 0), ("access format", 0), ("access plan", 6), ("access comment", 0)],
            "protected",
        ),
        (
            "",
            desk(&[DESK[0], DESK[1], "nobody@voyager.example"]),
            &[("access files", 0), ("access format", 0), ("access plan", 3), ("access comment", 0)],
            "nobody@voyager.example",
        ),
    ] {
        let repository = Repository::ruled(rules);
        repository.proposes("access/desk.yaml", &text);
        let ended = Pipeline::merge_request(&repository).runs(&[]);
        ended.ran(jobs);
        assert!(repository.kept("comment.md").contains(told), "{}", repository.kept("comment.md"));
        assert_eq!(repository.world.writes(), [""; 0]);
    }
}

#[test]
fn a_fork_gets_no_secret_and_a_program_that_is_another_is_not_run() {
    let repository = Repository::ruled("guards: { protected: { people: [bo@voyager.example] } }\n");
    let fork = |members: &[&str]| {
        repository.proposes("access/desk.yaml", &desk(members));
        let mut fork = Pipeline::merge_request(&repository);
        fork.variables.insert("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "666".to_owned());
        repository.world.forget();
        let ended = fork.runs(&[]);
        assert!(repository.world.log().is_empty(), "{}", ended.log);
        ended
    };
    // Without a snapshot nothing plans for it.
    fork(&NEWCOMER).ran(&[("access files", 1), ("access format", 0)]);
    Pipeline::night(&repository, "snapshot").runs(&[]).ran(&[("access snapshot", 0)]);
    fs::rename(repository.forge("artifacts/access snapshot"), repository.forge("artifacts/snapshot"))
        .unwrap();
    fork(&NEWCOMER).ran(&[("access files", 0), ("access format", 0)]);
    fork(&["ana@voyager.example"]).ran(&[("access files", 6), ("access format", 0)]);
    let pipeline = Pipeline::merge_request(&repository);
    let another = repository.forge("release/rolecall-x86_64-unknown-linux-musl");
    fs::write(another, "#!/bin/sh\ntouch pwned\n").unwrap();
    let ended = pipeline.runs(&[]);
    ended.ran(&[("access files", 1), ("access format", 1), ("access comment", 1)]);
    assert!(!repository.forge("checkout/pwned").exists());
}

#[test]
fn a_plan_that_was_overtaken_is_not_applied() {
    let repository = Repository::new();
    repository.proposes("access/desk.yaml", &desk(&NEWCOMER));
    let push = Pipeline::push(&repository);
    push.runs(&[]).ran(&[("access merge plan", 0)]);
    let cy = repository.world.user("cy@voyager.example");
    repository.world.patch_members("Desk", &json!({ "userIdsToAdd": [cy], "userIdsToDelete": [] }));
    let bo = repository.world.user("bo@voyager.example");
    repository.world.patch_members("Desk", &json!({ "userIdsToAdd": [], "userIdsToDelete": [bo, cy] }));
    repository.world.forget();
    let needs = ["access merge plan".to_owned()];
    assert_eq!(push.job("access apply", &needs).0, 7);
    repository.proposes("access/desk.yaml", &desk(&["ana@voyager.example"]));
    repository.merges();
    // The job of the older pipeline has the files of its own commit.
    let mut older = Pipeline::push(&repository);
    older.variables.insert("CI_COMMIT_SHA", repository.commit_of("main~1"));
    let (code, log) = older.job("access apply", &needs);
    assert!(code == 7 && log.contains("run the job of the newest pipeline"), "{code} {log}");
    assert_eq!(repository.world.writes(), [""; 0]);
}

#[test]
fn drift_is_red_and_what_has_ended_is_taken_away() {
    let repository = Repository::new();
    let ends = ["ana@voyager.example", "{ email: bo@voyager.example, until: 2026-01-31 }"];
    repository.world.write("access/desk.yaml", &desk(&ends));
    git(&repository.world.path(), &["commit", "-qam", "ends"]);
    let cy = repository.world.user("cy@voyager.example");
    repository.world.patch_members("Desk", &json!({ "userIdsToAdd": [cy], "userIdsToDelete": [] }));
    let night = Pipeline::night(&repository, "").runs(&[]);
    night.ran(&[("access drift", 2), ("access ended", 0), ("access expired", 0)]);
    assert_eq!(repository.world.members("Desk"), ["ana@voyager.example", "cy@voyager.example"]);
    assert!(!repository.kept("artifacts/access drift/access-report/rolecall.prom").is_empty());
}

#[test]
fn every_job_has_an_end_and_only_an_environment_that_may_write_does() {
    let jobs: Value = serde_yaml::from_str(&repository_file()).unwrap();
    let image = jobs[".rolecall"]["image"].as_str().unwrap();
    assert!(image.split_once("@sha256:").is_some_and(|it| it.1.len() == 64), "{image}");
    assert!(jobs[".rolecall"]["timeout"].is_string());
    for (name, job) in jobs.as_object().unwrap().iter().filter(|it| it.0.starts_with("access ")) {
        let environment = job["environment"]["name"].as_str();
        let script = job["script"].to_string();
        let writes = script.contains("rolecall apply");
        assert_eq!(writes, matches!(environment, Some("access-apply" | "access-expired")), "{name}");
        // Only what writes is a deployment.
        assert_eq!(writes, environment.is_some() && job["environment"]["action"].is_null(), "{name}");
        assert_eq!(
            writes,
            job["resource_group"] == "access-apply" && job["interruptible"] == false,
            "{name}"
        );
        assert_eq!(script.contains("rolecall comment"), environment == Some("access-comment"), "{name}");
        assert!(!job["rules"].to_string().contains("changes"), "{name}");
        let kept = &job["artifacts"];
        assert!(
            kept.is_null()
                || kept["expire_in"].is_string() && kept["access"] != "all" && kept["access"].is_string(),
            "{name}"
        );
        assert!(repository_file().matches(environment.unwrap_or("access")).count() > 1, "{name}");
    }
}
