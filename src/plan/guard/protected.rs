//! `protected`: groups and people that lose nothing, whoever declares them or does not.

use std::collections::BTreeMap;

use super::{Judge, check, subject};
use crate::model::{
    ids::UserId,
    plan::Change,
    rules::{Guard, Limit, Subject},
};

impl Judge<'_> {
    /// Protected groups keep their name, members and roles, and protected people every membership and all that
    /// they hold outside groups.
    ///
    /// A lock-out takes people out of protected groups too, as it names them; but to cut off somebody who is
    /// protected takes an exception.
    pub(super) fn protected(&mut self) {
        let rules = self.rules;
        let is_protected = |it: &UserId| rules.protected_people.binary_search(it).is_ok();
        let mut lost: BTreeMap<UserId, usize> = BTreeMap::new();
        for change in self.plan.changes() {
            for user in change.leaving().filter(is_protected) {
                *lost.entry(user).or_default() += 1;
            }
            if let Some(user) = change.user().filter(is_protected) {
                let value = change.direct().filter(|it| it.takes()).count();
                if value > 0 {
                    *lost.entry(user).or_default() += value;
                }
            }
            let is_meant =
                |(company, name): &(_, Box<str>)| (*company, &**name).cmp(&(change.company(), change.name()));
            let protected =
                change.group().is_some() && rules.protected_groups.binary_search_by(is_meant).is_ok();
            let value = if protected { losses(&change) } else { 0 };
            if value > 0 {
                self.found(check(Guard::Protected, subject(&change), value, Limit::AtMost(0)));
            }
        }
        for (user, value) in lost {
            self.found(check(Guard::Protected, Subject::Person(user), value, Limit::AtMost(0)));
        }
        let is_set = !rules.protected_groups.is_empty() || !rules.protected_people.is_empty();
        self.or_nothing(Guard::Protected, is_set);
    }
}

/// How much a group loses: itself, its name, its members and its roles.
fn losses(change: &Change<'_>) -> usize {
    let itself = match (change.attributes_before(), change.attributes_after()) {
        (Some(before), Some(after)) => before.name != after.name,
        (Some(_), None) => true,
        (None, _) => false,
    };
    usize::from(itself) + change.leaving().count() - change.locked_out().count()
        + change.grants().filter(|it| it.takes()).count()
}
