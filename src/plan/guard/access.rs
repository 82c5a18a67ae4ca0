//! What a plan gives: `privileged`, and what it must not take from the account that runs it: `self-lockout`.

use super::{Judge, check, locked, subject};
use crate::model::{
    ids::{CompanyId, RoleId, UserId},
    plan::{ChangeKind, DirectChange, GrantEffect},
    rules::{Guard, Limit, Subject},
    scope::{Dimension, Kind, Relation, Scope, Value},
};

impl Judge<'_> {
    /// The account keeps every role by which it manages access: over each company of the plan if it has
    /// that, and otherwise all it has, as what is not understood must not shrink.
    ///
    /// Only what no step touches counts as kept: a right that comes back by another step is gone if that
    /// step fails, and with it the means to try again. To move the account takes two applies.
    pub(super) fn self_lockout(&mut self) {
        let Some(identity) = self.rules.identity else {
            return self.or_nothing(Guard::SelfLockout, false);
        };
        let before = self.managed(identity);
        let kept = self.kept(identity);
        let mut companies: Vec<CompanyId> = self.plan.companies.iter().map(|it| it.company).collect();
        companies.extend(self.plan.changes.iter().map(|it| it.company));
        companies.extend(self.plan.users.iter().map(|it| it.company));
        companies.sort_unstable();
        companies.dedup();
        for company in companies {
            let values = vec![Value::Id(company.0)];
            let whole = Scope::new([vec![Dimension { kind: Kind::Company, values }]]);
            let needed = if before.contains(&whole) { &whole } else { &before };
            let own = |n: usize| self.plan.changes[n].company == company;
            let mut gaps = self.plan.gaps.iter();
            let interrupted =
                gaps.any(|it| it.user == identity && own(it.taken) && self.manages_access(company, it.role));
            let mut changes = self.plan.changes.iter().filter(|it| it.company == company);
            let cut_off = changes.any(|it| locked(it).any(|user| user == identity));
            // What a direct role allows is not public (contract §6.1): the account never takes one from itself.
            let mut users = self.plan.users.iter().filter(|it| it.company == company);
            let reduced = users.any(|it| it.user == identity && it.takes());
            let lost = !kept.contains(needed) || interrupted || cut_off || reduced;
            let subject = Subject::Company(company);
            self.found(check(Guard::SelfLockout, subject, usize::from(lost), Limit::AtMost(0)));
        }
        self.or_nothing(Guard::SelfLockout, true);
    }

    fn manages_access(&self, company: CompanyId, role: RoleId) -> bool {
        self.rules.access_roles.binary_search(&(company, role)).is_ok()
    }

    /// Returns where somebody manages access, through all groups together.
    fn managed(&self, user: UserId) -> Scope {
        let groups = self.sides.iter().filter(|it| it.members_before().binary_search(&user).is_ok());
        let grants = groups.flat_map(|it| it.roles_before().into_iter().map(|grant| (it.company, grant)));
        let managing = grants.filter(|(company, (role, _))| self.manages_access(*company, *role));
        Scope::any(managing.map(|(_, (_, scope))| scope.clone()))
    }

    /// Returns where somebody manages access all the time, by groups in which both the person and the role stay.
    fn kept(&self, user: UserId) -> Scope {
        let mut kept = Vec::new();
        for side in &self.sides {
            let inside = |it: Vec<UserId>| it.binary_search(&user).is_ok();
            if !inside(side.members_before()) || !inside(side.members_after()) {
                continue;
            }
            for (role, before) in side.roles_before() {
                let after = side.roles_after().into_iter().find(|it| it.0 == role);
                if let (true, Some((_, after))) = (self.manages_access(side.company, role), after) {
                    kept.push(before.meet(after));
                }
            }
        }
        Scope::any(kept)
    }

    /// Nobody gets a privileged role, or more of one: each grant that is added or widened counts, and
    /// everybody who joins a group that has one; outside groups, each role of a privileged type.
    pub(super) fn privileged(&mut self) {
        for n in 0..self.sides.len() {
            let side = self.sides[n];
            let Some((_, change)) = side.change else { continue };
            if matches!(change.kind, ChangeKind::Delete { .. }) {
                continue;
            }
            let is_privileged = |role| self.rules.privileged.binary_search(&(change.company, role)).is_ok();
            let gives = |effect: &GrantEffect| match effect {
                GrantEffect::Add { .. } => true,
                GrantEffect::Rescope { relation: Relation::Widens | Relation::Changes, .. } => true,
                GrantEffect::Rescope { relation: Relation::Narrows, .. } | GrantEffect::Remove { .. } => {
                    false
                }
            };
            let grants =
                change.grants.iter().filter(|it| is_privileged(it.role) && gives(&it.effect)).count();
            let has_one = side.roles_after().iter().any(|it| is_privileged(it.0));
            let value = grants + if has_one { change.joining().count() } else { 0 };
            if value > 0 {
                self.found(check(Guard::Privileged, subject(change), value, Limit::AtMost(0)));
            }
        }
        for change in &self.plan.users {
            let is_privileged = |it: &&DirectChange| {
                self.rules.privileged_direct.binary_search(&it.effect.kind().role_type()).is_ok()
            };
            let value = change.roles.iter().filter(is_privileged).filter(|it| it.effect.gives()).count();
            if value > 0 {
                self.found(check(Guard::Privileged, Subject::Person(change.user), value, Limit::AtMost(0)));
            }
        }
        let is_set = !self.rules.privileged.is_empty() || !self.rules.privileged_direct.is_empty();
        self.or_nothing(Guard::Privileged, is_set);
    }
}
