//! JSON that is harmless to print, and what all documents share.

use serde::Serialize;
use serde_json::value::RawValue;

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
