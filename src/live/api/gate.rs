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
    limit::{Limit, Serial},
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

    /// Waits until one more request may be sent, first come, first served; `None` once all have waited too long.
    pub(super) async fn enter(&self) -> Option<Place<'_>> {
        // The semaphore is never closed; if it were, sending unlimited beats not sending.
        let permit = self.places.acquire().await.ok();
        let mut place = Place { gate: self, permit, serial: None };
        self.state().busy += 1;
        // One at a time: whoever reserved a moment ahead could not give it back when a pause begins.
        let _turn = self.turnstile.lock().await;
        loop {
            let ready_at = {
                let mut state = self.state();
                if state.pause.is_over_long() {
                    return None;
                }
                let rate = state.bucket.as_ref().map_or(Duration::ZERO, Bucket::ready_at);
                let (ready_at, now) = (rate.max(state.pause.until()), self.now());
                if ready_at <= now {
                    if let Some(bucket) = &mut state.bucket {
                        bucket.take(now);
                    }
                    state.budget.sent();
                    place.serial = Some(state.limit.sent());
                    return Some(place);
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
        let Some(serial) = self.serial else { return };
        let mut state = self.gate.state();
        match met {
            // While all that is sent is refused, what was let in before is no reason to send more.
            Met::Fine if state.pause.answered(serial) => state.limit.grow(),
            Met::Refused(wait) => {
                state.limit.refused(serial);
                let next = state.limit.next();
                match wait {
                    Some(wait) => state.pause.refused(self.gate.now(), wait, next),
                    None => state.pause.said_nothing(),
                }
            }
            Met::Unknown => state.pause.said_nothing(),
            Met::Fine => {}
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

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use proptest::prelude::*;

    use super::*;

    const MOST: usize = 16;
    const SECOND: Duration = Duration::from_secs(1);

    /// Sends so many requests through the gate, each of which takes a while, and returns when each was sent.
    async fn sent(gate: &Gate, requests: usize, takes: Duration) -> Vec<Duration> {
        let start = gate.now();
        let each = (0..requests).map(|_| async {
            let place = gate.enter().await.unwrap();
            let at = gate.now() - start;
            tokio::time::sleep(takes).await;
            place.leave(Met::Fine);
            at
        });
        let mut times = join_all(each).await;
        times.sort_unstable();
        times
    }

    #[tokio::test(start_paused = true)]
    async fn no_window_of_a_rate_holds_more_than_a_burst_and_its_share() {
        for (rate, most, burst) in [(20.0, 16, 16.0), (20.0, 3, 3.0), (2.5, 16, 2.0), (0.5, 16, 1.0)] {
            let gate = Gate::new(most, format!("{rate}").parse().ok());
            let times = sent(&gate, 60, Duration::from_millis(30)).await;
            for (n, first) in times.iter().enumerate() {
                for (m, last) in times.iter().enumerate().skip(n) {
                    let most = burst + (*last - *first).as_secs_f64() * rate + 1e-6;
                    assert!((m - n + 1) as f64 <= most, "{rate}: {n} to {m} in {:?}", *last - *first);
                }
            }
            // And no slower than it must be; timers have milliseconds.
            assert!(times[59].as_secs_f64() <= 60.0 / rate + 0.1, "{rate}: {:?}", times[59]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_passes_during_a_pause_and_all_do_after_it() {
        let gate = Gate::new(16, None);
        for _ in 0..12 {
            gate.enter().await.unwrap().leave(Met::Refused(Some(7 * SECOND)));
        }
        assert_eq!(gate.waiting(), Some(7 * SECOND));
        let times = sent(&gate, 5, Duration::ZERO).await;
        assert!(times.iter().all(|it| *it == times[0] && *it >= 7 * SECOND), "{times:?}");
        assert_eq!(gate.waiting(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_is_drawn_out_is_kept_by_those_who_wait_already() {
        let gate = Gate::new(16, "50".parse().ok());
        let refused = Met::Refused(Some(2 * SECOND));
        for met in [[refused; 11].as_slice(), &[Met::Fine; 3]].concat() {
            gate.enter().await.unwrap().leave(met);
        }
        let under_way = gate.enter().await.unwrap();
        gate.enter().await.unwrap().leave(refused);
        let (times, ()) = tokio::join!(sent(&gate, 3, Duration::ZERO), async {
            tokio::time::sleep(SECOND).await;
            under_way.leave(Met::Refused(Some(9 * SECOND)));
        });
        assert!(times[0] >= 10 * SECOND, "{times:?}");
    }

    /// What a server with so much allowance per second lets in and refuses in each: let-in requests take `slow`.
    async fn counted(requests: usize, allowance: usize, quick: &[u64], slow: &[u64]) -> Vec<(usize, usize)> {
        let gate = Gate::new(MOST, None);
        let seen = Mutex::new(Vec::<(usize, usize)>::new());
        let each = (0..requests).map(|number| {
            let (gate, seen) = (&gate, &seen);
            async move {
                for attempt in number.. {
                    let place = gate.enter().await.unwrap();
                    let ms = |times: &[u64]| Duration::from_millis(times[attempt % times.len()]);
                    tokio::time::sleep(ms(quick)).await;
                    let let_in = {
                        let (mut seen, second) = (seen.lock().unwrap(), gate.now().as_secs() as usize);
                        let seconds = seen.len().max(second + 1);
                        seen.resize(seconds, (0, 0));
                        let (let_in, refused) = &mut seen[second];
                        let room = *let_in < allowance;
                        *(if room { let_in } else { refused }) += 1;
                        room
                    };
                    if let_in {
                        tokio::time::sleep(ms(slow)).await;
                        return place.leave(Met::Fine);
                    }
                    place.leave(Met::Refused(Some(SECOND)));
                    gate.wait_as_told(SECOND).await;
                }
            }
        });
        join_all(each).await;
        seen.into_inner().unwrap()
    }

    proptest! {
        #[test]
        fn an_allowance_that_is_used_up_is_exceeded_by_what_is_in_flight_only(
            requests in 1_usize..200,
            allowance in 10_usize..60,
            quick in proptest::collection::vec(0_u64..5, 1..7),
            slow in proptest::collection::vec(0_u64..400, 1..7),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
            let seen = runtime.unwrap().block_on(counted(requests, allowance, &quick, &slow));
            prop_assert!(seen.iter().all(|it| it.1 <= MOST), "let in and refused: {seen:?}");
        }
    }

    /// Or once in two where the wait ends a moment before the next.
    #[tokio::test(start_paused = true)]
    async fn an_allowance_is_used_once_a_second() {
        for allowance in [10, 25, 60] {
            let seen = counted(122, allowance, &[0, 1, 2, 3, 4], &[1]).await;
            assert!(seen.len() <= 2 * 122_usize.div_ceil(allowance) + 2, "let in and refused: {seen:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_close_places_and_good_answers_open_them() {
        let gate = Gate::new(8, None);
        let free = |gate: &Gate| gate.places.available_permits();
        assert_eq!(free(&gate), 4);
        let four = join_all((0..4).map(|_| gate.enter())).await;
        assert_eq!(free(&gate), 0);
        four.into_iter().for_each(|it| it.unwrap().leave(Met::Refused(None)));
        assert_eq!(free(&gate), 2, "one round");
        sent(&gate, 20, Duration::from_millis(1)).await;
        assert_eq!(free(&gate), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_waiting_leaves_nothing_behind() {
        let gate = Gate::new(1, "1".parse().ok());
        gate.enter().await.unwrap().leave(Met::Fine);
        for _ in 0..3 {
            let entering = tokio::time::timeout(Duration::from_millis(10), gate.enter()).await;
            assert!(entering.is_err(), "the rate is one per second");
            let told = tokio::time::timeout(Duration::from_millis(10), gate.wait_as_told(9 * SECOND)).await;
            assert!(told.is_err());
        }
        assert_eq!((gate.waiting(), gate.state().busy, gate.places.available_permits()), (None, 0, 1));
        gate.enter().await.unwrap().leave(Met::Fine);
        assert_eq!(gate.now(), SECOND, "nor has anybody else's token been used");
    }

    #[tokio::test(start_paused = true)]
    async fn it_waits_when_all_were_told_to_and_nobody_is_busy() {
        let gate = Gate::new(4, None);
        let told = |wait| gate.wait_as_told(wait * SECOND);
        let look = async {
            tokio::time::sleep(SECOND).await;
            assert_eq!(gate.waiting(), Some(4 * SECOND), "the first to come back counts");
            let place = gate.enter().await.unwrap();
            assert_eq!(gate.waiting(), None, "one is in flight");
            place.leave(Met::Fine);
            let backing_off = gate.back_off(SECOND);
            tokio::pin!(backing_off);
            _ = tokio::time::timeout(Duration::from_millis(1), &mut backing_off).await;
            assert_eq!(gate.waiting(), None, "one is about to try again");
            backing_off.await;
            assert!(gate.waiting().is_some());
        };
        tokio::join!(told(5), told(9), look);
        assert_eq!(gate.waiting(), None);
    }
}
