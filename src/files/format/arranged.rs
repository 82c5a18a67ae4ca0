//! From the tree of a file and what stands between its values to what is written: each comment where it belongs.
//!
//! A comment behind something stays behind it, one in a line of its own above what follows it, or at the end of what it
//! is indented like. Nothing is decided here about where a line breaks.

use jiff::Timestamp;

use super::{
    Ended, Formatted, Unformattable,
    ended::{self, keeps_ended},
    marks::{Kind, Marks, Note, column},
    order::{self, Entry, parted, tidy, trimmed},
};
use crate::{
    files::{
        layout::Layout,
        tree::{self, Form, Node, Tree},
        yaml::{Noted, Style, Yaml},
    },
    model::source::FileId,
};

/// The text, laid out; of a file without findings.
///
/// Without the entries that have ended by then.
pub(super) fn text(text: &str, layout: &Layout, now: Option<Timestamp>) -> Result<Formatted, Unformattable> {
    let tree = tree::parse(text, FileId::default(), &mut Vec::new());
    let marks = Marks::of(text, &tree)?;
    let mut arranger = Arranger { text, marks: &marks, note: 0, sign: 0, now, ended: Vec::new() };
    let text = arranger.whole(&tree, layout)?;
    Ok(Formatted { text, ended: arranger.ended })
}

struct Arranger<'a> {
    text: &'a str,
    marks: &'a Marks<'a>,
    /// How many were taken.
    note: usize,
    sign: usize,
    now: Option<Timestamp>,
    ended: Vec<Ended>,
}

/// Where the next entry begins that is not inside.
#[derive(Clone, Copy)]
struct Next {
    at: usize,
    column: usize,
}

/// What a value is in.
#[derive(Clone, Copy)]
struct Around {
    /// Where the innermost brackets end.
    brackets: Option<usize>,
    next: Option<Next>,
    /// Whether it is a list of which what has ended still says something: see [`keeps_ended`].
    keeps_ended: bool,
}

impl<'a> Arranger<'a> {
    fn whole(&mut self, tree: &Tree<'_>, layout: &Layout) -> Result<String, Unformattable> {
        let around = Around { brackets: None, next: None, keeps_ended: false };
        let root = tree.root().filter(|it| !it.is_null());
        let mut above = Vec::new();
        let yaml = match root {
            None => Yaml::Map(Style::Block, Vec::new()),
            Some(root) => {
                above = self.before(self.first(root));
                self.inside(root, layout, around, &mut above)?
            }
        };
        let rest = self.before(self.text.len() + 1);
        let Yaml::Map(_, mut keys) = yaml else {
            return Err(Unformattable::Holds("no keys"));
        };
        if keys.is_empty() {
            above.extend(rest);
            let lines = trimmed(tidy(above, true));
            return Ok(lines.into_iter().map(|it| it + "\n").collect());
        }
        for (at, (_, value)) in keys.iter_mut().enumerate() {
            if at > 0 {
                value.above = parted(std::mem::take(&mut value.above));
            }
        }
        if rest.iter().any(|it| !it.is_empty()) {
            let end = Noted { above: trimmed(tidy(rest, false)), value: Yaml::End, beside: None };
            keys.push((String::new(), end));
        }
        Ok(Yaml::Map(Style::Block, keys).document())
    }

    /// The lines of all that stands before a byte and was not taken.
    fn before(&mut self, at: usize) -> Vec<String> {
        let from = self.note;
        while self.marks.notes.get(self.note).is_some_and(|it| it.at < at) {
            self.note += 1;
        }
        self.marks.notes[from..self.note].iter().map(|it| it.text.to_owned()).collect()
    }

    /// A comment behind what ends there, in the same line.
    fn beside(&mut self, end: usize) -> Option<String> {
        let note = self.marks.notes.get(self.note)?;
        let is_here = note.kind == Kind::Beside
            && self.text.get(end..note.at)?.chars().all(|it| matches!(it, ' ' | '\t' | ','));
        is_here.then(|| self.note += 1).map(|()| note.text.to_owned())
    }

    /// The comments at the end of a list or mapping whose entries stand at a column.
    fn at_end(&mut self, inside: usize, around: Around) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let rest = &self.marks.notes[self.note..];
            let blank = rest.iter().take_while(|it| it.kind == Kind::Blank).count();
            let Some(Note { at, kind: Kind::Own(column), .. }) = rest.get(blank) else { break };
            if *column < inside || around.next.is_some_and(|it| *at >= it.at || *column <= it.column) {
                break;
            }
            lines.extend(rest[..=blank].iter().map(|it| it.text.to_owned()));
            self.note += blank + 1;
        }
        lines
    }

    /// The anchor and tag before a value.
    fn signs(&mut self, at: usize) -> Option<String> {
        let from = self.sign;
        while self.marks.signs.get(self.sign).is_some_and(|it| it.0 < at) {
            self.sign += 1;
        }
        let signs: Vec<&str> = self.marks.signs[from..self.sign].iter().map(|it| it.1).collect();
        (!signs.is_empty()).then(|| signs.join(" "))
    }

    /// What is in a list or mapping; `above` stands before its first entry.
    fn inside(
        &mut self,
        node: Node<'_>,
        layout: &Layout,
        around: Around,
        above: &mut Vec<String>,
    ) -> Result<Yaml, Unformattable> {
        let entries: Vec<Entry<'_>> = match node.form() {
            Form::List => node.items().map(|value| Entry { key: None, value }).collect(),
            _ => node.entries().map(|(key, value)| Entry { key: Some(key), value }).collect(),
        };
        let around = match self.brackets(node) {
            true => Around { brackets: Some(node.span().end), next: None, ..around },
            false => around,
        };
        let column = column(self.text, node.span().start);
        let mut arranged: Vec<(Entry<'_>, Noted)> = Vec::with_capacity(entries.len() + 1);
        for (at, entry) in entries.iter().enumerate() {
            let mut lines = if at == 0 { std::mem::take(above) } else { Vec::new() };
            lines.extend(self.before(self.begin(*entry, around)));
            let next = entries.get(at + 1).map(|it| Next { at: self.begin(*it, around), column });
            let key = entry.key.and_then(Node::scalar).unwrap_or_default();
            let inner = Around { next: next.or(around.next), keeps_ended: keeps_ended(node, key), ..around };
            let inside = match entry.key {
                Some(key) => {
                    layout.mapping.map_or(Layout::PLAIN, |it| it.1.of(key.scalar().unwrap_or_default()))
                }
                None => layout.list.map_or(Layout::PLAIN, |it| it.1.layout),
            };
            let noted = self.value(*entry, inside, inner, lines)?;
            arranged.push((*entry, noted));
        }
        let mut end = match around.brackets {
            Some(end) if self.brackets(node) => self.before(end),
            Some(_) => Vec::new(),
            None if entries.is_empty() => Vec::new(),
            None => self.at_end(column, around),
        };
        if let Some(now) = self.now.filter(|_| node.form() == Form::List) {
            let (kept, mut gone) = match around.keeps_ended {
                false => ended::without(arranged, now, &mut end),
                true => ended::with(arranged, now),
            };
            arranged = kept;
            self.ended.append(&mut gone);
            if arranged.is_empty() {
                // Empty brackets have no room for comments.
                above.extend(end.drain(..).filter(|it| !it.is_empty()));
            }
        }
        // An alias has to stand after its anchor, wherever its key belongs.
        let is_free = !self.marks.has_aliases && self.marks.signs.is_empty();
        Ok(match node.form() {
            Form::List => order::list(arranged, layout, is_free, end),
            _ => order::mapping(arranged, (self.text, layout), (node.is_root(), is_free), end),
        })
    }

    /// Where an entry begins: with its key, or before what stands between its dash and its value.
    fn begin(&self, entry: Entry<'_>, around: Around) -> usize {
        let start = entry.start();
        if entry.key.is_some() || around.brackets.is_some() {
            return start;
        }
        let before = self.marks.notes.partition_point(|it| it.at < start);
        let mut to = start;
        for note in self.marks.notes[..before].iter().rev() {
            if self.text[note.at + note.text.len()..to].contains('-') {
                break;
            }
            to = note.at;
        }
        to
    }

    /// Where a value begins; of one in brackets, what is first in them.
    fn first(&self, node: Node<'_>) -> usize {
        if node.is_alias() || !self.brackets(node) {
            return node.span().start;
        }
        let first = node.items().next().or_else(|| node.entries().next().map(|it| it.0));
        first.map_or(node.span().end, |it| it.span().start)
    }

    fn brackets(&self, node: Node<'_>) -> bool {
        node.form() != Form::Scalar && self.text[node.span()].starts_with(['[', '{'])
    }

    /// The key and value of an entry, with the lines above it.
    fn value(
        &mut self,
        entry: Entry<'_>,
        layout: &Layout,
        around: Around,
        mut above: Vec<String>,
    ) -> Result<Noted, Unformattable> {
        let value = entry.value;
        if let Some(key) = entry.key
            && self.signs(key.span().end).is_some()
        {
            return Err(Unformattable::Holds("an anchor or a tag before a key"));
        }
        let is_leaf = value.is_alias() || value.form() == Form::Scalar;
        let start = self.first(value);
        let signs = self.signs(value.span().start);
        // Between the key, or the bracket, and what is first in the value.
        let first = self.note;
        let mut between = if is_leaf && value.span().is_empty() { Vec::new() } else { self.before(start) };
        let is_beside = self.marks.notes.get(first).is_some_and(|it| it.kind == Kind::Beside);
        let behind = (!between.is_empty() && is_beside).then(|| between.remove(0));
        let mut beside = match entry.key {
            Some(_) => behind,
            None => {
                above.extend(behind);
                None
            }
        };
        let end = value.span().end;
        let yaml = if is_leaf {
            above.append(&mut between);
            self.leaf(value)?
        } else {
            let mut inside = self.inside(value, layout, around, &mut between)?;
            above.append(&mut between);
            if entry.key.is_none() && signs.is_none() {
                // They begin in one line.
                above.append(&mut inside.first_above());
            }
            inside
        };
        if is_leaf || self.brackets(value) {
            let behind = self.beside(end);
            if behind.is_some() {
                above.extend(beside.take());
                beside = behind;
            }
        }
        let value = match signs {
            None => yaml,
            Some(signs) => Yaml::Marked(signs, Box::new(yaml)),
        };
        Ok(Noted { above: tidy(above, false), value, beside })
    }

    /// A scalar or an alias, as it is spelled.
    fn leaf(&self, node: Node<'_>) -> Result<Yaml, Unformattable> {
        let bytes = node.span();
        if let Some(block) = self.marks.blocks.get(&bytes.start).filter(|_| !bytes.is_empty()) {
            return Ok(Yaml::Lines(block.clone()));
        }
        let spelled = &self.text[bytes];
        if !spelled.contains('\n') {
            return Ok(Yaml::Scalar(spelled.to_owned()));
        }
        let bare = |line: &str| {
            let line = line.trim_start_matches([' ', '\t']);
            let ended = line.trim_end_matches([' ', '\t']);
            // A backslash at the end would mean something else.
            if ended.ends_with('\\') { line.to_owned() } else { ended.to_owned() }
        };
        Ok(Yaml::Lines(spelled.split('\n').map(bare).collect()))
    }
}
