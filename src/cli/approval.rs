//! Whether a plan is the one that was approved: saved plans, ids, and why one is not applied.

use std::{fs, path::Path};

use jiff::Timestamp;
use rolecall::{
    model::{
        plan::{Digest, Judgement, Plan},
        source::Sources,
    },
    plan::{approval::differences, digest},
    report::{
        document::{self, Saved},
        render::{self, counted},
    },
};
use serde_json::{Value, json};

use super::{
    Format, Global,
    failure::{Exit, Failure},
    output::{Output, trouble},
    run::{self, Checked, Planned},
};

/// Digits of a plan's id that people see, and the least that approves one.
pub(super) const ID_DIGITS: usize = 12;

/// Reads a saved plan.
pub(super) fn read_plan(path: &Path, sources: Sources) -> Result<Saved, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::invalid(format!("cannot read the plan {}: {error}", path.display()))
            .hint("save one with `rolecall plan --out FILE`")
    })?;
    document::read(&text, sources).map_err(|error| {
        let hint = error.hint();
        Failure::invalid(format!("{}: {error}", path.display())).hint(hint)
    })
}

/// Takes a saved plan up again: for the same API, from the same files, and on the groups that it saw.
pub(super) async fn saved(
    global: &Global,
    approved: Option<&str>,
    output: &Output,
    checked: Checked,
    path: &Path,
    now: Timestamp,
) -> Result<Planned, Failure> {
    // Again, so that its places point into the files as they are here.
    let saved = read_plan(path, checked.loaded.sources.clone())?;
    let approved = approved.is_some_and(|it| saved.id.to_string().starts_with(it));
    let changed = changed(&saved, &checked.loaded.sources);
    if !changed.is_empty() {
        let what = format!("{} changed since the plan was made", counted(changed.len(), "file", "files"));
        if !approved {
            return Err(Failure::new(Exit::Stale, format!("{what}; nothing was written"))
                .because(changed)
                .hint(format!(
                    "plan again; to apply the plan as it is all the same, give `--approve {:.ID_DIGITS$}`",
                    saved.id
                )));
        }
        output.message(&format!("warning: {what}; the plan is applied as it was approved"));
    }
    let from_files = changed.is_empty();
    run::taken_up(global, output, checked, (saved, from_files), now).await
}

/// Returns the files that are not what the plan was made from, each with how.
fn changed(saved: &Saved, sources: &Sources) -> Vec<String> {
    let now: Vec<(&str, Digest)> = sources
        .files()
        .filter(|(_, it)| !it.text.is_empty())
        .map(|(_, it)| (it.path.as_str(), digest::file(&it.text)))
        .collect();
    let mut changed = Vec::new();
    for (path, digest) in &saved.files {
        match now.iter().find(|it| it.0 == &**path) {
            Some((_, same)) if same == digest => (),
            Some(_) => changed.push(format!("{path} says something else")),
            None => changed.push(format!("{path} is gone")),
        }
    }
    // A plan of a part of the files knows nothing of the others, and a rollback comes from none.
    if !saved.partial && !saved.files.is_empty() {
        let new = now.iter().filter(|it| saved.files.iter().all(|known| *known.0 != *it.0));
        changed.extend(new.map(|it| format!("{} is new", it.0)));
    }
    changed
}

/// Why a plan is not applied although it could be shown.
pub(super) struct No {
    exit: Exit,
    message: String,
    causes: Vec<String>,
    hint: String,
}

impl No {
    /// Says so, after the plan or together with it.
    pub(super) fn say(self, output: &Output, planned: &Planned) -> Exit {
        let Self { exit, message, causes, hint } = self;
        output.events.send("refused", json!({ "message": message, "causes": causes }));
        if output.format == Format::Json {
            let plan: Value =
                serde_json::from_str(&planned.rendered(Format::Json)).expect("a document is JSON");
            let error = json!({ "message": message, "causes": causes, "hint": hint });
            let report = json!({
                "version": 1, "kind": "apply", "exit": exit.code(), "result": exit.name(),
                "plan": plan, "groups": [], "error": error,
            });
            output.result(&format!("{report:#}\n"));
        }
        output.message(&trouble(&message, &causes, Some(&hint)));
        exit
    }
}

/// Returns why the plan is not the one that was approved.
pub(super) fn not_approved(
    approved: Option<&str>,
    at_most: Option<&Saved>,
    (plan, id): (&Plan, Digest),
    url: &str,
) -> Option<No> {
    if let Some(approved) = approved
        && !id.to_string().starts_with(approved)
    {
        return Some(No {
            exit: Exit::Stale,
            message: "the plan is not the one that was approved; nothing was written".to_owned(),
            causes: vec![format!("approved was {approved:.ID_DIGITS$}, and it is {id:.ID_DIGITS$} now")],
            hint: "review the plan as it is now, and approve that".to_owned(),
        });
    }
    let at_most = at_most?;
    if *at_most.endpoint != *url {
        return Some(No {
            exit: Exit::Stale,
            message: "the approved plan was made for another API; nothing was written".to_owned(),
            causes: vec![format!("it was made for {}, and this is {url}", at_most.endpoint)],
            hint: "have a plan for this API approved".to_owned(),
        });
    }
    let beyond = differences(&at_most.plan, plan);
    (!beyond.is_empty()).then(|| No {
        exit: Exit::Stale,
        message: format!(
            "the plan does more than was approved: {}; nothing was written",
            counted(beyond.len(), "thing", "things")
        ),
        causes: render::approval::lines(plan, &beyond),
        hint: "save the plan as it is now, and have that approved".to_owned(),
    })
}

pub(super) fn blocked(judgement: &Judgement) -> No {
    let mut guards: Vec<&str> = judgement.stops().map(|it| it.guard.as_str()).collect();
    guards.dedup();
    No {
        exit: Exit::Blocked,
        message: format!("stopped by {}: {}; nothing was written", if guards.len() == 1 { "a guard" } else { "guards" }, guards.join(", ")),
        causes: Vec::new(),
        hint: "the plan says what was counted and what the limit is; an exception belongs into rolecall.yaml, with a reason and a date".to_owned(),
    }
}
