//! One person: parts to the letter, an account once, and nothing of either in what is said.

use serde_json::json;

use super::{
    server::{Reply, Server},
    *,
};
use crate::model::object::Object;

const ODD: &str = r#"{"z":1.0e400,"id":"","a":{"n":12345678901234567890123,"u":"\u00e9","l":[null,1.10]},"personalInfo":{"email":"Noor@x.example","identityDocs":[{"passport":{"docId":"K22-Z"}}]}}"#;

fn object(text: &str) -> Object {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn a_part_is_read_and_sent_to_the_letter() {
    for part in Part::ALL.iter().copied() {
        let server = Server::start(|asked| match asked.line.starts_with("PUT") {
            true => Reply::empty(204),
            false => Reply::text(200, "application/json", ODD),
        })
        .await;
        let read = server.reader().part(user(1), part).await.unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), ODD, "{part:?}");
        server.writer().put_part(user(1), part, &read).await.unwrap();
        let path = part.template().replace("{userId}", &user(1).to_string());
        let with = |query: &str| if query.is_empty() { String::new() } else { format!("?{query}") };
        let (get, put) = (with(part.query()), with(part.put_query()));
        let lines: Vec<String> = server.asked().iter().map(|it| it.line.clone()).collect();
        assert_eq!(lines, [format!("GET {path}{get}"), format!("PUT {path}{put}")], "{part:?}");
        let sent = server.asked()[1].text.clone();
        let own = if part == Part::Profile { ODD.replace(r#""id":"","#, "") } else { ODD.to_owned() };
        assert_eq!(sent, own, "{part:?}");
    }
}

#[tokio::test]
async fn a_profile_of_somebody_else_is_no_answer() {
    let server = Server::start(|_| Reply::json(&json!({ "id": user(2), "persona": "EMPLOYEE" }))).await;
    let error = server.reader().part(user(1), Part::Profile).await.unwrap_err();
    assert!(matches!(error, ApiError::Another { .. }), "{error:?}");
}

#[tokio::test]
async fn what_replaces_or_creates_is_sent_once_unless_it_surely_did_nothing() {
    //   status, times a part is sent, times an account is created, times one is deleted, and whether it is unclear
    for (status, put, create, delete, ambiguous) in [
        (400, 1, 1, 1, false),
        (403, 1, 1, 1, false),
        (429, 1, 5, 5, false),
        (500, 1, 1, 5, true),
        (504, 1, 1, 5, true),
    ] {
        let server = Server::start(move |_| Reply::status(status)).await;
        let writer = server.writer();
        let profile = object(ODD);
        let mut before = 0;
        let mut sent = |expected: usize, error: ApiError, what: &str| {
            let n = server.asked().len();
            assert_eq!((n - before, error.ambiguous()), (expected, ambiguous), "{what} {status}");
            before = n;
        };
        sent(put, writer.put_part(user(1), Part::PersonalInfo, &profile).await.unwrap_err(), "put");
        sent(create, writer.create_user(&profile).await.unwrap_err(), "create");
        sent(create, writer.activate_user(user(1)).await.unwrap_err(), "activate");
        sent(delete, writer.delete_user(user(1)).await.unwrap_err(), "delete");
    }
    let server = Server::start(|_| Reply::status(404)).await;
    server.writer().delete_user(user(1)).await.unwrap();
}

#[tokio::test]
async fn a_created_account_is_the_one_that_was_asked_for() {
    for (shown, fine) in [
        (json!({ "id": user(1), "personalInfo": { "email": "x" } }), true),
        (json!({ "id": user(1), "businessInfo": { "email": "NOOR@x.example" } }), true),
        (json!({ "id": user(1), "businessInfo": { "email": "other@x.example" } }), false),
        (json!({ "id": user(2) }), false),
        (json!([]), true),
    ] {
        let answer = shown.clone();
        let server = Server::start(move |asked| match asked.line.starts_with("POST") {
            true => Reply::json(&json!({ "id": user(1) })),
            false => Reply::json(&answer),
        })
        .await;
        let made = server.writer().create_user(&object(ODD)).await;
        assert_eq!(made.as_ref().ok(), Some(&user(1)).filter(|_| fine), "{shown}: {made:?}");
        let said = made.err().map(|it| it.to_string()).unwrap_or_default();
        assert!(!said.contains("other@x"), "{said}");
    }
}

/// Whatever a server repeats of what it was sent, in whatever place it speaks from.
#[tokio::test]
async fn nothing_of_a_part_is_said_when_it_is_refused() {
    let canaries = ["K22-Z", "Noor@x.example", "1971-03-05", "LOYAL-77"];
    let body = json!({
        "name": canaries[1], "dob": { "iso8601": canaries[2] }, "n": 40721, "membershipInfos": [{ "id": canaries[3] }],
        "identityDocs": [{ "passport": { "docId": canaries[0] } }],
    });
    let echo = format!("you sent {} and 40721", canaries.join(" or "));
    let answers = [
        json!({ "errorMessages": [{ "errorCode": canaries[0], "message": echo }] }).to_string(),
        json!({ "errorCode": canaries[3], "message": echo }).to_string(),
        json!({ "error": canaries[2], "error_description": echo }).to_string(),
        echo.clone(),
    ];
    for answer in answers {
        for status in [400, 403, 404, 409, 500] {
            let answer = answer.clone();
            let server = Server::start(move |_| Reply::text(status, "application/json", &answer)).await;
            let mut errors = vec![server.writer().create_user(&Object::of(&body)).await.unwrap_err()];
            for part in Part::ALL.iter().copied() {
                errors.push(server.writer().put_part(user(1), part, &Object::of(&body)).await.unwrap_err());
                errors.push(server.reader().part(user(1), part).await.unwrap_err());
            }
            for error in errors {
                let said = format!("{error} {error:?} {} {:?}", error.in_one_line(), error.hint());
                let told = canaries.iter().chain(&["40721", "1971", "K22"]).find(|it| said.contains(**it));
                assert!(told.is_none(), "{status}: {said}");
            }
        }
    }
}
