//! A message for an incoming webhook of Slack: people first, and who gains what is privileged before anything else.
//!
//! Names stand in blocks of plain text, in which Slack sees no mention, link or markup; what it shows in a notification
//! has counts and no names.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    View, counted,
    ending::{About, Ending},
    issues::{Issue, Kind, issues},
    lives::{self, Life},
    more, notices,
    people::{self, Row, Turn},
    scope::Words,
    wording,
};
use crate::model::{escape, json::document as written};

/// Characters of the digest; a block of Slack takes 3,000.
const DIGEST: usize = 2_900;
/// Characters of one line.
const LINE: usize = 300;
/// People named one by one; the others are counted.
const NAMED: usize = 6;
/// Characters that are kept for what comes after the people: the summary and how many lines are left out.
const KEPT: usize = 700;

pub(super) fn document(ending: &Ending<'_>) -> String {
    let (head, lines, foot) = digest(ending);
    let mut text = String::new();
    let room = DIGEST - KEPT;
    let mut left = 0;
    for line in &lines {
        let line = clip(line, LINE);
        if left > 0 || length(&text) + length(&line) + 1 > room {
            left += 1;
        } else {
            text += &line;
            text.push('\n');
        }
    }
    if left > 0 {
        text += &format!("… and {}\n", counted(left, "line more", "lines more"));
    }
    let rest = DIGEST - length(&text);
    text += &clip(&foot.join("\n"), rest);
    let plain = |text: &str| json!({ "type": "plain_text", "text": text, "emoji": false });
    written(&json!({
        "text": head,
        "blocks": [
            { "type": "header", "text": plain(&head) },
            { "type": "section", "text": plain(text.trim_end()) },
        ],
    }))
}

/// The heading, which has no names; the lines, the most important first; and what stands below them in any case.
fn digest(ending: &Ending<'_>) -> (String, Vec<String>, Vec<String>) {
    let issues = issues(ending);
    let of = |kind: Kind| issues.iter().filter(move |it| it.kind == kind);
    let count = |kind: Kind, one: &str, many: &str| match of(kind).count() {
        0 => None,
        n => Some(counted(n, one, many)),
    };
    match &ending.about {
        About::Plan(view, _) => {
            let words = Words::new(view.plan);
            let rows = people::rows(view, &words);
            let stops = count(Kind::Stop, "guard stops it", "guards stop it");
            let mut failures: Vec<String> = of(Kind::Failure).map(|it| it.title.clone()).collect();
            failures.extend(of(Kind::Stop).map(|it| it.title.clone()));
            let escalating = rows.iter().filter(|it| it.turn == Turn::Escalates);
            let escalating: usize = escalating.map(|it| it.who.len()).sum();
            let escalating = (escalating > 0).then(|| {
                counted(escalating, "person gains privileged access", "people gain privileged access")
            });
            let head = if view.plan.is_settled() { "no changes" } else { "changes of access" };
            let head: Vec<String> =
                [Some(head.to_owned()), escalating, stops].into_iter().flatten().collect();
            let (privileged, others): (Vec<&Row>, Vec<&Row>) =
                rows.iter().partition(|it| it.turn == Turn::Escalates);
            let mut lines = of_privileged(&privileged);
            lines.extend(failures);
            lines.extend(privileged.iter().copied().filter_map(of_row));
            let lives = lives::lives(view.plan, view.sources);
            lines.extend(of_accounts(&lives));
            lines.extend(others.into_iter().filter_map(of_row));
            lines.extend(lives.iter().filter(|it| it.turn == lives::Turn::Changed).map(|it| {
                format!("{}: {}", clip(&escape::terminal(&it.who), 60), escape::terminal(&it.what))
            }));
            lines.extend(of(Kind::Policy).map(|it| it.title.clone()));
            lines.extend(of(Kind::Withheld).map(|it| format!("Withheld: {}", it.title)));
            (format!("rolecall: {}", head.join(", ")), lines, foot(view))
        }
        About::Review(view) => ("rolecall: who may do what".to_owned(), Vec::new(), vec![view.summary()]),
        About::Findings([], _) => ("rolecall: the files are valid".to_owned(), Vec::new(), Vec::new()),
        About::Findings(all, _) => {
            let head = format!("rolecall: {}", counted(all.len(), "finding", "findings"));
            (head, of(Kind::Finding).map(placed).collect(), Vec::new())
        }
        About::Trouble(_) => {
            let head = format!("rolecall: no plan ({})", ending.result);
            (head, of(Kind::Failure).map(|it| it.title.clone()).collect(), Vec::new())
        }
    }
}

/// Who gains what is privileged: role by role where that has room, and otherwise by the names of the roles, with how many
/// people.
fn of_privileged(rows: &[&Row]) -> Vec<String> {
    let line = |row: &Row, role: &people::Role| {
        let what = clip(&escape::terminal(&role.what), LINE / 2);
        format!("PRIVILEGED {what}: {}", who(row))
    };

    let lines: Vec<String> =
        rows.iter().flat_map(|row| privileged(row).map(|it| line(row, it)).collect::<Vec<_>>()).collect();
    let size: usize = lines.iter().map(|it| length(it).min(LINE) + 1).sum();
    if size <= DIGEST - KEPT {
        return lines;
    }
    let mut roles: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        for role in privileged(row) {
            *roles.entry(clip(&escape::terminal(&role.name), 60)).or_default() += row.who.len();
        }
    }
    let line = |(role, n)| format!("PRIVILEGED {role}: {}", counted(n, "person gains it", "people gain it"));
    roles.into_iter().map(line).collect()
}

/// The roles of a row that are privileged.
fn privileged(row: &Row) -> impl Iterator<Item = &people::Role> {
    row.roles.iter().filter(|it| it.privileged)
}

/// What people gain or lose, but for what is privileged and gained.
fn of_row(row: &Row) -> Option<String> {
    let roles: Vec<String> = row
        .roles
        .iter()
        .filter(|it| !it.privileged || row.turn != Turn::Escalates)
        .map(|it| format!("{}{}", if it.privileged { "PRIVILEGED " } else { "" }, escape::terminal(&it.what)))
        .collect();
    (!roles.is_empty()).then(|| format!("{}: {}", who(row), roles.join(", ")))
}

/// Whose accounts are shut, come or are used again: a line each, however many there are.
fn of_accounts(lives: &[Life]) -> Vec<String> {
    let line = |turn: lives::Turn| {
        let all: Vec<&Life> = lives.iter().filter(|it| it.turn == turn).collect();
        let named = all.iter().take(NAMED).map(|it| clip(&escape::terminal(&it.who), 40));
        let named = named.collect::<Vec<_>>().join(", ");
        let more = more(all.len(), NAMED).map_or_else(String::new, |it| format!(" {it}"));
        (!all.is_empty()).then(|| format!("{}: {named}{more}", turn.counted(all.len())))
    };
    let accounts = lives::Turn::ALL.into_iter().filter(|it| *it != lives::Turn::Changed);
    accounts.filter_map(line).collect()
}

fn who(row: &Row) -> String {
    row.who(|it| clip(&escape::terminal(it), 60))
}

fn placed(issue: &Issue) -> String {
    let place = issue.spot.as_ref().map_or_else(String::new, |it| format!("{}:{} ", it.path, it.line));
    format!("{}{}: {}", escape::terminal(&place), issue.rule, issue.title)
}

fn foot(view: &View<'_>) -> Vec<String> {
    let people = notices::people(view).into_iter().map(|(label, it)| format!("{label}: {it}."));
    let summary = wording::summary(view.plan, view.judgement);
    let id = wording::plan_id(view.plan).map(|it| format!("Plan id: {it}"));
    let accepted = notices::accepted_in_all(view.plan).map(|it| it + ".");
    people.chain([summary]).chain(accepted).chain(id).collect()
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// At most so many characters.
fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}
