//! What plans, runs and questions say of people: that and nothing else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    lives::{declare, world},
    support::World,
};

/// One of each: who leaves, comes back, joins, is named otherwise and moves.
const EACH: &str = "  - { user: bo@voyager.example, active: false, reason: left }
  - { user: gone@voyager.example, active: true }
  - { user: ana@voyager.example, externalId: hr-1 }
  - { user: cy@voyager.example, business: { department: sales } }
  - user: noor@voyager.example
    create: { name: { first: Noor, last: Haddad } }
    externalId: hr-1017
    business: { legalEntity: voyager-de, department: service }
";

/// Who, and what each step of theirs is called.
const STEPS: [(&str, &str); 7] = [
    ("bo@voyager.example", "deactivate the account"),
    ("gone@voyager.example", "activate the account"),
    ("ana@voyager.example", "replace the external id"),
    ("cy@voyager.example", "change what the company says"),
    ("noor@voyager.example", "create the account"),
    ("noor@voyager.example", "make sure of the external id"),
    ("noor@voyager.example", "make sure of what the company says"),
];

/// The writes to people, without the ids in their paths.
fn written(world: &World) -> BTreeSet<String> {
    let is_of_people = |it: &Value| it["route"].as_str().is_some_and(|it| it.starts_with("/v2/users"));
    let log = world.log();
    let writes = log.iter().filter(|it| is_of_people(it) && it["method"] != "GET");
    writes.map(|it| format!("{} {}", it["method"].as_str().unwrap(), it["route"].as_str().unwrap())).collect()
}

#[test]
fn a_step_is_called_by_what_it_does_to_an_account() {
    let world = world();
    declare(&world, EACH);
    world.forget();
    let run = world.apply().expect(0);
    for (who, what) in STEPS {
        assert!(run.stderr.contains(&format!("{who}: {what}")), "{who}: {what}\n{}", run.stderr);
    }
    for what in ["activate the account", "create the account", "replace the external id"] {
        assert_eq!(run.stderr.matches(&format!(": {what}")).count(), 1, "{what}\n{}", run.stderr);
    }
    let expected = [
        "DELETE /v2/users/{userId}",
        "POST /v2/users/{userId}/activate",
        "PUT /v2/users/{userId}/external-id",
        "PUT /v2/users/{userId}/business-info",
        "POST /v2/users",
    ];
    assert_eq!(written(&world), expected.map(str::to_owned).into());
    world.settled();
}

#[test]
fn programs_and_whoever_waited_are_told_the_same_words() {
    let world = world();
    declare(&world, EACH);
    world.faults(
        json!([{ "method": "POST", "path": "/v2/users", "times": 0, "kind": { "status": { "code": 403 } } }]),
    );
    let run = world.run("apply --auto-approve --format json");
    let report = run.json();
    let users = report["users"].as_array().unwrap_or_else(|| panic!("{}", run.stderr));
    let told: BTreeSet<(&str, &str)> = users
        .iter()
        .flat_map(|user| user["steps"].as_array().unwrap().iter().map(move |step| (user, step)))
        .map(|(user, step)| (user["person"].as_str().unwrap(), step["step"].as_str().unwrap()))
        .collect();
    assert_eq!(told, STEPS.into());
    assert!(
        run.stdout.contains("“create the account” of noor@voyager.example was not made"),
        "{}",
        run.stdout
    );
}

/// Each operation that can be refused: its method, what is in its path, what asks for it, and the right that is missing.
const REFUSED: [(&str, &str, &str, &str); 10] = [
    ("POST", "/v2/users", "apply --auto-approve", "USER_MANAGEMENT (write)"),
    ("POST", "/activate", "apply --auto-approve", "USER_MANAGEMENT (write)"),
    ("DELETE", "/v2/users/", "apply --auto-approve", "USER_MANAGEMENT (write)"),
    ("PUT", "/business-info", "apply --auto-approve", "USER_PROFILE (write)"),
    ("PUT", "/external-id", "apply --auto-approve", "USER_PROFILE (write)"),
    ("PATCH", "/members", "apply --auto-approve", "ACCESS_MANAGEMENT (write)"),
    ("POST", "/user-groups/list", "plan", "ACCESS_MANAGEMENT (read)"),
    ("POST", "/v3/users/list", "users list", "USER_MANAGEMENT (read)"),
    (
        "PUT",
        "/personal-info",
        "users put ana@voyager.example part.json --part personal-info --auto-approve",
        "USER_PROFILE (write)",
    ),
    ("PUT", "/roles", "apply --auto-approve", "USER_MANAGEMENT (write)"),
];

#[test]
fn a_refusal_names_the_right_that_the_operation_needs() {
    let direct = "  - { user: root@voyager.example, directRoles: [{ type: COMPANY_REPORT_ADMIN, company: globex }] }\n";
    for (method, path, line, right) in REFUSED {
        let world = world();
        declare(&world, &format!("{EACH}{direct}"));
        world.write("part.json", r#"{"name":{"given":"Ana","family1":"Ash"}}"#);
        world.faults(
            json!([{ "method": method, "path": path, "times": 0, "kind": { "status": { "code": 403 } } }]),
        );
        let run = world.run(line);
        let said = format!("{}\n{}", run.stdout, run.stderr);
        let hint = format!("it needs {right} for this company");
        assert!(said.contains(&hint), "{method} {path}: no `{hint}` in\n{said}");
        let others = said.lines().filter(|it| it.contains("it needs ") && !it.contains(right));
        assert_eq!(others.count(), 0, "{method} {path}: {said}");
    }
}

/// What an apply did to one person, and what its rollback says of it.
const UNDONE: [(&str, &[&str]); 5] = [
    (
        "  - user: noor@voyager.example\n    create: { name: { first: Noor, last: Haddad } }\n    business: { legalEntity: voyager-de, department: sales }\n",
        &["- person account deactivated the account itself stays: the API has no way to erase one"],
    ),
    (
        "  - { user: ana@voyager.example, externalId: hr-1 }\n",
        &["! user ana@voyager.example the external id stays: the API has no way to take it away"],
    ),
    (
        "  - { user: ana@voyager.example, business: { designation: Lead } }\n",
        &["~ person designation Lead → none back to what it was"],
    ),
    ("  - { user: gone@voyager.example, active: true }\n", &["- person account deactivated"]),
    (
        "  - { user: cy@voyager.example, directRoles: [{ type: COMPANY_REPORT_ADMIN, company: globex }] }\n",
        &["- direct role COMPANY_REPORT_ADMIN of globex back to what it was"],
    ),
];

#[test]
fn a_rollback_says_what_goes_back_and_what_of_a_person_stays() {
    for (entry, lines) in UNDONE {
        let world = world();
        let before = "  - { user: bo@voyager.example, active: true }\n";
        declare(&world, before);
        world.apply().expect(0);
        declare(&world, &format!("{before}{entry}"));
        world.run("apply --auto-approve --journal j.ndjson").expect(0);
        let mut back = world.run("rollback j.ndjson --out back.json").expect(0);
        for line in lines {
            back = back.shows(line);
        }
        for said in ["userId", "not declared"] {
            assert!(!back.stdout.contains(said), "{entry}: {said} in\n{}", back.stdout);
        }
        // What cannot be taken back is withheld.
        let code = if back.stdout.contains("Withheld") { 3 } else { 0 };
        world.run("apply back.json --auto-approve").expect(code);
        let again = world.run("rollback j.ndjson").expect(0).stdout;
        assert!(!again.contains("~ person") && !again.contains("- person"), "{entry}: {again}");
    }
}
