//! What came of the tests of rules, as text and JSON. Computes nothing.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{counted, json::Origin};
use crate::{
    files::fixtures::Tested,
    model::{escape::terminal as show, source::Sources},
};

/// One line for each test, and how many fail.
pub fn text(tested: &[Tested], sources: &Sources) -> String {
    let mut text = String::new();
    for it in tested {
        let sign = if it.passes() { "pass" } else { "FAIL" };
        let case = it.case.as_deref().map(|it| format!(": {it}")).unwrap_or_default();
        let line = show(&format!("{}{case} ({})", it.rule, sources.line(it.from))).into_owned();
        let _ = write!(text, "{sign}  {line}");
        let _ = match &it.found {
            _ if it.passes() => writeln!(text),
            Ok(found) => {
                writeln!(text, "\n      expected {}, found {}", it.expected.as_str(), found.as_str())
            }
            Err(why) => {
                writeln!(text, "\n      expected {}, not evaluated: {}", it.expected.as_str(), show(why))
            }
        };
    }
    let failing = tested.iter().filter(|it| !it.passes()).count();
    let _ = writeln!(text, "{}, {failing} failing.", counted(tested.len(), "test", "tests"));
    text
}

/// The same for programs.
pub fn json(tested: &[Tested], untested: &[Box<str>], sources: &Sources) -> String {
    let one = |it: &Tested| {
        let (found, why) = match &it.found {
            Ok(found) => (Some(found.as_str()), None),
            Err(why) => (None, Some(why)),
        };
        let origin = Origin::new(it.from, sources);
        let mut row = json!({
            "rule": it.rule, "case": it.case, "expected": it.expected.as_str(), "found": found, "why": why,
            "passes": it.passes(),
            "origin": { "file": origin.file, "line": origin.line, "column": origin.column },
        });
        if let Value::Object(row) = &mut row {
            row.retain(|_, it| !it.is_null());
        }
        row
    };
    let tests: Vec<Value> = tested.iter().map(one).collect();
    let whole = json!({ "kind": "policyTests", "version": 1, "tests": tests, "untested": untested });
    format!("{whole:#}\n")
}
