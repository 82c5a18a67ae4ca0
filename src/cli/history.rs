//! `rolecall history`: which commit gave a person or a group what the files ask for, and which took it. Only reads files and git.

use std::path::PathBuf;

use clap::Args;
use rolecall::{
    files::{
        WORKSPACE_FILE,
        history::{Subject, history, near},
    },
    model::ids::PersonRef,
    report::{
        document,
        render::history::{HistoryView, csv, markdown, text},
    },
    workflow,
};

use super::{Exit, Failure, Global, Now, Output};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Whose: an e-mail address, externalId=…, employeeId=…, userId=…, or the name of a group
    #[arg(value_name = "PERSON|GROUP")]
    of: String,
    /// Folder of the workspace; the one around here where absent
    path: Option<PathBuf>,
    /// Another key by which the files name or named the same person; repeatable
    #[arg(long, value_name = "KEY", env = "ROLECALL_ALSO", value_delimiter = ',', value_parser = str::parse::<PersonRef>)]
    also: Vec<PersonRef>,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let now = Now { now: None }.get()?;
    let path: Vec<PathBuf> = arguments.path.iter().cloned().collect();
    let checked = global.sound(&path)?;
    let loaded = &checked.loaded;
    if loaded.files.workspace.is_none() {
        return Err(Failure::invalid(format!(
            "a history is that of a workspace, and there is none: no {WORKSPACE_FILE}"
        ))
        .hint("run it in the folder of the workspace"));
    }
    let of = &arguments.of;
    let subject = match of.parse() {
        Ok(person) => Subject::Person([person].into_iter().chain(arguments.also.iter().cloned()).collect()),
        Err(_) if !arguments.also.is_empty() => {
            return Err(Failure::invalid(format!("`--also` is for people, and `{of}` names none"))
                .hint("give a person as `ana@voyager.example` or `externalId=agent-17`"));
        }
        Err(_) => Subject::Group(of.as_str().into()),
    };
    let subject = subject.known_by(&checked.declared);
    let history = history(&loaded.root, (&checked.declared, &loaded.files, &loaded.sources), &subject);
    let history = history.map_err(|error| {
        let failure = Failure::from(workflow::Error::from(error));
        failure.hint("a history is read from Git: run it where the workspace lies in a clone with a commit, and git is installed")
    })?;
    if let (true, Subject::Group(name)) = (history.events.is_empty(), &subject) {
        let failure = Failure::invalid(format!("no commit declares a group `{name}`, and no file"));
        return Err(match near(&checked.declared, name) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint("give the exact name of a group, or a person as `ana@voyager.example` or `externalId=agent-17`"),
        });
    }
    let view = HistoryView { history: &history, subject: &subject, now };
    output.answered(&view, (csv, text, document::history::write, markdown));
    Ok(Exit::Ok)
}
