//! The workflows for GitHub, run as GitHub does: the jobs in order, each step in a shell, conditions and outputs included.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{
    expression::{Standing, filled, holds},
    repository::Repository,
};
use crate::support::repository;

/// What a workflow is run for.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// A pull request of the branch `change`.
    PullRequest {
        is_fork: bool,
    },
    /// What came of the run for one of a fork, whose newest commit is this.
    WorkflowRun {
        head: String,
    },
    /// A push of `main`, whose head was this before.
    Push {
        before: String,
    },
    Schedule,
}

/// How a job ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) result: String,
    /// The name and code of each step that ran a script.
    pub(super) steps: Vec<(String, i32)>,
}

/// How a run ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    pub(super) jobs: BTreeMap<String, Job>,
    /// Everything that was printed.
    pub(super) log: String,
    pub(super) summary: String,
    /// What `needs` of its jobs holds.
    needs: BTreeMap<String, Value>,
}

impl Ended {
    #[track_caller]
    pub(super) fn job(&self, name: &str, result: &str, steps: &[(&str, i32)]) -> &Self {
        let job = &self.jobs[name];
        let found: Vec<(&str, i32)> = job.steps.iter().map(|(name, code)| (&**name, *code)).collect();
        assert_eq!((job.result.as_str(), &found[..]), (result, steps), "{name}\n{}", self.log);
        self
    }
}

impl Ended {
    /// An output of a job.
    pub(super) fn output(&self, job: &str, name: &str) -> &str {
        self.needs[job]["outputs"][name].as_str().unwrap()
    }
}

impl Repository {
    /// Runs all jobs of a workflow of `examples/github-actions`; what they keep is kept under the name of the run.
    pub(super) fn runs(&self, workflow: &str, event: &Event, run: &str) -> Ended {
        self.goes_on(workflow, event, run, &[], Ended::default())
    }

    /// Runs again the jobs of this name, and those that need them; the others stand.
    pub(super) fn reruns(
        &self,
        workflow: &str,
        event: &Event,
        run: &str,
        jobs: &[&str],
        ended: Ended,
    ) -> Ended {
        self.goes_on(workflow, event, run, jobs, ended)
    }

    fn goes_on(&self, workflow: &str, event: &Event, run: &str, again: &[&str], mut ended: Ended) -> Ended {
        if again.is_empty() {
            fs::write(self.forge("summary.md"), "").unwrap();
        }
        let workflow: Value =
            serde_yaml::from_str(&repository(&format!("examples/github-actions/{workflow}.yml"))).unwrap();
        let jobs = workflow["jobs"].as_object().unwrap();
        let needs = |job: &Value| -> Vec<String> {
            match &job["needs"] {
                Value::Null => Vec::new(),
                Value::String(one) => vec![one.clone()],
                many => many.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect(),
            }
        };
        let stays = |name: &str, ended: &Ended| {
            !again.is_empty() && !again.contains(&name) && ended.jobs.contains_key(name)
        };
        let mut left: Vec<&String> = jobs.keys().filter(|it| !stays(it, &ended)).collect();
        left.iter().for_each(|it| drop(ended.needs.remove(*it)));
        while !left.is_empty() {
            let ready = |it: &&&String| needs(&jobs[**it]).iter().all(|it| ended.needs.contains_key(it));
            let name = *left.iter().find(ready).expect("jobs that need each other");
            left.retain(|it| *it != name);
            let needed: BTreeMap<String, Value> =
                needs(&jobs[name]).into_iter().map(|it| (it.clone(), ended.needs[&it].clone())).collect();
            let runner = Runner { repository: self, workflow: &workflow, job: &jobs[name], event, run };
            let (job, outputs) = runner.job(&needed, &mut ended);
            ended.needs.insert(name.clone(), json!({ "result": job.result, "outputs": outputs }));
            ended.jobs.insert(name.clone(), job);
        }
        ended.summary = self.kept("summary.md");
        ended
    }
}

/// One job of a run.
struct Runner<'a> {
    repository: &'a Repository,
    workflow: &'a Value,
    job: &'a Value,
    event: &'a Event,
    run: &'a str,
}

impl Runner<'_> {
    fn job(&self, needs: &BTreeMap<String, Value>, ended: &mut Ended) -> (Job, Value) {
        let mut context = self.context(needs);
        let standing = Standing { is_well: needs.values().all(|it| it["result"] == "success") };
        if !holds(self.job["if"].as_str(), &context, standing) {
            return (Job { result: "skipped".to_owned(), steps: Vec::new() }, Value::Null);
        }
        for folder in ["checkout", "temp"] {
            let _ = fs::remove_dir_all(self.at(folder));
            fs::create_dir(self.at(folder)).unwrap();
        }
        let _ = fs::remove_file(self.at("path"));
        let (mut is_well, mut steps) = (true, Vec::new());
        for step in self.job["steps"].as_array().unwrap() {
            if !holds(step["if"].as_str(), &context, Standing { is_well }) {
                continue;
            }
            let code = match (step["uses"].as_str(), step["run"].as_str()) {
                (Some(action), None) => self.uses(action, &step["with"], &context),
                (None, Some(script)) => {
                    let code = self.step(step, script, &context, ended);
                    steps.push((step["name"].as_str().expect("a name").to_owned(), code));
                    code
                }
                both => panic!("{both:?}"),
            };
            let tolerated = match &step["continue-on-error"] {
                Value::String(text) => filled(text, &context) == "true",
                other => *other == true,
            };
            is_well &= code == 0 || tolerated;
            if let Some(id) = step["id"].as_str() {
                let outcome = if code == 0 { "success" } else { "failure" };
                context["steps"][id] = json!({ "outcome": outcome, "outputs": self.outputs() });
            }
        }
        let outputs = self.job["outputs"].as_object().into_iter().flatten();
        let outputs: Value =
            outputs.map(|(name, text)| (name.clone(), filled(text.as_str().unwrap(), &context))).collect();
        let result = if is_well { "success" } else { "failure" };
        (Job { result: result.to_owned(), steps }, outputs)
    }

    fn at(&self, path: &str) -> PathBuf {
        self.repository.forge(path)
    }

    /// What expressions may ask for. Secrets are there only for a job in their environment, and never for a fork.
    fn context(&self, needs: &BTreeMap<String, Value>) -> Value {
        let name = |environment: &str| match environment {
            "access-read" | "access-main" => {
                json!({ "ROLECALL_READ_CLIENT_ID": "reader", "ROLECALL_READ_CLIENT_SECRET": "reader-secret" })
            }
            "access-apply" | "access-expired" => {
                json!({ "ROLECALL_CLIENT_ID": "writer", "ROLECALL_CLIENT_SECRET": "writer-secret", "ROLECALL_JOURNAL_KEY": "0123456789abcdef0123456789abcdef" })
            }
            other => panic!("an environment that is not documented: {other}"),
        };
        let is_fork = matches!(self.event, Event::PullRequest { is_fork: true });
        let secrets = match self.job["environment"].as_str() {
            Some(environment) if !is_fork => name(environment),
            _ => json!({}),
        };
        let from = |is_fork: bool| if is_fork { "stranger/access" } else { "owner/access" };
        let event = match self.event {
            Event::PullRequest { is_fork } => {
                json!({ "pull_request": { "number": 7, "head": { "repo": { "full_name": from(*is_fork) } } }, "repository": { "default_branch": "main" } })
            }
            Event::WorkflowRun { head } => {
                json!({ "workflow_run": { "id": "files", "event": "pull_request", "conclusion": "success", "head_sha": head, "head_branch": "change", "head_repository": { "full_name": from(true), "owner": { "login": "stranger" } } } })
            }
            Event::Push { before } => json!({ "before": before }),
            Event::Schedule => json!({}),
        };
        json!({
            "github": { "event": event, "repository": "owner/access", "token": "gh-token", "ref": "refs/heads/main", "run_attempt": 1, "sha": self.sha() },
            "vars": { "ROLECALL_ENDPOINT": self.repository.world.url() },
            "secrets": secrets,
            "runner": { "temp": self.at("temp") },
            "needs": needs,
            "steps": {},
        })
    }

    fn branch(&self) -> &'static str {
        if matches!(self.event, Event::PullRequest { .. }) { "change" } else { "main" }
    }

    fn sha(&self) -> String {
        match fs::read_to_string(self.at(&format!("artifacts/{}.sha", self.run))) {
            // A run is for the commit that it began with, also when it is run again.
            Ok(sha) => sha,
            Err(_) => {
                let sha = self.repository.commit_of(self.branch());
                fs::write(self.at(&format!("artifacts/{}.sha", self.run)), &sha).unwrap();
                sha
            }
        }
    }

    /// What an action does, as far as it matters here; its code.
    fn uses(&self, action: &str, with: &Value, context: &Value) -> i32 {
        let asked = |name: &str| with[name].as_str().map(|it| filled(it, context));
        let run = asked("run-id").unwrap_or_else(|| self.run.to_owned());
        let kept = self.at(&format!("artifacts/{run}"));
        match action.split('@').next().unwrap() {
            "actions/checkout" => {
                assert!(!matches!(self.event, Event::WorkflowRun { .. }), "with rights, and of a stranger");
                self.repository.clones(self.branch(), with["fetch-depth"] == 0, &self.at("checkout"));
            }
            "OWNER/rolecall" => fs::write(self.at("path"), self.at("installed").to_str().unwrap()).unwrap(),
            "actions/upload-artifact" => {
                let path = PathBuf::from(asked("path").unwrap());
                let name = kept.join(asked("name").unwrap());
                let files = files(&path);
                if files.is_empty() {
                    return i32::from(asked("if-no-files-found").unwrap() == "error");
                }
                assert!(!name.exists() || with["overwrite"] == true, "{} is there already", name.display());
                let _ = fs::remove_dir_all(&name);
                fs::create_dir_all(&name).unwrap();
                copied(&files, &name);
            }
            "actions/download-artifact" => {
                let to = PathBuf::from(asked("path").unwrap());
                fs::create_dir_all(&to).unwrap();
                let names: Vec<PathBuf> = match asked("pattern") {
                    Some(pattern) => {
                        assert_eq!(with["merge-multiple"], true);
                        let start = pattern.strip_suffix('*').unwrap().to_owned();
                        let entries = fs::read_dir(&kept).into_iter().flatten().map(|it| it.unwrap().path());
                        entries
                            .filter(|it| it.file_name().unwrap().to_str().unwrap().starts_with(&start))
                            .collect()
                    }
                    None => vec![kept.join(asked("name").unwrap())],
                };
                for name in names {
                    if !name.is_dir() {
                        return 1;
                    }
                    copied(&files(&name), &to);
                }
            }
            other => panic!("an action that nobody looked at: {other}"),
        }
        0
    }

    /// Runs a step and returns its code.
    fn step(&self, step: &Value, script: &str, context: &Value, ended: &mut Ended) -> i32 {
        assert_eq!(self.workflow["defaults"]["run"]["shell"], "bash", "without it a shell has no pipefail");
        fs::write(self.at("output"), "").unwrap();
        let installed = fs::read_to_string(self.at("path")).unwrap_or_default();
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
        command.current_dir(self.at("checkout")).env_clear().stdin(Stdio::null());
        let path = format!("{installed}:{}:{}", self.at("tools").display(), std::env::var("PATH").unwrap());
        let file = |name: &str| self.at(name).to_str().unwrap().to_owned();
        command.envs([
            ("PATH", path),
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_API_URL", "https://api.github.com".to_owned()),
            ("GITHUB_REPOSITORY", "owner/access".to_owned()),
            ("GITHUB_STEP_SUMMARY", file("summary.md")),
            ("GITHUB_OUTPUT", file("output")),
            ("RUNNER_TEMP", file("temp")),
            ("GITHUB_SHA", self.sha()),
            ("GITHUB_RUN_ID", self.run.to_owned()),
            ("GITHUB_RUN_ATTEMPT", "1".to_owned()),
            ("ROLECALL_SETTLE", "30ms".to_owned()),
        ]);
        if matches!(self.event, Event::PullRequest { .. }) {
            command.env("GITHUB_BASE_REF", "main").env("GITHUB_REF", "refs/pull/7/merge");
        }
        command.envs(self.repository.variables());
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            command.env(name, filled(value.as_str().unwrap(), context));
        }
        let output = command.output().unwrap();
        let log = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        for line in log.lines().filter(|it| it.trim_start().starts_with("::")) {
            let ours = line.starts_with("::error ") || line.starts_with("::warning ");
            assert!(ours && line.contains("title=rolecall"), "a command from elsewhere: {line}");
        }
        ended.log += &log;
        output.status.code().unwrap()
    }

    fn outputs(&self) -> Value {
        let text = self.repository.kept("output");
        text.lines()
            .filter_map(|it| it.split_once('='))
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

fn copied(files: &[PathBuf], to: &Path) {
    for file in files {
        fs::copy(file, to.join(file.file_name().unwrap())).unwrap();
    }
}

/// A file, or those of a folder.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut found: Vec<PathBuf> =
        fs::read_dir(path).into_iter().flatten().map(|it| it.unwrap().path()).collect();
    found.retain(|it| it.is_file());
    found
}
