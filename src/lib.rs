//! rolecall keeps who may do what, where, in YAML, and makes a Spotnana company match it.

// Values: what everything else is about. Pure.
pub mod access;
pub mod ids;
pub mod scope;
pub mod source;
