//! `rolecall apply`: plan or read a plan, have it approved, write, read back. The only command that writes live.

mod arguments;
mod exit;
mod told;
mod writing;

use std::io::{self, IsTerminal};

use jiff::Timestamp;
use rolecall::{
    model::source::Sources,
    report::render::ending::Trouble,
    workflow::{self, Approval, Checked, Wanted},
};

pub(super) use super::approval::consent;
pub(super) use arguments::Arguments;
use arguments::What;

use super::{
    Exit, Failure, Format, Global, Output, approval::refused, estimate, journals, run, settings::connect,
    show,
};

pub(super) fn run(global: &Global, arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let what = arguments.what(global)?;
    let at_most = match &arguments.approved_at_most {
        Some(path) => Some(arguments.plan_file(global, path)?.plan(Sources::default())?),
        None => None,
    };
    // A plan that is named was looked at: starting the process says so.
    let consented = arguments.estimate
        || arguments.auto_approve
        || arguments.approve.is_some()
        || at_most.is_some()
        || matches!(what, What::Saved(..));
    // Before any request, so that a job without consent costs nothing.
    if !consented && !io::stdin().is_terminal() {
        return Err(Failure::invalid("no terminal to confirm on").hint(
            "give `--approve PLAN_ID` or `--auto-approve`, or run it in a terminal; `rolecall plan` shows what would change",
        ));
    }
    let now = arguments.selection.now.get()?;
    let mut of_plan = None;
    let checked = match what {
        What::Files | What::Expired => global.selected(&arguments.selection)?,
        What::Lockouts => show::for_lockouts(global, &arguments.selection, output)?,
        What::Saved(ref file) => {
            let saved = file.plan(Sources::default())?;
            of_plan = Some(saved.plan.companies.iter().map(|it| it.company).collect());
            let checked = arguments.selection.believing(global.sound_for(&saved, arguments.selection.shard)?);
            global.judged_from(checked, &arguments.selection)?
        }
    };
    let companies = of_plan.unwrap_or_else(|| checked.declared.compared_companies());
    let wanted = wanted(global, what, &checked, (arguments, output))?;
    run::block_on(async {
        let connected = connect(global, &checked, &companies)?;
        let asked = arguments.selection.asking.ask_people;
        let judged =
            run::until_signal(show::judged(&connected.live, checked, wanted, (now, asked), output)).await?;
        if arguments.estimate {
            return Ok(estimate::apply(global, &judged, arguments.witness, output));
        }
        let stop = run::stop_on_signal(output);
        show::announce(&judged, output);
        for note in &judged.notes {
            output.message(&note.to_string());
        }
        if output.format != Format::Json {
            output.result(&show::rendered(&judged.context, &judged, output));
        }
        let approval = Approval { id: arguments.approve.as_deref(), at_most: at_most.as_ref() };
        let approved = match workflow::approved(judged, approval) {
            Ok(approved) => approved,
            Err(refusal) => {
                let (judged, refusal) = *refusal;
                let exit = refused(&judged, &refusal, output);
                let (message, causes) = (refusal.to_string(), refusal.reasons(judged.plan()));
                let trouble = Trouble { message: &message, causes: &causes, hint: Some(refusal.hint()) };
                let told = (exit, Some(trouble));
                arguments.reporting.plan(global, (&judged.context, &judged), told, output)?;
                return Ok(exit);
            }
        };
        if !approved.plan().is_empty() && !consented {
            run::until_signal(consent(output, "Apply these changes?")).await?;
        }
        if !now.is_given {
            approved.not_ended(Timestamp::now())?;
        }
        writing::applied(global, arguments, &connected, &approved, (&stop, output)).await
    })
}

/// What the plan is made of; a saved plan is taken up only with the files that it was made from, or by its id.
fn wanted(
    global: &Global,
    what: What,
    checked: &Checked,
    (arguments, output): (&Arguments, &Output),
) -> Result<Wanted, Failure> {
    let file = match what {
        What::Files => return Ok(Wanted::Files),
        What::Expired => return Ok(Wanted::Expired),
        What::Lockouts => return Ok(Wanted::Lockouts),
        What::Saved(file) => file,
    };
    if let Some(key) = &file.signed_by {
        output.message(&format!("The plan is signed by the key {key}."));
    }
    // Again, so that its places point into the files as they are here.
    let saved = file.plan(checked.loaded.sources.clone())?;
    let run = journals::undone(&saved, global, &checked.loaded.root, output);
    let (wanted, note) = workflow::retaken(saved, checked, arguments.approve.as_deref(), run)?;
    if let Some(note) = note {
        output.message(&format!("warning: {note}"));
    }
    Ok(wanted)
}
