//! The access token: fetched when first needed, kept for the run, renewed before it ends.
//!
//! One fetch at a time: whoever needs a token meanwhile waits for that one. Never written anywhere.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{Method, header::HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use tokio::sync::Mutex;

use super::{
    ApiError, Credentials, Request,
    connection::{Connection, FORM, Payload, Proof},
    settings::form_encoded,
};

/// Lifetime assumed where the answer states none (contract §2.1).
const USUAL_LIFETIME: u64 = 3600;
/// Longest lifetime believed, in seconds; also keeps the arithmetic of instants in range.
const LONGEST_LIFETIME: u64 = 30 * 86_400;
const SCHEME: &str = "Bearer ";

/// What proves who is asking, and which fetch it came from. Clones share the one text, which is wiped with the last.
#[derive(Clone)]
pub(super) struct Bearer {
    header: Arc<SecretString>,
    serial: u64,
}

impl Bearer {
    fn new(token: &SecretString, serial: u64) -> Result<Self, ApiError> {
        let header = SecretString::from([SCHEME, token.expose_secret()].concat());
        let bearer = Self { header: Arc::new(header), serial };
        bearer.header().map(|_| bearer)
    }

    /// Returns the header of one request. It is a copy that the HTTP crate keeps as long as the request
    /// and does not wipe; marked as sensitive, it is neither printed nor put into a shared table of headers.
    pub(super) fn header(&self) -> Result<HeaderValue, ApiError> {
        let mut header =
            HeaderValue::from_str(self.header.expose_secret()).map_err(|_| ApiError::UnsendableToken)?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// Returns the token, so that it can be blotted out of what the server says.
    pub(super) fn secret(&self) -> &str {
        self.header.expose_secret().strip_prefix(SCHEME).unwrap_or_default()
    }
}

/// Where bearers come from.
pub(super) enum Tokens {
    /// Given once; there is no other.
    Fixed(Bearer),
    /// Fetched for an API user.
    Fetched { id: String, secret: SecretString, current: Mutex<Option<Current>> },
}

/// The token in use.
pub(super) struct Current {
    bearer: Bearer,
    renew_at: Instant,
}

#[derive(Deserialize)]
pub(super) struct Granted {
    #[serde(deserialize_with = "secret")]
    access_token: SecretString,
    expires_in: Option<serde_json::Value>,
}

/// Reads a text into one that cannot be printed and is wiped.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(Into::into)
}

impl Tokens {
    pub(super) fn new(credentials: Credentials) -> Result<Self, ApiError> {
        Ok(match credentials {
            Credentials::Token(token) => Self::Fixed(Bearer::new(&token.expose_secret().trim().into(), 0)?),
            Credentials::Client { id, secret } => Self::Fetched { id, secret, current: Mutex::new(None) },
        })
    }

    /// Returns the current bearer, fetching one where there is none or it is about to end.
    pub(super) async fn bearer(&self, connection: &Connection) -> Result<Bearer, ApiError> {
        match self {
            Self::Fixed(bearer) => Ok(bearer.clone()),
            Self::Fetched { id, secret, current } => {
                let mut current = current.lock().await;
                match &*current {
                    Some(held) if Instant::now() < held.renew_at => Ok(held.bearer.clone()),
                    _ => fetch(connection, id, secret, &mut current).await,
                }
            }
        }
    }

    /// Exchanges a bearer for the current one, if that is at hand.
    pub(super) fn refresh(&self, bearer: &mut Bearer) {
        match self {
            Self::Fixed(_) => {}
            Self::Fetched { current, .. } => {
                // Whoever holds it is just fetching: the refusal to come, if it does, waits for that.
                if let Ok(current) = current.try_lock()
                    && let Some(held) = &*current
                {
                    *bearer = held.bearer.clone();
                }
            }
        }
    }

    /// Returns another bearer than `refused`, or nothing if there can be no other.
    pub(super) async fn renewed(
        &self,
        connection: &Connection,
        refused: &Bearer,
    ) -> Result<Option<Bearer>, ApiError> {
        match self {
            Self::Fixed(_) => Ok(None),
            Self::Fetched { id, secret, current } => {
                let mut current = current.lock().await;
                match &*current {
                    // Another request was refused first and has fetched it already.
                    Some(held) if held.bearer.serial != refused.serial => Ok(Some(held.bearer.clone())),
                    _ => fetch(connection, id, secret, &mut current).await.map(Some),
                }
            }
        }
    }
}

async fn fetch(
    connection: &Connection,
    id: &str,
    secret: &SecretString,
    current: &mut Option<Current>,
) -> Result<Bearer, ApiError> {
    // A token too many is harmless, so the request may be repeated like a read.
    let request = Request::reads(Method::POST, "/v2/auth/oauth2-token", &[]);
    let secret = secret.expose_secret();
    let form = SecretString::from(form_encoded(&[
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
    ]));
    let body = form.expose_secret().as_bytes();
    let mut payload =
        Payload { query: "", body, content_type: FORM, proof: Proof::Secret(secret), until: None };
    let serial = current.as_ref().map_or(0, |held| held.bearer.serial) + 1;
    let asked_at = Instant::now();
    let mut answer = connection.exchange(&request, &mut payload).await.map_err(refused)?;
    let granted = answer.decode(&request);
    answer.wipe();
    let Granted { access_token, expires_in } = granted?;
    let bearer = Bearer::new(&access_token, serial)?;
    *current = Some(Current { bearer: bearer.clone(), renew_at: asked_at + use_for(expires_in.as_ref()) });
    Ok(bearer)
}

/// The declared refusal of bad credentials is 403; 400 and 401 are accepted as such (contract §2.1).
fn refused(error: ApiError) -> ApiError {
    match error {
        ApiError::Refused { request, status: status @ (400 | 401 | 403), code, message, .. } => {
            ApiError::Auth { request, status, code, message }
        }
        other => other,
    }
}

/// Returns how long to use a token: nine tenths of its life, so that none ends under way.
fn use_for(expires_in: Option<&serde_json::Value>) -> Duration {
    let stated = expires_in.and_then(|stated| stated.as_u64().or_else(|| stated.as_str()?.parse().ok()));
    Duration::from_secs(stated.unwrap_or(USUAL_LIFETIME).min(LONGEST_LIFETIME)) * 9 / 10
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_used_for_nine_tenths_of_its_life() {
        for (stated, seconds) in [
            (json!(1000), 900),
            (json!("1000"), 900),
            (json!(0), 0),
            (json!(null), 3240),
            (json!("soon"), 3240),
            (json!(-1), 3240),
            (json!(u64::MAX), LONGEST_LIFETIME * 9 / 10),
        ] {
            assert_eq!(use_for(Some(&stated)), Duration::from_secs(seconds), "{stated}");
        }
        assert_eq!(use_for(None), Duration::from_secs(3240));
    }

    #[test]
    fn a_bearer_hides_itself_and_refuses_line_breaks() {
        let bearer = Bearer::new(&"hush-hush".into(), 0).unwrap();
        assert_eq!(bearer.secret(), "hush-hush");
        assert_eq!(bearer.header().unwrap(), "Bearer hush-hush");
        assert!(!format!("{:?}", bearer.header()).contains("hush"));
        assert!(matches!(Bearer::new(&"a\nb".into(), 0), Err(ApiError::UnsendableToken)));
    }
}
