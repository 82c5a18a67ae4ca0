//! The JSON of a scope (contract §4): read liberally, written in one form.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Dimension, Kind, Value};
use crate::model::{dialect::PredicateForm, json::compact};

/// Unknown fields make a scope unreadable here and in its parts: one of them may say "not".
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scope {
    #[serde(default)]
    pub(super) audiences: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Audience {
    pub(super) predicates: Vec<Predicate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// `None` for a comparator other than `IN`, and for two targets that differ.
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
        if let Some(Id::Bare(id) | Id::Wrapped { id }) = self.id {
            // Two spellings of the target (contract C1): which would hold if they differ is not known.
            if texts.is_empty() {
                texts.push(id);
            } else if texts != [id] {
                return None;
            }
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
#[serde(untagged)]
pub(super) enum AudienceOut<'a> {
    Known {
        predicates: Vec<PredicateOut<'a>>,
    },
    /// What could not be read goes back as it came.
    AsRead(Box<RawValue>),
}

impl ScopeOut<'_> {
    /// As JSON, in which nothing of ours is a space.
    pub(super) fn raw(&self) -> Box<RawValue> {
        serde_json::value::to_raw_value(self).expect("a scope is plain data")
    }
}

impl<'a> AudienceOut<'a> {
    /// The same without spaces.
    pub(super) fn compact(self) -> Self {
        match self {
            Self::AsRead(raw) => Self::AsRead(compact(&raw)),
            known @ Self::Known { .. } => known,
        }
    }

    /// One audience, or each of the unreadable ones that became one; an entry without a scope is left out.
    pub(super) fn of(audience: &'a [Dimension], form: PredicateForm) -> Vec<Self> {
        if let [Dimension { kind: Kind::Unreadable, values }] = audience {
            let raw = |value: &Value| match value {
                Value::Text(text) => RawValue::from_string(text.to_string()).ok(),
                Value::Nothing | Value::Id(_) => None,
            };
            return values.iter().filter_map(raw).map(Self::AsRead).collect();
        }
        vec![Self::Known { predicates: audience.iter().map(|it| PredicateOut::new(it, form)).collect() }]
    }
}

#[derive(Serialize)]
pub(super) struct PredicateOut<'a> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparator: Option<&'static str>,
    #[serde(flatten)]
    target: Target,
}

/// What a predicate points at, in one of three spellings.
#[derive(Serialize)]
#[serde(untagged)]
enum Target {
    Nothing {},
    List { values: Vec<String> },
    Single { values: String },
    Id { id: String },
}

impl<'a> PredicateOut<'a> {
    /// The audiences were split by then for a form that takes one value; those too large for that get a list.
    fn new(dimension: &'a Dimension, form: PredicateForm) -> Self {
        let mut values: Vec<String> =
            dimension.values.iter().filter(|it| **it != Value::Nothing).map(Value::to_string).collect();
        let (comparator, target) = match (form, values.len()) {
            (_, 0) => (None, Target::Nothing {}),
            (PredicateForm::Single, 1) => (None, Target::Single { values: values.remove(0) }),
            (PredicateForm::Id, 1) => (None, Target::Id { id: values.remove(0) }),
            _ => (Some("IN"), Target::List { values }),
        };
        Self { r#type: dimension.kind.as_wire(), comparator, target }
    }
}
