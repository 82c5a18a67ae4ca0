//! Waiting for the API to show what it has accepted: a list may lag behind the writes for some seconds.
//!
//! Bounded, by doubling pauses, and over at once where the run is interrupted. Only waits; what is looked at is for
//! others to say.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use super::Job;

/// The first pause.
const FIRST: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(2);
/// How often an interruption is looked for.
const GLANCE: Duration = Duration::from_millis(100);

/// What is left of the patience with one write.
pub(super) struct Settling<'a> {
    left: Duration,
    next: Duration,
    stop: &'a AtomicBool,
}

impl<'a> Settling<'a> {
    pub(super) fn new(job: Job<'a>) -> Self {
        Self::within(job.settle, job.stop)
    }

    fn within(left: Duration, stop: &'a AtomicBool) -> Self {
        Self { left, next: FIRST, stop }
    }

    /// Pauses before the next look; says whether there is one: not once the time is over or the run interrupted.
    pub(super) async fn pause(&mut self) -> bool {
        let mut pause = self.next.min(self.left);
        if pause.is_zero() {
            return false;
        }
        self.left -= pause;
        self.next = (self.next * 2).min(LONGEST);
        while !pause.is_zero() {
            if self.stop.load(Ordering::Relaxed) {
                return false;
            }
            let glance = pause.min(GLANCE);
            tokio::time::sleep(glance).await;
            pause -= glance;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_waits_as_long_as_it_may_in_ever_longer_pauses_and_no_longer() {
        for (bound, pauses) in [(0, 0), (50, 1), (100, 1), (700, 3), (10_000, 9)] {
            let (stop, began, bound) = (AtomicBool::new(false), Instant::now(), Duration::from_millis(bound));
            let (mut settling, mut count) = (Settling::within(bound, &stop), 0);
            while settling.pause().await {
                count += 1;
            }
            assert_eq!((began.elapsed(), count), (bound, pauses));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_interruption_ends_it() {
        let (stop, began) = (AtomicBool::new(false), Instant::now());
        let mut settling = Settling::within(Duration::from_secs(60), &stop);
        let waiting = async { while settling.pause().await {} };
        tokio::join!(waiting, async {
            tokio::time::sleep(Duration::from_secs(4)).await;
            stop.store(true, Ordering::Relaxed);
        });
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}
