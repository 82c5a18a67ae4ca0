//! Laws of the diff, over small random worlds.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::{
    access::{Access, Removal},
    ids::RoleId,
    scope::{Dimension, Kind, Scope, Value},
    source::{FileId, Place},
};

const COMPANY: CompanyId = CompanyId(Uuid::nil());

fn place() -> Place {
    Place::new(FileId(0), 1, 1)
}

/// A scope of one or more of three companies.
fn scope() -> impl Strategy<Value = Scope> {
    prop::collection::btree_set(0..3_u128, 1..3).prop_map(|values| {
        let values = values.into_iter().map(|it| Value::Id(Uuid::from_u128(it))).collect();
        Scope::new([vec![Dimension { kind: Kind::Company, values }]])
    })
}

fn group(n: u128) -> impl Strategy<Value = Group> {
    let grants = prop::collection::btree_map(0..3_u128, scope(), 0..3);
    let members = prop::collection::btree_set(0..6_u128, 0..5);
    ("[ab]", "[xy]", grants, members).prop_map(move |(name, description, grants, members)| Group {
        company: COMPANY,
        key: GroupKey::Existing(GroupId(Uuid::from_u128(n))),
        name: name.into(),
        description: description.into(),
        grants: grants
            .into_iter()
            .map(|(role, scope)| Grant {
                role: RoleId(Uuid::from_u128(role)),
                as_read: vec![Some(scope.to_wire())],
                scope,
                from: None,
            })
            .collect(),
        members: members
            .into_iter()
            .map(|it| Member { user: UserId(Uuid::from_u128(it)), from: None })
            .collect(),
        from: None,
    })
}

/// Up to four groups: small enough that both sides share people, roles and scopes.
fn access() -> impl Strategy<Value = Access> {
    let groups: Vec<_> = (0..4).map(|n| prop::option::of(group(n))).collect();
    groups.prop_map(|groups| Access { groups: groups.into_iter().flatten().collect(), ..Access::default() })
}

/// Two sides: groups of the desired one that do not exist are new, live ones that are not wanted are removed.
pub(crate) fn world() -> impl Strategy<Value = (DesiredState, LiveState)> {
    (access(), access(), prop::collection::vec(any::<bool>(), 4)).prop_map(sides)
}

/// Two sides of which the desired one is the live one with people and roles shuffled: full of moves,
/// of roles that change hands, and of people who keep in one group what they lose in another.
pub(crate) fn shuffled() -> impl Strategy<Value = (DesiredState, LiveState)> {
    let swaps = prop::collection::vec((0..4_usize, 0..4_usize, 0..3_u8, 0..6_usize), 1..7);
    (access(), swaps, prop::collection::vec(any::<bool>(), 4), 0..4_usize).prop_map(
        |(have, swaps, remove, gone)| {
            let mut want = have.clone();
            for (a, b, what, nth) in swaps {
                let count = want.groups.len();
                if count < 2 || a % count == b % count {
                    continue;
                }
                let (a, b) = (a % count, b % count);
                let (low, high) = want.groups.split_at_mut(a.max(b));
                let (one, two) = (&mut low[a.min(b)], &mut high[0]);
                match what {
                    0 if !one.members.is_empty() => {
                        let member = one.members.remove(nth % one.members.len());
                        two.members.retain(|it| it.user != member.user);
                        two.members.push(member);
                    }
                    1 if !two.members.is_empty() => {
                        let member = two.members.remove(nth % two.members.len());
                        one.members.retain(|it| it.user != member.user);
                        one.members.push(member);
                    }
                    _ => std::mem::swap(&mut one.grants, &mut two.grants),
                }
                one.members.sort_by_key(|it| it.user);
                two.members.sort_by_key(|it| it.user);
            }
            if want.groups.len() > 2 && gone < want.groups.len() {
                want.groups.remove(gone);
            }
            sides((want, have, remove))
        },
    )
}

fn sides((mut want, have, remove): (Access, Access, Vec<bool>)) -> (DesiredState, LiveState) {
    let exists = |key: &GroupKey| have.groups.iter().any(|it| it.key == *key);
    let mut removals = Vec::new();
    for (live, remove) in have.groups.iter().zip(remove) {
        let GroupKey::Existing(group) = live.key else { continue };
        if remove && want.groups.iter().all(|it| it.key != live.key) {
            removals.push(Removal { company: COMPANY, group, reason: "gone".into(), from: place() });
        }
    }
    for (n, group) in want.groups.iter_mut().enumerate() {
        if !exists(&group.key) {
            group.name = format!("new {n}").into();
            group.key = GroupKey::New(group.name.clone());
        }
    }
    want.groups.sort_by(|a, b| a.identity().cmp(&b.identity()));
    (DesiredState { access: want, removals, ended: Vec::new() }, LiveState(have))
}

/// Makes every change of a plan; what the API would do with it.
pub(crate) fn make(changes: &[GroupChange], live: &mut Access) {
    for change in changes {
        if let ChangeKind::Delete { .. } = change.kind {
            live.groups.retain(|it| existing(&it.key) != change.id);
            continue;
        }
        let at = match change.id {
            Some(id) => live.groups.iter().position(|it| existing(&it.key) == Some(id)).unwrap(),
            None => {
                live.groups.push(Group {
                    company: change.company,
                    key: GroupKey::New(change.name.clone()),
                    name: change.name.clone(),
                    description: "".into(),
                    grants: Vec::new(),
                    members: Vec::new(),
                    from: None,
                });
                live.groups.len() - 1
            }
        };
        let group = &mut live.groups[at];
        match &change.kind {
            ChangeKind::Create { description } => group.description = description.clone(),
            ChangeKind::Alter { after, .. } => {
                group.name = after.name.clone();
                group.description = after.description.clone();
            }
            ChangeKind::Delete { .. } => unreachable!(),
        }
        for grant in &change.grants {
            group.grants.retain(|it| it.role != grant.role);
            if let GrantEffect::Add { scope } | GrantEffect::Rescope { after: scope, .. } = &grant.effect {
                group.grants.push(Grant {
                    role: grant.role,
                    scope: scope.clone(),
                    as_read: vec![],
                    from: None,
                });
            }
        }
        group.grants.sort_by_key(|it| it.role);
        for member in &change.members {
            group.members.retain(|it| it.user != member.user);
            if let MemberEffect::Add { .. } = member.effect {
                group.members.push(Member { user: member.user, from: None });
            }
        }
        group.members.sort_by_key(|it| it.user);
    }
    live.groups.sort_by(|a, b| a.identity().cmp(&b.identity()));
}

proptest! {
    /// Making every change yields the desired state, and then there is nothing left to do.
    #[test]
    fn plans_converge((desired, live) in world()) {
        let changes = diff(&desired, &live);
        let mut after = live.clone();
        make(&changes, &mut after.0);
        prop_assert_eq!(format!("{:?}", diff(&desired, &after)), "[]");
        for want in &desired.access.groups {
            let have = after.0.groups.iter().find(|it| it.key == want.key).unwrap();
            prop_assert_eq!(&want.members, &have.members);
            prop_assert_eq!(attributes(want), attributes(have));
        }
    }

    /// No change is made to what is the same, and none twice.
    #[test]
    fn plans_are_minimal((desired, live) in world()) {
        for change in diff(&desired, &live) {
            let have = live.0.groups.iter().find(|it| existing(&it.key) == change.id && change.id.is_some());
            for member in &change.members {
                let there = have.is_some_and(|it| it.members.iter().any(|it| it.user == member.user));
                prop_assert_eq!(there, matches!(member.effect, MemberEffect::Remove { .. }));
            }
            for grant in &change.grants {
                let there = have.and_then(|it| it.grants.iter().find(|it| it.role == grant.role));
                match &grant.effect {
                    GrantEffect::Add { .. } => prop_assert!(there.is_none()),
                    GrantEffect::Remove { .. } => prop_assert!(there.is_some()),
                    GrantEffect::Rescope { after, .. } => prop_assert_ne!(&there.unwrap().scope, after),
                }
            }
        }
    }

    /// What no file speaks of appears in no plan.
    #[test]
    fn absence_never_revokes((_, live) in world()) {
        prop_assert!(diff(&DesiredState::default(), &live).is_empty());
    }

    /// Both halves of a move name each other.
    #[test]
    fn moves_have_two_ends((desired, live) in world()) {
        let changes = diff(&desired, &live);
        let all = || changes.iter().flat_map(|change| change.members.iter().map(move |it| (change, it)));
        for (_, member) in all() {
            let mut others = all().filter(|(_, it)| it.user == member.user);
            let (joins, other) = match &member.effect {
                MemberEffect::Add { moved_from } => (true, moved_from),
                MemberEffect::Remove { moved_to, .. } => (false, moved_to),
            };
            let counterpart = others.find(|(_, it)| matches!(it.effect, MemberEffect::Add { .. }) != joins);
            prop_assert_eq!(other.is_some(), counterpart.is_some());
        }
    }
}
