//! When nothing goes on because the API asked for a wait: what to say of it, and to say it once.

use std::time::{Duration, Instant};

/// Waits that end this close to each other are one: each refusal names a slightly other time.
const SAME: Duration = Duration::from_secs(1);

/// The latest wait that was told of.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    until: Option<Instant>,
}

impl Waiting {
    /// The wait that goes on now, the first time that it is seen.
    pub(crate) fn began(&mut self, wait: Option<Duration>, now: Instant) -> Option<Duration> {
        let until = now + wait?;
        if self.until.is_some_and(|known| until <= known + SAME) {
            return None;
        }
        self.until = Some(until);
        wait
    }
}

/// `waiting 12 s: rate limited`; begun seconds count.
pub(crate) fn text(wait: Duration) -> String {
    format!("waiting {} s: rate limited", wait.as_millis().div_ceil(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_once_however_often_it_is_seen_and_drawn_out() {
        let (start, s) = (Instant::now(), Duration::from_secs);
        let mut waiting = Waiting::default();
        let told: Vec<bool> = [
            (0, None),
            (1, Some(12)),
            (2, Some(11)),
            (3, Some(11)),
            (4, None),
            (5, Some(9)),
            (13, None),
            (20, Some(7)),
            (21, Some(60)),
        ]
        .into_iter()
        .map(|(at, wait): (u64, Option<u64>)| waiting.began(wait.map(s), start + s(at)).is_some())
        .collect();
        assert_eq!(told, [false, true, false, false, false, false, false, true, true]);
    }

    #[test]
    fn begun_seconds_count() {
        assert_eq!(text(Duration::from_millis(11_001)), "waiting 12 s: rate limited");
        assert_eq!(text(Duration::from_secs(12)), "waiting 12 s: rate limited");
    }
}
