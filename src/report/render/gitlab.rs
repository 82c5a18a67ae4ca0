//! A code quality report of GitLab: what somebody has to look at, each with a fingerprint that stays when lines move.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    ending::Ending,
    issues::{Issue, Kind, Level, Spot, issues},
};
use crate::{
    files::WORKSPACE_FILE,
    model::{json::document as written, plan::Digest},
    plan::digest,
};

pub(super) fn document(ending: &Ending<'_>) -> String {
    let mut seen: BTreeMap<Digest, usize> = BTreeMap::new();
    let entries: Vec<Value> = issues(ending).iter().map(|it| entry(it, &mut seen)).collect();
    written(&entries)
}

fn entry(issue: &Issue, seen: &mut BTreeMap<Digest, usize>) -> Value {
    // GitLab drops what has no place.
    let nowhere = Spot { path: WORKSPACE_FILE.to_owned(), line: 1, column: 1 };
    let spot = issue.spot_or_near().unwrap_or(&nowhere);
    json!({
        "check_name": issue.rule,
        "description": issue.message(),
        "severity": severity(issue),
        "fingerprint": fingerprint(issue, &spot.path, seen),
        "location": { "path": spot.path, "lines": { "begin": spot.line } },
    })
}

fn severity(issue: &Issue) -> &'static str {
    match (issue.kind, issue.level) {
        (Kind::Failure | Kind::Stop, _) => "blocker",
        (Kind::Privileged | Kind::Weakened, _) => "critical",
        (Kind::Policy, Level::Error | Level::Warning) => "major",
        (Kind::Finding | Kind::Withheld, Level::Error) | (Kind::Withheld, Level::Warning) => "major",
        (Kind::Finding, Level::Warning) => "minor",
        (Kind::Accepted | Kind::Person, _) | (Kind::Finding | Kind::Withheld | Kind::Policy, Level::Note) => {
            "info"
        }
    }
}

/// By rule, file and words; of several alike by their number, too.
pub(super) fn fingerprint(issue: &Issue, path: &str, seen: &mut BTreeMap<Digest, usize>) -> String {
    let first = digest::file(&[&issue.rule, path, &issue.title].join("\0"));
    let n = seen.entry(first).or_default();
    *n += 1;
    let whole = if *n == 1 { first } else { digest::file(&format!("{first}\0{n}")) };
    format!("{whole:.32}")
}
