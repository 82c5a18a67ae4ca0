//! What became of an apply: for people, for programs, and as an exit code.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use rolecall::{
    apply::{ApplyError, Halt, Left, Outcome, Report, Wrote},
    live::api::Class,
    model::{escape::terminal as show, plan::Plan},
    plan::{
        order::{Call, Step},
        witness::Testimony,
    },
    report::render::counted,
};
use serde_json::{Value, json};

use super::{
    failure::{Exit, causes},
    output::document,
    witness,
};

pub(crate) struct Applied<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) steps: &'a [Step],
    pub(crate) report: &'a Report,
    /// What `rbac-info` says of it, where that was asked for.
    pub(crate) witness: Option<&'a Testimony>,
    /// Where it is written down, where something was to be done.
    pub(crate) journal: Option<&'a Path>,
    /// The command that would lead back, where something was to be done.
    pub(crate) undo: Option<&'a str>,
    pub(crate) again: &'a str,
}

impl Applied<'_> {
    /// The exit code; what was written counts, and so does what was not.
    pub(crate) fn exit(&self) -> Exit {
        let [_, failed, stale, _, halted] = self.counts();
        let wrote = self.report.outcomes.iter().any(Outcome::wrote);
        if self.witness.is_some_and(|it| !it.contradictions.is_empty()) {
            return Exit::Partial;
        }
        if self.complete() {
            return if self.plan.withheld() == 0 { Exit::Ok } else { Exit::Partial };
        }
        let left = |it: &Outcome| matches!(it, Outcome::Stale { wrote: Wrote::Perhaps, .. });
        let touched = self.report.outcomes.iter().any(left);
        if stale > 0 && failed == 0 && halted == 0 && !touched && self.report.differ.is_empty() {
            return Exit::Stale;
        }
        if wrote {
            return Exit::Partial;
        }
        let first = self.report.outcomes.iter().find_map(|it| match it {
            Outcome::Failed { error, .. } => Some(error),
            Outcome::Done | Outcome::Stale { .. } | Outcome::Skipped(_) | Outcome::Halted => None,
        });
        match first {
            Some(ApplyError::Api(error)) if error.class() == Class::Auth => Exit::Auth,
            Some(ApplyError::Journal(_)) => Exit::Error,
            Some(_) => Exit::Remote,
            None if self.report.halted == Some(Halt::Interrupted) => Exit::Interrupted,
            None => Exit::Stale,
        }
    }

    /// Whether all was made, and is as the plan says.
    fn complete(&self) -> bool {
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
    fn counts(&self) -> [usize; 5] {
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

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let groups = self.groups();
        let whole = |steps: &[(&Step, &Outcome)]| steps.iter().all(|it| it.1.is_done());
        for (change, steps) in groups.iter().filter(|it| !whole(it.1)) {
            text += &format!("\nNot done: {}\n", show(&self.plan.title(*change)));
            for (step, outcome) in steps {
                text += &self.line(step, outcome);
            }
        }
        if !self.report.differ.is_empty() {
            text += "\nRead back, and not as the plan says:\n";
            for (change, left) in &self.report.differ {
                let why = match left {
                    Left::Differs(how) => how.to_string(),
                    Left::Unknown(error) => format!("could not be read: {error}"),
                };
                text += &format!("  {}: {}\n", show(&self.plan.title(*change)), show(&why));
            }
        }
        if !self.steps.is_empty() {
            let (of_groups, of_people): (Vec<_>, Vec<_>) =
                groups.iter().partition(|it| *it.0 < self.plan.groups().count());
            let mut parts = Vec::new();
            for (all, one, many) in [(of_groups, "group", "groups"), (of_people, "user", "users")] {
                if !all.is_empty() {
                    let done = all.iter().filter(|it| whole(it.1) && !self.differs(*it.0)).count();
                    parts.push(format!("{done} of {}", counted(all.len(), one, many)));
                }
            }
            text += &format!("\nApplied: {}", parts.join(", "));
            let [done, failed, stale, skipped, halted] = self.counts();
            text += &if done == self.steps.len() {
                ".".to_owned()
            } else {
                format!(
                    "; steps: {done} done, {failed} failed, {skipped} skipped, {stale} stale, {halted} not begun."
                )
            };
            text += match (self.report.differ.is_empty(), self.report.outcomes.iter().all(Outcome::is_done)) {
                (true, true) if self.plan.withheld() == 0 => " Read back: live state matches the plan.\n",
                (true, true) => " Read back: everything that is not withheld is as the plan says.\n",
                _ => "\n",
            };
        }
        text += match self.report.halted {
            Some(Halt::Interrupted) => "Interrupted: what was begun was finished, nothing new was begun.\n",
            Some(Halt::Failures) => "Stopped: too many steps failed (`--max-failures`).\n",
            Some(Halt::Journal) => {
                "Stopped: the journal cannot be written any more (is the disk full?), and without it nothing is.\n"
            }
            None => "",
        };
        if self.plan.withheld() > 0 {
            text += &format!(
                "Withheld: {}, see above; nothing changes there until the files or the directory are corrected.\n",
                counted(self.plan.withheld(), "item", "items")
            );
        }
        if let Some(it) = self.witness {
            text += &witness::text(self.plan, it);
        }
        if let Some(again) = self.again() {
            text += &format!("Continue: {}\n", show(again));
        }
        if let Some(undo) = self.undo() {
            text += &format!("Undo:     {}\n", show(undo));
        }
        text
    }

    fn line(&self, step: &Step, outcome: &Outcome) -> String {
        let what = words(&step.call);
        match outcome {
            Outcome::Done => format!("  done     {what}\n"),
            Outcome::Stale { how, .. } => {
                format!("  stale    {what}, as it is not what the plan saw: {}\n", show(&how.to_string()))
            }
            Outcome::Skipped(because) => {
                format!("  skipped  {what}, as {}\n", show(&because_of(self.plan, self.steps, *because)))
            }
            Outcome::Halted => match self.report.halted {
                Some(Halt::Failures) => format!("  stopped  {what}, as too many steps failed\n"),
                Some(Halt::Journal) => format!("  stopped  {what}, as the journal cannot be written\n"),
                Some(Halt::Interrupted) | None => format!("  stopped  {what}, as the run was interrupted\n"),
            },
            Outcome::Failed { error, .. } => {
                let mut text = format!("  failed   {what}: {}\n", show(&error.to_string()));
                for cause in causes(error) {
                    text += &format!("           because: {}\n", show(&cause));
                }
                if let Some(hint) = error.hint() {
                    text += &format!("           hint: {hint}\n");
                }
                text
            }
        }
    }

    /// The report for programs; `plan` is the document of the plan.
    pub(crate) fn json(&self, plan: &Value) -> String {
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
        let exit = self.exit();
        let facts = json!({
            "exit": exit.code(),
            "result": exit.name(),
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
        });
        document("apply", &facts)
    }
}

/// Says why a step was not tried: which other one was not made.
fn because_of(plan: &Plan, steps: &[Step], step: usize) -> String {
    let step = &steps[step];
    format!("“{}” of {} was not made", words(&step.call), plan.title(step.change))
}

pub(crate) fn step(plan: &Plan, steps: &[Step], step: &Step, outcome: &Outcome) -> Value {
    let (result, error, hint) = match outcome {
        Outcome::Done => ("done", None, None),
        Outcome::Stale { how, .. } => ("stale", Some(how.to_string()), None),
        Outcome::Skipped(because) => ("skipped", Some(because_of(plan, steps, *because)), None),
        Outcome::Halted => ("notBegun", None, None),
        Outcome::Failed { error, .. } => ("failed", Some(error.to_string()), error.hint()),
    };
    json!({ "step": words(&step.call), "result": result, "error": error, "hint": hint })
}

/// Says what a call does, for people.
pub(crate) fn words(call: &Call) -> String {
    match call {
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
    }
}
