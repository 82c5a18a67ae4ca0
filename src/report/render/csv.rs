//! Who gains and who loses what, as comma-separated values for a spreadsheet: a row for each person and role, and one for
//! each thing that becomes of an account or changes about a person.
//!
//! Every cell is quoted, and none begins with what a spreadsheet takes for a formula. What is no row about a person (a
//! guard, something withheld, a failure) says so in the column `change`.

use super::{
    cells::line,
    ending::{About, Ending},
    issues::{Issue, Kind, issues},
    lives::{self, Life},
    people::{self, Row, Turn},
    review,
    scope::Words,
};

const COLUMNS: [&str; 10] = [
    "change",
    "person",
    "company",
    "role",
    "scope",
    "privileged",
    "losesEverything",
    "through",
    "origin",
    // Whether it only undoes what had drifted before the change under review.
    "drifted",
];

pub(super) fn document(ending: &Ending<'_>) -> String {
    if let About::Review(view) = &ending.about {
        return review::csv::document(view);
    }
    let mut out = line(COLUMNS);
    if let About::Plan(view, _) = &ending.about {
        let words = Words::new(view.plan);
        for row in people::rows(view, &words) {
            of_people(&row, &words, &mut out);
        }
        for life in lives::lives(view.plan, view.sources) {
            out += &of_life(&life, &words);
        }
    }
    // Who gains what is privileged, and what becomes of people, has a row by now.
    for it in issues(ending).iter().filter(|it| !matches!(it.kind, Kind::Privileged | Kind::Person)) {
        out += &of_issue(it);
    }
    out
}

fn of_people(row: &Row, words: &Words<'_>, out: &mut String) {
    let company = words.alias(row.company);
    let gains = matches!(row.turn, Turn::Escalates | Turn::Gains);
    let change = if gains { "gains" } else { "loses" };
    for who in &row.who {
        for role in &row.roles {
            *out += &line([
                change,
                who,
                &company,
                &role.name,
                &role.scope,
                yes(role.privileged),
                yes(row.turn == Turn::LosesEverything),
                &role.through,
                role.origin.as_deref().unwrap_or_default(),
                yes(row.drifted),
            ]);
        }
    }
}

/// A row of the account, or of one thing that is said of the person.
fn of_life(life: &Life, words: &Words<'_>) -> String {
    let said: Vec<&str> = [Some(life.what.as_str()), life.note.as_deref()].into_iter().flatten().collect();
    line([
        life.turn.word(),
        &life.who,
        &words.alias(life.company),
        "",
        "",
        "",
        "",
        &said.join(", "),
        life.origin.as_deref().unwrap_or_default(),
        yes(life.drifted),
    ])
}

fn of_issue(issue: &Issue) -> String {
    let origin = issue.spot.as_ref().map_or_else(String::new, |it| format!("{}:{}", it.path, it.line));
    line([&issue.rule, "", "", "", "", "", "", &issue.title, &origin, ""])
}

pub(super) fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "" }
}
