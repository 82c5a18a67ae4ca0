//! Time as the API writes it: whole seconds, never a fraction (contract §1).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where the server takes the time from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clock {
    System,
    Fixed(Timestamp),
}

impl Clock {
    pub(super) fn now(self) -> Moment {
        self.exact().into()
    }

    /// The time it is, fractions of seconds included.
    pub(super) fn exact(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Fixed(at) => at,
        }
    }
}

/// A moment, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Moment(Timestamp);

/// `{"iso8601": "2026-03-04T10:20:00Z"}`: a time as an answer shows it.
#[derive(Serialize)]
pub(super) struct Shown {
    iso8601: String,
}

/// To the second before it.
impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self(Timestamp::from_second(at.as_second()).unwrap_or(at))
    }
}

impl Moment {
    /// Seconds since 1970.
    pub(super) fn as_second(self) -> i64 {
        self.0.as_second()
    }

    /// The rbac API's way, with the zone.
    pub(super) fn with_zone(self) -> Shown {
        Shown { iso8601: self.0.to_string() }
    }

    /// The users API's way: `2026-03-04T10:20:00`.
    pub(super) fn without_zone(self) -> Shown {
        Shown { iso8601: self.0.to_string().trim_end_matches('Z').to_owned() }
    }
}

/// A moment in a request: minutes and zone are mandatory, seconds are not, fractions are refused.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "OffsetTimeForm")]
pub(super) struct OffsetTime(Timestamp);

impl OffsetTime {
    /// Whether `moment` is at or after this time.
    pub(super) fn is_reached_by(self, moment: Moment) -> bool {
        moment.0 >= self.0
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OffsetTimeForm {
    iso8601: String,
}

impl TryFrom<OffsetTimeForm> for OffsetTime {
    type Error = String;

    fn try_from(form: OffsetTimeForm) -> Result<Self, String> {
        let text = form.iso8601;
        let wrong = || format!("iso8601 `{text}` is not of the form YYYY-MM-DDThh:mm[:ss] with Z or ±hh:mm");
        let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        let zone = shape.strip_prefix("0000-00-00T00:00").ok_or_else(wrong)?;
        match zone.strip_prefix(":00").unwrap_or(zone) {
            "Z" | "+00:00" | "-00:00" => text.parse().map(Self).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Timestamp> {
        OffsetTime::try_from(OffsetTimeForm { iso8601: text.to_owned() }).ok().map(|time| time.0)
    }

    #[test]
    fn seconds_are_optional_and_fractions_are_refused() {
        let noon: Timestamp = "2026-03-04T12:00:00Z".parse().unwrap();
        for same in
            ["2026-03-04T12:00Z", "2026-03-04T12:00:00Z", "2026-03-04T14:00+02:00", "2026-03-04T12:00-00:00"]
        {
            assert_eq!(parse(same), Some(noon), "{same}");
        }
        for wrong in
            ["2026-03-04", "2026-03-04T12:00", "2026-03-04T12:00:00.5Z", "2026-13-04T12:00Z", "ä", ""]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn moments_are_written_without_a_fraction() {
        let moment = Clock::Fixed("2026-03-04T12:00:00.75Z".parse().unwrap()).now();
        assert_eq!(
            serde_json::to_string(&moment.with_zone()).unwrap(),
            r#"{"iso8601":"2026-03-04T12:00:00Z"}"#
        );
        assert_eq!(
            serde_json::to_string(&moment.without_zone()).unwrap(),
            r#"{"iso8601":"2026-03-04T12:00:00"}"#
        );
    }
}
