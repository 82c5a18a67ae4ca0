//! What a plan gives: `privileged`, and what it must not take from the account that runs it: `self-lockout`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Judge, Thing, check, subject};
use crate::{
    model::{
        direct,
        ids::{CompanyId, RoleId, UserId},
        index::GroupIx,
        plan::Action,
        rules::{Counted, Guard, HeldRole, How, Limit, PrivilegedTypes, Subject},
        scope::{Dimension, Kind, Scope, Value},
        state::Edit,
    },
    plan::effective::RoleFate,
};

impl Judge<'_> {
    /// The account keeps every role by which it manages access: over each company of the plan if it has
    /// that, and otherwise all it has, as what is not understood must not shrink.
    ///
    /// Only what no step touches counts as kept: a right that comes back by another step is gone if that
    /// step fails, and with it the means to try again. To move the account takes two applies.
    pub(super) fn self_lockout(&mut self) {
        let mut companies: Vec<CompanyId> = self.plan.companies.iter().map(|it| it.company).collect();
        companies.extend(self.plan.changes().map(|it| it.company()));
        companies.sort_unstable();
        companies.dedup();
        let mut known = false;
        for company in companies {
            let Some(identity) = self.rules.identity_of(company) else { continue };
            known = true;
            let (before, kept) = (self.managed(identity), self.kept(identity));
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
            self.fact_about(Guard::SelfLockout, subject, usize::from(lost), Limit::AtMost(0));
        }
        self.anybody_locked_out();
        self.or_nothing(Guard::SelfLockout, known || self.rules.identity.is_some());
    }

    /// Where nobody says which account asks for a company, it may be anybody who loses a role by which access is managed.
    fn anybody_locked_out(&mut self) {
        let mut lost: BTreeMap<CompanyId, Vec<Thing>> = BTreeMap::new();
        let is_unknown = |it: CompanyId| self.rules.identity_of(it).is_none();
        for outcome in self.effects.outcomes.iter().filter(|it| is_unknown(it.company)) {
            let user = self.plan.index.user(outcome.user);
            let managing =
                outcome.fate.roles.iter().filter(|it| self.manages_access(outcome.company, it.role));
            for role in managing.filter(|_| self.rules.may_act(user)) {
                let things = role.lost.iter().map(|(group, scope)| Counted {
                    company: outcome.company,
                    group: Some(self.name(*group)),
                    person: Some(user),
                    role: Some(HeldRole::Role(role.role)),
                    scope: Some((*scope).clone()),
                    how: How::Loses,
                    from: None,
                });
                lost.entry(outcome.company).or_default().extend(things.map(|it| vec![it]));
            }
        }
        let changes = self.plan.people().filter(|it| is_unknown(it.company()));
        for change in changes.filter(|it| it.user().is_some_and(|it| self.rules.may_act(it))) {
            // What a direct role allows is not public (contract §6.1): any but the harmless may manage access.
            let managing = |it: &&Edit| it.kind().is_some_and(|it| !direct::is_harmless(it.role_type()));
            for edit in change.direct().filter(|it| it.takes()).filter(managing) {
                let item = self.direct(&change, edit, How::Loses);
                lost.entry(change.company()).or_default().push(vec![item]);
            }
        }
        for (company, things) in lost {
            let at: Vec<usize> = (0..things.len()).collect();
            let pool = self.exceptions.pool(Guard::SelfLockout, None, things);
            self.found(check(Guard::SelfLockout, Subject::Company(company), Limit::AtMost(0)), &pool, &at);
        }
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

    /// Nobody gets a privileged role, or more of one: everybody counts who gains some through any group, once for each
    /// role and group, and everybody who gets a direct role of a privileged type. A group that gets a privileged role
    /// by which nobody gains counts once: whoever joins it later would.
    pub(super) fn privileged(&mut self) {
        let rules = self.rules;
        let mut given: Vec<(Subject, Thing)> = Vec::new();
        let mut felt: BTreeSet<(GroupIx, RoleId)> = BTreeSet::new();
        for outcome in self.effects.outcomes {
            let user = self.plan.index.user(outcome.user);
            let is_privileged = |it: &&RoleFate<'_>| rules.is_privileged(outcome.company, it.role);
            for role in outcome.fate.roles.iter().filter(|_| rules.may_act(user)).filter(is_privileged) {
                for (group, scope) in &role.gained {
                    felt.insert((*group, role.role));
                    let joins = !self.sides.before().has_member(*group, outcome.user);
                    let item = Counted {
                        company: outcome.company,
                        group: Some(self.name(*group)),
                        person: Some(user),
                        role: Some(HeldRole::Role(role.role)),
                        scope: Some((*scope).clone()),
                        how: if joins { How::Joins } else { How::Gains },
                        from: None,
                    };
                    given.push((Subject::Group(outcome.company, self.name(*group)), vec![item]));
                }
            }
            // Those too that come back with an account.
            let is_privileged =
                |it: &&Edit| it.kind().is_some_and(|it| rules.privileged_direct.contains(it.role_type()));
            for (change, edit) in
                outcome.change.iter().flat_map(|it| outcome.direct.iter().map(move |edit| (it, edit)))
            {
                if edit.gives() && is_privileged(&edit) {
                    given.push((subject(change), vec![self.direct(change, edit, How::Gains)]));
                }
            }
        }
        for change in self.plan.groups().filter(|it| it.action() != Action::Delete) {
            for edit in change.edits.iter().filter(|it| it.gives()) {
                let Some((group, role)) = change.group().zip(edit.role()) else { continue };
                if rules.is_privileged(change.company(), role) && !felt.contains(&(group, role)) {
                    let scope = self.sides.after.scope(group, role).cloned();
                    let role = Some(HeldRole::Role(role));
                    let item = Counted { role, scope, ..self.item(&change, How::Gains) };
                    given.push((subject(&change), vec![item]));
                }
            }
        }
        self.none_of(Guard::Privileged, None, given);
        let is_set = !rules.privileged.is_empty() || rules.privileged_direct != PrivilegedTypes::Off;
        self.or_nothing(Guard::Privileged, is_set);
    }
}
