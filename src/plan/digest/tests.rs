//! What makes two plans the same one, and what does not.

use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    model::{
        access::Why,
        direct::DirectRoles,
        ids::RoleId,
        plan::{Edits, Names, Note},
        scope::Dimension,
        source::{FileId, Place},
        state::{Fact, Key, Value as Held},
    },
    plan::worlds::{Group, Person, Side, World, companies, group_id, lively, role, user, world},
};

/// A scope that no world of the tests has.
fn other() -> Scope {
    companies([99])
}

/// Every plan that differs in one effect, or in one role that is left behind.
pub(crate) fn mutations(world: &World) -> Vec<(&'static str, Plan)> {
    let mut all = Vec::new();
    for (n, group) in world.groups.iter().enumerate().filter(|it| it.1.before != it.1.after) {
        let mut with = |what, mutate: &dyn Fn(&mut Group)| {
            let mut world = world.clone();
            mutate(&mut world.groups[n]);
            all.push((what, world.plan()));
        };
        let nothing = Side { name: "another".into(), description: "x".into(), ..Side::default() };
        with("company", &|it| it.company = CompanyId(Uuid::from_u128(7)));
        match (&group.before, &group.after) {
            (Some(before), Some(after)) => {
                with("group", &|it| it.id = group_id(77));
                with("kind", &|it| it.after = None);
                with("rename", &|it| it.after.as_mut().unwrap().name = "another".into());
                with("text", &|it| it.after.as_mut().unwrap().description = "another".into());
                let kept = |role: &&RoleId| before.grants.get(role) == after.grants.get(role);
                for role in before.grants.keys().filter(kept) {
                    let both = |it: &mut Group, edit: &dyn Fn(&mut Side)| {
                        [&mut it.before, &mut it.after].into_iter().flatten().for_each(edit);
                    };
                    with("kept role widened", &|it| both(it, &|it| drop(it.grants.insert(*role, other()))));
                    with("kept role gone", &|it| both(it, &|it| drop(it.grants.remove(role))));
                }
            }
            (Some(_), None) => {
                with("group", &|it| it.id = group_id(77));
                with("kind", &|it| it.after = Some(nothing.clone()));
            }
            (None, Some(_)) => {
                with("name", &|it| it.after.as_mut().unwrap().name = "another".into());
                with("text", &|it| it.after.as_mut().unwrap().description = "another".into());
                with("kind", &|it| (it.before, it.after) = (it.after.clone(), None));
            }
            (None, None) => (),
        }
    }
    let plan = world.plan();
    let edits: Vec<Edit> = plan.edits.iter().cloned().collect();
    let mut with = |what, edits: Vec<Edit>| {
        all.push((what, Plan { edits: Edits::new(edits), ..plan.clone() }));
    };
    for (n, edit) in edits.iter().enumerate() {
        let mut fewer = edits.clone();
        fewer.remove(n);
        let instead = |edit: Edit| [&fewer[..], &[edit]].concat();
        match &edit.key.fact {
            Fact::Member(_) => {
                with("no member", fewer.clone());
                with("opposite", instead(edit.clone().inverse()));
            }
            Fact::Grant(_) => {
                let wider = |it: &Option<Held>| match it {
                    Some(Held::Scope(scope)) => Some(Held::Scope(Arc::new((**scope).clone().union(other())))),
                    Some(_) | None => None,
                };
                with("no grant", fewer.clone());
                with(
                    "other role",
                    instead(Edit {
                        key: Key { fact: Fact::Grant(role(99)), ..edit.key.clone() },
                        ..edit.clone()
                    }),
                );
                if edit.removes() {
                    with("other before", instead(Edit { before: wider(&edit.before), ..edit.clone() }));
                } else {
                    with("wider", instead(Edit { after: wider(&edit.after), ..edit.clone() }));
                }
                if let [Some(_), Some(_)] = edit.scopes() {
                    let before = Some(Held::Scope(Arc::new(other())));
                    with("other before", instead(Edit { before, ..edit.clone() }));
                }
            }
            Fact::Attributes | Fact::Direct(_) | Fact::Trait(_) => (),
        }
    }
    for change in plan.groups().filter(|it| it.id().is_some()) {
        let mut plan = plan.clone();
        plan.unread.extend(change.group());
        all.push(("before unknown", plan));
    }
    all
}

proptest! {
    #[test]
    fn the_same_effects_are_the_same_plan_in_any_order_and_wording(world in lively(), line in 1..99_u32) {
        let plan = world.plan();
        let mut same = World { groups: world.groups.iter().rev().cloned().collect(), ..world }.plan();
        prop_assert_eq!(plan_id(&same), plan_id(&plan));
        let from = Some(Place::new(FileId(line), line, line));
        for (n, edit) in plan.edits.iter().enumerate() {
            let place = Place::new(FileId(3), 1, 1);
            let why = [Why::NotDeclared, Why::Ended(place), Why::LockedOut(place), Why::NotYet(place)][n % 4];
            same.notes.insert(edit.key.clone(), Note { from, why, ..Note::default() });
        }
        same.reasons.values_mut().for_each(|it| *it = "another".into());
        same.entries.clear();
        same.soon.clear();
        same.names = Names { values: [(Uuid::nil(), "x".into())].into(), ..Names::default() };
        prop_assert_eq!(plan_id(&same), plan_id(&plan));
    }

    #[test]
    fn every_other_effect_is_another_plan(world in lively()) {
        let plan = world.plan();
        let id = plan_id(&plan);
        for (what, other) in mutations(&world) {
            prop_assert_ne!(plan_id(&other), id, "{}", what);
        }
        for n in 0..plan.len() {
            let mut fewer = plan.clone();
            fewer.retain(|it| it.at != n);
            prop_assert_ne!(plan_id(&fewer), id);
        }
    }

    #[test]
    fn a_group_is_recognised_by_each_of_its_parts(world in world()) {
        let read = |world: &World, n: usize| {
            let index = world.index();
            let [live, _] = world.states(&index);
            group(&index, &live, index.find(&world.groups[n].name()).unwrap())
        };
        for n in 0..world.groups.len() {
            let Some(base) = read(&world, n) else {
                prop_assert!(world.groups[n].before.is_none());
                continue;
            };
            let with = |edit: &dyn Fn(&mut Side)| {
                let mut world = world.clone();
                edit(world.groups[n].before.as_mut().unwrap());
                read(&world, n).unwrap()
            };
            let moved = with(&|it| it.description = format!("{}{}", it.name, it.description).into());
            prop_assert_ne!(moved.attributes, base.attributes);
            prop_assert_ne!(with(&|it| _ = it.members.insert(user(99))).members, base.members);
            let roles = with(&|it| drop(it.grants.insert(role(0), other())));
            prop_assert_ne!(roles.roles, base.roles);
            prop_assert_eq!((roles.attributes, roles.members), (base.attributes, base.members));
        }
    }
}

/// A person who gets a role, arranges for others, loses a role and keeps one, with elements spelled so.
fn person(elements: [&str; 5]) -> World {
    let [added, before, after, removed, kept] = elements
        .map(|it| DirectRole::read(serde_json::value::RawValue::from_string(it.to_owned()).expect("JSON")));
    let (company, user) = (CompanyId(Uuid::from_u128(1)), user(2));
    let before = DirectRoles::new([before, removed, kept.clone()]);
    let after = DirectRoles::new([added, after, kept]);
    World { people: vec![Person { company, user, before, after }], ..World::default() }
}

const ELEMENTS: [&str; 5] = [
    r#"{"roleType":"A","metadata":{"x":1,"y":[1,2]}}"#,
    r#"{"roleType":"TRAVEL_ARRANGER","metadata":{"arrangerFor":[{"userId":"00000000-0000-0000-0000-000000000001"},{"userId":"00000000-0000-0000-0000-000000000002"}]}}"#,
    r#"{"roleType":"TRAVEL_ARRANGER","metadata":{"arrangerFor":[{"userId":"00000000-0000-0000-0000-000000000003"}]}}"#,
    r#"{"roleType":"GLOBAL_ADMIN"}"#,
    r#"{"roleType":"GLOBAL_AGENT","since":1}"#,
];

#[test]
fn the_same_direct_roles_are_the_same_plan_in_any_order_and_spelling() {
    let id = plan_id(&person(ELEMENTS).plan());
    let mut other = ELEMENTS;
    other[0] = r#"{ "metadata": { "y": [1, 2], "x": 1 }, "roleType": "A" }"#;
    other[1] = r#"{"roleType":"TRAVEL_ARRANGER","metadata":{"arrangerFor":[{"userId":"00000000-0000-0000-0000-000000000002"},{"userId":"00000000-0000-0000-0000-000000000001"}]}}"#;
    let mut same = person(other).plan();
    let place = Place::new(FileId(3), 1, 1);
    for edit in same.edits.iter() {
        same.notes.insert(
            edit.key.clone(),
            Note { from: Some(place), why: Why::Ended(place), ends: None, cause: None },
        );
    }
    same.outside.push(crate::model::plan::Outside {
        company: CompanyId(Uuid::nil()),
        user: UserId(Uuid::nil()),
        roles: DirectRoles::default(),
    });
    assert_eq!(plan_id(&same), id);
    assert_ne!(id, plan_id(&Plan::default()));
}

#[test]
fn every_other_direct_role_is_another_plan() {
    let mut ids = vec![plan_id(&person(ELEMENTS).plan()), plan_id(&Plan::default())];
    // What nobody understands of a role counts as well, of one that stays too: the list is sent whole.
    for (n, element) in ELEMENTS.iter().enumerate() {
        let mut other = ELEMENTS;
        let text = element.replacen('{', r#"{"note":true,"#, 1);
        other[n] = &text;
        ids.push(plan_id(&person(other).plan()));
    }
    let mut with = |edit: &dyn Fn(&mut World)| {
        let mut world = person(ELEMENTS);
        edit(&mut world);
        ids.push(plan_id(&world.plan()));
    };
    with(&|it| it.people[0].company = CompanyId(Uuid::from_u128(9)));
    with(&|it| it.people[0].user = user(9));
    with(&|it| it.people.push(Person { user: user(9), ..it.people[0].clone() }));
    let plan = person(ELEMENTS).plan();
    for n in 0..plan.edits.iter().len() {
        let mut edits: Vec<Edit> = plan.edits.iter().cloned().collect();
        edits.remove(n);
        ids.push(plan_id(&Plan { edits: Edits::new(edits), ..plan.clone() }));
    }
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

/// Ids are kept in approvals and pipelines: a change of the byte form takes a new version of it.
#[test]
fn ids_stay_what_they_are() {
    assert_eq!(
        plan_id(&Plan::default()).to_string(),
        "f5c61bbd19df464556ff74a2675cbc9efc4c7b2c2fabb34e839453e05b9f1b46"
    );
    let after = Side {
        name: "Desk".into(),
        description: "The desk.".into(),
        grants: [(role(2), other())].into(),
        members: [user(3)].into(),
    };
    let company = CompanyId(Uuid::from_u128(1));
    let desk = Group { company, id: group_id(1), before: None, after: Some(after) };
    assert_eq!(format!("{:.12}", plan_id(&World::new(vec![desk]).plan())), "34851383e48c");
    assert_eq!(file("abc").to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn no_two_scopes_look_alike_in_bytes() {
    let scope = |kind: Kind, values: &[&str]| {
        let values = values.iter().map(|it| Value::Text((*it).into())).collect();
        Scope::new([vec![Dimension { kind, values }]])
    };
    let scopes = [
        scope(Kind::Unreadable, &["a"]),
        scope(Kind::Other("UNREADABLE".into()), &["a"]),
        scope(Kind::Other("UNREADABLEa".into()), &[""]),
        scope(Kind::Other("X".into()), &["a", "b"]),
        scope(Kind::Other("X".into()), &["ab"]),
        scope(Kind::Other("X".into()), &["99"]),
        Scope::read(None),
        Scope::default(),
        other(),
    ];
    let mut digests: Vec<Digest> = scopes.iter().map(|it| Writer::of("t", |to| to.scope(it))).collect();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), scopes.len());
}
