//! `protected`: groups and people that lose nothing, whoever declares them or does not.

use super::{Judge, Thing, subject};
use crate::{
    model::{
        ids::UserId,
        plan::Change,
        rules::{Counted, ExceptionKey, Guard, HeldRole, How, Limit, Subject},
    },
    plan::effective::Outcome,
};

impl Judge<'_> {
    /// Protected groups keep their name, members and roles, and protected people every membership, every direct role,
    /// all that their groups give them, and everybody they approve for or manage.
    ///
    /// A lock-out is no exception: to take somebody out of a protected group, or to cut off somebody who is protected, takes
    /// one.
    pub(super) fn protected(&mut self) {
        let rules = self.rules;
        let is_protected = |it: &UserId| rules.protected_people.binary_search(it).is_ok();
        let mut lost: Vec<(Subject, Thing)> = Vec::new();
        let mut lost_by_groups: Vec<(Subject, Thing)> = Vec::new();
        for change in self.plan.changes() {
            for user in change.leaving().filter(is_protected) {
                let item = Counted { person: Some(user), ..self.item(&change, How::Leaves) };
                lost.push((Subject::Person(user), vec![item]));
            }
            if let Some(user) = change.user().filter(is_protected) {
                for edit in change.direct().filter(|it| it.takes()) {
                    lost.push((Subject::Person(user), vec![self.direct(&change, edit, How::Loses)]));
                }
            }
            let is_meant =
                |(company, name): &(_, Box<str>)| (*company, &**name).cmp(&(change.company(), change.name()));
            if change.group().is_some() && rules.protected_groups.binary_search_by(is_meant).is_ok() {
                let losses = self.losses(&change);
                lost_by_groups.extend(losses.into_iter().map(|it| (subject(&change), vec![it])));
            }
        }
        for outcome in self.effects.outcomes {
            let user = self.plan.index.user(outcome.user);
            if !is_protected(&user) {
                continue;
            }
            for role in &outcome.fate.roles {
                // Who leaves a group is counted by that.
                let stays = role.lost.iter().filter(|it| self.sides.after.has_member(it.0, outcome.user));
                let causes: Thing = stays
                    .map(|(group, scope)| Counted {
                        company: outcome.company,
                        group: Some(self.name(*group)),
                        person: Some(user),
                        role: Some(HeldRole::Role(role.role)),
                        scope: Some((*scope).clone()),
                        how: How::Loses,
                        from: None,
                    })
                    .collect();
                if !causes.is_empty() {
                    lost.push((Subject::Person(user), causes));
                }
            }
        }
        let losses = self.acting_losses();
        for ((_, user), thing) in losses.iter().filter(|it| is_protected(&it.0.1)) {
            lost.push((Subject::Person(*user), thing.clone()));
        }
        // To take from a person who is protected takes an exception for that person, whatever is so for the group.
        self.none_of(Guard::Protected, Some(ExceptionKey::Person), lost);
        self.none_of(Guard::Protected, Some(ExceptionKey::Group), lost_by_groups);
        // Who it should protect may be among those who lose. A lock-out names its people, and waits for no other name.
        let locked = self.locked_out();
        let who = |it: &Outcome<'_>| (it.company, self.plan.index.user(it.user));
        let losers = self.effects.outcomes.iter().filter(|it| it.loses()).map(who);
        let mut losers = losers.chain(losses.into_keys());
        if !rules.unmatched.is_empty() && losers.any(|it| !locked.contains(&it)) {
            self.fact(Guard::Protected, rules.unmatched.len(), Limit::AtMost(0));
        }
        let is_set = !rules.protected_groups.is_empty() || !rules.protected_people.is_empty();
        self.or_nothing(Guard::Protected, is_set);
    }

    /// What a group loses: itself, its name, its members and its roles.
    fn losses(&self, change: &Change<'_>) -> Vec<Counted> {
        let item = |how| self.item(change, how);
        let itself = match (change.attributes_before(), change.attributes_after()) {
            (Some(before), Some(after)) => (before.name != after.name).then_some(How::Renamed),
            (Some(_), None) => Some(How::Deleted),
            (None, _) => None,
        };
        let members = change.leaving().map(|it| Counted { person: Some(it), ..item(How::Leaves) });
        let roles = change.grants().filter(|it| it.takes()).map(|edit| {
            let scope = change.group().zip(edit.role()).and_then(|it| self.sides.before().scope(it.0, it.1));
            Counted { role: edit.role().map(HeldRole::Role), scope: scope.cloned(), ..item(How::Loses) }
        });
        itself.map(item).into_iter().chain(members).chain(roles).collect()
    }
}
