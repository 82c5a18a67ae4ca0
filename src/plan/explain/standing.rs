//! What the files say about one membership and about the roles of one group.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::RoleAccess;
use crate::{
    files::declared::{DeclaredGroup, Rest},
    model::{
        access::Grant,
        ids::{Email, PersonRef, RoleId, UserId},
        observed::User,
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

/// Whether a person is in a group, and shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In it, as an entry asks.
    Declared(Line),
    /// In it, though the entry has ended.
    Ended(Line),
    /// In it, though cut off everywhere; the entry that names the person all the same.
    LockedOut(Option<Line>),
    /// In it, and the list lets others stay whom it does not name.
    Kept,
    /// In it, and no file speaks of the members.
    Unmanaged,
    /// In it, and the list, which is all of them, does not name the person.
    NotDeclared,
    /// Not in it, though an entry asks.
    Missing(Line),
}

impl Standing {
    /// Whether the person is in the group.
    pub fn is_live(self) -> bool {
        match self {
            Self::Declared(_)
            | Self::Ended(_)
            | Self::LockedOut(_)
            | Self::Kept
            | Self::Unmanaged
            | Self::NotDeclared => true,
            Self::Missing(_) => false,
        }
    }

    /// Whether that is not what the files ask for.
    pub fn differs(self) -> bool {
        match self {
            Self::Declared(_) | Self::Kept | Self::Unmanaged => false,
            Self::Ended(_) | Self::LockedOut(_) | Self::NotDeclared | Self::Missing(_) => true,
        }
    }
}

/// What the files say about a role of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// These entries ask for it, as it is.
    Declared(Vec<Line>),
    /// These entries ask for it, on this scope.
    Differs(Vec<Line>, Scope),
    /// The entries that asked for it have ended.
    Ended(Vec<Line>),
    /// The list lets others stay that it does not name.
    Kept,
    /// No file speaks of the roles.
    Unmanaged,
    /// The list, which is all of them, does not name it.
    NotDeclared,
    /// These entries ask for it, and the group does not have it.
    Missing(Vec<Line>),
}

impl Asked {
    /// Whether the role is not what the files ask for.
    pub fn differs(&self) -> bool {
        match self {
            Self::Declared(_) | Self::Kept | Self::Unmanaged => false,
            Self::Differs(..) | Self::Ended(_) | Self::NotDeclared | Self::Missing(_) => true,
        }
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
    pub(super) fn wanted(&self, group: &DeclaredGroup, now: Timestamp) -> Option<Line> {
        lasting_longest(self.lines(group), now)
    }

    fn lines(&self, group: &DeclaredGroup) -> impl Iterator<Item = Line> {
        let own = group.members.entries.iter().filter(|it| self.are_those_of(&it.person));
        own.map(|it| Line { from: it.from, ends: it.ends })
    }

    /// Returns what the files say about the person's being in a group.
    pub(super) fn standing(&self, group: Option<&DeclaredGroup>, locked: bool, now: Timestamp) -> Standing {
        let wanted = group.and_then(|it| self.wanted(it, now));
        let ended = group.and_then(|it| self.lines(it).max_by_key(|it| (it.ends, it.from)));
        match (locked, wanted, ended, group.map(|it| it.members.rest)) {
            (true, wanted, _, _) => Standing::LockedOut(wanted),
            (false, Some(line), _, _) => Standing::Declared(line),
            (false, None, Some(line), _) => Standing::Ended(line),
            (false, None, None, None | Some(Rest::Unmanaged)) => Standing::Unmanaged,
            (false, None, None, Some(Rest::Kept)) => Standing::Kept,
            (false, None, None, Some(Rest::Removed)) => Standing::NotDeclared,
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
        let line = Line { from: entry.from, ends: entry.ends };
        let (scope, failures) = directory.scope(&entry.scope);
        if entry.ends.is_some_and(|it| it <= now) {
            entries.ended.push(line);
            entries.gone.push(scope);
        } else {
            entries.lasting.push(line);
            entries.wanted.push(scope);
            entries.doubt |= !failures.is_empty();
        }
    }
    let rest = declared.map_or(Rest::Unmanaged, |it| it.grants.rest);
    let access = all.into_iter().filter_map(|(role, entries)| {
        let held = live.iter().find(|it| it.role == role).map(|it| &*it.scope);
        let (scope, asked) = asked(entries, held, rest)?;
        Some(RoleAccess { role, scope, asked })
    });
    (access.collect(), unknown)
}

/// Returns where a role holds or shall, and what the files say about it; `None` where it neither is nor shall be.
fn asked(entries: Entries, held: Option<&Scope>, rest: Rest) -> Option<(Scope, Asked)> {
    let Entries { lasting, ended, mut wanted, gone, doubt } = entries;
    let Some(held) = held else {
        return (!lasting.is_empty()).then(|| (Scope::any(wanted), Asked::Missing(lasting)));
    };
    // What a list that is not exact lets stay: all but what has ended.
    let kept = held.without(&Scope::any(gone));
    let asked = match (lasting.is_empty(), ended.is_empty(), rest) {
        (false, _, _) if doubt => Asked::Declared(lasting),
        (false, _, rest) => {
            if rest == Rest::Kept {
                wanted.push(kept);
            }
            let wanted = Scope::any(wanted);
            if wanted == *held { Asked::Declared(lasting) } else { Asked::Differs(lasting, wanted) }
        }
        (true, false, Rest::Kept) if kept == *held => Asked::Kept,
        (true, false, _) => Asked::Ended(ended),
        (true, true, Rest::Kept) => Asked::Kept,
        (true, true, Rest::Unmanaged) => Asked::Unmanaged,
        (true, true, Rest::Removed) => Asked::NotDeclared,
    };
    Some((held.clone(), asked))
}
