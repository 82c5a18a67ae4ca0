//! The API client: everything rolecall asks of, and tells, a Spotnana endpoint.
//!
//! ```text
//! Reader ─ lists, pages ─┐
//! Writer ────────────────┼─> connection ─> token ─> sender ─> throttle, retry
//! a look (doctor) ───────┘                             └────> transport ─> reply
//! ```
//!
//! [`Reader`] only reads, [`Writer`] only writes, but for a look at what it created; both share one connection, one token and one throttle.
//! [`Clients`] are those of several endpoints, of which each company has one. [`Elsewhere`] asks another API by the same way. Every request is sent by the transport, and repeated by the sender where that is harmless. A list is
//! returned whole and proven whole, or not at all. Nothing here decides what ought to change, prints, or
//! reads a file or the environment, but for the proxies and authorities that the HTTP crate looks for.

mod about;
mod bearer;
pub(crate) mod attributes;
mod clients;
mod clock;
mod connection;
mod credentials;
mod elsewhere;
mod error;
#[cfg(any(fuzzing, debug_assertions))]
pub mod fuzzing;
mod liberal;
mod notifications;
mod page;
mod paging;
mod person;
mod question;
mod reader;
mod recipients;
mod refusal;
mod secrets;
mod reply;
mod request;
mod retry;
mod rights;
mod roster;
mod sender;
mod settings;
mod subjects;
mod throttle;
mod token;
mod traffic;
mod transport;
mod users;
mod wire;
mod writer;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::model::dialect::{GroupUpdate, RolesToDelete};
pub use crate::model::{dialect::Dialect, part::Part};
pub use clients::{Client, Clients};
pub use clock::Skew;
pub use credentials::Credentials;
pub use elsewhere::{Answer, Call, Elsewhere, Verb};
pub use error::{ApiError, Class};
pub use person::PartRead;
pub use reader::Reader;
pub use recipients::Recipients;
pub use request::{Effect, Request};
pub use sender::Counters;
pub use settings::{Endpoint, Settings};
pub use throttle::Rate;
pub use wire::{Group, Permission, RbacInfo, Role};
pub use writer::Writer;

pub(crate) use clients::Home;
pub(crate) use clock::date;
pub(crate) use connection::Connection;
pub(crate) use question::Question;
pub(crate) use reader::FILTER_SIZE;
pub(crate) use reply::Reply;
pub(crate) use traffic::Traffic;

use connection::Bounds;
use throttle::Throttle;

/// Returns the two halves of a client; the first request is what opens the network.
///
/// # Errors
/// When the credentials cannot stand in a header, or no TLS client can be built.
pub fn connect(settings: Settings) -> Result<(Reader, Writer), ApiError> {
    let throttle = throttle(&settings);
    connect_within(settings, Bounds::default(), throttle)
}

fn throttle(settings: &Settings) -> Arc<Throttle> {
    Arc::new(Throttle::new(settings.concurrency, settings.max_rps))
}

/// Returns a client whose requests pass a throttle that others may pass as well.
fn connect_within(
    settings: Settings,
    bounds: Bounds,
    throttle: Arc<Throttle>,
) -> Result<(Reader, Writer), ApiError> {
    let connection = Arc::new(Connection::new(settings, bounds, throttle)?);
    Ok((Reader::new(connection.clone()), Writer::new(connection)))
}

/// Returns a connection to look at an API with rather than to use it: refusals are what is looked for.
pub(crate) fn look(settings: Settings) -> Result<Connection, ApiError> {
    let throttle = throttle(&settings);
    Connection::new(settings, Bounds::default(), throttle).map(Connection::looking)
}

/// Returns a client that keeps one rate together with a connection.
pub(crate) fn connect_beside(
    connection: &Connection,
    settings: Settings,
) -> Result<(Reader, Writer), ApiError> {
    connect_within(settings, Bounds::default(), connection.sender.throttle.clone())
}
