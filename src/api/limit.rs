//! How many requests may be in flight: few at first, more while all is well, half when the server asks for less.
//!
//! Pure: it counts, and whoever sends holds back.

/// Requests in flight at the start, unless fewer are allowed at all.
const AT_FIRST: usize = 4;

/// What an answer says about the number of requests in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// Answered as usual: one more may be tried.
    Fine,
    /// Refused with 429 or 503: there are too many.
    TooMuch,
    /// Lost, late or broken: says nothing of the number.
    Unknown,
}

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

    /// Notes an answer. Requests that were sent together are refused together: that is one reason to halve, not many.
    pub(super) fn answered(&mut self, request: Serial, load: Load) {
        match load {
            Load::Fine => self.allowed = self.most.min(self.allowed + 1),
            Load::TooMuch if request.0 >= self.round => {
                self.allowed = (self.allowed / 2).max(1);
                self.round = self.sent;
            }
            Load::TooMuch | Load::Unknown => {}
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
            let request = limit.sent();
            limit.answered(request, Load::Fine);
            seen.push(limit.allowed());
        }
        assert_eq!(seen, [4, 5, 6, 6, 6]);
        assert_eq!((Limit::new(2).allowed(), Limit::new(0).allowed()), (2, 1));
    }

    #[test]
    fn a_round_of_refusals_halves_it_once() {
        let mut limit = Limit::new(16);
        (0..12).for_each(|_| {
            let request = limit.sent();
            limit.answered(request, Load::Fine);
        });
        let together: Vec<Serial> = (0..16).map(|_| limit.sent()).collect();
        for request in &together[..9] {
            limit.answered(*request, Load::TooMuch);
            assert_eq!(limit.allowed(), 8);
        }
        let next = limit.sent();
        limit.answered(next, Load::TooMuch);
        assert_eq!(limit.allowed(), 4, "the next round counts again");
        limit.answered(together[15], Load::TooMuch);
        assert_eq!(limit.allowed(), 4, "an answer of two rounds ago does not");
    }

    #[test]
    fn what_is_lost_says_nothing() {
        let mut limit = Limit::new(16);
        let request = limit.sent();
        limit.answered(request, Load::Unknown);
        assert_eq!(limit.allowed(), 4);
    }

    proptest! {
        #[test]
        fn whatever_is_answered_it_stays_between_one_and_the_most(
            most in 1_usize..40,
            answers in proptest::collection::vec((0_usize..20, 0_usize..3), 0..300),
        ) {
            let mut limit = Limit::new(most);
            let mut under_way = Vec::new();
            for (which, load) in answers {
                while under_way.len() < limit.allowed() {
                    under_way.push(limit.sent());
                }
                let before = limit.allowed();
                let request = under_way.remove(which % under_way.len());
                limit.answered(request, [Load::Fine, Load::TooMuch, Load::Unknown][load]);
                prop_assert!((1..=most).contains(&limit.allowed()));
                prop_assert!(limit.allowed() <= before + 1);
            }
        }
    }
}
