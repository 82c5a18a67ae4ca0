//! JSON that is harmless to print, and what all documents share.

use std::{
    fmt,
    io::{self, Write},
    ops::RangeInclusive,
};

use serde::{Deserialize, Serialize};
use serde_json::{
    Value,
    ser::{Formatter, PrettyFormatter, Serializer},
    value::RawValue,
};

use crate::model::escape;

mod sound;

pub use sound::sound;

/// Deepest nesting of what is read; the JSON crate's own bound.
pub const DEEPEST: usize = 127;

/// Writes a value of ours as one JSON document, with a newline at the end.
pub(crate) fn document(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("plain data with text keys is always JSON");
    escape::json(&text) + "\n"
}

/// The same with each element of a list on one line: of a list of rows one reads, searches and compares lines.
pub(crate) fn rows(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Rows::default());
    value.serialize(&mut serializer).expect("plain data with text keys is always JSON");
    escape::json(&String::from_utf8(bytes).expect("JSON is UTF-8")) + "\n"
}

/// Gives each key and each element of a list a line, and what is inside an element none.
#[derive(Default)]
struct Rows {
    open: PrettyFormatter<'static>,
    /// How many lists are open around here.
    lists: usize,
}

impl Formatter for Rows {
    fn begin_array<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.lists += 1;
        if self.lists > 1 { to.write_all(b"[") } else { self.open.begin_array(to) }
    }

    fn end_array<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.lists -= 1;
        if self.lists > 0 { to.write_all(b"]") } else { self.open.end_array(to) }
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        match self.lists {
            1 => self.open.begin_array_value(to, first),
            _ if first => Ok(()),
            _ => to.write_all(b","),
        }
    }

    fn end_array_value<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        if self.lists > 1 { Ok(()) } else { self.open.end_array_value(to) }
    }

    fn begin_object<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        if self.lists > 0 { to.write_all(b"{") } else { self.open.begin_object(to) }
    }

    fn end_object<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        if self.lists > 0 { to.write_all(b"}") } else { self.open.end_object(to) }
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        match self.lists {
            0 => self.open.begin_object_key(to, first),
            _ if first => Ok(()),
            _ => to.write_all(b","),
        }
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        if self.lists > 0 { to.write_all(b":") } else { self.open.begin_object_value(to) }
    }

    fn end_object_value<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        if self.lists > 0 { Ok(()) } else { self.open.end_object_value(to) }
    }
}

/// The parts of a JSON text between the spaces that mean nothing.
pub(crate) fn significant(text: &str) -> impl Iterator<Item = &str> {
    let (bytes, mut at) = (text.as_bytes(), 0);
    let is_space = |it: &u8| matches!(it, b' ' | b'\t' | b'\n' | b'\r');
    std::iter::from_fn(move || {
        at += bytes[at..].iter().take_while(|it| is_space(it)).count();
        let (start, mut in_text) = (at, false);
        while let Some(byte) = bytes.get(at).filter(|it| in_text || !is_space(it)) {
            match byte {
                b'"' => in_text = !in_text,
                // What comes next ends no text.
                b'\\' if in_text => at += 1,
                _ => (),
            }
            at += 1;
        }
        // A text that ends with it is cut off there.
        at = at.min(bytes.len());
        // Spaces and what ends a text are bytes of their own, so no character is cut.
        (at > start).then(|| &text[start..at])
    })
}

/// Takes out the spaces between the parts, which mean nothing and could break the layout of the document.
///
/// Numbers, repeated keys and their order stay: an entry is named to the API as it was read.
pub(crate) fn compact(raw: &RawValue) -> Box<RawValue> {
    let text: String = significant(raw.get()).collect();
    RawValue::from_string(text).unwrap_or_else(|_| raw.to_owned())
}

/// What is wrong with a JSON text and where, without a word of the text: it may be any file that a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    what: String,
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for Flaw {
    fn from(error: serde_json::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&serde_json::Error> for Flaw {
    fn from(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let what = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
        // Only what the decoder of a type says may quote. Where serde words it, what was expected comes last and is
        // ours; where a type does, it may begin with anything.
        let quoting =
            ["invalid type: ", "invalid value: ", "invalid length ", "unknown field `", "unknown variant `"];
        let expected =
            || what.rsplit_once(", expected ").filter(|_| quoting.iter().any(|it| what.starts_with(it)));
        let harmless = ["missing field `", "duplicate field `", "data did not match any variant"];
        let what = if !error.is_data() || harmless.iter().any(|it| what.starts_with(it)) {
            what.to_owned()
        } else if let Some((found, expected)) = expected() {
            let found =
                if found.starts_with("unknown field") { "an unknown field" } else { "something else" };
            format!("expected {expected}, found {found}")
        } else {
            "a value of the wrong form".to_owned()
        };
        let plain = PLAIN.iter().find(|it| it.0 == what);
        Self { what: plain.map_or(what, |it| it.1.to_owned()), line, column }
    }
}

impl Flaw {
    /// What is wrong, without where.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Line and column, as far as there are some.
    pub fn place(&self) -> Option<(usize, usize)> {
        (self.line > 0).then_some((self.line, self.column))
    }
}

/// What the decoder says, in words for people who wrote a file.
const PLAIN: [(&str, &str); 15] = [
    ("EOF while parsing a list", "the text ends inside a list"),
    ("EOF while parsing an object", "the text ends inside an object"),
    ("EOF while parsing a string", "the text ends inside quotation marks"),
    ("EOF while parsing a value", "the text ends where a value should stand"),
    ("expected value", "expected a value"),
    ("expected ident", "expected `true`, `false` or `null`"),
    ("invalid escape", "there is no such escape: of a backslash write two"),
    ("unexpected end of hex escape", "`\\u` needs four hexadecimal digits"),
    ("lone leading surrogate in hex escape", "`\\u` stands for half a character"),
    ("invalid number", "not a number as JSON writes it"),
    ("key must be a string", "the name of a field has to stand in quotation marks"),
    ("trailing comma", "nothing follows a comma"),
    ("trailing characters", "there is more after the end"),
    ("recursion limit exceeded", "nested too deep"),
    (
        "control character (\\u0000-\\u001F) found while parsing a string",
        "a line break or another control character inside quotation marks",
    ),
];

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.what),
            line => write!(f, "{} at line {line} column {}", self.what, self.column),
        }
    }
}

impl std::error::Error for Flaw {}

/// The kinds of documents that rolecall writes; of another it is not said what it calls itself.
const KINDS: [&str; 10] = [
    "apply",
    "doctor",
    "error",
    "explanation",
    "plan",
    "probe",
    "review",
    "sandbox",
    "saved-snapshot",
    "snapshot",
];

/// Why a text is not one of our documents, as far as that shows before all of it is read.
pub(crate) enum NotOurs {
    Empty,
    Syntax(Flaw),
    /// Which of our kinds it says it is, if it says one.
    Foreign(Option<String>),
    Version(u64),
}

/// Looks whether a text is a document of this kind and version, before anything else of it is believed.
pub(crate) fn is_a(kind: &str, versions: RangeInclusive<u32>, text: &str) -> Result<(), NotOurs> {
    /// Enough to see what it is.
    #[derive(Deserialize)]
    struct Head {
        kind: Option<Value>,
        version: Option<Value>,
    }

    if text.trim().is_empty() {
        return Err(NotOurs::Empty);
    }
    let head: Head = serde_json::from_str(text).map_err(|error| {
        if error.is_data() { NotOurs::Foreign(None) } else { NotOurs::Syntax(error.into()) }
    })?;
    match head.kind {
        Some(Value::String(found)) if found == kind => (),
        Some(Value::String(found)) => {
            return Err(NotOurs::Foreign(Some(found).filter(|it| KINDS.contains(&&**it))));
        }
        Some(_) | None => return Err(NotOurs::Foreign(None)),
    }
    match head.version.and_then(|it| it.as_u64()) {
        Some(found) if u32::try_from(found).is_ok_and(|it| versions.contains(&it)) => Ok(()),
        Some(found) => Err(NotOurs::Version(found)),
        None => Err(NotOurs::Foreign(None)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is wrong with it is looked at")]
    struct Form {
        number: Option<u32>,
        kind: Option<Kind>,
        list: Option<Vec<bool>>,
        id: Option<crate::model::ids::Email>,
        map: Option<BTreeMap<u8, u8>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Kind {
        One,
        Two,
    }

    fn flaw(text: &str) -> String {
        Flaw::from(serde_json::from_str::<Form>(text).unwrap_err()).to_string()
    }

    #[test]
    fn a_flaw_says_what_was_expected_where() {
        for (text, said) in [
            ("{", "the text ends inside an object at line 1 column 1"),
            ("{]", "the name of a field has to stand in quotation marks at line 1 column 2"),
            ("{\"number\":\"MARK\"}", "expected u32, found something else at line 1 column 16"),
            (
                "{\"MARK\":1}",
                "expected one of `number`, `kind`, `list`, `id`, `map`, found an unknown field at line 1 column 7",
            ),
            ("{\"kind\":\"MARK\"}", "expected `One` or `Two`, found something else at line 1 column 14"),
            ("{\"id\":\"MARK\"}", "a value of the wrong form at line 1 column 13"),
            ("{\"number\":1,\"number\":2}", "duplicate field `number` at line 1 column 20"),
        ] {
            assert_eq!(flaw(text), said.replace("`One` or `Two`", "`one` or `two`"), "{text}");
        }
    }

    proptest! {
        /// Byte by byte it is what a walk over the characters says.
        #[test]
        fn only_spaces_outside_of_texts_mean_nothing(text in "([{}:,]|[ \t\n\r]|\"(a|é|日| |\t|\\\\\\\\|\\\\\"|\\\\u0020){0,4}\"){0,12}") {
            let (mut in_text, mut escaped) = (false, false);
            let wanted: String = text.chars().filter(|c| {
                let is_space = !in_text && matches!(c, ' ' | '\t' | '\n' | '\r');
                (in_text, escaped) = match c {
                    '"' if !escaped => (!in_text, false),
                    '\\' => (in_text, !escaped),
                    _ => (in_text, false),
                };
                !is_space
            }).collect();
            prop_assert_eq!(significant(&text).collect::<String>(), wanted);
            // Nor does a text that is cut off anywhere end the process.
            for (at, _) in text.char_indices() {
                prop_assert!(significant(&text[..at]).count() <= at);
            }
        }

        /// Whatever stands in a text, and however it resembles what a decoder says.
        #[test]
        fn a_flaw_never_quotes(
            key in prop::sample::select(vec!["number", "kind", "list", "id", "map", "MARK", "missing field `MARK"]),
            value in prop::sample::select(vec![
                "\"MARK\"", "[\"MARK\"]", "{\"MARK\":1}", "\"x, expected MARK\"", "\"missing field `MARK\"", "MARK",
                "\"MARK", "[{\"a\":\"MARK, expected b\"}]", "{\"1\":\"MARK\"}",
            ]),
        ) {
            let text = format!("{{{}:{value}}}", serde_json::to_string(key).unwrap());
            prop_assert!(!flaw(&text).contains("MARK"), "{text}: {}", flaw(&text));
        }
    }
}
