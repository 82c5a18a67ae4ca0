//! What a plan withholds, in words: whom it concerns, why, and what to do. Raw: formats escape them.

use std::fmt::Display;

use crate::model::{
    ids::{GroupId, PersonRef, UserId},
    plan::{Plan, StaysActive, Unnamed, Unresolved, Withheld, WithheldReason},
    selector::Attribute,
    source::{Place, Sources},
};

use super::{counted, scope::Words};

/// One entry of what is withheld, or only worth saying.
#[derive(Debug)]
pub(crate) struct Held {
    pub(super) noun: &'static str,
    /// Whom or what it concerns.
    pub(super) what: String,
    pub(super) origin: Option<String>,
    /// The same, for programs.
    pub(super) place: Option<Place>,
    /// What happens instead, why, and what to do.
    pub(crate) why: String,
}

/// All that is withheld, and what is only worth saying, in the order of the plan.
pub(crate) fn all(plan: &Plan, sources: &Sources) -> Vec<Held> {
    those(plan, sources, |_| true)
}

/// Those entries of a plan for which `keep` holds, in its order.
pub(super) fn those(plan: &Plan, sources: &Sources, keep: fn(&Withheld) -> bool) -> Vec<Held> {
    let words = Words::new(plan);
    plan.withheld.iter().filter(|it| keep(it)).map(|it| held(it, &words, sources)).collect()
}

fn held(entry: &Withheld, words: &Words<'_>, sources: &Sources) -> Held {
    let group = &entry.group;
    let because = |why, remedies| because(why, remedies, words);
    let member = |who: &dyn Display| ("member", format!("{who} in {group}"));
    let role = |role: &dyn Display| ("role", format!("{role} of {group}"));
    let standard = || ("group", group.to_string());
    let locked = |who: &dyn Display| ("person", format!("{who}, locked out"));
    let named = |who: &PersonRef| match who {
        PersonRef::UserId(id) => words.known_person(*id).unwrap_or_else(|| who.to_string()),
        PersonRef::Email(_) | PersonRef::ExternalId(_) | PersonRef::EmployeeId(_) => who.to_string(),
    };
    let user = |who: &PersonRef| ("user", named(who));
    let ((noun, what), why) = match &entry.what {
        // Of whom nobody can see it may be that they are in the group already.
        WithheldReason::Person { person, why: why @ Unresolved::Hidden } => {
            (member(person), format!("left as it is: {}", because(why, MEMBER)))
        }
        WithheldReason::Person { person, why } => (member(person), format!("not added: {}", because(why, MEMBER))),
        WithheldReason::Exception { person } => (
            ("rules", format!("membersFrom of {group}")),
            format!("nobody joins by them: {person} is excepted, and no user has this key, so it may be anybody; correct the entry under `except`, or delete it if the user is gone"),
        ),
        WithheldReason::Grant { role: name, person, why } => {
            let what = "the role is withheld, neither given nor changed nor taken";
            (role(name), format!("{what}: {person} in its scope: {}", because(why, SCOPE)))
        }
        WithheldReason::UnknownRole { role: name } => (
            role(name),
            "not given, nor any role taken that it may replace: the name does not mean exactly one role of the company; mend that entry first".to_owned(),
        ),
        WithheldReason::Unreadable { role: name } => (
            role(name),
            "left as it is: its scope is in a form this version cannot read; list the roles exactly to replace it".to_owned(),
        ),
        WithheldReason::Removal { user, person } => (
            member(&words.person(*user)),
            format!("not removed: may be {person}, who is not resolved; mend that entry first"),
        ),
        WithheldReason::HiddenRemoval { user } => (
            member(&words.person(*user)),
            "not removed: the API does not tell this token who that is, or not the address, and it may be somebody protected; give the token the right to see users, or add an exception from `protected` by `userId`".to_owned(),
        ),
        WithheldReason::Company { company, answer } => (
            ("company", words.company(*company)),
            format!("left as it is, with all its groups: {answer}; run it again, and check its id and what the token may see"),
        ),
        WithheldReason::Group { candidates } => (
            standard(),
            format!(
                "left as it is: {} have this name; say which with `id:` ({})",
                counted(candidates.len(), "group", "groups"),
                ids(candidates.iter().map(GroupId::to_string)),
            ),
        ),
        WithheldReason::InactiveMember { person } => {
            (member(person), "stays a member, though not active; activate the user or remove the entry".to_owned())
        }
        WithheldReason::FrozenRoles {} => (
            standard(),
            format!("its roles stay: it is a standard group; write `roles: unmanaged`, or copy it with `rolecall duplicate \"{group}\" --as NAME`"),
        ),
        WithheldReason::FrozenAttributes {} => (
            standard(),
            "its name and description stay: it is a standard group; use the name it has, and leave `description` out with `roles: unmanaged`".to_owned(),
        ),
        WithheldReason::FrozenGroup {} => (
            standard(),
            "stays: a standard group cannot be deleted; to keep everybody out of it, declare it with `roles: unmanaged` and `members: []`".to_owned(),
        ),
        WithheldReason::Lockout { person, why: why @ Unresolved::Foreign(_) } => {
            let what = "cut off from the groups of this workspace and from nothing else";
            (locked(person), format!("{what}: {}", because(why, LOCKOUT)))
        }
        WithheldReason::Lockout { person, why } => {
            (locked(person), format!("not cut off: {}", because(why, LOCKOUT)))
        }
        WithheldReason::UnreadLockout { user } => {
            let person = words.person(*user);
            let why = format!(
                "what {person} holds outside groups is not known: it could not be read; look at it by hand, or give the token the right to read it"
            );
            (locked(&person), why)
        }
        WithheldReason::User { person, why } => {
            (user(person), format!("left as it is: {}", because(why, USER)))
        }
        WithheldReason::UnreadUser { person } => (
            user(person),
            "direct roles left as they are: the API does not tell them, or not to this token; give it the right to read them".to_owned(),
        ),
        WithheldReason::UnreadPerson { person } => (
            user(person),
            "left as it is, with the account: what the person is was not read: the API does not tell this token, or the snapshot does not say (a sanitized one says it of nobody); give the token the right to read users, or plan from the API".to_owned(),
        ),
        WithheldReason::Superior { user: of, attribute, person, why } => (
            ("user", format!("{} of {}", attribute.word(), named(of))),
            format!("left as it is: {person}: {}", because(why, MEMBER)),
        ),
        WithheldReason::Unit { user: of, attribute, name, why } => (
            ("user", format!("{} of {}", attribute.word(), named(of))),
            format!("left as it is: {}", unnamed(*attribute, name, why)),
        ),
        WithheldReason::NoLegalEntity { person, name, why } => {
            (user(person), format!("no account is made: {}", unnamed(Attribute::LegalEntity, name, why)))
        }
        WithheldReason::Taken { user: of, attribute, key, holder } => (
            ("user", format!("{} of {}", attribute.word(), named(of))),
            format!(
                "left as it is: {} has the {} `{key}`; correct the entry, or give {} another first",
                words.person(*holder),
                attribute.word(),
                words.person(*holder)
            ),
        ),
        WithheldReason::Creation { person, .. } => (
            user(person),
            "the account is there and not active, and stays so; write `active: true` to activate it, or take `create` out".to_owned(),
        ),
        WithheldReason::Contradiction { person, key, user: of } => (
            user(person),
            format!(
                "left as it is, as {key} is another person's: {}; name the person by that key, or correct the entry",
                words.person(*of),
            ),
        ),
        WithheldReason::Former { person, key, .. } => (
            user(person),
            format!(
                "left as it is: the account of this address is not active, and has {key}, so it may be that of somebody who had the address before; take `create` out if it is the same person, or use another address"
            ),
        ),
        WithheldReason::Untold { person, attribute } => (
            ("user", format!("{} of {}", attribute.word(), named(person))),
            "left as it is: the API does not tell this token what there is, or has it twice or in a form that is not understood; look with `rolecall users show`, and mend it there".to_owned(),
        ),
        WithheldReason::Irremovable { person, attribute } => (
            user(person),
            format!("the {} stays: the API has no way to take it away", attribute.word()),
        ),
        WithheldReason::Deactivation { person, because: StaysActive::OwnAccount, .. } => {
            (user(person), "not deactivated: it is the account that runs rolecall".to_owned())
        }
        WithheldReason::Deactivation { person, because: StaysActive::Protected, .. } => (
            user(person),
            "not deactivated, and keeps everything: `guards.protected` says so; take the person out of it first".to_owned(),
        ),
        WithheldReason::Deactivation { person, because: StaysActive::SoleApprover, of } => {
            let named: Vec<String> = of.iter().take(SHOWN).map(|it| words.person(*it)).collect();
            let more = of.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let why = format!(
                "not deactivated, and keeps everything: nobody else approves for {}{more}; give them another approver first",
                named.join(", ")
            );
            (user(person), why)
        }
        WithheldReason::Deactivation { person, because: StaysActive::NotFound, .. } => (
            user(person),
            "nobody is deactivated: no user has this key; correct the entry, or remove it if there is no such account".to_owned(),
        ),
        WithheldReason::Deactivation { person, because: StaysActive::Unproven, .. } => (
            user(person),
            "not deactivated: nobody has seen whether an account that is deleted here can come back; look with `rolecall doctor --probe --people`, and say `api: { dialect: { userDelete: deactivates } }`".to_owned(),
        ),
        WithheldReason::UnmanagedUser { person, why } => {
            (user(person), format!("is not resolved, though nothing is asked for: {}", because(why, UNASKED)))
        }
        WithheldReason::UnmanagedUnread { person } => {
            (user(person), "may hold roles outside groups: the API does not tell them to this token".to_owned())
        }
        WithheldReason::Traveller { user, person, why } => (
            ("role", format!("TRAVEL_ARRANGER of {}", words.person(*user))),
            format!("the role is withheld, neither given nor changed nor taken: {person} among its travellers: {}", because(why, TRAVELLER)),
        ),
    };
    Held { noun, what, origin: entry.from.map(|it| sources.line(it)), place: entry.from, why }
}

/// Why a name does not say which department it is, or the like, and what to do.
fn unnamed(attribute: Attribute, name: &str, why: &Unnamed) -> String {
    let (word, ids) = (attribute.word(), format!("`ids: {{ {}: … }}`", attribute.as_str()));
    match why {
        Unnamed::Unknown => {
            format!(
                "no {word} is called `{name}`, by `ids:` or by what the API shows of people; correct it, or name it under {ids}"
            )
        }
        Unnamed::Near(near) => {
            format!(
                "no {word} is called `{name}`, by `ids:` or by what the API shows of people; did you mean `{near}`?"
            )
        }
        Unnamed::Ambiguous(all) => {
            let named: Vec<String> = all.iter().take(SHOWN).map(ToString::to_string).collect();
            let more = all.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!(
                "{} are called `{name}`: {}{more}; say which one is meant under {ids}",
                all.len(),
                named.join(", ")
            )
        }
        Unnamed::Untold if attribute == Attribute::Grade => format!(
            "which grade is called `{name}` is not told: the API shows grades only of people who have one, and rolecall asks those whose `grade` is declared; name it under {ids}"
        ),
        Unnamed::Untold => format!(
            "which {word} is called `{name}` is not told: the list of users is not open to this token, or the snapshot has no such names; name it under {ids}"
        ),
    }
}

/// What to do about a person who is not resolved, by why not; of several users one is named, wherever that is.
#[derive(Clone, Copy)]
struct Remedies {
    unknown: &'static str,
    inactive: &'static str,
    foreign: &'static str,
    hidden: &'static str,
}

const MEMBER: Remedies = Remedies {
    unknown: "correct the entry, or create the user first",
    inactive: "activate the user or remove the entry",
    foreign: "declare it in a group of that company",
    hidden: "give the token the right to see the user, or remove the entry",
};
const USER: Remedies = Remedies { foreign: "declare the person in a file of that company", ..MEMBER };
const UNASKED: Remedies = Remedies { unknown: "correct the entry, or remove it", ..USER };
const SCOPE: Remedies = Remedies { foreign: "name that company beside it, or somebody else", ..MEMBER };
const TRAVELLER: Remedies = Remedies { foreign: "name another traveller", ..MEMBER };
const LOCKOUT: Remedies = Remedies {
    unknown: "correct the entry, or drop it if the user is gone",
    inactive: "correct the entry, or drop it if the user is gone",
    foreign: "say it in a workspace that manages that company",
    hidden: "give the token the right to see users",
};

/// Why a person is not resolved, and what to do.
fn because(why: &Unresolved, remedies: Remedies, words: &Words<'_>) -> String {
    match why {
        Unresolved::Unknown => format!("no user has this key; {}", remedies.unknown),
        Unresolved::Nowhere(companies) => {
            let named: Vec<String> = companies.iter().take(SHOWN).map(|it| words.company(*it)).collect();
            let more = companies.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!(
                "no user of {}{more} has this key, and nobody was looked for elsewhere; {}, or name the company of the user under `ids:`",
                named.join(", "),
                remedies.unknown
            )
        }
        Unresolved::Inactive => format!("the user is not active; {}", remedies.inactive),
        Unresolved::Ambiguous(users) => format!(
            "{} match ({}); name one by `userId:`",
            counted(users.len(), "user", "users"),
            ids(users.iter().map(UserId::to_string))
        ),
        Unresolved::Foreign(company) => {
            format!("the user belongs to {}; {}", words.company(*company), remedies.foreign)
        }
        Unresolved::Hidden => {
            format!("the API does not tell this token whose user that is; {}", remedies.hidden)
        }
    }
}

/// Of many only so many are named.
const SHOWN: usize = 4;

/// Lists ids in full, for copying; of many only the first.
fn ids(all: impl ExactSizeIterator<Item = String>) -> String {
    let more = all.len().saturating_sub(SHOWN);
    let mut words: Vec<String> = all.take(SHOWN).collect();
    if more > 0 {
        words.push(format!("+{more} more"));
    }
    words.join(", ")
}
