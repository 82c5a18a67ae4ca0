//! The rate limit: a bucket of one second's requests that fills as time goes by.
//!
//! It knows no clock; whoever asks says what time it is.

use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;

/// Lets so many requests pass a second, and as many at once after a quiet second.
pub(super) struct Rate {
    per_second: f64,
    bucket: Mutex<Bucket>,
}

struct Bucket {
    left: f64,
    /// When `left` was true.
    at: Option<Timestamp>,
}

impl Rate {
    pub(super) fn new(per_second: NonZeroU32) -> Self {
        let per_second = f64::from(per_second.get());
        Self { per_second, bucket: Mutex::new(Bucket { left: per_second, at: None }) }
    }

    /// Returns whether one more request may pass at `now`, and counts it if so.
    pub(super) fn passes(&self, now: Timestamp) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back adds nothing.
        let passed = bucket.at.map_or(0.0, |at| now.duration_since(at).as_secs_f64().max(0.0));
        bucket.left = (bucket.left + passed * self.per_second).min(self.per_second);
        bucket.at = Some(now);
        let passes = bucket.left >= 1.0;
        if passes {
            bucket.left -= 1.0;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    #[test]
    fn a_burst_of_one_second_passes_and_then_what_the_time_allows() {
        let rate = Rate::new(NonZeroU32::new(10).unwrap());
        let start: Timestamp = "2026-03-04T10:20:30Z".parse().unwrap();
        let pass = |now: Timestamp, asked: usize| (0..asked).filter(|_| rate.passes(now)).count();
        assert_eq!(pass(start, 25), 10);
        assert_eq!(pass(start + 300.milliseconds(), 25), 3);
        assert_eq!(pass(start - 5.seconds(), 25), 0, "a clock set back gives nothing");
        assert_eq!(pass(start + 1.hour(), 25), 10, "an hour of quiet is one burst");
    }
}
