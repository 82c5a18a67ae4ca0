//! A file in the one layout: keys in their order, names sorted, lines and blank lines where everybody expects them.
//!
//! Every comment stays with what it is about, and what the file means is what it meant: both are looked at in the new
//! text, and a file of which that is not certain is left as it is. Reads and writes no file.

use jiff::Timestamp;

use super::{
    access::AccessFile,
    decode::{Decode, decode},
    layout::Layout,
    tree::{self, Node},
    workspace::{PolicyFile, WorkspaceFile},
};
use crate::model::{finding::Finding, source::FileId};

mod arranged;
mod ended;
mod marks;
mod meaning;
mod order;
mod relative;

pub use relative::dated;

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
    /// What a file of this text is, by the keys that only one kind has.
    pub fn of(text: &str) -> Self {
        let tree = tree::parse(text, FileId::default(), &mut Vec::new());
        let keys: Vec<&str> =
            tree.root().into_iter().flat_map(Node::entries).filter_map(|it| it.0.scalar()).collect();
        let has = |any: &[&str]| any.iter().any(|it| keys.contains(it));
        if has(&["scopes", "groups", "users", "removed"]) {
            Self::Access
        } else if has(&["ids", "access", "timeZone", "unmanaged", "exceptions", "accept", "lockout"]) {
            Self::Workspace
        } else if has(&["guards", "policies"]) {
            if has(&["api", "company"]) { Self::Workspace } else { Self::Policy }
        } else {
            Self::Access
        }
    }

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

/// A file, laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formatted {
    /// The new text.
    pub text: String,
    /// What had ended, in the order of the file.
    pub ended: Vec<Ended>,
}

/// An entry whose end has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Where it stood.
    pub line: u32,
    /// The entry, on one line.
    pub entry: String,
    /// The comments that went with it.
    pub comments: Vec<String>,
    /// What became of it.
    pub fate: Fate,
}

/// What became of an entry that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was taken out.
    Out,
    /// It was taken out, and nothing is left in its list.
    LastOut,
    /// It stays, under `atLeast`: what has ended is taken away only as long as it stands there.
    Kept,
}

/// The text of a file, laid out. `file` is where its findings are.
///
/// # Errors
///
/// Why it stays as it is.
pub fn formatted(text: &str, kind: Kind, file: FileId) -> Result<String, Unformattable> {
    laid_out(text, kind, file, None).map(|it| it.text)
}

/// As [`formatted`], without the entries of lists that have ended by `now`: not being there means the same at that time and
/// later, but under `atLeast`.
///
/// # Errors
///
/// Why it stays as it is.
pub fn without_ended(
    text: &str,
    kind: Kind,
    file: FileId,
    now: Timestamp,
) -> Result<Formatted, Unformattable> {
    laid_out(text, kind, file, Some(now))
}

fn laid_out(
    text: &str,
    kind: Kind,
    file: FileId,
    now: Option<Timestamp>,
) -> Result<Formatted, Unformattable> {
    kind.check(text, file).map_err(Unformattable::Invalid)?;
    let mark = if text.starts_with(BOM) { BOM } else { "" };
    let is_crlf = text.split_once('\n').is_some_and(|it| it.0.ends_with('\r'));
    let plain = text[mark.len()..].replace("\r\n", "\n");
    if plain.contains('\r') {
        return Err(Unformattable::Holds("an end of line of an old kind (a carriage return alone)"));
    }
    let Formatted { text: new, mut ended } = arranged::text(&plain, kind.layout(), now)?;
    ended.sort_by_key(|it| it.line);
    let gone = ended.iter().flat_map(|it| it.comments.iter().map(String::as_str)).collect();
    meaning::compared((&plain, now), &new, gone, kind.layout())?;
    kind.check(&new, file).map_err(|_| Unformattable::Differs("what it means"))?;
    let new = if is_crlf { new.replace('\n', "\r\n") } else { new };
    Ok(Formatted { text: format!("{mark}{new}"), ended })
}

const BOM: &str = "\u{feff}";

#[cfg(test)]
mod tests;
