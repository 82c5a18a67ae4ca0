//! Answers about another object than the one that was asked about: of each, as the tables in docs/answers.md say.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    left_out::{cells, lines, path, table, world},
    support::{VOYAGER, World, repository},
};

/// Any other value of a field that is compared ends the run; the table says which are.
#[test]
fn an_answer_about_another_object_is_not_believed() {
    let rows = table();
    let mut compared = 0;
    for (dialect, single) in [("{}", false), ("{ usersList: refused }", true)] {
        let world = world(dialect);
        for row in rows.iter().filter(|it| !it.another.is_empty()) {
            let alone = ["GET /v2/users", "GET /v2/users/{userId}"].contains(&&*row.route);
            if alone != single {
                continue;
            }
            compared += 1;
            assert_eq!(row.another, "no plan");
            let (method, path) = (row.route.split(' ').next().unwrap(), path(&world, &row.route));
            let kind = json!({ "another": { "field": row.field } });
            for line in [
                "plan --now 2026-12-24",
                "drift --now 2026-12-24",
                "apply --auto-approve --now 2026-12-24",
                "snapshot",
            ] {
                // A snapshot asks for people by other questions.
                if line == "snapshot" && single {
                    continue;
                }
                world.faults(json!([{ "times": 0, "method": method, "path": path, "kind": kind }]));
                world.forget();
                let run = world.run(line).expect(8).says(&["the answer is about another: ", "hint: "]);
                let said = run.stdout + &run.stderr;
                assert!(
                    said.contains(row.route.split(' ').nth(1).unwrap().split('{').next().unwrap()),
                    "{said}"
                );
                assert!(!said.contains("@voyager.example"), "{line} {row:?}: {said}");
                assert_eq!(world.writes(), [""; 0], "{line} {row:?}");
            }
            world.faults(json!([]));
        }
    }
    assert_eq!(compared, 6);
}

/// Of every operation that the client knows, one of the tables says what is compared.
#[test]
fn every_operation_is_in_one_of_the_tables() {
    let mut listed: BTreeSet<String> = table().into_iter().map(|it| it.route).collect();
    for line in lines(1) {
        let first = cells(&line)[0].to_owned();
        listed.insert(first.split('`').nth(1).unwrap().to_owned());
    }
    let client = ["reader", "writer", "users", "question", "request", "token"]
        .map(|it| repository(&format!("src/live/api/{it}.rs")))
        .concat();
    let templates: BTreeSet<&str> =
        client.split('"').filter(|it| it.starts_with("/v2/") || it.starts_with("/v3/")).collect();
    let templates: BTreeSet<&str> =
        templates.into_iter().filter(|it| !it.contains("{c}") && !it.contains('…')).collect();
    assert!(templates.len() > 12, "{templates:?}");
    for template in templates {
        assert!(listed.iter().any(|it| it.split(' ').nth(1) == Some(template)), "{template} is in no table");
    }
}

/// A step whose look shows another group fails before it writes; one whose creation or change answers with another
/// group fails, and leaves both alone.
#[test]
fn an_apply_does_not_write_to_a_group_that_it_did_not_mean() {
    const OTHERS: &str =
        "  - { name: Night, description: The night., roles: unmanaged, members: unmanaged }\n";
    let renamed = "  - { name: Desk, description: Another text., roles: unmanaged, members: unmanaged }\n";
    let new = "  - { name: New, description: New., roles: [], members: [ana@voyager.example] }\n";
    for (what, groups, fault, code) in [
        (
            "a look: id",
            renamed,
            json!({ "times": 0, "method": "GET", "path": "/user-groups/", "kind": { "another": { "field": "id" } } }),
            8,
        ),
        (
            "a look: company",
            renamed,
            json!({ "times": 0, "method": "GET", "path": "/user-groups/", "kind": { "another": { "field": "companyId" } } }),
            8,
        ),
        (
            "a change",
            renamed,
            json!({ "method": "PUT", "kind": { "status": { "code": 200, "body": format!("{{\"id\":\"{VOYAGER}\"}}"), "afterWrite": true } } }),
            3,
        ),
        (
            "a creation: nobody's group",
            new,
            json!({ "method": "GET", "path": "/user-groups/", "kind": { "another": { "field": "id" } } }),
            3,
        ),
        (
            "a creation: another's name",
            new,
            json!({ "method": "GET", "path": "/user-groups/", "kind": { "another": { "field": "name" } } }),
            3,
        ),
    ] {
        let world = World::new().groups(&format!("{groups}{OTHERS}"));
        let before = (world.members("Desk"), world.members("Night"));
        world.faults(json!([fault]));
        world.forget();
        let run = world.run("apply --auto-approve").expect(code);
        let said = run.stdout + &run.stderr;
        assert!(said.contains("the answer is about another"), "{what}: {said}");
        let writes = world.writes();
        let at_most = if code == 8 { 0 } else { 1 };
        assert!(writes.len() <= at_most, "{what}: {writes:?}");
        assert_eq!((world.members("Desk"), world.members("Night")), before, "{what}");
    }
}

/// The id that a creation answers may be that of somebody else's group: it is neither filled, nor deleted, nor undone.
#[test]
fn a_creation_that_answers_with_somebody_elses_group_leaves_that_alone() {
    for (with, rival) in [("Night", false), ("Desk", true), ("Company Admins", false)] {
        let world = World::new().groups(
            "  - { name: New, description: New., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example] }\n",
        );
        let victim = world.id(with);
        let (members, roles) = (world.members(with), world.roles(with));
        let body = json!({ "id": victim }).to_string();
        let create = format!("/companies/{VOYAGER}/user-groups");
        world.faults(json!([{ "method": "POST", "path": create, "writes": true, "kind": { "status": { "code": 200, "body": body, "afterWrite": rival } } }]));
        world.forget();
        let run = world.run("apply --auto-approve --journal journal.ndjson").expect(3);
        let said = run.stdout + &run.stderr;
        assert!(said.contains("the answer is about another: groupId is") && said.contains(&victim), "{said}");
        assert_eq!(world.writes(), ["POST user-groups"], "{with}");
        assert_eq!((world.members(with), world.roles(with)), (members.clone(), roles.clone()), "{with}");
        let undo = world.run("rollback journal.ndjson --out undo.json").expect(0);
        assert!(!undo.stdout.contains(&format!("group {with}")), "{}", undo.stdout);
        world.run("apply undo.json --auto-approve");
        assert_eq!((world.members(with), world.roles(with)), (members, roles), "{with}");
    }
}

/// A probe makes groups and deletes them: never one that it did not make.
#[test]
fn a_probe_leaves_a_group_alone_that_it_did_not_make() {
    let world = World::new();
    let victim = world.id("Night");
    let body = json!({ "id": victim }).to_string();
    let create = format!("/companies/{VOYAGER}/user-groups");
    world.faults(json!([{ "times": 0, "method": "POST", "path": create, "writes": true, "kind": { "status": { "code": 200, "body": body } } }]));
    world.forget();
    let run = world.run(
        "doctor --probe --yes --company 1a6f0000-0000-4000-8000-000000000001 --user ana@voyager.example",
    );
    assert!(run.code == 3 || run.code == 8, "{} {}", run.code, run.stderr);
    assert!((run.stdout + &run.stderr).contains("about another"));
    assert_eq!(world.writes(), ["POST user-groups"]);
    assert_eq!(world.members("Night"), ["cy@voyager.example"]);
}

/// Questions that a plan asks only where a list does not tell, and those of commands that are no plan.
#[test]
fn other_answers_about_another_object_are_not_believed_either() {
    let another = |method: &str, path: &str, field: &str| json!({ "times": 0, "method": method, "path": path, "kind": { "another": { "field": field } } });
    let untold = |path: &str, field: &str| json!({ "times": 0, "method": "POST", "path": path, "kind": { "leaveOut": { "field": field } } });
    let company = format!("/companies/{VOYAGER}");
    let (groups, roles) = (format!("{company}/user-groups/list"), format!("{company}/roles"));
    let of_company = another("POST", &groups, "userGroups.companyId");
    for (line, faults) in [
        ("plan", json!([untold(&roles, "roles.permissions"), another("GET", "/v3/roles/", "id")])),
        (
            "plan",
            json!([untold(&groups, "userGroups.description"), another("GET", "/user-groups/", "companyId")]),
        ),
        ("plan --estimate", json!([of_company])),
        ("explain ana@voyager.example", json!([of_company])),
        ("duplicate \"Company Admins\" --as New", json!([of_company])),
        ("duplicate \"Company Admins\" --as New", json!([another("POST", &roles, "roles.companyId")])),
        (
            "apply --only lockout --auto-approve",
            json!([another("POST", "/v3/users/list", "organization.id")]),
        ),
        ("doctor", json!([another("GET", "/user-groups/", "id")])),
        ("doctor", json!([another("GET", "/v3/roles/", "id"), of_company])),
        ("doctor", json!([another("POST", &roles, "roles.companyId")])),
    ] {
        let world = world("{}");
        world.faults(faults.clone());
        world.forget();
        let run = world.run(line).expect(8);
        assert!((run.stdout + &run.stderr).contains("the answer is about another: "), "{line} {faults}");
        assert_eq!(world.writes(), [""; 0], "{line} {faults}");
    }
}
