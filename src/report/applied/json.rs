//! What became of an apply, for programs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Applied, because_of, witness, words};
use crate::{
    apply::{Halt, Outcome},
    model::plan::Plan,
    plan::order::Step,
};

impl Applied<'_> {
    /// The facts of the report for programs; `plan` is the document of the plan, and the run ends with `exit`.
    pub fn json(&self, plan: &Value, exit: u8, result: &str) -> Value {
        let (mut groups, mut users) = (Vec::new(), Vec::new());
        let mut differ: BTreeSet<usize> = self.report.differ.iter().map(|it| it.0).collect();
        for (change, steps) in self.groups() {
            let done = steps.iter().all(|it| it.1.is_done()) && !self.differs(change);
            if !done {
                differ.insert(change);
            }
            let steps: Vec<Value> =
                steps.iter().map(|(of, it)| step(self.plan, self.steps, of, it)).collect();
            match self.plan.change(change) {
                None => (),
                Some(it) => match it.user() {
                    None => groups.push(json!({ "company": it.company(), "id": it.id(), "name": it.name(), "done": done, "steps": steps })),
                    Some(user) => users.push(json!({ "company": it.company(), "userId": user, "person": self.plan.names.people.get(&user), "done": done, "steps": steps })),
                },
            }
        }
        let differ: Vec<String> = differ.into_iter().map(|it| self.plan.title(it)).collect();
        let [done, failed, stale, skipped, halted] = self.counts();
        json!({
            "exit": exit,
            "result": result,
            "plan": plan,
            "groups": groups,
            "users": users,
            "steps": { "done": done, "failed": failed, "stale": stale, "skipped": skipped, "notBegun": halted },
            "readBack": { "clean": differ.is_empty(), "differ": differ },
            "witness": self.witness.map(|it| witness::json(self.plan, it)),
            "journal": self.journal,
            "halted": self.report.halted.map(|it| match it {
                Halt::Interrupted => "interrupted",
                Halt::Failures => "failures",
                Halt::Journal => "journal",
            }),
            "continue": self.again(),
            "undo": self.undo(),
        })
    }
}

/// A step and what became of it.
pub fn step(plan: &Plan, steps: &[Step], step: &Step, outcome: &Outcome) -> Value {
    let (result, error, hint) = match outcome {
        Outcome::Done => ("done", None, None),
        Outcome::Stale { how, .. } => ("stale", Some(how.to_string()), None),
        Outcome::Skipped(because) => ("skipped", Some(because_of(plan, steps, *because)), None),
        Outcome::Halted => ("notBegun", None, None),
        Outcome::Failed { error, .. } => ("failed", Some(error.to_string()), error.hint()),
    };
    json!({ "step": words(plan, step), "result": result, "error": error, "hint": hint })
}
