//! The HTTP side: every request comes in here, and every answer leaves here.
//!
//! It knows nothing of groups or users: it counts, delays, corrupts, authenticates and hands on.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::{Request, State},
    http::{HeaderName, StatusCode, header::USER_AGENT, request::Parts},
    response::Response,
};
use futures_util::StreamExt;
use tokio::sync::watch;

use super::{
    app::App,
    call::{Call, Part},
    control, corrupt,
    dialect::Defaults,
    dispatch::{Outcome, carry_out},
    fault::{self, Fault},
    log_file::MOST_ANSWER,
    model::derived_id,
    reply::{Refusal, Reply},
    request_log::InFlight,
    route::{self, Kind, Miss, Parameters, Route},
    seed::Rights,
    wire::Id,
};

/// The largest body that is read, in bytes.
const BODY_LIMIT: usize = 2 << 20;
/// The largest body that is read to its end only to be refused, in bytes.
const DRAIN_LIMIT: usize = 64 << 20;

/// One request, read to its end.
struct Asked<'r> {
    parts: &'r Parts,
    request: fault::Asked<'r>,
    found: Result<(Route, Parameters<'r>), Miss>,
    in_flight: &'r InFlight<'r>,
}

impl Asked<'_> {
    fn respond(&self, outcome: Result<Reply, Refusal>) -> Response {
        outcome.map_or_else(|it| it.into_response(self.in_flight.entry.n), Reply::into_response)
    }
}

pub(super) async fn serve(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(refusal) = app.doors.pass(&parts) {
        return refusal.into_response(0);
    }
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    if let Some(what) = path.strip_prefix(control::PREFIX) {
        if let Err(refusal) = app.doors.controls(&parts.headers)
            && !app.tokens.may_write(&parts.headers)
        {
            return refusal.into_response(0);
        }
        let body = to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
        return control::answer(&app, method, what, parts.uri.query(), &body);
    }
    let found = route::find(method, path);
    let route = found.ok().map(|it| it.0);
    let path = parts.uri.path_and_query().map_or(path, |whole| whole.as_str());
    let header = |name: HeaderName| Some(parts.headers.get(name)?.to_str().ok()?.into());
    let mut in_flight = app.log.enter(method, path, route);
    in_flight.entry.request_id = header(HeaderName::from_static("x-request-id"));
    in_flight.entry.agent = app.log.has_file().then(|| header(USER_AGENT)).flatten();
    let Some(body) = read(body).await else {
        in_flight.entry.status = Some(StatusCode::PAYLOAD_TOO_LARGE.as_u16());
        return Refusal::too_large(BODY_LIMIT).into_response(in_flight.entry.n);
    };
    // A token's form holds a secret, its answer the token, and what leads nowhere may be either.
    let may_be_shown = route.is_some_and(|it| it.kind() != Kind::Token);
    if may_be_shown {
        in_flight.entry.body = Some(body.clone());
    }
    let response = match app.rate.as_ref().filter(|it| !it.passes(app.clock.exact())) {
        None => {
            let request = fault::Asked { method, path, route, body: &body };
            app.answer(&Asked { parts: &parts, request, found, in_flight: &in_flight }).await
        }
        Some(rate) => Some(corrupt::status(429, Some(&rate.retry_after().to_string()), None)),
    };
    match response {
        Some(response) => {
            in_flight.entry.status = Some(response.status().as_u16());
            if may_be_shown && app.log.has_file() {
                recorded(response, &mut in_flight).await
            } else {
                response
            }
        }
        None => corrupt::dropped(),
    }
}

/// Notes what is answered, unless it is long or has no end that is known.
async fn recorded(response: Response, in_flight: &mut InFlight<'_>) -> Response {
    let (head, body) = response.into_parts();
    match body.size_hint().exact() {
        Some(length) if (1..=MOST_ANSWER as u64).contains(&length) => {
            let bytes = to_bytes(body, MOST_ANSWER).await.unwrap_or_default();
            in_flight.entry.answer = Some(bytes.clone());
            Response::from_parts(head, bytes.into())
        }
        Some(_) | None => Response::from_parts(head, body),
    }
}

/// The body, or nothing when it is too large or ends early.
///
/// What is too large is still read, up to a bound, and thrown away: a client that is cut off while it sends sees a
/// broken connection, not the answer.
async fn read(body: Body) -> Option<Bytes> {
    let mut chunks = body.into_data_stream();
    let (mut whole, mut length) = (Vec::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.ok()?;
        length += chunk.len();
        if length > DRAIN_LIMIT {
            return None;
        }
        if length <= BODY_LIMIT {
            whole.extend_from_slice(&chunk);
        }
    }
    (length <= BODY_LIMIT).then(|| whole.into())
}

impl App {
    /// The answer, as late and as corrupt as it is meant to be; `None` to close the connection.
    async fn answer(&self, asked: &Asked<'_>) -> Option<Response> {
        let latency = self.latency.load(Ordering::Relaxed);
        if latency > 0 {
            tokio::time::sleep(Duration::from_millis(latency)).await;
        }
        let fault = {
            let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
            let fault = faults.next(&asked.request);
            fault.map(|fault| (fault, faults.replaced()))
        };
        match fault {
            None => Some(self.correct(asked).await),
            Some((fault, replaced)) => {
                tracing::debug!(n = asked.in_flight.entry.n, ?fault, "fault");
                self.corrupted(asked, fault, replaced).await
            }
        }
    }

    async fn correct(&self, asked: &Asked<'_>) -> Response {
        asked.respond(self.execute(asked, asked.request.body).await)
    }

    async fn corrupted(
        &self,
        asked: &Asked<'_>,
        fault: Fault,
        mut replaced: watch::Receiver<()>,
    ) -> Option<Response> {
        if let Fault::Status { after_write: true, .. } | Fault::Drop { after_write: true } = fault {
            self.correct(asked).await;
        }
        Some(match fault {
            Fault::Status { code, retry_after, body, .. } => {
                corrupt::status(code, retry_after.as_deref(), body)
            }
            Fault::Drop { .. } => return None,
            Fault::Garbage {} => corrupt::garbage(),
            Fault::Huge { bytes } => corrupt::huge(bytes),
            Fault::Slow { ms, after_write } => {
                let early = if after_write { Some(self.correct(asked).await) } else { None };
                // An error means that the rules are gone, which is what is waited for.
                let _ = tokio::time::timeout(Duration::from_millis(ms), replaced.changed()).await;
                match early {
                    Some(response) => response,
                    None => self.correct(asked).await,
                }
            }
            Fault::ExpireTokens {} => {
                self.tokens.expire_all();
                asked.respond(Err(Refusal::not_authenticated("the access token is invalid")))
            }
            Fault::ShiftClock { delta } => corrupt::dated(self.correct(asked).await, delta),
            Fault::IgnoreWrite {} => asked.respond(self.pretend(asked)),
            Fault::Lag { reads } => {
                self.lag(reads);
                self.correct(asked).await
            }
            _ => {
                let reply = self
                    .execute(asked, &corrupt::request(&fault, asked.request.body, asked.request.route))
                    .await;
                asked.respond(reply.map(|reply| corrupt::reply(&fault, asked.request.body, reply)))
            }
        })
    }

    /// Does what was asked, and comes back when it is on the disk.
    async fn execute(&self, asked: &Asked<'_>, body: &[u8]) -> Result<Reply, Refusal> {
        let (Parts { method, uri, headers, .. }, now) = (asked.parts, self.clock.now());
        let (route, parameters) = asked.found.map_err(|miss| match miss {
            Miss::Method => Refusal::no_such_method(method.as_str(), uri.path()),
            Miss::Path => Refusal::not_found(uri.path()),
        })?;
        if route == Route::FetchToken {
            return self.tokens.fetch(body, now);
        }
        let caller = self.tokens.caller(headers, now)?;
        if route.kind() == Kind::Write && caller.rights == Rights::Read {
            return Err(Refusal::forbidden("the token is for reading only"));
        }
        let (by, dialect, part) = (&caller.reference, self.dialect, Part::Whole);
        let call = Call { route, parameters, uri, body, by, dialect, part, now };
        let store = if route.kind() == Kind::Write { Arc::clone(&self.store) } else { self.shown() };
        let Outcome { reply, applied } = carry_out(&call, &store);
        if let Some(generation) = applied {
            asked.in_flight.took_effect(generation);
            self.persist().await?;
        }
        match dialect.defaults {
            Defaults::Sent => reply,
            Defaults::Dropped => reply.map(corrupt::without_defaults),
        }
    }

    /// Comes back once the store as it is now, or a later one, is in the state file, if there is one.
    async fn persist(&self) -> Result<(), Refusal> {
        let Some(state) = &self.state else { return Ok(()) };
        let generation = self.store.read().unwrap_or_else(PoisonError::into_inner).generation();
        let (state, store) = (Arc::clone(state), Arc::clone(&self.store));
        let saved = tokio::task::spawn_blocking(move || state.save(&store, generation)).await;
        match saved {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Refusal::broken(format!("the state could not be written: {error}"))),
            Err(error) => Err(Refusal::broken(format!("the state was not written: {error}"))),
        }
    }

    /// Answers a write as if it had been done.
    fn pretend(&self, asked: &Asked<'_>) -> Result<Reply, Refusal> {
        self.tokens.caller(&asked.parts.headers, self.clock.now())?;
        match asked.request.route {
            Some(Route::CreateGroup | Route::CreateRole | Route::CreateUser) => {
                Reply::json(&Id { id: derived_id("pretended", &[&asked.in_flight.entry.n.to_string()]) })
            }
            Some(
                Route::DeleteUser
                | Route::PutLegacyRoles
                | Route::PutBusinessInfo
                | Route::PutTravelPreferences
                | Route::PutMembershipInfo,
            ) => Ok(Reply::Empty(StatusCode::NO_CONTENT)),
            Some(
                Route::PutUser
                | Route::PutPersonalInfo
                | Route::PutNotificationPreferences
                | Route::PutExternalId
                | Route::ActivateUser,
            ) => Ok(Reply::Empty(StatusCode::OK)),
            _ => Ok(self.dialect.write_answer.reply()),
        }
    }
}
