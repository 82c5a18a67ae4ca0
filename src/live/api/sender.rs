//! One request until it is answered: held back by the throttle, repeated where that is harmless and useful.
//!
//! Lists, writes and token fetches all pass through [`Sender::exchange`]. Nothing here knows what a path means, or
//! fetches a token.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::{
    ApiError, Credentials, Request, Settings,
    bearer::Proof,
    clock::Clock,
    reply::Reply,
    retry::{self, Attempts, Patience, Verdict},
    secrets::Secrets,
    throttle::{AttemptResult, Closed, Slot, Throttle},
    traffic::Traffic,
    transport::{Payload, Transport},
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Counters {
    /// Requests sent, further attempts and token fetches included.
    pub requests: u64,
    /// Further attempts among them.
    pub retries: u64,
    /// Answers that asked for fewer requests (429).
    pub throttled: u64,
}

/// Keeps what an answer says, unless that is not an answer to what was asked.
pub(super) type Read<'a> = dyn FnMut(Reply) -> Result<(), ApiError> + Send + 'a;

/// An endpoint, and how patiently it is asked.
pub(super) struct Sender {
    transport: Transport,
    pub(super) throttle: Arc<Throttle>,
    patience: Patience,
    backoff: Duration,
    counters: Mutex<Counters>,
    pub(super) clock: Clock,
    /// Whatever a server repeats of them is not told.
    pub(super) secrets: Secrets,
    /// How each reply came, where somebody wants to know.
    traffic: Option<Mutex<Traffic>>,
}

impl Sender {
    pub(super) fn new(settings: &Settings, limit: usize, throttle: Arc<Throttle>) -> Result<Self, ApiError> {
        let secrets = Secrets::default();
        match &settings.credentials {
            Credentials::Token(secret) | Credentials::Client { secret, .. } => secrets.add(secret),
            Credentials::Login(login) => {
                secrets.add(login);
                let password = login.expose_secret().split_once(':').map(|it| it.1.into());
                password.iter().for_each(|it| secrets.add(it));
            }
        }
        Ok(Self {
            secrets,
            transport: Transport::new(settings, limit)?,
            throttle,
            patience: Patience::Work { retries: settings.retries },
            backoff: settings.backoff,
            counters: Mutex::default(),
            clock: Clock::start(),
            traffic: None,
        })
    }

    /// Returns the same sender, which takes refusals for what they are and notes how each reply came.
    pub(super) fn looking(self) -> Self {
        Self { patience: Patience::Look, traffic: Some(Mutex::default()), ..self }
    }

    pub(super) fn counters(&self) -> Counters {
        *locked(&self.counters)
    }

    pub(super) fn traffic(&self) -> Traffic {
        self.traffic.as_ref().map(|it| locked(it).clone()).unwrap_or_default()
    }

    /// Notes that a request is sent again for a reason that is not seen here.
    pub(super) fn count_retry(&self) {
        locked(&self.counters).retries += 1;
    }

    /// Waits as long as the server said plus some of our own, so that all who were told the same do not return at once.
    pub(super) async fn wait(&self, wait: Duration) {
        self.throttle.wait_retry_after(wait + retry::backoff(self.backoff, 1)).await;
    }

    /// Waits as before a retry where a write may have taken effect, which is to be looked at before it is sent again.
    ///
    /// # Errors
    /// The error, where it was the last attempt: there are no more than of a request that only reads, of one budget.
    pub(super) async fn before_look(&self, error: ApiError, failed: u32) -> Result<ApiError, ApiError> {
        let retries = match self.patience {
            Patience::Work { retries } => retries,
            Patience::Look => 0,
        };
        let Some(wait) = error.again_after().filter(|_| failed <= retries) else { return Err(error) };
        if let Err(spent) = self.throttle.draw_retry() {
            return Err(error.retry_budget_spent(spent));
        }
        self.throttle.back_off(wait + retry::backoff(self.backoff, failed)).await;
        if let Some(spent) = self.throttle.spent() {
            return Err(error.retry_budget_spent(spent));
        }
        self.count_retry();
        Ok(error)
    }

    /// Sends a request once, when its turn comes; every status is a reply.
    pub(super) async fn once(&self, request: &Request, payload: &Payload<'_>) -> Result<Reply, ApiError> {
        let slot = self.enter(request, None).await?;
        let result = self.attempt(request, payload, &mut Proof::Nothing, 1).await;
        slot.leave(if result.is_ok() { AttemptResult::Answered } else { AttemptResult::Unclear });
        result
    }

    /// Sends a request as often as is harmless and useful, but not after `until`, and lets the answer be read.
    ///
    /// What `read` fails with counts as what the attempt came to.
    pub(super) async fn exchange(
        &self,
        request: &Request,
        payload: &Payload<'_>,
        proof: &mut Proof<'_>,
        until: Option<Instant>,
        read: &mut Read<'_>,
    ) -> Result<(), ApiError> {
        let mut request = request.clone();
        let mut attempts = Attempts::new(self.patience);
        let mut attempt = 1;
        loop {
            let slot = self.enter(&request, until).await?;
            let reply = self.attempt(&request, payload, proof, attempt).await;
            let success = reply.and_then(|it| it.success(&request, self.transport.endpoint(), &self.secrets));
            let result = success.and_then(&mut *read);
            slot.leave(self.for_others(result.as_ref().err()));
            match result {
                Ok(()) => return Ok(()),
                // Without the slot: a request that waits keeps nobody from sending.
                Err(error) => self.before_retry(&mut request, error, &mut attempts).await?,
            }
            attempt += 1;
        }
    }

    async fn enter(&self, request: &Request, until: Option<Instant>) -> Result<Slot<'_>, ApiError> {
        self.throttle.enter(until).await.map_err(|closed| {
            let request = Box::new(request.clone());
            match closed {
                Closed::RateLimited => ApiError::Throttled { request, status: 429, retry_after: None },
                Closed::Overdue => ApiError::Overdue { request },
            }
        })
    }

    /// Sends a request once with the newest proof, and counts that.
    async fn attempt(
        &self,
        request: &Request,
        payload: &Payload<'_>,
        proof: &mut Proof<'_>,
        attempt: u32,
    ) -> Result<Reply, ApiError> {
        // While this one waited, another may have been refused and fetched a token.
        let authorization = proof.authorization()?;
        locked(&self.counters).requests += 1;
        let sent = std::time::Instant::now();
        let mut reply = self.transport.send(request, payload, authorization, attempt).await?;
        self.clock.note(&reply.headers, sent + reply.elapsed / 2);
        self.secrets.redact(&mut reply.headers);
        locked(&self.counters).throttled += u64::from(reply.status == 429);
        if let Some(traffic) = &self.traffic {
            locked(traffic).note(reply.elapsed, reply.status, &reply.headers);
        }
        Ok(reply)
    }

    /// Returns what an attempt means for other requests.
    fn for_others(&self, error: Option<&ApiError>) -> AttemptResult {
        error.map_or(AttemptResult::Answered, |it| {
            retry::for_others(it.outcome(), retry::backoff(self.backoff / 4, 1))
        })
    }

    /// Waits as long as is right before the next attempt, or returns what all attempts came to. The request remembers
    /// whether one was not clearly answered.
    async fn before_retry(
        &self,
        request: &mut Request,
        mut error: ApiError,
        attempts: &mut Attempts,
    ) -> Result<(), ApiError> {
        let outcome = error.outcome();
        match attempts.next(request.effect, outcome) {
            Verdict::RetryAfter(wait) => self.wait(wait).await,
            Verdict::Again(wait) => {
                let drawn = self.throttle.draw_retry();
                if drawn.is_ok() {
                    self.throttle.back_off(wait + retry::backoff(self.backoff, attempts.failed)).await;
                }
                // Meanwhile another request may have used the rest up.
                if let Some(spent) = drawn.err().or_else(|| self.throttle.spent()) {
                    error.remember(request.unclear | outcome.is_unclear());
                    return Err(error.retry_budget_spent(spent));
                }
            }
            verdict @ (Verdict::GiveUp | Verdict::TooLong) => {
                error.remember(request.unclear);
                return Err(error.throttled(verdict == Verdict::TooLong));
            }
        }
        request.unclear |= outcome.is_unclear();
        self.count_retry();
        Ok(())
    }
}

/// Locks what no panic leaves half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
