//! Who may talk to the server: clients, the tokens they fetch, and the static ones of the seed. None is ever written
//! to a file or a log.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, PoisonError, RwLock},
};

use axum::http::{HeaderMap, Uri, header::AUTHORIZATION};
use serde::{Deserialize, Serialize};

use super::{
    clock::Moment,
    decode,
    model::{Reference, derived_id},
    reply::{Refusal, Reply},
    seed::{Client, Rights, StaticToken},
};

/// How long a token lives, in seconds (contract §2.1: the samples' value).
const LIFETIME: i64 = 3600;

#[derive(Debug)]
pub(super) struct Caller {
    pub(super) reference: Reference,
    pub(super) rights: Rights,
}

pub(super) struct Tokens {
    clients: Vec<(Client, Arc<Caller>)>,
    fixed: HashMap<String, Arc<Caller>>,
    issued: RwLock<Issued>,
}

#[derive(Default)]
struct Issued {
    count: u64,
    /// Each with the second since 1970 at which it expires.
    live: HashMap<String, (Arc<Caller>, i64)>,
}

/// The form of `POST /v2/auth/oauth2-token`; `audience`, `scope` and the rest may be anything.
#[derive(Deserialize)]
struct TokenForm {
    grant_type: String,
    client_id: String,
    client_secret: String,
}

#[derive(Serialize)]
struct TokenReply<'r> {
    access_token: &'r str,
    token_type: &'static str,
    expires_in: i64,
}

/// A secret that nobody can guess: 256 bits of chance, as text.
pub(super) fn fresh() -> io::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The token in a header that has one.
pub(super) fn bearer(header: &str) -> Option<&str> {
    header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|it| it.1)
}

impl Tokens {
    pub(super) fn new(clients: Vec<Client>, fixed: Vec<StaticToken>) -> Self {
        let caller = |name: &str, rights| {
            let reference = Reference { id: derived_id("client", &[name]), name: name.into() };
            Arc::new(Caller { reference, rights })
        };
        let clients = clients.into_iter().map(|client| {
            let caller = caller(&client.id, client.access);
            (client, caller)
        });
        let fixed = fixed.into_iter().map(|token| (token.token, caller("token", token.access)));
        Self { clients: clients.collect(), fixed: fixed.collect(), issued: RwLock::default() }
    }

    /// Answers a request for a token: 400 for what is not such a form, 403 for unknown credentials (contract §2.1).
    pub(super) fn fetch(&self, form: &[u8], now: Moment) -> Result<Reply, Refusal> {
        // A form body and a query are written the same way, and the framework reads the latter.
        let query = std::str::from_utf8(form).ok().and_then(|form| format!("/?{form}").parse::<Uri>().ok());
        let query = query.ok_or_else(|| Refusal::invalid("body", "not a form"))?;
        let form: TokenForm = decode::query(&query)?;
        if form.grant_type != "client_credentials" {
            return Err(Refusal::invalid("grant_type", "the sandbox knows `client_credentials` only"));
        }
        let known =
            self.clients.iter().find(|(c, _)| c.id == form.client_id && c.secret == form.client_secret);
        let (_, caller) = known.ok_or_else(|| Refusal::forbidden("client id or secret is wrong"))?;
        let token = self.issue(caller, now)?;
        Reply::json(&TokenReply { access_token: &token, token_type: "Bearer", expires_in: LIFETIME })
    }

    fn issue(&self, caller: &Arc<Caller>, now: Moment) -> Result<String, Refusal> {
        let token = fresh().map_err(|error| Refusal::broken(error.to_string()))?;
        let mut issued = self.issued.write().unwrap_or_else(PoisonError::into_inner);
        issued.count += 1;
        issued.live.retain(|_, (_, expiry)| *expiry > now.as_second());
        issued.live.insert(token.clone(), (Arc::clone(caller), now.as_second() + LIFETIME));
        Ok(token)
    }

    /// Who bears the token in `headers`; 401 without one, and with one that is unknown or has expired.
    pub(super) fn caller(&self, headers: &HeaderMap, now: Moment) -> Result<Arc<Caller>, Refusal> {
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token =
            header.and_then(bearer).ok_or_else(|| Refusal::not_authenticated("there is no bearer token"))?;
        if let Some(caller) = self.fixed.get(token) {
            return Ok(Arc::clone(caller));
        }
        let issued = self.issued.read().unwrap_or_else(PoisonError::into_inner);
        match issued.live.get(token) {
            Some((caller, expiry)) if *expiry > now.as_second() => Ok(Arc::clone(caller)),
            _ => Err(Refusal::not_authenticated("the access token is invalid")),
        }
    }

    /// Whether the bearer of a token of the seed may change things.
    pub(super) fn may_write(&self, headers: &HeaderMap) -> bool {
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        header.and_then(bearer).and_then(|it| self.fixed.get(it)).is_some_and(|it| it.rights == Rights::Full)
    }

    /// Expires every token that was issued; static ones stay valid.
    pub(super) fn expire_all(&self) {
        self.issued.write().unwrap_or_else(PoisonError::into_inner).live.clear();
    }

    pub(super) fn issued(&self) -> u64 {
        self.issued.read().unwrap_or_else(PoisonError::into_inner).count
    }
}
