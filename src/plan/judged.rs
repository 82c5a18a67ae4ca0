//! A plan to one that is judged, and one that may be applied: each stage is a type of its own.
//!
//! One way for every plan, whether it comes from files, from a saved plan or from a journal.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    model::{
        dialect::ScopeChange,
        ids::{CompanyId, UserId},
        kept::Kept,
        plan::{Check, Judgement, People, Plan, Verdict},
        rules::{Counted, Guard, HeldRole, Rules},
    },
    plan::{
        effective::{self, Sides, outcomes},
        guard::{Effects, floors, judge},
        order::{Ordered, Step, order},
        people::{acting, people},
    },
};

/// A plan with everything people need to judge it, and its steps.
///
/// Only [`judged`] makes one, so a plan that no guard looked at cannot be approved.
#[derive(Clone, Debug)]
pub struct Judged {
    pub(crate) plan: Plan,
    pub(crate) judgement: Judgement,
    pub(crate) steps: Vec<Step>,
    /// Keeps it from being made anywhere else.
    _made: (),
}

/// Orders a plan, each company's scopes changed in its API's style, and lets every guard look at it.
pub fn judged(
    mut plan: Plan,
    rules: &Rules,
    style: impl Fn(CompanyId) -> ScopeChange,
    now: Timestamp,
) -> Judged {
    let sides = Sides::new(&plan);
    let Ordered { steps, gaps, unmet } = order(&plan, &style, &floors(&sides, rules));
    let outcomes = outcomes(&sides);
    let acting = acting(&sides, rules);
    let effects = Effects { outcomes: &outcomes, acting: &acting, gaps: &gaps, unmet: &unmet };
    let (guards, remarks) = judge(&sides, effects, rules, now);
    let by_cause = by_cause(&plan, rules, Kept::NONE);
    let people = people(&sides, &outcomes, rules);
    let broken = guards.iter().filter(|it| it.policy.is_some()).flat_map(|it| &it.items);
    let over = |it: &Counted| {
        let acts = it.scope.iter().filter(|_| matches!(it.role, Some(HeldRole::Acts(_))));
        acts.flat_map(|it| it.people()).map(UserId).collect::<Vec<_>>()
    };
    let named: BTreeSet<UserId> = broken.flat_map(|it| it.person.into_iter().chain(over(it))).collect();
    let judgement = Judgement { people, by_cause, not_asked: 0, gaps, guards };
    for names in rules.all_for(Guard::Policies).map(|it| &it.names) {
        let name = |it: &UserId| Some((*it, names.get(it)?.clone()));
        for (user, name) in named.iter().filter_map(name) {
            plan.names.people.entry(user).or_insert(name);
        }
    }
    plan.remarks.extend(remarks);
    plan.remarks.sort();
    plan.remarks.dedup();
    let mut judged = Judged { plan, judgement, steps, _made: () };
    judged.judgement.not_asked = judged.to_ask(Kept::NONE).len();
    judged
}

/// The same for the change under review alone, and for undoing drift; where there is a base.
fn by_cause(plan: &Plan, rules: &Rules, kept: &Kept) -> Option<[People; 2]> {
    let people_of = |drift| {
        let plan = plan.caused(drift);
        let sides = Sides::knowing(&plan, kept);
        people(&sides, &effective::outcomes(&sides), rules)
    };
    plan.already_live.as_ref().map(|_| [false, true].map(people_of))
}

/// A plan that no guard stops: the only kind that can be applied.
#[derive(Clone, Debug)]
pub struct Approved(Judged);

impl Judged {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The people it concerns, and what the guards found.
    pub fn judgement(&self) -> &Judgement {
        &self.judgement
    }

    /// What it is made of, in the order of apply.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whoever gains or loses and may have more through groups that were not looked into, each once: who loses everything,
    /// then who loses, then who gains what is privileged, then who gains. But for whoever is known whole.
    pub fn to_ask(&self, known: &Kept) -> Vec<(CompanyId, UserId)> {
        let unread = |company| self.plan.companies.iter().any(|it| it.company == company && it.unread > 0);
        let causes = self.judgement.by_cause.iter().flatten();
        let affected = [&self.judgement.people].into_iter().chain(causes).flat_map(|it| &it.affected);
        let mut affected: Vec<_> = affected.filter(|it| unread(it.company)).collect();
        affected.sort_by_key(|it| (!it.loses_everything, !it.loses(), !it.escalates()));
        let mut seen = BTreeSet::new();
        let users = affected.iter().flat_map(|it| it.users.iter().map(|user| (it.company, *user)));
        users.filter(|it| !known.whole.contains(it) && seen.insert(it.1)).collect()
    }

    /// The same plan to whoever reads it, knowing what people keep through groups that were not looked into: that is neither
    /// gained nor lost.
    ///
    /// For readers alone: effects, id, order and guards stay what they are, whoever was asked. No file speaks of these groups,
    /// and nobody reviews what becomes of them, so that no guard lets anything pass by their word.
    #[must_use]
    pub fn knowing(mut self, kept: &Kept, rules: &Rules) -> Self {
        let asked = self.to_ask(kept);
        let Self { plan, judgement, .. } = &mut self;
        judgement.not_asked = asked.iter().filter(|it| !kept.people.contains_key(&it.1)).count();
        if kept.people.values().any(|it| !it.is_empty()) {
            let sides = Sides::knowing(plan, kept);
            judgement.people = people(&sides, &outcomes(&sides), rules);
            judgement.by_cause = by_cause(plan, rules, kept);
        }
        self
    }

    /// A judgement that a test chose, which no guard reached.
    #[cfg(test)]
    pub(crate) fn chosen(plan: Plan, judgement: Judgement) -> Self {
        Self { plan, judgement, steps: Vec::new(), _made: () }
    }

    /// Turns it into a plan that can be applied.
    ///
    /// `by_id` says that somebody saw this very plan and approved it by its id, which lifts what guards stop that can be
    /// approved, and nothing else.
    ///
    /// # Errors
    ///
    /// The whole plan, where a guard stops it: a guard never hides it.
    pub fn approve(mut self, by_id: bool) -> Result<Approved, Box<Self>> {
        for Check { guard, verdict, .. } in &mut self.judgement.guards {
            if by_id && guard.can_be_approved() && *verdict == Verdict::Stop {
                *verdict = Verdict::Approved;
            }
        }
        if self.judgement.stops().next().is_some() { Err(Box::new(self)) } else { Ok(Approved(self)) }
    }
}

impl std::ops::Deref for Approved {
    type Target = Judged;

    fn deref(&self) -> &Judged {
        &self.0
    }
}

impl Approved {
    /// The plan with what was found, to be shown once more.
    pub fn into_judged(self) -> Judged {
        self.0
    }
}
