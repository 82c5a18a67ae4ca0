//! Finding people, in bulk and one by one.

use serde_json::{Value, json};

use super::{
    server::{Asked, Reply, Server},
    *,
};
use crate::model::ids::PersonRef;

fn email(text: &str) -> PersonRef {
    PersonRef::Email(text.parse().unwrap())
}

fn detail(number: u128, email: &str) -> Value {
    json!({
        "userId": {"id": user(number)}, "organization": {"id": COMPANY, "name": "c"}, "isActive": number != 2,
        "externalId": format!("x{number}"), "persona": "NEW", "personalDetail": {"name": null},
        "businessDetail": {"legalEntity": {"id": "?"}, "businessEmail": email, "employeeId": ""},
    })
}

/// Answers bulk and single questions alike about people whose addresses are `p<number>@x.example`.
fn directory(asked: &Asked) -> Reply {
    let number = |text: &str| text.trim_start_matches('p').split(['@', '%']).next().unwrap().parse().unwrap();
    if asked.line.starts_with("POST") {
        let body = asked.json();
        let filter = body["filters"][0].as_object().unwrap();
        let (kind, values) = filter.iter().next().unwrap();
        let rows: Vec<Value> = values
            .as_array()
            .unwrap()
            .iter()
            .map(|value| match kind.as_str() {
                "emails" => {
                    let text = value.as_str().unwrap();
                    detail(number(text), &text.to_uppercase())
                }
                "externalIds" => detail(number(value.as_str().unwrap().trim_start_matches('x')), ""),
                _ => detail(value["id"].as_str().unwrap().parse::<Uuid>().unwrap().as_u128(), ""),
            })
            .collect();
        let total = rows.len();
        let rows: Vec<Value> = rows.into_iter().skip(asked.offset()).collect();
        return Reply::json(&json!({"users": rows, "pagination": {"totalNumResults": total}}));
    }
    let id = asked.line.split("Id=e").nth(1).or_else(|| asked.line.split("email=").nth(1));
    let id = user(number(id.unwrap_or("9").split('&').next().unwrap()));
    if asked.line.starts_with("GET /v2/users?") {
        return Reply::json(&json!({"length": 1, "elements": [{"id": id, "isActive": true}]}));
    }
    let business = json!({"email": "nine@x.example", "employeeId": "n", "organizationRef": {"id": COMPANY}});
    Reply::json(&json!({"id": user(9), "businessInfo": business, "personalInfo": {"email": "z@y.example"}}))
}

#[tokio::test]
async fn people_are_found_ninety_nine_at_a_time() {
    let server = Server::start(directory).await;
    let mut people: Vec<PersonRef> = (1..=150).map(|n| email(&format!("p{n}@x.example"))).collect();
    people.push(email("p3@x.example"));
    people.push(PersonRef::ExternalId("x200".into()));
    people.push(PersonRef::UserId(user(201)));
    people.push(PersonRef::EmployeeId("e202".into()));
    let found = server.reader().find_users(COMPANY, &people).await.unwrap();
    assert_eq!(found.len(), 153);
    // No page of them is as full as it can be, so none is asked for behind it.
    assert_eq!((server.count("POST /v3/users/list"), server.count("GET /v2/users?")), (4, 1));
    assert_eq!(found[0].email, Some("p1@x.example".parse().unwrap()));
    assert_eq!((found[0].external_id.as_deref(), found[0].employee_id.as_deref()), (Some("x1"), None));
    assert_eq!((found[0].company, found[0].active, found[1].active), (Some(COMPANY), true, false));
    assert_eq!((found[152].id, found[152].employee_id.as_deref()), (user(202), Some("e202")));
    let body = server.asked().into_iter().find(|asked| asked.text.contains("externalIds")).unwrap().json();
    assert_eq!(
        body,
        json!({
            "pagination": {"offset": 0, "limit": 100},
            "companyId": {"id": COMPANY},
            "userStatusFilter": "ALL",
            "sort": {"sortBy": "NAME", "sortOrder": "ASCENDING"},
            "filters": [{"externalIds": ["x200"]}],
        })
    );
    assert!(
        server
            .asked()
            .iter()
            .any(|asked| asked.text.contains(&format!(r#""userIds":[{{"id":"{}""#, user(201))))
    );
}

#[tokio::test]
async fn where_the_bulk_list_is_refused_people_are_asked_for_one_by_one() {
    for status in [400, 403, 404, 405, 501] {
        let server = Server::start(move |asked| {
            if asked.line.contains("/v3/users/list") { Reply::status(status) } else { directory(asked) }
        })
        .await;
        let reader = server.reader();
        let people = [email("p1@x.example"), email("p2@x.example")];
        for _ in 0..2 {
            let found = reader.find_users(COMPANY, &people).await.unwrap();
            assert_eq!(found.iter().map(|user| user.id).collect::<Vec<_>>(), [user(1), user(2)]);
            assert_eq!(found[0].email, Some("p1@x.example".parse().unwrap()));
            assert_eq!(found[0].company, Some(COMPANY));
        }
        // Where it is a matter of what was asked for the next question may fare better.
        let bulk = if status == 400 { 2 } else { 1 };
        assert_eq!((server.count("/v3/users/list"), server.count("GET /v2/users?")), (bulk, 4), "{status}");
        let line = &server.asked().into_iter().find(|asked| asked.line.contains("p1")).unwrap().line;
        assert_eq!(
            *line,
            format!("GET /v2/users?companyId={COMPANY}&email=p1%40x.example&includeInactive=true")
        );
    }
}

#[tokio::test]
async fn a_company_that_refuses_the_bulk_list_does_not_speak_for_others() {
    let other = CompanyId(uuid::Uuid::from_u128(77));
    let server = Server::start(move |asked| {
        if asked.line.contains("/v3/users/list") && !asked.text.contains(&other.to_string()) {
            return Reply::status(403);
        }
        let mut reply = directory(asked);
        reply.body = String::from_utf8(reply.body)
            .unwrap()
            .replace(&COMPANY.to_string(), &other.to_string())
            .into_bytes();
        reply
    })
    .await;
    let reader = server.reader();
    assert!(reader.list_users(COMPANY).await.unwrap().is_none());
    reader.find_users(other, &[email("p1@x.example")]).await.unwrap();
    assert_eq!((server.count("/v3/users/list"), server.count("GET /v2/users?")), (2, 0));
}

/// One address that the API does not take is one person who is not found, not a run that fails.
#[tokio::test]
async fn a_key_that_is_refused_is_nobody() {
    let server = Server::start(|asked| {
        if asked.line.contains("odd") || asked.line.contains("/list") {
            Reply::status(400)
        } else {
            directory(asked)
        }
    })
    .await;
    let found =
        server.reader().find_users(COMPANY, &[email("odd@x..example"), email("p1@x.example")]).await.unwrap();
    assert_eq!(found.iter().map(|user| user.id).collect::<Vec<_>>(), [user(1)]);
    // An id is always well formed: not to know who somebody is would leave them unprotected.
    let server = Server::start(|_| Reply::status(400)).await;
    assert!(server.reader().query_user(COMPANY, &PersonRef::UserId(user(1))).await.is_err());
}

#[tokio::test]
async fn a_bulk_list_in_trouble_is_a_failure_and_not_a_reason_to_ask_one_by_one() {
    let server = Server::start(|_| Reply::status(500)).await;
    let error = server.reader().find_users(COMPANY, &[email("p1@x.example")]).await.unwrap_err();
    assert_eq!((error.refused(), server.count("GET")), (Some(500), 0));
}

#[tokio::test]
async fn a_user_id_is_looked_up_directly_and_may_be_nobody() {
    let server = Server::start(|asked| {
        if asked.line.contains(&user(9).to_string()) { directory(asked) } else { Reply::status(404) }
    })
    .await;
    let reader = server.reader();
    let found = reader.query_user(COMPANY, &PersonRef::UserId(user(9))).await.unwrap();
    assert_eq!(found[0].email, Some("nine@x.example".parse().unwrap()));
    assert_eq!((found[0].employee_id.as_deref(), found[0].company), (Some("n"), Some(COMPANY)));
    assert!(reader.query_user(COMPANY, &PersonRef::UserId(user(8))).await.unwrap().is_empty());
    assert_eq!(server.asked()[0].line, format!("GET /v2/users/{}?includeInactive=true", user(9)));
}

#[tokio::test]
async fn an_error_about_a_person_does_not_name_the_person() {
    let server =
        Server::start(|_| Reply::text(200, "application/json", r#"{"elements":"p1@x.example"}"#)).await;
    let error = server.reader().query_user(COMPANY, &email("p1@x.example")).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("p1"), "{error:?}");

    let mut settings = server.settings();
    settings.endpoint = "http://127.0.0.1:1".parse().unwrap();
    let error = connect(settings).unwrap().0.query_user(COMPANY, &email("p1@x.example")).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("p1"), "{error:?}");
}

#[test]
fn every_question_and_every_write_can_run_as_a_task() {
    fn sent<T: Send>(_: T) {}
    let settings = Settings::new("http://localhost:1".parse().unwrap(), Credentials::Token("t".into()));
    let (reader, writer) = connect(settings).unwrap();
    sent(reader.find_users(COMPANY, &[]));
    sent(reader.members_among(COMPANY, GROUP, &[]));
    sent(reader.list_group_roles(COMPANY, GROUP));
    sent(writer.patch_roles(COMPANY, GROUP, &[], &[]));
}
