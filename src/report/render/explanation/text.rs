//! One person's access for a terminal. Signs and words together: colours carry nothing alone.

use super::{Explanation, Line, Said};
use crate::report::render::text::{ALARM, BOLD, DIM, LABEL, ORIGIN, PLAIN, Row, separate};

/// Returns the whole explanation.
pub fn text(view: &Explanation<'_>) -> String {
    let Said { person, company, alarms, effects, groups, direct, remarks, summary } = view.said();
    let mut out = String::new();
    let mut row = Row::default();
    row.put(BOLD, &person);
    if let Some(company) = &company {
        row.put(PLAIN, " of ").put(PLAIN, company);
    }
    row.put(PLAIN, " at ").put(PLAIN, view.endpoint);
    row.to(ORIGIN, 4).put(DIM, "user ").put(DIM, &view.explained.person.id.to_string());
    out.push_str(&row.end());
    for alarm in &alarms {
        out.push_str(&row.put(ALARM, "!").space(1).put(PLAIN, alarm).end());
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
    separate(&mut out);
    for (at, remark) in remarks.iter().enumerate() {
        let label = if at == 0 { "Remarks" } else { "" };
        out.push_str(&row.put(PLAIN, label).to(LABEL, 1).put(PLAIN, remark).end());
    }
    separate(&mut out);
    out.push_str(&row.put(BOLD, &summary).end());
    out
}

fn line(row: &mut Row, line: &Line, indent: usize, style: anstyle::Style) -> String {
    row.space(indent);
    if !line.noun.is_empty() {
        match line.sign {
            Some(sign) => row.sign(sign),
            None => row.space(1),
        };
        let noun = if indent == 0 { format!(" {} ", line.noun) } else { format!(" {:6}  ", line.noun) };
        row.put(PLAIN, &noun);
    }
    row.put(style, &line.what);
    row.aside(ORIGIN, 2, line.origin.as_deref(), line.note.as_deref());
    row.end()
}
