//! Groups, members and roles in the default dialect.

use super::*;

#[tokio::test]
async fn a_token_is_needed_and_good_credentials_get_one() {
    let mut site = site("").await;
    assert_eq!(site.fetch_token("sandbox", "wrong").await, None);
    let token = std::mem::replace(&mut site.token, "nonsense".to_owned());
    let (status, reply) = site.get("/v3/permissions").await;
    assert_eq!((status, code(&reply)), (401, "USER_NOT_AUTHENTICATED"));
    site.token = token;
    assert_eq!(site.get("/v3/permissions").await.0, 200);
    let form = reqwest::Body::from("grant_type=password&client_id=sandbox&client_secret=sandbox");
    let url = format!("{}/v2/auth/oauth2-token", site.sandbox.url());
    assert_eq!(site.client.post(url).body(form).send().await.unwrap().status().as_u16(), 400);
}

#[tokio::test]
async fn a_reading_token_reads_and_does_not_write() {
    let mut site = site("").await;
    for token in ["fixed".to_owned(), site.fetch_token("reader", "r").await.unwrap()] {
        site.token = token;
        site.list(&format!("{}/list", groups())).await;
        let (status, reply) = site.ask("POST", &groups(), json!({"name": "n", "description": "d"})).await;
        assert_eq!((status, code(&reply)), (403, "SANDBOX_FORBIDDEN"));
    }
}

#[tokio::test]
async fn unknown_paths_methods_and_ids_are_told_apart() {
    let site = site("").await;
    let foreign = format!("/v3/companies/{GLOBEX}/user-groups/{AGENTS}");
    for (method, path, expected) in [
        ("GET", "/v3/nothing", 404),
        ("GET", "/v3/users/list", 405),
        ("PATCH", &at(AGENTS), 405),
        ("GET", &at(NOWHERE), 404),
        ("GET", &foreign, 404),
        ("GET", &at("x"), 400),
        ("GET", &at(AGENTS), 200),
    ] {
        let (status, reply) = site.ask(method, path, Value::Null).await;
        assert_eq!(status, expected, "{method} {path}");
        assert_eq!(status == 200, reply["debugIdentifier"].is_null());
    }
    let (status, reply) =
        site.ask("POST", &groups(), json!({"name": "n", "description": "d".repeat(3 << 20)})).await;
    assert_eq!((status, code(&reply)), (413, "SANDBOX_PAYLOAD_TOO_LARGE"));
}

#[tokio::test]
async fn a_group_is_created_read_renamed_and_deleted() {
    let site = site("").await;
    let new = json!({"name": "New", "description": "d"});
    let id = site.done("POST", &groups(), new.clone()).await;
    assert_eq!(id.as_object().unwrap().len(), 1);
    let twin = site.done("POST", &groups(), new).await;
    assert_ne!(id, twin, "names may repeat");
    let path = at(id["id"].as_str().unwrap());
    let group = site.get(&path).await.1;
    let client = json!({"id": derived_id("client", &["sandbox"]), "name": "sandbox"});
    let stamp = json!({"iso8601": "2026-03-04T10:20:30Z"});
    assert_eq!(
        group,
        json!({"id": id["id"], "name": "New", "description": "d", "companyId": VOYAGER, "createdAt": stamp,
            "createdBy": client, "updatedAt": stamp, "updatedBy": client})
    );
    let reply = site.done("PUT", &path, json!({"name": "Newer", "description": "e"})).await;
    assert_eq!(reply, Value::Null);
    assert_eq!(site.get(&path).await.1["name"], "Newer");
    site.done("DELETE", &path, Value::Null).await;
    assert_eq!(site.get(&path).await.0, 404);
    let (status, reply) = site.ask("POST", &groups(), json!({"name": "", "description": "d"})).await;
    assert_eq!((status, code(&reply), field(&reply)), (400, "API_VALIDATION_FAILED", "name"));
}

#[tokio::test]
async fn lists_are_paged_sorted_searched_and_filtered() {
    let site = site("").await;
    for name in ["c", "a", "b"] {
        site.done("POST", &groups(), json!({"name": name, "description": "d"})).await;
    }
    let path = format!("{}/list", groups());
    for (request, names, total) in [
        (json!({}), &["Company Admins", "Globex agents", "c", "a", "b"][..], 5),
        (json!({"pagination": {"offset": 1, "limit": 2}}), &["Globex agents", "c"], 5),
        (json!({"pagination": {"offset": 9}}), &[], 5),
        (json!({"searchText": "AGENT"}), &["Globex agents"], 1),
        (
            json!({"filters": [{"userGroupIds": [ADMINS]}, {"userGroupIds": [AGENTS, NOWHERE]}]}),
            &["Company Admins", "Globex agents"],
            2,
        ),
        (
            json!({"sortParams": {"sortBy": "NAME", "sortOrder": "DESC"}, "pagination": {"limit": 2}}),
            &["c", "b"],
            5,
        ),
        (
            json!({"sortParams": {"sortBy": "CREATED_AT", "sortOrder": "ASC"}, "pagination": {"limit": 1}}),
            &["Company Admins"],
            5,
        ),
    ] {
        let mut body = json!({"pagination": {}});
        body.as_object_mut().unwrap().extend(request.as_object().unwrap().clone());
        let reply = site.done("POST", &path, body.clone()).await;
        assert_eq!(texts(&reply["userGroups"], "/name"), names, "{body}");
        assert_eq!(reply["pagination"], json!({"totalNumResults": total}), "{body}");
    }
    let (status, reply) = site.ask("POST", &path, json!({})).await;
    assert_eq!((status, field(&reply)), (400, "pagination"));
}

#[tokio::test]
async fn members_are_added_and_removed_by_difference_all_or_nothing() {
    let site = site("").await;
    let path = format!("{}/members", at(AGENTS));
    site.done("PATCH", &path, json!({"userIdsToAdd": [ANA, BO, ANA]})).await;
    assert_eq!(site.members(AGENTS).await, [ANA, BO]);
    // Present ones keep their place, absent ones are no mistake.
    site.done("PATCH", &path, json!({"userIdsToAdd": [ANA], "userIdsToDelete": [NOWHERE, CY]})).await;
    assert_eq!(site.members(AGENTS).await, [ANA, BO]);
    for (wrong, at) in [(CY, "userIdsToAdd[0]"), (NOWHERE, "userIdsToAdd[0]")] {
        let body = json!({"userIdsToAdd": [wrong], "userIdsToDelete": [ANA]});
        let (status, reply) = site.ask("PATCH", &path, body).await;
        assert_eq!((status, field(&reply)), (400, at), "{reply}");
    }
    let (status, reply) = site.ask("PATCH", &path, json!({"userIdsToRemove": [ANA]})).await;
    assert_eq!((status, field(&reply)), (400, "userIdsToRemove"));
    assert_eq!(site.members(AGENTS).await, [ANA, BO]);
    site.done("PATCH", &path, json!({"userIdsToAdd": [], "userIdsToDelete": [ANA]})).await;
    assert_eq!(site.members(AGENTS).await, [BO]);
}

#[tokio::test]
async fn members_are_filtered_by_user_and_by_time() {
    let site = site("").await;
    let path = format!("{}/members", at(ADMINS));
    for (filters, count) in [
        (json!([{"userIds": [ANA]}]), 1),
        (json!([{"userIds": [BO]}]), 0),
        (json!([{"userIds": [BO]}, {"addedAfter": {"iso8601": "2026-03-04T10:20:30Z"}}]), 1),
        (json!([{"addedBefore": {"iso8601": "2026-03-04T10:20:30Z"}}]), 0),
        (json!([{"addedBefore": {"iso8601": "2026-03-04T10:21Z"}, "userIds": [ANA]}]), 1),
    ] {
        let body = json!({"pagination": {}, "filters": filters, "sortParams": {"sortBy": "ADDED_AT", "sortOrder": "DESC"}});
        let reply = site.done("POST", &path, body).await;
        assert_eq!(reply["pagination"]["totalNumResults"], count, "{filters}");
    }
    let reply = site.list(&path).await;
    assert_eq!(reply["members"], json!([{"userId": ANA, "addedAt": {"iso8601": "2026-03-04T10:20:30Z"}}]));
}

#[tokio::test]
async fn an_unmodifiable_group_changes_its_members_only() {
    let site = site("").await;
    assert_eq!(site.get(&at(ADMINS)).await.1["isUnmodifiable"], true);
    let roles = format!("{}/roles", at(ADMINS));
    for (method, path, body) in [
        ("PUT", &at(ADMINS), json!({"name": "n", "description": "d"})),
        ("DELETE", &at(ADMINS), Value::Null),
        (
            "PATCH",
            &roles,
            json!({"rolesToAdd": [{"roleId": AGENT, "scope": companies(&[&["x"]])}], "rolesToDelete": []}),
        ),
    ] {
        let (status, reply) = site.ask(method, path, body).await;
        assert_eq!((status, code(&reply)), (403, "SANDBOX_FORBIDDEN"), "{method} {path}");
    }
    site.done("PATCH", &format!("{}/members", at(ADMINS)), json!({"userIdsToAdd": [BO]})).await;
    assert_eq!(site.members(ADMINS).await, [ANA, BO]);
}

#[tokio::test]
async fn a_role_is_given_on_a_scope_and_taken_by_the_meaning_of_it() {
    let site = site("").await;
    let path = format!("{}/roles", at(AGENTS));
    let reply = site.list(&path).await;
    let role = &reply["roles"][0]["role"];
    assert_eq!((&role["id"], &role["isPlatformRole"]), (&json!(AGENT), &json!(true)));
    assert_eq!(role["permissions"], json!([{"permission": "AGENT", "actions": ["ALL"]}]));
    assert_eq!(reply["roles"][0]["scope"], companies(&[&[GLOBEX, VOYAGER]]), "names became ids");
    let one = companies(&[&[GLOBEX]]);
    let add = json!({"rolesToAdd": [{"roleId": AGENT, "scope": one}], "rolesToDelete": []});
    site.done("PATCH", &path, add.clone()).await;
    site.done("PATCH", &path, add).await;
    assert_eq!(site.scopes(AGENTS).await[1..], [one.clone(), one.clone()], "a second entry");
    // The first grant, in other words; the narrower ones stay.
    let other_words = companies(&[&[VOYAGER], &[GLOBEX]]);
    site.done(
        "PATCH",
        &path,
        json!({"rolesToAdd": [], "rolesToDelete": [{"roleId": AGENT, "scope": other_words}]}),
    )
    .await;
    assert_eq!(site.scopes(AGENTS).await, [one.clone(), one.clone()]);
    site.done("PATCH", &path, json!({"rolesToDelete": [{"roleId": NOWHERE, "scope": one}]})).await;
    assert_eq!(site.scopes(AGENTS).await.len(), 2, "an absent grant is no mistake");
}

#[tokio::test]
async fn a_refused_role_change_changes_nothing() {
    let site = site("").await;
    let path = format!("{}/roles", at(AGENTS));
    let scope = companies(&[&[GLOBEX, VOYAGER]]);
    let held = json!([{"roleId": AGENT, "scope": scope}]);
    for (added, at) in [
        (json!({"roleId": NOWHERE, "scope": scope}), "rolesToAdd[0].roleId"),
        (json!({"roleId": DESK, "scope": scope}), "rolesToAdd[0].roleId"),
        (json!({"roleId": AGENT, "scope": {"audiences": []}}), "rolesToAdd[0].scope"),
        (json!({"roleId": AGENT}), "rolesToAdd[0].scope"),
        (
            json!({"roleId": AGENT, "scope": {"audiences": [{"predicates": [{"values": []}]}]}}),
            "rolesToAdd[0].scope.audiences[0].predicates[0].type",
        ),
    ] {
        let (status, reply) =
            site.ask("PATCH", &path, json!({"rolesToAdd": [added], "rolesToDelete": held})).await;
        assert_eq!((status, field(&reply)), (400, at), "{reply}");
    }
    assert_eq!(site.scopes(AGENTS).await, [scope]);
}
