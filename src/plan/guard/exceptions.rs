//! Exceptions: which of the things that a guard counts they allow, which are needed, and which are too small.
//!
//! An exception is for all things that are so as it says, and allows them if they are no more than its number; what
//! a narrower one allows does not count. So the narrowest come first, and none is spent on what another allows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::{
    finding::Finding,
    rules::{self, Counted, Exception, ExceptionKey, Guard, Level, Rules},
    source::Place,
};

/// What counts once: a thing is allowed if everything that it comes about by is.
pub(super) type Thing = Vec<Counted>;

/// The exceptions in force, and what became of them.
pub(super) struct Exceptions<'a> {
    /// Sorted by how much they say, the most first; then in the order of the file.
    all: Vec<&'a Exception>,
    /// Where the journal of what is rolled back says what that gave: the exception after all others.
    journal: Option<Place>,
    needed: BTreeSet<usize>,
    /// How much there is of what those are for that are too small and would be needed.
    missed: BTreeMap<usize, usize>,
}

/// Things of one kind, and which exceptions allow them.
pub(super) struct Pool {
    things: Vec<Thing>,
    /// By thing and item, the exception that allows it.
    by: Vec<Vec<Option<usize>>>,
    /// By thing, the exception for a whole company that allows it, which counts in sums only.
    by_company: Vec<Option<usize>>,
    /// The exceptions that are for more things than they allow, with how many these are.
    too_small: BTreeMap<usize, usize>,
}

impl Pool {
    pub(super) fn items(&self, at: usize) -> &[Counted] {
        &self.things[at]
    }

    pub(super) fn len(&self) -> usize {
        self.things.len()
    }

    /// Whether exceptions allow a thing; those for a whole company do in sums only.
    pub(super) fn is_allowed(&self, at: usize, in_sums: bool) -> bool {
        self.by[at].iter().all(Option::is_some) || in_sums && self.by_company[at].is_some()
    }

    /// The exceptions that allow a thing.
    fn of(&self, at: usize) -> impl Iterator<Item = usize> {
        let narrow = self.by[at].iter().all(Option::is_some);
        let by = if narrow { self.by[at].clone() } else { vec![self.by_company[at]] };
        by.into_iter().flatten()
    }

    /// What allows each item, for things that come about by them.
    pub(super) fn allowed_items(&self) -> impl Iterator<Item = (&Counted, usize)> {
        let by = self.things.iter().zip(&self.by).flat_map(|(things, by)| things.iter().zip(by));
        by.filter_map(|(item, by)| Some((item, (*by)?)))
    }
}

impl<'a> Exceptions<'a> {
    pub(super) fn new(rules: &'a Rules, now: Timestamp) -> Self {
        let mut all: Vec<&Exception> = rules.exceptions.iter().filter(|it| it.holds(now)).collect();
        all.sort_by_key(|it| (std::cmp::Reverse(it.target.keys()), it.from));
        let journal = rules.undone.as_ref().map(|it| it.from);
        Self { all, journal, needed: BTreeSet::new(), missed: BTreeMap::new() }
    }

    /// What stands for the journal among the exceptions, where there is one.
    pub(super) fn journal(&self) -> Option<usize> {
        self.journal.map(|_| self.all.len())
    }

    /// Says what the exceptions allow of things that a guard counts, those that have the key `must` where one is given.
    pub(super) fn pool(&self, guard: Guard, must: Option<ExceptionKey>, things: Vec<Thing>) -> Pool {
        self.covered((guard, None, None), must, things, |_| None)
    }

    /// The same of what breaks a policy.
    pub(super) fn policy(&self, name: &str, things: Vec<Thing>) -> Pool {
        self.covered((Guard::Policies, None, Some(name)), None, things, |_| None)
    }

    /// The same of a level of `removals`, where `known` says what exceptions at other levels allow already.
    pub(super) fn removals(
        &self,
        level: Level,
        things: Vec<Thing>,
        known: impl Fn(&Counted) -> Option<usize>,
    ) -> Pool {
        self.covered((Guard::Removals, Some(level), None), None, things, known)
    }

    fn covered(
        &self,
        what: (Guard, Option<Level>, Option<&str>),
        must: Option<ExceptionKey>,
        things: Vec<Thing>,
        known: impl Fn(&Counted) -> Option<usize>,
    ) -> Pool {
        let by: Vec<Vec<Option<usize>>> = things.iter().map(|it| it.iter().map(&known).collect()).collect();
        let by_company = vec![None; things.len()];
        let mut pool = Pool { things, by, by_company, too_small: BTreeMap::new() };
        let is_meant = |it: &Exception| {
            (it.guard, it.level, it.policy.as_deref()) == what && must.is_none_or(|key| it.target.names(key))
        };
        for (n, exception) in self.all.iter().enumerate().filter(|it| is_meant(it.1)) {
            let is_for = |at: usize, item: usize| {
                pool.by[at][item].is_none()
                    && pool.by_company[at].is_none()
                    && exception.target.fits(&pool.things[at][item])
            };
            let items = (0..pool.len()).flat_map(|at| (0..pool.things[at].len()).map(move |it| (at, it)));
            let items: Vec<(usize, usize)> = items.filter(|(at, item)| is_for(*at, *item)).collect();
            let counted = items.chunk_by(|a, b| a.0 == b.0).count();
            if counted > exception.up_to {
                pool.too_small.insert(n, counted);
                continue;
            }
            for (at, item) in items {
                if exception.target.is_company() {
                    pool.by_company[at].get_or_insert(n);
                } else {
                    pool.by[at][item] = Some(n);
                }
            }
        }
        pool
    }

    /// Notes that what allows these things is needed, and returns where the first of it is written.
    pub(super) fn needed(&mut self, pool: &Pool, allowed: &[usize]) -> Option<Place> {
        let by: BTreeSet<usize> = allowed.iter().flat_map(|it| pool.of(*it)).collect();
        self.needed.extend(&by);
        by.into_iter().filter_map(|it| self.all.get(it).map(|it| it.from).or(self.journal)).min()
    }

    /// Notes which exceptions would have allowed these things, were they large enough.
    pub(super) fn missed(&mut self, pool: &Pool, at: &[usize]) {
        for (&n, &counted) in &pool.too_small {
            let target = &self.all[n].target;
            if at.iter().flat_map(|it| pool.items(*it)).any(|it| target.fits(it)) {
                self.missed.insert(n, counted);
            }
        }
    }

    /// Returns what is odd about them, sorted by place: that nothing needs one, or that it is too small.
    pub(super) fn remarks(&self) -> Vec<Finding> {
        let idle = self.all.iter().enumerate().filter(|(n, _)| !self.needed.contains(n));
        let remark = |(n, it): (usize, &&Exception)| match self.missed.get(&n) {
            Some(counted) => rules::too_small(it, *counted),
            None => rules::unused(it.rule(), it.from),
        };
        let mut remarks: Vec<Finding> = idle.map(remark).collect();
        remarks.sort();
        remarks
    }
}
