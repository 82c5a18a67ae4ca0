//! A snapshot, ready to be asked: the answers that the API gave, found by what is asked for.

use std::{
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};

use super::{Company, Directory, Group, NotASnapshot, NotRecorded, Person, Reach, Salt, Snapshot, named};
use crate::model::{
    access::Members,
    direct::DirectRoles,
    ids::{CompanyId, GroupId, PersonRef, UserId},
    name,
    observed::{GroupHead, GroupRole, RoleHead, User},
    selector::{Selector, Traits},
    stamp::Stamps,
    units::Units,
};

/// What a snapshot answers. Pure: the same question is always answered the same.
#[derive(Debug)]
pub struct Answers {
    snapshot: Snapshot,
    salt: Option<Salt>,
    /// Position in the directory, by the key of the file; sorted.
    users: Vec<(CompanyId, PersonRef, usize)>,
    /// Company and position in it.
    groups: HashMap<GroupId, (CompanyId, usize)>,
    /// The groups of everybody, by their lists of members; few plans ask.
    memberships: OnceLock<HashMap<UserId, Vec<GroupId>>>,
}

impl Answers {
    /// Makes a snapshot answer; `salt` is the one given, where one is.
    ///
    /// # Errors
    /// Where the snapshot is sanitized and the salt is neither in it nor given.
    pub fn new(snapshot: Snapshot, salt: Option<&Salt>) -> Result<Self, NotASnapshot> {
        let salt = match &snapshot.sanitized {
            None => None,
            Some(sanitized) => {
                let inside = sanitized.salt.as_deref().and_then(|it| it.parse().ok());
                let salt = inside.or_else(|| salt.cloned()).ok_or(NotASnapshot::NoSalt)?;
                if salt.check() != *sanitized.check {
                    return Err(NotASnapshot::OtherSalt);
                }
                Some(salt)
            }
        };
        let mut snapshot = snapshot;
        snapshot.compose();
        let mut answers =
            Self { snapshot, salt, users: Vec::new(), groups: HashMap::new(), memberships: OnceLock::new() };
        for Directory { company, users, .. } in &answers.snapshot.directories {
            for (n, user) in users.iter().enumerate() {
                answers.users.extend(keys(user).map(|key| (*company, key, n)));
            }
        }
        answers.users.sort_unstable();
        answers.users.shrink_to_fit();
        for company in &answers.snapshot.companies {
            for (n, group) in company.groups.iter().enumerate() {
                answers.groups.insert(group.id, (company.id, n));
            }
        }
        Ok(answers)
    }

    /// Returns what it is made of.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    fn company(&self, id: CompanyId) -> Result<&Company, NotRecorded> {
        let found = self.snapshot.companies.binary_search_by_key(&id, |it| it.id);
        found.map(|at| &self.snapshot.companies[at]).map_err(|_| NotRecorded::Company(id))
    }

    /// Returns a group of a company; `None` where there is no such group.
    fn group(&self, company: CompanyId, id: GroupId) -> Result<Option<&Group>, NotRecorded> {
        let company = self.company(company)?;
        let at = self.groups.get(&id).filter(|it| it.0 == company.id);
        Ok(at.map(|it| &company.groups[it.1]))
    }

    fn directory(&self, company: CompanyId) -> Result<&Directory, NotRecorded> {
        let found = self.snapshot.directories.binary_search_by_key(&company, |it| it.company);
        found.map(|at| &self.snapshot.directories[at]).map_err(|_| NotRecorded::Company(company))
    }

    /// All groups of a company; fails where the company is not recorded, as everything here.
    pub fn list_groups(&self, company: CompanyId) -> Result<Vec<GroupHead>, NotRecorded> {
        Ok(self.company(company)?.groups.iter().map(head).collect())
    }

    /// All roles that a company may assign.
    pub fn list_roles(&self, company: CompanyId) -> Result<Vec<RoleHead>, NotRecorded> {
        Ok(self.company(company)?.roles.clone())
    }

    /// Sorted; nobody where there is no such group.
    pub fn list_members(&self, company: CompanyId, group: GroupId) -> Result<Members, NotRecorded> {
        let members = |it: &Group| Members { ids: it.members.clone(), added: it.added.clone() };
        Ok(self.group(company, group)?.map(members).unwrap_or_default())
    }

    /// Once per scope, in the order of the API.
    pub fn list_group_roles(&self, company: CompanyId, group: GroupId) -> Result<&[GroupRole], NotRecorded> {
        Ok(self.group(company, group)?.map_or(&[], |it| &it.roles))
    }

    /// The users that the references find in a directory, by id, as a list of them all would; fails for people of whom
    /// the snapshot cannot tell.
    pub fn find_users(&self, company: CompanyId, people: &[PersonRef]) -> Result<Vec<User>, NotRecorded> {
        let directory = self.directory(company)?;
        let mut found: BTreeMap<UserId, User> = BTreeMap::new();
        for person in people {
            let rows = match directory.reach {
                Reach::Whole => self.listed(directory, person),
                Reach::Asked => self.query_user(company, person)?,
                Reach::Closed => Vec::new(),
            };
            for row in rows {
                match found.get_mut(&row.id) {
                    Some(known) => _ = self.salt.as_ref().map(|it| it.reveal(known, person)),
                    None => _ = found.insert(row.id, row),
                }
            }
        }
        Ok(found.into_values().collect())
    }

    /// Everybody of a company; `None` where the list was not read whole.
    pub(in crate::live) fn list_users(&self, company: CompanyId) -> Option<Vec<User>> {
        let directory = self.directory(company).ok()?;
        (directory.reach == Reach::Whole).then(|| directory.users.clone())
    }

    /// The users that one reference finds when it is asked for alone; fails where the snapshot cannot tell.
    pub(in crate::live) fn query_user(
        &self,
        company: CompanyId,
        person: &PersonRef,
    ) -> Result<Vec<User>, NotRecorded> {
        let directory = self.directory(company)?;
        let key = self.key(person);
        if let Ok(at) = directory.asked.binary_search_by(|it| it.person.cmp(&key)) {
            return Ok(directory.asked[at].users.iter().map(|it| self.shown(it, person)).collect());
        }
        let unknown = || Err(NotRecorded::Person(person.clone()));
        match (directory.reach, person) {
            (Reach::Closed, _) => Ok(Vec::new()),
            // An id is asked for in all companies at once; there may be more of them than are recorded.
            (Reach::Whole | Reach::Asked, PersonRef::UserId(_)) => {
                let others = self.snapshot.directories.iter().filter(|it| it.company != company);
                let mut all = std::iter::once(directory).chain(others);
                let found = all.find_map(|it| Some(self.listed(it, person)).filter(|it| !it.is_empty()));
                found.map_or_else(unknown, Ok)
            }
            (Reach::Whole, PersonRef::Email(_) | PersonRef::ExternalId(_) | PersonRef::EmployeeId(_)) => {
                Ok(self.listed(directory, person))
            }
            (Reach::Asked, PersonRef::Email(_) | PersonRef::ExternalId(_) | PersonRef::EmployeeId(_)) => {
                unknown()
            }
        }
    }

    /// Everybody whom a rule for members means, by id; fails where the snapshot cannot tell.
    pub(in crate::live) fn select(
        &self,
        company: CompanyId,
        rule: &Selector,
    ) -> Result<Vec<User>, NotRecorded> {
        let directory = self.directory(company)?;
        if directory.reach != Reach::Whole {
            return Err(NotRecorded::Rules(company));
        }
        let known = directory.attributes.as_ref();
        if let Some(it) = rule.attributes().find(|it| known.is_none_or(|known| !known.known.contains(it))) {
            return Err(NotRecorded::Attribute(it));
        }
        let rule = match &self.salt {
            Some(salt) => rule.each(|attribute, value| salt.value(attribute, value)),
            None => rule.clone(),
        };
        let of = known.map(|it| &it.of);
        let meant = |it: &&User| {
            let is_own = it.company.is_none_or(|it| it == company);
            is_own && of.and_then(|of| of.get(&it.id)).is_some_and(|it| rule.means(it))
        };
        Ok(directory.users.iter().filter(meant).cloned().collect())
    }

    fn listed(&self, directory: &Directory, person: &PersonRef) -> Vec<User> {
        let (company, key) = (directory.company, self.key(person));
        let from = self.users.partition_point(|it| (it.0, &it.1) < (company, &key));
        let found = self.users[from..].iter().take_while(|it| (it.0, &it.1) == (company, &key));
        found.map(|it| self.shown(&directory.users[it.2], person)).collect()
    }

    fn memberships(&self) -> &HashMap<UserId, Vec<GroupId>> {
        self.memberships.get_or_init(|| {
            let mut all: HashMap<UserId, Vec<GroupId>> = HashMap::new();
            for group in self.snapshot.companies.iter().flat_map(|it| &it.groups) {
                for member in &*group.members {
                    all.entry(*member).or_default().push(group.id);
                }
            }
            all
        })
    }

    /// As the API listed them by person, or else as their members tell.
    pub(in crate::live) fn groups_of_user(&self, user: UserId) -> Vec<(CompanyId, GroupHead)> {
        let ids = match self.person(user) {
            Some(person) => &person.groups,
            None => self.memberships().get(&user).map_or(&[][..], Vec::as_slice),
        };
        let found = ids.iter().filter_map(|it| self.groups.get(it));
        found.filter_map(|&(id, at)| Some((id, head(&self.company(id).ok()?.groups[at])))).collect()
    }

    /// `None` where the token may not know; fails for people that the files did not single out when the snapshot was
    /// taken.
    pub(crate) fn direct_roles(&self, user: UserId) -> Result<Option<DirectRoles>, NotRecorded> {
        let rows = || {
            let all = self.snapshot.directories.iter().flat_map(|it| &it.users);
            all.filter(|it| it.id == user).collect::<Vec<_>>()
        };
        let person = self.person(user).ok_or_else(|| NotRecorded::DirectRoles(named(user, &rows())))?;
        Ok(person.direct_roles.clone())
    }

    /// What departments and the like of a company are called.
    pub(in crate::live) fn units(&self, company: CompanyId) -> Units {
        self.directory(company).map(|it| it.units.clone()).unwrap_or_default()
    }

    /// What a user is apart from access; `None` of whom it was not recorded.
    pub(in crate::live) fn profile(&self, user: UserId) -> Option<Traits> {
        self.snapshot.directories.iter().find_map(|it| it.profiles.get(&user).cloned())
    }

    fn person(&self, user: UserId) -> Option<&Person> {
        let at = self.snapshot.people.binary_search_by_key(&user, |it| it.user_id).ok()?;
        Some(&self.snapshot.people[at])
    }

    /// Returns how the file names a person.
    fn key(&self, person: &PersonRef) -> PersonRef {
        self.salt.as_ref().map_or_else(|| person.clone(), |it| it.person(person))
    }

    /// Returns a row as whoever asks for `person` sees it: by the name that was asked for.
    fn shown(&self, row: &User, person: &PersonRef) -> User {
        let mut user = row.clone();
        if let Some(salt) = &self.salt {
            salt.reveal(&mut user, person);
        }
        user
    }
}

impl Snapshot {
    /// Brings every name and key into its one spelling, as what the API tells: whoever took it may have had another.
    fn compose(&mut self) {
        for company in &mut self.companies {
            for group in &mut company.groups {
                name::compose(&mut group.name);
                name::compose(&mut group.description);
            }
            company.roles.iter_mut().for_each(|it| name::compose(&mut it.name));
        }
        for directory in &mut self.directories {
            let asked = directory.asked.iter_mut().flat_map(|it| &mut it.users);
            for user in directory.users.iter_mut().chain(asked) {
                let keys = [&mut user.external_id, &mut user.employee_id];
                keys.into_iter().flatten().for_each(name::compose);
            }
        }
    }
}

pub(crate) fn head(group: &Group) -> GroupHead {
    let Group { id, name, description, unmodifiable, created, updated, roles: _, members: _, added: _ } =
        group;
    let (name, description) = (name.clone(), description.clone());
    let stamps = Stamps { created: created.clone(), updated: updated.clone() };
    GroupHead { id: *id, name, description, unmodifiable: *unmodifiable, stamps }
}

/// Returns every key a user is known by.
fn keys(user: &User) -> impl Iterator<Item = PersonRef> {
    let keys = [
        Some(PersonRef::UserId(user.id)),
        user.email.clone().map(PersonRef::Email),
        user.external_id.clone().map(PersonRef::ExternalId),
        user.employee_id.clone().map(PersonRef::EmployeeId),
    ];
    keys.into_iter().flatten()
}
