//! The three spellings of a predicate (contract §4, C1): which one is taken, and in which one it is given back.
//!
//! What a scope means is the same in all of them; nothing here compares or judges scopes.

use super::{
    dialect::{PredicateForm, UnknownField},
    reply::Refusal,
    scope::{Audience, Predicate, Scope, Values},
};

/// The most audiences that one audience is given back as; one that would become more stays as it is.
const MOST_AUDIENCES: usize = 10_000;

impl Scope {
    /// Checks that every predicate is spelt in `form`; what stands at `field` of the request is named so.
    ///
    /// # Errors
    /// A 400 that names the first field that is of another spelling, or missing.
    pub(super) fn take(
        &mut self,
        form: PredicateForm,
        unknown_field: UnknownField,
        field: &str,
    ) -> Result<(), Refusal> {
        for (a, audience) in self.audiences.iter_mut().enumerate() {
            for (p, predicate) in audience.predicates.iter_mut().enumerate() {
                predicate.take(form, unknown_field).map_err(|(name, problem)| {
                    Refusal::invalid(&format!("{field}.audiences[{a}].predicates[{p}].{name}"), problem)
                })?;
            }
        }
        Ok(())
    }

    /// Returns the scope with every predicate spelt in `form`; `None` when it is so already.
    pub(super) fn spelt(&self, form: PredicateForm) -> Option<Self> {
        let done = self.audiences.iter().flat_map(|it| &it.predicates).all(|it| it.is_spelt(form));
        if done {
            return None;
        }
        let audiences = self.audiences.iter().flat_map(|audience| match form {
            PredicateForm::List => vec![audience.map(|it| vec![it.spelt(form)])],
            PredicateForm::Single | PredicateForm::Id => audience.combinations(form),
        });
        Some(Self { audiences: audiences.collect() })
    }
}

impl Audience {
    fn map(&self, spell: impl FnMut(&Predicate) -> Vec<Predicate>) -> Self {
        Self { predicates: self.predicates.iter().flat_map(spell).collect() }
    }

    /// Returns one audience for each choice of one value a predicate.
    fn combinations(&self, form: PredicateForm) -> Vec<Self> {
        let choices: Vec<Vec<Predicate>> = self.predicates.iter().map(|it| it.singles(form)).collect();
        let count = choices.iter().try_fold(1, |n: usize, it| n.checked_mul(it.len()));
        if count.is_none_or(|count| count > MOST_AUDIENCES) {
            return vec![self.clone()];
        }
        let mut all = vec![Self { predicates: Vec::new() }];
        for choice in choices {
            all = all
                .iter()
                .flat_map(|begun| choice.iter().map(|it| begun.with(it.clone())).collect::<Vec<_>>())
                .collect();
        }
        all
    }

    fn with(&self, predicate: Predicate) -> Self {
        Self { predicates: self.predicates.iter().cloned().chain([predicate]).collect() }
    }
}

impl Predicate {
    fn take(
        &mut self,
        form: PredicateForm,
        unknown_field: UnknownField,
    ) -> Result<(), (&'static str, String)> {
        let foreign: &[&'static str] = match form {
            PredicateForm::List => &["id"],
            PredicateForm::Single => &["id", "comparator"],
            PredicateForm::Id => &["values", "comparator"],
        };
        for name in foreign {
            let given = match *name {
                "id" => self.id.take().is_some(),
                "values" => self.values.take().is_some(),
                _ => self.comparator.take().is_some(),
            };
            if given && unknown_field == UnknownField::Reject {
                return Err((name, format!("unknown field `{name}`")));
            }
        }
        let (name, valued) = match (form, &self.values, &self.id) {
            (PredicateForm::List, Some(Values::One(_)), _) => {
                return Err(("values", "must be a list".to_owned()));
            }
            (PredicateForm::Single, Some(Values::Many(_)), _) => {
                return Err(("values", "must be one string".to_owned()));
            }
            (PredicateForm::List, Some(Values::Many(values)), _) => ("values", !values.is_empty()),
            (PredicateForm::Single, Some(Values::One(_)), _) => ("values", true),
            (PredicateForm::List | PredicateForm::Single, None, _) => ("values", false),
            (PredicateForm::Id, _, id) => ("id", id.is_some()),
        };
        match (self.r#type == "PLATFORM", valued) {
            (true, false) | (false, true) => Ok(()),
            (true, true) => Err((name, "the whole platform has no value".to_owned())),
            (false, false) => Err((name, format!("{} says nothing without a value", self.r#type))),
        }
    }

    fn is_spelt(&self, form: PredicateForm) -> bool {
        match (form, &self.values, &self.id) {
            (_, None, None) => true,
            (PredicateForm::List, Some(Values::Many(_)), None)
            | (PredicateForm::Single, Some(Values::One(_)), None)
            | (PredicateForm::Id, None, Some(_)) => true,
            (PredicateForm::List, _, _) => false,
            // What no one value can say stays a list.
            (PredicateForm::Single | PredicateForm::Id, _, _) => !self.is_in(),
        }
    }

    fn is_in(&self) -> bool {
        self.comparator.as_deref().is_none_or(|it| it == "IN")
    }

    fn all_values(&self) -> Vec<String> {
        let mut values = match &self.values {
            None => Vec::new(),
            Some(Values::One(value)) => vec![value.clone()],
            Some(Values::Many(values)) => values.clone(),
        };
        values.extend(self.id.clone().filter(|id| !values.contains(id)));
        values
    }

    fn spelt(&self, form: PredicateForm) -> Self {
        if self.is_spelt(form) {
            return self.clone();
        }
        let comparator = Some(self.comparator.clone().unwrap_or_else(|| "IN".to_owned()));
        Self {
            comparator,
            values: Some(Values::Many(self.all_values())),
            id: None,
            r#type: self.r#type.clone(),
        }
    }

    /// Returns the predicate once for each of its values, or as it is where it has none.
    fn singles(&self, form: PredicateForm) -> Vec<Self> {
        let values = self.all_values();
        if self.is_spelt(form) || values.is_empty() {
            return vec![self.clone()];
        }
        let single = |value: String| {
            let (values, id) = match form {
                PredicateForm::List | PredicateForm::Single => (Some(Values::One(value)), None),
                PredicateForm::Id => (None, Some(value)),
            };
            Self { r#type: self.r#type.clone(), comparator: None, values, id }
        };
        values.into_iter().map(single).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn scope(audiences: &Value) -> Scope {
        serde_json::from_value(json!({ "audiences": audiences })).unwrap()
    }

    #[test]
    fn several_values_become_several_audiences_of_the_same_meaning() {
        let seeded = scope(&json!([
            {"predicates": [{"type": "COMPANY", "comparator": "IN", "values": ["a", "b"]},
                            {"type": "BOOKING_TMC", "comparator": "IN", "values": ["t", "u"]}]},
            {"predicates": [{"type": "PLATFORM"}]}
        ]));
        assert_eq!(seeded.spelt(PredicateForm::List), None);
        for (form, first) in [
            (
                PredicateForm::Single,
                json!([{"type": "COMPANY", "values": "a"}, {"type": "BOOKING_TMC", "values": "t"}]),
            ),
            (PredicateForm::Id, json!([{"type": "COMPANY", "id": "a"}, {"type": "BOOKING_TMC", "id": "t"}])),
        ] {
            let spelt = seeded.spelt(form).unwrap();
            assert_eq!(spelt.audiences.len(), 5);
            assert_eq!(serde_json::to_value(&spelt.audiences[0].predicates).unwrap(), first);
            assert!(spelt.means_the_same_as(&seeded));
            let back = spelt.spelt(PredicateForm::List).unwrap();
            assert!(back.means_the_same_as(&seeded));
        }
    }

    #[test]
    fn only_one_spelling_is_taken_and_the_field_of_another_is_named() {
        use PredicateForm::{Id, List, Single};
        let list = json!({"type": "COMPANY", "comparator": "IN", "values": ["a"]});
        let (single, id) = (json!({"type": "COMPANY", "values": "a"}), json!({"type": "COMPANY", "id": "a"}));
        for (form, predicate, wrong) in [
            (List, &list, None),
            (List, &single, Some("values")),
            (List, &id, Some("id")),
            (Single, &list, Some("comparator")),
            (Single, &single, None),
            (Single, &id, Some("id")),
            (Id, &list, Some("values")),
            (Id, &single, Some("values")),
            (Id, &id, None),
            (List, &json!({"type": "COMPANY"}), Some("values")),
            (Id, &json!({"type": "COMPANY"}), Some("id")),
            (Single, &json!({"type": "PLATFORM"}), None),
            (List, &json!({"type": "PLATFORM", "comparator": "IN", "values": []}), None),
            (List, &json!({"type": "PLATFORM", "values": ["a"]}), Some("values")),
            (Id, &json!({"type": "PLATFORM", "id": "a"}), Some("id")),
        ] {
            let mut scope = scope(&json!([{ "predicates": [predicate] }]));
            let refusal = scope.take(form, UnknownField::Reject, "s").err().map(|it| format!("{it:?}"));
            let named = wrong.map(|it| format!("Some((\"s.audiences[0].predicates[0].{it}\""));
            match (refusal, named) {
                (None, None) => {}
                (Some(refusal), Some(named)) => assert!(refusal.contains(&named), "{form:?} {refusal}"),
                (refusal, named) => panic!("{form:?} {predicate}: {refusal:?}, not {named:?}"),
            }
        }
    }

    #[test]
    fn an_ignored_spelling_says_nothing_and_is_refused_for_that() {
        let mut id = scope(&json!([{"predicates": [{"type": "COMPANY", "id": "a"}]}]));
        assert!(id.take(PredicateForm::List, UnknownField::Ignore, "s").is_err());
        let mut both = scope(&json!([{"predicates": [{"type": "COMPANY", "id": "a", "values": ["b"]}]}]));
        assert!(both.take(PredicateForm::List, UnknownField::Ignore, "s").is_ok());
        assert_eq!(both.audiences[0].predicates[0].id, None);
    }
}
