//! Files that would not say what there is are given to nobody.

use serde_json::json;

use super::*;
use crate::model::ids::PersonRef;

/// Makes files say something else.
type Spoil = fn(&mut Imported);

const COMPANY: &str = "1a6f0000-0000-4000-8000-000000000001";

fn snapshot() -> Snapshot {
    let user = |n: u8| format!("5e500000-0000-4000-8000-{n:012}");
    let row = |n: u8| {
        let email = format!("p{n}@voyager.example");
        json!({ "userId": user(n), "email": email, "company": COMPANY, "active": true })
    };
    let role = "401e0000-0000-4000-8000-000000000001";
    let scope = json!({ "audiences": [{ "predicates": [{ "type": "COMPANY", "values": [COMPANY] }] }] });
    let companies = json!([{
        "id": COMPANY,
        "roles": [{ "id": role, "name": "Agent", "platform": true, "managesAccess": false }],
        "groups": [{
            "id": "6a0b0000-0000-4000-8000-000000000001", "name": "Desk", "description": "The desk.",
            "unmodifiable": false, "members": [user(1), user(2)], "roles": [{ "roleId": role, "scope": scope }],
        }],
    }]);
    let directories =
        json!([{ "company": COMPANY, "reach": "whole", "users": [row(1), row(2), row(3)], "asked": [] }]);
    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    let read = |value: serde_json::Value| value.to_string();
    Snapshot::new(
        (now, "https://api.example", std::collections::BTreeMap::new()),
        serde_json::from_str(&read(companies)).unwrap(),
        serde_json::from_str(&read(directories)).unwrap(),
        Vec::new(),
    )
}

#[test]
fn nobody_gets_files_that_would_not_say_what_there_is() {
    let asked = Asked {
        groups: &[],
        direct_roles: false,
        people: Profiles::Declared,
        layout: Layout::One,
        endpoint: "https://api.example",
    };
    let wait = |imported: &Imported| {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(proven(imported, snapshot()))
    };
    let sound = draft::draft(&snapshot(), &asked);
    wait(&sound).unwrap();
    let spoilt: [(&str, Spoil); 6] = [
        ("a member is missing", |it| it.files[0].groups[0].members.truncate(1)),
        ("a member is another", |it| {
            it.files[0].groups[0].members[0].person = PersonRef::Email("p3@voyager.example".parse().unwrap());
        }),
        ("a member is nobody", |it| {
            it.files[0].groups[0].members[0].person = PersonRef::Email("p4@voyager.example".parse().unwrap());
        }),
        ("a role is missing", |it| it.files[0].groups[0].grants.as_mut().unwrap().clear()),
        ("the description is another", |it| it.files[0].groups[0].description = Some("Other.".into())),
        ("the group is another", |it| it.files[0].groups[0].name = "Dusk".into()),
    ];
    for (what, spoil) in spoilt {
        let mut imported = sound.clone();
        spoil(&mut imported);
        let refused = wait(&imported);
        assert!(
            matches!(&refused, Err(Error::NotProven { what }) if !what.is_empty()),
            "{what}: {refused:?}"
        );
    }
    let mut imported = sound;
    imported.files[0].groups[0].name = " Desk".into();
    assert!(matches!(wait(&imported), Err(Error::Findings { .. })));
}
