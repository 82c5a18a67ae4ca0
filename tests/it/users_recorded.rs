//! `rolecall users --live`: what a snapshot tells of people, and that nothing is made of what it does not.

use std::fs;

use serde_json::{Value, json};

use crate::{
    support::World,
    users::{CANARIES, seed},
};

/// A world of which a snapshot was taken with these files, and that answers nobody any more.
fn recorded(users: &str, groups: &str) -> World {
    let world = World::seeded(&seed());
    let text = format!("version: 1\ngroups: [{groups}]\nusers: [{users}]\n");
    let world = world.with("access/a.yaml", &text);
    world.run("snapshot --out live.json").expect(0);
    world.faults(json!([{ "times": 0, "kind": { "status": { "code": 500 } } }]));
    world.forget();
    world
}

const ANA: &str = "{ user: ana@voyager.example, business: { designation: Lead } }";
const BY_RULE: &str = "{ name: Sellers, description: d, roles: [], members: [], membersFrom: [{ department: dede0000-0000-4000-8000-000000000001 }] }";

fn of<'a>(list: &'a Value, name: &str) -> &'a Value {
    let people = list["people"].as_array().unwrap();
    people.iter().find(|it| it["email"].as_str().unwrap().starts_with(name)).unwrap()
}

#[test]
fn a_list_has_everybody_and_says_of_how_many_it_is_not_known_what_they_are() {
    for (users, groups, unknown, department) in [
        ("", "", Some(5), false),
        (ANA, "", Some(4), true),
        ("{ user: gone@voyager.example, active: true }", "", Some(4), false),
        ("", BY_RULE, None, true),
        (ANA, BY_RULE, None, true),
    ] {
        let world = recorded(users, groups);
        let list = world.run("users list --live live.json --format json").expect(0).json();
        assert_eq!(list["people"].as_array().unwrap().len(), 5, "{users} {groups}");
        assert_eq!(list["notRecorded"]["department"], json!(unknown), "{users} {groups}");
        assert_eq!(of(&list, "ana").get("department").is_some(), department, "{list:#}");
        assert_eq!(of(&list, "bo")["externalId"], "agent-17");
        assert_eq!(of(&list, "gone")["active"], false);
        let taken: Value =
            serde_json::from_str(&fs::read_to_string(world.path().join("live.json")).unwrap()).unwrap();
        assert_eq!(list["snapshot"], taken["createdAt"]);
        let text = world.run("users list --live live.json").expect(0).stdout;
        assert!(text.contains("From a snapshot of ") && text.contains("5 people, 1 inactive."), "{text}");
        let said =
            unknown.map_or_else(String::new, |n| format!("    The department of {n} people: not recorded\n"));
        assert!(text.contains(&said), "{text}");
        assert!(
            text.contains("    When accounts were created and changed: not recorded in a snapshot\n"),
            "{text}"
        );
        for (flags, people) in [("--status inactive", 1), ("--status active", 4)] {
            let csv =
                world.run(&format!("users list --live live.json --format csv {flags}")).expect(0).stdout;
            assert_eq!(csv.lines().count(), people + 1, "{csv}");
        }
        // Who is left out might fit.
        let chosen = world.run("users list --live live.json --department \"*\" --format json");
        match unknown {
            Some(n) => _ = chosen.expect(4).says(&[&format!("does not tell the department of {n} people")]),
            None => assert_eq!(chosen.expect(0).json()["people"].as_array().unwrap().len(), 2),
        }
        world.run("users list --live live.json --search ana").expect(4).says(&["only the API searches"]);
        assert_eq!(world.log(), [Value::Null; 0], "no request");
    }
}

/// What is recorded of people is what the list of the API says of them.
#[test]
fn what_a_snapshot_tells_is_what_the_api_told() {
    let all: Vec<String> = ["ana", "bo", "cy", "gone", "root"]
        .map(|it| format!("{{ user: {it}@voyager.example, business: {{ designation: Any }} }}"))
        .to_vec();
    let world = World::seeded(&seed());
    let text = format!("version: 1\nusers: [{}]\n", all.join(", "));
    let world = world.with("access/a.yaml", &text);
    let mut live = world.run("users list --format json").expect(0).json();
    world.run("snapshot --out live.json").expect(0);
    let told = world.run("users list --format json --live live.json").expect(0).json();
    assert_eq!(told.get("notRecorded"), None, "{told:#}");
    for person in live["people"].as_array_mut().unwrap() {
        for field in ["createdAt", "updatedAt"] {
            person.as_object_mut().unwrap().remove(field);
        }
        // Names of departments are in no snapshot.
        for unit in ["department", "office", "costCenter", "legalEntity"] {
            let told = of(&told, person["email"].as_str().unwrap());
            assert_eq!(person[unit]["id"], told[unit]["id"], "{unit}");
            person.as_object_mut().unwrap().remove(unit);
        }
        let told = of(&told, person["email"].as_str().unwrap());
        for (field, value) in person.as_object().unwrap() {
            assert_eq!(*value, told[field], "{field}");
        }
    }
}

#[test]
fn of_a_person_it_has_what_plans_look_at_and_says_so_of_every_other_part() {
    const NOTHING: &str = "not recorded in a snapshot";
    const IN_PART: &str = "in part: a snapshot has what plans look at";
    for (users, groups, business, roles) in [
        ("", "", false, false),
        (ANA, "", true, false),
        ("{ user: ana@voyager.example, directRoles: [] }", "", false, true),
        ("", BY_RULE, true, false),
        (
            "{ user: ana@voyager.example, business: { manager: bo@voyager.example }, directRoles: [] }",
            "",
            true,
            true,
        ),
    ] {
        let world = recorded(users, groups);
        let shown =
            world.run("users show ana@voyager.example --live live.json --format json").expect(0).json();
        let (parts, not_read) = (&shown["parts"], &shown["notRead"]);
        assert_eq!((&parts["profile"]["isActive"], &not_read["profile"]), (&json!(true), &json!(IN_PART)));
        assert_eq!(
            parts["business-info"].get("departmentRef").is_some(),
            business,
            "{users} {groups} {shown:#}"
        );
        assert_eq!(not_read["business-info"], if business { IN_PART } else { NOTHING });
        assert_eq!(parts.get("roles").is_some(), roles, "{shown:#}");
        assert_eq!(not_read.get("roles").is_some(), !roles, "{shown:#}");
        for part in [
            "personal-info",
            "travel-preferences",
            "membership-info",
            "notification-preferences",
            "travel-arrangers",
            "applicable-policies",
            "external-id",
        ] {
            assert_eq!((parts.get(part), &not_read[part]), (None, &json!(NOTHING)), "{part}");
        }
        assert_eq!(parts["business-info"].get("managerRef").is_some(), users.contains("manager"));
        let text = world.run("users show ana@voyager.example --live live.json").expect(0).stdout;
        for needed in
            ["From a snapshot of ", "\nNot seen\n", "    personal-info: not recorded in a snapshot\n"]
        {
            assert!(text.contains(needed), "{needed}\n{text}");
        }
        assert!(CANARIES.iter().all(|it| !text.contains(it)), "{text}");
        let bo = world.run("users show externalId=agent-17 --live live.json --format json").expect(0).json();
        assert_eq!(bo["parts"]["external-id"], json!({ "externalId": "agent-17" }));
        assert_eq!(bo["notRead"].get("external-id"), None);
        let cy = world.run("users show employeeId=V-3 --live live.json --format json").expect(0).json();
        assert_eq!(cy["parts"]["business-info"]["employeeId"], "V-3");
        world
            .run("users show nobody@voyager.example --live live.json")
            .expect(4)
            .says(&["is not a user of voyager"]);
        assert_eq!(world.log(), [Value::Null; 0], "no request");
    }
}

#[test]
fn what_only_the_api_has_is_refused_by_flag_and_by_variable() {
    let world = recorded("", "").variable("ROLECALL_TOKEN", "");
    world.write("part.json", "{}");
    for line in [
        "users export ana@voyager.example --out x",
        "users put ana@voyager.example part.json --part profile --yes",
    ] {
        world.run(&format!("{line} --live live.json")).expect(4).says(&["no snapshot has", "`--live`"]);
    }
    // Neither needs a token.
    world.run("users list --live live.json").expect(0);
    world.run("users show bo@voyager.example --live live.json").expect(0);
    let world = world.variable("ROLECALL_LIVE", "live.json");
    world.run("users list").expect(0);
    for line in [
        "users export ana@voyager.example --out x",
        "users put ana@voyager.example part.json --part profile --yes",
    ] {
        world.run(line).expect(4).says(&["no snapshot has", "ROLECALL_LIVE"]);
    }
    assert!(!world.path().join("x").exists());
    assert_eq!(world.log(), [Value::Null; 0], "no request");
}

#[test]
fn a_part_of_a_list_is_no_list_and_pseudonyms_are_called_so() {
    let world = World::seeded(&seed())
        .with("access/a.yaml", "version: 1\nusers: [{ user: bo@voyager.example, directRoles: [] }]\n");
    world.faults(json!([{ "path": "/v3/users/list", "times": 0, "kind": { "status": { "code": 403 } } }]));
    world.run("snapshot --out live.json").expect(0);
    world
        .run("users list --live live.json")
        .expect(8)
        .says(&["does not know everybody of the company", "new snapshot"]);
    world.run("users show bo@voyager.example --live live.json").expect(0);
    world
        .run("users show ana@voyager.example --live live.json")
        .expect(8)
        .says(&["does not know who ana@voyager.example is"]);
    world.faults(json!([]));
    world.run("snapshot --sanitize --out plain.json").expect(0);
    let text = world.run("users list --live plain.json").expect(0).stdout;
    assert!(text.contains("People are under pseudonyms") && !text.contains("ana@"), "{text}");
    let list = world.run("users list --live plain.json --format json").expect(0).json();
    assert_eq!(list["sanitized"], true);
    // The company of another workspace is in no snapshot of this one.
    world.run("users list --company 1a6f0000-0000-4000-8000-000000000077 --live plain.json").expect(8);
}
