//! Who gains and who loses access, in words: a row for each set of people alike. Raw: formats escape and arrange them.

use std::collections::BTreeSet;

use crate::model::{
    access::Why,
    ids::CompanyId,
    plan::{Affected, Path, RoleEffect},
    rules::{HeldRole, How},
};

use super::{View, counted, direct, scope::Words, wording::Sign};

/// People of a row named one by one; the others are counted.
const NAMED: usize = 6;

/// What a row is about: the most dangerous first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// Somebody gains what is privileged.
    Escalates,
    Gains,
    LosesEverything,
    Loses,
}

/// People alike, and what they gain or lose.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) company: CompanyId,
    pub(super) turn: Turn,
    /// Each by name.
    pub(super) who: Vec<String>,
    /// Each role, with where: `Agent on company globex`.
    pub(super) what: Vec<String>,
    /// Through what, or why: `through Night Desk`, `Winter Migration is deleted`.
    pub(super) through: String,
    /// Where it is asked for.
    pub(super) origin: Option<String>,
}

impl Turn {
    pub(super) fn sign(self) -> Sign {
        match self {
            Self::Escalates | Self::Gains => Sign::Add,
            Self::LosesEverything | Self::Loses => Sign::Remove,
        }
    }

    /// What stands between who and what.
    pub(super) fn verb(self, several: bool) -> &'static str {
        match (self, several) {
            (Self::Escalates | Self::Gains, false) => "gains",
            (Self::Escalates | Self::Gains, true) => "gain",
            (Self::LosesEverything, false) => "loses everything:",
            (Self::LosesEverything, true) => "lose everything:",
            (Self::Loses, false) => "loses",
            (Self::Loses, true) => "lose",
        }
    }
}

impl Row {
    /// Who, as far as it can be read at a glance: `ana, bo`, `15 people: ana, bo and 13 more`.
    pub(super) fn named(&self, show: impl Fn(&str) -> String) -> String {
        let shown: Vec<String> = self.who.iter().take(NAMED).map(|it| show(it)).collect();
        match self.who.len().checked_sub(NAMED) {
            None | Some(0) => shown.join(", "),
            Some(more) => {
                let all = counted(self.who.len(), "person", "people");
                format!("{all}: {} and {more} more", shown.join(", "))
            }
        }
    }
}

/// Returns the rows of all companies, those of one company together, and of these the most dangerous first.
pub(super) fn rows(view: &View<'_>, words: &Words<'_>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for it in &view.judgement.people.affected {
        let gains = if it.escalates() { Turn::Escalates } else { Turn::Gains };
        let loses = if it.loses_everything { Turn::LosesEverything } else { Turn::Loses };
        rows.extend(row(it, gains, view, words));
        rows.extend(row(it, loses, view, words));
    }
    rows.sort_by(|a, b| (a.company, a.turn, &a.who).cmp(&(b.company, b.turn, &b.who)));
    rows
}

/// What people gain, or what they lose; nothing where that is nothing.
fn row(affected: &Affected, turn: Turn, view: &View<'_>, words: &Words<'_>) -> Option<Row> {
    let gains = turn.sign() == Sign::Add;
    let concerns = |it: &&RoleEffect| if gains { it.gives } else { it.takes };
    let mut roles: Vec<&RoleEffect> = affected.roles.iter().filter(concerns).collect();
    roles.sort_by_key(|it| !it.privileged);
    let paths = || roles.iter().flat_map(|it| &it.through).filter(|it| comes(it.how) == gains);
    let first = paths().next()?;
    let mut who: Vec<String> = affected.users.iter().map(|it| words.person(*it)).collect();
    who.sort();
    let mut what: Vec<String> = roles.iter().map(|it| role(it, gains, words)).collect();
    what.dedup();
    Some(Row {
        company: affected.company,
        turn,
        who,
        what,
        through: through(paths(), gains, view),
        origin: first.note.from.map(|it| view.sources.line(it)),
    })
}

fn comes(how: How) -> bool {
    match how {
        How::Joins | How::Gains => true,
        How::Leaves | How::Loses | How::Deleted | How::Renamed => false,
    }
}

fn role(effect: &RoleEffect, gains: bool, words: &Words<'_>) -> String {
    match &effect.role {
        HeldRole::Role(role) => {
            let scope = if gains { &effect.gains } else { &effect.loses };
            format!("{} on {}", words.role(*role), words.scope(scope))
        }
        HeldRole::Direct(role_type) => {
            let side = if gains { &effect.after } else { &effect.before };
            side.iter().next().map_or_else(|| role_type.to_string(), |it| direct::role(it, words))
        }
    }
}

/// By what it comes, each group once; or why it goes.
fn through<'a>(paths: impl Iterator<Item = &'a Path>, gains: bool, view: &View<'_>) -> String {
    let mut said: BTreeSet<String> = BTreeSet::new();
    for Path { group, how, note } in paths {
        let group = group.as_deref();
        said.insert(match (how, group) {
            (_, None) if gains => "outside groups".to_owned(),
            (_, Some(group)) if gains => format!("through {group}"),
            (How::Deleted, Some(group)) => format!("{group} is deleted"),
            (How::Leaves, Some(group)) => format!("{} {group}", why(note.why, view, "not declared in")),
            (_, Some(group)) => format!("{group} gives less"),
            (_, None) => "not declared outside groups".to_owned(),
        });
    }
    let said: Vec<String> = said.into_iter().collect();
    if gains { said.join(" and ") } else { said.join("; ") }
}

fn why(why: Why, view: &View<'_>, usual: &str) -> String {
    match why {
        Why::NotDeclared => usual.to_owned(),
        Why::Ended(from) => format!("expired ({}) in", view.sources.line(from)),
        Why::LockedOut(from) => format!("locked out ({}) of", view.sources.line(from)),
    }
}
