//! Recorded traffic against `tests/contract/rbac-openapi.yaml`, with `users-openapi.yaml` laid over it: what the client sends and what the sandbox answers.
//!
//! The document leaves objects open; here they are closed, so that a misspelt field is a mistake. Where it is
//! silent, nothing is checked: the bodies that a change is answered with, and elements without a type. The token
//! request is looked at on its own, because a log never holds a secret.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::{
    apply, client, lockouts, people, rollbacks,
    support::{SEED, Server, VOYAGER, World, binary, http, recorded, repository},
    users, workflows,
};

/// Statuses that the document does not declare, and why they come all the same.
const UNDECLARED: [(u64, &str); 3] = [
    (400, "any operation may answer it (contract §1.2), also where the users document declares it for none"),
    (405, "a method that is not the group update of this dialect (contract §3.4)"),
    (429, "declared for the token alone, but any operation may answer it (contract §11)"),
];

/// What a log holds nothing of but the status.
const TOKEN: &str = "/v2/auth/oauth2-token";

/// Everything the client asks for, but for the token.
const ASKED_BY_THE_CLIENT: [&str; 36] = [
    "DELETE /v2/users/{userId}",
    "DELETE /v3/companies/{companyId}/user-groups/{groupId}",
    "GET /v2/users",
    "GET /v2/users/{userId}",
    "GET /v2/users/{userId}/applicable-policies",
    "GET /v2/users/{userId}/business-info",
    "GET /v2/users/{userId}/external-id",
    "GET /v2/users/{userId}/membership-info",
    "GET /v2/users/{userId}/notification-preferences",
    "GET /v2/users/{userId}/personal-info",
    "GET /v2/users/{userId}/roles",
    "GET /v2/users/{userId}/travel-arrangers",
    "GET /v2/users/{userId}/travel-preferences",
    "GET /v3/companies/{companyId}/user-groups/{groupId}",
    "GET /v3/permissions",
    "GET /v3/roles/{roleId}",
    "GET /v3/users/{userId}/rbac-info",
    "PATCH /v3/companies/{companyId}/user-groups/{groupId}/members",
    "PATCH /v3/companies/{companyId}/user-groups/{groupId}/roles",
    "POST /v2/users",
    "POST /v2/users/{userId}/activate",
    "POST /v3/companies/{companyId}/roles",
    "POST /v3/companies/{companyId}/user-groups",
    "POST /v3/companies/{companyId}/user-groups/list",
    "POST /v3/companies/{companyId}/user-groups/{groupId}/members",
    "POST /v3/companies/{companyId}/user-groups/{groupId}/roles",
    "POST /v3/users/list",
    "POST /v3/users/{userId}/user-groups",
    "PUT /v2/users/{userId}",
    "PUT /v2/users/{userId}/business-info",
    "PUT /v2/users/{userId}/external-id",
    "PUT /v2/users/{userId}/membership-info",
    "PUT /v2/users/{userId}/notification-preferences",
    "PUT /v2/users/{userId}/personal-info",
    "PUT /v2/users/{userId}/travel-preferences",
    "PUT /v3/companies/{companyId}/user-groups/{groupId}",
];

/// The document, and the validators of what it describes.
struct Contract {
    document: Value,
    components: Value,
    validators: BTreeMap<String, Validator>,
}

impl Contract {
    fn read() -> Self {
        let read = |name: &str| -> Value {
            serde_yaml::from_str(&repository(&format!("tests/contract/{name}-openapi.yaml"))).unwrap()
        };
        let mut document = read("rbac");
        lay_over(&mut document, read("users"));
        let mut components = document["components"].clone();
        close(&mut components["schemas"]);
        Self { document, components, validators: BTreeMap::new() }
    }

    /// Returns what is wrong with one request and its answer.
    fn mistakes(&mut self, line: &Value) -> Vec<String> {
        let Some(route) = line["route"].as_str() else { return vec!["the path is not declared".to_owned()] };
        let method = line["method"].as_str().unwrap().to_lowercase();
        let path = self.document["paths"][route].clone();
        let operation = &path[&method];
        if operation.is_null() {
            return vec!["the operation is not declared".to_owned()];
        }
        let mut mistakes = self.parameters(line, route, &path, operation);
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        match (body.is_null(), line["body"].is_null()) {
            (true, true) => {}
            (true, false) => mistakes.push("a body that is not declared".to_owned()),
            // A refused body may be of any form; who sent it is told so.
            (false, _) if line["status"] == 400 => {}
            (false, _) => mistakes.extend(self.problems("request", body, &line["body"])),
        }
        // Without a status the connection was closed.
        let Some(status) = line["status"].as_u64() else { return mistakes };
        let declared = &operation["responses"][status.to_string()];
        let response = match declared["$ref"].as_str() {
            Some(name) => self.document.pointer(&name[1..]).unwrap().clone(),
            None => declared.clone(),
        };
        if response.is_null() {
            if UNDECLARED.iter().any(|it| it.0 == status) {
                mistakes.extend(self.problems("answer", &reference("ErrorResponse"), &line["answer"]));
            } else {
                mistakes.push(format!("the status {status} is not declared"));
            }
            return mistakes;
        }
        let schema = &response["content"]["application/json"]["schema"];
        if !schema.is_null() {
            mistakes.extend(self.problems("answer", schema, &line["answer"]));
        }
        mistakes
    }

    /// Returns what is wrong with the ids in the path and with the query.
    fn parameters(&mut self, line: &Value, route: &str, path: &Value, operation: &Value) -> Vec<String> {
        let declared: Vec<Value> = [path, operation]
            .iter()
            .flat_map(|it| it["parameters"].as_array().cloned().unwrap_or_default())
            .map(|it| match it["$ref"].as_str() {
                Some(name) => self.document.pointer(&name[1..]).unwrap().clone(),
                None => it,
            })
            .collect();
        let url = reqwest_url(line["path"].as_str().unwrap());
        let in_path = route.split('/').zip(url.path().split('/')).filter_map(|(name, value)| {
            Some((name.strip_prefix('{')?.strip_suffix('}')?.to_owned(), value.to_owned(), "path"))
        });
        let in_query =
            url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned(), "query"));
        let given: Vec<(String, String, &str)> = in_path.chain(in_query).collect();
        let mut mistakes = Vec::new();
        for (name, value, place) in given {
            let Some(parameter) = declared.iter().find(|it| it["name"] == *name && it["in"] == place) else {
                mistakes.push(format!("the parameter {name} is not declared"));
                continue;
            };
            let value = if parameter["schema"]["type"] == "boolean" {
                value.parse().map_or(Value::Null, Value::Bool)
            } else {
                Value::String(value)
            };
            if line["status"] != 400 {
                mistakes.extend(self.problems(&name, &parameter["schema"], &value));
            }
        }
        mistakes
    }

    fn problems(&mut self, what: &str, schema: &Value, value: &Value) -> Vec<String> {
        let validator = self.validators.entry(schema.to_string()).or_insert_with(|| {
            let mut whole = schema.clone();
            whole["components"] = self.components.clone();
            let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
            options.build(&whole).unwrap()
        });
        validator.iter_errors(value).map(|it| format!("{what} at {}: {it}", it.instance_path())).collect()
    }

    #[track_caller]
    fn holds(&mut self, lines: &[Value]) {
        let wrong: Vec<String> = lines
            .iter()
            .filter(|line| line["route"] != TOKEN)
            .flat_map(|line| {
                let of = format!("{} {} {}", line["method"], line["path"], line["status"]);
                self.mistakes(line).into_iter().map(move |it| format!("{of}: {it}\n  {line}"))
            })
            .collect();
        assert!(
            wrong.is_empty(),
            "{} of {}:\n{}",
            wrong.len(),
            lines.len(),
            wrong[..wrong.len().min(20)].join("\n")
        );
    }
}

/// Adds what one document says to another.
fn lay_over(document: &mut Value, more: Value) {
    match (document, more) {
        (Value::Object(document), Value::Object(more)) if !more.contains_key("$ref") => {
            for (name, value) in more {
                lay_over(document.entry(name).or_insert(Value::Null), value);
            }
        }
        (document, more) => *document = more,
    }
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn reqwest_url(path: &str) -> reqwest::Url {
    reqwest::Url::parse("http://sandbox.example").unwrap().join(path).unwrap()
}

/// Forbids fields that the document does not name, but where a part of an object is described on its own.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("properties").is_some_and(Value::is_object) {
                fields.entry("additionalProperties").or_insert(false.into());
            }
            for (name, field) in fields {
                if name != "allOf" {
                    close(field);
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Returns the operations that rolecall asked for.
fn asked_by_the_client(lines: &[Value]) -> BTreeSet<String> {
    let own = |it: &&Value| it["agent"].as_str().is_some_and(|it| it.starts_with("rolecall/"));
    let name = |it: &Value| format!("{} {}", it["method"].as_str().unwrap(), it["route"].as_str().unwrap());
    lines.iter().filter(own).map(name).filter(|it| !it.ends_with(TOKEN)).collect()
}

#[test]
fn all_that_is_asked_and_answered_is_as_the_contract_says() {
    let lines = recorded(|| {
        workflows::a_user_is_added_to_a_group();
        workflows::roles_and_scopes_of_a_group_are_updated_in_one_request();
        workflows::a_user_is_moved_between_groups();
        workflows::a_custom_group_is_created_with_roles_scopes_and_members();
        workflows::a_standard_group_is_duplicated_with_its_roles_and_scopes();
        workflows::agents_of_a_tmc_serve_one_client_only();
        apply::a_removed_group_is_deleted_with_everything_named_that_goes_with_it();
        apply::a_rename_keeps_the_id_the_members_and_the_roles();
        apply::many_members_are_changed_a_hundred_at_a_time();
        rollbacks::a_rollback_leads_back_to_exactly_what_was();
        lockouts::who_is_locked_out_leaves_every_group_before_anything_else_happens();
        lockouts::the_fast_path_asks_for_the_groups_of_the_person_and_writes_once_to_each();
        lockouts::roles_outside_groups_that_survive_are_shown();
        people::each_key_of_a_person_finds_the_same_person();
        people::one_who_cannot_be_resolved_is_withheld_and_the_rest_is_done();
        client::groups_roles_and_permissions_are_read_one_by_one_as_in_lists();
        client::an_account_is_made_found_left_and_come_back_to();
        client::the_groups_of_a_user_follow_the_members_of_the_groups();
        users::an_export_is_for_its_owner_and_overwrites_nothing_unasked();
        users::every_part_that_can_be_put_is();
        one_by_one();
    });
    Contract::read().holds(&lines);
    assert_eq!(asked_by_the_client(&lines), ASKED_BY_THE_CLIENT.map(str::to_owned).into());
}

/// Finds people one by one, where the list of users is closed.
fn one_by_one() {
    let world = World::seeded(&format!("{SEED}dialect: {{ usersList: refused }}\n"))
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: [ana@voyager.example, { externalId: agent-17 }, { employeeId: V-3 }] }\n");
    world.apply().expect(0);
}

/// The rows of the page: method and path.
fn on_the_page() -> Vec<String> {
    let page = repository("docs/api.md");
    let rows =
        page.lines().filter_map(|it| it.strip_prefix("| `")?.split_once("` |")).map(|it| it.0.to_owned());
    rows.collect()
}

/// The client has its paths as texts of the form that the contract has.
#[test]
fn every_operation_that_the_client_can_ask_for_is_on_the_page_once() {
    let page = on_the_page();
    let once: BTreeSet<&String> = page.iter().collect();
    assert_eq!(once.len(), page.len(), "a row twice: {page:?}");
    let mut paths = BTreeSet::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/live/api");
    let parts = folder.join("../../model/part.rs");
    let files = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).filter(|it| it.is_file());
    for entry in files.chain([parts]) {
        let text = std::fs::read_to_string(entry).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let texts = code.split('"').filter(|it| it.starts_with("/v2/") || it.starts_with("/v3/"));
        paths.extend(texts.map(str::to_owned));
    }
    let told: BTreeSet<String> = page.iter().map(|it| it.split_once(' ').unwrap().1.to_owned()).collect();
    assert_eq!(told, paths);
    let (told, contract) = (page.into_iter().collect::<BTreeSet<_>>(), Contract::read());
    let unsaid: Vec<_> = ASKED_BY_THE_CLIENT.iter().filter(|it| !told.contains(**it)).collect();
    assert!(unsaid.is_empty(), "{unsaid:?}");
    for row in &told {
        let (method, path) = row.split_once(' ').unwrap();
        assert!(
            contract.document["paths"][path][method.to_lowercase()].is_object(),
            "{row} is not an operation"
        );
    }
}

#[test]
fn refusals_are_as_the_contract_says() {
    let lines = recorded(|| {
        let world = World::new();
        let desk = format!("/v3/companies/{VOYAGER}/user-groups/{}", world.id("Desk"));
        let admins = format!("/v3/companies/{VOYAGER}/user-groups/{}", world.id("Company Admins"));
        let nowhere = format!("/v3/companies/{VOYAGER}/user-groups/{VOYAGER}");
        let text = json!({ "name": "n", "description": "d" });
        let page = json!({ "pagination": {} });
        for (token, method, path, body, status) in [
            ("full-token", "POST", &format!("{desk}/members"), json!({}), 400),
            ("full-token", "PATCH", &format!("{desk}/members"), json!({ "userIdsToRemove": [] }), 400),
            ("full-token", "POST", &"/v3/users/list".to_owned(), page.clone(), 400),
            ("full-token", "GET", &"/v2/users".to_owned(), Value::Null, 400),
            ("wrong-token", "GET", &desk, Value::Null, 401),
            ("wrong-token", "POST", &format!("{desk}/roles"), page.clone(), 401),
            ("read-token", "PUT", &desk, text.clone(), 403),
            ("full-token", "DELETE", &admins, Value::Null, 403),
            ("full-token", "GET", &nowhere, Value::Null, 404),
            ("full-token", "POST", &format!("{nowhere}/members"), page.clone(), 404),
            ("full-token", "GET", &format!("/v2/users/{VOYAGER}"), Value::Null, 404),
            ("full-token", "GET", &format!("/v3/users/{VOYAGER}/rbac-info"), Value::Null, 404),
        ] {
            assert_eq!(
                http(&world.url(), token, method, path, &body.to_string()).0,
                status,
                "{method} {path}"
            );
        }
        let refusals = [(429, "1"), (503, "2")].map(
            |(code, after)| json!({ "times": 1, "kind": { "status": { "code": code, "retryAfter": after } } }),
        );
        world.faults(json!([refusals[0]]));
        world
            .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n")
            .plan()
            .expect(0);
    });
    let seen: BTreeSet<u64> = lines.iter().filter_map(|it| it["status"].as_u64()).collect();
    assert_eq!(seen, BTreeSet::from([200, 400, 401, 403, 404, 429]));
    Contract::read().holds(&lines);
}

#[test]
fn roles_and_people_made_by_hand_are_as_the_contract_says() {
    let lines = recorded(|| {
        let world = World::new();
        let done = |method: &str, path: &str, body: Value, status: u16| {
            let (answered, reply) = world.call(method, path, body);
            assert_eq!(answered, status, "{method} {path}: {reply}");
            reply
        };
        let permissions = json!([{ "permission": "AGENT", "actions": ["READ"] }]);
        let role = json!({ "name": "r", "description": "d", "isPlatformRole": false, "companyId": VOYAGER, "permissions": permissions });
        let id = done("POST", "/v3/roles", role, 200)["id"].as_str().unwrap().to_owned();
        let role = json!({ "name": "r", "description": "e", "permissions": permissions });
        done("PUT", &format!("/v3/roles/{id}"), role, 200);
        done("DELETE", &format!("/v3/roles/{id}"), Value::Null, 200);
        done("GET", &format!("/v3/companies/{VOYAGER}/permissions"), Value::Null, 200);
        let ana = format!("/v2/users/{}", world.user("ana@voyager.example"));
        let info = done("GET", &format!("{ana}/business-info"), Value::Null, 200);
        done("PUT", &format!("{ana}/business-info"), info.clone(), 204);
        let mut new = json!({ "persona": "EMPLOYEE", "personalInfo": { "email": "new@voyager.example" }, "businessInfo": info });
        new["businessInfo"].as_object_mut().unwrap().remove("email");
        let new = done("POST", "/v2/users", new, 201)["id"].as_str().unwrap().to_owned();
        done("DELETE", &format!("/v2/users/{new}"), Value::Null, 204);
        done("POST", &format!("/v2/users/{new}/activate"), Value::Null, 200);
        parts_of(&done, &format!("/v2/users/{new}"));
        let roles = json!({ "roles": [
            { "roleType": "COMPANY_ADMIN", "metadata": { "roleType": "COMPANY_ADMIN", "companyRef": { "id": VOYAGER } } },
            { "roleType": "TRAVEL_ARRANGER", "metadata": { "roleType": "TRAVEL_ARRANGER", "arrangerFor": [] } },
        ] });
        done("PUT", &format!("{ana}/roles"), roles, 204);
        done("GET", &format!("{ana}/roles"), Value::Null, 200);
    });
    Contract::read().holds(&lines);
}

/// Reads and replaces all that the API knows of one person.
fn parts_of(done: &impl Fn(&str, &str, Value, u16) -> Value, user: &str) {
    let passport = json!({ "docId": "K22", "expiryDate": { "iso8601": "2031-05-01" }, "issueCountry": "NZ", "nationalityCountry": "NZ" });
    let card = json!({ "id": "L-7", "type": "AIR", "issuedBy": "NZ", "appliedTo": ["NZ"] });
    for (part, body, status) in [
        (
            "personal-info",
            json!({ "name": { "given": "Noor", "family1": "Haddad" }, "dob": { "iso8601": "1990-02-03" }, "identityDocs": [{ "passport": passport }] }),
            200,
        ),
        ("travel-preferences", json!({ "preferences": { "preferredCurrency": "EUR" } }), 204),
        ("membership-info", json!({ "membershipInfos": [card] }), 204),
        (
            "notification-preferences",
            json!({ "preferences": [{ "notificationType": "BOOKING_NOTIFICATION", "emailPreference": { "enabled": false } }] }),
            200,
        ),
        ("external-id", json!({ "externalId": "hr-9" }), 200),
    ] {
        done("GET", &format!("{user}/{part}"), Value::Null, 200);
        done("PUT", &format!("{user}/{part}"), body.clone(), status);
        assert_eq!(done("GET", &format!("{user}/{part}"), Value::Null, 200), body);
    }
    for part in ["travel-arrangers", "applicable-policies"] {
        done("GET", &format!("{user}/{part}"), Value::Null, 200);
    }
    let mut profile = done("GET", &format!("{user}?includeInactive=true"), Value::Null, 200);
    ["id", "isActive"].into_iter().for_each(|it| _ = profile.as_object_mut().unwrap().remove(it));
    done("PUT", user, profile, 200);
    done("GET", user, Value::Null, 200);
}

#[test]
fn the_token_is_asked_for_and_given_as_the_contract_says() {
    let mut contract = Contract::read();
    let server = Server::answering("403 Forbidden");
    let world = World::new()
        .groups("  - { name: Desk, description: The desk., roles: unmanaged, members: unmanaged }\n");
    let status = binary()
        .current_dir(world.path())
        .args(["plan", "--endpoint", &server.url])
        .envs([("ROLECALL_CLIENT_ID", "me"), ("ROLECALL_CLIENT_SECRET", "secret&more")])
        .output()
        .unwrap()
        .status;
    assert_eq!(status.code(), Some(5));
    let asked = server.asked().remove(0);
    let (head, body) = asked.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v2/auth/oauth2-token "), "{head}");
    assert!(head.to_lowercase().contains("content-type: application/x-www-form-urlencoded"), "{head}");
    assert!(!head.to_lowercase().contains("authorization"), "the only request without a token: {head}");
    let form: Map<String, Value> = reqwest_url(&format!("/?{body}"))
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    assert_eq!(form["client_secret"], "secret&more");
    let wrong = contract.problems("form", &reference("OAuthTokenRequest"), &Value::Object(form));
    assert_eq!(wrong, [""; 0]);
    let answer = |secret: &str| {
        let form = format!("grant_type=client_credentials&client_id=sandbox&client_secret={secret}");
        http(&world.url(), "none", "POST", "/v2/auth/oauth2-token", &form)
    };
    let right = world.client().1;
    for (secret, status, schema) in [(&*right, 200, "OAuthTokenResponse"), ("wrong", 403, "ErrorResponse")] {
        let (answered, body) = answer(secret);
        assert_eq!(answered, status);
        assert_eq!(contract.problems("answer", &reference(schema), &body), [""; 0]);
    }
}

#[test]
fn what_is_not_as_the_contract_says_is_found() {
    let mut contract = Contract::read();
    let group = "/v3/companies/{companyId}/user-groups/{groupId}";
    let path = format!("/v3/companies/{VOYAGER}/user-groups/{VOYAGER}");
    let line = |method: &str, more: &str, body: Value, status: u64, answer: Value| json!({ "method": method, "route": format!("{group}{more}"), "path": format!("{path}{more}"), "body": body, "status": status, "answer": answer });
    let page = json!({ "pagination": { "limit": 1 } });
    let members = json!({ "members": [{ "userId": VOYAGER, "addedAt": { "iso8601": "2026-03-04T10:20Z" } }], "pagination": { "totalNumResults": 1 } });
    let sound = line("POST", "/members", page.clone(), 200, members.clone());
    assert_eq!(contract.mistakes(&sound), [""; 0]);
    for (pointer, value, words) in [
        ("/body", json!({}), "pagination"),
        ("/body/pagination/limit", json!(0), "less than the minimum"),
        ("/body", json!({ "pagination": {}, "searchText": "x" }), "searchText"),
        ("/answer/members/0/userId", json!("somebody"), "uuid"),
        ("/answer/members/0/addedAt/iso8601", json!("2026-03-04T10:20:30.5Z"), "does not match"),
        ("/answer/members/0", json!({ "userId": VOYAGER }), "addedAt"),
        ("/answer/pagination", json!({}), "totalNumResults"),
        ("/answer", Value::Null, "null"),
        ("/status", json!(418), "418"),
        ("/method", json!("PUT"), "not declared"),
        ("/path", json!("/v3/companies/x/user-groups/y/members"), "uuid"),
        ("/path", json!(format!("{path}/members?page=2")), "page"),
    ] {
        let mut wrong = sound.clone();
        *wrong.pointer_mut(pointer).unwrap() = value.clone();
        let mistakes = contract.mistakes(&wrong).join("\n");
        assert!(mistakes.contains(words), "{pointer} {value}: {mistakes}");
    }
    let removal = line("PATCH", "/members", json!({ "userIdsToRemove": [VOYAGER] }), 200, Value::Null);
    assert!(contract.mistakes(&removal).join("").contains("userIdsToRemove"));
    let deletion = line("DELETE", "", json!({}), 200, Value::Null);
    assert!(contract.mistakes(&deletion).join("").contains("body"));
    let refusal = line("POST", "/members", page, 403, json!({ "error": "no" }));
    assert!(contract.mistakes(&refusal).join("").contains("error"));
}
