//! Each kind of fault, and the control plane that sets them.

use super::*;

async fn set(site: &Site, faults: Value) {
    site.done("POST", "/__sandbox/faults", faults).await;
}

fn new_group() -> Value {
    json!({"name": "New", "description": "d"})
}

async fn group_count(site: &Site) -> usize {
    site.list(&format!("{}/list", groups())).await["userGroups"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_status_comes_instead_of_the_work_or_after_it() {
    let site = site("").await;
    set(&site, json!([
        {"method": "POST", "path": "user-groups", "kind": {"status": {"code": 429, "retryAfter": "1"}}},
        {"method": "POST", "path": "user-groups", "kind": {"status": {"code": 502, "body": "Bad gateway", "afterWrite": true}}}
    ])).await;
    let response = site.send("POST", &groups(), Some(&new_group())).await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()), (429, "1"));
    assert_eq!(code(&response.json().await.unwrap()), "TOO_MANY_REQUESTS");
    let response = site.send("POST", &groups(), Some(&new_group())).await.unwrap();
    assert_eq!(response.status().as_u16(), 502);
    assert_eq!(response.text().await.unwrap(), "Bad gateway");
    assert_eq!(group_count(&site).await, 3, "the second one was created");
}

#[tokio::test]
async fn a_connection_is_dropped_before_or_after_the_work() {
    let site = site("").await;
    for (after_write, count) in [(false, 2), (true, 3)] {
        set(&site, json!([{"kind": {"drop": {"afterWrite": after_write}}}])).await;
        let error = site.send("POST", &groups(), Some(&new_group())).await.unwrap_err();
        assert!(error.is_request(), "not a byte of an answer: {error:?}");
        assert_eq!(group_count(&site).await, count);
    }
    let log = site.send("GET", "/__sandbox/log", None).await.unwrap().text().await.unwrap();
    assert!(log.contains(r#""status":null"#), "{log}");
}

#[tokio::test]
async fn a_write_can_be_seen_late() {
    let site = site("").await;
    set(&site, json!([{"method": "POST", "path": "user-groups", "kind": {"lag": {"reads": 2}}}])).await;
    let made = site.done("POST", &groups(), new_group()).await;
    let path = at(made["id"].as_str().unwrap());
    assert_eq!(group_count(&site).await, 2);
    // It is there for whoever writes to it.
    site.done("PATCH", &format!("{path}/members"), json!({"userIdsToAdd": [ANA]})).await;
    assert_eq!(site.get(&path).await.0, 404);
    assert_eq!(site.get(&path).await.0, 200);
    assert_eq!(group_count(&site).await, 3);
}

#[tokio::test]
async fn answers_can_be_no_json_or_half_of_it() {
    let site = site("").await;
    set(&site, json!([{"kind": {"garbage": {}}}, {"kind": {"truncate": {}}}])).await;
    let response = site.send("GET", &at(AGENTS), None).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
        (200, "text/html")
    );
    assert!(response.text().await.unwrap().starts_with("<html>"));
    let response = site.send("GET", &at(AGENTS), None).await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    let text = response.text().await.unwrap();
    assert!(text.starts_with('{') && serde_json::from_str::<Value>(&text).is_err(), "{text}");
}

#[tokio::test]
async fn lists_can_lie() {
    let site = site("").await;
    let path = format!("{}/list", groups());
    set(
        &site,
        json!([
            {"path": "/list", "kind": {"lieTotal": {"delta": 5}}},
            {"path": "/list", "kind": {"duplicateRows": {}}}
        ]),
    )
    .await;
    let reply = site.list(&path).await;
    assert_eq!(
        (reply["userGroups"].as_array().unwrap().len(), &reply["pagination"]["totalNumResults"]),
        (2, &json!(7))
    );
    assert_eq!(texts(&site.list(&path).await["userGroups"], "/id"), [ADMINS, ADMINS]);
    assert_eq!(texts(&site.list(&path).await["userGroups"], "/id"), [ADMINS, AGENTS]);
}

#[tokio::test]
async fn an_endless_list_goes_on_with_new_ids() {
    let site = site("").await;
    set(&site, json!([{"times": 0, "path": "/members", "kind": {"endless": {}}}])).await;
    let path = format!("{}/members", at(ADMINS));
    let mut seen = std::collections::HashSet::new();
    for page in 0..5 {
        let reply = site.done("POST", &path, json!({"pagination": {"offset": page * 3, "limit": 3}})).await;
        seen.extend(texts(&reply["members"], "/userId"));
        assert!(reply["pagination"]["totalNumResults"].as_u64().unwrap() > (page + 1) * 3);
    }
    assert_eq!(seen.len(), 15);
}

#[tokio::test]
async fn a_huge_answer_is_json_of_that_size() {
    let site = site("").await;
    set(&site, json!([{"kind": {"huge": {"bytes": 1_000_000}}}])).await;
    let response = site.send("GET", &at(AGENTS), None).await.unwrap();
    let bytes = response.bytes().await.unwrap();
    assert!(bytes.len() >= 1_000_000);
    assert!(serde_json::from_slice::<Value>(&bytes).is_ok());
}

#[tokio::test]
async fn answers_can_be_late_once_or_always() {
    let site = site("").await;
    set(&site, json!([{"kind": {"slow": {"ms": 50}}}])).await;
    let since = std::time::Instant::now();
    site.get(&at(AGENTS)).await;
    assert!(since.elapsed().as_millis() >= 50);
    site.done("POST", "/__sandbox/latency", json!({"ms": 20})).await;
    let since = std::time::Instant::now();
    site.get(&at(AGENTS)).await;
    assert!(since.elapsed().as_millis() >= 20);
}

#[tokio::test]
async fn a_page_can_come_the_other_way_round() {
    let site = site("").await;
    set(&site, json!([{"kind": {"shuffle": {}}}])).await;
    let path = format!("{}/list", groups());
    assert_eq!(texts(&site.list(&path).await["userGroups"], "/id"), [AGENTS, ADMINS]);
    assert_eq!(texts(&site.list(&path).await["userGroups"], "/id"), [ADMINS, AGENTS]);
}

/// The log as it is now.
async fn log(site: &Site) -> Vec<Value> {
    let text = site.send("GET", "/__sandbox/log", None).await.unwrap().text().await.unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn the_log_tells_which_writes_took_effect_and_in_which_order() {
    let site = site("").await;
    set(
        &site,
        json!([
            {"writes": true, "kind": {"status": {"code": 500, "afterWrite": true}}},
            {"writes": true, "kind": {"status": {"code": 500}}},
            {"writes": true, "kind": {"drop": {"afterWrite": true}}},
            {"writes": true, "kind": {"drop": {}}},
            {"writes": true, "kind": {"ignoreWrite": {}}},
            {"writes": true, "kind": {"slow": {"ms": 600_000, "afterWrite": true}}}
        ]),
    )
    .await;
    let nobody = json!({"userIdsToAdd": []});
    let join = json!({"userIdsToAdd": [ANA]});
    let members = format!("{}/members", at(AGENTS));
    for _ in 0..5 {
        let _ = site.send("PATCH", &members, Some(&join)).await;
    }
    assert_eq!(site.get("/__sandbox/stats").await.1["applied"], 2);
    // Two at once: the first makes its change, and is held until the second was made and answered.
    let patch = || site.ask("PATCH", &members, nobody.clone());
    tokio::join!(patch(), async {
        while site.get("/__sandbox/stats").await.1["applied"] != 3 {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        patch().await;
        set(&site, json!([])).await;
    });
    assert_eq!(site.ask("PATCH", &members, json!({"userIdsToAdd": [CY]})).await.0, 400);
    let log: Vec<Value> = log(&site).await.into_iter().filter(|it| it["write"] == true).collect();
    let of = |name: &str| log.iter().map(|it| it[name].as_u64()).collect::<Vec<_>>();
    assert_eq!(of("applied")[..5], [Some(1), None, Some(2), None, None]);
    assert_eq!(of("status")[..5], [Some(500), Some(500), None, None, Some(200)]);
    assert_eq!(of("applied")[5..7], [Some(4), Some(3)], "in the order of the answers");
    assert_eq!(of("applied")[7], None, "refused");
}

#[tokio::test]
async fn a_write_whose_sender_left_is_in_the_log_as_well() {
    let site = site("").await;
    set(&site, json!([{"writes": true, "kind": {"slow": {"ms": 60_000, "afterWrite": true}}}])).await;
    let members = format!("{}/members", at(AGENTS));
    let join = json!({"userIdsToAdd": [ANA]});
    let stats = async || site.get("/__sandbox/stats").await.1;
    tokio::select! {
        _ = site.send("PATCH", &members, Some(&join)) => panic!("answered"),
        () = async { while stats().await["applied"] != 1 {} } => (),
    }
    while stats().await["inFlight"] != 0 {}
    let log = log(&site).await;
    let last = log.last().unwrap();
    assert_eq!((&last["applied"], &last["status"]), (&json!(1), &Value::Null));
    assert_eq!(site.members(AGENTS).await, [ANA]);
}

#[tokio::test]
async fn other_rules_release_what_is_held() {
    let site = site("").await;
    set(&site, json!([{"times": 0, "kind": {"slow": {"ms": 60_000}}}])).await;
    let release = async {
        while site.get("/__sandbox/stats").await.1["inFlight"] != 1 {}
        set(&site, json!([])).await;
    };
    let since = std::time::Instant::now();
    let path = at(AGENTS);
    let ((status, _), ()) = tokio::join!(site.get(&path), release);
    assert_eq!(status, 200);
    assert!(since.elapsed().as_secs() < 50);
}

#[tokio::test]
async fn tokens_can_die_in_mid_run() {
    let mut site = site("").await;
    set(&site, json!([{"skip": 1, "kind": {"expireTokens": {}}}])).await;
    assert_eq!(site.get(&at(AGENTS)).await.0, 200);
    assert_eq!(site.get(&at(AGENTS)).await.0, 401);
    assert_eq!(site.get(&at(AGENTS)).await.0, 401, "the old token stays dead");
    site.token = site.own_token().await.unwrap();
    assert_eq!(site.get(&at(AGENTS)).await.0, 200);
    site.token = "fixed".to_owned();
    assert_eq!(site.get(&at(AGENTS)).await.0, 200);
}

#[tokio::test]
async fn a_write_can_be_answered_and_not_done() {
    let site = site("faults: [{ times: 2, kind: { ignoreWrite: {} } }]").await;
    let created = site.done("POST", &groups(), new_group()).await;
    assert_eq!(site.get(&at(created["id"].as_str().unwrap())).await.0, 404);
    site.done("DELETE", &at(AGENTS), Value::Null).await;
    assert_eq!(site.get(&at(AGENTS)).await.0, 200);
}

#[tokio::test]
async fn everything_but_the_control_plane_is_counted_and_logged() {
    let site = site("").await;
    site.done("POST", "/__sandbox/reset-log", Value::Null).await;
    site.get(&at(AGENTS)).await;
    site.done("POST", &groups(), new_group()).await;
    site.get("/nowhere?a=b").await;
    let stats = site.get("/__sandbox/stats").await.1;
    assert_eq!(
        stats,
        json!({"requests": 3, "reads": 1, "writes": 1, "applied": 1, "inFlight": 0, "maxInFlight": 1, "tokens": 1, "byRoute": {
            "GET /v3/companies/{companyId}/user-groups/{groupId}": 1,
            "POST /v3/companies/{companyId}/user-groups": 1, "unknown": 1}})
    );
    let log = async |query: &str| {
        let text =
            site.send("GET", &format!("/__sandbox/log{query}"), None).await.unwrap().text().await.unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let lines = log("").await;
    assert_eq!(lines.len(), 3);
    assert_eq!(
        (&lines[1]["body"], &lines[1]["write"], &lines[1]["status"]),
        (&new_group(), &json!(true), &json!(200))
    );
    assert_eq!((&lines[2]["path"], &lines[2]["route"]), (&json!("/nowhere?a=b"), &Value::Null));
    assert_eq!(log("?bodies=false").await[1].get("body"), None);
    assert_eq!(site.ask("POST", "/__sandbox/faults", json!([{"kind": "boom"}])).await.0, 400);
    assert_eq!(site.get("/__sandbox/faults").await.0, 405);
    assert_eq!(site.get("/__sandbox/x").await.0, 404);
}

#[tokio::test]
async fn pages_can_overlap_shrink_repeat_and_come_in_another_order() {
    let site = site("").await;
    for name in ["a", "b", "c", "d"] {
        site.done("POST", &groups(), json!({"name": name, "description": "d"})).await;
    }
    let page = async |offset: u32| {
        let sort = json!({"sortBy": "NAME", "sortOrder": "ASC"});
        let body = json!({"pagination": {"offset": offset, "limit": 2}, "sortParams": sort});
        let reply = site.done("POST", &format!("{}/list", groups()), body).await;
        assert_eq!(reply["pagination"]["totalNumResults"], 6, "the total is as it was");
        texts(&reply["userGroups"], "/name")
    };
    assert_eq!(
        (page(0).await, page(2).await),
        (texts_of(["Company Admins", "Globex agents"]), texts_of(["a", "b"]))
    );
    for (kind, offset, rows) in [
        (json!({"overlap": {}}), 2, &["Globex agents", "a"][..]),
        (json!({"overlap": {"rows": 2}}), 4, &["a", "b"]),
        (json!({"repeat": {}}), 4, &["a", "b"]),
        (json!({"shrink": {}}), 2, &["a"]),
        (json!({"shrink": {"rows": 9}}), 0, &[]),
        (json!({"reorder": {}}), 0, &["d", "c"]),
    ] {
        set(&site, json!([{ "kind": kind }])).await;
        assert_eq!(page(offset).await, rows, "{kind}");
    }
    // Lists that are not sorted, and those that sort by other names.
    set(&site, json!([{"times": 0, "kind": {"reorder": {}}}])).await;
    assert_eq!(texts(&site.list(&format!("{}/list", groups())).await["userGroups"], "/name")[0], "d");
    let members = json!({"userIdsToAdd": [BO]});
    site.done("PATCH", &format!("{}/members", at(ADMINS)), members).await;
    assert_eq!(site.members(ADMINS).await, [BO, ANA]);
    let people = json!({"companyId": {"id": VOYAGER}, "pagination": {}, "userStatusFilter": "ALL"});
    let reply = site.done("POST", "/v3/users/list", people).await;
    assert_eq!(texts(&reply["users"], "/userId/id"), [BO, ANA]);
}

fn texts_of<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).into()
}
