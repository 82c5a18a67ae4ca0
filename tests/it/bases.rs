//! Rules from outside a change: what a pull request may weaken, and what it is told then.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use serde_json::{Value, json};

use crate::support::{Run, SEED, World, repository};

/// Every field of `rolecall.yaml`, with a value that stops something. JSON is YAML.
fn base() -> Value {
    json!({
        "version": 1,
        "company": "voyager",
        "api": {
            "endpoint": "https://api.example",
            "identity": { "email": "root@voyager.example" },
            "endpoints": [
                { "name": "eu", "endpoint": "https://eu.example", "companies": ["initech"], "identity": { "email": "root@initech.example" } },
            ],
        },
        "ids": {
            "company": {
                "voyager": "1a6f0000-0000-4000-8000-000000000001",
                "globex": "2b7e0000-0000-4000-8000-000000000002",
                "initech": "2b7e0000-0000-4000-8000-000000000003",
            },
            "legalEntity": { "globex-uk": "3c8d0000-0000-4000-8000-000000000001" },
            "department": { "sales": "dede0000-0000-4000-8000-000000000001" },
            "costCenter": { "c1": "c0570000-0000-4000-8000-000000000001" },
            "grade": { "g7": "94ade000-0000-4000-8000-000000000007" },
            "office": { "berlin": "0ff10000-0000-4000-8000-000000000001", "lisbon": "0ff10000-0000-4000-8000-000000000002" },
        },
        "access": ["access/*.yaml", "more/*.yaml"],
        "unmanaged": "forbid",
        "guards": {
            "removals": { "percent": 30, "from": 10, "atMost": 50 },
            "people": { "percent": 5, "from": 10, "atMost": 20, "lookUps": 1000 },
            "lockouts": { "people": 5, "memberships": 100 },
            "privileged": ["Trip Manager", "Company Management Admin"],
            "holders": 2,
            "protected": { "groups": ["Desk", "N*"], "people": ["cy@voyager.example", "root@*"] },
        },
        "exceptions": [
            { "guard": "removals", "of": "members", "group": "Desk", "upTo": 5, "until": "2098-01-01", "reason": "r" },
        ],
        "accept": [
            { "group": "Desk", "person": "dee@voyager.example", "owner": "ana", "until": "2098-01-01", "reason": "r" },
        ],
        "lockout": [{ "email": "gone@voyager.example", "since": "2026-01-01", "reason": "r" }],
    })
}

/// A policy of each kind, with every key.
fn policies() -> Value {
    let policy = |name: &str, own: Value| {
        let mut policy = json!({
            "name": name,
            "company": "voyager",
            "groups": ["Desk", "Night"],
            "severity": "deny",
            "strict": true,
            "reason": "r",
            "exceptions": [
                { "group": "Night", "person": "cy@voyager.example", "role": "Agent", "company": "voyager", "upTo": 5, "until": "2098-01-01", "reason": "r" },
            ],
        });
        policy.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        json!([policy])
    };
    json!({
        "exclusive": policy("e", json!({ "companies": ["globex"] })),
        "separation": policy("s", json!({ "roles": ["Agent", "AGENT"], "apartFrom": ["Trip Manager", "GLOBAL_AGENT"] })),
        "rules": policy("x", json!({ "when": "access.privileged", "deny": "access.gives" })),
        "noDirectRoles": policy("n", json!({ "types": ["GLOBAL_AGENT", "TMC_ADMIN"] })),
        "requireReason": policy("rr", json!({})),
        "requireUntil": policy("ru", json!({})),
        "maxDuration": policy("md", json!({ "days": 90 })),
        "allowedDomains": policy("ad", json!({ "domains": ["voyager.example", "globex.example"] })),
        "maxMembers": policy("max", json!({ "atMost": 5 })),
        "minMembers": policy("min", json!({ "atLeast": 2 })),
        "owners": [{ "name": "o", "companies": ["globex"], "approvers": ["@acme/globex-team", "sam@acme.example"], "reason": "r" }],
        "requiredMembers": policy("rm", json!({ "people": ["cy@voyager.example", { "externalId": "agent-17" }] })),
    })
}

/// What a key of a policy says, of every kind that has it: what is done, the change, and what is told of it.
type PolicyRow = (&'static str, &'static str, fn(&mut Value), Option<&'static str>);

fn policy_rows() -> Vec<PolicyRow> {
    vec![
        ("name", "renamed", |it| it["name"] = json!("other"), Some("")),
        ("company", "moved", |it| it["company"] = json!("globex"), None),
        ("company", "widened", |it| drop(it, "/company"), None),
        ("groups", "fewer", |it| drop(it, "/groups/0"), Some(", groups")),
        ("groups", "more", |it| it["groups"].as_array_mut().unwrap().push(json!("Company Admins")), None),
        ("severity", "loosened", |it| it["severity"] = json!("warn"), Some(", severity")),
        ("severity", "removed", |it| drop(it, "/severity"), None),
        ("strict", "loosened", |it| it["strict"] = json!(false), Some(", strict")),
        ("strict", "removed", |it| drop(it, "/strict"), Some(", strict")),
        ("reason", "changed", |it| it["reason"] = json!("another"), None),
        ("exceptions.group", "widened", |it| drop(it, "/exceptions/0/group"), Some("exceptions")),
        ("exceptions.person", "widened", |it| drop(it, "/exceptions/0/person"), Some("exceptions")),
        ("exceptions.role", "widened", |it| drop(it, "/exceptions/0/role"), Some("exceptions")),
        ("exceptions.company", "kept", |it| drop(it, "/exceptions/0/company"), None),
        ("exceptions.upTo", "loosened", |it| it["exceptions"][0]["upTo"] = json!(6), Some("exceptions")),
        ("exceptions.upTo", "tightened", |it| drop(it, "/exceptions/0/upTo"), None),
        (
            "exceptions.until",
            "loosened",
            |it| it["exceptions"][0]["until"] = json!("2199-01-01"),
            Some("exceptions"),
        ),
        ("exceptions.reason", "changed", |it| it["exceptions"][0]["reason"] = json!("another"), None),
        ("exceptions", "removed", |it| drop(it, "/exceptions"), None),
        ("companies", "more", |it| it["companies"] = json!(["globex", "initech"]), Some(", companies")),
        ("companies", "fewer", |it| it["companies"] = json!(["initech"]), Some(", companies")),
        ("approvers", "fewer", |it| drop(it, "/approvers/0"), Some(", approvers")),
        (
            "approvers",
            "more",
            |it| it["approvers"].as_array_mut().unwrap().push(json!("@acme/all")),
            Some(", approvers"),
        ),
        (
            "approvers",
            "in another order",
            |it| it["approvers"] = json!(["sam@acme.example", "@ACME/globex-team"]),
            None,
        ),
        ("roles", "fewer", |it| drop(it, "/roles/0"), Some(", roles")),
        (
            "roles",
            "more",
            |it| it["roles"].as_array_mut().unwrap().push(json!("Company Management Admin")),
            None,
        ),
        ("apartFrom", "fewer", |it| drop(it, "/apartFrom/1"), Some(", apartFrom")),
        ("when", "changed", |it| it["when"] = json!("access.privileged && access.new"), Some(", when")),
        ("when", "removed", |it| drop(it, "/when"), None),
        ("deny", "changed", |it| it["deny"] = json!("access.gives && access.new"), Some(", deny")),
        ("types", "fewer", |it| drop(it, "/types/0"), Some(", types")),
        ("days", "loosened", |it| it["days"] = json!(91), Some(", days")),
        ("days", "tightened", |it| it["days"] = json!(30), None),
        (
            "domains",
            "more",
            |it| it["domains"].as_array_mut().unwrap().push(json!("x.example")),
            Some(", domains"),
        ),
        ("domains", "fewer", |it| drop(it, "/domains/0"), None),
        ("atMost", "loosened", |it| it["atMost"] = json!(6), Some(", atMost")),
        ("atMost", "tightened", |it| it["atMost"] = json!(4), None),
        ("atLeast", "loosened", |it| it["atLeast"] = json!(1), Some(", atLeast")),
        ("atLeast", "tightened", |it| it["atLeast"] = json!(3), None),
        ("people", "fewer", |it| drop(it, "/people/0"), Some(", people")),
        (
            "people",
            "more",
            |it| it["people"].as_array_mut().unwrap().push(json!("ana@voyager.example")),
            None,
        ),
        ("types", "all", |it| drop(it, "/types"), None),
    ]
}

const DESK: &str = "version: 1\ngroups:\n  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example, bo@voyager.example] }\n";
const NIGHT: &str = "version: 1\ngroups:\n  - { name: Night, description: The night., roles: unmanaged, members: [cy@voyager.example] }\n";

pub(crate) fn git(folder: &Path, line: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "commit.gpgsign=false", "-C"])
        .arg(folder)
        .args(line)
        .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")])
        .output()
        .expect("git");
    assert!(done.status.success(), "{line:?} {}", String::from_utf8_lossy(&done.stderr));
}

/// Commits what is there to the branch `main`.
pub(crate) fn commit(folder: &Path) {
    if !folder.join(".git").exists() {
        git(folder, &["init", "-q", "-b", "main"]);
    }
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "--allow-empty", "-m", "base"]);
}

/// A workspace whose base is committed.
fn world(workspace: &Value) -> World {
    let world = World::new();
    world.write("rolecall.yaml", &workspace.to_string());
    world.write("access/desk.yaml", DESK);
    world.write("more/night.yaml", NIGHT);
    commit(&world.path());
    world
}

/// A change of a field: the field, what is done to it, the change, and the key that is told; `None` where nothing is weaker.
type Row = (&'static str, &'static str, fn(&mut Value), Option<&'static str>);

fn drop(at: &mut Value, path: &str) {
    let (parent, key) = path.rsplit_once('/').unwrap();
    let parent = if parent.is_empty() { at } else { at.pointer_mut(parent).unwrap() };
    match parent {
        Value::Array(all) => _ = all.remove(key.parse().unwrap()),
        Value::Object(all) => _ = all.remove(key).unwrap(),
        _ => panic!("{path}"),
    }
}

fn except(it: &mut Value, exception: Value) {
    it["exceptions"].as_array_mut().unwrap().push(exception);
}

fn rows() -> Vec<Row> {
    let (exceptions, accept) = (Some("exceptions"), Some("accept"));
    fn more(it: &mut Value, entry: Value) {
        it["accept"].as_array_mut().unwrap().push(entry);
    }
    vec![
        ("version", "kept", |it| it["version"] = json!(1), None),
        ("company", "moved", |it| it["company"] = json!("globex"), Some("company")),
        (
            "api.endpoint",
            "moved",
            |it| it["api"]["endpoint"] = json!("https://other.example"),
            Some("api.endpoint"),
        ),
        ("api.endpoint", "removed", |it| drop(it, "/api/endpoint"), Some("api.endpoint")),
        ("api.identity.email", "removed", |it| drop(it, "/api/identity"), Some("api.identity")),
        (
            "api.identity.email",
            "moved",
            |it| it["api"]["identity"] = json!({ "email": "ana@voyager.example" }),
            Some("api.identity"),
        ),
        (
            "api.identity.externalId",
            "moved",
            |it| it["api"]["identity"] = json!({ "externalId": "agent-17" }),
            Some("api.identity"),
        ),
        (
            "api.identity.employeeId",
            "moved",
            |it| it["api"]["identity"] = json!({ "employeeId": "V-3" }),
            Some("api.identity"),
        ),
        (
            "api.identity.userId",
            "moved",
            |it| it["api"]["identity"] = json!({ "userId": "00000000-0000-4000-8000-000000000009" }),
            Some("api.identity"),
        ),
        ("access", "removed", |it| drop(it, "/access/1"), Some("access")),
        (
            "access",
            "loosened",
            |it| it["access"] = json!(["access/*.yaml", "more/*.yaml", "!more/night.yaml"]),
            Some("access"),
        ),
        (
            "access",
            "tightened",
            |it| it["access"] = json!(["access/*.yaml", "more/*.yaml", "*/desk.yaml"]),
            None,
        ),
        (
            "ids.company",
            "moved",
            |it| it["ids"]["company"]["globex"] = json!("2b7e0000-0000-4000-8000-000000000009"),
            Some("ids.company.globex"),
        ),
        ("ids.company", "removed", |it| drop(it, "/ids/company/initech"), Some("ids.company.initech")),
        (
            "ids.legalEntity",
            "moved",
            |it| it["ids"]["legalEntity"]["globex-uk"] = json!("3c8d0000-0000-4000-8000-000000000009"),
            Some("ids.legalEntity.globex-uk"),
        ),
        (
            "ids.department",
            "moved",
            |it| it["ids"]["department"]["sales"] = json!("dede0000-0000-4000-8000-000000000009"),
            Some("ids.department.sales"),
        ),
        (
            "ids.costCenter",
            "moved",
            |it| it["ids"]["costCenter"]["c1"] = json!("c0570000-0000-4000-8000-000000000009"),
            Some("ids.costCenter.c1"),
        ),
        ("ids.grade", "removed", |it| drop(it, "/ids/grade/g7"), Some("ids.grade.g7")),
        ("ids.office", "removed", |it| drop(it, "/ids/office/berlin"), Some("ids.office.berlin")),
        ("unmanaged", "loosened", |it| it["unmanaged"] = json!("report"), Some("unmanaged")),
        ("unmanaged", "removed", |it| drop(it, "/unmanaged"), Some("unmanaged")),
        (
            "guards.removals.percent",
            "loosened",
            |it| it["guards"]["removals"]["percent"] = json!(31),
            Some("guards.removals.percent"),
        ),
        ("guards.removals.percent", "tightened", |it| it["guards"]["removals"]["percent"] = json!(5), None),
        ("guards.removals.percent", "removed", |it| drop(it, "/guards/removals/percent"), None),
        (
            "guards.removals.from",
            "loosened",
            |it| it["guards"]["removals"]["from"] = json!(20),
            Some("guards.removals.from"),
        ),
        (
            "guards.removals.atMost",
            "loosened",
            |it| it["guards"]["removals"]["atMost"] = json!(51),
            Some("guards.removals.atMost"),
        ),
        (
            "guards.people.percent",
            "loosened",
            |it| it["guards"]["people"]["percent"] = json!(6),
            Some("guards.people.percent"),
        ),
        (
            "guards.people.from",
            "loosened",
            |it| it["guards"]["people"]["from"] = json!(11),
            Some("guards.people.from"),
        ),
        (
            "guards.people.atMost",
            "loosened",
            |it| it["guards"]["people"]["atMost"] = json!(21),
            Some("guards.people.atMost"),
        ),
        ("guards.people", "tightened", |it| it["guards"]["people"]["atMost"] = json!(1), None),
        (
            "guards.people.lookUps",
            "loosened",
            |it| it["guards"]["people"]["lookUps"] = json!(999),
            Some("guards.people.lookUps"),
        ),
        ("guards.people.lookUps", "tightened", |it| it["guards"]["people"]["lookUps"] = json!(5000), None),
        (
            "guards.lockouts.people",
            "loosened",
            |it| it["guards"]["lockouts"]["people"] = json!(6),
            Some("guards.lockouts.people"),
        ),
        (
            "guards.lockouts.memberships",
            "loosened",
            |it| it["guards"]["lockouts"]["memberships"] = json!(1000),
            Some("guards.lockouts.memberships"),
        ),
        ("guards.privileged", "removed", |it| drop(it, "/guards/privileged/0"), Some("guards.privileged")),
        (
            "guards.privileged",
            "switched off",
            |it| it["guards"]["privileged"] = json!([]),
            Some("guards.privileged"),
        ),
        (
            "guards.privileged",
            "moved",
            |it| it["guards"]["privileged"][0] = json!("Agent"),
            Some("guards.privileged"),
        ),
        (
            "guards.privileged",
            "tightened",
            |it| it["guards"]["privileged"].as_array_mut().unwrap().push(json!("Agent")),
            None,
        ),
        ("guards.holders", "loosened", |it| it["guards"]["holders"] = json!(1), Some("guards.holders")),
        ("guards.holders", "tightened", |it| it["guards"]["holders"] = json!(3), None),
        (
            "guards.protected.groups",
            "removed",
            |it| drop(it, "/guards/protected/groups/0"),
            Some("guards.protected.groups"),
        ),
        (
            "guards.protected.groups",
            "moved",
            |it| it["guards"]["protected"]["groups"][1] = json!("Nig*"),
            Some("guards.protected.groups"),
        ),
        (
            "guards.protected.groups",
            "tightened",
            |it| it["guards"]["protected"]["groups"] = json!(["*"]),
            None,
        ),
        (
            "guards.protected.people",
            "removed",
            |it| drop(it, "/guards/protected/people"),
            Some("guards.protected.people"),
        ),
        (
            "guards.protected.people",
            "moved",
            |it| it["guards"]["protected"]["people"][0] = json!("bo@voyager.example"),
            Some("guards.protected.people"),
        ),
        (
            "exceptions.guard",
            "added",
            |it| {
                except(
                    it,
                    json!({ "guard": "group-emptied", "group": "Desk", "upTo": 1, "until": "2199-01-01", "reason": "r" }),
                );
            },
            exceptions,
        ),
        (
            "accept.group",
            "added",
            |it| more(it, json!({ "group": "Other", "owner": "o", "until": "2098-01-01", "reason": "r" })),
            accept,
        ),
        ("accept.group", "removed", |it| drop(it, "/accept"), None),
        ("accept.group", "moved", |it| it["accept"][0]["group"] = json!("Night"), accept),
        ("accept.person", "moved", |it| it["accept"][0]["person"] = json!("bo@voyager.example"), accept),
        ("accept.person", "widened", |it| drop(it, "/accept/0/person"), accept),
        (
            "accept.role",
            "added",
            |it| {
                more(
                    it,
                    json!({ "group": "Desk", "role": "Agent", "owner": "o", "until": "2098-01-01", "reason": "r" }),
                );
            },
            accept,
        ),
        ("accept.company", "moved", |it| it["accept"][0]["company"] = json!("globex"), accept),
        ("accept.owner", "changed", |it| it["accept"][0]["owner"] = json!("another"), None),
        ("accept.reason", "changed", |it| it["accept"][0]["reason"] = json!("another"), None),
        ("accept.until", "loosened", |it| it["accept"][0]["until"] = json!("2199-01-01"), accept),
        ("accept.until", "tightened", |it| it["accept"][0]["until"] = json!("2097-01-01"), None),
        ("exceptions.guard", "removed", |it| drop(it, "/exceptions"), None),
        ("exceptions.group", "moved", |it| it["exceptions"][0]["group"] = json!("Night"), exceptions),
        ("exceptions.of", "moved", |it| it["exceptions"][0]["of"] = json!("roles"), exceptions),
        ("exceptions.upTo", "loosened", |it| it["exceptions"][0]["upTo"] = json!(99_999_999), exceptions),
        ("exceptions.upTo", "tightened", |it| it["exceptions"][0]["upTo"] = json!(4), None),
        ("exceptions.until", "loosened", |it| it["exceptions"][0]["until"] = json!("2199-01-01"), exceptions),
        ("exceptions.until", "tightened", |it| it["exceptions"][0]["until"] = json!("2097-01-01"), None),
        ("exceptions.reason", "changed", |it| it["exceptions"][0]["reason"] = json!("another"), None),
        (
            "exceptions.person",
            "added",
            |it| {
                except(
                    it,
                    json!({ "guard": "protected", "person": "cy@voyager.example", "upTo": 1, "until": "2199-01-01", "reason": "r" }),
                );
            },
            exceptions,
        ),
        (
            "exceptions.role",
            "added",
            |it| {
                except(
                    it,
                    json!({ "guard": "privileged", "role": "Trip Manager", "upTo": 1, "until": "2199-01-01", "reason": "r" }),
                );
            },
            exceptions,
        ),
        (
            "exceptions.company",
            "added",
            |it| {
                except(
                    it,
                    json!({ "guard": "removals", "company": "voyager", "upTo": 1, "until": "2199-01-01", "reason": "r" }),
                );
            },
            exceptions,
        ),
        ("lockout.email", "removed", |it| drop(it, "/lockout"), Some("lockout")),
        (
            "lockout.email",
            "moved",
            |it| it["lockout"][0]["email"] = json!("ana@voyager.example"),
            Some("lockout"),
        ),
        (
            "lockout.externalId",
            "moved",
            |it| it["lockout"][0] = json!({ "externalId": "agent-17", "since": "2026-01-01", "reason": "r" }),
            Some("lockout"),
        ),
        (
            "lockout.employeeId",
            "moved",
            |it| it["lockout"][0] = json!({ "employeeId": "V-3", "since": "2026-01-01", "reason": "r" }),
            Some("lockout"),
        ),
        (
            "lockout.userId",
            "moved",
            |it| it["lockout"][0] = json!({ "userId": "00000000-0000-4000-8000-000000000009", "since": "2026-01-01", "reason": "r" }),
            Some("lockout"),
        ),
        ("lockout.since", "loosened", |it| it["lockout"][0]["since"] = json!("2097-01-01"), Some("lockout")),
        ("timeZone", "further west", |it| it["timeZone"] = json!("America/New_York"), Some("exceptions")),
        ("lockout.until", "ends", |it| it["lockout"][0]["until"] = json!("2097-01-01"), Some("lockout")),
        ("lockout.reason", "changed", |it| it["lockout"][0]["reason"] = json!("another"), None),
        (
            "api.dialect.groupRole",
            "moved",
            |it| it["api"]["dialect"] = json!({ "groupRole": "flat" }),
            Some("api.dialect.groupRole"),
        ),
        (
            "api.dialect.pageLimit",
            "moved",
            |it| it["api"]["dialect"] = json!({ "pageLimit": 50 }),
            Some("api.dialect.pageLimit"),
        ),
        (
            "api.endpoints.endpoint",
            "moved",
            |it| it["api"]["endpoints"][0]["endpoint"] = json!("https://other.example"),
            Some("api.endpoints.eu.endpoint"),
        ),
        (
            "api.endpoints.name",
            "moved",
            |it| it["api"]["endpoints"][0]["name"] = json!("us"),
            Some("endpoint of initech"),
        ),
        (
            "api.endpoints.companies",
            "moved",
            |it| it["api"]["endpoints"][0]["companies"] = json!(["init*", "globex"]),
            Some("endpoint of globex"),
        ),
        (
            "api.endpoints.companies",
            "removed",
            |it| it["api"]["endpoints"][0]["companies"] = json!([]),
            Some("endpoint of initech"),
        ),
        (
            "api.endpoints.companies",
            "kept",
            |it| it["api"]["endpoints"][0]["companies"] = json!(["initec?"]),
            None,
        ),
        ("api.endpoints", "removed", |it| drop(it, "/api/endpoints"), Some("endpoint of initech")),
        (
            "api.endpoints.dialect.groupRole",
            "moved",
            |it| it["api"]["endpoints"][0]["dialect"] = json!({ "groupRole": "flat" }),
            Some("api.endpoints.eu.dialect.groupRole"),
        ),
        (
            "api.endpoints.identity",
            "moved",
            |it| it["api"]["endpoints"][0]["identity"] = json!({ "externalId": "other" }),
            Some("api.endpoints.eu.identity"),
        ),
        (
            "api.endpoints.identity",
            "removed",
            |it| drop(it, "/api/endpoints/0/identity"),
            Some("api.endpoints.eu.identity"),
        ),
    ]
}

/// The fields of a schema, as far as they are not those of a person or role that is named.
fn fields(schema: &Value) -> BTreeSet<String> {
    fn walk(schema: &Value, at: &Value, path: &str, found: &mut BTreeSet<String>) {
        let mut inside = false;
        if let Some(name) = at["$ref"].as_str() {
            inside = true;
            walk(schema, &schema["definitions"][name.rsplit('/').next().unwrap()], path, found);
        }
        for key in ["anyOf", "allOf", "oneOf"] {
            for it in at[key]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|it| it["$ref"].is_string() || it["anyOf"].is_array())
            {
                inside = true;
                walk(schema, it, path, found);
            }
        }
        if at["items"].is_object() {
            inside = true;
            walk(schema, &at["items"], path, found);
        }
        for (name, it) in at["properties"].as_object().into_iter().flatten() {
            inside = true;
            walk(schema, it, &if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, found);
        }
        if !inside || at["type"] == "string" {
            found.insert(path.to_owned());
        }
    }
    let mut found = BTreeSet::new();
    walk(schema, schema, "", &mut found);
    found
}

#[test]
fn every_field_has_a_row() {
    let schema: Value = serde_json::from_str(&repository("schemas/workspace.schema.json")).unwrap();
    let fields = fields(&schema);
    assert!(fields.contains("guards.holders") && fields.contains("lockout.since"), "{fields:?}");
    // Each field of a dialect is told in one way.
    let dialects = ["api.dialect.", "api.endpoints.dialect."];
    // A role or person is compared as a whole, by whatever key it is named.
    let whole = [
        "api.endpoints.identity",
        "accept.person",
        "accept.role",
        "exceptions.person",
        "exceptions.role",
        "guards.privileged",
    ];
    let rows = rows();
    let of_policies: BTreeSet<&str> = policy_rows().iter().map(|it| it.0).collect();
    let has = |field: &str| {
        if let Some(own) = field.strip_prefix("policies.").and_then(|it| it.split_once('.')) {
            let whole = ["exceptions.person", "exceptions.role", "roles", "apartFrom", "people"];
            let own = whole.into_iter().find(|it| own.1.starts_with(&format!("{it}."))).unwrap_or(own.1);
            return of_policies.contains(own);
        }
        let named = |it: &&str| *field == **it || field.starts_with(&format!("{it}."));
        let field = whole.iter().copied().find(named).unwrap_or(field);
        let of_dialect = |it: &str| dialects.iter().any(|of| field.starts_with(of) && it.starts_with(of));
        rows.iter().any(|it| it.0 == field || of_dialect(it.0))
    };
    let missing: Vec<&String> = fields.iter().filter(|it| !has(it)).collect();
    assert!(missing.is_empty(), "no row says what a change of these weakens: {missing:?}");
}

/// What stands outside every fold of a comment.
fn unfolded(comment: &str) -> String {
    let mut out = String::new();
    let mut rest = comment;
    while let Some((before, fold)) = rest.split_once("<details>") {
        out += before;
        rest = fold.split_once("</details>").map_or("", |it| it.1);
    }
    out + rest
}

#[test]
fn what_a_pull_request_may_weaken_is_told_and_stops_it() {
    let world = world(&base());
    for (field, how, change, told) in rows() {
        let mut changed = base();
        change(&mut changed);
        world.write("rolecall.yaml", &changed.to_string());
        let json = world.run("plan --create-all --base main --format json");
        if json.code == 4 {
            // A name that no API knows: the change is not sound at all. That it weakens is told where it is.
            let unsound = ["api.identity.userId", "access", "ids.company", "company"];
            assert!(unsound.contains(&field), "{field} {how}\n{}", json.stdout);
            continue;
        }
        let json = json.expect(0).json();
        let rows: Vec<&str> = json["weakened"]["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["what"].as_str().unwrap())
            .collect();
        let stops = json["guards"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["guard"] == "weakened-rules" && it["verdict"] == "stop");
        assert_eq!(stops, told.is_some(), "{field} {how}: {rows:?}");
        let Some(told) = told else {
            assert!(rows.is_empty(), "{field} {how}: {rows:?}");
            continue;
        };
        assert!(rows.contains(&told), "{field} {how}: {rows:?}");
        let comment =
            unfolded(&world.run("plan --create-all --base main --format markdown").expect(0).stdout);
        assert!(
            comment.contains(&format!("- weaker  {told}: ")) && comment.contains("weakened"),
            "{comment}"
        );
        world.run("plan --create-all --base main --check").expect(6).says(&["weakened-rules"]);
        let text = world.run("plan --create-all --base main").expect(0).stdout;
        assert!(text.lines().next().unwrap().contains("weaker than in main ("), "{text}");
    }
    // By itself, without a base, no plan says so.
    let json = world.run("plan --format json").expect(0).json();
    assert!(json["weakened"].is_null(), "{json}");
}

/// Every key of every kind of policy, alone: that it demands less is told, and nothing else is.
#[test]
fn what_a_pull_request_may_loosen_of_a_policy_is_told_and_stops_it() {
    let base = || {
        let mut base = base();
        base["policies"] = policies();
        base
    };
    let world = world(&base());
    let look = |changed: &Value, what: &str| -> (Vec<String>, bool) {
        world.write("rolecall.yaml", &changed.to_string());
        let run = world.run("plan --create-all --base main --format json");
        if run.code == 4 {
            // Of another company the groups are not known.
            assert!(what.ends_with("company moved"), "{what}: {}", run.stdout);
            return (Vec::new(), false);
        }
        let json = run.expect(0).json();
        let rows = json["weakened"]["rows"].as_array().unwrap();
        let rows: Vec<String> = rows.iter().map(|it| it["what"].as_str().unwrap().to_owned()).collect();
        let stops = json["guards"].as_array().unwrap().iter();
        let stops = stops.into_iter().any(|it| it["guard"] == "weakened-rules" && it["verdict"] == "stop");
        assert_eq!(stops, !rows.is_empty(), "{what}: {rows:?}");
        (rows, stops)
    };
    for (kind, policy) in policies().as_object().unwrap() {
        let name = policy[0]["name"].as_str().unwrap();
        let title = format!("policies.{kind} {name}");
        let mut without = base();
        drop(&mut without, &format!("/policies/{kind}"));
        assert_eq!(look(&without, kind).0.join("; "), title);
        for (key, how, change, told) in policy_rows() {
            let first = key.split('.').next().unwrap();
            if policy[0].get(first).is_none() {
                continue;
            }
            // Owners of one company more are asked more.
            let told = told.filter(|_| (kind.as_str(), key, how) != ("owners", "companies", "more"));
            let mut changed = base();
            change(&mut changed["policies"][kind][0]);
            let what = format!("{kind} {key} {how}");
            let rows = look(&changed, &what).0;
            if what.ends_with("company moved") {
                continue;
            }
            let expected = told.map(|it| match it {
                "exceptions" => format!("policies.exceptions {name}"),
                it => format!("{title}{it}"),
            });
            // Under another name it is another policy, and its exceptions are of that.
            let rows: Vec<String> =
                rows.into_iter().filter(|it| *it != "policies.exceptions other").collect();
            assert_eq!(rows, expected.into_iter().collect::<Vec<_>>(), "{what}");
        }
    }
    let mut without = base();
    drop(&mut without, "/policies");
    assert_eq!(look(&without, "all").0.len(), policies().as_object().unwrap().len());
}

/// The one who approves the very plan approves its weaker rules, and nobody else's.
#[test]
fn an_approval_of_this_plan_lifts_it() {
    let world = world(&base());
    let mut loose = base();
    loose["guards"]["holders"] = json!(1);
    world.write("rolecall.yaml", &loose.to_string());
    world.write(
        "access/desk.yaml",
        &DESK.replace("bo@voyager.example", "bo@voyager.example, cy@voyager.example"),
    );
    let id = |line: &str| world.run(line).json()["id"].as_str().unwrap().to_owned();
    let (plain, based) = (id("plan --format json"), id("plan --base main --format json"));
    assert_ne!(plain, based, "the id says that rules are weaker");
    world.forget();
    world.run("apply --base main --auto-approve").expect(6);
    world.run(&format!("apply --base main --approve {plain}")).expect(7);
    world.run("plan --base main --out plan.json").expect(0);
    world.run("apply plan.json").expect(6).says(&["weakened-rules"]);
    world.run("apply plan.json --base main").expect(6).says(&["weakened-rules"]);
    assert_eq!(world.writes(), [""; 0]);
    // Weaker still is another plan.
    loose["guards"]["removals"]["atMost"] = json!(1000);
    world.write("rolecall.yaml", &loose.to_string());
    world.run(&format!("apply --base main --approve {based}")).expect(7);
    assert_eq!(world.writes(), [""; 0]);
    loose["guards"]["removals"]["atMost"] = json!(50);
    world.write("rolecall.yaml", &loose.to_string());
    world.run(&format!("apply --base main --approve {based}")).expect(0);
    assert!(world.members("Desk").contains(&"cy@voyager.example".to_owned()));
}

/// The rules of the base judge, and an exception or a looser limit of the change is none.
#[test]
fn the_stricter_of_both_rules_counts() {
    let rules = |rules: &str| {
        let mut base = base();
        for key in ["guards", "exceptions", "lockout", "unmanaged"] {
            base.as_object_mut().unwrap().remove(key);
        }
        format!(
            "{}{rules}\n",
            base.to_string().trim_end_matches('}').to_owned() + if rules.is_empty() { "}" } else { "," }
        ) + if rules.is_empty() { "" } else { "}" }
    };
    let protected = r#""guards": { "protected": { "groups": ["Desk"] } }"#;
    let exception = r#""exceptions": [{ "guard": "protected", "group": "Desk", "upTo": 9, "until": "2099-01-01", "reason": "r" }]"#;
    for (what, before, after, stops, by) in [
        ("dropped", protected.to_owned(), String::new(), true, json!("base")),
        ("kept", protected.to_owned(), protected.to_owned(), true, Value::Null),
        (
            "excepted by the change",
            protected.to_owned(),
            format!("{protected}, {exception}"),
            true,
            json!("base"),
        ),
        (
            "excepted by both",
            format!("{protected}, {exception}"),
            format!("{protected}, {exception}"),
            false,
            Value::Null,
        ),
        (
            "excepted by the base",
            format!("{protected}, {exception}"),
            protected.to_owned(),
            true,
            Value::Null,
        ),
        ("new", String::new(), protected.to_owned(), true, Value::Null),
        ("new and excepted", String::new(), format!("{protected}, {exception}"), false, Value::Null),
    ] {
        let world = World::new();
        world.write("rolecall.yaml", &rules(&before));
        world.write("access/desk.yaml", DESK);
        world.write("more/night.yaml", NIGHT);
        commit(&world.path());
        world.write("rolecall.yaml", &rules(&after));
        world.write("access/desk.yaml", &DESK.replace(", bo@voyager.example", ""));
        let json = world.run("plan --base main --format json").expect(0).json();
        let check = json["guards"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["guard"] == "protected" && it["verdict"] == "stop");
        assert_eq!(check.is_some(), stops, "{what}: {}", json["guards"]);
        assert_eq!(check.map_or(Value::Null, |it| it["by"].clone()), by, "{what}");
    }
}

#[test]
fn a_group_that_is_managed_less_is_told() {
    for (what, access, told) in [
        ("no more declared", "version: 1\ngroups: []\n".to_owned(), Some("group Desk")),
        (
            "unmanaged members",
            DESK.replace("[ana@voyager.example, bo@voyager.example]", "unmanaged"),
            Some("group Desk, members"),
        ),
        (
            "at least",
            DESK.replace("[ana@voyager.example, bo@voyager.example]", "{ atLeast: [ana@voyager.example] }"),
            Some("group Desk, members"),
        ),
        ("deleted", "version: 1\nremoved: [{ group: Desk, reason: over }]\n".to_owned(), None),
        ("managed more", DESK.replace("roles: unmanaged", "roles: []"), None),
    ] {
        let world = world(&base());
        world.write("access/desk.yaml", &access);
        let json = world.run("plan --base main --format json").expect(0).json();
        let rows: Vec<&str> = json["weakened"]["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["what"].as_str().unwrap())
            .collect();
        assert_eq!(rows, told.into_iter().collect::<Vec<_>>(), "{what}");
        // A part of the files tells nothing of the others.
        let part = world.run("plan more --base main --format json").expect(0).json();
        assert_eq!(part["weakened"]["rows"], json!([]), "{what}");
    }
}

#[test]
fn a_workspace_in_a_folder_of_the_repository_has_its_base_there() {
    let world = world(&base());
    // The repository is around the workspace, and the base had none in it.
    fs::remove_dir_all(world.path().join(".git")).unwrap();
    let workspace = world.path();
    let around = workspace.parent().unwrap();
    git(around, &["init", "-q", "-b", "main"]);
    git(around, &["commit", "-q", "--allow-empty", "-m", "nothing"]);
    let json = world.run("plan --base main --format json").expect(0).json();
    assert_eq!(json["weakened"]["rows"][0]["what"], "rolecall.yaml", "{}", json["weakened"]);
    world.run("plan --base main --check").expect(6);
    git(around, &["add", "workspace"]);
    git(around, &["commit", "-q", "-m", "base"]);
    let json = world.run("plan --base main --format json").expect(0).json();
    assert_eq!(json["weakened"]["rows"], json!([]));
    // A repository without a work tree among the files of the change is not asked for its commits.
    git(around, &["init", "-q", "--bare", "bare"]);
    for it in ["HEAD", "config", "objects", "refs"] {
        fs::rename(around.join("bare").join(it), world.path().join(it)).unwrap();
    }
    world.run("plan --base main").expect(4).says(&["cannot use bare repository"]);
}

#[test]
fn a_base_that_cannot_be_read_is_an_error_with_its_cure() {
    let mended = |run: Run, words: &[&str]| {
        run.expect(4).says(words);
    };
    let at = |world: &World, base: &str| {
        let mut command = world.command();
        command.args(["plan", "--base", base]).output().unwrap().into()
    };
    let plain = World::new().with("access/desk.yaml", DESK);
    mended(at(&plain, "main"), &["is not in a Git repository"]);
    let world = world(&base());
    mended(at(&world, "origin/main"), &["`origin/main` is not a commit", "git fetch origin main"]);
    for name in ["--output=x", "-x", "", "a b", "main\n"] {
        let run: Run = world.command().arg("plan").arg(format!("--base={name}")).output().unwrap().into();
        mended(run, &["is not the name of a commit"]);
    }
    let run: Run =
        world.command().args(["plan", "--base", "main"]).env("PATH", "/nonexistent").output().unwrap().into();
    mended(run, &["git cannot be run", "install git"]);
    let clone = world.path().parent().unwrap().join("clone");
    git(&world.path(), &["commit", "-q", "--allow-empty", "-m", "second"]);
    let from = format!("file://{}", world.path().display());
    git(world.path().parent().unwrap(), &["clone", "-q", "--depth", "1", &from, "clone"]);
    let run: Run = world
        .command()
        .args(["-C", clone.to_str().unwrap(), "plan", "--base", "HEAD~1"])
        .output()
        .unwrap()
        .into();
    mended(run, &["shallow clone", "fetch"]);
    // What is wrong with the base is told as of the base.
    world.write("rolecall.yaml", "version: 1\ncompany: voyager\nguards: { removals: { percent: 0 } }\n");
    git(&world.path(), &["commit", "-q", "-am", "wrong"]);
    world.write("rolecall.yaml", &base().to_string());
    mended(at(&world, "main"), &["main:rolecall.yaml:3"]);
    // A broken access file of the base holds up nothing.
    world.write("access/desk.yaml", "groups: [");
    commit(&world.path());
    world.write("access/desk.yaml", DESK);
    let run: Run = at(&world, "main");
    run.expect(0);
}

#[test]
fn a_policy_sets_what_no_file_can_lower() {
    let all = r#"exceptions: [{ guard: removals, group: Crowd, upTo: 9, until: 2099-01-01, reason: r }, { guard: group-emptied, group: Night, upTo: 9, until: 2099-01-01, reason: r }]
"#;
    let crowd: Vec<String> = (0..12).map(|n| format!("c{n:02}@voyager.example")).collect();
    let users: String = crowd.iter().map(|it| format!("  - {{ email: {it}, company: voyager }}\n")).collect();
    let seed = SEED.replace("groups:\n", &format!("{users}groups:\n"))
        + &format!(
            "  - {{ name: Crowd, company: voyager, description: d, members: [{}] }}\n",
            crowd.join(", ")
        );
    let world = World::seeded(&seed).ruled(all).groups(&format!(
        "  - {{ name: Crowd, description: d, roles: unmanaged, members: [{}] }}\n  - {{ name: Night, description: The night., roles: unmanaged, members: [] }}\n",
        crowd[..5].join(", ")
    ));
    world.run("plan --check").expect(0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    let with = |policy: &str, line: &str| -> Run {
        fs::write(&path, policy).unwrap();
        world.command().args(line.split(' ')).env("ROLECALL_POLICY", &path).output().unwrap().into()
    };
    let limit = "version: 1\nguards: { removals: { percent: 30 } }\n";
    let json = with(limit, "plan --format json").expect(0).json();
    let stops: Vec<(&Value, &Value)> = json["guards"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["verdict"] == "stop")
        .map(|it| (&it["guard"], &it["by"]))
        .collect();
    // What the policy sets, and nothing that it does not.
    assert!(
        !stops.is_empty() && stops.iter().all(|it| *it == (&json!("removals"), &json!("policy"))),
        "{stops:?}"
    );
    with(limit, "apply --auto-approve").expect(6);
    with("version: 1\nguards: { protected: { people: [nobody@voyager.example] } }\n", "plan --check")
        .expect(0);
    with("version: 1\nguards: { protected: { people: [c11@voyager.example] } }\n", "plan --check").expect(6);
    with("version: 1\nguards: {}\n", "plan --check").expect(0);
    with("version: 1\nguards: { removals: { percent: 0 } }\n", "plan")
        .expect(4)
        .says(&["policy.yaml:2", "percent"]);
    with("version: 1\nguard: {}\n", "plan").expect(4).says(&["policy.yaml:2", "guard"]);
    with("version: 1\nguards: { privileged: [Nobody] }\n", "plan")
        .expect(4)
        .says(&["policy.yaml:2", "Nobody"]);
    // One that a change could touch is none.
    world.write("policy.yaml", limit);
    let inside = world.path().join("policy.yaml");
    let run: Run = world.command().arg("plan").arg("--policy").arg(&inside).output().unwrap().into();
    run.expect(4).says(&["lies in the repository"]);
    let run: Run = world.command().args(["plan", "--policy", "/nonexistent"]).output().unwrap().into();
    run.expect(4).says(&["cannot read the policy"]);
}

/// Whose token it is says the operator, and no file another.
#[test]
fn the_files_cannot_say_that_the_account_is_another() {
    let manager = "permissions: [{ permission: ACCESS_MANAGEMENT, actions: [ALL] }]";
    let seed = SEED.replace("permissions: [{ permission: AGENT, actions: [ALL] }]", manager);
    let at = |identity: &str| {
        let api = if identity.is_empty() {
            String::new()
        } else {
            format!("api: {{ identity: {{ email: {identity} }} }}\n")
        };
        World::seeded(&seed).ruled(&format!("{api}guards: {{ holders: 1 }}\n")).groups(
            "  - { name: Desk, description: The desk., roles: unmanaged, members: [bo@voyager.example] }\n",
        )
    };
    for (files, operator, code) in [
        ("", "", 6),
        ("cy@voyager.example", "", 0),
        ("ana@voyager.example", "", 6),
        ("cy@voyager.example", "ana@voyager.example", 6),
        ("", "ana@voyager.example", 6),
        ("", "cy@voyager.example", 0),
        ("ana@voyager.example", "cy@voyager.example", 0),
    ] {
        let world = at(files);
        let mut command = world.command();
        command.args(["plan", "--check"]);
        if !operator.is_empty() {
            command.env("ROLECALL_IDENTITY", operator);
        }
        let run: Run = command.output().unwrap().into();
        let run = run.expect(code);
        assert_eq!(
            run.stdout.contains("it is not known whether"),
            (files, operator) == ("", ""),
            "{}",
            run.stdout
        );
    }
}
