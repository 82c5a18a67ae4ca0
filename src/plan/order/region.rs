//! Scopes as small numbers: each distinct one is kept once, and each question about two is answered once.
//!
//! A plan asks the same few questions for every person it moves; the answers are
//! those of [`Scope`]. Never shows the order of its tables.

use std::{collections::HashMap, rc::Rc};

use crate::model::scope::Scope;

/// A scope among those of one plan; equal exactly where the scopes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Region(u32);

impl Region {
    /// The scope that allows nothing.
    pub(super) const NOWHERE: Self = Self(0);

    pub(super) fn is_nowhere(self) -> bool {
        self == Self::NOWHERE
    }
}

type Answers<T> = HashMap<(Region, Region), T>;

/// All scopes met so far.
#[derive(Debug)]
pub(super) struct Regions {
    scopes: Vec<Rc<Scope>>,
    numbers: HashMap<Rc<Scope>, Region>,
    meets: Answers<Region>,
    unions: Answers<Region>,
    rests: Answers<Region>,
    contains: Answers<bool>,
}

impl Regions {
    /// Returns a table that knows nothing but the empty scope.
    pub(super) fn new() -> Self {
        let nothing = Rc::new(Scope::default());
        Self {
            scopes: vec![Rc::clone(&nothing)],
            numbers: HashMap::from([(nothing, Region::NOWHERE)]),
            meets: HashMap::new(),
            unions: HashMap::new(),
            rests: HashMap::new(),
            contains: HashMap::new(),
        }
    }

    /// Returns the number of a scope; copies it only where it is new.
    pub(super) fn of(&mut self, scope: &Scope) -> Region {
        match self.numbers.get(scope) {
            Some(known) => *known,
            None => self.add(scope.clone()),
        }
    }

    fn add(&mut self, scope: Scope) -> Region {
        if let Some(known) = self.numbers.get(&scope) {
            return *known;
        }
        let region = Region(u32::try_from(self.scopes.len()).expect("fewer scopes than memory holds"));
        let scope = Rc::new(scope);
        self.scopes.push(Rc::clone(&scope));
        self.numbers.insert(scope, region);
        region
    }

    fn scope(&self, region: Region) -> &Scope {
        &self.scopes[region.0 as usize]
    }

    /// Returns what both allow; perhaps more, never less.
    pub(super) fn meet(&mut self, a: Region, b: Region) -> Region {
        if a == b || a.is_nowhere() || b.is_nowhere() {
            return a.min(b);
        }
        if let Some(known) = self.meets.get(&(a, b)) {
            return *known;
        }
        let met = self.scope(a).meet(self.scope(b));
        let met = self.add(met);
        self.meets.insert((a, b), met);
        met
    }

    /// Returns what either allows.
    pub(super) fn union(&mut self, a: Region, b: Region) -> Region {
        if a == b || a.is_nowhere() || b.is_nowhere() {
            return a.max(b);
        }
        let key = (a.min(b), a.max(b));
        if let Some(known) = self.unions.get(&key) {
            return *known;
        }
        let union = self.scope(a).clone().union(self.scope(b).clone());
        let union = self.add(union);
        self.unions.insert(key, union);
        union
    }

    /// Returns what is left of `a` without `b`; perhaps more, never less.
    pub(super) fn without(&mut self, a: Region, b: Region) -> Region {
        if a.is_nowhere() || b.is_nowhere() {
            return a;
        }
        if a == b {
            return Region::NOWHERE;
        }
        if let Some(known) = self.rests.get(&(a, b)) {
            return *known;
        }
        let rest = if self.contains(b, a) {
            Region::NOWHERE
        } else {
            let rest = self.scope(a).without(self.scope(b));
            self.add(rest)
        };
        self.rests.insert((a, b), rest);
        rest
    }

    /// Returns what is left of `a` without what both `b` and `c` allow; perhaps more, never less.
    pub(super) fn without_both(&mut self, a: Region, b: Region, c: Region) -> Region {
        let (left, right) = (self.without(a, b), self.without(a, c));
        self.union(left, right)
    }

    /// Whether `a` allows all of `b`; a doubt is a no.
    pub(super) fn contains(&mut self, a: Region, b: Region) -> bool {
        if a == b || b.is_nowhere() {
            return true;
        }
        if a.is_nowhere() {
            return false;
        }
        if let Some(known) = self.contains.get(&(a, b)) {
            return *known;
        }
        let inside = self.scope(a).contains(self.scope(b));
        self.contains.insert((a, b), inside);
        inside
    }
}
