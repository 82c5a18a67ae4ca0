//! Everything as it will be once a plan is applied, in the form of everything as it is: what is asked of one is asked of the
//! other in the same words.
//!
//! Pure. What the plan does not touch stays as it was read.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use uuid::Uuid;

use crate::{
    live::snapshot::{Company, Group, Person, Snapshot},
    model::{
        ids::{CompanyId, GroupId, UserId},
        index::GroupIx,
        observed::GroupRole,
        plan::{Action, Change, Plan},
        state::State,
    },
};

/// What was read with all that the plan changes; a group that does not exist yet has the id of [`to_be_made`].
pub fn desired(all: &Snapshot, plan: &Plan) -> Snapshot {
    let after = plan.after();
    let changes: HashMap<(CompanyId, GroupId), Change<'_>> =
        plan.groups().filter_map(|it| Some(((it.company(), it.id()?), it))).collect();
    let before: HashSet<GroupId> = all.companies.iter().flat_map(|it| &it.groups).map(|it| it.id).collect();
    let mut all = all.clone();
    let mut new = 0;
    for company in &mut all.companies {
        let id = company.id;
        company.groups.retain(|it| changes.get(&(id, it.id)).is_none_or(|it| it.action() != Action::Delete));
        for group in &mut company.groups {
            if let Some(ix) = changes.get(&(id, group.id)).and_then(Change::group) {
                changed(group, &after, ix, plan);
            }
        }
        made(company, &after, plan, &mut new);
        company.groups.sort_by_key(|it| it.id);
    }
    people(&mut all, &before, plan);
    profiles(&mut all, plan);
    all
}

/// The id by which a group is known that does not exist yet: the API gives none like it.
pub fn to_be_made(n: usize) -> GroupId {
    GroupId(Uuid::from_u128(n as u128))
}

/// Whether a group does not exist yet.
pub fn is_to_be_made(group: GroupId) -> bool {
    group.0.get_version_num() == 0 && group.0.as_u128() <= u128::from(u32::MAX)
}

fn changed(group: &mut Group, after: &State, ix: GroupIx, plan: &Plan) {
    let added: HashMap<UserId, _> = group.members.iter().copied().zip(group.added.iter().copied()).collect();
    if let Some(attributes) = after.attributes(ix) {
        group.name = attributes.name.clone();
        group.description = attributes.description.clone();
    }
    let mut members: Vec<UserId> = after.members(ix).map(|it| plan.index.user(it)).collect();
    members.sort_unstable();
    group.added = members.iter().map(|it| added.get(it).copied().flatten()).collect();
    group.members = members.into();
    group.roles = roles(after, ix);
}

fn roles(after: &State, ix: GroupIx) -> Vec<GroupRole> {
    let role = |((_, role), scope): &((GroupIx, _), Arc<_>)| {
        let scope: &crate::model::scope::Scope = scope;
        GroupRole { role: *role, scope: Some(Arc::from(scope.to_wire())) }
    };
    after.grants(ix).iter().map(role).collect()
}

/// Adds the groups of a company that are to be created.
fn made(company: &mut Company, after: &State, plan: &Plan, made: &mut usize) {
    let new = plan.groups().filter(|it| it.company() == company.id && it.id().is_none());
    for change in new {
        let Some(ix) = change.group() else { continue };
        *made += 1;
        let mut group = Group {
            id: to_be_made(*made),
            name: change.name().into(),
            description: Box::default(),
            unmodifiable: false,
            roles: Vec::new(),
            members: Arc::default(),
            added: Arc::default(),
            created: None,
            updated: None,
        };
        changed(&mut group, after, ix, plan);
        group.added = Arc::default();
        company.groups.push(group);
    }
}

/// Changes what was read of people apart from access.
fn profiles(all: &mut Snapshot, plan: &Plan) {
    for change in plan.people() {
        let directory = all.directories.iter_mut().find(|it| it.company == change.company());
        let (Some(directory), Some(user)) = (directory, change.user()) else { continue };
        for (attribute, after) in
            change.traits().filter_map(|it| Some((it.attribute()?, it.traits()[1].map(str::to_owned))))
        {
            let traits = directory.profiles.entry(user).or_default();
            match after {
                Some(after) => traits.put(attribute, after),
                None => traits.take(attribute),
            }
        }
    }
}

/// Changes what was read of people: what they hold outside groups, and in which groups the API lists them.
fn people(all: &mut Snapshot, before: &HashSet<GroupId>, plan: &Plan) {
    let mut after: BTreeMap<UserId, _> =
        plan.people().filter_map(|it| Some((it.user()?, it.direct_after()))).collect();
    for person in &mut all.people {
        if let Some(direct) = after.remove(&person.user_id) {
            person.direct_roles = Some(direct);
        }
    }
    let new = |(user_id, direct)| Person { user_id, groups: Vec::new(), direct_roles: Some(direct) };
    all.people.extend(after.into_iter().map(new));
    all.people.sort_by_key(|it| it.user_id);
    let mut held: HashMap<UserId, Vec<GroupId>> =
        all.people.iter().map(|it| (it.user_id, Vec::new())).collect();
    for group in all.companies.iter().flat_map(|it| &it.groups) {
        for user in &*group.members {
            if let Some(groups) = held.get_mut(user) {
                groups.push(group.id);
            }
        }
    }
    for person in &mut all.people {
        // Of groups that are not looked at nothing changes.
        person.groups.retain(|it| !before.contains(it));
        person.groups.extend(held.remove(&person.user_id).unwrap_or_default());
        person.groups.sort_unstable();
    }
}
