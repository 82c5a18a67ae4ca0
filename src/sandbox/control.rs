//! The control plane under `/__sandbox/`: what tests steer and observe the server with.
//!
//! It takes the control token, or one of the seed that may write: who wrote that into the seed is who runs the server. It is
//! not counted, and no latency or fault touches it.

use std::sync::{PoisonError, atomic::Ordering};

use axum::{http::StatusCode, response::Response};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    app::App,
    decode,
    dialect::UnknownField,
    fault::Rule,
    reply::{Refusal, Reply, response},
    request_log::Bodies,
};

pub(super) const PREFIX: &str = "/__sandbox/";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Latency {
    ms: u64,
}

pub(super) fn answer(app: &App, method: &str, what: &str, query: Option<&str>, body: &[u8]) -> Response {
    let outcome = match (method, what) {
        ("GET", "stats") => Reply::json(&app.log.stats(app.tokens.issued())),
        ("GET", "log") => return log(app, query),
        ("POST", "reset-log") => {
            app.log.reset();
            Ok(Reply::Empty(StatusCode::OK))
        }
        ("POST", "faults") => parse(body).map(|rules: Vec<Rule>| {
            let mut faults = app.faults.lock().unwrap_or_else(PoisonError::into_inner);
            *faults = faults.replace(rules);
            app.lag(0);
            Reply::Empty(StatusCode::OK)
        }),
        ("POST", "latency") => parse(body).map(|latency: Latency| {
            app.latency.store(latency.ms, Ordering::Relaxed);
            Reply::Empty(StatusCode::OK)
        }),
        (_, "stats" | "log" | "reset-log" | "faults" | "latency") => {
            Err(Refusal::no_such_method(method, what))
        }
        _ => Err(Refusal::not_found(what)),
    };
    outcome.map_or_else(|refusal| refusal.into_response(0), Reply::into_response)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    decode::json(body, UnknownField::Reject)
}

fn log(app: &App, query: Option<&str>) -> Response {
    let hidden = query.is_some_and(|query| query.split('&').any(|pair| pair == "bodies=false"));
    match app.log.lines(if hidden { Bodies::Hidden } else { Bodies::Shown }) {
        Ok(lines) => response(StatusCode::OK, "application/x-ndjson", lines),
        Err(error) => Refusal::broken(error.to_string()).into_response(0),
    }
}
