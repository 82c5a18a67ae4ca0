//! The review as text, and as Markdown with room for the signature: in fences, in which no name is markup.

use unicode_width::UnicodeWidthStr as _;

use super::{BEGINNING, ENDING, ReviewView, Row};
use crate::{
    model::escape,
    report::render::{markdown::shown, scope::Words, thousands},
};

/// What stands behind each row of the Markdown.
const SIGN: &str = "[ ] keep  [ ] remove   by ____________  on ____-__-__";
/// The column at which what stands beside a role begins at most.
const BESIDE: usize = 60;

/// The review as text.
pub(in crate::report::render) fn text(view: &ReviewView<'_>) -> String {
    let words = view.words();
    let mut out = view.facts().iter().map(|it| format!("{}\n", shown(it))).collect::<String>() + "\n";
    for person in view.holders() {
        out += &block(view, person, &words, "");
    }
    for (title, lines) in rest(view, &words) {
        out += &format!("{title}\n");
        lines.iter().for_each(|it| out += &format!("    {it}\n"));
        out.push('\n');
    }
    out + &view.summary() + "\n"
}

/// The same for a page of a forge, to be signed row by row.
pub(in crate::report::render) fn markdown(view: &ReviewView<'_>) -> String {
    let words = view.words();
    let facts: String =
        view.facts().iter().map(|it| format!("- {}\n", escape::markdown(&shown(it)))).collect();
    let mut out = format!("<!-- rolecall:review -->\n### rolecall: {}\n\n{facts}\n", view.summary());
    let (privileged, others): (Vec<_>, Vec<_>) = view.holders().partition(|it| view.is_privileged(it));
    for (title, people) in [("Privileged access", privileged), ("Access", others)] {
        if people.is_empty() {
            continue;
        }
        out += &format!("#### {title}: {}\n\n```text\n", thousands(people.len()));
        people.iter().for_each(|it| out += &block(view, it, &words, SIGN));
        out.truncate(out.trim_end().len());
        out += "\n```\n\n";
    }
    for (title, lines) in rest(view, &words) {
        out += &format!("#### {title}\n\n```text\n");
        lines.iter().for_each(|it| out += &format!(" {it}\n"));
        out += "```\n\n";
    }
    out.truncate(out.trim_end().len());
    out + "\n"
}

/// Somebody with all rows, and an empty line.
fn block(
    view: &ReviewView<'_>,
    person: &crate::plan::review::Person,
    words: &Words<'_>,
    sign: &str,
) -> String {
    let company =
        if view.several() { format!(" of {}", words.company(person.company)) } else { String::new() };
    let standing = view.standing(person).map(|it| format!("  ({it})")).unwrap_or_default();
    // A line of a fence that began with a name could end it.
    let mark = if sign.is_empty() { "" } else { " " };
    let mut out =
        format!("{mark}{}{}{}\n", shown(&words.person(person.user.id)), shown(&company), shown(&standing));
    let rows: Vec<(String, Row)> = view.rows(person, words).into_iter().map(|it| (left(&it), it)).collect();
    let column = rows.iter().map(|it| it.0.width()).filter(|it| *it <= BESIDE).max().unwrap_or(0);
    let zone = view.sources.zone();
    for (left, row) in rows {
        let gap = column.saturating_sub(left.width()) + 2;
        let beside =
            [format!("through {}", row.through), row.dates(&zone), row.origin.clone(), row.files.to_owned()];
        let beside: Vec<String> =
            beside.iter().filter(|it| !it.is_empty()).map(|it| shown(it).into_owned()).collect();
        out += &format!("    {left}{:gap$}{}\n", "", beside.join("  "));
        if !sign.is_empty() {
            out += &format!("        {sign}\n");
        }
    }
    out.push('\n');
    out
}

fn left(row: &Row) -> String {
    let scope = if row.scope.is_empty() { String::new() } else { format!(" on {}", row.scope) };
    let mark = if row.privileged { "   PRIVILEGED" } else { "" };
    format!("{}{mark}", shown(&format!("{}{scope}", row.role)))
}

/// What is to be known beside who holds what.
fn rest(view: &ReviewView<'_>, words: &Words<'_>) -> Vec<(String, Vec<String>)> {
    let name = |it: &crate::plan::review::Group| match view.several() {
        true => format!("{} of {}", it.name, words.company(it.company)),
        false => it.name.to_string(),
    };
    let unmanaged = view.review.groups.iter().filter(|it| it.managed == crate::plan::explain::Managed::No);
    let lists: [(&str, Vec<String>); 5] = [
        (ENDING, view.soon(false, words)),
        (BEGINNING, view.soon(true, words)),
        ("Groups that no file names", unmanaged.map(name).collect()),
        ("Groups without members", view.empty().map(name).collect()),
        ("People without access", view.without().map(|it| words.person(it.user.id)).collect()),
    ];
    let said = |(title, all): (&str, Vec<String>)| {
        (format!("{title}: {}", thousands(all.len())), all.iter().map(|it| shown(it).into_owned()).collect())
    };
    lists.into_iter().filter(|it| !it.1.is_empty()).map(said).collect()
}
