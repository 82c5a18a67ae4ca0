//! A name that cannot be resolved removes nobody: not from a group, not from a role, nor from a part of its scope.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use super::{cases, list, lost, reach, text};
use crate::support::{
    library::plan,
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
    for edit in list(document, "edits") {
        let (id, role, user) = (text(&edit["groupId"]), &edit["roleId"], &edit["userId"]);
        let removes = edit["action"] == "remove";
        match text(&edit["kind"]) {
            "group" if removes => _ = all.insert(format!("group {id}")),
            "member" if removes => _ = all.insert(format!("{user} in {id}")),
            "role" => {
                let gone = lost(&reach(&edit["before"]), &reach(&edit["after"]));
                all.extend(gone.iter().map(|it| format!("{role} of {id} on {it:?}")));
            }
            "directRole" => {
                let travellers = |side: &str| -> BTreeSet<String> {
                    let elements =
                        list(edit, side).iter().flat_map(|it| list(&it["metadata"], "arrangerFor"));
                    elements.map(|it| it["userId"].to_string()).collect()
                };
                let (before, after) = (travellers("before"), travellers("after"));
                all.extend(before.difference(&after).map(|it| format!("{user} arranges for {it}")));
                if removes && before.is_empty() {
                    all.insert(format!("{user} holds {}", edit["before"]));
                }
            }
            _ => (),
        }
    }
    all
}

proptest! {
    #![proptest_config(cases(200))]

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
