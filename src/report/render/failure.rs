//! Why there is no result, where the result would stand.

use serde_json::json;

use super::{ending::Trouble, forge::Forge, more};
use crate::model::{escape, json::document};

/// Returns the failure as lines of text.
pub(super) fn text(trouble: &Trouble<'_>) -> String {
    let mut text = format!("error: {}\n", escape::terminal(trouble.message));
    for cause in trouble.causes {
        text += &format!("  because: {}\n", escape::terminal(cause));
    }
    if let Some(hint) = trouble.hint {
        text += &format!("hint: {}\n", escape::terminal(hint));
    }
    text
}

/// Returns the failure on one line: what, why, and what to do. Raw.
pub(super) fn sentence(trouble: &Trouble<'_>) -> String {
    let causes: String = trouble.causes.iter().map(|it| format!(": {it}")).collect();
    let hint = trouble.hint.map(|it| format!("; {it}")).unwrap_or_default();
    format!("{}{causes}{hint}", trouble.message)
}

/// Returns the failure as the one JSON document of a run.
pub fn json(kind: &str, code: u8, name: &str, trouble: &Trouble<'_>) -> String {
    let Trouble { message, causes, hint } = trouble;
    document(&json!({
        "version": 1,
        "kind": "error",
        "error": { "type": kind, "exit": code, "name": name, "message": message, "causes": causes, "hint": hint },
    }))
}

/// Returns what stands above a plan that was not done in full.
pub(super) fn note(trouble: &Trouble<'_>, forge: Forge) -> String {
    forge.warning(&format!("error: {}", said(&sentence(trouble), NOTE))) + "\n"
}

/// Bytes of such a note.
const NOTE: usize = 2_000;
/// Bytes of one of several reasons.
const REASON: usize = 600;
/// Reasons that are told.
const REASONS: usize = 10;

/// A text as code, which is not longer than that. No line begins with it: what has backticks in it could look like a fence.
fn said(text: &str, most: usize) -> String {
    escape::markdown(&escape::clip(&escape::terminal(text), most))
}

/// Returns the comment that says that there is no such thing, and why.
pub fn markdown(made: &str, trouble: &Trouble<'_>, forge: Forge) -> String {
    let say = |it: &str| said(it, REASON);
    let why = trouble.causes.iter().take(REASONS).map(|it| format!("\n- because: {}", say(it)));
    let left = more(trouble.causes.len(), REASONS).map(|it| format!("\n- {it}"));
    let hint = trouble.hint.iter().map(|it| format!("\n- hint: {}", say(it)));
    let more: String = why.chain(left).chain(hint).collect();
    let marker = forge.hidden(&format!("rolecall:{made}"));
    format!("{marker}### rolecall: no {made}\n\nerror: {}\n{more}\n", say(trouble.message))
}
