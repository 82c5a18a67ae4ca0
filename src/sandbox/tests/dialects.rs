//! Each switch of the dialect, set to what is not the default.

use super::*;

#[tokio::test]
async fn the_removal_field_can_have_the_other_name() {
    let site = site("dialect: { memberRemovalField: userIdsToRemove }").await;
    let path = format!("{}/members", at(ADMINS));
    assert_eq!(site.ask("PATCH", &path, json!({"userIdsToDelete": [ANA]})).await.0, 400);
    site.done("PATCH", &path, json!({"userIdsToRemove": [ANA]})).await;
    assert!(site.members(ADMINS).await.is_empty());
}

#[tokio::test]
async fn an_unknown_field_can_be_ignored_so_that_a_removal_silently_fails() {
    let site = site("dialect: { unknownField: ignore }").await;
    site.done("PATCH", &format!("{}/members", at(ADMINS)), json!({"userIdsToRemove": [ANA], "x": 1})).await;
    assert_eq!(site.members(ADMINS).await, [ANA]);
}

#[tokio::test]
async fn roles_can_be_removed_by_id() {
    let site = site("dialect: { rolesToDelete: ids }").await;
    let path = format!("{}/roles", at(AGENTS));
    let object = json!({"roleId": AGENT, "scope": companies(&[&[GLOBEX, VOYAGER]])});
    let (status, reply) = site.ask("PATCH", &path, json!({"rolesToDelete": [object]})).await;
    assert_eq!((status, field(&reply)), (400, "rolesToDelete[0]"));
    site.done("PATCH", &path, json!({"rolesToAdd": [], "rolesToDelete": [AGENT]})).await;
    assert!(site.scopes(AGENTS).await.is_empty());
}

#[tokio::test]
async fn a_groups_roles_can_be_flat() {
    let site = site("dialect: { groupRole: flat }").await;
    let reply = site.list(&format!("{}/roles", at(AGENTS))).await;
    let row = &reply["roles"][0];
    assert_eq!((&row["id"], &row["name"]), (&json!(AGENT), &json!("Agent")));
    assert_eq!(row["scope"], companies(&[&[GLOBEX, VOYAGER]]));
    assert_eq!(row["role"], Value::Null);
}

#[tokio::test]
async fn a_group_can_be_updated_by_patch() {
    let site = site("dialect: { groupUpdate: patch }").await;
    let body = json!({"name": "n", "description": "d"});
    assert_eq!(site.ask("PUT", &at(AGENTS), body.clone()).await.0, 405);
    site.done("PATCH", &at(AGENTS), body).await;
    assert_eq!(site.get(&at(AGENTS)).await.1["name"], "n");
}

#[tokio::test]
async fn a_name_can_be_had_once_only() {
    let site = site("dialect: { duplicateGroupName: reject }").await;
    let taken = json!({"name": "Company Admins", "description": "d"});
    for (method, path) in [("POST", &groups()), ("PUT", &at(AGENTS))] {
        let (status, reply) = site.ask(method, path, taken.clone()).await;
        assert_eq!((status, field(&reply)), (400, "name"), "{method}");
    }
    site.done("PUT", &at(AGENTS), json!({"name": "Globex agents", "description": "its own name"})).await;
}

#[tokio::test]
async fn a_page_can_be_shorter_than_asked_for() {
    let site = site("dialect: { maxLimit: 1 }").await;
    let path = format!("{}/list", groups());
    let reply = site.done("POST", &path, json!({"pagination": {"offset": 1, "limit": 100}})).await;
    assert_eq!(texts(&reply["userGroups"], "/id"), [AGENTS]);
    assert_eq!(reply["pagination"]["totalNumResults"], 2);
}

#[tokio::test]
async fn scopes_can_come_back_sorted_or_split() {
    for (echo, given_back) in
        [("sorted", companies(&[&[VOYAGER, GLOBEX]])), ("split", companies(&[&[GLOBEX], &[VOYAGER]]))]
    {
        let site = site(&format!("dialect: {{ scopeEcho: {echo} }}")).await;
        assert_eq!(site.scopes(AGENTS).await, std::slice::from_ref(&given_back), "{echo}");
        let held = json!([{"roleId": AGENT, "scope": given_back}]);
        site.done(
            "PATCH",
            &format!("{}/roles", at(AGENTS)),
            json!({"rolesToAdd": [], "rolesToDelete": held}),
        )
        .await;
        assert!(site.scopes(AGENTS).await.is_empty(), "{echo}: what was read can be removed");
    }
}

#[tokio::test]
async fn the_user_list_can_be_closed_while_the_query_is_open() {
    let site = site("dialect: { usersList: refused }").await;
    let body = json!({"companyId": {"id": VOYAGER}, "pagination": {}});
    assert_eq!(site.ask("POST", "/v3/users/list", body).await.0, 403);
    assert_eq!(site.get(&format!("/v2/users?companyId={VOYAGER}&employeeId=E1")).await.1["length"], 1);
}
