//! One person's access for a terminal. Signs and words together: colours carry nothing alone.

use anstyle::Style;

use super::{Explanation, Line, Said};
use crate::report::render::{
    fit::{Layout, Row, Width},
    text::{ALARM, BOLD, DIM, LABEL, PLAIN, separate, sign},
};

/// Returns the whole explanation.
pub fn text(view: &Explanation<'_>, width: Width) -> String {
    let Said { person, company, alarms, effects, groups, direct, attributes, own, others, remarks, summary } =
        view.said();
    let mut out = String::new();
    let heads = groups.iter().flat_map(|it| it.lines.iter().chain([&it.head]));
    let lines = effects.iter().chain(heads).chain(&direct).chain(&attributes).chain(&own).chain(&others);
    let mut row = Layout::new(width, lines.filter_map(|it| it.origin.as_deref())).row();
    row.put(BOLD, &person);
    if let Some(company) = &company {
        row.put(PLAIN, " of ").put(PLAIN, company);
    }
    row.put(PLAIN, " at ").put(PLAIN, view.endpoint);
    row.beside(4).whole(DIM, &format!("user {}", view.explained.person.id));
    out.push_str(&row.end());
    for alarm in &alarms {
        out.push_str(&row.put(ALARM, "!").space(1).hanging().put(PLAIN, alarm).end());
    }
    separate(&mut out);
    out.push_str(&row.put(BOLD, "In effect").end());
    for effect in &effects {
        out.push_str(&line(&mut row, effect, 4, PLAIN));
    }
    if effects.is_empty() {
        out.push_str(&row.space(4).put(PLAIN, "nothing through groups").end());
    }
    separate(&mut out);
    out.push_str(&row.put(BOLD, "Through groups").end());
    if groups.is_empty() {
        out.push_str(&row.space(4).put(PLAIN, "none").end());
    }
    for block in &groups {
        out.push_str(&line(&mut row, &block.head, 0, BOLD));
        for it in &block.lines {
            out.push_str(&line(&mut row, it, 4, PLAIN));
        }
    }
    separate(&mut out);
    out.push_str(&row.put(BOLD, "Outside groups").end());
    for it in &direct {
        out.push_str(&line(&mut row, it, 4, PLAIN));
    }
    let parts = [("Declared of the person", &attributes), ("Acts for", &own)];
    let parts = parts.into_iter().chain([("Others act for the person", &others)]);
    for (title, lines) in parts.filter(|it| !it.1.is_empty()) {
        separate(&mut out);
        out.push_str(&row.put(BOLD, title).end());
        for it in lines {
            out.push_str(&line(&mut row, it, 4, PLAIN));
        }
    }
    separate(&mut out);
    for (at, remark) in remarks.iter().enumerate() {
        let label = if at == 0 { "Remarks" } else { "" };
        out.push_str(&row.put(PLAIN, label).to(LABEL, 1).hanging().put(PLAIN, remark).end());
    }
    separate(&mut out);
    out.push_str(&row.put(BOLD, &summary).end());
    out
}

fn line(row: &mut Row, line: &Line, indent: usize, style: Style) -> String {
    row.space(indent);
    if !line.noun.is_empty() {
        match line.sign {
            Some(it) => sign(row, it),
            None => row.space(1),
        };
        let noun = if indent == 0 { format!(" {} ", line.noun) } else { format!(" {:6}  ", line.noun) };
        row.put(PLAIN, &noun);
    }
    // Without a word before it, what goes below would look like the next line.
    row.hanging().deeper(if line.noun.is_empty() { 4 } else { 0 }).put(style, &line.what);
    let origin = line.origin.as_deref().map(|it| (DIM, it));
    row.aside(2, origin, line.note.as_deref().map(|it| (PLAIN, it)));
    row.end()
}
