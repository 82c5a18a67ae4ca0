//! `policy facts`: what rules look at, for engines outside of this program, and that they find the same in it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{SEED, World, repository};

const EXAMPLE: &str = "examples/conftest/facts/access.rego";
const NOW: &str = "--now 2026-11-29T12:00:00Z";

/// People with roles of declared, standard and other groups, one of them outside of all; and each kind of edit.
fn world(rules: &str) -> World {
    let seed = SEED
        .replace(
            "{ email: ana@voyager.example, company: voyager }",
            "{ email: ana@voyager.example, company: voyager, directRoles: [{ roleType: GLOBAL_AGENT }] }",
        )
        .replace(
            "\ngroups:\n",
            "\n  - { email: odd@elsewhere.example, company: voyager }\ngroups:\n  - { name: Spare, company: voyager, description: Spare., roles: [{ role: Company Management Admin, scope: [{ LEGAL_ENTITY: [globex-uk] }] }], members: [odd@elsewhere.example, cy@voyager.example] }\n",
        );
    World::seeded(&seed)
        .ruled(&format!("guards: {{ privileged: [Company Management Admin, GLOBAL_AGENT] }}\n{rules}"))
        .groups(
            "  - name: Desk
    description: The desk.
    roles:
      - { role: Agent, scope: { company: [globex, initech] } }
      - { role: Trip Manager, scope: { company: initech }, until: 2026-12-31 }
    members: [ana@voyager.example, { email: cy@voyager.example, until: 2026-12-05 }]
  - name: Lead
    description: The lead.
    roles: [{ role: Agent, scope: [{ company: globex, legalEntity: globex-uk }, { profile: vip@globex.example }] }]
    members: [bo@voyager.example]
users:
  - { user: bo@voyager.example, directRoles: [{ type: COMPANY_REPORT_ADMIN, company: voyager, until: 2026-12-02 }] }
",
        )
}

fn facts(world: &World) -> Value {
    world.run(&format!("policy facts {NOW}")).expect(0).json()
}

fn wrong(facts: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(&repository("schemas/facts.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(facts).map(|it| format!("{}: {it}", it.instance_path())).collect()
}

/// What a module in Rego says of a document.
fn said(module: &str, rule: &str, input: &Value) -> BTreeSet<String> {
    let mut engine = regorus::Engine::new();
    engine.add_policy("rule.rego".to_owned(), module.to_owned()).unwrap();
    engine.set_input_json(&input.to_string()).unwrap();
    let found = engine.eval_rule(format!("data.main.{rule}")).unwrap().to_json_str().unwrap();
    serde_json::from_str::<Vec<String>>(&found).unwrap().into_iter().collect()
}

/// Rules in CEL, each with its body in Rego over one row.
const RULES: [(&str, &str); 18] = [
    ("access.privileged", "row.privileged"),
    (
        "access.privileged && access.domain != \"voyager.example\"",
        "row.privileged; row.domain != \"voyager.example\"",
    ),
    ("access.direct", "row.direct"),
    ("!access.direct && access.gives", "not row.direct; row.gives"),
    ("access.new && access.role == \"Agent\"", "row.new; row.role == \"Agent\""),
    ("access.reaches.beyondCompanies", "row.reaches.beyondCompanies"),
    ("\"initech\" in access.reaches.companies", "\"initech\" in row.reaches.companies"),
    (
        "has(access.reached) && !(\"initech\" in access.reached.companies) && access.gives",
        "row.reached; not \"initech\" in row.reached.companies; row.gives",
    ),
    ("access.through.exists(it, !it.managed)", "some way in row.through; not way.managed"),
    ("access.through.exists(it, it.standard)", "some way in row.through; way.standard"),
    ("access.through.exists(it, has(it.file) && it.line > 5)", "some way in row.through; way.line > 5"),
    (
        "has(access.line) && access.file.startsWith(\"access/\")",
        "row.line; startswith(row.file, \"access/\")",
    ),
    ("has(access.permissions) && \"AGENT\" in access.permissions", "row.permissions.AGENT"),
    ("has(access.ends)", "row.ends"),
    (
        "access.home == \"voyager\" && size(access.through) > 1",
        "row.home == \"voyager\"; count(row.through) > 1",
    ),
    ("edit.kind == \"member\" && edit.action == \"add\"", "row.kind == \"member\"; row.action == \"add\""),
    (
        "edit.privileged || edit.kind == \"directRole\"",
        "true in {row.privileged, row.kind == \"directRole\"}",
    ),
    (
        "has(edit.line) && edit.line > 8 && edit.action != \"remove\"",
        "row.line > 8; row.action != \"remove\"",
    ),
];

/// Who, or which group, breaks a rule by its evaluation here.
fn broken(cel: &str) -> BTreeSet<String> {
    let rule =
        format!("policies:\n  rules:\n    - {{ name: r, severity: warn, strict: true, deny: '{cel}' }}\n");
    let plan = world(&rule).run(&format!("plan --ask-people 0 --format json {NOW}")).expect(0).json();
    let guards = plan["guards"].as_array().unwrap().iter().filter(|it| it["policy"]["name"] == "r");
    let checks: Vec<&Value> = guards.filter(|it| it["verdict"] == "warning").collect();
    let items = checks.iter().flat_map(|it| it["items"].as_array().unwrap());
    let name = |it: &Value| {
        it["personId"].as_str().or(it["userId"].as_str()).or(it["group"].as_str()).map(str::to_owned)
    };
    items.map(|it| name(it).unwrap_or_else(|| panic!("{it}"))).collect()
}

#[test]
fn a_rule_in_cel_and_the_same_in_rego_find_the_same() {
    let facts = facts(&world(""));
    let mut found = 0;
    for (cel, rego) in RULES {
        let rows = if cel.contains("edit.") { "edits" } else { "access" };
        let body = rego.split("; ").map(|it| format!("\t{it}\n")).collect::<String>();
        let module = format!(
            "package main\n\nimport rego.v1\n\ndeny contains who if {{\n\tsome row in input.{rows}\n{body}\twho := object.get(row, \"userId\", object.get(row, \"group\", \"\"))\n}}\n"
        );
        let (cel_says, rego_says) = (broken(cel), said(&module, "deny", &facts));
        assert_eq!(cel_says, rego_says, "{cel}\n{module}");
        found += usize::from(!rego_says.is_empty());
    }
    assert!(found >= 16, "{found} of {} rules find anything", RULES.len());
}

#[test]
fn each_row_is_of_the_published_form_and_says_where_it_is_asked_for() {
    let world = world("");
    let facts = facts(&world);
    assert_eq!(wrong(&facts), [""; 0], "{facts:#}");
    assert!(world.writes().is_empty());
    let rows = |key: &str| facts[key].as_array().unwrap().clone();
    let find = |person: &str, role: &str| {
        let is_it = |it: &&Value| it["person"] == person && it["role"] == role;
        rows("access").iter().find(is_it).cloned().unwrap_or_else(|| panic!("{facts:#}"))
    };
    let agent = find("cy@voyager.example", "Agent");
    assert_eq!(agent["now"], "2026-11-29T12:00:00Z");
    let through: Vec<Value> = agent["through"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| json!([it["group"], it["managed"], it["line"]]))
        .collect();
    assert_eq!(through, [json!(["Desk", true, 6]), json!(["Night", false, null])]);
    let direct = find("bo@voyager.example", "COMPANY_REPORT_ADMIN");
    assert_eq!([&direct["file"], &direct["line"]], [&json!("access/a.yaml"), &json!(14)]);
    assert_eq!(direct["ends"], "2026-12-03T00:00:00Z");
    // What is granted, taken and created says its line; what no file asks for has none.
    let lines: Vec<Value> =
        rows("edits").iter().map(|it| json!([it["action"], it["kind"], it["line"]])).collect();
    for row in [json!(["add", "member", 8]), json!(["change", "role", 6]), json!(["remove", "member", null])]
    {
        assert!(lines.contains(&row), "{row} in {lines:?}");
    }
    assert!(facts["unread"].as_array().unwrap().is_empty());
    // Rules of the files change nothing of it, and a snapshot says the same.
    let ruled = self::world("policies: { rules: [{ name: r, deny: access.direct }] }\n");
    let again = self::facts(&ruled);
    let bare = |it: &Value| (it["access"].clone(), it["edits"].clone());
    assert_eq!(bare(&again).0.as_array().unwrap().len(), bare(&facts).0.as_array().unwrap().len());
    world.run("snapshot --out live.json").expect(0);
    let offline = world.run(&format!("policy facts --live live.json {NOW}")).expect(0).json();
    assert_eq!(bare(&offline).1, bare(&facts).1);
    assert_eq!(wrong(&offline), [""; 0]);
    let wronged = |key: &str| {
        let mut facts = facts.clone();
        facts["access"][0].as_object_mut().unwrap().remove(key).unwrap();
        wrong(&facts)
    };
    assert!(
        ["company", "userId", "role", "direct", "now", "reaches"].iter().all(|it| !wronged(it).is_empty())
    );
}

#[test]
fn the_example_says_what_is_against_it() {
    let (policy, facts) = (repository(EXAMPLE), facts(&world("")));
    assert_eq!(
        said(&policy, "deny", &facts).into_iter().collect::<Vec<_>>(),
        [
            "bo@voyager.example gets the direct role COMPANY_REPORT_ADMIN (access/a.yaml:14)",
            "odd@elsewhere.example holds Company Management Admin",
        ]
    );
    let mut broken = facts.clone();
    broken["unread"] = json!([{ "company": "c", "what": "groups" }]);
    broken["version"] = 2.into();
    let more: Vec<String> =
        said(&policy, "deny", &broken).difference(&said(&policy, "deny", &facts)).cloned().collect();
    assert_eq!(more, ["not read: groups of c", "these rules read facts of version 1"]);
    // Each line matters.
    let gives = json!([{ "company": "voyager", "userId": "u", "role": "Agent", "direct": false, "privileged": false,
        "gives": true, "new": true, "reaches": { "beyondCompanies": true }, "through": [{ "group": "Spare", "managed": false }] }]);
    let mut wide = facts.clone();
    wide["access"] = gives;
    assert!(said(&policy, "deny", &wide).contains("u holds Agent beyond named companies, through Spare"));
}
