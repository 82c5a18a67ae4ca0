//! The plan for a terminal: one line per change, aligned, with styles that carry nothing alone.
//!
//! Styles are ANSI codes; the caller strips them where they are not wanted.

use std::{collections::BTreeSet, time::Duration};

use crate::model::{ids::CompanyId, plan::Withheld};
use anstyle::{AnsiColor, Style};

pub use super::wording::summary;
use super::{
    Cost, View, counted,
    fit::{Layout, Row, Width},
    guards::{self, Outcome},
    more, notices,
    people::{self, Turn},
    scope::Words,
    thousands, weakened, withheld,
    wording::{self, Block, Fact, Line, Sign},
};

/// The column at which begins what stands beside a word such as `People`.
pub(super) const LABEL: usize = 9;

pub(super) const PLAIN: Style = Style::new();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
const ADD: Style = AnsiColor::Green.on_default();
const CHANGE: Style = AnsiColor::Yellow.on_default();
const REMOVE: Style = AnsiColor::Red.on_default();
pub(super) const ALARM: Style = AnsiColor::Yellow.on_default().bold();
const STOP: Style = AnsiColor::Red.on_default().bold();

/// Companies without changes that are named; the others are counted.
const NAMED: usize = 3;

/// Returns the whole plan.
pub fn plan(view: &View<'_>, width: Width) -> String {
    let words = Words::new(view.plan);
    let blocks = wording::blocks(view.plan, view.sources);
    let mut rows = people::rows(view, &words);
    let lines = blocks.iter().flat_map(|it| it.lines.iter().map(|it| &it.origin).chain([&it.origin]));
    let asked = rows.iter().flat_map(|it| it.roles.iter().map(|it| &it.origin));
    let layout = Layout::new(width, lines.chain(asked).flatten().map(String::as_str));
    let known = view.plan.companies.iter().map(|it| it.company);
    let companies: BTreeSet<CompanyId> = known.chain(blocks.iter().map(|it| it.company)).collect();
    let of = |company: CompanyId| blocks.iter().filter(move |it| it.company == company);
    let is_alone = companies.len() == 1;
    let changes = |it: CompanyId| of(it).next().is_some() || rows.iter().any(|row| row.company == it);
    let (shown, quiet): (Vec<CompanyId>, Vec<CompanyId>) =
        companies.into_iter().partition(|it| is_alone || changes(*it));
    let mut out = danger(view, layout);
    for (at, company) in shown.iter().enumerate() {
        separate(&mut out);
        let mut row = layout.row();
        row.put(BOLD, &words.company(*company));
        out.push_str(&header(row, &[*company], view, view.cost.filter(|_| at == 0)));
        let sums = if at == 0 { notices::people(view) } else { Vec::new() };
        if !sums.is_empty() {
            out.push('\n');
        }
        for (label, sum) in sums {
            let mut row = layout.row();
            out.push_str(&row.put(BOLD, label).to(LABEL, 3).hanging().put(BOLD, &sum).end());
        }
        rows.extract_if(.., |it| it.company == *company).for_each(|it| out.push_str(&person(&it, layout)));
        if of(*company).next().is_some() {
            out.push('\n');
        }
        of(*company).for_each(|it| block(&mut out, it, layout));
    }
    if !quiet.is_empty() {
        separate(&mut out);
        let names: Vec<String> = quiet.iter().take(NAMED).map(|it| words.company(*it)).collect();
        let more = more(quiet.len(), NAMED).map_or_else(String::new, |it| format!(" {it}"));
        let mut row = layout.row();
        row.put(BOLD, &format!("{} without changes", counted(quiet.len(), "company", "companies")));
        row.put(PLAIN, &format!(": {}{more}", names.join(", ")));
        out.push_str(&header(row, &quiet, view, view.cost.filter(|_| shown.is_empty())));
    }
    tail(&mut out, view, &words, layout);
    out
}

/// Returns the rules that are weaker than in the base, which come first of all.
fn danger(view: &View<'_>, layout: Layout) -> String {
    let Some((heading, rows)) = weakened::rows(view, weakened::ROWS) else { return String::new() };
    let mut out = layout.row().put(STOP, &heading).end();
    for it in rows {
        let mut row = layout.row();
        row.space(4).put(STOP, "!").space(1).hanging().put(PLAIN, &it.what);
        row.aside(2, origin(it.origin.as_ref()), Some((PLAIN, &it.why)));
        out.push_str(&row.end());
    }
    out
}

/// Returns a line that begins with which companies it is about.
fn header(mut row: Row, companies: &[CompanyId], view: &View<'_>, cost: Option<Cost>) -> String {
    row.put(PLAIN, " at ").put(PLAIN, view.endpoint);
    let found = || view.plan.companies.iter().filter(|it| companies.contains(&it.company));
    if found().next().is_some() {
        let groups = counted(found().map(|it| it.groups).sum(), "group", "groups");
        let memberships = counted(found().map(|it| it.memberships).sum(), "membership", "memberships");
        row.beside(4).whole(PLAIN, &format!("{groups}, {memberships}"));
    }
    if let Some(taken) = view.taken {
        row.space(3).whole(ALARM, &format!("snapshot of {taken:.0}"));
    }
    if let Some(now) = view.now.told() {
        row.space(3).whole(ALARM, &now);
    }
    if let Some(Cost { requests, elapsed }) = cost {
        let requests = counted(usize::try_from(requests).unwrap_or(usize::MAX), "request", "requests");
        row.space(3).whole(DIM, &format!("{requests}, {}", duration(elapsed)));
    }
    row.end()
}

/// Where something is declared, as it stands beside it.
fn origin(line: Option<&String>) -> Option<(Style, &str)> {
    line.map(|it| (DIM, it.as_str()))
}

fn duration(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0..60 => format!("{:.1} s", elapsed.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

fn block(out: &mut String, block: &Block, layout: Layout) {
    let mut row = layout.row();
    sign(&mut row, block.sign()).put(PLAIN, &format!(" {} ", block.noun)).hanging().put(BOLD, &block.name);
    if let Some(size) = &block.size {
        row.space(3).whole(PLAIN, size);
    }
    row.aside(2, origin(block.origin.as_ref()), block.reason.as_deref().map(|it| (PLAIN, it)));
    out.push_str(&row.end());
    for it in &block.lines {
        out.push_str(&line(it, layout));
    }
}

/// Who gains or loses, and below it role by role what, through what, and where it is asked for.
fn person(it: &people::Row, layout: Layout) -> String {
    let mut row = layout.row();
    row.space(4);
    if it.turn == Turn::Escalates {
        row.put(ALARM, "!");
    } else {
        sign(&mut row, it.turn.sign());
    }
    let mut out = row.space(1).hanging().put(PLAIN, &it.who(str::to_owned)).end();
    for role in &it.roles {
        row.space(8).hanging().deeper(2).put(PLAIN, &role.what);
        if role.privileged {
            row.space(3).whole(if it.turn == Turn::Escalates { ALARM } else { PLAIN }, "PRIVILEGED");
        }
        row.aside(2, origin(role.origin.as_ref()), Some((PLAIN, &role.through)));
        out.push_str(&row.end());
    }
    out
}

fn line(line: &Line, layout: Layout) -> String {
    let mut row = layout.row();
    sign(row.space(4), line.fact.sign())
        .put(PLAIN, &format!(" {:6}  ", line.fact.noun()))
        .hanging()
        .put(PLAIN, &line.what);
    if let Some([before, after]) = &line.scopes {
        row.put(PLAIN, &format!(": {before} → {after}"));
    }
    let mut gap = 2;
    if let Some(mark) = line.fact.mark() {
        let style = if line.fact == Fact::RoleNarrowed { CHANGE } else { ALARM };
        row.space(3).whole(style, mark);
        gap = 3;
    }
    row.aside(gap, origin(line.origin.as_ref()), line.note.as_deref().map(|it| (PLAIN, it)));
    row.end()
}

fn tail(out: &mut String, view: &View<'_>, words: &Words<'_>, layout: Layout) {
    let held = withheld::those(view.plan, view.sources, Withheld::withholds);
    if !held.is_empty() {
        separate(out);
        out.push_str(&layout.row().put(BOLD, &format!("Withheld {}", thousands(held.len()))).end());
    }
    for it in &held {
        let mut row = layout.row();
        row.space(4).put(ALARM, "!").put(PLAIN, &format!(" {:6}  ", it.noun)).hanging().put(PLAIN, &it.what);
        row.aside(2, origin(it.origin.as_ref()), Some((PLAIN, &it.why)));
        out.push_str(&row.end());
    }
    let known = known(view, words, layout);
    if !known.is_empty() {
        separate(out);
    }
    out.push_str(&known);
    separate(out);
    out.push_str(&layout.row().put(BOLD, &wording::summary(view.plan, view.judgement)).end());
    if let Some(id) = wording::plan_id(view.plan) {
        out.push_str(&layout.row().put(PLAIN, &format!("Plan id: {id}")).end());
    }
}

/// Returns what people should know beside the changes: who is concerned, what is odd, what the guards say.
fn known(view: &View<'_>, words: &Words<'_>, layout: Layout) -> String {
    let mut out = String::new();
    let mut last = "";
    let mut labelled = |label: &'static str, text: &str| {
        let mut row = layout.row();
        let shown = if std::mem::replace(&mut last, label) == label { "" } else { label };
        out.push_str(&row.put(PLAIN, shown).to(LABEL, 1).hanging().put(PLAIN, text).end());
    };
    let mut before = None;
    for (topic, text) in notices::lines(view, words) {
        if before.replace(topic) != Some(topic)
            && let Some(sum) = topic.sum(view.plan)
        {
            labelled(topic.word(), &sum);
        }
        labelled(topic.word(), &text);
    }
    guards(&mut out, &guards::rows(view, words, |it| it), layout);
    for it in notices::unmanaged(view, words) {
        let mut row = layout.row();
        for part in format!("{}: {}", it.head, it.names).split_inclusive(", ") {
            row.item(PLAIN, part);
        }
        out.push_str(&row.end());
    }
    out
}

/// Writes the guards as a table; what does not fit beside the columns goes below itself.
fn guards(out: &mut String, rows: &[guards::Row], layout: Layout) {
    let widest = rows.iter().map(|it| it.outcome.word().len()).max().unwrap_or(0);
    let name = LABEL + widest.max("STOP".len()) + 2;
    let text = name + rows.iter().map(|it| it.guard.len()).max().unwrap_or(0) + 2;
    for (at, it) in rows.iter().enumerate() {
        let mut row = layout.row();
        row.put(PLAIN, if at == 0 { "Guards" } else { "" }).to(LABEL, 1);
        let style = match it.outcome {
            Outcome::Stop => STOP,
            Outcome::Excepted | Outcome::Approved | Outcome::Review | Outcome::Warning | Outcome::Stood => {
                CHANGE
            }
            Outcome::Ok | Outcome::Unset => DIM,
        };
        row.put(style, it.outcome.word()).to(name, 1);
        row.put(PLAIN, it.guard).to(if it.guard.is_empty() { name } else { text }, 1).hanging();
        for (n, part) in it.parts.iter().enumerate() {
            let separator = if it.guard.is_empty() { ", " } else { "; " };
            let is_last = n + 1 == it.parts.len();
            let part = if is_last { part.clone() } else { format!("{part}{separator}") };
            if n == 0 {
                row.put(PLAIN, &part)
            } else {
                row.item(PLAIN, &part)
            };
        }
        out.push_str(&row.end());
        for line in &it.below {
            // What is to be pasted stays YAML where it goes on below.
            let said = line.trim_start_matches([' ', '-']);
            let (lead, mut row) = (&line[..line.len() - said.len()], layout.row());
            out.push_str(&row.under(text + 2).put(PLAIN, lead).hanging().put(PLAIN, said).end());
        }
    }
}

/// Puts a blank line after what is there.
pub(super) fn separate(out: &mut String) {
    if !out.is_empty() {
        out.push('\n');
    }
}

pub(super) fn sign(row: &mut Row, sign: Sign) -> &mut Row {
    match sign {
        Sign::Add => row.put(ADD, "+"),
        Sign::Change => row.put(CHANGE, "~"),
        Sign::Remove => row.put(REMOVE, "-"),
    }
}
