//! Single values: names, texts, ids and dates, each parsed once.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use uuid::Uuid;

use super::super::At;
use crate::model::{
    finding::{Code, Finding},
    ids::parse_uuid,
    source::FileId,
};

/// Longest name of a group, in characters (contract §3.0).
const MAX_NAME: usize = 255;
/// Longest description of a group, in characters (contract §3.0).
pub(super) const MAX_DESCRIPTION: usize = 1_000;

/// Returns a UUID.
pub(super) fn uuid(file: FileId, raw: &At<String>, what: &str) -> Result<Uuid, Finding> {
    parse_uuid(&raw.v).ok_or_else(|| {
        Finding::new(Code::InvalidId, raw.place(file), format!("`{}` is not {what}", raw.v))
            .help("ids are UUIDs such as 1a6f0000-0000-4000-8000-000000000001")
    })
}

/// Returns a name that fits the API and holds nothing that is not seen.
pub(super) fn name(file: FileId, raw: &At<String>, what: &str) -> Result<Box<str>, Finding> {
    let wrong = |why: String| Finding::new(Code::InvalidName, raw.place(file), why);
    let length = raw.v.chars().count();
    if length == 0 || length > MAX_NAME {
        return Err(wrong(format!("{what} has 1 to {MAX_NAME} characters, this one has {length}")));
    }
    if raw.v.trim() != raw.v {
        return Err(wrong(format!("{what} does not begin or end with a space")));
    }
    if raw.v.chars().any(|it| it.is_control() || is_unseen(it)) {
        return Err(wrong(format!("{what} holds no control characters, and no spaces but the common one"))
            .help("what is not seen makes one name look like another"));
    }
    Ok(raw.v.as_str().into())
}

/// Returns a text of 1 to `longest` characters.
pub(super) fn text(file: FileId, raw: &At<String>, what: &str, longest: usize) -> Result<Box<str>, Finding> {
    let length = raw.v.chars().count();
    if raw.v.trim().is_empty() || length > longest {
        let why = format!("{what} has 1 to {longest} characters, this one has {length}");
        return Err(Finding::new(Code::InvalidDescription, raw.place(file), why));
    }
    let hidden = |it: char| (it.is_control() && it != '\n' && it != '\t') || is_bidi_control(it);
    if raw.v.chars().any(hidden) {
        return Err(Finding::new(
            Code::InvalidDescription,
            raw.place(file),
            format!("{what} holds no control characters"),
        ));
    }
    Ok(raw.v.as_str().into())
}

/// Returns the instant from which something is no longer wanted: a date counts through its end, UTC.
pub(super) fn until(file: FileId, raw: &At<String>) -> Result<Timestamp, Finding> {
    let through_its_end =
        |date: Date| date.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok().map(|it| it.timestamp());
    let ends = if raw.v.len() == "2027-01-31".len() {
        raw.v.parse().ok().and_then(through_its_end)
    } else {
        raw.v.parse().ok()
    };
    ends.ok_or_else(|| {
        Finding::new(
            Code::InvalidDate,
            raw.place(file),
            format!("`{}` is neither a date nor an instant", raw.v),
        )
        .help("write a day (2027-01-31, through its end in UTC) or an instant (2027-01-31T18:00:00Z)")
    })
}

/// Returns the instant from which something is in force: a date counts from its start, UTC.
pub(super) fn since(file: FileId, raw: &At<String>) -> Result<Timestamp, Finding> {
    let from_its_start = |date: Date| date.to_zoned(TimeZone::UTC).ok().map(|it| it.timestamp());
    let starts = if raw.v.len() == "2027-01-31".len() {
        raw.v.parse().ok().and_then(from_its_start)
    } else {
        raw.v.parse().ok()
    };
    starts.ok_or_else(|| {
        Finding::new(
            Code::InvalidDate,
            raw.place(file),
            format!("`{}` is neither a date nor an instant", raw.v),
        )
        .help("write a day (2026-11-20, from its start in UTC) or an instant (2026-11-20T18:00:00Z)")
    })
}

/// Whether a character leaves no trace, or the trace of another: a space that is none, or no width.
pub(super) fn is_unseen(it: char) -> bool {
    is_bidi_control(it)
        || (it.is_whitespace() && it != ' ')
        || matches!(it, '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{00ad}')
}

/// Whether a character changes the direction of the text after it without being seen.
fn is_bidi_control(it: char) -> bool {
    matches!(it, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
