//! From the tree of a file to typed values with places, all findings in one pass.
//!
//! What could not be decoded is absent from what is returned, and never taken for something that was not written: no
//! second finding follows from a first. Knows no key of a file.

use crate::model::{
    finding::{Code, Finding},
    source::{FileId, Place},
};

use super::{
    layout::{Items, Layout},
    tree::{self, Form, Node},
    words,
};

/// Largest file that is read, in bytes (product specification, section 2: 64 MiB).
pub const MAX_FILE_BYTES: u64 = 64 << 20;
/// How much of a text a finding quotes, in characters.
const QUOTED: usize = 60;

/// A value and where it starts in its file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub struct At<T> {
    pub v: T,
    /// From 1.
    pub(crate) line: u32,
    /// In characters, from 1.
    pub(crate) column: u32,
}

impl<T> At<T> {
    /// Where the value starts, once it is known in which file.
    pub fn place(&self, file: FileId) -> Place {
        Place::new(file, self.line, self.column)
    }
}

/// What a file says, as far as it is certain.
#[derive(Debug)]
pub struct Decoded<T> {
    /// What was decoded, which is nothing to act on where there are findings.
    pub value: Option<T>,
    /// Sorted.
    pub findings: Vec<Finding>,
    /// What is odd, and stops nothing.
    pub remarks: Vec<Finding>,
}

/// A type that files hold.
pub trait Decode: Sized {
    /// What is expected, for people: `a list`.
    const EXPECTED: &'static str;
    /// What to do where a key has no value.
    const EMPTY: &'static str = "give it a value, or delete the line";
    /// Whether a text may stand for it.
    const FROM_TEXT: bool = false;
    /// How it is laid out when its file is formatted.
    const LAYOUT: &'static Layout = Layout::PLAIN;
    /// A list of such values, whose order means nothing: names are told by being texts.
    const ENTRIES: Items = Items { are_names: Self::FROM_TEXT, layout: Self::LAYOUT };

    /// Reads a node; `None` where it is something else, of which everything was said then.
    fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self>;
}

/// What is found in one file.
#[derive(Debug)]
pub struct Findings {
    pub(super) file: FileId,
    found: Vec<Finding>,
    remarks: Vec<Finding>,
}

/// Decodes one YAML document as far as it goes.
pub fn decoded<T: Decode + Default>(text: &str, file: FileId) -> Decoded<T> {
    let mut to = Findings { file, found: Vec::new(), remarks: Vec::new() };
    let tree = tree::parse(text, file, &mut to.found);
    let value = match tree.root() {
        // An empty file is one without keys.
        None => to.found.is_empty().then(T::default),
        Some(root) if root.is_null() => Some(T::default()),
        Some(root) => T::decode(root, &mut to),
    };
    let Findings { found: mut findings, mut remarks, .. } = to;
    findings.sort();
    remarks.sort();
    Decoded { value, findings, remarks }
}

/// Decodes one YAML document.
///
/// # Errors
///
/// Everything that is structurally wrong, sorted by place.
pub fn decode<T: Decode + Default>(text: &str, file: FileId) -> Result<T, Vec<Finding>> {
    let Decoded { value, findings, .. } = decoded(text, file);
    if findings.is_empty() { Ok(value.unwrap_or_default()) } else { Err(findings) }
}

/// The place of each key of a mapping, found by the keys that lead to it; none of a file that is not well-formed.
pub(crate) fn places(text: &str, file: FileId, path: &[&str]) -> Vec<(String, Place)> {
    let tree = tree::parse(text, file, &mut Vec::new());
    let mut found = tree.root();
    for key in path {
        found = found.and_then(|it| it.entries().find(|it| it.0.scalar() == Some(key))).map(|it| it.1);
    }
    let entries = found.into_iter().flat_map(Node::entries);
    entries.filter_map(|(key, value)| Some((key.scalar()?.to_owned(), value.place(file)))).collect()
}

impl Findings {
    pub(super) fn say(&mut self, finding: Finding) {
        self.found.push(finding);
    }

    pub(super) fn remark(&mut self, finding: Finding) {
        self.remarks.push(finding);
    }

    /// Says that something else is expected, unless something was said of the node, or of what is in it.
    pub(super) fn unexpected<T>(
        &mut self,
        node: Node<'_>,
        expected: &str,
        help: Option<String>,
    ) -> Option<T> {
        if node.is_certain() {
            let message = format!("expected {expected}, found {}", found(node));
            let help = help.unwrap_or_else(|| instead(node).to_owned());
            self.say(Finding::new(Code::WrongType, node.place(self.file), message).help(help));
        }
        None
    }
}

/// What a node is, for people.
pub(super) fn found(node: Node<'_>) -> String {
    match node.form() {
        Form::List => "a list".to_owned(),
        Form::Mapping => "a mapping".to_owned(),
        Form::Scalar if node.is_null() => "nothing".to_owned(),
        Form::Scalar if in_quotes(node).is_some() => {
            format!("the text `{}`", quoted(node.scalar().unwrap_or_default()))
        }
        Form::Scalar | Form::Wrong => format!("`{}`", quoted(node.scalar().unwrap_or_default())),
    }
}

/// What to do where something else is expected.
pub(super) fn instead(node: Node<'_>) -> &'static str {
    match node.form() {
        Form::List => "take the brackets or dashes around it away, and an alias for a list",
        Form::Mapping => "write a value alone; a text that holds `: `, or begins with a brace, needs quotes",
        Form::Scalar if node.is_null() => "write it, or delete the dash or key",
        Form::Scalar | Form::Wrong => "write it in this form: a word alone does not say all of it",
    }
}

/// What to do where a number, or true or false, is expected.
fn bare(node: Node<'_>, help: &str) -> String {
    match in_quotes(node) {
        Some(word) => format!("take the quotes away: `{word}`"),
        None => help.to_owned(),
    }
}

/// The word of a text that would be a number, true or false without its quotes.
fn in_quotes(node: Node<'_>) -> Option<&str> {
    let text = node.scalar().filter(|_| !node.is_plain());
    text.filter(|it| words::boolean(it).is_some() || words::whole(it).is_some())
}

/// The beginning of a text, no more than a line of it.
pub(super) fn quoted(text: &str) -> String {
    let end = text
        .char_indices()
        .enumerate()
        .find(|(count, (_, it))| *count == QUOTED || matches!(it, '\n' | '\r'));
    match end {
        Some((_, (end, _))) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Decode for String {
    const EXPECTED: &'static str = "text";
    const FROM_TEXT: bool = true;

    fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self> {
        match node.text() {
            Some(text) => Some(text.to_owned()),
            None => {
                let help = if node.is_null() {
                    Some("write it, and in quotes (`\"null\"`) if the word itself is meant".to_owned())
                } else {
                    let word = node.scalar().filter(|it| words::boolean(it).is_some());
                    word.map(|it| format!("put quotes around it if the word itself is meant: `\"{it}\"`"))
                };
                to.unexpected(node, Self::EXPECTED, help)
            }
        }
    }
}

impl Decode for bool {
    const EXPECTED: &'static str = "`true` or `false`";

    fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self> {
        let read = node.word().and_then(words::boolean);
        read.or_else(|| to.unexpected(node, Self::EXPECTED, Some(bare(node, "write one of these two words"))))
    }
}

impl Decode for u64 {
    const EXPECTED: &'static str = "a whole number";

    fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self> {
        let whole = node.word().and_then(words::whole).and_then(|it| Self::try_from(it).ok());
        let help = || Some(bare(node, "write it in digits, without a fraction"));
        whole.or_else(|| to.unexpected(node, Self::EXPECTED, help()))
    }
}

impl<T: Decode> Decode for At<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    const EMPTY: &'static str = T::EMPTY;
    const FROM_TEXT: bool = T::FROM_TEXT;
    const LAYOUT: &'static Layout = T::LAYOUT;

    fn decode(node: Node<'_>, to: &mut Findings) -> Option<Self> {
        let (line, column) = node.position();
        Some(Self { v: T::decode(node, to)?, line, column })
    }
}

#[cfg(test)]
mod tests;
