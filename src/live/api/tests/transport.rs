//! What may happen on the way: limits, retries, broken and foreign answers.

use std::{
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    server::{Reply, Server},
    *,
};

/// A server that reads a request and then answers with these raw bytes and hangs up.
async fn raw(answer: &'static str) -> (Settings, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            _ = stream.read(&mut [0; 4096]).await;
            seen.fetch_add(1, SeqCst);
            _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let mut settings = Settings::new(address.parse().unwrap(), Credentials::Token("hush-hush".into()));
    settings.backoff = Duration::from_millis(1);
    (settings, count)
}

#[tokio::test]
async fn reads_are_repeated_until_the_server_recovers() {
    for status in [429, 500, 502, 503, 504] {
        let server = Server::start(move |asked| {
            if asked.number < 4 { Reply::status(status) } else { Reply::json(&json!({"permissions": []})) }
        })
        .await;
        server.reader().list_permissions().await.unwrap();
        assert_eq!(server.asked().len(), 5);
    }
}

#[tokio::test]
async fn reads_are_given_up_after_the_last_attempt() {
    let server = Server::start(|_| Reply::status(503)).await;
    let error = server.reader().list_permissions().await.unwrap_err();
    assert_eq!((error.refused(), error.class(), error.ambiguous()), (Some(503), Class::Remote, false));
    assert_eq!(error.to_string(), "GET /v3/permissions: refused with 503 E: m");
    assert_eq!(server.asked().len(), 5);
}

#[tokio::test]
async fn a_wait_beyond_two_minutes_is_given_up_at_once() {
    let server = Server::start(|_| Reply::status(503).with("retry-after", "3600")).await;
    let error = server.reader().list_permissions().await.unwrap_err();
    assert!(matches!(error, ApiError::Throttled { status: 503, .. }), "{error:?}");
    assert!(error.to_string().contains("asks to wait 3600 s"), "{error}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_short_retry_after_in_either_form_is_followed() {
    let past = "Fri, 06 Nov 2020 08:49:37 GMT";
    for header in ["0", past] {
        let server = Server::start(move |asked| match asked.number {
            0 => Reply::status(429).with("retry-after", header),
            _ => Reply::json(&json!({"permissions": []})),
        })
        .await;
        let reader = server.reader();
        reader.list_permissions().await.unwrap();
        assert_eq!(reader.counters(), Counters { requests: 2, retries: 1, throttled: 1 });
    }
}

#[tokio::test]
async fn never_more_requests_in_flight_than_allowed() {
    let server = Server::start(|asked| {
        let reply =
            if asked.number % 5 == 0 { Reply::status(500) } else { Reply::json(&json!({"permissions": []})) };
        Reply { delay: Duration::from_millis(2), ..reply }
    })
    .await;
    let mut settings = server.settings();
    settings.concurrency = 3;
    settings.retries = 50;
    let (reader, _) = connect(settings).unwrap();
    for result in futures_util::future::join_all((0..40).map(|_| reader.list_permissions())).await {
        result.unwrap();
    }
    assert_eq!(server.most_at_once(), 3);
}

#[tokio::test]
async fn waiting_for_the_next_attempt_leaves_the_slot_to_others() {
    let server = Server::start(|asked| {
        if asked.line.contains("rbac-info") {
            Reply::status(429).with("retry-after", "60")
        } else {
            Reply::json(&json!({"permissions": []}))
        }
    })
    .await;
    let mut settings = server.settings();
    settings.concurrency = 1;
    let (reader, _) = connect(settings).unwrap();
    let stuck = tokio::spawn({
        let reader = reader.clone();
        async move { reader.rbac_info(user(1)).await }
    });
    while server.count("rbac-info") == 0 {
        tokio::task::yield_now().await;
    }
    reader.list_permissions().await.unwrap();
    stuck.abort();
}

#[tokio::test]
async fn a_page_of_html_is_not_an_answer() {
    let server = Server::start(|_| Reply::text(200, "text/html", "<html>Please log in</html>")).await;
    let error = server.reader().list_permissions().await.unwrap_err();
    assert!(matches!(&error, ApiError::Garbled { .. }), "{error:?}");
    assert_eq!(error.to_string(), "GET /v3/permissions: cannot understand the answer (text/html)");
    assert!(error.source().is_some() && error.hint().is_some());
}

#[tokio::test]
async fn no_answer_can_make_the_client_panic() {
    let deep = "[".repeat(100_000);
    for body in ["", "null", "[]", "{}", "7", "{\"permissions\":7}", "\u{0}", &deep] {
        let owned = body.to_owned();
        let server = Server::start(move |_| Reply::text(200, "application/json", &owned)).await;
        let reader = server.reader();
        assert!(reader.list_permissions().await.is_err());
        assert!(reader.list_groups(COMPANY).await.is_err());
        assert!(reader.get_role(role(1)).await.is_err());
        assert!(server.writer().create_group(COMPANY, "n", "d").await.unwrap_err().ambiguous());
    }
}

#[tokio::test]
async fn an_answer_over_the_limit_is_not_read_whatever_length_it_claims() {
    let bounds = Bounds { body: 1000, ..Bounds::default() };
    let server = Server::start(|_| Reply::text(200, "application/json", &"x".repeat(1001))).await;
    let error = server.within(bounds).0.list_permissions().await.unwrap_err();
    assert!(matches!(error, ApiError::TooLarge { limit: 1000, .. }), "{error:?}");

    let (settings, _) = raw(concat!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "5\r\n{\"a\":\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"
    ))
    .await;
    let throttle = throttle(&settings);
    let (reader, _) = connect_within(settings, Bounds { body: 20, ..bounds }, throttle).unwrap();
    let error = reader.list_permissions().await.unwrap_err();
    assert!(matches!(error, ApiError::TooLarge { .. }), "{error:?}");
}

#[tokio::test]
async fn a_redirect_is_named_and_not_followed() {
    let server =
        Server::start(|_| Reply::empty(302).with("location", "https://elsewhere.example/x?k=1")).await;
    let error = server.writer().create_group(COMPANY, "n", "d").await.unwrap_err();
    assert!(matches!(error, ApiError::Redirected { status: 302, .. }));
    assert!(error.to_string().ends_with("redirected (302) to elsewhere.example"), "{error}");
    assert!(!error.ambiguous());
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_write_that_got_no_answer_is_ambiguous_and_not_repeated() {
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", "nonsense"] {
        let (settings, count) = raw(answer).await;
        let (reader, writer) = connect(settings).unwrap();
        let error = writer.patch_members(COMPANY, GROUP, &[user(1)], &[]).await.unwrap_err();
        assert!(error.ambiguous() && error.hint().is_some(), "{error:?}");
        assert_eq!(count.load(SeqCst), 1);
        let error = reader.list_permissions().await.unwrap_err();
        assert!(!error.ambiguous());
        assert_eq!(count.load(SeqCst), 6, "reads are repeated: {answer:?}");
    }
}

#[tokio::test]
async fn a_write_that_never_left_is_repeated_and_not_ambiguous() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut settings = Settings::new(address.parse().unwrap(), Credentials::Token("hush-hush".into()));
    settings.backoff = Duration::from_millis(1);
    let (reader, writer) = connect(settings).unwrap();
    let error = writer.create_group(COMPANY, "n", "d").await.unwrap_err();
    assert!(matches!(error, ApiError::NoAnswer { sent: false, .. }), "{error:?}");
    assert!(!error.ambiguous());
    assert_eq!(reader.requests_made(), 5);
}

#[tokio::test]
async fn a_slow_answer_is_not_waited_for() {
    let server = Server::start(|_| Reply { delay: Duration::from_secs(60), ..Reply::empty(200) }).await;
    let mut settings = server.settings();
    settings.timeout = Duration::from_millis(30);
    let (_, writer) = connect(settings).unwrap();
    let error = writer.create_group(COMPANY, "n", "d").await.unwrap_err();
    assert!(matches!(error, ApiError::TimedOut { .. }), "{error:?}");
    assert!(error.ambiguous());
    // It may not even have been heard in time, and is not sent again.
    assert!(server.asked().len() <= 1);
}

#[test]
fn a_client_for_the_real_thing_is_built_without_touching_the_network() {
    for endpoint in ["https://apis.example", "https://localhost:1", "http://[::1]:1"] {
        let settings = Settings::new(endpoint.parse().unwrap(), Credentials::Token("hush-hush".into()));
        assert_eq!(connect(settings).unwrap().0.requests_made(), 0);
    }
}
