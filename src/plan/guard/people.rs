//! `people`: how many accounts are deactivated, activated or created.
//!
//! An export that went wrong would say of half a company that it left: so the share is one of each company, as a small one would
//! be nothing beside a large one. One account may always change: a share of few people would stop every leaver.

use std::collections::{BTreeMap, BTreeSet};

use super::{Judge, Thing, check};
use crate::model::{
    ids::{CompanyId, UserId},
    plan::Check,
    rules::{Guard, How, Level, Limit, Subject},
};

impl Judge<'_> {
    /// Counts the accounts that come and go, of each company and in one apply. Where none does nothing is said.
    pub(super) fn people(&mut self) {
        let mut things: Vec<Thing> = Vec::new();
        let mut own: BTreeMap<CompanyId, Vec<usize>> = BTreeMap::new();
        let mut coming: BTreeSet<UserId> = BTreeSet::new();
        for change in self.plan.people() {
            let how = match change.account() {
                Some([_, Some("true")]) => How::Joins,
                Some([_, Some("false")]) => How::Leaves,
                Some(_) | None => continue,
            };
            coming.extend(change.user().filter(|_| how == How::Joins));
            own.entry(change.company()).or_default().push(things.len());
            things.push(vec![self.item(&change, how)]);
        }
        if things.is_empty() {
            return;
        }
        let all: Vec<usize> = (0..things.len()).collect();
        let pool = self.exceptions.pool(Guard::People, None, things);
        for (company, own) in own {
            let known = self.active_accounts(company, &coming);
            if known < self.rules.people_from {
                continue;
            }
            let share = known.saturating_mul(self.rules.people_percent.into()) / 100;
            let check = check(Guard::People, Subject::Company(company), Limit::AtMost(share.max(1)));
            self.found(Check { level: Some(Level::People), of: Some(known), ..check }, &pool, &own);
        }
        let check = check(Guard::People, Subject::Plan, Limit::AtMost(self.rules.people_at_most));
        self.found(Check { level: Some(Level::People), ..check }, &pool, &all);
    }

    /// How many accounts of a company are active before: all of them, or where that is not told, those that were looked up.
    fn active_accounts(&self, company: CompanyId, coming: &BTreeSet<UserId>) -> usize {
        if let Some(told) = self.rules.accounts.get(&company) {
            return usize::try_from(*told).unwrap_or(usize::MAX);
        }
        let own = self.rules.homes.iter().filter(|it| *it.1 == company).map(|it| *it.0);
        own.filter(|it| self.rules.can_act(*it) && !coming.contains(it)).count()
    }
}
