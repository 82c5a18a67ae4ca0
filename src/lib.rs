//! rolecall keeps who may do what, where, in YAML, and makes a Spotnana company match it.
//!
//! ```text
//!  files --load--> Files --check--> Declared ──┐
//!                            └> [Finding]      ├─ bind ─> DesiredState, LiveState ─ diff ─> Plan ─ render ─> text
//!  API ──fetch──> Snapshot ────────────────────┘      └─> [Quarantined]                      └ order ─> Steps ─ apply ─> Report
//! ```
//!
//! Every command is a prefix of this line: `validate` ends at the findings, `plan`
//! at the rendering, and `apply` goes through, then reads what it touched and
//! compares again, which must find nothing. The modules below are in reading
//! order, and each uses only those above it. Values and thoughts are pure: they
//! know no file, no network, no clock and no randomness. Only `load` reads the
//! user's files, only `api` speaks HTTP, only `manifest` names the YAML crate of
//! the files, and only the program around this library prints.

// Values: what everything else is about.
pub mod ids;
pub mod source;
pub mod scope;
pub mod access;
pub mod plan;
pub mod finding;
pub mod snapshot;

// Thoughts: from values to values.
pub mod manifest;
pub mod bind;
pub mod diff;
pub mod order;
pub mod render;
pub mod schema;

// Deeds: the only places with files, network and time.
pub mod load;
pub mod api;
pub mod fetch;
pub mod apply;
pub mod sandbox;
