//! How many requests may be in flight: one more per answer, half when the server asks for less. Pure.

/// Requests in flight at the start, unless fewer are allowed at all: nothing speaks against as many as are usual.
const AT_FIRST: usize = 16;

/// How many requests may be in flight now.
#[derive(Debug)]
pub(super) struct Concurrency {
    allowed: usize,
    most: usize,
    /// Requests with a smaller number were under way when it was last halved.
    round: Serial,
}

/// The number of a request, from 0 in the order of sending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Serial(pub(super) u64);

impl Concurrency {
    /// Returns a bound that never exceeds `most`, which is at least 1.
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { allowed: AT_FIRST.min(most), most, round: Serial::default() }
    }

    pub(super) fn allowed(&self) -> usize {
        self.allowed
    }

    /// Notes an answer: one more may be tried.
    pub(super) fn grow(&mut self) {
        self.allowed = self.most.min(self.allowed + 1);
    }

    /// Notes a refusal with 429 or 503; `next` is the next request to be sent. Requests that were sent together are
    /// refused together: that is one reason to halve, not many.
    pub(super) fn refused(&mut self, request: Serial, next: Serial) {
        if request >= self.round {
            self.allowed = (self.allowed / 2).max(1);
            self.round = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_starts_at_sixteen_and_grows_by_one_per_answer() {
        let mut bound = Concurrency::new(18);
        let mut seen = vec![bound.allowed()];
        for _ in 0..4 {
            bound.grow();
            seen.push(bound.allowed());
        }
        assert_eq!(seen, [16, 17, 18, 18, 18]);
        assert_eq!((Concurrency::new(2).allowed(), Concurrency::new(0).allowed()), (2, 1));
    }

    #[test]
    fn a_round_of_refusals_halves_it_once() {
        let mut bound = Concurrency::new(16);
        for request in 0..9 {
            bound.refused(Serial(request), Serial(16));
            assert_eq!(bound.allowed(), 8);
        }
        bound.refused(Serial(16), Serial(17));
        assert_eq!(bound.allowed(), 4, "the next round counts again");
        bound.refused(Serial(15), Serial(17));
        assert_eq!(bound.allowed(), 4, "an answer of two rounds ago does not");
    }

    proptest! {
        #[test]
        fn whatever_is_answered_it_stays_between_one_and_the_most(
            most in 1_usize..40,
            answers in proptest::collection::vec((0_usize..20, any::<bool>()), 0..300),
        ) {
            let mut bound = Concurrency::new(most);
            let (mut under_way, mut sent) = (Vec::new(), 0);
            for (which, fine) in answers {
                while under_way.len() < bound.allowed() {
                    under_way.push(Serial(sent));
                    sent += 1;
                }
                let before = bound.allowed();
                let request = under_way.remove(which % under_way.len());
                if fine { bound.grow() } else { bound.refused(request, Serial(sent)) }
                prop_assert!((1..=most).contains(&bound.allowed()));
                prop_assert!(bound.allowed() <= before + 1);
            }
        }
    }
}
