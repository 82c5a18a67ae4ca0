//! The comment on a pull request: finds rolecall's own and creates or changes it, and no other.
//!
//! Its own is one that the owner of the token wrote, that opens with the [marker](crate::report::render::marker), and that
//! is about the same. Text is shown as it was rendered; nothing of it is made here, but for the few lines where a forge
//! finds it too long.

mod rows;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    live::api::{Answer, ApiError, Call, Class, Elsewhere, Verb},
    report::render::{
        forge::Forge,
        marker::{Marker, Unmarked},
    },
};
use rows::{Row, encoded, filled, row};

/// Pages of comments that are believed to be of one pull request.
const PAGES: u32 = 200;

/// A text that was written as a report, with what its first line says.
#[derive(Debug)]
pub struct Posting<'a> {
    text: &'a str,
    /// What its first line says.
    pub marker: Marker,
}

/// Where a comment goes.
#[derive(Clone, Debug)]
pub struct Destination {
    forge: Forge,
    /// As people name it.
    repository: String,
    /// How paths name it.
    words: Vec<(&'static str, String)>,
    pull: Pull,
}

/// The pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pull {
    /// By its number.
    Number(u64),
    /// That which has this commit.
    Of(String),
}

/// What became of the comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The number of the pull request.
    pub pull: Option<u64>,
    /// The id of the comment, where there is one.
    pub comment: Option<String>,
    /// What was done.
    pub done: Done,
    /// Further comments of rolecall's own about the same, which were left alone.
    pub others: Vec<String>,
    /// Whether only the headline was posted, as the forge refused the whole for its length.
    pub shortened: bool,
}

/// What was done to a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Done {
    Created,
    Updated,
    /// Nothing: what is there is of a run that began later.
    Newer(Timestamp),
    /// Nothing: no pull request has the commit.
    NoPull,
}

/// Why a comment was not posted.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Error {
    #[error("it is not a report of rolecall: {}", match .0 {
        Unmarked::Foreign => "its first line is not the marker of one",
        Unmarked::Printed => "its first line does not say which run wrote it",
        Unmarked::Damaged => "its first line, the marker, was cut or changed",
    })]
    Unmarked(Unmarked),
    #[error("`{name}` is not a repository on {}", .forge.title())]
    Repository { name: String, forge: Forge },
    #[error("on {} no pull request is found by a commit", .0.title())]
    NoSearch(Forge),
    #[error("{} pull requests have the commit {commit}: {}", .found.len(), .found.iter().map(|it| format!("#{it}")).collect::<Vec<_>>().join(", "))]
    Several { commit: String, found: Vec<u64> },
    #[error("{} does not say whose token this is", .0.title())]
    Author(Forge, Option<ApiError>),
    #[error("{} answers in a form that is not known: {what}", .forge.title())]
    Form { forge: Forge, what: &'static str },
    #[error("{error}")]
    Api { forge: Forge, error: ApiError },
}

impl Error {
    /// What kind of failure it is.
    pub fn class(&self) -> Class {
        match self {
            Self::Unmarked(_) | Self::Repository { .. } | Self::NoSearch(_) | Self::Several { .. } => {
                Class::Invalid
            }
            Self::Author(_, Some(error)) if error.class() == Class::Remote && error.refused().is_none() => {
                Class::Remote
            }
            Self::Author(..) => Class::Auth,
            Self::Form { .. } => Class::Remote,
            // What was named is not there, or not for this token.
            Self::Api { error: ApiError::Refused { status: 404, .. }, .. } => Class::Invalid,
            // Some forges limit rates with 403.
            Self::Api { error: ApiError::Refused { status: 403, retry_after: Some(_), .. }, .. } => {
                Class::Remote
            }
            Self::Api { error, .. } => error.class(),
        }
    }

    /// What to do about it, as one sentence without a full stop.
    pub fn hint(&self) -> String {
        match self {
            Self::Unmarked(_) => "give the file that `--report markdown=FILE` of plan, apply, drift or validate wrote, as it was written".to_owned(),
            Self::Repository { forge: Forge::Azure, .. } => "write PROJECT/REPOSITORY".to_owned(),
            Self::Repository { forge: Forge::Gitlab, .. } => "write GROUP/PROJECT, or the number of the project".to_owned(),
            Self::Repository { .. } => "write OWNER/NAME".to_owned(),
            Self::NoSearch(_) | Self::Several { .. } => "give `--pull-request NUMBER`".to_owned(),
            Self::Author(forge, _) => format!(
                "give the token {}, or name its account by `--author ID`: without that another's comment could be taken for one's own",
                row(*forge).needs
            ),
            Self::Form { .. } => "check the address of the API (`--forge-url`), and that it is this forge".to_owned(),
            Self::Api { forge, error } => api_hint(*forge, error),
        }
    }
}

fn api_hint(forge: Forge, error: &ApiError) -> String {
    match error {
        ApiError::Refused { status: 401, .. } => {
            format!("the token is wrong or has ended: it needs {}", row(forge).needs)
        }
        ApiError::Refused { status: 403, retry_after: Some(_), .. } => {
            "the forge limits rates: try again later".to_owned()
        }
        ApiError::Refused { status: 403, .. } => {
            format!("the token may not do this: it needs {}", row(forge).needs)
        }
        ApiError::Refused { status: 404, .. } => {
            format!(
                "check repository and pull request; to a token without {} they do not exist",
                row(forge).needs
            )
        }
        error if error.ambiguous() => {
            "the comment may be there: run it again, which finds its own".to_owned()
        }
        error => error.hint().unwrap_or_else(|| "try again".to_owned()),
    }
}

/// A comment that is there.
struct Found {
    id: String,
    thread: String,
    marker: Marker,
}

impl<'a> Posting<'a> {
    /// Reads what the first line of a report says.
    ///
    /// # Errors
    ///
    /// [`Error::Unmarked`] for what is not one.
    pub fn read(text: &'a str) -> Result<Self, Error> {
        let marker = Marker::read(text).map_err(Error::Unmarked)?;
        match text.lines().skip(1).find(|it| !it.is_empty()) {
            Some(it) if it.starts_with("### rolecall") => Ok(Self { text, marker }),
            _ => Err(Error::Unmarked(Unmarked::Damaged)),
        }
    }

    /// The headline alone, for a forge that takes no more: what it says of people and guards are counts, and it never ends
    /// in the middle of something.
    fn short(&self) -> String {
        let mut lines = self.text.lines().skip(1).filter(|it| !it.is_empty());
        let headline = lines.next().unwrap_or_default();
        let stamp = self.text.lines().next_back().unwrap_or_default();
        let id = self.marker.plan.as_ref().map_or_else(String::new, |it| format!("Plan id: `{it}`\n\n"));
        format!(
            "{}{headline}\n\nThis is not all: the forge refused the whole comment for its length. All of it is in the report of the run.\n\n{id}{stamp}\n",
            self.marker.line()
        )
    }
}

impl Destination {
    /// Makes sure that a repository has a name which the forge knows a path of.
    ///
    /// # Errors
    ///
    /// [`Error::Repository`].
    pub fn new(forge: Forge, repository: &str, pull: Pull) -> Result<Self, Error> {
        let wrong = || Error::Repository { name: repository.to_owned(), forge };
        let words: Vec<&str> = repository.split('/').collect();
        let is_name = |it: &&str| {
            !matches!(*it, "" | "." | "..")
                && !it.contains(['\\', '?', '#'])
                && !it.contains(char::is_control)
        };
        if repository.len() > 500 || !words.iter().all(is_name) {
            return Err(wrong());
        }
        let words = match (forge, &words[..]) {
            (Forge::Gitlab, _) => vec![("project", encoded(repository))],
            (_, [owner, name]) => {
                let (owner, name) = (encoded(owner), encoded(name));
                vec![("repository", format!("{owner}/{name}")), ("owner", owner), ("name", name)]
            }
            _ => return Err(wrong()),
        };
        Ok(Self { forge, repository: repository.to_owned(), words, pull })
    }

    /// The base of the forge's API, where everybody knows it.
    pub fn usual_api(forge: Forge) -> Option<&'static str> {
        row(forge).api
    }

    /// Where it is, for people.
    pub fn shown(&self, pull: Option<u64>) -> String {
        let of = match (&self.pull, pull) {
            (Pull::Number(number), _) => format!("#{number}"),
            (Pull::Of(_), Some(number)) => format!("#{number}"),
            (Pull::Of(commit), None) => format!("the pull request of {commit:.12}"),
        };
        format!("{} {} {of}", self.forge.title(), self.repository)
    }

    fn path(&self, path: &str, more: &[(&str, &str)]) -> String {
        let words: Vec<(&str, &str)> =
            self.words.iter().map(|it| (it.0, &*it.1)).chain(more.iter().copied()).collect();
        filled(path, &words)
    }
}

/// A forge that is asked, in the name of the owner of a token.
struct Asked<'a> {
    api: &'a Elsewhere,
    to: &'a Destination,
    row: Row,
}

/// Posts a report: changes rolecall's own comment about the same where there is one, and makes one where there is none.
///
/// `author` is the id of the token's account, where the forge does not say it.
///
/// # Errors
///
/// Where the forge refuses, or is not understood.
pub async fn post(
    api: &Elsewhere,
    to: &Destination,
    posting: &Posting<'_>,
    author: Option<&str>,
) -> Result<Posted, Error> {
    let asked = Asked { api, to, row: row(to.forge) };
    let Some(pull) = asked.pull().await? else {
        return Ok(Posted {
            pull: None,
            comment: None,
            done: Done::NoPull,
            others: Vec::new(),
            shortened: false,
        });
    };
    let author = match author {
        Some(it) => it.to_owned(),
        None => asked.author().await?,
    };
    let own = asked.own(pull, &author, &posting.marker.target).await?;
    let others = own.iter().skip(1).map(|it| it.id.clone()).collect();
    let first = own.first();
    let comment = first.map(|it| it.id.clone());
    if let Some(at) = own.iter().map(|it| it.marker.at).max().filter(|it| *it > posting.marker.at) {
        return Ok(Posted { pull: Some(pull), comment, done: Done::Newer(at), others, shortened: false });
    }
    if let Some(found) = first {
        match asked.written(pull, Some(found), posting).await {
            // Somebody deleted it meanwhile.
            Err(Error::Api { error: ApiError::Refused { status: 404 | 410, .. }, .. }) => {}
            result => {
                let (_, shortened) = result?;
                return Ok(Posted { pull: Some(pull), comment, done: Done::Updated, others, shortened });
            }
        }
    }
    let (comment, shortened) = asked.written(pull, None, posting).await?;
    Ok(Posted { pull: Some(pull), comment, done: Done::Created, others, shortened })
}

impl Asked<'_> {
    /// The number of the pull request; of several that have the commit the one that was merged.
    async fn pull(&self) -> Result<Option<u64>, Error> {
        let commit = match &self.to.pull {
            Pull::Number(number) => return Ok(Some(*number)),
            Pull::Of(commit) => commit,
        };
        let of = self.row.of_commit.as_ref().ok_or(Error::NoSearch(self.to.forge))?;
        let call = self.call(Verb::Get, of.path, &[("commit", commit)], None);
        let answer = match self.send(&call).await {
            // GitHub and Gitea know no such commit, or no pull request of it.
            Err(Error::Api { error: ApiError::Refused { status: 404 | 422, .. }, .. }) => return Ok(None),
            other => other?.body,
        };
        let items = match answer.pointer(of.items) {
            Some(Value::Array(items)) => items.clone(),
            Some(one @ Value::Object(_)) => vec![one.clone()],
            _ => return Err(self.form("the pull requests of a commit")),
        };
        let is_merged = |it: &&Value| it.pointer(of.merged).is_some_and(|it| !it.is_null());
        let number = |it: &Value| it.pointer(of.number).and_then(Value::as_u64);
        let numbers = |items: Vec<&Value>| items.into_iter().map(number).collect::<Option<Vec<u64>>>();
        let merged: Vec<&Value> = items.iter().filter(is_merged).collect();
        let found = numbers(if merged.is_empty() { items.iter().collect() } else { merged });
        match found.ok_or_else(|| self.form("the number of a pull request"))?[..] {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            ref several => Err(Error::Several { commit: commit.clone(), found: several.to_vec() }),
        }
    }

    /// The id of the account that has the token.
    async fn author(&self) -> Result<String, Error> {
        let (verb, path, place) = self.row.me;
        let body = (verb == Verb::Ask).then(|| json!({ "query": "{viewer{databaseId}}" }));
        let mut call = self.call(verb, path, &[], body);
        call.query = version(self.row.versions[1]);
        match self.send(&call).await {
            Ok(answer) => answer.body.pointer(place).and_then(id).ok_or(Error::Author(self.to.forge, None)),
            Err(Error::Api {
                error: error @ ApiError::Refused { status: 403 | 404, retry_after: None, .. },
                ..
            }) => Err(Error::Author(self.to.forge, Some(error))),
            Err(error) => Err(error),
        }
    }

    /// The comments that are rolecall's own and about the same, oldest first.
    async fn own(&self, pull: u64, author: &str, target: &str) -> Result<Vec<Found>, Error> {
        let Row { comment, items: (items, next), page, .. } = &self.row;
        let mut own = Vec::new();
        let pull = pull.to_string();
        for number in 1.. {
            let mut call = self.call(Verb::Get, self.row.list, &[("pull", &pull)], None);
            if let Some((size, most)) = page {
                call.query.extend([(*size, (*most).to_owned()), ("page", number.to_string())]);
            }
            let answer = self.send(&call).await?;
            let Some(Value::Array(found)) = answer.body.pointer(items) else {
                return Err(self.form("the comments of a pull request"));
            };
            for it in found {
                let is = |place: &&str| it.pointer(place) == Some(&Value::Bool(true));
                let is_own = it.pointer(comment.author).and_then(id).as_deref() == Some(author);
                let marker =
                    it.pointer(comment.body).and_then(Value::as_str).and_then(|it| Marker::read(it).ok());
                let Some(marker) = marker.filter(|it| is_own && it.target == target) else { continue };
                if comment.not.iter().any(is) {
                    continue;
                }
                let place = |place: &str| it.pointer(place).and_then(id);
                let thread = comment.thread.map_or(Some(String::new()), place);
                let (id, thread) =
                    place(comment.id).zip(thread).ok_or_else(|| self.form("the id of a comment"))?;
                own.push(Found { id, thread, marker });
            }
            let more =
                answer.more || next.is_some_and(|it| answer.body.pointer(it).is_some_and(|it| !it.is_null()));
            if !more || page.is_none() {
                break;
            }
            if number >= PAGES {
                return Err(self.form("the list of comments does not end"));
            }
        }
        own.sort_by_key(|it| (it.thread.parse::<u64>().ok(), it.id.parse::<u64>().ok()));
        Ok(own)
    }

    /// Writes the text into a comment, or a new one; where the forge refuses it for its length, the headline alone. Returns
    /// the id, and whether that was so.
    async fn written(
        &self,
        pull: u64,
        found: Option<&Found>,
        posting: &Posting<'_>,
    ) -> Result<(Option<String>, bool), Error> {
        let pull = pull.to_string();
        let call = |text: &str| match found {
            Some(Found { id, thread, .. }) => {
                let (verb, path, body) = self.row.update;
                let of = [("pull", &*pull), ("comment", id), ("thread", thread)];
                self.call(verb, path, &of, Some(body(text)))
            }
            None => self.call(Verb::Create, self.row.list, &[("pull", &pull)], Some((self.row.create)(text))),
        };
        let id = |answer: Answer| answer.body.pointer(self.row.comment.id).and_then(id);
        let short = posting.short();
        match self.send(&call(posting.text)).await {
            Err(Error::Api { error: ApiError::Refused { status: 400 | 413 | 422, .. }, .. })
                if short.len() < posting.text.len() =>
            {
                self.send(&call(&short)).await.map(|it| (id(it), true))
            }
            other => other.map(|it| (id(it), false)),
        }
    }

    fn call(&self, verb: Verb, path: &'static str, more: &[(&str, &str)], body: Option<Value>) -> Call {
        let encoded: Vec<(&str, String)> = more.iter().map(|it| (it.0, encoded(it.1))).collect();
        let more: Vec<(&str, &str)> = encoded.iter().map(|it| (it.0, &*it.1)).collect();
        let query = version(self.row.versions[0]);
        Call { verb, template: path, path: self.to.path(path, &more), query, body }
    }

    async fn send(&self, call: &Call) -> Result<Answer, Error> {
        self.api.call(call).await.map_err(|error| Error::Api { forge: self.to.forge, error })
    }

    fn form(&self, what: &'static str) -> Error {
        Error::Form { forge: self.to.forge, what }
    }
}

/// The query that says by which version of an API it is asked.
fn version(of: Option<&str>) -> Vec<(&'static str, String)> {
    of.map(|it| ("api-version", it.to_owned())).into_iter().collect()
}

/// An id as text, of a number or of a short text.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::Number(it) => it.as_u64().map(|it| it.to_string()),
        Value::String(it) => Some(it.clone()).filter(|it| !it.is_empty() && it.len() <= 200),
        _ => None,
    }
}
