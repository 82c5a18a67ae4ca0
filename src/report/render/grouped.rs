//! The rows of a plan once more, under one heading for each group, person, role or company.
//!
//! Two laws hold. Each change stands under exactly one heading, whatever it is grouped by: what is about no one person, or no
//! role, stands under the last. What somebody gains or loses stands under exactly one person, role and company; and under
//! every group through which it comes or goes, as it is the doing of each.

use std::{collections::BTreeMap, str::FromStr};

use serde::Serialize;

use super::{
    View,
    cells::line,
    csv,
    fit::{Layout, Width},
    forge::Forge,
    markdown::{self, aligned, shown},
    people::{self, Turn},
    scope::Words,
    section::{Counts, Group, Item, Section},
    text::{self, ALARM, BOLD, PLAIN},
    wording::{self, Block, Fact, Line, Sign},
};
use crate::model::{ids::CompanyId, json};

/// With more rows than this each heading of a comment is folded.
const MANY: usize = 40;

/// What the rows are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A group, and who gains and loses through it.
    Group,
    /// A person, through everything together.
    Person,
    /// A role, wherever it comes or goes.
    Role,
    /// A company.
    Company,
}

impl By {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Group, Self::Person, Self::Role, Self::Company];

    /// The word by which it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Person => "person",
            Self::Role => "role",
            Self::Company => "company",
        }
    }

    /// The heading of what belongs under none.
    fn rest(self) -> &'static str {
        match self {
            Self::Group => "(outside groups)",
            Self::Person => "(no one person)",
            Self::Role => "(no role)",
            Self::Company => "(no company)",
        }
    }
}

impl FromStr for By {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|it| it.name() == raw)
            .ok_or_else(|| format!("there are {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// What stands under one heading.
#[derive(Debug, Default, Serialize)]
struct Rows {
    /// What people gain and lose.
    people: Vec<Row>,
    /// What changes.
    changes: Vec<Row>,
}

/// Something that is gained or lost, or that changes. Raw: formats escape it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// `gains`, `loses`, `add`, `change` or `remove`.
    change: &'static str,
    /// `role`, `member`, `group` and so on.
    kind: &'static str,
    /// The role with where it holds, the member, or the name of the group.
    what: String,
    /// Of a role that changes, where it held before.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// Whose it is: the person, or the group; left out of a group itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    company: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    privileged: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    loses_everything: bool,
    /// Only undoes what had drifted before the change under review.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    drifted: bool,
    /// Through what, or why.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    #[serde(skip)]
    counts: Counts,
}

/// Headings in order, what belongs under none last.
type Headings = BTreeMap<(bool, String), Rows>;

fn headings(view: &View<'_>, by: By) -> Headings {
    let words = Words::new(view.plan);
    let mut all = Headings::new();
    let several = view.plan.companies.len() > 1;
    let company = |it: CompanyId| words.alias(it);
    let group = |of: CompanyId, name: &str| match several {
        true => format!("{name} of {}", company(of)),
        false => name.to_owned(),
    };
    let key = |name: Option<String>| match name {
        Some(name) => (false, name),
        None => (true, by.rest().to_owned()),
    };
    for it in people::rows(view, &words) {
        for (who, role) in it.who.iter().flat_map(|who| it.roles.iter().map(move |role| (who, role))) {
            let names: Vec<Option<String>> = match by {
                By::Group if role.groups.is_empty() => vec![None],
                By::Group => role.groups.iter().map(|name| Some(group(it.company, name))).collect(),
                By::Person => vec![Some(who.clone())],
                By::Role => vec![Some(role.name.clone())],
                By::Company => vec![Some(words.company(it.company))],
            };
            let row = effect(&it, who, role, company(it.company));
            names.into_iter().for_each(|name| all.entry(key(name)).or_default().people.push(row.clone()));
        }
    }
    for block in wording::blocks(view.plan, view.sources) {
        let is_group = block.noun == "group";
        let itself = block.fact.map(|fact| (itself(&block, fact, company(block.company)), None, None));
        let lines = block.lines.iter().map(|line| {
            let person = match line.fact {
                Fact::MemberAdded | Fact::MemberRemoved => Some(line.what.clone()),
                _ if is_group => None,
                _ => Some(block.name.clone()),
            };
            (changed(&block, line, company(block.company)), person, line.role.clone())
        });
        for (row, person, role) in itself.into_iter().chain(lines) {
            let name = match by {
                By::Group => is_group.then(|| group(block.company, &block.name)),
                By::Person => person,
                By::Role => role,
                By::Company => Some(words.company(block.company)),
            };
            all.entry(key(name)).or_default().changes.push(row);
        }
    }
    all
}

fn effect(it: &people::Row, who: &str, role: &people::Role, company: String) -> Row {
    let gains = it.turn.sign() == Sign::Add;
    Row {
        change: if gains { "gains" } else { "loses" },
        kind: "role",
        what: role.what.clone(),
        before: None,
        of: Some(who.to_owned()),
        company,
        privileged: role.privileged,
        loses_everything: it.turn == Turn::LosesEverything,
        drifted: it.drifted,
        note: Some(role.through.clone()),
        origin: role.origin.clone(),
        counts: Counts::People(it.turn),
    }
}

fn itself(block: &Block, fact: Fact, company: String) -> Row {
    Row {
        change: verb(fact),
        kind: fact.noun(),
        what: block.name.clone(),
        before: None,
        of: None,
        company,
        privileged: false,
        loses_everything: false,
        drifted: false,
        note: block.reason.clone().or_else(|| block.size.clone()),
        origin: block.origin.clone(),
        counts: Counts::Change(fact),
    }
}

fn changed(block: &Block, line: &Line, company: String) -> Row {
    let (what, before) = match &line.scopes {
        Some([before, after]) => (format!("{}: {after}", line.what), Some(before.clone())),
        None => (line.what.clone(), None),
    };
    let mark = line.fact.mark().map(str::to_owned);
    let note: Vec<String> = mark.into_iter().chain(line.note.clone()).collect();
    Row {
        kind: line.fact.noun(),
        change: verb(line.fact),
        what,
        before,
        of: Some(block.name.clone()),
        note: (!note.is_empty()).then(|| note.join(", ")),
        origin: line.origin.clone(),
        counts: Counts::Change(line.fact),
        company,
        privileged: false,
        loses_everything: false,
        drifted: false,
    }
}

fn verb(fact: Fact) -> &'static str {
    match fact.sign() {
        Sign::Add => "add",
        Sign::Change => "change",
        Sign::Remove => "remove",
    }
}

impl Row {
    fn sign(&self) -> Sign {
        match self.change {
            "gains" | "add" => Sign::Add,
            "loses" | "remove" => Sign::Remove,
            _ => Sign::Change,
        }
    }

    /// What is said in one line below a heading, before where and why; what the heading says is not said again.
    fn said(&self, heading: &str) -> String {
        let Self { change, kind, what, before, of, .. } = self;
        let of = of.as_deref().filter(|it| *it != heading);
        let mut said = match of {
            Some(of) if self.is_effect() => format!("{of} {change} {what}"),
            None if self.is_effect() => format!("{change} {what}"),
            Some(of) if what == heading => format!("{kind} of {of}"),
            Some(of) => format!("{kind} {what}, of {of}"),
            None => format!("{kind} {what}"),
        };
        if let Some(before) = before {
            said += &format!(" (before: {before})");
        }
        if self.loses_everything {
            said += ", and so everything";
        }
        if self.drifted {
            said += " (already drifted)";
        }
        said
    }

    fn is_effect(&self) -> bool {
        matches!(self.counts, Counts::People(_))
    }

    fn is_alarm(&self) -> bool {
        self.privileged && self.sign() == Sign::Add
    }
}

impl Rows {
    fn all(&self) -> impl Iterator<Item = &Row> {
        self.people.iter().chain(&self.changes)
    }
}

/// For people, in a terminal.
pub fn text(view: &View<'_>, by: By, width: Width) -> String {
    let all = headings(view, by);
    let origins = all.values().flat_map(Rows::all).filter_map(|it| it.origin.as_deref());
    let layout = Layout::new(width, origins);
    let mut out = String::new();
    for ((_, name), rows) in &all {
        text::separate(&mut out);
        out.push_str(&layout.row().put(BOLD, name).end());
        for it in rows.all() {
            let mut row = layout.row();
            row.space(4);
            if it.is_alarm() {
                row.put(ALARM, "!");
            } else {
                text::sign(&mut row, it.sign());
            }
            row.space(1).hanging().put(PLAIN, &it.said(name));
            if it.privileged {
                row.space(3).whole(if it.is_alarm() { ALARM } else { PLAIN }, "PRIVILEGED");
            }
            let origin = it.origin.as_deref().map(|it| (text::DIM, it));
            row.aside(2, origin, it.note.as_deref().map(|it| (PLAIN, it)));
            out.push_str(&row.end());
        }
    }
    text::separate(&mut out);
    out.push_str(&layout.row().put(BOLD, &wording::summary(view.plan, view.judgement)).end());
    if let Some(id) = wording::plan_id(view.plan) {
        out.push_str(&layout.row().put(PLAIN, &format!("Plan id: {id}")).end());
    }
    out
}

/// For comments of a forge, in at most `budget` bytes: what does not fit is counted.
pub fn markdown(view: &View<'_>, by: By, forge: Forge, budget: usize) -> String {
    let all = headings(view, by);
    let aside = all.values().map(|it| it.all().count()).sum::<usize>() > MANY;
    let group = |(name, rows): (&String, &Rows)| {
        let line = |it: &Row| markdown::Row {
            left: format!(
                "{}     {}{}",
                if it.is_alarm() { '!' } else { it.sign().in_diff() },
                shown(&it.said(name)),
                if it.privileged { "   PRIVILEGED" } else { "" }
            ),
            beside: [it.origin.clone(), it.note.clone()],
        };
        let lines = aligned(rows.all().map(line).collect());
        let title = Item::new(Counts::Nothing, format!("  {}", shown(name)));
        let items = rows.all().zip(lines).map(|(it, text)| Item::new(it.counts, text));
        Group { name: name.clone(), aside, items: std::iter::once(title).chain(items).collect() }
    };
    let section = Section::new("", all.iter().map(|it| group((&it.0.1, it.1))).collect());
    let head = format!(
        "### rolecall: the plan by {}\n\n**{}**\n\n",
        by.name(),
        wording::summary(view.plan, view.judgement)
    );
    let foot = wording::plan_id(view.plan).map_or_else(String::new, |it| format!("Plan id: `{it}`\n"));
    let part = section.render(forge, budget.saturating_sub(head.len() + foot.len()));
    (head + &part.text + &foot).trim_end().to_owned() + "\n"
}

/// For spreadsheets: a line for each row, with its heading first.
pub fn csv(view: &View<'_>, by: By) -> String {
    let mut out = line([
        by.name(),
        "change",
        "kind",
        "what",
        "before",
        "of",
        "company",
        "privileged",
        "losesEverything",
        "drifted",
        "note",
        "origin",
    ]);
    for ((_, name), rows) in headings(view, by) {
        for it in rows.all() {
            let or_nothing = |it: &'_ Option<String>| it.clone().unwrap_or_default();
            out += &line([
                // One table even where what it is grouped by has the name of a column.
                &name,
                it.change,
                it.kind,
                &it.what,
                &or_nothing(&it.before),
                &or_nothing(&it.of),
                &it.company,
                csv::yes(it.privileged),
                csv::yes(it.loses_everything),
                csv::yes(it.drifted),
                &or_nothing(&it.note),
                &or_nothing(&it.origin),
            ]);
        }
    }
    out
}

/// For programs: words alone, as people read them; the ids are in the document of the plan.
pub fn json(view: &View<'_>, by: By) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        version: u32,
        kind: &'static str,
        plan: String,
        by: &'static str,
        headings: Vec<Heading<'a>>,
    }
    #[derive(Serialize)]
    struct Heading<'a> {
        name: &'a str,
        #[serde(flatten)]
        rows: &'a Rows,
    }
    let all = headings(view, by);
    let headings = all.iter().map(|(it, rows)| Heading { name: &it.1, rows }).collect();
    let plan = crate::plan::digest::plan_id(view.plan).to_string();
    json::rows(&Document { version: 1, kind: "planBy", plan, by: by.name(), headings })
}
