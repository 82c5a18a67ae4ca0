//! Roles of a company, permissions, and users.

use super::*;

#[tokio::test]
async fn a_company_can_use_the_platforms_roles_and_its_own() {
    let site = site("").await;
    let path = |company: &str| format!("/v3/companies/{company}/roles");
    assert_eq!(texts(&site.list(&path(VOYAGER)).await["roles"], "/name"), ["Agent"]);
    assert_eq!(texts(&site.list(&path(GLOBEX)).await["roles"], "/name"), ["Agent", "Globex Desk"]);
    for (more, names) in [
        (json!({"filters": [{"roleProvidedBy": ["COMPANY"]}]}), &["Globex Desk"][..]),
        (json!({"filters": [{"roleIds": [DESK], "roleProvidedBy": ["PLATFORM"]}]}), &[]),
        (
            json!({"filters": [{"roleIds": [DESK]}, {"roleProvidedBy": ["PLATFORM"]}]}),
            &["Agent", "Globex Desk"],
        ),
        (json!({"searchText": "DESK"}), &["Globex Desk"]),
        (json!({"sortParams": {"sortBy": "NAME", "sortOrder": "DESC"}}), &["Globex Desk", "Agent"]),
    ] {
        let mut body = json!({"pagination": {}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(texts(&site.done("POST", &path(GLOBEX), body).await["roles"], "/name"), names, "{more}");
    }
    let role = site.get(&format!("/v3/roles/{DESK}")).await.1;
    assert_eq!((&role["isPlatformRole"], &role["companyId"]), (&json!(false), &json!(GLOBEX)));
    assert_eq!(site.get(&format!("/v3/roles/{NOWHERE}")).await.0, 404);
}

#[tokio::test]
async fn the_permission_catalogue_is_the_same_with_and_without_a_company() {
    let site = site("").await;
    let all = site.get("/v3/permissions").await;
    assert_eq!(all, site.get(&format!("/v3/companies/{VOYAGER}/permissions")).await);
    assert_eq!(all.1["permissions"].as_array().unwrap().len(), 17);
    assert_eq!(site.get(&format!("/v3/companies/{NOWHERE}/permissions")).await.0, 404);
}

#[tokio::test]
async fn what_a_user_may_do_comes_from_the_groups_the_user_is_in() {
    let site = site("").await;
    let path = format!("/v3/users/{ANA}");
    let groups = site.list(&format!("{path}/user-groups")).await;
    assert_eq!(texts(&groups["userGroups"], "/id"), [ADMINS]);
    let info =
        json!({"hasOthersTripAccess": true, "permissions": [{"permission": "AGENT", "actions": ["ALL"]}]});
    assert_eq!(site.get(&format!("{path}/rbac-info")).await.1, info);
    site.done("PATCH", &format!("{}/members", at(ADMINS)), json!({"userIdsToDelete": [ANA]})).await;
    assert_eq!(site.list(&format!("{path}/user-groups")).await["userGroups"], json!([]));
    let nothing = json!({"hasOthersTripAccess": false, "permissions": []});
    assert_eq!(site.get(&format!("{path}/rbac-info")).await.1, nothing);
}

#[tokio::test]
async fn users_are_listed_by_status_filter_search_and_name() {
    let site = site("").await;
    for (more, found) in [
        (json!({}), &[ANA][..]),
        (json!({"userStatusFilter": "ALL"}), &[ANA, BO]),
        (json!({"userStatusFilter": "INACTIVE"}), &[BO]),
        (
            json!({"userStatusFilter": "ALL", "sort": {"sortBy": "NAME", "sortOrder": "DESCENDING"}}),
            &[BO, ANA],
        ),
        (json!({"userStatusFilter": "ALL", "searchText": "BO@"}), &[BO]),
        (
            json!({"userStatusFilter": "ALL", "filters": [{"emails": ["BO@VOYAGER.example", "ana@voyager.example"]}]}),
            &[ANA, BO],
        ),
        (json!({"filters": [{"externalIds": ["agent-17"]}, {"userIds": [{"id": CY}]}]}), &[ANA]),
        (json!({"filters": [{"externalIds": ["agent-17"], "emails": ["bo@voyager.example"]}]}), &[]),
        (json!({"filters": [{"emails": ["cy@globex.example"]}]}), &[]),
    ] {
        let mut body = json!({"companyId": {"id": VOYAGER}, "pagination": {}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = site.done("POST", "/v3/users/list", body).await;
        assert_eq!(texts(&reply["users"], "/userId/id"), found, "{more}");
        assert_eq!(reply["pagination"]["totalNumResults"], found.len());
    }
    let reply =
        site.done("POST", "/v3/users/list", json!({"tmcId": {"id": VOYAGER}, "pagination": {}})).await;
    let local = json!({"iso8601": "2026-03-04T10:20:30"});
    let legal_entity =
        json!({"id": derived_id("legalEntity", &["voyager", "voyager-uk"]), "name": "voyager-uk"});
    assert_eq!(
        reply["users"][0],
        json!({"userId": {"id": ANA}, "organization": {"id": VOYAGER, "name": "voyager"}, "persona": "EMPLOYEE",
            "isActive": true, "externalId": "agent-17", "createdAt": local, "lastUpdatedAt": local,
            "personalDetail": {"name": {"given": "Ana", "family1": "Lima"}},
            "businessDetail": {"legalEntity": legal_entity, "businessEmail": "ana@voyager.example", "employeeId": "E1"}})
    );
}

/// Fields of a filter are joined by AND, values of a field and filters by OR (contract §7.2).
#[tokio::test]
async fn users_are_listed_by_what_they_are_unless_a_dialect_ignores_that() {
    let unit = |n: u128| json!({ "id": uuid::Uuid::from_u128(n), "name": "U" });
    let id = |n: u128| json!([{ "id": uuid::Uuid::from_u128(n) }]);
    for (dialect, is_applied, is_folded) in [
        ("", true, false),
        ("dialect: { designations: folded }", true, true),
        ("dialect: { attributeFilters: ignored }", false, false),
    ] {
        let site = site(dialect).await;
        let path = format!("/v2/users/{ANA}/business-info");
        let mut info = site.get(&path).await.1;
        let legal_entity = info["legalEntityRef"]["id"].clone();
        for (field, value) in [
            ("departmentRef", unit(1)),
            ("officeRef", unit(2)),
            ("costCenterRef", unit(3)),
            ("designation", json!("Lead Agent")),
        ] {
            info[field] = value;
        }
        site.done("PUT", &path, info).await;
        for (filters, finds) in [
            (json!([{ "departmentIds": id(1) }]), true),
            (json!([{ "departmentIds": id(2) }]), false),
            (json!([{ "officeIds": id(2), "costCenterIds": id(3) }]), true),
            (json!([{ "officeIds": id(2), "costCenterIds": id(2) }]), false),
            (json!([{ "officeIds": id(9) }, { "costCenterIds": id(3) }]), true),
            (json!([{ "designations": ["Lead Agent", "Clerk"] }]), true),
            (json!([{ "designations": ["lead agent"] }]), is_folded),
            (json!([{ "designations": [] }]), false),
            (json!([{ "personas": ["EMPLOYEE"], "legalEntityIds": [{ "id": legal_entity }] }]), true),
            (json!([{ "personas": ["GUEST"] }]), false),
            (json!([{ "departmentIds": id(1), "emails": ["bo@voyager.example"] }]), false),
        ] {
            let body = json!({ "companyId": { "id": VOYAGER }, "pagination": {}, "filters": filters });
            let reply = site.done("POST", "/v3/users/list", body).await;
            let finds = finds || !is_applied && filters[0].get("emails").is_none();
            assert_eq!(
                texts(&reply["users"], "/userId/id"),
                if finds { &[ANA][..] } else { &[] },
                "{dialect} {filters}"
            );
        }
        let all = site
            .done("POST", "/v3/users/list", json!({ "companyId": { "id": VOYAGER }, "pagination": {} }))
            .await;
        let detail = &all["users"][0]["businessDetail"];
        assert_eq!((&detail["department"], &detail["office"]), (&unit(1), &unit(2)));
        assert_eq!((&detail["costCenter"], &detail["designation"]), (&unit(3), &json!("Lead Agent")));
    }
}

#[tokio::test]
async fn a_user_list_is_of_one_company() {
    let site = site("").await;
    let company = json!({"id": VOYAGER});
    for (body, expected) in [
        (json!({"pagination": {}}), 400),
        (json!({"pagination": {}, "companyId": company, "tmcId": company}), 400),
        (json!({"pagination": {}, "companyId": VOYAGER}), 400),
        (json!({"pagination": {}, "companyId": {"id": NOWHERE}}), 404),
        (json!({"pagination": {}, "tmcId": {"id": GLOBEX}}), 404),
        (
            json!({"pagination": {}, "companyId": company, "sort": {"sortBy": "NAME", "sortOrder": "ASC"}}),
            400,
        ),
    ] {
        assert_eq!(site.ask("POST", "/v3/users/list", body.clone()).await.0, expected, "{body}");
    }
}

#[tokio::test]
async fn one_user_is_found_by_each_key() {
    let site = site("").await;
    for (query, found) in [
        ("email=ANA%40voyager.example", &[ANA][..]),
        ("externalId=agent-17", &[ANA]),
        ("employeeId=E1", &[ANA]),
        ("email=ana%40voyager.example&employeeId=E2", &[]),
        ("email=bo%40voyager.example", &[]),
        ("email=bo%40voyager.example&includeInactive=true", &[BO]),
        ("email=cy%40globex.example", &[]),
    ] {
        let reply = site.get(&format!("/v2/users?companyId={VOYAGER}&{query}")).await.1;
        assert_eq!(texts(&reply["elements"], "/id"), found, "{query}");
        assert_eq!(reply["length"], found.len());
    }
    let (status, reply) = site.get("/v2/users?companyId=voyager&email=a%40b.example").await;
    assert_eq!((status, code(&reply)), (400, "INVALID_USER_IDS_QUERY_PARAMS"));
    assert_eq!(
        site.get(&format!("/v2/users?companyId={VOYAGER}&includeInactive=maybe&email=x")).await.0,
        400
    );
}

#[tokio::test]
async fn a_user_is_deactivated_and_activated_by_hand() {
    let site = site("").await;
    let path = format!("/v2/users/{ANA}");
    let profile = site.get(&path).await.1;
    assert_eq!(profile["businessInfo"]["organizationRef"]["id"], VOYAGER);
    assert_eq!(site.ask("DELETE", &path, Value::Null).await.0, 204);
    assert_eq!(site.get(&path).await.0, 404);
    assert_eq!(site.get(&format!("{path}?includeInactive=true")).await.1["isActive"], false);
    assert_eq!(site.ask("POST", &format!("{path}/activate"), Value::Null).await.0, 200);
    assert_eq!(site.get(&path).await.1["isActive"], true);
}

#[tokio::test]
async fn legacy_roles_are_kept_as_they_were_put() {
    let site = site("").await;
    let path = format!("/v2/users/{ANA}/roles");
    assert_eq!(site.get(&path).await.1, json!({"roles": []}));
    let roles = json!({"roles": [{"roleType": "TMC_AGENT", "metadata": {"roleType": "TMC_AGENT", "tmcRef": {"id": VOYAGER}}}]});
    assert_eq!(site.ask("PUT", &path, roles.clone()).await.0, 204);
    assert_eq!(site.get(&path).await.1, roles);
    assert_eq!(site.ask("PUT", &path, json!({})).await.0, 400);
}

#[tokio::test]
async fn a_role_of_a_company_is_made_changed_given_and_deleted() {
    let site = site("").await;
    let permissions = json!([{"permission": "TRIP_MANAGEMENT", "actions": ["READ"]}]);
    let new = json!({"name": "Night", "description": "", "isPlatformRole": false, "companyId": VOYAGER, "permissions": permissions});
    let id = site.done("POST", "/v3/roles", new.clone()).await["id"].as_str().unwrap().to_owned();
    let path = format!("/v3/roles/{id}");
    let role = site.get(&path).await.1;
    assert_eq!(
        (&role["name"], &role["companyId"], &role["isPlatformRole"]),
        (&json!("Night"), &json!(VOYAGER), &json!(false))
    );
    let change = json!({"name": "Day", "description": "d", "permissions": []});
    site.done("PUT", &path, change.clone()).await;
    assert_eq!(site.get(&path).await.1["name"], "Day");
    let roles = format!("{}/roles", at(AGENTS));
    let grant = json!([{"roleId": id, "scope": companies(&[&["x"]])}]);
    site.done("PATCH", &roles, json!({"rolesToAdd": grant, "rolesToDelete": []})).await;
    assert_eq!(site.ask("DELETE", &path, Value::Null).await.0, 400, "a group holds it");
    site.done("PATCH", &roles, json!({"rolesToAdd": [], "rolesToDelete": grant})).await;
    site.done("DELETE", &path, Value::Null).await;
    assert_eq!(site.get(&path).await.0, 404);
    // The platform's do not change, and nobody but it makes one.
    let of_platform = format!("/v3/roles/{AGENT}");
    assert_eq!(site.ask("PUT", &of_platform, change).await.0, 403);
    assert_eq!(site.ask("DELETE", &of_platform, Value::Null).await.0, 403);
    for (name, value, status, wrong) in [
        ("isPlatformRole", json!(true), 403, "no field"),
        ("companyId", json!(NOWHERE), 400, "companyId"),
        ("name", json!(""), 400, "name"),
        ("permissions", json!([{"permission": "X", "actions": []}]), 400, "permissions[0].permission"),
        ("permissions", json!([{"permission": "AGENT", "actions": ["X"]}]), 400, "permissions[0].actions"),
        ("extra", json!(1), 400, "extra"),
    ] {
        let mut body = new.clone();
        body[name] = value;
        let (answer, reply) = site.ask("POST", "/v3/roles", body).await;
        assert_eq!((answer, field(&reply)), (status, wrong), "{name}");
    }
    assert_eq!(site.get("/__sandbox/stats").await.1["applied"], 5);
}

fn profile(email: &str) -> Value {
    json!({
        "persona": "EMPLOYEE",
        "externalId": "x-1",
        "personalInfo": {"name": {"given": "Dee", "family1": "Dee"}, "email": email},
        "businessInfo": {"organizationRef": {"id": VOYAGER}, "legalEntityRef": {"id": derived_id("legalEntity", &["voyager", "voyager-uk"])},
            "employeeId": "E9", "designation": "Agent"}
    })
}

#[tokio::test]
async fn a_user_is_made_found_and_described_anew() {
    let site = site("").await;
    let (status, reply) = site.ask("POST", "/v2/users", profile("dee@voyager.example")).await;
    assert_eq!(status, 201);
    let id = reply["id"].as_str().unwrap().to_owned();
    for query in ["email=dee%40voyager.example", "externalId=x-1", "employeeId=E9"] {
        let found = site.get(&format!("/v2/users?companyId={VOYAGER}&{query}")).await.1;
        assert_eq!(texts(&found["elements"], "/id"), [&*id], "{query}");
    }
    let by_name = json!({"companyId": {"id": VOYAGER}, "pagination": {}, "sort": {"sortBy": "NAME", "sortOrder": "ASCENDING"}});
    assert_eq!(
        texts(&site.done("POST", "/v3/users/list", by_name).await["users"], "/userId/id"),
        [ANA, &*id]
    );
    site.done("PATCH", &format!("{}/members", at(AGENTS)), json!({"userIdsToAdd": [id]})).await;
    let path = format!("/v2/users/{id}/business-info");
    let mut info = site.get(&path).await.1;
    assert_eq!(
        (&info["designation"], &info["organizationRef"]["name"]),
        (&json!("Agent"), &json!("voyager"))
    );
    info["email"] = json!("d@voyager.example");
    info["designation"] = json!("Head");
    info.as_object_mut().unwrap().remove("employeeId");
    assert_eq!(site.ask("PUT", &path, info.clone()).await.0, 204);
    assert_eq!(site.get(&path).await.1, info);
    for (email, count) in [("dee", 0), ("d", 1)] {
        let found =
            site.get(&format!("/v2/users?companyId={VOYAGER}&email={email}%40voyager.example")).await.1;
        assert_eq!(found["length"], count, "{email}");
    }
    site.done("DELETE", &format!("/v2/users/{id}"), Value::Null).await;
    assert_eq!(site.get(&path).await.0, 404);
    assert_eq!(site.get(&format!("{path}?includeInactive=true")).await.0, 200);
}

#[tokio::test]
async fn a_profile_that_makes_no_sense_is_refused_by_its_field() {
    let site = site("").await;
    for (pointer, value, wrong) in [
        ("/persona", json!("BOSS"), "persona"),
        ("/businessInfo/organizationRef/id", json!(NOWHERE), "businessInfo.organizationRef.id"),
        ("/businessInfo/organizationRef/id", json!("x"), "businessInfo.organizationRef.id"),
        ("/businessInfo/legalEntityRef/id", json!(NOWHERE), "businessInfo.legalEntityRef.id"),
        ("/personalInfo/email", json!("ANA@voyager.example"), "businessInfo.email"),
        ("/personalInfo/email", json!("nobody"), "personalInfo.email"),
    ] {
        let mut body = profile("dee@voyager.example");
        *body.pointer_mut(pointer).unwrap() = value;
        let (status, reply) = site.ask("POST", "/v2/users", body).await;
        assert_eq!((status, field(&reply)), (400, wrong), "{pointer}");
    }
    assert_eq!(site.ask("POST", "/v2/users", json!({"persona": "EMPLOYEE"})).await.0, 400);
    let path = format!("/v2/users/{ANA}/roles");
    for roles in [
        json!([{"roleType": "TRAVEL_ARRANGER"}]),
        json!([{"roleType": "COMPANY_ADMIN", "metadata": {"roleType": "COMPANY_ADMIN"}}]),
        json!(["COMPANY_ADMIN"]),
    ] {
        assert_eq!(site.ask("PUT", &path, json!({ "roles": roles })).await.0, 400, "{roles}");
    }
    let verbatim =
        json!({"roles": [{"roleType": "COMPANY_ADMIN", "more": {"kept": [1]}}, {"roleType": "NEW_TYPE"}]});
    assert_eq!(site.ask("PUT", &path, verbatim.clone()).await.0, 204);
    assert_eq!(site.get(&path).await.1, verbatim);
}
