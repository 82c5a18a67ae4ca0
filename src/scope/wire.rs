//! The JSON of a scope (contract §4): read liberally, written in one form.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Dimension, Kind, Value};

#[derive(Deserialize)]
pub(super) struct Scope {
    #[serde(default)]
    pub(super) audiences: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
pub(super) struct Audience {
    pub(super) predicates: Vec<Predicate>,
}

#[derive(Deserialize)]
pub(super) struct Predicate {
    r#type: String,
    comparator: Option<String>,
    values: Option<OneOrMany>,
    id: Option<Id>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Bare(String),
    Wrapped { id: String },
}

impl Predicate {
    /// Returns the dimension, or `None` for a comparator that is not `IN`.
    pub(super) fn dimension(self) -> Option<Dimension> {
        if self.comparator.is_some_and(|it| it != "IN") {
            return None;
        }
        let kind = Kind::from_wire(&self.r#type);
        let mut texts = match self.values {
            None => Vec::new(),
            Some(OneOrMany::One(value)) => vec![value],
            Some(OneOrMany::Many(values)) => values,
        };
        match self.id {
            Some(Id::Bare(id) | Id::Wrapped { id }) if texts.is_empty() => texts.push(id),
            _ => (),
        }
        let values = match (&kind, texts.is_empty()) {
            (Kind::Platform, true) => vec![Value::Nothing],
            (_, true) => return None,
            (_, false) => texts.iter().map(|it| Value::from_wire(it)).collect(),
        };
        Some(Dimension { kind, values })
    }
}

#[derive(Serialize)]
pub(super) struct ScopeOut<'a> {
    pub(super) audiences: Vec<AudienceOut<'a>>,
}

#[derive(Serialize)]
pub(super) struct AudienceOut<'a> {
    pub(super) predicates: Vec<PredicateOut<'a>>,
}

#[derive(Serialize)]
pub(super) struct PredicateOut<'a> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparator: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
}

impl<'a> PredicateOut<'a> {
    pub(super) fn new(dimension: &'a Dimension) -> Self {
        let values: Vec<String> =
            dimension.values.iter().filter(|it| **it != Value::Nothing).map(Value::to_string).collect();
        let comparator = (!values.is_empty()).then_some("IN");
        Self { r#type: dimension.kind.as_wire(), comparator, values }
    }
}
