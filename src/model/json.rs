//! JSON that is harmless to print, and what all documents share.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_json::{
    Value,
    ser::{Formatter, PrettyFormatter, Serializer},
    value::RawValue,
};

use crate::model::escape;

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
    let (mut in_text, mut escaped) = (false, false);
    let is_space = move |c: char| {
        let is_space = !in_text && matches!(c, ' ' | '\t' | '\n' | '\r');
        (in_text, escaped) = match c {
            '"' if !escaped => (!in_text, false),
            '\\' => (in_text, !escaped),
            _ => (in_text, false),
        };
        is_space
    };
    text.split(is_space).filter(|it| !it.is_empty())
}

/// Takes out the spaces between the parts, which mean nothing and could break the layout of the document.
///
/// Numbers, repeated keys and their order stay: an entry is named to the API as it was read.
pub(crate) fn compact(raw: &RawValue) -> Box<RawValue> {
    let text: String = significant(raw.get()).collect();
    RawValue::from_string(text).unwrap_or_else(|_| raw.to_owned())
}

/// Why a text is not one of our documents, as far as that shows before all of it is read.
pub(crate) enum NotOurs {
    Empty,
    Syntax(serde_json::Error),
    /// The kind that it says it is, if it says one.
    Foreign(Option<String>),
    Version(String),
}

/// Looks whether a text is a document of this kind and version, before anything else of it is believed.
pub(crate) fn is_a(kind: &str, version: u32, text: &str) -> Result<(), NotOurs> {
    /// Enough to see what it is.
    #[derive(Deserialize)]
    struct Head {
        kind: Option<Value>,
        version: Option<Value>,
    }

    if text.trim().is_empty() {
        return Err(NotOurs::Empty);
    }
    let head: Head = serde_json::from_str(text)
        .map_err(|error| if error.is_data() { NotOurs::Foreign(None) } else { NotOurs::Syntax(error) })?;
    match head.kind {
        Some(Value::String(found)) if found == kind => (),
        Some(Value::String(found)) => return Err(NotOurs::Foreign(Some(found))),
        Some(_) | None => return Err(NotOurs::Foreign(None)),
    }
    match head.version {
        Some(found) if found == version => Ok(()),
        Some(found) => Err(NotOurs::Version(found.to_string())),
        None => Err(NotOurs::Foreign(None)),
    }
}
