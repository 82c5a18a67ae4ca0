//! YAML text to typed values with places; every refusal becomes a [`Finding`].
//!
//! Strict on purpose: no repeated keys, no tags, no merge keys, no 1.1 booleans,
//! bounded depth, nodes and aliases. One structural finding per file: the parser
//! stops at the first.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_saphyr::{DuplicateKeyPolicy, Error, MergeKeyPolicy, Options, Spanned};

use crate::model::{
    finding::{Code, Finding, nearest},
    source::{FileId, Place},
};

/// Largest file that is read, in bytes (product specification, section 2: 64 MiB).
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// A value and where it starts in its file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub struct At<T> {
    pub v: T,
    /// From 1.
    pub(crate) line: u32,
    /// In characters, from 1.
    pub(crate) column: u32,
}

impl<T> At<T> {
    /// Where the value starts, once it is known in which file.
    pub fn place(&self, file: FileId) -> Place {
        Place::new(file, self.line, self.column)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::<T>::deserialize(deserializer)?;
        let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        Ok(Self { v: value, line: narrow(referenced.line()), column: narrow(referenced.column()) })
    }
}

/// Decodes one YAML document.
///
/// # Errors
///
/// The first thing that is structurally wrong.
pub fn decode<T: DeserializeOwned>(text: &str, file: FileId) -> Result<T, Finding> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| finding(&error, file))
}

/// A node costs a few dozen bytes, so a file of [`MAX_FILE_BYTES`] stays within memory;
/// aliases add little to access files, so few are allowed and their expansion is bounded.
fn options() -> Options {
    let mut options = serde_saphyr::options! {
        strict_booleans: true,
        reject_unsupported_tags: true,
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        emit_comments: false,
        with_snippet: false,
    };
    if let Some(budget) = &mut options.budget {
        budget.max_events = 40_000_000;
        budget.max_nodes = 20_000_000;
        budget.max_total_scalar_bytes = 256 << 20;
        budget.max_aliases = 1_000;
        budget.max_anchors = 1_000;
        budget.max_depth = 64;
    }
    options
}

fn finding(error: &Error, file: FileId) -> Finding {
    let inner = error.without_snippet();
    let at = inner.location().or_else(|| error.location());
    let (line, column) = at.map_or((1, 1), |it| (it.line(), it.column()));
    let narrow = |n: u64| u32::try_from(n).unwrap_or(1);
    let new =
        |code, message: String| Finding::new(code, Place::new(file, narrow(line), narrow(column)), message);
    match inner {
        Error::SerdeUnknownField { field, expected, .. } => {
            let known = expected.join(", ");
            new(Code::UnknownKey, format!("unknown key `{field}`")).help(
                match nearest(field, expected.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known keys here: {known}"),
                },
            )
        }
        Error::DuplicateMappingKey { key, .. } => {
            let name = key.as_deref().map_or_else(String::new, |it| format!(" `{it}`"));
            new(Code::DuplicateKey, format!("the key{name} is given twice"))
                .help("keep one of them: which one would win must not be a guess")
        }
        Error::SerdeMissingField { field, .. } => new(Code::MissingKey, format!("`{field}` is missing")),
        Error::SerdeInvalidType { unexpected, expected, .. }
        | Error::SerdeInvalidValue { unexpected, expected, .. } => {
            new(Code::WrongType, format!("expected {expected}, found {unexpected}"))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            new(Code::WrongType, format!("`{variant}` is not one of {}", expected.join(", ")))
                .maybe_help(crate::model::finding::did_you_mean(variant, expected.iter().copied()))
        }
        Error::SerdeInvalidLength { expected, .. } => new(Code::WrongType, format!("expected {expected}")),
        Error::InvalidScalar { ty, .. } => new(Code::WrongType, format!("expected a value of type {ty}")),
        Error::NullIntoString { .. } => new(Code::WrongType, "expected text, found nothing".to_owned())
            .help("quote it (`\"null\"`) if the text itself is meant"),
        Error::InvalidBooleanStrict { .. } => new(Code::WrongType, "expected `true` or `false`".to_owned()),
        Error::MergeKeyNotAllowed { .. } => {
            new(Code::UnknownKey, "merge keys (`<<`) are not read".to_owned())
                .help("write the keys out: who holds access should be readable where it stands")
        }
        Error::Message { msg, .. } => new(Code::WrongType, msg.clone()),
        Error::Unexpected { expected, .. } => new(Code::WrongType, format!("expected {expected}")),
        Error::MultipleDocuments { .. } => new(Code::Syntax, "the file holds several documents".to_owned())
            .help("give each document a file of its own"),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            new(Code::LimitExceeded, "the file is too deep, too long or uses too many aliases".to_owned())
                .help("write values out instead of using anchors, or split the file")
        }
        other => {
            let text = other.to_string();
            let first = text.lines().next().unwrap_or_default();
            // The message ends in its own copy of the position, which the finding already has.
            let bare = first.split(" at line ").next().unwrap_or(first);
            new(Code::Syntax, bare.to_owned())
        }
    }
}
