//! The command line as it is parsed and explained: which options a command shows, which variable stands for each; and
//! `rolecall help`.

use std::ffi::{OsStr, OsString};

use clap::{
    Arg, ArgAction, Args, Command, CommandFactory, Error,
    builder::{FalseyValueParser, PossibleValue, PossibleValuesParser},
    error::{ContextKind, ContextValue},
};
use rolecall::model::finding::nearest;

use super::{Cli, Exit, Failure, Output, output::ANSWERS, users};

/// Options of every command that only its help shows.
const OFFLINE: &[&str] = &["workspace", "company", "format", "events", "color", "quiet"];

/// The global options that only the help of each command shows: that of the program has to fit a screen.
const OF_COMMANDS: &[&str] = &["events", "color", "log_format", "timeout", "concurrency", "max_rps"];

/// What `--company` means to a question about whom a role reaches.
const REACH: &str = "Only where it reaches this company: an id, or a name from `ids`";

/// The global options that mean something to a command; to one that is not here all do. The others are taken as well and
/// change nothing, so that a script may give the same ones to every command.
const MEANT: &[(&str, &[&str])] = &[
    (
        "comment",
        &["workspace", "format", "forge", "events", "color", "quiet", "verbose", "log_format", "timeout"],
    ),
    ("codeowners", OFFLINE),
    ("completions", &[]),
    ("diff", &["workspace", "format", "forge", "events", "color", "quiet", "verbose", "log_format"]),
    ("help", &["color"]),
    (
        "history",
        &["workspace", "company", "format", "forge", "events", "color", "quiet", "verbose", "log_format"],
    ),
    ("init", &["workspace", "endpoint", "company", "format", "events", "color", "quiet"]),
    ("man", &["color", "quiet"]),
    ("policy", OFFLINE),
    ("sandbox", &["format", "events", "color", "quiet", "verbose", "log_format", "max_rps"]),
    ("schema", &[]),
    ("validate", OFFLINE),
];

/// How much an explanation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// `-h`: what there is.
    Brief,
    /// `--help`, `rolecall help`, manual pages: with the variable of each option.
    Whole,
}

impl Detail {
    /// What a command line asks for, if it asks for help.
    pub(super) fn of(words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let mut words = words.into_iter().take_while(|it| it.as_ref() != "--");
        if words.any(|it| it.as_ref() == "--help") { Self::Whole } else { Self::Brief }
    }
}

/// The command line.
pub(super) fn command(detail: Detail) -> Command {
    let command = Cli::command();
    let global: Vec<Arg> = command.get_arguments().filter(|it| it.is_global_set()).cloned().collect();
    let names: Vec<String> = command.get_subcommands().map(|it| it.get_name().to_owned()).collect();
    let names = PossibleValuesParser::new(names);
    let command = command.mut_subcommands(|of| {
        let meant = MEANT.iter().find(|it| it.0 == of.get_name()).map(|it| it.1);
        let idle = |it: &Arg| {
            meant.is_some_and(|meant| it.get_id() != "help" && !meant.contains(&it.get_id().as_str()))
        };
        let is_about_reach = ["who-can", "who-has"].contains(&of.get_name());
        let form = match of.get_name() {
            "users" => Some("Form of the result: text, json or markdown; of list and show also csv"),
            name => ANSWERS.contains(&name).then_some("Form of the result: text, json, markdown or csv"),
        };
        let own = |it: &Arg| match it.get_id().as_str() {
            "format" => form.map_or_else(|| it.clone(), |form| it.clone().help(form)),
            "company" if is_about_reach => it.clone().help(REACH),
            _ => it.clone(),
        };
        // The command's own take the place of the global ones, as clap puts them down.
        global.iter().fold(of, |of, it| of.arg(own(it).hide(it.is_hide_set() || idle(it))))
    });
    let command = OF_COMMANDS.iter().fold(command, |command, id| command.mut_arg(id, |it| it.hide(true)));
    let forge = global.iter().find(|it| it.get_id() == "forge").map(|it| it.clone().hide(false));
    let command = command.mut_subcommand("comment", |it| {
        it.mut_args(|own| match &forge {
            Some(forge) if own.get_id() == forge.get_id() => forge.clone(),
            _ => own,
        })
    });
    let command = command.mut_subcommand("help", |it| {
        it.mut_arg("of", |it| it.value_parser(names).hide_possible_values(true))
    });
    with_variables(command, detail)
}

/// Completes what options read from the environment: `1` and `yes` set a flag, `0` and `no` are as if the variable was
/// not there, and so is an empty one, because workflows set variables without a value to nothing. No value is shown.
fn with_variables(command: Command, detail: Detail) -> Command {
    let completed = |it: Arg| {
        let Some(value) = it.get_env().map(std::env::var_os) else { return it };
        let it = it.hide_env(detail == Detail::Brief).hide_env_values(true);
        let is_flag = matches!(it.get_action(), ArgAction::SetTrue);
        let it = if is_flag { it.value_parser(FalseyValueParser::new()) } else { it };
        match value {
            Some(value) if detail == Detail::Brief && (value.is_empty() || is_flag && is_no(&value)) => {
                it.env(None::<&str>)
            }
            Some(_) | None => it,
        }
    };
    command.mut_args(completed).mut_subcommands(|it| with_variables(it, detail))
}

/// What clap takes for `false` in a variable.
fn is_no(value: &OsStr) -> bool {
    let value = value.to_string_lossy().to_lowercase();
    ["n", "no", "f", "false", "off", "0"].contains(&value.as_str())
}

/// Suggests the one command that was probably meant; clap names all that are somehow alike.
pub(super) fn suggesting(mut error: Error) -> Error {
    if let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand) {
        let command = Cli::command();
        if let Some(meant) = nearest(typed, command.get_subcommands().map(Command::get_name)) {
            let meant = ContextValue::Strings(vec![meant.to_owned()]);
            error.insert(ContextKind::SuggestedSubcommand, meant);
        }
    }
    error
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which one; the program itself where absent
    #[arg(value_name = "COMMAND", index = 1)]
    of: Option<String>,
    /// Which of its actions, such as `put` of `users`
    #[arg(value_name = "ACTION", index = 2)]
    action: Option<String>,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let words = arguments.of.iter().chain(&arguments.action).map(OsString::from);
    let line = [OsString::new()].into_iter().chain(words).chain(["--help".into()]);
    let mut command = users::narrowed(command(Detail::Whole), line);
    command.build();
    let of = arguments.of.as_deref().and_then(|it| command.find_subcommand_mut(it).cloned());
    if let (Some(of), Some(action)) = (&of, &arguments.action) {
        let values = of.get_positionals().next().map(Arg::get_possible_values).unwrap_or_default();
        let actions: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
        if !actions.contains(&&**action) {
            let near = nearest(action, actions.iter().copied());
            let near = near.map(|it| format!("did you mean `{it}`? ")).unwrap_or_default();
            return Err(Failure::invalid(format!("`{}` has no action `{action}`", of.get_name()))
                .hint(format!("{near}see `rolecall help {}`", of.get_name())));
        }
    }
    output.result(&of.unwrap_or(command).render_help().ansi().to_string());
    Ok(Exit::Ok)
}
