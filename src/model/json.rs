//! JSON that is harmless to print, and what all documents share.

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::model::escape;

/// Writes a value of ours as one JSON document, with a newline at the end.
pub(crate) fn document(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("plain data with text keys is always JSON");
    escape::json(&text) + "\n"
}

/// Takes out the spaces between the parts, which mean nothing and could break the layout of the document.
///
/// Numbers, repeated keys and their order stay: an entry is named to the API as it was read.
pub(crate) fn compact(raw: &RawValue) -> Box<RawValue> {
    let (mut in_text, mut escaped) = (false, false);
    let mut text = raw.get().to_owned();
    text.retain(|c| {
        let keep = in_text || !matches!(c, ' ' | '\t' | '\n' | '\r');
        (in_text, escaped) = match c {
            '"' if !escaped => (!in_text, false),
            '\\' => (in_text, !escaped),
            _ => (in_text, false),
        };
        keep
    });
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
