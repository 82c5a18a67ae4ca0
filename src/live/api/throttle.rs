//! The throttle: the one part that decides when a request may be sent. Requests in flight, rate, shared pause, retry budget.
//!
//! It holds the values that decide and the only clock they see. It sends nothing and knows no request.

mod budget;
mod concurrency;
mod pause;
mod rate;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as Turnstile, Semaphore, SemaphorePermit},
    time::Instant,
};

use budget::RetryBudget;
use concurrency::{Concurrency, Serial};
use pause::Pause;
use rate::Bucket;

pub(super) use budget::Spent;
pub(super) use pause::PATIENCE;
pub use rate::Rate;

/// What an attempt came to, as far as other requests are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AttemptResult {
    /// An answer, of success or of refusal, that says nothing of rates.
    Answered,
    /// A refusal with 429 or 503, and how long it says to wait, if it does.
    RateLimited(Option<Duration>),
    /// No answer, or a broken one.
    Unclear,
}

/// Why a request is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// Every request was rate limited for longer than [`PATIENCE`].
    RateLimited,
    /// Its turn came after the latest moment that it may be sent at.
    Overdue,
}

/// The throttle of one endpoint. All its methods that wait may be dropped at any point.
pub(super) struct Throttle {
    slots: Semaphore,
    /// Held by the request that is sent next.
    turnstile: Turnstile<()>,
    state: Mutex<State>,
    opened: Instant,
}

struct State {
    concurrency: Concurrency,
    /// Permits of the semaphore, taken or not.
    slots: usize,
    bucket: Option<Bucket>,
    pause: Pause,
    budget: RetryBudget,
    /// Requests sent.
    sent: u64,
    /// Requests that hold a slot, or back off by the client's own choice.
    busy: usize,
    /// When the requests return that were given a `Retry-After`.
    retry_after: BTreeMap<u64, Duration>,
    next: u64,
}

/// One request in flight; ends when dropped.
pub(super) struct Slot<'a> {
    throttle: &'a Throttle,
    permit: Option<SemaphorePermit<'a>>,
    serial: Option<Serial>,
}

impl Throttle {
    /// Returns a throttle for at most `most` requests in flight and, if given, so many per second.
    pub(super) fn new(most: usize, rate: Option<Rate>) -> Self {
        let concurrency = Concurrency::new(most.min(Semaphore::MAX_PERMITS));
        let slots = concurrency.allowed();
        let state = State {
            concurrency,
            slots,
            bucket: rate.map(|it| Bucket::new(it, most)),
            pause: Pause::default(),
            budget: RetryBudget::default(),
            sent: 0,
            busy: 0,
            retry_after: BTreeMap::new(),
            next: 0,
        };
        Self {
            slots: Semaphore::new(slots),
            turnstile: Turnstile::new(()),
            state: Mutex::new(state),
            opened: Instant::now(),
        }
    }

    /// Waits until one more request may be sent, first come, first served, but not beyond `until`.
    pub(super) async fn enter(&self, until: Option<Instant>) -> Result<Slot<'_>, Closed> {
        // The semaphore is never closed; if it were, sending unlimited beats not sending.
        let permit = self.slots.acquire().await.ok();
        let mut slot = Slot { throttle: self, permit, serial: None };
        self.state().busy += 1;
        // One at a time: a request that reserved a moment ahead could not give it back when a pause begins.
        let _turn = self.turnstile.lock().await;
        loop {
            let ready_at = {
                let mut state = self.state();
                if state.pause.is_over_long() {
                    return Err(Closed::RateLimited);
                }
                let rate = state.bucket.as_ref().map_or(Duration::ZERO, Bucket::ready_at);
                let (ready_at, now) = (rate.max(state.pause.until()), self.now());
                if ready_at <= now {
                    if until.is_some_and(|it| it < self.opened + now) {
                        return Err(Closed::Overdue);
                    }
                    if let Some(bucket) = &mut state.bucket {
                        bucket.take(now);
                    }
                    slot.serial = Some(Serial(state.sent));
                    state.sent += 1;
                    return Ok(slot);
                }
                ready_at
            };
            tokio::time::sleep_until(self.opened + ready_at).await;
        }
    }

    /// Draws one retry that no `Retry-After` asks for from the retry budget.
    pub(super) fn draw_retry(&self) -> Result<(), Spent> {
        let mut state = self.state();
        let sent = state.sent;
        state.budget.draw(sent)
    }

    /// Returns the counts once the retry budget is spent.
    pub(super) fn spent(&self) -> Option<Spent> {
        let state = self.state();
        state.budget.spent(state.sent)
    }

    /// Waits as long as the server said.
    pub(super) async fn wait_retry_after(&self, wait: Duration) {
        let until = self.now() + wait;
        let number = {
            let mut state = self.state();
            state.next += 1;
            let number = state.next;
            state.retry_after.insert(number, until);
            number
        };
        let _end = OnDrop(|| _ = self.state().retry_after.remove(&number));
        tokio::time::sleep(wait).await;
    }

    /// Waits by the client's own choice.
    pub(super) async fn back_off(&self, wait: Duration) {
        self.state().busy += 1;
        let _end = OnDrop(|| self.state().busy -= 1);
        tokio::time::sleep(wait).await;
    }

    /// Returns how long nothing will be sent because the server said so, if that is what is going on.
    pub(super) fn waiting(&self) -> Option<Duration> {
        let state = self.state();
        let now = self.now();
        let paused = Some(state.pause.until()).filter(|it| *it > now);
        let all_wait = || if state.busy == 0 { state.retry_after.values().min().copied() } else { None };
        paused.or_else(all_wait).map(|it| it.saturating_sub(now))
    }

    /// Returns the time since the throttle was made: the clock of all that it holds.
    fn now(&self) -> Duration {
        self.opened.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot<'_> {
    /// Ends the request, and lets the others know what it came to.
    pub(super) fn leave(self, result: AttemptResult) {
        let Some(serial) = self.serial else { return };
        let mut state = self.throttle.state();
        match result {
            // While all that is sent is refused, what was let in before is no reason to send more.
            AttemptResult::Answered if state.pause.answered(serial) => state.concurrency.grow(),
            AttemptResult::Answered => {}
            AttemptResult::RateLimited(wait) => {
                let next = Serial(state.sent);
                state.concurrency.refused(serial, next);
                match wait {
                    Some(wait) => state.pause.refused(self.throttle.now(), wait, next),
                    None => state.pause.said_nothing(),
                }
            }
            AttemptResult::Unclear => state.pause.said_nothing(),
        }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut state = self.throttle.state();
        state.busy -= 1;
        let (slots, allowed) = (&self.throttle.slots, state.concurrency.allowed());
        if state.slots < allowed {
            slots.add_permits(allowed - state.slots);
            state.slots = allowed;
        } else {
            // The own one first: the others may be taken.
            if state.slots > allowed
                && let Some(permit) = self.permit.take()
            {
                permit.forget();
                state.slots -= 1;
            }
            state.slots -= slots.forget_permits(state.slots - allowed);
        }
    }
}

/// Does something at the end, however it comes about.
struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[cfg(test)]
mod tests;
