//! The laws of the house that a compiler does not check, on the code as it is parsed.

mod code;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use code::{Code, root};

/// Reading or changing the world outside a program.
const WORLD: &[&str] =
    &["std::env", "std::fs", "std::io::stdin", "std::net", "std::os", "std::process", "tokio"];
/// Reading a clock; a duration is a value.
const CLOCK: &[&str] = &[
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "jiff::tz::TimeZone::system",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::thread",
];
const CHANCE: &[&str] = &["getrandom", "uuid::Uuid::new_v4", "uuid::Uuid::now_v7", "std::hash::RandomState"];
const YAML: &[&str] = &["granit_parser", "serde_yaml", "yaml_serde"];
const HTTP: &[&str] = &["axum", "hyper", "hyper_util", "reqwest"];
/// What a client with credentials is made of.
const CREDENTIALS: &[&str] = &[
    "crate::live::api::connect",
    "crate::live::api::Clients::new",
    "crate::live::api::Credentials",
    "crate::live::api::Endpoint",
    "crate::live::api::Settings",
];
const PRINTING: &[&str] = &[
    "print!",
    "println!",
    "eprint!",
    "eprintln!",
    "dbg!",
    "std::io::stdout",
    "std::io::stderr",
    "anstream",
    "indicatif",
];
const EXITING: &[&str] = &["std::process::exit", "std::process::abort", "std::process::ExitCode"];

/// Opening, making and replacing files.
const OPENING: &[&str] = &[
    "std::fs::read",
    "std::fs::read_to_string",
    "std::fs::write",
    "std::fs::copy",
    "std::fs::rename",
    "std::fs::hard_link",
    "std::fs::create_dir",
    "std::fs::create_dir_all",
    "std::fs::DirBuilder",
    "std::fs::File::open",
    "std::fs::File::create",
    "std::fs::File::create_new",
    "std::fs::File::options",
    "std::fs::OpenOptions",
    "tempfile",
    "tokio::fs",
];

/// What a room, or a module of one, never names, beside the rooms below it.
struct Absence {
    law: &'static str,
    /// Where it holds.
    inside: &'static [&'static str],
    /// Where it does not, though it is within.
    but: &'static [&'static str],
    never: &'static [&'static [&'static str]],
}

const ABSENCES: &[Absence] = &[
    Absence {
        law: "the model knows no room",
        inside: &["model"],
        but: &[],
        never: &[&[
            "crate::files",
            "crate::live",
            "crate::plan",
            "crate::apply",
            "crate::report",
            "crate::doctor",
            "crate::sandbox",
            "crate::cli",
        ]],
    },
    Absence {
        law: "files know no plan, no API and no report",
        inside: &["files"],
        but: &[],
        never: &[&["crate::live", "crate::plan", "crate::model::plan", "crate::report"]],
    },
    Absence {
        law: "live knows no doctor, plan, report and cli",
        inside: &["live"],
        but: &[],
        never: &[&["crate::doctor", "crate::plan", "crate::report", "crate::cli"]],
    },
    Absence {
        law: "a plan knows no apply, no report and no client",
        inside: &["plan"],
        but: &[],
        never: &[&["crate::apply", "crate::report", "crate::live::api"]],
    },
    Absence {
        law: "a report computes nothing and asks nobody",
        inside: &["report"],
        but: &[],
        never: &[&["crate::live::api"], WORLD, CLOCK, CHANCE],
    },
    Absence {
        law: "what posts a comment knows no plan, no file, no world and no clock, and has no client of its own",
        inside: &["forge"],
        but: &[],
        never: &[
            &["crate::files", "crate::plan", "crate::model::plan", "crate::apply"],
            WORLD,
            CLOCK,
            CHANCE,
            PRINTING,
        ],
    },
    Absence {
        law: "thoughts know no world, no clock, no chance, no log and no command line",
        inside: &["model", "files", "live::snapshot", "plan", "apply::record", "report", "doctor"],
        but: &["doctor::probe", "doctor::look", "files::disk", "files::git", "files::load", "files::read"],
        never: &[WORLD, CLOCK, CHANCE, HTTP, PRINTING, &["async", "clap", "tracing"]],
    },
    Absence { law: "only files name the YAML crates", inside: &[""], but: &["files"], never: &[YAML] },
    Absence {
        law: "only live and the sandbox name the HTTP crates",
        inside: &[""],
        but: &["live", "sandbox"],
        never: &[HTTP],
    },
    Absence {
        law: "only one file gives a client credentials, so that no command forgets to whom they may go",
        inside: &[""],
        but: &["live", "doctor::look", "cli::settings", "cli::credentials"],
        never: &[CREDENTIALS],
    },
    Absence {
        law: "only files::disk opens files: bounded, looked at once open, and private",
        inside: &[""],
        but: &["files::disk"],
        never: &[OPENING],
    },
    Absence { law: "only cli prints", inside: &[""], but: &["cli"], never: &[PRINTING] },
    Absence { law: "only cli and main exit", inside: &[""], but: &["cli", "main"], never: &[EXITING] },
    Absence { law: "only cli reads the command line", inside: &[""], but: &["cli"], never: &[&["clap"]] },
];

/// Whether a path is `prefix` or goes through it.
fn within(path: &str, prefix: &str) -> bool {
    prefix.is_empty()
        || path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// `plan::bind::people` for `plan/bind/people.rs`.
fn module(path: &str) -> String {
    path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::")
}

fn room(path: &str) -> &str {
    path.trim_end_matches(".rs").split('/').next().unwrap()
}

/// Every breach: the file and the module that it names, with the law.
fn breaches(code: &Code) -> BTreeMap<(String, String), &'static str> {
    let rooms = code.rooms();
    let mut found = BTreeMap::new();
    for file in code.files.keys() {
        let at = rooms.iter().position(|it| it == room(file));
        let below = at.map_or(&[][..], |at| &rooms[at + 1..]);
        let here = |places: &[&str]| places.iter().any(|place| within(&module(file), place));
        let absences: Vec<&Absence> = ABSENCES.iter().filter(|it| here(it.inside) && !here(it.but)).collect();
        for ways in code.names(file) {
            let broken = ways.iter().find_map(|path| {
                let banned = |it: &&&Absence| it.never.concat().into_iter().any(|never| within(path, never));
                let law = absences.iter().find(banned).map(|it| it.law);
                let below = || below.iter().any(|it| within(path, &format!("crate::{it}")));
                law.or_else(|| below().then_some("a room uses only those above it"))
            });
            if let Some(law) = broken {
                found.insert((file.clone(), code.module_of(ways.last().unwrap())), law);
            }
        }
    }
    found
}

#[test]
fn each_room_uses_only_those_above_it_and_lacks_what_it_should() {
    let code = Code::read();
    for place in ABSENCES.iter().flat_map(|it| it.inside.iter().chain(it.but)) {
        assert!(code.files.keys().any(|it| within(&module(it), place)), "there is no {place}");
    }
    let found = breaches(&code);
    let row = |((file, path), law): (&(String, String), &&str)| format!("{file} names {path}: {law}\n");
    let lines: String = found.iter().map(row).collect();
    assert!(lines.is_empty(), "not as it should be:\n{lines}");
}

/// The files of the same room that a file uses, and those that these use, and so on.
fn reached<'a>(from: &'a str, uses: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(file) = next.pop() {
        next.extend(uses[file].iter().copied().filter(|it| room(it) == room(from) && seen.insert(*it)));
    }
    seen
}

#[test]
fn no_files_of_a_room_use_each_other_in_a_circle() {
    let code = Code::read();
    let uses: BTreeMap<&str, BTreeSet<&str>> =
        code.files.keys().map(|it| (it.as_str(), code.uses(it))).collect();
    let reach: BTreeMap<&str, BTreeSet<&str>> = uses.keys().map(|it| (*it, reached(it, &uses))).collect();
    let circle = |(from, to): (&&str, &BTreeSet<&str>)| -> Vec<String> {
        to.iter().filter(|it| reach[**it].contains(from)).map(|it| (*it).to_owned()).collect()
    };
    let mut found: BTreeSet<Vec<String>> = reach.iter().map(circle).collect();
    found.remove(&Vec::new());
    assert!(found.is_empty(), "circles: {found:#?}");
}

#[test]
fn every_file_says_what_it_is_and_belongs_to_a_room() {
    let code = Code::read();
    let rooms = code.rooms();
    assert!(rooms.len() > 7, "{rooms:?}");
    let mut waiting: Vec<PathBuf> = vec![root()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
        } else if path.extension().is_some_and(|it| it == "rs") {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("//! "), "{name} does not open with `//!`");
            let known = ["lib", "main"].contains(&room(&name)) || rooms.iter().any(|it| it == room(&name));
            assert!(known, "{name} is in no room");
        }
    }
}
