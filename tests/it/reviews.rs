//! The quarterly review: who may do what, everybody and every group, in each form, from the API and from a snapshot.

use std::fs;

use serde_json::{Value, json};

use crate::support::{SEED, VOYAGER, World, repository};

const FORMS: [&str; 5] = ["text", "json", "markdown", "html", "csv"];

/// A company in which a group has nobody, somebody is in nothing, one membership and one role end, and one group is in no
/// file; Company Admins are declared with nobody but root.
fn world() -> World {
    let seed = SEED.replace(
        "\ngroups:\n",
        "\n  - { email: idle@voyager.example, company: voyager }\ngroups:\n  - { name: Empty, company: voyager, description: Nobody., roles: [{ role: Agent, scope: [{ COMPANY: [initech] }] }], members: [] }\n",
    );
    World::seeded(&seed).groups(
        "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex }, until: 2027-03-31 }], members: { atLeast: [{ email: ana@voyager.example, until: 2027-01-31 }] } }\n  - { name: Company Admins, roles: unmanaged, members: [root@voyager.example] }\n",
    )
}

/// The rows of the CSV form, each by its heading.
fn rows(text: &str) -> Vec<Value> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let row = |it: Result<csv::StringRecord, csv::Error>| {
        let it = it.unwrap();
        Value::Object(
            heads.iter().zip(it.iter()).map(|(head, cell)| (head.to_owned(), json!(cell))).collect(),
        )
    };
    reader.records().map(row).collect()
}

fn cells(row: &Value, columns: &[&str]) -> Vec<String> {
    columns.iter().map(|it| row[it].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_way_to_each_role_has_a_row_with_its_line_its_end_and_room_for_a_signature() {
    let run = world().run("report --format csv --now 2026-11-21").expect(0);
    let found: Vec<Vec<String>> = rows(&run.stdout)
        .iter()
        .map(|it| {
            assert_eq!(
                cells(it, &["company", "keepOrRemove", "reviewedBy", "reviewedOn"]),
                ["voyager", "", "", ""]
            );
            let [added] = &cells(it, &["added"])[..] else { panic!("no column") };
            // The sandbox says of each member when that was; of a direct role nobody does.
            assert_eq!(
                added.parse::<jiff::Timestamp>().is_ok(),
                cells(it, &["role"]) != [""] && cells(it, &["through"]) != ["outside groups"],
                "{it:?}"
            );
            cells(it, &["person", "role", "scope", "through", "files", "ends", "origin"])
        })
        .collect();
    let expected = [
        [
            "ana@voyager.example",
            "Agent",
            "company globex",
            "Desk",
            "",
            "2027-02-01T00:00:00Z",
            "access/a.yaml:3",
        ],
        [
            "bo@voyager.example",
            "Agent",
            "company globex",
            "Desk",
            "not listed, may stay",
            "2027-04-01T00:00:00Z",
            "",
        ],
        ["cy@voyager.example", "Agent", "company globex, initech", "Night", "unmanaged group", "", ""],
        [
            "root@voyager.example",
            "Company Management Admin",
            "company voyager",
            "Company Admins",
            "",
            "",
            "access/a.yaml:4",
        ],
        [
            "root@voyager.example",
            "Trip Manager",
            "company globex and legal entity globex-uk; profile vip@globex.example",
            "Company Admins",
            "",
            "",
            "access/a.yaml:4",
        ],
        ["idle@voyager.example", "", "", "no access", "", "", ""],
    ];
    assert_eq!(found, expected.map(|it| it.map(str::to_owned).to_vec()));
}

#[test]
fn every_form_says_who_what_and_what_is_missing() {
    let world = world();
    for form in FORMS {
        let text = world
            .run(&format!("report --format {form} --report {form}=out.{form} --now 2026-11-21"))
            .expect(0)
            .stdout;
        for said in
            ["ana@voyager.example", "idle@voyager.example", "Desk", "Night", "globex", "access/a.yaml"]
        {
            assert!(text.contains(said), "{form}: no {said} in {text}");
        }
        let written = fs::read_to_string(world.path().join(format!("out.{form}"))).unwrap();
        let timeless = |it: &str| {
            it.lines()
                .filter(|it| {
                    !it.contains("class=\"brand\"") && !it.contains("Read 2") && !it.contains("createdAt")
                })
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(timeless(&text), timeless(&written), "{form}");
        if form != "csv" {
            assert!(text.contains("Empty"), "{form}: {text}");
        }
        if form == "text" || form == "markdown" {
            assert!(
                text.contains("4 people with access, 0 of them privileged; 4 groups, 4 memberships."),
                "{text}"
            );
            assert!(text.contains("Roles outside groups were not read of 5 people: give --users"), "{text}");
            assert!(text.contains("until 2027-01-31"), "{text}");
        }
    }
}

#[test]
fn a_review_says_of_everybody_what_explain_says() {
    let world = world();
    let review = world.run("report --users --format json").expect(0).json();
    let schema: Value = serde_json::from_str(&repository("schemas/review.schema.json")).unwrap();
    let wrong: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&review).map(|it| it.to_string()).collect();
    assert_eq!(wrong, [""; 0], "{review:#}");
    let people = review["people"].as_array().unwrap();
    assert_eq!(people.len(), 6);
    for person in people {
        let key = person["email"].as_str().unwrap();
        let explained = world.run(&format!("explain {key} --format json")).expect(0).json();
        let held = |rows: &Value, groups: &str, name: &str| -> Vec<Value> {
            let rows = rows.as_array().unwrap().iter();
            let mut held: Vec<Value> = rows
                .map(|it| {
                    let through: Vec<&Value> =
                        it[groups].as_array().unwrap().iter().map(|it| &it[name]).collect();
                    json!([it["roleId"], it["scope"], through])
                })
                .collect();
            held.sort_by_key(ToString::to_string);
            held
        };
        assert_eq!(
            held(&person["access"], "through", "group"),
            held(&explained["effective"], "groups", "name"),
            "{key}"
        );
        let asked = |it: &Value| it["through"][0]["files"].clone();
        let files = explained["groups"][0]["membership"]["files"].clone();
        if let Some(first) = person["access"].as_array().unwrap().first() {
            assert_eq!(asked(first), files, "{key}");
        }
    }
}

#[test]
fn a_snapshot_and_flags_alone_give_the_same_review() {
    let world = world();
    world.run("snapshot --out live.json --now 2026-11-21").expect(0);
    let csv = |line: &str| rows(&world.run(line).expect(0).stdout);
    let api = csv("report --format csv");
    world.forget();
    assert_eq!(csv("report --format csv --live live.json"), api);
    assert_eq!(world.log().len(), 0, "a snapshot is enough");
    // Without a workspace no file says anything, and what is held is the same.
    let alone = tempfile::tempdir().unwrap();
    fs::copy(world.path().join("live.json"), alone.path().join("live.json")).unwrap();
    let held =
        |rows: &[Value]| rows.iter().map(|it| cells(it, &["person", "role", "through"])).collect::<Vec<_>>();
    for line in [
        format!("report --format csv --company {VOYAGER}"),
        "report --format csv --live live.json".to_owned(),
    ] {
        let mut command = world.command();
        let run = command.current_dir(alone.path()).args(line.split(' ')).output().unwrap();
        let found = rows(&crate::support::Run::from(run).expect(0).stdout);
        assert_eq!(held(&found), held(&api), "{line}");
        assert!(found.iter().all(|it| it["files"] == "unmanaged group" || it["role"] == ""), "{line}");
    }
    let mut command = world.command();
    let run = command.current_dir(alone.path()).arg("report").output().unwrap();
    crate::support::Run::from(run).expect(4).says(&["--company"]);
}

#[test]
fn what_a_review_cannot_be_is_said_before_any_request_and_each_outcome_has_its_page() {
    let world = world();
    world.forget();
    for (line, words) in [
        ("report --format junit", &["`rolecall report` has no result in the form junit"][..]),
        ("report --report sarif=a", &["a review has no form sarif", "html and csv"]),
        ("report --report html=a --report csv=a", &["a is to be written twice"]),
        ("report --live no-such.json --report html=out.html", &["no-such.json"]),
    ] {
        world.run(line).expect(4).says(words);
    }
    assert_eq!(world.log().len(), 0);
    let page = |world: &World| fs::read_to_string(world.path().join("out.html")).unwrap();
    assert!(page(&world).contains("no-such.json"));
    let broken = World::new().with("access/a.yaml", "version: 1\ngruops: []\n");
    broken.run("report --report html=out.html").expect(4);
    assert!(page(&broken).contains("gruops"));
    let refused = self::world().variable("ROLECALL_TOKEN", "wrong");
    let run = refused.run("report --format html").expect(5);
    assert!(run.stdout.starts_with("<!DOCTYPE html>") && run.stdout.contains("No result"), "{}", run.stdout);
}

#[test]
fn who_is_privileged_locked_out_or_not_active_is_marked() {
    let seed = SEED
        .replace("\nroles:\n", "\nroles:\n  - { name: Access Admin, description: Changes who may do what., permissions: [{ permission: ACCESS_MANAGEMENT, actions: [ALL] }] }\n")
        .replacen("{ role: Agent, scope: [{ COMPANY: [globex, initech] }] }", "{ role: Access Admin, scope: [{ COMPANY: [voyager] }] }", 1)
        .replace("members: [cy@voyager.example]", "members: [cy@voyager.example, gone@voyager.example]");
    let world = World::seeded(&seed)
        .ruled("lockout: [{ email: ana@voyager.example, since: 2026-01-01, reason: leaves }]\n");
    let found = rows(&world.run("report --format csv").expect(0).stdout);
    let of = |who: &str| found.iter().find(|it| it["person"] == format!("{who}@voyager.example")).unwrap();
    assert_eq!(cells(of("cy"), &["role", "privileged", "standing"]), ["Access Admin", "yes", ""]);
    assert_eq!(cells(of("gone"), &["privileged", "standing"]), ["yes", "not active"]);
    assert_eq!(cells(of("ana"), &["privileged", "standing"]), ["", "locked out (rolecall.yaml:7)"]);
    let text = world.run("report").expect(0).stdout;
    assert!(
        text.contains("4 people with access, 2 of them privileged")
            || text.contains("5 people with access, 2 of them privileged"),
        "{text}"
    );
}

/// Days of the workspace, that are instants in UTC: of a member, a role, a group, and a direct role; of the first that ends.
#[test]
fn what_ends_is_said_in_days_of_the_workspace_and_what_ends_soon_with_names_as_a_plan_says_it() {
    let seed = SEED.replace(
        "{ email: ana@voyager.example, company: voyager }",
        "{ email: ana@voyager.example, company: voyager, directRoles: [{ roleType: COMPANY_REPORT_ADMIN, metadata: { roleType: COMPANY_REPORT_ADMIN, companyRef: { id: 1a6f0000-0000-4000-8000-000000000001 } } }, { roleType: GLOBAL_AGENT }] }",
    );
    for (zone, hour) in [("UTC", "00"), ("Europe/Berlin", "23"), ("America/New_York", "05")] {
        let world = World::seeded(&seed).ruled(&format!("timeZone: {zone}\n")).groups(
            "  - name: Desk
    description: The desk.
    until: 2026-12-31
    roles: [{ role: Agent, scope: { company: globex } }]
    members: [{ email: ana@voyager.example, until: 2026-12-03 }, bo@voyager.example]
  - name: Night
    description: The night.
    roles: [{ role: Agent, scope: { company: [globex, initech] }, until: 2026-12-02 }]
    members: [cy@voyager.example, { email: root@voyager.example, from: 2026-12-04 }]
users:
  - { user: ana@voyager.example, directRoles: [{ type: COMPANY_REPORT_ADMIN, company: voyager, until: 2026-12-01 }] }
",
        );
        let now = "--now 2026-11-29T12:00:00Z";
        let lines = [
            "until 2026-12-01: COMPANY_REPORT_ADMIN of ana@voyager.example, outside groups (access/a.yaml:13)",
            "until 2026-12-02: Agent of Night (access/a.yaml:10)",
            "until 2026-12-03: ana@voyager.example in Desk (access/a.yaml:7)",
        ];
        let begins = "from 2026-12-04: root@voyager.example in Night (access/a.yaml:11)";
        for form in ["text", "markdown", "html"] {
            let text = world.run(&format!("report --users --format {form} {now}")).expect(0).stdout;
            for line in lines.iter().chain([&begins]) {
                assert!(text.contains(line), "{zone} {form}: no {line} in {text}");
            }
            for last in ["until 2026-12-01", "until 2026-12-02", "until 2026-12-03", "until 2026-12-31"] {
                assert!(text.contains(last), "{zone} {form}: no {last} in {text}");
            }
        }
        // The same lines in a plan, and of the plan that was saved.
        let plan = world.run(&format!("plan --out plan.json {now}")).expect(0);
        let shown = world.run("show plan.json").expect(0);
        for line in lines.iter().chain([&begins]) {
            assert!(plan.stdout.contains(line) && shown.stdout.contains(line), "{zone}: {}", plan.stdout);
        }
        let found = rows(&world.run(&format!("report --users --format csv {now}")).expect(0).stdout);
        let found: Vec<Vec<String>> =
            found.iter().map(|it| cells(it, &["person", "through", "files", "ends", "origin"])).collect();
        // A zone to the east has the day before.
        let day = |n: u32| format!("2026-12-{:02}T{hour}:00:00Z", if hour == "23" { n } else { n + 1 });
        let end = if hour == "23" { day(31) } else { format!("2027-01-01T{hour}:00:00Z") };
        let expected = [
            ["ana@voyager.example", "Desk", "", &day(3), "access/a.yaml:7"],
            ["ana@voyager.example", "outside groups", "", &day(1), "access/a.yaml:13"],
            ["ana@voyager.example", "outside groups", "not declared", "", ""],
            ["bo@voyager.example", "Desk", "", &end, "access/a.yaml:7"],
            ["cy@voyager.example", "Night", "", &day(2), "access/a.yaml:11"],
        ];
        for row in expected {
            assert!(found.contains(&row.map(str::to_owned).to_vec()), "{zone}: {row:?} in {found:#?}");
        }
        let review = world.run(&format!("report --users --format json {now}")).expect(0).json();
        let soon = |it: &Value| it["soon"].as_array().map(Vec::len);
        let planned: Value =
            serde_json::from_str(&fs::read_to_string(world.path().join("plan.json")).unwrap()).unwrap();
        assert_eq!((soon(&review), &review["soon"]), (Some(4), &planned["soon"]), "{zone}");
        assert_eq!(review["timeZone"], planned["timeZone"]);
        assert_eq!(review["timeZone"].as_str(), Some(zone).filter(|it| *it != "UTC"));
    }
}
