//! `rolecall show`: a saved plan once more, in any form, or row by row under headings. Only reads the plan.

use std::path::PathBuf;

use clap::Args;
use rolecall::{
    model::source::Sources,
    report::{
        document,
        render::{
            View,
            ending::About,
            format::Format as Form,
            grouped::{self, By},
            markdown, text,
        },
    },
};

use super::{Exit, Failure, Format, Global, Output, Reporting, approval::PlanFile, settings::hosts};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Plan that `rolecall plan --out` saved
    plan: PathBuf,
    /// Put the rows under headings, one for each group, person, role or company
    #[arg(long, value_name = "WHAT", env = "ROLECALL_BY", value_parser = str::parse::<By>, conflicts_with_all = ["reports", "metrics_file"])]
    by: Option<By>,
    #[command(flatten)]
    pub(super) reporting: Reporting,
}

/// Shows the plan as the command that made it did; but for the requests and the time that took, which no plan tells.
pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let file = PlanFile::read(global.at(&arguments.plan), None)?;
    let saved = file.plan(Sources::default())?;
    let hosts = hosts(saved.urls());
    let view = saved.view(&hosts, Some(file.text()));
    match arguments.by {
        Some(by) => output.printed(&by_heading(&view, by, output)?),
        None => {
            output.result(&match output.format {
                Format::Text => text::plan(&view, output.width()),
                Format::Json => document::write(&view),
                Format::Markdown => markdown::plan(&view, output.forge, output.forge.budget()),
            });
            arguments.reporting.write(global, About::Plan(view, None), Exit::Ok, output)?;
        }
    }
    Ok(Exit::Ok)
}

fn by_heading(view: &View<'_>, by: By, output: &Output) -> Result<String, Failure> {
    Ok(match (output.form, output.format) {
        (Some(Form::Csv), _) => grouped::csv(view, by),
        (Some(form), _) => {
            return Err(Failure::invalid(format!("rows by {} have no form {}", by.name(), form.name()))
                .hint("give `--format text`, `json`, `markdown` or `csv`"));
        }
        (None, Format::Text) => grouped::text(view, by, output.width()),
        (None, Format::Json) => grouped::json(view, by),
        (None, Format::Markdown) => grouped::markdown(view, by, output.forge, output.forge.budget()),
    })
}
