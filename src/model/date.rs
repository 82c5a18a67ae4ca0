//! Days and instants as people write them: `2027-01-31` in the time zone of the workspace, or `2027-01-31T18:00:00Z` with
//! its offset; and the time that a run goes by.
//!
//! Reads no clock. A time without an offset is refused: whose it is would be a guess.

use jiff::{
    SignedDuration, Span, Timestamp, ToSpan,
    civil::Date,
    tz::{TimeZone, TimeZoneDatabase},
};

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

/// When an entry asks for what it says: from one instant on, until another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term {
    /// The instant from which it does; `None` where it always did.
    pub starts: Option<Timestamp>,
    /// The instant from which it does no longer; `None` where it goes on.
    pub ends: Option<Timestamp>,
}

impl Term {
    /// Whether it has not begun by `now`.
    pub fn is_coming(self, now: Timestamp) -> bool {
        self.starts.is_some_and(|it| it > now)
    }

    /// Whether it has ended by `now`.
    pub fn is_over(self, now: Timestamp) -> bool {
        self.ends.is_some_and(|it| it <= now)
    }

    /// Whether there is a date that decides about it.
    pub fn is_bounded(self) -> bool {
        self != Self::default()
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

/// The instant from which something holds: a day counts from its start in a time zone.
pub fn from_start(raw: &str, zone: &TimeZone) -> Option<Timestamp> {
    instant(raw, zone, Some)
}

/// The instant from which something no longer holds: a day counts through its end in a time zone.
pub fn through_end(raw: &str, zone: &TimeZone) -> Option<Timestamp> {
    instant(raw, zone, |day| day.tomorrow().ok())
}

/// A time zone by its name in the database that is part of this program, so that a day is the same on every machine.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

/// The time zone in which a day ends last.
pub fn last_zone() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(-12))
}

/// The day that `+30d`, `+2w`, `+6mo` or `+1y` means where it is written today; `None` for what is not of this form.
pub fn relative(raw: &str, today: Date) -> Option<Date> {
    today.checked_add(span(raw.strip_prefix('+')?)?).ok()
}

/// A time of whole days, weeks, months or years: `30d`, `2w`, `6mo` or `1y`.
pub fn span(text: &str) -> Option<Span> {
    let unit = text.trim_start_matches(|it: char| it.is_ascii_digit());
    let n: i32 = text[..text.len() - unit.len()].parse().ok().filter(|it| *it <= MOST_UNITS)?;
    Some(match unit {
        "d" => n.days(),
        "w" => n.weeks(),
        "mo" => n.months(),
        "y" => n.years(),
        _ => return None,
    })
}

/// The instant that is so much later, by days of UTC; the last there is where none is.
pub fn later(at: Timestamp, span: Span) -> Timestamp {
    at.to_zoned(TimeZone::UTC).checked_add(span).map_or(Timestamp::MAX, |it| it.timestamp())
}

/// The most days, weeks, months or years that a relative date may be away.
const MOST_UNITS: i32 = 1000;

/// Returns the first day of a time zone on which something holds that begins at an instant, or that instant.
pub fn from(starts: Timestamp, zone: &TimeZone) -> String {
    let zoned = starts.to_zoned(zone.clone());
    if zoned.start_of_day().is_ok_and(|it| it.timestamp() == starts) {
        format!("from {}", zoned.date())
    } else {
        format!("from {starts}")
    }
}

/// Returns the last day of a time zone on which something holds that ends at an instant, or that instant.
pub fn until(ends: Timestamp, zone: &TimeZone) -> String {
    if ends == Timestamp::MAX {
        return "until 9999-12-31".to_owned();
    }
    let zoned = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let before = zoned(ends.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(ends));
    if before < zoned(ends) { format!("until {before}") } else { format!("until {ends}") }
}

/// What is later than the last instant there is, on the last two days of the year 9999, counts as that.
fn instant(raw: &str, zone: &TimeZone, edge: impl Fn(Date) -> Option<Date>) -> Option<Timestamp> {
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
    // A day that the clocks of a zone begin late, or twice, begins once: with its first moment.
    let zoned = edge(day).and_then(|it| it.to_zoned(zone.clone()).ok());
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

    fn from_start(raw: &str) -> Option<Timestamp> {
        super::from_start(raw, &TimeZone::UTC)
    }

    fn through_end(raw: &str) -> Option<Timestamp> {
        super::through_end(raw, &TimeZone::UTC)
    }

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

    /// Where the clocks change at midnight a day may begin at one, and one that is 23 or 25 hours long ends with its last.
    #[test]
    fn a_day_is_one_of_its_time_zone_whatever_its_clocks_do() {
        for (zone_name, day, start, end) in [
            ("UTC", "2027-03-28", "2027-03-28T00:00:00Z", "2027-03-29T00:00:00Z"),
            ("Europe/Berlin", "2027-03-28", "2027-03-27T23:00:00Z", "2027-03-28T22:00:00Z"),
            ("Europe/Berlin", "2027-10-31", "2027-10-30T22:00:00Z", "2027-10-31T23:00:00Z"),
            ("America/New_York", "2027-03-14", "2027-03-14T05:00:00Z", "2027-03-15T04:00:00Z"),
            ("Asia/Kolkata", "2027-01-31", "2027-01-30T18:30:00Z", "2027-01-31T18:30:00Z"),
            ("Asia/Beirut", "2027-03-28", "2027-03-27T22:00:00Z", "2027-03-28T21:00:00Z"),
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"),
            ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z"),
            ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"),
            // A day that never was is over as it begins, with the one before it.
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"),
            ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"),
        ] {
            let zone = zone(zone_name).expect(zone_name);
            let both = [super::from_start(day, &zone), super::through_end(day, &zone)];
            assert_eq!(both.map(|it| it.unwrap().to_string()), [start, end], "{day}");
        }
        let berlin = zone("Europe/Berlin").unwrap();
        let at = "2027-01-31T18:00:00Z";
        assert_eq!(
            super::through_end(at, &berlin).unwrap().to_string(),
            at,
            "an instant has a zone of its own"
        );
        for day in ["2027-01-31", "2027-06-30", "9999-12-31"] {
            let ends = super::through_end(day, &last_zone()).unwrap();
            let zones = ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago"];
            assert!(zones.into_iter().all(|it| super::through_end(day, &zone(it).unwrap()).unwrap() <= ends));
        }
    }

    #[test]
    fn a_day_is_shown_as_it_was_written_in_its_zone_and_elsewhere_as_an_instant() {
        for name in ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "America/Sao_Paulo"] {
            let zone = zone(name).unwrap();
            for day in ["2027-01-31", "2027-03-28", "2027-10-31", "2018-11-04", "9999-12-31"] {
                let (starts, ends) =
                    (super::from_start(day, &zone).unwrap(), super::through_end(day, &zone).unwrap());
                assert_eq!(until(ends, &zone), format!("until {day}"), "{name}");
                if starts < Timestamp::MAX {
                    assert_eq!(from(starts, &zone), format!("from {day}"), "{name}");
                }
            }
            let at: Timestamp = "2027-01-31T17:30:00Z".parse().unwrap();
            let both = [from(at, &zone), until(at, &zone)];
            assert_eq!(both, ["from 2027-01-31T17:30:00Z", "until 2027-01-31T17:30:00Z"], "{name}");
        }
        let berlin = zone("Europe/Berlin").unwrap();
        let ends = super::through_end("2027-01-31", &berlin).unwrap();
        assert_eq!(until(ends, &TimeZone::UTC), "until 2027-01-31T23:00:00Z");
    }

    #[test]
    fn a_relative_date_counts_from_today() {
        let today: Date = "2027-01-31".parse().unwrap();
        for (raw, day) in [
            ("+0d", "2027-01-31"),
            ("+30d", "2027-03-02"),
            ("+2w", "2027-02-14"),
            ("+1mo", "2027-02-28"),
            ("+13mo", "2028-02-29"),
            ("+1y", "2028-01-31"),
        ] {
            assert_eq!(relative(raw, today).map(|it| it.to_string()).as_deref(), Some(day), "{raw}");
        }
        for wrong in [
            "30d",
            "+d",
            "+",
            "+-3d",
            "+3",
            "+3D",
            "+3m",
            "+3 d",
            "+1001d",
            "+99999999999d",
            "2027-01-31",
            "+1d1w",
        ] {
            assert_eq!(relative(wrong, today), None, "{wrong}");
        }
        assert_eq!(relative("+1000y", "9500-01-01".parse().unwrap()), None);
    }
}
