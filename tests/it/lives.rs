//! People's lives: who moves, who leaves and who comes back, in one plan with what they may do.

use serde_json::{Value, json};

use crate::{
    notifications::{mails, put},
    support::{
        NO_CHANGES, Run, SEED, World,
        tenant::{Dice, side_by_side},
    },
};

pub(crate) const SALES: &str = "dede0000-0000-4000-8000-000000000001";
pub(crate) const SERVICE: &str = "dede0000-0000-4000-8000-000000000002";

/// The default seed, in which Ana and the inactive one are in sales, and Bo and Cy in service.
pub(crate) fn seed() -> String {
    let units = format!(
        "legalEntities: [{{ name: voyager-de, id: 3c8d0000-0000-4000-8000-000000000009 }}], departments: [{{ name: sales, id: {SALES} }}, {{ name: service, id: {SERVICE} }}]"
    );
    let of = |email: &str, more: &str| {
        let plain = format!("email: {email}@voyager.example, company: voyager");
        (plain.clone(), format!("{plain}, department: {more}"))
    };
    let people = [of("ana", "sales"), of("bo", "service"), of("cy", "service"), of("gone", "sales")];
    let seed = SEED.replace("legalEntities: [{ name: voyager-de }]", &units);
    people.iter().fold(seed, |it, (plain, more)| it.replace(plain, more))
}

pub(crate) fn rules(dialect: &str, guards: &str) -> String {
    format!(
        "
version: 1
company: voyager
{dialect}guards: {{ privileged: [], removals: {{ percent: 100 }}{guards} }}
ids:
  company: {{ voyager: 1a6f0000-0000-4000-8000-000000000001, globex: 2b7e0000-0000-4000-8000-000000000002 }}
  legalEntity: {{ voyager-de: 3c8d0000-0000-4000-8000-000000000009 }}
  department: {{ sales: {SALES}, service: {SERVICE} }}
"
    )
}

pub(crate) const KNOWN: &str =
    "api: { identity: { email: root@voyager.example }, dialect: { userDelete: deactivates } }\n";

pub(crate) fn world() -> World {
    World::seeded(&seed()).with("rolecall.yaml", &rules(KNOWN, ""))
}

/// Declares the desk of the service and these people.
pub(crate) fn declare(world: &World, users: &str) {
    let desk = "  - name: Desk\n    description: The desk.\n    roles: [{ role: Agent, scope: { company: globex } }]\n    members: []\n    membersFrom: [{ department: service }]\n";
    world.write("access/a.yaml", &format!("version: 1\ngroups:\n{desk}users:\n{users}"));
}

pub(crate) fn business(world: &World, who: &str) -> Value {
    let path = format!("/v2/users/{}/business-info?includeInactive=true", world.user(who));
    world.call("GET", &path, Value::Null).1
}

pub(crate) fn members(world: &World) -> Vec<String> {
    let mut all: Vec<String> = world.members("Desk").into_iter().collect();
    all.sort();
    all
}

#[test]
fn whoever_moves_is_otherwise_and_in_the_groups_of_the_new_department_by_one_plan() {
    let world = world();
    declare(&world, "  - { user: cy@voyager.example, business: { department: service } }\n");
    world.apply().expect(0);
    assert_eq!(members(&world), ["bo@voyager.example", "cy@voyager.example"]);
    let path = format!("/v2/users/{}/business-info", world.user("ana@voyager.example"));
    let mut before = business(&world, "ana@voyager.example");
    before["fromTheFuture"] = json!({ "n": 1.10, "deep": [null, "\u{e9}"] });
    assert!(world.call("PUT", &path, before.clone()).0 < 300);

    declare(
        &world,
        "  - { user: ana@voyager.example, business: { department: service } }\n  - { user: bo@voyager.example, business: { department: sales } }\n",
    );
    let plan = world.plan().expect(0);
    plan.shows("~ person department sales → service access/a.yaml:9")
        .shows("+ member ana@voyager.example access/a.yaml:7 joined department service");
    world.apply().expect(0);
    assert_eq!(members(&world), ["ana@voyager.example", "cy@voyager.example"]);
    let mut after = business(&world, "ana@voyager.example");
    assert_eq!(after["departmentRef"]["id"], SERVICE);
    (before["departmentRef"], after["departmentRef"]) = (Value::Null, Value::Null);
    assert_eq!(after, before, "nothing else is written otherwise");
    world.plan().expect(0).ends_with(NO_CHANGES);
}

#[test]
fn whoever_leaves_keeps_nothing_and_is_deactivated_after_that() {
    let world = world();
    declare(&world, "  - { user: bo@voyager.example, active: true }\n");
    world.apply().expect(0);
    declare(&world, "  - { user: bo@voyager.example, active: false, reason: left }\n");
    let plan = world.plan().expect(0);
    plan.shows("- person account deactivated");
    world.apply().expect(0);
    assert_eq!(members(&world), ["cy@voyager.example"]);
    world.plan().expect(0).ends_with(NO_CHANGES);
    declare(&world, "  - { user: bo@voyager.example, active: true }\n");
    world.plan().expect(0).shows("+ person account activated");
    world.apply().expect(0);
    assert_eq!(members(&world), ["bo@voyager.example", "cy@voyager.example"]);
    world.plan().expect(0).ends_with(NO_CHANGES);
}

#[test]
fn why_somebody_comes_moves_or_leaves_is_said_by_every_form_of_a_plan() {
    let world = world();
    declare(
        &world,
        &format!(
            "{NOOR}    reason: starts on 2026-12-01
  - {{ user: ana@voyager.example, business: {{ department: service }}, reason: moves to the service }}
  - {{ user: bo@voyager.example, active: false, reason: left on 2026-11-30 }}
  - {{ user: cy@voyager.example, directRoles: [{{ type: COMPANY_REPORT_ADMIN, company: globex }}], reason: reports for Globex }}
  - {{ user: vip@globex.example, active: true, reason: nothing changes }}
"
        ),
    );
    let saved = world.run("plan --out saved.json").expect(0);
    let forms = ["plan", "plan --format markdown", "plan --format json", "show saved.json"];
    let shown = forms.map(|it| world.run(it).expect(0));
    for run in shown.iter().chain([&saved]) {
        for reason in
            ["starts on 2026-12-01", "moves to the service", "left on 2026-11-30", "reports for Globex"]
        {
            assert!(run.stdout.contains(reason), "{reason}\n{}", run.stdout);
        }
        assert!(!run.stdout.contains("nothing changes"), "{}", run.stdout);
    }
}

/// A joiner in the service who is also named in Night, with a direct role.
pub(crate) const NOOR: &str = "  - user: noor@voyager.example
    create: { name: { first: Noor, last: Haddad } }
    active: true
    externalId: hr-1017
    business: { legalEntity: voyager-de, department: service, employeeId: \"1017\", manager: ana@voyager.example, approvers: [cy@voyager.example, ana@voyager.example] }
    notifications: { FLIGHT_NOTIFICATION: { ccEmails: [ana@voyager.example] } }
    directRoles: [{ type: COMPANY_REPORT_ADMIN, company: globex }]
";

#[test]
fn whoever_joins_gets_an_account_once_and_then_everything_else() {
    let world = world();
    declare(&world, NOOR);
    let plan = world.plan().expect(0);
    plan.shows("+ person account created: EMPLOYEE Noor Haddad access/a.yaml:11")
        .shows("+ member noor@voyager.example access/a.yaml:7 joined department service");
    world.apply().expect(0);
    assert_eq!(members(&world), ["bo@voyager.example", "cy@voyager.example", "noor@voyager.example"]);
    let business = business(&world, "noor@voyager.example");
    assert_eq!(business["employeeId"], "1017");
    assert_eq!(business["managerRef"]["id"], world.user("ana@voyager.example"));
    world.plan().expect(0).ends_with(NO_CHANGES);
}

#[test]
fn whoever_joins_is_named_by_others_in_the_same_plan_under_the_id_of_the_account() {
    let people = "  - user: hana@voyager.example
    create: { name: { first: Hana, last: Sato } }
    business: { legalEntity: voyager-de, manager: noor@voyager.example, approvers: [cy@voyager.example, noor@voyager.example] }
  - { user: bo@voyager.example, business: { approvers: [noor@voyager.example, hana@voyager.example] } }
  - { user: cy@voyager.example, directRoles: [{ type: TRAVEL_ARRANGER, arrangerFor: [ana@voyager.example, noor@voyager.example] }] }
";
    let files = |desk: &str, users: &str| {
        format!(
            "version: 1\ngroups:\n  - {{ name: Desk, description: The desk., roles: [{{ role: Agent, scope: {desk} }}], members: [ana@voyager.example] }}\nusers:\n{users}"
        )
    };
    let world = world();
    world.write(
        "access/a.yaml",
        &files("{ company: globex }", "  - { user: bo@voyager.example, active: true }\n"),
    );
    world.apply().expect(0);
    let before = business(&world, "bo@voyager.example");
    // Both join, and each is named by the other.
    let noor = NOOR.replace("manager: ana@", "manager: hana@");
    world.write(
        "access/a.yaml",
        &files("{ profile: [noor@voyager.example, bo@voyager.example] }", &format!("{noor}{people}")),
    );
    world.run("apply --auto-approve --journal j.ndjson").expect(0);
    let id = |who: &str| world.user(&format!("{who}@voyager.example"));
    let all = |who: &str| {
        let found = business(&world, &format!("{who}@voyager.example"));
        let approvers = found["designatedApproverRefs"].as_array().into_iter().flatten();
        let approvers: Vec<String> = approvers.map(|it| it["id"].as_str().unwrap().to_owned()).collect();
        (found["managerRef"]["id"].as_str().map(str::to_owned), approvers)
    };
    assert_eq!(all("hana"), (Some(id("noor")), vec![id("cy"), id("noor")]));
    assert_eq!(all("noor"), (Some(id("hana")), vec![id("cy"), id("ana")]));
    assert_eq!(all("bo"), (None, vec![id("noor"), id("hana")]));
    let mut travellers = vec![id("ana"), id("noor")];
    travellers.sort();
    let mut now = arranged(&world);
    now.sort();
    assert_eq!(now, travellers);
    world.plan().expect(0).ends_with(NO_CHANGES);

    let back = world.run("rollback j.ndjson --out back.json").expect(0);
    assert!(
        back.stdout.contains("approvers noor@voyager.example, hana@voyager.example → none"),
        "{}",
        back.stdout
    );
    world.run("apply back.json --auto-approve").expect(0);
    assert_eq!(business(&world, "bo@voyager.example"), before);
    assert_eq!(arranged(&world), [""; 0]);
    let plan = world.plan().stdout;
    assert!(plan.contains("company globex → "), "the scope is as it was: {plan}");

    // Without the account nothing that names it is written.
    let world = self::world();
    world.write("access/a.yaml", &files("{ profile: noor@voyager.example }", &format!("{noor}{people}")));
    world.faults(
        json!([{ "path": "/v2/users", "writes": true, "times": 99, "kind": { "status": { "code": 400 } } }]),
    );
    world.run("apply --auto-approve").expect(3);
    assert_eq!(business(&world, "bo@voyager.example")["designatedApproverRefs"], Value::Null);
    assert_eq!(arranged(&world), [""; 0]);
    assert!(!world.log().iter().any(|it| {
        it["path"].as_str().is_some_and(|it| it.ends_with("/user-groups") || it.ends_with("/roles"))
            && it["write"] == true
            && it["body"].to_string().contains("PROFILE")
    }));
}

#[test]
fn whoever_must_not_go_stays_with_everything_and_it_is_said_why() {
    let approved = "  - { user: ana@voyager.example, business: { approvers: [bo@voyager.example] } }\n";
    let leaves = |who: &str| format!("  - {{ user: {who}@voyager.example, active: false }}\n");
    for (guards, users, said) in [
        ("", leaves("root"), "it is the account that runs rolecall"),
        (", protected: { people: [\"bo@*\"] }", leaves("bo"), "`guards.protected` says so"),
        ("", format!("{approved}{}", leaves("bo")), "nobody else approves for ana@voyager.example"),
    ] {
        let world = world();
        declare(&world, approved);
        world.apply().expect(0);
        world.write("rolecall.yaml", &rules(KNOWN, guards));
        declare(&world, &users);
        let plan = world.plan();
        assert!(plan.stdout.contains(said), "{} {}", plan.stdout, plan.stderr);
        world.apply();
        for who in ["root@voyager.example", "bo@voyager.example"] {
            let found = world.call("GET", &format!("/v2/users/{}", world.user(who)), Value::Null);
            assert_eq!((found.0, &found.1["isActive"]), (200, &json!(true)), "{who}");
        }
        assert_eq!(members(&world), ["bo@voyager.example", "cy@voyager.example"]);
    }
    // Who is given another approver by the same change is no reason.
    let world = world();
    declare(&world, approved);
    world.apply().expect(0);
    let other = approved.replace("bo@", "cy@");
    declare(&world, &format!("{other}{}", leaves("bo")));
    world.apply().expect(0);
    world.plan().expect(0).ends_with(NO_CHANGES);
    // Where nobody has seen an account come back it stays, and the access goes.
    world.write("rolecall.yaml", &rules("", ""));
    declare(&world, &leaves("cy"));
    let plan = world.plan().expect(0);
    assert!(plan.stdout.contains("userDelete: deactivates"), "{}", plan.stdout);
    plan.shows("- member cy@voyager.example `active: false` (access/a.yaml:9)");
}

/// Somebody who joins, two who are given to do with that one, one who moves, one who leaves with a direct role, and one who
/// comes back: all in one plan.
const ALL: &str = "  - { user: ana@voyager.example, externalId: hr-1, business: { department: service, manager: noor@voyager.example }, notifications: { BOOKING_NOTIFICATION: { enabled: false } } }
  - { user: cy@voyager.example, directRoles: [{ type: TRAVEL_ARRANGER, arrangerFor: [noor@voyager.example] }] }
  - { user: bo@voyager.example, active: false, reason: left }
  - { user: gone@voyager.example, active: true, business: { department: service }, notifications: { FLIGHT_NOTIFICATION: { enabled: false, ccEmails: [cy@voyager.example] } } }
";

/// A world where Bo administers Globex, and the desk is what the rule says; and the files by which everybody changes.
fn before() -> World {
    let world = world();
    declare(&world, "  - { user: cy@voyager.example, active: true }\n");
    let role = json!({ "roleType": "COMPANY_ADMIN", "metadata": { "roleType": "COMPANY_ADMIN", "companyRef": { "id": "2b7e0000-0000-4000-8000-000000000002" } } });
    let path = format!("/v2/users/{}/roles", world.user("bo@voyager.example"));
    assert!(world.call("PUT", &path, json!({ "roles": [role] })).0 < 300);
    world.apply().expect(0);
    declare(&world, &format!("{ALL}{NOOR}"));
    world.forget();
    world
}

/// Panics unless everybody is what the files say, with one account each.
fn all_is_so(world: &World, what: &str) {
    world.plan().expect(0).ends_with(NO_CHANGES);
    let everybody = json!({ "companyId": { "id": crate::support::VOYAGER }, "pagination": { "limit": 100 }, "userStatusFilter": "ALL" });
    let (_, found) = world.call("POST", "/v3/users/list", everybody);
    let of = |email: &str| -> Vec<&Value> {
        let all = found["users"].as_array().unwrap().iter();
        all.filter(|it| it["businessDetail"]["businessEmail"] == email).collect()
    };
    for (who, active) in [("noor", true), ("ana", true), ("bo", false), ("gone", true)] {
        let accounts = of(&format!("{who}@voyager.example"));
        assert_eq!(accounts.len(), 1, "{what}: {who} has one account");
        assert_eq!(accounts[0]["isActive"], active, "{what}: {who}");
    }
    assert_eq!(
        members(world),
        ["ana@voyager.example", "cy@voyager.example", "gone@voyager.example", "noor@voyager.example"],
        "{what}"
    );
    let path = format!("/v2/users/{}/roles", world.user("bo@voyager.example"));
    assert_eq!(world.call("GET", &path, Value::Null).1["roles"], json!([]), "{what}");
    assert_eq!(
        business(world, "ana@voyager.example")["managerRef"]["id"],
        world.user("noor@voyager.example"),
        "{what}"
    );
    assert_eq!(arranged(world), [world.user("noor@voyager.example")], "{what}");
}

/// For whom Cy arranges.
fn arranged(world: &World) -> Vec<String> {
    let path = format!("/v2/users/{}/roles", world.user("cy@voyager.example"));
    let roles = world.call("GET", &path, Value::Null).1["roles"].take();
    let lists = roles.as_array().unwrap().iter().filter_map(|it| it["metadata"]["arrangerFor"].as_array());
    lists.flatten().map(|it| it["userId"].as_str().unwrap().to_owned()).collect()
}

/// Panics unless nobody was in a group before being what the files say, or deactivated while holding something.
fn in_order(world: &World, what: &str) {
    let mut log: Vec<Value> =
        world.log().into_iter().filter(|it| it["write"] == true && it["applied"].is_u64()).collect();
    log.sort_by_key(|it| it["applied"].as_u64());
    let first = |means: &dyn Fn(&Value) -> bool| log.iter().position(means);
    let id = |who: &str| world.user(&format!("{who}@voyager.example"));
    let is = |it: &Value, method: &str, end: &str| {
        it["method"] == method && it["path"].as_str().is_some_and(|it| it.ends_with(end))
    };
    let says = |it: &Value, field: &str, id: &str| it["body"][field].to_string().contains(id);
    for (who, method, end) in [
        ("noor", "POST", "/v2/users".to_owned()),
        ("ana", "PUT", format!("/v2/users/{}/business-info", id("ana"))),
        ("gone", "POST", format!("/v2/users/{}/activate", id("gone"))),
        ("gone", "PUT", format!("/v2/users/{}/business-info", id("gone"))),
    ] {
        let Some(joined) = first(&|it| says(it, "userIdsToAdd", &id(who))) else { continue };
        // It may have been so before the run that is looked at.
        if let Some(became) = first(&|it| is(it, method, &end)) {
            assert!(became < joined, "{what}: {who} joins before {end}");
        }
        let mails = format!("/v2/users/{}/notification-preferences", id(who));
        if let Some(mails) = first(&|it| is(it, "PUT", &mails)) {
            assert!(joined < mails, "{what}: the mails of {who} come last");
        }
    }
    if let Some(gone) = first(&|it| is(it, "DELETE", &format!("/v2/users/{}", id("bo")))) {
        let left = first(&|it| says(it, "userIdsToDelete", &id("bo")));
        let roles = first(&|it| is(it, "PUT", &format!("/v2/users/{}/roles", id("bo"))));
        assert!(
            left.is_none_or(|it| it < gone) && roles.is_none_or(|it| it < gone),
            "{what}: bo leaves first"
        );
    }
}

/// How many writes the way takes.
const WRITES: u64 = 16;

#[test]
fn whatever_happens_on_the_way_everybody_is_so_in_the_end_and_nobody_twice() {
    let plain = before();
    plain.run("apply --auto-approve").expect(0);
    assert_eq!(plain.stats()["applied"], WRITES, "{:?}", plain.writes());
    in_order(&plain, "plain");
    all_is_so(&plain, "plain");
    let kinds = [
        json!({ "status": { "code": 429 } }),
        json!({ "status": { "code": 500 } }),
        json!({ "status": { "code": 500, "afterWrite": true } }),
        json!({ "drop": {} }),
        json!({ "drop": { "afterWrite": true } }),
    ];
    let cases: Vec<(u64, Value)> = (0..WRITES)
        .zip(0..)
        .flat_map(|(at, n)| [n, n + 2].map(|it| (at, kinds[it % kinds.len()].clone())))
        .collect();
    side_by_side(&cases, |(at, kind)| {
        let what = format!("write {at}: {kind}");
        let world = before();
        world.faults(json!([{ "writes": true, "afterWrites": at, "times": 1, "kind": kind }]));
        world.run("apply --auto-approve");
        in_order(&world, &what);
        world.faults(json!([]));
        world.apply().expect(0);
        in_order(&world, &what);
        all_is_so(&world, &what);
    });
}

#[test]
fn whenever_it_is_killed_the_next_apply_goes_on_and_makes_no_second_account() {
    let hold = json!({ "slow": { "ms": 600_000 } });
    let after = json!({ "slow": { "ms": 600_000, "afterWrite": true } });
    let cases: Vec<(u64, bool)> = (0..WRITES).map(|at| (at, at % 2 == 1)).collect();
    side_by_side(&cases, |(at, is_made)| {
        let what = format!("killed at {at}, made: {is_made}");
        let world = before();
        let kind = if *is_made { &after } else { &hold };
        world.faults(json!([
            { "writes": true, "afterWrites": at, "kind": kind },
            { "writes": true, "afterWrites": at, "times": 0, "kind": hold },
        ]));
        let mut child = world.start("apply --auto-approve");
        let reached = *at + u64::from(*is_made);
        world.until(|stats| {
            stats["applied"] == reached && (*is_made || stats["writes"].as_u64().is_some_and(|it| it > *at))
        });
        child.kill().unwrap();
        child.wait().unwrap();
        world.until(|stats| stats["inFlight"] == 0);
        world.faults(json!([]));
        world.apply().expect(0);
        in_order(&world, &what);
        all_is_so(&world, &what);
    });
}

#[test]
fn a_saved_plan_a_snapshot_and_a_rollback_know_people_as_well() {
    let world = before();
    let id = |run: &Run| run.stdout.lines().find(|it| it.starts_with("Plan id")).map(str::to_owned);
    let plan = world.run("plan --out plan.json").expect(0);
    world.run("snapshot --out live.json").expect(0);
    assert_eq!(
        id(&world.run("plan --live live.json").expect(0)),
        id(&plan),
        "from a snapshot it is the same plan"
    );
    let json = world.run("plan --format json").json();
    let of_noor = |it: &&Value| it["kind"] == "person" && it["person"] == "noor@voyager.example";
    let rows: Vec<&Value> = json["edits"].as_array().unwrap().iter().filter(of_noor).collect();
    assert!(rows.iter().any(|it| it["attribute"] == "department" && it["after"] == SERVICE), "{rows:?}");
    assert_eq!(json["summary"]["peopleCreated"], 1);

    let before = business(&world, "ana@voyager.example");
    let mails = mails(&world, "ana@voyager.example");
    world.run("apply plan.json --auto-approve --journal j.ndjson").expect(0);
    all_is_so(&world, "saved");
    let back = world.run("rollback j.ndjson --out back.json").expect(0);
    assert!(
        back.stdout.contains("the external id stays: the API has no way to take it away"),
        "{}",
        back.stdout
    );
    let undone = world.run("apply back.json --auto-approve").expect(3);
    assert!(undone.stdout.contains("the external id stays"), "{}", undone.stdout);
    assert_eq!(members(&world), ["bo@voyager.example", "cy@voyager.example"], "{}", undone.stdout);
    assert_eq!(business(&world, "ana@voyager.example"), before);
    let undone =
        json!([{ "notificationType": "BOOKING_NOTIFICATION", "emailPreference": { "enabled": true } }]);
    assert_eq!(
        (mails, self::mails(&world, "ana@voyager.example")),
        (json!({ "preferences": [] }), json!({ "preferences": undone }))
    );
    for (who, active) in [("noor", false), ("bo", true), ("gone", false)] {
        let id = world.user(&format!("{who}@voyager.example"));
        let found = world.call("GET", &format!("/v2/users/{id}?includeInactive=true"), Value::Null).1;
        assert_eq!(found["isActive"], active, "{who}");
    }
    let path = format!("/v2/users/{}/roles", world.user("bo@voyager.example"));
    assert_eq!(world.call("GET", &path, Value::Null).1["roles"][0]["roleType"], "COMPANY_ADMIN");
    let path = format!("/v2/users/{}/roles", world.user("noor@voyager.example"));
    assert_eq!(world.call("GET", &path, Value::Null).1["roles"], json!([]));
    assert_eq!(arranged(&world), [""; 0]);
    let again = world.run("rollback j.ndjson").expect(0);
    again.shows(
        "Plan: 0 groups to create, 0 to change, 0 to delete; roles +0 ~0 -0; members +0 -0; 0 guards.",
    );
    // What is declared still is so once more, with the account that is there.
    world.apply().expect(0);
    all_is_so(&world, "again");
}

#[test]
fn more_accounts_than_the_limit_take_an_exception() {
    let leave =
        "  - { user: ana@voyager.example, active: false }\n  - { user: cy@voyager.example, active: false }\n";
    for (guards, exceptions, code) in [
        (", people: { atMost: 1 }", "", 6),
        (", people: { percent: 20, from: 2 }", "", 6),
        (", people: { percent: 100, atMost: 2 }", "", 0),
        (
            ", people: { atMost: 1 }",
            "exceptions: [{ guard: people, person: { email: cy@voyager.example }, upTo: 1, until: 2098-01-01, reason: r }]\n",
            0,
        ),
    ] {
        let world = world();
        world.write("rolecall.yaml", &format!("{}{exceptions}", rules(KNOWN, guards)));
        world.write("access/a.yaml", &format!("version: 1\nusers:\n{leave}"));
        // Cy is the only one of Night.
        world.patch_members("Night", &json!({ "userIdsToAdd": [world.user("root@voyager.example")] }));
        world.forget();
        let run = world.apply().expect(code);
        assert_eq!(run.stdout.contains("STOP   people"), code == 6, "{guards} {exceptions}\n{}", run.stdout);
        assert_eq!(world.writes().is_empty(), code == 6, "{guards} {exceptions}");
    }
    // One always may, however few there are.
    let world = world();
    world.write("rolecall.yaml", &rules(KNOWN, ", people: { percent: 1, from: 1 }"));
    world.write("access/a.yaml", "version: 1\nusers:\n  - { user: ana@voyager.example, active: false }\n");
    world.apply().expect(0);
}

/// The direct roles of somebody, active or not.
fn roles(world: &World, who: &str) -> Value {
    let path = format!("/v2/users/{}/roles?includeInactive=true", world.user(who));
    world.call("GET", &path, Value::Null).1["roles"].take()
}

const GONE: &str = "gone@voyager.example";

/// A world in which somebody inactive is still in Night and administers Globex.
fn dormant() -> World {
    let admin = "directRoles: [{ roleType: COMPANY_ADMIN, metadata: { roleType: COMPANY_ADMIN, companyRef: { id: 2b7e0000-0000-4000-8000-000000000002 } } }]";
    let seed = seed()
        .replace("email: gone@voyager.example,", &format!("email: gone@voyager.example, {admin},"))
        .replace("members: [cy@voyager.example]", "members: [cy@voyager.example, gone@voyager.example]");
    assert!(seed.contains("cy@voyager.example, gone@voyager.example]") && seed.contains(admin), "{seed}");
    World::seeded(&seed).with("rolecall.yaml", &rules(KNOWN, ""))
}

#[test]
fn whoever_comes_back_has_lost_what_is_to_go_before_the_account_is_active() {
    let night = |members: &str| {
        format!(
            "groups:\n  - {{ name: Night, description: Night desk., roles: unmanaged, members: [{members}] }}\n"
        )
    };
    let users = "users:\n  - { user: gone@voyager.example, active: true, directRoles: [] }\n";
    for (at, kind) in [(9, json!({})), (0, json!({ "drop": {} })), (1, json!({ "status": { "code": 500 } }))]
    {
        let world = dormant();
        world.write("access/a.yaml", &format!("version: 1\n{}{users}", night("cy@voyager.example")));
        if at < 9 {
            world.faults(json!([{ "writes": true, "afterWrites": at, "times": 9, "kind": kind }]));
        }
        world.run("apply --auto-approve --max-failures 1");
        let log: Vec<Value> =
            world.log().into_iter().filter(|it| it["write"] == true && it["applied"].is_u64()).collect();
        let is =
            |end: &str| log.iter().position(|it| it["path"].as_str().is_some_and(|it| it.ends_with(end)));
        let (active, left, roles_gone) = (is("/activate"), is("/members"), is("/roles"));
        if let Some(active) = active {
            assert!(
                left.is_some_and(|it| it < active) && roles_gone.is_some_and(|it| it < active),
                "{log:?}"
            );
        }
        world.faults(json!([]));
        world.apply().expect(0);
        world.plan().expect(0).ends_with(NO_CHANGES);
        assert_eq!(roles(&world, GONE), json!([]));
    }
    // What stays comes back with the account: it is shown, and counts as gained.
    let world = dormant();
    world.write("rolecall.yaml", &rules(KNOWN, "").replace("privileged: [], ", ""));
    world.write("access/a.yaml", "version: 1\nusers:\n  - { user: gone@voyager.example, active: true }\n");
    let plan = world.plan();
    assert!(plan.stdout.contains("COMPANY_ADMIN of globex   PRIVILEGED"), "{}", plan.stdout);
    world.apply().expect(6);
}

#[test]
fn whoever_left_keeps_nothing_that_is_looked_at_though_the_account_is_not_active_any_more() {
    let world = dormant();
    let files = "version: 1
groups:
  - { name: Night, description: Night desk., roles: unmanaged, members: [cy@voyager.example, gone@voyager.example] }
users:
  - { user: gone@voyager.example, active: false, directRoles: [{ type: COMPANY_ADMIN, company: globex }] }
";
    world.write("access/a.yaml", files);
    let plan = world.plan().expect(0);
    let plan = plan.shows("- member gone@voyager.example `active: false` (access/a.yaml:5)");
    assert_eq!(plan.stdout.matches("and this entry is void").count(), 2, "{}", plan.stdout);
    world.apply().expect(0);
    assert_eq!(
        (members_of(&world, "Night"), roles(&world, GONE)),
        (vec!["cy@voyager.example".to_owned()], json!([]))
    );
    let again = world.plan().expect(0);
    assert_eq!(again.stdout.matches("and this entry is void").count(), 2, "{}", again.stdout);
    world.run("drift").expect(0);
}

#[test]
fn who_leaves_is_no_traveller_any_more_and_no_plan_asks_to_activate_the_account() {
    let world = world();
    let all = "  - { user: ana@voyager.example, active: false }\n  - { user: cy@voyager.example, directRoles: [{ type: TRAVEL_ARRANGER, arrangerFor: [ana@voyager.example, bo@voyager.example] }] }\n";
    declare(&world, all);
    let void = "ana@voyager.example leaves, and this entry is void";
    for _ in 0..2 {
        let plan = world.plan().expect(0);
        assert!(plan.stdout.contains(void) && !plan.stdout.contains("Withheld"), "{}", plan.stdout);
        world.apply().expect(0);
        assert_eq!(arranged(&world), [world.user("bo@voyager.example")]);
    }
    world.run("drift").expect(0);
}

#[test]
fn a_share_of_accounts_is_one_of_the_whole_company() {
    let people: String =
        (0..40).map(|it| format!("  - {{ email: p{it}@voyager.example, company: voyager }}\n")).collect();
    let seed = seed().replacen("users:\n", &format!("users:\n{people}"), 1);
    let gone = |count: usize| {
        (0..count)
            .map(|it| format!("  - {{ user: p{it}@voyager.example, active: false }}\n"))
            .collect::<String>()
    };
    let made = |count: usize| {
        (0..count).map(|it| format!("  - {{ user: new{it}@voyager.example, create: {{ name: {{ first: N, last: W }} }}, business: {{ legalEntity: voyager-de }} }}\n")).collect::<String>()
    };
    // There are 44 active accounts: 5 % are two.
    for (users, code) in
        [(gone(2), 0), (gone(3), 6), (made(2), 0), (made(3), 6), (format!("{}{}", gone(1), made(2)), 6)]
    {
        let world = World::seeded(&seed).with("rolecall.yaml", &rules(KNOWN, ""));
        world.write("access/a.yaml", &format!("version: 1\nusers:\n{users}"));
        let plan = world.plan();
        assert_eq!(plan.stdout.contains("STOP   people"), code == 6, "{users}{}", plan.stdout);
        assert!(
            code == 0 || plan.stdout.contains("of 44 accounts deactivated, activated or created"),
            "{}",
            plan.stdout
        );
    }
}

fn members_of(world: &World, group: &str) -> Vec<String> {
    world.members(group).into_iter().collect()
}

#[test]
fn an_account_that_is_there_is_neither_made_again_nor_activated_unasked() {
    let create = "create: { name: { first: G, last: H } }, business: { legalEntity: voyager-de";
    for (entry, said) in [
        (
            format!("user: gone@voyager.example, {create} }}"),
            "the account is there and not active, and stays so; write `active: true`",
        ),
        (
            format!("user: new@voyager.example, externalId: hr-9, {create} }}"),
            "left as it is, as externalId hr-9 is another person's: gone@voyager.example",
        ),
        (
            format!("user: new@voyager.example, {create}, employeeId: \"99\" }}"),
            "left as it is, as employeeId 99 is another person's: gone@voyager.example",
        ),
    ] {
        let seed = seed().replace(
            "email: gone@voyager.example,",
            "email: gone@voyager.example, externalId: hr-9, employeeId: \"99\",",
        );
        let world = World::seeded(&seed).with("rolecall.yaml", &rules(KNOWN, ""));
        world.write("access/a.yaml", &format!("version: 1\nusers:\n  - {{ {entry} }}\n"));
        let plan = world.plan();
        assert!(plan.stdout.contains(said), "{}", plan.stdout);
        world.apply();
        assert!(
            !world.writes().iter().any(|it| it == "POST activate" || it == "POST users"),
            "{:?}",
            world.writes()
        );
    }
}

#[test]
fn whoever_is_locked_out_gets_no_account_and_none_back() {
    let lockout = |who: &str| {
        format!("lockout: [{{ email: {who}, since: 2026-01-01, reason: r, until: 2098-01-01 }}]\n")
    };
    for who in ["noor@voyager.example", GONE] {
        let world = world();
        world.write("rolecall.yaml", &format!("{}{}", rules(KNOWN, ""), lockout(who)));
        let back = "  - { user: gone@voyager.example, active: true, business: { department: service } }\n";
        declare(&world, &format!("{NOOR}{back}"));
        let plan = world.plan();
        assert!(
            plan.code != 8 && plan.stdout.contains(&format!("{who} is locked out, and this entry is void")),
            "{} {}",
            plan.stdout,
            plan.stderr
        );
        world.apply();
        let wrote = world.writes();
        assert_eq!(wrote.iter().any(|it| it == "POST users"), who == GONE, "{wrote:?}");
        assert_eq!(wrote.iter().any(|it| it == "POST activate"), who != GONE, "{wrote:?}");
    }
}

#[test]
fn a_rollback_finds_an_account_whose_creation_was_not_answered() {
    for is_killed in [true, false] {
        let world = world();
        declare(&world, NOOR);
        let times = if is_killed { 99 } else { 1 };
        world.faults(json!([{ "path": "/v2/users", "writes": true, "times": times, "kind": { "drop": { "afterWrite": true } } }]));
        if is_killed {
            world.faults(json!([{ "path": "/v2/users", "writes": true, "kind": { "slow": { "ms": 600_000, "afterWrite": true } } }]));
            let mut child = world.start("apply --auto-approve --journal j.ndjson");
            world.until(|stats| stats["byRoute"]["POST /v2/users"] == 1 && stats["inFlight"] == 1);
            child.kill().unwrap();
            child.wait().unwrap();
            world.until(|stats| stats["inFlight"] == 0);
        } else {
            world.run("apply --auto-approve --journal j.ndjson").expect(0);
        }
        world.faults(json!([]));
        world.run("rollback j.ndjson --out back.json").expect(0).shows("- person account deactivated");
        world.run("apply back.json --auto-approve").expect(0);
        let id = world.user("noor@voyager.example");
        let found = world.call("GET", &format!("/v2/users/{id}?includeInactive=true"), Value::Null).1;
        assert_eq!(found["isActive"], false, "killed: {is_killed}");
    }
}

#[test]
fn nobody_is_deactivated_where_the_approver_who_follows_was_not_written() {
    let approved = "  - { user: ana@voyager.example, business: { approvers: [bo@voyager.example], manager: bo@voyager.example } }\n";
    let world = world();
    declare(&world, approved);
    world.apply().expect(0);
    world.forget();
    declare(
        &world,
        &format!("{}  - {{ user: bo@voyager.example, active: false }}\n", approved.replace("bo@", "cy@")),
    );
    let path = format!("/v2/users/{}/business-info", world.user("ana@voyager.example"));
    world
        .faults(json!([{ "path": path, "writes": true, "times": 9, "kind": { "status": { "code": 400 } } }]));
    world.run("apply --auto-approve").expect(3);
    let bo = format!("/v2/users/{}", world.user("bo@voyager.example"));
    assert_eq!(world.call("GET", &bo, Value::Null).1["isActive"], true);
    world.faults(json!([]));
    world.apply().expect(0);
    world.plan().expect(0).ends_with(NO_CHANGES);
}

/// What the files say of somebody at one time, and so what the person is afterwards.
#[derive(Clone, Debug, Default)]
struct Life {
    active: Option<bool>,
    department: Option<&'static str>,
    manager: Option<&'static str>,
    external: Option<String>,
    mails: Option<bool>,
    copies: Option<Vec<String>>,
    creates: bool,
}

impl Life {
    fn random(dice: &mut Dice, who: &str) -> Self {
        let managers = ["ana", "cy", "root"];
        Self {
            // An account that is made says so, as it is one that may be there and not active.
            active: (who == "noor" || dice.in_hundred(60)).then(|| dice.in_hundred(60)),
            department: dice.in_hundred(60).then(|| ["sales", "service"][dice.below(2)]),
            manager: dice.in_hundred(40).then(|| managers[dice.below(3)]),
            // Whoever comes back under another id than the account has is somebody else, where an account may be made.
            external: dice
                .in_hundred(40)
                .then(|| format!("hr-{who}-{}", if who == "noor" { 0 } else { dice.below(3) })),
            mails: dice.in_hundred(40).then(|| dice.in_hundred(50)),
            copies: dice.in_hundred(40).then(|| {
                managers[..dice.below(4)].iter().map(|it| format!("{it}@voyager.example")).collect()
            }),
            creates: who == "noor",
        }
    }

    fn entry(&self, who: &str) -> String {
        let mut parts = vec![format!("user: {who}@voyager.example")];
        parts.extend(self.active.map(|it| format!("active: {it}")));
        parts.extend(self.external.as_ref().map(|it| format!("externalId: {it}")));
        let mut business: Vec<String> =
            self.department.map(|it| format!("department: {it}")).into_iter().collect();
        business.extend(self.manager.map(|it| format!("manager: {it}@voyager.example")));
        if self.creates {
            parts.push("create: { name: { first: Noor, last: Haddad } }".to_owned());
            business.push("legalEntity: voyager-de".to_owned());
        }
        if !business.is_empty() {
            parts.push(format!("business: {{ {} }}", business.join(", ")));
        }
        let mut mails: Vec<String> = self.mails.map(|it| format!("enabled: {it}")).into_iter().collect();
        mails.extend(self.copies.as_ref().map(|it| format!("ccEmails: [{}]", it.join(", "))));
        if !mails.is_empty() {
            parts.push(format!("notifications: {{ FLIGHT_NOTIFICATION: {{ {} }} }}", mails.join(", ")));
        }
        if parts.len() == 1 { String::new() } else { format!("  - {{ {} }}\n", parts.join(", ")) }
    }
}

/// What the API holds of somebody beside what files declare, to the letter.
fn rest(business: &Value) -> Value {
    let mut rest = business.clone();
    for field in ["departmentRef", "managerRef", "legalEntityRef"] {
        rest.as_object_mut().map(|it| it.remove(field));
    }
    rest
}

/// However people's lives go on, and whatever happens on the way: they are as the last files say, what no file says is to
/// the letter what it was, and who is not active is in no group that the files speak of.
#[test]
fn random_lives_end_as_declared_and_leave_the_rest_to_the_letter() {
    let seeds: Vec<u64> = (1..=6).collect();
    side_by_side(&seeds, |number| {
        let (mut dice, number) = (Dice(*number), *number);
        let world = World::seeded(&seed()).with(
            "rolecall.yaml",
            &rules(KNOWN, ", people: { percent: 100 }")
                .replace("ids:", "exceptions: [{ guard: removals, of: rules, group: Desk, upTo: 1, until: 2098-01-01, reason: r }]\nids:"),
        );
        // Cy is the only one of Night.
        world.patch_members("Night", &json!({ "userIdsToAdd": [world.user("root@voyager.example")] }));
        let people = ["ana", "bo", "cy", "gone", "noor"];
        let mut unknown = std::collections::BTreeMap::new();
        for who in &people[..4] {
            let path = format!(
                "/v2/users/{}/business-info?includeInactive=true",
                world.user(&format!("{who}@voyager.example"))
            );
            let mut body = world.call("GET", &path, Value::Null).1;
            body["fromTheFuture"] =
                json!({ "n": dice.below(1000), "deep": [null, { "x": format!("\u{e9}{}", dice.below(9)) }] });
            body["accountingCode"] = json!(format!("{}", dice.below(100)));
            assert!(world.call("PUT", &path, body.clone()).0 < 300);
            let other = json!({ "notificationType": "OTHER", "x": dice.below(1000) });
            let own = json!({ "notificationType": "FLIGHT_NOTIFICATION", "emailPreference": { "y": dice.below(9) } });
            let list = if dice.in_hundred(50) { json!([other, own]) } else { json!([other]) };
            put(&world, &format!("{who}@voyager.example"), &list);
            unknown.insert(*who, (rest(&body), other, if list[1].is_null() { Value::Null } else { own }));
        }
        for step in 0..3 {
            let what = format!("seed {number}, step {step}");
            let mut lives: Vec<Life> = people.iter().map(|who| Life::random(&mut dice, who)).collect();
            // Nobody is put above others who is not active.
            let active = |it: &str| {
                it == "root"
                    || people.iter().zip(&lives).any(|(who, life)| *who == it && life.active == Some(true))
            };
            let idle: Vec<bool> = lives.iter().map(|it| it.manager.is_some_and(|it| !active(it))).collect();
            lives.iter_mut().zip(idle).filter(|it| it.1).for_each(|it| it.0.manager = Some("root"));
            let entries: String = people.iter().zip(&lives).map(|(who, it)| it.entry(who)).collect();
            // Who nobody else manages may go: the desk never becomes empty, as Root is named.
            let desk = "  - name: Desk\n    description: The desk.\n    roles: [{ role: Agent, scope: { company: globex } }]\n    members: [root@voyager.example]\n    membersFrom: [{ department: service }]\n";
            let users = if entries.is_empty() { String::new() } else { format!("users:\n{entries}") };
            world.write("access/a.yaml", &format!("version: 1\ngroups:\n{desk}{users}"));
            let kinds = [
                json!({ "status": { "code": 429 } }),
                json!({ "status": { "code": 500, "afterWrite": true } }),
                json!({ "drop": { "afterWrite": true } }),
                json!({ "drop": {} }),
            ];
            let kind = &kinds[dice.below(kinds.len())];
            world.forget();
            world.faults(json!([{ "writes": true, "afterWrites": dice.below(6), "times": 1 + dice.below(2), "kind": kind }]));
            let first = world.apply();
            world.faults(json!([]));
            let run = world.apply();
            assert_eq!(
                run.code, 0,
                "{what}\n{entries}\n{}{}\nfirst:\n{}",
                run.stdout, run.stderr, first.stdout
            );
            world.plan().expect(0).ends_with(NO_CHANGES);
            let desk = members(&world);
            for (who, life) in people.iter().zip(&lives) {
                let email = format!("{who}@voyager.example");
                let is_there = world.account(&email).is_some();
                if !is_there {
                    assert_eq!((life.active, life.creates), (Some(false), true), "{what}: {who}");
                    continue;
                }
                let found = world
                    .call(
                        "GET",
                        &format!("/v2/users/{}?includeInactive=true", world.user(&email)),
                        Value::Null,
                    )
                    .1;
                let of = business(&world, &email);
                assert!(
                    life.active.or(life.creates.then_some(true)).is_none_or(|it| found["isActive"] == it),
                    "{what}: {who}"
                );
                let department = life.department.map(|it| if it == "sales" { SALES } else { SERVICE });
                assert!(department.is_none_or(|it| of["departmentRef"]["id"] == it), "{what}: {who}");
                let manager = life.manager.map(|it| world.user(&format!("{it}@voyager.example")));
                assert!(manager.is_none_or(|it| of["managerRef"]["id"] == *it), "{what}: {who}");
                assert!(life.external.as_ref().is_none_or(|it| found["externalId"] == **it), "{what}: {who}");
                let list = mails(&world, &email)["preferences"].clone();
                let all = list.as_array().unwrap();
                let own = all.iter().find(|it| it["notificationType"] == "FLIGHT_NOTIFICATION");
                let own = own.map_or(Value::Null, |it| it["emailPreference"].clone());
                if let Some(unknown) = unknown.get(who) {
                    assert_eq!(&rest(&of), &unknown.0, "{what}: {who}");
                    assert_eq!(
                        (&all[0], &own["y"]),
                        (&unknown.1, &unknown.2["emailPreference"]["y"]),
                        "{what}: {who}"
                    );
                    assert!(all.len() <= 2, "{what}: {who} {list}");
                }
                let is = own["enabled"].as_bool().unwrap_or(true);
                assert!(life.mails.is_none_or(|it| it == is), "{what}: {who} {list}");
                let copies = own["ccEmails"].as_array().map_or(&[][..], Vec::as_slice);
                assert!(
                    life.copies.as_ref().is_none_or(
                        |it| it.len() == copies.len() && it.iter().all(|it| copies.contains(&json!(it)))
                    ),
                    "{what}: {who} {list}"
                );
                let is_in = desk.contains(&email);
                let shall = found["isActive"] == true && of["departmentRef"]["id"] == SERVICE;
                assert_eq!(is_in, shall, "{what}: {who} is in the groups of who the person is\n{entries}");
            }
        }
    });
}

#[test]
fn one_person_by_two_keys_is_said_and_nothing_is_done() {
    let world = world();
    world.write("access/a.yaml", "version: 1\nusers:\n  - { user: bo@voyager.example, active: true }\n  - { user: { externalId: agent-17 }, business: { department: sales } }\n");
    world.forget();
    let run = world.apply().expect(4);
    assert!(
        run.stderr.contains("duplicate-user") && run.stderr.contains("access/a.yaml:4"),
        "{}",
        run.stderr
    );
    assert!(world.writes().is_empty());
}
