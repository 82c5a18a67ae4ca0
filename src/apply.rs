//! Steps to calls: makes what a plan says, group by group, and reports what became of it.
//!
//! Has no opinions: what is called, and in which order, is in the steps. A failed
//! step stops only what waits for it; other groups go on. Nothing is undone:
//! running again resumes.

use std::{
    cell::Cell,
    sync::atomic::{AtomicBool, Ordering},
};

use futures_util::{StreamExt, stream};

use crate::{
    access::Grant,
    api::{ApiError, Reader, RoleToAdd, RoleToDelete, Writer},
    fetch::grants,
    ids::{CompanyId, GroupId, RoleId, UserId},
    order::{Call, MEMBERS_PER_CALL, Step},
    plan::{Attributes, GroupChange, Plan},
    scope::Scope,
};

/// Groups written to at once.
pub const WRITERS: usize = 8;

/// What became of every change of a plan, in the order of the plan.
#[derive(Debug)]
pub struct Report {
    /// One per change.
    pub groups: Vec<GroupReport>,
}

/// What became of one change.
#[derive(Debug)]
pub struct GroupReport {
    /// Which change of the plan.
    pub change: usize,
    /// Which step is the first of the group; the others follow it.
    pub first: usize,
    /// One per step, in order.
    pub outcomes: Vec<Outcome>,
}

/// What became of a step.
#[derive(Debug)]
pub enum Outcome {
    /// Made.
    Done,
    /// Not made whole, or not known to be made.
    Failed {
        /// Why.
        error: ApplyError,
        /// Whether something was written all the same.
        wrote: Wrote,
    },
    /// Not tried, because a step before it failed.
    Skipped,
    /// Not tried, because the run was interrupted.
    Interrupted,
}

/// Whether a step that failed has written something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrote {
    /// No write was accepted, and none was left without an answer.
    Nothing,
    /// A part was written, or may have been.
    Perhaps,
}

impl GroupReport {
    /// Returns each of the group's steps with what became of it.
    pub fn steps<'a>(&'a self, all: &'a [Step]) -> impl Iterator<Item = (&'a Step, &'a Outcome)> {
        all[self.first..].iter().zip(&self.outcomes)
    }

    /// Whether every step was made.
    pub fn is_done(&self) -> bool {
        self.outcomes.iter().all(|it| matches!(it, Outcome::Done))
    }

    /// Returns the failures, in order.
    pub fn failures(&self) -> impl Iterator<Item = &ApplyError> {
        self.outcomes.iter().filter_map(|it| match it {
            Outcome::Failed { error, .. } => Some(error),
            Outcome::Done | Outcome::Skipped | Outcome::Interrupted => None,
        })
    }
}

/// Why a step was not made.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The API did not do it.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A group to be created exists by now.
    #[error("a group of this name exists by now: {}", list(.ids))]
    Appeared {
        /// Its id, or theirs.
        ids: Vec<GroupId>,
    },
    /// The API took a removal, and did not make it.
    #[error("the API accepted the removal, but {left} of the removed are in the group all the same")]
    Ignored {
        /// How many of them are left.
        left: usize,
    },
    /// A write whose answer was lost took effect in part, or in another way than asked.
    #[error("the answer was lost, and the group is neither as it was nor as it shall be")]
    HalfWay,
}

impl ApplyError {
    /// Returns what can be done about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Api(error) => error.hint(),
            Self::Ignored { .. } => Some(
                "nothing that follows was done, so nobody gained by staying; the API may name the removal otherwise"
                    .to_owned(),
            ),
            Self::Appeared { .. } | Self::HalfWay => Some("plan again and look".to_owned()),
        }
    }
}

fn list(ids: &[GroupId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Makes the steps of a plan. `stop` ends it before the next write; `settled` hears of each group.
pub async fn apply(
    (reader, writer): (&Reader, &Writer),
    plan: &Plan,
    steps: &[Step],
    stop: &AtomicBool,
    settled: impl Fn(&GroupReport),
) -> Report {
    let chunks = steps.chunk_by(|a, b| a.change == b.change);
    let first = chunks.clone().scan(0, |next, chunk| {
        let first = *next;
        *next += chunk.len();
        Some(first)
    });
    let work = chunks.zip(first).map(|(steps, first)| {
        let change = &plan.changes[steps[0].change];
        let worker = Worker { reader, writer, change, stop, wrote: Cell::new(Wrote::Nothing) };
        async move { worker.group(steps, first).await }
    });
    let mut groups: Vec<GroupReport> =
        stream::iter(work).buffer_unordered(WRITERS).inspect(|it| settled(it)).collect().await;
    groups.sort_by_key(|it| it.change);
    Report { groups }
}

/// One group on its way.
struct Worker<'a> {
    reader: &'a Reader,
    writer: &'a Writer,
    change: &'a GroupChange,
    stop: &'a AtomicBool,
    /// Whether the current step has written something.
    wrote: Cell<Wrote>,
}

impl Worker<'_> {
    async fn group(&self, steps: &[Step], first: usize) -> GroupReport {
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(steps.len());
        let mut created = None;
        for step in steps {
            let blocked =
                |before: &crate::order::Wait| !matches!(outcomes[before.step - first], Outcome::Done);
            let outcome = if step.after.iter().any(blocked) {
                Outcome::Skipped
            } else if self.stop.load(Ordering::Relaxed) {
                Outcome::Interrupted
            } else {
                self.wrote.set(Wrote::Nothing);
                match self.call(&step.call, &mut created).await {
                    Some(Ok(())) => Outcome::Done,
                    Some(Err(error)) => Outcome::Failed { error, wrote: self.wrote.get() },
                    None => Outcome::Skipped,
                }
            };
            outcomes.push(outcome);
        }
        GroupReport { change: steps.first().map_or(0, |it| it.change), first, outcomes }
    }

    /// Makes one call; `None` where it is about a group that was not created.
    async fn call(&self, call: &Call, created: &mut Option<GroupId>) -> Option<Result<(), ApplyError>> {
        Some(match call {
            Call::CreateGroup { company, attributes } => {
                self.create(*company, attributes).await.map(|id| *created = Some(id))
            }
            Call::UpdateGroup { company, group, attributes: Attributes { name, description } } => {
                let updated = self.writer.update_group(*company, *group, name, description).await;
                updated.map_err(ApplyError::from)
            }
            Call::DeleteGroup { company, group } => self.delete(*company, *group).await,
            Call::PatchMembers { company, group, add, remove } => {
                self.patch_members(*company, group.or(*created)?, add, remove).await
            }
            Call::PatchRoles { company, group, add, delete } => {
                self.patch_roles(*company, group.or(*created)?, add, delete).await
            }
        })
    }

    /// Notes whether a write took effect, or may have.
    fn noted<T>(&self, result: Result<T, ApiError>) -> Result<T, ApiError> {
        if result.as_ref().map_or_else(ApiError::ambiguous, |_| true) {
            self.wrote.set(Wrote::Perhaps);
        }
        result
    }

    /// Returns an error that calls for one more write, unless the run was interrupted meanwhile.
    fn again(&self, error: ApiError) -> Result<(), ApplyError> {
        if self.stop.load(Ordering::Relaxed) { Err(error.into()) } else { Ok(()) }
    }

    /// Creates the group once: looks for its name before, and again if the answer is lost (contract §1.3).
    async fn create(&self, company: CompanyId, attributes: &Attributes) -> Result<GroupId, ApplyError> {
        let Attributes { name, description } = attributes;
        if let ids @ [_, ..] = &self.named(company, name).await?[..] {
            return Err(ApplyError::Appeared { ids: ids.to_vec() });
        }
        let error = match self.noted(self.writer.create_group(company, name, description).await) {
            Ok(id) => return Ok(id),
            Err(error) if error.ambiguous() => error,
            Err(error) => return Err(error.into()),
        };
        tracing::debug!(%error, "looking whether the group was created");
        match &self.named(company, name).await?[..] {
            [one] => Ok(*one),
            [] => {
                self.again(error)?;
                Ok(self.noted(self.writer.create_group(company, name, description).await)?)
            }
            several => Err(ApplyError::Appeared { ids: several.to_vec() }),
        }
    }

    async fn named(&self, company: CompanyId, name: &str) -> Result<Vec<GroupId>, ApiError> {
        Ok(self.reader.find_groups_named(company, name).await?.into_iter().map(|it| it.id).collect())
    }

    /// Deletes the group; where the API refuses because it is in use, empties it first (contract §3.5).
    async fn delete(&self, company: CompanyId, group: GroupId) -> Result<(), ApplyError> {
        let error = match self.noted(self.writer.delete_group(company, group).await) {
            Err(error) if matches!(error.status(), Some(400 | 409 | 422)) => error,
            result => return Ok(result?),
        };
        tracing::debug!(%error, "emptying the group before deleting it");
        self.again(error)?;
        let members: Vec<UserId> = self.change.members.iter().map(|it| it.user).collect();
        for users in members.chunks(MEMBERS_PER_CALL) {
            self.noted(self.writer.patch_members(company, group, &[], users).await)?;
        }
        let held = self.reader.list_group_roles(company, group).await?;
        let entries: Vec<RoleToDelete> =
            held.into_iter().map(|it| RoleToDelete { role: it.role, scope: it.scope }).collect();
        if !entries.is_empty() {
            self.noted(self.writer.patch_roles(company, group, &[], &entries).await)?;
        }
        Ok(self.noted(self.writer.delete_group(company, group).await)?)
    }

    /// Changes members; if the answer is lost, reads who is in and asks once more for the rest only.
    ///
    /// A removal is looked at before anything follows (contract §3.7): whoever is still in the group
    /// would gain by its new roles what neither state gives.
    async fn patch_members(
        &self,
        company: CompanyId,
        group: GroupId,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<(), ApplyError> {
        match self.noted(self.writer.patch_members(company, group, add, remove).await) {
            Ok(()) => (),
            Err(error) if error.ambiguous() => {
                tracing::debug!(%error, "looking who is in the group");
                let asked: Vec<UserId> = add.iter().chain(remove).copied().collect();
                let inside = self.reader.members_among(company, group, &asked).await?;
                let missing: Vec<UserId> = add.iter().copied().filter(|it| !inside.contains(it)).collect();
                let left: Vec<UserId> = remove.iter().copied().filter(|it| inside.contains(it)).collect();
                if missing.is_empty() && left.is_empty() {
                    return Ok(());
                }
                self.again(error)?;
                self.noted(self.writer.patch_members(company, group, &missing, &left).await)?;
            }
            Err(error) => return Err(error.into()),
        }
        if remove.is_empty() {
            return Ok(());
        }
        match self.reader.members_among(company, group, remove).await?.len() {
            0 => Ok(()),
            left => Err(ApplyError::Ignored { left }),
        }
    }

    fn entries(&self, roles: &[RoleId]) -> impl Iterator<Item = RoleToDelete> {
        let held = self.change.before.iter().flat_map(|it| &it.grants);
        held.filter(|it| roles.contains(&it.role)).flat_map(|it| {
            it.as_read.iter().map(|scope| RoleToDelete { role: it.role, scope: scope.clone() })
        })
    }

    /// Changes roles; if the answer is lost, reads them and repeats only if nothing happened.
    async fn patch_roles(
        &self,
        company: CompanyId,
        group: GroupId,
        add: &[(RoleId, Scope)],
        delete: &[RoleId],
    ) -> Result<(), ApplyError> {
        let added: Vec<RoleToAdd> =
            add.iter().map(|(role, scope)| RoleToAdd { role: *role, scope: scope.to_wire() }).collect();
        let deleted: Vec<RoleToDelete> = self.entries(delete).collect();
        let error = match self.noted(self.writer.patch_roles(company, group, &added, &deleted).await) {
            Ok(()) => return Ok(()),
            Err(error) if error.ambiguous() => error,
            Err(error) => return Err(error.into()),
        };
        tracing::debug!(%error, "looking which roles the group has");
        let held = grants(self.reader.list_group_roles(company, group).await?);
        let before =
            |role: RoleId| Scope::any(self.entries(&[role]).map(|it| Scope::read(it.scope.as_deref())));
        let after =
            |role: RoleId| add.iter().find(|it| it.0 == role).map_or_else(Scope::default, |it| it.1.clone());
        let roles = || add.iter().map(|it| it.0).chain(delete.iter().copied());
        let now = |role: RoleId| scope_of(&held, role);
        if roles().all(|it| now(it) == after(it)) {
            Ok(())
        } else if roles().all(|it| now(it) == before(it)) {
            self.again(error)?;
            Ok(self.noted(self.writer.patch_roles(company, group, &added, &deleted).await)?)
        } else {
            Err(ApplyError::HalfWay)
        }
    }
}

fn scope_of(held: &[Grant], role: RoleId) -> Scope {
    held.iter().find(|it| it.role == role).map_or_else(Scope::default, |it| it.scope.clone())
}
