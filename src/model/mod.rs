//! Values that every other room speaks of: ids, places in files, scopes, roles, groups, plans and findings.
//!
//! Knows no other room, no file, no network and no clock.

pub mod name;
pub(crate) mod lookalike;
pub mod ids;
pub mod date;
pub mod pattern;
pub mod source;
pub mod escape;
pub mod json;
pub mod object;
pub mod dialect;
pub mod stamp;
pub mod scope;
pub mod direct;
pub mod index;
pub mod state;
pub mod units;
pub mod access;
pub mod finding;
pub mod permissions;
pub mod selector;
pub mod acting;
pub mod expression;
pub mod rules;
pub mod plan;
pub mod portion;
pub mod observed;
pub mod part;
pub mod person;
pub mod kept;
pub mod directory;
