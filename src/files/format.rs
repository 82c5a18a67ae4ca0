//! A file in the one layout: keys in their order, names sorted, lines and blank lines where everybody expects them.
//!
//! Every comment stays with what it is about, and what the file means is what it meant: both are looked at in the new
//! text, and a file of which that is not certain is left as it is. Reads and writes no file.

use super::{
    access::AccessFile,
    decode::{Decode, decode},
    layout::Layout,
    workspace::{PolicyFile, WorkspaceFile},
};
use crate::model::{finding::Finding, source::FileId};

mod arranged;
mod marks;
mod meaning;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Access,
    Workspace,
    Policy,
}

/// Why a file is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unformattable {
    /// It is not well-formed, or a key or value has no meaning.
    #[error("the file has findings")]
    Invalid(Vec<Finding>),
    /// It holds something that cannot be laid out anew for certain.
    #[error("it holds {0}")]
    Holds(&'static str),
    /// Its new text would not mean the same, or lose a comment.
    #[error("{0} would not be the same afterwards")]
    Differs(&'static str),
}

impl Kind {
    fn layout(self) -> &'static Layout {
        match self {
            Self::Access => AccessFile::LAYOUT,
            Self::Workspace => WorkspaceFile::LAYOUT,
            Self::Policy => PolicyFile::LAYOUT,
        }
    }

    fn check(self, text: &str, file: FileId) -> Result<(), Vec<Finding>> {
        match self {
            Self::Access => decode::<AccessFile>(text, file).map(drop),
            Self::Workspace => decode::<WorkspaceFile>(text, file).map(drop),
            Self::Policy => decode::<PolicyFile>(text, file).map(drop),
        }
    }
}

/// The text of a file, laid out. `file` is where its findings are.
///
/// # Errors
///
/// Why it stays as it is.
pub fn formatted(text: &str, kind: Kind, file: FileId) -> Result<String, Unformattable> {
    kind.check(text, file).map_err(Unformattable::Invalid)?;
    let mark = if text.starts_with(BOM) { BOM } else { "" };
    let is_crlf = text.split_once('\n').is_some_and(|it| it.0.ends_with('\r'));
    let plain = text[mark.len()..].replace("\r\n", "\n");
    if plain.contains('\r') {
        return Err(Unformattable::Holds("an end of line of an old kind (a carriage return alone)"));
    }
    let new = arranged::text(&plain, kind.layout())?;
    meaning::compared(&plain, &new, kind.layout())?;
    kind.check(&new, file).map_err(|_| Unformattable::Differs("what it means"))?;
    let new = if is_crlf { new.replace('\n', "\r\n") } else { new };
    Ok(format!("{mark}{new}"))
}

const BOM: &str = "\u{feff}";

#[cfg(test)]
mod tests;
