//! `rolecall apply`: plan, ask, write, read back. The only command that writes live.

use std::{
    collections::BTreeSet,
    io::{self, IsTerminal, Write},
};

use clap::Args;
use rolecall::{
    api::Class,
    apply::{ApplyError, GroupReport, Outcome, Report, Wrote, apply},
    order::{Call, ScopeChange, Step, order},
    plan::{GroupChange, Plan},
    render,
};
use serde_json::{Value, json};

use super::{
    Format, Global, Selection,
    failure::{Exit, Failure, causes},
    output::Output,
    run::{self, Planned},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Apply without asking
    #[arg(long, env = "ROLECALL_AUTO_APPROVE", value_parser = clap::builder::FalseyValueParser::new(), hide_env = true)]
    auto_approve: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    // Before any request, so that a job without consent costs nothing.
    if !arguments.auto_approve && !io::stdin().is_terminal() {
        return Err(Failure::invalid("nobody is there to approve the changes").hint(
            "give `--auto-approve`, or run it in a terminal; `rolecall plan` shows what would change",
        ));
    }
    let now = arguments.selection.now()?;
    let checked = run::checked(global, &arguments.selection.paths)?;
    run::block_on(async {
        let mut planned = run::until_signal(run::planned(global, output, checked, now)).await?;
        if output.format != Format::Json {
            output.result(&planned.rendered(output.format));
        }
        let applied = if planned.plan.is_empty() {
            Applied { steps: Vec::new(), report: Report { groups: Vec::new() }, left: Left::Nothing }
        } else {
            if !arguments.auto_approve {
                run::until_signal(consent(output)).await?;
            }
            write(output, &mut planned).await
        };
        let exit = applied.exit(&planned.plan);
        output.result(&match output.format {
            Format::Json => applied.json(&planned, exit),
            Format::Text => applied.text(&planned.plan),
            // An indented block, in which nothing calls anybody.
            Format::Markdown => {
                let text = applied.text(&planned.plan);
                text.lines().map(|it| format!("    {it}").trim_end().to_owned() + "\n").collect()
            }
        });
        Ok(exit)
    })
}

/// Asks on the terminal; only a whole `yes` counts.
async fn consent(output: &Output) -> Result<(), Failure> {
    output.message("");
    let _ = write!(io::stderr(), "Apply these changes? Only `yes` is accepted: ");
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map(|_| answer)
    });
    match answer.await {
        Ok(Ok(answer)) if answer.trim() == "yes" => Ok(()),
        _ => Err(Failure::invalid("not approved; nothing was changed")),
    }
}

/// What became of an apply.
struct Applied {
    steps: Vec<Step>,
    report: Report,
    left: Left,
}

/// What a second look at the touched groups found.
enum Left {
    /// Everything is as the files say.
    Nothing,
    /// These changes are still to be made.
    Changes(Box<Plan>),
    /// The second look failed.
    Unknown(String),
}

async fn write(output: &Output, planned: &mut Planned) -> Applied {
    let Planned { plan, connected, checked, snapshot, now, .. } = planned;
    let steps = order(plan, ScopeChange::default()).steps;
    let stop = run::stop_on_signal();
    let counter = output.counter(plan.changes.len());
    let settled = |it: &GroupReport| counter.settled(&line(it, plan));
    let report = apply((&connected.reader, &connected.writer), plan, &steps, &stop, settled).await;
    drop(counter);
    let places: BTreeSet<_> = plan.changes.iter().filter_map(|it| it.from).collect();
    // Only what was touched is read again, but all of it is compared: what is withheld depends on the rest.
    let left = match run::read(output, connected, &checked.declared.only(&places)).await {
        Ok(newer) => {
            snapshot.renew(newer);
            match run::compare(&checked.declared, snapshot, *now) {
                Ok(left)
                    if left.is_empty() && left.quarantine.iter().all(|it| plan.quarantine.contains(it)) =>
                {
                    Left::Nothing
                }
                Ok(left) if left.is_empty() => {
                    Left::Unknown("groups or people were changed meanwhile; plan again and look".to_owned())
                }
                Ok(left) => Left::Changes(Box::new(left)),
                Err(findings) => {
                    Left::Unknown(findings.first().map(|it| it.message.clone()).unwrap_or_default())
                }
            }
        }
        Err(error) => Left::Unknown(error.to_string()),
    };
    Applied { steps, report, left }
}

/// Returns `done  GROUP`, or why not.
fn line(group: &GroupReport, plan: &Plan) -> String {
    let name = render::escape::terminal(&plan.changes[group.change].name);
    match group.failures().next() {
        Some(error) => format!("failed  {name}: {}", render::escape::terminal(&error.to_string())),
        None if group.is_done() => format!("done    {name}"),
        None => format!("stopped {name}"),
    }
}

impl Applied {
    fn exit(&self, plan: &Plan) -> Exit {
        let outcomes = || self.report.groups.iter().flat_map(|it| &it.outcomes);
        let mut failures = self.report.groups.iter().flat_map(GroupReport::failures);
        let wrote = outcomes().any(|it| match it {
            Outcome::Done => true,
            Outcome::Failed { wrote, .. } => *wrote == Wrote::Perhaps,
            Outcome::Skipped | Outcome::Interrupted => false,
        });
        let clean = outcomes().all(|it| matches!(it, Outcome::Done)) && matches!(self.left, Left::Nothing);
        match (clean, wrote, failures.next()) {
            (true, _, _) if plan.withheld() == 0 => Exit::Ok,
            (true, _, _) | (false, true, _) => Exit::Partial,
            (false, false, Some(ApplyError::Api(error))) if error.class() == Class::Auth => Exit::Auth,
            (false, false, Some(ApplyError::Appeared { .. })) => Exit::Stale,
            (false, false, Some(_)) => Exit::Remote,
            (false, false, None) if outcomes().any(|it| matches!(it, Outcome::Interrupted)) => {
                Exit::Interrupted
            }
            (false, false, None) => Exit::Partial,
        }
    }

    /// Says of every group that is not done what became of each of its steps.
    fn not_done(&self, plan: &Plan) -> String {
        let show = render::escape::terminal;
        let mut text = String::new();
        for group in self.report.groups.iter().filter(|it| !it.is_done()) {
            text += &format!("\nNot done: {}\n", show(&plan.changes[group.change].name));
            for (step, outcome) in group.steps(&self.steps) {
                let what = words(&step.call);
                match outcome {
                    Outcome::Done => text += &format!("  done     {what}\n"),
                    Outcome::Skipped => text += &format!("  skipped  {what}, as it waits for what failed\n"),
                    Outcome::Interrupted => {
                        text += &format!("  stopped  {what}, as the run was interrupted\n");
                    }
                    Outcome::Failed { error, .. } => {
                        text += &format!("  failed   {what}: {}\n", show(&error.to_string()));
                        for cause in causes(error) {
                            text += &format!("           because: {}\n", show(&cause));
                        }
                        if let Some(hint) = error.hint() {
                            text += &format!("           hint: {hint}\n");
                        }
                    }
                }
            }
        }
        text
    }

    fn text(&self, plan: &Plan) -> String {
        let show = render::escape::terminal;
        let mut text = self.not_done(plan);
        match &self.left {
            Left::Nothing => (),
            Left::Changes(left) => {
                text += "\nRead back, and still different from the files:\n";
                for change in &left.changes {
                    text += &format!("  {}\n", show(&change.name));
                }
                text += &format!("  {}\n", render::text::summary(left));
            }
            Left::Unknown(why) => text += &format!("\nCould not be read back: {}\n", show(why)),
        }
        let done = self.report.groups.iter().filter(|it| it.is_done()).count();
        if !self.report.groups.is_empty() {
            text +=
                &format!("\nApplied: {done} of {}.", render::counted(plan.changes.len(), "group", "groups"));
            text += match &self.left {
                Left::Nothing if plan.withheld() > 0 => " Read back: everything else is as the files say.\n",
                Left::Nothing => " Read back: live state matches the files.\n",
                Left::Changes(_) | Left::Unknown(_) => " Run `rolecall apply` again to continue.\n",
            };
        }
        if plan.withheld() > 0 {
            text += &format!(
                "Withheld: {}, see above; nothing changes there until the files or the directory are corrected.\n",
                render::counted(plan.withheld(), "item", "items")
            );
        }
        text
    }

    fn json(&self, planned: &Planned, exit: Exit) -> String {
        let plan: Value = serde_json::from_str(&planned.rendered(Format::Json)).unwrap_or_default();
        let groups: Vec<Value> = self
            .report
            .groups
            .iter()
            .map(|group| {
                let change: &GroupChange = &planned.plan.changes[group.change];
                let steps: Vec<Value> =
                    group.steps(&self.steps).map(|(step, it)| outcome(&step.call, it)).collect();
                json!({ "company": change.company, "id": change.id, "name": change.name, "done": group.is_done(), "steps": steps })
            })
            .collect();
        let read_back = match &self.left {
            Left::Nothing => json!({ "clean": true }),
            Left::Changes(left) => {
                let names: Vec<_> = left.changes.iter().map(|it| &it.name).collect();
                json!({ "clean": false, "differ": names })
            }
            Left::Unknown(why) => json!({ "clean": false, "error": why }),
        };
        let report = json!({
            "version": 1,
            "kind": "apply",
            "exit": exit.code(),
            "result": exit.name(),
            "plan": plan,
            "groups": groups,
            "readBack": read_back,
        });
        format!("{report:#}\n")
    }
}

/// Says what a call does, for people.
fn words(call: &Call) -> String {
    match call {
        Call::CreateGroup { .. } => "create the group".to_owned(),
        Call::UpdateGroup { .. } => "change name or description".to_owned(),
        Call::DeleteGroup { .. } => "delete the group".to_owned(),
        Call::PatchMembers { add, remove, .. } if add.is_empty() => {
            format!("remove {}", render::counted(remove.len(), "member", "members"))
        }
        Call::PatchMembers { add, .. } => format!("add {}", render::counted(add.len(), "member", "members")),
        Call::PatchRoles { .. } => "change roles".to_owned(),
    }
}

fn outcome(call: &Call, outcome: &Outcome) -> Value {
    let (result, error, hint) = match outcome {
        Outcome::Done => ("done", None, None),
        Outcome::Skipped => ("skipped", None, None),
        Outcome::Interrupted => ("interrupted", None, None),
        Outcome::Failed { error, .. } => ("failed", Some(error.to_string()), error.hint()),
    };
    json!({ "step": words(call), "result": result, "error": error, "hint": hint })
}
