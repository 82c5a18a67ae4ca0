//! Where every attempt passes before it is sent: a place in flight, the shared pause, the rate.
//!
//! It holds the values that decide ([`Limit`], [`Bucket`], [`Pause`], [`Budget`]) and the only
//! clock they see. It sends nothing.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as Turnstile, Semaphore, SemaphorePermit},
    time::Instant,
};

use super::{
    budget::{Budget, Spent},
    limit::{Limit, Load, Serial},
    pause::Pause,
    rate::{Bucket, Rate},
};

/// What an attempt came to, as far as the others are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// An answer as usual.
    Fine,
    /// A refusal with 429 or 503, and how long it says to wait, if it does.
    Refused(Option<Duration>),
    /// None, or a broken one.
    Unknown,
}

/// The gate. All its methods that wait may be dropped at any point.
pub(super) struct Gate {
    places: Semaphore,
    /// Whoever holds it is the next to be sent.
    turnstile: Turnstile<()>,
    state: Mutex<State>,
    opened: Instant,
}

struct State {
    limit: Limit,
    /// Permits of the semaphore there are, taken or not.
    places: usize,
    bucket: Option<Bucket>,
    pause: Pause,
    budget: Budget,
    /// Requests that hold a place, or wait shortly because of a failure.
    busy: usize,
    /// When the requests return that were told when to.
    told: BTreeMap<u64, Duration>,
    next: u64,
}

/// A place in flight; given back when dropped.
pub(super) struct Place<'a> {
    gate: &'a Gate,
    permit: Option<SemaphorePermit<'a>>,
    serial: Option<Serial>,
}

impl Gate {
    /// Returns a gate for at most `most` in flight and, if given, so many per second.
    pub(super) fn new(most: usize, rate: Option<Rate>) -> Self {
        let limit = Limit::new(most.min(Semaphore::MAX_PERMITS));
        let places = limit.allowed();
        let state = State {
            bucket: rate.map(|it| Bucket::new(it, most)),
            limit,
            places,
            pause: Pause::default(),
            budget: Budget::default(),
            busy: 0,
            told: BTreeMap::new(),
            next: 0,
        };
        Self {
            places: Semaphore::new(places),
            turnstile: Turnstile::new(()),
            state: Mutex::new(state),
            opened: Instant::now(),
        }
    }

    /// Waits until one more request may be sent, first come, first served.
    pub(super) async fn enter(&self) -> Place<'_> {
        // The semaphore is never closed; if it were, sending unlimited beats not sending.
        let permit = self.places.acquire().await.ok();
        let mut place = Place { gate: self, permit, serial: None };
        self.state().busy += 1;
        // One at a time: whoever reserved a moment ahead could not give it back when a pause begins.
        let _turn = self.turnstile.lock().await;
        loop {
            let ready_at = {
                let mut state = self.state();
                let rate = state.bucket.as_ref().map_or(Duration::ZERO, Bucket::ready_at);
                let (ready_at, now) = (rate.max(state.pause.until()), self.now());
                if ready_at <= now {
                    if let Some(bucket) = &mut state.bucket {
                        bucket.take(now);
                    }
                    state.budget.sent();
                    place.serial = Some(state.limit.sent());
                    return place;
                }
                ready_at
            };
            tokio::time::sleep_until(self.opened + ready_at).await;
        }
    }

    /// Draws on what may be repeated without the server having named a time.
    pub(super) fn repeat(&self) -> Result<(), Spent> {
        self.state().budget.repeat()
    }

    /// Returns how much was repeated once that was too much.
    pub(super) fn spent(&self) -> Option<Spent> {
        self.state().budget.spent()
    }

    /// Waits as long as the server said.
    pub(super) async fn wait_as_told(&self, wait: Duration) {
        let until = self.now() + wait;
        let told = {
            let mut state = self.state();
            state.next += 1;
            let number = state.next;
            state.told.insert(number, until);
            number
        };
        let _end = OnDrop(|| _ = self.state().told.remove(&told));
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
        let all_told = || if state.busy == 0 { state.told.values().min().copied() } else { None };
        paused.or_else(all_told).map(|it| it.saturating_sub(now))
    }

    /// Returns the time since the gate opened: the clock of all that it holds.
    fn now(&self) -> Duration {
        self.opened.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// Gives the place back, and tells the others what it was worth.
    pub(super) fn leave(self, met: Met) {
        let mut state = self.gate.state();
        let load = match met {
            Met::Fine => Load::Fine,
            Met::Refused(_) => Load::TooMuch,
            Met::Unknown => Load::Unknown,
        };
        if let Some(serial) = self.serial {
            state.limit.answered(serial, load);
        }
        match met {
            Met::Refused(Some(wait)) => state.pause.refused_until(self.gate.now() + wait),
            Met::Fine | Met::Refused(None) | Met::Unknown => state.pause.answered(),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        state.busy -= 1;
        let (places, allowed) = (&self.gate.places, state.limit.allowed());
        if state.places < allowed {
            places.add_permits(allowed - state.places);
            state.places = allowed;
        } else {
            // The own one first: the others may be taken.
            if state.places > allowed
                && let Some(permit) = self.permit.take()
            {
                permit.forget();
                state.places -= 1;
            }
            state.places -= places.forget_permits(state.places - allowed);
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
