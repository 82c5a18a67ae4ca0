//! A small double of a forge over HTTP on loopback: comments of a pull request, with pages, refusals and other people.
//!
//! Its paths and fields are written down from the documents of each forge, by other means than the product's table.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

/// What a forge is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    GitHub,
    GitLab,
    Azure,
    Bitbucket,
    Gitea,
}

/// The account of every token that is right.
pub(crate) const ME: u64 = 41;
/// Somebody else.
pub(crate) const OTHER: u64 = 7;
/// The token that is right.
pub(crate) const TOKEN: &str = "forge-token-a1b2c3";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) author: u64,
    pub(crate) body: String,
    pub(crate) deleted: bool,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) what: String,
    pub(crate) authorization: String,
}

/// A refusal, for the next requests of a method whose path ends so.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) method: &'static str,
    pub(crate) end: &'static str,
    pub(crate) status: u16,
    pub(crate) header: Option<(&'static str, String)>,
    pub(crate) times: usize,
}

#[derive(Debug)]
pub(crate) struct State {
    kind: Kind,
    pub(crate) comments: Vec<Comment>,
    /// Most bytes of a body.
    pub(crate) limit: usize,
    /// Pull requests by commit.
    pub(crate) pulls: BTreeMap<String, Vec<Value>>,
    pub(crate) faults: Vec<Fault>,
    /// Whether the next change of a comment finds that it was deleted.
    pub(crate) deletes_first: bool,
    /// Whether it says whose a token is.
    pub(crate) tells_author: bool,
    pub(crate) asked: Vec<Asked>,
    pages: usize,
}

pub(crate) struct Forge {
    address: String,
    state: Arc<Mutex<State>>,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [Self::GitHub, Self::GitLab, Self::Azure, Self::Bitbucket, Self::Gitea];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Azure => "azure",
            Self::Bitbucket => "bitbucket",
            Self::Gitea => "gitea",
        }
    }

    /// Where its API begins.
    fn base(self) -> &'static str {
        match self {
            Self::GitHub => "/api/v3",
            Self::GitLab => "/api/v4",
            Self::Azure => "/acme-org",
            Self::Bitbucket => "/2.0",
            Self::Gitea => "/api/v1",
        }
    }

    /// The question whose a token is.
    fn me(self) -> &'static str {
        match self {
            Self::GitHub => "POST /api/graphql",
            Self::GitLab => "GET /api/v4/user",
            Self::Azure => "GET /acme-org/_apis/connectionData?api-version=7.0-preview",
            Self::Bitbucket => "GET /2.0/user",
            Self::Gitea => "GET /api/v1/user",
        }
    }

    /// The comments of pull request 12 of acme/access.
    pub(crate) fn list(self) -> &'static str {
        match self {
            Self::GitHub => "/api/v3/repos/acme/access/issues/12/comments",
            Self::GitLab => "/api/v4/projects/acme%2Faccess/merge_requests/12/notes",
            Self::Azure => "/acme-org/acme/_apis/git/repositories/access/pullRequests/12/threads",
            Self::Bitbucket => "/2.0/repositories/acme/access/pullrequests/12/comments",
            Self::Gitea => "/api/v1/repos/acme/access/issues/12/comments",
        }
    }

    /// How the comment of an id is changed.
    pub(crate) fn change(self, id: u64) -> String {
        match self {
            Self::GitHub => format!("PATCH /api/v3/repos/acme/access/issues/comments/{id}"),
            Self::GitLab => format!("PUT {}/{id}", self.list()),
            Self::Azure => format!("PATCH {}/{}/comments/1", self.list(), id),
            Self::Bitbucket => format!("PUT {}/{id}", self.list()),
            Self::Gitea => format!("PATCH /api/v1/repos/acme/access/issues/comments/{id}"),
        }
    }

    /// The pull requests of a commit; Azure DevOps has no such question.
    fn of_commit(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::GitHub => ("/api/v3/repos/acme/access/commits/", "/pulls"),
            Self::GitLab => ("/api/v4/projects/acme%2Faccess/repository/commits/", "/merge_requests"),
            Self::Azure => return None,
            Self::Bitbucket => ("/2.0/repositories/acme/access/commit/", "/pullrequests"),
            Self::Gitea => ("/api/v1/repos/acme/access/commits/", "/pull"),
        })
    }

    fn comment(self, it: &Comment) -> Value {
        let Comment { id, author, body, deleted } = it;
        match self {
            Self::GitHub | Self::Gitea => {
                json!({ "id": id, "body": body, "user": { "id": author, "login": "x" } })
            }
            Self::GitLab => json!({ "id": id, "body": body, "author": { "id": author }, "system": deleted }),
            Self::Azure => json!({
                "id": id, "isDeleted": deleted,
                "comments": [{ "id": 1, "content": body, "author": { "id": format!("account-{author}") } }],
            }),
            Self::Bitbucket => json!({
                "id": id, "content": { "raw": body }, "user": { "uuid": format!("{{account-{author}}}") }, "deleted": deleted,
            }),
        }
    }

    fn text(self, body: &Value, is_new: bool) -> Option<String> {
        let place = match self {
            Self::GitHub | Self::GitLab | Self::Gitea => "/body",
            Self::Azure if is_new => "/comments/0/content",
            Self::Azure => "/content",
            Self::Bitbucket => "/content/raw",
        };
        body.pointer(place)?.as_str().map(str::to_owned)
    }
}

impl Forge {
    pub(crate) fn start(kind: Kind) -> Self {
        let state = Arc::new(Mutex::new(State {
            kind,
            comments: Vec::new(),
            limit: 65_536,
            pulls: BTreeMap::new(),
            faults: Vec::new(),
            deletes_first: false,
            tells_author: true,
            asked: Vec::new(),
            pages: 2,
        }));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = state.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let app = Router::new().fallback(
                    move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
                        let answer = shared.lock().unwrap().answer(&method, &uri, &headers, &body);
                        async move { answer }
                    },
                );
                axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), app).await.unwrap();
            });
        });
        Self { address, state }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.state().kind
    }

    /// The base of its API.
    pub(crate) fn url(&self) -> String {
        format!("http://{}{}", self.address, self.kind().base())
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Adds a comment, and returns its id.
    pub(crate) fn says(&self, author: u64, body: &str) -> u64 {
        self.state().add(author, body)
    }

    /// The text of a comment.
    #[track_caller]
    pub(crate) fn body(&self, id: u64) -> String {
        self.state().comments.iter().find(|it| it.id == id).unwrap().body.clone()
    }

    pub(crate) fn comments(&self) -> Vec<Comment> {
        self.state().comments.clone()
    }

    /// Method, path and query of every request so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state().asked.iter().map(|it| it.what.clone()).collect()
    }

    pub(crate) fn fails(&self, method: &'static str, end: &'static str, status: u16, times: usize) {
        self.state().faults.push(Fault { method, end, status, header: None, times });
    }
}

impl State {
    fn add(&mut self, author: u64, body: &str) -> u64 {
        // As of a forge that many use at once.
        let id = self.comments.iter().map(|it| it.id).max().unwrap_or(96) + 3;
        self.comments.push(Comment { id, author, body: body.to_owned(), deleted: false });
        id
    }

    fn answer(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Response {
        let kind = self.kind;
        let path = uri.path();
        let what = format!("{method} {}", uri.path_and_query().unwrap());
        let header =
            headers.get("authorization").and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
        self.asked.push(Asked { what: what.clone(), authorization: header.clone() });
        if let Some(fault) =
            self.faults.iter_mut().find(|it| it.times > 0 && it.method == *method && path.ends_with(it.end))
        {
            fault.times -= 1;
            let mut response = refusal(fault.status, "as it was told");
            if let Some((name, value)) = &fault.header {
                response.headers_mut().insert(*name, value.parse().unwrap());
            }
            return response;
        }
        if ![format!("Bearer {TOKEN}"), "Basic bWU6Zm9yZ2UtdG9rZW4tYTFiMmMz".to_owned()].contains(&header) {
            return refusal(401, &format!("Bad credentials: {header}"));
        }
        if what == kind.me() {
            if !self.tells_author {
                return refusal(403, "Resource not accessible by integration");
            }
            return json(
                200,
                &match kind {
                    Kind::GitHub => json!({ "data": { "viewer": { "databaseId": ME } } }),
                    Kind::GitLab | Kind::Gitea => json!({ "id": ME }),
                    Kind::Azure => json!({ "authenticatedUser": { "id": format!("account-{ME}") } }),
                    Kind::Bitbucket => json!({ "uuid": format!("{{account-{ME}}}") }),
                },
            );
        }
        if let Some((start, end)) = kind.of_commit()
            && let Some(commit) = path.strip_prefix(start).and_then(|it| it.strip_suffix(end))
        {
            let Some(found) = self.pulls.get(commit) else { return refusal(404, "Not found") };
            return json(
                200,
                &match kind {
                    Kind::Gitea => found[0].clone(),
                    Kind::Bitbucket => json!({ "values": found }),
                    _ => json!(found),
                },
            );
        }
        let text = || serde_json::from_slice(body).unwrap_or(Value::Null);
        if path == kind.list() {
            return match *method {
                Method::GET => self.list(uri.query().unwrap_or_default(), path),
                Method::POST => {
                    let Some(text) = kind.text(&text(), true) else { return refusal(400, "no body") };
                    if text.len() > self.limit {
                        return refusal(422, "Body is too long");
                    }
                    let id = self.add(ME, &text);
                    json(201, &kind.comment(self.comments.iter().find(|it| it.id == id).unwrap()))
                }
                _ => refusal(405, "no such method"),
            };
        }
        let limit = self.limit;
        let is = |it: &Comment| what.split('?').next() == Some(&kind.change(it.id));
        let Some(at) = self.comments.iter().position(is) else { return refusal(404, "Not found") };
        if std::mem::take(&mut self.deletes_first) {
            self.comments.remove(at);
            return refusal(404, "Not found");
        }
        let Some(text) = kind.text(&text(), false) else { return refusal(400, "no body") };
        if text.len() > limit {
            return refusal(422, "Body is too long");
        }
        self.comments[at].body = text;
        json(200, &kind.comment(&self.comments[at]))
    }

    /// A page of comments, of fewer than was asked for.
    fn list(&self, query: &str, path: &str) -> Response {
        let all: Vec<Value> = self.comments.iter().map(|it| self.kind.comment(it)).collect();
        if self.kind == Kind::Azure {
            return json(200, &json!({ "value": all, "count": all.len() }));
        }
        if self.kind == Kind::Gitea {
            return json(200, &json!(all));
        }
        let page: usize =
            query.split('&').find_map(|it| it.strip_prefix("page=")).map_or(1, |it| it.parse().unwrap());
        let shown: Vec<&Value> = all.iter().skip((page - 1) * self.pages).take(self.pages).collect();
        let next = (page * self.pages < all.len()).then(|| format!("{path}?page={}", page + 1));
        let mut response = match self.kind {
            Kind::Bitbucket => {
                let mut body = json!({ "values": shown, "page": page });
                if let Some(next) = &next {
                    body["next"] = json!(next);
                }
                json(200, &body)
            }
            _ => json(200, &json!(shown)),
        };
        let headers = response.headers_mut();
        match self.kind {
            Kind::GitHub => {
                let first = format!("<{path}?page=1>; rel=\"first\"");
                let link = next.map_or(first.clone(), |it| format!("<{it}>; rel=\"next\", {first}"));
                headers.insert("link", link.parse().unwrap());
            }
            Kind::GitLab => {
                let page = next.map_or(String::new(), |_| (page + 1).to_string());
                headers.insert("x-next-page", page.parse().unwrap());
            }
            Kind::Azure | Kind::Bitbucket | Kind::Gitea => (),
        }
        response
    }
}

fn json(status: u16, body: &Value) -> Response {
    let headers = [("content-type", "application/json")];
    (StatusCode::from_u16(status).unwrap(), headers, body.to_string()).into_response()
}

/// A refusal, which repeats what it should not.
fn refusal(status: u16, message: &str) -> Response {
    json(status, &json!({ "message": message }))
}
