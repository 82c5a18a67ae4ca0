//! Asking once and keeping what an answer looks like: for whoever checks the API rather than uses it.
//!
//! Every [`Question`] only reads, and there are no others. Nothing is decided here, and what a refusal
//! says is cut and cleared of secrets as everywhere.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::{
    Client, Response, Version,
    header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use serde_json::Value;

use super::{
    ApiError, Credentials, Endpoint, Reader, Request, Settings, Writer,
    connection::{Bounds, FORM, JSON},
    gate::{Gate, Met},
    question::{Question, token},
    refusal, retry,
    settings::form_encoded,
    transport,
};
use crate::doctor::{Answer, Came, TokenFacts, Traffic};

/// Times a request is sent again where the server asks to wait.
const MOST_WAITS: u32 = 2;
/// Longest wait that is granted to the server.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// Rows of the pages that are tried where larger ones are refused; one row is the last resort.
const SMALLER: [u32; 3] = [50, 25, 10];
/// Most bytes of an answer that are looked at.
const LARGEST: usize = 16 << 20;

/// One who asks, and notes how it is answered.
pub struct Observer {
    client: Client,
    settings: Settings,
    gate: Arc<Gate>,
    bearer: Option<SecretString>,
    traffic: Traffic,
}

impl Observer {
    /// Returns an observer without a token; no network is touched.
    ///
    /// # Errors
    /// When no TLS client can be built.
    pub fn new(settings: Settings) -> Result<Self, ApiError> {
        let client = transport::client(&settings)?;
        let gate = super::gate(&settings);
        Ok(Self { client, settings, gate, bearer: None, traffic: Traffic::default() })
    }

    /// Returns the addresses of an endpoint's host.
    ///
    /// # Errors
    /// When the name has none.
    pub async fn addresses(endpoint: &Endpoint) -> std::io::Result<Vec<IpAddr>> {
        let mut found: Vec<IpAddr> =
            tokio::net::lookup_host(endpoint.address()).await?.map(|it| it.ip()).collect();
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Returns what was sent and how long it took, so far.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Sets the rows that clients ask for per page which are connected from now on.
    pub fn set_page_limit(&mut self, rows: u32) {
        self.settings.dialect.page_limit = rows;
    }

    /// Returns the two halves of a client that fetch and renew their own token, as every client does: one that
    /// could not would leave behind what it made. What they send and what is asked here keep one rate together.
    ///
    /// # Errors
    /// As [`super::connect`].
    pub fn connect(&self) -> Result<(Reader, Writer), ApiError> {
        super::connect_within(self.settings.clone(), Bounds::default(), self.gate.clone())
    }

    /// Gets a token where one has to be got, and returns what is known of it.
    ///
    /// # Errors
    /// Any [`ApiError`], above all [`ApiError::Auth`].
    pub async fn token(&mut self) -> Result<TokenFacts, ApiError> {
        let (id, secret) = match &self.settings.credentials {
            Credentials::Token(token) => {
                let facts = TokenFacts::given(token.expose_secret());
                self.bearer = Some(token.expose_secret().trim().into());
                return Ok(facts);
            }
            Credentials::Client { id, secret } => (id.clone(), secret.clone()),
        };
        let form = Zeroizing::new(form_encoded(&[
            ("grant_type", "client_credentials"),
            ("client_id", &id),
            ("client_secret", secret.expose_secret()),
        ]));
        let request = token();
        let sent = self.send(&request, "", Some((FORM, form.as_bytes())), secret.expose_secret()).await;
        let (answer, _) = match sent {
            Err(ApiError::Refused { request, status: status @ (400 | 401 | 403), code, message, .. }) => {
                return Err(ApiError::Auth { request, status, code, message });
            }
            other => other?,
        };
        let mut body = answer.body;
        // Moved out, as what is copied is not wiped.
        let Some(Value::String(token)) = body.get_mut("access_token").map(Value::take) else {
            let source = serde::de::Error::custom("there is no `access_token`");
            return Err(ApiError::Garbled { request: Box::new(request), content_type: None, source });
        };
        self.bearer = Some(token.into());
        let seconds = &body["expires_in"];
        Ok(TokenFacts {
            came: Came::Fetched,
            expires_in: seconds.as_u64().or_else(|| seconds.as_str()?.parse().ok()),
            ends: None,
            scope: body["scope"].as_str().map(|it| it.chars().take(200).collect()),
        })
    }

    /// Asks without a token whether anybody is there: every status is an answer.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn knock(&mut self) -> Result<Answer, ApiError> {
        let (request, query, _) = Question::Permissions.asked();
        self.once(&request, &query, None, None, 1).await.map(|it| it.0)
    }

    /// Asks one question with the token; an answer that is no success is an error. A token that is refused is
    /// renewed once where it can be, as a client does.
    ///
    /// # Errors
    /// Any [`ApiError`].
    pub async fn ask(&mut self, question: &Question) -> Result<Answer, ApiError> {
        let (request, query, body) = question.asked();
        let body = body.map(|it| it.to_string());
        let body = body.as_ref().map(|it| (JSON, it.as_bytes()));
        let (answer, text) = match self.send(&request, &query, body.clone(), "").await {
            Err(ApiError::Refused { status: 401, .. }) if self.renews() => {
                self.token().await?;
                self.send(&request, &query, body, "").await?
            }
            other => other?,
        };
        Ok(Answer { flaw: question.flaw(&text), ..answer })
    }

    /// Whether there is a token that can be had anew.
    fn renews(&self) -> bool {
        match &self.settings.credentials {
            Credentials::Token(_) => false,
            Credentials::Client { .. } => self.bearer.is_some(),
        }
    }

    /// Returns the largest page of a list that is not refused: of so many rows, or of a few smaller ones.
    ///
    /// # Errors
    /// Any [`ApiError`]; a refusal where a page of one row is refused as well.
    pub async fn page_of(&mut self, list: impl Fn(u32) -> Question, rows: u32) -> Result<u32, ApiError> {
        let fewer = SMALLER.into_iter().filter(|it| *it < rows);
        for rows in [rows].into_iter().chain(fewer) {
            match self.ask(&list(rows)).await {
                Err(ApiError::Refused { status: 400, .. }) => {}
                answer => return answer.map(|_| rows),
            }
        }
        self.ask(&list(1)).await.map(|_| 1)
    }

    /// Sends a request, and again where the server asks for patience.
    async fn send(
        &mut self,
        request: &Request,
        query: &str,
        body: Option<(HeaderValue, &[u8])>,
        secret: &str,
    ) -> Result<(Answer, Zeroizing<Vec<u8>>), ApiError> {
        let bearer = self.bearer.clone();
        let mut waits = 0;
        loop {
            let attempt = waits + 1;
            let (answer, headers, text) =
                self.once(request, query, body.clone(), bearer.as_ref(), attempt).await?;
            if answer.status < 300 {
                return Ok((answer, text));
            }
            let retry_after = retry::told_by(&headers, Timestamp::now());
            if matches!(answer.status, 429 | 503) && waits < MOST_WAITS {
                let wait = retry_after.unwrap_or(Duration::from_secs(1));
                if wait <= LONGEST_WAIT {
                    waits += 1;
                    tokio::time::sleep(wait).await;
                    continue;
                }
            }
            let known =
                if secret.is_empty() { bearer.as_ref().map_or("", |it| it.expose_secret()) } else { secret };
            let refusal::Said { code, message, debug_id } = refusal::read(&text, known);
            let (request, status) = (Box::new(request.clone()), answer.status);
            return Err(match status {
                300..400 => ApiError::Redirected { request, status, host: None },
                429 => ApiError::Throttled { request, status, retry_after },
                _ => ApiError::Refused { request, status, code, message, debug_id, retry_after },
            });
        }
    }

    /// Sends a request once, when its turn comes, and notes how it went.
    async fn once(
        &mut self,
        request: &Request,
        query: &str,
        body: Option<(HeaderValue, &[u8])>,
        bearer: Option<&SecretString>,
        attempt: u32,
    ) -> Result<(Answer, HeaderMap, Zeroizing<Vec<u8>>), ApiError> {
        let place = self.gate.enter().await;
        let (started, mut status) = (Instant::now(), None);
        let came = self.exchange(request, query, body, bearer, &mut status).await;
        let elapsed = started.elapsed();
        // Refusals are what is looked at here: they slow nobody down, and there is a place unless the client ran into
        // nothing else.
        if let Some(place) = place {
            place.leave(if came.is_ok() { Met::Fine } else { Met::Unknown });
        }
        let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(method = %request.method, path = request.template, status, attempt, ms, "request");
        let (answer, headers, text) = came?;
        self.traffic.note(elapsed, answer.status, limits(&headers));
        Ok((answer, headers, text))
    }

    /// Sends a request and receives its answer; `status` says what came even where the rest breaks off.
    async fn exchange(
        &self,
        request: &Request,
        query: &str,
        body: Option<(HeaderValue, &[u8])>,
        bearer: Option<&SecretString>,
        status: &mut Option<u16>,
    ) -> Result<(Answer, HeaderMap, Zeroizing<Vec<u8>>), ApiError> {
        let base = self.settings.endpoint.base();
        let url = [base, &*request.path, if query.is_empty() { "" } else { "?" }, query].concat();
        let mut sending = self.client.request(request.method.clone(), url);
        if let Some(bearer) = bearer {
            let text = Zeroizing::new(["Bearer ", bearer.expose_secret()].concat());
            let mut header = HeaderValue::from_str(&text).map_err(|_| ApiError::UnsendableToken)?;
            header.set_sensitive(true);
            sending = sending.header(AUTHORIZATION, header);
        }
        if let Some((kind, body)) = body {
            sending = sending.header(CONTENT_TYPE, kind).body(body.to_vec());
        }
        let (began, started) = (Timestamp::now(), Instant::now());
        let mut response = sending.send().await.map_err(|it| self.unanswered(request, it))?;
        let until_head = started.elapsed();
        let (code, version) = (response.status().as_u16(), response.version());
        *status = Some(code);
        let text = self.body(request, &mut response).await?;
        let elapsed = started.elapsed();
        let headers = std::mem::take(response.headers_mut());
        let date = headers.get(DATE).and_then(|it| it.to_str().ok());
        let answer = Answer {
            status: code,
            version: spelled(version),
            elapsed,
            date: date.and_then(|it| DateTimeParser::new().parse_timestamp(it).ok()),
            at: began + until_head / 2,
            body: if code < 300 { serde_json::from_slice(&text).unwrap_or_default() } else { Value::Null },
            flaw: None,
        };
        Ok((answer, headers, text))
    }

    async fn body(&self, request: &Request, response: &mut Response) -> Result<Zeroizing<Vec<u8>>, ApiError> {
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(|it| self.unanswered(request, it))? {
            if body.len() + chunk.len() > LARGEST {
                return Err(ApiError::TooLarge { request: Box::new(request.clone()), limit: LARGEST });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn unanswered(&self, request: &Request, error: reqwest::Error) -> ApiError {
        let (request, source) = (Box::new(request.clone()), error.without_url());
        if source.is_connect() || source.is_builder() {
            ApiError::NoAnswer { request, sent: false, source }
        } else if source.is_timeout() {
            ApiError::TimedOut { request, after: self.settings.timeout, source }
        } else {
            ApiError::NoAnswer { request, sent: true, source }
        }
    }
}

/// Returns the headers that tell of limits, with their values cut.
fn limits(headers: &HeaderMap) -> Vec<(String, String)> {
    let tells =
        |name: &str| name == "retry-after" || name.contains("ratelimit") || name.contains("rate-limit");
    headers
        .iter()
        .filter(|(name, _)| tells(name.as_str()))
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.chars().take(60).collect())))
        .collect()
}

fn spelled(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_09 => "HTTP/0.9",
        // The type is open, and everything else speaks 1.1.
        _ => "HTTP/1.1",
    }
}
