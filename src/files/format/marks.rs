//! What stands between the values of a file: comments, blank lines, anchors and tags, signs of blocks of text.
//!
//! Whatever else stands there has to be known as well: a file with anything more is not touched.

use std::collections::BTreeMap;

use super::Unformattable;
use crate::files::tree::{Leaf, Tree};

/// What was found, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Marks<'a> {
    pub(super) notes: Vec<Note<'a>>,
    /// Anchors and tags, by where they begin.
    pub(super) signs: Vec<(usize, &'a str)>,
    /// The blocks of text, by where their text begins: the line of their sign, and those that follow.
    pub(super) blocks: BTreeMap<usize, Vec<String>>,
    pub(super) has_aliases: bool,
}

/// A comment, a blank line, or the line that begins the document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note<'a> {
    pub(super) at: usize,
    pub(super) kind: Kind,
    /// Without what is not seen at its end.
    pub(super) text: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A comment in a line of its own, from this column on (in bytes, from 0).
    Own(usize),
    /// A comment behind something.
    Beside,
    Blank,
}

/// The column of a byte, from 0 and in bytes.
pub(super) fn column(text: &str, at: usize) -> usize {
    at - line_start(text, at)
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |it| it + 1)
}

impl<'a> Marks<'a> {
    pub(super) fn of(text: &'a str, tree: &Tree<'_>) -> Result<Self, Unformattable> {
        let mut marks = Self::default();
        let mut from = 0;
        for Leaf { bytes, value } in tree.leaves() {
            if bytes.start < from {
                return Err(Unformattable::Holds("values that lie over each other"));
            }
            let sign = marks.between(text, from, bytes.start)?;
            from = bytes.end;
            marks.has_aliases |= value.is_none();
            if let Some((sign, after)) = sign {
                let lines = text[after..bytes.end].split_once('\n').map_or("", |it| it.1);
                let (block, end) = block(sign, lines, value.unwrap_or_default())?;
                from = bytes.end - lines.len() + end;
                marks.blocks.insert(bytes.start, block);
            }
        }
        match marks.between(text, from, text.len())? {
            None => Ok(marks),
            Some(_) => Err(EMPTY_BLOCK),
        }
    }

    /// Takes what stands in a part of the text; returns the sign of a block of text, with where it ends.
    fn between(
        &mut self,
        text: &'a str,
        from: usize,
        to: usize,
    ) -> Result<Option<(&'a str, usize)>, Unformattable> {
        let mut at = from;
        let mut block = None;
        while at < to {
            let here = &text[at..to];
            let Some(first) = here.chars().next() else { break };
            let start = line_start(text, at);
            let is_first = text[start..at].trim_matches([' ', '\t']).is_empty();
            let token =
                || here.split(|it: char| it.is_whitespace() || ",[]{}".contains(it)).next().unwrap_or("");
            match first {
                '\n' => {
                    if is_first
                        && !self.notes.last().is_some_and(|it| it.kind == Kind::Blank && it.at + 1 >= start)
                    {
                        self.notes.push(Note { at, kind: Kind::Blank, text: "" });
                    }
                    at += 1;
                }
                '#' => {
                    let whole = here.lines().next().unwrap_or_default();
                    let kind = if is_first { Kind::Own(at - start) } else { Kind::Beside };
                    self.notes.push(Note { at, kind, text: whole.trim_end() });
                    at += whole.len();
                }
                '-' if at == start && here.starts_with("---") => {
                    self.notes.push(Note { at, kind: Kind::Own(0), text: "---" });
                    at += 3;
                }
                '.' if at == start && here.starts_with("...") => at += 3,
                '&' | '!' => {
                    self.signs.push((at, token()));
                    at += token().len().max(1);
                }
                '|' | '>' => {
                    if block.is_some() {
                        return Err(EMPTY_BLOCK);
                    }
                    at += token().len();
                    block = Some((token(), at));
                }
                ' ' | '\t' | '-' | '?' | ':' | ',' | '[' | ']' | '{' | '}' => at += 1,
                '%' => return Err(Unformattable::Holds("a directive (a line that begins with `%`)")),
                _ => return Err(Unformattable::Holds("something that is neither a value nor a comment")),
            }
        }
        Ok(block)
    }
}

const EMPTY_BLOCK: Unformattable = Unformattable::Holds("a block of text without any text");

/// The lines of a block of text without their indentation, and where they end.
fn block(sign: &str, lines: &str, value: &str) -> Result<(Vec<String>, usize), Unformattable> {
    if sign.contains('+') {
        return Err(Unformattable::Holds("a block of text that keeps the blank lines at its end (`|+`)"));
    }
    let spaces = |it: &str| it.len() - it.trim_start_matches(' ').len();
    let first = |it: &str| it.split('\n').find(|it| it.len() > spaces(it)).map(spaces);
    let (Some(there), Some(meant)) = (first(lines), first(value)) else { return Err(EMPTY_BLOCK) };
    let is_told = sign.contains(|it: char| it.is_ascii_digit());
    let margin = if is_told { there.saturating_sub(meant) } else { there };
    let bare: String = sign.chars().filter(|it| !it.is_ascii_digit()).collect();
    // What is inside stands two columns to the right of what it is in, wherever that is.
    let told = if is_told { bare.replacen(['|', '>'], &format!("{}2", &bare[..1]), 1) } else { bare };
    let mut kept = vec![told];
    let (mut end, mut at) = (0, 0);
    let mut number = 1;
    for line in lines.split('\n') {
        let rest = if line.len() <= margin { line.trim_start_matches(' ') } else { &line[margin..] };
        kept.push(rest.to_owned());
        at += line.len();
        if !rest.is_empty() {
            end = at;
            number = kept.len();
        }
        at += 1;
    }
    kept.truncate(number);
    Ok((kept, end))
}
