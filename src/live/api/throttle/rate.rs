//! How many requests are sent per second, at most: a bucket of tokens. Pure: the caller brings the clock.

use std::{fmt, str::FromStr, time::Duration};

/// Requests per second; more than none, decimals allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(f64);

impl Rate {
    /// Smallest and largest rate: one request in a quarter of an hour, and more than any client sends.
    const BOUNDS: std::ops::RangeInclusive<f64> = 0.001..=1_000_000.0;

    /// Returns the number of requests in a second.
    pub fn per_second(self) -> f64 {
        self.0
    }
}

impl FromStr for Rate {
    type Err = &'static str;

    fn from_str(raw: &str) -> Result<Self, &'static str> {
        match raw.trim().parse() {
            Ok(rate) if Self::BOUNDS.contains(&rate) => Ok(Self(rate)),
            _ => Err("write requests per second, more than 0, such as 20 or 0.5"),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Says when the next request may be sent. Times are since any one moment.
///
/// In any span of `w` seconds it lets at most `burst + w × rate` requests through.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Time in which one token flows in.
    interval: Duration,
    /// The time that a full bucket takes to fill, but for its first token.
    slack: Duration,
    /// When the bucket will be full again, if nothing is taken.
    full_at: Duration,
}

impl Bucket {
    /// Returns a full bucket that holds the tokens of one second, but no more than `at_once`, and at least one.
    pub(super) fn new(rate: Rate, at_once: usize) -> Self {
        let interval = Duration::from_secs_f64(1.0 / rate.0);
        // Whole tokens: at 2.5 per second the bucket holds two.
        let burst = (rate.0.min(at_once as f64) as u32).max(1);
        Self { interval, slack: interval * (burst - 1), full_at: Duration::ZERO }
    }

    /// Returns when a token can be taken.
    pub(super) fn ready_at(&self) -> Duration {
        self.full_at.saturating_sub(self.slack)
    }

    /// Takes a token at a time that is not before [`Bucket::ready_at`].
    pub(super) fn take(&mut self, now: Duration) {
        self.full_at = self.full_at.max(now) + self.interval;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bucket(rate: f64, at_once: usize) -> Bucket {
        Bucket::new(Rate(rate), at_once)
    }

    /// Returns when each of the requests goes, of which every one is ready as long after the one before as it says.
    fn sent(bucket: &mut Bucket, gaps: impl IntoIterator<Item = Duration>) -> Vec<Duration> {
        let mut now = Duration::from_secs(1000);
        let take = |gap: Duration| {
            now = (now + gap).max(bucket.ready_at());
            bucket.take(now);
            now
        };
        gaps.into_iter().map(take).collect()
    }

    #[test]
    fn a_full_bucket_is_a_second_of_requests_and_no_more_than_are_in_flight() {
        for (rate, at_once, burst) in [
            (10.0, 16, 10),
            (10.0, 3, 3),
            (2.5, 16, 2),
            (1.0, 16, 1),
            (0.2, 16, 1),
            (1_000_000.0, 256, 256),
            (7.0, 0, 1),
        ] {
            let times = sent(&mut bucket(rate, at_once), [Duration::ZERO; 300]);
            assert_eq!(times.iter().filter(|it| **it == times[0]).count(), burst, "{rate} {at_once}");
        }
    }

    #[test]
    fn whoever_keeps_asking_gets_just_the_rate() {
        let times = sent(&mut bucket(20.0, 16), [Duration::ZERO; 216]);
        assert_eq!((times[215] - times[0]).as_millis(), 10_000, "200 beyond the burst take ten seconds");
    }

    #[test]
    fn rates_are_read_with_decimals_and_are_never_nothing() {
        for (raw, rate) in [("20", Some(20.0)), (" 0.5 ", Some(0.5)), ("1e3", Some(1000.0))] {
            assert_eq!(raw.parse().ok(), rate.map(Rate), "{raw}");
        }
        for raw in ["0", "-1", "", "fast", "NaN", "inf", "1e-300", "1e300"] {
            assert!(raw.parse::<Rate>().is_err(), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_a_burst_and_its_share(
            rate in 0.5_f64..500.0,
            at_once in 1_usize..64,
            gaps in proptest::collection::vec(prop_oneof![3 => Just(0), 1 => 0_u64..3_000_000], 1..150),
        ) {
            let gaps = gaps.into_iter().map(Duration::from_micros);
            let times = sent(&mut bucket(rate, at_once), gaps);
            let burst = rate.floor().min(at_once as f64).max(1.0);
            for (n, first) in times.iter().enumerate() {
                for (m, last) in times.iter().enumerate().skip(n) {
                    let (count, window) = ((m - n + 1) as f64, (*last - *first).as_secs_f64());
                    // A nanosecond per request is what durations round away.
                    prop_assert!(count <= burst + window * rate + 1e-6 * count, "{count} in {window} s");
                }
            }
        }
    }
}
