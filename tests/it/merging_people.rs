//! `rolecall import --merge --people`: who is in no file comes into one, and who is there stays to the letter, through the
//! real binary.

use std::{collections::BTreeMap, process::Command};

use serde_json::{Value, json};

use crate::{
    merging::{files, merged},
    support::{NO_CHANGES, Run, VOYAGER, World},
};

/// A company of people in units, one of which the files call already, and a client with one of its own.
const SEED: &str = "
version: 1
companies:
  - name: voyager
    kind: tmc
    id: 1a6f0000-0000-4000-8000-000000000001
    legalEntities: [{ name: Voyager DE, id: 3c8d0000-0000-4000-8000-000000000009 }]
    departments:
      - { name: Sales, id: dede0000-0000-4000-8000-000000000001 }
      - { name: Service, id: dede0000-0000-4000-8000-000000000002 }
  - { name: globex, id: 2b7e0000-0000-4000-8000-000000000002, legalEntities: [{ name: Globex UK, id: 3c8d0000-0000-4000-8000-000000000001 }] }
tokens:
  - { token: full-token, access: full }
roles:
  - { name: Agent, permissions: [{ permission: AGENT, actions: [ALL] }] }
users:
  - { email: root@voyager.example, company: voyager }
  - { email: ana@voyager.example, company: voyager, externalId: hr-1, employeeId: '0017', department: Sales }
  - { email: bo@voyager.example, company: voyager, externalId: hr-2, department: Service, designation: 'Lead: #1', manager: ana@voyager.example }
  - { email: cy@voyager.example, company: voyager, employeeId: V-3, department: Sales }
  - { email: twin@voyager.example, company: voyager, id: 5e500000-0000-4000-8000-000000000002 }
  - { email: twin@voyager.example, company: voyager, id: 5e500000-0000-4000-8000-000000000003 }
  - { email: gone@voyager.example, company: voyager, active: false, department: Service }
  - { email: vip@globex.example, company: globex, employeeId: G-1 }
groups:
  - { name: Desk, company: voyager, description: The desk., roles: [{ role: Agent, scope: [{ COMPANY: [globex] }] }], members: [ana@voyager.example] }
  - { name: Club, company: globex, description: The club., roles: [], members: [vip@globex.example] }
";

const WORKSPACE: &str = "version: 1
company: voyager
ids:
  # Ours.
  company: { voyager: 1a6f0000-0000-4000-8000-000000000001, globex: 2b7e0000-0000-4000-8000-000000000002 }
  department:
    the-sellers: dede0000-0000-4000-8000-000000000001   # not what they call themselves
";

fn world(seed: &str) -> World {
    World::seeded(seed).with("rolecall.yaml", WORKSPACE)
}

/// What a plan would do, as far as it is about people.
fn edits(world: &World) -> Vec<Value> {
    let plan = world.run("plan --format json").json();
    if plan["edits"].is_null() {
        // Without any access file there is no plan.
        return Vec::new();
    }
    let edits = plan["edits"].as_array().unwrap().iter().filter(|it| it["kind"] == "person");
    edits.map(|it| json!([it["user"], it["attribute"], it["before"], it["after"]])).collect()
}

/// Merges people, and makes sure of everything that holds whatever there is: beside the lines of before, what a plan does.
#[track_caller]
fn with_people(world: &World, more: &str) -> Run {
    let before = edits(world);
    let run = merged(world, &format!("--people {more}"));
    assert_eq!(edits(world), before, "a plan does to people what it did before");
    run
}

#[test]
fn who_is_in_no_file_comes_behind_those_who_are_there_and_these_stay_to_the_letter() {
    let root = "
  - user: root@voyager.example
    business: { legalEntity: voyager-de }
";
    let twins = "
  - user: { userId: 5e500000-0000-4000-8000-000000000002 } # twin@voyager.example
    business: { legalEntity: voyager-de }

  - user: { userId: 5e500000-0000-4000-8000-000000000003 } # twin@voyager.example
    business: { legalEntity: voyager-de }
";
    let ana = "
  - user: ana@voyager.example
    externalId: hr-1
    business: { employeeId: \"0017\", legalEntity: voyager-de, department: the-sellers }
";
    let bo = "
  - user: bo@voyager.example
    externalId: hr-2
    business: { legalEntity: voyager-de, department: service, designation: \"Lead: #1\" }
";
    let cy = "
  - user: cy@voyager.example
    business: { employeeId: V-3, legalEntity: voyager-de, department: the-sellers }
";
    let join = |all: &[&str]| all.concat();
    for (what, before, after) in [
        (
            "by address, with comments and an order of its own",
            "# Ours.\nversion: 1   # the format\nusers:\n\n  # The boss.\n  - user: 'bo@voyager.example'\t# since 2019\n    business: {department: service-2}\n\n  - user: ana@voyager.example\n    externalId: hr-1 # by hand\n# the end\n".replace("{department: service-2}", "{department: dede0000-0000-4000-8000-000000000002}"),
            join(&[cy, root, twins]),
        ),
        (
            "by external id and by employee id",
            "version: 1\nusers:\n  - user: { externalId: hr-2 }\n    business: { designation: Other }\n\n  - { user: { employeeId: V-3 }, externalId: hr-3 }\n".to_owned(),
            join(&[ana, root, twins]),
        ),
        (
            "by user id, and one of two by an address",
            format!("version: 1\nusers:\n  - {{ user: twin@voyager.example, externalId: hr-9 }}\n\n  - user: {{ userId: {} }}\n    externalId: hr-2\n", "BO"),
            join(&[ana, cy, root]),
        ),
        (
            "an account that shall be made, and that somebody has by the same external id",
            "version: 1\nusers:\n  - user: new@voyager.example\n    create: { name: { first: N, last: H } }\n    externalId: hr-2\n    business: { legalEntity: 3c8d0000-0000-4000-8000-000000000009 }\n\n  - user: cy@voyager.example\n    active: false\n".to_owned(),
            join(&[ana, root, twins]),
        ),
        (
            "direct roles alone",
            "version: 1\nusers:\n  - { user: ana@voyager.example, directRoles: [] }\n  - user: cy@voyager.example\n    directRoles: { atLeast: [] }\n".to_owned(),
            join(&[bo, root, twins]),
        ),
    ] {
        let breaks = if before.contains('#') { &["\n", "\r\n"][..] } else { &["\n"] };
        for text in breaks.iter().map(|it| before.replace('\n', it)) {
            let world = world(SEED);
            let text = text.replace("BO", &world.user("bo@voyager.example"));
            let world = world.with("access/staff.yaml", &text).with("access/other.yaml", "version: 1\ngroups: []\n");
            let run = with_people(&world, "");
            let now = files(&world.path());
            let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<String>>();
            let old = lines(&text);
            let is_new = |it: &String| !it.is_empty() && !old.contains(it);
            // A list that is in order stays so.
            let mut added: Vec<String> = lines(&now["access/staff.yaml"]).into_iter().filter(is_new).collect();
            let mut expected: Vec<String> = lines(&after).into_iter().filter(is_new).collect();
            added.sort();
            expected.sort();
            assert_eq!(added, expected, "{what}\n{}", now["access/staff.yaml"]);
            assert_eq!(text.contains('\r'), now["access/staff.yaml"].contains('\r'));
            assert!(!now.contains_key("access/people.yaml"), "{what}: {:?}", now.keys());
            assert!(!now.values().any(|it| it.contains("gone@")), "{what}");
            run.says(&["note: people: 1 is not active and left out"]);
        }
    }
}

#[test]
fn people_come_into_a_new_file_with_names_beside_those_that_are_there() {
    let world = world(SEED).with("access/groups.yaml", "version: 1\ngroups: []\n");
    let run = with_people(&world, "").expect(0);
    let now = files(&world.path());
    let people = &now["access/people.yaml"];
    for needed in ["ana@", "bo@", "cy@", "root@", "department: the-sellers", "department: service"] {
        assert!(people.contains(needed), "{needed}\n{people}");
    }
    assert!(now["rolecall.yaml"].starts_with(WORKSPACE.trim_end()), "{}", now["rolecall.yaml"]);
    for needed in
        ["    service: dede0000-0000-4000-8000-000000000002\n", "  legalEntity:\n    voyager-de: 3c8d"]
    {
        assert!(now["rolecall.yaml"].contains(needed), "{needed}\n{}", now["rolecall.yaml"]);
    }
    for needed in [
        "access/people.yaml (new)",
        "    + person  ana@voyager.example",
        "    + person  userId 5e500000-0000-4000-8000-000000000002 (twin@voyager.example)",
        "Merged: 1 group in 1 new file, 6 people in access/people.yaml.",
        "  service  dede0000-0000-4000-8000-000000000002",
    ] {
        assert!(run.stdout.contains(needed), "{needed}\n{}", run.stdout);
    }
    world.run("plan --detailed-exitcode").expect(0).ends_with(NO_CHANGES);
    // Who is missing comes there by the next run; what is different is drift, and is left as it is.
    let path = format!("/v2/users/{}/business-info", world.user("cy@voyager.example"));
    let mut info = world.call("GET", &path, Value::Null).1;
    info["departmentRef"] = json!({ "id": "dede0000-0000-4000-8000-000000000002" });
    info["designation"] = json!("Boss");
    assert!(world.call("PUT", &path, info).0 < 300);
    let bo = people.find("  - user: bo@").map(|it| it..people.find("  - user: cy@").unwrap()).unwrap();
    world.write("access/people.yaml", &people.replace(&people[bo.clone()], ""));
    let run = with_people(&world, "").expect(3);
    let now = files(&world.path())["access/people.yaml"].clone();
    assert!(now.ends_with(&format!("\n{}", people[bo].trim_end_matches('\n').to_owned() + "\n")), "{now}");
    assert!(!now.contains("Boss"), "a key that is not written is nobody's");
    for needed in [
        "access/people.yaml\n    + person  bo@",
        "Left 1",
        "rolecall drift --adopt",
        "1 person in access/people.yaml, 1 left",
    ] {
        assert!(run.stdout.contains(needed), "{needed}\n{}", run.stdout);
    }
    let facts = world.run("import --merge --people --format json").expect(3).json();
    assert_eq!(
        (&facts["written"], &facts["files"], &facts["newFiles"]),
        (&json!(false), &json!([]), &json!([]))
    );
    world.run("drift --adopt").expect(0);
    world.run("plan --detailed-exitcode").expect(0).ends_with(NO_CHANGES);
    world.write(
        "access/people.yaml",
        "version: 1\nusers:\n  - { user: cy@voyager.example, externalId: hr-3 }\n",
    );
    let facts = world.run("import --merge --people --dry-run --format json").expect(0).json();
    let names = json!([
        "ana@voyager.example",
        "bo@voyager.example",
        "root@voyager.example",
        "userId 5e500000-0000-4000-8000-000000000002 (twin@voyager.example)",
        "userId 5e500000-0000-4000-8000-000000000003 (twin@voyager.example)"
    ]);
    assert_eq!(
        (&facts["files"][0]["path"], &facts["files"][0]["people"]),
        (&json!("access/people.yaml"), &names)
    );
}

#[test]
fn a_row_of_a_csv_file_is_an_entry_and_nobody_of_it_is_added() {
    for (key, column, rows) in [
        ("employeeId", "employeeId: Nr, designation: Titel", "Nr;Titel\n0017;Agent\nV-3;\n"),
        (
            "email",
            "email: Nr, designation: Titel",
            "Nr;Titel\nana@voyager.example;Agent\ncy@voyager.example;\n",
        ),
        ("externalId", "externalId: Nr, designation: Titel", "Nr;Titel\nhr-1;Agent\nV-3;Agent\n"),
    ] {
        let text = format!(
            "version: 1\nusersFrom:\n  # Every night.\n  - csv: people/*.csv\n    key: {key}\n    columns: {{ {column} }}\n    delimiter: ';'\n"
        );
        let world = world(SEED).with("access/hr.yaml", &text).with("people/all.csv", rows);
        with_people(&world, "");
        let now = files(&world.path());
        assert_eq!((&now["access/hr.yaml"], &*now["people/all.csv"]), (&text, rows));
        let people = &now["access/people.yaml"];
        assert!(!people.contains("ana@") && people.contains("bo@"), "{key}: {people}");
        // A row that says nothing speaks of nobody.
        assert!(people.contains("cy@"), "{key}: {people}");
        // With entries for direct roles of the same people, these are where the others come.
        world.write(
            "access/roles.yaml",
            "version: 1\nusers:\n  - { user: bo@voyager.example, directRoles: [] }\n",
        );
        std::fs::remove_file(world.path().join("access/people.yaml")).unwrap();
        with_people(&world, "");
        let now = files(&world.path());
        let roles = &now["access/roles.yaml"];
        assert!(roles.contains("cy@") && !roles.contains("ana@"), "{key}: {roles}");
        assert!(
            roles.starts_with("version: 1\nusers:\n  - { user: bo@voyager.example, directRoles: [] }\n"),
            "{roles}"
        );
    }
}

#[test]
fn lists_in_any_form_are_added_to_or_another_file_is_taken() {
    for (text, is_added_to) in [
        ("version: 1\nusers: [ { user: 'ana@voyager.example', externalId: hr-1 } ]  # all\n", true),
        ("{ version: 1, users: [ { user: ana@voyager.example, externalId: hr-1 } ] }\n", true),
        ("version: 1\nusers:\n- user: ana@voyager.example   # first\n  externalId: hr-1\n", true),
        ("version: 1\nusers:\n  - user: ana@voyager.example\n    externalId: hr-1\ngroups: []\n", true),
        ("version: 1\nusers: &all\n  - &ana { user: ana@voyager.example, externalId: hr-1 }\n", true),
        (
            "version: 1\nusers:\n  -   user: ana@voyager.example\n      externalId: hr-1\n  - { user: root@voyager.example,\n      directRoles: [] }",
            true,
        ),
        (
            "version: 1\nusers:\n  - user: ana@voyager.example\n    externalId: hr-1\n  - !!map\n    user: root@voyager.example\n    directRoles: []\n",
            false,
        ),
        ("version: 1\nusers:\n  ? - user: ana@voyager.example\n", false),
    ] {
        let world = world(SEED).with("access/staff.yaml", text);
        if world.run("validate").code != 0 {
            assert!(!is_added_to, "{text}");
            continue;
        }
        with_people(&world, "");
        let now = files(&world.path());
        assert_eq!(
            now["access/staff.yaml"].contains("bo@"),
            is_added_to,
            "{text}\n{}",
            now["access/staff.yaml"]
        );
        assert_eq!(now.contains_key("access/people.yaml"), !is_added_to, "{text}");
    }
}

#[test]
fn each_company_has_its_people_where_they_stand_and_one_may_be_named() {
    let two = |world: World| {
        world
            .with("access/v.yaml", "version: 1\nusers:\n  - { user: cy@voyager.example, externalId: hr-3 }\n")
            .with("access/g.yaml", "version: 1\ncompany: globex\ngroups: []\n")
    };
    let all = two(world(SEED));
    with_people(&all, "");
    let now = files(&all.path());
    assert!(now["access/v.yaml"].contains("ana@") && !now["access/v.yaml"].contains("vip@"));
    let people = &now["access/globex/people.yaml"];
    assert!(people.contains("\ncompany: globex\n") && people.contains("legalEntity: globex-uk"), "{people}");
    for (company, file, others) in [
        ("globex", "access/globex/people.yaml", "access/v.yaml"),
        ("voyager", "access/v.yaml", "access/globex/people.yaml"),
    ] {
        let one = two(world(SEED));
        let before = files(&one.path());
        let run = one.run(&format!("import --merge --people --company {company}")).expect(0);
        let now = files(&one.path());
        assert_ne!(now.get(file), before.get(file), "{company}: {}", run.stdout);
        assert_eq!(now.get(others), before.get(others), "{company}");
        one.run("validate").expect(0);
        assert_eq!(one.run(&format!("import --merge --people --company {company}")).code, run.code);
        assert_eq!(files(&one.path()), now);
    }
}

#[test]
fn who_is_locked_out_or_cannot_be_told_apart_comes_into_no_file() {
    let world = world(SEED).with(
        "rolecall.yaml",
        &format!("{WORKSPACE}lockout: [{{ employeeId: V-3, since: 2020-01-01, reason: left }}, {{ email: bo@voyager.example, since: 2099-01-01, reason: leaves }}]\n"),
    );
    let run = with_people(&world, "");
    let now = files(&world.path());
    assert!(!now["access/people.yaml"].contains("cy@") && now["access/people.yaml"].contains("bo@"));
    run.says(&["note: people: 1 is locked out and left out"]);
    // A list that is refused tells of nobody.
    let closed = world_of_closed_list();
    let run = closed.run("import --merge --people").expect(0);
    assert!(!files(&closed.path()).contains_key("access/people.yaml"));
    run.says(&["note: people of voyager are left out: the API does not list everybody there"]);
}

fn world_of_closed_list() -> World {
    let world = world(SEED).with("access/groups.yaml", "version: 1\ngroups: []\n");
    world.faults(json!([{ "path": "/v3/users/list", "times": 0, "kind": { "status": { "code": 403 } } }]));
    world
}

#[test]
fn ids_stand_where_the_workspace_cannot_be_given_names() {
    let text = format!("version: 1\ncompany: {VOYAGER}\nids: {{}}\n");
    let world = World::seeded(SEED).with("rolecall.yaml", &text);
    let run = with_people(&world, "");
    run.says(&["rolecall.yaml is left as it is"]);
    let now = files(&world.path());
    assert_eq!(now["rolecall.yaml"], text);
    let people = &now["access/people.yaml"];
    for needed in [
        "legalEntity: 3c8d0000-0000-4000-8000-000000000009",
        "department: dede0000-0000-4000-8000-000000000002",
    ] {
        assert!(people.contains(needed), "{needed}\n{people}");
    }
    world.run("plan --detailed-exitcode").expect(0).ends_with(NO_CHANGES);
}

#[test]
fn a_snapshot_adds_those_whom_it_recorded_and_says_of_how_many_it_does_not_tell() {
    let world = world(SEED).with(
        "access/staff.yaml",
        "version: 1\nusers:\n  - { user: ana@voyager.example, externalId: hr-1 }\n",
    );
    world.run("snapshot --out live.json").expect(0);
    let run = with_people(&world, "--live live.json");
    run.says(&["it is not told what they are"]);
    assert!(!files(&world.path())["access/staff.yaml"].contains("bo@"));
}

/// Killed while it writes the people, a run leaves sound files, and the next one gets as far as if nothing had been.
#[cfg(unix)]
#[test]
fn a_run_that_is_killed_between_two_files_loses_nothing() {
    let people: String = (0..200)
        .map(|n| format!("  - {{ email: p{n}@voyager.example, company: voyager, employeeId: E-{n}, department: Service, designation: Agent of the first hour }}\n"))
        .collect();
    let seed = SEED.replace("groups:\n", &format!("{people}groups:\n"));
    for staff in ["version: 1\nusers:\n  - { user: ana@voyager.example, externalId: hr-1 }   # first\n", ""] {
        let world = || {
            let world = world(&seed);
            if staff.is_empty() { world } else { world.with("access/staff.yaml", staff) }
        };
        let [killed, whole] = [world(), world()];
        whole.run("import --merge --people").expect(0);
        let before = files(&killed.path());
        // No file may get longer than that.
        let line = "ulimit -f 8; exec \"$0\" import --merge --people";
        let own = killed.command();
        let mut command = Command::new("sh");
        command.arg("-c").arg(line).arg(own.get_program()).current_dir(killed.path());
        command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = command.output().unwrap();
        assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let after = files(&killed.path());
        assert_eq!(after.get("access/staff.yaml"), before.get("access/staff.yaml"));
        // The names are there before anything uses them.
        assert!(after["rolecall.yaml"].contains("service: "), "{}", after["rolecall.yaml"]);
        killed.run("validate").expect(0);
        killed.run("import --merge --people").expect(0);
        let texts = |world: &World| -> BTreeMap<String, String> {
            files(&world.path()).into_iter().filter(|it| !it.0.contains("/.tmp")).collect()
        };
        assert_eq!(texts(&killed), texts(&whole));
        killed.run("plan --detailed-exitcode").expect(0).ends_with(NO_CHANGES);
    }
}
