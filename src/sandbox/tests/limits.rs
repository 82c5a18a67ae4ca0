//! What the options of a sandbox do: rate, chance, dialect and the log file.

use std::path::Path;

use super::*;

#[tokio::test]
async fn more_requests_than_the_rate_are_refused_and_told_when_to_come_again() {
    // The clock stands still, so that nothing fills the bucket; the token took one.
    let site = site_with("", Options { max_rps: "4".parse().ok(), ..Options::default() }).await;
    for _ in 0..3 {
        assert_eq!(site.get(&at(AGENTS)).await.0, 200);
    }
    let response = site.send("DELETE", &at(AGENTS), None).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (429, &"1".parse().unwrap())
    );
    assert_eq!(code(&response.json().await.unwrap()), "TOO_MANY_REQUESTS");
    let stats = site.get("/__sandbox/stats").await.1;
    assert_eq!((&stats["requests"], &stats["applied"]), (&json!(5), &json!(0)), "the control plane is free");
}

/// Which of these pages suffered, by the number of the page.
async fn suffered(seed: u64, pages: impl Iterator<Item = u64>) -> Vec<(u64, u16)> {
    let options = Options { faults: "429:0.3,500:0.2".parse().unwrap(), seed, ..Options::default() };
    let site = site_with("", options).await;
    let mut suffered = Vec::new();
    for page in pages {
        let body = json!({"pagination": {"offset": page}});
        suffered.push((page, site.ask("POST", &format!("{}/list", groups()), body).await.0));
    }
    suffered.sort_unstable();
    suffered
}

#[tokio::test]
async fn the_same_requests_suffer_the_same_in_every_order_and_something_else_with_another_seed() {
    // Tokens are asked for before anything else, and each sandbox is asked alike.
    let seed = 3;
    let forth = suffered(seed, 0..40).await;
    assert_eq!(forth, suffered(seed, (0..40).rev()).await);
    assert_ne!(forth, suffered(seed + 1, 0..40).await);
    for status in [200, 429, 500] {
        assert!(forth.iter().any(|it| it.1 == status), "{status}: {forth:?}");
    }
}

#[tokio::test]
async fn rules_set_over_http_may_have_a_probability_and_last() {
    let site = site("").await;
    let rules = json!([{"probability": 0.5, "kind": {"status": {"code": 503}}}]);
    site.done("POST", "/__sandbox/faults", rules).await;
    let mut refused = 0;
    for _ in 0..40 {
        refused += u32::from(site.get(&at(AGENTS)).await.0 == 503);
    }
    assert!((5..35).contains(&refused), "the same request draws anew each time it comes: {refused}");
    let wrong = json!([{"probability": 2, "kind": {"garbage": {}}}]);
    assert_eq!(site.ask("POST", "/__sandbox/faults", wrong).await.0, 400);
}

#[tokio::test]
async fn switches_come_over_those_of_the_seed() {
    let options =
        Options { dialect: "groupRole=flat,writeAnswer=noContent".parse().unwrap(), ..Options::default() };
    let site = site_with("dialect: { writeAnswer: object, predicate: id }", options).await;
    let row = &site.list(&format!("{}/roles", at(AGENTS))).await["roles"][0];
    assert_eq!(
        (&row["id"], &row["scope"]["audiences"][0]["predicates"][0]["id"]),
        (&json!(AGENT), &json!(GLOBEX))
    );
    let path = format!("{}/members", at(AGENTS));
    assert_eq!(site.ask("PATCH", &path, json!({"userIdsToAdd": [ANA]})).await.0, 204);
}

fn lines(path: &Path) -> Vec<Value> {
    std::fs::read_to_string(path).unwrap().lines().map(|it| serde_json::from_str(it).unwrap()).collect()
}

#[tokio::test]
async fn the_log_file_has_every_request_with_its_answer_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.ndjson");
    let log = Some(path.clone());
    let options = Options { log, ..Options::default() };
    let seeded = folder.path().join("seed.yaml");
    std::fs::write(&seeded, SEED.replace("secret: r,", "secret: tell-nobody,")).unwrap();
    let site = connect(Sandbox::start(Options { from: Some(seeded), ..options }).unwrap()).await;
    let other = site.fetch_token("reader", "tell-nobody").await.unwrap();
    let token = site.token.clone();
    site.get(&at(AGENTS)).await;
    site.done("PATCH", &format!("{}/members", at(AGENTS)), json!({"userIdsToAdd": [ANA]})).await;
    // Credentials sent to where nobody asked for them.
    site.ask("POST", "/v2/auth/token", json!({"client_secret": "tell-nobody"})).await;
    site.ask("PUT", "/v2/auth/oauth2-token", json!({"client_secret": "tell-nobody"})).await;
    site.done(
        "POST",
        "/__sandbox/faults",
        json!([{"kind": {"drop": {}}}, {"kind": {"huge": {"bytes": 100_000}}}]),
    )
    .await;
    let _ = site.send("GET", &at(AGENTS), None).await;
    site.get(&at(ADMINS)).await;
    let in_memory = site.send("GET", "/__sandbox/log", None).await.unwrap().text().await.unwrap();
    drop(site);
    let lines = lines(&path);
    assert_eq!(lines.len(), 8, "two tokens, and six requests");
    assert_eq!(lines[2]["answer"]["name"], "Globex agents");
    assert_eq!((&lines[3]["body"]["userIdsToAdd"][0], &lines[3]["write"]), (&json!(ANA), &json!(true)));
    assert_eq!(lines[3]["answer"], Value::Null, "an answer without a body");
    assert_eq!((&lines[6]["status"], &lines[7]["answer"]), (&Value::Null, &Value::Null));
    let text = std::fs::read_to_string(&path).unwrap() + &in_memory;
    for secret in ["tell-nobody", &token, &other] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
    let without_answers: Vec<Value> = lines
        .into_iter()
        .map(|mut it| {
            it.as_object_mut().unwrap().remove("answer");
            it
        })
        .collect();
    let in_memory: Vec<Value> = in_memory.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!(in_memory, without_answers, "both logs say the same");
}

#[tokio::test]
async fn a_log_that_cannot_be_written_is_said_at_the_start() {
    let log = Some("/nowhere/log.ndjson".into());
    let error = Sandbox::start(Options { log, ..Options::default() }).unwrap_err();
    assert!(error.to_string().contains("/nowhere/log.ndjson"), "{error}");
}
