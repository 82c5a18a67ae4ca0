//! The kits for CI are run: their workflows, each step of them in a shell against the sandbox, as a forge does it.

mod azure;
mod container;
mod expression;
mod github;
mod gitlab;
pub(crate) mod hooks;
mod laws;
mod on_github;
mod release;
mod repository;
