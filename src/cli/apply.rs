//! `rolecall apply`: plan, ask, write, read back. The only command that writes live.

use std::{
    collections::BTreeSet,
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use clap::Args;
use jiff::Timestamp;
use rolecall::{
    apply::{Job, Outcome, Report, WRITERS, apply},
    journal::Journal,
    order::{ScopeChange, Step, order},
    plan::Plan,
    record::{self, Record},
    render,
};
use serde_json::Value;

use super::{
    Format, Global, Selection,
    failure::{Exit, Failure},
    output::Output,
    report::{self, Applied, words},
    run::{self, Planned},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Apply without asking
    #[arg(long, env = "ROLECALL_AUTO_APPROVE", value_parser = clap::builder::FalseyValueParser::new(), hide_env = true)]
    auto_approve: bool,
    /// Failed steps after which nothing new is begun: a number, or a share such as 5% [default: 10 or 5%, whichever is more]
    #[arg(long, value_name = "N", env = "ROLECALL_MAX_FAILURES", value_parser = failures, default_value = "usual", hide_default_value = true, hide_env = true)]
    max_failures: Failures,
    /// File that notes every write before it is sent [default: below .rolecall/journal]
    #[arg(long, value_name = "FILE", env = "ROLECALL_JOURNAL", hide_env = true)]
    journal: Option<PathBuf>,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    // Before any request, so that a job without consent costs nothing.
    if !arguments.auto_approve && !io::stdin().is_terminal() {
        return Err(Failure::invalid("nobody is there to approve the changes").hint(
            "give `--auto-approve`, or run it in a terminal; `rolecall plan` shows what would change",
        ));
    }
    let now = arguments.selection.now()?;
    let checked = run::checked(global, &arguments.selection.paths)?;
    run::block_on(async {
        let planned = run::until_signal(run::planned(global, output, checked, now)).await?;
        if output.format != Format::Json {
            output.result(&planned.rendered(output.format));
        }
        if !planned.plan.is_empty() && !arguments.auto_approve {
            run::until_signal(consent(output)).await?;
        }
        let steps = order(&planned.plan, ScopeChange::default(), &BTreeSet::new()).steps;
        let (report, journal) = write(global, arguments, output, &planned, &steps).await?;
        let applied =
            Applied { plan: &planned.plan, steps: &steps, report: &report, journal, again: "rolecall apply" };
        let exit = applied.exit();
        output.result(&match output.format {
            Format::Json => {
                let plan: Value = serde_json::from_str(&planned.rendered(Format::Json)).unwrap_or_default();
                format!("{:#}\n", applied.json(&plan))
            }
            Format::Text => applied.text(),
            // An indented block, in which nothing calls anybody.
            Format::Markdown => {
                applied.text().lines().map(|it| format!("    {it}").trim_end().to_owned() + "\n").collect()
            }
        });
        Ok(exit)
    })
}

/// Asks on the terminal; only a whole `yes` counts.
async fn consent(output: &Output) -> Result<(), Failure> {
    output.message("");
    let _ = write!(io::stderr(), "Apply these changes? Only `yes` is accepted: ");
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map(|_| answer)
    });
    match answer.await {
        Ok(Ok(answer)) if answer.trim() == "yes" => Ok(()),
        _ => Err(Failure::invalid("not approved; nothing was changed")),
    }
}

/// Makes the steps, with a journal; returns what became of them, and where the journal is.
async fn write(
    global: &Global,
    arguments: &Arguments,
    output: &Output,
    planned: &Planned,
    steps: &[Step],
) -> Result<(Report, Option<PathBuf>), Failure> {
    let Planned { plan, connected, checked, .. } = planned;
    if steps.is_empty() {
        return Ok((Report { outcomes: Vec::new(), halted: None, differ: Vec::new() }, None));
    }
    let label = "0123456789ab";
    let path = arguments.journal.clone().unwrap_or_else(|| {
        let time = Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ");
        checked.loaded.root.join(".rolecall/journal").join(format!("{label}-{time}.ndjson"))
    });
    let document: Value = serde_json::from_str(&planned.rendered(Format::Json)).unwrap_or_default();
    let start = Record::Start {
        version: record::VERSION,
        at: Timestamp::now(),
        tool: env!("CARGO_PKG_VERSION").into(),
        plan: document.clone(),
        inverse: document,
    };
    let journal = Journal::create(&path, &start)?;
    let stop = run::stop_on_signal(output);
    let max_failures = arguments.max_failures.of(steps.len());
    let writers = global.concurrency.map_or(WRITERS, usize::from);
    let job = Job {
        reader: &connected.reader,
        writer: &connected.writer,
        plan,
        steps,
        journal: &journal,
        label,
        stop: &stop,
        writers,
        max_failures,
    };
    let counter = output.counter(steps.len());
    let report = apply(job, |step, outcome| {
        counter.settled(&line(&steps[step], outcome, plan));
        if output.events.wanted() {
            let change = &plan.changes[steps[step].change];
            let mut facts = report::step(plan, steps, &steps[step], outcome);
            facts["of"] = steps.len().into();
            facts["number"] = (step + 1).into();
            facts["group"] = (*change.name).into();
            output.events.send("step", facts);
        }
    })
    .await;
    drop(counter);
    let applied = Applied { plan, steps, report: &report, journal: None, again: "" };
    let exit = applied.exit();
    let end = Record::End { at: Timestamp::now(), exit: exit.code(), result: exit.name().into() };
    if let Err(error) = journal.write(&end) {
        output.message(&format!("the journal has no last line: {error}"));
    }
    Ok((report, Some(path)))
}

/// Returns `done  GROUP: what`, or why not.
fn line(step: &Step, outcome: &Outcome, plan: &Plan) -> String {
    let name = render::escape::terminal(&plan.changes[step.change].name);
    let what = words(&step.call);
    match outcome {
        Outcome::Done => format!("done    {name}: {what}"),
        Outcome::Failed { error, .. } => {
            format!("failed  {name}: {what}: {}", render::escape::terminal(&error.to_string()))
        }
        Outcome::Stale(how) => format!("stale   {name}: {how}"),
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
    Percent(u8),
    /// Ten steps, or five in a hundred where that is more.
    Usual,
}

impl Failures {
    fn of(self, steps: usize) -> usize {
        match self {
            Self::Steps(n) => n,
            Self::Percent(n) => (steps * usize::from(n)).div_ceil(100),
            Self::Usual => 10.max(steps.div_ceil(20)),
        }
    }
}

/// Reads `10` or `5%`.
fn failures(raw: &str) -> Result<Failures, String> {
    if raw == "usual" {
        return Ok(Failures::Usual);
    }
    let parsed = match raw.strip_suffix('%') {
        Some(percent) => percent.parse().ok().filter(|it| (1..=100).contains(it)).map(Failures::Percent),
        None => raw.parse().ok().filter(|it| *it > 0).map(Failures::Steps),
    };
    parsed.ok_or_else(|| "write a number of steps such as 10, or a share of them such as 5%".to_owned())
}
