//! Who can, who has, and the tables: live, from a snapshot, and as the files will make it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Run, SEED, World, words};

const FORMS: [&str; 4] = ["text", "json", "markdown", "csv"];

/// Access management through a standard group, a group in files, one in none, and outside groups; somebody inactive, and
/// somebody of another company.
fn world() -> World {
    let seed = SEED
        .replace("actions: [ALL] }] }\nusers:", "actions: [ALL] }, { permission: ACCESS_MANAGEMENT, actions: [WRITE] }] }\nusers:")
        .replace(
            "\ngroups:\n",
            "\n  - { email: boss@voyager.example, company: voyager, directRoles: [{ roleType: COMPANY_ADMIN, metadata: { roleType: COMPANY_ADMIN, companyRef: { id: 1a6f0000-0000-4000-8000-000000000001 } } }] }\ngroups:\n  - { name: Old, company: voyager, description: Old., roles: [{ role: Trip Manager, scope: [{ COMPANY: [initech] }] }, { role: Company Management Admin, scope: [{ COMPANY: [initech], LEGAL_ENTITY: [initech-us] }] }], members: [gone@voyager.example, cy@voyager.example] }\n",
        );
    World::seeded(&seed).groups(
        "  - name: Desk
    description: The desk.
    roles:
      - { role: Agent, scope: { company: globex }, until: 2027-03-31 }
      - { role: Trip Manager, scope: { company: globex } }
    members:
      - { email: ana@voyager.example, until: 2027-01-31 }
      - cy@voyager.example
  - { name: New, description: New., roles: [{ role: Agent, scope: { company: initech } }], members: [bo@voyager.example] }
  - { name: Company Admins, roles: unmanaged, members: [root@voyager.example] }
removed: [{ group: Night, reason: over }]
",
    )
}

fn rows(run: &Run) -> Vec<Value> {
    let mut reader = csv::Reader::from_reader(run.stdout.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let row = |it: Result<csv::StringRecord, csv::Error>| {
        let it = it.unwrap();
        Value::Object(
            heads.iter().zip(it.iter()).map(|(head, cell)| (head.to_owned(), json!(cell))).collect(),
        )
    };
    reader.records().map(row).collect()
}

fn cells<const N: usize>(run: &Run, columns: [&str; N]) -> BTreeSet<[String; N]> {
    let cells =
        |row: &Value| columns.map(|it| row[it].as_str().unwrap_or_else(|| panic!("{it}: {row}")).to_owned());
    rows(run).iter().map(cells).collect()
}

fn set<const N: usize>(all: &[[&str; N]]) -> BTreeSet<[String; N]> {
    all.iter().map(|it| it.map(str::to_owned)).collect()
}

const PATH: [&str; 6] = ["person", "role", "scope", "through", "origin", "roleOrigin"];

#[test]
fn who_can_tells_each_way_with_its_lines() {
    let world = world();
    let ask = |line: &str| world.run(&format!("{line} --format csv --now 2026-11-21")).expect(0);
    let agents = [
        ["ana@voyager.example", "Agent", "company globex", "Desk", "access/a.yaml:9", "access/a.yaml:6"],
        ["bo@voyager.example", "Agent", "company globex", "Desk", "", "access/a.yaml:6"],
        ["cy@voyager.example", "Agent", "company globex, initech", "Night", "", ""],
    ];
    assert_eq!(cells(&ask("who-can AGENT"), PATH), set(&agents));
    assert_eq!(cells(&ask("who-can agent:purge"), PATH), set(&agents));
    assert_eq!(cells(&ask("who-has Agent"), PATH), set(&agents));
    // An unmanaged group, with somebody who is not active.
    let managers = [
        ["cy@voyager.example", "", "Trip Manager", "company initech", "TRIP_MANAGEMENT (READ, WRITE)"],
        [
            "gone@voyager.example",
            "not active",
            "Trip Manager",
            "company initech",
            "TRIP_MANAGEMENT (READ, WRITE)",
        ],
        [
            "root@voyager.example",
            "",
            "Trip Manager",
            "company globex and legal entity globex-uk; profile vip@globex.example",
            "TRIP_MANAGEMENT (READ, WRITE)",
        ],
    ];
    let said = ["person", "standing", "role", "scope", "permissions"];
    assert_eq!(cells(&ask("who-can TRIP_MANAGEMENT:WRITE"), said), set(&managers));
    assert_eq!(cells(&ask("who-can TRIP_MANAGEMENT:DELETE"), said), set(&[]));
    // Where it reaches.
    let initech = cells(&ask("who-can TRIP_MANAGEMENT --company initech"), ["person"]);
    // A traveller who is named is perhaps of any company.
    assert_eq!(initech, set(&[["cy@voyager.example"], ["gone@voyager.example"], ["root@voyager.example"]]));
    let globex = cells(&ask("who-can AGENT --company initech"), ["person"]);
    assert_eq!(globex, set(&[["cy@voyager.example"]]));
    let entity = ask("who-can COMPANY_MANAGEMENT --legal-entity globex-uk");
    assert_eq!(cells(&entity, ["person", "through"]), set(&[["root@voyager.example", "Company Admins"]]));
    for line in ["who-has Agent --scope company=initech", "who-has Agent --company initech"] {
        assert_eq!(cells(&ask(line), ["person"]), set(&[["cy@voyager.example"]]), "{line}");
    }
}

#[test]
fn roles_outside_groups_are_told_of_or_missed_aloud() {
    let world = world();
    let line = "who-can ACCESS_MANAGEMENT:WRITE --now 2026-11-21";
    world.run(line).expect(0).shows("Roles outside groups were not read of everybody");
    let run = world.run(&format!("{line} --users --format csv")).expect(0);
    let expected = [
        ["boss@voyager.example", "COMPANY_ADMIN of voyager", "outside groups", "yes"],
        ["cy@voyager.example", "Company Management Admin", "Old", "yes"],
        ["gone@voyager.example", "Company Management Admin", "Old", "yes"],
        ["root@voyager.example", "Company Management Admin", "Company Admins", "yes"],
    ];
    assert_eq!(cells(&run, ["person", "role", "through", "privileged"]), set(&expected));
    let elsewhere = world.run(&format!("{line} --users --format csv --company globex")).expect(0);
    assert_eq!(cells(&elsewhere, ["person"]), set(&[]));
    let agents = world.run("who-can AGENT --users").expect(0);
    agents.shows("What roles outside groups permit, the API does not say: 1 person holds some");
    let direct = world.run("who-has company_admin --users --format json").expect(0).json();
    assert_eq!(direct["access"][0]["directRole"][0]["roleType"], "COMPANY_ADMIN");
    assert_eq!(direct["access"][0]["email"], "boss@voyager.example");
    assert_eq!(direct["access"].as_array().unwrap().len(), 1);
}

#[test]
fn a_snapshot_answers_as_the_api_does() {
    let world = world();
    world.run("snapshot --out live.json").expect(0);
    let alone = tempfile::tempdir().unwrap();
    for line in [
        "who-can AGENT",
        "who-can COMPANY_MANAGEMENT:READ --company initech",
        "who-has \"Trip Manager\"",
        "groups",
        "roles",
        "people",
    ] {
        let line = format!("{line} --format csv --now 2026-11-21");
        let live = world.run(&line).expect(0);
        let recorded = world.run(&format!("{line} --live live.json")).expect(0);
        assert_eq!(recorded.stdout, live.stdout, "{line}");
        assert!(!rows(&live).is_empty(), "{line}");
        // Without any file there is still the snapshot; names of clients stand in files.
        let live = world.path().join("live.json");
        let id = line.replace("initech", "2b7e0000-0000-4000-8000-000000000003");
        let mut command = crate::support::binary();
        command.current_dir(alone.path()).args(words(&id)).arg("--live").arg(live);
        let run: Run = command.output().unwrap().into();
        let people = |it: &Run| rows(it).len();
        assert_eq!(people(&run.expect(0)), people(&recorded), "{line}");
    }
}

/// What the files will give is what is there once they are applied.
#[test]
fn what_is_desired_is_what_an_apply_makes() {
    let world = world().ruled("guards: { removals: { percent: 100, atMost: 1000 }, holders: 1 }\n");
    let lines = [
        "who-can AGENT",
        "who-can TRIP_MANAGEMENT --company globex",
        "who-has Agent --users",
        "groups",
        "roles",
        "people",
    ];
    let answers = |side: &str| {
        let rows = |line: &str| {
            let run = world.run(&format!("{line} {side} --format csv --now 2026-11-21")).expect(0);
            let mut rows = rows(&run);
            for row in &mut rows {
                // Only what is done has a time.
                row.as_object_mut().unwrap().remove("added");
                if row["files"] == "to be created" {
                    row["files"] = "declared".into();
                }
            }
            rows
        };
        lines.map(rows)
    };
    let (before, desired) = (answers(""), answers("--desired"));
    assert_ne!(before, desired);
    world.run("apply --auto-approve --now 2026-11-21").expect(0);
    assert_eq!(answers(""), desired);
    assert_eq!(answers("--desired"), desired);
}

#[test]
fn only_groups_that_give_what_is_asked_for_are_looked_into() {
    let world = world();
    world.forget();
    world.run("who-can AGENT").expect(0);
    let of = |what: &str| {
        let log = world.log();
        let paths = log.iter().filter_map(|it| it["path"].as_str().map(str::to_owned));
        paths.filter(|it| it.ends_with(what)).collect::<Vec<_>>()
    };
    let members = of("/members");
    assert_eq!(members.len(), 2, "{members:?}");
    assert!(members.iter().any(|it| it.contains(&world.id("Desk"))), "{members:?}");
    assert!(members.iter().any(|it| it.contains(&world.id("Night"))), "{members:?}");
    let log = world.log();
    let is_direct =
        |it: &&Value| it["route"].as_str().is_some_and(|it| it.ends_with("/roles") && it.contains("users"));
    assert_eq!(log.iter().filter(is_direct).count(), 0);
    assert_eq!(world.writes(), [""; 0]);
}

#[test]
fn what_nothing_is_called_is_an_error_with_what_there_is() {
    let world = world();
    for (line, said) in [
        ("who-can AGNT", &["no permission is called `AGNT`", "did you mean `AGENT`?", "TRIP_MANAGEMENT"][..]),
        ("who-can AGENT:REED", &["no action is called `REED`", "did you mean `READ`?", "PURGE"]),
        ("who-has Agnet", &["no role is called `Agnet`", "did you mean `Agent`?", "COMPANY_ADMIN"]),
        ("who-can AGENT --company globx", &["no company is called `globx`", "did you mean `globex`?"]),
        ("who-can AGENT --legal-entity globex-us", &["no legal entity is called `globex-us`", "globex-uk"]),
        ("who-has Agent --scope client=globex", &["keys are company, legalEntity"]),
        ("who-has Agent --company globex --scope company=globex", &["say the same key"]),
        ("who-can AGENT:", &["write PERMISSION or PERMISSION:ACTION"]),
        ("groups --format sarif", &["has no result in the form sarif"]),
        ("people --name {{{{{{{{{{", &["write a name, or a pattern"]),
    ] {
        world.run(line).expect(4).says(said);
    }
    let failed = world.run("who-has Agnet --format json").expect(4).json();
    assert_eq!(
        failed["error"]["hint"].as_str().unwrap().split('?').next(),
        Some("did you mean `Agent`"),
        "{failed}"
    );
}

/// `--company` says about whom a question is; the variable says whose groups are looked at, as for every command.
#[test]
fn the_flag_is_about_travellers_and_the_variable_about_groups() {
    let world = world();
    let run = |line: &str, company: &str| -> Run {
        world.command().env("ROLECALL_COMPANY", company).args(words(line)).output().unwrap().into()
    };
    let all = cells(&run("who-can AGENT --format csv", "voyager").expect(0), ["person"]);
    assert_eq!(all.len(), 3);
    let some = cells(&run("who-can AGENT --format csv --company initech", "voyager").expect(0), ["person"]);
    assert_eq!(some, set(&[["cy@voyager.example"]]));
}

#[test]
fn every_form_says_what_was_asked_and_what_was_not_seen() {
    let world = world();
    for form in FORMS {
        for (line, said) in [
            ("who-can AGENT --company globex", &["ana@voyager.example", "Desk", "access/a.yaml"][..]),
            ("who-has Agent", &["cy@voyager.example", "Night"]),
            ("groups", &["Company Admins", "Old", "Desk"]),
            ("roles --name \"*Admin*\"", &["Company Management Admin", "COMPANY_MANAGEMENT (READ)"]),
            ("people --name ana*", &["ana@voyager.example"]),
        ] {
            let text = world.run(&format!("{line} --format {form} --now 2026-11-21")).expect(0).stdout;
            let read = if form == "markdown" { text.replace('\\', "") } else { text.clone() };
            // JSON has actions apart.
            let said = said.iter().filter(|it| form != "json" || !it.contains('('));
            said.for_each(|it| assert!(read.contains(it), "{line} as {form}: no {it} in\n{text}"));
            if line.starts_with("who") && form != "csv" {
                assert!(read.contains("Roles outside groups were not read of everybody"), "{text}");
                assert!(read.contains("Groups that other companies own were not looked at"), "{text}");
            }
        }
    }
    let json = world.run("who-can agent --company globex --format json --now 2026-11-21").expect(0).json();
    assert_eq!(json["question"]["command"], "who-can");
    assert_eq!(json["side"], "live");
    let first = &json["access"][0];
    assert_eq!(
        (&first["through"]["group"], &first["through"]["files"]),
        (&json!("Desk"), &json!("declared"))
    );
    assert_eq!(first["through"]["origin"]["line"], 9);
    assert_eq!(first["roleOrigin"]["line"], 6);
    assert_eq!(first["permissions"], json!({ "AGENT": ["ALL"] }));
    let people = world.run("people --name ana* --format json").expect(0).json();
    assert_eq!(people["people"].as_array().unwrap().len(), 1);
    let groups = world.run("groups --name Old --format csv --now 2026-11-21").expect(0);
    assert_eq!(
        cells(&groups, ["group", "files", "members", "roles"]),
        set(&[["Old", "unmanaged", "2", "2"]])
    );
}

#[test]
fn nobody_is_an_answer() {
    let world = World::new().groups("  - { name: Company Admins, roles: unmanaged, members: [] }\n");
    let run = world.run("who-can TRIP_MANAGEMENT:DELETE").expect(0);
    run.ends_with("Nobody, as far as was seen.");
    let json = world.run("who-can TRIP_MANAGEMENT:DELETE --format json").expect(0).json();
    assert_eq!(json["access"], json!([]));
    let csv = world.run("who-can TRIP_MANAGEMENT:DELETE --format csv").expect(0);
    assert!(rows(&csv).is_empty());
}
