//! rolecall keeps who may do what, where, in YAML, and makes a Spotnana company match it.

// Values: what everything else is about. Pure.
pub mod ids;

// Deeds: the embedded API server.
pub mod sandbox;
