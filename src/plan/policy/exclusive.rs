//! `exclusive`: members of its groups reach nothing but the named companies, through any group or role outside groups.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Breach, Scene, Side, Via};
use crate::model::{
    ids::CompanyId,
    index::{GroupIx, UserIx},
    rules::{HeldRole, Policy, Subject},
    scope::Scope,
};

/// Parts of what groups give that are beyond the companies, by group and side.
type Beyond = HashMap<(GroupIx, Side), Vec<(Via, Scope)>>;

impl Scene<'_> {
    /// Whatever is not plainly within the companies is beyond them: everything that a scope names without a company, and what
    /// has a form that nobody can read.
    pub(super) fn exclusive(&self, policy: &Policy, allowed: &[CompanyId]) -> Vec<Breach> {
        let (groups, allowed) = (self.groups(policy), Scope::companies(allowed.iter().copied()));
        let mut beyond = Beyond::new();
        let mut found = Vec::new();
        for who in self.concerned(policy) {
            let after = self.beyond(&who, Side::After, &allowed, &mut beyond);
            if after.is_empty() {
                continue;
            }
            let mut before: BTreeMap<HeldRole, Scope> = BTreeMap::new();
            if self.is_in(&groups, &who, Side::Before) {
                for (via, scope) in self.beyond(&who, Side::Before, &allowed, &mut beyond) {
                    let known = before.remove(&via.role).unwrap_or_default();
                    before.insert(via.role, known.union(scope));
                }
            }
            let stood = |via: &Via, scope: &Scope| before.get(&via.role).is_some_and(|it| it.contains(scope));
            let (old, new): (Vec<_>, Vec<_>) = after.into_iter().partition(|(via, it)| stood(via, it));
            for (stood, vias) in [(false, new), (true, old)] {
                found.extend(self.breach_of(&who, stood, vias.iter().map(|it| &it.0), &groups));
            }
        }
        found
    }

    /// A breach by one person, where there is anything.
    pub(super) fn breach_of<'v>(
        &self,
        who: &(CompanyId, UserIx),
        stood: bool,
        vias: impl Iterator<Item = &'v Via>,
        groups: &BTreeSet<GroupIx>,
    ) -> Option<Breach> {
        let by: Vec<_> = vias.map(|it| self.counted(who, it, groups)).collect();
        let subject = Subject::Person(self.sides.plan.index.user(who.1));
        Breach::of(subject, stood, if by.is_empty() { Vec::new() } else { vec![by] })
    }

    /// All that somebody holds on a side beyond the allowed, each with the part of it that is.
    fn beyond(
        &self,
        who: &(CompanyId, UserIx),
        side: Side,
        allowed: &Scope,
        known: &mut Beyond,
    ) -> Vec<(Via, Scope)> {
        let beyond = |via: Via| {
            let scope = via.scope.without(allowed);
            (!scope.is_empty()).then_some((via, scope))
        };
        let mut found = Vec::new();
        for part in self.parts(who).iter().filter(|it| it.is_on(side)) {
            let given = known
                .entry((part.group, side))
                .or_insert_with(|| self.given(part.group, side).filter_map(beyond).collect());
            found.extend_from_slice(given);
        }
        found.extend(self.outside(who, side).filter_map(beyond));
        found
    }
}
