//! What every step is made with.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
};

use super::Job;
use crate::{
    live::api::Client,
    model::{ids::UserId, plan::Plan},
    plan::order::Call,
};

/// What a step is made with.
#[derive(Clone, Copy)]
pub(super) struct StepContext<'a> {
    pub(super) job: Job<'a>,
    /// That of the company of the change.
    pub(super) client: &'a Client,
    pub(super) change: usize,
    pub(super) step: usize,
    /// The accounts that this run makes.
    pub(super) newcomers: &'a Newcomers,
    /// Whether another step waits for it.
    pub(super) followed: bool,
    /// Whether a removal of this run was seen to be made: the API takes them in the form that is sent.
    pub(super) proven: &'a AtomicBool,
}

/// The accounts that a run makes: the ids that the API gave them, by those that the plan made up.
#[derive(Debug)]
pub(super) struct Newcomers(Mutex<BTreeMap<UserId, Option<UserId>>>);

impl Newcomers {
    pub(super) fn of(plan: &Plan) -> Self {
        Self(Mutex::new(plan.newcomers().map(|it| (it.1, None)).collect()))
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<UserId, Option<UserId>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the id of an account.
    pub(super) fn note(&self, made_up: UserId, given: UserId) {
        self.all().insert(made_up, Some(given));
    }

    /// The id of a user; of one whose account was not made by this run, or not yet, it is that of the plan.
    pub(super) fn id(&self, user: UserId) -> UserId {
        self.all().get(&user).copied().flatten().unwrap_or(user)
    }

    /// Whether the id of a user is made up, as far as this run knows.
    pub(super) fn is_awaited(&self, user: UserId) -> bool {
        self.all().get(&user).is_some_and(Option::is_none)
    }

    /// A call with the ids that the API gave.
    pub(super) fn given<'c>(&self, call: &'c Call) -> Cow<'c, Call> {
        if self.all().is_empty() {
            Cow::Borrowed(call)
        } else {
            Cow::Owned(call.clone().with_users(|it| self.id(it)))
        }
    }
}
