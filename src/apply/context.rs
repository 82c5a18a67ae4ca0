//! What every step is made with.

use std::sync::atomic::AtomicBool;

use super::Job;
use crate::live::api::Client;

/// What a step is made with.
#[derive(Clone, Copy)]
pub(super) struct StepContext<'a> {
    pub(super) job: Job<'a>,
    /// That of the company of the change.
    pub(super) client: &'a Client,
    pub(super) change: usize,
    pub(super) step: usize,
    /// Whether another step waits for it.
    pub(super) followed: bool,
    /// Whether a removal of this run was seen to be made: the API takes them in the form that is sent.
    pub(super) proven: &'a AtomicBool,
}
