//! One person's access as text for people: what each line says, before a format gives it a look.
//!
//! The words are raw: formats escape them.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{counted, direct, scope::Words, wording::Sign};
use crate::{
    model::source::Sources,
    plan::explain::{
        Asked, DirectAccess, Effect, Explained, GroupAccess, Line as Entry, Managed, RoleAccess, Standing,
    },
};

mod markdown;
mod text;

pub use markdown::markdown;
pub use text::text;

/// An explanation, and what else its readers see.
#[derive(Clone, Copy, Debug)]
pub struct Explanation<'a> {
    /// What is explained.
    pub explained: &'a Explained,
    /// The files its places point into.
    pub sources: &'a Sources,
    /// The host of the API, as shown to people.
    pub endpoint: &'a str,
    /// The URL of the API, or the word `sandbox`; for programs.
    pub url: &'a str,
    /// The time that the run takes for now.
    pub now: Timestamp,
}

/// What is said of a person, part by part.
#[derive(Debug)]
struct Said {
    person: String,
    company: Option<String>,
    /// What has to be known before the rest is read.
    alarms: Vec<String>,
    /// What the groups come to.
    effects: Vec<Line>,
    groups: Vec<Block>,
    /// Roles outside groups, or why none is listed.
    direct: Vec<Line>,
    remarks: Vec<String>,
    summary: String,
}

/// A group: its own line, and those below it.
#[derive(Debug)]
struct Block {
    head: Line,
    lines: Vec<Line>,
}

/// What is there or should be, and beside it where that is said and what is odd about it.
#[derive(Debug)]
struct Line {
    /// What a plan would do about it, if anything.
    sign: Option<Sign>,
    noun: &'static str,
    what: String,
    origin: Option<String>,
    note: Option<String>,
}

impl Explanation<'_> {
    fn said(&self) -> Said {
        let it = self.explained;
        let words = Words::of(&it.names, it.companies(), it.scopes());
        let speaker = Speaker { it, sources: self.sources, words };
        Said {
            person: speaker.person(),
            company: it.person.company.map(|company| speaker.words.company(company)),
            alarms: speaker.alarms(),
            effects: it.effects.iter().map(|effect| speaker.effect(effect)).collect(),
            groups: it.groups.iter().map(|group| speaker.group(group)).collect(),
            direct: match it.direct.as_deref() {
                None => vec![bare("not known: this token may not read them")],
                Some([]) => vec![bare("none")],
                Some(roles) => roles.iter().map(|it| speaker.direct(it)).collect(),
            },
            remarks: speaker.remarks(),
            summary: summary(it),
        }
    }
}

/// Returns what it comes to, in one line.
pub(crate) fn summary(it: &Explained) -> String {
    let roles = counted(it.effects.len(), "role", "roles");
    let groups = counted(it.live().count(), "group", "groups");
    let direct = match &it.direct {
        Some(direct) => counted(
            direct.iter().filter(|it| it.live.is_some()).count(),
            "role outside groups",
            "roles outside groups",
        ),
        None => "roles outside groups not known".to_owned(),
    };
    let differences = match it.differences() {
        0 => "as the files ask, as far as they speak of it".to_owned(),
        n => counted(n, "difference from the files", "differences from the files"),
    };
    let effect = if it.person.active { "In effect" } else { "Inactive, and once active" };
    format!("{effect}: {roles} through {groups}; {direct}; {differences}.")
}

/// Returns what is worth knowing beside, in whole sentences.
pub(crate) fn remarks(it: &Explained, words: &Words<'_>) -> Vec<String> {
    let mut remarks = vec![
        // Contract §5.3.
        "Every traveller also has Trip Administrator and User Profile Administrator over themselves: \
         from the platform, through no group."
            .to_owned(),
    ];
    if let (false, Some(company)) = (it.at_home, it.person.company) {
        let company = words.company(company);
        remarks
            .push(format!("The person belongs to {company}, which is none of this workspace's companies."));
    }
    if it.elsewhere > 0 {
        let groups = counted(it.elsewhere, "group", "groups");
        remarks.push(format!("Not looked into: {groups} of companies that this workspace has no name for."));
    }
    if !it.twins.is_empty() {
        let ids: Vec<String> = it.twins.iter().map(ToString::to_string).collect();
        let (users, ids) = (counted(ids.len(), "user who is", "users who are"), ids.join(", "));
        remarks.push(format!("The same key names {users} not active: {ids}"));
    }
    if it.misfits > 0 {
        let entries = counted(it.misfits, "entry", "entries");
        remarks
            .push(format!("{entries} of the files fit nothing that there is; `rolecall plan` says which."));
    }
    remarks
}

/// Returns the last day on which something holds that ends at an instant, or that instant.
fn until(ends: Timestamp) -> String {
    let before = ends.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(ends).to_zoned(TimeZone::UTC);
    if before.date() < ends.to_zoned(TimeZone::UTC).date() {
        format!("until {}", before.date())
    } else {
        format!("until {ends}")
    }
}

/// Knows the words for one person's access.
struct Speaker<'a> {
    it: &'a Explained,
    sources: &'a Sources,
    words: Words<'a>,
}

impl Speaker<'_> {
    fn person(&self) -> String {
        self.words.person(self.it.person.id)
    }

    fn alarms(&self) -> Vec<String> {
        let mut alarms = Vec::new();
        if !self.it.person.active {
            alarms.push("not active: nothing below is in effect until the user is activated".to_owned());
        }
        for lockout in &self.it.lockouts {
            let from = self.sources.line(lockout.from);
            let (since, reason) = (lockout.since, &lockout.reason);
            alarms.push(if lockout.in_force {
                format!("locked out since {since}: {reason} ({from})")
            } else {
                format!("locked out from {since} on: {reason} ({from})")
            });
        }
        alarms
    }

    fn effect(&self, effect: &Effect) -> Line {
        let several = self.it.live().any(|it| Some(it.company) != self.it.live().next().map(|it| it.company));
        let through = effect.through.iter().map(|it| match several {
            true => format!("{} of {}", it.name, self.words.company(it.company)),
            false => it.name.to_string(),
        });
        Line {
            sign: None,
            noun: "",
            what: format!("{} on {}", self.words.role(effect.role), self.words.scope(&effect.scope)),
            origin: None,
            note: Some(format!("through {}", through.collect::<Vec<_>>().join(", "))),
        }
    }

    fn group(&self, group: &GroupAccess) -> Block {
        let (sign, from, note) = match group.managed {
            Managed::No => (None, None, Some("unmanaged: no file speaks of it")),
            Managed::Declared(from) => (None, Some(from), None),
            Managed::OneOfSeveral(from) => {
                (None, Some(from), Some("one of several groups of this name: left alone"))
            }
            Managed::Removed(from) => (Some(Sign::Remove), Some(from), Some("to be deleted")),
        };
        let new = (group.id.is_none() && matches!(group.managed, Managed::Declared(_))).then_some(Sign::Add);
        let company = self.words.company(group.company);
        let head = Line {
            sign: sign.or(new),
            noun: "group",
            what: match Some(group.company) == self.it.person.company {
                true => group.name.to_string(),
                false => format!("{} of {company}", group.name),
            },
            origin: from.map(|it| self.sources.line(it)),
            note: note.or(new.map(|_| "does not exist yet")).map(str::to_owned),
        };
        let managed = matches!(group.managed, Managed::Declared(_));
        let roles = group.roles.iter().map(|it| self.role(it, managed));
        Block { head, lines: std::iter::once(self.member(group, managed)).chain(roles).collect() }
    }

    fn member(&self, group: &GroupAccess, managed: bool) -> Line {
        let missing = if self.it.person.active { "not in the group yet" } else { "waits: not active" };
        let unmanaged = managed.then_some("members unmanaged");
        self.standing("member", self.person(), group.standing, (missing, unmanaged))
    }

    fn direct(&self, access: &DirectAccess) -> Line {
        let what = match &access.live {
            Some(role) => direct::role(role, &self.words),
            None => direct::kind(&access.kind, &self.words),
        };
        self.standing("role", what, access.standing, ("not held yet", Some("unmanaged")))
    }

    /// Words what the files say of something; what is missing and what nobody manages is worded by the caller.
    fn standing(
        &self,
        noun: &'static str,
        what: String,
        standing: Standing,
        (missing, unmanaged): (&'static str, Option<&'static str>),
    ) -> Line {
        let (sign, entry, note) = match standing {
            Standing::Declared(line) => (None, Some(line), None),
            Standing::Ended(line) => (Some(Sign::Remove), Some(line), Some("expired")),
            Standing::LockedOut(line) => (Some(Sign::Remove), line, Some("locked out")),
            Standing::Kept => (None, None, Some("not listed; others may stay")),
            Standing::Unmanaged => (None, None, unmanaged),
            Standing::NotDeclared => (Some(Sign::Remove), None, Some("not declared")),
            Standing::Missing(line) => (Some(Sign::Add), Some(line), Some(missing)),
        };
        let ends = entry.and_then(|it| it.ends).map(until);
        let origin = entry.map(|it| self.sources.line(it.from));
        Line { sign, noun, what, origin, note: both(ends, note.map(str::to_owned)) }
    }

    fn role(&self, role: &RoleAccess, managed: bool) -> Line {
        let none: &[Entry] = &[];
        let (sign, entries, note) = match &role.asked {
            Asked::Declared(lines) => (None, &lines[..], None),
            Asked::Differs(lines, scope) => {
                let (_, asked) = self.words.rescope(&role.scope, scope);
                (Some(Sign::Change), &lines[..], Some(format!("asked for: on {asked}")))
            }
            Asked::Ended(lines) => (Some(Sign::Remove), &lines[..], Some("expired".to_owned())),
            Asked::Kept => (None, none, Some("not listed; others may stay".to_owned())),
            Asked::Unmanaged => (None, none, managed.then(|| "roles unmanaged".to_owned())),
            Asked::NotDeclared => (Some(Sign::Remove), none, Some("not declared".to_owned())),
            Asked::Missing(lines) => (Some(Sign::Add), &lines[..], Some("the group lacks it".to_owned())),
        };
        let one = |it: &Entry| {
            let place = self.sources.line(it.from);
            it.ends.map_or_else(|| place.clone(), |ends| format!("{place}  {}", until(ends)))
        };
        let origins: Vec<String> = entries.iter().map(one).collect();
        Line {
            sign,
            noun: "role",
            what: format!("{} on {}", self.words.role(role.role), self.words.scope(&role.scope)),
            origin: (!origins.is_empty()).then(|| origins.join(", ")),
            note,
        }
    }

    fn remarks(&self) -> Vec<String> {
        remarks(self.it, &self.words)
    }
}

/// Returns a line that says nothing but this.
fn bare(what: &str) -> Line {
    Line { sign: None, noun: "", what: what.to_owned(), origin: None, note: None }
}

fn both(first: Option<String>, second: Option<String>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(format!("{first}  {second}")),
        (first, second) => first.or(second),
    }
}
