//! A report for a terminal and for programs. Styles are ANSI codes, stripped where they are not wanted.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::{Area, Check, Report, Trouble, Verdict};
use crate::{
    model::{escape, json::document},
    report::render::counted,
};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const OK: Style = AnsiColor::Green.on_default();
const NOTE: Style = AnsiColor::Yellow.on_default();
const PROBLEM: Style = AnsiColor::Red.on_default().bold();

/// Returns the report for people.
pub fn text(report: &Report) -> String {
    let show = escape::terminal;
    let company = report.company.as_deref().unwrap_or("no company");
    let mut out = format!("{BOLD}{}{BOLD:#} at {}\n", show(company), show(&report.endpoint));
    let widest = report.checks.iter().map(|it| it.name.chars().count()).max().unwrap_or(0);
    let mut about: Option<(Area, Option<&str>)> = None;
    for check in &report.checks {
        let of = check.of.as_deref();
        if about != Some((check.area, of)) {
            let of = of.map(|it| format!(" of `{it}`")).unwrap_or_default();
            let _ = writeln!(out, "\n{BOLD}{}{of}{BOLD:#}", check.area.title());
            about = Some((check.area, check.of.as_deref()));
        }
        let (word, style) = word(check.verdict);
        let (name, fact) = (show(&check.name), show(&check.fact));
        let _ = writeln!(out, "  {style}{word:<7}{style:#}  {name:<widest$}  {fact}");
        if let Some(hint) = &check.hint {
            let _ = writeln!(out, "  {:7}  {:widest$}  {DIM}hint: {}{DIM:#}", "", "", show(hint));
        }
    }
    let [ok, notes, problems] = report.counts();
    let _ = writeln!(
        out,
        "\n{}, {}, {ok} ok.",
        counted(problems, "problem", "problems"),
        counted(notes, "note", "notes")
    );
    out
}

/// Returns the report for programs, with how the run ends.
pub fn json(report: &Report, exit: u8, result: &str) -> String {
    let check = |it: &Check| {
        let trouble = match it.verdict {
            Verdict::Ok | Verdict::Note => Value::Null,
            Verdict::Problem(Trouble::Invalid) => "invalid".into(),
            Verdict::Problem(Trouble::Remote) => "remote".into(),
            Verdict::Problem(Trouble::Auth) => "auth".into(),
        };
        let area = it.area.title().to_lowercase();
        let of = it.of.as_ref().map(|it| json!({ "of": it }));
        let mut row = json!({ "area": area, "name": it.name, "verdict": word(it.verdict).0.to_lowercase(), "trouble": trouble, "fact": it.fact, "hint": it.hint });
        if let (Value::Object(row), Some(Value::Object(of))) = (&mut row, of) {
            row.extend(of);
        }
        row
    };
    let [ok, notes, problems] = report.counts();
    document(&json!({
        "version": 1,
        "kind": "doctor",
        "at": report.at,
        "endpoint": report.endpoint,
        "company": report.company,
        "exit": exit,
        "result": result,
        "counts": { "ok": ok, "note": notes, "problem": problems },
        "checks": report.checks.iter().map(check).collect::<Vec<_>>(),
    }))
}

fn word(verdict: Verdict) -> (&'static str, Style) {
    match verdict {
        Verdict::Ok => ("ok", OK),
        Verdict::Note => ("note", NOTE),
        Verdict::Problem(_) => ("PROBLEM", PROBLEM),
    }
}
