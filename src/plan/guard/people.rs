//! `people`: how many accounts are deactivated, activated or created.
//!
//! An export that went wrong would say of half a company that it left. One account may always change: a share of few people
//! would stop every leaver.

use super::{Judge, Thing, check};
use crate::model::{
    plan::Check,
    rules::{Counted, Guard, How, Level, Limit, Subject},
};

impl Judge<'_> {
    /// Counts the accounts that come and go. Where none does nothing is said.
    pub(super) fn people(&mut self) {
        let mut things: Vec<Thing> = Vec::new();
        for change in self.plan.people() {
            let how = match change.account() {
                Some([_, Some("true")]) => How::Joins,
                Some([_, Some("false")]) => How::Leaves,
                Some(_) | None => continue,
            };
            things.push(vec![Counted { ..self.item(&change, how) }]);
        }
        if things.is_empty() {
            return;
        }
        let known = self.rules.active.values().filter(|it| **it).count();
        let share = known.saturating_mul(self.rules.people_percent.into()) / 100;
        let is_looked_at = known >= self.rules.people_from;
        let most = if is_looked_at {
            share.max(1).min(self.rules.people_at_most)
        } else {
            self.rules.people_at_most
        };
        let all: Vec<usize> = (0..things.len()).collect();
        let pool = self.exceptions.pool(Guard::People, None, things);
        let of = Some(known).filter(|_| is_looked_at);
        let check = check(Guard::People, Subject::Plan, Limit::AtMost(most));
        self.found(Check { level: Some(Level::People), of, ..check }, &pool, &all);
    }
}
