//! Who made something and who touched it last, as far as the API tells (contract §3.0, §3.6).
//!
//! For people only: nothing is compared with it or decided by it, and it is no part of a state, of what a group is recognised
//! by or of what a plan is named by.

use jiff::{Timestamp, civil::date, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ids::UserId;

/// When something was made and when it was touched last; `None` of either where that is not told.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Stamps {
    /// When it was made, and by whose account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Stamp>,
    /// When it was changed last, and by whose account. Not every change counts: what does, the API does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Stamp>,
}

/// A moment, and whose account the API names beside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Stamp {
    /// When.
    pub at: Timestamp,
    /// The account that did it; left out where that is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// What the API calls that account; left out where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
}

impl Stamps {
    /// Whether nothing is told.
    pub fn is_empty(&self) -> bool {
        self.created.is_none() && self.updated.is_none()
    }
}

/// Most letters of what an account is called; a longer one is none.
const NAME: usize = 255;

impl Stamp {
    /// A moment that the API tells, and the account beside it; `None` where the moment is not told.
    pub fn new(at: Option<Timestamp>, by: Option<UserId>, name: Option<Box<str>>) -> Option<Self> {
        let name = name.filter(|it| !it.trim().is_empty() && it.chars().count() <= NAME);
        Some(Self { at: at?, by, name })
    }
}

/// Reads a moment as the API writes it, with seconds or without (contract §1); `None` of anything else.
///
/// What lies before this century is what an encoder writes for a moment that is not known.
pub fn moment(text: &str) -> Option<Timestamp> {
    let whole = || {
        let (minute, zone) = text.split_at_checked("2027-01-31T18:00".len())?;
        format!("{minute}:00{zone}").parse().ok()
    };
    let at: Timestamp = text.parse().ok().or_else(whole)?;
    (at.to_zoned(TimeZone::UTC).date() >= date(2000, 1, 1)).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_seconds_or_none_and_whatever_else_is_not_told() {
        for (text, expected) in [
            ("2017-07-21T17:32Z", Some("2017-07-21T17:32:00Z")),
            ("2026-11-19T10:20:30Z", Some("2026-11-19T10:20:30Z")),
            ("2026-11-19T10:20+02:00", Some("2026-11-19T08:20:00Z")),
            ("2026-11-19T10:20:30.250Z", Some("2026-11-19T10:20:30.25Z")),
            ("0001-01-01T00:00:00Z", None),
            ("1970-01-01T00:00Z", None),
            ("1999-12-31T23:59:59Z", None),
            ("2000-01-01T00:00Z", Some("2000-01-01T00:00:00Z")),
            // Whose time it is would be a guess.
            ("2026-11-19T10:20:30", None),
            ("2026-11-19", None),
            ("2026-13-19T10:20:30Z", None),
            ("99999-01-01T00:00Z", None),
            ("soon", None),
            ("", None),
            ("äääääääääääääääää", None),
        ] {
            assert_eq!(moment(text).map(|it| it.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn an_account_without_a_moment_is_nothing_and_a_name_without_end_is_none() {
        let at = moment("2026-11-19T10:20Z");
        let name = |n: usize| Some("n".repeat(n).into_boxed_str());
        assert_eq!(Stamp::new(None, None, name(1)), None);
        for (n, kept) in [(0, false), (1, true), (255, true), (256, false), (1 << 20, false)] {
            assert_eq!(Stamp::new(at, None, name(n)).unwrap().name.is_some(), kept, "{n}");
        }
    }
}
