//! What if: the plan of a change that stands in no file.

use serde_json::{Value, json};

use crate::support::World;

fn world() -> World {
    World::new().groups(
        "  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example, bo@voyager.example] }
  - name: Night = Day
    description: The night.
    roles: unmanaged
    members:
      atLeast:
        - cy@voyager.example # on call
  - { name: Company Admins, roles: unmanaged, members: unmanaged }
",
    )
}

fn edits(plan: &Value) -> Vec<(String, String, String)> {
    let word = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let edits = plan["edits"].as_array().unwrap().iter().filter(|it| it["cause"] == "change");
    let what = |it: &Value| match it["kind"].as_str() {
        Some("member") => word(&it["person"]),
        Some("role") => word(&it["role"]),
        _ => word(&it["kind"]),
    };
    edits.map(|it| (word(&it["action"]), word(&it["group"]), what(it))).collect()
}

/// Each thing that can be thought of, and what the change would do.
#[test]
fn each_change_is_planned_and_no_file_is_written() {
    let world = world();
    world.run("apply --auto-approve").expect(0);
    let before = std::fs::read_to_string(world.path().join("access/a.yaml")).unwrap();
    for (line, expected) in [
        ("--add \"member:cy@voyager.example=Desk\"", &[("add", "Desk", "cy@voyager.example")][..]),
        ("--add member:employeeId=V-3=Desk", &[("add", "Desk", "cy@voyager.example")]),
        ("--remove member:ANA@voyager.example=Desk", &[("remove", "Desk", "ana@voyager.example")]),
        (
            "--add \"member:ana@voyager.example=Night = Day\"",
            &[("add", "Night = Day", "ana@voyager.example")],
        ),
        (
            "--add \"role:Trip Manager@company=globex,legalEntity=globex-uk=Desk\"",
            &[("add", "Desk", "Trip Manager")],
        ),
        ("--add \"role:Agent@company=initech=Desk\"", &[("change", "Desk", "Agent")]),
        ("--add \"role:Agent@company=globex|initech=Night = Day\"", &[("add", "Night = Day", "Agent")]),
        ("--remove role:Agent=Desk", &[("remove", "Desk", "Agent")]),
        ("--add direct:ana@voyager.example=COMPANY_ADMIN@company=voyager", &[("add", "", "directRole")]),
        ("--add direct:employeeId=V-3=GLOBAL_AGENT", &[("add", "", "directRole")]),
        (
            "--add direct:bo@voyager.example=TRAVEL_ARRANGER@arrangerFor=ana@voyager.example|employeeId=V-3 --add direct:bo@voyager.example=GLOBAL_AGENT",
            &[("add", "", "directRole"), ("add", "", "directRole")],
        ),
        ("--add lockout:bo@voyager.example", &[("remove", "Desk", "bo@voyager.example")]),
        // A standard group of which the members are not managed, and a group of no file.
        (
            "--add \"member:bo@voyager.example=Company Admins\"",
            &[("add", "Company Admins", "bo@voyager.example")],
        ),
        (
            "--add member:bo@voyager.example=Night --add member:ana@voyager.example=Night",
            &[("add", "Night", "ana@voyager.example"), ("add", "Night", "bo@voyager.example")],
        ),
        (
            "--remove group:Desk",
            &[
                ("remove", "Desk", "group"),
                ("remove", "Desk", "Agent"),
                ("remove", "Desk", "ana@voyager.example"),
                ("remove", "Desk", "bo@voyager.example"),
            ],
        ),
        (
            "--remove member:bo@voyager.example=Desk --add member:cy@voyager.example=Desk",
            &[("remove", "Desk", "bo@voyager.example"), ("add", "Desk", "cy@voyager.example")],
        ),
        // Who stays by `atLeast` stays.
        ("--remove \"member:cy@voyager.example=Night = Day\"", &[]),
    ] {
        let plan = world.run(&format!("what-if {line} --format json")).expect(0).json();
        let mut expected: Vec<_> =
            expected.iter().map(|it| (it.0.to_owned(), it.1.to_owned(), it.2.to_owned())).collect();
        let mut found = edits(&plan);
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{line}");
    }
    assert_eq!(std::fs::read_to_string(world.path().join("access/a.yaml")).unwrap(), before);
    world.forget();
    world.run("what-if --remove group:Desk").expect(0);
    assert_eq!(world.writes(), [""; 0]);
}

/// People and guards as in any plan, and what has drifted is told apart.
#[test]
fn who_gains_and_what_stops_it_is_told_as_in_a_plan() {
    let world = World::new()
        .ruled("guards: { privileged: [Agent] }\n")
        .groups("  - { name: Desk, description: The desk., roles: [{ role: Agent, scope: { company: globex } }], members: [ana@voyager.example] }\n");
    let run = world.run("what-if --add member:root@voyager.example=Desk").expect(0);
    let run = run
        .shows("+ - { name: Desk")
        .shows("This change 1 difference: 1 gains access")
        .shows("! root@voyager.example gains")
        .shows("- bo@voyager.example loses everything (already drifted)")
        .shows("Guards STOP");
    assert!(run.stdout.contains("access/a.yaml"), "{}", run.stdout);
    for form in ["markdown", "html", "csv", "junit", "sarif", "slack"] {
        let text = world
            .run(&format!("what-if --add member:root@voyager.example=Desk --format {form}"))
            .expect(0)
            .stdout;
        assert!(text.contains("root@voyager.example") || text.contains("Desk"), "{form}: {text}");
    }
    let snapshot = "snapshot --out live.json";
    world.run(snapshot).expect(0);
    let live = world
        .run("what-if --add member:root@voyager.example=Desk --live live.json --format json")
        .expect(0)
        .json();
    assert_eq!(live["peopleByCause"]["change"]["gain"], json!(1));
}

#[test]
fn what_cannot_be_thought_of_is_said() {
    let world = world();
    for (line, said) in [
        ("", &["--add"][..]),
        ("--add ana@voyager.example", &["write member:PERSON=GROUP"]),
        ("--add member:ana@voyager.example", &["write member:PERSON=GROUP"]),
        ("--add person:ana=Desk", &["write member:PERSON=GROUP"]),
        ("--add member:ana=Desk", &["`ana` names no person", "externalId=agent-17"]),
        ("--add role:Agent=Desk", &["does not say where the role is to hold"]),
        (
            "--add role:Agent@company=globex=Dask",
            &["no file declares a group `Dask`", "did you mean `Desk`?"],
        ),
        ("--add role:Agent@nowhere=Desk", &["unknown-scope"]),
        ("--add role:Agent@company=globx=Desk", &["unknown-alias", "did you mean `globex`"]),
        ("--remove member:cy@voyager.example=Desk", &["is not in the list of `Desk` (access/a.yaml:3)"]),
        ("--remove role:Pilot=Desk", &["`Pilot` is not in the list of `Desk`"]),
        ("--remove member:cy@voyager.example=Night", &["no file declares a group `Night`"]),
        ("--add group:Desk", &["a group alone gives nobody anything"]),
        ("--add member:ana@voyager.example=Desk", &["duplicate-member", "access/a.yaml"]),
        ("--add member:ana@voyager.example=Nowhere", &["unknown-group", "no group is called `Nowhere`"]),
    ] {
        world.run(&format!("what-if {line}")).expect(4).says(said);
    }
}
