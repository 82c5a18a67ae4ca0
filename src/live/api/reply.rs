//! A whole reply of the API, and what it comes to: an answer that decodes, or an error.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{
    Version,
    header::{CONTENT_TYPE, HeaderMap, LOCATION},
};
use secrecy::zeroize::Zeroize;
use serde::de::DeserializeOwned;

use super::{ApiError, Endpoint, Request, refusal, retry, secrets::Secrets};
use crate::model::json::{DEEPEST, Flaw};

/// A reply of any status, and how it came.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(super) version: Version,
    pub(crate) headers: HeaderMap,
    /// What this machine took for now, half way to the head of the reply.
    pub(crate) at: Timestamp,
    /// From the first byte sent to the last received.
    pub(crate) elapsed: Duration,
    /// All of a success, after decompression; of anything else at least the first 64 KiB.
    pub(crate) body: Vec<u8>,
}

/// How the brackets of JSON stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nesting {
    /// Each that opens is closed; or it is not JSON at all.
    Whole,
    /// Some are open at the end, or a text is.
    Open,
    /// They are deeper than [`DEEPEST`].
    TooDeep,
}

impl Reply {
    /// Returns the reply if it is a success, and else the error that it is, without the secrets.
    pub(super) fn success(
        self,
        request: &Request,
        endpoint: &Endpoint,
        secrets: &Secrets,
    ) -> Result<Self, ApiError> {
        let boxed = || Box::new(request.clone());
        let text = |name| self.headers.get(name)?.to_str().ok();
        match self.status {
            200..300 => Ok(self),
            status @ 300..400 => {
                let host = text(LOCATION).and_then(|it| endpoint.host_of(it));
                Err(ApiError::Redirected { request: boxed(), status, host })
            }
            status => {
                let retry_after = retry::stated(&self.headers, Timestamp::now());
                let refusal::Said { code, message, debug_id } = refusal::read(&self.body, secrets);
                Err(ApiError::Refused { request: boxed(), status, code, message, debug_id, retry_after })
            }
        }
    }

    /// Returns the version of HTTP that it came in.
    pub(crate) fn version(&self) -> &'static str {
        match self.version {
            Version::HTTP_2 => "HTTP/2",
            Version::HTTP_3 => "HTTP/3",
            Version::HTTP_10 => "HTTP/1.0",
            Version::HTTP_09 => "HTTP/0.9",
            // The type is open, and everything else speaks 1.1.
            _ => "HTTP/1.1",
        }
    }

    /// Decodes the answer to `request`.
    ///
    /// # Errors
    /// [`ApiError::Cut`] for the beginning of JSON, [`ApiError::Garbled`] for anything else that it is not.
    pub(super) fn decode<T: DeserializeOwned>(&self, request: &Request) -> Result<T, ApiError> {
        let decoded = if self.is_too_deep() {
            Err(serde::de::Error::custom(format!("nested deeper than {DEEPEST} levels")))
        } else {
            serde_json::from_slice(&self.body).map_err(|error| without_value(&error))
        };
        decoded.map_err(|source| match nesting(&self.body) {
            Nesting::Open => ApiError::Cut { request: Box::new(request.clone()) },
            Nesting::Whole | Nesting::TooDeep => self.garbled(request, source),
        })
    }

    /// Says whether an answer is nested deeper than [`DEEPEST`]. Most have too few brackets, which is seen at once.
    fn is_too_deep(&self) -> bool {
        // One bit tells the two apart. As few as these can be counted in a byte, and many bytes at once.
        let opens = |byte: &u8| u8::from(byte | 0x20 == b'{');
        let (parts, rest) = self.body.as_chunks::<128>();
        let brackets: usize = parts.iter().map(|it| usize::from(it.iter().map(opens).sum::<u8>())).sum();
        let brackets = brackets + rest.iter().map(opens).map(usize::from).sum::<usize>();
        brackets > DEEPEST && nesting(&self.body) == Nesting::TooDeep
    }

    /// Overwrites the body where it holds a secret.
    pub(super) fn wipe(&mut self) {
        self.body.zeroize();
    }

    /// Returns the error for an answer that is not what `request` is answered with.
    fn garbled(&self, request: &Request, source: serde_json::Error) -> ApiError {
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.map(|text| text.chars().take(100).collect());
        ApiError::Garbled { request: Box::new(request.clone()), content_type, source }
    }
}

/// Tells how the brackets of JSON stand. What is not JSON is for the decoder to refuse.
///
/// The decoder's own bound does not hold for what it skips or keeps as text, such as a scope,
/// which others would meet later.
fn nesting(json: &[u8]) -> Nesting {
    if !matches!(json.trim_ascii_start().first(), Some(b'[' | b'{')) {
        return Nesting::Whole;
    }
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' if depth == DEEPEST => return Nesting::TooDeep,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if depth > 0 || in_text { Nesting::Open } else { Nesting::Whole }
}

/// Returns the same complaint without the value it is about, which may be a token or a person's data.
fn without_value(error: &serde_json::Error) -> serde_json::Error {
    serde::de::Error::custom(Flaw::from(error))
}
