//! One person's access as text for people: what each line says, before a format gives it a look.
//!
//! The words are raw: formats escape them.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{acting, counted, direct, scope::Words, wording::Sign};
use crate::{
    model::{
        acting::is_over_everybody,
        date::{self, Now},
        direct::Kind,
        ids::UserId,
        scope::Scope,
        selector::Attribute,
        source::Sources,
    },
    plan::explain::{
        Accepted, Agreement, Asked, Attributed, DirectAccess, Doubt, Effect, Explained, GroupAccess,
        Line as Entry, Managed, RoleAccess, Standing,
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
    pub now: Now,
    /// Whether it is of that time, once the files are applied, instead of as it is.
    pub is_foretold: bool,
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
    /// What the files declare of the person apart from access.
    attributes: Vec<Line>,
    /// For which people the person acts.
    own: Vec<Line>,
    /// Who acts for the person.
    others: Vec<Line>,
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
    /// Of what time it is, where that is not now.
    fn told(&self) -> Option<String> {
        if !self.is_foretold {
            return self.now.told();
        }
        let at = self.now.at;
        Some(format!(
            "as it will be at {at}, if the files are applied then and nothing else changes until then"
        ))
    }

    fn said(&self) -> Said {
        let it = self.explained;
        let words = Words::of(&it.names, it.companies(), it.scopes());
        let speaker = Speaker { it, sources: self.sources, words };
        Said {
            person: speaker.words.person(it.person.id),
            company: it.person.company.map(|company| speaker.words.company(company)),
            alarms: self.told().into_iter().chain(speaker.alarms()).collect(),
            effects: it.effects.iter().map(|effect| speaker.effect(effect)).collect(),
            groups: it.groups.iter().map(|group| speaker.group(group)).collect(),
            direct: match it.direct.as_deref() {
                None => vec![bare("not known: this token may not read them")],
                Some([]) => vec![bare("none")],
                Some(roles) => roles.iter().map(|it| speaker.direct(it)).collect(),
            },
            attributes: it.attributes.iter().map(|it| speaker.attribute(it)).collect(),
            own: speaker.own(),
            others: speaker.others(),
            remarks: remarks(it, &speaker.words),
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
    let over: BTreeSet<UserId> =
        it.acting.own.iter().filter(|it| it.standing.is_live()).map(|it| it.act.over).collect();
    let acts = match over.len() {
        0 => String::new(),
        n => format!("; acts for {}", counted(n, "person", "people")),
    };
    let differences = match it.differences() {
        0 => "as the files ask, as far as they speak of it".to_owned(),
        n => counted(n, "difference from the files", "differences from the files"),
    };
    let accepted = match it.accepted() {
        0 => String::new(),
        n => format!("; {}", counted(n, "difference accepted", "differences accepted")),
    };
    let effect = if it.person.active { "In effect" } else { "Inactive, and once active" };
    format!("{effect}: {roles} through {groups}; {direct}{acts}; {differences}{accepted}.")
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
    let read = match it.acting.read {
        0 => "nobody else was".to_owned(),
        n => counted(n, "other person was", "other people were"),
    };
    remarks.push(format!(
        "Who approves for somebody or manages them, the API tells of one person at a time: {read} read."
    ));
    if !it.acting.unread.is_empty() {
        let asked = counted(it.acting.unread.len(), "thing", "things");
        remarks.push(format!(
            "The files ask for {asked} about who acts for the person and for which people the person acts, and it was not read whether that is so."
        ));
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

/// Knows the words for one person's access.
struct Speaker<'a> {
    it: &'a Explained,
    sources: &'a Sources,
    words: Words<'a>,
}

impl Speaker<'_> {
    fn until(&self, ends: Timestamp) -> String {
        date::until(ends, &self.sources.zone())
    }

    fn alarms(&self) -> Vec<String> {
        let mut alarms = Vec::new();
        if !self.it.person.active {
            alarms.push("not active: nothing below is in effect until the user is activated".to_owned());
        }
        for lockout in &self.it.lockouts {
            let from = self.sources.line(lockout.from);
            let (since, reason) = (lockout.since, &lockout.reason);
            let ends = lockout.ends.map(|it| format!(", {}", self.until(it))).unwrap_or_default();
            alarms.push(if lockout.in_force {
                format!("locked out since {since}{ends}: {reason} ({from})")
            } else if ends.is_empty() {
                format!("locked out from {since} on: {reason} ({from})")
            } else {
                format!("locked out from {since}{ends}, and not now: {reason} ({from})")
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
        let head = self.left(head, group.accepted.as_deref());
        let managed = matches!(group.managed, Managed::Declared(_));
        let roles = group.roles.iter().map(|it| self.role(it, managed));
        Block { head, lines: std::iter::once(self.member(group, managed)).chain(roles).collect() }
    }

    fn member(&self, group: &GroupAccess, managed: bool) -> Line {
        let missing = if self.it.person.active { "not in the group yet" } else { "waits: not active" };
        let unmanaged = managed.then_some("members unmanaged");
        let line = self.standing("member", self.words.person(self.it.person.id), &group.standing);
        let by_rule = group.rule.as_ref().map(|it| format!("by the rule {it}"));
        let line = Line { note: line.note.or(by_rule), ..line };
        self.left(line.noted(missing, unmanaged, &group.standing), group.standing.accepted.as_deref())
    }

    /// What is accepted stays as it is: with whose word, why and until when.
    fn left(&self, line: Line, accepted: Option<&Accepted>) -> Line {
        let Some(Accepted { owner, reason, ends, from }) = accepted else { return line };
        let said = format!("accepted until {ends:.0}, {owner}: {reason} ({})", self.sources.line(*from));
        let note: Vec<&str> = line.note.as_deref().into_iter().chain([&*said]).collect();
        Line { sign: None, note: Some(note.join("  ")), ..line }
    }

    /// For which people the person acts: roles over everybody first.
    fn own(&self) -> Vec<Line> {
        let acting = &self.it.acting;
        let roles = self.it.direct.iter().flatten();
        let over = roles.filter(|it| it.live.is_some() && is_over_everybody(&it.kind)).map(|it| Line {
            noun: "right",
            note: Some(format!("by {}", it.kind.role_type())),
            ..bare(&format!("may act for {}", acting::everybody(&it.kind, &self.words)))
        });
        let people = acting::alike(&acting.own, |it| it.act.over);
        let people = people.iter().map(|it| self.right(acting::over(it.right, &it.people, &self.words), it));
        let lines: Vec<Line> = over.chain(people).collect();
        if lines.is_empty() { vec![bare("nobody, as far as was read")] } else { lines }
    }

    /// Who acts for the person, and what of that is not known.
    fn others(&self) -> Vec<Line> {
        let (acting, person) = (&self.it.acting, self.it.person.id);
        let people = acting::alike(&acting.others, |it| it.act.who);
        let by =
            |it: &acting::Alike<'_>| self.right(acting::by(it.right, &it.people, person, &self.words), it);
        let over = |(who, it): &(UserId, DirectAccess)| {
            let what = format!(
                "{} may act for {}",
                self.words.person(*who),
                acting::everybody(&it.kind, &self.words)
            );
            let by = format!("by {}", it.kind.role_type());
            let idle = acting_idle(&self.it.acting.idle, *who);
            let line = self.standing("right", what, &it.standing).noted("not so yet", None, &it.standing);
            let note: Vec<String> = std::iter::once(by).chain(line.note).chain(idle).collect();
            Line { note: Some(note.join("  ")), ..line }
        };
        let mut lines: Vec<Line> = people.iter().map(by).collect();
        lines.extend(acting.everybody.iter().map(over));
        if lines.is_empty() && acting.has_arrangers && acting.has_superiors {
            lines.push(bare("nobody by an own right"));
        }
        if !acting.has_arrangers {
            lines.push(bare(
                "the own list of arrangers is not known: this token may not read it, or this is a snapshot",
            ));
        }
        if !acting.has_superiors {
            lines.push(bare("manager and approvers are not known: this token may not read them, or the snapshot does not say"));
        }
        lines
    }

    fn right(&self, what: String, alike: &acting::Alike<'_>) -> Line {
        let line = self.standing("right", what, alike.standing).noted("not so yet", None, alike.standing);
        let idle = alike.people.iter().any(|it| self.it.acting.idle.contains(it));
        let idle = idle.then(|| match &alike.people[..] {
            [_] => "not active".to_owned(),
            all => {
                let some = all.iter().filter(|it| self.it.acting.idle.contains(it));
                format!("not active: {}", acting::named(&some.copied().collect::<Vec<_>>(), &self.words))
            }
        });
        let doubt = alike.doubt.map(|it| acting::doubt(it).to_owned());
        let note: Vec<String> = line.note.into_iter().chain(doubt).chain(idle).collect();
        Line { note: (!note.is_empty()).then(|| note.join("  ")), ..line }
    }

    fn direct(&self, access: &DirectAccess) -> Line {
        let what = match &access.live {
            Some(role) => direct::role(role, &self.words),
            None => direct::kind(&access.kind, &self.words),
        };
        let line = self.standing("role", what, &access.standing);
        let withheld = access.kind == Kind::Arranger
            && self.it.acting.own.iter().any(|it| it.doubt == Some(Doubt::Withheld));
        let missing = if withheld { NOT_GIVEN } else { "not held yet" };
        let line = line.noted(missing, Some("unmanaged"), &access.standing);
        self.left(line, access.standing.accepted.as_deref())
    }

    /// What is declared of the person, and what the person is where that is otherwise.
    fn attribute(&self, it: &Attributed) -> Line {
        let what = |value: &str| match it.attribute {
            Attribute::Active => format!("account {}", if value == "true" { "active" } else { "not active" }),
            attribute => self.words.attribute(attribute, [None, Some(value)]),
        };
        let is = it.live.as_deref().map_or_else(|| "none".to_owned(), what);
        let (sign, note) = match it.agrees {
            Agreement::Is => (None, None),
            Agreement::Differs if it.live.is_none() => (Some(Sign::Add), Some("not so yet".to_owned())),
            Agreement::Differs => (Some(Sign::Change), Some(format!("is: {is}"))),
            Agreement::Unresolved if it.attribute.has_people() => {
                (None, Some(format!("somebody of these is not known, and it stays: {is}")))
            }
            Agreement::Unresolved => (None, Some(format!("a name that only a plan looks up; is: {is}"))),
            Agreement::Unread => (None, Some("what it is was not read".to_owned())),
            Agreement::Moot => (None, Some("only for an account that is made".to_owned())),
        };
        Line { sign, noun: "person", what: what(&it.asked), origin: Some(self.sources.line(it.from)), note }
    }

    /// A line about something that one entry asks for, with the last day of that.
    fn standing(&self, noun: &'static str, what: String, standing: &Standing) -> Line {
        let entry = standing.lines.first();
        let origin = entry.map(|it| self.sources.line(it.from));
        Line { sign: None, noun, what, origin, note: entry.and_then(|it| it.ends).map(|it| self.until(it)) }
    }

    fn role(&self, role: &RoleAccess, managed: bool) -> Line {
        let one = |it: &Entry| {
            let place = self.sources.line(it.from);
            it.ends.map_or_else(|| place.clone(), |ends| format!("{place}  {}", self.until(ends)))
        };
        let origins: Vec<String> = role.standing.lines.iter().map(one).collect();
        let asked = |it: &Scope| format!("asked for: on {}", self.words.rescope(&role.scope, it).1);
        let line = Line {
            sign: None,
            noun: "role",
            what: format!("{} on {}", self.words.role(role.role), self.words.scope(&role.scope)),
            origin: (!origins.is_empty()).then(|| origins.join(", ")),
            note: role.elsewhere.as_ref().map(asked),
        };
        let line = line.noted("the group lacks it", managed.then_some("roles unmanaged"), &role.standing);
        self.left(line, role.standing.accepted.as_deref())
    }
}

impl Line {
    /// Adds what a plan would do, and why; what is missing and what nobody manages is worded by the caller.
    fn noted(self, missing: &str, unmanaged: Option<&str>, standing: &Standing) -> Self {
        let (sign, why) = match standing.asked {
            Asked::Declared => (None, None),
            Asked::Differs => (Some(Sign::Change), None),
            Asked::Ended => (Some(Sign::Remove), Some("expired")),
            Asked::NotYet => (Some(Sign::Remove), Some("begins later")),
            Asked::LockedOut => (Some(Sign::Remove), Some("locked out")),
            Asked::Kept => (None, Some("not listed; others may stay")),
            Asked::Unmanaged => (None, unmanaged),
            Asked::NotDeclared => (Some(Sign::Remove), Some("not declared")),
            Asked::Missing => (Some(Sign::Add), Some(missing)),
        };
        let note: Vec<&str> = self.note.as_deref().into_iter().chain(why).collect();
        Self { sign, note: (!note.is_empty()).then(|| note.join("  ")), ..self }
    }
}

/// What is said of a role that an entry asks for and no plan gives.
const NOT_GIVEN: &str = "not held, and withheld: the entry names somebody who is not known or not active";

/// Says that somebody cannot act now.
fn acting_idle(idle: &BTreeSet<UserId>, who: UserId) -> Option<String> {
    idle.contains(&who).then(|| "not active".to_owned())
}

/// Returns a line that says nothing but this.
fn bare(what: &str) -> Line {
    Line { sign: None, noun: "", what: what.to_owned(), origin: None, note: None }
}
