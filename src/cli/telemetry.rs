//! What the operator sees of a run beside its result: a log on standard error, and spans for a collector of theirs.
//!
//! Nothing is sent anywhere unless the operator's environment names a collector. Neither holds a secret, an
//! address or a body: methods, path templates, statuses and times.

use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use super::{Global, log};

/// The log and the spans of a run; what is still to be sent goes out when it is dropped.
#[derive(Default)]
pub(super) struct Telemetry {
    #[cfg(feature = "otel")]
    spans: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
}

/// Starts the log that the flags ask for, and the spans that the environment asks for.
pub(super) fn start(global: &Global) -> Telemetry {
    let telemetry = Telemetry::new();
    tracing_subscriber::registry().with(log::layer(global)).with(telemetry.layer()).init();
    telemetry
}

#[cfg(not(feature = "otel"))]
impl Telemetry {
    fn new() -> Self {
        Self::default()
    }

    /// A build without the feature sends nothing.
    fn layer(&self) -> Option<tracing_subscriber::layer::Identity> {
        None
    }
}

#[cfg(feature = "otel")]
mod otel {
    use std::env;

    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_otlp::{OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, SpanExporter};
    use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
    use tracing_subscriber::{EnvFilter, Layer, registry::LookupSpan};

    use super::Telemetry;

    impl Telemetry {
        /// Reads the usual variables: endpoint, headers, timeout and service name are theirs.
        pub(super) fn new() -> Self {
            let named = [OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT]
                .iter()
                .any(|it| env::var_os(it).is_some_and(|it| !it.is_empty()));
            Self { spans: named.then(provider).flatten() }
        }

        pub(super) fn layer<S>(&self) -> Option<impl Layer<S>>
        where
            S: tracing::Subscriber + for<'span> LookupSpan<'span>,
        {
            let tracer = self.spans.as_ref()?.tracer("rolecall");
            let spans = tracing_opentelemetry::layer()
                .with_tracer(tracer)
                // Places in the source and threads are of no use to an operator.
                .with_location(false)
                .with_threads(false);
            Some(spans.with_filter(EnvFilter::new("rolecall=debug")))
        }
    }

    fn provider() -> Option<SdkTracerProvider> {
        // The exporter's own client needs it before the API's does. Fails only if there is one already.
        _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = SpanExporter::builder().with_http().build();
        let name = env::var("OTEL_SERVICE_NAME").unwrap_or_else(|_| "rolecall".to_owned());
        match exporter {
            Ok(exporter) => Some(
                SdkTracerProvider::builder()
                    .with_batch_exporter(exporter)
                    .with_resource(Resource::builder().with_service_name(name).build())
                    .build(),
            ),
            Err(error) => {
                // Telemetry stops no run; there is no log yet to say it in.
                anstream::eprintln!("warning: no spans are exported: {error}");
                None
            }
        }
    }

    impl Drop for Telemetry {
        fn drop(&mut self) {
            if let Some(Err(error)) = self.spans.take().map(|it| it.shutdown()) {
                tracing::warn!(%error, "spans were not exported");
            }
        }
    }
}
