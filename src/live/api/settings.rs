//! What a client is told once, at its start: where, in whose name, how patiently.
//!
//! Nothing is read from the environment here; the caller decides where the values come from.

use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

use reqwest::Url;

use super::{ApiError, Credentials, Dialect, Rate};

/// Where, in whose name and how patiently to talk.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Settings {
    pub endpoint: Endpoint,
    pub credentials: Credentials,
    /// Most requests in flight, at least 1; a request that waits for its next attempt is not in flight.
    /// The client starts with sixteen, or fewer, and adapts.
    pub concurrency: usize,
    /// Most requests sent per second, further attempts and token fetches included.
    pub max_rps: Option<Rate>,
    /// Request timeout: longest time for one answer including its body, per attempt.
    pub timeout: Duration,
    /// Attempts after the first; those for which the server named the time do not count.
    pub retries: u32,
    /// Upper bound of the wait before the second attempt; doubles from attempt to attempt.
    pub backoff: Duration,
    /// How this endpoint spells what its documentation leaves open.
    pub dialect: Dialect,
}

impl Settings {
    /// Returns the settings for an endpoint with everything else at its default: at most 16
    /// requests in flight at any rate, 30 s per request, 4 attempts after the first, 250 ms first backoff.
    pub fn new(endpoint: Endpoint, credentials: Credentials) -> Self {
        Self {
            endpoint,
            credentials,
            concurrency: 16,
            max_rps: None,
            timeout: Duration::from_secs(30),
            retries: 4,
            backoff: Duration::from_millis(250),
            dialect: Dialect::default(),
        }
    }
}

/// The address of an API: `https`, or plain `http` to this very machine; no user, query or fragment.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Says whether the endpoint is this very machine, by name or by address.
    pub fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Returns the host and the port, explicit or usual, without the brackets of IPv6.
    pub(crate) fn address(&self) -> (&str, u16) {
        let host = self.0.host_str().unwrap_or_default();
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        (bare, self.0.port_or_known_default().unwrap_or(443))
    }

    /// Returns the port, unless it is the usual one.
    pub(super) fn port(&self) -> Option<u16> {
        self.0.port()
    }

    /// Returns the host as it is resolved, and the port unless it is the usual one.
    pub(super) fn authority(&self) -> Box<str> {
        let host = self.0.host_str().unwrap_or_default();
        self.port().map_or_else(|| host.into(), |port| format!("{host}:{port}").into())
    }

    /// Says whether it is another, or a place below it, at the same scheme, host and port.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        let (path, above) = (self.0.path(), other.0.path().trim_end_matches('/'));
        self.0.origin() == other.0.origin()
            && path.strip_prefix(above).is_some_and(|it| it.is_empty() || it.starts_with('/'))
    }

    /// Says whether answers travel unencrypted, which only loopback may.
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// Returns the host that a `Location` of this endpoint names.
    pub(super) fn host_of(&self, location: &str) -> Option<Box<str>> {
        self.0.join(location).ok()?.host_str().map(Into::into)
    }

    /// Returns the address without a closing slash.
    fn base(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Returns the address of a path below it, with an encoded query; the empty query is none.
    pub(super) fn url(&self, path: &str, query: &str) -> Url {
        // The host is not read anew: that would be the most of it.
        let mut url = self.0.clone();
        url.set_path(&[self.0.path().trim_end_matches('/'), path].concat());
        url.set_query(Some(query).filter(|it| !it.is_empty()));
        url
    }
}

impl FromStr for Endpoint {
    type Err = ApiError;

    /// # Errors
    /// [`ApiError::BadEndpoint`] for what is not a usable address, [`ApiError::Insecure`] for plain
    /// `http` to another machine. Neither repeats the text: it may hold a password.
    fn from_str(raw: &str) -> Result<Self, ApiError> {
        let bad = |why| Err(ApiError::BadEndpoint { why });
        let Ok(url) = Url::parse(raw.trim()) else { return bad("it is not a URL") };
        let Some(host) = url.host_str() else { return bad("it names no host") };
        if !url.username().is_empty() || url.password().is_some() {
            return bad("it contains a user name or password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return bad("it contains a query or a fragment");
        }
        let host = host.into();
        let endpoint = Self(url);
        match endpoint.0.scheme() {
            "https" => Ok(endpoint),
            "http" if endpoint.is_loopback() => Ok(endpoint),
            "http" => Err(ApiError::Insecure { host }),
            _ => bad("its scheme is neither https nor http"),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

/// Returns `pairs` in the form encoding that queries and token requests use.
pub(super) fn form_encoded(pairs: &[(&str, &str)]) -> String {
    // The HTTP crate exposes its encoder only through a URL; this one never leaves the function.
    let Ok(mut url) = Url::parse("http://localhost/") else { return String::new() };
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_this_machine_is_an_endpoint() {
        for fine in [
            "https://apis.example",
            "https://apis.example/base/",
            "http://localhost:8080",
            "http://127.0.0.1:1",
            "http://127.9.9.9",
            "http://[::1]:8080/",
        ] {
            assert!(fine.parse::<Endpoint>().is_ok(), "{fine}");
        }
        for (wrong, insecure) in [
            ("http://apis.example", true),
            ("http://10.0.0.1", true),
            ("http://localhost.example", true),
            ("http://[::2]", true),
            ("ftp://apis.example", false),
            ("apis.example", false),
            ("https://me:secret@apis.example", false),
            ("https://apis.example/?key=1", false),
            ("", false),
        ] {
            let error = wrong.parse::<Endpoint>().unwrap_err();
            assert_eq!(matches!(error, ApiError::Insecure { .. }), insecure, "{wrong}");
            assert!(!format!("{error} {error:?}").contains("secret"));
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn a_base_has_no_closing_slash() {
        assert_eq!("https://x.example/v/".parse::<Endpoint>().unwrap().base(), "https://x.example/v");
        assert_eq!("https://x.example".parse::<Endpoint>().unwrap().to_string(), "https://x.example");
    }

    #[test]
    fn a_path_follows_whatever_path_the_endpoint_has() {
        for base in [
            "https://x.example",
            "https://x.example:8443/v/",
            "https://[::1]/a%20b/ü//",
            "http://localhost:80",
        ] {
            let endpoint: Endpoint = base.parse().unwrap();
            for (path, query) in
                [("/v2/users", ""), ("/v2/users", "email=a%2Bb%40x.example&k=%C3%BC+%3D"), ("/", "a")]
            {
                let mark = if query.is_empty() { "" } else { "?" };
                let whole = [endpoint.base(), path, mark, query].concat();
                assert_eq!(endpoint.url(path, query), Url::parse(&whole).unwrap(), "{whole}");
            }
        }
    }

    #[test]
    fn form_encoding_keeps_signs_apart_from_separators() {
        assert_eq!(
            form_encoded(&[("email", "a+b&c@x.example"), ("k", "ü =")]),
            "email=a%2Bb%26c%40x.example&k=%C3%BC+%3D"
        );
    }

    #[test]
    fn settings_never_print_a_secret() {
        let endpoint: Endpoint = "https://x.example".parse().unwrap();
        for credentials in [
            Credentials::Token("hush-hush".into()),
            Credentials::Client { id: "me".to_owned(), secret: "hush-hush".into() },
        ] {
            assert!(!format!("{:?}", Settings::new(endpoint.clone(), credentials)).contains("hush"));
        }
    }
}
