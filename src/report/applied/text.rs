//! What became of an apply, for people.

use super::{Applied, because_of, witness, words};
use crate::{
    apply::{Halt, Left, Outcome},
    model::{escape::terminal as show, plan::Plan},
    plan::order::Step,
    report::render::{causes, counted},
};

impl Applied<'_> {
    /// The report.
    pub fn text(&self) -> String {
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
        let what = words(self.plan, step);
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
}

/// `done  GROUP: what`, or why not: a step that has ended, while others go on.
pub fn line(step: &Step, outcome: &Outcome, plan: &Plan) -> String {
    let title = plan.title(step.change);
    let name = show(&title);
    let what = words(plan, step);
    match outcome {
        Outcome::Done => format!("done    {name}: {what}"),
        Outcome::Failed { error, .. } => format!("failed  {name}: {what}: {}", show(&error.to_string())),
        Outcome::Stale { how, .. } => format!("stale   {name}: {how}"),
        Outcome::Skipped(_) => format!("skipped {name}: {what}"),
        Outcome::Halted => format!("stopped {name}: {what}"),
    }
}
