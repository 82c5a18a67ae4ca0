//! An expression in a file: its text, and where each of its characters stands. Knows nothing of what it says.

use super::{
    decode::{Decode, Findings},
    tree::Node,
};
use crate::model::{
    expression::MOST_CHARACTERS,
    source::{FileId, Place},
};

/// A text with a place for each character.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) text: String,
    /// Lines and columns, from 1; of no more characters than an expression may have.
    places: Vec<(u32, u32)>,
}

impl Code {
    /// Where a character stands, or the last one before it of which that is known.
    pub(crate) fn place(&self, file: FileId, at: usize, start: Place) -> Place {
        let found = self.places.get(at).or(self.places.last());
        found.map_or(start, |(line, column)| Place::new(file, *line, *column))
    }
}

impl Decode for Code {
    const EXPECTED: &'static str = "an expression";

    fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self> {
        let text = String::decode(node, to)?;
        let places = if node.is_alias() { Vec::new() } else { places(&text, node) };
        Some(Self { text, places })
    }
}

/// Finds the characters of a text in the file, where they stand in the same order among quotes, escapes and indentation.
fn places(text: &str, node: Node<'_>) -> Vec<(u32, u32)> {
    let (mut line, mut column) = node.position();
    let written = node.written();
    let mut written = written.chars().peekable();
    // The lines of a block begin below its sign.
    if let Some(first) = node.first_of_block() {
        (line, column) = first;
    } else if matches!(written.peek(), Some('"' | '\'')) {
        written.next();
        column += 1;
    }
    let mut found = Vec::new();
    for it in text.chars().take(MOST_CHARACTERS) {
        loop {
            let Some(next) = written.peek() else { return found };
            // What is folded is a space, and stands for any number of them.
            let is_here = *next == it || it.is_whitespace() && next.is_whitespace();
            if is_here || it.is_whitespace() {
                found.push((line, column));
            }
            if it.is_whitespace() && !is_here {
                break;
            }
            match *next {
                '\n' => (line, column) = (line + 1, 1),
                _ => column += 1,
            }
            written.next();
            if is_here {
                break;
            }
        }
    }
    // The end, where an expression breaks off.
    found.push((line, column));
    found
}

#[cfg(test)]
mod tests {
    use super::super::decode::decode;
    use crate::{files::workspace::WorkspaceFile, model::source::Sources};

    /// The line and column of the word `here` in a workspace file, as it stands there and as its expression tells.
    #[test]
    fn every_character_is_found_where_it_stands() {
        for written in [
            "deny: access.here",
            "deny: \"a \\\"b\\\" == here\"",
            "deny: 'it''s == here'",
            "deny: |\n        first &&\n          here\n",
            "deny: >-\n        first &&\n        here\n",
            "deny: first &&\n        second && here",
            "deny: \"é && here\"",
            "{ deny: here }",
        ] {
            let text = format!("version: 1\npolicies:\n  rules:\n    - {written}\n");
            let file = Sources::default().add("rolecall.yaml".to_owned(), text.clone());
            let workspace: WorkspaceFile = decode(&text, file).expect(&text);
            let rules = workspace.policies.as_ref().expect(&text);
            let code = rules.first_deny().expect(&text);
            let at = code.text.chars().collect::<String>().find("here").expect(&text);
            let at = code.text[..at].chars().count();
            let place = code.place(file, at, crate::model::source::Place::new(file, 1, 1));
            let (line, row) = text.lines().enumerate().find(|it| it.1.contains("here")).expect(&text);
            let column = row[..row.find("here").expect(&text)].chars().count() + 1;
            assert_eq!((place.line.get() as usize, place.column as usize), (line + 1, column), "{text}");
        }
    }
}
