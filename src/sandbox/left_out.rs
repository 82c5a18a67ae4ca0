//! Answers without some of their fields, one by its name or whatever holds a default, and with another value in one.

use serde_json::{Map, Value};

use super::model::derived_id;
use crate::model::ids::parse_uuid;

/// Leaves out every field that `path` means: its last name, wherever that stands in the others, in their order.
pub(super) fn field(answer: &mut Value, path: &str) {
    at(answer, &path.split('.').collect::<Vec<_>>(), &mut Vec::new(), &|fields, name| {
        fields.remove(name);
    });
}

/// Puts another text, of an id another id, in every field that `path` means; always the same for the same.
pub(super) fn another(answer: &mut Value, path: &str) {
    at(answer, &path.split('.').collect::<Vec<_>>(), &mut Vec::new(), &|fields, name| {
        if let Some(Value::String(text)) = fields.get_mut(name) {
            let is_id = parse_uuid(text).is_some();
            *text =
                if is_id { derived_id("another", &[text]).to_string() } else { format!("another-{text}") };
        }
    });
}

/// Does something to the fields that names mean: the last, wherever it stands in the others.
fn at(
    value: &mut Value,
    names: &[&str],
    above: &mut Vec<String>,
    act: &impl Fn(&mut Map<String, Value>, &str),
) {
    match value {
        Value::Array(rows) => rows.iter_mut().for_each(|it| at(it, names, above, act)),
        Value::Object(fields) => {
            let Some((last, outer)) = names.split_last() else { return };
            if above.len() >= outer.len() && above[above.len() - outer.len()..] == *outer {
                act(fields, last);
            }
            for (name, value) in fields {
                above.push(name.clone());
                at(value, names, above, act);
                above.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

/// Leaves out all that is `false`, 0, empty or null, as encoders do that take a default for nothing to tell (protobuf's
/// JSON for one). Objects stay, and so does what stands alone in a list.
pub(super) fn defaults(answer: &mut Value) {
    match answer {
        Value::Array(rows) => rows.iter_mut().for_each(defaults),
        Value::Object(fields) => {
            let told = std::mem::take(fields).into_iter().filter(|it| !is_default(&it.1));
            *fields = told.collect::<Map<_, _>>();
            fields.values_mut().for_each(defaults);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Object(_) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(rows) => rows.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_goes_where_its_path_ends_and_nowhere_else() {
        let answer = json!({ "id": 1, "roles": [{ "id": 2, "role": { "id": 3, "name": "n" } }] });
        for (path, left) in [
            ("name", json!({ "id": 1, "roles": [{ "id": 2, "role": { "id": 3 } }] })),
            ("role.id", json!({ "id": 1, "roles": [{ "id": 2, "role": { "name": "n" } }] })),
            ("roles.id", json!({ "id": 1, "roles": [{ "role": { "id": 3, "name": "n" } }] })),
            ("roles.role.name", json!({ "id": 1, "roles": [{ "id": 2, "role": { "id": 3 } }] })),
            ("roles", json!({ "id": 1 })),
            ("id", json!({ "roles": [{ "role": { "name": "n" } }] })),
            ("other", answer.clone()),
        ] {
            let mut it = answer.clone();
            field(&mut it, path);
            assert_eq!(it, left, "{path}");
        }
    }

    #[test]
    fn another_value_is_of_the_same_form_and_always_the_same() {
        let id = "1a6f0000-0000-4000-8000-000000000001";
        let mut it =
            json!({ "id": id, "rows": [{ "id": id, "email": "a@x.example", "n": 1 }], "gone": null });
        for path in ["rows.id", "email", "n", "gone", "other"] {
            another(&mut it, path);
        }
        let other = derived_id("another", &[id]).to_string();
        let rows = json!([{ "id": other, "email": "another-a@x.example", "n": 1 }]);
        assert_eq!(it, json!({ "id": id, "rows": rows, "gone": null }));
    }

    #[test]
    fn defaults_go_and_objects_stay() {
        let mut answer = json!({
            "a": false, "b": true, "c": 0, "d": 1, "e": "", "f": "x", "g": [], "h": [0, { "i": null }], "j": { "k": 0 }
        });
        defaults(&mut answer);
        assert_eq!(answer, json!({ "b": true, "d": 1, "f": "x", "h": [0, {}], "j": {} }));
    }
}
