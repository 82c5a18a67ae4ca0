//! SARIF 2.1.0 for code scanning: what somebody has to look at as results at lines of files.
//!
//! Written by hand: of the format's hundreds of fields a dozen say something here. Sections are those of the OASIS
//! standard.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use serde_json::{Value, json};

use super::{
    ending::Ending,
    gitlab::fingerprint,
    issues::{Issue, Kind, Level, Spot, issues},
};
use crate::model::json::document as written;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn document(ending: &Ending<'_>) -> String {
    // A failure is about the run and not about a line of a file (§3.20.21).
    let (failures, results): (Vec<Issue>, Vec<Issue>) =
        issues(ending).into_iter().partition(|it| it.kind == Kind::Failure);
    let rules: BTreeMap<&str, &Issue> = results.iter().map(|it| (it.rule.as_str(), it)).collect();
    let numbers: BTreeSet<&str> = rules.keys().copied().collect();
    let number = |rule: &str| numbers.range(..rule).count();
    let mut seen = BTreeMap::new();
    let rows: Vec<Value> = results
        .iter()
        .map(|it| {
            let path = it.spot_or_near().map_or("", |it| it.path.as_str());
            json!({
                "ruleId": it.rule,
                "ruleIndex": number(&it.rule),
                "level": level(it.level),
                "message": { "text": text(it) },
                "locations": it.spot_or_near().map(location).into_iter().collect::<Vec<_>>(),
                "partialFingerprints": { "rolecall/v1": fingerprint(it, path, &mut seen) },
            })
        })
        .collect();
    let notifications: Vec<Value> = failures
        .iter()
        .map(|it| json!({ "level": level(it.level), "message": { "text": text(it) }, "descriptor": { "id": it.rule } }))
        .collect();
    written(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "rolecall",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.values().map(|it| rule(it)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": failures.is_empty(),
                "exitCode": ending.code,
                "exitCodeDescription": ending.result,
                "toolExecutionNotifications": notifications,
            }],
            "results": rows,
        }],
    }))
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

/// What is said, without links: a viewer makes one of `[words](target)`, unless there is a backslash (§3.11.6).
fn text(issue: &Issue) -> String {
    issue.message().replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

fn rule(issue: &Issue) -> Value {
    json!({
        "id": issue.rule,
        "shortDescription": { "text": issue.meaning },
        "defaultConfiguration": { "level": level(issue.level) },
    })
}

fn location(spot: &Spot) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&spot.path) },
        "region": { "startLine": spot.line, "startColumn": spot.column },
    } })
}

/// A path as a reference that is relative to the repository, or whole (§3.4.3).
fn uri(path: &str) -> String {
    let mut out = if Path::new(path).is_absolute() { "file://" } else { "" }.to_owned();
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            it if it.is_ascii_alphanumeric() => out.push(char::from(it)),
            it => {
                let _ = write!(out, "%{it:02X}");
            }
        }
    }
    out
}
