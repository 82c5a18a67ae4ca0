//! What somebody else does to a person between a plan and its writes: just before each write it is looked at once more, and
//! what is otherwise by then is left as it is.

use serde_json::{Value, json};

use crate::{
    lives::{KNOWN, NOOR, SALES, SERVICE, business, members, rules, seed},
    support::{Run, World, tenant::side_by_side},
};

const ANA: &str = "ana@voyager.example";
const BO: &str = "bo@voyager.example";
const CY: &str = "cy@voyager.example";
const GONE: &str = "gone@voyager.example";
const APPLY: &str = "apply --auto-approve --concurrency 1";

fn world(dialect: &str, users: &str) -> World {
    let seed = format!("{}dialect: {{ {dialect} }}\n", seed());
    let world = World::seeded(&seed).with("rolecall.yaml", &rules(KNOWN, ", people: { percent: 100 }"));
    world.write("access/a.yaml", &format!("version: 1\nusers:\n  - {users}\n"));
    world
}

fn path(world: &World, who: &str, part: &str) -> String {
    format!("/v2/users/{}{part}", world.user(who))
}

fn read(world: &World, who: &str, part: &str) -> Value {
    world.call("GET", &format!("{}?includeInactive=true", path(world, who, part)), Value::Null).1
}

/// Changes a part by hand.
fn edit(world: &World, who: &str, part: &str, change: impl Fn(&mut Value)) {
    let mut body = read(world, who, part);
    change(&mut body);
    let (status, said) = world.call("PUT", &path(world, who, part), body);
    assert!(status < 300, "{status} {said}");
}

/// A write of an apply, and the look that goes before it.
struct Looked {
    method: &'static str,
    write: String,
    look: String,
}

/// The path of a request without its query.
fn place(it: &Value) -> &str {
    it["path"].as_str().unwrap_or_default().split('?').next().unwrap_or_default()
}

impl Looked {
    fn is_look(&self, it: &Value) -> bool {
        it["method"] == "GET" && it["path"].as_str().is_some_and(|it| it.contains(&self.look))
    }
}

/// Applies, with a look before a write held until somebody has done something by hand: of so many looks before it, the last
/// is the first. What is written then fails as `failure` says, and the look after that is held instead.
///
/// The same in a world of its own, where nobody does anything, tells when that look comes.
fn overtaken(
    make: &dyn Fn() -> World,
    looked: &dyn Fn(&World) -> Looked,
    (back, failure): (usize, Option<Value>),
    by_hand: &dyn Fn(&World),
) -> (World, Run) {
    let plain = make();
    let of = looked(&plain);
    plain.forget();
    plain.run(APPLY);
    let log = plain.log();
    let is_write = |it: &Value| it["method"] == of.method && place(it) == of.write;
    let at = log.iter().position(is_write).unwrap_or_else(|| panic!("{} {}", of.method, of.write));
    let looks: Vec<usize> = (0..at).filter(|it| of.is_look(&log[*it])).collect();
    let (skip, asked) = match &failure {
        None => (looks.len() - back, looks[looks.len() - back] + 1),
        // The write itself, and the look.
        Some(_) => (looks.len(), at + 2),
    };
    let world = make();
    let of = looked(&world);
    let hold = json!({ "slow": { "ms": 600_000 } });
    let mut faults = vec![json!({ "method": "GET", "path": of.look, "skip": skip, "kind": hold })];
    faults.extend(
        failure.map(|kind| json!({ "method": of.method, "path": of.write, "writes": true, "kind": kind })),
    );
    world.forget();
    world.faults(json!(faults));
    let child = world.start(APPLY);
    world.until(|it| it["requests"] == asked && it["inFlight"] == 1);
    by_hand(&world);
    world.faults(json!([]));
    let run = Run::from(child.wait_with_output().unwrap());
    (world, run)
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Comes {
    /// The plan is stale, and what was done by hand stays to the letter.
    Stays,
    /// It is what the plan wants already, and nothing is written.
    Made,
    /// It is written as well.
    Both,
}

type Case = (&'static str, (&'static str, &'static str, &'static str), &'static str, fn(&World), Comes);

/// What a file says; whose part is written by which request; what is done by hand meanwhile.
const CASES: &[Case] = &[
    (
        "business: { department: service }",
        (ANA, "PUT", "/business-info"),
        "another department",
        |it| {
            edit(it, ANA, "/business-info", |it| it["departmentRef"] = json!({ "id": BO_OFFICE }));
        },
        Comes::Stays,
    ),
    (
        "business: { department: service }",
        (ANA, "PUT", "/business-info"),
        "no department",
        |it| {
            edit(it, ANA, "/business-info", |it| it["departmentRef"] = Value::Null);
        },
        Comes::Stays,
    ),
    (
        "business: { department: service }",
        (ANA, "PUT", "/business-info"),
        "that department",
        |it| {
            edit(it, ANA, "/business-info", |it| it["departmentRef"] = json!({ "id": SERVICE }));
        },
        Comes::Made,
    ),
    (
        "business: { department: service }",
        (ANA, "PUT", "/business-info"),
        "what no file says",
        |it| {
            edit(it, ANA, "/business-info", |it| it["designation"] = json!("Chief"));
        },
        Comes::Both,
    ),
    (
        "business: { manager: bo@voyager.example }",
        (ANA, "PUT", "/business-info"),
        "another manager",
        |it| {
            edit(it, ANA, "/business-info", |body| body["managerRef"] = json!({ "id": it.user(CY) }));
        },
        Comes::Stays,
    ),
    (
        "business: { approvers: [bo@voyager.example] }",
        (ANA, "PUT", "/business-info"),
        "another approver",
        |it| {
            edit(it, ANA, "/business-info", |body| {
                body["designatedApproverRefs"] = json!([{ "id": it.user(CY) }]);
            });
        },
        Comes::Stays,
    ),
    (
        "externalId: hr-1",
        (ANA, "PUT", "/external-id"),
        "another id",
        |it| {
            edit(it, ANA, "/external-id", |it| it["externalId"] = json!("hr-2"));
        },
        Comes::Stays,
    ),
    (
        "externalId: hr-1",
        (ANA, "PUT", "/external-id"),
        "that id",
        |it| {
            edit(it, ANA, "/external-id", |it| it["externalId"] = json!("hr-1"));
        },
        Comes::Made,
    ),
    (
        "externalId: hr-1",
        (ANA, "PUT", "/external-id"),
        "what no file says",
        |it| {
            edit(it, ANA, "/business-info", |it| it["designation"] = json!("Chief"));
        },
        Comes::Both,
    ),
    (
        MAILS,
        (ANA, "PUT", MAILS_OF),
        "other copies",
        |it| {
            edit(it, ANA, MAILS_OF, |it| {
                it["preferences"] =
                    mails("FLIGHT_NOTIFICATION", &json!({ "ccEmails": ["z@voyager.example"] }));
            });
        },
        Comes::Stays,
    ),
    (
        MAILS,
        (ANA, "PUT", MAILS_OF),
        "those copies",
        |it| {
            edit(it, ANA, MAILS_OF, |it| {
                it["preferences"] =
                    mails("FLIGHT_NOTIFICATION", &json!({ "ccEmails": ["a@voyager.example"] }));
            });
        },
        Comes::Made,
    ),
    (
        MAILS,
        (ANA, "PUT", MAILS_OF),
        "what no file says",
        |it| {
            edit(it, ANA, MAILS_OF, |it| it["preferences"] = mails("OTHER", &json!({ "x": 1 })));
        },
        Comes::Both,
    ),
    (
        ARRANGES,
        (ANA, "PUT", "/roles"),
        "another traveller",
        |it| {
            let one = json!([{ "userId": it.user(CY) }]);
            let role = json!({ "roleType": "TRAVEL_ARRANGER", "metadata": { "roleType": "TRAVEL_ARRANGER", "arrangerFor": one } });
            edit(it, ANA, "/roles", |it| it["roles"] = json!([role]));
        },
        Comes::Stays,
    ),
    // Nobody deactivates or activates twice, and nobody who is gone.
    (
        "active: false",
        (BO, "DELETE", ""),
        "deactivated",
        |it| {
            assert!(it.call("DELETE", &path(it, BO, ""), Value::Null).0 < 300);
        },
        Comes::Made,
    ),
    (
        "active: true",
        (GONE, "POST", "/activate"),
        "activated",
        |it| {
            assert!(it.call("POST", &path(it, GONE, "/activate"), Value::Null).0 < 300);
        },
        Comes::Made,
    ),
];

const BO_OFFICE: &str = "dede0000-0000-4000-8000-000000000003";
const MAILS: &str = "notifications: { FLIGHT_NOTIFICATION: { ccEmails: [a@voyager.example] } }";
const MAILS_OF: &str = "/notification-preferences";
const ARRANGES: &str = "directRoles: [{ type: TRAVEL_ARRANGER, arrangerFor: [bo@voyager.example] }]";

fn mails(kind: &str, mails: &Value) -> Value {
    json!([{ "notificationType": kind, "emailPreference": mails }])
}

/// All that can be declared of somebody.
fn whole(world: &World, who: &str) -> Vec<Value> {
    ["", "/business-info", "/external-id", MAILS_OF, "/roles"].map(|it| read(world, who, it)).into()
}

#[test]
fn what_somebody_else_made_of_a_person_meanwhile_is_not_written_over() {
    let refused = || Some(json!({ "status": { "code": 429, "retryAfter": "1" } }));
    let is_sent_again = |case: &Case| case.1.1 == "PUT" && case.1.2 != "/roles";
    let all: Vec<(&Case, Option<Value>)> = CASES
        .iter()
        .map(|it| (it, None))
        .chain(CASES.iter().filter(|it| is_sent_again(it)).map(|it| (it, refused())))
        .collect();
    side_by_side(&all, |((said, (who, method, part), hand, by_hand, comes), failure)| {
        let what = format!("{said}: {hand}, {failure:?}");
        let make = || world("", &format!("{{ user: {who}, {said} }}"));
        let looked = |it: &World| Looked {
            method,
            write: path(it, who, part),
            // What shows an account and its external id is the profile.
            look: match *part {
                "" | "/activate" | "/external-id" => path(it, who, "?"),
                part => path(it, who, part),
            },
        };
        let (world, run) = overtaken(&make, &looked, (1, failure.clone()), by_hand);
        let is_written = |it: &Value| {
            it["method"] == *method && place(it) == path(&world, who, part) && it["applied"].is_u64()
        };
        let written = world.log().iter().filter(|it| is_written(it)).count();
        let other = make();
        by_hand(&other);
        let own = other.log().iter().filter(|it| is_written(it)).count();
        match comes {
            Comes::Stays | Comes::Made => {
                run.expect(if *comes == Comes::Made { 0 } else { 7 });
                assert_eq!(written, own, "{what}: {:?}", world.writes());
                assert_eq!(whole(&world, who), whole(&other, who), "{what}");
            }
            Comes::Both => {
                run.expect(0);
                assert_eq!(written, own + 1, "{what}");
                other.run(APPLY).expect(0);
                assert_eq!(whole(&world, who), whole(&other, who), "{what}");
            }
        }
    });
}

#[test]
fn an_account_that_is_gone_by_then_is_not_deleted_again() {
    let make = || world("userDelete: erases", &format!("{{ user: {BO}, active: false }}"));
    let looked = |it: &World| Looked { method: "DELETE", write: path(it, BO, ""), look: path(it, BO, "?") };
    let (world, run) = overtaken(&make, &looked, (1, None), &|it| {
        assert!(it.call("DELETE", &path(it, BO, ""), Value::Null).0 < 300);
    });
    run.expect(7);
    assert_eq!(world.writes().iter().filter(|it| *it == "DELETE {userId}").count(), 1, "by hand");
}

/// Somebody gets the address, or the external id, that a new account is to have.
fn appears(world: &World, email: &str, external: Option<&str>) {
    let entity = business(world, ANA)["legalEntityRef"].clone();
    let mut profile = json!({
        "persona": "EMPLOYEE",
        "isActive": true,
        "businessInfo": { "email": email, "organizationRef": { "id": crate::support::VOYAGER }, "legalEntityRef": entity },
        "personalInfo": { "name": { "given": "Some", "family1": "Body" } },
    });
    external.into_iter().for_each(|it| profile["externalId"] = json!(it));
    let (status, said) = world.call("POST", "/v2/users", profile);
    assert!(status < 300, "{status} {said}");
}

fn creations(world: &World) -> usize {
    world.writes().iter().filter(|it| *it == "POST users").count()
}

fn joins() -> World {
    let world = world("duplicateUser: allow", "{ user: bo@voyager.example, active: true }");
    let desk = "groups:\n  - name: Desk\n    description: The desk.\n    roles: [{ role: Agent, scope: { company: globex } }]\n    members: []\n    membersFrom: [{ department: service }]\n";
    world.write("access/a.yaml", &format!("version: 1\n{desk}"));
    world.run(APPLY).expect(0);
    world.write("access/a.yaml", &format!("version: 1\n{desk}users:\n{NOOR}"));
    world
}

#[test]
fn no_account_is_made_or_taken_where_somebody_has_its_address_or_external_id_by_then() {
    let dropped = || Some(json!({ "drop": {} }));
    for (email, external, failure) in [
        ("noor@voyager.example", None, None),
        ("noor@voyager.example", Some("hr-1017"), None),
        ("other@voyager.example", Some("hr-1017"), None),
        ("other@voyager.example", Some("hr-1017"), dropped()),
    ] {
        let what = format!("{email} {external:?} {failure:?}");
        let looked = |_: &World| Looked {
            method: "POST",
            write: "/v2/users".to_owned(),
            look: "/v2/users?".to_owned(),
        };
        // The address and the external id are asked for, one after the other.
        let (world, run) =
            overtaken(&joins, &looked, (2, failure.clone()), &|it| appears(it, email, external));
        let run = run.expect(if failure.is_some() { 3 } else { 7 });
        assert!(run.stdout.contains("stale"), "{what}: {}", run.stdout);
        // By hand, and where the first was lost that one.
        assert_eq!(creations(&world), 1 + usize::from(failure.is_some()), "{what}");
        assert_eq!(members(&world), [BO, CY], "{what}");
        let stranger = read(&world, email, "");
        assert_eq!(stranger["personalInfo"]["name"]["given"], "Some", "{what}");
        assert_eq!(read(&world, email, "/roles")["roles"], json!([]), "{what}");
    }
}

#[test]
fn an_account_whose_creation_was_not_answered_is_found_by_its_address_and_by_its_external_id() {
    let nobody = json!({ "status": { "code": 200, "body": "{\"elements\":[]}" } });
    for unseen in ["email=noor", "externalId=hr-1017"] {
        let world = joins();
        world.forget();
        world.faults(json!([
            { "method": "POST", "path": "/v2/users", "writes": true, "kind": { "drop": { "afterWrite": true } } },
            { "method": "GET", "path": unseen, "times": 0, "kind": nobody },
        ]));
        world.run(APPLY).expect(0);
        assert!(
            world.log().iter().any(|it| it["path"].as_str().is_some_and(|it| it.contains(unseen))),
            "{unseen}"
        );
        assert_eq!(creations(&world), 1, "{unseen}");
        assert_eq!(members(&world), [BO, CY, "noor@voyager.example"], "{unseen}");
    }
}

/// An answer was lost, no account was made, and its external id is somebody else's by the time of the rollback.
#[test]
fn a_rollback_takes_nobody_else_for_an_account_whose_creation_was_not_answered() {
    let world = joins();
    let hold = json!({ "slow": { "ms": 600_000 } });
    world.faults(json!([{ "method": "POST", "path": "/v2/users", "writes": true, "kind": hold }]));
    world.forget();
    let mut child = world.start(&format!("{APPLY} --journal j.ndjson"));
    world.until(|it| it["byRoute"]["POST /v2/users"] == 1 && it["inFlight"] == 1);
    child.kill().unwrap();
    child.wait().unwrap();
    world.until(|it| it["inFlight"] == 0);
    world.faults(json!([]));
    appears(&world, "other@voyager.example", Some("hr-1017"));
    let back = world.run("rollback j.ndjson").expect(0);
    assert!(!back.stdout.contains("deactivated"), "{}", back.stdout);
}

#[test]
fn the_operation_for_an_external_id_gets_that_and_nothing_else() {
    let world =
        world("", &format!("{{ user: {ANA}, externalId: hr-1, business: {{ department: service }} }}"));
    assert_ne!(business(&world, ANA)["departmentRef"]["id"], SERVICE);
    assert_eq!(business(&world, ANA)["departmentRef"]["id"], SALES);
    world.forget();
    world.run(APPLY).expect(0);
    let all: Vec<Value> = world.log().into_iter().filter(|it| it["write"] == true).collect();
    let of =
        |part: &str| all.iter().find(|it| it["path"].as_str().is_some_and(|it| it.contains(part))).unwrap();
    assert_eq!(of("/external-id")["body"], json!({ "externalId": "hr-1" }));
    assert_eq!(of("/business-info")["body"]["externalId"], Value::Null);
    assert_eq!(all.len(), 2);
}
