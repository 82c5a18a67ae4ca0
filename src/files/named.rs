//! The names that files give: groups, people, companies. For whoever wants to be reminded of them, not to decide anything.
//!
//! Of files that are wrong in places it is what could be read. Nothing is looked up or checked.

use std::collections::BTreeSet;

use super::{
    access::{AccessFile, MemberEntry},
    check::Files,
    entry::{PersonEntry, PersonKeyed},
    mapping::Given,
    shape::TextOr,
};
use crate::model::ids::{PersonKey, PersonRef};

/// What files name, sorted, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Names of groups, also of those that are to be deleted.
    pub groups: BTreeSet<String>,
    /// People as a command line takes them: an e-mail address, or `KEY=VALUE`.
    pub people: BTreeSet<String>,
    /// Companies, by their names under `ids`; by what stands there where they have none.
    pub companies: BTreeSet<String>,
}

impl Named {
    /// What these files name.
    pub fn of(files: &Files) -> Self {
        let mut named = Self::default();
        if let Some((_, file)) = &files.workspace {
            named.companies.extend(file.company.as_ref().map(|it| it.v.clone()));
            let ids = file.ids.as_ref().and_then(|it| it.company.as_ref());
            named.companies.extend(ids.into_iter().flatten().map(|it| it.0.clone()));
            let identity = file.api.as_ref().and_then(|it| it.identity.as_ref());
            let own = file.api.as_ref().into_iter().flat_map(|it| it.endpoints.iter());
            let own = own.filter_map(|it| it.v.identity.as_ref());
            named.people.extend(identity.into_iter().chain(own).filter_map(|it| keyed(&it.v)));
            named.people.extend(file.lockout.iter().filter_map(|it| keyed(&it.v)));
            named.people.extend(file.accept.iter().filter_map(|it| person(&it.v.person.as_ref()?.v)));
        }
        for (_, file) in &files.access {
            named.access(file);
        }
        named
    }

    fn access(&mut self, file: &AccessFile) {
        self.companies.extend(file.company.as_ref().map(|it| it.v.clone()));
        for group in file.groups.iter() {
            self.groups.extend(group.v.name.as_ref().map(|it| it.v.clone()));
            let members = group.v.members.as_ref().into_iter().flat_map(|it| &it.v.entries);
            self.people.extend(members.filter_map(|it| member(&it.v)));
        }
        self.groups.extend(file.removed.iter().filter_map(|it| Some(it.v.group.as_ref()?.v.clone())));
        let users = file.users.iter().filter_map(|it| it.v.user.as_ref());
        self.people.extend(users.filter_map(|it| person(&it.v)));
        for business in file.users.iter().filter_map(|it| it.v.business.as_ref()) {
            let approvers = business.v.approvers.as_ref().into_iter().flat_map(|it| &it.v);
            let superiors = business.v.manager.as_ref().into_iter().chain(approvers);
            self.people.extend(superiors.filter_map(|it| person(&it.v)));
        }
    }
}

fn member(entry: &MemberEntry) -> Option<String> {
    match entry {
        TextOr::Text(email) => by(PersonKey::Email, email),
        TextOr::Keys(keys) => keyed(keys.as_ref()),
    }
}

fn person(entry: &PersonEntry) -> Option<String> {
    match entry {
        TextOr::Text(email) => by(PersonKey::Email, email),
        TextOr::Keys(keys) => keyed(keys.as_ref()),
    }
}

fn keyed(entry: &impl PersonKeyed) -> Option<String> {
    let mut keys = PersonKey::ALL.into_iter().zip(entry.keys());
    keys.find_map(|(key, value)| match value {
        Given::Is(value) => by(key, &value.v),
        Given::Absent | Given::Wrong => None,
    })
}

/// A person as a command line takes them, if it is one.
fn by(key: PersonKey, raw: &str) -> Option<String> {
    Some(match PersonRef::by(key, raw).ok()? {
        PersonRef::Email(email) => email.to_string(),
        PersonRef::ExternalId(id) => format!("externalId={id}"),
        PersonRef::EmployeeId(id) => format!("employeeId={id}"),
        PersonRef::UserId(id) => format!("userId={id}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{files::decoded, model::source::Sources};

    #[test]
    fn everything_that_files_name_is_there_once_and_what_is_wrong_hides_nothing_else() {
        let text = "
version: 1
company: voyager
groups:
  - { name: Desk, description: d, roles: [], members: [Ana@voyager.example, { externalId: agent 17, until: 2027-01-01 }] }
  - { name: Night, description: d, rolls: [], members: [ana@voyager.example, { employeeId: V-3 }, not an address] }
removed: [{ group: Old, reason: ended }]
users: [{ user: { email: bo@voyager.example }, directRoles: [] }, { user: { userId: nonsense }, directRoles: [] }]
";
        let file = Sources::default().add("a.yaml".to_owned(), text.to_owned());
        let access = decoded::<AccessFile>(text, file);
        assert!(!access.findings.is_empty(), "one key is misspelt");
        let access = vec![(file, access.value.expect("a mapping"))];
        let named = Named::of(&Files { access, ..Files::default() });
        let set = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(named.groups, set(&["Desk", "Night", "Old"]));
        assert_eq!(
            named.people,
            set(&["ana@voyager.example", "bo@voyager.example", "employeeId=V-3", "externalId=agent 17"])
        );
        assert_eq!(named.companies, set(&["voyager"]));
    }
}
