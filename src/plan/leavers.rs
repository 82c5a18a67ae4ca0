//! Who still names somebody who leaves, as manager or approver, and for which people somebody who leaves arranges.
//!
//! Of active people alone, and of what was read: nothing is claimed of anybody else. What a plan changes of it is as the plan
//! leaves it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    acting::{self, Right},
    direct::DirectRole,
    ids::{CompanyId, UserId},
    observed::{Observed, User},
    plan::{Change, Leaver, LookUps, Plan, Still},
    selector::Attribute,
    state::Edit,
};

/// Who is above people, and who of all these is active, as far as that is known.
#[derive(Debug, Default)]
pub(super) struct Superiors {
    of: BTreeMap<(UserId, Right), Vec<UserId>>,
    active: BTreeMap<UserId, bool>,
}

/// What those who leave are to active people: as what, whether they alone are that, and over whom.
pub(super) type Named = BTreeMap<UserId, BTreeMap<(Right, bool), BTreeSet<UserId>>>;

impl Superiors {
    /// As it was read.
    pub(super) fn read(snapshot: &Observed) -> Self {
        let mut all = Self::default();
        let asked = snapshot.naming.values();
        let users = asked.clone().flat_map(|it| &it.people).chain(&snapshot.users);
        all.active = users.filter(|it| !it.is_hidden()).map(|it| (it.id, it.active)).collect();
        let profiles = snapshot.profiles.iter().chain(asked.flat_map(|it| &it.traits));
        for act in profiles.flat_map(|(over, traits)| acting::by_traits(*over, traits)) {
            let above = all.of.entry((act.over, act.right)).or_default();
            if !above.contains(&act.who) {
                above.push(act.who);
            }
        }
        all
    }

    /// Says what somebody is to be by one attribute.
    pub(super) fn put(&mut self, over: UserId, attribute: Attribute, value: Option<&str>) {
        if let Some(right) = Right::of(attribute) {
            self.of.insert((over, right), value.into_iter().flat_map(acting::people).collect());
        }
    }

    /// Says whether an account is to be active.
    pub(super) fn activate(&mut self, user: UserId, active: bool) {
        self.active.insert(user, active);
    }

    /// Who of those in `gone` is named by active people who are not themselves in `left_out`.
    ///
    /// Somebody is the only approver of a person if every other one is gone too, or known not to be active.
    pub(super) fn named(&self, gone: &BTreeSet<UserId>, left_out: &BTreeSet<UserId>) -> Named {
        let mut named = Named::new();
        for ((over, right), above) in &self.of {
            if self.active.get(over) != Some(&true) || left_out.contains(over) {
                continue;
            }
            let stays = |it: &UserId| !gone.contains(it) && self.active.get(it) != Some(&false);
            let only = *right == Right::Approver && !above.iter().any(stays);
            for who in above.iter().filter(|it| *it != over && gone.contains(it)) {
                named.entry(*who).or_default().entry((*right, only)).or_default().insert(*over);
            }
        }
        named
    }

    /// Who of those in `gone` has to stay, with the active people for whom nobody else approves. Whoever stays may have approvers who
    /// go, and so these may have to stay as well.
    pub(super) fn irreplaceable(&self, gone: &BTreeSet<UserId>) -> BTreeMap<UserId, BTreeSet<UserId>> {
        let mut left_out = gone.clone();
        loop {
            let named = self.named(gone, &left_out).into_iter();
            let of = named.filter_map(|(who, mut of)| Some((who, of.remove(&(Right::Approver, true))?)));
            let of: BTreeMap<UserId, BTreeSet<UserId>> = of.collect();
            let before = left_out.len();
            left_out.retain(|it| !of.contains_key(it));
            if left_out.len() == before {
                return of;
            }
        }
    }
}

/// Says of everybody whose account a plan deactivates who still names the person once it is made.
pub fn tell(plan: &mut Plan, snapshot: &Observed) {
    let leaving: BTreeSet<(CompanyId, UserId)> = plan.leaving().collect();
    if leaving.is_empty() {
        return name(plan, snapshot);
    }
    let gone: BTreeSet<UserId> = leaving.iter().map(|it| it.1).collect();
    let mut superiors = Superiors::read(snapshot);
    for change in plan.people() {
        let Some(user) = change.user() else { continue };
        for (attribute, edit) in change.traits().filter_map(|it| Some((it.attribute()?, it))) {
            let after = edit.traits()[1];
            superiors.put(user, attribute, after);
            if attribute == Attribute::Active {
                superiors.activate(user, after == Some("true"));
            }
        }
    }
    let mut named = superiors.named(&gone, &gone);
    for change in plan.people().filter(Change::leaves) {
        let Some(user) = change.user() else { continue };
        let roles = change.direct_before();
        let travellers = roles.iter().flat_map(DirectRole::travellers).map(|it| it.user);
        let left = travellers.filter(|it| !gone.contains(it) && superiors.active.get(it) != Some(&false));
        let left: BTreeSet<UserId> = left.filter(|it| *it != user).collect();
        if !left.is_empty() {
            named.entry(user).or_default().insert((Right::Arranger, false), left);
        }
    }
    let still = |user: &UserId| {
        let all = named.get(user).into_iter().flatten();
        let still = all.map(|((right, only), over)| Still {
            right: *right,
            only: *only,
            over: over.iter().copied().collect(),
        });
        still.collect::<Vec<_>>()
    };
    let leaver = |change: Change<'_>| {
        let user = change.user()?;
        let account = change.traits().find(|it| it.attribute() == Some(Attribute::Active));
        let from = account.and_then(|it| change.note(it).from).or(change.from());
        Some(Leaver { company: change.company(), user, from, still: still(&user) })
    };
    let leavers = plan.people().filter(Change::leaves).filter_map(leaver);
    let mut leavers: Vec<Leaver> = leavers.filter(|it| !it.still.is_empty()).collect();
    leavers.sort();
    let of = |it: &LookUps| leaving.iter().any(|(company, _)| *company == it.company);
    plan.look_ups = snapshot.naming.values().filter_map(|it| it.missing.clone()).filter(of).collect();
    plan.leavers = leavers;
    name(plan, snapshot);
}

/// Gives names to everybody of whom this speaks, and to those for whom somebody has to stay.
fn name(plan: &mut Plan, snapshot: &Observed) {
    let over = plan.leavers.iter().flat_map(|it| &it.still).flat_map(|it| &it.over);
    let travellers = plan.people().flat_map(|it| it.edits).flat_map(Edit::travellers).map(|it| it.user);
    let mentioned = over.chain(plan.withheld.iter().flat_map(|it| it.what.approved())).copied();
    let mentioned: BTreeSet<UserId> = mentioned.chain(travellers).collect();
    let told = |it: &&User| mentioned.contains(&it.id);
    let asked = snapshot.naming.values().flat_map(|it| &it.people);
    for user in snapshot.users.iter().chain(asked).filter(told) {
        if let Some(email) = &user.email {
            plan.names.people.entry(user.id).or_insert_with(|| email.as_str().into());
        }
    }
}
