//! The calls of a step: each made once, looked into where the answer is lost, and verified where something follows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
};

use crate::{
    apply::record::{Added, Write},
    live::{
        api::{ApiError, Reader},
        fetch::grants,
    },
    model::{
        access::{Contents, Grant},
        ids::{CompanyId, GroupId, RoleId, UserId},
        observed::GroupRole,
        scope::Scope,
        state::Attributes,
    },
    plan::order::MEMBERS_PER_CALL,
};

use super::{
    ApplyError, Stale, Wrote,
    attempt::Attempt,
    context::StepContext,
    group::{Expected, Group, Trouble},
    look::{difference, holds, look, scope_of},
};

impl Group<'_> {
    /// Returns an error where the run was interrupted meanwhile.
    fn go_on(context: StepContext<'_>) -> Result<(), ApplyError> {
        if context.job.stop.load(Ordering::Relaxed) { Err(ApplyError::HalfWay) } else { Ok(()) }
    }

    /// Creates the group once: looks for its name before, and again if the answer is lost (contract §1.3).
    ///
    /// The API may allow two groups of one name, and somebody else may create one at the same moment.
    /// So it looks once more afterwards: who sees a second group takes the own one, still empty, away
    /// again. Two who see each other both do; never do both stay.
    pub(super) async fn create(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
        attributes: &Attributes,
    ) -> Result<(), Trouble> {
        let name = &attributes.name;
        let reader = context.job.reader;
        if let ids @ [_, ..] = &named(reader, company, name).await?[..] {
            return Err(Trouble::Stale(Stale::Appeared(ids.to_vec())));
        }
        let id = match self.send_create(context, company, attributes).await? {
            Ok(id) => id,
            Err(error) if error.ambiguous() => {
                tracing::debug!("looking whether the group was created");
                match &named(reader, company, name).await?[..] {
                    [one] => return self.adopt(reader, company, *one, attributes).await,
                    [] => {
                        Attempt::again(context, error)?;
                        self.send_create(context, company, attributes).await??
                    }
                    several => return Err(Trouble::Stale(Stale::Appeared(several.to_vec()))),
                }
            }
            Err(error) => return Err(error.into()),
        };
        let others: Vec<GroupId> =
            named(reader, company, name).await?.into_iter().filter(|it| *it != id).collect();
        if !others.is_empty() {
            let (writer, request) = self.attempt.begin(context, Write::DeleteGroup { company, group: id })?;
            let result = writer.delete_group(company, id).await;
            self.attempt.end(context, &request, result, None)?;
            self.attempt.wrote = Wrote::Nothing;
            return Err(Trouble::Stale(Stale::Appeared(others)));
        }
        self.id = Some(id);
        self.expected = Some(Expected { attributes: attributes.clone(), contents: Contents::default() });
        Ok(())
    }

    /// Takes the one group of the name for the own one whose creation was not answered, if it looks like it:
    /// a stranger's is left alone.
    async fn adopt(
        &mut self,
        reader: &Reader,
        company: CompanyId,
        id: GroupId,
        attributes: &Attributes,
    ) -> Result<(), Trouble> {
        let nothing = Contents::default();
        match look(reader, company, id).await? {
            Some(seen) if difference(&seen, attributes, &nothing).is_none() => (),
            Some(_) | None => return Err(Trouble::Stale(Stale::Appeared(vec![id]))),
        }
        self.id = Some(id);
        self.expected = Some(Expected { attributes: attributes.clone(), contents: nothing });
        Ok(())
    }

    async fn send_create(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
        Attributes { name, description }: &Attributes,
    ) -> Result<Result<GroupId, ApiError>, ApplyError> {
        let write = Write::CreateGroup { company, name: name.clone(), description: description.clone() };
        let (writer, id) = self.attempt.begin(context, write)?;
        let result = writer.create_group(company, name, description).await;
        let group = result.as_ref().ok().copied();
        Ok(self.attempt.end(context, &id, result, group))
    }

    /// Deletes the group; where the API refuses because it is in use, empties it first (contract §3.5).
    pub(super) async fn delete(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
        group: GroupId,
    ) -> Result<(), Trouble> {
        let (writer, id) = self.attempt.begin(context, Write::DeleteGroup { company, group })?;
        let result = writer.delete_group(company, group).await;
        let error = match self.attempt.end(context, &id, result, None) {
            Err(error) if matches!(error.refused(), Some(400 | 409 | 422)) => error,
            result => return Ok(result?),
        };
        tracing::debug!(status = error.refused(), "emptying the group before deleting it");
        Attempt::again(context, error)?;
        let members = self.expected.as_ref().map_or_else(Arc::default, |it| it.contents.members.clone());
        for users in members.chunks(MEMBERS_PER_CALL) {
            Self::go_on(context)?;
            self.patch_members(context, company, group, &[], users).await?;
        }
        let roles: Vec<RoleId> =
            self.expected.iter().flat_map(|it| &it.contents.grants).map(|it| it.role).collect();
        if !roles.is_empty() {
            self.patch_roles(context, company, group, &[], &roles).await?;
        }
        let (writer, id) = self.attempt.begin(context, Write::DeleteGroup { company, group })?;
        let result = writer.delete_group(company, group).await;
        Ok(self.attempt.end(context, &id, result, None)?)
    }

    /// Changes members; if the answer is lost, reads who is in and asks once more for the rest only.
    ///
    /// It is looked at before anything follows (contract §3.7): whoever is still in the group would gain by
    /// its new roles what neither state gives, and whoever is not would lose elsewhere what both give.
    pub(super) async fn patch_members(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
        group: GroupId,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<(), Trouble> {
        let reader = context.job.reader;
        match self.send_members(context, company, group, add, remove).await? {
            Ok(()) => (),
            Err(error) if error.ambiguous() => {
                tracing::debug!("looking who is in the group");
                let asked: Vec<UserId> = add.iter().chain(remove).copied().collect();
                let inside = reader.members_among(company, group, &asked).await?;
                let missing: Vec<UserId> = add.iter().copied().filter(|it| !inside.contains(it)).collect();
                let left: Vec<UserId> = remove.iter().copied().filter(|it| inside.contains(it)).collect();
                if !missing.is_empty() || !left.is_empty() {
                    Attempt::again(context, error)?;
                    self.send_members(context, company, group, &missing, &left).await??;
                }
            }
            Err(error) => return Err(error.into()),
        }
        // Otherwise it is seen when the group is read back; a group that was not looked at is not.
        let proven = context.proven.load(Ordering::Relaxed) && !context.followed && self.expected.is_some();
        let gone = if proven { &[] } else { remove };
        // Somebody may be about to lose elsewhere what this group gives.
        let joined = if context.followed { add } else { &[] };
        if !gone.is_empty() || !joined.is_empty() {
            let inside = reader.members_among(company, group, &[gone, joined].concat()).await?;
            let left = gone.iter().filter(|it| inside.contains(it)).count();
            let missing = joined.iter().filter(|it| !inside.contains(it)).count();
            if left > 0 {
                return Err(ApplyError::Ignored { left }.into());
            }
            if missing > 0 {
                return Err(ApplyError::NotJoined { missing }.into());
            }
            context.proven.fetch_or(!gone.is_empty(), Ordering::Relaxed);
        }
        if let Some(Expected { contents: Contents { members, .. }, .. }) = &mut self.expected {
            let stay = members.iter().filter(|it| !remove.contains(it));
            *members = stay.chain(add).copied().collect::<BTreeSet<_>>().into_iter().collect();
        } else {
            self.cut_off.extend(remove);
        }
        Ok(())
    }

    async fn send_members(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
        group: GroupId,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<Result<(), ApiError>, ApplyError> {
        let write = Write::PatchMembers { company, group, add: add.to_vec(), remove: remove.to_vec() };
        let (writer, id) = self.attempt.begin(context, write)?;
        let result = writer.patch_members(company, group, add, remove).await;
        Ok(self.attempt.end(context, &id, result, None))
    }

    /// Changes roles; if the answer is lost, reads them and repeats only if nothing happened.
    ///
    /// It is looked at before anything follows, at the first request and at the second: whoever joins later
    /// would gain by a role that is still there.
    pub(super) async fn patch_roles(
        &mut self,
        context: StepContext<'_>,
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
        let reader = context.job.reader;
        match self.send_roles(context, company, group, add, delete).await? {
            // Where nothing is taken and nothing follows it is seen when the group is read back.
            Ok(()) if delete.is_empty() && !context.followed => (),
            Ok(()) => verify_roles(reader, company, group, &after).await?,
            Err(error) if error.ambiguous() => {
                tracing::debug!("looking which roles the group has");
                let held = grants(reader.list_group_roles(company, group).await?);
                if !holds(&held, &after) {
                    if !holds(&held, &before) {
                        return Err(ApplyError::HalfWay.into());
                    }
                    Attempt::again(context, error)?;
                    self.send_roles(context, company, group, add, delete).await??;
                    // What was seen before the second request says nothing of what that one did.
                    verify_roles(reader, company, group, &after).await?;
                }
            }
            Err(error) => return Err(error.into()),
        }
        self.given.extend(add.iter().cloned());
        if let Some(Expected { contents: Contents { grants, .. }, .. }) = &mut self.expected {
            grants.retain(|it| !after.contains_key(&it.role));
            let held = after.into_iter().filter(|it| !it.1.is_empty());
            grants.extend(held.map(|(role, scope)| Grant {
                role,
                scope: Arc::new(scope),
                as_read: Box::default(),
            }));
            grants.sort_by_key(|it| it.role);
        }
        Ok(())
    }

    async fn send_roles(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
        group: GroupId,
        add: &[(RoleId, Scope)],
        delete: &[RoleId],
    ) -> Result<Result<(), ApiError>, ApplyError> {
        // Named exactly as they were read (contract §3.10).
        let entry = |it: &Grant| {
            let role = it.role;
            let entries = it.as_read.iter().cloned();
            entries.map(|scope| GroupRole { role, scope }).collect::<Vec<_>>()
        };
        let deleted: Vec<GroupRole> =
            self.prior.iter().filter(|it| delete.contains(&it.role)).flat_map(entry).collect();
        let write = Write::PatchRoles {
            company,
            group,
            add: add.iter().map(|(role, scope)| Added::new(*role, scope)).collect(),
            remove: delete.to_vec(),
        };
        let (writer, id) = self.attempt.begin(context, write)?;
        let result = writer.patch_roles(company, group, add, &deleted).await;
        Ok(self.attempt.end(context, &id, result, None))
    }
}

async fn named(reader: &Reader, company: CompanyId, name: &str) -> Result<Vec<GroupId>, ApiError> {
    Ok(reader.find_groups_named(company, name).await?.into_iter().map(|it| it.id).collect())
}

/// Returns an error unless the group has exactly these of the roles that were changed.
async fn verify_roles(
    reader: &Reader,
    company: CompanyId,
    group: GroupId,
    wanted: &BTreeMap<RoleId, Scope>,
) -> Result<(), ApplyError> {
    let held = grants(reader.list_group_roles(company, group).await?);
    if holds(&held, wanted) { Ok(()) } else { Err(ApplyError::RolesIgnored) }
}
