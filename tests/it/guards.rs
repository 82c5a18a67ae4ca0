//! Guards: what stops an apply, what lifts it, and that neither hides the plan.

use serde_json::{Value, json};

use crate::support::{SEED, VOYAGER, World};

/// The default company with a crowd of twelve, a role that administers access, and a break-glass group.
fn seed() -> String {
    let crowd: Vec<String> = (0..12).map(|n| format!("c{n:02}@voyager.example")).collect();
    let users: String = crowd.iter().map(|it| format!("  - {{ email: {it}, company: voyager }}\n")).collect();
    let role = "  - { name: Access Admin, description: d, permissions: [{ permission: ACCESS_MANAGEMENT, actions: [READ, WRITE] }] }\n";
    let group = |name: &str, role: &str, members: &str| {
        format!(
            "  - {{ name: {name}, company: voyager, description: d, roles: [{{ role: {role}, scope: [{{ COMPANY: [voyager] }}] }}], members: [{members}] }}\n"
        )
    };
    SEED.replace("roles:\n  - { name: Agent", &format!("roles:\n{role}  - {{ name: Agent"))
        .replace("groups:\n", &format!("{users}groups:\n"))
        + &group("Crowd", "Trip Manager", &crowd.join(", "))
        + &group("Access", "Access Admin", "root@voyager.example, ana@voyager.example")
}

fn world(rules: &str, files: &str) -> World {
    World::seeded(&seed()).ruled(rules).with("access/a.yaml", &format!("version: 1\n{files}"))
}

fn declared(name: &str, roles: &str, members: &str) -> String {
    // A standard group keeps its own.
    let description = if roles == "unmanaged" { "" } else { "description: d, " };
    format!("groups: [{{ name: {name}, {description}roles: {roles}, members: {members} }}]\n")
}

/// The crowd without its last five: 41.7 %.
fn fewer() -> String {
    let members: Vec<String> = (0..7).map(|n| format!("c{n:02}@voyager.example")).collect();
    declared("Crowd", "unmanaged", &format!("[{}]", members.join(", ")))
}

const PRIVILEGED: &str = "guards: { privileged: [Access Admin] }\n";
const PROTECTED: &str = "guards: { protected: { groups: [\"Acc*\"], people: [\"root@*\"] } }\n";
const IDENTITY: &str = "api: { identity: { email: root@voyager.example } }\n";

/// Every guard that a plan can trip: its name, the rules, the files, and what lifts it.
fn trips() -> Vec<(&'static str, &'static str, String, Option<&'static str>)> {
    let wide = "[{ role: Access Admin, scope: { company: voyager } }]";
    vec![
        ("removals", "", fewer(), Some("group: Crowd, upTo: 5")),
        ("group-emptied", "", declared("Night", "unmanaged", "[]"), Some("group: Night, upTo: 1")),
        ("self-lockout", IDENTITY, declared("Access", wide, "[ana@voyager.example]"), None),
        ("self-lockout", IDENTITY, declared("Access", "[]", "unmanaged"), None),
        (
            "last-holder",
            PRIVILEGED,
            declared("Access", "unmanaged", "[ana@voyager.example]"),
            Some("role: Access Admin, upTo: 1"),
        ),
        (
            "privileged",
            PRIVILEGED,
            declared(
                "Access",
                "unmanaged",
                "[ana@voyager.example, root@voyager.example, bo@voyager.example]",
            ),
            Some("group: Access, upTo: 1"),
        ),
        (
            "protected",
            PROTECTED,
            "removed: [{ group: Access, reason: tidy }]\n".to_owned(),
            // The group, its two members and its role; and a protected person.
            None,
        ),
        (
            "protected",
            PROTECTED,
            declared("Company Admins", "unmanaged", "[ana@voyager.example]"),
            Some("person: root@voyager.example, upTo: 1"),
        ),
    ]
}

#[test]
fn a_guard_stops_an_apply_before_the_first_write_and_shows_the_whole_plan() {
    for (guard, rules, files, _) in trips() {
        let world = world(rules, &files);
        world.forget();
        let plan = world.plan().expect(0);
        let stop = format!("STOP {guard}");
        assert!(
            plan.stdout.lines().any(|it| it.split_whitespace().collect::<Vec<_>>().join(" ").contains(&stop)),
            "{}",
            plan.stdout
        );
        world.apply().expect(6).says(&[guard, "nothing was written"]);
        let report = world.run("apply --auto-approve --format json").expect(6).json();
        assert_eq!(report["result"], "blocked");
        let guards = report["plan"]["guards"].as_array().unwrap();
        assert!(guards.iter().any(|it| it["guard"] == guard && it["verdict"] == "stop"), "{guards:?}");
        let markdown = world.run("plan --format markdown").expect(0).stdout;
        assert!(markdown.contains(guard), "{markdown}");
        assert_eq!(world.writes(), [""; 0], "{guard}");
    }
}

#[test]
fn an_exception_in_the_files_lifts_it_and_nothing_else() {
    for (guard, rules, files, exception) in trips() {
        let Some(exception) = exception else { continue };
        let lifted = |until: &str| {
            let written = format!(
                "{rules}exceptions: [{{ guard: {guard}, {exception}, until: {until}, reason: wanted }}]\n"
            );
            world(&written, &files)
        };
        let world = lifted("2099-01-01");
        let plan = world.plan().expect(0);
        assert!(
            plan.stdout.contains("excepted") && plan.stdout.contains("rolecall.yaml:"),
            "{}",
            plan.stdout
        );
        world.apply().expect(0);
        world.plan().expect(0).shows("Remarks").ends_with("No changes. Live state matches the files.");
        // What it was for is done: it lifts nothing more, and says so.
        let remarks = world.run("plan --format json").expect(0).json();
        assert_eq!(remarks["remarks"][0]["code"], "unused-exception", "{remarks}");
        lifted("2026-01-01").apply().expect(6).says(&[guard]);
    }
}

#[test]
fn an_exception_allows_no_more_than_it_says_and_no_longer() {
    let exception = |up_to: u32, until: &str| {
        let written = format!(
            "exceptions: [{{ guard: removals, group: Crowd, upTo: {up_to}, until: {until}, reason: wanted }}]\n"
        );
        world(&written, &fewer())
    };
    exception(4, "2099-01-01").apply().expect(6);
    let world = exception(5, "2026-12-01");
    world.run("apply --auto-approve --now 2026-12-02").expect(6);
    let plan = world.run("plan --now 2026-12-02 --format json").expect(0).json();
    assert_eq!(plan["remarks"][0]["code"], "expired-exception");
    world.run("validate").expect(if jiff::Timestamp::now() < "2026-12-02T00:00:00Z".parse().unwrap() {
        0
    } else {
        4
    });
    world.run("apply --auto-approve --now 2026-12-01T23:59:59Z").expect(0);
}

#[test]
fn a_privileged_grant_is_also_lifted_by_approving_the_very_plan() {
    let files =
        declared("Access", "unmanaged", "[ana@voyager.example, root@voyager.example, bo@voyager.example]");
    let world = world(PRIVILEGED, &files);
    let plan = world.run("plan --format json").expect(0).json();
    let id = &plan["id"].as_str().unwrap()[..12];
    world.run(&format!("apply --approve {id}")).expect(0);
    world.settled();
}

#[test]
fn replacing_one_of_two_last_holders_adds_before_it_removes() {
    let rules = format!(
        "{PRIVILEGED}exceptions: [{{ guard: privileged, group: Access, upTo: 1, until: 2099-01-01, reason: handover }}]\n"
    );
    let world = world(&rules, &declared("Access", "unmanaged", "[ana@voyager.example, bo@voyager.example]"));
    world.forget();
    world.apply().expect(0);
    let added: Vec<bool> = world
        .written()
        .iter()
        .map(|it| it.body["userIdsToAdd"].as_array().is_some_and(|it| !it.is_empty()))
        .collect();
    assert_eq!(added, [true, false], "never fewer than two");
}

#[test]
fn every_guard_is_shown_with_value_limit_and_verdict_in_every_format() {
    let world = world("", &declared("Night", "unmanaged", "[cy@voyager.example, bo@voyager.example]"));
    let (text, markdown) =
        (world.plan().expect(0).stdout, world.run("plan --format markdown").expect(0).stdout);
    let json = world.run("plan --format json").expect(0).json();
    for guard in rolecall::model::rules::Guard::ALL {
        assert!(
            text.contains(guard.as_str()) && markdown.contains(guard.as_str()),
            "{guard:?}\n{text}\n{markdown}"
        );
        let check = json["guards"].as_array().unwrap().iter().find(|it| it["guard"] == guard.as_str());
        let check = check.unwrap_or_else(|| panic!("{guard:?}"));
        assert!(
            check["value"].is_u64() && check["limit"] != Value::Null && check["verdict"].is_string(),
            "{check}"
        );
    }
    assert_eq!(json["summary"]["guards"], json!(0));
}

#[test]
fn what_a_standard_group_keeps_is_withheld_and_its_members_change_all_the_same() {
    let world = World::new().groups(
        "  - { name: Company Admins, description: Administrators of the company., roles: [], members: [ana@voyager.example] }\n",
    );
    world.plan().expect(0).shows("Withheld 1");
    world.apply().expect(3);
    assert_eq!(world.members("Company Admins"), ["ana@voyager.example"]);
    assert_eq!(world.roles("Company Admins").len(), 2);
}

/// A list of roles may not say what they permit: then each is asked for.
#[test]
fn the_account_keeps_what_it_needs_even_if_the_list_of_roles_does_not_say_what_that_is() {
    let world = world(IDENTITY, &declared("Access", "unmanaged", "[ana@voyager.example]"));
    let path = format!("/v3/companies/{VOYAGER}/roles");
    let (_, mut list) = world.call("POST", &path, json!({ "pagination": {} }));
    for role in list["roles"].as_array_mut().unwrap() {
        role.as_object_mut().unwrap().remove("permissions");
    }
    let kind = json!({ "status": { "code": 200, "body": list.to_string() } });
    world.faults(json!([{ "method": "POST", "path": path, "times": 0, "kind": kind }]));
    let run = world.apply().expect(6);
    assert!(run.stdout.contains("STOP   self-lockout"), "{}", run.stdout);
}
