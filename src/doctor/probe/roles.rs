//! How roles come to a group, leave it and move, and how they are listed (contract §3.9, §3.10, §4).

use super::{Dialect, Ground, Halt, MOST_ROLES, SETTLE, Shown, Tried, ground::Holds};
use crate::{
    doctor::shapes,
    live::api::{GroupRole as Held, Question, RoleToAdd, RoleToDelete},
    model::{
        dialect::{PredicateForm, RolesToDelete, ScopeChange},
        ids::{GroupId, RoleId},
        scope::{Dimension, Kind, Scope, Value},
    },
};

/// A role that the group takes, on two scopes: the second allows less than the first.
struct Trial {
    role: RoleId,
    wide: Scope,
    narrow: Scope,
}

/// Learns everything about roles of a group.
pub(super) async fn learn(ground: &mut Ground<'_>) -> Result<(), Halt> {
    let Some(trial) = form(ground).await? else {
        for name in ["roles to delete", "scope change"] {
            ground.unknown(name, "the group takes no role");
        }
        return Ok(());
    };
    deletion(ground, &trial).await?;
    twice(ground, &trial).await?;
    change(ground, &trial).await
}

/// Learns the form of a condition and the shape of a listed role, by the first role that is taken.
async fn form(ground: &mut Ground<'_>) -> Result<Option<Trial>, Halt> {
    let (company, user) = (ground.company, ground.user);
    let one = |kind, id| Dimension { kind, values: vec![Value::Id(id)] };
    let profile = || one(Kind::Profile, user.0);
    let whole = || one(Kind::Company, company.0);
    let narrow = Scope::new([vec![whole(), profile()]]);
    let mut facts: Vec<String> = Vec::new();
    // One person is the least that a scope can reach; not every role has to allow that.
    for role in ground.roles.iter().copied().take(MOST_ROLES).collect::<Vec<_>>() {
        for wide in [Scope::new([vec![profile()]]), Scope::new([vec![whole()]])] {
            facts.clear();
            for form in [PredicateForm::List, PredicateForm::Single, PredicateForm::Id] {
                let group = ground.bare(Holds::Roles).await?;
                let speech = Dialect { predicate: form, ..Dialect::default() };
                let add = [RoleToAdd { role, scope: wide.clone() }];
                let refused = ground.patch_roles(group, speech, &add, &[]).await?;
                let held = settled(ground, group, refused.as_ref(), |it| holds(it, &[(role, &wide)])).await?;
                let tried = Tried::new(refused, shown(&held, &[], &[(role, &wide)]));
                ground.unless_doubtful(&tried).await?;
                facts.push(tried.told(shapes::word(form)));
                if tried == Tried::Took {
                    ground.probed.learned.predicate = Some(form);
                    ground.found("predicate", shapes::word(form), facts.join("; "));
                    listed(ground, group).await?;
                    return Ok(Some(Trial { role, wide, narrow }));
                }
            }
        }
    }
    let why =
        if ground.roles.is_empty() { "the company has no role to try".to_owned() } else { facts.join("; ") };
    ground.unknown("predicate", why);
    // Other groups show at least how roles are listed.
    elsewhere(ground).await?;
    Ok(None)
}

/// Learns the shape of a listed role from the group itself.
async fn listed(ground: &mut Ground<'_>, group: GroupId) -> Result<(), Halt> {
    let question = Question::GroupRoles { company: ground.company, group, limit: 1 };
    let body = ground.observer.ask(&question).await?.body;
    shape(ground, &body["roles"][0], "as its own group's role is listed");
    Ok(())
}

/// Learns the shape of a listed role from a few groups that exist.
async fn elsewhere(ground: &mut Ground<'_>) -> Result<(), Halt> {
    let groups = ground.reader.list_groups(ground.company).await?;
    for group in groups.iter().take(10) {
        let question = Question::GroupRoles { company: ground.company, group: group.id, limit: 1 };
        let body = ground.observer.ask(&question).await?.body;
        if body["roles"][0].is_object() {
            shape(ground, &body["roles"][0], "as the roles of a group that exists are listed");
            return Ok(());
        }
    }
    ground.unknown("group role", "no group holds a role");
    Ok(())
}

fn shape(ground: &mut Ground<'_>, row: &serde_json::Value, fact: &str) {
    const NAME: &str = "group role";
    use crate::model::dialect::GroupRole::{Flat, Nested};
    let found = shapes::group_role(row);
    ground.probed.learned.group_role = found;
    match found {
        Some(Nested) => ground.found(NAME, "nested", fact),
        Some(Flat) => ground.found(NAME, "flat", fact),
        None => ground.unknown(NAME, "neither `role` nor `id` is in the list"),
    }
}

/// Learns what `rolesToDelete` holds; the group holds the role when this begins.
async fn deletion(ground: &mut Ground<'_>, trial: &Trial) -> Result<(), Halt> {
    const NAME: &str = "roles to delete";
    let mut facts = Vec::new();
    for (form, word) in [(RolesToDelete::Objects, "objects"), (RolesToDelete::Ids, "ids")] {
        let (group, held) = given(ground, trial).await?;
        let speech = Dialect { roles_to_delete: form, ..ground.speech() };
        let refused = ground.patch_roles(group, speech, &[], &held).await?;
        let left = settled(ground, group, refused.as_ref(), <[Held]>::is_empty).await?;
        let tried = Tried::new(refused, shown(&left, &[(trial.role, &trial.wide)], &[]));
        ground.unless_doubtful(&tried).await?;
        facts.push(tried.told(word));
        if tried == Tried::Took {
            ground.probed.learned.roles_to_delete = Some(form);
            ground.found(NAME, word, facts.join("; "));
            return Ok(());
        }
    }
    ground.unknown(NAME, facts.join("; "));
    Ok(())
}

/// Learns what becomes of the same role on the same scope, given twice.
async fn twice(ground: &mut Ground<'_>, trial: &Trial) -> Result<(), Halt> {
    let (group, _) = given(ground, trial).await?;
    let add = [RoleToAdd { role: trial.role, scope: trial.wide.clone() }];
    let speech = ground.speech();
    let refused = ground.patch_roles(group, speech, &add, &[]).await?;
    let held = ground.held(group).await?;
    let (verdict, fact) = match refused {
        Some(why) if held.len() > 1 => ("unknown", Tried::Contradicted(why).told("the same again")),
        Some(why) => ("refused", why),
        None if held.len() > 1 => ("second entry", "accepted, and listed twice".to_owned()),
        None => ("nothing happens", "accepted, and listed once".to_owned()),
    };
    if verdict != "refused" {
        // A second entry may still come.
        ground.discard().await?;
    }
    ground.found("same role and scope", verdict, fact);
    Ok(())
}

/// Learns how a role moves to another scope, and what becomes of one role on two scopes.
async fn change(ground: &mut Ground<'_>, trial: &Trial) -> Result<(), Halt> {
    const NAME: &str = "scope change";
    let Trial { role, wide, narrow } = trial;
    let add = [RoleToAdd { role: *role, scope: narrow.clone() }];
    let (group, _) = given(ground, trial).await?;
    let speech = ground.speech();
    let refused = ground.patch_roles(group, speech, &add, &[]).await?;
    let both = [(*role, wide), (*role, narrow)];
    let held = settled(ground, group, refused.as_ref(), |it| holds(it, &both)).await?;
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
    ground.found("same role, other scope", verdict, fact);
    if verdict != "refused" {
        // Where one scope allows what both do, nothing shows whether the second was taken.
        ground.discard().await?;
    }

    let Some(form) = ground.probed.learned.roles_to_delete else {
        ground.unknown(NAME, "no role could be taken from the group");
        return Ok(());
    };
    if form == RolesToDelete::Ids {
        ground.probed.learned.scope_change = Some(ScopeChange::RevokeFirst);
        ground.found(
            NAME,
            "revokeFirst",
            "a deletion by id takes the role under every scope: it has to come first",
        );
        return Ok(());
    }
    let (group, held) = given(ground, trial).await?;
    let speech = ground.speech();
    let refused = ground.patch_roles(group, speech, &add, &held).await?;
    let held = settled(ground, group, refused.as_ref(), |it| holds(it, &[(*role, narrow)])).await?;
    let tried = Tried::new(refused, shown(&held, &[(*role, wide)], &[(*role, narrow)]));
    ground.unless_doubtful(&tried).await?;
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
            ground.unknown(NAME, fact);
            return Ok(());
        }
    };
    ground.probed.learned.scope_change = Some(learned);
    ground.found(NAME, word, fact);
    Ok(())
}

/// Returns a group that holds the role on the wide scope and nothing else, and that role as it is listed.
async fn given(ground: &mut Ground<'_>, trial: &Trial) -> Result<(GroupId, Vec<RoleToDelete>), Halt> {
    let wanted = [(trial.role, &trial.wide)];
    let group = ground.group().await?;
    let held = ground.held(group).await?;
    if holds(&held, &wanted) {
        return Ok((group, deletions(held)));
    }
    let group = ground.bare(Holds::Roles).await?;
    let add = [RoleToAdd { role: trial.role, scope: trial.wide.clone() }];
    let speech = ground.speech();
    let refused = ground.patch_roles(group, speech, &add, &[]).await?;
    let held = settled(ground, group, refused.as_ref(), |it| holds(it, &wanted)).await?;
    match Tried::new(refused, shown(&held, &[], &wanted)) {
        Tried::Took => Ok((group, deletions(held))),
        tried => Err(Halt::Unsafe(tried.told("what was taken before"))),
    }
}

fn deletions(held: Vec<Held>) -> Vec<RoleToDelete> {
    held.into_iter().map(|it| RoleToDelete { role: it.role, scope: it.scope }).collect()
}

/// Returns the group's roles after a write; looks twice where it was accepted and does not show.
async fn settled(
    ground: &Ground<'_>,
    group: GroupId,
    refused: Option<&String>,
    wished: impl Fn(&[Held]) -> bool,
) -> Result<Vec<Held>, Halt> {
    let held = ground.held(group).await?;
    if wished(&held) || refused.is_some() {
        return Ok(held);
    }
    tokio::time::sleep(SETTLE).await;
    Ok(ground.held(group).await?)
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
