//! The access token: fetched when first needed, kept for the run, renewed before it ends.
//!
//! One fetch at a time: a request that needs a token meanwhile waits for that one. Never written anywhere.

use std::time::{Duration, Instant};

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::sync::Mutex;

use super::{
    ApiError, Credentials, Request,
    bearer::{Bearer, Newest, Proof},
    reply::Reply,
    sender::Sender,
    settings::form_encoded,
    transport::{FORM, Payload},
};

/// Lifetime assumed where the answer states none (contract §2.1).
const USUAL_LIFETIME: u64 = 3600;
/// Longest lifetime believed, in seconds; also keeps the arithmetic of instants in range.
const LONGEST_LIFETIME: u64 = 30 * 86_400;

pub(super) struct Tokens {
    newest: Newest,
    /// The API user to fetch them for; a token that was given is the only one.
    client: Option<(String, SecretString)>,
    fetching: Mutex<()>,
}

/// What the answer says of a token that was fetched.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// Seconds that it lives.
    pub(crate) expires_in: Option<u64>,
    /// What it is for, in the server's words.
    pub(crate) scope: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Granted {
    #[serde(deserialize_with = "secret")]
    access_token: SecretString,
    #[serde(default)]
    expires_in: Option<Value>,
    #[serde(default)]
    scope: Option<Value>,
}

/// Reads a text into one that cannot be printed and is wiped.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(Into::into)
}

impl Tokens {
    pub(super) fn new(credentials: Credentials) -> Result<Self, ApiError> {
        let newest = Newest::default();
        let client = match credentials {
            Credentials::Token(token) => {
                newest.set(Bearer::new(&token.expose_secret().trim().into(), 0)?, None);
                None
            }
            Credentials::Login(login) => {
                newest.set(Bearer::login(&login)?, None);
                None
            }
            Credentials::Client { id, secret } => Some((id, secret)),
        };
        Ok(Self { newest, client, fetching: Mutex::new(()) })
    }

    /// Returns the current token, fetched where there is none or it is about to end.
    pub(super) async fn proof(&self, sender: &Sender) -> Result<Proof<'_>, ApiError> {
        let lasting = || self.newest.lasting().map(|it| Proof::Bearer(it, &self.newest));
        if let Some(proof) = lasting() {
            return Ok(proof);
        }
        let _fetching = self.fetching.lock().await;
        if let Some(proof) = lasting() {
            return Ok(proof);
        }
        self.fetched(sender).await?;
        Ok(self.newest.get().map_or(Proof::Nothing, |it| Proof::Bearer(it, &self.newest)))
    }

    /// Returns another token than the one that was refused, or nothing if there can be no other.
    pub(super) async fn renewed(
        &self,
        sender: &Sender,
        refused: &Proof<'_>,
    ) -> Result<Option<Proof<'_>>, ApiError> {
        let (Proof::Bearer(refused, _), Some(_)) = (refused, &self.client) else { return Ok(None) };
        let _fetching = self.fetching.lock().await;
        let other = || self.newest.get().filter(|it| it.serial() != refused.serial());
        if other().is_none() {
            self.fetched(sender).await?;
        }
        Ok(other().map(|it| Proof::Bearer(it, &self.newest)))
    }

    /// Fetches a token in any case and returns what is said of it; nothing of one that was given.
    pub(super) async fn grant(&self, sender: &Sender) -> Result<Option<Grant>, ApiError> {
        let _fetching = self.fetching.lock().await;
        self.fetched(sender).await
    }

    async fn fetched(&self, sender: &Sender) -> Result<Option<Grant>, ApiError> {
        let Some((id, secret)) = &self.client else { return Ok(None) };
        // A token too many is harmless, so the request may be repeated like a read.
        let request = Request::reads(Method::POST, "/v2/auth/oauth2-token", &[]);
        let secret = secret.expose_secret();
        let form = SecretString::from(form_encoded(&[
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret),
        ]));
        let payload = Payload { query: "", body: form.expose_secret().as_bytes(), content_type: FORM };
        let serial = self.newest.get().map_or(0, |it| it.serial()) + 1;
        let asked_at = Instant::now();
        let mut granted = None;
        let mut read = |mut reply: Reply| {
            let decoded = reply.decode(&request);
            reply.wipe();
            decoded.map(|it| granted = Some(it))
        };
        let mut proof = Proof::Nothing;
        sender.exchange(&request, &payload, &mut proof, None, &mut read).await.map_err(refused)?;
        let Some(Granted { access_token, expires_in, scope }) = granted else { return Ok(None) };
        sender.secrets.add(&access_token);
        let expires_in = seconds(expires_in.as_ref());
        self.newest.set(Bearer::new(&access_token, serial)?, Some(asked_at + use_for(expires_in)));
        let scope =
            scope.and_then(|it| Some(sender.secrets.redacted(it.as_str()?).chars().take(200).collect()));
        Ok(Some(Grant { expires_in, scope }))
    }
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

/// Reads a lifetime, a number or the text of one.
fn seconds(stated: Option<&Value>) -> Option<u64> {
    stated.and_then(|it| it.as_u64().or_else(|| it.as_str()?.parse().ok()))
}

/// Returns how long to use a token: nine tenths of its life, so that none ends under way.
fn use_for(stated: Option<u64>) -> Duration {
    Duration::from_secs(stated.unwrap_or(USUAL_LIFETIME).min(LONGEST_LIFETIME)) * 9 / 10
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_used_for_nine_tenths_of_its_life() {
        for (stated, used) in [
            (json!(1000), 900),
            (json!("1000"), 900),
            (json!(0), 0),
            (json!(null), 3240),
            (json!("soon"), 3240),
            (json!(-1), 3240),
            (json!(u64::MAX), LONGEST_LIFETIME * 9 / 10),
        ] {
            assert_eq!(use_for(super::seconds(Some(&stated))), Duration::from_secs(used), "{stated}");
        }
        assert_eq!(use_for(None), Duration::from_secs(3240));
    }
}
