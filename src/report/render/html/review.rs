//! Who may do what as a page: what is privileged and what ends first, then everybody with room for a signature, and groups.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::{
    list::{Entry, Line, List, Tone},
    matrix::{Cell, Mark, Matrix, Person as Holder},
    page::{Count, Page, Section},
};
use crate::{
    plan::{
        explain::Managed,
        review::{Group, Person},
    },
    report::render::{
        counted,
        review::{BEGINNING, ENDING, ReviewView, Row},
        scope::Words,
    },
};

/// Everybody and every group.
pub(super) fn page(view: &ReviewView<'_>) -> Page {
    let (words, zone) = (view.words(), view.sources.zone());
    let rows: Vec<(&Person, Vec<Row>)> = view.holders().map(|it| (it, view.rows(it, &words))).collect();
    let entries = |keep: fn(&Row) -> bool| -> Vec<Entry> {
        let of = |(person, rows): &(&Person, Vec<Row>)| {
            let lines: Vec<Line> = rows.iter().filter(|it| keep(it)).map(|it| line(it, &zone)).collect();
            (!lines.is_empty()).then(|| Entry { lines, ..of_person(person, view, &words) })
        };
        rows.iter().filter_map(of).collect()
    };
    let (privileged, ends, all) =
        (entries(|it| it.privileged), entries(|it| it.ends.is_some()), entries(|_| true));
    let groups: Vec<Entry> = view.review.groups.iter().map(|it| of_group(it, view, &words)).collect();
    let unmanaged = view.review.groups.iter().filter(|it| it.managed == Managed::No).count();
    let name = |it: &Group| match view.several() {
        true => format!("{} of {}", it.name, words.company(it.company)),
        false => it.name.to_string(),
    };
    let names = |all: Vec<String>| -> Vec<Entry> {
        all.into_iter().map(|it| Entry { names: vec![it], ..Entry::default() }).collect()
    };
    let (empty, without) = (
        names(view.empty().map(name).collect()),
        names(view.without().map(|it| words.person(it.user.id)).collect()),
    );
    let soon = names(view.soon(false, &words));
    let counts = [
        (Tone::Escalates, privileged.len(), "people with privileged access"),
        (Tone::Plain, all.len(), "people with access"),
        (Tone::Warning, soon.len(), "things that end within 7 days"),
        (Tone::Warning, ends.len(), "people whose access ends"),
        (Tone::Plain, groups.len(), "groups"),
        (Tone::Warning, unmanaged, "groups that no file names"),
        (Tone::Plain, empty.len(), "groups without members"),
        (Tone::Plain, without.len(), "people without access"),
    ];
    let lists = [
        List { signed: true, ..List::new("privileged", "Privileged access", privileged) },
        List::new("soon", ENDING, soon),
        List::new("starting", BEGINNING, names(view.soon(true, &words))),
        List::new("ends", "Access that ends", ends),
        List {
            signed: true,
            about: "A line for each way to a role: say of each whether it is to be kept, who looked at it, and when.".to_owned(),
            ..List::new("people", "People", all)
        },
    ];
    let mut sections: Vec<Section> = lists.into_iter().map(Section::List).collect();
    sections.extend(matrix(&rows, view, &words).map(Section::Matrix));
    let lists = [
        List::new("groups", "Groups", groups),
        List::new("empty", "Groups without members", empty),
        List::new("without", "People without access", without),
    ];
    sections.extend(lists.into_iter().map(Section::List));
    sections.retain(|it| !matches!(it, Section::List(list) if list.entries.is_empty()));
    Page {
        headline: view.summary().trim_end_matches('.').to_owned(),
        facts: view.facts(),
        counts: counts
            .into_iter()
            .filter(|it| it.1 > 0)
            .map(|(tone, n, what)| Count { tone, n, what })
            .collect(),
        sections,
        ..Page::default()
    }
}

fn of_person(person: &Person, view: &ReviewView<'_>, words: &Words<'_>) -> Entry {
    let company = view.several().then(|| words.company(person.company));
    let standing = view.standing(person);
    let tone = match (view.is_privileged(person), &standing) {
        (true, _) => Tone::Escalates,
        (false, Some(_)) => Tone::Warning,
        (false, None) => Tone::Plain,
    };
    Entry {
        tone,
        tag: if view.is_privileged(person) { "Privileged".to_owned() } else { String::new() },
        names: vec![words.person(person.user.id)],
        beside: company.into_iter().chain(standing).collect(),
        lines: Vec::new(),
    }
}

fn line(row: &Row, zone: &TimeZone) -> Line {
    let files = Some(row.files).filter(|it| !it.is_empty()).map(str::to_owned);
    let dates = Some(row.dates(zone)).filter(|it| !it.is_empty());
    Line {
        sign: "",
        what: row.role.clone(),
        scope: row.scope.clone(),
        before: String::new(),
        mark: if row.privileged { "PRIVILEGED" } else { "" },
        through: row.through.clone(),
        origin: row.origin.clone(),
        note: files.into_iter().chain(dates).collect::<Vec<_>>().join(", "),
    }
}

fn of_group(group: &Group, view: &ReviewView<'_>, words: &Words<'_>) -> Entry {
    let (said, origin) = view.managed(group);
    let privileged = |role| view.review.privileged.contains(&(group.company, role));
    let lines = group.grants.iter().map(|(role, scope)| Line {
        what: words.role(*role),
        scope: words.scope(scope),
        mark: if privileged(*role) { "PRIVILEGED" } else { "" },
        ..Line::default()
    });
    let beside = [
        view.several().then(|| words.company(group.company)),
        Some(counted(group.members, "member", "members")),
        Some(origin).filter(|it| !it.is_empty()),
    ];
    Entry {
        tone: if group.managed == Managed::No { Tone::Warning } else { Tone::Plain },
        tag: said.to_owned(),
        names: vec![group.name.to_string()],
        beside: beside.into_iter().flatten().collect(),
        lines: lines.collect(),
    }
}

/// People by roles: each scope with the groups that give the role there.
fn matrix(rows: &[(&Person, Vec<Row>)], view: &ReviewView<'_>, words: &Words<'_>) -> Option<Matrix> {
    let all = rows.iter().flat_map(|it| &it.1);
    let mut columns: Vec<(bool, String)> = all.map(|it| (!it.privileged, it.role.clone())).collect();
    columns.sort();
    columns.dedup();
    let at: BTreeMap<&(bool, String), usize> = columns.iter().enumerate().map(|(n, it)| (it, n)).collect();
    let mut matrix = Matrix {
        roles: columns.iter().map(|it| (it.1.clone(), !it.0)).collect(),
        several: view.several(),
        ..Matrix::default()
    };
    for (person, rows) in rows {
        let mut cells: BTreeMap<usize, (Vec<&str>, Vec<String>)> = BTreeMap::new();
        for row in rows {
            let (scopes, through) = cells.entry(at[&(!row.privileged, row.role.clone())]).or_default();
            if !scopes.contains(&&*row.scope) {
                scopes.push(&row.scope);
            }
            through.push(row.through.clone());
        }
        let cell = |(role, (scopes, through)): (usize, (Vec<&str>, Vec<String>))| {
            let held = scopes.join("; ");
            let held = if held.is_empty() { "held".to_owned() } else { held };
            Cell { role, mark: Mark::Stays, sides: [held.clone(), held], through }
        };
        let set = matrix.sets.len();
        matrix.sets.push(cells.into_iter().map(cell).collect());
        let (who, company) = (words.person(person.user.id), words.alias(person.company));
        matrix.people.push(Holder { who, company, set });
    }
    (!matrix.people.is_empty()).then_some(matrix)
}
