//! One request and its answer: authorised, limited, repeated where that is harmless, bounded.
//!
//! A list POST, a write and a token fetch all pass through [`Connection::exchange`]. Nothing here
//! knows what a path means.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use reqwest::{
    Client, Response,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION},
};
use secrecy::zeroize::Zeroize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{
    ApiError, Dialect, Effect, Request, Settings,
    gate::Gate,
    refusal,
    retry::{self, Outcome, Patience, Verdict},
    token::{Bearer, Tokens},
    transport,
};

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
/// Longest time between a look at what a request replaces and that request, but where the rate alone takes longer.
const FRESH: Duration = Duration::from_secs(10);
/// Most bytes read of an answer that is an error; what is shown of it is far less.
const REFUSAL_LIMIT: usize = 64 << 10;
/// Deepest nesting of an answer; the JSON crate's own bound.
const DEEPEST: usize = 127;

/// How much of a server's answers is believed to be sensible.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Bytes of one answer, after decompression.
    pub(super) body: usize,
    /// Pages of one list.
    pub(super) pages: u64,
    /// Rows of one list.
    pub(super) rows: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { body: 64 << 20, pages: 10_000, rows: 10_000_000 }
    }
}

/// How much was asked of the server so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests sent, further attempts and token fetches included.
    pub requests: u64,
    /// Further attempts among them.
    pub retries: u64,
    /// Answers that asked for fewer requests (429).
    pub throttled: u64,
}

/// What a request carries beside its name: all that may be secret or personal.
#[derive(Clone)]
pub(super) struct Payload<'a> {
    /// The query, encoded; empty for none.
    pub(super) query: &'a str,
    /// The body, encoded; empty for none.
    pub(super) body: &'a [u8],
    pub(super) content_type: HeaderValue,
    pub(super) proof: Proof<'a>,
    /// When it is too late to send it, if that may be.
    pub(super) until: Option<Instant>,
}

/// What proves who is asking; must never appear in an error, even if the server says it.
#[derive(Clone)]
pub(super) enum Proof<'a> {
    /// An access token, in a header.
    Bearer(Bearer),
    /// A secret, somewhere in the body.
    Secret(&'a str),
}

impl Proof<'_> {
    fn secret(&self) -> &str {
        match self {
            Self::Bearer(bearer) => bearer.secret(),
            Self::Secret(secret) => secret,
        }
    }
}

/// A whole answer with a status of 200 to 299.
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    content_type: Option<HeaderValue>,
    nesting: Nesting,
}

/// How the brackets of an answer stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nesting {
    /// Each that opens is closed; or it is no JSON at all.
    Whole,
    /// Some are open at the end, or a text is.
    Open,
    /// They are deeper than [`DEEPEST`].
    TooDeep,
}

impl Answer {
    /// Decodes the answer to `request`.
    pub(super) fn decode<T: DeserializeOwned>(&self, request: &Request) -> Result<T, ApiError> {
        let decoded = if self.nesting == Nesting::TooDeep {
            Err(serde::de::Error::custom(format!("nested deeper than {DEEPEST} levels")))
        } else {
            serde_json::from_slice(&self.body)
        };
        decoded.map_err(|source| self.garbled(request, &source))
    }

    /// Overwrites the answer where it holds a secret.
    pub(super) fn wipe(&mut self) {
        self.body.zeroize();
    }

    /// Returns the error for an answer that is not what `request` is answered with.
    fn garbled(&self, request: &Request, source: &serde_json::Error) -> ApiError {
        let content_type = self.content_type.as_ref().and_then(|value| value.to_str().ok());
        let content_type = content_type.map(|text| text.chars().take(100).collect());
        ApiError::Garbled { request: Box::new(request.clone()), content_type, source: without_value(source) }
    }
}

/// Tells how the brackets of JSON stand. What is no JSON is for the decoder to refuse.
///
/// The decoder's own bound does not hold for what it skips or keeps as text, such as a scope,
/// which others would meet later.
fn nesting(json: &[u8]) -> Nesting {
    if !matches!(json.trim_ascii_start().first(), Some(b'[' | b'{')) {
        return Nesting::Whole;
    }
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' if depth == DEEPEST => return Nesting::TooDeep,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if depth > 0 || in_text { Nesting::Open } else { Nesting::Whole }
}

/// Returns the same complaint without the value it is about, which may be a token or a person's data.
fn without_value(error: &serde_json::Error) -> serde_json::Error {
    let text = error.to_string();
    let text = text.rfind(", expected ").map_or_else(
        || text.clone(),
        |found| format!("not the kind of value there should be{}", &text[found..]),
    );
    serde::de::Error::custom(text)
}

/// What the log says of an attempt: nothing that is secret, personal or only this request's.
struct Line<'a> {
    request: &'a Request,
    attempt: u32,
    started: Instant,
    /// `None` while there is no answer.
    status: Option<u16>,
    /// As long as this lives, for a collector.
    span: tracing::Span,
}

impl<'a> Line<'a> {
    fn new(request: &'a Request, attempt: u32) -> Self {
        let (method, path) = (request.method.as_str(), request.template);
        let span = tracing::debug_span!("request", method, path, attempt, status = tracing::field::Empty);
        Self { request, attempt, started: Instant::now(), status: None, span }
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let Self { request, attempt, status, .. } = *self;
        self.span.record("status", status);
        let ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(method = %request.method, path = request.template, status, attempt, ms, "request");
    }
}

/// An endpoint with everything needed to talk to it.
pub(super) struct Connection {
    client: Client,
    base: Box<str>,
    tokens: Tokens,
    gate: Arc<Gate>,
    timeout: Duration,
    retries: u32,
    backoff: Duration,
    /// How long after the look a request may be sent that replaces what was looked at.
    fresh: Duration,
    pub(super) concurrency: usize,
    pub(super) dialect: Dialect,
    pub(super) bounds: Bounds,
    requests: AtomicU64,
    retried: AtomicU64,
    throttled: AtomicU64,
}

impl Connection {
    pub(super) fn new(settings: Settings, bounds: Bounds, gate: Arc<Gate>) -> Result<Self, ApiError> {
        let client = transport::client(&settings)?;
        let concurrency = settings.concurrency.max(1);
        // All in flight may have their turn first, and again after a look each.
        let turns = settings.max_rps.map(|it| 2.0 * concurrency as f64 / it.per_second());
        Ok(Self {
            client,
            base: settings.endpoint.base().into(),
            tokens: Tokens::new(settings.credentials)?,
            gate,
            timeout: settings.timeout,
            retries: settings.retries,
            backoff: settings.backoff,
            fresh: turns.map_or(FRESH, |it| FRESH.max(Duration::from_secs_f64(it))),
            concurrency,
            dialect: settings.dialect,
            bounds,
            requests: AtomicU64::new(0),
            retried: AtomicU64::new(0),
            throttled: AtomicU64::new(0),
        })
    }

    pub(super) fn counters(&self) -> Counters {
        Counters {
            requests: self.requests.load(Relaxed),
            retries: self.retried.load(Relaxed),
            throttled: self.throttled.load(Relaxed),
        }
    }

    /// Returns how long nothing will be sent because the server said so, if that is what is going on.
    pub(super) fn waiting(&self) -> Option<Duration> {
        self.gate.waiting()
    }

    /// Waits as long as the server said, or as one does after a failure.
    pub(super) async fn wait(&self, wait: Duration) {
        self.gate.wait_as_told(wait + retry::backoff(self.backoff, 1)).await;
    }

    /// Sends a request with the access token; a refused token is renewed once, the request replayed once.
    ///
    /// What replaces something is sent soon or not at all, and never replayed: a token, a pause, or others in
    /// flight may take minutes.
    pub(super) async fn send(&self, request: &Request, query: &str, body: &[u8]) -> Result<Answer, ApiError> {
        let until = (request.effect == Effect::Replaces).then(|| Instant::now() + self.fresh);
        let proof = Proof::Bearer(self.tokens.bearer(self).await?);
        let mut payload = Payload { query, body, content_type: JSON, proof, until };
        let refused = match self.exchange(request, &mut payload).await {
            Err(error @ ApiError::Refused { status: 401, .. }) => error,
            other => return other,
        };
        let Proof::Bearer(bearer) = &payload.proof else { return Err(refused) };
        let other = match self.tokens.renewed(self, bearer).await {
            Ok(Some(other)) => other,
            Ok(None) => return Err(refused),
            // Of a write that may have been made that is what counts; the token is one more thing that failed.
            Err(error) if refused.ambiguous() => {
                tracing::warn!(%error, "no token to ask once more with");
                return Err(refused);
            }
            Err(error) => return Err(error),
        };
        if payload.until.is_some() {
            return Err(refused);
        }
        self.retried.fetch_add(1, Relaxed);
        payload.proof = Proof::Bearer(other);
        // The error's request remembers whether an attempt before the 401 stayed unclear.
        self.exchange(refused.request().unwrap_or(request), &mut payload).await
    }

    /// Sends a request as often as is harmless and useful.
    ///
    /// The loop is our own rather than backon's: the wait adds up from two sources, and an attempt
    /// without a clear answer must be remembered in the error of a later one.
    pub(super) async fn exchange(
        &self,
        request: &Request,
        payload: &mut Payload<'_>,
    ) -> Result<Answer, ApiError> {
        let url =
            [&*self.base, &*request.path, if payload.query.is_empty() { "" } else { "?" }, payload.query]
                .concat();
        let mut unclear = request.unclear;
        let mut patience = Patience::default();
        // Those whose end the server did not explain with a time to come back.
        let mut failed = 0;
        let mut attempt = 1;
        loop {
            let Some(place) = self.gate.enter().await else {
                let request = Request { unclear, ..request.clone() };
                return Err(ApiError::Throttled {
                    request: Box::new(request),
                    status: 429,
                    retry_after: None,
                });
            };
            if payload.until.is_some_and(|it| it < Instant::now()) {
                return Err(ApiError::Overdue { request: Box::new(request.clone()) });
            }
            if let Proof::Bearer(bearer) = &mut payload.proof {
                // While this one waited, another may have been refused and fetched a token.
                self.tokens.refresh(bearer);
            }
            let result = self.attempt(request, &url, payload, attempt).await;
            place.leave(retry::met(result.as_ref().map(drop), retry::backoff(self.backoff / 4, 1)));
            let mut error = match result {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let outcome = Outcome::of(&error);
            // Without the place: a request that waits keeps nobody from sending.
            match retry::verdict(request.effect, outcome) {
                Verdict::Told(wait) if !patience.ends_before(wait) => {
                    // The server's wait plus some of our own, so that all who were told the same do not return at once.
                    self.gate.wait_as_told(wait + retry::backoff(self.backoff, 1)).await;
                }
                Verdict::Again(wait) if failed < self.retries => {
                    failed += 1;
                    let allowed = self.gate.repeat();
                    if allowed.is_ok() {
                        self.gate.back_off(wait + retry::backoff(self.backoff, failed)).await;
                    }
                    // Meanwhile another request may have used the rest up.
                    if let Some(spent) = allowed.err().or_else(|| self.gate.spent()) {
                        error.remember(unclear | outcome.is_unclear());
                        return Err(error.in_a_hopeless_run(spent));
                    }
                }
                verdict @ (Verdict::Told(_) | Verdict::Again(_) | Verdict::GiveUp | Verdict::TooLong) => {
                    error.remember(unclear);
                    let too_long = matches!(verdict, Verdict::Told(_) | Verdict::TooLong);
                    return Err(error.throttled(too_long));
                }
            }
            unclear |= outcome.is_unclear();
            self.retried.fetch_add(1, Relaxed);
            attempt += 1;
        }
    }

    /// Sends a request once, and logs that as one line, even if nobody waits for the answer any more.
    async fn attempt(
        &self,
        request: &Request,
        url: &str,
        payload: &Payload<'_>,
        attempt: u32,
    ) -> Result<Answer, ApiError> {
        self.requests.fetch_add(1, Relaxed);
        let mut line = Line::new(request, attempt);
        let mut sending = self.client.request(request.method.clone(), url);
        if let Proof::Bearer(bearer) = &payload.proof {
            sending = sending.header(AUTHORIZATION, bearer.header()?);
        }
        if let Some(id) = &request.id {
            sending = sending.header("x-request-id", &**id);
        }
        if !payload.body.is_empty() {
            sending = sending.header(CONTENT_TYPE, &payload.content_type).body(payload.body.to_vec());
        }
        match sending.send().await {
            Ok(response) => {
                line.status = Some(response.status().as_u16());
                self.receive(request, response, payload.proof.secret()).await
            }
            Err(error) => Err(self.unanswered(request, error)),
        }
    }

    async fn receive(
        &self,
        request: &Request,
        mut response: Response,
        secret: &str,
    ) -> Result<Answer, ApiError> {
        let status = response.status();
        if status.is_redirection() {
            let request = Box::new(request.clone());
            return Err(ApiError::Redirected { request, status: status.as_u16(), host: target(&response) });
        }
        if status.is_success() {
            let content_type = response.headers().get(CONTENT_TYPE).cloned();
            let body = self.whole(request, &mut response).await?;
            let nesting = nesting(&body);
            if nesting == Nesting::Open {
                return Err(ApiError::Cut { request: Box::new(request.clone()) });
            }
            return Ok(Answer { body, content_type, nesting });
        }
        if status.as_u16() == 429 {
            self.throttled.fetch_add(1, Relaxed);
        }
        let retry_after = retry::told_by(response.headers(), jiff::Timestamp::now());
        let refusal::Said { code, message, debug_id } =
            refusal::read(&beginning(&mut response).await, secret);
        let request = Box::new(request.clone());
        Err(ApiError::Refused { request, status: status.as_u16(), code, message, debug_id, retry_after })
    }

    /// Reads a body to its end, whatever length it claims.
    async fn whole(&self, request: &Request, response: &mut Response) -> Result<Vec<u8>, ApiError> {
        let limit = self.bounds.body;
        let too_large = || Err(ApiError::TooLarge { request: Box::new(request.clone()), limit });
        let claimed = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        if claimed > limit {
            return too_large();
        }
        // The claim is only a hint: memory follows what really arrives.
        let mut body = Vec::with_capacity(claimed.min(256 << 10));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unanswered(request, error))? {
            if body.len() + chunk.len() > limit {
                return too_large();
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn unanswered(&self, request: &Request, error: reqwest::Error) -> ApiError {
        let request = Box::new(request.clone());
        // The URL holds the query, and the query a person's e-mail address.
        let source = error.without_url();
        if source.is_connect() || source.is_builder() {
            ApiError::NoAnswer { request, sent: false, source }
        } else if source.is_timeout() {
            ApiError::TimedOut { request, after: self.timeout, source }
        } else {
            ApiError::NoAnswer { request, sent: true, source }
        }
    }
}

/// Returns as much of an error's body as could matter; a broken one is no reason to lose the status.
async fn beginning(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        if body.len() + chunk.len() > REFUSAL_LIMIT {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    body
}

fn target(response: &Response) -> Option<Box<str>> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let target = response.url().join(location).ok()?;
    target.host_str().map(Into::into)
}
