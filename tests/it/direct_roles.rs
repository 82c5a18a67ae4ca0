//! Roles outside groups: reconciled for the people under `users:`, and for nobody else.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::support::{NO_CHANGES, Run, SEED, VOYAGER, World};

const GLOBEX: &str = "2b7e0000-0000-4000-8000-000000000002";
const INITECH: &str = "2b7e0000-0000-4000-8000-000000000003";
const ANA: &str = "ana@voyager.example";
const BO: &str = "bo@voyager.example";

/// Returns a company role as the API shows it, with what no version knows.
fn admin(company: &str) -> Value {
    json!({
        "roleType": "COMPANY_ADMIN", "since": "2020-01-01",
        "metadata": { "roleType": "COMPANY_ADMIN", "companyRef": { "id": company, "name": "x" }, "tmcRef": { "id": VOYAGER } },
    })
}

fn unknown() -> Value {
    json!({ "roleType": "NEW_THING", "metadata": { "reach": [3, 1, 2], "deep": { "b": null, "a": 1 } } })
}

/// Declares people: the body of `users:` in `access/u.yaml`.
fn users(world: World, entries: &str) -> World {
    world.with("access/u.yaml", &format!("version: 1\nusers:\n{entries}"))
}

fn user(who: &str, roles: &str) -> String {
    format!("  - {{ user: {who}, directRoles: {roles} }}\n")
}

/// The usual world, where nothing is privileged: what guards say is told elsewhere.
fn usual() -> World {
    World::new().ruled("guards: { privileged: [] }\n").variable("ROLECALL_IDENTITY", "root@voyager.example")
}

/// Ana administers Globex, with a field that nobody knows, and holds something that nobody knows.
fn world(entries: &str) -> World {
    let world = users(usual(), entries);
    put(&world, ANA, &json!([admin(GLOBEX), unknown()]));
    world
}

fn path(world: &World, who: &str) -> String {
    format!("/v2/users/{}/roles", world.user(who))
}

/// Sets what somebody holds, by hand.
fn put(world: &World, who: &str, roles: &Value) {
    let (status, body) = world.call("PUT", &path(world, who), json!({ "roles": roles }));
    assert!(status < 300, "{status} {body}");
}

/// Returns what somebody holds, as the API shows it: which TMC a company is of it says itself, and the sandbox does not.
fn held(world: &World, who: &str) -> Value {
    let mut roles = stored(world, who);
    for role in roles.as_array_mut().into_iter().flatten() {
        let mut told = role.clone();
        told["metadata"]["tmcRef"] = json!({ "id": VOYAGER });
        if [admin(GLOBEX), admin(INITECH), admin(VOYAGER)].contains(&told) {
            *role = told;
        }
    }
    roles
}

/// Returns what was written for somebody, or set by hand.
fn stored(world: &World, who: &str) -> Value {
    world.call("GET", &path(world, who), Value::Null).1["roles"].clone()
}

fn journal(world: &World) -> PathBuf {
    let folder = world.path().join(".rolecall/journal");
    let mut all: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    all.sort();
    all.pop().unwrap()
}

const ADMIN: &str = "{ type: COMPANY_ADMIN, company: globex }";
const RAW: &str = "{ raw: { roleType: NEW_THING, metadata: { reach: [3, 1, 2], deep: { a: 1, b: null } } } }";

#[test]
fn a_person_gets_what_is_declared_and_keeps_what_nobody_understands() {
    let arranger = "{ type: TRAVEL_ARRANGER, arrangerFor: [{ user: vip@globex.example, sendConfirmationEmail: true }, bo@voyager.example] }";
    let world =
        world(&user(ANA, &format!("[{RAW}, {ADMIN}, {{ type: TMC_AGENT, tmc: voyager }}, {arranger}]")));
    world
        .plan()
        .expect(0)
        .shows("~ user ana@voyager.example access/u.yaml:3")
        .shows("+ direct role TMC_AGENT of voyager access/u.yaml:3")
        .shows("+ direct role TRAVEL_ARRANGER for bo@voyager.example, vip@globex.example (confirmations)")
        .shows("People 1 gains access, 0 lose access")
        .ends_with(
            "Plan: 0 groups to create, 0 to change, 0 to delete; roles +2 ~0 -0; members +0 -0; 0 guards.",
        );
    world.forget();
    world.apply().expect(0).shows("Applied: 1 of 1 user. Read back: live state matches the plan.");
    let writes = world.written();
    assert_eq!(writes.iter().map(|it| &*it.what).collect::<Vec<_>>(), ["PUT roles"]);
    // Others are as they were, to the last field.
    let now = held(&world, ANA);
    let now = now.as_array().unwrap();
    assert_eq!(now.len(), 4, "{now:?}");
    assert!(now.contains(&admin(GLOBEX)) && now.contains(&unknown()), "{now:?}");
    assert!(now.contains(&json!({ "roleType": "TMC_AGENT", "metadata": { "roleType": "TMC_AGENT", "tmcRef": { "id": VOYAGER } } })));
    world.settled();
    world.run("drift").expect(0);
}

#[test]
fn an_exact_list_takes_what_it_does_not_name_and_shows_each_of_it() {
    let world = world(&user(ANA, "[]"));
    world
        .plan()
        .expect(0)
        .shows("- direct role COMPANY_ADMIN of globex not declared")
        .shows("- direct role NEW_THING, as it is:")
        // What the desk gives, of which no file speaks, stays.
        .shows("People 0 gain access, 1 loses access")
        .ends_with(
            "Plan: 0 groups to create, 0 to change, 0 to delete; roles +0 ~0 -2; members +0 -0; 0 guards.",
        );
    let markdown = world.run("plan --format markdown").expect(0).stdout;
    assert!(
        markdown.contains("### rolecall: 1 person loses access, 1 user changed")
            && markdown.contains("-     direct role  NEW_THING"),
        "{markdown}"
    );
    world.run("plan --detailed-exitcode").expect(2);
    world.run("drift").expect(2);
    world.apply().expect(0);
    assert_eq!(held(&world, ANA), json!([]));
    world.settled();
}

#[test]
fn a_list_that_is_not_exact_and_a_person_who_is_not_listed_lose_nothing() {
    let world = world(
        &(user(ANA, "{ atLeast: [{ type: COMPANY_REPORT_ADMIN, company: initech }] }")
            + &user(BO, "unmanaged")),
    );
    put(&world, BO, &json!([admin(INITECH)]));
    put(&world, "cy@voyager.example", &json!([admin(INITECH)]));
    world.forget();
    world.apply().expect(0);
    assert_eq!(world.writes(), ["PUT roles"]);
    let now = held(&world, ANA);
    assert!(now.as_array().unwrap().len() == 3 && now.as_array().unwrap().contains(&unknown()), "{now}");
    assert_eq!(held(&world, "cy@voyager.example"), json!([admin(INITECH)]));
    // Who is not listed is not even asked about; who is, is shown.
    let drift = world.run("drift").expect(0);
    assert!(
        drift.stdout.contains("bo@voyager.example holds outside groups: COMPANY_ADMIN of initech"),
        "{}",
        drift.stdout
    );
    let cy = world.user("cy@voyager.example");
    world.forget();
    world.plan().expect(0).ends_with(NO_CHANGES);
    let asked = world.log().iter().any(|it| it["path"].as_str().unwrap().contains(&cy));
    assert!(!asked && !drift.stdout.contains("cy@"), "{}", drift.stdout);
}

#[test]
fn the_account_that_runs_rolecall_is_shown_with_what_it_holds_outside() {
    let rules = "api: { identity: { email: bo@voyager.example } }\n";
    let world = World::new()
        .ruled(rules)
        .groups("  - { name: Night, description: The night., roles: unmanaged, members: unmanaged }\n");
    put(&world, BO, &json!([admin(VOYAGER)]));
    world
        .run("drift")
        .expect(0)
        .shows("Outside bo@voyager.example holds outside groups: COMPANY_ADMIN of voyager");
    let outside = &world.run("plan --format json").expect(0).json()["outside"];
    assert_eq!(
        outside,
        &json!([{ "company": VOYAGER, "userId": world.user(BO), "roles": [admin(VOYAGER)] }])
    );
}

#[test]
fn the_older_field_is_read_and_the_newer_one_is_sent() {
    let arranges = |whom: &str| user(ANA, &format!("[{{ type: TRAVEL_ARRANGER, arrangerFor: [{whom}] }}]"));
    let world = users(World::new(), &arranges("vip@globex.example"));
    let seen = world.run("plan --format json").expect(0).json();
    let people = seen["names"]["people"].as_object().unwrap();
    let vip = people.iter().find(|it| it.1 == "vip@globex.example").unwrap().0.clone();
    let older = json!({ "roles": [{
        "roleType": "TRAVEL_ARRANGER",
        "roleMetadata": { "travelArrangerMetadata": { "arrangerFor": [{ "userId": vip, "rank": 3 }] } },
    }] });
    let answers = |times: u64| {
        let kind = json!({ "status": { "code": 200, "body": older.to_string() } });
        world.faults(json!([{ "method": "GET", "path": path(&world, ANA), "times": times, "kind": kind }]));
    };
    answers(1);
    world.settled();
    world.write(
        "access/u.yaml",
        &format!("version: 1\nusers:\n{}", arranges("vip@globex.example, bo@voyager.example")),
    );
    // So it answers the plan, and once more just before the write.
    answers(2);
    world.apply().expect(0).shows(
        "~ direct role TRAVEL_ARRANGER for vip@globex.example → bo@voyager.example, vip@globex.example WIDENS",
    );
    let now = held(&world, ANA);
    let travellers = now[0]["metadata"]["arrangerFor"].as_array().unwrap();
    assert!(travellers.len() == 2 && travellers.iter().any(|it| it["rank"] == 3), "{now}");
    assert!(now[0].get("roleMetadata").is_none(), "{now}");
    world.settled();
}

#[test]
fn a_rollback_restores_the_very_elements() {
    let world = world(&user(ANA, "[{ type: TMC_ADMIN, tmc: voyager }]"));
    let before = held(&world, ANA);
    world.apply().expect(0);
    assert_eq!(held(&world, ANA).as_array().unwrap().len(), 1);
    let line = format!("rollback {} --out undo.json", journal(&world).display());
    world.forget();
    world
        .run(&line)
        .expect(0)
        .shows("+ direct role COMPANY_ADMIN of globex")
        .shows("- direct role TMC_ADMIN of voyager");
    assert_eq!(world.writes(), [""; 0]);
    world.run("apply undo.json").expect(0).shows("Applied: 1 of 1 user.");
    let sorted = |list: &Value| {
        let mut all: Vec<String> = list.as_array().unwrap().iter().map(ToString::to_string).collect();
        all.sort();
        all
    };
    assert_eq!(sorted(&held(&world, ANA)), sorted(&before));
    world.run(&line).expect(0).ends_with(NO_CHANGES);
    // What somebody has changed since is not undone.
    world.apply().expect(0);
    put(&world, ANA, &json!([admin(INITECH)]));
    world.run(&format!("rollback {} --out undo.json", journal(&world).display())).expect(0);
    world.run("apply undo.json").expect(0);
    let now = held(&world, ANA);
    assert!(now.as_array().unwrap().contains(&admin(INITECH)), "{now}");
}

#[test]
fn a_write_of_which_nobody_knows_is_undone_by_what_is_there() {
    let world = world(&user(ANA, "[]"));
    let before = held(&world, ANA);
    world.forget();
    world.faults(json!([{ "method": "PUT", "path": "/roles", "times": 0, "kind": { "slow": { "ms": 600_000, "afterWrite": true } } }]));
    let mut child = world.start("apply --auto-approve");
    // The write takes effect, and its answer is on its way.
    world.until(|_| held(&world, ANA) == json!([]));
    child.kill().unwrap();
    child.wait().unwrap();
    world.faults(json!([]));
    // The next apply finds nothing to do; the journal knows what it was.
    world.settled();
    world.run(&format!("rollback {} --out undo.json", journal(&world).display())).expect(0);
    world.run("apply undo.json").expect(0);
    assert_eq!(held(&world, ANA), before);
}

/// Applies, and does something after the plan and before the person is looked at again.
fn meanwhile(world: &World, by_hand: impl FnOnce()) -> Run {
    let user = world.user(ANA);
    world.forget();
    // The plan reads it once.
    world.faults(json!([{ "method": "GET", "path": user, "skip": 1, "times": 0, "kind": { "slow": { "ms": 600_000 } } }]));
    let child = world.start("apply --auto-approve");
    // Both people and the account that runs rolecall were read for the plan, so the fourth read is a look.
    world.until(|it| it["byRoute"]["GET /v2/users/{userId}/roles"].as_u64() >= Some(4));
    by_hand();
    world.faults(json!([]));
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_list_that_was_changed_by_hand_is_left_alone_and_others_go_on() {
    for by_hand in [
        json!([admin(GLOBEX), unknown(), admin(INITECH)]),
        json!([unknown()]),
        // Nothing that anybody understands has changed.
        json!([{ "roleType": "COMPANY_ADMIN", "since": "2021-01-01", "metadata": { "roleType": "COMPANY_ADMIN", "companyRef": { "id": GLOBEX } } }, unknown()]),
    ] {
        let world = world(&(user(ANA, &format!("[{ADMIN}]")) + &user(BO, &format!("[{ADMIN}]"))));
        let run = meanwhile(&world, || put(&world, ANA, &by_hand)).expect(7);
        assert!(
            run.stdout.contains("stale") && run.stdout.contains("the direct roles are others"),
            "{}",
            run.stdout
        );
        assert_eq!(held(&world, ANA), by_hand);
        assert_eq!(held(&world, BO).as_array().unwrap().len(), 1, "others go on");
    }
}

#[test]
fn a_saved_plan_is_for_exactly_that_list() {
    let world = world(&user(ANA, &format!("[{ADMIN}, {{ type: TMC_AGENT, tmc: voyager }}]")));
    let id =
        |world: &World| world.run("plan --format json").expect(0).json()["id"].as_str().unwrap().to_owned();
    world.run("plan --out plan.json").expect(0);
    let first = id(&world);
    // The same in another order is the same plan; another role is another one.
    world.write(
        "access/u.yaml",
        &format!(
            "version: 1\nusers:\n{}",
            user("{ userId: ID }", &format!("[{{ tmc: voyager, type: TMC_AGENT, reason: r }}, {ADMIN}]"))
                .replace("ID", &world.user(ANA))
        ),
    );
    assert_eq!(id(&world), first);
    world.run(&format!("apply --approve {first}")).expect(0);
    world.run("apply plan.json").expect(7);
    // Live is another list than the plan saw: nothing is written.
    let world = self::world(&user(ANA, "[]"));
    world.run("plan --out plan.json").expect(0);
    let first = id(&world);
    put(&world, ANA, &json!([admin(GLOBEX)]));
    assert_ne!(id(&world), first);
    world.forget();
    world
        .run("apply plan.json")
        .expect(7)
        .says(&["1 person is not what the plan saw", "ana@voyager.example: the direct roles are others"]);
    world.run(&format!("apply --approve {first}")).expect(7);
    world.run("apply --approved-at-most plan.json").expect(0);
    assert_eq!(held(&world, ANA), json!([]));
    // And the other way: more than was approved is not applied.
    put(&world, ANA, &json!([admin(GLOBEX), unknown(), admin(INITECH)]));
    world
        .run("apply --approved-at-most plan.json")
        .expect(7)
        .says(&["ana@voyager.example: would lose COMPANY_ADMIN of initech"]);
    // A plan taken up as it was saved is applied as it is.
    put(&world, ANA, &json!([unknown()]));
    world.run("plan --out plan.json").expect(0);
    world.run("apply plan.json").expect(0);
    assert_eq!(held(&world, ANA), json!([]));
}

#[test]
fn guards_look_at_direct_roles() {
    let gets = user(BO, &format!("[{ADMIN}]"));
    let loses = user(ANA, "[]");
    let until = "until: 2099-01-01, reason: r";
    for (guard, rules, files, exception) in [
        (
            "privileged",
            "guards: { privileged: [COMPANY_ADMIN] }\n",
            &gets,
            Some("guard: privileged, person: bo@voyager.example, upTo: 1"),
        ),
        (
            "protected",
            "guards: { protected: { people: [\"ana@*\"] } }\n",
            &loses,
            Some("guard: protected, person: ana@voyager.example, upTo: 2"),
        ),
        (
            "removals",
            "guards: { removals: { percent: 50, from: 2 } }\n",
            &loses,
            Some("guard: removals, of: roles, person: ana@voyager.example, upTo: 2"),
        ),
        ("self-lockout", "", &loses, None),
    ] {
        let account = if guard == "self-lockout" { ANA } else { "root@voyager.example" };
        let world = world(files).ruled(rules).variable("ROLECALL_IDENTITY", account);
        let before = (held(&world, ANA), held(&world, BO));
        world.forget();
        let run = world.apply().expect(6);
        assert!(
            run.stdout.lines().any(|it| it.contains("STOP") && it.contains(guard)),
            "{guard}\n{}",
            run.stdout
        );
        assert_eq!((held(&world, ANA), held(&world, BO)), before);
        assert_eq!(world.writes(), [""; 0], "{guard}");
        let Some(exception) = exception else { continue };
        // Who is left with nothing, and all that the company has, are counted besides.
        let others = if guard == "removals" {
            format!("{{ guard: removals, of: people, person: ana@voyager.example, upTo: 1, {until} }}, ")
        } else {
            String::new()
        };
        let world = world.ruled(&format!("{rules}exceptions: [{others}{{ {exception}, {until} }}]\n"));
        let run = world.apply().expect(0);
        assert!(run.stdout.contains("excepted"), "{guard}\n{}", run.stdout);
        assert_ne!((held(&world, ANA), held(&world, BO)), before);
    }
    // An approval by the id stands for the exception from `privileged`.
    let world = world(&gets).ruled("guards: { privileged: [COMPANY_ADMIN] }\n");
    let id = world.run("plan --format json").expect(0).json()["id"].as_str().unwrap().to_owned();
    world.run(&format!("apply --approve {id}")).expect(0);
}

#[test]
fn one_who_cannot_be_told_or_read_is_withheld_and_the_rest_is_done() {
    for (who, why) in [
        ("nobody@voyager.example", "no user has this key"),
        ("gone@voyager.example", "the user is not active"),
        ("vip@globex.example", "the user belongs to globex"),
        ("{ employeeId: V-99 }", "no user has this key"),
    ] {
        let world = world(&(user(who, &format!("[{ADMIN}]")) + &user(BO, &format!("[{ADMIN}]"))));
        let run = world.apply().expect(3);
        assert!(run.stdout.contains(why) && run.stdout.contains("left as "), "{who}\n{}", run.stdout);
        assert_eq!(held(&world, BO).as_array().unwrap().len(), 1, "{who}");
    }
    // Not being told is never an empty list.
    for status in [403, 404] {
        let world = world(&(user(ANA, "[]") + &user(BO, &format!("[{ADMIN}]"))));
        let before = held(&world, ANA);
        world.faults(json!([{ "method": "GET", "path": path(&world, ANA), "times": 0, "kind": { "status": { "code": status } } }]));
        let run = world.apply().expect(3);
        assert!(run.stdout.contains("the API does not tell them, or not to this token"), "{}", run.stdout);
        world.faults(json!([]));
        assert_eq!(held(&world, ANA), before);
        assert_eq!(held(&world, BO).as_array().unwrap().len(), 1);
    }
    let world = world(&user(ANA, "[]"));
    world.faults(json!([{ "method": "GET", "path": path(&world, ANA), "times": 0, "kind": { "status": { "code": 500 } } }]));
    world.apply().expect(8);
}

#[test]
fn a_lost_answer_is_looked_into_and_a_lie_is_noticed() {
    for kind in [
        json!({ "drop": {} }),
        json!({ "drop": { "afterWrite": true } }),
        json!({ "status": { "code": 500, "afterWrite": true } }),
    ] {
        let world = world(&user(ANA, &format!("[{ADMIN}]")));
        world.faults(json!([{ "method": "PUT", "path": "/roles", "times": 1, "kind": kind }]));
        world.apply().expect(0);
        assert_eq!(held(&world, ANA), json!([admin(GLOBEX)]), "{kind}");
    }
    let world = world(&(user(ANA, "[]") + &user(BO, &format!("[{ADMIN}]"))));
    world.faults(
        json!([{ "method": "PUT", "path": path(&world, ANA), "times": 0, "kind": { "ignoreWrite": {} } }]),
    );
    let run = world.apply().expect(3).shows("Read back, and not as the plan says:");
    assert!(run.stdout.contains("ana@voyager.example: the direct roles are others"), "{}", run.stdout);
    assert!(run.stdout.contains("\nApplied: 1 of 2 users"), "{}", run.stdout);
    assert_eq!(held(&world, BO).as_array().unwrap().len(), 1);
    // Refused, nothing is written, and the rest is done.
    let world = self::world(&(user(ANA, "[]") + &user(BO, &format!("[{ADMIN}]"))));
    world.faults(
        json!([{ "method": "PUT", "path": path(&world, ANA), "times": 0, "kind": { "status": { "code": 403 } } }]),
    );
    world.apply().expect(3).shows("Not done: ana@voyager.example").shows("Applied: 1 of 2 users;");
    assert_eq!(held(&world, ANA), json!([admin(GLOBEX), unknown()]));
}

#[test]
fn who_is_locked_out_loses_what_is_declared_to_go_and_no_more() {
    let lockout = "lockout: [{ email: ana@voyager.example, since: 2026-11-20, reason: stolen laptop }]\n";
    let all = world("").ruled(lockout);
    all.write("access/u.yaml", "version: 1\nusers: []\n");
    all.run("apply --auto-approve")
        .expect(0)
        .shows("Survives ana@voyager.example keeps roles outside groups: COMPANY_ADMIN, NEW_THING");
    assert_eq!(held(&all, ANA), json!([admin(GLOBEX), unknown()]));
    let declared = world(&user(ANA, "[]")).ruled(lockout);
    let run = declared.apply().expect(0);
    assert!(!run.stdout.contains("Survives"), "{}", run.stdout);
    assert_eq!(held(&declared, ANA), json!([]));
}

#[test]
fn a_rollback_takes_from_who_is_locked_out_by_now_and_gives_nothing() {
    let lockout = "lockout: [{ email: ana@voyager.example, since: 2026-11-20, reason: stolen laptop }]\n";
    let arranges = "{ type: TRAVEL_ARRANGER, arrangerFor: [bo@voyager.example, vip@globex.example] }";
    let world = users(usual(), &user(ANA, &format!("[{ADMIN}, {arranges}]")));
    let arranger = json!({ "roleType": "TRAVEL_ARRANGER", "note": 1, "metadata": { "roleType": "TRAVEL_ARRANGER", "arrangerFor": [{ "userId": world.user(BO) }] } });
    let agent = json!({ "roleType": "TMC_AGENT", "metadata": { "roleType": "TMC_AGENT", "tmcRef": { "id": VOYAGER } } });
    put(&world, ANA, &json!([agent, arranger]));
    world.apply().expect(0);
    let line = format!("rollback {} --out undo.json", journal(&world).display());
    let world = world.ruled(lockout);
    let run = world
        .run(&line)
        .expect(0)
        .shows("- direct role COMPANY_ADMIN of globex")
        .shows("~ direct role TRAVEL_ARRANGER for bo@voyager.example, vip@globex.example → bo@voyager.example NARROWS")
        .shows("Survives ana@voyager.example keeps roles outside groups: TRAVEL_ARRANGER");
    assert!(
        !run.stdout.contains("+ direct role") && !run.stdout.contains("outside groups: COMPANY"),
        "{}",
        run.stdout
    );
    let run = world.run("apply undo.json").expect(0);
    assert!(!run.stdout.contains("outside groups: COMPANY"), "{}", run.stdout);
    assert_eq!(held(&world, ANA), json!([arranger]));
    world.run(&line).expect(0).ends_with(NO_CHANGES);
}

#[test]
fn no_limit_on_removals_holds_up_what_a_lockout_takes_outside_groups() {
    let lockout = "lockout: [{ email: ana@voyager.example, since: 2026-11-20, reason: stolen laptop }]\n";
    let limit = "guards: { removals: { percent: 10, from: 1, atMost: 1 } }\n";
    for apply in ["apply --auto-approve", "apply plan.json"] {
        let world = world(&user(ANA, "[]")).ruled(limit);
        world.apply().expect(6);
        let world = world.ruled(&format!("{limit}{lockout}"));
        world
            .run("plan --out plan.json")
            .expect(0)
            .shows("- direct role COMPANY_ADMIN of globex locked out (rolecall.yaml:");
        world.run(apply).expect(0);
        assert_eq!(held(&world, ANA), json!([]));
    }
}

#[test]
fn the_account_of_a_person_is_found_however_the_address_is_spelled() {
    let seed = SEED.replace(
        "  - { email: bo@",
        "  - { email: J\u{c4}ger@voyager.example, company: voyager }\n  - { email: bo@",
    );
    let entry = user("ja\u{308}gER@voyager.example", "[{ type: GLOBAL_AGENT }]")
        + &user("{ employeeId: V-3 }", "[{ type: GLOBAL_AGENT }]");
    let world = users(World::seeded(&seed), &entry);
    world.apply().expect(0).shows("Applied: 2 of 2 users.");
    assert_eq!(held(&world, "j\u{e4}ger@voyager.example")[0]["roleType"], "GLOBAL_AGENT");
    world.settled();
}

#[test]
fn the_json_of_a_plan_and_of_an_apply_tell_of_people() {
    let world = world(&user(ANA, &format!("[{RAW}, {{ type: TMC_AGENT, tmc: voyager }}]")));
    let plan = world.run("plan --format json").expect(0).json();
    assert_eq!(plan["users"][0]["directRoles"], json!([admin(GLOBEX), unknown()]));
    let edits = plan["edits"].as_array().unwrap();
    assert!(edits.iter().all(|it| it["person"] == ANA && it["kind"] == "directRole"), "{plan:#}");
    let actions: Vec<String> = edits
        .iter()
        .map(|it| format!("{} {}", it["action"].as_str().unwrap(), it["roleType"].as_str().unwrap()))
        .collect();
    assert_eq!(actions, ["remove COMPANY_ADMIN", "add TMC_AGENT"]);
    assert_eq!((&plan["summary"]["usersChanged"], &plan["summary"]["rolesAdded"]), (&json!(1), &json!(1)));
    let applied = world.run("apply --auto-approve --format json --events events.ndjson").expect(0).json();
    let events = fs::read_to_string(world.path().join("events.ndjson")).unwrap();
    assert!(events.lines().any(|it| it.contains(r#""user":"ana@voyager.example""#)), "{events}");
    assert_eq!(applied["users"][0]["done"], true);
    assert_eq!((&applied["groups"], &applied["readBack"]["clean"]), (&json!([]), &json!(true)));
}

/// To be told to wait gives others time: what was read before the first request may be no longer so.
#[test]
fn a_list_that_is_changed_while_the_write_waits_is_not_overwritten() {
    for kind in [
        json!({ "status": { "code": 429, "retryAfter": "1" } }),
        json!({ "status": { "code": 503, "retryAfter": "1" } }),
    ] {
        let world = world(&user(ANA, &format!("[{ADMIN}]")));
        // The plan looks, the step looks, and again after the wait: that look is held until somebody has been there.
        world.faults(json!([
            { "method": "PUT", "path": path(&world, ANA), "kind": kind },
            { "method": "GET", "path": path(&world, ANA), "skip": 2, "kind": { "slow": { "ms": 600_000 } } },
        ]));
        world.forget();
        // And the plan looks at the account that runs rolecall.
        let child = world.start("apply --auto-approve");
        world.until(|it| it["byRoute"]["GET /v2/users/{userId}/roles"].as_u64() == Some(4));
        let by_hand = json!([admin(GLOBEX), unknown(), admin(INITECH)]);
        put(&world, ANA, &by_hand);
        world.faults(json!([]));
        Run::from(child.wait_with_output().unwrap()).expect(7).says(&["the direct roles are others"]);
        assert_eq!(held(&world, ANA), by_hand, "{kind}");
    }
    // Where nobody changes anything it is sent again.
    let world = world(&user(ANA, &format!("[{ADMIN}]")));
    world.faults(json!([{ "method": "PUT", "path": path(&world, ANA), "times": 2, "kind": { "status": { "code": 429, "retryAfter": "1" } } }]));
    world.apply().expect(0);
    assert_eq!(held(&world, ANA), json!([admin(GLOBEX)]));
}

/// A token takes time to get, and others use it.
#[test]
fn a_list_that_is_changed_while_a_token_is_renewed_is_not_overwritten() {
    let renewing = || {
        let world = world(&user(ANA, &format!("[{ADMIN}]"))).with_client();
        world.faults(json!([
            { "method": "PUT", "path": path(&world, ANA), "kind": { "status": { "code": 401 } } },
            { "path": "oauth2-token", "skip": 1, "kind": { "slow": { "ms": 600_000 } } },
        ]));
        world.forget();
        world
    };
    let by_hand = json!([admin(GLOBEX), unknown(), admin(INITECH)]);
    let world = renewing();
    let applying = |world: &World, meanwhile: &dyn Fn()| {
        let child = world.start("apply --auto-approve");
        world.until(|it| it["byRoute"]["POST /v2/auth/oauth2-token"].as_u64() == Some(2));
        meanwhile();
        world.faults(json!([]));
        Run::from(child.wait_with_output().unwrap())
    };
    let put_by_hand = || put(&world, ANA, &by_hand);
    applying(&world, &put_by_hand).expect(7).says(&["the direct roles are others"]);
    assert_eq!(held(&world, ANA), by_hand);
    // Where nobody changes anything it is sent again.
    let world = renewing();
    applying(&world, &|| ()).expect(0);
    assert_eq!(held(&world, ANA), json!([admin(GLOBEX)]));
}

/// The whole list is replaced: an answer that does not speak of it must not pass for an empty one.
#[test]
fn an_answer_without_roles_is_not_one_of_somebody_without_any() {
    for body in ["{}", r#"{"roles":null}"#, r#"{"message":"moved"}"#] {
        let world = world(&user(ANA, "{ atLeast: [{ type: TMC_AGENT, tmc: voyager }] }"));
        world.faults(json!([{ "method": "GET", "path": path(&world, ANA), "times": 0, "kind": { "status": { "code": 200, "body": body } } }]));
        world.forget();
        let apply = world.apply().expect(3);
        assert!(apply.stdout.contains("left as "), "{body}: {}", apply.stdout);
        assert_eq!(world.writes(), [""; 0], "{body}");
    }
}

/// What somebody holds outside groups is only reported there; that it is not known is reported as well.
#[test]
fn whoever_is_locked_out_goes_even_if_direct_roles_cannot_be_read() {
    let lockout = "lockout: [{ email: ana@voyager.example, since: 2026-11-20, reason: stolen laptop }]\n";
    let world = World::new().ruled(lockout).with("access/a.yaml", "version: 1\ngroups: []\n");
    world.faults(json!([{ "method": "GET", "path": path(&world, ANA), "times": 0, "kind": { "status": { "code": 410 } } }]));
    let run = world.run("apply --only lockout --auto-approve").expect(3);
    assert!(run.stdout.contains("holds outside groups is not known"), "{}", run.stdout);
    assert!(!world.members("Desk").contains(&ANA.to_owned()));
}

#[test]
fn who_was_hired_twice_is_the_one_who_is_active() {
    let (old, new) = ("a5a50000-0000-4000-8000-000000000001", "a5a50000-0000-4000-8000-000000000002");
    let line = "  - { email: gone@voyager.example, company: voyager, active: false }";
    let entry = |id: &str, active: bool| {
        format!("  - {{ id: {id}, email: gone@voyager.example, company: voyager, active: {active} }}")
    };
    for list in ["available", "refused"] {
        let seed = SEED.replace(line, &format!("{}\n{}", entry(old, false), entry(new, true)));
        let world = World::seeded(&format!("{seed}dialect: {{ usersList: {list} }}\n"));
        let world = users(world, &user("gone@voyager.example", "[{ type: GLOBAL_AGENT }]"));
        // A snapshot tells as much.
        world.run("snapshot --out live.json").expect(0);
        world.run("plan --live live.json").expect(0).shows("+ direct role GLOBAL_AGENT");
        world.apply().expect(0).shows("+ direct role GLOBAL_AGENT");
        let roles =
            |id: &str| world.call("GET", &format!("/v2/users/{id}/roles"), Value::Null).1["roles"].clone();
        assert_eq!((roles(old), &roles(new)[0]["roleType"]), (json!([]), &json!("GLOBAL_AGENT")), "{list}");
        world.settled();
    }
}

#[test]
fn an_entry_that_asks_for_nothing_withholds_nothing() {
    for roles in ["unmanaged", "{ atLeast: [] }"] {
        let world = world(&user(ANA, roles));
        world.faults(json!([{ "method": "GET", "path": path(&world, ANA), "times": 0, "kind": { "status": { "code": 403 } } }]));
        world
            .run("drift")
            .expect(0)
            .shows("Unclear ana@voyager.example may hold roles outside groups: the API does not tell them to this token");
        world.apply().expect(0);
        for (who, why) in [
            ("nobody@voyager.example", "no user has this key"),
            ("vip@globex.example", "the user belongs to globex"),
        ] {
            let world = self::world(&user(who, roles));
            let drift = world.run("drift").expect(0).shows(&format!("Unclear {who}"));
            assert!(drift.stdout.contains(why) && !drift.stdout.contains("ithheld"), "{}", drift.stdout);
            let json = world.run("plan --format json").expect(0).json();
            assert_eq!(
                (&json["withheld"][0]["kind"], &json["summary"]["withheld"]),
                (&json!("unmanagedUser"), &json!(0))
            );
            world.apply().expect(0);
        }
    }
}

/// The read-only field of a company's role, and the one past its sunset.
#[test]
fn fields_that_are_not_for_those_who_write_are_sent_only_to_a_server_that_insists() {
    for (fields, sent) in [("any", 1), ("current", 1), ("asRead", 2)] {
        let mut older = admin(INITECH);
        older["roleMetadata"] = json!({ "travelArrangerMetadata": { "arrangerFor": [] } });
        let seed = SEED.replace(
            "{ email: ana@voyager.example, company: voyager }",
            &format!(
                "{{ email: ana@voyager.example, company: voyager, directRoles: {} }}",
                json!([admin(GLOBEX), older])
            ),
        );
        let world = users(
            World::seeded(&format!("{seed}dialect: {{ directRoleFields: {fields} }}\n")),
            &user(ANA, "{ atLeast: [{ type: TMC_AGENT, tmc: voyager }] }"),
        );
        let apply = world.apply();
        assert_eq!(apply.code, 0, "{fields}: {}{}", apply.stdout, apply.stderr);
        let written = world.written();
        assert_eq!(written.len(), sent, "{fields}");
        let body = |n: usize| written[n].body["roles"].to_string();
        let held = |n: usize| (body(n).contains("roleMetadata"), body(n).matches("tmcRef").count());
        // That of the TMC's own role is always sent.
        assert_eq!(held(0), (false, 1), "{fields}");
        assert_eq!(held(sent - 1), (sent == 2, if sent == 2 { 3 } else { 1 }), "{fields}");
        assert_eq!(body(0).matches("since").count(), 2, "what nobody knows stays");
        world.settled();
    }
}
