//! The three forms of a predicate (contract §4, C1): which one is taken, and in which one it is given back.
//!
//! What a scope means is the same in all of them; nothing here compares or judges scopes.

use super::{
    dialect::{PredicateForm, UnknownField},
    reply::Refusal,
    scope::{Audience, Predicate, Scope, Values, combinations},
};

impl Scope {
    /// Refuses the first field of a predicate that is not of `form`; `field` is where the scope stands in the request.
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

    /// The scope with every predicate in `form`; `None` when it is so already.
    pub(super) fn in_form(&self, form: PredicateForm) -> Option<Self> {
        if self.audiences.iter().flat_map(|it| &it.predicates).all(|it| it.is_in_form(form)) {
            return None;
        }
        let audiences = self.audiences.iter().flat_map(|audience| match form {
            PredicateForm::List => {
                vec![Audience { predicates: audience.predicates.iter().map(Predicate::as_list).collect() }]
            }
            PredicateForm::Single | PredicateForm::Id => {
                let choices: Vec<_> = audience.predicates.iter().map(|it| it.singles(form)).collect();
                let audiences = combinations(&choices)
                    .map(|all| all.into_iter().map(|predicates| Audience { predicates }).collect());
                audiences.unwrap_or_else(|| vec![audience.clone()])
            }
        });
        Some(Self { audiences: audiences.collect() })
    }
}

impl Predicate {
    fn take(
        &mut self,
        form: PredicateForm,
        unknown_field: UnknownField,
    ) -> Result<(), (&'static str, String)> {
        let id = self.id.take_if(|_| form != PredicateForm::Id).map(|_| "id");
        let values = self.values.take_if(|_| form == PredicateForm::Id).map(|_| "values");
        let comparator = self.comparator.take_if(|_| form != PredicateForm::List).map(|_| "comparator");
        if let (Some(name), UnknownField::Reject) = (id.or(values).or(comparator), unknown_field) {
            return Err((name, format!("unknown field `{name}`")));
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

    fn is_in_form(&self, form: PredicateForm) -> bool {
        match (form, &self.values, &self.id) {
            (_, None, None) => true,
            (PredicateForm::List, Some(Values::Many(_)), None)
            | (PredicateForm::Single, Some(Values::One(_)), None)
            | (PredicateForm::Id, None, Some(_)) => true,
            (PredicateForm::List, _, _) => false,
            // What no one value can say stays a list.
            (PredicateForm::Single | PredicateForm::Id, _, _) => {
                self.comparator.as_deref().is_some_and(|it| it != "IN")
            }
        }
    }

    fn as_list(&self) -> Self {
        if self.is_in_form(PredicateForm::List) {
            return self.clone();
        }
        Self {
            comparator: Some(self.comparator.clone().unwrap_or_else(|| "IN".to_owned())),
            values: Some(Values::Many(self.all_values().into_iter().map(str::to_owned).collect())),
            id: None,
            r#type: self.r#type.clone(),
        }
    }

    /// The predicate once for each of its values, or as it is where it has none.
    fn singles(&self, form: PredicateForm) -> Vec<Self> {
        let values = self.all_values();
        if self.is_in_form(form) || values.is_empty() {
            return vec![self.clone()];
        }
        let single = |value: &str| {
            let (values, id) = match form {
                PredicateForm::List | PredicateForm::Single => (Some(Values::One(value.to_owned())), None),
                PredicateForm::Id => (None, Some(value.to_owned())),
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
        assert_eq!(seeded.in_form(PredicateForm::List), None);
        for (form, first) in [
            (
                PredicateForm::Single,
                json!([{"type": "COMPANY", "values": "a"}, {"type": "BOOKING_TMC", "values": "t"}]),
            ),
            (PredicateForm::Id, json!([{"type": "COMPANY", "id": "a"}, {"type": "BOOKING_TMC", "id": "t"}])),
        ] {
            let converted = seeded.in_form(form).unwrap();
            assert_eq!(converted.audiences.len(), 5);
            assert_eq!(serde_json::to_value(&converted.audiences[0].predicates).unwrap(), first);
            assert!(converted.means_the_same_as(&seeded));
            let back = converted.in_form(PredicateForm::List).unwrap();
            assert!(back.means_the_same_as(&seeded));
        }
    }

    #[test]
    fn only_one_form_is_taken_and_the_field_of_another_is_named() {
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
            let named = wrong.map(|it| format!("name: \"s.audiences[0].predicates[0].{it}\""));
            match (refusal, named) {
                (None, None) => {}
                (Some(refusal), Some(named)) => assert!(refusal.contains(&named), "{form:?} {refusal}"),
                (refusal, named) => panic!("{form:?} {predicate}: {refusal:?}, not {named:?}"),
            }
        }
    }

    #[test]
    fn an_ignored_form_says_nothing_and_is_refused_for_that() {
        let mut id = scope(&json!([{"predicates": [{"type": "COMPANY", "id": "a"}]}]));
        assert!(id.take(PredicateForm::List, UnknownField::Ignore, "s").is_err());
        let mut both = scope(&json!([{"predicates": [{"type": "COMPANY", "id": "a", "values": ["b"]}]}]));
        assert!(both.take(PredicateForm::List, UnknownField::Ignore, "s").is_ok());
        assert_eq!(both.audiences[0].predicates[0].id, None);
    }
}
