//! What breaks a policy, in words: who or what, by which way, and what allows it. Raw: formats escape and arrange it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{View, counted, scope::Words, thousands};
use crate::{
    files::yaml::scalar,
    model::{
        ids::{Email, UserId},
        plan::{Check, Names, Verdict},
        rules::{Broken, Counted, Guard, HeldRole, How, Outside, PolicyKind, Subject, Unread},
        source::Sources,
    },
};

/// For how many days an exception that is proposed is good.
const DAYS: i64 = 14;

/// Returns the policy that a check is about; a check of another guard has none.
pub(super) fn of(check: &Check) -> Option<&Broken> {
    check.policy.as_deref().filter(|_| check.guard == Guard::Policies)
}

/// Returns what is broken; `subject` is who or what does that.
pub(super) fn sentence(check: &Check, policy: &Broken, subject: &str, words: &Words<'_>) -> String {
    let name = &policy.name;
    let company =
        || check.items.first().map_or_else(|| "a company".to_owned(), |it| words.company(it.company));
    let what = match (policy.unread, policy.kind) {
        (Some(Unread::Company), _) => format!("not evaluated for {}, which could not be read", company()),
        (Some(Unread::Groups), _) => {
            format!("not evaluated for {}: not all of its groups were read", company())
        }
        (Some(Unread::People), _) => {
            format!("not evaluated for {}: its list of people was not read", company())
        }
        (Some(Unread::DirectRoles), _) => {
            let people = counted(check.value, "person", "people");
            format!("not evaluated for {people} of {}: direct roles were not read", company())
        }
        (Some(Unread::Expression), _) => {
            let why = policy.why.as_deref().unwrap_or("its expressions failed");
            format!("not evaluated for {subject}: {why}")
        }
        (None, PolicyKind::Exclusive) => {
            let allowed: Vec<String> = policy.companies.iter().map(|it| words.company(*it)).collect();
            format!("{subject} reaches more than {}", allowed.join(", "))
        }
        (None, PolicyKind::Separation) => format!("{subject} holds roles that are kept apart"),
        (None, PolicyKind::NoDirectRoles) => format!("{subject} holds a role outside groups"),
        (Some(Unread::Addresses), _) => {
            let people = counted(check.value, "member", "members");
            format!("not evaluated for {people} of {subject}, of whom no address is told")
        }
        (None, PolicyKind::RequireReason) => format!("{subject}: {} without a `reason`", things(check)),
        (None, PolicyKind::RequireUntil) => format!("{subject}: {} without an end", things(check)),
        (None, PolicyKind::MaxDuration) => {
            let days = counted(policy.number.unwrap_or_default(), "day", "days");
            format!("{subject}: {} for longer than {days}", things(check))
        }
        (None, PolicyKind::AllowedDomains) => format!("{subject}: {} of another domain", things(check)),
        (None, PolicyKind::MaxMembers) => {
            format!("{subject}: {} (limit {})", things(check), thousands(policy.number.unwrap_or_default()))
        }
        (None, PolicyKind::MinMembers) => {
            let missing = counted(check.value, "member", "members");
            format!(
                "{subject}: {missing} too few (at least {})",
                thousands(policy.number.unwrap_or_default())
            )
        }
        (None, PolicyKind::RequiredMembers) => {
            format!("{subject}: {} missing", counted(check.value, "required member", "required members"))
        }
        (None, PolicyKind::Owners) => {
            let people: BTreeSet<UserId> = check.items.iter().filter_map(|it| it.person).collect();
            let who = match people.first() {
                Some(one) if people.len() == 1 => format!("{} reaches", words.person(*one)),
                _ => format!("{} reach", counted(people.len(), "person", "people")),
            };
            format!("review by {} ({who} {subject} more)", policy.approvers.join(", "))
        }
        (None, PolicyKind::Rule) => match &policy.reason {
            Some(reason) => format!("{subject} breaks the rule: {reason}"),
            None => format!("{subject} breaks the rule"),
        },
    };
    format!("{name}: {what}")
}

/// What breaks it, counted.
fn things(check: &Check) -> String {
    match check.subject {
        Subject::Person(_) => counted(check.value, "privileged direct role", "privileged direct roles"),
        _ => counted(check.value, "member", "members"),
    }
}

/// Returns what follows, after the sentence.
pub(super) fn follows(check: &Check, policy: &Broken, sources: &Sources) -> String {
    let stood = if policy.stood { " as before" } else { "" };
    match check.verdict {
        Verdict::Review => String::new(),
        Verdict::Ok | Verdict::Unset | Verdict::Warning if policy.stood => ", as before".to_owned(),
        Verdict::Ok | Verdict::Unset | Verdict::Warning => String::new(),
        Verdict::Stood => ", as before this plan".to_owned(),
        Verdict::Excepted { from } => format!("{stood}; excepted ({})", sources.line(from)),
        Verdict::Approved => format!("{stood}; approved by the id of the plan"),
        Verdict::Stop if policy.unread.is_some() => {
            "; a policy that cannot be looked at counts as broken".to_owned()
        }
        Verdict::Stop => {
            let strict = if policy.stood { " as before, and the policy is strict" } else { "" };
            let remedy = match check.by {
                None => "needs an exception",
                Some(Outside::Base) => "needs an exception that the base has already",
                Some(Outside::Policy) => "no exception of the files lifts it",
            };
            format!("{strict}; {remedy}")
        }
    }
}

/// Returns a way by which somebody comes to hold something: from the person to the line of a file.
pub(super) fn way(item: &Counted, words: &Words<'_>, sources: &Sources) -> String {
    let role = item.role.as_ref().map(|it| match it {
        HeldRole::Role(role) => words.role(*role),
        HeldRole::Direct(name) => format!("direct role {name}"),
        HeldRole::Acts(right) => {
            let over = item.scope.iter().flat_map(|it| it.people()).map(|it| words.person(UserId(it)));
            format!("{} {}", right.verb(), over.collect::<Vec<_>>().join(", "))
        }
    });
    let is_over = matches!(item.role, Some(HeldRole::Acts(_)));
    let role = role.map(|it| match item.scope.as_ref().filter(|_| !is_over) {
        Some(scope) => format!("{it} on {}", words.scope(scope)),
        None => it,
    });
    let group = item.group.as_deref().map(str::to_owned);
    let parts: Vec<String> =
        [item.person.map(|it| words.person(it)), group, role].into_iter().flatten().collect();
    if item.how == How::Lacks {
        return lacks(item, words);
    }
    let line = match (item.from, &item.group) {
        (Some(from), _) => format!(" ({})", sources.line(from)),
        (None, Some(_)) => " (no file asks for it)".to_owned(),
        (None, None) => String::new(),
    };
    parts.join(" ← ") + &line
}

/// That somebody is not in a group.
fn lacks(item: &Counted, words: &Words<'_>) -> String {
    let group = item.group.as_deref().unwrap_or_default();
    match item.person {
        Some(person) => format!("{} is not in {group}", words.person(person)),
        None => format!("somebody who is not known, or nobody yet, is not in {group}"),
    }
}

/// Returns the lines that would allow what stops the plan.
pub(super) fn allow(check: &Check, policy: &Broken, view: &View<'_>) -> Vec<String> {
    if check.by.is_some()
        || check.verdict == Verdict::Review
        || policy.unread.is_some_and(|it| it != Unread::Expression)
    {
        return Vec::new();
    }
    let names = &view.plan.names;
    let key = match &check.subject {
        Subject::Person(user) => person(*user, names),
        Subject::Group(_, name) => {
            let up_to = if check.value > 1 { format!(", upTo: {}", check.value) } else { String::new() };
            format!("group: {}{up_to}", scalar(name))
        }
        Subject::Company(company) => format!("company: {}", scalar(&names.company(*company))),
        Subject::Plan | Subject::Role(..) => return Vec::new(),
    };
    let until = soon(view.now.at);
    vec![
        format!("to allow it, add to `exceptions:` of the policy ({}):", view.sources.line(policy.from)),
        format!("  - {{ {key}, until: {until}, reason: say why }}"),
    ]
}

/// The last day of an exception that is proposed.
pub(super) fn soon(now: Timestamp) -> jiff::civil::Date {
    (now + SignedDuration::from_hours(24 * DAYS)).to_zoned(TimeZone::UTC).date()
}

/// How an exception names somebody.
pub(super) fn person(user: UserId, names: &Names) -> String {
    match names.people.get(&user).filter(|it| it.parse::<Email>().is_ok()) {
        Some(email) => format!("person: {}", scalar(email)),
        None => format!("person: {{ userId: {user} }}"),
    }
}
