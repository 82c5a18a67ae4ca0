//! One group or person on its way into the files, with what is known of its company.

use std::collections::{BTreeMap, BTreeSet};

use super::{Extent, Left, Request, Taken, Why, naming::Naming};
use crate::{
    files::{
        declared::{DeclaredCompany, DeclaredGroup, DeclaredRemoval},
        edit::Change,
        matching::{Target, matching},
    },
    model::{
        access,
        ids::{RoleId, UserId},
        index::{GroupIx, GroupName},
        observed::ObservedCompany,
        plan,
        source::Place,
        state::{Edit, Key},
    },
    plan::bind::grants::Roles,
};

/// What becomes of each edit of a plan.
#[derive(Default)]
pub(super) struct Drafted {
    pub(super) taken: Vec<Taken>,
    pub(super) left: Vec<Left>,
}

impl Drafted {
    pub(super) fn leave(&mut self, edits: &[Edit], why: &Why) {
        self.left.extend(edits.iter().map(|it| Left { key: it.key.clone(), why: why.clone() }));
    }

    pub(super) fn take(&mut self, key: &Key, place: Place, is_privileged: bool, changes: Vec<Change>) {
        self.taken.push(Taken { key: key.clone(), place, is_privileged, changes });
    }
}

/// A company, with the entries that speak of its groups.
pub(super) struct Company<'a> {
    pub(super) declared: &'a DeclaredCompany,
    pub(super) groups: BTreeMap<GroupIx, &'a DeclaredGroup>,
    pub(super) removals: BTreeMap<GroupIx, &'a DeclaredRemoval>,
    pub(super) roles: Roles<'a>,
}

impl<'a> Company<'a> {
    pub(super) fn new(declared: &'a DeclaredCompany, request: &Request<'a>) -> Self {
        let live = request.observed.companies.iter().find(|it| it.id == declared.id);
        let live = live.unwrap_or(ObservedCompany::NONE);
        let matched = matching(declared, &live.groups);
        let index = &request.plan.index;
        let number = |target: &Target<'_>, name: &str| match target {
            Target::Found(head) => index.find_group(declared.id, head.id),
            Target::Missing => index.find(&GroupName::new(declared.id, name.into())),
            Target::Ambiguous(_) => None,
        };
        let groups = matched.groups.iter().filter_map(|(it, to)| Some((number(to, &it.name)?, *it)));
        let removals = matched.removals.iter().filter_map(|(it, to)| Some((number(to, &it.name)?, *it)));
        Self {
            declared,
            groups: groups.collect(),
            removals: removals.collect(),
            roles: Roles::new(&live.roles),
        }
    }
}

/// What is known of people, who may be otherwise once the files say what they are.
#[derive(Default)]
pub(super) struct Turn {
    /// Those without an account.
    pub(super) newcomers: BTreeSet<UserId>,
    /// Those who are active, and were not to be.
    pub(super) back: BTreeSet<UserId>,
    /// The edits that may be gone once the files say what people are.
    pub(super) later: BTreeSet<Key>,
}

/// One group or person on its way into the files.
pub(super) struct Drafting<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) naming: &'a Naming<'a>,
    pub(super) company: &'a Company<'a>,
    pub(super) change: plan::Change<'a>,
    pub(super) turn: &'a Turn,
}

impl Drafting<'_> {
    /// Whether the files are to say something else because of an edit, as far as that is known by now.
    pub(super) fn asks(&self, edit: &Edit) -> bool {
        self.request.extent.asks(edit) && !self.turn.later.contains(&edit.key)
    }

    /// Why an edit is left to an apply, whatever the files could say.
    pub(super) fn stays(&self, edit: &Edit) -> Option<Why> {
        let user = edit.member().map(|it| self.request.plan.index.user(it)).or(self.change.user());
        if user.is_some_and(|it| self.turn.newcomers.contains(&it)) {
            return Some(Why::Unsayable("there is no account yet".into()));
        }
        match self.change.note(edit).why {
            access::Why::Ended(from) => Some(Why::Ended(from)),
            access::Why::NotYet(from) => Some(Why::NotYet(from)),
            // Who came back by hand, and is so in the files, is somebody like others.
            access::Why::Left(_) if user.is_some_and(|it| self.turn.back.contains(&it)) => None,
            access::Why::LockedOut(from) => Some(Why::LockedOut(from)),
            access::Why::Left(from) => Some(Why::Leaves(from)),
            // To adopt it is to delete the exception.
            access::Why::NotDeclared | access::Why::Unmeant(_) | access::Why::Excepted(_) => None,
        }
    }

    pub(super) fn is_additions(&self) -> bool {
        matches!(self.request.extent, Extent::Additions(_))
    }

    pub(super) fn is_privileged(&self, role: RoleId) -> bool {
        let rules = self.request.rules;
        let all = std::iter::once(rules).chain(rules.floors.iter().map(|it| &it.rules));
        all.into_iter().any(|it| it.is_privileged(self.company.declared.id, role))
    }
}
