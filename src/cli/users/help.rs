//! The help of each action of `rolecall users`: only what it takes, in words for it alone.

use std::ffi::OsString;

use clap::{Command, ValueEnum as _};

use super::{Action, TAKEN};

/// How to call each, after its name.
const USAGE: [(Action, &str, &str); 4] = [
    (Action::List, "[OPTIONS]", "--department Sales --status active --format csv"),
    (Action::Show, "[OPTIONS] <PERSON>", "ana@voyager.example"),
    (Action::Export, "[OPTIONS] --out <DIR> <PERSON>", "ana@voyager.example --out ana"),
    (
        Action::Put,
        "[OPTIONS] --part <PART> <PERSON> <FILE>",
        "ana@voyager.example --part travel-preferences preferences.json",
    ),
];

/// The command line, with the help of the action whose help it asks for.
pub(in crate::cli) fn narrowed(command: Command, line: impl Iterator<Item = OsString>) -> Command {
    let words: Vec<OsString> = line.skip(1).take_while(|it| it != "--").collect();
    let is_help = words.iter().any(|it| it == "--help" || it == "-h");
    let behind = words.iter().skip_while(|it| *it != "users").skip(1);
    let actions = || Action::value_variants().iter().copied();
    let named = |word: &OsString| actions().find(|it| word.as_os_str() == it.word());
    match behind.filter_map(named).next().filter(|_| is_help) {
        Some(action) => command.mut_subcommand("users", |it| of(action, it)),
        None => command,
    }
}

fn of(action: Action, users: Command) -> Command {
    let (word, takes) =
        (action.word(), |it: Action, id: &str| TAKEN.iter().any(|(of, ids)| *of == it && ids.contains(&id)));
    let said = action.to_possible_value().and_then(|it| it.get_help().map(ToString::to_string));
    let (usage, example) = USAGE.iter().find(|it| it.0 == action).map(|it| (it.1, it.2)).unwrap_or_default();
    let users = users
        .about(said.unwrap_or_default())
        .override_usage(format!("rolecall users {word} {usage}"))
        .after_help(format!("Example: rolecall users {word} {example}"));
    users.mut_args(|it| {
        let id = it.get_id().as_str().to_owned();
        let of_others =
            Action::value_variants().iter().any(|other| takes(*other, &id)) && !takes(action, &id);
        if id == "action" || of_others {
            return it.hide(true);
        }
        let said = it.get_help().map(ToString::to_string).unwrap_or_default();
        let said = match id.as_str() {
            "format" if matches!(action, Action::List | Action::Show) => {
                "Form of the result: text, json, markdown or csv".to_owned()
            }
            "format" => "Form of the result: text, json or markdown".to_owned(),
            _ => alone(&said),
        };
        let is_asked_for = it.is_positional();
        it.help(said).required(is_asked_for)
    })
}

/// What is said of an argument, without the actions that it is for.
fn alone(said: &str) -> String {
    let said = said.split("; of `").next().unwrap_or(said);
    let Some((_, said)) = said.strip_prefix("For `").and_then(|it| it.split_once(": ")) else {
        return said.to_owned();
    };
    let mut letters = said.chars();
    letters.next().map(|it| it.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
