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
    /// As it is spelled, in quotes or not.
    Scalar(String),
    List(Style, Vec<Noted>),
    /// The keys as they are spelled.
    Map(Style, Vec<(String, Noted)>),
}

/// On how many lines a list or a mapping stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Style {
    /// On one, in brackets, where it fits and no comment stands inside.
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

    /// The lines of a document.
    pub(crate) fn document(&self) -> String {
        let mut text = String::new();
        self.write(0, None, &mut text);
        text
    }

    /// The lines of a value that begins at a column, with those margins.
    pub(crate) fn lines(&self, column: usize, beside: Option<&str>) -> String {
        let mut text: String = repeat_n(' ', column).collect();
        self.write(column, beside, &mut text);
        text
    }

    /// The text on one line; nothing where a comment or a blank line stands inside.
    pub(crate) fn line(&self) -> Option<String> {
        let bare = |it: &Noted| match it.above.is_empty() && it.beside.is_none() {
            true => it.value.line(),
            false => None,
        };
        Some(match self {
            Self::Scalar(text) => text.clone(),
            Self::List(_, items) if items.is_empty() => "[]".to_owned(),
            Self::Map(_, keys) if keys.is_empty() => "{}".to_owned(),
            Self::List(_, items) => {
                let items: Vec<String> = items.iter().map(bare).collect::<Option<_>>()?;
                format!("[{}]", items.join(", "))
            }
            Self::Map(_, keys) => {
                let entry = |(key, value): &(String, Noted)| Some(format!("{key}: {}", bare(value)?));
                let keys: Vec<String> = keys.iter().map(entry).collect::<Option<_>>()?;
                format!("{{ {} }}", keys.join(", "))
            }
        })
    }

    /// The text on the rest of a line that is begun, where it has its place there.
    fn short(&self, column: usize, beside: Option<&str>) -> Option<String> {
        let may = match self {
            Self::Scalar(_) => return self.line(),
            Self::List(style, items) => *style == Style::Line || items.is_empty(),
            Self::Map(style, keys) => *style == Style::Line || keys.is_empty(),
        };
        let line = self.line().filter(|_| may)?;
        let behind = beside.map_or(0, |it| it.chars().count() + 1);
        (column + line.chars().count() + behind <= WIDTH).then_some(line)
    }

    /// Writes it where a line is begun up to a column.
    fn write(&self, column: usize, beside: Option<&str>, out: &mut String) {
        if let Some(line) = self.short(column, beside) {
            out.push_str(&line);
            return end(beside, out);
        }
        match self {
            Self::Scalar(_) => (),
            Self::List(_, items) => {
                for (at, item) in items.iter().enumerate() {
                    item.begin(at, column, out);
                    out.push_str("- ");
                    item.value.write(column + STEP, item.beside.as_deref(), out);
                }
            }
            Self::Map(_, keys) => {
                for (at, (key, value)) in keys.iter().enumerate() {
                    value.begin(at, column, out);
                    out.push_str(key);
                    out.push(':');
                    let beside = value.beside.as_deref();
                    if let Some(line) = value.value.short(column + key.chars().count() + 2, beside) {
                        out.push(' ');
                        out.push_str(&line);
                        end(beside, out);
                        continue;
                    }
                    end(beside, out);
                    out.extend(repeat_n(' ', column + STEP));
                    value.value.write(column + STEP, None, out);
                }
            }
        }
    }
}

impl Noted {
    /// Writes what stands before it. The first of its kind is on a line that is begun already: what stands above it goes
    /// before that line.
    fn begin(&self, at: usize, column: usize, out: &mut String) {
        let margin: String = repeat_n(' ', column).collect();
        let begun =
            if at == 0 { out.split_off(out.rfind('\n').map_or(0, |it| it + 1)) } else { margin.clone() };
        for line in &self.above {
            if !line.is_empty() {
                out.push_str(&margin);
                out.push_str(line);
            }
            out.push('\n');
        }
        out.push_str(&begun);
    }
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
    if is_word { text.to_owned() } else { serde_json::Value::from(text).to_string() }
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
