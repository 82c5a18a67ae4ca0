//! What people and machines read: text, Markdown, JSON, and the schemas of the published files.
//!
//! Computes nothing and reads no environment: it words what the plan already says.

pub mod applied;
pub mod render;
pub mod document;
pub mod schema;
