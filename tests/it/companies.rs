//! Several companies: what the API does not tell of one stops that one alone.

use serde_json::json;

use crate::support::{VOYAGER, World};

const GLOBEX: &str = "2b7e0000-0000-4000-8000-000000000002";

/// A group to be changed in one company, and one to be created in another.
fn world() -> World {
    World::new()
        .with(
            "access/a.yaml",
            "version: 1\ngroups: [{ name: Desk, roles: unmanaged, members: { atLeast: [cy@voyager.example] } }]\n",
        )
        .with(
            "access/b.yaml",
            "version: 1\ncompany: globex\ngroups: [{ name: New, description: d, roles: [], members: [vip@globex.example] }]\n",
        )
}

#[test]
fn a_company_that_cannot_be_read_is_withheld_and_the_others_go_on() {
    let status = |code: u16| json!({ "status": { "code": code } });
    let says = |body: &str| json!({ "status": { "code": 200, "body": body } });
    for (what, path, kind) in [
        ("not allowed", "user-groups/list", status(403)),
        ("unknown", "user-groups/list", status(404)),
        ("no JSON", "user-groups/list", says("<html>")),
        ("another shape", "user-groups/list", says("[1]")),
        (
            "a list that does not add up",
            "user-groups/list",
            says("{\"userGroups\":[],\"pagination\":{\"totalNumResults\":3}}"),
        ),
        ("roles that are not allowed", "roles", status(403)),
    ] {
        let world = world();
        let path = format!("/v3/companies/{GLOBEX}/{path}");
        world.faults(json!([{ "method": "POST", "path": path, "times": 0, "kind": kind }]));
        world.forget();
        world.run("plan --check").expect(3).shows("Withheld 1").shows("! company globex");
        world.run("drift").expect(3);
        let plan = world.run("plan --format json").expect(0).json();
        let held = &plan["withheld"][0];
        assert_eq!(
            (held["kind"].as_str(), held["company"].as_str()),
            (Some("company"), Some(GLOBEX)),
            "{what}: {held}"
        );
        assert!(held["answer"].as_str().is_some_and(|it| it.contains("/v3/companies/")), "{what}: {held}");
        assert_eq!(plan["groups"].as_array().unwrap().len(), 1, "{what}");
        world.apply().expect(3);
        assert_eq!(world.members("Desk").len(), 3, "{what}");
        assert!(world.written().iter().all(|it| !it.path.contains(GLOBEX)), "{what}");
        world.faults(json!([]));
        world.run("apply --auto-approve --create-all").expect(0);
    }
}

/// What can go wrong at each stage of reading a company: its lists, what is in its groups, who its people are, and the second
/// look at what goes.
#[test]
fn at_whatever_stage_a_company_fails_the_others_are_planned_and_applied() {
    let status = |code: u16| json!({ "status": { "code": code } });
    let says = |body: &str| json!({ "status": { "code": 200, "body": body } });
    let of = |more: &str| format!("/v3/companies/{GLOBEX}/{more}");
    let world = World::new()
        .with("access/a.yaml", "version: 1\ngroups: [{ name: Night, description: Late., roles: unmanaged, members: unmanaged }]\n")
        .with("access/b.yaml", "version: 1\ncompany: globex\ngroups: [{ name: New, description: d, roles: [], members: [vip@globex.example] }]\n");
    world.run("apply --auto-approve --create-all").expect(0);
    let live = world.run("snapshot").expect(0).json();
    let company = live["companies"].as_array().unwrap().iter().find(|it| it["id"] == GLOBEX).unwrap();
    let group = company["groups"][0]["id"].as_str().unwrap().to_owned();
    let in_group = |more: &str| of(&format!("user-groups/{group}/{more}"));
    let globex = |members: &str| {
        let group = format!("name: New, description: e, roles: [], members: [{members}]");
        world.write("access/b.yaml", &format!("version: 1\ncompany: globex\ngroups: [{{ {group} }}]\n"));
    };
    let stages = [
        ("groups are not told", of("user-groups/list"), 0, status(500)),
        ("groups do not add up", of("user-groups/list"), 0, json!({ "lieTotal": { "delta": 2 } })),
        (
            "no groups at all",
            of("user-groups/list"),
            0,
            says("{\"userGroups\":[],\"pagination\":{\"totalNumResults\":0}}"),
        ),
        ("roles are cut off", of("roles"), 0, says("<html>")),
        ("members are not found", in_group("members"), 0, status(404)),
        ("members are not told", in_group("members"), 0, status(503)),
        ("members do not add up", in_group("members"), 0, json!({ "lieTotal": { "delta": 1 } })),
        ("roles of a group are not allowed", in_group("roles"), 0, status(403)),
        ("people are not told", "/v3/users/list".to_owned(), 0, status(500)),
        ("people do not add up", "/v3/users/list".to_owned(), 0, json!({ "lieTotal": { "delta": 1 } })),
        ("the second look fails", in_group("members"), 1, status(404)),
        (
            "the second look sees nobody",
            in_group("members"),
            1,
            says("{\"members\":[],\"pagination\":{\"totalNumResults\":0}}"),
        ),
    ];
    for (n, (what, path, skip, kind)) in stages.into_iter().enumerate() {
        let night = format!(
            "version: 1\ngroups: [{{ name: Night, description: Late {n}., roles: unmanaged, members: unmanaged }}]\n"
        );
        world.write("access/a.yaml", &night);
        // Who leaves is asked for a second time, and who stays is looked up.
        globex(if what.starts_with("people") { "vip@globex.example" } else { "" });
        let fail = || world.faults(json!([{ "path": path, "skip": skip, "times": 0, "kind": kind }]));
        fail();
        let plan = world.run("plan --format json --out plan.json").expect(0).json();
        let held: Vec<&str> =
            plan["withheld"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
        assert_eq!(held, ["company"], "{what}: {}", plan["withheld"]);
        assert_eq!(plan["withheld"][0]["company"], GLOBEX, "{what}");
        assert!(plan["edits"].as_array().unwrap().iter().all(|it| it["company"] != GLOBEX), "{what}");
        fail();
        world.run("drift").expect(3).shows("! company globex");
        fail();
        world.forget();
        world.run("apply --auto-approve").expect(3);
        assert_eq!(world.group("Night").unwrap()["description"], format!("Late {n}."), "{what}");
        assert!(world.written().iter().all(|it| !it.path.contains(GLOBEX)), "{what}");
    }
    world.faults(json!([]));
    // What the saved plan is not about stays undone by it, and that is said.
    world.forget();
    world.run("apply plan.json").expect(3);
    assert!(world.log().iter().all(|it| !it["path"].as_str().unwrap().contains(GLOBEX)));
    world.run("plan --out plan.json").expect(0).shows("- member vip@globex.example");
    world.faults(json!([{ "path": of("user-groups/list"), "times": 0, "kind": status(404) }]));
    world.forget();
    world.run("apply plan.json").expect(8).says(&["is to change, and cannot be read", "nothing was written"]);
    assert_eq!(world.writes(), [""; 0]);
    world.faults(json!([]));
    // It is read again, and only a guard stops it.
    world.run("apply plan.json").expect(6);
}

#[test]
fn a_company_that_fails_holds_up_no_lockout_of_another() {
    let world = World::new()
        .ruled("guards: { lockouts: { people: 5 } }\n")
        .with("access/a.yaml", "version: 1\ngroups: [{ name: Desk, roles: unmanaged, members: unmanaged }]\n")
        .with("access/b.yaml", "version: 1\ncompany: globex\ngroups: [{ name: New, description: d, roles: [], members: [vip@globex.example] }]\n");
    world.run("apply --auto-approve --create-all").expect(0);
    let left = |email: &str| format!("  - {{ email: {email}, since: 2026-11-20, reason: left }}\n");
    world.configure(&format!("lockout:\n{}{}", left("ana@voyager.example"), left("vip@globex.example")));
    for (path, kind) in [
        ("roles", json!({ "status": { "code": 403 } })),
        ("roles", json!({ "status": { "code": 500 } })),
        ("roles", json!({ "lieTotal": { "delta": 1 } })),
    ] {
        let faults = [json!({ "path": format!("/v3/companies/{GLOBEX}/{path}"), "times": 0, "kind": kind })];
        world.faults(json!(faults));
        world
            .run("plan --only lockout")
            .expect(0)
            .shows("! company globex")
            .shows("- member ana@voyager.example");
    }
    world.run("apply --only lockout --auto-approve").expect(3);
    assert_eq!(world.members("Desk"), ["bo@voyager.example"]);
    world.faults(json!([]));
    world.run("apply --only lockout --auto-approve").expect(0);
}

#[test]
fn every_form_names_the_company_that_failed() {
    let world = world();
    world.faults(json!([{ "path": format!("/v3/companies/{GLOBEX}/roles"), "times": 0, "kind": { "status": { "code": 403 } } }]));
    for form in ["text", "json", "markdown", "csv", "sarif", "junit", "github", "gitlab", "slack"] {
        for command in ["plan", "drift"] {
            let run = world.run(&format!("{command} --format {form}")).expect(if command == "plan" {
                0
            } else {
                3
            });
            let id = format!("{command} {form}: {}", run.stdout);
            assert!(run.stdout.contains("globex") || run.stdout.contains(GLOBEX), "{id}");
        }
    }
    let estimate = world.run("plan --estimate").expect(0);
    assert!(estimate.stdout.starts_with("Estimate:"));
}

#[test]
fn what_is_wrong_with_every_company_or_with_the_way_there_ends_the_run() {
    for (kind, path, code) in [
        (json!({ "status": { "code": 403 } }), "/v3/companies/*/user-groups/list", 5),
        (json!({ "status": { "code": 404 } }), "/v3/companies/*/user-groups/list", 8),
        (json!({ "status": { "code": 401 } }), "/v3/companies/*/user-groups/list", 5),
        (json!({ "status": { "code": 500 } }), "/v3/companies/*/roles", 8),
        (json!({ "lieTotal": { "delta": 1 } }), "/v3/companies/*/user-groups/list", 8),
    ] {
        let world = world();
        let faults = [VOYAGER, GLOBEX]
            .map(|it| json!({ "method": "POST", "path": path.replace('*', it), "times": 0, "kind": kind }));
        world.faults(json!(faults));
        world.forget();
        world.plan().expect(code);
        assert_eq!(world.writes(), [""; 0]);
    }
}

#[test]
fn who_is_locked_out_is_looked_for_once_in_each_company() {
    let one = |name: &str, company: &str| {
        format!(
            "version: 1\ncompany: {company}\ngroups: [{{ name: {name}, description: d, roles: [], members: [] }}]\n"
        )
    };
    let world = World::new()
        .ruled("lockout: [{ email: ana@voyager.example, since: 2026-11-20, reason: left }]\n")
        .with("access/a.yaml", &one("A", "voyager"))
        .with("access/b.yaml", &one("B", "globex"))
        .with("access/c.yaml", &one("C", "initech"));
    world.forget();
    world.run("plan --create-all").expect(0).shows("- member ana@voyager.example locked out");
    let asked = |end: &str| {
        let log = world.log();
        log.iter().filter_map(|it| it["path"].as_str()).filter(|it| it.ends_with(end)).count()
    };
    assert_eq!(asked("/v3/users/list"), 3);
    // By her own company, and once for all the others.
    assert!(asked(&format!("/{}/user-groups", world.user("ana@voyager.example"))) <= 2);
}
