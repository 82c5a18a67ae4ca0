//! rolecall keeps who may do what, where, in YAML, and makes a Spotnana company match it.

// Values: what everything else is about. Pure.
pub mod access;
pub mod finding;
pub mod ids;
pub mod manifest;
pub mod plan;
pub mod scope;
pub mod source;
