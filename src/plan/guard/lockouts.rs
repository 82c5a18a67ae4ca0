//! `lockouts`: how many people are cut off everywhere, and how many memberships go by that.
//!
//! A lock-out waits for none of the limits on removals, as it is meant for one person at once. A list that a script wrote
//! could cut off a whole company by it, so it has limits of its own, which the files cannot lift in the same breath: more
//! takes an approval of the plan.

use std::collections::BTreeMap;

use super::{Judge, Thing, check};
use crate::model::{
    ids::UserId,
    plan::Check,
    rules::{Counted, Guard, How, Level, Limit, Subject},
};

impl Judge<'_> {
    /// Counts who is cut off and loses something by that, and the memberships. Where nobody is nothing is said.
    pub(super) fn lockouts(&mut self) {
        let mut people: BTreeMap<UserId, Thing> = BTreeMap::new();
        let mut memberships: Vec<Thing> = Vec::new();
        for change in self.plan.changes() {
            for person in change.locked_out() {
                let item = Counted { person: Some(person), ..self.item(&change, How::Leaves) };
                people.entry(person).or_default().push(item.clone());
                memberships.push(vec![item]);
            }
            let Some(person) = change.user() else { continue };
            for edit in change.direct().filter(|it| it.takes() && change.note(it).why.is_lockout()) {
                people.entry(person).or_default().push(self.direct(&change, edit, How::Loses));
            }
        }
        if people.is_empty() {
            return;
        }
        let rules = self.rules;
        for (level, things, most) in [
            (Level::People, people.into_values().collect::<Vec<_>>(), rules.lockout_people),
            (Level::Members, memberships, rules.lockout_memberships),
        ] {
            let all: Vec<usize> = (0..things.len()).collect();
            let pool = self.exceptions.pool(Guard::Lockouts, None, things);
            let check = check(Guard::Lockouts, Subject::Plan, Limit::AtMost(most));
            self.found(Check { level: Some(level), ..check }, &pool, &all);
        }
    }
}
