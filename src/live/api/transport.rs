//! One request and its reply over HTTP: TLS, certificates, proxies, redirects, bounds, one line of the log.
//!
//! Every request of the program goes through [`Transport::send`]. Repeats nothing, and knows neither paths nor tokens.

use std::{
    sync::Once,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use reqwest::{
    Certificate, Client, ClientBuilder, Response,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    redirect::Policy,
};

use super::{ApiError, Endpoint, Request, Settings, reply::Reply};

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
/// Longest wait for a connection. The time for a whole answer is a setting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes read of a reply that is not a success; what is shown of it is far less.
const REFUSAL_LIMIT: usize = 64 << 10;

/// What a request carries beside its name: all that may be secret or personal.
pub(super) struct Payload<'a> {
    /// The query, encoded; empty for none.
    pub(super) query: &'a str,
    /// The body, encoded; empty for none.
    pub(super) body: &'a [u8],
    pub(super) content_type: HeaderValue,
}

pub(super) struct Transport {
    client: Client,
    endpoint: Endpoint,
    timeout: Duration,
    /// Most bytes of one reply, after decompression.
    limit: usize,
}

impl Transport {
    /// Builds the client for an endpoint. No network is touched.
    pub(super) fn new(settings: &Settings, limit: usize) -> Result<Self, ApiError> {
        let client = client(settings)?;
        Ok(Self { client, endpoint: settings.endpoint.clone(), timeout: settings.timeout, limit })
    }

    /// Sends a request once and receives the whole reply, whatever its status; logs that as one line, even if
    /// it is dropped before the end.
    ///
    /// # Errors
    /// [`ApiError::NoAnswer`], [`ApiError::TimedOut`] and [`ApiError::TooLarge`].
    pub(super) async fn send(
        &self,
        request: &Request,
        payload: &Payload<'_>,
        authorization: Option<HeaderValue>,
        attempt: u32,
    ) -> Result<Reply, ApiError> {
        let mut line = Line::new(request, attempt);
        let Payload { query, body, content_type } = payload;
        let url = self.endpoint.url(&request.path, query);
        let mut sending = self.client.request(request.method.clone(), url);
        if let Some(authorization) = authorization {
            sending = sending.header(AUTHORIZATION, authorization);
        }
        if let Some(id) = &request.id {
            sending = sending.header("x-request-id", &**id);
        }
        if !body.is_empty() {
            sending = sending.header(CONTENT_TYPE, content_type).body(body.to_vec());
        }
        let sent_at = Timestamp::now();
        let mut response = sending.send().await.map_err(|error| self.unanswered(request, error))?;
        let to_head = line.started.elapsed();
        let status = response.status();
        line.status = Some(status.as_u16());
        let body = if status.is_success() {
            self.whole(request, &mut response).await?
        } else {
            beginning(&mut response).await
        };
        Ok(Reply {
            status: status.as_u16(),
            version: response.version(),
            headers: std::mem::take(response.headers_mut()),
            at: sent_at + to_head / 2,
            elapsed: line.started.elapsed(),
            body,
        })
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Reads a body to its end, whatever length it claims.
    async fn whole(&self, request: &Request, response: &mut Response) -> Result<Vec<u8>, ApiError> {
        let limit = self.limit;
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

/// Builds the client for an endpoint. No network is touched.
fn client(settings: &Settings) -> Result<Client, ApiError> {
    install_provider();
    let fresh = || builder(settings);
    let built = if settings.endpoint.is_plain() {
        // Only loopback is plain: loading the machine's CA store would cost most of the start-up
        // and never be used.
        fresh().tls_certs_only([]).build()
    } else {
        fresh().build().or_else(|error| {
            // Where it is said which authorities to trust, all others are not meant.
            if ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().any(|it| std::env::var_os(it).is_some()) {
                return Err(error);
            }
            // A machine without a CA store cannot build a client at all (dependencies §4.3).
            tracing::warn!(%error, "no CA certificates on this machine: using the bundled ones");
            let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
            let roots: Result<Vec<_>, _> = roots.iter().map(|root| Certificate::from_der(root)).collect();
            fresh().tls_certs_only(roots?).build()
        })
    };
    built.map_err(|source| ApiError::NoClient { source: source.without_url() })
}

fn builder(settings: &Settings) -> ClientBuilder {
    let loopback = settings.endpoint.is_loopback();
    let builder = Client::builder()
        .user_agent(concat!("rolecall/", env!("CARGO_PKG_VERSION")))
        // An API has no business redirecting, least of all a write or a token request.
        .redirect(Policy::none())
        .https_only(!settings.endpoint.is_plain())
        .timeout(settings.timeout)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(settings.concurrency.max(1))
        .tcp_nodelay(true);
    // `HTTP_PROXY` would be obeyed for this very machine too.
    if loopback { builder.no_proxy() } else { builder }
}

fn install_provider() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // Fails only if the program has installed one already, which serves as well.
        _ = rustls::crypto::ring::default_provider().install_default();
    });
}
