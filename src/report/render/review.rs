//! Who may do what, for the review that is made every quarter: a row for each person, role and way to it, with room for who
//! looked at it and what is to become of it. Raw: formats escape and arrange it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};

use super::{acting, counted, direct, more, notices, scope::Words};
use crate::{
    model::{
        acting::Right,
        date::{self, Now},
        direct::Kind,
        ids::{RoleId, UserId},
        scope::Scope,
        source::{Place, Sources},
    },
    plan::{
        explain::{Asked, Managed, Standing},
        review::{Group, Person, Review, Way},
    },
};

pub(super) mod csv;
mod text;

pub(super) use text::{markdown, text};

/// Headings of what is near, by [`Plan::NOTICE_DAYS`](crate::model::plan::Plan::NOTICE_DAYS).
pub(super) const ENDING: &str = "Ends within 7 days";
pub(super) const BEGINNING: &str = "Begins within 7 days";

/// Lines of files named one by one; the others are counted.
const LINES: usize = 3;

/// A review, and what else its readers see.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ReviewView<'a> {
    pub review: &'a Review,
    /// The files its places point into.
    pub sources: &'a Sources,
    /// The host of the API, as shown to people.
    pub endpoint: &'a str,
    /// The URL of the API, or the word `sandbox`; for programs.
    pub url: &'a str,
    pub now: Now,
    /// When the snapshot was taken that it is made from; `None` where the API was read.
    pub taken: Option<Timestamp>,
}

/// Something that somebody holds, and one way to it.
#[derive(Debug)]
pub(super) struct Row {
    /// The role; of one outside groups none.
    pub(super) id: Option<RoleId>,
    pub(super) role: String,
    /// Empty of a role outside groups, whose name says it.
    pub(super) scope: String,
    pub(super) privileged: bool,
    /// The group, or that there is none.
    pub(super) through: String,
    pub(super) added: Option<Timestamp>,
    pub(super) ends: Option<Timestamp>,
    /// The line that asks for it.
    pub(super) origin: String,
    /// The line that asks for the group to have it.
    pub(super) granted: String,
    /// What the files say, where there is no such line.
    pub(super) files: &'static str,
}

impl Row {
    /// When it began and when it ends, as far as that is known.
    pub(super) fn dates(&self, zone: &TimeZone) -> String {
        let added = self.added.map(|it| format!("added {}", it.to_zoned(TimeZone::UTC).date()));
        let ends = self.ends.map(|it| date::until(it, zone));
        added.into_iter().chain(ends).collect::<Vec<_>>().join(", ")
    }
}

/// For which people somebody approves, and which somebody manages: a sentence for each.
pub(super) fn acts(person: &Person, words: &Words<'_>) -> Vec<(Right, String)> {
    let of = |right: Right| {
        let people: Vec<UserId> =
            person.acts.iter().filter(|it| it.right == right).map(|it| it.over).collect();
        (!people.is_empty()).then(|| (right, acting::counted_over(right, &people, words)))
    };
    Right::ALL.into_iter().filter_map(of).collect()
}

/// Where somebody is named who acts by a right.
fn named_as(right: Right) -> &'static str {
    match right {
        Right::Arranger => "outside groups",
        Right::Approver => "named as approver",
        Right::Manager => "named as manager",
    }
}

/// Whether the files ask for it.
fn is_wanted(standing: &Standing) -> bool {
    standing.asked == Asked::Declared
}

/// What the files say of something, where no line of them asks for it.
pub(super) fn unwanted(asked: Asked, unmanaged: &'static str) -> &'static str {
    match asked {
        Asked::Ended => "expired",
        Asked::NotYet => "begins later",
        Asked::NotDeclared => "not declared",
        Asked::Kept => "not listed, may stay",
        Asked::Unmanaged => unmanaged,
        Asked::Declared | Asked::Differs | Asked::LockedOut | Asked::Missing => "",
    }
}

impl<'a> ReviewView<'a> {
    pub(super) fn words(&self) -> Words<'a> {
        let grants = self.review.groups.iter().flat_map(|it| &it.grants).map(|it| &*it.1);
        Words::of(&self.review.names, self.review.companies.iter().map(|it| it.id), grants)
    }

    /// Whether there is more than one company.
    pub(super) fn several(&self) -> bool {
        self.review.companies.len() > 1
    }

    /// What somebody holds: what is privileged first.
    pub(super) fn rows(&self, person: &Person, words: &Words<'_>) -> Vec<Row> {
        let mut said: BTreeMap<*const Scope, String> = BTreeMap::new();
        let mut rows = Vec::new();
        for effect in &person.effects {
            let privileged = self.review.privileged.contains(&(person.company, effect.role));
            for way in &effect.through {
                let scope =
                    said.entry(std::ptr::from_ref(&*way.scope)).or_insert_with(|| words.scope(&way.scope));
                let scope = scope.clone();
                rows.push(self.row(way, (effect.role, words.role(effect.role)), scope, privileged));
            }
        }
        for role in person.direct.iter().flat_map(|it| it.iter()) {
            let standing = person.direct_asked.get(role.kind());
            let line = standing.and_then(|it| it.lines.first()).filter(|_| standing.is_some_and(is_wanted));
            rows.push(Row {
                id: None,
                role: match role.kind() {
                    Kind::Arranger => {
                        let travellers: Vec<UserId> = role.travellers().iter().map(|it| it.user).collect();
                        format!(
                            "TRAVEL_ARRANGER: {}",
                            acting::counted_over(Right::Arranger, &travellers, words)
                        )
                    }
                    Kind::Plain(_) | Kind::On(..) | Kind::Verbatim(..) => direct::role(role, words),
                },
                scope: String::new(),
                privileged: self.review.privileged_direct.contains(role.kind().role_type()),
                through: "outside groups".to_owned(),
                added: None,
                ends: line.and_then(|it| it.ends),
                origin: line.map_or_else(String::new, |it| self.sources.line(it.from)),
                granted: String::new(),
                files: standing.map_or("", |it| unwanted(it.asked, "")),
            });
        }
        rows.extend(acts(person, words).into_iter().map(|(right, role)| Row {
            id: None,
            role,
            scope: String::new(),
            privileged: false,
            through: named_as(right).to_owned(),
            added: None,
            ends: None,
            origin: self.named_at(person, right),
            granted: String::new(),
            files: "",
        }));
        rows.sort_by(|a, b| {
            (!a.privileged, &a.role, &a.through, &a.scope).cmp(&(
                !b.privileged,
                &b.role,
                &b.through,
                &b.scope,
            ))
        });
        rows
    }

    /// The lines of the files by which somebody acts by a right, the first of many.
    fn named_at(&self, person: &Person, right: Right) -> String {
        let lines = person.acts_asked.iter().filter(|it| it.0.right == right).map(|it| *it.1);
        let lines: BTreeSet<Place> = lines.collect();
        let shown: Vec<String> = lines.iter().take(LINES).map(|it| self.sources.line(*it)).collect();
        let more = more(lines.len(), LINES).map_or_else(String::new, |it| format!(" {it}"));
        shown.join(", ") + &more
    }

    fn row(&self, way: &Way, (id, role): (RoleId, String), scope: String, privileged: bool) -> Row {
        let line = |it: Option<Place>| it.map_or_else(String::new, |it| self.sources.line(it));
        let group = &self.review.groups[way.group];
        let files = match (group.managed, way.asked) {
            (Managed::No, _) => "unmanaged group",
            (Managed::OneOfSeveral(_), _) => "one of several groups of this name",
            (Managed::Removed(_), _) => "the files delete the group",
            (Managed::Declared(_), asked) => unwanted(asked, "members unmanaged"),
        };
        Row {
            id: Some(id),
            role,
            scope,
            privileged,
            through: group.name.to_string(),
            added: way.added,
            ends: way.ends,
            origin: line(way.from),
            granted: line(way.granted),
            files,
        }
    }

    /// What is odd about somebody: the account is not active, or the files cut it off.
    pub(super) fn standing(&self, person: &Person) -> Option<String> {
        if let Some(from) = person.locked_out {
            return Some(format!("locked out ({})", self.sources.line(from)));
        }
        if person.user.is_hidden() {
            return Some("not told by the API".to_owned());
        }
        (!person.user.active).then(|| "not active".to_owned())
    }

    /// What the files say of a group, and where.
    pub(super) fn managed(&self, group: &Group) -> (&'static str, String) {
        match group.managed {
            Managed::No if group.is_standard => ("standard group, unmanaged", String::new()),
            Managed::No => ("unmanaged", String::new()),
            Managed::Declared(from) => ("declared", self.sources.line(from)),
            Managed::OneOfSeveral(from) => ("one of several of this name", self.sources.line(from)),
            Managed::Removed(from) => ("to be deleted", self.sources.line(from)),
        }
    }

    /// Everybody who holds something.
    pub(super) fn holders(&self) -> impl Iterator<Item = &'a Person> {
        self.review.people.iter().filter(|it| it.has_access())
    }

    /// Those who could act and hold nothing, as far as that is known.
    pub(super) fn without(&self) -> impl Iterator<Item = &'a Person> {
        self.review.people.iter().filter(|it| !it.has_access() && it.user.active)
    }

    /// What ends within days, or begins, as a plan says it.
    pub(super) fn soon(&self, begins: bool, words: &Words<'_>) -> Vec<String> {
        let all = self.review.soon.iter().filter(|it| it.begins == begins);
        all.map(|it| notices::soon_line(it, words, self.sources)).collect()
    }

    /// Groups in which nobody is.
    pub(super) fn empty(&self) -> impl Iterator<Item = &'a Group> {
        self.review.groups.iter().filter(|it| it.members == 0)
    }

    /// What it comes to, in one line.
    pub(super) fn summary(&self) -> String {
        let review = self.review;
        let people = counted(self.holders().count(), "person", "people");
        let privileged = self.holders().filter(|it| self.is_privileged(it)).count();
        let groups = counted(review.groups.len(), "group", "groups");
        let memberships =
            counted(review.groups.iter().map(|it| it.members).sum(), "membership", "memberships");
        format!("{people} with access, {privileged} of them privileged; {groups}, {memberships}.")
    }

    pub(crate) fn is_privileged(&self, person: &Person) -> bool {
        let review = self.review;
        person.effects.iter().any(|it| review.privileged.contains(&(person.company, it.role)))
            || person
                .direct
                .iter()
                .flat_map(|it| it.iter())
                .any(|it| review.privileged_direct.contains(it.kind().role_type()))
    }

    /// What was not read, and what that means: a review that is silent about it would be believed.
    pub(super) fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        let unread = self.review.people.iter().filter(|it| it.direct.is_none() && it.user.active).count();
        if unread > 0 {
            let people = counted(unread, "person", "people");
            gaps.push(format!("Roles outside groups were not read of {people}: give --users to read them, one request for each"));
        }
        if self.review.people.iter().filter(|it| it.user.active).count() > self.review.led {
            let people = match self.review.led {
                0 => "nobody".to_owned(),
                n => counted(n, "person", "people"),
            };
            gaps.push(format!("Who approves for people and manages them was read of {people} alone: of those of whom the files declare it"));
        }
        if self.review.companies.iter().any(|it| !it.is_whole) {
            gaps.push("The API lists not everybody: people in no group may be missing here".to_owned());
        }
        if self.review.is_sanitized {
            gaps.push("Addresses are pseudonyms: lines of files are not found by them".to_owned());
        }
        gaps
    }

    /// Where it is from, and as of when; and what was not read.
    pub(super) fn facts(&self) -> Vec<String> {
        let mut facts = self.origins();
        facts.extend(self.gaps());
        facts
    }

    /// Where it is from, and as of when.
    pub(super) fn origins(&self) -> Vec<String> {
        let words = self.words();
        let companies: Vec<String> =
            self.review.companies.iter().take(5).map(|it| words.company(it.id)).collect();
        let more = super::more(self.review.companies.len(), 5).map(|it| format!(" {it}")).unwrap_or_default();
        let mut facts = vec![format!("{}{more} at {}", companies.join(", "), self.endpoint)];
        facts.push(match self.taken {
            Some(taken) => format!("From a snapshot of {taken:.0}"),
            None => format!("Read {:.0}", self.now.dated),
        });
        facts.extend(self.now.told().map(|it| format!("Dates are judged {it}")));
        facts
    }
}
