//! How far this machine's clock is from the server's, by the `Date` of the answers: what ends by a date goes by it.
//!
//! The least of what the answers say counts: one may have been slow, or come from a cache. This machine's clock is
//! taken once, when it begins to matter, and from there on by what has passed since: if it is set right meanwhile, what
//! was decided before goes by the wrong one all the same. Decides nothing.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::header::{AGE, DATE, HeaderMap, HeaderName};

/// What the two clocks say at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Skew {
    pub here: Timestamp,
    pub there: Timestamp,
}

impl Skew {
    /// Seconds by which they may differ at most: tokens end, and so does what is granted `until` a date.
    pub const MOST: i64 = 300;
    /// What to do where they do.
    pub const HINT: &str = "set the clock of this machine (NTP), or give the time that dates are compared with by `--now INSTANT`";

    /// Whether they differ by more than that.
    pub fn is_far(&self) -> bool {
        self.apart() > SignedDuration::from_secs(Self::MOST)
    }

    /// How much they differ.
    pub(crate) fn apart(&self) -> SignedDuration {
        self.here.duration_since(self.there).abs()
    }
}

impl fmt::Display for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { here, there } = self;
        write!(f, "the clock of this machine says {here:.0}, and that of the server {there:.0}")
    }
}

/// What a server's clock has been seen to say.
pub(super) struct Clock(Mutex<Seen>);

struct Seen {
    /// When it began, by the clock and to measure from.
    began: (Timestamp, Instant),
    least: Option<Skew>,
}

impl Clock {
    /// Begins now, with nothing seen.
    pub(super) fn start() -> Self {
        Self(Mutex::new(Seen { began: (Timestamp::now(), Instant::now()), least: None }))
    }

    /// Takes this machine's clock anew, and forgets what was seen.
    pub(super) fn restart(&self) {
        *self.seen() = Seen { began: (Timestamp::now(), Instant::now()), least: None };
    }

    /// Notes what an answer says that was on its way at a moment.
    pub(super) fn note(&self, headers: &HeaderMap, at: Instant) {
        let Some(there) = now_of(headers) else { return };
        let mut seen = self.seen();
        let (clock, began) = seen.began;
        let passed = SignedDuration::try_from(at.saturating_duration_since(began)).unwrap_or_default();
        let Ok(here) = clock.checked_add(passed) else { return };
        let skew = Skew { here, there };
        if seen.least.is_none_or(|it| skew.apart() < it.apart()) {
            seen.least = Some(skew);
        }
    }

    /// The least that was seen.
    pub(super) fn least(&self) -> Option<Skew> {
        self.seen().least
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Longest header that names a time, in bytes; a date takes half of that.
pub(super) const LONGEST_HEADER: usize = 64;

/// The `Date` of an answer, where it has one that can be read (RFC 9110 §6.6.1).
pub(crate) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text(headers, DATE)?).ok()
}

/// What a server takes for now: the date of its answer, and how long that has been in caches (RFC 9111 §5.1). Where
/// that is said and cannot be read, nothing is known.
fn now_of(headers: &HeaderMap) -> Option<Timestamp> {
    let age = if headers.contains_key(AGE) { text(headers, AGE)?.trim().parse::<u32>().ok()? } else { 0 };
    date(headers)?.checked_add(SignedDuration::from_secs(age.into())).ok()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().filter(|it| it.len() <= LONGEST_HEADER)
}

#[cfg(test)]
mod tests {
    use jiff::fmt::rfc2822::DateTimePrinter;

    use super::*;

    /// The headers of an answer whose date is so many seconds from now.
    fn answer(seconds: i64) -> HeaderMap {
        let date = Timestamp::now() + SignedDuration::from_secs(seconds);
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap();
        HeaderMap::from_iter([(DATE, date.parse().unwrap())])
    }

    fn with(mut headers: HeaderMap, name: HeaderName, value: &str) -> HeaderMap {
        headers.insert(name, value.parse().unwrap());
        headers
    }

    /// Seconds that the server is ahead after these answers, to the minute.
    fn ahead(answers: &[HeaderMap]) -> Option<i64> {
        let clock = Clock::start();
        answers.iter().for_each(|it| clock.note(it, Instant::now()));
        let ahead = clock.least().map(|it| it.there.duration_since(it.here).as_secs());
        ahead.map(|it| (it + 30).div_euclid(60) * 60)
    }

    #[test]
    fn the_least_of_what_answers_say_counts_and_what_they_do_not_say_is_nothing() {
        let (right, slow, late) = (answer(0), answer(-120), answer(-7200));
        for (answers, seconds) in [
            (&[][..], None),
            (&[late.clone(), late.clone()], Some(-7200)),
            (&[late.clone(), slow.clone(), right.clone()], Some(0)),
            (&[right.clone(), late.clone()], Some(0)),
            (&[answer(3600), late.clone()], Some(3600)),
            // From a cache, which says since when.
            (&[with(late.clone(), AGE, "7200")], Some(0)),
            (&[with(late.clone(), AGE, "soon")], None),
            (&[with(late.clone(), AGE, "-7200")], None),
            (&[with(late.clone(), AGE, "99999999999999999999")], None),
            (&[HeaderMap::new()], None),
            (&[with(late.clone(), DATE, "soon")], None),
            (&[with(late.clone(), DATE, "")], None),
            (&[with(late.clone(), DATE, "Fri, 31 Dec 9999 23:59:59 GMT"), right.clone()], Some(0)),
            (&[with(with(late.clone(), DATE, "Fri, 31 Dec 9999 23:59:59 GMT"), AGE, "4294967295")], None),
        ] {
            assert_eq!(ahead(answers), seconds, "{answers:?}");
        }
    }

    #[test]
    fn five_minutes_are_not_far() {
        let there: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        for (seconds, far) in [(0, false), (299, false), (300, false), (301, true), (86_400, true)] {
            for seconds in [seconds, -seconds] {
                let skew = Skew { here: there + SignedDuration::from_secs(seconds), there };
                assert_eq!(skew.is_far(), far, "{seconds}");
            }
        }
    }

    #[test]
    fn what_was_seen_before_it_is_begun_anew_does_not_count() {
        let clock = Clock::start();
        clock.note(&answer(0), Instant::now());
        clock.restart();
        assert_eq!(clock.least(), None);
        clock.note(&answer(-7200), Instant::now());
        assert!(clock.least().unwrap().is_far());
    }
}
