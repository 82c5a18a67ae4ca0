//! An endpoint with everything needed to talk to it: the sender, its tokens, and what is believed of the server.

use std::{sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{
    ApiError, Dialect, Effect, Question, Request, Settings, Traffic,
    about::{self, About},
    reply::Reply,
    sender::{Read, Sender},
    throttle::Throttle,
    token::{Grant, Tokens},
    transport::{JSON, Payload},
};

/// Longest time between a look at what a request replaces and that request, but where the rate alone takes longer.
const FRESH: Duration = Duration::from_secs(10);

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

pub(crate) struct Connection {
    pub(super) sender: Sender,
    tokens: Tokens,
    /// How long after the look a request may be sent that replaces what was looked at.
    fresh: Duration,
    pub(super) concurrency: usize,
    pub(super) dialect: Dialect,
    pub(super) bounds: Bounds,
}

impl Connection {
    pub(super) fn new(settings: Settings, bounds: Bounds, throttle: Arc<Throttle>) -> Result<Self, ApiError> {
        let concurrency = settings.concurrency.max(1);
        // All in flight may have their turn first, and again after a look each.
        let turns = settings.max_rps.map(|it| 2.0 * concurrency as f64 / it.per_second());
        Ok(Self {
            sender: Sender::new(&settings, bounds.body, throttle)?,
            tokens: Tokens::new(settings.credentials)?,
            fresh: turns.map_or(FRESH, |it| FRESH.max(Duration::from_secs_f64(it))),
            concurrency,
            dialect: settings.dialect,
            bounds,
        })
    }

    /// Returns the same connection for one who looks at the API rather than uses it: refusals are what is looked for.
    pub(super) fn looking(self) -> Self {
        Self { sender: self.sender.looking(), ..self }
    }

    pub(crate) fn traffic(&self) -> Traffic {
        self.sender.traffic()
    }

    /// Fetches a token where one has to be fetched, and returns what is said of it.
    pub(crate) async fn grant(&self) -> Result<Option<Grant>, ApiError> {
        self.tokens.grant(&self.sender).await
    }

    /// Asks without a token whether anybody is there: every status is a reply.
    pub(crate) async fn knock(&self) -> Result<Reply, ApiError> {
        let (request, query, _) = Question::Permissions.asked();
        self.sender.once(&request, &Payload { query: &query, body: b"", content_type: JSON }).await
    }

    /// Asks a question with the token; a reply that is not a success is an error.
    pub(crate) async fn ask(&self, question: Question) -> Result<Reply, ApiError> {
        let (request, query, body) = question.asked();
        let body = body.map(|it| it.to_string()).unwrap_or_default();
        self.send(&request, &query, body.as_bytes(), Ok).await
    }

    /// Sends a request, and decodes its answer, which is about what was asked for.
    pub(super) async fn decoded<T: DeserializeOwned + About + Send>(
        &self,
        request: &Request,
        query: &str,
        body: &[u8],
    ) -> Result<T, ApiError> {
        let read = |reply: Reply| about::compared(request, reply.decode(request)?);
        self.send(request, query, body, read).await
    }

    pub(super) async fn send<T: Send>(
        &self,
        request: &Request,
        query: &str,
        body: &[u8],
        read: impl Fn(Reply) -> Result<T, ApiError> + Sync,
    ) -> Result<T, ApiError> {
        let mut answer = None;
        let mut keep = |reply| read(reply).map(|it| answer = Some(it));
        self.exchange(request, &Payload { query, body, content_type: JSON }, &mut keep).await?;
        // Whatever succeeds was read.
        answer.ok_or_else(|| ApiError::Cut { request: Box::new(request.clone()) })
    }

    /// Sends a request with the access token; a refused token is renewed once, the request replayed once.
    ///
    /// What replaces something is sent soon or not at all, and never replayed: a token, a pause, or others in
    /// flight may take minutes.
    async fn exchange(
        &self,
        request: &Request,
        payload: &Payload<'_>,
        read: &mut Read<'_>,
    ) -> Result<(), ApiError> {
        let until = (request.effect == Effect::Replaces).then(|| Instant::now() + self.fresh);
        let mut proof = self.tokens.proof(&self.sender).await?;
        let refused = match self.sender.exchange(request, payload, &mut proof, until, read).await {
            Err(error @ ApiError::Refused { status: 401, .. }) => error,
            other => return other,
        };
        let mut other = match self.tokens.renewed(&self.sender, &proof).await {
            Ok(Some(other)) => other,
            Ok(None) => return Err(refused),
            // Of a write that may have been made that is what counts; the token is one more thing that failed.
            Err(error) if refused.ambiguous() => {
                tracing::warn!(%error, "no token to ask once more with");
                return Err(refused);
            }
            Err(error) => return Err(error),
        };
        if until.is_some() {
            return Err(refused);
        }
        self.sender.count_retry();
        // The error's request remembers whether an attempt before the 401 stayed unclear.
        let request = refused.request().unwrap_or(request);
        self.sender.exchange(request, payload, &mut other, until, read).await
    }
}
