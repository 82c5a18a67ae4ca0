//! `requireReason`, `requireUntil` and `maxDuration`: what has to be written beside memberships, in some groups or by which
//! somebody holds what is privileged, and beside privileged roles outside groups.
//!
//! What no file asks for has neither a reason nor an end.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Breach, Scene, Side, Via};
use crate::model::{
    ids::CompanyId,
    index::{GroupIx, UserIx},
    plan::Line,
    rules::{Counted, How, Policy, Subject},
    state::{Fact, Key, Owner},
};

/// The lines of files by what they ask for.
pub(super) type Lines = BTreeMap<Key, Line>;

/// What has to be written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Written {
    Reason,
    Until,
    /// At most so many days.
    Days(i64),
}

impl Written {
    /// Whether it is, beside what begins at an instant and ends at another.
    fn is(self, line: Option<&Line>, ends: Option<Timestamp>, now: Timestamp) -> bool {
        match self {
            Self::Reason => line.is_some_and(|it| it.has_reason),
            Self::Until => ends.is_some(),
            // A day counts through its end.
            Self::Days(most) => ends.is_some_and(|ends| {
                let begins = line.and_then(|it| it.starts).unwrap_or(now);
                ends.duration_since(begins) <= SignedDuration::from_hours(24 * (most.saturating_add(1)))
            }),
        }
    }
}

impl Scene<'_> {
    pub(super) fn written(&self, policy: &Policy, what: Written) -> Vec<Breach> {
        let groups = match policy.groups.is_empty() {
            true => self
                .sides
                .groups()
                .into_iter()
                .filter(|it| policy.concerns(self.sides.company(*it)))
                .collect(),
            false => self.groups(policy),
        };
        let mut found = Vec::new();
        for group in groups {
            let grants = self.privileged(group, Side::After);
            if policy.groups.is_empty() && grants.is_empty() {
                continue;
            }
            let grants = if policy.groups.is_empty() { grants } else { BTreeSet::new() };
            let [mut new, mut old] = [Vec::new(), Vec::new()];
            for user in self.sides.after.members(group) {
                let who = (self.sides.company(group), user);
                let says = |lines| self.says(lines, what, (group, user), &grants);
                if !self.rules.may_act(self.sides.plan.index.user(user)) || says(&self.sides.plan.lines) {
                    continue;
                }
                let was = self.sides.before().has_member(group, user)
                    && (!policy.groups.is_empty() || !self.privileged(group, Side::Before).is_empty());
                let stood = was && self.before_lines.is_none_or(|it| !says(it));
                (if stood { &mut old } else { &mut new }).push(vec![self.member(&who, group)]);
            }
            let subject = Subject::Group(self.sides.company(group), self.name(group));
            found.extend(Breach::of(subject.clone(), false, new));
            found.extend(Breach::of(subject, true, old));
        }
        if policy.groups.is_empty() {
            found.extend(self.direct_written(policy, what));
        }
        found
    }

    /// The same of privileged roles outside groups.
    fn direct_written(&self, policy: &Policy, what: Written) -> Vec<Breach> {
        let mut found = Vec::new();
        let index = &self.sides.plan.index;
        for who in self.concerned(policy) {
            let Some([before, after]) = self.direct.get(&(who.0, index.user(who.1))) else { continue };
            let Some(person) = index.find_person(who.0, index.user(who.1)) else { continue };
            let [mut new, mut old] = [Vec::new(), Vec::new()];
            for role in after.iter().filter(|it| self.rules.privileged_direct.contains(it.kind().role_type()))
            {
                let key =
                    Key { owner: Owner::Person(person), fact: Fact::Direct(Box::new(role.kind().clone())) };
                let says = |lines: &Lines| {
                    let line = lines.get(&key);
                    what.is(line, line.and_then(|it| it.ends), self.now)
                };
                if says(&self.sides.plan.lines) {
                    continue;
                }
                let was = before.get(role.kind()).is_some();
                let stood = was && self.before_lines.is_none_or(|it| !says(it));
                (if stood { &mut old } else { &mut new }).push(Via::outside(role));
            }
            found.extend(self.breach_of(&who, false, new.iter(), &BTreeSet::new()));
            found.extend(self.breach_of(&who, true, old.iter(), &BTreeSet::new()));
        }
        found
    }

    /// Whether what has to be is written beside a membership. It ends with the group, and where only roles count, with them.
    fn says(
        &self,
        lines: &Lines,
        what: Written,
        (group, user): (GroupIx, UserIx),
        grants: &BTreeSet<Key>,
    ) -> bool {
        let key = |fact| Key { owner: Owner::Group(group), fact };
        let ends = |key: &Key| lines.get(key).and_then(|it| it.ends);
        let line = lines.get(&key(Fact::Member(user)));
        let roles = grants.iter().map(ends).collect::<Option<Vec<_>>>().and_then(|it| it.into_iter().max());
        let first = [line.and_then(|it| it.ends), ends(&key(Fact::Attributes)), roles];
        what.is(line, first.into_iter().flatten().min(), self.now)
    }

    /// The privileged roles that a group gives on a side.
    fn privileged(&self, group: GroupIx, side: Side) -> BTreeSet<Key> {
        let company = self.sides.company(group);
        let grants = self.state(side).grants(group).iter().map(|it| it.0.1);
        let privileged = grants.filter(|it| self.rules.is_privileged(company, *it));
        privileged.map(|it| Key { owner: Owner::Group(group), fact: Fact::Grant(it) }).collect()
    }

    /// That somebody is in a group.
    pub(super) fn member(&self, (company, user): &(CompanyId, UserIx), group: GroupIx) -> Counted {
        let key = Key { owner: Owner::Group(group), fact: Fact::Member(*user) };
        Counted {
            company: *company,
            group: Some(self.name(group)),
            person: Some(self.sides.plan.index.user(*user)),
            role: None,
            scope: None,
            how: How::Holds,
            from: self.said(&key),
        }
    }
}
