//! Writes: bodies as the dialect wants them, and what counts as done.

use serde_json::{json, value::RawValue};

use super::{
    server::{Reply, Server},
    *,
};
use crate::model::{dialect::MemberRemovalField, observed::GroupRole, scope::Scope};

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

#[tokio::test]
async fn creating_answers_the_id_in_either_form() {
    for id in [json!(GROUP), json!({"id": GROUP})] {
        let server = Server::start(move |_| Reply::json(&json!({"id": id, "more": 1}))).await;
        assert_eq!(server.writer().create_group(COMPANY, "Näme", "d").await.unwrap(), GROUP);
        let asked = &server.asked()[0];
        assert_eq!(asked.line, format!("POST /v3/companies/{COMPANY}/user-groups"));
        assert_eq!(asked.json(), json!({"name": "Näme", "description": "d"}));
    }
}

#[tokio::test]
async fn the_beginning_of_a_confirmation_leaves_a_write_unclear() {
    let server = Server::start(|_| Reply::text(200, "application/json", r#"{"id":"1"#)).await;
    let error = server.writer().patch_members(COMPANY, GROUP, &[user(1)], &[]).await.unwrap_err();
    assert!(matches!(error, ApiError::Cut { .. }) && error.ambiguous(), "{error:?}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn only_a_write_that_surely_did_nothing_is_repeated() {
    for (status, header, requests, ambiguous) in [
        (400, None, 1, false),
        (409, None, 1, false),
        (429, None, 5, false),
        (500, None, 1, true),
        (502, None, 1, true),
        (503, None, 1, true),
        (503, Some("0"), 5, false),
        (504, None, 1, true),
    ] {
        let server = Server::start(move |_| {
            let reply = Reply::status(status);
            if let Some(header) = header { reply.with("retry-after", header) } else { reply }
        })
        .await;
        let writer = server.writer();
        let errors = [
            writer.create_group(COMPANY, "n", "d").await.unwrap_err(),
            writer.patch_members(COMPANY, GROUP, &[user(1)], &[]).await.unwrap_err(),
            writer.patch_roles(COMPANY, GROUP, &[], &[]).await.unwrap_err(),
        ];
        assert!(errors.iter().all(|error| error.ambiguous() == ambiguous), "{status}");
        assert!(errors.iter().all(|error| error.class() == Class::Remote), "{status}");
        assert_eq!(server.asked().len(), 3 * requests, "{status}");
    }
}

#[tokio::test]
async fn an_unclear_attempt_makes_a_later_refusal_ambiguous() {
    let server = Server::start(|asked| Reply::status(if asked.number == 0 { 500 } else { 400 })).await;
    let error = server.writer().update_group(COMPANY, GROUP, "n", "d").await.unwrap_err();
    assert_eq!((error.refused(), error.ambiguous()), (Some(400), true));
    let error = server.writer().update_group(COMPANY, GROUP, "n", "d").await.unwrap_err();
    assert_eq!((error.refused(), error.ambiguous()), (Some(400), false));
}

#[tokio::test]
async fn an_update_tries_the_other_method_where_one_is_not_allowed() {
    for (set, first, second) in [(GroupUpdate::Put, "PUT", "PATCH"), (GroupUpdate::Patch, "PATCH", "PUT")] {
        let server =
            Server::start(|asked| if asked.number == 0 { Reply::status(405) } else { Reply::empty(204) })
                .await;
        let mut settings = server.settings();
        settings.dialect.group_update = set;
        let (_, writer) = connect(settings).unwrap();
        writer.update_group(COMPANY, GROUP, "n", "d").await.unwrap();
        let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
        let path = format!("/v3/companies/{COMPANY}/user-groups/{GROUP}");
        assert_eq!(lines, [format!("{first} {path}"), format!("{second} {path}")]);
    }
}

#[tokio::test]
async fn a_group_that_is_not_there_is_deleted() {
    let server = Server::start(|asked| Reply::status(if asked.number == 0 { 500 } else { 404 })).await;
    server.writer().delete_group(COMPANY, GROUP).await.unwrap();
    assert_eq!(server.asked()[1].line, format!("DELETE /v3/companies/{COMPANY}/user-groups/{GROUP}"));
    assert_eq!(server.asked()[1].text, "");
}

#[tokio::test]
async fn members_are_removed_under_the_name_of_the_dialect_and_only_if_there_are_any() {
    for field in [MemberRemovalField::UserIdsToDelete, MemberRemovalField::UserIdsToRemove] {
        let server = Server::start(|_| Reply::empty(200)).await;
        let mut settings = server.settings();
        settings.dialect.member_removal_field = field;
        let (_, writer) = connect(settings).unwrap();
        writer.patch_members(COMPANY, GROUP, &[user(1)], &[]).await.unwrap();
        writer.patch_members(COMPANY, GROUP, &[], &[user(2)]).await.unwrap();
        let asked = server.asked();
        assert_eq!(asked[0].json(), json!({"userIdsToAdd": [user(1)]}));
        assert_eq!(asked[1].json(), json!({"userIdsToAdd": [], field.as_str(): [user(2)]}));
    }
}

#[tokio::test]
async fn roles_go_out_with_their_scopes_untouched() {
    let scope = r#"{"audiences": [{"predicates":[{"type":"COMPANY","values":["x"], "odd": 1.50}]}]}"#;
    let given = Scope::read(Some(&raw(r#"{"audiences":[{"predicates":[{"type":"PLATFORM"}]}]}"#)));
    for (form, deleted) in [
        (
            RolesToDelete::Objects,
            format!(r#"[{{"roleId":"{0}","scope":{scope}}},{{"roleId":"{0}"}}]"#, role(2)),
        ),
        (RolesToDelete::Ids, format!(r#"["{}"]"#, role(2))),
    ] {
        let server = Server::start(|_| Reply::text(200, "application/json", "{}")).await;
        let mut settings = server.settings();
        settings.dialect.roles_to_delete = form;
        let (_, writer) = connect(settings).unwrap();
        let add = [(role(1), given.clone())];
        let remove = [
            GroupRole { role: role(2), scope: Some(raw(scope).into()) },
            GroupRole { role: role(2), scope: None },
        ];
        writer.patch_roles(COMPANY, GROUP, &add, &remove).await.unwrap();
        let added = format!(r#"[{{"roleId":"{}","scope":{}}}]"#, role(1), given.to_wire());
        let expected = format!(r#"{{"rolesToAdd":{added},"rolesToDelete":{deleted}}}"#);
        assert_eq!(server.asked()[0].text, expected);
    }
}

#[tokio::test]
async fn a_login_page_is_no_confirmation() {
    let server = Server::start(|_| Reply::text(200, "text/html", "<html>")).await;
    let error = server.writer().patch_members(COMPANY, GROUP, &[user(1)], &[]).await.unwrap_err();
    assert!(matches!(error, ApiError::Garbled { .. }) && error.ambiguous());
}
