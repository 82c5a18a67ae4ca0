//! The lock-out list: cut off everywhere, first, and by the fewest requests.

use serde_json::{Value, json};

use crate::support::{SEED, VOYAGER, World};

const LOCKOUT: &str = "lockout: [{ email: ana@voyager.example, since: 2026-11-20, reason: stolen laptop }]\n";

/// Ana is in a declared group, in one that is not declared and in one whose members are not managed.
fn world(rules: &str) -> World {
    let seed = SEED
        .replace("members: [cy@voyager.example]", "members: [cy@voyager.example, ana@voyager.example]")
        .replace("members: [root@voyager.example]", "members: [root@voyager.example, ana@voyager.example]");
    World::seeded(&seed).ruled(rules).groups(
        "  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example, bo@voyager.example, cy@voyager.example] }
  - { name: Night, description: The night., roles: unmanaged, members: unmanaged }
",
    )
}

#[test]
pub(crate) fn who_is_locked_out_leaves_every_group_before_anything_else_happens() {
    let world = world(LOCKOUT);
    let plan = world.plan().expect(0);
    assert_eq!(plan.stdout.matches("locked out (rolecall.yaml:").count(), 3, "{}", plan.stdout);
    // The files ask for the contrary, which is worth a remark and stops nothing.
    let remarks = world.run("plan --format json").expect(0).json();
    assert_eq!(remarks["remarks"][0]["code"], "locked-out-member", "{}", remarks["remarks"]);
    let validated = world.run("validate").expect(4).stdout;
    assert!(validated.contains("locked-out-member") && validated.contains("access/a.yaml:3"), "{validated}");
    world.forget();
    world.apply().expect(0);
    let writes = world.written();
    assert_eq!(writes.len(), 4, "{writes:?}");
    assert!(
        writes[..3].iter().all(|it| it.body["userIdsToDelete"] == json!([world.user("ana@voyager.example")])),
        "{writes:?}"
    );
    for group in ["Desk", "Night", "Company Admins"] {
        assert!(!world.members(group).contains(&"ana@voyager.example".to_owned()), "{group}");
    }
    assert!(world.members("Desk").contains(&"cy@voyager.example".to_owned()));
    world.run("plan --detailed-exitcode").expect(0);
}

#[test]
fn a_lockout_begins_on_its_day() {
    let world = world(&LOCKOUT.replace("2026-11-20", "2027-01-01"));
    world.run("plan --now 2026-12-31T23:59:59Z").expect(0).shows("+ member cy@voyager.example");
    let run = |now: &str| {
        world.run(&format!("plan --format json --now {now}")).expect(0).json()["summary"]["membersRemoved"]
            .clone()
    };
    assert_eq!((run("2026-12-31T23:59:59Z"), run("2027-01-01T00:00:00Z")), (json!(0), json!(3)));
}

#[test]
pub(crate) fn the_fast_path_asks_for_the_groups_of_the_person_and_writes_once_to_each() {
    let world = world(LOCKOUT);
    world.forget();
    world.run("apply --only lockout --auto-approve").expect(0).shows("Applied: 3 of 3 groups.");
    let routes: Vec<String> = world
        .log()
        .iter()
        .map(|it| {
            format!(
                "{} {}",
                it["method"].as_str().unwrap(),
                it["route"].as_str().unwrap_or("?").rsplit('/').next().unwrap()
            )
        })
        .collect();
    let count = |what: &str| routes.iter().filter(|it| *it == what).count();
    assert_eq!((count("PATCH members"), count("POST user-groups")), (3, 1), "{routes:?}");
    // Whom it means, whose groups, which roles remain; and of each group that the person is really out.
    assert_eq!(routes.len(), 3 + 3 + 3, "{routes:?}");
    // Nothing else the files ask for was done.
    assert!(!world.members("Desk").contains(&"cy@voyager.example".to_owned()));
    world.forget();
    world.run("apply --only lockout --auto-approve").expect(0);
    assert_eq!(world.writes(), [""; 0]);
}

#[test]
pub(crate) fn roles_outside_groups_that_survive_are_shown() {
    let world = world(LOCKOUT);
    let path = format!("/v2/users/{}/roles", world.user("ana@voyager.example"));
    let role = json!({ "roles": [{ "roleType": "COMPANY_ADMIN", "metadata": { "roleType": "COMPANY_ADMIN", "companyRef": { "id": VOYAGER } } }] });
    assert!(world.call("PUT", &path, role).0 < 300);
    for line in ["plan", "apply --only lockout --auto-approve"] {
        let run = world.run(line).expect(0);
        assert!(
            run.stdout.contains("COMPANY_ADMIN") && run.stdout.contains("ana@voyager.example"),
            "{}",
            run.stdout
        );
    }
}

#[test]
fn a_lockout_that_means_nobody_is_reported_and_stops_nobody_else() {
    let rules = LOCKOUT.replace("[{", "[{ email: anna@voyager.example, since: 2026-11-20, reason: r }, {");
    let world = world(&rules);
    world.run("apply --only lockout --auto-approve").expect(3).shows("Withheld 1");
    assert!(!world.members("Desk").contains(&"ana@voyager.example".to_owned()));
}

#[test]
fn nobody_locks_out_the_account_that_runs_rolecall_or_who_is_protected() {
    for rules in [
        "api: { identity: { email: ana@voyager.example } }\n",
        "guards: { protected: { people: [\"ana@*\"] } }\n",
    ] {
        let world = world(&format!("{rules}{LOCKOUT}"));
        world.forget();
        for line in ["apply --auto-approve", "apply --only lockout --auto-approve"] {
            world.run(line).expect(6);
        }
        assert_eq!(world.writes(), [""; 0]);
    }
}

#[test]
fn no_limit_on_removals_holds_a_lockout_up() {
    let people: Vec<String> = (0..60).map(|n| format!("p{n:02}@voyager.example")).collect();
    let users: String =
        people.iter().map(|it| format!("  - {{ email: {it}, company: voyager }}\n")).collect();
    let seed = SEED.replace("groups:\n", &format!("{users}groups:\n"))
        + &format!(
            "  - {{ name: Crowd, company: voyager, description: d, members: [{}] }}\n",
            people.join(", ")
        );
    let lockouts: Vec<Value> =
        people.iter().map(|it| json!({ "email": it, "since": "2026-11-20", "reason": "leak" })).collect();
    let world = World::seeded(&seed)
        .ruled(&format!("lockout: {}\n", Value::from(lockouts)))
        .groups("  - { name: Night, description: The night., roles: unmanaged, members: unmanaged }\n");
    world.run("apply --only lockout --auto-approve").expect(0);
    assert_eq!(world.members("Crowd"), [""; 0]);
}
