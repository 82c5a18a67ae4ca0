//! A name that cannot be resolved removes nobody: not from a group, not from a role, nor from a part of its scope.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use super::{cases, list, lost, reach, text};
use crate::support::{
    library::plan,
    replay::Scope,
    worlds::{Tape, World, tapes},
};

/// The keys below which somebody or something is named, alone or in a list.
const NAMING: [&str; 15] = [
    "company",
    "email",
    "employeeId",
    "externalId",
    "group",
    "id",
    "legalEntity",
    "name",
    "profile",
    "renamedFrom",
    "role",
    "scope",
    "tmc",
    "user",
    "userId",
];

/// Returns every text of a file that names somebody or something, and with that the right to change it.
fn names<'a>(file: &'a mut Value, key: &str, found: &mut Vec<&'a mut String>) {
    match file {
        Value::String(name) if NAMING.contains(&key) => found.push(name),
        Value::Array(values) => values.iter_mut().for_each(|it| names(it, key, found)),
        // What `ids` says is not a name, and what is raw is the API's.
        Value::Object(fields) => {
            let own = fields.iter_mut().filter(|it| it.0 != "ids" && it.0 != "raw");
            own.for_each(|(key, value)| names(value, key, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

/// Returns the world with one name misspelt, and how it was spelt.
fn misspelt(mut world: World, tape: &mut Tape) -> (World, String) {
    let mut found = Vec::new();
    world.files.iter_mut().for_each(|it| names(&mut it.1, "", &mut found));
    let at = tape.below(256) * found.len() / 256;
    let name = found.swap_remove(at);
    let before = name.clone();
    let (first, rest) = match name.split_once('@') {
        Some((first, rest)) => (first.to_owned(), format!("@{rest}")),
        None => (name.clone(), String::new()),
    };
    *name = match tape.below(3) {
        // An id stays one, and is nobody's.
        _ if first.len() == 36 => format!("{}99", &first[..34]),
        0 => format!("{first}x{rest}"),
        1 => format!("{}{rest}", &first[..first.len() - 1]),
        _ => format!("z{first}{rest}"),
    };
    (world, before)
}

/// What a plan takes away, in the smallest parts.
fn losses(document: &Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for group in list(document, "groups") {
        let id = text(&group["id"]);
        if group["action"] == "delete" {
            all.insert(format!("group {id}"));
        }
        for member in list(group, "members").iter().filter(|it| it["action"] == "remove") {
            all.insert(format!("{} in {id}", member["userId"]));
        }
        for role in list(group, "roles") {
            let gone = match text(&role["action"]) {
                "remove" => reach(&role["scope"]),
                "rescope" => lost(&reach(&role["before"]), &reach(&role["after"])),
                _ => Scope::new(),
            };
            all.extend(gone.iter().map(|it| format!("{} of {id} on {it:?}", role["roleId"])));
        }
    }
    for user in list(document, "users") {
        for role in list(user, "directRoles") {
            let travellers = |side: &str| -> BTreeSet<String> {
                let elements = list(role, side).iter().flat_map(|it| list(&it["metadata"], "arrangerFor"));
                elements.map(|it| it["userId"].to_string()).collect()
            };
            let (before, after) = (travellers("before"), travellers("after"));
            all.extend(before.difference(&after).map(|it| format!("{} arranges for {it}", user["userId"])));
            if role["action"] == "remove" && before.is_empty() {
                all.insert(format!("{} holds {}", user["userId"], role["before"]));
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn a_name_that_cannot_be_resolved_removes_nobody(mut tape in tapes()) {
        let world = World::drawn(&mut tape);
        if let Ok(right) = world.with(plan) {
            let (wrong, name) = misspelt(world, &mut tape);
            if let Ok(planned) = wrong.with(plan) {
                let (before, after) = (losses(&right.document), losses(&planned.document));
                let more: Vec<&String> = after.difference(&before).collect();
                prop_assert!(more.is_empty(), "`{name}` is misspelt, and these are lost: {more:#?}\n{wrong:?}");
            }
        }
    }
}
