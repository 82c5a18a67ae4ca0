//! The names of a company in a schema: what an editor offers, and what it underlines.
//!
//! No people: a schema is passed around, and their addresses are nobody's business there.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::model::ids::UUID_PATTERN;

/// Names that a company knows, each set sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// The roles by name.
    pub roles: BTreeSet<Box<str>>,
    /// The groups by name: offered, and never asked for, as files declare new ones.
    pub groups: BTreeSet<Box<str>>,
    /// The names under `ids.company`.
    pub companies: BTreeSet<Box<str>>,
    /// The names under `ids.legalEntity`.
    pub legal_entities: BTreeSet<Box<str>>,
    /// The names under `ids.department`.
    pub departments: BTreeSet<Box<str>>,
    /// The names under `ids.costCenter`.
    pub cost_centers: BTreeSet<Box<str>>,
    /// The names under `ids.office`.
    pub offices: BTreeSet<Box<str>>,
    /// The names under `ids.grade`.
    pub grades: BTreeSet<Box<str>>,
}

impl Vocabulary {
    /// Puts the names into the parts of a schema that are for them; other forms stay allowed beside them.
    pub(super) fn tell(&self, definitions: &mut Value) {
        let Value::Object(definitions) = definitions else { return };
        for (part, names) in [
            ("Company", &self.companies),
            ("LegalEntity", &self.legal_entities),
            ("Department", &self.departments),
            ("CostCenter", &self.cost_centers),
            ("Office", &self.offices),
            ("Grade", &self.grades),
        ] {
            if let Some(part) = definitions.get_mut(part) {
                let mut options = vec![json!({ "type": "string", "pattern": UUID_PATTERN })];
                if !names.is_empty() {
                    options.insert(0, json!({ "enum": names }));
                }
                *part = json!({ "title": part["title"], "anyOf": options });
            }
        }
        if let Some(part) = definitions.get_mut("RoleTitle") {
            *part = json!({ "title": part["title"], "type": "string", "enum": self.roles });
        }
        for part in ["GroupName", "ExistingGroup", "NameOrPattern"] {
            if let Some(part) = definitions.get_mut(part) {
                part["examples"] = json!(self.groups);
            }
        }
    }
}
