//! The client's calls that no command makes yet, against the sandbox over HTTP.

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use rolecall::{
    live::api::{self, Credentials, Part, Reader, Settings, Writer},
    model::{
        ids::{CompanyId, PersonRef, UserId},
        object::Object,
    },
};
use serde_json::{Value, json, value::RawValue};

use crate::{
    support::{SEED, VOYAGER, World},
    users::any_json,
};

/// Connects to a world as its client and runs the questions to their end.
fn ask<T>(world: &World, questions: impl AsyncFnOnce(Reader, Writer, CompanyId) -> T) -> T {
    let (id, secret) = world.client();
    let credentials = Credentials::Client { id, secret: secret.into() };
    let (reader, writer) = api::connect(Settings::new(world.url().parse().unwrap(), credentials)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(questions(reader, writer, VOYAGER.parse().unwrap()))
}

#[test]
pub(crate) fn groups_roles_and_permissions_are_read_one_by_one_as_in_lists() {
    ask(&World::new(), async |reader, _, company| {
        let groups = reader.list_groups(company).await.unwrap();
        for group in &groups {
            assert_eq!(reader.get_group(company, group.id).await.unwrap().name, group.name);
        }
        assert_eq!(groups.iter().filter(|it| it.unmodifiable).count(), 1);
        for role in reader.list_roles(company).await.unwrap() {
            let alone = reader.get_role(role.id).await.unwrap();
            assert_eq!((&alone.name, alone.is_platform_role), (&role.name, role.is_platform_role));
            assert!(!alone.permissions.unwrap().is_empty(), "{} permits something", role.name);
        }
        let catalogue = reader.list_permissions().await.unwrap();
        assert!(catalogue.iter().any(|it| &*it.name == "ACCESS_MANAGEMENT"), "{catalogue:?}");
    });
}

#[test]
pub(crate) fn the_groups_of_a_user_follow_the_members_of_the_groups() {
    ask(&World::new(), async |reader, writer, company| {
        let bo = PersonRef::ExternalId("agent-17".into());
        let bo = reader.query_user(company, &bo).await.unwrap().remove(0).id;
        let names = async || {
            let mut groups: Vec<String> =
                reader.groups_of_user(bo).await.unwrap().into_iter().map(|it| it.name.into()).collect();
            groups.sort();
            groups
        };
        assert_eq!(names().await, ["Desk"]);
        let night = reader.find_groups_named(company, "Night").await.unwrap().remove(0).id;
        writer.patch_members(company, night, &[bo], &[]).await.unwrap();
        assert_eq!(names().await, ["Desk", "Night"]);
        writer.patch_members(company, night, &[], &[bo]).await.unwrap();
        assert_eq!(names().await, ["Desk"]);
        let may = reader.rbac_info(bo).await.unwrap();
        assert!(may.permissions.as_ref().is_some_and(|it| it.iter().any(|it| it.0 == "AGENT")), "{may:?}");
    });
}

/// Whatever becomes of the answer: who was made is found by e-mail and by external id, and so nobody is made twice.
#[test]
fn an_account_is_made_once_whatever_becomes_of_the_answer() {
    for (kind, dialect) in [
        (json!({ "status": { "code": 500, "afterWrite": true } }), "dialect: { duplicateUser: allow }\n"),
        (json!({ "status": { "code": 500, "afterWrite": true } }), ""),
        (json!({ "status": { "code": 503 } }), "dialect: { duplicateUser: allow }\n"),
        (json!({ "drop": { "afterWrite": true } }), "dialect: { duplicateUser: allow }\n"),
        (json!({ "drop": {} }), ""),
        (json!({ "truncate": {} }), "dialect: { duplicateUser: allow }\n"),
        (json!({ "status": { "code": 429, "retryAfter": "0" } }), "dialect: { duplicateUser: allow }\n"),
    ] {
        an_account_is_made(&kind, dialect);
    }
}

#[test]
pub(crate) fn an_account_is_made_found_left_and_come_back_to() {
    an_account_is_made(&Value::Null, "");
}

fn an_account_is_made(kind: &Value, dialect: &str) {
    let world = World::seeded(&format!("{SEED}{dialect}"));
    if !kind.is_null() {
        world.faults(json!([{ "method": "POST", "path": "/v2/users", "times": 1, "kind": kind }]));
    }
    ask(&world, async |reader, writer, company| {
        let keys = ["new@voyager.example".parse().unwrap(), PersonRef::ExternalId("hr-1".into())];
        let found = async || -> Vec<UserId> {
            let [email, number] = &keys;
            let by_email = reader.query_user(company, email).await.unwrap();
            assert_eq!(by_email, reader.query_user(company, number).await.unwrap(), "{kind}");
            by_email.into_iter().map(|it| it.id).collect()
        };
        let profile = {
            let somebody = reader
                .query_user(company, &PersonRef::ExternalId("agent-17".into()))
                .await
                .unwrap()
                .remove(0);
            let info = reader.part(somebody.id, Part::BusinessInfo).await.unwrap();
            let (organization, entity): (Value, Value) =
                (info.read("organizationRef").unwrap(), info.read("legalEntityRef").unwrap());
            Object::of(&json!({
                "persona": "EMPLOYEE", "externalId": "hr-1",
                "personalInfo": { "name": { "given": "Noor", "family1": "Haddad" } },
                "businessInfo": { "email": "new@voyager.example", "organizationRef": organization, "legalEntityRef": entity },
            }))
        };
        assert!(found().await.is_empty());
        let mut sent = 0;
        let id = loop {
            sent += 1;
            let Err(error) = writer.create_user(&profile).await else { break found().await.remove(0) };
            match found().await[..] {
                [one] if error.ambiguous() => break one,
                [] if sent < 3 => (),
                _ => panic!("{kind}: {error}"),
            }
        };
        assert_eq!(found().await, [id], "{kind}");
        // A leaver, and one who comes back: the same account.
        writer.delete_user(id).await.unwrap();
        assert!(
            reader.query_user(company, &keys[0]).await.unwrap().iter().all(|it| it.id == id && !it.active)
        );
        writer.delete_user(id).await.unwrap();
        writer.activate_user(id).await.unwrap();
        assert!(
            reader.query_user(company, &keys[1]).await.unwrap().iter().all(|it| it.id == id && it.active)
        );
    });
}

/// Whatever else a part holds, and however its numbers are written.
#[test]
fn to_set_one_field_of_a_part_leaves_every_other_to_the_letter() {
    ask(&World::new(), async |reader, writer, company| {
        let bo = PersonRef::ExternalId("agent-17".into());
        let bo = reader.query_user(company, &bo).await.unwrap().remove(0).id;
        let mut runner = TestRunner::deterministic();
        for n in 0..24 {
            let (part, field) = [
                (Part::BusinessInfo, "designation"),
                (Part::PersonalInfo, "nationality"),
                (Part::NotificationPreferences, "set"),
                (Part::Profile, "tier"),
            ][n % 4];
            let others = proptest::collection::btree_map("zz[a-z]{1,6}", any_json(), 0..5);
            let mut wanted = reader.part(bo, part).await.unwrap();
            for (name, value) in others.new_tree(&mut runner).unwrap().current() {
                wanted.set(&name, &RawValue::from_string(value).unwrap());
            }
            writer.put_part(bo, part, &wanted).await.unwrap();
            let before = reader.part(bo, part).await.unwrap();
            let mut after = before.clone();
            after.set(field, &format!("set-{n}"));
            writer.put_part(bo, part, &after).await.unwrap();
            let now = reader.part(bo, part).await.unwrap();
            assert!(now.same(&after) && !now.same(&before), "{part:?}");
            let others = |it: &Object| -> Vec<(String, String)> {
                let rest = it.iter().filter(|it| it.0.starts_with("zz"));
                rest.map(|(name, value)| (name.to_owned(), value.get().to_owned())).collect()
            };
            assert_eq!(others(&now), others(&before), "{part:?}: to the letter");
        }
    });
}
