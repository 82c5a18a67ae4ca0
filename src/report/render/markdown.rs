//! The plan for a pull-request comment: what takes access away first, inert whatever the names are, within a budget.
//!
//! Changes stand in `diff` fences, which forges colour and none looks into for
//! mentions or markup. What does not fit is counted, kind by kind.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr as _;

use super::{
    View, counted,
    guards::{self, Outcome},
    notices,
    scope::Words,
    section::{Counts, Group, Item, Part, Section},
    thousands, weakened, withheld,
    wording::{self, Block, Effect, Fact, Line},
};
use crate::model::{escape, plan::Withheld};

/// By this line CI finds the comment to update.
const MARKER: &str = "<!-- rolecall:plan -->";
/// Said in the heading when something is left out.
const TRUNCATED: &str = " (truncated)";
/// The column at which origins begin at most.
pub(super) const ORIGIN: usize = 62;
/// Bytes of one text: more than any sane name or scope takes, so that only hostile ones are cut.
const TEXT: usize = 1_000;
/// Bytes of a name beside which something else must have room.
const NAME: usize = 200;
/// Bytes of a line that says who or what, or what to paste: more than any real one takes.
const DETAIL: usize = 400;
/// Companies named one by one.
const COMPANIES: usize = 3;

/// Returns the plan in at most `budget` bytes.
///
/// Where it does not fit, room goes to what takes access away, then to what is
/// withheld, then to the rest. A budget below 2,000 bytes may leave no room
/// for more than the summary.
pub fn plan(view: &View<'_>, budget: usize) -> String {
    let blocks = wording::blocks(view.plan, view.sources);
    let several = view.plan.companies.len() > 1;
    let words = Words::new(view.plan);
    let of = |effect, title| changes(effect, title, &blocks, several.then_some(&words));
    let takes = of(Effect::Takes, "Takes access away");
    let gives = of(Effect::Gives, "Gives access");
    let other = of(Effect::None, "Other changes");
    let held = withheld(view);
    let known = known(view, &words);
    let (stops, guards) = guards(view, &words);
    let foot = foot(view, &words);
    let sections = [&stops, &takes, &held, &gives, &other, &known, &guards];
    let least: usize = sections.into_iter().map(Section::least).sum();
    // What is weaker than in the base is cut for nothing else: only a budget too small for a comment has no room for it.
    let fits = |rows: &usize| head(view, TRUNCATED, *rows).len() + foot.len() + least <= budget;
    let rows = (1..=weakened::ROWS).rev().find(fits).unwrap_or(0);
    let fixed = head(view, TRUNCATED, rows).len() + foot.len();

    // Every section is sure of room for its title and its counts; the rest goes to the first that needs it.
    let mut free = budget.saturating_sub(fixed + least);
    let mut render = |section: &Section| {
        let part = section.render(free + section.least());
        // After the first that is cut, nothing that matters less gets more than its counts.
        free = if part.cut { 0 } else { (free + section.least()).saturating_sub(part.text.len()) };
        part
    };
    let (stops, takes, held) = (render(&stops), render(&takes), render(&held));
    let (gives, other) = (render(&gives), render(&other));
    let (known, guards) = (render(&known), render(&guards));

    let parts = [stops, takes, gives, other, held, known, guards];
    let mut out = head(view, if parts.iter().any(|it| it.cut) { TRUNCATED } else { "" }, rows);
    for Part { text, cut: _ } in &parts {
        out.push_str(text);
    }
    out.push_str(&foot);
    out.truncate(out.trim_end().len());
    out.push('\n');
    // Only a budget too small for the summary itself gets here.
    if out.len() <= budget { out } else { escape::clip(MARKER, budget).into_owned() }
}

fn head(view: &View<'_>, truncated: &str, rows: usize) -> String {
    let sum = view.plan.summary();
    let counts =
        [(sum.groups_deleted, "deleted"), (sum.groups_created, "created"), (sum.groups_changed, "changed")];
    let mut words: Vec<String> = Vec::new();
    for (n, done) in counts.into_iter().filter(|it| it.0 > 0) {
        let n = if words.is_empty() { counted(n, "group", "groups") } else { thousands(n) };
        words.push(format!("{n} {done}"));
    }
    if let n @ 1.. = view.plan.people().count() {
        words.push(format!("{} changed", counted(n, "user", "users")));
    }
    if let held @ 1.. = view.plan.withheld() {
        words.push(format!("{} withheld", thousands(held)));
    }
    if let n @ 1.. = view.plan.forbidden().count() {
        words.push(counted(n, "forbidden group", "forbidden groups"));
    }
    if words.is_empty() {
        words.push("no changes".to_owned());
    }
    if let n @ 1.. = view.plan.weakenings().len() {
        words.push(counted(n, "rule weakened", "rules weakened"));
    }
    if let n @ 1.. = view.judgement.stops().count() {
        words.push(counted(n, "guard stops it", "guards stop it"));
    }
    let unset = weakened::unset(view);
    if !unset.is_empty() {
        words.push(counted(unset.len(), "guard unset", "guards unset"));
    }
    let summary = wording::summary(view.plan, view.judgement);
    let title = words.join(", ");
    let companies = companies(view);
    let taken =
        view.taken.map_or_else(String::new, |it| format!(" From a snapshot of {it:.0}, not from the API."));
    let now = view.now.told().map_or_else(String::new, |it| format!(" Judged {it}."));
    let unset =
        if unset.is_empty() { String::new() } else { format!("Not checked: {}.\n\n", unset.join(", ")) };
    let danger = danger(view, rows);
    format!(
        "{MARKER}\n### rolecall: {title}{truncated}\n\n{danger}**{summary}**\n\n{companies}{taken}{now}\n\n{unset}"
    )
}

/// Returns the rules that are weaker than in the base, which come first of all.
fn danger(view: &View<'_>, rows: usize) -> String {
    let Some((heading, rows)) = weakened::rows(view, rows) else { return String::new() };
    let mut out = format!("#### {}\n\n```diff\n", code(&heading));
    for row in rows {
        let origin = row.origin.map_or_else(String::new, |it| format!("  {}", shown(&it)));
        out.push_str(&format!("- weaker  {}{origin}\n           {}\n", shown(&row.what), shown(&row.why)));
    }
    out + "```\n\n"
}

fn companies(view: &View<'_>) -> String {
    let words = Words::new(view.plan);
    let found = &view.plan.companies;
    let host = code(view.endpoint);
    let sizes = |groups, memberships| {
        counted(groups, "group", "groups") + ", " + &counted(memberships, "membership", "memberships")
    };
    if found.is_empty() || found.len() > COMPANIES {
        let (groups, memberships) =
            found.iter().fold((0, 0), |sum, it| (sum.0 + it.groups, sum.1 + it.memberships));
        let all = counted(found.len(), "company", "companies");
        return format!("{all} at {host}: {}", sizes(groups, memberships));
    }
    let lines = found.iter().map(|it| {
        let company = code(&words.company(it.company));
        format!("{company} at {host}: {}", sizes(it.groups, it.memberships))
    });
    lines.collect::<Vec<_>>().join("<br>\n")
}

fn code(text: &str) -> String {
    escape::markdown(&escape::clip(&escape::terminal(text), 100))
}

fn foot(view: &View<'_>, words: &Words<'_>) -> String {
    let people = notices::people(view, words, code).map(|it| format!("People: {it}"));
    let id = wording::plan_id(view.plan).map(|it| format!("Plan id: `{it}`"));
    // Their names are among what may be cut.
    let unmanaged = notices::unmanaged(view, words).into_iter().map(|it| Some(it.head));
    let lines = [people, notices::expiring(view.plan)].into_iter().chain(unmanaged).chain([id]);
    lines.flatten().map(|it| it + "\n\n").collect()
}

/// Returns what people should know beside the changes.
fn known(view: &View<'_>, words: &Words<'_>) -> Section {
    let unmanaged = notices::unmanaged(view, words).into_iter().map(|it| (it.topic, it.names));
    let items = notices::lines(view, words).into_iter().chain(unmanaged).map(|(topic, text)| Item {
        counts: Counts::Notice(topic),
        text: format!("  {:8}  {}", topic.word(), shown(&text)),
    });
    section("To know", items.collect())
}

/// Returns the guards that stop the plan, and what the others found.
fn guards(view: &View<'_>, words: &Words<'_>) -> (Section, Section) {
    // Only the name is cut: the value, the limit and what follows are always there.
    let name = |it: String| escape::clip(&escape::terminal(&it), NAME).into_owned();
    let rows = guards::rows(view, words, name);
    let (stops, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|it| it.outcome == Outcome::Stop);
    let items = |rows: Vec<guards::Row>, sign: char| {
        let word = rows.iter().map(|it| it.outcome.word().len()).max().unwrap_or(0);
        let name = rows.iter().map(|it| it.guard.len()).max().unwrap_or(0);
        let item = |it: guards::Row| {
            let separator = if it.guard.is_empty() { ", " } else { "; " };
            let (outcome, text) = (it.outcome.word(), it.parts.join(separator));
            let guard = if it.guard.is_empty() { String::new() } else { format!("{:name$}  ", it.guard) };
            let mut text = format!("{sign} {outcome:word$}  {guard}{}", escape::terminal(&text));
            for line in &it.below {
                text.push_str("\n      ");
                text.push_str(&escape::terminal(&escape::clip(line, DETAIL)));
            }
            Item { counts: Counts::Guard(it.outcome), text }
        };
        rows.into_iter().map(item).collect()
    };
    let others = grouped("Guards", true, items(others, ' '));
    (section("Stopped by guards", items(stops, '-')), Section::new("", others))
}

/// One group of all items, or none of none.
fn grouped(name: &str, aside: bool, items: Vec<Item>) -> Vec<Group> {
    let group = Group { name: name.to_owned(), aside, items };
    if group.items.is_empty() { Vec::new() } else { vec![group] }
}

/// Returns a section of lines that belong to no group.
fn section(title: &'static str, items: Vec<Item>) -> Section {
    Section::new(title, grouped(title, false, items))
}

/// Returns the section of all changes with that effect, group by group.
fn changes(effect: Effect, title: &'static str, blocks: &[Block], words: Option<&Words<'_>>) -> Section {
    let groups = blocks.iter().filter_map(|block| {
        let own = block.fact.filter(|it| it.effect() == effect);
        let lines: Vec<&Line> = block.lines.iter().filter(|it| it.fact.effect() == effect).collect();
        if own.is_none() && lines.is_empty() {
            return None;
        }
        let mut rows = vec![heading(block, own, words.map(|it| it.company(block.company)))];
        rows.extend(lines.into_iter().map(row));
        Some(Group { name: block.name.clone(), aside: false, items: aligned(rows) })
    });
    Section::new(title, groups.collect())
}

fn withheld(view: &View<'_>) -> Section {
    let entries = withheld::those(view.plan, view.sources, Withheld::withholds).into_iter().map(|it| {
        let left = format!("! {:6}  {}", it.noun, shown(&it.what));
        let origin = it.origin.map_or_else(String::new, |it| format!("  {}", shown(&it)));
        let text = format!("{left}{origin}\n          {}", shown(&it.why));
        Group { name: String::new(), aside: false, items: vec![Item { counts: Counts::Withheld, text }] }
    });
    Section::new("Withheld", entries.collect())
}

/// A line in the making: what stands left, and beside it where it is declared and why.
struct Row {
    counts: Counts,
    left: String,
    origin: Option<String>,
    note: Option<String>,
}

fn heading(block: &Block, own: Option<Fact>, company: Option<String>) -> Row {
    let sign = own.map_or(' ', |it| it.sign().in_diff());
    let mut left = format!("{sign} {} {}", block.noun, shown(&block.name));
    if let Some(company) = company {
        left.push_str(&format!(" of {}", shown(&company)));
    }
    if let (Some(_), Some(size)) = (own, &block.size) {
        left.push_str(&format!("   {size}"));
    }
    let counts = own.map_or(Counts::Nothing, Counts::Change);
    Row { counts, left, origin: block.origin.clone(), note: block.reason.clone() }
}

fn row(line: &Line) -> Row {
    let mut left =
        format!("{}     {:6}  {}", line.fact.sign().in_diff(), line.fact.noun(), shown(&line.what));
    if let Some(mark) = line.fact.mark() {
        left.push_str(&format!("   {mark}"));
    }
    Row { counts: Counts::Change(line.fact), left, origin: line.origin.clone(), note: line.note.clone() }
}

/// Writes rows with what stands beside them in one column, as near as the longest allows.
fn aligned(rows: Vec<Row>) -> Vec<Item> {
    let widths = rows.iter().map(|it| it.left.width());
    let column = widths.filter(|it| *it <= ORIGIN).max().unwrap_or(0);
    let items = rows.into_iter().map(|row| {
        let mut text = row.left;
        let gap = column.saturating_sub(text.width()) + 2;
        aside(&mut text, gap, [&row.origin, &row.note]);
        text.truncate(text.trim_end().len());
        Item { counts: row.counts, text }
    });
    items.collect()
}

/// Adds what stands beside a line, if anything does.
pub(super) fn aside(text: &mut String, gap: usize, beside: [&Option<String>; 2]) {
    let beside: Vec<Cow<'_, str>> = beside.into_iter().flatten().map(|it| shown(it)).collect();
    if !beside.is_empty() {
        text.extend(std::iter::repeat_n(' ', gap));
        text.push_str(&beside.join("  "));
    }
}

/// A text without what a terminal or a forge could obey, and of a size that people read.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    match escape::terminal(text) {
        Cow::Borrowed(text) => escape::clip(text, TEXT),
        Cow::Owned(text) => Cow::Owned(escape::clip(&text, TEXT).into_owned()),
    }
}
