//! The plan for a pull-request comment: people first, inert whatever the names are, within a budget.
//!
//! Changes stand in `diff` fences, which forges colour and none looks into for
//! mentions or markup. What does not fit is counted, kind by kind.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use unicode_width::UnicodeWidthStr as _;

use super::{
    View, counted,
    forge::Forge,
    guards::{self, Outcome},
    lives, more, notices,
    people::{self, Turn},
    scope::Words,
    section::{Counts, FOLDED, Group, Item, Part, Section},
    thousands, weakened, withheld,
    wording::{self, Block, Fact, Line},
};
use crate::model::{escape, plan::Withheld};

/// By this line a comment is seen to be one; reports say more in its place.
const MARKER: &str = "rolecall:plan";
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
/// Roles of a row of people; the others are counted.
const ROLES: usize = 12;
/// With more changes than this each group is folded.
const MANY: usize = 40;

/// What became of a plan that is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Nothing yet: it is looked at.
    Planned,
    /// All of it was done.
    Applied,
    /// Not all of it was done.
    Part,
    /// Nothing of it was done, though it was to be.
    Refused,
}

impl Deed {
    fn heading(self) -> &'static str {
        match self {
            Self::Planned => "rolecall",
            Self::Applied => "rolecall applied",
            Self::Part => "rolecall did not apply all of",
            Self::Refused => "rolecall did not apply",
        }
    }

    /// Whether the command that applies it is of use.
    fn is_to_come(self) -> bool {
        matches!(self, Self::Planned | Self::Refused)
    }
}

/// How a plan is told: where, in how many bytes at most, and what became of it.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Where it is read.
    pub forge: Forge,
    /// Most bytes.
    pub budget: usize,
    /// What became of the plan.
    pub deed: Deed,
    /// What is said of that, in whole blocks of Markdown of bounded size, below the heading.
    pub said: &'a str,
}

/// Returns the plan for a forge in at most `budget` bytes.
pub fn plan(view: &View<'_>, forge: Forge, budget: usize) -> String {
    told(view, &Page { forge, budget, deed: Deed::Planned, said: "" })
}

/// Returns the plan and what became of it.
///
/// Where it does not fit, who joins and leaves is counted group by group; then room goes to who gains privileged access,
/// to guards that stop the plan and to who loses everything, then to the rest. A budget below 4,000 bytes may leave no room
/// for more than the summary.
pub fn told(view: &View<'_>, page: &Page<'_>) -> String {
    let Page { forge, budget, .. } = *page;
    let words = Words::new(view.plan);
    let several = view.plan.companies.len() > 1;
    let named = several.then_some(&words);
    let mut rows = people::rows(view, &words);
    let mut people = |turn| people(turn, rows.extract_if(.., |it| it.turn == turn).collect(), named);
    let [escalates, everything, gains, loses] = Turn::ALL.map(&mut people);
    let blocks = wording::blocks(view.plan, view.sources);
    let (stops, guards) = guards(view, &words);
    let (held, known) = (withheld(view), known(view, &words));
    // As they are shown.
    let mut sections = [
        stops,
        escalates,
        everything,
        gains,
        loses,
        changes(&blocks, named, Members::Named),
        held,
        known,
        guards,
    ];
    let foot = foot(view, page.deed, &words);
    let whole: usize = sections.iter().map(|it| it.whole(forge)).sum();
    if head(view, page, "", weakened::ROWS).len() + whole + foot.len() > budget {
        sections[5] = changes(&blocks, named, Members::Counted);
    }
    let least: usize = sections.iter().map(Section::least).sum();
    // What is weaker than in the base is cut for nothing else: only a budget too small for a comment has no room for it.
    let fits = |rows: &usize| head(view, page, TRUNCATED, *rows).len() + foot.len() + least <= budget;
    let rows = (1..=weakened::ROWS).rev().find(fits).unwrap_or(0);
    let fixed = head(view, page, TRUNCATED, rows).len() + foot.len();
    let parts = allotted(&sections, forge, budget.saturating_sub(fixed));
    let mut out = head(view, page, if parts.iter().any(|it| it.cut) { TRUNCATED } else { "" }, rows);
    for Part { text, cut: _ } in &parts {
        out.push_str(text);
    }
    out.push_str(&foot);
    out.truncate(out.trim_end().len());
    out.push('\n');
    // Only a budget too small for the summary itself gets here.
    if out.len() <= budget { out } else { escape::clip(&forge.hidden(MARKER), budget).into_owned() }
}

/// Renders sections within a budget. Each is sure of room for its title and its counts; those about people and about what
/// stops the plan, of a share of the rest, which no flood of the others takes from them; what is left goes to the first that
/// needs it.
fn allotted(sections: &[Section; 9], forge: Forge, budget: usize) -> [Part; 9] {
    /// By position: who escalates, what stops, who loses everything, what is withheld and what changes come first.
    const FIRST: [usize; 9] = [1, 0, 2, 6, 5, 3, 4, 7, 8];
    let least: usize = sections.iter().map(Section::least).sum();
    let mut free = budget.saturating_sub(least);
    let share = |of: usize| free / of;
    let mut sure = [0; 9];
    (sure[0], sure[1]) = (share(4), share(4));
    (sure[2], sure[3], sure[4], sure[6]) = (share(8), share(8), share(8), share(8));
    let mut room = [0; 9];
    for sure in [sure, [usize::MAX; 9]] {
        for at in FIRST {
            let wanted = sections[at].whole(forge).saturating_sub(sections[at].least() + room[at]);
            let given = wanted.min(sure[at]).min(free);
            (room[at], free) = (room[at] + given, free - given);
        }
    }
    std::array::from_fn(|at| sections[at].render(forge, sections[at].least() + room[at]))
}

/// Returns what a plan comes to in one line, people first; for the heading.
pub(super) fn title(view: &View<'_>) -> String {
    let sum = view.plan.summary();
    let counts =
        [(sum.groups_deleted, "deleted"), (sum.groups_created, "created"), (sum.groups_changed, "changed")];
    let mut words: Vec<String> = Vec::new();
    let people = view.judgement.by_cause.as_ref().map_or(&view.judgement.people, |it| &it[0]);
    if view.judgement.by_cause.is_some() && people.affected.is_empty() {
        words.push("nobody gains or loses access by this change".to_owned());
    }
    let moves = [(people.gain, "gains access", "gain access"), (people.lose, "loses access", "lose access")];
    for (n, one, many) in moves.into_iter().filter(|it| it.0 > 0) {
        let who = if words.is_empty() { counted(n, "person", "people") } else { thousands(n) };
        words.push(format!("{who} {}", if n == 1 { one } else { many }));
    }
    let mut first = true;
    for (n, done) in counts.into_iter().filter(|it| it.0 > 0) {
        let n = if std::mem::take(&mut first) { counted(n, "group", "groups") } else { thousands(n) };
        words.push(format!("{n} {done}"));
    }
    words.extend(lives::counts(view.plan).into_iter().filter(|it| it.1 > 0).map(|(turn, n)| turn.counted(n)));
    if let held @ 1.. = view.plan.withheld() {
        words.push(format!("{} withheld", thousands(held)));
    }
    if let n @ 1.. = view.plan.forbidden().count() {
        words.push(counted(n, "forbidden group", "forbidden groups"));
    }
    if words.is_empty() {
        words.push("no changes".to_owned());
    }
    if let n @ 1.. = view.plan.accepted.len() {
        words.push(counted(n, "accepted difference", "accepted differences"));
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
    // The most dangerous first: it must not be looked for.
    let escalating: usize = people.affected.iter().filter(|it| it.escalates()).map(|it| it.users.len()).sum();
    let privileged = match escalating {
        0 => String::new(),
        n => counted(n, "person gains privileged access", "people gain privileged access") + "; ",
    };
    privileged + &words.join(", ")
}

fn head(view: &View<'_>, page: &Page<'_>, truncated: &str, rows: usize) -> String {
    let title = title(view);
    let unset = weakened::unset(view);
    let summary = wording::summary(view.plan, view.judgement);
    let companies = companies(view, page.forge);
    let taken =
        view.taken.map_or_else(String::new, |it| format!(" From a snapshot of {it:.0}, not from the API."));
    let now = view.now.told().map_or_else(String::new, |it| format!(" Judged {it}."));
    let unset =
        if unset.is_empty() { String::new() } else { format!("Not checked: {}.\n\n", unset.join(", ")) };
    let danger = danger(view, rows);
    let people: String =
        notices::people(view).into_iter().map(|(label, it)| format!("{label}: {it}.\n\n")).collect();
    let stops: BTreeSet<&str> = view.judgement.stops().map(|it| it.guard.as_str()).collect();
    let stops: Vec<&str> = stops.into_iter().collect();
    let stops = match stops.is_empty() {
        true => String::new(),
        false => {
            let what =
                format!("**Guards stop this plan: {}.** What would allow it stands below.", stops.join(", "));
            page.forge.warning(&what) + "\n"
        }
    };
    let (marker, heading, said) = (page.forge.hidden(MARKER), page.deed.heading(), page.said);
    format!(
        "{marker}### {heading}: {title}{truncated}\n\n{said}{stops}{danger}{people}**{summary}**\n\n{companies}{taken}{now}\n\n{unset}"
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

fn companies(view: &View<'_>, forge: Forge) -> String {
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
        // Not at the beginning of a line: code with backticks in it could look like a fence.
        format!("Company {company} at {host}: {}", sizes(it.groups, it.memberships))
    });
    lines.collect::<Vec<_>>().join(forge.line_break())
}

fn code(text: &str) -> String {
    escape::markdown(&escape::clip(&escape::terminal(text), 100))
}

fn foot(view: &View<'_>, deed: Deed, words: &Words<'_>) -> String {
    let id = wording::plan_id(view.plan).map(|it| format!("Plan id: `{it}`"));
    let needs_more = view.judgement.stops().any(|it| !it.guard.can_be_approved());
    let next = wording::plan_id(view.plan).filter(|_| !needs_more && deed.is_to_come());
    let next = next.map(|it| format!("To apply exactly this: `rolecall apply --approve {it}`"));
    // Their names are among what may be cut.
    let unmanaged = notices::unmanaged(view, words).into_iter().map(|it| Some(it.head));
    let accepted = notices::accepted_in_all(view.plan).map(|it| it + ".");
    let lines = [notices::expiring(view.plan), accepted].into_iter().chain(unmanaged).chain([id, next]);
    lines.flatten().map(|it| it + "\n\n").collect()
}

/// Returns what people should know beside the changes.
fn known(view: &View<'_>, words: &Words<'_>) -> Section {
    let unmanaged = notices::unmanaged(view, words).into_iter().map(|it| (it.topic, it.names));
    let items = notices::lines(view, words).into_iter().chain(unmanaged).map(|(topic, text)| {
        Item::new(Counts::Notice(topic), format!("  {:8}  {}", topic.word(), shown(&text)))
    });
    section("To know", items.collect())
}

/// Returns the guards that stop the plan with the policies that are broken and stop nothing, and what the others found.
fn guards(view: &View<'_>, words: &Words<'_>) -> (Section, Section) {
    // Only the name is cut: the value, the limit and what follows are always there.
    let name = |it: String| escape::clip(&escape::terminal(&it), NAME).into_owned();
    let rows = guards::rows(view, words, name);
    let is_first = |it: &guards::Row| {
        matches!(it.outcome, Outcome::Stop | Outcome::Review | Outcome::Warning | Outcome::Stood)
    };
    let (first, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_first);
    let has = |of: &[Outcome]| first.iter().any(|it| of.contains(&it.outcome));
    let title = match (has(&[Outcome::Stop]), has(&[Outcome::Warning, Outcome::Stood])) {
        (true, _) => "Stopped by guards",
        (false, true) => "Broken policies that stop nothing",
        (false, false) => "Who has to review this",
    };
    let items = |rows: Vec<guards::Row>| {
        let word = rows.iter().map(|it| it.outcome.word().len()).max().unwrap_or(0);
        let name = rows.iter().map(|it| it.guard.len()).max().unwrap_or(0);
        let item = |it: guards::Row| {
            let separator = if it.guard.is_empty() { ", " } else { "; " };
            let (outcome, text) = (it.outcome.word(), it.parts.join(separator));
            let sign = if it.outcome == Outcome::Stop { '-' } else { ' ' };
            let guard = if it.guard.is_empty() { String::new() } else { format!("{:name$}  ", it.guard) };
            let mut text = format!("{sign} {outcome:word$}  {guard}{}", escape::terminal(&text));
            for line in &it.below {
                text.push_str("\n      ");
                text.push_str(&escape::terminal(&escape::clip(line, DETAIL)));
            }
            Item::new(Counts::Guard(it.outcome), text)
        };
        rows.into_iter().map(item).collect()
    };
    let others = grouped("Guards", true, items(others));
    (section(title, items(first)), Section::new("", others))
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

/// Whether each member has a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Members {
    Named,
    Counted,
}

/// Returns the section of people who gain or lose in the same way, each with all there is to say in one piece.
fn people(turn: Turn, rows: Vec<people::Row>, words: Option<&Words<'_>>) -> Section {
    let sign = if turn == Turn::Escalates { '!' } else { turn.sign().in_diff() };
    let item = |it: people::Row| {
        let company =
            words.map_or_else(String::new, |words| format!(" ({})", shown(&words.company(it.company))));
        let row = |role: &people::Role| Row {
            left: format!(
                "{sign}     {}{}",
                shown(&role.what),
                if role.privileged { "   PRIVILEGED" } else { "" }
            ),
            beside: [role.origin.clone(), Some(role.through.clone())],
        };
        let mut text =
            format!("{sign} {}{company}", it.who(|it| escape::clip(&shown(it), NAME).into_owned()));
        for line in aligned(it.roles.iter().take(ROLES).map(row).collect()) {
            text.push('\n');
            text.push_str(&line);
        }
        if let Some(more) = more(it.roles.len(), ROLES) {
            text.push_str(&format!("\n{sign}     {more}"));
        }
        let privileged = it.roles.iter().filter(|it| it.privileged && turn == Turn::Escalates);
        Item {
            of: it.who.len(),
            never_left_out: privileged.map(|it| it.what.clone()).collect(),
            ..Item::new(Counts::People(turn), text)
        }
    };
    let mut items = rows.into_iter().map(item).peekable();
    let mut groups = Vec::new();
    // Ordinary changes may be folded; the others are seen at once.
    let size = if matches!(turn, Turn::Escalates | Turn::LosesEverything) { FOLDED } else { usize::MAX };
    while items.peek().is_some() {
        let items = items.by_ref().take(size).collect();
        groups.push(Group { name: turn.title().to_owned(), aside: false, items });
    }
    Section::new(turn.title(), groups)
}

/// Returns the section of all changes, group by group: folded where there are many.
fn changes(blocks: &[Block], words: Option<&Words<'_>>, members: Members) -> Section {
    let aside = blocks.iter().map(|it| it.lines.len()).sum::<usize>() > MANY;
    let groups = blocks.iter().map(|block| {
        let mut rows = vec![heading(block, words.map(|it| it.company(block.company)))];
        let mut counted: BTreeMap<Fact, usize> = BTreeMap::new();
        for line in &block.lines {
            match members {
                Members::Counted if matches!(line.fact, Fact::MemberAdded | Fact::MemberRemoved) => {
                    *counted.entry(line.fact).or_default() += 1;
                }
                Members::Named | Members::Counted => rows.push(row(line)),
            }
        }
        let mut items: Vec<Item> = Vec::with_capacity(rows.len() + counted.len());
        let (counts, rows): (Vec<(Counts, Option<String>)>, Vec<Row>) =
            rows.into_iter().map(|(counts, row, below)| ((counts, below), row)).unzip();
        for ((counts, below), mut text) in counts.into_iter().zip(aligned(rows)) {
            text.extend(below);
            items.push(Item::new(counts, text));
        }
        items.extend(counted.into_iter().map(|(fact, of)| Item {
            of,
            ..Item::new(Counts::Change(fact), format!("{}     {}", fact.sign().in_diff(), fact.counted(of)))
        }));
        Group { name: block.name.clone(), aside, items }
    });
    Section::new("All changes", groups.collect())
}

fn withheld(view: &View<'_>) -> Section {
    let entries = withheld::those(view.plan, view.sources, Withheld::withholds).into_iter().map(|it| {
        let left = format!("! {:6}  {}", it.noun, shown(&it.what));
        let origin = it.origin.map_or_else(String::new, |it| format!("  {}", shown(&it)));
        let text = format!("{left}{origin}\n          {}", shown(&it.why));
        Group { name: String::new(), aside: false, items: vec![Item::new(Counts::Withheld, text)] }
    });
    Section::new("Withheld", entries.collect())
}

/// A line in the making: what stands left, and beside it where it is declared and why.
pub(super) struct Row {
    pub(super) left: String,
    pub(super) beside: [Option<String>; 2],
}

/// What a line counts as, the line, and what stands below it.
type Shown = (Counts, Row, Option<String>);

fn heading(block: &Block, company: Option<String>) -> Shown {
    let sign = block.fact.map_or(' ', |it| it.sign().in_diff());
    let mut left = format!("{sign} {} {}", block.noun, shown(&block.name));
    if let Some(company) = company {
        left.push_str(&format!(" of {}", shown(&company)));
    }
    if let Some(size) = &block.size {
        left.push_str(&format!("   {size}"));
    }
    let counts = block.fact.map_or(Counts::Nothing, Counts::Change);
    (counts, Row { left, beside: [block.origin.clone(), block.reason.clone()] }, None)
}

/// A changed scope is shown as it will be; what it was stands below, where no long line hides the other.
fn row(line: &Line) -> Shown {
    let sign = line.fact.sign().in_diff();
    let mut left = format!("{sign}     {:6}  {}", line.fact.noun(), shown(&line.what));
    if let Some([_, after]) = &line.scopes {
        left.push_str(&format!(": {}", shown(after)));
    }
    if let Some(mark) = line.fact.mark() {
        left.push_str(&format!("   {mark}"));
    }
    let below =
        line.scopes.as_ref().map(|[before, _]| format!("\n{sign}               before: {}", shown(before)));
    (Counts::Change(line.fact), Row { left, beside: [line.origin.clone(), line.note.clone()] }, below)
}

/// Writes rows with what stands beside them in one column, as near as the longest allows.
pub(super) fn aligned(rows: Vec<Row>) -> Vec<String> {
    let widths = rows.iter().map(|it| it.left.width());
    let column = widths.filter(|it| *it <= ORIGIN).max().unwrap_or(0);
    let lines = rows.into_iter().map(|Row { left: mut text, beside: [origin, note] }| {
        let gap = column.saturating_sub(text.width()) + 2;
        aside(&mut text, gap, [&origin, &note]);
        text.truncate(text.trim_end().len());
        text
    });
    lines.collect()
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
