//! Lists: paged, and proven whole.

use serde_json::{Value, json};

use crate::model::stamp::Stamps;

use super::{
    server::{Asked, Reply, Server},
    *,
};

/// Answers with the page asked for, of at most `most` rows, from `ids`.
fn page(asked: &Asked, ids: &[u128], most: usize, total: usize) -> Reply {
    let limit = usize::try_from(asked.json()["pagination"]["limit"].as_u64().unwrap()).unwrap();
    let rows: Vec<Value> = ids
        .iter()
        .skip(asked.offset())
        .take(limit.min(most))
        .map(|id| json!({"userId": user(*id), "addedAt": {"iso8601": "2026-01-01T00:00Z"}}))
        .collect();
    Reply::json(&json!({"members": rows, "pagination": {"totalNumResults": total}, "unknown": {"a": []}}))
}

async fn members(server: &Server) -> Result<Vec<u128>, ApiError> {
    let members = server.reader().list_members(COMPANY, GROUP).await?;
    Ok(members.into_iter().map(|id| id.0.as_u128()).collect())
}

#[tokio::test]
async fn a_list_is_read_whole_in_order_whatever_the_size_of_a_page() {
    for (length, most, requests) in [
        (0, 100, 1),
        (1, 100, 1),
        (100, 100, 2),
        (200, 100, 3),
        (101, 100, 2),
        (250, 1000, 3),
        (25, 7, 4),
        (21, 7, 4),
    ] {
        let ids: Vec<u128> = (1..=length).rev().collect();
        let served = ids.clone();
        let server = Server::start(move |asked| page(asked, &served, most, served.len())).await;
        assert_eq!(members(&server).await.unwrap(), ids);
        assert_eq!(server.asked().len(), requests, "{length} rows by {most}");
        let first = server.asked()[0].json();
        assert_eq!(first["pagination"], json!({"offset": 0, "limit": 100}));
        assert_eq!(first["sortParams"], json!({"sortBy": "ADDED_AT", "sortOrder": "ASC"}));
        assert_eq!(first.get("filters"), None);
    }
}

#[tokio::test]
async fn a_short_page_is_followed_row_by_row() {
    let ids: Vec<u128> = (1..=30).collect();
    let served = ids.clone();
    let server = Server::start(move |asked| {
        let most = if asked.offset() == 10 { 3 } else { 10 };
        page(asked, &served, most, served.len())
    })
    .await;
    assert_eq!(members(&server).await.unwrap(), ids);
    assert_eq!(server.asked().last().unwrap().offset(), 23);
}

#[tokio::test]
async fn a_list_that_moves_once_is_read_again() {
    let server = Server::start(|asked| {
        let total = if asked.number == 0 { 201 } else { 200 };
        page(asked, &(1..=200).collect::<Vec<_>>(), 100, total)
    })
    .await;
    assert_eq!(members(&server).await.unwrap().len(), 200);
}

#[tokio::test]
async fn a_list_that_does_not_add_up_twice_is_no_list() {
    let rows: Vec<u128> = (1..=150).collect();
    let mut doubled = rows.clone();
    doubled[120] = 5;
    type Script = Box<dyn Fn(&Asked) -> Reply + Send + Sync>;
    let (a, b, c) = (rows.clone(), rows.clone(), rows.clone());
    let scripts: [(&str, Script); 6] = [
        ("changed", Box::new(move |asked| page(asked, &a, 100, 150 + asked.number))),
        ("twice", Box::new(move |asked| page(asked, &doubled, 100, 150))),
        ("empty before the end", Box::new(move |asked| page(asked, &b[..140], 100, 150))),
        ("more rows", Box::new(move |asked| page(asked, &c, 100, 60))),
        ("no total", Box::new(|_| Reply::json(&json!({"members": []})))),
        ("empty before the end", Box::new(|_| Reply::json(&json!({"pagination": {"totalNumResults": 3}})))),
    ];
    for (why, script) in scripts {
        let server = Server::start(script).await;
        let error = members(&server).await.unwrap_err();
        assert!(matches!(error, ApiError::Incomplete { list: "members", .. }), "{error:?}");
        assert!(error.to_string().contains(why), "{why}: {error}");
        assert_eq!(server.asked().iter().filter(|asked| asked.offset() == 0).count(), 2);
    }
}

#[tokio::test]
async fn a_list_without_an_end_is_not_followed() {
    for (most, total) in [(100, 10_000_001), (1, 10_001), (100, usize::MAX)] {
        let ids: Vec<u128> = (1..=100).collect();
        let server = Server::start(move |asked| page(asked, &ids, most, total)).await;
        let error = members(&server).await.unwrap_err();
        assert!(matches!(error, ApiError::Endless { .. }), "{error:?}");
        assert_eq!(server.asked().len(), 1);
    }
    // The first page promises few pages, the others come a row at a time.
    let ids: Vec<u128> = (1..=100).collect();
    let server =
        Server::start(move |asked| page(asked, &ids, if asked.number == 0 { 50 } else { 1 }, 100)).await;
    let bounds = Bounds { pages: 10, ..Bounds::default() };
    let error = server.within(bounds).0.list_members(COMPANY, GROUP).await.unwrap_err();
    assert!(matches!(error, ApiError::Endless { .. }), "{error:?}");
}

#[tokio::test]
async fn the_limit_of_a_page_is_the_dialects() {
    let server = Server::start(|asked| page(asked, &[1, 2, 3, 4, 5], 100, 5)).await;
    let mut settings = server.settings();
    settings.dialect.page_limit = 2;
    let (reader, _) = connect(settings).unwrap();
    assert_eq!(reader.list_members(COMPANY, GROUP).await.unwrap().len(), 5);
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn a_role_of_a_group_is_read_in_every_shape() {
    let scope = r#"{ "audiences":[ {"predicates":[{"type":"NEW","values":"x"}]} ]}"#;
    let heavy = r#""permissions":[{"permission":"P","actions":["READ"]}],"isPlatformRole":true"#;
    let id = role(7);
    let rows = [
        format!(r#"{{"role":{{"id":"{id}","name":"Agent",{heavy}}},"scope":{scope}}}"#),
        format!(r#"{{"id":"{id}","name":"Agent",{heavy},"scope":{scope}}}"#),
        format!(r#"{{"roleId":"{id}","name":"Agent","scope":{scope}}}"#),
        format!(r#"{{"id":"x-1","roleId":{{"id":"{id}"}},"name":"Agent","scope":{scope}}}"#)
            .replace(r#""id":"x-1","#, ""),
        format!(r#"{{"role":"{id}","name":"Agent","scope":{scope}}}"#),
        format!(r#"{{"roleId":"{id}","name":"Agent","scope":null}}"#),
        format!(r#"{{"roleId":"{id}","name":"Agent"}}"#),
        format!(r#"{{"roleId":"{id}","name":"Agent"}}"#),
    ];
    let body = format!(r#"{{"roles":[{}],"pagination":{{"totalNumResults":8}}}}"#, rows.join(","));
    let server = Server::start(move |_| Reply::text(200, "application/json", &body)).await;
    let roles = server.reader().list_group_roles(COMPANY, GROUP).await.unwrap();
    assert_eq!(roles.len(), 8);
    for (number, found) in roles.iter().enumerate() {
        assert_eq!(found.role, id, "{number}");
        let expected = (number < 5).then_some(scope);
        assert_eq!(found.scope.as_ref().map(|scope| scope.get()), expected, "{number}");
    }
}

/// Times and authors are for people: whatever stands there, the rest is read.
#[tokio::test]
async fn a_time_or_an_author_in_no_known_form_is_not_told_and_no_error() {
    let author = user(7);
    let at = r#"{"iso8601":"2026-11-19T10:20Z"}"#;
    let told = Some("2026-11-19T10:20:00Z");
    let known = format!(r#"{{"id":"{author}","name":"Ana"}}"#);
    for (time, by, expected) in [
        (at, &*known, (told, Some((Some(author), Some("Ana"))))),
        (r#""2026-11-19T10:20:00Z""#, &known, (told, Some((Some(author), Some("Ana"))))),
        (r#"{"iso8601":"2026-11-19T12:20+02:00","zone":"CET"}"#, "null", (told, Some((None, None)))),
        (at, "null", (told, Some((None, None)))),
        (at, "17", (told, Some((None, None)))),
        (at, r#"{"id":"nobody","name":"Ana"}"#, (told, Some((None, None)))),
        (at, r#"{"name":"Ana"}"#, (told, Some((None, None)))),
        (at, r#"[["x"]]"#, (told, Some((None, None)))),
        ("null", &known, (None, None)),
        (r#""soon""#, &known, (None, None)),
        (r#"{"iso8601":null}"#, &known, (None, None)),
        (r#"{"iso8601":17}"#, &known, (None, None)),
        (r#"{"epoch":"2026-11-19T10:20Z"}"#, &known, (None, None)),
        ("1763547600", &known, (None, None)),
        ("1e999", &known, (None, None)),
        ("true", &known, (None, None)),
        ("[]", &known, (None, None)),
        (r#""0001-01-01T00:00:00Z""#, &known, (None, None)),
    ] {
        let row = format!(
            r#"{{"id":"{GROUP}","name":"Desk","description":"d","companyId":"{COMPANY}","createdAt":{time},"createdBy":{by},"updatedAt":{time},"updatedBy":{by}}}"#
        );
        let member = format!(r#"{{"userId":"{author}","addedAt":{time}}}"#);
        let server = Server::start(move |asked| {
            let (list, row) =
                if asked.line.contains("/members") { ("members", &member) } else { ("userGroups", &row) };
            let body = format!(r#"{{"{list}":[{row}],"pagination":{{"totalNumResults":1}}}}"#);
            Reply::text(200, "application/json", &body)
        })
        .await;
        let groups = server.reader().list_groups(COMPANY).await.unwrap();
        let Stamps { created, updated } = groups[0].stamps();
        assert_eq!(created, updated, "{time} {by}");
        let said = updated.as_ref().map(|it| (it.by, it.name.as_deref()));
        assert_eq!(said, expected.1, "{time} {by}");
        let members = server.reader().list_memberships(COMPANY, GROUP).await.unwrap();
        for at in [updated.map(|it| it.at), members[0].1] {
            assert_eq!(at.map(|it| it.to_string()).as_deref(), expected.0, "{time} {by}");
        }
    }
    // As before, and where nothing of it is there at all.
    let row = format!(r#"{{"id":"{GROUP}","name":"Desk","description":"d","companyId":"{COMPANY}"}}"#);
    let body = format!(r#"{{"userGroups":[{row}],"pagination":{{"totalNumResults":1}}}}"#);
    let server = Server::start(move |_| Reply::text(200, "application/json", &body)).await;
    assert!(server.reader().list_groups(COMPANY).await.unwrap()[0].stamps().is_empty());
}

fn group_row(id: u128, name: &str) -> Value {
    json!({
        "id": Uuid::from_u128(id), "name": name, "description": "The agents.", "companyId": {"id": COMPANY},
        "createdAt": {"iso8601": "x"}, "updatedAt": {"iso8601": "2026-01-01T00:00Z"}, "createdBy": {"id": "?"},
    })
}

#[tokio::test]
async fn groups_are_found_by_their_exact_name_only() {
    let names = ["Agents", "agents", "Agents EMEA", "Agents"];
    let server = Server::start(move |asked| {
        // The list leaves the description out, as an encoder does that takes none for nothing to tell.
        if asked.line.starts_with("GET") {
            let id = if asked.line.ends_with('1') { 1 } else { 4 };
            return Reply::json(&group_row(id, "Agents"));
        }
        let mut rows: Vec<Value> = names.iter().zip(1..).map(|(name, id)| group_row(id, name)).collect();
        rows.iter_mut().for_each(|it| it["description"] = Value::Null);
        Reply::json(&json!({"userGroups": rows, "pagination": {"totalNumResults": 4}}))
    })
    .await;
    let found = server.reader().find_groups_named(COMPANY, "Agents").await.unwrap();
    assert_eq!(found.iter().map(|group| group.id.0.as_u128()).collect::<Vec<_>>(), [1, 4]);
    assert_eq!(found[0].updated_at.map(|it| it.to_string()).as_deref(), Some("2026-01-01T00:00:00Z"));
    assert_eq!((found[0].created_at, &found[0].stamps().created), (None, &None));
    let description = found[0].description.as_deref();
    assert_eq!((description, found[0].unmodifiable, found[0].company), (Some("The agents."), false, COMPANY));
    let asked = server.asked()[0].json();
    assert_eq!(asked["searchText"], "Agents");
    assert_eq!(asked["sortParams"], json!({"sortBy": "NAME", "sortOrder": "ASC"}));
}

#[tokio::test]
async fn members_among_asks_for_ninety_nine_at_a_time_and_believes_only_those() {
    let server = Server::start(|asked| {
        let filters = asked.json()["filters"][0]["userIds"].clone();
        assert!(filters.as_array().unwrap().len() <= 99);
        // This server ignores the filter.
        page(asked, &[1, 5000], 100, 2)
    })
    .await;
    let wanted: Vec<UserId> = (1..=150).map(user).collect();
    let found = server.reader().members_among(COMPANY, GROUP, &wanted).await.unwrap();
    assert_eq!(found, [user(1)]);
    assert_eq!(server.asked().len(), 2);
    assert!(server.reader().members_among(COMPANY, GROUP, &[]).await.unwrap().is_empty());
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn roles_among_asks_for_ninety_nine_at_a_time_and_believes_only_those() {
    let server = Server::start(|asked| {
        let ids = asked.json()["filters"][0]["roleIds"].clone();
        assert!(ids.as_array().unwrap().len() <= 99);
        // This server ignores the filter; one role is held under two scopes.
        let rows: Vec<Value> =
            [1, 1, 5000].map(|id| json!({"role": {"id": role(id)}, "scope": {"audiences": []}})).into();
        Reply::json(&json!({"roles": rows, "pagination": {"totalNumResults": 3}}))
    })
    .await;
    let reader = server.reader();
    let wanted: Vec<RoleId> = (1..=150).chain([1]).map(role).collect();
    let found = reader.roles_among(COMPANY, GROUP, &wanted).await.unwrap();
    assert_eq!(found.iter().map(|it| it.role).collect::<Vec<_>>(), [role(1), role(1)]);
    assert_eq!(server.asked().len(), 2);
    assert!(reader.roles_among(COMPANY, GROUP, &[]).await.unwrap().is_empty());
    assert_eq!(server.asked().len(), 2);
    assert_eq!(server.asked()[0].json()["sortParams"], json!({"sortBy": "NAME", "sortOrder": "ASC"}));
}

/// A server that gives fewer rows than asked for is asked for that many: its last page may be full all the same.
#[tokio::test]
async fn a_total_that_ends_with_a_full_page_of_a_smaller_size_is_looked_behind() {
    for (most, cut) in [(50, 100), (30, 60), (1, 3)] {
        let ids: Vec<u128> = (1..=cut as u128 + 1).collect();
        let server = Server::start(move |asked| page(asked, &ids, most, cut)).await;
        assert!(matches!(members(&server).await, Err(ApiError::Incomplete { .. })), "{most} {cut}");
    }
    // A short page, and the rest in one that is full.
    let ids: Vec<u128> = (1..=301).collect();
    let server = Server::start(move |asked| {
        let most = if asked.offset() == 100 { 50 } else { 100 };
        page(asked, &ids, most, 250)
    })
    .await;
    assert!(matches!(members(&server).await, Err(ApiError::Incomplete { .. })));
}

/// Nothing else gives it away: the page is as full as it was asked to be, and the total agrees.
#[tokio::test]
async fn a_total_that_ends_with_a_full_page_is_looked_behind() {
    for cut in [100, 200] {
        let ids: Vec<u128> = (1..=cut as u128 + 1).collect();
        let server = Server::start(move |asked| page(asked, &ids, 100, cut)).await;
        assert!(matches!(members(&server).await, Err(ApiError::Incomplete { .. })), "{cut}");
    }
}

#[tokio::test]
async fn groups_among_asks_for_ninety_nine_at_a_time_and_believes_only_those() {
    let server = Server::start(|asked| {
        let ids = asked.json()["filters"][0]["userGroupIds"].clone();
        assert!(ids.as_array().unwrap().len() <= 99);
        let rows = [group_row(1, "A"), group_row(120, "B"), group_row(5000, "C")];
        Reply::json(&json!({"userGroups": rows, "pagination": {"totalNumResults": 3}}))
    })
    .await;
    let reader = server.reader();
    let wanted: Vec<GroupId> = (1..=150).map(|id| GroupId(Uuid::from_u128(id))).collect();
    let found = reader.groups_among(COMPANY, &wanted).await.unwrap();
    assert_eq!(found.iter().map(|it| &*it.name).collect::<Vec<_>>(), ["A", "B"]);
    assert_eq!(server.asked().len(), 2);
    assert!(reader.groups_among(COMPANY, &[]).await.unwrap().is_empty());
}

/// Draws numbers, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

/// Spoils a page of the list `all`, in one way of many; `at` is where it begins.
fn spoilt(dice: &mut Dice, all: &[Value], at: usize, rows: &mut Vec<Value>, total: &mut usize) {
    let any = |dice: &mut Dice| all[dice.below(all.len())].clone();
    match dice.below(9) {
        // Lost, and nothing in its place.
        0 => _ = rows.pop(),
        // Another row in its place: of this page, or of any.
        1 if rows.len() > 1 => *rows.last_mut().unwrap() = rows[0].clone(),
        2 if rows.len() > 1 && !all.is_empty() => {
            let at = dice.below(rows.len());
            rows[at] = any(dice);
        }
        // One too many.
        3 if !all.is_empty() => rows.push(any(dice)),
        // Another order: the same list.
        4 => rows.reverse(),
        // Pages that overlap, or leave a gap.
        5 => *rows = all.iter().skip(at.saturating_sub(1)).take(rows.len()).cloned().collect(),
        6 => *rows = all.iter().skip(at + 1).take(rows.len()).cloned().collect(),
        // Totals that lie, but never by just what the page leaves out.
        7 => *total += 1 + dice.below(3),
        8 if *total > at + rows.len() + 1 => *total -= 1,
        _ => (),
    }
}

/// Returns a server that lists `all` under `field`, filtered by role where that is asked, and spoils pages by
/// chance.
async fn unreliable(field: &'static str, all: Vec<Value>, seed: u64, most: usize) -> Server {
    Server::start(move |asked| {
        let body = asked.json();
        let wanted = body["filters"][0]["roleIds"].as_array().cloned();
        let among = |row: &&Value| wanted.as_ref().is_none_or(|ids| ids.contains(&row["roleId"]));
        let all: Vec<Value> = all.iter().filter(among).cloned().collect();
        let (at, mut total) = (asked.offset(), all.len());
        let limit = usize::try_from(body["pagination"]["limit"].as_u64().unwrap()).unwrap().min(most);
        let mut rows: Vec<Value> = all.iter().skip(at).take(limit).cloned().collect();
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9).wrapping_add(asked.number as u64 * 7919));
        dice.below(1);
        if wanted.is_none() && dice.below(3) == 0 {
            spoilt(&mut dice, &all, at, &mut rows, &mut total);
        }
        Reply::json(&json!({field: rows, "pagination": {"totalNumResults": total}}))
    })
    .await
}

/// Whatever becomes of its pages, a list is read exactly or not at all.
#[tokio::test]
async fn a_list_of_unreliable_pages_is_the_exact_list_or_an_error() {
    let (mut exact, mut errors) = (0, 0);
    for seed in 0..300_u64 {
        let mut dice = Dice(seed);
        let (length, most) = (dice.below(30), 1 + dice.below(9));
        let ids: Vec<Uuid> = (1..=length).map(|n| Uuid::from_u128(n as u128)).collect();
        let name = |id: &Uuid| json!({"id": id, "name": "n", "description": "d", "companyId": COMPANY, "isActive": true});
        let scope = |n: usize| json!({"audiences": [{"predicates": [{"type": "COMPANY", "values": [n.to_string()]}]}]});
        // A role may be held under several scopes, and twice under one.
        let held: Vec<Value> = (0..length)
            .map(
                |n| json!({"roleId": Uuid::from_u128(n as u128 / 3), "name": "n", "scope": scope(n % 3 / 2)}),
            )
            .collect();
        let named: Vec<Value> = ids.iter().map(name).collect();
        let members: Vec<Value> = ids.iter().map(|id| json!({"userId": id, "addedAt": null})).collect();
        let text = |it: Vec<Uuid>| {
            let mut it: Vec<String> = it.iter().map(Uuid::to_string).collect();
            it.sort();
            it
        };
        let all = text(ids.clone());
        let entry = |role: Uuid, scope: &str| format!("{role} {scope}");
        let read: Result<(Vec<String>, Vec<String>), ApiError> = match seed % 5 {
            0 => {
                let server = unreliable("members", members, seed, most).await;
                server
                    .reader()
                    .list_members(COMPANY, GROUP)
                    .await
                    .map(|it| (text(it.iter().map(|it| it.0).collect()), all))
            }
            1 => {
                let server = unreliable("userGroups", named, seed, most).await;
                server
                    .reader()
                    .list_groups(COMPANY)
                    .await
                    .map(|it| (text(it.iter().map(|it| it.id.0).collect()), all))
            }
            2 => {
                let server = unreliable("roles", named, seed, most).await;
                server
                    .reader()
                    .list_roles(COMPANY)
                    .await
                    .map(|it| (text(it.iter().map(|it| it.id.0).collect()), all))
            }
            3 => {
                let server = unreliable("users", named, seed, most).await;
                server
                    .reader()
                    .list_users(COMPANY)
                    .await
                    .map(|it| (text(it.unwrap().iter().map(|it| it.id.0).collect()), all))
            }
            _ => {
                let mut all: Vec<String> = held
                    .iter()
                    .map(|it| {
                        entry(it["roleId"].as_str().unwrap().parse().unwrap(), &it["scope"].to_string())
                    })
                    .collect();
                all.sort();
                let server = unreliable("roles", held, seed, most).await;
                server.reader().list_group_roles(COMPANY, GROUP).await.map(|it| {
                    let mut rows: Vec<String> =
                        it.iter().map(|it| entry(it.role.0, it.scope.as_ref().unwrap().get())).collect();
                    rows.sort();
                    (rows, all)
                })
            }
        };
        match read {
            Ok((found, all)) => {
                assert_eq!(found, all, "seed {seed}");
                exact += 1;
            }
            Err(ApiError::Incomplete { .. }) => errors += 1,
            Err(error) => panic!("seed {seed}: {error:?}"),
        }
    }
    assert!(
        exact > 100 && errors > 20,
        "{exact} exact, {errors} errors: the pages are not spoilt as they should be"
    );
}
