//! Looks at an API: asks once what only reads, and keeps what an answer looks like.
//!
//! It is the client that asks, with its throttle, tokens and bounds; only that refusals are not repeated, unless the
//! server asks to wait. Nothing is decided here, and what a refusal says is cut and cleared of secrets as everywhere.

use std::net::IpAddr;

use secrecy::ExposeSecret;

use crate::{
    doctor::{Answer, Came, TokenFacts},
    live::api::{
        ApiError, Connection, Credentials, Endpoint, Question, Reader, Reply, Settings, Traffic, Writer,
        connect_beside, date, look,
    },
};

/// Rows of the pages that are tried where larger ones are refused; one row is the last resort.
const SMALLER: [u32; 3] = [50, 25, 10];

/// Asks an API, and notes how it is answered.
pub struct Observer {
    connection: Connection,
    settings: Settings,
}

impl Observer {
    /// Returns an observer without a token of its own yet; no network is touched.
    ///
    /// # Errors
    /// When no TLS client can be built, or a token that is given cannot stand in a header.
    pub fn new(settings: Settings) -> Result<Self, ApiError> {
        Ok(Self { connection: look(settings.clone())?, settings })
    }

    pub(in crate::doctor) async fn addresses(endpoint: &Endpoint) -> std::io::Result<Vec<IpAddr>> {
        let mut found: Vec<IpAddr> =
            tokio::net::lookup_host(endpoint.address()).await?.map(|it| it.ip()).collect();
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    pub(in crate::doctor) fn traffic(&self) -> Traffic {
        self.connection.traffic()
    }

    pub(in crate::doctor) fn set_page_limit(&mut self, rows: u32) {
        self.settings.dialect.page_limit = rows;
    }

    /// Returns the two halves of a client that repeats what fails, as every client does: one that did not would
    /// leave behind what it made. What they send and what is asked here keep one rate together.
    pub(in crate::doctor) fn connect(&self) -> Result<(Reader, Writer), ApiError> {
        connect_beside(&self.connection, self.settings.clone())
    }

    pub(in crate::doctor) async fn token(&self) -> Result<TokenFacts, ApiError> {
        if let Credentials::Token(token) = &self.settings.credentials {
            return Ok(TokenFacts::given(token.expose_secret()));
        }
        let grant = self.connection.grant().await?;
        let (expires_in, scope) = grant.map_or((None, None), |it| (it.expires_in, it.scope));
        Ok(TokenFacts { came: Came::Fetched, expires_in, ends: None, scope })
    }

    pub(in crate::doctor) async fn knock(&self) -> Result<Answer, ApiError> {
        self.connection.knock().await.map(|it| Answer::new(&it, None))
    }

    pub(in crate::doctor) async fn ask(&self, question: &Question) -> Result<Answer, ApiError> {
        let reply = self.connection.ask(*question).await?;
        let flaw = question.flaw(&reply.body);
        Ok(Answer::new(&reply, flaw))
    }

    /// Returns the largest page of a list that is not refused: of so many rows, or of a few smaller ones.
    pub(in crate::doctor) async fn page_of(
        &self,
        list: impl Fn(u32) -> Question,
        rows: u32,
    ) -> Result<u32, ApiError> {
        let fewer = SMALLER.into_iter().filter(|it| *it < rows);
        for rows in [rows].into_iter().chain(fewer) {
            match self.ask(&list(rows)).await {
                Err(ApiError::Refused { status: 400, .. }) => {}
                answer => return answer.map(|_| rows),
            }
        }
        self.ask(&list(1)).await.map(|_| 1)
    }
}

impl Answer {
    fn new(reply: &Reply, flaw: Option<String>) -> Self {
        let success = if reply.status < 300 { serde_json::from_slice(&reply.body).ok() } else { None };
        Self {
            status: reply.status,
            version: reply.version(),
            date: date(&reply.headers),
            at: reply.at,
            body: success.unwrap_or_default(),
            flaw,
        }
    }
}
