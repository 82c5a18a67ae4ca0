//! What comes over the wire, whatever it claims to be: compressed, endless, slow, nested, or over IPv6.

use std::time::Duration;

use async_compression::{
    Level,
    tokio::bufread::{BrotliEncoder, GzipEncoder, ZstdEncoder},
};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use super::{
    server::{Reply, Server},
    *,
};
use crate::model::ids::PersonRef;

async fn compressed(encoding: &str, text: &[u8]) -> Vec<u8> {
    let mut encoder: Box<dyn AsyncRead + Unpin + Send> = match encoding {
        "gzip" => Box::new(GzipEncoder::with_quality(text, Level::Fastest)),
        "br" => Box::new(BrotliEncoder::with_quality(text, Level::Fastest)),
        "zstd" => Box::new(ZstdEncoder::with_quality(text, Level::Fastest)),
        other => panic!("{other}"),
    };
    let mut bytes = Vec::new();
    encoder.read_to_end(&mut bytes).await.unwrap();
    bytes
}

async fn serving(encoding: &'static str, text: &[u8]) -> Server {
    let bytes = compressed(encoding, text).await;
    Server::start(move |asked| {
        assert!(asked.headers.contains(encoding), "{}", asked.headers);
        let reply = Reply { body: bytes.clone(), ..Reply::text(200, "application/json", "") };
        reply.with("content-encoding", encoding)
    })
    .await
}

#[tokio::test]
async fn compressed_answers_are_read() {
    for encoding in ["gzip", "br", "zstd"] {
        let text = json!({"permissions": [{"name": "AGENT", "description": "d".repeat(5000)}]}).to_string();
        let permissions = serving(encoding, text.as_bytes()).await.reader().list_permissions().await.unwrap();
        assert_eq!((&*permissions[0].name, permissions[0].description.len()), ("AGENT", 5000), "{encoding}");
    }
}

#[tokio::test]
async fn an_answer_that_grows_beyond_the_limit_when_unpacked_is_not_read() {
    let huge = vec![b' '; (64 << 20) + 1];
    for encoding in ["gzip", "br", "zstd"] {
        let server = serving(encoding, &huge).await;
        let mut settings = server.settings();
        settings.timeout = Duration::from_secs(1_000_000);
        let error = connect(settings).unwrap().0.list_permissions().await.unwrap_err();
        assert!(matches!(error, ApiError::TooLarge { limit: 67_108_864, .. }), "{encoding}: {error:?}");
        assert_eq!(server.asked().len(), 1, "and not asked for again");
    }
}

/// Where in an answer something deep stands, for every decoder there is.
fn deep_answers(deep: &str) -> Vec<String> {
    let id = Uuid::nil();
    let total = r#""pagination":{"totalNumResults":1}"#;
    let mut answers = vec![deep.to_owned(), format!(r#"{{"unknown":{deep}}}"#)];
    for list in ["userGroups", "roles", "members", "users", "permissions", "elements"] {
        answers.push(format!(r#"{{"{list}":{deep},{total}}}"#));
        for field in
            ["id", "userId", "name", "description", "updatedAt", "permissions", "role", "scope", "unknown"]
        {
            answers.push(format!(r#"{{"{list}":[{{"roleId":"{id}","{field}":{deep}}}],{total}}}"#));
        }
    }
    answers.push(format!(r#"{{"access_token":"t","expires_in":{deep}}}"#));
    answers
}

#[tokio::test]
async fn an_answer_nested_without_end_is_an_error_for_every_decoder() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = [&open.repeat(100_000), "0", &close.repeat(100_000)].concat();
        for answer in deep_answers(&deep) {
            let shown = &answer[..60];
            let server = {
                let answer = answer.clone();
                Server::start(move |_| Reply::text(200, "application/json", &answer)).await
            };
            let reader = server.reader();
            let permissions = reader.list_permissions().await.map(drop);
            let groups = reader.list_groups(COMPANY).await.map(drop);
            let roles = reader.list_roles(COMPANY).await.map(drop);
            let members = reader.list_members(COMPANY, GROUP).await.map(drop);
            let held = reader.list_group_roles(COMPANY, GROUP).await.map(drop);
            let info = reader.rbac_info(user(1)).await.map(drop);
            let direct = reader.direct_roles(user(1)).await.map(drop);
            let people = reader.query_user(COMPANY, &PersonRef::UserId(user(1))).await.map(drop);
            let created = server.writer().create_group(COMPANY, "n", "d").await.map(drop);
            for result in [permissions, groups, roles, members, held, info, direct, people, created] {
                assert!(matches!(result, Err(ApiError::Garbled { .. })), "{shown}: {result:?}");
            }
        }
    }
}

/// The text of a value, and in it the key at `turn` twice.
fn written(value: &Value, turn: &mut usize) -> String {
    match value {
        Value::Array(rows) => {
            format!("[{}]", rows.iter().map(|it| written(it, turn)).collect::<Vec<_>>().join(","))
        }
        Value::Object(fields) => {
            let mut all = Vec::new();
            for (name, value) in fields {
                let is_twice = *turn == 0;
                *turn = turn.wrapping_sub(1);
                let field = format!("\"{name}\":{}", written(value, turn));
                all.extend(is_twice.then(|| field.clone()));
                all.push(field);
            }
            format!("{{{}}}", all.join(","))
        }
        other => other.to_string(),
    }
}

/// Readers differ in which of two they go by: what a proxy has looked at may not be what is read here.
#[tokio::test]
async fn an_answer_in_which_a_key_comes_twice_is_an_error_for_every_decoder() {
    let page = |list: &str, row: Value| json!({ list: [row], "pagination": { "totalNumResults": 1 } });
    let permissions = json!([{ "permission": "AGENT", "actions": ["READ"] }]);
    let group = json!({ "id": GROUP.0, "name": "n", "description": "d", "companyId": COMPANY.0, "isUnmodifiable": false });
    let role = json!({ "id": user(1).0, "name": "n", "isPlatformRole": true, "permissions": permissions });
    let person = json!({ "userId": { "id": user(1).0 }, "isActive": true, "organization": { "id": COMPANY.0, "name": "o" },
        "businessDetail": { "businessEmail": "a@b.example", "employeeId": "e" }, "externalId": "x" });
    for (decoder, answer) in [
        ("permissions", json!({ "permissions": [{ "name": "AGENT", "description": "d" }] })),
        ("groups", page("userGroups", group)),
        ("roles", page("roles", role)),
        ("members", page("members", json!({ "userId": user(1).0 }))),
        ("held", page("roles", json!({ "role": { "id": user(1).0 } }))),
        ("held", page("roles", json!({ "roleId": user(1).0, "scope": null }))),
        ("info", json!({ "permissions": permissions })),
        ("direct", json!({ "roles": [] })),
        ("person", person.clone()),
        ("people", json!({ "length": 1, "elements": [person] })),
    ] {
        let right = answer.to_string();
        for at in 0.. {
            let mut turn = at;
            let text = written(&answer, &mut turn);
            let is_right = text == right;
            let body = text.clone();
            let server = Server::start(move |_| Reply::text(200, "application/json", &body)).await;
            let reader = server.reader();
            let read = match decoder {
                "permissions" => reader.list_permissions().await.map(drop),
                "groups" => reader.list_groups(COMPANY).await.map(drop),
                "roles" => reader.list_roles(COMPANY).await.map(drop),
                "members" => reader.list_members(COMPANY, GROUP).await.map(drop),
                "held" => reader.list_group_roles(COMPANY, GROUP).await.map(drop),
                "info" => reader.rbac_info(user(1)).await.map(drop),
                "direct" => reader.direct_roles(user(1)).await.map(drop),
                "person" => reader.query_user(COMPANY, &PersonRef::UserId(user(1))).await.map(drop),
                _ => reader.query_user(COMPANY, &"a@b.example".parse().unwrap()).await.map(drop),
            };
            if is_right {
                assert!(at > 0 && read.is_ok(), "{text}: {read:?}");
                break;
            }
            assert!(matches!(read, Err(ApiError::Garbled { .. })), "{text}: {read:?}");
        }
    }
}

/// A proxy may cut an answer off and still say that this was all.
#[tokio::test]
async fn the_beginning_of_an_answer_is_asked_for_again() {
    let whole = r#"{"permissions":[{"name":"A \\","description":"{[\"","new":[1]}]}"#;
    let read = async |cut: usize, times: usize| {
        let server = Server::start(move |asked| {
            let end = if asked.number < times { cut } else { whole.len() };
            Reply::text(200, "application/json", &whole[..end])
        })
        .await;
        (server.reader().list_permissions().await, server.asked().len())
    };
    for cut in 1..whole.len() {
        let (permissions, asked) = read(cut, 1).await;
        assert_eq!((permissions.unwrap().len(), asked), (1, 2), "{}", &whole[..cut]);
    }
    let (error, asked) = read(whole.len() - 1, usize::MAX).await;
    let error = error.unwrap_err();
    assert!(matches!(error, ApiError::Cut { .. }) && !error.ambiguous(), "{error:?}");
    assert_eq!(asked, 5);
}

#[tokio::test]
async fn what_is_nested_as_deep_as_the_limit_is_still_read() {
    let deep = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat();
    // The braces in the text are none, and escapes do not end it.
    let text = r#""\"[[[[\\""#;
    for (levels, read) in [(126, true), (127, false)] {
        let answer = format!(r#"{{"permissions":[],"text":{text},"unknown":{}}}"#, deep(levels));
        let server = Server::start(move |_| Reply::text(200, "application/json", &answer)).await;
        assert_eq!(server.reader().list_permissions().await.is_ok(), read, "{levels}");
    }
}

#[tokio::test]
async fn an_answer_that_drips_is_not_waited_for() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                _ = stream.read(&mut [0; 4096]).await;
                let head =
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n";
                _ = stream.write_all(head).await;
                // Never silent for long, and never done.
                while stream.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            });
        }
    });
    let mut settings = Settings::new(address.parse().unwrap(), Credentials::Token("hush-hush".into()));
    settings.timeout = Duration::from_millis(200);
    settings.retries = 0;
    let error = connect(settings).unwrap().0.list_permissions().await.unwrap_err();
    assert!(matches!(error, ApiError::TimedOut { .. }), "{error:?}");
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a test that was not made must not look like one that was")]
async fn the_loopback_of_ipv6_is_an_endpoint() {
    let Ok(listener) = tokio::net::TcpListener::bind("[::1]:0").await else {
        eprintln!("skipped: this machine has no IPv6 loopback");
        return;
    };
    let server = Server::on(listener, |_| Reply::json(&json!({"permissions": []})));
    assert!(server.address.starts_with("http://[::1]:"), "{}", server.address);
    server.reader().list_permissions().await.unwrap();
}
