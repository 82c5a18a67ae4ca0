//! When nobody sends: if nearly every answer names a time to come back, all keep to it. Pure.
//!
//! A server with a fixed allowance refuses everything once that is used up; asking on would only
//! be refused as well. A server that refuses some requests at random is not paused for.

use std::time::Duration;

/// The answers that are looked at.
const LATEST: u32 = 16;
/// How many of them must be refusals that name a time.
const MOST: u32 = 12;
/// How many such refusals in a row do as well: by then a halved limit has let nobody new in, so that a
/// server whose allowance is used up refuses just what was in flight.
const IN_A_ROW: u32 = 8;

/// The latest answers, and until when nobody sends.
#[derive(Debug, Default)]
pub(super) struct Pause {
    /// One bit per answer, the latest lowest: whether it was a refusal that named a time.
    answers: u16,
    until: Duration,
}

impl Pause {
    /// Notes an answer that names no time.
    pub(super) fn answered(&mut self) {
        self.answers <<= 1;
    }

    /// Notes a refusal that names a time to come back; pauses until then if nearly all are such.
    pub(super) fn refused_until(&mut self, time: Duration) {
        self.answers = (self.answers << 1) | 1;
        if self.answers.count_ones() >= MOST || self.answers.trailing_ones() >= IN_A_ROW {
            self.until = self.until.max(time);
        }
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

    fn after(answers: impl IntoIterator<Item = Option<u64>>) -> u64 {
        let mut pause = Pause::default();
        for answer in answers {
            match answer {
                Some(second) => pause.refused_until(Duration::from_secs(second)),
                None => pause.answered(),
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
    fn the_latest_time_named_is_kept_to() {
        assert_eq!(after([Some(9); 12].into_iter().chain([Some(4)])), 9);
        assert_eq!(after([Some(9); 12].into_iter().chain([Some(11)])), 11);
    }

    #[test]
    fn good_answers_are_soon_believed() {
        assert_eq!(after([Some(9); 100].into_iter().chain([None; 5]).chain([Some(99)])), 9);
    }

    proptest! {
        #[test]
        fn a_third_refused_in_turn_never_stops_everybody(shift in 0_usize..3, length in 0_usize..500) {
            let third = (0..length).map(|n| ((n + shift) % 3 == 0).then_some(5));
            prop_assert_eq!(after(third), 0);
        }
    }
}
