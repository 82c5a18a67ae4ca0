//! rolecall keeps who may do what, where, in YAML, and makes a Spotnana company match it.

// Values: what everything else is about. Pure.
pub mod access;
pub mod bind;
pub mod diff;
pub mod finding;
pub mod ids;
pub mod manifest;
pub mod order;
pub mod plan;
pub mod render;
pub mod scope;
pub mod snapshot;
pub mod source;
