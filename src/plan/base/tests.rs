//! Each edit against three sides.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    model::{
        ids::GroupId,
        plan::Note,
        state::{Fact, Owner, State, Value},
    },
    plan::worlds::{Group, World, group_id, place, world},
};

/// What another change would make of the same live state.
fn instead(head: &World, other: &World) -> World {
    let side = |of: &World, id: GroupId| of.groups.iter().find(|it| it.id == id).cloned();
    let group = |id: GroupId| {
        let (own, other) = (side(head, id), side(other, id));
        let before = own.as_ref().and_then(|it| it.before.clone());
        let mut after = other.as_ref().and_then(|it| it.after.clone());
        // What does not exist is recognised by the name under which it is created.
        if let (None, Some(after), Some(own)) =
            (&before, &mut after, own.as_ref().and_then(|it| it.after.as_ref()))
        {
            after.name = own.name.clone();
        }
        let company = own.as_ref().or(other.as_ref())?.company;
        (before.is_some() || after.is_some()).then_some(Group { company, id, before, after })
    };
    World::new((0..4).map(group_id).filter_map(group).collect())
}

/// A key in words that mean the same in all numbers.
fn told(plan: &Plan, key: &Key) -> String {
    let Owner::Group(group) = key.owner else { return String::new() };
    let group = plan.index.group(group);
    let group = group.id.map_or_else(|| group.name.to_string(), |it| it.to_string());
    match &key.fact {
        Fact::Member(user) => format!("{group} {}", plan.index.user(*user)),
        fact => format!("{group} {fact:?}"),
    }
}

/// What a state says, fact by fact.
fn facts(plan: &Plan, state: &State) -> BTreeMap<String, (Key, Value)> {
    let of = |group, fact| Key { owner: Owner::Group(group), fact };
    let groups = state.groups().iter().map(|it| of(it.0, Fact::Attributes));
    let grants = state.all_grants().iter().map(|it| of(it.0.0, Fact::Grant(it.0.1)));
    let members = state.memberships().map(|it| of(it.0, Fact::Member(it.1)));
    let all = groups.chain(grants).chain(members);
    all.map(|it| (told(plan, &it), (it.clone(), state.value(&it).unwrap()))).collect()
}

proptest! {
    /// By definition: what base and files agree on has drifted, what base and live agree on is this change, and where all
    /// three differ it is a conflict; what files and live agree on and the base does not is live already.
    #[test]
    fn an_edit_is_what_the_three_sides_make_of_it(head in world(), other in world()) {
        let base = instead(&head, &other).plan();
        let mut plan = head.plan();
        let [live, files] = [&plan.live, &plan.after()].map(|it| facts(&plan, it));
        let then = facts(&base, &base.after());
        let asked = files.values().map(|it| (it.0.clone(), Note { from: Some(place(1)), ..Note::default() }));
        let bound = Bound { notes: asked.collect(), ..Bound::default() };
        split(&mut plan, &bound, &base);
        for edit in plan.edits.iter() {
            let key = told(&plan, &edit.key);
            let [live, files, then] = [&live, &files, &then].map(|it| it.get(&key).map(|it| &it.1));
            let expected = match () {
                () if then == files => Cause::Drift,
                () if then == live => Cause::Change,
                () => Cause::Conflict,
            };
            prop_assert_eq!(plan.note(&edit.key).cause, Some(expected), "{}", key);
        }
        let already = plan.already_live.as_ref().unwrap();
        for (key, (own, value)) in &files {
            let is_live = live.get(key).map(|it| &it.1) == Some(value) && then.get(key).map(|it| &it.1) != Some(value);
            prop_assert_eq!(already.iter().any(|it| it.key == *own), is_live, "{}", key);
        }
    }
}
