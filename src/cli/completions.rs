//! `rolecall completions`: what makes a shell ask this program how a word may go on, and the answers.
//!
//! Offline: names come from the files of the workspace, and where those cannot be read there are fewer. Nothing is said
//! on an error, and nothing that a terminal would obey. The protocol between shell and program is clap_complete's, which
//! may change with its version: a shell asks for its part with each start, or has to be given it anew after an update.

mod bash;
mod powershell;

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::{Args, Command, ValueEnum};
use clap_complete::{
    ArgValueCompleter, CompletionCandidate,
    env::{Elvish, EnvCompleter, Fish, Zsh},
};
use rolecall::{
    files::{load, named::Named},
    live::api::Recipients,
    model::{escape, part::Part},
};

use super::{
    Exit, Failure, Output,
    help::{Detail, command},
    settings::SANDBOX,
};

/// The variable by which a shell asks. Not the usual `COMPLETE`, which a job may have set to something else.
const VARIABLE: &str = "ROLECALL_COMPLETE";
const PROGRAM: &str = "rolecall";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// For which shell
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

impl Shell {
    fn completer(self) -> &'static dyn EnvCompleter {
        match self {
            Self::Bash => &bash::Bash,
            Self::Elvish => &Elvish,
            Self::Fish => &Fish,
            Self::Powershell => &powershell::Powershell,
            Self::Zsh => &Zsh,
        }
    }
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    let shell = arguments.shell.completer();
    // By name: what is found by then is what answers.
    shell
        .write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)
        .map_err(|error| Failure::new(Exit::Error, format!("cannot write the completions: {error}")))?;
    output.result(&String::from_utf8_lossy(&script));
    Ok(Exit::Ok)
}

/// Answers a shell that asks how a word may go on; whether one did.
pub(super) fn answered() -> bool {
    let Some(asks) = env::var_os(VARIABLE).filter(|it| !it.is_empty() && it != "0") else { return false };
    let shell = asks.to_str().and_then(|it| Shell::from_str(it, false).ok());
    let words: Vec<OsString> = env::args_os().skip_while(|it| it != "--").skip(1).collect();
    // Whatever goes wrong, a prompt is not the place to say so.
    let _ = shell.map_or(Ok(()), |it| answer(it.completer(), words));
    true
}

fn answer(shell: &dyn EnvCompleter, words: Vec<OsString>) -> io::Result<()> {
    let here = env::current_dir().ok();
    let folder = workspace(&bash::line().map_or_else(|| words.clone(), |it| it.words));
    let mut answers = Vec::new();
    shell.write_complete(&mut completing(folder), words, here.as_deref(), &mut answers)?;
    io::stdout().write_all(&answers)
}

/// The folder of the workspace, as the words before name it.
fn workspace(words: &[OsString]) -> PathBuf {
    let at = words.iter().rposition(|it| it == "-C" || it == "--workspace");
    let next = at.and_then(|it| words.get(it + 1)).cloned();
    let joined = words.iter().rev().find_map(|it| it.to_str()?.strip_prefix("--workspace=").map(Into::into));
    let variable = || env::var_os("ROLECALL_WORKSPACE").filter(|it| !it.is_empty());
    next.or(joined).or_else(variable).map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// The command line with what its values may be: by the names of the options, in every command that has them.
fn completing(folder: PathBuf) -> Command {
    let with = move |kind: fn(Named) -> Vec<String>| {
        let folder = folder.clone();
        ArgValueCompleter::new(move |begun: &OsStr| candidates(kind(named(&folder)), begun))
    };
    let completed = move |it: clap::Arg| match it.get_id().as_str() {
        "company" => it.add(with(|it| it.companies.into_iter().collect())),
        "group" | "groups" => it.add(with(|it| it.groups.into_iter().collect())),
        "person" | "identity" | "user" => it.add(with(|it| it.people.into_iter().collect())),
        "part" => it.add(with(|_| {
            let all = Part::ALL.iter().filter(|it| it.is_writable() && **it != Part::Roles);
            all.map(|it| it.word().to_owned()).collect()
        })),
        "endpoint" => {
            it.add(with(|_| [SANDBOX.to_owned()].into_iter().chain(Recipients::documented()).collect()))
        }
        _ => it,
    };
    command(Detail::Brief).mut_args(&completed).mut_subcommands(|it| it.mut_args(&completed))
}

/// What the files of a workspace name, as far as they can be read.
fn named(folder: &Path) -> Named {
    load::load(&[], folder).map(|it| Named::of(&it.files)).unwrap_or_default()
}

/// Those that go on from what was begun; upper and lower case are one, as people remember names. What holds characters
/// that a terminal might obey or not show is left out: a changed name would be another one.
fn candidates(names: Vec<String>, begun: &OsStr) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy().to_lowercase();
    let names = names.into_iter().filter(|it| it.to_lowercase().starts_with(&begun));
    names.filter(|it| escape::terminal(it) == it.as_str()).map(CompletionCandidate::new).collect()
}
