//! The log on standard error: for the people who run rolecall, not for the readers of a plan.
//!
//! Only rolecall's own events: those of the HTTP crates below it would tell addresses and queries.

use std::{
    fmt::{self, Debug},
    io,
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use super::{Global, LogFormat};

pub(super) fn layer(global: &Global) -> Option<Box<dyn Layer<Registry> + Send + Sync>> {
    let level = match global.verbose {
        0 => return None,
        1 => "rolecall=debug",
        _ => "rolecall=trace",
    };
    let log = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let filter = EnvFilter::new(level);
    Some(match global.log_format {
        LogFormat::Text => log.event_format(Lines).with_filter(filter).boxed(),
        // What a line says is whole; which span it is in is for the collector.
        LogFormat::Json => {
            let log = log.json().flatten_event(true).with_current_span(false).with_span_list(false);
            log.with_filter(filter).boxed()
        }
    })
}

struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut facts = Facts::default();
        event.record(&mut facts);
        writeln!(writer, "{facts}")
    }
}

#[derive(Default)]
struct Facts {
    message: String,
    others: Vec<(&'static str, String)>,
}

impl Visit for Facts {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            name => self.others.push((name, text)),
        }
    }
}

impl fmt::Display for Facts {
    /// `request: POST /v3/…: status 200, attempt 1, 3 ms`, and everything else as `message: name value, …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let fact = |name: &str| self.others.iter().find(|it| it.0 == name).map(|it| &*it.1);
        if let (Some(method), Some(path), Some(attempt), Some(ms)) =
            (fact("method"), fact("path"), fact("attempt"), fact("ms"))
        {
            let status = fact("status").map_or_else(|| "no status".to_owned(), |it| format!("status {it}"));
            return write!(f, ": {method} {path}: {status}, attempt {attempt}, {ms} ms");
        }
        for (n, (name, value)) in self.others.iter().enumerate() {
            write!(f, "{} {name} {value}", if n == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}
