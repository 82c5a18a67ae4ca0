//! Workflow commands of GitHub Actions: what somebody has to look at as annotations of the files, the gravest first.

use std::fmt::Write as _;

use super::{
    counted,
    ending::{About, Ending},
    issues::{Issue, Level, issues},
    wording,
};
use crate::model::escape;

/// Annotations of one kind that GitHub shows of a step; the last of more says how many there are.
const SHOWN: usize = 10;

pub(super) fn document(ending: &Ending<'_>) -> String {
    let mut out = String::new();
    let issues = issues(ending);
    for level in [Level::Error, Level::Warning, Level::Note] {
        let all: Vec<&Issue> = issues.iter().filter(|it| it.level == level).collect();
        let shown = if all.len() > SHOWN { SHOWN - 1 } else { all.len() };
        for it in &all[..shown] {
            out += &command(level, it);
        }
        if all.len() > shown {
            let more = counted(all.len() - shown, "more is", "more are");
            let _ = writeln!(out, "::{}::{more} in the summary of this job", word(level));
        }
    }
    out
}

/// What later steps may ask for, a line each as `$GITHUB_OUTPUT` takes it: numbers and words of ours, so that no name can
/// set another one.
pub fn outputs(ending: &Ending<'_>) -> String {
    let mut out = format!("exit={}\nresult={}\n", ending.code, ending.result);
    if let About::Plan(view, _) = &ending.about {
        let (plan, people) = (view.plan, &view.judgement.people);
        let escalate: usize =
            people.affected.iter().filter(|it| it.escalates()).map(|it| it.users.len()).sum();
        for (name, n) in [
            ("changes", plan.edits.iter().len()),
            ("gain", people.gain),
            ("lose", people.lose),
            ("lose-everything", people.lose_everything.len()),
            ("escalate", escalate),
            ("withheld", plan.withheld()),
            ("accepted", plan.accepted.len()),
            ("stops", view.judgement.stops().count()),
        ] {
            let _ = writeln!(out, "{name}={n}");
        }
        let _ = writeln!(out, "plan-id={}", wording::plan_id(plan).unwrap_or_default());
    }
    out
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    }
}

fn command(level: Level, issue: &Issue) -> String {
    let place = issue.spot.as_ref().map_or_else(String::new, |it| {
        format!("file={},line={},col={},", property(&escape::terminal(&it.path)), it.line, it.column)
    });
    let title = format!("rolecall: {}", issue.rule);
    format!("::{} {place}title={}::{}\n", word(level), property(&title), data(&issue.message()))
}

/// What stands after the last `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
