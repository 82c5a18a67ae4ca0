//! What a text says, whatever it looks like, and what it shall say once it is changed.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        tree::{self, Form, Node},
        yaml::{Noted, Yaml},
    },
    outline::{Outline, Part},
};
use crate::model::source::FileId;

/// A value without places, comments and style; aliases are what they stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Scalar {
        text: String,
        is_null: bool,
        /// Whether it may be a text.
        is_text: bool,
    },
    List(Vec<Meaning>),
    Map(Vec<(Meaning, Meaning)>),
    Nothing,
}

/// What shall be another.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) lists: BTreeMap<Part, Entries>,
    /// Keys with their new values, and those that go.
    pub(super) keys: Vec<(Part, Box<str>, Option<Yaml>)>,
}

/// What happens to one list.
#[derive(Default)]
pub(super) struct ListChange {
    /// By position.
    pub(super) removed: BTreeSet<usize>,
    pub(super) added: Vec<Noted>,
}

/// What a list shall hold.
pub(super) type Entries = Vec<Entry>;

pub(super) enum Entry {
    /// The one at this position.
    Kept(usize),
    New(Noted),
}

impl Meaning {
    pub(super) fn of(node: Node<'_>) -> Self {
        match node.form() {
            Form::Scalar => Self::Scalar {
                text: node.scalar().unwrap_or_default().to_owned(),
                is_null: node.is_null(),
                is_text: node.text().is_some(),
            },
            Form::List => Self::List(node.items().map(Self::of).collect()),
            Form::Mapping => {
                Self::Map(node.entries().map(|(key, value)| (Self::of(key), Self::of(value))).collect())
            }
            Form::Wrong => Self::Nothing,
        }
    }

    fn written(value: &Yaml) -> Self {
        let text = value.document();
        let tree = tree::parse(&text, FileId::default(), &mut Vec::new());
        tree.root().map_or(Self::Nothing, Self::of)
    }
}

impl Changes {
    /// What the whole file shall say.
    pub(super) fn applied(&self, outline: &Outline<'_>) -> Meaning {
        self.part(outline, Outline::root())
    }

    fn part(&self, outline: &Outline<'_>, part: Part) -> Meaning {
        let node = outline.node(part);
        let inside = outline.inside(part);
        match node.form() {
            Form::List if !node.is_alias() => Meaning::List(match self.lists.get(&part) {
                None => inside.iter().map(|it| self.part(outline, *it)).collect(),
                Some(entries) => {
                    let entry = |it: &Entry| match it {
                        Entry::Kept(at) => self.part(outline, inside[*at]),
                        Entry::New(value) => Meaning::written(&value.value),
                    };
                    entries.iter().map(entry).collect()
                }
            }),
            Form::Mapping if !node.is_alias() => {
                let changed = |key: &str| self.keys.iter().find(|it| it.0 == part && *it.1 == *key);
                let mut entries = Vec::new();
                for it in inside {
                    let Some(key) = outline.key(*it) else { continue };
                    match key.scalar().and_then(changed) {
                        None => entries.push((Meaning::of(key), self.part(outline, *it))),
                        Some((_, _, Some(value))) => {
                            entries.push((Meaning::of(key), Meaning::written(value)));
                        }
                        Some((_, _, None)) => (),
                    }
                }
                let new = self.keys.iter().filter(|it| it.0 == part && outline.value(part, &it.1).is_none());
                for (_, key, value) in new {
                    let key = Meaning::written(&Yaml::text(&**key));
                    entries.extend(value.as_ref().map(|value| (key, Meaning::written(value))));
                }
                Meaning::Map(entries)
            }
            Form::List | Form::Mapping | Form::Scalar | Form::Wrong => Meaning::of(node),
        }
    }
}
