//! Raw texts as a page shows them: nothing in them is markup, acts or hides, and nothing is endless.

use crate::model::escape::{self, markup};

/// Bytes of one text: more than any sane name or scope takes.
pub(super) const TEXT: usize = 4_000;

/// A text as it is shown: nothing in it acts or hides, and nothing is endless.
pub(super) fn shown(text: &str) -> String {
    escape::clip(&escape::terminal(text), TEXT).into_owned()
}

/// The same between tags.
pub(super) fn text(raw: &str) -> String {
    markup(&shown(raw))
}
