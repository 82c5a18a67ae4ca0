//! Turns a snapshot into objects, to rehearse on.
//!
//! What a snapshot does not tell is made up and plays no part in a plan: names of companies and people, what
//! a role permits where the API did not say, and of roles that groups hold and no list shows all but the id.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
    path::Path,
};

use serde_json::{Value, json, to_value};

use super::{clock::Moment, error::SandboxError, model::derived_id, store::Objects};
use crate::{
    live::{
        fetch,
        snapshot::{Directory, Snapshot},
    },
    model::{
        ids::{CompanyId, RoleId, UserId, parse_uuid},
        observed::{GroupRole, User},
        selector::{Attribute, Traits},
        stamp::Stamp,
    },
};

/// The objects of the snapshot at `path`, all of them made at `now`.
pub(super) fn load(path: &Path, now: Moment) -> Result<Objects, SandboxError> {
    let snapshot = fetch::open(path).map_err(SandboxError::Snapshot)?;
    // By way of the form of the state file: one reader says what objects are.
    objects(&snapshot, now)
        .and_then(serde_json::from_value)
        .map_err(|it| SandboxError::SnapshotForm(path.to_owned(), it.into()))
}

fn objects(snapshot: &Snapshot, now: Moment) -> Result<Value, serde_json::Error> {
    let author = json!({ "id": derived_id("client", &["snapshot"]), "name": "snapshot" });
    let stamps = json!({ "createdAt": now, "createdBy": author, "updatedAt": now, "updatedBy": author });
    let users = users(snapshot);
    let held = snapshot.companies.iter().map(|it| it.id);
    let known = snapshot.directories.iter().map(|it| it.company);
    let owners = users.values().map(|(company, _)| *company);
    let companies: BTreeSet<CompanyId> = held.chain(known).chain(owners).collect();
    let mut roles: BTreeMap<RoleId, Value> = BTreeMap::new();
    for company in &snapshot.companies {
        for role in &company.roles {
            let permissions = match &role.permissions {
                Some(told) => told
                    .iter()
                    .map(|(permission, actions)| json!({ "permission": permission, "actions": actions }))
                    .collect(),
                None if role.manages_access => {
                    json!([{ "permission": "ACCESS_MANAGEMENT", "actions": ["ALL"] }])
                }
                None => json!([]),
            };
            let mut value = json!({ "id": role.id, "name": role.name, "description": "", "permissions": permissions, "stamps": stamps });
            if role.platform == Some(false) {
                value["company"] = json!(company.id);
            }
            roles.insert(role.id, value);
        }
    }
    // Roles that groups hold and no list shows: of a company that does not exist, so that no list shows them here either.
    let unknown = derived_id("company", &["roles that no list shows"]);
    let held = snapshot.companies.iter().flat_map(|it| &it.groups).flat_map(|it| &it.roles);
    for id in held.map(|it| it.role) {
        let unlisted = || json!({ "id": id, "name": id, "description": "", "company": unknown, "permissions": [], "stamps": stamps });
        roles.entry(id).or_insert_with(unlisted);
    }
    let mut groups = Vec::new();
    for company in &snapshot.companies {
        for group in &company.groups {
            let grant = |it: &GroupRole| Ok(json!({ "role": it.role, "scope": to_value(&it.scope)? }));
            let grants: Vec<Value> =
                group.roles.iter().map(grant).collect::<Result<_, serde_json::Error>>()?;
            let added = group.added.iter().map(|it| it.map_or(now, Moment::from));
            let members = group.members.iter().zip(added.chain(iter::repeat(now)));
            let members: Vec<Value> = members.map(|(it, at)| json!({ "user": it, "addedAt": at })).collect();
            let mut stamps = stamps.clone();
            for (key, stamp) in [("created", &group.created), ("updated", &group.updated)] {
                if let Some(Stamp { at, by, name }) = stamp {
                    let by = by.unwrap_or(UserId(derived_id("client", &["snapshot"])));
                    stamps[format!("{key}At")] = json!(Moment::from(*at));
                    stamps[format!("{key}By")] =
                        json!({ "id": by, "name": name.as_deref().unwrap_or_default() });
                }
            }
            groups.push(json!({
                "id": group.id, "name": group.name, "description": group.description, "company": company.id,
                "unmodifiable": group.unmodifiable, "stamps": stamps, "grants": grants, "members": members,
            }));
        }
    }
    let user = |(id, (company, row)): (&UserId, &(CompanyId, Option<&User>))| {
        user(*id, *company, *row, snapshot, &stamps)
    };
    Ok(json!({
        "created": 0,
        "companies": companies.iter().map(|it| json!({ "id": it, "name": it, "kind": "client", "legalEntities": [] })).collect::<Vec<_>>(),
        "roles": roles.into_values().collect::<Vec<_>>(),
        "users": users.iter().map(user).collect::<Result<Vec<_>, _>>()?,
        "groups": groups,
    }))
}

/// All users with their company: those that a directory or an answer shows, and members that neither does.
fn users(snapshot: &Snapshot) -> BTreeMap<UserId, (CompanyId, Option<&User>)> {
    let mut users: BTreeMap<UserId, (CompanyId, Option<&User>)> = BTreeMap::new();
    for company in &snapshot.companies {
        let members = company.groups.iter().flat_map(|it| &*it.members);
        users.extend(members.map(|it| (*it, (company.id, None))));
    }
    for directory in &snapshot.directories {
        let asked = directory.asked.iter().flat_map(|it| &it.users);
        // A row of the list says more than an answer to one question.
        for row in asked.chain(&directory.users) {
            users.insert(row.id, (row.company.unwrap_or(directory.company), Some(row)));
        }
    }
    users
}

fn user(
    id: UserId,
    company: CompanyId,
    row: Option<&User>,
    snapshot: &Snapshot,
    stamps: &Value,
) -> Result<Value, serde_json::Error> {
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
    let of = |it: &Directory| it.attributes.as_ref()?.of.get(&id).cloned();
    if let Some(traits) = snapshot.directories.iter().find_map(of) {
        put(&mut value, &traits);
    }
    let person = snapshot.people.iter().find(|it| it.user_id == id);
    if let Some(roles) = person.and_then(|it| it.direct_roles.as_ref()).filter(|it| !it.is_empty()) {
        value["legacyRoles"] = to_value(roles)?;
    }
    Ok(value)
}

/// Puts what rules for members look at where the API has it. Pseudonyms are no ids, and of them only texts stay.
fn put(value: &mut Value, traits: &Traits) {
    for attribute in Attribute::RULES.iter().copied() {
        let Some(told) = traits.get(attribute) else { continue };
        let unit = |name: &str| parse_uuid(told).map(|id| json!({ "id": id, "name": name }));
        match attribute {
            Attribute::Department => value["business"]["departmentRef"] = json!(unit(told)),
            Attribute::CostCenter => value["business"]["costCenterRef"] = json!(unit(told)),
            Attribute::Office => value["business"]["officeRef"] = json!(unit(told)),
            Attribute::Designation => value["business"]["designation"] = json!(told),
            Attribute::Persona => value["persona"] = json!(told),
            Attribute::LegalEntity => {
                if let Some(unit) = unit(told) {
                    value["legalEntity"] = unit;
                }
            }
            // No rule looks at them.
            Attribute::Active
            | Attribute::ExternalId
            | Attribute::EmployeeId
            | Attribute::Grade
            | Attribute::WorkerType
            | Attribute::Manager
            | Attribute::Approvers
            | Attribute::Email
            | Attribute::FirstName
            | Attribute::LastName
            | Attribute::FlightNotificationEnabled
            | Attribute::FlightNotificationCcEmails
            | Attribute::BookingNotificationEnabled
            | Attribute::BookingNotificationCcEmails => (),
        }
    }
    if let Some(business) = value.get_mut("business").and_then(Value::as_object_mut) {
        business.retain(|_, it| !it.is_null());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use uuid::Uuid;

    use super::*;
    use crate::{
        live::snapshot::{Company, Directory, Group, Person, Reach},
        model::{direct::DirectRoles, ids::GroupId},
        sandbox::clock::Clock,
    };

    /// A number that no type here can hold stands in a snapshot as the API wrote it.
    #[test]
    fn what_cannot_be_kept_is_an_error() {
        let id = Uuid::from_u128;
        let snapshot = |scope: &str, role: &str| {
            let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
            let grant = GroupRole { role: RoleId(id(5)), scope: Some(raw(scope).into()) };
            let group = Group {
                id: GroupId(id(2)),
                name: "N".into(),
                description: "D".into(),
                unmodifiable: false,
                roles: vec![grant],
                members: [UserId(id(8))].into(),
                added: [].into(),
                created: None,
                updated: None,
            };
            let company =
                Company { id: CompanyId(id(1)), endpoint: None, groups: vec![group], roles: Vec::new() };
            let directory = Directory {
                company: company.id,
                reach: Reach::Asked,
                users: Vec::new(),
                asked: Vec::new(),
                attributes: None,
                profiles: BTreeMap::new(),
                units: crate::model::units::Units::default(),
            };
            let direct_roles = Some(DirectRoles::read([raw(role)]));
            let person = Person { user_id: UserId(id(8)), groups: Vec::new(), direct_roles };
            let at = "2026-11-21T00:00:00Z".parse().unwrap();
            Snapshot::new((at, "sandbox", BTreeMap::new()), vec![company], vec![directory], vec![person])
        };
        for (scope, role, fits) in [
            (r#"{"audiences":[]}"#, "{}", true),
            (r#"{"audiences":1.0e400}"#, "{}", false),
            (r#"{"audiences":[]}"#, "1.0e400", false),
        ] {
            let objects = objects(&snapshot(scope, role), Clock::Fixed(jiff::Timestamp::UNIX_EPOCH).now());
            assert_eq!(objects.is_ok(), fits, "{scope} {role}");
        }
    }
}
