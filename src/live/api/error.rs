//! What can go wrong between rolecall and the API, and what to do about it.
//!
//! Messages name the request and keep the source. They never hold a token, a secret, a request
//! body, a query or more than 300 characters of what the server said.

use std::time::Duration;

use crate::model::ids::CompanyId;

use super::{
    Request,
    retry::{self, Outcome},
    throttle::Spent,
};

/// A request, or a list of them, that did not give what was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names and messages say it")]
pub enum ApiError {
    #[error("the endpoint is not usable: {why}")]
    BadEndpoint { why: &'static str },
    /// Which company is asked where is said by the files and by whoever runs it.
    #[error("no endpoint is given for company {company}")]
    Nowhere { company: CompanyId },
    #[error("refusing to send credentials to {host} over plain http")]
    Insecure { host: Box<str> },
    #[error(
        "no credentials are sent to {host}: only a file names it, and a change of a file does not decide where they go"
    )]
    Unlisted { host: Box<str> },
    /// A token holds characters that no header can carry; usually a line break copied along.
    #[error("the access token contains characters that cannot be sent")]
    UnsendableToken,
    #[error("cannot set up the HTTP client")]
    NoClient { source: reqwest::Error },
    #[error("{request}: {}", if *.sent { "the connection broke before the answer was complete" } else { "cannot connect" })]
    NoAnswer {
        request: Box<Request>,
        /// Whether the server may have received it.
        sent: bool,
        source: reqwest::Error,
    },
    #[error("{request}: no complete answer within {} s", .after.as_secs_f32())]
    TimedOut { request: Box<Request>, after: Duration, source: reqwest::Error },
    #[error("{request}: the answer ends in the middle")]
    Cut { request: Box<Request> },
    /// Its turn came only when what it would replace may have been changed since it was looked at.
    #[error("{request}: not sent: too long after the look at what it replaces")]
    Overdue { request: Box<Request> },
    #[error("{request}: refused with {status}{}", said(.code.as_deref(), .message.as_deref(), .debug_id.as_deref()))]
    Refused {
        request: Box<Request>,
        status: u16,
        code: Option<Box<str>>,
        message: Option<Box<str>>,
        debug_id: Option<Box<str>>,
        retry_after: Option<Duration>,
    },
    /// The server asked for fewer requests, for longer than rolecall waits.
    #[error("{request}: the server limits the rate of requests ({status}){}", waits(*.retry_after))]
    Throttled {
        request: Box<Request>,
        /// The HTTP status: 429, or another that came with `Retry-After`.
        status: u16,
        retry_after: Option<Duration>,
    },
    /// So much fails that repeating it does more harm than good.
    #[error("{request}: too many requests failed: {repeated} of {sent} had to be repeated")]
    Exhausted {
        request: Box<Request>,
        /// Requests sent again without the server having named a time.
        repeated: u64,
        sent: u64,
        source: Box<ApiError>,
    },
    /// The credentials were not accepted for a token.
    #[error("{request}: no access token for these credentials ({status}){}", said(.code.as_deref(), .message.as_deref(), None))]
    Auth { request: Box<Request>, status: u16, code: Option<Box<str>>, message: Option<Box<str>> },
    #[error("{request}: cannot understand the answer ({})", .content_type.as_deref().unwrap_or("no content type"))]
    Garbled { request: Box<Request>, content_type: Option<Box<str>>, source: serde_json::Error },
    /// The answer is about another object than the request.
    #[error("{request}: the answer is about another: {what}")]
    Another { request: Box<Request>, what: Box<str> },
    /// A list that the server was to filter shows what was not asked for.
    #[error("{request}: the server does not filter by what a rule of `membersFrom` asks for: {why}")]
    Unasked { request: Box<Request>, why: Box<str> },
    #[error("{request}: the answer is larger than {limit} bytes")]
    TooLarge { request: Box<Request>, limit: usize },
    /// A list could not be proven complete, twice in a row.
    #[error("{request}: the list of {list} is incomplete: {why} ({received} received{})", of(*.total))]
    Incomplete { request: Box<Request>, list: &'static str, received: u64, total: Option<u64>, why: Box<str> },
    #[error("{request}: the list of {list} does not end: {why}")]
    Endless { request: Box<Request>, list: &'static str, why: Box<str> },
    /// The answer sends the client elsewhere; rolecall does not go.
    #[error("{request}: redirected ({status}) to {}", .host.as_deref().unwrap_or("an unnamed place"))]
    Redirected { request: Box<Request>, status: u16, host: Option<Box<str>> },
}

/// What kind of failure it is, for the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Who is asking was not accepted: 401, 403, or no token.
    Auth,
    /// The API, or the way to it, did not do what was asked.
    Remote,
    /// The settings cannot work, whatever the API says.
    Invalid,
}

#[expect(missing_docs, reason = "the names and messages say it")]
impl ApiError {
    pub fn request(&self) -> Option<&Request> {
        match self {
            Self::BadEndpoint { .. }
            | Self::Nowhere { .. }
            | Self::Insecure { .. }
            | Self::Unlisted { .. }
            | Self::UnsendableToken
            | Self::NoClient { .. } => None,
            Self::NoAnswer { request, .. }
            | Self::TimedOut { request, .. }
            | Self::Cut { request }
            | Self::Overdue { request }
            | Self::Refused { request, .. }
            | Self::Throttled { request, .. }
            | Self::Exhausted { request, .. }
            | Self::Auth { request, .. }
            | Self::Garbled { request, .. }
            | Self::Another { request, .. }
            | Self::Unasked { request, .. }
            | Self::TooLarge { request, .. }
            | Self::Incomplete { request, .. }
            | Self::Endless { request, .. }
            | Self::Redirected { request, .. } => Some(request),
        }
    }

    /// Returns what the API said when it refused the request itself: a code and a message, where there are.
    pub fn said(&self) -> impl Iterator<Item = &str> {
        let said =
            if let Self::Refused { code, message, .. } = self { [code, message] } else { [&None, &None] };
        said.into_iter().filter_map(|it| it.as_deref())
    }

    /// Returns the HTTP status with which the API refused the request itself.
    ///
    /// A refused token, a rate and a redirect say nothing of what was asked for.
    pub fn refused(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether it is about what was asked for, and not about the way there or who asks.
    pub(in crate::live) fn is_of_one_answer(&self) -> bool {
        match self {
            // After all its retries: of trouble everywhere every company has its own, and the budget of retries an end.
            Self::Refused { status, .. } => matches!(status, 403 | 404 | 500..=599),
            Self::Garbled { .. }
            | Self::Unasked { .. }
            | Self::TooLarge { .. }
            | Self::Incomplete { .. }
            | Self::Endless { .. } => true,
            _ => false,
        }
    }

    pub fn class(&self) -> Class {
        match self {
            Self::BadEndpoint { .. }
            | Self::Nowhere { .. }
            | Self::Insecure { .. }
            | Self::Unlisted { .. }
            | Self::NoClient { .. } => Class::Invalid,
            Self::UnsendableToken | Self::Auth { .. } | Self::Refused { status: 401 | 403, .. } => {
                Class::Auth
            }
            Self::NoAnswer { .. }
            | Self::TimedOut { .. }
            | Self::Cut { .. }
            | Self::Overdue { .. }
            | Self::Refused { .. }
            | Self::Throttled { .. }
            | Self::Exhausted { .. }
            | Self::Garbled { .. }
            | Self::Another { .. }
            | Self::Unasked { .. }
            | Self::TooLarge { .. }
            | Self::Incomplete { .. }
            | Self::Endless { .. }
            | Self::Redirected { .. } => Class::Remote,
        }
    }

    /// Says whether a write may or may not have happened: only reading again can tell.
    pub fn ambiguous(&self) -> bool {
        let Some(request) = self.request().filter(|request| request.is_write()) else { return false };
        request.unclear
            || self.outcome().is_unclear()
            || matches!(self, Self::Garbled { .. } | Self::Another { .. } | Self::TooLarge { .. })
    }

    /// Returns how long to wait before looking and asking once more; `None` where that changes nothing.
    pub fn again_after(&self) -> Option<Duration> {
        match self {
            // Something answered; what became of the request shows a look.
            Self::Overdue { .. } | Self::Garbled { .. } | Self::TooLarge { .. } => Some(Duration::ZERO),
            _ => retry::after_a_look(self.outcome()),
        }
    }

    /// Returns what happened and why, in one line, without causes that the message already holds.
    pub fn in_one_line(&self) -> String {
        let (mut line, mut said) = (self.to_string(), self.to_string());
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            let text = cause.to_string();
            if !said.contains(&text) {
                line.extend([": ", &text]);
            }
            said = text;
            next = cause.source();
        }
        line
    }

    /// Returns how the attempt ended, as far as sending again is concerned.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::NoAnswer { sent: false, .. } => Outcome::Unsent,
            Self::NoAnswer { .. } | Self::TimedOut { .. } | Self::Cut { .. } => Outcome::Lost,
            Self::Refused { status, retry_after, .. } | Self::Throttled { status, retry_after, .. } => {
                Outcome::Refused { status: *status, retry_after: *retry_after }
            }
            _ => Outcome::Final,
        }
    }

    /// Returns what to do about it, as one sentence without a full stop.
    pub fn hint(&self) -> Option<String> {
        let unclear = match self {
            Self::NoAnswer { sent, .. } => *sent,
            Self::Cut { .. } | Self::TooLarge { .. } | Self::TimedOut { .. } | Self::Exhausted { .. } => true,
            Self::Refused { status, .. } => *status >= 500,
            _ => false,
        };
        if unclear && self.ambiguous() {
            return Some("the change may have been made: plan again to see".to_owned());
        }
        let hint = match self {
            Self::BadEndpoint { .. } => "give the address of the API, such as https://apis.spotnana.com",
            Self::Nowhere { .. } => {
                "set `api: { endpoint: … }` in rolecall.yaml, or name the company in an entry of `api.endpoints`"
            }
            Self::Insecure { .. } => "use https://; plain http is for localhost only",
            Self::Unlisted { .. } => "if it is the right one, say so where the credentials are set",
            Self::UnsendableToken => "check the token for line breaks or spaces copied along",
            Self::NoClient { .. } => "check the CA certificates of this machine (SSL_CERT_FILE)",
            Self::NoAnswer { sent: false, .. } => "check the endpoint, the network and any proxy",
            Self::NoAnswer { .. } | Self::Cut { .. } => "the network or a proxy cut it off: try again",
            Self::TimedOut { .. } => "try again, or allow more time per request",
            Self::Refused { status: 401, .. } => {
                "the access token is missing, expired or revoked: get a new one"
            }
            Self::Refused { status: 403, request, .. } => return Some(forbidden(request)),
            Self::Refused { status: 404, .. } => {
                "check the ids and the endpoint, and that the API user can see this company"
            }
            Self::Refused { status: 400, request, .. } => return Some(unaccepted(request)),
            Self::Refused { status: 500.., .. } => "the API is in trouble: try again later",
            Self::Refused { .. } => {
                "check the endpoint and any proxy; the API's support can look up the debug id"
            }
            Self::Throttled { .. } | Self::Overdue { .. } => {
                "try again later, or ask for less at a time (--max-rps, --concurrency)"
            }
            Self::Exhausted { .. } => {
                "the API or the way to it is in trouble: try again later, or ask for less at a time (--max-rps, --concurrency)"
            }
            Self::Auth { .. } => "check the client id and secret: a rotated secret ends at once",
            Self::Garbled { .. } | Self::TooLarge { .. } => {
                "something other than the API may have answered: check the endpoint and any proxy"
            }
            Self::Another { .. } => {
                "nothing that such an API says can be believed: check the endpoint and any proxy, and tell its support"
            }
            Self::Unasked { .. } => {
                "nobody becomes a member by it: list the people under `members`, or ask for an attribute that the server filters by and shows"
            }
            Self::Incomplete { .. } => "somebody may be changing it right now: try again in a moment",
            Self::Endless { .. } => "the server's paging is broken: nothing was changed on this basis",
            Self::Redirected { .. } => "if you trust that address, make it the endpoint",
        };
        Some(hint.to_owned())
    }

    /// Notes that an earlier attempt may have taken effect.
    pub(super) fn remember(&mut self, unclear: bool) {
        if let Self::NoAnswer { request, .. }
        | Self::TimedOut { request, .. }
        | Self::Cut { request }
        | Self::Refused { request, .. }
        | Self::TooLarge { request, .. }
        | Self::Redirected { request, .. } = self
        {
            request.unclear |= unclear;
        }
    }

    /// Calls a refusal what it is where rates are the reason: 429, or a wait that is `too_long`.
    pub(super) fn throttled(self, too_long: bool) -> Self {
        match self {
            Self::Refused { request, status, retry_after, .. } if status == 429 || too_long => {
                Self::Throttled { request, status, retry_after }
            }
            other => other,
        }
    }

    /// Returns the error for a request that is not repeated because too much was.
    pub(super) fn retry_budget_spent(self, spent: Spent) -> Self {
        let Spent { repeated, sent } = spent;
        match self.request().cloned() {
            Some(request) => {
                Self::Exhausted { request: Box::new(request), repeated, sent, source: Box::new(self) }
            }
            None => self,
        }
    }
}

/// Returns what who asks lacks.
fn forbidden(request: &Request) -> String {
    let needed = request.right().map_or_else(
        || "look at its permissions for this company".to_owned(),
        |it| format!("it needs {it} for this company"),
    );
    format!("the API user may not do this: {needed}")
}

/// Returns what to do where a request was not understood: perhaps the API spells it otherwise.
fn unaccepted(request: &Request) -> String {
    let fields = request.spelt_by();
    if fields.is_empty() {
        return "the API does not accept this form or these values".to_owned();
    }
    let fields = fields.join(", ");
    format!(
        "the API does not accept this form or these values; which form it takes is set by {fields} of \
         `api.dialect`, and `rolecall doctor --probe` finds out"
    )
}

fn said(code: Option<&str>, message: Option<&str>, debug_id: Option<&str>) -> String {
    let mut text = String::new();
    for (before, part, after) in [(" ", code, ""), (": ", message, ""), (" (debug id ", debug_id, ")")] {
        if let Some(part) = part {
            text.extend([before, part, after]);
        }
    }
    text
}

fn waits(retry_after: Option<Duration>) -> String {
    retry_after.map_or_else(String::new, |wait| format!(" and asks to wait {} s", wait.as_secs()))
}

fn of(total: Option<u64>) -> String {
    total.map_or_else(String::new, |total| format!(" of {total}"))
}
