//! The files people write: read, decoded, checked, and written back.
//!
//! Knows no API and no plan. Only `load` touches the disk, and only this room names the YAML crates.

pub mod manifest;
pub mod matching;
pub mod load;
