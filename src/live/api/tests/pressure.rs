//! A server that asks for less, or fails too much: waits, pauses, and the end of patience.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::{
    server::{Reply, Server},
    *,
};

fn fine() -> Reply {
    Reply::json(&json!({"permissions": []}))
}

/// Settings under which no real time plays a part: the clock of the test runs ahead while all wait.
fn timeless(server: &Server) -> Settings {
    let mut settings = server.settings();
    settings.timeout = Duration::from_secs(1_000_000);
    settings
}

#[tokio::test(start_paused = true)]
async fn whoever_is_told_when_to_return_is_not_limited_by_attempts() {
    let server = Server::start(|asked| match asked.number {
        ..20 => Reply::status(if asked.number % 2 == 0 { 429 } else { 503 }).with("retry-after", "3"),
        _ => fine(),
    })
    .await;
    let (reader, _) = connect(timeless(&server)).unwrap();
    let start = tokio::time::Instant::now();
    reader.list_permissions().await.unwrap();
    assert_eq!(reader.counters(), Counters { requests: 21, retries: 20, throttled: 10 });
    assert!(start.elapsed() >= Duration::from_secs(60), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn five_minutes_of_waiting_are_enough() {
    let server = Server::start(|_| Reply::status(429).with("retry-after", "100")).await;
    let (reader, _) = connect(timeless(&server)).unwrap();
    let error = reader.list_permissions().await.unwrap_err();
    assert!(matches!(error, ApiError::Throttled { status: 429, .. }), "{error:?}");
    assert_eq!((error.class(), server.asked().len()), (Class::Remote, 4));
}

#[tokio::test]
async fn a_refusal_that_names_no_time_or_none_to_come_counts_as_an_attempt() {
    let past = "Fri, 06 Nov 2020 08:49:37 GMT";
    for header in [None, Some("0"), Some(past), Some("soon")] {
        let server = Server::start(move |_| match header {
            Some(header) => Reply::status(429).with("retry-after", header),
            None => Reply::status(429),
        })
        .await;
        let error = server.reader().list_permissions().await.unwrap_err();
        assert!(matches!(error, ApiError::Throttled { .. }), "{error:?}");
        assert_eq!(server.asked().len(), 5, "{header:?}");
    }
}

#[tokio::test]
async fn a_run_in_which_too_much_fails_ends_and_says_so() {
    // Every other request fails: each would succeed at the second attempt.
    let server = Server::start(|asked| if asked.number % 2 == 0 { Reply::status(500) } else { fine() }).await;
    let reader = server.reader();
    let mut errors = Vec::new();
    for _ in 0..100 {
        errors.extend(reader.list_permissions().await.err());
    }
    let first = errors.first().unwrap();
    let ApiError::Exhausted { repeated, sent, .. } = first else { panic!("{first:?}") };
    assert!(*repeated == 16 + sent / 5 && *repeated < 40, "{first}");
    assert_eq!(
        first.to_string(),
        format!("GET /v3/permissions: too many requests failed: {repeated} of {sent} had to be repeated")
    );
    assert_eq!((first.class(), first.refused(), first.ambiguous()), (Class::Remote, None, false));
    assert!(first.hint().is_some_and(|it| it.contains("--max-rps")), "{:?}", first.hint());
    // From then on nothing is repeated.
    assert_eq!(reader.counters().retries, *repeated);
    assert!(errors.len() > 10);
}

#[tokio::test]
async fn a_spent_retry_budget_ends_a_run_long_before_each_request_has_used_its_attempts() {
    let server = Server::start(|_| Reply::status(502)).await;
    let reader = server.reader();
    let all = join_all((0..200).map(|_| reader.list_permissions())).await;
    assert!(all.iter().all(Result::is_err));
    assert!(server.asked().len() < 300, "{} requests, where all attempts are 1000", server.asked().len());
}

#[tokio::test]
async fn a_write_that_a_spent_retry_budget_leaves_unclear_is_ambiguous() {
    let server = Server::start(|_| Reply::status(502)).await;
    let (reader, writer) = server.within(Bounds::default());
    for _ in 0..20 {
        _ = reader.list_permissions().await;
    }
    let error = writer.delete_group(COMPANY, GROUP).await.unwrap_err();
    assert!(matches!(error, ApiError::Exhausted { .. }), "{error:?}");
    assert!(error.ambiguous());
    assert!(error.hint().unwrap().contains("plan again"));
}

/// Meanwhile somebody else may have changed what it would replace.
#[tokio::test(start_paused = true)]
async fn what_replaces_a_list_is_not_sent_after_a_pause() {
    let server = Server::start(|asked| match asked.number {
        ..8 => Reply::status(429).with("retry-after", "60"),
        _ if asked.line.starts_with("PUT") => Reply::empty(204),
        _ => fine(),
    })
    .await;
    let (reader, writer) = connect(timeless(&server)).unwrap();
    let reading = join_all((0..8).map(|_| reader.list_permissions()));
    let writing = async {
        while reader.counters().throttled < 8 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let error = writer.put_direct_roles(user(1), &[]).await.unwrap_err();
        assert!(matches!(error, ApiError::Overdue { .. }) && !error.ambiguous(), "{error:?}");
        assert_eq!((server.count("PUT"), error.again_after()), (0, Some(Duration::ZERO)));
        writer.put_direct_roles(user(1), &[]).await.unwrap();
    };
    let (read, ()) = tokio::join!(reading, writing);
    assert!(read.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_everybody_is_left_alone_until_the_time_it_names() {
    let server = Server::start(|_| Reply::status(503).with("retry-after", "100")).await;
    let (reader, _) = connect(timeless(&server)).unwrap();
    let start = tokio::time::Instant::now();
    let asking = join_all((0..40).map(|_| reader.list_permissions()));
    let looking = async {
        tokio::time::sleep(Duration::from_secs(50)).await;
        assert!(reader.waiting().is_some_and(|it| it > Duration::from_secs(49)), "{:?}", reader.waiting());
        server.asked().len()
    };
    let (answers, asked) = tokio::join!(asking, looking);
    assert!(answers.iter().all(Result::is_err));
    assert!(start.elapsed() < Duration::from_secs(500), "each waits for all: {:?}", start.elapsed());
    // Eight refusals, and what was in flight meanwhile.
    assert!((8..=16).contains(&asked), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn a_third_of_refusals_stops_nobody_else() {
    let server = Server::start(|asked| {
        if asked.number % 3 == 2 { Reply::status(429).with("retry-after", "1") } else { fine() }
    })
    .await;
    let (reader, _) = connect(timeless(&server)).unwrap();
    let start = tokio::time::Instant::now();
    for answer in join_all((0..200).map(|_| reader.list_permissions())).await {
        answer.unwrap();
    }
    // The longest chain of one request's waits, not the sum of all.
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn repeats_and_token_fetches_count_towards_the_rate() {
    let server = Server::start(|asked| {
        if asked.line.contains("oauth2-token") {
            Reply::json(&json!({"access_token": format!("t{}", asked.number), "expires_in": 3600}))
        } else if asked.number % 5 == 4 {
            Reply::status(401)
        } else if asked.number % 5 == 2 {
            Reply::status(429).with("retry-after", "1")
        } else {
            fine()
        }
    })
    .await;
    let mut settings = timeless(&server);
    settings.credentials = Credentials::Client { id: "me".to_owned(), secret: "hush-hush".into() };
    settings.max_rps = Some("10".parse().unwrap());
    let (reader, _) = connect(settings).unwrap();
    let start = tokio::time::Instant::now();
    _ = join_all((0..60).map(|_| reader.list_permissions())).await;
    let (sent, ideal) = (reader.requests_made(), |sent: u64| Duration::from_millis((sent - 10) * 100));
    assert_eq!(sent, server.asked().len() as u64);
    assert!(sent > 75 && start.elapsed() >= ideal(sent), "{sent} in {:?}", start.elapsed());
}
