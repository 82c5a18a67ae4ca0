//! A group that comes and one that goes: exactly one of its name, and none that was not looked at.

use std::sync::Arc;

use crate::{
    apply::record::Write,
    live::api::{ApiError, Reader},
    model::{
        access::Contents,
        ids::{CompanyId, GroupId, RoleId},
        state::Attributes,
    },
    plan::order::MEMBERS_PER_CALL,
};

use super::{
    ApplyError, Stale, Wrote,
    attempt::{Attempt, Made},
    context::StepContext,
    group::{Expected, Group, Trouble},
    look::{difference, look},
    once::{Came, make_once},
    settling::Settling,
};

impl Group<'_> {
    /// Creates the group once, and makes sure that it is alone.
    pub(super) async fn create(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
        attributes: &Attributes,
    ) -> Result<(), Trouble> {
        let (name, reader) = (&attributes.name, &context.client.reader);
        let look = async || named(reader, company, name).await;
        let send = async || self.send_create(context, company, attributes).await;
        let id = match make_once(context, send, look, Stale::Appeared).await? {
            Came::Answered(id) => id,
            Came::Found(id) => return self.adopt(reader, company, id, attributes).await,
        };
        self.alone(context, company, (name, id)).await?;
        self.id = Some(id);
        self.expected = Some(Expected { attributes: attributes.clone(), contents: Contents::default() });
        Ok(())
    }

    /// Makes sure that the new group is the only one of its name.
    ///
    /// The API may allow two groups of one name, and somebody else may create one at the same moment. Of two runs
    /// that see each other's group, the one with the greater id takes its own away, still empty, and the other waits
    /// for that. Where the other is filled already, or does not go, the own one goes as well: whoever made it may
    /// have looked before this one was there. So both never stay.
    async fn alone(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
        (name, id): (&str, GroupId),
    ) -> Result<(), Trouble> {
        let mut settling = Settling::new(context.job);
        let (seen, others) = loop {
            let all = named(&context.client.reader, company, name).await?;
            let others: Vec<GroupId> = all.iter().copied().filter(|it| *it != id).collect();
            let seen = all.contains(&id);
            match (seen, others.iter().min()) {
                (true, None) => return Ok(()),
                (true, Some(other)) if *other < id || self.is_in_use(context, company, *other).await? => {
                    break (seen, others);
                }
                _ if !settling.pause().await => break (seen, others),
                _ => (),
            }
        };
        if others.is_empty() {
            return Err(ApplyError::NotShown { group: id }.into());
        }
        let (writer, request) = self.attempt.begin(context, Write::DeleteGroup { company, group: id })?;
        let result = writer.delete_group(company, id).await;
        self.attempt.end(context, &request, result, None)?;
        if !seen {
            // One that is not shown yet may be said not to exist, and come all the same.
            return Err(ApplyError::NotShown { group: id }.into());
        }
        self.attempt.wrote = Wrote::Nothing;
        Err(Trouble::Stale(Stale::Appeared(others)))
    }

    /// Whether a group has members or roles.
    async fn is_in_use(
        &self,
        context: StepContext<'_>,
        company: CompanyId,
        group: GroupId,
    ) -> Result<bool, ApiError> {
        let seen = look(&context.client.reader, company, group).await?;
        Ok(seen.is_some_and(|it| !it.contents.members.is_empty() || !it.contents.grants.is_empty()))
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
        let made = result.as_ref().ok().map(|it| Made::Group(*it));
        Ok(self.attempt.end(context, &id, result, made))
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
}

async fn named(reader: &Reader, company: CompanyId, name: &str) -> Result<Vec<GroupId>, ApiError> {
    Ok(reader.find_groups_named(company, name).await?.into_iter().map(|it| it.id).collect())
}
