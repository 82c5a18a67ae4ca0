//! Who holds the privileged roles: `last-holder`, and the floors that an order has to keep.
//!
//! A holder is a person in a group of the company that has the role, on
//! whatever scope. Roles that people hold outside groups are not counted: they
//! are read of few people only, so nobody could say who else holds one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Judge, check};
use crate::{
    model::{
        access::LiveState,
        ids::{CompanyId, RoleId, UserId},
        plan::Plan,
        rules::{Guard, Limit, Rules, Subject},
    },
    plan::people::Sides,
};

/// Returns the privileged roles that would have too few holders for a moment, if all who lose them lost
/// them before the first who gains them: here an order has to add before it removes.
pub fn floors(plan: &Plan, live: &LiveState, rules: &Rules) -> BTreeSet<(CompanyId, RoleId)> {
    let holders = Holders::all(&Sides::of(plan, live), rules);
    holders.into_iter().filter(|(_, it)| it.needs_order(rules)).map(|(key, _)| key).collect()
}

/// Who holds a role before and after.
#[derive(Default)]
struct Holders {
    before: BTreeSet<UserId>,
    after: BTreeSet<UserId>,
}

impl Holders {
    /// Returns the holders of every privileged role, held or not.
    fn all(sides: &[Sides<'_>], rules: &Rules) -> BTreeMap<(CompanyId, RoleId), Self> {
        let mut all: BTreeMap<(CompanyId, RoleId), Self> =
            rules.privileged.iter().map(|it| (*it, Self::default())).collect();
        if all.is_empty() {
            return all;
        }
        for side in sides {
            for (role, _) in side.roles_before() {
                if let Some(holders) = all.get_mut(&(side.company, role)) {
                    holders.before.extend(side.members_before());
                }
            }
            for (role, _) in side.roles_after() {
                if let Some(holders) = all.get_mut(&(side.company, role)) {
                    holders.after.extend(side.members_after());
                }
            }
        }
        all
    }

    fn staying(&self) -> impl Iterator<Item = UserId> {
        self.before.intersection(&self.after).copied()
    }

    fn needs_order(&self, rules: &Rules) -> bool {
        self.staying().count() < rules.holders.min(self.before.len()).min(self.after.len())
    }
}

impl Judge<'_> {
    /// Each privileged role keeps enough holders, or all it has, after every step.
    pub(super) fn last_holder(&mut self, sunk: &BTreeSet<(CompanyId, RoleId)>) {
        for ((company, role), holders) in Holders::all(&self.sides, self.rules) {
            let gaps = self.plan.gaps.iter();
            let lacking: BTreeSet<UserId> = gaps
                .filter(|it| it.role == role && self.plan.changes[it.taken].company == company)
                .map(|it| it.user)
                .collect();
            // Where the order adds before it removes, there are never fewer than at the poorer end.
            let fewest = if holders.needs_order(self.rules) && !sunk.contains(&(company, role)) {
                holders.before.len().min(holders.after.len())
            } else {
                holders.staying().filter(|it| !lacking.contains(it)).count()
            };
            let missing = self.rules.holders.min(holders.before.len()).saturating_sub(fewest);
            self.found(check(Guard::LastHolder, Subject::Role(company, role), missing, Limit::AtMost(0)));
        }
        self.or_nothing(Guard::LastHolder, false);
    }
}
