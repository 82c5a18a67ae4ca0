//! When to send a request again, and after how long. Pure: the caller brings the clock and sleeps.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::{
    Effect,
    clock::date,
    throttle::{AttemptResult, PATIENCE},
};

/// Longest wait the server may ask for; beyond it the request is given up.
pub(super) const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(120);
/// Longest wait the client draws by itself.
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);
/// Times that a look at the API is sent again where the server asks to wait.
const WAITS_OF_A_LOOK: u32 = 2;
/// Longest wait that is granted to the server during a look.
const LONGEST_WAIT_OF_A_LOOK: Duration = Duration::from_secs(20);

/// How one attempt ended, as far as sending again is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The connection was never made: the server knows nothing of the request.
    Unsent,
    /// Sent, and no complete answer.
    Lost,
    /// Refused, with what `Retry-After` said.
    Refused { status: u16, retry_after: Option<Duration> },
    /// Anything that asking again would not change.
    Final,
}

impl Outcome {
    /// Says whether a write that ended so may still have taken effect.
    pub(super) fn is_unclear(self) -> bool {
        match self {
            Self::Lost => true,
            Self::Refused { status, retry_after } => {
                status >= 500 && !(status == 503 && retry_after.is_some())
            }
            Self::Unsent | Self::Final => false,
        }
    }
}

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Send again after the drawn backoff and this, as long as there are attempts left.
    Again(Duration),
    /// Send again when the server said, however often it says so, as long as there is [`PATIENCE`].
    RetryAfter(Duration),
    /// Report it.
    GiveUp,
    /// Report that the server asks for more patience than there is.
    TooLong,
}

/// Decides by what repeating would do and how the attempt ended (contract §1.3).
pub(super) fn verdict(effect: Effect, outcome: Outcome) -> Verdict {
    if effect == Effect::Replaces {
        return Verdict::GiveUp;
    }
    let (again, wait) = match outcome {
        Outcome::Unsent => (true, None),
        Outcome::Lost => (effect != Effect::NotIdempotent, None),
        Outcome::Refused { status, retry_after } => {
            let again = match (status, effect) {
                (429, _) => true,
                // With `Retry-After` the server says that it did not take the request on.
                (503, Effect::NotIdempotent) => retry_after.is_some(),
                (500 | 502 | 503 | 504, Effect::Reads | Effect::Idempotent) => true,
                _ => false,
            };
            (again, retry_after)
        }
        Outcome::Final => (false, None),
    };
    match wait {
        _ if !again => Verdict::GiveUp,
        Some(wait) if wait > LONGEST_RETRY_AFTER => Verdict::TooLong,
        wait => named(outcome).map_or(Verdict::Again(wait.unwrap_or_default()), Verdict::RetryAfter),
    }
}

/// Returns how long to wait before a look and one more request, where that could help.
pub(super) fn after_a_look(outcome: Outcome) -> Option<Duration> {
    match verdict(Effect::Idempotent, outcome) {
        Verdict::Again(wait) | Verdict::RetryAfter(wait) => Some(wait),
        Verdict::GiveUp | Verdict::TooLong => None,
    }
}

/// Returns when to come back, of a refusal for the sake of rates that says so.
///
/// Zero and a date in the past name no time: following them would be coming back for ever.
fn named(outcome: Outcome) -> Option<Duration> {
    match outcome {
        Outcome::Refused { status: 429 | 503, retry_after } => retry_after.filter(|it| !it.is_zero()),
        Outcome::Refused { .. } | Outcome::Unsent | Outcome::Lost | Outcome::Final => None,
    }
}

/// Returns what an attempt that failed so means for others; `jitter` is added to a time that the server names.
pub(super) fn for_others(outcome: Outcome, jitter: Duration) -> AttemptResult {
    match outcome {
        Outcome::Refused { status: 429 | 503, .. } => {
            let wait = named(outcome).filter(|it| *it <= LONGEST_RETRY_AFTER);
            AttemptResult::RateLimited(wait.map(|it| it + jitter))
        }
        Outcome::Refused { status: ..500, .. } => AttemptResult::Answered,
        Outcome::Refused { .. } | Outcome::Unsent | Outcome::Lost | Outcome::Final => AttemptResult::Unclear,
    }
}

/// How patiently a request is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// As long as that is harmless and there is hope: so many attempts that the server did not explain with a time.
    Work { retries: u32 },
    /// Only where the server asks to wait, and not for long: every other refusal is what is looked for.
    Look,
}

/// What one request has used up of its patience.
#[derive(Debug)]
pub(super) struct Attempts {
    patience: Patience,
    /// Those that failed without a time to come back, or of a look all that are repeated.
    pub(super) failed: u32,
    waited: Duration,
}

impl Attempts {
    pub(super) fn new(patience: Patience) -> Self {
        Self { patience, failed: 0, waited: Duration::ZERO }
    }

    /// Decides after an attempt that failed, and counts it.
    pub(super) fn next(&mut self, effect: Effect, outcome: Outcome) -> Verdict {
        match (self.patience, outcome) {
            (Patience::Look, Outcome::Refused { status: 429 | 503, retry_after })
                if self.failed < WAITS_OF_A_LOOK =>
            {
                self.failed += 1;
                let wait = retry_after.unwrap_or(Duration::from_secs(1));
                if wait <= LONGEST_WAIT_OF_A_LOOK { Verdict::RetryAfter(wait) } else { Verdict::GiveUp }
            }
            (Patience::Look, _) => Verdict::GiveUp,
            (Patience::Work { retries }, _) => match verdict(effect, outcome) {
                Verdict::RetryAfter(wait) => {
                    self.waited += wait;
                    if self.waited > PATIENCE { Verdict::TooLong } else { Verdict::RetryAfter(wait) }
                }
                Verdict::Again(_) if self.failed >= retries => Verdict::GiveUp,
                Verdict::Again(wait) => {
                    self.failed += 1;
                    Verdict::Again(wait)
                }
                verdict @ (Verdict::GiveUp | Verdict::TooLong) => verdict,
            },
        }
    }
}

/// Draws the wait before the attempt after attempt number `attempt` (from 1): anything from zero
/// to `base` doubled each time, at most 10 s, so that many clients do not return in step.
pub(super) fn backoff(base: Duration, attempt: u32) -> Duration {
    let ceiling = base.saturating_mul(1 << (attempt.saturating_sub(1)).min(16)).min(LONGEST_BACKOFF);
    // Each state is keyed anew by the operating system's randomness and a count.
    let share = RandomState::new().hash_one(attempt) as f64 / u64::MAX as f64;
    ceiling.mul_f64(share).min(ceiling)
}

/// Returns how long a refusal asks to wait. A date is compared with the server's own where it tells that one:
/// the clock here may be off.
pub(super) fn stated(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    retry_after(headers.get(RETRY_AFTER)?.to_str().ok()?, date(headers).unwrap_or(now))
}

/// Reads `Retry-After`, seconds or an HTTP date (RFC 9110 §10.2.3); a date in the past is no wait. Seconds may have a
/// fraction, which no document allows and some gateways send; it is rounded up to the millisecond.
fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    if let Some(wait) = seconds(header) {
        return Some(wait);
    }
    let until = DateTimeParser::new().parse_timestamp(header).ok()?;
    Some(until.duration_since(now).try_into().unwrap_or(Duration::ZERO))
}

/// Reads decimal digits, with or without a fraction; any other number is none.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let thousandths = format!("{fraction:0<3}")[..3].parse::<u64>().ok()?;
    let rest = fraction.bytes().skip(3).any(|it| it != b'0');
    Some(Duration::from_secs(whole.parse().ok()?) + Duration::from_millis(thousandths + u64::from(rest)))
}

#[cfg(test)]
mod tests {
    use reqwest::header::DATE;

    use super::*;

    #[test]
    fn only_what_surely_did_nothing_is_sent_twice() {
        use {Effect::*, Outcome::*};
        const NOW: Verdict = Verdict::Again(Duration::ZERO);
        let refused = |status| Refused { status, retry_after: None };
        let told = |status, s| Refused { status, retry_after: Some(Duration::from_secs(s)) };
        //      outcome            reads            idempotent       not idempotent
        for (outcome, reads, idempotent, not_idempotent) in [
            (Unsent, NOW, NOW, NOW),
            (Lost, NOW, NOW, Verdict::GiveUp),
            (Final, Verdict::GiveUp, Verdict::GiveUp, Verdict::GiveUp),
            (refused(400), Verdict::GiveUp, Verdict::GiveUp, Verdict::GiveUp),
            (refused(401), Verdict::GiveUp, Verdict::GiveUp, Verdict::GiveUp),
            (refused(404), Verdict::GiveUp, Verdict::GiveUp, Verdict::GiveUp),
            (refused(409), Verdict::GiveUp, Verdict::GiveUp, Verdict::GiveUp),
            (refused(429), NOW, NOW, NOW),
            (refused(500), NOW, NOW, Verdict::GiveUp),
            (refused(501), Verdict::GiveUp, Verdict::GiveUp, Verdict::GiveUp),
            (refused(502), NOW, NOW, Verdict::GiveUp),
            (refused(503), NOW, NOW, Verdict::GiveUp),
            (refused(504), NOW, NOW, Verdict::GiveUp),
            (told(503, 0), NOW, NOW, NOW),
            (told(500, 0), NOW, NOW, Verdict::GiveUp),
            (told(400, 0), Verdict::GiveUp, Verdict::GiveUp, Verdict::GiveUp),
        ] {
            assert_eq!(verdict(Reads, outcome), reads, "{outcome:?}");
            assert_eq!(verdict(Idempotent, outcome), idempotent, "{outcome:?}");
            assert_eq!(verdict(NotIdempotent, outcome), not_idempotent, "{outcome:?}");
            assert_eq!(verdict(Replaces, outcome), Verdict::GiveUp, "{outcome:?}");
        }
        assert_eq!(verdict(Reads, told(429, 7)), Verdict::RetryAfter(Duration::from_secs(7)));
        assert_eq!(verdict(NotIdempotent, told(503, 7)), Verdict::RetryAfter(Duration::from_secs(7)));
        assert_eq!(
            verdict(Reads, told(502, 7)),
            Verdict::Again(Duration::from_secs(7)),
            "no matter of rates"
        );
        assert_eq!(verdict(Reads, told(429, 120)), Verdict::RetryAfter(LONGEST_RETRY_AFTER));
        assert_eq!(verdict(NotIdempotent, told(429, 121)), Verdict::TooLong);
    }

    #[test]
    fn patience_lasts_five_minutes_however_they_are_told() {
        for (seconds, waits) in [(1, 300), (100, 3), (120, 2)] {
            let mut attempts = Attempts::new(Patience::Work { retries: 4 });
            let outcome = Outcome::Refused { status: 429, retry_after: Some(Duration::from_secs(seconds)) };
            let verdicts = (0..1000).map(|_| attempts.next(Effect::Reads, outcome));
            let waited = verdicts.take_while(|it| *it != Verdict::TooLong).count();
            assert_eq!(waited, waits, "{seconds}");
        }
    }

    #[test]
    fn a_look_waits_twice_and_briefly_where_the_server_asks_for_it_and_repeats_nothing_else() {
        let refused = |status, retry_after: Option<u64>| Outcome::Refused {
            status,
            retry_after: retry_after.map(Duration::from_secs),
        };
        for (outcome, wait) in [
            (refused(429, None), Some(1)),
            (refused(503, Some(20)), Some(20)),
            (refused(429, Some(21)), None),
            (refused(500, None), None),
            (Outcome::Lost, None),
            (Outcome::Unsent, None),
        ] {
            let mut attempts = Attempts::new(Patience::Look);
            let verdict = wait.map_or(Verdict::GiveUp, |it| Verdict::RetryAfter(Duration::from_secs(it)));
            let seen: Vec<Verdict> = (0..3).map(|_| attempts.next(Effect::Reads, outcome)).collect();
            assert_eq!(seen, [verdict, verdict, Verdict::GiveUp], "{outcome:?}");
        }
    }

    #[test]
    fn a_date_is_compared_with_the_clock_of_whoever_names_it() {
        let now = "2026-11-06T08:49:37Z".parse().unwrap();
        for (date, retry_after, seconds) in [
            (None, "Fri, 06 Nov 2026 08:50:37 GMT", 60),
            (Some("Fri, 06 Nov 2026 08:50:30 GMT"), "Fri, 06 Nov 2026 08:50:37 GMT", 7),
            (Some("Fri, 06 Nov 2026 08:00:00 GMT"), "Fri, 06 Nov 2026 08:00:09 GMT", 9),
            (Some("yesterday"), "Fri, 06 Nov 2026 08:49:40 GMT", 3),
            (Some("Fri, 06 Nov 2026 08:00:00 GMT"), "5", 5),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, retry_after.parse().unwrap());
            headers.extend(date.map(|it| (DATE, it.parse().unwrap())));
            assert_eq!(stated(&headers, now), Some(Duration::from_secs(seconds)), "{date:?} {retry_after}");
        }
        assert_eq!(stated(&HeaderMap::new(), now), None);
    }

    #[test]
    fn both_forms_of_retry_after_are_read() {
        let now = "2026-11-06T08:49:37Z".parse().unwrap();
        for (header, seconds) in [
            ("0", Some(0)),
            (" 17 ", Some(17)),
            ("Fri, 06 Nov 2026 08:50:37 GMT", Some(60)),
            ("Fri, 06 Nov 2026 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
            ("", None),
        ] {
            assert_eq!(retry_after(header, now), seconds.map(Duration::from_secs), "{header:?}");
        }
    }

    #[test]
    fn seconds_may_have_a_fraction() {
        for (header, millis) in [
            ("1.5", Some(1_500)),
            ("0.25", Some(250)),
            (" 2.0 ", Some(2_000)),
            ("0.0001", Some(1)),
            ("3.9999", Some(4_000)),
            ("1.", None),
            (".5", None),
            ("1,5", None),
            ("1.5s", None),
            ("1e3", None),
            ("+1", None),
            ("1.5.5", None),
            ("99999999999999999999999", None),
        ] {
            let now = "2026-11-06T08:49:37Z".parse().unwrap();
            assert_eq!(retry_after(header, now), millis.map(Duration::from_millis), "{header:?}");
        }
    }

    #[test]
    fn backoff_stays_under_a_ceiling_that_doubles_to_ten_seconds() {
        let base = Duration::from_millis(250);
        for (attempt, ceiling) in [(1, 250), (2, 500), (3, 1000), (6, 8000), (7, 10_000), (u32::MAX, 10_000)]
        {
            let drawn: Vec<Duration> = (0..50).map(|_| backoff(base, attempt)).collect();
            assert!(drawn.iter().all(|it| *it <= Duration::from_millis(ceiling)), "{attempt}: {drawn:?}");
            assert!(drawn.iter().any(|it| *it != drawn[0]), "{attempt}: {drawn:?}");
        }
    }
}
