//! A snapshot to objects: the rehearsal room furnished like the real one.
//!
//! What a snapshot does not tell is made up and plays no part in a plan: names of companies and people,
//! and what a role permits beyond managing access.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::{Value, json};

use super::{SandboxError, clock::Moment, model::derived_id, store::Objects};
use crate::{
    fetch,
    ids::{CompanyId, RoleId, UserId},
    recording::{Recording, User},
};

/// Returns the objects of the snapshot at `path`, all of them made at `now`.
///
/// # Errors
/// When the file is no snapshot, or holds a scope in a form that the sandbox cannot keep.
pub(super) fn load(path: &Path, now: Moment) -> Result<Objects, SandboxError> {
    let recording = fetch::open(path).map_err(SandboxError::Snapshot)?;
    // By way of the form of the state file: one reader says what objects are.
    serde_json::from_value(objects(&recording, now))
        .map_err(|source| SandboxError::SnapshotForm { path: path.to_owned(), source })
}

fn objects(recording: &Recording, now: Moment) -> Value {
    let author = json!({ "id": derived_id("client", &["snapshot"]), "name": "snapshot" });
    let stamps = json!({ "createdAt": now, "createdBy": author, "updatedAt": now, "updatedBy": author });
    let users = users(recording);
    let held = recording.companies.iter().map(|it| it.id);
    let known = recording.directories.iter().map(|it| it.company);
    let owners = users.values().map(|(company, _)| *company);
    let companies: BTreeSet<CompanyId> = held.chain(known).chain(owners).collect();
    let mut roles: BTreeMap<RoleId, Value> = BTreeMap::new();
    for company in &recording.companies {
        for role in &company.roles {
            let permissions = match role.manages_access {
                true => json!([{ "permission": "ACCESS_MANAGEMENT", "actions": ["ALL"] }]),
                false => json!([]),
            };
            let mut value = json!({ "id": role.id, "name": role.name, "description": "", "permissions": permissions, "stamps": stamps });
            if !role.platform {
                value["company"] = json!(company.id);
            }
            roles.insert(role.id, value);
        }
    }
    let groups = recording.companies.iter().flat_map(|company| {
        company.groups.iter().map(|group| {
            let grants: Vec<Value> =
                group.roles.iter().map(|it| json!({ "role": it.role_id, "scope": it.scope })).collect();
            let members: Vec<Value> =
                group.members.iter().map(|it| json!({ "user": it, "addedAt": now })).collect();
            json!({
                "id": group.id, "name": group.name, "description": group.description, "company": company.id,
                "unmodifiable": group.unmodifiable, "stamps": stamps, "grants": grants, "members": members,
            })
        })
    });
    json!({
        "created": 0,
        "companies": companies.iter().map(|it| json!({ "id": it, "name": it, "kind": "client", "legalEntities": [] })).collect::<Vec<_>>(),
        "roles": roles.into_values().collect::<Vec<_>>(),
        "users": users.iter().map(|(id, (company, row))| user(*id, *company, *row, recording, &stamps)).collect::<Vec<_>>(),
        "groups": groups.collect::<Vec<_>>(),
    })
}

/// Returns everybody with their company: whom a directory or an answer shows, and members whom neither does.
fn users(recording: &Recording) -> BTreeMap<UserId, (CompanyId, Option<&User>)> {
    let mut users: BTreeMap<UserId, (CompanyId, Option<&User>)> = BTreeMap::new();
    for company in &recording.companies {
        let members = company.groups.iter().flat_map(|it| &it.members);
        users.extend(members.map(|it| (*it, (company.id, None))));
    }
    for directory in &recording.directories {
        let asked = directory.asked.iter().flat_map(|it| &it.users);
        // A row of the list says more than an answer to one question.
        for row in asked.chain(&directory.users) {
            users.insert(row.user_id, (row.company.unwrap_or(directory.company), Some(row)));
        }
    }
    users
}

fn user(id: UserId, company: CompanyId, row: Option<&User>, recording: &Recording, stamps: &Value) -> Value {
    let email = row.and_then(|it| it.email.as_ref()).map_or("", |it| it.as_str());
    let company_name = company.to_string();
    let mut value = json!({
        "id": id, "email": email, "name": email.split('@').next(), "company": company,
        "active": row.is_none_or(|it| it.active), "persona": "EMPLOYEE",
        "legalEntity": { "id": derived_id("legalEntity", &[&company_name]), "name": company_name }, "stamps": stamps,
    });
    if let Some(external) = row.and_then(|it| it.external_id.as_ref()) {
        value["externalId"] = json!(external);
    }
    if let Some(employee) = row.and_then(|it| it.employee_id.as_ref()) {
        value["employeeId"] = json!(employee);
    }
    let person = recording.people.iter().find(|it| it.user_id == id);
    if let Some(roles) = person.and_then(|it| it.direct_roles.as_ref()).filter(|it| !it.is_empty()) {
        value["legacyRoles"] = json!(roles);
    }
    value
}
