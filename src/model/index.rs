//! Everything that one run speaks of, numbered once: groups, users, and people whose direct roles were read.
//!
//! The numbers are in the order in which plans show things, so that sorting by number is sorting for people, and a
//! membership costs eight bytes. Knows no facts about what it numbers.

use std::collections::HashMap;

use crate::model::ids::{CompanyId, GroupId, UserId};

/// The number of a group: by company, then name, then id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupIx(u32);

/// The number of a user: by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserIx(u32);

/// The number of a person of a company: by company, then id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonIx(u32);

/// A group by what it is recognised by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupName {
    /// The owner.
    pub company: CompanyId,
    /// The name it has, or will have if it is created.
    pub name: Box<str>,
    /// `None` for a group that does not exist yet.
    pub id: Option<GroupId>,
    /// Which of several groups of one name that do not exist yet; otherwise 0.
    pub twin: usize,
}

impl GroupName {
    /// A group that exists.
    pub fn existing(company: CompanyId, name: Box<str>, id: GroupId) -> Self {
        Self { company, name, id: Some(id), twin: 0 }
    }

    /// A group that does not exist yet.
    pub fn new(company: CompanyId, name: Box<str>) -> Self {
        Self { company, name, id: None, twin: 0 }
    }
}

/// The tables behind the numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    groups: Vec<GroupName>,
    /// Sorted; groups that exist.
    by_id: Vec<(CompanyId, GroupId, GroupIx)>,
    users: Vec<UserId>,
    people: Vec<(CompanyId, UserId)>,
}

/// The numbers of one index in another; what the other does not know has none.
#[derive(Clone, Debug)]
pub struct Renumbering {
    groups: Vec<Option<GroupIx>>,
    users: Vec<Option<UserIx>>,
    people: Vec<Option<PersonIx>>,
}

/// Numbers are 32 bits wide: no company has four billion of anything.
fn number(n: usize) -> u32 {
    u32::try_from(n).expect("fewer things than 32 bits can number")
}

impl Index {
    /// Numbers what is given, in any order and perhaps more than once.
    pub fn new(
        mut groups: Vec<GroupName>,
        mut users: Vec<UserId>,
        mut people: Vec<(CompanyId, UserId)>,
    ) -> Self {
        groups.sort_unstable();
        groups.dedup();
        users.extend(people.iter().map(|it| it.1));
        users.sort_unstable();
        users.dedup();
        users.shrink_to_fit();
        people.sort_unstable();
        people.dedup();
        let existing = (0..).zip(&groups).filter_map(|(n, it)| Some((it.company, it.id?, GroupIx(n))));
        let mut by_id: Vec<_> = existing.collect();
        by_id.sort_unstable();
        Self { groups, by_id, users, people }
    }

    /// The group of a number of this index.
    pub fn group(&self, group: GroupIx) -> &GroupName {
        &self.groups[group.0 as usize]
    }

    /// The user of a number of this index.
    pub fn user(&self, user: UserIx) -> UserId {
        self.users[user.0 as usize]
    }

    /// The person of a number of this index.
    pub fn person(&self, person: PersonIx) -> (CompanyId, UserId) {
        self.people[person.0 as usize]
    }

    /// Every group, in order.
    pub fn groups(&self) -> impl Iterator<Item = (GroupIx, &GroupName)> {
        (0..).map(GroupIx).zip(&self.groups)
    }

    /// Every person of a company, in order.
    pub fn people(&self) -> impl Iterator<Item = (PersonIx, (CompanyId, UserId))> {
        (0..).map(PersonIx).zip(self.people.iter().copied())
    }

    /// Finds a group that exists.
    pub fn find_group(&self, company: CompanyId, id: GroupId) -> Option<GroupIx> {
        let at = self.by_id.binary_search_by_key(&(company, id), |it| (it.0, it.1)).ok()?;
        Some(self.by_id[at].2)
    }

    /// Finds a group by all that it is recognised by.
    pub fn find(&self, group: &GroupName) -> Option<GroupIx> {
        match group.id {
            Some(id) => self.find_group(group.company, id),
            None => self.groups.binary_search(group).ok().map(|at| GroupIx(number(at))),
        }
    }

    /// Finds a user.
    pub fn find_user(&self, user: UserId) -> Option<UserIx> {
        self.users.binary_search(&user).ok().map(|at| UserIx(number(at)))
    }

    /// Finds a person of a company.
    pub fn find_person(&self, company: CompanyId, user: UserId) -> Option<PersonIx> {
        self.people.binary_search(&(company, user)).ok().map(|at| PersonIx(number(at)))
    }

    /// Numbers everything that either knows; a group that exists is called what `self` calls it.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let strange = |it: &&GroupName| it.id.is_none_or(|id| self.find_group(it.company, id).is_none());
        let groups = self.groups.iter().chain(other.groups.iter().filter(strange)).cloned().collect();
        let users = self.users.iter().chain(&other.users).copied().collect();
        let people = self.people.iter().chain(&other.people).copied().collect();
        Self::new(groups, users, people)
    }

    /// Numbers the same things, with some groups under other names or ids.
    #[must_use]
    pub fn with_groups(&self, rename: impl FnMut((GroupIx, &GroupName)) -> GroupName) -> (Self, Renumbering) {
        let mut renamed: Vec<GroupName> = self.groups().map(rename).collect();
        // Of several that are to be created under one name each is one of its own.
        let mut named: HashMap<(CompanyId, Box<str>), usize> = HashMap::new();
        for group in renamed.iter_mut().filter(|it| it.id.is_none()) {
            let known = named.entry((group.company, group.name.clone())).or_default();
            group.twin = *known;
            *known += 1;
        }
        let index = Self::new(renamed.clone(), self.users.clone(), self.people.clone());
        let groups = renamed.iter().map(|it| index.find(it)).collect();
        let renumbering = Renumbering { groups, ..self.within(&index) };
        (index, renumbering)
    }

    /// Numbers the same things, with other ids for some users.
    #[must_use]
    pub fn with_users(&self, rename: impl Fn(UserId) -> UserId) -> (Self, Renumbering) {
        let users: Vec<UserId> = self.users.iter().map(|it| rename(*it)).collect();
        let people: Vec<(CompanyId, UserId)> = self.people.iter().map(|it| (it.0, rename(it.1))).collect();
        let index = Self::new(self.groups.clone(), users.clone(), people.clone());
        let renumbering = Renumbering {
            users: users.into_iter().map(|it| index.find_user(it)).collect(),
            people: people.into_iter().map(|it| index.find_person(it.0, it.1)).collect(),
            ..self.within(&index)
        };
        (index, renumbering)
    }

    /// Where each number of this index is in another.
    pub fn within(&self, other: &Self) -> Renumbering {
        Renumbering {
            groups: self.groups.iter().map(|it| other.find(it)).collect(),
            users: self.users.iter().map(|it| other.find_user(*it)).collect(),
            people: self.people.iter().map(|it| other.find_person(it.0, it.1)).collect(),
        }
    }
}

impl Renumbering {
    /// The new number of a group.
    pub fn group(&self, group: GroupIx) -> Option<GroupIx> {
        self.groups[group.0 as usize]
    }

    /// The new number of a user.
    pub fn user(&self, user: UserIx) -> Option<UserIx> {
        self.users[user.0 as usize]
    }

    /// The new number of a person.
    pub fn person(&self, person: PersonIx) -> Option<PersonIx> {
        self.people[person.0 as usize]
    }
}
