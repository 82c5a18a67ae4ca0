//! Departments and the like: what the API's answers call them.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::selector::Attribute;

/// Something with an id and, where the answer tells it, a name: a department, say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Unit {
    pub id: Uuid,
    pub name: Option<Box<str>>,
}

/// What departments and the like of a company are called, as far as answers about its people say: by attribute those that
/// were told, each name with the ids that have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Units(BTreeMap<Attribute, BTreeMap<Box<str>, BTreeSet<Uuid>>>);

impl Units {
    pub(crate) const NONE: Self = Self(BTreeMap::new());

    /// Notes that answers tell what these are called, whether or not there is one.
    pub fn told(&mut self, attribute: Attribute) {
        self.0.entry(attribute).or_default();
    }

    /// Notes what one is called.
    pub fn put(&mut self, attribute: Attribute, unit: &Unit) {
        let Some(name) = &unit.name else { return };
        let names = self.0.entry(attribute).or_default();
        match names.get_mut(name) {
            Some(ids) => _ = ids.insert(unit.id),
            None => _ = names.insert(name.clone(), [unit.id].into()),
        }
    }

    /// Takes in what other answers say.
    pub fn extend(&mut self, other: Self) {
        for (attribute, names) in other.0 {
            let own = self.0.entry(attribute).or_default();
            names.into_iter().for_each(|(name, ids)| own.entry(name).or_default().extend(ids));
        }
    }

    /// The names of an attribute, each with the ids that have it; `None` where no answer tells any.
    pub fn of(&self, attribute: Attribute) -> Option<&BTreeMap<Box<str>, BTreeSet<Uuid>>> {
        self.0.get(&attribute)
    }

    /// The name that only this id has among those of an attribute; the first of several.
    pub fn name(&self, attribute: Attribute, id: Uuid) -> Option<&str> {
        let mut names = self.of(attribute)?.iter();
        names.find(|(_, ids)| ids.len() == 1 && ids.contains(&id)).map(|it| &**it.0)
    }

    /// The one id of an attribute that has the name.
    pub fn only(&self, attribute: Attribute, name: &str) -> Option<Uuid> {
        let ids = self.of(attribute)?.get(name)?;
        ids.first().copied().filter(|_| ids.len() == 1)
    }

    /// Every id with a name of it.
    pub fn iter(&self) -> impl Iterator<Item = (Uuid, &str)> {
        let all = self.0.values().flatten();
        all.flat_map(|(name, ids)| ids.iter().map(move |it| (*it, &**name)))
    }

    /// Whether no answer tells anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
