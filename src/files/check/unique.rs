//! What may be said only once: a member, a grant, a direct role, a person, a group.

use std::collections::HashMap;

use super::{
    super::{
        declared::{DeclaredCompany, DeclaredDirectRole, DeclaredGrant, DeclaredMember, DeclaredUser},
        table::few,
    },
    Check,
};
use crate::model::{
    finding::{Code, Finding},
    ids::PersonRef,
    lookalike::{Lookalikes, difference, is_plain},
    source::{FileId, Place},
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

    /// Who is listed by two keys is asked once, which is settled when people are bound.
    pub(super) fn no_approver_twice(&mut self, people: &[(PersonRef, Place)], code: Code) {
        for (nth, (person, at)) in people.iter().enumerate() {
            if let Some((_, first)) = people[..nth].iter().find(|it| it.0 == *person) {
                let finding = Finding::new(code, *at, format!("{person} is listed twice as approver"));
                let finding = finding.help("list everybody once");
                self.say(if first == at { finding } else { finding.related(*first, "first listed here") });
            }
        }
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

    /// A key that an entry gives is the one that it names the person by, and nobody else's.
    pub(super) fn one_key_per_user(&mut self, company: &DeclaredCompany) {
        let mut given: HashMap<PersonRef, (&DeclaredUser, Place)> = HashMap::new();
        let mut found = Vec::new();
        for user in &company.users {
            for (attribute, key) in user.given_keys() {
                let said = user.traits.iter().find(|it| it.attribute == attribute);
                let (at, word) = (said.map_or(user.from, |it| it.from), attribute.word());
                let is_same_kind = std::mem::discriminant(&key) == std::mem::discriminant(&user.person);
                if is_same_kind && key != user.person {
                    let message = format!("{} is named by the {word} that this changes", user.person);
                    found.push(Finding::new(Code::InvalidUser, at, message).help(
                        "name the person by another key, such as the e-mail address: by this one nobody is found once it is changed",
                    ));
                }
                match given.get(&key) {
                    Some((first, there)) => found.push(
                        Finding::new(
                            Code::DuplicateUser,
                            at,
                            format!(
                                "one {word} is declared of two people, {} and {}",
                                first.person, user.person
                            ),
                        )
                        .related(*there, "first declared here")
                        .help("correct one of them; where both mean one person, name the person by one key"),
                    ),
                    None => _ = given.insert(key, (user, at)),
                }
            }
        }
        let mut files: Vec<FileId> = found.iter().filter_map(|it| it.place).map(|it| it.file).collect();
        files.sort_unstable();
        files.dedup();
        for file in files {
            let (own, others) =
                found.into_iter().partition(|it: &Finding| it.place.is_some_and(|it| it.file == file));
            self.findings.extend(few(own, file));
            found = others;
        }
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

/// Two entries under `users:`, or rows of CSV files, mean one person.
pub(crate) fn declared_twice((first, second): (&DeclaredUser, &DeclaredUser)) -> Finding {
    let finding = declared_again(&second.person, second.from).related(first.from, "first declared here");
    // Only an entry under `users:` can be named otherwise, and only entries have lists.
    match (first.is_row, second.is_row) {
        (false, false) => finding,
        (true, true) => finding.help(format!(
            "{} and {} are one person: take one of the rows out of its file, or have both name the person by one key",
            first.person, second.person
        )),
        (is_first, _) => {
            let (row, entry) = if is_first { (first, second) } else { (second, first) };
            finding.help(format!(
                "a row and an entry are joined by the same key: name the person under `users:` by `{}`, and not by `{}`",
                keyed(&row.person),
                keyed(&entry.person)
            ))
        }
    }
}

/// A person with the word for the key.
fn keyed(person: &PersonRef) -> String {
    match person {
        PersonRef::Email(it) => it.to_string(),
        PersonRef::ExternalId(it) => format!("{{ externalId: {it} }}"),
        PersonRef::EmployeeId(it) => format!("{{ employeeId: {it} }}"),
        PersonRef::UserId(it) => format!("{{ userId: {it} }}"),
    }
}

fn declared_again(person: &PersonRef, at: Place) -> Finding {
    Finding::new(Code::DuplicateUser, at, format!("{person} is declared twice")).help(JOIN)
}
