//! `people`: how many accounts are deactivated, activated or created.
//!
//! An export that went wrong would say of half a company that it left. One account may always change: a share of few people
//! would stop every leaver.

use std::collections::BTreeSet;

use super::{Judge, Thing, check};
use crate::model::{
    ids::{CompanyId, UserId},
    plan::Check,
    rules::{Counted, Guard, How, Level, Limit, Subject},
};

impl Judge<'_> {
    /// Counts the accounts that come and go. Where none does nothing is said.
    pub(super) fn people(&mut self) {
        let (mut things, mut companies): (Vec<Thing>, BTreeSet<CompanyId>) = <_>::default();
        for change in self.plan.people() {
            let how = match change.account() {
                Some([_, Some("true")]) => How::Joins,
                Some([_, Some("false")]) => How::Leaves,
                Some(_) | None => continue,
            };
            companies.insert(change.company());
            things.push(vec![Counted { ..self.item(&change, how) }]);
        }
        if things.is_empty() {
            return;
        }
        let known = self.active_accounts(&companies);
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

    /// How many accounts of these companies are active: all of them, or where that is not told of each, those that were looked
    /// up and are there already.
    fn active_accounts(&self, companies: &BTreeSet<CompanyId>) -> usize {
        let told: Option<u64> = companies.iter().map(|it| self.rules.accounts.get(it)).sum();
        told.map(|it| usize::try_from(it).unwrap_or(usize::MAX)).unwrap_or_else(|| {
            let new: BTreeSet<UserId> = self.plan.newcomers().map(|it| it.1).collect();
            self.rules.active.iter().filter(|it| *it.1 && !new.contains(it.0)).count()
        })
    }
}
