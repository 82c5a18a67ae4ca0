//! Entries that editors draft: valid as they stand, giving nobody anything until somebody fills them in.
//!
//! `defaultSnippets` are read by the YAML plugins of editors, and by nothing else. They stand on the lists, as the editor then
//! writes the dash where none is there yet.

use serde_json::{Map, Value, json};

use super::Kind;

/// An id that no company has.
const ID: &str = "00000000-0000-0000-0000-000000000000";

/// Adds the drafts to every list whose entries are of a form that has some, and to the file itself.
pub(super) fn add(kind: Kind, schema: &mut Value) {
    walk(schema);
    let version = json!({ "version": 1 });
    let drafts = match kind {
        Kind::Access => {
            let groups = json!([group()]);
            vec![draft(
                "access file",
                "An access file with one group",
                &json!({ "version": 1, "groups": groups }),
            )]
        }
        Kind::Workspace => vec![draft(
            "workspace",
            "A workspace: which API, whose groups, names for ids",
            &json!({
                "version": 1,
                "api": { "endpoint": "${1:sandbox}" },
                "company": "${2:voyager}",
                "ids": { "company": { "${2:voyager}": format!("${{3:{ID}}}") } },
            }),
        )],
        Kind::Policy => vec![draft("policy", "A policy", &version)],
        Kind::PolicyTests => vec![draft(
            "tests",
            "Tests of rules",
            &json!({ "version": 1, "tests": [{ "rule": "${1:rule}", "access": {}, "expect": "${2:deny}" }] }),
        )],
        Kind::Answer
        | Kind::Difference
        | Kind::Expiring
        | Kind::Explanation
        | Kind::Facts
        | Kind::History
        | Kind::Plan
        | Kind::Review
        | Kind::Snapshot
        | Kind::User
        | Kind::Users
        | Kind::UsersExport
        | Kind::UsersPut => Vec::new(),
    };
    schema["defaultSnippets"] = drafts.into();
}

fn walk(schema: &mut Value) {
    match schema {
        Value::Object(keys) => {
            let drafts = drafts(keys);
            if !drafts.is_empty() {
                keys.insert("defaultSnippets".to_owned(), drafts.into());
            }
            keys.values_mut().for_each(walk);
        }
        Value::Array(items) => items.iter_mut().for_each(walk),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

/// The drafts of a value: entries of a list, a scope, a name with what it stands for.
fn drafts(schema: &Map<String, Value>) -> Vec<Value> {
    if schema.get("const").is_some_and(|it| it == "unmanaged") {
        // Beside the list, and not of it: they are offered where there is none yet.
        return vec![
            draft("[]", "Exactly these: nobody, nothing", &json!("[]")),
            draft("at least these", "These, and whoever else is there", &json!({ "atLeast": "[]" })),
        ];
    }
    if let Some(item) = schema.get("items").filter(|_| schema.get("type").is_some_and(|it| it == "array")) {
        return forms(item).flat_map(of).collect();
    }
    if schema.contains_key("propertyNames") {
        let value = &schema["additionalProperties"];
        let is_scope = forms(value).any(|it| it == "AudienceEntry");
        return vec![if is_scope {
            draft("scope", "A named scope: the people of a company", &json!({ "${1:name}": audience() }))
        } else {
            draft("name for an id", "A name for an id", &json!({ "${1:name}": format!("${{2:{ID}}}") }))
        }];
    }
    let mut options = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    if options.any(|it| name(it) == Some("AudienceEntry")) {
        // Two: of one alone editors make a part of other drafts, and indent it wrongly there.
        let one = json!({ "company": format!("${{1:{ID}}}"), "legalEntity": format!("${{2:{ID}}}") });
        return vec![
            draft("a company", "The people of a company", &audience()),
            draft("a legal entity", "The people of a legal entity of a company", &one),
        ];
    }
    Vec::new()
}

/// The names of the forms that a value may have.
fn forms(schema: &Value) -> impl Iterator<Item = &str> {
    let options = schema["anyOf"].as_array().map_or(std::slice::from_ref(schema), Vec::as_slice);
    options.iter().filter_map(name)
}

fn name(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

fn of(form: &str) -> Vec<Value> {
    match form {
        "GroupEntry" => vec![
            draft("group", "A group without roles and members, to be filled in", &group()),
            draft(
                "standard group",
                "A group of the platform: its roles cannot be changed",
                &json!({ "name": "${1:Company Admins}", "roles": "unmanaged", "members": "${2:unmanaged}" }),
            ),
        ],
        "RoleEntry" => vec![
            draft("role", "A role on a scope", &role()),
            draft("role with an end", "A role on a scope, until a day", &with(role(), &[UNTIL, REASON])),
        ],
        "MemberKeys" => vec![
            draft(
                "member with an end",
                "A member until a day",
                &with(json!({ "email": "${1:name@company.example}" }), &[UNTIL, REASON]),
            ),
            draft(
                "member by external id",
                "A member by external id",
                &json!({ "externalId": "${1:external id}" }),
            ),
        ],
        "RemovedEntry" => vec![draft(
            "removed group",
            "A group to delete, with the reason",
            &with(json!({ "group": "${1:Winter Migration}" }), &[REASON]),
        )],
        "UserEntry" => {
            let person = || json!({ "user": "${1:name@company.example}" });
            let business = |more: Value| json!({ "user": "${1:name@company.example}", "business": more });
            let mut joiner = business(json!({ "legalEntity": format!("${{4:{ID}}}") }));
            joiner["create"] = json!({ "name": { "first": "${2:First}", "last": "${3:Last}" } });
            let mut leaver = with(person(), &[REASON]);
            leaver["active"] = false.into();
            vec![
                draft(
                    "person with direct roles",
                    "A person whose roles outside groups are looked at",
                    &with(person(), &[("directRoles", "${2:unmanaged}")]),
                ),
                draft("person who joins", "A person who gets an account", &joiner),
                draft(
                    "person in a department",
                    "What the company says of a person",
                    &business(json!({ "department": format!("${{2:{ID}}}") })),
                ),
                draft(
                    "person who leaves",
                    "A person whose account is deactivated, with all access taken",
                    &leaver,
                ),
            ]
        }
        "DirectRoleEntry" => vec![draft(
            "direct role of a company",
            "A role of a company, held outside groups",
            &json!({ "type": "${1|COMPANY_REPORT_ADMIN,COMPANY_TRAVEL_ARRANGER,COMPANY_ADMIN|}", "company": format!("${{2:{ID}}}") }),
        )],
        "AudienceEntry" => vec![draft(
            "list of audiences",
            "The people of a company, or of any other of the list",
            &audience(),
        )],
        "ExceptionEntry" => vec![draft(
            "exception",
            "One thing that may go beyond a limit, so far, until then, and why",
            &with(
                json!({ "guard": "removals", "company": format!("${{1:{ID}}}"), "of": "${2|members,roles,groups,people|}", "upTo": "${3:1}" }),
                &[UNTIL, REASON],
            ),
        )],
        "ExclusiveEntry" => vec![draft(
            "isolation of a client",
            "Members of a group reach one client company, and nothing else",
            &json!({ "name": "${1:globex only}", "groups": ["${2:Dedicated Client Agents}"], "companies": [format!("${{3:{ID}}}")] }),
        )],
        "SeparationEntry" => vec![draft(
            "separation of duties",
            "Two roles that nobody holds together",
            &json!({ "name": "${1:two to pay}", "roles": ["${2:Payments Creator}"], "apartFrom": ["${3:Payments Approver}"] }),
        )],
        "NoDirectRolesEntry" => vec![draft(
            "no direct roles",
            "Nobody holds a role outside groups",
            &json!({ "name": "${1:groups only}" }),
        )],
        "PolicyExceptionEntry" => vec![draft(
            "exception from a policy",
            "Somebody who may break it until a day, and why",
            &with(json!({ "person": "${1:name@company.example}" }), &[UNTIL, REASON]),
        )],
        "LockoutEntry" => vec![draft(
            "lock-out",
            "A person who is cut off everywhere",
            &with(json!({ "email": "${1:name@company.example}", "since": "${2:2026-11-20}" }), &[REASON]),
        )],
        _ => Vec::new(),
    }
}

const UNTIL: (&str, &str) = ("until", "${8:2027-01-31}");
const REASON: (&str, &str) = ("reason", "${9:why}");

fn draft(label: &str, description: &str, body: &Value) -> Value {
    json!({ "label": label, "description": description, "body": body })
}

fn with(mut body: Value, more: &[(&str, &str)]) -> Value {
    for (key, value) in more {
        body[key] = (*value).into();
    }
    body
}

fn group() -> Value {
    json!({
        "name": "${1:Night Desk}",
        "description": "${2:What the group is for}",
        "roles": "[]",
        "members": "[]",
    })
}

fn role() -> Value {
    json!({ "role": "${1:Agent}", "scope": audience() })
}

fn audience() -> Value {
    json!({ "company": format!("${{2:{ID}}}") })
}
