//! The files people write: read, decoded, checked, and written back.
//!
//! ```text
//! load:    paths ─read─> text ─decode─> Files ─check─> Declared, or every Finding
//! format:  text ─> tree, and what stands between ─order─> text, if it means the same
//! ```
//!
//! [`workspace`] and [`access`] are the files key by key, with the place of every value; [`check`] turns
//! them into [`declared`], in names, offline. Knows no API and no plan. Only `disk` and `read` touch the disk and only `git` runs
//! git, only `tree` names the YAML parser, and nothing here decides what a declaration does.

pub mod about;
pub mod access;
pub mod base;
pub mod check;
pub mod choice;
pub mod chosen;
pub mod codeowners;
pub mod declared;
pub mod disk;
pub(crate) mod edit;
pub mod entry;
pub mod forge;
pub mod format;
pub mod history;
pub mod matching;
pub mod load;
pub mod layout;
pub mod mapping;
pub mod named;
pub mod outside;
pub(crate) mod code;
pub mod fixtures;
pub(crate) mod policies;
pub mod shape;
pub mod suppose;
pub(crate) mod table;
pub mod workspace;
mod users_from;
pub mod write;
mod decode;
mod foreign;
mod forms;
mod git;
mod read;
mod tree;
mod weakened;
mod words;
pub(crate) mod yaml;

pub use decode::{At, Decode, Decoded, MAX_FILE_BYTES, decode, decoded};
pub use foreign::deserialize;

/// The file that makes a folder a workspace.
pub const WORKSPACE_FILE: &str = "rolecall.yaml";
