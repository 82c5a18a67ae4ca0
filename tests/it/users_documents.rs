//! What `rolecall users` prints as JSON is of the form that `rolecall schema` publishes, and of no other.

use std::fs;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::{
    support::{World, repository},
    users::seed,
};

/// The published schema of a document, in which nothing may be that it does not describe.
fn schema(kind: &str) -> Validator {
    let mut schema: Value =
        serde_json::from_str(&repository(&format!("schemas/{kind}.schema.json"))).unwrap();
    close(&mut schema);
    jsonschema::validator_for(&schema).unwrap()
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") {
                fields.entry("additionalProperties").or_insert(false.into());
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => (),
    }
}

#[track_caller]
fn is_of(document: &Value, kind: &str) {
    assert_eq!((&document["version"], &document["kind"]), (&json!(1), &json!(kind)), "{document:#}");
    let schema = schema(kind);
    let wrong: Vec<String> =
        schema.iter_errors(document).map(|it| format!("{}: {it}", it.instance_path())).collect();
    assert!(wrong.is_empty(), "{kind}: {wrong:#?}\n{document:#}");
    // It has something to say.
    for (field, value) in [("version", json!("1")), ("endpoint", json!(1)), ("more", json!(1))] {
        let mut other = document.clone();
        other[field] = value;
        assert!(!schema.is_valid(&other), "{kind}: {field}");
    }
    let mut fields: Vec<String> = document.as_object().unwrap().keys().cloned().collect();
    fields.retain(|it| !["snapshot", "sanitized", "notRecorded", "folder", "before"].contains(&&**it));
    for field in fields {
        let mut other = document.clone();
        other.as_object_mut().unwrap().remove(&field);
        assert!(!schema.is_valid(&other), "{kind}: {field} may be missing");
    }
}

#[test]
fn every_document_is_of_its_published_form() {
    let world = World::seeded(&seed()).with("access/a.yaml", "version: 1\nusers: [{ user: ana@voyager.example, directRoles: [], business: { designation: Lead } }]\n");
    world.run("snapshot --out live.json").expect(0);
    world.run("snapshot --sanitize --out plain.json").expect(0);
    for flags in ["", "--status inactive", "--search nobody-at-all", "--live live.json", "--live plain.json"]
    {
        is_of(&world.run(&format!("users list --format json {flags}")).expect(0).json(), "users");
    }
    for flags in [
        "ana@voyager.example",
        "gone@voyager.example --reveal",
        "bo@voyager.example --live live.json",
        "ana@voyager.example --live live.json",
    ] {
        is_of(&world.run(&format!("users show --format json {flags}")).expect(0).json(), "user");
    }
    let read = |path: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(world.path().join(path)).unwrap()).unwrap()
    };
    world.write("part.json", r#"{ "preferences": { "preferredCurrency": "EUR" } }"#);
    const PUT: &str = "users put ana@voyager.example part.json --part travel-preferences --yes --format json";
    for (refused, code) in [("", 0), ("/personal-info", 3)] {
        if !refused.is_empty() {
            world.faults(json!([{ "path": refused, "times": 0, "kind": { "status": { "code": 403 } } }]));
        }
        let out = format!("ana{code}");
        let printed = world
            .run(&format!("users export ana@voyager.example --out {out} --format json"))
            .expect(code)
            .json();
        is_of(&printed, "users-export");
        let manifest = read(&format!("{out}/manifest.json"));
        is_of(&manifest, "users-export");
        let mut same = printed.clone();
        assert_eq!(same.as_object_mut().unwrap().remove("folder"), Some(json!(out)));
        same["createdAt"] = manifest["createdAt"].clone();
        assert_eq!(same, manifest);
        let put = world.run(PUT).expect(0).json();
        is_of(&put, "users-put");
        assert_eq!(
            (put["changed"] == json!([]), put.get("before").is_none()),
            (code == 3, code == 3),
            "{put:#}"
        );
        if let Some(before) = put["before"].as_str() {
            assert!(read(before)["preferences"]["airPref"].is_object(), "{put:#}");
        }
    }
}
