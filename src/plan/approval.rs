//! An approved plan against the one that would be applied now: what the approval does not cover.
//!
//! Less is always covered: what somebody else has done meanwhile needs no second
//! approval. More never is, and more is also a role that a touched group holds by
//! now and that would come to whoever joins it, and what an account has by now that is activated (P5).

use std::collections::BTreeMap;

use crate::{
    model::{
        acting::Right,
        direct::{DirectRole, Kind},
        ids::{CompanyId, GroupId, RoleId, UserId},
        index::GroupIx,
        plan::{Action, Change, Plan},
        scope::Scope,
        selector::Attribute,
        state::Edit,
    },
    plan::digest::Holding,
};

/// Something a plan would do, or would leave behind, that the approved one would not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The change of the new plan, by its position there.
    pub change: usize,
    /// What is not covered.
    pub what: Beyond,
}

/// What an approval does not cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// The group would be created, or with another description.
    Created,
    /// The group would be deleted.
    Deleted,
    /// The group would get another name than approved, or from another.
    Renamed,
    /// The group would get another description than approved, or from another.
    Described,
    /// A role would be added, moved to another scope or removed otherwise than approved.
    Role(RoleId),
    /// The group would have the role on more than approved.
    Holds(RoleId, Scope),
    /// Somebody would join.
    Joins(UserId),
    /// Somebody would leave.
    Leaves(UserId),
    /// The person would get a direct role, hold it for other travellers or lose it otherwise than approved.
    Direct(Kind),
    /// The person holds a direct role by now, or more is said of it, that would be sent with the others.
    HoldsDirect(Kind),
    /// The account would come or go, or the person would be otherwise by this attribute than approved.
    Person(Attribute),
    /// The account would be activated in a group, or the group gives other roles than approved by then.
    Back(GroupIx),
    /// The account would be activated of somebody who acts for another person by then.
    Acts(Right, UserId),
}

/// What a change is about, in any plan: a group by its id or by the name it will be created under, or a person.
type Subject<'a> = (CompanyId, Result<GroupId, &'a str>, Option<UserId>);

fn subject<'a>(change: &Change<'a>) -> Subject<'a> {
    (change.company(), change.id().ok_or(change.name()), change.user())
}

/// Returns everything in `new` that `approved` does not contain, in the order of `new`; nothing where it is covered.
pub fn differences(approved: &Plan, new: &Plan) -> Vec<Difference> {
    let known: BTreeMap<Subject<'_>, Change<'_>> = approved.changes().map(|it| (subject(&it), it)).collect();
    let (held_then, held_now) = (Holding::of(approved), Holding::of(new));
    let mut found = Vec::new();
    for change in new.changes() {
        let known = known.get(&subject(&change));
        let beyond = match change.user() {
            Some(user) => {
                let mut beyond = beyond_person(known, &change);
                if change.comes_back() {
                    beyond.extend(beyond_held(user, (approved, &held_then), (new, &held_now)));
                }
                beyond
            }
            None => beyond(known, &change),
        };
        found.extend(beyond.into_iter().map(|what| Difference { change: change.at, what }));
    }
    found
}

fn beyond_person(approved: Option<&Change<'_>>, new: &Change<'_>) -> Vec<Beyond> {
    let spelling = |it: &Edit| it.direct().map(|it| it.map(DirectRole::spelling));
    let mut found = Vec::new();
    for edit in new.direct() {
        let known = approved.and_then(|it| it.direct().find(|known| known.kind() == edit.kind()));
        if known.is_none_or(|it| spelling(it) != spelling(edit)) {
            found.extend(edit.kind().cloned().map(Beyond::Direct));
        }
    }
    for (attribute, edit) in new.traits().filter_map(|it| Some((it.attribute()?, it))) {
        let known = approved.and_then(|it| it.traits().find(|known| known.key.fact == edit.key.fact));
        let same = |it: &Edit| (0..2).all(|side| attribute.same(it.traits()[side], edit.traits()[side]));
        if !known.is_some_and(same) {
            found.push(Beyond::Person(attribute));
        }
    }
    // The whole list is sent, and of who comes back all that is held is given.
    let is_given = new.direct().next().is_some() || new.comes_back();
    let Some(known) = approved.filter(|_| is_given).map(Change::direct_after) else { return found };
    for role in new.direct_after().iter() {
        let told = found.iter().any(|it| matches!(it, Beyond::Direct(kind) if kind == role.kind()));
        if !told && known.get(role.kind()).is_none_or(|it| it.spelling() != role.spelling()) {
            found.push(Beyond::HoldsDirect(role.kind().clone()));
        }
    }
    found
}

/// What somebody who comes back has besides that the approved plan did not see. Of a group that gives other roles than then
/// nobody knows whether they are less.
fn beyond_held(
    user: UserId,
    (approved, then): (&Plan, &Holding),
    (new, now): (&Plan, &Holding),
) -> Vec<Beyond> {
    fn key(plan: &Plan, group: GroupIx) -> Result<GroupId, &str> {
        let known = plan.index.group(group);
        known.id.ok_or(&known.name)
    }
    let Some(own) = now.all.get(&user) else { return Vec::new() };
    let known = then.all.get(&user);
    let groups = known.into_iter().flat_map(|it| &it.groups[1]);
    let groups: BTreeMap<_, _> = groups.map(|it| (key(approved, *it), then.roles.get(it))).collect();
    let same = |it: &GroupIx| groups.get(&key(new, *it)) == Some(&now.roles.get(it));
    let mut found: Vec<Beyond> =
        own.groups[1].iter().filter(|it| !same(it)).copied().map(Beyond::Back).collect();
    let acts = own.over[1].iter().filter(|it| !known.is_some_and(|known| known.over[1].contains(it)));
    found.extend(acts.map(|it| Beyond::Acts(it.0, it.1.1)));
    found
}

fn beyond(approved: Option<&Change<'_>>, new: &Change<'_>) -> Vec<Beyond> {
    let mut found = itself(approved, new);
    for edit in new.grants() {
        let known = approved.and_then(|it| it.grants().find(|known| known.role() == edit.role()));
        if known.is_none_or(|it| it.scopes() != edit.scopes()) {
            found.extend(edit.role().map(Beyond::Role));
        }
    }
    if let Some(approved) = approved {
        let known = approved.roles_after();
        for (role, scope) in new.roles_after() {
            // One that is changed otherwise is told already.
            if !found.contains(&Beyond::Role(role)) && !known.get(&role).is_some_and(|it| it.contains(scope))
            {
                found.push(Beyond::Holds(role, scope.clone()));
            }
        }
    }
    let members = |it: &Change<'_>| {
        let all = it.joining().map(|it| (it, true)).chain(it.leaving().map(|it| (it, false)));
        all.collect::<BTreeMap<UserId, bool>>()
    };
    let known = approved.map(members).unwrap_or_default();
    let beyond = members(new).into_iter().filter(|(user, joins)| known.get(user) != Some(joins));
    found.extend(beyond.map(|(user, joins)| if joins { Beyond::Joins(user) } else { Beyond::Leaves(user) }));
    found
}

/// Compares what happens to the group itself.
fn itself(approved: Option<&Change<'_>>, new: &Change<'_>) -> Vec<Beyond> {
    let action = approved.map(Change::action);
    let known = approved.map(|it| (it.attributes_before(), it.attributes_after()));
    match (new.action(), new.attributes_before(), new.attributes_after()) {
        (Action::Create, _, to) => {
            let same = action == Some(Action::Create) && known == Some((None, to));
            if same { Vec::new() } else { vec![Beyond::Created] }
        }
        (Action::Delete, ..) => {
            if action == Some(Action::Delete) {
                Vec::new()
            } else {
                vec![Beyond::Deleted]
            }
        }
        (Action::Alter, Some(before), Some(after)) => {
            let known = match known {
                Some((Some(before), Some(after))) => Some((before, after)),
                Some(_) | None => None,
            };
            let mut found = Vec::new();
            let name = Some((&before.name, &after.name));
            if before.name != after.name && known.map(|it| (&it.0.name, &it.1.name)) != name {
                found.push(Beyond::Renamed);
            }
            let text = Some((&before.description, &after.description));
            if before.description != after.description
                && known.map(|it| (&it.0.description, &it.1.description)) != text
            {
                found.push(Beyond::Described);
            }
            found
        }
        // Of a group that was not looked into nothing of that kind changes.
        (Action::Alter, ..) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;
    use crate::{
        model::{
            plan::Edits,
            state::{Attributes, Fact, Value},
        },
        plan::{
            digest::{plan_id, tests::mutations},
            worlds::{companies, lively, user, world},
        },
    };

    /// Every plan with one effect less, as if somebody had made it already.
    fn fewer(plan: &Plan) -> Vec<Plan> {
        let mut all = Vec::new();
        for change in plan.changes() {
            // What is not done to a group is given to who comes back to it.
            if !plan.people().any(|it| it.comes_back()) {
                let mut without = plan.clone();
                without.retain(|it| it.at != change.at);
                all.push(without);
            }
            for edit in effects(&change) {
                let mut made = without(plan, edit);
                made.live.apply([edit]);
                all.push(made);
            }
        }
        all
    }

    /// The edits of a change that stand alone.
    fn effects<'a>(change: &Change<'a>) -> impl Iterator<Item = &'a Edit> {
        let is_altered = change.action() == Action::Alter;
        change.edits.iter().filter(move |it| is_altered || it.key.fact != Fact::Attributes)
    }

    fn without(plan: &Plan, edit: &Edit) -> Plan {
        let edits = plan.edits.iter().filter(|it| it.key != edit.key).cloned().collect();
        Plan { edits: Edits::new(edits), ..plan.clone() }
    }

    /// The same edit to something else.
    fn otherwise(edit: &Edit) -> Option<Edit> {
        let after = match (&edit.key.fact, edit.after.as_ref()?) {
            (Fact::Attributes, Value::Attributes(_)) => {
                let [before, after] = edit.attributes();
                let (before, after) = before.zip(after)?;
                let other =
                    |a: &str, b: &str| -> Box<str> { if a == b { b.into() } else { "otherwise".into() } };
                Value::Attributes(Arc::new(Attributes {
                    name: other(&before.name, &after.name),
                    description: other(&before.description, &after.description),
                }))
            }
            (Fact::Grant(_), _) => Value::Scope(Arc::new(companies([77]))),
            (Fact::Direct(_), Value::Direct(it)) => {
                let element = it.spelling().replacen('{', r#"{"x":1,"#, 1);
                Value::Direct(Arc::new(DirectRole::read(RawValue::from_string(element).ok()?)))
            }
            (Fact::Trait(Attribute::Active), Value::Trait(it)) => {
                Value::Trait(if **it == *"true" { "false" } else { "true" }.into())
            }
            (Fact::Trait(_), _) => Value::Trait("otherwise".into()),
            _ => return None,
        };
        Some(Edit { after: Some(after), ..edit.clone() }).filter(|it| it.before != it.after)
    }

    proptest! {
        #[test]
        fn less_is_covered(plan in prop_oneof![world(), lively()].prop_map(|it| it.plan())) {
            prop_assert_eq!(differences(&plan, &plan), []);
            prop_assert_eq!(differences(&plan, &Plan::default()), []);
            for fewer in fewer(&plan) {
                prop_assert_eq!(differences(&plan, &fewer), []);
                for fewest in self::fewer(&fewer) {
                    prop_assert_eq!(differences(&plan, &fewest), []);
                }
            }
        }

        #[test]
        fn more_is_not(plan in prop_oneof![world(), lively()].prop_map(|it| it.plan())) {
            for n in 0..plan.len() {
                let mut fewer = plan.clone();
                fewer.retain(|it| it.at != n);
                let others = differences(&fewer, &plan).into_iter().filter(|it| it.change != n);
                // Who comes back to a group has more where less is done to the group.
                let is_back = |it: &Difference| matches!(it.what, Beyond::Back(_) | Beyond::Acts(..));
                prop_assert!(others.into_iter().all(|it| is_back(&it)));
                prop_assert!(!differences(&fewer, &plan).is_empty());
            }
            for fewer in fewer(&plan) {
                let back = differences(&fewer, &plan);
                prop_assert!(!back.is_empty());
            }
        }

        /// Whatever the new plan does, of any kind, is beyond one that does not do it, and one that does it otherwise.
        #[test]
        fn every_edit_has_to_be_approved(plan in lively().prop_map(|it| it.plan())) {
            for change in plan.changes() {
                for edit in effects(&change) {
                    let mut all = vec![without(&plan, edit)];
                    let other = otherwise(edit).into_iter().map(|other| {
                        let edits = all[0].edits.iter().cloned().chain([other]);
                        Plan { edits: Edits::new(edits.collect()), ..plan.clone() }
                    });
                    all.extend(other.collect::<Vec<_>>());
                    for approved in all {
                        let told = differences(&approved, &plan);
                        prop_assert!(told.iter().any(|it| it.change == change.at), "{:?}", edit);
                    }
                }
            }
        }

        /// What somebody who comes back is put into by another hand is another plan, and beyond the one that was approved.
        #[test]
        fn what_comes_back_has_to_be_approved(world in lively(), n in 0..4_usize, who in 0..6_u128) {
            let plan = world.plan();
            let mut by_hand = world.clone();
            let Some(group) = by_hand.groups.get_mut(n) else { return Ok(()) };
            let (Some(before), Some(after)) = (&mut group.before, &mut group.after) else { return Ok(()) };
            let is_new = before.members.insert(user(who)) & after.members.insert(user(who));
            let now = by_hand.plan();
            let comes_back = plan.people().any(|it| it.comes_back() && it.user() == Some(user(who)));
            if is_new && comes_back {
                prop_assert_ne!(plan_id(&now), plan_id(&plan));
                prop_assert!(!differences(&plan, &now).is_empty());
                prop_assert_eq!(differences(&now, &plan), []);
            } else if is_new {
                prop_assert_eq!(plan_id(&now), plan_id(&plan));
                prop_assert_eq!(differences(&plan, &now), []);
            }
        }

        /// Whatever makes it another plan is told, unless it only does less or leaves less behind.
        #[test]
        fn what_differs_is_told(world in prop_oneof![world(), lively()]) {
            let plan = world.plan();
            for (what, other) in mutations(&world) {
                let less = ["no member", "no grant", "kept role gone", "before unknown", "wider"].contains(&what);
                if !less {
                    prop_assert!(!differences(&plan, &other).is_empty(), "{}", what);
                }
                if what == "wider" {
                    prop_assert!(!differences(&plan, &other).is_empty() && !differences(&other, &plan).is_empty());
                }
            }
        }
    }
}
