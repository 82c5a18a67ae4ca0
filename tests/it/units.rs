//! Departments and the like by the names that the API's answers give them, where `ids:` has none: end to end through the
//! binary.

use crate::{
    lives::{KNOWN, SALES, SERVICE, business, declare, members, rules, seed},
    support::{NO_CHANGES, Run, World},
};

/// Each attribute with a name that somebody's row or part tells, and the field in which it is.
const ALL: [(&str, &str, &str); 5] = [
    ("department", "service", "departmentRef"),
    ("legalEntity", "voyager-at", "legalEntityRef"),
    ("costCenter", "4711", "costCenterRef"),
    ("office", "Berlin", "officeRef"),
    ("grade", "G7", "gradeRef"),
];

/// Looks for words anywhere in what was printed.
trait Tells {
    fn tells(self, words: &str) -> Self;
}

impl Tells for Run {
    #[track_caller]
    fn tells(self, words: &str) -> Self {
        let all = self.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let most: String = self.stdout.chars().take(4_000).collect();
        assert!(all.contains(words), "no `{words}` in\n{most}\n{}", self.stderr);
        self
    }
}

/// The world of lives, with somebody who has one of each, and no names under `ids:`.
fn world() -> World {
    World::seeded(&seeded("")).with("rolecall.yaml", &nameless())
}

fn seeded(more: &str) -> String {
    let units = "costCenters: [{ name: '4711' }], offices: [{ name: Berlin }], grades: [{ name: G7 }]";
    let seed = seed().replace(
        "legalEntities: [{ name: voyager-de,",
        &format!("{units}, legalEntities: [{{ name: voyager-at }}, {{ name: voyager-de,"),
    );
    let one = "  - { email: one@voyager.example, company: voyager, department: service, legalEntity: voyager-at, costCenter: '4711', office: Berlin, grade: G7 }\n";
    seed.replace("groups:\n", &format!("{one}{more}groups:\n"))
}

fn nameless() -> String {
    let rules = rules(KNOWN, "");
    rules[..rules.find("  legalEntity:").unwrap()].to_owned()
}

#[test]
fn a_name_that_only_the_api_knows_is_the_id_of_whoever_is_called_so() {
    let world = world();
    // One is declared so that the part is read that names the grade.
    let said: Vec<String> = ALL.iter().map(|it| format!("{}: '{}'", it.0, it.1)).collect();
    let said = said.join(", ");
    declare_people(&world, &format!("  - {{ user: one@voyager.example, business: {{ {said} }} }}\n"));
    world.plan().expect(0).ends_with(NO_CHANGES);
    declare_people(
        &world,
        &format!(
            "  - {{ user: one@voyager.example, business: {{ grade: G7 }} }}\n  - {{ user: cy@voyager.example, business: {{ {said} }} }}\n  - {{ user: ana@voyager.example, business: {{ department: service }} }}\n"
        ),
    );
    let plan = world.plan().expect(0);
    plan.tells("department sales → service")
        .tells("cost center 4711")
        .tells("office Berlin")
        .tells("grade G7");
    let by_names = world.run("plan --format json").expect(0).json();
    let one = business(&world, "one@voyager.example");
    let ids: Vec<String> =
        ALL.iter().map(|it| format!("{}: {}", it.0, one[it.2]["id"].as_str().expect(it.2))).collect();
    world.write(
        "access/a.yaml",
        &format!(
            "version: 1\nusers:\n  - {{ user: one@voyager.example, business: {{ grade: {} }} }}\n  - {{ user: cy@voyager.example, business: {{ {} }} }}\n  - {{ user: ana@voyager.example, business: {{ department: {SERVICE} }} }}\n",
            one["gradeRef"]["id"].as_str().unwrap(),
            ids.join(", ")
        ),
    );
    let by_ids = world.run("plan --format json").expect(0).json();
    assert_eq!(by_names["id"], by_ids["id"], "one plan, however it is said");
    assert_eq!(by_names["edits"].as_array().unwrap().len(), by_ids["edits"].as_array().unwrap().len());
    // And as the rows of a file.
    let head: Vec<&str> = ALL.iter().map(|it| it.0).collect();
    let columns: Vec<String> = head.iter().map(|it| format!("{it}: {it}")).collect();
    world.write(
        "access/a.yaml",
        &format!(
            "version: 1\nusersFrom: [{{ csv: people/a.csv, columns: {{ email: m, {} }} }}]\n",
            columns.join(", ")
        ),
    );
    let row: Vec<&str> = ALL.iter().map(|it| it.1).collect();
    world.write(
        "people/a.csv",
        &format!(
            "m,{}\ncy@voyager.example,{}\none@voyager.example,,,,,G7\nana@voyager.example,service,,,,\n",
            head.join(","),
            row.join(",")
        ),
    );
    assert_eq!(world.run("plan --format json").expect(0).json()["id"], by_ids["id"]);
    world.apply().expect(0);
    let (cy, one) = (business(&world, "cy@voyager.example"), business(&world, "one@voyager.example"));
    for (_, _, field) in ALL {
        assert_eq!(cy[field]["id"], one[field]["id"], "{field}");
    }
    world.plan().expect(0).ends_with(NO_CHANGES);
}

/// Declares these people and nothing else.
fn declare_people(world: &World, users: &str) {
    world.write("access/a.yaml", &format!("version: 1\nusers:\n{users}"));
}

#[test]
fn who_moves_by_a_name_is_in_the_groups_of_the_rules_in_the_same_plan() {
    let world =
        World::seeded(&seeded("")).with("rolecall.yaml", &rules(KNOWN, "").replace("service: ", "desk: "));
    let desk = |users: &str| {
        declare(&world, users);
        let text = std::fs::read_to_string(world.path().join("access/a.yaml")).unwrap();
        world.write("access/a.yaml", &text.replace("[{ department: service }]", "[{ department: desk }]"));
    };
    desk("  - { user: cy@voyager.example, business: { department: service } }\n");
    world.apply().expect(0);
    assert_eq!(members(&world), ["bo@voyager.example", "cy@voyager.example", "one@voyager.example"]);
    desk(
        "  - { user: ana@voyager.example, business: { department: service } }\n  - { user: cy@voyager.example, business: { department: sales } }\n",
    );
    // The name of the workspace is shown before that of the API.
    world.plan().expect(0).tells("department sales → desk").tells("+ member ana@voyager.example");
    world.apply().expect(0);
    assert_eq!(members(&world), ["ana@voyager.example", "bo@voyager.example", "one@voyager.example"]);
    world.plan().expect(0).ends_with(NO_CHANGES);
}

#[test]
fn what_no_name_means_is_withheld_alone_and_says_why() {
    let other = "  - { email: two@voyager.example, company: voyager, office: Wien }\n  - { email: three@voyager.example, company: voyager, office: Wien2 }\n";
    let seed = seeded(other).replace(
        "offices: [{ name: Berlin }]",
        "offices: [{ name: Berlin }, { name: Wien }, { name: Wien2 }]",
    );
    let world = World::seeded(&seed).with("rolecall.yaml", &nameless());
    // Two offices that are called alike: of one the name is another by now.
    let path = format!("/v2/users/{}/business-info", world.user("three@voyager.example"));
    let mut info = business(&world, "three@voyager.example");
    info["officeRef"]["name"] = "Wien".into();
    let _ = world.call("PUT", &path, info.clone());
    for (said, why) in [
        ("department: Servise", "did you mean `service`?"),
        ("department: SERVICE", "did you mean `service`?"),
        ("costCenter: nowhere", "no cost center is called `nowhere`"),
        ("legalEntity: x", "no legal entity is called `x`"),
        ("grade: G9", "grade of ana@voyager.example"),
    ] {
        declare_people(
            &world,
            &format!(
                "  - {{ user: ana@voyager.example, business: {{ {said}, designation: Lead }} }}\n  - {{ user: cy@voyager.example, business: {{ department: sales }} }}\n"
            ),
        );
        world.run("validate").expect(0);
        let plan = world.plan();
        plan.tells("+ person designation Lead").tells("department service → sales").tells(why);
        assert_eq!(world.run("drift").code, 3, "{said}: it differs");
        let json = world.run("plan --format json").json();
        assert_eq!(json["withheld"].as_array().unwrap().len(), 1, "{said}");
        assert_eq!(json["withheld"][0]["kind"], "unit");
    }
    world.apply().expect(3);
    assert_eq!(business(&world, "ana@voyager.example")["designation"], "Lead");
    assert_eq!(business(&world, "cy@voyager.example")["departmentRef"]["id"], SALES);
}

#[test]
fn no_account_is_made_without_its_legal_entity_and_nothing_is_given_to_it() {
    let world = world();
    let joiner = |entity: &str| {
        world.write("access/a.yaml", &format!("version: 1\ngroups:\n  - {{ name: Desk, description: The desk., roles: [{{ role: Agent, scope: {{ company: globex }} }}], members: {{ atLeast: [noor@voyager.example] }} }}\nusers:\n  - {{ user: noor@voyager.example, create: {{ name: {{ first: N, last: H }} }}, business: {{ legalEntity: {entity}, department: sales }} }}\n  - {{ user: cy@voyager.example, business: {{ department: sales }} }}\n"));
    };
    joiner("voyager-aat");
    let plan = world
        .plan()
        .tells("no account is made: no legal entity is called `voyager-aat`")
        .tells("department service → sales");
    assert!(!plan.stdout.contains("account created"), "{}", plan.stdout);
    world.apply().expect(3);
    assert!(members(&world).iter().all(|it| it != "noor@voyager.example"));
    joiner("voyager-at");
    world.plan().expect(0).tells("legal entity voyager-at").tells("+ member noor@voyager.example");
    world.apply().expect(0);
    let noor = business(&world, "noor@voyager.example");
    let one = business(&world, "one@voyager.example");
    assert_eq!(noor["legalEntityRef"]["id"], one["legalEntityRef"]["id"]);
    assert_eq!(noor["departmentRef"]["id"], SALES);
    world.plan().expect(0).ends_with(NO_CHANGES);
}

#[test]
fn where_the_list_is_refused_or_a_snapshot_has_no_names_that_is_said() {
    let users = "  - { user: ana@voyager.example, business: { department: service } }\n  - { user: cy@voyager.example, business: { designation: Lead } }\n";
    let refused = World::seeded(&format!("dialect: {{ usersList: refused }}\n{}", seeded("")))
        .with("rolecall.yaml", &nameless());
    declare_people(&refused, users);
    refused.plan().tells("which department is called `service` is not told").tells("designation Lead");
    refused.apply().expect(3);

    let world = world();
    // Taken before anything was declared of people: it has neither people nor names.
    declare_people(&world, "  - { user: ana@voyager.example, directRoles: [] }\n");
    world.run("snapshot --out early.json").expect(0);
    declare_people(&world, users);
    let early = world.run("plan --live early.json");
    assert!(early.stdout.contains("left as it is"), "{}", early.stdout);
    world.run("snapshot --out late.json").expect(0);
    let late = world.run("plan --live late.json").expect(0);
    late.tells("department sales → service");
    assert_eq!(
        world.run("plan --live late.json --format json").json()["id"],
        world.run("plan --format json").json()["id"]
    );
    // The names are left out.
    world.run("plan --out saved.json").expect(0);
    world.run("apply saved.json --auto-approve").expect(0);
    assert_eq!(business(&world, "ana@voyager.example")["departmentRef"]["id"], SERVICE);
    world.plan().expect(0).ends_with(NO_CHANGES);
}

/// The person's own answers tell what its units are called; what others are called only a snapshot or a plan knows.
#[test]
fn an_explanation_says_of_a_name_that_only_the_api_knows_whether_it_is_so() {
    let world = world();
    let said: Vec<String> = ALL.iter().map(|it| format!("{}: '{}'", it.0, it.1)).collect();
    declare_people(
        &world,
        &format!(
            "  - {{ user: one@voyager.example, business: {{ {} }} }}\n  - {{ user: ana@voyager.example, business: {{ department: service }} }}\n",
            said.join(", ")
        ),
    );
    world.run("snapshot --out live.json").expect(0);
    let rows = |line: &str| {
        let json = world.run(&format!("explain {line} --format json")).expect(0).json();
        let row =
            |it: &serde_json::Value| (it["files"].as_str().unwrap().to_owned(), it["asked"] == it["live"]);
        let rows: Vec<_> = json["attributes"].as_array().unwrap().iter().map(row).collect();
        (rows, json["differences"].as_u64().unwrap())
    };
    for more in ["", " --live live.json"] {
        let (one, differences) = rows(&format!("one@voyager.example{more}"));
        assert_eq!((one, differences), (vec![("declared".to_owned(), true); 5], 0), "{more}");
    }
    assert_eq!(rows("ana@voyager.example"), (vec![("unread".to_owned(), false)], 0));
    assert_eq!(rows("ana@voyager.example --live live.json"), (vec![("differs".to_owned(), false)], 1));
    let text = world.run("explain one@voyager.example").expect(0);
    text.tells("person department service access/a.yaml:3").tells("person grade G7 access/a.yaml:3");
}

/// Ten thousand people; `entry` and `row` say how each is named and declared.
fn many(ids: bool, key: &str) -> (World, String) {
    const PEOPLE: usize = 10_000;
    let (mut users, mut rows) = (String::new(), String::from("who,team,entity,on\n"));
    for it in 0..PEOPLE {
        let (who, team) = (format!("p{it}@voyager.example"), ["sales", "service"][it % 2]);
        users += &format!(
            "  - {{ email: {who}, company: voyager, department: {team}, legalEntity: voyager-de, employeeId: N{it} }}\n"
        );
        let named = if key == "email" { who } else { format!("N{it}") };
        rows += &format!("{named},{team},voyager-de,true\n");
    }
    let seed = seed().replace("groups:\n", &format!("{users}groups:\n"));
    let rules = if ids { rules(KNOWN, "") } else { nameless() };
    let world = World::seeded(&seed)
        .with("rolecall.yaml", &rules)
        .with("access/a.yaml", &format!("version: 1\nusersFrom: [{{ csv: people/hr.csv, key: {key}, columns: {{ {key}: who, department: team, legalEntity: entity, active: on }} }}]\n"))
        .with("people/hr.csv", &rows);
    world.forget();
    (world, rows)
}

/// How many requests were sent, and how many of the list of users.
fn sent(world: &World) -> (u64, u64) {
    let counts = world.stats()["byRoute"].clone();
    let all: u64 = counts.as_object().unwrap().values().map(|it| it.as_u64().unwrap()).sum();
    (all, counts["POST /v3/users/list"].as_u64().unwrap_or_default())
}

#[test]
fn ten_thousand_names_cost_the_list_of_users_and_nothing_else() {
    let (world, rows) = many(false, "email");
    world.plan().expect(0).ends_with(NO_CHANGES);
    let (all, listed) = sent(&world);
    assert!(listed <= 102 && all <= 102 + 6, "{listed} of {all}");
    world.write("people/hr.csv", &rows.replacen("p7@voyager.example,service", "p7@voyager.example,sales", 1));
    let plan = world.run("plan --format json").expect(0).json();
    assert_eq!(plan["edits"].as_array().unwrap().len(), 1);
}

#[test]
fn ten_thousand_employee_ids_cost_the_list_of_users_and_nothing_else() {
    let (world, rows) = many(true, "employeeId");
    world.plan().expect(0).ends_with(NO_CHANGES);
    let (all, listed) = sent(&world);
    assert!(listed <= 103 && all <= 103 + 6, "{listed} of {all}");
    // Nor do those cost more that nobody has: they are looked for in the list of the other company as well.
    world.write("people/hr.csv", &rows.replace("\nN", "\nX"));
    world.forget();
    world.plan().tells("no user has this key");
    let (all, listed) = sent(&world);
    assert!(listed <= 106 && all <= 106 + 8, "{listed} of {all}");
}
