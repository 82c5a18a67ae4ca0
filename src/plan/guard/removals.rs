//! `removals`: how many memberships, roles and groups go, and how many people lose everything.
//!
//! Counted per group, per person (roles outside groups), per company and in one apply. Whoever is cut off
//! everywhere is not counted: a lock-out must not wait for a limit. What an
//! exception allows one group or person is not counted in the sums either, nor
//! who loses everything by it, or one thing would take two exceptions.

use std::collections::{BTreeMap, BTreeSet};

use super::{Judge, locked, locked_direct, subject};
use crate::model::{
    ids::{CompanyId, UserId},
    plan::{ChangeKind, Check, GrantEffect, Verdict},
    rules::{Guard, Level, Limit, Subject},
};

/// What goes of a company.
#[derive(Default)]
struct Tally {
    /// How much there is.
    of: usize,
    /// How much goes.
    all: usize,
    /// How much of it no exception of a group or person allows.
    counted: usize,
    /// The exceptions that allow the rest.
    by: BTreeSet<usize>,
}

type Tallies = BTreeMap<(CompanyId, Level), Tally>;

impl Judge<'_> {
    pub(super) fn removals(&mut self) {
        let mut tallies = self.existing();
        let mut cut_off: BTreeSet<(CompanyId, UserId)> = BTreeSet::new();
        // Who loses by what an exception allows a group, and who by something else.
        let (mut allowed, mut otherwise) = (BTreeSet::new(), BTreeSet::new());
        for n in 0..self.sides.len() {
            let side = self.sides[n];
            let Some((_, change)) = side.change else { continue };
            cut_off.extend(locked(change).map(|it| (change.company, it)));
            let members = change.leaving().count() - locked(change).count();
            let is_removal = |it: &GrantEffect| match it {
                GrantEffect::Remove { .. } => true,
                GrantEffect::Add { .. } | GrantEffect::Rescope { .. } => false,
            };
            let roles = change.grants.iter().filter(|it| is_removal(&it.effect)).count();
            let groups = usize::from(matches!(change.kind, ChangeKind::Delete { .. }));
            let excepted = |judge: &Self, level, value| {
                judge.exception(Guard::Removals, Some(level), &subject(change), value).is_some()
            };
            let key = |user: UserId| (change.company, user);
            if members > 0 && excepted(self, Level::Members, members) {
                allowed.extend(change.leaving().map(key));
            } else {
                otherwise.extend(change.leaving().map(key));
            }
            // Whoever leaves would have lost these all the same.
            if roles > 0 && !excepted(self, Level::Roles, roles) {
                otherwise.extend(change.staying().chain(change.leaving()).map(key));
            }
            for (level, value, of) in [
                (Level::Members, members, Some(side.members_before().len())),
                (Level::Roles, roles, Some(side.roles_before().len())),
                (Level::Groups, groups, None),
            ] {
                self.count(&mut tallies, (change.company, level), &subject(change), value);
                self.of_one(level, subject(change), value, of);
            }
        }
        for change in &self.plan.users {
            let key = (change.company, change.user);
            let locked = locked_direct(change);
            if locked > 0 {
                cut_off.insert(key);
            }
            let value = change.removed() - locked;
            let subject = Subject::Person(change.user);
            if value > 0 && self.exception(Guard::Removals, Some(Level::Roles), &subject, value).is_some() {
                allowed.insert(key);
            } else if change.takes() {
                otherwise.insert(key);
            }
            self.count(&mut tallies, (change.company, Level::Roles), &subject, value);
            self.of_one(Level::Roles, subject, value, Some(change.before.len()));
        }
        for (company, user) in &self.plan.people.lose_everything {
            let key = (*company, *user);
            if allowed.contains(&key) && !otherwise.contains(&key) {
                tallies.entry((*company, Level::People)).or_default().all += 1;
            } else if !cut_off.contains(&key) {
                self.count(&mut tallies, (*company, Level::People), &Subject::Person(*user), 1);
            }
        }
        for (&(company, level), tally) in &tallies {
            let limit = Limit::Percent(self.rules.percent);
            if self.is_beyond(tally.all, Some(tally.of), limit) {
                self.used.extend(&tally.by);
            }
            self.found(Check {
                level: Some(level),
                of: Some(tally.of),
                ..super::check(Guard::Removals, Subject::Company(company), tally.counted, limit)
            });
        }
        for &level in Level::ALL {
            self.in_one_apply(&tallies, level);
        }
    }

    /// Adds what goes of one thing to the sums, unless an exception allows it.
    fn count(&self, tallies: &mut Tallies, key: (CompanyId, Level), subject: &Subject, value: usize) {
        if value == 0 {
            return;
        }
        let tally = tallies.entry(key).or_default();
        tally.all += value;
        match self.exception(Guard::Removals, Some(key.1), subject, value) {
            Some(n) => _ = tally.by.insert(n),
            None => tally.counted += value,
        }
    }

    /// Says what goes of one group, or one person, where it is too much.
    fn of_one(&mut self, level: Level, subject: Subject, value: usize, of: Option<usize>) {
        let limit = Limit::Percent(self.rules.percent);
        if self.is_beyond(value, of, limit) {
            let check = super::check(Guard::Removals, subject, value, limit);
            self.found(Check { level: Some(level), of, ..check });
        }
    }

    /// Says what goes in one apply. A company whose exception allows all that goes of it counts for nothing.
    fn in_one_apply(&mut self, tallies: &Tallies, level: Level) {
        let limit = Limit::AtMost(self.rules.at_most);
        let (mut all, mut counted, mut not_allowed) = (0, 0, 0);
        let (mut by, mut companies) = (BTreeSet::<usize>::new(), BTreeSet::<usize>::new());
        for (&(company, _), tally) in tallies.iter().filter(|it| it.0.1 == level) {
            all += tally.all;
            counted += tally.counted;
            by.extend(&tally.by);
            let subject = Subject::Company(company);
            match self.exception(Guard::Removals, Some(level), &subject, tally.counted) {
                Some(n) if tally.counted > 0 => _ = companies.insert(n),
                Some(_) | None => not_allowed += tally.counted,
            }
        }
        if self.is_beyond(all, None, limit) {
            self.used.extend(by);
        }
        let verdict = match companies.first() {
            _ if !self.is_beyond(counted, None, limit) => Verdict::Ok,
            Some(&first) if !self.is_beyond(not_allowed, None, limit) => {
                let from = self.exceptions[first].from;
                self.used.extend(companies);
                Verdict::Excepted { from }
            }
            Some(_) | None => Verdict::Stop,
        };
        let check = super::check(Guard::Removals, Subject::Plan, counted, limit);
        self.checks.push(Check { level: Some(level), verdict, ..check });
    }

    /// Returns how much there is of everything that was read; of groups, all that the company has.
    fn existing(&self) -> Tallies {
        let mut tallies = Tallies::new();
        let mut people: BTreeSet<(CompanyId, UserId)> = BTreeSet::new();
        let companies = self.plan.companies.iter().map(|it| it.company);
        let others = self.live.0.people.iter().map(|it| it.company);
        for company in companies.chain(self.sides.iter().map(|it| it.company)).chain(others) {
            for &level in Level::ALL {
                tallies.entry((company, level)).or_default();
            }
        }
        let mut add = |company, level, n| tallies.entry((company, level)).or_default().of += n;
        for overview in &self.plan.companies {
            add(overview.company, Level::Groups, overview.groups);
        }
        for side in &self.sides {
            let (members, roles) = (side.members_before(), side.roles_before());
            add(side.company, Level::Members, members.len());
            add(side.company, Level::Roles, roles.len());
            if !roles.is_empty() {
                people.extend(members.into_iter().map(|it| (side.company, it)));
            }
        }
        for person in &self.live.0.people {
            add(person.company, Level::Roles, person.roles.len());
            if !person.roles.is_empty() {
                people.insert(person.identity());
            }
        }
        for (company, _) in people {
            add(company, Level::People, 1);
        }
        tallies
    }
}
