//! Which mails people get: declared key by key, written behind all else, and everything that no file says left to the letter.

use std::fs;

use serde_json::{Value, json};

use crate::{
    bases,
    lives::{KNOWN, business, declare, rules, world},
    support::{
        NO_CHANGES, Run, World,
        tenant::{Dice, side_by_side},
    },
};

const ANA: &str = "ana@voyager.example";

fn path(world: &World, who: &str) -> String {
    format!("/v2/users/{}/notification-preferences", world.user(who))
}

/// What the API holds about the mails of somebody, as it stands there.
pub(crate) fn mails(world: &World, who: &str) -> Value {
    let (status, body) = world.call("GET", &path(world, who), Value::Null);
    assert_eq!(status, 200, "{body}");
    body
}

pub(crate) fn put(world: &World, who: &str, preferences: &Value) {
    let (status, body) = world.call("PUT", &path(world, who), json!({ "preferences": preferences }));
    assert!(status < 300, "{status} {body}");
}

fn of(kind: &str, mails: &Value) -> Value {
    json!({ "notificationType": kind, "emailPreference": mails })
}

fn flight(mails: &Value) -> Value {
    of("FLIGHT_NOTIFICATION", mails)
}

fn booking(mails: &Value) -> Value {
    of("BOOKING_NOTIFICATION", mails)
}

/// The files say this of the mails of Ana.
fn says(world: &World, notifications: &str) {
    world.write(
        "access/a.yaml",
        &format!("version: 1\nusers:\n  - user: {ANA}\n    notifications: {notifications}\n"),
    );
}

fn puts(world: &World) -> usize {
    world.writes().iter().filter(|it| it.contains("notification-preferences")).count()
}

#[test]
fn what_is_declared_of_mails_is_planned_written_and_read_back_and_all_else_stays() {
    let world = world();
    let rest = json!({ "notificationType": "FROM_THE_FUTURE", "emailPreference": { "enabled": "weekly" }, "x": [null, 1.10] });
    let own = json!({ "enabled": true, "ccEmails": ["bo@voyager.example"], "quiet": { "from": "22:00" } });
    put(&world, ANA, &json!([rest, booking(&own), rest]));
    let cases = [
        (
            "{ FLIGHT_NOTIFICATION: { enabled: false, ccEmails: [desk@voyager.example, ops@voyager.example] } }",
            &[
                "~ person FLIGHT_NOTIFICATION e-mails on → off",
                "~ person FLIGHT_NOTIFICATION cc nobody → desk@voyager.example, ops@voyager.example",
            ][..],
            json!([
                rest,
                booking(&own),
                rest,
                flight(
                    &json!({ "enabled": false, "ccEmails": ["desk@voyager.example", "ops@voyager.example"] })
                )
            ]),
        ),
        (
            "{ BOOKING_NOTIFICATION: { enabled: false } }",
            &["~ person BOOKING_NOTIFICATION e-mails on → off"],
            json!([
                rest,
                booking(
                    &json!({ "enabled": false, "ccEmails": ["bo@voyager.example"], "quiet": { "from": "22:00" } })
                ),
                rest
            ]),
        ),
        (
            "{ BOOKING_NOTIFICATION: { ccEmails: [] } }",
            &["~ person BOOKING_NOTIFICATION cc bo@voyager.example → nobody"],
            json!([
                rest,
                booking(&json!({ "enabled": true, "ccEmails": [], "quiet": { "from": "22:00" } })),
                rest
            ]),
        ),
        (
            "{ BOOKING_NOTIFICATION: { ccEmails: [z@voyager.example, a@globex.example] } }",
            &["~ person BOOKING_NOTIFICATION cc bo@voyager.example → z@voyager.example, a@globex.example"],
            json!([
                rest,
                booking(
                    &json!({ "enabled": true, "ccEmails": ["z@voyager.example", "a@globex.example"], "quiet": { "from": "22:00" } })
                ),
                rest
            ]),
        ),
    ];
    for (declared, lines, after) in cases {
        put(&world, ANA, &json!([rest, booking(&own), rest]));
        let before = mails(&world, ANA);
        says(&world, declared);
        world.forget();
        lines.iter().fold(world.plan().expect(0), |plan, line| plan.shows(line));
        world.run("apply --auto-approve --journal j.ndjson").expect(0);
        assert_eq!(world.writes().len(), 1, "{:?}", world.writes());
        let now = mails(&world, ANA);
        // As texts: a number keeps its digits.
        assert_eq!(now["preferences"].to_string(), after.to_string(), "{declared}");
        world.plan().expect(0).ends_with(NO_CHANGES);
        world.run("rollback j.ndjson --out back.json").expect(0);
        world.run("apply back.json --auto-approve").expect(0);
        let mut back = mails(&world, ANA);
        // A type that was not there says what that meant.
        back["preferences"]
            .as_array_mut()
            .unwrap()
            .retain(|it| *it != flight(&json!({ "enabled": true, "ccEmails": [] })));
        assert_eq!(back.to_string(), before.to_string(), "{declared}");
        fs::remove_file(world.path().join("j.ndjson")).unwrap();
    }
}

#[test]
fn what_says_the_same_is_no_change_and_nothing_is_sent() {
    let copies = json!({ "ccEmails": ["Desk@Voyager.example", "ops@voyager.example"] });
    for (live, declared) in [
        (json!([]), "{ FLIGHT_NOTIFICATION: { enabled: true }, BOOKING_NOTIFICATION: { ccEmails: [] } }"),
        (json!([flight(&json!({}))]), "{ FLIGHT_NOTIFICATION: { enabled: true, ccEmails: [] } }"),
        (
            json!([{ "notificationType": "FLIGHT_NOTIFICATION" }]),
            "{ FLIGHT_NOTIFICATION: { enabled: true } }",
        ),
        (
            json!([booking(&copies)]),
            "{ BOOKING_NOTIFICATION: { ccEmails: [ops@voyager.example, desk@voyager.example] } }",
        ),
        (
            json!([booking(&copies)]),
            "{ BOOKING_NOTIFICATION: { ccEmails: [OPS@voyager.example, desk@VOYAGER.example] } }",
        ),
        (
            json!([booking(&json!({ "enabled": false })), flight(&copies)]),
            "{ BOOKING_NOTIFICATION: { enabled: false } }",
        ),
    ] {
        let world = world();
        put(&world, ANA, &live);
        world.forget();
        says(&world, declared);
        world.plan().expect(0).ends_with(NO_CHANGES);
        world.run("drift").expect(0);
        world.apply().expect(0);
        assert_eq!(world.writes(), Vec::<String>::new(), "{declared}");
    }
}

/// Of what is not understood only that is withheld, and nothing else is sent than what is.
#[test]
fn a_type_that_is_there_twice_or_in_another_form_is_withheld_alone() {
    let whole =
        "{ FLIGHT_NOTIFICATION: { enabled: false, ccEmails: [] }, BOOKING_NOTIFICATION: { enabled: false } }";
    let (on, off) = (json!({ "enabled": true }), json!({ "enabled": false }));
    for (live, withheld, after) in [
        (
            json!([flight(&on), booking(&on), flight(&off)]),
            &[
                "FLIGHT_NOTIFICATION e-mails of ana@voyager.example",
                "FLIGHT_NOTIFICATION cc of ana@voyager.example",
            ][..],
            json!([flight(&on), booking(&off), flight(&off)]),
        ),
        (
            json!([flight(&json!({ "enabled": true, "ccEmails": ["the desk"] }))]),
            &["FLIGHT_NOTIFICATION cc of ana@voyager.example"],
            json!([flight(&json!({ "enabled": false, "ccEmails": ["the desk"] })), booking(&off)]),
        ),
    ] {
        let world = world();
        put(&world, ANA, &live);
        says(&world, whole);
        let plan = world.run("plan --check").expect(3);
        for line in withheld {
            assert!(plan.stdout.contains(line), "{line}\n{}", plan.stdout);
        }
        world.apply().expect(3);
        assert_eq!(mails(&world, ANA)["preferences"], after);
        // And what can be done is not planned again.
        assert!(!world.plan().stdout.contains("~ person"));
    }
}

/// The API may refuse this one part: all else that is declared of the person is done.
#[test]
fn of_a_part_that_is_refused_the_rest_of_the_person_is_done() {
    for code in [403, 404] {
        let world = world();
        world.write("access/a.yaml", &format!("version: 1\nusers:\n  - user: {ANA}\n    externalId: hr-1\n    notifications: {{ FLIGHT_NOTIFICATION: {{ enabled: false }} }}\n"));
        world.faults(json!([{ "method": "GET", "path": "notification-preferences", "times": 0, "kind": { "status": { "code": code } } }]));
        let plan = world.run("plan --check").expect(3);
        assert!(
            plan.stdout.contains("FLIGHT_NOTIFICATION e-mails of ana@voyager.example"),
            "{}",
            plan.stdout
        );
        plan.shows("+ person external id hr-1");
        world.apply().expect(3);
        assert_eq!(puts(&world), 0);
        world.faults(json!([]));
        world.apply().expect(0);
        world.plan().expect(0).ends_with(NO_CHANGES);
    }
}

/// Somebody else is there between the plan and the write.
#[test]
fn mails_that_somebody_changes_meanwhile_are_left_alone() {
    let declared = "{ FLIGHT_NOTIFICATION: { enabled: false, ccEmails: [desk@voyager.example] } }";
    let by_hand = json!([flight(&json!({ "enabled": true, "ccEmails": ["boss@voyager.example"] }))]);
    let world = world();
    says(&world, declared);
    world.run("plan --out plan.json").expect(0);
    put(&world, ANA, &by_hand);
    world.forget();
    world.run("apply plan.json --auto-approve").expect(7);
    assert_eq!((mails(&world, ANA)["preferences"].clone(), puts(&world)), (by_hand.clone(), 0));
    // And under the very write, which is held until somebody has been there.
    let world = self::world();
    says(&world, declared);
    world.faults(json!([
        { "method": "PUT", "path": "notification-preferences", "kind": { "status": { "code": 429, "retryAfter": "1" } } },
        { "method": "GET", "path": "notification-preferences", "skip": 2, "kind": { "slow": { "ms": 600_000 } } },
    ]));
    world.forget();
    let child = world.start("apply --auto-approve");
    world.until(|it| it["byRoute"]["GET /v2/users/{userId}/notification-preferences"].as_u64() == Some(3));
    put(&world, ANA, &by_hand);
    world.faults(json!([]));
    Run::from(child.wait_with_output().unwrap()).expect(7);
    assert_eq!(mails(&world, ANA)["preferences"], by_hand);
    // What only reads otherwise is not otherwise.
    let world = self::world();
    put(&world, ANA, &json!([flight(&json!({ "ccEmails": ["a@x.example", "b@x.example"] }))]));
    says(&world, "{ FLIGHT_NOTIFICATION: { ccEmails: [z@x.example, c@x.example] } }");
    world.run("plan --out plan.json").expect(0);
    put(&world, ANA, &json!([flight(&json!({ "ccEmails": ["B@x.example", "a@x.example"] }))]));
    world.run("apply plan.json --auto-approve").expect(0);
    world.plan().expect(0).ends_with(NO_CHANGES);
    // A plan that is made already is made, in whatever order the API tells it.
    put(&world, ANA, &json!([flight(&json!({ "ccEmails": ["C@x.example", "z@x.example"] }))]));
    world.forget();
    world.run("apply plan.json --auto-approve").expect(0);
    assert_eq!(puts(&world), 0);
}

#[test]
fn mails_changed_by_hand_are_drift_and_are_adopted_where_they_are_written() {
    let file = |enabled: bool, copies: &str| {
        format!(
            "version: 1\nusers:\n  # mails\n  - user: {ANA}\n    notifications:\n      FLIGHT_NOTIFICATION: {{ enabled: {enabled}, ccEmails: {copies} }} # as agreed\n      BOOKING_NOTIFICATION:\n        enabled: true\n"
        )
    };
    let world = world();
    world.write("access/a.yaml", &file(false, "[desk@voyager.example]"));
    world.apply().expect(0);
    put(
        &world,
        ANA,
        &json!([
            flight(&json!({ "ccEmails": ["Boss@voyager.example", "desk@voyager.example"] })),
            of("OTHER", &json!({ "enabled": false })),
        ]),
    );
    world.forget();
    world.run("drift").expect(2).shows("~ person FLIGHT_NOTIFICATION e-mails on → off");
    let run = world.run("drift --adopt").expect(0);
    let now = fs::read_to_string(world.path().join("access/a.yaml")).unwrap();
    assert_eq!(now, file(true, "[boss@voyager.example, desk@voyager.example]"), "{}", run.stdout);
    world.plan().expect(0).ends_with(NO_CHANGES);
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[test]
fn whoever_leaves_or_comes_back_has_the_mails_that_are_declared() {
    let world = world();
    world.write("rolecall.yaml", &rules(KNOWN, ", people: { percent: 100 }"));
    let mails_of = "notifications: { BOOKING_NOTIFICATION: { enabled: false } }";
    declare(
        &world,
        &format!(
            "  - {{ user: bo@voyager.example, active: false, reason: left, {mails_of} }}\n  - {{ user: gone@voyager.example, active: true, {mails_of} }}\n"
        ),
    );
    world.forget();
    world.apply().expect(0);
    let writes: Vec<String> = world.written().iter().map(|it| format!("{} {}", it.what, it.path)).collect();
    let at = |means: &str, who: &str| {
        let id = world.user(&format!("{who}@voyager.example"));
        writes.iter().position(|it| it.contains(means) && it.contains(&id)).expect(means)
    };
    assert!(at("notification-preferences", "bo") < at("DELETE", "bo"), "{writes:?}");
    assert!(at("activate", "gone") < at("notification-preferences", "gone"), "{writes:?}");
    world.plan().expect(0).ends_with(NO_CHANGES);
    // The mails of who leaves keep no account in use.
    let world = self::world();
    world.write("rolecall.yaml", &rules(KNOWN, ", people: { percent: 100 }"));
    declare(
        &world,
        &format!("  - {{ user: bo@voyager.example, active: false, reason: left, {mails_of} }}\n"),
    );
    world.faults(json!([{ "method": "PUT", "path": "notification-preferences", "times": 0, "kind": { "status": { "code": 400 } } }]));
    world.apply().expect(3);
    let bo = world.user("bo@voyager.example");
    let found = world.call("GET", &format!("/v2/users/{bo}?includeInactive=true"), Value::Null).1;
    assert_eq!(found["isActive"], false);
}

/// One request for each person of whom mails are declared, and none for anybody else.
#[test]
fn mails_cost_a_request_for_each_of_whom_they_are_declared() {
    let mails_of = "notifications: { FLIGHT_NOTIFICATION: { enabled: true } }";
    let world = world();
    for (users, reads) in [
        (format!("  - {{ user: {ANA}, business: {{ department: sales }} }}\n"), 0),
        (
            format!(
                "  - {{ user: {ANA}, {mails_of} }}\n  - {{ user: bo@voyager.example, business: {{ department: service }} }}\n"
            ),
            1,
        ),
        (
            format!(
                "  - {{ user: {ANA}, {mails_of} }}\n  - {{ user: bo@voyager.example, {mails_of}, business: {{ grade: dede0000-0000-4000-8000-00000000000a }} }}\n"
            ),
            2,
        ),
    ] {
        world.write("access/a.yaml", &format!("version: 1\nusers:\n{users}"));
        let estimate = world.run("plan --estimate --format json").expect(0).json();
        world.forget();
        world.plan();
        let asked = world.stats()["byRoute"].clone();
        let of = |route: &str| asked[route].as_u64().unwrap_or(0);
        assert_eq!(of("GET /v2/users/{userId}/notification-preferences"), reads, "{users}");
        assert!(of("POST /v3/users/list") >= 1, "{asked}");
        let business = of("GET /v2/users/{userId}/business-info");
        assert_eq!(business, u64::from(users.contains("grade")), "{users}");
        assert_eq!(estimate["requests"], world.stats()["requests"], "{users}");
    }
}

/// A snapshot holds what is declared when it is taken, and of nothing else it is guessed.
#[test]
fn a_snapshot_knows_the_mails_that_were_declared() {
    let id = |run: &Run| run.stdout.lines().find(|it| it.starts_with("Plan id")).map(str::to_owned);
    let world = world();
    put(&world, ANA, &json!([flight(&json!({ "ccEmails": ["boss@voyager.example"] }))]));
    says(&world, "{ FLIGHT_NOTIFICATION: { enabled: false, ccEmails: [] } }");
    let plan = world.plan().expect(0);
    world.run("snapshot --out live.json").expect(0);
    assert_eq!(id(&world.run("plan --live live.json").expect(0)), id(&plan));
    let shown = world.run("users show ana@voyager.example --live live.json --reveal").expect(0).stdout;
    for word in ["FLIGHT_NOTIFICATION", "boss@voyager.example"] {
        assert!(shown.contains(word), "{word}\n{shown}");
    }
    let json = world.run("plan --format json").expect(0).json();
    let edits = json["edits"].as_array().unwrap();
    let row = edits.iter().find(|it| it["attribute"] == "flightNotificationCcEmails").unwrap();
    assert_eq!((&row["before"], &row["after"]), (&json!("boss@voyager.example"), &json!("")));
    says(&world, "{ BOOKING_NOTIFICATION: { enabled: false } }");
    world.run("plan --live live.json").expect(0).shows("~ person BOOKING_NOTIFICATION e-mails on → off");
    world.write("access/a.yaml", &format!("version: 1\nusers: [{{ user: {ANA}, externalId: x }}]\n"));
    world.run("snapshot --out bare.json").expect(0);
    says(&world, "{ BOOKING_NOTIFICATION: { enabled: false } }");
    let plan = world.run("plan --live bare.json --check").expect(3);
    assert!(plan.stdout.contains("BOOKING_NOTIFICATION e-mails of ana@voyager.example"), "{}", plan.stdout);
}

/// Addresses of colleagues stand in plans, and in no log.
#[test]
fn addresses_that_get_copies_are_in_no_log() {
    for format in ["text", "json"] {
        let world = world();
        put(&world, ANA, &json!([flight(&json!({ "ccEmails": ["canary-live@voyager.example"] }))]));
        says(&world, "{ FLIGHT_NOTIFICATION: { ccEmails: [canary-file@voyager.example] } }");
        let parrot = json!({ "status": { "code": 400, "body": json!({ "message": "canary-file@voyager.example" }).to_string() } });
        world.faults(json!([{ "method": "PUT", "path": "notification-preferences", "kind": parrot }]));
        for _ in 0..2 {
            let run =
                world.run(&format!("apply --auto-approve -vv --log-format {format} --events events.ndjson"));
            assert!(run.stdout.contains("canary-live@voyager.example"), "{}", run.stdout);
            let events = fs::read_to_string(world.path().join("events.ndjson")).unwrap();
            assert!(!format!("{}{events}", run.stderr).contains("canary"), "{}{events}", run.stderr);
        }
        world.plan().expect(0).ends_with(NO_CHANGES);
    }
}

fn random_value(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth == 0 { 4 } else { 6 }) {
        0 => Value::Null,
        1 => json!(dice.below(1_000_000)),
        2 => json!(format!("\u{e9}{}", dice.below(100))),
        3 => json!(dice.in_hundred(50)),
        4 => (0..dice.below(3)).map(|_| random_value(dice, depth - 1)).collect(),
        _ => {
            let all = (0..dice.below(3)).map(|n| (format!("field{n}"), random_value(dice, depth - 1)));
            Value::Object(all.collect())
        }
    }
}

/// Whatever the list holds: a write changes no more of it than the fields that a file declares, each in its one element.
#[test]
fn a_write_never_changes_what_no_file_declares() {
    const TYPES: [&str; 4] = ["FLIGHT_NOTIFICATION", "BOOKING_NOTIFICATION", "OTHER", "MORE"];
    let seeds: Vec<u64> = (1..=12).collect();
    side_by_side(&seeds, |number| {
        let mut dice = Dice(*number);
        let world = world();
        for step in 0..3 {
            let what = format!("seed {number}, step {step}");
            let mut list: Vec<Value> = Vec::new();
            for (n, kind) in TYPES.iter().enumerate() {
                // A type that is declared is there once or not at all.
                let most = if n < 2 { 2 } else { 3 };
                for _ in 0..dice.below(most) {
                    let mut element = json!({ "notificationType": kind });
                    if dice.in_hundred(70) {
                        let mut mails = json!({ "x": random_value(&mut dice, 2) });
                        if dice.in_hundred(50) {
                            mails["enabled"] = json!(dice.in_hundred(50));
                        }
                        if dice.in_hundred(50) {
                            let copies: Vec<_> =
                                (0..dice.below(3)).map(|n| format!("c{n}@x.example")).collect();
                            mails["ccEmails"] = json!(copies);
                        }
                        element["emailPreference"] = mails;
                    }
                    element["y"] = random_value(&mut dice, 2);
                    list.insert(dice.below(list.len() + 1), element);
                }
            }
            let mut body = json!({ "z": random_value(&mut dice, 2) });
            if dice.in_hundred(80) {
                body["preferences"] = json!(list);
            } else {
                list.clear();
            }
            let (status, said) = world.call("PUT", &path(&world, ANA), body.clone());
            assert!(status < 300, "{what}: {status} {said}");
            let mut expected = body.clone();
            let mut declared = Vec::new();
            for kind in &TYPES[..2] {
                let enabled = dice.in_hundred(50).then(|| dice.in_hundred(50));
                let copies = dice.in_hundred(50).then(|| {
                    let all: Vec<String> = (0..dice.below(3)).map(|n| format!("c{n}@x.example")).collect();
                    all
                });
                if enabled.is_none() && copies.is_none() {
                    continue;
                }
                let mut keys: Vec<String> = enabled.iter().map(|it| format!("enabled: {it}")).collect();
                keys.extend(copies.iter().map(|it| format!("ccEmails: [{}]", it.join(", "))));
                declared.push(format!("{kind}: {{ {} }}", keys.join(", ")));
                let there = list.iter().position(|it| it["notificationType"] == *kind);
                let mails = there.map_or(Value::Null, |it| list[it]["emailPreference"].clone());
                let is = (
                    mails["enabled"].as_bool().unwrap_or(true),
                    mails["ccEmails"].as_array().cloned().unwrap_or_default(),
                );
                let sets = [
                    ("enabled", enabled.filter(|it| *it != is.0).map(|it| json!(it))),
                    ("ccEmails", copies.map(|it| json!(it)).filter(|it| *it != json!(is.1))),
                ];
                for (field, value) in sets {
                    let Some(value) = value else { continue };
                    if !expected["preferences"].is_array() {
                        expected["preferences"] = json!([]);
                    }
                    let all = expected["preferences"].as_array_mut().unwrap();
                    let at = all.iter().position(|it| it["notificationType"] == *kind);
                    let at = at.unwrap_or_else(|| {
                        all.push(json!({ "notificationType": kind }));
                        all.len() - 1
                    });
                    all[at]["emailPreference"][field] = value;
                }
            }
            if declared.is_empty() {
                continue;
            }
            says(&world, &format!("{{ {} }}", declared.join(", ")));
            world.apply().expect(0);
            assert_eq!(mails(&world, ANA), expected, "{what}: {declared:?}\n{body}");
            world.plan().expect(0).ends_with(NO_CHANGES);
        }
    });
}

/// What a new account begins with is not known before there is one.
#[test]
fn whoever_joins_gets_the_mails_last_and_nothing_of_them_is_in_the_new_account() {
    let world = world();
    let noor = "  - user: noor@voyager.example
    create: { name: { first: Noor, last: Haddad } }
    business: { legalEntity: voyager-de, department: service }
    notifications: { FLIGHT_NOTIFICATION: { enabled: true, ccEmails: [ana@voyager.example] }, BOOKING_NOTIFICATION: { enabled: false } }
";
    declare(&world, noor);
    world.forget();
    world.plan().expect(0).shows("+ person BOOKING_NOTIFICATION e-mails off access/a.yaml:12");
    world.apply().expect(0);
    let written = world.log();
    let created = written.iter().find(|it| it["method"] == "POST" && it["path"] == "/v2/users").unwrap();
    assert!(!created["body"].to_string().contains("otification"), "{created}");
    assert!(world.writes().last().unwrap().contains("notification-preferences"), "{:?}", world.writes());
    assert_eq!(business(&world, "noor@voyager.example")["departmentRef"]["id"], crate::lives::SERVICE);
    world.plan().expect(0).ends_with(NO_CHANGES);
}

/// Without an account there is nobody who could get a mail, and whatever else fails is nothing to them.
#[test]
fn mails_wait_for_the_account_and_for_nothing_else_that_fails() {
    let noor = format!(
        "  - user: noor@voyager.example
    create: {{ name: {{ first: Noor, last: Haddad }} }}
    business: {{ legalEntity: voyager-de, department: service }}
    notifications: {{ BOOKING_NOTIFICATION: {{ enabled: false }} }}
  - user: {ANA}
    business: {{ department: service }}
    notifications: {{ BOOKING_NOTIFICATION: {{ enabled: false }} }}
"
    );
    for (method, at, made) in
        [("POST", "/v2/users", 1), ("PUT", "/business-info", 2), ("PATCH", "/members", 2)]
    {
        let world = world();
        declare(&world, "  - { user: cy@voyager.example, active: true }\n");
        world.apply().expect(0);
        declare(&world, &noor);
        world.forget();
        world.faults(
            json!([{ "method": method, "path": at, "times": 0, "kind": { "status": { "code": 403 } } }]),
        );
        assert_ne!(world.apply().code, 0, "{at}");
        let done: Vec<_> =
            world.written().into_iter().filter(|it| it.what == "PUT notification-preferences").collect();
        assert_eq!(done.len(), made, "{at}: {:?}", world.writes());
        assert!(done.iter().all(|it| it.status == Some(200)), "{at}");
        world.faults(json!([]));
        world.apply().expect(0);
        world.plan().expect(0).ends_with(NO_CHANGES);
    }
}

/// What somebody did by hand is told as drift, however a change orders the addresses that it keeps.
#[test]
fn a_change_of_the_order_alone_is_not_what_differs_from_live() {
    for (live, change, expected) in [
        ("[]", "[z@x.example, A@x.example]", &["drift"][..]),
        ("[]", "[z@x.example, b@x.example]", &["conflict"]),
        ("[a@x.example, z@x.example]", "[z@x.example, a@x.example]", &[]),
        ("[a@x.example, z@x.example]", "[z@x.example]", &["change"]),
    ] {
        let world = world();
        let declared =
            |copies: &str| says(&world, &format!("{{ BOOKING_NOTIFICATION: {{ ccEmails: {copies} }} }}"));
        declared("[a@x.example, z@x.example]");
        world.apply().expect(0);
        bases::commit(&world.path());
        let copies: Vec<&str> =
            live.trim_matches(['[', ']']).split(", ").filter(|it| !it.is_empty()).collect();
        put(&world, ANA, &json!([booking(&json!({ "ccEmails": copies }))]));
        declared(change);
        let plan = world.run("plan --base main --format json").expect(0).json();
        let causes: Vec<&str> =
            plan["edits"].as_array().unwrap().iter().filter_map(|it| it["cause"].as_str()).collect();
        assert_eq!(causes, expected, "{live} {change}");
    }
}
