//! What every step is made with.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Mutex, PoisonError, atomic::AtomicBool},
};

use super::Job;
use crate::{live::api::Client, model::ids::UserId, plan::order::Call};

/// What a step is made with.
#[derive(Clone, Copy)]
pub(super) struct StepContext<'a> {
    pub(super) job: Job<'a>,
    /// That of the company of the change.
    pub(super) client: &'a Client,
    pub(super) change: usize,
    pub(super) step: usize,
    /// The accounts that this run has made.
    pub(super) newcomers: &'a Newcomers,
    /// Whether another step waits for it.
    pub(super) followed: bool,
    /// Whether a removal of this run was seen to be made: the API takes them in the form that is sent.
    pub(super) proven: &'a AtomicBool,
}

/// The ids that the API gave to accounts, by those that the plan made up for them.
#[derive(Debug, Default)]
pub(super) struct Newcomers(Mutex<BTreeMap<UserId, UserId>>);

impl Newcomers {
    /// Notes the id of an account.
    pub(super) fn note(&self, made_up: UserId, given: UserId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(made_up, given);
    }

    /// The id of a user; of one whose account was not made by this run it is that of the plan.
    pub(super) fn id(&self, user: UserId) -> UserId {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&user).copied().unwrap_or(user)
    }

    /// A call with the ids that the API gave.
    pub(super) fn given<'c>(&self, call: &'c Call) -> Cow<'c, Call> {
        match call {
            Call::PatchMembers { company, group, add, remove }
                if add.iter().any(|it| self.id(*it) != *it) =>
            {
                let add = add.iter().map(|it| self.id(*it)).collect();
                let (company, group, remove) = (*company, *group, remove.clone());
                Cow::Owned(Call::PatchMembers { company, group, add, remove })
            }
            call => Cow::Borrowed(call),
        }
    }
}
