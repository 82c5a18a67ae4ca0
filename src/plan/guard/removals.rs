//! `removals`: how many memberships, roles and groups go, and how many people lose everything.
//!
//! Counted per group, per person (roles outside groups), per company and in one apply. Whoever is cut off
//! everywhere is not counted: a lock-out must not wait for a limit. What an
//! exception allows one group or person is not counted in the sums either, nor
//! who loses everything by it, or one thing would take two exceptions.

use std::collections::{BTreeMap, BTreeSet};

use super::{Judge, locked_direct, subject};
use crate::model::{
    ids::{CompanyId, UserId},
    plan::{Action, Check, Loser, Verdict},
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
        let plan = self.plan;
        for change in plan.changes() {
            let (company, subject) = (change.company(), subject(&change));
            let key = |user: UserId| (company, user);
            let excepted = |judge: &Self, level, value| {
                judge.exception(Guard::Removals, Some(level), &subject, value).is_some()
            };
            let Some(group) = change.group() else {
                let Some(user) = change.user() else { continue };
                let locked = locked_direct(&change);
                if locked > 0 {
                    cut_off.insert(key(user));
                }
                let value = change.direct().filter(|it| it.removes()).count() - locked;
                if value > 0 && excepted(self, Level::Roles, value) {
                    allowed.insert(key(user));
                } else if change.takes() {
                    otherwise.insert(key(user));
                }
                let of = Some(change.direct_before().len());
                self.count(&mut tallies, (company, Level::Roles), &subject, value);
                self.of_one(Level::Roles, subject, value, of);
                continue;
            };
            cut_off.extend(change.locked_out().map(key));
            let members = change.leaving().count() - change.locked_out().count();
            let roles = change.grants().filter(|it| it.removes()).count();
            let groups = usize::from(change.action() == Action::Delete);
            if members > 0 && excepted(self, Level::Members, members) {
                allowed.extend(change.leaving().map(key));
            } else {
                otherwise.extend(change.leaving().map(key));
            }
            // Whoever leaves would have lost these all the same.
            if roles > 0 && !excepted(self, Level::Roles, roles) {
                otherwise.extend(change.staying().chain(change.leaving()).map(key));
            }
            let live = self.sides.before();
            for (level, value, of) in [
                (Level::Members, members, Some(live.members(group).len())),
                (Level::Roles, roles, Some(live.grants(group).len())),
                (Level::Groups, groups, None),
            ] {
                self.count(&mut tallies, (company, level), &subject, value);
                self.of_one(level, subject.clone(), value, of);
            }
        }
        for Loser { company, user } in &self.effects.people.lose_everything {
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
        let (live, sides, index) = (self.sides.before(), self.sides, &self.plan.index);
        let companies = self.plan.companies.iter().map(|it| it.company);
        let people = live.people().map(|it| index.person(it.0).0);
        let groups = sides.groups().into_iter().map(|it| sides.company(it));
        for company in companies.chain(groups).chain(people) {
            for &level in Level::ALL {
                tallies.entry((company, level)).or_default();
            }
        }
        let mut add = |company, level, n| tallies.entry((company, level)).or_default().of += n;
        for overview in &self.plan.companies {
            add(overview.company, Level::Groups, overview.groups);
        }
        let mut holders: BTreeSet<(CompanyId, UserId)> = BTreeSet::new();
        for (group, _) in live.groups() {
            let (company, grants) = (sides.company(*group), live.grants(*group).len());
            add(company, Level::Members, live.members(*group).len());
            add(company, Level::Roles, grants);
            if grants > 0 {
                holders.extend(live.members(*group).map(|it| (company, index.user(it))));
            }
        }
        for (person, roles) in live.people() {
            add(index.person(person).0, Level::Roles, roles.count());
            holders.insert(index.person(person));
        }
        for (company, _) in holders {
            add(company, Level::People, 1);
        }
        tallies
    }
}
