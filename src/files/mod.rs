//! The files people write: read, decoded, checked, and written back.
//!
//! ```text
//! load:  paths ─read─> text ─decode─> Files ─check─> Declared, or every Finding
//! ```
//!
//! [`workspace`] and [`access`] are the files key by key, with the place of every value; [`check`] turns
//! them into [`declared`], in names, offline. Knows no API and no plan. Only `read` touches the disk and only `base` asks git, only
//! `decode` and `write` name the YAML crate, and nothing here decides what a declaration does.

pub mod access;
pub mod base;
pub mod check;
pub mod declared;
pub mod entry;
pub mod matching;
pub mod load;
pub mod outside;
pub mod shape;
pub mod workspace;
pub mod write;
mod decode;
mod read;
mod weakened;

pub use decode::{At, MAX_FILE_BYTES, decode};
