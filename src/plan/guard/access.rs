//! What a plan gives: `privileged`, and what it must not take from the account that runs it: `self-lockout`.

use super::{Judge, check, subject};
use crate::model::{
    ids::{CompanyId, RoleId, UserId},
    plan::Action,
    rules::{Guard, Limit, Subject},
    scope::{Dimension, Kind, Scope, Value},
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
        companies.extend(self.plan.changes().map(|it| it.company()));
        companies.sort_unstable();
        companies.dedup();
        for company in companies {
            let values = vec![Value::Id(company.0)];
            let whole = Scope::new([vec![Dimension { kind: Kind::Company, values }]]);
            let needed = if before.contains(&whole) { &whole } else { &before };
            let own = |n: usize| self.plan.change(n).is_some_and(|it| it.company() == company);
            let mut gaps = self.effects.gaps.iter();
            let interrupted =
                gaps.any(|it| it.user == identity && own(it.taken) && self.manages_access(company, it.role));
            let mut changes = self.plan.changes().filter(|it| it.company() == company);
            // What a direct role allows is not public (contract §6.1): the account never takes one from itself.
            let reduced = changes.any(|it| {
                it.locked_out().any(|user| user == identity) || it.user() == Some(identity) && it.takes()
            });
            let lost = !kept.contains(needed) || interrupted || reduced;
            let subject = Subject::Company(company);
            self.found(check(Guard::SelfLockout, subject, usize::from(lost), Limit::AtMost(0)));
        }
        self.or_nothing(Guard::SelfLockout, true);
    }

    fn manages_access(&self, company: CompanyId, role: RoleId) -> bool {
        self.rules.access_roles.binary_search(&(company, role)).is_ok()
    }

    /// Where somebody manages access, through all groups together.
    fn managed(&self, user: UserId) -> Scope {
        let Some(user) = self.plan.index.find_user(user) else { return Scope::default() };
        let live = self.sides.before();
        let grants = live.all_grants().iter().filter(|((group, role), _)| {
            self.manages_access(self.sides.company(*group), *role) && live.has_member(*group, user)
        });
        Scope::any(grants.map(|it| (*it.1).clone()))
    }

    /// Where somebody manages access all the time, by groups in which both the person and the role stay.
    fn kept(&self, user: UserId) -> Scope {
        let Some(user) = self.plan.index.find_user(user) else { return Scope::default() };
        let (live, after) = (self.sides.before(), &self.sides.after);
        let grants = live.all_grants().iter().filter(|((group, role), _)| {
            self.manages_access(self.sides.company(*group), *role)
                && live.has_member(*group, user)
                && after.has_member(*group, user)
        });
        Scope::any(
            grants.filter_map(|((group, role), before)| Some(before.meet(after.scope(*group, *role)?))),
        )
    }

    /// Nobody gets a privileged role, or more of one: each grant that is added or widened counts, and
    /// everybody who joins a group that has one; outside groups, each role of a privileged type.
    pub(super) fn privileged(&mut self) {
        for change in self.plan.changes().filter(|it| it.action() != Action::Delete) {
            let company = change.company();
            let is_privileged = |role: RoleId| self.rules.privileged.binary_search(&(company, role)).is_ok();
            let grants =
                change.grants().filter(|it| it.gives() && it.role().is_some_and(is_privileged)).count();
            let after = change.group().map_or(&[][..], |it| self.sides.after.grants(it));
            let has_one = after.iter().any(|it| is_privileged(it.0.1));
            let direct = change.direct().filter(|it| it.gives()).filter_map(|it| it.kind());
            let is_privileged = |it: &str| self.rules.privileged_direct.binary_search(&it).is_ok();
            let direct = direct.filter(|it| is_privileged(it.role_type())).count();
            let value = grants + direct + if has_one { change.joining().count() } else { 0 };
            if value > 0 {
                self.found(check(Guard::Privileged, subject(&change), value, Limit::AtMost(0)));
            }
        }
        let is_set = !self.rules.privileged.is_empty() || !self.rules.privileged_direct.is_empty();
        self.or_nothing(Guard::Privileged, is_set);
    }
}
