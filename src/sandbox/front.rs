//! The front of the server: every request comes in here, and every answer leaves here.
//!
//! It knows nothing of groups or users: it counts, delays, spoils, lets in and hands on.

use std::{
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::{Request, State},
    http::{StatusCode, header::USER_AGENT, request::Parts},
    response::Response,
};

use futures_util::StreamExt;
use tokio::sync::watch;

use super::{
    call::{Call, Outcome, Part},
    clock::Clock,
    control,
    dialect::Dialect,
    fault::{self, Fault, Faults},
    mangle,
    model::derived_id,
    rate::Rate,
    record::MOST_ANSWER,
    reply::{Refusal, Reply},
    route::{self, Found, Kind, Route},
    seed::Rights,
    state::StateFile,
    store::Store,
    tokens::Tokens,
    traffic::{Traffic, Visit},
    wire::Id,
};

/// The largest body that is read, in bytes.
pub(super) const BODY_LIMIT: usize = 2 << 20;
/// The largest body that is read to its end only to be refused, in bytes.
const DRAIN_LIMIT: usize = 64 << 20;

/// All that a server consists of.
pub(super) struct App {
    pub(super) store: Arc<RwLock<Store>>,
    pub(super) state: Option<Arc<StateFile>>,
    pub(super) tokens: Tokens,
    pub(super) faults: Mutex<Faults>,
    pub(super) traffic: Traffic,
    pub(super) dialect: Dialect,
    pub(super) clock: Clock,
    /// What passes in a second; more is answered 429.
    pub(super) rate: Option<Rate>,
    /// Added to every answer, in milliseconds.
    pub(super) latency: AtomicU64,
}

/// One request, read to its end.
struct Asked<'r> {
    parts: &'r Parts,
    found: Found<'r>,
    body: &'r Bytes,
    n: u64,
    visit: &'r Visit<'r>,
}

impl Asked<'_> {
    fn route(&self) -> Option<Route> {
        match self.found {
            Found::Route(route, _) => Some(route),
            Found::WrongMethod | Found::Nothing => None,
        }
    }
}

/// Answers a request.
pub(super) async fn front(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if let Some(what) = path.strip_prefix(control::PREFIX) {
        let body = to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
        return control::answer(&app, parts.method.as_str(), what, parts.uri.query(), &body);
    }
    let found = route::find(parts.method.as_str(), path);
    let route = match found {
        Found::Route(route, _) => Some(route),
        Found::WrongMethod | Found::Nothing => None,
    };
    let whole_path = parts.uri.path_and_query().map_or(path, |whole| whole.as_str());
    let mut visit = app.traffic.enter(parts.method.as_str(), whole_path, route);
    if let Some(id) = parts.headers.get("x-request-id").and_then(|it| it.to_str().ok()) {
        visit.called(id);
    }
    if visit.is_recorded()
        && let Some(agent) = parts.headers.get(USER_AGENT).and_then(|it| it.to_str().ok())
    {
        visit.came_from(agent);
    }
    let Some(body) = read(body).await else {
        visit.answered(StatusCode::PAYLOAD_TOO_LARGE.as_u16());
        return Refusal::too_large(BODY_LIMIT).into_response(visit.n);
    };
    // A token's form holds a secret, its answer the token, and what leads nowhere may be either.
    let may_be_shown = route.is_some_and(|it| it.kind() != Kind::Token);
    if may_be_shown {
        visit.brought(&body);
    }
    let response = match app.rate.as_ref().filter(|it| !it.passes(app.clock.exact())) {
        None => {
            let asked = Asked { parts: &parts, found, body: &body, n: visit.n, visit: &visit };
            app.answer(&asked).await
        }
        Some(rate) => Some(mangle::status(429, Some(&rate.retry_after().to_string()), None)),
    };
    match response {
        Some(response) => {
            visit.answered(response.status().as_u16());
            if may_be_shown && visit.is_recorded() { recorded(response, &mut visit).await } else { response }
        }
        None => mangle::dropped(),
    }
}

/// Shows the visit what is answered, unless it is long or has no end that is known.
async fn recorded(response: Response, visit: &mut Visit<'_>) -> Response {
    let (head, body) = response.into_parts();
    match body.size_hint().exact() {
        Some(length) if (1..=MOST_ANSWER as u64).contains(&length) => {
            let bytes = to_bytes(body, MOST_ANSWER).await.unwrap_or_default();
            visit.gave(bytes.clone());
            Response::from_parts(head, bytes.into())
        }
        Some(_) | None => Response::from_parts(head, body),
    }
}

/// Returns the body, or nothing when it is too large or ends early.
///
/// What is too large is still read, up to a bound, and thrown away: a client
/// that is cut off while it sends sees a broken connection, not the answer.
async fn read(body: Body) -> Option<Bytes> {
    let mut chunks = body.into_data_stream();
    let first = chunks.next().await.unwrap_or(Ok(Bytes::new())).ok()?;
    let mut whole = Vec::new();
    let mut length = first.len();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.ok()?;
        length += chunk.len();
        if length > DRAIN_LIMIT {
            return None;
        }
        if length <= BODY_LIMIT {
            if whole.is_empty() {
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&chunk);
        }
    }
    match (length <= BODY_LIMIT, whole.is_empty()) {
        (false, _) => None,
        (true, true) => Some(first),
        (true, false) => Some(whole.into()),
    }
}

impl App {
    /// Returns the answer, as late and as spoilt as it is meant to be; `None` to close the connection.
    async fn answer(&self, asked: &Asked<'_>) -> Option<Response> {
        let latency = self.latency.load(Ordering::Relaxed);
        if latency > 0 {
            tokio::time::sleep(Duration::from_millis(latency)).await;
        }
        let befallen = {
            let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
            let fault = faults.next(&fault::Asked {
                method: asked.parts.method.as_str(),
                path: asked.parts.uri.path_and_query().map_or("", |it| it.as_str()),
                route: asked.route(),
                body: asked.body,
            });
            fault.map(|fault| (fault, faults.replaced()))
        };
        match befallen {
            None => Some(self.truth(asked).await),
            Some((fault, replaced)) => {
                tracing::debug!(n = asked.n, ?fault, "fault");
                self.spoilt(asked, fault, replaced).await
            }
        }
    }

    async fn truth(&self, asked: &Asked<'_>) -> Response {
        respond(self.obey(asked, asked.body).await, asked)
    }

    async fn spoilt(
        &self,
        asked: &Asked<'_>,
        fault: Fault,
        mut replaced: watch::Receiver<()>,
    ) -> Option<Response> {
        let response = match fault {
            Fault::Status { code, retry_after, body, after_write } => {
                if after_write {
                    self.truth(asked).await;
                }
                mangle::status(code, retry_after.as_deref(), body)
            }
            Fault::Drop { after_write } => {
                if after_write {
                    self.truth(asked).await;
                }
                return None;
            }
            Fault::Garbage {} => mangle::garbage(),
            Fault::Huge { bytes } => mangle::huge(bytes),
            Fault::Slow { ms, after_write } => {
                let wait = async {
                    // An error means that the rules are gone, which is what is waited for.
                    let _ = tokio::time::timeout(Duration::from_millis(ms), replaced.changed()).await;
                };
                if after_write {
                    let response = self.truth(asked).await;
                    wait.await;
                    response
                } else {
                    wait.await;
                    self.truth(asked).await
                }
            }
            Fault::ExpireTokens {} => {
                self.tokens.expire_all();
                Refusal::not_authenticated("the access token is invalid").into_response(asked.n)
            }
            Fault::Truncate {} => respond(self.obey(asked, asked.body).await.map(mangle::truncate), asked),
            Fault::LieTotal { delta } => {
                let reply = self.obey(asked, asked.body).await;
                respond(reply.map(|reply| mangle::lie_about_total(reply, delta)), asked)
            }
            Fault::DuplicateRows {} => {
                respond(self.obey(asked, asked.body).await.map(mangle::duplicate_rows), asked)
            }
            Fault::Shuffle {} => respond(self.obey(asked, asked.body).await.map(mangle::shuffle), asked),
            Fault::Shrink { rows } => {
                let reply = self.obey(asked, asked.body).await;
                respond(reply.map(|reply| mangle::shrink(reply, rows)), asked)
            }
            Fault::Overlap { rows } => {
                respond(self.obey(asked, &mangle::earlier(asked.body, rows)).await, asked)
            }
            Fault::Repeat {} => respond(self.obey(asked, &mangle::page_before(asked.body)).await, asked),
            Fault::Reorder {} => {
                respond(self.obey(asked, &mangle::reorder(asked.body, asked.route())).await, asked)
            }
            Fault::Endless {} => {
                let (page, first) = mangle::Endless::of(asked.body);
                respond(self.obey(asked, &first).await.map(|reply| page.fill(reply)), asked)
            }
            Fault::IgnoreWrite {} => respond(self.pretend(asked), asked),
        };
        Some(response)
    }

    /// Does what was asked, and returns when it is on the disk.
    async fn obey(&self, asked: &Asked<'_>, body: &[u8]) -> Result<Reply, Refusal> {
        let (parts, now) = (asked.parts, self.clock.now());
        let path = parts.uri.path();
        let (route, parameters) = match asked.found {
            Found::Route(Route::FetchToken, _) => return self.tokens.fetch(body, now),
            Found::Route(route, parameters) => (route, parameters),
            Found::WrongMethod => return Err(Refusal::no_such_method(parts.method.as_str(), path)),
            Found::Nothing => return Err(Refusal::not_found(path)),
        };
        let caller = self.tokens.caller(&parts.headers, now)?;
        let by = &caller.reference;
        if route.kind() == Kind::Write && caller.rights == Rights::Read {
            return Err(Refusal::forbidden("the token is for reading only"));
        }
        let (dialect, part) = (self.dialect, Part::Whole);
        let call = Call { route, parameters, uri: &parts.uri, body, by, dialect, part, now };
        let Outcome { reply, applied } = call.carry_out(&self.store);
        if let Some(generation) = applied {
            asked.visit.took_effect(generation);
        }
        if applied.is_some() {
            self.persist().await?;
        }
        reply
    }

    /// Returns when the store as it is now, or a later one, is in the state file, if there is one.
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
        match asked.route() {
            Some(Route::CreateGroup | Route::CreateRole | Route::CreateUser) => {
                Reply::json(&Id { id: derived_id("pretended", &[&asked.n.to_string()]) })
            }
            Some(Route::DeleteUser | Route::PutLegacyRoles | Route::PutBusinessInfo) => {
                Ok(Reply::Empty(StatusCode::NO_CONTENT))
            }
            _ => Ok(self.dialect.write_answer.reply()),
        }
    }
}

fn respond(outcome: Result<Reply, Refusal>, asked: &Asked<'_>) -> Response {
    match outcome {
        Ok(reply) => reply.into_response(),
        Err(refusal) => refusal.into_response(asked.n),
    }
}
