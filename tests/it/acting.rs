//! Who may act for whom: by roles that arrange travel, as who approves and manages, and by roles over everybody.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Run, SEED, VOYAGER, World};

const ANA: &str = "ana@voyager.example";
const BO: &str = "bo@voyager.example";
const CY: &str = "cy@voyager.example";
const ROOT: &str = "root@voyager.example";
const GONE: &str = "gone@voyager.example";
const NIGHT: &str =
    "version: 1\ngroups: [{ name: Night, description: The night., roles: unmanaged, members: unmanaged }]\n";
const FORMS: [&str; 4] = ["text", "json", "markdown", "csv"];

fn arranger(world: &World, who: &str, travellers: &[&str]) {
    let list: Vec<Value> = travellers.iter().map(|it| json!({ "userId": world.user(it) })).collect();
    let role = json!({ "roleType": "TRAVEL_ARRANGER", "metadata": { "roleType": "TRAVEL_ARRANGER", "arrangerFor": list } });
    hold(world, who, &json!([role]));
}

fn hold(world: &World, who: &str, roles: &Value) {
    let path = format!("/v2/users/{}/roles", world.user(who));
    assert!(world.call("PUT", &path, json!({ "roles": roles })).0 < 300);
}

fn of_company(role: &str) -> Value {
    json!([{ "roleType": role, "metadata": { "roleType": role, "companyRef": { "id": VOYAGER } } }])
}

/// Bo books for Ana and for somebody gone; Cy and Ana herself approve for Ana, and Bo manages her; Root may book for everybody.
fn world() -> World {
    let ana = "  - { email: ana@voyager.example, company: voyager";
    let more = format!("{ana}, manager: {BO}, approvers: [{CY}, {ANA}]");
    let world = World::seeded(&SEED.replace(ana, &more));
    arranger(&world, BO, &[ANA, GONE]);
    hold(&world, ROOT, &of_company("COMPANY_TRAVEL_ARRANGER"));
    world.forget();
    world.with("access/a.yaml", NIGHT)
}

/// What the files say: Bo is to book for Ana and Cy, and Cy and Root are to approve for Ana.
fn declared() -> World {
    let users = format!(
        "version: 1
users:
  - user: {BO}
    directRoles:
      - {{ type: TRAVEL_ARRANGER, arrangerFor: [{ANA}, {CY}] }}
  - user: {ANA}
    business:
      approvers: [{CY}, {ROOT}]
"
    );
    world().with("access/u.yaml", &users).variable("ROLECALL_IDENTITY", GONE)
}

fn acts(world: &World, all: &Value) -> BTreeSet<[String; 6]> {
    let who = |it: &Value| {
        let id = it.as_str().unwrap_or_default();
        let people = [ANA, BO, CY, ROOT, GONE].into_iter();
        people.filter(|it| world.user(it) == id).map(|it| it.split('@').next().unwrap()).collect::<String>()
    };
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let act = |it: &Value| {
        let right = if it["right"].is_null() { &it["roleType"] } else { &it["right"] };
        let line = it["entries"][0]["origin"]["line"].as_u64().map_or_else(String::new, |it| it.to_string());
        [who(&it["userId"]), text(right), who(&it["over"]), text(&it["files"]), line, text(&it["doubt"])]
    };
    all.as_array().unwrap().iter().map(act).collect()
}

fn set(all: &[[&str; 6]]) -> BTreeSet<[String; 6]> {
    all.iter().map(|it| it.map(str::to_owned)).collect()
}

#[track_caller]
fn explained(world: &World, person: &str, more: &str) -> Value {
    world.run(&format!("explain {person} --format json --now 2026-11-21 {more}")).expect(0).json()
}

#[test]
fn an_explanation_tells_both_sides_with_what_the_files_say() {
    let world = declared();
    let ana = explained(&world, ANA, "");
    let others = [
        ["bo", "arranger", "ana", "declared", "5", ""],
        ["bo", "manager", "ana", "unmanaged", "", ""],
        ["cy", "approver", "ana", "declared", "8", ""],
        ["ana", "approver", "ana", "notDeclared", "", "own"],
        ["root", "approver", "ana", "missing", "8", ""],
    ];
    assert_eq!(acts(&world, &ana["acting"]["others"]), set(&others));
    assert_eq!(acts(&world, &ana["acting"]["own"]), set(&others[3..4]));
    // Ana's approving for herself is one difference, and that Root does not is another.
    assert_eq!(ana["differences"], 3, "{ana:#}");
    let bo = explained(&world, BO, "");
    let own = [
        ["bo", "arranger", "ana", "declared", "5", ""],
        ["bo", "arranger", "cy", "missing", "5", ""],
        ["bo", "arranger", "gone", "notDeclared", "", ""],
    ];
    assert_eq!(acts(&world, &bo["acting"]["own"]), set(&own));
    assert_eq!(bo["acting"]["others"], json!([]));
    // Of those that the files give to Cy it was read; of everybody else it was not.
    let cy = explained(&world, CY, "");
    assert_eq!(acts(&world, &cy["acting"]["own"]), set(&[["cy", "approver", "ana", "declared", "8", ""]]));
    assert_eq!((&cy["acting"]["read"], &cy["acting"]["unread"]), (&json!(1), &json!(0)));
    let text = world.run(&format!("explain {ANA} --now 2026-11-21")).expect(0);
    text.shows("right bo@voyager.example may book for ana@voyager.example access/u.yaml:5")
        .shows("- right ana@voyager.example approves for ana@voyager.example not declared approves for themselves")
        .shows("+ right root@voyager.example approves for ana@voyager.example access/u.yaml:8 not so yet")
        .shows("right bo@voyager.example manages ana@voyager.example");
    let markdown = world.run(&format!("explain {ROOT} --now 2026-11-21 --format markdown")).expect(0).stdout;
    assert!(markdown.contains("may act for everybody of voyager"), "{markdown}");
    assert!(
        markdown.contains("Who approves for somebody or manages them, the API tells of one person at a time")
    );
}

#[test]
fn an_explanation_asks_for_one_person_and_says_what_it_was_refused() {
    for (path, known) in
        [("", (true, true)), ("/travel-arrangers", (false, true)), ("/business-info", (true, false))]
    {
        let world = world();
        if !path.is_empty() {
            world.faults(json!([{ "path": path, "times": 0, "kind": { "status": { "code": 403 } } }]));
        }
        let ana = explained(&world, ANA, "");
        let is = |it: &str| ana["acting"][it].as_bool().unwrap();
        assert_eq!((is("arrangersKnown"), is("superiorsKnown")), known, "{path}");
        let asked = |end: &str| {
            let log = world.log();
            let paths = log.iter().filter_map(|it| it["path"].as_str()?.split('?').next());
            paths.filter(|it| it.ends_with(end)).map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let id = world.user(ANA);
        assert_eq!(asked("/travel-arrangers"), [format!("/v2/users/{id}/travel-arrangers")].into(), "{path}");
        assert_eq!(asked("/business-info"), [format!("/v2/users/{id}/business-info")].into(), "{path}");
        let text = world.run(&format!("explain {ANA}")).expect(0).stdout;
        assert_eq!(text.contains("the own list of arrangers is not known"), !known.0, "{text}");
        assert_eq!(text.contains("manager and approvers are not known"), !known.1, "{text}");
    }
}

#[test]
fn of_many_travellers_the_first_are_named_and_all_are_counted() {
    let people: String =
        (0..12).map(|n| format!("  - {{ email: t{n:02}@voyager.example, company: voyager }}\n")).collect();
    let world =
        World::seeded(&SEED.replace("groups:\n", &format!("{people}groups:\n"))).with("access/a.yaml", NIGHT);
    let travellers: Vec<String> = (0..12).map(|n| format!("t{n:02}@voyager.example")).collect();
    arranger(&world, BO, &travellers.iter().map(String::as_str).collect::<Vec<_>>());
    let run = world.run(&format!("explain {BO}")).expect(0);
    let text = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("may book for 12 people: t00@voyager.example"), "{text}");
    assert!(text.contains("and 4 more") && text.contains("acts for 12 people"), "{text}");
    let own = explained(&world, BO, "");
    assert_eq!(own["acting"]["own"].as_array().unwrap().len(), 12);
}

#[test]
fn both_sides_of_an_arranger_are_compared() {
    for (element, doubt, said) in [
        // The list of the sandbox does not look at the older place.
        (
            json!({ "roleType": "TRAVEL_ARRANGER", "roleMetadata": { "travelArrangerMetadata": { "arrangerFor": [{ "userId": "ANA" }] } } }),
            "notOnList",
            "the role says so, the traveller's own list of arrangers does not",
        ),
        // What this version cannot read names nobody for it.
        (
            json!({ "roleType": "TRAVEL_ARRANGER", "metadata": { "roleType": "TRAVEL_ARRANGER", "arrangerFor": [{ "userId": "ANA" }, {}] } }),
            "notInRole",
            "the traveller's own list of arrangers says so, the role does not",
        ),
    ] {
        let id = "5e500000-0000-4000-8000-000000000001";
        let roles = element.to_string().replace("ANA", id);
        let seed = SEED
            .replace("email: ana@voyager.example", &format!("email: ana@voyager.example, id: {id}"))
            .replace("externalId: agent-17", &format!("externalId: agent-17, directRoles: [{roles}]"));
        // The role is read of those that the files name, or the list.
        let users = format!(
            "version: 1\nusers: [{{ user: {BO}, directRoles: {{ atLeast: [{{ type: TRAVEL_ARRANGER, arrangerFor: [{ANA}] }}] }} }}]\n"
        );
        let world = World::seeded(&seed).with("access/u.yaml", &users);
        let ana = explained(&world, ANA, "");
        let doubts: BTreeSet<String> =
            acts(&world, &ana["acting"]["others"]).into_iter().map(|it| it[5].clone()).collect();
        assert!(doubts.contains(doubt), "{doubts:?}");
        let text = world.run(&format!("explain {ANA}")).expect(0).stdout;
        assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(said), "{text}");
    }
}

fn rows(run: &Run) -> BTreeSet<[String; 5]> {
    let mut reader = csv::Reader::from_reader(run.stdout.as_bytes());
    let heads = reader.headers().unwrap().clone();
    assert_eq!(
        heads.iter().collect::<Vec<_>>(),
        ["person", "standing", "right", "through", "origin", "files", "note"]
    );
    let row = |it: csv::StringRecord| [0, 2, 3, 4, 6].map(|at| it[at].to_owned());
    reader.records().map(|it| row(it.unwrap())).collect()
}

fn cells(all: &[[&str; 5]]) -> BTreeSet<[String; 5]> {
    all.iter().map(|it| it.map(str::to_owned)).collect()
}

const BOOKS: [&str; 5] = [BO, "may book", "role TRAVEL_ARRANGER", "access/u.yaml:5", ""];
const MANAGES: [&str; 5] = [BO, "manages", "manager of ana@voyager.example", "", ""];
const APPROVES: [&str; 5] = [CY, "approves", "approvers of ana@voyager.example", "access/u.yaml:8", ""];
const OWN: [&str; 5] = [ANA, "approves", "approvers of ana@voyager.example", "", "approves for themselves"];
const OTHER: [&str; 5] = [ROOT, "approves", "approvers of ana@voyager.example", "access/u.yaml:8", ""];
const EVERYBODY: [&str; 5] =
    [ROOT, "may act for everybody of voyager", "role COMPANY_TRAVEL_ARRANGER", "", ""];

#[test]
fn who_can_act_for_somebody_is_answered_live_from_a_snapshot_and_as_desired() {
    let world = declared();
    let line = format!("who-can act-for:{ANA} --now 2026-11-21 --format csv");
    let live = world.run(&line).expect(0);
    assert_eq!(rows(&live), cells(&[BOOKS, MANAGES, APPROVES, OWN]));
    let users = world.run(&format!("{line} --users")).expect(0);
    assert_eq!(rows(&users), cells(&[BOOKS, MANAGES, APPROVES, OWN, EVERYBODY]));
    let desired = world.run(&format!("{line} --desired")).expect(0);
    assert_eq!(rows(&desired), cells(&[BOOKS, MANAGES, APPROVES, OTHER]));
    world.run("snapshot --out live.json").expect(0);
    let snapshot = world.run(&format!("{line} --live live.json")).expect(0);
    assert_eq!(rows(&snapshot), rows(&live), "of those that the files name a snapshot tells the same");
    let desired = world.run(&format!("{line} --live live.json --desired")).expect(0);
    assert_eq!(rows(&desired), cells(&[BOOKS, MANAGES, APPROVES, OTHER]));
    // Of who is in no file a snapshot does not know it, and says so.
    let nobody = world.run(&format!("who-can act-for:{CY} --live live.json")).expect(0);
    for said in [
        "The person's own list of arrangers",
        "Who manages the person and approves",
        "Nobody, as far as was seen.",
    ] {
        assert!(nobody.stdout.contains(said), "{}", nobody.stdout);
    }
}

#[test]
fn every_form_answers_and_says_what_was_not_seen() {
    let world = declared();
    for form in FORMS {
        let run = world.run(&format!("who-can act-for:{ANA} --now 2026-11-21 --format {form}")).expect(0);
        for who in [BO, CY, ANA] {
            assert!(run.stdout.contains(who), "{form} {}", run.stdout);
        }
        assert_eq!(
            run.stdout.contains("Roles of groups that reach the person were not looked at"),
            form != "csv",
            "{form} {}",
            run.stdout
        );
    }
    let json = world.run(&format!("who-can act-for:{ANA} --now 2026-11-21 --format json")).expect(0).json();
    assert_eq!(json["question"], json!({ "command": "who-can", "person": ANA }));
    assert_eq!(json["message"], "3 people may act for ana@voyager.example.");
    assert_eq!(json["acting"].as_array().unwrap().len(), 4);
    // Somebody inactive cannot act now.
    arranger(&world, GONE, &[ANA]);
    let text = world.run(&format!("who-can act-for:{ANA}")).expect(0).stdout;
    assert!(text.contains("gone@voyager.example  (not active)"), "{text}");
    assert!(text.contains("1 of them cannot now"), "{text}");
}

#[test]
fn policies_keep_approving_and_booking_for_the_same_people_apart() {
    let ana = "  - { email: ana@voyager.example, company: voyager";
    let led = format!("{ana}, manager: {BO}, approvers: [{CY}, {BO}]");
    for (policy, users, broken) in [
        // What no file declares is known of whom it is read, and stood before.
        (
            "roles: [MANAGER], apartFrom: [APPROVER], strict: true",
            "business: { designation: Lead, grade: 94ade000-0000-4000-8000-000000000007 }",
            "bo@voyager.example",
        ),
        // Of whom it is not read nothing is claimed.
        ("roles: [MANAGER], apartFrom: [APPROVER], strict: true", "active: true", ""),
        (
            "roles: [MANAGER], apartFrom: [APPROVER], strict: true",
            "business: { manager: root@voyager.example }",
            "",
        ),
        (
            "roles: [APPROVER], apartFrom: [ARRANGER]",
            "business: { approvers: [bo@voyager.example] }, directRoles: unmanaged",
            "bo@voyager.example",
        ),
        ("roles: [APPROVER], apartFrom: [ARRANGER]", "business: { approvers: [cy@voyager.example] }", ""),
        // A type of roles over everybody is beside the words, as it was.
        (
            "roles: [APPROVER], apartFrom: [COMPANY_TRAVEL_ARRANGER]",
            "business: { approvers: [root@voyager.example] }",
            "root@voyager.example",
        ),
    ] {
        let seed = SEED.replace(ana, &led).replace(
            "legalEntities: [{ name: voyager-de }]",
            "grades: [{ name: g7, id: 94ade000-0000-4000-8000-000000000007 }]",
        );
        let world = World::seeded(&seed).ruled(&format!(
            "guards: {{ privileged: [] }}\npolicies: {{ separation: [{{ name: p, {policy} }}] }}\n"
        ));
        arranger(&world, BO, &[ANA]);
        hold(&world, ROOT, &of_company("COMPANY_TRAVEL_ARRANGER"));
        world.write("access/u.yaml", &format!("version: 1\nusers: [{{ user: {ANA}, {users} }}]\n"));
        let what = format!("{policy} {users}");
        let plan = world.run("plan --format json").json();
        let stops: Vec<&Value> = plan["guards"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| it["verdict"]["kind"] == "stop" || it["verdict"] == "stop")
            .collect();
        let text = world.run("plan").stdout;
        assert_eq!(
            text.contains("holds roles that are kept apart"),
            !broken.is_empty(),
            "{what} {text} {stops:?}"
        );
        assert!(broken.is_empty() || text.contains(&format!("{broken} ←")), "{what} {text}");
        world.run("snapshot --out live.json").expect(0);
        let offline = world.run("plan --live live.json").stdout;
        assert_eq!(
            offline.contains("holds roles that are kept apart"),
            !broken.is_empty(),
            "{what} {offline}"
        );
    }
    for (word, near) in [("APROVER", "APPROVER"), ("Arranger", "ARRANGER"), ("MANAGERS", "MANAGER")] {
        let world = World::new()
            .ruled(&format!(
                "policies: {{ separation: [{{ name: p, roles: [{word}], apartFrom: [Agent] }}] }}\n"
            ))
            .with("access/a.yaml", NIGHT);
        world.run("plan").expect(4).says(&["unknown-role", word, near]);
    }
}

#[test]
fn a_question_about_nobody_or_about_travellers_is_an_error() {
    let world = world();
    world.run("who-can act-for:nobody@voyager.example").expect(4);
    world.run(&format!("who-can act-for:{ANA} --legal-entity globex-uk")).expect(4);
    world.run("who-can act-for:").expect(4);
}

/// Says of Ana who approves for her and manages her.
fn ana(world: &World, business: &str) {
    let arranges = format!(
        "  - {{ user: {BO}, directRoles: [{{ type: TRAVEL_ARRANGER, arrangerFor: [{ANA}, {CY}] }}] }}\n"
    );
    let users = format!("version: 1\nusers:\n{arranges}  - {{ user: {ANA}, business: {business} }}\n");
    world.write("access/u.yaml", &users);
}

/// What each person gains and loses by a plan, with what it is over.
fn people(world: &World) -> (BTreeSet<[String; 4]>, Value) {
    let plan = world.run("plan --format json").expect(0).json();
    let who = |it: &Value| {
        let people = [ANA, BO, CY, ROOT, GONE];
        let found = people.into_iter().find(|who| Some(&*world.user(who)) == it.as_str());
        found.unwrap_or("?").split('@').next().unwrap().to_owned()
    };
    let mut all = BTreeSet::new();
    for row in plan["people"]["affected"].as_array().unwrap() {
        for role in row["roles"].as_array().unwrap() {
            for user in row["userIds"].as_array().unwrap() {
                let right = role["right"].as_str().or(role["roleType"].as_str()).unwrap_or("role").to_owned();
                for (sign, field) in [("+", "gainsOver"), ("-", "losesOver")] {
                    let over = role[field].as_array().into_iter().flatten();
                    all.extend(over.map(|it| [sign.to_owned(), who(user), right.clone(), who(it)]));
                }
            }
        }
    }
    (all, plan["people"].clone())
}

#[test]
fn a_plan_says_who_comes_to_act_for_somebody_and_who_no_longer_does() {
    let world = world().variable("ROLECALL_IDENTITY", GONE).ruled("guards: { privileged: [] }\n");
    ana(&world, &format!("{{ approvers: [{CY}, {ROOT}], manager: {CY} }}"));
    let (rows, people_of) = people(&world);
    let expected = [
        ["+", "root", "approver", "ana"],
        ["-", "ana", "approver", "ana"],
        ["+", "cy", "manager", "ana"],
        ["-", "bo", "manager", "ana"],
    ];
    assert_eq!(rows, expected.map(|it| it.map(str::to_owned)).into());
    // Bo gains Cy as a traveller and loses Ana as a report and the one who is gone as a traveller.
    assert_eq!((&people_of["gain"], &people_of["lose"]), (&json!(3), &json!(2)), "{people_of:#}");
    let text = world.plan().expect(0).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "cy@voyager.example gains manages ana@voyager.example",
        "root@voyager.example gains approves for ana@voyager.example",
        "bo@voyager.example gains TRAVEL_ARRANGER: may book for cy@voyager.example",
        "ana@voyager.example loses approves for ana@voyager.example",
        "manages ana@voyager.example",
        "TRAVEL_ARRANGER: may book for gone@voyager.example",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    for form in ["markdown", "html", "csv", "slack"] {
        let run = world.run(&format!("plan --format {form}"));
        assert!(run.stdout.contains("approves for"), "{form}: {} {}", run.stdout, run.stderr);
    }
    world.apply().expect(0);
    world.plan().expect(0).ends_with(crate::support::NO_CHANGES);
    // In another order, nobody gains or loses.
    ana(&world, &format!("{{ approvers: [{ROOT}, {CY}], manager: {CY} }}"));
    let (rows, people) = people(&world);
    assert_eq!((rows.len(), &people["gain"], &people["lose"]), (0, &json!(0), &json!(0)));
}

/// An account that is not active acts for nobody, and one that the plan activates does for all who name it.
#[test]
fn who_is_not_active_acts_for_nobody_until_the_account_is() {
    let ana = "  - { email: ana@voyager.example, company: voyager";
    let world = World::seeded(&SEED.replace(ana, &format!("{ana}, manager: {GONE}, approvers: [{GONE}, {CY}]")))
        .with("access/a.yaml", NIGHT)
        .ruled("api: { identity: { email: root@voyager.example }, dialect: { userDelete: deactivates } }\nguards: { privileged: [], people: { percent: 100 } }\n");
    let files = |approvers: &str, manager: &str, more: &str| {
        world.write("access/u.yaml", &format!("version: 1\nusers:\n  - {{ user: {ANA}, business: {{ approvers: [{approvers}], manager: {manager} }} }}\n{more}"));
    };
    let of_gone = || {
        let all = people(&world).0.into_iter();
        all.filter(|it| it[1] == "gone")
            .map(|it| format!("{} {} {}", it[0], it[2], it[3]))
            .collect::<Vec<_>>()
    };
    // Nothing is lost that nobody could do, and the rest is told.
    files(&format!("{GONE}, {CY}"), BO, "");
    assert_eq!(of_gone(), [""; 0]);
    assert!(people(&world).0.iter().any(|it| it[1] == "bo"));
    // Who names the account does so already.
    files(&format!("{GONE}, {CY}"), GONE, &format!("  - {{ user: {GONE}, active: true }}\n"));
    assert_eq!(of_gone(), ["+ approver ana", "+ manager ana"]);
    world.apply().expect(0);
    files(&format!("{GONE}, {CY}"), GONE, &format!("  - {{ user: {GONE}, active: false }}\n"));
    assert_eq!(of_gone(), ["- approver ana", "- manager ana"]);
}

#[test]
fn a_saved_plan_says_the_same_of_who_acts() {
    let world = world().variable("ROLECALL_IDENTITY", GONE).ruled("guards: { privileged: [] }\n");
    ana(&world, &format!("{{ approvers: [{ROOT}] }}"));
    let plan = world.run("plan --out plan.json").expect(0).stdout;
    let shown = world.run("show plan.json").expect(0).stdout;
    let of =
        |it: &str| it.lines().filter(|it| it.contains("approves for")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(of(&plan), of(&shown));
    assert_eq!(of(&plan).len(), 3, "{plan}");
}

#[test]
fn a_report_says_how_many_people_somebody_acts_for() {
    let world = world().variable("ROLECALL_IDENTITY", GONE);
    let users = format!(
        "version: 1\nusers:\n  - {{ user: {ANA}, business: {{ approvers: [{CY}] }} }}\n  - {{ user: {ROOT}, business: {{ grade: 2b7e0000-0000-4000-8000-000000000009 }} }}\n"
    );
    world.write("access/u.yaml", &users);
    let path = format!("/v2/users/{}/business-info", world.user(ROOT));
    let mut root = world.call("GET", &path, Value::Null).1;
    root["designatedApproverRefs"] = json!([{ "id": world.user(CY) }, { "id": world.user(BO) }]);
    assert!(world.call("PUT", &path, root).0 < 300);
    let json = world.run("report --users --format json").expect(0).json();
    let person = |who: &str| {
        let all = json["people"].as_array().unwrap();
        all.iter().find(|it| it["userId"] == world.user(who)).unwrap().clone()
    };
    let mut over = [ANA, ROOT].map(|it| world.user(it));
    over.sort();
    assert_eq!(person(CY)["acts"], json!([{ "right": "approver", "over": over }]));
    assert_eq!(person(BO)["acts"][1], json!({ "right": "manager", "over": [world.user(ANA)] }));
    let text = world.run("report --users --format text").expect(0).stdout;
    for form in ["text", "markdown", "csv", "html"] {
        let text = world.run(&format!("report --users --format {form}")).expect(0).stdout;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for said in [
            "approves for 2 people: ana@voyager.example, root@voyager.example",
            "TRAVEL_ARRANGER: may book for 2 people",
        ] {
            assert!(text.contains(said), "{form}: {said}: {text}");
        }
    }
    assert!(text.contains("was read of 2 people alone"), "{text}");
}

#[test]
fn a_rule_can_forbid_who_may_act_for_somebody() {
    let rules = "guards: { privileged: [] }
policies:
  rules:
    - { name: nobody approves for themselves, when: 'has(edit.actors) && edit.attribute == \"approvers\"', deny: edit.person in edit.actors }
    - { name: nobody books for Cy, when: has(access.over), deny: '\"cy@voyager.example\" in access.over' }
";
    for (business, arranges, said) in [
        (format!("{{ approvers: [{ROOT}, {CY}] }}"), ANA, None),
        (format!("{{ approvers: [{ROOT}, {ANA}] }}"), ANA, Some("nobody approves for themselves")),
        (format!("{{ manager: {ANA} }}"), ANA, None),
        (format!("{{ approvers: [{CY}] }}"), CY, Some("nobody books for Cy")),
    ] {
        let world = world().variable("ROLECALL_IDENTITY", GONE).ruled(rules);
        let users = format!(
            "version: 1\nusers:\n  - {{ user: {BO}, directRoles: [{{ type: TRAVEL_ARRANGER, arrangerFor: [{arranges}] }}] }}\n  - {{ user: {ANA}, business: {business} }}\n"
        );
        world.write("access/u.yaml", &users);
        let plan = world.run("plan --check").expect(if said.is_some() { 6 } else { 0 }).stdout;
        for name in ["nobody approves for themselves", "nobody books for Cy"] {
            assert_eq!(plan.contains(&format!("{name}:")), said == Some(name), "{business} {plan}");
        }
    }
}

#[test]
fn somebody_who_is_to_approve_for_themselves_is_remarked_on() {
    let world = world().variable("ROLECALL_IDENTITY", GONE).ruled("guards: { privileged: [] }\n");
    ana(&world, &format!("{{ approvers: [{CY}, {ANA}] }}"));
    for (line, code, field) in
        [("validate --format json", 4, "findings"), ("plan --format json", 0, "remarks")]
    {
        let run = world.run(line).expect(code).json();
        let codes: Vec<&str> =
            run[field].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["approves-own"], "{line}");
    }
    ana(&world, &format!("{{ approvers: [{CY}], manager: {ANA} }}"));
    assert!(world.run("validate").expect(4).stdout.contains("is to be their own manager"));
}

/// What entries ask for of an arranger, whoever else they name: what is withheld of a plan is told as withheld.
#[test]
fn what_is_asked_of_an_arranger_is_told_whole_and_as_a_plan_would_do_it() {
    const VIP: &str = "vip@globex.example";
    for (travellers, told, withheld) in [
        (&[VIP, CY][..], &["vip", "cy"][..], false),
        (&[CY, ROOT], &["cy", "root"], false),
        (&[VIP, GONE], &["vip", "gone"], true),
        (&[CY, "ghost@voyager.example"], &["cy"], true),
    ] {
        let users = format!(
            "version: 1\nusers:\n  - {{ user: {ANA}, directRoles: [{{ type: TRAVEL_ARRANGER, arrangerFor: [{}] }}] }}\n",
            travellers.join(", ")
        );
        let world = World::new()
            .with("access/a.yaml", NIGHT)
            .with("access/u.yaml", &users)
            .variable("ROLECALL_IDENTITY", ROOT);
        let said = world.run(&format!("explain {ANA} --now 2026-11-21")).expect(0).stdout;
        for who in told {
            assert!(said.contains(&format!("{who}@")), "{travellers:?}: no {who} in\n{said}");
        }
        assert_eq!(said.contains("withheld"), withheld, "{travellers:?}: {said}");
        let plan = world.plan().expect(0).stdout;
        assert_eq!(plan.contains("Withheld"), withheld, "{travellers:?}: {plan}");
        let json = explained(&world, ANA, "");
        let own = json["acting"]["own"].as_array().unwrap();
        assert_eq!(own.len(), told.len(), "{json:#}");
        assert!(own.iter().all(|it| (it["doubt"] == "withheld") == withheld), "{json:#}");
        if !withheld {
            // The other side says the same of the same entry.
            let other = world.run(&format!("explain {} --now 2026-11-21", travellers[0])).expect(0);
            other.shows(&format!("+ right {ANA} may book for {} access/u.yaml:3 not so yet", travellers[0]));
        }
    }
}

/// Whoever is to hold a role over everybody there is asked for it, and told of, by both questions alike.
#[test]
fn roles_over_everybody_that_files_declare_are_read_of_whoever_they_may_be_over() {
    for (role, place, over_ana) in [
        ("COMPANY_TRAVEL_ARRANGER", "company: voyager", true),
        ("COMPANY_TRAVEL_ARRANGER", "company: globex", false),
        ("COMPANY_ADMIN", "company: voyager", true),
        ("TMC_AGENT", "tmc: voyager", true),
    ] {
        let users =
            format!("version: 1\nusers:\n  - {{ user: {BO}, directRoles: [{{ type: {role}, {place} }}] }}\n");
        let world = World::new()
            .with("access/a.yaml", NIGHT)
            .with("access/u.yaml", &users)
            .with("rolecall.yaml", "version: 1\ncompany: voyager\nguards: { privileged: [] }\nids: { company: { voyager: 1a6f0000-0000-4000-8000-000000000001, globex: 2b7e0000-0000-4000-8000-000000000002 } }\n")
            .variable("ROLECALL_IDENTITY", ROOT);
        let asked = |live: bool| {
            let said = world.run(&format!("explain {ANA} --now 2026-11-21")).expect(0).stdout;
            let line = said.lines().find(|it| it.contains(&format!("{BO} may act for")));
            assert_eq!(line.is_some(), over_ana, "{role} {place}: {said}");
            assert!(line.is_none_or(|it| it.contains("not so yet") != live && it.contains(role)), "{said}");
            let answer = world.run(&format!("who-can act-for:{ANA} --now 2026-11-21")).expect(0).stdout;
            assert_eq!(answer.contains(BO), over_ana && live, "{role} {place}: {answer}");
        };
        asked(false);
        world.apply().expect(0);
        asked(true);
    }
}

/// What the person is to do for others is nothing to who acts for the person.
#[test]
fn what_was_not_read_of_who_acts_is_said_of_them_alone_in_plain_words() {
    let users = format!(
        "version: 1\nusers:\n  - {{ user: {ANA}, directRoles: [{{ type: TRAVEL_ARRANGER, arrangerFor: [{CY}] }}] }}\n  - {{ user: {BO}, directRoles: [{{ type: TRAVEL_ARRANGER, arrangerFor: [{ANA}] }}] }}\n"
    );
    let world = world().with("access/u.yaml", &users);
    let answer = world.run(&format!("who-can act-for:{ANA}")).expect(0).stdout;
    assert!(!answer.contains("was not read\n") && !answer.contains("it was not told"), "{answer}");
    let path = format!("/v2/users/{}/roles", world.user(BO));
    world.faults(json!([{ "path": path, "times": 0, "kind": { "status": { "code": 403 } } }]));
    let answer = world.run(&format!("who-can act-for:{ANA}")).expect(0).stdout;
    let said = "1 person acts for the person by the files, and whether that is so was not read";
    assert!(answer.contains(said), "{answer}");
}

/// A report says by which line somebody approves or manages, as a question does.
#[test]
fn a_report_names_the_lines_by_which_people_act() {
    let users = format!(
        "version: 1\nusers:\n  - user: {ANA}\n    business:\n      manager: {BO}\n      approvers: [{CY}, {ROOT}]\n"
    );
    let world = world().with("access/u.yaml", &users).variable("ROLECALL_IDENTITY", GONE);
    world.apply().expect(0);
    let rows = world.run("report --format csv").expect(0).stdout;
    for (who, through, line) in [
        (BO, "named as manager", "access/u.yaml:5"),
        (CY, "named as approver", "access/u.yaml:6"),
        (ROOT, "named as approver", "access/u.yaml:6"),
    ] {
        let row = rows.lines().find(|it| it.contains(who) && it.contains(through));
        assert!(row.is_some_and(|it| it.contains(line)), "{who} {through}: {rows}");
    }
    for form in FORMS {
        let said = world.run(&format!("report --format {form}")).expect(0).stdout;
        assert!(!said.contains("said of them"), "{said}");
    }
}
