//! What became of an apply: a value, worded for people and for programs.

use std::{collections::BTreeMap, path::Path};

use crate::{
    apply::{Outcome, Report, Wrote},
    model::{plan::Plan, selector::PersonPart},
    plan::{
        order::{Call, Step},
        witness::Testimony,
    },
    report::render::counted,
};

mod json;
mod text;
mod witness;

pub use json::step;
pub use text::line;

/// An apply that has ended, and what its readers can do next.
#[expect(missing_docs, reason = "the names say it")]
pub struct Applied<'a> {
    pub plan: &'a Plan,
    pub steps: &'a [Step],
    pub report: &'a Report,
    /// What `rbac-info` says of it, where that was asked for.
    pub witness: Option<&'a Testimony>,
    /// Where it is written down, where something was to be done.
    pub journal: Option<&'a Path>,
    /// The command that would lead back, where something was to be done.
    pub undo: Option<&'a str>,
    pub again: &'a str,
}

impl Applied<'_> {
    /// Whether all was made, and is as the plan says.
    pub fn complete(&self) -> bool {
        self.report.outcomes.iter().all(Outcome::is_done) && self.report.differ.is_empty()
    }

    /// The command that goes on, where something is left to do and doing it could not make a second group of a name.
    fn again(&self) -> Option<&str> {
        let may_come = |(step, outcome): (&Step, &Outcome)| {
            let Outcome::Failed { wrote: Wrote::Perhaps, .. } = outcome else { return false };
            matches!(step.call, Call::CreateGroup { .. })
        };
        let unsettled = self.steps.iter().zip(&self.report.outcomes).any(may_come);
        (!self.complete() && !self.steps.is_empty() && !unsettled).then_some(self.again)
    }

    /// The command that leads back, where something was written.
    fn undo(&self) -> Option<&str> {
        self.undo.filter(|_| self.report.outcomes.iter().any(Outcome::wrote))
    }

    /// Whether a group or person was read back and is not as the plan says.
    fn differs(&self, change: usize) -> bool {
        self.report.differ.iter().any(|it| it.0 == change)
    }

    /// How many steps are done, failed, stale, skipped and not begun.
    pub fn counts(&self) -> [usize; 5] {
        let mut counts = [0; 5];
        for outcome in &self.report.outcomes {
            counts[match outcome {
                Outcome::Done => 0,
                Outcome::Failed { .. } => 1,
                Outcome::Stale { .. } => 2,
                Outcome::Skipped(_) => 3,
                Outcome::Halted => 4,
            }] += 1;
        }
        counts
    }

    fn groups(&self) -> BTreeMap<usize, Vec<(&Step, &Outcome)>> {
        let mut groups: BTreeMap<usize, Vec<(&Step, &Outcome)>> = BTreeMap::new();
        for (step, outcome) in self.steps.iter().zip(&self.report.outcomes) {
            groups.entry(step.change).or_default().push((step, outcome));
        }
        groups
    }
}

/// Says why a step was not tried: which other one was not made.
fn because_of(plan: &Plan, steps: &[Step], step: usize) -> String {
    let step = &steps[step];
    format!("“{}” of {} was not made", words(plan, step), plan.title(step.change))
}

/// Says what a step does, for people.
fn words(plan: &Plan, step: &Step) -> String {
    match &step.call {
        Call::CreateGroup { .. } => "create the group".to_owned(),
        Call::UpdateGroup { .. } => "change name or description".to_owned(),
        Call::DeleteGroup { .. } => "delete the group".to_owned(),
        Call::PatchMembers { add, remove, .. } => match (add.len(), remove.len()) {
            (0, remove) => format!("remove {}", counted(remove, "member", "members")),
            (add, 0) => format!("add {}", counted(add, "member", "members")),
            (add, remove) => {
                format!("add {}, remove {}", counted(add, "member", "members"), remove)
            }
        },
        Call::PatchRoles { .. } => "change roles".to_owned(),
        Call::PutDirectRoles { .. } => "replace the direct roles".to_owned(),
        Call::PutPerson { part, active, .. } => {
            let account = plan.change(step.change).and_then(|it| it.account());
            of_person(*part, *active, matches!(account, Some([None, Some(_)]))).to_owned()
        }
    }
}

/// Says what becomes of a part of a person. An account is made with all that is asked for: afterwards the rest of it is only
/// looked at, and written where it was not taken.
fn of_person(part: PersonPart, active: bool, is_new: bool) -> &'static str {
    match (part, active, is_new) {
        (PersonPart::Account, true, true) => "create the account",
        (PersonPart::Account, true, false) => "activate the account",
        (PersonPart::Account, false, _) => "deactivate the account",
        (PersonPart::ExternalId, _, true) => "make sure of the external id",
        (PersonPart::ExternalId, _, false) => "replace the external id",
        (PersonPart::BusinessInfo, _, true) => "make sure of what the company says",
        (PersonPart::BusinessInfo, _, false) => "change what the company says",
        (PersonPart::NotificationPreferences, ..) => "change the notification preferences",
    }
}
