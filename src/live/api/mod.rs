//! The API client: everything rolecall asks of, and tells, a Spotnana endpoint.
//!
//! [`Reader`] only reads, [`Writer`] only writes; both share one connection, one token and one
//! limit of requests in flight. A list is returned whole and proven whole, or not at all. Nothing
//! here decides what ought to change, prints, or reads a file or the environment.

mod budget;
mod connection;
mod credentials;
mod error;
#[cfg(any(fuzzing, debug_assertions))]
pub mod fuzzing;
mod liberal;
mod observe;
mod page;
mod paging;
mod question;
mod gate;
mod limit;
mod pause;
mod rate;
mod reader;
mod refusal;
mod request;
mod retry;
mod settings;
mod token;
mod transport;
mod users;
mod wire;
mod writer;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use crate::model::dialect::Dialect;
use crate::model::dialect::{GroupUpdate, RolesToDelete};
pub use connection::Counters;
pub use credentials::Credentials;
pub use error::{ApiError, Class};
pub use observe::Observer;
pub use question::Question;
pub use rate::Rate;
pub use reader::Reader;
pub use request::{Effect, Request};
pub use settings::{Endpoint, Settings};
pub use wire::{Group, GroupRole, Permission, PermittedActions, RbacInfo, Role};
pub use writer::{RoleToAdd, RoleToDelete, Writer};

use connection::{Bounds, Connection};
use gate::Gate;

/// Returns the two halves of a client; the first request is what opens the network.
///
/// # Errors
/// When the credentials cannot stand in a header, or no TLS client can be built.
pub fn connect(settings: Settings) -> Result<(Reader, Writer), ApiError> {
    let gate = gate(&settings);
    connect_within(settings, Bounds::default(), gate)
}

fn gate(settings: &Settings) -> Arc<Gate> {
    Arc::new(Gate::new(settings.concurrency, settings.max_rps))
}

/// Returns a client whose requests pass a gate that others may pass as well.
fn connect_within(settings: Settings, bounds: Bounds, gate: Arc<Gate>) -> Result<(Reader, Writer), ApiError> {
    let connection = Arc::new(Connection::new(settings, bounds, gate)?);
    Ok((Reader::new(connection.clone()), Writer::new(connection)))
}
