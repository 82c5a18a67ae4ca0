//! Values for expressions: what a row says, field by field.

use std::{collections::HashMap, sync::Arc};

use cel::{
    Value,
    common::value::Val,
    objects::{Key, Map},
};
use jiff::Timestamp;

/// A row for programs: the very fields that rules see.
pub fn object(fields: &[(&'static str, Datum)]) -> serde_json::Value {
    serde_json::Value::Object(fields.iter().map(|it| (it.0.to_owned(), it.1.json())).collect())
}

/// What a row says, or a part of it; what is missing is not there.
#[derive(Debug, Default)]
pub struct Facts(Vec<(&'static str, Box<dyn Val>)>, usize);

/// A value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Datum {
    Bool(bool),
    Text(Box<str>),
    Number(u32),
    Time(Timestamp),
    Texts(Vec<Box<str>>),
    TextsByName(Vec<(Box<str>, Vec<Box<str>>)>),
    One(Vec<(&'static str, Datum)>),
    Many(Vec<Vec<(&'static str, Datum)>>),
}

impl Facts {
    /// Of fields with their values.
    pub fn new(fields: impl IntoIterator<Item = (&'static str, Datum)>) -> Self {
        let mut longest = 1;
        let one = |(name, datum): (&'static str, Datum)| {
            longest = longest.max(datum.longest());
            Some((name, Box::<dyn Val>::try_from(datum.value()?).ok()?))
        };
        let fields = fields.into_iter().filter_map(one).collect();
        Self(fields, longest)
    }

    /// The value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&dyn Val> {
        self.0.iter().find(|it| it.0 == name).map(|it| &*it.1)
    }

    /// How long the longest list in it is, or a text in hundreds of characters.
    pub(super) fn longest(&self) -> usize {
        self.1
    }
}

impl Datum {
    /// The same for programs: an instant as RFC 3339 says it.
    pub fn json(&self) -> serde_json::Value {
        match self {
            Self::Bool(it) => (*it).into(),
            Self::Text(it) => (**it).into(),
            Self::Number(it) => (*it).into(),
            Self::Time(it) => it.to_string().into(),
            Self::Texts(all) => all.iter().map(|it| &**it).collect(),
            Self::TextsByName(all) => {
                let one = |(name, texts): &(Box<str>, Vec<Box<str>>)| {
                    (name.to_string(), texts.iter().map(|it| &**it).collect::<serde_json::Value>())
                };
                serde_json::Value::Object(all.iter().map(one).collect())
            }
            Self::One(fields) => object(fields),
            Self::Many(all) => all.iter().map(|it| object(it)).collect(),
        }
    }

    fn longest(&self) -> usize {
        match self {
            Self::Bool(_) | Self::Number(_) | Self::Time(_) => 1,
            Self::Text(it) => it.len() / 100 + 1,
            Self::Texts(all) => all.len().max(all.iter().map(|it| it.len() / 100 + 1).max().unwrap_or(1)),
            Self::TextsByName(all) => all.len().max(all.iter().map(|it| it.1.len()).max().unwrap_or(1)),
            Self::One(fields) => fields.iter().map(|it| it.1.longest()).max().unwrap_or(1),
            Self::Many(all) => {
                all.len().max(all.iter().flatten().map(|it| it.1.longest()).max().unwrap_or(1))
            }
        }
    }

    /// Nothing of an instant that no calendar has.
    fn value(self) -> Option<Value> {
        let text = |it: Box<str>| Value::String(Arc::new(it.into_string()));
        let texts = |all: Vec<Box<str>>| Value::List(Arc::new(all.into_iter().map(text).collect()));
        let map = |all: HashMap<Key, Value>| Value::Map(Map { map: Arc::new(all) });
        let key = |it: &str| Key::String(Arc::new(it.to_owned()));
        let one = |fields: Vec<(&'static str, Self)>| {
            map(fields.into_iter().filter_map(|(name, it)| Some((key(name), it.value()?))).collect())
        };
        Some(match self {
            Self::Bool(it) => Value::Bool(it),
            Self::Text(it) => text(it),
            Self::Number(it) => Value::Int(it.into()),
            Self::Time(it) => {
                let nanoseconds = u32::try_from(it.subsec_nanosecond()).ok()?;
                Value::Timestamp(
                    chrono::DateTime::from_timestamp(it.as_second(), nanoseconds)?.fixed_offset(),
                )
            }
            Self::Texts(all) => texts(all),
            Self::TextsByName(all) => map(all.into_iter().map(|it| (key(&it.0), texts(it.1))).collect()),
            Self::One(fields) => one(fields),
            Self::Many(all) => Value::List(Arc::new(all.into_iter().map(one).collect())),
        })
    }
}
