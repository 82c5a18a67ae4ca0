//! How much may be repeated before a run is hopeless. Pure.
//!
//! Repeating what failed helps against bad luck, and harms a server in trouble. So what is repeated
//! without the server having named a time is a small share of what is sent.

/// One repeated request for so many sent: 20 % (the usual retry budget).
const SENT_PER_REPEAT: u64 = 5;
/// Repeats beyond that share: four requests of a short run may each use all four of theirs.
const RESERVE: u64 = 16;

/// What was sent and repeated so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Budget {
    sent: u64,
    repeated: u64,
    spent: bool,
}

/// Too much had to be repeated: how much, of how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) repeated: u64,
    pub(super) sent: u64,
}

impl Budget {
    /// Notes that a request is sent, whether for the first time or again.
    pub(super) fn sent(&mut self) {
        self.sent += 1;
    }

    /// Draws one repeat. Once there was none left, there is none for anybody any more: the run is to end.
    pub(super) fn repeat(&mut self) -> Result<(), Spent> {
        self.spent |= self.repeated >= RESERVE + self.sent / SENT_PER_REPEAT;
        if self.spent {
            return Err(Spent { repeated: self.repeated, sent: self.sent });
        }
        self.repeated += 1;
        Ok(())
    }

    /// Returns the counts once there is nothing left.
    pub(super) fn spent(&self) -> Option<Spent> {
        self.spent.then_some(Spent { repeated: self.repeated, sent: self.sent })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent(requests: u64) -> Budget {
        Budget { sent: requests, ..Budget::default() }
    }

    #[test]
    fn a_short_run_has_sixteen_repeats_and_a_long_one_a_fifth_more() {
        for (requests, repeats) in [(0, 16), (4, 16), (5, 17), (1000, 216)] {
            let mut budget = sent(requests);
            let drawn = (0..1000).take_while(|_| budget.repeat().is_ok()).count();
            assert_eq!(drawn, repeats, "{requests}");
            assert_eq!(budget.spent().map(|it| it.sent), Some(requests));
        }
    }

    #[test]
    fn what_is_spent_stays_spent() {
        let mut budget = sent(0);
        while budget.repeat().is_ok() {}
        (0..1000).for_each(|_| budget.sent());
        assert_eq!(budget.repeat(), Err(Spent { repeated: 16, sent: 1000 }));
    }

    proptest! {
        #[test]
        fn no_run_repeats_more_than_a_fifth_and_the_reserve(fails in proptest::collection::vec(any::<bool>(), 0..2000)) {
            let mut budget = Budget::default();
            for failed in fails {
                budget.sent();
                if failed {
                    _ = budget.repeat();
                }
                prop_assert!(budget.repeated <= RESERVE + budget.sent / SENT_PER_REPEAT);
            }
        }
    }
}
