//! Access tokens: fetched once, renewed in time, replaced after a refusal.

use serde_json::json;

use super::{
    server::{Asked, Reply, Server},
    *,
};

fn client(server: &Server) -> (Reader, Writer) {
    let mut settings = server.settings();
    settings.credentials = Credentials::Client { id: "me+you".to_owned(), secret: "hush-hush".into() };
    connect(settings).unwrap()
}

fn granting(expires_in: u64, others: impl Fn(&Asked) -> Reply) -> impl Fn(&Asked) -> Reply {
    move |asked| {
        if asked.line == "POST /v2/auth/oauth2-token" {
            let token = format!("token-{}", asked.number);
            Reply::json(&json!({"access_token": token, "token_type": "Bearer", "expires_in": expires_in}))
        } else {
            others(asked)
        }
    }
}

fn catalogue(_: &Asked) -> Reply {
    Reply::json(&json!({"permissions": [{"name": "AGENT", "description": "d", "new": 1}]}))
}

#[tokio::test]
async fn a_token_is_fetched_once_however_many_ask() {
    let server = Server::start(granting(3600, catalogue)).await;
    let (reader, _) = client(&server);
    let asking = (0..20).map(|_| reader.list_permissions());
    for result in futures_util::future::join_all(asking).await {
        assert_eq!(&*result.unwrap()[0].name, "AGENT");
    }
    assert_eq!(server.count("oauth2-token"), 1);
    let asked = server.asked();
    assert_eq!(asked[0].text, "grant_type=client_credentials&client_id=me%2Byou&client_secret=hush-hush");
    assert!(asked[0].headers.contains("application/x-www-form-urlencoded"));
    assert_eq!(asked[0].authorization, "");
    assert!(asked[1..].iter().all(|asked| asked.authorization == "Bearer token-0"));
    assert!(
        asked.iter().all(|asked| asked.headers.contains(concat!("rolecall/", env!("CARGO_PKG_VERSION"))))
    );
    assert_eq!(reader.requests_made(), 21);
}

#[tokio::test]
async fn a_token_at_its_end_is_not_used() {
    let server = Server::start(granting(0, catalogue)).await;
    let (reader, _) = client(&server);
    reader.list_permissions().await.unwrap();
    reader.list_permissions().await.unwrap();
    assert_eq!(server.count("oauth2-token"), 2);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_for_all_and_each_request_replayed_once() {
    let server = Server::start(granting(3600, |asked| {
        if asked.authorization == "Bearer token-0" { Reply::status(401) } else { catalogue(asked) }
    }))
    .await;
    let (reader, _) = client(&server);
    for result in futures_util::future::join_all((0..8).map(|_| reader.list_permissions())).await {
        result.unwrap();
    }
    assert_eq!(server.count("oauth2-token"), 2);
    assert!(server.count("permissions") <= 16);
}

#[tokio::test]
async fn a_token_refused_twice_is_a_failure_of_authorisation() {
    let server = Server::start(granting(3600, |_| Reply::status(401))).await;
    let (_, writer) = client(&server);
    let error = writer.create_group(COMPANY, "n", "d").await.unwrap_err();
    assert_eq!((error.refused(), error.class(), error.ambiguous()), (Some(401), Class::Auth, false));
    assert_eq!((server.count("oauth2-token"), server.count("user-groups")), (2, 2));
}

#[tokio::test]
async fn a_given_token_is_not_renewed() {
    let server = Server::start(|_| Reply::status(401)).await;
    let error = server.reader().list_permissions().await.unwrap_err();
    assert_eq!((error.class(), server.asked().len()), (Class::Auth, 1));
    assert_eq!(server.asked()[0].authorization, "Bearer hush-hush");
}

#[tokio::test]
async fn bad_credentials_are_told_apart_and_never_repeated() {
    for status in [400, 401, 403] {
        let body = r#"{"error":"invalid_client","error_description":"no hush-hush here"}"#;
        let server = Server::start(move |_| Reply::text(status, "application/json", body)).await;
        let error = client(&server).0.list_permissions().await.unwrap_err();
        assert!(matches!(error, ApiError::Auth { .. }), "{error:?}");
        assert_eq!(error.class(), Class::Auth);
        assert!(error.to_string().contains("invalid_client: no [REDACTED] here"), "{error}");
        assert!(!format!("{error} {error:?} {:?}", error.hint()).contains("hush"));
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn the_token_request_is_repeated_when_rates_are_limited() {
    let server = Server::start(|asked| match asked.number {
        0 => Reply::text(429, "application/json", r#"{"errorCode":"TOO_MANY_REQUESTS"}"#),
        1 => Reply::json(&json!({"access_token": "t", "token_type": "Bearer"})),
        _ => catalogue(asked),
    })
    .await;
    let (reader, _) = client(&server);
    reader.list_permissions().await.unwrap();
    assert_eq!(reader.counters(), Counters { requests: 3, retries: 1, throttled: 1 });
}

#[tokio::test]
async fn an_odd_token_answer_is_reported_without_its_content() {
    let server = Server::start(|_| Reply::json(&json!("hush-hush"))).await;
    let error = client(&server).0.list_permissions().await.unwrap_err();
    assert!(matches!(error, ApiError::Garbled { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hush"));
}

#[tokio::test]
async fn a_hundred_requests_through_three_revocations_fetch_four_tokens() {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use futures_util::StreamExt;

    // The current token dies at the 20th, 50th and 80th answer; each fetch makes the next one valid.
    let (answered, valid) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let server = Server::start(move |asked| {
        if asked.line.contains("oauth2-token") {
            let serial = valid.fetch_add(1, SeqCst) + 1;
            return Reply::json(&json!({"access_token": format!("t{serial}"), "expires_in": 3600}));
        }
        let revoked = [20, 50, 80].iter().filter(|it| answered.load(SeqCst) >= **it).count();
        if valid.load(SeqCst) <= revoked || asked.authorization != format!("Bearer t{}", valid.load(SeqCst)) {
            return Reply::status(401);
        }
        answered.fetch_add(1, SeqCst);
        Reply { delay: std::time::Duration::from_millis(1), ..catalogue(asked) }
    })
    .await;
    let (reader, _) = client(&server);
    // As many at once as the client sends, like all its callers.
    let asking = futures_util::stream::iter(0..100).map(|_| reader.list_permissions()).buffer_unordered(16);
    for result in asking.collect::<Vec<_>>().await {
        result.unwrap();
    }
    assert_eq!(server.count("oauth2-token"), 4);
}

/// A token takes a while to get: what the list replaces has to be looked at once more.
#[tokio::test]
async fn what_replaces_a_list_is_not_replayed_with_another_token() {
    let server = Server::start(granting(3600, |asked| {
        if asked.authorization == "Bearer token-0" { Reply::status(401) } else { Reply::empty(204) }
    }))
    .await;
    let writer = client(&server).1;
    let error = writer.put_direct_roles(user(1), &[]).await.unwrap_err();
    assert_eq!((error.refused(), error.ambiguous()), (Some(401), false));
    assert_eq!((server.count("PUT"), server.count("oauth2-token")), (1, 2));
    writer.put_direct_roles(user(1), &[]).await.unwrap();
    assert_eq!((server.count("PUT"), server.count("oauth2-token")), (2, 2));
}

/// The first attempt may have taken effect: that no token can be had for a third says nothing of it.
#[tokio::test]
async fn a_write_left_unclear_stays_so_when_the_token_cannot_be_renewed() {
    let server = Server::start(|asked| match asked.number {
        0 => Reply::json(&json!({"access_token": "t", "expires_in": 3600})),
        1 => Reply::status(500),
        2 => Reply::status(401),
        _ => Reply::text(403, "application/json", "{}"),
    })
    .await;
    let error = client(&server).1.delete_group(COMPANY, GROUP).await.unwrap_err();
    assert_eq!((server.count("DELETE"), server.count("oauth2-token")), (2, 2));
    assert!(error.ambiguous(), "{error:?}");
}
