//! The retry budget: how much of a run may be sent again. Pure.
//!
//! Repeating what failed helps against bad luck, and harms a server in trouble. So what is repeated without a
//! `Retry-After` is a small share of what is sent.

/// One retry for so many requests sent: 20 % (the usual retry budget).
const SENT_PER_RETRY: u64 = 5;
/// Retries beyond that share: four requests of a short run may each use all four of theirs.
const RESERVE: u64 = 16;

/// The retries so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RetryBudget {
    retries: u64,
    spent: bool,
}

/// The retry budget is spent: so many retries among so many requests sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Spent {
    pub(in super::super) repeated: u64,
    pub(in super::super) sent: u64,
}

impl RetryBudget {
    /// Draws one retry after so many requests. Once there was none left there never is: the run is to end.
    pub(super) fn draw(&mut self, sent: u64) -> Result<(), Spent> {
        self.spent |= self.retries >= RESERVE + sent / SENT_PER_RETRY;
        match self.spent(sent) {
            Some(spent) => Err(spent),
            None => {
                self.retries += 1;
                Ok(())
            }
        }
    }

    /// Returns the counts once nothing is left.
    pub(super) fn spent(&self, sent: u64) -> Option<Spent> {
        self.spent.then_some(Spent { repeated: self.retries, sent })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_run_has_sixteen_retries_and_a_long_one_a_fifth_more() {
        for (sent, retries) in [(0, 16), (4, 16), (5, 17), (1000, 216)] {
            let mut budget = RetryBudget::default();
            let drawn = (0..1000).take_while(|_| budget.draw(sent).is_ok()).count();
            assert_eq!(drawn, retries, "{sent}");
            assert_eq!(budget.spent(sent).map(|it| it.sent), Some(sent));
        }
    }

    #[test]
    fn what_is_spent_stays_spent() {
        let mut budget = RetryBudget::default();
        while budget.draw(0).is_ok() {}
        assert_eq!(budget.draw(1000), Err(Spent { repeated: 16, sent: 1000 }));
    }

    proptest! {
        #[test]
        fn no_run_repeats_more_than_a_fifth_and_the_reserve(fails in proptest::collection::vec(any::<bool>(), 0..2000)) {
            let mut budget = RetryBudget::default();
            for (sent, failed) in (1..).zip(fails) {
                if failed {
                    _ = budget.draw(sent);
                }
                prop_assert!(budget.retries <= RESERVE + sent / SENT_PER_RETRY);
            }
        }
    }
}
