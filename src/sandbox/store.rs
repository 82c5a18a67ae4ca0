//! All objects in memory, with the indexes that keep every request cheap.
//!
//! The store keeps its indexes true and knows no rule of the API: who may do
//! what, and what is refused, is decided by the routes.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    clock::Moment,
    model::{
        Company, Grant, Group, Member, PermissionWithActions, Reference, Role, Stamps, User, derived_id,
    },
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

/// Name, description and permissions of a role.
pub(super) type RoleContent = (Box<str>, Box<str>, Vec<PermissionWithActions>);

/// A user to be made; active, as all are at first.
pub(super) struct NewUser {
    pub(super) email: Box<str>,
    pub(super) name: Box<str>,
    pub(super) company: CompanyId,
    pub(super) external_id: Option<Box<str>>,
    pub(super) employee_id: Option<Box<str>>,
    pub(super) persona: Box<str>,
    pub(super) legal_entity: Reference,
    pub(super) legacy_roles: Vec<Value>,
    pub(super) business: Map<String, Value>,
}

/// The objects and their indexes.
#[derive(Default)]
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

/// The users of one company, in two orders. Nothing renames a user, so that nothing moves in the second.
#[derive(Default)]
struct Rosters {
    by_arrival: Vec<usize>,
    by_name: Vec<usize>,
}

impl Store {
    /// Returns a store of `objects`; where ids repeat, the last one is found (seeds are checked before).
    pub(super) fn new(objects: Objects) -> Self {
        let Objects { created, companies, roles, users, groups } = objects;
        let mut store = Self { created, inherited: created, companies, roles, users, ..Self::default() };
        store.company_at = store.companies.iter().enumerate().map(|(at, company)| (company.id, at)).collect();
        store.role_at = store.roles.iter().enumerate().map(|(at, role)| (role.id, at)).collect();
        for (at, user) in store.users.iter().enumerate() {
            store.user_at.insert(user.id, at);
            store.users_by_email.entry(user.email.to_lowercase()).or_default().push(at);
            if let Some(id) = &user.external_id {
                store.users_by_external_id.entry(id.clone()).or_default().push(at);
            }
            store.users_of_company.entry(user.company).or_default().by_arrival.push(at);
        }
        let users = &store.users;
        for rosters in store.users_of_company.values_mut() {
            rosters.by_name.clone_from(&rosters.by_arrival);
            rosters.by_name.sort_by(|a, b| users[*a].name.cmp(&users[*b].name));
        }
        for group in groups {
            store.groups_of_company.entry(group.company).or_default().push(group.id);
            for member in &group.members {
                store.groups_of_user.entry(member.user).or_default().push(group.id);
            }
            store.groups.insert(group.id, group);
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

    /// Returns all groups, company by company.
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

    /// Returns the place of a user in the order of the seed.
    pub(super) fn arrival(&self, id: UserId) -> Option<usize> {
        self.user_at.get(&id).copied()
    }

    pub(super) fn group(&self, id: GroupId) -> Option<&Group> {
        self.groups.get(&id)
    }

    /// Returns the groups of `company` in order of creation.
    pub(super) fn groups_of(&self, company: CompanyId) -> impl Iterator<Item = &Group> {
        self.groups_of_company.get(&company).into_iter().flatten().filter_map(|id| self.groups.get(id))
    }

    /// Returns the groups that `user` is in, in the order of joining.
    pub(super) fn groups_of_user(&self, user: UserId) -> impl Iterator<Item = &Group> {
        self.groups_of_user.get(&user).into_iter().flatten().filter_map(|id| self.groups.get(id))
    }

    /// Returns the users of `company` in the order of the seed.
    pub(super) fn users_of(&self, company: CompanyId) -> impl DoubleEndedIterator<Item = &User> {
        self.users_of_company.get(&company).into_iter().flat_map(|r| &r.by_arrival).map(|at| &self.users[*at])
    }

    /// Returns the users of `company` by name.
    pub(super) fn users_of_by_name(&self, company: CompanyId) -> impl DoubleEndedIterator<Item = &User> {
        self.users_of_company.get(&company).into_iter().flat_map(|r| &r.by_name).map(|at| &self.users[*at])
    }

    /// Returns who has the address; `folded` is in lower case.
    pub(super) fn users_with_email(&self, folded: &str) -> impl Iterator<Item = &User> {
        self.users_by_email.get(folded).into_iter().flatten().map(|at| &self.users[*at])
    }

    pub(super) fn users_with_external_id(&self, id: &str) -> impl Iterator<Item = &User> {
        self.users_by_external_id.get(id).into_iter().flatten().map(|at| &self.users[*at])
    }

    pub(super) fn create_group(
        &mut self,
        company: CompanyId,
        name: Box<str>,
        description: Box<str>,
        at: Moment,
        by: &Reference,
    ) -> GroupId {
        let id = GroupId(self.new_id("group", company, &name));
        let group = Group {
            id,
            name,
            description,
            company,
            unmodifiable: false,
            stamps: Stamps::new(at, by),
            grants: Vec::new(),
            members: Vec::new(),
        };
        self.groups.insert(id, group);
        self.groups_of_company.entry(company).or_default().push(id);
        id
    }

    pub(super) fn rename_group(
        &mut self,
        id: GroupId,
        name: Box<str>,
        description: Box<str>,
        at: Moment,
        by: &Reference,
    ) {
        if let Some(group) = self.groups.get_mut(&id) {
            self.generation += 1;
            group.name = name;
            group.description = description;
            group.stamps.touch(at, by);
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

    /// Gives the group these grants and no others.
    pub(super) fn set_grants(&mut self, id: GroupId, grants: Vec<Grant>, at: Moment, by: &Reference) {
        if let Some(group) = self.groups.get_mut(&id) {
            self.generation += 1;
            group.grants = grants;
            group.stamps.touch(at, by);
        }
    }

    /// Returns an id for something new of this name.
    fn new_id(&mut self, kind: &str, company: CompanyId, name: &str) -> Uuid {
        self.generation += 1;
        self.created += 1;
        let nth = self.named.entry((company, name.into())).or_default();
        *nth += 1;
        derived_id(kind, &[&company.to_string(), name, &self.inherited.to_string(), &nth.to_string()])
    }

    pub(super) fn create_role(
        &mut self,
        company: CompanyId,
        (name, description, permissions): RoleContent,
        at: Moment,
        by: &Reference,
    ) -> RoleId {
        let id = RoleId(self.new_id("role", company, &name));
        self.role_at.insert(id, self.roles.len());
        let (company, stamps) = (Some(company), Stamps::new(at, by));
        self.roles.push(Role { id, name, description, company, permissions, stamps });
        id
    }

    pub(super) fn change_role(&mut self, id: RoleId, content: RoleContent, at: Moment, by: &Reference) {
        let Some(role) = self.role_at.get(&id).and_then(|at| self.roles.get_mut(*at)) else { return };
        self.generation += 1;
        (role.name, role.description, role.permissions) = content;
        role.stamps.touch(at, by);
    }

    pub(super) fn delete_role(&mut self, id: RoleId) {
        self.generation += 1;
        self.roles.retain(|role| role.id != id);
        self.role_at = self.roles.iter().enumerate().map(|(at, role)| (role.id, at)).collect();
    }

    pub(super) fn create_user(&mut self, new: NewUser, at: Moment, by: &Reference) -> UserId {
        let id = UserId(self.new_id("user", new.company, &new.email));
        let at_end = self.users.len();
        self.user_at.insert(id, at_end);
        self.users_by_email.entry(new.email.to_lowercase()).or_default().push(at_end);
        if let Some(id) = &new.external_id {
            self.users_by_external_id.entry(id.clone()).or_default().push(at_end);
        }
        let rosters = self.users_of_company.entry(new.company).or_default();
        rosters.by_arrival.push(at_end);
        let users = &self.users;
        let place = rosters.by_name.partition_point(|at| users[*at].name <= new.name);
        rosters.by_name.insert(place, at_end);
        self.users.push(User {
            id,
            email: new.email,
            name: new.name,
            company: new.company,
            external_id: new.external_id,
            employee_id: new.employee_id,
            active: true,
            persona: new.persona,
            legal_entity: new.legal_entity,
            legacy_roles: new.legacy_roles,
            business: new.business,
            stamps: Stamps::new(at, by),
        });
        id
    }

    /// Changes a user by hand; of what users are found by, `change` may touch the e-mail alone.
    pub(super) fn change_user(
        &mut self,
        id: UserId,
        at: Moment,
        by: &Reference,
        change: impl FnOnce(&mut User),
    ) -> bool {
        let Some(place) = self.user_at.get(&id).copied() else { return false };
        let user = &mut self.users[place];
        self.generation += 1;
        let before = user.email.to_lowercase();
        change(user);
        user.stamps.touch(at, by);
        let after = user.email.to_lowercase();
        if before != after {
            if let Some(same) = self.users_by_email.get_mut(&before) {
                same.retain(|it| *it != place);
            }
            self.users_by_email.entry(after).or_default().push(place);
        }
        true
    }
}

fn leave(groups_of_user: &mut HashMap<UserId, Vec<GroupId>>, user: UserId, group: GroupId) {
    if let Some(groups) = groups_of_user.get_mut(&user) {
        groups.retain(|other| *other != group);
    }
}
