//! How many requests may be in flight: few at first, more while all is well, half when the server asks for less.
//!
//! Pure: it counts, and whoever sends holds back.

/// Requests in flight at the start, unless fewer are allowed at all.
const AT_FIRST: usize = 4;

/// How many requests may be in flight now.
#[derive(Debug)]
pub(super) struct Limit {
    allowed: usize,
    most: usize,
    sent: u64,
    /// Requests with a smaller number were under way when the limit was last halved.
    round: u64,
}

/// The number of a request, from 0 in the order of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Serial(u64);

impl Limit {
    /// Returns a limit that never exceeds `most`, which is at least 1.
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { allowed: AT_FIRST.min(most), most, sent: 0, round: 0 }
    }

    /// Returns how many requests may be in flight.
    pub(super) fn allowed(&self) -> usize {
        self.allowed
    }

    /// Notes that a request is sent.
    pub(super) fn sent(&mut self) -> Serial {
        self.sent += 1;
        Serial(self.sent - 1)
    }

    /// Returns the number of the request that is sent next.
    pub(super) fn next(&self) -> Serial {
        Serial(self.sent)
    }

    /// Notes an answer as usual: one more may be tried.
    pub(super) fn grow(&mut self) {
        self.allowed = self.most.min(self.allowed + 1);
    }

    /// Notes a refusal with 429 or 503: there are too many. Requests that were sent together are refused
    /// together: that is one reason to halve, not many.
    pub(super) fn refused(&mut self, request: Serial) {
        if request.0 >= self.round {
            self.allowed = (self.allowed / 2).max(1);
            self.round = self.sent;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_starts_at_four_and_grows_by_one_per_good_answer() {
        let mut limit = Limit::new(6);
        let mut seen = vec![limit.allowed()];
        for _ in 0..4 {
            limit.grow();
            seen.push(limit.allowed());
        }
        assert_eq!(seen, [4, 5, 6, 6, 6]);
        assert_eq!((Limit::new(2).allowed(), Limit::new(0).allowed()), (2, 1));
    }

    #[test]
    fn a_round_of_refusals_halves_it_once() {
        let mut limit = Limit::new(16);
        (0..12).for_each(|_| limit.grow());
        let together: Vec<Serial> = (0..16).map(|_| limit.sent()).collect();
        for request in &together[..9] {
            limit.refused(*request);
            assert_eq!(limit.allowed(), 8);
        }
        let next = limit.sent();
        limit.refused(next);
        assert_eq!(limit.allowed(), 4, "the next round counts again");
        limit.refused(together[15]);
        assert_eq!(limit.allowed(), 4, "an answer of two rounds ago does not");
    }

    proptest! {
        #[test]
        fn whatever_is_answered_it_stays_between_one_and_the_most(
            most in 1_usize..40,
            answers in proptest::collection::vec((0_usize..20, any::<bool>()), 0..300),
        ) {
            let mut limit = Limit::new(most);
            let mut under_way = Vec::new();
            for (which, fine) in answers {
                while under_way.len() < limit.allowed() {
                    under_way.push(limit.sent());
                }
                let before = limit.allowed();
                let request = under_way.remove(which % under_way.len());
                if fine { limit.grow() } else { limit.refused(request) }
                prop_assert!((1..=most).contains(&limit.allowed()));
                prop_assert!(limit.allowed() <= before + 1);
            }
        }
    }
}
