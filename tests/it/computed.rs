//! Members by rules: who is meant, what a plan says of them, and that nobody gets in by an answer to another question.

use serde_json::{Value, json};

use crate::support::{
    NO_CHANGES, Run, SEED, VOYAGER, World,
    tenant::{Dice, side_by_side},
};

const SALES: &str = "dede0000-0000-4000-8000-000000000001";
const SERVICE: &str = "dede0000-0000-4000-8000-000000000002";
const EMPTY: &str = "dede0000-0000-4000-8000-000000000003";
const BERLIN: &str = "0ff10000-0000-4000-8000-000000000001";
const PARIS: &str = "0ff10000-0000-4000-8000-000000000002";
const COST: &str = "c0570000-0000-4000-8000-000000000001";

/// The default seed, in which people are in departments and offices: Ana and Bo in sales, Cy in service.
fn seed(dialect: &str) -> String {
    let units = format!(
        "legalEntities: [{{ name: voyager-de, id: 3c8d0000-0000-4000-8000-000000000009 }}], departments: [{{ name: sales, id: {SALES} }}, {{ name: service, id: {SERVICE} }}, {{ name: empty, id: {EMPTY} }}], offices: [{{ name: berlin, id: {BERLIN} }}, {{ name: paris, id: {PARIS} }}], costCenters: [{{ name: c1, id: {COST} }}]"
    );
    let of = |email: &str, more: &str| {
        let plain = format!("email: {email}@voyager.example, company: voyager");
        (plain.clone(), format!("{plain}, {more}"))
    };
    let people = [
        of("ana", "department: sales, office: berlin, designation: Agent"),
        of("bo", "department: sales, office: paris, designation: Lead, costCenter: c1"),
        of("cy", "department: service, office: berlin, designation: agent, persona: GUEST"),
        of("gone", "department: sales, office: berlin, designation: Agent"),
    ];
    let seed = SEED.replace("legalEntities: [{ name: voyager-de }]", &units);
    people.iter().fold(seed, |it, (plain, more)| it.replace(plain, more)) + dialect
}

const IDS: &str = "
version: 1
company: voyager
ids:
  company: { voyager: 1a6f0000-0000-4000-8000-000000000001, globex: 2b7e0000-0000-4000-8000-000000000002 }
  legalEntity: { voyager-de: 3c8d0000-0000-4000-8000-000000000009 }
  department: { sales: dede0000-0000-4000-8000-000000000001, service: dede0000-0000-4000-8000-000000000002, empty: dede0000-0000-4000-8000-000000000003 }
  office: { berlin: 0ff10000-0000-4000-8000-000000000001, paris: 0ff10000-0000-4000-8000-000000000002 }
  costCenter: { c1: c0570000-0000-4000-8000-000000000001 }
";

fn world(dialect: &str) -> World {
    World::seeded(&seed(dialect)).with("rolecall.yaml", IDS)
}

/// Declares Desk with these lines after its roles.
fn desk(world: &World, more: &str) {
    let text = format!(
        "version: 1\ngroups:\n  - name: Desk\n    description: The desk.\n    roles: [{{ role: Agent, scope: {{ company: globex }} }}]\n{more}"
    );
    world.write("access/a.yaml", &text);
}

/// The members of Desk after an apply of these lines.
fn applied(more: &str) -> Vec<String> {
    let world = world("");
    desk(&world, more);
    world.run("apply --auto-approve").expect(0);
    world.plan().expect(0).ends_with(NO_CHANGES);
    world.members("Desk").iter().map(|it| it.replace("@voyager.example", "")).collect()
}

#[test]
fn whoever_a_rule_means_is_a_member_beside_those_who_are_named() {
    for (more, members) in [
        ("    members: []\n    membersFrom: [{ department: sales }]\n", &["ana", "bo"][..]),
        (
            "    members: [root@voyager.example]\n    membersFrom: [{ department: sales }]\n",
            &["ana", "bo", "root"],
        ),
        // The keys of a rule are joined by AND, values of a key and rules by OR.
        (
            "    members: [root@voyager.example]\n    membersFrom: [{ department: sales, office: berlin }]\n",
            &["ana", "root"],
        ),
        ("    members: []\n    membersFrom: [{ department: [sales, service] }]\n", &["ana", "bo", "cy"]),
        (
            "    members: [bo@voyager.example]\n    membersFrom: [{ persona: GUEST }, { department: sales, office: [berlin, paris] }]\n",
            &["ana", "bo", "cy"],
        ),
        ("    members: [bo@voyager.example]\n    membersFrom: [{ costCenter: c1 }]\n", &["bo"]),
        (
            "    members: [bo@voyager.example]\n    membersFrom: [{ designation: [Agent, Clerk] }]\n",
            &["ana", "bo"],
        ),
        ("    members: []\n    membersFrom: [{ legalEntity: voyager-de }]\n", &["ana", "bo", "cy", "root"]),
        // Ids do as well as names.
        (
            "    members: []\n    membersFrom: [{ office: 0FF10000-0000-4000-8000-000000000001 }, { department: sales }]\n",
            &["ana", "bo", "cy"],
        ),
        // Whoever else is there stays.
        ("    members: { atLeast: [] }\n    membersFrom: [{ department: service }]\n", &["ana", "bo", "cy"]),
        // Who is excepted is no member by any rule; who is named is one, whatever the rules.
        (
            "    members: []\n    membersFrom: [{ department: sales }, { office: paris }]\n    except: [{ externalId: agent-17 }]\n",
            &["ana"],
        ),
        // An entry counts with its dates: it has ended, or is to begin.
        (
            "    members: [{ email: bo@voyager.example, until: 2026-01-01 }]\n    membersFrom: [{ department: sales }]\n",
            &["ana"],
        ),
        (
            "    members: [{ email: bo@voyager.example, from: 2999-01-01 }]\n    membersFrom: [{ department: sales }]\n",
            &["ana"],
        ),
        (
            "    members: [{ email: bo@voyager.example, until: 2999-01-01 }]\n    membersFrom: [{ office: berlin }]\n",
            &["ana", "bo", "cy"],
        ),
    ] {
        assert_eq!(applied(more), members, "{more}");
    }
}

#[test]
fn a_lock_out_wins_over_a_rule() {
    let world = world("");
    let rules = "lockout: [{ email: bo@voyager.example, since: 2026-11-20, reason: left }]\n";
    world.write("rolecall.yaml", &format!("{IDS}{rules}"));
    desk(&world, "    members: []\n    membersFrom: [{ department: sales }]\n");
    world.run("apply --auto-approve").expect(0);
    assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
    let text = world.run("plan").expect(0).stdout;
    assert!(text.contains(NO_CHANGES), "{text}");
}

/// What a plan says of Cy, who joins, and of Bo, who leaves.
const MOVES: &str = "    members: []\n    membersFrom: [{ office: berlin }]\n";

#[test]
fn every_format_says_by_which_rule_somebody_joins_and_that_none_means_who_leaves() {
    let world = world("");
    desk(&world, MOVES);
    let text = world.plan().expect(0);
    let text = text.shows("+ member cy@voyager.example access/a.yaml:7 joined office berlin");
    let text = text.shows("- member bo@voyager.example left office berlin, or never in it (access/a.yaml:7)");
    text.shows("Agent on company globex leaves Desk, no rule means the person (access/a.yaml:7)");
    for format in ["markdown", "html", "slack"] {
        let said = world.run(&format!("plan --format {format}")).expect(0).stdout;
        for words in ["joined office berlin", "left office berlin, or never in it"] {
            assert!(said.contains(words) || format == "slack", "{format}: {words}\n{said}");
        }
    }
    let plan = world.run("plan --format json").expect(0).json();
    let rows = plan["edits"].as_array().unwrap();
    let origin = json!({ "file": "access/a.yaml", "line": 7, "column": 19 });
    for (who, action) in [("cy", "add"), ("bo", "remove")] {
        let row = rows.iter().find(|it| it["person"] == format!("{who}@voyager.example")).unwrap();
        assert_eq!(row["action"], action);
        assert_eq!(row["byRule"], json!({ "rules": ["office berlin"], "origin": origin }), "{row}");
    }
    // A saved plan says the same.
    world.run("plan --out plan.json").expect(0);
    let shown = world.run("show plan.json").expect(0).stdout;
    assert!(shown.contains("joined office berlin") && shown.contains("left office berlin"), "{shown}");
    // Of several rules it is none.
    desk(
        &world,
        "    members: []\n    membersFrom: [{ department: service }, { office: berlin, designation: [Agent, Clerk] }]\n",
    );
    world
        .plan()
        .expect(0)
        .shows("- member bo@voyager.example in none of: department service; office berlin, designation Agent or Clerk (access/a.yaml:7)");
    // Who is excepted leaves by that.
    desk(
        &world,
        "    members: []\n    membersFrom: [{ department: sales }]\n    except: [bo@voyager.example]\n",
    );
    world.plan().expect(0).shows("- member bo@voyager.example excepted (access/a.yaml:8)");
}

#[test]
fn an_explanation_names_the_rule_that_decides() {
    let world = world("");
    desk(&world, MOVES);
    let said =
        |who: &str| world.run(&format!("explain {who}@voyager.example --color never")).expect(0).stdout;
    let squeezed = |it: String| it.split_whitespace().collect::<Vec<_>>().join(" ");
    let ana = squeezed(said("ana"));
    assert!(ana.contains("member ana@voyager.example access/a.yaml:7 by the rule office berlin"), "{ana}");
    let cy = squeezed(said("cy"));
    assert!(
        cy.contains("+ member cy@voyager.example access/a.yaml:7") && cy.contains("rule office berlin"),
        "{cy}"
    );
    let bo = squeezed(said("bo"));
    assert!(bo.contains("- member bo@voyager.example not declared"), "{bo}");
    let json = world.run("explain ana@voyager.example --format json").expect(0).json();
    let desk = json["groups"].as_array().unwrap().iter().find(|it| it["name"] == "Desk").unwrap().clone();
    assert_eq!(desk["membership"]["rule"], "office berlin");
    assert_eq!(desk["membership"]["files"], "declared");
    // The report of everything names the line.
    let report = world.run("report --format csv").expect(0).stdout;
    let of_ana = report.lines().find(|it| it.contains("ana@voyager") && it.contains("Desk")).unwrap();
    assert!(of_ana.contains("access/a.yaml:7"), "{of_ana}");
}

#[test]
fn each_distinct_rule_is_asked_once_and_counted_before() {
    let world = world("");
    let group = |name: &str, rules: &str| {
        format!(
            "  - {{ name: {name}, description: A group., roles: [], members: [], membersFrom: [{rules}] }}\n"
        )
    };
    let all = [
        "{ department: sales }",
        "{ office: berlin }",
        "{ department: [sales] }",
        "{ office: berlin }, { department: sales }",
    ];
    let groups: String = all.iter().enumerate().map(|it| group(&format!("G{}", it.0), it.1)).collect();
    let world = world.groups(&groups);
    world.forget();
    world.plan().expect(0);
    // Two rules, and nobody else is looked for.
    assert_eq!(world.stats()["byRoute"]["POST /v3/users/list"], 2);
    world.forget();
    let estimate = world.run("plan --estimate").expect(0);
    assert_eq!(world.stats()["byRoute"].get("POST /v3/users/list"), None);
    assert!(format!("{}{}", estimate.stdout, estimate.stderr).contains("4 requests"), "{estimate:?}");
}

/// Runs a plan that must not be made, and says what stopped it; nothing of it may reach a group.
#[track_caller]
fn refused(world: &World, code: i32, words: &[&str]) {
    for line in ["plan", "apply --auto-approve"] {
        let run = world.run(line).expect(code);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(words.iter().all(|it| said.contains(it)), "{line}: {words:?}\n{said}");
    }
    assert_eq!(world.members("Desk"), ["ana@voyager.example", "bo@voyager.example"]);
}

#[test]
fn an_answer_to_another_question_gives_nobody_access() {
    // The server does not filter.
    let ignored = "dialect: { attributeFilters: ignored }\n";
    for (rule, words) in [
        ("{ department: service }", "of another department"),
        ("{ office: berlin }", "of another office"),
        ("{ persona: GUEST }", "of another persona"),
        ("{ designation: Agent }", "of another designation"),
        ("{ costCenter: c1 }", "without a word of the cost center"),
    ] {
        let world = world(ignored);
        desk(&world, &format!("    members: []\n    membersFrom: [{rule}]\n"));
        refused(&world, 8, &["does not filter", words]);
    }
    // It filters, and does not show by what.
    for (rule, field) in [
        ("{ department: service }", "users.businessDetail.department"),
        ("{ office: berlin }", "users.businessDetail.office"),
        ("{ persona: GUEST }", "users.persona"),
        ("{ department: service }", "users.businessDetail"),
    ] {
        let world = world("");
        desk(&world, &format!("    members: []\n    membersFrom: [{rule}]\n"));
        world.faults(json!([{ "kind": { "leaveOut": { "field": field } }, "times": 1000 }]));
        refused(&world, 8, &["without a word of the"]);
    }
}

#[test]
fn a_list_that_is_refused_or_incomplete_fails_and_moves_nobody() {
    let world = world("dialect: { usersList: refused }\n");
    desk(&world, MOVES);
    let run = world.run("plan");
    assert_ne!(run.code, 0);
    assert!(run.stderr.contains("the people that a rule of `membersFrom` means cannot be read"), "{run:?}");
    let world = self::world("");
    desk(&world, MOVES);
    world
        .faults(json!([{ "kind": { "lieTotal": { "delta": 1 } }, "path": "/v3/users/list", "times": 1000 }]));
    let run = world.run("plan");
    assert_eq!(run.code, 8, "{run:?}");
}

#[test]
fn how_letters_are_written_counts_whatever_the_server_thinks() {
    for dialect in ["", "dialect: { designations: folded }\n"] {
        let world = world(dialect);
        // Cy is `agent`.
        desk(&world, "    members: [bo@voyager.example]\n    membersFrom: [{ designation: Agent }]\n");
        world.plan().expect(0).ends_with(NO_CHANGES);
    }
}

#[test]
fn who_goes_by_a_rule_is_asked_for_alone_and_none_are_asked_where_nobody_goes() {
    let world = world("");
    desk(&world, "    members: []\n    membersFrom: [{ department: sales }]\n");
    world.forget();
    world.plan().expect(0).ends_with(NO_CHANGES);
    assert_eq!(world.stats()["byRoute"]["POST /v3/users/list"], 1);
    desk(&world, MOVES);
    world.forget();
    world.plan().expect(0);
    let bodies: Vec<Value> = world
        .log()
        .iter()
        .filter(|it| it["route"] == "/v3/users/list")
        .map(|it| it["body"]["filters"].clone())
        .collect();
    let bo = json!([{ "userIds": [{ "id": world.user("bo@voyager.example") }] }]);
    assert_eq!(bodies.iter().filter(|it| **it == bo).count(), 2, "named, and confirmed: {bodies:?}");
    assert!(bodies.contains(&json!([{ "officeIds": [{ "id": BERLIN }] }])), "{bodies:?}");
    // Nor is anybody believed to go who is otherwise by the same plan in what no rule looks at.
    for (said, times) in [
        ("externalId: hr-2", 1),
        ("notifications: { BOOKING_NOTIFICATION: { enabled: false } }", 1),
        ("business: { employeeId: \"7\" }", 1),
        ("business: { office: berlin }", 0),
        ("active: false", 0),
    ] {
        desk(&world, &format!("{MOVES}users: [{{ user: bo@voyager.example, {said} }}]\n"));
        world.forget();
        world.plan().expect(0);
        let log = world.log();
        let asked = log.iter().filter(|it| it["route"] == "/v3/users/list" && it["body"]["filters"] == bo);
        assert_eq!(asked.count(), times, "{said}");
    }
}

#[test]
fn a_rule_that_means_nobody_stops_what_it_would_empty_by_name() {
    let world = world("");
    desk(&world, "    members: [root@voyager.example]\n    membersFrom: [{ department: empty }]\n");
    let run = world.run("plan --check").expect(6);
    assert!(run.stdout.contains("1 rule of membersFrom means nobody"), "{}", run.stdout);
    assert!(run.stdout.contains("by the rule department empty"), "{}", run.stdout);
    assert!(run.stdout.contains("of: rules"), "{}", run.stdout);
    // With the exception that it proposes it goes on.
    let exception = "{ guard: removals, of: rules, company: voyager, group: Desk, upTo: 1, until: 2999-01-01, reason: closing }";
    world.write("rolecall.yaml", &format!("{IDS}exceptions: [{exception}]\n"));
    world.run("plan --check").expect(0);
    // Where nobody leaves it is only said.
    let world = self::world("");
    desk(
        &world,
        "    members: [ana@voyager.example, bo@voyager.example]\n    membersFrom: [{ department: empty }]\n",
    );
    let run = world.run("plan --check").expect(0);
    assert!(
        run.stdout.contains("nobody who is active is in department empty"),
        "{}{}",
        run.stdout,
        run.stderr
    );
}

#[test]
fn who_leaves_by_a_rule_counts_as_a_removal_and_the_guard_names_the_rule() {
    let mut users = String::new();
    let mut members = Vec::new();
    for n in 0..12 {
        let department = if n < 8 { "sales" } else { "service" };
        users +=
            &format!("  - {{ email: p{n}@voyager.example, company: voyager, department: {department} }}\n");
        members.push(format!("p{n}@voyager.example"));
    }
    let seed = seed("").replace("groups:\n", &format!("{users}groups:\n")).replace(
        "members: [ana@voyager.example, bo@voyager.example]",
        &format!("members: [{}]", members.join(", ")),
    );
    let world = World::seeded(&seed).with("rolecall.yaml", IDS);
    desk(&world, "    members: []\n    membersFrom: [{ department: sales }]\n");
    let run = world.run("plan --check").expect(6);
    assert!(run.stdout.contains("4 of 12 members removed"), "{}", run.stdout);
    assert!(run.stdout.contains("by the rule department sales"), "{}", run.stdout);
    world.run("apply --auto-approve").expect(6);
    assert_eq!(world.members("Desk").len(), 12);
}

#[test]
fn an_exception_of_whom_nobody_knows_lets_nobody_in() {
    let world = world("");
    desk(
        &world,
        "    members: []\n    membersFrom: [{ office: berlin }]\n    except: [cyrus@voyager.example]\n",
    );
    let run = world.run("apply --auto-approve").expect(3);
    assert!(run.stdout.contains("nobody joins by them: cyrus@voyager.example is excepted"), "{}", run.stdout);
    // Bo is meant by no rule and leaves all the same.
    assert_eq!(world.members("Desk"), ["ana@voyager.example"]);
}

fn move_to(world: &World, email: &str, department: &str) {
    let path = format!("/v2/users/{}/business-info", world.user(email));
    let (_, mut info) = world.call("GET", &path, Value::Null);
    info["departmentRef"] = json!({ "id": department });
    let (status, body) = world.call("PUT", &path, info);
    assert!(status < 300, "{status} {body}");
}

#[test]
fn a_saved_plan_is_stale_where_the_rules_mean_others_by_now() {
    let rules = "    members: []\n    membersFrom: [{ department: service }, { department: sales }]\n";
    for (who, to, code) in [
        ("cy", None, 0),
        // Who was to join has left the department.
        ("cy", Some(EMPTY), 7),
        // Somebody else has joined it.
        ("root", Some(SALES), 7),
        // Somebody has left it.
        ("ana", Some(EMPTY), 7),
    ] {
        let world = world("");
        desk(&world, rules);
        world.run("plan --out plan.json").expect(0);
        if let Some(department) = to {
            move_to(&world, &format!("{who}@voyager.example"), department);
        }
        world.run("apply plan.json --auto-approve").expect(code);
        let expected = if code == 0 { 3 } else { 2 };
        assert_eq!(world.members("Desk").len(), expected, "{who} {to:?}");
    }
}

#[test]
fn a_saved_plan_of_rules_is_not_believed_where_other_files_say_others() {
    for (more, code, members) in [
        // Another text with the same rules.
        (format!("{MOVES}# another text\n"), 0, &["ana@voyager.example", "cy@voyager.example"][..]),
        // Other rules, or none: whom the old ones mean by now nobody knows.
        (
            "    members: []\n    membersFrom: [{ department: sales }]\n".to_owned(),
            7,
            &["ana@voyager.example", "bo@voyager.example"],
        ),
        (
            "    members: [ana@voyager.example, cy@voyager.example]\n".to_owned(),
            7,
            &["ana@voyager.example", "bo@voyager.example"],
        ),
    ] {
        let world = world("");
        desk(&world, MOVES);
        let plan = world.run("plan --out plan.json --format json").expect(0).json();
        let id = plan["id"].as_str().unwrap().to_owned();
        desk(&world, &more);
        let run = world.run(&format!("apply plan.json --approve {id}")).expect(code);
        assert_eq!(run.stderr.contains("its members come by rules"), code == 7, "{more}: {run:?}");
        assert_eq!(world.members("Desk"), members, "{more}");
    }
}

fn bare(run: &Run) -> Value {
    let mut plan = run.json();
    plan.as_object_mut().unwrap().retain(|it, _| it != "taken" && it != "digest");
    plan
}

#[test]
fn a_plan_from_a_snapshot_is_the_plan_from_the_api() {
    for rules in [
        "[{ department: sales, office: berlin }, { persona: GUEST }]",
        "[{ office: [paris, berlin] }]",
        "[{ designation: Agent }]",
        "[{ legalEntity: voyager-de, costCenter: c1 }]",
    ] {
        let world = world("");
        desk(&world, &format!("    members: [root@voyager.example]\n    membersFrom: {rules}\n"));
        world.run("snapshot --out live.json").expect(0);
        world.run("snapshot --sanitize --out hidden.json").expect(0);
        let line = "plan --format json --now 2026-12-24T03:17:00Z";
        let live = bare(&world.run(line).expect(0));
        assert_eq!(live, bare(&world.run(&format!("{line} --live live.json")).expect(0)), "{rules}");
        let hidden = world.run(&format!("{line} --live hidden.json")).expect(0).json();
        for field in ["id", "summary", "withheld", "people"] {
            assert_eq!(live[field], hidden[field], "{rules}: {field}");
        }
        // What people are is nobody's business who reads a sanitized one.
        let read = |name: &str| -> Value {
            serde_json::from_str(&std::fs::read_to_string(world.path().join(name)).unwrap()).unwrap()
        };
        let (plain, hidden) = (read("live.json"), read("hidden.json"));
        let of = |it: &Value| it["directories"][0]["attributes"]["of"].clone();
        assert_eq!(of(&plain).as_object().unwrap().len(), of(&hidden).as_object().unwrap().len());
        for traits in of(&hidden).as_object().unwrap().values() {
            let values = traits.as_object().unwrap().values();
            assert!(values.clone().all(|it| it.as_str().unwrap().starts_with("p-")), "{traits}");
        }
    }
}

#[test]
fn a_snapshot_has_what_the_rules_look_at_and_no_more_and_says_so() {
    let world = world("");
    desk(&world, "    members: []\n    membersFrom: [{ office: berlin }]\n");
    world.run("snapshot --out live.json").expect(0);
    let text = std::fs::read_to_string(world.path().join("live.json")).unwrap();
    assert!(text.contains(BERLIN) && !text.contains(SALES), "{text}");
    desk(&world, "    members: []\n    membersFrom: [{ department: sales }]\n");
    for line in ["plan --live live.json", "drift --live live.json", "report --live live.json"] {
        let run = world.run(line);
        assert_eq!(run.code, 8, "{line}: {run:?}");
        assert!(
            run.stderr
                .contains("does not say what a rule of `membersFrom` looks at: the department of people"),
            "{run:?}"
        );
        assert!(run.stderr.contains("take a new snapshot with these files"), "{run:?}");
    }
    // Of a company of which nobody may list the people there is none.
    let world = self::world("dialect: { usersList: refused }\n");
    desk(&world, "    members: []\n    membersFrom: [{ office: berlin }]\n");
    world.run("snapshot --out live.json").expect(0);
    let run = world.run("plan --live live.json");
    assert_eq!(run.code, 8, "{run:?}");
    assert!(run.stderr.contains("does not know everybody of the company"), "{run:?}");
}

#[test]
fn drift_by_hand_is_told_and_can_be_adopted() {
    // Somebody is added whom no rule means.
    let world = world("");
    desk(&world, "    members: []\n    membersFrom:\n      - { department: sales }\n");
    world.patch_members("Desk", &json!({ "userIdsToAdd": [world.user("root@voyager.example")] }));
    world
        .run("drift")
        .expect(2)
        .shows("- member root@voyager.example left department sales, or never in it (access/a.yaml:8)");
    world.run("drift --adopt").expect(0);
    let text = std::fs::read_to_string(world.path().join("access/a.yaml")).unwrap();
    assert!(
        text.contains("members: [root@voyager.example]") || text.contains("- root@voyager.example"),
        "{text}"
    );
    assert!(!text.contains("ana@") && !text.contains("bo@"), "who comes by a rule is not written:\n{text}");
    world.run("drift").expect(0);
    // Somebody is taken out whom a rule means.
    world.patch_members("Desk", &json!({ "userIdsToDelete": [world.user("bo@voyager.example")] }));
    world.run("drift").expect(2).shows("+ member bo@voyager.example access/a.yaml:");
    world.run("drift --adopt").expect(0);
    let text = std::fs::read_to_string(world.path().join("access/a.yaml")).unwrap();
    assert!(text.contains("except:"), "{text}");
    world.run("drift").expect(0);
    world.run("fmt").expect(0);
    world.run("drift").expect(0);
    // And is put back, against the exception.
    world.patch_members("Desk", &json!({ "userIdsToAdd": [world.user("bo@voyager.example")] }));
    world.run("drift").expect(2).shows("- member bo@voyager.example excepted (access/a.yaml:");
    world.run("drift --adopt").expect(0);
    world.run("drift").expect(0);
    let text = std::fs::read_to_string(world.path().join("access/a.yaml")).unwrap();
    assert!(!text.contains("bo@"), "{text}");
}

/// What has ended keeps somebody out whom a rule means: that line is not one to clear away.
#[test]
fn fmt_keeps_what_has_ended_beside_rules() {
    for (rules, kept) in [("    membersFrom: [{ department: sales }]\n", true), ("", false)] {
        let world = world("");
        desk(&world, &format!("    members: [{{ email: bo@voyager.example, until: 2026-01-01 }}]\n{rules}"));
        let before = world.run("plan --format json").expect(0).json();
        world.run("fmt --prune-expired").expect(0);
        let text = std::fs::read_to_string(world.path().join("access/a.yaml")).unwrap();
        assert_eq!(text.contains("bo@"), kept, "{text}");
        assert_eq!(before["id"], world.run("plan --format json").expect(0).json()["id"]);
    }
}

#[test]
fn a_named_member_whom_a_rule_means_too_is_excepted_where_the_absence_is_adopted() {
    let world = world("");
    desk(&world, "    members: [bo@voyager.example]\n    membersFrom: [{ department: sales }]\n");
    world.patch_members("Desk", &json!({ "userIdsToDelete": [world.user("bo@voyager.example")] }));
    world.run("drift --adopt").expect(0);
    world.run("drift").expect(0);
    let text = std::fs::read_to_string(world.path().join("access/a.yaml")).unwrap();
    assert!(text.contains("members: []") && text.contains("except:"), "{text}");
}

#[test]
fn what_a_rule_asks_for_is_checked_without_the_api() {
    let many = vec!["A"; 100].join(", ");
    for (more, code, words) in [
        ("members: []\n    membersFrom: [{}]", "invalid-rule", "asks for nothing"),
        ("members: []\n    membersFrom: [{ department: [] }]", "invalid-rule", "1 to 99 values"),
        (
            &*format!("members: []\n    membersFrom: [{{ designation: [{many}] }}]"),
            "invalid-rule",
            "1 to 99 values",
        ),
        ("members: []\n    membersFrom: [{ department: salse }]", "unknown-alias", "did you mean `sales`?"),
        ("members: []\n    membersFrom: [{ office: sales }]", "unknown-alias", "`ids.office`"),
        ("members: []\n    membersFrom: [{ persona: guest }]", "invalid-rule", "written in capitals"),
        (
            "members: []\n    membersFrom: [{ designation: \" \" }]",
            "invalid-rule",
            "the designation is empty",
        ),
        ("members: []\n    membersFrom: [{ tier: BASIC }]", "unknown-key", "known keys here"),
        ("members: []\n    membersFrom: [{ workerType: EMPLOYEE }]", "unknown-key", "known keys here"),
        (
            "members: []\n    membersFrom: [{ department: sales }, { department: [sales] }]",
            "invalid-rule",
            "listed twice",
        ),
        (
            "members: unmanaged\n    membersFrom: [{ department: sales }]",
            "invalid-rule",
            "members: unmanaged",
        ),
        ("members: []\n    except: [bo@voyager.example]", "invalid-rule", "there is no `membersFrom`"),
        (
            "members: [bo@voyager.example]\n    membersFrom: [{ department: sales }]\n    except: [BO@voyager.example]",
            "invalid-rule",
            "a member and excepted at once",
        ),
        ("membersFrom: [{ department: sales }]", "missing-key", "`members`"),
    ] {
        let world = world("");
        desk(&world, &format!("    {more}\n"));
        let run = world.run("validate").expect(4);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains(&format!("error[{code}]")) && said.contains(words), "{more}\n{said}");
    }
}

#[test]
fn from_a_base_what_a_changed_rule_does_is_this_change_and_the_rest_is_drift() {
    let world = world("");
    let git = |line: &str| {
        let mut git = std::process::Command::new("git");
        git.current_dir(world.path()).args(["-c", "user.name=t", "-c", "user.email=t@example"]);
        let done = git.args(line.split(' ')).output().unwrap();
        assert!(done.status.success(), "{line}: {done:?}");
    };
    desk(&world, "    members: []\n    membersFrom: [{ department: sales }]\n");
    git("init -q");
    git("add .");
    git("commit -q -m base");
    // By hand Root is in it; by the change Cy joins, and Bo leaves.
    world.patch_members("Desk", &json!({ "userIdsToAdd": [world.user("root@voyager.example")] }));
    desk(&world, "    members: []\n    membersFrom: [{ office: berlin }]\n");
    let plan = world.run("plan --base HEAD --format json").expect(0).json();
    let cause = |who: &str| {
        let rows = plan["edits"].as_array().unwrap();
        rows.iter().find(|it| it["person"] == format!("{who}@voyager.example")).map(|it| it["cause"].clone())
    };
    assert_eq!(cause("cy"), Some(json!("change")));
    assert_eq!(cause("bo"), Some(json!("change")));
    assert_eq!(cause("root"), Some(json!("drift")));
    assert_eq!(cause("ana"), None);
    assert_eq!(plan["weakened"]["rows"], json!([]), "{}", plan["weakened"]);
}

/// Department, office and designation of somebody, and whether the account is active.
type Somebody = (Option<usize>, Option<usize>, Option<usize>, bool);

/// Whoever joined by a rule goes by a rollback, though the rule still means the person, and without asking it.
#[test]
fn a_rollback_takes_back_what_came_by_a_rule() {
    let world = world("");
    desk(&world, MOVES);
    world.run("apply --auto-approve --journal journal.ndjson").expect(0);
    assert_eq!(world.members("Desk"), ["ana@voyager.example", "cy@voyager.example"]);
    world.forget();
    world.run("rollback journal.ndjson --out undo.json").expect(0);
    let rules = |it: &Value| it["body"]["filters"][0].get("officeIds").is_some();
    assert!(!world.log().iter().any(rules), "a rule was asked");
    world.run("apply undo.json --auto-approve").expect(0);
    assert_eq!(world.members("Desk"), ["ana@voyager.example", "bo@voyager.example"]);
}

/// A directory at random, the rules of a group, and who was in it; what it comes to is worked out by hand.
#[derive(Debug)]
struct Drawn {
    people: Vec<Somebody>,
    /// Departments, offices and designations, each list left out where empty.
    rules: Vec<[Vec<usize>; 3]>,
    named: Vec<usize>,
    except: Vec<usize>,
    there: Vec<usize>,
    at_least: bool,
}

impl Drawn {
    fn new(dice: &mut Dice) -> Self {
        let some = |dice: &mut Dice| (!dice.in_hundred(25)).then(|| dice.below(3));
        let people = (0..14).map(|_| (some(dice), some(dice), some(dice), !dice.in_hundred(15))).collect();
        let few = |dice: &mut Dice, percent| -> Vec<usize> {
            (0..3).filter(|_| dice.in_hundred(percent)).collect()
        };
        let mut rules: Vec<[Vec<usize>; 3]> =
            (0..1 + dice.below(3)).map(|_| [few(dice, 40), few(dice, 30), few(dice, 20)]).collect();
        rules.retain(|it| it.iter().any(|it| !it.is_empty()));
        rules.sort();
        rules.dedup();
        if rules.is_empty() {
            rules.push([vec![0], Vec::new(), Vec::new()]);
        }
        let mut drawn = Self {
            people,
            rules,
            named: Vec::new(),
            except: Vec::new(),
            there: Vec::new(),
            at_least: dice.in_hundred(25),
        };
        for n in 0..14 {
            if drawn.people[n].3 && dice.in_hundred(15) {
                drawn.named.push(n);
            } else if dice.in_hundred(15) {
                drawn.except.push(n);
            }
            if dice.in_hundred(40) {
                drawn.there.push(n);
            }
        }
        drawn
    }

    fn world(&self, dialect: &str) -> World {
        let units = |key: &str, name: &str, id: &str| {
            let all: Vec<String> = (0..3)
                .map(|n| format!("{{ name: {name}{n}, id: {id}000000-0000-4000-8000-{n:012} }}"))
                .collect();
            format!("{key}: [{}]", all.join(", "))
        };
        let company = format!(
            "legalEntities: [{{ name: voyager-de }}], {}, {}",
            units("departments", "d", "de"),
            units("offices", "o", "0f")
        );
        let mut users = String::new();
        for (n, (department, office, designation, active)) in self.people.iter().enumerate() {
            users += &format!("  - {{ email: p{n:02}@voyager.example, company: voyager, active: {active}");
            users.extend(department.map(|it| format!(", department: d{it}")));
            users.extend(office.map(|it| format!(", office: o{it}")));
            users.extend(designation.map(|it| format!(", designation: Title {it}")));
            users += " }\n";
        }
        let there: Vec<String> = self.there.iter().map(|n| format!("p{n:02}@voyager.example")).collect();
        let seed = SEED
            .replace("legalEntities: [{ name: voyager-de }]", &company)
            .replace("groups:\n", &format!("{users}groups:\n"))
            .replace(
                "members: [ana@voyager.example, bo@voyager.example]",
                &format!("members: [{}]", there.join(", ")),
            );
        let world = World::seeded(&format!("{seed}{dialect}"));
        let all = |it: &str, id: &str| {
            (0..3)
                .map(|n| format!("{it}{n}: {id}000000-0000-4000-8000-{n:012}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let workspace = format!(
            "version: 1\ncompany: {VOYAGER}\nids: {{ company: {{ globex: 2b7e0000-0000-4000-8000-000000000002 }}, department: {{ {} }}, office: {{ {} }} }}\nguards: {{ removals: {{ percent: 100, atMost: 1000 }} }}\nexceptions:\n  - {{ guard: group-emptied, group: Desk, upTo: 99, until: 2999-01-01, reason: r }}\n  - {{ guard: removals, of: rules, group: Desk, upTo: 9, until: 2999-01-01, reason: r }}\n",
            all("d", "de"),
            all("o", "0f")
        );
        world.write("rolecall.yaml", &workspace);
        world
    }

    fn declare(&self, world: &World, reversed: bool) {
        let person = |n: &usize| format!("p{n:02}@voyager.example");
        let list = |all: &[usize]| format!("[{}]", all.iter().map(person).collect::<Vec<_>>().join(", "));
        let rule = |[departments, offices, titles]: &[Vec<usize>; 3]| {
            let key = |key: &str, name: &str, all: &[usize]| {
                let all: Vec<String> = all.iter().map(|n| format!("{name}{n}")).collect();
                (!all.is_empty()).then(|| format!("{key}: [{}]", all.join(", ")))
            };
            let keys = [
                key("department", "d", departments),
                key("office", "o", offices),
                key("designation", "Title ", titles),
            ];
            format!("{{ {} }}", keys.into_iter().flatten().collect::<Vec<_>>().join(", "))
        };
        let mut rules: Vec<String> = self.rules.iter().map(rule).collect();
        if reversed {
            rules.reverse();
        }
        let named =
            if self.at_least { format!("{{ atLeast: {} }}", list(&self.named)) } else { list(&self.named) };
        desk(
            world,
            &format!(
                "    members: {named}\n    membersFrom: [{}]\n    except: {}\n",
                rules.join(", "),
                list(&self.except)
            ),
        );
    }

    /// Who is a member in the end, by number.
    fn expected(&self) -> Vec<usize> {
        let fits = |values: &[usize], own: Option<usize>| {
            values.is_empty() || own.is_some_and(|it| values.contains(&it))
        };
        let meant = |n: usize| {
            let (department, office, title, active) = self.people[n];
            active
                && self
                    .rules
                    .iter()
                    .any(|it| fits(&it[0], department) && fits(&it[1], office) && fits(&it[2], title))
        };
        let is_member = |n: &usize| {
            let stays = self.at_least && self.there.contains(n);
            self.named.contains(n) || stays || meant(*n) && !self.except.contains(n)
        };
        (0..self.people.len()).filter(is_member).collect()
    }
}

#[test]
fn rules_are_what_they_say_in_every_directory_from_api_and_snapshot_in_any_order() {
    side_by_side(&(1..16_u64).collect::<Vec<_>>(), |seed| {
        let mut dice = Dice(*seed);
        let drawn = Drawn::new(&mut dice);
        let dialects =
            ["", "dialect: { designations: folded, maxLimit: 3 }\n", "dialect: { defaults: dropped }\n"];
        let world = drawn.world(dialects[dice.below(3)]);
        drawn.declare(&world, false);
        world.run("snapshot --out live.json").expect(0);
        let line = "plan --format json --now 2026-12-24T03:17:00Z";
        let live = bare(&world.run(line).expect(0));
        assert_eq!(
            live,
            bare(&world.run(&format!("{line} --live live.json")).expect(0)),
            "seed {seed}: {drawn:?}"
        );
        drawn.declare(&world, true);
        let reversed = world.run(line).expect(0).json();
        assert_eq!(
            (&live["id"], &live["summary"]),
            (&reversed["id"], &reversed["summary"]),
            "seed {seed}: {drawn:?}"
        );
        world.run("apply --auto-approve").expect(0);
        let expected: Vec<String> =
            drawn.expected().iter().map(|n| format!("p{n:02}@voyager.example")).collect();
        assert_eq!(world.members("Desk"), expected, "seed {seed}: {drawn:?}");
        world.plan().expect(0).ends_with(NO_CHANGES);
    });
}

#[test]
fn a_sandbox_that_is_loaded_with_a_snapshot_knows_what_people_are() {
    let world = world("");
    desk(
        &world,
        "    members: [bo@voyager.example]\n    membersFrom: [{ office: berlin, designation: [Agent, agent], persona: [GUEST, EMPLOYEE] }]\n",
    );
    world.run("snapshot --out live.json").expect(0);
    let plan = world.run("plan --format json").expect(0).json();
    let text = std::fs::read_to_string(world.path().join("live.json")).unwrap();
    let rehearsal = World::recorded(&text).with("rolecall.yaml", IDS);
    let files = std::fs::read_to_string(world.path().join("access/a.yaml")).unwrap();
    rehearsal.write("access/a.yaml", &files);
    let again = rehearsal.run("plan --format json").expect(0).json();
    assert_eq!(plan["id"], again["id"]);
    assert_eq!(plan["companies"][0]["id"], VOYAGER);
}
