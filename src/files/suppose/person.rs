//! What somebody thinks of for a person alone: roles outside groups, and being cut off everywhere.

use super::{Supposing, Turn, Unthinkable};
use crate::{
    files::{
        declared::{DeclaredDirectRole, DeclaredUser, Rest},
        edit::Change,
        write::DraftPerson,
        yaml::{Noted, Style, Yaml},
    },
    model::{
        direct::Kind,
        ids::{CompanyId, PersonRef},
        source::{FileId, Place},
    },
};

/// A role outside groups as it is typed: `COMPANY_ADMIN@company=voyager`, with the keys of an entry of the files.
struct Typed<'t> {
    role_type: &'t str,
    key: Option<(&'t str, Vec<&'t str>)>,
}

impl<'t> Typed<'t> {
    fn new(raw: &'t str) -> Option<Self> {
        let (role_type, key) = match raw.split_once('@') {
            Some((role_type, key)) => (role_type.trim(), Some(key.split_once('=')?)),
            None => (raw.trim(), None),
        };
        let is_type = |it: char| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_';
        let values = |it: &'t str| it.split('|').map(str::trim).collect();
        (!role_type.is_empty() && role_type.chars().all(is_type))
            .then(|| Self { role_type, key: key.map(|(key, all)| (key.trim(), values(all))) })
    }

    fn entry(&self) -> Noted {
        let mut keys = vec![("type".to_owned(), Yaml::text(self.role_type).into())];
        keys.extend(self.key.iter().map(|(key, values)| {
            let values: Vec<Yaml> = values.iter().map(|it| person_or_text(key, it)).collect();
            let value = match (*key, &values[..]) {
                ("arrangerFor", _) => Yaml::list(Style::Line, values),
                _ => Yaml::one_or_many(values),
            };
            ((*key).to_owned(), value.into())
        }));
        Yaml::Map(Style::Line, keys).into()
    }
}

fn person_or_text(key: &str, raw: &str) -> Yaml {
    match raw.parse().ok().filter(|_| key == "arrangerFor") {
        Some(person) => match (DraftPerson { person, who: None }).entry().value {
            text @ Yaml::Scalar(_) => text,
            keys => Yaml::map(Style::Line, [("user", keys)]),
        },
        None => Yaml::text(raw),
    }
}

impl<'a> Supposing<'a> {
    pub(super) fn direct(&mut self, turn: Turn, rest: &str) -> Result<(), Unthinkable> {
        // A person may be named with a `=` as well.
        let parts = || rest.match_indices('=').map(|(at, _)| (rest[..at].trim(), &rest[at + 1..]));
        let found = parts().find_map(|(who, what)| Some((who.parse::<PersonRef>().ok()?, Typed::new(what)?)));
        let (person, typed) = found.ok_or_else(|| Unthinkable::NoDirect(rest.into()))?;
        let users = self.declared.companies.iter().flat_map(|it| &it.users);
        let user = users.filter(|it| it.person == person).min_by_key(|it| it.from);
        match (turn, user) {
            (Turn::Comes, Some(user)) if user.roles.rest != Rest::Unmanaged => {
                let entry = typed.entry();
                self.change(
                    user.from,
                    Change::Insert { of: Some(user.from.into()), key: "directRoles", entry },
                );
            }
            (Turn::Comes, user) => {
                let list = self.direct.entry((user.map(|it| it.from), person)).or_default();
                list.push(typed.entry().value);
            }
            (Turn::Goes, user) => {
                let places: Vec<Place> = user.map_or_else(Vec::new, |it| self.places(it, &typed));
                let what = || Unthinkable::NoEntry { what: rest.into(), of: "users:" };
                self.removed(&places).then_some(()).ok_or_else(what)?;
            }
        }
        Ok(())
    }

    /// The entries that a role means: of its type, and on that company where one is said.
    fn places(&self, user: &DeclaredUser, typed: &Typed<'_>) -> Vec<Place> {
        let is_called = |id: CompanyId, name: &str| {
            self.declared.aliases.get(&id.0).is_some_and(|it| **it == *name)
                || name.parse().is_ok_and(|it: CompanyId| it == id)
        };
        let is_on = |kind: &Kind| match (&typed.key, kind.company()) {
            (Some((_, values)), Some(id)) => values.iter().any(|it| is_called(id, it)),
            _ => true,
        };
        let is_meant = |it: &&DeclaredDirectRole| {
            let kind = it.what.kind();
            kind.role_type() == typed.role_type && is_on(kind)
        };
        user.roles.entries.iter().chain(&user.roles.coming).filter(is_meant).map(|it| it.from).collect()
    }

    pub(super) fn lockout(&mut self, turn: Turn, rest: &str) -> Result<(), Unthinkable> {
        let person: PersonRef = rest.parse().map_err(|it: crate::model::ids::InvalidPerson| {
            Unthinkable::Person(rest.into(), it.to_string())
        })?;
        if turn == Turn::Goes {
            let own = self.declared.lockouts.iter().filter(|it| it.person == person);
            let places: Vec<Place> = own.map(|it| it.from).collect();
            let what = || Unthinkable::NoEntry { what: rest.into(), of: "lockout:" };
            return self.removed(&places).then_some(()).ok_or_else(what);
        }
        let workspace = self.loaded.files.workspace.as_ref().ok_or(Unthinkable::NoWorkspace)?.0;
        let (key, id) = match &person {
            PersonRef::Email(it) => ("email", it.as_str().to_owned()),
            PersonRef::ExternalId(it) => ("externalId", it.to_string()),
            PersonRef::EmployeeId(it) => ("employeeId", it.to_string()),
            PersonRef::UserId(it) => ("userId", it.to_string()),
        };
        let keys = [
            (key, Yaml::text(&id)),
            ("since", Yaml::text(&format!("{:.0}", self.now))),
            ("reason", Yaml::text("what if")),
        ];
        let entry = Yaml::map(Style::Line, keys).into();
        let changes = self.changes.entry(workspace).or_default();
        changes.push(Change::Insert { of: None, key: "lockout", entry });
        Ok(())
    }

    /// Makes the lists of roles outside groups that were begun: they let others be.
    pub(super) fn whole_direct(&mut self, first: Option<FileId>) {
        for ((from, person), entries) in std::mem::take(&mut self.direct) {
            let list = Yaml::map(Style::Line, [("atLeast", Yaml::list(Style::Line, entries))]);
            match (from, first) {
                (Some(from), _) => {
                    self.change(from, Change::Set { of: Some(from.into()), key: "directRoles", value: list });
                }
                (None, Some(file)) => {
                    let user = DraftPerson { person, who: None }.entry().value;
                    let entry = Yaml::map(Style::Line, [("user", user), ("directRoles", list)]).into();
                    let changes = self.changes.entry(file).or_default();
                    changes.push(Change::Insert { of: None, key: "users", entry });
                }
                (None, None) => (),
            }
        }
    }
}
