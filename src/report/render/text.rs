//! The plan for a terminal: one line per change, aligned, with styles that carry nothing alone.
//!
//! Styles are ANSI codes; the caller strips them where they are not wanted.

use std::{collections::BTreeSet, fmt::Write as _, time::Duration};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use crate::model::{ids::CompanyId, plan::Withheld};

use super::{
    Cost, View, counted,
    guards::{self, Outcome},
    notices,
    people::{self, Turn},
    scope::Words,
    thousands, weakened, withheld,
    wording::{self, Block, Fact, Line, Sign},
};
use crate::model::escape;

pub use super::wording::summary;

/// The column at which origins begin, where what stands before them leaves room.
pub(super) const ORIGIN: usize = 62;
/// The column at which begins what stands beside a word such as `People`.
pub(super) const LABEL: usize = 9;
/// Where lines of a table are broken.
const WIDTH: usize = 120;

pub(super) const PLAIN: Style = Style::new();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
const ADD: Style = AnsiColor::Green.on_default();
const CHANGE: Style = AnsiColor::Yellow.on_default();
const REMOVE: Style = AnsiColor::Red.on_default();
pub(super) const ALARM: Style = AnsiColor::Yellow.on_default().bold();
const STOP: Style = AnsiColor::Red.on_default().bold();

/// Returns the whole plan.
pub fn plan(view: &View<'_>) -> String {
    let words = Words::new(view.plan);
    let blocks = wording::blocks(view.plan, view.sources);
    let known = view.plan.companies.iter().map(|it| it.company);
    let companies: BTreeSet<CompanyId> = known.chain(blocks.iter().map(|it| it.company)).collect();
    let mut rows = people::rows(view, &words);
    let mut out = danger(view);
    for (at, company) in companies.into_iter().enumerate() {
        separate(&mut out);
        out.push_str(&header(company, view, view.cost.filter(|_| at == 0), &words));
        let sums = if at == 0 { notices::people(view) } else { Vec::new() };
        if !sums.is_empty() {
            out.push('\n');
        }
        for (label, sum) in sums {
            let mut row = Row::default();
            out.push_str(&row.put(BOLD, label).to(LABEL, 3).put(BOLD, &sum).end());
        }
        rows.extract_if(.., |it| it.company == company).for_each(|it| out.push_str(&person(&it)));
        let mut own = blocks.iter().filter(|it| it.company == company).peekable();
        if own.peek().is_some() {
            out.push('\n');
        }
        own.for_each(|it| block(&mut out, it));
    }
    tail(&mut out, view, &words);
    out
}

/// Returns the rules that are weaker than in the base, which come first of all.
fn danger(view: &View<'_>) -> String {
    let Some((heading, rows)) = weakened::rows(view, weakened::ROWS) else { return String::new() };
    let mut out = Row::default().put(STOP, &heading).end();
    for it in rows {
        let mut row = Row::default();
        row.space(4).put(STOP, "!").put(PLAIN, &format!(" {}", it.what));
        row.aside(ORIGIN, 2, it.origin.as_deref(), Some(&it.why));
        out.push_str(&row.end());
    }
    out
}

fn header(company: CompanyId, view: &View<'_>, cost: Option<Cost>, words: &Words<'_>) -> String {
    let mut row = Row::default();
    row.put(BOLD, &words.company(company)).put(PLAIN, " at ").put(PLAIN, view.endpoint);
    if let Some(found) = view.plan.companies.iter().find(|it| it.company == company) {
        let groups = counted(found.groups, "group", "groups");
        let memberships = counted(found.memberships, "membership", "memberships");
        row.to(ORIGIN, 4).put(PLAIN, &format!("{groups}, {memberships}"));
    }
    if let Some(taken) = view.taken {
        row.space(3).put(ALARM, &format!("snapshot of {taken:.0}"));
    }
    if let Some(now) = view.now.told() {
        row.space(3).put(ALARM, &now);
    }
    if let Some(Cost { requests, elapsed }) = cost {
        let requests = counted(usize::try_from(requests).unwrap_or(usize::MAX), "request", "requests");
        row.space(3).put(DIM, &format!("{requests}, {}", duration(elapsed)));
    }
    row.end()
}

fn duration(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0..60 => format!("{:.1} s", elapsed.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

fn block(out: &mut String, block: &Block) {
    let mut row = Row::default();
    row.sign(block.sign()).put(PLAIN, &format!(" {} ", block.noun)).put(BOLD, &block.name);
    if let Some(size) = &block.size {
        row.space(3).put(PLAIN, size);
    }
    row.aside(ORIGIN, 2, block.origin.as_deref(), block.reason.as_deref());
    out.push_str(&row.end());
    for it in &block.lines {
        out.push_str(&line(it));
    }
}

/// Who gains or loses, and below it role by role what, through what, and where it is asked for.
fn person(it: &people::Row) -> String {
    let mut row = Row::default();
    row.space(4);
    if it.turn == Turn::Escalates {
        row.put(ALARM, "!")
    } else {
        row.sign(it.turn.sign())
    };
    let mut out = row.put(PLAIN, &format!(" {}", it.who(str::to_owned))).end();
    for role in &it.roles {
        row.space(8).put(PLAIN, &role.what);
        if role.privileged {
            row.space(3).put(if it.turn == Turn::Escalates { ALARM } else { PLAIN }, "PRIVILEGED");
        }
        row.aside(ORIGIN, 2, role.origin.as_deref(), Some(&role.through));
        out.push_str(&row.end());
    }
    out
}

fn line(line: &Line) -> String {
    let mut row = Row::default();
    row.space(4)
        .sign(line.fact.sign())
        .put(PLAIN, &format!(" {:6}  ", line.fact.noun()))
        .put(PLAIN, &line.what);
    if let Some([before, after]) = &line.scopes {
        row.put(PLAIN, &format!(": {before} → {after}"));
    }
    let mut gap = 2;
    if let Some(mark) = line.fact.mark() {
        let style = if line.fact == Fact::RoleNarrowed { CHANGE } else { ALARM };
        row.space(3).put(style, mark);
        gap = 3;
    }
    row.aside(ORIGIN, gap, line.origin.as_deref(), line.note.as_deref());
    row.end()
}

fn tail(out: &mut String, view: &View<'_>, words: &Words<'_>) {
    let held = withheld::those(view.plan, view.sources, Withheld::withholds);
    if !held.is_empty() {
        separate(out);
        let mut row = Row::default();
        out.push_str(&row.put(BOLD, &format!("Withheld {}", thousands(held.len()))).end());
    }
    for it in &held {
        let mut row = Row::default();
        row.space(4).put(ALARM, "!").put(PLAIN, &format!(" {:6}  ", it.noun)).put(PLAIN, &it.what);
        row.aside(ORIGIN, 2, it.origin.as_deref(), Some(&it.why));
        out.push_str(&row.end());
    }
    let known = known(view, words);
    if !known.is_empty() {
        separate(out);
    }
    out.push_str(&known);
    separate(out);
    out.push_str(&Row::default().put(BOLD, &wording::summary(view.plan, view.judgement)).end());
    if let Some(id) = wording::plan_id(view.plan) {
        out.push_str(&Row::default().put(PLAIN, &format!("Plan id: {id}")).end());
    }
}

/// Returns what people should know beside the changes: who is concerned, what is odd, what the guards say.
fn known(view: &View<'_>, words: &Words<'_>) -> String {
    let mut out = String::new();
    let mut last = "";
    let mut labelled = |label: &'static str, text: &str| {
        let mut row = Row::default();
        let shown = if std::mem::replace(&mut last, label) == label { "" } else { label };
        out.push_str(&row.put(PLAIN, shown).to(LABEL, 1).put(PLAIN, text).end());
    };
    for (topic, text) in notices::lines(view, words) {
        labelled(topic.word(), &text);
    }
    let plain = |it: String| Row::default().put(PLAIN, &it).end();
    out.extend(notices::expiring(view.plan).map(plain));
    guards(&mut out, &guards::rows(view, words, |it| it));
    out.extend(
        notices::unmanaged(view, words).iter().map(|it| wrapped(&format!("{}: {}", it.head, it.names))),
    );
    out
}

/// Writes a list over as many lines as it takes.
fn wrapped(list: &str) -> String {
    let (mut out, mut row) = (String::new(), Row::default());
    for (n, part) in list.split_inclusive(", ").enumerate() {
        if n > 0 && row.width + row.owed + part.trim_end().width() > WIDTH {
            out.push_str(&row.end());
            row = Row::default();
            row.space(4);
        }
        row.put(PLAIN, part);
    }
    out + &row.end()
}

/// Writes the guards as a table; what does not fit beside the columns goes below itself.
fn guards(out: &mut String, rows: &[guards::Row]) {
    let widest = rows.iter().map(|it| it.outcome.word().len()).max().unwrap_or(0);
    let name = LABEL + widest.max("STOP".len()) + 2;
    let text = name + rows.iter().map(|it| it.guard.len()).max().unwrap_or(0) + 2;
    for (at, it) in rows.iter().enumerate() {
        let mut row = Row::default();
        row.put(PLAIN, if at == 0 { "Guards" } else { "" }).to(LABEL, 1);
        let style = match it.outcome {
            Outcome::Stop => STOP,
            Outcome::Excepted | Outcome::Approved => CHANGE,
            Outcome::Ok | Outcome::Unset => DIM,
        };
        row.put(style, it.outcome.word()).to(name, 1);
        let text = if it.guard.is_empty() { name } else { text };
        row.put(PLAIN, it.guard).to(text, 1);
        for (n, part) in it.parts.iter().enumerate() {
            let separator = if it.guard.is_empty() { "," } else { ";" };
            let part = if n + 1 < it.parts.len() { format!("{part}{separator}") } else { part.clone() };
            if n > 0 && row.width + 1 + part.width() > WIDTH {
                out.push_str(&row.end());
                row.to(text, 0);
            } else if n > 0 {
                row.space(1);
            }
            row.put(PLAIN, &part);
        }
        out.push_str(&row.end());
        for line in &it.below {
            out.push_str(&Row::default().to(text + 2, 0).put(PLAIN, line).end());
        }
    }
}

/// Puts a blank line after what is there.
pub(super) fn separate(out: &mut String) {
    if !out.is_empty() {
        out.push('\n');
    }
}

/// A line in the making: knows how wide it is on the screen. Escapes what it is given.
#[derive(Default)]
pub(super) struct Row {
    text: String,
    width: usize,
    /// Spaces that the next text will need before it; never written at the end of a line.
    owed: usize,
}

impl Row {
    pub(super) fn put(&mut self, style: Style, text: &str) -> &mut Self {
        let shown = escape::terminal(text);
        let spaces = shown.len() - shown.trim_end_matches(' ').len();
        let shown = shown.trim_end_matches(' ');
        if !shown.is_empty() {
            self.text.extend(std::iter::repeat_n(' ', self.owed));
            self.width += self.owed + shown.width();
            self.owed = 0;
            if style.is_plain() {
                self.text.push_str(shown);
            } else {
                let _ = write!(self.text, "{style}{shown}{style:#}");
            }
        }
        self.space(spaces)
    }

    pub(super) fn sign(&mut self, sign: Sign) -> &mut Self {
        match sign {
            Sign::Add => self.put(ADD, "+"),
            Sign::Change => self.put(CHANGE, "~"),
            Sign::Remove => self.put(REMOVE, "-"),
        }
    }

    pub(super) fn space(&mut self, n: usize) -> &mut Self {
        self.owed += n;
        self
    }

    /// Moves to a column, by at least `gap` spaces.
    pub(super) fn to(&mut self, column: usize, gap: usize) -> &mut Self {
        self.owed = column.saturating_sub(self.width).max(gap);
        self
    }

    /// Adds what stands beside a change: where it is declared, and why it happens.
    pub(super) fn aside(&mut self, column: usize, gap: usize, origin: Option<&str>, note: Option<&str>) {
        self.to(column, gap);
        if let Some(origin) = origin {
            self.put(DIM, origin).space(2);
        }
        if let Some(note) = note {
            self.put(PLAIN, note);
        }
    }

    pub(super) fn end(&mut self) -> String {
        let mut line = std::mem::take(self).text;
        line.push('\n');
        line
    }
}
