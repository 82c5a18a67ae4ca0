//! What the files accept for a while: there the desired side is made what is live.
//!
//! An entry accepts what it names and nothing else: where its name may mean several things it accepts none of them. What a
//! lock-out takes away, and what has ended, is never accepted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Bound, Directory, grants::Roles};
use crate::{
    files::declared::{Declared, DeclaredAccept, DeclaredDifference},
    model::{
        access::Why,
        finding::{Code, Finding},
        ids::UserId,
        index::GroupIx,
        observed::{Observed, ObservedCompany},
        plan::{Accepted, Difference, Edits, Side},
        rules::{Guard, Rules, Unmanaged},
        state::{Edit, Fact, Owner, diff},
    },
};

/// Leaves what is accepted as it is, and says what that is and what is odd about it.
pub(super) fn accept(
    bound: &mut Bound,
    declared: &Declared,
    snapshot: &Observed,
    directory: &Directory<'_>,
    now: Timestamp,
) {
    let mut in_force = declared.accepts.iter().filter(|it| it.holds(now)).peekable();
    if in_force.peek().is_none() {
        return;
    }
    let edits = Edits::new(diff(&bound.live, &bound.desired));
    let (mut left, mut accepted, mut remarks) = (BTreeMap::new(), Vec::new(), Vec::new());
    let mut forgiven: BTreeSet<(usize, usize)> = BTreeSet::new();
    for entry in in_force {
        let company = snapshot.companies.iter().find(|it| it.id == entry.company);
        let company = company.unwrap_or(ObservedCompany::NONE);
        let accepting = Accepting { bound, edits: &edits, company, directory, entry };
        let found = accepting.found();
        let why = match found {
            Ok(Found::Edits(edits)) => {
                for it in edits {
                    accepted.push(accepting.accepted(accepting.difference(it), accepting.is_privileged(it)));
                    left.insert(it.key.clone(), it.clone());
                }
                None
            }
            Ok(Found::Unmanaged(at)) => {
                let what = Difference::Unmanaged { group: accepting.group_name().into() };
                accepted.push(accepting.accepted(what, accepting.gives_privileged_by_name()));
                forgiven.insert(at);
                None
            }
            Err(why) => Some(why),
        };
        remarks.extend(why.map(|why| {
            let message = format!("{}: {why}", entry.what);
            Finding::new(Code::UnusedAccept, entry.from, message)
                .help("delete the entry, or correct it: it accepts nothing")
        }));
    }
    // Two entries may accept one thing: what is left is left once, and each is told.
    let entries: BTreeSet<_> = accepted.iter().filter(|it| it.privileged).map(|it| it.from).collect();
    remarks.extend(entries.into_iter().map(|from| {
        let message = "this leaves privileged access to somebody that the files do not give";
        Finding::new(Code::PrivilegedAccept, from, message).help("take it away as soon as it can be missed")
    }));
    let back: Vec<Edit> = left.into_values().map(Edit::inverse).collect();
    bound.desired.apply(&back);
    bound.left = back.into_iter().map(|it| it.key).collect();
    for (company, group) in forgiven {
        bound.companies[company].unmanaged[group].is_accepted = true;
    }
    accepted.sort();
    bound.accepted = accepted;
    bound.remarks.extend(remarks);
}

/// One entry on its way to what it accepts.
struct Accepting<'a> {
    bound: &'a Bound,
    edits: &'a Edits,
    company: &'a ObservedCompany,
    directory: &'a Directory<'a>,
    entry: &'a DeclaredAccept,
}

/// What an entry accepts.
enum Found<'a> {
    Edits(Vec<&'a Edit>),
    /// A group that no file names, by the position of its company and its own.
    Unmanaged((usize, usize)),
}

impl<'a> Accepting<'a> {
    /// Finds what the entry names, or says why that is nothing.
    fn found(&self) -> Result<Found<'a>, &'static str> {
        let all = match &self.entry.what {
            DeclaredDifference::Group(name) => {
                if let Some(unmanaged) = self.unmanaged(name) {
                    return Ok(Found::Unmanaged(unmanaged));
                }
                let owner = Owner::Group(self.group(name)?);
                self.edits.iter().filter(|it| it.key.owner == owner).collect()
            }
            DeclaredDifference::Member { group, person } => {
                let (group, users) = (self.group(group)?, self.users(person));
                let is_meant =
                    |it: &&Edit| it.member().is_some_and(|it| users.contains(&self.bound.index.user(it)));
                self.one(group, is_meant)?
            }
            DeclaredDifference::Role { group, role } => {
                let group = self.group(group)?;
                let roles = Roles::new(&self.company.roles);
                let role = roles
                    .find(role, self.entry.from)
                    .map_err(|_| "the name does not mean exactly one role")?;
                self.one(group, |it| it.role() == Some(role.id))?
            }
            DeclaredDifference::Direct { person, role_type } => {
                let users = self.users(person);
                let is_meant = |it: &&Edit| {
                    let Owner::Person(owner) = it.key.owner else { return false };
                    let (company, user) = self.bound.index.person(owner);
                    company == self.entry.company
                        && users.contains(&user)
                        && it.kind().is_some_and(|it| it.role_type().eq_ignore_ascii_case(role_type))
                };
                at_most_one(self.edits.iter().filter(is_meant).collect())?
            }
        };
        if all.is_empty() {
            return Err("nothing of it differs from the files");
        }
        let left: Vec<&Edit> = all.into_iter().filter(|it| self.may_be_left(it)).collect();
        if left.is_empty() {
            return Err("what differs has ended, begins later or is locked out, and goes");
        }
        Ok(Found::Edits(left))
    }

    /// The one edit of a group that stays that is meant.
    fn one(&self, group: GroupIx, is_meant: impl Fn(&&Edit) -> bool) -> Result<Vec<&'a Edit>, &'static str> {
        if self.bound.desired.attributes(group).is_none() {
            return Err("the group goes as a whole; accept that, or nothing of it");
        }
        let own = |it: &&Edit| it.key.owner == Owner::Group(group) && is_meant(it);
        at_most_one(self.edits.iter().filter(own).collect())
    }

    /// Whether something may stay as it is: not what is locked out, nor what the files ask for until a day that has come.
    fn may_be_left(&self, edit: &Edit) -> bool {
        let person = match edit.key.owner {
            Owner::Person(person) => Some(self.bound.index.person(person).1),
            Owner::Group(_) => edit.member().map(|it| self.bound.index.user(it)),
        };
        let why = self.bound.notes.get(&edit.key).map_or(Why::NotDeclared, |it| it.why);
        let is_open = why.is_usual() || matches!(why, Why::Unmeant(_) | Why::Excepted(_));
        is_open && person.is_none_or(|it| !self.bound.locked.contains(&it))
    }

    fn users(&self, person: &crate::model::ids::PersonRef) -> Vec<UserId> {
        self.directory.find(person).iter().map(|it| it.id).collect()
    }

    /// The one group of the company that has the name, or shall have it.
    fn group(&self, name: &str) -> Result<GroupIx, &'static str> {
        let Bound { index, desired, .. } = self.bound;
        let own = index.groups().filter(|it| it.1.company == self.entry.company);
        let renamed = |group| desired.attributes(group).is_some_and(|it| *it.name == *name);
        let found: Vec<GroupIx> =
            own.filter(|it| *it.1.name == *name || renamed(it.0)).map(|it| it.0).collect();
        match found[..] {
            [one] => Ok(one),
            [] => Err("there is no group of this name"),
            [_, _, ..] => Err("several groups have this name"),
        }
    }

    /// The group of this name that no file names, where that is forbidden and there is one.
    fn unmanaged(&self, name: &str) -> Option<(usize, usize)> {
        self.group(name).ok().filter(|_| self.bound.unmanaged == Unmanaged::Forbid)?;
        let companies = &self.bound.companies;
        let company = companies.iter().position(|it| it.company == self.entry.company)?;
        let own = |it: &crate::model::plan::UnmanagedGroup| *it.name == *name && !it.is_standard;
        Some((company, companies[company].unmanaged.iter().position(own)?))
    }

    fn group_name(&self) -> &str {
        match &self.entry.what {
            DeclaredDifference::Group(name) => name,
            DeclaredDifference::Member { group, .. } | DeclaredDifference::Role { group, .. } => group,
            DeclaredDifference::Direct { .. } => "",
        }
    }

    fn accepted(&self, what: Difference, privileged: bool) -> Accepted {
        let DeclaredAccept { company, owner, ends, reason, from, what: _ } = self.entry;
        let (owner, reason) = (owner.clone(), reason.clone());
        Accepted { privileged, from: *from, company: *company, what, owner, reason, ends: *ends }
    }

    fn difference(&self, edit: &Edit) -> Difference {
        let side = match (&edit.before, &edit.after) {
            (Some(_), None) => Side::Live,
            (None, _) => Side::Files,
            (Some(_), Some(_)) => Side::Both,
        };
        let index = &self.bound.index;
        let group = match edit.key.owner {
            Owner::Group(group) => index.group(group).name.clone(),
            Owner::Person(person) => {
                let role_type = edit.kind().map_or("", |it| it.role_type()).into();
                return Difference::DirectRole { user: index.person(person).1, role_type, side };
            }
        };
        match &edit.key.fact {
            Fact::Grant(role) => Difference::Role { group, role: *role, side },
            Fact::Member(user) => Difference::Member { group, user: index.user(*user), side },
            Fact::Attributes | Fact::Direct(_) | Fact::Trait(_) => Difference::Group { group, side },
        }
    }

    /// Whether somebody has privileged access by what is left that they would lose.
    fn is_privileged(&self, edit: &Edit) -> bool {
        let rules = || self.bound.rules.all_for(Guard::Privileged);
        if let [Some(role), _] = edit.direct() {
            return edit.takes() && rules().any(|it| it.privileged_direct.contains(role.kind().role_type()));
        }
        let Owner::Group(group) = edit.key.owner else { return false };
        let is_privileged = |rules: &Rules, role| rules.is_privileged(self.entry.company, role);
        match edit.key.fact {
            Fact::Grant(role) => edit.takes() && rules().any(|it| is_privileged(it, role)),
            Fact::Member(_) | Fact::Attributes if edit.removes() => {
                let mut held = self.bound.live.grants(group).iter().map(|it| it.0.1);
                held.any(|role| rules().any(|it| is_privileged(it, role)))
            }
            Fact::Member(_) | Fact::Attributes | Fact::Direct(_) | Fact::Trait(_) => false,
        }
    }

    /// Whether an unmanaged group gives something privileged, as far as it was looked into.
    fn gives_privileged_by_name(&self) -> bool {
        let head = self.company.groups.iter().find(|it| *it.name == *self.group_name());
        let grants = head.and_then(|it| self.company.contents.get(&it.id)).map_or(&[][..], |it| &it.grants);
        let mut rules = self.bound.rules.all_for(Guard::Privileged);
        rules.any(|rules| grants.iter().any(|it| rules.is_privileged(self.entry.company, it.role)))
    }
}

fn at_most_one(found: Vec<&Edit>) -> Result<Vec<&Edit>, &'static str> {
    match found[..] {
        [_, _, ..] => Err("several differences are meant by it; accept the whole group, or mend one of them"),
        [_] | [] => Ok(found),
    }
}
