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

const PRIVILEGED: &str =
    "api: { identity: { email: cy@voyager.example } }\nguards: { privileged: [Access Admin] }\n";
const PROTECTED: &str = "api: { identity: { email: cy@voyager.example } }\nguards: { protected: { groups: [\"Acc*\"], people: [\"root@*\"] } }\n";
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
    let id = &plan["id"].as_str().unwrap()[..32];
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
    // Where nobody is locked out, no account changes, no base is given and there is no policy, four have nothing to say.
    let silent = ["lockouts", "people", "weakened-rules", "policies"];
    for guard in rolecall::model::rules::Guard::ALL.iter().filter(|it| !silent.contains(&it.as_str())) {
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

/// What a `STOP` proposes, as lines for the list under `exceptions:`.
fn proposed(plan: &str) -> String {
    let lines = plan.lines().map(str::trim).filter(|it| it.starts_with("- { guard: "));
    lines.map(|it| format!("  {it}\n")).collect()
}

#[test]
fn what_a_stop_proposes_lets_the_apply_through() {
    let more = vec![
        (
            "removals",
            "guards: { removals: { atMost: 0, from: 1 } }\n",
            "removed: [{ group: Crowd, reason: tidy }]\n".to_owned(),
            None,
        ),
        (
            "removals",
            "guards: { removals: { atMost: 0 } }\n",
            declared("Crowd", "[{ role: Trip Manager, scope: { company: globex } }]", "unmanaged"),
            None,
        ),
        (
            "privileged",
            "",
            "users: [{ user: bo@voyager.example, directRoles: [{ type: COMPANY_ADMIN, company: globex }] }]\n"
                .to_owned(),
            None,
        ),
        (
            "protected",
            "guards: { protected: { people: [c05@voyager.example], groups: [Crowd] } }\n",
            declared("Crowd", "[]", "unmanaged"),
            None,
        ),
    ];
    for (guard, rules, files, _) in trips().into_iter().chain(more) {
        if ["empty-desired", "self-lockout"].contains(&guard) {
            continue;
        }
        let world = world(rules, &files);
        let plan = world.plan().expect(0).stdout;
        let exceptions = proposed(&plan);
        assert!(!exceptions.is_empty(), "{guard}: {plan}");
        let world = world.ruled(&format!("{rules}exceptions:\n{exceptions}"));
        world.run("validate").expect(0);
        world.apply().expect(0);
        world.plan().expect(0).ends_with("No changes. Live state matches the files.");
    }
}

#[test]
fn privilege_is_what_a_role_gives_under_whatever_name() {
    let access = "{ role: Access Admin, scope: { company: globex } }";
    let user = |role: &str| format!("users: [{{ user: bo@voyager.example, directRoles: [{role}] }}]\n");
    let both = "[ana@voyager.example, root@voyager.example, bo@voyager.example]";
    let standard = seed().replace("  - name: Desk\n", "  - { name: Standard Access, company: voyager, description: d, unmodifiable: true, roles: [{ role: Access Admin, scope: [{ COMPANY: [voyager] }] }], members: [root@voyager.example] }\n  - name: Desk\n");
    for (what, seed, files) in [
        ("a new group", seed(), declared("New", &format!("[{access}]"), "[bo@voyager.example]")),
        ("a group without members", seed(), declared("New", &format!("[{access}]"), "[]")),
        ("another group", seed(), declared("Night", &format!("{{ atLeast: [{access}] }}"), "unmanaged")),
        ("more of it", seed(), declared("Access", &format!("{{ atLeast: [{access}] }}"), "unmanaged")),
        ("another member", seed(), declared("Access", "unmanaged", both)),
        (
            "a standard group",
            standard,
            declared("Standard Access", "unmanaged", "{ atLeast: [bo@voyager.example] }"),
        ),
        (
            "another name",
            seed()
                .replace("name: Access Admin, description", "name: Helper, description")
                .replace("role: Access Admin", "role: Helper"),
            declared("New", "[{ role: Helper, scope: { company: globex } }]", "[bo@voyager.example]"),
        ),
        ("a direct role", seed(), user("{ type: TMC_ADMIN, tmc: voyager }")),
        ("a direct role of a type nobody knows", seed(), user("{ raw: { roleType: SUPER_ADMIN } }")),
        ("a direct role in other letters", seed(), user("{ raw: { roleType: company_admin } }")),
    ] {
        let world = World::seeded(&seed).with("access/a.yaml", &format!("version: 1\n{files}"));
        let stopped = world.apply().expect(6);
        assert!(stopped.stdout.contains("STOP   privileged"), "{what}: {}", stopped.stdout);
        let world = world.ruled("guards: { privileged: [] }\n");
        let plan = world.plan().expect(0).stdout;
        assert!(
            !plan.contains("STOP") && plan.contains("switched off by `privileged: []`"),
            "{what}: {plan}"
        );
    }
    for (what, files) in [
        (
            "to read who may do what is no power over it",
            declared("New", "[{ role: Trip Manager, scope: { company: globex } }]", "[bo@voyager.example]"),
        ),
        ("reports", user("{ type: COMPANY_REPORT_ADMIN, company: globex }")),
        (
            "less of it",
            declared(
                "Access",
                "[{ role: Access Admin, scope: { company: globex, legalEntity: globex-uk } }]",
                "unmanaged",
            ),
        ),
    ] {
        let seed = seed()
            .replace(
                "permission: TRIP_MANAGEMENT, actions: [READ, WRITE]",
                "permission: ACCESS_MANAGEMENT, actions: [READ]",
            )
            .replace(
                "scope: [{ COMPANY: [voyager] }] }], members: [root@voyager.example, ana",
                "scope: [{ COMPANY: [globex] }] }], members: [root@voyager.example, ana",
            );
        let world = World::seeded(&seed).with("access/a.yaml", &format!("version: 1\n{files}"));
        let plan = world.plan().expect(0).stdout;
        assert!(!plan.contains("STOP   privileged"), "{what}: {plan}");
    }
}

#[test]
fn what_is_privileged_can_be_named_by_role_permission_and_type() {
    let gains =
        declared("New", "[{ role: Trip Manager, scope: { company: globex } }]", "[bo@voyager.example]");
    let direct = "users: [{ user: bo@voyager.example, directRoles: [{ type: COMPANY_REPORT_ADMIN, company: globex }] }]\n";
    for (listed, files, stops) in [
        ("[Trip Manager]", gains.as_str(), true),
        ("[TRIP_MANAGEMENT]", &gains, true),
        ("[{ name: Trip Manager, providedBy: platform }]", &gains, true),
        ("[Agent]", &gains, false),
        ("[COMPANY_REPORT_ADMIN]", direct, true),
        ("[Agent]", direct, false),
    ] {
        let world = world(&format!("guards: {{ privileged: {listed} }}\n"), files);
        let plan = world.plan().expect(0).stdout;
        assert_eq!(plan.contains("STOP   privileged"), stops, "{listed}: {plan}");
    }
    world("guards: { privileged: [TRIP_MANAGMENT] }\n", &gains).plan().expect(4).says(&["unknown-role"]);
}

#[test]
fn who_else_holds_a_privileged_role_is_read_only_where_the_plan_takes_one() {
    let seed = seed()
        + "  - { name: Spare, company: voyager, description: d, roles: [{ role: Access Admin, scope: [{ COMPANY: [voyager] }] }], members: [bo@voyager.example, gone@voyager.example] }\n";
    let asked = |members: &str| {
        let world = World::seeded(&seed)
            .with("access/a.yaml", &format!("version: 1\n{}", declared("Access", "unmanaged", members)));
        world.forget();
        let plan = world.run("plan --ask-people 0").expect(0).stdout;
        let lists = world
            .log()
            .iter()
            .filter_map(|it| it["path"].as_str())
            .filter(|it| it.ends_with("/roles") && it.contains("user-groups"))
            .count();
        (plan, lists)
    };
    let (plan, lists) = asked("[root@voyager.example, ana@voyager.example, cy@voyager.example]");
    assert!(plan.contains("STOP   privileged") && lists == 1, "{lists} {plan}");
    // Bo holds it through a group that no file names, and whoever cannot act does not count.
    let (plan, lists) = asked("[root@voyager.example]");
    assert!(!plan.contains("STOP   last-holder") && lists > 1, "{lists} {plan}");
    let (plan, _) = asked("[]");
    assert!(plan.contains("Access Admin: 1 holder too few"), "{plan}");
    assert!(plan.contains("root@voyager.example no longer holds Access Admin"), "{plan}");
}

#[test]
fn a_role_that_is_dropped_or_narrowed_counts_as_a_loss_of_the_protected() {
    let protected = "guards: { protected: { people: [c03@voyager.example] } }\n";
    let crowd = |role: &str| declared("Crowd", &format!("[{role}]"), "unmanaged");
    for (what, files, stops) in [
        ("dropped", crowd(""), true),
        ("moved", crowd("{ role: Trip Manager, scope: { company: globex } }"), true),
        (
            "narrowed",
            crowd("{ role: Trip Manager, scope: { company: voyager, stealthType: STEALTH_TYPE_1 } }"),
            true,
        ),
        ("widened", crowd("{ role: Trip Manager, scope: { company: [voyager, globex] } }"), false),
        ("replaced", crowd("{ role: Agent, scope: { company: voyager } }"), true),
        ("deleted", "removed: [{ group: Crowd, reason: tidy }]\n".to_owned(), true),
    ] {
        let world = world(protected, &files);
        world.forget();
        let plan = world.run("plan --format json").expect(0).json();
        let found = plan["guards"].as_array().unwrap().iter().find(|it| it["guard"] == "protected").unwrap();
        assert_eq!(found["verdict"] == "stop", stops, "{what}: {found}");
        if stops {
            let who = found["items"][0]["userId"].as_str().unwrap();
            assert_eq!(plan["names"]["people"][who], "c03@voyager.example", "{what}: {found}");
            world.apply().expect(6);
            assert_eq!(world.writes(), [""; 0], "{what}");
        }
    }
}
