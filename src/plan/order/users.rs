//! People by themselves: direct roles are one call for each person, which replaces the whole list at once, and so is each
//! part of what a person is.
//!
//! A call for direct roles has no state in between, and its roles are not those of groups: whenever it is made, nobody
//! holds what neither side gives, and nobody lacks what both give. So the laws leave its place free, and it is
//! narrow before wide: what only takes comes first and waits for nothing; what gives waits until whatever takes
//! something from the same person in a group has ended, made or not.
//!
//! What a person is comes before what the person joins, which is not made if that was not: nobody joins by a department
//! that was not written. Who leaves has nothing left before the account is deactivated, and nobody is left without a manager
//! or approver by it whom this plan gives another. Who comes back has lost what is to go before the account is activated: an
//! account that is not active holds nothing, so that this waits for nothing else. Which mails a person gets is no access: it
//! is written when all else has ended, whatever became of it, as long as there is an account that can be used.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    acting,
    direct::DirectRole,
    ids::{CompanyId, UserId},
    plan::{Change, Plan},
    selector::{Attribute, PersonPart},
    state::Edit,
};

use super::{Call, Step, Until, Wait};

/// Returns the steps of groups with those of people among them.
pub(super) fn add(plan: &Plan, steps: Vec<Step>) -> Vec<Step> {
    let roles = plan.people().filter(|it| it.direct().next().is_some());
    let (giving, taking): (Vec<Change<'_>>, Vec<Change<'_>>) = roles.partition(Change::gives);
    let lockouts = steps.iter().take_while(|it| it.lockout).count();
    let mut all: Vec<Step> = Vec::with_capacity(steps.len() + giving.len() + taking.len());
    let mut rest = steps.into_iter();
    all.extend(rest.by_ref().take(lockouts));
    let mut first: BTreeMap<UserId, Vec<Wait>> = BTreeMap::new();
    let come = accounts(plan, &mut all);
    let back: BTreeSet<UserId> =
        plan.people().filter(Change::comes_back).filter_map(|it| it.user()).collect();
    for change in plan.people() {
        become_other(&change, &come, &mut all, &mut first);
    }
    hand_over(plan, &mut all);
    all.extend(taking.iter().map(|it| step(it, Vec::new())));
    let moved = groups(rest, (lockouts, &first, &back), &mut all);
    for step in &mut all[moved..] {
        if let Call::PatchRoles { add, .. } = &step.call {
            let named: Vec<Wait> =
                add.iter().flat_map(|it| awaited(&come, it.1.people().map(UserId))).collect();
            step.after.extend(named);
        }
    }
    for step in &mut all[moved..] {
        step.after.sort_unstable();
        step.after.dedup();
    }
    let waits = giving.iter().filter_map(|it| {
        let travellers = it.direct_after();
        let travellers = travellers.iter().flat_map(DirectRole::travellers).map(|it| it.user);
        let is_bare = it.comes_back() && takes_direct(it);
        let own = first.get(&it.user()?).filter(|_| !is_bare).into_iter().flatten().copied();
        Some((it.user()?, own.chain(awaited(&come, travellers)).collect()))
    });
    let mut waits: BTreeMap<UserId, Vec<Wait>> = waits.collect();
    let mut leaving: BTreeMap<UserId, Vec<Wait>> = plan
        .people()
        .filter(Change::leaves)
        .filter_map(|it| Some((it.user()?, first.remove(&it.user()?).unwrap_or_default())))
        .collect();
    for (n, step) in all.iter().enumerate() {
        for user in losers(plan, step) {
            if let Some(waits) = waits.get_mut(&user).filter(|_| !step.lockout) {
                waits.push(Wait { step: n, until: Until::Ended });
            }
            if let Some(waits) = leaving.get_mut(&user) {
                waits.push(Wait { step: n, until: Until::Done });
            }
        }
        for user in replaced(plan, step) {
            if let Some(waits) = leaving.get_mut(&user) {
                waits.push(Wait { step: n, until: Until::Done });
            }
        }
    }
    let given = giving.iter().map(|it| {
        let waits = it.user().and_then(|user| waits.remove(&user));
        step(it, sorted(waits.unwrap_or_default()))
    });
    all.extend(given.collect::<Vec<_>>());
    for change in plan.people() {
        mails(plan, &change, &mut all, &mut leaving);
    }
    let gone = plan.people().filter_map(|it| {
        let after = sorted(leaving.remove(&it.user()?)?);
        Some(Step { after, ..part(&it, PersonPart::Account, false) })
    });
    all.extend(gone.collect::<Vec<_>>());
    for account in back.iter().filter_map(|it| come.get(it)) {
        return_bare(plan, account.step, &mut all);
    }
    all
}

/// Lets an account be activated only once everything is gone that is to go from the person, but for what waits for that account
/// itself.
fn return_bare(plan: &Plan, account: usize, all: &mut [Step]) {
    let Call::PutPerson { user, .. } = all[account].call else { return };
    let takes = |step: &Step| {
        let is_direct = matches!(step.call, Call::PutDirectRoles { .. });
        let changes = plan.change(step.change).filter(|_| is_direct);
        losers(plan, step).contains(&user) && changes.is_none_or(|it| takes_direct(&it))
    };
    for n in 0..all.len() {
        if takes(&all[n]) && !waits_for(all, n, account) {
            all[account].after.push(Wait { step: n, until: Until::Done });
        }
    }
}

/// Whether a step waits for another, be it for one that waits for it.
fn waits_for(all: &[Step], step: usize, other: usize) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![step]);
    while let Some(it) = open.pop() {
        if it == other {
            return true;
        }
        if seen.insert(it) {
            open.extend(all[it].after.iter().map(|it| it.step));
        }
    }
    false
}

/// Whether the change takes a direct role, or a part of one.
fn takes_direct(change: &Change<'_>) -> bool {
    change.direct().any(|it| it.before.is_some())
}

/// The people in whose place a step names others as manager or approvers.
fn replaced(plan: &Plan, step: &Step) -> Vec<UserId> {
    let Call::PutPerson { part, .. } = step.call else { return Vec::new() };
    let change = plan.change(step.change);
    let edits = change.iter().flat_map(Change::traits).filter(|it| it.part() == Some(part));
    let gone = |it: &Edit| {
        let [before, after] = [0, 1].map(|side| people_of(it, side));
        before.into_iter().filter(move |it| !after.contains(it))
    };
    edits.flat_map(gone).collect()
}

/// The people that an attribute names on one side.
fn people_of(edit: &Edit, side: usize) -> Vec<UserId> {
    let named = edit.attribute().filter(|it| it.has_people()).and(edit.traits()[side]);
    named.map(|it| acting::people(it).collect()).unwrap_or_default()
}

fn sorted(mut waits: Vec<Wait>) -> Vec<Wait> {
    waits.sort_unstable();
    waits.dedup_by_key(|it| it.step);
    waits
}

/// Adds the accounts that come, before anything that names their people.
fn accounts(plan: &Plan, all: &mut Vec<Step>) -> BTreeMap<UserId, Wait> {
    let mut come = BTreeMap::new();
    for change in plan.people().filter(|it| it.account().is_some() && !it.leaves()) {
        let Some(user) = change.user() else { continue };
        come.insert(user, Wait { step: all.len(), until: Until::Done });
        all.push(part(&change, PersonPart::Account, true));
    }
    come
}

/// What has to be made before these people are named.
fn awaited(
    come: &BTreeMap<UserId, Wait>,
    people: impl IntoIterator<Item = UserId>,
) -> impl Iterator<Item = Wait> {
    people.into_iter().filter_map(|it| come.get(&it).copied())
}

/// Adds what makes somebody another person than before, each after the accounts of the person and of whoever is named by it
/// are there; `first` is what those wait for who give something to the person.
fn become_other(
    change: &Change<'_>,
    come: &BTreeMap<UserId, Wait>,
    all: &mut Vec<Step>,
    first: &mut BTreeMap<UserId, Vec<Wait>>,
) {
    let Some(user) = change.user() else { return };
    first.extend(come.get(&user).map(|it| (user, vec![*it])));
    let mut parts: Vec<PersonPart> = change.traits().filter_map(Edit::part).collect();
    parts.sort_unstable();
    parts.dedup();
    parts.retain(|it| *it != PersonPart::NotificationPreferences);
    // Whose account comes is there by now, and who leaves is deactivated at the end.
    for it in parts.into_iter().filter(|it| *it != PersonPart::Account) {
        let wait = Wait { step: all.len(), until: Until::Done };
        let named = change.traits().filter(|edit| edit.part() == Some(it)).flat_map(|it| people_of(it, 1));
        let after = sorted(awaited(come, named.chain([user])).collect());
        all.push(Step { after, ..part(change, it, true) });
        first.entry(user).or_default().push(wait);
    }
}

/// Lets who gets a key that another person has wait until that one has another: two people may not have one. Of a circle
/// nobody can be the first, and so nobody waits.
fn hand_over(plan: &Plan, all: &mut [Step]) {
    let keys = |step: &Step, side: usize| -> Vec<(CompanyId, Attribute, Box<str>)> {
        let Call::PutPerson { company, part, .. } = step.call else { return Vec::new() };
        let Some(change) = plan.change(step.change) else { return Vec::new() };
        let own = change.traits().filter(|it| it.part() == Some(part));
        let key = |it: &Edit| {
            let of =
                it.attribute().filter(|it| matches!(it, Attribute::ExternalId | Attribute::EmployeeId))?;
            Some((company, of, it.traits()[side]?.into()))
        };
        own.filter_map(key).collect()
    };
    let mut givers = BTreeMap::new();
    for (n, step) in all.iter().enumerate() {
        givers.extend(keys(step, 0).into_iter().map(|it| (it, n)));
    }
    let from = |step: &Step| -> Vec<usize> {
        keys(step, 1).iter().filter_map(|it| givers.get(it).copied()).collect()
    };
    let waits: BTreeMap<usize, Vec<usize>> =
        all.iter().enumerate().map(|(n, it)| (n, from(it))).filter(|it| !it.1.is_empty()).collect();
    for (taker, from) in &waits {
        let (mut seen, mut next) = (BTreeSet::new(), from.clone());
        while let Some(it) = next.pop() {
            if seen.insert(it) {
                next.extend(waits.get(&it).into_iter().flatten());
            }
        }
        if !seen.contains(taker) {
            all[*taker].after.extend(from.iter().map(|it| Wait { step: *it, until: Until::Done }));
        }
    }
}

/// Adds the step that writes which mails a person gets, behind all others of the person; but who leaves is deactivated after
/// it, as the API may not show it of who is not active.
fn mails(plan: &Plan, change: &Change<'_>, all: &mut Vec<Step>, leaving: &mut BTreeMap<UserId, Vec<Wait>>) {
    const MAILS: PersonPart = PersonPart::NotificationPreferences;
    let Some(user) = change.user().filter(|_| change.traits().any(|it| it.part() == Some(MAILS))) else {
        return;
    };
    let waits = all.iter().enumerate().filter(|it| !it.1.lockout).filter_map(|(n, step)| {
        let until = match &step.call {
            Call::PutPerson { user: of, part, .. } if *of == user => match part {
                PersonPart::Account => Until::Done,
                _ => Until::Ended,
            },
            Call::PatchMembers { add, .. } if add.contains(&user) => Until::Ended,
            _ if losers(plan, step).contains(&user) => Until::Ended,
            _ => return None,
        };
        Some(Wait { step: n, until })
    });
    let step = Step { after: sorted(waits.collect()), ..part(change, MAILS, true) };
    if let Some(waits) = leaving.get_mut(&user) {
        waits.push(Wait { step: all.len(), until: Until::Ended });
    }
    all.push(step);
}

/// Adds the steps of groups behind all others. Returns where they begin.
///
/// Whoever is another person only by this plan joins by a call of its own: what becomes of it is nothing to others. And who
/// comes back leaves by one.
fn groups(
    steps: impl Iterator<Item = Step>,
    (lockouts, first, back): (usize, &BTreeMap<UserId, Vec<Wait>>, &BTreeSet<UserId>),
    all: &mut Vec<Step>,
) -> usize {
    let begin = all.len();
    // Where each step has gone to; nothing waits for a lock-out by name: all else waits for all of them.
    let mut places: Vec<std::ops::Range<usize>> = (0..lockouts).map(|it| it..it + 1).collect();
    for mut step in steps {
        let place = all.len();
        step.after = step
            .after
            .iter()
            .flat_map(|it| places[it.step].clone().map(|step| Wait { step, ..*it }))
            .collect();
        let apart: Vec<UserId> = match &mut step.call {
            Call::PatchMembers { add, .. } => add.extract_if(.., |it| first.contains_key(it)).collect(),
            _ => Vec::new(),
        };
        let alone = apart.into_iter().map(|user| {
            let mut own = step.clone();
            own.after.extend(&first[&user]);
            if let Call::PatchMembers { add, remove, .. } = &mut own.call {
                (*add, *remove) = (vec![user], Vec::new());
            }
            own
        });
        let mut alone: Vec<Step> = alone.collect();
        let bare: Vec<UserId> = match &mut step.call {
            Call::PatchMembers { remove, .. } if !step.lockout => {
                remove.extract_if(.., |it| back.contains(it)).collect()
            }
            _ => Vec::new(),
        };
        if let (false, Call::PatchMembers { company, group, .. }) = (bare.is_empty(), &step.call) {
            let call = Call::PatchMembers { company: *company, group: *group, add: Vec::new(), remove: bare };
            alone.push(Step { call, after: Vec::new(), ..step.clone() });
        }
        let is_empty = matches!(&step.call, Call::PatchMembers { add, remove, .. } if add.is_empty() && remove.is_empty());
        all.extend(Some(step).filter(|_| !is_empty));
        all.extend(alone);
        places.push(place..all.len());
    }
    begin
}

fn step(change: &Change<'_>, after: Vec<Wait>) -> Step {
    let (company, user) = (change.company(), change.user().expect("a change of a person"));
    let call = Call::PutDirectRoles { company, user, roles: change.direct_after() };
    Step { change: change.at, call, after, lockout: false }
}

fn part(change: &Change<'_>, part: PersonPart, active: bool) -> Step {
    let (company, user) = (change.company(), change.user().expect("a change of a person"));
    let call = Call::PutPerson { company, user, part, active };
    Step { change: change.at, call, after: Vec::new(), lockout: false }
}

/// Returns whom a step may take something from.
fn losers(plan: &Plan, step: &Step) -> Vec<UserId> {
    let members = || plan.change(step.change).map_or_else(Vec::new, |it| it.members_before().collect());
    match &step.call {
        Call::PatchMembers { remove, .. } => remove.clone(),
        Call::DeleteGroup { .. } => members(),
        Call::PatchRoles { delete, .. } if !delete.is_empty() => members(),
        Call::PutDirectRoles { user, .. } => vec![*user],
        Call::PatchRoles { .. }
        | Call::CreateGroup { .. }
        | Call::UpdateGroup { .. }
        | Call::PutPerson { .. } => Vec::new(),
    }
}
