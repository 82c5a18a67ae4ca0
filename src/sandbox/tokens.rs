//! Who may talk to the server: clients, the tokens they fetch, and the static ones of the seed. None is ever written
//! to a file or a log.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use axum::http::{HeaderMap, Uri, header::AUTHORIZATION};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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
        let token = self.issue(caller, now);
        Reply::json(&TokenReply { access_token: &token, token_type: "Bearer", expires_in: LIFETIME })
    }

    fn issue(&self, caller: &Arc<Caller>, now: Moment) -> String {
        let mut issued = self.issued.write().unwrap_or_else(PoisonError::into_inner);
        issued.count += 1;
        // The process and its clock are part of it, so that a token of an earlier server is unknown here.
        let seed = format!("{} {} {}", std::process::id(), jiff::Timestamp::now(), issued.count);
        let token: String = Sha256::digest(seed).iter().map(|byte| format!("{byte:02x}")).collect();
        issued.live.retain(|_, (_, expiry)| *expiry > now.as_second());
        issued.live.insert(token.clone(), (Arc::clone(caller), now.as_second() + LIFETIME));
        token
    }

    /// Who bears the token in `headers`; 401 without one, and with one that is unknown or has expired.
    pub(super) fn caller(&self, headers: &HeaderMap, now: Moment) -> Result<Arc<Caller>, Refusal> {
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (_, token) = header
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .ok_or_else(|| Refusal::not_authenticated("there is no bearer token"))?;
        if let Some(caller) = self.fixed.get(token) {
            return Ok(Arc::clone(caller));
        }
        let issued = self.issued.read().unwrap_or_else(PoisonError::into_inner);
        match issued.live.get(token) {
            Some((caller, expiry)) if *expiry > now.as_second() => Ok(Arc::clone(caller)),
            _ => Err(Refusal::not_authenticated("the access token is invalid")),
        }
    }

    /// Expires every token that was issued; static ones stay valid.
    pub(super) fn expire_all(&self) {
        self.issued.write().unwrap_or_else(PoisonError::into_inner).live.clear();
    }

    pub(super) fn issued(&self) -> u64 {
        self.issued.read().unwrap_or_else(PoisonError::into_inner).count
    }
}
