//! From two states to a plan that has been judged: bind, diff, effective access, order, guards, rollback.
//!
//! Pure: no file, no network, no clock, no randomness. The same input gives the same bytes.

pub mod aliases;
pub mod base;
pub mod bind;
pub mod held;
pub mod digest;
pub mod diff;
pub mod explain;
pub mod leavers;

pub mod approval;
pub mod effective;
pub mod access;
pub mod witness;
pub mod policy;
pub mod guard;
pub mod order;
pub mod people;
pub mod judged;
pub mod takeup;
pub mod adopt;
pub mod rollback;
pub mod review;
pub mod desired;
pub mod moments;
pub mod question;
pub mod upcoming;
#[cfg(test)]
pub(crate) mod worlds;
