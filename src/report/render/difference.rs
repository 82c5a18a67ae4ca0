//! Two texts of one file as a unified diff, with ANSI styles.

use anstyle::{AnsiColor, Style};
use similar::TextDiff;

use crate::model::escape::terminal;

const GONE: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();
const PLACE: Style = AnsiColor::Cyan.on_default();

/// Returns the lines that differ, as `patch` takes them; nothing where none do.
pub fn unified(old: &str, new: &str, path: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let text = diff.unified_diff().context_radius(3).header(path, path).to_string();
    let styled = |line: &str| {
        let shown = terminal(line.trim_end_matches('\r'));
        let style = match line.get(..1) {
            Some("-") => GONE,
            Some("+") => NEW,
            Some("@") => PLACE,
            _ => return format!("{shown}\n"),
        };
        format!("{style}{shown}{style:#}\n")
    };
    text.lines().map(styled).collect()
}
