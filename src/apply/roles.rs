//! The roles of a group: the entries that differ are asked for in one request, and seen before anything follows.
//!
//! Where the API made something else of it than one change at once, what is missing is asked for again, what goes
//! before what comes. Which entries those are is computed in `entries`.

use std::collections::BTreeMap;

use crate::{
    apply::record::{Added, Write},
    live::{
        api::{ApiError, Dialect},
        fetch::grants,
    },
    model::{
        access::Grant,
        dialect::{RolesToDelete, ScopeChange},
        ids::{CompanyId, GroupId, RoleId},
        plan::Action,
        scope::Scope,
    },
};

use super::{
    ApplyError,
    attempt::Attempt,
    context::StepContext,
    entries::{Asked, Deletion, Wish},
    group::{Group, Trouble},
    look::{holds, scope_of},
    settling::Settling,
};

/// What came of what was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    Whole,
    InPart,
}

/// What a look after a request for roles shows.
enum Shown {
    /// What was asked for.
    Done,
    /// What was there before.
    Nothing,
    /// A part of it, and nothing that neither side gives.
    Part,
    /// Something else.
    Else,
}

impl Group<'_> {
    /// Changes roles; if the answer is lost, reads them and asks for what is missing.
    ///
    /// It is looked at before anything follows: whoever joins later would gain by a role that is still there.
    pub(super) async fn patch_roles(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
        group: GroupId,
        give: &[(RoleId, Scope)],
        take: &[RoleId],
    ) -> Result<(), Trouble> {
        let shall: BTreeMap<RoleId, Scope> = match self.change.action() {
            Action::Delete => BTreeMap::new(),
            Action::Create | Action::Alter => {
                self.change.roles_after().into_iter().map(|(role, scope)| (role, scope.clone())).collect()
            }
        };
        let wish = Wish { give, take, shall: &shall };
        if self.change_roles(context, (company, group), wish).await? == Came::Whole {
            return Ok(());
        }
        tracing::debug!("the roles were changed in part; asking for the rest");
        for part in [Wish { give: &[], ..wish }, Wish { take: &[], ..wish }] {
            Self::go_on(context)?;
            if self.change_roles(context, (company, group), part).await? == Came::InPart {
                return Err(ApplyError::RolesIgnored.into());
            }
        }
        Ok(())
    }

    /// Asks for what a wish lacks until that shows.
    async fn change_roles(
        &mut self,
        context: StepContext<'_>,
        (company, group): (CompanyId, GroupId),
        wish: Wish<'_>,
    ) -> Result<Came, Trouble> {
        let dialect = context.client.writer.dialect();
        let held = self.expected.as_ref().map_or_else(Vec::new, |it| it.contents.grants.clone());
        let mut asked = Asked::new(&held, wish, deletion(dialect));
        let (mut failed, mut beside) = (0, true);
        while !asked.is_nothing() {
            let unclear = match self.send_roles(context, company, group, &asked).await? {
                // Where nothing is taken and nothing follows it is seen when the group is read back.
                Ok(()) if asked.delete.is_empty() && !context.followed && failed == 0 => {
                    if let Some(expected) = &mut self.expected {
                        asked.done_to(&mut expected.contents.grants);
                    }
                    return Ok(Came::Whole);
                }
                Ok(()) => None,
                Err(error) if error.ambiguous() => {
                    failed += 1;
                    Some(context.client.writer.before_look(error, failed).await)
                }
                // Perhaps it takes no second entry of a role; then the new one takes the place of the old.
                Err(error) if beside && matches!(error.refused(), Some(400 | 409 | 422)) => {
                    beside = false;
                    let whole = Asked::replacing(&held, wish);
                    if whole.delete.len() == asked.delete.len()
                        || dialect.scope_changes() != ScopeChange::Atomic
                    {
                        return Err(error.into());
                    }
                    Attempt::again(context, error)?;
                    asked = whole;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let shown =
                self.look_at_roles(context, (company, group), &asked, &held, unclear.is_none()).await?;
            match (shown, unclear) {
                (Shown::Done, _) => return Ok(Came::Whole),
                (Shown::Part, _) => return Ok(Came::InPart),
                (Shown::Nothing, Some(hope)) => Attempt::again(context, hope?)?,
                (Shown::Else, Some(_)) => return Err(ApplyError::HalfWay.into()),
                (Shown::Nothing | Shown::Else, None) => return Err(ApplyError::RolesIgnored.into()),
            }
        }
        Ok(Came::Whole)
    }

    /// Looks which roles the group has, as long as the API may be slow to show what it `accepted`.
    async fn look_at_roles(
        &mut self,
        context: StepContext<'_>,
        (company, group): (CompanyId, GroupId),
        asked: &Asked,
        held: &[Grant],
        accepted: bool,
    ) -> Result<Shown, Trouble> {
        tracing::debug!("looking which roles the group has");
        let mut settling = Settling::new(context.job);
        loop {
            let now = grants(context.client.reader.list_group_roles(company, group).await?);
            let before: BTreeMap<RoleId, Scope> =
                asked.after.keys().map(|role| (*role, scope_of(held, *role))).collect();
            let within = |(role, after): (&RoleId, &Scope)| {
                Scope::any([after.clone(), before[role].clone()]).contains(&scope_of(&now, *role))
            };
            let shown = if holds(&now, &asked.after) {
                Shown::Done
            } else if holds(&now, &before) {
                Shown::Nothing
            } else if asked.after.iter().all(within) {
                Shown::Part
            } else {
                Shown::Else
            };
            let over = matches!(shown, Shown::Done) || !accepted;
            if over || !settling.pause().await {
                if let Some(expected) = &mut self.expected {
                    // Entry by entry as they are now: later deletions name them so.
                    let grants = &mut expected.contents.grants;
                    grants.retain(|it| !asked.after.contains_key(&it.role));
                    grants.extend(now.into_iter().filter(|it| asked.after.contains_key(&it.role)));
                    grants.sort_by_key(|it| it.role);
                }
                return Ok(shown);
            }
        }
    }

    async fn send_roles(
        &mut self,
        context: StepContext<'_>,
        company: CompanyId,
        group: GroupId,
        asked: &Asked,
    ) -> Result<Result<(), ApiError>, ApplyError> {
        let write = Write::PatchRoles {
            company,
            group,
            add: asked.add.iter().map(|(role, scope)| Added::new(*role, scope)).collect(),
            remove: asked.deleted(),
        };
        let (writer, id) = self.attempt.begin(context, write)?;
        let result = writer.patch_roles(company, group, &asked.add, &asked.delete).await;
        Ok(self.attempt.end(context, &id, result, None))
    }
}

fn deletion(dialect: Dialect) -> Deletion {
    match (dialect.scope_changes(), dialect.roles_to_delete) {
        (ScopeChange::RevokeFirst, _) => Deletion::First,
        (ScopeChange::Atomic | ScopeChange::Split, RolesToDelete::Ids) => Deletion::Role,
        (ScopeChange::Atomic | ScopeChange::Split, RolesToDelete::Objects) => Deletion::Entry,
    }
}
