//! What an apply did to what undoes it: two states whose diff is the inverse.
//!
//! A rollback is a plan like any other. It undoes what was really done and is still so: what
//! somebody has changed since stays as it is. A write of which nobody knows is settled by what is
//! there now.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    model::{
        direct::{DirectRole, DirectRoles},
        ids::{CompanyId, GroupId, PersonRef, RoleId, UserId},
        index::{GroupIx, GroupName, Index, PersonIx},
        observed::{GroupHead, Observed},
        plan::{Action, Change, Edits, Note, Plan, StaysActive, Withheld, WithheldReason},
        rules::Taken,
        scope::Scope,
        selector::Attribute,
        source::{FileId, Place},
        state::{Attributes, Edit, Fact, Facts, Key, Owner, State},
    },
    plan::{bind::Bound, leavers::Superiors},
};

/// The reason that a rollback gives for deleting a group.
const REASON: &str = "rollback: the apply created it";

/// What an apply did to one group or one person, as far as its journal knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// The line of the journal, from 1, that first speaks of it.
    pub line: u32,
    /// The group it created: `Some(None)` where the answer was lost.
    pub created: Option<Option<GroupId>>,
    /// Whether it deleted the group, or may have.
    pub deleted: bool,
    /// Whether it set name and description, or may have.
    pub renamed: bool,
    /// The people it put in, or may have.
    pub added: BTreeSet<UserId>,
    /// The people it took out, or may have.
    pub removed: BTreeSet<UserId>,
    /// The roles it changed, or may have.
    pub roles: BTreeSet<RoleId>,
    /// Those of them that it took away in a call that did not give them back.
    pub taken: BTreeSet<RoleId>,
    /// Whether it replaced what the person holds outside groups, or may have.
    pub direct: bool,
    /// What it changed about the person, or may have.
    pub attributes: BTreeSet<Attribute>,
}

/// Returns a plan, and what an apply did by it, with the ids that the API gave to the accounts that the apply made.
pub fn with_accounts(
    plan: &Plan,
    done: BTreeMap<usize, Done>,
    accounts: &BTreeMap<UserId, UserId>,
) -> (Plan, BTreeMap<usize, Done>) {
    let (index, numbers) = plan.index.with_users(|it| accounts.get(&it).copied().unwrap_or(it));
    let mut new = plan.renumbered(Arc::new(index), &numbers);
    let renamed = |it: &Edit| it.clone().with_users(|it| accounts.get(&it).copied().unwrap_or(it));
    new.edits = Edits::new(new.edits.iter().map(renamed).collect());
    for (made_up, given) in accounts {
        if let Some(name) = new.names.people.remove(made_up) {
            new.names.people.insert(*given, name);
        }
    }
    let places: BTreeMap<Owner, usize> = new.changes().map(|it| (it.owner, it.at)).collect();
    let owner = |of: Owner| match of {
        Owner::Group(group) => numbers.group(group).map(Owner::Group),
        Owner::Person(person) => numbers.person(person).map(Owner::Person),
    };
    let moved = |(at, done)| Some((*places.get(&owner(plan.change(at)?.owner)?)?, done));
    let done = done.into_iter().filter_map(moved).collect();
    (new, done)
}

/// Returns the groups that a rollback must look at, by the change that touched them.
///
/// A group whose creation was never answered is known by its name, if exactly one group has it
/// that the plan did not see.
///
/// A group that was deleted since and created again has another id: `successors` says which.
pub fn touched(
    plan: &Plan,
    done: &BTreeMap<usize, Done>,
    successors: &BTreeMap<GroupId, GroupId>,
    snapshot: &Observed,
) -> BTreeMap<usize, GroupId> {
    let seen: BTreeSet<GroupId> = plan.read.iter().map(|it| it.group).collect();
    let by_name = |company: CompanyId, name: &str| {
        let mut fitting = named(snapshot, company, name).filter(|it| !seen.contains(&it.id));
        fitting.next().filter(|_| fitting.next().is_none()).map(|it| it.id)
    };
    let id = |(&n, done): (&usize, &Done)| {
        let change = plan.change(n).filter(|it| it.group().is_some())?;
        let id = change.id().or(done.created.flatten());
        let mut id = id.or_else(|| by_name(change.company(), change.name()))?;
        // As often as it was; a circle cannot be, as no id comes twice.
        for _ in 0..successors.len() {
            id = successors.get(&id).copied().unwrap_or(id);
        }
        Some((n, id))
    };
    done.iter().filter_map(id).collect()
}

/// Returns the names of groups of which nobody can tell which one the apply created, if any: sorted.
pub fn unsettled<'a>(
    plan: &'a Plan,
    done: &BTreeMap<usize, Done>,
    touched: &BTreeMap<usize, GroupId>,
    snapshot: &Observed,
) -> Vec<&'a str> {
    let open = done.iter().filter(|(n, it)| it.created == Some(None) && !touched.contains_key(n));
    let changes = open.filter_map(|(n, _)| plan.change(*n)).filter(|it| it.group().is_some());
    let several = changes.filter(|it| named(snapshot, it.company(), it.name()).next().is_some());
    several.map(|it| it.name()).collect()
}

/// Returns both sides of a rollback: what there is, and how the groups and people shall be again. `fresh` has the groups
/// of [`touched`] that exist, and `snapshot` the names of all that exist: what was deleted is not created a second time.
///
/// People who are cut off by now are given nothing: they stay out, whatever was. What was given to them is taken all
/// the same.
pub fn bound(
    plan: &Plan,
    done: &BTreeMap<usize, Done>,
    touched: &BTreeMap<usize, GroupId>,
    (fresh, snapshot): (&Bound, &Observed),
    journal: FileId,
) -> Bound {
    let gone = |change: &Change<'_>, done: &Done| {
        let named = named(snapshot, change.company(), change.name()).next();
        done.deleted && done.created.is_none() && named.is_none() && change.is_read()
    };
    let changes = || done.iter().filter_map(|(n, done)| Some((plan.change(*n)?, done)));
    let lost = changes().filter(|it| it.0.group().is_some() && gone(&it.0, it.1));
    let again = again(lost.map(|it| it.0));
    let lost = Index::new(again.values().cloned().collect(), Vec::new(), Vec::new());
    let index = Arc::new(fresh.index.merged(&plan.index).merged(&lost));
    let live = fresh.live.renumbered(&fresh.index.within(&index));
    let mut staying = Vec::new();
    // Who is not active again afterwards is given nothing back: for as long as it takes, an active account would hold it.
    let is_back = |done: &Done, change: &Change<'_>| {
        done.attributes.contains(&Attribute::Active)
            && matches!(change.account(), Some([_, Some("true")]))
            && snapshot.deactivating.contains(&change.company())
    };
    let back = changes().filter(|(change, done)| is_back(done, change)).filter_map(|it| it.0.user());
    let locked: BTreeSet<UserId> = back.chain(fresh.locked.iter().copied()).collect();
    let mut undo = Undo {
        index: &index,
        facts: Facts::default(),
        accounts: Vec::new(),
        superiors: Superiors::read(snapshot),
        locked: &locked,
        deactivating: &snapshot.deactivating,
    };
    let mut owners: BTreeSet<Owner> = BTreeSet::new();
    let (mut notes, mut reasons) = (BTreeMap::new(), BTreeMap::new());
    for (change, done) in changes() {
        let company = change.company();
        let found = touched.get(&change.at).and_then(|id| index.find_group(company, *id));
        let found = found.filter(|it| live.attributes(*it).is_some());
        let owner = match (found, done.created) {
            _ if change.user().is_some() => {
                let person = change.user().and_then(|it| index.find_person(company, it));
                let read =
                    |it: &_| fresh.people.iter().any(|read| fresh.index.person(*read) == index.person(*it));
                let Some(person) = person.filter(read) else { continue };
                let held = live.direct(person);
                let mut roles = if done.direct { restored_user(&change, &held) } else { held.clone() };
                if change.user().is_some_and(|it| locked.contains(&it)) {
                    let within = |it: &DirectRole| it.within(held.get(it.kind())?);
                    roles = roles.iter().filter_map(within).collect();
                }
                undo.facts.direct(person, &roles);
                undo.person(&change, done, person, &live);
                let stays = undo.staying(&change, person, &live);
                staying.extend(stays.into_iter().map(|what| Withheld { from: None, group: "".into(), what }));
                Owner::Person(person)
            }
            (Some(group), Some(_)) => {
                reasons.insert(Owner::Group(group), REASON.into());
                Owner::Group(group)
            }
            (Some(group), None) => {
                undo.restored(&change, done, group, &live);
                Owner::Group(group)
            }
            (None, None) if gone(&change, done) => {
                let Some(group) = again.get(&change.at).and_then(|it| index.find(it)) else { continue };
                undo.recreated(&change, group);
                Owner::Group(group)
            }
            // Created and gone again, gone by somebody else's hand, or back already.
            (None, _) => continue,
        };
        let from = Some(Place::new(journal, done.line, 1));
        notes.insert(Key { owner, fact: Fact::Attributes }, Note { from, ..Note::default() });
        owners.insert(owner);
    }
    let stay = undo.accounts(&live, fresh).into_iter();
    staying.extend(stay.map(|what| Withheld { from: None, group: "".into(), what }));
    let kept = live.of(
        |group| !owners.contains(&Owner::Group(group)),
        |person| !owners.contains(&Owner::Person(person)),
    );
    let mut withheld = fresh.withheld.clone();
    withheld.retain(Withheld::is_left_by_lockout);
    withheld.extend(staying);
    withheld.sort();
    let numbers = fresh.index.within(&index);
    Bound {
        desired: kept.with(undo.facts),
        people: fresh.people.iter().filter_map(|it| numbers.person(*it)).collect(),
        live,
        notes,
        reasons,
        withheld,
        soon: Vec::new(),
        index,
        ..fresh.clone()
    }
}

/// What deleted groups are recognised by until they are there again, by position: two of one name are two.
fn again<'a>(lost: impl Iterator<Item = Change<'a>>) -> BTreeMap<usize, GroupName> {
    let mut again: BTreeMap<usize, GroupName> = BTreeMap::new();
    for change in lost {
        let new = GroupName::new(change.company(), change.name().into());
        let twin = again.values().filter(|it| (it.company, &it.name) == (new.company, &new.name)).count();
        again.insert(change.at, GroupName { twin, ..new });
    }
    again
}

/// Returns what somebody holds outside groups without what the apply did to it: the very elements that were there.
fn restored_user(change: &Change<'_>, live: &DirectRoles) -> DirectRoles {
    let mut roles = live.clone();
    for edit in change.direct() {
        let Some(kind) = edit.kind() else { continue };
        let [before, after] = edit.direct();
        // Otherwise it was not made, or is somebody else's doing since.
        if live.get(kind) == after {
            match before {
                Some(role) => roles.put(role.clone()),
                None => roles.take(kind),
            }
        }
    }
    roles
}

/// The facts of what is undone.
struct Undo<'a> {
    index: &'a Index,
    facts: Facts,
    /// Whether accounts are to be active.
    accounts: Vec<(PersonIx, bool)>,
    /// Who is above people once it is undone.
    superiors: Superiors,
    locked: &'a BTreeSet<UserId>,
    /// The companies where an account that is deactivated is known to come back.
    deactivating: &'a BTreeSet<CompanyId>,
}

impl Undo<'_> {
    /// A live group without what the apply did to it.
    fn restored(&mut self, change: &Change<'_>, done: &Done, group: GroupIx, live: &State) {
        let before: BTreeSet<UserId> = change.members_before().collect();
        // Of a group that was not looked at only removals were made.
        let was_in =
            |user: &UserId| before.contains(user) || !change.is_read() && done.removed.contains(user);
        let mut members: BTreeSet<UserId> = live.members(group).map(|it| self.index.user(it)).collect();
        members.retain(|it| was_in(it) || !done.added.contains(it));
        members.extend(done.removed.iter().filter(|it| was_in(it)));
        self.members(group, members);

        let (was, made) = (change.roles_before().collect::<BTreeMap<_, _>>(), change.roles_after());
        let mut grants: BTreeMap<RoleId, Arc<Scope>> =
            live.grants(group).iter().map(|it| (it.0.1, it.1.clone())).collect();
        for role in &done.roles {
            let scope = |it: Option<&&Scope>| it.map_or_else(Scope::default, |it| (*it).clone());
            let (was, made) = (scope(was.get(role)), scope(made.get(role)));
            let is = grants.get(role).map_or_else(Scope::default, |it| (**it).clone());
            // Made whole, made half in either order, or not at all; anything else is somebody else's doing. Between
            // the two halves it holds what entries that were not to go give.
            let between = was.contains(&is) && made.contains(&is);
            let half = between && done.taken.contains(role) || is == made.clone().union(was.clone());
            if is != made && !half {
                continue;
            }
            if was.is_empty() {
                grants.remove(role);
            } else if is != was {
                grants.insert(*role, Arc::new(was));
            }
        }
        for (role, scope) in grants {
            self.facts.grant(group, role, scope);
        }

        let now = live.attributes(group).map_or_else(Default::default, |it| (**it).clone());
        let back = match (change.attributes_before(), change.attributes_after()) {
            (Some(before), Some(after)) if done.renamed && *after == now => before.clone(),
            _ => now,
        };
        self.facts.group(group, Arc::new(back));
    }

    /// Whether an account that was made stays in use, as nobody knows whether it could come back.
    fn stays(&self, change: &Change<'_>, person: PersonIx, live: &State) -> bool {
        let is_new = matches!(change.account(), Some([None, _]));
        let is_active = live.of_person(person, Attribute::Active) == Some("true");
        is_new && is_active && !self.deactivating.contains(&change.company())
    }

    /// What of a person cannot be as it was before.
    fn staying(&self, change: &Change<'_>, person: PersonIx, live: &State) -> Vec<WithheldReason> {
        let Some(user) = change.user() else { return Vec::new() };
        let (person_ref, attribute) = (PersonRef::UserId(user), Attribute::ExternalId);
        let mut all = Vec::new();
        if self.stays(change, person, live) {
            let (person, because) = (person_ref.clone(), StaysActive::Unproven);
            all.push(WithheldReason::Deactivation { person, because, of: Vec::new() });
        }
        let made = change.traits().find(|it| it.attribute() == Some(attribute)).map(Edit::traits);
        let is_new = matches!(change.account(), Some([None, _]));
        if let Some([None, after]) = made.filter(|it| !is_new && it[1] == live.of_person(person, attribute)) {
            all.extend(after.map(|_| WithheldReason::Irremovable { person: person_ref, attribute }));
        }
        all
    }

    /// A person as before the apply, of that which it changed and nobody else has since.
    fn person(&mut self, change: &Change<'_>, done: &Done, person: PersonIx, live: &State) {
        let is_new = matches!(change.account(), Some([None, _]));
        let edits: BTreeMap<Attribute, &Edit> =
            change.traits().filter_map(|it| Some((it.attribute()?, it))).collect();
        for attribute in Attribute::ALL.iter().copied() {
            let is = live.of_person(person, attribute);
            let back = match edits.get(&attribute).map(|it| it.traits()) {
                // An account that was made stays; nobody can use it.
                Some([None, Some(_)])
                    if attribute == Attribute::Active && !self.stays(change, person, live) =>
                {
                    is.map(|_| "false")
                }
                Some([None, after]) if attribute == Attribute::ExternalId && is == after => is,
                // What else it was made with stays with it.
                Some([None, _]) if is_new => is,
                Some([before, after])
                    if done.attributes.contains(&attribute) && attribute.same(is, after) =>
                {
                    before
                }
                Some(_) | None => is,
            };
            // Of what is not in the plan no more is known than was read.
            if edits.contains_key(&attribute) {
                self.superiors.put(self.index.person(person).1, attribute, back);
            }
            match attribute {
                Attribute::Active => self.accounts.extend(back.map(|it| (person, it == "true"))),
                _ => back.into_iter().for_each(|it| self.facts.person(person, attribute, it)),
            }
        }
    }

    /// Settles which accounts are active again and which are not, and says who has to stay as the going would do harm: the rules are
    /// those for whoever leaves by the files.
    fn accounts(&mut self, live: &State, fresh: &Bound) -> Vec<WithheldReason> {
        let known = |it: &(PersonIx, bool)| (self.index.person(it.0), *it);
        let all: Vec<_> = std::mem::take(&mut self.accounts).iter().map(known).collect();
        let mut because = BTreeMap::new();
        for ((company, user), (person, active)) in &all {
            if *active {
                self.superiors.activate(*user, true);
                continue;
            }
            if live.of_person(*person, Attribute::Active) != Some("true") {
                continue;
            }
            let why = if fresh.rules.identity_of(*company) == Some(*user) {
                Some(StaysActive::OwnAccount)
            } else {
                let is_protected = fresh.rules.protected_people.binary_search(user).is_ok();
                is_protected.then_some(StaysActive::Protected)
            };
            because.insert(*user, why);
        }
        let gone = because.iter().filter(|it| it.1.is_none()).map(|it| *it.0).collect();
        let mut of = self.superiors.irreplaceable(&gone);
        let mut staying = Vec::new();
        for ((_, user), (person, active)) in all {
            let needed = of.remove(&user);
            let because = because.get(&user).copied().flatten();
            let because = because.or(needed.is_some().then_some(StaysActive::SoleApprover));
            let active = if active || because.is_some() { "true" } else { "false" };
            self.facts.person(person, Attribute::Active, active);
            let (person, of) = (PersonRef::UserId(user), needed.into_iter().flatten().collect());
            staying.extend(because.map(|because| WithheldReason::Deactivation { person, because, of }));
        }
        staying
    }

    /// A deleted group as it was, to be created again under a new id.
    fn recreated(&mut self, change: &Change<'_>, group: GroupIx) {
        let Some(attributes) = change.attributes_before() else { return };
        // The name by which the plan knew it is the name it had.
        let attributes =
            Attributes { name: change.name().into(), description: attributes.description.clone() };
        self.facts.group(group, Arc::new(attributes));
        for (role, scope) in change.roles_before() {
            self.facts.grant(group, role, Arc::new(scope.clone()));
        }
        self.members(group, change.members_before().collect());
    }

    fn members(&mut self, group: GroupIx, members: BTreeSet<UserId>) {
        for user in members.into_iter().filter(|it| !self.locked.contains(it)) {
            if let Some(user) = self.index.find_user(user) {
                self.facts.member(group, user);
            }
        }
    }
}

/// Returns the groups of a company that have a name.
fn named<'a>(snapshot: &'a Observed, company: CompanyId, name: &str) -> impl Iterator<Item = &'a GroupHead> {
    let own = snapshot.companies.iter().filter(move |it| it.id == company);
    own.flat_map(|it| &it.groups).filter(move |it| *it.name == *name)
}

/// Returns the edits of `plan` that do nothing but take away what an apply gave, and that is there just as it gave it:
/// members it put in, roles it gave or widened, direct roles, and groups it created in which there is nothing else.
///
/// `saved` is the plan of that apply, and `touched` says which groups its changes are by now.
pub fn taken(
    saved: &Plan,
    done: &BTreeMap<usize, Done>,
    touched: &BTreeMap<usize, GroupId>,
    plan: &Plan,
    from: Place,
) -> Taken {
    let mut taken = Taken { from, edits: BTreeSet::new(), members_before: BTreeMap::new() };
    let of_group = |change: &Change<'_>| {
        let mut of = touched.iter().filter(|it| Some(*it.1) == change.id());
        let n = *of.next().filter(|_| of.next().is_none())?.0;
        Some((saved.change(n).filter(|it| it.company() == change.company())?, done.get(&n)?))
    };
    let of_person = |change: &Change<'_>| {
        let mut all = done.iter().filter_map(|(n, done)| Some((saved.change(*n)?, done)));
        all.find(|(then, _)| (then.company(), then.user()) == (change.company(), change.user()))
    };
    for change in plan.changes() {
        let found = if change.user().is_some() { of_person(&change) } else { of_group(&change) };
        let Some((then, done)) = found else { continue };
        let mut given: Vec<Key> = Vec::new();
        for edit in change.edits {
            if gave(&then, done, edit, plan) {
                given.push(edit.key.clone());
            }
        }
        if let Some(group) = change.group().filter(|_| then.is_read()) {
            taken.members_before.insert(group, then.members_before().collect());
        }
        // A group goes with all that is in it, or it is more than the apply made.
        let created = done.created.flatten().is_some_and(|it| Some(it) == change.id());
        let whole = change.edits.iter().all(|it| it.key.fact == Fact::Attributes || given.contains(&it.key));
        if change.action() == Action::Delete {
            if created && whole {
                taken.edits.extend(change.edits.iter().map(|it| it.key.clone()));
            }
            continue;
        }
        taken.edits.extend(given);
    }
    taken
}

/// Whether an edit takes away exactly what an apply gave by its change `then`.
fn gave(then: &Change<'_>, done: &Done, edit: &Edit, plan: &Plan) -> bool {
    if let Some(member) = edit.member() {
        let user = plan.index.user(member);
        let gave = done.added.contains(&user) && then.joining().any(|it| it == user);
        return edit.removes() && gave && !then.members_before().any(|it| it == user);
    }
    if let Some(role) = edit.role() {
        let [is, back] = edit.scopes();
        let (was, made) = (then.roles_before().find(|it| it.0 == role).map(|it| it.1), then.roles_after());
        let widened = then.grants().any(|it| it.role() == Some(role) && it.gives() && !it.takes());
        return done.roles.contains(&role) && widened && is == made.get(&role).copied() && back == was;
    }
    if let Some(attribute) = edit.attribute() {
        let made = then.traits().find(|it| it.attribute() == Some(attribute));
        let [is, back] = edit.traits();
        return done.attributes.contains(&attribute) && made.is_some_and(|it| it.traits() == [back, is]);
    }
    if let Some(kind) = edit.kind() {
        let [is, back] = edit.direct();
        let gave = then.direct().find(|it| it.kind() == Some(kind) && it.gives() && !it.takes());
        return done.direct && gave.is_some_and(|it| it.direct() == [back, is]);
    }
    false
}

/// Returns the plan that undoes all of a plan; a group that it creates, or creates again, has no id yet.
pub fn inverse(plan: &Plan) -> Plan {
    let changes: BTreeMap<Owner, Change<'_>> = plan.groups().map(|it| (it.owner, it)).collect();
    let undone = |(group, known): (GroupIx, &GroupName)| {
        let Some(change) = changes.get(&Owner::Group(group)) else { return known.clone() };
        let name = change.attributes_after().map_or(&known.name, |it| &it.name).clone();
        let id = known.id.filter(|_| change.action() != Action::Delete);
        GroupName { name, id, ..known.clone() }
    };
    let (index, numbers) = plan.index.with_groups(undone);
    let reasons = plan.groups().filter(|it| it.action() == Action::Create);
    let back = Plan {
        index: plan.index.clone(),
        live: plan.after(),
        edits: Edits::new(plan.edits.iter().cloned().map(Edit::inverse).collect()),
        reasons: reasons.map(|it| (it.owner, REASON.into())).collect(),
        names: plan.names.clone(),
        ..Plan::default()
    };
    back.renumbered(Arc::new(index), &numbers)
}

#[cfg(test)]
mod tests;
