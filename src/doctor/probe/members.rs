//! Who comes into a group and how somebody leaves it (contract §3.7).

use super::{Dialect, Halt, SETTLE, ScratchGroups, Shown, Tried, scratch::Holds};
use crate::model::{
    dialect::MemberRemovalField,
    ids::{GroupId, UserId},
};

/// Learns the field that takes members out, and what adding and removing twice does.
pub(super) async fn learn(scratch: &mut ScratchGroups<'_>) -> Result<(), Halt> {
    const REMOVAL: &str = "member removal";
    let user = scratch.user;
    let (group, added) = joined(scratch).await?;
    if added != Tried::Took {
        scratch.unknown(REMOVAL, added.told("adding a member"));
        return Ok(());
    }
    twice(scratch, group).await?;

    let mut facts = Vec::new();
    for field in [MemberRemovalField::UserIdsToDelete, MemberRemovalField::UserIdsToRemove] {
        let (group, added) = joined(scratch).await?;
        if added != Tried::Took {
            facts.push(added.told("adding a member"));
            break;
        }
        let speech = Dialect { member_removal_field: field, ..Dialect::default() };
        let refused = scratch.patch_members(group, speech, &[], &[user]).await?;
        let tried = taken(scratch, group, refused, |it| !it.contains(&user)).await?;
        facts.push(tried.told(field.as_str()));
        scratch.unless_doubtful(&tried).await?;
        if tried == Tried::Took {
            scratch.probed.learned.member_removal_field = Some(field);
            scratch.found(REMOVAL, field.as_str(), facts.join("; "));
            let (verdict, fact) = match scratch.patch_members(group, speech, &[], &[user]).await? {
                None => ("nothing happens", "accepted".to_owned()),
                Some(why) => ("refused", why),
            };
            scratch.found("absent member removed", verdict, fact);
            return Ok(());
        }
    }
    scratch.unknown(REMOVAL, facts.join("; "));
    Ok(())
}

/// Learns what becomes of a member who is added again. If that is accepted, nothing shows that it is done with.
async fn twice(scratch: &mut ScratchGroups<'_>, group: GroupId) -> Result<(), Halt> {
    let user = scratch.user;
    let (verdict, fact) = match scratch.patch_members(group, Dialect::default(), &[user], &[]).await? {
        None => {
            let times = scratch.members(group).await?.len();
            scratch.discard().await?;
            let verdict = if times == 1 { "nothing happens" } else { "listed twice" };
            (verdict, format!("accepted, and listed {times} times").replace("1 times", "once"))
        }
        Some(why) => ("refused", why),
    };
    scratch.found("member twice", verdict, fact);
    Ok(())
}

/// Returns a group that holds the user and nothing else, and how putting the user into it was taken, if it
/// had to be done.
async fn joined(scratch: &mut ScratchGroups<'_>) -> Result<(GroupId, Tried), Halt> {
    let user = scratch.user;
    let group = scratch.group().await?;
    if scratch.members(group).await? == [user] {
        return Ok((group, Tried::Took));
    }
    let group = scratch.bare(Holds::Members).await?;
    let refused = scratch.patch_members(group, Dialect::default(), &[user], &[]).await?;
    let added = taken(scratch, group, refused, |it| it.contains(&user)).await?;
    scratch.unless_doubtful(&added).await?;
    Ok((group, added))
}

/// Returns how a change of the members was taken; looks twice where it was accepted and does not show.
async fn taken(
    scratch: &ScratchGroups<'_>,
    group: GroupId,
    refused: Option<String>,
    wished: impl Fn(&[UserId]) -> bool,
) -> Result<Tried, Halt> {
    let mut shows = wished(&scratch.members(group).await?);
    if !shows && refused.is_none() {
        tokio::time::sleep(SETTLE).await;
        shows = wished(&scratch.members(group).await?);
    }
    Ok(Tried::new(refused, if shows { Shown::Wished } else { Shown::Before }))
}
