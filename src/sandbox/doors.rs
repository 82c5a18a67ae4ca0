//! Who is let in at all, before anything is looked at: programs that mean this server, and no page of a browser.
//!
//! A page that somebody has open can send requests to this machine. One whose name was made to lead here after it was
//! loaded may read the answers as well: then `Host` has that name. What is asked by any other page has its `Origin`.
//! Neither a program nor this server's own address needs either.

use std::net::IpAddr;

use axum::http::{
    HeaderMap, HeaderName,
    header::{AUTHORIZATION, HOST, ORIGIN},
    request::Parts,
    uri::Authority,
};

use super::{reply::Refusal, tokens};

/// Whose requests are heard, and what the control plane asks for.
pub(super) struct Doors {
    /// Whether it listens to more than this machine: then any address may be its own.
    pub(super) beyond: bool,
    /// The names by which it may be asked for as well.
    pub(super) names: Vec<String>,
    /// The bearer of this may look at and change the server itself.
    pub(super) control: String,
}

impl Doors {
    /// Refuses what a page of a browser may have sent.
    pub(super) fn pass(&self, parts: &Parts) -> Result<(), Refusal> {
        let named = parts.headers.get_all(HOST).iter().map(|it| it.to_str().ok());
        let asked = parts.uri.authority().map(|it| Some(it.as_str()));
        let mut hosts = named.chain(asked).peekable();
        if hosts.peek().is_none() || !hosts.all(|it| it.is_some_and(|it| self.is_own(it))) {
            return Err(Refusal::forbidden(
                "the Host is none of this server: ask for its address, localhost or a name given by --host",
            ));
        }
        let own = text(&parts.headers, &HOST).map(|it| format!("http://{it}"));
        let foreign = |it: &str| own.as_ref().is_none_or(|own| !own.eq_ignore_ascii_case(it));
        let mut origins = parts.headers.get_all(ORIGIN).iter();
        if origins.any(|it| it.to_str().map_or(true, foreign)) {
            return Err(Refusal::forbidden("requests of other pages are not answered (Origin)"));
        }
        // Of what has no Origin: an image, a form, a link.
        let site = parts.headers.get(HeaderName::from_static("sec-fetch-site"));
        if site.is_some_and(|it| !["same-origin", "none"].map(str::as_bytes).contains(&it.as_bytes())) {
            return Err(Refusal::forbidden("requests of other pages are not answered (Sec-Fetch-Site)"));
        }
        Ok(())
    }

    /// Refuses who does not bear the control token.
    pub(super) fn controls(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        match text(headers, &AUTHORIZATION).and_then(tokens::bearer) {
            Some(token) if token == self.control => Ok(()),
            _ => Err(Refusal::not_authenticated(
                "the control plane takes the control token that was printed at the start, as a bearer token",
            )),
        }
    }

    fn is_own(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        if authority.as_str().contains('@') {
            return false;
        }
        let name = authority.host();
        let address = name.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(name);
        let is_address = match address.parse::<IpAddr>() {
            Ok(address) => address.is_loopback() || self.beyond,
            Err(_) => name.eq_ignore_ascii_case("localhost"),
        };
        is_address || self.names.iter().any(|it| it.eq_ignore_ascii_case(name))
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|it| it.to_str().ok())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn answered(beyond: bool, uri: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let names = vec!["sandbox.example".to_owned()];
        Doors { beyond, names, control: String::new() }.pass(&parts).is_ok()
    }

    #[test]
    fn only_the_own_address_is_answered() {
        for (host, here, beyond) in [
            ("127.0.0.1:8080", true, true),
            ("127.0.0.1", true, true),
            ("127.9.9.9:1", true, true),
            ("[::1]:8080", true, true),
            ("localhost:8080", true, true),
            ("LocalHost", true, true),
            ("Sandbox.example:8080", true, true),
            ("other.sandbox.example", false, false),
            ("10.0.0.7:8080", false, true),
            ("[fe80::1]:1", false, true),
            ("0.0.0.0:8080", false, true),
            ("evil.example", false, false),
            ("evil.example:8080", false, false),
            ("localhost.evil.example", false, false),
            ("127.0.0.1.evil.example", false, false),
            ("127.0.0.1@evil.example", false, false),
            ("evil@127.0.0.1", false, false),
            ("2130706433", false, false),
            ("localhost.", false, false),
            ("", false, false),
        ] {
            for (is_beyond, expected) in [(false, here), (true, beyond)] {
                assert_eq!(
                    answered(is_beyond, "/v2/users", &[("host", host)]),
                    expected,
                    "{host} {is_beyond}"
                );
                let two = [("host", "127.0.0.1"), ("host", host)];
                assert_eq!(answered(is_beyond, "/v2/users", &two), expected, "two of them: {host}");
            }
        }
        assert!(!answered(false, "/v2/users", &[]), "no Host at all");
        assert!(answered(false, "http://127.0.0.1:1/v2/users", &[("host", "127.0.0.1:1")]));
        assert!(!answered(false, "http://evil.example/v2/users", &[("host", "127.0.0.1:1")]));
    }

    #[test]
    fn no_other_page_is_answered() {
        for (header, value, expected) in [
            ("origin", "http://127.0.0.1:8080", true),
            ("origin", "http://127.0.0.1:8081", false),
            ("origin", "https://127.0.0.1:8080", false),
            ("origin", "https://evil.example", false),
            ("origin", "null", false),
            ("origin", "", false),
            ("sec-fetch-site", "none", true),
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "same-site", false),
            ("sec-fetch-site", "cross-site", false),
        ] {
            let headers = [("host", "127.0.0.1:8080"), (header, value)];
            assert_eq!(answered(false, "/__sandbox/latency", &headers), expected, "{header}: {value}");
        }
    }
}
