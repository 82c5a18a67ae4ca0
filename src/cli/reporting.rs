//! `--report`: the result in further forms, each in a file of its own, in every outcome. And what GitHub Actions is told
//! beside its annotations.

use std::{
    ffi::OsStr,
    fs,
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use jiff::Timestamp;
use rolecall::{
    files::disk::{self, Existing, Readers},
    report::render::{
        ending::{About, Ending, PullRequest, Trouble},
        format::Format as Form,
        github,
        marker::is_hex,
    },
    workflow::Context,
};

use super::{Exit, Failure, Format, Global, Output, ci::Ci};

/// Flags of the commands whose result has more forms than one.
#[derive(Debug, Args)]
pub(super) struct Reporting {
    /// Also write the result to a file in this form, such as junit=plan.xml; repeatable
    #[arg(long = "report", value_name = "FORMAT=FILE", env = "ROLECALL_REPORT", value_parser = wanted)]
    reports: Vec<Wanted>,
    /// Also write measurements for node_exporter's textfile collector
    #[arg(long, value_name = "FILE", env = "ROLECALL_METRICS_FILE", value_parser = super::json_file())]
    metrics_file: Option<PathBuf>,
    /// What the comment on a pull request is about, instead of the folder of the workspace in its repository
    // These two are not shown: a help has to fit a screen. The page on CI tells of them.
    #[arg(long, value_name = "NAME", env = "ROLECALL_COMMENT_NAME", hide = true)]
    comment_name: Option<String>,
    /// The commit of the files, instead of what CI says
    #[arg(long, value_name = "SHA", env = "ROLECALL_COMMIT", hide = true, value_parser = commit)]
    commit: Option<String>,
}

/// A form and the file that it is written to.
#[derive(Clone, Debug)]
struct Wanted {
    form: Form,
    file: PathBuf,
}

/// Reads the id of a commit.
fn commit(raw: &str) -> Result<String, String> {
    match is_hex(raw) {
        true => Ok(raw.to_ascii_lowercase()),
        false => Err("a commit has 7 to 64 hexadecimal digits".to_owned()),
    }
}

/// Reads `junit=plan.xml`.
fn wanted(raw: &str) -> Result<Wanted, String> {
    let example = || "write FORMAT=FILE, such as junit=plan.xml".to_owned();
    let (form, file) = raw.split_once('=').ok_or_else(example)?;
    let form: Form = form.parse()?;
    match file {
        "" => Err(example()),
        "-" => Err(format!("for standard output give `--format {}`", form.name())),
        file => {
            let file = PathBuf::from(file);
            let end = file.extension().map(OsStr::to_ascii_lowercase);
            if end.is_some_and(|it| it == "yaml" || it == "yml") {
                return Err("a report would take the place of a YAML file; give it another name".to_owned());
            }
            Ok(Wanted { form, file })
        }
    }
}

impl Reporting {
    /// Makes sure that no two results go to one file.
    pub(super) fn check(&self, out: Option<&Path>) -> Result<(), Failure> {
        let mut files: Vec<&Path> = self.files().map(|it| it.1).chain(out).collect();
        files.sort_unstable();
        match files.windows(2).find(|it| it[0] == it[1]) {
            Some(twice) => Err(Failure::invalid(format!("{} is to be written twice", twice[0].display()))
                .hint("give each `--report`, `--out` and `--metrics-file` a file of its own")),
            None => Ok(()),
        }
    }

    fn files(&self) -> impl Iterator<Item = (Form, &Path)> {
        let metrics = self.metrics_file.iter().map(|it| (Form::Openmetrics, it.as_path()));
        self.reports.iter().map(|it| (it.form, it.file.as_path())).chain(metrics)
    }

    /// Makes sure that only forms are asked for that the result has.
    pub(super) fn only(&self, forms: &[Form]) -> Result<(), Failure> {
        match self.reports.iter().find(|it| !forms.contains(&it.form)) {
            Some(it) => Err(Failure::invalid(format!("a review has no form {}", it.form.name()))
                .hint("there are text, json, markdown, html and csv")),
            None => Ok(()),
        }
    }

    /// Writes a result whose forms are all of one making, and prints it.
    pub(super) fn all(&self, global: &Global, about: About<'_>, output: &Output) -> Result<(), Failure> {
        let form = match output.format {
            Format::Text => Form::Text,
            Format::Json => Form::Json,
            Format::Markdown => Form::Markdown,
        };
        self.told(global, about, (Exit::Ok, None, Some(form)), output)
    }

    /// Writes what a plan came to, and of an apply why it was not done in full.
    pub(super) fn plan(
        &self,
        global: &Global,
        (context, judged): (&Context, &rolecall::plan::judged::Judged),
        (exit, trouble): (Exit, Option<Trouble<'_>>),
        output: &Output,
    ) -> Result<(), Failure> {
        let about = About::Plan(context.view(judged.plan(), judged.judgement()), trouble);
        self.told(global, about, (exit, None, None), output)
    }

    /// Writes what became of a plan that was applied, in the words of its result.
    pub(super) fn applied(
        &self,
        global: &Global,
        (context, judged): (&Context, &rolecall::plan::judged::Judged),
        (exit, trouble, done): (Exit, Option<Trouble<'_>>, &str),
        output: &Output,
    ) -> Result<(), Failure> {
        let about = About::Plan(context.view(judged.plan(), judged.judgement()), trouble);
        self.told(global, about, (exit, Some(done), None), output)
    }

    /// Writes why there is no result. What cannot be written is said; the run has failed already.
    pub(super) fn failure(&self, global: &Global, failure: &Failure, output: &Output) {
        let about = match failure {
            Failure::Findings { findings, sources } => About::Findings(findings, sources),
            Failure::Trouble { message, causes, hint, .. } => {
                About::Trouble(Trouble { message, causes, hint: hint.as_deref() })
            }
        };
        if let Err(again) = self.write(global, about, failure.exit(), output) {
            output.message(&again.in_one_line().0);
        }
    }

    /// Writes the result in every form that is asked for; where one cannot be written, the others are all the same.
    pub(super) fn write(
        &self,
        global: &Global,
        about: About<'_>,
        exit: Exit,
        output: &Output,
    ) -> Result<(), Failure> {
        self.told(global, about, (exit, None, None), output)
    }

    /// The same with what was done, in the words of an apply; a form that is `result` is printed as the result where none
    /// takes its place.
    fn told(
        &self,
        global: &Global,
        about: About<'_>,
        (exit, done, result_form): (Exit, Option<&str>, Option<Form>),
        output: &Output,
    ) -> Result<(), Failure> {
        if self.files().next().is_none() && output.form.or(result_form).is_none() {
            return Ok(());
        }
        let ci = Ci::here();
        let name = self.comment_name.clone().unwrap_or_else(|| place(&output.folder));
        let workspace = fs::canonicalize(global.here()).ok();
        let workspace = workspace.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let ending = Ending {
            command: output.command,
            workspace: &workspace,
            at: Timestamp::now(),
            elapsed: output.started.elapsed(),
            code: exit.code(),
            result: exit.name(),
            pull_request: PullRequest {
                forge: output.forge,
                name: &name,
                commit: self.commit.as_deref().or(ci.commit.as_deref()),
                run: ci.run.as_deref(),
            },
            done,
            about,
        };
        let mut result = Ok(());
        for (form, file) in self.files() {
            result = result.and(keep(form, &global.at(file), &form.render(&ending)));
        }
        if let Some(form) = output.form.or(result_form) {
            output.printed(&form.render(&ending));
        }
        let mut forms = self.files().map(|it| it.0).chain(output.form);
        if forms.any(|it| it == Form::Github) {
            actions(&ending, output);
        }
        result
    }
}

/// What a comment is about where nothing else is said: the folder of the workspace from the top of its repository, which is
/// the same in every checkout. Git is not asked: it refuses repositories of others, as a container may see them.
fn place(here: &Path) -> String {
    let whole = fs::canonicalize(here).unwrap_or_default();
    let top = whole.ancestors().find(|it| it.join(".git").exists());
    let below = top.and_then(|it| whole.strip_prefix(it).ok()).unwrap_or(Path::new(""));
    let names: Vec<_> = below.components().map(|it| it.as_os_str().to_string_lossy()).collect();
    if names.is_empty() { ".".to_owned() } else { names.join("/") }
}

/// Writes a report: for its owner alone where it names people.
fn keep(form: Form, path: &Path, text: &str) -> Result<(), Failure> {
    let readers = if form == Form::Openmetrics { Readers::Others } else { Readers::Owner };
    disk::replace(path, text.as_bytes(), readers).map_err(|error| {
        Failure::invalid(format!("cannot write the {} report to {}: {error}", form.name(), path.display()))
            .hint("give another file")
    })
}

/// Adds the comment to the summary of a job of GitHub Actions, and what later steps may ask for to its outputs.
fn actions(ending: &Ending<'_>, output: &Output) {
    for (variable, text) in
        [("GITHUB_STEP_SUMMARY", Form::Markdown.render(ending)), ("GITHUB_OUTPUT", github::outputs(ending))]
    {
        let Some(path) = std::env::var_os(variable).filter(|it| !it.is_empty()) else { continue };
        let added = disk::create(Path::new(&path), Existing::Kept)
            .and_then(|mut file| file.seek(SeekFrom::End(0)).and_then(|_| file.write_all(text.as_bytes())));
        if let Err(error) = added {
            output.message(&format!("warning: cannot add to the file of {variable}: {error}"));
        }
    }
}
