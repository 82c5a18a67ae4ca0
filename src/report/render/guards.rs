//! What each guard found, in words: value, limit and verdict. Raw: formats escape and arrange them.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    plan::{Check, Verdict},
    rules::{Guard, HeldRole, Level, Limit, Outside, Subject},
    source::Sources,
};

use super::{View, counted, more, policies, remedy, scope::Words, thousands};

/// Things of one guard that each have a line of their own; the others are counted.
const LINES: usize = 20;
/// People who are named one by one; the others are counted.
const NAMED: usize = 6;

/// What follows from a check, in the order in which people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Stop,
    Ok,
    Unset,
    Excepted,
    Approved,
    Review,
    Warning,
    Stood,
}

impl Outcome {
    pub(super) fn of(check: &Check) -> Self {
        match check.verdict {
            Verdict::Ok => Self::Ok,
            Verdict::Unset => Self::Unset,
            Verdict::Excepted { .. } => Self::Excepted,
            Verdict::Approved => Self::Approved,
            Verdict::Review => Self::Review,
            Verdict::Warning => Self::Warning,
            Verdict::Stood => Self::Stood,
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
            Self::Review => "review",
            Self::Warning => "warning",
            Self::Stood => "stood",
        }
    }

    /// Whether nobody has to look at it.
    pub(super) fn is_quiet(self) -> bool {
        matches!(self, Self::Ok | Self::Unset)
    }

    pub(super) fn counted(self, n: usize) -> String {
        format!("{} {}", thousands(n), self.word())
    }
}

/// One line about one guard, or about all that found nothing.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) outcome: Outcome,
    /// Empty where it is about several.
    pub(super) guard: &'static str,
    /// One part for each thing looked at, or for each guard.
    pub(super) parts: Vec<String>,
    /// What was counted, one by one, and what would allow it: a line each.
    pub(super) below: Vec<String>,
}

/// Returns what is shown of the guards: all of them, or of a plan that does nothing those somebody has to look at.
///
/// `name` gives the names of what was looked at the length that the format has room for.
pub(super) fn rows(view: &View<'_>, words: &Words<'_>, name: impl Fn(String) -> String) -> Vec<Row> {
    let &View { plan, judgement, sources, .. } = view;
    let mut found: BTreeMap<(Guard, Outcome, &str), Vec<&Check>> = BTreeMap::new();
    let mut quiet: BTreeMap<Outcome, Vec<String>> = BTreeMap::new();
    for check in &judgement.guards {
        let policy = policies::of(check).map_or("", |it| &it.name);
        found.entry((check.guard, Outcome::of(check), policy)).or_default().push(check);
    }
    // Of which a part could not be judged is not well.
    let open: BTreeSet<Guard> = judgement.guards.iter().filter(|it| is_open(it)).map(|it| it.guard).collect();
    let loud: BTreeSet<Guard> = found.keys().filter(|it| !it.1.is_quiet()).map(|it| it.0).collect();
    let mut rows = Vec::new();
    for ((guard, outcome, _), checks) in found {
        if outcome.is_quiet() {
            if outcome == Outcome::Unset && open.contains(&guard) {
                quiet.entry(outcome).or_default().push(format!(
                    "{} ({})",
                    guard.as_str(),
                    unjudged(&checks, words)
                ));
            } else if !loud.contains(&guard) && !open.contains(&guard) && !plan.is_settled() {
                quiet.entry(outcome).or_default().push(in_a_word(guard, outcome, &checks));
            }
            continue;
        }
        let guard = guard.as_str();
        for check in checks.iter().take(LINES) {
            let mut below = remedy::details(check, words, sources);
            below.extend(remedy::allow(check, view));
            rows.push(Row { outcome, guard, parts: vec![sentence(check, words, sources, &name)], below });
        }
        let rest = more(checks.len(), LINES);
        rows.extend(rest.map(|it| Row { outcome, guard, parts: vec![it], below: Vec::new() }));
    }
    let quiet =
        quiet.into_iter().map(|(outcome, parts)| Row { outcome, guard: "", parts, below: Vec::new() });
    rows.extend(quiet);
    rows
}

/// Returns a guard that found nothing: what it counted in one apply, or why it had nothing to look for.
fn in_a_word(guard: Guard, outcome: Outcome, checks: &[&Check]) -> String {
    let of_plan =
        |it: &&&Check| it.subject == Subject::Plan && it.level.is_some() && it.of.is_none() && it.value > 0;
    let counts: Vec<String> = checks
        .iter()
        .filter(of_plan)
        .map(|it| {
            let (one, many) = things(it);
            counted(it.value, one, many)
        })
        .collect();
    match (outcome, counts.is_empty()) {
        (Outcome::Unset, _) => format!("{} ({})", guard.as_str(), unset(guard)),
        (_, true) => guard.as_str().to_owned(),
        (_, false) => format!("{} ({})", guard.as_str(), counts.join(", ")),
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
    let by = match check.by {
        Some(Outside::Base) => ", by the rules of the base",
        Some(Outside::Policy) => ", by the policy",
        None => "",
    };
    if let Some(policy) = policies::of(check) {
        let by = match check.by {
            Some(Outside::Policy) => format!(", by the policy {}", sources.line(policy.from)),
            Some(Outside::Base) | None => by.to_owned(),
        };
        let subject = subject.trim_end_matches(": ");
        let said = policies::sentence(check, policy, subject, words);
        return format!("{said}{by}{}", policies::follows(check, policy, sources));
    }
    let found = || format!("{subject}{}{by}", amount(check));
    match check.verdict {
        Verdict::Ok => found(),
        Verdict::Unset if is_open(check) => format!("{subject}not checked: {}", unjudged(&[check], words)),
        Verdict::Unset => format!("{subject}not checked: {}", unset(check.guard)),
        Verdict::Excepted { from } => format!("{}; excepted ({})", found(), sources.line(from)),
        Verdict::Approved => format!("{}; approved by the id of the plan", found()),
        Verdict::Stop => format!("{}; {}", found(), remedy(check)),
        // Policies alone come to these.
        Verdict::Review | Verdict::Warning | Verdict::Stood => found(),
    }
}

/// Returns `8 of 3,902 members removed (0.2 %, limit 30 %)`.
fn amount(check: &Check) -> String {
    let (one, many) = things(check);
    let what = match check.of {
        Some(of) => format!("{} of {}", thousands(check.value), counted(of, one, many)),
        None => counted(check.value, one, many),
    };
    let what = match check.excepted {
        0 => what,
        n if n == check.value => what,
        n => format!("{what}, {} excepted", thousands(n)),
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

/// Returns the share in percent, with one decimal; rounded so that it is on the side of the limit where the value is,
/// and so that some are not none and not all are not all.
fn share(value: usize, of: usize, limit: u8) -> Option<String> {
    let (value, of) = (value as u128, of as u128);
    let beyond = value * 100 > of * u128::from(limit);
    let tenths = if beyond { (value * 1000).div_ceil(of.max(1)) } else { (value * 1000).checked_div(of)? };
    if value > 0 && tenths == 0 {
        return Some("under 0.1 %".to_owned());
    }
    if value < of && tenths == 1000 {
        return Some("over 99.9 %".to_owned());
    }
    Some(match tenths % 10 {
        0 => format!("{} %", tenths / 10),
        rest => format!("{}.{rest} %", tenths / 10),
    })
}

/// What a guard counts: of one thing, and of several.
fn things(check: &Check) -> (&'static str, &'static str) {
    match (check.guard, check.level, &check.subject) {
        (Guard::Removals, Some(Level::Members), _) => ("member removed", "members removed"),
        (Guard::Removals, Some(Level::Roles), _) => ("role removed or narrowed", "roles removed or narrowed"),
        (Guard::Removals, Some(Level::Groups), _) => ("group deleted", "groups deleted"),
        (Guard::Removals, Some(Level::People), _) => ("person who loses access", "people who lose access"),
        (Guard::Removals, Some(Level::Rules), _) => {
            ("rule of membersFrom means nobody", "rules of membersFrom mean nobody")
        }
        (Guard::Removals, None, _) => ("removal", "removals"),
        (Guard::Lockouts, Some(Level::People), _) => {
            ("person cut off everywhere", "people cut off everywhere")
        }
        (Guard::Lockouts, ..) => ("membership gone by lock-outs", "memberships gone by lock-outs"),
        (Guard::People, ..) => {
            ("account deactivated, activated or created", "accounts deactivated, activated or created")
        }
        (Guard::GroupEmptied, _, Subject::Group(..)) => {
            ("member removed, the last who can act", "members removed, all who can act")
        }
        (Guard::GroupEmptied, ..) => ("group emptied", "groups emptied"),
        (Guard::EmptyDesired, ..) => ("entry declared", "entries declared"),
        (Guard::IncompleteLive, ..) => ("list that does not add up", "lists that do not add up"),
        (Guard::SelfLockout, ..) if !check.items.is_empty() => {
            ("loss of a role that manages access", "losses of a role that manages access")
        }
        (Guard::SelfLockout, ..) => ("right to change access lost", "rights to change access lost"),
        (Guard::LastHolder, ..) => ("holder too few", "holders too few"),
        (Guard::Privileged, ..) => ("grant of a privileged role", "grants of a privileged role"),
        (Guard::Protected, _, Subject::Plan) if check.value > 0 => {
            ("name or pattern that matches nothing", "names or patterns that match nothing")
        }
        (Guard::Protected, ..) => ("loss of what is protected", "losses of what is protected"),
        (Guard::Unmodifiable, ..) => ("change beyond members", "changes beyond members"),
        (Guard::Policies, ..) => ("policy broken", "policies broken"),
        (Guard::Weakened, ..) => ("rule weaker than in the base", "rules weaker than in the base"),
    }
}

/// Whether something that it takes to judge was not read.
pub(super) fn is_open(check: &Check) -> bool {
    check.verdict == Verdict::Unset && !check.items.is_empty()
}

/// What a guard could not judge: `last-holder` does not see who else holds a direct role.
fn unjudged(checks: &[&Check], words: &Words<'_>) -> String {
    let mut roles: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for item in checks.iter().filter(|it| is_open(it)).flat_map(|it| &it.items) {
        if let (Some(HeldRole::Direct(name)), Some(who)) = (&item.role, item.person) {
            let on = item.scope.as_ref().map_or(String::new(), |it| format!(" on {}", words.scope(it)));
            roles.entry(format!("{name}{on}")).or_default().push(words.person(who));
        }
    }
    let lost = |(role, mut who): (String, Vec<String>)| {
        who.sort();
        let rest = more(who.len(), NAMED);
        who.truncate(NAMED);
        let who: Vec<String> = who.into_iter().chain(rest).collect();
        format!(
            "{} no longer {} the direct role {role}",
            who.join(", "),
            if who.len() == 1 { "holds" } else { "hold" }
        )
    };
    let lost: Vec<String> = roles.into_iter().map(lost).collect();
    format!("{}; who else holds it was not read", lost.join("; "))
}

/// Why a guard had nothing to look at, and so what to set.
fn unset(guard: Guard) -> &'static str {
    match guard {
        Guard::LastHolder => "no privileged role was read",
        Guard::Privileged => "switched off by `privileged: []`",
        Guard::Protected => "`guards.protected` names nothing",
        Guard::Lockouts => "nobody is locked out",
        Guard::People => "no account changes",
        Guard::Weakened => "no `--base` is given",
        Guard::Policies => "`policies:` names none",
        Guard::SelfLockout => "`api.identity` does not say which account runs rolecall",
        Guard::Removals
        | Guard::GroupEmptied
        | Guard::EmptyDesired
        | Guard::IncompleteLive
        | Guard::Unmodifiable => "`guards:` sets nothing for it",
    }
}

/// What lets an apply go on.
fn remedy(check: &Check) -> &'static str {
    if check.guard.can_be_excepted() && check.guard != Guard::Privileged {
        match check.by {
            Some(Outside::Base) => return "needs an exception that the base has already",
            Some(Outside::Policy) => return "no exception of the files lifts what the policy sets",
            None => (),
        }
    }
    match (check.guard.can_be_excepted(), check.guard, &check.subject) {
        (false, Guard::Lockouts | Guard::Weakened, _) => "needs an approval",
        (false, Guard::SelfLockout, _) if !check.items.is_empty() => {
            "it is not known whether rolecall's own account loses it: set `api.identity`, or give `--identity`"
        }
        (false, ..) => "cannot be excepted",
        (true, Guard::Privileged, _) if check.by.is_some() => "needs an approval",
        (true, Guard::Protected, Subject::Plan) => "correct or delete what matches nothing",
        (true, Guard::Privileged, _) => "needs an exception or an approval",
        (true, ..) => "needs an exception",
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
            (152, 500, 30, Some("30.4 %")),
            (30_001, 100_000, 30, Some("30.1 %")),
            (29_999, 100_000, 30, Some("29.9 %")),
            (1, 3902, 30, Some("under 0.1 %")),
            (0, 3902, 30, Some("0 %")),
            (9_999, 10_000, 30, Some("over 99.9 %")),
            (9_999, 10_000, 100, Some("99.9 %")),
            (0, 0, 30, None),
        ] {
            assert_eq!(share(value, of, limit).as_deref(), shown, "{value} of {of}");
        }
    }
}
