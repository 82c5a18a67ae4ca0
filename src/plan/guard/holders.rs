//! Who holds the privileged roles: `last-holder`, and the floors that an order has to keep.
//!
//! A holder is a person in a group of the company that has the role, on whatever scope, whose account is known to be
//! active. Direct roles are read of few people: who else holds one is known where a policy has everybody's read, or where
//! enough of those stay that were read. Anywhere else the guard says that it could not judge.

use std::collections::{BTreeMap, BTreeSet};

use super::{Judge, check};
use crate::{
    model::{
        direct::{DirectRoles, Kind},
        ids::{CompanyId, RoleId, UserId},
        index::UserIx,
        plan::{Check, Plan, Verdict},
        rules::{Counted, Guard, HeldRole, How, Limit, Rules, Subject, Unread},
        state::State,
    },
    plan::effective::{self, Sides},
};

/// Returns the privileged roles that would have too few holders for a moment, if all who lose them lost
/// them before the first who gains them: here an order has to add before it removes.
pub fn floors(sides: &Sides<'_>, rules: &Rules) -> BTreeSet<(CompanyId, RoleId)> {
    let floors = |rules: &Rules| {
        let holders = Holders::all(sides, rules).into_iter();
        holders.filter(|(_, it)| it.needs_order(rules)).map(|it| it.0).collect::<Vec<_>>()
    };
    rules.all_for(Guard::LastHolder).flat_map(floors).collect()
}

/// Whether a plan takes somebody out of a group that has a privileged role, or takes such a role from a group: then it
/// matters who else holds one.
pub fn takes_privileged(plan: &Plan, rules: &Rules) -> bool {
    plan.groups().any(|change| {
        let is_privileged =
            |role| rules.all_for(Guard::LastHolder).any(|it| it.is_privileged(change.company(), role));
        let taken = change.grants().any(|it| it.removes() && it.role().is_some_and(is_privileged));
        taken || change.leaving().next().is_some() && change.roles_before().any(|it| is_privileged(it.0))
    })
}

/// Who holds a role before and after.
#[derive(Default)]
struct Holders {
    before: BTreeSet<UserIx>,
    after: BTreeSet<UserIx>,
}

impl Holders {
    /// Returns the holders of every privileged role, held or not.
    fn all(sides: &Sides<'_>, rules: &Rules) -> BTreeMap<(CompanyId, RoleId), Self> {
        let mut all: BTreeMap<(CompanyId, RoleId), Self> =
            rules.privileged.iter().map(|it| (*it, Self::default())).collect();
        if all.is_empty() {
            return all;
        }
        let mut add = |state: &State, holders: fn(&mut Self) -> &mut BTreeSet<UserIx>| {
            for ((group, role), _) in state.all_grants() {
                if let Some(found) = all.get_mut(&(sides.company(*group), *role)) {
                    let able = |it: &UserIx| rules.may_act(sides.plan.index.user(*it));
                    holders(found).extend(state.members(*group).filter(able));
                }
            }
        };
        add(sides.before(), |it| &mut it.before);
        add(&sides.after, |it| &mut it.after);
        // Who is not known to be active may be the last who could act, and is nobody to rely on: that counts as a holder only
        // where it is lost. What else was read, of other companies, must not make a plan look harmless.
        let known = |it: &UserIx| rules.can_act(sides.plan.index.user(*it));
        for Self { before, after } in all.values_mut() {
            before.retain(|it| known(it) || !after.contains(it));
            after.retain(known);
        }
        all
    }

    fn staying(&self) -> impl Iterator<Item = UserIx> {
        self.before.intersection(&self.after).copied()
    }

    fn needs_order(&self, rules: &Rules) -> bool {
        self.staying().count() < rules.holders.min(self.before.len()).min(self.after.len())
    }
}

impl Judge<'_> {
    /// Each privileged role keeps enough holders, or all it has, after every step.
    pub(super) fn last_holder(&mut self) {
        let (plan, effects) = (self.plan, self.effects);
        let company_of = |n: usize| plan.change(n).map(|it| it.company());
        for ((company, role), holders) in Holders::all(self.sides, self.rules) {
            let gaps = effects.gaps.iter();
            let lacking: BTreeSet<UserId> = gaps
                .filter(|it| it.role == role && company_of(it.taken) == Some(company))
                .map(|it| it.user)
                .collect();
            // Where the order adds before it removes, there are never fewer than at the poorer end.
            let fewest = if holders.needs_order(self.rules) && !effects.unmet.contains(&(company, role)) {
                holders.before.len().min(holders.after.len())
            } else {
                holders.staying().filter(|it| !lacking.contains(&plan.index.user(*it))).count()
            };
            let missing = self.rules.holders.min(holders.before.len()).saturating_sub(fewest);
            let one = Counted {
                company,
                group: None,
                person: None,
                role: Some(HeldRole::Role(role)),
                scope: None,
                how: How::Loses,
                from: None,
            };
            let pool = self.exceptions.pool(Guard::LastHolder, None, vec![vec![one]; missing]);
            let check = check(Guard::LastHolder, Subject::Role(company, role), Limit::AtMost(0));
            self.found(check, &pool, &(0..missing).collect::<Vec<_>>());
            // What stops it is told by who no longer holds the role.
            if let Some(check) = self.checks.last_mut().filter(|it| !it.items.is_empty()) {
                let lost = holders.before.difference(&holders.after).map(|it| plan.index.user(*it));
                let one = |person| Counted { person: Some(person), ..check.items[0].clone() };
                let lost: Vec<Counted> = lost.chain(lacking).map(one).collect();
                check.items = lost;
                check.items.sort();
                check.items.dedup();
            }
        }
        self.last_direct_holder();
        self.or_nothing(Guard::LastHolder, false);
    }

    /// The same of each privileged direct role that goes from somebody. No order of steps gives one before it is taken from
    /// somebody else, so that only those count who hold it all the time.
    fn last_direct_holder(&mut self) {
        let mut lost: BTreeMap<(CompanyId, &Kind), Vec<Counted>> = BTreeMap::new();
        let able =
            self.effects.outcomes.iter().filter(|it| self.rules.may_act(self.plan.index.user(it.user)));
        for (outcome, change) in able.filter_map(|it| Some((it, it.change.as_ref()?))) {
            for (kind, edit) in outcome.direct.iter().filter_map(|it| Some((it.kind()?, it))) {
                if edit.removes() && self.rules.privileged_direct.contains(kind.role_type()) {
                    let item = self.direct(change, edit, How::Loses);
                    lost.entry((outcome.company, kind)).or_default().push(item);
                }
            }
        }
        if lost.is_empty() {
            return;
        }
        let all = effective::direct_sides(self.sides);
        for ((company, kind), mut items) in lost {
            let holds = |sides: &[DirectRoles; 2], side: usize| sides[side].get(kind).is_some();
            let known = all.iter().filter(|it| self.rules.can_act(it.0.1));
            let holders: BTreeSet<UserId> = known.filter(|it| holds(it.1, 0)).map(|it| it.0.1).collect();
            let staying = all.iter().filter(|it| holders.contains(&it.0.1) && holds(it.1, 1)).count();
            let before = holders.into_iter().chain(items.iter().filter_map(|it| it.person));
            let before = before.collect::<BTreeSet<_>>().len();
            let missing = self.rules.holders.min(before).saturating_sub(staying);
            let check = check(Guard::LastHolder, Subject::Company(company), Limit::AtMost(0));
            // Where more may hold it there may be enough, or there may have been more than enough.
            if staying < self.rules.holders && !self.all_direct_known(company) {
                items.sort();
                self.checks.push(Check { verdict: Verdict::Unset, items, ..check });
                continue;
            }
            let one = Counted { person: None, ..items[0].clone() };
            let pool = self.exceptions.pool(Guard::LastHolder, None, vec![vec![one]; missing]);
            self.found(check, &pool, &(0..missing).collect::<Vec<_>>());
            if let Some(check) = self.checks.last_mut().filter(|it| !it.items.is_empty()) {
                items.sort();
                check.items = items;
            }
        }
    }

    /// Whether the direct roles of everybody of a company who can act were read.
    fn all_direct_known(&self, company: CompanyId) -> bool {
        let rules = self.rules;
        let mut own = rules.people.iter().filter(|it| it.0 == company).map(|it| it.1).peekable();
        let is_read = |it: &(CompanyId, Unread)| it.0 != company;
        own.peek().is_some()
            && own.all(|it| rules.direct_read.contains(&it))
            && rules.unread.iter().all(is_read)
    }
}
