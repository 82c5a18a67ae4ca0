//! One group on its way: looked at before its first write, and written to call by call.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use jiff::Timestamp;

use crate::{
    access::{Contents, Grant},
    api::{ApiError, Reader, RoleToAdd, RoleToDelete, Writer},
    fetch::grants,
    ids::{CompanyId, GroupId, RoleId, UserId},
    order::{Call, MEMBERS_PER_CALL},
    plan::{Attributes, ChangeKind, GroupChange},
    record::{Added, Answer, Ending, Intent, Record, Write},
    scope::Scope,
};

use super::{
    ApplyError, Job, Outcome, Stale, Wrote,
    look::{difference, look},
};

/// What a step is made with.
#[derive(Clone, Copy)]
pub(super) struct Tools<'a> {
    pub(super) job: Job<'a>,
    pub(super) change: usize,
    pub(super) step: usize,
}

/// A group that is being changed.
pub(super) struct Group<'a> {
    change: &'a GroupChange,
    /// Unknown until it is created.
    id: Option<GroupId>,
    /// As it should be right now: what was seen before the first write, and what was written since.
    expected: Option<Expected>,
    /// The roles as they were seen before the first write, by which deletions name them.
    prior: Vec<Grant>,
    /// The roles that were given since, for a group that takes a changed scope in two calls.
    given: BTreeMap<RoleId, Scope>,
    stale: Option<Stale>,
    /// Whether the current step has written something.
    wrote: Wrote,
    /// Writes of the current step so far.
    sent: u32,
}

#[derive(Clone)]
struct Expected {
    attributes: Attributes,
    contents: Contents,
}

/// Why a call was not made.
enum Trouble {
    Stale(Stale),
    Error(ApplyError),
}

impl<E: Into<ApplyError>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl<'a> Group<'a> {
    pub(super) fn new(change: &'a GroupChange) -> Self {
        Self {
            change,
            id: change.id,
            expected: None,
            prior: Vec::new(),
            given: BTreeMap::new(),
            stale: None,
            wrote: Wrote::Nothing,
            sent: 0,
        }
    }

    /// Makes one call.
    pub(super) async fn make(&mut self, tools: Tools<'_>, call: &Call) -> Outcome {
        self.wrote = Wrote::Nothing;
        self.sent = 0;
        let made = match self.check(tools.job.reader).await {
            Ok(()) => self.call(tools, call).await,
            Err(trouble) => Err(trouble),
        };
        match made {
            Ok(()) => Outcome::Done,
            Err(Trouble::Stale(stale)) => self.refuse(stale),
            Err(Trouble::Error(error)) => match self.overtaken(tools.job.reader, &error).await {
                Some(stale) => self.refuse(stale),
                None => Outcome::Failed { error, wrote: self.wrote },
            },
        }
    }

    /// Leaves the group alone from now on.
    fn refuse(&mut self, stale: Stale) -> Outcome {
        self.stale = Some(stale.clone());
        Outcome::Stale(stale)
    }

    /// Looks, before the first write, whether the group is what the plan saw.
    async fn check(&mut self, reader: &Reader) -> Result<(), Trouble> {
        if let Some(stale) = &self.stale {
            return Err(Trouble::Stale(stale.clone()));
        }
        let (Some(id), None, Some(before)) = (self.id, &self.expected, &self.change.before) else {
            return Ok(());
        };
        let attributes = match &self.change.kind {
            ChangeKind::Alter { before, .. } => before.clone(),
            ChangeKind::Delete { description, .. } | ChangeKind::Create { description } => {
                Attributes { name: self.change.name.clone(), description: description.clone() }
            }
        };
        let Some(seen) = look(reader, self.change.company, id).await? else {
            return Err(Trouble::Stale(Stale::Gone));
        };
        if let Some(stale) = difference(&seen, &attributes, before) {
            return Err(Trouble::Stale(stale));
        }
        self.prior.clone_from(&seen.contents.grants);
        self.expected = Some(Expected { attributes: seen.attributes, contents: seen.contents });
        Ok(())
    }

    /// Returns how the group has changed under a write that was refused, if that is why it was.
    async fn overtaken(&self, reader: &Reader, error: &ApplyError) -> Option<Stale> {
        let ApplyError::Api(ApiError::Refused { status: 400 | 404 | 409 | 422, .. }) = error else {
            return None;
        };
        let (Some(id), Some(expected)) = (self.id, &self.expected) else { return None };
        match look(reader, self.change.company, id).await {
            Ok(Some(seen)) => difference(&seen, &expected.attributes, &expected.contents),
            Ok(None) => Some(Stale::Gone),
            Err(_) => None,
        }
    }

    /// Compares the group with what it shall be, once all its steps were made.
    pub(super) async fn read_back(&self, reader: &Reader) -> Result<Option<Stale>, ApplyError> {
        let (Some(id), Some(expected)) = (self.id, &self.expected) else { return Ok(None) };
        let seen = look(reader, self.change.company, id).await?;
        Ok(match (&self.change.kind, seen) {
            (ChangeKind::Delete { .. }, None) => None,
            (ChangeKind::Delete { .. }, Some(_)) => Some(Stale::Appeared(vec![id])),
            (ChangeKind::Create { .. } | ChangeKind::Alter { .. }, None) => Some(Stale::Gone),
            (ChangeKind::Create { .. } | ChangeKind::Alter { .. }, Some(seen)) => {
                difference(&seen, &expected.attributes, &expected.contents)
            }
        })
    }

    async fn call(&mut self, tools: Tools<'_>, call: &Call) -> Result<(), Trouble> {
        if let Call::CreateGroup { company, attributes } = call {
            return self.create(tools, *company, attributes).await;
        }
        // Every other call waits for the creation.
        let Some(group) = self.id else { return Err(Trouble::Stale(Stale::Gone)) };
        match call {
            Call::CreateGroup { .. } => Ok(()),
            Call::UpdateGroup { company, attributes, .. } => {
                let Attributes { name, description } = attributes;
                let write = Write::UpdateGroup {
                    company: *company,
                    group,
                    name: name.clone(),
                    description: description.clone(),
                };
                let (writer, id) = self.begin(tools, write)?;
                let result = writer.update_group(*company, group, name, description).await;
                self.end(tools, &id, result, None)?;
                if let Some(expected) = &mut self.expected {
                    expected.attributes = attributes.clone();
                }
                Ok(())
            }
            Call::DeleteGroup { company, .. } => self.delete(tools, *company, group).await,
            Call::PatchMembers { company, add, remove, .. } => {
                self.patch_members(tools, *company, group, add, remove).await
            }
            Call::PatchRoles { company, add, delete, .. } => {
                self.patch_roles(tools, *company, group, add, delete).await
            }
        }
    }

    /// Writes the intent, and returns what to send it with.
    fn begin(&mut self, tools: Tools<'_>, write: Write) -> Result<(Writer, Box<str>), ApplyError> {
        self.sent += 1;
        let Tools { job, change, step } = tools;
        let id = format!("{}-{}-{}", job.label, step + 1, self.sent).into_boxed_str();
        let intent =
            Intent { at: Timestamp::now(), request_id: id.clone(), change, step, attempt: self.sent, write };
        job.journal.write(&Record::Intent(intent))?;
        Ok((job.writer.with_request_id(&id), id))
    }

    /// Writes what became of it, and notes whether it took effect, or may have.
    fn end<T>(
        &mut self,
        tools: Tools<'_>,
        id: &str,
        result: Result<T, ApiError>,
        group: Option<GroupId>,
    ) -> Result<T, ApiError> {
        let outcome = match &result {
            Ok(_) => Answer::Done,
            Err(error) if error.ambiguous() => Answer::Unclear,
            Err(_) => Answer::Refused,
        };
        if outcome != Answer::Refused {
            self.wrote = Wrote::Perhaps;
        }
        let error = result.as_ref().err().map(ToString::to_string);
        let ending = Ending { at: Timestamp::now(), request_id: id.into(), outcome, group, error };
        if let Err(error) = tools.job.journal.write(&Record::Ending(ending)) {
            // The write was made all the same; nothing new begins without a journal.
            tracing::error!(%error, "stopping");
            tools.job.stop.store(true, Ordering::Relaxed);
        }
        result
    }

    /// Returns an error that calls for one more write, unless the run was interrupted meanwhile.
    fn again(tools: Tools<'_>, error: ApiError) -> Result<(), ApplyError> {
        if tools.job.stop.load(Ordering::Relaxed) { Err(error.into()) } else { Ok(()) }
    }

    /// Creates the group once: looks for its name before, and again if the answer is lost (contract §1.3).
    ///
    /// The API may allow two groups of one name, and somebody else may create one at the same moment.
    /// So it looks once more afterwards: who sees a second group takes the own one, still empty, away
    /// again. Two who see each other both do; never do both stay.
    async fn create(
        &mut self,
        tools: Tools<'_>,
        company: CompanyId,
        attributes: &Attributes,
    ) -> Result<(), Trouble> {
        let name = &attributes.name;
        let reader = tools.job.reader;
        if let ids @ [_, ..] = &named(reader, company, name).await?[..] {
            return Err(Trouble::Stale(Stale::Appeared(ids.to_vec())));
        }
        let id = match self.send_create(tools, company, attributes).await? {
            Ok(id) => id,
            Err(error) if error.ambiguous() => {
                tracing::debug!(%error, "looking whether the group was created");
                match &named(reader, company, name).await?[..] {
                    [one] => *one,
                    [] => {
                        Self::again(tools, error)?;
                        self.send_create(tools, company, attributes).await??
                    }
                    several => return Err(Trouble::Stale(Stale::Appeared(several.to_vec()))),
                }
            }
            Err(error) => return Err(error.into()),
        };
        let others: Vec<GroupId> =
            named(reader, company, name).await?.into_iter().filter(|it| *it != id).collect();
        if !others.is_empty() {
            let (writer, request) = self.begin(tools, Write::DeleteGroup { company, group: id })?;
            let result = writer.delete_group(company, id).await;
            self.end(tools, &request, result, None)?;
            self.wrote = Wrote::Nothing;
            return Err(Trouble::Stale(Stale::Appeared(others)));
        }
        self.id = Some(id);
        self.expected = Some(Expected { attributes: attributes.clone(), contents: Contents::default() });
        Ok(())
    }

    async fn send_create(
        &mut self,
        tools: Tools<'_>,
        company: CompanyId,
        Attributes { name, description }: &Attributes,
    ) -> Result<Result<GroupId, ApiError>, ApplyError> {
        let write = Write::CreateGroup { company, name: name.clone(), description: description.clone() };
        let (writer, id) = self.begin(tools, write)?;
        let result = writer.create_group(company, name, description).await;
        let group = result.as_ref().ok().copied();
        Ok(self.end(tools, &id, result, group))
    }

    /// Deletes the group; where the API refuses because it is in use, empties it first (contract §3.5).
    async fn delete(&mut self, tools: Tools<'_>, company: CompanyId, group: GroupId) -> Result<(), Trouble> {
        let (writer, id) = self.begin(tools, Write::DeleteGroup { company, group })?;
        let result = writer.delete_group(company, group).await;
        let error = match self.end(tools, &id, result, None) {
            Err(error) if matches!(error.status(), Some(400 | 409 | 422)) => error,
            result => return Ok(result?),
        };
        tracing::debug!(%error, "emptying the group before deleting it");
        Self::again(tools, error)?;
        let members: Vec<UserId> =
            self.expected.as_ref().map_or_else(Vec::new, |it| it.contents.members.clone());
        for users in members.chunks(MEMBERS_PER_CALL) {
            self.patch_members(tools, company, group, &[], users).await?;
        }
        let roles: Vec<RoleId> =
            self.expected.iter().flat_map(|it| &it.contents.grants).map(|it| it.role).collect();
        if !roles.is_empty() {
            self.patch_roles(tools, company, group, &[], &roles).await?;
        }
        let (writer, id) = self.begin(tools, Write::DeleteGroup { company, group })?;
        let result = writer.delete_group(company, group).await;
        Ok(self.end(tools, &id, result, None)?)
    }

    /// Changes members; if the answer is lost, reads who is in and asks once more for the rest only.
    ///
    /// A removal is looked at before anything follows (contract §3.7): whoever is still in the group
    /// would gain by its new roles what neither state gives.
    async fn patch_members(
        &mut self,
        tools: Tools<'_>,
        company: CompanyId,
        group: GroupId,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<(), Trouble> {
        let reader = tools.job.reader;
        match self.send_members(tools, company, group, add, remove).await? {
            Ok(()) => (),
            Err(error) if error.ambiguous() => {
                tracing::debug!(%error, "looking who is in the group");
                let asked: Vec<UserId> = add.iter().chain(remove).copied().collect();
                let inside = reader.members_among(company, group, &asked).await?;
                let missing: Vec<UserId> = add.iter().copied().filter(|it| !inside.contains(it)).collect();
                let left: Vec<UserId> = remove.iter().copied().filter(|it| inside.contains(it)).collect();
                if !missing.is_empty() || !left.is_empty() {
                    Self::again(tools, error)?;
                    self.send_members(tools, company, group, &missing, &left).await??;
                }
            }
            Err(error) => return Err(error.into()),
        }
        if !remove.is_empty() {
            match reader.members_among(company, group, remove).await?.len() {
                0 => (),
                left => return Err(ApplyError::Ignored { left }.into()),
            }
        }
        if let Some(Expected { contents: Contents { members, .. }, .. }) = &mut self.expected {
            members.retain(|it| !remove.contains(it));
            members.extend(add);
            members.sort_unstable();
            members.dedup();
        }
        Ok(())
    }

    async fn send_members(
        &mut self,
        tools: Tools<'_>,
        company: CompanyId,
        group: GroupId,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<Result<(), ApiError>, ApplyError> {
        let write = Write::PatchMembers { company, group, add: add.to_vec(), remove: remove.to_vec() };
        let (writer, id) = self.begin(tools, write)?;
        let result = writer.patch_members(company, group, add, remove).await;
        Ok(self.end(tools, &id, result, None))
    }

    /// Changes roles; if the answer is lost, reads them and repeats only if nothing happened.
    ///
    /// What was to be taken away is looked at before anything follows: whoever joins later would
    /// gain by a role that is still there.
    async fn patch_roles(
        &mut self,
        tools: Tools<'_>,
        company: CompanyId,
        group: GroupId,
        add: &[(RoleId, Scope)],
        delete: &[RoleId],
    ) -> Result<(), Trouble> {
        let touched = || add.iter().map(|it| it.0).chain(delete.iter().copied());
        let before: BTreeMap<RoleId, Scope> = {
            let held = self.expected.as_ref().map_or(&[][..], |it| &it.contents.grants);
            touched().map(|role| (role, scope_of(held, role))).collect()
        };
        let after: BTreeMap<RoleId, Scope> = touched()
            .map(|role| {
                let left = match delete.contains(&role) {
                    true => self.given.get(&role).cloned().unwrap_or_default(),
                    false => before[&role].clone(),
                };
                let given = add.iter().filter(|it| it.0 == role).map(|it| it.1.clone());
                (role, Scope::any(given.chain([left])))
            })
            .collect();
        let answer = self.send_roles(tools, company, group, add, delete).await?;
        if answer.is_err() || !delete.is_empty() {
            if let Err(error) = &answer
                && !error.ambiguous()
            {
                return Err(answer.map_or_else(Trouble::from, |()| ApplyError::HalfWay.into()));
            }
            let held = grants(tools.job.reader.list_group_roles(company, group).await?);
            let is = |side: &BTreeMap<RoleId, Scope>| {
                side.iter().all(|(role, scope)| scope_of(&held, *role) == *scope)
            };
            match answer {
                _ if is(&after) => (),
                Ok(()) => return Err(ApplyError::RolesIgnored.into()),
                Err(error) if is(&before) => {
                    Self::again(tools, error)?;
                    self.send_roles(tools, company, group, add, delete).await??;
                }
                Err(_) => return Err(ApplyError::HalfWay.into()),
            }
        }
        self.given.extend(add.iter().cloned());
        if let Some(Expected { contents: Contents { grants, .. }, .. }) = &mut self.expected {
            grants.retain(|it| !after.contains_key(&it.role));
            let held = after.into_iter().filter(|it| !it.1.is_empty());
            grants.extend(held.map(|(role, scope)| Grant { role, scope, as_read: Vec::new(), from: None }));
            grants.sort_by_key(|it| it.role);
        }
        Ok(())
    }

    async fn send_roles(
        &mut self,
        tools: Tools<'_>,
        company: CompanyId,
        group: GroupId,
        add: &[(RoleId, Scope)],
        delete: &[RoleId],
    ) -> Result<Result<(), ApiError>, ApplyError> {
        let added: Vec<RoleToAdd> =
            add.iter().map(|(role, scope)| RoleToAdd { role: *role, scope: scope.to_wire() }).collect();
        // Named exactly as they were read (contract §3.10).
        let entry = |it: &Grant| {
            let role = it.role;
            let entries = it.as_read.iter().cloned();
            entries.map(|scope| RoleToDelete { role, scope }).collect::<Vec<_>>()
        };
        let deleted: Vec<RoleToDelete> =
            self.prior.iter().filter(|it| delete.contains(&it.role)).flat_map(entry).collect();
        let write = Write::PatchRoles {
            company,
            group,
            add: add.iter().map(|(role, scope)| Added::new(*role, scope)).collect(),
            remove: delete.to_vec(),
        };
        let (writer, id) = self.begin(tools, write)?;
        let result = writer.patch_roles(company, group, &added, &deleted).await;
        Ok(self.end(tools, &id, result, None))
    }
}

async fn named(reader: &Reader, company: CompanyId, name: &str) -> Result<Vec<GroupId>, ApiError> {
    Ok(reader.find_groups_named(company, name).await?.into_iter().map(|it| it.id).collect())
}

fn scope_of(held: &[Grant], role: RoleId) -> Scope {
    held.iter().find(|it| it.role == role).map_or_else(Scope::default, |it| it.scope.clone())
}
