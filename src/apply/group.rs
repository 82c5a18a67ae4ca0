//! One group on its way: looked at before its first write, and written to call by call.

use std::sync::atomic::Ordering;

use crate::{
    apply::record::Write,
    live::api::{ApiError, Reader},
    model::{
        access::Contents,
        ids::{GroupId, UserId},
        plan::{Action, Change},
        state::Attributes,
    },
    plan::order::Call,
};

use super::{
    ApplyError, Outcome, Stale,
    attempt::Attempt,
    context::StepContext,
    look::{Seen, What, contents, difference, look, look_at},
};

/// A group that is being changed.
pub(super) struct Group<'a> {
    pub(super) change: Change<'a>,
    /// Unknown until it is created.
    pub(super) id: Option<GroupId>,
    /// As it should be right now: what was seen before the first write, and what was written since.
    pub(super) expected: Option<Expected>,
    pub(super) stale: Option<Stale>,
    /// Who was taken out before the group was looked at.
    pub(super) cut_off: Vec<UserId>,
    /// What the current step has written so far.
    pub(super) attempt: Attempt,
}

#[derive(Clone)]
pub(super) struct Expected {
    pub(super) attributes: Attributes,
    pub(super) contents: Contents,
}

/// Why a call was not made.
pub(super) enum Trouble {
    Stale(Stale),
    Error(ApplyError),
}

impl<E: Into<ApplyError>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl<'a> Group<'a> {
    pub(super) fn new(change: Change<'a>) -> Self {
        Self {
            change,
            id: change.id(),
            expected: None,
            stale: None,
            cut_off: Vec::new(),
            attempt: Attempt::default(),
        }
    }

    /// Makes one call.
    pub(super) async fn make(&mut self, context: StepContext<'_>, call: &Call) -> Outcome {
        self.attempt = Attempt::default();
        // Whoever is cut off goes whatever else has changed: to look first would let them stay by changing it.
        let checked = match context.job.plan.steps[context.step].lockout {
            true => Ok(()),
            false => self.check(&context.client.reader).await,
        };
        let made = match checked {
            Ok(()) => self.call(context, call).await,
            Err(trouble) => Err(trouble),
        };
        match made {
            Ok(()) => Outcome::Done,
            Err(Trouble::Stale(stale)) => self.refuse(stale),
            Err(Trouble::Error(ApplyError::Halted)) => Outcome::Halted,
            Err(Trouble::Error(error)) => match self.overtaken(&context.client.reader, &error).await {
                Some(stale) => self.refuse(stale),
                None => Outcome::Failed { error, wrote: self.attempt.wrote },
            },
        }
    }

    /// Leaves the group alone from now on.
    fn refuse(&mut self, stale: Stale) -> Outcome {
        self.stale = Some(stale.clone());
        Outcome::Stale { how: stale, wrote: self.attempt.wrote }
    }

    /// Looks, before the first write, whether what is about to change of the group is what the plan saw.
    async fn check(&mut self, reader: &Reader) -> Result<(), Trouble> {
        if let Some(stale) = &self.stale {
            return Err(Trouble::Stale(stale.clone()));
        }
        let (Some(id), None, true) = (self.id, &self.expected, self.change.is_read()) else {
            return Ok(());
        };
        let Some(attributes) = self.change.attributes_before() else { return Ok(()) };
        // Who was cut off in this run is gone already.
        let mut before = contents(&self.change);
        before.members = before.members.iter().copied().filter(|it| !self.cut_off.contains(it)).collect();
        let known = Seen { attributes: attributes.clone(), contents: before };
        let seen = look_at(reader, self.change.company(), id, self.what(), known.clone()).await?;
        let Some(seen) = seen else { return Err(Trouble::Stale(Stale::Gone)) };
        if let Some(stale) = difference(&seen, &known.attributes, &known.contents) {
            return Err(Trouble::Stale(stale));
        }
        self.expected = Some(Expected { attributes: seen.attributes, contents: seen.contents });
        Ok(())
    }

    /// What of the group is about to change, or was changed: of one that comes or goes all of it.
    fn what(&self) -> What {
        match self.change.action() {
            Action::Create | Action::Delete => What::All,
            Action::Alter => What::Parts {
                attributes: self.change.itself().is_some(),
                roles: self.change.grants().next().is_some(),
                members: self.change.members().next().is_some(),
            },
        }
    }

    /// Returns how the group has changed under a write that was refused, if that is why it was.
    async fn overtaken(&self, reader: &Reader, error: &ApplyError) -> Option<Stale> {
        let ApplyError::Api(ApiError::Refused { status: 400 | 404 | 409 | 422, .. }) = error else {
            return None;
        };
        let (Some(id), Some(expected)) = (self.id, &self.expected) else { return None };
        match look(reader, self.change.company(), id).await {
            Ok(Some(seen)) => difference(&seen, &expected.attributes, &expected.contents),
            Ok(None) => Some(Stale::Gone),
            Err(_) => None,
        }
    }

    /// Compares the group with what it shall be, once all its steps were made.
    pub(super) async fn read_back(&self, reader: &Reader) -> Result<Option<Stale>, ApplyError> {
        let (Some(id), Some(expected)) = (self.id, &self.expected) else { return Ok(None) };
        let Expected { attributes, contents } = expected;
        // What was not written is as it was when it was looked at, as far as this run is concerned.
        let known = Seen { attributes: attributes.clone(), contents: contents.clone() };
        let seen = look_at(reader, self.change.company(), id, self.what(), known).await?;
        Ok(match (self.change.action(), seen) {
            (Action::Delete, None) => None,
            (Action::Delete, Some(_)) => Some(Stale::Appeared(vec![id])),
            (Action::Create | Action::Alter, None) => Some(Stale::Gone),
            (Action::Create | Action::Alter, Some(seen)) => difference(&seen, attributes, contents),
        })
    }

    async fn call(&mut self, context: StepContext<'_>, call: &Call) -> Result<(), Trouble> {
        if let Call::CreateGroup { company, attributes } = call {
            return self.create(context, *company, attributes).await;
        }
        // Every other call waits for the creation.
        let Some(group) = self.id else { return Err(Trouble::Stale(Stale::Gone)) };
        match call {
            // Made elsewhere: above, and for people.
            Call::CreateGroup { .. } | Call::PutDirectRoles { .. } | Call::PutPerson { .. } => Ok(()),
            Call::UpdateGroup { company, attributes, .. } => {
                let Attributes { name, description } = attributes;
                let write = Write::UpdateGroup {
                    company: *company,
                    group,
                    name: name.clone(),
                    description: description.clone(),
                };
                let (writer, id) = self.attempt.begin(context, write)?;
                let result = writer.update_group(*company, group, name, description).await;
                self.attempt.end(context, &id, result, None)?;
                if let Some(expected) = &mut self.expected {
                    expected.attributes = attributes.clone();
                }
                Ok(())
            }
            Call::DeleteGroup { company, .. } => self.delete(context, *company, group).await,
            Call::PatchMembers { company, add, remove, .. } => {
                self.patch_members(context, *company, group, add, remove).await
            }
            Call::PatchRoles { company, add, delete, .. } => {
                self.patch_roles(context, *company, group, add, delete).await
            }
        }
    }

    /// Returns an error where the run was interrupted between two writes that belong together.
    pub(super) fn go_on(context: StepContext<'_>) -> Result<(), ApplyError> {
        if context.job.stop.load(Ordering::Relaxed) { Err(ApplyError::HalfWay) } else { Ok(()) }
    }
}
