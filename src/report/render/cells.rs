//! Cells of comma-separated values: every one is quoted, and none begins with what a spreadsheet takes for a formula.

use crate::model::escape;

/// With these a cell is computed, in the spreadsheets of some countries in their wide forms too.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A row.
pub(super) fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    cells.into_iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n"
}

fn cell(text: &str) -> String {
    let shown = escape::terminal(text);
    // What a program drops when it reads a cell must not hide what comes next.
    let is_formula = shown.trim_start().trim_start_matches('\'').starts_with(FORMULA);
    format!("\"{}{}\"", if is_formula { "'" } else { "" }, shown.replace('"', "\"\""))
}
