//! Who may be sent the credentials although only a file names them: files are reviewed by others than those who hold
//! the credentials, and a change of a file must not decide where these go.
//!
//! What the operator names, by flag or environment, needs no list. Reads no environment; the caller brings its text.

use std::str::FromStr;

use super::{ApiError, Endpoint};

/// The hosts of the API that its documentation names (contract §1).
const DOCUMENTED: [&str; 3] =
    ["apis.spotnana.com", "api.spotnana.com", "api-ext-sboxmeta.partners.spotnana.com"];

/// The endpoints that credentials may be sent to whoever names them.
#[derive(Clone, Debug)]
pub struct Recipients(Vec<Recipient>);

#[derive(Clone, Debug)]
enum Recipient {
    /// This very machine, at any port.
    Loopback,
    /// A host as it is spelt, at one port, below one path.
    At(Endpoint),
}

impl Recipients {
    /// The documented addresses of the API.
    pub fn documented() -> impl Iterator<Item = String> {
        DOCUMENTED.iter().map(|it| format!("https://{it}"))
    }

    /// Lets an endpoint pass that a file names.
    ///
    /// # Errors
    /// [`ApiError::Unlisted`] for one that is not listed.
    pub fn admit(&self, endpoint: Endpoint) -> Result<Endpoint, ApiError> {
        let is_listed = self.0.iter().any(|it| match it {
            Recipient::Loopback => endpoint.is_loopback(),
            Recipient::At(listed) => endpoint.is_within(listed),
        });
        if is_listed { Ok(endpoint) } else { Err(ApiError::Unlisted { host: endpoint.authority() }) }
    }
}

impl Default for Recipients {
    /// The documented hosts, and this very machine.
    fn default() -> Self {
        let documented = Self::documented().filter_map(|it| it.parse().ok());
        Self(documented.map(Recipient::At).chain([Recipient::Loopback]).collect())
    }
}

impl FromStr for Recipients {
    type Err = ApiError;

    /// Reads hosts and URLs between commas; a host without a port means the usual one, and of this very machine any.
    ///
    /// # Errors
    /// As an endpoint; and for a pattern, and for a list of nothing.
    fn from_str(raw: &str) -> Result<Self, ApiError> {
        let entries = raw.split(',').map(str::trim).filter(|it| !it.is_empty());
        let listed: Vec<Recipient> = entries.map(recipient).collect::<Result<_, _>>()?;
        if listed.is_empty() {
            return Err(ApiError::BadEndpoint { why: "the list names no host" });
        }
        Ok(Self(listed))
    }
}

fn recipient(entry: &str) -> Result<Recipient, ApiError> {
    if entry.contains('*') {
        return Err(ApiError::BadEndpoint { why: "hosts are listed one by one, without `*`" });
    }
    if entry.contains("://") {
        return entry.parse().map(Recipient::At);
    }
    let endpoint: Endpoint = format!("https://{entry}").parse()?;
    if !endpoint.is_loopback() {
        return Ok(Recipient::At(endpoint));
    }
    // Of this very machine plain http is what is usual; a port that is said counts.
    match endpoint.port() {
        Some(_) => format!("http://{entry}").parse().map(Recipient::At),
        None => Ok(Recipient::Loopback),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `raw` named by a file, with the list that is the default.
    fn refusal(list: &str, raw: &str) -> Option<ApiError> {
        let list = if list.is_empty() { Recipients::default() } else { list.parse().unwrap() };
        raw.parse().and_then(|it| list.admit(it)).err()
    }

    #[test]
    fn what_is_documented_or_this_machine_needs_no_list() {
        for fine in [
            "https://apis.spotnana.com",
            "https://API.Spotnana.com:443/",
            "https://api-ext-sboxmeta.partners.spotnana.com/v",
            // A full-width letter is the letter itself to a resolver as well.
            "https://ａpi.spotnana.com",
            "http://127.0.0.1:8080",
            "http://LOCALHOST:1",
            "http://[::1]:8080",
            "https://localhost",
            // All of these are 127.0.0.1 to every part of the program.
            "http://2130706433:8080",
            "http://0x7f.1",
            "http://127.1",
        ] {
            assert!(refusal("", fine).is_none(), "{fine}");
        }
    }

    /// Every one of them looks like what is listed, and is not.
    #[test]
    fn what_only_looks_like_a_listed_host_is_none() {
        for (trick, unlisted) in [
            ("https://evil.example", true),
            ("https://api.spotnana.com.evil.example", true),
            ("https://evil-api.spotnana.com", true),
            ("https://spotnana.com", true),
            ("https://developer.spotnana.com", true),
            ("https://api.spotnana.com.", true),
            ("https://api.spotnana.com:8443", true),
            ("https://api.spotnana.com%2eevil.example", true),
            ("https://api.spotnana.com\t.evil.example", true),
            // Cyrillic letters, and a dotless i.
            ("https://арі.spotnana.com", true),
            ("https://apı.spotnana.com", true),
            ("https://xn--api-5cd.spotnana.com", true),
            ("https://localhost.evil.example", true),
            ("https://localhost.", true),
            ("https://evil.localhost", true),
            ("https://127.0.0.1.evil.example", true),
            ("https://[::ffff:127.0.0.1]", true),
            ("https://[::]", true),
            ("https://0.0.0.0", true),
            ("https://10.0.0.1", true),
            ("https://api.spotnana.com@evil.example", false),
            ("https://api.spotnana.com:443@evil.example", false),
            ("https://evil.example\\@api.spotnana.com", true),
            ("https://evil.example?@api.spotnana.com", false),
            ("https://evil.example#@api.spotnana.com", false),
            ("http://api.spotnana.com", false),
            ("http://localhost.evil.example", false),
            ("http://[::ffff:127.0.0.1]:8080", false),
            ("http://0.0.0.0:8080", false),
            ("ftp://api.spotnana.com", false),
        ] {
            let error = refusal("", trick).unwrap_or_else(|| panic!("{trick} passed"));
            assert_eq!(matches!(error, ApiError::Unlisted { .. }), unlisted, "{trick}: {error}");
        }
    }

    #[test]
    fn a_list_of_ones_own_is_the_whole_list() {
        for (list, fine) in [
            ("gate.example", "https://gate.example"),
            (" gate.example , other.example,", "https://other.example/v3"),
            ("gate.example:8443", "https://gate.example:8443"),
            ("https://gate.example/spotnana", "https://gate.example/spotnana"),
            ("https://gate.example/spotnana/", "https://gate.example/spotnana/v3"),
            ("localhost", "http://localhost:8080"),
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert!(refusal(list, fine).is_none(), "{list}: {fine}");
        }
        for (list, wrong) in [
            ("gate.example", "https://api.spotnana.com"),
            ("gate.example", "http://127.0.0.1:8080"),
            ("gate.example", "https://gate.example:8443"),
            ("gate.example:8443", "https://gate.example"),
            ("https://gate.example/spotnana", "https://gate.example"),
            ("https://gate.example/spotnana", "https://gate.example/spotnana-evil"),
            ("https://gate.example/spotnana", "https://gate.example/spotnana/../evil"),
            ("https://gate.example/spotnana", "https://gate.example/spotnana/%2e%2e/evil"),
            ("127.0.0.1:8080", "http://127.0.0.1:8081"),
            ("http://127.0.0.1", "http://127.0.0.1:8081"),
        ] {
            assert!(matches!(refusal(list, wrong), Some(ApiError::Unlisted { .. })), "{list}: {wrong}");
        }
        for bad in
            [",", "*.example", "http://gate.example", "me:secret@gate.example", "https://", "gate.example?x"]
        {
            let error = bad.parse::<Recipients>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"), "{bad}");
        }
    }
}
