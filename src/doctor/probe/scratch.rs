//! The scratch groups of a probe: made when needed, thrown away when in doubt, all gone at the end.

use std::collections::BTreeMap;

use crate::{
    doctor::{
        learned::{Left, Probed},
        look::Observer,
    },
    live::api::{ApiError, Reader, Writer},
    model::{
        dialect::{Dialect, MemberRemovalField, RolesToDelete},
        ids::{CompanyId, GroupId, RoleId, UserId},
        observed::GroupRole,
        scope::Scope,
    },
};

use super::{DESCRIPTION, Halt, Job, MOST_GROUPS, SETTLE, Tried};

/// What a group is there to hold: never both, as what was taken out may come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Members,
    Roles,
}

pub(super) struct ScratchGroups<'a> {
    pub(super) reader: &'a Reader,
    pub(super) writer: &'a Writer,
    pub(super) observer: &'a Observer,
    pub(super) company: CompanyId,
    pub(super) user: UserId,
    pub(super) roles: Vec<RoleId>,
    pub(super) stop: &'a std::sync::atomic::AtomicBool,
    pub(super) probed: Probed,
    name: String,
    /// What was made and is not known to be gone, by id, with its name.
    standing: BTreeMap<GroupId, String>,
    /// The group in use, and what it was made for, if that is decided.
    current: Option<(GroupId, Option<Holds>)>,
    made: usize,
    /// A group may have been made by a request that was never answered.
    maybe: Option<String>,
    /// The names of groups that were asked for again after a failure: the first may have come all the same.
    twins: Vec<String>,
}

impl<'a> ScratchGroups<'a> {
    pub(super) fn new(job: Job<'a>) -> Self {
        let Job { reader, writer, observer, company, user, roles, name, stop } = job;
        Self {
            reader,
            writer,
            observer,
            company,
            user,
            roles,
            stop,
            probed: Probed::default(),
            name,
            standing: BTreeMap::new(),
            current: None,
            made: 0,
            maybe: None,
            twins: Vec::new(),
        }
    }

    pub(super) async fn create(&mut self, name: &str) -> Result<GroupId, ApiError> {
        let named = async |reader: &Reader, company| -> Result<Vec<GroupId>, ApiError> {
            Ok(reader.find_groups_named(company, name).await?.into_iter().map(|it| it.id).collect())
        };
        let mut failed = 0;
        let id = loop {
            let error = match self.writer.create_group(self.company, name, DESCRIPTION).await {
                Ok(id) => break id,
                Err(error) => error,
            };
            if error.ambiguous() {
                self.maybe = Some(name.to_owned());
            }
            // Without any answer it may still be on its way, and a second one would not be the last.
            if error.refused().is_none_or(|it| it < 500) {
                return Err(error);
            }
            failed += 1;
            let hope = self.writer.before_look(error, failed).await;
            let mut new = named(self.reader, self.company).await?;
            new.retain(|it| !self.standing.contains_key(it));
            match new[..] {
                [one] => break one,
                _ => _ = hope?,
            }
        };
        if failed > 0 {
            self.maybe = None;
            self.twins.push(name.to_owned());
        }
        self.made += 1;
        self.standing.insert(id, name.to_owned());
        Ok(id)
    }

    /// Returns the group in use, whatever is in it; a new one where there is none.
    pub(super) async fn group(&mut self) -> Result<GroupId, Halt> {
        if let Some((group, _)) = self.current {
            return Ok(group);
        }
        let name = if self.made == 0 { self.name.clone() } else { format!("{}-{}", self.name, self.made) };
        // The last one is for a name that is given twice.
        if self.made + 1 >= MOST_GROUPS {
            return Err(Halt::Unsafe("too many of its groups came to be in doubt".to_owned()));
        }
        let group = self.create(&name).await?;
        self.current = Some((group, None));
        Ok(group)
    }

    pub(super) fn name_of(&self, group: GroupId) -> String {
        self.standing.get(&group).cloned().unwrap_or_else(|| self.name.clone())
    }

    /// Returns a group that was just read to hold neither member nor role, and never held what this one is
    /// not for: the one in use, or a new one once that is gone.
    pub(super) async fn bare(&mut self, holds: Holds) -> Result<GroupId, Halt> {
        self.go_on()?;
        if let Some((group, purpose)) = self.current {
            let fits = purpose.is_none_or(|it| it == holds);
            if !fits || !self.is_empty(group).await? {
                self.discard().await?;
            }
        }
        let group = self.group().await?;
        if !self.is_empty(group).await? {
            return Err(Halt::Unsafe("a new group is not empty".to_owned()));
        }
        self.current = Some((group, Some(holds)));
        Ok(group)
    }

    async fn is_empty(&self, group: GroupId) -> Result<bool, ApiError> {
        Ok(self.members(group).await?.is_empty() && self.held(group).await?.is_empty())
    }

    /// Deletes the group in use: something that was sent to it may still come about.
    pub(super) async fn discard(&mut self) -> Result<(), Halt> {
        let Some((group, _)) = self.current.take() else { return Ok(()) };
        let removed = self.remove(group).await;
        removed.map_err(|why| Halt::Unsafe(format!("its group could not be deleted: {why}")))
    }

    /// Goes on with the group in use, unless something may still come of what was tried on it.
    pub(super) async fn unless_doubtful(&mut self, tried: &Tried) -> Result<(), Halt> {
        if tried.in_doubt() { self.discard().await } else { Ok(()) }
    }

    fn is_for(&self, group: GroupId, holds: Holds) -> bool {
        self.current == Some((group, Some(holds)))
    }

    pub(super) async fn members(&self, group: GroupId) -> Result<Vec<UserId>, ApiError> {
        self.reader.list_members(self.company, group).await
    }

    pub(super) async fn held(&self, group: GroupId) -> Result<Vec<GroupRole>, ApiError> {
        self.reader.list_group_roles(self.company, group).await
    }

    pub(super) async fn patch_members(
        &mut self,
        group: GroupId,
        speech: Dialect,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<Option<String>, Halt> {
        self.go_on()?;
        if !add.is_empty() && (!self.is_for(group, Holds::Members) || !self.held(group).await?.is_empty()) {
            return Err(Halt::Unsafe("somebody gave its group a role".to_owned()));
        }
        let (company, reader, writer) = (self.company, self.reader, self.writer.speaking(speech));
        let before = reader.list_members(company, group).await?;
        let mut failed = 0;
        loop {
            let sent = writer.patch_members(company, group, add, remove).await;
            let error = match sent {
                Err(error) if error.ambiguous() => error,
                sent => return self.refused(sent),
            };
            failed += 1;
            let hope = writer.before_look(error, failed).await;
            if reader.list_members(company, group).await? != before {
                return Ok(None);
            }
            hope?;
            self.go_on()?;
        }
    }

    /// Gives and takes roles, gives only if the group has no members.
    pub(super) async fn patch_roles(
        &mut self,
        group: GroupId,
        speech: Dialect,
        add: &[(RoleId, Scope)],
        remove: &[GroupRole],
    ) -> Result<Option<String>, Halt> {
        self.go_on()?;
        if !add.is_empty() && (!self.is_for(group, Holds::Roles) || !self.members(group).await?.is_empty()) {
            return Err(Halt::Unsafe("somebody put a member into its group".to_owned()));
        }
        let (company, reader, writer) = (self.company, self.reader, self.writer.speaking(speech));
        let spelt = |held: Vec<GroupRole>| -> Vec<(RoleId, Option<String>)> {
            held.into_iter().map(|it| (it.role, it.scope.map(|it| it.get().to_owned()))).collect()
        };
        let before = spelt(reader.list_group_roles(company, group).await?);
        let mut failed = 0;
        loop {
            let sent = writer.patch_roles(company, group, add, remove).await;
            let error = match sent {
                Err(error) if error.ambiguous() => error,
                sent => return self.refused(sent),
            };
            failed += 1;
            let hope = writer.before_look(error, failed).await;
            if spelt(reader.list_group_roles(company, group).await?) != before {
                return Ok(None);
            }
            hope?;
            self.go_on()?;
        }
    }

    /// Deletes every group but one, and lets those that stay be dealt with at the end.
    pub(super) async fn leave_all_but(&mut self, group: GroupId) {
        for other in self.standing.keys().copied().filter(|it| *it != group).collect::<Vec<_>>() {
            // What cannot be deleted now is tried again, and told of, at the end.
            let _ = self.remove(other).await;
        }
    }

    /// Deletes every group that was made, and notes what could not be.
    pub(super) async fn leave(&mut self) {
        if let Some(name) = self.maybe.take()
            && let Err(why) = self.look_for(&name).await
        {
            self.probed.left.push(Left { id: String::new(), name, why });
        }
        for name in std::mem::take(&mut self.twins) {
            let found = self.reader.find_groups_named(self.company, &name).await.unwrap_or_default();
            self.standing.extend(found.into_iter().map(|it| (it.id, name.clone())));
        }
        for (group, name) in self.standing.clone() {
            if let Err(why) = self.remove(group).await {
                self.probed.left.push(Left { id: group.to_string(), name, why });
            }
        }
    }

    /// Looks for a group that may have been made by a request that was never answered, twice: it may take its time.
    async fn look_for(&mut self, name: &str) -> Result<(), String> {
        for look in 0..2 {
            if look > 0 {
                tokio::time::sleep(SETTLE).await;
            }
            let found = self.reader.find_groups_named(self.company, name).await;
            let found =
                found.map_err(|it| format!("it may have been made, and looking for it failed: {it}"))?;
            let before = self.standing.len();
            self.standing.extend(found.into_iter().map(|it| (it.id, name.to_owned())));
            if self.standing.len() > before {
                return Ok(());
            }
        }
        Err("its creation was never answered; no such group is listed so far, and it may still come"
            .to_owned())
    }

    /// Deletes a group and looks whether it is gone; where it is not, empties it first and tries again.
    async fn remove(&mut self, group: GroupId) -> Result<(), String> {
        let mut why = match self.gone(group).await {
            Ok(()) => return Ok(()),
            Err(why) => why,
        };
        if self.emptied(group).await.is_ok() {
            match self.gone(group).await {
                Ok(()) => return Ok(()),
                Err(again) => why = again,
            }
        }
        Err(why)
    }

    async fn gone(&mut self, group: GroupId) -> Result<(), String> {
        let deleted = self.writer.delete_group(self.company, group).await;
        let there = match self.reader.get_group(self.company, group).await {
            Err(ApiError::Refused { status: 404, .. }) => Ok(false),
            // May be what is said of a group that does not exist, and also that it may not be seen.
            Err(ApiError::Refused { status: 403, .. }) if deleted.is_ok() => {
                self.reader.groups_among(self.company, &[group]).await.map(|it| !it.is_empty())
            }
            other => other.map(|_| true),
        };
        match (there, deleted) {
            (Ok(false), _) => {
                self.probed.deleted.extend(self.standing.remove(&group));
                Ok(())
            }
            (_, Err(error)) => Err(error.to_string()),
            (Ok(true), Ok(())) => Err("the deletion was accepted, and it is still there".to_owned()),
            (Err(error), Ok(())) => {
                Err(format!("the deletion was accepted, and looking for it failed: {error}"))
            }
        }
    }

    /// Takes everything out of a group, in every form there is.
    async fn emptied(&self, group: GroupId) -> Result<(), ApiError> {
        for member_removal_field in [MemberRemovalField::UserIdsToDelete, MemberRemovalField::UserIdsToRemove]
        {
            let members = self.members(group).await?;
            if !members.is_empty() {
                let speech = Dialect { member_removal_field, ..self.speech() };
                let _ = self.writer.speaking(speech).patch_members(self.company, group, &[], &members).await;
            }
        }
        for roles_to_delete in [RolesToDelete::Objects, RolesToDelete::Ids] {
            let held = self.held(group).await?;
            if !held.is_empty() {
                let speech = Dialect { roles_to_delete, ..self.speech() };
                let _ = self.writer.speaking(speech).patch_roles(self.company, group, &[], &held).await;
            }
        }
        Ok(())
    }
}
