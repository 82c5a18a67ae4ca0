//! Scopes as files say them, by the names of the workspace: what stands in a role, and what a scope is called.
//!
//! Says nothing of a scope that no file can say.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    super::{
        declared::Declared,
        yaml::{Style, Yaml},
    },
    naming::slug,
};
use crate::model::{
    ids::{CompanyId, PersonRef, UserId},
    scope::{Audience, Dimension, Kind, Scope, Value},
};

/// Longest name of a scope, in characters.
const LONGEST: usize = 40;

/// Names that files may use in place of ids.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Those under `ids.company`.
    pub companies: BTreeMap<Uuid, Box<str>>,
    /// Those under `ids.legalEntity`.
    pub legal_entities: BTreeMap<Uuid, Box<str>>,
    /// The travellers whom a key names with certainty. All others are written as the API does, by id.
    pub travellers: BTreeMap<UserId, PersonRef>,
}

/// A person as files name one.
pub(crate) fn person(person: &PersonRef) -> Yaml {
    let keyed = |key: &'static str, value: &dyn ToString| {
        Yaml::map(Style::Line, [(key, Yaml::text(&value.to_string()))])
    };
    match person {
        PersonRef::Email(email) => Yaml::text(email),
        PersonRef::ExternalId(id) => keyed("externalId", id),
        PersonRef::EmployeeId(id) => keyed("employeeId", id),
        PersonRef::UserId(id) => keyed("userId", id),
    }
}

impl Known {
    /// The names of a workspace.
    pub(crate) fn named(declared: &Declared) -> Self {
        let mut known = Self::default();
        for (id, name) in &declared.aliases {
            let is_company = declared.names_company(CompanyId(*id));
            let of = if is_company { &mut known.companies } else { &mut known.legal_entities };
            of.insert(*id, name.clone());
        }
        known
    }

    /// A scope, written out; `None` where a part of it has no form.
    pub(crate) fn scope(&self, scope: &Scope) -> Option<Yaml> {
        let mut audiences: Vec<Yaml> =
            scope.audiences().iter().map(|it| self.audience(it)).collect::<Option<_>>()?;
        match audiences.len() {
            0 => None,
            1 => Some(audiences.remove(0)),
            _ => Some(Yaml::list(Style::Block, audiences)),
        }
    }

    /// What people would call a scope: what it names, joined by what it means.
    pub(crate) fn title(&self, scope: &Scope) -> String {
        let parts: Vec<String> = scope.audiences().iter().map(|it| self.part(it)).collect();
        let whole = parts.join("-or-");
        if whole.len() <= LONGEST {
            return whole;
        }
        match &parts[..] {
            [] | [_] => slug(&whole, LONGEST),
            [first, rest @ ..] => format!("{}-or-{}-more", slug(first, LONGEST - 12), rest.len()),
        }
    }

    /// How many things a scope names: whether it says more than a name would.
    pub(crate) fn size(scope: &Scope) -> usize {
        scope.audiences().iter().flatten().map(|it| it.values.len()).sum()
    }

    /// An audience with its keys in the order of the file format; `None` where a part of it has no form.
    fn audience(&self, audience: &Audience) -> Option<Yaml> {
        let mut keys = Vec::with_capacity(audience.len());
        let mut predicates = Vec::new();
        for dimension in audience {
            let Dimension { kind, values } = dimension;
            let ids = |names| self.ids(values, names);
            let plain = || values.iter().map(Yaml::text).collect();
            let yes = || Yaml::Scalar("true".to_owned());
            let said = match kind {
                Kind::Company => ids(&self.companies).map(|it| (0, "company", it)),
                Kind::LegalEntity => ids(&self.legal_entities).map(|it| (1, "legalEntity", it)),
                Kind::BookingTmc => ids(&self.companies).map(|it| (2, "bookingTmc", it)),
                Kind::ContractingTmc => ids(&self.companies).map(|it| (3, "contractingTmc", it)),
                Kind::Profile => self.people(values).map(|it| (4, "profile", it)),
                Kind::StealthType => Some((5, "stealthType", plain())),
                Kind::Platform if *values == [Value::Nothing] => Some((6, "platform", vec![yes()])),
                Kind::Platform | Kind::Other(_) => None,
                Kind::Unreadable => return None,
            };
            match said {
                Some((at, key, values)) => keys.push((at, key, Yaml::one_or_many(values))),
                None => predicates.push(Yaml::map(
                    Style::Line,
                    [("type", Yaml::text(kind.as_wire())), ("values", Yaml::list(Style::Line, plain()))],
                )),
            }
        }
        if !predicates.is_empty() {
            keys.push((7, "predicates", Yaml::list(Style::Line, predicates)));
        }
        if keys.is_empty() {
            return None;
        }
        keys.sort();
        Some(Yaml::map(Style::Line, keys.into_iter().map(|(_, key, value)| (key, value))))
    }

    /// Ids by their names; `None` where one of them is no id.
    fn ids(&self, values: &[Value], names: &BTreeMap<Uuid, Box<str>>) -> Option<Vec<Yaml>> {
        let id = |it: &Value| match it {
            Value::Id(id) => Some(names.get(id).map_or_else(|| Yaml::text(id), Yaml::text)),
            Value::Nothing | Value::Text(_) => None,
        };
        values.iter().map(id).collect()
    }

    /// Travellers by their keys; `None` where one of them has none.
    fn people(&self, values: &[Value]) -> Option<Vec<Yaml>> {
        let named = |it: &Value| match it {
            Value::Id(id) => self.travellers.get(&UserId(*id)).map(person),
            Value::Nothing | Value::Text(_) => None,
        };
        values.iter().map(named).collect()
    }

    /// What people would call an audience: by the smallest that it names.
    fn part(&self, audience: &Audience) -> String {
        let of = |kind: &Kind| audience.iter().find(|it| it.kind == *kind);
        let narrow = [Kind::Profile, Kind::LegalEntity, Kind::Company].into_iter().find_map(|it| of(&it));
        let Some(Dimension { kind, values }) = narrow.or_else(|| audience.first()) else {
            return String::new();
        };
        let named = |it: &Value| match (kind, it) {
            (Kind::Profile, Value::Id(id)) => match self.travellers.get(&UserId(*id)) {
                Some(PersonRef::Email(email)) => slug(email.local_part(), LONGEST),
                Some(PersonRef::ExternalId(id) | PersonRef::EmployeeId(id)) => slug(id, LONGEST),
                Some(PersonRef::UserId(_)) | None => format!("traveller-{}", &id.simple().to_string()[..4]),
            },
            (Kind::LegalEntity, Value::Id(id)) => called(*id, &self.legal_entities),
            (_, Value::Id(id)) => called(*id, &self.companies),
            (Kind::Platform, _) => "platform".to_owned(),
            (_, Value::Nothing | Value::Text(_)) => slug(&it.to_string(), LONGEST),
        };
        let names: Vec<String> = values.iter().map(named).collect();
        let whole = names.join("-");
        if whole.len() <= LONGEST || names.len() < 2 {
            return whole;
        }
        format!("{}-and-{}-more", slug(&names[0], LONGEST - 13), names.len() - 1)
    }
}

fn called(id: Uuid, names: &BTreeMap<Uuid, Box<str>>) -> String {
    names.get(&id).map_or_else(|| id.simple().to_string()[..4].to_owned(), |it| slug(it, LONGEST))
}
