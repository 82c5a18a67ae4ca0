//! The live state: the API's client, what is read with it, and the snapshot file that can stand in for it.
//!
//! Knows no plan, no doctor and no command. Only this room (and the sandbox's server) names the HTTP crates.

pub mod snapshot;
pub mod api;
mod error;
pub mod fetch;
pub mod source;

pub use error::FetchError;
