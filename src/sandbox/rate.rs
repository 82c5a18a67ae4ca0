//! The rate limit: a bucket of one second's requests, and at least one, that fills as time goes by.
//!
//! It reads no clock: the time is an argument.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::live::api;

/// Lets so many requests pass a second, and as many at once after a quiet second; or one, if that is more.
pub(super) struct Rate {
    per_second: f64,
    /// What is left in the bucket, and when that was true.
    bucket: Mutex<(f64, Option<Timestamp>)>,
}

impl Rate {
    pub(super) fn new(rate: api::Rate) -> Self {
        let per_second = rate.per_second();
        Self { per_second, bucket: Mutex::new((per_second.max(1.0), None)) }
    }

    /// In seconds: when one more request may pass.
    pub(super) fn retry_after(&self) -> u64 {
        (1.0 / self.per_second).ceil() as u64
    }

    /// Whether one more request may pass at `now`; it is counted if so.
    pub(super) fn passes(&self, now: Timestamp) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, at) = *bucket;
        // A clock that was set back adds nothing.
        let passed = at.map_or(0.0, |at| now.duration_since(at).as_secs_f64().max(0.0));
        // A bucket that holds less than one would never let anything pass.
        let left = (left + passed * self.per_second).min(self.per_second.max(1.0));
        let passes = left >= 1.0;
        *bucket = (if passes { left - 1.0 } else { left }, Some(now));
        passes
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    #[test]
    fn a_burst_of_one_second_passes_and_then_what_the_time_allows() {
        let rate = Rate::new("10".parse().unwrap());
        let start: Timestamp = "2026-03-04T10:20:30Z".parse().unwrap();
        let pass = |now: Timestamp, asked: usize| (0..asked).filter(|_| rate.passes(now)).count();
        assert_eq!(pass(start, 25), 10);
        assert_eq!(pass(start + 300.milliseconds(), 25), 3);
        assert_eq!(pass(start - 5.seconds(), 25), 0, "a clock set back gives nothing");
        assert_eq!(pass(start + 1.hour(), 25), 10, "an hour of quiet is one burst");
    }

    #[test]
    fn less_than_one_request_a_second_is_one_in_some_seconds() {
        let rate = Rate::new("0.5".parse().unwrap());
        let start: Timestamp = "2026-03-04T10:20:30Z".parse().unwrap();
        let passed = (0..10).map(|second| rate.passes(start + second.seconds()));
        assert_eq!(passed.map(u8::from).collect::<Vec<_>>(), [1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
        assert_eq!((rate.retry_after(), Rate::new("4".parse().unwrap()).retry_after()), (2, 1));
    }
}
