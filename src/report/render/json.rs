//! JSON that is harmless to print, and what its documents share.

use serde::Serialize;

use crate::model::source::{Place, Sources};

use super::escape;

/// Writes a value of ours as one JSON document, with a newline at the end.
pub(crate) fn document(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("plain data with text keys is always JSON");
    escape::json(&text) + "\n"
}

/// Where something is declared.
#[derive(Serialize)]
pub(super) struct Origin<'a> {
    file: &'a str,
    line: u32,
    column: u32,
}

impl<'a> Origin<'a> {
    pub(super) fn new(place: Place, sources: &'a Sources) -> Self {
        Self { file: &sources.file(place.file).path, line: place.line.get(), column: place.column }
    }
}
