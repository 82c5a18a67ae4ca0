//! Another API than Spotnana's, by the same way: transport, patience, and secrets that are never told.
//!
//! One call at a time, answered with JSON. Knows no paths of its own.

use std::sync::Arc;

use reqwest::{Method, header::LINK};
use serde_json::Value;

use super::{ApiError, Connection, Request, Settings, connection::Bounds, settings::form_encoded, throttle};

/// Most bytes of one answer.
const BODY: usize = 16 << 20;

/// A connection to another API.
pub struct Elsewhere(Connection);

/// What is asked of it.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Call {
    pub verb: Verb,
    /// The path as the log shows it.
    pub template: &'static str,
    /// Encoded.
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Value>,
}

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `GET`.
    Get,
    /// A `POST` that only reads.
    Ask,
    /// A `POST` that makes something, which is not sent twice unless it surely did not arrive.
    Create,
    /// A `PUT` or `PATCH` that makes the same of it however often it is sent.
    Put,
    #[expect(missing_docs, reason = "as above")]
    Patch,
}

/// What it answers.
#[derive(Debug)]
pub struct Answer {
    /// Null where it is empty.
    pub body: Value,
    /// Whether a header says that there is another page.
    pub more: bool,
}

impl Elsewhere {
    /// Prepares a connection; the first call is what opens the network.
    ///
    /// # Errors
    /// When the credentials cannot stand in a header, or no TLS client can be built.
    pub fn new(settings: Settings) -> Result<Self, ApiError> {
        let throttle = throttle(&settings);
        let bounds = Bounds { body: BODY, ..Bounds::default() };
        Connection::new(settings, bounds, Arc::clone(&throttle)).map(Self)
    }

    /// Calls, as often as is harmless and useful.
    ///
    /// # Errors
    /// What a request can fail with.
    pub async fn call(&self, call: &Call) -> Result<Answer, ApiError> {
        let request = call.request();
        let query: Vec<(&str, &str)> = call.query.iter().map(|it| (it.0, &*it.1)).collect();
        let body = call.body.as_ref().map(ToString::to_string).unwrap_or_default();
        let read = |reply: super::Reply| {
            let more = more(&reply.headers);
            let empty = reply.body.iter().all(u8::is_ascii_whitespace);
            Ok(Answer { body: if empty { Value::Null } else { reply.decode(&request)? }, more })
        };
        self.0.send(&request, &form_encoded(&query), body.as_bytes(), read).await
    }
}

impl Call {
    fn request(&self) -> Request {
        let new = match self.verb {
            Verb::Get | Verb::Ask => Request::reads,
            Verb::Create => Request::not_idempotent,
            Verb::Put | Verb::Patch => Request::idempotent,
        };
        let method = match self.verb {
            Verb::Get => Method::GET,
            Verb::Ask | Verb::Create => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Patch => Method::PATCH,
        };
        new(method, self.template, &[]).at(&self.path)
    }
}

/// Whether a `Link` (RFC 8288) names a next page, or GitLab's own header does.
fn more(headers: &reqwest::header::HeaderMap) -> bool {
    let text = |it: &reqwest::header::HeaderValue| it.to_str().unwrap_or_default().to_owned();
    let linked = headers.get_all(LINK).iter().any(|it| text(it).contains("rel=\"next\""));
    linked || headers.get("x-next-page").is_some_and(|it| !text(it).trim().is_empty())
}
