//! An approved plan against the one that would be applied now: what the approval does not cover.
//!
//! Less is always covered: what somebody else has done meanwhile needs no second
//! approval. More never is, and more is also a role that a touched group holds by
//! now and that would come to whoever joins it (P5).

use crate::model::{
    direct::{DirectRole, Kind},
    ids::{CompanyId, GroupId, RoleId, UserId},
    plan::{ChangeKind, DirectEffect, GrantEffect, GroupChange, MemberEffect, Plan, UserChange},
    scope::Scope,
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
}

/// Returns everything in `new` that `approved` does not contain, in the order of `new`; nothing where it is covered.
pub fn differences(approved: &Plan, new: &Plan) -> Vec<Difference> {
    let mut groups: Vec<(Group<'_>, &GroupChange)> =
        approved.changes.iter().map(|it| (group(it), it)).collect();
    groups.sort_by_key(|it| it.0);
    let mut found = Vec::new();
    for (change, it) in new.changes.iter().enumerate() {
        let known = groups.binary_search_by_key(&group(it), |it| it.0).ok().map(|at| groups[at].1);
        found.extend(beyond(known, it).into_iter().map(|what| Difference { change, what }));
    }
    for (change, it) in (new.changes.len()..).zip(&new.users) {
        let known = approved.users.iter().find(|known| (known.company, known.user) == (it.company, it.user));
        found.extend(beyond_direct(known, it).into_iter().map(|what| Difference { change, what }));
    }
    found
}

fn beyond_direct(approved: Option<&UserChange>, new: &UserChange) -> Vec<Beyond> {
    let same = |a: &DirectRole, b: &DirectRole| a.spelling() == b.spelling();
    let mut found = Vec::new();
    for role in &new.roles {
        let kind = role.effect.kind();
        let known = approved.and_then(|it| it.roles.iter().find(|known| known.effect.kind() == kind));
        let covered = known.is_some_and(|known| match (&known.effect, &role.effect) {
            (DirectEffect::Add { role: a }, DirectEffect::Add { role: b })
            | (DirectEffect::Remove { role: a, .. }, DirectEffect::Remove { role: b, .. }) => same(a, b),
            (DirectEffect::Change { before: a, after: b }, DirectEffect::Change { before: c, after: d }) => {
                same(a, c) && same(b, d)
            }
            (DirectEffect::Add { .. }, DirectEffect::Change { .. } | DirectEffect::Remove { .. })
            | (DirectEffect::Change { .. }, DirectEffect::Add { .. } | DirectEffect::Remove { .. })
            | (DirectEffect::Remove { .. }, DirectEffect::Add { .. } | DirectEffect::Change { .. }) => false,
        });
        if !covered {
            found.push(Beyond::Direct(kind.clone()));
        }
    }
    if let Some(approved) = approved {
        let known = approved.after();
        for role in new.after().iter() {
            let told = found.iter().any(|it| matches!(it, Beyond::Direct(kind) if kind == role.kind()));
            if !told && !known.get(role.kind()).is_some_and(|it| same(it, role)) {
                found.push(Beyond::HoldsDirect(role.kind().clone()));
            }
        }
    }
    found
}

/// Which group a change is about: by its id, or by the name it will be created under.
type Group<'a> = (CompanyId, Result<GroupId, &'a str>);

fn group(change: &GroupChange) -> Group<'_> {
    (change.company, change.id.ok_or(&*change.name))
}

fn beyond(approved: Option<&GroupChange>, new: &GroupChange) -> Vec<Beyond> {
    let mut found = itself(approved.map(|it| &it.kind), &new.kind);
    for grant in &new.grants {
        let known = approved.and_then(|it| it.grants.iter().find(|known| known.role == grant.role));
        if !known.is_some_and(|it| same(&it.effect, &grant.effect)) {
            found.push(Beyond::Role(grant.role));
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
    for member in &new.members {
        let known = approved.and_then(|it| it.members.iter().find(|known| known.user == member.user));
        match (&member.effect, known.map(|it| &it.effect)) {
            (MemberEffect::Add { .. }, Some(MemberEffect::Add { .. }))
            | (MemberEffect::Remove { .. }, Some(MemberEffect::Remove { .. })) => (),
            (MemberEffect::Add { .. }, Some(MemberEffect::Remove { .. }) | None) => {
                found.push(Beyond::Joins(member.user));
            }
            (MemberEffect::Remove { .. }, Some(MemberEffect::Add { .. }) | None) => {
                found.push(Beyond::Leaves(member.user));
            }
        }
    }
    found
}

/// Compares what happens to the group itself.
fn itself(approved: Option<&ChangeKind>, new: &ChangeKind) -> Vec<Beyond> {
    match new {
        ChangeKind::Create { .. } => {
            if approved == Some(new) {
                Vec::new()
            } else {
                vec![Beyond::Created]
            }
        }
        ChangeKind::Delete { .. } => {
            if matches!(approved, Some(ChangeKind::Delete { .. })) {
                Vec::new()
            } else {
                vec![Beyond::Deleted]
            }
        }
        ChangeKind::Alter { before, after } => {
            let mut found = Vec::new();
            let known = match approved {
                Some(ChangeKind::Alter { before, after }) => Some((before, after)),
                Some(ChangeKind::Create { .. } | ChangeKind::Delete { .. }) | None => None,
            };
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
    }
}

fn same(approved: &GrantEffect, new: &GrantEffect) -> bool {
    match (approved, new) {
        (GrantEffect::Add { scope: a }, GrantEffect::Add { scope: b })
        | (GrantEffect::Remove { scope: a, .. }, GrantEffect::Remove { scope: b, .. }) => a == b,
        (
            GrantEffect::Rescope { before: a, after: b, relation: _ },
            GrantEffect::Rescope { before: c, after: d, relation: _ },
        ) => (a, b) == (c, d),
        (GrantEffect::Add { .. }, GrantEffect::Rescope { .. } | GrantEffect::Remove { .. })
        | (GrantEffect::Rescope { .. }, GrantEffect::Add { .. } | GrantEffect::Remove { .. })
        | (GrantEffect::Remove { .. }, GrantEffect::Add { .. } | GrantEffect::Rescope { .. }) => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        model::access::Grant,
        plan::{
            diff::{diff, tests::world},
            digest::tests::mutations,
        },
    };

    fn plan() -> impl Strategy<Value = Plan> {
        world().prop_map(|(desired, live)| Plan { changes: diff(&desired, &live), ..Plan::default() })
    }

    /// Every plan with one effect less, as if somebody had made it already.
    fn fewer(plan: &Plan) -> Vec<Plan> {
        let mut all = Vec::new();
        for (n, change) in plan.changes.iter().enumerate() {
            let mut with = |edit: &dyn Fn(&mut Plan)| {
                let mut plan = plan.clone();
                edit(&mut plan);
                all.push(plan);
            };
            with(&|it| drop(it.changes.remove(n)));
            for m in 0..change.members.len() {
                with(&|it| drop(it.changes[n].members.remove(m)));
            }
            for (g, grant) in change.grants.iter().enumerate() {
                let made = |it: &mut GroupChange| {
                    it.grants.remove(g);
                    let Some(before) = &mut it.before else { return };
                    before.grants.retain(|it| it.role != grant.role);
                    if let GrantEffect::Add { scope } | GrantEffect::Rescope { after: scope, .. } =
                        &grant.effect
                    {
                        let scope = scope.clone();
                        before.grants.push(Grant {
                            role: grant.role,
                            scope,
                            as_read: Vec::new(),
                            from: None,
                        });
                    }
                };
                with(&|it| made(&mut it.changes[n]));
            }
            if let ChangeKind::Alter { before, after } = &change.kind
                && before != after
            {
                with(&|it| {
                    it.changes[n].kind = ChangeKind::Alter { before: after.clone(), after: after.clone() }
                });
            }
        }
        all
    }

    proptest! {
        #[test]
        fn less_is_covered(plan in plan()) {
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
        fn more_is_not(plan in plan()) {
            for n in 0..plan.changes.len() {
                let mut fewer = plan.clone();
                fewer.changes.remove(n);
                let change = &plan.changes[n];
                let attributes = matches!(&change.kind, ChangeKind::Alter { before, after } if before == after);
                if !attributes || !change.members.is_empty() || !change.grants.is_empty() {
                    prop_assert!(differences(&fewer, &plan).iter().all(|it| it.change == n));
                    prop_assert!(!differences(&fewer, &plan).is_empty());
                }
            }
            for fewer in fewer(&plan) {
                let back = differences(&fewer, &plan);
                prop_assert!(!back.is_empty());
            }
        }

        /// Whatever makes it another plan is told, unless it only does less or leaves less behind.
        #[test]
        fn what_differs_is_told(plan in plan()) {
            for (what, other) in mutations(&plan) {
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
