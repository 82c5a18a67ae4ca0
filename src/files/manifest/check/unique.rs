//! What may be said only once: a member, a grant, a group.

use std::collections::HashMap;

use super::{
    super::declared::{DeclaredCompany, DeclaredDirect, DeclaredDirectRole, DeclaredGrant, DeclaredMember},
    Check,
};
use crate::model::{
    finding::{Code, Finding},
    ids::PersonRef,
    source::Place,
};

impl Check {
    pub(super) fn no_member_twice(&mut self, members: &[DeclaredMember]) {
        let mut sorted: Vec<&DeclaredMember> = members.iter().collect();
        sorted.sort_by(|a, b| (&a.person, a.from).cmp(&(&b.person, b.from)));
        for pair in sorted.windows(2).filter(|it| it[0].person == it[1].person) {
            self.say(
                Finding::new(
                    Code::DuplicateMember,
                    pair[1].from,
                    format!("{} is listed twice", pair[1].person),
                )
                .related(pair[0].from, "first listed here"),
            );
        }
    }

    pub(super) fn no_grant_twice(&mut self, grants: &[DeclaredGrant]) {
        let mut sorted: Vec<&DeclaredGrant> = grants.iter().collect();
        sorted.sort_by(|a, b| (&a.role, &a.scope, a.from).cmp(&(&b.role, &b.scope, b.from)));
        for pair in sorted.windows(2).filter(|it| (&it[0].role, &it[0].scope) == (&it[1].role, &it[1].scope))
        {
            self.say(
                Finding::new(
                    Code::DuplicateGrant,
                    pair[1].from,
                    "the same role on the same scope is listed twice",
                )
                .related(pair[0].from, "first listed here"),
            );
        }
    }

    /// A person may be spoken of once. Users are sorted by person; who has two keys is found when people are bound.
    pub(super) fn one_entry_per_user(&mut self, company: &DeclaredCompany) {
        for pair in company.users.windows(2).filter(|it| it[0].person == it[1].person) {
            self.say(declared_twice(&pair[1].person, pair[1].from, pair[0].from));
        }
    }

    /// A role may be listed once, whoever it is for: two lists of travellers are one.
    pub(super) fn no_direct_role_twice(&mut self, roles: &[DeclaredDirectRole]) {
        for (n, role) in roles.iter().enumerate() {
            let same = |it: &&DeclaredDirectRole| match (&it.what, &role.what) {
                (DeclaredDirect::Ready(a), DeclaredDirect::Ready(b)) => a.kind() == b.kind(),
                (DeclaredDirect::Arranger(_), DeclaredDirect::Arranger(_)) => true,
                (DeclaredDirect::Ready(_), DeclaredDirect::Arranger(_))
                | (DeclaredDirect::Arranger(_), DeclaredDirect::Ready(_)) => false,
            };
            if let Some(first) = roles[..n].iter().find(same) {
                self.say(
                    Finding::new(
                        Code::DuplicateDirectRole,
                        role.from,
                        "the same direct role is listed twice",
                    )
                    .related(first.from, "first listed here")
                    .help("keep one of them; travellers of one arranger are one list"),
                );
            }
        }
    }

    /// A group may be spoken of once: under its name, its id or its former name. Groups are sorted by name.
    pub(super) fn one_entry_per_group(&mut self, company: &DeclaredCompany) {
        for pair in company.groups.windows(2).filter(|it| it[0].name == it[1].name) {
            self.say(
                Finding::new(
                    Code::DuplicateGroup,
                    pair[1].from,
                    format!("group `{}` is declared twice", pair[1].name),
                )
                .related(pair[0].from, "first declared here")
                .help("join the two entries: lists are exact, so each would undo the other"),
            );
        }
        let by_name = |name: &str| {
            company.groups.binary_search_by(|it| (*it.name).cmp(name)).ok().map(|at| &company.groups[at])
        };
        let mut pins: HashMap<_, Place> = HashMap::new();
        for group in &company.groups {
            if let Some((former, at)) = &group.renamed_from
                && let Some(other) = by_name(former)
            {
                self.say(
                    Finding::new(
                        Code::DuplicateGroup,
                        *at,
                        format!("`{former}` is declared as a group of its own"),
                    )
                    .related(other.from, "declared here")
                    .help("drop `renamedFrom` once the rename is applied"),
                );
            }
            if let Some(first) = group.id.and_then(|id| pins.insert(id, group.from)) {
                self.say(
                    Finding::new(Code::DuplicateGroup, group.from, "two entries are pinned to one id")
                        .related(first, "first pinned here"),
                );
            }
        }
        for (n, removal) in company.removals.iter().enumerate() {
            let declared = by_name(&removal.name).filter(|it| it.id.is_none() || it.id == removal.id);
            let pinned = removal.id.and_then(|id| company.groups.iter().find(|it| it.id == Some(id)));
            if let Some(group) = declared.or(pinned) {
                self.say(
                    Finding::new(
                        Code::RemovedAndDeclared,
                        removal.from,
                        format!("group `{}` is to be removed and declared at once", removal.name),
                    )
                    .related(group.from, "declared here")
                    .help("delete one of the two entries"),
                );
            }
            let before = n.checked_sub(1).map(|n| &company.removals[n]);
            if let Some(first) = before.filter(|it| it.name == removal.name && it.id == removal.id) {
                self.say(
                    Finding::new(
                        Code::DuplicateGroup,
                        removal.from,
                        format!("group `{}` is removed twice", removal.name),
                    )
                    .related(first.from, "first removed here"),
                );
            }
        }
    }
}

/// Returns the finding that two entries under `users:` mean one person.
pub fn declared_twice(person: &PersonRef, second: Place, first: Place) -> Finding {
    Finding::new(Code::DuplicateUser, second, format!("{person} is declared twice"))
        .related(first, "first declared here")
        .help("join the two entries: lists are exact, so each would undo the other")
}
