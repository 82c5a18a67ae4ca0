//! Who holds what at every step of an apply.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::{
    access::{Access, DesiredState, GroupKey, LiveState},
    diff::{diff, tests::world},
};

/// A group as the API would hold it while steps are made.
#[derive(Clone, Debug, Default, PartialEq)]
struct Held {
    grants: BTreeMap<RoleId, Scope>,
    members: BTreeSet<UserId>,
}

/// Groups by the change that makes them, or by their id.
type World = BTreeMap<Result<GroupId, Box<str>>, Held>;

fn held(access: &Access) -> World {
    let group = |it: &crate::access::Group| {
        let key = match &it.key {
            GroupKey::Existing(id) => Ok(*id),
            GroupKey::New(name) => Err(name.clone()),
        };
        let held = Held {
            grants: it.grants.iter().map(|it| (it.role, it.scope.clone())).collect(),
            members: it.members.iter().map(|it| it.user).collect(),
        };
        (key, held)
    };
    access.groups.iter().map(group).collect()
}

fn make(step: &Step, plan: &Plan, world: &mut World) {
    let name = plan.changes[step.change].name.clone();
    let at = |group: &Option<GroupId>| group.ok_or(name.clone());
    match &step.call {
        Call::CreateGroup { .. } => {
            world.insert(Err(name), Held::default());
        }
        Call::UpdateGroup { .. } => (),
        Call::DeleteGroup { group, .. } => {
            world.remove(&Ok(*group));
        }
        Call::PatchMembers { group, add, remove, .. } => {
            let group = world.get_mut(&at(group)).unwrap();
            group.members.retain(|it| !remove.contains(it));
            group.members.extend(add);
        }
        Call::PatchRoles { group, add, delete, .. } => {
            let group = world.get_mut(&at(group)).unwrap();
            for role in delete {
                assert!(group.grants.remove(role).is_some());
            }
            for (role, scope) in add {
                assert!(group.grants.insert(*role, scope.clone()).is_none(), "no role is added twice");
            }
        }
    }
}

/// Everything one person holds in one group: role by role, where.
fn access(world: &World, key: &Result<GroupId, Box<str>>, user: UserId) -> BTreeMap<RoleId, Scope> {
    let group = world.get(key).filter(|it| it.members.contains(&user));
    group.map_or_else(BTreeMap::new, |it| it.grants.clone())
}

fn plan_of(desired: &DesiredState, live: &LiveState) -> Plan {
    Plan { changes: diff(desired, live), ..Plan::default() }
}

proptest! {
    /// All steps together lead to the desired state.
    #[test]
    fn steps_converge((desired, live) in world()) {
        let plan = plan_of(&desired, &live);
        let mut world = held(&live.0);
        for step in order(&plan, ScopeChange::Atomic).steps {
            make(&step, &plan, &mut world);
        }
        for (key, want) in held(&desired.access) {
            prop_assert_eq!(world.get(&key), Some(&want));
        }
        for removal in &desired.removals {
            prop_assert_eq!(world.get(&Ok(removal.group)), None);
        }
    }

    /// After every step, and wherever a failure stops a group, nobody holds in a group what neither
    /// side gives them there, and nobody lacks what both sides give them.
    #[test]
    fn every_step_keeps_p6_inside_a_group(
        (desired, live) in world(),
        failing in prop::option::of(0..8_usize),
    ) {
        let plan = plan_of(&desired, &live);
        let (before, after) = (held(&live.0), held(&desired.access));
        let mut world = before.clone();
        let mut lost: Vec<usize> = Vec::new();
        for (n, step) in order(&plan, ScopeChange::Atomic).steps.iter().enumerate() {
            if failing == Some(n) || step.after.iter().any(|it| lost.contains(&it.step)) {
                lost.push(n);
                continue;
            }
            make(step, &plan, &mut world);
            for key in world.keys() {
                for user in (0..6).map(|it| UserId(uuid::Uuid::from_u128(it))) {
                    let [old, now, new] = [&before, &world, &after].map(|it| access(it, key, user));
                    for (role, scope) in &now {
                        let inside = |side: &BTreeMap<RoleId, Scope>| side.get(role) == Some(scope);
                        prop_assert!(inside(&old) || inside(&new), "{user} holds too much in {key:?}");
                    }
                    let kept = old.iter().filter(|(role, scope)| new.get(role) == Some(scope));
                    for (role, scope) in kept {
                        prop_assert_eq!(now.get(role), Some(scope), "{} lacks something in {:?}", user, key);
                    }
                }
            }
        }
    }
}

#[test]
fn members_change_in_calls_of_at_most_a_hundred() {
    let users = |from: u128, to: u128| (from..to).map(|it| UserId(uuid::Uuid::from_u128(it)));
    let member = |user, effect| crate::plan::MemberChange { user, effect, from: None };
    let leave = MemberEffect::Remove { moved_to: None, why: crate::access::Why::NotDeclared };
    let change = GroupChange {
        company: CompanyId(uuid::Uuid::nil()),
        id: Some(GroupId(uuid::Uuid::nil())),
        name: "G".into(),
        kind: ChangeKind::Alter {
            before: Attributes { name: "G".into(), description: "d".into() },
            after: Attributes { name: "H".into(), description: "d".into() },
        },
        grants: Vec::new(),
        members: users(0, 150)
            .map(|it| member(it, leave.clone()))
            .chain(users(150, 400).map(|it| member(it, MemberEffect::Add { moved_from: None })))
            .collect(),
        from: None,
        before: Some(crate::access::Contents::default()),
    };
    let plan = Plan { changes: vec![change], ..Plan::default() };
    let sizes: Vec<String> = order(&plan, ScopeChange::Atomic)
        .steps
        .iter()
        .map(|it| match &it.call {
            Call::PatchMembers { add, remove, .. } => format!("+{} -{}", add.len(), remove.len()),
            other => format!("{other:?}").split(' ').next().unwrap_or_default().to_owned(),
        })
        .collect();
    assert_eq!(sizes, ["+0 -100", "+0 -50", "+100 -0", "+100 -0", "+50 -0", "UpdateGroup"]);
}
