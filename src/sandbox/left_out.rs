//! Answers without some of their fields: one by its name, or whatever holds a default.

use serde_json::{Map, Value};

/// Leaves out every field that `path` means: its last name, wherever that stands in the others, in their order.
pub(super) fn field(answer: &mut Value, path: &str) {
    let names: Vec<&str> = path.split('.').collect();
    without(answer, &names, &mut Vec::new());
}

fn without(value: &mut Value, names: &[&str], above: &mut Vec<String>) {
    match value {
        Value::Array(rows) => rows.iter_mut().for_each(|it| without(it, names, above)),
        Value::Object(fields) => {
            let Some((last, outer)) = names.split_last() else { return };
            if above.len() >= outer.len() && above[above.len() - outer.len()..] == *outer {
                fields.remove(*last);
            }
            for (name, value) in fields {
                above.push(name.clone());
                without(value, names, above);
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
    fn defaults_go_and_objects_stay() {
        let mut answer = json!({
            "a": false, "b": true, "c": 0, "d": 1, "e": "", "f": "x", "g": [], "h": [0, { "i": null }], "j": { "k": 0 }
        });
        defaults(&mut answer);
        assert_eq!(answer, json!({ "b": true, "d": 1, "f": "x", "h": [0, {}], "j": {} }));
    }
}
