//! What proves who is asking, as one request carries it. Cannot be printed, and fetches nothing.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::ApiError;

const SCHEME: &str = "Bearer ";
const LOGIN: &str = "Basic ";

/// An access token, and which fetch it came from. Clones share the one text, which is wiped with the last.
#[derive(Clone)]
pub(super) struct Bearer {
    header: Arc<SecretString>,
    serial: u64,
}

/// The newest access token, which a request goes with however long it had to wait.
#[derive(Default)]
pub(super) struct Newest(Mutex<Option<Held>>);

struct Held {
    bearer: Bearer,
    /// When it is no longer used; `None` for never.
    renew_at: Option<Instant>,
}

/// What proves who is asking.
pub(super) enum Proof<'a> {
    /// None is sent with it.
    Nothing,
    /// An access token, in a header.
    Bearer(Bearer, &'a Newest),
}

impl Bearer {
    pub(super) fn new(token: &SecretString, serial: u64) -> Result<Self, ApiError> {
        Self::of([SCHEME, token.expose_secret()].concat().into(), serial)
    }

    /// A name and a password in the place of a token (RFC 7617).
    pub(super) fn login(login: &SecretString) -> Result<Self, ApiError> {
        let encoded = SecretString::from(BASE64_STANDARD.encode(login.expose_secret()));
        Self::of([LOGIN, encoded.expose_secret()].concat().into(), 0)
    }

    fn of(header: SecretString, serial: u64) -> Result<Self, ApiError> {
        let bearer = Self { header: Arc::new(header), serial };
        bearer.header().map(|_| bearer)
    }

    /// Returns the header of one request. It is a copy that the HTTP crate keeps as long as the request
    /// and does not wipe; marked as sensitive, it is neither printed nor put into a shared table of headers.
    fn header(&self) -> Result<HeaderValue, ApiError> {
        let mut header =
            HeaderValue::from_str(self.header.expose_secret()).map_err(|_| ApiError::UnsendableToken)?;
        header.set_sensitive(true);
        Ok(header)
    }

    pub(super) fn serial(&self) -> u64 {
        self.serial
    }
}

impl Newest {
    pub(super) fn set(&self, bearer: Bearer, renew_at: Option<Instant>) {
        *self.held() = Some(Held { bearer, renew_at });
    }

    /// Returns the newest token, even if it is about to end.
    pub(super) fn get(&self) -> Option<Bearer> {
        self.held().as_ref().map(|it| it.bearer.clone())
    }

    /// Returns the newest token unless it is about to end.
    pub(super) fn lasting(&self) -> Option<Bearer> {
        let lasts = |it: &&Held| it.renew_at.is_none_or(|end| Instant::now() < end);
        self.held().as_ref().filter(lasts).map(|it| it.bearer.clone())
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Proof<'_> {
    /// Returns the header to send, after exchanging a token for the newest.
    pub(super) fn authorization(&mut self) -> Result<Option<HeaderValue>, ApiError> {
        match self {
            Self::Nothing => Ok(None),
            Self::Bearer(bearer, newest) => {
                *bearer = newest.get().unwrap_or_else(|| bearer.clone());
                bearer.header().map(Some)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_hides_itself_and_refuses_line_breaks() {
        let bearer = Bearer::new(&"hush-hush".into(), 0).unwrap();
        assert_eq!(bearer.header().unwrap(), "Bearer hush-hush");
        assert!(!format!("{:?}", bearer.header()).contains("hush"));
        assert!(matches!(Bearer::new(&"a\nb".into(), 0), Err(ApiError::UnsendableToken)));
    }
}
