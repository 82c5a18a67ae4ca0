//! What a guard counted, one by one, and the lines that would allow it: exceptions to paste, or an approval.
//!
//! Raw text; formats escape and arrange it. What stands between braces is YAML for the list under `exceptions:`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{View, acting, more, policies, scope::Words, wording};
use crate::{
    files::yaml::scalar,
    model::{
        ids::{CompanyId, RoleId, UserId},
        plan::{Check, Names, Verdict},
        rules::{Counted, Guard, HeldRole, How, Level, Subject},
        source::Sources,
    },
};

/// Things that are named one by one; the others are counted.
const LISTED: usize = 6;

/// Returns who, which role, where and through what, of what goes beyond a limit.
pub(super) fn details(check: &Check, words: &Words<'_>, sources: &Sources) -> Vec<String> {
    let line = |it: &Counted| match policies::of(check) {
        // What was counted are the rules.
        None if check.level == Some(Level::Rules) => None,
        None => Some(detail(check.guard, it, words)),
        // That it could not be read is all there is to say of a company.
        Some(_) if it.how == How::Unknown && it.person.is_none() => None,
        Some(_) => Some(policies::way(it, words, sources)),
    };
    let mut lines: Vec<String> = check.items.iter().filter_map(line).collect();
    lines.dedup();
    let all = lines.len();
    lines.truncate(LISTED);
    lines.extend(more(all, LISTED));
    if check.verdict != Verdict::Ok {
        lines.extend(check.rules.iter().map(|it| format!("by the rule {it}")));
    }
    lines
}

fn detail(guard: Guard, item: &Counted, words: &Words<'_>) -> String {
    let person = item.person.map(|it| words.person(it));
    if let (How::Loses, Some(who), Some(HeldRole::Acts(right))) = (item.how, &person, &item.role) {
        let over: Vec<UserId> = item.scope.iter().flat_map(|it| it.people()).map(UserId).collect();
        return format!("{who} no longer {}", acting::over(*right, &over, words));
    }
    let role = item.role.as_ref().map(|it| match it {
        HeldRole::Role(role) => words.role(*role),
        HeldRole::Direct(name) => format!("the direct role {name}"),
        HeldRole::Acts(right) => format!("that somebody {} others", right.verb()),
    });
    let role = role.map(|it| match &item.scope {
        Some(scope) => format!("{it} on {}", words.scope(scope)),
        None => it,
    });
    let group = item.group.as_deref();
    match (item.how, person, role, group) {
        (How::Joins, Some(who), Some(role), Some(group)) => format!("{who} gets {role} by joining {group}"),
        (How::Gains, Some(who), Some(role), Some(group)) => format!("{who} gets {role} through {group}"),
        (How::Gains | How::Joins, Some(who), Some(role), None) => format!("{who} gets {role}"),
        (How::Gains, None, Some(role), Some(group)) => format!("{group} gets {role}"),
        (How::Leaves, Some(who), Some(role), Some(group)) => format!("{who} leaves {group} and loses {role}"),
        (How::Leaves, Some(who), None, None) => format!("the account of {who} is deactivated"),
        (How::Joins, Some(who), None, None) => format!("an account for {who} is created"),
        (How::Leaves, Some(who), None, Some(group)) => format!("{who} leaves {group}"),
        (How::Deleted, Some(who), Some(role), Some(group)) => {
            format!("{who} loses {role}, as {group} is deleted")
        }
        (How::Deleted, _, _, Some(group)) => format!("{group} is deleted"),
        (How::Renamed, _, _, Some(group)) => format!("{group} gets another name"),
        (How::Loses, Some(who), Some(role), _) if guard == Guard::LastHolder => {
            format!("{who} no longer holds {role}")
        }
        (How::Loses, Some(who), Some(role), Some(group)) => {
            format!("{who} loses {role} through {group}, or part of it")
        }
        (How::Loses, Some(who), Some(role), None) => format!("{who} loses {role}, or part of it"),
        (How::Loses, None, Some(role), Some(group)) => format!("{group} loses {role}, or part of it"),
        (How::Loses, None, Some(role), None) => role,
        // Nothing else is made.
        (_, who, role, group) => {
            let words = [who, role, group.map(str::to_owned)];
            words.into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
    }
}

/// Returns the lines that would allow what stops the plan.
pub(super) fn allow(check: &Check, view: &View<'_>) -> Vec<String> {
    if check.verdict != Verdict::Stop {
        return Vec::new();
    }
    if let Some(policy) = policies::of(check) {
        return policies::allow(check, policy, view);
    }
    let mut lines = Vec::new();
    if check.guard.can_be_excepted() && check.by.is_none() {
        lines = exceptions(check, &view.plan.names, view.now.at);
        if !lines.is_empty() {
            lines.insert(0, "to allow it, add to `exceptions:` of rolecall.yaml:".to_owned());
        }
    }
    if let Some(id) = wording::plan_id(view.plan).filter(|_| check.guard.can_be_approved()) {
        let or = if lines.is_empty() { "to allow it, " } else { "or " };
        lines.push(format!("{or}approve this very plan: rolecall apply --approve {id}"));
    }
    lines
}

/// Returns the exceptions that together allow what a check found.
fn exceptions(check: &Check, names: &Names, now: Timestamp) -> Vec<String> {
    let rest = check.value - check.excepted;
    let one = |keys: Vec<String>, up_to: usize| {
        // Only `removals` counts several things.
        let level = check.level.filter(|it| check.guard == Guard::Removals && *it != Level::Members);
        let of = level.map(|it| format!("of: {}", it.as_str()));
        let until = policies::soon(now);
        let guard = format!("guard: {}", check.guard.as_str());
        let end = [format!("upTo: {up_to}"), format!("until: {until}"), "reason: say why".to_owned()];
        let keys: Vec<String> = [guard].into_iter().chain(of).chain(keys).chain(end).collect();
        format!("  - {{ {} }}", keys.join(", "))
    };
    let company = |it: &CompanyId| format!("company: {}", scalar(&names.company(*it)));
    match &check.subject {
        Subject::Group(of, name) => vec![one(vec![company(of), format!("group: {}", scalar(name))], rest)],
        Subject::Person(user) => vec![one(vec![policies::person(*user, names)], rest)],
        Subject::Role(of, id) => vec![one(vec![company(of), role(*id, names)], rest)],
        // A direct role is of no group.
        Subject::Company(of) if check.guard == Guard::LastHolder => {
            let direct = check.items.first().and_then(|it| match &it.role {
                Some(HeldRole::Direct(name)) => Some(format!("role: {}", scalar(name))),
                Some(HeldRole::Role(_) | HeldRole::Acts(_)) | None => None,
            });
            direct.into_iter().map(|it| one(vec![company(of), it], rest)).collect()
        }
        Subject::Company(of) => vec![one(vec![company(of)], rest)],
        Subject::Plan => {
            let parts = of_companies(check, rest);
            parts.into_iter().map(|(it, up_to)| one(vec![company(&it)], up_to)).collect()
        }
    }
}

/// What is counted once: a person, or one thing.
type Thing<'a> = (Option<UserId>, Option<&'a Counted>);

/// How much of what a check found in the whole plan is of each company.
fn of_companies(check: &Check, rest: usize) -> BTreeMap<CompanyId, usize> {
    // Somebody may lose by several things, and counts once.
    let by_person = check.level == Some(Level::People);
    let mut things: BTreeMap<CompanyId, BTreeSet<Thing<'_>>> = BTreeMap::new();
    for it in &check.items {
        things.entry(it.company).or_default().insert((it.person, Some(it).filter(|_| !by_person)));
    }
    let mut all: BTreeMap<CompanyId, usize> = things.into_iter().map(|it| (it.0, it.1.len())).collect();
    // What is alike in two groups of one name cannot be told apart: then every company is given all.
    if all.values().sum::<usize>() != rest {
        all.values_mut().for_each(|it| *it = rest);
    }
    all
}

fn role(id: RoleId, names: &Names) -> String {
    let shared = |name: &str| names.roles.values().filter(|it| &***it == name).count() > 1;
    match names.roles.get(&id).filter(|it| !shared(it)) {
        Some(name) => format!("role: {}", scalar(name)),
        None => format!("role: {{ id: {id} }}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{files::deserialize, model::source::Sources};

    #[test]
    fn a_scalar_reads_back_as_it_was() {
        for text in [
            "Company Admins",
            "a: b",
            "# no",
            "{x}",
            "yes",
            "- x",
            "1a6f",
            "night's \"desk\"",
            " x",
            "x ",
            "é",
            "[a",
            "a, b",
            "*a",
            "&a",
            "a\\b",
            "~",
            "!x",
            "%",
            "a #b",
            "a@b.example",
            "x\u{202e}y",
        ] {
            let yaml = format!("{{ name: {} }}", scalar(text));
            let file = Sources::default().add("a.yaml".to_owned(), yaml.clone());
            let read: BTreeMap<String, String> = deserialize(&yaml, file).unwrap();
            assert_eq!(read["name"], text, "{yaml}");
        }
    }
}
