//! Facts about a running sandbox, told by an HTTP client.
//!
//! This part is the company they all use and the client; the facts are in `tests/`.

mod dialects;
mod directory;
mod faults;
mod limits;
mod persons;
mod rules;
mod start;

use reqwest::{Client, Method, Response};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{Options, Sandbox, control, model::derived_id};

const VOYAGER: &str = "1a6f0000-0000-4000-8000-000000000001";
const GLOBEX: &str = "1a6f0000-0000-4000-8000-000000000002";
const AGENT: &str = "1a6f0000-0000-4000-8000-0000000000a1";
const DESK: &str = "1a6f0000-0000-4000-8000-0000000000a2";
const ANA: &str = "1a6f0000-0000-4000-8000-0000000000b1";
const BO: &str = "1a6f0000-0000-4000-8000-0000000000b2";
const CY: &str = "1a6f0000-0000-4000-8000-0000000000b3";
const ADMINS: &str = "1a6f0000-0000-4000-8000-0000000000c1";
const AGENTS: &str = "1a6f0000-0000-4000-8000-0000000000c2";
const NOWHERE: &str = "1a6f0000-0000-4000-8000-00000000dead";

const SEED: &str = "
version: 1
companies:
  - { id: 1a6f0000-0000-4000-8000-000000000001, name: voyager, kind: tmc, legalEntities: [{ name: voyager-uk }] }
  - { id: 1a6f0000-0000-4000-8000-000000000002, name: globex }
clients: [{ id: sandbox, secret: sandbox }, { id: reader, secret: r, access: read }]
tokens: [{ token: fixed, access: read }]
roles:
  - { id: 1a6f0000-0000-4000-8000-0000000000a1, name: Agent, description: Books., permissions: [{ permission: AGENT, actions: [ALL] }] }
  - { id: 1a6f0000-0000-4000-8000-0000000000a2, name: Globex Desk, company: globex, permissions: [{ permission: TRIP_MANAGEMENT, actions: [READ] }] }
users:
  - { id: 1a6f0000-0000-4000-8000-0000000000b1, email: ana@voyager.example, name: Ana Lima, company: voyager, externalId: agent-17, employeeId: E1 }
  - { id: 1a6f0000-0000-4000-8000-0000000000b2, email: Bo@voyager.example, company: voyager, active: false }
  - { id: 1a6f0000-0000-4000-8000-0000000000b3, email: cy@globex.example, name: Cy Young, company: globex }
groups:
  - id: 1a6f0000-0000-4000-8000-0000000000c1
    name: Company Admins
    company: voyager
    description: Administrators.
    unmodifiable: true
    roles: [{ role: Agent, scope: [{ PLATFORM: [] }] }]
    members: [ANA@voyager.example]
  - id: 1a6f0000-0000-4000-8000-0000000000c2
    name: Globex agents
    company: voyager
    description: Agents.
    roles: [{ role: Agent, scope: [{ COMPANY: [globex, voyager] }] }]
";

/// A sandbox and a client that has a token for it.
struct Site {
    sandbox: Sandbox,
    client: Client,
    token: String,
    _folder: tempfile::TempDir,
}

/// Starts a sandbox on the seed above, followed by `more` of it.
async fn site(more: &str) -> Site {
    site_with(more, Options::default()).await
}

/// The same with other options; the seed and the time are those of all sites.
async fn site_with(more: &str, options: Options) -> Site {
    let folder = tempfile::tempdir().unwrap();
    let seed = folder.path().join("sandbox.yaml");
    std::fs::write(&seed, format!("{SEED}{more}")).unwrap();
    let now = Some("2026-03-04T10:20:30.5Z".parse().unwrap());
    let sandbox = Sandbox::start(Options { from: Some(seed), now, ..options }).unwrap();
    Site { _folder: folder, ..connect(sandbox).await }
}

/// A client of `sandbox` with a token.
async fn connect(sandbox: Sandbox) -> Site {
    // Another test may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().build().unwrap();
    let mut site = Site { sandbox, client, token: String::new(), _folder: tempfile::tempdir().unwrap() };
    // Chance may spoil the first answers.
    for _ in 0..100 {
        if let Some(token) = site.own_token().await {
            site.token = token;
            return site;
        }
    }
    panic!("no token");
}

impl Site {
    /// A token of the client that may do everything.
    async fn own_token(&self) -> Option<String> {
        let (id, secret) = self.sandbox.credentials().unwrap();
        self.fetch_token(id, secret.expose_secret()).await
    }

    async fn fetch_token(&self, id: &str, secret: &str) -> Option<String> {
        let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        let url = format!("{}/v2/auth/oauth2-token", self.sandbox.url());
        let response = self.client.post(url).form(&form).send().await.unwrap();
        let reply: Value = response.json().await.unwrap();
        reply["access_token"].as_str().map(str::to_owned)
    }

    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> reqwest::Result<Response> {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.sandbox.url()));
        request = request.bearer_auth(match path.starts_with(control::PREFIX) {
            true => self.sandbox.control_token().expose_secret(),
            false => &self.token,
        });
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await
    }

    /// Status and body; an empty body is null.
    async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = (!body.is_null()).then_some(&body);
        let response = self.send(method, path, body).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.bytes().await.unwrap();
        let reply = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap_or_else(|_| json!("no JSON"))
        };
        (status, reply)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, Value::Null).await
    }

    /// The reply to a request that must succeed.
    async fn done(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, reply) = self.ask(method, path, body).await;
        assert!(status == 200 || status == 204, "{method} {path}: {status} {reply}");
        reply
    }

    async fn list(&self, path: &str) -> Value {
        self.done("POST", path, json!({"pagination": {}})).await
    }

    /// The users in a group, in order.
    async fn members(&self, group: &str) -> Vec<String> {
        let reply = self.list(&format!("{}/members", at(group))).await;
        texts(&reply["members"], "/userId")
    }

    /// The scopes a group holds roles on, in order.
    async fn scopes(&self, group: &str) -> Vec<Value> {
        let reply = self.list(&format!("{}/roles", at(group))).await;
        reply["roles"].as_array().unwrap().iter().map(|row| row["scope"].clone()).collect()
    }
}

/// The path of a group of voyager.
fn at(group: &str) -> String {
    format!("/v3/companies/{VOYAGER}/user-groups/{group}")
}

fn groups() -> String {
    format!("/v3/companies/{VOYAGER}/user-groups")
}

fn texts(rows: &Value, pointer: &str) -> Vec<String> {
    let text = |row: &Value| row.pointer(pointer).and_then(Value::as_str).unwrap_or("?").to_owned();
    rows.as_array().unwrap().iter().map(text).collect()
}

fn code(reply: &Value) -> &str {
    reply["errorMessages"][0]["errorCode"].as_str().unwrap_or("no code")
}

fn field(reply: &Value) -> &str {
    reply["errorMessages"][0]["errorParameters"][0]["name"].as_str().unwrap_or("no field")
}

/// A scope of one audience for each list of companies.
fn companies(audiences: &[&[&str]]) -> Value {
    let audience =
        |values: &&[&str]| json!({"predicates": [{"type": "COMPANY", "comparator": "IN", "values": values}]});
    json!({"audiences": audiences.iter().map(audience).collect::<Vec<_>>()})
}
