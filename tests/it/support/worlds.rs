//! Worlds for laws: files and a live state that differ in every way that is known, as plain JSON.
//!
//! A world is drawn from a tape of bytes, on which zero always is the simplest choice: what a law fails on
//! shrinks to what matters. JSON is YAML, so the files are written as such. Knows nothing of the library.

use std::fmt;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::library::Inputs;

mod files;
mod live;

use files::{FUTURE, PAST, access, keys};
use live::{Live, USERS, department_id, entity_id, office_id};

/// The time of every world.
pub(crate) const NOW: &str = "2026-11-21T12:00:00Z";
/// The companies: files declare groups of the first two, and scopes and people are of all three.
pub(crate) const COMPANIES: [&str; 3] = ["voyager", "globex", "initech"];
pub(crate) fn company_id(n: usize) -> String {
    format!("2b7e0000-0000-4000-8000-{n:012}")
}

pub(crate) fn user_id(n: usize) -> String {
    format!("5e500000-0000-4000-8000-{n:012}")
}

/// Choices, one after the other; after the last, always the simplest.
#[derive(Clone)]
pub(crate) struct Tape {
    bytes: Vec<u8>,
    at: usize,
}

/// A law says what world it fails on; the bytes tell nobody anything.
impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a tape of {} bytes", self.bytes.len())
    }
}

impl Tape {
    /// Returns a number below `n`, which is at most 256.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % n
    }

    /// Returns true in so many of a hundred cases.
    pub(crate) fn often(&mut self, percent: usize) -> bool {
        self.below(100) >= 100 - percent
    }

    pub(crate) fn pick<'a, T>(&mut self, these: &'a [T]) -> &'a T {
        &these[self.below(these.len())]
    }
}

/// Returns tapes on which a world, and something that happens to it, has room.
pub(crate) fn tapes() -> impl Strategy<Value = Tape> {
    // Shrunk from left to right: first the tape is cut, then what is left of it is made simple.
    (0..900_usize, prop::collection::vec(any::<u8>(), 900)).prop_map(|(length, mut bytes)| {
        bytes.truncate(length);
        Tape { bytes, at: 0 }
    })
}

/// Files, and what there is.
#[derive(Clone)]
pub(crate) struct World {
    /// Each file as `(path, content)`.
    pub(crate) files: Vec<(String, Value)>,
    /// In the form of a snapshot.
    pub(crate) live: Value,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, file) in &self.files {
            writeln!(f, "# {path}\n{file}")?;
        }
        writeln!(f, "# live\n{}", self.live)
    }
}

impl World {
    pub(crate) fn drawn(tape: &mut Tape) -> Self {
        let live = Live::drawn(tape);
        let mut workspace = json!({
            "version": 1,
            "company": COMPANIES[0],
            "ids": {
                "company": { "voyager": company_id(0), "globex": company_id(1), "initech": company_id(2) },
                "legalEntity": { "voyager-e": entity_id(0), "globex-e": entity_id(1), "initech-e": entity_id(2) },
                "department": { "d0": department_id(0), "d1": department_id(1), "d2": department_id(2) },
                "office": { "o0": office_id(0), "o1": office_id(1) },
            },
        });
        if tape.often(20) {
            let mut cut = keys(&json!(live.users[tape.below(USERS.len())].named(tape)));
            cut["since"] = (*tape.pick(&[PAST, PAST, PAST, FUTURE])).into();
            if tape.often(20) {
                cut["until"] = (*tape.pick(&[PAST, FUTURE])).into();
                cut["since"] = PAST.into();
            }
            cut["reason"] = "left".into();
            workspace["lockout"] = json!([cut]);
        }
        let mut files = vec![("rolecall.yaml".to_owned(), workspace)];
        files.push(("access/a.yaml".to_owned(), access(0, &live, tape)));
        if tape.often(50) {
            let mut file = access(1, &live, tape);
            file["company"] = COMPANIES[1].into();
            files.push(("access/b.yaml".to_owned(), file));
        }
        Self { files, live: live.value() }
    }

    pub(crate) fn texts(&self) -> Vec<(String, String)> {
        self.files.iter().map(|(path, file)| (path.clone(), format!("{file:#}\n"))).collect()
    }

    /// Does something with what a run starts from.
    pub(crate) fn with<T>(&self, run: impl FnOnce(Inputs<'_>) -> T) -> T {
        run(Inputs { files: &self.texts(), live: &self.live, now: NOW })
    }
}
