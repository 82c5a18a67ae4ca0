//! What can be done to a file, right or wrong: keys go, are misspelt and come from elsewhere, values change their form.

use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

/// One thing that is done to a file, somewhere.
#[derive(Clone, Debug)]
pub(super) enum Mutation {
    Delete,
    Rename(usize),
    Replace(usize),
    Duplicate,
    Wrap,
    Unwrap,
    /// Takes what is elsewhere in the file.
    Take(Index),
    /// Adds a key with what it has elsewhere.
    Add(Index),
}

pub(super) fn mutations() -> impl Strategy<Value = Vec<(Index, Mutation)>> {
    let mutation = prop_oneof![
        2 => Just(Mutation::Delete),
        2 => (0..KEYS.len()).prop_map(Mutation::Rename),
        6 => (0..values().len()).prop_map(Mutation::Replace),
        1 => Just(Mutation::Duplicate),
        1 => Just(Mutation::Wrap),
        1 => Just(Mutation::Unwrap),
        2 => any::<Index>().prop_map(Mutation::Take),
        3 => any::<Index>().prop_map(Mutation::Add),
    ];
    proptest::collection::vec((any::<Index>(), mutation), 1..4)
}

/// Keys of files, and some that are none.
const KEYS: [&str; 30] = [
    "name",
    "naem",
    "description",
    "roles",
    "members",
    "role",
    "scope",
    "group",
    "reason",
    "until",
    "since",
    "email",
    "externalId",
    "userId",
    "id",
    "atLeast",
    "company",
    "tmc",
    "type",
    "raw",
    "arrangerFor",
    "platform",
    "legalEntity",
    "profile",
    "values",
    "providedBy",
    "of",
    "person",
    "upTo",
    "guard",
];

/// Values of which each is right somewhere, and wrong elsewhere.
fn values() -> Vec<Value> {
    let id = "2b7e0000-0000-4000-8000-000000000002";
    let mut values = vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(2),
        json!(101),
        json!(-1),
        json!(1.5),
        json!([]),
        json!({}),
        json!([null]),
        json!({ "atLeast": [] }),
        json!({ "atLeast": null }),
        json!({ "id": id }),
        json!({ "id": id, "name": "Agent" }),
        json!({ "id": id, "providedBy": "platform" }),
        json!({ "name": "Agent", "providedBy": "nobody" }),
        json!({ "platform": true }),
        json!({ "platform": false }),
        json!({ "company": [] }),
        json!({ "company": id, "predicates": [] }),
        json!({ "predicates": [{ "type": "PLATFORM", "values": [] }] }),
        json!({ "predicates": [{ "type": "X", "values": [] }] }),
        json!({ "email": "ana@voyager.example", "until": "2027-02-30" }),
        json!({ "externalId": 112 }),
        json!({ "externalId": " " }),
        json!({ "externalId": "a", "userId": id }),
        json!({ "raw": { "roleType": "NEW" } }),
        json!({ "raw": { "roleType": 5 } }),
        json!({ "raw": { "roleType": "GLOBAL_AGENT" } }),
        json!({ "type": "TRAVEL_ARRANGER", "arrangerFor": [] }),
        json!({ "type": "COMPANY_ADMIN" }),
        json!({ "type": "GLOBAL_AGENT", "tmc": id }),
        json!({ "guard": "removals", "group": "Desk", "upTo": 1, "until": "2099-01-01", "reason": "r" }),
        json!({ "guard": "removals", "role": "Agent", "upTo": 1, "until": "2099-01-01", "reason": "r" }),
        json!({ "guard": "removals", "of": "roles", "role": "Agent", "upTo": 1, "until": "2099-01-01", "reason": "r" }),
        json!({ "guard": "last-holder", "person": "a@b.c", "upTo": 1, "until": "2099-01-01", "reason": "r" }),
    ];
    let long = |n: usize| "x".repeat(n);
    let texts = [
        "",
        " ",
        "  x",
        "x ",
        "x",
        "1",
        "true",
        "null",
        "2026",
        "unmanaged",
        "ignore",
        "platform",
        "company",
        "removals",
        "protected",
        "last-holder",
        "people",
        "members",
        "GLOBAL_AGENT",
        "COMPANY_ADMIN",
        "TMC_AGENT",
        "ana@voyager.example",
        "ANA@voyager.example",
        " ana@voyager.example ",
        "ana@voyager",
        "a b@voyager.example",
        "ana@.example",
        "ana@x.example.",
        "a@b@c.example",
        "@x.example",
        "jäger@größe.example",
        "2027-01-31",
        "2027-02-30",
        "2028-02-29",
        "2027-02-29",
        "2027-01-31T18:00:00Z",
        "2027-01-31T18:00Z",
        "2027-01-31 18:00:00+02:00",
        "2027-01-31T18:00:00",
        "2027-01-31T24:00:00Z",
        "9999-12-31",
        "soon",
        "31.01.2027",
        id,
        "2B7E0000-0000-4000-8000-000000000002",
        "2b7e00000000400080000000000000002",
        "{2b7e0000-0000-4000-8000-000000000002}",
        "a\u{200b}b",
        "a\u{a0}b",
        "a\u{202e}b",
        "a\nb",
        "a\tb",
        "a\u{7}b",
        "\n",
        "a\n",
        "👩\u{200d}💻",
        "ключ",
        "日本",
        "[",
        "{",
        "*@x.example",
    ];
    values.extend(texts.map(Value::from));
    values.extend([254, 255, 256, 999, 1_000, 1_001, 1_024, 1_025].map(|n| Value::from(long(n))));
    values
}

/// The paths of everything in a file, from the outside in.
fn paths(value: &Value) -> Vec<String> {
    fn walk(value: &Value, path: &str, found: &mut Vec<String>) {
        found.push(path.to_owned());
        match value {
            Value::Object(keys) => {
                for (key, value) in keys {
                    walk(value, &format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), found);
                }
            }
            Value::Array(items) => {
                for (at, value) in items.iter().enumerate() {
                    walk(value, &format!("{path}/{at}"), found);
                }
            }
            _ => (),
        }
    }
    let mut found = Vec::new();
    walk(value, "", &mut found);
    found
}

pub(super) fn mutate(file: &mut Value, at: &Index, mutation: &Mutation) {
    let all = paths(file);
    let path = &all[at.index(all.len())];
    let elsewhere = |it: &Index| all[it.index(all.len())].clone();
    let split = path
        .rsplit_once('/')
        .map(|(parent, key)| (parent.to_owned(), key.replace("~1", "/").replace("~0", "~")));
    let found = file.pointer(path).cloned().unwrap_or_default();
    match mutation {
        Mutation::Replace(value) => *file.pointer_mut(path).unwrap() = values().swap_remove(*value),
        Mutation::Take(from) => {
            let taken = file.pointer(&elsewhere(from)).cloned().unwrap();
            *file.pointer_mut(path).unwrap() = taken;
        }
        Mutation::Wrap => *file.pointer_mut(path).unwrap() = json!([found]),
        Mutation::Unwrap => {
            if let Value::Array(items) = &found
                && let Some(first) = items.first()
            {
                *file.pointer_mut(path).unwrap() = first.clone();
            }
        }
        Mutation::Add(from) => {
            let from = elsewhere(from);
            let key = from.rsplit('/').next().unwrap_or_default().to_owned();
            let value = file.pointer(&from).cloned().unwrap();
            if let Some(Value::Object(keys)) = file.pointer_mut(path) {
                keys.insert(key, value);
            }
        }
        Mutation::Delete | Mutation::Rename(_) | Mutation::Duplicate => {
            let Some((parent, key)) = split else { return };
            match (file.pointer_mut(&parent).unwrap(), mutation) {
                (Value::Object(keys), Mutation::Delete) => _ = keys.remove(&key),
                (Value::Object(keys), Mutation::Rename(to)) => {
                    keys.remove(&key);
                    keys.insert(KEYS[*to].to_owned(), found);
                }
                (Value::Array(items), Mutation::Delete) => _ = items.remove(key.parse().unwrap()),
                (Value::Array(items), Mutation::Duplicate) => items.push(found),
                _ => (),
            }
        }
    }
}
