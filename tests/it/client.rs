//! The client's calls that no command makes yet, against the sandbox over HTTP.

use rolecall::{
    live::api::{self, Credentials, Reader, Settings, Writer},
    model::ids::{CompanyId, PersonRef},
};

use crate::support::{VOYAGER, World};

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
