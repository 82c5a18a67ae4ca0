//! `maxMembers`, `minMembers`, `requiredMembers` and `allowedDomains`: who is in a group, and how many.

use std::collections::BTreeSet;

use super::{Breach, Scene, Side};
use crate::model::{
    ids::{CompanyId, UserId},
    index::{GroupIx, UserIx},
    rules::{Counted, How, Policy, Subject, Unread},
};

impl Scene<'_> {
    /// More than before and too many is new; as many as before or fewer stood.
    pub(super) fn max_members(&self, policy: &Policy, most: usize) -> Vec<Breach> {
        let mut found = Vec::new();
        for group in self.groups(policy) {
            let count = |side| self.state(side).members(group).len();
            let (before, after) = (count(Side::Before), count(Side::After));
            if after > most {
                let company = self.sides.company(group);
                let members =
                    self.sides.after.members(group).map(|it| vec![self.member(&(company, it), group)]);
                let breach = Breach::of(self.group(group), after <= before, members.collect());
                found.extend(breach.map(|it| Breach { most, ..it }));
            }
        }
        found
    }

    /// Counts who can act: each who is missing is one.
    pub(super) fn min_members(&self, policy: &Policy, least: usize) -> Vec<Breach> {
        let mut found = Vec::new();
        for group in self.groups(policy) {
            let can_act = |it: &UserIx| self.rules.may_act(self.sides.plan.index.user(*it));
            let count = |side| self.state(side).members(group).filter(can_act).count();
            let (before, after) = (count(Side::Before), count(Side::After));
            let missing = vec![vec![self.lacking(group, None)]; least.saturating_sub(after)];
            let was = self.sides.before().attributes(group).is_some();
            found.extend(Breach::of(self.group(group), was && before <= after, missing));
        }
        found
    }

    /// Who is nobody that the directory knows is in no group.
    pub(super) fn required_members(&self, policy: &Policy, people: &[Option<UserId>]) -> Vec<Breach> {
        let mut found = Vec::new();
        for group in self.groups(policy) {
            let is_in = |side, person: &Option<UserId>| {
                let user = person.and_then(|it| self.sides.plan.index.find_user(it));
                user.is_some_and(|it| self.state(side).has_member(group, it))
            };
            let was = self.sides.before().attributes(group).is_some();
            let missing = people.iter().filter(|it| !is_in(Side::After, it));
            let (old, new): (Vec<_>, Vec<_>) = missing.partition(|it| was && !is_in(Side::Before, it));
            for (stood, people) in [(false, new), (true, old)] {
                let things = people.into_iter().map(|it: &Option<UserId>| vec![self.lacking(group, *it)]);
                found.extend(Breach::of(self.group(group), stood, things.collect()));
            }
        }
        found
    }

    /// Of whom no address is told is not known to be of a domain.
    pub(super) fn allowed_domains(&self, policy: &Policy, domains: &[Box<str>]) -> Vec<Breach> {
        let groups: BTreeSet<GroupIx> = match policy.groups.is_empty() {
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
            let company = self.sides.company(group);
            let [mut new, mut old, mut untold] = [Vec::new(), Vec::new(), Vec::new()];
            for user in self.sides.after.members(group) {
                let person = self.sides.plan.index.user(user);
                if !self.rules.may_act(person) {
                    continue;
                }
                let Some(address) = self.rules.names.get(&person) else {
                    untold.push(vec![Counted { how: How::Unknown, ..self.member(&(company, user), group) }]);
                    continue;
                };
                let domain = address.rsplit_once('@').map_or("", |it| it.1);
                if !domains.iter().any(|it| it.eq_ignore_ascii_case(domain)) {
                    let stood = self.sides.before().has_member(group, user);
                    (if stood { &mut old } else { &mut new })
                        .push(vec![self.member(&(company, user), group)]);
                }
            }
            found.extend(Breach::of(self.group(group), false, new));
            found.extend(Breach::of(self.group(group), true, old));
            let untold = Breach::of(self.group(group), false, untold);
            found.extend(untold.map(|it| Breach { unread: Some(Unread::Addresses), ..it }));
        }
        found
    }

    fn group(&self, group: GroupIx) -> Subject {
        Subject::Group(self.sides.company(group), self.name(group))
    }

    /// That somebody is not in a group.
    fn lacking(&self, group: GroupIx, person: Option<UserId>) -> Counted {
        let company: CompanyId = self.sides.company(group);
        let group = Some(self.name(group));
        Counted { company, group, person, role: None, scope: None, how: How::Lacks, from: None }
    }
}
