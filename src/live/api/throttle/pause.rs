//! The shared pause: if nearly every answer names a time to come back, nothing is sent until then. Pure.
//!
//! A server with a fixed allowance refuses everything once that is used up; asking on would only
//! be refused as well. A server that refuses some requests at random is not paused for.

use std::time::Duration;

use super::concurrency::Serial;

/// Longest that one request waits in all because the server said so, and longest that all do without one good answer.
pub(in super::super) const PATIENCE: Duration = Duration::from_secs(300);

/// The answers that are looked at.
const LATEST: u32 = 16;
/// How many of them must be refusals that name a time.
const MOST: u32 = 12;
/// How many such refusals in a row do as well: by then a halved limit has let nobody new in, so that a
/// server whose allowance is used up refuses just what was in flight.
const IN_A_ROW: u32 = 8;

/// Refusals that name a time, since the last request that fared better though it was sent after the first of them.
///
/// What was under way when the row began may have been let in before the allowance was used up: that it is
/// answered well, later, says nothing of the present.
#[derive(Debug)]
struct Row {
    length: u32,
    /// The first request that was sent since.
    next: Serial,
}

/// The latest answers, and until when nobody sends.
#[derive(Debug, Default)]
pub(super) struct Pause {
    /// One bit per answer, the latest lowest: whether it was a refusal that named a time.
    answers: u16,
    row: Option<Row>,
    until: Duration,
    /// Since when nothing was answered but such refusals, or not at all.
    since: Option<Duration>,
    over_long: bool,
}

impl Pause {
    /// Notes an answer as usual; returns whether it says that the server lets requests in at present.
    pub(super) fn answered(&mut self, request: Serial) -> bool {
        self.answers <<= 1;
        self.since = None;
        self.row.take_if(|it| request >= it.next);
        self.row.is_none()
    }

    /// Notes that there was no answer, or one that names no time.
    pub(super) fn said_nothing(&mut self) {
        self.answers <<= 1;
        self.row = None;
    }

    /// Notes a refusal at `now` that says how long to `wait`; pauses until then if nearly all are such.
    /// `next` is the next request to be sent.
    ///
    /// Requests that take turns at being refused would each be patient for itself: where there was nothing
    /// but refusals for [`PATIENCE`], the run is to end. Once that is so it stays so.
    pub(super) fn refused(&mut self, now: Duration, wait: Duration, next: Serial) {
        let until = now + wait;
        self.answers = (self.answers << 1) | 1;
        let row = self.row.get_or_insert(Row { length: 0, next });
        row.length += 1;
        self.over_long |= now - *self.since.get_or_insert(now) > PATIENCE;
        if self.answers.count_ones() >= MOST || row.length >= IN_A_ROW {
            self.until = self.until.max(until);
        }
    }

    /// Says whether the server has refused everything for longer than [`PATIENCE`].
    pub(super) fn is_over_long(&self) -> bool {
        self.over_long
    }

    /// Returns when sending may go on; a time that has passed is no pause.
    pub(super) fn until(&self) -> Duration {
        self.until
    }
}

const _: () = assert!(LATEST == u16::BITS && MOST <= LATEST);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers requests in the order of sending.
    #[derive(Default)]
    struct Sent(u64);

    impl Sent {
        fn sent(&mut self) -> Serial {
            self.0 += 1;
            Serial(self.0 - 1)
        }

        fn next(&self) -> Serial {
            Serial(self.0)
        }
    }

    /// Until which second there is a pause after such answers to requests sent one after the other.
    fn after(answers: impl IntoIterator<Item = Option<u64>>) -> u64 {
        let (mut pause, mut requests) = (Pause::default(), Sent::default());
        for answer in answers {
            let request = requests.sent();
            match answer {
                Some(second) => pause.refused(Duration::ZERO, Duration::from_secs(second), requests.next()),
                None => assert!(pause.answered(request)),
            }
        }
        pause.until().as_secs()
    }

    #[test]
    fn twelve_refusals_of_sixteen_answers_or_eight_in_a_row_stop_everybody() {
        assert_eq!(after([Some(7); 7]), 0);
        assert_eq!(after([Some(7); 8]), 7);
        assert_eq!(after([[Some(7); 7].as_slice(), &[None], &[Some(7); 4]].concat()), 0);
        assert_eq!(after([[Some(7); 7].as_slice(), &[None], &[Some(7); 5]].concat()), 7);
        assert_eq!(after([Some(7), Some(7), None].repeat(30)), 0, "two thirds are not enough");
        assert_eq!(after([Some(7), Some(7), Some(7), None].repeat(4)), 7, "three quarters are");
        let spread = [vec![Some(7); 6], vec![None; 5], vec![Some(7); 6]].concat();
        assert_eq!(after(spread), 0, "the first of twelve is no longer among the latest");
    }

    #[test]
    fn a_row_is_ended_only_by_what_was_sent_since_it_began() {
        for (to_latest, until) in [(false, 7), (true, 0)] {
            let (mut pause, mut requests) = (Pause::default(), Sent::default());
            let refused = |pause: &mut Pause, requests: &Sent| {
                (0..4).for_each(|_| pause.refused(Duration::ZERO, Duration::from_secs(7), requests.next()));
            };
            let earliest = requests.sent();
            refused(&mut pause, &requests);
            let latest = requests.sent();
            assert_eq!(pause.answered(if to_latest { latest } else { earliest }), to_latest);
            refused(&mut pause, &requests);
            assert_eq!(pause.until().as_secs(), until);
        }
    }

    #[test]
    fn the_latest_time_named_is_kept_to() {
        assert_eq!(after([Some(9); 12].into_iter().chain([Some(4)])), 9);
        assert_eq!(after([Some(9); 12].into_iter().chain([Some(11)])), 11);
    }

    #[test]
    fn good_answers_are_soon_believed() {
        assert_eq!(after([Some(9); 100].into_iter().chain([None; 5]).chain([Some(99)])), 9);
    }

    #[test]
    fn it_is_over_long_once_there_was_nothing_but_refusals_for_five_minutes() {
        const SECOND: Duration = Duration::from_secs(1);
        // One after the other, each as long as it is told to wait.
        let waits = |good: u32, seconds: u32| {
            let (mut pause, mut requests) = (Pause::default(), Sent::default());
            let mut refusals = (1..1000).take_while(|n| {
                if n % good == 0 {
                    pause.answered(requests.sent());
                } else if n % 7 == 0 {
                    pause.said_nothing();
                }
                pause.refused(n * seconds * SECOND, seconds * SECOND, requests.next());
                !pause.is_over_long()
            });
            refusals.by_ref().count()
        };
        assert_eq!((waits(1000, 1), waits(1000, 60), waits(1000, 120)), (301, 6, 3));
        assert_eq!(waits(4, 60), 999, "one good answer in four minutes: it goes on");
    }

    proptest! {
        #[test]
        fn a_third_refused_in_turn_never_stops_everybody(shift in 0_usize..3, length in 0_usize..500) {
            let third = (0..length).map(|n| ((n + shift) % 3 == 0).then_some(5));
            prop_assert_eq!(after(third), 0);
        }
    }
}
