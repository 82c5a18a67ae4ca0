//! What the sandbox holds and what it was asked: looked at over HTTP, by other means than the product's.

use std::{
    io::{Read, Write as _},
    net::TcpStream,
};

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{VOYAGER, World};

/// A write as the sandbox logged it.
#[derive(Debug)]
pub(crate) struct Write {
    /// The method and the end of the route: `PATCH members`, `POST user-groups`, `PUT {groupId}`.
    pub(crate) what: String,
    pub(crate) path: String,
    pub(crate) body: Value,
    /// `None` where the connection was dropped.
    pub(crate) status: Option<u64>,
}

impl Write {
    fn new(entry: &Value) -> Self {
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        let what =
            format!("{} {}", text(&entry["method"]), text(&entry["route"]).rsplit('/').next().unwrap());
        Self {
            what,
            path: text(&entry["path"]),
            body: entry["body"].clone(),
            status: entry["status"].as_u64(),
        }
    }
}

impl World {
    /// Calls the sandbox as somebody with all rights, and its control plane as whoever runs it, and returns status and body.
    #[expect(clippy::needless_pass_by_value, reason = "callers write the body where they call")]
    pub(crate) fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        http(&self.url(), self.token_for(path), method, path, &body.to_string())
    }

    fn token_for(&self, path: &str) -> &str {
        match path.starts_with("/__sandbox/") {
            true => self.sandbox.control_token().expose_secret(),
            false => "full-token",
        }
    }

    /// Injects faults (see the sandbox's `/__sandbox/faults`).
    pub(crate) fn faults(&self, rules: Value) {
        let (status, body) = self.call("POST", "/__sandbox/faults", rules);
        assert!(status < 300, "{status} {body}");
    }

    /// Forgets the requests made so far.
    pub(crate) fn forget(&self) {
        self.call("POST", "/__sandbox/reset-log", Value::Null);
    }

    /// Returns the requests since the last [`World::forget`], as the sandbox logged them.
    pub(crate) fn log(&self) -> Vec<Value> {
        let (_, text) = raw(&self.url(), self.token_for("/__sandbox/log"), "GET", "/__sandbox/log", "");
        text.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
    }

    /// Returns what was counted since the last [`World::forget`].
    pub(crate) fn stats(&self) -> Value {
        self.call("GET", "/__sandbox/stats", Value::Null).1
    }

    /// Returns every write since the last [`World::forget`], in the order of the answers.
    pub(crate) fn written(&self) -> Vec<Write> {
        self.log().iter().filter(|it| it["write"] == true).map(Write::new).collect()
    }

    /// Returns `PATCH members` and the like of every write since the last [`World::forget`], in order.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.written().into_iter().map(|it| it.what).collect()
    }

    /// Returns the writes to one group, in order.
    pub(crate) fn writes_to(&self, name: &str) -> Vec<String> {
        let id = self.id(name);
        self.written().into_iter().filter(|it| it.path.contains(&id)).map(|it| it.what).collect()
    }

    /// Returns the id of a group.
    pub(crate) fn id(&self, name: &str) -> String {
        let group = self.group(name).unwrap_or_else(|| panic!("no group {name}"));
        group["id"].as_str().unwrap().to_owned()
    }

    /// Returns the id of a person of Voyager.
    pub(crate) fn user(&self, email: &str) -> String {
        self.account(email).unwrap_or_else(|| panic!("no user {email}"))
    }

    /// The same of somebody who may have no account.
    pub(crate) fn account(&self, email: &str) -> Option<String> {
        let wanted = json!({ "companyId": { "id": VOYAGER }, "pagination": { "limit": 3 }, "userStatusFilter": "ALL", "filters": [{ "emails": [email] }] });
        let (_, body) = self.call("POST", "/v3/users/list", wanted);
        body["users"][0]["userId"]["id"].as_str().map(str::to_owned)
    }

    /// Returns the id of a role.
    pub(crate) fn role(&self, name: &str) -> String {
        let role = self.list("roles").into_iter().find(|it| it["name"] == name);
        role.unwrap_or_else(|| panic!("no role {name}"))["id"].as_str().unwrap().to_owned()
    }

    /// Changes the members of a group by hand.
    pub(crate) fn patch_members(&self, name: &str, change: &Value) {
        let path = format!("/v3/companies/{VOYAGER}/user-groups/{}/members", self.id(name));
        let (status, body) = self.call("PATCH", &path, change.clone());
        assert!(status < 300, "{status} {body}");
    }

    /// Returns a whole list of the company, page by page.
    pub(crate) fn list(&self, path: &str) -> Vec<Value> {
        let mut rows: Vec<Value> = Vec::new();
        loop {
            let path = format!("/v3/companies/{VOYAGER}/{path}");
            let page = |more: Value| self.call("POST", &path, json!({ "pagination": more }));
            let (status, mut body) = page(json!({ "offset": rows.len() }));
            if status == 400 {
                // The usual page is too large for some dialects.
                body = page(json!({ "offset": rows.len(), "limit": 1 })).1;
            }
            let total =
                body["pagination"]["totalNumResults"].as_u64().unwrap_or_else(|| panic!("{path}: {body}"));
            let mut fields = body.as_object().unwrap().values();
            rows.extend(fields.find_map(Value::as_array).unwrap().iter().cloned());
            if rows.len() as u64 >= total {
                return rows;
            }
        }
    }

    /// Returns the group of that name as the API shows it.
    pub(crate) fn group(&self, name: &str) -> Option<Value> {
        self.list("user-groups/list").into_iter().find(|it| it["name"] == name)
    }

    /// Returns the e-mail addresses of a group's members, sorted.
    pub(crate) fn members(&self, name: &str) -> Vec<String> {
        let members = self.list(&format!("user-groups/{}/members", self.id(name)));
        let mut emails: Vec<String> =
            members.iter().map(|it| self.email(it["userId"].as_str().unwrap())).collect();
        emails.sort();
        emails
    }

    fn email(&self, id: &str) -> String {
        let (_, body) = self.call("GET", &format!("/v2/users/{id}?includeInactive=true"), Value::Null);
        let email = &body["businessInfo"]["email"];
        email.as_str().unwrap_or_else(|| panic!("no e-mail in {body}")).to_owned()
    }

    /// Returns `ROLE TYPE=values&… | …` of a group's roles, sorted, with the ids as they are.
    pub(crate) fn roles(&self, name: &str) -> Vec<String> {
        let held = self.list(&format!("user-groups/{}/roles", self.id(name)));
        let mut roles: Vec<String> = held
            .iter()
            .map(|it| format!("{} {}", it["role"]["name"].as_str().unwrap(), scope(&it["scope"])))
            .collect();
        roles.sort();
        roles
    }
}

/// Returns `TYPE=values&… | …`, the values of a predicate sorted.
fn scope(scope: &Value) -> String {
    let predicate = |it: &Value| {
        let values = it["values"].as_array().into_iter().flatten();
        let mut values: Vec<&str> = values.map(|it| it.as_str().unwrap()).collect();
        values.sort_unstable();
        format!("{}={}", it["type"].as_str().unwrap(), values.join(","))
    };
    let audience = |it: &Value| {
        let predicates: Vec<String> = it["predicates"].as_array().unwrap().iter().map(predicate).collect();
        predicates.join("&")
    };
    let audiences: Vec<String> = scope["audiences"].as_array().unwrap().iter().map(audience).collect();
    audiences.join(" | ")
}

/// Sends one request with a token and returns status and JSON body (null for none).
pub(crate) fn http(url: &str, token: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
    let (status, text) = raw(url, token, method, path, body);
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// The least HTTP there is, so that the tests do not trust the client they test.
pub(crate) fn raw(url: &str, token: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let body = if body == "null" { "" } else { body };
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or(0);
    (status, body.to_owned())
}
