//! Answers that faults have corrupted: true ones taken apart, and false ones made up. Which request gets one is never
//! decided here.

use std::{borrow::Cow, io, iter};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use futures_util::stream;
use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimePrinter};
use serde_json::{Value, json};

use super::{
    fault::Fault,
    left_out,
    model::derived_id,
    reply::{Reply, json_response, response},
    route::Route,
};

/// A page of an endless list has no more rows than this, whatever was asked for.
const ENDLESS_PAGE: usize = 1000;
const CHUNK: usize = 64 << 10;

/// An answer that closes the connection instead of being one.
///
/// Its body fails before its first byte. The server (hyper) has only buffered the head by then and gives the connection
/// up without flushing it, so the client sees the connection end and not a single byte.
pub(super) fn dropped() -> Response {
    let error = io::Error::other("dropped on purpose");
    Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(error)])))
}

/// An answer of the status `code`; one that no answer can have becomes 500.
pub(super) fn status(code: u16, retry_after: Option<&str>, body: Option<String>) -> Response {
    let known = StatusCode::from_u16(code).ok().filter(|status| !status.is_informational());
    let status = known.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match body {
        Some(text) if text.trim_start().starts_with('{') => json_response(status, text),
        Some(text) => response(status, "text/plain", text),
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

/// The same answer of a server whose clock is `delta` seconds ahead; never of a time that no header can say.
pub(super) fn dated(mut response: Response, delta: i64) -> Response {
    let time = Timestamp::now().checked_add(SignedDuration::from_secs(delta)).ok();
    let text = time.and_then(|it| DateTimePrinter::new().timestamp_to_rfc9110_string(&it).ok());
    if let Some(date) = text.and_then(|it| HeaderValue::from_str(&it).ok()) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// What a gateway, not the API, would answer.
pub(super) fn garbage() -> Response {
    response(StatusCode::OK, "text/html", "<html><body><h1>It works!</h1></body></html>\n")
}

/// `bytes` bytes of JSON (and a dozen more), made while they are sent.
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

/// The request that is executed in place of the one in `body`: for another page or another order.
pub(super) fn request<'r>(fault: &Fault, body: &'r [u8], route: Option<Route>) -> Cow<'r, [u8]> {
    let parsed = serde_json::from_slice::<Value>(body).ok().filter(|it| it["pagination"].is_object());
    let Some(mut request) = parsed else { return Cow::Borrowed(body) };
    let page = &mut request["pagination"];
    let earlier = |rows: u32| page["offset"].as_u64().unwrap_or(0).saturating_sub(rows.into()).into();
    match fault {
        Fault::Overlap { rows } => page["offset"] = earlier(*rows),
        Fault::Repeat {} => {
            let limit = page["limit"].as_u64().and_then(|it| it.try_into().ok());
            page["offset"] = earlier(limit.unwrap_or(100));
        }
        Fault::Endless {} if page["offset"].is_u64() => page["offset"] = 0.into(),
        Fault::Reorder {} => reverse_order(&mut request, route),
        _ => return Cow::Borrowed(body),
    }
    serde_json::to_vec(&request).unwrap_or_default().into()
}

fn reverse_order(request: &mut Value, route: Option<Route>) {
    let (field, key, descending) = match route {
        Some(Route::ListUsers) => ("sort", "NAME", "DESCENDING"),
        Some(Route::ListMembers) => ("sortParams", "ADDED_AT", "DESC"),
        _ => ("sortParams", "NAME", "DESC"),
    };
    match request[field]["sortOrder"].as_str() {
        Some("DESC") => request[field]["sortOrder"] = "ASC".into(),
        Some("DESCENDING") => request[field]["sortOrder"] = "ASCENDING".into(),
        Some(_) => request[field]["sortOrder"] = descending.into(),
        None => request[field] = json!({"sortBy": key, "sortOrder": descending}),
    }
}

/// What becomes of the true answer to the request in `body`.
pub(super) fn reply(fault: &Fault, body: &[u8], reply: Reply) -> Reply {
    match (fault, reply) {
        // The length announced is that of what is left.
        (Fault::Truncate {}, Reply::Json(status, mut bytes)) => {
            bytes.truncate(bytes.len() / 2);
            Reply::Json(status, bytes)
        }
        (Fault::Truncate {}, Reply::Empty(_)) => Reply::Json(StatusCode::OK, b"{".to_vec()),
        (_, Reply::Json(status, bytes)) => {
            let page = serde_json::from_slice::<Value>(&bytes).ok().filter(Value::is_object);
            let edited = page.and_then(|page| edit(fault, body, page));
            Reply::Json(status, edited.and_then(|it| serde_json::to_vec(&it).ok()).unwrap_or(bytes))
        }
        (_, Reply::Empty(status)) => Reply::Empty(status),
    }
}

/// The answer without what is false, 0 or empty in it.
pub(super) fn without_defaults(reply: Reply) -> Reply {
    let Reply::Json(status, bytes) = reply else { return reply };
    let left = serde_json::from_slice::<Value>(&bytes).ok().and_then(|mut answer| {
        left_out::defaults(&mut answer);
        serde_json::to_vec(&answer).ok()
    });
    Reply::Json(status, left.unwrap_or(bytes))
}

/// A page as `fault` changes it, or nothing if it does not change pages.
fn edit(fault: &Fault, body: &[u8], mut page: Value) -> Option<Value> {
    match fault {
        Fault::LeaveOut { field } => {
            left_out::field(&mut page, field);
            return Some(page);
        }
        Fault::Another { field } => {
            left_out::another(&mut page, field);
            return Some(page);
        }
        _ => (),
    }
    // The rows of a page are its only array.
    let mut none = Vec::new();
    let rows = page.as_object_mut()?.values_mut().find_map(Value::as_array_mut).unwrap_or(&mut none);
    match fault {
        Fault::LieTotal { delta } => {
            let total = page["pagination"]["totalNumResults"].as_i64().unwrap_or(0);
            page["pagination"]["totalNumResults"] = total.saturating_add(*delta).into();
        }
        Fault::DuplicateRows {} => {
            if let [first, .., last] = &mut rows[..] {
                last.clone_from(first);
            }
        }
        Fault::Shuffle {} => rows.reverse(),
        Fault::Shrink { rows: count } => rows.truncate(rows.len().saturating_sub(*count as usize)),
        Fault::Endless {} => {
            let (offset, limit) = asked_page(body);
            let real = std::mem::take(rows);
            for at in offset..offset.saturating_add(limit) {
                let Some(mut row) = real.get(at % real.len().max(1)).cloned() else { break };
                if at >= real.len() {
                    rename(&mut row, at);
                }
                rows.push(row);
            }
            page["pagination"]["totalNumResults"] = offset.saturating_add(2 * limit).into();
        }
        _ => return None,
    }
    Some(page)
}

/// Offset and limit of the page of an endless list that `body` asks for.
fn asked_page(body: &[u8]) -> (usize, usize) {
    let request: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let number = |name: &str, default| {
        let given = request["pagination"][name].as_u64().and_then(|n| usize::try_from(n).ok());
        given.unwrap_or(default)
    };
    (number("offset", 0), number("limit", 100).min(ENDLESS_PAGE))
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
