//! Flags that messages name: whatever a hint tells somebody to give, the command takes.

use std::{collections::BTreeMap, fs, path::Path};

use crate::support::binary;

/// What `--help` of each command says, by its name.
fn commands() -> BTreeMap<String, String> {
    let help = |words: &[&str]| {
        let shown = binary().args(words).arg("--help").output().unwrap();
        String::from_utf8(shown.stdout).unwrap()
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli");
    let stems = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let stems = stems.filter_map(|it| Some(it.file_stem()?.to_str()?.replace('_', "-")));
    let listed = help(&[]);
    let listed = listed.lines().filter_map(|it| Some(it.split_whitespace().next()?.to_owned()));
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for name in stems.chain(listed.filter(|it| it.starts_with("who-"))) {
        let shown = help(&[&name]);
        if shown.contains(&format!("rolecall {name}")) {
            all.insert(name, shown);
        }
    }
    all
}

/// The texts of a file in the source, without its tests.
fn texts(code: &str) -> Vec<String> {
    let code = code.split("#[cfg(test)]").next().unwrap();
    let lines = code.lines().filter(|it| !it.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n");
    code.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The flags that a text names in backticks, each with the command that it is named with, where one is.
fn flags(text: &str) -> Vec<(Option<String>, String)> {
    let quoted = text.split('`').skip(1).step_by(2);
    let flags = quoted.flat_map(|it| {
        let words: Vec<&str> = it.split_whitespace().collect();
        let of = words.iter().position(|it| *it == "rolecall").and_then(|at| words.get(at + 1));
        let of = of.map(|it| (*it).to_owned());
        let flags = words.into_iter().filter(|it| it.len() > 3 && it.starts_with("--") && !it.contains('{'));
        let name = |it: &str| it.split(['=', '|', ']', ',']).next().unwrap().to_owned();
        flags.map(move |it| (of.clone(), name(it))).collect::<Vec<_>>()
    });
    flags.collect()
}

/// Whether the help of a command has a flag, or another name of it.
fn has(help: &str, flag: &str) -> bool {
    help.split(|it: char| !(it.is_ascii_alphanumeric() || it == '-')).any(|it| it == flag)
}

/// Files of `cli` that are one command's under another name.
const OF: [(&str, &str); 3] = [("probe", "doctor"), ("approval", "apply"), ("ask", "several")];

#[test]
fn a_flag_that_a_message_names_is_one_of_the_command() {
    let commands = commands();
    assert!(commands.len() > 20, "{:?}", commands.keys());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let (mut found, mut wrong) = (0, Vec::new());
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Some(within) = path.strip_prefix(root.join("cli")).ok().map(Path::to_path_buf) else {
                continue;
            };
            let first =
                within.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").replace('_', "-");
            let own = OF.iter().find(|it| it.0 == first).map_or(first, |it| it.1.to_owned());
            for text in texts(&fs::read_to_string(&path).unwrap()) {
                for (of, flag) in flags(&text) {
                    found += 1;
                    let of = of.filter(|it| commands.contains_key(it)).unwrap_or_else(|| own.clone());
                    let is_taken = match commands.get(&of) {
                        Some(help) => has(help, &flag),
                        // A file for several commands.
                        None => commands.values().any(|it| has(it, &flag)),
                    };
                    if !is_taken {
                        wrong.push(format!("{}: {flag} is not a flag of `{of}`: {text}", path.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(found > 50, "{found}");
}

#[test]
fn every_command_that_asks_takes_the_same_two_flags_for_a_yes() {
    for name in ["apply", "doctor", "users put"] {
        let shown = binary().args(name.split(' ')).arg("--help").output().unwrap();
        let shown = String::from_utf8(shown.stdout).unwrap();
        assert!(has(&shown, "--auto-approve") && has(&shown, "--yes"), "{name}: {shown}");
    }
}
