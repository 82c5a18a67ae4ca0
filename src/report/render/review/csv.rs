//! The review as comma-separated values: a row for each person, role and way to it, and empty cells for the signature.

use super::{ReviewView, Row};
use crate::report::render::cells::line;

const COLUMNS: [&str; 15] = [
    "person",
    "company",
    "standing",
    "role",
    "scope",
    "privileged",
    "through",
    "files",
    "added",
    "ends",
    "origin",
    // For whoever signs.
    "keepOrRemove",
    "reviewedBy",
    "reviewedOn",
    "remark",
];

pub(in crate::report::render) fn document(view: &ReviewView<'_>) -> String {
    let words = view.words();
    let mut out = line(COLUMNS);
    for person in view.holders().chain(view.without()) {
        let who = words.person(person.user.id);
        let company = words.alias(person.company);
        let standing = view.standing(person).unwrap_or_default();
        let rows = view.rows(person, &words);
        for row in &rows {
            let instant = |it: Option<jiff::Timestamp>| it.map_or_else(String::new, |it| format!("{it:.0}"));
            let Row { id: _, role, scope, privileged, through, added, ends, origin, granted: _, files } = row;
            let privileged = if *privileged { "yes" } else { "" };
            let (added, ends) = (instant(*added), instant(*ends));
            out += &line([
                &who, &company, &standing, role, scope, privileged, through, files, &added, &ends, origin,
                "", "", "", "",
            ]);
        }
        if rows.is_empty() {
            out +=
                &line([&who, &company, &standing, "", "", "", "no access", "", "", "", "", "", "", "", ""]);
        }
    }
    out
}
