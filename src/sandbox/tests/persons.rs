//! One person as a whole: every part is kept as it was put, and what depends on it follows.

use super::*;

/// What the API calls each part that can be put: its path, what it is before, and what a put of it answers.
fn parts() -> [(&'static str, Value, u16); 4] {
    [
        (
            "personal-info",
            json!({ "name": { "given": "Ana", "family1": "Lima" }, "email": "ana@voyager.example" }),
            200,
        ),
        ("travel-preferences", json!({ "preferences": {} }), 204),
        ("membership-info", json!({ "membershipInfos": [] }), 204),
        ("notification-preferences", json!({ "preferences": [] }), 200),
    ]
}

async fn raw(site: &Site, method: &str, path: &str, body: &str) -> (u16, String) {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request =
        site.client.request(method, format!("{}{path}", site.sandbox.url())).bearer_auth(&site.token);
    let answer =
        request.header("content-type", "application/json").body(body.to_owned()).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_part_is_kept_to_the_letter_and_replaced_whole() {
    let site = site("").await;
    for (part, before, answered) in parts() {
        let path = format!("/v2/users/{ANA}/{part}");
        assert_eq!(site.get(&path).await, (200, before.clone()), "{part}");
        let key = before.as_object().unwrap().keys().next_back().unwrap();
        let value = if before[key].is_array() { "[]" } else { r#"{"given":"A","family1":"L","z":[1.10]}"# };
        for body in [
            format!(r#"{{"new":{{"b":12345678901234567890123,"a":1.0e400}},"{key}":{value},"n":null}}"#),
            format!(r#"{{"{key}":{value}}}"#),
            "{}".to_owned(),
        ] {
            assert_eq!(raw(&site, "PUT", &path, &body).await, (answered, String::new()), "{part}");
            assert_eq!(raw(&site, "GET", &path, "").await, (200, body), "{part}: what is left out is gone");
        }
        for wrong in ["[]", "{", "7", &format!(r#"{{"{key}":7}}"#)] {
            assert_eq!(raw(&site, "PUT", &path, wrong).await.0, 400, "{part} {wrong}");
        }
        assert_eq!(site.get(&format!("/v2/users/{NOWHERE}/{part}")).await.0, 404);
    }
    let cards = json!({ "membershipInfos": [{ "id": "1", "type": "AIR" }] });
    let (status, reply) = site.ask("PUT", &format!("/v2/users/{ANA}/membership-info"), cards).await;
    assert_eq!((status, field(&reply)), (400, "membershipInfos[0].issuedBy"));
}

#[tokio::test]
async fn somebody_inactive_is_shown_where_the_flag_is_taken_and_given() {
    let site = site("").await;
    let flagged = ["", "/business-info", "/personal-info", "/external-id"];
    for part in flagged {
        let path = format!("/v2/users/{BO}{part}");
        assert_eq!(site.get(&path).await.0, 404, "{part}");
        assert_eq!(site.get(&format!("{path}?includeInactive=false")).await.0, 404, "{part}");
        let (status, shown) = site.get(&format!("{path}?includeInactive=true")).await;
        assert_eq!(status, 200, "{part}");
        if !part.is_empty() {
            assert_eq!(site.ask("PUT", &path, shown.clone()).await.0, 404, "{part}");
            let put = site.ask("PUT", &format!("{path}?includeInactive=true"), shown).await.0;
            assert_eq!(put, if part == "/business-info" { 204 } else { 200 }, "{part}");
        }
    }
    for part in [
        "roles",
        "travel-preferences",
        "membership-info",
        "notification-preferences",
        "travel-arrangers",
        "applicable-policies",
    ] {
        assert_eq!(site.get(&format!("/v2/users/{BO}/{part}")).await.0, 200, "{part}");
    }
}

#[tokio::test]
async fn an_external_id_is_set_taken_away_and_found_by() {
    let site = site("").await;
    let path = format!("/v2/users/{ANA}/external-id");
    let finds = async |id: &str| {
        let path = format!("/v2/users?companyId={VOYAGER}&externalId={id}");
        let list =
            json!({ "companyId": { "id": VOYAGER }, "pagination": {}, "filters": [{ "externalIds": [id] }] });
        let listed = site.done("POST", "/v3/users/list", list).await["users"].as_array().unwrap().len();
        (site.get(&path).await.1["length"].as_u64().unwrap(), listed)
    };
    assert_eq!(site.get(&path).await.1, json!({ "externalId": "agent-17" }));
    assert_eq!(site.ask("PUT", &path, json!({ "externalId": "hr-1" })).await, (200, Value::Null));
    assert_eq!((finds("agent-17").await, finds("hr-1").await), ((0, 0), (1, 1)));
    assert_eq!(site.ask("PUT", &path, json!({ "externalId": "" })).await.0, 200);
    assert_eq!((site.get(&path).await.1, finds("hr-1").await), (json!({ "externalId": "" }), (0, 0)));
    assert_eq!(site.ask("PUT", &path, json!({})).await.0, 400);
}

fn profile(email: &str, external_id: &str) -> Value {
    json!({
        "persona": "EMPLOYEE",
        "externalId": external_id,
        "tier": "SEAT1A",
        "new": { "kept": [1] },
        "personalInfo": { "name": { "given": "Dee", "family1": "Dee" }, "nationality": "NZ" },
        "businessInfo": {
            "organizationRef": { "id": VOYAGER },
            "legalEntityRef": { "id": derived_id("legalEntity", &["voyager", "voyager-uk"]) },
            "email": email,
            "managerRef": { "id": ANA, "name": "somebody" },
            "designatedApproverRefs": [{ "id": ANA }, { "id": NOWHERE, "name": "gone" }],
        },
        "membershipInfo": { "membershipInfos": [{ "id": "L1", "type": "AIR", "issuedBy": "NZ" }] },
    })
}

#[tokio::test]
async fn a_person_is_made_with_all_parts_and_replaced_with_all_parts() {
    let site = site("").await;
    let (status, reply) = site.ask("POST", "/v2/users", profile("dee@voyager.example", "x")).await;
    assert_eq!(status, 201, "{reply}");
    let path = format!("/v2/users/{}", reply["id"].as_str().unwrap());
    let made = site.get(&path).await.1;
    assert_eq!((&made["tier"], &made["new"]), (&json!("SEAT1A"), &json!({ "kept": [1] })));
    assert_eq!(made["businessInfo"]["managerRef"], json!({ "id": ANA, "name": "Ana Lima" }));
    assert_eq!(
        made["businessInfo"]["designatedApproverRefs"],
        json!([{ "id": ANA, "name": "Ana Lima" }, { "id": NOWHERE, "name": "gone" }])
    );
    let cards = site.get(&format!("{path}/membership-info")).await.1;
    assert_eq!(cards, made["membershipInfo"]);
    let mut other = profile("d@voyager.example", "y");
    other.as_object_mut().unwrap().remove("membershipInfo");
    other["personalInfo"]["name"]["family1"] = json!("Aa");
    assert_eq!(site.ask("PUT", &path, other).await, (200, Value::Null));
    let now = site.get(&path).await.1;
    assert_eq!(
        (&now["externalId"], &now["businessInfo"]["email"]),
        (&json!("y"), &json!("d@voyager.example"))
    );
    assert!(now.get("membershipInfo").is_none(), "what is left out is gone");
    let sorted = json!({ "companyId": { "id": VOYAGER }, "pagination": {}, "sort": { "sortBy": "NAME", "sortOrder": "DESCENDING" } });
    let names =
        texts(&site.done("POST", "/v3/users/list", sorted).await["users"], "/personalDetail/name/family1");
    assert_eq!(names, ["Aa", "Lima"], "by the whole name");
    for (pointer, wrong) in [("/persona", "persona"), ("/businessInfo", "businessInfo")] {
        let mut body = profile("d@voyager.example", "y");
        body.as_object_mut().unwrap().remove(&pointer[1..]);
        let (status, reply) = site.ask("PUT", &path, body).await;
        assert_eq!((status, field(&reply)), (400, wrong));
    }
}

#[tokio::test]
async fn two_people_of_one_address_or_external_id_are_refused_unless_a_dialect_allows_them() {
    for (dialect, status) in [("", 400), ("dialect: { duplicateUser: allow }", 201)] {
        let site = site(dialect).await;
        for (email, id, wrong) in [
            ("ANA@voyager.example", "x", "businessInfo.email"),
            ("new@voyager.example", "agent-17", "externalId"),
        ] {
            let (answered, reply) = site.ask("POST", "/v2/users", profile(email, id)).await;
            assert_eq!(answered, status, "{email} {id}: {reply}");
            assert!(status == 201 || field(&reply) == wrong, "{reply}");
        }
        let path = format!("/v2/users/{BO}/external-id?includeInactive=true");
        let put = site.ask("PUT", &path, json!({ "externalId": "agent-17" })).await.0;
        assert_eq!(put, if status == 400 { 400 } else { 200 });
    }
}

#[tokio::test]
async fn a_deleted_person_comes_back_or_is_gone_from_everywhere() {
    for (dialect, activated) in [("", 200), ("dialect: { userDelete: erases }", 404)] {
        let site = site(dialect).await;
        let path = format!("/v2/users/{ANA}");
        let members = site.members(ADMINS).await.len();
        assert_eq!(site.ask("DELETE", &path, Value::Null).await, (204, Value::Null));
        assert_eq!(site.get(&path).await.0, 404);
        assert_eq!(
            site.ask("POST", &format!("{path}/activate"), Value::Null).await.0,
            activated,
            "{dialect}"
        );
        assert_eq!(site.get(&path).await.0, activated);
        let gone = activated == 404;
        assert_eq!(site.members(ADMINS).await.len(), members - usize::from(gone));
        // Those who stay are found as before, and the address is free again.
        assert_eq!(site.get(&format!("/v2/users/{CY}")).await.0, 200);
        let found = site.get(&format!("/v2/users?companyId={VOYAGER}&email=ana%40voyager.example")).await.1;
        assert_eq!(found["length"], usize::from(!gone));
        let again = site.ask("POST", "/v2/users", profile("ana@voyager.example", "x")).await.0;
        assert_eq!(again, if gone { 201 } else { 400 });
    }
}

#[tokio::test]
async fn who_arranges_for_somebody_is_told_by_the_roles_of_others() {
    let site = site("").await;
    let path = format!("/v2/users/{ANA}/travel-arrangers");
    assert_eq!(site.get(&path).await.1, json!({ "travelArrangers": [] }));
    for (entry, count) in
        [(json!({ "userId": ANA }), 1), (json!({ "userId": { "id": ANA } }), 1), (json!({ "userId": CY }), 0)]
    {
        let roles = json!({ "roles": [{ "roleType": "TRAVEL_ARRANGER", "metadata": { "roleType": "TRAVEL_ARRANGER", "arrangerFor": [entry] } }] });
        site.done("PUT", &format!("/v2/users/{BO}/roles"), roles).await;
        let told = site.get(&path).await.1;
        assert_eq!(texts(&told["travelArrangers"], "/userId/id"), vec![BO; count], "{entry}");
    }
    assert_eq!(site.ask("PUT", &path, json!({})).await.0, 405);
    let policies = site.get(&format!("/v2/users/{ANA}/applicable-policies")).await.1;
    assert_eq!(texts(&policies["policies"], "/name"), ["voyager travel policy"]);
}

#[tokio::test]
async fn a_seed_says_who_leads_and_who_approves() {
    let company = "companies:\n  - { name: acme, grades: [{ name: G7 }], departments: [{ name: Sales }] }\n";
    let users = "users:\n  - { email: a@acme.example, company: acme, manager: b@acme.example, approvers: [c@acme.example, B@acme.example], grade: G7, department: Sales, workerType: INTERN,
      profile: { personalInfo: { nationality: NZ }, travelPreferences: { preferences: { meal: VEGAN } } } }
  - { email: b@acme.example, name: Bea Bo, company: acme }
  - { email: c@acme.example, company: acme }\n";
    let folder = tempfile::tempdir().unwrap();
    let start = |users: &str| {
        let seed = folder.path().join("seed.yaml");
        std::fs::write(&seed, format!("version: 1\n{company}{users}")).unwrap();
        Sandbox::start(Options { from: Some(seed), ..Options::default() })
    };
    let site = connect(start(users).unwrap()).await;
    let id = |email: &str| derived_id("user", &["acme", email]);
    let path = format!("/v2/users/{}", id("a@acme.example"));
    let info = site.get(&format!("{path}/business-info")).await.1;
    assert_eq!(info["managerRef"], json!({ "id": id("b@acme.example"), "name": "Bea Bo" }));
    let approvers = [id("c@acme.example"), id("b@acme.example")].map(|it| it.to_string());
    assert_eq!(texts(&info["designatedApproverRefs"], "/id"), approvers);
    assert_eq!((&info["gradeRef"]["name"], &info["workerType"]), (&json!("G7"), &json!("INTERN")));
    assert_eq!(site.get(&format!("{path}/personal-info")).await.1, json!({ "nationality": "NZ" }));
    // A reference is shown by the name that it has, whatever name it was given.
    let mut info = info;
    info["departmentRef"]["name"] = json!("Other");
    assert_eq!(site.ask("PUT", &format!("{path}/business-info"), info).await.0, 204);
    let info = site.get(&format!("{path}/business-info")).await.1;
    assert_eq!(info["departmentRef"]["name"], "Sales");
    let wrong = start(&users.replace("c@acme.example, B@", "nobody@")).err().unwrap().to_string();
    assert!(wrong.contains("user `a@acme.example`") && wrong.contains("nobody@acme.example"), "{wrong}");
}
