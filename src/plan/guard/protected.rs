//! `protected`: groups and people that lose nothing, whoever declares them or does not.

use std::collections::BTreeMap;

use super::{Judge, check, subject};
use crate::model::{
    ids::UserId,
    plan::{ChangeKind, GrantEffect, GroupChange},
    rules::{Guard, Limit, Subject},
    scope::Relation,
};

impl Judge<'_> {
    /// Protected groups keep their name, members and roles, and protected people every membership and all that
    /// they hold outside groups.
    ///
    /// A lock-out takes people out of protected groups too, as it names them; but to cut off somebody who is
    /// protected takes an exception.
    pub(super) fn protected(&mut self) {
        let rules = self.rules;
        let mut lost: BTreeMap<UserId, usize> = BTreeMap::new();
        for change in &self.plan.changes {
            for user in change.leaving().filter(|it| rules.protected_people.binary_search(it).is_ok()) {
                *lost.entry(user).or_default() += 1;
            }
            let is_meant =
                |(company, name): &(_, Box<str>)| (*company, &**name).cmp(&(change.company, &*change.name));
            let value =
                if rules.protected_groups.binary_search_by(is_meant).is_ok() { losses(change) } else { 0 };
            if value > 0 {
                self.found(check(Guard::Protected, subject(change), value, Limit::AtMost(0)));
            }
        }
        for change in &self.plan.users {
            if rules.protected_people.binary_search(&change.user).is_ok() {
                let value = change.roles.iter().filter(|it| it.effect.takes()).count();
                if value > 0 {
                    *lost.entry(change.user).or_default() += value;
                }
            }
        }
        for (user, value) in lost {
            self.found(check(Guard::Protected, Subject::Person(user), value, Limit::AtMost(0)));
        }
        let is_set = !rules.protected_groups.is_empty() || !rules.protected_people.is_empty();
        self.or_nothing(Guard::Protected, is_set);
    }
}

/// Returns how much a group loses: itself, its name, its members and its roles.
fn losses(change: &GroupChange) -> usize {
    let itself = match &change.kind {
        ChangeKind::Create { .. } => 0,
        ChangeKind::Alter { before, after } => usize::from(before.name != after.name),
        ChangeKind::Delete { .. } => 1,
    };
    let takes = |effect: &GrantEffect| match effect {
        GrantEffect::Remove { .. } => true,
        GrantEffect::Rescope { relation: Relation::Narrows | Relation::Changes, .. } => true,
        GrantEffect::Rescope { relation: Relation::Widens, .. } | GrantEffect::Add { .. } => false,
    };
    itself + change.leaving().count() - super::locked(change).count()
        + change.grants.iter().filter(|it| takes(&it.effect)).count()
}
