//! `rolecall validate`: the files alone, offline.

use std::path::PathBuf;

use clap::Args;
use rolecall::report::render;

use super::{
    Format, Global,
    failure::{Exit, Failure},
    output::Output,
    run,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Workspace folders or access files; the workspace around the current folder where absent
    paths: Vec<PathBuf>,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let now = super::now()?;
    let result = run::validated(global, &arguments.paths).and_then(|it| {
        let remarks = it.declared.remarks(now);
        if remarks.is_empty() {
            return Ok(it);
        }
        // No plan stops for these, but whoever looks at the files wants to know.
        Err(Failure::Findings { findings: remarks, sources: it.loaded.sources })
    });
    let checked = match result {
        Ok(checked) => checked,
        // Here the findings are the result, not the reason why there is none.
        Err(Failure::Findings { findings, sources }) if output.format == Format::Text => {
            output.result(&render::findings::text(&findings, &sources));
            return Ok(Exit::Invalid);
        }
        Err(failure) => return Err(failure),
    };
    let groups: usize = checked.declared.companies.iter().map(|it| it.groups.len()).sum();
    let files = checked.loaded.sources.files().count();
    output.result(&match output.format {
        Format::Text | Format::Markdown => {
            format!(
                "Valid: {} in {}.\n",
                render::counted(groups, "group", "groups"),
                render::counted(files, "file", "files")
            )
        }
        Format::Json => render::findings::json(&[], &checked.loaded.sources),
    });
    Ok(Exit::Ok)
}
