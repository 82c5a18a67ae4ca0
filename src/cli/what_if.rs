//! `rolecall what-if`: the plan that the files would make with a change that somebody thinks of. Only reads, and writes no file.

use std::path::PathBuf;

use clap::Args;
use rolecall::{
    files::suppose::{Thing, Turn},
    report::render::difference::unified,
    workflow::{self, Wanted},
};

use super::{
    Exit, Failure, Format, Global, Now, Output, Reporting, arguments::Asking, live::From, run, show,
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Workspace folders or access files; the workspace around here where absent
    pub(super) paths: Vec<PathBuf>,
    /// Add member:PERSON=GROUP, role:ROLE@SCOPE=GROUP, direct:PERSON=TYPE@company=NAME or lockout:PERSON; repeatable
    #[arg(long, value_name = "THING", value_parser = str::parse::<Thing>, required_unless_present = "remove")]
    add: Vec<Thing>,
    /// Take out member:PERSON=GROUP, role:ROLE=GROUP, group:GROUP, direct:PERSON=TYPE or lockout:PERSON; repeatable
    #[arg(long, value_name = "THING", value_parser = str::parse::<Thing>)]
    remove: Vec<Thing>,
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    now: Now,
    #[command(flatten)]
    pub(super) reporting: Reporting,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let now = arguments.now.get()?;
    let checked = global.checked(&arguments.paths)?;
    let whole = global.read(&arguments.paths).map_err(workflow::Error::from)?;
    let turned = |turn: Turn| move |it: &Thing| (turn, it.clone());
    let changes: Vec<(Turn, Thing)> = arguments.add.iter().map(turned(Turn::Comes)).collect();
    let gone = arguments.remove.iter().map(turned(Turn::Goes));
    let changes: Vec<(Turn, Thing)> = changes.into_iter().chain(gone).collect();
    let (checked, changed) = workflow::supposed(checked, &whole, &global.company, &changes, now.at)?;
    let (live, _sandbox) = arguments.from.open(global, &checked, &checked.declared.compared_companies())?;
    let asked = arguments.asking.ask_people;
    let judged = run::reading(show::judged(&live, checked, Wanted::Files, (now, asked), output))?;
    show::announce(&judged, output);
    show::warn(&judged, output);
    let plan = show::rendered(&judged.context, &judged, output);
    let differences = changed.iter().map(|(path, before, after)| unified(before, after, path));
    output.result(&match output.format {
        Format::Text => differences.chain(["\n".to_owned(), plan]).collect::<String>(),
        Format::Json | Format::Markdown => plan,
    });
    arguments.reporting.plan(global, (&judged.context, &judged), (Exit::Ok, None), output)?;
    Ok(Exit::Ok)
}
