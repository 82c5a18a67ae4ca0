//! All objects in memory, with the indexes that keep every request cheap.
//!
//! The store keeps its indexes true and knows no rule of the API: who may do what, and what is refused, is
//! decided by the operations.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use uuid::Uuid;

use super::{
    clock::Moment,
    model::{Company, Group, Member, Role, Stamps, User, derived_id},
};
use crate::model::ids::{CompanyId, GroupId, RoleId, UserId};

/// The objects alone, in order: what the state file holds and a seed becomes.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Objects {
    /// Groups, roles and users ever created through the API; makes the ids of new ones differ.
    pub(super) created: u64,
    pub(super) companies: Vec<Company>,
    pub(super) roles: Vec<Role>,
    pub(super) users: Vec<User>,
    pub(super) groups: Vec<Group>,
}

#[derive(Clone, Default)]
pub(super) struct Store {
    created: u64,
    /// How many were created before this process began.
    inherited: u64,
    /// How often something of a name was created since: ids must not depend on what was created in between, or
    /// the same requests would not be the same in every run.
    named: HashMap<(CompanyId, Box<str>), u64>,
    /// Grows with every change: what the state file is compared with.
    generation: u64,
    companies: Vec<Company>,
    company_at: HashMap<CompanyId, usize>,
    roles: Vec<Role>,
    role_at: HashMap<RoleId, usize>,
    users: Vec<User>,
    user_at: HashMap<UserId, usize>,
    users_by_email: HashMap<String, Vec<usize>>,
    users_by_external_id: HashMap<Box<str>, Vec<usize>>,
    users_of_company: HashMap<CompanyId, Rosters>,
    groups: HashMap<GroupId, Group>,
    /// Every group in order of creation, deleted ones left out.
    groups_of_company: HashMap<CompanyId, Vec<GroupId>>,
    groups_of_user: HashMap<UserId, Vec<GroupId>>,
}

/// The users of one company, in two orders.
#[derive(Clone, Default)]
struct Rosters {
    by_arrival: Vec<usize>,
    by_name: Vec<usize>,
}

impl Store {
    /// A store of `objects`; where ids repeat, the last one is found (seeds are checked before).
    pub(super) fn new(objects: Objects) -> Self {
        let Objects { created, companies, roles, users, groups } = objects;
        let mut store = Self { created, inherited: created, companies, ..Self::default() };
        store.company_at = store.companies.iter().enumerate().map(|(at, company)| (company.id, at)).collect();
        roles.into_iter().for_each(|role| store.add_role(role));
        users.into_iter().for_each(|user| store.push_user(user));
        groups.into_iter().for_each(|group| store.add_group(group));
        let users = &store.users;
        for rosters in store.users_of_company.values_mut() {
            rosters.by_name.clone_from(&rosters.by_arrival);
            rosters.by_name.sort_by(|a, b| users[*a].name.cmp(&users[*b].name));
        }
        store
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn created(&self) -> u64 {
        self.created
    }

    pub(super) fn companies(&self) -> &[Company] {
        &self.companies
    }

    pub(super) fn roles(&self) -> &[Role] {
        &self.roles
    }

    pub(super) fn users(&self) -> &[User] {
        &self.users
    }

    /// All groups, company by company.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Group> {
        self.companies.iter().flat_map(|company| self.groups_of(company.id))
    }

    pub(super) fn company(&self, id: CompanyId) -> Option<&Company> {
        self.company_at.get(&id).map(|at| &self.companies[*at])
    }

    pub(super) fn role(&self, id: RoleId) -> Option<&Role> {
        self.role_at.get(&id).map(|at| &self.roles[*at])
    }

    pub(super) fn user(&self, id: UserId) -> Option<&User> {
        self.user_at.get(&id).map(|at| &self.users[*at])
    }

    /// The place of a user in the order of the seed and of creation.
    pub(super) fn arrival(&self, id: UserId) -> Option<usize> {
        self.user_at.get(&id).copied()
    }

    pub(super) fn group(&self, id: GroupId) -> Option<&Group> {
        self.groups.get(&id)
    }

    /// In order of creation.
    pub(super) fn groups_of(&self, company: CompanyId) -> impl Iterator<Item = &Group> {
        self.groups_of_company.get(&company).into_iter().flatten().filter_map(|id| self.groups.get(id))
    }

    /// In the order of joining.
    pub(super) fn groups_of_user(&self, user: UserId) -> impl Iterator<Item = &Group> {
        self.groups_of_user.get(&user).into_iter().flatten().filter_map(|id| self.groups.get(id))
    }

    /// In the order of the seed and of creation.
    pub(super) fn users_of(&self, company: CompanyId) -> impl DoubleEndedIterator<Item = &User> {
        self.users_of_company.get(&company).into_iter().flat_map(|r| &r.by_arrival).map(|at| &self.users[*at])
    }

    pub(super) fn users_of_by_name(&self, company: CompanyId) -> impl DoubleEndedIterator<Item = &User> {
        self.users_of_company.get(&company).into_iter().flat_map(|r| &r.by_name).map(|at| &self.users[*at])
    }

    /// `folded` is the address in lower case.
    pub(super) fn users_with_email(&self, folded: &str) -> impl Iterator<Item = &User> {
        self.users_by_email.get(folded).into_iter().flatten().map(|at| &self.users[*at])
    }

    pub(super) fn users_with_external_id(&self, id: &str) -> impl Iterator<Item = &User> {
        self.users_by_external_id.get(id).into_iter().flatten().map(|at| &self.users[*at])
    }

    /// The id of something new of this name, of which one of the methods below makes an object.
    pub(super) fn new_id(&mut self, kind: &str, company: CompanyId, name: &str) -> Uuid {
        self.generation += 1;
        self.created += 1;
        let nth = self.named.entry((company, name.into())).or_default();
        *nth += 1;
        derived_id(kind, &[&company.to_string(), name, &self.inherited.to_string(), &nth.to_string()])
    }

    pub(super) fn add_group(&mut self, group: Group) {
        self.groups_of_company.entry(group.company).or_default().push(group.id);
        for member in &group.members {
            self.groups_of_user.entry(member.user).or_default().push(group.id);
        }
        self.groups.insert(group.id, group);
    }

    /// Changes a group, but nothing that it is found by: `change` touches no id, company or member.
    pub(super) fn change_group(&mut self, id: GroupId, stamps: Stamps, change: impl FnOnce(&mut Group)) {
        if let Some(group) = self.groups.get_mut(&id) {
            self.generation += 1;
            change(group);
            group.stamps.touch(stamps);
        }
    }

    pub(super) fn delete_group(&mut self, id: GroupId) {
        if let Some(group) = self.groups.remove(&id) {
            self.generation += 1;
            if let Some(siblings) = self.groups_of_company.get_mut(&group.company) {
                siblings.retain(|sibling| *sibling != id);
            }
            for member in &group.members {
                leave(&mut self.groups_of_user, member.user, id);
            }
        }
    }

    /// Takes `removed` out of the group, then puts `added` in; who is there already keeps the place.
    pub(super) fn change_members(&mut self, id: GroupId, removed: &[UserId], added: &[UserId], at: Moment) {
        let Some(group) = self.groups.get_mut(&id) else { return };
        self.generation += 1;
        if !removed.is_empty() {
            let removed: HashSet<UserId> = removed.iter().copied().collect();
            group.members.retain(|member| {
                let stays = !removed.contains(&member.user);
                if !stays {
                    leave(&mut self.groups_of_user, member.user, id);
                }
                stays
            });
        }
        let mut present: HashSet<UserId> = group.members.iter().map(|member| member.user).collect();
        for user in added {
            if present.insert(*user) {
                group.members.push(Member { user: *user, added_at: at });
                self.groups_of_user.entry(*user).or_default().push(id);
            }
        }
    }

    pub(super) fn add_role(&mut self, role: Role) {
        self.role_at.insert(role.id, self.roles.len());
        self.roles.push(role);
    }

    /// Changes a role, but not its id or company.
    pub(super) fn change_role(&mut self, id: RoleId, stamps: Stamps, change: impl FnOnce(&mut Role)) {
        let Some(role) = self.role_at.get(&id).and_then(|at| self.roles.get_mut(*at)) else { return };
        self.generation += 1;
        change(role);
        role.stamps.touch(stamps);
    }

    pub(super) fn delete_role(&mut self, id: RoleId) {
        self.generation += 1;
        self.roles.retain(|role| role.id != id);
        self.role_at = self.roles.iter().enumerate().map(|(at, role)| (role.id, at)).collect();
    }

    pub(super) fn add_user(&mut self, user: User) {
        let users = &self.users;
        let by_name = &mut self.users_of_company.entry(user.company).or_default().by_name;
        by_name.insert(by_name.partition_point(|at| users[*at].name <= user.name), users.len());
        self.push_user(user);
    }

    /// Adds a user everywhere but to the order by name.
    fn push_user(&mut self, user: User) {
        let at = self.users.len();
        self.user_at.insert(user.id, at);
        self.users_by_email.entry(user.email.to_lowercase()).or_default().push(at);
        if let Some(id) = &user.external_id {
            self.users_by_external_id.entry(id.clone()).or_default().push(at);
        }
        self.users_of_company.entry(user.company).or_default().by_arrival.push(at);
        self.users.push(user);
    }

    /// Changes a user; `change` touches neither id nor company.
    pub(super) fn change_user(&mut self, id: UserId, stamps: Stamps, change: impl FnOnce(&mut User)) {
        let Some(at) = self.user_at.get(&id).copied() else { return };
        let user = &mut self.users[at];
        self.generation += 1;
        let before = (user.email.to_lowercase(), user.external_id.clone(), user.name.clone());
        change(user);
        user.stamps.touch(stamps);
        let after = (user.email.to_lowercase(), user.external_id.clone(), user.name.clone());
        let company = user.company;
        if before.0 != after.0 {
            if let Some(same) = self.users_by_email.get_mut(&before.0) {
                same.retain(|it| *it != at);
            }
            self.users_by_email.entry(after.0).or_default().push(at);
        }
        if before.1 != after.1 {
            if let Some(same) = before.1.and_then(|it| self.users_by_external_id.get_mut(&it)) {
                same.retain(|it| *it != at);
            }
            if let Some(id) = after.1 {
                self.users_by_external_id.entry(id).or_default().push(at);
            }
        }
        if before.2 != after.2 {
            let users = &self.users;
            let by_name = &mut self.users_of_company.entry(company).or_default().by_name;
            by_name.retain(|it| *it != at);
            by_name.insert(by_name.partition_point(|it| users[*it].name <= after.2), at);
        }
    }

    /// Forgets a user, wherever it stands.
    pub(super) fn erase_user(&mut self, id: UserId) {
        for group in self.groups_of_user.get(&id).cloned().unwrap_or_default() {
            if let Some(group) = self.groups.get_mut(&group) {
                group.members.retain(|it| it.user != id);
            }
        }
        let groups = self.groups().cloned().collect();
        let objects = Objects {
            created: self.created,
            companies: std::mem::take(&mut self.companies),
            roles: std::mem::take(&mut self.roles),
            users: std::mem::take(&mut self.users).into_iter().filter(|it| it.id != id).collect(),
            groups,
        };
        // Everything has another place now.
        let (inherited, named, generation) =
            (self.inherited, std::mem::take(&mut self.named), self.generation + 1);
        *self = Self { inherited, named, generation, ..Self::new(objects) };
    }
}

fn leave(groups_of_user: &mut HashMap<UserId, Vec<GroupId>>, user: UserId, group: GroupId) {
    if let Some(groups) = groups_of_user.get_mut(&user) {
        groups.retain(|other| *other != group);
    }
}
