//! What a plan withholds, in words: whom it concerns, why, and what to do. Raw: formats escape them.

use crate::model::{
    ids::{GroupId, UserId},
    plan::{Frozen, Plan, Quarantined, Unresolved, Withheld},
    source::Sources,
};

use super::{counted, scope::Words};

/// One entry of the quarantine.
#[derive(Debug)]
pub(crate) struct Held {
    pub(super) noun: &'static str,
    /// Whom or what it concerns.
    pub(super) what: String,
    pub(super) origin: Option<String>,
    /// What happens instead, why, and what to do.
    pub(crate) why: String,
}

/// Returns the whole quarantine, in the order of the plan.
pub(crate) fn all(plan: &Plan, sources: &Sources) -> Vec<Held> {
    let words = Words::new(plan);
    plan.quarantine.iter().map(|it| held(it, &words, sources)).collect()
}

/// Returns what is withheld, in the order of the plan.
pub(super) fn entries(plan: &Plan, sources: &Sources) -> Vec<Held> {
    let all = all(plan, sources).into_iter().zip(&plan.quarantine);
    all.filter(|it| it.1.withholds()).map(|it| it.0).collect()
}

/// Returns the members who are not active and stay, in the order of the plan.
pub(super) fn inactive(plan: &Plan, sources: &Sources) -> Vec<Held> {
    let all = all(plan, sources).into_iter().zip(&plan.quarantine);
    all.filter(|it| matches!(it.1.what, Withheld::InactiveMember { .. })).map(|it| it.0).collect()
}

/// Returns the people of whom nothing is asked and something is not known, in the order of the plan.
pub(super) fn unclear(plan: &Plan, sources: &Sources) -> Vec<Held> {
    let all = all(plan, sources).into_iter().zip(&plan.quarantine);
    let is_unclear =
        |it: &Withheld| matches!(it, Withheld::UnmanagedUser { .. } | Withheld::UnmanagedUnread { .. });
    all.filter(|it| is_unclear(&it.1.what)).map(|it| it.0).collect()
}

fn held(entry: &Quarantined, words: &Words<'_>, sources: &Sources) -> Held {
    let group = &entry.group;
    let (noun, what, why) = match &entry.what {
        Withheld::Person { person, why } => {
            // Of whom nobody can see it may be that they are in the group already.
            let done = if *why == Unresolved::Hidden { "left as it is" } else { "not added" };
            let (why, remedy) = unresolved(why, words);
            ("member", format!("{person} in {group}"), format!("{done}: {why}; {remedy}"))
        }
        Withheld::Grant { role, person, why } => {
            let (why, remedy) = unresolved(why, words);
            (
                "role",
                format!("{role} of {group}"),
                format!("left as it is: {person} in its scope: {why}; {remedy}"),
            )
        }
        Withheld::Unreadable { role } => (
            "role",
            format!("{role} of {group}"),
            "left as it is: its scope is in a form this version cannot read; list the roles exactly to replace it"
                .to_owned(),
        ),
        Withheld::Removal { user, because } => (
            "member",
            format!("{} in {group}", words.person(*user)),
            format!("not removed: may be {because}, who is not resolved; mend that entry first"),
        ),
        Withheld::HiddenRemoval { user } => (
            "member",
            format!("{} in {group}", words.person(*user)),
            "not removed: the API does not tell this token who that is, and it may be somebody protected; give the token the right to see users, or add an exception from `protected` by `userId`".to_owned(),
        ),
        Withheld::Group { candidates } => (
            "group",
            group.to_string(),
            format!(
                "left as it is: {} have this name; say which with `id:` ({})",
                counted(candidates.len(), "group", "groups"),
                ids(candidates.iter().map(GroupId::to_string)),
            ),
        ),
        Withheld::InactiveMember { person } => (
            "member",
            format!("{person} in {group}"),
            "stays a member, though not active; activate the user or remove the entry".to_owned(),
        ),
        Withheld::Unmodifiable { what } => ("group", group.to_string(), unmodifiable(*what, group)),
        Withheld::Lockout { person, why } => {
            let remedy = match why {
                Unresolved::Unknown | Unresolved::Inactive => "correct the entry, or drop it if the user is gone",
                Unresolved::Ambiguous(_) => "name one by `userId:`",
                Unresolved::Foreign(_) => "say it in a workspace that manages that company",
                Unresolved::Hidden => "give the token the right to see users",
            };
            let (why, _) = unresolved(why, words);
            ("person", format!("{person}, locked out"), format!("not cut off: {why}; {remedy}"))
        }
        Withheld::UnreadLockout { user } => {
            let person = words.person(*user);
            (
                "person",
                format!("{person}, locked out"),
                format!(
                    "what {person} holds outside groups is not known: it could not be read; look at it by hand, or give the token the right to read it"
                ),
            )
        }
        Withheld::User { person, why } => {
            let (why, remedy) = unresolved_user(why, words);
            ("user", person.to_string(), format!("direct roles left as they are: {why}; {remedy}"))
        }
        Withheld::UnreadUser { person } => (
            "user",
            person.to_string(),
            "direct roles left as they are: the API does not tell them to this token; give it the right to read them"
                .to_owned(),
        ),
        Withheld::UnmanagedUser { person, why } => {
            let (why, remedy) = unresolved_user(why, words);
            (
                "user",
                person.to_string(),
                format!("is not resolved, though nothing is asked for: {why}; {remedy}"),
            )
        }
        Withheld::UnmanagedUnread { person } => (
            "user",
            person.to_string(),
            "may hold roles outside groups: the API does not tell them to this token".to_owned(),
        ),
        Withheld::Traveller { user, person, why } => {
            let (why, remedy) = match why {
                Unresolved::Foreign(_) => (unresolved(why, words).0, "name another traveller"),
                Unresolved::Unknown
                | Unresolved::Inactive
                | Unresolved::Ambiguous(_)
                | Unresolved::Hidden => unresolved(why, words),
            };
            (
                "role",
                format!("TRAVEL_ARRANGER of {}", words.person(*user)),
                format!("left as it is: {person} among its travellers: {why}; {remedy}"),
            )
        }
    };
    Held { noun, what, origin: entry.from.map(|it| sources.line(it)), why }
}

/// Returns what of a standard group stays, and the way out.
fn unmodifiable(what: Frozen, group: &str) -> String {
    match what {
        Frozen::Roles => format!(
            "its roles stay: it is a standard group; write `roles: unmanaged`, or copy it with `rolecall duplicate \"{group}\" --as NAME`"
        ),
        Frozen::Attributes => "its name and description stay: it is a standard group; use the name it has, and leave `description` out with `roles: unmanaged`".to_owned(),
        Frozen::Existence => "stays: a standard group cannot be deleted; to keep everybody out of it, declare it with `roles: unmanaged` and `members: []`".to_owned(),
    }
}

/// Returns why a person is not resolved, and what to do.
fn unresolved(why: &Unresolved, words: &Words<'_>) -> (String, &'static str) {
    match why {
        Unresolved::Unknown => {
            ("no user has this key".to_owned(), "correct the entry, or create the user first")
        }
        Unresolved::Inactive => {
            ("the user is not active".to_owned(), "activate the user or remove the entry")
        }
        Unresolved::Ambiguous(users) => (
            format!(
                "{} match ({})",
                counted(users.len(), "user", "users"),
                ids(users.iter().map(UserId::to_string))
            ),
            "name one by `userId:`",
        ),
        Unresolved::Foreign(company) => (
            format!("the user belongs to {}", words.company(*company)),
            "declare it in a group of that company",
        ),
        Unresolved::Hidden => (
            "the API does not tell this token whose user that is".to_owned(),
            "give the token the right to see the user, or remove the entry",
        ),
    }
}

/// Returns why a person under `users:` is not resolved, and what to do.
fn unresolved_user(why: &Unresolved, words: &Words<'_>) -> (String, &'static str) {
    let (reason, remedy) = unresolved(why, words);
    match why {
        Unresolved::Foreign(_) => (reason, "declare the person in a file of that company"),
        Unresolved::Unknown | Unresolved::Inactive | Unresolved::Ambiguous(_) | Unresolved::Hidden => {
            (reason, remedy)
        }
    }
}

/// Lists ids in full, for copying; of many only the first.
fn ids(all: impl ExactSizeIterator<Item = String>) -> String {
    const SHOWN: usize = 4;
    let more = all.len().saturating_sub(SHOWN);
    let mut words: Vec<String> = all.take(SHOWN).collect();
    if more > 0 {
        words.push(format!("+{more} more"));
    }
    words.join(", ")
}
