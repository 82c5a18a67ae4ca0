//! `rolecall policy`: whether rules say of rows what they are to say, offline; and the rows that they look at. Only reads.

use std::{
    ffi::OsStr,
    fs,
    path::{Component, Path, PathBuf},
};

use clap::{Args, ValueEnum};
use rolecall::{
    files::{
        disk::{self, Named},
        fixtures::Tested,
    },
    report::{document, render::tested},
    workflow,
};

use super::{Exit, Failure, Format, Global, Now, Operator, Output, live::From, run, settings};

/// The file that is run where none is named.
const USUAL: &str = "policy-tests.yaml";
/// Most bytes of one.
const MOST: u64 = 4 << 20;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What to do
    action: Action,
    /// `test`: files with tests, or folders of such; `policy-tests.yaml` of the workspace where absent. `facts`: workspace
    /// folders or access files; the workspace around here where absent
    paths: Vec<PathBuf>,
    /// File with limits that the files here cannot loosen
    #[arg(long, value_name = "FILE", env = "ROLECALL_POLICY")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    now: Now,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Action {
    /// Run the tests of `policies.rules`
    Test,
    /// Print what rules look at as JSON, for OPA, conftest and others
    Facts,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    match arguments.action {
        Action::Test => test(global, arguments, output),
        Action::Facts => facts(global, arguments, output),
    }
}

/// One document of every access row and every edit, whatever form was asked for: nobody reads it but programs.
fn facts(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let now = arguments.now.get()?;
    let mut checked = global.checked(&arguments.paths)?;
    if !arguments.from.is_snapshot() {
        settings::complete(global, &checked)?;
    }
    let (live, _sandbox) = arguments.from.open(global, &checked, &checked.declared.compared_companies())?;
    let looking = workflow::facts(&live, &mut checked, now);
    let rows = run::reading(output.reading(&live.source, looking))?;
    output.result(&document::facts::write(&rows, &live.sites.rest.url, now, live.source.taken()));
    Ok(Exit::Ok)
}

fn test(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let operator = Operator { policy: arguments.policy.clone(), identity: None };
    let checked = global.judged_with(global.checked(&[])?, None, &operator)?;
    let files = match arguments.paths.as_slice() {
        [] => vec![checked.loaded.root.join(USUAL)],
        paths => {
            paths.iter().map(|it| files(&global.here().join(it))).collect::<Result<Vec<_>, _>>()?.concat()
        }
    };
    let read = |path: &PathBuf| {
        let shown = path.strip_prefix(&checked.loaded.root).unwrap_or(path);
        let named = shown.components().filter(|it| *it != Component::CurDir);
        let shown = named.collect::<PathBuf>().display().to_string();
        let text = disk::text(path, Named::ByCaller, MOST).map_err(|error| unread(path, &error))?;
        Ok((shown, text))
    };
    let files = files.iter().map(read).collect::<Result<Vec<_>, Failure>>()?;
    let (all, untested, sources) = workflow::tested(&checked, files)
        .map_err(|(findings, sources)| Failure::Findings { findings, sources })?;
    output.result(&match output.format {
        Format::Text | Format::Markdown => tested::text(&all, &sources),
        Format::Json => tested::json(&all, &untested, &sources),
    });
    if !untested.is_empty() {
        output.remark(&format!("rules without a test: {}", untested.join(", ")));
    }
    Ok(if all.iter().all(Tested::passes) { Exit::Ok } else { Exit::Changes })
}

/// A file, or those of a folder.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(|error| unread(path, &error))?;
    let is_yaml = |it: &PathBuf| matches!(it.extension().and_then(OsStr::to_str), Some("yaml" | "yml"));
    let mut found: Vec<PathBuf> =
        entries.filter_map(|it| Some(it.ok()?.path())).filter(|it| it.is_file() && is_yaml(it)).collect();
    found.sort();
    if found.is_empty() {
        return Err(Failure::invalid(format!(
            "{} holds no test: no file that ends in .yaml",
            path.display()
        ))
        .hint("name a file with `version: 1` and `tests:`"));
    }
    Ok(found)
}

fn unread(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::invalid(format!("cannot read the tests {}: {error}", path.display()))
        .hint("name a file with `version: 1` and `tests:`, or a folder of such files")
}
