//! What makes two plans the same one, and what does not.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    model::{
        access::{Contents, Why},
        direct::DirectRoles,
        ids::RoleId,
        plan::Names,
        scope::{Dimension, Relation},
        source::{FileId, Place},
    },
    plan::diff::{diff, tests::world},
};

fn plan() -> impl Strategy<Value = Plan> {
    world().prop_map(|(desired, live)| Plan { changes: diff(&desired, &live), ..Plan::default() })
}

/// A scope that no world of the tests has.
fn other() -> Scope {
    let values = vec![Value::Id(Uuid::from_u128(99))];
    Scope::new([vec![Dimension { kind: Kind::Company, values }]])
}

/// Every plan that differs in one effect, or in one role that is left behind.
pub(crate) fn mutations(plan: &Plan) -> Vec<(&'static str, Plan)> {
    let mut all = Vec::new();
    for (n, change) in plan.changes.iter().enumerate() {
        let mut with = |what, mutate: &dyn Fn(&mut GroupChange)| {
            let mut plan = plan.clone();
            mutate(&mut plan.changes[n]);
            all.push((what, plan));
        };
        with("company", &|it| it.company = CompanyId(Uuid::from_u128(7)));
        with("group", &|it| it.id = Some(GroupId(Uuid::from_u128(77))));
        with("before unknown", &|it| it.before = None);
        with("kind", &|it| {
            it.kind = match &it.kind {
                ChangeKind::Delete { .. } => ChangeKind::Create { description: "x".into() },
                ChangeKind::Create { .. } | ChangeKind::Alter { .. } => {
                    ChangeKind::Delete { description: "x".into(), reason: "y".into() }
                }
            };
        });
        match &change.kind {
            ChangeKind::Create { .. } => {
                with("name", &|it| it.name = "another".into());
                with("text", &|it| it.kind = ChangeKind::Create { description: "another".into() });
            }
            ChangeKind::Alter { before, after } => {
                let alter = |name: &str, description: &str| ChangeKind::Alter {
                    before: before.clone(),
                    after: Attributes { name: name.into(), description: description.into() },
                };
                with("rename", &|it| it.kind = alter("another", &after.description));
                with("text", &|it| it.kind = alter(&after.name, "another"));
            }
            ChangeKind::Delete { .. } => (),
        }
        for (m, member) in change.members.iter().enumerate() {
            with("no member", &|it| drop(it.members.remove(m)));
            with("other member", &|it| it.members[m].user = UserId(Uuid::from_u128(99)));
            with("opposite", &|it| {
                it.members[m].effect = match member.effect {
                    MemberEffect::Add { .. } => {
                        MemberEffect::Remove { moved_to: None, why: Why::NotDeclared }
                    }
                    MemberEffect::Remove { .. } => MemberEffect::Add { moved_from: None },
                };
            });
        }
        for (g, grant) in change.grants.iter().enumerate() {
            with("no grant", &|it| drop(it.grants.remove(g)));
            with("other role", &|it| it.grants[g].role = RoleId(Uuid::from_u128(99)));
            with("wider", &|it| match &mut it.grants[g].effect {
                GrantEffect::Add { scope }
                | GrantEffect::Rescope { after: scope, .. }
                | GrantEffect::Remove { scope, .. } => *scope = scope.clone().union(other()),
            });
            if let GrantEffect::Rescope { after, .. } = &grant.effect {
                with("other before", &|it| {
                    let (before, after, relation) = (other(), after.clone(), Relation::Changes);
                    it.grants[g].effect = GrantEffect::Rescope { before, after, relation };
                });
            }
        }
        let before = change.before.iter().flat_map(|it| &it.grants).enumerate();
        for (g, _) in before.filter(|(_, it)| change.grants.iter().all(|changed| changed.role != it.role)) {
            let kept = |it: &mut GroupChange, edit: &dyn Fn(&mut Contents)| {
                it.before.iter_mut().for_each(edit);
            };
            with("kept role widened", &|it| kept(it, &|it| it.grants[g].scope = other()));
            with("kept role gone", &|it| kept(it, &|it| drop(it.grants.remove(g))));
        }
    }
    all
}

proptest! {
    #[test]
    fn the_same_effects_are_the_same_plan_in_any_order_and_wording(plan in plan(), line in 1..99_u32) {
        let id = plan_id(&plan);
        let mut same = plan;
        same.changes.reverse();
        for change in &mut same.changes {
            change.members.reverse();
            change.grants.reverse();
            change.from = Some(Place::new(FileId(line), line, line));
            for member in &mut change.members {
                member.from = change.from;
                member.effect = match member.effect {
                    MemberEffect::Add { .. } => MemberEffect::Add { moved_from: Some("x".into()) },
                    MemberEffect::Remove { .. } => {
                        MemberEffect::Remove { moved_to: None, why: Why::Ended(Place::new(FileId(3), 1, 1)) }
                    }
                };
            }
            for grant in &mut change.grants {
                grant.from = change.from;
                if let GrantEffect::Remove { why, .. } = &mut grant.effect {
                    *why = Why::LockedOut(Place::new(FileId(3), 1, 1));
                }
            }
            if let ChangeKind::Delete { reason, .. } = &mut change.kind {
                *reason = "another".into();
            }
            for kept in change.before.iter_mut().flat_map(|it| &mut it.grants) {
                kept.as_read.clear();
            }
        }
        same.expiring = 3;
        same.names = Names { values: [(Uuid::nil(), "x".into())].into(), ..Names::default() };
        prop_assert_eq!(plan_id(&same), id);
    }

    #[test]
    fn every_other_effect_is_another_plan(plan in plan()) {
        let id = plan_id(&plan);
        for (what, other) in mutations(&plan) {
            prop_assert_ne!(plan_id(&other), id, "{}", what);
        }
        for n in 0..plan.changes.len() {
            let mut fewer = plan.clone();
            fewer.changes.remove(n);
            prop_assert_ne!(plan_id(&fewer), id);
        }
    }

    #[test]
    fn a_group_is_recognised_by_each_of_its_parts(plan in plan()) {
        for change in &plan.changes {
            let (Some(id), Some(before)) = (change.id, &change.before) else { continue };
            let read = |name: &str, text: &str, it: &Contents| {
                group(change.company, id, name, text, &it.grants, &it.members)
            };
            let base = read("a", "b", before);
            let mut turned = before.clone();
            turned.members.reverse();
            turned.grants.reverse();
            prop_assert_eq!(&read("a", "b", &turned), &base);
            prop_assert_ne!(read("ab", "", before).attributes, base.attributes);
            let mut other_roles = before.clone();
            let mut other_members = before.clone();
            other_members.members.push(UserId(Uuid::from_u128(99)));
            prop_assert_ne!(read("a", "b", &other_members).members, base.members);
            if let Some(grant) = other_roles.grants.first_mut() {
                grant.scope = other();
                let read = read("a", "b", &other_roles);
                prop_assert_ne!(read.roles, base.roles);
                prop_assert_eq!((read.attributes, read.members), (base.attributes, base.members));
            }
        }
    }
}

/// A person who gets a role, arranges for others, loses a role and keeps one, with elements spelled so.
fn person(elements: [&str; 5]) -> Plan {
    let [added, before, after, removed, kept] = elements
        .map(|it| DirectRole::read(serde_json::value::RawValue::from_string(it.to_owned()).expect("JSON")));
    let change = |effect| DirectChange { effect, from: None };
    let why = Why::NotDeclared;
    let before_all = DirectRoles::new([before.clone(), removed.clone(), kept]);
    let user = UserChange {
        company: CompanyId(Uuid::from_u128(1)),
        user: UserId(Uuid::from_u128(2)),
        before: before_all,
        roles: vec![
            change(DirectEffect::Add { role: added }),
            change(DirectEffect::Change { before, after }),
            change(DirectEffect::Remove { why, role: removed }),
        ],
        from: None,
    };
    Plan { users: vec![user], ..Plan::default() }
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
    let id = plan_id(&person(ELEMENTS));
    let mut other = ELEMENTS;
    other[0] = r#"{ "metadata": { "y": [1, 2], "x": 1 }, "roleType": "A" }"#;
    other[1] = r#"{"roleType":"TRAVEL_ARRANGER","metadata":{"arrangerFor":[{"userId":"00000000-0000-0000-0000-000000000002"},{"userId":"00000000-0000-0000-0000-000000000001"}]}}"#;
    let mut same = person(other);
    same.users[0].roles.reverse();
    same.users[0].from = Some(Place::new(FileId(3), 1, 1));
    for role in &mut same.users[0].roles {
        role.from = Some(Place::new(FileId(3), 1, 1));
        if let DirectEffect::Remove { why, .. } = &mut role.effect {
            *why = Why::Ended(Place::new(FileId(3), 1, 1));
        }
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
    let mut ids = vec![plan_id(&person(ELEMENTS)), plan_id(&Plan::default())];
    // What nobody understands of a role counts as well, of one that stays too: the list is sent whole.
    for (n, element) in ELEMENTS.iter().enumerate() {
        let mut other = ELEMENTS;
        let text = element.replacen('{', r#"{"note":true,"#, 1);
        other[n] = &text;
        ids.push(plan_id(&person(other)));
    }
    let mut with = |edit: &dyn Fn(&mut UserChange)| {
        let mut plan = person(ELEMENTS);
        edit(&mut plan.users[0]);
        ids.push(plan_id(&plan));
    };
    with(&|it| it.company = CompanyId(Uuid::from_u128(9)));
    with(&|it| it.user = UserId(Uuid::from_u128(9)));
    for n in 0..3 {
        with(&|it| drop(it.roles.remove(n)));
    }
    let mut two = person(ELEMENTS);
    two.users.extend(person(ELEMENTS).users);
    ids.push(plan_id(&two));
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
    let change = GroupChange {
        company: CompanyId(Uuid::from_u128(1)),
        id: None,
        name: "Desk".into(),
        kind: ChangeKind::Create { description: "The desk.".into() },
        grants: vec![GrantChange {
            role: RoleId(Uuid::from_u128(2)),
            effect: GrantEffect::Add { scope: other() },
            from: None,
        }],
        members: vec![MemberChange {
            user: UserId(Uuid::from_u128(3)),
            effect: MemberEffect::Add { moved_from: None },
            from: None,
        }],
        from: None,
        before: Some(Contents::default()),
    };
    let plan = Plan { changes: vec![change], ..Plan::default() };
    assert_eq!(format!("{:.12}", plan_id(&plan)), "34851383e48c");
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
