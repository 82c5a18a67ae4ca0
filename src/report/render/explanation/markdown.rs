//! One person's access for a comment or a ticket: inert whatever the names are, within a budget.

use unicode_width::UnicodeWidthStr as _;

use super::{Explanation, Line, Said};
use crate::{
    model::escape,
    report::render::{
        counted,
        markdown::{ORIGIN, aside, shown},
        wording::Sign,
    },
};

/// By this line a program finds the comment to update.
const MARKER: &str = "<!-- rolecall:explanation -->";
/// Bytes of what says how much is left out.
const NOTICE: usize = 100;
/// Returns the explanation in about `budget` bytes: what comes last is left out first, and counted.
pub fn markdown(view: &Explanation<'_>, budget: usize) -> String {
    let Said { person, company, alarms, effects, groups, direct, attributes, own, others, remarks, summary } =
        view.said();
    let of = company.map(|it| format!(" of {}", code(&it))).unwrap_or_default();
    let mut out = format!("{MARKER}\n### rolecall: access of {}{of}\n\n**{summary}**\n\n", code(&person));
    let user = code(&view.explained.person.id.to_string());
    out.push_str(&format!("User {user} at {}\n\n", code(view.endpoint)));
    for alarm in &alarms {
        out.push_str(&format!("- **!** {}\n", code(alarm)));
    }
    if !alarms.is_empty() {
        out.push('\n');
    }
    let remarks: Vec<String> = remarks.iter().map(|it| format!("- {}\n", code(it))).collect();
    let mut free = budget.saturating_sub(out.len() + remarks.iter().map(String::len).sum::<usize>());
    let lines = |indent: usize| move |it: &Line| row(it, indent);
    let in_groups = groups
        .iter()
        .flat_map(|it| std::iter::once(row(&it.head, 0)).chain(it.lines.iter().map(lines(4))))
        .collect();
    let parts = [
        ("In effect", effects.iter().map(lines(4)).collect(), "nothing through groups"),
        ("Outside groups", direct.iter().map(lines(4)).collect(), ""),
        ("Declared of the person", attributes.iter().map(lines(4)).collect(), ""),
        ("Acts for", own.iter().map(lines(4)).collect(), ""),
        ("Others act for the person", others.iter().map(lines(4)).collect(), ""),
        ("Through groups", in_groups, "none"),
    ];
    let has_some = |it: &(&str, Vec<String>, &str)| !it.1.is_empty() || !it.2.is_empty();
    for (title, lines, nothing) in parts.into_iter().filter(has_some) {
        let part = section(title, lines, nothing, free);
        free = free.saturating_sub(part.len());
        out.push_str(&part);
    }
    out.extend(remarks);
    out
}

/// Returns a fence with as many of the lines as fit.
fn section(title: &str, mut lines: Vec<String>, nothing: &str, budget: usize) -> String {
    if lines.is_empty() {
        lines.push(format!("      {nothing}"));
    }
    let mut out = format!("#### {title}\n\n```diff\n");
    let room = budget.saturating_sub(out.len() + NOTICE);
    let mut used = 0;
    let fitting = lines.iter().take_while(|it| {
        used += it.len() + 1;
        used <= room
    });
    let fitting = fitting.count();
    for line in &lines[..fitting] {
        out.push_str(line);
        out.push('\n');
    }
    out.push_str("```\n\n");
    if fitting < lines.len() {
        let more = counted(lines.len() - fitting, "more line", "more lines");
        out.push_str(&format!("… and {more} not shown\n\n"));
    }
    out
}

/// Returns a line of a fence; none begins with a backtick, which could end it.
fn row(line: &Line, indent: usize) -> String {
    let sign = line.sign.map_or(' ', Sign::in_diff);
    let noun = match (line.noun, indent) {
        ("", _) => String::new(),
        (noun, 0) => format!("{noun} "),
        (noun, _) => format!("{noun:6}  "),
    };
    let mut text = format!("{sign} {:indent$}{noun}{}", "", shown(&line.what));
    let gap = ORIGIN.saturating_sub(text.width()).max(2);
    aside(&mut text, gap, [&line.origin, &line.note]);
    text
}

fn code(text: &str) -> String {
    escape::markdown(&shown(text))
}
