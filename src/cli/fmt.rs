//! `rolecall fmt`: the files in the one layout, offline.

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use rolecall::{
    files::{
        MAX_FILE_BYTES,
        chosen::{self, Chosen, File},
        disk::{self, Named::In},
        format::{self, Ended, Fate, Formatted, Kind, Unformattable},
    },
    model::{escape, finding::Finding, source::FileId},
    report::render,
    workflow,
};
use serde_json::{Value, json};

use super::{Exit, Failure, Format, Global, Now, Output, output::document};

/// How the text that is piped in is called.
const PIPED: &str = "(standard input)";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Workspace folders or files; `-` for a file that is piped in; the workspace around here if none
    paths: Vec<PathBuf>,
    /// Write nothing; exit 2 if a file would change
    #[arg(long, env = "ROLECALL_CHECK")]
    check: bool,
    /// Write nothing; show what would change
    #[arg(long, env = "ROLECALL_DIFF")]
    diff: bool,
    /// Take out members, roles and exceptions whose `until` has passed
    #[arg(long, env = "ROLECALL_PRUNE_EXPIRED")]
    prune_expired: bool,
    #[command(flatten)]
    now: Now,
}

/// What becomes of a file.
struct Outcome<'a> {
    path: &'a str,
    old: &'a str,
    new: Result<Formatted, Unformattable>,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let is_piped = arguments.paths.iter().any(|it| it == Path::new("-"));
    let Chosen { sources, files, findings } = match is_piped {
        true if arguments.paths.len() > 1 => {
            return Err(Failure::invalid("`-` stands for one file that is piped in")
                .hint("name it alone, or name files"));
        }
        true => piped()?,
        false => {
            let paths: Vec<PathBuf> = arguments.paths.iter().map(|it| global.at(it)).collect();
            chosen::chosen(&paths, global.here()).map_err(workflow::Error::from)?
        }
    };
    let now = arguments.now.get()?.at;
    let today = now.to_zoned(TimeZone::UTC).date();
    let ended_by = arguments.prune_expired.then_some(now);
    let laid_out = |it: &File| {
        let file = sources.file(it.id);
        let dated = format::dated(&file.text, today);
        Outcome { path: &file.path, old: &file.text, new: laid_out(&dated, it.kind, it.id, ended_by) }
    };
    let outcomes: Vec<Outcome<'_>> = files.iter().map(laid_out).collect();
    let only_shows = arguments.check || arguments.diff || is_piped;
    for (file, outcome) in files.iter().zip(&outcomes).filter(|it| !only_shows && it.1.changes()) {
        let new = outcome.new.as_ref().map_or("", |it| &it.text);
        disk::rewrite(&file.path, In(&file.within), outcome.old, new).map_err(|error| {
            Failure::invalid(format!("cannot write {}: {error}", outcome.path))
                .hint("the files before it are laid out already; run it once more")
        })?;
    }
    let findings = all(findings, &outcomes);
    let shown = shown(&outcomes, arguments, is_piped);
    output.verbatim(&shown, || document("formatted", &facts(&outcomes, &findings, &sources, is_piped)));
    told(&outcomes, &findings, output);
    if output.format != Format::Json && !findings.is_empty() {
        output.message(render::findings::text(&findings, &sources, output.message_width()).trim_end());
    }
    let is_left = |it: &Outcome<'_>| it.new.is_err();
    Ok(if !findings.is_empty() || outcomes.iter().any(is_left) {
        Exit::Invalid
    } else if arguments.check && outcomes.iter().any(Outcome::changes) {
        Exit::Changes
    } else {
        Exit::Ok
    })
}

fn laid_out(
    text: &str,
    kind: Kind,
    file: FileId,
    now: Option<Timestamp>,
) -> Result<Formatted, Unformattable> {
    match now {
        Some(now) => format::without_ended(text, kind, file, now),
        None => {
            let text = format::formatted(text, kind, file)?;
            Ok(Formatted { text, ended: Vec::new() })
        }
    }
}

/// The file that is piped in.
fn piped() -> Result<Chosen, Failure> {
    let cannot = |why: &str| Failure::invalid(format!("cannot read standard input: {why}"));
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| cannot(&error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(cannot(&format!("it has more than {MAX_FILE_BYTES} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| cannot("it is not UTF-8 text"))?;
    let mut named = Chosen::default();
    let kind = Kind::of(&text);
    let id = named.sources.add(PIPED.to_owned(), text);
    named.files.push(File { id, path: PIPED.into(), within: PathBuf::new(), kind });
    Ok(named)
}

impl Outcome<'_> {
    fn changes(&self) -> bool {
        self.new.as_ref().is_ok_and(|it| it.text != self.old)
    }

    fn ended(&self) -> &[Ended] {
        self.new.as_ref().map_or(&[], |it| &it.ended)
    }

    /// Why it is left as it is, where no finding says so.
    fn left(&self) -> Option<String> {
        match &self.new {
            Err(why @ (Unformattable::Holds(_) | Unformattable::Differs(_))) => Some(why.to_string()),
            Err(Unformattable::Invalid(_)) | Ok(_) => None,
        }
    }
}

/// The findings of all files, sorted.
fn all(mut findings: Vec<Finding>, outcomes: &[Outcome<'_>]) -> Vec<Finding> {
    for outcome in outcomes {
        if let Err(Unformattable::Invalid(more)) = &outcome.new {
            findings.extend_from_slice(more);
        }
    }
    findings.sort();
    findings
}

/// The result for people: the text that was piped in, what would change, or which files did.
fn shown(outcomes: &[Outcome<'_>], arguments: &Arguments, is_piped: bool) -> String {
    let changed = outcomes.iter().filter(|it| it.changes());
    if arguments.diff {
        let diff = |it: &Outcome<'_>| {
            let new = it.new.as_ref().map_or("", |it| &it.text);
            render::difference::unified(it.old, new, it.path)
        };
        changed.map(diff).collect()
    } else if is_piped && !arguments.check {
        outcomes.iter().filter_map(|it| Some(it.new.as_ref().ok()?.text.clone())).collect()
    } else {
        changed.map(|it| format!("{}\n", escape::terminal(it.path))).collect()
    }
}

/// What people have to know beside the result.
fn told(outcomes: &[Outcome<'_>], findings: &[Finding], output: &Output) {
    for outcome in outcomes {
        let path = escape::terminal(outcome.path);
        for Ended { line, entry, comments, fate } in outcome.ended() {
            let what = if *fate == Fate::Kept { "ended, and kept" } else { "ended" };
            output.message(&format!("{what}: {path}:{line}: {}", escape::terminal(entry)));
            for comment in comments {
                output.message(&format!("  with its comment: {}", escape::terminal(comment)));
            }
            match fate {
                Fate::Out => (),
                Fate::LastOut => output.message("  it was the last of its list: `[]` is left, which is nobody, as before"),
                Fate::Kept => output.message(
                    "  under `atLeast` it is taken away only as long as it stands there: delete it once that is applied",
                ),
            }
        }
        if let Some(why) = outcome.left() {
            output.message(&format!("left as it is: {path}: {why}"));
        }
    }
    if findings.is_empty() && !outcomes.iter().any(Outcome::changes) {
        let files = render::counted(outcomes.len(), "file", "files");
        output.remark(&format!("Nothing to change in {files}."));
    }
}

/// The result for programs.
fn facts(
    outcomes: &[Outcome<'_>],
    findings: &[Finding],
    sources: &rolecall::model::source::Sources,
    is_piped: bool,
) -> Value {
    let file = |it: &Outcome<'_>| {
        let status = match &it.new {
            Ok(_) if it.changes() => "changed",
            Ok(_) => "unchanged",
            Err(Unformattable::Invalid(_)) => "invalid",
            Err(_) => "left",
        };
        let ended = |it: &Ended| {
            let fate = match it.fate {
                Fate::Out => "taken-out",
                Fate::LastOut => "taken-out-last",
                Fate::Kept => "kept",
            };
            json!({ "line": it.line, "entry": it.entry, "comments": it.comments, "fate": fate })
        };
        let mut facts = json!({
            "path": it.path,
            "status": status,
            "ended": it.ended().iter().map(ended).collect::<Vec<_>>(),
        });
        if let Some(why) = it.left() {
            facts["reason"] = json!(why);
        }
        if let Some(text) = it.new.as_ref().ok().filter(|_| is_piped) {
            facts["text"] = json!(text.text);
        }
        facts
    };
    let found: Value = serde_json::from_str(&render::findings::json(findings, sources)).unwrap_or_default();
    json!({ "files": outcomes.iter().map(file).collect::<Vec<_>>(), "findings": found["findings"] })
}
