//! Where something is declared, in JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::source::{Place, Sources};

/// Where something is declared; line and column count from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Origin {
    pub(crate) file: Box<str>,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Origin {
    pub(crate) fn new(place: Place, sources: &Sources) -> Self {
        let file = sources.file(place.file).path.as_str().into();
        Self { file, line: place.line.get(), column: place.column }
    }
}
