//! `rolecall validate`: the files alone, offline.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use rolecall::{
    report::render::{self, ending::About},
    workflow::Checked,
};

use super::{Exit, Failure, Format, Global, Output, Reporting};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Workspace folders or access files; the workspace around the current folder where absent
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) reporting: Reporting,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let checked = match checked(global, arguments, now) {
        Ok(checked) => checked,
        // Here the findings are the result, not the reason why there is none.
        Err(Failure::Findings { findings, sources }) if output.format == Format::Text => {
            output.result(&render::findings::text(&findings, &sources, output.width()));
            let about = About::Findings(&findings, &sources);
            arguments.reporting.write(global, about, Exit::Invalid, output)?;
            return Ok(Exit::Invalid);
        }
        Err(failure) => return Err(failure),
    };
    let groups: usize = checked.declared.companies.iter().map(|it| it.groups.len()).sum();
    let people: usize = checked
        .declared
        .companies
        .iter()
        .map(rolecall::files::declared::DeclaredCompany::declared_people)
        .sum();
    let people = match people {
        0 => String::new(),
        1.. => format!(", {}", render::counted(people, "person", "people")),
    };
    let files = checked.loaded.sources.files().count();
    output.result(&match output.format {
        Format::Text | Format::Markdown => {
            format!(
                "Valid: {}{people} in {}.\n",
                render::counted(groups, "group", "groups"),
                render::counted(files, "file", "files")
            )
        }
        Format::Json => render::findings::json(&[], &checked.loaded.sources),
    });
    arguments.reporting.write(global, About::Findings(&[], &checked.loaded.sources), Exit::Ok, output)?;
    Ok(Exit::Ok)
}

/// Checks the files; what is odd about them and stops no plan counts as well.
fn checked(global: &Global, arguments: &Arguments, now: Timestamp) -> Result<Checked, Failure> {
    let checked = global.checked(&arguments.paths)?;
    let remarks = checked.declared.remarks(now);
    if remarks.is_empty() {
        return Ok(checked);
    }
    Err(Failure::Findings { findings: remarks, sources: checked.loaded.sources })
}
