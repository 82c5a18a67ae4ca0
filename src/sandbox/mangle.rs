//! Answers that faults have spoilt: true ones taken apart, and false ones made up.

use std::{io, iter};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use futures_util::stream;
use serde_json::{Value, json};

use super::{
    model::derived_id,
    reply::{Reply, json_response},
    route::Route,
};

/// A page of an endless list has no more rows than this, whatever was asked for.
const ENDLESS_PAGE: usize = 1000;
const CHUNK: usize = 64 << 10;

/// Returns an answer that closes the connection instead of being one.
///
/// Its body fails before its first byte. The server (hyper) has only buffered
/// the head by then and gives the connection up without flushing it, so the
/// client sees the connection end and not a single byte.
pub(super) fn dropped() -> Response {
    let error = io::Error::other("dropped on purpose");
    Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(error)])))
}

/// Returns an answer of the status `code`; one that no answer can have becomes 500.
pub(super) fn status(code: u16, retry_after: Option<&str>, body: Option<String>) -> Response {
    let known = StatusCode::from_u16(code).ok().filter(|status| !status.is_informational());
    let status = known.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match body {
        Some(text) => {
            let kind = if text.trim_start().starts_with('{') { "application/json" } else { "text/plain" };
            let mut response = json_response(status, text);
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            response
        }
        None => {
            let code = match status {
                StatusCode::UNAUTHORIZED => "USER_NOT_AUTHENTICATED",
                StatusCode::TOO_MANY_REQUESTS => "TOO_MANY_REQUESTS",
                _ => "SANDBOX_FAULT", // an invention
            };
            let envelope =
                json!({"debugIdentifier": "sandbox-fault", "errorMessages": [{"errorCode": code}]});
            json_response(status, envelope.to_string())
        }
    };
    if let Some(value) = retry_after.and_then(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// Returns the page that a gateway, not the API, would answer.
pub(super) fn garbage() -> Response {
    let mut response = json_response(StatusCode::OK, "<html><body><h1>It works!</h1></body></html>\n");
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// Returns `bytes` bytes of JSON (and a dozen more), made while they are sent.
pub(super) fn huge(bytes: u64) -> Response {
    let chunk = Bytes::from(vec![b'a'; CHUNK]);
    let chunks = usize::try_from(bytes / CHUNK as u64).unwrap_or(usize::MAX);
    let rest = chunk.slice(..usize::try_from(bytes % CHUNK as u64).unwrap_or(0));
    let parts = iter::once(Bytes::from_static(b"{\"padding\":\""))
        .chain(iter::repeat_n(chunk, chunks))
        .chain([rest, Bytes::from_static(b"\"}")])
        .map(Ok::<_, io::Error>);
    json_response(StatusCode::OK, Body::from_stream(stream::iter(parts)))
}

/// Cuts JSON in the middle; the length announced is that of what is left.
pub(super) fn truncate(reply: Reply) -> Reply {
    match reply {
        Reply::Json(status, mut bytes) => {
            bytes.truncate(bytes.len() / 2);
            Reply::Json(status, bytes)
        }
        Reply::Empty(_) => Reply::Json(StatusCode::OK, b"{".to_vec()),
    }
}

/// Adds `delta` to the total of a page.
pub(super) fn lie_about_total(reply: Reply, delta: i64) -> Reply {
    edit(reply, |page| {
        let total = page["pagination"]["totalNumResults"].as_i64().unwrap_or(0);
        page["pagination"]["totalNumResults"] = total.saturating_add(delta).into();
    })
}

/// Replaces the last row of a page by its first.
pub(super) fn duplicate_rows(reply: Reply) -> Reply {
    edit(reply, |page| {
        if let Some(rows) = rows(page)
            && let Some(first) = rows.first().cloned()
            && let Some(last) = rows.last_mut()
        {
            *last = first;
        }
    })
}

/// Turns the rows of a page the other way round.
pub(super) fn shuffle(reply: Reply) -> Reply {
    edit(reply, |page| {
        if let Some(rows) = rows(page) {
            rows.reverse();
        }
    })
}

/// Takes the last `count` rows from a page.
pub(super) fn shrink(reply: Reply, count: u32) -> Reply {
    edit(reply, |page| {
        if let Some(rows) = rows(page) {
            rows.truncate(rows.len().saturating_sub(count as usize));
        }
    })
}

/// Returns the request in `body` for a page that begins `rows` earlier.
pub(super) fn earlier(body: &[u8], rows: u32) -> Vec<u8> {
    rewrite(body, |request| {
        let offset = request["pagination"]["offset"].as_u64().unwrap_or(0);
        request["pagination"]["offset"] = offset.saturating_sub(rows.into()).into();
    })
}

/// Returns the request in `body` for the page before.
pub(super) fn page_before(body: &[u8]) -> Vec<u8> {
    let limit = serde_json::from_slice(body).ok().and_then(|it: Value| it["pagination"]["limit"].as_u64());
    earlier(body, limit.and_then(|it| it.try_into().ok()).unwrap_or(100))
}

/// Returns the request in `body` for the same page of the list in the opposite order.
pub(super) fn reorder(body: &[u8], route: Option<Route>) -> Vec<u8> {
    let (field, key, descending) = match route {
        Some(Route::ListUsers) => ("sort", "NAME", "DESCENDING"),
        Some(Route::ListMembers) => ("sortParams", "ADDED_AT", "DESC"),
        _ => ("sortParams", "NAME", "DESC"),
    };
    rewrite(body, |request| match request[field]["sortOrder"].as_str() {
        Some("DESC") => request[field]["sortOrder"] = "ASC".into(),
        Some("DESCENDING") => request[field]["sortOrder"] = "ASCENDING".into(),
        Some(_) => request[field]["sortOrder"] = descending.into(),
        None => request[field] = json!({"sortBy": key, "sortOrder": descending}),
    })
}

/// Returns `body` changed, or as it is where it is no object.
fn rewrite(body: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    match serde_json::from_slice::<Value>(body) {
        Ok(mut request) if request.is_object() && request["pagination"].is_object() => {
            change(&mut request);
            serde_json::to_vec(&request).unwrap_or_default()
        }
        Ok(_) | Err(_) => body.to_vec(),
    }
}

/// Which page of an endless list is wanted.
pub(super) struct Endless {
    offset: usize,
    limit: usize,
}

impl Endless {
    /// Returns the page that `body` asks for, and the request for the true first page behind it.
    pub(super) fn of(body: &[u8]) -> (Self, Vec<u8>) {
        let mut request: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let number = |name: &str, default| {
            let given = request.pointer(&format!("/pagination/{name}")).and_then(Value::as_u64);
            given.and_then(|n| usize::try_from(n).ok()).unwrap_or(default)
        };
        let page = Self { offset: number("offset", 0), limit: number("limit", 100).min(ENDLESS_PAGE) };
        match request.pointer_mut("/pagination/offset") {
            Some(offset) if offset.is_u64() => {
                *offset = 0.into();
                (page, serde_json::to_vec(&request).unwrap_or_default())
            }
            _ => (page, body.to_vec()),
        }
    }

    /// Repeats the rows of the true first page, with new ids, until the page is full.
    pub(super) fn fill(&self, reply: Reply) -> Reply {
        edit(reply, |page| {
            if let Some(rows) = rows(page) {
                let real = std::mem::take(rows);
                for at in self.offset..self.offset.saturating_add(self.limit) {
                    let Some(mut row) = real.get(at % real.len().max(1)).cloned() else { break };
                    if at >= real.len() {
                        rename(&mut row, at);
                    }
                    rows.push(row);
                }
            }
            page["pagination"]["totalNumResults"] = self.offset.saturating_add(2 * self.limit).into();
        })
    }
}

fn rename(row: &mut Value, at: usize) {
    let id = Value::from(derived_id("endless", &[&at.to_string()]).to_string());
    for pointer in ["/role/id", "/id", "/userId/id", "/userId"] {
        if let Some(place) = row.pointer_mut(pointer) {
            *place = id;
            return;
        }
    }
}

fn edit(reply: Reply, change: impl FnOnce(&mut Value)) -> Reply {
    match reply {
        Reply::Json(status, bytes) => match serde_json::from_slice::<Value>(&bytes) {
            Ok(mut page) if page.is_object() => {
                change(&mut page);
                Reply::Json(status, serde_json::to_vec(&page).unwrap_or(bytes))
            }
            Ok(_) | Err(_) => Reply::Json(status, bytes),
        },
        Reply::Empty(status) => Reply::Empty(status),
    }
}

/// Returns the rows of a page: its only array.
fn rows(page: &mut Value) -> Option<&mut Vec<Value>> {
    page.as_object_mut()?.values_mut().find_map(Value::as_array_mut)
}
