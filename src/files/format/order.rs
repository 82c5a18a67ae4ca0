//! The order of the entries of a list or mapping, and the blank lines between them.
//!
//! Knows nothing of where in the file they stood.

use crate::files::{
    layout::{Items, Keys, Layout},
    tree::Node,
    yaml::{self, Noted, Style, Yaml},
};

/// What the first comment of a file says to editors.
const MODELINE: &str = "# yaml-language-server:";

/// An entry of a list or mapping.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) key: Option<Node<'a>>,
    pub(super) value: Node<'a>,
}

impl Entry<'_> {
    /// Where its key, or its value, begins.
    pub(super) fn start(&self) -> usize {
        self.key.unwrap_or(self.value).span().start
    }
}

/// The entries of a list; names are sorted where the order is free. The lines of `end` stand below the last.
pub(super) fn list(
    mut entries: Vec<(Entry<'_>, Noted)>,
    layout: &Layout,
    is_free: bool,
    end: Vec<String>,
) -> Yaml {
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
    noted.extend(last(end));
    Yaml::List(style, noted)
}

/// The keys of a mapping, in their order where that is free; of the whole file, what stands at its top stays there.
pub(super) fn mapping(
    mut entries: Vec<(Entry<'_>, Noted)>,
    (text, layout): (&str, &Layout),
    (is_whole, is_free): (bool, bool),
    end: Vec<String>,
) -> Yaml {
    let (style, keys) = layout.mapping.unwrap_or((Style::Line, Keys::Named(Layout::PLAIN)));
    let mut head = match entries.first_mut() {
        Some((_, first)) if is_whole => head_of(&mut first.above),
        _ => Vec::new(),
    };
    if is_free {
        entries.sort_by_key(|it| it.0.key.and_then(|key| keys.position(key.scalar()?)));
    }
    let spelled = |(entry, noted): (Entry<'_>, Noted)| {
        // Quotes around a word that needs none are for JSON.
        let word = entry.key.and_then(Node::scalar).map(yaml::scalar).filter(|it| !it.starts_with('"'));
        let key = || entry.key.map_or("", |it| &text[it.span()]).to_owned();
        (word.unwrap_or_else(key), noted)
    };
    let mut entries: Vec<(String, Noted)> = entries.into_iter().map(spelled).collect();
    if let Some((_, first)) = entries.first_mut() {
        head.append(&mut tidy(std::mem::take(&mut first.above), true));
        first.above = tidy(head, true);
    }
    entries.extend(last(end).map(|it| (String::new(), it)));
    Yaml::Map(style, entries)
}

/// The lines below the last entry.
fn last(end: Vec<String>) -> Option<Noted> {
    let lines = trimmed(tidy(end, false));
    (!lines.is_empty()).then_some(Noted { above: lines, value: Yaml::End, beside: None })
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
pub(super) fn parted(lines: Vec<String>) -> Vec<String> {
    let rest = lines.into_iter().skip_while(String::is_empty);
    std::iter::once(String::new()).chain(rest).collect()
}

/// Lines without blank ones at the end.
pub(super) fn trimmed(mut lines: Vec<String>) -> Vec<String> {
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Lines with no more than one blank one at a time; none at the beginning of what is first.
pub(super) fn tidy(mut lines: Vec<String>, is_first: bool) -> Vec<String> {
    lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
    if is_first && lines.first().is_some_and(String::is_empty) {
        lines.remove(0);
    }
    lines
}
