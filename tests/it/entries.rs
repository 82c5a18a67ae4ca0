//! A role that a group holds in several entries: changed entry by entry, in every dialect of the API.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{
    Run, SEED, VOYAGER, World,
    replay::{Scope, atoms},
    tenant::side_by_side,
};

const IDS: [(&str, &str); 3] = [
    ("voyager", VOYAGER),
    ("globex", "2b7e0000-0000-4000-8000-000000000002"),
    ("initech", "2b7e0000-0000-4000-8000-000000000003"),
];

/// Server and client, and whether an entry that both sides give may be deleted there all the same.
const DIALECTS: [(&str, &str, bool); 17] = [
    ("", "", false),
    ("patchAtomic: no", "", false),
    ("patchAtomic: removalsFirst", "", false),
    ("sameRoleTwice: merge", "", false),
    ("sameRoleTwice: merge, patchAtomic: no", "", false),
    ("sameRoleTwice: merge, patchAtomic: removalsFirst", "", false),
    ("sameRoleTwice: replace", "", false),
    ("sameRoleTwice: replace, patchAtomic: no", "", false),
    ("sameRoleTwice: reject", "", true),
    ("sameRoleTwice: reject, patchAtomic: removalsFirst", "", true),
    ("scopeChange: split", "scopeChange: split", false),
    ("scopeChange: split, sameRoleTwice: reject", "scopeChange: revokeFirst", true),
    ("rolesToDelete: ids", "rolesToDelete: ids", true),
    ("rolesToDelete: ids, patchAtomic: no", "rolesToDelete: ids", true),
    ("rolesToDelete: ids, sameRoleTwice: reject", "rolesToDelete: ids, scopeChange: revokeFirst", true),
    ("scopeEcho: split, predicate: single", "predicate: single", false),
    ("scopeEcho: sorted, groupRole: flat", "groupRole: flat", false),
];

/// The entries that the group has, and the scope that it shall have, none where it is empty.
const CHANGES: [(&[&str], &str); 9] = [
    (&["globex", "initech"], "globex"),
    (&["globex"], "globex, initech"),
    (&["globex, initech"], "globex"),
    (&["globex", "initech, voyager"], "globex, initech"),
    (&["globex", "globex", "initech"], "globex"),
    (&["globex"], "initech"),
    (&["globex", "initech"], ""),
    (&["globex", "initech"], "initech, voyager"),
    (&["globex, initech", "initech, voyager"], "initech"),
];

fn scope(names: &str) -> Scope {
    let ids = IDS.iter().filter(|it| names.contains(it.0));
    ids.map(|it| [("COMPANY".to_owned(), it.1.to_owned())].into()).collect()
}

fn grants(body: &Value, field: &str) -> Vec<(String, Scope)> {
    let all = body[field].as_array().into_iter().flatten();
    all.filter(|it| it.is_object()).map(|it| (it["roleId"].to_string(), readable(&it["scope"]))).collect()
}

/// The same with the one value of the other forms as a list of it.
fn readable(scope: &Value) -> Scope {
    let mut scope = scope.clone();
    for audience in scope["audiences"].as_array_mut().into_iter().flatten() {
        for predicate in audience["predicates"].as_array_mut().into_iter().flatten() {
            if let Some(one) = predicate["values"].as_str() {
                predicate["values"] = vec![one.to_owned()].into();
            }
        }
    }
    atoms(&scope)
}

fn arrives((server, client, may_delete): (&str, &str, bool), (entries, shall): (&[&str], &str)) {
    let what = format!("{server}: {entries:?} -> {shall}");
    let roles: Vec<String> =
        entries.iter().map(|it| format!("{{ role: Agent, scope: [{{ COMPANY: [{it}] }}] }}")).collect();
    let desk = "{ role: Agent, scope: [{ COMPANY: [globex] }] }";
    let seed = SEED.replacen(desk, &roles.join(", "), 1);
    let wanted = match shall {
        "" => "[]".to_owned(),
        scope => format!("[{{ role: Agent, scope: {{ company: [{scope}] }} }}]"),
    };
    let world = World::seeded(&format!("{seed}dialect: {{ {server} }}\n"))
        .ruled(&format!("api: {{ dialect: {{ {client} }} }}\n"))
        .groups(&format!(
            "  - {{ name: Desk, description: The desk., roles: {wanted}, members: unmanaged }}\n"
        ));
    let Run { code, stdout, stderr } = world.apply();
    assert_eq!(code, 0, "{what}\n{stdout}\n{stderr}");
    let after = scope(shall);
    let held: Scope = world
        .list(&format!("user-groups/{}/roles", world.id("Desk")))
        .iter()
        .flat_map(|it| readable(&it["scope"]))
        .collect();
    assert_eq!(held, after, "{what}");
    let before: BTreeSet<_> = entries.iter().flat_map(|it| scope(it)).collect();
    for write in world.written() {
        let (add, delete) = (grants(&write.body, "rolesToAdd"), grants(&write.body, "rolesToDelete"));
        assert!(add.iter().all(|it| it.1.is_subset(&(&before | &after))), "{what}: too much: {}", write.body);
        assert!(!add.iter().any(|it| delete.contains(it)), "{what}: at once: {}", write.body);
        // Of a refused request nothing came.
        let kept = write.status == Some(200) && delete.iter().any(|it| it.1.is_subset(&after));
        assert!(may_delete || !kept, "{what}: both give it: {}", write.body);
    }
    world.settled();
}

#[test]
fn entries_that_both_sides_give_stay_and_the_rest_becomes_what_it_shall_be_in_every_dialect() {
    let all: Vec<_> =
        DIALECTS.iter().flat_map(|it| CHANGES.iter().map(move |change| (*it, *change))).collect();
    side_by_side(&all, |(dialect, change)| arrives(*dialect, *change));
}
