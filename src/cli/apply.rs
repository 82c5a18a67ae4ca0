//! `rolecall apply`: plan or read a plan, have it approved, write, read back. The only command that writes live.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use rolecall::{
    apply::{Job, Outcome, Report, WRITERS, apply},
    apply::{
        journal::Journal,
        record::{self, Record, Start},
    },
    model::{
        plan::{Judgement, Plan},
        source::Sources,
    },
    plan::{
        digest,
        judged::{Approved, Judged},
        order::Step,
        rollback,
        witness::Testimony,
    },
    report::{document, render::escape::terminal as show},
};
use serde_json::{Value, json, value::RawValue};

use super::{
    Format, Global, Selection,
    approval::{self, ID_DIGITS},
    estimate,
    failure::{Exit, Failure},
    output::Output,
    report::{self, Applied, words},
    run::{self, Planned},
    settings::connect,
    witness::Witness,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Apply without asking
    #[arg(long, env = "ROLECALL_AUTO_APPROVE", value_parser = clap::builder::FalseyValueParser::new(), hide_env = true)]
    auto_approve: bool,
    /// Apply without asking, if the plan still has this id
    #[arg(long, value_name = "PLAN_ID", env = "ROLECALL_APPROVE", value_parser = plan_id, hide_env = true)]
    approve: Option<String>,
    /// Apply without asking, if the plan does no more than this saved one
    #[arg(long, value_name = "PLAN", conflicts_with_all = ["approve", "auto_approve"])]
    approved_at_most: Option<PathBuf>,
    /// Only cut off who is locked out, with the fewest requests
    #[arg(long, value_name = "PART", conflicts_with = "approved_at_most")]
    only: Option<Only>,
    /// Only say how many requests and how much time it would take
    #[arg(long, env = "ROLECALL_ESTIMATE", value_parser = clap::builder::FalseyValueParser::new(), hide_env = true)]
    estimate: bool,
    /// Compare with rbac-info of whom it concerns, before and after; as that has no scopes, a wrong scope is not seen
    #[arg(long, env = "ROLECALL_WITNESS", value_parser = clap::builder::FalseyValueParser::new(), hide_env = true)]
    witness: bool,
    /// Begin nothing new after so many failed steps [default: 10, or 5% if that is more]
    #[arg(long, value_name = "N", env = "ROLECALL_MAX_FAILURES", value_parser = failures, hide_env = true)]
    max_failures: Option<Failures>,
    /// File that notes every write [default: below .rolecall/journal]
    #[arg(long, value_name = "FILE", env = "ROLECALL_JOURNAL", hide_env = true)]
    journal: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    /// The removals of people who are locked out
    Lockout,
}

/// What is applied.
enum What {
    /// A plan that was saved, and where.
    Saved(PathBuf),
    /// What the files ask for.
    Files,
    /// The lock-outs alone.
    Lockouts,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let what = what(global, arguments)?;
    let at_most = match &arguments.approved_at_most {
        Some(path) => Some(approval::read_plan(&run::here(global).join(path), Sources::default())?),
        None => None,
    };
    // A plan that is named was looked at; whoever starts the process says so.
    let consented = arguments.estimate
        || arguments.auto_approve
        || arguments.approve.is_some()
        || at_most.is_some()
        || matches!(what, What::Saved(..));
    // Before any request, so that a job without consent costs nothing.
    if !consented && !io::stdin().is_terminal() {
        return Err(Failure::invalid("nobody is there to approve the changes").hint(
            "give `--approve PLAN_ID` or `--auto-approve`, or run it in a terminal; `rolecall plan` shows what would change",
        ));
    }
    // Not `SOURCE_DATE_EPOCH`: it is for output that can be reproduced, and would bring back what has ended.
    let now = arguments.selection.now.or_clock();
    let is_saved = matches!(what, What::Saved(_));
    let checked = match &what {
        What::Saved(..) => run::checked(global, &[])?,
        What::Files | What::Lockouts => run::checked(global, &arguments.selection.paths)?,
    };
    run::block_on(async {
        let planning = async {
            match what {
                What::Saved(path) => {
                    approval::saved(global, arguments.approve.as_deref(), output, checked, &path, now).await
                }
                What::Files => {
                    let live = connect(global, &checked.loaded)?;
                    run::planned(live, output, checked, now).await
                }
                What::Lockouts => run::lockouts(global, output, checked, now).await,
            }
        };
        let mut planned = run::until_signal(planning).await?;
        if arguments.estimate {
            return Ok(estimate::apply(global, &planned, arguments.witness, output));
        }
        let stop = run::stop_on_signal(output);
        let id = digest::plan_id(&planned.judged.plan);
        planned.announce(output);
        if output.format != Format::Json {
            output.result(&planned.rendered(output.format));
        }
        if let Some(no) = approval::not_approved(
            arguments.approve.as_deref(),
            at_most.as_ref(),
            (&planned.judged.plan, id),
            &planned.connected.url,
        ) {
            return Ok(no.say(output, &planned));
        }
        let approved = match std::mem::take(&mut planned.judged).approve(arguments.approve.is_some()) {
            Ok(approved) => approved,
            Err(judged) => {
                planned.judged = *judged;
                return Ok(approval::blocked(&planned.judged.judgement).say(output, &planned));
            }
        };
        if !approved.plan.is_empty() && !consented {
            run::until_signal(consent(output, "Apply these changes?")).await?;
        }
        let (report, journal, testimony) =
            write(global, arguments, output, (&planned, &approved), &stop).await?;
        planned.judged = approved.into_judged();
        let again = again(global, arguments, is_saved);
        let undo = journal
            .as_deref()
            .map(|it| undo(global, &planned.checked.loaded.root, &run::here(global).join(it)));
        let applied = Applied {
            plan: &planned.judged.plan,
            steps: &planned.judged.steps,
            report: &report,
            witness: testimony.as_ref(),
            journal: journal.as_deref(),
            undo: undo.as_deref(),
            again: &again,
        };
        output.result(&match output.format {
            Format::Json => {
                let plan: Value =
                    serde_json::from_str(&planned.rendered(Format::Json)).expect("a document is JSON");
                format!("{:#}\n", applied.json(&plan))
            }
            Format::Text => applied.text(),
            // An indented block, in which nothing calls anybody.
            Format::Markdown => {
                applied.text().lines().map(|it| format!("    {it}").trim_end().to_owned() + "\n").collect()
            }
        });
        Ok(applied.exit())
    })
}

/// Returns what the arguments ask to apply; a saved plan is read before anything else.
fn what(global: &Global, arguments: &Arguments) -> Result<What, Failure> {
    let is_plan = |it: &PathBuf| it.extension().is_some_and(|it| it == "json");
    match &arguments.selection.paths[..] {
        _ if arguments.only == Some(Only::Lockout) => Ok(What::Lockouts),
        [path] if is_plan(path) => {
            let path = run::here(global).join(path);
            approval::read_plan(&path, Sources::default())?;
            Ok(What::Saved(path))
        }
        paths if paths.iter().any(is_plan) => {
            Err(Failure::invalid("a saved plan is applied alone").hint("name one plan, or files and folders"))
        }
        _ => Ok(What::Files),
    }
}

/// Asks on the terminal; only a whole `yes` counts.
pub(super) async fn consent(output: &Output, question: &str) -> Result<(), Failure> {
    output.message("");
    let _ = write!(io::stderr(), "{question} Only `yes` is accepted: ");
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map(|_| answer)
    });
    match answer.await {
        Ok(Ok(answer)) if answer.trim() == "yes" => Ok(()),
        _ => Err(Failure::invalid("not approved; nothing was changed")),
    }
}

/// Makes the steps, with a journal; returns what became of them, where the journal is, and what the witness says.
async fn write(
    global: &Global,
    arguments: &Arguments,
    output: &Output,
    (planned, approved): (&Planned, &Approved),
    stop: &AtomicBool,
) -> Result<(Report, Option<PathBuf>, Option<Testimony>), Failure> {
    let Judged { plan, judgement, steps } = &**approved;
    if steps.is_empty() {
        let testimony = arguments.witness.then(Testimony::default);
        return Ok((Report { outcomes: Vec::new(), halted: None, differ: Vec::new() }, None, testimony));
    }
    let reader = &planned.connected.reader;
    let witness = if arguments.witness {
        let called = async { Ok(Witness::called(reader, plan).await) };
        Some(run::until_signal(called).await?)
    } else {
        None
    };
    let label = format!("{:.ID_DIGITS$}", digest::plan_id(plan));
    let path = match &arguments.journal {
        Some(path) => run::here(global).join(path),
        None => {
            let time = Timestamp::now().strftime("%Y%m%dT%H%M%S%9fZ");
            let own = planned.checked.loaded.root.join(".rolecall");
            ignored(&own);
            own.join("journal").join(format!("{label}-{time}.ndjson"))
        }
    };
    let (whole, inverse) = (document::line(&planned.view(plan, judgement)), inverse(planned, plan));
    let start = Start {
        version: record::VERSION,
        at: Timestamp::now(),
        tool: env!("CARGO_PKG_VERSION"),
        plan: &whole,
        inverse: &inverse,
    };
    let journal = Journal::create(&path, &start)?;
    let job = Job {
        reader: &planned.connected.reader,
        writer: &planned.connected.writer,
        plan: approved,
        journal: &journal,
        label: &label,
        stop,
        writers: global.concurrency.map_or(WRITERS, usize::from),
        max_failures: arguments.max_failures.unwrap_or(Failures::Usual).of(steps.len()),
    };
    let counter = output.counter(steps.len());
    let applying = apply(job, |step, outcome| {
        counter.settled(&line(&steps[step], outcome, plan));
        if output.events.wanted() {
            let mut facts = report::step(plan, steps, &steps[step], outcome);
            facts["of"] = steps.len().into();
            facts["number"] = (step + 1).into();
            let change = steps[step].change;
            let is_user = plan.change(change).is_some_and(|it| it.user().is_some());
            let key = if is_user { "user" } else { "group" };
            facts[key] = plan.title(change).into();
            output.events.send("step", facts);
        }
    });
    let report = output.watching(&planned.connected.reader, |wait| counter.waits(wait), applying).await;
    drop(counter);
    let testimony = match witness {
        Some(witness) => Some(witness.testify(steps, &report, stop).await),
        None => None,
    };
    if let Some(it) = &testimony {
        output.events.send("witness", json!({ "looked": it.looked, "contradictions": it.contradictions.len(), "untold": it.untold.len() }));
    }
    let witness = testimony.as_ref();
    let exit = Applied { plan, steps, report: &report, witness, journal: None, undo: None, again: "" }.exit();
    let end = Record::End { at: Timestamp::now(), exit: exit.code(), result: exit.name().into() };
    if let Err(error) = journal.write(&end) {
        output.message(&format!("the journal has no last line: {error}"));
    }
    Ok((report, Some(inside(&path, global)), testimony))
}

/// Returns the plan that would undo all of it, on one line.
fn inverse(planned: &Planned, plan: &Plan) -> Box<RawValue> {
    document::line(&planned.view(&rollback::inverse(plan), &Judgement::default()))
}

/// Keeps what a run leaves behind out of Git: journals name people. Where that fails, so will the journal.
fn ignored(folder: &Path) {
    let file = folder.join(".gitignore");
    if !file.exists() && fs::create_dir_all(folder).is_ok() {
        let _ = fs::write(file, "*\n");
    }
}

/// Returns a path as it can be typed in the folder that the run is about.
fn inside(path: &Path, global: &Global) -> PathBuf {
    let here = fs::canonicalize(run::here(global)).ok();
    let whole = fs::canonicalize(path).ok();
    let inside = here.zip(whole).and_then(|(here, whole)| Some(whole.strip_prefix(here).ok()?.to_owned()));
    inside.unwrap_or_else(|| path.to_owned())
}

/// Returns a path as it can be typed in a folder: relative to it where it is inside.
fn typed_in(folder: &Path, path: &Path) -> String {
    let whole = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    report::typed(&whole.strip_prefix(folder).unwrap_or(&whole).display().to_string())
}

/// Returns the options that say which API and company a run was about, where the command line did: with others,
/// the same command is about something else.
fn target(global: &Global) -> String {
    let options = [
        ("endpoint", "ROLECALL_ENDPOINT", &global.endpoint),
        ("company", "ROLECALL_COMPANY", &global.company),
    ];
    options
        .into_iter()
        .filter_map(|(name, variable, value)| {
            Some((name, value.as_ref().filter(|it| std::env::var(variable).ok().as_ref() != Some(*it))?))
        })
        .map(|(name, value)| format!(" --{name} {}", report::typed(value)))
        .collect()
}

/// Returns what goes on from here.
fn again(global: &Global, arguments: &Arguments, saved: bool) -> String {
    let mut program = "rolecall".to_owned();
    if let Some(workspace) = &global.workspace {
        program += &format!(" -C {}", report::typed(&workspace.display().to_string()));
    }
    if saved {
        // What is left is no longer what was saved.
        return format!("{program} plan{}, and have that approved", target(global));
    }
    let paths = arguments.selection.paths.iter().map(|it| report::typed(&it.display().to_string()));
    let paths: String = paths.map(|it| format!(" {it}")).collect();
    let lockout = if arguments.only.is_some() { " --only lockout" } else { "" };
    format!("{program} apply{paths}{lockout}{}", target(global))
}

/// Returns the command that leads back. It is told the workspace where the folder of the caller is not inside.
fn undo(global: &Global, root: &Path, journal: &Path) -> String {
    let here = Path::new(".");
    let inside = fs::canonicalize(here)
        .ok()
        .zip(fs::canonicalize(root).ok())
        .is_some_and(|(here, root)| here.starts_with(root));
    let (folder, option) =
        if inside { (here, String::new()) } else { (root, format!(" -C {}", typed_in(here, root))) };
    format!("rolecall{option} rollback {}{}", typed_in(folder, journal), target(global))
}

/// Returns `done  GROUP: what`, or why not.
fn line(step: &Step, outcome: &Outcome, plan: &Plan) -> String {
    let title = plan.title(step.change);
    let name = show(&title);
    let what = words(&step.call);
    match outcome {
        Outcome::Done => format!("done    {name}: {what}"),
        Outcome::Failed { error, .. } => format!("failed  {name}: {what}: {}", show(&error.to_string())),
        Outcome::Stale { how, .. } => format!("stale   {name}: {how}"),
        Outcome::Skipped(_) => format!("skipped {name}: {what}"),
        Outcome::Halted => format!("stopped {name}: {what}"),
    }
}

/// How many failures end a run.
#[derive(Clone, Copy, Debug)]
enum Failures {
    /// So many steps.
    Steps(usize),
    /// So many in a hundred steps.
    Percent(usize),
    /// Ten steps, or five in a hundred where that is more.
    Usual,
}

impl Failures {
    fn of(self, steps: usize) -> usize {
        match self {
            Self::Steps(n) => n,
            Self::Percent(n) => (steps * n).div_ceil(100),
            Self::Usual => 10.max(Self::Percent(5).of(steps)),
        }
    }
}

/// Reads `10` or `5%`.
fn failures(raw: &str) -> Result<Failures, String> {
    let parsed = match raw.strip_suffix('%') {
        Some(percent) => percent.parse().ok().filter(|it| (1..=100).contains(it)).map(Failures::Percent),
        None => raw.parse().ok().filter(|it| *it > 0).map(Failures::Steps),
    };
    parsed.ok_or_else(|| "write a number of steps such as 10, or a share of them such as 5%".to_owned())
}

/// Reads the id of a plan: all of its digits, or at least those that a plan shows.
fn plan_id(raw: &str) -> Result<String, String> {
    let digits = raw.to_ascii_lowercase();
    if (ID_DIGITS..=64).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_hexdigit()) {
        Ok(digits)
    } else {
        Err(format!("a plan id has {ID_DIGITS} to 64 hexadecimal digits, as `Plan id:` shows them"))
    }
}
