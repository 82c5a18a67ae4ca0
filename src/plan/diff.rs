//! Two states to a plan: pure, total, and linear in its input.
//!
//! Both sides are sorted the same way and walked together once. There are no
//! exceptions here: what shall stay is on both sides already (`bind`).

use std::{cmp::Ordering, collections::BTreeSet};

use crate::{
    model::{
        access::{Contents, DesiredState, Grant, Group, GroupKey, Holding, LiveState, Member, Person, Why},
        direct::{DirectRole, Kind},
        ids::{CompanyId, GroupId, UserId},
        plan::{
            Attributes, ChangeKind, DirectChange, DirectEffect, GrantChange, GrantEffect, GroupChange,
            MemberChange, MemberEffect, Names, Plan, ReadGroup, Survivor, UserChange, Withheld,
        },
        snapshot::Snapshot,
    },
    plan::{bind::Bound, bind::people::Directory, digest},
};

/// Returns the plan between the two bound sides, with names for everything it mentions.
pub fn plan(bound: &Bound, snapshot: &Snapshot) -> Plan {
    let changes = diff(&bound.desired, &bound.live);
    let read = bound.live.0.groups.iter().filter_map(read).collect();
    let users = users(&bound.desired, &bound.live);
    let mut plan = Plan {
        companies: bound.companies.clone(),
        changes,
        survivors: survivors(&users, &bound.live, &bound.locked),
        users,
        quarantine: bound.quarantine.clone(),
        expiring: bound.expiring,
        names: Names { values: bound.aliases.clone(), ..Names::default() },
        remarks: bound.remarks.clone(),
        outside: bound.outside.clone(),
        read,
        ..Plan::default()
    };
    plan.names.roles =
        snapshot.companies.iter().flat_map(|it| &it.roles).map(|it| (it.id, it.name.clone())).collect();
    let directory = Directory::new(&snapshot.users);
    let mut mentioned: Vec<UserId> =
        plan.changes.iter().flat_map(|it| &it.members).map(|it| it.user).collect();
    for quarantined in &plan.quarantine {
        match &quarantined.what {
            Withheld::Removal { user, .. }
            | Withheld::HiddenRemoval { user }
            | Withheld::UnreadLockout { user }
            | Withheld::Traveller { user, .. } => mentioned.push(*user),
            Withheld::Person { .. }
            | Withheld::Grant { .. }
            | Withheld::Unreadable { .. }
            | Withheld::Group { .. }
            | Withheld::InactiveMember { .. }
            | Withheld::Unmodifiable { .. }
            | Withheld::Lockout { .. }
            | Withheld::User { .. }
            | Withheld::UnreadUser { .. }
            | Withheld::UnmanagedUser { .. }
            | Withheld::UnmanagedUnread { .. } => (),
        }
    }
    mentioned.extend(plan.users.iter().map(|it| it.user));
    let effects = plan.users.iter().flat_map(|it| &it.roles).map(|it| &it.effect);
    mentioned.extend(effects.flat_map(DirectEffect::travellers).map(|it| it.user));
    mentioned.extend(plan.outside.iter().map(|it| it.user));
    let held = plan.outside.iter().flat_map(|it| it.roles.iter());
    mentioned.extend(held.flat_map(DirectRole::travellers).map(|it| it.user));
    mentioned.extend(plan.survivors.iter().map(|it| it.user));
    // Where roles change or the group goes, whoever stays in it until then is concerned as well.
    let concerned = plan.changes.iter().filter(|it| !it.grants.is_empty());
    mentioned.extend(concerned.flat_map(GroupChange::staying));
    let scopes = plan.changes.iter().flat_map(|it| &it.grants).flat_map(|it| it.effect.scopes());
    mentioned.extend(scopes.flat_map(crate::model::scope::Scope::people).map(UserId));
    for user in mentioned {
        if let Some(email) = directory.user(user).and_then(|it| it.email.as_ref()) {
            plan.names.people.insert(user, email.as_str().into());
        }
    }
    plan
}

/// Computes the changes that turn `live` into `desired`, sorted by company, name and id.
///
/// A live group that `desired` neither wants nor removes is left alone.
pub fn diff(desired: &DesiredState, live: &LiveState) -> Vec<GroupChange> {
    let mut changes = Vec::new();
    let (mut want, mut have) = (desired.access.groups.iter().peekable(), live.0.groups.iter().peekable());
    loop {
        let order = match (want.peek(), have.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(want), Some(have)) => want.identity().cmp(&have.identity()),
        };
        let change = match order {
            Ordering::Less => want.next().map(create),
            Ordering::Equal => want.next().zip(have.next()).and_then(|(want, have)| alter(want, have)),
            Ordering::Greater => have.next().and_then(|have| delete(have, desired)),
        };
        changes.extend(change);
    }
    changes.sort_by(|a, b| (a.company, &a.name, a.id).cmp(&(b.company, &b.name, b.id)));
    mark_ended(&mut changes, desired);
    mark_moves(&mut changes);
    changes
}

/// Computes what changes about the roles that people hold outside groups, sorted by company and user.
///
/// Who is on one side only is left alone: what is not known is not changed.
pub fn users(desired: &DesiredState, live: &LiveState) -> Vec<UserChange> {
    let mut changes = Vec::new();
    join(&desired.access.people, &live.0.people, Person::identity, |_, want, have| {
        let (Some(want), Some(have)) = (want, have) else { return };
        let roles = direct(want, have);
        if !roles.is_empty() {
            let (company, user, from) = (want.company, want.user, want.from);
            changes.push(UserChange { company, user, before: have.roles.clone(), roles, from });
        }
    });
    changes
}

/// Returns what people keep outside groups who are cut off everywhere, once these changes are made; sorted.
pub fn survivors(users: &[UserChange], live: &LiveState, locked: &BTreeSet<UserId>) -> Vec<Survivor> {
    let left = |person: &Person| {
        let change = users.iter().find(|it| (it.company, it.user) == person.identity());
        let roles = change.map_or_else(|| person.roles.types(), |it| it.after().types());
        (!roles.is_empty()).then_some(Survivor { user: person.user, roles })
    };
    let mut all: Vec<Survivor> =
        live.0.people.iter().filter(|it| locked.contains(&it.user)).filter_map(left).collect();
    all.sort();
    all
}

fn direct(want: &Person, have: &Person) -> Vec<DirectChange> {
    let mut kinds: Vec<&Kind> = want.roles.iter().chain(have.roles.iter()).map(DirectRole::kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let place = |kind: &Kind| want.declared.iter().find(|it| it.0 == *kind).map(|it| it.1);
    let change = |kind: &Kind| {
        let effect = match (want.roles.get(kind), have.roles.get(kind)) {
            (Some(role), None) => DirectEffect::Add { role: role.clone() },
            (Some(after), Some(before)) if after != before => {
                DirectEffect::Change { before: before.clone(), after: after.clone() }
            }
            (None, Some(role)) => {
                let ended = want.ended.iter().find(|it| it.0 == *kind);
                let why = ended.map_or(Why::NotDeclared, |it| it.1);
                DirectEffect::Remove { why, role: role.clone() }
            }
            (Some(_), Some(_)) | (None, None) => return None,
        };
        Some(DirectChange { effect, from: place(kind) })
    };
    kinds.into_iter().filter_map(change).collect()
}

fn create(want: &Group) -> GroupChange {
    GroupChange {
        company: want.company,
        id: None,
        name: want.name.clone(),
        kind: ChangeKind::Create { description: want.description.clone() },
        grants: grants(&want.grants, &[]),
        members: members(&want.members, &[]),
        from: want.from,
        before: Some(Contents::default()),
    }
}

fn alter(want: &Group, have: &Group) -> Option<GroupChange> {
    let change = GroupChange {
        company: have.company,
        id: existing(&have.key),
        name: have.name.clone(),
        kind: ChangeKind::Alter { before: attributes(have), after: attributes(want) },
        grants: grants(&want.grants, &have.grants),
        members: members(&want.members, &have.members),
        from: want.from,
        before: Some(contents(have)),
    };
    let same = attributes(want) == attributes(have);
    (!same || !change.grants.is_empty() || !change.members.is_empty()).then_some(change)
}

/// Names every member and role that goes with the group, not just the group.
fn delete(have: &Group, desired: &DesiredState) -> Option<GroupChange> {
    let id = existing(&have.key)?;
    let at =
        desired.removals.binary_search_by_key(&(have.company, id), crate::model::access::Removal::identity).ok()?;
    let removal = &desired.removals[at];
    Some(GroupChange {
        company: have.company,
        id: Some(id),
        name: have.name.clone(),
        kind: ChangeKind::Delete { description: have.description.clone(), reason: removal.reason.clone() },
        grants: grants(&[], &have.grants),
        members: members(&[], &have.members),
        from: Some(removal.from),
        before: Some(contents(have)),
    })
}

fn existing(key: &GroupKey) -> Option<GroupId> {
    match key {
        GroupKey::Existing(id) => Some(*id),
        GroupKey::New(_) => None,
    }
}

/// Returns what a live group is recognised by later.
fn read(group: &Group) -> Option<ReadGroup> {
    let id = existing(&group.key)?;
    let members: Vec<UserId> = group.members.iter().map(|it| it.user).collect();
    Some(digest::group(group.company, id, &group.name, &group.description, &group.grants, &members))
}

fn contents(group: &Group) -> Contents {
    Contents { members: group.members.iter().map(|it| it.user).collect(), grants: group.grants.clone() }
}

fn attributes(group: &Group) -> Attributes {
    Attributes { name: group.name.clone(), description: group.description.clone() }
}

fn grants(want: &[Grant], have: &[Grant]) -> Vec<GrantChange> {
    let mut changes = Vec::new();
    join(
        want,
        have,
        |it| it.role,
        |role, want, have| {
            let effect = match (want, have) {
                (Some(want), None) => GrantEffect::Add { scope: want.scope.clone() },
                (None, Some(have)) => {
                    GrantEffect::Remove { why: Why::NotDeclared, scope: have.scope.clone() }
                }
                (Some(want), Some(have)) => match have.scope.relation(&want.scope) {
                    Some(relation) => GrantEffect::Rescope {
                        before: have.scope.clone(),
                        after: want.scope.clone(),
                        relation,
                    },
                    None => return,
                },
                (None, None) => return,
            };
            changes.push(GrantChange { role, effect, from: want.and_then(|it| it.from) });
        },
    );
    changes
}

fn members(want: &[Member], have: &[Member]) -> Vec<MemberChange> {
    let mut changes = Vec::new();
    join(
        want,
        have,
        |it| it.user,
        |user, want, have| {
            let effect = match (want, have) {
                (Some(_), None) => MemberEffect::Add { moved_from: None },
                (None, Some(_)) => MemberEffect::Remove { moved_to: None, why: Why::NotDeclared },
                (Some(_), Some(_)) | (None, None) => return,
            };
            changes.push(MemberChange { user, effect, from: want.and_then(|it| it.from) });
        },
    );
    changes
}

/// Walks two sorted lists together: every key once, with what each side has.
fn join<T, K: Ord + Copy>(
    want: &[T],
    have: &[T],
    key: impl Fn(&T) -> K,
    mut each: impl FnMut(K, Option<&T>, Option<&T>),
) {
    let (mut w, mut h) = (0, 0);
    while w < want.len() || h < have.len() {
        let order = match (want.get(w), have.get(h)) {
            (Some(want), Some(have)) => key(want).cmp(&key(have)),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        let (left, right) = match order {
            Ordering::Less => (want.get(w), None),
            Ordering::Equal => (want.get(w), have.get(h)),
            Ordering::Greater => (None, have.get(h)),
        };
        if let Some(it) = left.or(right) {
            each(key(it), left, right);
        }
        w += usize::from(left.is_some());
        h += usize::from(right.is_some());
    }
}

fn mark_ended(changes: &mut [GroupChange], desired: &DesiredState) {
    if desired.ended.is_empty() {
        return;
    }
    for change in changes {
        let (company, Some(group)) = (change.company, change.id) else { continue };
        let ended = |what: Holding| {
            let key = (company, group, what);
            let found = desired.ended.binary_search_by(|it| (it.company, it.group, it.what).cmp(&key));
            found.map_or(Why::NotDeclared, |at| desired.ended[at].why)
        };
        for member in &mut change.members {
            if let MemberEffect::Remove { why, .. } = &mut member.effect {
                *why = ended(Holding::Member(member.user));
            }
        }
        for grant in &mut change.grants {
            if let GrantEffect::Remove { why, .. } = &mut grant.effect {
                *why = ended(Holding::Role(grant.role));
            }
        }
    }
}

/// Tells the two halves of a move about each other: who leaves one group and joins another of the company.
fn mark_moves(changes: &mut [GroupChange]) {
    let mut halves: Vec<(CompanyId, UserId, bool, usize)> = Vec::new();
    for (n, change) in changes.iter().enumerate() {
        halves.extend(
            change
                .members
                .iter()
                .map(|it| (change.company, it.user, matches!(it.effect, MemberEffect::Add { .. }), n)),
        );
    }
    halves.sort_unstable();
    let mut moves: Vec<(UserId, usize, usize)> = Vec::new();
    for person in halves.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let first = |joins: bool| person.iter().find(|it| it.2 == joins).map(|it| it.3);
        if let (Some(left), Some(joined)) = (first(false), first(true)) {
            moves.extend(person.iter().map(|it| (it.1, it.3, if it.2 { left } else { joined })));
        }
    }
    for (user, at, other) in moves {
        let name = changes[other].name.clone();
        let members = &mut changes[at].members;
        if let Ok(n) = members.binary_search_by_key(&user, |it| it.user) {
            match &mut members[n].effect {
                MemberEffect::Add { moved_from } => *moved_from = Some(name),
                MemberEffect::Remove { moved_to, .. } => *moved_to = Some(name),
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
