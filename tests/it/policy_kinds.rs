//! Each kind of policy from outside: what breaks it is stopped at the line that asks for it, and what does not is let through.

use serde_json::json;

use crate::support::{Run, SEED, VOYAGER, World};

const NOW: &str = "2026-11-21T12:00:00Z";

/// A kind with what it says, files that break it, what is shown, and files that do not.
struct Case {
    policy: &'static str,
    broken: &'static str,
    shows: &'static [&'static str],
    kept: &'static str,
    /// What lifts it.
    exception: &'static str,
}

const NIGHT: &str = "  - { name: Night, description: d, roles: unmanaged, members: [cy@voyager.example] }\n";

const CASES: &[Case] = &[
    Case {
        policy: "separation: [{ name: p, roles: [TRIP_MANAGEMENT], apartFrom: [Agent]%more% }]",
        broken: "  - name: Two\n    description: d\n    roles: [{ role: Trip Manager, scope: { company: [initech, globex] } }]\n    members: [cy@voyager.example]\n",
        shows: &[
            "Guards STOP policies p: cy@voyager.example holds roles that are kept apart; needs an exception",
            "cy@voyager.example ← Two ← Trip Manager on company globex, initech (access/a.yaml:6)",
            "cy@voyager.example ← Night ← Agent on company globex, initech (no file asks for it)",
        ],
        // On other clients.
        kept: "  - name: Two\n    description: d\n    roles: [{ role: Trip Manager, scope: { company: voyager } }]\n    members: [cy@voyager.example]\n",
        exception: "person: cy@voyager.example",
    },
    Case {
        policy: "separation: [{ name: p, roles: [COMPANY_TRAVEL_ARRANGER], apartFrom: [Agent], groups: [Night]%more% }]",
        broken: "users:\n  - user: cy@voyager.example\n    directRoles:\n      - { type: COMPANY_TRAVEL_ARRANGER, company: globex }\n",
        shows: &[
            "Guards STOP policies p: cy@voyager.example holds roles that are kept apart; needs an exception",
            "cy@voyager.example ← direct role COMPANY_TRAVEL_ARRANGER on company globex (access/a.yaml:5)",
        ],
        kept: "users:\n  - user: cy@voyager.example\n    directRoles:\n      - { type: COMPANY_TRAVEL_ARRANGER, company: voyager }\n",
        exception: "person: cy@voyager.example",
    },
    Case {
        policy: "noDirectRoles: [{ name: p, types: [GLOBAL_AGENT]%more% }]",
        broken: "users:\n  - user: cy@voyager.example\n    directRoles:\n      - { type: GLOBAL_AGENT }\n",
        shows: &[
            "Guards STOP policies p: cy@voyager.example holds a role outside groups; needs an exception",
            "cy@voyager.example ← direct role GLOBAL_AGENT (access/a.yaml:5)",
        ],
        kept: "users:\n  - user: cy@voyager.example\n    directRoles:\n      - { type: COMPANY_REPORT_ADMIN, company: globex }\n",
        exception: "role: GLOBAL_AGENT, person: cy@voyager.example",
    },
    Case {
        policy: "requireReason: [{ name: p, groups: [Night]%more% }]",
        broken: "  - name: Night\n    description: d\n    roles: unmanaged\n    members:\n      - cy@voyager.example\n      - ana@voyager.example\n",
        shows: &[
            "Guards STOP policies p: Night: 1 member without a `reason`; needs an exception",
            "ana@voyager.example ← Night (access/a.yaml:8)",
            "stood policies p: Night: 1 member without a `reason`, as before this plan",
        ],
        kept: "  - { name: Night, description: d, roles: unmanaged, members: [cy@voyager.example, { email: ana@voyager.example, reason: holiday cover }] }\n",
        exception: "person: ana@voyager.example",
    },
    Case {
        policy: "requireUntil: [{ name: p%more% }]",
        broken: "  - name: New\n    description: d\n    roles: [{ role: Company Management Admin, scope: { company: voyager } }]\n    members:\n      - ana@voyager.example\n",
        shows: &[
            "STOP policies p: New: 1 member without an end; needs an exception",
            "ana@voyager.example ← New (access/a.yaml:7)",
        ],
        kept: "  - { name: New, description: d, until: 2027-01-01, roles: [{ role: Company Management Admin, scope: { company: voyager } }], members: [ana@voyager.example] }\n",
        exception: "group: New",
    },
    Case {
        policy: "maxDuration: [{ name: p, days: 30, groups: [Night]%more% }]",
        broken: "  - { name: Night, description: d, roles: unmanaged, members: [cy@voyager.example, { email: ana@voyager.example, until: 2026-12-23 }] }\n",
        shows: &["Guards STOP policies p: Night: 1 member for longer than 30 days; needs an exception"],
        // Thirty days from today, through the end of the last.
        kept: "  - { name: Night, description: d, roles: unmanaged, members: [cy@voyager.example, { email: ana@voyager.example, until: 2026-12-21 }] }\n",
        exception: "person: ana@voyager.example",
    },
    Case {
        policy: "allowedDomains: [{ name: p, groups: [Night], domains: [Voyager.Example]%more% }]",
        broken: "  - { name: Night, description: d, roles: unmanaged, members: [cy@voyager.example, odd@other.example] }\n",
        shows: &[
            "Guards STOP policies p: Night: 1 member of another domain; needs an exception",
            "odd@other.example ← Night (access/a.yaml:3)",
        ],
        kept: "  - { name: Night, description: d, roles: unmanaged, members: [cy@voyager.example, ana@voyager.example] }\n",
        exception: "person: odd@other.example",
    },
    Case {
        policy: "maxMembers: [{ name: p, groups: [Night], atMost: 1%more% }]",
        broken: "  - { name: Night, description: d, roles: unmanaged, members: [cy@voyager.example, ana@voyager.example] }\n",
        shows: &["Guards STOP policies p: Night: 2 members (limit 1); needs an exception"],
        kept: "  - { name: Night, description: d, roles: unmanaged, members: [ana@voyager.example] }\n",
        exception: "group: Night, upTo: 2",
    },
    Case {
        policy: "minMembers: [{ name: p, groups: [Desk], atLeast: 2%more% }]",
        broken: "  - { name: Desk, description: d, roles: unmanaged, members: [ana@voyager.example] }\n",
        shows: &["Guards STOP policies p: Desk: 1 member too few (at least 2); needs an exception"],
        kept: "  - { name: Desk, description: d, roles: unmanaged, members: [ana@voyager.example, cy@voyager.example] }\n",
        exception: "group: Desk",
    },
    Case {
        policy: "requiredMembers: [{ name: p, groups: [Desk], people: [bo@voyager.example, ana@voyager.example]%more% }]",
        broken: "  - { name: Desk, description: d, roles: unmanaged, members: [ana@voyager.example] }\n",
        shows: &[
            "Guards STOP policies p: Desk: 1 required member missing; needs an exception",
            "bo@voyager.example is not in Desk",
        ],
        kept: "  - { name: Desk, description: d, roles: unmanaged, members: [ana@voyager.example, bo@voyager.example, cy@voyager.example] }\n",
        exception: "person: bo@voyager.example, group: Desk",
    },
    Case {
        policy: "separation: [{ name: p, roles: [ARRANGER, MANAGER], apartFrom: [APPROVER]%more% }]",
        broken: "users:\n  - user: cy@voyager.example\n    directRoles:\n      - { type: TRAVEL_ARRANGER, arrangerFor: [ana@voyager.example, bo@voyager.example] }\n  - user: ana@voyager.example\n    business:\n      approvers: [cy@voyager.example]\n  - user: bo@voyager.example\n    business:\n      manager: root@voyager.example\n",
        shows: &[
            "Guards STOP policies p: cy@voyager.example holds roles that are kept apart; needs an exception",
            "cy@voyager.example ← may book for ana@voyager.example (access/a.yaml:5)",
            "cy@voyager.example ← approves for ana@voyager.example (access/a.yaml:8)",
        ],
        // For other people.
        kept: "users:\n  - user: cy@voyager.example\n    directRoles:\n      - { type: TRAVEL_ARRANGER, arrangerFor: [bo@voyager.example] }\n  - user: ana@voyager.example\n    business:\n      approvers: [cy@voyager.example]\n      manager: bo@voyager.example\n",
        exception: "person: cy@voyager.example",
    },
    Case {
        policy: "separation: [{ name: p, roles: [APPROVER], apartFrom: [Agent]%more% }]",
        broken: "groups:\n  - { name: Night, description: d, roles: [{ role: Agent, scope: { company: [voyager, globex] } }], members: [cy@voyager.example] }\nusers:\n  - user: ana@voyager.example\n    business:\n      approvers: [cy@voyager.example, bo@voyager.example]\n",
        shows: &[
            "Guards STOP policies p: cy@voyager.example holds roles that are kept apart; needs an exception",
            "cy@voyager.example ← Night ← Agent on company",
            "cy@voyager.example ← approves for ana@voyager.example (access/a.yaml:7)",
        ],
        // Ana is of another company than those.
        kept: "groups:\n  - { name: Night, description: d, roles: [{ role: Agent, scope: { company: [initech, globex] } }], members: [cy@voyager.example] }\nusers:\n  - user: ana@voyager.example\n    business:\n      approvers: [cy@voyager.example, bo@voyager.example]\n",
        exception: "person: cy@voyager.example",
    },
];

/// An access file with these sections, or these groups.
fn access_file(text: &str) -> String {
    let has_sections = ["users:", "groups:"].iter().any(|it| text.starts_with(it));
    let head = if has_sections { "" } else { "groups:\n" };
    format!("version: 1\n{head}{text}")
}

fn world(case: &Case, more: &str, files: &str) -> World {
    let seed = SEED.replace("groups:\n", "  - { email: odd@other.example, company: voyager }\ngroups:\n");
    let rules = format!(
        "guards: {{ privileged: [Company Management Admin], removals: {{ from: 100 }} }}\nexceptions: [{{ guard: privileged, group: New, upTo: 9, until: 2099-01-01, reason: r }}]\npolicies:\n  {}\n",
        case.policy.replace("%more%", more)
    );
    let text = access_file(files);
    World::seeded(&seed).ruled(&rules).with("access/a.yaml", &text).variable("ROLECALL_NOW", NOW)
}

#[test]
fn each_kind_stops_what_breaks_it_and_nothing_else() {
    for case in CASES {
        let broken = world(case, "", case.broken);
        let mut run = broken.run("plan --check").expect(6);
        for line in case.shows {
            run = run.shows(line);
        }
        broken.apply().expect(6).shows(case.shows[0]);
        // A program is told the same.
        let json = broken.run("plan --format json").expect(0).json();
        let checks = json["guards"].as_array().unwrap().iter().filter(|it| it["guard"] == "policies");
        let stop = checks.into_iter().find(|it| it["verdict"] == "stop").unwrap();
        assert_eq!(stop["policy"]["name"], "p");
        assert!(case.policy.starts_with(&format!("{}:", stop["policy"]["kind"].as_str().unwrap())));
        assert!(stop["policy"]["origin"]["file"] == "rolecall.yaml", "{stop}");
        // What it is not about.
        world(case, "", case.kept).run("plan --check").expect(0).shows("Guards");
        // An exception lifts it, and one that has ended does not.
        let excepted = |until| format!(", exceptions: [{{ {}, until: {until}, reason: r }}]", case.exception);
        let lifted = world(case, &excepted("2099-01-01"), case.broken).run("plan --check").expect(0);
        assert!(lifted.stdout.contains("excepted  policies"), "{}", lifted.stdout);
        world(case, &excepted("2020-01-01"), case.broken).run("plan --check").expect(6);
        let warned = world(case, ", severity: warn", case.broken).run("plan --check").expect(0);
        assert!(
            warned.stdout.contains("warning   policies  ") || warned.stdout.contains("warning  policies  "),
            "{}",
            warned.stdout
        );
    }
}

/// A policy is kept by a live state in which it is broken already, where the plan has nothing to do with that.
#[test]
fn each_kind_lets_pass_what_stood_unless_it_is_strict() {
    for case in CASES {
        let world = world(case, "", case.broken);
        let workspace = std::fs::read_to_string(world.path().join("rolecall.yaml")).unwrap();
        let (without, _) = workspace.split_once("policies:").unwrap();
        world.write("rolecall.yaml", without);
        let id = world.run("plan --format json").json()["id"].as_str().unwrap().to_owned();
        world.run(&format!("apply --approve {id}")).expect(0);
        world.write("rolecall.yaml", &workspace);
        let run = world.run("drift").expect(0);
        assert!(run.stdout.contains("stood  policies  p: "), "{}", run.stdout);
        world.write("rolecall.yaml", &workspace.replace("name: p", "name: p, strict: true"));
        world.run("drift").expect(6).says(&["policies"]);
        world.run("plan --check").expect(6);
    }
}

#[test]
fn everybodys_direct_roles_are_read_and_counted_before() {
    let case = &CASES[2];
    let world = world(case, "", NIGHT);
    let path = format!("/v2/users/{}/roles", world.user("bo@voyager.example"));
    let (status, _) = world.call("PUT", &path, json!({ "roles": [{ "roleType": "GLOBAL_AGENT" }] }));
    assert!(status < 300);
    // Bo is in no file, and in no group that one names.
    world
        .run("plan")
        .expect(0)
        .shows("Guards stood policies p: bo@voyager.example holds a role outside groups");
    let requests = |rules: &str| {
        world.configure(rules);
        let told = world.run("plan --estimate").expect(0).stdout;
        let number = told.split_whitespace().find_map(|it| it.parse::<u64>().ok());
        number.unwrap_or_else(|| panic!("{told}"))
    };
    let plain = requests("");
    let counted = requests("policies: { noDirectRoles: [{ name: p }] }\n");
    // The list of people, and each of the five who can act.
    assert_eq!(counted - plain, 6, "{plain} {counted}");
}

/// Whoever is in a group that no file names is looked up: an account that is not active is nobody who keeps it going.
#[test]
fn members_of_a_group_that_no_file_names_count_only_where_they_can_act() {
    let seed = SEED
        .replace("members: [root@voyager.example]", "members: [root@voyager.example, gone@voyager.example]");
    for (least, told) in [(1, false), (2, true)] {
        let world = World::seeded(&seed)
            .ruled(&format!("policies: {{ minMembers: [{{ name: p, groups: [Company Admins], atLeast: {least}, strict: true }}] }}\n"))
            .groups("  - { name: Night, description: The night., roles: unmanaged, members: unmanaged }\n");
        let plan = world.run("plan --format json").expect(0).json();
        let of = |it: &&serde_json::Value| it["guard"] == "policies" && it["verdict"] == "stop";
        assert_eq!(plan["guards"].as_array().unwrap().iter().filter(of).count() == 1, told, "{least}");
    }
}

/// The same policy from outside: it is told where it stands there, and what the files say lifts and loosens nothing.
#[test]
fn each_kind_judges_from_a_policy_file_as_well() {
    for case in CASES {
        let world = world(case, "", case.broken);
        let workspace = std::fs::read_to_string(world.path().join("rolecall.yaml")).unwrap();
        let (without, policies) = workspace.split_once("policies:").unwrap();
        world.write("rolecall.yaml", without);
        world.run("plan --check").expect(0);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ours.yaml");
        let file = |more: &str| {
            let policies = policies.replace(" }]\n", &format!("{more} }}]\n"));
            // What is privileged says each for itself.
            let policies =
                policies.replace("requireUntil: [{ name: p", "requireUntil: [{ groups: [New], name: p");
            let text = format!("version: 1\ncompany: {VOYAGER}\npolicies:{policies}");
            std::fs::write(&path, text).unwrap();
        };
        let run = |line: &str| -> Run {
            world.command().args(line.split(' ')).env("ROLECALL_POLICY", &path).output().unwrap().into()
        };
        file("");
        let shown = case.shows[0].strip_suffix("; needs an exception").unwrap();
        let by = format!(", by the policy {}:4; no exception of the files lifts it", path.display());
        run("plan --check").expect(6).shows(&format!("{shown}{by}"));
        run("apply --auto-approve").expect(6);
        let json = run("plan --format json").expect(0).json();
        let stop = json["guards"].as_array().unwrap().iter().find(|it| it["verdict"] == "stop").unwrap();
        assert_eq!(
            (&stop["by"], &stop["policy"]["name"], &stop["policy"]["origin"]["line"]),
            (&json!("policy"), &json!("p"), &json!(4)),
            "{stop}"
        );
        // A plan that was saved, and one without a network, from a snapshot that holds what the policy needs.
        run("plan --out plan.json").expect(0);
        run("apply plan.json --auto-approve").expect(6);
        run("snapshot --out live.json").expect(0);
        run("plan --check --live live.json").expect(6).shows(&format!("{shown}{by}"));
        // Its own exceptions lift it; one in the files is for a policy that they do not have.
        file(&format!(", exceptions: [{{ {}, until: 2099-01-01, reason: r }}]", case.exception));
        run("plan --check").expect(0);
        file(", severity: warn");
        run("plan --check").expect(0);
        file("");
        // A policy of this name in the files is told, and does not take its place.
        world.write("rolecall.yaml", &workspace.replace("name: p", "name: p, severity: warn"));
        run("plan --check").expect(4).says(&["two policies are called `p`", "rolecall.yaml:"]);
        // Neither does one that allows more under another name, here or in the base.
        world.write("rolecall.yaml", &workspace.replace("name: p", "name: q, severity: warn"));
        let files = |text: &str| {
            world.write("access/a.yaml", &access_file(text));
        };
        files(case.kept);
        crate::bases::commit(&world.path());
        files(case.broken);
        run("plan --check").expect(6).shows(&format!("{shown}{by}"));
        run("plan --check --base main").expect(6).says(&["policies"]);
        files(case.kept);
        run("plan --check").expect(0);
    }
}

/// What a policy file names is what it says itself: no name of the workspace moves it.
#[test]
fn a_policy_file_has_its_own_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ours.yaml");
    let with = |world: &World, text: &str, line: &str| -> Run {
        std::fs::write(&path, format!("version: 1\n{text}")).unwrap();
        world.command().args(line.split(' ')).arg("--policy").arg(&path).output().unwrap().into()
    };
    let group = "  - { name: New, description: d, roles: [{ role: Trip Manager, scope: { company: globex } }], members: [ana@voyager.example] }\n";
    let world = World::new().ruled("guards: { privileged: [] }\n").groups(group);
    let ids = format!(
        "company: voyager\nids: {{ company: {{ voyager: {VOYAGER}, globex: 2b7e0000-0000-4000-8000-000000000002, initech: 2b7e0000-0000-4000-8000-000000000003 }} }}\n"
    );
    let exclusive =
        |it: &str| format!("policies: {{ exclusive: [{{ name: e, groups: [New], companies: [{it}] }}] }}\n");
    with(&world, &(ids.clone() + &exclusive("globex, voyager")), "plan --check").expect(0);
    with(&world, &(ids.clone() + &exclusive("initech")), "plan --check").expect(6);
    // The same by ids alone, and a rule of one's own.
    let id = format!("company: {VOYAGER}\n");
    with(&world, &(id.clone() + &exclusive("2b7e0000-0000-4000-8000-000000000003")), "plan --check")
        .expect(6);
    let rule = "policies: { rules: [{ name: r, deny: '\"globex\" in access.reaches.companies && access.gives' }] }\n";
    with(&world, &(ids.clone() + rule), "plan --check").expect(6);
    // A name that the workspace gives to another company.
    let swapped = std::fs::read_to_string(world.path().join("rolecall.yaml")).unwrap();
    let swapped = swapped.replace("globex:", "x:").replace("initech:", "globex:").replace("x:", "initech:");
    world.write("rolecall.yaml", &swapped);
    world.write("access/a.yaml", &format!("version: 1\ngroups:\n{}", group.replace("globex", "initech")));
    with(&world, &(ids.clone() + &exclusive("initech")), "plan --check").expect(6);
    with(&world, &(ids.clone() + &exclusive("globex, voyager")), "plan --check").expect(0);
    with(&world, &(ids.clone() + rule), "plan --check").expect(6);
    // Whose groups they are has to be said, and what nobody knows is told where it stands.
    for (text, words) in [
        (exclusive("globex"), &["ours.yaml:2", "neither an id nor a name"][..]),
        (
            exclusive("2b7e0000-0000-4000-8000-000000000003"),
            &["ours.yaml:2", "the company of the group or role is not given"],
        ),
        (
            id.clone() + &exclusive("2b7e0000-0000-4000-8000-000000000003").replace("New", "Old"),
            &["ours.yaml:3", "there is no such group"],
        ),
        (
            "policies: { requireReason: [{ name: r }] }\nguards: { privileged: [] }\n".to_owned(),
            &["ours.yaml:2", "nothing is"],
        ),
        (
            "policies: { noDirectRoles: [{ name: a }], maxDuration: [{ name: a, days: 1 }] }\n".to_owned(),
            &["ours.yaml:2", "two policies are called `a`"],
        ),
        ("exceptions: []\n".to_owned(), &["ours.yaml:2", "exceptions"]),
    ] {
        with(&world, &text, "plan --check").expect(4).says(words);
    }
    // That of a company that this workspace is not about asks nothing of it.
    let elsewhere = "company: 2b7e0000-0000-4000-8000-000000000002\n";
    let rest = "policies: { exclusive: [{ name: e, groups: [Nobody], companies: [2b7e0000-0000-4000-8000-000000000003], exceptions: [{ group: Nobody, until: 2099-01-01, reason: r }] }] }\n";
    let run = with(&world, &format!("{elsewhere}{rest}"), "plan --check").expect(0);
    assert!(!run.stdout.contains("remark") && !run.stdout.contains("Nobody"), "{}", run.stdout);
    // What is privileged where nothing says so is what manages access.
    with(&world, "policies: { requireUntil: [{ name: r }] }\n", "plan --check").expect(0);
    // Who has to review is told, by the names that the workspace has by now, and asked by the list of owners.
    let owners = "policies: { owners: [{ name: o, companies: [globex], approvers: [\"@sec\"] }] }\n";
    let run = with(&world, &(ids.clone() + owners), "plan --check").expect(0);
    run.shows(&format!("Guards review policies o: review by @sec (ana@voyager.example reaches initech (2b7e…) more), by the policy {}:4", path.display()));
    std::fs::create_dir(world.path().join(".git")).unwrap();
    with(&world, &(ids.clone() + owners), "codeowners").expect(0);
    assert!(
        std::fs::read_to_string(world.path().join(".github/CODEOWNERS"))
            .unwrap()
            .contains("/access/a.yaml @sec\n")
    );
    // Its rules are tested like those of the files.
    world.write(
        "policy-tests.yaml",
        "version: 1\ntests: [{ rule: r, access: { reaches: { companies: [globex] }, gives: true }, expect: deny }]\n",
    );
    let run = with(&world, &(ids + rule), "policy test");
    assert!(!run.stderr.contains("no rule"), "{} {}", run.stdout, run.stderr);
}
