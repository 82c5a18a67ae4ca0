//! One person's access: what is live, what asks for it, what it comes to, and what is not known.

use serde_json::{Value, json};

use crate::support::{SEED, VOYAGER, World, repository};

const GLOBEX: &str = "2b7e0000-0000-4000-8000-000000000002";
const INITECH: &str = "2b7e0000-0000-4000-8000-000000000003";

const DESK: &str = "  - name: Desk
    description: The desk.
    roles:
      - { role: Agent, scope: { company: globex } }
      - { role: Trip Manager, scope: { company: initech }, until: 2027-03-31 }
    members:
      - { email: ana@voyager.example, until: 2027-01-31, reason: cover }
";
const NIGHT: &str = "  - name: Night
    description: The night.
    roles: [{ role: Agent, scope: { company: globex } }]
    members: [cy@voyager.example]
";
const NEW: &str = "  - { name: New, description: New., roles: [], members: [ana@voyager.example] }\n";

/// Ana is in Desk, as declared; in Night, undeclared; in Company Admins, of which no file speaks; and shall
/// be in New. Outside groups she is an administrator.
fn world() -> World {
    let seed = SEED
        .replace("members: [cy@voyager.example]", "members: [cy@voyager.example, ana@voyager.example]")
        .replace("members: [root@voyager.example]", "members: [root@voyager.example, ana@voyager.example]");
    let world = World::seeded(&seed).groups(&format!("{DESK}{NIGHT}{NEW}"));
    give(&world, "COMPANY_ADMIN");
    world
}

/// Gives Ana a role outside groups.
fn give(world: &World, role: &str) {
    let path = format!("/v2/users/{}/roles", world.user("ana@voyager.example"));
    let roles = json!({ "roles": [{ "roleType": role, "metadata": { "roleType": role, "companyRef": { "id": VOYAGER } } }] });
    assert!(world.call("PUT", &path, roles).0 < 300);
}

/// Explains in JSON, at a time at which nothing has ended.
#[track_caller]
fn explained(world: &World, person: &str) -> Value {
    world.run(&format!("explain {person} --format json --now 2026-11-21")).expect(0).json()
}

/// Returns the group of that name.
fn group(document: &Value, name: &str) -> Value {
    let groups = document["groups"].as_array().unwrap();
    groups.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("no {name} in {document:#}")).clone()
}

/// Returns the companies of the one audience of a scope, sorted.
fn on(scope: &Value) -> Vec<&str> {
    let values = scope["audiences"][0]["predicates"][0]["values"].as_array().unwrap();
    let mut values: Vec<&str> = values.iter().map(|it| it.as_str().unwrap()).collect();
    values.sort_unstable();
    values
}

#[test]
fn an_explanation_shows_every_way_to_access_and_every_line_that_asks_for_it() {
    let world = world();
    let text = world.run("explain ana@voyager.example --now 2026-11-21").expect(0).stdout;
    let host = world.url().replace("http://", "");
    let steady = text
        .replace(&world.user("ana@voyager.example"), "USER")
        .replace(&host, "HOST")
        .lines()
        .map(|it| {
            if it.contains("HOST") {
                it.split_whitespace().collect::<Vec<_>>().join(" ")
            } else {
                it.to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join("\n");
    insta::assert_snapshot!(steady);
}

#[test]
fn markdown_shows_the_same() {
    let world = world();
    let text = world.run("explain ana@voyager.example --now 2026-11-21 --format markdown").expect(0).stdout;
    let host = world.url().replace("http://", "");
    insta::assert_snapshot!(text.replace(&world.user("ana@voyager.example"), "USER").replace(&host, "HOST"));
}

#[test]
fn what_several_groups_give_adds_up() {
    let world = world();
    let document = explained(&world, "ana@voyager.example");
    let effective = document["effective"].as_array().unwrap();
    let agent = effective.iter().find(|it| it["role"] == "Agent").unwrap();
    // Desk gives globex, Night globex and initech.
    assert_eq!(on(&agent["scope"]), [GLOBEX, INITECH]);
    let through: Vec<&Value> = agent["groups"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(through, ["Desk", "Night"]);
    let expanded = json!({ "AGENT": ["ALL", "CREATE", "DELETE", "PURGE", "READ", "WRITE"] });
    assert_eq!(agent["permissions"], expanded, "`ALL`, and what it means");
    let direct = &document["direct"];
    assert_eq!((&direct["known"], &direct["roles"][0]["roleType"]), (&json!(true), &json!("COMPANY_ADMIN")));
    assert_eq!((&direct["roles"][0]["files"], &direct["roles"][1]), (&json!("unmanaged"), &Value::Null));
}

#[test]
fn each_membership_says_what_the_files_say_of_it() {
    let world = world();
    let document = explained(&world, "ana@voyager.example");
    let says = |name: &str| {
        let group = group(&document, name);
        let it = &group["membership"];
        let line = it["entries"][0]["origin"]["line"].as_u64();
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        (text(&group["managed"]), it["live"].as_bool().unwrap(), text(&it["files"]), line)
    };
    let expected = |managed: &str, live: bool, files: &str, line: Option<u64>| {
        (managed.to_owned(), live, files.to_owned(), line)
    };
    assert_eq!(says("Desk"), expected("declared", true, "declared", Some(9)));
    assert_eq!(says("Night"), expected("declared", true, "notDeclared", None));
    assert_eq!(says("Company Admins"), expected("no", true, "unmanaged", None));
    assert_eq!(says("New"), expected("declared", false, "missing", Some(14)));
    assert_eq!(group(&document, "Desk")["membership"]["entries"][0]["until"], "2027-02-01T00:00:00Z");
    // A group she is not in gives nothing, whatever it will hold.
    assert_eq!(group(&document, "New")["roles"], json!([]));
}

#[test]
fn each_role_says_what_the_files_say_of_it() {
    let world = world();
    let document = explained(&world, "ana@voyager.example");
    let roles = |name: &str| -> Vec<(String, String, bool)> {
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        let one = |it: &Value| (text(&it["role"]), text(&it["files"]), it["live"].as_bool().unwrap());
        group(&document, name)["roles"].as_array().unwrap().iter().map(one).collect()
    };
    let row = |role: &str, files: &str, live: bool| (role.to_owned(), files.to_owned(), live);
    assert_eq!(roles("Desk"), [row("Agent", "declared", true), row("Trip Manager", "missing", false)]);
    assert_eq!(roles("Night"), [row("Agent", "differs", true)]);
    let night = group(&document, "Night");
    assert_eq!(on(&night["roles"][0]["scope"]), [GLOBEX, INITECH]);
    assert_eq!(on(&night["roles"][0]["asked"]), [GLOBEX]);
    // What the group lacks is in no effect, whoever asks for it.
    let effective = &document["effective"];
    let trips = effective.as_array().unwrap().iter().find(|it| it["role"] == "Trip Manager").unwrap();
    assert_eq!(trips["groups"].as_array().unwrap().len(), 1, "{trips:#}");
    assert_eq!(trips["groups"][0]["name"], "Company Admins");
}

#[test]
fn what_a_plan_would_change_is_a_difference_and_nothing_else_is() {
    let world = world();
    // Night's member and role, Desk's missing role, and New's missing member.
    assert_eq!(explained(&world, "ana@voyager.example")["differences"], 4);
    world.run("apply --auto-approve --now 2026-11-21").expect(0);
    let settled = explained(&world, "ana@voyager.example");
    assert_eq!(settled["differences"], 0, "{settled:#}");
    assert_eq!(group(&settled, "New")["membership"]["files"], "declared");
}

#[test]
fn an_end_takes_effect_at_its_instant() {
    let world = world();
    for (now, files) in [("2027-01-31T23:59:59Z", "declared"), ("2027-02-01T00:00:00Z", "ended")] {
        let line = format!("explain ana@voyager.example --format json --now {now}");
        let document = world.run(&line).expect(0).json();
        assert_eq!(group(&document, "Desk")["membership"]["files"], files, "{now}");
    }
    let late = world.run("explain ana@voyager.example --now 2027-02-01").expect(0);
    late.shows("- member ana@voyager.example access/a.yaml:9 until 2027-01-31 expired");
}

#[test]
fn a_list_that_lets_others_stay_and_one_that_is_not_ours_are_no_difference() {
    for (list, files) in [("{ atLeast: [cy@voyager.example] }", "kept"), ("unmanaged", "unmanaged")] {
        let world = World::new().groups(&format!(
            "  - {{ name: Desk, description: The desk., roles: unmanaged, members: {list} }}\n"
        ));
        let document = explained(&world, "ana@voyager.example");
        assert_eq!(group(&document, "Desk")["membership"]["files"], files);
        assert_eq!(document["differences"], 0);
    }
}

#[test]
fn whoever_is_not_active_has_nothing_in_effect() {
    let seed =
        SEED.replace("members: [cy@voyager.example]", "members: [cy@voyager.example, gone@voyager.example]");
    let world = World::seeded(&seed).groups(NIGHT);
    let run =
        world.run("explain gone@voyager.example").expect(0).shows("! not active: nothing below is in effect");
    assert!(
        run.stdout.lines().last().unwrap().starts_with("Inactive, and once active: 1 role through 1 group;")
    );
    assert_eq!(explained(&world, "gone@voyager.example")["person"]["active"], false);
}

#[test]
fn a_lockout_is_shown_with_what_it_has_not_taken_yet() {
    let rules = "lockout: [{ email: ana@voyager.example, since: 2026-11-20, reason: stolen laptop }]\n";
    let world = world().ruled(rules);
    let run = world.run("explain ana@voyager.example --now 2026-11-21").expect(0);
    let run = run.shows("! locked out since 2026-11-20T00:00:00Z: stolen laptop (rolecall.yaml:");
    let run = run.shows("- member ana@voyager.example access/a.yaml:9 until 2027-01-31 locked out");
    // Nobody who is cut off is missing anywhere.
    assert!(!run.stdout.contains("not in the group yet"), "{}", run.stdout);
    let early = world.run("explain ana@voyager.example --now 2026-11-19").expect(0);
    early.shows("! locked out from 2026-11-20T00:00:00Z on: stolen laptop").shows("+ group New");
}

#[test]
fn a_person_is_found_by_every_key_and_in_every_company_of_the_workspace() {
    let world = World::new().groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example, { externalId: agent-17 }, { employeeId: V-3 }] }\n",
    );
    let bo = world.user("bo@voyager.example");
    for person in ["Bo@Voyager.Example", "externalId=agent-17", &format!("userId={bo}")] {
        let document = explained(&world, person);
        assert_eq!(document["person"]["userId"], bo.as_str(), "{person}");
        // Whatever key was asked for, the file may use another.
        assert_eq!(group(&document, "Desk")["membership"]["files"], "declared", "{person}");
    }
    assert_eq!(group(&explained(&world, "cy@voyager.example"), "Desk")["membership"]["files"], "missing");
    assert_eq!(explained(&world, "employeeId=V-3")["person"]["email"], "cy@voyager.example");
    let vip = explained(&world, "vip@globex.example");
    assert_eq!((&vip["person"]["company"], &vip["groups"]), (&json!(GLOBEX), &json!([])));
}

#[test]
fn a_person_is_the_same_where_people_are_asked_for_one_by_one() {
    let seed = format!("{SEED}dialect: {{ usersList: refused }}\n");
    let world = World::seeded(&seed).groups(
        "  - { name: Night, description: The night., roles: unmanaged, members: [{ employeeId: V-3 }] }\n",
    );
    let document = explained(&world, "cy@voyager.example");
    assert_eq!(group(&document, "Night")["membership"]["files"], "declared");
}

#[test]
fn groups_of_a_company_that_only_has_a_name_are_shown_too() {
    let seed = format!(
        "{SEED}  - {{ name: Arrangers, company: globex, description: d, roles: [{{ role: Trip Manager, scope: [{{ COMPANY: [globex] }}] }}], members: [vip@globex.example] }}\n"
    );
    let world = World::seeded(&seed).groups(DESK);
    let document = explained(&world, "vip@globex.example");
    let arrangers = group(&document, "Arrangers");
    assert_eq!((&arrangers["company"], &arrangers["managed"]), (&json!(GLOBEX), &json!("no")));
    assert_eq!(document["effective"][0]["role"], "Trip Manager");
}

#[test]
fn nobody_is_explained_who_is_not_known() {
    let world = world();
    world.forget();
    let unknown = world.run("explain anna@voyager.example").expect(4);
    let unknown =
        unknown.says(&["is not a user of voyager, globex, initech", "did you mean `ana@voyager.example`?"]);
    assert_eq!(unknown.stdout, "");
    world.run("explain somebody@else.example").expect(4).says(&["name the person by `externalId=…`"]);
    let failed = world.run("explain anna@voyager.example --format json").expect(4).json();
    assert_eq!((&failed["kind"], &failed["version"]), (&json!("error"), &json!(1)));
    let comment = world.run("explain anna@voyager.example --format markdown").expect(4).stdout;
    assert!(
        comment.starts_with("<!-- rolecall:explanation -->\n### rolecall: no explanation\n"),
        "{comment}"
    );
    for nonsense in ["ana", "name=ana", "externalId=", "userId=7"] {
        world.run(&format!("explain {nonsense}")).expect(4);
    }
}

#[test]
fn of_several_people_none_is_taken_unless_one_alone_is_active() {
    let twins = |second: &str| {
        let more = format!(
            "users:\n  - {{ email: ann@voyager.example, company: voyager, externalId: twin }}\n  - {{ email: other@voyager.example, company: voyager, externalId: twin{second} }}\n"
        );
        World::seeded(&SEED.replace("users:\n", &more)).groups(DESK)
    };
    let several = twins("").run("explain externalId=twin").expect(4);
    several.says(&["is not one user but 2", "name one of them: userId="]);
    let one = twins(", active: false");
    let document = explained(&one, "externalId=twin");
    assert_eq!(document["person"]["email"], "ann@voyager.example");
    assert_eq!(document["person"]["twins"].as_array().unwrap().len(), 1);
}

#[test]
fn what_the_token_may_not_know_is_said_and_not_taken_for_nothing() {
    for code in [403, 404] {
        let world = world();
        let path = format!("/v2/users/{}/roles", world.user("ana@voyager.example"));
        world.faults(json!([{ "path": path, "times": 0, "kind": { "status": { "code": code } } }]));
        assert_eq!(
            explained(&world, "ana@voyager.example")["direct"],
            json!({ "known": false, "roles": [] })
        );
        world.run("explain ana@voyager.example").expect(0).shows("not known: this token may not read them");
    }
}

#[test]
fn each_role_outside_groups_says_what_the_files_say_of_it() {
    let users =
        |list: &str| format!("version: 1\nusers: [{{ user: ana@voyager.example, directRoles: {list} }}]\n");
    let there = "COMPANY_ADMIN";
    for (list, expected) in [
        ("[{ type: COMPANY_ADMIN, company: voyager }]", vec![(there, "declared", true)]),
        ("[{ type: COMPANY_ADMIN, company: voyager, until: 2026-01-31 }]", vec![(there, "ended", true)]),
        ("{ atLeast: [] }", vec![(there, "kept", true)]),
        ("[]", vec![(there, "notDeclared", true)]),
        (
            "[{ type: COMPANY_REPORT_ADMIN, company: voyager }]",
            vec![(there, "notDeclared", true), ("COMPANY_REPORT_ADMIN", "missing", false)],
        ),
    ] {
        let world = world().with("access/u.yaml", &users(list));
        let document = explained(&world, "ana@voyager.example");
        let roles: Vec<(&str, &str, bool)> = document["direct"]["roles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["roleType"].as_str().unwrap(), it["files"].as_str().unwrap(), it["live"] == true))
            .collect();
        assert_eq!(roles, expected, "{list}");
        let differences = expected.iter().filter(|it| !["declared", "kept"].contains(&it.1)).count();
        assert_eq!(document["differences"], 4 + differences, "{list}");
    }
}

#[test]
fn an_incomplete_list_of_groups_is_no_explanation() {
    let world = world();
    world.faults(json!([{ "path": "/user-groups", "times": 0, "kind": { "lieTotal": { "delta": 1 } } }]));
    world.run("explain ana@voyager.example").expect(8);
}

#[test]
fn explaining_reads_and_never_writes() {
    let world = world().variable("ROLECALL_TOKEN", "read-token");
    world.forget();
    for format in ["text", "json", "markdown"] {
        world.run(&format!("explain ana@voyager.example --format {format}")).expect(0);
    }
    assert_eq!(world.writes(), [""; 0]);
    assert!(world.log().iter().all(|it| it["status"] == 200), "something was refused");
    // Who else is in a group is not asked.
    let routes: Vec<String> = world.log().iter().map(|it| it["route"].to_string()).collect();
    assert!(routes.len() > 9 && !routes.iter().any(|it| it.contains("members")), "{routes:?}");
}

#[test]
fn the_document_is_as_its_schema_says() {
    let world =
        world().ruled("lockout: [{ email: ana@voyager.example, since: 2027-11-20, reason: leaves }]\n");
    let schema: Value = serde_json::from_str(&repository("schemas/explanation.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for person in ["ana@voyager.example", "bo@voyager.example", "gone@voyager.example", "vip@globex.example"]
    {
        let document = explained(&world, person);
        assert_eq!((&document["version"], &document["kind"]), (&json!(1), &json!("explanation")));
        let wrong: Vec<String> = validator.iter_errors(&document).map(|it| it.to_string()).collect();
        assert_eq!(wrong, [""; 0], "{document:#}");
    }
    let twice =
        [(); 2].map(|()| world.run("explain ana@voyager.example --format json --now 2026-11-21").stdout);
    assert_eq!(twice[0], twice[1]);
}

#[test]
fn no_name_gets_out_of_where_it_is_shown() {
    let seed = SEED.replace("- name: Night\n", "- name: \"```\\n## `@team` <b>\\e[31m\"\n");
    let world = World::seeded(&seed).groups(DESK);
    for format in ["text", "json", "markdown"] {
        let run = world.run(&format!("explain cy@voyager.example --format {format}")).expect(0);
        assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains("\n## "), "{format}: {}", run.stdout);
        assert!(run.stdout.contains("@team"), "{format}: {}", run.stdout);
        if format == "markdown" {
            let fences = run.stdout.lines().filter(|it| it.trim_start().starts_with("```")).count();
            assert_eq!(fences, 10, "{}", run.stdout);
        }
    }
}

#[test]
fn the_events_of_a_failed_run_name_nobody() {
    let world = world();
    world.run("explain anna@voyager.example --events events.ndjson").expect(4);
    let events = std::fs::read_to_string(world.path().join("events.ndjson")).unwrap();
    assert!(events.contains("\"failure\"") && !events.contains('@'), "{events}");
}

#[test]
fn a_search_that_the_api_refuses_is_not_taken_for_nobody() {
    let refuse = |code: u16, company: &str| {
        let query = format!("/v2/users?companyId={company}");
        json!([
            { "path": "/v3/users/list", "times": 0, "kind": { "status": { "code": 403 } } },
            { "path": query.split('?').next(), "times": 0, "kind": { "status": { "code": code } } },
        ])
    };
    for key in ["employeeId=V-99", "externalId=agent-99", "nobody@voyager.example"] {
        let world = world();
        world.faults(refuse(400, VOYAGER));
        world.run(&format!("explain {key}")).expect(4).says(&[
            "the API refuses to look for",
            "in voyager, globex, initech (400)",
            "hint: name the person by another key",
        ]);
        let world = self::world();
        world.run(&format!("explain {key}")).expect(4).says(&["is not a user of voyager, globex, initech"]);
    }
}

/// What will be at an instant is what is there once the files were applied at it.
#[test]
fn what_will_be_is_what_is_there_after_an_apply_at_that_instant() {
    for at in ["2026-12-01", "2027-02-15", "2027-04-01"] {
        let desk = DESK.replace("members:\n", "members:\n      - bo@voyager.example\n");
        let world = world().groups(&format!("{desk}{NIGHT}{NEW}"));
        world.run("snapshot --out live.json").expect(0);
        world.forget();
        let foretold =
            world.run(&format!("explain ana@voyager.example --at {at} --format json")).expect(0).json();
        assert_eq!(foretold["foretold"], true);
        let recorded =
            world.run(&format!("explain ana@voyager.example --at {at} --format json --live live.json"));
        let recorded = recorded.expect(0).json();
        let text = world.run(&format!("explain ana@voyager.example --at {at}")).expect(0);
        assert!(text.stdout.contains("as it will be at "), "{}", text.stdout);
        assert_eq!(world.writes(), [""; 0]);
        world.run(&format!("apply --auto-approve --now {at}")).expect(0);
        let then =
            world.run(&format!("explain ana@voyager.example --now {at} --format json")).expect(0).json();
        assert_eq!(then["foretold"], Value::Null);
        // The id of a group that is not there yet is nobody's.
        let said = |it: &Value| {
            let groups = it["groups"].as_array().unwrap().iter();
            let groups =
                groups.map(|it| json!([it["name"], it["membership"]["live"], it["roles"], it["managed"]]));
            let roles =
                it["effective"].as_array().unwrap().iter().map(|it| json!([it["roleId"], it["scope"]]));
            (groups.collect::<Vec<_>>(), roles.collect::<Vec<_>>(), it["differences"].clone())
        };
        assert_eq!(said(&foretold), said(&then), "{at}");
        assert_eq!(said(&recorded), said(&then), "{at}");
        assert_eq!(foretold["direct"]["roles"], then["direct"]["roles"], "{at}");
    }
    let world = world();
    world.run("explain ana@voyager.example --at soon").expect(4);
    world.run("explain ana@voyager.example --at 2027-01-01 --now 2027-01-01").expect(4);
    world.run("explain nobody@voyager.example --at 2027-01-01").expect(4);
}

#[test]
fn an_explanation_says_what_the_files_declare_of_a_person_beside_what_is() {
    use crate::lives::{KNOWN, SALES, SERVICE, rules, seed};
    let plain = "email: ana@voyager.example, company: voyager";
    let seed = seed().replace(plain, &format!("{plain}, employeeId: V-1, manager: bo@voyager.example"));
    let users = "version: 1
users:
  - user: ana@voyager.example
    active: true
    externalId: hr-1
    create: { name: { first: Ana, last: A } }
    business:
      employeeId: V-1
      department: service
      manager: cy@voyager.example
      approvers: [nobody@voyager.example]
      legalEntity: voyager-de
  - user: bo@voyager.example
    active: false
  - user: cy@voyager.example
    business: { grade: 94ade000-0000-4000-8000-000000000007, employeeId: V-9 }
    notifications: { FLIGHT_NOTIFICATION: { enabled: false } }
";
    let world = World::seeded(&seed)
        .with("rolecall.yaml", &rules(KNOWN, ""))
        .with("access/a.yaml", users)
        .variable("ROLECALL_NOW", "2026-11-21T12:00:00Z");
    let rows = |who: &str, more: &str| -> Vec<[String; 5]> {
        let json = world.run(&format!("explain {who}@voyager.example --format json {more}")).expect(0).json();
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        let row = |it: &Value| {
            let line = it["origin"]["line"].as_u64().unwrap().to_string();
            [text(&it["attribute"]), text(&it["asked"]), text(&it["live"]), text(&it["files"]), line]
        };
        let all = json["attributes"].as_array().into_iter().flatten().map(row).collect();
        let differs = |it: &&Value| it["files"] == "differs" && it["attribute"] != "manager";
        let own = json["attributes"].as_array().into_iter().flatten().filter(differs).count();
        assert!(json["differences"].as_u64().unwrap() >= own as u64, "{json:#}");
        all
    };
    let [bo, cy] = ["bo", "cy"].map(|it| world.user(&format!("{it}@voyager.example")));
    let ana = [
        ["department", SERVICE, SALES, "differs", "9"],
        ["active", "true", "true", "declared", "4"],
        ["externalId", "hr-1", "", "differs", "5"],
        ["employeeId", "V-1", "V-1", "declared", "8"],
        ["manager", &cy, &bo, "differs", "10"],
        ["approvers", "nobody@voyager.example", "", "unresolved", "11"],
    ];
    let is = |found: Vec<[String; 5]>, expected: &[[&str; 5]]| {
        let found: Vec<_> =
            found.into_iter().filter(|it| it[3] != "created" && it[0] != "legalEntity").collect();
        assert_eq!(found, expected.iter().map(|it| it.map(str::to_owned)).collect::<Vec<_>>());
    };
    is(rows("ana", ""), &ana);
    assert!(rows("ana", "").iter().any(|it| it[0] == "firstName" && it[3] == "created"));
    is(rows("bo", ""), &[["active", "false", "true", "differs", "14"]]);
    let cy = [
        ["employeeId", "V-9", "V-3", "differs", "16"],
        ["grade", "94ade000-0000-4000-8000-000000000007", "", "differs", "16"],
    ];
    let flights = ["flightNotificationEnabled", "false", "", "unread", "17"];
    is(rows("cy", ""), &[cy[0], cy[1], flights]);
    is(rows("root", ""), &[]);
    // From a snapshot: what it has, and nothing that it may not have.
    world.run("snapshot --out live.json").expect(0);
    assert_eq!(rows("ana", "--live live.json")[..5], rows("ana", "")[..5]);
    is(rows("bo", "--live live.json"), &[["active", "false", "true", "differs", "14"]]);
    let text = world.run("explain ana@voyager.example").expect(0);
    text.shows("Declared of the person")
        .shows("~ person department service access/a.yaml:9 is: department sales")
        .shows("+ person external id hr-1 access/a.yaml:5 not so yet")
        .shows("person employee id V-1 access/a.yaml:8")
        .shows("person account active access/a.yaml:4");
    let none = world.run("explain root@voyager.example").expect(0).stdout;
    assert!(!none.contains("Declared of the person"), "{none}");
    let markdown = world.run("explain ana@voyager.example --format markdown").expect(0).stdout;
    assert!(markdown.contains("#### Declared of the person"), "{markdown}");
}
