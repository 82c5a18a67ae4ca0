//! What the files say about one membership and about the roles of one group.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::RoleAccess;
use crate::{
    files::declared::{DeclaredGroup, DeclaredMember, DeclaredRule, Rest},
    model::{
        access::Grant,
        ids::{Email, PersonRef, RoleId, UserId},
        observed::{ObservedCompany, User},
        scope::Scope,
        source::Place,
    },
    plan::bind::{grants::Roles, people::Directory},
};

/// An entry of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// Where it stands.
    pub from: Place,
    /// The instant from which it asks for nothing any more.
    pub ends: Option<Timestamp>,
}

/// What the files say: `declared` as it is, `differs` on another scope, `ended` until an instant now past,
/// `notYet` only later, `lockedOut` not any more, `kept` is not listed and may stay, `unmanaged` nothing, `notDeclared` is not listed
/// and the list is all there shall be, `missing` is asked for and not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Files")]
#[expect(missing_docs, reason = "said above, as the schema says it")]
pub enum Asked {
    Declared,
    Differs,
    Ended,
    NotYet,
    LockedOut,
    Kept,
    Unmanaged,
    NotDeclared,
    Missing,
}

/// Whether something is there, and shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What the files say about it.
    pub asked: Asked,
    /// The entries that this rests on: for a membership or a direct role one at the most.
    pub lines: Vec<Line>,
    /// The entry of `accept:` by which a difference is left as it is.
    pub accepted: Option<Box<Accepted>>,
}

/// An entry of `accept:`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Accepted {
    pub owner: Box<str>,
    pub reason: Box<str>,
    pub ends: Timestamp,
    pub from: Place,
}

impl Standing {
    pub(super) fn new(asked: Asked, lines: impl IntoIterator<Item = Line>) -> Self {
        Self { asked, lines: lines.into_iter().collect(), accepted: None }
    }

    /// Whether it is there.
    pub fn is_live(&self) -> bool {
        self.asked != Asked::Missing
    }

    /// Whether that is not what the files ask for, nor accepted.
    pub fn differs(&self) -> bool {
        self.asked.is_difference() && self.accepted.is_none()
    }
}

impl Asked {
    /// Whether what is there is not what the files ask for.
    pub(super) fn is_difference(self) -> bool {
        match self {
            Self::Declared | Self::Kept | Self::Unmanaged => false,
            Self::Differs
            | Self::Ended
            | Self::NotYet
            | Self::LockedOut
            | Self::NotDeclared
            | Self::Missing => true,
        }
    }
}

/// What the files say about something that no entry asks for now, with the one that will.
pub(super) fn unlisted(rest: Rest, coming: Option<Place>) -> Standing {
    let later = coming.map(|from| Line { from, ends: None });
    match (rest, later) {
        (Rest::Unmanaged, _) => Standing::new(Asked::Unmanaged, None),
        (Rest::Kept, _) => Standing::new(Asked::Kept, None),
        (Rest::Removed, Some(line)) => Standing::new(Asked::NotYet, [line]),
        (Rest::Removed, None) => Standing::new(Asked::NotDeclared, None),
    }
}

/// Everything by which a file may name the person.
#[derive(Debug)]
pub(super) struct Keys {
    /// The person, with the keys of every answer of the API.
    pub(super) person: User,
    emails: BTreeSet<Email>,
    external_ids: BTreeSet<Box<str>>,
    employee_ids: BTreeSet<Box<str>>,
}

impl Keys {
    /// Collects what the API said of a user, who may have been read more than once, each time in part.
    pub(super) fn of(user: UserId, users: &[User]) -> Self {
        let rows = || users.iter().filter(|it| it.id == user);
        Self {
            person: User {
                id: user,
                email: rows().find_map(|it| it.email.clone()),
                external_id: rows().find_map(|it| it.external_id.clone()),
                employee_id: rows().find_map(|it| it.employee_id.clone()),
                company: rows().find_map(|it| it.company),
                active: rows().all(|it| it.active),
            },
            emails: rows().filter_map(|it| it.email.clone()).collect(),
            external_ids: rows().filter_map(|it| it.external_id.clone()).collect(),
            employee_ids: rows().filter_map(|it| it.employee_id.clone()).collect(),
        }
    }

    /// The same keys of the person as these answers of the API tell.
    pub(super) fn of_person(self, person: User) -> Self {
        Self { person, ..self }
    }

    /// Whether a file that says this means the person.
    pub(super) fn are_those_of(&self, person: &PersonRef) -> bool {
        match person {
            PersonRef::Email(it) => self.emails.contains(it),
            PersonRef::ExternalId(it) => self.external_ids.contains(it),
            PersonRef::EmployeeId(it) => self.employee_ids.contains(it),
            PersonRef::UserId(it) => self.person.id == *it,
        }
    }

    /// Returns the entry that wants the person in the group, of several the one that lasts longest.
    pub(super) fn wanted(
        &self,
        group: &DeclaredGroup,
        live: &ObservedCompany,
        now: Timestamp,
    ) -> Option<Line> {
        let named = lasting_longest(self.lines(group), now);
        named.or_else(|| self.rule(group, live).map(|it| Line { from: it.from, ends: None }))
    }

    /// Returns the rule by which the person is to be in the group: of who is named under `members` the entry counts.
    pub(super) fn rule<'g>(
        &self,
        group: &'g DeclaredGroup,
        live: &ObservedCompany,
    ) -> Option<&'g DeclaredRule> {
        let is_own = |it: &DeclaredMember| self.are_those_of(&it.person);
        let named = group.members.entries.iter().chain(&group.members.coming).chain(&group.computed.except);
        if named.clone().any(is_own) {
            return None;
        }
        let means = |it: &&DeclaredRule| {
            let meant = live.selected.get(&it.selector);
            meant.is_some_and(|it| it.binary_search(&self.person.id).is_ok())
        };
        group.computed.rules.iter().find(means)
    }

    fn lines(&self, group: &DeclaredGroup) -> impl Iterator<Item = Line> {
        let own = group.members.entries.iter().filter(|it| self.are_those_of(&it.person));
        own.map(|it| Line { from: it.from, ends: it.term().ends })
    }

    /// Returns what the files say about the person's being in a group.
    pub(super) fn standing(
        &self,
        group: Option<&DeclaredGroup>,
        live: &ObservedCompany,
        locked: bool,
        now: Timestamp,
    ) -> Standing {
        let wanted = group.and_then(|it| self.wanted(it, live, now));
        let ended = group.and_then(|it| self.lines(it).max_by_key(|it| (it.ends, it.from)));
        match (wanted, ended) {
            (wanted, _) if locked => Standing::new(Asked::LockedOut, wanted),
            (Some(line), _) => Standing::new(Asked::Declared, [line]),
            (None, Some(line)) => Standing::new(Asked::Ended, [line]),
            (None, None) => {
                let coming = group.into_iter().flat_map(|it| &it.members.coming);
                let own = coming.filter(|it| self.are_those_of(&it.person)).map(|it| it.from);
                unlisted(group.map_or(Rest::Unmanaged, |it| it.members.rest), own.min())
            }
        }
    }
}

/// Returns of the entries that have not ended the one that lasts longest.
pub(super) fn lasting_longest(lines: impl Iterator<Item = Line>, now: Timestamp) -> Option<Line> {
    let lasting = lines.filter(|it| it.ends.is_none_or(|it| it > now));
    lasting.min_by_key(|it| (it.ends.is_some(), it.ends.map(std::cmp::Reverse), it.from))
}

/// What the entries of one role ask for.
#[derive(Default)]
struct Entries {
    lasting: Vec<Line>,
    ended: Vec<Line>,
    /// What will ask for it.
    coming: Option<Place>,
    wanted: Vec<Scope>,
    /// Where it was asked for until an instant now past.
    gone: Vec<Scope>,
    /// Somebody in a scope is not known: what exactly is asked for cannot be said.
    doubt: bool,
}

/// Returns the roles of a group that the person is in, with what the files say about each; and how many entries
/// name no role.
pub(super) fn roles(
    declared: Option<&DeclaredGroup>,
    live: &[Grant],
    known: &Roles<'_>,
    directory: &Directory<'_>,
    now: Timestamp,
) -> (Vec<RoleAccess>, usize) {
    let mut all: BTreeMap<RoleId, Entries> = live.iter().map(|it| (it.role, Entries::default())).collect();
    let mut unknown = 0;
    for entry in declared.iter().flat_map(|it| &it.grants.entries) {
        let Ok(role) = known.find(&entry.role, entry.from) else {
            unknown += 1;
            continue;
        };
        let entries = all.entry(role.id).or_default();
        let line = Line { from: entry.from, ends: entry.term.ends };
        let (scope, failures) = directory.scope(&entry.scope);
        if entry.term.is_over(now) {
            entries.ended.push(line);
            entries.gone.push(scope);
        } else {
            entries.lasting.push(line);
            entries.wanted.push(scope);
            entries.doubt |= !failures.is_empty();
        }
    }
    for entry in declared.iter().flat_map(|it| &it.grants.coming) {
        match known.find(&entry.role, entry.from).map(|role| all.get_mut(&role.id)) {
            Ok(Some(entries)) => entries.coming = entries.coming.or(Some(entry.from)),
            Ok(None) => (),
            Err(_) => unknown += 1,
        }
    }
    let rest = declared.map_or(Rest::Unmanaged, |it| it.grants.rest);
    let access = all.into_iter().filter_map(|(role, entries)| {
        let held = live.iter().find(|it| it.role == role).map(|it| &*it.scope);
        role_access(role, entries, held, rest)
    });
    (access.collect(), unknown)
}

/// Where a role holds or shall, and what the files say about it; `None` where it neither is nor shall be.
fn role_access(role: RoleId, entries: Entries, held: Option<&Scope>, rest: Rest) -> Option<RoleAccess> {
    let Entries { lasting, ended, coming, mut wanted, gone, doubt } = entries;
    let access = |scope, standing, elsewhere| Some(RoleAccess { role, scope, standing, elsewhere });
    let Some(held) = held else {
        let missing = |lasting| access(Scope::any(wanted), Standing::new(Asked::Missing, lasting), None);
        return if lasting.is_empty() { None } else { missing(lasting) };
    };
    // What a list that is not exact lets stay: all but what has ended.
    let kept = held.without(&Scope::any(gone));
    let (standing, elsewhere) = if !lasting.is_empty() {
        if rest == Rest::Kept {
            wanted.push(kept);
        }
        let wanted = Scope::any(wanted);
        if doubt || wanted == *held {
            (Standing::new(Asked::Declared, lasting), None)
        } else {
            (Standing::new(Asked::Differs, lasting), Some(wanted))
        }
    } else if ended.is_empty() || (rest == Rest::Kept && kept == *held) {
        (unlisted(rest, coming), None)
    } else {
        (Standing::new(Asked::Ended, ended), None)
    };
    access(held.clone(), standing, elsewhere)
}
