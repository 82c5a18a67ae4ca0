//! Schemas with the names of a company, from the API and from a snapshot.

use serde_json::{Value, json};

use super::read;
use crate::support::{Run, VOYAGER, World};

/// What a schema with the names of a company has against a file.
fn against_live(schema: &str, file: &str) -> Vec<String> {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(&read(file).unwrap()).map(|it| format!("{}: {it}", it.instance_path())).collect()
}

fn granting(role: &str, scope: &str) -> String {
    format!(
        "version: 1\ngroups: [{{ name: New, description: d, members: [], roles: [{{ role: {role}, scope: {scope} }}] }}]\n"
    )
}

#[test]
fn with_live_only_names_that_the_company_knows_are_right() {
    let world = World::new();
    for draft in ["7", "2020-12"] {
        let schema = world.run(&format!("schema access --live --draft {draft}")).expect(0).stdout;
        for (role, scope) in [
            ("Agent", "{ company: globex }"),
            (
                "{ name: Trip Manager, providedBy: platform }",
                "{ company: [globex, initech], legalEntity: globex-uk }",
            ),
            (
                "{ id: 9d1c0000-0000-4000-8000-000000000001 }",
                "{ company: 2b7e0000-0000-4000-8000-000000000009 }",
            ),
            ("Agent", "[{ bookingTmc: voyager }, { profile: nobody@voyager.example }]"),
        ] {
            assert_eq!(against_live(&schema, &granting(role, scope)), [""; 0], "{role} {scope}");
        }
        for (role, scope) in [
            ("Agnet", "{ company: globex }"),
            ("agent", "{ company: globex }"),
            ("{ name: Agnet, providedBy: platform }", "{ company: globex }"),
            ("{ id: Agent }", "{ company: globex }"),
            ("Agent", "{ company: globax }"),
            ("Agent", "{ company: [globex, globex-uk] }"),
            ("Agent", "{ legalEntity: globex }"),
            ("Agent", "{ contractingTmc: GLOBEX }"),
        ] {
            assert_ne!(against_live(&schema, &granting(role, scope)), [""; 0], "{role} {scope}");
        }
        assert_eq!(against_live(&schema, "version: 1\ncompany: globex\n"), [""; 0]);
        assert_ne!(against_live(&schema, "version: 1\ncompany: globax\n"), [""; 0]);
        // Groups are offered, and new ones can be declared.
        for group in ["Company Admins", "Desk", "Night"] {
            assert!(schema.contains(&format!("\"{group}\"")), "{group}");
        }
    }
    let exception = |role: &str| {
        format!(
            "version: 1\nexceptions: [{{ guard: last-holder, role: {role}, upTo: 1, until: 2099-01-01, reason: r }}]\n"
        )
    };
    let workspace = world.run("schema workspace --live").expect(0).stdout;
    assert_eq!(against_live(&workspace, &exception("Agent")), [""; 0]);
    assert_ne!(against_live(&workspace, &exception("Agnet")), [""; 0]);
    assert_ne!(against_live(&workspace, "version: 1\ncompany: globax\n"), [""; 0]);
    let policy = world.run("schema policy --live").expect(0).stdout;
    assert_ne!(against_live(&policy, "version: 1\nguards: { privileged: [Agnet] }\n"), [""; 0]);
    world.run("schema plan --live").expect(4).says(&["access, policy and workspace"]);
    let plain = world.run("schema access").expect(0).stdout;
    assert_eq!(against_live(&plain, &granting("Agnet", "{ company: globax }")), [""; 0]);
}

#[test]
fn a_schema_with_names_takes_two_lists_a_company_and_tells_of_nobody() {
    let world = World::new()
        .with("access/a.yaml", "version: 1\ncompany: globex\ngroups: []\n")
        // Somebody is in the middle of a line.
        .with("access/b.yaml", "version: 1\ngroups:\n  - name: [\n")
        .with("access/c.yaml", "version: 1\ncompany: nobody\ngroups: [{ naem: A }]\n");
    world.forget();
    let schema = world.run("schema access --live").expect(0).stdout;
    let requests = world.log();
    assert_eq!(requests.len(), 4, "{requests:?}");
    assert_eq!(world.writes(), [""; 0]);
    for person in ["ana@", "bo@", "root@", "vip@", "agent-17", "V-3"] {
        assert!(!schema.contains(person), "{person}");
    }
    // The same from a snapshot, however it is named, and without a workspace.
    world.write("access/b.yaml", "version: 1\n");
    world.write("access/c.yaml", "version: 1\n");
    world.run("snapshot --out live.json").expect(0);
    world.forget();
    assert_eq!(world.run("schema access --live live.json").expect(0).stdout, schema);
    let mut command = world.command();
    command.env("ROLECALL_LIVE", "live.json").args(["schema", "access", "--live"]);
    assert_eq!(Run::from(command.output().unwrap()).expect(0).stdout, schema);
    let mut command = world.command();
    command.env("ROLECALL_LIVE", "live.json").args(["schema", "access"]);
    assert!(!Run::from(command.output().unwrap()).expect(0).stdout.contains("\"Agent\""));
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = world.command();
    let snapshot = world.path().join("live.json");
    command.current_dir(&elsewhere).args(["schema", "access", "--live"]).arg(snapshot);
    let alone = Run::from(command.output().unwrap()).expect(0).stdout;
    assert!(alone.contains("\"Agent\"") && alone.contains("\"Desk\"") && !alone.contains("\"globex\""));
    assert_eq!(world.log().len(), 0);
    // What cannot be read whole is not taken for all that is right.
    world.write("live.json", "{}");
    world.run("schema access --live live.json").expect(4);
    let path = format!("/v3/companies/{VOYAGER}/roles");
    world.faults(
        json!([{ "method": "POST", "path": path, "times": 0, "kind": { "status": { "code": 403 } } }]),
    );
    world.run("schema access --live").expect(5);
}
