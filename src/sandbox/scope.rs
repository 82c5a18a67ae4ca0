//! Scopes as they come over the wire (contract §4): kept as sent, compared by meaning.
//!
//! Nothing here decides who has access; the sandbox only stores scopes and gives them back.

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

/// The most audiences that one audience is taken apart into when scopes are compared.
const MOST_COMBINATIONS: usize = 10_000;

/// A predicate without its accidents: type, comparator, sorted values.
type Meaning<'s> = (&'s str, &'s str, Vec<&'s str>);

impl Predicate {
    fn meaning(&self) -> Meaning<'_> {
        let mut values: Vec<&str> = match &self.values {
            None => Vec::new(),
            Some(Values::One(value)) => vec![value],
            Some(Values::Many(values)) => values.iter().map(String::as_str).collect(),
        };
        values.extend(self.id.as_deref());
        values.sort_unstable();
        values.dedup();
        (&self.r#type, self.comparator.as_deref().unwrap_or("IN"), values)
    }
}

/// Returns one audience for each choice of one value a predicate, unless those were too many.
fn combinations(predicates: Vec<Meaning<'_>>) -> Vec<Vec<Meaning<'_>>> {
    let count = predicates.iter().try_fold(1, |n: usize, (_, _, values)| n.checked_mul(values.len().max(1)));
    if count.is_none_or(|count| count == 1 || count > MOST_COMBINATIONS) {
        return vec![predicates];
    }
    let mut all = vec![Vec::new()];
    for (kind, comparator, values) in predicates {
        let choices: Vec<Vec<&str>> =
            if values.is_empty() { vec![values] } else { values.into_iter().map(|it| vec![it]).collect() };
        all = all
            .iter()
            .flat_map(|begun: &Vec<Meaning<'_>>| {
                choices.iter().map(|it| [&begun[..], &[(kind, comparator, it.clone())]].concat())
            })
            .collect();
    }
    all
}

impl Scope {
    /// Returns whether both mean the same: order and repetition do not matter, nor does
    /// whether values share an audience or each has one of its own.
    pub(super) fn means_the_same_as(&self, other: &Self) -> bool {
        self == other || self.meaning() == other.meaning()
    }

    fn meaning(&self) -> Vec<Vec<Meaning<'_>>> {
        let mut audiences = Vec::with_capacity(self.audiences.len());
        for audience in &self.audiences {
            let mut predicates: Vec<Meaning<'_>> =
                audience.predicates.iter().map(Predicate::meaning).collect();
            predicates.sort_unstable();
            predicates.dedup();
            audiences.extend(combinations(predicates));
        }
        audiences.sort_unstable();
        audiences.dedup();
        audiences
    }

    /// Returns the scope as this server gives it back; `None` when that is as it was sent.
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
            [Predicate { values: Some(Values::Many(values)), .. }] if values.len() > 1 => values
                .iter()
                .map(|value| {
                    let mut one = audience.clone();
                    for predicate in &mut one.predicates {
                        predicate.values = Some(Values::Many(vec![value.clone()]));
                    }
                    one
                })
                .collect(),
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
