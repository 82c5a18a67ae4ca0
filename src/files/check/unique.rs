//! What may be said only once: a member, a grant, a direct role, a person, a group.

use std::collections::HashMap;

use super::{
    super::declared::{DeclaredCompany, DeclaredDirectRole, DeclaredGrant, DeclaredMember},
    Check,
};
use crate::model::{
    finding::{Code, Finding},
    ids::PersonRef,
    lookalike::{Lookalikes, difference, is_plain},
    source::Place,
};

const JOIN: &str = "join the two entries: lists are exact, so each would undo the other";

impl Check {
    pub(super) fn no_member_twice(&mut self, members: &[DeclaredMember]) {
        self.once(
            members,
            "first listed here",
            |it| (&it.person, it.from),
            |it, at| Finding::new(Code::DuplicateMember, at, format!("{} is listed twice", it.person)),
        );
    }

    pub(super) fn no_grant_twice(&mut self, grants: &[DeclaredGrant]) {
        self.once(
            grants,
            "first listed here",
            |it| ((&it.role, &it.scope), it.from),
            |_, at| Finding::new(Code::DuplicateGrant, at, "the same role on the same scope is listed twice"),
        );
    }

    /// Two lists of travellers are one role.
    pub(super) fn no_direct_role_twice(&mut self, roles: &[DeclaredDirectRole]) {
        self.once(
            roles,
            "first listed here",
            |it| (it.what.kind(), it.from),
            |_, at| {
                Finding::new(Code::DuplicateDirectRole, at, "the same direct role is listed twice")
                    .help("keep one of them; travellers of one arranger are one list")
            },
        );
    }

    /// A person may have two keys: that is found when people are bound.
    pub(super) fn one_entry_per_user(&mut self, company: &DeclaredCompany) {
        self.once(
            &company.users,
            "first declared here",
            |it| (&it.person, it.from),
            |it, at| declared_again(&it.person, at),
        );
    }

    /// A group may be spoken of once: under its name, its id or its former name. Groups are sorted by name.
    pub(super) fn one_entry_per_group(&mut self, company: &DeclaredCompany) {
        let twice = |at, message: String| Finding::new(Code::DuplicateGroup, at, message);
        self.once(
            &company.groups,
            "first declared here",
            |it| (&it.name, it.from),
            |it, at| twice(at, format!("group `{}` is declared twice", it.name)).help(JOIN),
        );
        self.once(
            &company.removals,
            "first removed here",
            |it| ((&it.name, it.id), it.from),
            |it, at| twice(at, format!("group `{}` is removed twice", it.name)),
        );
        self.told_apart(company.groups.iter().map(|it| (&*it.name, it.from)));
        let by_name = |name: &str| {
            company.groups.binary_search_by(|it| (*it.name).cmp(name)).ok().map(|at| &company.groups[at])
        };
        let mut pins = HashMap::new();
        for group in &company.groups {
            if let Some((former, at)) = &group.renamed_from
                && let Some(other) = by_name(former)
            {
                self.say(
                    twice(*at, format!("`{former}` is declared as a group of its own"))
                        .related(other.from, "declared here")
                        .help("drop `renamedFrom` once the rename is applied"),
                );
            }
            let first = group.id.map(|id| *pins.entry(id).or_insert(group));
            if let Some(first) = first.filter(|it| it.from != group.from) {
                self.say(
                    twice(group.from, "two entries are pinned to one id".to_owned())
                        .related(first.from, "first pinned here"),
                );
            }
        }
        for removal in &company.removals {
            let declared = by_name(&removal.name).filter(|it| it.id.is_none() || it.id == removal.id);
            let pinned = removal.id.and_then(|id| pins.get(&id).copied());
            if let Some(group) = declared.or(pinned) {
                let message = format!("group `{}` is to be removed and declared at once", removal.name);
                self.say(
                    Finding::new(Code::RemovedAndDeclared, removal.from, message)
                        .related(group.from, "declared here")
                        .help("delete one of the two entries"),
                );
            }
        }
    }

    /// Names of one kind in one place can be told apart by reading; which of two is meant would be a guess.
    ///
    /// Where both are spelt with ASCII alone it takes a close look, as with 0 and O: that is only a remark of a plan.
    pub(super) fn told_apart<'a>(&mut self, names: impl IntoIterator<Item = (&'a str, Place)> + Clone) {
        if names.clone().into_iter().all(|it| it.0.is_ascii()) {
            return;
        }
        for ((name, at), (first, there)) in Lookalikes::new(names).pairs() {
            if !is_plain(name, first) && at != there {
                let message = format!("`{name}` looks like `{first}`: {}", difference(name, first));
                self.say(
                    Finding::new(Code::ConfusableName, at, message)
                        .related(there, "the other name")
                        .help("write one of them otherwise, or both the same"),
                );
            }
        }
    }

    /// Nobody among the people of a company passes for somebody else.
    pub(super) fn people_told_apart(&mut self, company: &DeclaredCompany) {
        let members =
            company.groups.iter().flat_map(|it| it.members.entries.iter().chain(&it.computed.except));
        let members = members.map(|it| (&it.person, it.from));
        let people = members.chain(company.users.iter().map(|it| (&it.person, it.from)));
        let keys = people.filter_map(|(it, at)| Some((it.key()?, at)));
        if keys.clone().any(|it| !it.0.is_ascii()) {
            let mut keys: Vec<(&str, Place)> = keys.collect();
            keys.sort_by_key(|it| it.1);
            self.told_apart(keys);
        }
    }

    /// Says of each item with the key of an earlier one where the first of them is.
    fn once<'a, T, K: Ord>(
        &mut self,
        items: &'a [T],
        label: &str,
        key: impl Fn(&'a T) -> (K, Place),
        finding: impl Fn(&'a T, Place) -> Finding,
    ) {
        let mut keyed: Vec<((K, Place), &T)> = items.iter().map(|it| (key(it), it)).collect();
        keyed.sort_by(|a, b| a.0.cmp(&b.0));
        for same in keyed.chunk_by(|a, b| a.0.0 == b.0.0) {
            for ((_, at), item) in &same[1..] {
                self.say(finding(item, *at).related(same[0].0.1, label));
            }
        }
    }
}

/// Two entries under `users:` mean one person.
pub(crate) fn declared_twice(person: &PersonRef, second: Place, first: Place) -> Finding {
    declared_again(person, second).related(first, "first declared here")
}

fn declared_again(person: &PersonRef, at: Place) -> Finding {
    Finding::new(Code::DuplicateUser, at, format!("{person} is declared twice")).help(JOIN)
}
