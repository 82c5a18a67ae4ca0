//! Who is in a group: each change is asked for once, looked into where its answer is lost, and seen before anything
//! follows.

use std::{collections::BTreeSet, sync::atomic::Ordering};

use crate::{
    apply::record::Write,
    live::api::ApiError,
    model::{
        access::Contents,
        ids::{CompanyId, GroupId, UserId},
    },
};

use super::{
    ApplyError,
    attempt::Attempt,
    context::StepContext,
    group::{Expected, Group, Trouble},
    settling::Settling,
};

impl Group<'_> {
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
        let reader = &context.client.reader;
        let (mut missing, mut left) = (add.to_vec(), remove.to_vec());
        let mut failed = 0;
        while let Err(error) = self.send_members(context, company, group, &missing, &left).await? {
            if !error.ambiguous() {
                return Err(error.into());
            }
            failed += 1;
            let hope = context.client.writer.before_look(error, failed).await;
            tracing::debug!("looking who is in the group");
            let inside = reader.members_among(company, group, &[add, remove].concat()).await?;
            missing.retain(|it| !inside.contains(it));
            left.retain(|it| inside.contains(it));
            if missing.is_empty() && left.is_empty() {
                break;
            }
            Attempt::again(context, hope?)?;
        }
        // Otherwise it is seen when the group is read back; a group that was not looked at is not.
        let proven = context.proven.load(Ordering::Relaxed) && !context.followed && self.expected.is_some();
        let gone = if proven { &[] } else { remove };
        // Somebody may be about to lose elsewhere what this group gives.
        let joined = if context.followed { add } else { &[] };
        let mut settling = Settling::new(context.job);
        while !gone.is_empty() || !joined.is_empty() {
            let inside = reader.members_among(company, group, &[gone, joined].concat()).await?;
            let left = gone.iter().filter(|it| inside.contains(it)).count();
            let missing = joined.iter().filter(|it| !inside.contains(it)).count();
            if left == 0 && missing == 0 {
                context.proven.fetch_or(!gone.is_empty(), Ordering::Relaxed);
                break;
            }
            if !settling.pause().await {
                let ignored = left > 0;
                return Err(if ignored {
                    ApplyError::Ignored { left }
                } else {
                    ApplyError::NotJoined { missing }
                }
                .into());
            }
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
}
