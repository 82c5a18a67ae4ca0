//! `rolecall duplicate`: a standard group's roles, as YAML for a custom group.

use clap::Args;
use rolecall::{
    files::decode,
    workflow::{
        self,
        duplicate::{Copy, draft},
    },
};

use super::{Exit, Failure, Global, Output, run, settings};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The group to copy: its exact name, or its id
    group: String,
    /// The name of the new group
    #[arg(long = "as", value_name = "NAME", env = "ROLECALL_DUPLICATE_AS")]
    name: String,
    /// The description of the new group, instead of one made from the original's
    #[arg(long, value_name = "TEXT", env = "ROLECALL_DUPLICATE_DESCRIPTION")]
    description: Option<String>,
    /// Copy the members too; without it the new group starts empty
    #[arg(long, env = "ROLECALL_DUPLICATE_MEMBERS")]
    members: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let checked = global.or_alone(global.checked_workspace(), &[])?;
    settings::complete(global, &checked)?;
    let Some(company) = checked.declared.company else {
        return Err(workflow::Error::NoCompany.into());
    };
    let connected = settings::connect(global, &checked, &[company])?;
    let copy = Copy {
        group: &arguments.group,
        name: &arguments.name,
        description: arguments.description.as_deref(),
        members: arguments.members,
    };
    let drafting = draft(&connected.live.source, &checked.declared, company, copy);
    let (draft, known) = run::reading(drafting)?;
    let text = draft.text(&known);
    // Whatever the original and the flags hold: what is printed is what `validate` takes.
    let mut loaded = checked.loaded;
    let file = loaded.sources.add("(the copy)".to_owned(), text.clone());
    match decode(&text, file) {
        Ok(access) => loaded.files.access.push((file, access)),
        Err(findings) => loaded.findings.extend(findings),
    }
    workflow::sound(loaded)?;
    output.result(&text);
    output.remark("Save it below access/, check it with `rolecall validate`, and plan.");
    Ok(Exit::Ok)
}
