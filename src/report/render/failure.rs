//! Why there is no result, where the result would stand.

use serde_json::json;

use super::ending::Trouble;
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

/// Returns what stands below a plan that was not done in full.
pub(super) fn note(trouble: &Trouble<'_>) -> String {
    let said = sentence(trouble);
    format!("\n> [!CAUTION]\n> {}\n", escape::markdown(&escape::clip(&said, NOTE)))
}

/// Bytes of such a note.
const NOTE: usize = 2_000;

/// Returns the comment that says that there is no such thing, and why.
pub fn markdown(made: &str, trouble: &Trouble<'_>) -> String {
    let say = escape::markdown;
    let why = trouble.causes.iter().map(|it| format!("\n- because: {}", say(it)));
    let hint = trouble.hint.iter().map(|it| format!("\n- hint: {}", say(it)));
    let more: String = why.chain(hint).collect();
    format!("<!-- rolecall:{made} -->\n### rolecall: no {made}\n\n{}\n{more}\n", say(trouble.message))
}
