//! What an apply did to what undoes it: two states whose diff is the inverse.
//!
//! A rollback is a plan like any other. It undoes what was really done and is still so: what
//! somebody has changed since stays as it is. A write of which nobody knows is settled by what is
//! there now.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::{
    apply::record::Done,
    model::{
        access::{
            Access, Contents, DesiredState, Grant, Group, GroupKey, LiveState, Member, Person, Removal,
        },
        direct::{DirectRole, DirectRoles},
        ids::{CompanyId, GroupId, RoleId, UserId},
        plan::{Attributes, Change, ChangeKind, DirectEffect, GroupChange, Plan, UserChange},
        scope::Scope,
        snapshot::{GroupHead, Snapshot},
        source::{FileId, Place},
    },
    plan::diff::{self, diff},
};

/// The reason that a rollback gives for deleting a group.
const REASON: &str = "rollback: the apply created it";

/// Returns the groups that a rollback must look at, by the change that touched them.
///
/// A group whose creation was never answered is known by its name, if exactly one group has it
/// that the plan did not see.
pub fn touched(plan: &Plan, done: &BTreeMap<usize, Done>, snapshot: &Snapshot) -> BTreeMap<usize, GroupId> {
    let seen: BTreeSet<GroupId> = plan.read.iter().map(|it| it.group).collect();
    let by_name = |company: CompanyId, name: &str| {
        let mut fitting = named(snapshot, company, name).filter(|it| !seen.contains(&it.id));
        fitting.next().filter(|_| fitting.next().is_none()).map(|it| it.id)
    };
    let id = |(&n, done): (&usize, &Done)| {
        let change = plan.changes.get(n)?;
        let id = change.id.or(done.created.flatten()).or_else(|| by_name(change.company, &change.name))?;
        Some((n, id))
    };
    done.iter().filter_map(id).collect()
}

/// Returns the names of groups of which nobody can tell which one the apply created, if any: sorted.
pub fn unsettled<'a>(
    plan: &'a Plan,
    done: &BTreeMap<usize, Done>,
    touched: &BTreeMap<usize, GroupId>,
    snapshot: &Snapshot,
) -> Vec<&'a str> {
    let open = done.iter().filter(|(n, it)| it.created == Some(None) && !touched.contains_key(n));
    let changes = open.filter_map(|(n, _)| plan.changes.get(*n));
    let several = changes.filter(|it| named(snapshot, it.company, &it.name).next().is_some());
    several.map(|it| &*it.name).collect()
}

/// Returns the groups as they shall be again. `live` has those of [`touched`] that exist, and `snapshot` the
/// names of all that exist: what was deleted is not created a second time.
pub fn desired(
    plan: &Plan,
    done: &BTreeMap<usize, Done>,
    touched: &BTreeMap<usize, GroupId>,
    (live, snapshot): (&LiveState, &Snapshot),
    journal: FileId,
) -> DesiredState {
    let mut desired = DesiredState::default();
    for (n, done) in done {
        let Some(change) = plan.changes.get(*n) else { continue };
        let from = Place::new(journal, done.line, 1);
        let found = touched.get(n).and_then(|id| {
            live.0.groups.iter().find(|it| it.company == change.company && it.key == GroupKey::Existing(*id))
        });
        match (found, done.created, done.deleted) {
            (Some(Group { key: GroupKey::Existing(group), company, .. }), Some(_), _) => {
                desired.removals.push(Removal {
                    company: *company,
                    group: *group,
                    reason: REASON.into(),
                    from,
                });
            }
            (Some(live), _, _) => {
                desired.access.groups.push(Group { from: Some(from), ..restored(change, done, live) });
            }
            (None, None, true) if named(snapshot, change.company, &change.name).next().is_none() => {
                desired.access.groups.extend(recreated(change, from));
            }
            // Created and gone again, gone by somebody else's hand, or back already.
            (None, Some(_), _) | (None, None, _) => (),
        }
    }
    for (n, done) in done.iter().filter(|it| it.1.direct) {
        let Some(Change::User(change)) = plan.change(*n) else { continue };
        let read = live.0.people.iter().find(|it| it.identity() == (change.company, change.user));
        desired.access.people.extend(read.map(|live| Person {
            roles: restored_user(change, &live.roles),
            from: Some(Place::new(journal, done.line, 1)),
            ..live.clone()
        }));
    }
    desired.access.groups.sort_by(|a, b| a.identity().cmp(&b.identity()));
    desired.access.people.sort_by_key(Person::identity);
    desired.removals.sort_by_key(Removal::identity);
    desired
}

/// Leaves out whatever would be given to people who are cut off by now: they stay out, whatever was. What was
/// given to them is taken all the same.
pub fn give_nothing(desired: &mut DesiredState, live: &LiveState, locked: &BTreeSet<UserId>) {
    for group in &mut desired.access.groups {
        group.members.retain(|it| !locked.contains(&it.user));
    }
    for person in desired.access.people.iter_mut().filter(|it| locked.contains(&it.user)) {
        let held = live.0.people.iter().find(|it| it.identity() == person.identity());
        let within = |it: &DirectRole| it.within(held?.roles.get(it.kind())?);
        person.roles = person.roles.iter().filter_map(within).collect();
    }
}

/// Returns what somebody holds outside groups without what the apply did to it: the very elements that were there.
fn restored_user(change: &UserChange, live: &DirectRoles) -> DirectRoles {
    let mut roles = live.clone();
    for it in &change.roles {
        match &it.effect {
            DirectEffect::Add { role } if live.get(role.kind()) == Some(role) => roles.take(role.kind()),
            DirectEffect::Remove { role, .. } if live.get(role.kind()).is_none() => roles.put(role.clone()),
            DirectEffect::Change { before, after } if live.get(after.kind()) == Some(after) => {
                roles.put(before.clone());
            }
            // Not made, or somebody else's doing since.
            DirectEffect::Add { .. } | DirectEffect::Remove { .. } | DirectEffect::Change { .. } => (),
        }
    }
    roles
}

/// Returns a live group without what the apply did to it.
fn restored(change: &GroupChange, done: &Done, live: &Group) -> Group {
    let nothing = Contents::default();
    let before = change.before.as_ref().unwrap_or(&nothing);
    let was_in = |user: &UserId| match &change.before {
        Some(before) => before.members.binary_search(user).is_ok(),
        // Not looked at: only removals were made.
        None => done.removed.contains(user),
    };
    let mut members: BTreeSet<UserId> = live.members.iter().map(|it| it.user).collect();
    members.retain(|it| was_in(it) || !done.added.contains(it));
    members.extend(done.removed.iter().filter(|it| was_in(it)));

    let after = change.roles_after();
    let mut grants: BTreeMap<RoleId, Grant> = live.grants.iter().map(|it| (it.role, it.clone())).collect();
    for role in &done.roles {
        let was = scope_of(&before.grants, *role);
        let made = after.get(role).map_or_else(Scope::default, |it| (*it).clone());
        let is = grants.get(role).map_or_else(Scope::default, |it| it.scope.clone());
        // Made whole, made half in either order, or not at all; anything else is somebody else's doing.
        let half = is.is_empty() && done.taken.contains(role) || is == made.clone().union(was.clone());
        if is != made && !half {
            continue;
        }
        if was.is_empty() {
            grants.remove(role);
        } else if is != was {
            grants.insert(*role, Grant { role: *role, scope: was, as_read: Vec::new(), from: None });
        }
    }
    let mut group = Group {
        members: members.into_iter().map(|user| Member { user, from: None }).collect(),
        grants: grants.into_values().collect(),
        ..live.clone()
    };
    if let (true, ChangeKind::Alter { before, after }) = (done.renamed, &change.kind)
        && (&group.name, &group.description) == (&after.name, &after.description)
    {
        let Attributes { name, description } = before.clone();
        (group.name, group.description) = (name, description);
    }
    group
}

/// Returns a deleted group as it was, to be created again under a new id.
fn recreated(change: &GroupChange, from: Place) -> Option<Group> {
    let (ChangeKind::Delete { description, .. }, Some(before)) = (&change.kind, &change.before) else {
        return None;
    };
    Some(Group {
        company: change.company,
        key: GroupKey::New(change.name.clone()),
        name: change.name.clone(),
        description: description.clone(),
        grants: before.grants.clone(),
        members: before.members.iter().map(|&user| Member { user, from: None }).collect(),
        from: Some(from),
    })
}

/// Returns the groups of a company that have a name.
fn named<'a>(snapshot: &'a Snapshot, company: CompanyId, name: &str) -> impl Iterator<Item = &'a GroupHead> {
    let own = snapshot.companies.iter().filter(move |it| it.id == company);
    own.flat_map(|it| &it.groups).filter(move |it| *it.name == *name)
}

fn scope_of(grants: &[Grant], role: RoleId) -> Scope {
    grants.iter().find(|it| it.role == role).map_or_else(Scope::default, |it| it.scope.clone())
}

/// Returns the plan that undoes all of a plan; a group that it creates has no id yet.
pub fn inverse(plan: &Plan) -> Plan {
    // Ids that no group has, so that the two sides can be compared like any others.
    let made_up = |n: usize| GroupId(Uuid::from_u128(u128::MAX - n as u128));
    let mut done = BTreeMap::new();
    let mut touched = BTreeMap::new();
    let mut live = Access::default();
    for (n, change) in plan.changes.iter().enumerate() {
        done.insert(n, all(change));
        touched.insert(n, change.id.unwrap_or_else(|| made_up(n)));
        live.groups.extend(made(change, touched[&n]));
    }
    for (n, change) in (plan.changes.len()..).zip(&plan.users) {
        done.insert(n, Done { line: 1, direct: true, ..Done::default() });
        live.people.push(Person::live(change.company, change.user, change.after()));
    }
    live.groups.sort_by(|a, b| a.identity().cmp(&b.identity()));
    live.people.sort_by_key(Person::identity);
    let live = LiveState(live);
    let desired = desired(plan, &done, &touched, (&live, &Snapshot::default()), FileId(0));
    let mut users = diff::users(&desired, &live);
    users.iter_mut().for_each(|it| it.from = None);
    let mut changes = diff(&desired, &live);
    for change in &mut changes {
        change.from = None;
        if plan.changes.iter().all(|it| it.id != change.id) {
            change.id = None;
        }
    }
    Plan { changes, users, names: plan.names.clone(), ..Plan::default() }
}

/// Everything that a change does.
fn all(change: &GroupChange) -> Done {
    Done {
        line: 1,
        created: matches!(change.kind, ChangeKind::Create { .. }).then_some(change.id),
        deleted: matches!(change.kind, ChangeKind::Delete { .. }),
        renamed: matches!(change.kind, ChangeKind::Alter { .. }),
        added: change.joining().collect(),
        removed: change.leaving().collect(),
        roles: change.grants.iter().map(|it| it.role).collect(),
        taken: BTreeSet::new(),
        direct: false,
    }
}

/// The group once a change is made; nothing for one that is deleted.
fn made(change: &GroupChange, id: GroupId) -> Option<Group> {
    let Attributes { name, description } = match &change.kind {
        ChangeKind::Create { description } => {
            Attributes { name: change.name.clone(), description: description.clone() }
        }
        ChangeKind::Alter { after, .. } => after.clone(),
        ChangeKind::Delete { .. } => return None,
    };
    let members: BTreeSet<UserId> = change.staying().chain(change.joining()).collect();
    let roles = change.roles_after().into_iter();
    Some(Group {
        company: change.company,
        key: GroupKey::Existing(id),
        name,
        description,
        grants: roles
            .map(|(role, scope)| Grant { role, scope: scope.clone(), as_read: Vec::new(), from: None })
            .collect(),
        members: members.into_iter().map(|user| Member { user, from: None }).collect(),
        from: None,
    })
}

#[cfg(test)]
mod tests;
