//! Who may do what where: people by roles, before and after.

use std::collections::{BTreeMap, BTreeSet};

use super::text::text;
use crate::{
    model::{
        ids::{CompanyId, RoleId},
        scope::Scope,
    },
    plan::{access::Access, effective::Sides},
    report::render::{View, direct, scope::Words, thousands},
};

/// People that are there without a script.
const PEOPLE: usize = 40;

/// People by roles.
#[derive(Debug, Default)]
pub(super) struct Matrix {
    /// Each by name, and whether it is privileged: these first.
    pub(super) roles: Vec<(String, bool)>,
    /// What people have who have the same.
    pub(super) sets: Vec<Vec<Cell>>,
    /// Those for whom something changes first.
    pub(super) people: Vec<Person>,
    /// Whether there is more than one company.
    pub(super) several: bool,
}

#[derive(Debug)]
pub(super) struct Person {
    pub(super) who: String,
    pub(super) company: String,
    /// The position among the sets.
    pub(super) set: usize,
}

/// What somebody has of a role.
#[derive(Debug)]
pub(super) struct Cell {
    /// The position among the roles.
    pub(super) role: usize,
    pub(super) mark: Mark,
    /// Where it holds, before and after; empty where it does not.
    pub(super) sides: [String; 2],
    pub(super) through: Vec<String>,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Stays,
    Comes,
    Goes,
    Changes,
}

impl Mark {
    fn of(before: bool, after: bool, same: bool) -> Self {
        match (before, after) {
            _ if same => Self::Stays,
            (false, _) => Self::Comes,
            (_, false) => Self::Goes,
            (true, true) => Self::Changes,
        }
    }

    /// Class and sign.
    fn look(self) -> [&'static str; 2] {
        match self {
            Self::Stays => ["", ""],
            Self::Comes => ["gains", "+ "],
            Self::Goes => ["loses", "− "],
            Self::Changes => ["changes", "~ "],
        }
    }
}

/// A role of groups by its id, or one outside groups by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Role(RoleId),
    Direct(String),
}

/// Of everybody in a group that a plan has looked at; nothing where that is nobody.
pub(super) fn of_plan(view: &View<'_>) -> Option<Matrix> {
    let sides = Sides::new(view.plan);
    let all = crate::plan::access::access(&sides);
    let scopes = all.iter().flat_map(|it| &it.roles).flat_map(|it| it.sides.iter().flatten());
    let companies = view.plan.companies.iter().map(|it| it.company);
    let words = Words::of(&view.plan.names, companies, scopes);
    let privileged: BTreeSet<Column> = privileged(view);
    let mut columns: BTreeSet<Column> = BTreeSet::new();
    for it in &all {
        columns.extend(it.roles.iter().map(|it| Column::Role(it.role)));
        columns.extend(
            it.direct
                .iter()
                .flat_map(|it| it.iter())
                .map(|it| Column::Direct(direct::kind(it.kind(), &words))),
        );
    }
    let named = |it: Column| {
        let name = match &it {
            Column::Role(role) => words.role(*role),
            Column::Direct(name) => format!("outside groups: {name}"),
        };
        (!privileged.contains(&it), name, it)
    };
    let mut columns: Vec<(bool, String, Column)> = columns.into_iter().map(named).collect();
    columns.sort();
    let at: BTreeMap<&Column, usize> = columns.iter().enumerate().map(|(n, it)| (&it.2, n)).collect();
    let mut matrix = Matrix {
        roles: columns.iter().map(|it| (it.1.clone(), !it.0)).collect(),
        several: view.plan.companies.len() > 1,
        ..Matrix::default()
    };
    for it in &all {
        let set = matrix.sets.len();
        matrix.sets.push(cells(it, view, &words, &at));
        let mut people: Vec<String> =
            it.users.iter().map(|it| words.person(view.plan.index.user(*it))).collect();
        people.sort();
        let company = |it: CompanyId| words.alias(it);
        matrix.people.extend(people.into_iter().map(|who| Person { who, company: company(it.company), set }));
    }
    let changing: Vec<bool> = all.iter().map(Access::changes).collect();
    matrix
        .people
        .sort_by(|a, b| (!changing[a.set], &a.company, &a.who).cmp(&(!changing[b.set], &b.company, &b.who)));
    (!matrix.people.is_empty()).then_some(matrix)
}

/// What people gain or lose that is privileged, as the judgement has it.
fn privileged(view: &View<'_>) -> BTreeSet<Column> {
    use crate::model::rules::HeldRole;
    let roles = view.judgement.people.affected.iter().flat_map(|it| &it.roles).filter(|it| it.privileged);
    roles
        .filter_map(|it| match &it.role {
            HeldRole::Role(role) => Some(Column::Role(*role)),
            HeldRole::Direct(_) | HeldRole::Acts(_) => None,
        })
        .collect()
}

fn cells(access: &Access, view: &View<'_>, words: &Words<'_>, at: &BTreeMap<&Column, usize>) -> Vec<Cell> {
    let mut cells = Vec::new();
    for held in &access.roles {
        let [before, after] = [&held.sides[0], &held.sides[1]].map(Option::as_ref);
        let same = before == after;
        let sides = match (before, after) {
            (Some(before), Some(after)) if !same => <[String; 2]>::from(words.rescope(before, after)),
            _ => [before, after].map(|it: Option<&Scope>| it.map_or_else(String::new, |it| words.scope(it))),
        };
        let through = held.through.iter().map(|it| view.plan.index.group(*it).name.to_string()).collect();
        let mark = Mark::of(before.is_some(), after.is_some(), same);
        cells.push(Cell { role: at[&Column::Role(held.role)], mark, sides, through });
    }
    let mut direct: BTreeMap<String, [Option<String>; 2]> = BTreeMap::new();
    for (n, side) in access.direct.iter().enumerate() {
        for role in side.iter() {
            direct.entry(direct::kind(role.kind(), words)).or_default()[n] = Some(direct::role(role, words));
        }
    }
    for (kind, sides) in direct {
        let [before, after] = &sides;
        let mark = Mark::of(before.is_some(), after.is_some(), before == after);
        let sides = sides.map(Option::unwrap_or_default);
        cells.push(Cell { role: at[&Column::Direct(kind)], mark, sides, through: Vec::new() });
    }
    cells.sort_by_key(|it| it.role);
    cells
}

impl Matrix {
    /// The first of them, of all columns that any of these needs.
    pub(super) fn write(&self, out: &mut String) {
        let changes = |it: &Person| self.sets[it.set].iter().any(|it| it.mark != Mark::Stays);
        let only = self.people.iter().any(changes);
        let about = if only {
            "of everybody in the groups that were read; + comes, − goes, ~ changes"
        } else {
            "of everybody in the groups that were read"
        };
        let wanted: Vec<&Person> = self.people.iter().filter(|it| !only || changes(it)).collect();
        let count = match wanted.len() == self.people.len() {
            true => thousands(wanted.len()),
            false => format!("{} of {}", thousands(wanted.len()), thousands(self.people.len())),
        };
        out.push_str(&format!(
            "<section id=\"matrix\" class=\"matrix\"><div class=\"title\"><h2>Access matrix</h2><span class=\"count\">{count}</span>"
        ));
        if only {
            out.push_str("<label class=\"scripted\"><input id=\"changing\" type=\"checkbox\" checked=\"\"/> only who changes</label>");
        }
        out.push_str(&format!("</div><p class=\"about\">{}</p><div class=\"sideways place\">", text(about)));
        let shown = &wanted[..wanted.len().min(PEOPLE)];
        let columns: BTreeSet<usize> =
            shown.iter().flat_map(|it| &self.sets[it.set]).map(|it| it.role).collect();
        out.push_str("<table><thead><tr><th>Person</th>");
        for (name, privileged) in columns.iter().map(|it| &self.roles[*it]) {
            out.push_str(&match privileged {
                true => format!(
                    "<th class=\"escalates\">{}<span class=\"mark\">PRIVILEGED</span></th>",
                    text(name)
                ),
                false => format!("<th>{}</th>", text(name)),
            });
        }
        out.push_str("</tr></thead><tbody>");
        for person in shown {
            let company = if self.several { format!(" ({})", text(&person.company)) } else { String::new() };
            out.push_str(&format!("<tr><th>{}{company}</th>", text(&person.who)));
            for column in &columns {
                match self.sets[person.set].iter().find(|it| it.role == *column) {
                    Some(cell) => cell.write(out),
                    None => out.push_str("<td></td>"),
                }
            }
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table></div></section>\n");
    }
}

impl Cell {
    fn write(&self, out: &mut String) {
        let [class, sign] = self.mark.look();
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let [before, after] = [&self.sides[0], &self.sides[1]].map(|it| text(it));
        out.push_str(&format!("<td{class}><span>{sign}"));
        out.push_str(&match self.mark {
            Mark::Stays | Mark::Comes => format!("{after}</span>"),
            Mark::Goes => format!("<s>{before}</s></span>"),
            Mark::Changes => format!("{after}</span><s>{before}</s>"),
        });
        if !self.through.is_empty() {
            let some: Vec<String> = self.through.iter().take(3).map(|it| text(it)).collect();
            let more = self.through.len().checked_sub(3).filter(|it| *it > 0);
            let more = more.map_or_else(String::new, |it| format!(" and {it} more"));
            out.push_str(&format!("<span class=\"via\">via {}{more}</span>", some.join(", ")));
        }
        out.push_str("</td>");
    }
}
