//! What people write in one line: patterns, times, people, and what a sandbox is told.

use jiff::tz::TimeZone;
use rolecall::{
    model::{date, ids::PersonRef, pattern},
    sandbox::{DialectSpec, FaultSpec},
};

/// A pattern is refused or can be compared with; neither takes the stack.
pub(crate) fn patterns(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let Ok(mut glob) = pattern::glob(text) else { return };
    for is_path in [false, true] {
        if let Ok(glob) = glob.literal_separator(is_path).build() {
            _ = glob.compile_matcher().is_match(text);
        }
    }
}

/// A day ends after it begins, and an instant is one.
pub(crate) fn dates(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let (start, end) = (date::from_start(text, &TimeZone::UTC), date::through_end(text, &TimeZone::UTC));
    assert_eq!(start.is_some(), end.is_some());
    assert!(start <= end);
}

/// A person is read as it is shown.
pub(crate) fn people(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    match text.parse::<PersonRef>() {
        Ok(person) => assert_eq!(person.to_string().parse().as_ref(), Ok(&person)),
        Err(error) => assert!(error.to_string().len() < 1_000, "{error}"),
    }
}

/// What goes wrong, and switches of the dialect.
pub(crate) fn specifications(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    for error in [text.parse::<FaultSpec>().err(), text.parse::<DialectSpec>().err()].into_iter().flatten() {
        assert!(!error.to_string().is_empty());
    }
}
