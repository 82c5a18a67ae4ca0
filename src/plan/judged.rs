//! A plan to one that is judged, and one that may be applied: each stage is a type of its own.
//!
//! One way for every plan, whether it comes from files, from a saved plan or from a journal.

use jiff::Timestamp;

use crate::{
    model::{
        dialect::ScopeChange,
        plan::{Check, Judgement, Plan, Verdict},
        rules::Rules,
    },
    plan::{
        effective::{self, Sides, outcomes},
        guard::{Effects, floors, judge},
        order::{Ordered, Step, order},
        people::people,
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

/// Orders a plan, and lets every guard look at it.
pub fn judged(mut plan: Plan, rules: &Rules, style: ScopeChange, now: Timestamp) -> Judged {
    let sides = Sides::new(&plan);
    let Ordered { steps, gaps, unmet } = order(&plan, style, &floors(&sides, rules));
    let outcomes = outcomes(&sides);
    let effects = Effects { outcomes: &outcomes, gaps: &gaps, unmet: &unmet };
    let (guards, remarks) = judge(&sides, effects, rules, now);
    let people_of = |plan: &Plan| {
        let sides = Sides::new(plan);
        people(&sides, &effective::outcomes(&sides), rules)
    };
    let by_cause =
        plan.already_live.as_ref().map(|_| [false, true].map(|drift| people_of(&plan.caused(drift))));
    let people = people(&sides, &outcomes, rules);
    let judgement = Judgement { people, by_cause, gaps, guards };
    plan.remarks.extend(remarks);
    plan.remarks.sort();
    plan.remarks.dedup();
    Judged { plan, judgement, steps, _made: () }
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
