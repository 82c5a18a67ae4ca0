//! A YAML value to be written and its text: keys in the order in which they are given, comments, blank lines.
//!
//! One layout for everything that is written: lists are indented, and what may stand on one line does so where it
//! fits. Knows no key of a file, and reads nothing.

use std::iter::repeat_n;

use uuid::Uuid;

/// Most characters of a line that could be several lines.
pub(crate) const WIDTH: usize = 100;
/// By how much more what is inside stands to the right.
const STEP: usize = 2;

/// A value to be written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Yaml {
    /// As it is spelled outside of brackets, in quotes or not.
    Scalar(String),
    /// A text over several lines, without their indentation; a block of text begins with the line of its sign.
    Lines(Vec<String>),
    List(Style, Vec<Noted>),
    /// The keys as they are spelled.
    Map(Style, Vec<(String, Noted)>),
    /// An anchor or a tag, and what it belongs to.
    Marked(String, Box<Self>),
    /// No entry, at the end of a list or mapping: what stands above it are the last lines.
    End,
}

/// On how many lines a list or a mapping stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Style {
    /// On one, in brackets, where it fits and no comment stands inside. A comment behind it may go beyond what fits.
    Line,
    /// One line at least for each entry; empty brackets where there is none.
    Block,
}

/// A value with the comments around it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Noted {
    /// Lines before it: comments, each with its `#`, and blank ones.
    pub(crate) above: Vec<String>,
    pub(crate) value: Yaml,
    /// A comment behind it, with its `#`.
    pub(crate) beside: Option<String>,
}

impl From<Yaml> for Noted {
    fn from(value: Yaml) -> Self {
        Self { above: Vec::new(), value, beside: None }
    }
}

impl Yaml {
    pub(crate) fn text(text: &(impl ToString + ?Sized)) -> Self {
        Self::Scalar(scalar(&text.to_string()))
    }

    /// A text for the rest of a line, never for a place in brackets.
    pub(crate) fn prose(text: &str) -> Self {
        Self::Scalar(prose(text))
    }

    pub(crate) fn block(items: Vec<Noted>) -> Self {
        Self::List(Style::Block, items)
    }

    pub(crate) fn list(style: Style, items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(style, items.into_iter().map(Noted::from).collect())
    }

    pub(crate) fn map(style: Style, keys: impl IntoIterator<Item = (&'static str, Self)>) -> Self {
        Self::Map(style, keys.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect())
    }

    /// Sorted, and without brackets around one.
    pub(crate) fn one_or_many(mut values: Vec<Self>) -> Self {
        values.sort();
        if values.len() == 1 { values.remove(0) } else { Self::list(Style::Line, values) }
    }

    /// Takes the lines above the first thing in a list or mapping.
    pub(crate) fn first_above(&mut self) -> Vec<String> {
        let first = match self {
            Self::List(_, items) => items.first_mut(),
            Self::Map(_, keys) => keys.first_mut().map(|it| &mut it.1),
            Self::Scalar(_) | Self::Lines(_) | Self::Marked(..) | Self::End => None,
        };
        first.map(|it| std::mem::take(&mut it.above)).unwrap_or_default()
    }

    /// The lines of a document.
    pub(crate) fn document(&self) -> String {
        let mut text = String::new();
        self.write(Behind::Dash, 0, None, &mut text);
        text
    }

    /// The lines of a value that begins at a column, with those margins.
    pub(crate) fn lines(&self, column: usize, beside: Option<&str>) -> String {
        let mut text: String = repeat_n(' ', column).collect();
        self.write(Behind::Dash, column, beside, &mut text);
        text
    }

    /// The text on one line, without comments.
    pub(crate) fn bare(&self) -> String {
        let bare = |it: &Noted| it.value.bare();
        match self {
            Self::Scalar(text) => bracketed(text),
            Self::Lines(lines) => lines.join(" "),
            Self::List(_, items) => format!("[{}]", items.iter().map(bare).collect::<Vec<_>>().join(", ")),
            Self::Map(_, keys) => {
                let keys = keys.iter().filter(|it| it.1.value != Self::End);
                let keys: Vec<String> = keys.map(|(key, it)| format!("{key}: {}", bare(it))).collect();
                format!("{{ {} }}", keys.join(", "))
            }
            Self::Marked(_, value) => value.bare(),
            Self::End => String::new(),
        }
    }

    /// The text on one line in brackets; nothing where it takes several.
    pub(crate) fn line(&self) -> Option<String> {
        let bare = |it: &Noted| match it.above.is_empty() && it.beside.is_none() {
            true => it.value.line(),
            false => None,
        };
        Some(match self {
            Self::Scalar(text) => bracketed(text),
            Self::Lines(_) | Self::End => return None,
            Self::List(_, items) if items.is_empty() => "[]".to_owned(),
            Self::Map(_, keys) if keys.is_empty() => "{}".to_owned(),
            Self::List(_, items) => {
                let items: Vec<String> = items.iter().map(bare).collect::<Option<_>>()?;
                format!("[{}]", items.join(", "))
            }
            Self::Map(_, keys) => {
                let entry =
                    |(key, value): &(String, Noted)| Some(format!("{}: {}", bracketed(key), bare(value)?));
                let keys: Vec<String> = keys.iter().map(entry).collect::<Option<_>>()?;
                format!("{{ {} }}", keys.join(", "))
            }
            Self::Marked(mark, value) => format!("{mark} {}", value.line()?),
        })
    }

    /// The text on the rest of a line that is begun, where it has its place there.
    fn short(&self, column: usize) -> Option<String> {
        let may = match self {
            Self::Scalar(text) => return Some(text.clone()),
            Self::Marked(mark, value) => {
                let rest = value.short(column + mark.chars().count() + 1)?;
                return Some(format!("{mark} {rest}").trim_end().to_owned());
            }
            Self::Lines(_) | Self::End => return None,
            Self::List(style, items) => *style == Style::Line || items.is_empty(),
            Self::Map(style, keys) => *style == Style::Line || keys.is_empty(),
        };
        if !may {
            return None;
        }
        let line = self.line()?;
        (column + line.chars().count() <= WIDTH).then_some(line)
    }

    /// Writes it behind a key, or behind the dash of an entry, on a line that is begun, and ends that line; what is
    /// inside stands at the column.
    fn write(&self, behind: Behind, column: usize, beside: Option<&str>, out: &mut String) {
        let begun = out.len() - out.rfind('\n').map_or(0, |it| it + 1);
        match self {
            Self::Lines(lines) => {
                let is_block = lines.first().is_some_and(|it| it.starts_with(['|', '>']));
                for (at, line) in lines.iter().enumerate() {
                    if at > 0 && !line.is_empty() {
                        out.extend(repeat_n(' ', column));
                    } else if behind == Behind::Key && at == 0 {
                        out.push(' ');
                    }
                    out.push_str(line);
                    let noted = if is_block { at == 0 } else { at + 1 == lines.len() };
                    end(beside.filter(|_| noted), out);
                }
                return;
            }
            Self::Marked(mark, value) if self.short(begun + 1).is_none() => {
                let is_text = matches!(**value, Self::Lines(_));
                match behind {
                    Behind::Key => out.push(' '),
                    Behind::Dash if is_text => (),
                    Behind::Dash => above(beside, column, out),
                }
                let beside = beside.filter(|_| is_text || behind == Behind::Key);
                out.push_str(mark);
                return value.write(Behind::Key, column, beside, out);
            }
            _ => (),
        }
        if let Some(line) = self.short(begun + usize::from(behind == Behind::Key)) {
            if behind == Behind::Key && !line.is_empty() {
                out.push(' ');
            }
            out.push_str(&line);
            return end(beside, out);
        }
        if behind == Behind::Key {
            end(beside, out);
            out.extend(repeat_n(' ', column));
        } else if let Some(comment) = beside {
            above([comment], column, out);
        }
        match self {
            Self::List(_, items) => {
                for (at, item) in items.iter().enumerate() {
                    if item.begin(at, column, out) {
                        out.push_str("- ");
                        item.value.write(Behind::Dash, column + STEP, item.beside.as_deref(), out);
                    }
                }
            }
            Self::Map(_, keys) => {
                for (at, (key, value)) in keys.iter().enumerate() {
                    if value.begin(at, column, out) {
                        out.push_str(key);
                        out.push(':');
                        value.value.write(Behind::Key, column + STEP, value.beside.as_deref(), out);
                    }
                }
            }
            Self::Scalar(_) | Self::Lines(_) | Self::Marked(..) | Self::End => (),
        }
    }
}

/// What is on a line before a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    /// A key with its colon, or an anchor: a list or mapping begins in the next line.
    Key,
    /// A dash and a space, or nothing.
    Dash,
}

impl Noted {
    /// Adds the comments in it and behind it.
    pub(crate) fn comments(&self, to: &mut Vec<String>) {
        to.extend(self.above.iter().chain(&self.beside).filter(|it| !it.is_empty()).cloned());
        match &self.value {
            Yaml::List(_, items) => items.iter().for_each(|it| it.comments(to)),
            Yaml::Map(_, keys) => keys.iter().for_each(|it| it.1.comments(to)),
            Yaml::Marked(_, value) => Self::from((**value).clone()).comments(to),
            Yaml::Scalar(_) | Yaml::Lines(_) | Yaml::End => (),
        }
    }

    /// Writes what stands before it and begins its line, if there is one.
    fn begin(&self, at: usize, column: usize, out: &mut String) -> bool {
        let is_entry = self.value != Yaml::End;
        if at > 0 {
            out.extend(repeat_n(' ', column));
        }
        above(self.above.iter().map(String::as_str), column, out);
        if !is_entry {
            out.truncate(out.rfind('\n').map_or(0, |it| it + 1));
        }
        is_entry
    }
}

/// Writes lines above the one that is begun, which may begin with dashes: they stand above these.
fn above<'a>(lines: impl IntoIterator<Item = &'a str>, column: usize, out: &mut String) {
    let begun = out.split_off(out.rfind('\n').map_or(0, |it| it + 1));
    let margin = if begun.trim().is_empty() { column } else { begun.len() - begun.trim_start().len() };
    for line in lines {
        if !line.is_empty() {
            out.extend(repeat_n(' ', margin));
            out.push_str(line);
        }
        out.push('\n');
    }
    out.push_str(&begun);
}

/// A scalar as it is spelled in brackets: what is without quotes, and holds what has a meaning there, gets some.
fn bracketed(text: &str) -> String {
    let is_spelled = text.starts_with(['"', '\'', '&', '*', '!']);
    let mut first = text.chars();
    let begins = match (first.next(), first.next()) {
        (None, _) => return "null".to_owned(),
        (Some('?' | ':'), _) | (Some('-'), None) => false,
        (Some('-'), Some(next)) => next.is_alphanumeric() || next == '.',
        _ => true,
    };
    let is_plain = begins && !text.contains([',', '[', ']', '{', '}']) && !text.ends_with(':');
    if is_spelled || is_plain { text.to_owned() } else { quoted(text) }
}

/// Ends a line, behind its comment.
fn end(beside: Option<&str>, out: &mut String) {
    if let Some(comment) = beside {
        out.push(' ');
        out.push_str(comment);
    }
    out.push('\n');
}

/// A text as YAML on the rest of a line, outside of brackets: there commas and most other signs mean nothing, and neither
/// does a colon inside a word.
fn prose(text: &str) -> String {
    let is_inside = |(at, _): &(usize, char)| text[at + 1..].starts_with(|it: char| !it.is_whitespace());
    let signs = |(at, it): (usize, char)| match it {
        ',' | ';' | '!' | '?' | '%' | '=' | '"' => '.',
        ':' if is_inside(&(at, it)) => '.',
        it => it,
    };
    let plain = scalar(&text.char_indices().map(signs).collect::<String>());
    let is_plain = !plain.starts_with('"') && text.starts_with(char::is_alphabetic);
    if is_plain { text.to_owned() } else { scalar(text) }
}

/// A text as YAML, in brackets or not: as it is where it cannot be taken for anything else, and quoted otherwise.
pub(crate) fn scalar(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_plain = |it: char| it.is_alphanumeric() || "_@.+-/()&' ".contains(it);
    let is_told_apart =
        text.starts_with(char::is_alphabetic) || text.contains('@') || Uuid::try_parse(text).is_ok();
    let is_word = text.starts_with(char::is_alphanumeric)
        && is_told_apart
        && !text.ends_with(' ')
        && text.chars().all(is_plain)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_word { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_stay_where_they_were_put_and_only_what_is_long_or_noted_takes_several_lines() {
        let role = |scope| Yaml::map(Style::Line, [("role", Yaml::text("Agent")), ("scope", scope)]);
        let many = (0..12).map(|at| Yaml::text(&format!("client-{at:02}")));
        let mut noted = Noted::from(Yaml::text("ana@voyager.example"));
        noted.beside = Some("# nights".to_owned());
        noted.above.push("# the desk".to_owned());
        let group = Yaml::Map(
            Style::Block,
            vec![
                ("name".to_owned(), Yaml::text("Night: Desk").into()),
                (
                    "roles".to_owned(),
                    Yaml::list(Style::Block, [role(Yaml::text("all")), role(Yaml::list(Style::Line, many))])
                        .into(),
                ),
                ("members".to_owned(), Yaml::List(Style::Block, vec![noted.clone()]).into()),
                ("none".to_owned(), Yaml::list(Style::Block, []).into()),
                ("noted".to_owned(), Yaml::List(Style::Line, vec![noted]).into()),
            ],
        );
        let above = |lines: &[&str], value: Yaml| Noted {
            above: lines.iter().map(|it| (*it).to_owned()).collect(),
            ..value.into()
        };
        let group = above(&["# a group"], group);
        let groups =
            Noted { beside: Some("# all".to_owned()), ..above(&[""], Yaml::List(Style::Block, vec![group])) };
        let version = above(&["# first"], Yaml::Scalar("1".to_owned()));
        let file =
            Yaml::Map(Style::Block, vec![("version".to_owned(), version), ("groups".to_owned(), groups)]);
        insta::assert_snapshot!(file.document());
    }
}
