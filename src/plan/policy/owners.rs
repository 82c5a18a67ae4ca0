//! `owners`: who reaches a company more than before, which somebody has to review.
//!
//! Whatever may reach the company counts: a scope without a company, and one that nobody can read. Of people whose accounts
//! are not active as well, as no plan tells when they are.

use std::collections::{BTreeMap, BTreeSet};

use super::{Breach, Scene, Side, Via};
use crate::model::{
    direct::DirectRole,
    ids::CompanyId,
    index::{GroupIx, UserIx},
    rules::{Counted, HeldRole, Subject},
    scope::Scope,
    state::{Fact, Owner},
};

impl Scene<'_> {
    /// What everybody reaches more of each company; a breach for each.
    pub(super) fn owners(&self, companies: &[CompanyId]) -> Vec<Breach> {
        let people = self.affected();
        let of = |company: &CompanyId| {
            let more = people.iter().map(|who| self.more(who, *company));
            Breach::of(Subject::Company(*company), false, more.filter(|it| !it.is_empty()).collect())
        };
        companies.iter().filter_map(of).collect()
    }

    /// Everybody for whom anything changes.
    fn affected(&self) -> BTreeSet<(CompanyId, UserIx)> {
        let given = self.changed.iter().filter_map(|it| match (&it.owner, &it.fact) {
            (Owner::Group(group), Fact::Grant(_)) => Some(*group),
            _ => None,
        });
        let given: BTreeSet<GroupIx> = given.collect();
        let index = &self.sides.plan.index;
        let parts = self
            .people
            .iter()
            .filter(|(_, parts)| parts.iter().any(|it| it.before != it.after || given.contains(&it.group)));
        let direct = self.direct.iter().filter(|(_, [before, after])| before != after);
        let direct = direct.filter_map(|((company, user), _)| Some((*company, index.find_user(*user)?)));
        parts.map(|it| *it.0).chain(direct).collect()
    }

    /// All that somebody holds after that reaches a company beyond what did before, role by role.
    fn more(&self, who: &(CompanyId, UserIx), company: CompanyId) -> Vec<Counted> {
        let mut before: BTreeMap<HeldRole, Scope> = BTreeMap::new();
        for via in self.held(who, Side::Before) {
            let known = before.remove(&via.role).unwrap_or_default();
            before.insert(via.role, known.union(via.scope.reaching(company)));
        }
        let is_more = |via: &Via| {
            let reached = via.scope.reaching(company);
            !before.get(&via.role).is_some_and(|it| it.contains(&reached)) && !reached.is_empty()
        };
        let parts = self.parts(who).iter().filter(|it| it.after);
        let through: Vec<Via> = parts.flat_map(|it| self.given(it.group, Side::After)).collect();
        let mut more: Vec<Via> = through.into_iter().filter(is_more).collect();
        more.extend(self.more_outside(who).filter(|it| !it.scope.reaching(company).is_empty()));
        more.iter().map(|it| self.counted(who, it, &BTreeSet::new())).collect()
    }

    /// The roles outside groups that somebody holds after and did not before. One that reaches more travellers is another.
    fn more_outside(&self, who: &(CompanyId, UserIx)) -> impl Iterator<Item = Via> {
        let sides = self.direct.get(&(who.0, self.sides.plan.index.user(who.1)));
        let is_more = |before: Option<&DirectRole>, after: &DirectRole| {
            let knew =
                |traveller| before.is_some_and(|it| it.travellers().iter().any(|it| it.user == traveller));
            before.is_none() || after.travellers().iter().any(|it| !knew(it.user))
        };
        let new = sides.into_iter().flat_map(move |[before, after]| {
            after.iter().filter(move |it| is_more(before.get(it.kind()), it))
        });
        new.map(Via::outside)
    }
}
