//! Scopes as they come over the wire (contract §4): kept as sent, compared by meaning.
//!
//! Nothing here decides who has access; the sandbox only stores scopes and gives them back. It shares no code with the
//! client's scopes, which are tested against it.

use serde::{Deserialize, Serialize};

use super::dialect::ScopeEcho;

/// Where a role holds: any of its audiences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scope {
    pub(super) audiences: Vec<Audience>,
}

/// Those who satisfy all predicates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Audience {
    pub(super) predicates: Vec<Predicate>,
}

/// One condition; types and comparators are open lists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Predicate {
    pub(super) r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) comparator: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) values: Option<Values>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
}

/// The contract's contradiction C1: an array, or a bare string.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Values {
    Many(Vec<String>),
    One(String),
}

/// The most audiences that one audience is taken apart into; one that would become more stays as it is.
const MOST_COMBINATIONS: usize = 10_000;

/// A predicate without its accidents: type, comparator, sorted values.
type Meaning<'s> = (&'s str, &'s str, Vec<&'s str>);

impl Predicate {
    /// In whichever form they are written.
    pub(super) fn all_values(&self) -> Vec<&str> {
        let mut values: Vec<&str> = match &self.values {
            None => Vec::new(),
            Some(Values::One(value)) => vec![value],
            Some(Values::Many(values)) => values.iter().map(String::as_str).collect(),
        };
        values.extend(self.id.as_deref().filter(|id| !values.contains(id)));
        values
    }

    fn meaning(&self) -> Meaning<'_> {
        let mut values = self.all_values();
        values.sort_unstable();
        values.dedup();
        (&self.r#type, self.comparator.as_deref().unwrap_or("IN"), values)
    }
}

/// Every choice of one of each, or nothing where those were too many.
pub(super) fn combinations<T: Clone>(choices: &[Vec<T>]) -> Option<Vec<Vec<T>>> {
    let count = choices.iter().try_fold(1, |n: usize, it| n.checked_mul(it.len()))?;
    let extend = |all: Vec<Vec<T>>, choice: &Vec<T>| {
        let with = |begun: &Vec<T>| {
            choice.iter().map(|it| [&begun[..], std::slice::from_ref(it)].concat()).collect()
        };
        all.iter().flat_map::<Vec<_>, _>(with).collect()
    };
    (count <= MOST_COMBINATIONS).then(|| choices.iter().fold(vec![Vec::new()], extend))
}

/// The predicate once for each of its values, or as it is where it has none.
fn single_values<'s>((kind, comparator, values): &Meaning<'s>) -> Vec<Meaning<'s>> {
    match values.is_empty() {
        true => vec![(*kind, *comparator, Vec::new())],
        false => values.iter().map(|it| (*kind, *comparator, vec![*it])).collect(),
    }
}

impl Audience {
    fn meaning(&self) -> Vec<Vec<Meaning<'_>>> {
        let mut predicates: Vec<Meaning<'_>> = self.predicates.iter().map(Predicate::meaning).collect();
        predicates.sort_unstable();
        predicates.dedup();
        let choices: Vec<Vec<Meaning<'_>>> = predicates.iter().map(single_values).collect();
        combinations(&choices).unwrap_or_else(|| vec![predicates])
    }
}

impl Scope {
    /// Whether both mean the same: order and repetition do not matter, nor does whether values share an audience or
    /// each has one of its own.
    pub(super) fn means_the_same_as(&self, other: &Self) -> bool {
        self == other || self.meaning() == other.meaning()
    }

    fn meaning(&self) -> Vec<Vec<Meaning<'_>>> {
        let mut audiences: Vec<Vec<Meaning<'_>>> =
            self.audiences.iter().flat_map(Audience::meaning).collect();
        audiences.sort_unstable();
        audiences.dedup();
        audiences
    }

    /// The scope as this server gives it back; `None` when that is as it was sent.
    pub(super) fn echo(&self, echo: ScopeEcho) -> Option<Self> {
        match echo {
            ScopeEcho::AsSent => None,
            ScopeEcho::Sorted => Some(self.sorted()),
            ScopeEcho::Split => Some(self.split()),
        }
    }

    fn sorted(&self) -> Self {
        let mut scope = self.clone();
        for audience in &mut scope.audiences {
            for predicate in &mut audience.predicates {
                if let Some(Values::Many(values)) = &mut predicate.values {
                    values.sort_unstable();
                }
            }
            audience.predicates.sort_unstable();
        }
        scope.audiences.sort_unstable();
        scope
    }

    fn split(&self) -> Self {
        let split = |audience: &Audience| match &audience.predicates[..] {
            [only @ Predicate { values: Some(Values::Many(values)), .. }] if values.len() > 1 => {
                let one = |value: &String| Predicate {
                    values: Some(Values::Many(vec![value.clone()])),
                    ..only.clone()
                };
                values.iter().map(|it| Audience { predicates: vec![one(it)] }).collect()
            }
            _ => vec![audience.clone()],
        };
        Self { audiences: self.audiences.iter().flat_map(split).collect() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scope(audiences: &serde_json::Value) -> Scope {
        serde_json::from_value(json!({ "audiences": audiences })).unwrap()
    }

    #[test]
    fn order_and_spelling_do_not_change_a_scope_but_content_does() {
        let sent = scope(&json!([
            {"predicates": [{"type": "COMPANY", "comparator": "IN", "values": ["b", "a"]}, {"type": "BOOKING_TMC", "values": ["t"]}]},
            {"predicates": [{"type": "LEGAL_ENTITY", "comparator": "IN", "values": ["x", "y"]}]}
        ]));
        let same = scope(&json!([
            {"predicates": [{"type": "LEGAL_ENTITY", "values": "y"}]},
            {"predicates": [{"type": "LEGAL_ENTITY", "id": "x"}]},
            {"predicates": [{"type": "BOOKING_TMC", "values": ["t"]}, {"type": "COMPANY", "values": ["a", "b", "a"]}]}
        ]));
        assert!(sent.means_the_same_as(&same));
        let narrower = scope(&json!([{"predicates": [{"type": "COMPANY", "values": ["a"]}]}]));
        let other =
            scope(&json!([{"predicates": [{"type": "COMPANY", "comparator": "NOT_IN", "values": ["a"]}]}]));
        assert!(!sent.means_the_same_as(&narrower));
        assert!(!narrower.means_the_same_as(&other));
    }

    #[test]
    fn only_audiences_of_one_predicate_are_split() {
        let sent = scope(&json!([
            {"predicates": [{"type": "COMPANY", "values": ["b", "a"]}]},
            {"predicates": [{"type": "COMPANY", "values": ["b", "a"]}, {"type": "BOOKING_TMC", "values": ["t"]}]}
        ]));
        let split = sent.echo(ScopeEcho::Split).unwrap();
        assert_eq!(split.audiences.len(), 3);
        assert!(split.means_the_same_as(&sent));
        assert!(sent.echo(ScopeEcho::Sorted).unwrap().means_the_same_as(&sent));
        assert_eq!(sent.echo(ScopeEcho::AsSent), None);
    }
}
