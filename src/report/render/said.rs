//! What a question is answered, in words that no format has arranged yet: lines in columns under headings, what was not
//! seen, and one sentence. One renderer for each format, for every question. Raw: formats escape it.

use unicode_width::UnicodeWidthStr as _;

use super::{cells::line, forge::Forge, markdown::shown};
use crate::model::escape;

/// The column at which what stands in the next one begins at most.
const BESIDE: usize = 60;
/// Bytes kept for what says how much is left out.
const NOTICE: usize = 120;

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// What was asked.
    pub(crate) title: String,
    /// Where the answer is from, and as of when.
    pub(crate) facts: Vec<String>,
    pub(crate) parts: Vec<Part>,
    /// What was not seen, in whole sentences.
    pub(crate) unseen: Vec<String>,
    /// What it comes to.
    pub(crate) summary: String,
    /// The same for a spreadsheet.
    pub(crate) sheet: Sheet,
}

/// Lines that belong together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    pub(crate) head: Option<String>,
    /// In cells; what stands in one column of a part is aligned.
    pub(crate) lines: Vec<Vec<String>>,
}

/// Rows with the names of their columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Said {
    /// For a terminal.
    pub(crate) fn text(&self) -> String {
        let mut out = format!("{}\n", shown(&self.title));
        self.facts.iter().for_each(|it| out += &format!("{}\n", shown(it)));
        for part in &self.parts {
            out.push('\n');
            part.written("", &mut out);
        }
        if !self.unseen.is_empty() {
            out += "\nNot seen\n";
            self.unseen.iter().for_each(|it| out += &format!("    {}\n", shown(it)));
        }
        out + &format!("\n{}\n", shown(&self.summary))
    }

    /// The lines alone, without a question and what it comes to.
    pub(crate) fn lines(&self) -> String {
        let mut out = String::new();
        self.parts.iter().for_each(|it| it.written("", &mut out));
        out
    }

    /// For a comment or a ticket, within the budget of the forge: in a fence, in which no name is markup.
    pub(crate) fn markdown(&self, forge: Forge) -> String {
        let listed = |all: &[String]| -> String {
            all.iter().map(|it| format!("- {}\n", escape::markdown(&shown(it)))).collect()
        };
        let mut out = format!("### rolecall: {}\n\n", escape::markdown(&shown(&self.title)));
        out += &format!("**{}**\n\n{}", escape::markdown(&shown(&self.summary)), listed(&self.facts));
        let rest = match &self.unseen[..] {
            [] => String::new(),
            unseen => format!("\n#### Not seen\n\n{}", listed(unseen)),
        };
        let mut lines = String::new();
        for part in &self.parts {
            // A line of a fence that began with a name could end it.
            part.written(" ", &mut lines);
            lines.push('\n');
        }
        let room = forge.budget().saturating_sub(out.len() + rest.len() + NOTICE);
        let fitting: String = fitting(&lines, room);
        let more = lines.lines().count() - fitting.lines().count();
        if !lines.trim().is_empty() {
            out += &format!("\n```text\n{}\n```\n", fitting.trim_end());
        }
        if more > 0 {
            out += &format!("\n… and {} not shown\n", super::counted(more, "more line", "more lines"));
        }
        out + &rest
    }

    /// For a spreadsheet.
    pub(crate) fn csv(&self) -> String {
        let rows = self.sheet.rows.iter().map(|it| line(it.iter().map(String::as_str)));
        std::iter::once(line(self.sheet.columns.iter().copied())).chain(rows).collect()
    }
}

/// As many whole lines as fit.
fn fitting(lines: &str, room: usize) -> String {
    let mut used = 0;
    let fits = |it: &&str| {
        used += it.len();
        used <= room
    };
    lines.split_inclusive('\n').take_while(fits).collect()
}

impl Part {
    /// Adds the lines, each column as wide as what stands in it.
    fn written(&self, mark: &str, out: &mut String) {
        let indent = if self.head.is_some() { "    " } else { "" };
        if let Some(head) = &self.head {
            *out += &format!("{mark}{}\n", shown(head));
        }
        let cells: Vec<Vec<String>> =
            self.lines.iter().map(|it| it.iter().map(|it| shown(it).into_owned()).collect()).collect();
        let columns = cells.iter().map(Vec::len).max().unwrap_or(0);
        let width = |n: usize| {
            let of_column = cells.iter().filter_map(|it| it.get(n)).map(|it| it.width());
            of_column.filter(|it| *it <= BESIDE).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for line in &cells {
            let mut text = String::new();
            for (cell, width) in line.iter().zip(&widths).filter(|it| *it.1 > 0 || !it.0.is_empty()) {
                text += &format!("{cell}{:gap$}", "", gap = width.saturating_sub(cell.width()) + 2);
            }
            *out += &format!("{mark}{indent}{}\n", text.trim_end());
        }
    }
}
