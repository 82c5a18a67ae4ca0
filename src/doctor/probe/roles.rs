//! How roles come to a group, leave it and move, and how they are listed (contract §3.9, §3.10, §4).

use super::{Dialect, Halt, MOST_ROLES, SETTLE, ScratchGroups, Shown, Tried, scratch::Holds};
use crate::{
    doctor::shapes,
    live::api::Question,
    model::{
        dialect::{PredicateForm, RolesToDelete, ScopeChange},
        ids::{GroupId, RoleId},
        observed::GroupRole as Held,
        scope::{Dimension, Kind, Scope, Value},
    },
};

/// A role that the group takes, on two scopes: the second allows less than the first.
struct Trial {
    role: RoleId,
    wide: Scope,
    narrow: Scope,
}

pub(super) async fn learn(scratch: &mut ScratchGroups<'_>) -> Result<(), Halt> {
    let Some(trial) = form(scratch).await? else {
        for name in ["roles to delete", "scope change"] {
            scratch.unknown(name, "the group takes no role");
        }
        return Ok(());
    };
    deletion(scratch, &trial).await?;
    twice(scratch, &trial).await?;
    change(scratch, &trial).await
}

/// Learns the form of a condition and the shape of a listed role, by the first role that is taken.
async fn form(scratch: &mut ScratchGroups<'_>) -> Result<Option<Trial>, Halt> {
    let (company, user) = (scratch.company, scratch.user);
    let one = |kind, id| Dimension { kind, values: vec![Value::Id(id)] };
    let profile = || one(Kind::Profile, user.0);
    let whole = || one(Kind::Company, company.0);
    let narrow = Scope::new([vec![whole(), profile()]]);
    let mut facts: Vec<String> = Vec::new();
    // One person is the least that a scope can reach; not every role has to allow that.
    for role in scratch.roles.iter().copied().take(MOST_ROLES).collect::<Vec<_>>() {
        for wide in [Scope::new([vec![profile()]]), Scope::new([vec![whole()]])] {
            facts.clear();
            for form in [PredicateForm::List, PredicateForm::Single, PredicateForm::Id] {
                let group = scratch.bare(Holds::Roles).await?;
                let speech = Dialect { predicate: form, ..Dialect::default() };
                let add = [(role, wide.clone())];
                let refused = scratch.patch_roles(group, speech, &add, &[]).await?;
                let held =
                    settled(scratch, group, refused.as_ref(), |it| holds(it, &[(role, &wide)])).await?;
                let tried = Tried::new(refused, shown(&held, &[], &[(role, &wide)]));
                scratch.unless_doubtful(&tried).await?;
                facts.push(tried.told(shapes::word(form)));
                if tried == Tried::Took {
                    scratch.probed.learned.predicate = Some(form);
                    scratch.found("predicate", shapes::word(form), facts.join("; "));
                    listed(scratch, group).await?;
                    return Ok(Some(Trial { role, wide, narrow }));
                }
            }
        }
    }
    let why =
        if scratch.roles.is_empty() { "the company has no role to try".to_owned() } else { facts.join("; ") };
    scratch.unknown("predicate", why);
    // Other groups show at least how roles are listed.
    elsewhere(scratch).await?;
    Ok(None)
}

async fn listed(scratch: &mut ScratchGroups<'_>, group: GroupId) -> Result<(), Halt> {
    let question = Question::GroupRoles { company: scratch.company, group, limit: 1 };
    let body = scratch.observer.ask(&question).await?.body;
    shape(scratch, &body["roles"][0], "as its own group's role is listed");
    Ok(())
}

async fn elsewhere(scratch: &mut ScratchGroups<'_>) -> Result<(), Halt> {
    let groups = scratch.reader.list_groups(scratch.company).await?;
    for group in groups.iter().take(10) {
        let question = Question::GroupRoles { company: scratch.company, group: group.id, limit: 1 };
        let body = scratch.observer.ask(&question).await?.body;
        if body["roles"][0].is_object() {
            shape(scratch, &body["roles"][0], "as the roles of a group that exists are listed");
            return Ok(());
        }
    }
    scratch.unknown("group role", "no group holds a role");
    Ok(())
}

fn shape(scratch: &mut ScratchGroups<'_>, row: &serde_json::Value, fact: &str) {
    const NAME: &str = "group role";
    use crate::model::dialect::GroupRole::{Flat, Nested};
    let found = shapes::group_role(row);
    scratch.probed.learned.group_role = found;
    match found {
        Some(Nested) => scratch.found(NAME, "nested", fact),
        Some(Flat) => scratch.found(NAME, "flat", fact),
        None => scratch.unknown(NAME, "neither `role` nor `id` is in the list"),
    }
}

/// Learns what `rolesToDelete` holds; the group holds the role when this begins.
async fn deletion(scratch: &mut ScratchGroups<'_>, trial: &Trial) -> Result<(), Halt> {
    const NAME: &str = "roles to delete";
    let mut facts = Vec::new();
    for (form, word) in [(RolesToDelete::Objects, "objects"), (RolesToDelete::Ids, "ids")] {
        let (group, held) = given(scratch, trial).await?;
        let speech = Dialect { roles_to_delete: form, ..scratch.speech() };
        let refused = scratch.patch_roles(group, speech, &[], &held).await?;
        let left = settled(scratch, group, refused.as_ref(), <[Held]>::is_empty).await?;
        let tried = Tried::new(refused, shown(&left, &[(trial.role, &trial.wide)], &[]));
        scratch.unless_doubtful(&tried).await?;
        facts.push(tried.told(word));
        if tried == Tried::Took {
            scratch.probed.learned.roles_to_delete = Some(form);
            scratch.found(NAME, word, facts.join("; "));
            return Ok(());
        }
    }
    scratch.unknown(NAME, facts.join("; "));
    Ok(())
}

/// Learns what becomes of the same role on the same scope, given twice.
async fn twice(scratch: &mut ScratchGroups<'_>, trial: &Trial) -> Result<(), Halt> {
    let (group, _) = given(scratch, trial).await?;
    let add = [(trial.role, trial.wide.clone())];
    let speech = scratch.speech();
    let refused = scratch.patch_roles(group, speech, &add, &[]).await?;
    let held = scratch.held(group).await?;
    let (verdict, fact) = match refused {
        Some(why) if held.len() > 1 => ("unknown", Tried::Contradicted(why).told("the same again")),
        Some(why) => ("refused", why),
        None if held.len() > 1 => ("second entry", "accepted, and listed twice".to_owned()),
        None => ("nothing happens", "accepted, and listed once".to_owned()),
    };
    if verdict != "refused" {
        // A second entry may still come.
        scratch.discard().await?;
    }
    scratch.found("same role and scope", verdict, fact);
    Ok(())
}

/// Learns how a role moves to another scope, and what becomes of one role on two scopes.
async fn change(scratch: &mut ScratchGroups<'_>, trial: &Trial) -> Result<(), Halt> {
    const NAME: &str = "scope change";
    let Trial { role, wide, narrow } = trial;
    let add = [(*role, narrow.clone())];
    let (group, _) = given(scratch, trial).await?;
    let speech = scratch.speech();
    let refused = scratch.patch_roles(group, speech, &add, &[]).await?;
    let both = [(*role, wide), (*role, narrow)];
    let held = settled(scratch, group, refused.as_ref(), |it| holds(it, &both)).await?;
    let side_by_side = refused.is_none() && holds(&held, &both);
    let unchanged = holds(&held, &[(*role, wide)]);
    let (verdict, fact) = match refused {
        Some(why) if !unchanged => ("unknown", Tried::Contradicted(why).told("a second scope")),
        Some(why) => ("refused", why),
        None if side_by_side => ("second entry", "listed once for each scope".to_owned()),
        None if holds(&held, &[(*role, narrow)]) => {
            ("replaces", "only the second scope is listed".to_owned())
        }
        None if unchanged => ("merges", "one entry, whose scope allows what both do".to_owned()),
        None => ("unknown", format!("listed {} times, on other scopes than were given", held.len())),
    };
    scratch.found("same role, other scope", verdict, fact);
    if verdict != "refused" {
        // Where one scope allows what both do, nothing shows whether the second was taken.
        scratch.discard().await?;
    }

    let Some(form) = scratch.probed.learned.roles_to_delete else {
        scratch.unknown(NAME, "no role could be taken from the group");
        return Ok(());
    };
    if form == RolesToDelete::Ids {
        let (learned, word, fact) = match side_by_side {
            true => {
                (ScopeChange::Split, "split", "a second scope stands beside the first, and is only added")
            }
            false => (ScopeChange::RevokeFirst, "revokeFirst", "the role does not stand on two scopes"),
        };
        scratch.probed.learned.scope_change = Some(learned);
        let fact =
            format!("a deletion by id takes the role under every scope, so it has to come first; {fact}");
        scratch.found(NAME, word, fact);
        return Ok(());
    }
    let (group, held) = given(scratch, trial).await?;
    let speech = scratch.speech();
    let refused = scratch.patch_roles(group, speech, &add, &held).await?;
    let held = settled(scratch, group, refused.as_ref(), |it| holds(it, &[(*role, narrow)])).await?;
    let tried = Tried::new(refused, shown(&held, &[(*role, wide)], &[(*role, narrow)]));
    scratch.unless_doubtful(&tried).await?;
    let fact = tried.told("one request");
    let (learned, word, fact) = match tried {
        Tried::Took => (
            ScopeChange::Atomic,
            "atomic",
            format!("{fact}; that no moment shows a half of it cannot be seen from one trial"),
        ),
        Tried::Refused(_) | Tried::Otherwise if side_by_side => {
            (ScopeChange::Split, "split", format!("{fact}; the role stands on both scopes meanwhile"))
        }
        Tried::Refused(_) | Tried::Otherwise => (
            ScopeChange::RevokeFirst,
            "revokeFirst",
            format!("{fact}; the role does not stand on two scopes"),
        ),
        Tried::Ignored | Tried::Contradicted(_) => {
            scratch.unknown(NAME, fact);
            return Ok(());
        }
    };
    scratch.probed.learned.scope_change = Some(learned);
    scratch.found(NAME, word, fact);
    Ok(())
}

/// Returns a group that holds the role on the wide scope and nothing else, and that role as it is listed.
async fn given(scratch: &mut ScratchGroups<'_>, trial: &Trial) -> Result<(GroupId, Vec<Held>), Halt> {
    let wanted = [(trial.role, &trial.wide)];
    let group = scratch.group().await?;
    let held = scratch.held(group).await?;
    if holds(&held, &wanted) {
        return Ok((group, held));
    }
    let group = scratch.bare(Holds::Roles).await?;
    let add = [(trial.role, trial.wide.clone())];
    let speech = scratch.speech();
    let refused = scratch.patch_roles(group, speech, &add, &[]).await?;
    let held = settled(scratch, group, refused.as_ref(), |it| holds(it, &wanted)).await?;
    match Tried::new(refused, shown(&held, &[], &wanted)) {
        Tried::Took => Ok((group, held)),
        tried => Err(Halt::Unsafe(tried.told("what was taken before"))),
    }
}

/// Returns the group's roles after a write; looks twice where it was accepted and does not show.
async fn settled(
    scratch: &ScratchGroups<'_>,
    group: GroupId,
    refused: Option<&String>,
    wished: impl Fn(&[Held]) -> bool,
) -> Result<Vec<Held>, Halt> {
    let held = scratch.held(group).await?;
    if wished(&held) || refused.is_some() {
        return Ok(held);
    }
    tokio::time::sleep(SETTLE).await;
    Ok(scratch.held(group).await?)
}

/// Returns what a list of a group's roles shows, beside what was there before and what was wished.
fn shown(held: &[Held], before: &[(RoleId, &Scope)], wished: &[(RoleId, &Scope)]) -> Shown {
    if holds(held, wished) {
        Shown::Wished
    } else if holds(held, before) {
        Shown::Before
    } else {
        Shown::Else
    }
}

/// Says whether a group is listed with exactly these roles, each once, scopes by meaning.
fn holds(held: &[Held], wanted: &[(RoleId, &Scope)]) -> bool {
    let read: Vec<(RoleId, Scope)> =
        held.iter().map(|it| (it.role, Scope::read(it.scope.as_deref()))).collect();
    read.len() == wanted.len()
        && wanted.iter().all(|(role, scope)| read.iter().any(|it| it.0 == *role && it.1 == **scope))
}
