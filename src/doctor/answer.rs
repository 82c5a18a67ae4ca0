//! One answer of an API as seen from outside, and a token as far as it may be known.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::Value;

/// An answer, and how it came.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) version: &'static str,
    pub(crate) date: Option<Timestamp>,
    /// What this machine took for now, half way to the head of the answer.
    pub(crate) at: Timestamp,
    /// The body of a success; looked at for its shape, never shown.
    pub(crate) body: Value,
    /// Why rolecall cannot work with that body, if it cannot.
    pub(crate) flaw: Option<String>,
}

impl fmt::Debug for Answer {
    /// Leaves the body out: it may name people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    Given,
    Fetched,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenFacts {
    pub(crate) came: Came,
    /// Seconds that it lives, where the server said.
    pub(crate) expires_in: Option<u64>,
    /// When it ends, where the token itself says so.
    pub(crate) ends: Option<Timestamp>,
    /// What it is for, in the server's words.
    pub(crate) scope: Option<String>,
}

impl TokenFacts {
    /// Returns what a token that was given says about itself: when it ends, if it is a JWT (RFC 7519 §4.1.4).
    pub(crate) fn given(token: &str) -> Self {
        let ends = || {
            let claims = token.trim().split('.').nth(1)?;
            let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
            let claims: Value = serde_json::from_slice(&claims).ok()?;
            let exp = &claims["exp"];
            let whole = |it: f64| (it.is_finite() && it.abs() < 1e12).then_some(it as i64);
            let exp = exp.as_i64().or_else(|| whole(exp.as_f64()?))?;
            Timestamp::from_second(exp).ok()
        };
        Self { came: Came::Given, expires_in: None, ends: ends(), scope: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jwt_says_when_it_ends_and_anything_else_says_nothing() {
        let jwt = |claims: &str| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        for (token, ends) in [
            (jwt(r#"{"exp":1800000000,"sub":"root@voyager.example"}"#), Some(1_800_000_000)),
            (jwt(r#"{"exp":1800000000.5}"#), Some(1_800_000_000)),
            (jwt(r#"{"exp":1e300}"#), None),
            (jwt(r#"{"exp":"soon"}"#), None),
            (jwt("{}"), None),
            ("full-token".to_owned(), None),
            ("a.b.c".to_owned(), None),
            (String::new(), None),
        ] {
            let facts = TokenFacts::given(&token);
            assert_eq!(facts.ends.map(Timestamp::as_second), ends, "{token}");
            assert!(!format!("{facts:?}").contains("root@"), "nothing else is kept");
        }
    }
}
