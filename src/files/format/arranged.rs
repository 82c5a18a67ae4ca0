//! From the tree of a file and what stands between its values to what is written: each comment where it belongs.
//!
//! A comment behind something stays behind it, one in a line of its own above what follows it, or at the end of what it
//! is indented like. Nothing is decided here about where a line breaks.

use jiff::Timestamp;

use super::{
    Ended, Fate, Formatted, Unformattable, has_ended,
    marks::{Kind, Marks, Note, column},
};
use crate::{
    files::{
        layout::{Items, Keys, Layout},
        shape::AT_LEAST,
        tree::{self, Form, Node, Tree},
        yaml::{self, Noted, Style, Yaml},
    },
    model::source::FileId,
};

/// What the first comment of a file says to editors.
const MODELINE: &str = "# yaml-language-server:";

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

/// An entry of a list or mapping.
#[derive(Clone, Copy)]
struct Entry<'a> {
    key: Option<Node<'a>>,
    value: Node<'a>,
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
    /// Whether it is a list that says nothing of what is not in it.
    is_at_least: bool,
}

impl Entry<'_> {
    fn start(&self) -> usize {
        self.key.unwrap_or(self.value).span().start
    }
}

impl<'a> Arranger<'a> {
    fn whole(&mut self, tree: &Tree<'_>, layout: &Layout) -> Result<String, Unformattable> {
        let around = Around { brackets: None, next: None, is_at_least: false };
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
            let inner = Around { next: next.or(around.next), is_at_least: key == AT_LEAST, ..around };
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
            arranged = match around.is_at_least {
                false => self.without_ended(arranged, now, &mut end),
                true => self.with_ended(arranged, now),
            };
        }
        Ok(self.arranged(node, layout, arranged, end))
    }

    /// Takes entries out that have ended, with what is behind and in them, and what is above one if that is about it
    /// alone: not if the next stands right below it. What is left over goes to `end`.
    fn without_ended<'n>(
        &mut self,
        entries: Vec<(Entry<'n>, Noted)>,
        now: Timestamp,
        end: &mut Vec<String>,
    ) -> Vec<(Entry<'n>, Noted)> {
        let mut kept: Vec<(Entry<'n>, Noted)> = Vec::with_capacity(entries.len());
        let mut left: Vec<String> = Vec::new();
        let mut rest = entries.into_iter().peekable();
        while let Some((entry, mut noted)) = rest.next() {
            left.append(&mut noted.above);
            noted.above = std::mem::take(&mut left);
            if !has_ended(entry.value, now) {
                kept.push((entry, noted));
                continue;
            }
            let is_alone = rest.peek().is_none_or(|it| !it.1.above.is_empty());
            let about = noted.above.iter().rposition(String::is_empty).map_or(0, |it| it + 1);
            let own = noted.above.split_off(if is_alone { about } else { noted.above.len() });
            left = std::mem::take(&mut noted.above);
            let mut comments = own;
            noted.comments(&mut comments);
            let fate = if kept.is_empty() && rest.peek().is_none() { Fate::LastOut } else { Fate::Out };
            self.ended.push(ended(entry, &noted, comments, fate));
        }
        left.append(end);
        *end = left;
        kept
    }

    /// Tells of entries that have ended, and stay.
    fn with_ended<'n>(
        &mut self,
        entries: Vec<(Entry<'n>, Noted)>,
        now: Timestamp,
    ) -> Vec<(Entry<'n>, Noted)> {
        let kept = entries.iter().filter(|it| has_ended(it.0.value, now));
        self.ended.extend(kept.map(|(entry, noted)| ended(*entry, noted, Vec::new(), Fate::Kept)));
        entries
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

    /// The entries in their order.
    fn arranged(
        &self,
        node: Node<'_>,
        layout: &Layout,
        mut entries: Vec<(Entry<'_>, Noted)>,
        end: Vec<String>,
    ) -> Yaml {
        let end = tidy(end, false);
        let end = end.iter().any(|it| !it.is_empty()).then(|| Noted {
            above: trimmed(end),
            value: Yaml::End,
            beside: None,
        });
        // An alias has to stand after its anchor, wherever its key belongs.
        let is_free = !self.marks.has_aliases && self.marks.signs.is_empty();
        if node.form() == Form::List {
            let (style, items) = layout.list.unwrap_or((Style::Line, Items::PLAIN));
            if items.are_names && is_free {
                sort(&mut entries, items.layout);
            }
            let mut noted: Vec<Noted> = entries.into_iter().map(|it| it.1).collect();
            if let Some(first) = noted.first_mut() {
                first.above = tidy(std::mem::take(&mut first.above), true);
            }
            if items.layout.is_section() {
                for it in noted.iter_mut().skip(1) {
                    it.above = parted(std::mem::take(&mut it.above));
                }
            }
            noted.extend(end);
            return Yaml::List(style, noted);
        }
        let (style, keys) = layout.mapping.unwrap_or((Style::Line, Keys::Named(Layout::PLAIN)));
        let head = match entries.first_mut() {
            Some((_, first)) if node.is_root() => head_of(&mut first.above),
            _ => Vec::new(),
        };
        if is_free {
            entries.sort_by_key(|it| it.0.key.and_then(|key| keys.position(key.scalar()?)));
        }
        let spelled = |(entry, noted): (Entry<'_>, Noted)| {
            let key = entry.key.map_or("", |it| &self.text[it.span()]);
            // Quotes around a word that needs none are for JSON.
            let word = entry.key.and_then(Node::scalar).map(yaml::scalar).filter(|it| !it.starts_with('"'));
            (word.unwrap_or_else(|| key.to_owned()), noted)
        };
        let mut entries: Vec<(String, Noted)> = entries.into_iter().map(spelled).collect();
        if let Some((_, first)) = entries.first_mut() {
            let mut lines = head;
            lines.append(&mut tidy(std::mem::take(&mut first.above), true));
            first.above = tidy(lines, true);
        }
        entries.extend(end.map(|it| (String::new(), it)));
        Yaml::Map(style, entries)
    }
}

fn ended(entry: Entry<'_>, noted: &Noted, comments: Vec<String>, fate: Fate) -> Ended {
    Ended { line: entry.value.position().0, entry: noted.value.bare(), comments, fate }
}

/// Takes what stands at the top of a file, and is about all of it: up to the last blank line, or what editors read.
fn head_of(above: &mut Vec<String>) -> Vec<String> {
    let is_head = |it: &String| it.is_empty() || it == "---" || it.starts_with(MODELINE);
    let end = above.iter().rposition(is_head).map_or(0, |it| it + 1);
    above.drain(..end).collect()
}

/// Sorts names between blank lines. What a comment in a line of its own belongs to keeps its place.
fn sort(entries: &mut [(Entry<'_>, Noted)], layout: &Layout) {
    for run in entries.chunk_by_mut(|_, it| it.1.above.is_empty()) {
        let above = std::mem::take(&mut run[0].1.above);
        if above.iter().all(String::is_empty) {
            run.sort_by_cached_key(|it| rank(it.0.value, layout));
        }
        run[0].1.above = above;
    }
}

/// By the key that names it, then by its name.
fn rank(node: Node<'_>, layout: &Layout) -> (usize, String, String) {
    let by = |at: usize, text: &str| (at, text.to_lowercase(), text.to_owned());
    if let Some(text) = node.scalar() {
        return by(0, text);
    }
    let keys = layout.mapping.map_or(Keys::Named(Layout::PLAIN), |it| it.1);
    let ranked = node.entries().filter_map(|(key, value)| Some((keys.position(key.scalar()?)?, value)));
    match ranked.min_by_key(|it| it.0) {
        Some((at, value)) => by(at, value.scalar().unwrap_or_default()),
        None => by(usize::MAX, ""),
    }
}

/// Lines after one blank line.
fn parted(lines: Vec<String>) -> Vec<String> {
    let rest = lines.into_iter().skip_while(String::is_empty);
    std::iter::once(String::new()).chain(rest).collect()
}

/// Lines without blank ones at the end.
fn trimmed(mut lines: Vec<String>) -> Vec<String> {
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Lines with no more than one blank one at a time; none at the beginning of what is first.
fn tidy(mut lines: Vec<String>, is_first: bool) -> Vec<String> {
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    if is_first && lines.first().is_some_and(String::is_empty) {
        lines.remove(0);
    }
    lines
}
