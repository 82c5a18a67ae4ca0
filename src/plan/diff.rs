//! Two bound states to a plan: their difference, and what is said beside it.
//!
//! There are no exceptions here: what shall stay is on both sides already (`bind`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    model::{
        access::Why,
        acting,
        direct::DirectRole,
        ids::{CompanyId, Email, UserId},
        index::{GroupIx, UserIx},
        observed::Observed,
        plan::{Change, Edits, Entries, Names, Plan, ReadGroup, Survivor},
        scope::Scope,
        selector::Attribute,
        state::{Edit, Fact, Key, Owner, State, diff},
    },
    plan::{bind::Bound, digest},
};

/// Returns the plan between the two bound sides, with names for everything it mentions.
pub fn plan(bound: &Bound, snapshot: &Observed) -> Plan {
    let mut plan = Plan {
        index: bound.index.clone(),
        edits: Edits::new(diff(&bound.live, &bound.desired)),
        live: bound.live.clone(),
        notes: bound.notes.clone(),
        by_rule: bound.by_rule.clone(),
        selectors: bound.selectors.clone(),
        reasons: bound.reasons.clone(),
        companies: bound.companies.clone(),
        unmanaged: bound.unmanaged,
        withheld: bound.withheld.clone(),
        accepted: bound.accepted.clone(),
        soon: bound.soon.clone(),
        names: Names { values: bound.aliases.clone(), ..Names::default() },
        remarks: bound.remarks.clone(),
        outside: bound.outside.clone(),
        weakened: bound.weakened.clone(),
        lines: bound.lines.clone(),
        read: read(&bound.live, bound),
        ..Plan::default()
    };
    plan.survivors = survivors(&plan, &bound.locked);
    let owners: BTreeSet<Owner> = plan.changes().map(|it| it.owner).collect();
    plan.notes.retain(|key, _| owners.contains(&key.owner));
    let edited: BTreeSet<&Key> = plan.edits.iter().map(|it| &it.key).collect();
    plan.by_rule.retain(|key, _| edited.contains(key));
    // What only changes has no reason to go, even if one of the entries that asked for it has ended.
    for edit in plan.edits.iter().filter(|it| !it.removes()) {
        plan.notes.entry(edit.key.clone()).and_modify(|it| {
            it.ends = it.ends.filter(|_| !matches!(it.why, Why::NotYet(_)));
            it.why = Why::NotDeclared;
        });
    }
    plan.reasons.retain(|owner, _| owners.contains(owner));
    plan.entries = entries(&plan, snapshot);
    stamp(&mut plan, snapshot);
    name(&mut plan, snapshot);
    plan
}

/// Says when what goes came to be there, and who made and touched what changes, as far as the API tells.
pub(super) fn stamp(plan: &mut Plan, snapshot: &Observed) {
    let heads = snapshot.companies.iter().flat_map(|it| it.groups.iter().map(move |head| (it, head)));
    let heads: HashMap<_, _> = heads.map(|it| ((it.0.id, it.1.id), it)).collect();
    let (mut stamps, mut added) = (BTreeMap::new(), BTreeMap::new());
    for change in plan.groups() {
        let (Some(group), Some(id)) = (change.group(), change.id()) else { continue };
        let Some((company, head)) = heads.get(&(change.company(), id)) else { continue };
        if !head.stamps.is_empty() {
            stamps.insert(group, head.stamps.clone());
        }
        let leaving = change.members().filter(|it| it.removes());
        added.extend(leaving.filter_map(|it| {
            let user = plan.index.user(it.member()?);
            Some((it.key.clone(), company.added(id, user)?))
        }));
    }
    (plan.stamps, plan.added) = (stamps, added);
}

/// Digests of every live group, sorted by company and id.
fn read(live: &State, bound: &Bound) -> Vec<ReadGroup> {
    let groups = live.groups().iter();
    let mut read = Vec::with_capacity(groups.len());
    read.extend(groups.filter_map(|it| digest::group(&bound.index, live, it.0)));
    read.sort_unstable_by_key(|it| (it.company, it.group));
    read
}

/// The scopes of all live roles of the groups that change, as they were spelled.
pub(super) fn entries(plan: &Plan, snapshot: &Observed) -> Entries {
    let mut entries = Entries::new();
    for change in plan.groups() {
        let (Some(group), Some(id)) = (change.group(), change.id()) else { continue };
        let company = snapshot.companies.iter().find(|it| it.id == change.company());
        let grants = company.and_then(|it| it.contents.get(&id)).map_or(&[][..], |it| &it.grants);
        entries.extend(grants.iter().map(|it| ((group, it.role), it.as_read.clone())));
    }
    entries
}

/// Gives names to everything a plan mentions.
fn name(plan: &mut Plan, snapshot: &Observed) {
    let roles = snapshot.companies.iter().flat_map(|it| &it.roles);
    plan.names.roles = roles.map(|it| (it.id, it.name.clone())).collect();
    let mentioned = mentioned(plan);
    // Of a user who was read more than once, the first that tells who it is.
    let mut told: BTreeMap<UserId, Option<&Email>> = BTreeMap::new();
    for user in snapshot.users.iter().filter(|it| mentioned.contains(&it.id) && !it.is_hidden()) {
        told.entry(user.id).or_insert(user.email.as_ref());
    }
    plan.names.people =
        told.into_iter().filter_map(|(id, email)| Some((id, email?.as_str().into()))).collect();
}

/// Everybody that a plan speaks of, or whom it concerns.
fn mentioned(plan: &Plan) -> BTreeSet<UserId> {
    let mut all: BTreeSet<UserId> = BTreeSet::new();
    for change in plan.changes() {
        all.extend(change.user());
        all.extend(change.members().filter_map(Edit::member).map(|it| plan.index.user(it)));
        // Where roles change or the group goes, whoever stays in it until then is concerned as well.
        if change.grants().next().is_some() {
            all.extend(change.staying());
        }
        for edit in change.edits {
            all.extend(edit.travellers().map(|it| it.user));
            if edit.attribute().is_some_and(Attribute::has_people) {
                let ids = edit.traits().into_iter().flatten().flat_map(|it| it.split(','));
                all.extend(ids.filter_map(|it| it.parse().ok().map(UserId)));
            }
            all.extend(edit.scopes().into_iter().flatten().flat_map(Scope::people).map(UserId));
        }
    }
    // Whoever names somebody whose account comes or goes is led by one more, or by one less.
    let accounts: BTreeSet<UserId> =
        plan.people().filter(|it| it.account().is_some()).filter_map(|it| it.user()).collect();
    let led = plan.live.traits().filter(|(_, attribute, value)| {
        attribute.has_people() && acting::people(value).any(|it| accounts.contains(&it))
    });
    all.extend(led.map(|it| plan.index.person(it.0).1));
    all.extend(plan.withheld.iter().filter_map(|it| it.what.user()));
    all.extend(plan.withheld.iter().flat_map(|it| it.what.approved()));
    all.extend(plan.accepted.iter().filter_map(|it| it.what.user()));
    for outside in &plan.outside {
        all.insert(outside.user);
        all.extend(outside.roles.iter().flat_map(DirectRole::travellers).map(|it| it.user));
    }
    all.extend(plan.survivors.iter().map(|it| it.user));
    // Whose accounts made and touched them: named where it is known, and not asked for.
    let stamps = plan.stamps.values().flat_map(|it| [&it.created, &it.updated]).flatten();
    let made = plan.companies.iter().flat_map(|it| &it.unmanaged).filter_map(|it| it.created.as_ref());
    all.extend(stamps.chain(made).filter_map(|it| it.by));
    all.extend(plan.soon.iter().filter_map(|it| it.user));
    all
}

/// What people keep outside groups who are cut off everywhere, once a plan is made; sorted.
pub fn survivors(plan: &Plan, locked: &BTreeSet<UserId>) -> Vec<Survivor> {
    let changes: BTreeMap<Owner, Change<'_>> = plan.people().map(|it| (it.owner, it)).collect();
    let held = plan.live.people().map(|it| it.0).filter(|it| locked.contains(&plan.index.person(*it).1));
    let left = held.filter_map(|person| {
        let change = changes.get(&Owner::Person(person));
        let roles = change.map_or_else(|| plan.live.direct(person), Change::direct_after).types();
        (!roles.is_empty()).then(|| Survivor { user: plan.index.person(person).1, roles })
    });
    let mut left: Vec<Survivor> = left.collect();
    left.sort();
    left
}

/// The other half of every move: of each membership of somebody who leaves one group and joins another of the company,
/// the first group on the other side.
pub fn moves(plan: &Plan) -> BTreeMap<Key, GroupIx> {
    let mut halves: Vec<(CompanyId, UserIx, bool, GroupIx)> = Vec::new();
    for change in plan.groups() {
        let group = change.group();
        let halves_of =
            change.members().filter_map(|it| Some((change.company(), it.member()?, it.adds(), group?)));
        halves.extend(halves_of);
    }
    halves.sort_unstable();
    let mut moves = BTreeMap::new();
    for person in halves.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let first = |joins: bool| person.iter().find(|it| it.2 == joins).map(|it| it.3);
        if let (Some(left), Some(joined)) = (first(false), first(true)) {
            moves.extend(person.iter().map(|&(_, user, joins, group)| {
                let key = Key { owner: Owner::Group(group), fact: Fact::Member(user) };
                (key, if joins { left } else { joined })
            }));
        }
    }
    moves
}

#[cfg(test)]
pub(crate) mod tests;
