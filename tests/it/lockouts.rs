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
    let locked =
        plan.stdout.lines().filter(|it| it.contains("- member") && it.contains("locked out (rolecall.yaml:"));
    assert_eq!(locked.count(), 3, "{}", plan.stdout);
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
    // Who it means, whose groups, which direct roles, and which roles there are at all; and of each group that the person
    // is really out.
    assert_eq!(routes.len(), 4 + 3 + 3, "{routes:?}");
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

/// What a lock-out does not escape, on the fast path as little as on the other.
#[test]
fn a_lockout_escapes_no_protection_and_no_last_holder() {
    let manager = "permissions: [{ permission: ACCESS_MANAGEMENT, actions: [ALL] }]";
    let managing = SEED.replace("permissions: [{ permission: COMPANY_MANAGEMENT, actions: [ALL] }]", manager);
    let root = "lockout: [{ email: root@voyager.example, since: 2026-01-01, reason: left }]\n";
    let cy = "lockout: [{ email: cy@voyager.example, since: 2026-01-01, reason: left }]\n";
    let account = "api: { identity: { email: ana@voyager.example } }\n";
    for (guard, seed, rules, lockout, lifts) in [
        (
            "protected",
            SEED,
            "guards: { protected: { groups: [N*] } }\n",
            cy,
            "guard: protected, group: Night",
        ),
        (
            "protected",
            SEED,
            "guards: { protected: { people: [\"cy@*\"] } }\n",
            cy,
            "guard: protected, person: cy@voyager.example",
        ),
        ("last-holder", &*managing, account, root, "guard: last-holder, role: Company Management Admin"),
        (
            "last-holder",
            SEED,
            "guards: { privileged: [Company Management Admin] }\n",
            root,
            "guard: last-holder, role: Company Management Admin",
        ),
        (
            "self-lockout",
            &*managing,
            "exceptions: [{ guard: last-holder, role: Company Management Admin, upTo: 1, until: 2099-01-01, reason: r }]\n",
            root,
            "",
        ),
    ] {
        let world = |rules: &str| {
            World::seeded(seed)
                .ruled(rules)
                .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n")
        };
        let stopped = world(&format!("{rules}{lockout}"));
        stopped.forget();
        for only in ["", " --only lockout"] {
            let run = stopped.run(&format!("apply{only} --auto-approve")).expect(6);
            run.says(&[guard]);
            // An approval is for other guards.
            let id =
                stopped.run(&format!("plan{only} --format json")).json()["id"].as_str().unwrap().to_owned();
            stopped.run(&format!("apply{only} --approve {id}")).expect(6);
        }
        assert_eq!(stopped.writes(), [""; 0], "{guard}");
        if lifts.is_empty() {
            continue;
        }
        for only in ["", " --only lockout"] {
            let exception = format!("exceptions: [{{ {lifts}, upTo: 2, until: 2099-01-01, reason: r }}]\n");
            world(&format!("{rules}{exception}{lockout}"))
                .run(&format!("apply{only} --auto-approve"))
                .expect(0);
        }
    }
}

/// More than the limit takes the approval of this very plan, and no exception of the files.
#[test]
fn more_lockouts_than_the_limit_take_an_approval() {
    let who = ["ana", "bo", "cy"]
        .map(|it| format!("{{ email: {it}@voyager.example, since: 2026-01-01, reason: left }}"));
    let rules = format!("guards: {{ lockouts: {{ people: 2 }} }}\nlockout: [{}]\n", who.join(", "));
    for only in ["", " --only lockout"] {
        let world = World::new()
            .ruled(&rules)
            .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n");
        world.forget();
        world.run(&format!("apply{only} --auto-approve")).expect(6).says(&["lockouts"]);
        assert_eq!(world.writes(), [""; 0]);
        let id = world.run(&format!("plan{only} --format json")).json()["id"].as_str().unwrap().to_owned();
        world.run(&format!("apply{only} --approve {id}")).expect(0);
        assert_eq!(world.members("Desk"), [""; 0]);
    }
    let excepted = format!(
        "{rules}exceptions: [{{ guard: lockouts, company: voyager, upTo: 9, until: 2099-01-01, reason: r }}]\n"
    );
    World::new().ruled(&excepted).groups("  []\n").run("validate").expect(4);
}

#[test]
fn no_limit_on_removals_holds_a_lockout_up_but_its_own_does() {
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
        .ruled(&format!("guards: {{ lockouts: {{ people: 60 }} }}\nlockout: {}\n", Value::from(lockouts)))
        .groups("  - { name: Night, description: The night., roles: unmanaged, members: unmanaged }\n");
    let limited = world.path().join("rolecall.yaml");
    let allowed = std::fs::read_to_string(&limited).unwrap();
    std::fs::write(&limited, allowed.replace("people: 60", "people: 59")).unwrap();
    world.forget();
    for only in ["", " --only lockout"] {
        let plan = world.run(&format!("plan{only}")).expect(0);
        plan.shows("Guards STOP lockouts 60 people cut off everywhere (limit 59); needs an approval");
        world.run(&format!("apply{only} --auto-approve")).expect(6).says(&["lockouts"]);
    }
    assert_eq!(world.writes(), [""; 0]);
    std::fs::write(&limited, allowed).unwrap();
    world.run("apply --only lockout --auto-approve").expect(0);
    assert_eq!(world.members("Crowd"), [""; 0]);
}

/// Makes the API refuse to tell what somebody holds outside groups.
fn refuse_direct_roles(world: &World, who: &str) {
    let path = format!("/v2/users/{}/roles", world.user(who));
    world.faults(
        json!([{ "method": "GET", "path": path, "times": 0, "kind": { "status": { "code": 403 } } }]),
    );
}

#[test]
fn a_lockout_of_whom_the_direct_roles_are_not_known_does_not_look_complete() {
    let unknown = "what ana@voyager.example holds outside groups is not known";
    for apply in ["apply --auto-approve", "apply --only lockout --auto-approve", "apply plan.json"] {
        let world = world(LOCKOUT);
        refuse_direct_roles(&world, "ana@voyager.example");
        let plan = world.run("plan --out plan.json").expect(0).shows("Withheld 1");
        assert!(plan.stdout.contains(unknown), "{}", plan.stdout);
        let json = world.run("plan --format json").expect(0).json();
        let held = &json["withheld"][0];
        assert_eq!(
            (&held["kind"], &held["userId"]),
            (&json!("unreadLockout"), &json!(world.user("ana@voyager.example")))
        );
        assert!(held["message"].as_str().unwrap().contains(unknown), "{held}");
        assert_eq!((&json["summary"]["withheld"], &json["survivors"]), (&json!(1), &json!([])));
        let markdown = world.run("plan --format markdown").expect(0).stdout;
        assert!(markdown.contains("1 withheld") && markdown.contains(unknown), "{markdown}");
        let run = world.run(apply).expect(3);
        assert!(run.stdout.contains(unknown), "{}", run.stdout);
        for group in ["Desk", "Night", "Company Admins"] {
            assert!(!world.members(group).contains(&"ana@voyager.example".to_owned()), "{group}");
        }
        // Nobody knows it tomorrow either, until somebody lets it be known.
        world.run("drift").expect(3);
        world.faults(json!([]));
        world.apply().expect(0);
        world.run("drift").expect(0);
    }
}

#[test]
fn a_rollback_tells_what_is_not_known_of_who_is_locked_out() {
    let world = world("");
    world.apply().expect(0);
    world.configure(LOCKOUT);
    refuse_direct_roles(&world, "ana@voyager.example");
    let journal =
        std::fs::read_dir(world.path().join(".rolecall/journal")).unwrap().next().unwrap().unwrap().path();
    let run = world.run(&format!("rollback {} --out undo.json", journal.display())).expect(0);
    assert!(run.stdout.contains("holds outside groups is not known"), "{}", run.stdout);
    let run = world.run("apply undo.json").expect(3);
    assert!(run.stdout.contains("holds outside groups is not known"), "{}", run.stdout);
}

const OLD: &str = "a5a50000-0000-4000-8000-000000000001";
const NEW: &str = "a5a50000-0000-4000-8000-000000000002";

/// Somebody was hired a second time: one address, an old account and a new one, and both are in groups.
fn hired_twice(rules: &str) -> World {
    let line = "  - { email: gone@voyager.example, company: voyager, active: false }";
    let old = line.replace("{ email", &format!("{{ id: {OLD}, email"));
    let new = old.replace(OLD, NEW).replace("active: false", "active: true");
    let seed = SEED
        .replace(line, &format!("{old}\n{new}"))
        .replace("members: [cy@voyager.example]", &format!("members: [cy@voyager.example, {OLD}]"))
        .replace(
            "members: [root@voyager.example]",
            &format!("members: [root@voyager.example, {OLD}, {NEW}]"),
        );
    World::seeded(&seed)
        .ruled(rules)
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n")
}

#[test]
fn who_was_hired_twice_is_cut_off_under_both_accounts() {
    let lockout = LOCKOUT.replace("ana@", "gone@");
    for apply in ["apply --auto-approve", "apply --only lockout --auto-approve"] {
        let world = hired_twice(&lockout);
        let role = json!({ "roles": [{ "roleType": "GLOBAL_AGENT" }] });
        assert!(world.call("PUT", &format!("/v2/users/{OLD}/roles"), role).0 < 300);
        world.run(apply).expect(0).shows(&format!(
            "Survives gone@voyager.example ({OLD}) keeps roles outside groups: GLOBAL_AGENT"
        ));
        assert_eq!(world.members("Night"), ["cy@voyager.example"]);
        assert_eq!(world.members("Company Admins"), ["root@voyager.example"]);
        world.run("drift").expect(0);
        // A snapshot knows as much of both.
        world.run("snapshot --out live.json").expect(0);
        world.run("drift --live live.json").expect(0).shows("Survives gone@voyager.example");
    }
}

/// What is wrong somewhere else in a workspace, and how that is done to it.
type Breakage = (&'static str, fn(&World));

const BREAKAGES: [Breakage; 8] = [
    ("an open bracket", |it| it.write("access/other.yaml", "groups: [")),
    ("a group declared twice", |it| {
        let group = "  - { name: Twin, description: One., roles: [], members: [] }\n";
        it.write("access/other.yaml", &format!("version: 1\ngroups:\n{group}{group}"));
    }),
    ("an unknown company", |it| it.write("access/other.yaml", "version: 1\ncompany: nowhere\ngroups: []\n")),
    ("an unknown alias in a scope", |it| {
        let role = "[{ role: Agent, scope: { company: nowhere } }]";
        let group = format!("  - {{ name: Odd, description: Odd., roles: {role}, members: [] }}\n");
        it.write("access/other.yaml", &format!("version: 1\ngroups:\n{group}"));
    }),
    ("an unknown key", |it| it.write("access/other.yaml", "version: 1\ngrups: []\n")),
    ("no text at all", |it| std::fs::write(it.path().join("access/other.yaml"), [0xff, 0xfe, 0x00]).unwrap()),
    ("a file that is too large", |it| {
        let file = std::fs::File::create(it.path().join("access/other.yaml")).unwrap();
        file.set_len(65 << 20).unwrap();
    }),
    ("a link that leads nowhere", |it| {
        #[cfg(unix)]
        std::os::unix::fs::symlink("nowhere", it.path().join("access/other.yaml")).unwrap();
        #[cfg(not(unix))]
        it.write("access/other.yaml", "groups: [");
    }),
];

const STOLEN: &str = "lockout: [{ email: ana@voyager.example, since: 2026-01-01, reason: stolen laptop }]\n";

#[test]
fn what_is_wrong_elsewhere_holds_up_no_lockout_and_is_said() {
    for (what, breakage) in BREAKAGES {
        let world = World::new()
            .ruled(STOLEN)
            .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n");
        breakage(&world);
        let validated = world.run("validate");
        let plan = world.run("plan --only lockout");
        assert_eq!(plan.code, 0, "{what}\n{}", plan.stderr);
        assert!(plan.stdout.contains("- member  ana@voyager.example"), "{what}\n{}", plan.stdout);
        assert_eq!(world.members("Desk"), ["ana@voyager.example", "bo@voyager.example"], "{what}");
        let run = world.run("apply --only lockout --auto-approve");
        assert_eq!(run.code, 0, "{what}\n{}", run.stderr);
        assert_eq!(world.members("Desk"), ["bo@voyager.example"], "{what}");
        let said = run.stderr.contains("left aside") && run.stderr.contains("rolecall validate");
        assert_eq!(said, validated.code != 0, "{what}\n{}", run.stderr);
    }
}

#[test]
fn a_mistake_in_the_workspace_file_stops_a_lockout_and_is_shown() {
    for wrong in [
        "lockout: [{ email: ana@voyager.example, since: 2026-01-01 }]\n",
        "lockout: [{ emial: ana@voyager.example, since: 2026-01-01, reason: stolen laptop }]\n",
        "lockout: [\n",
    ] {
        for access in ["groups: [", "version: 1\ngroups: []\n"] {
            let world = World::new().ruled(wrong).with("access/other.yaml", access);
            let run = world.run("apply --only lockout --auto-approve").expect(4);
            assert!(run.stderr.contains("rolecall.yaml:"), "{}", run.stderr);
        }
    }
}

#[test]
fn where_no_company_is_known_a_lockout_that_reaches_nobody_is_no_success() {
    let world = World::new().with("rolecall.yaml", &format!("version: 1\n{STOLEN}"));
    world.write("access/other.yaml", "groups: [");
    world.run("apply --only lockout --auto-approve").expect(4).says(&["access/other.yaml"]);
}

#[test]
fn with_nobody_to_lock_out_there_is_nothing_to_do() {
    for lockout in
        ["", "lockout: []\n", "lockout: [{ email: ana@voyager.example, since: 2999-01-01, reason: later }]\n"]
    {
        for access in ["version: 1\ngroups: []\n", "groups: ["] {
            let world = World::new().ruled(lockout).with("access/other.yaml", access);
            world.forget();
            world.run("apply --only lockout --auto-approve").expect(0);
            world.run("plan --only lockout").expect(0);
            assert_eq!(world.writes(), [""; 0]);
        }
        let world = World::new().ruled(lockout);
        world.run("apply --only lockout --auto-approve").expect(0);
    }
}

const MOVED: &str = "a5a50000-0000-4000-8000-000000000003";
const GLOBEX: &str = "2b7e0000-0000-4000-8000-000000000002";

/// Eve is of Globex by now, and still in groups of Voyager.
fn moved(rules: &str, files: &str) -> World {
    let seed = SEED
        .replace(
            "groups:\n",
            &format!("  - {{ id: {MOVED}, email: eve@globex.example, company: globex, externalId: e-7 }}\ngroups:\n"),
        )
        .replace("members: [cy@voyager.example]", &format!("members: [cy@voyager.example, {MOVED}]"))
        .replace("members: [root@voyager.example]", &format!("members: [root@voyager.example, {MOVED}]"));
    let office = "  - { name: Office, company: globex, description: d }\n";
    World::seeded(&format!("{seed}{office}"))
        .ruled(rules)
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n")
        .with("access/globex.yaml", files)
}

#[test]
fn somebody_of_another_company_is_cut_off_from_the_groups_of_this_one_too() {
    let globex = format!(
        "version: 1\ncompany: {GLOBEX}\ngroups: [{{ name: Office, description: d, roles: [], members: [] }}]\n"
    );
    for key in ["email: eve@globex.example", "externalId: e-7", &format!("userId: {MOVED}")] {
        let lockout = format!("lockout: [{{ {key}, since: 2026-11-20, reason: stolen laptop }}]\n");
        for apply in ["apply --auto-approve", "apply --only lockout --auto-approve"] {
            let world = moved(&lockout, &globex);
            world.run("snapshot --out live.json").expect(0);
            let edits = |line: &str| {
                let plan = world.run(line).expect(0).json();
                (plan["edits"].clone(), plan["withheld"].clone())
            };
            let plan = edits("plan --format json");
            assert_eq!(edits("plan --live live.json --format json"), plan, "{key}");
            world.run(apply).expect(0);
            assert_eq!(world.members("Night"), ["cy@voyager.example"], "{key} {apply}");
            assert_eq!(world.members("Company Admins"), ["root@voyager.example"], "{key} {apply}");
        }
    }
}

#[test]
fn of_a_company_that_no_file_speaks_of_only_the_groups_here_are_cut_off_and_it_is_said() {
    let lockout = format!("lockout: [{{ userId: {MOVED}, since: 2026-11-20, reason: stolen laptop }}]\n");
    for apply in ["apply --auto-approve", "apply --only lockout --auto-approve"] {
        let world = moved(&lockout, "version: 1\n");
        let run = world.run(apply).expect(3);
        assert!(
            run.stdout.contains("from the groups of this workspace and from nothing else"),
            "{}",
            run.stdout
        );
        assert_eq!(world.members("Night"), ["cy@voyager.example"]);
    }
    // A number of another company's is not known to be the same person's.
    let world = moved(&lockout.replace(&format!("userId: {MOVED}"), "externalId: e-7"), "version: 1\n");
    world.run("apply --auto-approve").expect(3);
    assert_eq!(world.members("Night").len(), 2);
}

#[test]
fn a_lockout_alone_says_nothing_of_rules_about_what_it_does_not_read() {
    let rules = "guards: { privileged: [Company Management Admin], protected: { groups: [Night], people: [\"*@voyager.example\"] } }
exceptions: [{ guard: removals, group: Night, upTo: 1, until: 2099-01-01, reason: r }, { guard: last-holder, role: Company Management Admin, upTo: 1, until: 2099-01-01, reason: r }]
lockout: [{ email: vip@globex.example, since: 2026-11-20, reason: left }, { email: ana@voyager.example, since: 2026-11-20, reason: left }]
";
    let world =
        World::new().ruled(rules).groups("  - { name: Desk, roles: unmanaged, members: unmanaged }\n");
    let plan = world.run("plan --only lockout").expect(0).stdout;
    for wrong in ["unknown-exception", "unmatched-pattern", "unused-exception", "switched off"] {
        assert!(!plan.contains(wrong), "{wrong}: {plan}");
    }
    assert!(plan.contains("- member  ana@voyager.example"), "{plan}");
}
