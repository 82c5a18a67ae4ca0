//! Journals of earlier applies on disk, and the key that proves them: made once below `.rolecall`, or given in the
//! environment where runs do not share a disk.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use rolecall::{
    apply::{journal, record::Record, seal::Key},
    files::disk::{self, Existing, Readers},
    model::source::Sources,
    report::document::{self, Saved},
    workflow::{self, Run},
};
use secrecy::ExposeSecret;

use super::{Failure, Global, Output, credentials::secret, files::ignored};

const VARIABLE: &str = "ROLECALL_JOURNAL_KEY";
/// Bytes of a key that is made.
const BYTES: usize = 32;

/// The key that journals of a workspace are sealed with, where there is one.
pub(super) fn key(root: &Path) -> Result<Option<Key>, Failure> {
    Ok(match secret(VARIABLE)? {
        // What a CI system puts there for a variable that it does not know is a text that everybody knows.
        Some(given) if given.expose_secret().len() < BYTES => {
            return Err(Failure::invalid(format!("{VARIABLE} has fewer than {BYTES} characters"))
                .hint("make one with `openssl rand -hex 32`"));
        }
        Some(given) => Some(Key::new(given.expose_secret().as_bytes())),
        None => kept(&place(root)),
    })
}

/// The same, made where there is none. Where it cannot be kept a journal has no seals, and is a journal all the same.
pub(super) fn key_or_new(root: &Path) -> Result<Option<Key>, Failure> {
    if let Some(key) = key(root)? {
        return Ok(Some(key));
    }
    ignored(&root.join(".rolecall"));
    Ok(made(&place(root)).ok().and_then(|()| kept(&place(root))))
}

fn place(root: &Path) -> PathBuf {
    root.join(".rolecall").join("journal.key")
}

/// A key that only its owner can read or write: one that came along with the files of a change is none.
fn kept(path: &Path) -> Option<Key> {
    fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
    let (text, readers) = disk::secret(path, 1 << 10).ok()?;
    let text = text.expose_secret();
    (text.len() >= 2 * BYTES && readers == Readers::Owner).then(|| Key::new(text.as_bytes()))
}

fn made(path: &Path) -> io::Result<()> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let text: String = bytes.iter().map(|it| format!("{it:02x}")).collect();
    disk::create(path, Existing::Refused)?.write_all(text.as_bytes())
}

/// Reads the journal of a run, which is called `shown`.
pub(super) fn run(path: &Path, shown: &Path, root: &Path) -> Result<Run, Failure> {
    let (records, trust) = journal::read(path, key(root)?.as_ref()).map_err(workflow::Error::from)?;
    let text = records.iter().find_map(|it| match it {
        Record::Start { plan, .. } => Some(plan.to_string()),
        Record::Intent(_) | Record::Ending(_) | Record::End { .. } => None,
    });
    let saved = document::read(&text.unwrap_or_default(), Sources::default()).map_err(|error| {
        Failure::invalid(format!("the journal {} cannot be used: {error}", path.display())).hint(error.hint())
    })?;
    Ok(Run { journal: shown.into(), saved, records, trust })
}

/// Reads the journals beside one that began after it. What is there and is no journal is passed over: it is looked at
/// only to say what is to be undone first.
pub(super) fn later(path: &Path, than: &Run, root: &Path) -> Vec<Run> {
    let folder = disk::around(path);
    let shown = than.journal.parent().unwrap_or(Path::new(""));
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<_> = entries.flatten().map(|it| it.file_name()).collect();
    names.retain(|it| {
        Path::new(it).extension().is_some_and(|it| it == "ndjson") && Some(&**it) != path.file_name()
    });
    names.sort();
    let runs = names.iter().filter_map(|it| run(&folder.join(it), &shown.join(it), root).ok());
    runs.filter(|it| it.began() > than.began()).collect()
}

/// The run that a saved rollback undoes, where its journal is there and is of that run; otherwise that is said, and the plan
/// is judged like any other.
pub(super) fn undone(saved: &Saved, global: &Global, root: &Path, output: &Output) -> Option<Box<Run>> {
    let undoes = saved.plan.undoes.as_ref()?;
    let shown = Path::new(&*undoes.journal);
    let paths = [global.here().join(shown), root.join(shown)];
    let path = paths.iter().find(|it| it.is_file()).unwrap_or(&paths[0]);
    let why = match run(path, shown, root) {
        Ok(run) if run.saved.id != undoes.plan => "it is the journal of another plan".to_owned(),
        Ok(run) if run.trust == journal::Trust::Unproven => {
            workflow::Note::Unproven(undoes.journal.clone()).to_string()
        }
        Ok(run) => return Some(Box::new(run)),
        Err(failure) => failure.in_one_line().0,
    };
    output.message(&format!(
        "warning: the plan is judged like any other, and not as what undoes an apply: {why}"
    ));
    None
}
