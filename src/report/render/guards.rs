//! What each guard found, in words: value, limit and verdict. Raw: formats escape and arrange them.

use std::collections::BTreeMap;

use crate::model::{
    plan::{Check, Verdict},
    rules::{Guard, Level, Limit, Subject},
    source::Sources,
};

use super::{View, counted, more, scope::Words, thousands};

/// Things of one guard named one by one; the others are counted.
const LISTED: usize = 6;
/// Things of one guard that each have a line of their own; the others are counted.
const LINES: usize = 20;

/// What follows from a check, in the order in which people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Stop,
    Ok,
    Unset,
    Excepted,
    Approved,
}

impl Outcome {
    fn of(check: &Check) -> Self {
        match check.verdict {
            Verdict::Ok => Self::Ok,
            Verdict::Unset => Self::Unset,
            Verdict::Excepted { .. } => Self::Excepted,
            Verdict::Approved => Self::Approved,
            Verdict::Stop => Self::Stop,
        }
    }

    /// Returns the word that carries it; a colour may stand beside it, never instead.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Stop => "STOP",
            Self::Ok => "ok",
            Self::Unset => "unset",
            Self::Excepted => "excepted",
            Self::Approved => "approved",
        }
    }

    /// Whether nobody has to look at it.
    fn is_quiet(self) -> bool {
        matches!(self, Self::Ok | Self::Unset)
    }

    pub(super) fn counted(self, n: usize) -> String {
        format!("{} {}", thousands(n), self.word())
    }
}

/// One line about one guard.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) outcome: Outcome,
    pub(super) guard: &'static str,
    /// One part for each thing looked at.
    pub(super) parts: Vec<String>,
}

/// Returns what is shown of the guards: all of them, or of a plan that does nothing those somebody has to look at.
///
/// `name` gives the names of what was looked at the length that the format has room for.
pub(super) fn rows(view: &View<'_>, words: &Words<'_>, name: impl Fn(String) -> String) -> Vec<Row> {
    let &View { plan, judgement, sources, .. } = view;
    let mut found: BTreeMap<(Guard, Outcome), Vec<&Check>> = BTreeMap::new();
    for check in &judgement.guards {
        found.entry((check.guard, Outcome::of(check))).or_default().push(check);
    }
    let mut rows = Vec::new();
    for ((guard, outcome), mut checks) in found {
        if plan.is_settled() && outcome.is_quiet() {
            continue;
        }
        let row = |parts| Row { outcome, guard: guard.as_str(), parts };
        let say = |it: &&Check| sentence(it, words, sources, &name);
        if outcome.is_quiet() {
            // What is said of the whole plan first, then of companies, then of what is in them.
            checks.sort_by_key(|it| rank(&it.subject));
            let mut parts: Vec<String> = checks.iter().take(LISTED).map(say).collect();
            parts.extend(more(checks.len(), LISTED).map(|it| it + " alike"));
            rows.push(row(parts));
        } else {
            rows.extend(checks.iter().take(LINES).map(|it| row(vec![say(it)])));
            rows.extend(more(checks.len(), LINES).map(|it| row(vec![it])));
        }
    }
    rows
}

fn rank(subject: &Subject) -> u8 {
    match subject {
        Subject::Plan => 0,
        Subject::Company(_) => 1,
        Subject::Group(..) | Subject::Person(_) | Subject::Role(..) => 2,
    }
}

pub(crate) fn sentence(
    check: &Check,
    words: &Words<'_>,
    sources: &Sources,
    name: impl Fn(String) -> String,
) -> String {
    let subject = match &check.subject {
        Subject::Plan => None,
        Subject::Company(company) => Some(words.company(*company)),
        Subject::Group(_, group) => Some(group.to_string()),
        Subject::Person(user) => Some(words.person(*user)),
        Subject::Role(_, role) => Some(words.role(*role)),
    };
    let subject = subject.map(|it| name(it) + ": ").unwrap_or_default();
    let found = || format!("{subject}{}", amount(check));
    match check.verdict {
        Verdict::Ok => found(),
        Verdict::Unset => format!("{subject}not checked: {}", unset(check.guard)),
        Verdict::Excepted { from } => format!("{}; excepted ({})", found(), sources.line(from)),
        Verdict::Approved => format!("{}; approved by the id of the plan", found()),
        Verdict::Stop => format!("{}; {}", found(), remedy(check.guard)),
    }
}

/// Returns `8 of 3,902 members removed (0.2 %, limit 30 %)`.
fn amount(check: &Check) -> String {
    let (one, many) = things(check);
    let what = match check.of {
        Some(of) => format!("{} of {}", thousands(check.value), counted(of, one, many)),
        None => counted(check.value, one, many),
    };
    let limit = match check.limit {
        Limit::Percent(limit) => {
            let share = check.of.and_then(|of| share(check.value, of, limit));
            // Of few things a share means nothing, and the limit is not looked at.
            let few = check.verdict == Verdict::Ok
                && check.of.is_some_and(|of| check.value * 100 > of * usize::from(limit));
            let few = if few { ", not for so few" } else { "" };
            share.map(|it| format!("{it}, ")).unwrap_or_default() + &format!("limit {limit} %{few}")
        }
        Limit::AtMost(limit) => format!("limit {}", thousands(limit)),
        Limit::AtLeast(limit) => format!("at least {}", thousands(limit)),
    };
    format!("{what} ({limit})")
}

/// Returns the share in percent, with one decimal; rounded so that it is on the side of the limit where the value is.
fn share(value: usize, of: usize, limit: u8) -> Option<String> {
    let (value, of) = (value as u128, of as u128);
    let beyond = value * 100 > of * u128::from(limit);
    let tenths = if beyond { (value * 1000).div_ceil(of.max(1)) } else { (value * 1000).checked_div(of)? };
    Some(match tenths % 10 {
        0 => format!("{} %", tenths / 10),
        rest => format!("{}.{rest} %", tenths / 10),
    })
}

/// What a guard counts: of one thing, and of several.
fn things(check: &Check) -> (&'static str, &'static str) {
    match (check.guard, check.level, &check.subject) {
        (Guard::Removals, Some(Level::Members), _) => ("member removed", "members removed"),
        (Guard::Removals, Some(Level::Roles), _) => ("role removed", "roles removed"),
        (Guard::Removals, Some(Level::Groups), _) => ("group deleted", "groups deleted"),
        (Guard::Removals, Some(Level::People), _) => ("person left with nothing", "people left with nothing"),
        (Guard::Removals, None, _) => ("removal", "removals"),
        (Guard::GroupEmptied, _, Subject::Group(..)) => {
            ("member removed, the last one", "members removed, all there are")
        }
        (Guard::GroupEmptied, ..) => ("group emptied", "groups emptied"),
        (Guard::EmptyDesired, ..) => ("entry declared", "entries declared"),
        (Guard::IncompleteLive, ..) => ("list that does not add up", "lists that do not add up"),
        (Guard::SelfLockout, ..) => ("right to change access lost", "rights to change access lost"),
        (Guard::LastHolder, ..) => ("holder too few", "holders too few"),
        (Guard::Privileged, ..) => ("grant of a privileged role", "grants of a privileged role"),
        (Guard::Protected, ..) => ("loss of what is protected", "losses of what is protected"),
        (Guard::Unmodifiable, ..) => ("change beyond members", "changes beyond members"),
    }
}

/// Why a guard had nothing to look at, and so what to set.
fn unset(guard: Guard) -> &'static str {
    match guard {
        Guard::LastHolder | Guard::Privileged => "`guards.privileged` names no role",
        Guard::Protected => "`guards.protected` names nothing",
        Guard::SelfLockout => "`api.identity` does not say which account runs rolecall",
        Guard::Removals
        | Guard::GroupEmptied
        | Guard::EmptyDesired
        | Guard::IncompleteLive
        | Guard::Unmodifiable => "`guards:` sets nothing for it",
    }
}

/// What lets an apply go on.
fn remedy(guard: Guard) -> &'static str {
    match guard.can_be_excepted() {
        true if guard == Guard::Privileged => "needs an exception or an approval",
        true => "needs an exception",
        false => "cannot be excepted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_shown_on_the_other_side_of_its_limit() {
        for (value, of, limit, shown) in [
            (8, 3902, 30, Some("0.2 %")),
            (3, 10, 30, Some("30 %")),
            (3001, 10_000, 30, Some("30.1 %")),
            (2999, 10_000, 30, Some("29.9 %")),
            (1, 1, 30, Some("100 %")),
            (0, 0, 30, None),
        ] {
            assert_eq!(share(value, of, limit).as_deref(), shown, "{value} of {of}");
        }
    }
}
