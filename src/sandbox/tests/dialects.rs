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

fn predicates(form: &str, companies: &[&str]) -> Value {
    let predicate = |id: &&str| match form {
        "single" => json!({"type": "COMPANY", "values": id}),
        "id" => json!({"type": "COMPANY", "id": id}),
        _ => json!({"type": "COMPANY", "comparator": "IN", "values": [id]}),
    };
    let audiences: Vec<Value> = companies.iter().map(|id| json!({"predicates": [predicate(id)]})).collect();
    json!({ "audiences": audiences })
}

#[tokio::test]
async fn predicates_have_one_form_in_requests_and_answers() {
    for (form, wrong_field) in [("list", "values"), ("single", "id"), ("id", "values")] {
        let site = site(&format!("dialect: {{ predicate: {form} }}")).await;
        let path = format!("{}/roles", at(AGENTS));
        let seeded = if form == "list" {
            companies(&[&[GLOBEX, VOYAGER]])
        } else {
            predicates(form, &[GLOBEX, VOYAGER])
        };
        assert_eq!(site.scopes(AGENTS).await, std::slice::from_ref(&seeded), "{form}");
        assert_eq!(
            site.scopes(ADMINS).await,
            [json!({"audiences": [{"predicates": [{"type": "PLATFORM"}]}]})]
        );
        let other = predicates(if form == "single" { "id" } else { "single" }, &[GLOBEX]);
        for name in ["rolesToAdd", "rolesToDelete"] {
            let body = json!({name: [{"roleId": AGENT, "scope": other}]});
            let (status, reply) = site.ask("PATCH", &path, body).await;
            let place = format!("{name}[0].scope.audiences[0].predicates[0].{wrong_field}");
            assert_eq!((status, field(&reply)), (400, &*place), "{form}");
        }
        let new = predicates(form, &[GLOBEX]);
        let body = json!({"rolesToAdd": [{"roleId": AGENT, "scope": new}], "rolesToDelete": [{"roleId": AGENT, "scope": seeded}]});
        site.done("PATCH", &path, body).await;
        assert_eq!(site.scopes(AGENTS).await, [new], "{form}");
    }
}

#[tokio::test]
async fn a_page_larger_than_allowed_can_be_refused() {
    let site = site("dialect: { maxLimit: 1, aboveMaxLimit: reject }").await;
    let path = format!("{}/list", groups());
    let (status, reply) = site.ask("POST", &path, json!({"pagination": {"limit": 2}})).await;
    assert_eq!((status, field(&reply)), (400, "pagination.limit"));
    let reply = site.done("POST", &path, json!({"pagination": {"limit": 1}})).await;
    assert_eq!(texts(&reply["userGroups"], "/id"), [ADMINS]);
}

#[tokio::test]
async fn adding_a_member_and_removing_a_stranger_can_be_refused() {
    let site = site("dialect: { addPresentMember: reject, removeAbsentMember: reject }").await;
    let path = format!("{}/members", at(ADMINS));
    for (body, place) in [
        (json!({"userIdsToAdd": [BO, ANA]}), "userIdsToAdd[1]"),
        (json!({"userIdsToAdd": [BO, BO]}), "userIdsToAdd[1]"),
        (json!({"userIdsToAdd": [], "userIdsToDelete": [ANA, BO]}), "userIdsToDelete[1]"),
    ] {
        let (status, reply) = site.ask("PATCH", &path, body).await;
        assert_eq!((status, field(&reply)), (400, place));
        assert_eq!(site.members(ADMINS).await, [ANA], "nothing changed");
    }
    site.done("PATCH", &path, json!({"userIdsToAdd": [BO], "userIdsToDelete": [ANA]})).await;
    assert_eq!(site.members(ADMINS).await, [BO]);
}

#[tokio::test]
async fn what_is_of_another_company_or_frozen_is_refused_with_the_chosen_status() {
    for (member, frozen, group) in [(400, 403, 404), (403, 400, 403), (404, 400, 403)] {
        let site = site(&format!(
            "dialect: {{ foreignMember: {member}, unmodifiableChange: {frozen}, foreignGroup: {group} }}"
        ))
        .await;
        let foreign = json!({"userIdsToAdd": [CY]});
        let (status, reply) = site.ask("PATCH", &format!("{}/members", at(AGENTS)), foreign).await;
        assert_eq!((status, field(&reply)), (member, "userIdsToAdd[0]"));
        let body = json!({"name": "n", "description": "d"});
        assert_eq!(site.ask("PUT", &at(ADMINS), body).await.0, frozen);
        assert_eq!(site.ask("DELETE", &at(ADMINS), Value::Null).await.0, frozen);
        assert_eq!(site.get(&format!("/v3/companies/{GLOBEX}/user-groups/{AGENTS}")).await.0, group);
        assert_eq!(site.get(&at(NOWHERE)).await.0, 404, "what is nowhere is not found");
    }
}

#[tokio::test]
async fn a_group_may_have_to_be_empty_before_it_goes() {
    let site = site("dialect: { deleteNonEmptyGroup: reject }").await;
    assert_eq!(site.ask("DELETE", &at(AGENTS), Value::Null).await.0, 400);
    let held = json!([{"roleId": AGENT, "scope": companies(&[&[GLOBEX, VOYAGER]])}]);
    site.done("PATCH", &format!("{}/roles", at(AGENTS)), json!({"rolesToAdd": [], "rolesToDelete": held}))
        .await;
    site.done("DELETE", &at(AGENTS), Value::Null).await;
    assert_eq!(site.get(&at(AGENTS)).await.0, 404);
}

#[tokio::test]
async fn a_role_given_twice_can_be_merged_take_the_place_of_the_first_or_be_refused() {
    let add = json!({"rolesToAdd": [{"roleId": AGENT, "scope": companies(&[&["x"]])}]});
    let path = format!("{}/roles", at(AGENTS));
    let merging = site("dialect: { sameRoleTwice: merge }").await;
    for _ in 0..2 {
        merging.done("PATCH", &path, add.clone()).await;
    }
    assert_eq!(merging.scopes(AGENTS).await, [companies(&[&[GLOBEX, VOYAGER], &["x"]])]);
    let replacing = site("dialect: { sameRoleTwice: replace }").await;
    replacing.done("PATCH", &path, add.clone()).await;
    assert_eq!(replacing.scopes(AGENTS).await, [companies(&[&["x"]])]);
    let strict = site("dialect: { sameRoleTwice: reject }").await;
    let (status, reply) = strict.ask("PATCH", &path, add.clone()).await;
    assert_eq!((status, field(&reply)), (400, "rolesToAdd[0].roleId"));
    let mut both = add;
    both["rolesToDelete"] = json!([{"roleId": AGENT, "scope": companies(&[&[GLOBEX, VOYAGER]])}]);
    strict.done("PATCH", &path, both).await;
    assert_eq!(strict.scopes(AGENTS).await, [companies(&[&["x"]])]);
}

#[tokio::test]
async fn a_scope_may_have_to_change_in_two_requests() {
    let site = site("dialect: { scopeChange: split }").await;
    let path = format!("{}/roles", at(AGENTS));
    let old = json!([{"roleId": AGENT, "scope": companies(&[&[GLOBEX, VOYAGER]])}]);
    let new = json!([{"roleId": AGENT, "scope": companies(&[&[GLOBEX]])}]);
    let (status, reply) = site.ask("PATCH", &path, json!({"rolesToAdd": new, "rolesToDelete": old})).await;
    assert_eq!((status, field(&reply)), (400, "rolesToAdd[0].roleId"));
    site.done("PATCH", &path, json!({"rolesToAdd": [], "rolesToDelete": old})).await;
    site.done("PATCH", &path, json!({"rolesToAdd": new, "rolesToDelete": []})).await;
    assert_eq!(site.scopes(AGENTS).await, [companies(&[&[GLOBEX]])]);
}

#[tokio::test]
async fn a_change_can_happen_in_parts_so_that_a_refused_one_leaves_a_half() {
    let site = site("dialect: { patchAtomic: no }").await;
    let roles = format!("{}/roles", at(AGENTS));
    let old = companies(&[&[GLOBEX, VOYAGER]]);
    let new = companies(&[&[GLOBEX]]);
    let body = json!({
        "rolesToAdd": [{"roleId": AGENT, "scope": new}, {"roleId": NOWHERE, "scope": new}],
        "rolesToDelete": [{"roleId": AGENT, "scope": old}],
    });
    assert_eq!(site.ask("PATCH", &roles, body).await.0, 400);
    assert_eq!(site.scopes(AGENTS).await, [old.clone(), new.clone()], "given, and not taken away");
    let members = format!("{}/members", at(ADMINS));
    let body = json!({"userIdsToAdd": [BO, CY], "userIdsToDelete": [ANA]});
    assert_eq!(site.ask("PATCH", &members, body).await.0, 400);
    assert_eq!(site.members(ADMINS).await, [ANA, BO]);
    let log = site.send("GET", "/__sandbox/log", None).await.unwrap().text().await.unwrap();
    let halves = log.lines().filter(|it| it.contains(r#""status":400"#) && !it.contains(r#""applied":null"#));
    assert_eq!(halves.count(), 2, "the log says that something was done: {log}");
    // Additions come first, and so a removal takes what was just added where it means the same.
    let again = json!({"rolesToAdd": [{"roleId": AGENT, "scope": new}], "rolesToDelete": [{"roleId": AGENT, "scope": new}]});
    site.done("PATCH", &roles, again).await;
    assert_eq!(site.scopes(AGENTS).await, *std::slice::from_ref(&old));
}

#[tokio::test]
async fn a_change_can_take_away_before_it_gives() {
    let site = site("dialect: { patchAtomic: removalsFirst }").await;
    let (roles, old) = (format!("{}/roles", at(AGENTS)), companies(&[&[GLOBEX, VOYAGER]]));
    let again = json!({"rolesToAdd": [{"roleId": AGENT, "scope": old}], "rolesToDelete": [{"roleId": AGENT, "scope": old}]});
    site.done("PATCH", &roles, again).await;
    assert_eq!(site.scopes(AGENTS).await, *std::slice::from_ref(&old));
    let half = json!({"rolesToAdd": [{"roleId": NOWHERE, "scope": old}], "rolesToDelete": [{"roleId": AGENT, "scope": old}]});
    assert_eq!(site.ask("PATCH", &roles, half).await.0, 400);
    assert_eq!(site.scopes(AGENTS).await, [] as [Value; 0], "taken away, and the other not given");
}

#[tokio::test]
async fn a_write_can_be_answered_in_three_ways() {
    for (answer, status, body) in
        [("empty", 200, Value::Null), ("object", 200, json!({})), ("noContent", 204, Value::Null)]
    {
        let site = site(&format!("dialect: {{ writeAnswer: {answer} }}")).await;
        let text = json!({"name": "n", "description": "d"});
        for (method, path, sent) in [
            ("PATCH", format!("{}/members", at(AGENTS)), json!({"userIdsToAdd": [ANA]})),
            ("PATCH", format!("{}/roles", at(AGENTS)), json!({"rolesToAdd": [], "rolesToDelete": []})),
            ("PUT", at(AGENTS), text),
            ("DELETE", at(AGENTS), Value::Null),
        ] {
            assert_eq!(site.ask(method, &path, sent).await, (status, body.clone()), "{method} {path}");
        }
    }
}
