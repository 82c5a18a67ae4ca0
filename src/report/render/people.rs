//! Who gains and who loses access, in words: a row for each set of people alike. Raw: formats escape and arrange them.

use std::collections::BTreeSet;

use crate::model::{
    access::Why,
    acting::Right,
    direct::{DirectRole, DirectRoles},
    ids::{CompanyId, UserId},
    plan::{Affected, Path, RoleEffect},
    rules::{HeldRole, How},
    source::Place,
};

use super::{
    View, acting, counted, direct,
    scope::Words,
    wording::{BACK, Sign},
};

/// What is said of what undoes drift, and is not this change.
const DRIFTED: &str = " (already drifted)";

/// What a row is about: the most dangerous first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// Somebody gains what is privileged.
    Escalates,
    LosesEverything,
    Gains,
    Loses,
}

/// People alike, and what they gain or lose.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) company: CompanyId,
    pub(super) turn: Turn,
    /// Whether it comes from undoing what has drifted before the change under review.
    pub(super) drifted: bool,
    /// Each by name.
    pub(super) who: Vec<String>,
    /// Role by role, what is privileged first; never empty.
    pub(super) roles: Vec<Role>,
}

/// A role that is gained or lost.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) privileged: bool,
    /// Its name alone.
    pub(super) name: String,
    /// Where it comes or goes; empty of a role outside groups, whose name says it.
    pub(super) scope: String,
    /// The role, with where: `Agent on company globex`.
    pub(super) what: String,
    /// Through what, or why: `through Night Desk`, `Winter Migration is deleted`.
    pub(super) through: String,
    /// The groups by which it comes or goes, each once; none of a role outside groups.
    pub(super) groups: BTreeSet<String>,
    /// Where it is asked for.
    pub(super) origin: Option<String>,
    /// The same, for programs.
    pub(super) place: Option<Place>,
}

impl Turn {
    pub(super) const ALL: [Self; 4] = [Self::Escalates, Self::LosesEverything, Self::Gains, Self::Loses];

    /// What a list of such people is called.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Escalates => "Gains privileged access",
            Self::LosesEverything => "Loses everything",
            Self::Gains => "Gains access",
            Self::Loses => "Loses access",
        }
    }

    pub(super) fn sign(self) -> Sign {
        match self {
            Self::Escalates | Self::Gains => Sign::Add,
            Self::LosesEverything | Self::Loses => Sign::Remove,
        }
    }

    /// How many people of a row are named one by one; the others are counted.
    const fn named(self) -> usize {
        match self {
            Self::Escalates => 50,
            Self::LosesEverything => 20,
            Self::Gains | Self::Loses => 6,
        }
    }

    /// What stands behind who.
    fn verb(self, several: bool) -> &'static str {
        match (self, several) {
            (Self::Escalates | Self::Gains, false) => "gains",
            (Self::Escalates | Self::Gains, true) => "gain",
            (Self::LosesEverything, false) => "loses everything",
            (Self::LosesEverything, true) => "lose everything",
            (Self::Loses, false) => "loses",
            (Self::Loses, true) => "lose",
        }
    }

    /// Returns `3 people who gain`.
    pub(super) fn counted(self, n: usize) -> String {
        format!("{} who {}", counted(n, "person", "people"), self.verb(n != 1))
    }
}

impl Row {
    /// Who does what, as far as it can be read at a glance: `ana, bo gain`, `15 people gain: ana, bo and 13 more`.
    pub(super) fn who(&self, show: impl Fn(&str) -> String) -> String {
        let verb = self.turn.verb(self.who.len() > 1);
        let named = self.turn.named();
        let shown: Vec<String> = self.who.iter().take(named).map(|it| show(it)).collect();
        let said = match self.who.len().checked_sub(named) {
            None | Some(0) => format!("{} {verb}", shown.join(", ")),
            Some(more) => {
                let all = counted(self.who.len(), "person", "people");
                format!("{all} {verb}: {} and {more} more", shown.join(", "))
            }
        };
        if self.drifted { said + DRIFTED } else { said }
    }
}

/// Returns the rows of all companies, those of one company together, and of these the most dangerous first; of a change under
/// review before those that only undo drift.
pub(super) fn rows(view: &View<'_>, words: &Words<'_>) -> Vec<Row> {
    let parts = match &view.judgement.by_cause {
        None => vec![(false, &view.judgement.people)],
        Some([change, drift]) => vec![(false, change), (true, drift)],
    };
    let mut rows: Vec<Row> = Vec::new();
    for (drifted, people) in parts {
        for it in &people.affected {
            let gains = if it.escalates() { Turn::Escalates } else { Turn::Gains };
            let loses = if it.loses_everything { Turn::LosesEverything } else { Turn::Loses };
            rows.extend([gains, loses].into_iter().filter_map(|turn| row(it, (turn, drifted), view, words)));
        }
    }
    rows.sort_by(|a, b| (a.company, a.drifted, a.turn, &a.who).cmp(&(b.company, b.drifted, b.turn, &b.who)));
    rows
}

/// What people gain, or what they lose; nothing where that is nothing.
fn row(
    affected: &Affected,
    (turn, drifted): (Turn, bool),
    view: &View<'_>,
    words: &Words<'_>,
) -> Option<Row> {
    let gains = turn.sign() == Sign::Add;
    let concerns = |it: &&RoleEffect| if gains { it.gives } else { it.takes };
    let mut roles: Vec<Role> =
        affected.roles.iter().filter(concerns).map(|it| role(it, gains, view, words)).collect();
    roles.sort_by(|a, b| (!a.privileged, &a.what).cmp(&(!b.privileged, &b.what)));
    let mut who: Vec<String> = affected.users.iter().map(|it| words.person(*it)).collect();
    who.sort();
    (!roles.is_empty()).then_some(Row { company: affected.company, turn, drifted, who, roles })
}

fn role(effect: &RoleEffect, gains: bool, view: &View<'_>, words: &Words<'_>) -> Role {
    let (name, scope) = match &effect.role {
        HeldRole::Role(role) => {
            let scope = if gains { &effect.gains } else { &effect.loses };
            (words.role(*role), words.scope(scope))
        }
        HeldRole::Direct(role_type) => {
            let [has, had] =
                if gains { [&effect.after, &effect.before] } else { [&effect.before, &effect.after] };
            let people = over(has, had);
            let role = match has.iter().next() {
                Some(_) if !people.is_empty() => {
                    format!("{role_type}: {}", acting::over(Right::Arranger, &people, words))
                }
                Some(it) => direct::role(it, words),
                None => role_type.to_string(),
            };
            (role, String::new())
        }
        HeldRole::Acts(right) => {
            let people = if gains { &effect.gains_over } else { &effect.loses_over };
            (acting::over(*right, people, words), String::new())
        }
    };
    let what = if scope.is_empty() { name.clone() } else { format!("{name} on {scope}") };
    let is_right = matches!(effect.role, HeldRole::Acts(_));
    let both = |it: &Path| it.group.is_none() && !is_right;
    let paths = || effect.through.iter().filter(move |it| both(it) || comes(it.how) == gains);
    let place = paths().find_map(|it| it.note.from);
    Role {
        privileged: effect.privileged,
        name,
        scope,
        what,
        through: if is_right { String::new() } else { through(paths(), gains, view) },
        groups: paths().filter_map(|it| it.group.as_deref().map(str::to_owned)).collect(),
        origin: place.map(|it| view.sources.line(it)),
        place,
    }
}

/// The travellers of an arranger that the other side does not have.
fn over(has: &DirectRoles, had: &DirectRoles) -> Vec<UserId> {
    let travellers = |it: &DirectRoles| -> BTreeSet<UserId> {
        it.iter().flat_map(DirectRole::travellers).map(|it| it.user).collect()
    };
    travellers(has).difference(&travellers(had)).copied().collect()
}

fn comes(how: How) -> bool {
    match how {
        How::Joins | How::Gains | How::Holds => true,
        How::Leaves | How::Loses | How::Deleted | How::Renamed | How::Lacks | How::Unknown => false,
    }
}

/// By what it comes, each group once; or why it goes.
fn through<'a>(paths: impl Iterator<Item = &'a Path>, gains: bool, view: &View<'_>) -> String {
    // Between two snapshots nothing is declared.
    let has_files = view.sources.files().next().is_some();
    let usual = |words: &'static str| match view.plan.undoes {
        Some(_) => BACK,
        None if has_files => words,
        None => "",
    };
    let mut said: BTreeSet<String> = BTreeSet::new();
    for Path { group, how, note } in paths {
        said.insert(match (how, group.as_deref()) {
            (_, None) if gains || !has_files => "outside groups".to_owned(),
            (_, None) => why(note.why, view, usual("not declared outside groups")),
            (_, Some(group)) if gains => format!("through {group}"),
            (How::Deleted, Some(group)) => format!("{group} is deleted"),
            (How::Leaves, Some(group)) => match why(note.why, view, usual("not declared")) {
                why if why.is_empty() => format!("leaves {group}"),
                why => format!("leaves {group}, {why}"),
            },
            (_, Some(group)) if note.why.is_usual() => format!("{group} gives less"),
            (_, Some(group)) => format!("{group} gives less, {}", why(note.why, view, "")),
        });
    }
    said.into_iter().collect::<Vec<_>>().join(if gains { " and " } else { "; " })
}

fn why(why: Why, view: &View<'_>, usual: &str) -> String {
    match why {
        Why::NotDeclared => usual.to_owned(),
        Why::Ended(from) => format!("expired ({})", view.sources.line(from)),
        Why::NotYet(from) => format!("begins later ({})", view.sources.line(from)),
        Why::Unmeant(from) => format!("no rule means the person ({})", view.sources.line(from)),
        Why::Excepted(from) => format!("excepted ({})", view.sources.line(from)),
        Why::LockedOut(from) => format!("locked out ({})", view.sources.line(from)),
        Why::Left(from) => format!("`active: false` ({})", view.sources.line(from)),
    }
}
