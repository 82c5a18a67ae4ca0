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

#[test]
fn what_is_wrong_with_every_company_or_with_the_way_there_ends_the_run() {
    for (kind, path, code) in [
        (json!({ "status": { "code": 403 } }), "/v3/companies/*/user-groups/list", 5),
        (json!({ "status": { "code": 404 } }), "/v3/companies/*/user-groups/list", 8),
        (json!({ "status": { "code": 401 } }), "/v3/companies/*/user-groups/list", 5),
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
