//! Taking up a saved plan: it must be what the files still ask for, or what was approved, of what is still there.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

use crate::{
    model::{
        access::Why,
        ids::{CompanyId, GroupId, RoleId, UserId},
        index::{GroupIx, Index, PersonIx},
        observed::Observed,
        plan::{Action, Change, Digest, Plan, ReadGroup, Still, Withheld},
        scope::Scope,
        state::{Edit, State},
    },
    plan::{
        bind::Bound,
        diff, digest,
        held::{moving, side},
    },
};

/// What a saved plan is today.
#[derive(Debug)]
pub enum TakenUp {
    /// The plan, with everything but its effects computed anew.
    Plan(Box<Plan>),
    /// Everything is as it wants it: it was applied already, but for what it withholds.
    Already(Vec<Withheld>),
    /// What it saw, or what it was made from, is no longer so.
    Stale(Stale),
}

/// What a saved plan is no longer for: each group and each person with how.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Stale {
    pub groups: Vec<String>,
    pub people: Vec<String>,
}

impl Stale {
    /// The groups and people to whom a plan would give what has ended by `now`, or from whom it would take what has begun.
    pub fn ended(plan: &Plan, now: Timestamp) -> Self {
        let mut stale = Self::default();
        stale.note_ended(plan, now);
        stale
    }

    /// Whether there is nothing of the kind.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.people.is_empty()
    }

    fn note_ended(&mut self, plan: &Plan, now: Timestamp) {
        for change in plan.changes().filter(|it| plan.is_late(it, now)) {
            let how = if change.gives() {
                "would get what has ended meanwhile"
            } else {
                "would lose what begins by now"
            };
            self.note(plan, &change, how);
        }
    }

    fn note(&mut self, plan: &Plan, change: &Change<'_>, how: &str) {
        let list = if change.user().is_some() { &mut self.people } else { &mut self.groups };
        list.push(format!("{}: {how}", plan.title(change.at)));
    }
}

/// What a change is about, whatever the numbers: a group that exists goes by its id.
type Subject = (CompanyId, Option<GroupId>, Option<Box<str>>, Option<UserId>);

fn subject(change: &Change<'_>) -> Subject {
    let name = (change.user().is_none() && change.id().is_none()).then(|| change.name().into());
    (change.company(), change.id(), name, change.user())
}

/// Takes up a plan that was made from the files as they still are: what they ask of the same groups
/// today must be the very same effects.
///
/// Nothing of the saved plan itself is applied. Its id says what was approved, and its groups which part.
pub fn same_again(saved: &Plan, id: Digest, fresh: &Plan, bound: &Bound) -> TakenUp {
    if is_so(saved, bound) {
        return TakenUp::Already(fresh.withheld.clone());
    }
    let mut stale = stale(saved, bound);
    if !stale.is_empty() {
        return TakenUp::Stale(stale);
    }
    let mine: BTreeSet<Subject> = saved.changes().map(|it| subject(&it)).collect();
    let mut plan = fresh.clone();
    plan.retain(|it| mine.contains(&subject(it)));
    if digest::plan_id(&plan) == id {
        return TakenUp::Plan(Box::new(plan));
    }
    let today: BTreeMap<Subject, Digest> = digest::changes(&plan).map(|it| (subject(&it.0), it.1)).collect();
    for (change, then) in digest::changes(saved) {
        if today.get(&subject(&change)) != Some(&then) {
            stale.note(saved, &change, "the files ask for something else today");
        }
    }
    TakenUp::Stale(stale)
}

/// Takes up a plan that no file asks for now, such as a rollback: its effects are believed, for they are
/// what its id is of, and so is what it withholds, which no file asks for either; all else is computed anew.
pub fn as_approved(
    saved: &Plan,
    id: Digest,
    fresh: &Plan,
    (bound, snapshot): (&Bound, &Observed),
    now: Timestamp,
) -> TakenUp {
    // What a lock-out leaves is told of today.
    let own = saved.withheld.iter().filter(|it| !it.is_left_by_lockout());
    let withheld = fresh.withheld.iter().filter(|it| it.is_left_by_lockout()).chain(own).cloned();
    let withheld: Vec<Withheld> = withheld.collect();
    // What was created is known by its name alone, and nobody has looked into a group that no file names.
    if is_so(saved, bound) && saved.groups().all(|it| it.action() != Action::Create) {
        return TakenUp::Already(withheld);
    }
    let locked = &bound.locked;
    let mut stale = stale(saved, bound);
    let index = Arc::new(fresh.index.merged(&saved.index));
    let (mut plan, saved) = (
        fresh.renumbered(index.clone(), &fresh.index.within(&index)),
        saved.renumbered(index.clone(), &saved.index.within(&index)),
    );
    let by_rule = |it: &&Edit| plan.by_rule.contains_key(&it.key);
    let today: Vec<Edit> = plan.edits.iter().filter(by_rule).cloned().collect();
    plan.withheld = withheld;
    plan.soon.clear();
    plan.edits = saved.edits;
    plan.notes = saved.notes;
    plan.by_rule = saved.by_rule;
    plan.reasons = saved.reasons;
    // What was not looked into then is known by now.
    plan.unread.clear();
    for (user, name) in saved.names.people {
        plan.names.people.entry(user).or_insert(name);
    }
    plan.survivors = diff::survivors(&plan, locked);
    plan.entries = diff::entries(&plan, snapshot);
    diff::stamp(&mut plan, snapshot);
    let mut notes = std::mem::take(&mut plan.notes);
    for change in plan.changes() {
        let leaves = |user: Option<UserId>| user.is_some_and(|it| locked.contains(&it));
        for edit in change.edits {
            let user = edit.member().map(|it| plan.index.user(it)).or(change.user());
            if let Some(note) = notes.get_mut(&edit.key).filter(|_| edit.role().is_none() && !leaves(user)) {
                note.why = Why::NotDeclared;
            }
        }
        for _ in change.joining().filter(|it| locked.contains(it)) {
            stale.note(&plan, &change, "somebody would join who is locked out");
        }
        if change.user().is_some_and(|it| locked.contains(&it)) && change.gives() {
            let who = plan.title(change.at);
            stale.people.push(format!("{who}: would get a role, and is locked out"));
        }
    }
    plan.notes = notes;
    stale.note_ended(&plan, now);
    for change in plan.changes() {
        // Of other files it is only known that they say the same of these people if they do.
        if change.members().any(|it| plan.by_rule.contains_key(&it.key) && !today.contains(it)) {
            stale.note(&plan, &change, "its members come by rules, and these mean others today");
        }
    }
    if stale.is_empty() && digest::plan_id(&plan) != id {
        stale.groups.push("the groups hold other roles than the plan saw".to_owned());
    }
    if stale.is_empty() { TakenUp::Plan(Box::new(plan)) } else { TakenUp::Stale(stale) }
}

/// Whether each group and person that a plan changes is as it wants them.
fn is_so(saved: &Plan, bound: &Bound) -> bool {
    let after = saved.after();
    let facts = |index: &Index, state: &State, group: GroupIx| {
        let grants: Vec<(RoleId, Scope)> =
            state.grants(group).iter().map(|it| (it.0.1, (*it.1).clone())).collect();
        let members: Vec<UserId> = state.members(group).map(|it| index.user(it)).collect();
        (state.attributes(group).cloned(), grants, members)
    };
    let change = |change: Change<'_>| {
        let company = change.company();
        let Some(group) = change.group() else {
            let person = change.user().and_then(|it| bound.index.find_person(company, it));
            return person.is_some_and(|person| {
                let is_read = bound.people.contains(&person);
                let direct = change.direct().next().is_none()
                    || is_read && bound.live.direct(person) == change.direct_after();
                direct && is(&change, bound, person, 1)
            });
        };
        let meant = |it: &GroupIx| {
            let known = bound.index.group(*it);
            known.company == company
                && match change.id() {
                    Some(id) => known.id == Some(id),
                    None => change.attributes_after().is_some_and(|it| it.name == known.name),
                }
        };
        let now: Vec<GroupIx> = bound.live.groups().iter().map(|it| it.0).filter(meant).collect();
        match now[..] {
            [] => change.action() == Action::Delete,
            [one] => facts(&bound.index, &bound.live, one) == facts(&saved.index, &after, group),
            _ => false,
        }
    };
    !saved.is_empty() && saved.changes().all(change)
}

/// Returns the groups and people that are no longer what a plan saw, each with how; one that it did not look at is none it saw.
fn stale(plan: &Plan, bound: &Bound) -> Stale {
    let mut stale = Stale::default();
    let others = others(plan, bound);
    let seen: BTreeMap<(CompanyId, GroupId), &ReadGroup> =
        plan.read.iter().map(|it| ((it.company, it.group), it)).collect();
    for change in plan.changes() {
        let how = match change.user() {
            Some(user) => differs_person(&change, bound, user).or_else(|| others.get(&user).copied()),
            None => change.id().and_then(|id| {
                differs(bound, seen.get(&(change.company(), id)).copied(), (change.company(), id))
            }),
        };
        if let Some(how) = how {
            stale.note(plan, &change, how);
        }
    }
    stale
}

fn differs(
    bound: &Bound,
    then: Option<&ReadGroup>,
    (company, id): (CompanyId, GroupId),
) -> Option<&'static str> {
    let Some(then) = then else { return Some("the plan did not look at it") };
    let now = bound.index.find_group(company, id).and_then(|it| digest::group(&bound.index, &bound.live, it));
    let Some(now) = now else { return Some("the group is gone") };
    if now.attributes != then.attributes {
        Some("its name or description is another")
    } else if now.roles != then.roles {
        Some("its roles or their scopes are others")
    } else {
        (now.members != then.members).then_some("its members are others")
    }
}

/// Whether somebody is what one side of a plan says, of that which it changes.
fn is(change: &Change<'_>, bound: &Bound, person: PersonIx, side: usize) -> bool {
    change.traits().all(|edit| {
        edit.attribute().is_none_or(|it| it.same(bound.live.of_person(person, it), edit.traits()[side]))
    })
}

fn differs_person(change: &Change<'_>, bound: &Bound, user: UserId) -> Option<&'static str> {
    let known = bound.index.find_person(change.company(), user);
    if !known.is_some_and(|it| is(change, bound, it, 0)) && change.traits().next().is_some() {
        return Some("what the API says of the person is otherwise");
    }
    let changes = change.direct().next().is_some();
    // Of who has no account yet nothing is held.
    if !changes && !change.leaves() && !change.comes_back() {
        return None;
    }
    let then = change.direct_before();
    match known.filter(|it| bound.people.contains(it)) {
        None if !changes && then.iter().next().is_none() => None,
        None => Some("the direct roles cannot be read"),
        Some(person) if bound.live.direct(person).same_spelling(&then) => None,
        Some(_) => Some("the direct roles are others"),
    }
}

/// Those whose accounts come or go and who hold by now what a plan did not see, each with how: who comes back would be given
/// that, and who leaves would keep it.
fn others(plan: &Plan, bound: &Bound) -> BTreeMap<UserId, &'static str> {
    let people = moving(plan);
    let mut now = side((&bound.index, &bound.live), &people);
    let ids = |index: &Index, groups: &BTreeSet<GroupIx>| -> BTreeSet<Option<GroupId>> {
        groups.iter().map(|it| index.group(*it).id).collect()
    };
    let mut others = BTreeMap::new();
    for (user, (groups, over)) in side((&plan.index, &plan.live), &people) {
        let (groups_now, over_now) = now.remove(&user).unwrap_or_default();
        if ids(&plan.index, &groups) != ids(&bound.index, &groups_now) {
            others.insert(user, "the person is in other groups");
        } else if !over_now.is_subset(&over) {
            others.insert(user, "the person manages others, or approves for them, by now");
        }
    }
    others
}

/// Those who leave by a saved plan, and who are by now all that others have: another approver is not there.
pub fn needed(saved: &Plan, today: &Plan) -> Stale {
    let only = |it: &Plan| -> BTreeSet<(UserId, UserId)> {
        let only = |of: &UserId, still: &Still| -> Vec<_> {
            still.over.iter().filter(|_| still.only).map(|it| (*of, *it)).collect()
        };
        it.leavers.iter().flat_map(|it| it.still.iter().flat_map(|still| only(&it.user, still))).collect()
    };
    let mut stale = Stale::default();
    for (user, over) in only(today).difference(&only(saved)) {
        let [who, over] = [user, over].map(|it| today.names.person(*it));
        stale.people.push(format!("{who}: is the only approver of {over} by now"));
    }
    stale
}
