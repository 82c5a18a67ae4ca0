//! The HTTP client itself: TLS, certificates, proxies, redirects. Knows nothing of the API.

use std::{sync::Once, time::Duration};

use reqwest::{Certificate, Client, ClientBuilder, redirect::Policy};

use super::{ApiError, Settings};

/// Longest wait for a connection. The time for a whole answer is a setting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Builds the client for an endpoint. No network is touched.
pub(super) fn client(settings: &Settings) -> Result<Client, ApiError> {
    install_provider();
    let fresh = || builder(settings);
    let built = if settings.endpoint.is_plain() {
        // Only loopback is plain: loading the machine's CA store would cost most of the start-up
        // and never be used.
        fresh().tls_certs_only([]).build()
    } else {
        fresh().build().or_else(|error| {
            // Whoever says which authorities to trust does not mean all others.
            if ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().any(|it| std::env::var_os(it).is_some()) {
                return Err(error);
            }
            // A machine without a CA store cannot build a client at all (dependencies §4.3).
            tracing::warn!(%error, "no CA certificates on this machine: using the bundled ones");
            let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
            let roots: Result<Vec<_>, _> = roots.iter().map(|root| Certificate::from_der(root)).collect();
            fresh().tls_certs_only(roots?).build()
        })
    };
    built.map_err(|source| ApiError::NoClient { source: source.without_url() })
}

fn builder(settings: &Settings) -> ClientBuilder {
    let loopback = settings.endpoint.is_loopback();
    let builder = Client::builder()
        .user_agent(concat!("rolecall/", env!("CARGO_PKG_VERSION")))
        // An API has no business redirecting, least of all a write or a token request.
        .redirect(Policy::none())
        .https_only(!settings.endpoint.is_plain())
        .timeout(settings.timeout)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(settings.concurrency.max(1))
        .tcp_nodelay(true);
    // `HTTP_PROXY` would be obeyed for this very machine too.
    if loopback { builder.no_proxy() } else { builder }
}

fn install_provider() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // Fails only if the program has installed one already, which serves as well.
        _ = rustls::crypto::ring::default_provider().install_default();
    });
}
