//! A server that answers as a closure says and remembers what it was asked.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, Response},
};
use serde_json::Value;

use super::super::{Bounds, Credentials, Reader, Settings, Writer, connect_within, throttle};

/// One request as the server saw it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// How many came before it.
    pub(super) number: usize,
    /// Method, path and query.
    pub(super) line: String,
    pub(super) authorization: String,
    pub(super) headers: String,
    pub(super) text: String,
}

impl Asked {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub(super) fn offset(&self) -> usize {
        usize::try_from(self.json()["pagination"]["offset"].as_u64().unwrap()).unwrap()
    }
}

/// One answer.
#[derive(Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    pub(super) delay: Duration,
}

impl Reply {
    pub(super) fn json(body: &Value) -> Self {
        Self::text(200, "application/json", &body.to_string())
    }

    pub(super) fn status(status: u16) -> Self {
        Self::text(status, "application/json", r#"{"errorMessages":[{"errorCode":"E","message":"m"}]}"#)
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(super) fn text(status: u16, kind: &str, body: &str) -> Self {
        let headers = vec![("content-type", kind.to_owned())];
        Self { status, headers, body: body.into(), delay: Duration::ZERO }
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// The server; it ends with the test's runtime.
pub(super) struct Server {
    pub(super) address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// Requests being answered now, and the most there ever were.
    busy: Arc<(AtomicUsize, AtomicUsize)>,
}

impl Server {
    pub(super) async fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::on(tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(), script)
    }

    pub(super) fn on(
        listener: tokio::net::TcpListener,
        script: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let script = Arc::new(script);
        let log = asked.clone();
        let busy = Arc::<(AtomicUsize, AtomicUsize)>::default();
        let gauge = busy.clone();
        let router = Router::new().fallback(move |request: Request<Body>| {
            let (script, log, gauge) = (script.clone(), log.clone(), gauge.clone());
            async move {
                gauge.1.fetch_max(gauge.0.fetch_add(1, SeqCst) + 1, SeqCst);
                let (head, body) = request.into_parts();
                let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
                let seen = {
                    let mut log = log.lock().unwrap();
                    let seen = Asked {
                        number: log.len(),
                        line: format!("{} {}", head.method, head.uri),
                        authorization: head
                            .headers
                            .get("authorization")
                            .map_or("", |v| v.to_str().unwrap())
                            .to_owned(),
                        headers: format!("{:?}", head.headers),
                        text,
                    };
                    log.push(seen.clone());
                    seen
                };
                let reply = script(&seen);
                tokio::time::sleep(reply.delay).await;
                gauge.0.fetch_sub(1, SeqCst);
                let mut response = Response::builder().status(reply.status);
                for (name, value) in reply.headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(reply.body)).unwrap()
            }
        });
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, asked, busy }
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Returns the most requests that were ever answered at the same time.
    pub(super) fn most_at_once(&self) -> usize {
        self.busy.1.load(SeqCst)
    }

    /// Returns how many requests whose line contains `part` came.
    pub(super) fn count(&self, part: &str) -> usize {
        self.asked().iter().filter(|asked| asked.line.contains(part)).count()
    }

    /// Returns settings with a fixed token and a backoff of at most 1 ms.
    pub(super) fn settings(&self) -> Settings {
        let credentials = Credentials::Token("hush-hush".into());
        let mut settings = Settings::new(self.address.parse().unwrap(), credentials);
        settings.backoff = Duration::from_millis(1);
        settings
    }

    pub(super) fn reader(&self) -> Reader {
        self.within(Bounds::default()).0
    }

    pub(super) fn writer(&self) -> Writer {
        self.within(Bounds::default()).1
    }

    pub(super) fn within(&self, bounds: Bounds) -> (Reader, Writer) {
        let settings = self.settings();
        let throttle = throttle(&settings);
        connect_within(settings, bounds, throttle).unwrap()
    }
}
