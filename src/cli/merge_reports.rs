//! `rolecall merge-reports`: the reports of the shards of one run as one. Only reads files.

use std::path::PathBuf;

use clap::Args;
use rolecall::{
    files::disk::{self, Named},
    report::{
        document::{
            self,
            joining::{Joined, joined},
        },
        render::{
            counted,
            ending::{About, Trouble},
            markdown, text,
        },
    },
};
use serde_json::Value;

use super::{Exit, Failure, Format, Global, Output, Reporting, foretold, output, settings::hosts};

/// Most bytes of a report.
const LARGEST: u64 = 1 << 30;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Reports of plan, drift or apply with `--format json --shard I/N`, one of each shard
    #[arg(value_name = "REPORT", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) reporting: Reporting,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let texts = arguments.files.iter().map(|path| {
        let text = disk::read(&global.at(path), Named::ByCaller, LARGEST).map_err(|error| {
            Failure::invalid(format!("cannot read {}: {error}", path.display()))
                .hint("name the reports that the shards wrote")
        })?;
        Ok((path.display().to_string(), String::from_utf8_lossy(&text).into_owned()))
    });
    let texts = texts.collect::<Result<Vec<_>, Failure>>()?;
    let Joined { saved, applied, failures, worst } =
        joined(texts).map_err(|why| Failure::invalid(why.to_string()).hint(why.hint()))?;
    let hosts = hosts(saved.urls());
    let view = saved.view(&hosts, None);
    match (&applied, output.format) {
        (Some(applied), _) => output.document(&summary(applied), || output::document("apply", applied)),
        (None, Format::Text) => output.result(&text::plan(&view, output.width())),
        (None, Format::Json) => output.result(&document::write(&view)),
        (None, Format::Markdown) => {
            output.result(&markdown::plan(&view, output.forge, output.forge.budget()));
        }
    }
    let causes: Vec<String> = failures.iter().map(|it| format!("{}: {}", it.file, it.message)).collect();
    let message =
        format!("{} failed, and what it is about is not in this", counted(causes.len(), "shard", "shards"));
    let hint = "look at each, and run it again";
    let trouble =
        (!failures.is_empty()).then_some(Trouble { message: &message, causes: &causes, hint: Some(hint) });
    if trouble.is_some() {
        output.message(&output::trouble(&message, &causes, Some(hint)));
    }
    let exit = match applied {
        Some(_) => Exit::of(worst),
        None => {
            Exit::of(document::joining::worst([worst, foretold::of(&saved.plan, &saved.judgement).code()]))
        }
    };
    arguments.reporting.write(global, About::Plan(view, trouble), exit, output)?;
    Ok(exit)
}

/// What the applies came to, in lines.
fn summary(applied: &Value) -> String {
    let steps = &applied["steps"];
    let parts: Vec<String> = [
        ("done", "done"),
        ("failed", "failed"),
        ("stale", "stale"),
        ("skipped", "skipped"),
        ("notBegun", "not begun"),
    ]
    .into_iter()
    .filter(|it| steps[it.0] != 0 || it.0 == "done")
    .map(|(key, words)| format!("{} {words}", steps[key]))
    .collect();
    let mut text = String::new();
    for it in applied["shards"].as_array().into_iter().flatten() {
        let journal = it["journal"].as_str().map_or_else(String::new, |it| format!("; journal {it}"));
        text += &format!(
            "Shard {}/{}: {}, exit {}{journal}\n",
            it["shard"]["index"],
            it["shard"]["of"],
            it["result"].as_str().unwrap_or_default(),
            it["exit"],
        );
    }
    text + &format!("Steps: {}\n", parts.join(", "))
}
