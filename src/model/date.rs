//! Days and instants as people write them: `2027-01-31` in UTC, or `2027-01-31T18:00:00Z` with its offset; and the
//! time that a run goes by.
//!
//! Reads no clock. A time without an offset is refused: whose it is would be a guess.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// The time that a run goes by.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// What `until` and `since` are compared with.
    pub at: Timestamp,
    /// Whether it was given, and is not the clock: then everybody who sees the result is told.
    pub is_given: bool,
    /// The time that documents say they were made at; nothing is compared with it.
    pub dated: Timestamp,
}

impl Now {
    /// What people are told of a time that is not the clock.
    pub fn told(&self) -> Option<String> {
        self.is_given.then(|| format!("as of {:.0} (--now)", self.at))
    }
}

impl From<Timestamp> for Now {
    fn from(at: Timestamp) -> Self {
        Self { at, is_given: false, dated: at }
    }
}

/// The form of a day or an instant as a regular expression, for schemas: RFC 3339 with seconds that may be left out.
///
/// It knows the length of each month and the leap years, and stands for the very texts that are read here: a test compares.
pub const PATTERN: &str = concat!(
    r"^([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))",
    r"|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)",
    r"([Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)(\.[0-9]{1,9})?)?([Zz]|[+-]([01][0-9]|2[0-5]):[0-5][0-9]))?$",
);

/// The instant from which something holds: a day counts from its start.
pub fn from_start(raw: &str) -> Option<Timestamp> {
    instant(raw, Some)
}

/// The instant from which something no longer holds: a day counts through its end.
pub fn through_end(raw: &str) -> Option<Timestamp> {
    instant(raw, |day| day.tomorrow().ok())
}

/// What is later than the last instant there is, on the last two days of the year 9999, counts as that.
fn instant(raw: &str, edge: impl Fn(Date) -> Option<Date>) -> Option<Timestamp> {
    // The parser below takes more, such as weeks, days without dashes and the names of time zones.
    let (day, time) = raw.split_at_checked("2027-01-31".len())?;
    if digits_as_zeros(day) != "0000-00-00" {
        return None;
    }
    if !time.is_empty() {
        let is_instant = is_time(time);
        let read = || raw.parse().ok().or_else(|| at_the_end_of_time(raw).then_some(Timestamp::MAX));
        return is_instant.then(read).flatten();
    }
    let day: Date = day.parse().ok()?;
    let zoned = edge(day).and_then(|it| it.to_zoned(TimeZone::UTC).ok());
    Some(zoned.map_or(Timestamp::MAX, |it| it.timestamp()))
}

/// Whether what follows a day has the form of a time with its offset.
fn is_time(text: &str) -> bool {
    let shape = digits_as_zeros(text);
    let minutes = shape.strip_prefix(['T', 't', ' ']).and_then(|it| it.strip_prefix("00:00"));
    let offset = minutes.map(|rest| match rest.strip_prefix(":00") {
        None => rest,
        Some(rest) => rest.strip_prefix('.').map_or(rest, |fraction| {
            let offset = fraction.trim_start_matches('0');
            if (1..=9).contains(&(fraction.len() - offset.len())) { offset } else { rest }
        }),
    });
    matches!(offset, Some("Z" | "z" | "+00:00" | "-00:00"))
}

fn digits_as_zeros(text: &str) -> String {
    text.chars().map(|it| if it.is_ascii_digit() { '0' } else { it }).collect()
}

/// Whether a text is an instant as good as any but for its year, which is the last, and its day, one of the last two:
/// with some offsets those are out of range.
fn at_the_end_of_time(raw: &str) -> bool {
    let day = ["9999-12-30", "9999-12-31"].into_iter().find_map(|it| raw.strip_prefix(it));
    day.is_some_and(|time| format!("9998-12-30{time}").parse::<Timestamp>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_two_ends_and_an_instant_is_exact() {
        for (raw, start, end) in [
            ("2027-01-31", "2027-01-31T00:00:00Z", "2027-02-01T00:00:00Z"),
            ("2028-02-29", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"),
            ("2027-01-31T18:00:00+01:00", "2027-01-31T17:00:00Z", "2027-01-31T17:00:00Z"),
        ] {
            let both = [from_start(raw), through_end(raw)].map(|it| it.unwrap().to_string());
            assert_eq!(both, [start, end], "{raw}");
        }
        for last in [
            "9999-12-30",
            "9999-12-31",
            "9999-12-31T23:59:59Z",
            "9999-12-31T00:00:00+02:00",
            "9999-12-30T23:00:00-05:00",
        ] {
            let end = through_end(last).unwrap();
            assert!(end >= "9999-12-30T21:00:00Z".parse().unwrap(), "{last}: {end}");
            assert!(from_start(last).is_some_and(|it| it <= end), "{last}");
        }
        assert_eq!(through_end("9999-12-29").unwrap().to_string(), "9999-12-30T00:00:00Z");
        for wrong in ["9999-12-31T25:00:00Z", "9999-12-31T23:59:59", "9999-12-32", "9999-12-31 soon"] {
            assert_eq!((from_start(wrong), through_end(wrong)), (None, None), "{wrong}");
        }
        for wrong in [format!("2027-01-31T18:00:00.{}Z", "0".repeat(64)), "9".repeat(1 << 20)] {
            assert_eq!((from_start(&wrong), through_end(&wrong)), (None, None));
        }
        for wrong in ["", "soon", "2027-02-30", "2027-01-31T18:00:00", "2027-01", "31.01.2027", "20270131"] {
            assert_eq!((from_start(wrong), through_end(wrong)), (None, None), "{wrong}");
        }
        // What a parser of dates takes, and neither people nor the schema of an editor.
        for wrong in [
            "2027-W05-1",
            "20270131T1",
            "2027-01-31T18Z",
            "20270131T180000Z",
            "2027-01-31T18:00:00,5Z",
            "2027-01-31T18:00:00.Z",
            "2027-01-31T18:00:00+02",
            "2027-01-31T18:00:00+01:00[Europe/Berlin]",
            "-002027-01-31T18:00:00Z",
        ] {
            assert_eq!((from_start(wrong), through_end(wrong)), (None, None), "{wrong}");
        }
    }
}
