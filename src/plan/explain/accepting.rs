//! Which of a person's differences from the files are accepted for a while, by the rules of a plan: what is named and nothing
//! else, none where a name may mean several, and nothing that has ended, begins later or is locked out.

use jiff::Timestamp;

use super::{
    Asked, DirectAccess, GroupAccess, Managed, Standing,
    standing::{Accepted, Keys},
};
use crate::{
    files::declared::{Declared, DeclaredAccept, DeclaredDifference, DeclaredGroup},
    model::observed::ObservedCompany,
    plan::bind::grants::Roles,
};

/// Marks what is accepted of a group as the person finds it; `declared` is what the files say of it.
pub(super) fn group(
    access: &mut GroupAccess,
    declared: Option<&DeclaredGroup>,
    live: &ObservedCompany,
    (accepts, keys, now): (&[DeclaredAccept], &Keys, Timestamp),
) {
    let in_force = accepts.iter().filter(|it| it.company == live.id && it.holds(now));
    for entry in in_force {
        let (group, person, role) = match &entry.what {
            DeclaredDifference::Group(group) => (group, None, None),
            DeclaredDifference::Member { group, person } => (group, Some(person), None),
            DeclaredDifference::Role { group, role } => (group, None, Some(role)),
            DeclaredDifference::Direct { .. } => continue,
        };
        let has_name = *access.name == **group || declared.is_some_and(|it| it.name == *group);
        let others = live.groups.iter().filter(|it| *it.name == **group && Some(it.id) != access.id);
        if !has_name || others.count() > 0 {
            continue;
        }
        let is_whole = person.is_none() && role.is_none();
        match access.managed {
            Managed::Removed(_) if is_whole => access.accepted = Some(Accepted::of(entry)),
            // Such a group goes as a whole, or nobody knows which it is.
            Managed::Removed(_) | Managed::OneOfSeveral(_) | Managed::No => continue,
            Managed::Declared(_) => (),
        }
        if is_whole || person.is_some_and(|it| keys.are_those_of(it)) {
            access.standing.accept(entry);
        }
        let role = role.and_then(|it| Roles::new(&live.roles).find(it, entry.from).ok());
        let meant =
            access.roles.iter_mut().filter(|it| is_whole || role.is_some_and(|role| role.id == it.role));
        meant.for_each(|it| it.standing.accept(entry));
    }
}

/// Marks what is accepted of the roles that a person holds outside groups.
pub(super) fn direct(declared: &Declared, keys: &Keys, all: &mut [DirectAccess], now: Timestamp) {
    for entry in declared.accepts.iter().filter(|it| it.holds(now)) {
        let DeclaredDifference::Direct { person, role_type } = &entry.what else { continue };
        let is_own = keys.person.company.is_none_or(|it| it == entry.company) && keys.are_those_of(person);
        let is_meant = |it: &&mut DirectAccess| {
            it.kind.role_type().eq_ignore_ascii_case(role_type) && it.standing.asked.is_difference()
        };
        let mut meant = all.iter_mut().filter(is_meant);
        if let (true, Some(one), None) = (is_own, meant.next(), meant.next()) {
            one.standing.accept(entry);
        }
    }
}

impl Standing {
    /// Leaves a difference as it is, if it may be.
    fn accept(&mut self, entry: &DeclaredAccept) {
        if matches!(self.asked, Asked::NotDeclared | Asked::Missing | Asked::Differs) {
            self.accepted = Some(Accepted::of(entry));
        }
    }
}

impl Accepted {
    fn of(entry: &DeclaredAccept) -> Box<Self> {
        let DeclaredAccept { owner, reason, ends, from, .. } = entry;
        Box::new(Self { owner: owner.clone(), reason: reason.clone(), ends: *ends, from: *from })
    }
}
