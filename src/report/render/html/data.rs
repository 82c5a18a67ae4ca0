//! All of a page's entries for its script, as compact JSON: each text and each kind of line stands in it once.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::{
    list::{Entry, Line, List},
    matrix::Matrix,
    text::shown,
};
use crate::model::escape;

/// What the script reads. Numbers stand for texts, by their position in `s`; the first is empty.
#[derive(Debug, Default, Serialize)]
pub(super) struct Data {
    s: Vec<String>,
    /// What lines share: sign, what, scope, before, mark and through.
    l: Vec<[usize; 6]>,
    lists: BTreeMap<&'static str, Vec<Listed>>,
    matrix: Option<Cells>,
    #[serde(skip)]
    texts: HashMap<String, usize>,
    #[serde(skip)]
    lines: HashMap<[usize; 6], usize>,
}

/// Tone, tag, names, what stands beside, and lines: what they share, origin, note.
type Listed = (u8, usize, Vec<usize>, Vec<usize>, Vec<[usize; 3]>);

/// The matrix of people by roles.
#[derive(Debug, Serialize)]
struct Cells {
    several: bool,
    /// Name, and whether it is privileged.
    roles: Vec<(usize, u8)>,
    /// What people have: role, mark, scope before and after, and through which groups.
    sets: Vec<Vec<Cell>>,
    /// Who, of which company, with which set.
    people: Vec<[usize; 3]>,
}

type Cell = (usize, u8, usize, usize, Vec<usize>);

impl Data {
    pub(super) fn of<'a>(lists: impl Iterator<Item = &'a List>, matrix: Option<&Matrix>) -> Self {
        let mut data = Self::default();
        data.text("");
        for list in lists {
            let entries = list.entries.iter().map(|it| data.entry(it)).collect();
            data.lists.insert(list.id, entries);
        }
        data.matrix = matrix.map(|it| data.cells(it));
        data
    }

    /// Writes it so that it can stand in an element of a page: nothing of it ends the element.
    pub(super) fn json(&self) -> String {
        let text = serde_json::to_string(self).expect("plain data with text keys is always JSON");
        let mut out = String::with_capacity(text.len());
        // Outside of texts JSON has none of these.
        for c in escape::json(&text).chars() {
            match c {
                '<' => out.push_str("\\u003c"),
                '>' => out.push_str("\\u003e"),
                '&' => out.push_str("\\u0026"),
                '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
                c => out.push(c),
            }
        }
        out
    }

    fn text(&mut self, raw: &str) -> usize {
        if let Some(known) = self.texts.get(raw) {
            return *known;
        }
        let n = self.s.len();
        self.s.push(shown(raw));
        self.texts.insert(raw.to_owned(), n);
        n
    }

    fn entry(&mut self, entry: &Entry) -> Listed {
        let mut texts = |all: &[String]| all.iter().map(|it| self.text(it)).collect();
        let (names, beside) = (texts(&entry.names), texts(&entry.beside));
        let tag = self.text(&entry.tag);
        (entry.tone as u8, tag, names, beside, entry.lines.iter().map(|it| self.line(it)).collect())
    }

    fn line(&mut self, line: &Line) -> [usize; 3] {
        let Line { sign, what, scope, before, mark, through, origin, note } = line;
        let shared = [sign, &**what, scope, before, mark, through].map(|it| self.text(it));
        let next = self.l.len();
        let n = *self.lines.entry(shared).or_insert(next);
        if n == next {
            self.l.push(shared);
        }
        [n, self.text(origin), self.text(note)]
    }

    fn cells(&mut self, matrix: &Matrix) -> Cells {
        let roles = matrix.roles.iter().map(|it| (self.text(&it.0), u8::from(it.1))).collect();
        let mut sets = Vec::with_capacity(matrix.sets.len());
        for set in &matrix.sets {
            let cell = |it: &super::matrix::Cell| {
                let [before, after] = [&it.sides[0], &it.sides[1]].map(|it| self.text(it));
                let through = it.through.iter().map(|it| self.text(it)).collect();
                (it.role, it.mark as u8, before, after, through)
            };
            sets.push(set.iter().map(cell).collect());
        }
        let people = matrix.people.iter();
        let people = people.map(|it| [self.text(&it.who), self.text(&it.company), it.set]).collect();
        Cells { several: matrix.several, roles, sets, people }
    }
}
