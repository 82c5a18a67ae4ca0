//! Where something is declared, in JSON.

use serde::Serialize;

use crate::model::source::{Place, Sources};

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
