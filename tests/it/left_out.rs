//! What an answer leaves out: each field of each answer, as the table in docs/answers.md says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::{Run, SEED, VOYAGER, World, repository};

/// A row of the table, for one field.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) route: String,
    pub(crate) field: String,
    pub(crate) then: String,
    /// What comes of another value.
    pub(crate) another: String,
}

/// The lines of the first table of the page, or of the second.
pub(crate) fn lines(table: usize) -> Vec<String> {
    let page = repository("docs/answers.md");
    let mut tables: Vec<Vec<String>> = vec![Vec::new()];
    for line in page.lines() {
        match (line.starts_with('|'), tables.last_mut().unwrap()) {
            (true, last) => last.push(line.to_owned()),
            (false, last) if last.is_empty() => (),
            (false, _) => tables.push(Vec::new()),
        }
    }
    tables.swap_remove(table).split_off(2)
}

pub(crate) fn cells(line: &str) -> Vec<&str> {
    line.strip_prefix('|').unwrap().strip_suffix('|').unwrap().split('|').map(str::trim).collect()
}

pub(crate) fn table() -> Vec<Row> {
    let mut route = String::new();
    let mut rows = Vec::new();
    for line in lines(0) {
        let [answer, fields, _, then, another] = cells(&line)[..] else { panic!("five columns: {line}") };
        if !answer.is_empty() {
            answer.trim_matches('`').clone_into(&mut route);
        }
        let field = |it: &str| Row {
            route: route.clone(),
            field: it.trim_matches('`').to_owned(),
            then: then.to_owned(),
            another: another.to_owned(),
        };
        rows.extend(fields.split(", ").map(field));
    }
    rows
}

/// A world in which every answer matters: somebody joins, two do not because they left, one goes whom a pattern could
/// protect, roles change, a standard group is asked to, somebody is locked out and somebody's direct roles change.
pub(crate) fn world(dialect: &str) -> World {
    let seed = SEED.replace(
        "members: [ana@voyager.example, bo@voyager.example]",
        "members: [ana@voyager.example, bo@voyager.example, cy@voyager.example, dan@voyager.example]",
    );
    let seed = seed
        .replace("members: [root@voyager.example]", "members: [root@voyager.example, cy@voyager.example]");
    let seed = seed.replace("users:\n", "  - { name: Local, company: voyager, description: Own., permissions: [{ permission: AGENT, actions: [READ] }] }\nusers:\n");
    let seed = seed.replace("groups:\n", "  - { email: dan@voyager.example, company: voyager }\n  - { email: ceo@voyager.example, company: voyager }\ngroups:\n");
    let world = World::seeded(&format!("{seed}dialect: {dialect}\n"))
        .ruled(
            "guards: { protected: { people: [\"ceo@*\"] } }
lockout: [{ email: root@voyager.example, since: 2026-11-20, reason: stolen laptop }]
",
        )
        .groups(
            "  - name: Desk
    description: The desk.
    roles: [{ role: { name: Agent, providedBy: platform }, scope: { company: [globex, initech] } }]
    members: [ana@voyager.example, gone@voyager.example, { externalId: agent-17 }]
  - name: Night
    description: The night.
    roles: unmanaged
    members: [{ employeeId: V-3 }, bo@voyager.example, ceo@voyager.example, gone@voyager.example]
  - name: Company Admins
    description: Administrators of the company.
    roles: [{ role: Company Management Admin, scope: { company: voyager } }]
    members: unmanaged
users:
  - { user: ana@voyager.example, directRoles: [{ type: COMPANY_ADMIN, company: globex }] }
",
        );
    let globex = "2b7e0000-0000-4000-8000-000000000002";
    let role = |name: &str| json!({ "roleType": name, "metadata": { "roleType": name, "companyRef": { "id": globex } } });
    let path = format!("/v2/users/{}/roles", user(&world, "ana@voyager.example"));
    let roles = json!({ "roles": [role("COMPANY_ADMIN"), role("COMPANY_REPORT_ADMIN")] });
    assert!(world.call("PUT", &path, roles).0 < 300);
    world
}

/// Finds a user by the question that no dialect refuses.
fn user(world: &World, email: &str) -> String {
    let path = format!("/v2/users?companyId={VOYAGER}&email={email}&includeInactive=true");
    world.call("GET", &path, Value::Null).1["elements"][0]["id"].as_str().unwrap().to_owned()
}

fn plan(world: &World) -> Run {
    world.run("plan --format json --now 2026-12-24T03:17:00Z")
}

/// Who gets and who loses which kind of thing where.
fn edits(plan: &Value) -> BTreeSet<String> {
    let all = plan["edits"].as_array().into_iter().flatten().filter(|it| it["kind"] != "group");
    let who = |it: &Value| match text_of(it, "kind") {
        "member" => format!("{} {} {}", it["group"], it["action"], it["userId"]),
        "role" => format!("{} {} {}", it["group"], it["action"], it["roleId"]),
        _ => format!("{} {} {}", it["userId"], it["action"], it["roleType"]),
    };
    all.map(who).collect()
}

fn text_of<'a>(it: &'a Value, field: &str) -> &'a str {
    it[field].as_str().unwrap_or_default()
}

fn withheld(plan: &Value) -> usize {
    plan["withheld"].as_array().map_or(0, Vec::len)
}

fn of_groups(edits: &BTreeSet<String>) -> BTreeSet<&String> {
    edits
        .iter()
        .filter(|it| it.starts_with("\"Desk") || it.starts_with("\"Night") || it.starts_with("\"Company"))
        .collect()
}

/// The part of a path by which the sandbox knows a route that was asked for.
pub(crate) fn path(world: &World, route: &str) -> String {
    let who = match route.rsplit('/').next() {
        Some("roles") => "ana@voyager.example",
        Some("user-groups") => "root@voyager.example",
        _ => "dan@voyager.example",
    };
    let path = route.split_once(' ').unwrap().1;
    let path = path.replace("{companyId}", VOYAGER).replace("{groupId}", &world.id("Desk"));
    let query = if route.starts_with("GET") && !route.ends_with("roles") { "?" } else { "" };
    path.replace("{userId}", &user(world, who)) + query
}

#[test]
fn a_field_that_is_left_out_means_what_the_table_says() {
    let rows = table();
    for (dialect, single) in [("{}", false), ("{ usersList: refused }", true)] {
        let world = world(dialect);
        let baseline = plan(&world).expect(0).json();
        let (wanted, held) = (edits(&baseline), withheld(&baseline));
        let gone = user(&world, "gone@voyager.example");
        assert!(wanted.iter().all(|it| !it.contains(&gone)) && wanted.len() >= 6, "{wanted:#?}");
        for row in &rows {
            let alone = ["GET /v2/users", "GET /v2/users/{userId}"].contains(&&*row.route);
            if alone != single {
                continue;
            }
            let fault = json!({ "leaveOut": { "field": row.field } });
            let method = row.route.split(' ').next().unwrap();
            world.faults(
                json!([{ "times": 0, "method": method, "path": path(&world, &row.route), "kind": fault }]),
            );
            let run = plan(&world);
            let name = format!("{} without {}: {}\n{}", row.route, row.field, row.then, run.stderr);
            let planned: Value = serde_json::from_str(&run.stdout).unwrap_or_default();
            let found = edits(&planned);
            let surplus: Vec<&String> = of_groups(&found).difference(&of_groups(&wanted)).copied().collect();
            match &*row.then {
                "no plan" => assert_eq!(run.code, 8, "{name}"),
                "the same plan" => {
                    assert_eq!((run.code, &found, withheld(&planned)), (0, &wanted, held), "{name}");
                }
                "withheld" => {
                    assert!(run.code == 0 && withheld(&planned) > held, "{name}{found:#?}");
                    assert!(found.is_subset(&wanted) && found != wanted, "{name}{found:#?}");
                }
                "files decide" => assert!(run.code == 0 && surplus.is_empty(), "{name}{surplus:#?}"),
                "refused" => assert!(
                    run.code == 0 && surplus.iter().all(|it| it.contains("Company Admins")),
                    "{name}{surplus:#?}"
                ),
                other => panic!("`{other}` is no outcome"),
            }
            world.faults(json!([]));
        }
    }
}

/// Notes the path of every field, whichever row of a list it is in.
fn fields(answer: &Value, above: &str, found: &mut BTreeSet<String>) {
    match answer {
        Value::Array(rows) => rows.iter().for_each(|it| fields(it, above, found)),
        Value::Object(own) => {
            for (name, value) in own {
                let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
                fields(value, &path, found);
                found.insert(path);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

#[test]
fn every_field_of_every_answer_to_a_plan_is_in_the_table() {
    let rows = table();
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for dialect in ["{}", "{ usersList: refused }"] {
        let world = world(dialect);
        world.forget();
        plan(&world).expect(0);
        for asked in world.log() {
            let text = |name: &str| asked[name].as_str().unwrap().to_owned();
            let (status, answer) = world.call(&text("method"), &text("path"), asked["body"].clone());
            if status < 300 {
                let route = format!("{} {}", text("method"), text("route"));
                fields(&answer, "", seen.entry(route).or_default());
            }
        }
    }
    for (route, fields) in &seen {
        let listed: Vec<&str> = rows.iter().filter(|it| it.route == *route).map(|it| &*it.field).collect();
        // What is below a field that is not read is not read either.
        let is_listed =
            |it: &str| listed.iter().any(|known| it == *known || it.starts_with(&format!("{known}.")));
        let missing: Vec<&String> = fields.iter().filter(|it| !is_listed(it)).collect();
        assert!(missing.is_empty(), "{route}: {missing:?}");
    }
    let routes: BTreeSet<&String> = rows.iter().map(|it| &it.route).collect();
    assert_eq!(seen.keys().collect::<BTreeSet<_>>(), routes, "each answer of the table was seen");
}

/// Makes the sandbox leave out fields of every answer, of each request the next of them.
fn nowhere(world: &World, field: &str) {
    world.faults(json!([{ "times": 0, "kind": { "leaveOut": { "field": field } } }]));
}

#[test]
fn a_field_that_no_answer_has_gives_and_takes_nothing() {
    for dialect in ["{}", "{ usersList: refused }"] {
        let world = world(dialect);
        let wanted = edits(&plan(&world).expect(0).json());
        for (field, code) in [
            ("isActive", 0),
            ("email", 0),
            ("businessEmail", 0),
            ("externalId", 0),
            ("employeeId", 0),
            ("organization", 0),
            ("organizationRef", 0),
            ("businessInfo", 0),
            ("businessDetail", 0),
            ("length", 0),
            ("permissions", 0),
            ("actions", 0),
            // Then it cannot be told which role `providedBy` means: it is withheld.
            ("isPlatformRole", 0),
            ("name", 8),
            ("id", 8),
            ("totalNumResults", 8),
        ] {
            nowhere(&world, field);
            let run = plan(&world);
            assert_eq!(run.code, code, "{field}\n{}{}", run.stdout, run.stderr);
            let found = serde_json::from_str(&run.stdout).map(|it| edits(&it)).unwrap_or_default();
            let surplus: Vec<&String> = found.difference(&wanted).collect();
            assert!(surplus.is_empty(), "{field}: {surplus:#?}");
        }
        nowhere(&world, "isPlatformRole");
        let run = world.plan().expect(0);
        assert!(run.stdout.contains("the API does not say who provides the role `Agent`"), "{}", run.stdout);
    }
}

#[test]
fn a_server_that_sends_no_defaults_gets_the_same_plan_and_nobody_joins_who_left() {
    for list in ["available", "refused"] {
        let plain = world(&format!("{{ usersList: {list} }}"));
        let wanted = edits(&plan(&plain).expect(0).json());
        let world = world(&format!("{{ usersList: {list}, defaults: dropped }}"));
        let found = plan(&world).expect(0).json();
        assert_eq!(edits(&found), wanted, "{list}");
        world.run("apply --auto-approve").expect(3);
        let gone = user(&world, "gone@voyager.example");
        for group in ["Desk", "Night"] {
            let path = format!("/v3/companies/{VOYAGER}/user-groups/{}/members", world.id(group));
            let members = world.call("POST", &path, json!({ "pagination": {} })).1.to_string();
            assert!(members.contains(&user(&world, "bo@voyager.example")), "{members}");
            assert!(!members.contains(&gone), "{group}: {members}");
        }
        // Of people asked for by name, the snapshot knows as much.
        world.run("snapshot --out live.json").expect(0);
        let live =
            world.run("plan --live live.json --format json --now 2026-12-24T03:17:00Z").expect(0).json();
        assert_eq!(edits(&live), edits(&plan(&world).expect(0).json()), "{list}");
    }
}
